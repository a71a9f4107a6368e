"""How far investigators differ within cells, chance removed, beside what shuffles of complaints give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from accountability.figures import draw
from accountability.investigators.case_hands import Investigated, investigated
from accountability.investigators.hands_alike import flags_of, known_before
from accountability.officers.shares import check_draws
from accountability.privacy import MIN_CELL
from accountability.results import Result, percent, plural
from accountability.stats.assigned import by_quantile, hand_spread
from accountability.stats.permutation import beside_chance
from accountability.study.inputs import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Standard deviations between the tenth with the smallest effects and the tenth with the largest, of a normal law.
TENTHS: Final = 2.5631


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class InvestigatorSpread(Result):
    """Spread of investigators' effects.

    ``table``: ``outcome``, ``says``, ``estimate`` (standard deviation over complaints of the investigator's effect on
    the share, chance removed), ``lower``, ``upper`` (missing where no interval exists: less than chance gives),
    ``p_value`` (that investigators do not differ, by shuffles), ``tenths`` (difference between the tenth with the
    smallest effects and that with the largest, of a normal law), ``raw`` (the standard deviation as estimated),
    ``expected``, ``expected_lower``, ``expected_upper`` (what shuffles give in its place), ``reliability`` (part of
    its variance that is not chance), ``mean`` (share over all), ``n``, ``clusters`` (investigators), ``cells``.

    Attributes
    ----------
    groups : DataFrame
        Investigators in groups of equal size by effect, at least ten in each: ``outcome``, ``group``, ``n``, mean
        ``estimate``, the same ``shrunken``, and ``expected_lower``, ``expected_upper`` of shuffles. Empty below 20.
    confidence : float
    draws : int
    """

    groups: pd.DataFrame
    confidence: float
    draws: int

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the effects of groups of investigators of the first outcome, and what shuffles give."""
        first = self.table.iloc[0]
        rows = self.groups[self.groups["outcome"] == first["outcome"]]
        axes = draw.new_axes(ax, width=6.0, height=3.4)
        if rows.empty:
            shown = self.table.assign(expected_lower=self.table["expected_lower"])
            draw.ranges(axes, shown, label="outcome", estimate="raw", lower="expected_lower", upper="expected_upper")
            return draw.labelled(axes, "standard deviation of effects; shuffles as bars")
        at = rows["group"].to_numpy(dtype=float)
        low, high, raw, shrunken = (
            100 * rows[name].to_numpy(dtype=float)
            for name in ("expected_lower", "expected_upper", "estimate", "shrunken")
        )
        axes.bar(at, high - low, bottom=low, width=0.7, color="0.82", label=f"{percent(self.confidence)} of shuffles")
        axes.plot(at, raw, "o", color=draw.COLOURS[0], label="as estimated")
        axes.plot(at, shrunken, "D", color=draw.COLOURS[1], markersize=4, label="chance removed")
        axes.axhline(0, color="0.4", linewidth=0.8)
        axes.set_xticks(at)
        draw.key_above(axes)
        few, most = int(rows["n"].min()), int(rows["n"].max())
        size = f"{few}" if few == most else f"{few} or {most}"
        return draw.labelled(axes, f"groups of {size} investigators, by effect", "points from the mean of the cell")

    def figure_title(self) -> str:
        """Say the spread of the outcome drawn."""
        row = self.table.iloc[0]
        return f"Investigators differ by {100 * row['estimate']:.1f} points in the share {row['says'].split(',')[0]}"

    def sentence(self) -> str:
        """Say the spread of each outcome, and what chance gives."""
        return " ".join(_said(row, self.confidence) for row in self.table.to_dict("records"))


def _said(row: Mapping[Any, Any], confidence: float) -> str:
    points = {name: 100 * float(row[name]) for name in ("estimate", "lower", "upper", "raw", "expected")}
    ends = (
        f"{percent(confidence)} interval {points['lower']:.1f} to {points['upper']:.1f}"
        if points["upper"] == points["upper"]
        else "no interval exists: shuffles give more"
    )
    return (
        f"Share {row['says']}: investigators differ by a standard deviation of {points['estimate']:.1f} points within "
        f"cells, chance removed ({ends}); as estimated {points['raw']:.1f}, where shuffles give "
        f"{points['expected']:.1f} "
        f"({plural(int(row['clusters']), 'investigator')}, {plural(int(row['n']), 'complaint')})."
    )


