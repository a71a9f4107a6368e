"""Maximum likelihood on counted cells, and the variance that allows for clusters of rows.

A model's likelihood depends on the rows only through how many of them share a pattern of covariates and an outcome;
its clustered variance only through how many rows of a cluster do. So both are computed on counts and equal those of a
fit row by row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from accountability.errors import Refusal
from accountability.stats.arrays import Floats, Ints

COLLINEAR = "the columns say the same thing twice (their dummies are collinear); leave one of them out"
SEPARATED = (
    "some combination of the columns tells the outcome apart without exception (separation), so there is no finite "
    "estimate; put small groups together or leave a column out"
)
STEPS = 100
CLOSE = 1e-8  # Newton's error after a step of this size is below rounding
BLOCK = 16_384


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A model fitted by maximum likelihood.

    Attributes
    ----------
    coefficients : array
    covariance : array
        Clustered, with the correction G/(G-1) (n-1)/(n-k) of statsmodels.
    log_likelihood : float
    clusters : int
    plain : array
        The covariance were rows independent: the inverse of the observed information.
    """

    coefficients: Floats
    covariance: Floats
    log_likelihood: float
    clusters: int
    plain: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Rows counted by pattern and outcome.

    Attributes
    ----------
    pattern, value : array of int
        Of each cell.
    count : array of float
    of_row : array of int
        The cell of each row.
    """

    pattern: Ints
    value: Ints
    count: Floats
    of_row: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Slopes:
    """The log chance of each cell and its derivatives by the linear index and by the other parameters.

    Attributes
    ----------
    value, by_index, bend : array, one a cell
        Log chance, first derivative, and minus the second derivative by the index.
    by_other, bend_both : array, cells by other parameters
        First derivative by the others, and minus the mixed second derivative.
    bend_other : callable, optional
        From the weight of each cell, minus the second derivatives by the others, added up.
    """

    value: Floats
    by_index: Floats
    bend: Floats
    by_other: Floats | None = None
    bend_both: Floats | None = None
    bend_other: Callable[[Floats], Floats] | None = None


Model = Callable[[Floats, Floats, Ints], Slopes]


def cells_of(pattern: Ints, value: Ints, patterns: int) -> Cells:
    """Count rows by pattern and outcome (whole numbers from 0)."""
    top = int(value.max()) + 1
    key = pattern * top + value
    size = patterns * top
    if size <= 8 * len(key) + 1_000_000:
        held_by = np.bincount(key, minlength=size)
        held = np.flatnonzero(held_by)
        place = np.empty(size, dtype=np.int64)
        place[held] = np.arange(len(held))
        return Cells(held // top, held % top, held_by[held].astype(float), place[key])
    held, of_row = np.unique(key, return_inverse=True)
    return Cells(held // top, held % top, np.bincount(of_row).astype(float), of_row.ravel())


def tally(places: Ints, weights: Floats, size: int) -> Floats:
    """Weights added up by place."""
    return np.bincount(places, weights=weights, minlength=size).astype(np.float64)


def check_columns(design: Floats, cells: Cells) -> None:
    """Refuse columns of which one is made of others.

    Raises
    ------
    Refusal
    """
    count = tally(cells.pattern, cells.count, len(design))
    gram = design.T @ (design * count[:, None])
    scale = np.sqrt(np.diag(gram))
    if (scale == 0).any() or np.linalg.eigvalsh(gram / np.outer(scale, scale)).min(initial=1.0) < 1e-11:
        raise Refusal(COLLINEAR)


def maximise(
    model: Model,
    design: Floats,
    cells: Cells,
    other: Floats,
    index: Floats,
    allowed: Callable[[Floats], bool] = lambda other: True,
) -> tuple[Floats, Floats, float, Floats]:
    """Newton's method with halved steps for a likelihood of one linear index and a few other parameters.

    Parameters
    ----------
    model : callable
        Takes index and outcome of each cell, and the other parameters.
    design : array, patterns by columns
    cells : Cells
    other, index : array
        Starting values of the other parameters and of the columns.
    allowed : callable
        Whether values of the other parameters are possible.

    Returns
    -------
    theta, information, log_likelihood, scores
        The others first, then the columns; ``scores`` is one row a cell.

    Raises
    ------
    Refusal
        If no finite estimate exists.
    """
    width = len(other)
    theta = np.concatenate([other, index])

    def at(point: Floats) -> Slopes:
        return model((design @ point[width:])[cells.pattern], point[:width], cells.value)

    def likelihood(slopes: Slopes) -> float:
        return float(cells.count @ slopes.value)

    here = at(theta)
    for _ in range(STEPS):
        gradient, information = _sums(here, design, cells, width)
        step = _ascent(information, gradient)
        scale, now = 1.0, likelihood(here)
        while True:
            tried = theta + scale * step
            if allowed(tried[:width]):
                there = at(tried)
                if likelihood(there) >= now - 1e-11 * abs(now):
                    break
            scale /= 2
            if scale < 1e-9:
                there, tried = here, theta
                break
        theta, here = tried, there
        if np.abs(theta).max() > 40:
            raise Refusal(SEPARATED)
        if scale * np.abs(step).max() < CLOSE or scale < 1e-9:
            break
    if np.abs(theta[width:]).max(initial=0.0) > 15 or not np.isfinite(theta).all():
        raise Refusal(SEPARATED)
    _, information = _sums(here, design, cells, width)
    own = here.by_index[:, None] * design[cells.pattern]
    scores = own if here.by_other is None else np.hstack([here.by_other, own])
    return theta, information, likelihood(here), scores


def _sums(slopes: Slopes, design: Floats, cells: Cells, width: int) -> tuple[Floats, Floats]:
    patterns, columns = design.shape

    def by_pattern(numbers: Floats) -> Floats:
        return tally(cells.pattern, cells.count * numbers, patterns)

    gradient = np.empty(width + columns)
    information = np.empty((width + columns, width + columns))
    gradient[width:] = by_pattern(slopes.by_index) @ design
    information[width:, width:] = _crossed(design, by_pattern(slopes.bend))
    if slopes.by_other is not None and slopes.bend_both is not None and slopes.bend_other is not None:
        gradient[:width] = cells.count @ slopes.by_other
        mixed = np.stack([by_pattern(column) for column in slopes.bend_both.T]) @ design
        information[:width, width:] = mixed
        information[width:, :width] = mixed.T
        information[:width, :width] = slopes.bend_other(cells.count)
    return gradient, information


def _crossed(design: Floats, weights: Floats) -> Floats:
    """The weighted cross products of the columns, added up in blocks that stay in the processor's cache."""
    made = np.zeros((design.shape[1], design.shape[1]))
    for start in range(0, len(design), BLOCK):
        rows = design[start : start + BLOCK]
        made += rows.T @ (rows * weights[start : start + BLOCK, None])
    return made


