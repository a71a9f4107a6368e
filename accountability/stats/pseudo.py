"""Pseudo-observations: one value per case, also for censored ones, whose mean is the curve's estimate.

Andersen and Perme (2010), Pseudo-observations in survival analysis, Statistical Methods in Medical Research 19.
"""

from __future__ import annotations

import numpy as np

from accountability.stats.arrays import Days, Flags, Floats


def pseudo_mean(end: Days, event: Flags, until: int) -> Floats:
    """Return pseudo-observations of the restricted mean within `until` days, by the jackknife of Kaplan-Meier.

    Without censoring before `until` they are the days themselves, at most `until`.

    Parameters
    ----------
    end : array of int
        Days to the closing, or days watched.
    event : array of bool
        Whether it closed then.
    until : int

    Returns
    -------
    array, one per case
        Missing if no case was watched as long.

    Examples
    --------
    >>> pseudo_mean(np.array([3, 9, 20]), np.array([True, True, False]), 10).tolist()
    [3.0, 9.0, 10.0]
    """
    days = np.minimum(end, until).astype(float)
    censored = ~event & (end < until)
    if not censored.any():
        return days
    if not (end[~event] >= until).any() and not (event & (end >= until)).any():
        return np.full(len(end), np.nan)
    size = until + 1
    closed = np.bincount(np.minimum(end, until)[event & (end < until)], minlength=size)[:size].astype(float)
    left = np.bincount(np.minimum(end, until), minlength=size)[:size]
    at_risk = len(end) - np.concatenate(([0], left.cumsum()[:-1])).astype(float)
    whole = _area(closed, at_risk)
    # Two cases with the same end have the same pseudo-observation.
    kinds, which = np.unique(
        np.column_stack([np.minimum(end, until), event & (end < until)]), axis=0, return_inverse=True
    )
    without = np.empty(len(kinds))
    day = np.arange(size)
    for place, (last, done) in enumerate(kinds):
        fewer = at_risk - (day <= last)
        less = closed.copy()
        less[last] -= bool(done)
        without[place] = _area(less, fewer)
    return len(end) * whole - (len(end) - 1) * without[which.ravel()]


def _area(closed: Floats, at_risk: Floats) -> float:
    """Area under the curve over the days before the last one."""
    hazard = np.divide(closed, at_risk, out=np.zeros_like(closed), where=at_risk > 0)
    return float(np.concatenate(([1.0], np.cumprod(1 - hazard)))[:-2].sum()) if len(closed) > 1 else 0.0
