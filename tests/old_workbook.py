"""Workbooks of Excel 5 (.xls), which no kept library writes any more."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

Rows = Sequence[Sequence[object]]


def xls(sheets: Mapping[str, Rows]) -> bytes:
    """A minimal workbook in the format of Excel 5: a date is an ``(serial,)`` tuple, ``#VALUE!`` an error."""

    def record(kind: int, *data: bytes) -> bytes:
        body = b"".join(data)
        return struct.pack("<HH", kind, len(body)) + body

    def cell(r: int, c: int, value: object) -> bytes:
        if isinstance(value, tuple):
            return record(0x203, struct.pack("<HHHd", r, c, 1, value[0]))
        if isinstance(value, bool) or value == "#VALUE!":
            code, is_error = (15, 1) if value == "#VALUE!" else (int(bool(value)), 0)
            return record(0x205, struct.pack("<HHHBB", r, c, 0, code, is_error))
        if isinstance(value, int | float):
            return record(0x203, struct.pack("<HHHd", r, c, 0, value))
        text = str(value).encode("cp1252", errors="replace")[:8000]  # a record ends before 8,224 bytes
        return record(0x204, struct.pack("<HHHH", r, c, 0, len(text)), text)

    def sheet(rows: Rows) -> bytes:
        written = [cell(r, c, v) for r, row in enumerate(rows) for c, v in enumerate(row) if v is not None]
        return record(0x809, struct.pack("<HHHH", 0x500, 0x10, 0, 0)) + b"".join(written) + record(0x0A)

    streams = [sheet(rows) for rows in sheets.values()]
    formats = [record(0xE0, struct.pack("<HHHHHHHH", 0, f, 0, 0x20, 0, 0, 0, 0)) for f in (0, 14)]
    head = record(0x809, struct.pack("<HHHH", 0x500, 5, 0, 0)) + record(0x42, struct.pack("<H", 1252))
    head += b"".join(formats)
    at = len(head) + sum(4 + 7 + len(name) for name in sheets) + 4
    for name, stream in zip(sheets, streams, strict=True):
        head += record(0x85, struct.pack("<IHB", at, 0, len(name)), name.encode())
        at += len(stream)
    return head + record(0x0A) + b"".join(streams)
