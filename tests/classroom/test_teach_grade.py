"""Submissions are graded locked in: what a stranger's notebook does costs its own points and nothing else."""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from accountability import cli
from accountability.classroom import grading, submission
from accountability.classroom.lessons import closed_cases
from accountability.classroom.lessons.answer_key import KEYS, Item, key_of
from accountability.classroom.lessons.answers import answer, points
from accountability.classroom.submission import Ran, code_cells, run
from accountability.errors import ParameterError

LESSON = "the_closed_case_trap"
KEY = KEYS[LESSON]
SIZE = 300
HAND_IN = "from accountability.classroom.lessons.answers import answer"


def notebook(path: Path, *cells: str) -> Path:
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(book, path)
    return path


def handing_in(answers: dict[str, Any]) -> str:
    return f"{HAND_IN}\nanswer(**{answers!r})"


# ---- a class ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Five students with agencies of their own: right, wrong, a loop, a flood, an exception."""
    students = ("right", "wrong", "loop", "flood", "fault")
    with pytest.MonkeyPatch.context() as patch:
        # The truth of an agency takes two seconds; the grader asks for the same five.
        patch.setattr(closed_cases, "planted", cache(closed_cases.planted))
        return scores_of(tmp_path_factory.mktemp("submitted"), students)


def scores_of(folder: Path, students: tuple[str, ...]) -> pd.DataFrame:
    truth = {name: dict(KEY.planted({"complaints": SIZE, "student": name})) for name in students}
    assert len({truth[name]["median_all"] for name in students}) > 1
    first, rest = {"median_all": 0}, ("share_not_published", "closed_early", "counted_early", "from_incident")

    def begun(name: str) -> str:
        return handing_in(first | {"median_all": truth[name]["median_all"]})

    def ended(name: str) -> str:
        return handing_in({item: truth[name][item] for item in (*rest, "no_answer_from")})

    notebook(folder / "right.ipynb", begun("right"), ended("right"))
    notebook(
        folder / "wrong.ipynb",
        handing_in(dict.fromkeys(("median_all", *rest), 1.0) | {"no_answer_from": "closed_only"}),
    )
    notebook(folder / "loop.ipynb", begun("loop"), "while True:\n    pass", ended("loop"))
    notebook(folder / "flood.ipynb", begun("flood"), "while True:\n    print('x' * 1000)", ended("flood"))
    # As nbgrader collects them.
    notebook(
        folder / "fault" / LESSON / f"{LESSON}.ipynb", begun("fault") + "\n1 / 0", "answer(closed_early=undefined)"
    )
    out = folder / "scores.csv"
    words = ["teach", "grade", str(folder), "--lesson", LESSON, "--out", str(out), "--seconds", "6"]
    done = CliRunner().invoke(cli.app, [*words, "-p", f"complaints={SIZE}"])
    assert done.exit_code == 0, done.output
    return pd.read_csv(out, keep_default_na=False)


def earned(graded: pd.DataFrame, student: str) -> dict[str, float]:
    rows = graded[(graded["student"] == student) & (graded["reason"] != grading.BY_HAND)]
    return dict(zip(rows["item"], rows["points"].astype(float), strict=True))


def test_the_scores_of_a_class_are_one_row_a_student_and_item(graded: pd.DataFrame) -> None:
    assert list(graded.columns) == list(grading.COLUMNS)
    assert list(graded["student"].unique()) == ["fault", "flood", "loop", "right", "wrong"]
    asked = [one.name for one in KEY.items] + [one.name for one in KEY.written]
    for _, rows in graded.groupby("student"):
        assert list(rows["item"]) == asked
    assert set(graded.loc[graded["reason"] == grading.BY_HAND, "points"]) == {""}


def test_a_right_answer_scores_full_and_a_wrong_one_zero(graded: pd.DataFrame) -> None:
    assert earned(graded, "right") == {one.name: one.points for one in KEY.items}
    assert set(earned(graded, "wrong").values()) == {0.0}
    reasons = graded[graded["student"] == "wrong"].set_index("item")["reason"]
    assert reasons["median_all"] == "not within tolerance"
    assert reasons["no_answer_from"] == "not the expected word"


