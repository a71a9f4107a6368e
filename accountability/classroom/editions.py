"""From the one solved notebook of a lesson: the students' copy, the instructor's copy, slides, and nbgrader's source.

The marks are nbgrader's: ``### BEGIN SOLUTION`` … ``### END SOLUTION``, ``### BEGIN HIDDEN TESTS`` … ``### END HIDDEN
TESTS``, and cell metadata of its schema 3. What is made of them here is what ``nbgrader generate_assignment`` makes,
without its database.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from accountability.classroom.lessons.answer_key import KEYS, Item, Key, key_of
from accountability.classroom.slide_blocks import blocks
from accountability.errors import ParameterError
from accountability.records.places import notebooks_dir

if TYPE_CHECKING:
    from jinja2 import Environment

Notebook = Any

CODE_STUB: Final = "# YOUR CODE HERE\nraise NotImplementedError()"
TEXT_STUB: Final = "YOUR ANSWER HERE"
_SOLUTION: Final = re.compile(r"^\s*### (BEGIN|END) SOLUTION\s*$")
_HIDDEN: Final = re.compile(r"^\s*### (BEGIN|END) HIDDEN TESTS\s*$")


def build(lessons: str | Sequence[str] = (), out: str | Path = "class") -> list[Path]:
    """Write every edition of some lessons.

    Parameters
    ----------
    lessons : str or sequence of str
        Names of lessons; all when empty.
    out : str or Path
        Folder for them, as nbgrader lays a course out: ``source/LESSON/LESSON.ipynb`` (solved, to be given to
        nbgrader), ``release/LESSON/LESSON.ipynb`` (for students), ``instructor/LESSON.ipynb`` (solutions, outputs,
        marking notes), ``slides/LESSON.html``.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    ParameterError
        No such lesson, or a notebook whose marks do not pair up.

    Examples
    --------
    >>> import tempfile
    >>> from accountability import classroom
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = classroom.build("reading_a_case_file", folder)
    >>> [path.parent.name for path in made]
    ['reading_a_case_file', 'reading_a_case_file', 'instructor', 'slides']
    """
    import nbformat

    asked = [lessons] if isinstance(lessons, str) else lessons
    if not isinstance(asked, list | tuple):
        raise ParameterError(
            f"classroom.build needs the name of a lesson or a list of names, and was given an object of type "
            f"{type(lessons).__name__}: classroom.build('the_closed_case_trap')"
        )
    made = []
    for key in map(key_of, asked or KEYS):
        name = key.lesson
        solved = nbformat.read(notebooks_dir() / f"{name}.ipynb", as_version=4)
        for path, book in (
            (Path(out) / "source" / name / f"{name}.ipynb", solved),
            (Path(out) / "release" / name / f"{name}.ipynb", student_copy(solved)),
            (Path(out) / "instructor" / f"{name}.ipynb", instructor_copy(solved, key)),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(book, path)
            made.append(path)
        page = Path(out) / "slides" / f"{name}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(slides(solved), encoding="utf-8")
        made.append(page)
    return made


def student_copy(solved: Notebook) -> Notebook:
    """Remove solutions, hidden tests and outputs; self-checks stay, and cells that are not theirs are locked.

    Parameters
    ----------
    solved : NotebookNode
        Not changed.

    Raises
    ------
    ParameterError
        A mark without its partner, or a solution in a cell that is not marked as one.
    """
    book = copy.deepcopy(solved)
    for cell in book.cells:
        said = cell.metadata.get("nbgrader", {})
        source, solutions = _without(cell.source, _SOLUTION, _stub(cell), cell.id)
        source, tests = _without(source, _HIDDEN, [], cell.id)
        if solutions and not said.get("solution"):
            raise ParameterError(f"cell {cell.id}: holds a solution and is not marked as a solution cell")
        if tests and not said.get("grade"):
            raise ParameterError(f"cell {cell.id}: holds hidden tests and is not marked as a graded cell")
        if said.get("solution") and not solutions:
            source = "\n".join(_stub(cell))
        cell.source = source
        if said.get("locked"):
            cell.metadata["editable"] = False
        if said:
            cell.metadata["deletable"] = False
        if cell.cell_type == "code":
            cell.outputs = []
            cell.execution_count = None
    return book


def _stub(cell: Any) -> list[str]:
    return (CODE_STUB if cell.cell_type == "code" else TEXT_STUB).split("\n")


def _without(source: str, marks: re.Pattern[str], stub: Sequence[str], where: str) -> tuple[str, int]:
    """The source with each marked part replaced, and how many there were."""
    kept: list[str] = []
    inside, parts = False, 0
    for line in source.split("\n"):
        mark = marks.match(line)
        if mark is None:
            kept += [] if inside else [line]
        elif (mark[1] == "BEGIN") is inside:
            raise ParameterError(f"cell {where}: {line.strip()!r} has no partner")
        else:
            inside = not inside
            if inside:
                parts += 1
                kept += [line[: len(line) - len(line.lstrip())] + piece for piece in stub]
    if inside:
        raise ParameterError(f"cell {where}: a part that begins does not end")
    return "\n".join(kept), parts


def instructor_copy(solved: Notebook, key: Key) -> Notebook:
    """Add marking notes to the solved notebook: points, how near is near enough, what a wrong answer comes from.

    Parameters
    ----------
    solved : NotebookNode
        Not changed.
    key : Key
    """
    import nbformat

    book = copy.deepcopy(solved)
    notes = nbformat.v4.new_markdown_cell(marking_notes(key))
    notes["id"] = "marking-notes"
    book.cells.append(notes)
    return book


def marking_notes(key: Key) -> str:
    """Write what who marks has to know, as markdown."""
    total = sum(one.points for one in key.items) + sum(one.points for one in key.written)
    return (
        _templates(autoescape=False)
        .get_template("marking_notes.md.j2")
        .render(key=key, total=total, right_when=_right_when)
    )


def _right_when(item: Item) -> str:
    if item.choices:
        return "it is the word expected"
    near = f"within {item.relative:.0%} of the truth" if item.relative else f"within {item.absolute:g} of the truth"
    return f"{near}, more with fewer complaints" if item.by_chance else near


def slides(solved: Any) -> str:
    """Write the slides of a solved notebook.

    Parameters
    ----------
    solved : NotebookNode
        With its outputs.

    Returns
    -------
    str
        A whole HTML document: a slide for each heading, and for each output its own.
    """
    shown = [cell for cell in solved.cells if not cell.metadata.get("nbgrader")]
    pages: list[str] = []
    for block in blocks({"cells": shown}):
        if block["kind"] == "prose":
            pages += _parts(block["html"])
        elif block["kind"] == "code":
            pages += [output for output in block["outputs"] if output]
    title = next(cell.source.splitlines()[0].lstrip("# ") for cell in solved.cells if cell.cell_type == "markdown")
    # nbconvert's own slides load their program from outside; of this page arrow keys turn and paper prints.
    return _templates(autoescape=True).get_template("slides.html.j2").render(title=title, pages=pages)


def _templates(*, autoescape: bool) -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("accountability.classroom", ""),
        autoescape=autoescape,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _parts(html: str) -> list[str]:
    """Start a new slide at every heading."""
    return [part for part in re.split(r"(?=<h[1-3])", html) if part.strip()]
