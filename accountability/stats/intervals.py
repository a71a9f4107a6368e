"""Critical values, p-values, and intervals of shares, differences, ratios and curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from accountability.errors import ParameterError
from accountability.stats.arrays import Floats

if TYPE_CHECKING:
    from accountability.stats.sandwich import Clustered

Transform = Literal["log-log", "log", "plain"]

TRANSFORMS: Final = ("log-log", "log", "plain")

SETTLED: Final = 1e-12
"""A share this close to 0 or 1 is one of them: only rounding is left of its error."""


def upper_tail(confidence: float) -> float:
    """Return the probability below the upper limit of a two-sided interval.

    Raises
    ------
    ParameterError
        If the confidence is not between 0 and 1.
    """
    if isinstance(confidence, bool) or not isinstance(confidence, (int, float, np.number)) or not 0 < confidence < 1:
        raise ParameterError(f"confidence must lie between 0 and 1, e.g. 0.95; found {confidence!r}")
    return 0.5 + float(confidence) / 2


def z_critical(confidence: float) -> float:
    """Return the normal quantile of a two-sided interval.

    Raises
    ------
    ParameterError
        If the confidence is not between 0 and 1.
    """
    from statistics import NormalDist  # SciPy takes a quarter of a second to import, for one number

    return NormalDist().inv_cdf(upper_tail(confidence))


def t_critical(confidence: float, free: Any) -> Any:
    """Return the quantile of Student's t; missing without degrees of freedom."""
    from scipy.special import stdtrit

    return stdtrit(free, upper_tail(confidence))


def chi2_critical(confidence: float, free: float = 1) -> float:
    """Return the quantile of chi-squared."""
    from scipy.special import chdtri

    return float(chdtri(free, 2 * (1 - upper_tail(confidence))))


def p_normal(z: Any) -> Any:
    """Return two-sided p-values of normal statistics."""
    from scipy.special import ndtr

    return 2 * ndtr(-np.abs(z))


def p_student(statistic: Any, free: Any) -> Any:
    """Return two-sided p-values of Student's t; missing without degrees of freedom."""
    from scipy.special import stdtr

    return 2 * stdtr(free, -np.abs(statistic))


def p_chi2(statistic: float, free: float) -> float:
    """Return the p-value of a chi-squared statistic."""
    from scipy.special import chdtrc

    return float(chdtrc(free, max(statistic, 0.0)))


def p_f(statistic: float, above: float, below: float) -> float:
    """Return the p-value of an F statistic."""
    from scipy.special import fdtrc

    return float(fdtrc(above, below, max(statistic, 0.0)))


def wald(estimate: Any, std_error: Any, confidence: float, free: Any = np.inf) -> tuple[Any, Any]:
    """Return Wald limits of estimates, normal or by Student's t."""
    half = t_critical(confidence, free) * std_error
    return estimate - half, estimate + half


def student(estimate: Floats, contrasts: Floats, errors: Clustered, confidence: float) -> dict[str, Floats]:
    """Return clustered errors, limits and p-values of linear combinations, by Student's t.

    A combination determined by one cluster alone has no error, interval or p-value.

    Parameters
    ----------
    estimate : array
    contrasts : array, coefficients by combinations
        Derivatives of each estimate by the coefficients.
    errors : Clustered
    confidence : float

    Returns
    -------
    dict of str to array
        ``estimate``, ``std_error``, ``lower``, ``upper``, ``p_value``, ``clusters``, ``effective_clusters``, ``df``.
    """
    free = errors.free(contrasts)
    error = np.where(free > 0, np.sqrt(errors.variance(contrasts)), np.nan)
    lower, upper = wald(estimate, error, confidence, free)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = p_student(estimate / error, free)
    return {
        "estimate": estimate,
        "std_error": error,
        "lower": lower,
        "upper": upper,
        "p_value": p,
        "clusters": np.full(len(estimate), errors.clusters),
        "effective_clusters": errors.effective(contrasts),
        "df": free,
    }


def joint(values: Floats, contrasts: Floats, errors: Clustered) -> tuple[float, float]:
    """Return the Wald statistic that all values are zero, and its p-value for few clusters.

    Hotelling's T-squared with d degrees of freedom: (d - q + 1) / (d q) times the statistic is F with q and d - q + 1
    (HTZ of Tipton and Pustejovsky, Journal of Educational and Behavioral Statistics 40, 2015). Missing if the
    covariance has no inverse, or clusters are too few for the number of values.

    Parameters
    ----------
    values : array
    contrasts : array, coefficients by values
    errors : Clustered
    """
    q, free = len(values), errors.free_jointly(contrasts)
    own, vectors = np.linalg.eigh(contrasts.T @ errors.covariance @ contrasts)
    if own[0] <= 1e-12 * abs(own[-1]):
        return np.nan, np.nan
    statistic = float(((vectors.T @ values) ** 2 / own).sum())
    left = free - q + 1
    return (statistic, p_f(statistic * left / (free * q), q, left)) if left > 0 else (np.nan, np.nan)


