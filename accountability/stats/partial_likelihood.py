"""The partial likelihood of the Cox model on cells of cases, with its derivatives.

The information needs no sum of squares per day. With ``A`` a slot's sum of inverse risk totals, a case at risk
contributes its squares times the sum of ``A`` over its run, so one weighted cross-product of the patterns and first
moments per slot suffice. Ties are handled as Efron (1977) or Breslow (1974) did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from accountability.stats.arrays import Floats
from accountability.stats.cross_product import gram
from accountability.stats.optimise import Evaluation
from accountability.stats.risksets import RiskSets
from accountability.stats.ties import TieSums, breslow, efron

Ties = Literal["efron", "breslow"]


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """Sums per slot at given coefficients."""

    # first, first_tied: slots by terms: first moments of those at risk and of those that close
    first: Any
    first_tied: Any
    sums: TieSums  # Sums over the slot's closings

    @property
    def mean_each(self) -> Any:
        """Return the sum of the mean covariates over ``S_l``."""
        return self.first * self.sums.c0[:, None] - self.first_tied * self.sums.c1[:, None]

    @property
    def mean_tied(self) -> Any:
        """Return the sum of ``f_l`` times the mean covariates over ``S_l``."""
        return self.first * self.sums.c1[:, None] - self.first_tied * self.sums.c2[:, None]

    @property
    def mean_sum(self) -> Any:
        """Return the sum of the mean covariates over tied closings."""
        return self.first * self.sums.a[:, None] - self.first_tied * self.sums.b[:, None]


@dataclass(frozen=True, slots=True, eq=False)
class Derivatives:
    """Log partial likelihood, its gradient and information, and their slot sums."""

    value: Any
    gradient: Any
    information: Any
    slots: Slots
    weight: Any


def derivatives(sets: RiskSets, matrix: Any, beta: Any, ties: Ties) -> Derivatives:
    """Evaluate the partial likelihood; complex coefficients give derivatives by complex steps."""
    score = matrix @ beta
    weight = np.exp(score)
    total, first, tied, first_tied = sets.moments(weight, matrix)
    if ties == "efron" and bool((sets.closings > 1).any()):
        sums = efron(total, tied, sets.closings)
    else:
        first_tied = np.zeros_like(first)
        sums = breslow(total, sets.closings)
    slots = Slots(first, first_tied, sums)
    held = weight * sets.per_pattern(sums.a, sums.b)
    closed = sets.closed_pattern
    information = gram(matrix, held) - first.T @ slots.mean_each
    if ties == "efron":
        information = information + first_tied.T @ slots.mean_tied
    return Derivatives(
        value=closed @ score - sums.log.sum(),
        gradient=matrix.T @ (closed - held),
        information=(information + information.T) / 2,
        slots=slots,
        weight=weight,
    )


def evaluation(
    sets: RiskSets, matrix: Floats, ties: Ties, null: Derivatives | None = None
) -> Callable[[Floats], Evaluation]:
    """Return the partial likelihood as a function for the optimiser; `null` is what is known of it at 0."""

    def evaluate(beta: Floats) -> Evaluation:
        if null is not None and not beta.any():
            return float(null.value), null.gradient, null.information
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            at = derivatives(sets, matrix, beta, ties)
        return float(at.value), at.gradient, at.information

    return evaluate


def score_residuals(sets: RiskSets, matrix: Floats, at: Derivatives) -> Floats:
    """Return the score residual of one case of each cell, including its share of the risk totals."""
    slots = at.slots
    weight = at.weight[sets.pattern][:, None]
    x = matrix[sets.pattern]
    held = sets.per_cell(slots.sums.a, slots.sums.b)[:, None]
    mean = sets.per_cell(slots.mean_each, slots.mean_tied)
    out = -weight * (x * held - mean)
    done = sets.closed
    slot = sets.last[done] - 1
    out[done] += x[done] - (slots.mean_sum / sets.closings[:, None])[slot]
    return out


def cell_information(sets: RiskSets, matrix: Floats, at: Derivatives) -> Floats:
    """Return the information of one case of each cell, from its distance to the mean of each day at risk.

    Days with several closings use one risk total; the cells then add up to the information except for ties.
    """
    slots = at.slots
    weight = at.weight[sets.pattern][:, None, None]
    x = matrix[sets.pattern]
    each = slots.sums.a
    mean = slots.mean_each / np.where(each > 0, each, 1.0)[:, None]
    none = np.zeros_like(each)
    held = sets.per_cell(each, none)
    first = sets.per_cell(mean * each[:, None], np.zeros_like(mean))
    square = mean[:, :, None] * mean[:, None, :] * each[:, None, None]
    second = sets.per_cell(square, np.zeros_like(square))
    mixed = x[:, :, None] * first[:, None, :]
    own = held[:, None, None] * x[:, :, None] * x[:, None, :] - mixed - mixed.transpose(0, 2, 1) + second
    return np.asarray(weight * own)
