"""Parameters of every study, with type, range, default and help.

Parameters shared by several studies are types in :mod:`accountability.parameters`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from accountability.parameters import (
    Asked,
    Confidence,
    Cutoff,
    MaybeText,
    MinCell,
    MinGroup,
    OfComplaints,
    Parameters,
    Real,
    Stage,
    Start,
    Stop,
    Unit,
    Whole,
    maybe_text,
    nearest,
)
from accountability.vocabulary import PENALTY_LADDER


def _limit(value: object) -> object:
    from accountability.delay.limits import LIMITS, clauses

    value = maybe_text(value)
    if value is None:
        return None
    known = [one.name for one in LIMITS if one.value is not None]
    if value not in known and value not in (known := [*known, *(one.name for one in clauses() if one.kind == "bar")]):
        raise ValueError(f"no limit of that name has a number of days. {nearest(str(value), known)}")
    return value


def _rung(value: object) -> object:
    sanctions = tuple(PENALTY_LADDER)[1:]
    if value not in sanctions:
        raise ValueError(f"no such penalty. {nearest(str(value), sanctions)}")
    return value


def _student(value: object) -> object:
    # A number is as good a name as any, and is what many type.
    return maybe_text(value if value is None else str(value))


Rule = Annotated[
    str | None,
    BeforeValidator(_limit),
    Field(description="name of a limit in accountability.delay.limits, or None for the one the source declares"),
]
Rung = Annotated[str, BeforeValidator(_rung)]
Student = Annotated[str | None, BeforeValidator(_student)]
_WHOSE = "your id on the class list, or None for practice"


class WhatTheDataHolds(Parameters):
    """Parameters of ``what_the_data_holds``.

    ``group`` is a column of the cases, allegations or officers whose mix is compared over the years.
    """

    group: MaybeText = Field(default=None, description="column followed over the years, or None for category")
    many_closings: Whole = Field(default=150, description="list days with more closings", ge=10, le=100_000)
    min_cell: MinCell = 10
    permutations: Whole = Field(default=499, description="shuffles for each comparison of years", ge=99, le=100_000)
    seed: Whole = Field(default=20130206, description="seed of the shuffles", ge=0)


class HowLongCasesStayOpen(OfComplaints):
    """Parameters of ``how_long_cases_stay_open``.

    A ``group`` that is a column of the allegations or officers (such as ``category``) may differ within a complaint;
    the study states how it counts such complaints. The notebook receives a cutoff as ISO text (``"2015-12-31"``).
    """

    start: Start = "received"
    stop: Stop = "closed"
    cutoff: Cutoff = None
    within_days: Whole = Field(default=365, description="say which share stopped within so many days", ge=1, le=10_000)
    min_group: MinGroup = 10
    confidence: Confidence = 0.95


class WhatChangedBetweenReleases(Parameters):
    """Parameters of ``what_changed_between_releases``.

    Without ``against``, a release is compared with the next one, and the last with the one before it. ``group`` is a
    column whose words are compared between the two. There is no ``only``, because a complaint with a corrected column
    would seem added or removed.
    """

    source: str = Field(
        default="generated_2021", description="a release that is not its agency's only one, or its folder", min_length=1
    )
    against: MaybeText = Field(default=None, description="another release of the agency, or None for the next one")
    within_days: Whole = Field(default=365, description="hold the share closed within so many days", ge=1, le=10_000)
    confidence: Confidence = 0.95


class WereDeadlinesMet(OfComplaints):
    """Parameters of ``were_deadlines_met``.

    ``rule``: without one, the limit that the source's card declares, for cases begun while it was in force; a named
    limit that the source does not declare is a yardstick. ``pauses``: with ``unknown``, the clock may have had
    unrecorded pauses, and a case late by the calendar is "cannot tell" if the rule lists anything that pauses it; with
    ``none`` no clock paused; with ``dated`` the source's dated pauses are subtracted, and there were no others.
    """

    rule: Rule = None
    start: Start = "received"
    stop: Stop = "closed"
    pauses: Literal["unknown", "none", "dated"] = Field(
        default="unknown", description="whether the clock was stopped: unknown, none, or dated by the source"
    )
    cutoff: Cutoff = None
    min_group: MinGroup = 10


class HowTheBacklogMoved(OfComplaints):
    """Parameters of ``how_the_backlog_moved``.

    The pace of clearing is that of the last complete months.
    """

    start: Stage = Field(default="received", description="stage at which a case comes in")
    stop: Stage = Field(default="closed", description="stage at which a case goes out")
    cutoff: Cutoff = None
    pace_months: Whole = Field(default=12, description="the last so many complete months give the pace", ge=1, le=120)
    min_group: MinGroup = 10


class WhatFollowsAFinding(OfComplaints):
    """Parameters of ``what_follows_a_finding``.

    ``unit`` cannot be finer than a row of the source.
    """

    unit: Unit = None
    min_cell: MinCell = 10
    confidence: Confidence = 0.95


class HowPenaltiesShrink(OfComplaints):
    """Parameters of ``how_penalties_shrink``.

    Without a ``step_text``, the coded penalties of the steps are used.
    """

    unit: Unit = None
    step_text: MaybeText = Field(default="detail", description="column of the events with penalties as text, or None")
    min_cell: MinCell = 10
    confidence: Confidence = 0.95


class WhoIsDisciplined(OfComplaints):
    """Parameters of ``who_is_disciplined``.

    Without a ``group``, the first that the source holds of officer's race, gender, rank and type of complainant.
    """

    first: MaybeText = Field(default=None, description="first group compared, or None for the second largest")
    second: MaybeText = Field(default=None, description="second group compared, or None for the largest")
    alike: MaybeText = Field(default="category", description="column whose mix is held alike, or None")
    unit: Unit = None
    min_cell: MinCell = 10
    confidence: Confidence = 0.95


class DoesDelayLighten(OfComplaints):
    """Parameters of ``does_delay_lighten``.

    The mix of ``group`` is held equal over the landmarks.
    """

    start: Start = "received"
    stop: Stop = "closed"
    cutoff: Cutoff = None
    heavier: Rung = Field(default="suspension", description="a penalty this heavy or heavier counts as heavier")
    landmark: Whole = Field(
        default=180, description="look at cases open at this age, at half and twice it", ge=2, le=3650
    )
    within_days: Whole = Field(default=1095, description="days followed from each landmark", ge=1, le=10_000)
    min_cell: MinCell = 10
    confidence: Confidence = 0.95


class IsItMoreThanChance(OfComplaints):
    """Parameters of ``is_it_more_than_chance``.

    A ``headcount`` of 0 uses the number of officers the source lists; if it lists only the accused, the finding says
    so. ``group`` is a column of units or supervisors, studied in addition to officers.
    """

    group: MaybeText = Field(default=None, description="column of units or supervisors looked at besides, or None")
    headcount: Whole = Field(default=0, description="officers on the force, or 0 for those listed", ge=0, le=10_000_000)
    top: Real = Field(default=0.1, description="share of the officers that is the top", ge=0.01, le=0.5)
    draws: Whole = Field(default=1000, description="draws of each benchmark", ge=99, le=100_000)
    confidence: Real = Field(default=0.95, description="middle part of the draws shown", ge=0.5, le=0.999)
    seed: Whole = Field(default=20130206, description="seed of the draws", ge=0)


class DoSquadsMatter(OfComplaints):
    """Parameters of ``do_squads_matter``.

    Without a ``group``, the unit is the first of squad, officer_unit and command that the source holds.
    """

    group: MaybeText = Field(default=None, description="column with the officers' unit, or None for the usual one")
    window_days: Whole = Field(default=365, description="days a finding against a peer counts", ge=30, le=3650)
    period_years: Whole = Field(
        default=3, description="years within which complaints are permuted in a unit", ge=1, le=50
    )
    permutations: Whole = Field(default=499, description="permutations, at least", ge=99, le=100_000)
    confidence: Confidence = 0.95
    seed: Whole = Field(default=20130206, description="seed of the permutations", ge=0)


class DidTheReformWork(OfComplaints):
    """Parameters of ``did_the_reform_work``.

    Without a ``reform``, ``reform.yaml`` beside the source is read. ``group`` is a column for whose values the change
    is estimated separately. An outcome other than complaints is measured when a complaint is ``within_days`` old.
    """

    reform: MaybeText = Field(default=None, description="file that declares a reform, or None for the source's own")
    design: Literal["series", "comparison", "discontinuity"] = Field(
        default="series", description="one series, those affected against others, or a short window"
    )
    outcome: Literal[
        "complaints", "closed_share", "mean_days", "sustained_share", "without_finding_share", "penalty_share"
    ] = Field(default="complaints", description="what may have changed")
    within_days: Whole = Field(default=180, description="age at which a complaint is looked at", ge=1, le=3650)
    window: Whole = Field(default=48, description="months looked at on each side", ge=12, le=240)
    donut: Whole = Field(default=0, description="months left out on each side of the date", ge=0, le=24)
    placebo: Whole = Field(default=3, description="months from one placebo date to the next", ge=1, le=24)
    recording: Literal["refuse", "warn"] = Field(
        default="refuse", description="where the recording changed at the date too: refuse, or warn"
    )
    confidence: Confidence = 0.95


class DoesItMatterWhoInvestigates(OfComplaints):
    """Parameters of ``does_it_matter_who_investigates``.

    ``cells``: what like complaints share, joined by ``;``: columns, ``year``, ``quarter`` or ``month`` of receipt. A
    ``group`` is one more column that they share.
    """

    source: str = Field(
        default="generated_investigators",
        description="a source that says who investigated, or its folder",
        min_length=1,
    )
    cells: MaybeText = Field(default=None, description="columns joined by ;, or None for unit; year; category")
    first_year: Whole = Field(default=0, description="first year of receipt, or 0 for all", ge=0, le=2100)
    last_year: Whole = Field(default=0, description="last year of receipt, or 0 for all", ge=0, le=2100)
    within_days: Whole = Field(default=180, description="a complaint open longer is slow", ge=1, le=3650)
    least: Whole = Field(default=30, description="complaints an investigator needs", ge=2, le=100_000)
    draws: Whole = Field(default=499, description="shuffles of complaints within cells", ge=99, le=100_000)
    confidence: Confidence = 0.95
    seed: Whole = Field(default=20130206, description="seed of the shuffles", ge=0)


class WhenDoesTheNextComplaintCome(OfComplaints):
    """Parameters of ``when_does_the_next_complaint_come``.

    A ``group`` is a column that describes officers (such as ``officer_race``), compared after a first complaint.
    """

    start: Literal["received", "incident"] = Field(
        default="received", description="a complaint is next by its day of receipt, or by that of its incident"
    )
    within_days: Whole = Field(default=365, description="say which share drew one within so many days", ge=1, le=3650)
    confidence: Confidence = 0.95


class AgenciesSideBySide(Parameters):
    """Parameters of ``agencies_side_by_side``.

    The ``others`` are names of sources joined by ``+``. A ``group`` is the column whose mix is held alike; without one,
    the kind of allegation.
    """

    group: MaybeText = Field(default=None, description="column whose mix is held alike, or None for category")
    others: MaybeText = Field(default="generated_2021", description="other sources, names joined by +")
    outcome: Literal["days", "closed_share", "sustained_share"] = Field(
        default="days", description="mean days to closing, share closed, or share sustained of those closed"
    )
    within_days: Whole = Field(default=365, description="days within which", ge=1, le=3650)
    confidence: Confidence = 0.95


class TheClosedCaseTrap(Asked):
    """Parameters of the lesson ``the_closed_case_trap``.

    The lesson generates the class's agency; ``student`` is the id whose own agency the exercises use.
    """

    complaints: Whole = Field(default=5000, description="complaints the class's agency receives", ge=300, le=100_000)
    student: Student = Field(default=None, description=_WHOSE)


class ReadingACaseFile(Asked):
    """Parameters of the lesson ``reading_a_case_file``.

    The lesson uses the bundled coded news reports. Readings are ``conflict=reading``, several joined by ``;``.
    """

    readings: MaybeText = Field(default=None, description="conflict=reading joined by ;, or None for the defaults")
    student: Student = Field(default=None, description=_WHOSE)


class MoreThanChance(Asked):
    """Parameters of the lesson ``more_than_chance``.

    The lesson generates the class's precincts; ``student`` is the id whose own precincts the exercises use.
    """

    officers: Whole = Field(default=1200, description="officers of each of the class's precincts", ge=500, le=20_000)
    student: Student = Field(default=None, description=_WHOSE)


class FairComparisons(Asked):
    """Parameters of the lesson ``fair_comparisons``.

    The lesson generates the class's agency with two stations; ``student`` is the id whose own agency the exercises use.
    """

    complaints: Whole = Field(default=12_000, description="complaints the class's agency receives", ge=1000, le=100_000)
    student: Student = Field(default=None, description=_WHOSE)


#: Notebooks for teaching: what they show is generated or comes along, so they are run in JupyterLab, not on a source.
LESSONS: dict[str, type[Asked]] = {
    "the_closed_case_trap": TheClosedCaseTrap,
    "reading_a_case_file": ReadingACaseFile,
    "more_than_chance": MoreThanChance,
    "fair_comparisons": FairComparisons,
}
