"""The closing curve when dates are coarser than days: months, years, reported spans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from accountability.delay.access import require_open_cases
from accountability.delay.counts import case_counts, columns_of, stacked
from accountability.delay.curve import NOT_REACHED, Curve, rests_on_few
from accountability.delay.unknown_days import with_extremes
from accountability.errors import Refusal
from accountability.privacy import coarse_steps
from accountability.results import plural
from accountability.stats.arrays import ROUNDING, Days
from accountability.stats.compress import in_reading_order
from accountability.stats.npmle import BEYOND, Masses, solve
from accountability.study.durations import Durations, group_codes
from accountability.study.inputs import takes

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class IntervalCurve(Curve):
    """Share of cases still open by days, from dates that are intervals (Turnbull).

    ``table`` has one row per stretch of days in which cases closed: the columns of `by`; ``first_day``,
    ``last_day`` (Int64, missing when the stretch has no end): the data do not say where in it they closed; ``mass``,
    the share closing in it; ``estimate_before``, ``estimate``, the share still open before and after it. These heights
    are unique; the path between them is not identified. In :meth:`at` and :meth:`quantiles`, ``lower`` and ``upper``
    are bounds from the coarse dates, and the estimate is missing where they differ.

    Attributes
    ----------
    convergence : pandas.DataFrame
        One row per group: ``loglik``, ``kuhn_tucker_gap`` (at most 1e-6).
    coarse_starts : int
        Cases whose start is coarser than a day.
    widest_start : int
        The widest span of a start, in days; 1 where all starts are known to the day.
    """

    convergence: pd.DataFrame
    coarse_starts: int
    widest_start: int

    def sentence(self) -> str:
        """Say how many cases there were and between which days half had closed."""
        text = super().sentence()
        if not self.coarse_starts:
            return text
        return (
            f"{text} {plural(self.coarse_starts, 'case')} started on a day that is not known either, so these days are "
            f"approximate: they can be off by up to {plural(self.widest_start, 'day')}."
        )

    def _half(self, part: pd.DataFrame, median: Mapping[Any, Any], *, exact: bool, about: str = "") -> str:
        if pd.isna(median["lower"]):
            known = part.assign(estimate=part["estimate"].where(part["last_day"].notna()).ffill().fillna(1.0))
            return super()._half(known, median, exact=exact)
        if median["lower"] == median["upper"]:
            return f"half had closed within {plural(int(median['lower']), 'day')}"
        return (
            f"the day by which half had closed lies between {median['lower']:,} and {median['upper']:,}, which "
            "the dates do not tell apart"
        )

    def _in_steps(self, part: pd.DataFrame, cases: pd.Series) -> pd.DataFrame:
        shown = coarse_steps(np.rint(part["mass"] * cases["n"]).to_numpy(np.int64))
        step: Days = np.minimum(np.cumsum(shown) - shown, shown.sum() - 1)
        merged = part.groupby(step, as_index=False)
        ends = {"last_day": "last", "mass": "sum", "estimate": "last"}
        firsts = dict.fromkeys([*self.by, "first_day", "estimate_before"], "first")
        found = merged.agg(firsts | ends)[list(part.columns)]
        # The last of several stretches says whether the joined one has an end.
        found["last_day"] = part.groupby(step)["last_day"].nth(-1).array
        return found[~rests_on_few(found["estimate"].to_numpy(), cases["n"])]

    def _at(self, number: int, part: pd.DataFrame, asked: np.ndarray) -> dict[str, Any]:
        first = part["first_day"].to_numpy(np.int64)
        last = part["last_day"].to_numpy(dtype=np.int64, na_value=BEYOND)
        heights = np.concatenate([[1.0], part["estimate"].to_numpy()])
        lower = heights[np.searchsorted(first, asked, side="right")]
        upper = heights[np.searchsorted(last, asked, side="right")]
        return {"estimate": np.where(lower == upper, lower, np.nan), "lower": lower, "upper": upper}

    def _quantile(self, number: int, part: pd.DataFrame, share: float) -> tuple[Any, Any, Any, str]:
        reached = np.flatnonzero(part["estimate"].to_numpy() <= 1 - share + ROUNDING)
        row = part.iloc[reached[0]] if len(reached) else None
        if row is None or pd.isna(row["last_day"]):
            return None, None, None, NOT_REACHED
        first, last = int(row["first_day"]), int(row["last_day"])
        return (first, first, last, f"{first:,}") if first == last else (None, first, last, f"{first:,} to {last:,}")

    def _drawn(self) -> pd.DataFrame:
        """Heights at the ends of stretches, from 1 on day 0."""
        known = self.table[self.table["last_day"].notna()]
        ends = known.assign(day=known["last_day"].astype(np.int64))
        firsts = self.groups.assign(day=0, estimate=1.0)
        if not self.by:
            return pd.concat([firsts, ends], ignore_index=True)
        frame = pd.concat([firsts[~self.few], ends], ignore_index=True)
        return in_reading_order(frame, [*self.by, "day"])

    def _beside(self) -> dict[str, Any]:
        return {"boxes": self.table[self.table["last_day"].notna()]}


@takes("durations")
@with_extremes
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
        When the maximum likelihood could not be verified.

    Examples
    --------
    >>> from accountability import delay
    >>> from accountability.study.durations import Durations
    >>> months = Durations.from_days([1, 32, 60], days_upper=[30, 62, 90])
    >>> delay.interval_curve(months).median()["reads"].item()
    '60 to 62'

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
            f"{int((durations.entry_time > 0).sum()):,} cases entered late and their dates are intervals: "
            "keep only cases that started after watching began, or use delay.closing_curve on dates known to the day"
        )
    groups, codes = group_codes(durations, by)
    low, high = bounds(durations)
    numbers = range(len(groups))
    masses = (
        [solve(low[codes == number], high[codes == number]) for number in numbers]
        if len(groups) > 1
        else [solve(low, high)]
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
        method="non-parametric maximum likelihood for interval-dated delays (Turnbull); likelihood within "
        f"{worst:.0e} of its maximum",
        table=stacked(groups, [_columns(found) for found in masses]),
        flow=durations.flow,
        by=columns_of(by),
        clock=durations.clock,
        cases=case_counts(durations, by),
        rows=tuple(len(found.mass) for found in masses),
        confidence=None,
        convergence=groups.assign(
            loglik=[found.loglik for found in masses], kuhn_tucker_gap=[found.gap for found in masses]
        ),
        coarse_starts=int((spans > 1).sum()),
        widest_start=int(spans.max()),
    )


def _columns(found: Masses) -> dict[str, Any]:
    after = np.maximum(1 - np.cumsum(found.mass), 0)
    after[-1] = 0
    endless = found.last >= BEYOND
    return {
        "first_day": pd.array(found.first, dtype="Int64"),
        "last_day": pd.arrays.IntegerArray(np.where(endless, 0, found.last), endless),
        "mass": found.mass,
        "estimate_before": np.concatenate([[1.0], after[:-1]]),
        "estimate": after,
    }


def bounds(durations: Durations) -> tuple[Days, Days]:
    """Return the first and last day on which each case can have closed; an open case closes after the day last seen."""
    return durations.days_lower + ~durations.event, np.where(durations.event, durations.days_upper, BEYOND)