def _ascent(information: Floats, gradient: Floats) -> Floats:
    """Newton's step; where the likelihood is not concave, with enough added to the diagonal to go up."""
    scale = np.maximum(np.abs(np.diag(information)), 1e-12)
    ridge = 0.0
    while ridge < 1e8:
        try:
            made = information + ridge * np.diag(scale)
            np.linalg.cholesky(made)
            return np.asarray(np.linalg.solve(made, gradient), dtype=np.float64)
        except np.linalg.LinAlgError:
            ridge = max(10 * ridge, 1e-10 if ridge == 0 else ridge)
    raise Refusal(SEPARATED)


def sandwich(information: Floats, scores: Floats, of_row: Ints, clusters: Ints, rows: int | None = None) -> Floats:
    """The clustered covariance from the scores of cells and the cell and cluster of each row."""
    bread = invert(information)
    summed = summed_scores(scores, of_row, clusters)
    groups, total, width = len(summed), rows or len(of_row), len(information)
    if groups < 2:
        raise Refusal("all rows belong to one officer, so errors clustered on the officer cannot be had")
    correction = groups / (groups - 1) * (total - 1) / (total - width)
    return correction * bread @ (summed.T @ summed) @ bread


def summed_scores(scores: Floats, of_row: Ints, clusters: Ints) -> Floats:
    """Scores of cells added up by cluster."""
    from scipy.sparse import coo_array

    shape = (int(clusters.max()) + 1, len(scores))
    return coo_array((np.ones(len(of_row)), (clusters, of_row)), shape=shape).tocsr() @ scores


def invert(information: Floats) -> Floats:
    """The inverse of an information matrix.

    Raises
    ------
    Refusal
        If it has none to working precision.
    """
    scale = np.sqrt(np.maximum(np.diag(information), 1e-300))
    scaled = information / np.outer(scale, scale)
    if np.linalg.eigvalsh(scaled).min() < 1e-13:
        raise Refusal(SEPARATED)
    return np.asarray(np.linalg.inv(scaled) / np.outer(scale, scale), dtype=np.float64)
