"""Weibull, log-normal and log-logistic families, by the standardised logarithm of the delay.

Each has the log survivor function at ``u``, the log density, and the latter's first two derivatives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from accountability.stats.arrays import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """A family at given ``u``: log survivor function, log density, and its first two derivatives."""

    longer: Floats
    density: Floats
    slope: Floats
    bend: Floats


@dataclass(frozen=True, slots=True)
class Family:
    """A distribution of ``u = (log delay - location) / scale``."""

    name: str
    at: Callable[[Floats], Shape]  # Gives the :class:`Shape` at an array of u
    # middle, spread: mean and standard deviation of u, for starting values
    middle: float
    spread: float


def _weibull(u: Floats) -> Shape:
    rate = np.exp(u)
    return Shape(-rate, u - rate, 1 - rate, -rate)


def _lognormal(u: Floats) -> Shape:
    from scipy.special import log_ndtr

    return Shape(log_ndtr(-u), -u * u / 2 - 0.9189385332046727, -u, np.full_like(u, -1.0))


def _loglogistic(u: Floats) -> Shape:
    from scipy.special import expit

    share, rest = expit(u), np.logaddexp(0, u)
    return Shape(-rest, u - 2 * rest, 1 - 2 * share, -2 * share * (1 - share))


FAMILIES: Final = {
    "weibull": Family("Weibull", _weibull, -0.5772156649, 1.2825498),
    "lognormal": Family("log-normal", _lognormal, 0.0, 1.0),
    "loglogistic": Family("log-logistic", _loglogistic, 0.0, 1.8137994),
}
