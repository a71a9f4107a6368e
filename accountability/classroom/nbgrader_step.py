"""nbgrader's autograding with the sandboxed runner instead of its own; see docs/how_to/a_class.md.

nbgrader runs a submission and its hidden tests in one process, where the submission can change its marking. Here the
cells run in a sandbox, the id is the folder in which the submission was collected, and points are counted outside.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from accountability.classroom.grading import BY_HAND, chosen, mark, released
from accountability.classroom.lessons.answer_key import key_of
from accountability.classroom.lessons.own_data import key_path, secret_of

Step = Callable[[Any, Any], tuple[Any, Any]]


def preprocessors(key: str | Path | None = None, seconds: float = 120) -> list[Any]:
    """Return the value for ``c.Autograde.autograde_preprocessors``: nbgrader's steps with the sandboxed runner.

    Parameters
    ----------
    key : str or Path, optional
        File of the key from which the students' data were made, as given to ``teach build``.
    seconds : float
        Computing time for each submission.
    """
    standard = import_module("nbgrader.converters.autograde").Autograde.autograde_preprocessors.default()
    return [locked_in(key, seconds), *(one for one in standard if one.__name__ != "Execute")]


def locked_in(key: str | Path | None = None, seconds: float = 120) -> Step:
    """Return an nbconvert step that marks one submission and writes its points for nbgrader.

    Parameters
    ----------
    key : str or Path, optional
    seconds : float
    """

    def step(book: Any, resources: Any) -> tuple[Any, Any]:
        import nbformat

        said = resources["nbgrader"]
        lesson = said["notebook"]
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / "handed_in.ipynb"
            path.write_text(nbformat.writes(book), encoding="utf-8")
            found, given = {said["student"]: (path, "")}, chosen(lesson, {})
            asked = key_of(lesson)
            scores = mark(asked, found, secret_of(key), given, seconds=seconds, hidden=[Path.cwd(), key_path(key)])
        table = scores.table[scores.table["reason"] != BY_HAND].set_index("item")
        names = {cell.name: cell.source for cell in released(lesson).cells if cell.graded}
        for cell in book.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
            if name in names:
                items = [item for item in table.index if re.search(rf"\b{item}=", names[name])]
                rows = table.loc[items].reset_index().to_dict("records")
                lines = [f"{row['item']}: {row['points']:g} of {row['possible']:g}. {row['reason']}" for row in rows]
                note = table["note"].iloc[0]
                text = "\n".join([*lines, *([note] if note else [])]) + "\n"
                earned = {"text/plain": f"{table.loc[items, 'points'].sum():g}"}
                cell.outputs = [
                    nbformat.v4.new_output("stream", name="stdout", text=text),
                    nbformat.v4.new_output("execute_result", data=earned, execution_count=None),
                ]
        return book, resources

    return step
