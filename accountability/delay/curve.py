"""The closing curve: the share of cases still open after so many days, for dates known to the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from accountability.delay.access import require_exact, require_open_cases
from accountability.delay.counts import Counts, columns_of, count, label_of, pieces, shares_asked, with_groups
from accountability.errors import ParameterError
from accountability.figures import draw
from accountability.results import Result, capitalised, percent, plural
from accountability.stats.arrays import Floats
from accountability.stats.intervals import Transform, curve_interval
from accountability.study.durations import Durations

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOT_REACHED: Final = "not reached"

# Products of thousands of factors miss a half by rounding; R's survival uses the same tolerance.
ROUNDING: Final = 1.5e-8


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class DelayCurve(Result):
    """Share of cases still open by days since the start.

    ``table`` has one row for each day on which cases closed or were last seen open: the columns of `by`, ``day``,
    ``at_risk``, ``closed``, ``last_seen_open``, ``still_open`` (share), ``std_error``, ``lower``, ``upper``.

    Attributes
    ----------
    by : tuple of str
        The grouping columns.
    level : float
        Level of the intervals.
    clock : str
        The clock.
    counts : Counts
        The daily counts the curve was computed from.
    """

    by: tuple[str, ...]
    level: float
    clock: str
    counts: Counts

    def quantile(self, p: float | Sequence[float] = 0.5) -> pd.DataFrame:
        """Day by which a share of cases had closed.

        Parameters
        ----------
        p : float or sequence of float
            Shares closed, between 0 and 1; 0.5 is the median.

        Returns
        -------
        pandas.DataFrame
            One row a group and share: ``p``; ``day``, the first day by which at least that share had closed;
            ``lower``, ``upper``, the days at which the curve's pointwise limits cross it (Brookmeyer and Crowley
            1982); Int64, missing when not reached; ``reads``, the same in words.

        Raises
        ------
        ParameterError
            If a share is not between 0 and 1.
        """
        return crossings(self._parts(), self.counts.groups, p)

    def still_open_at(self, days: Sequence[int]) -> pd.DataFrame:
        """Share and number of cases still open as given days begin.

        Parameters
        ----------
        days : sequence of int
            Days of age.

        Returns
        -------
        pandas.DataFrame
            One row a group and day: ``day``, ``at_risk`` (cases watched and not yet closed), ``still_open`` (the
            share, after that day's closings), ``lower``, ``upper``. The share is missing beyond the last day on
            which any case was watched.

        Raises
        ------
        ParameterError
            If a day is negative.
        """
        asked = np.asarray(days, dtype=np.int64)
        if (asked < 0).any():
            raise ParameterError(f"days must not be negative, found {int(asked.min())}")
        at_risk = self.counts.at_risk
        watched = asked < at_risk.shape[1]
        safe = np.where(watched, asked, 0)
        rows = []
        for number, part in self._parts():
            n = np.where(watched, at_risk[number, safe], 0)
            place = np.searchsorted(part["day"].to_numpy(), asked, side="right") - 1
            before = place < 0
            place = np.maximum(place, 0)
            beyond = (asked > part["day"].iloc[-1]) & (part["still_open"].iloc[-1] > 0)
            row: dict[str, np.ndarray] = {"day": asked, "at_risk": n}
            for column, start in (("still_open", 1.0), ("lower", 1.0), ("upper", 1.0)):
                values = np.where(before, start, part[column].to_numpy()[place])
                row[column] = np.where(beyond, np.nan, values)
            rows.append(with_groups(self.counts.groups, np.full(len(asked), number), row))
        return pd.concat(rows, ignore_index=True)

    def plot(self, ax: Axes | None = None, *, until: int | None = None) -> Axes:
        """Draw the curve with its interval, and the numbers still open under the axis.

        Parameters
        ----------
        ax : Axes, optional
            Where to draw; a figure of its own when left out.
        until : int, optional
            Last day shown. When left out, the last on which at least 1 % of the cases of some group were still open
            and watched: beyond it the curve rests on a few.

        Returns
        -------
        Axes
            Numbers from 1 to 9 are written as "<10".
        """
        fresh = ax is None
        axes = draw.new_axes(ax)
        frame = pd.concat([self._day_zero(), self.table], ignore_index=True)
        if self.by:
            frame = frame.sort_values([*self.by, "day"], kind="stable")
        draw.steps(axes, frame, x="day", y="still_open", lower="lower", upper="upper", by=self.by)
        axes.set_ylim(0, 1.02)
        axes.set_xlim(0, max(self._well_watched() if until is None else until, 1))
        axes.set_xlabel("days")
        axes.set_ylabel("share still open")
        if fresh:
            ticks = [int(tick) for tick in axes.get_xticks() if 0 <= tick <= axes.get_xlim()[1]]
            numbers = self.still_open_at(ticks)
            draw.numbers_below(axes, numbers, x="day", n="at_risk", by=self.by, title="still open and watched")
        return axes

    def sentence(self) -> str:
        """Say how many cases there were, how many are open, and when half had closed."""
        said = []
        medians = self.quantile(0.5)
        for number, part in self._parts():
            closed, seen_open = int(part["closed"].sum()), int(part["last_seen_open"].sum())
            median = medians.iloc[number]
            if pd.isna(median["day"]):
                left = part["still_open"].iloc[-1]
                half = f"half had not closed in the time watched ({percent(left)} were still open at its end)"
            else:
                upper = NOT_REACHED if pd.isna(median["upper"]) else f"{median['upper']:,}"
                lower = NOT_REACHED if pd.isna(median["lower"]) else f"{median['lower']:,}"
                half = (
                    f"half had closed within {plural(int(median['day']), 'day')} "
                    f"({percent(self.level)} interval {lower} to {upper})"
                )
            lead = label_of(self.counts.groups, number)
            said.append(f"{lead}of {plural(closed + seen_open, 'case')}, {seen_open:,} still open, {half}")
        return capitalised(f"{'; '.join(said)} [{self.clock}].")

    def _well_watched(self) -> int:
        """Last day on which at least a hundredth of some group's cases were open and watched."""
        cases = self.counts.entered.sum(axis=1, keepdims=True)
        return int(np.flatnonzero((100 * self.counts.at_risk >= cases).any(axis=0))[-1])

    def _parts(self) -> list[tuple[int, pd.DataFrame]]:
        """Each group's number and rows."""
        return pieces(self.table, ((self.counts.closed + self.counts.left) > 0).sum(axis=1))

    def _day_zero(self) -> pd.DataFrame:
        """Start each group's curve at 1 where nothing happened on day 0."""
        firsts = [number for number, part in self._parts() if part["day"].iloc[0] > 0]
        ones = np.ones(len(firsts))
        columns: dict[str, np.ndarray] = {
            "day": np.zeros(len(firsts), np.int64),
            "still_open": ones,
            "lower": ones,
            "upper": ones,
        }
        return with_groups(self.counts.groups, firsts, columns)


def closing_curve(
    durations: Durations,
    by: str | Sequence[str] | None = None,
    level: float = 0.95,
    *,
    interval_type: Transform = "log-log",
) -> DelayCurve:
    """Estimate the share of cases still open after each day, counting open cases for as long as they were seen.

    Parameters
    ----------
    durations : Durations
        With closing dates known to the day. Cases watched from a later age enter then.
    by : str or sequence of str, optional
        Columns to group by.
    level : float
        Level of the pointwise intervals.
    interval_type : {"log-log", "log", "plain"}
        Transform of the intervals, named in ``method``.

    Returns
    -------
    DelayCurve

    Raises
    ------
    Refusal
        When the source holds closed cases only, was selected on the outcome, gives no closing dates, or gives
        them less finely than a day; the message names the estimator that fits.
    ParameterError
        When a group is not recorded for some cases.

    Notes
    -----
    Kaplan and Meier (1958) with Greenwood's variance, on daily counts. On a day, closings come before open ends.

    Examples
    --------
    >>> from accountability.study.durations import Durations
    >>> curve = closing_curve(Durations.from_days([3, 5, 5, 9], [True, True, False, True]))
    >>> curve.sentence()
    'Of 4 cases, 1 still open, half had closed within 5 days (95 % interval 3 to not reached) [days as given].'
    """
    require_open_cases(durations, "the closing curve")
    require_exact(durations, "the closing curve")
    counts = count(durations, by)
    assumptions = [
        "whether a case is still open at the cut-off tells nothing about how much longer it will take, beyond its "
        "age and group",
        "a case without a closing date by the cut-off is open, not closed without a record",
    ]
    if counts.late:
        assumptions.append(
            "cases that came into sight at a later age take as long as the others of that age; those closed "
            "before could not be seen"
        )
        assumptions += _emptied(counts)
    return DelayCurve(
        estimand=f"share of cases still open by {durations.clock}",
        assumptions=tuple(assumptions),
        method=f"Kaplan-Meier on daily counts, Greenwood variance, pointwise {percent(level)} {interval_type} interval",
        table=_curve(counts, level, interval_type),
        flow=durations.flow,
        by=columns_of(by),
        level=level,
        clock=durations.clock,
        counts=counts,
    )


def crossings(parts: list[tuple[int, pd.DataFrame]], groups: pd.DataFrame, p: float | Sequence[float]) -> pd.DataFrame:
    """First days on which a curve and its pointwise limits are down to the shares that are still open.

    `parts` are each group's number and rows: ``day``, ``still_open``, ``lower``, ``upper``. The columns are those of
    :meth:`DelayCurve.quantile`.
    """
    shares = shares_asked(p)
    rows = []
    for number, part in parts:
        for share in shares:
            limit = 1 - share
            days = [_first_at_or_below(part, column, limit) for column in ("still_open", "lower", "upper")]
            rows.append((number, share, *days, _reads(*days)))
    numbers, p_out, day, lower, upper, reads = zip(*rows, strict=True)
    columns: dict[str, Any] = {
        "p": np.array(p_out),
        "day": pd.array(day, dtype="Int64"),
        "lower": pd.array(lower, dtype="Int64"),
        "upper": pd.array(upper, dtype="Int64"),
        "reads": pd.array(reads, dtype="str"),
    }
    return with_groups(groups, numbers, columns)


def survival(counts: Counts) -> tuple[Floats, Floats]:
    """Share still open after each day, and its Greenwood sum (the variance over the squared share)."""
    at_risk = np.maximum(counts.at_risk, 1)
    share = np.cumprod(1.0 - counts.closed / at_risk, axis=1, dtype=np.float64)
    remaining = np.maximum(counts.at_risk - counts.closed, 1)
    greenwood = np.cumsum(counts.closed / (at_risk * remaining), axis=1, dtype=np.float64)
    return share, greenwood


def _curve(counts: Counts, level: float, transform: Transform) -> pd.DataFrame:
    share, greenwood = survival(counts)
    number, day = np.nonzero((counts.closed + counts.left) > 0)
    still_open = share[number, day]
    error = still_open * np.sqrt(greenwood[number, day])
    lower, upper = curve_interval(still_open, error, level, transform)
    columns = {
        "day": day,
        "at_risk": counts.at_risk[number, day],
        "closed": counts.closed[number, day],
        "last_seen_open": counts.left[number, day],
        "still_open": still_open,
        "std_error": np.where(still_open > 0, error, np.nan),
        "lower": lower,
        "upper": upper,
    }
    return with_groups(counts.groups, number, columns)


def _emptied(counts: Counts) -> list[str]:
    """Warn in words where late entry left nobody open at an early age, so that the curve falls to 0 too soon."""
    share, _ = survival(counts)
    notes = []
    for number in range(len(share)):
        zero = np.flatnonzero(share[number] == 0)
        if len(zero) and (later := int(counts.entered[number, zero[0] + 1 :].sum())):
            notes.append(
                f"NOT MET {label_of(counts.groups, number)}every case watched by day {zero[0]} had closed while "
                f"{plural(later, 'case')} came into sight later, so the curve is 0 too soon; read it only from an "
                "age at which many are watched"
            )
    return notes


def _first_at_or_below(part: pd.DataFrame, column: str, limit: float) -> int | None:
    values = part[column].to_numpy()
    below = np.flatnonzero(np.nan_to_num(values, nan=np.inf) <= limit + ROUNDING)
    return int(part["day"].iloc[below[0]]) if len(below) else None


def _reads(day: int | None, lower: int | None, upper: int | None) -> str:
    if day is None:
        return NOT_REACHED if lower is None else f"{NOT_REACHED} (interval from {lower:,})"
    ends = [NOT_REACHED if end is None else f"{end:,}" for end in (lower, upper)]
    return f"{day:,} ({ends[0]} to {ends[1]})"
