"""Workbooks, JSON, Parquet and SQLite as text, and the guess at how an unknown file is written."""

from __future__ import annotations

import datetime as dt
import decimal
import gzip
import io
import json
import sqlite3
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from conftest import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from old_workbook import xls
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from accountability.errors import SourceError
from accountability.records.onboard.guess import guess, parts
from accountability.records.readers import Format, RawTable, header, read, read_chunks

fuzz = settings(deadline=None, max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
Rows = Sequence[Sequence[object]]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes | str, str], Path]:
    def put(content: bytes | str, name: str) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return put


Write = Callable[[bytes | str, str], Path]


def cells(table: RawTable) -> list[list[str | None]]:
    assert (table.frame.dtypes == "str").all()
    return [[None if pd.isna(c) else c for c in row] for row in table.frame.to_numpy().tolist()]


def xlsx(sheets: Mapping[str, Rows]) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def edited(workbook: bytes, old: bytes, new: bytes) -> bytes:
    """The workbook with the text of its first sheet changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith("sheet1.xml"):
                assert old in content
                content = content.replace(old, new)
            target.writestr(name, content)
    return out.getvalue()


def sqlite(path: Path, *statements: str, rows: Rows = ()) -> bytes:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    for row in rows:
        connection.execute(f"INSERT INTO t VALUES ({', '.join('?' * len(row))})", row)
    connection.commit()
    connection.close()
    return path.read_bytes()


def parquet(columns: Mapping[str, object]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table(dict(columns)), out)
    return out.getvalue()


# Workbooks


def test_a_sheet_is_read_as_text(write: Write) -> None:
    rows = [
        ["id", "n", "day", "moment", "note"],
        ["007", 12, dt.date(2012, 9, 14), dt.datetime(2012, 9, 14, 10, 30), "NA"],
        [7, 12.0, dt.datetime(2012, 9, 15), dt.datetime(2012, 9, 15), True],
        [1.5, None, None, None, "#VALUE!"],
        [1e20, 1234567890123, None, dt.time(9, 5), ""],
    ]
    table = read(write(xlsx({"A": rows}), "a.xlsx"), Format(type="xlsx"))
    assert cells(table) == [
        ["007", "12", "2012-09-14", "2012-09-14 10:30:00", "NA"],
        ["7", "12", "2012-09-15", "2012-09-15 00:00:00", "true"],
        ["1.5", None, None, None, "#VALUE!"],
        ["1e+20", "1234567890123", None, "09:05:00", None],
    ]
    assert table.place(1) == "a.xlsx, sheet 'A', row 3"


def test_an_old_workbook_is_read_alike(write: Write) -> None:
    rows = [["id", "n", "day"], ["007", 12, (41166.0,)], [True, 1.5, "#VALUE!"], [-1, None, (-5.0,)]]
    table = read(write(xls({"A": rows, "B": [["q"]]}), "a.xls"), Format(type="xls", sheet="A"))
    assert cells(table) == [
        ["007", "12", "2012-09-14"],
        ["true", "1.5", "#VALUE!"],
        ["-1", None, "-5"],
    ]
    assert table.place(0) == "a.xls, sheet 'A', row 2"


@pytest.mark.parametrize(("kind", "make"), [("xlsx", xlsx), ("xls", xls)])
def test_title_rows_blank_rows_and_footers(write: Write, kind: str, make: Callable[..., bytes]) -> None:
    rows = [["Complaints 2020"], [], ["id", "v"], ["1", "a"], [], ["2", "b"], ["Total", "2"], []]
    fmt = {"type": kind, "sheet": "A", "header_row": 3, "skip_footer": 1}
    path = write(make({"Notes": [["x"]], "A": rows}), f"a.{kind}")
    table = read(path, Format.model_validate(fmt))
    assert cells(table) == [["1", "a"], ["2", "b"]]
    assert [table.line(0), table.line(1)] == [4, 6]
    assert "1 blank row(s) passed over, the first is row 5" in table.notes
    assert cells(read(path, Format.model_validate(fmt), columns=["v"])) == [["a"], ["b"]]


def test_rows_beyond_the_stated_size_of_a_sheet_are_read(write: Write) -> None:
    content = edited(xlsx({"A": [["x", "y"], [1, 2], [3, 4]]}), b'<dimension ref="A1:B3"', b'<dimension ref="A1:A2"')
    assert cells(read(write(content, "a.xlsx"), Format(type="xlsx"))) == [["1", "2"], ["3", "4"]]


def test_a_formula_gives_its_stored_result_or_stops_the_load(write: Write) -> None:
    book = xlsx({"A": [["x", "y"], [1, "=A2+1"], [2, "=A3&1"]]})
    with pytest.raises(SourceError, match=r"sheet 'A', cell B2: 2 cell\(s\) hold a formula .* \(B2, B3\)"):
        read(write(book, "a.xlsx"), Format(type="xlsx"))
    assert cells(read(write(book, "a.xlsx"), Format(type="xlsx"), columns=["x"])) == [["1"], ["2"]]
    half = edited(book, b"<f>A2+1</f><v />", b"<f>A2+1</f><v>2</v>")
    with pytest.raises(SourceError, match=r"cell B3: 1 cell\(s\)"):
        read(write(half, "a.xlsx"), Format(type="xlsx"))
    empty = edited(half, b'r="B3"><f>', b'r="B3" t="str"><f>')
    assert cells(read(write(empty, "a.xlsx"), Format(type="xlsx"))) == [["1", "2"], ["2", None]]


@pytest.mark.parametrize(
    ("number", "text"), [("99999999", "99999999"), ("-5", "-5"), ("41166.5", "2012-09-14 12:00:00")]
)
def test_a_number_marked_as_a_date_that_none_has_stays_a_number(write: Write, number: str, text: str) -> None:
    book = xlsx({"A": [["x"], [dt.date(2012, 9, 14)]]})
    far = edited(book, b"<v>41166</v>", f"<v>{number}</v>".encode())
    assert cells(read(write(far, "a.xlsx"), Format(type="xlsx"))) == [[text]]


def test_an_error_in_the_last_row_and_column_is_kept_as_text(write: Write) -> None:
    book = xlsx({"A": [["x", "y"], [1, 2], ["#REF!", "=1/0"]]})
    book = edited(book, b'r="B3"><f>1/0</f><v />', b't="e" r="B3"><f>1/0</f><v>#DIV/0!</v>')
    assert cells(read(write(book, "a.xlsx"), Format(type="xlsx"))) == [["1", "2"], ["#REF!", "#DIV/0!"]]


def test_a_day_counted_from_1904_in_a_hidden_sheet(write: Write) -> None:
    book = openpyxl.Workbook()
    book.active.title = "shown"
    hidden = book.create_sheet("kept")
    hidden.sheet_state = "hidden"
    book.epoch = CALENDAR_MAC_1904
    for row in (["day"], [dt.date(2012, 9, 14)]):
        hidden.append(row)
    out = io.BytesIO()
    book.save(out)
    assert cells(read(write(out.getvalue(), "a.xlsx"), Format(type="xlsx", sheet="kept"))) == [["2012-09-14"]]


@pytest.mark.parametrize(
    ("sheets", "fmt", "message"),
    [
        ({"A": [["x"], [1]], "B": [["y"], [2]]}, {}, "expected one sheet, found 2: 'A', 'B'.*sheet: NAME"),
        ({"A": [["x"], [1]]}, {"sheet": "C"}, "expected a sheet 'C', found 1: 'A'"),
        ({"A": [["x", "y"]]}, {}, "sheet 'A': the sheet has a header of 2 columns and no rows"),
        ({"A": [["x", "x"], [1, 2]]}, {}, r"sheet 'A', row 1: 1 column name\(s\) occur more than once: 'x'"),
        ({"A": [["x"], [1], [1, None, 3]]}, {}, "row 3: expected 1 cells.*value in cell 3; 1 of 2 rows"),
        ({"A": [["x"], [1]]}, {"header_row": 5}, "row 5: expected the column names"),
        ({"A": []}, {}, "row 1: expected the column names"),
    ],
)
@pytest.mark.parametrize(("kind", "make"), [("xlsx", xlsx), ("xls", xls)])
def test_a_sheet_that_is_not_a_table_is_refused(
    write: Write,
    kind: str,
    make: Callable[..., bytes],
    sheets: Mapping[str, Rows],
    fmt: dict[str, object],
    message: str,
) -> None:
    with pytest.raises(SourceError, match=message):
        read(write(make(sheets), f"a.{kind}"), Format.model_validate({"type": kind, **fmt}))


FAR = b"".join(b'<row r="%d"><c r="XFD%d"/></row>' % (row, row) for row in range(2000, 4000))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b'<row r="3"', b'<row r="4000000000"', "row 4: a row stands out of order"),
        (
            b'<row r="1501"',
            b'<row r="4000000000"',
            "last cell is in row 4000000000, column 1; a spreadsheet has at most",
        ),
        (b'<row r="3"', b'<row r="30"', "row 4: a row stands out of order"),
        (b'r="A3"', b'r="A1"', "row 1: a cell stands out of order"),
        (b'r="A3"', b'r="ZZZ3"', "column 18278; a spreadsheet has at most"),
        (b"</sheetData>", FAR + b"</sheetData>", "not a table"),
    ],
)
def test_a_sheet_with_impossible_places_is_refused(write: Write, old: bytes, new: bytes, message: str) -> None:
    book = xlsx({"A": [["x"], *([i] for i in range(1500))]})
    with pytest.raises(SourceError, match=message):
        read(write(edited(book, old, new), "a.xlsx"), Format(type="xlsx"))


def test_a_workbook_in_a_zip_archive_and_a_bomb(write: Write) -> None:
    book = xlsx({"A": [["x"], *([i] for i in range(50))]})
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("b.xlsx", book)
        archive.writestr("__MACOSX/._b.xlsx", b"?")
    assert len(read(write(out.getvalue(), "a.zip"), Format(type="xlsx")).frame) == 50
    with pytest.raises(SourceError, match="more than 9,999 bytes unpacked"):
        read(write(book, "a.xlsx"), Format(type="xlsx", max_bytes=9_999))


@pytest.mark.parametrize(
    ("kind", "content", "message"),
    [
        ("xlsx", b"a,b\n1,2\n", "the workbook cannot be read"),
        ("xlsx", b"<html><table>", "expected xlsx, found a web page"),
        ("xls", b"\n <table><tr>", "expected xls, found a web page"),
        ("xls", b"a,b\n1,2\n", "the workbook cannot be read"),
        ("xls", xlsx({"A": [["x"], [1]]}), "xl/|holds|found a zip"),
        ("parquet", b"PAR1" + b"\0" * 40, "the Parquet file cannot be read"),
        ("parquet", b"a,b\n1,2\n", "the Parquet file cannot be read"),
        ("sqlite", b"SQLite format 3\0" + b"\7" * 100, "the database cannot be read"),
        ("sqlite", b"a,b\n1,2\n", "the database cannot be read"),
        ("json", b"a,b\n1,2\n", "line 1, column 1: not JSON"),
        ("json", b"", "the file is empty"),
    ],
)
def test_another_kind_of_file_is_refused(write: Write, kind: str, content: bytes, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read(write(content, "a"), Format.model_validate({"type": kind}))


# JSON


def test_nested_records_become_columns_by_path_and_numbers_keep_their_digits(write: Write) -> None:
    content = """[{"id": "007", "n": 1.50, "big": 12345678901234567890, "person": {"race": "B", "age": {"from": 5}},
                   "codes": [1.0, "a", null], "none": null, "flag": true, "empty": ""},
                  {"id": "NA", "n": 1e400, "new": "é"}]"""
    table = read(write(content, "a.json"), Format(type="json"))
    assert list(table.frame) == [
        "id", "n", "big", "person.race", "person.age.from", "codes", "none", "flag", "empty", "new"
    ]  # fmt: skip
    assert cells(table) == [
        ["007", "1.50", "12345678901234567890", "B", "5", '[1.0, "a", null]', None, "true", None, None],
        ["NA", "1e400", None, None, None, None, None, None, None, "é"],
    ]
    assert table.place(1) == "a.json, record 2"
    assert "8 field(s) are absent from some records" in table.notes[-1]


def test_records_inside_records_carry_the_outer_fields_and_lose_no_outer_item(write: Write) -> None:
    document = {
        "meta": {"count": 3},
        "cases": [
            {"id": 1, "allegations": [{"id": "a", "f": "SU"}, {"id": "b", "f": "NS"}]},
            {"id": 2, "allegations": []},
            {"id": 3, "district": {"no": 4}},
        ],
    }
    fmt = Format(type="json", record_path="cases.allegations")
    table = read(write(json.dumps(document), "a.json"), fmt)
    assert table.frame.astype(object).where(table.frame.notna(), None).to_dict("records") == [
        {"cases.id": "1", "id": "a", "f": "SU", "cases.district.no": None},
        {"cases.id": "1", "id": "b", "f": "NS", "cases.district.no": None},
        {"cases.id": "2", "id": None, "f": None, "cases.district.no": None},
        {"cases.id": "3", "id": None, "f": None, "cases.district.no": "4"},
    ]


def test_rows_given_as_lists_need_names(write: Write) -> None:
    path = write('{"data": [[1, "a"], [2, null]]}', "a.json")
    with pytest.raises(SourceError, match=r"record 1: expected an object, found a list.*names"):
        read(path, Format(type="json", record_path="data"))
    fmt = Format(type="json", record_path="data", names=("x", "y"))
    assert cells(read(path, fmt)) == [["1", "a"], ["2", None]]
    assert header(path, fmt) == ["x", "y"]
    with pytest.raises(SourceError, match="record 1: expected 3 values, one for each name, found 2"):
        read(path, Format(type="json", record_path="data", names=("x", "y", "z")))


def test_json_lines(write: Write) -> None:
    path = write('\ufeff{"x": 1, "y": "a\u2028b"}\r\n\r\n{"x": {"z": 2}}\n\n', "a.jsonl")
    table = read(path, Format(type="jsonl"))
    assert list(table.frame) == ["x", "y", "x.z"]
    assert cells(table) == [["1", "a\u2028b", None], [None, None, "2"]]
    assert [table.line(0), table.line(1)] == [1, 3]
    assert cells(next(read_chunks(path, Format(type="jsonl"), columns=["y"]))) == [["a\u2028b"], [None]]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "utf-16-le"])
def test_the_encoding_of_json_is_told_from_its_first_bytes(write: Write, encoding: str) -> None:
    path = write('[{"x": "é"}]'.encode(encoding), "a.json")
    assert cells(read(path, Format(type="json"))) == [["é"]]


@pytest.mark.parametrize(
    ("content", "fmt", "message"),
    [
        ('[{"x": 1},\n{"x": }]', {}, r"line 2, column 7: not JSON: Expecting value"),
        ('[{"x": 1}] []', {}, r"line 1, column \d+: not JSON: text after the end"),
        ('[{"x": 1, "x": 2}]', {}, "an object holds the key 'x' more than once"),
        ('[{"x.y": 1, "x": {"y": 2}}]', {}, r"record 1: two fields are both called 'x\.y'"),
        ('{"a": {"b": [{"x": 1}]}, "c": [{}, {}]}', {}, "expected a list of records, found an object.*c, a.b; say"),
        ('{"a": 1}', {"record_path": "b"}, "expected the key 'b' of record_path, found only: 'a'"),
        ('{"a": 1}', {"record_path": "a"}, "expected a list of records at 'a', found a number"),
        ('{"a": [1]}', {"record_path": "a.b"}, "expected objects in the list 'a', found a number"),
        ("[1, 2]", {}, "record 1: expected an object, found a number"),
        ("[]", {}, "the file holds no record"),
        ("[{}]", {}, "expected the column names"),
        ("[" * 100_000, {}, "nested too deep"),
        ('[{"x": "\xff', {"encoding": "ascii"}, "line 1: the text is not ascii"),
        ('{"x": 1}\n{"x": \n', {"type": "jsonl"}, r"line 2, column 7: not JSON"),
        ('{"x": 1}\n{"x": 1, "x": 2}\n', {"type": "jsonl"}, "line 2: an object holds the key 'x' more than once"),
        ('{"x": 1}\n[2]\n', {"type": "jsonl"}, "line 2: expected an object, found a list"),
        ('[{"id": 1, "a": [{"parent.id": 2}]}]', {"record_path": "a"}, "same name as one of the outer item"),
    ],
)  # fmt: skip
def test_json_that_is_not_a_table_is_refused(write: Write, content: str, fmt: dict[str, str], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        read(write(content, "a.json"), Format.model_validate({"type": "json", **fmt}))


# Parquet and SQLite


def test_parquet_types_become_text(write: Write) -> None:
    content = parquet(
        {
            "id": pa.array(["007", "", None]),
            "kind": pa.array(["a", "NA", None]).dictionary_encode(),
            "n": pa.array([1, None, 3]),
            "f": pa.array([1.0, 2.5, float("nan")]),
            "money": pa.array([decimal.Decimal("1.50"), None, decimal.Decimal("0.01")]),
            "day": pa.array([dt.date(2012, 9, 14), None, dt.date(1900, 1, 1)]),
            "at": pa.array([dt.datetime(2012, 9, 14), None, dt.datetime(2012, 9, 14, 1)], pa.timestamp("ns")),
            "flag": pa.array([True, None, False]),
            "many": pa.array([[1, 2], None, []]),
        }
    )
    path = write(gzip.compress(content), "a.parquet.gz")
    assert cells(read(path, Format(type="parquet"))) == [
        ["007", "a", "1", "1", "1.50", "2012-09-14", "2012-09-14 00:00:00", "true", "[1, 2]"],
        [None, "NA", None, "2.5", None, None, None, None, None],
        [None, None, "3", None, "0.01", "1900-01-01", "2012-09-14 01:00:00", "false", "[]"],
    ]
    assert list(read(path, Format(type="parquet"), columns=["n", "id"]).frame) == ["id", "n"]


def test_parquet_without_rows_or_with_bytes_is_refused(write: Write) -> None:
    with pytest.raises(SourceError, match="1 columns and no rows"):
        read(write(parquet({"x": pa.array([], pa.string())}), "a.parquet"), Format(type="parquet"))
    with pytest.raises(SourceError, match="record 2: column 'x' holds bytes"):
        read(write(parquet({"x": pa.array([None, b"\xff"])}), "a.parquet"), Format(type="parquet"))


def test_a_database_table_is_read_and_the_file_left_alone(write: Write, tmp_path: Path) -> None:
    content = sqlite(
        tmp_path / "a.db", 'CREATE TABLE t (id, "a ""b""" TEXT)', rows=[["007", "NA"], [7, 1.5], [None, ""]]
    )
    table = read(tmp_path / "a.db", Format(type="sqlite"))
    assert list(table.frame) == ["id", 'a "b"']
    assert cells(table) == [["007", "NA"], ["7", "1.5"], [None, None]]
    assert table.place(0) == "a.db, table 't', record 1"
    assert (tmp_path / "a.db").read_bytes() == content
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.db"]
    assert cells(read(write(gzip.compress(content), "b.gz"), Format(type="sqlite"), columns=["id"])) == [
        ["007"], ["7"], [None]
    ]  # fmt: skip


