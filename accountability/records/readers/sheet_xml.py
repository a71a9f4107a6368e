"""Read workbooks in one XML file (the spreadsheet format of 2003), often named as an old workbook."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Final
from xml.etree import ElementTree

from accountability.errors import SourceError
from accountability.records.readers.format import Format, RawTable, listed
from accountability.records.readers.raw import Stream
from accountability.records.readers.workbook import Row, Sheet, sheet_table

_SPACE: Final = "urn:schemas-microsoft-com:office:spreadsheet"
_SS: Final = f"{{{_SPACE}}}"
_LAST: Final = {"row": 1_048_576, "cell": 16_384}


def is_sheet_xml(start: bytes) -> bool:
    """Return whether a file that begins like this is an XML workbook."""
    return _SPACE.encode() in start.replace(b"\0", b"")


def xml_sheets(stream: Stream) -> list[Sheet]:
    """Read every sheet.

    Raises
    ------
    SourceError
        If the XML is damaged, or a row or cell is out of order.
    """
    data = stream.read_all()
    if re.search(rb"<!(?:DOCTYPE|ENTITY)", data):
        raise SourceError(f"{stream.name}: the XML defines entities of its own, which no spreadsheet program writes.")
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise SourceError(f"{stream.name}: the XML is damaged ({error}). Fetch the file again.") from error
    return [_sheet(sheet, stream.name) for sheet in root.iter(f"{_SS}Worksheet")]


def read_sheet_xml(stream: Stream, fmt: Format, usecols: Sequence[str] | None) -> RawTable:
    """Read one sheet.

    Raises
    ------
    SourceError
        As for :func:`xml_sheets`; or for several sheets and none declared, a bad header, or a row wider than it.
    """
    sheets = xml_sheets(stream)
    named = [sheet for sheet in sheets if fmt.sheet in (None, sheet.name)]
    if len(named) != 1:
        expected = "one sheet" if fmt.sheet is None else f"a sheet {fmt.sheet!r}"
        raise SourceError(
            f"{stream.name}: expected {expected}, found {len(sheets)}: {listed(repr(s.name) for s in sheets)}. Say "
            "which one to read: sheet: NAME in the file's format."
        )
    return sheet_table(stream.name, named[0], fmt, usecols, [])


def _sheet(element: ElementTree.Element, where: str) -> Sheet:
    name = element.get(f"{_SS}Name", "")
    where = f"{where}, sheet {name!r}"
    rows: list[Row] = []
    merged: list[tuple[tuple[int, int], tuple[int, int]]] = []
    for row in element.iterfind(f"{_SS}Table/{_SS}Row"):
        at = _place(row, len(rows), "row", where)
        rows += [()] * (at - len(rows))
        cells: list[object] = []
        for cell in row.iterfind(f"{_SS}Cell"):
            left = _place(cell, len(cells), "cell", where)
            cells += [None] * (left - len(cells))
            down, across = (int(cell.get(f"{_SS}{key}", "0")) for key in ("MergeDown", "MergeAcross"))
            if down:
                merged.append(((at, left), (at + down, left + across)))
            cells += [_value(cell.find(f"{_SS}Data")), *[None] * min(across, _LAST["cell"])]
        rows.append(cells)
    return Sheet(name, rows, merged=merged)


def _place(element: ElementTree.Element, following: int, what: str, where: str) -> int:
    """Where a row or cell stands, counted from 0: after the last, unless it says another place."""
    said = int(element.get(f"{_SS}Index", following + 1)) - 1
    if not following <= said < _LAST[what]:
        raise SourceError(
            f"{where}: a {what} stands at place {said + 1}, after place {following}; the file is damaged."
        )
    return said


def _value(data: ElementTree.Element | None) -> object:
    text = "".join(data.itertext()) if data is not None else ""
    kind = data.get(f"{_SS}Type") if data is not None else None
    if kind == "DateTime":
        try:
            return dt.datetime.fromisoformat(text)
        except ValueError:
            return text
    return text == "1" if kind == "Boolean" and text in ("0", "1") else text or None
