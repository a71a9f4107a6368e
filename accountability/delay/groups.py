"""Groups side by side: the median of each, the share closed by a given day, and whether they differ at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from accountability.delay.choice import Curve, how_long
from accountability.delay.coarse import CoarseCurve
from accountability.delay.coarse_limits import curve_limits, quantile_limits
from accountability.delay.compare import GroupTest, logrank
from accountability.delay.compare_coarse import coarse_logrank
from accountability.delay.counts import columns_of
from accountability.delay.current_status import CurrentStatusCurve
from accountability.delay.curve import DelayCurve
from accountability.delay.interval import IntervalCurve, interval_curve
from accountability.delay.medians import COLUMNS, medians
from accountability.delay.reverse import ReverseTimeCurve, reverse_time_curve
from accountability.figures import draw
from accountability.privacy import hidden_cells
from accountability.results import Result, percent, plural
from accountability.study.durations import Durations

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ALL = "all cases"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Groups(Result):
    """Closing delays of groups, one row a group, the overall row first.

    Attributes
    ----------
    by : tuple of str
        The grouping columns; empty when there is only the overall row.
    within_days : int
        The day of the share closed.
    limits : str
        What ``lower`` and ``upper`` are: an interval at a level, or the ends between which coarse dates or statuses
        leave the estimate, which say nothing of chance.
    among : str
        Whom the shares and medians describe, when it is not all cases; else empty.
    test : GroupTest or None
        Test that all groups close at the same pace; ``None`` with fewer than two groups, or where there is none.
    """

    by: tuple[str, ...]
    within_days: int
    limits: str
    among: str
    test: GroupTest | None

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw each group's median with its interval or bounds; one not reached is only named on the axis."""
        axes = draw.new_axes(ax, height=1.2 + 0.32 * len(self.table))
        numbers = self.table[["median", "lower", "upper"]].astype("float64")
        label = self.table["group"] + " (" + self.table["cases"].map("{:,}".format) + "; " + self._middle() + ")"
        # An upper limit that was not reached is drawn to the edge of what was seen.
        edge = float(numbers.max().max())
        upper = numbers["upper"].fillna(edge).where(numbers["median"].notna() | numbers["upper"].notna())
        shown = numbers.assign(label=label, upper=upper)
        draw.ranges(axes, shown, label="label", estimate="median", lower="lower", upper="upper", ends=True)
        axes.set_xlabel(f"median days\nline: {self.limits}\nin brackets: number of cases; median")
        return axes

    def sentence(self) -> str:
        """Say the overall share closed, and the fastest and slowest group where there are several."""
        whole = self.table.iloc[0]
        day = plural(self.within_days, "day")
        ends = f"{percent(whole['within_lower'], 1)} to {percent(whole['within_upper'], 1)}"
        if pd.isna(whole["within_upper"]):
            share = f"the share closed within {day} was not observed"
        elif pd.isna(whole["closed_within"]):
            share = f"{ends} had closed within {day}"
        else:
            share = f"{percent(whole['closed_within'], 1)} had closed within {day}"
            if whole["within_lower"] < whole["within_upper"]:
                share += f" ({self.limits} {ends})"
        among = self.among or f", {whole['still_open']:,} still open"
        said = f"Of {plural(int(whole['cases']), 'case')}{among}, {share}."
        place = self.table["median"].fillna(self.table["lower"].where(self.table["upper"].notna()))
        reached = self.table.assign(place=place).iloc[1:].dropna(subset="place").sort_values("place", kind="stable")
        if len(reached) < 2:
            return said
        middle = self._middle()[reached.index]
        said += (
            f" The median runs from {middle.iloc[0]} days ({reached['group'].iloc[0]}) to {middle.iloc[-1]} days "
            f"({reached['group'].iloc[-1]})."
        )
        return said if self.test is None else f"{said} {self.test.sentence()}"

    def _middle(self) -> pd.Series:
        """The median in words: a day, or the days it lies between."""
        exact = self.table["median"].map("{:,}".format, na_action="ignore").astype("str")
        return exact.fillna(self.table["reads"])


