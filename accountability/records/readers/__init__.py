"""Raw files of any common kind to frames of text, nothing interpreted.

``read`` gives a whole file, ``read_chunks`` its rows in pieces of bounded size. Every cell is text exactly as
published, an empty cell is missing, and every outcome is a table or a :class:`~accountability.errors.SourceError`
that names the file and the line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from accountability.records.readers.columnar import read_parquet, read_sqlite
from accountability.records.readers.delimited import Delimited, Piece
from accountability.records.readers.format import Format, RawTable
from accountability.records.readers.guess import guess, parts
from accountability.records.readers.json_records import read_json, read_json_lines
from accountability.records.readers.raw import Stream, opened
from accountability.records.readers.text import BLOCK
from accountability.records.readers.workbook import read_workbook, workbook_header

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["Format", "RawTable", "guess", "header", "parts", "read", "read_chunks"]


def read(path: Path | str, fmt: Format | None = None, columns: Sequence[str] | None = None) -> RawTable:
    """Read one raw file.

    Parameters
    ----------
    path
        The file; gzip and zip are seen through.
    fmt
        How it is written. Default: comma-separated UTF-8 with the header on line 1.
    columns
        Columns to keep; the others are only checked to be in the header. Default: all.

    Returns
    -------
    RawTable
        The rows as text, with the line each came from.

    Raises
    ------
    SourceError
        The file is missing, empty, damaged, has no rows, lacks a wanted column, or a record cannot be read without
        guessing; the message names file and line.
    """
    fmt = fmt or Format()
    with opened(Path(path), fmt) as stream:
        return _READ[fmt.type](stream, fmt, columns)


def header(path: Path | str, fmt: Format | None = None) -> list[str]:
    """Read the column names of a raw file, and of a delimited file or a workbook nothing more.

    Raises
    ------
    SourceError
        As for :func:`read`, as far as the file is looked at.
    """
    fmt = fmt or Format()
    with opened(Path(path), fmt) as stream:
        if fmt.type in ("csv", "tsv"):
            return Delimited(stream, fmt, block=64 * 2**10).header()
        if fmt.type in ("xlsx", "xls"):
            return workbook_header(stream, fmt)
        return list(_READ[fmt.type](stream, fmt, None).columns)


def read_chunks(
    path: Path | str, fmt: Format | None = None, columns: Sequence[str] | None = None, block: int = BLOCK
) -> Iterator[RawTable]:
    """Read one raw file in pieces, so that memory does not grow with a delimited file.

    Files of the other kinds are read whole and come as one piece.

    Parameters
    ----------
    path, fmt, columns
        As for :func:`read`.
    block
        About how many bytes of text one piece holds.

    Yields
    ------
    RawTable
        Consecutive rows; each frame's index goes on where the last ended.

    Raises
    ------
    SourceError
        As for :func:`read`, when the piece in question is reached.
    """
    fmt = fmt or Format()
    with opened(Path(path), fmt) as stream:
        if fmt.type not in ("csv", "tsv"):
            yield _READ[fmt.type](stream, fmt, columns)
            return
        reader = Delimited(stream, fmt, columns, block)
        row = 0
        for piece in reader.pieces():
            table = _table(reader, [piece])
            table.frame.index += row
            row += len(table.frame)
            yield table


def _delimited(stream: Stream, fmt: Format, usecols: Sequence[str] | None) -> RawTable:
    reader = Delimited(stream, fmt, usecols)
    return _table(reader, list(reader.pieces()))


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
    import pandas as pd
    import pyarrow as pa

    table = pa.concat_tables(tables)
    tables.clear()
    columns = {}
    for name in table.column_names:  # one after another: at no time is more than one column held twice
        columns[name] = table.column(name).combine_chunks().to_pandas()
        table = table.drop_columns(name)
        pa.default_memory_pool().release_unused()
    return pd.DataFrame(columns)


def _numbers(piece: Piece) -> np.ndarray:
    if piece.lines is not None:
        return piece.lines
    return np.arange(piece.first_line, piece.first_line + piece.table.num_rows)


_READ: Final[dict[str, Callable[[Stream, Format, Sequence[str] | None], RawTable]]] = {
    "csv": _delimited,
    "tsv": _delimited,
    "xlsx": read_workbook,
    "xls": read_workbook,
    "json": read_json,
    "jsonl": read_json_lines,
    "parquet": read_parquet,
    "sqlite": read_sqlite,
}
