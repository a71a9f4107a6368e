"""Discrete-time data: the periods of age through which each case was watched, and in which it closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from accountability.errors import ParameterError, Refusal
from accountability.stats.arrays import Days, Flags, Floats
from accountability.stats.compress import combine
from accountability.stats.design import Design

MONTH: Final = 30.436875
"""Mean days in a month."""

TABLE: Final = 20_000_000
"""Most patterns by periods held at once."""


@dataclass(frozen=True, slots=True, eq=False)
class PersonPeriods:
    """Trials by covariate pattern and period: each case in each period it was watched through."""

    # at_risk, closed: patterns by periods: cases watched through the period, and those of them that closed in it
    at_risk: Floats
    closed: Floats
    # pattern, first, last, number: distinct courses: pattern, first and last period watched (both included), and
    # cases
    pattern: Days
    first: Days
    last: Days
    number: Days
    done: Flags  # Whether the course ends with a closing
    cell: Days  # The course of each case, -1 for a case watched through no whole period

    @property
    def periods(self) -> int:
        """Number of periods."""
        return self.at_risk.shape[1]


def person_periods(
    low: Days, high: Days, closed: Flags, entry: Days, longest: Days, made: Design, period: float
) -> PersonPeriods:
    """Count cases by period.

    Parameters
    ----------
    low, high : array of int
        Fewest and most days of each closed case; for open ones the days seen open, twice.
    closed : array of bool
    entry : array of int
        First day each case was watched on.
    longest : array of int
        Longest observable delay, -1 where unknown.
    made : Design
    period : float
        Days in a period.

    Raises
    ------
    ParameterError
        For a period below one day.
    Refusal
        When delays are too coarse, or the end of follow-up of closed cases is not known.
    """
    if not isinstance(period, (int, float)) or not period >= 1:
        raise ParameterError(f"period must be at least 1 day, found {period!r}")
    first, last, done = _courses(low, high, closed, entry, longest, period)
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
    columns: list[Any] = [values[useful] for values in (made.pattern, last, first, done)]
    courses = combine(columns, (patterns, periods, periods, 2), len(columns[0]))
    cell[useful] = courses.code
    pattern, final, begin, ended = (values[courses.first] for values in columns)
    number = courses.number.astype(float)
    change = np.zeros((patterns, periods + 1))
    np.add.at(change, (pattern, begin), number)
    np.add.at(change, (pattern, final + 1), -number)
    events = np.zeros((patterns, periods))
    np.add.at(events, (pattern[ended], final[ended]), number[ended])
    at_risk = np.cumsum(change, axis=1)[:, :-1]
    return PersonPeriods(at_risk, events, pattern, begin, final, courses.number, ended, cell)


def _courses(
    low: Days, high: Days, closed: Flags, entry: Days, longest: Days, period: float
) -> tuple[Days, Days, Flags]:
    """First and last period each case was watched through, and whether it closed in the last."""
    exact = bool((low == high).all())
    if not exact:
        coarse = int(((high - low) > 2.1 * period).sum())
        if coarse:
            raise Refusal(
                f"{coarse:,} closings are known less finely than two periods of {period:.4g} days: use a longer "
                "period=, or delay.parametric, which takes intervals of any width"
            )
    # Dates known to the month lie a whole number of months apart; a month's length varies by some days.
    slack = 1.0 if exact else 3.5
    known = longest >= 0
    until = np.where(known, longest, np.where(closed, np.iinfo(np.int64).max // 4, low)) + slack
    unsure = ~known & ~closed & (until % period > slack)
    if (closed & ~known).any() and unsure.any():
        raise Refusal(
            f"{int(unsure.sum()):,} open cases were watched through part of their last period only, and how long "
            f"{int((closed & ~known).sum()):,} closed cases could have been watched is not known: give longest= to "
            "Durations.from_days, or use delay.cox or delay.parametric"
        )
    whole = np.floor(until / period).astype(np.int64) - 1
    when = np.floor(low / period) if exact else np.rint((low + high) / 2 / period)
    done = closed & (when <= whole)
    last = np.where(done, when, whole).astype(np.int64)
    first = np.ceil(entry / period).astype(np.int64)
    return first, last, done & (last >= first)


def period_scores(counted: PersonPeriods, live: Days, matrix: Floats, at: Floats) -> tuple[Floats, Floats]:
    """Return scores of one case of each course, by the baseline of periods with closings and by the coefficients.

    Also return the expected information of its index in each such period (courses by periods).
    """
    from scipy.sparse import coo_array

    position = np.full(counted.periods + 1, -1)
    position[live] = np.arange(len(live))
    rate = np.exp(at[: len(live)][None, :] + (matrix @ at[len(live) :])[:, None])
    hit = rate * np.exp(-rate) / -np.expm1(-rate)
    many = counted.last - counted.first + 1
    course = np.repeat(np.arange(len(many)), many)
    period = np.arange(int(many.sum())) - np.repeat(np.cumsum(many) - many, many) + counted.first[course]
    place = position[period]
    held = place >= 0
    course, period, place = course[held], period[held], place[held]
    pattern = counted.pattern[course]
    ends = counted.done[course] & (period == counted.last[course])
    score = np.where(ends, hit[pattern, place], -rate[pattern, place])
    baseline = coo_array((score, (course, place)), shape=(len(many), len(live))).toarray()
    weight = coo_array(((rate * hit)[pattern, place], (course, place)), shape=(len(many), len(live))).toarray()
    slopes = np.bincount(course, score, len(many))[:, None] * matrix[counted.pattern]
    return np.hstack([baseline, slopes]), weight


def without_baseline(counted: PersonPeriods, matrix: Floats, scores: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return scores and expected information of the coefficients from :func:`period_scores`, without the baseline."""
    x, periods = matrix[counted.pattern], weight.shape[1]
    counts = weight * counted.number[:, None]
    mean = (counts.T @ x) / counts.sum(axis=0)[:, None]
    first, second = weight @ mean, weight @ (mean[:, :, None] * mean[:, None, :]).reshape(periods, -1)
    mixed = x[:, :, None] * first[:, None, :]
    own = weight.sum(axis=1)[:, None, None] * x[:, :, None] * x[:, None, :] - mixed - mixed.transpose(0, 2, 1)
    return scores[:, periods:] - scores[:, :periods] @ mean, own + second.reshape(own.shape)
