"""Make HTML from data or notebooks inert: only a short list of tags is kept.

nh3 parses it as a browser does and writes it again from the parsed tree, so broken markup cannot hide active content.
"""

from __future__ import annotations

import html
import re
from typing import Final

from accountability.records.onboard.hints import words

_TAGS: Final = words(
    "a abbr b code del em i s small span strong sub sup br blockquote div p pre hr ul ol li dl dt dd details summary "
    "h1 h2 h3 h4 h5 h6 table caption colgroup col thead tbody tfoot tr th td"
)
_ATTRIBUTES: Final = {
    "*": {"title"},
    "a": {"href"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
#: What is inside these is not text to be read.
_SILENT: Final = words("script style template iframe object svg math noscript head")
_LINK: Final = re.compile(r"(https?://|mailto:|#|\.{0,2}/?[\w][\w./-]*$)", re.IGNORECASE)
_ANY: Final = re.compile("")
_COUNT: Final = re.compile(r"\d{1,3}$")
_GIVEN: Final = {
    "href": _LINK, "colspan": _COUNT, "rowspan": _COUNT, "start": _COUNT, "scope": re.compile("(?:row|col)(?:group)?$"),
}  # fmt: skip
_SHORT: Final = 30
_MISSING: Final = frozenset({"NaN", "NaT", "&lt;NA&gt;"})
_ROW: Final = re.compile(r"<tr>(.*?)</tr>", re.DOTALL)
_CELL: Final = re.compile(r"<(t[hd])([^>]*)>(.*?)</\1>", re.DOTALL)
_NUMBER: Final = re.compile(r"\s*[-+−]?[\d,]*\.?\d+(?:e[-+]?\d+)?\s*%?\s*")
_TABLE_PARTS: Final = re.compile(r"<thead>(.*?)</thead>\s*<tbody>(.*?)</tbody>", re.DOTALL)


def inert(markup: str) -> str:
    """Return HTML with only harmless tags; scripts, styles, handlers, frames and remote images are removed.

    Parameters
    ----------
    markup : str
        HTML of unknown origin, such as a cell's output.

    Returns
    -------
    str
        Balanced HTML with tidied tables (:func:`tidy_tables`).
    """
    return tidy_tables(kept_tags(markup))


def kept_tags(markup: str) -> str:
    """Return HTML as :func:`inert` does, with unchanged tables."""
    import nh3

    return nh3.clean(
        markup,
        tags=set(_TAGS),
        clean_content_tags=set(_SILENT),
        attributes=_ATTRIBUTES,
        attribute_filter=lambda tag, name, value: value if _GIVEN.get(name, _ANY).match(value) else None,
        url_schemes={"http", "https", "mailto"},
        link_rel=None,
    )


def tidy_tables(markup: str) -> str:
    """Right-align columns of numbers with their headings, and remove the index column of pandas.

    It takes inert HTML. Cells of columns with only numbers get the class ``num``, with only short texts ``short``. A
    missing value becomes a dash. Tables without a heading row are unchanged.
    """
    return _TABLE_PARTS.sub(lambda table: _tidied(table[1], table[2]), markup)


def _tidied(head: str, body: str) -> str:
    heads = [_CELL.findall(row) for row in _ROW.findall(head)]
    rows = [_CELL.findall(row) for row in _ROW.findall(body)]
    width = len(heads[0]) if heads else 0
    spanned = "span=" in head or "span=" in body
    if not heads or not rows or spanned or any(len(row) != width for row in heads + rows):
        return f"<thead>{head}</thead><tbody>{body}</tbody>"
    numbered = (
        len(heads) == 1 and heads[0][0][2] == "" and [row[0][2] for row in rows] == [str(n) for n in range(len(rows))]
    )
    first = 1 if numbered and width > 1 else 0
    rows = [[(tag, kept, "–" if text in _MISSING else text) for tag, kept, text in row] for row in rows]
    columns = [[row[column][2] for row in rows] for column in range(width)]
    classes = [_class(cells) for cells in columns]

    def written(row: list[tuple[str, str, str]]) -> str:
        cells = [f"<{tag}{kept}{classes[place]}>{text}</{tag}>" for place, (tag, kept, text) in enumerate(row)]
        return "<tr>" + "".join(cells[first:]) + "</tr>"

    heads = [[_heading(cell) for cell in row] for row in heads]
    return f"<thead>{''.join(map(written, heads))}</thead><tbody>{''.join(map(written, rows))}</tbody>"


def _heading(cell: tuple[str, str, str]) -> tuple[str, str, str]:
    tag, kept, text = cell
    # A screen reader announces a heading for every cell below it: an empty one is none.
    return ("td", kept, text) if not text.strip() else (tag, kept if "scope=" in kept else f'{kept} scope="col"', text)


def _class(cells: list[str]) -> str:
    if _all_numbers(cells):
        return ' class="num"'
    # A short text broken over four lines makes a row taller than its table is wide.
    return ' class="short"' if max(map(len, cells)) <= _SHORT else ""


def _all_numbers(cells: list[str]) -> bool:
    filled = [cell for cell in cells if cell.strip() not in ("", "–", "—")]
    return bool(filled) and all(_NUMBER.fullmatch(cell) for cell in filled)


def prose(markdown: str) -> str:
    """Convert Markdown to inert HTML; raw HTML in it is shown as text."""
    import mistune

    render = mistune.create_markdown(escape=True, plugins=["table", "strikethrough", "footnotes"])
    return inert(str(render(markdown)))


_ANSI: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def plain(text: str) -> str:
    """Escape terminal text for a ``<pre>``, without its colours."""
    return html.escape(_ANSI.sub("", text), quote=False)
