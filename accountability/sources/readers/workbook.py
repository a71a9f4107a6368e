"""Excel workbooks: one sheet, header anywhere, to text columns.

A cell is written as :mod:`~accountability.sources.readers.cells` says; errors such as ``#VALUE!`` stay as text.
A formula gives the result the spreadsheet program stored; where none is stored the file is refused, because the cell
would silently be blank.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np

from accountability.errors import SourceError
from accountability.sources.readers.cells import cell_text, is_blank, text_frame
from accountability.sources.readers.format import Format, RawTable, check_usecols, header_names, listed
from accountability.sources.readers.raw import Stream, check_size

Row = Sequence[object]

# A formula element with no value element after it.
_NO_RESULT: Final = re.compile(
    rb'<(?:\w+:)?c\s[^>]*?r="([A-Z]+)(\d+)"[^>]*>\s*<(?:\w+:)?f(?:\s[^>]*)?(?:/>|>[^<]*</(?:\w+:)?f>)\s*</(?:\w+:)?c>'
)


def read_workbook(stream: Stream, fmt: Format, usecols: Sequence[str] | None) -> RawTable:
    """Read one sheet of an ``xlsx`` or ``xls`` workbook.

    Raises
    ------
    SourceError
        Several sheets and none declared, a bad header, data beside the columns of the header, a formula without a
        stored result in a wanted column, or a file that is damaged or encrypted.
    """
    data = stream.read_all()
    try:
        name, rows, unfinished = (_xlsx if fmt.type == "xlsx" else _xls)(data, stream.name, fmt)
        return _table(f"{stream.name}, sheet {name!r}", rows, unfinished, fmt, usecols)
    except SourceError:
        raise
    except Exception as error:  # the parsers raise whatever a damaged part of the file makes them stumble over
        raise SourceError(
            f"{stream.name}: the workbook cannot be read ({type(error).__name__}: {error}). It is damaged, encrypted "
            "or not a workbook; open it in a spreadsheet program and save it again."
        ) from error


def sheet_rows(stream: Stream, fmt: Format) -> dict[str, list[Row]]:
    """Rows of every sheet, for guessing which one is meant."""
    data = stream.read_all()
    names = _xlsx_names(data) if fmt.type == "xlsx" else _xls_book(data).sheet_names()
    read = _xlsx if fmt.type == "xlsx" else _xls
    return {name: list(read(data, stream.name, fmt.model_copy(update={"sheet": name}))[1]) for name in names}


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


def _xlsx_names(data: bytes) -> list[str]:
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True)
    return [sheet.title for sheet in book.worksheets]


def _xlsx(data: bytes, where: str, fmt: Format) -> tuple[str, Iterator[Row], list[tuple[str, int]]]:
    import openpyxl

    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        check_size(sum(i.file_size for i in archive.infolist()), len(data), fmt, where)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about decoration that is not kept, such as drop-down lists
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    name = _chosen([sheet.title for sheet in book.worksheets], where, fmt)
    sheet = book[name]
    sheet.reset_dimensions()  # the stated size of a sheet is often wrong and would cut rows off
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        text = archive.read(sheet._worksheet_path)
    unfinished = [(m[1].decode(), int(m[2])) for m in _NO_RESULT.finditer(text)]

    def rows() -> Iterator[Row]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            yield from list(sheet.iter_rows(values_only=True))

    return name, rows(), unfinished


def _xls_book(data: bytes) -> Any:
    import xlrd

    return xlrd.open_workbook(file_contents=data, logfile=io.StringIO())


def _xls(data: bytes, where: str, fmt: Format) -> tuple[str, Iterator[Row], list[tuple[str, int]]]:
    import xlrd

    book = _xls_book(data)
    name = _chosen(book.sheet_names(), where, fmt)
    sheet = book.sheet_by_name(name)

    def value(kind: int, cell: Any) -> object:
        if kind == xlrd.XL_CELL_DATE:
            try:
                return xlrd.xldate_as_datetime(cell, book.datemode)
            except (xlrd.xldate.XLDateError, OverflowError, ValueError):
                return cell  # not a date Excel can show: keep the number
        if kind == xlrd.XL_CELL_ERROR:
            return xlrd.error_text_from_code.get(cell, f"#ERROR {cell}")
        return bool(cell) if kind == xlrd.XL_CELL_BOOLEAN else cell

    def rows() -> Iterator[Row]:
        for i in range(sheet.nrows):
            yield [value(k, c) for k, c in zip(sheet.row_types(i), sheet.row_values(i), strict=True)]

    return name, rows(), []


def _table(
    where: str, rows: Iterator[Row], unfinished: list[tuple[str, int]], fmt: Format, usecols: Sequence[str] | None
) -> RawTable:
    """Split rows into header and records, check their width, and write them as text."""
    head: Row = ()
    body: list[tuple[int, Row]] = []
    blank: list[int] = []
    for number, row in enumerate(rows, 1):
        if number == fmt.header_row:
            head = row
        elif number > fmt.header_row:
            if is_blank(row):
                blank.append(number)
            else:
                body.append((number, row))
    names = [cell_text(cell, timed=False) or "" for cell in head]
    while names and not names[-1].strip():
        names.pop()
    columns, notes = header_names(names, fmt.names, f"{where}, row {max(fmt.header_row, 1)}")
    wanted = check_usecols(usecols, columns, where) or columns
    if fmt.skip_footer:
        body = body[: -fmt.skip_footer]
    if not body:
        raise SourceError(f"{where}: the sheet has a header of {len(columns)} columns and no rows.")
    width = len(columns)
    wide = [(number, row) for number, row in body if not is_blank(row[width:])]
    if wide:
        number, row = wide[0]
        last = max(i for i, cell in enumerate(row, 1) if cell is not None and cell != "")
        raise SourceError(
            f"{where}, row {number}: expected {width} cells, one for each column, found a value in cell {last}; "
            f"{len(wide)} of {len(body)} rows have one. Give all columns a name with names: [...], or check the "
            "header row."
        )
    last_row = body[-1][0]
    trailing = sum(number > last_row for number in blank)
    if len(blank) > trailing:
        notes.append(f"{len(blank) - trailing} blank row(s) passed over, the first is row {blank[0]}")
    at = {name: i for i, name in enumerate(columns)}
    within = {_letters(at[name]) for name in wanted}
    lost = [f"{c}{r}" for c, r in unfinished if c in within and fmt.header_row < r <= last_row]
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
