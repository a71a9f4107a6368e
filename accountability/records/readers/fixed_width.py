"""Read fixed-width columns and printed reports: lines are cut where columns begin; every filled line is a row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from accountability.errors import SourceError
from accountability.records.readers.format import Format, RawTable, check_usecols, header_names
from accountability.records.readers.raw import BLOCK, Stream, decoded, joined_lines


def text_lines(stream: Stream, fmt: Format, notes: list[str]) -> Iterator[str]:
    """Return the lines of a text, with tabs expanded to eight and page breaks removed."""
    for match in joined_lines(decoded(stream, fmt, BLOCK, notes)):
        yield match.group().decode().replace("\f", "").rstrip("\r\n").expandtabs()


def cut(line: str, starts: Sequence[int]) -> list[str | None]:
    """Return the cells of a line without outer blanks; an empty cell is None."""
    ends = [*(start - 1 for start in starts[1:]), None]
    return [line[start - 1 : end].strip() or None for start, end in zip(starts, ends, strict=True)]


def runs_on(line: str, starts: Sequence[int]) -> int | None:
    """Return the column into which text runs from the one before, or 0 if it is before the first."""
    if line[: starts[0] - 1].strip():
        return 0
    return next((i for i, s in enumerate(starts) if i and len(line) >= s and " " not in line[s - 2 : s]), None)


def read_fixed(stream: Stream, fmt: Format, usecols: Sequence[str] | None) -> RawTable:
    """Read a fixed-width file.

    Raises
    ------
    SourceError
        If text runs from one column into the next (``whole`` or ``touching`` allow it), or there is no row.
    """
    notes: list[str] = []
    starts, whole = fmt.starts or (1,), re.compile(fmt.whole) if fmt.whole is not None else None
    names: list[str] = []
    cells: list[list[str | None]] = []
    numbers: list[int] = []
    across: list[tuple[int, int]] = []
    for number, line in enumerate(text_lines(stream, fmt, notes), 1):
        if number == fmt.header_row:
            names = [cell or "" for cell in cut(line, starts)]
        if number <= fmt.header_row or not line.strip():
            continue
        numbers.append(number)
        if whole is not None and whole.fullmatch(line.strip()):
            cells.append([line.strip(), *[None] * (len(starts) - 1)])
            continue
        if (at := runs_on(line, starts)) is not None and (not fmt.touching or at == 0):
            across.append((number, at))
        cells.append(cut(line, starts))
    if fmt.names is not None and len(fmt.names) != len(starts):
        raise SourceError(f"{stream.name}: expected a name for each of {len(starts)} columns, found {len(fmt.names)}")
    columns, more = header_names(names, fmt.names, f"{stream.name}, line {fmt.header_row}")
    if across:
        number, at = across[0]
        into = f"into the column {columns[at]!r} from the one before" if at else "before the first column"
        raise SourceError(
            f"{stream.name}, line {number}: text stands across the place where a column begins ({into}), "
            f"{len(across):,} such line(s) in all. A line that is no record needs `whole: PATTERN` in the format; "
            "where a column may be full up to the next, `touching: true`; else `starts` is wrong"
        )
    if fmt.skip_footer:
        cells, numbers = cells[: -fmt.skip_footer], numbers[: -fmt.skip_footer]
    if not cells:
        raise SourceError(f"{stream.name}: the file holds no row below the header.")
    wanted = check_usecols(usecols, columns, stream.name) or columns
    held = dict(zip(columns, zip(*cells, strict=True), strict=True))
    frame = pd.DataFrame({name: pd.array(list(held[name]), dtype="str") for name in wanted})
    lines = np.array(numbers, np.int64)
    plain = bool((np.diff(lines) == 1).all())
    return RawTable(frame, stream.name, tuple(columns), numbers[0], "line", None if plain else lines, (*notes, *more))
