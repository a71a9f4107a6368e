"""The bootstrap of rows clustered along two dimensions, or in several clusters: by officer and complaint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from accountability.stats.arrays import Flags, Floats, Ints
from accountability.stats.memberships import numbered
from accountability.stats.resample import by_row

if TYPE_CHECKING:
    from scipy.sparse import csr_array


#: Sums of sparse columns by cluster are multiplied whole up to this size.
_DENSE: Final = 4_000_000


@dataclass(frozen=True, slots=True, eq=False)
class RowDraws:
    """The data and its resamples, as weights of each cluster's rows.

    A row has weight one plus the additions of its clusters. An addition varies a little less than the number of draws,
    so that a row of two clusters has the same variance as a row of one, and rows of a cluster have the covariance of
    :func:`accountability.stats.sandwich.clustered`.

    Attributes
    ----------
    belongs : sparse array, clusters by rows
    added : array, samples by clusters
        The first, all 0, is the data.
    """

    belongs: csr_array
    added: Floats

    @classmethod
    def of(cls, ways: Mapping[str, Ints], draws: int, rng: np.random.Generator) -> RowDraws:
        """Draw clusters; `ways` as from :func:`accountability.stats.sandwich.ways_of`."""
        columns, start = [], 0
        for way in ways.values():
            own = way if way.ndim == 2 else way[:, None]
            columns.append(np.where(own >= 0, own + start, -1))
            start += int(way.max()) + 1
        member = np.hstack(columns)
        if member.shape[1] > 1:  # a cluster of one row says nothing beside another
            member = numbered(member)
        row, place = np.nonzero(member.reshape(len(member), -1) >= 0)
        cluster = member.reshape(len(member), -1)[row, place]
        clusters = int(cluster.max()) + 1
        belongs = by_row(cluster, row, (clusters, len(member)))
        many = np.bincount(row, minlength=len(member))
        twice = (belongs @ (1 - 1 / many)) / np.bincount(cluster, minlength=clusters) ** 2.0
        added = np.zeros((draws + 1, clusters))
        for sample in added[1:]:
            sample += np.bincount(rng.integers(clusters, size=clusters), minlength=clusters) - 1
        added *= np.sqrt(1 - twice)
        return cls(belongs, added)

    def among(self, some: Flags | Ints) -> RowDraws:
        """Return the same resamples for some of the rows, of the clusters that hold any of them."""
        belongs, added = self.belongs[:, np.flatnonzero(some) if some.dtype == bool else some], self.added
        held = np.diff(belongs.indptr) > 0
        if 2 * np.count_nonzero(held) < len(held):
            belongs, added = belongs[held], added[:, held]
        return RowDraws(belongs, added)

    def sums(self, values: Floats) -> Floats:
        """Return the sums of columns of values (rows by columns) in every sample."""
        inside = self.belongs @ values
        if not isinstance(inside, np.ndarray) and inside.shape[0] * inside.shape[1] < _DENSE:
            inside = inside.toarray()
        added: Floats = self.added
        if isinstance(inside, np.ndarray):
            told: Flags = np.asarray(inside.reshape(len(inside), -1).any(axis=1))
            if 2 * np.count_nonzero(told) < len(told):  # later stages concern a few of the clusters
                inside, added = inside[told], added[:, told]
        return np.asarray(values.sum(axis=0) + added @ inside)
