"""The caseload: complaints received and closed, open cases and their age, month by month."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from accountability.delay.unknown_days import furthest
from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.records.case_ends import counted_states, ends_unknown, state_of
from accountability.remembered import remembered
from accountability.results import Result, plural
from accountability.stats.arrays import Days, Flags, Floats
from accountability.study.cohort import Cohort
from accountability.study.inputs import takes
from accountability.study.occurrences import FOREVER, NEVER, as_date, day_number, stage_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MASS_FACTOR: Final = 10
MASS_LEAST: Final = 20


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Caseload(Result):
    """Cases received, closed and open by month.

    ``table``: ``month`` (its first day), ``received``, ``closed``, ``open_at_end``, ``median_age_open`` (days, at the
    end of the month; missing with no open case), ``clearance`` (closed over received; missing with none received),
    ``complete`` (whether the release covers the whole month, its receipts and its closings). These leave out cases
    whose day, or fact, of closing is not known. Where there are any, ``received_extreme_lower``,
    ``received_extreme_upper`` and so on are each number's least and most with them.

    Attributes
    ----------
    mass_closures : pandas.DataFrame
        Days on which unusually many cases closed: ``day``, ``closed``, ``usual`` (mean per day in the year around it,
        without that day).
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
        """Say how the number of open cases changed, and how many closed on days of mass closing."""
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
        if self.states is not None and (unknown := ends_unknown(self.states)):
            text += (
                f"; {unknown}: with these, wherever they closed, {int(last['open_at_end_extreme_lower']):,} to "
                f"{int(last['open_at_end_extreme_upper']):,} were open at the end"
            )
        return f"{text} [{self.clock}]."


@takes("cohort")
@remembered
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
        Stages at which a case is received and closed.
    cutoff : date, optional
        Last day to count; ``card.observed_until`` when left out.

    Returns
    -------
    Caseload
        With bounds where the end of some case is not known.

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
    held = came_and_went(study, start, stop, cutoff)
    unused = len(study.cases) - len(held.came) - len(held.doubtful)
    unknown = ends_unknown(held.states)
    return Caseload(
        estimand=f"cases received, closed and open by month, '{start}' to '{stop}'",
        assumptions=(
            "every case of the window is in the release, open or closed",
            "cases received before the window are missing from the open cases of the first months",
            "months after the last day of receipt covered are not complete: their cases are missing, not fewer",
            *((f"{plural(unused, 'case')} without a usable date left out",) if unused else ()),
            *((f"{unknown}: these are in the bounds alone",) if unknown else ()),
        ),
        method="counts; mass closing: at least "
        f"{MASS_LEAST} cases and {MASS_FACTOR} times the mean of the year around the day",
        table=months_of(held),
        flow=study.flow(),
        states=held.states,
        mass_closures=_mass(held.went[held.went < FOREVER]),
        clock=f"'{start}' to '{stop}' until {held.until.isoformat()}",
    )


@dataclass(frozen=True, slots=True, eq=False)
class Arrivals:
    """Days on which cases were received and closed.

    Attributes
    ----------
    known : array of bool
        Which of all cases have a known end.
    came, went : array of int
        Their days of receipt and closing; ``FOREVER`` while open.
    until, receipts_until : date
        The last day counted, and the last day whose receipts are in the release.
    unknown : array of bool
        Which of all cases have a usable receipt and no known end.
    doubtful, latest : array of int
        Their day of receipt, and the last day on which they can have ended; ``FOREVER`` where they may still be open.
    states : DataFrame
        All cases by closing state.
    """

    known: Flags
    came: Days
    went: Days
    until: dt.date
    receipts_until: dt.date
    unknown: Flags
    doubtful: Days
    latest: Days
    states: pd.DataFrame

    def part(self, of: Flags) -> Arrivals:
        """Return the same for a subset of cases."""
        known, unknown = of[self.known], of[self.unknown]
        return replace(
            self, known=self.known & of, came=self.came[known], went=self.went[known], unknown=self.unknown & of,
            doubtful=self.doubtful[unknown], latest=self.latest[unknown],
        )  # fmt: skip


