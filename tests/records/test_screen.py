"""What the cells of an unknown file show before any of them is given a meaning."""

from __future__ import annotations

import pandas as pd
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from accountability.records.onboard.screen import plain, screen
from accountability.records.onboard.screen_rows import overlaps, running

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
    assert "from 2019-01 to 2019-12 fall on day 15 of the month" in matter.what


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


def _one(kind: str, cells: list[str], name: str = "Date Received") -> str:
    found = [m for m in screen(pd.DataFrame({name: pd.Series(cells, dtype="str")})) if m.kind == kind]
    assert len(found) == 1, f"expected one {kind}, found {found}"
    assert found[0].settle or found[0].lie, "a matter says what settles it"
    return found[0].what


PLAIN_DAYS = [f"2019-{1 + i % 12:02}-{1 + (7 * i) % 28:02}" for i in range(60)]


@pytest.mark.parametrize(
    ("kind", "cells", "said"),
    [
        ("mixed_order", ["05/14/2020"] * 30 + ["14/05/2020"], "1 cells can only be day first"),
        ("mixed_order", ["2020-05-04"] * 30 + ["14/05/2020", "23/05/2020"], "a spreadsheet has probably read"),
        ("mixed_order", ["2020-05-04"] * 30 + ["2020-14-05"], "hold the day before the month after the year"),
        ("mixed_order", ["03/04/2020", "05/06/2020", "04.03.2020"], "no cell tells the order"),
        ("offsets", ["2020-05-04T00:30:00Z", "2020-05-05T00:00:00Z"], "1 cells have a time in UTC"),
        ("offsets", ["2020-05-04 03:00:00+00"] * 5, "5 of them lie before 08:00"),
        ("offsets", ["2020-05-04T10:00:00-05:00", "2020-05-04T10:00:00Z"], "2 distances from UTC"),
        ("offsets", ["2020-05-04T10:00:00-05:00", "2020-05-04T10:00:00"], "2 distances from UTC"),
        ("offsets", ["1588554061000", "1588640462000", "1588726800123"], "have a time in UTC"),
        ("heaped", [f"{2000 + i % 9}-01-01" for i in range(40)], "the year is known"),
        ("heaped", [f"2019-{m:02}-{28 if m == 2 else 30}" for m in range(1, 13)] * 3, "day 30 of the month"),
        ("heaped", PLAIN_DAYS + [f"2020-{m:02}-15" for m in range(3, 8) for _ in range(9)], "from 2020-03 to 2020-07"),
        ("heaped", [str(d.date()) for d in pd.date_range("2019-01-01", periods=30, freq="ME")], "day last"),
        ("encoding", ["JosÃ© Street", "Plain Street"], "1 cells are UTF-8 read in another encoding"),
        ("encoding", ["Caf\ufffd", "Plain"], "no encoding of the file explains"),
        ("zeros", ["00123", "123", "00456"], "with and without leading zeros"),
        ("zeros", ["00123", "04567", "9876", "12345"], "shorter than the 5 digits"),
        ("scientific", ["2.02E+08", "202000002"], "in scientific notation"),
        ("rounded", ["1234567890123450000", "12"], "more than 15 digits"),
        ("dated_numbers", ["11-0234", "11-0235", "Nov-12"], "has read a number as a date"),
        ("variants", ["District А", "District A"], "2 spellings of 1 values"),
        ("variants", ["2020–14", "2020-14"], "2 spellings of 1 values"),
        ("lists", ["1001;1044", "1002", "1044;1003", "1003", "1001"], "2 cells hold several values parted by ';'"),
        ("lists", ["A12|B13|C14", "B13|C14", "A12|C14"], "3 different texts are 3 values"),
        ("lists", ["1001, 1044", "1044, 1003", "1003, 1001"], "3 cells hold several values parted by ','"),
        ("lists", ["Force, Search", "Force", "Search", "Search, Neglect", "Neglect"], "5 different texts are 3 values"),
        ("lists", ["Force & Search", "Force", "Search & Force", "Search"], "parted by '&'"),
    ],
)  # fmt: skip
def test_what_a_column_shows_is_a_line_to_decide(kind: str, cells: list[str], said: str) -> None:
    assert said in _one(kind, cells)


