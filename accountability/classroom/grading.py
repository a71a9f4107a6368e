"""Grade a folder of submissions: run each in a sandbox, and compare its answers with those for the student's data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from accountability.classroom.editions import student_copy
from accountability.classroom.handed_in import HandedIn, of, read
from accountability.classroom.lessons.answer_key import Item, Key, key_of
from accountability.classroom.lessons.own_data import Own, key_path, packed, place, plain_id, secret_of
from accountability.classroom.submission import LONGEST_TEXT, Ran, Runner, clean
from accountability.errors import ParameterError
from accountability.parameters import read as read_parameters
from accountability.records.places import notebooks_dir
from accountability.results import Result, plural
from accountability.studies import LESSONS

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = (
    "student",
    "item",
    "points",
    "possible",
    "given",
    "in_range",
    "expected_from",
    "expected_to",
    "reason",
    "note",
)
BY_HAND: Final = "to be marked by hand"
AT_A_TIME: Final = 2


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Scores(Result):
    """Points by student and item.

    Attributes
    ----------
    table : DataFrame
        ``student``, ``item``; ``points`` (missing if a person marks), ``possible``; ``given`` (the answer as text),
        ``in_range`` (whether it is a possible answer: ``yes``, ``no``, or empty without an answer), ``expected_from``,
        ``expected_to`` (limits of a right answer; a word is in the first), ``reason`` (why points were lost), ``note``
        (on the submission, the same in all its rows).
    locks : tuple of str
        Locks that applied to every submission.
    """

    locks: tuple[str, ...]

    def by_student(self) -> pd.DataFrame:
        """Points of each student: ``student``, ``points``, ``possible`` (marked by the program), ``note``."""
        marked = self.table[self.table["reason"] != BY_HAND]
        totals = marked.groupby("student", sort=False)[["points", "possible"]].sum().reset_index()
        faulty = marked[marked["reason"].str.startswith("no answer: ")].drop_duplicates("student")
        faults = faulty.set_index("student")["reason"].str.removeprefix("no answer: ")
        notes = marked.drop_duplicates("student").set_index("student")["note"]
        both = [
            "; ".join(filter(None, (notes[student], faults.get(student, "")))) for student in totals["student"].tolist()
        ]
        return totals.assign(note=both)

    def sentence(self) -> str:
        """State how many submissions were graded, and how many could not be run to the end."""
        totals = self.by_student()
        full = int((totals["points"] == totals["possible"]).sum())
        return f"{plural(len(totals), 'submission')} graded; {full} with every point a program can give."


def find(folder: Path, lesson: str) -> dict[str, tuple[Path, str]]:
    """Find the submissions: ``STUDENT.ipynb``, or nbgrader's ``STUDENT/LESSON/LESSON.ipynb``.

    Parameters
    ----------
    folder : Path
    lesson : str

    Returns
    -------
    dict of str to tuple
        Student id to the notebook, and a note if there were several, of which the newest counts.

    Raises
    ------
    ParameterError
        If there is none.
    """
    found = [(path.stem, path) for path in folder.glob("*.ipynb")]
    for pattern in (f"*/{lesson}/{lesson}.ipynb", f"*/{lesson}.ipynb"):
        found += [(path.relative_to(folder).parts[0], path) for path in folder.glob(pattern)]
    by_student: dict[str, list[tuple[str, Path]]] = {}
    for name, path in sorted(found):
        shown = clean(name).replace("\n", "?").strip() or "?"
        by_student.setdefault(shown.casefold(), []).append((shown, path))
    if not by_student:
        raise ParameterError(f"{folder}: expected STUDENT.ipynb or STUDENT/{lesson}/{lesson}.ipynb, found neither")
    chosen = {}
    for several in by_student.values():
        newest = max(several, key=lambda one: one[1].lstat().st_mtime_ns)
        others = [clean(str(path.relative_to(folder))) for _, path in several if path != newest[1]]
        which = clean(str(newest[1].relative_to(folder)))
        note = f"handed in more than once: {which} is the newest and was graded, {', '.join(others)} not"
        chosen[newest[0]] = (newest[1], note if others else "")
    return chosen


def grade(
    folder: str | Path,
    lesson: str,
    *,
    key: str | Path | None = None,
    seconds: float = 120,
    parameters: Mapping[str, Any] | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Scores:
    """Grade every submission in a folder; one that fails costs its own points only.

    Parameters
    ----------
    folder : str or Path
        See :func:`find`.
    lesson : str
        Name of the lesson.
    key : str or Path, optional
        The file of the key from which the students' data were made, as given to ``build``.
    seconds : float
        Computing time for each submission.
    parameters : mapping, optional
        The lesson's parameters, for all. ``student`` is the id of each submission unless given here; then all use the
        data of that id.
    progress : callable, optional
        Called with the lesson, the number of submissions done, and their total.

    Returns
    -------
    Scores

    Raises
    ------
    ParameterError
        For an unknown lesson or parameter, no key, no submission, or a time limit below one second.

    Examples
    --------
    >>> import shutil, tempfile
    >>> from pathlib import Path
    >>> from accountability import classroom
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     key = Path(folder, "class.key")
    ...     made = classroom.build("reading_a_case_file", Path(folder, "class"), students=["s1234567"], key=key)
    ...     _ = Path(folder, "submitted").mkdir()
    ...     _ = shutil.copy(made[0], Path(folder, "submitted", "s1234567.ipynb"))
    ...     scores = classroom.grade(Path(folder, "submitted"), "reading_a_case_file", key=key)
    >>> scores.by_student()[["student", "points", "possible"]]
        student  points  possible
    0  s1234567    10.0      10.0
    """
    if not isinstance(folder, str | Path):
        raise ParameterError(
            f"classroom.grade needs the folder of the submissions, and was given an object of type "
            f"{type(folder).__name__}: classroom.grade('submissions', 'the_closed_case_trap')"
        )
    asked = key_of(lesson)
    if not seconds >= 1:
        raise ParameterError(f"seconds: expected 1 or more, found {seconds:g}")
    given = chosen(lesson, dict(parameters or {}))
    secret = secret_of(key)
    place = Path(folder)
    found = find(place, lesson)
    hidden = [place / path.relative_to(place).parts[0] for path, _ in found.values()]
    return mark(asked, found, secret, given, seconds=seconds, hidden=[*hidden, key_path(key)], progress=progress)


def chosen(lesson: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the lesson's parameters, given and default.

    Raises
    ------
    ParameterError
        For an unknown parameter, or the practice data, whose answers are public.
    """
    # Models of lessons hold no source, and are read by the same rules.
    model: Any = LESSONS[lesson]
    literals = read_parameters(model, given, lesson).literals()
    if "student" in given and literals["student"] is None:
        raise ParameterError(
            "student: expected the id whose data all submissions work on, found none; everybody has the answers to the "
            "practice data, so they are not marked"
        )
    return literals


