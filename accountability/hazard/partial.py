"""The partial likelihood of Cox's model on cells of cases, with its derivatives.

The information needs no sum of squares per day. With ``A`` a slot's sum of inverse risk totals, a case at risk
contributes its squares times the sum of ``A`` over its run, so one weighted cross-product of the patterns and first
moments per slot suffice. Ties are handled as Efron (1977) or Breslow (1974) did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from accountability.durations import Days
from accountability.hazard.risksets import RiskSets

Ties = Literal["efron", "breslow"]


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """Sums of each slot at given coefficients.

    With ``S_l`` the risk total at the l-th of m tied closings and ``f_l`` = l/m (0 under Breslow):

    Attributes
    ----------
    total, tied : array
        Risk totals of those at risk and of those that close.
    first, first_tied : array, slots by terms
        Their first moments.
    a, b, c0, c1, c2 : array
        Sums of ``1/S_l``, ``f_l/S_l``, ``1/S_l^2``, ``f_l/S_l^2``, ``f_l^2/S_l^2``.
    log : array
        Sum of ``log S_l``.
    """

    total: Any
    tied: Any
    first: Any
    first_tied: Any
    a: Any
    b: Any
    c0: Any
    c1: Any
    c2: Any
    log: Any

    @property
    def mean_each(self) -> Any:
        """Sum of the mean covariates over ``S_l``."""
        return self.first * self.c0[:, None] - self.first_tied * self.c1[:, None]

    @property
    def mean_tied(self) -> Any:
        """Sum of ``f_l`` times the mean covariates over ``S_l``."""
        return self.first * self.c1[:, None] - self.first_tied * self.c2[:, None]

    @property
    def mean_sum(self) -> Any:
        """Sum of the mean covariates at each of the tied closings."""
        return self.first * self.a[:, None] - self.first_tied * self.b[:, None]


@dataclass(frozen=True, slots=True, eq=False)
class Derivatives:
    """Log partial likelihood, its gradient and information, and what they were made of."""

    value: Any
    gradient: Any
    information: Any
    slots: Slots
    weight: Any


def derivatives(sets: RiskSets, matrix: Any, beta: Any, ties: Ties) -> Derivatives:
    """Evaluate the partial likelihood; complex coefficients give derivatives by complex steps."""
    score = matrix @ beta
    weight = np.exp(score)
    moments = np.concatenate([weight[:, None], weight[:, None] * matrix], axis=1)
    risk = sets.at_risk(moments)
    together = ties == "efron" and bool((sets.closings > 1).any())
    tied = sets.on_closing(moments) if together else np.zeros_like(risk)
    sums = _ties(risk, tied, sets.closings)
    held = weight * sets.per_pattern(sums.a, sums.b)
    closed = sets.closed_pattern
    information = matrix.T @ (held[:, None] * matrix)
    outer = sums.first.T @ (sums.c0[:, None] * sums.first - sums.c1[:, None] * sums.first_tied)
    outer = outer - sums.first_tied.T @ (sums.c1[:, None] * sums.first - sums.c2[:, None] * sums.first_tied)
    information = information - outer
    return Derivatives(
        value=closed @ score - sums.log.sum(),
        gradient=matrix.T @ (closed - held),
        information=(information + information.T) / 2,
        slots=sums,
        weight=weight,
    )


def _ties(risk: Any, tied: Any, closings: Days) -> Slots:
    """Sum over the tied closings of every slot."""
    total, of_tied = risk[:, 0], tied[:, 0]
    if not of_tied.any():
        inverse = 1 / total
        a, c0 = closings * inverse, closings * inverse**2
        nothing = np.zeros_like(a)
        return Slots(
            total, of_tied, risk[:, 1:], tied[:, 1:], a, nothing, c0, nothing, nothing, closings * np.log(total)
        )
    start = np.cumsum(closings) - closings
    place = np.arange(int(closings.sum())) - np.repeat(start, closings)
    share = place / np.repeat(closings, closings)
    left = np.repeat(total, closings) - share * np.repeat(of_tied, closings)
    log = np.add.reduceat(np.log(left), start)
    inverse = 1 / left
    a = np.add.reduceat(inverse, start)
    of_share = share * inverse
    b = np.add.reduceat(of_share, start)
    c1 = np.add.reduceat(of_share * inverse, start)
    c2 = np.add.reduceat(of_share * of_share, start)
    c0 = np.add.reduceat(inverse * inverse, start)
    return Slots(total, of_tied, risk[:, 1:], tied[:, 1:], a, b, c0, c1, c2, log)
