"""The editions of a lesson: what a student, an instructor and a screen get from the one solved notebook."""

from __future__ import annotations

import ast
import re
import zipfile
from functools import cache
from html import unescape
from pathlib import Path
from typing import Any

import chromium
import nbformat
import numpy as np
import pytest
from conftest import full
from typer.testing import CliRunner

from accountability import cli
from accountability.classroom import grading
from accountability.classroom.editions import CODE_STUB, TEXT_STUB, build, instructor_copy, slides, student_copy
from accountability.classroom.handed_in import read
from accountability.classroom.lessons import more_than_chance_own
from accountability.classroom.lessons.answer_key import KEYS
from accountability.classroom.lessons.own_data import seed
from accountability.classroom.submission import Ran, Runner
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
            # nbgrader alone gives nothing: the points come from the locked grader.
            assert cell.source.partition("### BEGIN HIDDEN TESTS\n")[2].startswith("0  #")
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
    page = slides(solved(name), KEYS[name])
    assert "default-src 'none'" in page
    assert re.findall(r"""(?:src|href)=["'](?!data:|#)([^"']+)""", re.sub(r"<a [^>]*>", "", page)) == []
    assert not re.search(r"@import|url\(", page)
    shown = page.partition("<main>")[2].partition("</main>")[0]
    assert shown.count("<section>") >= 15
    assert not re.search("SOLUTION|HIDDEN TESTS|is noted:", shown)
    pictures = re.findall(r"<img [^>]*>", shown)
    assert pictures
    assert all(re.search(r'alt="[^"]{15,}"', picture) for picture in pictures)


def test_slides_turn_by_keys_and_ask_for_nothing(tmp_path: Path) -> None:
    page = tmp_path / "slides.html"
    page.write_text(slides(solved("more_than_chance"), KEYS["more_than_chance"]), encoding="utf-8")
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


@each_lesson
def test_a_released_copy_holds_no_oracle(name: str, tmp_path: Path) -> None:
    """Neither the notebook nor the data beside it hold a seed, a key, an answer, or a way to one."""
    key = KEYS[name]
    made = build(name, tmp_path, students=["ada"], key=tmp_path / "class.key")
    own = key.own(bytes.fromhex((tmp_path / "class.key").read_text()), "ada")
    (data,) = [path for path in made if path.suffix == ".zip" and "release" in path.parts]
    text = nbformat.writes(nbformat.read(tmp_path / "release" / name / f"{name}.ipynb", 4))
    assert not re.search(r"\bpoints\(|planted\(|\.make\(|answer_key", text)
    with zipfile.ZipFile(data) as archive:
        held = {part: archive.read(part).decode() for part in archive.namelist()}
    assert "truth.csv" not in held
    seeds = [str(seed((tmp_path / "class.key").read_bytes(), name, "ada", n)) for n in range(3)]
    whole = "\n".join(held.values())
    assert not any(one in whole for one in seeds)
    assert not re.search(r"seed \d|planted|\blatent", "\n".join(held[one] for one in held if one.endswith("csv")))
    assert re.search(r"seed \d", whole) is None
    assert own.files.keys() == held.keys()
    assert "ada" not in data.name
    assert (tmp_path / "class.key").stat().st_mode & 0o77 == 0


def test_the_truth_of_a_student_is_the_teachers() -> None:
    """The same id under another secret is another agency; under the same one the same, however it is written."""
    key = KEYS["more_than_chance"]
    one, same, other = key.own(b"a", "ada"), key.own(b"a", " ADA "), key.own(b"b", "ada")
    assert one.files == same.files != other.files
    assert one.right == same.right != other.right
    held = more_than_chance_own.own()
    assert held.made_by is None
    assert np.isnan(held.shape)


def test_practice_is_not_marked(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="practice data, so they are not marked"):
        grading.grade(tmp_path, "more_than_chance", parameters={"student": "none"}, key=tmp_path / "class.key")


def test_grading_without_the_key_is_refused_and_makes_none(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="expected the key from which the students' data were made, found no file"):
        grading.grade(tmp_path, "more_than_chance", key=tmp_path / "class.key")
    assert not (tmp_path / "class.key").exists()
    with pytest.raises(ParameterError, match="stand there more than once"):
        build("more_than_chance", tmp_path, students=["ada", "Ada "], key=tmp_path / "class.key")


# ---- a hall ----------------------------------------------------------------------------------------------------------

#: In the slide shown: what lies outside the screen, and text smaller than 28 px on a screen 1,280 wide.
FAULTS = """() => { const found = [], slide = document.querySelector("section.now");
if (slide.scrollHeight > slide.clientHeight + 1) found.push("taller than the screen");
for (const part of slide.querySelectorAll("*")) {
  if (part.closest("aside")) continue;
  const box = part.getBoundingClientRect();
  if (box.right > innerWidth + 1 || box.bottom > innerHeight + 1) found.push(part.tagName + " outside");
  const said = [...part.childNodes].some((one) => one.nodeType === 3 && one.textContent.trim());
  if (said && parseFloat(getComputedStyle(part).fontSize) < 28 * innerWidth / 1280) found.push(part.tagName + " small");
  if (part.tagName !== "IMG") continue;
  if (box.height < innerHeight * 0.4 && box.width < innerWidth * 0.8) found.push("IMG small");
  const scale = Math.min(box.width / part.naturalWidth, box.height / part.naturalHeight);
  const letters = part.dataset.letters * scale * 1280 / innerWidth;
  if (!(letters >= 27.5)) found.push(`letters of a figure: ${letters.toFixed(1)}`);
}
const parts = [...slide.children].filter((one) => one.tagName !== "ASIDE").map((one) => one.getBoundingClientRect());
if (parts.some((one, n) => n && one.top < parts[n - 1].bottom - 1)) found.push("parts lie on each other");
return found; }"""


