"""Poisson and negative binomial distributions fitted by maximum likelihood, also zero-truncated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from accountability.errors import Refusal
from accountability.stats.arrays import Floats, Ints
from accountability.stats.intervals import chi2_critical, p_chi2
from accountability.stats.optimise import Evaluation, NotConverged, Separation, newton

Loss = Callable[[Floats], tuple[float, Floats]]

FARTHEST: Final = 12.0
"""Largest size of the logarithm of a shape: beyond it a gamma law is one point, or nearly everyone never draws."""
TAIL: Final = 1e-13
"""Probability, of one holder, beyond the largest count kept; it joins that count."""


@dataclass(frozen=True, slots=True, eq=False)
class Law:
    """A distribution of counts by exposure.

    Attributes
    ----------
    mean : float
        Mean per exposure, including holders who drew none.
    shape : float
        Shape of the gamma risks; infinite when counts vary no more than by chance.
    truncated : bool
        Whether holders who drew none are left out.
    """

    mean: float
    shape: float
    truncated: bool

    def reach(self, level: float) -> int:
        """Return the count with a tail probability below ``TAIL``."""
        mean = self.mean * level
        if not np.isfinite(self.shape):
            return int(mean + 8 * np.sqrt(mean) + 20)
        # Tail of a negative binomial falls at least as fast as ratio**k beyond its mean.
        ratio = mean / (mean + self.shape)
        return int(mean + (np.log(TAIL) - 5) / np.log(ratio) + 10 * np.sqrt(mean * (1 + mean / self.shape)))

    def log_mass(self, count: Floats | Ints, exposure: float | Floats) -> Floats:
        """Return the log probability of a count, without truncation."""
        from scipy.special import gammaln, xlogy

        mean, a = self.mean * exposure, self.shape
        if not np.isfinite(a):
            return np.asarray(xlogy(count, mean) - mean - gammaln(count + 1), dtype=np.float64)
        drawn = gammaln(count + a) - gammaln(a) - gammaln(count + 1)
        return np.asarray(drawn + a * np.log(a / (a + mean)) + xlogy(count, mean / (a + mean)), dtype=np.float64)

    def mass(self, level: float, top: int) -> Floats:
        """Return P(0), …, P(top), with the tail in the last."""
        mass: Floats = np.exp(self.log_mass(np.arange(top + 1), level))
        if self.truncated:
            mass[0] = 0.0
        return mass / mass.sum()


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Counts for a fit: count and exposure of each holder in a cell, and the number of holders."""

    count: Floats
    exposure: Floats
    holders: Floats

    def log_likelihood(self, law: Law) -> float:
        """Return the log likelihood of a distribution."""
        each = law.log_mass(self.count, self.exposure)
        if law.truncated:
            each = each - np.log(-np.expm1(law.log_mass(np.zeros(1), self.exposure)))
        return float(self.holders @ each)


@dataclass(frozen=True, slots=True, eq=False)
class LawFit:
    """A fitted distribution."""

    law: Law
    log_likelihood: float


def fit_poisson(data: Counts, truncated: bool) -> LawFit:
    """Fit equal risks; `truncated` for holders with at least one.

    Raises
    ------
    Refusal
        When everyone drew exactly one, so that a truncated distribution has no finite fit above 0.
    """
    from scipy.optimize import brentq

    k, exposed, number = data.count, data.exposure, data.holders
    if not truncated:
        mean = float(k @ number / (exposed @ number))
    elif (k == 1).all():
        raise Refusal(f"each of the {int(number.sum()):,} counted drew exactly one, so no rate can be fitted")
    else:

        def score(log_mean: float) -> float:
            m = np.exp(log_mean) * exposed
            return float(number @ (k - m / -np.expm1(-m)))

        highest = np.log(k.max() / exposed.min()) + 1
        mean = float(np.exp(brentq(score, -40.0, highest, xtol=1e-13)))
    law = Law(mean, np.inf, truncated)
    return LawFit(law, data.log_likelihood(law))


def fit_negative_binomial(data: Counts, truncated: bool) -> LawFit:
    """Fit gamma-distributed risks; `truncated` for holders with at least one.

    Raises
    ------
    Refusal
        When a truncated distribution has no finite fit (everyone drew exactly one).
    """
    from scipy.optimize import minimize

    plain = fit_poisson(data, truncated)

    def loss(at: Floats) -> tuple[float, Floats]:
        value, slope = _derivatives(data, float(np.exp(at[0])), float(np.exp(at[1])), truncated)
        return -value, -slope

    options = {"ftol": 1e-15, "gtol": 1e-7 * data.holders.sum() ** 0.5, "maxiter": 2000}
    bounds = [(-40.0, 40.0), (-FARTHEST, FARTHEST)]
    starts = [np.array([np.log(plain.law.mean), start]) for start in (0.0, -1.5, 2.0)]
    found = [minimize(loss, one, jac=True, method="L-BFGS-B", bounds=bounds, options=options) for one in starts]
    at = _polish(loss, min(found, key=lambda one: one.fun).x)
    value = -loss(at)[0]
    if at[1] > FARTHEST - 2 or value <= plain.log_likelihood + 1e-9:
        return plain
    return LawFit(Law(float(np.exp(at[0])), float(np.exp(at[1])), truncated), value)


