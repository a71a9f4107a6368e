"""Models of days above zero: truncated counts, and models for heaped days.

They are the second part of a hurdle model, after the logit of any days. All are fitted on collapsed patterns, with
clustered errors.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from accountability.errors import ParameterError, Refusal
from accountability.stats.arrays import Floats, Ints
from accountability.stats.cell_likelihood import Cells, Fit, Separated, Slopes, cells_of, check_columns, maximise
from accountability.stats.compress import tally
from accountability.stats.penalised import Shrink
from accountability.stats.sandwich import Ways

Family = Literal["negative_binomial", "poisson", "quasi_poisson", "log_normal", "bands"]
FAMILIES: Final = ("negative_binomial", "poisson", "quasi_poisson", "log_normal")
#: Those with a parameter of spread, which stands first.
SPREAD: Final = ("negative_binomial", "log_normal")
LEAST_SPREAD: Final = -9.0
MOST_SPREAD: Final = 7.0


def fit_truncated(
    design: Floats, pattern: Ints, days: Ints, ways: Ways, family: Family, shrink: Shrink | None = None
) -> Fit:
    """Fit a model of counts above zero by maximum likelihood on covariate patterns.

    The count without truncation has mean ``exp(x b)`` and, if negative binomial, variance ``m + alpha m**2``. For
    ``quasi_poisson`` the count above zero itself has mean ``exp(x b)``, with any distribution, and for ``log_normal``
    its logarithm has mean ``x b`` and a constant variance.

    Parameters
    ----------
    design : array, patterns by columns
        Covariates of each pattern, with the constant.
    pattern : array of int
    ways : array of int, or mapping of str to array of int
        For each row.
    days : array of int
        Days of each row, one or more.
    family : {"negative_binomial", "poisson", "quasi_poisson", "log_normal"}
    shrink : Shrink, optional
        Penalty of the columns, for sparse data.

    Returns
    -------
    Fit
        ``coefficients``: the log of alpha (negative binomial) or of the standard deviation (log-normal) first, then
        the columns.

    Raises
    ------
    ParameterError
        For an unknown family, or a count below one.
    Refusal
        If columns are collinear, no finite estimate exists, or the variance of the counts does not fit the
        distribution.
    """
    if family not in FAMILIES:
        raise ParameterError(f"family must be one of {', '.join(FAMILIES)}; found {family!r}")
    if len(days) and days.min() < 1:
        raise ParameterError(f"counts above zero are needed; {int((days < 1).sum()):,} are below 1, e.g. {days.min()}")
    cells = cells_of(pattern, days, len(design))
    if shrink is None:
        check_columns(design, cells)
    mean, start = float(days.mean()), np.zeros(design.shape[1])
    start[0] = np.log(max(mean - 0.5, 0.5))
    spread = np.empty(0)
    if family == "negative_binomial":
        spread = np.array([np.log(max((days.var() - mean) / mean**2, 0.1))])
    elif family == "log_normal":
        start[0], spread = np.log(days).mean(), np.array([np.log(max(np.log(days).std(), 0.1))])
    try:
        fit = maximise(
            MODELS[family], design, cells, spread, start, ways, lambda other: bool((abs(other) < 12).all()), shrink,
            lambda at: cell_information(at, design, cells, family),
        )  # fmt: skip
    except Separated:
        if family != "negative_binomial" and shrink is None:
            raise
        if family != "negative_binomial":
            raise Refusal(
                f"the {len(days):,} lengths are too few, or too alike, for a {family.replace('_', '-')} law with so "
                "many columns: leave columns out, or put their levels together"
            ) from None
        fit = None
    if family == "negative_binomial" and not (fit and LEAST_SPREAD < fit.coefficients[0] < MOST_SPREAD):
        # Within patterns, so that what the columns explain is no spread.
        size = np.maximum(np.bincount(pattern, minlength=len(design)), 1)
        within = days - (tally(pattern, days.astype(float), len(design)) / size)[pattern]
        wide = bool((within**2).mean() > mean)
        raise (Refusal if wide or shrink else Separated)(_not_held(days, wide))
    if fit is None:
        raise AssertionError("every other family has a fit here")
    return fit


def _not_held(days: Ints, wide: bool) -> str:
    """Say why a negative binomial does not hold the days."""
    if not wide:
        return (
            f"the {len(days):,} lengths are no more spread than a Poisson law has them, so the negative binomial has "
            "no finite estimate; family='poisson' then says the same"
        )
    number, count = np.unique(days, return_counts=True)
    most = np.sort(number[np.argsort(-count, kind="stable")[:3]])
    share = count[np.isin(number, most)].sum() / len(days)
    return (
        f"the {len(days):,} lengths are more spread than a negative binomial can hold: {share:.0%} of them are "
        f"{', '.join(map(str, most))} days, the longest is {days.max():,}, and its likelihood rises with the spread "
        "for ever. family='quasi_poisson' compares means whatever the law, 'log_normal' the logarithms, 'bands' the "
        "bands of days"
    ).replace("%", " %")


def cell_information(theta: Floats, design: Floats, cells: Cells, family: Family) -> Floats:
    """Return the information of one row of each cell: cells by coefficients by coefficients.

    It is that observed, averaged over rows of equal columns: a single row's may be below zero.
    """
    width, x = int(family in SPREAD), cells.designs(design)
    slopes = MODELS[family](x @ theta[width:], theta[:width], cells.value)
    size = np.maximum(tally(cells.pattern, cells.count, len(design)), 1e-300)

    def averaged(each: Floats) -> Floats:
        return cells.designs(tally(cells.pattern, cells.count * each, len(design)) / size)

    out = np.empty((len(x), len(theta), len(theta)))
    out[:, width:, width:] = averaged(slopes.neg_hessian)[:, None, None] * x[:, :, None] * x[:, None, :]
    if slopes.neg_mixed is not None and slopes.neg_only is not None:
        out[:, 0, 1:] = out[:, 1:, 0] = averaged(slopes.neg_mixed[:, 0])[:, None] * x
        out[:, 0, 0] = averaged(slopes.neg_only)
    return out


def means(theta: Floats, design: Floats, family: Family) -> Floats:
    """Return the mean of the count above zero for each pattern."""
    spread, mu = _parts(theta, design, family)
    if family == "quasi_poisson":
        return mu
    if family == "log_normal":
        return mu * np.exp(spread**2 / 2)
    none = np.exp(-mu) if family == "poisson" else np.exp(-np.log1p(spread * mu) / spread)
    return mu / (1.0 - none)


def chances(theta: Floats, design: Floats, family: Family, most: int) -> Floats:
    """Return the probability of 1, 2, … ``most`` given a count above zero, for each pattern; not for quasi-Poisson."""
    from scipy.special import ndtr

    spread, mu = _parts(theta, design, family)
    value = np.tile(np.arange(1, most + 1), (len(design), 1))
    if family == "log_normal":
        ends = np.concatenate([[-np.inf], np.log(np.arange(1, most + 1) + 0.5)])
        return np.diff(ndtr((ends[None, :] - np.log(mu)[:, None]) / spread), axis=1)
    index = np.repeat(np.log(mu)[:, None], most, axis=1)
    slopes = MODELS[family](index.ravel(), np.log([spread]) if family in SPREAD else np.empty(0), value.ravel())
    return np.exp(slopes.value).reshape(value.shape)


def _parts(theta: Floats, design: Floats, family: Family) -> tuple[float, Floats]:
    if family not in SPREAD:
        return 0.0, np.exp(design @ theta)
    return float(np.exp(theta[0])), np.exp(design @ theta[1:])


def _quasi_poisson(index: Floats, other: Floats, value: Ints) -> Slopes:
    mu = np.exp(np.minimum(index, 50.0))
    return Slopes(value * index - mu, np.asarray(value - mu, dtype=np.float64), mu)


def _log_normal(index: Floats, other: Floats, value: Ints) -> Slopes:
    weight = float(np.exp(-2 * other[0]))
    far = np.log(value) - index
    square = weight * far**2
    return Slopes(
        value=-other[0] - square / 2 - np.log(value) - np.log(2 * np.pi) / 2,
        by_index=weight * far,
        neg_hessian=np.full(len(far), weight),
        by_other=(square - 1)[:, None],
        neg_mixed=(2 * weight * far)[:, None],
        neg_other=lambda count: np.array([[2 * (count @ square)]]),
        neg_only=2 * square,
    )


def _poisson(index: Floats, other: Floats, value: Ints) -> Slopes:
    from scipy.special import gammaln

    mu = np.exp(np.minimum(index, 50.0))
    odds = 1.0 / np.expm1(np.minimum(mu, 700.0))  # of zero, against above zero
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
    odds = 1.0 / np.expm1(np.minimum(-none, 700.0))
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
        neg_only=-other_other,
    )


MODELS: Final = {
    "negative_binomial": _negative_binomial,
    "poisson": _poisson,
    "quasi_poisson": _quasi_poisson,
    "log_normal": _log_normal,
}
