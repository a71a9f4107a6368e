"""Rows are prepared as declared, and every row that goes or comes is in the ledger from the raw file on."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tiny import write_source

import accountability
from accountability.errors import SourceError
from accountability.records.contract import File
from accountability.records.ledger import Log
from accountability.records.onboard.check import check
from accountability.records.rows import check_key, without_repeats


@pytest.fixture(autouse=True)
def _own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCOUNTABILITY_KEY_FILE", str(tmp_path / "keys" / "pseudonym.key"))
    monkeypatch.setenv("ACCOUNTABILITY_CACHE", str(tmp_path / "cache"))


COLUMNS = {
    "id": {"to": "case_id"},
    "received": {"stage": "received", "date": "%Y-%m-%d"},
    "closed": {"stage": "closed", "date": "%Y-%m-%d", "no_day": {"": "open"}},
}
HEAD = "id,received,closed,kind\n"


def loaded(
    tmp_path: Path,
    text: str,
    steps: list[dict[str, Any]],
    columns: dict[str, Any],
    beside: dict[str, str] | None = None,
) -> accountability.records.dataset.Dataset:
    folder = tmp_path / "small"
    folder.mkdir()
    hashes = {}
    for name, held in (beside or {}).items():
        (folder / name).write_text(held, encoding="utf-8")
        hashes[name] = hashlib.sha256(held.encode()).hexdigest()
    changes = {"prepare": steps, "beside": hashes, "columns": columns, "key": []}
    write_source(folder, text, "id,officer,finding,penalty\n1,o1,SUS,\n",
                 **{f"files.complaints.{key}": value for key, value in changes.items()})  # fmt: skip
    data = accountability.load(folder)
    assert data.ledger.check()["unexplained"].eq(0).all()
    assert not [p for p in check(folder).unresolved if p.kind in ("rows", "columns", "load", "ledger")]
    return data


def entry(data: accountability.records.dataset.Dataset, rule: str) -> dict[str, Any]:
    return data.ledger.entries.query("rule == @rule").iloc[0].to_dict()


def test_a_printed_report_becomes_rows(tmp_path: Path) -> None:
    text = HEAD + (
        "Precinct: North,,,\nid,received,closed,kind\n1,2020-01-01,2020-02-01,force\n,2020-01-02,2020-02-02,force\n"
        "Precinct: South,,,\nid,received,closed,kind\n3,2020-01-03,,force\nTotal,3,,\n"
    )
    steps = [
        {"drop_rows": {"in": "id", "matching": "id|Total", "because": "headers and totals"}},
        {"group_lines": {"in": "id", "matching": "Precinct: (.*)", "into": "precinct"}},
        {"row_number": "line"},
        {"constant": {"into": "town", "value": "Nowhere"}},
        {"join_columns": {"columns": ["precinct", "line"], "by": "/", "into": "case"}},
        {"fill_down": ["id"]},
    ]
    columns = {**COLUMNS, "id": {"ignore": "printed once a page"}, "case": {"to": "case_id"}, "town": {"to": "town"}}
    columns |= {name: {"ignore": "joined"} for name in ("precinct", "line", "kind")}
    folder = tmp_path / "small"
    with pytest.raises(SourceError, match="name a case that no file of cases holds"):
        loaded(tmp_path, text, steps, columns)
    write_source(
        folder, text, "id,officer,finding,penalty\nNorth/1,o1,SUS,\n",
        **{"files.complaints.prepare": steps, "files.complaints.columns": columns, "files.complaints.key": []},
    )  # fmt: skip
    data = accountability.load(folder)
    assert data.cases["case_id"].tolist() == ["North/1", "North/2", "South/3"]
    assert data.cases["source_row"].tolist() == [3, 4, 7], "rows keep the number they have in the raw file"
    assert data.ledger.check().query("file == 'complaints.csv'")["accounted"].tolist() == [5]
    dropped = entry(data, "prepare: drop_rows")
    assert (dropped["action"], dropped["count"], dropped["example_rows"]) == ("row dropped", 3, "2, 6, 8")
    assert "8 rows in, 5 rows out" in dropped["reason"]


@pytest.mark.parametrize(
    ("cells", "by", "into"),
    [("o1; o2", ";", "officer"), ('"[""o1"", ""o2""]"', "json", "officer"),
     ('"[{""no"": ""o1""}, {""no"": ""o2""}]"', "json", "officer.no")],
)  # fmt: skip
def test_list_cells_become_rows(cells: str, by: str, into: str, tmp_path: Path) -> None:
    accused = f"id,officer,finding,penalty\n007,{cells},SUS,\n008,o3,NOT,\n008,,NOT,\n".replace(
        "o3", "o3" if by == ";" else '"[""o3""]"' if into == "officer" else '"[{""no"": ""o3""}]"'
    )
    steps = [{"explode": {"columns": ["officer"], "by": by}}]
    columns = {"id": {"to": "case_id"}, into: {"to": "officer_id", "pseudonym": True}}
    columns |= {"finding": {"to": "finding", "codebook": "finding"}, "penalty": {"ignore": "blank"}}
    folder = write_source(
        tmp_path / "small", None, accused, **{"files.accused.prepare": steps, "files.accused.columns": columns}
    )
    data = accountability.load(folder)
    assert data.allegations["source_row"].tolist() == [1, 1, 2, 3]
    assert data.allegations["officer_id"].nunique() == 3
    made = entry(data, "prepare: explode")
    assert (made["action"], made["count"]) == ("row made", 1)
    assert data.ledger.balance().query("file == 'accused.csv'")[["raw", "coded", "accounted"]].values.tolist() == [
        [3, 4, -1]
    ]


def test_a_code_is_looked_up_and_a_file_appended(tmp_path: Path) -> None:
    steps = [
        {"append": ["more.csv"]},
        {"blank": {"texts": ["NA"]}},
        {"lookup": {"file": "kinds.csv", "column": "kind", "match": "code", "take": {"label": "kind_name"}}},
    ]
    columns = {**COLUMNS, "kind": {"ignore": "a code"}, "kind_name": {"to": "kind"}}
    beside = {"more.csv": HEAD + "2,2020-03-01,NA,B\n", "kinds.csv": "code,label\nA,force\nB,conduct\n"}
    data = loaded(tmp_path, HEAD + "1,2020-01-01,2020-02-01,A\n", steps, columns, beside)
    assert data.cases["kind"].tolist() == ["force", "conduct"]
    assert data.cases["source_row"].tolist() == [1, 2]
    assert data.ledger.balance()["raw"].tolist()[0] == 2
    assert "rows of more.csv" in entry(data, "append")["reason"]


def test_a_script_prepares_rows_and_is_named_with_its_hash(tmp_path: Path) -> None:
    script = "def prepare(frame):\n    return frame[frame['kind'] != 'note'].assign(kind='x')\n"
    text = HEAD + "1,2020-01-01,2020-02-01,A\n9,,,note\n2,2020-01-01,,B\n"
    data = loaded(tmp_path, text, [{"script": "tidy.py"}], {**COLUMNS, "kind": {"to": "kind"}}, {"tidy.py": script})
    assert data.cases["source_row"].tolist() == [1, 3]
    told = entry(data, "prepare: script")
    assert told["count"] == 1
    assert f"tidy.py, sha256 {hashlib.sha256(script.encode()).hexdigest()[:12]}" in told["reason"]
    assert "3 rows in, 2 rows out" in told["reason"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("import socket; socket.socket()", "not allowed"),
        ("open('/etc/motd', 'w')", "not allowed|PermissionError"),
        ("import subprocess; subprocess.run(['true'])", "not allowed"),
        ("import os; os.remove('/tmp/nothing')", "not allowed"),
        ("return frame['gone']", "KeyError"),
        ("return 5", "expected a DataFrame"),
        ("return frame.assign(received=1)", "cells stay text"),
        ("return frame.assign(source_row=99)", "changed `source_row`"),
    ],
)
def test_a_script_reaches_nothing_and_its_fault_is_told(body: str, said: str, tmp_path: Path) -> None:
    script = f"def prepare(frame):\n    {body}\n"
    with pytest.raises(SourceError, match=said) as caught:
        loaded(tmp_path, HEAD + "1,2020-01-01,2020-02-01,A\n", [{"script": "tidy.py"}],
               {**COLUMNS, "kind": {"to": "kind"}}, {"tidy.py": script})  # fmt: skip
    assert "complaints.csv, prepare, step 1 (script)" in str(caught.value)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"fill_down": ["kid"]}, "there is no column 'kid'"),
        ({"fill_down": ["kind"]}, "no cell is blank; take the step out"),
        ({"drop_rows": {"in": "id", "matching": "Total", "because": "-"}}, "no cell of 'id' fits 'Total'"),
        ({"explode": {"columns": ["kind"]}}, "no cell holds ';'"),
        ({"constant": {"into": "kind", "value": "x"}}, "there is a column 'kind' already"),
        ({"blank": {"texts": ["NA"]}}, "no cell is one of"),
        ({"group_lines": {"in": "kind", "matching": "(.*)!", "into": "g"}}, "no cell of 'kind' fits"),
        ({"script": "gone.py"}, "name it under `beside` with its sha256"),
        ({"fill_up": ["kind"]}, "fill_up"),
        ({"row_number": "a", "fill_down": ["kind"]}, "a step is one of"),
    ],
)
def test_a_step_that_cannot_be_done_says_why(step: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=said):
        loaded(tmp_path, HEAD + "1,2020-01-01,2020-02-01,A\n", [step], {**COLUMNS, "kind": {"to": "kind"}})


def test_a_changed_file_beside_is_refused_with_the_line_to_write(tmp_path: Path) -> None:
    steps = [{"append": ["more.csv"]}]
    more = HEAD + "2,2020-03-01,,B\n"
    loaded(
        tmp_path, HEAD + "1,2020-01-01,2020-02-01,A\n", steps, {**COLUMNS, "kind": {"to": "kind"}}, {"more.csv": more}
    )
    (tmp_path / "small" / "more.csv").write_text(more + "3,2020-03-01,,B\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"more.csv is not the file that was declared.*\n +more.csv: [0-9a-f]{64}"):
        accountability.load(tmp_path / "small")


def test_rows_of_another_file_are_dropped_after_prepare_too_and_an_absent_file_is_named() -> None:
    frame = pd.DataFrame({"a": ["1", "2"], "source_row": [1, 2]}, dtype="object")
    again = {"exact": "drop", "also_in": ["older"], "because": "an export that overlaps"}
    declared = File.model_validate(
        {"path": "x.csv", "sha256": "0" * 64, "table": "cases", "columns": {"a": {"to": "case_id"}}, "repeats": [again]}
    )
    with pytest.raises(SourceError, match=r"`also_in` drops rows that older holds too, and that file is not at hand"):
        without_repeats(frame, declared, Log("x.csv"))
    older = pd.DataFrame({"a": ["2"]}, dtype="object")
    assert without_repeats(frame, declared, Log("x.csv"), {"older": older})["a"].tolist() == ["1"]


def test_a_refusal_shows_no_cell_of_a_column_behind_a_pseudonym() -> None:
    frame = pd.DataFrame({"Officer": ["Grimbold", "Grimbold"], "source_row": [1, 2]})
    columns = {"Officer": {"to": "officer_id", "pseudonym": True}}
    declared = File.model_validate(
        {"path": "x.csv", "sha256": "0" * 64, "table": "officers", "columns": columns, "key": ["Officer"]}
    )
    with pytest.raises(SourceError, match=r"must be unique; 1 row\(s\) repeat one, first data row 2 \(###\)"):
        check_key(frame, declared, "x.csv")
