"""Pointwise intervals for a curve between 0 and 1, each under the name of its transform."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from accountability.errors import ParameterError
from accountability.stats.arrays import Floats

Transform = Literal["log-log", "log", "plain"]

TRANSFORMS: Final = ("log-log", "log", "plain")

SETTLED: Final = 1e-12
"""A share this close to 0 or 1 is one of them: only rounding is left of its error."""


def critical(level: float) -> float:
    """Give the normal quantile of a two-sided interval of this level.

    Raises
    ------
    ParameterError
        If the level is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise ParameterError(f"level must lie between 0 and 1, e.g. 0.95; found {level!r}")
    from scipy.special import ndtri

    return float(ndtri(0.5 + level / 2))


def settled(share: Floats, error: Floats) -> tuple[Floats, Floats]:
    """Shares and their errors, exact where a share is 0 or 1 but for rounding, which a transform would blow up."""
    none, whole = share < SETTLED, share > 1 - SETTLED
    return np.where(none, 0.0, np.where(whole, 1.0, share)), np.where(none | whole, 0.0, error)


def interval(share: Floats, error: Floats, level: float, transform: Transform = "log-log") -> tuple[Floats, Floats]:
    """Lower and upper limit of a share still open.

    Parameters
    ----------
    share, error : array of float
        Estimate and its standard error on the scale of the share.
    level : float
        Coverage aimed at.
    transform : {"log-log", "log", "plain"}
        Scale on which the estimate is taken as normal. "log" is the default of R's survival, "log-log" that of
        most other programs and the one that holds its level best near 0 and 1.

    Returns
    -------
    lower, upper : array of float
        Equal to the share where it is 1 (nothing has closed yet); NaN where it is 0, where no interval exists.
    """
    if transform not in TRANSFORMS:
        raise ParameterError(f"unknown interval {transform!r}; there are {', '.join(TRANSFORMS)}")
    z = critical(level)
    lower = np.where(share > 0, share, np.nan)
    upper = lower.copy()
    inside = (share > 0) & (share < 1) & np.isfinite(error)
    s, e = share[inside], error[inside]
    if transform == "plain":
        lower[inside], upper[inside] = np.maximum(s - z * e, 0), np.minimum(s + z * e, 1)
    elif transform == "log":
        factor = np.exp(z * e / s)
        lower[inside], upper[inside] = s / factor, np.minimum(s * factor, 1)
    else:
        width = z * e / (s * -np.log(s))
        lower[inside], upper[inside] = s ** np.exp(width), s ** np.exp(-width)
    unknown = ~np.isfinite(error)
    lower[unknown] = upper[unknown] = np.nan
    return lower, upper
