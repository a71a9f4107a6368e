"""Grade a folder of submissions: each is run locked in, its answers held against the truth of its own agency."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from accountability.classroom.lessons.answer_key import Item, Key, key_of
from accountability.classroom.submission import LONGEST_TEXT, Ran, code_cells, run
from accountability.errors import ParameterError
from accountability.parameters import read
from accountability.results import Result, plural
from accountability.studies import LESSONS

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("student", "item", "points", "possible", "given", "in_range", "expected_from", "expected_to", "reason")
BY_HAND: Final = "to be marked by hand"
AT_A_TIME: Final = 2


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Scores(Result):
    """Points by student and item.

    Attributes
    ----------
    table : DataFrame
        ``student``, ``item``; ``points`` (missing where a person marks), ``possible``; ``given`` (the answer as text),
        ``in_range`` (``yes``, ``no``, or empty where nothing was given: whether it has the form of an answer),
        ``expected_from``, ``expected_to`` (between which it is right; a word stands in the first), ``reason``.
    locks : tuple of str
        Which locks held every submission.
    """

    locks: tuple[str, ...]

    def by_student(self) -> pd.DataFrame:
        """Points of each student: ``student``, ``points``, ``possible`` (what a program marks), ``note``."""
        marked = self.table[self.table["reason"] != BY_HAND]
        totals = marked.groupby("student", sort=False)[["points", "possible"]].sum().reset_index()
        faulty = marked[marked["reason"].str.startswith("no answer: ")].drop_duplicates("student")
        notes = faulty.set_index("student")["reason"].str.removeprefix("no answer: ")
        return totals.assign(note=totals["student"].map(notes).fillna(""))

    def sentence(self) -> str:
        """Say how many submissions were graded, and how many could not be run to their end."""
        totals = self.by_student()
        full = int((totals["points"] == totals["possible"]).sum())
        return f"{plural(len(totals), 'submission')} graded; {full} with every point a program can give."


def find(folder: Path, lesson: str) -> dict[str, Path]:
    """Find the submissions: ``STUDENT.ipynb``, or ``STUDENT/LESSON/LESSON.ipynb`` as nbgrader collects them.

    Parameters
    ----------
    folder : Path
    lesson : str

    Returns
    -------
    dict of str to Path
        By student's id, in its order.

    Raises
    ------
    ParameterError
        There is none, or a student has two.
    """
    found = [(path.stem, path) for path in sorted(folder.glob("*.ipynb"))]
    for pattern in (f"*/{lesson}/{lesson}.ipynb", f"*/{lesson}.ipynb"):
        found += [(path.relative_to(folder).parts[0], path) for path in sorted(folder.glob(pattern))]
    by_student: dict[str, Path] = {}
    for student, path in sorted(found):
        if student in by_student:
            raise ParameterError(
                f"{student}: two submissions, {by_student[student].relative_to(folder)} and "
                f"{path.relative_to(folder)}; leave one"
            )
        by_student[student] = path
    if not by_student:
        raise ParameterError(f"{folder}: expected STUDENT.ipynb or STUDENT/{lesson}/{lesson}.ipynb, found neither")
    return by_student


def grade(
    folder: str | Path,
    lesson: str,
    *,
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
    seconds : float
        Computing time for each submission.
    parameters : mapping, optional
        Of the lesson's model, for all. ``student`` is each student's id, unless it is given here: ``none`` has all
        of them work on the class's agency.
    progress : callable, optional
        Told the lesson, the submissions done and those there are.

    Returns
    -------
    Scores

    Raises
    ------
    ParameterError
        No such lesson or parameter, no submission, or a time limit below one second.

    Examples
    --------
    >>> import json, tempfile
    >>> from pathlib import Path
    >>> from accountability import classroom
    >>> answered = "from accountability.classroom.lessons.answers import answer; answer(officers_dismissed=3)"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     cells = [{"cell_type": "code", "source": answered}]
    ...     _ = Path(folder, "s1234567.ipynb").write_text(json.dumps({"cells": cells}))
    ...     scores = classroom.grade(folder, "reading_a_case_file")
    >>> scores.by_student()[["student", "points", "possible"]]
        student  points  possible
    0  s1234567     1.0      10.0
    """
    if not isinstance(folder, str | Path):
        raise ParameterError(
            f"classroom.grade needs the folder of the submissions, and was given an object of type "
            f"{type(folder).__name__}: classroom.grade('submissions', 'the_closed_case_trap')"
        )
    folder = Path(folder)
    key = key_of(lesson)
    if not seconds >= 1:
        raise ParameterError(f"seconds: expected 1 or more, found {seconds:g}")
    given = dict(parameters or {})
    per_student = "student" in LESSONS[lesson].model_fields and "student" not in given
    _chosen(lesson, given)
    found = find(folder, lesson)
    chosen = {student: _chosen(lesson, given | ({"student": student} if per_student else {})) for student in found}
    hidden = [folder / path.relative_to(folder).parts[0] for path in found.values()]
    return mark(key, found, chosen, seconds=seconds, hidden=hidden, progress=progress)


