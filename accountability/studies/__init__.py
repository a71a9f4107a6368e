"""The parameter models of studies: name, type, range, default and help of every parameter."""

from __future__ import annotations

from accountability.studies.case_parameters import ACase, CaseMiamiDade2010, CasePinecrest
from accountability.studies.study_parameters import (
    LESSONS,
    AgenciesSideBySide,
    DidTheReformWork,
    DoesDelayLighten,
    DoesItMatterWhoInvestigates,
    DoSquadsMatter,
    FairComparisons,
    HowLongCasesStayOpen,
    HowPenaltiesShrink,
    HowTheBacklogMoved,
    IsItMoreThanChance,
    MoreThanChance,
    ReadingACaseFile,
    TheClosedCaseTrap,
    WereDeadlinesMet,
    WhatChangedBetweenReleases,
    WhatFollowsAFinding,
    WhatTheDataHolds,
    WhenDoesTheNextComplaintCome,
    WhoIsDisciplined,
)

__all__ = [
    "LESSONS",
    "ACase",
    "AgenciesSideBySide",
    "CaseMiamiDade2010",
    "CasePinecrest",
    "DidTheReformWork",
    "DoSquadsMatter",
    "DoesDelayLighten",
    "DoesItMatterWhoInvestigates",
    "FairComparisons",
    "HowLongCasesStayOpen",
    "HowPenaltiesShrink",
    "HowTheBacklogMoved",
    "IsItMoreThanChance",
    "MoreThanChance",
    "ReadingACaseFile",
    "TheClosedCaseTrap",
    "WereDeadlinesMet",
    "WhatChangedBetweenReleases",
    "WhatFollowsAFinding",
    "WhatTheDataHolds",
    "WhenDoesTheNextComplaintCome",
    "WhoIsDisciplined",
]
