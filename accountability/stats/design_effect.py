"""The design effect of chi-squared where its rows share officers or complaints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accountability.stats.arrays import Floats, Ints
from accountability.stats.intervals import p_f
from accountability.stats.memberships import SharedPairs
from accountability.stats.sandwich import Ways, named_ways


@dataclass(frozen=True, slots=True)
class DesignEffect:
    """What a chi-squared statistic is divided by, and the F it is then read from.

    Attributes
    ----------
    effect : float
        Mean variance of the numbers whose squares add up to the statistic; 1 for independent rows.
    above, below : float
        Degrees of freedom of F.
    numbers : int
    """

    effect: float
    above: float
    below: float
    numbers: int

    def p_value(self, statistic: float) -> float:
        """Return the p-value of the statistic; missing where rows that share something cancel."""
        return p_f(statistic / (self.effect * self.numbers), self.above, self.below) if self.effect > 0 else np.nan


def design_effect(scores: Floats, cell: Ints, ways: Ways) -> DesignEffect:
    """Return the design effect of the squares of sums of scores whose mean is zero.

    The second order of Rao and Scott (Annals of Statistics 12, 1984), with the products of all pairs of rows that share
    a cluster and Satterthwaite's degrees of freedom of their sum for independent rows.

    Parameters
    ----------
    scores : array, cells by numbers
        Scores of one row of each cell, scaled so that sums of independent rows are unrelated, each with variance 1.
    cell : array of int
        Cell of each row.
    ways : array of int, or mapping of str to array of int
        The clusters of each row, as in :func:`accountability.stats.sandwich.clustered`.
    """
    member, count = [], 0
    for way in named_ways(ways).values():
        member.append(np.where(way >= 0, way + count, -1).reshape(len(cell), -1))
        count += int(way.max()) + 1
    shared = SharedPairs.of(np.concatenate(member, axis=1))
    total = shared.products(scores[cell])
    held = shared.belongs.multiply(1 / shared.belongs.sum(axis=1).reshape(-1, 1)).T.tocsr() @ np.eye(len(scores))[cell]
    spread = float(((held @ (scores @ scores.T) ** 2) * held).sum())
    trace = float(np.trace(total))
    return DesignEffect(trace / len(total), trace**2 / float((total**2).sum()), len(total) ** 2 / spread, len(total))