def mark(
    key: Key,
    found: Mapping[str, tuple[Path, str]],
    secret: bytes,
    given: Mapping[str, Any],
    *,
    seconds: float,
    hidden: Sequence[Path] = (),
    progress: Callable[[str, int, int], None] | None = None,
) -> Scores:
    """Run and mark submissions with an answer key.

    Parameters
    ----------
    key : Key
    found : mapping of str to tuple
        Notebooks and notes by student, from :func:`find`.
    secret : bytes
        Secret from which the students' data were made.
    given : mapping
        The lesson's parameters.
    seconds : float
    hidden : sequence of Path
        Files that no submission may read: all submissions.
    progress : callable, optional
    """
    import pandas as pd

    release = released(key.lesson)
    # What is loaded once pays from the second submission on.
    warm = [cell.source for cell in release.cells if len(found) > 1 and (not cell.name or cell.name == "setup")]
    runners: SimpleQueue[Runner] = SimpleQueue()

    def attempt(student: str) -> Marked:
        # Whatever one submission is, it must not cost the others their grades.
        runner = runners.get()
        try:
            path, note = found[student]
            taken = read(path)
            taken = replace(taken, notes=(*filter(None, [note]), *taken.notes)).restored(release)
            return _marked(key, student, taken, secret, given, partial(runner.run, seconds=seconds, hidden=hidden))
        except Exception as error:
            ran = Ran({}, (), clean(str(error) or type(error).__name__), ())
            return Marked(ran, key.own(secret, given["student"] or student), (found[student][1],))
        finally:
            runners.put(runner)

    rows: list[dict[str, Any]] = []
    locks: list[set[str]] = []
    with ExitStack() as stack:
        for _ in range(AT_A_TIME):
            runners.put(stack.enter_context(Runner(warm)))
        pool = stack.enter_context(ThreadPoolExecutor(AT_A_TIME))
        running = {student: pool.submit(attempt, student) for student in found}
        for number, (student, marked) in enumerate(running.items()):
            if progress is not None:
                progress(key.lesson, number, len(found))
            one = marked.result()
            locks += [set(one.ran.locks)] if one.ran.locks else []
            rows += [row | {"student": student} for row in one.rows(key)]
    if progress is not None:
        progress(key.lesson, len(found), len(found))
    held = set.intersection(*locks) if locks else set()
    return Scores(
        estimand=f"points in {key.lesson}",
        assumptions=("a student's id is the one on the submission",),
        method="each submission run in a process of its own; answers compared with those of its student's data",
        table=pd.DataFrame(rows, columns=list(COLUMNS)).astype({"points": "float64", "possible": "float64"}),
        locks=tuple(name for name in ("landlock", "seccomp", "audit hook") if name in held),
    )


