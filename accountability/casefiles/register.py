"""The register of conflicts: disagreements between reports, ambiguous reports, and the choice of readings."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from math import prod
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from accountability.errors import AccountabilityError, ParameterError, SourceError
from accountability.parameters import nearest
from accountability.records.column import Strict, problems

MOST_COMBINATIONS: Final = 4096


Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Blank = BeforeValidator(lambda text: text or "")


class _Declared(Strict):
    """An entry as it is written: a number stands for its text."""

    model_config = ConfigDict(coerce_numbers_to_str=True)


class Reading(_Declared):
    """One reading of a conflict.

    Attributes
    ----------
    says : str
        What the reading assumes.
    facts : tuple of str
        Facts that support it, at least one.
    changes : str
        What changes under it.
    awaits : tuple of str or None
        Stages still to come under it, instead of those in ``cases.csv``; ``None`` if they are the same.
    """

    says: Said
    facts: tuple[str, ...] = Field(min_length=1)
    changes: Said
    awaits: tuple[str, ...] | None = None


class Conflict(_Declared):
    """Two statements that exclude each other, or one statement with two readings.

    Attributes
    ----------
    name : str
        Name in the tables.
    cases : tuple of str
        The cases concerned.
    kind : str
        ``disagreement`` or ``ambiguity``.
    question : str
        What is in doubt.
    default : str
        The reading used unless another is chosen.
    because : str
        Reason for the default.
    readings : mapping of str to Reading
        The readings, two or more.
    elsewhere : str
        What reports outside the case file say; not coded in a table.
    """

    name: str
    cases: tuple[str, ...] = Field(alias="case_ids", min_length=1)
    kind: Literal["disagreement", "ambiguity"]
    question: Said
    default: str
    because: Said
    readings: dict[str, Reading] = Field(min_length=2)
    elsewhere: Annotated[str, StringConstraints(strip_whitespace=True), Blank] = ""

    @model_validator(mode="after")
    def _the_default_is_one_of_them(self) -> Self:
        if self.default not in self.readings:
            raise ValueError(
                f"default={self.default!r} is none of its readings. {nearest(self.default, self.readings)}"
            )
        return self

    @classmethod
    def of(cls, name: str, declared: Any) -> Conflict:
        """Read one entry of ``conflicts.yaml``.

        Raises
        ------
        SourceError
            If a key is missing, unknown, empty or of the wrong type, there are fewer than two readings, or the default
            is not one of them.
        """
        if not isinstance(declared, Mapping):
            raise SourceError(f"conflict {name!r}: expected a mapping, found {type(declared).__name__}")
        try:
            return cls.model_validate({"name": name, **declared})
        except ValidationError as error:
            raise SourceError(f"conflict {name!r}:\n{problems(error)}") from None


def conditions(cell: object) -> dict[str, str]:
    """Parse a cell of the column ``reading`` to conflict and reading, all of which must hold; blank always holds.

    Raises
    ------
    SourceError
        If a part is not ``conflict=reading``.

    Examples
    --------
    >>> conditions("headline=body;second_dismissed=officer_2")
    {'headline': 'body', 'second_dismissed': 'officer_2'}
    """
    if not isinstance(cell, str):
        return {}
    return dict(pairs(cell, lambda _: SourceError(f"reading: expected conflict=reading, joined by ;, found {cell!r}")))


def pairs(text: str, malformed: Callable[[str], AccountabilityError]) -> Iterator[tuple[str, str]]:
    """Parse ``name=value``, several joined by ``;``; `malformed` makes the error for a malformed part."""
    for part in filter(None, (part.strip() for part in text.split(";"))):
        name, _, value = (piece.strip() for piece in part.partition("="))
        if not (name and value):
            raise malformed(part)
        yield name, value


def choose(
    register: Mapping[str, Conflict], asked: Mapping[str, str], reports_of: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Check and return a choice of readings.

    Parameters
    ----------
    register : mapping of str to Conflict
        The known conflicts.
    asked : mapping of str to str
        Conflict to one of its readings, or to a report that supports exactly one of them.
    reports_of : mapping of str to str, optional
        Fact to report; needed to choose by report.

    Returns
    -------
    dict of str to str
        Conflict to reading, for the conflicts in `asked`.

    Raises
    ------
    ParameterError
        For an unknown conflict or reading (with the nearest), or a report that supports none or several of them.
    """
    chosen = {}
    for name, wanted in asked.items():
        if name not in register:
            raise ParameterError(f"no conflict {name!r} in this case. {nearest(name, register)}")
        readings = register[name].readings
        chosen[name] = wanted if wanted in readings else _by_report(register[name], wanted, reports_of or {})
    return chosen


def _by_report(conflict: Conflict, wanted: str, reports_of: Mapping[str, str]) -> str:
    if wanted in set(reports_of.values()):
        told = [
            name
            for name, reading in conflict.readings.items()
            if wanted in {reports_of.get(fact) for fact in reading.facts}
        ]
        if len(told) == 1:
            return told[0]
        how = f"carries {' and '.join(told)}" if told else "carries none of its readings"
        raise ParameterError(f"{conflict.name}={wanted}: that report {how}. {nearest('', conflict.readings)}")
    raise ParameterError(
        f"{conflict.name}={wanted}: no such reading. {nearest(wanted, conflict.readings)} Or name a report."
    )


def choices_of(text: str | None) -> dict[str, str]:
    """Parse choices from text, ``discipline_date=late_2012; headline=headline``.

    Raises
    ------
    ParameterError
        If a part is not ``conflict=reading``, or a conflict is chosen twice.
    """
    found: dict[str, str] = {}
    for name, reading in pairs((text or "").replace(",", ";"), _no_choice):
        if name in found:
            raise ParameterError(f"reading of {name!r} is chosen twice, as {found[name]!r} and as {reading!r}")
        found[name] = reading
    return found


def _no_choice(part: str) -> ParameterError:
    return ParameterError(
        f"reading {part!r}: expected conflict=reading, for instance discipline_date=late_2012; several are joined by ;"
    )


def combinations(register: Mapping[str, Conflict], of: tuple[str, ...]) -> Iterator[dict[str, str]]:
    """Return every combination of the readings of some conflicts.

    Raises
    ------
    ParameterError
        If there are more than 4,096; the message gives the number.
    """
    number = prod(len(register[name].readings) for name in of)
    if number > MOST_COMBINATIONS:
        raise ParameterError(
            f"{number:,} combinations of the readings of {len(of)} conflicts; at most {MOST_COMBINATIONS:,} are taken"
        )
    for combination in itertools.product(*(register[name].readings for name in of)):
        yield dict(zip(of, combination, strict=True))
