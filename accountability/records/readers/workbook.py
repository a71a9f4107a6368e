"""Read one sheet of an Excel workbook, with the header in any row, as text columns.

Cells become text as in :mod:`~accountability.records.readers.cells`; errors such as ``#VALUE!`` stay as text. Formulas
give their stored result; without one the file is refused, because the cell would silently be blank.
"""

from __future__ import annotations

import datetime as dt
import io
import itertools
import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree

import numpy as np

from accountability.errors import SourceError
from accountability.records.readers.cells import cell_text, is_blank, text_frame
from accountability.records.readers.format import Format, RawTable, check_usecols, header_names, listed
from accountability.records.readers.raw import Stream, check_size

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

Row = Sequence[object]
Range = tuple[tuple[int, int], tuple[int, int]]

_LAST_ROW: Final = 1_048_576
_LAST_COLUMN: Final = 16_384
_SPARSE: Final = 20_000_000
_ROW: Final = re.compile(rb'<(?:\w+:)?row(?:\s[^>]*?\br="(\d+)"|[\s>])')
_CELL: Final = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]+)(\d+)"')
# A formula element with no value element after it, or an empty one; where the cell is text, empty text is a result.
_NO_RESULT: Final = re.compile(
    rb'<(?:\w+:)?c(?=[^>]*?\sr="([A-Z]+)(\d+)")([^>]*)>\s*<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*'
    rb"(<(?:\w+:)?v\s*(?:/>|></(?:\w+:)?v>)\s*)?</(?:\w+:)?c>"
)
_HIDDEN_ROW: Final = re.compile(rb"<(?:\w+:)?row\s[^>]*\bhidden=[\"'](?:1|true)")
_SEEN: Final = {"Hidden": 1, "VeryHidden": 2}
HIDDEN: Final = "hidden"
EPOCH: Final = "days are counted from 1904"
_VALUE: Final = rb"(?:(?!</(?:\w+:)?c>).)*?<(?:\w+:)?v>"
_ERROR: Final = re.compile(
    rb'<(?:\w+:)?c(?=[^>]*?\sr="([A-Z]+)(\d+)")(?=[^>]*?\st="e")[^>]*>' + _VALUE + rb"([^<]+)<", re.DOTALL
)
_NEGATIVE: Final = re.compile(
    rb'<(?:\w+:)?c(?=[^>]*?\sr="([A-Z]+)(\d+)")(?![^>]*?\st="(?!n"))[^>]*>' + _VALUE + rb"(-[0-9.eE+-]+)<", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """One parsed sheet: typed rows, cells whose formula has no result, and merged ranges.

    A merged range is the row and column of its first and of its last cell, counted from 0.
    """

    name: str
    rows: Sequence[Row]
    unfinished: list[tuple[str, int]] = field(default_factory=list)
    merged: Sequence[Range] = ()
    notes: Sequence[str] = ()

    def merged_down(self, header_row: int) -> list[Range]:
        """Return the merged ranges below the header over more than one row."""
        return [(first, last) for first, last in self.merged if first[0] >= header_row and last[0] > first[0]]


def read_workbook(stream: Stream, fmt: Format, usecols: Sequence[str] | None) -> RawTable:
    """Read one sheet of an ``xlsx`` or ``xls`` workbook.

    Raises
    ------
    SourceError
        For several sheets and none declared, a bad header, data outside the header's columns, a formula without a
        stored result in a wanted column, or a damaged or encrypted file.
    """
    data = stream.read_all()
    with _explained(stream.name):
        sheet = _sheet(data, stream.name, fmt)
        return sheet_table(stream.name, sheet, fmt, usecols, sheet.notes)


def workbook_header(stream: Stream, fmt: Format) -> list[str]:
    """Read only the column names of a sheet.

    Raises
    ------
    SourceError
        As for :func:`read_workbook`, for the part read.
    """
    data = stream.read_all()
    with _explained(stream.name):
        sheet = _sheet(data, stream.name, fmt, last_row=max(fmt.header_row, 1))
        return _columns(stream.name, sheet, fmt)[0]


@contextmanager
def _explained(where: str) -> Iterator[None]:
    try:
        yield
    except SourceError:
        raise
    except Exception as error:  # the parsers raise whatever a damaged part of the file makes them stumble over
        raise SourceError(
            f"{where}: the workbook cannot be read ({type(error).__name__}: {error}). It is damaged, encrypted "
            "or not a workbook; open it in a spreadsheet program and save it again."
        ) from error


def sheets_of(stream: Stream, fmt: Format) -> list[Sheet]:
    """Read every sheet, for guessing the right one.

    Raises
    ------
    SourceError
        The file is damaged or encrypted.
    """
    data = stream.read_all()
    with _explained(stream.name):
        names = _sheet_names(_xlsx_book(data)) if fmt.type == "xlsx" else _xls_book(data).sheet_names()
        return [_sheet(data, stream.name, fmt.model_copy(update={"sheet": name})) for name in names]


def _sheet(data: bytes, where: str, fmt: Format, last_row: int | None = None) -> Sheet:
    return _xlsx(data, where, fmt, last_row) if fmt.type == "xlsx" else _xls(data, where, fmt, last_row)


def _chosen(names: list[str], where: str, fmt: Format) -> str:
    if fmt.sheet is None and len(names) == 1:
        return names[0]
    if fmt.sheet in names:
        return str(fmt.sheet)
    expected = "one sheet" if fmt.sheet is None else f"a sheet {fmt.sheet!r}"
    raise SourceError(
        f"{where}: expected {expected}, found {len(names)}: {listed(map(repr, names), 20)}. Say which one to read: "
        "sheet: NAME in the file's format."
    )


def _xlsx_book(data: bytes) -> CalamineWorkbook:
    import python_calamine

    return python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))


