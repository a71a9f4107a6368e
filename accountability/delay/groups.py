"""Groups side by side: the median of each, the share closed by a given day, and whether they differ at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from accountability import plots
from accountability.delay.compare import GroupTest, logrank
from accountability.delay.curve import DelayCurve, closing_curve
from accountability.durations import Durations
from accountability.results import Result, percent, plural

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
    level : float
    test : GroupTest or None
        Log-rank test that all groups close at the same pace; ``None`` with fewer than two groups.
    """

    by: tuple[str, ...]
    within_days: int
    level: float
    test: GroupTest | None

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw each group's median with its interval; a median not reached is left out and named on the axis."""
        axes = plots.new_axes(ax, height=1.2 + 0.32 * len(self.table))
        numbers = self.table[["median", "lower", "upper"]].astype("float64")
        middle = self.table["median"].map("{:,}".format).where(self.table["median"].notna(), "not reached")
        label = self.table["group"] + " (" + self.table["cases"].map("{:,}".format) + "; " + middle + ")"
        # An upper limit that was not reached is drawn to the edge of what was seen.
        edge = float(numbers.max().max())
        shown = numbers.assign(label=label, upper=numbers["upper"].fillna(edge).where(numbers["median"].notna()))
        plots.ranges(axes, shown, label="label", estimate="median", lower="lower", upper="upper")
        axes.set_xlabel(f"median days, {percent(self.level)} interval (number of cases; median)")
        return axes

    def sentence(self) -> str:
        """Say the overall share closed, and the fastest and slowest group where there are several."""
        whole = self.table.iloc[0]
        said = (
            f"Of {plural(int(whole['cases']), 'case')}, {whole['still_open']:,} still open, "
            f"{percent(whole['closed_within'], 1)} had closed within {plural(self.within_days, 'day')} "
            f"({percent(self.level)} interval {percent(whole['within_lower'], 1)} to "
            f"{percent(whole['within_upper'], 1)})"
        )
        reached = self.table.iloc[1:].dropna(subset="median").sort_values("median", kind="stable")
        if self.test is None or len(reached) < 2:
            return f"{said}."
        fast, slow = reached.iloc[0], reached.iloc[-1]
        return (
            f"{said}. The median runs from {plural(int(fast['median']), 'day')} ({fast['group']}) to "
            f"{plural(int(slow['median']), 'day')} ({slow['group']}). {self.test.sentence()}"
        )


def compare_groups(
    durations: Durations, by: str | Sequence[str] | None = None, within_days: int = 365, level: float = 0.95
) -> Groups:
    """Put the closing delays of groups side by side.

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

    Returns
    -------
    Groups
        Table ``group, cases, still_open, median, lower, upper`` (days, missing when not reached), ``reads``,
        ``closed_within, within_lower, within_upper`` (shares, missing beyond the last day watched).

    Raises
    ------
    Refusal
        As :func:`accountability.delay.closing_curve`.
    """
    names = (by,) if isinstance(by, str) else tuple(by or ())
    whole = closing_curve(durations, level=level)
    rows = [_rows(whole, (), within_days)]
    test = None
    if names:
        curve = closing_curve(durations, by=names, level=level)
        rows.append(_rows(curve, names, within_days).sort_values("cases", ascending=False, kind="stable"))
        test = logrank(durations, names) if len(rows[1]) > 1 else None
    return Groups(
        estimand=f"days until half of the cases had closed, and the share closed within {within_days} days",
        assumptions=whole.assumptions,
        method=whole.method + (f"; {test.method}" if test is not None else ""),
        table=pd.concat(rows, ignore_index=True),
        flow=durations.flow,
        by=names,
        within_days=within_days,
        level=level,
        test=test,
    )


def _rows(curve: DelayCurve, by: tuple[str, ...], within_days: int) -> pd.DataFrame:
    median = curve.quantile(0.5)
    share = curve.still_open_at([within_days])
    closed, left = curve.counts.closed.sum(axis=1), curve.counts.left.sum(axis=1)
    label = median[list(by)].astype("str").agg(", ".join, axis=1) if by else pd.Series([ALL])
    return pd.DataFrame(
        {
            "group": label,
            "cases": closed + left,
            "still_open": left,
            "median": median["day"],
            "lower": median["lower"],
            "upper": median["upper"],
            "reads": median["reads"],
            "closed_within": 1 - share["still_open"],
            "within_lower": 1 - share["upper"],
            "within_upper": 1 - share["lower"],
        }
    )
