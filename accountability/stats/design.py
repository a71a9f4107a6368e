"""Covariate patterns of the cases, and the design matrix of the patterns.

All models here use these patterns, which are few even for a million cases.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.stats.arrays import Days, Floats
from accountability.stats.compress import combine
from accountability.stats.formula import columns_in, evaluate

MANY = 0.3
"""Patterns per case above which collapsing saves nothing."""

Levels = dict[str, list[str]]
Order = Literal["sorted", "frequency"]
Codes = Days | npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Term:
    """One coefficient: its name, its part of the model, and its reference."""

    name: str
    part: str
    reference: str | None = None


@dataclass(frozen=True, eq=False)
class Design:
    """Distinct patterns of covariates.

    Attributes
    ----------
    columns : tuple of str
        Columns of the table used.
    levels : dict
        Levels of every text, categorical or boolean column, the reference first.
    terms : tuple of Term
        One per column of the matrix.
    patterns : pandas.DataFrame
        One row per pattern, with the used columns.
    matrix : array, patterns by terms
    pattern : array of int
        The pattern of each case.
    build : callable
        Function of a frame with the used columns that returns its matrix.
    """

    columns: tuple[str, ...]
    levels: Levels
    terms: tuple[Term, ...]
    patterns: pd.DataFrame
    matrix: Floats
    pattern: Days
    build: Callable[[pd.DataFrame], Floats]

    @property
    def collapsed(self) -> bool:
        """Whether several cases share a pattern."""
        return len(self.matrix) < len(self.pattern)

    @cached_property
    def count(self) -> Days:
        """Number of cases per pattern."""
        return np.bincount(self.pattern, minlength=len(self.matrix))

    @property
    def parts(self) -> tuple[str, ...]:
        """The columns or parts of the formula, each once."""
        return tuple(dict.fromkeys(term.part for term in self.terms))

    def at_level(self, column: str, level: str) -> Floats:
        """Return the matrix with every row at one level of a column; only for models without a formula."""
        out = self.matrix.copy()
        for place, term in enumerate(self.terms):
            if term.part == column:
                out[:, place] = term.name == f"{column}={level}"
        return out

    def at(self, covariates: pd.DataFrame) -> Floats:
        """Return the model's columns for given covariates.

        Raises
        ------
        ParameterError
            If a column is missing or has an unknown level.
        """
        missing = [name for name in self.columns if name not in covariates.columns]
        if missing:
            raise ParameterError(f"state a value for {missing}: the model uses {list(self.columns)}")
        given = covariates[list(self.columns)].copy()
        for name in self.columns:
            if name in self.levels:
                text = given[name].astype("str")
                unknown = sorted({value for value in text if value not in self.levels[name]})
                if unknown:
                    raise ParameterError(
                        f"{name} has no level {unknown[0]!r} in this model; it has {', '.join(self.levels[name])}"
                    )
                given[name] = pd.Categorical(text, self.levels[name])
            else:
                given[name] = _numbers(given[name], name)
        return self.build(given)


def design(
    table: pd.DataFrame,
    covariates: str | Sequence[str],
    reference: Mapping[str, str] | None = None,
    *,
    known: Sequence[str] | None = None,
    order: Order = "sorted",
    least: int = 1,
    along: Days | None = None,
) -> Design:
    """Read covariates from the columns of a table.

    Parameters
    ----------
    table : DataFrame
        One row per case.
    covariates : str or sequence of str
        Columns, or a formula such as ``"unit * accused + np.log(years)"`` (right-hand side only).
    reference : mapping, optional
        Reference level of a column; by default its most frequent one.
    known : sequence of str, optional
        Columns a model may use; all of the table, when left out.
    order : {"sorted", "frequency"}
        Order of the levels after the reference.
    least : int
        Least number of rows per level.
    along : array of int, optional
        Sort key of the cases if each is its own pattern.

    Raises
    ------
    ParameterError
        For unknown columns, missing values, dates or nullable columns, an unknown reference.
    Refusal
        For a column with one value in all rows, or a level with fewer than `least` rows.
    """
    columns = [str(name) for name in (table.columns if known is None else known)]
    formula = covariates if isinstance(covariates, str) and covariates not in columns else None
    if formula is None:
        names = tuple(dict.fromkeys([covariates] if isinstance(covariates, str) else covariates or ()))
        if not names:
            raise ParameterError("name at least one column for the model")
        whole = False
    else:
        names, whole = columns_in(formula, columns)
    if not isinstance(reference, Mapping | None):
        raise ParameterError(
            f"reference= takes a level for each column, e.g. {{{names[0]!r}: 'a'}}; found {reference!r}"
        )
    wanted = dict(reference or {})
    stray = sorted(set(wanted) - set(names))
    if stray:
        raise ParameterError(f"reference= names {stray}, which the model does not use; it uses {list(names)}")
    levels: Levels = {}
    codes: list[Codes] = []
    sizes: list[int] = []
    for name in names:
        if name not in columns:
            raise ParameterError(f"no column {name!r} for the model; there are {columns}")
        values = _checked(table[name], name)
        if _is_factor(values):
            held, code = _factor(values, name, wanted.get(name), order, least)
            levels[name] = held
            codes.append(code)
            sizes.append(len(held))
        elif name in wanted:
            raise ParameterError(f"{name} is a number and has no reference level: take it out of reference=")
        elif whole:
            continue
        elif (coded := _few_values(values)) is not None:
            codes.append(coded[0])
            sizes.append(coded[1])
        else:
            whole = True
    pattern, first = _patterns(codes, sizes, len(table), whole)
    given = table[list(names)]
    if first is None and along is not None:
        # Cases in the order they end in: sums over those at risk then read the covariates in order.
        first = in_order(along)
        pattern[first] = np.arange(len(first))
    patterns = (given if first is None else given.iloc[first]).reset_index(drop=True)
    coded_patterns = pd.DataFrame(
        {
            name: pd.Categorical(patterns[name].astype("str"), levels[name])
            if name in levels
            else patterns[name].astype(float)
            for name in names
        },
        copy=False,
    )
    if formula is None:
        build, named = _plain(names, levels)
        matrix = build(coded_patterns)
    else:
        matrix, named, build = evaluate(formula, coded_patterns)
    terms = tuple(Term(name, part, levels[part][0] if part in levels else None) for name, part in named)
    made = Design(names, levels, terms, patterns, matrix, pattern, build)
    _refuse_constant(made)
    return made


def _checked(values: pd.Series, name: str) -> pd.Series:
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "biuf":
        with np.errstate(over="ignore", invalid="ignore"):
            total = values.to_numpy().sum()
        if np.isfinite(total):  # only where every number is
            return values
    missing = int(values.isna().sum())
    if missing:
        raise ParameterError(
            f"{missing:,} of {len(values):,} cases have no {name!r}: leave them out with keep_if, or give them a level "
            f"of their own with durations.label_missing({name!r})"
        )
    if values.dtype.kind in "mM":
        raise ParameterError(
            f"{name} holds dates, and a model cannot take a date as it is: make it a number (years since some day) or "
            "a category (the year) first"
        )
    if pd.api.types.is_extension_array_dtype(values.dtype) and values.dtype.kind in "biuf":
        plain = {"b": "bool", "i": "int64", "u": "int64", "f": "float64"}[values.dtype.kind]
        raise ParameterError(
            f"{name} is nullable ({values.dtype}), which formulas misread: make it plain with "
            f".astype({plain!r}) before the model"
        )
    if values.dtype.kind == "f" and not np.isfinite(values.to_numpy()).all():
        raise ParameterError(f"{name} holds infinite values: leave these cases out with keep_if")
    if values.dtype.kind == "c":
        raise ParameterError(f"{name} holds complex numbers, which no model here takes")
    return values


def _is_factor(values: pd.Series) -> bool:
    return values.dtype.kind not in "iuf"


def _factor(values: pd.Series, name: str, reference: str | None, order: Order, least: int) -> tuple[list[str], Days]:
    """Levels, the reference first, and the code of each case."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        used = values.cat.remove_unused_categories()
        labels = [str(label) for label in used.cat.categories]
        raw = used.cat.codes.to_numpy().astype(np.int64)
    else:
        raw, found = pd.factorize(values, sort=True)
        labels = [str(label) for label in found]
    if len(set(labels)) < len(labels):
        raise ParameterError(f"two levels of {name} read the same as text: give them different names")
    if reference is not None and str(reference) not in labels:
        raise ParameterError(f"{name} has no level {reference!r} to refer to; it has {', '.join(labels)}")
    counts = np.bincount(raw, minlength=len(labels))
    if len(labels) > 1 and counts.min() < least:
        few = "one unit" if least == 2 else f"{counts.min()} units"
        rare = labels[int(np.argmin(counts))]
        raise Refusal(f"{name} = {rare!r} holds {few}, from which nothing can be told; put groups together")
    first = int(np.argmax(counts)) if reference is None else labels.index(str(reference))
    others = np.arange(len(labels)) if order == "sorted" else np.argsort(-counts, kind="stable")
    places = np.array([first, *(place for place in others if place != first)])
    rank = np.empty(len(labels), np.int64)
    rank[places] = np.arange(len(labels))
    return [labels[place] for place in places], rank[raw]


