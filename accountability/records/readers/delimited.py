"""Delimited text (csv, tsv, any delimiter and encoding) to text columns, as fast as a compiled parser allows.

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
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from accountability.errors import SourceError
from accountability.records.readers.format import Format, check_usecols, header_names
from accountability.records.readers.raw import Stream
from accountability.records.readers.scan import Scan, check_swallowed, ragged, ragged_error, scan, swallowed_error
from accountability.records.readers.text import BLOCK, decoded, further, joined_lines, physical_lines

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

    import pyarrow as pa

_LONGEST: Final = 256 * 2**20  # a single record larger than this is an unclosed quote, not a record
_SLOW_ROWS: Final = 50_000


@dataclass(slots=True)
class Piece:
    """Some consecutive records: an Arrow table of the wanted columns and the line of each record."""

    table: pa.Table
    first_line: int
    lines: npt.NDArray[np.int64] | None


@dataclass(slots=True)
class Delimited:
    """A delimited file being read; iterate over :meth:`pieces` once.

    Attributes
    ----------
    stream, fmt, usecols
        What to read and which columns to keep (``None``: all).
    columns
        Names of all columns, known once the first piece was read.
    notes
        What was met so far.
    """

    stream: Stream
    fmt: Format
    usecols: Sequence[str] | None = None
    block: int = BLOCK
    columns: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _blank: int = 0
    _first_blank: int = 0

    def pieces(self) -> Iterator[Piece]:
        """The records of the file, in order, in pieces of about ``block`` bytes.

        Raises
        ------
        SourceError
            Undecodable bytes, a NUL byte, an unclosed quote, a record with too many or too few fields, a bad
            header, or a header with no rows.
        """
        texts = decoded(self.stream, self.fmt, self.block, self.notes)
        text, line, at_end = self._start(texts)
        rows = 0
        while True:
            found = scan(text, self.fmt, final=at_end) if self._simple() else None
            if found is None:
                for piece in self._slow(chain([text], texts), line):
                    rows += piece.table.num_rows
                    yield piece
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
        if self._blank:
            self.notes.append(f"{self._blank} blank line(s) passed over, the first on line {self._first_blank}")
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
        if len(text) > _LONGEST + self.block:
            raise SourceError(
                f"{self.stream.name}, line {line}: a record is longer than {_LONGEST:,} bytes. A quote is probably "
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
            cells = next(self._csv(following()), None) if len(lines) == at - 1 else None
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
        import pyarrow as pa
        from pyarrow import csv as arrow_csv

        if found.blank.any():
            if not self._blank:
                self._first_blank = line + int(found.line[found.blank][0])
            self._blank += int(found.blank.sum())
        full = ~found.blank
        count = int(full.sum())
        if not count:
            return None
        check_swallowed(text, found, self.fmt, len(self.columns), self.stream.name, line)
        wanted = check_usecols(self.usecols, self.columns, self.stream.name)
        try:
            table = arrow_csv.read_csv(
                pa.py_buffer(text),
                read_options=arrow_csv.ReadOptions(
                    column_names=self.columns, block_size=max(self.block, found.longest) + 2, use_threads=False
                ),
                parse_options=arrow_csv.ParseOptions(
                    delimiter=self.fmt.separator,
                    quote_char=self.fmt.quote or False,
                    newlines_in_values=found.multiline,
                ),
                convert_options=arrow_csv.ConvertOptions(
                    column_types={name: pa.large_string() for name in self.columns},
                    include_columns=wanted,
                    strings_can_be_null=True,
                    null_values=[""],
                    check_utf8=False,
                ),
            )
        except pa.ArrowInvalid as error:
            ragged(text, found, self.fmt, len(self.columns), self.stream.name, line)
            raise SourceError(f"{self.stream.name}, line {line} and following: {error}") from error
        if table.num_rows != count:
            raise SourceError(
                f"{self.stream.name}, line {line} and following: counted {count} records, the "
                f"parser gave {table.num_rows}. Please report this file's layout as a bug."
            )
        lines = line + found.line[full]
        plain = lines[-1] - lines[0] == count - 1
        return Piece(table, int(lines[0]), None if plain else lines)

    def _csv(self, lines: Iterator[str]) -> CsvReader:
        return csv.reader(
            lines,
            delimiter=self.fmt.separator,
            quotechar=self.fmt.quote or '"',
            escapechar=self.fmt.escape,
            quoting=csv.QUOTE_MINIMAL if self.fmt.quote else csv.QUOTE_NONE,
            strict=True,
        )

    def _slow(self, texts: Iterator[bytes], line: int) -> Iterator[Piece]:
        """Read the rest with the standard library's parser, in strict mode."""
        reader = self._csv(m.group().decode() for m in joined_lines(texts))
        footer, held, more = self.fmt.skip_footer, [], True
        while more:
            batch, more = self._batch(reader, line)
            held += batch
            ready = held[: len(held) - footer] if footer else held
            held = held[len(ready) :]
            wrong = [(at, len(cells)) for at, cells in ready if len(cells) != len(self.columns)]
            if wrong:
                raise ragged_error(self.stream.name, wrong, len(self.columns), len(ready))
            if ready:
                yield self._piece(ready)

    def _batch(self, reader: CsvReader, line: int) -> tuple[list[tuple[int, list[str]]], bool]:
        """Some records with the line each begins on, and whether there may be more."""
        records: list[tuple[int, list[str]]] = []
        limit = csv.field_size_limit(_LONGEST)
        try:
            while len(records) < _SLOW_ROWS:
                before = reader.line_num
                cells = next(reader, None)
                if cells is None:
                    return records, False
                if cells:
                    self._check_cells(cells, line + before, reader.line_num - before)
                    records.append((line + before, cells))
                else:
                    self._first_blank = self._first_blank or line + before
                    self._blank += 1
        except csv.Error as error:
            raise SourceError(
                f"{self.stream.name}, line {line + before}: the record that begins here cannot be read (found on line "
                f"{line + reader.line_num - 1}): {error}. Check its quotes; if quotes are ordinary text, declare "
                "quote: none."
            ) from error
        finally:
            csv.field_size_limit(limit)
        return records, True

    def _check_cells(self, cells: list[str], line: int, height: int) -> None:
        if self.fmt.multiline or height < 4 or len(self.columns) < 4:
            return
        for cell in cells:
            inner = re.split(r"\r\n|\n|\r", cell)[1:-1]
            if len(inner) >= 2 and all(row.count(self.fmt.separator) == len(self.columns) - 1 for row in inner):
                raise swallowed_error(self.stream.name, line, len(inner))

    def _piece(self, records: list[tuple[int, list[str]]]) -> Piece:
        import pyarrow as pa

        wanted = check_usecols(self.usecols, self.columns, self.stream.name) or self.columns
        at = {name: i for i, name in enumerate(self.columns)}
        table = pa.table(
            {name: pa.array([cells[at[name]] or None for _, cells in records], pa.large_string()) for name in wanted}
        )
        return Piece(table, records[0][0], np.array([line for line, _ in records], np.int64))
