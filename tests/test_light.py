"""What a first use costs: modules and lines on the path of a row to a curve, and processor time."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT

import accountability

HEAVY = (
    "scipy.stats",
    "statsmodels",
    "matplotlib",
    "pandera",
    "seaborn",
    "openpyxl",
    "xlrd",
    "python_calamine",
    "pooch",
)
NAMES = [
    "Cohort", "audit", "casefiles", "delay", "describe", "durations", "fetch", "from_frame", "load", "multiverse",
    "new_source", "officers", "outcomes", "publish", "take_in",
]  # fmt: skip
PATH = """
import json, sys
import accountability
from accountability import Cohort, delay
from accountability.study import clocks
delay.closing_curve(clocks.durations(Cohort.of(accountability.load(sys.argv[1]))))
files = {n: getattr(m, "__file__", None) for n, m in sys.modules.items() if n.split(".")[0] == "accountability"}
print(json.dumps([files, [m for m in sys.argv[2:] if m in sys.modules]]))
"""


def walked(source: str, **environment: str) -> tuple[int, int, int, int]:
    """Modules and lines of ours on the path of a row to a curve, and those of the records; nothing heavy is on it."""
    done = subprocess.run(
        [sys.executable, "-c", PATH, source, *HEAVY],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    files, heavy = json.loads(done.stdout)
    assert heavy == []
    lines = {name: len(Path(file).read_text(encoding="utf-8").splitlines()) for name, file in files.items() if file}
    records = [lines[name] for name in lines if name.startswith("accountability.records")]
    return len(lines), sum(lines.values()), len(records), sum(records)


def loaded_once(source: str, real_data: Callable[[str], Path]) -> str:
    if source != "synthetic":
        accountability.fetch(source, from_dir=real_data(source))
    accountability.load(source)
    return source


SOURCES = ["synthetic", pytest.param("chicago_2000_2016", marks=pytest.mark.real_data)]


@pytest.mark.parametrize("source", SOURCES)
def test_a_row_becomes_a_curve_within_the_budget(source: str, real_data: Callable[[str], Path]) -> None:
    modules, lines, _, _ = walked(loaded_once(source, real_data))
    assert modules <= 41
    # With declared totals, people of cases, what results say of unknown ends, what the explorer keeps,
    # declarations and codebooks that are kept, checksums of parts, curves of all groups thinned at once, and ids
    # numbered without sorting texts, rows that belong together, ids looked up in one place, extremes read once, and
    # groups in the order in which they are read.
    assert lines <= 6_950


@pytest.mark.parametrize("source", SOURCES)
def test_a_first_load_codes_the_files_within_the_budget(source: str, real_data: Callable[[str], Path]) -> None:
    _, _, modules, lines = walked(loaded_once(source, real_data), ACCOUNTABILITY_NO_CODED_CACHE="1")
    assert modules <= 32  # one is `like:`, a release that says only what differs; one looks ids up, for all tables
    # With declared totals, people of cases, refused keys, files of fixed width, rows of other files after `prepare`,
    # closing states as numbers, tables written by Arrow, not by pandas, which silences warnings meanwhile, a key that
    # is stored complete, and officers looked up beside the steps.
    assert lines <= 6_360


def processor_seconds(*command: str, status: int) -> float:
    """User and system time of a process; that of the machine's other work is not in it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == status, done.stderr
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def best(limit: float, *command: str, status: int = 0) -> float:
    """The least of several runs, since a busy machine makes the same work look dearer."""
    least = float("inf")
    for _ in range(12):
        least = min(least, processor_seconds(*command, status=status))
        if least < limit:
            break
    return least


def test_the_first_import_is_quick() -> None:
    assert best(0.1, "-c", "import accountability") < 0.1


def test_a_misspelt_parameter_is_refused_at_once() -> None:
    command = ("-m", "accountability.cli", "run", "how_long_cases_stay_open", "-p", "witin_days=1")
    taken = best(0.4, *command, status=2)
    # On a busy machine everything takes longer: then no more than twice what the two libraries it needs take.
    assert taken < 0.4 or taken < 2 * best(0, "-c", "import typer, pydantic.json_schema, pydantic.types")


def test_what_tab_shows_leads_everywhere_from_a_fresh_process() -> None:
    assert sorted(dir(accountability)) == NAMES
    assert len(NAMES) <= 15
    used = "; ".join(f"accountability.{name}" for name in NAMES)
    subprocess.run([sys.executable, "-c", f"import accountability; {used}"], cwd=ROOT, check=True)


@pytest.mark.parametrize("word", ["chicago", "chicgo", "Chicago_2000"])
@pytest.mark.parametrize("use", ["load", "fetch", "run", "check"])
def test_a_source_that_is_nearly_right_is_asked_about(word: str, use: str) -> None:
    if use in ("load", "fetch"):
        command = ["-c", f"import accountability; accountability.{use}({word!r})"]
    else:
        asked = ["check", word] if use == "check" else ["run", "how_long_cases_stay_open", "--source", word]
        command = ["-m", "accountability.cli", *asked]
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "did you mean 'chicago_2000_2016'?" in done.stderr
