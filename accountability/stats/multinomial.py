"""A multinomial logit fitted on collapsed patterns, with clustered errors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from accountability.errors import Refusal
from accountability.stats.arrays import Floats, Ints
from accountability.stats.cell_likelihood import Cells, Fit, cells_of, check_columns, fit_by, near
from accountability.stats.cross_product import BLOCK, in_blocks
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
    ways = int(category.max())
    if ways < 1 or (np.bincount(category, minlength=ways + 1) == 0).any():
        raise Refusal("a multinomial logit needs two categories or more, each held by some row; put some together")
    patterns, width = design.shape
    cells = cells_of(pattern, category, patterns)
    if shrink is None:
        check_columns(design, cells)
    held = np.bincount(cells.value, cells.count, ways + 1)
    theta = np.zeros((ways, width))
    theta[:, 0] = np.log(held[1:] / held[0]) if (design[:, 0] == 1).all() else 0.0
    evaluate = _likelihood(design, cells, ways)
    if shrink is None:
        theta = near(cells, lambda some, few: _likelihood(design[some], few, ways), theta.ravel())

    def scores(at: Floats) -> Floats:
        residual = -cells.designs(chances(at, design))[:, 1:]
        inside = cells.value > 0
        residual[np.flatnonzero(inside), cells.value[inside] - 1] += 1.0
        return (residual[:, :, None] * cells.designs(design)[:, None, :]).reshape(len(residual), -1)

    def reach(step: Floats) -> float:
        return float(np.abs(design @ step.reshape(ways, width).T).max())

    def each(at: Floats) -> Floats:
        chance = cells.designs(chances(at, design))[:, 1:]
        inner = chance[:, :, None] * (np.eye(ways) - chance[:, None, :])
        x = cells.designs(design)
        whole = inner[:, :, None, :, None] * x[:, None, :, None, None] * x[:, None, None, None, :]
        return whole.reshape(len(x), ways * width, ways * width)

    laid = shrink.laid(times=ways) if shrink else None
    return fit_by(evaluate, scores, theta.ravel(), cells, clusters, reach=reach, information=each, shrink=laid)


def chances(theta: Floats, design: Floats) -> Floats:
    """Return the probability of each category for each pattern."""
    # One category after another, so that each step runs along the memory.
    index = np.vstack([np.zeros(len(design)), theta.reshape(-1, design.shape[1]) @ design.T])
    chance = np.exp(index - index.max(axis=0))
    return np.ascontiguousarray((chance / chance.sum(axis=0)).T)


def _likelihood(design: Floats, cells: Cells, ways: int) -> Callable[[Floats], Evaluation]:
    """The likelihood of the coefficients, in blocks of patterns that fit the processor's cache."""
    patterns, width = design.shape
    columns = np.ascontiguousarray(design.T)
    count = np.zeros((ways + 1, patterns))
    count[cells.value, cells.pattern] = cells.count
    total = count.sum(axis=0)
    pairs = [(a, b) for a in range(ways) for b in range(a + 1)]
    held = np.empty((len(pairs), width, min(patterns, BLOCK)))

    def evaluate(at: Floats) -> Evaluation:
        theta = at.reshape(ways, width)
        value, gradient, squares = 0.0, np.zeros((ways, width)), np.zeros((len(pairs) * width, width))
        for some in in_blocks(patterns):
            x, number = columns[:, some], count[:, some]
            index = theta @ x
            top = np.maximum(index.max(axis=0), 0.0)
            index -= top
            chance = np.exp(index)
            rest = np.exp(-top)
            whole = rest + chance.sum(axis=0)
            chance /= whole
            value += (number[1:] * index).sum() - number[0] @ top - total[some] @ np.log(whole)
            expected = chance * total[some]
            gradient += (number[1:] - expected) @ x.T
            weighted = held[:, :, : x.shape[1]]
            for place, (a, b) in enumerate(pairs):
                np.multiply(x, expected[a] * (float(a == b) - chance[b]), out=weighted[place])
            squares += weighted.reshape(len(squares), -1) @ x.T
        out = np.empty((ways, width, ways, width))
        for (a, b), square in zip(pairs, squares.reshape(len(pairs), width, width), strict=True):
            out[a, :, b, :] = out[b, :, a, :] = square
        return float(value), gradient.ravel(), out.reshape(ways * width, ways * width)

    return evaluate
