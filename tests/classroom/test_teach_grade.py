"""Submissions are graded locked in: what a stranger's notebook does costs its own points and nothing else."""

from __future__ import annotations

import copy
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
from accountability.classroom.editions import CODE_STUB, student_copy
from accountability.classroom.handed_in import Cell, HandedIn, read
from accountability.classroom.lessons.answer_key import KEYS, Item
from accountability.classroom.lessons.answers import answer
from accountability.classroom.lessons.own_data import Own, secret_of
from accountability.classroom.submission import Ran, run
from accountability.errors import ParameterError
from accountability.records.places import notebooks_dir

LESSON = "reading_a_case_file"
KEY = KEYS[LESSON]
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
    """Students with data of their own: right, wrong, a loop, a flood, an exception, and slips that cost nothing."""
    return scores_of(tmp_path_factory.mktemp("class"))


def scores_of(place: Path) -> pd.DataFrame:
    folder, key = place / "submitted", place / "class.key"
    secret = secret_of(key, make=True)

    @cache
    def truth(name: str) -> dict[str, Any]:
        return {item: right[0] for item, right in KEY.own(secret, name).right.items()}

    first, rest = KEY.items[0].name, [one.name for one in KEY.items[1:]]

    def begun(name: str) -> str:
        return handing_in({first: truth(name)[first]})

    def ended(name: str) -> str:
        return handing_in({item: truth(name)[item] for item in rest})

    notebook(folder / "right.ipynb", begun("right"), ended("right"))
    mistaken = {item: next(iter(part.values())) for item, part in KEY.own(secret, "wrong").mistakes.items()}
    notebook(folder / "wrong.ipynb", handing_in(mistaken))
    notebook(folder / "loop.ipynb", begun("loop"), "while True:\n    pass", ended("loop"))
    notebook(folder / "flood.ipynb", begun("flood"), "while True:\n    print('x' * 1000)", ended("flood"))
    # As nbgrader collects them.
    notebook(folder / "fault" / LESSON / f"{LESSON}.ipynb", begun("fault") + "\n1 / 0", "answer(most_days=undefined)")
    # Typed as people type, with a byte-order mark before it.
    typed = {**{item: f"{value:,} days" for item, value in truth("typed").items() if not isinstance(value, str)}}
    typed["within_180_days"] = f" {str(truth('typed')['within_180_days']).title()}. "
    path = notebook(folder / "typed.ipynb", handing_in(typed))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    # A number for an id, and another's: both scores are said.
    notebook(folder / "1234567.ipynb", "student = 1234567", handing_in(truth("1234567")))
    notebook(folder / "named.ipynb", "student = 'another'", handing_in(truth("another")))
    # Twice: the newest counts.
    old = notebook(folder / "twice" / LESSON / f"{LESSON}.ipynb", "1")
    os.utime(old, (1, 1))
    notebook(folder / "Twice.ipynb", handing_in(truth("twice")))
    # Locked cells changed, doubled and deleted, and a name with control characters.
    book = student_copy(nbformat.read(notebooks_dir() / f"{LESSON}.ipynb", 4))
    locked = {
        cell.metadata["nbgrader"]["grade_id"]: cell
        for cell in book.cells
        if cell.metadata.get("nbgrader", {}).get("locked")
    }
    locked["coders-check"].source = "print('no')"
    book.cells = [cell for cell in book.cells if cell is not locked["own-data"]] + [copy.deepcopy(locked["setup"])]
    for cell in book.cells:
        if cell.source == CODE_STUB:
            values = {"care-and-days": truth("cells"), "coders": {"kappa_status": truth("cells")["kappa_status"]}}
            cell.source = "\n".join(f"{n} = {v!r}" for n, v in values[cell.metadata["nbgrader"]["grade_id"]].items())
    book.cells[-1].id = "doubled"
    nbformat.write(book, folder / "cells.ipynb")
    notebook(folder / "a\x1b[2Jb\n.ipynb", "1")
    notebook(folder / " .ipynb", "1")
    out = place / "scores.csv"
    words = ["teach", "grade", str(folder), "--lesson", LESSON, "--out", str(out), "--seconds", "4", "--key", str(key)]
    done = CliRunner().invoke(cli.app, words)
    assert done.exit_code == 0, done.output
    assert "\x1b[2J" not in done.output
    assert "\x1b" not in out.read_text()
    return pd.read_csv(out, keep_default_na=False)


