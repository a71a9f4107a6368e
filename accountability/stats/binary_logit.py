"""Logits fitted on counts: the plain one, and one with a random intercept by place."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from accountability.errors import Refusal
from accountability.stats.arrays import Floats, Ints
from accountability.stats.cell_likelihood import SEPARATED, Fit, Separated, Slopes, cells_of, check_columns, maximise
from accountability.stats.compress import tally
from accountability.stats.intervals import chi2_critical, p_chi2
from accountability.stats.optimise import Evaluation, Optimum, Separation, invert, newton
from accountability.stats.penalised import Shrink, crossing
from accountability.stats.sandwich import Clustered, Ways, by_rows

NO_SPREAD = -5.0
NONE = (
    "places differ by no more than chance would have them differ, so their spread cannot be told from none; the logit "
    "without places says the same"
)


def fit_logit(design: Floats, pattern: Ints, hits: Floats, ways: Ways, shrink: Shrink | None = None) -> Fit:
    """Fit a logit by maximum likelihood on covariate patterns.

    Parameters
    ----------
    design : array, patterns by columns
        Covariates of each pattern, with the constant.
    pattern : array of int
        The pattern of each row.
    hits : array of 0 and 1
    ways : array of int, or mapping of str to array of int
        The clusters of each row, along one dimension or two.
    shrink : Shrink, optional
        Penalty of the columns, for sparse data.

    Raises
    ------
    Refusal
        If the columns are collinear, or the outcome is separated so that no finite estimate exists.
    """
    cells = cells_of(pattern, hits.astype(np.int64), len(design))
    square = check_columns(design, cells) if shrink is None else None
    fit = maximise(_logit, design, cells, np.empty(0), np.zeros(design.shape[1]), ways, shrink=shrink)
    if square is None:
        return fit
    return replace(fit, errors=by_rows(fit.errors, cells.designs(design), square))


def _logit(index: Floats, other: Floats, value: Ints) -> Slopes:
    # NumPy's own exponential is several times quicker than SciPy's expit and logaddexp. The chance of the outcome that
    # did not come is 1 / (1 + odds), and the log chance of the one that did, the log odds plus the log of that.
    sign = np.where(value > 0, 1.0, -1.0)
    fall = index * sign
    np.minimum(fall, 700.0, out=fall)
    odds = np.exp(fall)
    against = odds + 1.0
    np.divide(1.0, against, out=against)
    odds *= against
    odds *= against
    fall += np.log(against)
    sign *= against
    return Slopes(fall, sign, odds)


@dataclass(frozen=True, slots=True, eq=False)
class _Counts:
    """Rows and hits by place and pattern, sorted by place."""

    place: Ints
    pattern: Ints
    rows: Floats
    hits: Floats
    first: Ints  # of each place


def fit_random_intercept(
    design: Floats, pattern: Ints, hits: Floats, place: Ints, nodes: int = 15, shrink: Shrink | None = None
) -> Fit:
    """Fit a logit with a normal random intercept by place, by maximum likelihood.

    The integral over each place's intercept is taken by adaptive Gauss–Hermite quadrature (Pinheiro and Bates,
    Journal of Computational and Graphical Statistics 4, 1995); score and information are its derivatives, by Louis's
    identity (Journal of the Royal Statistical Society B 44, 1982).

    Parameters
    ----------
    design : array, patterns by columns
        With the constant.
    pattern, place : array of int
        For each row; places numbered from 0.
    hits : array of 0 and 1
    nodes : int
        Points of the quadrature; 1 is Laplace's approximation.
    shrink : Shrink, optional
        Penalty of the columns, for sparse data.

    Returns
    -------
    Fit
        ``coefficients``: the columns, then the log of the standard deviation over places. ``covariance`` is model-based
        (rows of a place share its intercept and are otherwise independent); ``clusters`` counts places.

    Raises
    ------
    Refusal
        If there are fewer than five places, places vary no more than by chance, or no finite estimate exists.
    """
    places = int(place.max()) + 1
    if places < 5:
        raise Refusal(f"{places} places are too few to say how places vary; put them in as a column instead")
    counts = _count(design, pattern, hits, place)
    alone = fit_logit(design, pattern, hits, place, shrink)
    theta, mode = np.append(alone.coefficients, np.log(0.5)), np.zeros(places)
    # A few nodes come near the optimum for a third of the work, all of them then settle it.
    for few, tolerance, noise in ((min(nodes, 5), 1e-4, 1e-2), (nodes, 1e-9, 1e-6)):
        top, mode = _maximise(theta, mode, design, counts, few, tolerance, noise, shrink)
        theta = top.at
    plain = _inverse(top.information)
    limits = np.full((3, len(theta)), np.nan) if shrink else None
    return Fit(theta, Clustered(plain, places), top.value, plain, limits=limits)


def spread_limits(
    fit: Fit,
    design: Floats,
    pattern: Ints,
    hits: Floats,
    place: Ints,
    confidence: float,
    nodes: int = 15,
    shrink: Shrink | None = None,
) -> tuple[float, float, float]:
    """Return profile likelihood limits of the standard deviation between places, and the p-value of 0.

    The lower limit is 0 if the logit without places is within the limits. The p-value is half that of chi-squared on 1
    degree of freedom, because a standard deviation cannot be negative (Self and Liang, Journal of the American
    Statistical Association 82, 1987).

    Parameters
    ----------
    fit : Fit
        From :func:`fit_random_intercept`, with the same rows, nodes and penalty.
    """
    counts = _count(design, pattern, hits, place)
    points, weights = np.polynomial.hermite.hermgauss(nodes)
    mode = [np.zeros(int(place.max()) + 1)]
    top = float(fit.coefficients[-1])
    error = min(float(np.sqrt(fit.plain[-1, -1])), 0.5)  # near no spread the likelihood is flat in the log
    lean = fit.plain[:-1, -1] / fit.plain[-1, -1]

    def profile(log_sd: float) -> float:
        def evaluate(at: Floats) -> Evaluation:
            value, gradient, information, mode[0] = _evaluate(
                np.append(at, log_sd), design, counts, mode[0], points, weights
            )
            return value, gradient[:-1], information[:-1, :-1]

        start = fit.coefficients[:-1] + lean * (log_sd - top)
        return newton(shrink.of(evaluate) if shrink else evaluate, start, tolerance=1e-5, noise=1e-6).value

    fall = chi2_critical(confidence) / 2
    drop = fit.log_likelihood - fit_logit(design, pattern, hits, place, shrink).log_likelihood
    height = fit.log_likelihood - fall
    upper = float(np.exp(crossing(profile, top, error, height, 1e-3)))
    lower = float(np.exp(crossing(profile, top, -error, height, 1e-3))) if drop > fall else 0.0
    return lower, upper, p_chi2(2 * drop, 1) / 2


def _maximise(
    theta: Floats,
    mode: Floats,
    design: Floats,
    counts: _Counts,
    nodes: int,
    tolerance: float,
    noise: float,
    shrink: Shrink | None,
) -> tuple[Optimum, Floats]:
    """The maximum and the modes there, from which the next evaluation starts."""
    points, weights = np.polynomial.hermite.hermgauss(nodes)
    modes = [mode]

    def evaluate(at: Floats) -> Evaluation:
        value, gradient, information, modes[0] = _evaluate(at, design, counts, modes[0], points, weights)
        return value, gradient, information

    def reach(step: Floats) -> float:
        return float(max(np.abs(design @ step[:-1]).max(), abs(step[-1])))

    height = shrink.of(evaluate, after=1) if shrink else evaluate
    try:
        top = newton(height, theta, reach, concave=False, tolerance=tolerance, farthest=2.0, noise=noise)
    except Separation as endless:
        raise (Refusal(NONE) if abs(endless.direction[-1]) > 0.1 else Separated(SEPARATED)) from endless
    if top.at[-1] < NO_SPREAD:
        raise Refusal(NONE)
    return top, modes[0]


def _inverse(information: Floats) -> Floats:
    try:
        return invert(information)
    except Separation as flat:
        raise Separated(SEPARATED) from flat


def _count(design: Floats, pattern: Ints, hits: Floats, place: Ints) -> _Counts:
    cells = cells_of(place, pattern, int(place.max()) + 1)
    made = tally(cells.of_row, hits, len(cells.count))
    first = np.searchsorted(cells.pattern, np.arange(int(place.max()) + 1))
    return _Counts(cells.pattern, cells.value, cells.count, made, first)


def place_intercepts(fit: Fit, design: Floats, pattern: Ints, hits: Floats, place: Ints) -> tuple[Floats, Floats]:
    """The intercept of each place, drawn to that of all, and its error where coefficients and spread are as fitted.

    Parameters
    ----------
    fit : Fit
        Of :func:`fit_random_intercept`, from the same rows.

    Returns
    -------
    mode, error : array
        Of the conditional law of each place on the scale of the logit, as lme4's ``ranef`` and ``condVar`` give them.
    """
    counts, sigma = _count(design, pattern, hits, place), float(np.exp(fit.coefficients[-1]))
    index = (design @ fit.coefficients[:-1])[counts.pattern]
    mode, curve = _modes(index, sigma, counts, np.zeros(int(place.max()) + 1))
    return sigma * mode, sigma / np.sqrt(curve)


def _modes(index: Floats, sigma: float, counts: _Counts, mode: Floats) -> tuple[Floats, Floats]:
    """The mode of each place's standard normal intercept, and how curved its law is there."""
    from scipy.special import expit

    curve = np.ones(len(mode))
    for _ in range(50):
        chance = expit(index + sigma * mode[counts.place])
        curve = 1.0 + sigma**2 * np.add.reduceat(counts.rows * chance * (1 - chance), counts.first)
        move = (sigma * np.add.reduceat(counts.hits - counts.rows * chance, counts.first) - mode) / curve
        mode = mode + np.clip(move, -2.0, 2.0)
        if np.abs(move).max() < 1e-6:
            break
    return mode, curve


