"""Open must be earned: what a stop column leaves unsaid is asked, and what contradicts it is found."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest
from conftest import ROOT

from accountability.records.contract import File
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
