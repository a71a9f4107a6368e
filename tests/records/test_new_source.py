"""Files nobody has declared become a proposal: certain things guessed and marked, the rest left to a person."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import ROOT, examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from random_tables import WRITERS, tables

import accountability
from accountability import Cohort, delay
from accountability.errors import SourceError
from accountability.records.onboard.check import check
from accountability.records.onboard.propose import new_source
from accountability.records.onboard.proposed_text import scalar
from accountability.study import clocks

ANSWERS = {
    "title": "An invented city",
    "jurisdiction": "Nowhere",
    "agency": "An agency",
    "publisher": "this test",
    "obtained": "this test",
    "row_is": "one complaint",
    "observed_until": "2021-12-31",
    "rule": "complete",
    "open_cases": "included",
    "window": "all of them",
    "citation": "none",
    "authority": "this test",
}


@pytest.fixture(autouse=True, scope="module")
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACCOUNTABILITY_KEY_FILE", str(home / "pseudonym.key"))
        patch.setenv("ACCOUNTABILITY_CACHE", str(home / "cache"))
        yield


def complaints(layout: str = "%Y-%m-%d", rows: int = 120) -> pd.DataFrame:
    """Complaints of an invented city, as an agency would put them out."""
    draw = np.random.default_rng(5)
    received = [date(2020, 1, 1) + timedelta(days=int(day)) for day in draw.integers(0, 600, rows)]
    closed = [
        day + timedelta(days=int(wait)) for day, wait in zip(received, draw.exponential(150, rows) + 1, strict=True)
    ]
    shut = [day <= date(2021, 12, 31) for day in closed]
    findings = draw.choice(["Sustained", "NOT SUSTAINED", "Unfounded", "IC/S"], rows)
    return pd.DataFrame(
        {
            "Case No.": [f"{number:05}" for number in range(rows)],
            "Date Received": [day.strftime(layout) for day in received],
            "Date Closed": [day.strftime(layout) if yes else None for day, yes in zip(closed, shut, strict=True)],
            "Bezirk": draw.choice(["Nord", "Süd", "Mitte"], rows),
            "Disposition": [text if yes else None for text, yes in zip(findings, shut, strict=True)],
            "Officer Name": draw.choice([f"MÜLLER{x}, ANNA" for x in "ABCDEFGHIJKLMNOP"], rows),
            "Narrative": [
                f"On day {n} the complainant said something of a length that may well name a person"
                for n in range(rows)
            ],
        }
    ).astype("str")


def declared(folder: Path) -> dict[str, Any]:
    return yaml.safe_load((folder / "source.yaml").read_text(encoding="utf-8"))


def columns(folder: Path, file: str = "table") -> dict[str, Any]:
    return declared(folder)["files"][file]["columns"]


def answer(folder: Path, **more: str) -> None:
    """Replace each DECIDE as a person would in an editor."""
    for path in folder.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        for fact, said in {**ANSWERS, **more}.items():
            text = text.replace(f"{fact}: DECIDE", f"{fact}: {said}").replace("# CONFIRM:", "# CONFIRMED:")
        path.write_text(text, encoding="utf-8")


# ---- from a messy file to a curve ------------------------------------------------------------------------------


def test_a_semicolon_file_of_another_encoding_becomes_a_closing_curve(tmp_path: Path) -> None:
    began = time.perf_counter()
    table = complaints("%d.%m.%Y")
    text = table.to_csv(index=False, sep=";", lineterminator="\r\n")
    (tmp_path / "Beschwerden 2021.csv").write_bytes(text.encode("cp1252"))
    folder = new_source("mycity", [tmp_path / "Beschwerden 2021.csv"], into=tmp_path / "data")
    assert sorted(path.name for path in folder.iterdir()) == ["Beschwerden 2021.csv", "codebook.yaml", "source.yaml"]
    file = declared(folder)["files"]["beschwerden_2021"]
    assert file["format"] == {"type": "csv", "delimiter": ";", "encoding": "cp1252"}
    assert (file["rows"], file["key"], file["table"]) == (120, ["Case No."], "allegations")
    assert file["columns"] == {
        "Case No.": {"to": "case_id"},
        "Date Received": {"stage": "received", "date": "%d.%m.%Y", "of": "case"},
        "Date Closed": {"stage": "closed", "date": "%d.%m.%Y", "of": "case", "no_day": {"": "open"}},
        "Bezirk": {"to": "bezirk"},
        "Disposition": {"to": "finding", "codebook": "finding"},
        "Officer Name": {"drop": "name"},
        "Narrative": {"drop": "free_text"},
    }
    book = yaml.safe_load((folder / "codebook.yaml").read_text(encoding="utf-8"))["finding"]
    assert book["values"] == {
        "Sustained": "sustained",
        "NOT SUSTAINED": "not_sustained",
        "Unfounded": "unfounded",
        "IC/S": "DECIDE",
    }
    written = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.yaml"))
    assert "MÜLLER" not in written  # what may identify people is described, never shown
    assert "of a length" not in written
    unresolved = check(folder).unresolved
    assert {point.kind for point in unresolved} == {"decide", "confirm", "values"}
    assert sum(point.kind != "confirm" for point in unresolved) == len(ANSWERS) + 1
    asked = " ".join(point.what for point in unresolved if point.kind == "confirm")
    assert "as case number: 120 complaints in 120 rows" in asked
    assert "name no closing day" in asked
    with pytest.raises(SourceError, match=r"11 value\(s\) are still DECIDE: title, card.jurisdiction"):
        accountability.load(folder)
    answer(folder, **{"IC/S": "{finding: closed_without_finding, closing_reason: no_cooperation}"})
    assert check(folder).clean
    data = accountability.load(folder)
    assert data.cases["case_id"].tolist()[:2] == ["00000", "00001"]
    curve = delay.closing_curve(clocks.durations(Cohort.of(data)))
    assert "120" in curve.sentence()
    assert time.perf_counter() - began < 60  # the machine's part of the half hour


def test_a_workbook_with_a_title_above_its_header_and_a_sheet_of_officers(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    legend = book.active
    for row in (["Code", "Meaning"], ["S", "see the manual"]):
        legend.append(row)
    sheet = book.create_sheet("Allegations")
    for row in (["Records request 17"], [], ["Case #", "Received", "Employee ID", "Finding"]):
        sheet.append(row)
    for n in range(40):
        sheet.append([f"C{n // 2}", date(2020, 1 + n // 20, 3 + n // 4), f"e{n % 7}", "Sustained"])
    people = book.create_sheet("Officers")
    people.append(["Employee ID", "Race", "DOB", "Badge"])
    for n in range(7):
        people.append([f"e{n}", ["White", "Black"][n % 2], date(1980, 1, 1 + n), 100 + n])
    book.save(tmp_path / "answer.xlsx")
    folder = new_source("mycity", [tmp_path / "answer.xlsx"], into=tmp_path / "data")
    files = declared(folder)["files"]
    assert list(files) == ["allegations", "officers"]
    assert files["allegations"]["format"] == {"type": "xlsx", "sheet": "Allegations", "header_row": 3}
    assert files["allegations"]["columns"]["Received"] == {"stage": "received", "date": "%Y-%m-%d", "of": "case"}
    assert files["allegations"]["columns"]["Employee ID"] == {"to": "officer_id", "pseudonym": True}
    assert declared(folder)["card"]["unit"] == "officer_complaint"
    assert files["officers"]["table"] == "officers"
    assert files["officers"]["columns"]["DOB"] == {"drop": "birth_date"}
    assert files["officers"]["columns"]["Badge"] == {"drop": "shield"}
    assert "not declared: answer.xlsx, sheet 'Sheet'" in (folder / "source.yaml").read_text(encoding="utf-8")
    answer(folder)
    data = accountability.load(folder)  # two tables of one workbook, each with its own line in the ledger
    assert data.ledger.check()["file"].tolist() == ["answer.xlsx (allegations)", "answer.xlsx (officers)"]
    assert data.allegations["race"].tolist()[:7] == ["White", "Black"] * 3 + ["White"]


@pytest.mark.parametrize("kind", WRITERS)
def test_the_same_table_of_any_kind_gives_the_same_proposal(kind: str, tmp_path: Path) -> None:
    path = WRITERS[kind](complaints(rows=30), tmp_path)
    folder = new_source("mycity", [path], into=tmp_path / "data")
    found = {name.removeprefix("record."): role for name, role in columns(folder).items()}
    assert found["Case No."] == {"to": "case_id"}
    assert found["Date Closed"] == {"stage": "closed", "date": "%Y-%m-%d", "of": "case", "no_day": {"": "open"}}
    assert found["Officer Name"] == {"drop": "name"}
    answer(folder, **{"IC/S": "pending"})
    assert check(folder).clean, str(check(folder))
    assert accountability.load(folder).events["earliest"].min() == pd.Timestamp(
        complaints(rows=30)["Date Received"].min()
    )


def test_two_files_are_linked_by_their_case_numbers(tmp_path: Path) -> None:
    table = complaints(rows=40)
    table[["Case No.", "Date Received", "Date Closed"]].to_csv(tmp_path / "cases.csv", index=False)
    accused = table[["Case No.", "Disposition"]].loc[lambda t: t.index.repeat(2)]
    accused.to_csv(tmp_path / "accused.csv", index=False)
    folder = new_source("mycity", [tmp_path / "cases.csv", tmp_path / "accused.csv"], into=tmp_path / "data")
    files = declared(folder)["files"]
    assert {key: file["table"] for key, file in files.items()} == {"cases": "cases", "accused": "allegations"}
    assert files["cases"]["columns"]["Date Received"] == {"stage": "received", "date": "%Y-%m-%d"}
    repeats = files["accused"]["repeats"]
    assert repeats == [{"exact": "DECIDE", "because": "DECIDE"}]  # printed twice, or two officers: nobody can tell
    assert files["cases"]["columns"]["Date Closed"]["no_day"] == {"": "DECIDE"}  # the findings stand in another file
    text = (folder / "source.yaml").read_text(encoding="utf-8").replace('no_day: {"": DECIDE}', 'no_day: {"": open}')
    (folder / "source.yaml").write_text(text, encoding="utf-8")
    answer(folder, unit="officer_complaint", exact="keep", because="two officers", **{"IC/S": "pending"})
    assert check(folder).clean, str(check(folder))
    assert len(accountability.load(folder).allegations) == 80


def test_a_table_in_memory_goes_the_same_way(tmp_path: Path) -> None:
    table = complaints(rows=20).assign(
        **{
            "Date Received": pd.date_range("2020-01-01", periods=20, tz="UTC"),
            "Date Closed": [pd.NaT, *pd.date_range("2020-03-01", periods=19)],
            "Narrative": "two\nlines",
            "Age of Complainant": [30.0, np.nan, 17.0, 70.0] * 5,
        }
    )
    before = table.copy()
    folder = new_source("mycity", {"complaints": table}, into=tmp_path / "data")
    pd.testing.assert_frame_equal(table, before)
    found = columns(folder, "complaints")
    assert found["Date Received"] == {
        "stage": "received",
        "date": {"date": "%Y-%m-%d", "strip_time": True},
        "of": "case",
    }
    assert found["Date Closed"] == {"stage": "closed", "date": "%Y-%m-%d", "of": "case", "no_day": {"": "DECIDE"}}
    assert found["Age of Complainant"]["band"] == [18, 25, 35, 45, 55, 65]
    answer(folder, **{"IC/S": "pending", '{""': "open"})  # one blank beside a finding: only a person can tell
    data = accountability.load(folder)
    assert sorted(set(data.complainants["age"])) == ["25-34", "65 and over", "under 18"]


# ---- what is guessed, and what never ------------------------------------------------------------------------------


def proposal(tmp_path: Path, name: str = "Date Received", **columns_of: list[Any]) -> tuple[Any, str]:
    """The declaration proposed for one column beside a case number, and its comment."""
    cells = columns_of["cells"]
    frame = pd.DataFrame({"Case Number": [f"C{n}" for n in range(len(cells))], name: cells})
    folder = new_source("mycity", {"table": frame}, into=tmp_path / "data")
    line = next(
        x
        for x in (folder / "source.yaml").read_text(encoding="utf-8").splitlines()
        if x.startswith(f"      {scalar(name)}:")
    )
    return columns(folder)[name], line.partition("  # ")[2]


def test_day_and_month_that_could_be_either_are_never_guessed(tmp_path: Path) -> None:
    role, why = proposal(tmp_path, cells=["01/02/2020", "03/04/2020", "12/12/2020"])
    assert role == {"stage": "received", "date": "DECIDE"}
    assert why == "date: %m/%d/%Y or %d/%m/%Y, each fits 3 of 3 cells and gives other days; ask the agency"


def test_one_day_above_12_settles_it(tmp_path: Path) -> None:
    role, why = proposal(tmp_path, cells=["01/02/2020", "03/04/2020", "13/12/2020"])
    assert role["date"] == "%d/%m/%Y"
    assert why == "GUESS: %d/%m/%Y fits 3 of 3 cells, 2020-02-01 to 2020-12-13; 1 have a day above 12"


@pytest.mark.parametrize(
    ("cells", "date_declared"),
    [
        (["2020-01-31T00:00:00.000", "2020-02-01T10:30:00.000"], {"date": "%Y-%m-%d", "strip_time": True}),
        (["31.12.19", "01.02.20"], {"date": "%d.%m.%y", "two_digit_pivot": 1950}),
        (["Jan 5, 2020", "September 17, 2020"], "%b %d, %Y"),
        (["20200131", "20201231"], "%Y%m%d"),
        (["43861", "44196"], "excel"),
        (["2020-01", "2020-12"], "%Y-%m"),
        (["fall 2011", "late 2012", "2013-02-05"], "words"),
        (["02/03/04", "03/04/05"], "DECIDE"),
    ],
)
def test_dates_are_recognised_by_what_fits(cells: list[str], date_declared: Any, tmp_path: Path) -> None:
    assert proposal(tmp_path, cells=cells)[0]["date"] == date_declared


@pytest.mark.parametrize(
    ("name", "cells", "expected"),
    [
        ("Column 5", ["SMITH, JOHN", "DOE, JANE", "ROE, R."], {"drop": "name"}),
        ("Column 5", ["a@b.org", "c@d.com", "e@f.gov"], {"drop": "contact"}),
        ("Column 5", ["12 Main St", "7 Oak Avenue", "9 5th St. Apt 2"], {"drop": "address"}),
        ("Accused Officer", [f"Smith {n}" for n in range(9)], {"drop": "name"}),
        ("Star No", ["1", "2", "3"], {"drop": "shield"}),
        ("Unit Name", ["North", "South", "North"], {"to": "unit_name"}),
        ("Remarks", [f"he said {'so ' * n}" for n in range(6, 12)], {"drop": "free_text"}),
        ("Penalty", ["5 day suspension", "None", "Reprimand"], {"to": "imposed", "codebook": "penalty"}),
        ("Recommended Finding", ["Sustained", "Unfounded", "x"], {"to": "recommended_finding", "codebook": "finding"}),
        ("Empty", [None, None, None], {"ignore": "empty in every row"}),
        ("Constant", ["x", "x", "x"], {"ignore": "the same in every row"}),
        ("Code", [f"k{n}" for n in range(60)], "DECIDE"),
        ("Resolution Date", ["2020-01-01", "2020-02-01", "2020-02-03"], {"stage": "DECIDE", "date": "%Y-%m-%d"}),
        ("source_file", ["x", "y", "x"], {"to": "source_file_1"}),
        ("row_id", ["x", "y", "z"], {"ignore": "running number"}),
        ("of, : # {x}", ["x", "y", "x"], {"to": "of_x_number"}),
    ],
)
def test_columns_are_known_by_their_cells_and_by_declared_words(
    name: str, cells: list[Any], expected: Any, tmp_path: Path
) -> None:
    assert proposal(tmp_path, name, cells=cells)[0] == expected


def test_a_rule_for_days_is_proposed_with_the_texts_it_codes(tmp_path: Path) -> None:
    cells = ["5 day suspension", "10 Day Suspension", "Suspended 3 days", "written reprimand", "30 days", " "]
    proposal(tmp_path, "Discipline", cells=cells)
    book = yaml.safe_load((tmp_path / "data" / "mycity" / "codebook.yaml").read_text(encoding="utf-8"))["penalty"]
    assert book["values"] == {"written reprimand": "reprimand", "30 days": "DECIDE", " ": None}  # 30 days of what?
    assert [sorted(rule["examples"]) for rule in book["rules"]] == [
        ["10 Day Suspension", "5 day suspension"],
        ["Suspended 3 days"],
    ]
    answer(tmp_path / "data" / "mycity", **{'"30 days"': "not_recorded"})
    assert accountability.load(tmp_path / "data" / "mycity").allegations["imposed_days"].tolist()[:3] == [
        5.0,
        10.0,
        3.0,
    ]


def test_what_rows_need_said_is_said(tmp_path: Path) -> None:
    rows = "id,received,kind\n1,2020-01-01,a\n1,2020-01-01,a\n,2020-01-02,b\n,,\n2,2020-01-03,b\n"
    (tmp_path / "c.csv").write_text(rows, encoding="utf-8")
    folder = new_source("mycity", [tmp_path / "c.csv"], into=tmp_path / "data")
    file = declared(folder)["files"]["c"]
    assert file["blank_rows"] == "drop"
    assert file["unusable"] == [{"blank": ["id"], "because": "no number, so the row belongs to no case"}]
    assert file["repeats"] == [{"exact": "DECIDE", "because": "DECIDE"}]
    assert "key" not in file  # whether one holds depends on what the repeated rows are


def test_column_names_that_repeat_get_names_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("case id,name,name,,source_row\nA1,x,y,z,1\nA2,x,v,w,2\n", encoding="utf-8")
    folder = new_source("mycity", [tmp_path / "c.csv"], into=tmp_path / "data")
    assert list(columns(folder, "c")) == ["case id", "name", "name_2", "column_4", "source_row_2"]
    assert [p.kind for p in check(folder).unresolved if p.kind in ("columns", "files")] == []


# ---- nothing half done ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "files", "message"),
    [
        ("My City", ["c.csv"], "a source is named in lower-case letters"),
        ("../x", ["c.csv"], "a source is named in lower-case letters"),
        ("synthetic", ["c.csv"], "'synthetic' is a source already"),
        ("taken", ["c.csv"], "there is something already"),
        ("mycity", [], "give at least one file"),
        ("mycity", ["absent.csv"], "absent.csv: expected a file, found nothing"),
        ("mycity", ["."], "expected a file, found a folder"),
        ("mycity", ["c.csv", "other/c.csv"], "two files cannot both be 'c.csv'"),
        ("mycity", ["empty.csv"], "empty"),
        ("mycity", ["c.csv", "ragged.csv"], "ragged.csv, line 3: expected 2 fields"),
        ("mycity", ["cut.csv.gz"], "cut.csv.gz"),
        ("mycity", ["noise.bin"], "noise.bin"),
    ],
)
def test_a_refusal_leaves_nothing_behind(
    name: str, files: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for path in ("other", "data/taken"):
        (tmp_path / path).mkdir(parents=True)
    (tmp_path / "data/taken/notes.txt").write_text("mine", encoding="utf-8")
    for path in ("c.csv", "other/c.csv"):
        (tmp_path / path).write_text("id,received\n1,2020-01-01\n", encoding="utf-8")
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    (tmp_path / "ragged.csv").write_text("id,b\n1,2\n1,2,3\n", encoding="utf-8")
    (tmp_path / "cut.csv.gz").write_bytes(b"\x1f\x8b\x08\x00\x00")
    (tmp_path / "noise.bin").write_bytes(bytes(range(256)))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(SourceError, match=re.escape(message)):
        new_source(name, files)
    assert sorted(tmp_path.rglob("*")) == before


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(table=tables(), kind=st.sampled_from(sorted(WRITERS)))
def test_any_small_table_gives_a_proposal_or_a_refusal(
    table: pd.DataFrame, kind: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("random")
    path = WRITERS[kind](table, home)
    try:
        folder = new_source("mycity", [path], into=home / "data")
    except SourceError:
        assert list((home / "data").iterdir()) == []
        return
    checked = check(folder)
    assert not checked.clean
    wrong = [p.what for p in checked.unresolved if p.kind in ("declaration", "files", "columns")]
    assert all("needs a column `to: case_id`" in what for what in wrong), wrong


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_any_text_survives_being_written_as_yaml(text: str) -> None:
    if text == "DECIDE":  # the one word that is a mark and not a text
        return
    assert yaml.safe_load(scalar(text)) == text
    assert yaml.safe_load(scalar({text: [text, None, True]})) == {text: [text, None, True]}


# ---- the page that shows it ------------------------------------------------------------------------------------


def test_the_page_shows_what_the_check_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "how_to" / "your_file.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", page, re.M | re.S)
    make_file, shown = (next(code for language, code in blocks if language == kind) for kind in ("python", "text"))
    subprocess.run([sys.executable, "-c", make_file], cwd=tmp_path, check=True)
    monkeypatch.chdir(tmp_path)
    new_source("riverton", ["complaints.csv"])
    printed = str(check("riverton")).splitlines()
    assert [line for line in shown.splitlines() if line not in printed] == []
