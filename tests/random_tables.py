"""Small random tables and the ways to write them, for tests that a reader or a proposal survives anything."""

from __future__ import annotations

import gzip
import json
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pandas as pd
from hypothesis import strategies as st
from old_workbook import xls

NAMES: Final = [
    *("id", "Case Number", "complaint_id", "Date Received", "closed", "incident_date", "finding", "Disposition"),
    *("Discipline", "officer_id", "Officer Name", "race", "age", "DOB", "notes", "Allegation", "year", "yes", "null"),
    *("a: b", "# x", "'q'", "Straße", "{x}", "-", "123", "1e5", "DECIDE", "case_id", "source_row", "stage"),
]
CELLS: Final = [
    *("", " ", "7", "007", "1.0", "2020-01-31", "2020-02-30", "01/02/2020", "13/02/2020", "31.12.19", "43831"),
    "1900",
    *("Sustained", "not sustained", "IC/S", "10 day suspension", "suspension 5 days", "none", "NULL", "yes", "#VALUE!"),
    *(
        "a, b",
        'say "x"',
        "é",
        "x" * 70,
        "DOE, JANE",
        "12 Main St",
        "a@b.org",
        "DECIDE",
        "null",
        "[1]",
        "{a: b}",
        "2019",
    ),
]
_TEXTS: Final = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)


@st.composite
def tables(draw: st.DrawFn, most_rows: int = 8) -> pd.DataFrame:
    """A table of text: one to six columns, names and cells that are easily misread."""
    one_line = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=12)
    names = draw(st.lists(st.sampled_from(NAMES) | one_line, min_size=1, max_size=6, unique=True))
    rows = draw(st.integers(1, most_rows))
    columns: dict[str, list[str | None]] = {}
    for name in names:
        cells = draw(st.sampled_from([st.sampled_from(CELLS), st.sampled_from(CELLS[5:11]), _TEXTS]))
        columns[name] = [cell or None for cell in draw(st.lists(cells, min_size=rows, max_size=rows))]
    return pd.DataFrame({name: pd.array(cells, dtype="str") for name, cells in columns.items()})


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{k: None if pd.isna(v) else v for k, v in row.items()} for row in table.to_dict("records")]


def _csv(table: pd.DataFrame, folder: Path) -> Path:
    path = folder / "table.csv"
    table.to_csv(path, index=False, lineterminator="\r\n", encoding="utf-8-sig")
    return path


def _tsv(table: pd.DataFrame, folder: Path) -> Path:
    path = folder / "table.tsv"
    table.to_csv(path, index=False, sep="\t", lineterminator="\n")
    return path


def _gz(table: pd.DataFrame, folder: Path) -> Path:
    path = folder / "table.csv.gz"
    with gzip.open(path, "wt", encoding="utf-8", newline="") as file:
        table.to_csv(file, index=False, sep=";", lineterminator="\n")
    return path


def _zip(table: pd.DataFrame, folder: Path) -> Path:
    path = folder / "table.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("inner/table.csv", table.to_csv(index=False, lineterminator="\n"))
    return path


def _xlsx(table: pd.DataFrame, folder: Path) -> Path:
    import openpyxl

    book = openpyxl.Workbook()
    about = book.active
    assert about is not None  # a new workbook has one sheet
    about.append(["Answer to a records request"])
    sheet = book.create_sheet("Complaints")
    sheet.append(["Answer to a records request"])
    sheet.append([])
    sheet.append(list(table.columns))
    for row in table.to_dict("split")["data"]:
        sheet.append([None if pd.isna(cell) else cell for cell in row])
    for cells in sheet.iter_rows():
        for cell in cells:
            if isinstance(cell.value, str):
                cell.data_type = "s"  # a text that begins with = is no formula
    path = folder / "table.xlsx"
    book.save(path)
    return path


def _xls(table: pd.DataFrame, folder: Path) -> Path:
    rows = [[None if pd.isna(cell) else cell for cell in row] for row in table.to_dict("split")["data"]]
    path = folder / "table.xls"
    path.write_bytes(xls({"About": [["Answer to a records request"]], "Complaints": [list(table.columns), *rows]}))
    return path


def _json(table: pd.DataFrame, folder: Path) -> Path:
    path = folder / "table.json"
    path.write_text(json.dumps({"meta": {"n": len(table)}, "data": {"rows": _records(table)}}), encoding="utf-8")
    return path


def _jsonl(table: pd.DataFrame, folder: Path) -> Path:
    path = folder / "table.jsonl"
    path.write_text("".join(json.dumps({"record": row}) + "\n" for row in _records(table)), encoding="utf-8")
    return path


def _parquet(table: pd.DataFrame, folder: Path) -> Path:
    path = folder / "table.parquet"
    table.to_parquet(path)
    return path


def _sqlite(table: pd.DataFrame, folder: Path) -> Path:
    path = folder / "table.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        table.to_sql("complaints", connection, index=False)
        connection.execute("CREATE TABLE legend (code TEXT)")
    return path


WRITERS: Final[dict[str, Callable[[pd.DataFrame, Path], Path]]] = {
    "csv": _csv,
    "tsv": _tsv,
    "csv.gz": _gz,
    "zip": _zip,
    "xlsx": _xlsx,
    "xls": _xls,
    "json": _json,
    "jsonl": _jsonl,
    "parquet": _parquet,
    "sqlite": _sqlite,
}
