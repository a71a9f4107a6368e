"""Months to clear the backlog of each group at its recent pace of closing."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from accountability.delay.monthly_caseload import Arrivals, came_and_went, caseload, months_of
from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.figures.titles import axes_of_rows
from accountability.privacy import disclose
from accountability.records.case_ends import ends_unknown
from accountability.remembered import remembered
from accountability.results import Result, percent, plural
from accountability.stats.arrays import Days, share_left
from accountability.stats.compress import numbered
from accountability.stats.intervals import t_critical, z_critical
from accountability.study.cohort import Cohort
from accountability.study.inputs import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ALL = "all cases"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Backlogs(Result):
    """Open cases and the pace at which they close, one row per group, the overall row first.

    ``table``: ``group``; ``received``, ``closed`` (cases, in the months of the pace); ``open`` (at their end);
    ``received_a_month``, ``closed_a_month``; ``clearance`` (closed over received; missing with none received);
    ``fall_a_month`` with ``fall_lower`` and ``fall_upper`` (fall in open cases a month); ``months_to_clear`` with
    ``months_lower`` and ``months_upper`` (missing where the fall is not significant; the upper limit also where the
    least fall is printed as 0.0); ``half_closed_in`` (days until half of the open cases close, if cases of each age
    close at the rates of those months; missing beyond the ages observed); ``closed_a_month_to_halve_in_a_year``. A
    group too small to show has no numbers. These leave out cases
    whose day, or fact, of closing is not known. Where there are any, ``ends_unknown`` counts them;
    ``open_extreme_lower``, ``open_extreme_upper`` and so on are each number's least and most with them
    (``months_to_clear``: missing where the number open need not have fallen).

    Attributes
    ----------
    by : str or None
        The grouping column.
    months : int
        Number of last complete months from which the pace is computed.
    clock : str
        The two stages and the cut-off.
    confidence : float
        Level of the intervals.
    """

    by: str | None
    months: int
    clock: str
    confidence: float

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Hide groups with a small count, and groups from which, with the overall row, one could be derived."""
        shown = table.iloc[1:].assign(hidden=False)
        for name in ("received", "closed", "open"):
            shown["hidden"] |= disclose(table.iloc[1:], counts=(name,), keep=("group",))["hidden"]
        extremes = [str(name) for name in table if "_extreme_" in str(name) or name == "ends_unknown"]
        if extremes:
            others = [str(name) for name in table if name not in extremes]
            shown = disclose(shown, counts=("ends_unknown",), keep=others).assign(hidden=shown["hidden"])
        if shown["hidden"].any():
            large = shown.astype(dict.fromkeys(("received", "closed", "open"), "Int64"))
            numbers = table.columns.drop("group")
            shown = large.assign(**large[numbers].mask(shown["hidden"]))
        return pd.concat([table.iloc[:1].assign(hidden=False), shown], ignore_index=True)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw for each group how many were closed for each case received, in the months of the pace."""
        hidden = self.table["hidden"].astype(bool)
        held = self.table[self.table["clearance"].notna() | hidden].assign(hidden=hidden)
        axes, table = axes_of_rows(ax, held, held["received"], held["clearance"], head=1)
        received = table["received"].map(" ({:,})".format, na_action="ignore").astype("str").where(~table["hidden"], "")
        # Cases are counted, not sampled: a pace has no interval of its own.
        rows = table.assign(label=table["group"].map(draw.name_of) + received, lower=np.nan, upper=np.nan)
        draw.ranges(
            axes, rows, label="label", estimate="clearance", lower="lower", upper="upper", kind="share", null=1.0
        )
        axes.set_xlabel(f"closed for each received, last {plural(self.months, 'month')} (number received in brackets)")
        return axes

    def sentence(self) -> str:
        """State the overall pace, the time to clear the backlog, and which groups fall behind."""
        whole = self.table.iloc[0]
        still = plural(int(whole["open"]), "open case")
        months = plural(self.months, "month")
        text = (
            f"In the last {months if self.months > 1 else 'month'} that the release covers wholly, "
            f"{plural(int(whole['received']), 'case')} came in and {int(whole['closed']):,} closed"
        )
        if pd.notna(whole["clearance"]):
            text += f" ({percent(whole['clearance'])} of those received)"
        text += f"; {_moved(whole, still, self.confidence)}"
        if whole["open"]:
            half = whole["half_closed_in"]
            text += f"; at the rates at which cases of each age closed, half of the {still} would be closed " + (
                "later than the ages seen tell" if pd.isna(half) else f"in {plural(int(half), 'day')}"
            )
        text += (
            f"; to halve them in a year, {whole['closed_a_month_to_halve_in_a_year']:,.0f} would have to close a month"
        )
        if self.states is not None and (unknown := ends_unknown(self.states)):
            low, high = int(whole["open_extreme_lower"]), int(whole["open_extreme_upper"])
            text += f"; {unknown}: with these, wherever they closed, {low:,} to {high:,} were open"
        groups = self.table.iloc[1:].dropna(subset="open")
        behind = groups.loc[groups["closed"] < groups["received"], "group"]
        if len(groups):
            text += f"; {len(behind):,} of {plural(len(groups), 'group')} closed fewer than came in"
        if withheld := len(self.table) - 1 - len(groups):
            text += f" ({plural(withheld, 'group')} too small to show or kept back with them)"
        return f"{text} [{self.clock}]."


@takes("cohort")
def backlogs(
    cohort: Cohort,
    by: str | None = None,
    months: int = 12,
    start: str = "received",
    stop: str = "closed",
    cutoff: dt.date | str | None = None,
    confidence: float = 0.95,
) -> Backlogs:
    """Estimate how many months each group needs to clear its open cases at its recent pace.

    Parameters
    ----------
    cohort : Cohort or Dataset
        Open and closed cases.
    by : str, optional
        A column of the cases without missing values; see :func:`accountability.study.grouping.group_cases`.
    months : int
        Number of last complete months from which the pace is computed.
    start, stop : str
        Stages at which a case is received and closed.
    cutoff : date, optional
        Last day to count; ``card.observed_until`` when left out.
    confidence : float
        Level of the intervals.

    Returns
    -------
    Backlogs

    Raises
    ------
    Refusal
        As :func:`accountability.delay.monthly_caseload`, or when there are fewer complete months than `months`.
    ParameterError
        When the column does not exist.

    Examples
    --------
    >>> import accountability
    >>> from accountability import delay
    >>> delay.backlogs(accountability.load("synthetic")).table[["received", "closed", "open"]].to_numpy().tolist()
    [[819, 864, 643]]

    Notes
    -----
    Open cases over the mean surplus of closings a month, with Student's interval of the months' differences; where
    these are all alike, their variance is that of Poisson counts. A time to clear is given only where the whole
    interval says that the number was falling. The pace is taken to last and intake to stay as it is: arithmetic, not a
    forecast. The days in which half of the open cases would close need no intake: they follow from the product-limit
    curve of the window, cases entering it at the age they had, carried on from the age of each open case.
    """
    if by is not None and not isinstance(by, str):
        raise ParameterError(f"delay.backlogs: by= takes the name of one column, found a {type(by).__name__}")
    study = cohort
    if by is not None and by not in study.cases.columns:
        raise ParameterError(f"no column {by!r} to group by; there are {', '.join(study.cases.columns)}")
    whole = caseload(study, start, stop, cutoff)
    window = whole.table.loc[whole.table["complete"], "month"]
    if months < 1 or len(window) < months:
        raise Refusal(f"{len(window)} complete months are covered; ask for between 1 and that many, not {months}")
    window = window.tail(months)

    def row(name: str, held: Arrivals, monthly: pd.DataFrame) -> dict[str, object]:
        found = _row(name, monthly, window, confidence) | {"half_closed_in": _half_closed_in(held, window)}
        return found | (_bounds(found, held, window) if ends_unknown(whole.states) else {})

    rows = [row(*one) for one in _by_group(study, by, start, stop, cutoff)]
    return Backlogs(
        estimand="open cases and months to clear them, at the pace of the last "
        f"{months} complete months, by {whole.clock}",
        assumptions=(
            *whole.assumptions,
            "the pace of closing and the intake stay as they were: arithmetic, not a forecast",
        ),
        method="open cases over the mean surplus of closings a month, with Student's interval; half closed by the "
        "product-limit curve of those months, cases entering at their age",
        table=pd.DataFrame(rows),
        flow=study.flow(),
        states=whole.states,
        by=by,
        months=months,
        clock=whole.clock,
        confidence=confidence,
    )


def _moved(row: pd.Series, still: str, confidence: float) -> str:
    """Say whether the number of open cases was falling, and in how many months they would be cleared if so."""
    if pd.isna(row["fall_lower"]):
        return f"none came in or closed, so the {still} neither rose nor fell"
    fall, low, high = (float(row[name]) for name in ("fall_a_month", "fall_lower", "fall_upper"))
    word = "grew" if fall < 0 else "fell"
    ends = (-high, -low) if fall < 0 else (low, high)
    told = f"{word} by {abs(fall):,.1f} a month ({percent(confidence)} interval {ends[0]:,.1f} to {ends[1]:,.1f})"
    if low <= 0:
        beyond = "" if high < 0 else " beyond chance"
        return f"the number open {told}: it was not falling{beyond}, so no time to clear the {still} is given"
    first, last = (f"{row[name]:,.0f}" for name in ("months_lower", "months_upper"))
    between = f"{first} at least, with no upper limit" if pd.isna(row["months_upper"]) else f"{first} to {last}"
    return (
        f"the number open {told}: at that pace the {still} would be cleared in {row['months_to_clear']:,.0f} months "
        f"({between})"
    )


def _falls(fall: float) -> bool:
    """Whether a fall a month is one as it is printed, to a tenth of a case; months over less say nothing."""
    return round(fall, 1) > 0


@remembered
def _by_group(
    study: Cohort, by: str | None, start: str, stop: str, cutoff: Any
) -> list[tuple[str, Arrivals, pd.DataFrame]]:
    """All cases, then each group: its name, and how it came and went by day and by month, whatever the pace."""
    arrived = came_and_went(study, start, stop, cutoff)
    parts = [(ALL, arrived)]
    if by is not None:
        # The groups' names are read once: a comparison of text for each of many groups takes seconds.
        group, names = numbered(study.cases[by])
        parts += [(str(name), arrived.part(group == number)) for number, name in enumerate(names)]
    return [(name, held, months_of(held, ages_too=False)) for name, held in parts]


def _row(group: str, counts: pd.DataFrame, window: pd.Series, confidence: float) -> dict[str, object]:
    """One group's pace over the months that count for the whole release; a month before its first case had none."""
    shown = counts[counts["month"].isin(window)]
    months = len(window)
    received, closed = int(shown["received"].sum()), int(shown["closed"].sum())
    still = int(shown["open_at_end"].iloc[-1]) if len(shown) else 0
    falls = np.zeros(months)
    falls[months - len(shown) :] = shown["closed"].to_numpy() - shown["received"].to_numpy()
    fall = float(falls.mean())
    # One month, or months that happen to be alike, are no proof that all are: counts vary as Poisson's do.
    variance = float(falls.var(ddof=1)) if months > 1 and np.ptp(falls) else (received + closed) / months
    wide = float(t_critical(confidence, months - 1) if months > 1 else z_critical(confidence))
    reach = wide * np.sqrt(variance / months) if variance else np.nan
    falling = fall - reach > 0
    return {
        "group": group,
        "received": received,
        "closed": closed,
        "open": still,
        "received_a_month": received / months,
        "closed_a_month": closed / months,
        "clearance": closed / received if received else np.nan,
        "fall_a_month": fall,
        "fall_lower": fall - reach,
        "fall_upper": fall + reach,
        "months_to_clear": still / fall if falling else np.nan,
        "months_lower": still / (fall + reach) if falling else np.nan,
        "months_upper": still / (fall - reach) if falling and _falls(fall - reach) else np.nan,
        "closed_a_month_to_halve_in_a_year": received / months + still / 24,
    }