def test_a_database_left_in_write_ahead_mode_is_read(tmp_path: Path) -> None:
    sqlite(tmp_path / "a.db", "PRAGMA journal_mode = WAL", "CREATE TABLE t (x)", rows=[[1]])
    assert cells(read(tmp_path / "a.db", Format(type="sqlite"))) == [["1"]]


def test_a_database_that_is_not_one_table_of_text_is_refused(tmp_path: Path) -> None:
    sqlite(tmp_path / "two.db", "CREATE TABLE t (x)", "CREATE TABLE u (y)", "CREATE VIEW v AS SELECT 1")
    with pytest.raises(SourceError, match=r"expected one table, found 2: 't', 'u'.*table: NAME"):
        read(tmp_path / "two.db", Format(type="sqlite"))
    with pytest.raises(SourceError, match="expected a table 'w', found 2"):
        read(tmp_path / "two.db", Format(type="sqlite", table="w"))
    with pytest.raises(SourceError, match="table 'u': the table has 1 columns and no rows"):
        read(tmp_path / "two.db", Format(type="sqlite", table="u"))
    sqlite(tmp_path / "blob.db", "CREATE TABLE t (x)", rows=[["a"], [b"\xff"]])
    with pytest.raises(SourceError, match="record 2: column 'x' holds bytes"):
        read(tmp_path / "blob.db", Format(type="sqlite"))
    sqlite(tmp_path / "bad.db", "CREATE TABLE t (x)", "INSERT INTO t VALUES (CAST(x'61ff' AS TEXT))")
    with pytest.raises(SourceError, match="record 1: a text is not valid UTF-8"):
        read(tmp_path / "bad.db", Format(type="sqlite"))


