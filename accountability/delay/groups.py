"""Compare groups: each group's median delay and share closed by a given day, and a test that all are equal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from accountability.delay.choice import how_long
from accountability.delay.coarse import CoarseCurve
from accountability.delay.coarse_limits import curve_limits, quantile_limits
from accountability.delay.counts import columns_of
from accountability.delay.current_status import CurrentStatusCurve
from accountability.delay.curve import Curve, rests_on_few
from accountability.delay.group_test import GroupTest, compare
from accountability.delay.interval import IntervalCurve, interval_curve
from accountability.delay.product_limit import DelayCurve
from accountability.delay.reverse import ReverseTimeCurve, reverse_time_curve
from accountability.delay.unknown_days import beside, extremes_said
from accountability.errors import Refusal
from accountability.figures import draw
from accountability.figures.titles import axes_of_rows
from accountability.privacy import disclose
from accountability.remembered import remembered
from accountability.results import Result, percent, plural
from accountability.stats.compress import are_numbers, in_reading_order
from accountability.study.durations import Durations
from accountability.study.grouping import NO_GROUP
from accountability.study.inputs import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ALL: Final = "all cases"

_EXTREMES: Final = ("extreme_lower", "extreme_upper")
COLUMNS: Final = (
    "n",
    "open",
    "median",
    "median_lower",
    "median_upper",
    "reads",
    "closed_within",
    "closed_within_lower",
    "closed_within_upper",
)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Groups(Result):
    """Closing delays of groups, one row per group, the overall row first.

    ``table``: ``group``; ``n``, ``open`` (cases); ``median``, ``median_lower``, ``median_upper`` (days, Int64) and
    ``reads``; ``closed_within``, ``closed_within_lower``, ``closed_within_upper`` (shares). Lower and upper are limits
    of the interval or, from an interval-dated curve or statuses, bounds from the data; the median is then missing
    unless the bounds are equal. Where the end of some case is not known, ``..._extreme_lower`` and
    ``..._extreme_upper`` are the median and the share with every such end as early or as late as possible.

    Attributes
    ----------
    by : tuple of str
        The grouping columns; empty when there is only the overall row.
    within_days : int
        The day of the share closed.
    limits : str
        What lower and upper are: a confidence interval, or bounds from coarse dates or statuses without sampling error.
    among : str
        The cases that shares and medians describe, when not all; else empty.
    test : GroupTest or None
        Test that all groups close at the same pace; ``None`` with fewer than two groups, or where there is none.
    """

    by: tuple[str, ...]
    within_days: int
    limits: str
    among: str
    test: GroupTest | None

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Hide groups of fewer than ten cases, small numbers open or closed, and shares that reveal them."""
        if len(table) == 1:
            return table.assign(hidden=False)
        groups = table.iloc[1:]
        whole = disclose(groups, counts=("n",), keep=("group",))
        counted = disclose(
            groups.assign(closed=groups["n"] - groups["open"]), counts=("n", "open", "closed"), keep=("group",)
        )
        shares = [str(name) for name in table if str(name).startswith("closed_within")]
        few = rests_on_few(groups[shares[:1]].to_numpy(float)[:, 0], groups["n"].to_numpy())
        shown = whole.assign(open=counted["open"], reads=whole["reads"].mask(whole["hidden"]))
        shown[shares] = shown[shares].mask(pd.Series(few, index=shown.index), axis=0)
        return pd.concat([table.iloc[:1].assign(hidden=False), shown], ignore_index=True)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw each group's median with its interval or bounds; a median not reached has only its label.

        Of more than 24 groups, those with the most cases.
        """
        held = self.table.dropna(subset="n")
        axes, table = axes_of_rows(ax, held, held["n"], _place(held).mask(held["group"].isin(NO_GROUP)), head=1)
        numbers = table[["median", "median_lower", "median_upper"]].astype("float64")
        label = table["group"].map(draw.name_of) + " (" + table["n"].map("{:,}".format) + ")"
        # An upper limit that was not reached is drawn to the edge of what was seen.
        edge = float(numbers.max().max())
        known = numbers["median"].notna() | numbers["median_upper"].notna()
        shown = numbers.assign(label=label, median_upper=numbers["median_upper"].fillna(edge).where(known))
        draw.ranges(
            axes, shown.assign(reads=_middle(table)), label="label", estimate="median", lower="median_lower",
            upper="median_upper", kind="days", bounds="interval" not in self.limits, reads="reads", unit="days",
        )  # fmt: skip
        axes.set_xlabel(f"days until half had closed (number of cases in brackets; line: {self.limits})")
        return axes

    def sentence(self) -> str:
        """State the overall share closed, and the fastest and slowest group where there are several."""
        whole = self.table.iloc[0]
        day = plural(self.within_days, "day")
        lower, upper = whole["closed_within_lower"], whole["closed_within_upper"]
        ends = f"{percent(lower, 1)} to {percent(upper, 1)}"
        if pd.notna(whole["closed_within"]):
            share = f"{percent(whole['closed_within'], 1)} had closed within {day}"
            if pd.isna(lower) or pd.isna(upper):
                share += " (no interval exists)"
            elif lower < upper:
                share += f" ({self.limits} {ends})"
        elif pd.isna(upper):
            share = f"the share closed within {day} was not observed"
        else:
            share = f"{ends} had closed within {day}"
        share += extremes_said(whole.to_dict(), "closed_within_extreme", lambda share: percent(share, 1))
        among = self.among or f", {whole['open']:,} still open"
        said = f"Of {plural(int(whole['n']), 'case')}{among}, {share}."
        reached = (
            self.table.assign(place=_place(self.table))
            .iloc[1:]
            .dropna(subset="place")
            .sort_values("place", kind="stable")
        )
        if len(reached) < 2:
            return said
        middle = _middle(self.table)[reached.index]
        first, last = (f"{middle.iloc[end]} days" for end in (0, -1))
        if middle.nunique() == 1:
            said += f" The median is {first} in each of {len(reached)} groups."
        else:
            said += (
                f" The median runs from {first} ({reached['group'].iloc[0]}) to {last} ({reached['group'].iloc[-1]})."
            )
        return said if self.test is None else f"{said} {self.test.sentence()}"


def _place(table: pd.DataFrame) -> pd.Series:
    """The day that ranks a median: the first that it can be, where it lies between two; missing if not reached."""
    return table["median"].fillna(table["median_lower"].where(table["median_upper"].notna()))


def _middle(table: pd.DataFrame) -> pd.Series:
    """The median in words: a day, or the days it lies between."""
    exact = table["median"].map("{:,}".format, na_action="ignore").astype("str")
    return exact.fillna(table["reads"])


@takes("durations")
@remembered
def compare_groups(
    durations: Durations,
    by: str | Sequence[str] | None = None,
    within_days: int = 365,
    confidence: float = 0.95,
    *,
    chance: bool = False,
) -> Groups:
    """Estimate each group's median delay and share closed, by the estimator the source allows.

    Parameters
    ----------
    durations : Durations
        With a column for each name in `by`.
    by : str or sequence of str, optional
        Grouping columns; ``None`` gives the overall row alone. Groups that are numbers or bands stand in their order,
        others by their size.
    within_days : int
        The day by whose end the share closed is counted.
    confidence : float
        Level of the intervals.
    chance : bool
        Whether interval-dated curves and statuses get likelihood-ratio limits, which add sampling error to the bounds
        (:func:`accountability.delay.quantile_limits`); slow. Curves with intervals of their own keep them.

    Returns
    -------
    Groups

    Raises
    ------
    Refusal
        As for :func:`accountability.delay.how_long`. Where only the test is refused, ``cautions`` says why.

    Examples
    --------
    >>> from accountability import delay
    >>> from accountability.study.durations import Durations
    >>> made = Durations.from_days(range(60), groups={"unit": ["north"] * 30 + ["south"] * 30})
    >>> delay.compare_groups(made, "unit", 40).table[["group", "n", "median"]].to_numpy().tolist()
    [['all cases', 60, 29], ['north', 30, 14], ['south', 30, 44]]
    """
    names = columns_of(by)
    curve = how_long(durations, names, confidence).curve
    whole = curve
    if names:
        # The overall row shares the estimator with the groups, and with those read backwards their horizon too.
        if isinstance(curve, ReverseTimeCurve):
            whole = reverse_time_curve(durations, confidence=confidence, within=curve.within)
        elif isinstance(curve, IntervalCurve):
            whole = interval_curve(durations)
        else:
            whole = how_long(durations, confidence=confidence).curve
    coarse = curve.confidence is None
    rows = [_row_each(whole, within_days).assign(group=ALL)]
    if chance and coarse:
        rows = [_with_chance(rows[0], durations, None, within_days, confidence)]
    test: GroupTest | None = None
    untested: tuple[str, ...] = ()
    if names:
        of_groups = _row_each(curve, within_days)
        if chance and coarse:
            of_groups = _with_chance(of_groups, durations, names, within_days, confidence)
        of_groups["group"] = of_groups[list(names)].astype("str").agg(", ".join, axis=1)
        # Years, bands and other numbers keep their order; of other groups the largest stands first.
        numbers = all(are_numbers(of_groups[name], but=NO_GROUP) for name in names)
        largest_first = of_groups.sort_values("n", ascending=False, kind="stable")
        rows.append(in_reading_order(of_groups, names) if numbers else largest_first)
        if len(of_groups) > 1 and isinstance(curve, (DelayCurve, CoarseCurve, IntervalCurve)):
            to_the_day = isinstance(curve, DelayCurve) and durations.exact
            try:
                test = compare(durations, names, "logrank" if to_the_day else "coarse")
            except Refusal as why:  # the curves stand without it
                untested = (f"not tested whether the groups close at the same pace: {why}",)
    words = "where the estimate lies, without sampling error" if coarse else f"{percent(confidence)} interval"
    more = [name for name in rows[0] if "_extreme_" in str(name)]
    table = pd.concat([part[["group", *COLUMNS, *more]] for part in rows], ignore_index=True)
    if not _bounded(whole):
        table = beside(
            durations,
            table,
            ["group"],
            lambda end: compare_groups(end, by, within_days, confidence).true_numbers(),
            {
                "median_extreme": ("median", "median", "early"),
                "closed_within_extreme": ("closed_within", "closed_within", "late"),
            },
        )
    return Groups(
        estimand=f"days until half of the cases had closed, and the share closed within {within_days} days",
        assumptions=whole.assumptions,
        method=whole.method + (f"; {test.method}" if test is not None else ""),
        table=table,
        flow=durations.flow,
        cautions=untested,
        by=names,
        within_days=within_days,
        limits=f"{percent(confidence)} likelihood-ratio limits" if chance and coarse else words,
        among=f" that closed within {whole.within:,} days" if isinstance(whole, ReverseTimeCurve) else "",
        test=test,
    )


def _row_each(curve: Curve, day: int) -> pd.DataFrame:
    """The median and the share closed by a day of each group, read off its curve."""
    share = curve.true_at([day])
    closed = share["estimate"], share["lower"], share["upper"]
    if not isinstance(curve, ReverseTimeCurve):
        closed = 1 - share["estimate"], 1 - share["upper"], 1 - share["lower"]
    found = _median_each(curve).assign(**dict(zip(COLUMNS[-3:], closed, strict=True)))[[*curve.by, *COLUMNS]]
    if not _bounded(curve):
        return found
    median, (lower, upper) = curve.true_quantiles(0.5), _EXTREMES
    return found.assign(
        median_extreme_lower=median[lower].array,
        median_extreme_upper=median[upper].array,
        closed_within_extreme_lower=1 - share[upper].array,
        closed_within_extreme_upper=1 - share[lower].array,
    )


def _bounded(curve: Curve) -> bool:
    """Whether the curve itself holds the two extremes of its median and shares."""
    return isinstance(curve, DelayCurve) and bool(curve.ends)


def _median_each(curve: Curve) -> pd.DataFrame:
    median, cases = curve.true_quantiles(0.5), curve.true_numbers("cases")
    lower = median["lower"]
    if isinstance(curve, CurrentStatusCurve):
        lower = lower.where(median["upper"].notna())
    return median.assign(
        n=cases["n"].to_numpy(),
        open=cases["open"].to_numpy(),
        median=median["estimate"],
        median_lower=lower,
        median_upper=median["upper"],
    )


def _with_chance(
    table: pd.DataFrame, durations: Durations, by: tuple[str, ...] | None, day: int, confidence: float
) -> pd.DataFrame:
    """The table with likelihood-ratio limits of the median and of the share closed."""
    median = quantile_limits(durations, 0.5, by, confidence).true_numbers()
    share = curve_limits(durations, [day], by, confidence).true_numbers()
    return table.assign(
        median_lower=median["lower"],
        median_upper=median["upper"],
        closed_within_lower=1 - share["upper"],
        closed_within_upper=1 - share["lower"],
    )


def median_of(curve: Curve) -> dict[str, Any]:
    """Return the numbers of cases and the median of a curve without groups, for a row of a table."""
    row = _median_each(curve).iloc[0]
    return {name: row[name] for name in COLUMNS[:6]}
