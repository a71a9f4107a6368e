"""A multinomial logit fitted on collapsed patterns, with clustered errors."""

from __future__ import annotations

import numpy as np

from accountability.errors import Refusal
from accountability.stats.arrays import Floats, Ints
from accountability.stats.cell_likelihood import Fit, cells_of, check_columns, fit_by
from accountability.stats.optimise import Evaluation
from accountability.stats.penalised import Shrink
from accountability.stats.sandwich import Ways


def fit_multinomial(design: Floats, pattern: Ints, category: Ints, clusters: Ways, shrink: Shrink | None = None) -> Fit:
    """Fit a multinomial logit by maximum likelihood on covariate patterns.

    ``P(category = j) = exp(x b_j) / sum_k exp(x b_k)`` with ``b_0 = 0``.

    Parameters
    ----------
    design : array, patterns by columns
        Covariates of each pattern, with the constant.
    pattern, category : array of int
    clusters : array of int, or mapping of str to array of int
        For each row; category 0 is the reference, and every category must occur.
    shrink : Shrink, optional
        Penalty of the columns, for sparse data; its `sparse` may be categories by columns.

    Returns
    -------
    Fit
        ``coefficients``: those of category 1, then of category 2, and so on.

    Raises
    ------
    Refusal
        If a category is empty, columns are collinear, or no finite estimate exists.
    """
    from scipy.special import log_softmax

    ways = int(category.max())
    if ways < 1 or (np.bincount(category, minlength=ways + 1) == 0).any():
        raise Refusal("a multinomial logit needs two categories or more, each held by some row; put some together")
    patterns, width = design.shape
    cells = cells_of(pattern, category, patterns)
    if shrink is None:
        check_columns(design, cells)
    count = np.zeros((patterns, ways + 1))
    count[cells.pattern, cells.value] = cells.count
    total = count.sum(axis=1)
    held = count.sum(axis=0)
    theta = np.zeros((ways, width))
    theta[:, 0] = np.log(held[1:] / held[0]) if (design[:, 0] == 1).all() else 0.0

    def evaluate(at: Floats) -> Evaluation:
        index = np.hstack([np.zeros((patterns, 1)), design @ at.reshape(ways, width).T])
        logs = log_softmax(index, axis=1)
        chance = np.exp(logs)
        gradient = (count - total[:, None] * chance)[:, 1:].T @ design
        return float((count * logs).sum()), gradient.ravel(), _information(design, total, chance)

    def scores(at: Floats) -> Floats:
        residual = -chances(at, design)[cells.pattern, 1:]
        inside = cells.value > 0
        residual[np.flatnonzero(inside), cells.value[inside] - 1] += 1.0
        return (residual[:, :, None] * design[cells.pattern][:, None, :]).reshape(len(residual), -1)

    def reach(step: Floats) -> float:
        return float(np.abs(design @ step.reshape(ways, width).T).max())

    def each(at: Floats) -> Floats:
        chance = chances(at, design)[cells.pattern, 1:]
        inner = chance[:, :, None] * (np.eye(ways) - chance[:, None, :])
        x = design[cells.pattern]
        whole = inner[:, :, None, :, None] * x[:, None, :, None, None] * x[:, None, None, None, :]
        return whole.reshape(len(x), ways * width, ways * width)

    laid = shrink.laid(times=ways) if shrink else None
    return fit_by(
        evaluate, scores, theta.ravel(), cells, clusters, reach=reach, information=each, shrink=laid, power=-1.0
    )


def chances(theta: Floats, design: Floats) -> Floats:
    """Return the probability of each category for each pattern."""
    from scipy.special import softmax

    by_way = theta.reshape(-1, design.shape[1])
    return np.asarray(softmax(np.hstack([np.zeros((len(design), 1)), design @ by_way.T]), axis=1))


def _information(design: Floats, total: Floats, chance: Floats) -> Floats:
    ways, width = chance.shape[1] - 1, design.shape[1]
    out = np.empty((ways, width, ways, width))
    for a in range(ways):
        for b in range(a + 1):
            weight = total * chance[:, a + 1] * (float(a == b) - chance[:, b + 1])
            out[a, :, b, :] = design.T @ (design * weight[:, None])
            out[b, :, a, :] = out[a, :, b, :]
    return out.reshape(ways * width, ways * width)