def test_a_loop_without_end_keeps_what_was_answered_before_it(graded: pd.DataFrame) -> None:
    scores = earned(graded, "loop")
    assert scores.pop("median_all") == 3
    assert set(scores.values()) == {0.0}
    reasons = graded[graded["student"] == "loop"].set_index("item")["reason"]
    # On a machine that is busy enough the clock runs out before the computing time does.
    assert "6 s of computing time" in reasons["from_incident"] or "28 s by the clock" in reasons["from_incident"]


def test_a_flood_of_output_costs_its_cell(graded: pd.DataFrame) -> None:
    assert sum(earned(graded, "flood").values()) == sum(one.points for one in KEY.items)


def test_an_exception_costs_its_cell_and_those_that_needed_it(graded: pd.DataFrame) -> None:
    scores = earned(graded, "fault")
    assert scores.pop("median_all") == 3
    assert set(scores.values()) == {0.0}
    reasons = graded[graded["student"] == "fault"].set_index("item")["reason"]
    assert reasons["closed_early"] == "no answer: code cell 2 stopped with ZeroDivisionError: division by zero"


def test_each_student_is_held_against_an_agency_of_their_own(graded: pd.DataFrame) -> None:
    expected = graded[graded["item"] == "median_all"].set_index("student")["expected_from"]
    assert expected.nunique() > 1


# ---- locked in -------------------------------------------------------------------------------------------------

OUTSIDE = str(Path.home() / "written_by_a_submission")
TRIED = {
    "a socket": "import socket\nsocket.create_connection(('127.0.0.1', 9), 1)",
    "a name on the network": "import socket\nsocket.gethostbyname('localhost')",
    "a page": "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:9/')",
    "the home folder": f"open({OUTSIDE!r}, 'w')",
    "a folder elsewhere": f"import os\nos.mkdir({OUTSIDE!r})",
    "the package": "import accountability\nopen(accountability.__file__, 'a')",
    "a way out by a link": f"import os\nos.symlink({str(Path.home())!r}, 'home')\nopen('home/written', 'w')",
    "a program": "import subprocess\nsubprocess.run(['ls'])",
    "a shell": "import os\nos.system('ls')",
    "a process": "import os\nos.fork()",
    "the grader": "import os, signal\nos.kill(os.getppid(), signal.SIGTERM)",
    "compiled code": "import ctypes\nctypes.CDLL(None).fork()",
    "a database elsewhere": f"import sqlite3\nsqlite3.connect({OUTSIDE!r})",
    "its own limits": "import resource\nresource.setrlimit(resource.RLIMIT_CPU, (99, 99))",
}


@pytest.fixture(scope="module")
def tried() -> Ran:
    """One submission that tries everything, one thing a cell."""
    return run(list(TRIED.values()), seconds=20)


@pytest.mark.parametrize("what", TRIED)
def test_it_cannot_have(what: str, tried: Ran) -> None:
    at = list(TRIED).index(what) + 1
    fault = next((one for one in tried.faults if one.cell == at), None)
    assert fault is not None, f"nothing stopped {TRIED[what]!r}"
    assert fault.what.startswith("Blocked: not allowed while graded"), fault
    assert not Path(OUTSIDE).exists()


def locks_of_this_machine() -> tuple[str, ...]:
    """Asked of the kernel, not of the code under test."""
    if sys.platform != "linux":
        return ("audit hook",)
    has_landlock = ctypes.CDLL(None).syscall(444, None, 0, 1) >= 1
    has_seccomp = platform.machine() == "x86_64" and "Seccomp:" in Path("/proc/self/status").read_text()
    return (*(["landlock"] if has_landlock else []), *(["seccomp"] if has_seccomp else []), "audit hook")


def test_the_attempts_did_not_end_it_and_every_lock_there_is_was_closed(tried: Ran) -> None:
    assert tried.stopped == ""
    assert tried.locks == locks_of_this_machine()


# Each goes round the audit hook: no Python event tells of it, so only the kernel can refuse.
FORK = (
    "import _posixsubprocess, os\n"
    "read, write = os.pipe()\n"
    "_posixsubprocess.fork_exec([b'/bin/true'], [b'/bin/true'], True, (write,), None, None, -1, -1, -1, -1, -1, -1, "
    "read, write, False, False, 0, None, None, None, -1, None" + (", True)" if sys.version_info < (3, 14) else ")")
)
AROUND = {
    "landlock": f"import os\nos.mknod({OUTSIDE!r})",
    "landlock, compiled": f"import pyarrow\npyarrow.OSFile({OUTSIDE!r}, 'wb')",
    "landlock, reading": f"import pyarrow\npyarrow.OSFile({__file__!r}, 'rb')",
    "seccomp": FORK,
    "seccomp, again and again": "while True:\n    " + FORK.replace("\n", "\n    "),
}


