"""Write the parts of a finding as plain, accessible HTML, for notebooks and pages."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from accountability.findings.finding_parts import KeyNumber, ReadingTable

_NUMBER: Final = re.compile(r"[<≤]?\s*[-+−]?[\d,]*\.?\d+\s*%?(?: \(.*\))?|–|hidden")


def numbers(given: Sequence[KeyNumber]) -> str:
    """Write the key numbers as a description list; nothing if there are none."""
    if not given:
        return ""
    cells = "".join(
        f"<div><dt>{html.escape(one.label)}</dt><dd><strong>{html.escape(one.value)}</strong></dd>"
        f"{f'<dd>{html.escape(one.note)}</dd>' if one.note else ''}</div>"
        for one in given
    )
    return f'<dl class="numbers">{cells}</dl>'


def listed(lines: Sequence[str]) -> str:
    """Write sentences as a list; nothing if there are none."""
    return "<ul>" + "".join(f"<li>{html.escape(line)}</li>" for line in lines) + "</ul>" if lines else ""


def table(given: ReadingTable, number: str = "") -> str:
    """Write a reading table with its caption, headings, and notes; columns of numbers are right-aligned."""
    right = [is_numbers([row[place] for row in given.rows]) for place in range(len(given.head))]
    align = ["" if place == 0 or not right[place] else ' class="num"' for place in range(len(right))]
    head = "".join(f'<th scope="col"{align[place]}>{html.escape(name)}</th>' for place, name in enumerate(given.head))
    body = "".join(
        "<tr>"
        + f'<th scope="row">{html.escape(row[0])}</th>'
        + "".join(f"<td{align[place]}>{html.escape(cell)}</td>" for place, cell in enumerate(row[1:], start=1))
        + "</tr>"
        for row in given.rows
    )
    notes = "".join(f'<p class="note"><small>{html.escape(note)}</small></p>' for note in given.notes)
    caption = f"{number}{html.escape(given.title)}"
    return (
        f'<table class="reading"><caption>{caption}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>{notes}"
    )


def is_numbers(cells: Sequence[str]) -> bool:
    """Return whether every filled cell of a column is a number, with or without its interval."""
    filled = [cell for cell in cells if cell]
    return bool(filled) and all(_NUMBER.fullmatch(cell) for cell in filled)