def _few_values(values: pd.Series) -> tuple[Codes, int] | None:
    """Code of each case's number among the distinct ones, in order; ``None`` when they are about as many as cases."""
    numbers = values.to_numpy()
    if len(numbers) == 0:
        return np.zeros(0, np.int64), 1
    if numbers.dtype.kind in "iu":
        low, high = int(numbers.min()), int(numbers.max())
        if high - low < 4_000:
            return numbers.astype(np.int64) - low, high - low + 1
    start = numbers[:20_000]
    if (start == np.rint(start)).all():
        least, most = float(numbers.min()), float(numbers.max())
        if most - least < 256:
            small = (numbers - least).astype(np.uint8)
            if (small + least == numbers).all():
                return small, int(most - least) + 1
    if len(pd.unique(start)) > MANY * len(start) and len(numbers) > 1_000:
        return None
    raw, found = pd.factorize(numbers, sort=True)
    return np.asarray(raw, dtype=np.int64), len(found)


def _patterns(codes: list[Codes], sizes: list[int], cases: int, whole: bool) -> tuple[Days, Days | None]:
    """The pattern of each case and the first case of each pattern; ``None`` when every case is its own."""
    alone = np.arange(cases, dtype=np.int64)
    if whole:
        return alone, None
    made = combine(codes, sizes, cases)
    if len(made.found) > MANY * cases and cases > 1_000:
        return alone, None
    return made.code, made.first


