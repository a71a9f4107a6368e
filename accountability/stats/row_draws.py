"""The bootstrap of rows clustered along two dimensions, or in several clusters: by officer and complaint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from accountability.stats.arrays import Flags, Floats, Ints
from accountability.stats.memberships import numbered
from accountability.stats.resample import by_row

#: Samples drawn at once, so few that they stay in the processor's own memory.
_TOGETHER: Final = 16


@dataclass(frozen=True, slots=True, eq=False)
class RowDraws:
    """The data and its resamples, as weights of the rows of each kind.

    A row has weight one plus the additions of its clusters. An addition varies a little less than the number of draws,
    so that a row of two clusters has the same variance as a row of one, and rows of a cluster have the covariance of
    :func:`accountability.stats.sandwich.clustered`.

    Attributes
    ----------
    kind : array of int
        The kind of each row; rows of a kind are alike in all that is added up.
    weights : array, samples by kinds
        The first sample is the data.
    """

    kind: Ints
    weights: Floats

    @classmethod
    def of(cls, ways: Mapping[str, Ints], draws: int, rng: np.random.Generator, kind: Ints | None = None) -> RowDraws:
        """Draw clusters; `ways` as from :func:`accountability.stats.sandwich.ways_of`. Each row is a kind unless given.

        Only weights of kinds are kept: those of every cluster are so many that writing them takes longer than drawing.
        """
        columns, start = [], 0
        for way in ways.values():
            own = way if way.ndim == 2 else way[:, None]
            columns.append(np.where(own >= 0, own + start, -1))
            start += int(way.max()) + 1
        member = np.hstack(columns)
        if member.shape[1] > 1:  # a cluster of one row says nothing beside another
            member = numbered(member)
        member = member.reshape(len(member), -1)
        kind = np.arange(len(member)) if kind is None else kind
        row, place = np.nonzero(member >= 0)
        cluster, many = member[row, place], np.bincount(row, minlength=len(member))
        size = np.bincount(cluster)
        twice = np.bincount(cluster, 1 - 1 / many[row]) / size**2.0
        sizes = np.bincount(kind)
        belongs = by_row(kind[row], cluster, (len(sizes), len(size)), np.sqrt(1 - twice)[cluster])
        belongs.sum_duplicates()
        weights = np.empty((draws + 1, len(sizes)))
        weights[:] = sizes
        for some in np.array_split(weights[1:], -(-draws // _TOGETHER)):
            drawn = [np.bincount(rng.integers(len(size), size=len(size)), minlength=len(size)) for _ in some]
            some += (belongs @ (np.stack(drawn, axis=1) - 1.0)).T
        return cls(kind, weights)

    def among(self, some: Flags | Ints) -> RowDraws:
        """Return the same resamples for some of the rows: all or none of each kind."""
        kind = self.kind[some]
        held = np.bincount(kind, minlength=self.weights.shape[1]) > 0
        return RowDraws((np.cumsum(held) - 1)[kind], self.weights[:, held])

    def sums(self, values: Floats) -> Floats:
        """Return the sums of columns of values (rows by columns), which are the same in all rows of a kind."""
        first = np.empty(self.weights.shape[1], np.int64)
        first[self.kind[::-1]] = np.arange(len(self.kind))[::-1]
        return np.asarray(self.weights @ values[first])
