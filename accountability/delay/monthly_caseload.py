"""The caseload: complaints received and closed, open cases and their age, month by month."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.results import Result, plural
from accountability.stats.arrays import Days, Flags
from accountability.study.cohort import Cohort
from accountability.study.inputs import takes
from accountability.study.occurrences import FOREVER, NEVER, as_date, day_number, occurrence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MASS_FACTOR: Final = 10
MASS_LEAST: Final = 20


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Caseload(Result):
    """Cases received, closed and open by month.

    ``table``: ``month`` (its first day), ``received``, ``closed``, ``open_at_end``, ``median_age_open`` (days, at the
    end of the month; missing with no open case), ``clearance`` (closed over received; missing with none received),
    ``complete`` (whether the release covers the whole month, its receipts and its closings).

    Attributes
    ----------
    mass_closures : pandas.DataFrame
        Days on which unusually many cases closed: ``day``, ``closed``, ``usual`` (mean a day over the year around
        it, that day left out).
    clock : str
        The two stages and the cut-off.
    """

    mass_closures: pd.DataFrame
    clock: str

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw open cases with receipts and closings; days of mass closing are marked."""
        axes = draw.new_axes(ax)
        shown = self.table[self.table["complete"]]
        for number, (column, label) in enumerate(
            (("open_at_end", "open at the end of the month"), ("received", "received"), ("closed", "closed"))
        ):
            draw.lines(axes, shown, x="month", y=column, label=label, number=number)
        days = self.mass_closures["day"]
        seen = days[days <= shown["month"].max() + pd.offsets.MonthEnd(1)] if len(shown) else days
        draw.marks(axes, seen, label="day of mass closing", number=3)
        axes.set_ylim(bottom=0)
        draw.labelled(axes, "month", "cases", y_kind="number")
        draw.lines_named(axes)
        return axes

    def plot_age(self, ax: Axes | None = None) -> Axes:
        """Draw the median age of the open cases at the end of each month."""
        axes = draw.new_axes(ax, height=3.2)
        shown = self.table[self.table["complete"]].dropna(subset="median_age_open")
        draw.lines(axes, shown, x="month", y="median_age_open")
        axes.set_ylim(bottom=0)
        draw.labelled(axes, "month", "median age of open cases, days", y_kind="days")
        return axes

    def age_sentence(self) -> str:
        """Say how old the open cases were at the end of the last complete month, and when they were oldest."""
        shown = self.table[self.table["complete"]].dropna(subset="median_age_open")
        if shown.empty:
            return "No case was open at the end of a complete month."
        last = shown.iloc[-1]
        top = shown.sort_values("median_age_open", kind="stable").iloc[-1]
        return (
            f"At the end of {last['month']:%Y-%m} half of the {plural(int(last['open_at_end']), 'open case')} had been "
            f"open for {last['median_age_open']:,.0f} days or more; that age was highest in {top['month']:%Y-%m}, "
            f"{top['median_age_open']:,.0f} days."
        )

    def sentence(self) -> str:
        """Say how the number of open cases moved, and what closed in one day."""
        shown = self.table[self.table["complete"]]
        first, last = shown.iloc[0], shown.iloc[-1]
        text = (
            f"From {first['month']:%Y-%m} to {last['month']:%Y-%m} {plural(int(shown['received'].sum()), 'case')} came "
            f"in and {int(shown['closed'].sum()):,} closed; open cases went from {int(first['open_at_end']):,} to "
            f"{int(last['open_at_end']):,}"
        )
        if len(self.mass_closures):
            top = self.mass_closures.sort_values(["closed", "day"], ascending=[False, True]).iloc[0]
            text += (
                f"; {plural(len(self.mass_closures), 'day')} of mass closing, the largest {top['day']:%Y-%m-%d} with "
                f"{int(top['closed']):,} cases (usually {top['usual']:.1f} a day)"
            )
        return f"{text} [{self.clock}]."


@takes("cohort")
def caseload(
    cohort: Cohort,
    start: str = "received",
    stop: str = "closed",
    cutoff: dt.date | str | None = None,
) -> Caseload:
    """Count cases received, closed and open by month.

    Parameters
    ----------
    cohort : Cohort or Dataset
        Open and closed cases.
    start, stop : str
        Stages at which a case comes in and goes out.
    cutoff : date, optional
        Last day to count; ``card.observed_until`` when left out.

    Returns
    -------
    Caseload

    Raises
    ------
    Refusal
        When the source holds no open cases or no closing dates, the last day covered is not known, or dates are not
        known to the day.

    Examples
    --------
    >>> import accountability
    >>> from accountability import delay
    >>> load = delay.caseload(accountability.load("synthetic"))
    >>> load.table.loc[load.table["complete"], "open_at_end"].iloc[-1].item()
    643

    Notes
    -----
    Cases received before the release's window are not in it, so the open cases of its first months are too few. A day
    is marked as mass closing when at least 20 cases closed and ten times the usual number; the rule marks, it does not
    test.
    """
    study = cohort
    flow = came_and_went(study, start, stop, cutoff)
    until = flow.until
    return Caseload(
        estimand=f"cases received, closed and open by month, '{start}' to '{stop}'",
        assumptions=(
            "every case of the window is in the release, open or closed",
            "cases received before the window are missing from the open cases of the first months",
            "months after the last day of receipt covered are not complete: their cases are missing, not fewer",
            f"{int((~flow.kept).sum()):,} cases without a usable date are left out",
        ),
        method="counts; mass closing: at least "
        f"{MASS_LEAST} cases and {MASS_FACTOR} times the mean of the year around the day",
        table=months_of(flow.came, flow.went, until, flow.receipts_until),
        flow=study.flow(),
        mass_closures=_mass(flow.went[flow.went < FOREVER]),
        clock=f"'{start}' to '{stop}' until {until.isoformat()}",
    )


