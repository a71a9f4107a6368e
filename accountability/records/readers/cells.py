"""Convert typed cells (of workbooks, databases, Parquet files, JSON) to text by one rule."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import math
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd


class Number(str):
    """A number as written in a JSON document, with every digit."""

    __slots__ = ()


def text_frame(columns: Mapping[str, Sequence[object]]) -> pd.DataFrame:
    """Build a frame of text columns from typed cells, each column by :func:`column_text`."""
    return pd.DataFrame({name: pd.array(column_text(cells), dtype="str") for name, cells in columns.items()})


def column_text(cells: Sequence[object]) -> list[str | None]:
    """Write the cells of one column as text.

    Whole numbers lose the ``.0`` of a spreadsheet or float column; other numbers keep all digits. Dates are
    ``YYYY-MM-DD``, or ``YYYY-MM-DD HH:MM:SS`` if any date of the column has a time. Booleans are ``true`` and
    ``false``, lists and objects are JSON. Empty text, ``None`` and not-a-number are missing.
    """
    timed = any(isinstance(c, dt.datetime) and (c.time() != dt.time() or c.tzinfo) for c in cells)
    return [cell_text(cell, timed) for cell in cells]


def cell_text(cell: object, timed: bool = True) -> str | None:
    """Write one cell as text; ``timed`` keeps the time of day of dates."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, str):
        return str(cell)
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        if math.isnan(cell):
            return None
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, decimal.Decimal):
        return format(cell, "f")
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ") if timed else cell.date().isoformat()
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    if isinstance(cell, list | tuple | dict):
        return json_text(cell)
    return str(cell)


def json_text(value: object) -> str:
    """Write nested records as JSON, numbers exactly as they were read."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        inner = (f"{json.dumps(str(k), ensure_ascii=False)}: {json_text(v)}" for k, v in value.items())
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(json_text(v) for v in value) + "]"
    return json.dumps(value, ensure_ascii=False, default=str)


def is_blank(row: Iterable[object]) -> bool:
    """Return whether all cells of a row are empty."""
    return all(cell is None or cell == "" for cell in row)
