"""Which counts of several bodies' decisions are shown, so that what is shown together tells no small one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from accountability.stats.arrays import Flags, Floats

_MOST_WAYS: Final = 512
"""Up to so many ways to decide a row, those that never occurred are not taken to be known."""


def few_hidden(
    coded: pd.DataFrame, table: pd.DataFrame, matrix: pd.DataFrame, counted: list[pd.Series], min_cell: int
) -> tuple[Flags, Flags]:
    """Which cells of the matrix and lines of the moves are hidden: small ones, and those that would tell one.

    Every number shown is a sum over the ways in which all bodies may decide a row. Lines are shown one after another,
    moves first and large counts first, each unless a small count would then be a linear combination of what is shown.
    """
    terms = [sorted({*coded[name].fillna("")}) for name in coded]
    held = pd.MultiIndex.from_frame(coded.fillna("")).value_counts()
    if np.prod([len(one) for one in terms]) <= _MOST_WAYS:
        held = held.reindex(pd.MultiIndex.from_product(terms, names=list(coded)), fill_value=0)
    size, ways = held.to_numpy(dtype=float), held.index.to_frame(index=False)
    decided = {name: ways[name].ne("").to_numpy() for name in ways}

    def of(rows: pd.Series) -> Floats:
        """The ways of a set of rows, which holds all rows of a way or none."""
        some = coded.loc[rows.index[rows]].fillna("").drop_duplicates()
        return np.isin(held.index, pd.MultiIndex.from_frame(some)).astype(float)

    told: list[tuple[Floats, Floats]] = []  # of each line its count, and the total that its share gives away
    for row in matrix.to_dict("records"):
        before = ways[row["first"]].eq(row["before"]).to_numpy() & decided[row["second"]]
        told.append(((before & ways[row["second"]].eq(row["after"])).to_numpy(dtype=float), before.astype(float)))
    told += [(of(hits), of(pd.Series(True, index=hits.index))) for hits in counted]
    span, guarded = _Span(len(size)), [vector for line in told for vector in (*line, line[1] - line[0])]
    for row in table.to_dict("records"):
        both = decided[row["first"]] & decided[row["second"]]
        alike = both & ways[row["first"]].eq(ways[row["second"]]).to_numpy()
        guarded.append((both & ~alike).astype(float))
        span.add(both.astype(float))
        if not any(0 < part < min_cell for part in (row["events"], row["n"] - row["events"])):
            span.add(alike.astype(float))
    small = [vector for vector in guarded if 0.5 < size @ vector < min_cell - 0.5]
    lines = [*matrix.groupby(["first", "second", "before"], sort=False).indices.values()]
    lines += [*matrix.groupby(["first", "second", "after"], sort=False).indices.values()]
    hidden = np.ones(len(told), dtype=bool)
    count = [float(size @ line[0]) for line in told]
    for place in sorted(range(len(told)), key=lambda at: (count[at] > 0 and at < len(matrix), -count[at])):
        trial, shown = span.with_all(told[place]), hidden.copy()
        shown[place] = False
        sums = [np.sum([told[at][0] for at in line if shown[at]], axis=0) for line in lines if shown[line].any()]
        sums = [vector for vector in sums if 0.5 < size @ vector < min_cell - 0.5]
        if not trial.holds_any([*small, *sums]):
            span, hidden = trial, shown
    return hidden[: len(matrix)], hidden[len(matrix) :]


class _Span:
    """What can be computed from the sums shown: the span of their vectors."""

    def __init__(self, size: int, basis: tuple[Floats, ...] = ()) -> None:
        self.size, self.basis = size, list(basis)

    def _left(self, vectors: Floats) -> Floats:
        if not self.basis:
            return vectors
        held = np.array(self.basis)
        for _ in range(2):  # twice, against rounding
            vectors = vectors - (vectors @ held.T) @ held
        return vectors

    def add(self, vector: Floats) -> None:
        left = self._left(vector)
        if (norm := float(np.linalg.norm(left))) > 1e-8:
            self.basis.append(left / norm)

    def with_all(self, vectors: Sequence[Floats]) -> _Span:
        other = _Span(self.size, tuple(self.basis))
        for vector in vectors:
            other.add(vector)
        return other

    def holds_any(self, vectors: Sequence[Floats]) -> bool:
        if not len(vectors):
            return False
        return bool((np.linalg.norm(self._left(np.array(vectors)), axis=1) < 1e-8).any())
