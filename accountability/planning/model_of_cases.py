"""The model of a plan: Weibull days to closing, even receipts, and correlation within officers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import gamma, gammainc

from accountability.errors import Refusal

_LN2 = math.log(2.0)


@dataclass(frozen=True, slots=True)
class Delays:
    """Weibull days to closing; follow-up of each case is uniform up to `follow_up` days."""

    median: float
    shape: float
    follow_up: float

    @property
    def share_open(self) -> float:
        """Share of cases still open when last seen."""
        rate = _LN2 ** (1 / self.shape) / self.median
        watched = rate * self.follow_up
        return float(gamma(1 + 1 / self.shape) * gammainc(1 / self.shape, watched**self.shape) / watched)

    def with_median(self, median: float) -> Delays:
        """Return the same model with another median."""
        return Delays(median, self.shape, self.follow_up)

    def median_error(self) -> float:
        """Return the standard error of a Kaplan-Meier median times the root of the number of cases.

        Raises
        ------
        Refusal
            If no case is watched as long as the median.
        """
        if self.follow_up <= self.median:
            raise Refusal(
                f"cases are watched for at most {self.follow_up:,.0f} days, and half of them are open for "
                f"{self.median:,.0f}: no number of cases shows the median. Write follow_up={2 * self.median:.0f}"
            )

        def lost(hazard: float) -> float:  # over the cumulative hazard, which is smooth at day 0 for every shape
            return math.exp(hazard) / (1 - self.median * (hazard / _LN2) ** (1 / self.shape) / self.follow_up)

        greenwood = 0.25 * quad(lost, 0, _LN2)[0]
        density = 0.5 * _LN2 * self.shape / self.median
        return math.sqrt(greenwood) / density


def follow_up_for(median: float, shape: float, share_open: float) -> float:
    """Return the days of follow-up at which this share of cases is still open."""
    return float(brentq(lambda days: Delays(median, shape, days).share_open - share_open, 1e-3 * median, 1e5 * median))


def shape_of(lower: float, median: float, upper: float) -> float:
    """Return the Weibull shape from quartiles of the days; quartiles not reached are missing."""
    if upper > lower > 0:
        return math.log(math.log(4) / math.log(4 / 3)) / math.log(upper / lower)
    if median > lower > 0:
        return math.log(_LN2 / math.log(4 / 3)) / math.log(median / lower)
    return 1.0


def design_effect(cases: float, officers: int, spread: float, likeness: float) -> float:
    """Return the design effect of officers on a variance (Kish 1987, clusters of unequal size).

    `spread` is the coefficient of variation of cases per officer, `likeness` the intraclass correlation.
    """
    return float(np.maximum(1.0, 1.0 + ((1.0 + spread**2) * cases / officers - 1.0) * likeness))