@takes(Investigated, investigated)
def spread(
    data: Investigated,
    outcomes: str | Sequence[str] | None = None,
    *,
    covariates: str | Sequence[str] | None = None,
    draws: int = 499,
    confidence: float = 0.95,
    seed: int = 0,
) -> InvestigatorSpread:
    """Estimate how far investigators differ within cells of complaints.

    Parameters
    ----------
    data : Investigated, Cohort or Dataset
    outcomes : str or sequence of str, optional
        Of :data:`OUTCOMES`; those the source tells when left out.
    covariates : str or sequence of str, optional
        Columns of cases or allegations, ``quarter`` or ``month`` of receipt, held alike besides the cells (values of
        3 % of complaints or more, additive).
    draws : int
        Shuffles of complaints within cells, 99 to 100,000.
    confidence : float
    seed : int

    Returns
    -------
    InvestigatorSpread
        Spread only: no investigator is listed.

    Raises
    ------
    Refusal
        With fewer than ten investigators to compare.
    ParameterError
        For an unknown outcome or numbers out of range.

    Notes
    -----
    Effects of investigators are those of least squares beside the cells. The variance from chance is removed with the
    variance of each complaint from a fit without it (Kline, Saggio and Soelvsten, Econometrica 88, 2020). Shuffling
    complaints within cells gives the p-value, exact where they fall to investigators by lot; the interval holds
    the spreads under which effects so unequal are no unusual draw. Effects are shrunk by the part of their variance
    that is not chance (Morris, JASA 78, 1983). Where complaints do not fall by lot, a spread is one of complaints too.

    Examples
    --------
    >>> import accountability
    >>> from accountability import investigators
    >>> held = investigators.investigated(accountability.load("generated_investigators"), least=20)
    >>> found = investigators.spread(held, "slow", draws=99)
    >>> float(found.table["p_value"].iloc[0])
    0.01
    """
    check_draws(draws, confidence, seed)
    beside = None if covariates is None else known_before(data, covariates)
    lines, groups = [], []
    for name in data.outcomes(outcomes):
        made, rows = data.laid(name)
        value = rows[name].to_numpy(dtype=float)
        mean = float(value.mean())
        if beside is not None and (flags := flags_of(beside.reindex(rows["case_id"]))[1]):
            value = made.held_alike(value, np.stack(flags, axis=1))
        found = hand_spread(made, value, draws=draws, confidence=confidence, seed=seed)
        chance = {
            key: float(one[0])
            for key, one in beside_chance(np.array([found.raw]), found.by_chance[:, None], confidence).items()
        }
        lines.append(
            {
                "outcome": name,
                "says": data.words(name),
                "estimate": found.spread,
                "lower": found.lower,
                "upper": found.upper,
                "p_value": found.p_value,
                "tenths": TENTHS * found.spread,
                "raw": found.raw,
                **{key: one for key, one in chance.items() if key.startswith("expected")},
                "reliability": found.reliability,
                "mean": mean,
                "n": len(value),
                "clusters": made.hands,
                "cells": len(made.of_cell),
            }
        )
        parts = min(made.hands // MIN_CELL, 10)
        if parts > 1:
            cut = by_quantile(found, parts, confidence)
            groups.append(pd.DataFrame({"outcome": name, "group": np.arange(1, parts + 1), **cut}))
    return InvestigatorSpread(
        estimand=f"spread of investigators' effects within cells of {', '.join(data.cells)}, {data.name}",
        assumptions=data.assumed(),
        method=(
            ("" if beside is None else f"{', '.join(map(str, beside))} held alike; ")
            + "fixed effects of investigators and cells, chance removed (Kline, Saggio and Soelvsten); p-value "
            + f"and interval from {draws:,} shuffles within cells, seed {seed}"
        ),
        table=pd.DataFrame(lines),
        flow=data.cohort.flow(),
        groups=pd.concat(groups, ignore_index=True)
        if groups
        else pd.DataFrame(
            columns=["outcome", "group", "n", "estimate", "shrunken", "expected_lower", "expected_upper"]
        ),
        confidence=confidence,
        draws=draws,
    )
