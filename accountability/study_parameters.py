"""The parameter model of every study: name, type, range, default and help of what may be asked of it."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field

from accountability.parameters import Asked, MaybeDay, MaybeText, MaybeUnit, Parameters, Real, Stage, Whole, nearest
from accountability.vocabulary import PENALTY_LADDER


def _limit(value: object) -> object:
    from accountability.delay.limits_listed import LIMITS  # with it comes every estimator of delays

    known = [one.name for one in LIMITS if one.value is not None]
    if value not in known:
        raise ValueError(f"no limit of that name has a number of days. {nearest(str(value), known)}")
    return value


def _rung(value: object) -> object:
    sanctions = tuple(PENALTY_LADDER)[1:]
    if value not in sanctions:
        raise ValueError(f"no such penalty. {nearest(str(value), sanctions)}")
    return value


Rule = Annotated[str, BeforeValidator(_limit)]
Rung = Annotated[str, BeforeValidator(_rung)]


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

    start: Stage = Field(default="received", description="stage at which the clock starts")
    stop: Stage = Field(default="closed", description="stage at which the clock stops")
    cutoff: MaybeDay = Field(default=None, description="last day looked at (YYYY-MM-DD), or None for the source's own")
    within_days: Whole = Field(default=365, description="say which share stopped within so many days", ge=1, le=10_000)
    min_group: Whole = Field(default=10, description="smaller groups are put together as other", ge=10, le=1_000_000)
    confidence: Real = Field(default=0.95, description="level of the intervals", ge=0.5, le=0.999)


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
    start: Stage = Field(default="received", description="stage at which the clock starts")
    stop: Stage = Field(default="closed", description="stage at which the clock stops")
    pauses: Literal["unknown", "none", "dated"] = Field(
        default="unknown", description="whether the clock was stopped: unknown, none, or dated by the source"
    )
    cutoff: MaybeDay = Field(default=None, description="last day looked at (YYYY-MM-DD), or None for the source's own")
    min_group: Whole = Field(default=10, description="smaller groups are put together as other", ge=10, le=1_000_000)


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
    cutoff: MaybeDay = Field(default=None, description="last day looked at (YYYY-MM-DD), or None for the source's own")
    pace_months: Whole = Field(default=12, description="the last so many complete months give the pace", ge=1, le=120)
    min_group: Whole = Field(default=10, description="smaller groups are put together as other", ge=10, le=1_000_000)


class WhatFollowsAFinding(Parameters):
    """Parameters of ``what_follows_a_finding``.

    Attributes
    ----------
    source : str
        See :class:`~accountability.parameters.Parameters`.
    group : str or None
        See :class:`~accountability.parameters.Parameters`.
    unit : str or None
        What is counted: a term of :data:`accountability.vocabulary.UNITS`, not finer than a row of the source;
        ``None`` is what one row of the source is.
    min_cell : int
        Counts of people below this are not shown: 10 to 1,000,000, default 10.
    confidence : float
        Level of every interval: 0.5 to 0.999, default 0.95.
    """

    unit: MaybeUnit = Field(default=None, description="what is counted, or None for what one row of the source is")
    min_cell: Whole = Field(default=10, description="smaller counts are not shown", ge=10, le=1_000_000)
    confidence: Real = Field(default=0.95, description="level of the intervals", ge=0.5, le=0.999)


class HowPenaltiesShrink(Parameters):
    """Parameters of ``how_penalties_shrink``.

    Attributes
    ----------
    source : str
        See :class:`~accountability.parameters.Parameters`.
    group : str or None
        See :class:`~accountability.parameters.Parameters`.
    unit : str or None
        As in :class:`WhatFollowsAFinding`.
    step_text : str or None
        The events' column with the text of each step's penalty; ``None``: their coded penalties. Default ``detail``.
    min_cell : int
        As in :class:`WhatFollowsAFinding`.
    confidence : float
        Level of every interval: 0.5 to 0.999, default 0.95.
    """

    unit: MaybeUnit = Field(default=None, description="what is counted, or None for what one row of the source is")
    step_text: MaybeText = Field(default="detail", description="column of the events with penalties as text, or None")
    min_cell: Whole = Field(default=10, description="smaller counts are not shown", ge=10, le=1_000_000)
    confidence: Real = Field(default=0.95, description="level of the intervals", ge=0.5, le=0.999)


class WhoIsDisciplined(Parameters):
    """Parameters of ``who_is_disciplined``.

    Attributes
    ----------
    source : str
        See :class:`~accountability.parameters.Parameters`.
    group : str or None
        Column that holds the groups; ``None``: the first of officer's race, gender, rank and who complained that the
        source holds.
    first, second : str or None
        The two groups compared; ``None``: the second largest and the largest.
    alike : str or None
        Column whose mix is held alike; ``None`` for none. Default ``category``.
    unit : str or None
        As in :class:`WhatFollowsAFinding`.
    min_cell : int
        As in :class:`WhatFollowsAFinding`.
    confidence : float
        Level of every interval: 0.5 to 0.999, default 0.95.
    """

    first: MaybeText = Field(default=None, description="first group compared, or None for the second largest")
    second: MaybeText = Field(default=None, description="second group compared, or None for the largest")
    alike: MaybeText = Field(default="category", description="column whose mix is held alike, or None")
    unit: MaybeUnit = Field(default=None, description="what is counted, or None for what one row of the source is")
    min_cell: Whole = Field(default=10, description="smaller counts are not shown", ge=10, le=1_000_000)
    confidence: Real = Field(default=0.95, description="level of the intervals", ge=0.5, le=0.999)


class DoesDelayLighten(Parameters):
    """Parameters of ``does_delay_lighten``.

    Attributes
    ----------
    source : str
        See :class:`~accountability.parameters.Parameters`.
    group : str or None
        Column whose kinds of case are held alike over the landmarks; ``None`` for none.
    start, stop : str
        Stages between which days are counted.
    cutoff : date or None
        As in :class:`HowLongCasesStayOpen`.
    heavier : str
        The rung from which a penalty counts as heavier. Default ``suspension``.
    landmark : int
        Days of age at which cases are looked at, with half and twice as many: 2 to 3,650, default 180.
    within_days : int
        Days followed from each landmark: 1 to 10,000, default 1,095.
    min_cell : int
        As in :class:`WhatFollowsAFinding`.
    confidence : float
        Level of every interval: 0.5 to 0.999, default 0.95.
    """

    start: Stage = Field(default="received", description="stage at which the clock starts")
    stop: Stage = Field(default="closed", description="stage at which the clock stops")
    cutoff: MaybeDay = Field(default=None, description="last day looked at (YYYY-MM-DD), or None for the source's own")
    heavier: Rung = Field(default="suspension", description="a penalty this heavy or heavier counts as heavier")
    landmark: Whole = Field(
        default=180, description="look at cases open at this age, at half and twice it", ge=2, le=3650
    )
    within_days: Whole = Field(default=1095, description="days followed from each landmark", ge=1, le=10_000)
    min_cell: Whole = Field(default=10, description="smaller counts are not shown", ge=10, le=1_000_000)
    confidence: Real = Field(default=0.95, description="level of the intervals", ge=0.5, le=0.999)


class WhatTheDataHolds(Parameters):
    """Parameters of ``what_the_data_holds``.

    Attributes
    ----------
    source : str
        See :class:`~accountability.parameters.Parameters`.
    group : str or None
        A column of the cases, allegations or officers whose mix is followed over the years; ``None`` is ``category``.
    many_closings : int
        Days with more closings than this are listed: 10 to 100,000, default 150.
    min_cell : int
        Counts of people below this are not shown: 10 to 1,000,000, default 10.
    permutations : int
        Shuffles for each comparison of two years, at least: 99 to 100,000, default 499.
    seed : int
        Seed of the shuffles, default 20130206.
    """

    group: MaybeText = Field(default=None, description="column followed over the years, or None for category")
    many_closings: Whole = Field(default=150, description="list days with more closings", ge=10, le=100_000)
    min_cell: Whole = Field(default=10, description="smaller counts are not shown", ge=10, le=1_000_000)
    permutations: Whole = Field(default=499, description="shuffles for each comparison of years", ge=99, le=100_000)
    seed: Whole = Field(default=20130206, description="seed of the shuffles", ge=0)


class TheClosedCaseTrap(Asked):
    """Parameters of the lesson ``the_closed_case_trap``, which generates its own agency.

    Attributes
    ----------
    complaints : int
        Complaints the agency receives: 300 to 100,000, default 5,000.
    student : str or None
        A name or number that gives an agency of one's own; ``None`` gives the class's.
    """

    complaints: Whole = Field(default=5000, description="complaints the agency receives", ge=300, le=100_000)
    student: MaybeText = Field(default=None, description="your name or number for an agency of your own, or None")


#: Notebooks for teaching: they generate what they show and are run in JupyterLab, not on a source.
LESSONS: Final[dict[str, type[Asked]]] = {"the_closed_case_trap": TheClosedCaseTrap}
