"""Findings of releases that hold little: what is few, late, one-sided or empty is said as it is."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import accountability
from accountability import Cohort, audit, delay, officers, outcomes
from accountability.delay.limits import limit
from accountability.errors import FetchError, ParameterError, Refusal
from accountability.findings import (
    Finding,
    backlog_moved,
    between_releases,
    conclude,
    next_complaints,
    penalties_reduced,
    time_open,
    wording,
)
from accountability.findings.asked import asked_of
from accountability.publish.request import request
from accountability.publish.runner import studies_of
from accountability.records.contract import declared_source
from accountability.records.dataset import Dataset
from accountability.releases.release_line import loaded
from accountability.results import Refused, or_refusal


@cache
def agency() -> Dataset:
    return accountability.load("synthetic")


def refused(because: str) -> Refused:
    def stop() -> Refused:
        raise Refusal(because)

    return or_refusal(stop)


def altered(**columns: Any) -> Dataset:
    return replace(agency(), allegations=agency().allegations.assign(**columns))


def after_upheld(data: Dataset) -> Finding:
    shown = outcomes.outcome_distribution(Cohort.of(data))
    changes = outcomes.changes(Cohort.of(data))
    return conclude("what_follows_a_finding", data, {"source": "synthetic"}, outcomes=shown, changes=changes)


def reduced(data: Dataset) -> Finding:
    ends, changes = (made(Cohort.of(data)) for made in (outcomes.penalty_reductions, outcomes.changes))
    steps = refused("none")
    return conclude("how_penalties_shrink", data, {"source": "synthetic"}, ends=ends, changes=changes, steps=steps)


def slow(data: Dataset, heavier: str) -> Finding:
    views = outcomes.delay_and_penalty(Cohort.of(data), heavier=heavier, landmarks=(90, 180, 360), within=1095)
    parameters = {"source": "synthetic", "heavier": heavier}
    return conclude("does_delay_lighten", data, parameters, views=views, delays=accountability.durations(data))


# ---- what is few ---------------------------------------------------------------------------------------------------


def test_few_heavy_penalties_are_not_few_slow_cases() -> None:
    """Hundreds were still open: it was said that fewer than ten were."""
    said = slow(agency(), "dismissal").answer
    assert said.startswith("Of upheld complaints still open at the days looked at, fewer than 10 ended with dismissal")
    assert "were still open" not in said


def test_penalties_with_shares_written_alike_are_not_told_by_the_order_of_their_names() -> None:
    rows = agency().allegations
    ended = rows["finding"].eq("sustained")
    terms = ["reprimand"] * 3 + ["suspension", "demotion", "dismissal"] * 2
    given = pd.Series([terms[n % len(terms)] for n in range(int(ended.sum()))], rows.index[ended], dtype="str")
    data = altered(imposed_penalty=given.reindex(rows.index), recommended_penalty=given.reindex(rows.index))
    said = after_upheld(data).answer
    assert "most often reprimand" in said
    assert not [term for term in ("suspension", "demotion", "dismissal") if term in said], said


# ---- what cannot be answered -------------------------------------------------------------------------------------


def test_what_cannot_be_answered_says_what_would_change_that() -> None:
    asked = asked_of("how_long_cases_stay_open", agency(), {})
    said = asked.not_answered(refused("nothing is dated. Use clocks.current_status"), "how long", breaks=())
    assert said.breaks
    assert said.answer == "This release cannot say how long. Nothing is dated."
    assert asked.because(refused("synthetic dates nothing; no day of 'synthetic' is known")) == (
        "This release dates nothing; no day of this release is known."
    )


def test_groups_of_whom_nothing_can_be_shown_have_what_would_break_it() -> None:
    gap = outcomes.decompose_gap(Cohort.of(agency()), "officer_race", None, None, min_cell=5000)
    said = conclude("who_is_disciplined", agency(), {"source": "synthetic"}, gap=gap)
    assert "cannot be compared" in said.answer
    assert said.breaks


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("the only release; another begins with: accountability new-source NAME FILE --like a_b", "the only release"),
        ("it declares no limit. Write under card: limits: [{rule: NAME}]", "it declares no limit"),
        ("in force from 2016; name one as a yardstick with rule= (florida)", "in force from 2016"),
        ("it would be compared with itself: name other sources with others", "it would be compared with itself"),
        ("it has no table of investigators (in its declaration: table: people)", "it has no table of investigators"),
        ("its sampling rule is 'closed_only': none are slow", "its sampling rule is 'closed_only': none are slow"),
    ],
)  # fmt: skip
def test_a_reader_is_told_no_command(told: str, kept: str) -> None:
    assert wording.reason(told) == kept


# ---- other releases, other agencies ------------------------------------------------------------------------------


def test_another_release_that_is_not_fetched_is_a_reason_and_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCOUNTABILITY_CACHE", str(tmp_path))
    with pytest.raises(Refusal, match="Run accountability fetch new_orleans"):
        loaded("new_orleans")


def test_agencies_that_are_not_fetched_are_seen_before_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in declared_source("nashville").files.values():
        (tmp_path / "nashville").mkdir(exist_ok=True)
        (tmp_path / "nashville" / file.path).touch()
    monkeypatch.setenv("ACCOUNTABILITY_CACHE", str(tmp_path))
    with pytest.raises(FetchError, match="accountability fetch rochester"):
        request("agencies_side_by_side", "nashville", {"others": "rochester"})


def test_an_agency_is_not_compared_with_an_invented_one() -> None:
    _, able, refused = studies_of("nashville")
    assert "agencies_side_by_side" not in able
    assert refused["agencies_side_by_side"].startswith("generated_2021 is generated")
    assert "agencies_side_by_side" in studies_of("synthetic")[1]
    with pytest.raises((ParameterError, Refusal), match="generated_2021 is generated"):
        request("agencies_side_by_side", "rochester", {"others": "generated_2021"})


def test_a_field_that_makes_up_most_of_what_changed_is_named() -> None:
    asked = asked_of("what_changed_between_releases", accountability.load("generated_2019"), {})
    table = pd.DataFrame({"field": ["officer_rank", "closed"], "change": ["emptied", "filled"], "n": [90, 30]})
    assert between_releases._mostly(asked, table, 100) == ", most of them in officer's rank, emptied in 90"
    assert between_releases._mostly(asked, table, 300) == ""


# ---- penalties ---------------------------------------------------------------------------------------------------


def test_words_of_two_vocabularies_are_not_counted_as_changed() -> None:
    held = agency().allegations
    apart = altered(raw_imposed="penalty: " + held["raw_imposed"])
    assert "as published" in set(outcomes.changes(Cohort.of(agency())).table["what"])
    found = outcomes.changes(Cohort.of(apart))
    assert set(found.table["what"]) == {"by rung"}
    assert "two different ones" not in found.sentence()


def test_penalties_that_never_differ_may_be_one_word_held_twice() -> None:
    held = agency().allegations
    both = held["recommended_penalty"].mask(held["imposed_penalty"].isna())
    same = altered(
        recommended_penalty=both, imposed_penalty=both, imposed_days=held["recommended_days"].mask(both.isna())
    )
    said = reduced(same)
    assert "Not one differs" in said.answer
    assert said.lead is not None
    assert said.lead.title == "No penalty on record differs from the one recommended"


def test_an_order_whose_count_is_hidden_is_not_said_to_change_nothing() -> None:
    def said(*shares: float | None) -> str:
        rows = pd.DataFrame({"kind": "lightened", "estimate": pd.array(list(shares), dtype="Float64")})
        return penalties_reduced._orders(SimpleNamespace(by_order=rows))

    assert "not shown" in said(0.2, None, 0.2)
    assert "does not change" in said(0.2, 0.2, 0.2)
    assert "hardly" in said(0.2, 0.201, 0.2)
    assert "20.0 % to 30.0 %" in said(0.2, 0.3, 0.2)


def test_few_who_ended_lighter_leave_the_share_that_ended_as_recommended() -> None:
    rows = [
        {"end": "lighter", "n": 390, "estimate": None, "lower": None, "upper": None},
        {"end": "as recommended", "n": 390, "estimate": 0.97, "lower": None, "upper": None},
    ]
    assert penalties_reduced._few(rows, 10).startswith("Of 390 recommended penalties above none, 97.0 % ended as")
    assert penalties_reduced._title(rows, rows[0]) == "97.0 % of recommended penalties ended as recommended"


def test_few_upheld_are_no_release_without_penalties() -> None:
    held = agency().allegations
    order = pd.Series(range(len(held)), index=held.index)
    said = after_upheld(altered(finding=held["finding"].where(order.lt(40))))
    assert "Which penalties followed is not shown" in said.answer
    said = after_upheld(altered(finding=held["finding"].where(order.lt(12))))
    assert "records no penalty" not in said.answer
    assert "rests on fewer than ten" in said.answer
    assert "have no finding on record" in said.answer
    assert not any(one.value == wording.HIDDEN for one in said.numbers)


# ---- time --------------------------------------------------------------------------------------------------------


def test_only_days_that_could_be_asked_are_named() -> None:
    days = pd.DataFrame(
        {
            "last_day": ["2021-06-30", "2020-06-30", "2017-06-30"],
            "n": pd.array([90, 60, None], dtype="Int64"),
            "median": pd.array([120, 130, None], dtype="Int64"),
        }
    )
    assert time_open._firm(days, None) == [
        "Asked with what was known between 2020 and 2021, the median lies between 120 and 130 days."
    ]
    one = days.assign(n=days["n"].where(days.index == 0), median=days["median"].where(days.index == 0))
    assert time_open._firm(one, None) == ["What was known on earlier days cannot be asked of this release."]


def test_ends_that_are_both_not_reached_are_said_once() -> None:
    assert wording.interval(None, None) == "not reached"
    assert wording.interval(3, None) == "3 to not reached"


def test_a_limit_of_one_year_is_one_year() -> None:
    assert (limit("california").length, limit("florida").length) == ("1 year", "180 calendar days")


def test_the_months_in_which_a_release_fills_up_are_no_rise() -> None:
    load = delay.caseload(Cohort.of(agency()))
    none = refused("none")
    asked = asked_of("how_the_backlog_moved", agency(), {})
    said = backlog_moved.found(asked, load=load, pace=none, half=none, twice=none)
    first = load.table[load.table["complete"]].iloc[11]
    assert f"{int(first['open_at_end']):,} at the end of {wording.month(first['month'])}" in said.answer


def test_what_was_not_seen_is_not_called_hidden() -> None:
    row = {"estimate": float("nan"), "lower": float("nan"), "upper": float("nan")}
    assert next_complaints._share({**row, "hidden": False}) == "not observed"
    assert next_complaints._share({**row, "hidden": True}) == wording.HIDDEN


def test_rates_are_told_against_those_they_were_divided_by() -> None:
    spells = officers.spells(officers.officer_records(Cohort.of(agency())))
    (most,) = next_complaints._rates(officers.repeat_rates(spells, "number"))
    pooled = spells.table["number"].where(spells.table["number"].ne("6"), "1")  # then most come after the first
    early = replace(spells, table=spells.table.assign(number=pooled))
    (first,) = next_complaints._rates(officers.repeat_rates(early, "number"))
    assert most.title.endswith("after the sixth or later")
    assert first.title.endswith("after the first")


# ---- what a release holds ----------------------------------------------------------------------------------------


def test_a_question_needs_its_table_of_people_and_its_unit() -> None:
    assert "who investigated" in set(audit.needs(agency()).lacking()["field"])
    assert "who investigated" not in set(audit.needs(accountability.load("generated_investigators")).lacking()["field"])
    bare = replace(agency(), allegations=agency().allegations.drop(columns="squad", errors="ignore"))
    bare = replace(bare, cases=bare.cases.drop(columns="squad", errors="ignore"))
    lacks = audit.needs(bare).lacking()
    assert ("officer unit" in set(lacks["field"])) == ("squad" not in bare.allegations)


def test_questions_of_one_case_are_asked_of_case_files_alone() -> None:
    whole = audit.needs(accountability.load("news_cases")).by_question()
    answered = whole.loc[whole["held"] == whole["needed"], "question"]
    assert len(answered) == 3
    assert not set(answered) & set(audit.needs(agency()).table["question"])


def test_a_release_that_dates_nothing_has_no_figure_of_its_years() -> None:
    held = audit.audit(agency())
    none = replace(held, coverage=replace(held.coverage, not_held="the release dates nothing"))
    assert conclude("what_the_data_holds", agency(), {"source": "synthetic"}, held=none).lead is None
    assert conclude("what_the_data_holds", agency(), {"source": "synthetic"}, held=held).lead is not None
