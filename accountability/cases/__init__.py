"""Case files: single cases coded fact by fact from news reports or papers, read critically and placed in the data.

>>> from accountability import cases
>>> squad = cases.read("news_cases", "MDPD-2010")
>>> squad.reading("discipline_date=late_2012").readings["discipline_date"]
'late_2012'
"""

from __future__ import annotations

from accountability.cases.agreement import Agreement, agreement
from accountability.cases.case import CaseFile
from accountability.cases.comparable import Comparable, comparable, wanted
from accountability.cases.folder import read
from accountability.cases.placement import Placement, place
from accountability.cases.register import Conflict, Reading, conditions
from accountability.cases.whole import Whole, whole

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
