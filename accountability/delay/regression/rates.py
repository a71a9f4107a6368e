"""Closings per case-day with exact intervals, for groups with any number of closings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from accountability.delay.access import require_exact, require_open_cases
from accountability.delay.counts import columns_of, with_groups
from accountability.delay.regression.regression_result import closings
from accountability.errors import ParameterError
from accountability.figures import draw
from accountability.privacy import disclose
from accountability.results import Result, percent, plural
from accountability.stats.arrays import Floats
from accountability.stats.intervals import binomial_exact, poisson_exact
from accountability.study.durations import Durations, group_codes
from accountability.study.inputs import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ExactRates(Result):
    """Closings per `per` case-days, by group.

    ``table``: the columns of `by`, ``n``, ``events``, ``case_days``, ``estimate``, ``lower``, ``upper`` (per `per`
    case-days), ``ratio``, ``ratio_lower``, ``ratio_upper`` (to the reference group, whose own is 1
    and has no limits), ``hidden``.

    Attributes
    ----------
    by : tuple of str
    per : int
    confidence : float
    reference : str
        The group the ratios refer to.
    """

    by: tuple[str, ...]
    per: int
    confidence: float
    reference: str

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Hide groups of few cases or closings."""
        return disclose(table, counts=["n", "events"], keep=self.by, parts=bool(self.by))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw each group's rate with its exact interval."""
        axes = draw.new_axes(ax, height=1.2 + 0.32 * len(self.table))
        label = self.table[list(self.by)].astype("str").agg(", ".join, axis=1) if self.by else "all cases"
        draw.ranges(
            axes, self.table.assign(label=label), label="label", estimate="estimate", lower="lower", upper="upper"
        )
        axes.set_xlabel(f"closings per {self.per:,} case-days (exact {percent(self.confidence)} interval)")
        return axes

    def sentence(self) -> str:
        """State each group's rate with its interval."""
        said = []
        for row in self.table[~self.table["hidden"]].to_dict("records"):
            name = ", ".join(str(row[column]) for column in self.by) or "all cases"
            said.append(
                f"{name}: {row['estimate']:.2f} ({percent(self.confidence)} interval {row['lower']:.2f} to "
                f"{row['upper']:.2f}; {plural(int(row['events']), 'closing')})"
            )
        return f"Closings per {self.per:,} case-days: {'; '.join(said)}."


@takes("durations")
def exact_rates(
    durations: Durations,
    by: str | Sequence[str] | None = None,
    *,
    causes: str | None = None,
    cause: str | None = None,
    reference: str | None = None,
    per: int = 1_000,
    confidence: float = 0.95,
) -> ExactRates:
    """Estimate closings per case-day by group, with intervals exact for any number of closings, also none.

    Parameters
    ----------
    durations : Durations, Cohort or Dataset
        With closing dates known to the day; late entry is allowed.
    by : str or sequence of str, optional
        Columns to group by.
    causes, cause : str, optional
        Column of the causes of closing, and the one counted.
    reference : str, optional
        Group the ratios refer to, its columns joined by ", "; by default the one with most closings.
    per : int
        Case-days a rate is given for.
    confidence : float
        Confidence of the intervals.

    Returns
    -------
    ExactRates

    Raises
    ------
    Refusal
        When the source allows no closing curve.
    ParameterError
        For unknown columns or groups.

    Notes
    -----
    A case counts each day on which it was watched, including the day of closing. Intervals of rates: Garwood (1936).
    Intervals of ratios: Clopper and Pearson (1934) on the share of the two groups' closings. Both assume a constant
    rate over the days watched.

    Examples
    --------
    >>> import accountability
    >>> from accountability import delay
    >>> delay.exact_rates(accountability.load("synthetic"), "category").table["estimate"].round(1).tolist()
    [7.9, 2.2, 5.7, 3.6, 2.5, 2.6]
    """
    require_open_cases(durations, "a rate of closing")
    require_exact(durations, "a rate of closing")
    if not isinstance(per, int) or per < 1:
        raise ParameterError(f"per must be at least 1 case-day, found {per!r}")
    closed, word = closings(durations, causes, cause)
    groups, codes = group_codes(durations, by)
    columns = columns_of(by)
    cases = np.bincount(codes, minlength=len(groups))
    events = np.bincount(codes[closed], minlength=len(groups))
    days = np.bincount(codes, durations.end - durations.entry_time + 1, len(groups))
    names = [", ".join(str(value) for value in row) for row in groups.itertuples(index=False)] if columns else ["all"]
    if reference is not None and reference not in names:
        raise ParameterError(f"no group {reference!r} to refer to; there are {', '.join(names)}")
    base = int(np.argmax(events)) if reference is None else names.index(reference)
    low, high = poisson_exact(events, confidence)
    both = events + events[base]
    share_low, share_high = binomial_exact(events, both, confidence)
    share = np.where(both > 0, events / np.maximum(both, 1), np.nan)
    ratio = [_ratio(one, days[base] / days) for one in (share, share_low, share_high)]
    for column, itself in zip(ratio, (1.0, np.nan, np.nan), strict=True):
        column[base] = itself  # of the reference to itself no interval exists
    return ExactRates(
        estimand=f"{word}s per {per:,} case-days, by {durations.clock}",
        assumptions=("the rate is constant over the days a case is watched", "cases are independent of each other"),
        method="exact Poisson intervals (Garwood); exact binomial intervals of ratios (Clopper-Pearson)",
        table=with_groups(
            groups,
            np.arange(len(groups)),
            {
                "n": cases,
                "events": events,
                "case_days": days.astype(np.int64),
                "estimate": per * events / days,
                "lower": per * low / days,
                "upper": per * high / days,
                "ratio": ratio[0],
                "ratio_lower": ratio[1],
                "ratio_upper": ratio[2],
            },
        ),
        flow=durations.flow,
        by=columns,
        per=per,
        confidence=confidence,
        reference=names[base],
    )


def _ratio(share: Floats, days: Floats) -> Floats:
    """Ratio of rates from a group's share of the closings; missing when it has no upper end."""
    inside = share < 1
    return np.where(inside, share / np.where(inside, 1 - share, 1) * days, np.nan)
