"""Tables for documents: column widths from the content, unbroken numbers, and wide tables split."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import Final

#: Letters that stand side by side in a table as wide as the text.
PAGE: Final = 96
_CELL: Final = 30
_PADDING: Final = 3
_NBSP: Final = "\u00a0"


def document_table(
    title: str,
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[bool],
    notes: Sequence[str] = (),
) -> str:
    """Write a table as HTML for a converter: caption, column widths, notes below.

    Parameters
    ----------
    title : str
        Its caption.
    head, rows : sequence of str
        Headings and cells.
    right : sequence of bool
        Which columns are numbers; these are right-aligned and not broken.
    notes : sequence of str
        Notes below it.
    """
    solid = [[_solid(cell) if right[place] else cell for place, cell in enumerate(row)] for row in rows]
    parts = _split(head, solid)
    written = [
        _one(
            f"{title}{_part(number, len(parts))}",
            [head[p] for p in places],
            [[row[p] for p in places] for row in solid],
            [right[p] for p in places],
        )
        for number, places in enumerate(parts)
    ]
    below = "".join(f'<div custom-style="Table Note"><p>{html.escape(note)}</p></div>' for note in notes)
    return "\n".join(written) + below


def _solid(cell: str) -> str:
    return cell.replace(" ", _NBSP)


def _part(number: int, parts: int) -> str:
    return "" if parts == 1 else f" (part {number + 1} of {parts})"


def _needs(heading: str, cells: Sequence[str]) -> tuple[int, int]:
    """Letters a column cannot do without, and letters it would have."""
    words = [word for text in (heading, *cells) for word in text.split(" ")]
    whole = max(len(text) for text in (heading, *cells))
    least = max((len(word) for word in words), default=1)
    return least + _PADDING, max(least, min(whole, _CELL)) + _PADDING


def _split(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[list[int]]:
    """Put columns on as many tables as they need, the first column on each."""
    least = [_needs(name, [row[place] for row in rows])[0] for place, name in enumerate(head)]
    parts: list[list[int]] = [[0]]
    for place in range(1, len(head)):
        if sum(least[p] for p in parts[-1]) + least[place] > PAGE and len(parts[-1]) > 1:
            parts.append([0])
        parts[-1].append(place)
    return parts


def _one(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    wanted = [_needs(name, [row[place] for row in rows]) for place, name in enumerate(head)]
    widths = [most for _, most in wanted]
    if sum(widths) > PAGE:
        # What is over the least is shared out; no column falls below its longest word.
        spare = max(PAGE - sum(least for least, _ in wanted), 0)
        extra = sum(most - least for least, most in wanted) or 1
        widths = [round(least + spare * (most - least) / extra) for least, most in wanted]
    total = max(sum(widths), PAGE)
    columns = "".join(f'<col style="width: {100 * width / total:.1f}%">' for width in widths)
    align = [' style="text-align: right"' if one else "" for one in right]
    cells = "".join(f"<th{align[place]}>{html.escape(name)}</th>" for place, name in enumerate(head))
    body = "".join(
        "<tr>" + "".join(f"<td{align[place]}>{html.escape(cell)}</td>" for place, cell in enumerate(row)) + "</tr>"
        for row in rows
    )
    return (
        f"<table><caption>{html.escape(title)}</caption><colgroup>{columns}</colgroup>"
        f"<thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"
    )
