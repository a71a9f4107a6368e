"""A source becomes three tables and a ledger; whatever is wrong with it is said, with place and count."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tiny import ACCUSED, CODEBOOK, COMPLAINTS, write_source

import accountability
from accountability.errors import CodebookError, ParameterError, Refusal, SourceError


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
        "files.complaints.columns.kind": {"to": "kind", "varies": "first"},
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


# ---- what a release can be like ------------------------------------------------------------------------------


def test_ids_that_differ_by_a_blank_are_one_id(tmp_path: Path) -> None:
    folder = write_source(
        tmp_path / "small",
        accused=ACCUSED + "007 ,o1,SUS,\n007,o2,NOT,\n",
        **{"files.accused.columns.id.normalise": ["strip"]},
    )
    data = accountability.load(folder)
    assert data.allegations["case_id"].tolist() == ["007", "007"]
    entry = data.ledger.entries.query("action == 'value changed'").iloc[0]
    assert (entry["file"], entry["column"], entry["count"], entry["example_rows"]) == ("accused.csv", "id", 1, "1")


def test_a_row_of_nothing_but_blanks_is_blank(tmp_path: Path) -> None:
    rows = COMPLAINTS + "7,2020-01-01,,x,A\n,,,  ,\n"
    folder = write_source(tmp_path / "small", rows, ACCUSED + "7,o,SUS,\n", **{"files.complaints.blank_rows": "drop"})
    data = accountability.load(folder)
    assert data.ledger.check()["accounted"].tolist() == [1, 0]
    with pytest.raises(SourceError, match=r"1 row\(s\) are wholly blank, first data row 2"):
        accountability.load(write_source(tmp_path / "other", rows))


def test_a_row_without_what_makes_a_record_is_left_out_with_the_reason(tmp_path: Path) -> None:
    unusable = [{"blank": ["id"], "because": "no number was given"}]
    rows = COMPLAINTS + "7,2020-01-01,,x,A\n,2020-01-02,,x,B\n"
    folder = write_source(tmp_path / "small", rows, ACCUSED + "7,o,SUS,\n", **{"files.complaints.unusable": unusable})
    data = accountability.load(folder)
    assert data.cases["case_id"].tolist() == ["7"]
    entry = data.ledger.entries.query("action == 'row dropped'").iloc[0]
    assert (entry["rule"], entry["reason"], entry["count"]) == ("no id", "no number was given", 1)


def test_a_rule_about_a_column_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    unusable = [{"blank": ["number"], "because": "x"}]
    with pytest.raises(SourceError, match=r"`unusable` names the column 'number'"):
        accountability.load(write_source(tmp_path / "small", **{"files.complaints.unusable": unusable}))


def test_rows_alike_that_may_be_two_records_are_kept_and_marked(tmp_path: Path) -> None:
    repeats = [{"exact": "keep", "because": "two counts of one charge look the same"}]
    folder = write_source(
        tmp_path / "small",
        accused=ACCUSED + "007,o1,SUS,\n007,o1,SUS,\n007,o2,NOT,\n",
        **{"files.accused.repeats": repeats},
    )
    data = accountability.load(folder)
    assert data.allegations["repeats_a_row"].tolist() == [False, True, False]
    assert data.ledger.check()["accounted"].tolist() == [0, 0]
    assert data.ledger.entries.query("action == 'row kept'")["count"].tolist() == [1]


def test_an_unknown_id_repeats_no_other(tmp_path: Path) -> None:
    repeats = [{"by": ["id", "officer"], "because": "one row a complainant"}]
    folder = write_source(
        tmp_path / "small",
        accused=ACCUSED + "007,,SUS,\n007,,NOT,\n007,o2,NOT,\n007,o2,NOT,\n",
        **{"files.accused.repeats": repeats},
    )
    assert len(accountability.load(folder).allegations) == 3


def test_complainants_within_another_file_are_kept_before_its_rows_are_merged(tmp_path: Path) -> None:
    changes = {
        "files.complaints.columns.kind": {"to": "race", "of": "complainant"},
        "files.complaints.columns.complainant": {
            "to": "age",
            "of": "complainant",
            "type": "number",
            "band": [18, 30],
            "between": [1, 110],
        },
        "files.complaints.repeats": [{"by": ["id"], "because": "one row a complainant"}],
    }
    rows = "7,2020-01-01,,black,9\n7,2020-01-01,,white,30\n7,2020-01-01,,white,30\n8,2020-01-01,,,\n9,2020-01-01,,,-4\n"
    data = accountability.load(write_source(tmp_path / "small", COMPLAINTS + rows, ACCUSED + "7,o,SUS,\n", **changes))
    assert data.cases.columns.tolist() == ["case_id", "jurisdiction", "source_row", "source_file"]
    assert data.complainants[["case_id", "race", "age", "source_row"]].to_numpy().tolist() == [
        ["7", "black", "under 18", 1],
        ["7", "white", "30 and over", 2],
    ]
    entry = data.ledger.entries.query("rule == 'between'").iloc[0]
    assert (entry["count"], entry["reason"], entry["example_rows"]) == (1, "not from 1 to 110", "5")
    assert data.ledger.check()["accounted"].tolist() == [2, 0]


def test_bands_may_be_equally_wide_or_start_where_stated(tmp_path: Path) -> None:
    rows = COMPLAINTS + "".join(f"{i},2020-01-01,,{age},x\n" for i, age in enumerate(["17", "18", "29", "95", ""]))
    made = {}
    for name, band in (("wide", 10), ("stated", [18, 30, 65])):
        kind = {"to": "age", "type": "number", "band": band}
        folder = write_source(tmp_path / name, rows, ACCUSED + "1,o,SUS,\n", **{"files.complaints.columns.kind": kind})
        made[name] = accountability.load(folder).cases["age"]
    assert made["wide"].dropna().tolist() == ["10-19", "10-19", "20-29", "90-99"]
    assert made["stated"].dropna().tolist() == ["under 18", "18-29", "18-29", "65 and over"]
    assert made["stated"].isna().tolist() == [False] * 4 + [True]


def test_a_date_that_another_cell_contradicts_is_set_aside_and_kept(tmp_path: Path) -> None:
    closed = {
        "stage": "closed",
        "date": "%Y-%m-%d",
        "aside": {"when": {"kind": ["pending"]}, "because": "closed, yet pending"},
    }
    rows = COMPLAINTS + "7,2020-01-01,2020-02-01,pending,A\n8,2020-01-01,2020-02-01,done,A\n9,2020-01-01,,pending,A\n"
    changes = {"files.complaints.columns.closed": closed}
    data = accountability.load(write_source(tmp_path / "small", rows, ACCUSED + "7,o,SUS,\n", **changes))
    events = data.events[data.events["stage"] == "closed"].set_index("case_id")
    assert events.loc["7", "set_aside"] == "closed, yet pending"
    assert events.loc["7", "earliest"] == pd.Timestamp("2020-02-01")
    assert pd.isna(events.loc["8", "set_aside"])
    assert data.ledger.entries.query("rule == 'aside'")["count"].tolist() == [1]


def test_a_release_that_identifies_nobody_has_no_officer(tmp_path: Path) -> None:
    folder = write_source(tmp_path / "small", **{"files.accused.columns.officer": {"drop": "name"}})
    data = accountability.load(folder)
    assert data.allegations["officer_id"].isna().all()
    with pytest.raises(Refusal, match="no row of 2 says which officer"):
        data.per("officer")


def test_a_dataset_is_counted_in_another_unit(tmp_path: Path) -> None:
    data = accountability.load(write_source(tmp_path / "small"))
    assert data.per("officer_complaint") is data.allegations
    assert data.per("complaint")[["case_id", "rows", "finding"]].to_numpy().tolist()[0] == ["007", 2, "sustained"]
    with pytest.raises(Refusal, match="use unit='officer_complaint'"):
        data.per("allegation")


def test_a_comparison_that_needs_a_lost_distinction_is_refused(tmp_path: Path) -> None:
    merged = {"finding": "not_sustained", "merges": ["not_sustained", "exonerated"], "lossy": "one word for both"}
    values = {"SUS": "sustained", "NOT": merged}
    book = {**CODEBOOK, "finding": {**CODEBOOK["finding"], "values": values}}
    data = accountability.load(write_source(tmp_path / "small", codebook=book))
    data.require_unambiguous("finding", "sustained")
    with pytest.raises(
        Refusal, match=r"does not tell 'exonerated' apart .* 'NOT' \(1 rows.*one word for both.*tells apart: sustained"
    ):
        data.require_unambiguous("finding", "sustained", "exonerated")
    with pytest.raises(ParameterError, match="has no column 'findings'"):
        data.require_unambiguous("findings", "sustained")
    with pytest.raises(ParameterError, match="which terms"):
        data.require_unambiguous("finding")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"files.complaints.columns.kind": {"to": "x", "band": 1}}, "at least 2 wide"),
        ({"files.complaints.columns.kind": {"to": "x", "band": [30, 18]}}, "rising numbers"),
        ({"files.complaints.columns.kind": {"to": "x", "normalise": ["trim"]}}, "'trim' is not a normalisation"),
        (
            {"files.complaints.columns.complainant": {"drop": "name", "aside": {"when": {}, "because": "x"}}},
            "a column with drop has no aside",
        ),
        (
            {"files.complaints.columns.kind": {"month_of": "received"}},
            "'received', which is not a column with `date: p",
        ),
        ({"files.complaints.columns.kind": {"to": "x", "extract": "x"}}, "exactly one group"),
        ({"files.complaints.columns.kind": {"to": "x", "extract": "(x"}}, "is not a pattern"),
        ({"files.complaints.columns.kind": {"to": "x", "also": [{"drop": "name"}]}}, "each entry of also gives to or"),
        ({"files.complaints.columns.kind": {"to": "x", "if_blank": "own_case"}}, "for the column `to: case_id`"),
        ({"files.complaints.columns.kind": {"to": "x", "type": "number", "varies": "join"}}, "only plain text can be"),
        ({"files.complaints.unlinked": "why"}, "only a file of events"),
        ({"files.complaints.repeats": [{"by": ["id"], "apart_from": ["kind"], "because": "x"}]}, "belongs to `exact`"),
        ({"files.complaints.repeats": [{"because": "x"}]}, "either `exact` or `by`"),
        ({"files.complaints.unusable": [{"blank": [], "because": "x"}]}, "at least 1 item"),
    ],
)
def test_a_declaration_that_means_nothing_is_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        accountability.load(write_source(tmp_path / "small", **changes))


def test_a_date_may_stand_in_columns_of_its_own(tmp_path: Path) -> None:
    folder = write_source(
        tmp_path / "small",
        "id,year,month,kind,complainant\n1,2012,9,x,A\n2,2012,,x,A\n3,2012,13,x,A\n4,,,x,A\n",
        ACCUSED + "1,o,SUS,\n",
        **{
            "files.complaints.columns": {
                "id": {"to": "case_id"},
                "year": {"stage": "received", "date": "parts"},
                "month": {"month_of": "year"},
                "kind": {"to": "kind"},
                "complainant": {"drop": "name"},
            }
        },
    )
    events = accountability.load(folder).events.set_index("case_id")
    assert events.index.tolist() == ["1", "2", "3"]
    assert events.loc["1", ["earliest", "latest"]].tolist() == [pd.Timestamp("2012-09-01"), pd.Timestamp("2012-09-30")]
    assert events["precision"].tolist()[:2] == ["month", "year"]
    assert events["raw_text"].tolist() == ["2012-9", "2012", "2012-13"]
    assert events["set_aside"].tolist()[2] == "impossible"


def test_one_cell_may_be_read_more_than_once(tmp_path: Path) -> None:
    """A finding and a penalty in one cell; a year inside an id."""
    year = {"stage": "received", "date": "%Y", "extract": r"^(\d{4})-"}
    book = {
        "finding": {**CODEBOOK["finding"], "values": {"10 days": "sustained", "none": "not_sustained"}},
        "penalty": CODEBOOK["penalty"],
    }
    changes = {
        "files.complaints.columns.id": {"to": "case_id", "also": [year]},
        "files.complaints.columns.received": {"ignore": "x"},
        "files.accused.columns.finding": {
            "to": "finding",
            "codebook": "finding",
            "also": [{"to": "imposed", "codebook": "penalty"}],
        },
        "files.accused.columns.penalty": {"ignore": "x"},
        "order": [],
    }
    rows = COMPLAINTS + "2012-7,,,x,A\nX-8,,,x,A\n"
    accused = ACCUSED + "2012-7,o1,10 days,\nX-8,o2,none,\n"
    data = accountability.load(write_source(tmp_path / "small", rows, accused, book, **changes))
    assert data.allegations[["finding", "imposed_penalty", "imposed_days"]].iloc[0].tolist() == [
        "sustained", "suspension", 10.0,
    ]  # fmt: skip
    assert data.events[["case_id", "latest", "raw_text"]].to_numpy().tolist() == [
        ["2012-7", pd.Timestamp("2012-12-31"), "2012"]
    ]
    entry = data.ledger.entries.query("rule == 'extract'").iloc[0]
    assert (entry["column"], entry["count"], entry["example_rows"]) == ("id", 1, "2")


def test_a_value_that_another_cell_contradicts_is_left_out(tmp_path: Path) -> None:
    officer = {
        "to": "officer_id",
        "pseudonym": True,
        "aside": {"when": {"finding": ["NOT", ""]}, "because": "a placeholder, not a person"},
    }
    folder = write_source(
        tmp_path / "small",
        accused=ACCUSED + "007,o1,SUS,\n007,o1,NOT,\n007,o1,,\n",
        **{"files.accused.columns.officer": officer},
    )
    data = accountability.load(folder)
    assert data.allegations["officer_id"].notna().tolist() == [True, False, False]
    entry = data.ledger.entries.query("rule == 'aside'").iloc[0]
    assert (entry["count"], entry["reason"]) == (2, "a placeholder, not a person; left out of officer_id, not repaired")


def test_a_row_without_a_number_may_be_a_case_of_its_own(tmp_path: Path) -> None:
    rows = COMPLAINTS + "7,2020-01-01,,x,A\n,2020-01-02,,x,A\n"
    changes = {"files.complaints.columns.id": {"to": "case_id", "if_blank": "own_case"}}
    data = accountability.load(write_source(tmp_path / "small", rows, ACCUSED + "7,o,SUS,\n", **changes))
    assert data.cases["case_id"].tolist() == ["7", "row-2"]
    assert data.events["case_id"].tolist() == ["7", "row-2"]
    assert data.ledger.entries.query("rule == 'if_blank'")["count"].tolist() == [1]


MERGED = {"files.complaints.repeats": [{"by": ["id"], "because": "one row a kind"}]}
KINDS = COMPLAINTS + "7,2020-01-01,,x,A\n7,2020-01-01,,y,B\n7,2020-01-01,,x,C\n7,2020-01-01,,,D\n8,2020-01-01,,z,E\n"


def test_rows_are_merged_only_when_they_agree(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"column 'kind': rows with the same id are merged.*in 1 of them.*'x', 'y'"):
        accountability.load(write_source(tmp_path / "error", KINDS, ACCUSED + "7,o,SUS,\n", **MERGED))
    made = {}
    for varies in ("first", "join"):
        kind = {"files.complaints.columns.kind": {"to": "kind", "varies": varies}}
        data = accountability.load(write_source(tmp_path / varies, KINDS, ACCUSED + "7,o,SUS,\n", **MERGED, **kind))
        assert data.ledger.check()["accounted"].tolist() == [3, 0]
        made[varies] = data
    assert made["first"].cases["kind"].tolist() == ["x", "z"]
    assert made["first"].ledger.entries.query("rule == 'varies'")["count"].tolist() == [2]
    assert made["join"].cases["kind"].tolist() == ["x; y", "z"]


def test_dates_of_merged_rows_must_agree_too(tmp_path: Path) -> None:
    rows = COMPLAINTS + "7,2020-01-01,,x,A\n7,2020-01-02,,x,B\n"
    with pytest.raises(SourceError, match=r"column 'received': rows with the same id are merged"):
        accountability.load(write_source(tmp_path / "small", rows, ACCUSED + "7,o,SUS,\n", **MERGED))


def _dated_by_the_accused(folder: Path, varies: str) -> Path:
    """A source whose only file dates the case in the rows of the accused."""
    write_source(folder, accused=ACCUSED + "7,o1,SUS,2020-01-05\n7,o2,NOT,2020-01-09\n7,o3,NOT,2020-01-05\n")
    changes = {
        "files.accused.columns.penalty": {"stage": "closed", "date": "%Y-%m-%d", "of": "case", "varies": varies},
        "files.complaints": ...,
        "order": [],
    }
    return write_source(
        folder, accused=ACCUSED + "7,o1,SUS,2020-01-05\n7,o2,NOT,2020-01-09\n7,o3,NOT,2020-01-05\n", **changes
    )


def test_a_step_of_the_whole_case_has_one_date_unless_declared(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"'penalty': dated `of: case` and differs within 1 case.*2020-01-05"):
        accountability.load(_dated_by_the_accused(tmp_path / "error", "error"))
    first = accountability.load(_dated_by_the_accused(tmp_path / "first", "first"))
    assert first.events["raw_text"].tolist() == ["2020-01-05"]
    assert first.ledger.entries.query("rule == 'varies'")["count"].tolist() == [1]
    kept = accountability.load(_dated_by_the_accused(tmp_path / "keep", "keep"))
    assert kept.events["raw_text"].tolist() == ["2020-01-05", "2020-01-09"]


def test_a_running_number_does_not_make_rows_different(tmp_path: Path) -> None:
    repeats = [{"exact": "keep", "apart_from": ["officer"], "because": "no number of the allegation"}]
    folder = write_source(
        tmp_path / "small",
        accused=ACCUSED + "007,1,SUS,\n007,2,SUS,\n007,3,NOT,\n",
        **{"files.accused.repeats": repeats, "files.accused.columns.officer": {"ignore": "running number"}},
    )
    assert accountability.load(folder).allegations["repeats_a_row"].tolist() == [False, True, False]


def test_steps_of_cases_in_no_other_file_are_left_out_when_declared(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    steps = {
        "path": "steps.csv",
        "table": "events",
        "columns": {"id": {"to": "case_id"}, "day": {"stage": "assigned", "date": "%Y-%m-%d"}},
    }
    write_source(folder)
    (folder / "steps.csv").write_text("id,day\n007,2020-01-03\n999,2020-01-04\n007,2020-01-05\n", encoding="utf-8")
    steps["sha256"] = hashlib.sha256((folder / "steps.csv").read_bytes()).hexdigest()
    with pytest.raises(SourceError, match=r"1 dated step row.* name a case"):
        accountability.load(write_source(folder, **{"files.steps": steps}))
    declared = {**steps, "unlinked": "a wider selection of cases"}
    data = accountability.load(write_source(folder, **{"files.steps": declared}))
    assert data.events.query("stage == 'assigned'")["raw_text"].tolist() == ["2020-01-03", "2020-01-05"]
    balance = data.ledger.check().set_index("file")
    assert balance.loc["steps.csv", ["raw", "coded", "accounted"]].tolist() == [3, 2, 1]
