"""Maximum likelihood on counted cells, with a clustered variance.

The likelihood depends only on the number of rows by covariate pattern and outcome, its clustered variance also on their
number by cluster. So both are computed on counts and equal those of a fit to rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from accountability.errors import Refusal
from accountability.stats.arrays import Floats, Ints, gram
from accountability.stats.compress import combine, tally
from accountability.stats.optimise import Evaluation, NotConverged, Separation, invert, newton, weakest
from accountability.stats.penalised import Shrink, raised, with_limits
from accountability.stats.sandwich import FEW, Clustered, Ways, clustered, even_clusters, named_ways

COLLINEAR = "the columns are collinear; leave one of them out"
SEPARATED = (
    "some combination of the columns tells the outcome apart without exception (separation), so there is no finite "
    "estimate; put small groups together or leave a column out"
)


class Separated(Refusal):
    """No finite estimate exists."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A model fitted by maximum likelihood, with a penalty or without."""

    coefficients: Floats
    errors: Clustered
    log_likelihood: float
    plain: Floats  # The covariance were rows independent: the inverse of the observed information
    # The score of one row of each cell, and the cell of each row, where errors are clustered
    scores: Floats | None = None
    cell: Ints | None = None
    # Where there is a penalty: lower and upper limits and p-values of the profile, missing for what is not sparse
    limits: Floats | None = None

    @property
    def covariance(self) -> Floats:
        """Clustered covariance of the coefficients."""
        return self.errors.covariance

    @property
    def clusters(self) -> int:
        """Number of clusters, of the dimension with fewest."""
        return self.errors.clusters


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Rows counted by pattern and outcome."""

    # pattern, value: of each cell
    pattern: Ints
    value: Ints
    count: Floats
    of_row: Ints  # The cell of each row


@dataclass(frozen=True, slots=True, eq=False)
class Slopes:
    """The log probability of each cell and its derivatives by the linear index and the other parameters."""

    # value, by_index, neg_hessian: one a cell: log chance, first derivative, and minus the second derivative by the
    # index
    value: Floats
    by_index: Floats
    neg_hessian: Floats
    # by_other, neg_mixed: cells by other parameters: first derivative by the others, and minus the mixed second
    # derivative
    by_other: Floats | None = None
    neg_mixed: Floats | None = None
    # From the weight of each cell, minus the second derivatives by the others, added up
    neg_other: Callable[[Floats], Floats] | None = None


Model = Callable[[Floats, Floats, Ints], Slopes]


def cells_of(pattern: Ints, value: Ints, patterns: int) -> Cells:
    """Count rows by pattern and outcome (whole numbers from 0)."""
    top = int(value.max()) + 1
    held = combine((pattern, value), (patterns, top), len(pattern))
    return Cells(*np.divmod(held.found, top), held.number.astype(float), held.code)


def many(ways: Ways) -> bool:
    """Return whether the effective number of clusters is large enough to need no correction."""
    return min(map(even_clusters, named_ways(ways).values())) > FEW


def check_columns(design: Floats, cells: Cells) -> None:
    """Refuse collinear columns.

    Raises
    ------
    Refusal
    """
    if weakest(gram(design, tally(cells.pattern, cells.count, len(design))))[0] < 1e-11:
        raise Separated(COLLINEAR)


def fit_by(
    evaluate: Callable[[Floats], Evaluation],
    scores: Callable[[Floats], Floats],
    start: Floats,
    cells: Cells,
    ways: Ways,
    *,
    concave: bool = True,
    reach: Callable[[Floats], float] | None = None,
    information: Callable[[Floats], Floats] | None = None,
    power: float = -0.5,
    shrink: Shrink | None = None,
    blocks: Sequence[Ints] = (),
) -> Fit:
    """Maximise a likelihood and add its clustered covariance, which is no smaller than the plain one on `blocks`.

    Where the information of each cell is given at the coefficients, as
    :func:`accountability.stats.sandwich.clustered` takes it, the covariance is corrected for few clusters.

    Raises
    ------
    Separated
        If no finite estimate exists.
    """
    height = shrink.of(evaluate) if shrink else evaluate
    try:
        top = newton(height, start, reach, concave=concave, tolerance=1e-12)
        plain = invert(top.information)
    except (Separation, NotConverged) as endless:
        raise Separated(SEPARATED) from endless
    own, known = scores(top.at), information(top.at) if information else None
    if known is not None and known.ndim > 2 and many(ways):
        known = None
    errors = clustered(plain, own, cells.of_row, ways, known, power=power)
    limits = None
    if shrink:
        limits = with_limits(shrink, height, top.at, top.value, plain, errors.covariance, concave=concave)
        everywhere = shrink.sparse[shrink.scale > 0].all()
        blocks = [np.arange(len(plain))] if everywhere else [*blocks, *np.flatnonzero(shrink.sparse)[:, None]]
    if blocks:
        errors = replace(errors, covariance=raised(errors.covariance, plain, blocks))
    return Fit(top.at, errors, evaluate(top.at)[0], plain, own, cells.of_row, limits)


def maximise(
    model: Model,
    design: Floats,
    cells: Cells,
    other: Floats,
    index: Floats,
    ways: Ways,
    allowed: Callable[[Floats], bool] | None = None,
    shrink: Shrink | None = None,
    information: Callable[[Floats], Floats] | None = None,
) -> Fit:
    """Fit a likelihood of one linear index and a few other parameters.

    Parameters
    ----------
    model : callable
        Takes index and outcome of each cell, and the other parameters.
    design : array, patterns by columns
    cells : Cells
    other, index : array
        Starting values of the other parameters and of the columns; the coefficients come in this order.
    ways : array of int, or mapping of str to array of int
        The clusters of each row, along one dimension or two.
    allowed : callable, optional
        Whether values of the other parameters are possible.
    shrink : Shrink, optional
        Penalty of the columns.
    information : callable, optional
        Information of each cell, if there are other parameters; without it errors are not corrected for few clusters.

    Raises
    ------
    Refusal
        If no finite estimate exists.
    """
    width = len(other)

    def at(point: Floats) -> Slopes:
        return model((design @ point[width:])[cells.pattern], point[:width], cells.value)

    def evaluate(point: Floats) -> Evaluation:
        if allowed and not allowed(point[:width]):
            return -np.inf, np.zeros(len(point)), np.eye(len(point))
        slopes = at(point)
        return float(cells.count @ slopes.value), *_sums(slopes, design, cells, width)

    def scores(point: Floats) -> Floats:
        slopes = at(point)
        own = slopes.by_index[:, None] * design[cells.pattern]
        return own if slopes.by_other is None else np.hstack([slopes.by_other, own])

    def reach(step: Floats) -> float:
        return float(max(np.abs(design @ step[width:]).max(), np.abs(step[:width]).max(initial=0.0)))

    start = np.concatenate([other, index])

    def of_index(point: Floats) -> Floats:
        return np.sqrt(at(point).neg_hessian)[:, None] * design[cells.pattern]

    laid, known = shrink.laid(width) if shrink else None, information if width else of_index
    return fit_by(evaluate, scores, start, cells, ways, concave=not width, reach=reach, information=known, shrink=laid)


def _sums(slopes: Slopes, design: Floats, cells: Cells, width: int) -> tuple[Floats, Floats]:
    patterns, columns = design.shape

    def by_pattern(numbers: Floats) -> Floats:
        return tally(cells.pattern, cells.count * numbers, patterns)

    gradient = np.empty(width + columns)
    information = np.empty((width + columns, width + columns))
    gradient[width:] = by_pattern(slopes.by_index) @ design
    information[width:, width:] = gram(design, by_pattern(slopes.neg_hessian))
    if slopes.by_other is not None and slopes.neg_mixed is not None and slopes.neg_other is not None:
        gradient[:width] = cells.count @ slopes.by_other
        mixed = np.stack([by_pattern(column) for column in slopes.neg_mixed.T]) @ design
        information[:width, width:] = mixed
        information[width:, :width] = mixed.T
        information[:width, :width] = slopes.neg_other(cells.count)
    return gradient, information
