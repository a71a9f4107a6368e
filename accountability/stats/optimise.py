"""Newton's method with halved steps, which returns a verified maximum or says why there is none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from accountability.errors import AccountabilityError
from accountability.stats.arrays import Floats

STEPS: Final = 100
HALVINGS: Final = 40
FARTHEST: Final = 20.0
"""Largest change of a linear predictor in one step: a factor of 5e8 between two rates."""
SETTLED: Final = 1e-16
"""Predicted increase of a step that would move nothing by more than 1.5e-8 of its standard error: it is not taken."""

Evaluation = tuple[float, Floats, Floats]


class NotConverged(AccountabilityError):
    """The maximum could not be verified."""


class Separation(AccountabilityError):
    """The likelihood increases without limit, or is flat, in a direction; the error holds the direction."""

    def __init__(self, direction: Floats) -> None:
        super().__init__("the likelihood has no maximum at finite coefficients")
        self.direction = direction


@dataclass(frozen=True, slots=True, eq=False)
class Optimum:
    """The maximum: coefficients, value, information (negative Hessian), and number of steps."""

    at: Floats
    value: float
    information: Floats
    steps: int


def newton(
    evaluate: Callable[[Floats], Evaluation],
    start: Floats,
    reach: Callable[[Floats], float] | None = None,
    *,
    concave: bool = True,
    secant: bool = False,
    tolerance: float = 1e-9,
    farthest: float = FARTHEST,
    noise: float = 0.0,
) -> Optimum:
    """Maximise a likelihood.

    Parameters
    ----------
    evaluate : callable
        Function of coefficients that returns value, gradient and information (negative Hessian); a non-finite value
        rejects the step.
    start : array
    reach : callable, optional
        Function of a step that returns the largest change in a linear predictor; by default its largest element.
    concave : bool
        Whether the information is positive definite everywhere; else it is damped where needed.
    secant : bool
        Whether the information only approximates the negative Hessian; a step beyond the maximum of its line is then
        shortened to a slope of 0.
    tolerance : float
        Predicted increase at the last step. Use a smaller one if the information is not exactly the negative Hessian.
    farthest : float
        Largest reach of one step.
    noise : float
        Decrease of the value to ignore, for values from numerical integration.

    Raises
    ------
    Separation
        When steps stay large without increasing the likelihood: at a finite maximum a step with a predicted increase of
        1e-5 moves a linear predictor by at most 0.003 of its standard error.
    NotConverged
        After a hundred steps.
    """
    move = reach or (lambda step: float(np.abs(step).max(initial=0.0)))
    at = start.astype(float)
    value, gradient, information = evaluate(at)
    known = np.abs(np.diag(information))
    for count in range(STEPS):
        if concave and (np.diag(information) < 1e-13 * known).any():
            raise Separation(at - start)
        step = _solve(information, gradient, concave)
        promise = float(gradient @ step)
        far = move(step)
        if (promise < 1e-5 and far > 0.3) or (promise < 1e-9 and far > 0.01):
            raise Separation(step)
        if promise < SETTLED and not secant:
            return Optimum(at, value, information, count)
        if far > farthest:
            step, promise = step * (farthest / far), np.inf
        size = 1.0
        for _ in range(HALVINGS):
            new = evaluate(at + size * step)
            if np.isfinite(new[0]) and new[0] >= value - 1e-11 * abs(value) - noise:
                break
            size /= 2
        else:
            # No step rises any more: rounding at the maximum, or far out on an endless slope.
            if far > 0.01:
                raise Separation(step)
            return Optimum(at, value, information, count)
        slope = float(new[1] @ step)
        if secant and slope < -0.3 * promise:
            size *= promise / (promise - slope)
            new = evaluate(at + size * step)
        at = at + size * step
        value, gradient, information = new
        if promise < tolerance and (size == 1 or secant):
            return Optimum(at, value, information, count + 1)
    if far > 0.01:
        raise Separation(step)
    raise NotConverged(f"the likelihood was not maximised in {STEPS} steps; please report this data pattern")


def _solve(information: Floats, gradient: Floats, concave: bool) -> Floats:
    scale = np.sqrt(np.maximum(np.abs(np.diag(information)), 1e-300))
    square = information / np.outer(scale, scale)
    if not np.isfinite(square).all():
        raise NotConverged("the information about the coefficients is not finite; please report this data pattern")
    values, vectors = np.linalg.eigh(square)
    largest = max(float(np.abs(values).max(initial=0.0)), 1e-300)
    if concave or values[0] > 1e-12 * largest:
        curvature = np.maximum(values, 1e-14 * largest)
    else:
        # Where the likelihood bends upwards a Newton step would climb to a saddle; turn it round.
        curvature = np.maximum(np.abs(values), 1e-3 * largest)
    return (vectors @ ((vectors.T @ (gradient / scale)) / curvature)) / scale


def weakest(information: Floats) -> tuple[float, Floats]:
    """Return the smallest eigenvalue of an information matrix scaled to a unit diagonal, and its vector."""
    size = np.diag(information)
    if not (np.isfinite(information).all() and (size > 0).all()):
        return 0.0, (~(size > 0)).astype(float)
    scale = np.sqrt(size)
    values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
    return float(values[0]) if len(values) else 1.0, vectors[:, 0] if len(values) else size


def invert(information: Floats) -> Floats:
    """Return the inverse of an information matrix.

    Raises
    ------
    Separation
        If it is singular to working precision.
    """
    least, vector = weakest(information)
    if least < 1e-13:
        raise Separation(vector)
    scale = np.sqrt(np.diag(information))
    return np.asarray(np.linalg.inv(information / np.outer(scale, scale)) / np.outer(scale, scale), dtype=np.float64)
