"""How firm a number is when cases are not independent: resample whole clusters (officers, days, units).

Cases against one officer, or closed on one day by one supervisor, rise and fall together; intervals that take them as
independent are too narrow. Every replicate is a reweighting of the daily counts, so no replicate touches the cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from accountability.delay.access import require_exact, require_open_cases
from accountability.delay.bands import Floats, critical
from accountability.delay.counts import Counts, columns_of, label_of, shares_asked, with_groups
from accountability.delay.curve import NOT_REACHED, ROUNDING, survival
from accountability.delay.means import area
from accountability.durations import Days, Durations, Flags, group_codes
from accountability.errors import ParameterError, Refusal
from accountability.results import Result, percent, plural

if TYPE_CHECKING:
    from scipy.sparse import csr_array

CELLS: Final = 4_000_000
"""Largest block of replicates by days held at once."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Bootstrap(Result):
    """Quantiles and restricted means with intervals from resampled clusters.

    ``table``: the columns of `by`, ``statistic``, ``estimate``, ``lower``, ``upper`` (days; missing when not
    reached), ``not_reached`` (share of replicates in which it was not).

    Attributes
    ----------
    by : tuple of str
        The grouping columns.
    groups : pandas.DataFrame
        One row a group.
    clusters : int
        Number of clusters.
    level : float
        Level of the intervals.
    """

    by: tuple[str, ...]
    groups: pd.DataFrame
    clusters: int
    level: float

    def sentence(self) -> str:
        """Say every estimate with its interval."""
        said = []
        each = len(self.table) // len(self.groups)
        for place, row in enumerate(self.table.to_dict("records")):
            share = str(row["statistic"]).startswith("closed as")
            days = [
                NOT_REACHED if pd.isna(row[column]) else (percent(row[column], 1) if share else f"{row[column]:,.0f}")
                for column in ("estimate", "lower", "upper")
            ]
            name = f"{label_of(self.groups, place // each)}{row['statistic']}"
            said.append(
                f"{name}: {days[0]}{'' if share else ' days'} ({percent(self.level)} interval {days[1]} to {days[2]})"
            )
        return f"{'; '.join(said)}; from {plural(self.clusters, 'cluster')} resampled."


def bootstrap(
    durations: Durations,
    seed: int,
    *,
    cluster: str | None = None,
    by: str | Sequence[str] | None = None,
    p: float | Sequence[float] = 0.5,
    until: int | None = None,
    replicates: int = 500,
    level: float = 0.95,
) -> Bootstrap:
    """Interval of quantiles, and of the restricted mean, by resampling clusters with replacement.

    Parameters
    ----------
    durations : Durations
        With closing dates known to the day.
    seed : int
        Seed of the random numbers; the same seed gives the same table.
    cluster : str, optional
        Column that names the cluster of each case; each case is its own when left out.
    by : str or sequence of str, optional
        Columns to group by. A cluster with cases in several groups moves them together.
    p : float or sequence of float
        Shares closed, for the quantiles.
    until : int, optional
        Horizon of the restricted mean, which is added when given.
    replicates : int
        Number of resamples.
    level : float
        Level of the percentile intervals.

    Returns
    -------
    Bootstrap

    Raises
    ------
    Refusal
        When there are fewer than two clusters, or the closing curve cannot be had.
    ParameterError
        For a missing column, a case without a cluster, or fewer than 2 replicates.

    Notes
    -----
    Efron's percentile interval. A replicate in which a quantile is not reached counts as later than any day.
    """
    require_open_cases(durations, "the bootstrap of a closing curve")
    require_exact(durations, "the bootstrap of a closing curve")
    critical(level)  # refuses a level that is none
    shares = shares_asked(p)
    if replicates < 2:
        raise ParameterError(f"replicates must be at least 2, found {replicates}")
    groups, codes = group_codes(durations, by)
    clusters = len(durations) if cluster is None else len(group_codes(durations, cluster)[0])
    if clusters < 2:
        raise Refusal(f"resampling needs at least two clusters, found {clusters}: choose another cluster=, or none")
    draws = Draws.of_cases(durations, codes) if cluster is None else Draws.of_clusters(durations, cluster)
    seeds = np.random.default_rng(seed).integers(0, 2**63, replicates)
    names = [f"day by which {percent(share)} had closed" for share in shares]
    if until is not None:
        names.append(f"mean days open within {until:,}")
    parts = []
    for number in range(len(groups)):
        drawn = _statistics(durations, codes == number, draws, seeds, shares, until)
        parts.append(summary(drawn, names, level))
    numbers = np.repeat(np.arange(len(groups)), len(names))
    stacked = pd.concat(parts, ignore_index=True)
    return Bootstrap(
        estimand=f"quantiles of the days to closing, by {durations.clock}",
        assumptions=(
            f"{'cases' if cluster is None else 'clusters (' + cluster + ')'} are independent of each other",
            "whether a case is still open at the cut-off tells nothing about how much longer it will take",
        ),
        method=f"{replicates:,} resamples of {plural(clusters, 'cluster')}, percentile interval, seed {seed}",
        table=with_groups(groups, numbers, {name: stacked[name] for name in stacked.columns}),
        flow=durations.flow,
        by=columns_of(by),
        groups=groups,
        clusters=clusters,
        level=level,
    )


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
        end = np.where(durations.closed, durations.high, durations.low)
        days = int(end.max()) + 1
        key = ((codes * days + durations.entry) * days + end) * 2 + durations.closed
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


def _statistics(
    durations: Durations, group: Flags, draws: Draws, seeds: Days, shares: Floats, until: int | None
) -> Floats:
    """The statistics (columns) of the data and of every replicate (rows)."""
    end = np.where(durations.closed, durations.high, durations.low)
    days = int(end[group].max()) + 1
    shape = (len(draws.size), days)
    shown = group & draws.first
    closed = sparse(draws.member, end, shown & durations.closed, shape)
    left = sparse(draws.member, end, shown & ~durations.closed, shape)
    entered = sparse(draws.member, durations.entry, shown, shape)
    block = max(1, CELLS // max(shape))
    drawn = []
    for first in range(0, len(seeds), block):
        rows = draws.draw(seeds[first : first + block], also_as_they_are=first == 0)
        drawn.append(_of_replicates(rows @ entered, rows @ closed, rows @ left, shares, until))
    return np.concatenate(drawn)


def sparse(member: Days, day: Days, which: Flags, shape: tuple[int, int]) -> csr_array:
    """Cases of each cluster (or kind) by day."""
    from scipy.sparse import coo_array

    ones = np.ones(int(which.sum()))
    return coo_array((ones, (member[which], day[which])), shape=shape).tocsr()


def _of_replicates(entered: Floats, closed: Floats, left: Floats, shares: Floats, until: int | None) -> Floats:
    gone = np.zeros_like(closed)
    np.cumsum((closed + left)[:, :-1], axis=1, out=gone[:, 1:])
    at_risk = np.cumsum(entered, axis=1) - gone
    whole = [np.rint(part).astype(np.int64) for part in (entered, closed, left, at_risk)]
    counts = Counts(pd.DataFrame(index=pd.RangeIndex(len(closed))), *whole)
    share, _ = survival(counts)
    columns = []
    for asked in shares:
        below = share <= 1 - asked + ROUNDING
        columns.append(np.where(below.any(axis=1), below.argmax(axis=1), np.inf))
    if until is not None:
        columns.append(area(counts, until)[0])
    return np.column_stack(columns)


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