# Whatever the bytes


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    rows = [["x", "y"], *([i, f"text {i}"] for i in range(30))]
    return {
        "xlsx": xlsx({"A": rows}),
        "xls": xls({"A": rows}),
        "parquet": parquet({"x": list(range(30)), "y": [f"text {i}" for i in range(30)]}),
        "sqlite": sqlite(tmp_path_factory.mktemp("db") / "a.db", "CREATE TABLE t (x, y)", rows=rows[1:]),
        "json": json.dumps([{"x": x, "y": y} for x, y in rows[1:]]).encode(),
        "jsonl": "\n".join(json.dumps({"x": x, "y": y}) for x, y in rows[1:]).encode(),
    }


@pytest.mark.parametrize("kind", ["xlsx", "xls", "parquet", "sqlite", "json", "jsonl"])
@fuzz
@given(at=st.integers(0, 2**16), new=st.binary(min_size=1, max_size=3), cut=st.booleans())
def test_a_damaged_file_is_a_table_or_an_error_that_names_it(
    write: Write, sound: dict[str, bytes], kind: str, at: int, new: bytes, cut: bool
) -> None:
    content = sound[kind]
    at %= len(content)
    path = write(content[:at] if cut else content[:at] + new + content[at + len(new) :], f"a.{kind}")
    for attempt in (lambda: read(path, Format.model_validate({"type": kind})), lambda: guess(path)):
        try:
            attempt()
        except SourceError as error:
            if f"a.{kind}" not in str(error):
                raise