@pytest.mark.parametrize(
    "cells",
    [
        PLAIN_DAYS,
        ["2020-05-04T00:00:00Z"] * 30,
        ["2020-05-04T10:00:00-05:00", "2020-05-05T11:00:00-05:00"],
        ["05/14/2020", "03/04/2020", "12/31/2020"],
        ["1", "12", "123"],
        ["1,001", "2,044", "1,002,003", "12"],
        ["Smith, Ann", "Jones, Bob", "Smith, Bob"],
        ["Neglect of Duty, Other", "Neglect of Duty", "Conduct, Unbecoming"],
        ["03/2019", "04/2019", "05/2019"],
        ["Black/African American", "White", "Hispanic/Latino"],
        ["Straße", "José", "Ωmega"],
        ["Март", "Марк"],
    ],
)
def test_what_is_in_order_is_not_asked_about(cells: list[str]) -> None:
    assert screen(pd.DataFrame({"Date Received": pd.Series(cells, dtype="str")})) == []


def test_a_second_line_of_headings_is_no_record() -> None:
    rows = [["Number", "Day"], *[[f"C-{i}", f"2019-01-{i:02}"] for i in range(1, 21)]]
    (matter,) = [
        m for m in screen(pd.DataFrame(rows, columns=["Complaint", "Received"]).astype("str")) if m.column is None
    ]
    assert (matter.kind, matter.rows) == ("second_header", (1,))
    assert "header_row" in matter.settle
    assert not [m for m in screen(pd.DataFrame(rows[1:], columns=rows[0]).astype("str")) if m.kind == "second_header"]


@pytest.mark.parametrize("last", ["Grand Total", "Page 2 of 9", "2019 subtotal", "n = 40", "* preliminary", "-----"])
def test_lines_of_a_report_are_no_records(last: str) -> None:
    frame = pd.DataFrame({"No": ["a1", "a2", "a3", last], "On": ["x", "y", "z", None], "By": ["p", "q", "r", None]})
    (matter,) = screen(frame.astype("str"))
    assert (matter.kind in ("total", "note"), matter.rows) == (True, (4,))


def test_repeats_behind_a_number_drawn_for_each_row_are_found() -> None:
    rows = [[f"x{17 * i % 101}", f"case {i}", "2020-01-01", f"beat {i % 7}"] for i in range(60)]
    frame = pd.DataFrame([*rows, *([f"y{i}", *rows[i][1:]] for i in range(5))], columns=["Key", "Case", "On", "Beat"])
    (matter,) = screen(frame.astype("str"))
    assert (matter.kind, matter.column, matter.what[:1]) == ("repeats", "Key", "5")


def test_files_of_one_layout_are_compared_whatever_the_order_of_their_columns() -> None:
    one = pd.DataFrame({"Row": ["1", "2", "3"], "Case": ["a", "b", "c"], "On": ["x", "y", "z"]}, dtype="str")
    other = pd.DataFrame({"case ": ["c", "d", "b"], "on": ["z", "w", "y"], "row": ["1", "2", "3"]}, dtype="str")
    (matter,) = overlaps({"a.csv": one, "b.csv": other}, {"a.csv": ["Case"]})
    assert "2 rows are in both files" in matter.what


def test_no_text_of_a_person_column_is_shown() -> None:
    frame = pd.DataFrame({"Badge": ["00123", "00456", "2.02E+08"], "Ward": ["1", "2", "3"]}, dtype="str")
    (matter,) = screen(frame, {"Badge"})
    assert "2.02E+08" not in matter.what
    assert "###" in matter.what
