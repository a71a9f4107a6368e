"""Split a report's folder into pieces for the check; files that cannot be checked are reported."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from accountability.publish.sharing.markup import of_markup
from accountability.publish.sharing.notebooks import of_json, of_notebook
from accountability.publish.sharing.pieces import Piece, Table, Text, Unreadable, lines_of, text_of

_MOST: Final = 200_000_000
_MADE_ANEW: Final = (".png", ".docx", ".pdf")
_PROGRAM: Final = frozenset({".py", ".yaml", ".yml", ".toml"})


def files(folder: Path) -> list[Path]:
    """Return every file below a folder, by name, including links, which are not followed."""
    return sorted(path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())


def of_folder(folder: Path) -> Iterator[Piece | Table]:
    """Split every file of a report, or of a folder of reports; places name files relative to the folder."""
    yield from of_files(folder, files(folder))


def of_files(folder: Path, some: Iterable[Path], program: bool = False) -> Iterator[Piece | Table]:
    """Split some files below a folder; those of a `program` are read as text."""
    for path in some:
        name = path.relative_to(folder).as_posix()
        yield Text(f"{name}, file name", re.sub(r"[_+=/.-]+", " ", name))
        if path.is_symlink():
            yield Unreadable(name, "a link to another file")
        elif path.stat().st_size > _MOST:
            yield Unreadable(name, "larger than can be looked through")
        elif program and path.suffix.lower() in _PROGRAM:
            yield from lines_of(name, text_of(path.read_bytes()), numbered=True)
        elif program and path.suffix.lower() in _MADE_ANEW:
            yield Unreadable(name, f"a file of kind {path.suffix} that we did not make")
        elif path.name.startswith(".") or path.suffix.lower() not in _READ:
            yield Unreadable(name, f"a file of kind {path.suffix or 'none'}")
        else:
            yield from _READ[path.suffix.lower()](name, path.read_bytes())


def of_csv(place: str, raw: bytes) -> Iterator[Piece | Table]:
    """Split a CSV: the table, and each row with more than numbers as one text."""
    try:
        rows = [tuple(row) for row in csv.reader(io.StringIO(text_of(raw), newline=""))]
    except csv.Error as error:
        yield Unreadable(place, f"not a table: {error}")
        return
    if not rows:
        return
    yield Table(place, rows[0], tuple(rows[1:]), sheet=True)
    yield Text(f"{place}, heading", " | ".join(rows[0]))
    for number, row in enumerate(rows[1:], start=1):
        if any(re.search(r"[^\W\d_]{2}|[@()]|\d-\d|\d/\d", cell) for cell in row):
            yield Text(f"{place}, row {number}", " | ".join(row))


def _of_json(place: str, raw: bytes) -> Iterator[Piece | Table]:
    try:
        yield from of_json(place, json.loads(raw))
    except ValueError:
        yield Unreadable(place, "not JSON")


_READ: Final[dict[str, Callable[[str, bytes], Iterator[Piece | Table]]]] = {
    **dict.fromkeys((".html", ".svg"), lambda place, raw: of_markup(place, text_of(raw))),
    ".ipynb": lambda place, raw: of_notebook(place, text_of(raw)),
    ".csv": of_csv,
    ".json": _of_json,
    # Made anew, of pixels and of the report's other parts: nothing is in them that is not looked through elsewhere.
    **dict.fromkeys(_MADE_ANEW, lambda place, raw: iter(())),
    **dict.fromkeys((".tex", ".txt", ".md", ".bib"), lambda place, raw: lines_of(place, text_of(raw), numbered=True)),
}