@pytest.fixture(scope="module")
def around() -> Ran:
    return run(list(AROUND.values()), seconds=20)


@pytest.mark.parametrize("what", AROUND)
def test_what_goes_round_python_is_refused_by_the_kernel(what: str, around: Ran) -> None:
    lock = what.partition(",")[0]
    if lock not in locks_of_this_machine():
        pytest.skip(f"this kernel or processor has no {lock}")
    at = list(AROUND).index(what) + 1
    fault = next((one for one in around.faults if one.cell == at), None)
    assert fault is not None, f"nothing stopped {AROUND[what]!r}"
    assert fault.what.startswith(("PermissionError", "BlockingIOError")), fault
    assert not Path(OUTSIDE).exists()


def test_a_submission_may_use_its_scratch_folder_threads_and_packages() -> None:
    cells = (
        "import os, tempfile\nopen('kept.txt', 'w').write('a')\nos.mkdir('sub')\ntempfile.mkstemp()",
        "import threading\nt = threading.Thread(target=print)\nt.start()\nt.join()",
        "import pandas as pd\npd.DataFrame({'a': [1]}).to_parquet('a.parquet')\npd.read_parquet('a.parquet')",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.savefig('a.png')",
        "import accountability\naccountability.load('synthetic')",
        f"{HAND_IN}\nanswer(median_all=1)",
    )
    assert run(cells, seconds=60) == Ran({"median_all": 1}, (), "", run((), seconds=10).locks)


def test_the_teachers_environment_and_the_other_submissions_are_out_of_sight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_TOKEN", "secret")
    other = notebook(tmp_path / "other.ipynb", "1")
    cells = ("import os\nassert 'A_TOKEN' not in os.environ", f"open({str(other)!r})", f"os.listdir({str(tmp_path)!r})")
    faults = run(cells, seconds=20, hidden=[tmp_path]).faults
    assert [one.cell for one in faults] == [2, 3]
    assert all(one.what.startswith(("Blocked", "PermissionError")) for one in faults)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("import os\nos._exit(3)", "status 3"),
        ("import ctypes\nctypes.string_at(0)", "SIGSEGV"),
        ("import os, signal\nsignal.raise_signal(signal.SIGTERM)", "SIGTERM"),
        ("import os\nos._exit(0)", "before its last cell"),
        ("import signal\nsignal.raise_signal(40)", "signal 40"),
    ],
)
def test_a_submission_that_ends_itself_keeps_what_it_had_answered(cell: str, said: str) -> None:
    ran = run((handing_in({"median_all": 7}), cell, handing_in({"median_all": 8})), seconds=20)
    assert ran.answers == {"median_all": 7}
    assert said in ran.stopped


def test_memory_and_room_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submission, "LARGEST_FOLDER", 4_000_000)
    fill = "import time\nfor n in range(6):\n    open(f'{n}', 'wb').write(bytes(1_000_000))\ntime.sleep(60)"
    ran = run(("import sys\n[0] * 10**11", "exit()", fill, handing_in({"median_all": 1})), seconds=20)
    assert [fault.what.partition(":")[0] for fault in ran.faults] == ["MemoryError", "SystemExit"]
    assert "wrote more than" in ran.stopped
    assert not ran.answers


def test_one_that_only_sleeps_is_ended_by_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submission, "PATIENCE", -6)
    ran = run((handing_in({"median_all": 1}), "import time\ntime.sleep(1000)"), seconds=1)
    assert "had not ended" in ran.stopped


@pytest.mark.parametrize("line", [b"[" * 100_000, b"\xff\xfe", b'{"item": 3, "value": 1}', b'"text"', b"1" * 10_000])
def test_a_forged_report_is_no_trouble(line: bytes, tmp_path: Path) -> None:
    told = tmp_path / "told"
    told.write_bytes(line + b'\n{"item": "median_all", "value": 5}\n{"done": true}\n')
    assert submission._heard(told, "", 9) == Ran({"median_all": 5}, (), "", ())


