"""A case file of one's own: begun, every fault named at once, mended, and shown by the same notebook."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import nbformat
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from accountability import casefiles, publish
from accountability.casefiles.check_casefile import before_its_time, check, dated
from accountability.casefiles.person_words import capitalised
from accountability.casefiles.scaffold import new_case
from accountability.cli import app
from accountability.errors import SourceError
from accountability.publish.request import request
from accountability.publish.sweeps.sweep_inputs import inputs
from accountability.records.cache import sha256
from accountability.records.contract import read_source
from accountability.records.dates import DateSpec
from accountability.records.onboard.check import check as check_source
from accountability.records.places import notebooks_dir
from accountability.studies import registry

NAME = "river_case"
CASE = "RIVER-CASE"

# What a person would answer: file, then column, then the cell.
CELLS = {
    "cases.csv": {"agency": "Riverton Police", "matter": "An officer who left a post"},
    "reports.csv": {
        "outlet": "Riverton Courier",
        "published": "2020-03-02",
        "title_paraphrased": "An officer was away",
        "rests_on": "the court's file",
        "how_to_find": "the paper's archive",
        "paragraphs": "9",
    },
    "facts.csv": {
        "claim": "left_post",
        "paragraph": "3",
        "asserted_by": "report",
        "status": "reported",
        "subject": "officer 1",
        "category": "time_off_post",
        "what": "The officer was away for an hour.",
        "date": "early 2019",
    },
    "events.csv": {
        "stage": "opened",
        "date": "early 2019",
        "status": "reported",
        "asserted_by": "report",
        "paragraph": "3",
        "what": "An investigation was opened.",
    },
    "allegations.csv": {
        "category": "time_off_post",
        "what": "Away from the post.",
        "status": "alleged",
        "asserted_by": "report",
        "paragraph": "3",
    },
}
DECLARED = {
    "title: DECIDE": "title: An officer who left a post (invented)",
    "jurisdiction: DECIDE": "jurisdiction: Riverton",
    "agency: DECIDE": "agency: Riverton Police",
    "obtained: DECIDE": "obtained: invented for a test",
    "window: DECIDE": "window: one case, invented",
    "licence: DECIDE": "licence: none needed",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write(folder: Path, name: str, made: list[dict[str, str]]) -> None:
    with (folder / name).open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, list(made[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(made)


def declare(folder: Path) -> None:
    """Write the hashes the check gives into source.yaml."""
    text = (folder / "source.yaml").read_text(encoding="utf-8")
    for path, old in re.findall(r"path: (\S+)\n    sha256: (\w+)", text):
        text = text.replace(old, sha256(folder / path))
    (folder / "source.yaml").write_text(text, encoding="utf-8")


def begun() -> Path:
    return new_case(NAME)


def finished() -> Path:
    """A case file with every DECIDE answered and a second step, in order."""
    folder = begun()
    for name, answers in CELLS.items():
        (row,) = rows(folder, name)
        made = [{column: answers.get(column, cell) for column, cell in row.items()}]
        if name == "events.csv":
            made.append(
                {**made[0], "event_id": "E02", "stage": "penalty_imposed", "date": "2020-01", "status": "decided"}
            )
        write(folder, name, made)
    text = (folder / "source.yaml").read_text(encoding="utf-8")
    for decide, answer in DECLARED.items():
        text = text.replace(decide, answer)
    (folder / "source.yaml").write_text(text, encoding="utf-8")
    declare(folder)
    return folder


@pytest.fixture
def clean(home: Path) -> Path:
    folder = finished()
    found = check(folder)
    assert found.clean, str(found)
    return folder


def test_a_case_file_just_begun_lists_every_cell_to_decide(home: Path) -> None:
    folder = begun()
    found = check(NAME)
    marks = sum(cell == "DECIDE" for name in CELLS for row in rows(folder, name) for cell in row.values())
    marks += (folder / "source.yaml").read_text(encoding="utf-8").count(": DECIDE")
    assert len(found.unresolved) == marks > 30
    assert {point.kind for point in found.unresolved} == {"decide"}


def test_the_commands_begin_check_and_leave_with_one_until_clean(home: Path) -> None:
    run = CliRunner().invoke
    made = run(app, ["new-case", NAME])
    assert made.exit_code == 0
    assert "facts.csv" in made.output
    checked = run(app, ["check", NAME])
    assert checked.exit_code == 1
    assert "To decide" in checked.output
    assert run(app, ["check", "news_cases"]).exit_code == 0
    assert run(app, ["check", "synthetic"]).exit_code == 0


@pytest.mark.parametrize("name", ["News", "news_cases", "a b", ""])
def test_a_name_that_is_taken_or_no_folders_is_refused(home: Path, name: str) -> None:
    with pytest.raises(SourceError):
        new_case(name)
    assert not (home / "data" / name).is_dir() or not any((home / "data").iterdir())


def test_a_folder_that_is_there_is_left_as_it_is(home: Path) -> None:
    folder = begun()
    (folder / "facts.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(SourceError, match="Nothing was written"):
        begun()
    assert (folder / "facts.csv").read_text(encoding="utf-8") == "mine"


def test_the_finished_case_of_the_package_is_clean() -> None:
    assert check("news_cases").clean
    assert check_source("news_cases").clean
    with pytest.raises(SourceError, match="expected case files"):
        check("synthetic")


def test_a_finished_case_file_loads_and_tells_its_delay(clean: Path) -> None:
    case = casefiles.read(NAME)
    assert case.names == (CASE,)
    delay = casefiles.delay_bounds(case)
    assert (delay.days_lower, delay.days_upper) == ((pd.Timestamp("2020-01-01") - pd.Timestamp("2019-04-30")).days, 395)
    assert casefiles.timeline(case).sentence().startswith(f"{CASE}: 2 steps")


def change(name: str, **cells: str) -> Callable[[Path], None]:
    """Write cells into the last row of a table."""

    def made(folder: Path) -> None:
        table = rows(folder, name)
        table[-1] |= cells
        write(folder, name, table)

    return made


FAULTS = {
    "an unknown report": (change("facts.csv", report="r007"), "citations", "its report is not in reports.csv"),
    "a paragraph beyond the text": (
        change("facts.csv", paragraph="10"),
        "citations",
        "a paragraph its report does not",
    ),
    "a paragraph that is no number": (change("facts.csv", paragraph="iii"), "citations", "no whole number"),
    "nobody who asserts it": (change("events.csv", asserted_by=""), "citations", "who asserts it"),
    "a step that rests on no fact": (change("events.csv", paragraph="4"), "citations", "rests on no fact"),
    "an unknown status": (change("facts.csv", status="proven"), "statuses", "no such status"),
    "an unknown stage": (change("events.csv", stage="punished"), "statuses", "no such stage"),
    "a finding of what is only alleged": (
        change("allegations.csv", finding="disciplined for it"),
        "statuses",
        "leave the finding blank",
    ),
    "a final decision under appeal": (
        change("allegations.csv", status="appealed", final="yes"),
        "statuses",
        "cannot be final",
    ),
    "a word for final": (
        change("allegations.csv", final="perhaps"),
        "statuses",
        "no such final: expected one of yes, no, unknown",
    ),
    "an unknown step awaited": (change("cases.csv", awaiting="verdict"), "statuses", "awaits no stage"),
    "a step that is not dated by a date": (change("events.csv", date="soon"), "dates", "is no date"),
    "a step after the report of it": (change("events.csv", date="2020-04"), "dates", "lies after the report"),
    "a penalty before the investigation": (change("events.csv", date="2018"), "order", "before opened for certain"),
    "a reading of no conflict": (change("events.csv", reading="when=late"), "conflicts", "its reading is not in"),
    "a reading that is none": (change("events.csv", reading="late"), "conflicts", "expected conflict=reading"),
    "an officer by name": (change("allegations.csv", officer_id=f"{CASE}/J. Doe"), "names", "expected CASE/role"),
    "a name in a text": (change("facts.csv", what="It was Officer Marlowe who left."), "names", "Officer, Marlowe"),
    "a case that is none": (change("facts.csv", case_id="OTHER"), "keys", "case_id is not in cases.csv"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named(clean: Path, fault: str) -> None:
    spoil, kind, said = FAULTS[fault]
    spoil(clean)
    declare(clean)
    found = [point for point in check(NAME).unresolved if point.kind == kind]
    assert any(said in point.what for point in found), str(check(NAME))


def test_all_faults_are_named_at_once_and_a_changed_file_gives_its_hash(clean: Path) -> None:
    for fault in ("a paragraph beyond the text", "an unknown stage", "an officer by name", "a word for final"):
        FAULTS[fault][0](clean)
    found = check(NAME)
    assert {"citations", "statuses", "names", "files"} <= {point.kind for point in found.unresolved}
    pasted = "".join(point.paste for point in found.unresolved)
    changed = [name for name in ("cases.csv", "events.csv", "allegations.csv") if sha256(clean / name) in pasted]
    assert changed == ["events.csv", "allegations.csv"]


@pytest.mark.parametrize("hash_of_cases", ["DECIDE", '""', "the hash of the accusations"])
def test_a_hash_that_is_wrong_is_one_point_and_hides_no_other(home: Path, hash_of_cases: str) -> None:
    path = begun() / "source.yaml"
    before = {(point.where, point.what) for point in check(NAME).unresolved}
    text = path.read_text(encoding="utf-8")
    cases, accusations = re.findall(r"sha256: (\w+)", text)[:2]
    wrong = accusations if hash_of_cases.startswith("the") else hash_of_cases
    path.write_text(text.replace(cases, wrong), encoding="utf-8")
    after = {(point.where, point.what) for point in check(NAME).unresolved}
    assert after >= before
    assert {where for where, _ in after - before} <= {"cases.csv", f"source.yaml, line {line_of(text, cases)}"}


def line_of(text: str, part: str) -> int:
    return 1 + text[: text.index(part)].count("\n")


def test_a_table_that_cannot_be_read_is_a_point_and_not_a_stop(clean: Path) -> None:
    (clean / "reports.csv").write_text("report,outlet\nr000,Courier,too many\n", encoding="utf-8")
    (clean / "conflicts.yaml").write_text("conflicts: [1]\n", encoding="utf-8")
    kinds = [point.kind for point in check(NAME).unresolved]
    assert "files" in kinds
    assert "declaration" in kinds


@pytest.mark.parametrize("text", ["source: [\n", "- a list\n", "\xff"])
def test_a_declaration_that_cannot_be_read_is_a_point_and_not_a_stop(clean: Path, text: str) -> None:
    (clean / "source.yaml").write_text(text, encoding="latin-1")
    FAULTS["a paragraph beyond the text"][0](clean)
    found = check(NAME).unresolved
    assert {"citations", "declaration"} <= {point.kind for point in found}
    assert [point.where for point in found if point.kind == "declaration"] == ["source.yaml"]


ENTRY = {
    "case_ids": [CASE],
    "kind": "disagreement",
    "question": "When?",
    "default": "early",
    "because": "It is narrower.",
    "readings": {
        "early": {"says": "Early.", "facts": ["F001"], "changes": "Shorter."},
        "late": {"says": "Late.", "facts": ["F002"], "changes": "Longer."},
    },
}


@pytest.mark.parametrize(
    ("change_", "said"),
    [
        ({}, "cited by 'when', and no such fact"),
        ({"case_ids": ["OTHER"]}, "is of no such case"),
        ({"default": "never"}, "none of its readings"),
        ({"question": "DECIDE"}, "still says DECIDE"),
        (
            {"readings": {r: {"says": "x", "facts": ["F001"], "changes": "y"} for r in ("early", "late")}},
            "that is an ambiguity",
        ),
    ],
)
def test_a_conflict_is_checked(clean: Path, change_: dict, said: str) -> None:
    text = yaml.safe_dump({"conflicts": {"when": {**ENTRY, **change_}}})
    (clean / "conflicts.yaml").write_text(text, encoding="utf-8")
    assert any(said in point.what for point in check(NAME).unresolved)


def test_dates_are_checked_as_the_source_declares_them(clean: Path) -> None:
    declared = (clean / "source.yaml").read_text(encoding="utf-8")
    assert declared.count("date: words}") == 1
    declared = declared.replace("date: words}", "date: {format: '%d/%m/%Y'}}")
    (clean / "source.yaml").write_text(declared, encoding="utf-8")
    for name, days in (("facts.csv", ["01/02/2019"]), ("events.csv", ["01/02/2019", "31/01/2020"])):
        made = rows(clean, name)
        for row, day in zip(made, days, strict=True):
            row["date"] = day
        write(clean, name, made)
    declare(clean)
    days = casefiles.delay_bounds(casefiles.read(NAME)).days_lower
    assert days == (pd.Timestamp("2020-01-31") - pd.Timestamp("2019-02-01")).days
    assert check(NAME).clean, str(check(NAME))
    assert "is no date" not in str(check(NAME))


def test_a_second_coding_must_code_the_same_facts(clean: Path) -> None:
    (clean / "second_coding.csv").write_text("fact_id,status,category\nF009,found,x\n", encoding="utf-8")
    said = [point.what for point in check(NAME).unresolved]
    assert any("no such fact" in what for what in said)
    assert any("first coder only" in what for what in said)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The sergeant went to a shop.", []),
        ("Nobody saw Marlowe.", ["Marlowe"]),
        ("It was late. Marlowe left.", []),  # a name that begins a sentence is not seen, and the docstring says so
        ("Seen by the NBC in September.", []),
        ("An officer's car, Riverton's own.", []),
    ],
)
def test_capitals_inside_a_sentence_are_asked_about(text: str, found: list[str]) -> None:
    assert capitalised(text, frozenset({"september", "riverton"})) == found


def test_an_order_is_broken_only_under_readings_that_go_together() -> None:
    columns = ["event_id", "case_id", "officer_id", "stage", "date", "reading"]
    made = [
        ("E1", "A", "", "opened", "2012", "when=late"),
        ("E2", "A", "", "opened", "2010", "when=early"),
        ("E3", "A", "", "closed", "2011", ""),
        ("E4", "A", "", "closed", "2011", "when=late"),
        ("E5", "B", "B/officer-1", "penalty_imposed", "2012", ""),
        ("E6", "B", "B/officer-2", "appeal_filed", "2011", ""),
        ("E7", "B", "B/officer-1", "appeal_filed", "2011", ""),
    ]
    rows = dated(pd.DataFrame(made, columns=columns, dtype="str"), "date", DateSpec.of("words")).to_dict("records")
    faults = before_its_time(rows)
    found: dict[str, list[str]] = {}
    for row in rows:
        for what, after in faults(row):
            found.setdefault(what, []).append(f"{row['event_id']}, {after}")
    assert set(found) == {"closed before opened for certain", "appeal_filed before penalty_imposed for certain"}
    assert [text[:2] for text in found["closed before opened for certain"]] == ["E4"]
    assert [text[:2] for text in found["appeal_filed before penalty_imposed for certain"]] == ["E7"]


def test_the_same_notebook_shows_a_case_of_ones_own(clean: Path) -> None:
    page = publish.run("case_file", NAME, {"group": "report"})
    assert page.is_file()
    kept = {path.stem for path in (page.parent / "tables").glob("*.csv")}
    assert {"facts", "conflicts", "delay", "verdict", "penalties", "place"} <= kept
    facts = pd.read_csv(page.parent / "tables" / "facts.csv")
    assert facts["cite"].tolist() == ["r000, par. 3"]
    text = page.read_text(encoding="utf-8")
    assert "Riverton Courier" in text
    assert nbformat.read(page.parent / "case_file.ipynb", 4).cells


def test_a_report_is_made_again_when_the_case_file_or_the_reference_changes(clean: Path) -> None:
    def stated() -> object:
        wanted = request("case_file", NAME, {})
        return inputs(wanted, notebooks_dir() / wanted.study.notebook)

    before = stated()
    assert stated() == before
    (clean / "conflicts.yaml").write_text("conflicts: {}\n", encoding="utf-8")
    assert stated() != before


def test_a_named_case_study_applies_where_its_case_is_and_case_file_to_every_case_file(clean: Path) -> None:
    source = read_source(clean)
    reasons = {
        name: study.why_not(source, study.parameters.model_validate({"source": NAME}))
        for name, study in registry.STUDIES.items()
        if study.of_a_case
    }
    assert reasons["case_file"] is None
    assert reasons["case_pinecrest"] == f"it holds no case 'PINECREST' (its cases: {CASE})"
    assert "no case 'MDPD-2010'" in str(reasons["case_miami_dade_2010"])
