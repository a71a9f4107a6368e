"""The tables of a report's appendix: labels, thousands separators, four figures.

The CSV files beside the report hold the same in full precision, with the package's column names.
"""

from __future__ import annotations

import csv
import html
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from accountability import labels
from accountability.findings import wording

#: A page shows so many rows of a table; the CSV holds all.
MOST_ROWS: Final = 400
_WHOLE: Final = re.compile(r"-?(?:0|[1-9]\d*)")
_NUMBER: Final = re.compile(r"-?(?:(?:0|[1-9]\d*)(?:\.\d+)?(?:e[-+]\d+)?|inf)")
_MIDNIGHT: Final = re.compile(r"(\d{4}-\d\d-\d\d) 00:00:00")
_SMALL: Final = 0.001


@dataclass(frozen=True, slots=True)
class Shown:
    """A table ready for print.

    Attributes
    ----------
    head : list of str
        Headings.
    rows : list of list of str
        Cells as text, at most :data:`MOST_ROWS` rows.
    right : list of bool
        Which columns are numbers.
    total : int
        Total number of rows.
    """

    head: list[str]
    rows: list[list[str]]
    right: list[bool]
    total: int


def shown(path: Path, declared: Mapping[str, str] | None = None, most: int = MOST_ROWS) -> Shown:
    """Read a saved table and format its cells for readers.

    Parameters
    ----------
    path : Path
        The CSV file.
    declared : mapping, optional
        Labels that the source declares.
    most : int
        Largest number of rows.
    """
    with path.open(newline="", encoding="utf-8") as file:
        names, *rows = [*csv.reader(file)] or [[]]
    own = dict(declared or {})
    marks = names.index("hidden") if "hidden" in names else None
    kept = [place for place in range(len(names)) if place != marks]
    columns = {place: [row[place] for row in rows if len(row) == len(names)] for place in kept}
    numeric = {place: _numeric(cells) for place, cells in columns.items()}
    written = [
        [
            _cell(row[place], names[place], numeric[place], marks is not None and row[marks] == "True", own)
            for place in kept
        ]
        for row in rows[:most]
        if len(row) == len(names)
    ]
    return Shown([labels.label(names[place], own) for place in kept], written, [numeric[p] for p in kept], len(rows))


def _numeric(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return bool(filled) and all(_NUMBER.fullmatch(cell) for cell in filled)


def _cell(text: str, name: str, numeric: bool, hidden: bool, declared: Mapping[str, str]) -> str:
    if not text:
        return wording.HIDDEN if hidden and numeric else wording.MISSING
    if text in ("True", "False"):
        return "yes" if text == "True" else "no"
    if not numeric:
        plain = _MIDNIGHT.sub(r"\1", text)
        return labels.in_words(plain, declared)
    if _WHOLE.fullmatch(text):
        # A year has no separator, nor a decade.
        return text if "year" in name or "decade" in name else f"{int(text):,}".replace("-", "−")
    value = float(text)
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if "p_value" in name and value < _SMALL:
        return "< 0.001"
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace("-", "−")
    small = f"{value:.2e}" if 0 < abs(value) < _SMALL / 10 else f"{value:.4f}" if abs(value) < 1 else f"{value:.4g}"
    return small.replace("-", "−")


def table_html(entry: Mapping[str, Any], folder: Path, declared: Mapping[str, str], caption: str) -> str:
    """Return one saved table with its caption, as inert HTML."""
    table = shown(folder / entry["file"], declared)
    align = [' class="num"' if right else "" for right in table.right]
    head = "".join(f'<th scope="col"{align[place]}>{html.escape(name)}</th>' for place, name in enumerate(table.head))
    body = "".join(
        "<tr>" + "".join(f"<td{align[place]}>{html.escape(cell)}</td>" for place, cell in enumerate(row)) + "</tr>"
        for row in table.rows
    )
    return (
        f"<table><caption>{html.escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )
