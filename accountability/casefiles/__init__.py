"""Case files: single cases coded fact by fact from news reports or papers, read critically and placed in the data.

>>> from accountability import cases
>>> squad = cases.read("news_cases", "MDPD-2010")
>>> squad.reading("discipline_date=late_2012").readings["discipline_date"]
'late_2012'
"""

from __future__ import annotations

from accountability.casefiles.casefile import CaseFile
from accountability.casefiles.casefile_folder import read
from accountability.casefiles.coder_agreement import Agreement, agreement
from accountability.casefiles.placement import Placement, place
from accountability.casefiles.reference_filter import Comparable, comparable, wanted
from accountability.casefiles.register import Conflict, Reading, conditions
from accountability.casefiles.whole_table import Whole, whole

__all__ = [
    "Agreement",
    "CaseFile",
    "Comparable",
    "Conflict",
    "Placement",
    "Reading",
    "Whole",
    "agreement",
    "comparable",
    "conditions",
    "place",
    "read",
    "wanted",
    "whole",
]
