"""Rows collapsed to patterns of covariates, and the clusters they fall in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from accountability.errors import ParameterError, Refusal
from accountability.stats.arrays import Floats

#: Up to so many rows, looking for equal ones costs nothing worth saving.
FEW_ROWS: Final = 10_000


def collapse(rows: pd.DataFrame, levels: Mapping[str, Sequence[str]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The distinct patterns of levels (as positions in ``levels``), and the pattern of each row."""
    codes = [pd.Index(held).get_indexer(pd.Index(rows[name])).astype(np.int64) for name, held in levels.items()]
    first, pattern = _distinct(codes, [len(held) for held in levels.values()])
    return np.column_stack([column[first] for column in codes]), pattern


def collapse_matrix(covariates: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """The distinct rows of a matrix of numbers, and which of them each row is.

    Where one column alone tells most rows apart there is nothing to collapse, and every row stays a pattern of its own.
    """
    codes, sizes = [], []
    for column in covariates.T:
        small = column.astype(np.int64)
        if (small == column).all() and small.min() >= 0 and small.max() < 1000:
            codes.append(small)
            sizes.append(int(small.max()) + 1)
        else:
            found, values = pd.factorize(column)
            if len(column) > FEW_ROWS and 2 * len(values) > len(column):
                return np.ascontiguousarray(covariates), np.arange(len(column), dtype=np.int64)
            codes.append(found.astype(np.int64))
            sizes.append(len(values))
    first, pattern = _distinct(codes, sizes)
    return np.ascontiguousarray(covariates[first]), pattern


def _distinct(codes: Sequence[NDArray[np.int64]], sizes: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """A row of each distinct combination of codes, in their order, and the combination of each row."""
    rows = len(codes[0])
    key, size = np.zeros(rows, dtype=np.int64), 1
    for column, top in zip(codes, sizes, strict=True):
        if size * top > 2**62:  # combinations that occur are never more than rows
            found, values = pd.factorize(key, sort=True)
            key, size = found.astype(np.int64), len(values)
        key = key * top + column
        size *= top
    if size <= 8 * rows + 100_000:
        first = np.full(size, -1, dtype=np.int64)
        first[key[::-1]] = np.arange(rows - 1, -1, -1)
        held = np.flatnonzero(first >= 0)
        place = np.empty(size, dtype=np.int64)
        place[held] = np.arange(len(held))
        return first[held], place[key]
    pattern, _ = pd.factorize(key, sort=True)
    first = np.empty(int(pattern.max()) + 1, dtype=np.int64)
    first[pattern[::-1]] = np.arange(rows - 1, -1, -1)
    return first, pattern.astype(np.int64)


def levels_of(values: pd.Series, name: str, reference: str | None) -> list[str]:
    """The levels of a column, the reference first (by default the most frequent), then by frequency.

    Raises
    ------
    ParameterError
        If the column holds one value, or not the reference.
    Refusal
        If a level holds one unit.
    """
    counts = values.value_counts().sort_index().sort_values(ascending=False, kind="stable")
    if len(counts) < 2:
        raise ParameterError(f"{name} holds one value among the units with a rung ({counts.index[0]!r}); leave it out")
    if (counts == 1).any():
        raise Refusal(
            f"{name} = {counts.index[-1]!r} holds one unit, from which nothing can be told; put groups together"
        )
    found = [str(label) for label in counts.index]
    if reference is not None and reference not in found:
        raise ParameterError(f"{name} holds no level {reference!r}; it holds {', '.join(found)}")
    first = reference or found[0]
    return [first, *(label for label in found if label != first)]


def design_of(patterns: NDArray[np.int64], sizes: Sequence[int]) -> Floats:
    """A constant and the dummies of every column but of its first level, for each pattern."""
    parts = [np.ones((len(patterns), 1))]
    parts += [np.eye(size)[patterns[:, place]][:, 1:] for place, size in enumerate(sizes)]
    return np.hstack(parts)


def at_level(j: int, design: Floats, start: int, size: int) -> Floats:
    """The design with one column set to its j-th level everywhere."""
    out = design.copy()
    out[:, start : start + size - 1] = np.eye(size)[j][1:]
    return out


def clusters_of(rows: pd.DataFrame) -> NDArray[np.int64]:
    """The cluster of each row: its officer; a row without one is a cluster of its own."""
    if "officer_id" not in rows:
        return np.arange(len(rows), dtype=np.int64)
    codes, names = pd.factorize(rows["officer_id"])
    alone = codes == -1
    joined = np.where(alone, len(names) + np.cumsum(alone) - 1, codes)
    return pd.factorize(joined)[0].astype(np.int64)
