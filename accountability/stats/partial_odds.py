"""The partial proportional odds model, and tests of proportional odds."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from accountability.stats.arrays import Floats, Ints
from accountability.stats.cell_likelihood import Cells, Fit, Separated, cells_of, fit_by
from accountability.stats.compress import tally
from accountability.stats.optimise import Evaluation, NotConverged, Separation, invert, newton
from accountability.stats.ordered_logit import cell_information, cut_designs, fit_ordered
from accountability.stats.sandwich import Ways


def fit_partial(
    design: Floats,
    pattern: Ints,
    category: Ints,
    ways: Ways,
    free: Sequence[int],
    start: Fit | None = None,
    *,
    prior: float = 0.0,
    blocks: Sequence[Ints] = (),
) -> Fit:
    """Fit a partial proportional odds logit by maximum likelihood (Peterson and Harrell, Applied Statistics 39, 1990).

    ``P(category <= j) = F(a_j - x b - z g_j)`` with ``g_1 = 0`` and ``z`` the columns in ``free``: their coefficient at
    cut j is b plus g_j.

    Parameters
    ----------
    design, pattern, category, ways
        As in :func:`accountability.stats.ordered_logit.fit_ordered`.
    free : sequence of int
        Columns of the design whose coefficient may differ by cut.
    start : Fit, optional
        The proportional fit of the same data, if available.
    prior : float
        Rows added for each free level, half spread over the categories as in the proportional fit and half evenly
        (Clogg and others, Journal of the American Statistical Association 86, 1991), which makes every estimate finite.
    blocks : sequence of array of int
        Coefficients whose clustered covariance must not be smaller than the plain one.

    Returns
    -------
    Fit
        ``coefficients``: thresholds, the columns, then for the second and later cuts the shift of each free column.

    Raises
    ------
    Refusal
        As for the proportional fit; or if no finite estimate exists.
    """
    begin = start or fit_ordered(design, pattern, category, ways)
    steps = int(category.max())
    cells = cells_of(pattern, category, len(design))
    theta = np.concatenate([begin.coefficients, np.zeros((steps - 1) * len(free))])
    ends = cut_designs(design, steps, free)
    held = _with_rows(design, cells, free, chances(theta, ends), prior) if prior else cells
    fit = fit_by(
        lambda at: _evaluate(at, ends, held)[:3],
        lambda at: _evaluate(at, ends, cells)[3],
        theta,
        cells,
        ways,
        concave=False,
        reach=lambda step: float(np.abs(ends @ step).max()),
        information=lambda at: cell_information(at, ends, cells.pattern, cells.value),
        blocks=blocks,
    )
    if chances(fit.coefficients, ends).min() < 0:
        raise Separated("some pattern of the columns would have a category with a chance below zero")
    return replace(fit, log_likelihood=_evaluate(fit.coefficients, ends, cells)[0])


def highest(design: Floats, pattern: Ints, category: Ints, free: Sequence[int], start: Fit) -> float:
    """Return the supremum of the log likelihood with free cuts, also if no estimate attains it.

    Rows with a tiny weight keep all probabilities above zero, and the highest likelihood found is returned.
    """
    steps = int(category.max())
    cells = cells_of(pattern, category, len(design))
    ends = cut_designs(design, steps, free)
    theta = np.concatenate([start.coefficients, np.zeros((steps - 1) * len(free))])
    held = _with_rows(design, cells, free, chances(theta, ends), 1e-5)
    met = [start.log_likelihood]

    def evaluate(at: Floats) -> Evaluation:
        found = _evaluate(at, ends, held)[:3]
        if np.isfinite(found[0]):
            met.append(_evaluate(at, ends, cells)[0])
        return found

    with suppress(Separation, NotConverged):
        newton(evaluate, theta, lambda step: float(np.abs(ends @ step).max()), concave=False)
    return max(met)


def _with_rows(design: Floats, cells: Cells, free: Sequence[int], chance: Floats, prior: float) -> Cells:
    """The cells with rows added for each free level, over the categories half by their chances and half evenly."""
    even = (chance + 1 / chance.shape[1]) / 2
    count = prior * _weights(design, cells, free)[:, None] * even
    count[cells.pattern, cells.value] += cells.count
    return _counted(count)


def _weights(design: Floats, cells: Cells, free: Sequence[int]) -> Floats:
    """For each pattern, its share of one row per free level: those of an indicator, and those with none of them."""
    count = tally(cells.pattern, cells.count, len(design))
    chosen = design[:, list(free)]
    members = [column != 0 for column in chosen.T]
    out = np.zeros(len(design))
    for inside in [*members, ~np.any(members, axis=0)]:
        if inside.any():
            out[inside] += count[inside] / count[inside].sum()
    return out


def _counted(count: Floats) -> Cells:
    """Every pattern and category as a cell, with counts that need not be whole."""
    pattern, value = (index.ravel() for index in np.indices(count.shape))
    return Cells(pattern, value, count.ravel(), np.empty(0, dtype=np.int64))


def chances(theta: Floats, ends: Floats) -> Floats:
    """Return the probability of each category for each pattern, from the cuts' designs."""
    from scipy.special import expit

    below = expit(ends @ theta).T
    column = np.ones((len(below), 1))
    return np.diff(np.hstack([0 * column, below, column]), axis=1)


