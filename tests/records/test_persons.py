"""Columns that identify people are told by their cells, under whatever heading."""

from __future__ import annotations

import json

import pytest
from columns_elsewhere import HARMLESS, IDENTIFYING
from columns_held_out import HELD_OUT_HARMLESS, HELD_OUT_PERSONS
from conftest import ROOT

from accountability.records.onboard.persons import fold, identifies

COLUMNS = json.loads((ROOT / "tests" / "raw_files" / "columns.json").read_text(encoding="utf-8"))
KINDS = {
    "mail": "contact",
    "birth date": "birth_date",
    "address": "address",
    "employee id": "number",
    "narrative": "free_text",
}


def test_the_columns_are_those_that_were_measured() -> None:
    assert sum(column["identifies"] is not None for column in COLUMNS) == 56
    assert len(COLUMNS) == 128


@pytest.mark.parametrize("column", [c for c in COLUMNS if c["identifies"]], ids=lambda c: c["identifies"])
def test_a_column_that_identifies_people_is_found_by_its_kind(column) -> None:
    found = identifies(column["values"])
    assert found is not None
    assert found.kind == KINDS.get(column["identifies"], "name")
    assert not any(value in found.why for value in column["values"])


def test_at_most_four_harmless_columns_are_asked_about() -> None:
    asked = [column["values"][:3] for column in COLUMNS if not column["identifies"] and identifies(column["values"])]
    assert len(asked) <= 4, asked


@pytest.mark.parametrize(
    "values",
    [
        ["P/O J SMITH #1234", "P/O K JONES #222", "SGT M OSORIO #9"],
        ["Sgt. Robert O'Neil III", "Det. Ann Lee", "Capt. Al Ruiz"],
        ["王伟", "李娜", "张敏", "刘洋"],
        ["محمد علي", "فاطمة حسن", "أحمد صالح"],
        ["SMITH", "JONES", "GARCIA", "LEE", "BROWN", "DAVIS", "CLARK", "ALLEN", "KING"],
        ["Maria", "Juan", "Anna", "Peter", "Tom", "Lisa", "Susan", "John", "Wei"],
        ["Smith J", "Jones K", "Garcia M"],
    ],
)
def test_names_in_other_forms_and_scripts(values: list[str]) -> None:
    found = identifies(values)
    assert found is not None
    assert found.kind == "name"


@pytest.mark.parametrize(
    "values",
    [
        ["Brooklyn", "Bronx", "Queens", "Manhattan", "Staten Island"],
        ["Rogers Park", "Lakeview", "Lincoln Park", "Englewood", "Hyde Park", "Jefferson Park", "Albany Park"],
        ["SUSTAINED, SUSPENDED", "NOT SUSTAINED, CLOSED"],
        ["Physical Force", "Gun Pointed", "Word", "Chokehold", "Frisk", "Stop", "Threat of arrest", "Vehicle search"],
        ["1st District", "2nd District"],
        [],
    ],
)
def test_words_of_agencies_are_no_names(values: list[str]) -> None:
    assert identifies(values) is None


def test_a_name_is_folded_without_case_accents_and_strokes() -> None:
    assert fold("O'Brien-Łódź") == fold("OBRIEN LODZ")


def test_columns_of_other_countries_that_identify_people_are_all_found() -> None:
    missed = {what: kind for what, (kind, texts) in IDENTIFYING.items() if identifies(texts) is None}
    assert not missed, missed
    assert len(IDENTIFYING) + len(HARMLESS) >= 60


def test_at_most_four_harmless_columns_of_other_countries_are_asked_about() -> None:
    asked = {what: found.why for what, texts in HARMLESS.items() if (found := identifies(texts))}
    assert len(asked) <= 4, asked


def test_columns_written_before_the_rules_were_read_are_told_apart() -> None:
    missed = [what for what, (_, texts) in HELD_OUT_PERSONS.items() if identifies(texts) is None]
    assert not missed
    asked = [what for what, texts in HELD_OUT_HARMLESS.items() if identifies(texts)]
    assert len(asked) <= 0.05 * len(HELD_OUT_HARMLESS), asked


def test_texts_that_hardly_ever_repeat_are_asked_about_whatever_they_are() -> None:
    assert identifies(f"{a}uzzy {b}ub" for a in "qxzvwkj" for b in "fghpt") is not None