class Moves(NamedTuple):
    """Days on which usable cases came in and went out (``FOREVER`` while open); which cases those are; the last days.

    ``until`` is the last day counted, ``receipts_until`` the last on which cases that came in are in the release.
    """

    came: Days
    went: Days
    kept: Flags
    until: dt.date
    receipts_until: dt.date


def came_and_went(study: Cohort, start: str, stop: str, cutoff: dt.date | str | None) -> Moves:
    """Read from the events when cases came in and went out."""
    rule = study.card.sampling
    if rule.open_cases != "included" or rule.rule not in ("complete", "trailing_window"):
        raise Refusal(
            f"a caseload counts open cases, and {study.name} is {rule.rule} with open cases {rule.open_cases}: use a "
            "complete release; delay.how_long says what this one can show"
        )
    until = study.card.observed_until if cutoff is None else as_date(cutoff, "cutoff")
    if until is None:
        raise Refusal(f"the last day {study.name} covers is not known: pass cutoff=")
    if study.card.observed_until is not None and until > study.card.observed_until:
        raise ParameterError(f"cutoff={until} is after {study.card.observed_until}, the last day {study.name} covers")
    cases = pd.Index(study.cases["case_id"])
    begin = occurrence(study.events, cases, start, "first")
    end = occurrence(study.events, cases, stop, "first")
    last = day_number(until)
    unusable = begin.none | (end.set_aside != "") | (~end.none & (end.latest < begin.earliest))
    wide = ~unusable & ((begin.earliest != begin.latest) | (~end.none & (end.earliest != end.latest)))
    if wide.any():
        raise Refusal(
            f"{int(wide.sum()):,} of {len(cases):,} cases of {study.name} are dated less finely than a day, so the "
            "month and the age of open cases are not known: keep the others with keep_if, or show delay.interval_curve"
        )
    kept = ~unusable & (begin.earliest <= last) & (begin.earliest > NEVER)
    if not kept.any():
        raise Refusal(f"no case of {study.name} has a usable '{start}' date up to {until}")
    came = begin.earliest[kept]
    went = np.where(end.earliest[kept] <= last, end.earliest[kept], FOREVER)
    return Moves(came, went, kept, until, _receipts_until(study, start, until))


def _receipts_until(study: Cohort, start: str, until: dt.date) -> dt.date:
    """Last day on which cases that came in are in the release: its window may end before its closings do."""
    period = study.card.period
    return until if period is None or start != "received" else min(period.end, until)


def months_of(came: Days, went: Days, until: dt.date, receipts_until: dt.date) -> pd.DataFrame:
    """Count by month, from the first case on; `came` is not empty."""
    first = came.min().astype("datetime64[D]").astype("datetime64[M]")
    a_month = np.timedelta64(1, "M")
    months = np.arange(first, np.datetime64(until, "M") + a_month)
    edges = np.append(months, months[-1] + a_month).astype("datetime64[D]").astype(np.int64)
    received = np.histogram(came, edges)[0]
    done: Flags = went < FOREVER
    closed = np.histogram(went[done], edges)[0]
    still_open = np.cumsum(received) - np.cumsum(closed)
    last = np.minimum(edges[1:] - 1, day_number(until))
    ages = np.array([_median(day - came[(came <= day) & (went > day)]) for day in last])
    return pd.DataFrame(
        {
            "month": months.astype("datetime64[s]"),
            "received": received,
            "closed": closed,
            "open_at_end": still_open,
            "median_age_open": ages,
            "clearance": np.divide(closed, received, out=np.full(len(received), np.nan), where=received > 0),
            "complete": edges[1:] - 1 <= day_number(receipts_until),
        }
    )


def _median(values: Days) -> float:
    return float(np.median(values)) if len(values) else np.nan


def _mass(went: Days) -> pd.DataFrame:
    """Days with far more closings than usual in the year around them."""
    if not len(went):
        return pd.DataFrame({"day": pd.Series(dtype="datetime64[s]"), "closed": [], "usual": []})
    origin = int(went.min())
    daily = np.bincount(went - origin)
    total = np.concatenate([[0], np.cumsum(daily)])
    place = np.arange(len(daily))
    left, right = np.maximum(place - 182, 0), np.minimum(place + 183, len(daily))
    others = np.maximum(right - left - 1, 1)
    usual = (total[right] - total[left] - daily) / others
    marked = np.flatnonzero((daily >= MASS_LEAST) & (daily >= MASS_FACTOR * usual))
    return pd.DataFrame(
        {
            "day": (marked + origin).astype("datetime64[D]").astype("datetime64[s]"),
            "closed": daily[marked],
            "usual": usual[marked],
        }
    )