def _sheet_names(book: CalamineWorkbook) -> list[str]:
    """The sheets of cells, hidden ones too; a sheet of a chart is none."""
    return [sheet.name for sheet in book.sheets_metadata if str(sheet.typ).endswith("WorkSheet")]


def _xlsx(data: bytes, where: str, fmt: Format, last_row: int | None) -> Sheet:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        check_size(sum(i.file_size for i in archive.infolist()), len(data), fmt, where)
        book = _xlsx_book(data)
        name = _chosen(_sheet_names(book), where, fmt)
        text = archive.read(_path_of(archive, name))
        epoch = re.search(rb"<(?:\w+:)?workbookPr\b[^>]*\bdate1904=[\"'](?:1|true)", archive.read("xl/workbook.xml"))
    _check_extent(text, f"{where}, sheet {name!r}")
    sheet = book.get_sheet_by_name(name)
    rows = sheet.to_python(skip_empty_area=False, nrows=last_row)
    # The parser writes whole days as dates; beside moments they are moments at midnight, as in the other kinds.
    typed: list[list[object]] = [[_moment(cell) if type(cell) is dt.date else cell for cell in row] for row in rows]
    for match in _ERROR.finditer(text):  # which the parser leaves blank
        _put(typed, match[1], int(match[2]), match[3].decode())
    for match in _NEGATIVE.finditer(text):  # which it takes for midnight where the cell is marked as a date
        _put(typed, match[1], int(match[2]), float(match[3]))
    unfinished = [(m[1].decode(), int(m[2])) for m in _NO_RESULT.finditer(text) if not (m[4] and b't="str"' in m[3])]
    hidden = {s.name: str(s.visible).rpartition(".")[2] for s in book.sheets_metadata}
    notes = _notes(name, {n: _SEEN.get(v, 0) for n, v in hidden.items()}, epoch is not None)
    if hidden_rows := len(_HIDDEN_ROW.findall(text)):
        notes.append(f"{HIDDEN} rows: {hidden_rows:,}, which a filter or a person has put out of sight")
    return Sheet(name, typed, unfinished, sheet.merged_cell_ranges or (), notes)


def _notes(name: str, hidden: Mapping[str, int], epoch: bool) -> list[str]:
    """What a workbook does not show to who opens it."""
    out_of_sight = [f"{sheet!r} ({'very hidden' if how == 2 else 'hidden'})" for sheet, how in hidden.items() if how]
    notes = [f"{HIDDEN} sheets in the workbook: {listed(out_of_sight)}"] if out_of_sight else []
    if hidden.get(name):
        notes.append(f"{HIDDEN} is this sheet itself, {name!r}")
    return notes + ([f"{EPOCH} in this workbook"] if epoch else [])


