"""The pieces of a report for the check: texts, tables, addresses, and unreadable parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece at a place."""

    place: str
    text: str


class Text(Piece):
    """A text."""


class Unreadable(Piece):
    """A file or part that cannot be checked, and why."""


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
    """Return each non-blank line."""
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield Text(f"{place}, line {number}" if numbered else place, line)


def text_of(raw: bytes) -> str:
    """Decode bytes as text, with any content."""
    return raw.decode("utf-8-sig", errors="replace")
