"""An ordered logit fitted on collapsed patterns, with clustered errors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from accountability.errors import Refusal
from accountability.stats.arrays import Floats
from accountability.stats.cell_likelihood import Fit, Slopes, cells_of, check_columns, maximise
from accountability.stats.compress import tally
from accountability.stats.penalised import Shrink
from accountability.stats.sandwich import Ways


def fit_ordered(
    design: Floats,
    pattern: NDArray[np.int64],
    category: NDArray[np.int64],
    ways: Ways,
    shrink: Shrink | None = None,
) -> Fit:
    """Fit an ordered logit by maximum likelihood on covariate patterns.

    ``P(category <= j) = F(a_j - x b)``: a positive coefficient means heavier categories. The bread of the clustered
    variance is the observed information; the correction is G/(G-1) (n-1)/(n-k).

    Parameters
    ----------
    design : array, patterns by columns
        Covariates of each pattern, without a constant.
    pattern, category : array of int
    ways : array of int, or mapping of str to array of int
        For each row; categories 0, 1, … in order, all of which must occur.
    shrink : Shrink, optional
        Penalty of the columns, for sparse data.

    Returns
    -------
    Fit
        ``coefficients`` are the thresholds, lightest first, then those of the columns.

    Raises
    ------
    Refusal
        If there are fewer than two categories, one of them is empty, columns are collinear, or no finite estimate
        exists.
    """
    steps = int(category.max())
    held = np.bincount(category, minlength=steps + 1)
    if steps < 1 or (held == 0).any():
        raise Refusal("an ordered logit needs two categories or more, each held by some row; put categories together")
    cells = cells_of(pattern, category, len(design))
    if shrink is None:
        check_columns(np.hstack([np.ones((len(design), 1)), design]), cells)
    share = np.cumsum(held)[:-1] / len(category)
    start = (np.log(share / (1 - share)), np.zeros(design.shape[1]))
    ends = cut_designs(design, steps, ())
    return maximise(
        _ordered,
        design,
        cells,
        *start,
        ways,
        lambda cuts: bool((np.diff(cuts) > 0).all()),
        shrink,
        lambda at: cell_information(at, ends, cells.pattern, cells.value),
    )


def cut_designs(design: Floats, steps: int, free: Sequence[int]) -> Floats:
    """Return for each cut the matrix whose product with the parameters is ``a_j - x b - z g_j`` for each pattern."""
    patterns, width = design.shape
    chosen = design[:, list(free)]
    out = np.zeros((steps, patterns, steps + width + (steps - 1) * len(free)))
    for j in range(steps):
        out[j, :, j] = 1.0
        out[j, :, steps : steps + width] = -design
        if j:
            place = steps + width + (j - 1) * len(free)
            out[j, :, place : place + len(free)] = -chosen
    return out


def cell_information(theta: Floats, ends: Floats, pattern: NDArray[np.int64], value: NDArray[np.int64]) -> Floats:
    """Return the information of one row of each cell, from the cuts' designs: cells by coefficients by coefficients."""
    from scipy.special import expit

    steps = len(ends)
    below = expit(ends @ theta)
    top, low = value < steps, value > 0
    up, under = np.minimum(value, steps - 1), np.maximum(value - 1, 0)
    above = np.where(top, below[up, pattern], 1.0)
    least = np.where(low, below[under, pattern], 0.0)
    chance = np.maximum(above - least, 1e-300)
    u, v = above * (1 - above) / chance, least * (1 - least) / chance
    x, y = ends[up, pattern] * top[:, None], ends[under, pattern] * low[:, None]
    weights = -(u * (1 - 2 * above) - u * u), -(-v * (1 - 2 * least) - v * v), -(u * v)
    mixed = x[:, :, None] * y[:, None, :]
    parts = (x[:, :, None] * x[:, None, :], y[:, :, None] * y[:, None, :], mixed + mixed.transpose(0, 2, 1))
    return np.asarray(sum((w[:, None, None] * part for w, part in zip(weights, parts, strict=True)), np.zeros(1)))


def chances(theta: Floats, design: Floats, steps: int) -> Floats:
    """Return the probability of each category for each pattern."""
    from scipy.special import expit

    below = expit(theta[:steps][None, :] - (design @ theta[steps:])[:, None])
    ends = np.hstack([np.zeros((len(design), 1)), below, np.ones((len(design), 1))])
    return np.diff(ends, axis=1)


def _ordered(index: Floats, cuts: Floats, value: NDArray[np.int64]) -> Slopes:
    """Log chance of a category between two cuts, and its slopes; no cut stands below the first or above the last."""
    from scipy.special import expit

    ends = np.concatenate([[-np.inf], cuts, [np.inf]])
    upper, lower = ends[value + 1] - index, ends[value] - index
    above, under = expit(upper), expit(lower)
    chance = np.maximum(above - under, 1e-300)
    dense_up, dense_low = above * (1 - above), under * (1 - under)
    u, v = dense_up / chance, dense_low / chance
    up_up = u * (1 - 2 * above) - u * u
    low_low = -v * (1 - 2 * under) - v * v
    both = u * v
    steps = len(cuts)
    is_up = (value[:, None] == np.arange(steps)).astype(float)
    is_low = (value[:, None] - 1 == np.arange(steps)).astype(float)

    def square(count: Floats) -> Floats:
        top = tally(value, count * -up_up, steps + 1)[:-1]
        low = tally(value, count * -low_low, steps + 1)[1:]
        beside = tally(value, count * -both, steps + 1)[1:-1]
        return np.diag(top + low) + np.diag(beside, 1) + np.diag(beside, -1)

    return Slopes(
        value=np.log(chance),
        by_index=v - u,
        neg_hessian=-(up_up + 2 * both + low_low),
        by_other=u[:, None] * is_up - v[:, None] * is_low,
        neg_mixed=(up_up + both)[:, None] * is_up + (low_low + both)[:, None] * is_low,
        neg_other=square,
    )
