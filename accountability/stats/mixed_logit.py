"""A logit with a random intercept for each place, fitted on counts by place and pattern."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accountability.errors import Refusal
from accountability.outcomes.logit import fit_logit
from accountability.stats.arrays import Floats, Ints
from accountability.stats.count_newton import CLOSE, Fit, cells_of, invert, tally

NO_SPREAD = -5.0


@dataclass(frozen=True, slots=True, eq=False)
class _Counts:
    """Rows and hits by place and pattern, sorted by place."""

    place: Ints
    pattern: Ints
    rows: Floats
    hits: Floats
    first: Ints  # of each place


def fit_random_intercept(design: Floats, pattern: Ints, hits: Floats, place: Ints, nodes: int = 15) -> Fit:
    """Maximum likelihood of a logit whose intercept varies over places as a normal variable.

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

    Returns
    -------
    Fit
        ``coefficients``: the columns, then the log of the standard deviation over places. ``covariance`` is the
        model's own (rows of a place share its intercept and are independent else); ``clusters`` counts places.

    Raises
    ------
    Refusal
        If there are fewer than five places, places vary no more than chance, or no finite estimate exists.
    """
    places = int(place.max()) + 1
    if places < 5:
        raise Refusal(f"{places} places are too few to say how places vary; put them in as a column instead")
    counts = _count(design, pattern, hits, place)
    alone = fit_logit(design, pattern, hits, place)
    theta, mode = np.append(alone.coefficients, np.log(0.5)), np.zeros(places)
    # A few nodes come near the optimum for a third of the work, all of them then settle it.
    for few, near in ((min(nodes, 5), 1e-3), (nodes, CLOSE)):
        theta, mode, value, information = _climb(theta, mode, design, counts, few, near)
    covariance = invert(information)
    return Fit(theta, covariance, value, places, covariance)


def _climb(
    theta: Floats, mode: Floats, design: Floats, counts: _Counts, nodes: int, near: float
) -> tuple[Floats, Floats, float, Floats]:
    """Newton's steps until one is shorter than ``near``: coefficients, modes, log likelihood, information."""
    points, weights = np.polynomial.hermite.hermgauss(nodes)
    value, gradient, information, mode = _evaluate(theta, design, counts, mode, points, weights)
    for _ in range(60):
        step = _up(information, gradient)
        step = step * min(1.0, 2.0 / max(np.abs(step).max(), 1e-300))
        scale = 1.0
        while True:
            found = _evaluate(theta + scale * step, design, counts, mode, points, weights)
            if found[0] >= value - 1e-7 or scale < 1e-6:
                break
            scale /= 2
        theta, (value, gradient, information, mode) = theta + scale * step, found
        if theta[-1] < NO_SPREAD:
            raise Refusal(
                "places differ by no more than chance would have them differ, so their spread cannot be told from "
                "none; the logit without places says the same"
            )
        if scale * np.abs(step).max() < near:
            break
    return theta, mode, value, information


def _count(design: Floats, pattern: Ints, hits: Floats, place: Ints) -> _Counts:
    cells = cells_of(place, pattern, int(place.max()) + 1)
    made = tally(cells.of_row, hits, len(cells.count))
    first = np.searchsorted(cells.pattern, np.arange(int(place.max()) + 1))
    return _Counts(cells.pattern, cells.value, cells.count, made, first)


def _up(information: Floats, gradient: Floats) -> Floats:
    values, vectors = np.linalg.eigh(information)
    floor = 1e-8 * np.abs(values).max()
    return np.asarray(vectors @ ((vectors.T @ gradient) / np.maximum(np.abs(values), floor)))


def _evaluate(
    theta: Floats, design: Floats, counts: _Counts, mode: Floats, points: Floats, weights: Floats
) -> tuple[float, Floats, Floats, Floats]:
    """Log likelihood, gradient, information, and the modes, for the next call to start from."""
    from scipy.sparse import csr_array
    from scipy.special import expit, logsumexp

    sigma = float(np.exp(theta[-1]))
    index = (design @ theta[:-1])[counts.pattern]

    def added(numbers: Floats) -> Floats:
        return np.add.reduceat(numbers, counts.first, axis=0)

    curve = np.ones(len(mode))
    for _ in range(50):
        chance = expit(index + sigma * mode[counts.place])
        curve = 1.0 + sigma**2 * added(counts.rows * chance * (1 - chance))
        move = (sigma * added(counts.hits - counts.rows * chance) - mode) / curve
        mode = mode + np.clip(move, -2.0, 2.0)
        if np.abs(move).max() < 1e-6:
            break
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
    bend = counts.rows[:, None] * chance * (1 - chance) * of_cell
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
    information[:width, :width] += design.T @ (design * tally(counts.pattern, bend.sum(axis=1), patterns)[:, None])
    mixed = tally(counts.pattern, (bend * tilt).sum(axis=1), patterns) @ design
    information[:width, width] += mixed
    information[width, :width] += mixed
    information[width, width] += float((bend * tilt**2).sum()) - float(mean[:, width].sum())
    return value, gradient, information, mode
