"""The non-parametric maximum likelihood curve for interval-censored delays (Turnbull 1976).

The likelihood is maximised over the curve's values between the innermost intervals by a primal-dual interior-point
Newton method. Every case adds one difference of two values, so the Newton matrix is banded and a step is cheap. The
maximum is verified: a Kuhn-Tucker gap of the masses above the limit is an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from accountability.stats.arrays import LONGEST, Days, Floats
from accountability.stats.compress import compress
from accountability.stats.optimise import NotConverged

BEYOND: Final = LONGEST + 1
"""Last day of an interval without end."""

LIMIT: Final = 1e-6
AIM: Final = 1e-10
STEPS: Final = 200


@dataclass(frozen=True, slots=True, eq=False)
class Masses:
    """Probability of a delay lying in each innermost interval.

    The masses are unique: some case's interval ends on each innermost interval, and these cases in order determine the
    heights of the curve. The position of the mass inside an innermost interval is not identified.
    """

    # first, last: first and last day of each innermost interval that holds mass; ``BEYOND`` for no end
    first: Days
    last: Days
    mass: Floats  # Its probability; they sum to 1
    loglik: float  # Log-likelihood at the maximum
    gap: float  # Kuhn-Tucker gap: the mean log-likelihood a case is at most this much below its maximum


def collapse(low: Days, high: Days) -> tuple[Days, Days, Floats]:
    """Return distinct intervals: first days, last days and counts, in order."""
    width = high - low
    finite = high < BEYOND
    span = int(width[finite].max(initial=0)) + 2
    # Without an end is the widest width of all, so that two small numbers make one key.
    key = low * span + np.where(finite, width, span - 1)
    held = compress(key, int(key.max(initial=0)) + 1)
    first, width = held.found // span, held.found % span
    return first, np.where(width == span - 1, BEYOND, first + width), held.number.astype(float)


def innermost(first: Days, last: Days) -> tuple[Days, Days, Days, Days]:
    """Return the innermost intervals, and the range of them in each interval (start inclusive, stop exclusive).

    An innermost interval starts where an interval starts and ends at the next end, with nothing between. Only these can
    have mass.
    """
    starts, ends = np.unique(first), np.unique(last)
    next_end = ends[np.searchsorted(ends, starts)]
    inner = np.append(next_end[:-1] < starts[1:], True)
    begin, end = starts[inner], next_end[inner]
    return begin, end, np.searchsorted(begin, first), np.searchsorted(end, last, side="right")


def solve(low: Days, high: Days) -> Masses:
    """Maximise the likelihood of delays in ``[low, high]`` (both included, ``BEYOND`` for no end).

    Raises
    ------
    NotConverged
        If the Kuhn-Tucker gap stays above 1e-6.
    """
    return solve_counts(*collapse(low, high))


def solve_counts(first: Days, last: Days, number: Floats) -> Masses:
    """Maximise as :func:`solve` does, for distinct intervals with their numbers of cases (or fractional weights).

    Raises
    ------
    NotConverged
        As for :func:`solve`.
    """
    begin, end, start, stop = innermost(first, last)
    mass = _maximise(start, stop, number, len(begin))
    mass = _on_support(mass, start, stop, number)
    gradient, probability = _gradient(mass, start, stop, number)
    total = number.sum()
    gap = max(float(gradient.max() / total - 1), 0.0)
    if not gap <= LIMIT:
        raise NotConverged(
            f"the interval-dated curve was not proven to be the maximum: Kuhn-Tucker gap {gap:.2e}, at most {LIMIT:g} "
            f"expected ({int(total):,} cases, {len(first):,} distinct intervals). Please report this data pattern"
        )
    held = mass > 0
    return Masses(
        first=begin[held],
        last=end[held],
        mass=mass[held],
        loglik=float(number @ np.log(probability)),
        gap=gap,
    )


def _gradient(mass: Floats, start: Days, stop: Days, number: Floats) -> tuple[Floats, Floats]:
    """Derivative of the log-likelihood by each mass, and the probability of each interval."""
    height = np.concatenate([[0.0], np.cumsum(mass)])
    probability = np.maximum(height[stop] - height[start], 1e-300)
    pull = number / probability
    size = len(mass) + 1
    change = np.bincount(start, pull, size) - np.bincount(stop, pull, size)
    return np.cumsum(change)[:-1], probability


def _maximise(start: Days, stop: Days, number: Floats, size: int) -> Floats:
    if size == 1:
        return np.ones(1)
    total = number.sum()
    weight = number / total
    mass = np.full(size, 1 / size)
    for _ in range(20):  # a few EM steps bring any start near enough for Newton's
        mass = mass * _gradient(mass, start, stop, weight)[0]
        mass = np.maximum(mass / mass.sum(), 1e-12)
    # Intervals that cover everything have probability 1 whatever the masses.
    part = ~((start == 0) & (stop == size))
    start, stop, weight = start[part], stop[part], weight[part]
    if not len(start):
        return mass / mass.sum()
    dual = 0.1 / size / mass
    best, best_gap = mass, np.inf
    covered = 1 - weight.sum()
    stuck = 0
    system = _Banded(start, stop, size)
    for _ in range(STEPS):
        gradient, probability = _gradient(mass, start, stop, weight)
        gap = float(gradient.max() - (1 - covered))
        if gap < 0.5 * best_gap:
            stuck = 0
        else:
            stuck += 1
        if gap < best_gap:
            best, best_gap = mass, gap
        if best_gap <= AIM or stuck > 15:
            break
        barrier = 0.1 * float(mass @ dual) / size
        move = system.solve(weight / probability**2, dual / mass, gradient + barrier / mass)
        pull = barrier / mass - dual - dual / mass * move
        mass = mass + _room(mass, move) * move
        dual = dual + _room(dual, pull) * pull
        mass = mass / mass.sum()
    return best


def _room(value: Floats, move: Floats) -> float:
    """Share of a move that keeps every value above 0."""
    down = move < 0
    if not down.any():
        return 1.0
    return min(1.0, 0.99 * float((-value[down] / move[down]).min()))


class _Banded:
    """The Newton system over the curve's inner heights, stored by diagonals.

    The height after interval j is unknown number j; the height before the first is 0 and after the last 1. An
    interval of cases ties the height before its start to that after its stop.
    """

    def __init__(self, start: Days, stop: Days, size: int) -> None:
        self.size = size
        self.left, self.right = start - 1, stop - 1
        inner = (self.left >= 0) & (self.right < size - 1)
        self.inner = inner
        self.width = int(max((self.right - self.left)[inner].max(initial=1), 1))
        self.flat = (self.width - (self.right - self.left)[inner]) * (size - 1) + self.right[inner]

    def solve(self, curvature: Floats, barrier: Floats, slope: Floats) -> Floats:
        """Solve for the change of the masses."""
        n, width = self.size - 1, self.width
        uphill = slope[:-1] - slope[1:]
        ties = np.bincount(self.flat, -curvature[self.inner], (width + 1) * n).astype(float)
        matrix: Floats = ties.reshape(width + 1, n)
        has_left, has_right = self.left >= 0, self.right < n
        ends = np.concatenate([self.left[has_left], self.right[has_right]])
        touching = np.bincount(ends, np.concatenate([curvature[has_left], curvature[has_right]]), n)
        matrix[width] = matrix[width] + touching + barrier[:-1] + barrier[1:]
        if n == 1:
            return np.array([1.0, -1.0]) * uphill[0] / matrix[width, 0]
        matrix[width - 1, 1:] -= barrier[1:-1]
        diagonal = matrix[width].copy()
        for damping in (0.0, 1e-13, 1e-11, 1e-9, 1e-7, 1e-5):
            # Rounding can cost the matrix its definiteness near the end; a damped step is still uphill.
            matrix[width] = diagonal * (1 + damping)
            try:
                height = _solve_banded(matrix, uphill)
            except np.linalg.LinAlgError:
                continue
            return np.diff(height, prepend=0.0, append=0.0)
        return np.zeros(self.size)


def _solve_banded(bands: Floats, right: Floats) -> Floats:
    """Solve a positive definite system stored by diagonals, the main one last.

    LAPACK splits wide bands into thousands of small products, each of which wakes all threads: minutes on a busy
    machine. A sparse factor runs on one thread and profits from the many ties that no case makes.
    """
    from scipy.linalg import solveh_banded

    width, size = len(bands) - 1, len(right)
    if width <= 16:
        return solveh_banded(bands, right, check_finite=False)
    from scipy.sparse import csc_array
    from scipy.sparse.linalg import splu

    depth, column = np.nonzero(bands)
    row = column + depth - width
    value, off = bands[depth, column], row != column
    place = (np.concatenate([row, column[off]]), np.concatenate([column, row[off]]))
    matrix = csc_array((np.concatenate([value, value[off]]), place), shape=(size, size))
    try:
        factor = splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    except RuntimeError as error:
        raise np.linalg.LinAlgError(str(error)) from error
    return factor.solve(right)


def _on_support(mass: Floats, start: Days, stop: Days, number: Floats) -> Floats:
    """Drop the masses that are only the barrier's trace, and maximise again over the others alone.

    Kept only if every case still has a probability and the gap is no worse: the drop is tried, never trusted.
    """
    total = number.sum()
    slope = _gradient(mass, start, stop, number)[0] / total
    held = (mass > 1e-6) | (slope > 1 - 1e-6)
    place = np.concatenate([[0], np.cumsum(held)])
    if held.all() or (place[start] == place[stop]).any():
        return mass
    clean = np.zeros(len(mass))
    clean[held] = _maximise(place[start], place[stop], number, int(place[-1]))
    after = (_gradient(clean, start, stop, number)[0] / total).max() - 1
    return clean if after <= max(2 * (slope.max() - 1), LIMIT / 100) else mass


def interval_scores(low: Days, high: Days, pooled: Masses) -> Floats:
    """Return each case's derivative of the log-likelihood by its log hazard, under a common curve.

    Early closings have scores up to 1, cases open for long below 0; the scores sum to 0 at the maximum.
    """
    after = np.append(1.0, np.maximum(1 - np.cumsum(pooled.mass), 0))
    after[-1] = 0
    before = after[np.searchsorted(pooled.last, low, side="left")]
    beyond = after[np.searchsorted(pooled.last, high, side="right")]
    return (_entropy(before) - _entropy(beyond)) / (before - beyond)


def _entropy(share: Floats) -> Floats:
    """Share times its logarithm, 0 at 0."""
    return share * np.log(np.where(share > 0, share, 1))
