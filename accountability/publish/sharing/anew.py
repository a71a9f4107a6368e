"""Rewrite notebooks, drawings and images by allow-list, so that they contain nothing else."""

from __future__ import annotations

import base64
import io
import json
import re
import unicodedata
from typing import Any, Final
from xml.etree import ElementTree

from accountability.publish.safe_html import kept_tags
from accountability.records.onboard.hints import words

_SVG: Final = "http://www.w3.org/2000/svg"
_HREF: Final = "{http://www.w3.org/1999/xlink}href"
_ELEMENTS: Final = words(
    "svg g defs path rect circle ellipse line polyline polygon text tspan use clipPath pattern image style "
    "linearGradient radialGradient stop title desc"
)
_GIVEN: Final = words(
    "style x y x1 x2 y1 y2 cx cy r rx ry dx dy id transform d clip-path width height version viewBox patternUnits "
    "fill stroke points offset preserveAspectRatio class"
)
#: Of a drawing of Matplotlib, what says only that it is one.
_SILENT: Final = "metadata"
_STYLE: Final = re.compile(r"""[\w\s:;,.#%*{}()'"+-]*""")
_INSIDE: Final = re.compile(r"url\((?!#[\w-]+\))|@|expression|/\*", re.IGNORECASE)
_IN_STYLES: Final = words(
    "fill stroke none font font-size font-family font-weight font-style font-variant font-stretch text-anchor start "
    "middle end normal italic bold medium stroke-width stroke-linecap stroke-linejoin stroke-dasharray px pt url "
    "stroke-dashoffset stroke-opacity stroke-miterlimit fill-opacity fill-rule opacity square butt round miter bevel "
    "nonzero evenodd clip-rule stop-color stop-opacity black white rgb image-rendering overflow visible hidden "
    "crisp-edges pixelated DejaVu Sans Bitstream Vera Computer Modern Serif Lucida Grande Verdana Geneva Lucid Arial "
    "Helvetica Avant Garde sans-serif"
)
_NO_WORD: Final = re.compile(r"url\(#[\w-]+\)|#[0-9a-fA-F]{3,8}\b|-?\d[\d.]*(?:e-?\d+)?(?:px|pt|%)?")
#: Attributes that are numbers, letters of a path, or words of SVG.
_MEASURED: Final = re.compile(r"(?:[\s,]|[MLHVCSQTAZmlhvcsqtaz](?![A-Za-z])|[-+]?\d*\.?\d+(?:e[-+]?\d+)?(?:px|pt|%)?)*")
_TURNED: Final = re.compile(r"(?:(?:rotate|translate|scale|matrix|skewX|skewY)\([-+\d.,\se]*\)\s*)*")
_SAID: Final = words("userSpaceOnUse objectBoundingBox none xMidYMid xMinYMin meet slice text/css")
_PICTURE: Final = "data:image/png;base64,"
_FINDING: Final = "application/vnd.accountability.finding+json"
_TEXTS: Final = frozenset({"text/plain", "text/markdown", "text/html", "text/latex"})
_CELL: Final = frozenset({"id", "cell_type", "source", "metadata", "outputs", "execution_count"})
#: What papermill and Jupyter note of a run: times and places, which no reader needs.
_DROPPED: Final = frozenset({"papermill", "execution"})


class NotOurs(ValueError):
    """A part that our runs do not write; the message masks its content."""


def said(value: Any) -> Any:
    """Return JSON or cells without invisible characters: controls, zero-width characters, soft hyphens, directions."""
    if isinstance(value, str):
        return "".join(s for s in value if s in "\n\t" or unicodedata.category(s) not in ("Cc", "Cf", "Co", "Cn"))
    if isinstance(value, list):
        return [said(one) for one in value]
    if isinstance(value, dict):
        return {said(key): said(one) for key, one in value.items()}
    return value


def picture(raw: bytes) -> bytes:
    """Rewrite a PNG from its pixels, without text, profile or trailing data."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(raw), formats=["PNG"]) as read:
            pixels = read.convert("RGBA" if read.mode in ("RGBA", "LA", "PA") or "transparency" in read.info else "RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise NotOurs("a picture that is no PNG of ours") from None
    # What a decoder keeps beside the pixels goes with the image object, so the pixels are taken into a new one. Of what
    # cannot be seen through, nobody is told.
    clean = Image.frombytes(pixels.mode, pixels.size, pixels.tobytes())
    if clean.mode == "RGBA":
        unseen = clean.getchannel("A").point(lambda depth: 255 * (depth == 0))
        clean.paste((0, 0, 0, 0), mask=unseen)
    out = io.BytesIO()
    clean.save(out, "PNG", optimize=False)
    return out.getvalue()


def svg(raw: bytes) -> bytes:
    """Rewrite a drawing from allowed elements and attributes; anything else is refused."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root = fromstring(raw)
    except (ElementTree.ParseError, DefusedXmlException, ValueError):
        raise NotOurs("a drawing that cannot be read") from None
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    made = ElementTree.tostring(_element(root), encoding="utf-8", xml_declaration=True)
    return made + b"\n"