def earned(graded: pd.DataFrame, student: str) -> dict[str, float]:
    rows = graded[(graded["student"] == student) & (graded["reason"] != grading.BY_HAND)]
    return dict(zip(rows["item"], rows["points"].astype(float), strict=True))


def test_the_scores_of_a_class_are_one_row_a_student_and_item(graded: pd.DataFrame) -> None:
    assert list(graded.columns) == list(grading.COLUMNS)
    assert set(graded["student"]) == {
        *("1234567", "?", "Twice", "a?[2Jb?", "cells", "fault", "flood", "loop", "named", "right", "typed", "wrong")
    }
    asked = [one.name for one in KEY.items] + [one.name for one in KEY.written]
    for _, rows in graded.groupby("student"):
        assert list(rows["item"]) == asked
    assert set(graded.loc[graded["reason"] == grading.BY_HAND, "points"]) == {""}


@pytest.mark.parametrize("student", ["right", "typed", "1234567", "Twice", "cells", "flood"])
def test_a_right_answer_scores_full_however_it_was_handed_in(student: str, graded: pd.DataFrame) -> None:
    assert earned(graded, student) == {one.name: one.points for one in KEY.items}


def test_a_wrong_one_scores_zero_and_is_told_what_it_is(graded: pd.DataFrame) -> None:
    assert set(earned(graded, "wrong").values()) == {0.0}
    reasons = graded[(graded["student"] == "wrong") & (graded["reason"] != grading.BY_HAND)].set_index("item")["reason"]
    assert reasons.str.startswith("not right: it is what one gets by this: ").all()
    assert reasons["officers_dismissed"].split(": ")[2].startswith("the headline's number. Count under")


def test_what_was_put_right_is_said(graded: pd.DataFrame) -> None:
    notes = graded.drop_duplicates("student").set_index("student")["note"]
    assert notes["Twice"].startswith(
        f"handed in more than once: Twice.ipynb is the newest and was graded, twice/{LESSON}"
    )
    for sentence in (
        "the locked cell coders-check had been changed: that of the release was run",
        "the locked cell own-data was missing: that of the release was run",
        "the locked cell setup stood there twice: one was run",
    ):
        assert sentence in notes["cells"]
    assert "the notebook says student = 'another': on the data of named" in notes["named"]
    assert notes["named"].endswith("which count, on the data of another 10")
    assert "student" not in notes["1234567"]


def test_a_loop_without_end_keeps_what_was_answered_before_it(graded: pd.DataFrame) -> None:
    scores = earned(graded, "loop")
    assert scores.pop(KEY.items[0].name) == KEY.items[0].points
    assert set(scores.values()) == {0.0}
    reasons = graded[graded["student"] == "loop"].set_index("item")["reason"]
    # On a machine that is busy enough the clock runs out before the computing time does.
    assert "4 s of computing time" in reasons["most_days"] or "s by the clock" in reasons["most_days"]


def test_an_exception_costs_its_cell_and_those_that_needed_it(graded: pd.DataFrame) -> None:
    scores = earned(graded, "fault")
    assert scores.pop(KEY.items[0].name) == KEY.items[0].points
    assert set(scores.values()) == {0.0}
    reasons = graded[graded["student"] == "fault"].set_index("item")["reason"]
    assert reasons["most_days"] == "no answer: code cell 4 stopped with ZeroDivisionError: division by zero"


def test_each_student_is_held_against_data_of_their_own(graded: pd.DataFrame) -> None:
    # One number of two students may be the same by chance; all of them are not.
    expected = graded.pivot(index="student", columns="item", values="expected_from")
    assert len(expected.drop_duplicates()) == len(expected)
    assert expected["kappa_status"].nunique() > len(expected) / 2


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
    assert submission._heard(told, "", 9, ()) == Ran({"median_all": 5}, (), "", ())


# ---- submissions that are none -----------------------------------------------------------------------------------

