"""Compute bounds of the days between start and stop of every case, excluding cases without a delay."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from accountability.errors import Refusal
from accountability.records.case_ends import counted_states, state_of
from accountability.stats.arrays import Days, Flags
from accountability.study.cohort import Cohort
from accountability.study.durations import RESERVED, Durations, Sampling
from accountability.study.occurrences import FOREVER, NEVER, Occurrence, Texts, day_number

if TYPE_CHECKING:
    from accountability.study.calendars import Calendar


@dataclass(frozen=True, slots=True)
class Clock:
    """One checked clock."""

    study: Cohort
    start: str
    stop: str
    until: dt.date | None
    since: dt.date | None
    sampling: Sampling
    words: str
    pauses: bool = False
    declared: pd.DataFrame | None = None
    calendar: Calendar | None = None

    @property
    def last(self) -> int:
        """The last day counted."""
        return FOREVER if self.until is None else day_number(self.until)

    def steps(self) -> pd.DataFrame:
        """Return the dated steps that pause and resume the clock."""
        return self.study.events if self.declared is None else self.declared

    def count(self, days: Days, which: Flags) -> Days:
        """Return day numbers by the clock's calendar; their differences are the days counted."""
        if self.calendar is None:
            return days
        numbered = np.zeros_like(days)
        numbered[which] = self.calendar.until(days[which])
        return numbered


class _Reasons:
    """Why cases have no delay; the first reason found is the one kept."""

    def __init__(self, count: int) -> None:
        self.text: Texts = np.full(count, "", dtype=object)
        self.kept: Flags = np.ones(count, dtype=bool)

    def exclude(self, wrong: npt.NDArray[np.bool_], why: str | Texts) -> None:
        first = wrong & self.kept
        self.text[first] = why if isinstance(why, str) else why[first]
        self.kept = self.kept & ~first


def measure(clock: Clock, begin: Occurrence, end: Occurrence, *, current_status: bool = False) -> Durations:
    """Combine start and stop intervals into delays, excluding cases that cannot have one."""
    study, last = clock.study, clock.last
    reasons = _Reasons(len(study.cases))
    _exclude_without_start(reasons, begin, clock)
    started = reasons.kept
    _exclude_without_stop(reasons, end, clock)
    unended = started & ~reasons.kept
    # A stop known to lie after the cut-off says the case was open on it.
    is_open = end.none | (end.earliest > last)
    if clock.until is None and (still := int((is_open & reasons.kept).sum())):
        raise Refusal(
            f"{still:,} of {len(study.cases):,} cases of {study.name} have no '{clock.stop}' date, and the card "
            "does not say until when they were watched: pass cutoff= with the last day the release covers"
        )
    reasons.exclude(~is_open & (end.latest < begin.earliest), f"'{clock.stop}' before '{clock.start}'")
    # The release knows nothing after its last day, so no imprecise date reaches beyond it.
    latest_start = np.minimum(begin.latest, last)
    covered = study.card.observed_until
    known = last if covered is None else max(last, day_number(covered)) if clock.until is not None else last
    latest_stop = np.where(end.latest == FOREVER, known, end.latest)
    no_day = ~is_open & (end.earliest == NEVER) & (end.latest == FOREVER)
    if clock.until is not None and (covered is None or clock.until >= covered):
        latest_stop = np.minimum(latest_stop, last)
    reasons.exclude(~is_open & (latest_stop == FOREVER), f"no latest day for '{clock.stop}', and no cut-off")
    earliest_stop = np.maximum(end.earliest, begin.earliest)
    if clock.since is not None:
        _require_watched(clock, begin, is_open, latest_stop, reasons)
    usable = reasons.kept
    ends = np.where(is_open, last, earliest_stop), np.where(is_open, last, latest_stop)
    born = clock.count(begin.earliest, usable), clock.count(latest_start, usable)
    gone = clock.count(ends[0], usable), clock.count(ends[1], usable)
    low = np.maximum(gone[0] - born[1], 0)
    high = np.where(is_open, -1, gone[1] - born[0])
    longest = np.full(len(low), -1)
    if clock.until is not None:
        longest = clock.count(np.full_like(begin.earliest, last), usable) - born[0]
    cases = pd.Index(study.cases["case_id"])
    if clock.pauses:
        from accountability.study.pauses import paused_days

        paused = paused_days(clock.steps(), cases, (begin.earliest, latest_start), ends, clock.count)
        reasons.exclude(paused.broken, "stops and starts of the clock do not alternate")
        low = np.maximum(low - paused.most, 0)
        high = np.where(is_open, -1, high - paused.least)
        longest = np.maximum(longest - paused.least, -1)
    entry = np.zeros_like(low)
    if clock.since is not None:
        entry = _late_entry(clock, begin, cases, usable)
    kept = reasons.kept
    measured: dict[str, Any] = {
        "days_lower": _nullable(low[kept]),
        "days_upper": _nullable(high[kept]),
        "event": ~is_open[kept],
        "entry_time": _nullable(entry[kept]),
        "longest": _nullable(longest[kept]),
    }
    if (no_day & kept).any():
        measured["unknown_day"] = no_day[kept]
    start_span = latest_start - begin.earliest + 1
    if (start_span[kept] > 1).any() and not clock.pauses and clock.calendar is None:
        stop_span = np.where(
            is_open, 0, latest_stop - np.where(end.earliest == NEVER, begin.earliest, end.earliest) + 1
        )
        measured |= {"start_span": _nullable(start_span[kept]), "stop_span": _nullable(stop_span[kept])}
    named = ("source_file", "source_row", "start_span", "stop_span", "unknown_day", *RESERVED)
    carried = [name for name in study.cases.columns if name not in named]
    facts = {name: column.array[kept] for name, column in study.cases[carried].items()}
    state = state_of(end.none & (unended | (end.set_aside != "")), is_open, no_day | current_status)
    excluded = pd.DataFrame(
        {
            "case_id": study.cases["case_id"].array[~kept],
            "reason": pd.array(reasons.text[~kept], dtype="str"),
        }
    )
    return Durations(
        table=pd.DataFrame({"case_id": facts["case_id"]} | measured | facts),
        clock=clock.words,
        start=clock.start,
        stop=clock.stop,
        cutoff=clock.until,
        sampling=clock.sampling,
        excluded=excluded,
        flow=_flow(study, excluded),
        current_status=current_status,
        states=counted_states(state),
        unended=_unended(clock, begin, unended, study.cases[carried]),
        origins=study.origins,
    )


