"""Likelihood-ratio limits of a share closed by a day, for interval-dated and current-status data.

The limits are the values at which the likelihood falls below the critical value. No shape of the curve is assumed. The
coarser the dates, the wider the limits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from accountability.errors import ParameterError
from accountability.stats.arrays import Days, Floats
from accountability.stats.npmle import BEYOND, collapse, solve_counts

LEVELS: Final = (0.80, 0.90, 0.95, 0.99)
CUBE_ROOT: Final = (1.02, 1.67, 2.34, 4.07)
"""Quantiles, at `LEVELS`, of the likelihood ratio for current-status data: 12,000 simulated samples of 20,000 cases
(Banerjee and Wellner 2001 print 2.27 for the third)."""

FEW_AGES: Final = 5.0
"""Up to this many times the cube root of the cases, distinct ages count as few, and the limit is chi-squared."""

CHI_SQUARED: Final = "chi-squared on 1 degree of freedom"

CLOSE: Final = 2e-3
TRIES: Final = 60


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """One group's profile likelihood of the share closed."""

    estimate: Callable[[int], tuple[float, float]]
    """Least and most the share closed by a day can be at the maximum."""
    limit: Callable[[int, int], float]
    """Furthest share closed by a day, above (1) or below (-1), that the data allow."""
    last: int
    """Last day that means anything."""
    against: str

    def days(self, share: float) -> tuple[int | None, int | None]:
        """Return the first day whose upper limit reaches the share, and the first whose lower limit does."""
        return self._first(share, 1), self._first(share, -1)

    def _first(self, share: float, side: int) -> int | None:
        low, high = 0, self.last
        if self.limit(high, side) < share:
            return None
        while low < high:
            middle = (low + high) // 2
            if self.limit(middle, side) >= share:
                high = middle
            else:
                low = middle + 1
        return low


def of_intervals(low: Days, high: Days, fall: float) -> Profile:
    """Return the likelihood of interval-censored delays."""
    first, last, number = collapse(low, high)
    best = solve_counts(first, last, number)

    def estimate(day: int) -> tuple[float, float]:
        return float(best.mass[best.last <= day].sum()), float(best.mass[best.first <= day].sum())

    def limit(day: int, side: int) -> float:
        # Cases made up on one side of the day push the curve there, and along the best curves through each share.
        more = (0, day) if side > 0 else (day + 1, BEYOND)
        extreme = float(side > 0)

        def pushed(push: float) -> tuple[float, float]:
            found = solve_counts(np.append(first, more[0]), np.append(last, more[1]), np.append(number, push))
            inside = found.mass[(found.first >= more[0]) & (found.last <= more[1])].sum()
            share = float(min(inside, 1.0))
            lost = best.loglik - (found.loglik - push * np.log(max(share, 1e-300)))
            return (share if side > 0 else 1 - share), 2 * float(lost)

        if ((first > day) if side > 0 else (last <= day)).any():
            return _pushed_to(pushed, fall, np.sqrt(number.sum()), extreme)
        # No case speaks against the extreme, so the likelihood stays finite there.
        at = collapse(np.maximum(low, more[0]), np.minimum(high, more[1]))
        lost = 2 * (best.loglik - solve_counts(*at).loglik)
        return extreme if lost <= fall else _pushed_to(pushed, fall, np.sqrt(number.sum()), extreme)

    finite = high[high < BEYOND]
    return Profile(estimate, limit, int(max(finite.max(initial=0), low.max())), CHI_SQUARED)


def _pushed_to(pushed: Callable[[float], tuple[float, float]], fall: float, push: float, extreme: float) -> float:
    """Share at which the likelihood has fallen by `fall`; the loss grows about with the square of the push."""
    under, over = 0.0, np.inf
    share = extreme
    for _ in range(TRIES):
        share, lost = pushed(push)
        if abs(lost - fall) <= CLOSE * fall:
            return share
        if lost < fall:
            under = push
        else:
            over = push
        guess = push * np.sqrt(fall / max(lost, 1e-2 * fall))
        between = 2 * under if np.isinf(over) else (under + over) / 2
        push = guess if under < guess < over else between
        if push > 1e12 or over - under <= 1e-9 * under:
            break
    return share


def of_statuses(age: Days, closed: npt.NDArray[np.bool_], confidence: float, fall: float) -> Profile:
    """Return the likelihood of current statuses at known ages."""
    from scipy.optimize import isotonic_regression
    from scipy.special import xlog1py, xlogy

    total = np.bincount(age)
    ages = np.flatnonzero(total)
    n = total[ages].astype(float)
    k = np.bincount(age[closed], minlength=len(total))[ages].astype(float)

    def rising(part: slice) -> Floats:
        if not len(n[part]):
            return np.zeros(0)
        return np.clip(isotonic_regression(k[part] / n[part], weights=n[part]).x, 0, 1)

    def loglik(share: Floats, part: slice) -> float:
        return float((xlogy(k[part], share) + xlog1py((n - k)[part], -share)).sum())

    fitted = rising(slice(None))
    best = loglik(fitted, slice(None))
    allowed, against = _allowed(len(ages), int(n.sum()), confidence, fall)

    def estimate(day: int) -> tuple[float, float]:
        before, after = np.searchsorted(ages, day, side="right"), np.searchsorted(ages, day, side="left")
        least = fitted[before - 1] if before else 0.0
        return float(least), float(fitted[after] if after < len(ages) else 1.0)

    def limit(day: int, side: int) -> float:
        begin = int(np.searchsorted(ages, day, side="left"))
        end = int(np.searchsorted(ages, day, side="right"))
        parts = slice(0, begin), slice(begin, end), slice(end, None)
        left, right = rising(parts[0]), rising(parts[2])

        def lost(share: float) -> float:
            here = loglik(np.minimum(left, share), parts[0]) + loglik(np.maximum(right, share), parts[2])
            return 2 * (best - here - loglik(np.full(end - begin, share), parts[1]))

        # The limit lies between a share that loses nothing and the extreme: halve the stretch.
        inside, outside = estimate(day)[side > 0], float(side > 0)
        if lost(outside) <= allowed:
            return outside
        for _ in range(TRIES):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if lost(middle) <= allowed else (inside, middle)
        return inside

    return Profile(estimate, limit, int(ages[-1]), against)


def _allowed(distinct: int, cases: int, confidence: float, fall: float) -> tuple[float, str]:
    """Return the critical value of the likelihood ratio of statuses at the level, and its name."""
    if distinct <= FEW_AGES * cases ** (1 / 3):
        return fall, f"{CHI_SQUARED} (few distinct ages)"
    return _cube_root(confidence), "Banerjee and Wellner's limit"


def _cube_root(confidence: float) -> float:
    if not LEVELS[0] <= confidence <= LEVELS[-1]:
        raise ParameterError(f"limits from statuses have a confidence from 0.80 to 0.99, found {confidence!r}")
    return float(np.interp(confidence, LEVELS, CUBE_ROOT))