# ---- submissions that are none -----------------------------------------------------------------------------------


@pytest.mark.parametrize("message", ["[/red] [bold]", "\ud800", "\x1b[2J\a", "a\nb", "x" * 10_000])
def test_what_a_fault_says_cannot_hurt_the_scores(message: str, tmp_path: Path) -> None:
    notebook(tmp_path / "in" / "ada.ipynb", f"raise ValueError({message!r})")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(closed_cases, "planted", lambda **_: dict.fromkeys((one.name for one in KEY.items), 1.0))
        words = ["teach", "grade", str(tmp_path / "in"), "--lesson", LESSON, "--out", str(tmp_path / "scores.csv")]
        done = CliRunner().invoke(cli.app, words)
    assert done.exit_code == 0, done.output
    assert "\x1b[2J" not in done.output
    reasons = pd.read_csv(tmp_path / "scores.csv")["reason"]
    assert reasons.str.startswith("no answer: code cell 2 stopped with ValueError").sum() == len(KEY.items)
    assert reasons.str.len().max() < 400


def test_a_pipe_in_the_place_of_a_submission_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ada.ipynb")
    scores = grading.mark(_key(), {"ada": tmp_path / "ada.ipynb"}, {"ada": {}}, seconds=5)
    assert scores.table["reason"].iloc[0] == "no answer: ada.ipynb: not a file"


ODD_TAGS = '{"cells": [{"cell_type": "code", "source": "1", "metadata": {"tags": 3}}]}'


def test_odd_tags_are_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text(ODD_TAGS)
    assert code_cells(tmp_path / "a.ipynb", {}) == ["", "1"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"cells": 3}', '{"cells": [{"cell_type": "code"}]}', "[" * 99_999])
def test_what_is_no_notebook_is_said_and_scores_zero(text: str, tmp_path: Path) -> None:
    (tmp_path / "ada.ipynb").write_text(text)
    truth = {"complaints": SIZE, "student": "ada"}
    scores = grading.mark(_key(), {"ada": tmp_path / "ada.ipynb"}, {"ada": truth}, seconds=5, hidden=[tmp_path])
    assert list(scores.table["points"]) == [0.0]
    assert "not a notebook" in scores.table["reason"].iloc[0]


class Planted:
    def planted(self) -> dict[str, float]:
        return {"median_all": 100.0}


def planted(**parameters: object) -> dict[str, float]:
    return Planted().planted()


def _key() -> Any:
    from dataclasses import replace

    return replace(KEY, items=KEY.items[:1], written=(), module=__name__)


def test_an_answer_that_would_be_a_formula_stays_text(tmp_path: Path) -> None:
    book = notebook(tmp_path / "=1+1.ipynb", handing_in({"median_all": "=HYPERLINK(1)"}))
    scores = grading.mark(_key(), {"=1+1": book}, {"=1+1": {}}, seconds=10, hidden=[tmp_path])
    text = scores.to_csv(tmp_path / "scores.csv").read_text()
    assert "'=1+1," in text
    assert "'=HYPERLINK" in text
    assert ",=" not in text


def test_parameters_are_set_after_their_cell_and_commands_of_jupyter_are_left_out(tmp_path: Path) -> None:
    book = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# a"),
            nbformat.v4.new_code_cell("%matplotlib inline\n!ls\nx = 1"),
            nbformat.v4.new_code_cell("student = None", metadata={"tags": ["parameters"]}),
        ]
    )
    nbformat.write(book, tmp_path / "a.ipynb")
    assert code_cells(tmp_path / "a.ipynb", {"student": "a'b"}) == ["\n\nx = 1", 'student = None\nstudent = "a\'b"']
    notebook(tmp_path / "b.ipynb", "x = 1")
    assert code_cells(tmp_path / "b.ipynb", {"student": None}) == ["student = None", "x = 1"]


