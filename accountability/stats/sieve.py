"""A smooth distribution of delays from coarse dates: masses on overlapping triangles, by maximum likelihood.

Coarse dates do not identify a share for each day, but they do for triangles as wide as the dates: their tops are a
month apart for months, and further apart where few cases closed. The density is then linear between tops (a linear
spline), and the masses have a variance as other parameters do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from accountability.errors import Refusal
from accountability.stats.arrays import Days, Flags, Floats
from accountability.stats.npmle import LIMIT
from accountability.stats.optimise import NotConverged

if TYPE_CHECKING:
    from scipy.sparse import csr_array

FEWEST: Final = 20
"""Closings from one top to the next, both included, at least; before the last, those that are left."""

MOST_TOPS: Final = 100
"""More tops than this are not asked for, however many the closings."""

AIM: Final = 1e-9
STEPS: Final = 200
HELD: Final = 1e-9
"""A mass below this is none."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Distinct combinations of dates: days, and the possible days of each end (0 for an open case's stop)."""

    low: Days
    high: Days
    start_span: Days
    stop_span: Days

    def part(self, which: Flags) -> Cells:
        """Return a subset of the combinations."""
        return Cells(self.low[which], self.high[which], self.start_span[which], self.stop_span[which])


@dataclass(frozen=True, slots=True, eq=False)
class Smooth:
    """One group's masses."""

    tops: Days  # Day of each triangle's top; the first is day 0, the last the first day after all that were seen
    # Shape (tops + 1, days): share of each triangle's mass on each day; the last row is for delays after all days
    # seen, on none of them
    shape: Floats
    # Shape (ways, tops + 1): share of all cases by way of closing; delays after all days seen stand in the first way
    mass: Floats
    covariance: Floats  # Shape (ways * (tops + 1),) * 2: of the masses, row by row; 0 for a mass of 0
    gap: float  # Kuhn-Tucker gap of the maximum
    loglik: float  # Log-likelihood, but for what no curve changes

    @property
    def last(self) -> int:
        """Last day with information."""
        return int(self.tops[-1]) - 1

    def share(self, weights: Floats, ways: slice = slice(None)) -> tuple[Floats, Floats]:
        """Return weighted sums (rows of `weights`) of the masses of some causes, and their errors."""
        each = np.zeros((len(weights), *self.mass.shape))
        each[:, ways] = weights[:, None, :]
        flat = each.reshape(len(weights), -1)
        spread = np.einsum("ij,jk,ik->i", flat, self.covariance, flat)
        return flat @ self.mass.ravel(), np.sqrt(np.maximum(spread, 0))


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """The design of one group's dates by mass, before cases are counted."""

    # tops, shape: as those of :class:`Smooth`
    tops: Days
    shape: Floats
    # Shape (kinds of dates, masses): probability of each kind (closed by way, then open) for a unit of each mass, up
    # to a factor of the kind
    design: Floats
    done: Flags  # Which cells are of closed cases
    # Masses that exist: of delays beyond all days seen, which no closing can tell, only the first way holds any
    free: Flags
    what: str  # What is estimated, for messages

    @classmethod
    def of(cls, cells: Cells, number: Floats, what: str) -> Model:
        """Place the triangles for the given cases.

        Parameters
        ----------
        cells : Cells
            Distinct combinations of dates.
        number : array of float, shape (cells, ways)
            Cases of each combination, by cause of closing; open cases are in the first.
        what : str
            What is estimated, for messages.

        Raises
        ------
        Refusal
            With too few closings for the coarseness of the dates.
        """
        done = cells.stop_span > 0
        tops = _tops(cells, number.sum(axis=1), done, what)
        closed, open_ = kernels(cells)
        shape = _triangles(tops, closed.shape[1])
        ways, size = number.shape[1], len(tops) + 1
        free = np.ones(ways * size, bool)
        free[2 * size - 1 :: size] = False
        design = _design((closed @ shape.T)[done], (open_ @ (1 - np.cumsum(shape, axis=1)).T)[~done], ways)
        return cls(tops, shape, design, done, free, what)

    def counts(self, number: Floats) -> Floats:
        """Return the cases of each row of the design."""
        return np.concatenate([number[self.done].ravel(order="F"), number[~self.done].sum(axis=1)])

    def masses(self, number: Floats, start: Floats | None = None) -> Floats:
        """Return the maximum likelihood masses, one row per cause; `start` may be those of similar cases."""
        counts = self.counts(number)
        seen = counts > 0
        mass = np.zeros(len(self.free))
        begin = None if start is None else start.ravel()[self.free]
        mass[self.free] = _maximise(self.design[np.ix_(seen, self.free)], counts[seen], begin)
        return mass.reshape(number.shape[1], -1)

    def fit(self, number: Floats) -> Smooth:
        """Fit the masses, verify the maximum and add their covariance.

        Raises
        ------
        Refusal
            When the dates do not identify the triangles.
        NotConverged
            When the Kuhn-Tucker gap stays above 1e-6.
        """
        shares = self.masses(number)
        mass, counts = shares.ravel(), self.counts(number)
        probability = self.design @ mass
        seen = counts > 0
        design, counts, probability = self.design[seen], counts[seen], probability[seen]
        total = counts.sum()
        gap = max(float((design.T @ (counts / probability))[self.free].max() / total - 1), 0.0)
        if not gap <= LIMIT:
            raise NotConverged(
                f"{self.what} was not proven to be the maximum: Kuhn-Tucker gap {gap:.2e}, at most {LIMIT:g} expected "
                f"({int(total):,} cases, {len(counts):,} distinct kinds of dates). Please report this data pattern"
            )
        covariance = _covariance(design, counts, mass, self.what)
        return Smooth(self.tops, self.shape, shares, covariance, gap, float(counts @ np.log(probability)))


