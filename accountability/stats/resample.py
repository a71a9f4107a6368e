"""The cluster bootstrap: draw clusters with replacement, and compute a statistic of each resample.

A resample is a row of weights, one per cluster: how often it was drawn. A statistic takes a block of such rows and
returns one row of numbers each, so sums by cluster are computed only once. :class:`DailySums` does this for curves:
weights times a sparse table of cases by cluster and day are the daily counts of all resamples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from accountability.stats.arrays import Days, Flags, Floats, Ints

if TYPE_CHECKING:
    from scipy.sparse import csr_array

CELLS: Final = 4_000_000
"""Largest block of resamples by numbers held at once."""

BLOCK: Final = 32
"""Most resamples summed at once: their weights then stay in the processor's cache."""

EXACT_IN_SINGLE: Final = 2**24
"""Whole numbers below this are exact in single precision, which halves the memory read."""


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """The units to resample: clusters, or counts of equal cases."""

    member: Ints
    """Cluster (or kind of case) of each case."""
    size: Ints
    """Cases of each kind; ones for clusters."""
    first: Flags
    """The cases that stand for all: every one, or the first of each kind."""

    @classmethod
    def of_clusters(cls, member: Ints, clusters: int) -> Draws:
        """Make draws of clusters, given each case's cluster number."""
        return cls(member, np.ones(clusters, np.int64), np.ones(len(member), bool))

    @classmethod
    def of_cases(cls, kind: Ints) -> Draws:
        """Make draws of cases, by drawing the number of each kind."""
        _, place, member, size = np.unique(kind, return_index=True, return_inverse=True, return_counts=True)
        first = np.zeros(len(kind), bool)
        first[place] = True
        return cls(member, size, first)

    def weights(self, seeds: Ints) -> Floats:
        """Return how often each unit was drawn, one row per seed."""
        total, cases = len(self.size), int(self.size.sum())
        rows = []
        for seed in seeds:
            rng = np.random.default_rng(seed)
            if total == cases:
                rows.append(np.bincount(rng.integers(0, total, total), minlength=total))
            else:
                rows.append(rng.multinomial(cases, self.size / cases))
        return np.array(rows, dtype=float)

    def bootstrap(self, statistics: Callable[[Floats], Floats], seed: int, replicates: int, length: int = 1) -> Floats:
        """Compute statistics of the data and of every resample, a block of resamples at a time.

        Parameters
        ----------
        statistics : callable
            Function of weights (resamples by clusters) that returns numbers (resamples by statistics).
        seed : int
            Every resample has its own seed drawn from it, so the block size has no effect.
        replicates : int
            Number of resamples.
        length : int
            Numbers per resample that `statistics` stores at once.

        Returns
        -------
        array
            One row for the data, then one per resample; one column per statistic.

        Examples
        --------
        >>> draws = Draws.of_clusters(np.array([0, 0, 0, 0, 1, 2, 3]), 4)
        >>> cases = np.bincount(draws.member)
        >>> draws.bootstrap(lambda weights: (weights @ cases)[:, None], 1, 4).ravel().tolist()
        [7.0, 4.0, 10.0, 7.0, 4.0]
        """
        seeds = np.random.default_rng(seed).integers(0, 2**63, replicates)
        block = min(BLOCK, max(1, CELLS // max(length, len(self.size))))
        parts = []
        for start in range(0, replicates, block):
            rows = self.weights(seeds[start : start + block])
            parts.append(statistics(rows if start else np.vstack([self.size, rows])))
        return np.concatenate(parts)


@dataclass(frozen=True, slots=True, eq=False)
class DailySums:
    """Numbers of cases per cluster that enter, and that end by each cause, on each day of age up to some day."""

    days: int
    causes: int
    ends: csr_array
    """Rows: cause by day; columns: clusters."""
    entered: csr_array | Floats
    """Rows: days; or, when all cases are watched from the start, the cases of each cluster."""

    @classmethod
    def of(cls, draws: Draws, end: Days, cause: Ints, causes: int, entry: Days, chosen: Flags, days: int) -> DailySums:
        """Count the chosen cases; those that end on day `days` or later count only as entered."""
        chosen = chosen & draws.first
        wide = len(draws.size)
        here = np.flatnonzero(chosen & (end < days))
        ends = by_row(cause[here] * days + end[here], draws.member[here], (causes * days, wide))
        if not entry.any():
            whole = np.bincount(draws.member, weights=chosen, minlength=wide)
            return cls(days, causes, ends, whole.astype(ends.dtype))
        here = np.flatnonzero(chosen & (entry < days))
        return cls(days, causes, ends, by_row(entry[here], draws.member[here], (days, wide)))

    def counts(self, weights: Floats) -> tuple[Ints, Ints, Ints]:
        """Return entered and at risk (resamples by days), and ended (causes by resamples by days)."""
        turned = np.ascontiguousarray(weights.T, dtype=self.ends.dtype)
        ended = np.asarray(self.ends @ turned).reshape(self.causes, self.days, -1).transpose(0, 2, 1)
        ended = np.ascontiguousarray(np.rint(ended), dtype=np.int64)
        if self.entered.ndim == 2:
            entered = np.ascontiguousarray(np.rint(np.asarray(self.entered @ turned).T), dtype=np.int64)
        else:
            entered = np.zeros(ended.shape[1:], np.int64)
            entered[:, 0] = np.rint(weights @ self.entered.astype(float))
        gone = np.zeros_like(entered)
        np.cumsum(ended.sum(axis=0)[:, :-1], axis=1, out=gone[:, 1:])
        return entered, np.cumsum(entered, axis=1) - gone, ended


def by_row(row: Ints, column: Ints, shape: tuple[int, int], weight: Floats | None = None) -> csr_array:
    """Count pairs in a sparse table with repeated entries, sorted by row only.

    Pairs count as one (in single precision where exact) or as their weight.
    """
    from scipy.sparse import coo_array

    kind: Any = np.float32 if len(row) < EXACT_IN_SINGLE else np.float64
    held = np.ones(len(row), kind) if weight is None else weight
    table = coo_array((held, (row, column)), shape=shape)
    table.has_canonical_format = True  # Else SciPy would sort each row to add up its pairs.
    return table.tocsr()