def released(lesson: str) -> HandedIn:
    """Return the students' copy of a lesson, from which locked cells are restored."""
    import nbformat

    return of(student_copy(nbformat.read(notebooks_dir() / f"{lesson}.ipynb", as_version=4)))


@dataclass(frozen=True, slots=True)
class Marked:
    """The outcome of one submission, and its answer key."""

    ran: Ran
    own: Own
    notes: Sequence[str]

    def rows(self, key: Key) -> list[dict[str, Any]]:
        """One row per item, in the order of the key."""
        note = "; ".join(filter(None, self.notes))
        rows = [_row(item, self.ran, self.own) | {"note": note} for item in key.items]
        by_hand = [
            {"item": one.name, "possible": one.points, "reason": BY_HAND, "note": note, "given": "", "in_range": "",
             "expected_from": "", "expected_to": ""}
            for one in key.written
        ]  # fmt: skip
        return [*rows, *by_hand]

    def points(self, key: Key) -> float:
        """Return the total points."""
        return sum(_row(item, self.ran, self.own)["points"] for item in key.items)


def _marked(
    key: Key, student: str, taken: HandedIn, secret: bytes, given: Mapping[str, Any], run: Callable[..., Ran]
) -> Marked:
    def on(owner: str) -> tuple[Ran, Own]:
        own = key.own(secret, owner)
        files = {place(key.lesson, owner): packed(own.files)}
        return run(taken.sources({**given, "student": owner}), files=files), own

    owner = given["student"] or student
    ran, own = on(owner)
    marked = Marked(ran, own, taken.notes)
    named = taken.student()
    if given["student"] or named is None or plain_id(named) == plain_id(student):
        return marked
    # Numbers that were typed in belong to the id the notebook was worked with.
    other, possible = Marked(*on(named), ()), sum(item.points for item in key.items)
    said = (
        f"the notebook says student = {clean(named)!r}: on the data of {student} {marked.points(key):g} of "
        f"{possible:g} points, which count, on the data of {clean(named)} {other.points(key):g}"
    )
    return replace(marked, notes=(*marked.notes, said))


def _row(item: Item, ran: Ran, own: Own) -> dict[str, Any]:
    right = own.right[item.name]
    limits = item.limits(right)
    row: dict[str, Any] = {
        "item": item.name,
        "points": 0.0,
        "possible": item.points,
        "given": "",
        "in_range": "",
        "expected_from": str(right[0]) if limits is None else f"{limits[0]:.6g}",
        "expected_to": "" if limits is None else f"{limits[1]:.6g}",
    }
    if item.name not in ran.answers:
        return row | {"reason": f"no answer: {_why(ran, item.name)}"}
    value = ran.answers[item.name]
    row["given"] = f"a {value['kind']}"[:60] if isinstance(value, dict) else shortened(value)
    try:
        found = item.read(value)
    except ParameterError as odd:
        return row | {"in_range": "no", "reason": str(odd)}
    if item.fits(found, right):
        return row | {"in_range": "yes", "points": item.points, "reason": "right"}
    mistake = item.near(found, own.mistakes.get(item.name, {}))
    reason = f"not right: it is what one gets by this: {mistake}." if mistake else "not right."
    return row | {"in_range": "yes", "reason": f"{reason} {item.note}"}


def shortened(value: object) -> str:
    """Return an answer as short text on one line."""
    if isinstance(value, int) and abs(value) > 10**30:
        return "a number of more than 30 digits"
    return str(value)[:LONGEST_TEXT]


def _why(ran: Ran, name: str) -> str:
    """Why an item has no answer: the cell that failed before the one that missed its name, or what ended the run."""
    missed = next((at for at, fault in enumerate(ran.faults) if f"'{name}'" in fault.what), None)
    if missed is not None:
        before = [fault for fault in ran.faults[:missed] if not fault.what.startswith("NameError")]
        return str((before or ran.faults[missed:])[-1 if before else 0])
    if ran.stopped:
        return ran.stopped
    return str(ran.faults[0]) if ran.faults else "none was handed in"
