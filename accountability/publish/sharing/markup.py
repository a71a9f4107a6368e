"""Split HTML and SVG into texts by block, tables, attributes, comments and addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final

from accountability.publish.sharing.pieces import Link, Piece, Table, Text
from accountability.records.onboard.hints import words

_INLINE: Final = words("a abbr b code del em i s small span strong sub sup tspan mark q cite u var kbd")
_LINKED: Final = frozenset({"href", "xlink:href", "src", "cite", "longdesc"})
#: Names of numbers, sizes and styles by which a drawing is made; nobody is told anything by them.
_GEOMETRY: Final = words(
    "d x y x1 x2 y1 y2 cx cy r rx ry width height viewbox transform points id clip-path class style version "
    "preserveaspectratio"
)


def of_markup(place: str, text: str) -> Iterator[Piece | Table]:
    """Split HTML or SVG into pieces.

    The pieces are texts joined over inline tags, so that a name partly in bold stays one; attributes and comments;
    tables with headings; addresses. Scripts, frames and requests are not searched, because pages come from our
    templates and notebook markup is rewritten from a short list of tags.
    """
    taken = _Taken(place)
    taken.feed(text)
    taken.close()
    taken.flush()
    yield from taken.pieces


class _Taken(HTMLParser):
    def __init__(self, place: str) -> None:
        super().__init__(convert_charrefs=True)
        self.place = place
        self.pieces: list[Piece | Table] = []
        self.words: list[str] = []
        self.inside: str | None = None  # style or script
        self.tables: list[_Grid] = []
        self.seen = 0

    def at(self, what: str = "") -> str:
        return f"{self.place}, line {self.getpos()[0]}" + (f", {what}" if what else "")

    def flush(self) -> None:
        # Spaces and line ends between cells would part a first name from its surname.
        text = re.sub(r"(?:\s*\|\s*)+", " | ", re.sub(r"\s+", " ", "".join(self.words))).strip()
        self.words = []
        if text:
            self.pieces.append(Text(self.at(), text))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _INLINE:
            self._boundary(tag)
        if tag in ("script", "style"):
            self.inside = tag
        given = {name: value or "" for name, value in attrs}
        for name, value in given.items():
            self._attribute(tag, name, value)
        if tag in ("td", "th") and self.tables:
            self.tables[-1].cell(tag, given)
        if tag == "table":
            self.seen += 1
            self.tables.append(_Grid(self.at(f"table {self.seen}")))
        elif tag in ("tr", "thead", "tbody") and self.tables:
            self.tables[-1].begin(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag == self.inside:
            self.inside = None
        if tag in _INLINE:
            return
        self._boundary(tag)
        if tag == "thead" and self.tables:
            self.tables[-1].in_head = False
        if tag == "table" and self.tables:
            self.pieces.extend(self.tables.pop().finished())

    def _boundary(self, tag: str) -> None:
        # A row of a table is one text: a first name and a last name may stand in neighbouring cells.
        if tag not in ("td", "th") or not self.tables:
            self.flush()
        elif self.words and self.words[-1] != " | ":
            self.words.append(" | ")

    def _attribute(self, tag: str, name: str, value: str) -> None:
        where = self.at(f"{name} of <{tag}>")
        if value.startswith("data:image/png;base64,"):
            return  # made anew of its pixels
        if name in _LINKED and not value.startswith("#"):
            self.pieces.append(Link(where, value))
        if name not in _GEOMETRY and value.strip():
            self.pieces.append(Text(where, value))
        elif name in ("id", "class") and value.strip():
            self.pieces.append(Text(where, re.sub(r"[_-]+", " ", value)))

    def handle_data(self, data: str) -> None:
        if self.inside is not None:
            return  # our own, or refused when the drawing was made anew
        self.words.append(data)
        if self.tables:
            self.tables[-1].write(data)

    def handle_comment(self, data: str) -> None:
        self.pieces.append(Text(self.at("comment"), data))

    def unknown_decl(self, data: str) -> None:
        self.pieces.append(Text(self.at("CDATA"), data))


class _Grid:
    """A table while it is read: its heading is the last row of ``<thead>``, else a first row of ``<th>`` alone."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.rows: list[list[str]] = []
        self.tags: list[set[str]] = []
        self.heads = 0
        self.in_head = False

    def begin(self, tag: str) -> None:
        if tag == "tr":
            self.rows.append([])
            self.tags.append(set())
            self.heads += self.in_head
        else:
            self.in_head = tag == "thead"

    def cell(self, tag: str, given: dict[str, str]) -> None:
        if not self.rows:
            self.begin("tr")
        span = given.get("colspan", "1")
        self.rows[-1] += [""] * (min(int(span), 100) if span.isdigit() else 1)
        self.tags[-1].add(tag)

    def write(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data

    def finished(self) -> Iterator[Piece | Table]:
        rows = [tuple(cell.strip() for cell in row) for row in self.rows]
        first = self.heads or int(bool(rows) and self.tags[0] == {"th"})
        if first and rows[first:]:
            width = max(len(row) for row in rows)
            filled = [row + ("",) * (width - len(row)) for row in rows]
            yield Table(self.place, filled[first - 1], tuple(filled[first:]))
