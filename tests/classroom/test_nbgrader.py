"""nbgrader takes a lesson from assignment to grades, in an environment of its own, and cannot be talked into points."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from conftest import full
from uv import find_uv_bin

from accountability.classroom.editions import build

#: Making an environment of its own takes a minute: `make gates` does it.
pytestmark = pytest.mark.skipif(
    not full(), reason="runs with --full: it installs nbgrader in an environment of its own"
)

LESSON = "reading_a_case_file"
PROJECT = Path(__file__).parents[2]
CONFIG = """
from accountability.classroom.nbgrader_step import preprocessors

c = get_config()
c.CourseDirectory.course_id = "statistics"
c.CourseDirectory.db_assignments = [dict(name={lesson!r})]
c.OverwriteCells.add_missing_cells = True
c.Autograde.autograde_preprocessors = preprocessors({key!r})
"""
FULL, BY_HAND = 10.0, 3.0
#: cem names ada's id (the folder's counts); dan overwrites what marks, and has deleted cells. The others under --full.
EXPECTED = {"cem": FULL, "dan": 0.0} | ({"ada": FULL, "ben": 0.0} if full() else {})
OVERWRITE = (
    "from accountability.classroom.lessons.answer_key import Item\n"
    "Item.fits = lambda *_: True\n"
    "Item.points = 99\n"
    "import accountability.classroom.grading as grading\n"
    "grading._row = lambda item, *_: {'points': item.points}"
)


@pytest.fixture(scope="module")
def nbgrader(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """An environment with nbgrader and this package in it."""
    place = tmp_path_factory.mktemp("nbgrader")
    uv = [find_uv_bin()]
    subprocess.run([*uv, "venv", "-q", "--python", sys.executable, str(place)], check=True)
    python = str(place / "bin" / "python")
    wanted = ["-e", str(PROJECT), "nbgrader==0.9.*"]
    done = subprocess.run(
        [*uv, "pip", "install", "-q", "--python", python, *wanted], capture_output=True, text=True, check=False
    )
    if done.returncode and "CI" not in os.environ and "dns" in done.stderr.casefold():
        pytest.skip("nbgrader cannot be installed: no network")
    assert done.returncode == 0, done.stderr
    return [python, "-m", "nbgrader"]


@pytest.fixture(scope="module")
def grades(nbgrader: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, str]]:
    """A course: solved, blank, another's id in the notebook, and one who overwrites what marks."""
    course = tmp_path_factory.mktemp("course")
    key = course.parent / "class.key"
    build(LESSON, course, students=list(dict.fromkeys(["ada", *EXPECTED])), key=key)
    (course / "nbgrader_config.py").write_text(CONFIG.format(lesson=LESSON, key=str(key)), encoding="utf-8")

    def call(*words: str) -> str:
        # It calls a program of its environment by name.
        path = {"PATH": f"{Path(nbgrader[0]).parent}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run(
            [*nbgrader, *words], cwd=course, capture_output=True, text=True, check=False, env=os.environ | path
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout + done.stderr

    call("generate_assignment", LESSON, "--force")
    released = nbformat.read(course / "release" / LESSON / f"{LESSON}.ipynb", 4)
    assert not any("SOLUTION" in cell.source or "HIDDEN" in cell.source for cell in released.cells)
    solved = nbformat.read(course / "source" / LESSON / f"{LESSON}.ipynb", 4)
    solutions = {cell.metadata.nbgrader.grade_id: cell.source for cell in solved.cells if "nbgrader" in cell.metadata}
    for student in EXPECTED:
        book = nbformat.from_dict(released)
        for cell in book.cells:
            said = cell.metadata.get("nbgrader", {})
            if said.get("solution") and student != "ben" and cell.cell_type == "code":
                cell.source = solutions[said["grade_id"]]
            if "parameters" in cell.metadata.get("tags", []):
                cell.source += f"\nstudent = {'ada' if student == 'cem' else student!r}"
        if student == "cem":
            book.cells = [
                cell for cell in book.cells if cell.metadata.get("nbgrader", {}).get("grade_id") != "own-data"
            ]
            book.cells.insert(2, nbformat.v4.new_code_cell("student = 'ada'"))
        if student == "dan":
            book.cells = [cell for cell in book.cells if not cell.metadata.get("nbgrader", {}).get("solution")]
            book.cells.insert(3, nbformat.v4.new_code_cell(OVERWRITE))
        place = course / "submitted" / student / LESSON
        place.mkdir(parents=True)
        nbformat.write(book, place / f"{LESSON}.ipynb")
    call("autograde", LESSON)
    call("generate_feedback", LESSON)
    call("export", "--to", "grades.csv")
    feedback = course / "feedback" / "cem" / LESSON / f"{LESSON}.html"
    assert "right" in feedback.read_text(encoding="utf-8")
    with (course / "grades.csv").open(encoding="utf-8") as file:
        return {row["student_id"]: row for row in csv.DictReader(file)}


@pytest.mark.slow
@pytest.mark.parametrize("student", EXPECTED)
def test_points_come_from_outside_the_submission(student: str, grades: dict[str, dict[str, str]]) -> None:
    assert float(grades[student]["score"]) == EXPECTED[student]
    assert float(grades[student]["max_score"]) == FULL + BY_HAND
