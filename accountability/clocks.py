"""From dated events to durations, for one declared clock.

A clock is two stages, which occurrence of each counts, and a cut-off. A date is an interval, so a duration is one
too: a case received "in March 2012" and closed "on 9 April 2012" took 9 to 39 days.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from accountability.cohort import Cohort, DatasetLike
from accountability.durations import RESERVED, Days, Durations, Flags, Sampling
from accountability.errors import ParameterError, Refusal
from accountability.occurrences import (
    FOREVER,
    NEVER,
    Occurrence,
    Texts,
    Which,
    as_date,
    day_number,
    occurrence,
)
from accountability.pauses import paused_days
from accountability.status import closed_by_status
from accountability.vocabulary import STAGES


@dataclass(frozen=True, slots=True)
class _Clock:
    """One clock, read and checked."""

    study: Cohort
    start: str
    stop: str
    until: dt.date | None
    since: dt.date | None
    sampling: Sampling
    words: str
    pauses: bool = False

    @property
    def last(self) -> int:
        return FOREVER if self.until is None else day_number(self.until)


def durations(
    cohort: Cohort | DatasetLike,
    start: str = "received",
    stop: str = "closed",
    cutoff: dt.date | str | None = None,
    *,
    start_which: Which = "first",
    stop_which: Which = "first",
    observed_from: dt.date | str | None = None,
    without_pauses: bool = False,
) -> Durations:
    """Days from one stage to another for every case of a cohort.

    Parameters
    ----------
    cohort : Cohort or Dataset
        The cases.
    start, stop : str
        Stages of :data:`accountability.vocabulary.STAGES`.
    cutoff : date, optional
        The last day to count; ``card.observed_until`` when left out. A case without a `stop` date, or with one
        after this day, is still open on it.
    start_which, stop_which : {"first", "last"}
        Which date counts where a case has several. The first closing is the default because a later one may
        still be to come for any case.
    observed_from : date, optional
        When the release holds every case open on or after this day: cases that started before are counted only
        from the age they had then (late entry, left truncation), those that ended before are left out.
    without_pauses : bool
        Whether to leave out the days between each ``suspended_clock`` and the next ``resumed_clock``. Cases in which
        the two do not alternate are excluded.

    Returns
    -------
    Durations
        With ``[low, high]`` days a case; cases without a usable date are in ``excluded`` with the reason.

    Raises
    ------
    ParameterError
        For an unknown stage, a cut-off after the last day the source covers, or pauses together with late entry.
    Refusal
        When cases are open and neither the card nor `cutoff` says until when they were watched, or when the
        source publishes no closing dates.
    """
    study = Cohort.of(cohort)
    for stage in (start, stop):
        if stage not in STAGES:
            raise ParameterError(f"unknown stage {stage!r}; the stages are {', '.join(STAGES)}")
    if start == stop:
        raise ParameterError(f"a clock needs two different stages, found {start!r} twice")
    sampling = _sampling(study, start)
    if stop == "closed" and sampling.rule == "no_closing_date":
        raise Refusal(
            f"{study.name} publishes no closing dates: use clocks.current_status(), which needs only whether a "
            "case was closed by the last day covered"
        )
    until = _cutoff(study, cutoff)
    since = None if observed_from is None else as_date(observed_from, "observed_from")
    words = f"days from the {start_which} '{start}' to the {stop_which} '{stop}'"
    if without_pauses:
        words += ", paused days left out"
    if since is not None:
        if without_pauses:
            raise ParameterError("observed_from and without_pauses exclude each other: choose one")
        if until is not None and since > until:
            raise ParameterError(f"observed_from={since} is after the cut-off {until}")
        words += f", cases watched from {since.isoformat()}"
    if until is not None:
        words += f", open cases counted until {until.isoformat()}"
    clock = _Clock(study, start, stop, until, since, sampling, words, without_pauses)
    cases = pd.Index(study.cases["case_id"])
    begin = occurrence(study.events, cases, start, start_which)
    return _measure(clock, begin, occurrence(study.events, cases, stop, stop_which))


def current_status(
    cohort: Cohort | DatasetLike,
    start: str = "received",
    cutoff: dt.date | str | None = None,
    *,
    closed: pd.Series | None = None,
) -> Durations:
    """Whether each case was closed by the cut-off, for sources that say so and give no closing date.

    Parameters
    ----------
    cohort : Cohort or Dataset
        The cases.
    start : str
        The stage the clock starts at.
    cutoff : date, optional
        The day the status was true on; ``card.observed_until`` when left out.
    closed : pandas.Series of bool, optional
        By ``case_id``. When left out, a case is open while any of its allegations has the finding "pending", and
        a case is excluded as unknown when none is pending and one has no recorded finding.

    Returns
    -------
    Durations
        Closed cases took between 0 days and their age at the cut-off, open ones longer than their age.

    Raises
    ------
    Refusal
        When the day the status was true on is not known, or `cutoff` is an earlier day, on which a case closed by
        now may have been open.
    """
    study = Cohort.of(cohort)
    until = _cutoff(study, cutoff)
    if until is None:
        raise Refusal(f"the status of a case of {study.name} is true on some day: pass cutoff= with that day")
    covered = study.card.observed_until
    if closed is None and covered is not None and until < covered:
        raise Refusal(
            f"only the status on {covered} is known: which cases of {study.name} were closed by {until} it does not "
            "say. Leave cutoff out, or pass closed= with what was known that day"
        )
    cases = pd.Index(study.cases["case_id"])
    known = (closed_by_status(study.allegations) if closed is None else closed.astype("boolean")).reindex(cases)
    done = known.fillna(False).to_numpy(bool)
    unknown = np.full(len(cases), "", dtype=object)
    unknown[known.isna().to_numpy()] = "whether it is closed is not recorded"
    status = Occurrence(np.where(done, NEVER, FOREVER), np.where(done, day_number(until), FOREVER), unknown)
    words = f"days from the first '{start}' to the closing, known only as closed or open on {until.isoformat()}"
    clock = _Clock(study, start, "closed", until, None, _sampling(study, start), words)
    return _measure(clock, occurrence(study.events, cases, start, "first"), status, current_status=True)


def as_published(
    cohort: Cohort | DatasetLike,
    start: str = "received",
    stop: str = "closed",
    cutoff: dt.date | str | None = None,
    *,
    without_pauses: bool = False,
) -> Durations:
    """Days between two stages or, when the source gives no closing dates, whether each case was closed.

    Parameters
    ----------
    cohort : Cohort or Dataset
        The cases.
    start, stop : str
        Stages of :data:`accountability.vocabulary.STAGES`.
    cutoff : date, optional
        The last day to count; ``card.observed_until`` when left out.
    without_pauses : bool
        As in :func:`durations`.

    Returns
    -------
    Durations
        From :func:`current_status` when the card's rule is ``no_closing_date`` and `stop` is ``closed``, else from
        :func:`durations`.

    Raises
    ------
    ParameterError, Refusal
        As the two; also when pauses are to be left out of a mere status.
    """
    study = Cohort.of(cohort)
    if stop != "closed" or study.card.sampling.rule != "no_closing_date":
        return durations(study, start, stop, cutoff, without_pauses=without_pauses)
    if without_pauses:
        raise Refusal(f"{study.name} publishes no closing dates, so no days of a pause can be left out")
    return current_status(study, start, cutoff)


class _Reasons:
    """Why cases have no delay; the first reason found is the one kept."""

    def __init__(self, count: int) -> None:
        self.text: Texts = np.full(count, "", dtype=object)

    @property
    def kept(self) -> Flags:
        return self.text == ""

    def exclude(self, wrong: npt.NDArray[np.bool_], why: str | Texts) -> None:
        first = wrong & self.kept
        self.text[first] = why if isinstance(why, str) else why[first]


def _measure(clock: _Clock, begin: Occurrence, end: Occurrence, *, current_status: bool = False) -> Durations:
    """Put start and stop intervals together, leaving out the cases that cannot have a delay."""
    study, last = clock.study, clock.last
    reasons = _Reasons(len(study.cases))
    _exclude_without_start(reasons, begin, clock)
    _exclude_without_stop(reasons, end, clock)
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
    latest_stop = np.where(end.latest == FOREVER, last, end.latest)
    covered = study.card.observed_until
    if clock.until is not None and (covered is None or clock.until >= covered):
        latest_stop = np.minimum(latest_stop, last)
    reasons.exclude(~is_open & (latest_stop == FOREVER), f"no latest day for '{clock.stop}', and no cut-off")
    earliest_stop = np.maximum(end.earliest, begin.earliest)
    low = np.where(is_open, last - latest_start, np.maximum(earliest_stop - latest_start, 0))
    high = np.where(is_open, -1, latest_stop - begin.earliest)
    longest = np.full(len(low), -1) if clock.until is None else last - begin.earliest
    if clock.pauses:
        ends = np.where(is_open, last, earliest_stop), np.where(is_open, last, latest_stop)
        paused = paused_days(study.events, pd.Index(study.cases["case_id"]), (begin.earliest, latest_start), ends)
        reasons.exclude(paused.broken, "stops and starts of the clock do not alternate")
        low = np.maximum(low - paused.most, 0)
        high = np.where(is_open, -1, high - paused.least)
        longest = np.maximum(longest - paused.least, -1)
    entry = np.zeros_like(low)
    if clock.since is not None:
        entry = _late_entry(clock, begin, is_open, latest_stop, reasons)
    kept = reasons.kept
    measured: dict[str, Any] = {
        "low": _nullable(low[kept]),
        "high": _nullable(high[kept]),
        "closed": ~is_open[kept],
        "entry": _nullable(entry[kept]),
        "longest": _nullable(longest[kept]),
    }
    start_span = latest_start - begin.earliest + 1
    if (start_span[kept] > 1).any():
        stop_span = np.where(
            is_open, 0, latest_stop - np.where(end.earliest == NEVER, begin.earliest, end.earliest) + 1
        )
        measured |= {"start_span": _nullable(start_span[kept]), "stop_span": _nullable(stop_span[kept])}
    named = ("source_file", "source_row", "start_span", "stop_span", *RESERVED)
    carried = [name for name in study.cases.columns if name not in named]
    cases = study.cases[carried][kept].reset_index(drop=True)
    order = ["case_id", *measured, *(name for name in carried if name != "case_id")]
    excluded = pd.DataFrame(
        {
            "case_id": study.cases["case_id"][~kept].reset_index(drop=True),
            "reason": pd.Series(reasons.text[~kept], dtype="str"),
        }
    )
    return Durations(
        table=cases.assign(**measured)[order],
        clock=clock.words,
        start=clock.start,
        stop=clock.stop,
        cutoff=clock.until,
        sampling=clock.sampling,
        excluded=excluded,
        flow=_flow(study, excluded),
        current_status=current_status,
    )


def _exclude_without_start(reasons: _Reasons, begin: Occurrence, clock: _Clock) -> None:
    reasons.exclude(begin.none & (begin.set_aside != ""), begin.set_aside)
    reasons.exclude(begin.none, f"no '{clock.start}' date")
    reasons.exclude(begin.latest == FOREVER, f"no latest day for '{clock.start}'")
    reasons.exclude(begin.earliest == NEVER, f"no earliest day for '{clock.start}'")
    reasons.exclude(begin.earliest > clock.last, f"'{clock.start}' after the cut-off")


def _exclude_without_stop(reasons: _Reasons, end: Occurrence, clock: _Clock) -> None:
    reasons.exclude(end.none & (end.set_aside != ""), end.set_aside)
    if clock.sampling.rule == "closed_only" or clock.sampling.open_cases == "excluded":
        reasons.exclude(end.none, f"no '{clock.stop}' date in a release of closed cases")


def _late_entry(clock: _Clock, begin: Occurrence, is_open: Flags, latest_stop: Days, reasons: _Reasons) -> Days:
    """Age at which cases older than the watch came into sight."""
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
    return np.where(before, since - begin.earliest, 0)


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


def _cutoff(study: Cohort, cutoff: dt.date | str | None) -> dt.date | None:
    covered = study.card.observed_until
    if cutoff is None:
        return covered
    asked = as_date(cutoff, "cutoff")
    if covered is not None and asked > covered:
        raise ParameterError(
            f"cutoff={asked} is after {covered}, the last day {study.name} covers: nothing is known about later days"
        )
    return asked


def _sampling(study: Cohort, start: str) -> Sampling:
    """How the cases are seen by a clock that starts at `start`."""
    told = study.card.sampling
    selected = tuple(told.selected_on)
    on_penalty = any("penalt" in item or "disciplin" in item for item in selected)
    if start == "closed" and told.rule in ("closed_only", "selected_on_outcome") and not on_penalty:
        # What happens after the closing did not decide whether the case is in the release.
        return Sampling("complete", "included", study.name, selected)
    return Sampling(told.rule, told.open_cases, study.name, selected)
