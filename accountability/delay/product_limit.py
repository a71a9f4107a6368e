"""The closing curve: the share of cases still open after so many days, for dates known to the day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.delay.access import require_exact, require_open_cases
from accountability.delay.counts import Counts, case_counts, columns_of, with_groups
from accountability.delay.curve import Curve
from accountability.delay.unknown_days import count_spread, with_extremes
from accountability.results import percent
from accountability.stats.arrays import Days, Flags, Floats, share_left
from accountability.stats.compress import in_reading_order
from accountability.stats.intervals import Transform, curve_interval, upper_tail
from accountability.study.durations import Durations
from accountability.study.follow_up import alike, shared_by
from accountability.study.inputs import takes

#: Less than this part of a case is none: rounding in expected numbers.
_NOBODY: Final = 1e-9


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class DelayCurve(Curve):
    """Share of cases still open by days since the start (Kaplan-Meier).

    ``table`` has one row for each day on which cases closed or were last seen open: the columns of `by`, ``day``,
    ``at_risk``, ``events`` (closings), ``last_seen_open``, ``estimate`` (share still open), ``std_error``, ``lower``,
    ``upper``.

    Attributes
    ----------
    counts : Counts
        The daily counts the curve was computed from.
    """

    counts: Counts

    @property
    def drawn_until(self) -> int:  # type: ignore[override]
        """Return the last day on which at least 1 % of some group's cases were open and watched."""
        cases = self.counts.entered.sum(axis=1, keepdims=True)
        return int(np.flatnonzero((100 * self.counts.at_risk >= cases).any(axis=0))[-1])

    def _at(self, number: int, part: pd.DataFrame, asked: np.ndarray) -> dict[str, Any]:
        at_risk = self.counts.at_risk[number]
        watched = asked < len(at_risk)
        watching = np.rint(at_risk[np.where(watched, asked, 0)]).astype(np.int64)
        found = super()._at(number, part, asked)
        early = asked < part["day"].iloc[0]
        found["lower"] = np.where(early, _all_open(watching, self.confidence or 0), found["lower"])
        return {"at_risk": np.where(watched, watching, 0)} | found

    def _drawn(self) -> pd.DataFrame:
        """Start each group's curve at 1 where nothing happened on day 0."""
        shown = super()._drawn()
        firsts = shown.drop_duplicates(list(self.by)) if self.by else shown.head(1)
        zero = firsts[firsts["day"] > 0][list(self.by)].assign(day=0, estimate=1.0, lower=1.0, upper=1.0)
        frame = pd.concat([zero, shown], ignore_index=True)
        return in_reading_order(frame, [*self.by, "day"]) if self.by else frame

    def _beside(self) -> dict[str, Any]:
        return {"at_risk": self._at_risk}

    def _at_risk(self, days: list[int]) -> pd.DataFrame:
        counted = self.true_at(days)
        return counted[~np.repeat(self.few, len(days))] if self.by else counted


