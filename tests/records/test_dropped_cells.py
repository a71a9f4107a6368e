"""What is hidden or dropped is nowhere: no table, ledger, message or kept copy holds a byte of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny import ACCUSED, CODEBOOK, COMPLAINTS, write_source

import accountability
from accountability.errors import SourceError
from accountability.records.onboard.check import check

NAME = "Quentin Oglethorpe"


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCOUNTABILITY_KEY_FILE", str(tmp_path / "keys" / "pseudonym.key"))
    monkeypatch.setenv("ACCOUNTABILITY_CACHE", str(tmp_path / "cache"))


def kept(folder: Path, tmp_path: Path) -> bytes:
    """Every byte a load leaves behind, and what is shown of it."""
    data = accountability.load(folder)
    shown = repr(data) + data._repr_html_() + data.ledger._repr_html_()
    for frame in (data.cases, data.allegations, data.events, data.complainants, data.ledger.entries):
        shown += frame.to_csv()
    files = b"".join(path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file())
    assert files, "nothing was kept, so nothing is shown by its absence"
    return shown.encode() + files


TABLES = {
    "cases": ({"to": "filed_by", "pseudonym": True}, "complaints"),
    "complainants beside cases": ({"to": "complainant_id", "of": "complainant", "pseudonym": True}, "complaints"),
    "a case number of complainants": ({"to": "complainant_id", "of": "complainant", "pseudonym": True}, "complaints"),
}


@pytest.mark.parametrize("kind", TABLES)
def test_a_pseudonym_is_made_in_every_table(kind: str, tmp_path: Path) -> None:
    declared, _ = TABLES[kind]
    text = COMPLAINTS + f"007,2020-01-01,2020-01-31,force,{NAME}\n008,2020-02-01,,conduct,{NAME}\n"
    folder = write_source(tmp_path / "small", text, **{"files.complaints.columns.complainant": declared})
    assert NAME.encode() not in kept(folder, tmp_path)
    data = accountability.load(folder)
    table = data.complainants if "of" in declared else data.cases
    assert table[declared["to"]].nunique() == 1, "one person keeps one pseudonym"


def test_a_hidden_case_number_is_hidden_among_complainants_too(tmp_path: Path) -> None:
    text = COMPLAINTS + "ZQX-0071,2020-01-01,2020-01-31,force,A\n"
    folder = write_source(
        tmp_path / "small", text, ACCUSED + "ZQX-0071,o1,SUS,\n",
        **{"files.complaints.columns.complainant": {"to": "race", "of": "complainant"},
           "files.complaints.columns.id": {"to": "case_id", "pseudonym": True},
           "files.accused.columns.id": {"to": "case_id", "pseudonym": True}},
    )  # fmt: skip
    assert b"ZQX-0071" not in kept(folder, tmp_path)
    data = accountability.load(folder)
    assert set(data.complainants["case_id"]) == set(data.cases["case_id"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"files.accused.columns.id": {"to": "case_id", "pseudonym": True}},
            "is hidden by pseudonym: true in one file",
        ),
        (
            {"files.accused.columns.officer": {"to": "officer_id", "pseudonym": True, "also": [{"to": "badge"}]}},
            "'badge' would publish the text that pseudonym: true hides",
        ),
        (
            {"files.accused.columns.finding": {"to": "finding", "codebook": "finding", "pseudonym": True}},
            "pseudonym: true is for an id",
        ),
        (
            {"files.complaints.columns.closed": {"stage": "closed", "date": "%Y", "pseudonym": True}},
            "pseudonym: true is for an id",
        ),
    ],
)
def test_a_declaration_that_would_show_what_it_hides_is_refused(change: dict, said: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=said):
        accountability.load(write_source(tmp_path / "small", **change))


CONDITIONS = {
    "by its place": {"rows": [2]},
    "by what it says": {"matching": r"[A-Z][a-z]+ [A-Z][a-z]+"},
    "by another cell": {"when": {"id": ["008"]}},
}


@pytest.mark.parametrize("how", CONDITIONS)
@pytest.mark.parametrize("column", ["kind", "received", "closed"])
def test_a_single_cell_is_dropped_with_every_byte_of_it(how: str, column: str, tmp_path: Path) -> None:
    cells = {"received": "2020-02-01", "closed": "2020-03-01", "kind": "conduct"} | {column: NAME}
    text = COMPLAINTS + "007,2020-01-01,2020-01-31,force,A\n008,{received},{closed},{kind},B\n".format(**cells)
    plain = {"kind": {"to": "kind"}, "received": {"stage": "received", "date": "%Y-%m-%d"}}
    plain["closed"] = {"stage": "closed", "date": "%Y-%m-%d", "no_day": {"": "open"}}
    dropped = {"kind": "name", "because": "a name in the wrong column", **CONDITIONS[how]}
    folder = write_source(
        tmp_path / "small", text,
        **{f"files.complaints.columns.{column}": {**plain[column], "drop_cells": [dropped]},
           "files.complaints.repeats": [{"exact": "drop", "because": "printed twice"}]},
    )  # fmt: skip
    assert NAME.encode() not in kept(folder, tmp_path)
    assert NAME not in str(check(folder))
    data = accountability.load(folder)
    entry = data.ledger.entries.query("action == 'cell dropped'").iloc[0]
    assert (entry["column"], entry["count"], entry["example_rows"]) == (column, 1, "2")
    assert len(data.cases) == 2


def test_a_dropped_closing_does_not_make_an_open_case(tmp_path: Path) -> None:
    text = COMPLAINTS + "007,2020-01-01,1971-05-05,force,A\n008,2020-01-01,2020-05-05,force,A\n"
    closed = {"stage": "closed", "date": "%Y-%m-%d", "no_day": {"": "open"}}
    cell = {"kind": "birth_date", "because": "a birth date", "rows": [1]}
    changes = {"files.complaints.columns.closed": {**closed, "drop_cells": [cell]}}
    data = accountability.load(write_source(tmp_path / "small", text, **changes))
    step = data.events[data.events["stage"] == "closed"]
    assert step["set_aside"].fillna("").tolist() == ["unreadable", ""]


def test_rows_that_differ_in_a_dropped_cell_are_no_repeats(tmp_path: Path) -> None:
    accused = ACCUSED + f"007,o1,SUS,{NAME}\n007,o1,SUS,Another Person\n007,o1,SUS,Another Person\n"
    book = {**CODEBOOK, "penalty": {**CODEBOOK["penalty"], "values": {"none": "none", "[dropped]": None}}}
    cells = [{"kind": "name", "because": "names", "matching": "[A-Z][a-z]+ [A-Z]"}]
    folder = write_source(
        tmp_path / "small", None, accused, book,
        **{"files.accused.columns.penalty": {"to": "imposed", "codebook": "penalty", "drop_cells": cells},
           "files.accused.repeats": [{"exact": "drop", "because": "printed twice"}]},
    )  # fmt: skip
    assert len(accountability.load(folder).allegations) == 2
    assert NAME.encode() not in kept(folder, tmp_path)


def test_a_condition_that_fits_no_cell_is_said(tmp_path: Path) -> None:
    cells = [{"kind": "name", "because": "names", "matching": "nobody"}]
    declared = {"files.complaints.columns.kind": {"to": "kind", "drop_cells": cells}}
    with pytest.raises(SourceError, match="a condition of `drop_cells` \\(name\\) fits no cell"):
        accountability.load(write_source(tmp_path / "small", **declared))


def test_what_an_earlier_load_kept_of_the_cell_goes(tmp_path: Path) -> None:
    text = COMPLAINTS + f"007,2020-01-01,2020-01-31,{NAME},A\n"
    folder = write_source(tmp_path / "small", text)
    assert NAME.encode() in kept(folder, tmp_path)
    cells = [{"kind": "name", "because": "a name in the wrong column", "rows": [1]}]
    write_source(folder, text, **{"files.complaints.columns.kind": {"to": "kind", "drop_cells": cells}})
    assert NAME.encode() not in kept(folder, tmp_path)
