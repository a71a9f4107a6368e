"""Maximum likelihood on counted cells, with a clustered variance.

The likelihood depends only on the number of rows by covariate pattern and outcome, its clustered variance also on their
number by cluster. So both are computed on counts and equal those of a fit to rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from accountability.errors import Refusal
from accountability.stats.arrays import Floats, Ints
from accountability.stats.compress import combine, tally
from accountability.stats.cross_product import BLOCK, gram, in_blocks
from accountability.stats.optimise import Evaluation, NotConverged, Separation, invert, newton, weakest
from accountability.stats.penalised import Shrink, raised, with_limits
from accountability.stats.sandwich import Clustered, Ways, clustered, weighed_clusters
from accountability.stats.scaled_rows import Rows, ScaledRows

SAMPLED: Final = 50_000
SPARED: Final = 16
"""Where more rows than the former have covariates of their own, the maximum is first sought among one in so many."""
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
    scores: Rows | None = None
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
    alone: bool = False  # Whether every pattern is one cell: then cells are the patterns, in their order

    def designs(self, of_patterns: Floats) -> Floats:
        """Return what holds for each pattern for each cell."""
        return of_patterns if self.alone else of_patterns[self.pattern]


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
    # Minus the second derivative of each cell by the only other parameter
    neg_only: Floats | None = None


Model = Callable[[Floats, Floats, Ints], Slopes]


def cells_of(pattern: Ints, value: Ints, patterns: int) -> Cells:
    """Count rows by pattern and outcome (whole numbers from 0)."""
    if patterns == len(pattern) and (pattern == np.arange(patterns)).all():
        return Cells(pattern, value, np.ones(patterns), pattern, alone=True)
    top = int(value.max()) + 1
    held = combine((pattern, value), (patterns, top), len(pattern))
    found, seen = np.divmod(held.found, top)
    alone = len(found) == patterns and bool((found[1:] > found[:-1]).all())
    return Cells(found, seen, held.number.astype(float), held.code, alone)


def check_columns(design: Floats, cells: Cells) -> Floats:
    """Refuse collinear columns, and return their cross-product over rows.

    Raises
    ------
    Refusal
    """
    count = cells.count if cells.alone else tally(cells.pattern, cells.count, len(design))
    square: Floats = gram(design, count)
    if weakest(square)[0] < 1e-11:
        raise Separated(COLLINEAR)
    return square


def fit_by(
    evaluate: Callable[[Floats], Evaluation],
    scores: Callable[[Floats], Rows],
    start: Floats,
    cells: Cells,
    ways: Ways,
    *,
    concave: bool = True,
    reach: Callable[[Floats], float] | None = None,
    information: Callable[[Floats], Rows] | None = None,
    vectors: bool = False,
    power: float = -0.5,
    shrink: Shrink | None = None,
    blocks: Sequence[Ints] = (),
) -> Fit:
    """Maximise a likelihood and add its clustered covariance, which is no smaller than the plain one on `blocks`.

    Where the information of each cell is given at the coefficients, as
    :func:`accountability.stats.sandwich.clustered` takes it, the covariance is corrected where a coefficient rests on
    few clusters; `vectors` says that it comes as vectors, with which the correction costs little and is always made.

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
    own = scores(top.at)
    if information and not vectors:
        errors = weighed_clusters(
            plain, np.asarray(own), cells.of_row, ways, lambda: np.asarray(information(top.at)), power
        )
    else:
        errors = clustered(plain, own, cells.of_row, ways, information(top.at) if information else None, power=power)
    limits = None
    if shrink:
        limits = with_limits(shrink, height, top.at, top.value, plain, errors.covariance, concave=concave)
        everywhere = shrink.sparse[shrink.scale > 0].all()
        blocks = [np.arange(len(plain))] if everywhere else [*blocks, *np.flatnonzero(shrink.sparse)[:, None]]
    if blocks:
        errors = replace(errors, covariance=raised(errors.covariance, plain, blocks))
    return Fit(top.at, errors, evaluate(top.at)[0] if shrink else top.value, plain, own, cells.of_row, limits)


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
    # One column after another, so that long products run along the memory.
    columns = np.asfortranarray(design) if len(design) > BLOCK else design
    last: list[tuple[Floats, Slopes]] = []

    def at(point: Floats) -> Slopes:
        if not last or not np.array_equal(last[0][0], point):
            last[:] = [(point.copy(), model(cells.designs(columns @ point[width:]), point[:width], cells.value))]
        return last[0][1]

    def evaluate(point: Floats) -> Evaluation:
        if allowed and not allowed(point[:width]):
            return -np.inf, np.zeros(len(point)), np.eye(len(point))
        if cells.alone and not width:
            slopes, gradient, square = _by_blocks(model, columns, cells, point)
            last[:] = [(point.copy(), slopes)]
            return float(cells.count @ slopes.value), gradient, square
        slopes = at(point)
        return float(cells.count @ slopes.value), *_sums(slopes, columns, cells, width)

    def scores(point: Floats) -> Rows:
        slopes = at(point)
        if cells.alone and slopes.by_other is None:
            return ScaledRows(slopes.by_index, columns)
        own = slopes.by_index[:, None] * cells.designs(design)
        return own if slopes.by_other is None else np.hstack([slopes.by_other, own])

    def reach(step: Floats) -> float:
        farthest = (float(np.abs(columns[some] @ step[width:]).max()) for some in in_blocks(len(columns)))
        return max(*farthest, float(np.abs(step[:width]).max(initial=0.0)))

    start = np.concatenate([other, index])
    if allowed is None and shrink is None:
        start = near(cells, lambda some, few: _evaluated(model, np.asfortranarray(design[some]), few, width), start)

    def of_index(point: Floats) -> Rows:
        root = np.sqrt(at(point).neg_hessian)
        return ScaledRows(root, columns) if cells.alone else root[:, None] * cells.designs(design)

    laid, known = shrink.laid(width) if shrink else None, information if width else of_index
    return fit_by(
        evaluate, scores, start, cells, ways, concave=not width, reach=reach, information=known, vectors=not width,
        shrink=laid,
    )  # fmt: skip


