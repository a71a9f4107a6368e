"""Compliance with deadlines: late, in time, or cannot tell, with the reason.

:func:`assess` judges each case; :func:`under_other_limits` counts late cases under other rules;
:func:`accountability.delay.bunching` tests whether closings bunch just before a limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from accountability.delay.access import require_not_selected
from accountability.delay.counts import columns_of, label_of, with_groups
from accountability.delay.limits import VERSION, Limit, limit
from accountability.delay.unknown_days import beside, extremes_said
from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.privacy import disclose
from accountability.results import Result, percent, plural
from accountability.study.calendars import US_FEDERAL
from accountability.study.cohort import Cohort
from accountability.study.durations import Durations, group_codes, require_cases
from accountability.study.inputs import takes
from accountability.study.occurrences import stage_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LATE: Final = "late"
IN_TIME: Final = "in time"
CANNOT_TELL: Final = "cannot tell"

NOT_DUE: Final = "still open, and not yet due"
COARSE: Final = "the dates are too coarse"
NO_DAY: Final = "closed on an unknown day"
LENGTH: Final = "the days of the limit depend on the calendar"
PAUSED: Final = "late, unless the clock was stopped unseen"

LOCAL_HOLIDAYS: Final = 5
"""Holidays of a state or city beside the federal ones that a year of business days may hold."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Deadlines(Result):
    """How many cases met a limit.

    ``table``: the columns of `by`, ``n``, ``late``, ``in_time``, ``cannot_tell``, ``late_lower``, ``late_upper``
    (bounds of the share late: none or all of ``cannot_tell`` counted as late); where it is not known whether some cases
    ended, ``late_extreme_lower`` and ``late_extreme_upper``, the same bounds with those cases.

    Attributes
    ----------
    rule : Limit
        The limit.
    days : tuple of int
        Fewest and most calendar days the limit can mean.
    verdicts : pandas.DataFrame
        One row per case: ``case_id``, ``verdict``, ``reason`` (why the verdict is "cannot tell", else empty).
    reasons : pandas.DataFrame
        Count of cases by ``verdict`` and ``reason``.
    by : tuple of str
        The grouping columns.
    clock : str
        The clock the delays were counted with.
    groups : pandas.DataFrame
        One row per group.
    """

    rule: Limit
    days: tuple[int, int]
    verdicts: pd.DataFrame
    reasons: pd.DataFrame
    by: tuple[str, ...]
    clock: str
    groups: pd.DataFrame

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Hide groups of fewer than ten cases."""
        return disclose(table, counts=("n",), keep=self.by) if self.by else table

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw each group's bounds of the share late; a point where they are equal."""
        axes = draw.new_axes(ax, height=1.2 + 0.32 * len(self.table))
        labels = [label_of(self.groups, number).removesuffix(": ") or "all cases" for number in range(len(self.table))]
        known = self.table["late_lower"] == self.table["late_upper"]
        frame = self.table.assign(label=labels, known=self.table["late_lower"].where(known)).dropna(subset="n")
        draw.ranges(axes, frame, label="label", estimate="known", lower="late_lower", upper="late_upper", kind="share",
                    bounds=True)  # fmt: skip
        axes.set_xlim(0, 1)
        axes.set_xlabel("share late; hatched: from the least to the most it can be")
        return axes

    def sentence(self) -> str:
        """State how many cases cannot be judged, then how many were in time and late."""
        said = []
        for number, row in enumerate(self.table.to_dict("records")):
            if pd.isna(row["n"]):
                said.append(f"{label_of(self.groups, number)}too few cases to show")
                continue
            n, untold = int(row["n"]), int(row["cannot_tell"])
            whole = f"of {plural(n, 'case')}"
            if untold:
                whole = f"for {untold:,} {whole} ({percent(untold / n)}) it cannot be told"
                share = f"between {percent(row['late_lower'])} and {percent(row['late_upper'])} late"
                said.append(
                    f"{label_of(self.groups, number)}{whole}; {row['in_time']:,} were in time, {row['late']:,} late "
                    f"for certain: {share}" + extremes_said(row, "late_extreme", percent)
                )
                continue
            said.append(
                f"{label_of(self.groups, number)}{whole} {row['late']:,} were late ({percent(row['late_lower'])}) and "
                f"{row['in_time']:,} in time" + extremes_said(row, "late_extreme", percent)
            )
        source = f" ({self.rule.citation}; confidence {self.rule.confidence})" if self.rule.citation else ""
        if self.rule.citation and not self.rule.source:
            source += ", a yardstick: the source does not declare it in force"
        return f"Limit of {self.rule.length}{source}: {'; '.join(said)} [{self.clock}]."


