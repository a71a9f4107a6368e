"""Read delimited text (csv, tsv, any delimiter and encoding) as text columns with a compiled parser.

How a row is kept from being lost
---------------------------------
The text is cut into blocks at line ends that stand outside quotes. A block goes to Arrow's CSV parser only after its
quoting was checked: counting quotes from the start of a record, every odd one must open a field (stand after a
delimiter, a line end or the quote just closed) and every even one must close it (stand before a delimiter, a line end
or a doubled quote). Under that condition "inside quotes" is exactly "after an odd number of quotes", so records, line
numbers and field counts follow from the positions of three bytes, found with numpy. Arrow refuses records that are
longer *or shorter* than the header, and its row count must equal ours. A block whose quoting fails the check is read,
with the rest of the file, by the standard library's ``csv`` in strict mode, which keeps a quote inside an unquoted
field as text and names the line of a quote that is never closed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.csv as arrow_csv

from accountability.errors import SourceError
from accountability.records.readers.format import Format, RawTable, check_usecols, header_names
from accountability.records.readers.raw import BLOCK, Stream, decoded, further, physical_lines
from accountability.records.readers.scan import AFTER, LONGEST, Piece, Scan, csv_reader, scan

#: Bytes of text from which freed memory is given back at once; of less, taking it again costs more than it saves.
LARGE: Final = 64 * 2**20


@dataclass(slots=True)
class Delimited:
    """A delimited file being read; iterate over :meth:`pieces` once.

    Attributes
    ----------
    stream, fmt, usecols
        The input, its format, and the columns to keep (``None``: all).
    columns
        Names of all columns, known after the first piece.
    notes
        Notes so far.
    """

    stream: Stream
    fmt: Format
    usecols: Sequence[str] | None = None
    block: int = BLOCK
    columns: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    blank: int = 0
    first_blank: int = 0

    def pieces(self) -> Iterator[Piece]:
        """Yield the records of the file in pieces of about ``block`` bytes.

        Raises
        ------
        SourceError
            For undecodable bytes, a NUL byte, an unclosed quote, a record with too many or too few fields, a bad
            header, or no rows.
        """
        texts = decoded(self.stream, self.fmt, self.block, self.notes)
        text, line, at_end = self._start(texts)
        rows = 0
        while True:
            found = scan(text, self.fmt, final=at_end) if self._simple() else None
            if found is None:
                from accountability.records.readers.careful import Careful

                careful = Careful(self.stream.name, self.fmt, self._fields, self._wanted, self.blank, self.first_blank)
                for piece in careful.pieces(chain([text], texts), line):
                    rows += piece.table.num_rows
                    yield self._trimmed(piece)
                self.blank, self.first_blank = careful.blank, careful.first_blank
                break
            if at_end and found.open_quote is not None:
                opened = line + int(np.searchsorted(found.breaks, found.open_quote))
                raise SourceError(
                    f"{self.stream.name}, line {opened}: a quote is opened here and never closed. The file was cut "
                    "off, or quotes are ordinary text in it (declare quote: none)."
                )
            end = self._without_footer(text, found) if at_end else found.cut(self.fmt.skip_footer)
            part = found.until(end)
            piece_or_none = self._parse(memoryview(text)[:end], part, line)
            if piece_or_none is not None:
                rows += piece_or_none.table.num_rows
                yield piece_or_none
            if at_end:
                break
            line += len(part.breaks)
            more, at_end = further(texts, len(text) - end)
            text = text[end:] + more
            self._check_length(text, line)
        if self.blank:
            self.notes.append(f"{self.blank} blank line(s) passed over, the first on line {self.first_blank}")
        if not rows:
            raise SourceError(f"{self.stream.name}: the file has a header of {len(self.columns)} columns and no rows.")

    def header(self) -> list[str]:
        """Read the column names only."""
        self._start(decoded(self.stream, self.fmt, self.block, self.notes))
        return self.columns

    def _start(self, texts: Iterator[bytes]) -> tuple[bytes, int, bool]:
        """Read up to the header; the text after it, the line it begins on, and whether the file ends with it."""
        text, at_end = next(texts, b""), False
        while (header := self._header(text, at_end)) is None:
            more, at_end = further(texts, len(text))
            text += more
            self._check_length(text, 1)
        offset, line = header
        return text[offset:], line, at_end

    def _check_length(self, text: bytes, line: int) -> None:
        if len(text) > LONGEST + self.block:
            raise SourceError(
                f"{self.stream.name}, line {line}: a record is longer than {LONGEST:,} bytes. A quote is probably "
                "opened and never closed; if quotes are ordinary text, declare quote: none."
            )

    def _simple(self) -> bool:
        used = (self.fmt.separator, self.fmt.quote or ",")
        return self.fmt.escape is None and all(c.isascii() for c in used)

    def _header(self, text: bytes, final: bool) -> tuple[int, int] | None:
        """Read the header; offset and line of what follows it, or ``None`` when more text is needed."""
        at = max(self.fmt.header_row, 1)
        where = f"{self.stream.name}, line {at}"
        lines = [m for m, _ in zip(physical_lines(text, final), range(at - 1), strict=False)]
        offset = lines[-1].end() if lines else 0
        taken: list[int] = []

        def following() -> Iterator[str]:
            for match in physical_lines(text, final, offset):
                taken.append(match.end())
                yield match.group().decode()

        try:
            cells = next(csv_reader(following(), self.fmt), None) if len(lines) == at - 1 else None
        except csv.Error as error:
            if not final:
                return None
            raise SourceError(f"{where}: the column names cannot be read: {error}.") from error
        if cells is None and not final:
            return None
        if cells is None:
            raise SourceError(f"{where}: expected the column names, but the file ends before that line.")
        self.columns, notes = header_names(cells, self.fmt.names, where)
        self.notes += notes
        check_usecols(self.usecols, self.columns, where)
        return (0, 1) if self.fmt.header_row == 0 else (taken[-1], at + len(taken))

    def _without_footer(self, text: bytes, found: Scan) -> int:
        """Offset at which the declared footer begins."""
        left, end = self.fmt.skip_footer, len(text)
        for start, stop in zip(found.starts[::-1], found.stops[::-1], strict=True):
            if not left:
                break
            end = int(start)
            left -= stop > start
        return end

    def _parse(self, text: memoryview, found: Scan, line: int) -> Piece | None:
        """Parse a checked block with Arrow."""
        if found.blank.any():
            if not self.blank:
                self.first_blank = line + int(found.line[found.blank][0])
            self.blank += int(found.blank.sum())
        full = ~found.blank
        count = int(full.sum())
        if not count:
            return None
        if found.multiline and not self.fmt.multiline:
            from accountability.records.readers.careful import check_swallowed

            check_swallowed(text, found, self.fmt, len(self._fields), self.stream.name, line)
        wanted = check_usecols(self._wanted, self._fields, self.stream.name)
        try:
            table = arrow_csv.read_csv(
                pa.py_buffer(text),
                read_options=arrow_csv.ReadOptions(
                    column_names=self._fields, block_size=max(self.block, found.longest) + 2, use_threads=False
                ),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=self.fmt.separator,
                    quote_char=self.fmt.quote or False,
                    newlines_in_values=found.multiline,
                ),
                convert_options=arrow_csv.ConvertOptions(
                    column_types={name: pa.large_string() for name in self._fields},
                    include_columns=wanted,
                    strings_can_be_null=True,
                    null_values=[""],
                    check_utf8=False,
                ),
            )
        except pa.ArrowInvalid as error:
            from accountability.records.readers.careful import ragged

            ragged(text, found, self.fmt, len(self._fields), self.stream.name, line)
            raise SourceError(f"{self.stream.name}, line {line} and following: {error}") from error
        if table.num_rows != count:
            raise SourceError(
                f"{self.stream.name}, line {line} and following: counted {count} records, the "
                f"parser gave {table.num_rows}. Please report this file's layout as a bug."
            )
        lines = line + found.line[full]
        plain = lines[-1] - lines[0] == count - 1
        return self._trimmed(Piece(table, int(lines[0]), None if plain else lines))

    def _trimmed(self, piece: Piece) -> Piece:
        if not self.fmt.trailing_delimiter:
            return piece
        from accountability.records.readers.careful import without_trailing

        return without_trailing(piece, self.stream.name)

    @property
    def _fields(self) -> list[str]:
        """What each field of a record belongs to: the columns, and what a trailing delimiter adds."""
        return [*self.columns, AFTER] if self.fmt.trailing_delimiter else self.columns

    @property
    def _wanted(self) -> Sequence[str] | None:
        """The fields to parse."""
        return None if self.usecols is None else [*self.usecols, *self._fields[len(self.columns) :]]


def read_delimited(stream: Stream, fmt: Format, usecols: Sequence[str] | None) -> RawTable:
    """Read a whole delimited file."""
    reader = Delimited(stream, fmt, usecols)
    return _table(reader, list(reader.pieces()))


def delimited_chunks(stream: Stream, fmt: Format, usecols: Sequence[str] | None, block: int) -> Iterator[RawTable]:
    """Read a delimited file in pieces of about ``block`` bytes."""
    reader = Delimited(stream, fmt, usecols, block)
    row = 0
    for piece in reader.pieces():
        table = _table(reader, [piece])
        table.frame.index += row
        row += len(table.frame)
        yield table


def _table(reader: Delimited, pieces: list[Piece]) -> RawTable:
    first, lines = pieces[0].first_line, None
    following = first
    for piece in pieces:
        if piece.lines is not None or piece.first_line != following:
            lines = np.concatenate([_numbers(piece) for piece in pieces])
            break
        following += piece.table.num_rows
    tables = [piece.table for piece in pieces]
    pieces.clear()
    frame = _frame(tables)
    return RawTable(frame, reader.stream.name, tuple(reader.columns), first, "line", lines, tuple(reader.notes))


def _frame(tables: list[pa.Table]) -> pd.DataFrame:
    """One frame of tables, which are given up for it: each column in one piece, so that what follows is quicker."""
    table = pa.concat_tables(tables)
    tables.clear()
    large = table.nbytes > LARGE
    columns = {}
    for name in table.column_names:  # one after another: at no time is more than one column held twice
        columns[name] = table.column(name).combine_chunks().to_pandas()
        table = table.drop_columns(name)
        if large:
            pa.default_memory_pool().release_unused()
    return pd.DataFrame(columns, copy=False)


def _numbers(piece: Piece) -> npt.NDArray[np.int64]:
    if piece.lines is not None:
        return piece.lines
    return np.arange(piece.first_line, piece.first_line + piece.table.num_rows)
