"""The closing curve when dates are coarser than days: months, years, reported spans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from accountability.delay.access import require_open_cases
from accountability.delay.counts import columns_of, label_of, pieces, shares_asked, with_groups
from accountability.delay.curve import NOT_REACHED, ROUNDING
from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.results import Result, capitalised, percent, plural
from accountability.stats.npmle import BEYOND, Masses, solve
from accountability.study.durations import Durations, group_codes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class IntervalCurve(Result):
    """Share of cases still open by days, from dates that are intervals.

    ``table`` has one row a stretch of days in which cases closed: the columns of `by`; ``first_day``,
    ``last_day`` (Int64, missing when the stretch has no end): where in it they closed, the data cannot say;
    ``mass``, the share closing in it; ``still_open_before``, ``still_open`` after it. The heights before and after
    are unique; the path between them is not identified.

    Attributes
    ----------
    by : tuple of str
        The grouping columns.
    clock : str
        The clock.
    convergence : pandas.DataFrame
        One row a group: ``cases``, ``still_open_cases``, ``loglik``, ``kuhn_tucker_gap`` (at most 1e-6).
    groups : pandas.DataFrame
        One row a group.
    coarse_starts : int
        Cases whose start, too, is known less finely than a day.
    widest_start : int
        The widest span of such a start, in days; 1 where all starts are known to the day.
    """

    by: tuple[str, ...]
    clock: str
    convergence: pd.DataFrame
    groups: pd.DataFrame
    coarse_starts: int
    widest_start: int

    def quantile(self, p: float | Sequence[float] = 0.5) -> pd.DataFrame:
        """Stretch of days in which a share of cases had closed.

        Parameters
        ----------
        p : float or sequence of float
            Shares closed, between 0 and 1.

        Returns
        -------
        pandas.DataFrame
            One row a group and share: ``p``, ``earliest``, ``latest`` (Int64): the day lies between them, and the
            data cannot say where; missing when not reached; ``reads``. These are bounds from the coarseness of the
            dates, not confidence limits.

        Raises
        ------
        ParameterError
            If a share is not between 0 and 1.
        """
        shares = shares_asked(p)
        rows: list[tuple[Any, ...]] = []
        for number, part in self._parts():
            for share in shares:
                reached = np.flatnonzero(part["still_open"].to_numpy() <= 1 - share + ROUNDING)
                row = part.iloc[reached[0]] if len(reached) else None
                if row is None or pd.isna(row["last_day"]):
                    rows.append((number, share, None, None, NOT_REACHED))
                else:
                    first, last = int(row["first_day"]), int(row["last_day"])
                    reads = f"{first:,}" if first == last else f"{first:,} to {last:,}"
                    rows.append((number, share, first, last, reads))
        numbers, p_out, earliest, latest, reads_out = zip(*rows, strict=True)
        columns = {
            "p": np.array(p_out),
            "earliest": pd.array(earliest, dtype="Int64"),
            "latest": pd.array(latest, dtype="Int64"),
            "reads": pd.array(reads_out, dtype="str"),
        }
        return with_groups(self.groups, numbers, columns)

    def still_open_at(self, days: Sequence[int]) -> pd.DataFrame:
        """Bounds of the share still open at the end of given days.

        Returns
        -------
        pandas.DataFrame
            One row a group and day: ``day``, ``lowest``, ``highest``; equal where the curve is identified.

        Raises
        ------
        ParameterError
            If a day is negative.
        """
        asked = np.asarray(days, dtype=np.int64)
        if (asked < 0).any():
            raise ParameterError(f"days must not be negative, found {int(asked.min())}")
        rows = []
        for number, part in self._parts():
            first = part["first_day"].to_numpy(np.int64)
            last = part["last_day"].to_numpy(dtype=np.int64, na_value=BEYOND)
            heights = np.concatenate([[1.0], part["still_open"].to_numpy()])
            columns = {
                "day": asked,
                "lowest": heights[np.searchsorted(first, asked, side="right")],
                "highest": heights[np.searchsorted(last, asked, side="right")],
            }
            rows.append(with_groups(self.groups, np.full(len(asked), number), columns))
        return pd.concat(rows, ignore_index=True)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the curve; shaded where it may pass anywhere between its two heights."""
        axes = draw.new_axes(ax)
        frames, boxes = [], []
        for number, part in self._parts():
            end = part["last_day"].fillna(part["first_day"]).to_numpy(np.int64)
            known = part["last_day"].notna().to_numpy()
            columns = {
                "day": np.concatenate([[0], end[known]]),
                "still_open": np.concatenate([[1.0], part["still_open"].to_numpy()[known]]),
            }
            frames.append(with_groups(self.groups, np.full(len(columns["day"]), number), columns))
            boxes.append((number, part[known & (part["first_day"].to_numpy(np.int64) < end)]))
        draw.steps(axes, pd.concat(frames, ignore_index=True), x="day", y="still_open", by=self.by)
        for number, wide in boxes:
            draw.boxes(
                axes,
                wide,
                low="first_day",
                high="last_day",
                y_low="still_open",
                y_high="still_open_before",
                number=number,
            )
        axes.set_ylim(0, 1.02)
        axes.set_xlim(left=0)
        axes.set_xlabel("days")
        axes.set_ylabel("share still open")
        return axes

    def sentence(self) -> str:
        """Say how many cases there were and between which days half had closed."""
        said = []
        medians = self.quantile(0.5)
        for number, part in self._parts():
            cases = int(self.convergence["cases"].iloc[number])
            still = int(self.convergence["still_open_cases"].iloc[number])
            row = medians.iloc[number]
            if pd.isna(row["earliest"]):
                heights = part["still_open"][part["last_day"].notna()]
                left = heights.iloc[-1] if len(heights) else 1.0
                half = f"half had not closed in the time watched ({percent(left)} were still open at its end)"
            elif row["earliest"] == row["latest"]:
                half = f"half had closed within {plural(int(row['earliest']), 'day')}"
            else:
                half = (
                    f"the day by which half had closed lies between {row['earliest']:,} and {row['latest']:,}, which "
                    "the dates do not tell apart"
                )
            said.append(f"{label_of(self.groups, number)}of {plural(cases, 'case')}, {still:,} still open, {half}")
        text = capitalised(f"{'; '.join(said)} [{self.clock}].")
        if not self.coarse_starts:
            return text
        return (
            f"{text} {plural(self.coarse_starts, 'case')} started on a day that is not known either, so these days are "
            f"approximate: they can be off by up to {plural(self.widest_start, 'day')}."
        )

    def _parts(self) -> list[tuple[int, pd.DataFrame]]:
        return pieces(self.table, self.convergence["stretches"].to_numpy())


