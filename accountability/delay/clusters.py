"""Which cases hang together: a column to resample by, and the bootstrap of shares closed in each way or backwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final, Literal

import numpy as np
import pandas as pd

from accountability.delay.access import require_exact, require_open_cases
from accountability.delay.cluster_bootstrap import Bootstrap, made_of
from accountability.delay.competing import causes
from accountability.delay.counts import Counts, columns_of, shares_asked
from accountability.delay.curve import ROUNDING, survival
from accountability.delay.resample import Held, draws_of, filled, replicated, summary
from accountability.delay.reverse import reverse_time_curve
from accountability.errors import ParameterError, Refusal
from accountability.results import percent
from accountability.stats.arrays import Days, Flags, Floats
from accountability.study.cohort import Cohort, DatasetLike
from accountability.study.durations import Durations, group_codes
from accountability.study.occurrences import FOREVER, occurrence

Unit = Literal["complaint", "officer", "agency_day"]

CLUSTER: Final = "cluster"


def with_clusters(durations: Durations, cohort: Cohort | DatasetLike, of: Unit) -> Durations:
    """Add a column ``cluster`` that says which cases are resampled together.

    Parameters
    ----------
    durations : Durations
        One row a case.
    cohort : Cohort or Dataset
        Where the durations come from.
    of : {"complaint", "officer", "agency_day"}
        Each complaint alone; all complaints linked by shared officers, whatever the chain; all complaints in which
        the clock stopped (or, if still running, started) on the same day, as a supervisor clearing a desk makes them.

    Raises
    ------
    ParameterError
        For another word.
    Refusal
        When shared officers link more than half of the cases into one cluster, so that none are left to resample; or
        the days are not known.
    """
    study = Cohort.of(cohort)
    cases = pd.Index(durations.table["case_id"])
    if of == "complaint":
        return replace(durations, table=durations.table.assign(**{CLUSTER: np.arange(len(cases))}))
    if of == "officer":
        return replace(durations, table=durations.table.assign(**{CLUSTER: _linked(study.allegations, cases)}))
    if of != "agency_day":
        raise ParameterError(f"unknown cluster {of!r}: complaint, officer or agency_day")
    end = occurrence(study.events, cases, durations.stop, "first")
    begin = occurrence(study.events, cases, durations.start, "first")
    day = np.where(durations.event, end.earliest, begin.earliest)
    unknown = np.where(durations.event, end.earliest != end.latest, begin.earliest != begin.latest) | (day == FOREVER)
    if unknown.any():
        raise Refusal(
            f"{int(unknown.sum()):,} of {len(cases):,} cases have no '{durations.stop}' or '{durations.start}' date "
            "known to the day: use 'officer' or 'complaint'"
        )
    return replace(durations, table=durations.table.assign(**{CLUSTER: 2 * day + durations.event}))


def _linked(allegations: pd.DataFrame, cases: pd.Index) -> np.ndarray:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows = allegations[["case_id", "officer_id"]].dropna()
    place = cases.get_indexer(pd.Index(rows["case_id"]))
    officer, names = pd.factorize(rows["officer_id"])
    inside = place >= 0
    size = len(cases) + len(names)
    ties = coo_array((np.ones(int(inside.sum())), (place[inside], len(cases) + officer[inside])), shape=(size, size))
    found = connected_components(ties, directed=False)[1][: len(cases)]
    largest = int(np.bincount(found).max(initial=0))
    if len(cases) > 1 and 2 * largest > len(cases):
        raise Refusal(
            f"shared officers link {largest:,} of {len(cases):,} cases into one cluster, so there is nothing to "
            "resample: use 'agency_day', or a column of your own such as the first officer's unit"
        )
    return found


def bootstrap_closings(
    durations: Durations,
    seed: int,
    way: str,
    days: Sequence[int],
    *,
    cluster: str | None = None,
    by: str | Sequence[str] | None = None,
    replicates: int = 500,
    level: float = 0.95,
) -> Bootstrap:
    """Interval of the share closed in each way by given days, by resampling clusters.

    Parameters
    ----------
    durations : Durations
        As :func:`~accountability.delay.competing_closings` takes them.
    seed : int
        Seed of the random numbers.
    way : str
        Column with the way of closing.
    days : sequence of int
        Days of age.
    cluster, by, replicates, level
        As :func:`~accountability.delay.cluster_bootstrap`.

    Returns
    -------
    Bootstrap
        ``estimate``, ``lower`` and ``upper`` are shares; ``not_reached`` is 0.

    Raises
    ------
    Refusal, ParameterError
        As :func:`~accountability.delay.competing_closings` and :func:`~accountability.delay.cluster_bootstrap`; also
        when a resample holds no case of a group.
    """
    what = "the bootstrap of ways of closing"
    require_open_cases(durations, what)
    require_exact(durations, what, f"delay.bootstrap_coarse(..., way={way!r}, days=)")
    ways, cause = causes(durations, way)
    asked = np.asarray(days, dtype=np.int64)
    if not len(asked) or (asked < 0).any():
        raise ParameterError(f"days must be one or more days from 0 on, found {list(days)}")
    groups, codes = group_codes(durations, by)
    draws, clusters = draws_of(durations, cluster, codes * (len(ways) + 1) + cause, replicates, level)
    names = [f"closed as {name!r} by day {day:,}" for name in ways for day in asked]
    parts = []
    for number in range(len(groups)):
        chosen = codes == number
        length = min(int(durations.end[chosen].max()), int(asked.max())) + 1
        held = Held.of(draws, durations.end, cause, len(ways) + 1, durations.entry_time, chosen, length)
        statistics = partial(_shares_closed, held, np.minimum(asked, length - 1))
        parts.append(
            summary(filled(replicated(statistics, draws, seed, replicates, length), groups, number), names, level)
        )
    what = f"share of cases closed in each way ({way}) by {durations.clock}"
    return made_of(durations, what, parts, (groups, columns_of(by)), (cluster, clusters), (seed, replicates, level))


def _shares_closed(held: Held, place: Days, rows: Floats) -> Floats:
    """Share closed in each way by each place; nothing where nobody was drawn."""
    entered, at_risk, ended = held.counts(rows)
    closed, watched = ended[:-1], np.maximum(at_risk, 1)
    after = np.cumprod(1 - closed.sum(axis=0) / watched, axis=1)
    before = np.concatenate([np.ones((len(rows), 1)), after[:, :-1]], axis=1)
    share = np.cumsum(before * closed / watched, axis=2)[:, :, place]
    found = share.transpose(1, 0, 2).reshape(len(rows), -1)
    return np.where(entered.sum(axis=1, keepdims=True) > 0, found, np.nan)


def bootstrap_closed_only(
    durations: Durations,
    seed: int,
    *,
    within: int | None = None,
    p: float | Sequence[float] = 0.5,
    cluster: str | None = None,
    by: str | Sequence[str] | None = None,
    replicates: int = 500,
    level: float = 0.95,
) -> Bootstrap:
    """Interval of the conditional quantiles of a release of closed cases, by resampling clusters.

    Parameters
    ----------
    durations, within
        As :func:`~accountability.delay.reverse_time_curve` takes them.
    seed : int
        Seed of the random numbers.
    p : float or sequence of float
        Shares closed, among cases that close within the horizon.
    cluster, by, replicates, level
        As :func:`~accountability.delay.cluster_bootstrap`.

    Returns
    -------
    Bootstrap

    Raises
    ------
    Refusal, ParameterError
        As :func:`~accountability.delay.reverse_time_curve` and :func:`~accountability.delay.cluster_bootstrap`; also
        when a resample holds no case of a group.
    """
    horizon = reverse_time_curve(durations, by, within=within).within
    shares = shares_asked(p)
    seen: Flags = durations.event & (durations.days_upper <= horizon)
    kept = replace(durations, table=durations.table[seen].reset_index(drop=True))
    back = horizon - kept.days_upper
    into = horizon - np.minimum(kept.longest, horizon)
    groups, codes = group_codes(kept, by)
    draws, clusters = draws_of(kept, cluster, codes * (horizon + 1) + into, replicates, level)
    names = [f"day by which {percent(share)} had closed, of those closing within {horizon:,}" for share in shares]
    parts = []
    for number in range(len(groups)):
        held = Held.of(draws, back, np.zeros_like(back), 1, into, codes == number, horizon + 1)
        drawn = replicated(partial(_days_backwards, held, shares), draws, seed, replicates, horizon + 1)
        parts.append(summary(filled(drawn, groups, number), names, level))
    what = f"quantiles of the days to closing among cases that close within {horizon:,} days, by {durations.clock}"
    return made_of(kept, what, parts, (groups, columns_of(by)), (cluster, clusters), (seed, replicates, level))


def _days_backwards(held: Held, shares: Floats, rows: Floats) -> Floats:
    """Days by which shares had closed, read in reverse time; nothing where nobody was drawn."""
    entered, at_risk, (closed,) = held.counts(rows)
    counts = Counts(pd.DataFrame(index=pd.RangeIndex(len(rows))), entered, closed, np.zeros_like(closed), at_risk)
    open_share = survival(counts)[0]
    before = np.concatenate([np.ones((len(rows), 1)), open_share[:, :-1]], axis=1)
    closed_by = before[:, ::-1]
    found = np.column_stack([(closed_by >= share - ROUNDING).argmax(axis=1) for share in shares]).astype(float)
    return np.where(entered.sum(axis=1, keepdims=True) > 0, found, np.nan)