def _moment(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day)


def _put(rows: list[list[object]], letters: bytes, row: int, cell: object) -> None:
    """Set a cell of the rows that were read."""
    column = column_number(letters)
    if row <= len(rows):
        rows[row - 1] += [None] * (column - len(rows[row - 1]))
        rows[row - 1][column - 1] = cell


def _path_of(archive: zipfile.ZipFile, name: str) -> str:
    """Where the text of a sheet is in a workbook."""
    sheets = ElementTree.fromstring(archive.read("xl/workbook.xml")).iterfind("{*}sheets/{*}sheet")
    wanted = next(sheet for sheet in sheets if sheet.get("name") == name)
    key = next(value for attribute, value in wanted.attrib.items() if attribute.endswith("}id"))
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    target = next(str(link.get("Target")) for link in links if link.get("Id") == key)
    return target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")


def _check_extent(text: bytes, where: str) -> None:
    """Refuse a sheet whose row and column numbers would make a few cells fill the memory.

    Raises
    ------
    SourceError
        Rows or cells out of order, which the parser would skip; a row or column beyond what a spreadsheet can
        hold; an enormous sheet that is nearly all blank.
    """
    rows = [int(m[1] or 0) for m in _ROW.finditer(text)]
    cells = [(int(m[2]), column_number(m[1])) for m in _CELL.finditer(text)]
    numbered = [row for row in rows if row]
    for what, places in (("row", [(row,) for row in numbered]), ("cell", cells)):
        if back := next((b for a, b in itertools.pairwise(places) if b <= a), None):
            raise SourceError(f"{where}, row {back[0]}: a {what} stands out of order in the file, which is damaged.")
    widest = max((column for _, column in cells), default=0)
    last = max(numbered, default=0)
    if last > _LAST_ROW or widest > _LAST_COLUMN:
        raise SourceError(
            f"{where}: the last cell is in row {last}, column {widest}; a spreadsheet has at most {_LAST_ROW} rows and "
            f"{_LAST_COLUMN} columns. The file is damaged."
        )
    if (area := len(rows) * widest) > max(_SPARSE, 50 * len(cells)):
        raise SourceError(
            f"{where}: {len(cells)} cells are spread over {area:,} places; the sheet is not a table. Delete what "
            "stands far outside of the table."
        )


