"""Find where records of delimited text begin and end, with numpy, from the positions of three bytes."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from accountability.records.readers.format import Format

if TYPE_CHECKING:
    from _csv import Reader as CsvReader

Positions = npt.NDArray[np.int64]
AFTER: Final = "\0"  # stands for the field after a trailing delimiter; no column can have this name
LONGEST: Final = 256 * 2**20  # a single record larger than this is an unclosed quote, not a record


@dataclass(slots=True)
class Piece:
    """Consecutive records: an Arrow table of the wanted columns, and the line of each record."""

    table: pa.Table
    first_line: int
    lines: npt.NDArray[np.int64] | None


@dataclass(frozen=True, slots=True)
class Scan:
    """Records of a block of text with checked quoting.

    Attributes
    ----------
    starts, stops, ends
        Offset of each record's first byte, of the byte after its last, and of the next record.
    line
        Physical line each record begins on, counted from 0 at the start of the block.
    blank
        Whether the record is an empty line.
    breaks
        Offset of every line end, also those inside quotes.
    quotes
        Offset of every quote.
    open_quote
        Offset of a quote open at the end of the text, if any.
    """

    starts: Positions
    stops: Positions
    ends: Positions
    line: Positions
    blank: npt.NDArray[np.bool_]
    breaks: Positions
    quotes: Positions
    open_quote: int | None

    @property
    def multiline(self) -> bool:
        """Whether a quoted cell contains a line end."""
        return len(self.breaks) > len(self.ends)

    @property
    def longest(self) -> int:
        """Bytes of the longest record, with its line end."""
        return int((self.ends - self.starts).max(initial=0))

    def cut(self, keep: int) -> int:
        """Return the offset after the last complete record that leaves at least ``keep`` non-blank records."""
        if not keep:
            return int(self.ends[-1]) if len(self.ends) else 0
        full = np.flatnonzero(~self.blank)
        return int(self.starts[full[-keep]]) if len(full) > keep else 0

    def until(self, end: int) -> Scan:
        """Return the records before offset ``end``."""
        n = int(np.searchsorted(self.starts, end))
        return Scan(
            self.starts[:n],
            self.stops[:n],
            self.ends[:n],
            self.line[:n],
            self.blank[:n],
            self.breaks[: np.searchsorted(self.breaks, end)],
            self.quotes[: np.searchsorted(self.quotes, end)],
            None,
        )


def scan(text: bytes, fmt: Format, final: bool) -> Scan | None:
    """Find the records of ``text``, which begins at the start of a record.

    Parameters
    ----------
    final
        Whether the text ends the file; text after the last line end is then a record.

    Returns
    -------
    Scan or None
        ``None`` if a quote neither opens nor closes a field, so that counting quotes is not enough.
    """
    data = np.frombuffer(text, np.uint8)
    breaks = np.flatnonzero(data == 10)
    if b"\r" in text:
        cr = np.flatnonzero(data == 13)
        lone = cr[data[np.minimum(cr + 1, len(data) - 1)] != 10]
        if len(lone):
            breaks = np.sort(np.concatenate([breaks, lone]))
    quotes = np.empty(0, np.int64)
    ended = breaks
    if fmt.quote is not None and fmt.quote.encode() in text:
        quotes = np.flatnonzero(data == ord(fmt.quote))
        ended = breaks[np.searchsorted(quotes, breaks) % 2 == 0]
    ends = ended + 1
    starts = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
    stops = ended - ((data[ended] == 10) & (ended > starts) & (data[ended - 1] == 13))
    covered = int(ends[-1]) if len(ends) else 0
    if final and covered < len(data):
        starts, stops, ends = (
            np.append(array, value) for array, value in ((starts, covered), (stops, len(data)), (ends, len(data)))
        )
        covered = len(data)
    checked = quotes[: np.searchsorted(quotes, covered)]
    if len(checked) and not _well_formed(data, checked, ord(fmt.separator)):
        return None
    open_quote = int(quotes[-1]) if len(quotes) % 2 else None
    single = len(breaks) == len(ended) and not len(quotes) % 2
    line = np.arange(len(starts)) if single else np.searchsorted(breaks, starts)
    return Scan(starts, stops, ends, line, stops == starts, breaks, quotes, open_quote)


def _well_formed(data: npt.NDArray[np.uint8], quotes: Positions, delimiter: int) -> bool:
    """Whether odd quotes open a field and even ones close it."""
    boundary = np.zeros(256, bool)
    boundary[[delimiter, 10, 13]] = True
    opening, closing = quotes[0::2], quotes[1::2]
    opens = boundary[data[opening - 1]] | (opening == 0)
    opens[1:] |= opening[1:] == closing[: len(opening) - 1] + 1
    after = np.minimum(closing + 1, len(data) - 1)
    closes = boundary[data[after]] | (closing == len(data) - 1)
    following = opening[1:]
    closes[: len(following)] |= following == closing[: len(following)] + 1
    return bool(opens.all() and closes.all())


def csv_reader(lines: Iterator[str], fmt: Format) -> CsvReader:
    """Return the standard library's parser in strict mode."""
    return csv.reader(
        lines,
        delimiter=fmt.separator,
        quotechar=fmt.quote or '"',
        escapechar=fmt.escape,
        quoting=csv.QUOTE_MINIMAL if fmt.quote else csv.QUOTE_NONE,
        strict=True,
    )