def settled(share: Floats, error: Floats) -> tuple[Floats, Floats]:
    """Return shares and their errors, with shares within rounding of 0 or 1 set to these exactly."""
    none, whole = share < SETTLED, share > 1 - SETTLED
    return np.where(none, 0.0, np.where(whole, 1.0, share)), np.where(none | whole, 0.0, error)


def curve_interval(
    share: Floats, error: Floats, confidence: float, transform: Transform = "log-log"
) -> tuple[Floats, Floats]:
    """Return pointwise limits of a share still open.

    Parameters
    ----------
    share, error : array of float
        Estimate and its standard error on the scale of the share.
    confidence : float
        Nominal coverage.
    transform : {"log-log", "log", "plain"}
        Scale of the normal approximation. "log" is the default of R's survival; "log-log" has the best coverage near 0
        and 1.

    Returns
    -------
    lower, upper : array of float
        NaN where the error is 0 or not known: a share that does not vary has no interval.
    """
    if transform not in TRANSFORMS:
        raise ParameterError(f"unknown interval {transform!r}; there are {', '.join(TRANSFORMS)}")
    z = z_critical(confidence)
    lower, upper = np.full((2, *np.shape(share)), np.nan)
    inside = (share > 0) & (share < 1) & (error > 0) & np.isfinite(error)
    s, e = share[inside], error[inside]
    if transform == "plain":
        lower[inside], upper[inside] = np.maximum(s - z * e, 0), np.minimum(s + z * e, 1)
    elif transform == "log":
        factor = np.exp(z * e / s)
        lower[inside], upper[inside] = s / factor, np.minimum(s * factor, 1)
    else:
        width = z * e / (s * -np.log(s))
        lower[inside], upper[inside] = s ** np.exp(width), s ** np.exp(-width)
    return lower, upper


def wilson(share: Any, size: Any, confidence: float, quantile: float | None = None) -> tuple[Any, Any]:
    """Return Wilson's interval (1927) of a share; the number of rows need not be whole.

    The quantile is normal unless another is given.
    """
    z = z_critical(confidence) if quantile is None else quantile
    scale = 1 + z**2 / size
    middle = (share + z**2 / (2 * size)) / scale
    half = z * np.sqrt(share * (1 - share) / size + z**2 / (4 * size**2)) / scale
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def poisson_exact(events: Any, confidence: float) -> tuple[Any, Any]:
    """Return Garwood's exact interval (1936) of a Poisson mean; a count scaled by its dispersion need not be whole."""
    from scipy.special import gammaincinv

    top = upper_tail(confidence)
    return np.where(events > 0, gammaincinv(np.where(events > 0, events, 1), 1 - top), 0), gammaincinv(events + 1, top)


def binomial_exact(hits: Any, size: Any, confidence: float) -> tuple[Any, Any]:
    """Return Clopper and Pearson's exact interval (1934) of a share."""
    from scipy.special import betaincinv

    top, rest = upper_tail(confidence), size - hits
    lower = np.where(hits > 0, betaincinv(np.maximum(hits, 1), rest + 1, 1 - top), 0)
    return lower, np.where(rest > 0, betaincinv(hits + 1, np.maximum(rest, 1), top), 1)


def percentile(drawn: Floats, confidence: float, most_without: float = 0.1, *, between: bool = True) -> tuple[Any, Any]:
    """Return Efron's percentile interval.

    Parameters
    ----------
    drawn : array, draws or draws by statistics
    confidence : float
    most_without : float
        Limits are missing if at least this share of draws is missing.
    between : bool
        Whether a limit may be interpolated. If not, it is the next draw outside, which also works for infinite draws
        (not reached).

    Returns
    -------
    lower, upper : float, or array with one per statistic
    """
    top = upper_tail(confidence)
    if not between:
        ordered, last = np.sort(drawn, axis=0), len(drawn) - 1
        return ordered[int(np.floor((1 - confidence) / 2 * last))], ordered[int(np.ceil((1 + confidence) / 2 * last))]
    each = drawn[:, None] if drawn.ndim == 1 else drawn
    enough = np.isnan(each).mean(axis=0) < most_without
    ends = np.full((2, each.shape[1]), np.nan)
    if enough.any():
        ends[:, enough] = np.nanquantile(each[:, enough], [1 - top, top], axis=0)
    return (float(ends[0, 0]), float(ends[1, 0])) if drawn.ndim == 1 else (ends[0], ends[1])
