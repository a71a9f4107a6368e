"""A codebook is total and unambiguous over the values it meets, or it stops."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountability.errors import CodebookError
from accountability.records.codebook import Block, Codebook
from accountability.vocabulary import FINDINGS

FINDING: dict[str, Any] = {
    "authority": "made for a test",
    "gives": ["finding", "closing_reason"],
    "normalise": ["strip", "collapse_blanks", "casefold"],
    "values": {
        "Sustained": "sustained",
        "Not  Sustained": "not_sustained",
        "Withdrawn": {"finding": "closed_without_finding", "closing_reason": "withdrawn"},
        "Cleared": {"finding": "exonerated", "lossy": "merges exonerated and unfounded"},
    },
}


def column(*values: str | None) -> pd.Series:
    return pd.Series(values, dtype="str")


def test_normalisation_is_only_what_is_declared() -> None:
    block = Block.of("finding", FINDING)
    coded = block.apply(column(" sustained", "NOT SUSTAINED\u00a0", "withdrawn"), "a.csv, column 'x'")
    assert coded["finding"].tolist() == ["sustained", "not_sustained", "closed_without_finding"]
    assert coded["closing_reason"].tolist()[2] == "withdrawn"
    with pytest.raises(CodebookError, match=r"'sustainned' +unmapped +1 rows, first at row 1"):
        block.apply(column("sustainned"), "a.csv, column 'x'")


def test_a_blank_needs_a_declared_meaning() -> None:
    with pytest.raises(CodebookError, match=r"unmapped blank +1 rows, first at row 2[\s\S]*blank: null"):
        Block.of("finding", FINDING).apply(column("Sustained", None), "a.csv, column 'x'")
    missing = Block.of("finding", {**FINDING, "blank": None}).apply(column(None), "")
    assert missing["finding"].isna().tolist() == [True]
    pending = Block.of("finding", {**FINDING, "blank": "pending"}).apply(column(None), "")
    assert pending["finding"].tolist() == ["pending"]


def test_lossy_mappings_are_listed() -> None:
    lossy = Codebook.of({"finding": FINDING}).lossy()
    assert lossy.to_dict("records") == [
        {
            "block": "finding",
            "raw": "Cleared",
            "term": "exonerated",
            "loses": "merges exonerated and unfounded",
            "may_be": "",
        }
    ]


def test_a_word_that_stands_for_several_terms_names_them() -> None:
    values = {
        "Other": {"finding": "not_sustained", "merges": ["not_sustained", "unfounded"], "lossy": "one word for two"}
    }
    block = {"authority": "made for a test", "gives": ["finding"], "values": values}
    assert Codebook.of({"finding": block}).lossy()["may_be"].tolist() == ["not_sustained, unfounded"]


@pytest.mark.parametrize(
    ("merges", "message"),
    [
        ({"merges": ["not_sustained", "unfounded"]}, "lossy says why"),
        ({"merges": ["unfounded"], "lossy": "x"}, "two or more finding terms"),
        ({"merges": "unfounded", "lossy": "x"}, "two or more finding terms"),
        ({"merges": ["unfounded", "cleared"], "lossy": "x"}, "'cleared' is not a term of finding"),
    ],
)
def test_a_merging_that_is_not_said_is_refused(merges: dict[str, object], message: str) -> None:
    block = {"authority": "x", "gives": ["finding"], "values": {"Other": {"finding": "not_sustained", **merges}}}
    with pytest.raises(CodebookError, match=message):
        Codebook.of({"finding": block})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"authority": ""}, "no authority"),
        ({"valeus": {}}, "unknown key 'valeus'; did you mean 'values'"),
        ({"values": {"A": "sustaind"}}, "'sustaind' is not a term of finding .*did you mean 'sustained'"),
        ({"values": {"A": "sustained", " a": "unfounded"}}, "is listed twice"),
        ({"normalise": ["fuzzy"]}, "unknown normalisation 'fuzzy'"),
        ({"values": {"A": {"findng": "sustained"}}}, "'findng' is not one of its fields"),
        ({"rules": [{"pattern": "x.*", "gives": "sustained"}]}, "carries no examples"),
        (
            {"rules": [{"pattern": "x", "gives": "sustained", "examples": {"y": "sustained"}}]},
            "does not match its example",
        ),
        ({"rules": [{"pattern": "x", "gives": "sustained", "examples": {"x": "unfounded"}}]}, "gives .* stated"),
        (
            {"rules": [{"pattern": "s.*", "gives": "sustained", "examples": {"Sustained": "sustained"}}]},
            "doubly matched",
        ),
        ({"rules": [{"pattern": "(", "gives": "sustained", "examples": {"x": "sustained"}}]}, "rule '\\('"),
        ({"gives": ["finding", "colour"], "values": {"A": {"colour": "red"}}}, "list the terms of 'colour'"),
    ],
)
def test_a_wrong_block_is_refused_when_read(change: dict[str, Any], message: str) -> None:
    with pytest.raises(CodebookError, match=message):
        Block.of("finding", {**FINDING, **change})


def test_two_rules_that_match_one_value_are_reported_with_the_value() -> None:
    rules = [
        {"pattern": "a.*", "gives": "sustained", "examples": {"ab": "sustained"}},
        {"pattern": ".*z", "gives": "unfounded", "examples": {"bz": "unfounded"}},
    ]
    block = Block.of("finding", {"authority": "made for a test", "gives": ["finding"], "rules": rules})
    with pytest.raises(CodebookError, match=r"'az' +doubly matched"):
        block.apply(column("ab", "az"), "")


def test_days_from_a_rule_are_numbers() -> None:
    rule = {
        "pattern": r"([\d.]+) days",
        "gives": {"penalty": "suspension", "days": r"\1"},
        "examples": {
            "0.5 days": {"penalty": "suspension", "days": 0.5},
            "800 days": {"penalty": "suspension", "days": 800},
        },
    }
    block = Block.of("penalty", {"authority": "made for a test", "gives": ["penalty", "days"], "rules": [rule]})
    assert block.apply(column("0.5 days", "3 days"), "")["days"].tolist() == [0.5, 3.0]


@given(st.lists(st.one_of(st.none(), st.sampled_from(["a", "b", "c", "d"])), max_size=30))
def test_every_cell_gets_its_own_term_or_the_load_stops(cells: list[str | None]) -> None:
    terms = dict(zip("abc", FINDINGS, strict=False))
    block = Block.of("finding", {"authority": "x", "gives": ["finding"], "values": terms, "blank": None})
    values = column(*cells)
    if "d" in cells:
        with pytest.raises(
            CodebookError, match=f"'d' +unmapped +{cells.count('d')} rows, first at row {cells.index('d') + 1}"
        ):
            block.apply(values, "")
        return
    coded = block.apply(values, "")["finding"]
    assert [None if pd.isna(v) else v for v in coded] == [None if c is None else terms[c] for c in cells]
