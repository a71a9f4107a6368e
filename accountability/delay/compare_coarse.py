"""Whether groups close at the same pace when both ends of a delay are coarse, whatever each group's watch and dates.

Taking all days between the fewest and the most as alike is harmless while the groups are dated and watched alike; when
they are not, it makes groups differ that do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from accountability.delay.access import require_open_cases
from accountability.delay.coarse_dates import cells_of, tally
from accountability.delay.compare import GroupTest, quadratic
from accountability.delay.counts import columns_of, with_groups
from accountability.errors import Refusal
from accountability.stats.arrays import Floats
from accountability.stats.sieve import kernels
from accountability.study.durations import Durations, group_codes

if TYPE_CHECKING:
    from scipy.sparse import csr_array

ROUNDS: Final = 100
"""Rounds of expectation and maximisation for the pooled curve; the test is exact for any curve near the truth."""


def coarse_logrank(durations: Durations, by: str | Sequence[str]) -> GroupTest:
    """Test whether groups close at the same pace, for delays of which both ends may be coarse.

    Parameters
    ----------
    durations : Durations
        Of open and closed cases, all watched from the start. The columns ``start_span`` and ``stop_span`` (number of
        days the start and the stop can have been on), which :func:`accountability.study.clocks.durations` adds where
        starts are coarse, say how the days of a delay are weighed; without them starts count as known to the day.
    by : str or sequence of str
        Columns that make the groups, two or more.

    Returns
    -------
    GroupTest
        ``closed`` and ``expected`` closings of each group and their ``difference``.

    Raises
    ------
    Refusal
        With fewer than two groups, late entry, when the dates tell no cases apart, or when the curve cannot be had.

    Notes
    -----
    The log-rank test with closings and cases at risk replaced by their expectation given the dates, under a common
    curve and starts spread evenly over their days (the score test for doubly interval-censored data; Sun, Liao and
    Pagano 1999), and the variance from the squared contributions of the cases. Unlike
    :func:`~accountability.delay.interval_logrank` it asks neither for equal watch times nor for equally coarse dates.
    """
    require_open_cases(durations, "the comparison of groups")
    if durations.left_truncated:
        raise Refusal("cases that enter late cannot be compared on intervals: keep those watched from the start")
    groups, codes = group_codes(durations, by)
    size = len(groups)
    if size < 2:
        raise Refusal("a comparison needs at least two groups, found one: choose another by=, or show the curve alone")
    cells, place = cells_of(durations)
    number = tally(place, codes, size)
    closed, open_ = kernels(cells)
    done = cells.stop_span > 0
    share = _pooled(closed, open_, number.sum(axis=1), done)
    difference, expected, variance = _scores(closed, open_, number, done, share)
    statistic, df = quadratic(difference, variance)
    if df == 0:
        raise Refusal("the dates do not tell the cases apart (all intervals overlap), so no test of pace exists")
    from scipy.special import chdtrc

    return GroupTest(
        estimand=f"whether the groups close at the same pace, by {durations.clock}",
        assumptions=(
            "starts are spread evenly over the days they may have been on",
            "whether a case is still open at the cut-off tells nothing about how much longer it will take",
            "cases are independent of each other",
        ),
        method="log-rank test for delays coarse at both ends (expected counts, variance of the contributions)",
        table=with_groups(
            groups,
            np.arange(size),
            {
                "cases": number.sum(axis=0).astype(np.int64),
                "closed": number[done].sum(axis=0).astype(np.int64),
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


def _pooled(closed: csr_array, open_: csr_array, number: Floats, done: np.ndarray) -> Floats:
    """Shares closing on each day under a common curve; the last is for closings after all days seen."""
    days = closed.shape[1]
    share = np.full(days, 1 / days)
    for _ in range(ROUNDS):
        beyond = np.maximum(1 - np.cumsum(share), 0)
        pull_closed = number * done / np.maximum(closed @ share, 1e-300)
        pull_open = number * ~done / np.maximum(open_ @ beyond, 1e-300)
        pulled = closed.T @ np.where(done, pull_closed, 0)
        after = open_.T @ np.where(done, 0, pull_open)
        pulled[1:] += np.cumsum(after)[:-1]
        share = share * pulled / number.sum()
        share /= share.sum()
    return share


def _scores(
    closed: csr_array, open_: csr_array, number: Floats, done: np.ndarray, share: Floats
) -> tuple[Floats, Floats, Floats]:
    """Closed minus expected closings by group, the expected, and the covariance of the former."""
    beyond = np.maximum(1 - np.cumsum(share), 0)
    of_closed = closed.multiply(share[None, :]).tocsr()
    of_open = open_.multiply(beyond[None, :]).tocsr()
    scale = np.asarray(of_closed.sum(axis=1) + of_open.sum(axis=1)).ravel()
    weights = number / np.maximum(scale, 1e-300)[:, None]
    closings = of_closed.T @ (weights * done[:, None])
    ends = of_open.T @ (weights * ~done[:, None])
    left = closings + ends
    at_risk = left.sum(axis=0) - np.cumsum(left, axis=0) + left
    everyone = np.maximum(at_risk.sum(axis=1), 1e-300)
    part = at_risk / everyone[:, None]
    pace = closings.sum(axis=1) / everyone
    # Below what one ten-thousandth of a case leaves at risk, a day's pace is only rounding.
    pace[everyone < 1e-4] = 0
    total, by_part = np.cumsum(pace), np.cumsum(part * pace[:, None], axis=0)
    shown = np.column_stack([part, total, by_part])
    mean = (of_closed @ shown + of_open @ shown) / np.maximum(scale, 1e-300)[:, None]
    size = number.shape[1]
    at_end, through, expected = mean[:, :size] * done[:, None], mean[:, size], mean[:, size + 1 :]
    difference, variance = np.zeros(size), np.zeros((size, size))
    for group in range(size):
        own = np.zeros(size)
        own[group] = 1
        each = own * done[:, None] - at_end - own * through[:, None] + expected
        difference += number[:, group] @ each
        variance += (each * number[:, [group]]).T @ each
    return difference, number[done].sum(axis=0) - difference, variance