def test_submissions_may_lie_beside_the_packages_and_cannot_read_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A teacher's folder may hold the environment too: only the submissions in it are hidden."""
    seen: list[Path] = []
    monkeypatch.setattr(grading, "run", lambda cells, *, seconds, hidden: seen.extend(hidden) or Ran({}, (), "", ()))
    monkeypatch.setattr(closed_cases, "planted", lambda **_: dict.fromkeys((one.name for one in KEY.items), 1.0))
    notebook(tmp_path / "ada.ipynb", "1")
    notebook(tmp_path / "ben" / LESSON / f"{LESSON}.ipynb", "1")
    scores = grading.grade(tmp_path, LESSON)
    assert set(seen) == {tmp_path / "ada.ipynb", tmp_path / "ben"}
    assert list(scores.by_student()["note"]) == ["none was handed in"] * 2


def test_a_folder_without_submissions_or_with_two_of_a_student_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="found neither"):
        grading.find(tmp_path, LESSON)
    notebook(tmp_path / "ada.ipynb", "1")
    notebook(tmp_path / "ada" / LESSON / f"{LESSON}.ipynb", "1")
    with pytest.raises(ParameterError, match="two submissions"):
        grading.find(tmp_path, LESSON)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--lesson", "the_closed_case_trp"), "Did you mean 'the_closed_case_trap'"),
        (("--lesson", LESSON, "-p", "complaints=3"), "complaints"),
        (("--lesson", LESSON, "-p", "complants=300"), "Did you mean 'complaints'"),
        (("--lesson", LESSON, "--seconds", "0"), "1 or more"),
    ],
)
def test_a_wrong_wish_is_refused_before_anything_runs(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    notebook(tmp_path / "ada.ipynb", "1")
    out = tmp_path / "scores.csv"
    done = CliRunner().invoke(cli.app, ["teach", "grade", str(tmp_path), "--out", str(out), *words])
    assert isinstance(done.exception, ParameterError)
    assert said in str(done.exception)
    assert not out.exists()


# ---- answers -----------------------------------------------------------------------------------------------------

NUMBER = Item(name="n", points=1, asks="?", unit="days", least=0, most=1000, relative=0.1, absolute=2, by_chance=True)
WORD = Item(name="w", points=1, asks="?", choices=("left", "right"))


@given(st.floats(0, 1000), st.floats(0, 1000))
def test_a_number_is_right_within_the_larger_tolerance(found: float, truth: float) -> None:
    near = abs(found - truth) <= max(0.1 * truth, 2) * (1 + 1e-9) + 1e-6
    if NUMBER.fits(found, truth):
        assert near
    low, high = NUMBER.limits(truth) or (0, 0)
    assert NUMBER.fits(min(max(found, low), high), truth)


def test_tolerance_grows_as_chance_does_with_fewer_complaints() -> None:
    assert NUMBER.limits(100.0, 5000) == NUMBER.limits(100.0, 20_000) == (90.0, 110.0)
    assert NUMBER.limits(100.0, 1250) == (80.0, 120.0)


ODD = (True, "12", None, float("nan"), float("inf"), -1, 1001, 10**400, [3], {"kind": "X"})


@pytest.mark.parametrize("value", ODD, ids=[type(value).__name__ for value in ODD])
def test_what_is_no_sensible_number_is_refused(value: object) -> None:
    with pytest.raises(ParameterError, match="expected a number days"):
        NUMBER.read(value)


def test_numbers_of_numpy_and_words_in_any_case_are_read() -> None:
    assert NUMBER.read(pd.Series([3.5]).iloc[0]) == 3.5
    assert NUMBER.read(pd.array([7], dtype="Int64")[0]) == 7.0
    assert WORD.read(" Left ") == "left"
    with pytest.raises(ParameterError, match="one of left, right"):
        WORD.read(3)


def test_the_self_check_looks_at_the_form_only() -> None:
    assert answer(median_all=1) == "median_all is noted: 1 days"
    assert answer(share_not_published=7.4).startswith(
        "Look again. share_not_published: expected a number as a share between"
    )
    with pytest.raises(ParameterError, match="Did you mean 'median_all'"):
        answer(median_al=1)


def test_points_count_the_right_answers() -> None:
    assert points(Planted(), median_all=101) == 3
    assert points(Planted(), median_all=200) == 0
    assert points(Planted(), median_all="a") == 0
    with pytest.raises(ParameterError, match="no lesson"):
        key_of("x")


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    run(("open('a', 'w').write('a')",), seconds=10)
    assert os.listdir(tmp_path) == []
