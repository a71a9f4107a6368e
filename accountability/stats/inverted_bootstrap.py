"""Intervals of a variance component that may be 0, by an inverted parametric bootstrap."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from accountability.stats.arrays import Floats
from accountability.stats.intervals import upper_tail
from accountability.stats.permutation import p_value

NARROWED: Final = 3
"""How often a bracket of a limit is narrowed; a straight line does the rest."""
WIDENED: Final = 25


def inverted(
    draw: Callable[[float], Floats], seen: float, guess: float, confidence: float
) -> tuple[float, float, float, float]:
    """Estimate a spread with limits, and the p-value that it is 0, by an inverted parametric bootstrap.

    A limit is the spread under which estimates beyond the observed one have the nominal tail probability (Carpenter,
    Journal of the Royal Statistical Society B 61, 1999). So 0 is in the interval if it is not rejected, for any number
    of clusters.

    Parameters
    ----------
    draw : callable
        Function that simulates estimates under a spread.
    seen : float
        The observed estimate.
    guess : float
        Starting value of the search.
    confidence : float

    Returns
    -------
    estimate, lower, upper : float
        The estimate is the spread under which the observed one is the median, which corrects the bias of the estimator.
        Limits are missing if even a spread of 0 usually gives more.
    p_value : float

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> estimate, lower, upper, p = inverted(lambda spread: spread + rng.normal(size=4000), 3.0, 2.0, 0.95)
    >>> [round(one) for one in (estimate, lower, upper)], p < 0.01
    ([3, 1, 5], True)
    """
    top = upper_tail(confidence)
    edge = draw(0.0)
    if not np.isfinite(edge).any():  # no draw tells a spread
        return np.nan, np.nan, np.nan, np.nan
    p = p_value(edge[np.isfinite(edge)], seen)
    low, middle, high = (_quantile(edge, tail) for tail in (1 - top, 0.5, top))
    if not low <= seen:
        return 0.0, np.nan, np.nan, p
    start = max(guess, high - low)

    def limit(tail: float, value: float) -> float:
        return _reached(lambda spread: _quantile(draw(spread), tail), seen, value, start)

    lower, estimate = (limit(tail, at) if at < seen else 0.0 for tail, at in ((top, high), (0.5, middle)))
    return estimate, lower, limit(1 - top, low), p


def _quantile(drawn: Floats, tail: float) -> float:
    """A quantile of the draws that tell anything; missing where none does."""
    known = drawn[np.isfinite(drawn)]
    return float(np.quantile(known, tail)) if len(known) else np.nan


def _reached(quantile: Callable[[float], float], seen: float, value: float, start: float) -> float:
    """Where a quantile, rising from a value at 0, comes up to what is seen."""
    left, right = (0.0, value), (start, quantile(start))
    for _ in range(WIDENED):
        if right[1] >= seen:
            break
        left, right = right, (2 * right[0], quantile(2 * right[0]))
    else:
        return np.inf
    for step in range(NARROWED + 1):
        part = (seen - left[1]) / (right[1] - left[1]) if right[1] > left[1] else 0.5
        at = left[0] + part * (right[0] - left[0])
        if step == NARROWED:
            break
        tried = (at, quantile(at))
        left, right = (left, tried) if tried[1] >= seen else (tried, right)
    return at
