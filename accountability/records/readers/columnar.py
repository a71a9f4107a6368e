"""Read Parquet files and SQLite databases as text columns."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import pandas as pd

from accountability.errors import SourceError
from accountability.records.readers.cells import text_frame
from accountability.records.readers.format import Format, RawTable, check_usecols, header_names, listed
from accountability.records.readers.raw import Stream, check_size

if TYPE_CHECKING:
    import pyarrow as pa


def read_parquet(stream: Stream, fmt: Format, usecols: Sequence[str] | None) -> RawTable:
    """Read a Parquet file; typed cells become text as in :mod:`~accountability.records.readers.cells`.

    Raises
    ------
    SourceError
        If the file is damaged, has no rows, or has bytes that are not text in a wanted column.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    data = stream.read_all()
    try:
        file = pq.ParquetFile(pa.BufferReader(data))
        groups = [file.metadata.row_group(i).total_byte_size for i in range(file.metadata.num_row_groups)]
        check_size(sum(groups), len(data), fmt, stream.name)
        columns, notes = header_names(file.schema_arrow.names, None, stream.name)
        wanted = check_usecols(usecols, columns, stream.name) or columns
        table = file.read(columns=wanted)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{stream.name}: the Parquet file cannot be read ({error}). Fetch it again.") from error
    if not table.num_rows:
        raise SourceError(f"{stream.name}: the file has {len(columns)} columns and no rows.")
    frame = pd.DataFrame({name: _column(table.column(name), name, stream.name) for name in wanted})
    return RawTable(frame, stream.name, tuple(columns), 1, "record", None, tuple(notes))


def _column(column: pa.ChunkedArray, name: str, where: str) -> pd.Series:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind):
        text = column.cast(pa.large_string())
        return pc.if_else(pc.equal(text, ""), None, text).to_pandas()
    if pa.types.is_timestamp(kind):
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)  # Python's dates hold no nanoseconds
    cells = column.to_pylist()
    raw = next((i for i, cell in enumerate(cells) if isinstance(cell, bytes)), None)
    if raw is not None:
        raise SourceError(f"{where}, record {raw + 1}: column {name!r} holds bytes, which are not text.")
    return text_frame({name: cells})[name]


def read_sqlite(stream: Stream, fmt: Format, usecols: Sequence[str] | None) -> RawTable:
    """Read one table of an SQLite database, in the order of its rows.

    Raises
    ------
    SourceError
        For several tables and none declared, a damaged database, an empty table, or bytes that are not text.
    """
    with database(stream) as connection:
        try:
            tables = table_names(connection)
            if fmt.table is None and len(tables) == 1:
                table = tables[0]
            elif fmt.table in tables:
                table = str(fmt.table)
            else:
                expected = "one table" if fmt.table is None else f"a table {fmt.table!r}"
                raise SourceError(
                    f"{stream.name}: expected {expected}, found {len(tables)}: {listed(map(repr, tables), 20)}. Say "
                    "which one to read: table: NAME in the file's format."
                )
            where = f"{stream.name}, table {table!r}"
            names = [row[1] for row in connection.execute(f"PRAGMA table_info({_quoted(table)})")]
            columns, notes = header_names(names, None, where)
            wanted = check_usecols(usecols, columns, where) or columns
            select = f"SELECT {', '.join(map(_quoted, wanted))} FROM {_quoted(table)}"
            rows = list(_rows(connection, select, wanted, where))
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise SourceError(f"{stream.name}: the database cannot be read ({error}).") from error
    if not rows:
        raise SourceError(f"{where}: the table has {len(columns)} columns and no rows.")
    frame = text_frame({name: [row[i] for row in rows] for i, name in enumerate(wanted)})
    return RawTable(frame, where, tuple(columns), 1, "record", None, tuple(notes))


def database(stream: Stream) -> closing[sqlite3.Connection]:
    """Open a copy of the database in memory, so that the file is not changed."""
    data = bytearray(stream.read_all())
    if len(data) > 19:
        data[18:20] = b"\1\1"  # a database left in write-ahead mode cannot be opened from memory otherwise
    connection = sqlite3.connect(":memory:")
    try:
        connection.deserialize(bytes(data))
        connection.execute("PRAGMA trusted_schema = OFF")
    except sqlite3.Error as error:
        connection.close()
        raise SourceError(f"{stream.name}: the database cannot be read ({error}).") from error
    connection.text_factory = bytes.decode  # as str, but its error is one we can word without showing the cell
    return closing(connection)


def table_names(connection: sqlite3.Connection) -> list[str]:
    """Return the names of the tables with data, in order of creation."""
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    return [row[0] for row in connection.execute(query)]


def table_sizes(stream: Stream) -> list[tuple[str, int]]:
    """Return the names of the tables of a database with their numbers of rows.

    Raises
    ------
    SourceError
        If the database is damaged.
    """
    with database(stream) as connection:
        try:
            names = table_names(connection)
            counts = [f"SELECT count(*) FROM {_quoted(name)}" for name in names]
            rows = [int(connection.execute(count).fetchone()[0]) for count in counts]
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise SourceError(f"{stream.name}: the database cannot be read ({error}).") from error
    return list(zip(names, rows, strict=True))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _rows(
    connection: sqlite3.Connection, select: str, wanted: Sequence[str], where: str
) -> Iterator[tuple[object, ...]]:
    cursor = connection.execute(select)
    number = 0
    while True:
        number += 1
        try:
            row = cursor.fetchone()
        except UnicodeDecodeError as error:
            raise SourceError(f"{where}, record {number}: a text is not valid UTF-8 ({error.reason}).") from error
        if row is None:
            return
        for name, cell in zip(wanted, row, strict=True):
            if isinstance(cell, bytes):
                raise SourceError(f"{where}, record {number}: column {name!r} holds bytes, which are not text.")
        yield row
