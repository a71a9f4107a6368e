"""Cases and periods: which periods of its age each case was watched through, and in which it closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from accountability.delay.regression.design import Design
from accountability.errors import ParameterError, Refusal
from accountability.stats.arrays import Days, Flags, Floats
from accountability.stats.compress import compress
from accountability.study.durations import Durations

MONTH: Final = 30.436875
"""Mean days in a month."""

TABLE: Final = 20_000_000
"""Most patterns by periods held at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """Trials by covariate pattern and period.

    Attributes
    ----------
    at_risk, closed : array, patterns by periods
        Cases watched through the period, and those of them that closed in it.
    pattern, first, last, number : array of int
        Distinct courses: pattern, first and last period watched (both included), and cases.
    done : array of bool
        Whether the course ends with a closing.
    cell : array of int
        The course of each case, -1 for a case watched through no whole period.
    """

    at_risk: Floats
    closed: Floats
    pattern: Days
    first: Days
    last: Days
    number: Days
    done: Flags
    cell: Days

    @property
    def periods(self) -> int:
        """Number of periods."""
        return self.at_risk.shape[1]


def trials(durations: Durations, made: Design, period: float) -> Trials:
    """Count trials.

    Raises
    ------
    ParameterError
        For a period below one day.
    Refusal
        When delays are known too coarsely, or it is not known until when closed cases could have been watched.
    """
    if not period >= 1:
        raise ParameterError(f"period must be at least 1 day, found {period}")
    first, last, done = _courses(durations, period)
    useful = last >= first
    if not (done & useful).any():
        raise Refusal(
            f"no case closed in a period of {period:.4g} days that was watched to its end: use shorter periods"
        )
    periods = int(last[useful].max()) + 1
    patterns = len(made.matrix)
    if patterns * periods > TABLE:
        raise Refusal(
            f"{patterns:,} distinct covariates by {periods:,} periods are more than this model holds: round numbers to "
            "fewer values, or use delay.parametric"
        )
    cell = np.full(len(useful), -1, np.int64)
    key = ((made.pattern * periods + last) * periods + first) * 2 + done
    courses = compress(key[useful], patterns * periods * periods * 2)
    cell[useful] = courses.code
    left, ended = np.divmod(courses.found, 2)
    left, begin = np.divmod(left, periods)
    pattern, final = np.divmod(left, periods)
    number = courses.number.astype(float)
    change = np.zeros((patterns, periods + 1))
    np.add.at(change, (pattern, begin), number)
    np.add.at(change, (pattern, final + 1), -number)
    closed = np.zeros((patterns, periods))
    np.add.at(closed, (pattern[ended == 1], final[ended == 1]), number[ended == 1])
    at_risk = np.cumsum(change, axis=1)[:, :-1]
    return Trials(at_risk, closed, pattern, begin, final, courses.number, ended == 1, cell)


def _courses(durations: Durations, period: float) -> tuple[Days, Days, Flags]:
    """First and last period each case was watched through, and whether it closed in the last."""
    low, closed, exact = durations.days_lower, durations.event, durations.exact
    if not exact:
        coarse = int(((durations.days_upper - low)[closed] > 2.1 * period).sum())
        if coarse:
            raise Refusal(
                f"{coarse:,} closings are known less finely than two periods of {period:.4g} days: use a longer "
                "period=, or delay.parametric, which takes intervals of any width"
            )
    # Dates known to the month lie a whole number of months apart; a month's length varies by some days.
    slack = 1.0 if exact else 3.5
    known = durations.longest >= 0
    until = np.where(known, durations.longest, np.where(closed, np.iinfo(np.int64).max // 4, low)) + slack
    unsure = ~known & ~closed & (until % period > slack)
    if (closed & ~known).any() and unsure.any():
        raise Refusal(
            f"{int(unsure.sum()):,} open cases were watched through part of their last period only, and how long "
            f"{int((closed & ~known).sum()):,} closed cases could have been watched is not known: give longest= to "
            "Durations.from_days, or use delay.cox or delay.parametric"
        )
    whole = np.floor(until / period).astype(np.int64) - 1
    when = np.floor(low / period) if exact else np.rint((low + durations.end) / 2 / period)
    done = closed & (when <= whole)
    last = np.where(done, when, whole).astype(np.int64)
    first = np.ceil(durations.entry_time / period).astype(np.int64)
    return first, last, done & (last >= first)


def clustered_meat(
    counted: Trials, live: Days, matrix: Floats, at: Floats, cluster: Days | None, clusters: int
) -> Floats:
    """Sum over clusters of the outer product of their summed scores, baseline and coefficients."""
    from scipy.sparse import coo_array, csr_array, diags_array

    position = np.full(counted.periods + 1, -1)
    position[live] = np.arange(len(live))
    rate = np.exp(at[: len(live)][None, :] + (matrix @ at[len(live) :])[:, None])
    missed = -rate
    hit = rate * np.exp(-rate) / -np.expm1(-rate)
    many = counted.last - counted.first + 1
    course = np.repeat(np.arange(len(many)), many)
    period = np.arange(int(many.sum())) - np.repeat(np.cumsum(many) - many, many) + counted.first[course]
    place = position[period]
    held = place >= 0
    course, period, place = course[held], period[held], place[held]
    pattern = counted.pattern[course]
    ends = counted.done[course] & (period == counted.last[course])
    score = np.where(ends, hit[pattern, place], missed[pattern, place])
    baseline = coo_array((score, (course, place)), shape=(len(many), len(live))).tocsr()
    summed = np.bincount(course, score, len(many))
    slopes = csr_array(summed[:, None] * matrix[counted.pattern])
    if cluster is None:
        weight = diags_array(np.sqrt(counted.number.astype(float)))
        parts = [(weight @ one).toarray() for one in (baseline, slopes)]
    else:
        there = counted.cell >= 0
        ones = np.ones(int(there.sum()))
        shape = (clusters, len(many))
        members = coo_array((ones, (cluster[there], counted.cell[there])), shape=shape).tocsr()
        parts = [(members @ one).toarray() for one in (baseline, slopes)]
    whole = np.hstack(parts)
    return whole.T @ whole