OWN = Own({}, {"median_all": (100.0,)}, {})


class Cheap:
    """A key with one item, whose data cost nothing."""

    lesson, written, items = LESSON, (), (KEYS["the_closed_case_trap"].items[0],)

    def own(self, secret: bytes, student: object) -> Own:
        return OWN


def marked(path: Path) -> grading.Scores:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(grading, "released", lambda _: HandedIn(()))
        key: Any = Cheap()
        return grading.mark(key, {"=1+1": (path, "")}, b"", {"student": None}, seconds=9, hidden=[path.parent])


@pytest.mark.parametrize("message", ["[/red] [bold]", "\ud800", "\x1b[2J\a", "a\nb", "x" * 10_000])
def test_what_a_fault_says_cannot_hurt_the_scores(message: str, tmp_path: Path) -> None:
    scores = marked(notebook(tmp_path / "ada.ipynb", f"raise ValueError({message!r})"))
    (reason,) = scores.table["reason"]
    assert reason.startswith("no answer: code cell 2 stopped with ValueError")
    assert len(reason) < 400
    assert all(letter.isprintable() or letter == "\n" for letter in reason)


def test_a_pipe_or_a_link_in_the_place_of_a_submission_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ada.ipynb")
    assert marked(tmp_path / "ada.ipynb").table["reason"].iloc[0] == "no answer: ada.ipynb: not a file"
    (tmp_path / "ben.ipynb").symlink_to(notebook(tmp_path / "cem.ipynb", "1"))
    assert marked(tmp_path / "ben.ipynb").table["reason"].iloc[0] == "no answer: ben.ipynb: not a file"


ODD_TAGS = '{"cells": [{"cell_type": "code", "source": "1", "metadata": {"tags": 3, "nbgrader": []}, "id": 3}]}'


def test_odd_tags_are_no_trouble(tmp_path: Path) -> None:
    (tmp_path / "a.ipynb").write_text(ODD_TAGS)
    assert read(tmp_path / "a.ipynb").sources({}) == ["", "1"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"cells": 3}', '{"cells": [{"cell_type": "code"}]}', "[" * 99_999])
def test_what_is_no_notebook_is_said_and_scores_zero(text: str, tmp_path: Path) -> None:
    (tmp_path / "ada.ipynb").write_text(text)
    scores = marked(tmp_path / "ada.ipynb")
    assert list(scores.table["points"]) == [0.0]
    assert "not a notebook" in scores.table["reason"].iloc[0]


def test_an_answer_that_would_be_a_formula_stays_text(tmp_path: Path) -> None:
    scores = marked(notebook(tmp_path / "ada.ipynb", handing_in({"median_all": "=HYPERLINK(1)"})))
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
    assert read(tmp_path / "a.ipynb").sources({"student": "a'b"}) == ["\n\nx = 1", 'student = None\nstudent = "a\'b"']
    notebook(tmp_path / "b.ipynb", "x = 1")
    assert read(tmp_path / "b.ipynb").sources({"student": None}) == ["student = None", "x = 1"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("student = 's1'", "s1"),
        ("student: str | None = 's1'  # me", "s1"),
        ("student = 1234567", "1234567"),
        ("student = None", None),
        ("student = input()", None),
        ("students = 'x'", None),
    ],
)
def test_the_id_is_read_from_the_notebook(line: str, said: str | None) -> None:
    assert HandedIn((Cell(line),)).student() == said


def test_submissions_may_lie_beside_the_packages_and_cannot_read_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A teacher's folder may hold the environment too: only the submissions in it are hidden."""
    seen: list[Path] = []

    def run(self: object, cells: list[str], *, hidden: list[Path], **_: Any) -> Ran:
        seen.extend(hidden)
        return Ran({}, (), "", ())

    monkeypatch.setattr(grading.Runner, "run", run)
    notebook(tmp_path / "ada.ipynb", "1")
    notebook(tmp_path / "ben" / LESSON / f"{LESSON}.ipynb", "1")
    secret_of(tmp_path / "class.key", make=True)
    scores = grading.grade(tmp_path, LESSON, key=tmp_path / "class.key")
    assert set(seen) == {tmp_path / "ada.ipynb", tmp_path / "ben", tmp_path / "class.key"}
    assert all(note.endswith("none was handed in") for note in scores.by_student()["note"])


