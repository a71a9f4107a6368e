"""The three families of delays: Weibull, log-normal and log-logistic, by the standardised logarithm of the delay.

Each gives the logarithm of the share longer than ``u`` and of the density, and the slope of the latter. Everything else
about a family follows from these.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from accountability.delay.bands import Floats


@dataclass(frozen=True, slots=True)
class Family:
    """A distribution of ``u = (log delay - location) / scale``.

    Attributes
    ----------
    name : str
    longer : callable
        Logarithm of the share longer.
    density : callable
        Logarithm of the density.
    slope : callable
        Derivative of `density`.
    bend : callable
        Second derivative of `density`.
    middle : float
        Mean of u, for a starting value.
    spread : float
        Standard deviation of u.
    """

    name: str
    longer: Callable[[Floats], Floats]
    density: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]
    bend: Callable[[Floats], Floats]
    middle: float
    spread: float


def _normal_longer(u: Floats) -> Floats:
    from scipy.special import log_ndtr

    return log_ndtr(-u)


def _logistic(u: Floats) -> Floats:
    from scipy.special import expit

    return expit(u)


FAMILIES: Final = {
    "weibull": Family(
        "Weibull",
        longer=lambda u: -np.exp(u),
        density=lambda u: u - np.exp(u),
        slope=lambda u: 1 - np.exp(u),
        bend=lambda u: -np.exp(u),
        middle=-0.5772156649,
        spread=1.2825498,
    ),
    "lognormal": Family(
        "log-normal",
        longer=_normal_longer,
        density=lambda u: -u * u / 2 - 0.9189385332046727,
        slope=lambda u: -u,
        bend=lambda u: np.full_like(u, -1.0),
        middle=0.0,
        spread=1.0,
    ),
    "loglogistic": Family(
        "log-logistic",
        longer=lambda u: -np.logaddexp(0, u),
        density=lambda u: u - 2 * np.logaddexp(0, u),
        slope=lambda u: 1 - 2 * _logistic(u),
        bend=lambda u: -2 * _logistic(u) * _logistic(-u),
        middle=0.0,
        spread=1.8137994,
    ),
}