def kernels(cells: Cells) -> tuple[csr_array, csr_array]:
    """Return weights over days of delay of closed cells, and over the age at the cut-off of open ones."""
    from scipy.sparse import csr_array

    done = cells.stop_span > 0
    width = np.where(done, cells.high - cells.low + 1, cells.start_span)
    begin = np.cumsum(width) - width
    cell = np.repeat(np.arange(len(width)), width)
    day = np.arange(len(cell)) - begin[cell] + cells.low[cell]
    a, b, high = cells.start_span[cell], cells.stop_span[cell], cells.high[cell]
    # Pairs of a start day and a stop day that many days apart: a trapezoid that ends at the longest delay.
    from_end = high - day
    pairs = np.minimum(np.minimum(from_end + 1, a + b - 1 - from_end), np.minimum(a, b))
    weight = np.where(done[cell], pairs, 1).astype(float)
    days = int(max(cells.high.max(), (cells.low + cells.start_span).max())) + 2
    shape = (len(width), days)
    kept = done[cell]
    closed = csr_array((weight[kept], (cell[kept], day[kept])), shape=shape)
    return closed, csr_array((weight[~kept], (cell[~kept], day[~kept])), shape=shape)


def _tops(cells: Cells, number: Floats, done: Flags, what: str) -> Days:
    """Days of the tops: as far apart as most dates are coarse, and with closings enough between them."""
    closings = number[done].sum()
    span = np.maximum(cells.start_span, cells.stop_span)[done]
    order = np.argsort(span)
    reached = np.cumsum(number[done][order]) >= 0.9 * closings
    width = int(span[order][np.argmax(reached)]) if len(span) else 1
    end = int(max((cells.high + 1)[done].max(initial=0), (cells.low + cells.start_span)[~done].max(initial=0)))
    enough = max(FEWEST, closings / MOST_TOPS)
    middle = (cells.low + cells.high)[done] / 2
    order = np.argsort(middle)
    middle, gone = middle[order], np.cumsum(number[done][order])
    tops = [0]
    while tops[-1] < end:
        before = np.searchsorted(middle, tops[-1])
        there = np.searchsorted(gone, (gone[before - 1] if before else 0) + enough)
        following = int(np.ceil(middle[there])) if there < len(middle) else end
        following = max(following, tops[-1] + width)
        tops.append(end if following > end - width / 2 else following)
    if len(tops) < 4:
        raise Refusal(
            f"{what} is estimated in steps of at least {width:,} days, as the dates are coarse, and {FEWEST} closings; "
            f"{int(closings):,} closings within {end:,} days leave {len(tops) - 1} such steps and it takes 3. Use "
            "delay.interval_curve, which needs none, with delay.curve_limits"
        )
    return np.array(tops)