def _chosen(lesson: str, given: Mapping[str, Any]) -> dict[str, Any]:
    # Models of lessons hold no source, and are read by the same rules.
    model: Any = LESSONS[lesson]
    return read(model, given, lesson).literals()


def mark(
    key: Key,
    found: Mapping[str, Path],
    chosen: Mapping[str, Mapping[str, Any]],
    *,
    seconds: float,
    hidden: Sequence[Path] = (),
    progress: Callable[[str, int, int], None] | None = None,
) -> Scores:
    """Run and mark submissions with an answer key.

    Parameters
    ----------
    key : Key
    found : mapping of str to Path
        Notebooks by student.
    chosen : mapping of str to mapping
        The lesson's parameters by student.
    seconds : float
    hidden : sequence of Path
        What no submission may read: all of them.
    progress : callable, optional
    """
    import pandas as pd

    def attempt(student: str) -> Ran:
        # Whatever one submission is, it must not cost the others their grades.
        try:
            return run(code_cells(found[student], chosen[student]), seconds=seconds, hidden=hidden)
        except Exception as error:
            return Ran({}, (), str(error) or type(error).__name__, ())

    rows: list[dict[str, Any]] = []
    truths: dict[tuple[Any, ...], Mapping[str, float | str]] = {}
    locks: set[tuple[str, ...]] = set()
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        runs = {student: pool.submit(attempt, student) for student in found}
        for number, (student, running) in enumerate(runs.items()):
            if progress is not None:
                progress(key.lesson, number, len(runs))
            same = tuple(chosen[student].items())
            if same not in truths:
                truths[same] = key.planted(chosen[student])
            ran = running.result()
            locks |= {ran.locks} if ran.locks else set()
            rows += [_row(student, item, ran, truths[same][item.name], chosen[student]) for item in key.items]
            rows += [
                {"student": student, "item": one.name, "possible": one.points, "reason": BY_HAND} for one in key.written
            ]
    if progress is not None:
        progress(key.lesson, len(runs), len(runs))
    held = set.intersection(*map(set, locks)) if locks else set()
    return Scores(
        estimand=f"points in {key.lesson}",
        assumptions=("a student's id is the one the notebook was worked with",),
        method="each submission run in a process of its own; answers compared with the truth of its agency",
        table=pd.DataFrame(rows, columns=list(COLUMNS)).astype({"points": "float64", "possible": "float64"}),
        locks=tuple(name for name in ("landlock", "seccomp", "audit hook") if name in held),
    )


def _row(student: str, item: Item, ran: Ran, truth: float | str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    complaints = parameters.get("complaints")
    limits = item.limits(truth, complaints)
    row: dict[str, Any] = {
        "student": student,
        "item": item.name,
        "points": 0.0,
        "possible": item.points,
        "given": "",
        "in_range": "",
        "expected_from": str(truth) if limits is None else f"{limits[0]:.6g}",
        "expected_to": "" if limits is None else f"{limits[1]:.6g}",
    }
    if item.name not in ran.answers:
        return row | {"reason": f"no answer: {_why(ran, item.name)}"}
    value = ran.answers[item.name]
    row["given"] = f"a {value.get('kind', 'table')}"[:60] if isinstance(value, dict) else str(value)[:LONGEST_TEXT]
    try:
        found = item.read(value)
    except ParameterError as odd:
        return row | {"in_range": "no", "reason": str(odd)}
    if item.fits(found, truth, complaints):
        return row | {"in_range": "yes", "points": item.points, "reason": "right"}
    return row | {"in_range": "yes", "reason": "not the expected word" if limits is None else "not within tolerance"}


def _why(ran: Ran, name: str) -> str:
    """Why an item has no answer: the cell that failed before the one that missed its name, or what ended the run."""
    missed = next((at for at, fault in enumerate(ran.faults) if f"'{name}'" in fault.what), None)
    if missed is not None:
        before = [fault for fault in ran.faults[:missed] if not fault.what.startswith("NameError")]
        return str((before or ran.faults[missed:])[-1 if before else 0])
    if ran.stopped:
        return ran.stopped
    return str(ran.faults[0]) if ran.faults else "none was handed in"
