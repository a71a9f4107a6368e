"""Which sources can be compared: each clause of the contract, on cards that differ in one fact."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from itertools import combinations

import pytest
from typer.testing import CliRunner

from accountability import agencies
from accountability.agencies.comparability_contract import contract
from accountability.agencies.source_facts import SourceFacts
from accountability.cli import app
from accountability.errors import ParameterError, SourceError

ONE = SourceFacts(
    name="one", agency="One", line="one", generated=False, rule="complete", internal="included", open_cases="included",
    closing_date=True, has_origin=True, dated=frozenset({"received", "closed"}), to_the_day=True,
    period=(dt.date(2015, 1, 1), dt.date(2019, 12, 31)), until=dt.date(2020, 12, 31), window="all",
    terms=frozenset({"sustained", "not_sustained", "closed_without_finding"}), merged=(), lag_days=None,
)  # fmt: skip
OTHER = replace(ONE, name="other", line="other")


def judged(question: str = "delay", **facts: object) -> str:
    terms = contract([ONE, replace(OTHER, **facts)], question)
    return f"{terms.verdict}: {'; '.join((*terms.why_not, *terms.restrictions()))}"


def test_like_cards_are_comparable() -> None:
    assert judged() == judged("sustained") == "comparable: "


@pytest.mark.parametrize(
    ("question", "facts", "said"),
    [
        ("delay", {"line": "one"}, "not comparable: one and other are releases of one agency"),
        ("delay", {"generated": True}, "not comparable: other is generated and stands for no agency"),
        ("delay", {"rule": "case_files"}, "not comparable: other holds single cases"),
        ("sustained", {"rule": "selected_on_outcome"}, "not comparable: which complaints are in other depends on how"),
        ("delay", {"rule": "closed_only", "open_cases": "excluded"}, "after restriction: complaints closed within"),
        ("delay", {"rule": "closed_only", "closing_date": False}, "not comparable: other dates no closing"),
        ("delay", {"dated": frozenset({"closed"})}, "not comparable: other dates no receipt"),
        ("delay", {"dated": frozenset({"received"})}, "not comparable: other dates no closing"),
        ("sustained", {"dated": frozenset({"received"}), "open_cases": "status_only"}, "comparable: "),
        ("delay", {"to_the_day": False}, "not comparable: the dates of other name months"),
        ("sustained", {"to_the_day": False}, "comparable: "),
        ("delay", {"open_cases": "unknown"}, "not comparable: whether open complaints are in other is not stated"),
        ("delay", {"internal": "unknown"}, "not comparable: whether internal complaints are in other is not stated"),
        ("delay", {"internal": "excluded"}, "after restriction: complaints from the public"),
        ("delay", {"period": None}, "not comparable: other does not state which days of receipt it covers"),
        ("delay", {"until": None}, "not comparable: other does not state which days of receipt it covers"),
        ("delay", {"period": (dt.date(2020, 1, 1), dt.date(2020, 12, 31))}, "not comparable: they share no day"),
        ("delay", {"period": (dt.date(2017, 1, 1), dt.date(2021, 1, 1))},
         "after restriction: complaints received from 2017-01-01 to 2019-12-31"),
        ("delay", {"lag_days": 90}, "after restriction: without the last 90 days"),
        ("sustained", {"terms": frozenset()}, "not comparable: other holds no finding"),
        ("sustained", {"merged": (("exonerated", "sustained"),)},
         "not comparable: a word of other stands for exonerated or sustained"),
        ("sustained", {"merged": (("exonerated", "not_sustained"),)}, "comparable: "),
        ("sustained", {"terms": frozenset({"sustained", "unfounded"})}, "after restriction: findings on the merits"),
    ],
)  # fmt: skip
def test_each_clause(question: str, facts: dict[str, object], said: str) -> None:
    assert judged(question, **facts).startswith(said)


def test_internal_complaints_that_cannot_be_told_apart_are_named() -> None:
    terms = contract([replace(ONE, has_origin=False), replace(OTHER, internal="excluded")], "delay")
    assert terms.why_not == ("internal complaints are in one and cannot be told from the public's",)


def test_the_matrix_of_all_sources_says_why_of_each_pair() -> None:
    found = agencies.comparability()
    names = found.facts["source"].tolist()
    pairs = {frozenset(pair) for pair in combinations(names, 2)}
    table = found.table
    assert {frozenset(pair) for pair in zip(table["first"], table["second"], strict=True)} == pairs
    assert len(table) == 2 * len(pairs)
    against = table["verdict"].eq("not comparable")
    assert table.loc[against, "because"].ne("").all()
    assert table.loc[~against, "because"].eq("").all()
    assert table.loc[table["verdict"].eq("after restriction"), "restriction"].ne("").all()
    square = found.matrix("sustained")
    assert square.loc["new_orleans", "philadelphia"] == square.loc["philadelphia", "new_orleans"] == "after restriction"
    assert found.matrix("delay").loc["new_orleans", "philadelphia"] == "not comparable"


def test_the_command_prints_the_matrix_and_reasons() -> None:
    run = CliRunner().invoke(app, ["compare-sources", "new_orleans", "philadelphia", "--question", "delay"])
    assert run.exit_code == 0
    assert "philadelphia: not comparable: philadelphia dates no closing" in run.output
    said = json.loads(CliRunner().invoke(app, ["compare-sources", "--json"]).output)
    assert len(said["sources"]) >= 14
    assert {row["verdict"] for row in said["pairs"]} == {"comparable", "after restriction", "not comparable"}


def test_wrong_questions_are_refused_by_name() -> None:
    with pytest.raises(ParameterError, match="two sources or more, each once"):
        agencies.comparability(["synthetic", "synthetic"])
    with pytest.raises(ParameterError, match="as a list of names or folders; found a str"):
        agencies.comparability("synthetic")  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match=r"question: expected one of delay, sustained; found 'speed'"):
        agencies.comparability(["synthetic", "philadelphia"], "speed")  # type: ignore[arg-type]
    with pytest.raises(SourceError, match=r"counts by agency and year, and no case: agencies.load_counts"):
        agencies.comparability(["synthetic", "aggregates"])
