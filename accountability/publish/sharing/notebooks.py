"""Split an executed notebook into sources, all representations of outputs, and metadata."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from accountability.publish.sharing.markup import of_markup
from accountability.publish.sharing.pieces import Piece, Table, Text, Unreadable, lines_of
from accountability.records.onboard.hints import words

#: Of records and cells, what stands at nearly every place.
_KEYS: Final = words("kind name file caption sentence rows data axes title x y titles n notes id tags")


def of_json(place: str, value: Any) -> Iterator[Piece | Table]:
    """Return every text and key of JSON with its path; numbers with their key, as ``shield: 1234``."""
    if isinstance(value, Mapping):
        for key, held in value.items():
            if key not in _KEYS:
                yield Text(f"{place}, {key}, key", str(key))
            yield from of_json(f"{place}, {key}", held)
    elif isinstance(value, list):
        if value and all(not isinstance(item, (Mapping, list)) for item in value):
            yield Text(place, " | ".join(map(str, value)))
        else:
            for number, item in enumerate(value, start=1):
                yield from of_json(f"{place}, {number}", item)
    elif value is not None and not isinstance(value, bool):
        key = place.rsplit(", ", 1)[-1]
        yield Text(place, value if isinstance(value, str) else f"{key}: {value}")


def of_notebook(place: str, text: str) -> Iterator[Piece | Table]:
    """Split a notebook; cells are numbered from 1 in file order."""
    try:
        document = json.loads(text)
        cells = document["cells"]
    except (ValueError, KeyError, TypeError):
        yield Unreadable(place, "not a notebook")
        return
    for key, value in document.items():
        if key != "cells":
            yield from of_json(f"{place}, {key}", value)
    for number, cell in enumerate(cells, start=1):
        where = f"{place}, cell {number}"
        yield from _source(f"{where}, source", cell)
        for key, value in cell.items():
            if key == "attachments":
                for name, bundle in value.items():
                    yield Text(f"{where}, attachment", name)
                    yield from _bundle(f"{where}, attachment", bundle)
            elif key not in ("source", "outputs", "cell_type", "execution_count"):
                yield from of_json(f"{where}, {key}", value)
        for count, output in enumerate(cell.get("outputs", ()), start=1):
            yield from _output(f"{where}, output {count}", output)


def _source(where: str, cell: Mapping[str, Any]) -> Iterator[Piece | Table]:
    for line in _joined(cell.get("source", "")).split("\n\n" if cell.get("cell_type") == "markdown" else "\n"):
        if line.strip():
            yield Text(where, line)
    if cell.get("cell_type") == "raw":
        yield from of_markup(where, _joined(cell.get("source", "")))


def _output(where: str, output: Mapping[str, Any]) -> Iterator[Piece | Table]:
    for key, value in output.items():
        if key in ("output_type", "execution_count"):
            continue
        if key == "data":
            yield from _bundle(where, value)
        elif key in ("text", "traceback", "evalue", "ename"):
            yield from lines_of(f"{where}, {key}", _joined(value))
        else:
            yield from of_json(f"{where}, {key}", value)


def _bundle(where: str, bundle: Mapping[str, Any]) -> Iterator[Piece | Table]:
    for mime, value in bundle.items():
        here = f"{where}, {mime}"
        if mime in ("text/html", "image/svg+xml"):
            yield from of_markup(here, _joined(value))
        elif mime.startswith("image/"):
            continue  # made anew of its pixels
        elif mime.startswith("text/") or isinstance(value, str):
            yield from lines_of(here, _joined(value))
        else:
            yield from of_json(here, value)


def _joined(value: Any) -> str:
    return "\n".join(value) if isinstance(value, list) and not any("\n" in str(v) for v in value) else "".join(value)