# Guesses


def said(path: Path) -> list[dict[str, object]]:
    found = [f.model_dump(exclude_unset=True) for f in parts(path)]
    for fmt in parts(path):
        assert len(read(path, fmt).frame) > 0
    return found


TABLE = "id,race,finding\n" + "".join(f"{i},B,NS\n" for i in range(20))


@pytest.mark.parametrize(
    ("content", "name", "found"),
    [
        (TABLE, "a.csv", {"type": "csv"}),
        (TABLE.replace(",", ";"), "a.csv", {"type": "csv", "delimiter": ";"}),
        (TABLE.replace(",", "|"), "a.txt", {"type": "csv", "delimiter": "|"}),
        (TABLE.replace(",", "\t"), "a.csv", {"type": "tsv"}),
        (TABLE.replace("B", '"one, two; three"').replace(",NS", ',"N,S"'), "a.csv", {"type": "csv"}),
        (TABLE.replace("B", '"B'), "a.csv", {"type": "csv", "quote": None}),
        (TABLE.replace(",", ";").replace("B", "0,5"), "a.csv", {"type": "csv", "delimiter": ";"}),
        (f"Complaints, 2020\nas of June\n\n{TABLE}", "a.csv", {"type": "csv", "header_row": 4}),
        (TABLE.replace("B", "é").encode("cp1252"), "a.csv", {"type": "csv", "encoding": "cp1252"}),
        (TABLE.replace("B", "é").encode("utf-16"), "a.csv", {"type": "csv"}),
        (gzip.compress(TABLE.encode()), "a.csv.gz", {"type": "csv"}),
        ("x\n1\n2\n", "a.csv", {"type": "csv"}),
        ('[{"x": 1}]', "a.json", {"type": "json"}),
        ('{"n": 1, "rows": [{"x": 1}]}', "a.json", {"type": "json", "record_path": "rows"}),
        ('{"x": 1}\n{"x": 2}\n', "a.json", {"type": "jsonl"}),
        ('{"x": 1}\n', "a.jsonl", {"type": "jsonl"}),
        (parquet({"x": [1]}), "a", {"type": "parquet"}),
        (xlsx({"A": [["t"], [], ["x", "y"], [1, 2]], "B": []}), "a", {"type": "xlsx", "sheet": "A", "header_row": 3}),
        (xls({"A": [["x", "y"], [1, 2]]}), "a.xls", {"type": "xls"}),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)  # fmt: skip
def test_a_format_is_guessed(write: Write, content: bytes | str, name: str, found: dict[str, object]) -> None:
    assert said(write(content, name)) == [found]


def test_all_sheets_tables_and_members_are_offered_the_largest_first(write: Write, tmp_path: Path) -> None:
    book = xlsx({"Notes": [["x", "y"], [1, 2]], "Blank": [], "Cases": [["a", "b"], [1, 2], [3, 4]]})
    assert [f["sheet"] for f in said(write(book, "a.xlsx"))] == ["Cases", "Notes"]
    sqlite(tmp_path / "a.db", "CREATE TABLE few (x)", "INSERT INTO few VALUES (1)", "CREATE TABLE none (x)",
           "CREATE TABLE t (x)", rows=[[1], [2]])  # fmt: skip
    assert [f["table"] for f in said(tmp_path / "a.db")] == ["t", "few"]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("layout.xlsx", xlsx({"A": [["x", "y"], [1, 2]]}))
        archive.writestr("readme.pdf", b"%PDF" + b" " * 20_000)
        archive.writestr("cases.csv", TABLE * 200)
    assert said(write(out.getvalue(), "a.zip")) == [
        {"type": "csv", "member": "cases.csv"},
        {"type": "xlsx", "member": "layout.xlsx"},
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"%PDF-1.4", "found a PDF"),
        (b"<html>", "found a web page"),
        (b"\0\0\0\0", "NUL"),
        ('{"a": 1}', "nothing in the file looks like a table"),
        (xlsx({"A": []}), "nothing in the file looks like a table"),
    ],
)
def test_what_cannot_be_a_table_is_refused(write: Write, content: bytes | str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        guess(write(content, "a"))


@pytest.mark.real_data
def test_a_real_workbook_is_guessed_and_read(real_data: Callable[[str], Path]) -> None:
    (path,) = real_data("nashville").glob("*.xlsx")
    table = read(path, guess(path))
    assert table.frame.shape == (12_896, 9)
    assert not table.frame.isin(["None", "nan"]).any(axis=None)
