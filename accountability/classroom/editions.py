"""Make from a solved notebook the students' copy, the instructor's copy, slides, and nbgrader's source.

The marks are nbgrader's: ``### BEGIN SOLUTION`` … ``### END SOLUTION``, ``### BEGIN HIDDEN TESTS`` … ``### END HIDDEN
TESTS``, and cell metadata of its schema 3. The results are those of ``nbgrader generate_assignment``, without its
database.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from accountability.classroom.lessons.answer_key import KEYS, Item, Key, key_of
from accountability.classroom.lessons.own_data import packed, place, plain_id, secret_of
from accountability.classroom.slide_blocks import slide_pages
from accountability.errors import ParameterError
from accountability.records.places import notebooks_dir

if TYPE_CHECKING:
    from jinja2 import Environment

Notebook = Any

CODE_STUB: Final = "# YOUR CODE HERE\nraise NotImplementedError()"
TEXT_STUB: Final = "YOUR ANSWER HERE"
_SOLUTION: Final = re.compile(r"^\s*### (BEGIN|END) SOLUTION\s*$")
_HIDDEN: Final = re.compile(r"^\s*### (BEGIN|END) HIDDEN TESTS\s*$")


def build(
    lessons: str | Sequence[str] = (),
    out: str | Path = "class",
    *,
    students: Sequence[str] = (),
    key: str | Path | None = None,
) -> list[Path]:
    """Write all editions of some lessons, and the data of each student.

    Parameters
    ----------
    lessons : str or sequence of str
        Names of lessons; all if empty.
    out : str or Path
        Folder for them, in nbgrader's layout: ``source/LESSON/LESSON.ipynb`` (solved, for nbgrader),
        ``release/LESSON/LESSON.ipynb`` (for students), ``instructor/LESSON.ipynb`` (solutions, outputs, marking notes),
        ``slides/LESSON.html``. ``data`` in the source and release folders has one file per student.
    students : sequence of str
        Ids of the class. Without them there are only practice data, which are not marked.
    key : str or Path, optional
        File of the key from which the data are made; created if missing. By default the user's own.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    ParameterError
        For an unknown lesson, a notebook with unpaired marks, or a repeated id.

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
    ids = [students] if isinstance(students, str) else list(students)
    twice = {one for one in map(plain_id, ids) if [plain_id(other) for other in ids].count(one) > 1}
    if twice:
        raise ParameterError(f"students: {len(twice)} ids stand there more than once, for example {min(twice)!r}")
    keys = list(map(key_of, asked or KEYS))
    secret = secret_of(key, make=True) if ids else b""
    made = []
    for one in keys:
        name = one.lesson
        solved = nbformat.read(notebooks_dir() / f"{name}.ipynb", as_version=4)
        for path, book in (
            (Path(out) / "source" / name / f"{name}.ipynb", solved),
            (Path(out) / "release" / name / f"{name}.ipynb", student_copy(solved)),
            (Path(out) / "instructor" / f"{name}.ipynb", instructor_copy(solved, one)),
        ):
            path.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(book, path)
            made.append(path)
        page = Path(out) / "slides" / f"{name}.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(slides(solved, one), encoding="utf-8")
        made.append(page)
        for student in ids:
            content = packed(one.own(secret, student).files)
            for edition in ("source", "release"):
                path = Path(out) / edition / name / place(name, student)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
                made.append(path)
    return made


def student_copy(solved: Notebook) -> Notebook:
    """Return the students' copy: without solutions, hidden tests and outputs; self-checks stay, other cells are locked.

    Parameters
    ----------
    solved : NotebookNode
        Not changed.

    Raises
    ------
    ParameterError
        For an unpaired mark, or a solution in a cell not marked as one.
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
    """Return the solved notebook with marking notes: points, tolerances, causes of wrong answers.

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
    """Return the notes for markers, in Markdown."""
    total = sum(one.points for one in key.items) + sum(one.points for one in key.written)
    return (
        _templates(autoescape=False)
        .get_template("marking_notes.md.j2")
        .render(key=key, total=total, right_when=_right_when)
    )


def _right_when(item: Item) -> str:
    if item.choices:
        return "it is the word expected"
    near = f"within {item.relative:.0%}" if item.relative else f"within {item.absolute:g}"
    return f"{near} of what right methods give on the student's data"


def slides(solved: Any, key: Key) -> str:
    """Return the slides of a solved notebook.

    Parameters
    ----------
    solved : NotebookNode
        With its outputs.
    key : Key
        Its notes become speaker notes.

    Returns
    -------
    str
        An HTML document: one slide per heading with its outputs and figures; overflow moves to the next slide when the
        page is opened. Solutions and provenance are left out.
    """
    shown = []
    for cell, blank in zip(solved.cells, student_copy(solved).cells, strict=True):
        said = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "markdown" or not (said.get("solution") or said.get("grade")):
            shown.append(cell | {"source": blank.source.replace(TEXT_STUB, "").strip() if said else cell.source})
    pages = slide_pages({"cells": shown}, key)
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
