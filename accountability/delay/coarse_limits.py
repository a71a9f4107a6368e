"""Confidence limits by the likelihood ratio, for interval-dated and current-status curves, which have no variance.

The limits of the curve at one day are the values at which the likelihood falls below the critical value. No shape of
the curve is assumed. The coarser the dates, the wider the limits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from accountability.delay.counts import case_counts, columns_of, days_asked, label_of, shares_asked, with_groups
from accountability.delay.current_status import current_status_curve
from accountability.delay.curve import NOT_REACHED, Curve, rests_on_few, without
from accountability.delay.interval import bounds, interval_curve
from accountability.delay.unknown_days import extremes_said
from accountability.figures import draw
from accountability.privacy import MIN_CELL
from accountability.results import Result, capitalised, percent
from accountability.stats.intervals import z_critical
from accountability.stats.likelihood_limits import Profile, of_intervals, of_statuses
from accountability.study.durations import Durations, group_codes
from accountability.study.inputs import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CurveLimits(Result):
    """Share still open at chosen days, or days by which chosen shares had closed, with likelihood-ratio limits.

    ``table`` of :func:`curve_limits`: the columns of `by`, ``day``, ``lowest``, ``highest`` (bounds of the estimate;
    equal where the dates determine it), ``lower``, ``upper`` (limits of the share still open). Of
    :func:`quantile_limits`: the columns of `by`, ``share``, ``earliest``, ``latest`` (bounds of the estimate),
    ``lower``, ``upper`` (days; missing when not reached). Where the end of some case is not known, ``extreme_lower``
    and ``extreme_upper``: the estimate with every such end as early, and as late, as it can have been.

    Attributes
    ----------
    by : tuple of str
        The grouping columns.
    groups : pandas.DataFrame
        One row per group.
    confidence : float
        Level of the limits.
    clock : str
        The clock.
    cases : tuple of int
        Cases of each group.
    """

    by: tuple[str, ...]
    groups: pd.DataFrame
    confidence: float
    clock: str
    cases: tuple[int, ...]

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Hide groups of fewer than ten cases, and a group's shares that rest on fewer than ten."""
        if not self.by:
            return table
        size = np.repeat(self.cases, len(table) // len(self.groups))
        few = size < MIN_CELL
        if "day" in table:
            few = few | rests_on_few(table[["lowest", "highest"]].to_numpy(), size[:, None]).any(axis=1)
        return without(table, few, (*self.by, "day", "share"))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw each row's limits as a line and its estimate as dots; a limit not reached ends at the edge."""
        axes = draw.new_axes(ax, height=1.2 + 0.32 * len(self.table))
        days = "share" in self.table
        ends = ["earliest", "latest"] if days else ["lowest", "highest"]
        shown = self.table.astype(dict.fromkeys((*ends, "lower", "upper"), float))
        edge = float(np.nanmax(shown[[*ends, "lower", "upper"]].to_numpy(), initial=0.0))
        each = len(shown) // len(self.groups)
        what = (
            shown["share"].map(lambda share: f"{percent(share)} closed")
            if days
            else shown["day"].map("day {:,}".format)
        )
        lead = [label_of(self.groups, place // each) for place in range(len(shown))]
        shown = shown.fillna({"upper": edge}).assign(label=[f"{a}{b}" for a, b in zip(lead, what, strict=True)])
        for name in ends:
            draw.ranges(axes, shown, label="label", estimate=name, lower="lower", upper="upper",
                        kind="days" if days else "share", beside=False)  # fmt: skip
        axes.set_xlabel(f"{'days' if days else 'share still open'} ({percent(self.confidence)} limits)")
        return axes

    def sentence(self) -> str:
        """State every estimate with its limits."""
        said = []
        each = len(self.table) // len(self.groups)
        for place, row in enumerate(self.table.to_dict("records")):
            lead = label_of(self.groups, place // each)
            if row.get("hidden"):
                said.append(f"{lead}too few cases to show")
                continue
            if "day" in row:
                found = _range(percent(row["lowest"], 1), percent(row["highest"], 1))
                limits = f"{percent(row['lower'], 1)} to {percent(row['upper'], 1)}"
                limits += extremes_said(row, "extreme", lambda share: percent(share, 1))
                said.append(f"{lead}{found} were still open after day {row['day']:,} ({limits})")
            else:
                found = _range(_day(row["earliest"]), _day(row["latest"]))
                limits = f"{_day(row['lower'])} to {_day(row['upper'])}" + extremes_said(row, "extreme", _day)
                said.append(f"{lead}{percent(row['share'])} had closed within {found} days ({limits})")
        return capitalised(f"{'; '.join(said)}; in brackets the {percent(self.confidence)} limits [{self.clock}].")


@takes("durations")
def curve_limits(
    durations: Durations, days: Sequence[int], by: str | Sequence[str] | None = None, confidence: float = 0.95
) -> CurveLimits:
    """Estimate the share still open at the end of chosen days with confidence limits, for coarse dates or statuses.

    Parameters
    ----------
    durations : Durations
        As :func:`~accountability.delay.interval_curve` or, from :func:`accountability.study.clocks.current_status`, as
        :func:`~accountability.delay.current_status_curve` takes them.
    days : sequence of int
        Days of age.
    by : str or sequence of str, optional
        Columns to group by.
    confidence : float
        Level of the limits, each day on its own.

    Returns
    -------
    CurveLimits

    Raises
    ------
    Refusal
        As for the curve's own estimator.
    ParameterError
        For a negative day, an invalid level or, for statuses, one not in 0.80 to 0.99.

    Examples
    --------
    >>> from accountability import delay
    >>> from accountability.study.durations import Durations
    >>> months = Durations.from_days([1, 32, 60, 61], days_upper=[30, 62, 90, 91])
    >>> delay.curve_limits(months, [40]).table[["lower", "upper"]].round(2).to_numpy().tolist()
    [[0.25, 0.98]]

    Notes
    -----
    The likelihood ratio of the best curve and the best one through a given share at that day. For intervals it is held
    against chi-squared on one degree of freedom. Where no closing is known to the day these limits are too wide: with
    months at both ends 95 % limits held the truth 98 to 99 times in 100 simulations (benchmarks/delay_coverage.py);
    against the smaller limit of Banerjee and Wellner (2001) it was 92 to 93, and limits that are too narrow are the
    worse fault. :func:`coarse_curve <accountability.delay.coarse.coarse_curve>`, which takes the curve as smooth
    between the dates, has intervals that hold their level there.

    Statuses are compared with that limit, which is proven for them, unless their distinct ages are few
    beside the cube root of the cases (Tang, Banerjee and Kosorok 2012); then against chi-squared.
    """
    asked = days_asked(days)
    curve, of_group, groups, said = _prepared(durations, by, confidence)
    found = None if durations.current_status else curve.true_at(asked.tolist())
    rows = []
    for number, profile in enumerate(of_group):
        for place, day in enumerate(asked.tolist()):
            least, most = profile.estimate(day)
            if found is not None:
                row = found.iloc[number * len(asked) + place]
                most, least = 1 - float(row["lower"]), 1 - float(row["upper"])
            rows.append((number, day, 1 - most, 1 - least, 1 - profile.limit(day, 1), 1 - profile.limit(day, -1)))
    number_of, *columns = zip(*rows, strict=True)
    names = ("day", "lowest", "highest", "lower", "upper")
    table = with_groups(groups, number_of, {name: np.array(c) for name, c in zip(names, columns, strict=True)})
    if found is not None:
        table = table.assign(**_extremes(found))
    return _result(durations, f"share of cases still open by {durations.clock}", said, table, by, groups, confidence)


@takes("durations")
def quantile_limits(
    durations: Durations,
    shares: float | Sequence[float] = 0.5,
    by: str | Sequence[str] | None = None,
    confidence: float = 0.95,
) -> CurveLimits:
    """Estimate the day by which a share had closed with confidence limits, for coarse dates or statuses.

    Parameters
    ----------
    durations, by, confidence
        As :func:`curve_limits`.
    shares : float or sequence of float
        Shares closed.

    Returns
    -------
    CurveLimits
        The days at which the limits of the curve cross the share.

    Raises
    ------
    Refusal, ParameterError
        As for :func:`curve_limits`, and for a share outside 0 to 1.

    Examples
    --------
    >>> from accountability import delay
    >>> from accountability.study.durations import Durations
    >>> months = Durations.from_days([1, 32, 60, 61], days_upper=[30, 62, 90, 91])
    >>> delay.quantile_limits(months).table[["lower", "upper"]].to_numpy().tolist()
    [[1, 91]]
    """
    asked = shares_asked(shares)
    curve, of_group, groups, said = _prepared(durations, by, confidence)
    middle = curve.true_quantiles(asked.tolist())
    rows: list[tuple[Any, ...]] = []
    for number, profile in enumerate(of_group):
        for place, share in enumerate(asked.tolist()):
            row = middle.iloc[number * len(asked) + place]
            last = row["upper"]
            first = last if pd.isna(last) else row["lower"]
            rows.append((number, share, first, last, *profile.days(share)))
    number_of, share_out, *columns = zip(*rows, strict=True)
    table = {"share": np.array(share_out)} | {
        name: pd.array([None if pd.isna(value) else int(value) for value in column], dtype="Int64")
        for name, column in zip(("earliest", "latest", "lower", "upper"), columns, strict=True)
    }
    what = f"day by which a share of cases had closed, by {durations.clock}"
    whole = with_groups(groups, number_of, table).assign(**_extremes(middle))
    return _result(durations, what, said, whole, by, groups, confidence)


def _result(
    durations: Durations,
    estimand: str,
    said: tuple[str, tuple[str, ...]],
    table: pd.DataFrame,
    by: str | Sequence[str] | None,
    groups: pd.DataFrame,
    confidence: float,
) -> CurveLimits:
    return CurveLimits(
        estimand=estimand,
        assumptions=(*said[1], "cases are independent of each other"),
        method=said[0],
        table=table,
        flow=durations.flow,
        by=columns_of(by),
        groups=groups,
        confidence=confidence,
        clock=durations.clock,
        cases=tuple(case_counts(durations, by)["n"].tolist()),
    )


def _prepared(
    durations: Durations, by: str | Sequence[str] | None, confidence: float
) -> tuple[Curve, list[Profile], pd.DataFrame, tuple[str, tuple[str, ...]]]:
    fall = z_critical(confidence) ** 2
    groups, codes = group_codes(durations, by)
    each = [codes == number for number in range(len(groups))]
    closed = durations.event
    if durations.current_status:
        status = current_status_curve(durations, by)
        age = durations.end
        profiles = [of_statuses(age[one], closed[one], confidence, fall) for one in each]
        against = " or, by group, ".join(sorted({one.against for one in profiles}))
        words = f"likelihood-ratio {percent(confidence)} limits of the current-status curve; {against}"
        return status, profiles, groups, (words, status.assumptions)
    curve = interval_curve(durations, by)
    low, high = bounds(durations)
    profiles = [of_intervals(low[one], high[one], fall) for one in each]
    words = f"likelihood-ratio {percent(confidence)} limits of the interval-dated curve; {profiles[0].against}"
    return curve, profiles, groups, (words, curve.assumptions)


def _extremes(found: pd.DataFrame) -> dict[str, pd.Series]:
    return {str(name): column for name, column in found.filter(like="extreme_").items()}


def _range(first: str, last: str) -> str:
    return first if first == last else f"{first} to {last}"


def _day(value: Any) -> str:
    return NOT_REACHED if pd.isna(value) else f"{int(value):,}"