def score_test(design: Floats, pattern: Ints, category: Ints, fit: Fit, free: Sequence[int]) -> float:
    """Return the score statistic of proportional odds against free cuts for some columns, with independent rows."""
    steps = int(category.max())
    cells = cells_of(pattern, category, len(design))
    theta = np.concatenate([fit.coefficients, np.zeros((steps - 1) * len(free))])
    ends = cut_designs(design, steps, free)
    # The information expected under proportional odds: that observed bends upwards where cells are empty, and the
    # statistic would be negative.
    total = tally(cells.pattern, cells.count, len(design))
    expected = _counted(total[:, None] * chances(theta, ends))
    gradient, information = _evaluate(theta, ends, cells)[1], _evaluate(theta, ends, expected)[2]
    return wald(gradient, information)


def _evaluate(theta: Floats, ends: Floats, cells: Cells) -> tuple[float, Floats, Floats, Floats]:
    """Log likelihood, its gradient, the observed information, and the scores of cells."""
    from scipy.special import expit

    steps, patterns, width = ends.shape
    below = expit(ends @ theta)
    j, p = cells.value, cells.pattern
    above = np.where(j < steps, below[np.minimum(j, steps - 1), p], 1.0)
    under = np.where(j > 0, below[np.maximum(j - 1, 0), p], 0.0)
    chance = above - under
    if (chance <= 0).any():
        return -np.inf, np.zeros(width), np.eye(width), np.zeros((len(j), width))
    u, v = above * (1 - above) / chance, under * (1 - under) / chance
    up_up = u * (1 - 2 * above) - u * u
    low_low = -v * (1 - 2 * under) - v * v
    scores = np.zeros((len(j), width))
    gradient, information = np.zeros(width), np.zeros((width, width))
    for cut in range(steps):
        top, low = j == cut, j == cut + 1
        scores[top] += u[top, None] * ends[cut, p[top]]
        scores[low] -= v[low, None] * ends[cut, p[low]]
        weight = tally(p[top], cells.count[top] * -up_up[top], patterns)
        weight += tally(p[low], cells.count[low] * -low_low[low], patterns)
        information += ends[cut].T @ (ends[cut] * weight[:, None])
        if cut:
            both = tally(p[top], cells.count[top] * -(u * v)[top], patterns)
            mixed = ends[cut].T @ (ends[cut - 1] * both[:, None])
            information += mixed + mixed.T
    gradient = cells.count @ scores
    return float(cells.count @ np.log(chance)), gradient, information, scores


def brant(design: Floats, pattern: Ints, category: Ints, fits: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Return stacked slopes of separate logits at every cut, and their joint covariance (Brant, Biometrics 46, 1990).

    Parameters
    ----------
    design : array, patterns by columns
        Without a constant.
    pattern, category : array of int
        For each row.
    fits : sequence of array
        Coefficients of the logit of "above cut j", constant first.

    Raises
    ------
    Separation
        If a logit has no information on a column.

    Returns
    -------
    slopes, covariance : array
        By cut, without the constants.
    """
    from scipy.special import expit

    full = np.hstack([np.ones((len(design), 1)), design])
    count = tally(pattern, np.ones(len(pattern)), len(design))
    above = [expit(full @ own) for own in fits]
    bread = [invert(full.T @ (full * (count * q * (1 - q))[:, None])) for q in above]
    steps, width = len(fits), full.shape[1]
    covariance = np.empty((steps, width, steps, width))
    for a in range(steps):
        for b in range(a, steps):
            middle = full.T @ (full * (count * above[b] * (1 - above[a]))[:, None])
            covariance[a, :, b, :] = bread[a] @ middle @ bread[b]
            covariance[b, :, a, :] = covariance[a, :, b, :].T
    inner = covariance[:, 1:, :, 1:].reshape(steps * (width - 1), steps * (width - 1))
    return np.concatenate([own[1:] for own in fits]), inner


def wald(values: Floats, covariance: Floats) -> float:
    """Return the Wald statistic that all values are zero; missing if the covariance has no inverse."""
    try:
        return float(values @ invert(covariance) @ values)
    except Separation:
        return float("nan")
