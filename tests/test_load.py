"""A source becomes three tables and a ledger; whatever is wrong with it is said, with place and count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tiny import ACCUSED, CODEBOOK, COMPLAINTS, write_source

import accountability
from accountability.errors import CodebookError, SourceError


@pytest.fixture(autouse=True)
def _own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCOUNTABILITY_KEY_FILE", str(tmp_path / "keys" / "pseudonym.key"))


def test_a_small_source_becomes_three_tables(tmp_path: Path) -> None:
    data = accountability.load(write_source(tmp_path / "small"))
    assert data.cases["case_id"].tolist() == ["007", "008"]  # leading zeros kept
    assert data.cases["jurisdiction"].tolist() == ["Nowhere", "Nowhere"]
    assert data.allegations["finding"].tolist() == ["sustained", "not_sustained"]
    assert data.allegations["raw_finding"].tolist() == ["SUS", "NOT"]
    assert data.allegations["imposed_penalty"].tolist()[0] == "suspension"
    assert data.allegations["imposed_days"].tolist()[0] == 10.0
    assert data.allegations["raw_imposed"].tolist()[0] == "10 Days"
    assert data.events["stage"].tolist() == ["received", "received", "closed"]  # a blank date is no step
    assert data.events["earliest"].tolist()[2] == pd.Timestamp("2020-01-31")
    assert "complainant" not in data.cases
    assert data.ledger.check()["unexplained"].tolist() == [0, 0]


def test_names_are_dropped_and_ids_replaced(tmp_path: Path) -> None:
    data = accountability.load(write_source(tmp_path / "small"))
    assert not data.allegations["officer_id"].isin(["o1", "o2"]).any()
    assert data.allegations["officer_id"].nunique() == 2
    again = accountability.load(tmp_path / "small")
    pd.testing.assert_series_equal(data.allegations["officer_id"], again.allegations["officer_id"])


def test_the_card_is_the_repr_and_html_from_data_is_inert(tmp_path: Path) -> None:
    data = accountability.load(write_source(tmp_path / "small", title="<script>alert(1)</script>"))
    assert "sampling rule" in repr(data)
    assert "observed until" in repr(data)
    assert "2020-12-31" in repr(data)
    assert "<script>" not in data._repr_html_()
    assert "&lt;script&gt;" in data._repr_html_()


def test_a_closing_before_the_complaint_is_set_aside_not_repaired(tmp_path: Path) -> None:
    data = accountability.load(write_source(tmp_path / "small", COMPLAINTS + "007,2020-02-01,2020-01-31,force,A\n"))
    closed = data.events[data.events["stage"] == "closed"].iloc[0]
    assert closed["set_aside"] == "closed before received"
    assert closed["raw_text"] == "2020-01-31"
    entry = data.ledger.entries.query("action == 'value set aside'").iloc[0]
    assert (entry["file"], entry["column"], entry["count"], entry["example_rows"]) == (
        "complaints.csv",
        "closed",
        1,
        "1",
    )


def test_text_in_a_date_column_is_set_aside_with_its_text(tmp_path: Path) -> None:
    rows = "".join(f"{i},2020-01-01,2020-03-01,x,A\n" for i in range(9)) + "007,2020-02-01,see memo,x,A\n"
    data = accountability.load(write_source(tmp_path / "small", COMPLAINTS + rows))
    odd = data.events[data.events["set_aside"].notna()]
    assert odd["raw_text"].tolist() == ["see memo"]
    entry = data.ledger.entries.query("action == 'value set aside'").iloc[0]
    assert entry["column"] == "closed"
    assert "see memo" in entry["reason"]
    assert entry["example_rows"] == "10"


def test_a_date_format_that_does_not_fit_stops_the_load(tmp_path: Path) -> None:
    folder = write_source(tmp_path / "small", COMPLAINTS + "007,01/02/2020,,x,A\n008,03/04/2020,,x,A\n")
    with pytest.raises(
        SourceError, match=r"complaints.csv, column 'received': 2 of 2 cells .*'01/02/2020' in data row 1"
    ):
        accountability.load(folder)


def test_a_date_after_the_last_day_covered_is_set_aside(tmp_path: Path) -> None:
    data = accountability.load(write_source(tmp_path / "small", COMPLAINTS + "007,2020-02-01,2021-05-01,x,A\n"))
    assert "after 2020-12-31" in data.events.query("stage == 'closed'")["set_aside"].iloc[0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"files.complaints.path": "absent.csv"}, r"absent.csv: the file that source.yaml declares is missing"),
        ({"files.complaints.sha256": "0" * 64}, r"expected sha256 0+, found"),
        ({"files.complaints.rows": 3}, r"complaints.csv: expected 3 data rows, found 2"),
        ({"files.complaints.columns.kind": ...}, r"1 not declared:[\s\S]*kind: \{ignore"),
        ({"files.complaints.columns.closd": {"to": "x"}}, r"missing 'closd'; the file has 'closed'"),
        ({"files.complaints.columns.kind": {"too": "x"}}, r"files.complaints.columns.kind.too: Extra inputs"),
        ({"card.unit": "officer"}, None),
        ({"card.unit": "offcer"}, r"'offcer' is not a unit .*did you mean 'officer'"),
        ({"card.sampling": {"rule": "complete"}}, r"card.sampling.open_cases: Field required"),
        ({"source": "other"}, r"source is 'other', the folder is named 'small'"),
    ],
)
def test_a_wrong_declaration_is_named(tmp_path: Path, changes: dict[str, Any], message: str | None) -> None:
    folder = write_source(tmp_path / "small", **changes)
    if message is None:
        assert accountability.load(folder).card.unit == "officer"
        return
    with pytest.raises(SourceError, match=message):
        accountability.load(folder)


@pytest.mark.parametrize(
    ("complaints", "message"),
    [
        ("", r"complaints.csv.*empty"),
        (COMPLAINTS, r"complaints.csv.*(no rows|header)"),
        (COMPLAINTS + "1,2020-01-01,,x\n", r"complaints.csv, line 2: expected 5 fields.*found 4"),
        (COMPLAINTS + ",2020-01-01,,x,A\n", r"key \['id'\] is blank in 1 row"),
        (COMPLAINTS + "7,2020-01-01,,x,A\n7,2020-01-02,,x,A\n", r"1 row\(s\) repeat one, first data row 2 \(7\)"),
        (COMPLAINTS + "7,2020-01-01,,x,A\n,,,,\n", r"1 row\(s\) are wholly blank, first data row 2"),
    ],
)
def test_a_bad_file_is_named(tmp_path: Path, complaints: str, message: str) -> None:
    folder = write_source(tmp_path / "small", complaints, **{"files.complaints.blank_rows": "error"})
    with pytest.raises(SourceError, match=message):
        accountability.load(folder)


def test_blank_and_repeated_rows_go_to_the_ledger_when_declared(tmp_path: Path) -> None:
    rows = "7,2020-01-01,,x,A\n7,2020-01-01,,x,A\n,,,,\n8,2020-01-01,,x,A\n8,2020-01-01,,y,A\n"
    changes = {
        "files.complaints.blank_rows": "drop",
        "files.complaints.repeats": [
            {"exact": "drop", "because": "printed twice"},
            {"by": ["id"], "because": "one row a kind"},
        ],
    }
    data = accountability.load(write_source(tmp_path / "small", COMPLAINTS + rows, ACCUSED + "7,o1,SUS,\n", **changes))
    balance = data.ledger.check().set_index("file")
    assert balance.loc["complaints.csv", ["raw", "coded", "accounted"]].tolist() == [5, 2, 3]
    dropped = data.ledger.entries.query("action in ('row dropped', 'row merged')")
    assert dropped["reason"].tolist() == ["wholly blank row", "printed twice", "one row a kind"]
    assert data.cases["source_row"].tolist() == [1, 4]


def test_an_unmapped_value_stops_with_its_count_and_lines_to_paste(tmp_path: Path) -> None:
    folder = write_source(tmp_path / "small", accused=ACCUSED + "007,o1,SUS,\n007,o2,IC/S,\n008,o3,IC/S,\n")
    with pytest.raises(
        CodebookError,
        match=r"accused.csv, column 'finding'[\s\S]*'IC/S' .*unmapped .* 2 rows, first at row 2[\s\S]*'IC/S':",
    ):
        accountability.load(folder)


def test_an_allegation_without_its_case_is_an_error(tmp_path: Path) -> None:
    folder = write_source(tmp_path / "small", accused=ACCUSED + "999,o1,SUS,\n")
    with pytest.raises(
        SourceError, match=r"1 allegation row\(s\) name a case .* first '999' in data row 1 of accused.csv"
    ):
        accountability.load(folder)


def test_an_unknown_source_names_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_source(tmp_path / "smalltown")
    monkeypatch.setenv("ACCOUNTABILITY_SOURCES", str(tmp_path))
    assert accountability.load("smalltown").name == "smalltown"
    with pytest.raises(SourceError, match="unknown source 'smaltown'; did you mean 'smalltown'"):
        accountability.load("smaltown")


def test_a_repeated_key_in_yaml_is_an_error_with_its_line(tmp_path: Path) -> None:
    folder = write_source(tmp_path / "small")
    path = folder / "codebook.yaml"
    path.write_text("a:\n  authority: x\n  authority: y\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"codebook.yaml, line 3: key 'authority' is given twice"):
        accountability.load(folder)


def test_a_value_yaml_would_turn_into_something_else_stays_text(tmp_path: Path) -> None:
    book = {**CODEBOOK, "finding": {**CODEBOOK["finding"], "values": {"SUS": "sustained", "NOT": "not_sustained"}}}
    folder = write_source(tmp_path / "small", accused=ACCUSED + "007,o1,NO,\n", codebook=book)
    text = (folder / "codebook.yaml").read_text(encoding="utf-8").replace("SUS: sustained", "NO: sustained")
    (folder / "codebook.yaml").write_text(text, encoding="utf-8")
    assert accountability.load(folder).allegations["finding"].tolist() == ["sustained"]


def test_the_data_hash_follows_the_files(tmp_path: Path) -> None:
    one = accountability.load(write_source(tmp_path / "a" / "small"))
    same = accountability.load(write_source(tmp_path / "b" / "small"))
    other = accountability.load(write_source(tmp_path / "c" / "small", COMPLAINTS + "007,2020-01-01,,x,A\n"))
    assert one.sha256 == same.sha256
    assert one.sha256 != other.sha256
