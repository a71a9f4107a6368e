"""What a report is taken apart into before it is looked at: texts, tables, addresses, what cannot be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """Something at a place."""

    place: str
    text: str


class Text(Piece):
    """A stretch of text."""


class Unreadable(Piece):
    """A file or part that cannot be looked through, and why."""


class Link(Piece):
    """An address in a page."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text cells; ``sheet`` says whether a spreadsheet would open it."""

    place: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    sheet: bool = False


def lines_of(place: str, text: str, *, numbered: bool = False) -> Iterator[Piece]:
    """Give each line that is not blank."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield Text(f"{place}, line {number}" if numbered else place, line)


def text_of(raw: bytes) -> str:
    """Read bytes as text, whatever is in them."""
    return raw.decode("utf-8-sig", errors="replace")