def spread_limits(data: Counts, fit: LawFit, confidence: float) -> tuple[float, float, float]:
    """Return profile likelihood limits of the shape (largest, smallest), and the p-value of equal risk.

    The largest is infinite if equal risk is inside; the smallest is 0 if the spread has no bound. Equal risk is on the
    boundary, so the likelihood ratio is 0 half of the time (Self and Liang, Journal of the American Statistical
    Association 82, 1987).
    """
    from scipy.optimize import brentq, minimize_scalar

    equal, room = fit_poisson(data, fit.law.truncated), fit.log_likelihood - chi2_critical(confidence) / 2
    middle = np.log(fit.law.mean)

    def best(log_shape: float) -> float:
        def loss(log_mean: float) -> float:
            return -_derivatives(data, float(np.exp(log_mean)), float(np.exp(log_shape)), fit.law.truncated)[0]

        return -float(minimize_scalar(loss, bounds=(middle - 5, middle + 5), method="bounded").fun) - room

    finite = np.isfinite(fit.law.shape)
    top = float(np.log(fit.law.shape)) if finite else FARTHEST
    above = 2 * (fit.log_likelihood - equal.log_likelihood)
    most = np.inf if equal.log_likelihood >= room else float(np.exp(brentq(best, top, FARTHEST)))
    least = 0.0 if best(-FARTHEST) >= 0 else float(np.exp(brentq(best, -FARTHEST, top)))
    return most, least, p_chi2(above, 1) / 2 if finite else 1.0


def _polish(loss: Loss, at: Floats) -> Floats:
    """A few steps of Newton's method, kept while they raise the likelihood."""
    if abs(at[1]) > FARTHEST - 2:
        return at

    def evaluate(point: Floats) -> Evaluation:
        value, slope = loss(point)
        return -value, -slope, _neg_hessian(loss, point)

    try:
        top = newton(evaluate, at, concave=False, tolerance=1e-12).at
    except (Separation, NotConverged):
        return at
    return top if abs(top[1]) <= FARTHEST - 2 else at


def _neg_hessian(loss: Loss, at: Floats) -> Floats:
    width = 1e-5
    rows = [(loss(at + width * side)[1] - loss(at - width * side)[1]) / (2 * width) for side in np.eye(2)]
    found: Floats = np.array(rows)
    return (found + found.T) / 2


def _derivatives(data: Counts, mean: float, shape: float, truncated: bool) -> tuple[float, Floats]:
    """Log-likelihood and its slope by the logarithms of mean and shape."""
    from scipy.special import gammaln, psi

    k, a, m = data.count, shape, mean * data.exposure
    log_none = -a * np.log1p(m / a)
    each = gammaln(k + a) - gammaln(a) - gammaln(k + 1) + k * (np.log(m) - np.log(a + m)) + log_none
    by_mean = k - m * (k + a) / (a + m)
    none_by_shape = log_none + a * m / (a + m)
    by_shape = a * (psi(k + a) - psi(a) - k / (a + m)) + none_by_shape
    if truncated:
        none = np.exp(log_none)
        some = -np.expm1(log_none)
        each = each - np.log(some)
        by_mean = by_mean + none / some * (-a * m / (a + m))
        by_shape = by_shape + none / some * none_by_shape
    return float(data.holders @ each), np.array([data.holders @ by_mean, data.holders @ by_shape])


def overdispersion(counts: Floats, expected: Floats, strata: int) -> tuple[float, int]:
    """Return Pearson's dispersion (1, that of Poisson, or more) with one free rate a stratum; degrees of freedom."""
    free, held = len(counts) - strata, expected > 0
    chi2 = float((np.square(counts - expected)[held] / expected[held]).sum())
    return max(chi2 / max(free, 1), 1.0), free


def gamma_concentration(shape: Floats, top: float) -> tuple[Floats, Floats]:
    """Return the Gini coefficient and top share of gamma distributions; 0 and `top` for an infinite shape."""
    from scipy.special import gammaincc, gammainccinv, gammaln

    finite = np.where(np.isfinite(shape), shape, 1.0)
    spread = np.exp(gammaln(finite + 0.5) - gammaln(finite + 1)) / np.sqrt(np.pi)
    share = gammaincc(finite + 1, gammainccinv(finite, top))
    return np.where(np.isfinite(shape), spread, 0.0), np.where(np.isfinite(shape), share, top)
