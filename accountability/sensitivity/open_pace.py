"""Informative censoring: the share still open if open cases close at another hazard than others of their age."""

from __future__ import annotations

import numpy as np

from accountability.delay.choice import how_long
from accountability.stats.arrays import Floats
from accountability.study.durations import Durations
from accountability.study.extremes import placed


def daily(durations: Durations) -> Floats:
    """Return the share still open after each day; coarse closings count mid-span where dates give no estimate."""
    curve = how_long(durations).curve
    if curve.confidence is None:
        curve = how_long(placed(durations, 0.5)).curve
    last = int(durations.end.max(initial=0))
    return np.asarray(curve.true_at(range(last + 1))["estimate"].ffill().to_numpy(float))


def at_pace(still: Floats, durations: Durations, ratio: float) -> Floats:
    """Return the share still open after each day if open cases close at a hazard ratio to others of their age.

    An open case seen until day ``c`` is still open at ``t`` with probability ``(S(t)/S(c))**ratio``. At a ratio of 1
    this is the curve itself (self-consistency: Efron 1967, Turnbull 1976); a case with late entry has weight ``1/S`` of
    its day of entry.

    Parameters
    ----------
    still : array
        The curve ``S``, from day 0.
    durations : Durations
    ratio : float
        From 0 (open cases never close) to infinity (they close the day after they were last seen).
    """
    last = len(still) - 1
    safe = np.maximum(still, 1e-12)
    stands_for = 1 / np.concatenate([[1.0], safe])[durations.entry_time]
    opened = ~durations.event
    seen = np.bincount(np.minimum(durations.days_lower[opened], last), stands_for[opened], last + 1)
    power = min(ratio, 20.0)
    differ = safe**power * np.cumsum(seen / safe**power) if np.isfinite(ratio) else 0.0
    return np.clip(still + (differ - safe * np.cumsum(seen / safe)) / stands_for.sum(), 0.0, 1.0)