def _days_of(window: pd.Series) -> tuple[int, int]:
    """First and last day of the months of the pace."""
    end = (window.iloc[-1] + pd.offsets.MonthEnd(1)).to_datetime64()
    first, last = (day.astype("datetime64[D]").astype(np.int64) for day in (window.iloc[0].to_datetime64(), end))
    return int(first), int(last)


def _bounds(row: dict[str, Any], held: Arrivals, window: pd.Series) -> dict[str, Any]:
    """The least and the most that a group's numbers can be, wherever the ends lie that are not known."""
    first, last = _days_of(window)
    came = held.doubtful[held.doubtful <= last]
    stay, months = held.latest[held.doubtful <= last] > last, len(window)
    inside = came >= first
    received, still = row["received"] + int(inside.sum()), row["open"] + int(stay.sum())
    closed = row["closed"] + int((inside & ~stay).sum()), row["closed"] + len(came)
    # An older case that closed in the window lowers the number open; one that came in it can at best not raise it.
    fall = row["fall_a_month"] - (inside & stay).sum() / months, row["fall_a_month"] + (~inside).sum() / months
    falling = pd.notna(row["months_to_clear"])
    bounds: dict[str, tuple[Any, Any]] = {
        "received": (received, received),
        "closed": closed,
        "open": (row["open"], still),
        "clearance": (closed[0] / received, closed[1] / received) if received else (np.nan, np.nan),
        "fall_a_month": fall,
        "months_to_clear": (
            row["open"] / fall[1] if falling else np.nan,
            still / fall[0] if falling and _falls(fall[0]) else np.nan,
        ),
        "half_closed_in": (_half_closed_in(held, window, "early"), _half_closed_in(held, window, "late")),
        "closed_a_month_to_halve_in_a_year": (received / months + row["open"] / 24, received / months + still / 24),
    }
    ends = {
        f"{name}_extreme_{end}": two[at] for name, two in bounds.items() for at, end in enumerate(("lower", "upper"))
    }
    return {"ends_unknown": len(held.doubtful)} | ends


