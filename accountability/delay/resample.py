"""Draw clusters again and again, and sum what they hold by day: the work behind every bootstrap here.

Clusters are drawn as weights, and weights times a sparse table of cases by cluster and day are the daily counts of all
replicates at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from accountability.delay.counts import label_of
from accountability.errors import ParameterError, Refusal
from accountability.stats.arrays import Days, Flags, Floats
from accountability.stats.intervals import z_critical
from accountability.study.durations import Durations, group_codes

if TYPE_CHECKING:
    from scipy.sparse import csr_array

CELLS: Final = 4_000_000
"""Largest block of replicates by days held at once."""

BLOCK: Final = 32
"""Most replicates summed at once: their weights then stay in the processor's cache."""

EXACT_IN_SINGLE: Final = 2**24
"""Whole numbers below this are exact in single precision, which halves the memory read."""


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """What is resampled: clusters, or the counts of equal cases."""

    member: Days
    """Cluster (or kind of case) of each case."""
    size: Days
    """Cases of each kind; ones for clusters."""
    first: Flags
    """The cases that stand for all: every one, or the first of each kind."""

    @classmethod
    def of_clusters(cls, durations: Durations, cluster: str) -> Draws:
        """Resample the clusters a column names."""
        frame, member = group_codes(durations, cluster)
        return cls(member, np.ones(len(frame), np.int64), np.ones(len(member), bool))

    @classmethod
    def of_cases(cls, durations: Durations, codes: Days) -> Draws:
        """Resampling cases is drawing how many there are of each kind, and kinds are few."""
        end = durations.end
        days = int(end.max()) + 1
        key = ((codes * days + durations.entry_time) * days + end) * 2 + durations.event
        _, place, member, size = np.unique(key, return_index=True, return_inverse=True, return_counts=True)
        first = np.zeros(len(key), bool)
        first[place] = True
        return cls(member, size, first)

    def draw(self, seeds: Days, *, also_as_they_are: bool) -> Floats:
        """Weights of the clusters, one row a seed; first, if asked, the data themselves."""
        rows = [self.size] if also_as_they_are else []
        total, cases = len(self.size), int(self.size.sum())
        for seed in seeds:
            rng = np.random.default_rng(seed)
            if total == cases:
                rows.append(np.bincount(rng.integers(0, total, total), minlength=total))
            else:
                rows.append(rng.multinomial(cases, self.size / cases))
        return np.array(rows, dtype=float)


def draws_of(durations: Durations, cluster: str | None, kind: Days, replicates: int, level: float) -> tuple[Draws, int]:
    """What is to be resampled, and how many clusters (or cases) that are.

    Raises
    ------
    ParameterError
        For a level that is none, or fewer than two replicates.
    Refusal
        With fewer than two clusters.
    """
    z_critical(level)
    if replicates < 2:
        raise ParameterError(f"replicates must be at least 2, found {replicates}")
    clusters = len(durations) if cluster is None else len(group_codes(durations, cluster)[0])
    if clusters < 2:
        raise Refusal(f"resampling needs at least two clusters, found {clusters}: choose another cluster=, or none")
    return Draws.of_cases(durations, kind) if cluster is None else Draws.of_clusters(durations, cluster), clusters


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """How many cases of each cluster enter, and how many end in each way, on each day of age up to some day."""

    days: int
    ways: int
    ends: csr_array
    """Rows: way by day; columns: clusters."""
    entered: csr_array | Floats
    """Rows: days; or, when all cases are watched from the start, the cases of each cluster."""

    @classmethod
    def of(cls, draws: Draws, end: Days, way: Days, ways: int, entry: Days, chosen: Flags, days: int) -> Held:
        """Count the chosen cases; those that end on day `days` or later only enter."""
        chosen = chosen & draws.first
        wide = len(draws.size)
        here = np.flatnonzero(chosen & (end < days))
        ends = by_row(way[here] * days + end[here], draws.member[here], (ways * days, wide))
        if not entry.any():
            whole = np.bincount(draws.member, weights=chosen, minlength=wide)
            return cls(days, ways, ends, whole.astype(ends.dtype))
        here = np.flatnonzero(chosen & (entry < days))
        return cls(days, ways, ends, by_row(entry[here], draws.member[here], (days, wide)))

    def counts(self, weights: Floats) -> tuple[Days, Days, Days]:
        """Entered and at risk (replicates by days), and ended (ways by replicates by days), for rows of weights."""
        turned = np.ascontiguousarray(weights.T, dtype=self.ends.dtype)
        ended = np.asarray(self.ends @ turned).reshape(self.ways, self.days, -1).transpose(0, 2, 1)
        ended = np.ascontiguousarray(np.rint(ended), dtype=np.int64)
        if self.entered.ndim == 2:
            entered = np.ascontiguousarray(np.rint(np.asarray(self.entered @ turned).T), dtype=np.int64)
        else:
            entered = np.zeros(ended.shape[1:], np.int64)
            entered[:, 0] = np.rint(weights @ self.entered.astype(float))
        gone = np.zeros_like(entered)
        np.cumsum(ended.sum(axis=0)[:, :-1], axis=1, out=gone[:, 1:])
        return entered, np.cumsum(entered, axis=1) - gone, ended


def by_row(row: Days, column: Days, shape: tuple[int, int]) -> csr_array:
    """Count pairs as a sparse table whose repeated entries stay apart: nothing but the rows is sorted."""
    from scipy.sparse import csr_array

    order = np.argsort(row.astype(np.uint16) if shape[0] <= 2**16 else row, kind="stable")
    start = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=shape[0]))])
    kind: Any = np.float32 if len(row) < EXACT_IN_SINGLE else np.float64
    return csr_array((np.ones(len(row), kind), column[order].astype(np.int32), start), shape=shape)


def replicated(statistics: Callable[[Floats], Floats], draws: Draws, seed: int, replicates: int, length: int) -> Floats:
    """Statistics (columns) of the data and of every replicate (rows), a block of replicates at a time."""
    seeds = np.random.default_rng(seed).integers(0, 2**63, replicates)
    block = min(BLOCK, max(1, CELLS // max(length, len(draws.size))))
    return np.concatenate(
        [
            statistics(draws.draw(seeds[first : first + block], also_as_they_are=first == 0))
            for first in range(0, replicates, block)
        ]
    )


def summary(drawn: Floats, names: list[str], level: float) -> pd.DataFrame:
    """Estimates (the first row drawn) with percentile limits, one row a statistic."""
    estimate, replicates = drawn[0], np.sort(drawn[1:], axis=0)
    count = len(replicates)
    lower = replicates[int(np.floor((1 - level) / 2 * (count - 1)))]
    upper = replicates[int(np.ceil((1 + level) / 2 * (count - 1)))]
    finite = [np.where(np.isfinite(values), values, np.nan) for values in (estimate, lower, upper)]
    return pd.DataFrame(
        {
            "statistic": pd.Series(names, dtype="str"),
            "estimate": finite[0],
            "lower": finite[1],
            "upper": finite[2],
            "not_reached": (~np.isfinite(replicates)).mean(axis=0),
        }
    )


def filled(drawn: Floats, groups: pd.DataFrame, number: int) -> Floats:
    """Refuse replicates that hold no case of a group, whose statistics are missing."""
    empty = int(np.isnan(drawn[:, 0]).sum())
    if empty:
        raise Refusal(
            f"{label_of(groups, number)}{empty:,} of {len(drawn) - 1:,} resamples hold no case of this group, which "
            "rests on very few clusters: put small groups together, or choose a finer cluster="
        )
    return drawn
