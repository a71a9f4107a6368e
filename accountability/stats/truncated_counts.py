"""Counts above zero: truncated Poisson and negative binomial, fitted on collapsed patterns, with clustered errors.

They are the second part of a hurdle model: whether any days at all is a logit, how many if any is this.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from accountability.errors import ParameterError, Refusal
from accountability.stats.arrays import Floats, Ints
from accountability.stats.cell_likelihood import SEPARATED, Fit, Slopes, cells_of, check_columns, maximise
from accountability.stats.sandwich import Ways

Family = Literal["negative_binomial", "poisson"]
FAMILIES: Final = ("negative_binomial", "poisson")
LEAST_SPREAD: Final = -9.0
MOST_SPREAD: Final = 7.0


def fit_truncated(design: Floats, pattern: Ints, days: Ints, ways: Ways, family: Family) -> Fit:
    """Maximum likelihood of a count above zero whose rows fall into few patterns of covariates.

    The count without truncation has mean ``exp(x b)`` and, if negative binomial, variance ``m + alpha m**2``.

    Parameters
    ----------
    design : array, patterns by columns
        Covariates of each pattern, with the constant.
    pattern : array of int
    ways : array of int, or mapping of str to array of int
        For each row.
    days : array of int
        One or more, for each row.
    family : {"negative_binomial", "poisson"}

    Returns
    -------
    Fit
        ``coefficients``: log alpha first, if negative binomial, then the columns.

    Raises
    ------
    ParameterError
        For an unknown family, or a count below one.
    Refusal
        If columns are collinear, no finite estimate exists, or counts are no more spread than a Poisson's.
    """
    if family not in FAMILIES:
        raise ParameterError(f"family must be one of {', '.join(FAMILIES)}; found {family!r}")
    if len(days) and days.min() < 1:
        raise ParameterError(f"counts above zero are needed; {int((days < 1).sum()):,} are below 1, e.g. {days.min()}")
    cells = cells_of(pattern, days, len(design))
    check_columns(design, cells)
    plain = family == "poisson"
    mean, start = float(days.mean()), np.zeros(design.shape[1])
    start[0] = np.log(max(mean - 0.5, 0.5))
    spread = np.empty(0) if plain else np.array([np.log(max((days.var() - mean) / mean**2, 0.1))])
    model = _poisson if plain else _negative_binomial
    try:
        fit = maximise(model, design, cells, spread, start, ways, lambda other: bool((abs(other) < 12).all()))
    except Refusal as why:
        raise Refusal(_not_finite(plain, str(why))) from why
    if not plain and not LEAST_SPREAD < fit.coefficients[0] < MOST_SPREAD:
        raise Refusal(_not_finite(plain, SEPARATED))
    return fit


def means(theta: Floats, design: Floats, family: Family) -> Floats:
    """The mean of the count, given that it is above zero, for each pattern."""
    alpha, mu = _parts(theta, design, family)
    none = np.exp(-mu) if family == "poisson" else np.exp(-np.log1p(alpha * mu) / alpha)
    return mu / (1.0 - none)


def chances(theta: Floats, design: Floats, family: Family, most: int) -> Floats:
    """The chance of 1, 2, … ``most`` given a count above zero, for each pattern."""
    alpha, mu = _parts(theta, design, family)
    value = np.tile(np.arange(1, most + 1), (len(design), 1))
    index = np.repeat(np.log(mu)[:, None], most, axis=1)
    if family == "poisson":
        slopes = _poisson(index.ravel(), np.empty(0), value.ravel())
    else:
        slopes = _negative_binomial(index.ravel(), np.log([alpha]), value.ravel())
    return np.exp(slopes.value).reshape(value.shape)


def row_scores(theta: Floats, design: Floats, days: Ints, family: Family) -> Floats:
    """The slope of each row's log chance by each coefficient, for rows with these covariates."""
    if family == "poisson":
        return _poisson(design @ theta, np.empty(0), days).by_index[:, None] * design
    slopes = _negative_binomial(design @ theta[1:], theta[:1], days)
    if slopes.by_other is None:
        raise AssertionError("a negative binomial has a parameter of spread")
    return np.hstack([slopes.by_other, slopes.by_index[:, None] * design])


def _parts(theta: Floats, design: Floats, family: Family) -> tuple[float, Floats]:
    if family == "poisson":
        return 0.0, np.exp(design @ theta)
    return float(np.exp(theta[0])), np.exp(design @ theta[1:])


def _not_finite(plain: bool, why: str) -> str:
    if plain:
        return why
    return (
        "the negative binomial has no finite estimate: the days are hardly spread (family='poisson' then says the "
        "same), or more than it can hold, or a group has none that differ; penalty_ordered_logit() needs no days"
    )


def _poisson(index: Floats, other: Floats, value: Ints) -> Slopes:
    from scipy.special import gammaln

    mu = np.exp(np.minimum(index, 50.0))
    odds = 1.0 / np.expm1(mu)  # of zero, against above zero
    return Slopes(
        value * index - mu - gammaln(value + 1.0) - np.log(-np.expm1(-mu)),
        value - mu * (1.0 + odds),
        mu * (1.0 + odds) - mu**2 * odds * (1.0 + odds),
    )


def _negative_binomial(index: Floats, other: Floats, value: Ints) -> Slopes:
    """Log chance and slopes; ``t`` is log(1 + alpha mu), ``q`` its slope, ``none`` the log chance of zero, -r t."""
    from scipy.special import digamma, gammaln, polygamma

    r = float(np.exp(-other[0]))
    shifted = np.minimum(index, 50.0) + other[0]
    t = np.logaddexp(0.0, shifted)
    q = np.exp(shifted - t)
    # functions of whole numbers, taken once each
    numbers, where = np.unique(value, return_inverse=True)
    gamma = (gammaln(numbers + r) - gammaln(r) - gammaln(numbers + 1.0))[where]
    psi = (digamma(numbers + r) - digamma(r))[where]
    psi_slope = (polygamma(1, numbers + r) - polygamma(1, r))[where]
    none = -r * t
    odds = 1.0 / np.expm1(-none)
    more = odds * (1.0 + odds)
    total = value + r
    zero_index, zero_other = -r * q, r * (t - q)
    by_index = value - total * q + odds * zero_index
    by_other = -r * psi + value - total * q + r * t + odds * zero_other
    index_index = -total * q * (1 - q) - odds * r * q * (1 - q) + more * zero_index**2
    index_other = r * q - total * q * (1 - q) + odds * r * q**2 + more * zero_index * zero_other
    other_other = r * psi + r**2 * psi_slope - total * q * (1 - q) + r * (2 * q - t)
    other_other += odds * r * (2 * q - t - q * (1 - q)) + more * zero_other**2
    return Slopes(
        value=gamma + value * (shifted - t) + none - np.log(-np.expm1(none)),
        by_index=by_index,
        neg_hessian=-index_index,
        by_other=by_other[:, None],
        neg_mixed=-index_other[:, None],
        neg_other=lambda count: np.array([[-(count @ other_other)]]),
    )
