"""Files as agencies send them: pages and XML named workbooks, trailing delimiters, nested lists, merged cells."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest

from accountability.errors import SourceError
from accountability.records.onboard.check import check
from accountability.records.onboard.guess import guess, parts
from accountability.records.onboard.propose import new_source
from accountability.records.readers import Format, RawTable, header, read
from accountability.records.readers.json_records import record_paths
from accountability.records.yaml_text import read_yaml

RAW = Path(__file__).parent.parent / "raw_files"
Write = Callable[[bytes | str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def put(content: bytes | str, name: str) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return put


def cells(table: RawTable) -> list[list[str | None]]:
    return [[None if pd.isna(c) else c for c in row] for row in table.frame.to_numpy().tolist()]


def said(fmt: Format) -> dict[str, Any]:
    return fmt.model_dump(exclude_defaults=True)


def proposed(path: Path, tmp_path: Path) -> tuple[dict[str, Any], str, Path]:
    """The declaration proposed for a file, the comment beside its format, and the folder."""
    folder = new_source("mycity", [path], into=tmp_path / "data")
    lines = (folder / "source.yaml").read_text(encoding="utf-8").splitlines()
    line = next(line for line in lines if line.startswith("    format: "))
    (file,) = read_yaml(folder / "source.yaml")["files"].values()
    return file, line.partition("  # ")[2], folder


# Web pages

PAGE = """<!DOCTYPE html><html><head><style>td {mso: "<tr>"}</style></head><body><p>Export of 2021</p>
<!-- <table><tr><td>old</td></tr></table> -->
<table><caption>Complaints</caption><thead><tr><th>No<th>Text</tr></thead>
<tbody><tr><td> 007 <td>a &amp; b<br>second   line
<TR><td>8</td><td>&nbsp;</td></tr><tr><td></td><td></td></tr></tbody>
<tr><td>9</td><td></td></tr></table></body></html>"""


def test_a_page_named_workbook_is_read_as_its_table(write: Write) -> None:
    path = write(PAGE, "log.xls")
    fmt = guess(path)
    assert said(fmt) == {"type": "html"}
    table = read(path, fmt)
    assert cells(table) == [["007", "a & b\nsecond line"], ["8", "\xa0"], ["9", None]]
    assert header(path, fmt) == ["No", "Text"]
    assert table.place(2) == "log.xls, table 1, row 5"
    assert "1 blank row(s) passed over, the first is row 4" in table.notes


def test_a_page_of_several_tables_asks_which(write: Write) -> None:
    small = "<table><tr><td>menu</td></tr></table>"
    page = f"<html>{small}<table>{'<tr><td>x</td><td>y</td></tr>' * 3}</table></html>"
    path = write(page.replace("<td>x</td><td>y</td>", "<td>id</td><td>what</td>", 1), "a.html")
    with pytest.raises(SourceError, match=r"expected one table in this web page, found 2\. Say which"):
        read(path, Format(type="html"))
    assert [said(f) for f in parts(path)] == [{"type": "html", "table": "2"}]
    assert cells(read(path, Format.model_validate({"type": "html", "table": 2}))) == [["x", "y"]] * 2


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("<html><body>Please log in</body></html>", "found a web page. The download probably gave a notice"),
        ("<html><table><tr><td>User</td></tr></table></html>", "nothing in the file looks like a table"),
        ("<table><tr><td>a</td><td>b</td></tr>lost</table>", "'lost' stands in a table and in none of its cells"),
        ("<table><tr><td>a</td><td>b</td></tr></table><tr><td>1</td></tr>", "holds 2 table rows .* 1 could be read"),
        ("<table><tr><td colspan=99999>a</td></tr></table>", "a cell spans 99,999 places"),
    ],
)
def test_a_page_that_would_lose_a_row_is_refused(write: Write, page: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        guess(write(page, "a.xls"))


def test_cells_over_several_rows_of_a_page_are_merged_cells(write: Write) -> None:
    rows = "<tr><th>id<th>what<th>n<tr><td rowspan=2>A<td>x<td>1<tr><td>y<td>2<tr><td>B<td colspan=2>z"
    path = write(f"<table>{rows}</table>", "a.xls")
    assert said(guess(path)) == {"type": "html", "merged": "fill"}
    assert cells(read(path, guess(path))) == [["A", "x", "1"], ["A", "y", "2"], ["B", "z", None]]
    assert cells(read(path, Format(type="html")))[1] == [None, "y", "2"]


def test_a_page_says_its_encoding(write: Write) -> None:
    page = '<html><meta charset="iso-8859-2"><table><tr><th>id<th>what<tr><td>1<td>Łódź</table></html>'
    path = write(page.encode("iso-8859-2"), "a.xls")
    assert cells(read(path, guess(path))) == [["1", "Łódź"]]


def test_a_notice_is_not_read_as_a_csv_file(write: Write) -> None:
    with pytest.raises(SourceError, match=r"found a web page.*declare type: html"):
        read(write("<html>gone</html>", "a.csv"))


# Text and XML under the name of a workbook


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_text_of_two_bytes_a_character_named_workbook(write: Write, encoding: str) -> None:
    text = "id\twhat\n" + "".join(f"{n}\tÀ propos\n" for n in range(30))
    path = write(text.encode(encoding), "a.xls")
    fmt = guess(path)
    assert fmt.type == "tsv"
    assert cells(read(path, fmt))[29] == ["29", "À propos"]


SHEET_XML = """<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
 xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="Log"><Table>
