"""The score test of proportional hazards (Grambsch and Therneau 1994, in its exact form)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from accountability.errors import Refusal
from accountability.stats.arrays import Days, Flags, Floats
from accountability.stats.cross_product import gram
from accountability.stats.partial_likelihood import Derivatives
from accountability.stats.risksets import RiskSets

Scale = Literal["km", "rank", "identity", "log"]
SCALES = ("km", "rank", "identity", "log")


@dataclass(frozen=True, slots=True, eq=False)
class PullOfAge:
    """The score and information of an interaction with age.

    Attributes
    ----------
    each : array
        Schoenfeld's residuals, one row per slot.
    pull : array
        Score of the interaction, one per column.
    plain, mixed, square : array
        Information weighted by the powers 0, 1 and 2 of age.
    """

    each: Floats
    pull: Floats
    plain: Floats
    mixed: Floats
    square: Floats

    @classmethod
    def of(cls, sets: RiskSets, matrix: Floats, at: Derivatives, scale: Scale) -> PullOfAge:
        """Return the sums for the test, with age centred; refuses closings on fewer than three days."""
        if len(np.unique(sets.day)) < 3:
            raise Refusal("closings lie on fewer than three days: no change with age can be seen")
        age = _scaled(sets, scale)
        age = age - np.average(age, weights=sets.closings)
        each = schoenfeld(sets, matrix, at)
        plain, mixed, square = (weighted_information(sets, matrix, at, age**power) for power in range(3))
        # At a penalised estimate the score of the main coefficients is not 0: what it gives the interaction goes
        # (Neyman's C(alpha) test).
        pull = age @ each - mixed @ np.linalg.solve(plain, each.sum(axis=0))
        return cls(each, pull, plain, mixed, square)

    def statistic(self, chosen: Flags, part: str) -> float:
        """Return the chi-squared statistic of the chosen columns' interaction with age, with free main coefficients."""
        mixed = self.mixed[chosen]
        left = self.square[np.ix_(chosen, chosen)] - mixed @ np.linalg.solve(self.plain, mixed.T)
        if np.linalg.matrix_rank(left) < chosen.sum():
            raise Refusal(f"closings of {part} lie on too few days to see its ratio change")
        return float(self.pull[chosen] @ np.linalg.solve(left, self.pull[chosen]))


def _scaled(sets: RiskSets, scale: Scale) -> Floats:
    """Age of each slot on the chosen scale."""
    day = sets.day.astype(float)
    if scale == "identity":
        return day
    if scale == "log":
        if (sets.day == 0).any():
            raise Refusal("a case closed on day 0, which has no logarithm: use scale='km' or 'rank'")
        return np.log(day)
    ages, place = np.unique(sets.day, return_inverse=True)
    return (_ranks(sets, ages) if scale == "rank" else _closed_before(sets, ages))[place]


def _ranks(sets: RiskSets, ages: Days) -> Floats:
    """Mean rank of each closing day among the last days of all cases."""
    ends = sets.ends
    below, upto = np.searchsorted(ends, ages), np.searchsorted(ends, ages, side="right")
    return (below + upto + 1) / 2


def _closed_before(sets: RiskSets, ages: Days) -> Floats:
    """Share closed before each closing day, all strata together."""
    closings = np.bincount(np.searchsorted(ages, sets.day), sets.closings)
    ends, entries = sets.ends, sets.entries
    at_risk = np.searchsorted(entries, ages, side="right") - np.searchsorted(ends, ages)
    return 1 - np.concatenate([[1.0], np.cumprod(1 - closings / at_risk)[:-1]])


def schoenfeld(sets: RiskSets, matrix: Floats, at: Derivatives) -> Floats:
    """Return Schoenfeld residuals: covariates of the closings of each slot, minus their expectation."""
    return sets.on_closing(np.ones(len(matrix)), matrix)[1] - at.slots.mean_sum


def weighted_information(sets: RiskSets, matrix: Floats, at: Derivatives, scale: Floats) -> Floats:
    """Return the information of the slots, weighted."""
    slots = at.slots
    held = at.weight * sets.per_pattern(scale * slots.sums.a, scale * slots.sums.b)
    outer = slots.first.T @ (scale[:, None] * slots.mean_each)
    outer = outer - slots.first_tied.T @ (scale[:, None] * slots.mean_tied)
    information = gram(matrix, held) - outer
    return (information + information.T) / 2