def test_a_folder_without_submissions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="found neither"):
        grading.find(tmp_path, LESSON)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--lesson", "reading_a_case_fil"), "Did you mean 'reading_a_case_file'"),
        (("--lesson", "the_closed_case_trap", "-p", "complaints=3"), "complaints"),
        (("--lesson", "the_closed_case_trap", "-p", "complants=300"), "Did you mean 'complaints'"),
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

NUMBER = Item(name="n", points=1, asks="?", unit="days", least=0, most=1000, relative=0.1, absolute=2)
WORD = Item(name="w", points=1, asks="?", choices=("left", "right"))


@given(st.floats(0, 1000), st.floats(0, 1000))
def test_a_number_is_right_within_the_larger_tolerance(found: float, truth: float) -> None:
    near = abs(found - truth) <= max(0.1 * truth, 2) * (1 + 1e-9) + 1e-6
    if NUMBER.fits(found, (truth,)):
        assert near
    low, high = NUMBER.limits((truth,)) or (0, 0)
    assert NUMBER.fits(min(max(found, low), high), (truth,))


def test_between_two_right_answers_all_are_right() -> None:
    assert NUMBER.limits((100.0, 120.0)) == (89.0, 131.0)
    assert NUMBER.fits(110.0, (100.0, 120.0))
    assert not NUMBER.apart(132.0, (100.0, 120.0))
    assert NUMBER.apart(140.0, (100.0, 120.0))


@pytest.mark.parametrize(
    ("typed", "number"),
    [("141 days", 141), (" 141 ", 141), ("1,000 days.", 1000), ("1e2", 100), (".5", 0.5), ("12", 12)],
)
def test_typed_numbers_are_numbers(typed: str, number: float) -> None:
    assert NUMBER.read(typed) == number


@pytest.mark.parametrize("typed", ["", "days", "1 2", "0 to 900", "1,2", "--3", "1/2", "nan", "inf", "٣", "1" * 400])
def test_other_texts_are_not(typed: str) -> None:
    with pytest.raises(ParameterError, match="expected a number"):
        NUMBER.read(typed)


def test_a_percentage_typed_as_one_is_the_share() -> None:
    share = Item(name="s", points=1, asks="?", unit="as a share", least=0, most=1)
    assert share.read("7.4 %") == pytest.approx(0.074)
    with pytest.raises(ParameterError, match="between 0 and 1"):
        share.read("7.4")


ODD = (True, "twelve", None, float("nan"), float("inf"), -1, 1001, 10**400, [3], {"kind": "X"})


@pytest.mark.parametrize("value", ODD, ids=[type(value).__name__ for value in ODD])
def test_what_is_no_sensible_number_is_refused(value: object) -> None:
    with pytest.raises(ParameterError, match="expected a number days"):
        NUMBER.read(value)


def test_numbers_of_numpy_and_words_in_any_case_are_read() -> None:
    assert NUMBER.read(pd.Series([3.5]).iloc[0]) == 3.5
    assert NUMBER.read(pd.array([7], dtype="Int64")[0]) == 7.0
    assert WORD.read(" Left ") == "left"
    words = Item(name="w", points=1, asks="?", choices=("sustained_only", "cannot tell"))
    assert [words.read(text) for text in ("Sustained only", "sustained-only", "Cannot tell.", "CANNOT_TELL")] == [
        *("sustained_only", "sustained_only", "cannot tell", "cannot tell")
    ]
    with pytest.raises(ParameterError, match="one of left, right"):
        WORD.read(3)


def test_the_self_check_looks_at_the_form_only() -> None:
    assert answer(median_all=1) == "median_all is noted: 1 days"
    assert answer(share_not_published=7.4).startswith(
        "Look again. share_not_published: expected a number as a share between"
    )
    with pytest.raises(ParameterError, match="Did you mean 'median_all'"):
        answer(median_al=1)


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    run(("open('a', 'w').write('a')",), seconds=10)
    assert os.listdir(tmp_path) == []
