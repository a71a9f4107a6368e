"""A submitted notebook: read it, restore its locked cells from the release, and find its student id."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from accountability.errors import ParameterError

LARGEST_NOTEBOOK: Final = 20 * 1024**2
_NAMED: Final = re.compile(r"^student\b[^=\n]*=[ \t]*([^#\n]+)", re.M)


@dataclass(frozen=True, slots=True)
class Cell:
    """A code cell: its source, nbgrader's ``grade_id``, the notebook's id, and whether it is locked or graded."""

    source: str
    name: str = ""
    id: str = ""
    tags: tuple[str, ...] = ()
    locked: bool = False
    graded: bool = False

    def is_one(self, other: Cell) -> bool:
        """Return whether two notebooks' cells are the same one."""
        return bool(self.name and self.name == other.name) or bool(self.id and self.id == other.id)


@dataclass(frozen=True, slots=True)
class HandedIn:
    """Code cells in order, and notes on changes to them."""

    cells: tuple[Cell, ...]
    notes: tuple[str, ...] = field(default=())

    def student(self) -> str | None:
        """Student id in the notebook, or ``None``."""
        stated = [cell.source for cell in self.cells if "parameters" in cell.tags] or [one.source for one in self.cells]
        for source in reversed(stated):
            for text in reversed(_NAMED.findall(source)):
                try:
                    value = ast.literal_eval(text.strip())
                except (ValueError, SyntaxError, MemoryError, RecursionError):
                    continue
                if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
                    return str(value)
        return None

    def sources(self, parameters: Mapping[str, Any]) -> list[str]:
        """Return the code, with the lesson's parameters set after their cell.

        Lines that begin with ``%`` or ``!`` are Jupyter commands and are left out.
        """
        given = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
        place = next((number for number, cell in enumerate(self.cells) if "parameters" in cell.tags), None)
        sources = [_python(cell.source) for cell in self.cells]
        if place is None:
            return [given, *sources]
        sources[place] += f"\n{given}"
        return sources

    def restored(self, release: HandedIn) -> HandedIn:
        """Replace locked cells that were changed, doubled or deleted by those of the release."""
        cells, notes = list(self.cells), list(self.notes)
        for at, locked in enumerate(release.cells):
            if not locked.locked:
                continue
            here = [number for number, cell in enumerate(cells) if cell.is_one(locked)]
            for number in reversed(here[1:]):
                del cells[number]
                notes.append(f"the locked cell {locked.name} stood there twice: one was run")
            if here:
                if _plain(cells[here[0]].source) != _plain(locked.source):
                    notes.append(f"the locked cell {locked.name} had been changed: that of the release was run")
                cells[here[0]] = replace(locked, source=locked.source)
                continue
            notes.append(f"the locked cell {locked.name} was missing: that of the release was run")
            before = [number for one in release.cells[:at] for number, cell in enumerate(cells) if cell.is_one(one)]
            follows = any(cell.is_one(release.cells[at - 1]) for cell in cells)
            cells.insert(len(cells) if locked.graded and not follows else max(before, default=-1) + 1, locked)
        return HandedIn(tuple(cells), tuple(notes))


def read(path: Path) -> HandedIn:
    """Read the code cells of a notebook.

    Parameters
    ----------
    path : Path
        A notebook of format 4.

    Raises
    ------
    ParameterError
        If the file is not a notebook, or is larger than 20 MB.
    """
    if path.is_symlink() or not path.is_file():
        raise ParameterError(f"{path.name}: not a file")
    size = path.stat().st_size
    if size > LARGEST_NOTEBOOK:
        raise ParameterError(f"{path.name}: expected a notebook of at most 20 MB, found {size:,} bytes")
    try:
        return of(json.loads(path.read_text(encoding="utf-8-sig")))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ParameterError(f"{path.name}: not a notebook ({type(error).__name__})") from None


def of(book: Mapping[str, Any]) -> HandedIn:
    """Return the code cells of a parsed notebook."""
    cells = []
    for cell in book["cells"]:
        if cell.get("cell_type") == "code":
            said = cell.get("metadata", {}).get("nbgrader", {})
            marks = said if isinstance(said, Mapping) else {}
            name, known = marks.get("grade_id", ""), cell.get("id", "")
            locked, graded = marks.get("locked") is True, marks.get("grade") is True
            cells.append(Cell(_text(cell["source"]), _word(name), _word(known), _tags(cell), locked, graded))
    return HandedIn(tuple(cells))


def _word(value: object) -> str:
    return value if isinstance(value, str) else ""


def _text(source: str | Sequence[object]) -> str:
    return source if isinstance(source, str) else "".join(map(str, source))


def _tags(cell: Mapping[str, Any]) -> tuple[str, ...]:
    tags = cell.get("metadata", {}).get("tags", ())
    return tuple(map(str, tags)) if isinstance(tags, list) else ()


def _plain(source: str) -> list[str]:
    # The solved notebook has hidden tests where the release has none.
    return [line.rstrip() for line in source.partition("### BEGIN HIDDEN TESTS")[0].strip().splitlines()]


def _python(source: str) -> str:
    return "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in source.split("\n"))
