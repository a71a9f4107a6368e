"""Parameters of the studies of single cases."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from accountability.parameters import MaybeText, Parameters, Real, Stage, maybe_text
from accountability.studies.study_parameters import Rule


class OneCase(Parameters):
    """Parameters shared by all studies of a single case.

    Attributes
    ----------
    source : str
        Name or folder of a source with case files (``accountability new-case`` makes one).
    group : {"asserted_by", "report", "category"} or None
        Column by which the facts are counted; ``None`` is ``asserted_by``.
    start, stop : str
        Steps between which days are counted.
    rule : str or None
        Name of a limit of :func:`accountability.delay.limits.table` with a number; ``None`` for the source's own.
    reference : str
        Source with whose delays, from receipt to closing, the case is compared. Default ``synthetic``.
    comparable : str or None
        Which cases of the reference are comparable: ``column=value``, several joined by ``;``; ``None`` for all.
    confidence : float
        Level of every interval: 0.8 to 0.99, default 0.95.
    """

    source: str = Field(
        default="news_cases", description="name of a source with case files, or its folder", min_length=1
    )
    group: Annotated[Literal["asserted_by", "report", "category"] | None, BeforeValidator(maybe_text)] = Field(
        default=None, description="count the facts by asserted_by, report or category; None for asserted_by"
    )
    start: Stage = Field(default="opened", description="step of the case at which its clock starts")
    stop: Stage = Field(default="penalty_imposed", description="step of the case at which its clock stops")
    rule: Rule = None
    reference: str = Field(default="synthetic", description="source on whose delays the case is placed", min_length=1)
    comparable: MaybeText = Field(
        default=None, description="comparable cases, column=value joined by ;, or None for all"
    )
    confidence: Real = Field(default=0.95, description="level of the intervals", ge=0.8, le=0.99)


class ACase(OneCase):
    """Parameters of ``case_file``: any case of any source with case files.

    Attributes
    ----------
    case : str or None
        Name of the case; ``None`` for the first of the source.
    readings : str or None
        Readings of conflicts instead of the defaults: ``conflict=reading``, several joined by ``;``. A report can
        replace a reading if it supports exactly one.

    The others are as in :class:`OneCase`.
    """

    case: MaybeText = Field(default=None, description="name of the case, or None for the first of the source")
    readings: MaybeText = Field(default=None, description="conflict=reading joined by ;, or None for the defaults")


class CaseMiamiDade2010(OneCase):
    """Parameters of ``case_miami_dade_2010``: those of :class:`OneCase`, and a reading of each conflict.

    The source's ``conflicts.yaml`` explains the readings and sets the defaults.
    """

    discipline_date: Literal["september", "late_2012"] = Field(
        default="september", description="when the squad was disciplined: september or late_2012"
    )
    start_of_investigation: Literal["in_2010", "by_2010"] = Field(
        default="in_2010", description="when the investigation began: in_2010 or by_2010"
    )
    headline: Literal["body", "headline"] = Field(
        default="body", description="three dismissed, as the body says, or six: body or headline"
    )
    second_dismissed: Literal["officer_2", "unnamed"] = Field(
        default="officer_2", description="the second officer dismissed: officer_2 or unnamed"
    )
    agency: Literal["miami_dade", "miami_city"] = Field(
        default="miami_dade", description="whose officers: miami_dade or miami_city"
    )
    found_or_alleged: Literal["alleged", "found"] = Field(
        default="alleged", description="the conduct of single officers: alleged or found"
    )
    whose_conduct: Literal["described_three", "all_six"] = Field(
        default="described_three", description="who left calls unanswered: described_three or all_six"
    )
    coffee_call: Literal["not_said", "infant"] = Field(
        default="not_said", description="the call the supervisor was there for: not_said or infant"
    )
    appeals: Literal["announced", "filed"] = Field(default="announced", description="the appeals: announced or filed")


class CasePinecrest(OneCase):
    """Parameters of ``case_pinecrest``: those of :class:`OneCase`, and a reading of each conflict.

    The source's ``conflicts.yaml`` explains the readings and sets the defaults.
    """

    week_days: Literal["either", "five", "seven"] = Field(
        default="either", description="days of a week of suspension: either, five or seven"
    )
    who_decides: Literal["two_steps", "one_step"] = Field(
        default="two_steps", description="chief and then manager, or the manager alone: two_steps or one_step"
    )
    aid_given: Literal["some", "none"] = Field(default="some", description="what was done at the scene: some or none")
    stated_reason: Literal["both", "no_life", "spine"] = Field(
        default="both", description="the officer's stated reason: both, no_life or spine"
    )
    off_duty: Literal["not_said", "relieved"] = Field(
        default="not_said", description="what being off duty says of the case: not_said or relieved"
    )
