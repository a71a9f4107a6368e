"""Durations from dated events, for one declared clock.

A clock has two stages, which occurrence of each counts, a cut-off, and the kind of days counted. Dates are intervals,
so durations are too: a case received "in March 2012" and closed "on 9 April 2012" took 9 to 39 days.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.records.case_ends import closed_by_status
from accountability.study.cohort import Cohort, DatasetLike
from accountability.study.durations import Durations, Sampling
from accountability.study.measure import Clock, measure
from accountability.study.occurrences import FOREVER, NEVER, Occurrence, Which, as_date, day_number, stage_of
from accountability.vocabulary import STAGES

if TYPE_CHECKING:
    from accountability.study.calendars import Calendar


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
    pauses: pd.DataFrame | None = None,
    days: Literal["calendar", "business"] = "calendar",
    calendar: Calendar | str = "us_federal",
    of: Literal["cases", "allegations"] = "cases",
) -> Durations:
    """Compute the days from one stage to another for every case of a cohort, or for every allegation.

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
        Which date counts if a case has several. The default is the first closing, because any case may still get a
        later one.
    observed_from : date, optional
        Day from which the release holds all open cases. Cases that started before enter at the age they had then (late
        entry, left truncation); those that ended before are left out.
    without_pauses : bool
        Whether to subtract the days between each ``suspended_clock`` and the next ``resumed_clock``. Cases in which the
        two do not alternate are excluded.
    pauses : pandas.DataFrame, optional
        Periods in which the clock was paused, from elsewhere (a criminal case, leave, litigation): ``case_id``,
        ``paused`` and ``resumed`` (days; missing: paused to the end), and any further columns. They are subtracted
        instead of the source's own steps; overlaps count once.
    days : {"calendar", "business"}
        Whether every day counts or only business days: those after the start, up to and including the stop.
    calendar : Calendar or {"us_federal", "weekdays"}
        The business days, see :mod:`accountability.study.calendars`.
    of : {"cases", "allegations"}
        What is timed. An allegation has its own steps if the source dates its rows separately
        (:func:`accountability.study.row_dates.by_allegation`), clustered by ``complaint`` where an estimator can.

    Returns
    -------
    Durations
        With bounds ``[low, high]`` of each case's days; cases without a usable date are in ``excluded`` with the
        reason.

    Raises
    ------
    ParameterError
        For an unknown stage or calendar, a cut-off after the last day the source covers, or both kinds of pauses.
    Refusal
        When pauses before `observed_from` of a case with late entry are not known to the day, a day is outside the
        calendar, cases are open and neither the card nor `cutoff` gives the last day, or the source publishes no
        closing dates.
    """
    study = Cohort.of(cohort)
    if of not in ("cases", "allegations"):
        raise ParameterError(f"of= must be 'cases' or 'allegations', found {of!r}")
    if of == "allegations":
        from accountability.study.row_dates import by_allegation

        study = by_allegation(study)
    for stage in (start, stop):
        if stage not in STAGES:
            raise ParameterError(f"unknown stage {stage!r}; the stages are {', '.join(STAGES)}")
    if start == stop:
        raise ParameterError(f"a clock needs two different stages, found {start!r} twice")
    sampling = _sampling(study, start)
    if stop == "closed" and study.published.sampling.rule == "no_closing_date":
        raise Refusal(
            f"{study.name} publishes no closing dates: use clocks.current_status(), which needs only whether a "
            "case was closed by the last day covered"
        )
    if stop == "closed" and not study.published.sampling.closing_date and sampling.rule != "case_files":
        raise Refusal(
            f"{study.name} dates no closing, so that none of {len(study.cases):,} cases is known to be open or closed: "
            "name the column of the closing day, or declare the rule no_closing_date, under which a finding 'pending' "
            "says that a case is open"
        )
    until = _cutoff(study, cutoff)
    since = None if observed_from is None else as_date(observed_from, "observed_from")
    words = f"days from the {start_which} '{start}' to the {stop_which} '{stop}'"
    business = _business(days, calendar)
    if business is not None:
        words = f"business {words} ({business.name})"
    if without_pauses and pauses is not None:
        raise ParameterError("without_pauses reads the source's own pauses and pauses= others: choose one")
    cases = pd.Index(study.cases["case_id"])
    declared = None
    if pauses is not None:
        from accountability.study.pauses import as_steps

        declared = as_steps(pauses, cases)
    paused = without_pauses or declared is not None
    if paused:
        words += ", paused days left out" + (" (as declared)" if declared is not None else "")
    if since is not None:
        if until is not None and since > until:
            raise ParameterError(f"observed_from={since} is after the cut-off {until}")
        words += f", cases watched from {since.isoformat()}"
    if until is not None:
        words += f", open cases counted until {until.isoformat()}"
    clock = Clock(study, start, stop, until, since, sampling, words, paused, declared, business)
    begin = stage_of(study, start, start_which)
    return measure(clock, begin, stage_of(study, stop, stop_which))


def current_status(
    cohort: Cohort | DatasetLike,
    start: str = "received",
    cutoff: dt.date | str | None = None,
    *,
    closed: pd.Series | None = None,
) -> Durations:
    """Return whether each case was closed by the cut-off, for sources without closing dates (current status).

    Parameters
    ----------
    cohort : Cohort or Dataset
        The cases.
    start : str
        The stage that starts the clock.
    cutoff : date, optional
        The day of the status; ``card.observed_until`` when left out.
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
        When the day of the status is not known, or `cutoff` is earlier, when a closed case may have been open.
    """
    study = Cohort.of(cohort)
    until = _cutoff(study, cutoff)
    if until is None:
        raise Refusal(f"the day of the statuses of {study.name} is not known: pass cutoff= with that day")
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
    clock = Clock(study, start, "closed", until, None, _sampling(study, start), words)
    return measure(clock, stage_of(study, start), status, current_status=True)


def as_published(
    cohort: Cohort | DatasetLike,
    start: str = "received",
    stop: str = "closed",
    cutoff: dt.date | str | None = None,
    *,
    without_pauses: bool = False,
) -> Durations:
    """Compute the days between two stages or, without closing dates, whether each case was closed.

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
        As for the two; also for pauses with a current status.
    """
    study = Cohort.of(cohort)
    if stop != "closed" or study.published.sampling.rule != "no_closing_date":
        return durations(study, start, stop, cutoff, without_pauses=without_pauses)
    if without_pauses:
        raise Refusal(f"{study.name} publishes no closing dates, so no days of a pause can be left out")
    return current_status(study, start, cutoff)


def _business(days: str, which: Calendar | str) -> Calendar | None:
    if days not in ("calendar", "business"):
        raise ParameterError(f"days must be 'calendar' or 'business', found {days!r}")
    if days == "calendar":
        return None
    from accountability.study.calendars import calendar

    return calendar(which)


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
    # What a condition knew when the clock started decided who is timed, not how long it took.
    order = list(STAGES)
    late = [stage for stage in study.decided if order.index(stage) > order.index(start)]
    told = (study.card if late else study.published).sampling
    selected = tuple(told.selected_on)
    on_penalty = late or any("penalt" in item or "disciplin" in item for item in selected)
    if start == "closed" and told.rule in ("closed_only", "selected_on_outcome") and not on_penalty:
        # What happens after the closing did not decide whether the case is in the release.
        return Sampling("complete", "included", study.name, selected)
    name = f"{study.name}, kept if {selected[-1]!r}," if late else study.name
    return Sampling(told.rule, told.open_cases, name, selected)
