"""Which cases hang together: a column to resample by, and the bootstrap of shares closed in each way or backwards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, Literal

import numpy as np
import pandas as pd

from accountability.cohort import Cohort, DatasetLike
from accountability.delay.access import require_exact, require_open_cases
from accountability.delay.bands import Floats, critical
from accountability.delay.bootstrap import CELLS, Bootstrap, Draws, sparse, summary
from accountability.delay.competing import causes
from accountability.delay.counts import Counts, shares_asked
from accountability.delay.curve import ROUNDING, survival
from accountability.delay.reverse import reverse_time_curve
from accountability.durations import Durations, Flags, group_codes
from accountability.errors import ParameterError, Refusal
from accountability.occurrences import FOREVER, occurrence
from accountability.results import percent, plural

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
    day = np.where(durations.closed, end.earliest, -begin.earliest - 1)
    unknown = np.where(durations.closed, end.earliest != end.latest, begin.earliest != begin.latest)
    unknown |= np.where(durations.closed, end.earliest, begin.earliest) == FOREVER
    if unknown.any():
        raise Refusal(
            f"{int(unknown.sum()):,} of {len(cases):,} cases have no '{durations.stop}' or '{durations.start}' date "
            "known to the day: use 'officer' or 'complaint'"
        )
    return replace(durations, table=durations.table.assign(**{CLUSTER: day}))


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
    cluster, replicates, level
        As :func:`~accountability.delay.bootstrap`.

    Returns
    -------
    Bootstrap
        ``estimate``, ``lower`` and ``upper`` are shares; ``not_reached`` is 0.

    Raises
    ------
    Refusal, ParameterError
        As :func:`~accountability.delay.competing_closings` and :func:`~accountability.delay.bootstrap`.
    """
    what = "the bootstrap of ways of closing"
    require_open_cases(durations, what)
    require_exact(durations, what)
    ways, cause = causes(durations, way)
    asked = np.asarray(days, dtype=np.int64)
    if not len(asked) or (asked < 0).any():
        raise ParameterError(f"days must be one or more days from 0 on, found {list(days)}")
    draws = _draws(durations, cluster, replicates, level, cause)
    length = int(durations.end.max()) + 1
    shape = (len(draws.size), length)
    parts = [sparse(draws.member, durations.end, draws.first & (cause == kind), shape) for kind in range(len(ways) + 1)]
    entered = sparse(draws.member, durations.entry, draws.first, shape)
    place = np.minimum(asked, length - 1)

    def of_rows(rows: Floats) -> Floats:
        closed = np.stack([rows @ part for part in parts[:-1]])
        everyone = closed.sum(axis=0)
        at_risk = _at_risk(rows @ entered, everyone + rows @ parts[-1])
        before = np.cumprod(1 - everyone / np.maximum(at_risk, 1), axis=1)
        before = np.concatenate([np.ones((len(rows), 1)), before[:, :-1]], axis=1)
        share = np.cumsum(before * closed / np.maximum(at_risk, 1), axis=2)[:, :, place]
        return share.transpose(1, 0, 2).reshape(len(rows), -1)

    names = [f"closed as {name!r} by day {day:,}" for name in ways for day in asked]
    what = f"share of cases closed in each way ({way}) by {durations.clock}"
    return _result(durations, what, of_rows, draws, names, seed, (cluster, replicates, level), length)


def bootstrap_closed_only(
    durations: Durations,
    seed: int,
    *,
    within: int | None = None,
    p: float | Sequence[float] = 0.5,
    cluster: str | None = None,
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
    cluster, replicates, level
        As :func:`~accountability.delay.bootstrap`.

    Returns
    -------
    Bootstrap

    Raises
    ------
    Refusal, ParameterError
        As :func:`~accountability.delay.reverse_time_curve` and :func:`~accountability.delay.bootstrap`.
    """
    horizon = reverse_time_curve(durations, within=within).within
    shares = shares_asked(p)
    seen: Flags = durations.closed & (durations.high <= horizon)
    kept = replace(durations, table=durations.table[seen].reset_index(drop=True))
    back = horizon - kept.high
    into = horizon - np.minimum(kept.longest, horizon)
    draws = _draws(kept, cluster, replicates, level, into)
    shape = (len(draws.size), horizon + 1)
    ends, entered = (sparse(draws.member, day, draws.first, shape) for day in (back, into))

    def of_rows(rows: Floats) -> Floats:
        closed, came = rows @ ends, rows @ entered
        whole = [np.rint(part).astype(np.int64) for part in (came, closed, 0 * closed, _at_risk(came, closed))]
        open_share = survival(Counts(pd.DataFrame(index=pd.RangeIndex(len(rows))), *whole))[0]
        before = np.concatenate([np.ones((len(rows), 1)), open_share[:, :-1]], axis=1)
        closed_by = before[:, ::-1]
        return np.column_stack([(closed_by >= share - ROUNDING).argmax(axis=1) for share in shares]).astype(float)

    names = [f"day by which {percent(share)} had closed, of those closing within {horizon:,}" for share in shares]
    what = f"quantiles of the days to closing among cases that close within {horizon:,} days, by {durations.clock}"
    return _result(kept, what, of_rows, draws, names, seed, (cluster, replicates, level), horizon + 1)


def _at_risk(entered: Floats, ended: Floats) -> Floats:
    gone = np.zeros_like(ended)
    np.cumsum(ended[:, :-1], axis=1, out=gone[:, 1:])
    return np.cumsum(entered, axis=1) - gone


def _draws(durations: Durations, cluster: str | None, replicates: int, level: float, kind: np.ndarray) -> Draws:
    critical(level)  # refuses a level that is none
    if replicates < 2:
        raise ParameterError(f"replicates must be at least 2, found {replicates}")
    found = Draws.of_cases(durations, kind) if cluster is None else Draws.of_clusters(durations, cluster)
    number = len(durations) if cluster is None else len(group_codes(durations, cluster)[0])
    if number < 2:
        raise Refusal(f"resampling needs at least two clusters, found {number}: choose another cluster=, or none")
    return found


def _result(
    durations: Durations,
    estimand: str,
    of_rows: Callable[[Floats], Floats],
    draws: Draws,
    names: list[str],
    seed: int,
    asked: tuple[str | None, int, float],
    length: int,
) -> Bootstrap:
    cluster, replicates, level = asked
    seeds = np.random.default_rng(seed).integers(0, 2**63, replicates)
    block = max(1, CELLS // max(length, len(draws.size)))
    drawn = [
        of_rows(draws.draw(seeds[first : first + block], also_as_they_are=first == 0))
        for first in range(0, replicates, block)
    ]
    clusters = int(draws.size.sum()) if cluster is None else len(draws.size)
    return Bootstrap(
        estimand=estimand,
        assumptions=(f"{'cases' if cluster is None else 'clusters (' + cluster + ')'} are independent of each other",),
        method=f"{replicates:,} resamples of {plural(clusters, 'cluster')}, percentile interval, seed {seed}",
        table=summary(np.concatenate(drawn), names, level),
        flow=durations.flow,
        by=(),
        groups=pd.DataFrame(index=pd.RangeIndex(1)),
        clusters=clusters,
        level=level,
    )
