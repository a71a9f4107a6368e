"""Log-F penalties, which keep coefficients of sparse cells finite, and profile likelihood limits.

The penalty of a coefficient equals one added row, half of it with the outcome: 95 % of a log-F(1,1) distribution of
odds ratios is between 1/648 and 648 (Greenland and Mansournia, Statistics in Medicine 34, 2015).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from accountability.stats.arrays import Floats, Ints
from accountability.stats.intervals import chi2_critical, p_chi2
from accountability.stats.optimise import Evaluation, NotConverged, Separation, newton

Bools = npt.NDArray[np.bool_]
Evaluate = Callable[[Floats], Evaluation]


@dataclass(frozen=True, slots=True, eq=False)
class Shrink:
    """A penalty of some coefficients.

    Attributes
    ----------
    scale : array
        Multiplier of a coefficient in the penalty: 1 for an indicator, the standard deviation for a number, 0 for no
        penalty.
    sparse : array of bool
        Coefficients with an empty cell; they get profile limits.
    confidence : float
    """

    scale: Floats
    sparse: Bools
    confidence: float

    def columns(self) -> Shrink:
        """Return the penalty for a design without the constant."""
        return replace(self, scale=self.scale[1:], sparse=self.sparse[..., 1:])

    def laid(self, before: int = 0, times: int = 1) -> Shrink:
        """Return the penalty for some parameters without one, then the columns repeated."""
        free = np.zeros(before)
        sparse = self.sparse.ravel() if self.sparse.ndim > 1 else np.tile(self.sparse, times)
        return replace(
            self,
            scale=np.concatenate([free, np.tile(self.scale, times)]),
            sparse=np.concatenate([free.astype(bool), sparse]),
        )

    def of(self, evaluate: Evaluate, after: int = 0) -> Evaluate:
        """Return a likelihood with the penalty, which is 0 at coefficients of 0.

        The last `after` parameters have no penalty.
        """
        scale = np.concatenate([self.scale, np.zeros(after)])

        def penalised(at: Floats) -> Evaluation:
            value, gradient, information = evaluate(at)
            t = scale * at
            held = (1 + np.tanh(t / 2)) / 2
            worth = t / 2 - np.logaddexp(0.0, t) + np.log(2.0)
            return (
                value + float(worth.sum()),
                gradient + scale * (0.5 - held),
                information + np.diag(scale**2 * held * (1 - held)),
            )

        return penalised


def profile_limits(
    evaluate: Evaluate, top: Floats, value: float, spread: Floats, place: int, fall: float, *, concave: bool
) -> tuple[float, float, float]:
    """Return the profile limits of one coefficient, and the fall of the profile at 0."""
    others = np.delete(np.arange(len(top)), place)
    lean = spread[others, place] / spread[place, place]

    def profile(number: float) -> float:
        def part(free: Floats) -> Evaluation:
            whole = np.insert(free, place, number)
            height, gradient, information = evaluate(whole)
            return height, gradient[others], information[np.ix_(others, others)]

        start = top[others] + lean * (number - top[place])
        if not np.isfinite(part(start)[0]):
            start = top[others]
        return newton(part, start, concave=concave).value

    error = float(np.sqrt(spread[place, place]))
    lower, upper = (crossing(profile, float(top[place]), side * error, value - fall) for side in (-1, 1))
    return lower, upper, value - profile(0.0)


def with_limits(
    shrink: Shrink, evaluate: Evaluate, top: Floats, value: float, plain: Floats, clustered: Floats, *, concave: bool
) -> Floats:
    """Return limits and p-values of the sparse coefficients, missing for the others.

    Where the clustered variance of a coefficient is larger than that of independent rows, the profile is widened by
    their ratio (Chandler and Bate, Biometrika 94, 2007).
    """
    out = np.full((3, len(top)), np.nan)
    for place in np.flatnonzero(shrink.sparse):
        wider = max(1.0, float(clustered[place, place] / plain[place, place]))
        fall = chi2_critical(shrink.confidence) / 2 * wider
        try:
            low, high, drop = profile_limits(evaluate, top, value, plain, int(place), fall, concave=concave)
        except (NotConverged, Separation):
            continue
        out[:, place] = low, high, p_chi2(2 * drop / wider, 1)
    return out


def raised(clustered: Floats, plain: Floats, blocks: Sequence[Ints]) -> Floats:
    """Return a clustered covariance that is not below the plain one on blocks of sparse coefficients.

    Rows of a cell without events have residuals near zero, which make the clustered variance too small.
    """
    out = clustered.copy()
    for block in blocks:
        where = np.ix_(block, block)
        values, vectors = np.linalg.eigh(plain[where] - clustered[where])
        out[where] += (vectors * np.maximum(values, 0.0)) @ vectors.T
    return out


def crossing(
    profile: Callable[[float], float], start: float, stride: float, height: float, near: float = 1e-8
) -> float:
    """Find where the profile falls to a height, on one side of its maximum, to within `near`."""
    from scipy.optimize import brentq

    outer = start + stride
    for _ in range(60):
        if profile(outer) < height:
            return float(brentq(lambda value: profile(value) - height, start, outer, xtol=near, rtol=1e-10))
        outer = start + (outer - start) * 1.6
    raise NotConverged("the penalised likelihood does not fall to the height of the interval; please report this")
