"""The choices of a multiverse, their options, and the specifications: all combinations of options."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, Final

from accountability.errors import ParameterError
from accountability.parameters import nearest
from accountability.study.cohort import Cohort

MOST: Final = 5_000
EVERYONE: Final = "nobody left out"
_KEYS: Final = {"name", "column", "drop"}


class NobodyLeftOut(ParameterError):
    """An exclusion that matches no row of the source: an error in the declaration."""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Cases excluded in a specification.

    Attributes
    ----------
    name : str
        Words for the table.
    column : str or None
        A column of the cases or allegations; ``None`` excludes no case.
    drop : tuple of str
        Values whose cases are excluded: a case with any allegation that has one.
    """

    name: str
    column: str | None = None
    drop: tuple[str, ...] = ()

    def of(self, cohort: Cohort) -> Cohort:
        """Return the cohort without the excluded cases.

        Raises
        ------
        NobodyLeftOut
            If neither table has the column, or no row has one of the values.
        """
        column, drop = self.column, set(self.drop)
        if column is None:
            return cohort
        if column in cohort.cases:
            hit = cohort.cases.loc[cohort.cases[column].isin(drop), "case_id"]
        elif column in cohort.allegations:
            hit = cohort.allegations.loc[cohort.allegations[column].isin(drop), "case_id"]
        else:
            known = sorted({*cohort.cases.columns, *cohort.allegations.columns})
            raise NobodyLeftOut(f"exclusions: no column {column!r}. {nearest(column, known)}")
        if hit.empty:
            raise NobodyLeftOut(f"exclusions: {self.name}: no case has {column} in {sorted(drop)}")
        gone = set(hit)
        inside = ~cohort.cases["case_id"].isin(gone)
        return cohort.keep_if(inside, because=self.name, decided_by=cohort.knows(column))


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice: its default, and the check that converts or refuses an option."""

    default: Any
    read: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Specification:
    """One combination of options.

    Attributes
    ----------
    values : mapping of str to object
        The option of every choice; undeclared choices have their default.
    labels : mapping of str to str
        The options of the declared choices, in words.
    """

    values: Mapping[str, Any]
    labels: Mapping[str, str]


def exclusion(declared: object) -> Exclusion:
    """Check one option of ``exclusions``.

    Raises
    ------
    ParameterError
        If it is neither ``none`` nor a mapping of ``name``, ``column`` and ``drop``.
    """
    if declared is None or declared == "none":
        return Exclusion(EVERYONE)
    if isinstance(declared, Exclusion):
        return declared
    if not isinstance(declared, Mapping) or set(declared) != _KEYS or not isinstance(declared["drop"], list | tuple):
        raise ParameterError(
            "exclusions: expected none, or name, column and drop (a list of values whose cases are left out), "
            f"found {declared!r}"
        )
    return Exclusion(str(declared["name"]), str(declared["column"]), tuple(map(str, declared["drop"])))


def one_of(name: str, known: Sequence[str], default: Any = None) -> Choice:
    """Make a choice among named options; the first is the default unless another is given."""

    def read(option: object) -> str:
        if option not in known:
            raise ParameterError(f"{name}={option!r}: no such option. {nearest(str(option), known)}")
        return str(option)

    return Choice(default or known[0], read)


def specifications(choices: Mapping[str, Sequence[Any]], known: Mapping[str, Choice]) -> list[Specification]:
    """Return all combinations of the options of all choices.

    Parameters
    ----------
    choices : mapping
        Name to its options.
    known : mapping of str to Choice
        Every choice of the question.

    Returns
    -------
    list of Specification
        The first has the first option of each; the last choice varies fastest.

    Raises
    ------
    ParameterError
        For unknown choices, invalid options and options given twice; the message lists all.
    """
    faults = list(_faults(choices, known))
    typed: dict[str, list[Any]] = {}
    for name, options in choices.items():
        if name not in known or not isinstance(options, list | tuple):
            continue
        typed[name] = []
        for option in options:
            try:
                value = known[name].read(option)
            except ParameterError as error:
                faults.append(str(error))
                continue
            if said(value) in map(said, typed[name]):
                faults.append(f"{name}: {said(value)!r} is given twice")
            typed[name].append(value)
    if not faults and (count := prod(map(len, typed.values()))) > MOST:
        faults.append(f"{count:,} combinations; at most {MOST:,} are computed")
    if faults:
        raise ParameterError("\n".join(f"choices: {fault}" for fault in faults))
    common = {name: choice.read(choice.default) for name, choice in known.items()}
    return [
        Specification(common | dict(zip(typed, values, strict=True)), dict(zip(typed, map(said, values), strict=True)))
        for values in product(*typed.values())
    ]


def _faults(choices: Mapping[str, Sequence[Any]], known: Mapping[str, Choice]) -> Iterator[str]:
    if not choices:
        yield f"none is declared; there are {', '.join(known)}"
    for name, options in choices.items():
        if name not in known:
            yield f"no choice {name!r} in this question. {nearest(str(name), known)}"
        elif not isinstance(options, list | tuple) or not options:
            yield f"{name}: expected a list of options, found {options!r}"


def said(value: object) -> str:
    """Return an option in words."""
    if isinstance(value, Exclusion):
        return value.name
    if value is None:
        return "the source's own"
    return str(getattr(value, "name", value))