NUMBERS = "all => all.flatMap((one) => [...one.children].map((_, n) => one.start + n))"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "size"),
    [(name, size) for name in KEYS for size in ((1280, 720), (1920, 1080), (2560, 1440), (1280, 960))]
    if full()
    else [("reading_a_case_file", (1280, 720)), ("fair_comparisons", (1920, 1080))],
    ids=str,
)
def test_slides_are_read_from_the_last_row(name: str, size: tuple[int, int], tmp_path: Path) -> None:
    page = tmp_path / "slides.html"
    page.write_text(slides(solved(name), KEYS[name]), encoding="utf-8")
    with chromium.launched() as browser:
        tab = browser.new_page(viewport={"width": size[0], "height": size[1]})
        tab.goto(page.as_uri())
        tab.wait_for_selector("section.now")
        faults, text, numbers = {}, "", []
        for number in range(tab.locator("section").count()):
            faults[number + 1] = tab.evaluate(FAULTS)
            shown = tab.locator("section.now")
            text += shown.inner_text()
            numbers += shown.locator("ol").evaluate_all(NUMBERS)
            if shown.locator("img").count():
                assert shown.locator(".together p").inner_text(), "a figure and its comment are together"
            tab.keyboard.press("ArrowRight")
    assert {number: found for number, found in faults.items() if found} == {}
    assert numbers == list(range(1, len(numbers) + 1)), "exercises keep their numbers"
    assert len(numbers) >= 5
    assert "sha256" not in text
    assert all(one.look_for not in text for one in KEYS[name].written)


@each_lesson
def test_the_speaker_has_the_instructors_notes(name: str) -> None:
    page = unescape(slides(solved(name), KEYS[name]))
    notes = "".join(re.findall("<aside>(.*?)</aside>", page, re.S))
    assert all(one.note in notes for one in KEYS[name].items)
    assert all(one.look_for in notes for one in KEYS[name].written)


# ---- fair ------------------------------------------------------------------------------------------------------------


@each_lesson
def test_no_typical_mistake_earns_a_point_and_the_right_method_earns_all(name: str) -> None:
    """Ten mistakes or more a lesson, over 60 agencies (two in `make test`): none is right, each is told why."""
    key = KEYS[name]
    earned: list[tuple[int, str, str]] = []
    for student in range(60 if full() else 2):
        own = key.own(b"a class", f"s{student}")
        ran = Ran({item: right[0] for item, right in own.right.items()}, (), "", ())
        assert grading.Marked(ran, own, ()).points(key) == sum(one.points for one in key.items)
        tried = [(item, what, value) for item, part in own.mistakes.items() for what, value in part.items()]
        assert len(tried) >= 10
        for item, what, value in tried:
            rows = {row["item"]: row for row in grading.Marked(Ran({item: value}, (), "", ()), own, ()).rows(key)}
            earned += [(student, item, what)] if rows[item]["points"] else []
            assert rows[item]["reason"].startswith(("not right: it is what one gets by this: ", f"{item}: expected"))
    assert earned == []


# ---- run -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("name", KEYS if full() else ["more_than_chance", "reading_a_case_file"])
def test_the_solved_notebook_has_full_marks_and_the_blank_copy_none(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both run locked in, so this is also: the student copy runs to its first blank, the solved one to its end."""
    submitted = tmp_path / "submitted"
    submitted.mkdir()
    build(name, tmp_path / "class", students=["solved", "blank"], key=tmp_path / "class.key")
    nbformat.write(student_copy(solved(name)), submitted / "blank.ipynb")
    nbformat.write(solved(name), submitted / "solved.ipynb")
    seen: dict[bool, Ran] = {}
    run = Runner.run

    def watched(self: Runner, cells: list[str], **how: Any) -> Ran:
        ran = run(self, cells, **how)
        seen["NotImplementedError" in "".join(cells)] = ran
        return ran

    monkeypatch.setattr(Runner, "run", watched)
    monkeypatch.setattr(grading, "AT_A_TIME", 1)
    given = {"complaints": "2000"} if "complaints" in LESSONS[name].model_fields else {}
    table = grading.grade(submitted, name, key=tmp_path / "class.key", seconds=100, parameters=given)
    scores = table.by_student().set_index("student")
    assert seen[False].faults == ()
    assert seen[False].stopped == seen[True].stopped == ""
    cells = read(submitted / "blank.ipynb").sources({})
    first = 1 + next(at for at, source in enumerate(cells) if "NotImplementedError" in source)
    assert seen[True].faults[0].cell == first
    assert seen[True].faults[0].what.startswith("NotImplementedError")
    assert seen[True].answers == {}
    assert scores.loc["solved", "points"] == scores.loc["solved", "possible"]
    assert scores.loc["solved", "note"] == ""
    assert scores.loc["blank", "points"] == 0
