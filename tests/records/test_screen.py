"""What the cells of an unknown file show before any of them is given a meaning."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from accountability.records.onboard.screen import overlaps, plain, running, screen

FOLDER = ROOT / "tests" / "raw_files"


def table(path: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / path, dtype="str", keep_default_na=False, na_values=[""], index_col=False)


def text(values: list[str | None]) -> pd.DataFrame:
    return pd.DataFrame({"Complaint No": pd.Series(values, dtype="str")})


@pytest.mark.parametrize(
    ("path", "kind", "column"),
    [
        ("ids_scientific/a6.csv", "scientific", "Complaint No"),
        ("ids_with_blanks/a7.csv", "variants", "Complaint No"),
        ("month_on_28th/complaints.csv", "heaped", "Date Closed"),
        ("running_number_key/complaints.csv", "repeats", "ObjectId"),
        ("some_rows_day_first/d1.csv", "mixed_order", "Date Received"),
        ("total_row/a5.csv", "total", None),
    ],
)
def test_the_matter_of_a_file_is_found(path: str, kind: str, column: str | None) -> None:
    found = [matter for matter in screen(table(path)) if matter.kind == kind]
    assert found
    assert found[0].column == column
    assert found[0].rows


def test_a_tidy_file_shows_nothing() -> None:
    assert screen(table("person_column/complaints.csv")) == []


def test_one_cell_read_by_a_spreadsheet_is_enough() -> None:
    (matter,) = screen(text(["20190001", "2.02E+08", "20190003"]))
    assert (matter.kind, matter.rows) == ("scientific", (2,))


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=12))
def test_what_the_eye_does_not_see_makes_no_other_value(value: str) -> None:
    for spelt in (f" {value}", f"{value}\u00a0", f"\u200b{value}", f"{value}\ufeff"):
        assert plain(spelt) == plain(value)


def test_dates_on_one_day_are_found_in_a_stretch_of_years() -> None:
    spread = [f"2018-{m:02}-{d:02}" for m in range(1, 13) for d in (3, 11, 19, 27)]
    heaped = [f"2019-{m:02}-15" for m in range(1, 13) for _ in range(4)]
    (matter,) = screen(pd.DataFrame({"Closed": pd.Series(spread + heaped, dtype="str")}))
    assert matter.kind == "heaped"
    assert "day 15 of the month in 2019 to 2019" in matter.what


def test_repeated_headers_and_notes_are_no_records() -> None:
    rows = [
        ["1", "a", "x"],
        ["No", "Kind", "Place"],
        ["2", "b", "y"],
        ["3", "c", "z"],
        ["Source: the agency, 2021", None, None],
    ]
    found = screen(pd.DataFrame(rows, columns=["No", "Kind", "Place"], dtype="str"))
    assert [(matter.kind, matter.rows) for matter in found] == [("header", (2,)), ("note", (5,))]


def test_a_running_number_is_told_from_a_number() -> None:
    assert running(pd.Series(["7", "8", "9"]))
    assert not running(pd.Series(["7", "9", "10"]))
    assert not running(pd.Series(["7", None, "9"]))


@pytest.mark.parametrize(
    ("folder", "files"), [("overlapping_exports", ("i4a.csv", "i4b.csv")), ("two_releases", ("old.csv", "new.csv"))]
)
def test_files_that_hold_the_same_records_are_named(folder: str, files: tuple[str, str]) -> None:
    frames = {name: table(f"{folder}/{name}") for name in files}
    (matter,) = overlaps(frames, dict.fromkeys(files, ("Complaint No",)))
    assert all(name in matter.what for name in files)


def test_files_of_other_columns_do_not_overlap() -> None:
    frames = {"cases.csv": table("person_files/cases.csv"), "victims.csv": table("person_files/victims.csv")}
    assert overlaps(frames, {}) == []