<Row><Cell><Data ss:Type="String">id</Data></Cell><Cell><Data ss:Type="String">day</Data></Cell>
<Cell><Data ss:Type="String">what</Data></Cell></Row>
<Row ss:Index="3"><Cell ss:MergeDown="1"><Data ss:Type="Number">007</Data></Cell>
<Cell><Data ss:Type="DateTime">2020-01-02T00:00:00.000</Data></Cell>
<Cell><Data ss:Type="String">a &amp; <B>b</B></Data></Cell></Row>
<Row><Cell ss:Index="3"><Data ss:Type="Boolean">1</Data></Cell></Row>
</Table></Worksheet></Workbook>"""


def test_a_workbook_written_as_xml(write: Write) -> None:
    path = write(SHEET_XML, "a.xls")
    fmt = guess(path)
    assert said(fmt) == {"type": "xml", "merged": "fill"}
    table = read(path, fmt)
    assert cells(table) == [["007", "2020-01-02", "a & b"], ["007", None, "true"]]
    assert table.place(0) == "a.xls, sheet 'Log', row 3"
    assert header(path, fmt) == ["id", "day", "what"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("</Table>", "", "the XML is damaged"),
        ('ss:Index="3"><Cell ss:M', 'ss:Index="1"><Cell ss:M', "a row stands at place 1, after place 1"),
        ("<Workbook", "<!DOCTYPE x [<!ENTITY a 'b'>]><Workbook", "entities of its own"),
    ],
)
def test_damaged_xml_is_refused(write: Write, old: str, new: str, message: str) -> None:
    assert old in SHEET_XML
    with pytest.raises(SourceError, match=message):
        read(write(SHEET_XML.replace(old, new), "a.xls"), Format(type="xml"))


# A delimiter at the end of every record


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_delimiter_at_the_end_of_every_record(write: Write, quote: str) -> None:
    path = write("id,what\n" + "".join(f"{n},{quote}x{quote},\n" for n in range(5)), "a.csv")
    with pytest.raises(SourceError, match="expected 2 fields"):
        read(path)
    fmt = guess(path)
    assert said(fmt) == {"trailing_delimiter": True}
    assert cells(read(path, fmt)) == [[str(n), "x"] for n in range(5)]
    assert list(read(path, fmt, ["what"]).frame.columns) == ["what"]


@pytest.mark.parametrize("cell", ["x", 'x "y" z', '"x"'])  # the second is beyond the quick parser
def test_something_after_the_last_delimiter_is_refused_with_its_line(write: Write, cell: str) -> None:
    path = write(f"id,what\n1,{cell},\n\n2,{cell},left\n", "a.csv")
    with pytest.raises(SourceError, match=r"a.csv, line 4: .* found a text of 4 characters; 1 of the 2 records"):
        read(path, Format(trailing_delimiter=True))
    assert not guess(path).trailing_delimiter


def test_a_record_without_the_trailing_delimiter_is_refused(write: Write) -> None:
    with pytest.raises(SourceError, match="line 3: expected 3 fields"):
        read(write("id,what\n1,x,\n2,y\n", "a.csv"), Format(trailing_delimiter=True))


def test_a_trailing_delimiter_is_to_be_confirmed(tmp_path: Path) -> None:
    file, why, folder = proposed(RAW / "trailing_delimiter" / "a1.csv", tmp_path)
    assert file["format"] == {"type": "csv", "trailing_delimiter": True}
    assert why.startswith("CONFIRM: every record ends with a delimiter (an extra, empty field")
    assert any("trailing_delimiter" in point.what for point in check(folder).unresolved)


# Lists of records inside records

CASES = [
    {"no": "C1", "who": {"race": "W"}, "allegations": [{"type": "Force"}, {"type": "Search"}]},
    {"no": "C2", "who": {"race": "B"}, "allegations": []},
    {"no": "C3", "who": {"race": "B"}, "allegations": [{"type": "Force"}]},
]
UNFOLDED = [["C1", "W", "Force"], ["C1", "W", "Search"], ["C2", "B", None], ["C3", "B", "Force"]]


@pytest.mark.parametrize(
    ("text", "name", "path"),
    [
        (json.dumps(CASES), "a.json", "allegations"),
        (json.dumps({"meta": {}, "data": CASES}), "a.json", "data.allegations"),
        ("".join(json.dumps(case) + "\n" for case in CASES), "a.jsonl", "allegations"),
    ],
)
def test_a_list_inside_the_records_gives_a_row_an_item(write: Write, text: str, name: str, path: str) -> None:
    file = write(text, name)
    assert guess(file).record_path == path
    table = read(file, guess(file))
    assert cells(table) == UNFOLDED
    prefix = f"{path.rpartition('.')[0] or 'parent'}."
    assert table.columns == (f"{prefix}no", f"{prefix}who.race", "type")


def test_the_lines_of_lists_in_json_lines(write: Write) -> None:
    table = read(
        write("\n" + "\n".join(map(json.dumps, CASES)), "a.jsonl"), Format(type="jsonl", record_path="allegations")
    )
    assert [table.line(row) for row in range(4)] == [2, 2, 3, 4]


def test_a_nested_list_is_to_be_confirmed_and_keeps_every_item(tmp_path: Path) -> None:
    file, why, folder = proposed(RAW / "nested_json" / "j4.json", tmp_path)
    assert (file["format"]["record_path"], file["rows"]) == ("allegations", 120)
    assert why.startswith("CONFIRM: the list 'allegations' is nested inside the records: one row for each of its 120")
    assert [rule["exact"] for rule in file["repeats"]] == ["keep"]
    assert any("'allegations' is nested" in point.what for point in check(folder).points)


def test_two_lists_inside_the_records_are_left_to_decide(tmp_path: Path, write: Write) -> None:
    both = [case | {"officers": [{"id": "7"}, {"id": "8"}]} for case in CASES]
    file, why, folder = proposed(write(json.dumps(both), "a.json"), tmp_path)
    assert file["format"]["record_path"] == "DECIDE"
    assert why.startswith("lists of records nested inside the records, in allegations, officers; record_path: PATH")
    assert any("nested inside the records, in allegations" in point.what for point in check(folder).unresolved)


def test_features_of_a_map_are_records_with_their_dates(tmp_path: Path, write: Write) -> None:
    features = [
        {"type": "Feature", "geometry": None, "properties": {"no": f"C{n}", "received": f"2016/01/{n:02} 00:00:00+00"}}
        for n in range(1, 29)
    ]
    path = write(json.dumps({"type": "FeatureCollection", "features": features}), "a.geojson")
    file, _, _ = proposed(path, tmp_path)
    assert file["format"]["record_path"] == "features"
    assert file["columns"]["properties.received"]["date"] == {"date": "%Y/%m/%d", "strip_time": True}
    assert file["columns"]["properties.received"]["stage"] == "received"


# Merged cells


def workbook(*merged: str) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (["id", "day", "what"], ["A", "d1", "x"], [None, None, "y"], ["B", "d2", "z"], ["note", None, None]):
        sheet.append(row)
    for cells_of in merged:
        sheet.merge_cells(cells_of)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_the_value_of_merged_cells_stands_in_each(write: Write) -> None:
    path = write(workbook("A2:A3", "B2:B3", "A5:C5"), "a.xlsx")
    assert cells(read(path, Format(type="xlsx")))[1] == [None, None, "y"]
    fmt = guess(path)
    assert said(fmt) == {"type": "xlsx", "merged": "fill"}
    table = read(path, fmt)
    assert cells(table) == [["A", "d1", "x"], ["A", "d1", "y"], ["B", "d2", "z"], ["note", None, None]]
    assert "2 merged range(s) filled with their value" in table.notes


def test_cells_merged_in_the_header_or_along_a_row_are_left(write: Write) -> None:
    assert said(guess(write(workbook("A5:C5"), "a.xlsx"))) == {"type": "xlsx"}


def test_overlapping_merged_cells_are_refused(write: Write) -> None:
    with pytest.raises(SourceError, match=r"row 3: two merged ranges overlap"):
        read(write(workbook("A2:A3", "A3:A4"), "a.xlsx"), Format(type="xlsx", merged="fill"))


def test_merged_cells_are_to_be_confirmed(tmp_path: Path) -> None:
    file, why, folder = proposed(RAW / "merged_cells" / "e4.xlsx", tmp_path)
    assert (file["format"]["merged"], file["rows"]) == ("fill", 80)
    assert why.startswith("CONFIRM: merged cells below the header: 60 merged range(s)")
    assert any("merged cells" in point.what for point in check(folder).unresolved)


def test_hidden_sheets_and_the_epoch_of_1904_are_lines_to_decide(tmp_path: Path) -> None:

    from openpyxl.utils.datetime import CALENDAR_MAC_1904

    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    shown, hidden = book.active, book.create_sheet("earlier")
    for at, sheet in enumerate((shown, hidden)):
        sheet.append(["Case No", "Date Received", "Finding"])
        for i in range(30 - at):
            sheet.append([f"C-{i:03}", dt.date(2020, 1, 1) + dt.timedelta(days=7 * i), "Sustained"])
    hidden.sheet_state = "veryHidden"
    shown.row_dimensions[5].hidden = True
    book.save(tmp_path / "cases.xlsx")
    folder = new_source("book", [tmp_path / "cases.xlsx"], into=tmp_path / "data")
    text = (folder / "source.yaml").read_text(encoding="utf-8")
    for said in ("'earlier' (very hidden)", "is this sheet itself", "hidden rows: 1", "counted from 1904", "overlap:"):
        assert said in text, said
    assert text.count("hidden: DECIDE") == 2
    assert "2020-01-01" in text


def test_a_list_inside_an_object_inside_a_record_keeps_what_stands_beside_it(tmp_path: Path) -> None:
    records = [
        {"id": "1", "file": {"opened": "2020-01-01", "charges": [{"code": "A"}, {"code": "B"}]}},
        {"id": "2", "file": {"opened": "2020-02-01", "charges": []}},
        {"id": "3", "file": {"opened": "2020-03-01"}},
    ]
    path = tmp_path / "cases.json"
    path.write_text(json.dumps({"data": records}), encoding="utf-8")
    fmt = guess(path)
    assert fmt.record_path == "data.file.charges"
    frame = read(path, fmt).frame
    assert frame["data.id"].tolist() == ["1", "1", "2", "3"]
    assert frame["data.file.opened"].tolist() == ["2020-01-01", "2020-01-01", "2020-02-01", "2020-03-01"]
    assert frame["code"].fillna("").tolist() == ["A", "B", "", ""]


# Records by key, and other ways to write a table as JSON

KEYED = {f"2019-{n:03}": {"received": f"2019-03-{n + 1:02}", "finding": "Sustained"} for n in range(20)}
LISTS = {key: [{"kind": "Force", "n": n} for n in range(2)] for key in KEYED}


@pytest.mark.parametrize(
    ("document", "path", "rows", "number"),
    [
        (KEYED, "*", 20, "record_key"),
        ({"meta": {"on": "x"}, "complaints": KEYED}, "complaints.*", 20, "record_key"),
        (LISTS, "*", 40, "record_key"),
        ({k: {**v, "allegations": LISTS[k]} for k, v in KEYED.items()}, "*.allegations", 40, "parent.record_key"),
    ],
)
def test_records_by_key_keep_their_key(write: Write, document: Any, path: str, rows: int, number: str) -> None:
    file = write(json.dumps(document), "by_key.json")
    fmt = guess(file)
    assert fmt.record_path == path
    table = read(file, fmt)
    assert len(table.frame) == rows
    assert table.frame[number].unique().tolist() == list(KEYED)


@pytest.mark.parametrize(
    "document", [{"meta": {"id": 1}, "data": {"id": 2}}, {"cases": [{"id": 1}], "officers": [{"id": 2}]}]
)
def test_objects_under_words_are_no_records_by_key(document: Any) -> None:
    assert not any("*" in path for path in record_paths(document))


def test_records_that_are_lists_take_the_names_beside_them(write: Write) -> None:
    rows = [[key, *value.values()] for key, value in KEYED.items()]
    names = ["case", "received", "finding"]
    portal = {"meta": {"view": {"columns": [{"id": n, "name": name} for n, name in enumerate(names)]}}, "data": rows}
    for document in (portal, {"columns": names, "index": list(range(20)), "data": rows}):
        file = write(json.dumps(document), "lists.json")
        assert read(file, guess(file)).frame.to_numpy().tolist() == rows


def test_columns_of_cells_are_refused_by_name(write: Write) -> None:
    file = write(pd.DataFrame({"case": ["a", "b"], "day": ["x", "y"]}).to_json(), "columns.json")
    with pytest.raises(SourceError, match=r"found columns whose cells stand by the number of their row"):
        read(file, guess(file))
