"""The parameter model of every study: name, type, range, default and help of what may be asked of it."""

from __future__ import annotations

from typing import Final

from accountability.parameters import Asked
from accountability.studies.case_parameters import ACase, CaseMiamiDade2010, CasePinecrest
from accountability.studies.delay_parameters import HowLongCasesStayOpen, HowTheBacklogMoved, WereDeadlinesMet
from accountability.studies.lesson_parameters import (
    FairComparisons,
    MoreThanChance,
    ReadingACaseFile,
    TheClosedCaseTrap,
)
from accountability.studies.officer_parameters import DoSquadsMatter, IsItMoreThanChance
from accountability.studies.outcome_parameters import (
    DoesDelayLighten,
    HowPenaltiesShrink,
    WhatFollowsAFinding,
    WhoIsDisciplined,
)
from accountability.studies.release_parameters import WhatTheDataHolds

__all__ = [
    "LESSONS",
    "ACase",
    "CaseMiamiDade2010",
    "CasePinecrest",
    "DoSquadsMatter",
    "DoesDelayLighten",
    "FairComparisons",
    "HowLongCasesStayOpen",
    "HowPenaltiesShrink",
    "HowTheBacklogMoved",
    "IsItMoreThanChance",
    "MoreThanChance",
    "ReadingACaseFile",
    "TheClosedCaseTrap",
    "WereDeadlinesMet",
    "WhatFollowsAFinding",
    "WhatTheDataHolds",
    "WhoIsDisciplined",
]

#: Notebooks for teaching: what they show is generated or comes along, so they are run in JupyterLab, not on a source.
LESSONS: Final[dict[str, type[Asked]]] = {
    "the_closed_case_trap": TheClosedCaseTrap,
    "reading_a_case_file": ReadingACaseFile,
    "more_than_chance": MoreThanChance,
    "fair_comparisons": FairComparisons,
}
