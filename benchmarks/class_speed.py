"""Processor time of grading a class: thirty submissions of the longest lesson, each on data of its own.

The clock of a busy machine says little, so processor time is counted: the grader's own, and that of the runners and the
submissions in them. Two submissions run at a time. Run ``python benchmarks/class_speed.py [LESSON] [SUBMISSIONS]``.
"""

from __future__ import annotations

import resource
import shutil
import sys
import tempfile
from pathlib import Path

from accountability import classroom


def used() -> float:
    return sum(
        spent.ru_utime + spent.ru_stime
        for spent in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def main(lesson: str = "fair_comparisons", submissions: str = "30") -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        solved = classroom.build(lesson, place / "class", students=["s0"], key=place / "class.key")[0]
        (place / "submitted").mkdir()
        for number in range(int(submissions)):
            shutil.copy(solved, place / "submitted" / f"s{number}.ipynb")
        before = used()
        scores = classroom.grade(place / "submitted", lesson, key=place / "class.key")
        spent = used() - before
    print(f"{lesson}: {scores.sentence()}")
    print(f"{spent:.0f} s of processor time, {spent / int(submissions):.1f} s each; {spent / 2:.0f} s on two cores")


if __name__ == "__main__":
    main(*sys.argv[1:])
