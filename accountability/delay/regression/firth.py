"""Firth's penalty: half the logarithm of the information's determinant, which keeps every estimate finite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd

from accountability.delay.regression.cox_model import Cox, assumptions
from accountability.delay.regression.regression_result import counts_by_term, table_of
from accountability.errors import AccountabilityError
from accountability.stats.arrays import Days, Floats
from accountability.stats.design import Design
from accountability.stats.optimise import Optimum, newton
from accountability.stats.partial_likelihood import Ties, derivatives
from accountability.stats.risksets import RiskSets
from accountability.study.durations import Durations

TINY: Final = 1e-30
"""Length of a complex step: derivatives by it are exact to rounding."""


def penalised(
    durations: Durations,
    made: Design,
    sets: RiskSets,
    strata: pd.DataFrame,
    centre: Floats,
    ties: Ties,
    level: float,
    event_word: str,
) -> Cox:
    """Fit with the penalty; intervals and p-values are those of the profile of the penalised likelihood."""
    from scipy.special import chdtrc, chdtri

    matrix = made.matrix - centre
    width = len(made.terms)
    peak = _peak(sets, matrix, ties, np.arange(width), np.zeros(width))
    at = derivatives(sets, matrix, peak.at, ties)
    covariance = np.linalg.inv(at.information)
    table = table_of(made.terms, peak.at, covariance, level, counts_by_term(made, sets.closed_pattern))
    drop = float(chdtri(1, 1 - level)) / 2
    for place in range(width):
        others = np.delete(np.arange(width), place)

        def profile(value: float, place: int = place, others: Days = others) -> float:
            start = peak.at.copy()
            start[place] = value
            return _peak(sets, matrix, ties, others, start).value

        table.loc[place, "p"] = float(chdtrc(1, max(2 * (peak.value - profile(0.0)), 0.0)))
        error = float(np.sqrt(covariance[place, place]))
        for side, name in ((-1, "low"), (1, "high")):
            end = _crossing(profile, float(peak.at[place]), side * error, peak.value - drop)
            table.loc[place, name] = np.exp(end)
    null = derivatives(sets, matrix, np.zeros(width), ties)
    sign, size = np.linalg.slogdet(null.information)
    return Cox(
        estimand=f"ratio of the daily rate of {event_word}, by {durations.clock}",
        assumptions=assumptions(None, None),
        method=f"Cox's model, {ties.capitalize()} ties, Firth's penalty, profile penalised likelihood intervals",
        table=table,
        flow=durations.flow,
        terms=made.terms,
        coefficients=peak.at,
        covariance=covariance,
        log_likelihood=peak.value,
        null_log_likelihood=float(null.value) + sign * size / 2,
        cases=len(durations),
        events=int(sets.closed_pattern.sum()),
        clusters=None,
        level=level,
        ratio_word=f"ratio of the daily rate of {event_word}",
        ties=ties,
        penalty="firth",
        model_covariance=covariance,
        design=made,
        sets=sets,
        strata=strata,
        centre=centre,
        cluster=None,
        event_word=event_word,
        clock=durations.clock,
    )


def _peak(sets: RiskSets, matrix: Floats, ties: Ties, free: Days, start: Floats) -> Optimum:
    """Maximise the penalised likelihood over the free coefficients, the others held."""
    chosen = free

    def evaluate(part: Floats) -> tuple[float, Floats, Floats]:
        beta = start.copy()
        beta[chosen] = part
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            at = derivatives(sets, matrix, beta, ties)
            if not np.isfinite(at.information).all():
                return -np.inf, np.zeros(len(chosen)), np.eye(len(chosen))
            sign, size = np.linalg.slogdet(at.information)
            if sign <= 0:
                return -np.inf, np.zeros(len(chosen)), np.eye(len(chosen))
            inverse = np.linalg.inv(at.information)
            pull = np.zeros(len(chosen))
            for number, place in enumerate(chosen):
                moved = beta.astype(complex)
                moved[place] += 1j * TINY
                slope = derivatives(sets, matrix, moved, ties).information.imag / TINY
                pull[number] = np.sum(inverse * slope) / 2
        return float(at.value) + size / 2, at.gradient[chosen] + pull, at.information[np.ix_(chosen, chosen)]

    if not len(chosen):
        return Optimum(start, evaluate(start[chosen])[0], np.eye(0), 0)
    peak = newton(evaluate, start[chosen], lambda step: 0.0, secant=True, tolerance=1e-18)
    whole = start.copy()
    whole[chosen] = peak.at
    return Optimum(whole, peak.value, peak.information, peak.steps)


def _crossing(profile: Callable[[float], float], start: float, stride: float, height: float) -> float:
    """Where the profile falls to a height, on one side of its maximum."""
    from scipy.optimize import brentq

    outer = start + stride
    for _ in range(60):
        if profile(outer) < height:
            return float(brentq(lambda value: profile(value) - height, start, outer, xtol=1e-8, rtol=1e-10))
        outer = start + (outer - start) * 1.6
    raise AccountabilityError(
        "the penalised likelihood does not fall to the height of the interval; please report this"
    )
