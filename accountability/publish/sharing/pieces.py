"""What a report is taken apart into before it is looked at: texts, tables, scripts, addresses, what cannot be read."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """A stretch of text at a place."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table of text cells; ``sheet`` says whether a spreadsheet would open it."""

    place: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    sheet: bool = False


@dataclass(frozen=True, slots=True)
class Script:
    """A program in a page."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Active:
    """Something that acts on the reader: a handler, a frame, a form, a script's address."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Address:
    """An address in a page; ``loaded`` says whether opening the page asks for it."""

    place: str
    url: str
    loaded: bool


@dataclass(frozen=True, slots=True)
class Metadata:
    """A block of a picture that no figure of ours has."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file or part that cannot be looked through."""

    place: str
    why: str


Piece = Text | Table | Script | Active | Address | Metadata | Unreadable
