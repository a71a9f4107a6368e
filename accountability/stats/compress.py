"""Distinct values, their positions and order, and rows collapsed to patterns.

Groups stand in the order in which they are read: district 9 before 100, under 25 before 25-34. By their letters, 100
would come before 9, and "under 25" after "65 and over".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from accountability.stats.arrays import Days, Floats

_DIGITS: Final = re.compile(r"(\d+)")
#: As bands of numbers are named; see `band` in a declaration.
_UNDER: Final = re.compile(r"under (\d+)")
_BAND: Final = re.compile(r"(?:under )?\d+(?:-\d+| and over)?")
_END, _NUMBER, _TEXT = 0, 1, 2
#: More labels than anybody reads.
_MOST_READ: Final = 5000


@dataclass(frozen=True, slots=True, eq=False)
class Compressed:
    """Distinct keys in order, their counts, and the key of each row."""

    found: Days
    number: Days
    code: Days

    @property
    def first(self) -> Days:
        """Return the first row with each distinct key."""
        first = np.empty(len(self.found), np.int64)
        first[self.code[::-1]] = np.arange(len(self.code) - 1, -1, -1)
        return first


def compress(key: Days, space: int) -> Compressed:
    """Find the distinct values of `key`, all from 0 to `space` - 1, with a count table if it fits."""
    if space <= 12 * len(key) + 20_000:
        table = np.bincount(key, minlength=space)
        found = np.flatnonzero(table)
        place = np.zeros(space, np.int64)
        place[found] = np.arange(len(found))
        return Compressed(found, table[found], place[key])
    raw, seen = pd.factorize(key)
    order = np.argsort(seen, kind="stable")
    rank = np.empty(len(seen), np.int64)
    rank[order] = np.arange(len(seen))
    code = rank[raw]
    return Compressed(np.asarray(seen)[order], np.bincount(code, minlength=len(seen)), code)


def combine(codes: Sequence[npt.NDArray[Any]], sizes: Sequence[int], rows: int) -> Compressed:
    """Find the distinct combinations of codes, in order; ``found`` is a key of them unless there are too many."""
    key, space = np.zeros(rows, np.int64), 1
    for code, size in zip(codes, sizes, strict=True):
        if space * size > 2**60:  # combinations that occur are never more than rows
            held = compress(key, space)
            key, space = held.code, len(held.found)
        key *= size
        key += code
        space *= size
    return compress(key, space)


def reading_order(labels: Sequence[Any] | pd.Index) -> Days:
    """Return the positions of labels in the order in which they are read, with the numbers in them as numbers.

    Parameters
    ----------
    labels : sequence or Index
        Distinct labels in the order in which they sort, which stays where one is no text or none has a digit.
    """
    held = list(labels) if len(labels) <= _MOST_READ else []
    if not all(isinstance(label, str) for label in held) or not any(map(_DIGITS.search, held)):
        return np.arange(len(labels))
    return np.array(sorted(range(len(held)), key=lambda at: _as_read(held[at])), dtype=np.int64)


def are_numbers(labels: pd.Series, but: Collection[str] = ()) -> bool:
    """Return whether labels are numbers or bands of numbers, apart from some."""
    if not isinstance(labels.dtype, pd.StringDtype):
        return pd.api.types.is_numeric_dtype(labels)
    named = [label for label in labels.dropna().unique() if label not in but]
    return bool(named) and all(map(_BAND.fullmatch, named))


def _as_read(label: str) -> tuple[tuple[int, int, str], ...]:
    if below := _UNDER.fullmatch(label):
        return (_part(below[1]),)  # without an end, so before the band that begins there
    return (*map(_part, filter(None, _DIGITS.split(label))), (_END, 0, label))


def _part(text: str) -> tuple[int, int, str]:
    # Of two whole numbers the one with more digits is greater.
    return (_NUMBER, len(text.lstrip("0")), text.lstrip("0")) if text.isdecimal() else (_TEXT, 0, text)


def numbered(values: pd.Series, *, gaps: bool = False) -> tuple[Days, pd.Index]:
    """Return the position of each value among the sorted distinct ones (-1 if missing), and these.

    Texts stand as they are read (:func:`reading_order`). Dense whole numbers are counted, which is faster than hashing.
    With `gaps` the numbers between that do not occur are included, as a `RangeIndex`.
    """
    if isinstance(values.dtype, np.dtype) and values.dtype.kind in "iu" and len(values):
        raw = values.to_numpy()
        low, high = int(raw.min()), int(raw.max())
        if high - low <= len(raw) and max(abs(low), abs(high)) < 2**62:
            place = raw.astype(np.int64, copy=False)
            place = place - low if low else place
            if gaps:
                return place, pd.RangeIndex(low, high + 1)
            seen = np.bincount(place) > 0
            if not seen.all():
                place = (np.cumsum(seen) - 1)[place]
            return place, pd.Index(np.arange(low, high + 1)[seen]).astype(values.dtype)
    codes, found = pd.factorize(values, sort=True)
    order = reading_order(found)
    if (np.diff(order) < 0).any():
        rank = np.append(np.argsort(order), -1)  # a missing value stays the last entry
        codes, found = rank[codes], found[order]
    return codes.astype(np.int64, copy=False), pd.Index(found)


def grouped(
    frame: pd.DataFrame, by: Sequence[str], *, dropna: bool = True
) -> list[tuple[tuple[Any, ...], pd.DataFrame]]:
    """Return the groups of a frame with their keys, in the order in which they are read; missing values last.

    Without columns, the whole frame is the only group.
    """
    if not by:
        return [((), frame)]
    rows = frame.dropna(subset=list(by)) if dropna else frame
    parts = rows.groupby(_ranks(rows, by), sort=True)
    return [(tuple(part[name].iloc[0] for name in by), part) for _, part in parts]


def in_reading_order(table: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Return a table whose rows are sorted by the groups in some columns, as they are read."""
    return table.iloc[np.lexsort(_ranks(table, by)[::-1])].reset_index(drop=True) if by else table


def _ranks(table: pd.DataFrame, by: Sequence[str]) -> list[Days]:
    return [np.where(place < 0, len(found), place) for place, found in (numbered(table[name]) for name in by)]


def tally(places: Days, weights: Floats, size: int) -> Floats:
    """Return the sums of weights by position."""
    return np.bincount(places, weights=weights, minlength=size).astype(np.float64)
