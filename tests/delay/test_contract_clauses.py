"""Clauses of union contracts that name a time stand beside the laws, in our words, with whom they bind until when."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from accountability.delay import deadlines, limits
from accountability.errors import ParameterError
from accountability.records.contract import declared_source
from accountability.studies.registry import get
from accountability.study.durations import Durations

CLAUSES = limits.clauses()


def test_forty_four_clauses_of_thirty_two_jurisdictions() -> None:
    assert len(CLAUSES) == 44
    assert len({one.jurisdiction for one in CLAUSES}) == 32
    assert len({one.name for one in (*limits.LIMITS, *CLAUSES)}) == 44 + len(limits.LIMITS)
    for one in CLAUSES:
        assert all((one.agency, one.limits, one.starts, one.citation, one.seen_in, one.confidence))
        assert one.kind in ("bar", "wait", "notice")
        assert one.value is not None
        assert one.unit in ("calendar days", "business days", "months", "years")
        assert one.effective_to in ("", "2016") or dt.date.fromisoformat(one.effective_to).year < 2025


def test_a_clause_is_a_yardstick_as_a_law_is() -> None:
    made = Durations.from_days([50, 150] * 10)
    assert "120 calendar days" in deadlines.assess(made, "glendale_contract", pauses="none").sentence()
    assert get("were_deadlines_met").parameters.model_validate({"rule": "omaha_contract"})


@pytest.mark.parametrize("name", [one.name for one in CLAUSES if one.kind != "bar"])
def test_a_time_that_has_to_pass_is_no_limit_on_deciding(name: str) -> None:
    with pytest.raises(ParameterError, match="is no limit on deciding a case"):
        deadlines.assess(Durations.from_days([50]), name)


def test_clauses_are_found_by_agency() -> None:
    assert {one.name for one in limits.clauses("seattle")} == {
        "seattle_completion", "seattle_complaint", "seattle_interview",
    }  # fmt: skip
    with pytest.raises(
        ParameterError, match=r"no clause of 'Atlantis'; there are clauses of Anchorage, Alaska; Austin"
    ):
        limits.clauses("Atlantis")


def test_two_limits_of_maryland_are_said_to_be_two() -> None:
    charges, complaint = limits.limit("maryland_leobr"), limits.limit("maryland_complaint")
    assert all(part in charges.note for part in ("filing charges", "maryland_complaint"))
    assert all(part in complaint.note for part in ("submitting a complaint", "maryland_leobr"))
    assert "two limits of one law" in repr(complaint)


def test_a_declared_clause_is_one_of_the_list() -> None:
    assert {one.rule for one in declared_source("synthetic").card.limits} <= {one.name for one in limits.numbered()}


@pytest.mark.real_data
def test_each_clause_stands_in_the_list_it_was_read_in(real_data: Callable[[str], Path]) -> None:
    """Its jurisdiction and its number, in figures or in words; and no text of ours is copied from it."""
    path = real_data("laws") / "content.csv"
    listed = pd.read_csv(path, dtype="str", lineterminator="\r").set_index("Unique identifier").iloc[:, :6]
    words = {1: "one", 3: "three|3-104", 4: "four", 5: "five", 15: "fifteen", 30: "thirty", 45: "forty-five",
             55: "fifty-five", 60: "sixty", 90: "ninety", 100: "100", 18: "eighteen", 180: "one hundred"}  # fmt: skip
    for one in CLAUSES:
        row = listed.loc[one.seen_in.rpartition(" ")[2]]
        text = " ".join(f"{row['Policy Language']} {row['Specific Impact of Policy']}".split()).casefold()
        assert one.jurisdiction.split(",")[0].split()[0].rstrip(".") in str(row["City/State"]).replace("D.C.", "")
        assert re.search(rf"\b{one.value}\b|{words.get(one.value or 0, 'never')}", text), one.name
        ours = [part for part in (one.limits, one.starts, one.pauses) if len(part.split()) > 9]
        assert not any(part.casefold() in text for part in ours), one.name
