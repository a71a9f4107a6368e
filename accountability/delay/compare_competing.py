"""Whether groups of cases close in one way at the same pace, other ways competing (Gray 1988)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from accountability.delay.access import require_exact, require_open_cases
from accountability.delay.compare import GroupTest, quadratic
from accountability.delay.competing import counted_ways
from accountability.delay.counts import Counts, columns_of, with_groups
from accountability.errors import ParameterError, Refusal
from accountability.stats.arrays import Days, Flags, Floats
from accountability.study.durations import Durations


def gray(durations: Durations, way: str, of: str, by: str | Sequence[str], *, rho: float = 0.0) -> GroupTest:
    """Test whether the share closed in one way grows alike in all groups.

    Parameters
    ----------
    durations : Durations
        With closing dates known to the day, all watched from the start.
    way : str
        Column with the way each case closed.
    of : str
        The way tested; all others compete with it.
    by : str or sequence of str
        Columns that make the groups, two or more.
    rho : float
        Weight ``(1 - F(t-))**rho``; 0 weighs all days alike.

    Returns
    -------
    GroupTest

    Raises
    ------
    ParameterError
        When no case closed in the way `of`, or rho is negative.
    Refusal
        With fewer than two groups, late entry, or when the closing curve itself cannot be had.

    Notes
    -----
    Gray's test compares subdistribution hazards; its variance allows for tied days, as R's cmprsk does.
    """
    if rho < 0:
        raise ParameterError(f"rho must not be negative, found {rho}")
    what = "the comparison of ways of closing"
    require_open_cases(durations, what)
    require_exact(durations, what)
    if durations.left_truncated:
        raise Refusal("Gray's test needs cases watched from the start: use delay.logrank, or keep those received later")
    ways, counts, of_way = counted_ways(durations, way, by)
    if of not in ways:
        raise ParameterError(f"no case closed as {of!r}; the ways are {', '.join(ways)}")
    groups = counts.groups
    if len(groups) < 2:
        raise Refusal("a comparison needs at least two groups, found one: show delay.competing_closings alone")
    own = of_way[:, ways.index(of)]
    difference, variance, expected = _scores(counts, own, rho)
    statistic, df = quadratic(difference, variance)
    if df == 0:
        raise Refusal(f"no day compares two groups in closings as {of!r}: show delay.competing_closings side by side")
    from scipy.special import chdtrc

    return GroupTest(
        estimand=f"whether the share of cases closed as {of!r} grows alike in the groups, by {durations.clock}",
        assumptions=(
            "whether a case is still open at the cut-off tells nothing about when or how it will close",
            "cases are independent of each other",
        ),
        method=f"Gray's test of closings as {of!r}" + (f" (rho {rho:g})" if rho else ""),
        table=with_groups(
            groups,
            np.arange(len(groups)),
            {
                "cases": counts.entered.sum(axis=1),
                "closed": own.sum(axis=1),
                "expected": expected,
                "difference": difference,
            },
        ),
        flow=durations.flow,
        statistic=statistic,
        df=df,
        p_value=float(chdtrc(df, statistic)),
        by=columns_of(by),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Day:
    """What one day adds: counts by group, and the state of the curves around it."""

    watched: Flags
    at_risk: Floats
    own: Days
    other: Days
    open_before: Floats
    open_after: Floats
    pooled_after: float
    total: float
    pull: Floats
    pace: Floats


def _scores(counts: Counts, own: Days, rho: float) -> tuple[Floats, Floats, Floats]:
    """Weighted closings minus expected, their covariance, and the expected closings."""
    size = len(own)
    difference, expected = np.zeros(size), np.zeros(size)
    open_before, share_before, pooled_before = np.ones(size), np.zeros(size), 0.0
    past: list[_Day] = []
    for day in np.flatnonzero(counts.closed.sum(axis=0)):
        watched = counts.at_risk[:, day] > 0
        at_risk = np.where(watched, counts.at_risk[:, day], 1).astype(float)
        here = own[:, day]
        # Cases at risk as they would be had no other way taken any: the risk set of the subdistribution.
        enlarged = np.where(watched, at_risk / np.where(open_before > 0, open_before, 1), 0)
        total, in_way = float(enlarged.sum()), int(here.sum())
        weight = (1 - pooled_before) ** rho
        if in_way:
            shares = enlarged * (1 - share_before)
            fair = in_way * shares / shares.sum()
            expected += fair
            difference += weight * (here - fair)
        open_after = np.where(watched, open_before * (1 - counts.closed[:, day] / at_risk), open_before)
        pooled_after = pooled_before + in_way / total
        pull = weight * (np.diag(enlarged) - np.outer(enlarged, enlarged) / total)
        pace = pull * (in_way / (total * (1 - pooled_before)))
        other = counts.closed[:, day] - here
        past.append(_Day(watched, at_risk, here, other, open_before, open_after, pooled_after, total, pull, pace))
        share_before = np.where(watched, share_before + open_before * here / at_risk, share_before)
        open_before, pooled_before = open_after, pooled_after
    return difference, _variance(past, size), expected


def _variance(past: list[_Day], size: int) -> Floats:
    """Covariance of the scores: a closing moves the score of its day and, through the curves, of all later days."""
    variance, later = np.zeros((size, size)), np.zeros((size, size))
    for day in reversed(past):
        in_way = int(day.own.sum())
        still = day.open_after > 0
        left = np.where(still, (1 - day.pooled_after) / np.where(still, day.open_after, 1), 0)
        if in_way:
            ties = np.ones(size)
            if in_way > 1:
                ties = 1 - (in_way - 1) / np.maximum(day.total * day.open_before - 1, 1e-12)
            spread = np.where(day.watched, ties * day.open_before * in_way / (day.total * day.at_risk), 0)
            moved = day.pull + (1 - left) * later
            variance += (moved * spread) @ moved.T
        if day.other.any():
            ties = np.where(day.other > 1, 1 - (day.other - 1) / np.maximum(day.at_risk - 1, 1), 1)
            spread = np.where(still, ties * day.open_before**2 * day.other / day.at_risk**2, 0)
            moved = left * later
            variance += (moved * spread) @ moved.T
        later = later + day.pace
    return variance
