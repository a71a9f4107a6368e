"""The strict parser for delimited text that the fast one cannot read, and the faults of records."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from accountability.errors import SourceError
from accountability.records.readers.format import Format, check_usecols, listed
from accountability.records.readers.raw import joined_lines
from accountability.records.readers.scan import AFTER, LONGEST, Piece, Scan, csv_reader

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

_SLOW_ROWS: Final = 50_000


@dataclass(slots=True)
class Careful:
    """The standard library's parser for text that the fast one cannot read, counting blank lines."""

    name: str
    fmt: Format
    columns: list[str]
    usecols: Sequence[str] | None
    blank: int = 0
    first_blank: int = 0

    def pieces(self, texts: Iterator[bytes], line: int) -> Iterator[Piece]:
        """Read the rest with the standard library's parser, in strict mode."""
        reader = csv_reader((m.group().decode() for m in joined_lines(texts)), self.fmt)
        footer, held, more = self.fmt.skip_footer, [], True
        while more:
            batch, more = self._batch(reader, line)
            held += batch
            ready = held[: len(held) - footer] if footer else held
            held = held[len(ready) :]
            wrong = [(at, len(cells)) for at, cells in ready if len(cells) != len(self.columns)]
            if wrong:
                raise ragged_error(self.name, wrong, len(self.columns), len(ready))
            if ready:
                yield self._piece(ready)

    def _batch(self, reader: CsvReader, line: int) -> tuple[list[tuple[int, list[str]]], bool]:
        """Some records with the line each begins on, and whether there may be more."""
        records: list[tuple[int, list[str]]] = []
        limit = csv.field_size_limit(LONGEST)
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
                    self.first_blank = self.first_blank or line + before
                    self.blank += 1
        except csv.Error as error:
            raise SourceError(
                f"{self.name}, line {line + before}: the record that begins here cannot be read (found on line "
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
                raise swallowed_error(self.name, line, len(inner))

    def _piece(self, records: list[tuple[int, list[str]]]) -> Piece:
        wanted = check_usecols(self.usecols, self.columns, self.name) or self.columns
        at = {name: i for i, name in enumerate(self.columns)}
        table = pa.table(
            {name: pa.array([cells[at[name]] or None for _, cells in records], pa.large_string()) for name in wanted}
        )
        return Piece(table, records[0][0], np.array([line for line, _ in records], np.int64))


def ragged(text: memoryview, found: Scan, fmt: Format, expected: int, name: str, line: int) -> None:
    """Raise for records whose number of fields is not ``expected``.

    Raises
    ------
    SourceError
        Names the first such line, its content, and how many more there are.
    """
    data = np.frombuffer(text, np.uint8)
    marks = np.flatnonzero(data == ord(fmt.separator))
    if len(found.quotes):
        marks = marks[np.searchsorted(found.quotes, marks) % 2 == 0]
    fields = np.searchsorted(marks, found.stops) - np.searchsorted(marks, found.starts) + 1
    wrong = np.flatnonzero((fields != expected) & ~found.blank)
    if len(wrong):
        raise ragged_error(
            name, [(int(line + found.line[i]), int(fields[i])) for i in wrong], expected, int((~found.blank).sum())
        )


def ragged_error(name: str, wrong: list[tuple[int, int]], expected: int, seen: int) -> SourceError:
    """Return the error for lines whose number of fields differs from the number of columns."""
    line, fields = wrong[0]
    more = f" So do lines {listed(str(n) for n, _ in wrong[1:])}." if len(wrong) > 1 else ""
    return SourceError(
        f"{name}, line {line}: expected {expected} fields, one for each column, found {fields}; "
        f"{len(wrong)} of the {seen} records looked at differ.{more} Check the delimiter and the quoting on that "
        "line; lines at the end that are not records can be declared as skip_footer."
    )


def check_swallowed(text: memoryview, found: Scan, fmt: Format, columns: int, name: str, line: int) -> None:
    """Refuse a quoted cell in which every inner line has as many delimiters as a record.

    One stray quote at the start of a field hides all records up to the next quote. Only cells with at least two whole
    inner lines, in tables of four columns or more, are refused.

    Raises
    ------
    SourceError
        Names the line where such a cell begins.
    """
    if fmt.multiline or columns < 4 or not found.multiline:
        return
    inner = found.breaks[np.searchsorted(found.quotes, found.breaks) % 2 == 1]
    record = np.searchsorted(found.starts, inner, side="right") - 1
    within = record[1:] == record[:-1]
    marks = np.flatnonzero(np.frombuffer(text, np.uint8) == ord(fmt.separator))
    between = np.diff(np.searchsorted(marks, inner))
    whole = np.bincount(record[1:][within], minlength=len(found.starts))
    alike = np.bincount(record[1:][within & (between == columns - 1)], minlength=len(found.starts))
    suspect = np.flatnonzero((whole >= 2) & (alike == whole))
    if len(suspect):
        first = int(suspect[0])
        raise swallowed_error(name, int(line + found.line[first]), int(whole[first]))


def swallowed_error(name: str, line: int, inner: int) -> SourceError:
    """Return the error for a quoted cell that may contain records."""
    return SourceError(
        f"{name}, line {line}: a quoted cell begins here that holds {inner} whole lines, each with as many delimiters "
        "as a record; a stray quote has probably swallowed them. If quotes are ordinary text, declare quote: none; "
        "if the cell is meant, declare multiline: true."
    )


def without_trailing(piece: Piece, name: str) -> Piece:
    """Remove the empty field after a trailing delimiter.

    Raises
    ------
    SourceError
        If it is not empty; names the first such line.
    """
    after = piece.table.column(AFTER)
    held = np.flatnonzero(np.asarray(after.is_valid()))
    if len(held):
        at = int(held[0])
        line = piece.first_line + at if piece.lines is None else int(piece.lines[at])
        raise SourceError(
            f"{name}, line {line}: trailing_delimiter: true says that nothing stands after the last delimiter, found "
            f"a text of {len(after[at].as_py()):,} characters; {len(held)} of the {len(after)} records looked at hold "
            "something there. "
            "Give that field a name with names: [...] and take trailing_delimiter away."
        )
    return Piece(piece.table.drop_columns(AFTER), piece.first_line, piece.lines)