def _half_closed_in(held: Arrivals, window: pd.Series, extreme: str = "") -> float:
    """Days in which half of the cases open at the end of the window would close at the window's rates by age.

    At an extreme, those whose end is not known closed at every age they can have, or at none, and are among the open
    ones where that is further from the estimate.
    """
    first, last = _days_of(window)
    came, went = held.came, held.went
    ages, others = last - came[(came <= last) & (went > last)], np.zeros(0, np.int64)
    seen = (came <= last) & (went >= first)
    if not len(ages) or not seen.any():
        return np.nan
    enter, leave = np.maximum(first - came[seen], 0), np.minimum(went[seen], last) - came[seen]
    size = int(leave.max()) + 2
    watched, more = _between(enter, leave, size), np.zeros(size, np.int64)
    closed = np.bincount(leave[went[seen] <= last], minlength=size)
    if extreme:
        here = held.doubtful <= last
        own = last - held.doubtful[here]
        size = max(size, int(own.max(initial=0)) + 2)
        watched, closed = (np.pad(one, (0, size - len(one))) for one in (watched, closed))
        more, others = _between(np.maximum(first - held.doubtful[here], 0), own, size), own[held.latest[here] > last]
    quick = extreme == "early"
    left = share_left(closed + more * quick, watched + more)
    # Beyond the oldest age watched nothing is known to close; a curve that has reached zero says nothing of later ages.
    every = np.concatenate([ages, others])
    now, known = left[every], np.arange(len(every)) < len(ages)

    def over(days: int) -> float:
        """Share still open above a half, over all cases."""
        with np.errstate(invalid="ignore", divide="ignore"):
            share = np.where(now > 0, left[np.minimum(every + days, size - 1)] / now, 0.0 if quick else 1.0) - 0.5
        return float(np.where(known, share, (np.minimum if quick else np.maximum)(share, 0)).sum())

    days = bisect_left(range(1, size), True, key=lambda days: over(days) <= 0) + 1
    return float(days) if days < size else np.nan


def _between(enter: Days, leave: Days, size: int) -> Days:
    """How many are watched at each age."""
    return np.cumsum(np.bincount(enter, minlength=size) - np.bincount(leave + 1, minlength=size)[:size])
