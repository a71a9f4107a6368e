"""The cells of an executed notebook as inert HTML, for slides."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping
from typing import Any, Final

from accountability.publish.safe_html import inert, plain, prose

_HIDDEN: Final = {"parameters", "injected-parameters", "remove-cell"}
_PICTURES: Final = (("image/png", "png"), ("image/svg+xml", "svg+xml"), ("image/jpeg", "jpeg"))


def blocks(notebook: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Take an executed notebook apart: each block has a ``kind`` (prose, code), and ``html`` or ``outputs``."""
    shown: list[dict[str, Any]] = []
    for cell in notebook["cells"]:
        if set(cell["metadata"].get("tags", ())) & _HIDDEN:
            continue
        if cell["cell_type"] == "markdown":
            shown.append({"kind": "prose", "html": prose(cell["source"])})
        elif cell["cell_type"] == "code" and cell["source"].strip():
            outputs = [_output(output) for output in cell["outputs"]]
            shown.append({"kind": "code", "source": cell["source"], "outputs": outputs})
    return shown


def _output(output: Mapping[str, Any]) -> str:
    if output["output_type"] == "stream":
        return f'<pre class="stream">{plain(output["text"])}</pre>'
    if output["output_type"] == "error":
        return f'<pre class="error">{plain(chr(10).join(output["traceback"]))}</pre>'
    data = output["data"]
    for mime, suffix in _PICTURES:
        if mime in data:
            return _picture(data[mime], suffix, output.get("metadata", {}).get(mime, {}))
    if "text/html" in data:
        return inert(data["text/html"])
    if "text/markdown" in data:
        return prose(data["text/markdown"])
    return f"<pre>{plain(data.get('text/plain', ''))}</pre>"


def _picture(content: str, suffix: str, said: Mapping[str, Any]) -> str:
    encoded = base64.b64encode(content.encode()).decode() if suffix == "svg+xml" else "".join(content.split())
    size = "".join(f' {side}="{said[side]}"' for side in ("width", "height") if isinstance(said.get(side), int))
    alt = html.escape(said.get("alt") or "A figure of the lesson")
    return f'<figure><img src="data:image/{suffix};base64,{encoded}" alt="{alt}"{size}></figure>'
