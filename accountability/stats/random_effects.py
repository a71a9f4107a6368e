"""Estimates of several places taken as draws from a normal law: how much they differ, and each drawn to the others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accountability.stats.arrays import Floats
from accountability.stats.intervals import p_chi2

LEAST_PLACES = 5
"""With fewer places, how much they differ cannot be told well enough to draw them together."""


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """The law of the places.

    Attributes
    ----------
    mean, mean_error : float
    variance : float
        Between places; 0 where they differ no more than chance.
    overdispersion : float
        Cochran's Q over its degrees of freedom: 1 where chance alone makes them differ.
    p_value : float
        That all are equal.
    drawn, drawn_error : array
        Each place's estimate drawn to the mean, and its error, the mean's own included.
    """

    mean: float
    mean_error: float
    variance: float
    overdispersion: float
    p_value: float
    drawn: Floats
    drawn_error: Floats


def spread_of(estimate: Floats, std_error: Floats) -> Spread:
    """Fit a normal law to estimates of places by the moments of Paule and Mandel (1982).

    The variance between places is the one under which the weighted squares about the weighted mean add up to their
    degrees of freedom. Places are drawn to the mean by empirical Bayes.

    Parameters
    ----------
    estimate, std_error : array
        Two places or more, errors above 0.
    """
    free = len(estimate) - 1

    def squares(variance: float) -> tuple[float, float]:
        weight = 1 / (std_error**2 + variance)
        mean = float((weight * estimate).sum() / weight.sum())
        return float((weight * (estimate - mean) ** 2).sum()), mean

    alike, _ = squares(0.0)
    low, high = 0.0, 0.0
    if alike > free:
        high = float(np.ptp(estimate) ** 2 + (std_error**2).max())
        for _ in range(200):
            middle = (low + high) / 2
            low, high = (middle, high) if squares(middle)[0] > free else (low, middle)
    variance = (low + high) / 2
    weight = 1 / (std_error**2 + variance)
    mean, total = squares(variance)[1], float(weight.sum())
    kept = variance / (std_error**2 + variance)
    error = np.sqrt(kept * std_error**2 + (1 - kept) ** 2 / total)
    return Spread(
        mean=mean,
        mean_error=total**-0.5,
        variance=variance,
        overdispersion=alike / free,
        p_value=p_chi2(alike, free),
        drawn=mean + kept * (estimate - mean),
        drawn_error=error,
    )
