"""The editions of a lesson: what a student, an instructor and a screen get from the one solved notebook."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import Any

import chromium
import nbformat
import pytest
from typer.testing import CliRunner

from accountability import cli
from accountability.classroom import grading
from accountability.classroom.editions import CODE_STUB, TEXT_STUB, instructor_copy, slides, student_copy
from accountability.classroom.lessons.answer_key import KEYS
from accountability.classroom.submission import Ran, code_cells
from accountability.errors import ParameterError
from accountability.records.places import notebooks_dir
from accountability.studies import LESSONS

each_lesson = pytest.mark.parametrize("name", KEYS)


@cache
def solved(name: str) -> Any:
    return nbformat.read(notebooks_dir() / f"{name}.ipynb", as_version=4)


def marked(book: Any) -> list[Any]:
    return [cell for cell in book.cells if "nbgrader" in cell.metadata]


def test_every_lesson_has_a_key_and_parameters() -> None:
    assert list(KEYS) == list(LESSONS)
    names = [one.name for key in KEYS.values() for one in (*key.items, *key.written)]
    assert len(names) == len(set(names))


# ---- what nbgrader expects of the source ------------------------------------------------------------------------
# Its schema 3 (nbgrader/nbgraderformat/v3.json) and what its validator adds in words, checked without it.

KINDS = {
    "schema_version": int,
    "grade": bool,
    "solution": bool,
    "locked": bool,
    "task": bool,
    "grade_id": str,
    "points": (int, float),
}


def faults_of(book: Any) -> list[str]:
    found, ids = [], []
    for cell in marked(book):
        said = dict(cell.metadata["nbgrader"])
        where = said.get("grade_id", cell.source[:30])
        found += [f"{where}: {name} unknown" for name in said if name not in KINDS]
        found += [
            f"{where}: {name} has the wrong type"
            for name, kind in KINDS.items()
            if name in said and not isinstance(said[name], kind)
        ]
        found += [
            f"{where}: lacks {name}" for name in ("schema_version", "grade", "locked", "solution") if name not in said
        ]
        if said.get("schema_version") != 3:
            found.append(f"{where}: not schema 3")
        if not re.fullmatch(r"[A-Za-z0-9_\-]+", said.get("grade_id", "")):
            found.append(f"{where}: grade_id")
        ids.append(where)
        if said["grade"] and not said.get("points", -1) >= 0:
            found.append(f"{where}: graded without points")
        if not said["grade"] and not said.get("task") and "points" in said:
            found.append(f"{where}: points without a grade")
        if not said.get("task") and cell.cell_type == "markdown" and said["grade"] != said["solution"]:
            found.append(f"{where}: markdown is graded and a solution, or neither")
        if said.get("task") and cell.cell_type != "markdown":
            found.append(f"{where}: a task is markdown")
        if "BEGIN SOLUTION" in cell.source and not said["solution"]:
            found.append(f"{where}: a solution in a cell that is none")
        if "BEGIN HIDDEN TESTS" in cell.source and not (said["grade"] and not said["solution"]):
            found.append(f"{where}: hidden tests in a cell that is not for tests")
    found += [f"{one}: twice" for one in set(ids) if ids.count(one) > 1]
    found += [
        cell.source[:30]
        for cell in book.cells
        if "nbgrader" not in cell.metadata and re.search("BEGIN (SOLUTION|HIDDEN)", cell.source)
    ]
    return found


@each_lesson
def test_the_metadata_is_what_nbgrader_takes(name: str) -> None:
    assert len(marked(solved(name))) >= 3
    assert faults_of(solved(name)) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"grade_id": "a b"}, "grade_id"),
        ({"points": 1}, "points without a grade"),
        ({"grade": True}, "graded without points"),
        ({"schema_version": 2}, "not schema 3"),
        ({"extra": 1}, "unknown"),
        ({"locked": "no"}, "wrong type"),
        ({"solution": False}, "a solution in a cell that is none"),
    ],
)
def test_a_fault_in_the_metadata_is_noticed(change: dict[str, Any], fault: str) -> None:
    said = {"schema_version": 3, "grade": False, "solution": True, "locked": False, "grade_id": "a", "task": False}
    cell = nbformat.v4.new_code_cell("### BEGIN SOLUTION\n1\n### END SOLUTION", metadata={"nbgrader": said | change})
    assert any(fault in one for one in faults_of(nbformat.v4.new_notebook(cells=[cell])))


def handed_in(cell: Any) -> set[str]:
    calls = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call)]
    return {
        word.arg for call in calls if getattr(call.func, "id", "") == "answer" for word in call.keywords if word.arg
    }


@each_lesson
def test_every_item_is_handed_in_once_and_its_points_stand_on_its_cell(name: str) -> None:
    worth = {one.name: one.points for one in KEYS[name].items}
    seen: list[str] = []
    for cell in marked(solved(name)):
        if cell.cell_type == "code" and cell.metadata["nbgrader"]["grade"]:
            items = handed_in(cell)
            assert cell.metadata["nbgrader"]["points"] == sum(worth[one] for one in items)
            assert "points(" in cell.source.partition("### BEGIN HIDDEN TESTS")[2]
            seen += items
    assert sorted(seen) == sorted(worth)
    by_hand = {
        c.metadata["nbgrader"]["grade_id"]: c.metadata["nbgrader"]["points"]
        for c in marked(solved(name))
        if c.cell_type == "markdown"
    }
    assert by_hand == {one.name: one.points for one in KEYS[name].written}


# ---- what a lesson holds -----------------------------------------------------------------------------------------


@each_lesson
def test_a_lesson_has_objectives_a_plan_a_wrong_start_exercises_and_questions(name: str) -> None:
    book = solved(name)
    prose = "\n".join(cell.source for cell in book.cells if cell.cell_type == "markdown")
    headings = re.findall(r"^## (.+)$", prose, re.M)
    assert "**After it you can**" in book.cells[0].source
    low, high = KEYS[name].minutes
    assert 60 <= low <= high <= 90
    assert f"**Plan: {low} to {high} minutes.**" in book.cells[0].source
    order = [
        headings.index(one) for one in ("Wrong first", "Exercises", "Questions to discuss", "What this does not show")
    ]
    assert order == sorted(order)
    talk = prose.partition("## Questions to discuss")[2].partition("\n## ")[0]
    assert talk.count("\n- ") >= 4
    assert re.search(r"\bnam(e|es|ing|ed)\b", talk), "the ethics of naming"
    assert re.search(r"found|finding|allegation", talk), "allegation versus finding"


# ---- the students' copy ------------------------------------------------------------------------------------------


def solutions(book: Any) -> list[str]:
    """Lines of solutions and of hidden tests that stand nowhere else in the notebook."""
    whole = [line.strip() for cell in book.cells for line in cell.source.split("\n")]
    parts = re.findall(
        r"### BEGIN (?:SOLUTION|HIDDEN TESTS)\n(.*?)\n### END", "\n".join(cell.source for cell in book.cells), re.S
    )
    lines = [line.strip() for part in parts for line in part.split("\n") if line.strip()]
    return [line for line in lines if whole.count(line) == 1]


@each_lesson
def test_a_student_gets_questions_and_self_checks_and_no_solution(name: str) -> None:
    book = student_copy(solved(name))
    nbformat.validate(book)
    text = "\n".join(cell.source for cell in book.cells)
    hidden = solutions(solved(name))
    assert len(hidden) >= 5
    assert [line for line in hidden if line in text.split("\n")] == []
    assert not re.search("SOLUTION|HIDDEN TESTS", text)
    assert all(cell.outputs == [] and cell.execution_count is None for cell in book.cells if cell.cell_type == "code")
    assert {one for cell in book.cells if cell.cell_type == "code" for one in handed_in(cell)} == {
        one.name for one in KEYS[name].items
    }
    for before, after in zip(solved(name).cells, book.cells, strict=True):
        said = before.metadata.get("nbgrader", {})
        if said.get("solution"):
            assert (CODE_STUB if before.cell_type == "code" else TEXT_STUB) in after.source
        elif not said:
            assert before.source == after.source
        assert after.metadata.get("editable", True) is not bool(said.get("locked"))
    assert "### BEGIN SOLUTION" in "\n".join(cell.source for cell in solved(name).cells), "the source is not changed"


@pytest.mark.parametrize(
    "source",
    ["### BEGIN SOLUTION\n1", "1\n### END SOLUTION", "### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION"],
)
def test_marks_without_a_partner_are_refused(source: str) -> None:
    said = {"schema_version": 3, "grade": False, "solution": True, "locked": False, "grade_id": "a"}
    cell = nbformat.v4.new_code_cell(source, metadata={"nbgrader": said})
    with pytest.raises(ParameterError, match=r"partner|does not end"):
        student_copy(nbformat.v4.new_notebook(cells=[cell]))


def test_a_solution_outside_a_solution_cell_would_be_given_away_and_is_refused() -> None:
    cell = nbformat.v4.new_code_cell("### BEGIN SOLUTION\n1\n### END SOLUTION")
    with pytest.raises(ParameterError, match="not marked as a solution cell"):
        student_copy(nbformat.v4.new_notebook(cells=[cell]))


def test_a_stub_is_indented_as_its_solution_and_an_unmarked_solution_cell_is_emptied() -> None:
    said = {"schema_version": 3, "grade": False, "solution": True, "locked": False, "grade_id": "a"}
    sources = ("if x:\n    ### BEGIN SOLUTION\n    y = 1\n    ### END SOLUTION\nz = 2", "secret = 1")
    cells = [nbformat.v4.new_code_cell(source, metadata={"nbgrader": said}) for source in sources]
    first, second = student_copy(nbformat.v4.new_notebook(cells=cells)).cells
    assert first.source == "if x:\n    # YOUR CODE HERE\n    raise NotImplementedError()\nz = 2"
    assert second.source == CODE_STUB


# ---- the instructor's copy and slides -----------------------------------------------------------------------------


@each_lesson
def test_an_instructor_gets_solutions_outputs_and_marking_notes(name: str) -> None:
    book = instructor_copy(solved(name), KEYS[name])
    nbformat.validate(book)
    assert book.cells[:-1] == solved(name).cells
    notes = book.cells[-1].source
    for one in KEYS[name].items:
        assert f"| `{one.name}` | {one.points:g} |" in notes
        assert one.note, "say what a wrong answer usually comes from"
    assert all(one.look_for in notes for one in KEYS[name].written)


@each_lesson
def test_slides_need_no_network_and_give_no_solution_away(name: str) -> None:
    page = slides(solved(name))
    assert "default-src 'none'" in page
    assert re.findall(r"""(?:src|href)=["'](?!data:|#)([^"']+)""", re.sub(r"<a [^>]*>", "", page)) == []
    assert not re.search(r"@import|url\(", page)
    shown = page.partition("<main>")[2].partition("</main>")[0]
    assert shown.count("<section ") >= 15
    assert not re.search("SOLUTION|HIDDEN TESTS|is noted:", shown)
    pictures = re.findall(r"<img [^>]*>", shown)
    assert pictures
    assert all(re.search(r'alt="[^"]{15,}"', picture) for picture in pictures)


def test_slides_turn_by_keys_and_ask_for_nothing(tmp_path: Path) -> None:
    page = tmp_path / "slides.html"
    page.write_text(slides(solved("more_than_chance")), encoding="utf-8")
    with chromium.launched() as browser:
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        heard = chromium.listen(tab, page.as_uri())
        tab.goto(page.as_uri())
        last = tab.locator("section").count()
        assert tab.locator("section:visible").count() == 1
        for key, shown in (("ArrowRight", 2), ("ArrowLeft", 1), ("ArrowLeft", 1), ("End", last), ("Home", 1)):
            tab.keyboard.press(key)
            assert tab.locator("nav span").inner_text() == f"{shown} / {last}"
            assert tab.locator("section:visible").get_attribute("aria-label") == f"slide {shown} of {last}"
    assert heard.errors == heard.outside == []


def test_the_command_writes_every_edition_as_nbgrader_lays_a_course_out(tmp_path: Path) -> None:
    name = "the_closed_case_trap"
    done = CliRunner().invoke(cli.app, ["teach", "build", name, "--out", str(tmp_path / "class")])
    assert done.exit_code == 0, done.output
    made = sorted(path.relative_to(tmp_path / "class").as_posix() for path in (tmp_path / "class").rglob("*.*"))
    assert made == [
        f"instructor/{name}.ipynb",
        f"release/{name}/{name}.ipynb",
        f"slides/{name}.html",
        f"source/{name}/{name}.ipynb",
    ]
    assert nbformat.read(tmp_path / "class" / "source" / name / f"{name}.ipynb", 4) == solved(name)
    wrong = CliRunner().invoke(cli.app, ["teach", "build", "the_open_case_trap", "--out", str(tmp_path / "none")])
    assert isinstance(wrong.exception, ParameterError)
    assert not (tmp_path / "none").exists()


# ---- run -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@each_lesson
def test_the_solved_notebook_has_full_marks_and_the_blank_copy_none(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both run locked in, so this is also: the student copy runs to its first blank, the solved one to its end."""
    nbformat.write(student_copy(solved(name)), tmp_path / "blank.ipynb")
    nbformat.write(solved(name), tmp_path / "solved.ipynb")
    seen: dict[int, Ran] = {}
    run = grading.run

    def watched(cells: list[str], **how: Any) -> Ran:
        ran = run(cells, **how)
        seen["NotImplementedError" in "".join(cells)] = ran
        return ran

    monkeypatch.setattr(grading, "run", watched)
    asked = {"student": "none", "complaints": "2000"}
    given = {field: value for field, value in asked.items() if field in LESSONS[name].model_fields}
    scores = grading.grade(tmp_path, name, seconds=100, parameters=given).by_student().set_index("student")
    assert seen[False].faults == ()
    assert seen[False].stopped == seen[True].stopped == ""
    cells = code_cells(tmp_path / "blank.ipynb", {})
    first = 1 + next(at for at, source in enumerate(cells) if "NotImplementedError" in source)
    assert seen[True].faults[0].cell == first
    assert seen[True].faults[0].what.startswith("NotImplementedError")
    assert seen[True].answers == {}
    assert (
        scores.loc["solved", "points"]
        == scores.loc["solved", "possible"]
        == sum(one.points for one in KEYS[name].items)
    )
    assert scores.loc["blank", "points"] == 0