def interval_curve(durations: Durations, by: str | Sequence[str] | None = None) -> IntervalCurve:
    """Estimate the share of cases still open when dates are known to a month, a year or a span.

    Parameters
    ----------
    durations : Durations
        Of open and closed cases, all watched from the start.
    by : str or sequence of str, optional
        Columns to group by.

    Returns
    -------
    IntervalCurve

    Raises
    ------
    Refusal
        When the source holds closed cases only, was selected on the outcome, or cases enter late.
    NotConverged
        When the maximum was not proven to be reached.

    Notes
    -----
    The non-parametric maximum likelihood estimate (Peto 1973, Turnbull 1976). No day is invented: within a stretch of
    the table the curve may take any path. Where both ends of a delay are coarse, every number of days between the
    fewest and the most is taken as possible, whatever the day of receipt; :func:`~accountability.delay.coarse`
    weighs them, and is the one to read then.

    No pointwise interval is given: the estimate converges more slowly than the square root of the number of cases and
    has no usable variance. :func:`~accountability.delay.curve_limits` and :func:`~accountability.delay.quantile_limits`
    give likelihood-ratio limits, which need none; :func:`~accountability.delay.coarse` has intervals at the price
    of taking the curve as smooth between the dates.
    """
    require_open_cases(durations, "the interval-dated closing curve")
    if durations.left_truncated:
        raise Refusal(
            f"{int((durations.entry_time > 0).sum()):,} cases came into sight late and their dates are intervals: "
            "keep only cases that started after watching began, or use delay.closing_curve on dates known to the day"
        )
    groups, codes = group_codes(durations, by)
    closed = durations.event
    low = durations.days_lower + ~closed  # a case open on day d closes on day d + 1 at the earliest
    high = np.where(closed, durations.days_upper, BEYOND)
    numbers = range(len(groups))
    masses = (
        [solve(low[codes == number], high[codes == number]) for number in numbers]
        if len(groups) > 1
        else [solve(low, high)]
    )
    cases = np.bincount(codes, minlength=len(groups))
    convergence = with_groups(
        groups,
        np.arange(len(groups)),
        {
            "cases": cases,
            "still_open_cases": np.bincount(codes[~closed], minlength=len(groups)),
            "stretches": np.array([len(found.mass) for found in masses]),
            "loglik": np.array([found.loglik for found in masses]),
            "kuhn_tucker_gap": np.array([found.gap for found in masses]),
        },
    )
    spans = (
        durations.table["start_span"].to_numpy(np.int64) if "start_span" in durations.table else np.ones(1, np.int64)
    )
    assumptions = (
        "whether a case is still open at the cut-off tells nothing about how much longer it will take",
        "how coarsely a case is dated tells nothing about how long it took",
        "where both ends are coarse, every delay from the fewest to the most days is taken as possible for that case; "
        "this forgets that starts and stops share their months with others, and shifts the curve by up to their width",
    )
    worst = max(found.gap for found in masses)
    return IntervalCurve(
        estimand=f"share of cases still open by {durations.clock}",
        assumptions=assumptions,
        method=f"non-parametric maximum likelihood for interval-dated delays (Turnbull), Kuhn-Tucker gap {worst:.1e}",
        table=_table(groups, masses),
        flow=durations.flow,
        by=columns_of(by),
        clock=durations.clock,
        convergence=convergence,
        groups=groups,
        coarse_starts=int((spans > 1).sum()),
        widest_start=int(spans.max()),
    )


def _rows(found: Masses) -> pd.DataFrame:
    after = np.maximum(1 - np.cumsum(found.mass), 0)
    after[-1] = 0
    endless = found.last >= BEYOND
    return pd.DataFrame(
        {
            "first_day": pd.array(found.first, dtype="Int64"),
            "last_day": pd.arrays.IntegerArray(np.where(endless, 0, found.last), endless),
            "mass": found.mass,
            "still_open_before": np.concatenate([[1.0], after[:-1]]),
            "still_open": after,
        }
    )


def _table(groups: pd.DataFrame, masses: Sequence[Masses]) -> pd.DataFrame:
    rows = [_rows(found) for found in masses]
    number = np.repeat(np.arange(len(rows)), [len(part) for part in rows])
    stacked = pd.concat(rows, ignore_index=True)
    return with_groups(groups, number, {name: stacked[name] for name in stacked.columns})
