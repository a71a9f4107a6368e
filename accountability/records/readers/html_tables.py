"""Read HTML tables, which some systems save under the name of a spreadsheet, as text.

No row is lost: the number of rows is compared with the ``<tr>`` tags of the text, and text in a table outside its cells
is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

from accountability.errors import SourceError
from accountability.records.readers.format import Format, RawTable
from accountability.records.readers.raw import BLOCK, Stream, decoded
from accountability.records.readers.workbook import Sheet, sheet_table

_BESIDE: Final = re.compile(r"<!--.*?-->|<(script|style)\b.*?</\1\s*>", re.DOTALL | re.I)
_ROW: Final = re.compile(r"<tr(?=[\s>/])", re.I)
_BLANKS: Final = re.compile(r"[ \t\r\n\f]+")
_LARGEST_SPAN: Final = 65_534  # what browsers allow
_SECTION: Final = ("thead", "tbody", "tfoot")


@dataclass(slots=True)
class _Cell:
    down: int
    across: int
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        lines = "".join(self.parts).split("\v")
        return "\n".join(_BLANKS.sub(" ", line).strip(" ") for line in lines).strip("\n")


@dataclass(slots=True)
class _Table:
    line: int
    rows: list[list[_Cell]] = field(default_factory=list)
    row: list[_Cell] | None = None
    cell: _Cell | None = None
    aside: bool = False  # within a caption or the like


class _Tables(HTMLParser):
    """Collects the tables of a page; end tags may be missing, as HTML allows."""

    def __init__(self, name: str) -> None:
        super().__init__(convert_charrefs=True)
        self.name, self.found, self.open = name, list[_Table](), list[_Table]()
        self.implied, self.silent = 0, 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        table = self.open[-1] if self.open else None
        if tag in ("script", "style"):
            self.silent += 1
        elif tag == "table":
            self.open.append(_Table(self.getpos()[0]))
            self.found.append(self.open[-1])
        elif table is None:
            return
        elif tag == "tr":
            table.cell, table.row, table.aside = None, [], False
            table.rows.append(table.row)
        elif tag in ("td", "th"):
            if table.row is None:
                table.row = []
                table.rows.append(table.row)
                self.implied += 1
            spans = dict(attrs)
            table.cell = _Cell(self._span(spans.get("rowspan")), self._span(spans.get("colspan")))
            table.row.append(table.cell)
        elif tag in _SECTION:
            table.row = table.cell = None
        elif tag == "caption":
            table.aside = True
        elif tag in ("br", "p", "div") and table.cell is not None and table.cell.parts:
            table.cell.parts.append("\v")

    def handle_endtag(self, tag: str) -> None:
        table = self.open[-1] if self.open else None
        if tag in ("script", "style"):
            self.silent = max(self.silent - 1, 0)
        elif table is None:
            return
        elif tag == "table":
            self.open.pop()
        elif tag in ("td", "th"):
            table.cell = None
        elif tag == "tr" or tag in _SECTION:
            table.row = table.cell = None
        elif tag == "caption":
            table.aside = False

    def handle_data(self, data: str) -> None:
        table = self.open[-1] if self.open else None
        if table is None or self.silent or table.aside:
            return
        if table.cell is not None:
            table.cell.parts.append(data.replace("\v", " "))
        elif data.strip():
            raise SourceError(
                f"{self.name}, line {self.getpos()[0]}: the text {data.strip()[:60]!r} stands in a table and in none "
                "of its cells. The page is damaged; open it in a spreadsheet program and save it as a workbook."
            )

    def _span(self, said: str | None) -> int:
        number = int(said) if said and said.strip().isdecimal() else 1
        if number > _LARGEST_SPAN:
            raise SourceError(f"{self.name}, line {self.getpos()[0]}: a cell spans {number:,} places; it is damaged.")
        return max(number, 1)


def html_sheets(stream: Stream, fmt: Format, notes: list[str] | None = None) -> list[Sheet]:
    """Read every table of a page, in order, as sheets named by their number from 1.

    Raises
    ------
    SourceError
        For undecodable text, text in a table outside its cells, or a lost row.
    """
    text = b"".join(decoded(stream, fmt, BLOCK, [] if notes is None else notes)).decode()
    parser = _Tables(stream.name)
    parser.feed(text)
    parser.close()
    outside = len(_ROW.findall(_BESIDE.sub("", text)))
    read = sum(len(table.rows) for table in parser.found) - parser.implied
    if read != outside:
        raise SourceError(
            f"{stream.name}: the page holds {outside:,} table rows (<tr>), of which {read:,} could be read. It is "
            "damaged; open it in a spreadsheet program and save it as a workbook."
        )
    return [_sheet(str(number), table) for number, table in enumerate(parser.found, 1)]


def read_html(stream: Stream, fmt: Format, usecols: Sequence[str] | None) -> RawTable:
    """Read one table of a page.

    Raises
    ------
    SourceError
        As for :func:`html_sheets`; or without a table, several and none declared, a bad header, or a row wider than it.
    """
    notes: list[str] = []
    sheets = html_sheets(stream, fmt, notes)
    wanted = fmt.table or ("1" if len(sheets) == 1 else None)
    sheet = next((sheet for sheet in sheets if sheet.name == wanted), None)
    if sheet is None:
        expected = "one table" if wanted is None else f"a table {wanted}"
        hint = " Say which one to read: table: NUMBER in the file's format." if sheets else " It may be a notice."
        raise SourceError(f"{stream.name}: expected {expected} in this web page, found {len(sheets)}.{hint}")
    return sheet_table(stream.name, sheet, fmt, usecols, notes)


def _sheet(name: str, table: _Table) -> Sheet:
    """Lay the cells out: one that spans several places stands in the first of them."""
    rows: list[list[object]] = []
    merged: list[tuple[tuple[int, int], tuple[int, int]]] = []
    taken: dict[int, int] = {}  # column: the row before which a cell from above covers it
    for at, cells in enumerate(table.rows):
        row: list[object] = []
        for cell in cells:
            while taken.get(len(row), 0) > at:
                row.append(None)
            left, down = len(row), min(cell.down, len(table.rows) - at)
            row += [cell.text or None, *[None] * (cell.across - 1)]
            if down > 1:
                taken |= dict.fromkeys(range(left, len(row)), at + down)
                merged.append(((at, left), (at + down - 1, len(row) - 1)))
        rows.append(row)
    return Sheet(name, rows, merged=merged)