def compare_groups(
    durations: Durations,
    by: str | Sequence[str] | None = None,
    within_days: int = 365,
    level: float = 0.95,
    min_cell: int = 10,
    *,
    chance: bool = False,
) -> Groups:
    """Put the closing delays of groups side by side, each by the estimator the source allows.

    Parameters
    ----------
    durations : Durations
        With a column for each name in `by`.
    by : str or sequence of str, optional
        Grouping columns; ``None`` gives the overall row alone.
    within_days : int
        The share closed is that by the end of this day.
    level : float
        Level of the intervals.
    min_cell : int
        Of groups, no smaller number still open or closed is shown, nor one that would give it away: ``still_open`` is
        missing there (:func:`accountability.privacy.hidden_cells`).
    chance : bool
        Whether ``lower`` and ``upper`` of interval-dated curves and of statuses are likelihood-ratio limits, which hold
        chance as well as what the dates leave open (:func:`accountability.delay.quantile_limits`); they take dozens of
        curves. Curves with an interval of their own keep it.

    Returns
    -------
    Groups
        Table ``group`` and the columns of :func:`accountability.delay.medians.medians`.

    Raises
    ------
    Refusal
        As :func:`accountability.delay.how_long`.
    """
    names = columns_of(by)
    curve = how_long(durations, names, level).curve
    whole = curve
    if names:
        # The overall row shares the estimator with the groups, and with those read backwards their horizon too.
        if isinstance(curve, ReverseTimeCurve):
            whole = reverse_time_curve(durations, level=level, within=curve.within)
        elif isinstance(curve, IntervalCurve):
            whole = interval_curve(durations)
        else:
            whole = how_long(durations, level=level).curve
    coarse = isinstance(curve, (IntervalCurve, CurrentStatusCurve))
    chance = chance and coarse
    rows = [medians(whole, within_days).assign(group=ALL)]
    if chance:
        rows = [_with_chance(rows[0], durations, None, within_days, level)]
    test = None
    if names:
        of_groups = medians(curve, within_days)
        if chance:
            of_groups = _with_chance(of_groups, durations, names, within_days, level)
        of_groups["group"] = of_groups[list(names)].astype("str").agg(", ".join, axis=1)
        of_groups["still_open"] = _large(of_groups, min_cell)
        rows.append(of_groups.sort_values("cases", ascending=False, kind="stable"))
        test = _test(durations, names, curve) if len(of_groups) > 1 else None
    words = "where the estimate lies, not its margin of chance" if coarse else f"{percent(level)} interval"
    return Groups(
        estimand=f"days until half of the cases had closed, and the share closed within {within_days} days",
        assumptions=whole.assumptions,
        method=whole.method + (f"; {test.method}" if test is not None else ""),
        table=pd.concat([part[["group", *COLUMNS]] for part in rows], ignore_index=True),
        flow=durations.flow,
        by=names,
        within_days=within_days,
        limits=f"{percent(level)} likelihood-ratio limits" if chance else words,
        among=f" that closed within {whole.within:,} days" if isinstance(whole, ReverseTimeCurve) else "",
        test=test,
    )


def _with_chance(
    table: pd.DataFrame, durations: Durations, by: tuple[str, ...] | None, day: int, level: float
) -> pd.DataFrame:
    """The table with likelihood-ratio limits of the median and of the share closed."""
    median = quantile_limits(durations, 0.5, by, level).table
    share = curve_limits(durations, [day], by, level).table
    columns = {"lower": median["lower"], "upper": median["upper"]}
    return table.assign(**columns, within_lower=1 - share["upper"], within_upper=1 - share["lower"])


def _large(table: pd.DataFrame, min_cell: int) -> pd.Series:
    """The numbers still open, without those that are small or would give a small one away."""
    still = table["still_open"]
    if still.isna().any():
        return still
    # A group's cases are shown, so one of the two numbers gives the other; over the groups each adds up to a total.
    closed = table["cases"] - still
    hidden = hidden_cells(still.to_numpy(np.int64), min_cell) | hidden_cells(closed.to_numpy(np.int64), min_cell)
    return still.astype("Int64").mask(pd.Series(hidden, index=table.index)) if hidden.any() else still


def _test(durations: Durations, names: tuple[str, ...], curve: Curve) -> GroupTest | None:
    if isinstance(curve, DelayCurve):
        return logrank(durations, names)
    return coarse_logrank(durations, names) if isinstance(curve, (CoarseCurve, IntervalCurve)) else None
