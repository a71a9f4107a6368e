"""Laws of counts fitted by maximum likelihood: Poisson and negative binomial, with or without those who drew none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from accountability.errors import Refusal
from accountability.officers.chance_draws import Law
from accountability.officers.tallies import Tally
from accountability.stats.arrays import Floats
from accountability.stats.optimise import Evaluation, NotConverged, Separation, newton

Loss = Callable[[Floats], tuple[float, Floats]]

FARTHEST = 12.0
"""Largest size of the logarithm of a shape: beyond it a gamma law is one point, or nearly everyone never draws."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A fitted law.

    Attributes
    ----------
    law : Law
        ``mean`` per exposure (of everyone, those who drew none included), ``shape`` of the gamma risks (infinite when
        the counts vary no more than chance alone makes them).
    log_likelihood : float
    se_log_shape : float
        Standard error of the logarithm of the shape; not a number when the shape is at a bound.
    """

    law: Law
    log_likelihood: float
    se_log_shape: float


def fit_poisson(data: Tally, truncated: bool) -> Fit:
    """Fit equal risks; `truncated` for holders that drew at least one.

    Raises
    ------
    Refusal
        When everyone drew exactly one, so that a truncated law has no finite fit above 0.
    """
    from scipy.optimize import brentq

    k, exposed, number = _columns(data)
    if not truncated:
        mean = float(k @ number / (exposed @ number))
    elif (k == 1).all():
        raise Refusal(f"{data.name}: each of {data.size:,} {data.holder}s drew exactly one, so no rate can be fitted")
    else:

        def score(log_mean: float) -> float:
            m = np.exp(log_mean) * exposed
            return float(number @ (k - m / -np.expm1(-m)))

        highest = np.log(k.max() / exposed.min()) + 1
        mean = float(np.exp(brentq(score, -40.0, highest, xtol=1e-13)))
    law = Law(mean, np.inf, truncated)
    return Fit(law, _value(data, mean, np.inf, truncated), float("nan"))


def fit_negative_binomial(data: Tally, truncated: bool) -> Fit:
    """Fit gamma-distributed risks; `truncated` for holders that drew at least one.

    Raises
    ------
    Refusal
        When a truncated law has no finite fit (everyone drew exactly one).
    """
    from scipy.optimize import minimize

    plain = fit_poisson(data, truncated)
    k, exposed, number = _columns(data)

    def loss(at: Floats) -> tuple[float, Floats]:
        value, slope = _derivatives(k, exposed, number, float(np.exp(at[0])), float(np.exp(at[1])), truncated)
        return -value, -slope

    best = None
    for start in (0.0, -1.5, 2.0):
        first = np.array([np.log(plain.law.mean), start])
        found = minimize(
            loss,
            first,
            jac=True,
            method="L-BFGS-B",
            bounds=[(-40.0, 40.0), (-FARTHEST, FARTHEST)],
            options={"ftol": 1e-15, "gtol": 1e-7 * number.sum() ** 0.5, "maxiter": 2000},
        )
        if best is None or found.fun < best.fun:
            best = found
    assert best is not None
    at = _polish(loss, best.x)
    value = -loss(at)[0]
    if at[1] > FARTHEST - 2 or value <= plain.log_likelihood + 1e-9:
        return Fit(Law(plain.law.mean, np.inf, truncated), plain.log_likelihood, float("nan"))
    error = float("nan")
    if at[1] > 2 - FARTHEST:
        error = float(np.sqrt(np.linalg.inv(_neg_hessian(loss, at))[1, 1]))
    return Fit(Law(float(np.exp(at[0])), float(np.exp(at[1])), truncated), value, error)


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
    bend: Floats = np.array(rows)
    return (bend + bend.T) / 2


def _columns(data: Tally) -> tuple[Floats, Floats, Floats]:
    return data.count.astype(float), data.exposure, data.holders.astype(float)


def _value(data: Tally, mean: float, shape: float, truncated: bool) -> float:
    from scipy.special import gammaln

    k, exposed, number = _columns(data)
    if not np.isfinite(shape):
        m = mean * exposed
        each = k * np.log(m) - m - gammaln(k + 1) - (np.log(-np.expm1(-m)) if truncated else 0.0)
        return float(number @ each)
    return _derivatives(k, exposed, number, mean, shape, truncated)[0]


def _derivatives(
    k: Floats, exposed: Floats, number: Floats, mean: float, shape: float, truncated: bool
) -> tuple[float, Floats]:
    """Log-likelihood and its slope by the logarithms of mean and shape."""
    from scipy.special import gammaln, psi

    a, m = shape, mean * exposed
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
    return float(number @ each), np.array([number @ by_mean, number @ by_shape])