@takes("durations")
def assess(
    durations: Durations,
    rule: Limit | str | int,
    by: str | Sequence[str] | None = None,
    *,
    pauses: str | None = None,
) -> Deadlines:
    """Judge each case against a limit: late, in time, or cannot tell.

    Parameters
    ----------
    durations : Durations
        Counted with the clock the limit names; a limit that runs from the incident needs ``start="incident"``.
    rule : Limit, name of one in :mod:`accountability.delay.limits`, or a number of calendar days
        The limit.
    by : str or sequence of str, optional
        Columns to group by.
    pauses : {"unknown", "none"}, optional
        Whether the clock may have had pauses that the release does not record. When left out, "unknown" if the limit
        lists anything that pauses it; a case late by the calendar is then "cannot tell". Pass "none" for durations
        counted with ``without_pauses=True`` from a source that dates its pauses.

    Returns
    -------
    Deadlines

    Raises
    ------
    ParameterError
        If the limit is unknown or not positive, or `pauses` is neither word.
    Refusal
        If the limit has no number, or the records were selected on the outcome.

    Notes
    -----
    A limit of months, years or business days is a range of calendar days, as it depends on the starting day; cases
    inside the range are "cannot tell". The shortest business-day limit has no holiday. The longest has the federal
    holidays where they are densest, and :data:`LOCAL_HOLIDAYS` more a year.
    """
    require_cases(durations, "a judgement of deadlines")
    require_not_selected(durations, "the share of deadlines met")
    law = limit_of(rule)
    known = ("unknown" if law.pauses else "none") if pauses is None else pauses
    if known not in ("unknown", "none"):
        raise ParameterError(f"pauses must be 'unknown' or 'none', found {pauses!r}")
    fewest, most = calendar_days(law)
    verdict, reason = _verdicts(durations, fewest, most, known == "unknown")
    groups, codes = group_codes(durations, by)
    late, in_time, unclear = (
        np.bincount(codes[verdict == word], minlength=len(groups)) for word in (LATE, IN_TIME, CANNOT_TELL)
    )
    cases = late + in_time + unclear
    table = with_groups(
        groups,
        np.arange(len(groups)),
        {
            "n": cases,
            "late": late,
            "in_time": in_time,
            "cannot_tell": unclear,
            "late_lower": late / cases,
            "late_upper": (late + unclear) / cases,
        },
    )
    table = beside(
        durations,
        table,
        columns_of(by),
        lambda end: assess(end, rule, by, pauses=pauses).true_numbers(),
        {"late_extreme": ("late_lower", "late_upper", "early")},
    )
    verdicts = pd.DataFrame({"case_id": durations.table["case_id"], "verdict": verdict, "reason": reason})
    counted = verdicts.groupby(["verdict", "reason"], sort=True).size().rename("cases").reset_index()
    span = f"{fewest:,}" if fewest == most else f"{fewest:,} to {most:,}"
    return Deadlines(
        estimand=f"share of cases past {law.length} ({law.limits or 'the limit'}), by {durations.clock}",
        assumptions=(
            f"the limit starts when this clock does; the rule says: {law.starts or 'not stated'}",
            f"the clock was not paused in cases called late; the rule lists: {law.pauses or 'nothing'}"
            if known == "none"
            else "a case late by the calendar may have been paused, so it is not called late",
        ),
        method=f"each case against {span} calendar days; limits version {VERSION}",
        table=table,
        flow=durations.flow,
        rule=law,
        days=(fewest, most),
        verdicts=verdicts,
        reasons=counted,
        by=columns_of(by),
        clock=durations.clock,
        groups=groups,
    )


@takes("durations")
def under_other_limits(durations: Durations, rules: Sequence[Limit | str | int]) -> pd.DataFrame:
    """Count cases late and in time under other limits, assuming no clock was paused.

    Returns
    -------
    pandas.DataFrame
        One row per limit: ``name``, ``jurisdiction``, ``limit``, ``confidence``, ``n``, ``late``, ``in_time``,
        ``cannot_tell``, ``late_lower``, ``late_upper``.
    """
    rows = []
    for rule in rules:
        law = limit_of(rule)
        result = assess(durations, law, pauses="none")
        said = {"name": law.name, "jurisdiction": law.jurisdiction, "limit": law.length}
        rows.append(result.table.assign(**said, confidence=law.confidence))
    table = pd.concat(rows, ignore_index=True)
    first = ["name", "jurisdiction", "limit", "confidence"]
    return table[[*first, *table.columns.drop(first)]]


