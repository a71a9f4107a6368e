"""Rows collapsed to patterns of covariates, and the clusters they fall in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from accountability.errors import ParameterError, Refusal

Floats = NDArray[np.float64]


def collapse(rows: pd.DataFrame, levels: Mapping[str, Sequence[str]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The distinct patterns of levels (as positions in ``levels``), and the pattern of each row."""
    codes = np.column_stack([pd.Index(held).get_indexer(pd.Index(rows[name])) for name, held in levels.items()])
    patterns, pattern = np.unique(codes.astype(np.int64), axis=0, return_inverse=True)
    return patterns, pattern.ravel().astype(np.int64)


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
