"""Turn the cells of an executed notebook into slides of static HTML, with speaker notes."""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from accountability.classroom.lessons.answer_key import Key
from accountability.publish.safe_html import inert, plain, prose

_HIDDEN: Final = {"parameters", "injected-parameters", "remove-cell"}
_PICTURES: Final = (("image/png", "png"), ("image/svg+xml", "svg+xml"), ("image/jpeg", "jpeg"))
_FIGURE: Final = '<div class="together">'
_HEADING: Final = re.compile(r"(?=<h[1-3])")
_BEGUN: Final = re.compile(r"\s*<(h[1-3])[^>]*>.*?</\1>", re.S)
#: Hashes and parameters are for who checks the numbers, not for a hall.
_SOURCES: Final = "Where the numbers come from"


def slide_pages(notebook: Mapping[str, Any], key: Key) -> list[dict[str, str]]:
    """Return the slides of an executed notebook, each with ``html`` and ``notes``."""
    pages: list[dict[str, str]] = []
    comment = heading = ""
    for cell in notebook["cells"]:
        if set(cell["metadata"].get("tags", ())) & _HIDDEN or "provenance.show(" in cell["source"]:
            continue
        if cell["cell_type"] == "markdown":
            for part in _HEADING.split(prose(cell["source"])):
                if part.strip() and _SOURCES not in part:
                    begun = _BEGUN.match(part)
                    heading = begun[0] if begun else heading
                    pages.append({"html": part if begun else heading + part, "notes": "\n".join(_notes(part, key))})
            if cell["source"] and "nbgrader" in cell["metadata"]:
                written = {one.name: one.look_for for one in key.written}
                pages[-1]["notes"] += f"Look for: {written[cell['metadata']['nbgrader']['grade_id']]}"
            comment = ""
        elif cell["cell_type"] == "code":
            for output in cell["outputs"]:
                shown = _output(output)
                if comment and comment in html.unescape(shown):
                    # The sentence of the figure above, said once more.
                    continue
                if _comment(output) or _FIGURE in pages[-1]["html"]:
                    pages.append({"html": heading, "notes": pages[-1]["notes"]})
                comment = _comment(output) or comment
                pages[-1]["html"] += shown
    return pages


def _notes(part: str, key: Key) -> Iterator[str]:
    """What the instructor's copy says of the items that a slide asks for."""
    for item in key.items:
        if f"<code>{item.name}</code>" in part:
            yield f"{item.name} ({item.points:g} points): {item.asks} {item.note}"


def _output(output: Mapping[str, Any]) -> str:
    if output["output_type"] == "stream":
        return f'<pre class="stream">{plain(output["text"])}</pre>'
    if output["output_type"] == "error":
        return f'<pre class="error">{plain(chr(10).join(output["traceback"]))}</pre>'
    data = output["data"]
    for mime, suffix in _PICTURES:
        if mime in data:
            picture = _picture(data[mime], suffix, output.get("metadata", {}).get(mime, {}))
            return f"{_FIGURE}<p>{html.escape(_comment(output))}</p>{picture}</div>"
    if "text/html" in data:
        return re.sub(r"(?<=\w)_(?=\w)", "_<wbr>", inert(data["text/html"]))
    if "text/markdown" in data:
        return prose(data["text/markdown"])
    return f"<pre>{plain(data.get('text/plain', ''))}</pre>"


def _comment(output: Mapping[str, Any]) -> str:
    """The sentence of a figure, without what is said of its method; empty where there is no figure."""
    for mime, _ in _PICTURES:
        if mime in output.get("data", {}):
            said = output.get("metadata", {}).get(mime, {}).get("alt", "").removeprefix("Figure: ")
            return re.split(r" \[|(?<=[a-z)]\.) ", said)[0]
    return ""


def _picture(content: str, suffix: str, said: Mapping[str, Any]) -> str:
    encoded = base64.b64encode(content.encode()).decode() if suffix == "svg+xml" else "".join(content.split())
    alt = html.escape(said.get("alt") or "A figure of the lesson")
    letters = f' data-letters="{said["letters"]:g}"' if "letters" in said else ""
    return f'<figure><img src="data:image/{suffix};base64,{encoded}" alt="{alt}"{letters}></figure>'