def _triangles(tops: Days, days: int) -> Floats:
    """Share of each triangle on each day; day d is the time from d to d + 1, and counts at its middle."""
    middle = np.arange(days) + 0.5
    raw = np.array([np.interp(middle, tops, one, right=0.0) for one in np.eye(len(tops))])
    return np.vstack([raw / raw.sum(axis=1, keepdims=True), np.zeros(days)])


def _design(closed: Floats, still: Floats, ways: int) -> Floats:
    """Put the closed kinds, once for every way, above the open ones, which may close in any."""
    of_closed = np.zeros((ways, len(closed), ways, closed.shape[1]))
    for way in range(ways):
        of_closed[way, :, way] = closed
    return np.vstack([of_closed.reshape(-1, ways * closed.shape[1]), np.tile(still, (1, ways))])


def _maximise(design: Floats, counts: Floats, start: Floats | None) -> Floats:
    """Masses of the greatest likelihood: each step is a non-negative least-squares problem (Wang 2007)."""
    from scipy.linalg import cholesky, solve_triangular
    from scipy.optimize import nnls

    total = counts.sum()
    size = design.shape[1]
    even = np.full(size, 1 / size)
    mass = even if start is None else 0.9 * start + 0.1 * even
    for _ in range(10 if start is None else 1):  # a few EM steps bring any start near enough for Newton's
        mass = mass * (design.T @ (counts / (design @ mass))) / total
    best = float(counts @ np.log(design @ mass))
    for _ in range(STEPS):
        probability = design @ mass
        slope = design.T @ (counts / probability)
        if slope.max() / total - 1 <= AIM:
            break
        scaled = design * (np.sqrt(counts) / probability)[:, None]
        curvature = scaled.T @ scaled
        curvature[np.diag_indices(size)] += 1e-12 * np.trace(curvature)
        root = cholesky(curvature)
        aim, _ = nnls(root, solve_triangular(root, 2 * slope - total, trans="T"))
        mass, reached = _better(design, counts, mass, aim, best)
        if reached <= best:
            break
        best = reached
    return np.where(mass > HELD, mass, 0) / mass[mass > HELD].sum()


def _better(design: Floats, counts: Floats, mass: Floats, aim: Floats, best: float) -> tuple[Floats, float]:
    """Go as far towards the aim as the likelihood grows."""
    step = 1.0
    while step > 1e-8:
        tried = mass + step * (aim - mass)
        tried = tried / tried.sum()
        probability = design @ tried
        if (probability > 0).all() and (reached := float(counts @ np.log(probability))) > best:
            return tried, reached
        step /= 2
    return mass, best


def _covariance(design: Floats, counts: Floats, mass: Floats, what: str) -> Floats:
    """Inverse of the observed information of masses that sum to one."""
    held = mass > 0
    scaled = (design * (np.sqrt(counts) / (design @ mass))[:, None])[:, held]
    information = scaled.T @ scaled
    size = 1 / np.sqrt(np.diag(information))
    if np.linalg.eigvalsh(information * np.outer(size, size))[0] < 1e-10:
        raise Refusal(
            f"the dates do not tell the days apart that {what} rests on, so it has no interval: use "
            "delay.interval_curve, which says where the curve is not known"
        )
    full = np.zeros((len(mass), len(mass)))
    # At the maximum the information times the masses is the number of cases, whence this form of the constraint.
    full[np.ix_(held, held)] = np.linalg.inv(information) - np.outer(mass[held], mass[held]) / counts.sum()
    return full
