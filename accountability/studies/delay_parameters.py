"""What may be asked of the studies of investigation delay."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from accountability.parameters import Confidence, Cutoff, MinGroup, Parameters, Stage, Start, Stop, Whole, nearest


def _limit(value: object) -> object:
    from accountability.delay.limits_listed import LIMITS

    known = [one.name for one in LIMITS if one.value is not None]
    if value not in known:
        raise ValueError(f"no limit of that name has a number of days. {nearest(str(value), known)}")
    return value


Rule = Annotated[str, BeforeValidator(_limit)]


class HowLongCasesStayOpen(Parameters):
    """Parameters of ``how_long_cases_stay_open``.

    Attributes
    ----------
    source : str
        See :class:`~accountability.parameters.Parameters`.
    group : str or None
        See :class:`~accountability.parameters.Parameters`. A column of the allegations or officers (such as
        ``category``) may differ within a complaint; the study says how it then counts the complaint.
    start, stop : str
        Stages between which days are counted; each a term of :data:`accountability.vocabulary.STAGES` which the
        source dates. Defaults ``received`` and ``closed``.
    cutoff : date or None
        Last day looked at; a case whose stop comes later counts as still open. ``None``: the source's own
        ``observed_until``. The notebook receives ISO text (``"2015-12-31"``) or ``None``.
    within_days : int
        The study says which share stopped within this many days: 1 to 10,000, default 365.
    min_group : int
        Groups with fewer complaints are put together as "other": 10 to 1,000,000, default 10.
    confidence : float
        Level of every interval: 0.5 to 0.999, default 0.95.
    """

    start: Start = "received"
    stop: Stop = "closed"
    cutoff: Cutoff = None
    within_days: Whole = Field(default=365, description="say which share stopped within so many days", ge=1, le=10_000)
    min_group: MinGroup = 10
    confidence: Confidence = 0.95


class WereDeadlinesMet(Parameters):
    """Parameters of ``were_deadlines_met``.

    Attributes
    ----------
    source : str
        See :class:`~accountability.parameters.Parameters`.
    group : str or None
        See :class:`~accountability.parameters.Parameters`.
    rule : str
        Name of a limit of :func:`accountability.delay.limits.table` that has a number. Default ``florida``.
    start, stop : str
        Stages between which days are counted, the nearest to those the rule names; each dated by the source.
    pauses : {"unknown", "none", "dated"}
        ``unknown``: the clock may have stopped without the release saying so, and a case that is late by the calendar
        cannot be told, if the rule lists anything that stops it. ``none``: no clock stopped. ``dated``: the pauses
        which the source dates are left out, and there were no others. Default ``unknown``.
    cutoff : date or None
        As in :class:`HowLongCasesStayOpen`.
    min_group : int
        As in :class:`HowLongCasesStayOpen`.
    """

    rule: Rule = Field(default="florida", description="name of the limit, as accountability.delay.limits lists it")
    start: Start = "received"
    stop: Stop = "closed"
    pauses: Literal["unknown", "none", "dated"] = Field(
        default="unknown", description="whether the clock was stopped: unknown, none, or dated by the source"
    )
    cutoff: Cutoff = None
    min_group: MinGroup = 10


class HowTheBacklogMoved(Parameters):
    """Parameters of ``how_the_backlog_moved``.

    Attributes
    ----------
    source : str
        See :class:`~accountability.parameters.Parameters`.
    group : str or None
        See :class:`~accountability.parameters.Parameters`.
    start, stop : str
        Stages at which a case comes in and goes out.
    cutoff : date or None
        As in :class:`HowLongCasesStayOpen`.
    pace_months : int
        How many of the last complete months give the pace at which the open cases would be cleared: 1 to 120,
        default 12.
    min_group : int
        As in :class:`HowLongCasesStayOpen`.
    """

    start: Stage = Field(default="received", description="stage at which a case comes in")
    stop: Stage = Field(default="closed", description="stage at which a case goes out")
    cutoff: Cutoff = None
    pace_months: Whole = Field(default=12, description="the last so many complete months give the pace", ge=1, le=120)
    min_group: MinGroup = 10
