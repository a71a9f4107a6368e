"""The closing curve from closed cases only (right-truncated), conditional on closing within a horizon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from accountability.delay.access import require_exact, require_not_selected
from accountability.delay.counts import Counts, columns_of, with_groups
from accountability.delay.curve import Curve
from accountability.delay.product_limit import survival
from accountability.delay.unknown_days import with_extremes
from accountability.errors import ParameterError, Refusal
from accountability.results import percent, plural
from accountability.stats.arrays import ROUNDING, Days, Flags
from accountability.stats.intervals import Transform, curve_interval
from accountability.study.durations import Durations, group_codes, require_cases
from accountability.study.inputs import takes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ReverseTimeCurve(Curve):
    """Share closed by each day, among cases that close within the horizon.

    ``table`` has one row per day of closing: the columns of `by`, ``day``, ``at_risk`` (cases that took at most so many
    days, and received early enough to be seen taking so many), ``events`` on the day, ``estimate`` (share closed by the
    end of the day, of those that close within the horizon), ``std_error``, ``lower``, ``upper``.

    Attributes
    ----------
    within : int
        The horizon in days: everything is conditional on closing within it.
    """

    within: int

    @property
    def drawn_until(self) -> int:  # type: ignore[override]
        """Return the horizon in days."""
        return self.within

    @property
    def y_label(self) -> str:  # type: ignore[override]
        """Return the label of the vertical axis."""
        return f"closed, of those closing within {self.within:,} days"

    def _said(self, row: pd.Series, part: pd.DataFrame, median: Mapping[Any, Any]) -> str:
        """State the conditional median, and that it is conditional."""
        return (
            f"from {plural(int(row['n']), 'closed case')}, of the cases that close within {self.within:,} days half "
            f"close within {plural(int(median['estimate']), 'day')} ({self._ends(median['lower'], median['upper'])}); "
            "how many take longer, a release of closed cases cannot say"
        )

    def _at(self, number: int, part: pd.DataFrame, asked: np.ndarray) -> dict[str, Any]:
        place = np.searchsorted(part["day"].to_numpy(), asked, side="right") - 1
        known, place = (place >= 0) & (asked < self.within), np.maximum(place, 0)
        ends = {name: np.where(known, part[name].to_numpy()[place], np.nan) for name in ("lower", "upper")}
        share = np.where(known, part["estimate"].to_numpy()[place], np.where(asked < self.within, 0.0, 1.0))
        return {"estimate": share} | ends

    def _quantile(self, number: int, part: pd.DataFrame, share: float) -> tuple[Any, Any, Any, str]:
        days, whole = [], part["estimate"] == 1  # as every case counted closes within the horizon
        for column in ("estimate", "upper", "lower"):
            reached = np.flatnonzero(part[column].fillna(0).mask(whole, 1).to_numpy() >= share - ROUNDING)
            days.append(int(part["day"].iloc[reached[0]]) if len(reached) else self.within)
        if not (part["std_error"] > 0).any():  # all on one day
            return days[0], None, None, f"{days[0]:,} (no interval exists)"
        return days[0], days[1], days[2], f"{days[0]:,} ({days[1]:,} to {days[2]:,})"


@takes("durations")
@with_extremes
def reverse_time_curve(
    durations: Durations,
    by: str | Sequence[str] | None = None,
    confidence: float = 0.95,
    *,
    within: int | None = None,
    interval_type: Transform = "log-log",
) -> ReverseTimeCurve:
    """Estimate how fast cases close from closed cases alone, conditional on closing within a horizon.

    A slow case received late has not closed yet and is missing (right-truncated). Each closed case is therefore
    compared only with those received early enough to be seen taking as long.

    Parameters
    ----------
    durations : Durations
        With closing dates known to the day and a cut-off; open cases and those closed on an unknown day are left out.
    by : str or sequence of str, optional
        Columns to group by.
    confidence : float
        Level of the pointwise intervals.
    within : int, optional
        The horizon in days. When left out, the longest delay observable in every group, so that groups share one
        condition.
    interval_type : {"log-log", "log", "plain"}
        Transform of the intervals, named in ``method``.

    Returns
    -------
    ReverseTimeCurve

    Raises
    ------
    Refusal
        When there is no cut-off, no closed case, dates are coarser than a day, records were selected on the outcome,
        or there is late entry.
    ParameterError
        When `within` is longer than the longest observable delay.

    Notes
    -----
    The product-limit estimate in reverse time for right-truncated data (Lagakos, Barraj and De Gruttola 1988), with
    Greenwood's variance. Nothing is known about delays beyond the horizon, nor about the share of cases that have them.

    Examples
    --------
    >>> from accountability import delay
    >>> from accountability.study.durations import Durations, Sampling
    >>> days = [20, 30, 45, 60, 90, 120, 150, 200, 250, 300] * 3
    >>> closed = Durations.from_days(days, longest=[365] * 30, sampling=Sampling("closed_only", "excluded"))
    >>> delay.reverse_time_curve(closed).sentence().split(" (")[0]
    'From 30 closed cases, of the cases that close within 365 days half close within 90 days'
    """
    what = "the reverse-time curve"
    require_cases(durations, what)
    require_not_selected(durations, what)
    if durations.current_status:
        raise Refusal("no closing day is known: use delay.current_status_curve")
    durations = durations.known_days()
    require_exact(durations, what)
    closed = durations.event
    if not closed.any():
        raise Refusal(f"{what} reads closed cases and all {len(durations):,} are open: use delay.closing_curve")
    if (durations.longest[closed] < 0).any():
        raise Refusal(
            f"{what} needs the last day the release covers, to know which delays could have been seen: pass cutoff= to "
            "clocks.durations"
        )
    if durations.entry_time[closed].any():
        raise Refusal(
            "cases that enter late and are there only because they closed are truncated on both sides: keep only cases "
            "that started after watching began"
        )
    groups, codes = group_codes(durations, by)
    longest = np.maximum.reduceat(*_by_group(durations.longest[closed], codes[closed], len(groups)))
    horizon = int(longest.min()) if within is None else int(within)
    if horizon > longest.min() or horizon < 0:
        raise ParameterError(
            f"within={horizon:,} days: the longest delay every group could have shown is {int(longest.min()):,} days"
        )
    seen = closed & (durations.days_upper <= horizon)
    if len(np.unique(codes[seen])) < len(groups):
        raise Refusal(f"a group has no case closed within {horizon:,} days, so {what} has nothing to show for it")
    counts = _reversed(durations, codes, seen, groups, horizon)
    table, notes = _table(counts, horizon, confidence, interval_type)
    return ReverseTimeCurve(
        estimand=f"share closed by each day, among cases that close within {horizon:,} days, by {durations.clock}",
        assumptions=(
            "conditional on closing within the longest observable time: slower cases are outside the estimand",
            "cases received early and late in the release close at the same pace",
            "every case that closed by the cut-off is in the release",
            *notes,
        ),
        method="product-limit estimate in reverse time for closed cases only, Greenwood variance, pointwise "
        f"{percent(confidence)} {interval_type} interval",
        table=table,
        flow=durations.flow,
        within=horizon,
        by=columns_of(by),
        confidence=confidence,
        clock=durations.clock,
        cases=groups.assign(n=counts.closed.sum(axis=1), events=counts.closed.sum(axis=1), open=0),
        rows=tuple((counts.closed > 0).sum(axis=1).tolist()),
    )


def _by_group(values: Days, codes: Days, n_groups: int) -> tuple[Days, Days]:
    """Values sorted by group, and where each group begins; for ``reduceat``."""
    found = np.unique(codes)
    if len(found) < n_groups:
        raise Refusal("a group has no closed case, so the reverse-time curve has nothing to show for it")
    order = np.argsort(codes, kind="stable")
    return values[order], np.searchsorted(codes[order], found)


def _reversed(durations: Durations, codes: Days, seen: Flags, groups: pd.DataFrame, horizon: int) -> Counts:
    """Count backwards from the horizon: a case enters at the longest it could have shown and ends at its delay."""
    shape = (len(groups), horizon + 1)
    base = codes[seen] * shape[1]
    ends = np.bincount(base + horizon - durations.days_upper[seen], minlength=shape[0] * shape[1]).reshape(shape)
    into = horizon - np.minimum(durations.longest[seen], horizon)
    entered = np.bincount(base + into, minlength=shape[0] * shape[1]).reshape(shape)
    gone = np.zeros(shape, np.int64)
    np.cumsum(ends[:, :-1], axis=1, out=gone[:, 1:])
    return Counts(groups, entered, ends, np.zeros(shape, np.int64), np.cumsum(entered, axis=1) - gone)


def _table(counts: Counts, horizon: int, confidence: float, transform: Transform) -> tuple[pd.DataFrame, list[str]]:
    share, greenwood = survival(counts)
    # Backwards, the share "surviving" past a day is the share closed before it: shift by one closing.
    before = np.concatenate([np.ones((len(share), 1)), share[:, :-1]], axis=1)
    spread = np.concatenate([np.zeros((len(share), 1)), greenwood[:, :-1]], axis=1)
    number, back = np.nonzero(counts.closed)
    order = np.lexsort((-back, number))
    number, back = number[order], back[order]
    closed_by = before[number, back]
    error = closed_by * np.sqrt(spread[number, back])
    lower, upper = curve_interval(closed_by, error, confidence, transform)
    notes = []
    for group in range(len(share)):
        gone = np.flatnonzero(share[group] == 0)
        if len(gone) and (unseen := int(counts.closed[group, gone[0] + 1 :].sum())):
            notes.append(
                f"NOT MET: on day {horizon - gone[0]:,} every comparable case closed, so the share closed before it is "
                f"estimated as 0 although {plural(unseen, 'case')} did; choose a shorter within="
            )
    columns = {
        "day": horizon - back,
        "at_risk": counts.at_risk[number, back],
        "events": counts.closed[number, back],
        "estimate": closed_by,
        "std_error": np.where(closed_by > 0, error, np.nan),
        "lower": lower,
        "upper": upper,
    }
    return with_groups(counts.groups, number, columns), notes