@remembered
def came_and_went(study: Cohort, start: str, stop: str, cutoff: dt.date | str | None) -> Arrivals:
    """Return the days on which cases were received and closed, as far as known."""
    rule = study.card.sampling
    if rule.open_cases != "included" or rule.rule not in ("complete", "trailing_window"):
        raise Refusal(
            f"a caseload counts open cases, and {study.name} is {rule.rule} with open cases {rule.open_cases}: use a "
            "complete release; delay.how_long says what this one can show"
        )
    covered = study.card.observed_until
    until = covered if cutoff is None else as_date(cutoff, "cutoff")
    if until is None:
        raise Refusal(f"the last day {study.name} covers is not known: pass cutoff=")
    if covered is not None and until > covered:
        raise ParameterError(f"cutoff={until} is after {covered}, the last day {study.name} covers")
    cases = pd.Index(study.cases["case_id"])
    begin = stage_of(study, start)
    end = stage_of(study, stop)
    last = day_number(until)
    no_day = (end.earliest == NEVER) & (end.latest == FOREVER)
    no_word = end.none & (end.set_aside != "")
    unusable = begin.none | (~end.none & (end.latest < begin.earliest))
    wide = ~unusable & ((begin.earliest != begin.latest) | (~end.none & ~no_day & (end.earliest != end.latest)))
    if wide.any():
        raise Refusal(
            f"{int(wide.sum()):,} of {len(cases):,} cases of {study.name} are dated less finely than a day, so the "
            "month and the age of open cases are not known: keep the others with keep_if, or show delay.interval_curve"
        )
    kept = ~unusable & (begin.earliest <= last) & (begin.earliest > NEVER)
    if not kept.any():
        raise Refusal(f"no case of {study.name} has a usable '{start}' date up to {until}")
    is_open, known, unknown = end.none | (end.earliest > last), kept & ~no_day & ~no_word, kept & (no_day | no_word)
    return Arrivals(
        known=known,
        came=begin.earliest[known],
        went=np.where(end.earliest[known] <= last, end.earliest[known], FOREVER),
        until=until,
        receipts_until=_receipts_until(study, start, until),
        unknown=unknown,
        doubtful=begin.earliest[unknown],
        # What closed on an unknown day had closed by the last day covered, which may lie after this cut-off.
        latest=np.where(no_day[unknown] & (covered in (None, until)), last, FOREVER),
        states=counted_states(state_of(no_word, is_open, no_day)),
    )


def _receipts_until(study: Cohort, start: str, until: dt.date) -> dt.date:
    """Last day on which cases that came in are in the release: its window may end before its closings do."""
    period = study.card.period
    return until if period is None or start != "received" else min(period.end, until)


def months_of(held: Arrivals, *, ages_too: bool = True) -> pd.DataFrame:
    """Count by month, from the first case on; without `ages_too` neither ages of the open ones nor extremes."""
    came, went, until = held.came, held.went, held.until
    first = np.append(np.concatenate([came, held.doubtful]), day_number(until)).min()
    first = first.astype("datetime64[D]").astype("datetime64[M]")
    a_month = np.timedelta64(1, "M")
    months = np.arange(first, np.datetime64(until, "M") + a_month)
    edges = np.append(months, months[-1] + a_month).astype("datetime64[D]").astype(np.int64)
    received = np.histogram(came, edges)[0]
    done: Flags = went < FOREVER
    closed = np.histogram(went[done], edges)[0]
    still_open = np.cumsum(received) - np.cumsum(closed)
    counts = {
        "month": months.astype("datetime64[s]"),
        "received": received,
        "closed": closed,
        "open_at_end": still_open,
    }
    if not ages_too:
        return pd.DataFrame(counts)
    last = np.minimum(edges[1:] - 1, day_number(until))
    ages = [day - came[(came <= day) & (went > day)] for day in last]
    table = pd.DataFrame(
        {
            **counts,
            "median_age_open": [_median(one) for one in ages],
            "clearance": _share(closed, received),
            "complete": edges[1:] - 1 <= day_number(held.receipts_until),
        }
    )
    if not len(held.doubtful):
        return table
    more = np.histogram(held.doubtful, edges)[0]
    may = [(held.doubtful <= day) & (held.latest > day) for day in last]
    either = [(one, day - held.doubtful[which]) for one, day, which in zip(ages, last, may, strict=True)]
    # One that came in the last month and is not open at its end closed in it.
    must = np.histogram(held.doubtful[held.latest < FOREVER], edges)[0]
    must[:-1] = 0
    least, most, whole = closed + must, closed + np.cumsum(more), received + more
    bounds: dict[str, tuple[Any, Any]] = {
        "received": (whole, whole),
        "closed": (least, most),
        "open_at_end": (still_open, still_open + np.array([which.sum() for which in may])),
        "median_age_open": (
            [furthest(*one, 1) for one in either],
            [furthest(*one, -1) for one in either],
        ),
        "clearance": (_share(least, whole), _share(most, whole)),
    }
    ends = {
        f"{name}_extreme_{end}": two[at] for name, two in bounds.items() for at, end in enumerate(("lower", "upper"))
    }
    return table.assign(**ends)


def _share(part: Days, whole: Days) -> Floats:
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)


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