@takes("durations")
@with_extremes
def closing_curve(
    durations: Durations,
    by: str | Sequence[str] | None = None,
    confidence: float = 0.95,
    *,
    interval_type: Transform = "log-log",
) -> DelayCurve:
    """Estimate the share of cases still open after each day (Kaplan-Meier).

    Parameters
    ----------
    durations : Durations
        With closing dates known to the day, or not at all. Late entry is allowed.
    by : str or sequence of str, optional
        Columns to group by.
    confidence : float
        Level of the pointwise intervals.
    interval_type : {"log-log", "log", "plain"}
        Transform of the intervals, named in ``method``.

    Returns
    -------
    DelayCurve

    Raises
    ------
    Refusal
        When the source holds closed cases only, was selected on the outcome, gives no closing dates, or gives them
        coarser than a day; the message names an estimator that fits.
    ParameterError
        When some cases have no group.

    Notes
    -----
    Kaplan and Meier (1958) with Greenwood's variance, on daily counts. Within a day, closings come before censoring.
    Pairs of allegations of one complaint, or of spells of one officer, are added to it (Ying and Wei 1994). Also named
    ``delay.kaplan_meier``. A case closed on an unknown day is interval-censored between its start and the
    last day covered (Turnbull 1974); Greenwood's sum then counts only closings on known days. :attr:`Curve.ends` holds
    the two extremes.

    Examples
    --------
    >>> from accountability import delay
    >>> from accountability.study.durations import Durations
    >>> cases = Durations.from_days([3, 5, 5, 9], [True, True, False, True])
    >>> curve = delay.closing_curve(cases)
    >>> curve.sentence()
    'Of 4 cases, 1 still open, half had closed within 5 days (95 % interval 3 to not reached) [days as given].'
    >>> delay.kaplan_meier(cases).sentence() == curve.sentence()
    True
    """
    require_open_cases(durations, "the closing curve")
    require_exact(durations.known_days(), "the closing curve")
    counts = count_spread(durations, by)
    assumptions = [
        "whether a case is still open at the cut-off tells nothing about how much longer it will take, beyond its "
        "age and group",
        "a case without a closing date by the cut-off is open, not closed without a record",
    ]
    if counts.seen is not None:
        assumptions.append("whether the day of a closing was written down tells nothing about how long the case took")
    if counts.left_truncated:
        assumptions.append(
            "cases with late entry take as long as the others of that age; those closed before could not be seen"
        )
    spread = "" if counts.seen is None else ", closings on an unknown day spread by self-consistency (Turnbull)"
    shared, more = shared_by(durations), None
    if shared:
        from accountability.delay.tied_rows import tied

        assumptions.append(alike(shared))
        spread += f", pairs of one {shared} counted"
        more = tied(durations, by, counts, shared)
    return DelayCurve(
        estimand=f"share of cases still open by {durations.clock}",
        assumptions=tuple(assumptions),
        method=f"Kaplan-Meier on daily counts{spread}, Greenwood variance, pointwise {percent(confidence)} "
        f"{interval_type} interval",
        table=_curve(counts, confidence, interval_type, more),
        flow=durations.flow,
        by=columns_of(by),
        clock=durations.clock,
        cases=case_counts(durations, by),
        rows=tuple(_shown_days(counts).sum(axis=1).tolist()),
        confidence=confidence,
        counts=counts,
    )


kaplan_meier = closing_curve


def survival(counts: Counts) -> tuple[Floats, Floats]:
    """Return the share still open after each day, and its Greenwood sum (variance over squared share)."""
    if counts.seen is None:
        at_risk = np.maximum(counts.at_risk, 1)
        share = share_left(counts.closed, at_risk)
        remaining = np.maximum(counts.at_risk - counts.closed, 1)
        return share, np.cumsum(counts.closed / (at_risk * remaining), axis=1, dtype=np.float64)
    # Expected numbers, which may be parts of a case.
    watched = counts.at_risk > _NOBODY
    pace = np.divide(counts.closed, counts.at_risk, out=np.zeros_like(counts.at_risk), where=watched)
    pace = np.where(pace > 1 - _NOBODY, 1.0, pace)
    remaining = np.maximum(counts.at_risk - counts.closed, 1)
    weight = np.divide(counts.closed, np.maximum(counts.at_risk, 1) * remaining * np.maximum(counts.seen, _NOBODY))
    return np.cumprod(1.0 - pace, axis=1, dtype=np.float64), np.cumsum(np.where(counts.seen > 0, weight, 0), axis=1)


def _shown_days(counts: Counts) -> Flags:
    return np.asarray((counts.closed + counts.left) > (0 if counts.seen is None else _NOBODY))


def _curve(counts: Counts, confidence: float, transform: Transform, more: Floats | None = None) -> pd.DataFrame:
    share, greenwood = survival(counts)
    greenwood = greenwood if more is None else np.maximum(greenwood + more, greenwood)
    number, day = np.nonzero(_shown_days(counts))
    seen = counts.closed if counts.seen is None else counts.closed * counts.seen
    still_open = share[number, day]
    error = still_open * np.sqrt(greenwood[number, day])
    lower, upper = curve_interval(still_open, error, confidence, transform)
    # Where nothing has closed yet, so many watched cases still leave the share below 1 possible.
    whole = still_open == 1
    watched = _whole(counts.at_risk[number, day][whole])
    lower[whole], upper[whole] = _all_open(watched, confidence), 1
    columns = {
        "day": day,
        "at_risk": _whole(counts.at_risk[number, day]),
        "events": _whole(seen[number, day]),
        "last_seen_open": _whole(counts.left[number, day]),
        "estimate": still_open,
        "std_error": np.where(still_open > 0, error, np.nan),
        "lower": lower,
        "upper": upper,
    }
    return with_groups(counts.groups, number, columns)


def _all_open(watched: Days, confidence: float) -> Floats:
    """Clopper and Pearson's lower limit of the share still open where all of n watched cases are."""
    return np.where(watched > 0, (1 - upper_tail(confidence)) ** (1 / np.maximum(watched, 1)), 0)


def _whole(values: Any) -> Days:
    return np.rint(values).astype(np.int64)
