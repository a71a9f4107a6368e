"""Firth's penalty, half the log determinant of the information, which makes every estimate finite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from accountability.stats.arrays import Days, Floats
from accountability.stats.intervals import chi2_critical, p_chi2
from accountability.stats.optimise import Evaluation, Optimum, newton
from accountability.stats.partial_likelihood import Ties, derivatives
from accountability.stats.penalised import crossing
from accountability.stats.risksets import RiskSets

TINY: Final = 1e-30
"""Length of a complex step: derivatives by it are exact to rounding."""


@dataclass(frozen=True, slots=True, eq=False)
class Penalised:
    """Maximum of the penalised partial likelihood, with limits and p-values of its profile."""

    top: Optimum
    covariance: Floats
    lower: Floats
    upper: Floats
    p_value: Floats
    null: float


def penalised(sets: RiskSets, matrix: Floats, ties: Ties, confidence: float) -> Penalised:
    """Fit with the penalty."""
    width = matrix.shape[1]
    top = _top(sets, matrix, ties, np.arange(width), np.zeros(width))
    covariance = np.linalg.inv(derivatives(sets, matrix, top.at, ties).information)
    drop = chi2_critical(confidence) / 2
    limits, p_value = np.empty((2, width)), np.empty(width)
    for place in range(width):
        others = np.delete(np.arange(width), place)

        def profile(value: float, place: int = place, others: Days = others) -> float:
            start = top.at.copy()
            start[place] = value
            return _top(sets, matrix, ties, others, start).value

        p_value[place] = p_chi2(2 * (top.value - profile(0.0)), 1)
        error = float(np.sqrt(covariance[place, place]))
        for side in (0, 1):
            limits[side, place] = crossing(profile, float(top.at[place]), (2 * side - 1) * error, top.value - drop)
    null = derivatives(sets, matrix, np.zeros(width), ties)
    sign, size = np.linalg.slogdet(null.information)
    return Penalised(top, covariance, limits[0], limits[1], p_value, float(null.value) + sign * size / 2)


def _top(sets: RiskSets, matrix: Floats, ties: Ties, free: Days, start: Floats) -> Optimum:
    """Maximise the penalised likelihood over the free coefficients, the others held."""

    def evaluate(part: Floats) -> Evaluation:
        beta = start.copy()
        beta[free] = part
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            at = derivatives(sets, matrix, beta, ties)
            sign, size = np.linalg.slogdet(at.information) if np.isfinite(at.information).all() else (0.0, 0.0)
            if sign <= 0:
                return -np.inf, np.zeros(len(free)), np.eye(len(free))
            inverse = np.linalg.inv(at.information)
            pull = np.zeros(len(free))
            for number, place in enumerate(free):
                moved = beta.astype(complex)
                moved[place] += 1j * TINY
                slope = derivatives(sets, matrix, moved, ties).information.imag / TINY
                pull[number] = np.sum(inverse * slope) / 2
        return float(at.value) + size / 2, at.gradient[free] + pull, at.information[np.ix_(free, free)]

    if not len(free):
        return Optimum(start, evaluate(start[free])[0], np.eye(0), 0)
    top = newton(evaluate, start[free], lambda step: 0.0, secant=True, tolerance=1e-18)
    whole = start.copy()
    whole[free] = top.at
    return Optimum(whole, top.value, top.information, top.steps)
