"""Informative closing: the share still open, had open cases closed at another pace than others of their age."""

from __future__ import annotations

import numpy as np

from accountability.delay.choice import how_long
from accountability.stats.arrays import Floats
from accountability.study.durations import Durations
from accountability.study.extremes import placed


def daily(durations: Durations) -> Floats:
    """Share still open after each day; coarse closings in the middle of their days where dates leave no estimate."""
    curve = how_long(durations).curve
    if curve.confidence is None:
        curve = how_long(placed(durations, 0.5)).curve
    last = int(durations.end.max(initial=0))
    return np.asarray(curve.true_at(range(last + 1))["estimate"].ffill().to_numpy(float))


def at_pace(still: Floats, durations: Durations, ratio: float) -> Floats:
    """Share still open after each day, had open cases closed at a ratio of the hazard of others of their age.

    An open case seen until day ``c`` is still open at ``t`` with the chance ``(S(t)/S(c))**ratio``. At a ratio of 1
    this is the curve itself (self-consistency: Efron 1967, Turnbull 1976); a case that came into sight late stands for
    ``1/S`` of that day.

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
