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

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from accountability.errors import SourceError
from accountability.sources.readers.format import Format, check_usecols, header_names
from accountability.sources.readers.raw import Stream
from accountability.sources.readers.scan import (
    Scan,
    check_swallowed,
    count_lines,
    ragged,
    ragged_error,
    scan,
    swallowed_error,
)

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

    import pyarrow as pa

BLOCK: Final = 32 * 2**20
_LONGEST: Final = 256 * 2**20  # a single record larger than this is an unclosed quote, not a record
_SLOW_ROWS: Final = 50_000
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LINE: Final = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")


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
        texts = self._texts()
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
            more = next(texts, None)
            text, at_end = text[end:] + (more or b""), more is None
            self._check_length(text, line)
        if self._blank:
            self.notes.append(f"{self._blank} blank line(s) passed over, the first on line {self._first_blank}")
        if not rows:
            raise SourceError(f"{self.stream.name}: the file has a header of {len(self.columns)} columns and no rows.")

    def header(self) -> list[str]:
        """Read the column names only."""
        self._start(self._texts())
        return self.columns

    def _start(self, texts: Iterator[bytes]) -> tuple[bytes, int, bool]:
        """Read up to the header; the text after it, the line it begins on, and whether the file ends with it."""
        text, at_end = next(texts, b""), False
        while (header := self._header(text, at_end)) is None:
            more = next(texts, None)
            text, at_end = text + (more or b""), more is None
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

    def _texts(self) -> Iterator[bytes]:
        """Blocks of the file as checked UTF-8, never ending between a CR and an LF."""
        name, head = self.stream.name, self.stream.peek(4)
        encoding = self.fmt.encoding
        for bom, means in _BOMS:
            if head.startswith(bom):
                declared = codecs.lookup(encoding).name if encoding else means
                if declared.removesuffix("-sig") not in (means, means.removesuffix("-le").removesuffix("-be")):
                    raise SourceError(
                        f"{name}: declared encoding {encoding}, but the file starts with the byte-order mark of "
                        f"{means}. Declare encoding: {means}."
                    )
                self.stream.read(len(bom))
                self.notes.append(f"byte-order mark of {means} removed")
                encoding = means
                break
        encoding = encoding or "utf-8"
        codec = codecs.lookup(encoding).name
        self.notes.append(f"encoding {codec}")
        decoder = codecs.getincrementaldecoder(codec)()
        offset, line = 0, 1
        held = b""
        while True:
            block = self.stream.read(self.block)
            pending = len(decoder.getstate()[0])
            try:
                text = decoder.decode(block, not block)
            except UnicodeError as error:
                start = error.start if isinstance(error, UnicodeDecodeError) else 0
                reason = error.reason if isinstance(error, UnicodeDecodeError) else str(error)
                good = codecs.decode(block[: max(start - pending, 0)], codec, "replace").encode()
                raise SourceError(
                    f"{name}, line {line + count_lines(held + good)}: the text is not {codec}: {reason} at byte "
                    f"{offset - pending + start:,}. Declare the file's encoding (agencies' spreadsheets often write "
                    "cp1252); if lines differ in encoding, repair the file in a step of its own."
                ) from error
            done = held + (block if codec == "utf-8" else text.encode())
            held = b"\r" if block and done.endswith(b"\r") else b""
            done = done[: len(done) - len(held)]
            if (nul := done.find(b"\0")) >= 0:
                raise SourceError(
                    f"{name}, line {line + count_lines(done[:nul])}: the text holds a NUL byte. The file is damaged, "
                    "or written in another encoding such as utf-16."
                )
            if done:
                yield done
            if not block:
                return
            offset += len(block)
            line += count_lines(done)

    def _header(self, text: bytes, final: bool) -> tuple[int, int] | None:
        """Read the header; offset and line of what follows it, or ``None`` when more text is needed."""
        at = max(self.fmt.header_row, 1)
        where = f"{self.stream.name}, line {at}"
        lines = [m for m, _ in zip(_lines(text, final), range(at - 1), strict=False)]
        offset = lines[-1].end() if lines else 0
        taken: list[int] = []

        def following() -> Iterator[str]:
            for match in _lines(text, final, offset):
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
                    column_names=self.columns, block_size=max(4 * 2**20, found.longest + 2)
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
        reader = self._csv(m.group().decode() for m in _joined(texts))
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


def _lines(text: bytes, final: bool, start: int = 0) -> Iterator[re.Match[bytes]]:
    """Physical lines of ``text``; one without a line end only where the file ends."""
    return (m for m in _LINE.finditer(text, start) if final or m.group()[-1:] in (b"\r", b"\n"))


def _joined(texts: Iterable[bytes]) -> Iterator[re.Match[bytes]]:
    """Physical lines of consecutive blocks."""
    rest = b""
    for text in texts:
        rest += text
        end = max(rest.rfind(b"\n"), rest.rfind(b"\r")) + 1
        yield from _lines(rest[:end], True)
        rest = rest[end:]
    yield from _lines(rest, True)
