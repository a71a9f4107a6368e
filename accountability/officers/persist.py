"""Whether the same officers draw complaints again: counts of one period beside those of the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from accountability.errors import Refusal
from accountability.figures import draw
from accountability.officers.chance_draws import batches, check_draws
from accountability.officers.periods import FEWEST, Periods, at_the_top
from accountability.officers.tallies import stretches
from accountability.results import Result, percent, plural
from accountability.stats.arrays import Floats, Ints

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Persistence(Result):
    """How far counts of a first period go with those of a second.

    ``table``: ``measure``, ``observed``, ``expected`` (mean over shuffles), ``low``, ``high``, ``p`` (share of shuffles
    at least as large). Measures: ``rank_correlation`` (Spearman's); ``top_again`` (share of the first period's top
    that is at the top of the second); ``top_ratio`` (mean of the first period's top in the second period, over the
    mean of all).

    Attributes
    ----------
    by_count : DataFrame
        Stretches of first-period counts with at least ten officers: ``from_count``, ``to_count`` (missing in the
        last), ``officers``, ``mean_first``, ``mean_second``, ``at_equal_risk`` (mean to expect if all were alike).
    top, level : float
    who : str
    halves : str
    """

    by_count: pd.DataFrame
    top: float
    level: float
    who: str
    halves: str

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the second period's mean against the first's, by stretches of counts."""
        axes = draw.new_axes(ax, width=5.6)
        draw.lines(axes, self.by_count, x="mean_first", y="mean_second", label="counted")
        axes.plot(self.by_count["mean_first"], self.by_count["mean_second"], "o", color=draw.COLOURS[0], markersize=4)
        draw.lines(axes, self.by_count, x="mean_first", y="at_equal_risk", label="if all were alike", number=1)
        axes.set_xlabel("complaints an officer in the first period")
        axes.set_ylabel("complaints an officer in the second period")
        axes.legend(frameon=False)
        return axes

    def sentence(self) -> str:
        """Say what the first period's top drew in the second, beside what luck gives."""
        rows = {row["measure"]: row for row in self.table.to_dict("records")}
        ratio, again = rows["top_ratio"], rows["top_again"]
        return (
            f"Among {self.who} ({self.halves}), the {percent(self.top)} with most complaints first drew "
            f"{ratio['observed']:.2f} times the mean afterwards (by luck alone {ratio['low']:.2f} to "
            f"{ratio['high']:.2f}); {percent(again['observed'])} of them were at the top again (by luck alone "
            f"{percent(again['expected'])})."
        )


def persistence(
    periods: Periods, *, top: float = 0.1, draws: int = 999, level: float = 0.95, seed: int = 0
) -> Persistence:
    """Compare officers' counts in two periods.

    Parameters
    ----------
    periods : Periods
        Where officers accused in neither period are not held, the population is those accused in the first:
        choosing them by the first period alone leaves the second free.
    top : float
        Share of the population that is the top; officers tied at the line count with equal fractions.
    draws : int
        Shuffles of the second period among the officers, 99 to 100,000: the law if all were alike.
    level : float
        Middle part of the shuffles shown.
    seed : int

    Returns
    -------
    Persistence

    Raises
    ------
    Refusal
        With fewer than ten officers at the top, or counts that do not differ.
    ParameterError
        For numbers out of range.
    """
    check_draws(draws, level)
    chosen = periods.population
    first, second = periods.first[chosen], periods.second[chosen]
    top_first, top_second = at_the_top(first, top), at_the_top(second, top)
    for counts, which in ((first, "first"), (second, "second")):
        if (counts == counts[0]).all():
            raise Refusal(f"{periods.name}: all {len(counts):,} officers drew the same number in the {which} period")
    ranks = [_standard(_ranks(counts)) for counts in (first, second)]
    rows = np.vstack([ranks[1], top_second, second / second.mean()])
    left = np.vstack([ranks[0] / len(first), top_first / top_first.sum(), top_first / top_first.sum()])
    seen = (rows * left).sum(axis=1)
    rng = np.random.default_rng(seed)
    parts = []
    for many in batches(draws, len(first)):
        order = rng.permuted(np.broadcast_to(np.arange(len(first)), (many, len(first))), axis=1)
        parts.append(np.stack([row[order] @ weight for row, weight in zip(rows, left, strict=True)], axis=1))
    made = np.concatenate(parts)
    low, high = np.quantile(made, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Persistence(
        estimand=f"how far officers' complaints of a first period go with those of a second, {periods.name}",
        assumptions=(
            "if all were alike, any officer could have had any other's second period: equal exposure in it",
            "officers who left in between draw none afterwards, which makes counts seem to last less",
            "one complaint against several officers counts for each",
        ),
        method=(
            f"{periods.halves()}; Spearman's correlation and means of the top {percent(top)}, ties by equal fractions; "
            f"{draws:,} shuffles of the second period, seed {seed}; {plural(periods.left_out, 'officer-complaint')} "
            "left out for its date"
        ),
        table=pd.DataFrame(
            {
                "measure": ["rank_correlation", "top_again", "top_ratio"],
                "observed": seen,
                "expected": made.mean(axis=0),
                "low": low,
                "high": high,
                "p": (1 + (made >= seen - 1e-12).sum(axis=0)) / (draws + 1),
            }
        ),
        flow=periods.flow,
        by_count=_by_count(first, second),
        top=top,
        level=level,
        who=periods.who(),
        halves=periods.halves(),
    )


def _ranks(counts: Ints) -> Floats:
    """Mean rank of those tied."""
    _, code, number = np.unique(counts, return_inverse=True, return_counts=True)
    last = np.cumsum(number)
    ranks: Floats = (last - (number - 1) / 2)[code]
    return ranks


def _standard(values: Floats) -> Floats:
    centred: Floats = values - values.mean()
    return centred / np.sqrt((centred**2).mean())


def _by_count(first: Ints, second: Ints) -> pd.DataFrame:
    at, table = stretches(first, np.ones_like(first), FEWEST)
    size = np.bincount(at)
    return table.assign(
        officers=size,
        mean_first=np.bincount(at, first) / size,
        mean_second=np.bincount(at, second) / size,
        at_equal_risk=second.mean(),
    )
