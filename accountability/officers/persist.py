"""Persistence: whether officers with many complaints in a first period also have many in a second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from accountability.errors import Refusal
from accountability.figures import draw
from accountability.officers.periods import Periods, at_the_top, two_periods
from accountability.officers.shares import check_draws
from accountability.officers.tallies import stretches
from accountability.privacy import MIN_CELL
from accountability.results import Result, percent
from accountability.stats.arrays import Floats, Ints
from accountability.stats.intervals import percentile
from accountability.stats.permutation import beside_chance, permute
from accountability.study.inputs import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BEFORE, HINDSIGHT, RANDOM = "before the fact", "in hindsight", "at random"
COUNTED: Final = ("officer_complaints", "complaints")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Persistence(Result):
    """Association between officers' complaint counts in two periods.

    ``table``: ``measure``, ``estimate`` (what is observed), ``expected`` (mean over permutations), ``expected_lower``,
    ``expected_upper``, ``p_value`` (share of permutations at least as large). Measures: ``rank_correlation``
    (Spearman's); ``top_again`` (share of the first period's top also in the second's); ``top_ratio`` (mean of the first
    period's top in the second period, over the mean of all).

    Attributes
    ----------
    by_count : DataFrame
        Ranges of first-period counts with at least ten officers: ``from_count``, ``to_count`` (missing in the last),
        ``n`` (officers), ``mean_first``, ``mean_second``, ``at_equal_risk`` (expected mean at equal risk).
    top, confidence : float
    who : str
    halves : str
    """

    by_count: pd.DataFrame
    top: float
    confidence: float
    who: str
    halves: str

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the second period's mean against the first's, by ranges of counts."""
        axes = draw.new_axes(ax, width=5.6)
        draw.lines(axes, self.by_count, x="mean_first", y="mean_second", label="counted")
        axes.plot(
            self.by_count["mean_first"],
            self.by_count["mean_second"],
            "o",
            color=draw.COLOURS[0],
            markersize=4,
            label="_",
        )
        draw.lines(axes, self.by_count, x="mean_first", y="at_equal_risk", label="if all were alike", number=1)
        draw.lines_named(axes)
        return draw.labelled(
            axes,
            "complaints an officer, first period",
            "complaints an officer, second period",
            x_kind="number",
            y_kind="number",
        )

    def sentence(self) -> str:
        """State what the first period's top drew in the second, compared with chance."""
        rows = self.table.set_index("measure").to_dict("index")
        ratio, again = rows["top_ratio"], rows["top_again"]
        return (
            f"Among {self.who} ({self.halves}), the {percent(self.top)} with most complaints first drew "
            f"{ratio['estimate']:.2f} times the mean afterwards (by chance alone {ratio['expected_lower']:.2f} to "
            f"{ratio['expected_upper']:.2f}); {percent(again['estimate'])} of them were at the top again (by chance "
            f"alone {percent(again['expected'])})."
        )


@takes(Periods, two_periods)
def persistence(
    data: Periods, *, top: float = 0.1, draws: int = 999, confidence: float = 0.95, seed: int = 0
) -> Persistence:
    """Estimate how officers' complaint counts in two periods are associated, compared with equal risk.

    Parameters
    ----------
    data : Periods, Cohort or Dataset
        For periods by date, only officers accused in both are compared, so that leaving or joining is not mistaken for
        a lasting difference; or those in service throughout, if :func:`two_periods` had ``service``.
    top : float
        Share of the population who are the top; officers tied at the cutoff count with equal fractions.
    draws : int
        Permutations of the second period among the officers, 99 to 100,000: the distribution at equal risk.
    confidence : float
        Central part of the permutations shown.
    seed : int

    Returns
    -------
    Persistence

    Raises
    ------
    Refusal
        With fewer than ten officers at the top, or equal counts.
    ParameterError
        For numbers out of range.

    Examples
    --------
    >>> from accountability import officers
    >>> import accountability
    >>> found = officers.persistence(accountability.load("synthetic"), draws=99)
    >>> found.table["measure"].tolist(), found.table["estimate"].round(2).tolist()
    (['rank_correlation', 'top_again', 'top_ratio'], [0.62, 0.57, 2.45])
    """
    check_draws(draws, confidence, seed)
    chosen = data.alike
    first, second = data.first[chosen], data.second[chosen]
    if not len(chosen):
        raise Refusal(f"{data.name}: no officer is accused in both periods, so nothing is compared")
    top_first, top_second = at_the_top(first, top), at_the_top(second, top)
    for counts, which in ((first, "first"), (second, "second")):
        if (counts == counts[0]).all():
            raise Refusal(f"{data.name}: all {len(counts):,} officers drew the same number in the {which} period")
    ranks = [_standard_ranks(counts) for counts in (first, second)]
    rows = np.vstack([ranks[1], top_second, second / second.mean()])
    left = np.vstack([ranks[0] / len(first), top_first / top_first.sum(), top_first / top_first.sum()])
    made = np.concatenate(
        [
            np.stack([row[order] @ weight for row, weight in zip(rows, left, strict=True)], axis=1)
            for order in permute(np.arange(len(first)), draws, np.random.default_rng(seed))
        ]
    )
    made = made.mean(axis=0) + (made - made.mean(axis=0)) * np.sqrt(_together(data, left))
    made = np.clip(made, [-1, 0, 0], [1, 1, np.inf])
    return Persistence(
        estimand=f"how far officers' complaints of a first period go with those of a second, {data.name}",
        assumptions=(
            "if all were alike, any of these officers could have had any other's second period",
            *_exposure(data),
            "one complaint against several officers counts for each",
        ),
        method=(
            f"{data.halves()}; Spearman's correlation and means of the top {percent(top)}, ties by equal fractions; "
            f"{draws:,} shuffles of the second period, as far apart as complaints against several officers at once "
            f"make them, seed {seed}{data.lost()}"
        ),
        table=pd.DataFrame(
            {"measure": ["rank_correlation", "top_again", "top_ratio"]}
            | beside_chance((rows * left).sum(axis=1), made, confidence)
        ),
        flow=data.flow,
        by_count=_by_count(first, second),
        top=top,
        confidence=confidence,
        who=data.who_alike(),
        halves=data.halves(),
    )


def _together(data: Periods, weights: Floats) -> Floats:
    """How much more sums of the second period vary because a complaint falls on several officers at once, at least 1.

    The variance of a weighted sum of complaints whole, to that of the same accusations one by one.
    """
    centred = np.zeros((len(weights), len(data.first)))
    centred[:, data.alike] = weights - weights.mean(axis=1, keepdims=True)
    each = centred[:, data.officer]
    whole = np.stack([np.bincount(data.case, row) for row in each])
    alone = (each**2).sum(axis=1)
    return np.maximum(np.divide((whole**2).sum(axis=1), alone, out=np.ones(len(alone)), where=alone > 0), 1.0)


def _exposure(data: Periods) -> tuple[str, ...]:
    """What is assumed of the time officers served."""
    if data.present is not None:
        return ("all served throughout both periods",)
    if data.split is None:
        return ("all served as long: who served longer draws more in both halves, which makes counts seem to last",)
    return (
        "whoever left before the second period, or came after the first, is not compared; when one came in the first "
        "tells nothing of when one left in the second",
    )


def _leaving(data: Periods) -> tuple[str, ...]:
    """What leaving does to a choice before the fact, where nobody's service is known."""
    if data.present is not None or data.split is None:
        return ()
    return (
        "at equal risk, too, a choice before the fact holds more than one at random: few of its officers had left "
        "by the second period (persistence() compares those accused in both)",
    )


def _standard_ranks(counts: Ints) -> Floats:
    """Ranks, those tied at their mean, with mean 0 and variance 1."""
    ranks = pd.Series(counts).rank().to_numpy()
    centred: Floats = ranks - ranks.mean()
    return centred / np.sqrt((centred**2).mean())


def _by_count(first: Ints, second: Ints) -> pd.DataFrame:
    at, table = stretches(first, np.ones_like(first), MIN_CELL)
    size = np.bincount(at)
    return table.assign(
        n=size,
        mean_first=np.bincount(at, first) / size,
        mean_second=np.bincount(at, second) / size,
        at_equal_risk=second.mean(),
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class TopKValidation(Result):
    """Share of the second period's complaints against officers chosen in three ways.

    ``table``: ``chosen`` ("before the fact": on first-period counts; "in hindsight": on second-period counts; "at
    random"), ``counted`` ("officer_complaints"; "complaints": all of whose accused were chosen), ``total`` (of the
    second period), ``estimate`` (the share) and, at random, ``lower`` and ``upper``.

    Attributes
    ----------
    top, confidence : float
    removed : float
        Number of officers chosen; a fraction where some are tied at the cutoff.
    unknown : float
        Share of the second period's officer-complaints against officers outside the population, who cannot be ranked on
        the first period.
    who : str
    """

    top: float
    confidence: float
    removed: float
    unknown: float
    who: str

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the share of officer-complaints and of complaints for each way of choosing."""
        axes = draw.new_axes(ax, height=3.2)
        rows = self.table.assign(
            label=self.table["chosen"] + ", " + self.table["counted"].str.replace("_", "-"),
            lower=self.table["lower"].fillna(self.table["estimate"]),
            upper=self.table["upper"].fillna(self.table["estimate"]),
        )
        draw.ranges(axes, rows, label="label", estimate="estimate", lower="lower", upper="upper", kind="share")
        return draw.labelled(axes, "share of the second period's complaints")

    def sentence(self) -> str:
        """State the shares of the three choices; removal may have changed other complaints too."""
        share = self.table.set_index(["counted", "chosen"])["estimate"]
        held = share[COUNTED[0]].map(lambda one: percent(one, 1))
        return (
            f"The {percent(self.top)} of {self.who} with most complaints in the first period drew {held[BEFORE]} of "
            f"the second period's officer-complaints; a {percent(self.top)} chosen at random would hold "
            f"{held[RANDOM]}, one chosen in hindsight {held[HINDSIGHT]}. {percent(share[COUNTED[1], BEFORE], 1)} of "
            "the complaints accused nobody else."
        )


@takes(Periods, two_periods)
def top_k_validation(
    data: Periods, *, top: float = 0.1, draws: int = 199, confidence: float = 0.95, seed: int = 0
) -> TopKValidation:
    """Estimate the share of the second period's complaints against the top officers of the first.

    Parameters
    ----------
    data : Periods, Cohort or Dataset
        If officers accused in neither period are not in the data, the population is those accused in the first.
    top : float
        Share of the population chosen; officers tied at the cutoff are chosen in equal fractions, and a complaint
        against several of them with the product of their fractions.
    draws : int
        Number of random choices of as many officers.
    confidence : float
        Central part of the random choices shown.
    seed : int

    Returns
    -------
    TopKValidation

    Raises
    ------
    Refusal
        When fewer than ten officers would be chosen.
    ParameterError
        For numbers out of range.

    Examples
    --------
    >>> from accountability import officers
    >>> import accountability
    >>> found = officers.top_k_validation(accountability.load("synthetic")).table
    >>> found["chosen"].tolist()[::2], found["estimate"].round(2).tolist()[::2]
    (['before the fact', 'in hindsight', 'at random'], [0.23, 0.31, 0.08])
    """
    check_draws(draws, confidence, seed)
    chosen = data.population
    before, hindsight = (at_the_top(counts[chosen], top) for counts in (data.first, data.second))
    order = np.argsort(data.case, kind="stable")
    officer = data.officer[order]
    starts = np.flatnonzero(np.diff(data.case[order], prepend=-1))
    total = np.array([int(data.second.sum()), len(starts)])

    def shares(each: Floats) -> Floats:
        """Of officer-complaints and of complaints, for rows of how much of each officer is chosen."""
        whole = np.zeros((len(each), len(data.first)))
        whole[:, chosen] = each
        every = np.multiply.reduceat(whole[:, officer], starts, axis=1).sum(axis=1)
        return np.column_stack([whole @ data.second, every]) / total

    rng = np.random.default_rng(seed)
    drawn = np.concatenate([shares(rows) for rows in permute(before, draws, rng, width=len(officer))])
    lower, upper = percentile(drawn, confidence)
    none = np.full(2, np.nan)
    rows = [
        (BEFORE, shares(before[None])[0], none, none),
        (HINDSIGHT, shares(hindsight[None])[0], none, none),
        (RANDOM, drawn.mean(axis=0), lower, upper),
    ]
    parts = [
        pd.DataFrame(
            {"chosen": way, "counted": COUNTED, "total": total, "estimate": share, "lower": low, "upper": high}
        )
        for way, share, low, high in rows
    ]
    removed = float(before.sum())
    return TopKValidation(
        estimand=f"second-period complaints of officers chosen on the first period, {data.name}",
        assumptions=(
            "the count is of complaints as they fell: whoever would have worked in a chosen officer's place would "
            "have drawn some too, so the shares are the most that could have been spared",
            f"officers outside the population ({data.who()}) cannot be chosen on the first period",
            *_leaving(data),
            "one complaint against several officers counts for each; as a complaint only if every accused was chosen",
        ),
        method=(
            f"{data.halves()}; top {percent(top)} ({removed:,.1f} officers), those tied at the line in equal "
            f"fractions; {draws:,} random choices, seed {seed}{data.lost()}"
        ),
        table=pd.concat(parts, ignore_index=True),
        flow=data.flow,
        top=top,
        confidence=confidence,
        removed=removed,
        unknown=1 - int(data.second[chosen].sum()) / int(data.second.sum()),
        who=data.who(),
    )