def calendar_days(law: Limit) -> tuple[int, int]:
    """Return the fewest and most calendar days of a limit, over all days it can start on."""
    if law.value is None:
        raise Refusal(f"no time limit was found for {law.jurisdiction} ({law.citation}): choose another, or give days")
    if law.value <= 0:
        raise ParameterError(f"a limit must be positive, found {law.value}")
    if law.unit == "calendar days":
        return law.value, law.value
    if law.unit in ("months", "years"):
        months = np.timedelta64(law.value * (12 if law.unit == "years" else 1), "M")
        first = np.arange("2000-01-01", "2008-01-01", dtype="datetime64[D]")
        starts = first.astype("datetime64[M]")
        ends = (starts + months).astype("datetime64[D]")
        last = (starts + months + np.timedelta64(1, "M")).astype("datetime64[D]") - np.timedelta64(1, "D")
        same_day = np.minimum(ends + (first - starts.astype("datetime64[D]")), last)
        spans = (same_day - first).astype(int)
        return int(spans.min()), int(spans.max())
    if law.unit == "business days":
        starts = np.arange("1995-01-01", "2023-01-01", dtype="datetime64[D]")  # every weekday of every date
        longest = law.value + LOCAL_HOLIDAYS * (1 + law.value // 250)
        fewest = np.busday_offset(starts, law.value, roll="backward") - starts
        most = np.busday_offset(starts, longest, roll="forward", holidays=US_FEDERAL.days_off()) - starts
        return int(fewest.astype(int).min()), int(most.astype(int).max())
    raise ParameterError(f"unknown unit {law.unit!r}: calendar days, business days, months or years")


def begun_under(cohort: Cohort, law: Limit, start: str = "received") -> Cohort:
    """Keep the cases begun on a day the limit covers in its source; keep all if it is a yardstick.

    Parameters
    ----------
    cohort : Cohort
        Who is studied.
    law : Limit
        As :func:`accountability.delay.limits.of_source` gives it.
    start : str
        The stage that starts the clock.

    Returns
    -------
    Cohort
        Its flow says how many were left out. A case that may have begun outside those days is left out.

    Examples
    --------
    >>> import accountability
    >>> from accountability import Cohort
    >>> from accountability.delay import deadlines, limits
    >>> data = accountability.load("synthetic")
    >>> len(deadlines.begun_under(Cohort.of(data), limits.of_source(data)))
    5000
    """
    if not law.covers:
        return cohort
    begin = stage_of(cohort, start)
    inside = np.ones(len(cohort.cases), dtype=bool)
    if law.first_day:
        inside &= begin.earliest >= np.datetime64(law.first_day, "D").astype(np.int64)
    if law.last_day:
        inside &= begin.latest <= np.datetime64(law.last_day, "D").astype(np.int64)
    kept = pd.Series(inside, index=cohort.cases.index)
    # The day the clock starts says nothing of how a case ended, though the last of a limit's days may leave none open.
    return cohort.keep_if(kept, because=f"begun while {law.name} was in force, {law.covers}", decided_by=())


def limit_of(rule: Limit | str | int) -> Limit:
    """Return the limit for a rule, its name or a number of calendar days."""
    if isinstance(rule, Limit):
        return rule
    if isinstance(rule, str):
        return limit(rule)
    return Limit(name=f"{rule}_days", jurisdiction="any", value=int(rule), unit="calendar days", limits="")


def _verdicts(durations: Durations, fewest: int, most: int, paused: bool) -> tuple[np.ndarray, np.ndarray]:
    low, closed = durations.days_lower, durations.event
    # An open case lasts longer than `low`.
    shortest = np.where(closed, low, low + 1)
    late = shortest > most
    in_time = closed & (durations.days_upper <= fewest)
    verdict = np.full(len(low), CANNOT_TELL, dtype=object)
    reason = np.full(len(low), COARSE, dtype=object)
    reason[(low == durations.days_upper) & closed & (low > fewest)] = LENGTH
    reason[durations.unknown_day] = NO_DAY
    reason[~closed] = NOT_DUE
    reason[~closed & (shortest > fewest)] = LENGTH
    verdict[in_time] = IN_TIME
    verdict[late] = CANNOT_TELL if paused else LATE
    reason[in_time] = ""
    reason[late] = PAUSED if paused else ""
    return verdict, reason