def _unended(clock: Clock, begin: Occurrence, which: Flags, cases: pd.DataFrame) -> pd.DataFrame | None:
    """The cases with a start of which nobody knows whether they ended, as if they were open: for the bounds alone."""
    if clock.until is None or not which.any():
        return None
    since = NEVER if clock.since is None else day_number(clock.since)
    first, last = begin.earliest[which], np.minimum(begin.latest[which], clock.last)
    every, until = np.ones(len(first), bool), np.full(len(first), clock.last)
    age = clock.count(until, every) - clock.count(last, every)
    came = clock.count(np.maximum(first, since), every) - clock.count(first, every)
    columns: dict[str, Any] = {
        "days_lower": _nullable(np.maximum(age, 0)),
        "days_upper": _nullable(np.full(len(first), -1)),
        "event": np.zeros(len(first), bool),
        "entry_time": _nullable(np.minimum(came, np.maximum(age, 0))),
        "longest": _nullable(clock.count(until, every) - clock.count(first, every)),
    }
    return cases[which].reset_index(drop=True).assign(**columns)


def _exclude_without_start(reasons: _Reasons, begin: Occurrence, clock: Clock) -> None:
    reasons.exclude(begin.none & (begin.set_aside != ""), begin.set_aside)
    reasons.exclude(begin.none, f"no '{clock.start}' date")
    reasons.exclude(begin.latest == FOREVER, f"no latest day for '{clock.start}'")
    reasons.exclude(begin.earliest == NEVER, f"no earliest day for '{clock.start}'")
    reasons.exclude(begin.earliest > clock.last, f"'{clock.start}' after the cut-off")


def _exclude_without_stop(reasons: _Reasons, end: Occurrence, clock: Clock) -> None:
    reasons.exclude(end.none & (end.set_aside != ""), end.set_aside)
    if clock.sampling.rule == "closed_only" or clock.sampling.open_cases == "excluded":
        reasons.exclude(end.none, f"no '{clock.stop}' date in a release of closed cases")


def _require_watched(clock: Clock, begin: Occurrence, is_open: Flags, latest_stop: Days, reasons: _Reasons) -> None:
    """Leave out cases that ended before the watch; refuse older cases whose age at its start is not known."""
    since = day_number(clock.since) if clock.since is not None else NEVER
    reasons.exclude(~is_open & (latest_stop < since), f"'{clock.stop}' before {clock.since}, when watching began")
    before = (begin.earliest < since) & reasons.kept
    wide = before & (begin.earliest != begin.latest)
    if wide.any():
        raise Refusal(
            f"late entry needs '{clock.start}' dates known to the day; {int(wide.sum()):,} of "
            f"{int(before.sum()):,} cases that started before {clock.since} have none: leave observed_from out and "
            "keep only cases that started on or after it"
        )


def _late_entry(clock: Clock, begin: Occurrence, cases: pd.Index, usable: Flags) -> Days:
    """Return the age, by this clock, at which cases older than the watch entered."""
    since = day_number(clock.since) if clock.since is not None else NEVER
    before = (begin.earliest < since) & usable
    then = np.where(before, since, begin.earliest)
    age = clock.count(then, usable) - clock.count(begin.earliest, usable)
    if clock.pauses:
        from accountability.study.pauses import paused_days

        paused = paused_days(clock.steps(), cases, (begin.earliest, begin.earliest), (then, then), clock.count)
        unknown = before & ~paused.broken & (paused.least != paused.most)
        if unknown.any():
            raise Refusal(
                f"{int(unknown.sum()):,} of {int(before.sum()):,} cases that started before {clock.since} have pauses "
                "before it that are not known to the day, so their age at entry is not known: leave "
                "observed_from out and keep only cases that started on or after it"
            )
        age = age - paused.most
    return np.where(before, np.maximum(age, 0), 0)


def _flow(study: Cohort, excluded: pd.DataFrame) -> pd.DataFrame:
    """Continue the cohort's flow with the reasons of this clock."""
    flow = study.flow()[["step", "because", "kept", "excluded"]]
    counts = excluded.groupby("reason", sort=True).size()
    if counts.empty:
        return flow
    more = pd.DataFrame(
        {
            "step": len(flow) + np.arange(len(counts)),
            "because": [f"without: {reason}" for reason in counts.index],
            "kept": len(study.cases) - counts.cumsum().to_numpy(),
            "excluded": counts.to_numpy(),
        }
    )
    return pd.concat([flow, more], ignore_index=True)


def _nullable(days: Days) -> pd.arrays.IntegerArray:
    return pd.arrays.IntegerArray(np.where(days < 0, 0, days).astype(np.int64), days < 0)