def column_number(letters: bytes) -> int:
    """Return the number of a spreadsheet column, from 1, given its letters."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _xls_book(data: bytes) -> Any:
    import xlrd

    return xlrd.open_workbook(file_contents=data, logfile=io.StringIO())


def _xls(data: bytes, where: str, fmt: Format, last_row: int | None) -> Sheet:
    import xlrd

    book = _xls_book(data)
    sheet = book.sheet_by_name(_chosen(book.sheet_names(), where, fmt))

    def value(kind: int, cell: Any) -> object:
        if kind == xlrd.XL_CELL_DATE and cell >= 0:
            try:
                moment = xlrd.xldate_as_datetime(cell, book.datemode)
            except (xlrd.xldate.XLDateError, OverflowError, ValueError):
                return cell  # not a date Excel can show: keep the number
            return moment if cell >= 1 else moment.time()
        if kind == xlrd.XL_CELL_ERROR:
            return xlrd.error_text_from_code.get(cell, f"#ERROR {cell}")
        return bool(cell) if kind == xlrd.XL_CELL_BOOLEAN else cell

    rows: list[Row] = [
        [value(k, c) for k, c in zip(sheet.row_types(i), sheet.row_values(i), strict=True)]
        for i in range(min(sheet.nrows, last_row or sheet.nrows))
    ]
    notes = _notes(sheet.name, {s.name: s.visibility for s in book.sheets()}, book.datemode == 1)
    return Sheet(sheet.name, rows, merged=_xls_merged(data, sheet.name), notes=notes)


def _xls_merged(data: bytes, name: str) -> Sequence[Range]:
    """Merged ranges of an old workbook; none where it is older than they are."""
    try:
        return _xlsx_book(data).get_sheet_by_name(name).merged_cell_ranges or ()
    except Exception:  # whatever the second parser cannot read has been read by the first
        return ()


def _columns(file: str, sheet: Sheet, fmt: Format) -> tuple[list[str], list[str]]:
    head = sheet.rows[fmt.header_row - 1] if 0 < fmt.header_row <= len(sheet.rows) else ()
    names = [cell_text(cell, timed=False) or "" for cell in head]
    while names and not names[-1].strip():
        names.pop()
    return header_names(names, fmt.names, f"{_where(file, sheet, fmt)}, row {max(fmt.header_row, 1)}")


def _where(file: str, sheet: Sheet, fmt: Format) -> str:
    return f"{file}, table {sheet.name}" if fmt.type == "html" else f"{file}, sheet {sheet.name!r}"


def _filled(rows: Sequence[Row], ranges: Sequence[Range], where: str) -> list[list[object]]:
    """Rows in which the value of a merged range stands in each of its cells."""
    made = [list(row) for row in rows]
    held: set[tuple[int, int]] = set()
    for (top, left), (bottom, right) in ranges:
        value = made[top][left] if top < len(made) and left < len(made[top]) else None
        for at in range(top, min(bottom + 1, len(made))):
            made[at] += [None] * (right + 1 - len(made[at]))
            for column in range(left, right + 1):
                below = (at, column) != (top, left) and made[at][column] not in (None, "", value)
                if (at, column) in held or below:
                    what = "two merged ranges overlap" if (at, column) in held else "a merged range holds two values"
                    raise SourceError(f"{where}, row {at + 1}: {what}. Save the workbook again without merged cells.")
                held.add((at, column))
                made[at][column] = value
    return made


def sheet_table(file: str, sheet: Sheet, fmt: Format, usecols: Sequence[str] | None, notes: Sequence[str]) -> RawTable:
    """Split rows into header and records, check their width, and write them as text.

    Raises
    ------
    SourceError
        For a bad header, no rows, data outside the header's columns, or a formula without a stored result.
    """
    where = _where(file, sheet, fmt)
    columns, more = _columns(file, sheet, fmt)
    notes = [*notes, *more]
    if fmt.merged == "fill":
        ranges = sheet.merged_down(fmt.header_row)
        sheet = replace(sheet, rows=_filled(sheet.rows, ranges, where))
        notes.append(f"{len(ranges)} merged range(s) filled with their value")
    wanted = check_usecols(usecols, columns, where) or columns
    below = list(enumerate(sheet.rows[fmt.header_row :], fmt.header_row + 1))
    body = [(number, row) for number, row in below if not is_blank(row)]
    if fmt.skip_footer:
        body = body[: -fmt.skip_footer]
    if not body:
        raise SourceError(f"{where}: the sheet has a header of {len(columns)} columns and no rows.")
    width, last_row = len(columns), body[-1][0]
    wide = [(number, row) for number, row in body if not is_blank(row[width:])]
    if wide:
        number, row = wide[0]
        last = max(i for i, cell in enumerate(row, 1) if cell is not None and cell != "")
        raise SourceError(
            f"{where}, row {number}: expected {width} cells, one for each column, found a value in cell {last}; "
            f"{len(wide)} of {len(body)} rows have one. Give all columns a name with names: [...], or check the "
            "header row."
        )
    blank = [number for number, row in below if number < last_row and is_blank(row)]
    if blank:
        notes.append(f"{len(blank)} blank row(s) passed over, the first is row {blank[0]}")
    at = {name: i for i, name in enumerate(columns)}
    within = {_letters(at[name]) for name in wanted}
    lost = [f"{c}{r}" for c, r in sheet.unfinished if c in within and fmt.header_row < r <= last_row]
    if lost:
        raise SourceError(
            f"{where}, cell {lost[0]}: {len(lost)} cell(s) hold a formula whose result is not stored in the file "
            f"({listed(lost)}). Open the workbook in a spreadsheet program and save it."
        )
    frame = text_frame({name: [row[at[name]] if at[name] < len(row) else None for _, row in body] for name in wanted})
    lines = np.array([number for number, _ in body], np.int64)
    plain = lines[-1] - lines[0] == len(lines) - 1
    return RawTable(frame, where, tuple(columns), int(lines[0]), "row", None if plain else lines, tuple(notes))


def _letters(index: int) -> str:
    """Name of a spreadsheet column, counted from 0: A, B, ..., Z, AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
