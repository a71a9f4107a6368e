"""Delimited files, and what may be wrapped around any file: every row arrives as published, or an error says where."""

from __future__ import annotations

import csv
import gzip
import io
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from conftest import examples
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from accountability.errors import SourceError
from accountability.records.readers import Format, RawTable, header, raw, read, read_chunks

fuzz = settings(deadline=None, max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def put(content: bytes | str, name: str = "a.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return put


def cells(table: RawTable) -> list[list[str | None]]:
    return [[None if pd.isna(c) else c for c in row] for row in table.frame.to_numpy().tolist()]


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


# What arrives


def test_cells_are_text_as_published(write: Callable[..., Path]) -> None:
    table = read(write('id,v\n007,NA\n1e5,#VALUE!\n, x \nnull,""\n=1+1,-\n'))
    assert cells(table) == [
        ["007", "NA"], ["1e5", "#VALUE!"], [None, " x "], ["null", None], ["=1+1", "-"]
    ]  # fmt: skip
    assert (table.frame.dtypes == "str").all()
    assert table.columns == ("id", "v")
    assert table.place(2) == "a.csv, line 4"


def test_line_ends_inside_quotes_belong_to_the_cell_and_lines_are_counted_as_in_an_editor(
    write: Callable[..., Path],
) -> None:
    table = read(write('id,text\r\n1,"first\nsecond ""so"" \r\nthird"\r\n\r\n2,b\r\n\r\n'))
    assert cells(table) == [["1", 'first\nsecond "so" \r\nthird'], ["2", "b"]]
    assert [table.line(0), table.line(1)] == [2, 6]
    assert "2 blank line(s) passed over, the first on line 5" in table.notes


@pytest.mark.parametrize(
    ("content", "fmt"),
    [
        ("x,y\na,é\n".encode("utf-8-sig"), {}),
        ("x,y\na,é\n".encode("utf-8-sig"), {"encoding": "utf-8"}),
        ("x,y\na,é\n".encode("utf-16"), {}),
        ("x,y\r\na,é\r\n".encode("utf-16"), {"encoding": "utf-16"}),
        ("x,y\na,é\n".encode("cp1252"), {"encoding": "cp1252"}),
        ("x,y\na,é\n".encode("utf-16-be"), {"encoding": "utf-16-be"}),
        ("x\ty\na\té\n".encode(), {"type": "tsv"}),
        ("x;y\na;é".encode(), {"delimiter": ";"}),
        ("x¦y\na¦é\n".encode(), {"delimiter": "¦"}),
        ("x,y\ra,é\r".encode(), {}),
        ("'x','y'\n'a','é'\n".encode(), {"quote": "'"}),
        ("x,y\na,\\é\n".encode(), {"escape": "\\"}),
        ("Report of 2020\n\nx,y\na,é\n".encode(), {"header_row": 3}),
        ("a,é\n".encode(), {"header_row": 0, "names": ["x", "y"]}),
        ("1,1\na,é\n".encode(), {"names": ["x", "y"]}),
        ("x,y\na,é\n\nTotal: 1\n\n".encode(), {"skip_footer": 1}),
        ("x,y\na,é\n1\n2\n".encode(), {"skip_footer": 2}),
        (gzip.compress("x,y\na,é\n".encode()), {}),
        (gzip.compress(b"x,y\n") + gzip.compress("a,é\n".encode()), {}),
        (zipped({"d/": b"", "d/b.csv": "x,y\na,é\n".encode(), "__MACOSX/d/._b.csv": b"\0"}), {}),
        (zipped({"b.csv.gz": gzip.compress("x,y\na,é\n".encode())}), {}),
        (zipped({"b.csv": "x,y\na,é\n".encode(), "c.txt": b"?"}), {"member": "b.csv"}),
    ],
)
def test_one_table_in_many_dresses(write: Callable[..., Path], content: bytes, fmt: dict[str, object]) -> None:
    path, form = write(content), Format.model_validate(fmt)
    assert cells(read(path, form)) == [["a", "é"]]
    assert header(path, form) == ["x", "y"]
    for block in (1, 3, 1000):
        chunks = list(read_chunks(path, form, block=block))
        assert [row for chunk in chunks for row in cells(chunk)] == [["a", "é"]]


def test_only_wanted_columns_are_kept_in_the_order_of_the_file(write: Callable[..., Path]) -> None:
    table = read(write("x,y,z\n1,2,3\n"), columns=["z", "x"])
    assert list(table.frame) == ["x", "z"]
    assert cells(table) == [["1", "3"]]
    assert table.columns == ("x", "y", "z")


def test_quotes_that_are_ordinary_text_stay(write: Callable[..., Path]) -> None:
    assert cells(read(write('x,y\n5\'10" tall,b\n"a"b",c\n'), Format(quote=None))) == [
        ["5'10\" tall", "b"],
        ['"a"b"', "c"],
    ]
    assert cells(read(write('x,y\n5\'10" tall,"b"\n'))) == [["5'10\" tall", "b"]]


def test_columns_without_a_name_are_named_by_position_and_noted(write: Callable[..., Path]) -> None:
    table = read(write(",x\n1,2\n"))
    assert table.columns == ("column_1", "x")
    assert "1 column(s) have no name in the header; called column_1" in table.notes


def test_a_cell_of_ten_million_bytes_is_read(write: Callable[..., Path]) -> None:
    long = "word, \n" * 1_450_000
    table = read(write(f'x,y\n1,"{long}"\n2,b\n'))
    assert cells(table) == [["1", long], ["2", "b"]]
    assert table.line(1) == 2 + 1_450_000 + 1
    slow = read(write(f'x,y\n1,"{long}"\n2"",b\n'))
    assert cells(slow) == [["1", long], ['2""', "b"]]


def test_chunks_continue_the_index_and_the_line_numbers(write: Callable[..., Path]) -> None:
    path = write("x,y\n" + "".join(f'{i},"a\nb"\n' for i in range(500)))
    chunks = list(read_chunks(path, block=100))
    assert len(chunks) > 10
    whole = pd.concat([chunk.frame for chunk in chunks])
    assert whole.index.tolist() == list(range(500))
    lines = [chunk.line(i) for chunk in chunks for i in range(len(chunk.frame))]
    assert lines == [2 + 2 * i for i in range(500)]
    table = read(path)
    assert [table.line(i) for i in range(500)] == lines


def test_chunks_hold_little_memory(write: Callable[..., Path]) -> None:
    path = write(gzip.compress(b"x,y\n" + b"abcdefgh,12345678\n" * 500_000))
    before = pa.total_allocated_bytes()
    rows = arrow = 0
    tracemalloc.start()
    for chunk in read_chunks(path, block=2**18):
        rows += len(chunk.frame)
        arrow = max(arrow, pa.total_allocated_bytes() - before)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert rows == 500_000
    assert max(peak, arrow) < 4_500_000  # half of the 9 MB of text; a chunk holds 0.25 MB of it


# What is refused, and in which words

ROW = b"a,b,c\n1,2,3\n"


@pytest.mark.parametrize(
    ("content", "fmt", "message"),
    [
        (b"", {}, r"a\.csv: the file is empty"),
        (b"\xef\xbb\xbf", {}, r"a\.csv, line 1: expected the column names"),
        (gzip.compress(b""), {}, r"a\.csv: the file is empty"),
        (b"a,b,c\n", {}, r"a header of 3 columns and no rows"),
        (b"a,b,c", {}, r"a header of 3 columns and no rows"),
        (b"\n\na,b\n1,2\n", {}, r"line 1: expected the column names, found an empty line.*header_row"),
        (ROW, {"header_row": 9}, r"line 9: expected the column names, but the file ends"),
        (b"a,b,a,a\n1,2,3,4\n", {}, r"line 1: 1 column name\(s\) occur more than once: 'a' \(3 times\)"),
        (ROW + b"4,5\n", {}, r"line 3: expected 3 fields.*found 2; 1 of the 2 records"),
        (ROW + b'4,"\n\n",6\n7,8,9,10\n1,2\n', {}, r"line 6: expected 3 fields.*found 4; 2 of .*So do lines 7\."),
        (ROW + b'4",5\n', {}, r"line 3: expected 3 fields.*found 2"),
        (ROW, {"names": ["x", "y"]}, r"line 2: expected 2 fields.*found 3"),
        (ROW + b"4,\xe9,6\n", {}, r"line 3: the text is not utf-8: .* at byte 14\..*cp1252"),
        ("a,b\n1,é\n".encode() + b"2,\xe9\n", {}, r"line 3: the text is not utf-8"),
        ("a,b\n1,é\n".encode("utf-16") + b"\0", {}, r"line 3: the text is not utf-16"),
        (b"a,b\n1,\x81\n", {"encoding": "cp1252"}, r"line 2: the text is not cp1252: .* at byte 6"),
        (b"\xef\xbb\xbfa,b\n1,2\n", {"encoding": "cp1252"}, r"declared encoding cp1252.*byte-order mark of utf-8"),
        (ROW + b"4,\0,6\n", {}, r"line 3: the text holds a NUL byte"),
        (b"a\0,\0b\0", {}, r"line 1: the text holds a NUL byte.*utf-16"),
        (ROW + b'4,"5,6\n7,8,9\n', {}, r"line 3: a quote is opened here and never closed"),
        (ROW + b'4,"5"x,6\n', {}, r"line 3: the record that begins here cannot be read \(found on line 3\)"),
        (ROW + b'4"",5,"\n6\n', {}, r"line 3: the record that begins here cannot be read"),
        (b'a,"b\n', {}, r"line 1: the column names cannot be read"),
        (b'a,b,c,d\n1,2,3,"4\n5,6,7,8\n6,7,8,9\n1,2,3,4"\n', {}, r"line 2: a quoted cell.*2 whole lines.*swallowed"),
        (b'a,b,c,d\n1,2,3,"4\n5,6,7,8\n6,7,8,9\n""1,2,3,4"\n', {}, r"line 2: a quoted cell.*swallowed"),
        (b'a,b,c,d\n""x,2,3,4\n', {}, r"line 2: the record that begins here cannot be read"),
        (b"<!DOCTYPE html>\n<html>", {}, r"a\.csv, line 1: expected csv, found a web page"),
        (b"%PDF-1.4\n", {}, r"expected csv, found a PDF document"),
        (b"SQLite format 3\0" + b"\0" * 90, {}, r"expected csv, found an SQLite database \(type: sqlite\)"),
        (gzip.compress(gzip.compress(ROW)), {}, r"gzipped more than once"),
        (gzip.compress(ROW * 20)[:-9], {}, r"a\.csv: the compressed file ends too early"),
        (gzip.compress(ROW)[:-5] + b"\1\1\1\1\1", {}, r"a\.csv: the compressed file is damaged"),
        (gzip.compress(ROW), {"max_bytes": 11}, r"more than 11 bytes unpacked, the declared limit"),
        (ROW, {"max_bytes": 11}, r"more than 11 bytes"),
        (zipped({"b.csv": ROW}), {"max_bytes": 11}, r"a\.csv: b\.csv: holds more than 11 bytes"),
        (zipped({"b.csv": ROW, "c.csv": ROW}), {}, r"holds 2 files: 'b\.csv', 'c\.csv'.*member: NAME"),
        (zipped({"b.csv": ROW}), {"member": "c.csv"}, r"expected one member 'c\.csv', found 0.*'b\.csv'"),
        (zipped({"../b.csv": ROW}), {}, r"'\.\./b\.csv', which leads outside"),
        (zipped({"/etc/b.csv": ROW, "c.csv": ROW}), {"member": "c.csv"}, r"leads outside"),
        (zipped({"..\\b.csv": ROW}), {}, r"leads outside"),
        (zipped({"__MACOSX/b": ROW, "d/": b""}), {}, r"the zip archive holds no file"),
        (zipped({}), {}, r"the zip archive holds no file"),
        (zipped({"b.csv": ROW})[:40], {}, r"a\.csv: the compressed file is damaged"),
        (ROW, {"member": "b.csv"}, r"member 'b\.csv' is declared, but the file is not a zip archive"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_refused(write: Callable[..., Path], content: bytes, fmt: dict[str, object], message: str) -> None:
    path, form = write(content), Format.model_validate(fmt)
    with pytest.raises(SourceError, match=message):
        read(path, form)
    for block in (1, 7, 2**20):
        with pytest.raises(SourceError, match=r"a\.csv"):
            list(read_chunks(path, form, block=block))


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"nowhere\.csv: there is no such file"):
        read(tmp_path / "nowhere.csv")
    with pytest.raises(SourceError, match="expected a file, found a folder"):
        read(tmp_path)


def test_an_encrypted_member_is_refused(write: Callable[..., Path]) -> None:
    content = bytearray(zipped({"b.csv": ROW}))
    content[content.index(b"PK\1\2") + 8] |= 1
    with pytest.raises(SourceError, match=r"'b\.csv' is encrypted"):
        read(write(bytes(content)))


def test_a_damaged_member_is_found_by_its_checksum(write: Callable[..., Path]) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("b.csv", ROW)
    with pytest.raises(SourceError, match=r"b\.csv: the compressed file is damaged"):
        read(write(out.getvalue().replace(b"1,2,3", b"1,2,4")))


def test_a_gzipped_file_with_any_byte_changed_or_cut_is_the_same_or_refused(write: Callable[..., Path]) -> None:
    """Nothing but a `SourceError` comes out of the decompressor, and never other rows."""
    lines = b"".join(b"%d,%d,%d\n" % (k * k % 911, k * 7919 % 1013, k) for k in range(120))
    packed = gzip.compress(b"a,b,c\n" + lines)
    whole, refused = read(write(packed)).frame, 0
    changed = [
        packed[:at] + bytes([packed[at] ^ bits]) + packed[at + 1 :] for at in range(len(packed)) for bits in (1, 80)
    ]
    for content in [*changed, *(packed[:at] for at in range(2, len(packed), 3)), packed + b"more"]:
        try:
            found = read(write(content)).frame
        except SourceError:
            refused += 1
        else:
            assert found.equals(whole)
    assert refused > len(packed)


def test_a_file_of_several_gzipped_parts_is_read_whole(write: Callable[..., Path]) -> None:
    parts = [b"a,b,c\n1,2,3\n", b"", b"4,5,6\n", b"7,8,9\n"]
    packed = b"".join(map(gzip.compress, parts))
    assert read(write(packed)).frame.equals(read(write(b"".join(parts))).frame)
    assert read(write(packed + b"\0" * 40)).frame.equals(read(write(b"".join(parts))).frame)


@pytest.mark.parametrize("wrap", [gzip.compress, lambda text: zipped({"b.csv": text})])
def test_a_decompression_bomb_is_refused(
    write: Callable[..., Path], wrap: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(wrap(b"a,b\n" + b"0" * 2**21 + b",1\n"))
    assert len(read(path).frame) == 1  # small enough to be harmless
    monkeypatch.setattr(raw, "_RATIO_FLOOR", 2**20)
    with pytest.raises(SourceError, match="looks like a decompression bomb"):
        read(path)


def test_a_missing_column_names_the_nearest(write: Callable[..., Path]) -> None:
    with pytest.raises(SourceError, match=r"1 of 2 expected columns.*'final_findng'.*Nearest.*'final_finding'"):
        read(write("id,final_finding\n1,2\n"), columns=["id", "final_findng"])


def test_a_cell_of_many_lines_can_be_meant(write: Callable[..., Path]) -> None:
    content = 'a,b,c,d\n1,2,3,"4\n5,6,7,8\n6,7,8,9\n1,2,3,4"\n'
    assert cells(read(write(content), Format(multiline=True))) == [["1", "2", "3", "4\n5,6,7,8\n6,7,8,9\n1,2,3,4"]]


def test_messages_show_no_cell(write: Callable[..., Path]) -> None:
    for content in ("n,b\nJane Doe\n", 'n,b\n"Jane Doe" x,1\n', "n,b\nJane Doe,\0\n", 'n,b\n"Jane Doe,1\n'):
        with pytest.raises(SourceError) as caught:
            read(write(content))
        assert "Jane" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sheet": "A"}, "sheet is a setting of xls, xlsx, xml; this file is declared csv"),
        ({"type": "xlsx", "delimiter": ";"}, "delimiter is a setting of csv, tsv"),
        ({"delimiter": '"'}, "must be three different characters"),
        ({"delimiter": "\n"}, "none of them a line end"),
        ({"delimiter": "||"}, "at most 1 character"),
        ({"encoding": "klingon"}, "'klingon' is not a text encoding"),
        ({"encoding": "zlib"}, "'zlib' is not a text encoding"),
        ({"header_row": 0}, "header_row: 0 says the file has no header"),
        ({"delimeter": ";"}, "Extra inputs are not permitted"),
        ({"type": "pdf"}, "Input should be"),
    ],
)
def test_a_wrong_declaration_is_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Format.model_validate(settings)


# Whatever the bytes

TRICKY = st.text(alphabet='a,"\n\r é', max_size=40)
CELLS = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


def expected(text: str, columns: int) -> list[tuple[int, list[str]]] | None:
    """The records the standard library sees, with their lines; ``None`` where a row or its quoting is not sound."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records = []
    line = 0
    try:
        for row in reader:
            if row:
                records.append((line + 1, row))
            line = reader.line_num
    except csv.Error:
        return None
    sound = len(records) > 1 and all(len(row) == columns for _, row in records)
    return records[1:] if sound else None


def outcome(read_it: Callable[[], list[RawTable]]) -> list[tuple[int, list[str]]] | None:
    try:
        tables = read_it()
    except SourceError as error:
        if "a.csv" not in str(error):
            raise
        return None
    return [(t.line(i), [c or "" for c in row]) for t in tables for i, row in enumerate(cells(t))]


@settings(fuzz, max_examples=examples(600))
@given(TRICKY, st.sampled_from([1, 5, 64]))
@example('a,b\na"",c\n"d\n",e\n', 1)
@example('"",\r\r\n"\r",a', 1)
def test_tricky_text_gives_what_the_standard_library_sees(write: Callable[..., Path], text: str, block: int) -> None:
    text = "x,y\n" + text
    path = write(text)
    want = expected(text, 2)
    assert outcome(lambda: [read(path)]) == want
    assert outcome(lambda: list(read_chunks(path, block=block))) == want


@fuzz
@given(
    st.integers(1, 5).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n), min_size=1, max_size=12)),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([7, 100]),
)
def test_what_was_written_is_read(
    write: Callable[..., Path], rows: list[list[str]], delimiter: str, end: str, block: int
) -> None:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
    writer.writerows([[f"c{i}" for i in range(len(rows[0]))], *rows])
    path, fmt = write(out.getvalue()), Format(delimiter=delimiter, multiline=True)
    want = [[cell or None for cell in row] for row in rows]
    assert cells(read(path, fmt)) == want
    assert [row for chunk in read_chunks(path, fmt, block=block) for row in cells(chunk)] == want


@settings(fuzz, max_examples=examples(300))
@given(st.binary(max_size=120), st.sampled_from([b"", b"x,y\n1,2\n", b"\xff\xfe", b"PK\3\4", b"\x1f\x8b"]))
def test_any_bytes_are_a_table_or_an_error_that_names_the_file(
    write: Callable[..., Path], content: bytes, start: bytes
) -> None:
    path = write(start + content)
    for fmt in (Format(), Format(encoding="cp1252"), Format(encoding="utf-16"), Format(quote=None)):
        outcome(lambda fmt=fmt: [read(path, fmt)])


@fuzz
@given(st.integers(0, 200), st.integers(0, 255), st.booleans())
def test_a_cut_or_changed_archive_never_gives_fewer_rows(
    write: Callable[..., Path], at: int, byte: int, zip_it: bool
) -> None:
    text = b"x,y\n" + b"".join(b"%d,%d\n" % (i, i * i) for i in range(40))
    whole = zipped({"b.csv": text}) if zip_it else gzip.compress(text)
    at %= len(whole)
    for content in (whole[:at], whole[:at] + bytes([byte]) + whole[at + 1 :]):
        got = outcome(lambda content=content: [read(write(content))])
        assert got is None or [row for _, row in got] == [[str(i), str(i * i)] for i in range(40)]


# Real files


@pytest.mark.real_data
def test_the_columns_of_a_real_release_equal_those_of_pandas(real_data: Callable[[str], Path]) -> None:
    for path in sorted(real_data("chicago_2000_2016").glob("*.csv.gz")):
        want = pd.read_csv(path, dtype="str", keep_default_na=False, na_values=[""])
        table = read(path)
        pd.testing.assert_frame_equal(table.frame, want)
        assert table.line(len(want) - 1) == len(want) + 1


@pytest.mark.real_data
def test_the_archive_with_junk_entries_is_read(real_data: Callable[[str], Path]) -> None:
    (path,) = real_data("nyc_ccrb_propublica").glob("*.zip")
    with pytest.raises(SourceError, match="holds 3 files"):
        read(path)
    (member,) = [name for name in zipfile.ZipFile(path).namelist() if name.startswith("allegations")]
    assert len(read(path, Format(member=member), columns=["complaint_id"]).frame) == 33_358
