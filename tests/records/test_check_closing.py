"""Open must be earned: what a stop column leaves unsaid is asked, and what contradicts it is found."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import ROOT
from tiny import ACCUSED, COMPLAINTS, write_source

import accountability
from accountability.records.case_ends import closing_state
from accountability.records.codebook import Codebook
from accountability.records.contract import File
from accountability.records.onboard.check import check
from accountability.records.onboard.check_closing import check_closing

FOLDER = ROOT / "tests" / "raw_files"
UNTIL = dt.date(2021, 12, 31)


def declared(**column: Any) -> File:
    stop = {"stage": "closed", "date": "%m/%d/%Y", **column}
    columns = {"Complaint No": {"to": "case_id"}, "Date Closed": stop, "Status": {"to": "status"}}
    return File.model_validate({"path": "c.csv", "sha256": "0" * 64, "table": "allegations", "columns": columns})


def rows(closed: list[str | None], status: list[str] | None = None) -> pd.DataFrame:
    number = [f"C-{n}" for n in range(len(closed))]
    return pd.DataFrame(
        {"Complaint No": number, "Date Closed": closed, "Status": status or ["x"] * len(closed)}, dtype="str"
    )


@pytest.mark.parametrize(
    "text",
    [
        None,
        " ",
        "\u00a0",
        "N/A",
        "NULL",
        "Open",
        "Pending",
        "0",
        "01/01/1900",
        "12/31/2099",
        "02/30/2020",
    ],
)
def test_every_cell_without_a_day_is_asked_about(text: str | None) -> None:
    (point,) = check_closing(rows(["01/05/2020", text, text]), declared(), "c.csv", UNTIL)
    assert point.open
    assert point.count == 2
    assert "open, closed_on_unknown_day" in point.what or "closed_on_unknown_day, open" in point.what
    assert "no_day" in point.paste


def test_what_is_declared_is_not_asked_again() -> None:
    file = declared(no_day={"": "open", "N/A": "unknown"})
    assert check_closing(rows(["01/05/2020", " ", None, "N/A"]), file, "c.csv", UNTIL) == []


def test_a_status_that_contradicts_the_blank_is_named() -> None:
    raw = pd.read_csv(FOLDER / "status_contradicts_blank" / "complaints.csv", dtype="str", keep_default_na=False)
    raw = raw.mask(raw == "")
    said = [point.what for point in check_closing(raw, declared(no_day={"": "open"}), "complaints.csv", UNTIL)]
    assert any("Status contradicts it: 'Closed'" in what for what in said)
    told = declared(no_day={"": {"Status": {"Closed": "closed_on_unknown_day"}}})
    assert check_closing(raw, told, "complaints.csv", UNTIL) == []


def test_an_open_status_contradicts_a_closing() -> None:
    raw = rows(["01/05/2020", None, None, None], ["Closed", "Open", "open", " Open"])
    (point,) = check_closing(raw, declared(no_day={"": "closed_on_unknown_day"}), "c.csv", UNTIL)
    assert "'Open' in 3 of 3" in point.what


EARNED = ["", " ", "\u00a0", "N/A", "NULL", "Open", "Pending", "0", "01/01/1900", "12/31/2099", "??", "02/30/2020"]


@pytest.mark.parametrize("stage", ["closed", "findings", "assigned", "penalty_imposed", "appeal_decided"])
def test_every_stop_is_asked_value_by_value_with_its_count(stage: str) -> None:
    cells = [text for n, text in enumerate(EARNED, 1) for _ in range(n)] + ["01/05/2020"] * 5 + ["03/01/2022"] * 4
    raw = rows([text or None for text in cells])
    points = check_closing(raw, declared(stage=stage), "c.csv", UNTIL)
    assert sum(point.count or 0 for point in points) == sum(range(1, len(EARNED) + 1)) + 4
    assert len(points) == len(EARNED) - 2 + 1  # three of them are blank; one more lies after the last day covered
    assert {point.count for point in points} >= {6, 4, 5, 7, 8, 9, 10, 11, 12}
    paste = points[0].paste
    assert '"": DECIDE  # 6 cells' in paste
    assert "after_cutoff: DECIDE  # 4 cells" in paste
    told = dict.fromkeys([text.strip().strip("\u00a0") for text in EARNED], "unknown")
    assert check_closing(raw, declared(stage=stage, no_day={**told, "after_cutoff": "open"}), "c.csv", UNTIL) == []


def test_a_beginning_is_not_asked() -> None:
    assert check_closing(rows(["01/05/2020", None]), declared(stage="received"), "c.csv", UNTIL) == []


def test_a_coded_finding_contradicts_an_open_case_until_it_is_settled() -> None:
    book = Codebook.of(
        {"f": {"authority": "x", "gives": ["finding"], "values": {"S": "sustained", "P": "pending"}, "blank": None}}
    )
    file = declared(no_day={"": "open"})
    coded = File.model_validate(
        {**file.model_dump(), "columns": {**file.columns, "Status": {"to": "finding", "codebook": "f"}}}
    )
    raw = rows(["01/05/2020", *[None] * 6], ["S", "S", "S", "S", "P", "P", "P"])
    (point,) = check_closing(raw, coded, "c.csv", UNTIL, book)
    assert "'S' in 3 of 6" in point.what
    assert "settled" in point.paste
    settled = coded.model_copy(update={"settled": {"closed contradicted by Status": "found before it is closed"}})
    assert check_closing(raw, settled, "c.csv", UNTIL, book) == []


@pytest.mark.parametrize("status", ["Closed - no finding", "Case Closed", "COMPLETED ", "Closed/Final"])
def test_a_status_in_other_words_is_read(status: str) -> None:
    raw = rows(["01/05/2020", None, None, None], ["x", status, status, status])
    (point,) = check_closing(raw, declared(no_day={"": "open"}), "c.csv", UNTIL)
    assert "Status contradicts it" in point.what


@pytest.mark.parametrize("state", ["open", "closed_on_unknown_day", "unknown"])
def test_a_closing_after_the_last_day_covered_is_what_is_declared(state: str, tmp_path: Path) -> None:
    text = COMPLAINTS + "1,2020-01-01,2021-06-01,Force,A\n2,2020-01-01,2020-06-01,Force,A\n"
    changes = {"files.complaints.columns.closed.no_day": {"": "open", "after_cutoff": state}}
    data = accountability.load(write_source(tmp_path / "late", text, ACCUSED + "1,o1,SUS,\n", **changes))
    assert closing_state(data).tolist() == [state, "dated"]
    assert data.ledger.balance()["unexplained"].eq(0).all()


def test_a_finding_in_another_file_contradicts_an_open_case(tmp_path: Path) -> None:
    text = COMPLAINTS + "".join(f"{n},2020-01-01,,Force,A\n" for n in range(4)) + "9,2020-01-01,2020-06-01,Force,A\n"
    accused = ACCUSED + "".join(f"{n},o{n},SUS,none\n" for n in range(4))
    found = check(write_source(tmp_path / "two", text, accused))
    what = [point.what for point in found.unresolved if point.kind == "closing"]
    assert any("4 of 4 open cases have finding 'sustained'" in line for line in what)
    assert "1 dated, 0 closed on unknown day, 4 open, 0 unknown (5 in all)" in str(found)
    key = "files.complaints.settled"
    why = {"closed contradicted by finding": "why", "closed contradicted by imposed_penalty": "why"}
    again = check(write_source(tmp_path / "three", text, accused, **{key: why}))
    assert not [point for point in again.unresolved if point.kind == "closing"]


def test_a_source_without_a_stop_column_has_no_open_cases(tmp_path: Path) -> None:
    changes = {"files.complaints.columns.closed": {"ignore": "not a closing"}, "card.sampling.closing_date": False}
    found = check(write_source(tmp_path / "none", **changes))
    (point,) = [point for point in found.unresolved if point.kind == "closing"]
    assert "no column dates a closing, so that none of 2 cases" in point.what
    assert "rule: no_closing_date" in point.paste
    assert "0 open, 2 unknown (2 in all)" in str(found)


def test_a_closing_in_parts_is_asked_too() -> None:
    columns = {
        "No": {"to": "case_id"},
        "Y": {"stage": "closed", "date": "parts"},
        "M": {"month_of": "Y"},
        "D": {"day_of": "Y"},
    }
    file = File.model_validate({"path": "c.csv", "sha256": "0" * 64, "table": "cases", "columns": columns})
    raw = pd.DataFrame({"No": ["1", "2", "3"], "Y": ["2020", None, "0"], "M": ["1", None, "0"], "D": ["5", None, "0"]})
    points = check_closing(raw.astype("str"), file, "c.csv", UNTIL)
    assert sorted(point.count or 0 for point in points) == [1, 1]