def _element(read: ElementTree.Element) -> ElementTree.Element:
    space, _, tag = read.tag.rpartition("}")
    if space != f"{{{_SVG}" or tag not in _ELEMENTS:
        raise NotOurs(f"a drawing with <{tag[:20]}>")
    made = ElementTree.Element(read.tag)
    for name, value in read.attrib.items():
        if name == _HREF:
            made.set(name, _reference(tag, value))
        elif name in _GIVEN or (name == "type" and tag == "style"):
            if name in ("style", "clip-path", "fill", "stroke"):
                _styled(value)
            elif name == "transform":
                _only(tag, name, _TURNED.fullmatch(value))
            elif name not in ("id", "class"):  # which are looked through as texts
                _only(tag, name, _MEASURED.fullmatch(value) or set(value.split()) <= _SAID)
            made.set(name, said(value))
        else:
            raise NotOurs(f"a drawing with {name.rpartition('}')[-1][:20]}= at <{tag}>")
    if read.text and (read.text.strip() or tag in ("text", "tspan")):
        if tag == "style":
            _styled(read.text)
        elif tag not in ("text", "tspan", "title", "desc"):
            raise NotOurs(f"a drawing with text in <{tag}>")
        made.text = said(read.text)
    for child in read:
        if child.tag.rpartition("}")[-1] != _SILENT:
            made.append(_element(child))
            if child.tail and child.tail.strip():
                made[-1].tail = said(child.tail) if tag in ("text", "tspan") else _no_text(tag)
    return made


def _no_text(tag: str) -> str:
    raise NotOurs(f"a drawing with text in <{tag}>")


def _reference(tag: str, value: str) -> str:
    if re.fullmatch(r"#[\w.-]+", value):
        return value
    if tag == "image" and value.startswith(_PICTURE):
        return _PICTURE + base64.b64encode(picture(base64.b64decode(value.removeprefix(_PICTURE)))).decode()
    raise NotOurs(f"a drawing whose <{tag}> points elsewhere")


def _only(tag: str, name: str, fits: object) -> None:
    if not fits:
        raise NotOurs(f"a drawing with {name}= of another kind at <{tag}>")


def _styled(text: str) -> None:
    said_in_it = re.findall(r"[^\W\d_][\w-]*", _NO_WORD.sub(" ", text))
    if not _STYLE.fullmatch(text) or _INSIDE.search(text) or not _IN_STYLES.issuperset(said_in_it):
        raise NotOurs("a drawing with a style of another kind")


def notebook(raw: bytes) -> bytes:
    """Rewrite a notebook: sources, outputs of the types that studies make, and tags."""
    read = json.loads(raw.decode("utf-8"))
    if set(read) != {"cells", "metadata", "nbformat", "nbformat_minor"}:
        raise NotOurs("a notebook with keys of another kind")
    asked = read["metadata"]
    if set(asked) - {"accountability", "kernelspec", "language_info", "papermill"}:
        raise NotOurs("a notebook with metadata of another kind")
    made = {
        "cells": [_cell(number, cell) for number, cell in enumerate(read["cells"], start=1)],
        "metadata": {
            "accountability": said(asked.get("accountability", {})),
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return (json.dumps(made, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _cell(number: int, read: dict[str, Any]) -> dict[str, Any]:
    kind, noted = read["cell_type"], read["metadata"]
    if kind not in ("code", "markdown") or set(read) - _CELL or set(noted) - {"tags", "jupyter", *_DROPPED}:
        raise NotOurs(f"cell {number} is of a kind that no study has")
    if set(noted.get("jupyter", {})) - {"source_hidden"} or not re.fullmatch(r"[\w-]{1,64}", str(read.get("id"))):
        raise NotOurs(f"cell {number} has metadata that no study has")
    made: dict[str, Any] = {
        "id": read["id"],
        "cell_type": kind,
        "source": said(_joined(read["source"])).splitlines(keepends=True),
        "metadata": {key: said(noted[key]) for key in ("tags", "jupyter") if key in noted},
    }
    if kind == "code":
        made["execution_count"] = None if read.get("execution_count") is None else int(read["execution_count"])
        made["outputs"] = [_output(number, output) for output in read.get("outputs", [])]
    return made


def _output(number: int, read: dict[str, Any]) -> dict[str, Any]:
    kind = read["output_type"]
    if kind == "stream":
        name = "stderr" if read["name"] == "stderr" else "stdout"
        return {"output_type": kind, "name": name, "text": said(_joined(read["text"]))}
    if kind == "error":
        return {"output_type": kind, **{key: said(read[key]) for key in ("ename", "evalue", "traceback")}}
    if kind not in ("display_data", "execute_result"):
        raise NotOurs(f"cell {number} has an output that no study has")
    data: dict[str, Any] = {}
    for mime, value in read["data"].items():
        if mime == "image/png":
            data[mime] = base64.b64encode(picture(base64.b64decode(_joined(value)))).decode()
        elif mime in _TEXTS:
            text = said(_joined(value))
            data[mime] = kept_tags(text) if mime == "text/html" else text
        elif mime == _FINDING:
            data[mime] = said(value)
        else:
            raise NotOurs(f"cell {number} has an output that no study has")
    shown = read.get("metadata", {})
    if set(shown) - {"image/png"} or set(shown.get("image/png", {})) - {"alt", "width", "height"}:
        raise NotOurs(f"cell {number} has an output with metadata that no study has")
    counted = {"execution_count": read.get("execution_count")} if kind == "execute_result" else {}
    return {"output_type": kind, "data": data, "metadata": said(shown), **counted}


def _joined(value: Any) -> str:
    return "".join(value) if isinstance(value, list) else str(value)
