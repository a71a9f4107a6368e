"""Read raw files of any common type to frames of text, without interpretation.

``read`` returns a whole file, ``read_chunks`` its rows in pieces of bounded size. Every cell is text as published; an
empty cell is missing. Errors are a :class:`~accountability.errors.SourceError` that names the file and the line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Final, cast

from accountability.errors import SourceError
from accountability.records.readers.delimited import Delimited, delimited_chunks
from accountability.records.readers.format import Format, RawTable
from accountability.records.readers.raw import BLOCK, GZIP, ZIP, Stream, explained, gunzipped, is_page

__all__ = ["Format", "RawTable", "header", "opened", "read", "read_chunks"]

_READERS: Final = {
    **dict.fromkeys(("csv", "tsv"), ("delimited", "read_delimited")),
    "fixed": ("fixed_width", "read_fixed"),
    **dict.fromkeys(("xlsx", "xls"), ("workbook", "read_workbook")),
    "html": ("html_tables", "read_html"),
    "xml": ("sheet_xml", "read_sheet_xml"),
    "json": ("json_records", "read_json"),
    "jsonl": ("json_records", "read_json_lines"),
    "parquet": ("columnar", "read_parquet"),
    "sqlite": ("columnar", "read_sqlite"),
}
_EMPTY_ZIP: Final = b"PK\x05\x06"
_FOREIGN: Final = (
    (b"%PDF", "a PDF document; turn it into a table first"),
    (b"SQLite format 3\0", "an SQLite database (type: sqlite)"),
    (b"PAR1", "a Parquet file (type: parquet)"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (type: xls)"),
    (ZIP, "a zip archive or an Excel workbook (type: xlsx)"),
    (GZIP, "gzipped more than once; unpack it first"),
    (b"BZh", "bzip2-compressed; unpack it first"),
    (b"\xfd7zXZ", "xz-compressed; unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive; unpack it first"),
    (b"(\xb5/\xfd", "zstd-compressed; unpack it first"),
)


def read(path: Path | str, fmt: Format | None = None, columns: Sequence[str] | None = None) -> RawTable:
    """Read one raw file.

    Parameters
    ----------
    path
        The file; gzip and zip are unpacked.
    fmt
        Its format. Default: comma-separated UTF-8 with the header on line 1.
    columns
        Columns to keep. Default: all.

    Returns
    -------
    RawTable
        The rows as text, with the line of each.

    Raises
    ------
    SourceError
        If the file is missing, empty, damaged, has no rows, lacks a wanted column, or has an ambiguous record; the
        message names file and line.
    """
    fmt = fmt or Format()
    with opened(Path(path), fmt) as stream:
        return _reader(fmt.type)(stream, fmt, columns)


def header(path: Path | str, fmt: Format | None = None) -> list[str]:
    """Read the column names of a raw file; only the header of delimited files and workbooks is read.

    Raises
    ------
    SourceError
        As for :func:`read`, for the part read.
    """
    fmt = fmt or Format()
    with opened(Path(path), fmt) as stream:
        if fmt.type in ("csv", "tsv"):
            return Delimited(stream, fmt, block=64 * 2**10).header()
        if fmt.type in ("xlsx", "xls"):
            from accountability.records.readers.workbook import workbook_header

            return workbook_header(stream, fmt)
        return list(_reader(fmt.type)(stream, fmt, None).columns)


def read_chunks(
    path: Path | str, fmt: Format | None = None, columns: Sequence[str] | None = None, block: int = BLOCK
) -> Iterator[RawTable]:
    """Read one raw file in pieces, so that memory does not grow with the size of a delimited file.

    Files of other types are one piece.

    Parameters
    ----------
    path, fmt, columns
        As for :func:`read`.
    block
        Approximate bytes of text per piece.

    Yields
    ------
    RawTable
        Consecutive rows; the index continues over the pieces.

    Raises
    ------
    SourceError
        As for :func:`read`, when the faulty piece is reached.
    """
    fmt = fmt or Format()
    with opened(Path(path), fmt) as stream:
        if fmt.type in ("csv", "tsv"):
            yield from delimited_chunks(stream, fmt, columns, block)
        else:
            yield _reader(fmt.type)(stream, fmt, columns)


def _reader(kind: str) -> Callable[[Stream, Format, Sequence[str] | None], RawTable]:
    """What reads a kind of file, imported when one is read."""
    module, name = _READERS[kind]
    return cast(Callable[..., RawTable], getattr(import_module(f"{__name__}.{module}"), name))


@contextmanager
def opened(path: Path, fmt: Format, check: bool = True) -> Iterator[Stream]:
    """Open a raw file for reading, and unpack gzip and zip.

    Parameters
    ----------
    check
        Whether to refuse a file whose first bytes show another type than the declared one.

    Raises
    ------
    SourceError
        If the file is missing, a folder, empty, damaged, encrypted, an archive with several members and none declared,
        or not of the declared type by its first bytes.
    """
    name = path.name
    with explained(str(path)):
        handle = path.open("rb")
    with handle:
        with explained(name):
            head = handle.read(16)
            handle.seek(0)
            packed = path.stat().st_size
        if not head:
            raise SourceError(f"{name}: the file is empty (0 bytes).")
        archived = None
        if head.startswith((ZIP, _EMPTY_ZIP)):
            from accountability.records.readers.archive import opened_member

            archived = opened_member(handle, name, fmt)
        if archived is not None:
            with archived[0]:
                yield _checked(archived[1], fmt, check)
        elif fmt.member is not None:
            raise SourceError(f"{name}: member {fmt.member!r} is declared, but the file is not a zip archive.")
        elif head.startswith(GZIP):
            yield _checked(Stream(gunzipped(handle), name, fmt, packed), fmt, check)
        else:
            yield _checked(Stream(handle, name, fmt, None), fmt, check)


def _checked(stream: Stream, fmt: Format, check: bool) -> Stream:
    """Refuse a file whose first bytes show another kind than the declared one."""
    head = stream.peek(512)
    if not head:
        raise SourceError(f"{stream.name}: the file is empty (0 bytes).")
    if not check:
        return stream
    if fmt.type != "html" and is_page(head):
        raise SourceError(
            f"{stream.name}, line 1: expected {fmt.type}, found a web page. The download probably gave a notice or "
            "a login page instead of the file; open it in a browser to see. If the page holds the table, declare "
            "type: html."
        )
    own = {"xlsx": ZIP, "xls": b"\xd0\xcf\x11\xe0", "parquet": b"PAR1", "sqlite": b"SQLite format 3\0"}
    for magic, what in _FOREIGN:
        if head.startswith(magic) and own.get(fmt.type) != magic:
            raise SourceError(f"{stream.name}: expected {fmt.type}, found {what}.")
    return stream
