"""Critical values, p-values, and intervals of shares, differences, ratios and curves: the one place for all of them."""

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
    """The probability below the upper end of a two-sided interval.

    Raises
    ------
    ParameterError
        If the confidence is not between 0 and 1.
    """
    if isinstance(confidence, bool) or not isinstance(confidence, (int, float, np.number)) or not 0 < confidence < 1:
        raise ParameterError(f"confidence must lie between 0 and 1, e.g. 0.95; found {confidence!r}")
    return 0.5 + float(confidence) / 2


def z_critical(confidence: float) -> float:
    """The normal quantile of a two-sided interval.

    Raises
    ------
    ParameterError
        If the confidence is not between 0 and 1.
    """
    from scipy.special import ndtri

    return float(ndtri(upper_tail(confidence)))


def t_critical(confidence: float, free: Any) -> Any:
    """The quantile of Student's t with so many degrees of freedom; missing with none."""
    from scipy.special import stdtrit

    return stdtrit(free, upper_tail(confidence))


def chi2_critical(confidence: float, free: float = 1) -> float:
    """The quantile of chi-squared with so many degrees of freedom."""
    from scipy.special import chdtri

    return float(chdtri(free, 2 * (1 - upper_tail(confidence))))


def p_normal(z: Any) -> Any:
    """Two-sided p-values of normal statistics."""
    from scipy.special import ndtr

    return 2 * ndtr(-np.abs(z))


def p_student(statistic: Any, free: Any) -> Any:
    """Two-sided p-values of Student's t; missing with no degrees of freedom."""
    from scipy.special import stdtr

    return 2 * stdtr(free, -np.abs(statistic))


def p_chi2(statistic: float, free: float) -> float:
    """The p-value of a chi-squared statistic."""
    from scipy.special import chdtrc

    return float(chdtrc(free, max(statistic, 0.0)))


def wald(estimate: Any, std_error: Any, confidence: float, free: Any = np.inf) -> tuple[Any, Any]:
    """Lower and upper limit of estimates taken as normal, or as Student's t with so many degrees of freedom."""
    half = t_critical(confidence, free) * std_error
    return estimate - half, estimate + half


def student(estimate: Floats, contrasts: Floats, errors: Clustered, confidence: float) -> dict[str, Floats]:
    """Errors, limits and p-values of linear combinations whose rows hang together, by Student's t.

    Where a cluster alone determines a combination it has no error, and so no interval and no p-value.

    Parameters
    ----------
    estimate : array
    contrasts : array, coefficients by combinations
        What each estimate is made of: its derivatives by the coefficients.
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
    """The Wald statistic that all values are zero, and its p-value where clusters may be few.

    Hotelling's T-squared with the least degrees of freedom d of the values: (d - q + 1) / (d q) times the statistic is
    taken as F with q and d - q + 1 (Tipton and Pustejovsky, Journal of Educational and Behavioral Statistics 40, 2015).
    Missing where the covariance has no inverse or clusters are too few for so many values.

    Parameters
    ----------
    values : array
    contrasts : array, coefficients by values
    errors : Clustered
    """
    from scipy.special import fdtrc

    q, free = len(values), float(errors.free(contrasts).min())
    own, vectors = np.linalg.eigh(contrasts.T @ errors.covariance @ contrasts)
    if own[0] <= 1e-12 * abs(own[-1]):
        return np.nan, np.nan
    statistic = float(((vectors.T @ values) ** 2 / own).sum())
    left = free - q + 1
    return (statistic, float(fdtrc(q, left, statistic * left / (free * q)))) if left > 0 else (np.nan, np.nan)


def settled(share: Floats, error: Floats) -> tuple[Floats, Floats]:
    """Shares and their errors, exact where a share is 0 or 1 but for rounding, which a transform would blow up."""
    none, whole = share < SETTLED, share > 1 - SETTLED
    return np.where(none, 0.0, np.where(whole, 1.0, share)), np.where(none | whole, 0.0, error)


def curve_interval(
    share: Floats, error: Floats, confidence: float, transform: Transform = "log-log"
) -> tuple[Floats, Floats]:
    """Lower and upper limit of a share still open, pointwise.

    Parameters
    ----------
    share, error : array of float
        Estimate and its standard error on the scale of the share.
    confidence : float
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
    z = z_critical(confidence)
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


def wilson(share: Any, size: Any, confidence: float, quantile: float | None = None) -> tuple[Any, Any]:
    """Wilson's interval (1927) of a share of so many rows, which need not be a whole number.

    The quantile is the normal one, or that of Student's t where it is given.
    """
    z = z_critical(confidence) if quantile is None else quantile
    scale = 1 + z**2 / size
    middle = (share + z**2 / (2 * size)) / scale
    half = z * np.sqrt(share * (1 - share) / size + z**2 / (4 * size**2)) / scale
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)


def poisson_exact(events: Any, confidence: float) -> tuple[Any, Any]:
    """Garwood's exact interval (1936) of a Poisson mean, from the events seen."""
    from scipy.special import gammaincinv

    top = upper_tail(confidence)
    return np.where(events > 0, gammaincinv(np.maximum(events, 1), 1 - top), 0), gammaincinv(events + 1, top)


def binomial_exact(hits: Any, size: Any, confidence: float) -> tuple[Any, Any]:
    """Clopper and Pearson's exact interval (1934) of a share."""
    from scipy.special import betaincinv

    top, rest = upper_tail(confidence), size - hits
    lower = np.where(hits > 0, betaincinv(np.maximum(hits, 1), rest + 1, 1 - top), 0)
    return lower, np.where(rest > 0, betaincinv(hits + 1, np.maximum(rest, 1), top), 1)


def percentile(drawn: Floats, confidence: float, most_without: float = 0.1, *, between: bool = True) -> tuple[Any, Any]:
    """Return the limits of the middle part of draws, Efron's percentile interval.

    Parameters
    ----------
    drawn : array, draws or draws by statistics
    confidence : float
    most_without : float
        Limits are missing where so large a share of the draws or more gave nothing.
    between : bool
        Whether a limit may lie between two draws. If not, it is the draw next outside, which also holds where draws
        are infinite: not reached within any number of days.

    Returns
    -------
    lower, upper : float, or array with one a statistic
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