def in_order(numbers: Days) -> Days:
    """Return the positions of whole numbers, from least to most; equal ones stay in their order."""
    low = int(numbers.min(initial=0))
    # Numbers of two bytes are sorted by their digits, several times quicker.
    small = int(numbers.max(initial=0)) - low < 2**16
    return np.argsort((numbers - low).astype(np.uint16) if small else numbers, kind="stable")


def _plain(names: Sequence[str], levels: Levels) -> tuple[Callable[[pd.DataFrame], Floats], list[tuple[str, str]]]:
    """Columns as they are: numbers alone, factors as one indicator a level but the reference."""
    named: list[tuple[str, str]] = []
    for name in names:
        named += [(f"{name}={label}", name) for label in levels[name][1:]] if name in levels else [(name, name)]

    def build(frame: pd.DataFrame) -> Floats:
        # One column after another: long products run along the memory.
        out = np.empty((len(frame), len(named)), order="F")
        place = 0
        for name in names:
            if name in levels:
                code = frame[name].cat.codes.to_numpy()
                for level in range(1, len(levels[name])):
                    out[:, place] = code == level
                    place += 1
            else:
                out[:, place] = frame[name].to_numpy(dtype=float)
                place += 1
        return out

    return build, named


def _refuse_constant(made: Design) -> None:
    for name in made.columns:
        if name in made.levels and len(made.levels[name]) < 2:
            raise Refusal(f"{name} holds one value ({made.levels[name][0]!r}): leave it out of the model")
    if not len(made.matrix):
        return
    spread = made.matrix.max(axis=0) - made.matrix.min(axis=0)
    for place in np.flatnonzero(spread == 0):
        raise Refusal(f"{made.terms[place].name} is the same for every case ({made.matrix[0, place]:g}): leave it out")


def _numbers(values: pd.Series, name: str) -> pd.Series:
    try:
        numbers = values.astype(float)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"{name} is a number in this model, found {values.iloc[0]!r}") from error
    if not np.isfinite(numbers).all():
        raise ParameterError(f"{name} needs a finite number to predict at, found {values.tolist()}")
    return numbers


def with_constant(matrix: Floats) -> Floats:
    """Return a matrix with a column of ones before it."""
    out = np.empty((len(matrix), matrix.shape[1] + 1), order="F")
    out[:, 0], out[:, 1:] = 1.0, matrix
    return out