def _by_blocks(model: Model, design: Floats, cells: Cells, point: Floats) -> tuple[Slopes, Floats, Floats]:
    """Slopes of rows with covariates of their own, gradient and information, in blocks that fit the cache."""
    value, by_index, neg_hessian = np.empty((3, len(design)))
    gradient, information, none = np.zeros(len(point)), np.zeros((len(point), len(point))), np.empty(0)
    for some in in_blocks(len(design)):
        rows, count = design[some], cells.count[some]
        made = model(rows @ point, none, cells.value[some])
        value[some], by_index[some], neg_hessian[some] = made.value, made.by_index, made.neg_hessian
        gradient += (count * made.by_index) @ rows
        information += rows.T @ ((count * made.neg_hessian)[:, None] * rows)
    return Slopes(value, by_index, neg_hessian), gradient, information


def _sums(slopes: Slopes, design: Floats, cells: Cells, width: int) -> tuple[Floats, Floats]:
    patterns, columns = design.shape

    def by_pattern(numbers: Floats) -> Floats:
        weighted = cells.count * numbers
        return weighted if cells.alone else tally(cells.pattern, weighted, patterns)

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


def near(cells: Cells, among: Callable[[slice, Cells], Callable[[Floats], Evaluation]], start: Floats) -> Floats:
    """Return values near the maximum, from every sixteenth row: two or three steps with all rows then settle it.

    `among` gives the likelihood of some rows. Where rows collapse, `start` is returned.
    """
    if not cells.alone or len(cells.count) < SAMPLED:
        return start
    some = slice(None, None, SPARED)
    one = np.arange(len(cells.count[some]))
    try:
        few = Cells(one, cells.value[some], cells.count[some], one, alone=True)
        return newton(among(some, few), start, tolerance=0.1).at
    except (Separation, NotConverged):  # all rows may say what some do not
        return start


def _evaluated(model: Model, design: Floats, cells: Cells, width: int) -> Callable[[Floats], Evaluation]:
    def evaluate(point: Floats) -> Evaluation:
        if not width:
            slopes, gradient, square = _by_blocks(model, design, cells, point)
            return float(cells.count @ slopes.value), gradient, square
        slopes = model(design @ point[width:], point[:width], cells.value)
        return float(cells.count @ slopes.value), *_sums(slopes, design, cells, width)

    return evaluate