def _evaluate(
    theta: Floats, design: Floats, counts: _Counts, mode: Floats, points: Floats, weights: Floats
) -> tuple[float, Floats, Floats, Floats]:
    """Log likelihood, gradient, information, and the modes, for the next call to start from."""
    from scipy.sparse import csr_array
    from scipy.special import logsumexp

    sigma = float(np.exp(theta[-1]))
    index = (design @ theta[:-1])[counts.pattern]

    def added(numbers: Floats) -> Floats:
        return np.add.reduceat(numbers, counts.first, axis=0)

    mode, curve = _modes(index, sigma, counts, mode)
    spread = np.sqrt(2.0 / curve)
    at = mode[:, None] + spread[:, None] * points
    tilt = sigma * at[counts.place]
    eta = index[:, None] + tilt
    # NumPy's own exp and log are several times quicker than expit; log(1 + exp(eta)) is eta minus the log chance.
    chance = 1.0 / (1.0 + np.exp(np.minimum(-eta, 700.0)))
    inside = added(counts.rows[:, None] * np.log(chance) - (counts.rows - counts.hits)[:, None] * eta)
    terms = np.log(weights) + points**2 + inside - at**2 / 2
    logs = logsumexp(terms, axis=1)
    value = float((logs + np.log(spread)).sum() - 0.5 * len(mode) * np.log(2 * np.pi))
    share = np.exp(terms - logs[:, None])
    of_cell = share[counts.place]
    residual = counts.hits[:, None] - counts.rows[:, None] * chance
    curved = counts.rows[:, None] * chance * (1 - chance) * of_cell
    patterns, width = design.shape
    gradient = np.empty(width + 1)
    by_place = np.empty((len(mode), len(points), width + 1))
    ends = np.append(counts.first, len(index))
    for q in range(len(points)):
        made = csr_array((residual[:, q], counts.pattern, ends), shape=(len(mode), patterns))
        by_place[:, q, :width] = made @ design
    by_place[:, :, width] = sigma * at * added(residual)
    mean = np.einsum("gq,gqk->gk", share, by_place)
    gradient = mean.sum(axis=0)
    flat = (by_place * np.sqrt(share)[:, :, None]).reshape(-1, width + 1)
    information = mean.T @ mean - flat.T @ flat
    information[:width, :width] += design.T @ (design * tally(counts.pattern, curved.sum(axis=1), patterns)[:, None])
    mixed = tally(counts.pattern, (curved * tilt).sum(axis=1), patterns) @ design
    information[:width, width] += mixed
    information[width, :width] += mixed
    information[width, width] += float((curved * tilt**2).sum()) - float(mean[:, width].sum())
    return value, gradient, information, mode
