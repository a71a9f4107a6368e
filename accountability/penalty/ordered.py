"""An ordered logit fitted on collapsed patterns, with clustered errors."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from accountability.errors import Refusal
from accountability.penalty.logit import Fit
from accountability.penalty.patterns import Floats


def fit_ordered(
    design: Floats, pattern: NDArray[np.int64], category: NDArray[np.int64], clusters: NDArray[np.int64]
) -> Fit:
    """Maximum likelihood of an ordered logit whose rows fall into few patterns of covariates.

    ``P(category <= j) = F(a_j - x b)``: a positive coefficient goes with heavier categories. Estimates, likelihood
    and clustered variance are computed on counts of rows by pattern and category (and cluster), and equal those of
    a fit row by row. The bread is the observed information; the correction is G/(G-1) (n-1)/(n-k).

    Parameters
    ----------
    design : array, patterns by columns
        Covariates of each pattern, without a constant.
    pattern, category, clusters : array of int
        For each row; categories 0, 1, … in order, each held by some row.

    Returns
    -------
    Fit
        ``coefficients`` are the thresholds, lightest first, then those of the columns.

    Raises
    ------
    Refusal
        If there are fewer than two categories, one of them is empty, or no finite estimate exists.
    """
    from scipy.sparse import coo_array

    steps = int(category.max())
    held = np.bincount(category, minlength=steps + 1)
    if steps < 1 or (held == 0).any():
        raise Refusal("an ordered logit needs two categories or more, each held by some row; put categories together")
    count = np.zeros((len(design), steps + 1))
    np.add.at(count, (pattern, category), 1.0)
    rows, width = len(category), steps + design.shape[1]
    share = np.cumsum(held)[:-1] / rows
    theta = np.concatenate([np.log(share / (1 - share)), np.zeros(design.shape[1])])
    value = -np.inf
    for _ in range(100):
        likelihood, gradient, information = _evaluate(theta, design, count, steps)
        if np.linalg.matrix_rank(information) < width:
            raise Refusal("the columns say the same thing twice, or some of them decide the category (separation)")
        step = np.linalg.solve(information, gradient)
        scale = 1.0
        while scale > 1e-6:
            tried = theta + scale * step
            if (np.diff(tried[:steps]) > 0).all() and _evaluate(tried, design, count, steps)[0] >= likelihood - 1e-12:
                break
            scale /= 2
        theta = theta + scale * step
        if np.abs(theta).max() > 30:
            raise Refusal("some combination of the columns decides the category without exception (separation)")
        if np.abs(scale * step).max() < 1e-11 or abs(likelihood - value) < 1e-13 * abs(likelihood):
            break
        value = likelihood
    likelihood, _, information = _evaluate(theta, design, count, steps)
    bread = np.linalg.inv(information)
    groups = int(clusters.max()) + 1
    shape = (groups, len(design) * (steps + 1))
    cells = coo_array((np.ones(rows), (clusters, pattern * (steps + 1) + category)), shape=shape).tocsr()
    scores = np.stack([s for _, s, _ in _scores(theta, design, steps)], axis=1).reshape(-1, width)
    summed = cells @ scores
    correction = groups / (groups - 1) * (rows - 1) / (rows - width)
    return Fit(theta, correction * bread @ (summed.T @ summed) @ bread, likelihood, groups)


def chances(theta: Floats, design: Floats, steps: int) -> Floats:
    """The chance of each category for each pattern."""
    return np.stack([chance for chance, _, _ in _scores(theta, design, steps)], axis=1)


def _scores(theta: Floats, design: Floats, steps: int) -> Iterator[tuple[Floats, Floats, Floats]]:
    """For each category: its chance, the gradient of its log, and the second derivative's weights at both ends."""
    eta = design @ theta[steps:]
    zero, none = np.zeros(len(design)), np.zeros((len(design), len(theta)))
    below, dense_below, bend_below, slope_below = zero, zero, zero, none
    for j in range(steps + 1):
        if j < steps:
            above = 1.0 / (1.0 + np.exp(-(theta[j] - eta)))
            dense = above * (1 - above)
            bend = dense * (1 - 2 * above)
            slope = np.hstack([np.zeros((len(design), steps)), -design])
            slope[:, j] = 1.0
        else:
            above, dense, bend, slope = np.ones(len(design)), zero, zero, none
        chance = np.maximum(above - below, 1e-300)
        gradient = (dense[:, None] * slope - dense_below[:, None] * slope_below) / chance[:, None]
        yield chance, gradient, np.stack([bend, bend_below])
        below, dense_below, bend_below, slope_below = above, dense, bend, slope


def _evaluate(theta: Floats, design: Floats, count: Floats, steps: int) -> tuple[float, Floats, Floats]:
    likelihood, width = 0.0, len(theta)
    gradient, information = np.zeros(width), np.zeros((width, width))
    slope_below = np.zeros((len(design), width))
    for j, (chance, score, bend) in enumerate(_scores(theta, design, steps)):
        weight = count[:, j]
        likelihood += float(weight @ np.log(chance))
        gradient += weight @ score
        slope = np.zeros((len(design), width))
        if j < steps:
            slope[:, steps:] = -design
            slope[:, j] = 1.0
        share = weight / chance
        information += score.T @ (score * weight[:, None])
        information -= slope.T @ (slope * (share * bend[0])[:, None])
        information += slope_below.T @ (slope_below * (share * bend[1])[:, None])
        slope_below = slope
    return likelihood, gradient, information
