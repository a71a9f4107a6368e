"""How firm a number is when cases are not independent: resample whole clusters (officers, days, units).

Cases against one officer, or closed on one day by one supervisor, rise and fall together; intervals that take them as
independent are too narrow. Every replicate is a reweighting of the daily counts, so no replicate touches the cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from accountability.delay.access import require_exact, require_open_cases
from accountability.delay.counts import Counts, columns_of, count, label_of, shares_asked, with_groups
from accountability.delay.curve import NOT_REACHED, ROUNDING, survival
from accountability.delay.means import area
from accountability.delay.resample import Draws, Held, draws_of, replicated, summary
from accountability.results import Result, percent, plural
from accountability.stats.arrays import Flags, Floats
from accountability.study.durations import Durations, group_codes

PASSED: Final = 0.8
"""Share of the share still open at a quantile, at which replicates have passed it too unless clusters are few."""


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
    unit : str
        What is drawn: ``cluster``, or ``case`` where each is its own.
    level : float
        Level of the intervals.
    """

    by: tuple[str, ...]
    groups: pd.DataFrame
    clusters: int
    unit: str
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
        return f"{'; '.join(said)}; from {plural(self.clusters, self.unit)} resampled."


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
    require_exact(durations, "the bootstrap of a closing curve", "delay.bootstrap_coarse")
    shares = shares_asked(p)
    groups, codes = group_codes(durations, by)
    draws, clusters = draws_of(durations, cluster, codes, replicates, level)
    names = [f"day by which {percent(share)} had closed" for share in shares]
    if until is not None:
        names.append(f"mean days open within {until:,}")
    still_open = survival(count(durations, by))[0]
    parts = []
    for number in range(len(groups)):
        drawn = _statistics(durations, codes == number, still_open[number], draws, (seed, replicates), shares, until)
        parts.append(summary(drawn, names, level))
    return made_of(
        durations,
        f"quantiles of the days to closing, by {durations.clock}",
        parts,
        (groups, columns_of(by)),
        (cluster, clusters),
        (seed, replicates, level),
        "whether a case is still open at the cut-off tells nothing about how much longer it will take",
    )


def made_of(
    durations: Durations,
    estimand: str,
    parts: list[pd.DataFrame],
    grouped: tuple[pd.DataFrame, tuple[str, ...]],
    clustered: tuple[str | None, int],
    asked: tuple[int, int, float],
    *assumptions: str,
) -> Bootstrap:
    """Put the summaries of the groups together."""
    (groups, by), (cluster, clusters), (seed, replicates, level) = grouped, clustered, asked
    stacked = pd.concat(parts, ignore_index=True)
    numbers = np.repeat(np.arange(len(groups)), len(stacked) // len(groups))
    independent = f"{'cases' if cluster is None else 'clusters (' + cluster + ')'} are independent of each other"
    unit = "case" if cluster is None else "cluster"
    return Bootstrap(
        estimand=estimand,
        assumptions=(independent, *assumptions),
        method=f"{replicates:,} resamples of {plural(clusters, unit)}, percentile interval, seed {seed}",
        table=with_groups(groups, numbers, {name: stacked[name] for name in stacked.columns}),
        flow=durations.flow,
        by=by,
        groups=groups,
        clusters=clusters,
        unit=unit,
        level=level,
    )


def _statistics(
    durations: Durations,
    group: Flags,
    still_open: Floats,
    draws: Draws,
    drawing: tuple[int, int],
    shares: Floats,
    until: int | None,
) -> Floats:
    """The statistics (columns) of the data, whose curve is given, and of every replicate (rows).

    Days after every replicate has reached its quantiles are without effect on them, so a guess of where that is comes
    first; where it falls short, all days are used.
    """
    whole = int(durations.end[group].max()) + 1
    passed = np.flatnonzero(still_open <= PASSED * (1 - shares.max()))
    days = min(int(passed[0]) + 1, whole) if len(passed) else whole
    if until is not None:
        days = whole if until > whole else max(days, until)
    for guess in dict.fromkeys([days, whole]):
        held = Held.of(draws, durations.end, durations.event.astype(np.int64), 2, durations.entry_time, group, guess)
        drawn = replicated(partial(_of_replicates, held, shares, until), draws, *drawing, guess)
        if np.isfinite(drawn).all():
            break
    return drawn


def _of_replicates(held: Held, shares: Floats, until: int | None, rows: Floats) -> Floats:
    entered, at_risk, (left, closed) = held.counts(rows)
    counts = Counts(pd.DataFrame(index=pd.RangeIndex(len(rows))), entered, closed, left, at_risk)
    share, _ = survival(counts)
    columns = []
    for asked in shares:
        below = share <= 1 - asked + ROUNDING
        columns.append(np.where(below.any(axis=1), below.argmax(axis=1), np.inf))
    if until is not None:
        columns.append(area(counts, until)[0])
    return np.column_stack(columns)
