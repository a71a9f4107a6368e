"""Distinct values of whole numbers, their positions, and rows collapsed to patterns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from accountability.stats.arrays import Days, Floats


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


def numbered(values: pd.Series, *, gaps: bool = False) -> tuple[Days, pd.Index]:
    """Return the position of each value among the sorted distinct ones (-1 if missing), and these.

    Dense whole numbers are counted, which is faster than hashing. With `gaps` the numbers between that do not occur are
    included, as a `RangeIndex`.
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
    return codes.astype(np.int64, copy=False), pd.Index(found)


def tally(places: Days, weights: Floats, size: int) -> Floats:
    """Return the sums of weights by position."""
    return np.bincount(places, weights=weights, minlength=size).astype(np.float64)
