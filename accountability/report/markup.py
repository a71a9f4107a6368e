"""HTML that came out of data or a notebook, made inert: rebuilt from a short list of tags, the rest is text.

The page is put together from parsed pieces, never from the given string, so whatever a browser would make of broken
markup, it is not in the page.
"""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import Final

_TEXT: Final = {"a", "abbr", "b", "code", "del", "em", "i", "s", "small", "span", "strong", "sub", "sup", "br"}
_BLOCK: Final = {"blockquote", "div", "p", "pre", "hr", "ul", "ol", "li", "dl", "dt", "dd", "details", "summary"}
_HEADING: Final = {"h1", "h2", "h3", "h4", "h5", "h6"}
_TABLE: Final = {"table", "caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "th", "td"}
_TAGS: Final = frozenset(_TEXT | _BLOCK | _HEADING | _TABLE)
_VOID: Final = frozenset({"br", "col", "hr"})
_ATTRIBUTES: Final = {
    "*": frozenset({"title"}),
    "a": frozenset({"href"}),
    "td": frozenset({"colspan", "rowspan"}),
    "th": frozenset({"colspan", "rowspan", "scope"}),
}
#: What is inside these is not text to be read.
_SILENT: Final = frozenset({"script", "style", "template", "iframe", "object", "svg", "math", "noscript", "head"})
_LINK: Final = re.compile(r"(https?://|mailto:|#|\.{0,2}/?[\w][\w./-]*$)", re.IGNORECASE)
_NUMBER_CELL: Final = re.compile(r"<td>(\s*[-+−]?[\d,]+(?:\.\d+)?(?:e[-+]?\d+)?\s*%?\s*)</td>")


class _Rebuilt(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.open: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self.silent += 1
        if self.silent or tag not in _TAGS:
            return
        allowed = _ATTRIBUTES["*"] | _ATTRIBUTES.get(tag, frozenset())
        kept = ""
        for name, value in attrs:
            if name in allowed and (name != "href" or _LINK.match(value or "")):
                kept += f' {name}="{html.escape(value or "")}"'
        self.parts.append(f"<{tag}{kept}>")
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
        elif not self.silent and tag in self.open:
            while self.open:
                last = self.open.pop()
                self.parts.append(f"</{last}>")
                if last == tag:
                    break

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(html.escape(data, quote=False))

    def finished(self) -> str:
        self.close()
        self.parts += [f"</{tag}>" for tag in reversed(self.open)]
        return "".join(self.parts)


def inert(markup: str) -> str:
    """Rebuild HTML from harmless tags; scripts, styles, handlers, frames and remote pictures are left out.

    Parameters
    ----------
    markup : str
        HTML of unknown origin, such as a cell's output.

    Returns
    -------
    str
        Balanced HTML. Table cells that hold a number get the class ``num``.
    """
    rebuilt = _Rebuilt()
    rebuilt.feed(markup)
    return _NUMBER_CELL.sub(r'<td class="num">\1</td>', rebuilt.finished())


def prose(markdown: str) -> str:
    """Turn markdown into HTML; raw HTML in it shows as text.

    Parameters
    ----------
    markdown : str
        A markdown cell.

    Returns
    -------
    str
        HTML.
    """
    import mistune

    render = mistune.create_markdown(escape=True, plugins=["table", "strikethrough", "footnotes"])
    return inert(str(render(markdown)))


_ANSI: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def plain(text: str) -> str:
    """Escape text for a ``<pre>`` and drop terminal colours.

    Parameters
    ----------
    text : str
        Terminal output.

    Returns
    -------
    str
        HTML text.
    """
    return html.escape(_ANSI.sub("", text), quote=False)
