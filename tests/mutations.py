"""Deliberate faults, each of which must turn the tests red: ``python tests/mutations.py [--sampled] [NAME ...]``.

Every fault is one line changed in a copy of the package. The tests named beside it and one study's kept values are run
on the copy in a process forked from this one, which has imported the libraries and nothing of the package. A fault
that no test notices makes the run fail; the table says by what each was noticed. ``--sampled`` asks a study's kept
values only where no test noticed, and leaves it to the suite itself to pass without a fault.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("accountability", "data", "notebooks", "tests", "pyproject.toml")
VALUES = "tests/studies/test_study_values.py::test_a_study_hands_on_the_numbers_it_did[{}]"
PATIENCE = 600
NOTHING = "nothing"
#: What takes long to import; of the package itself nothing is imported before it is changed.
PRELOADED = (
    "matplotlib.pyplot", "nbformat", "pandas", "pyarrow", "pydantic", "pytest", "scipy.stats",
    "seaborn", "statsmodels.api", "statsmodels.stats.proportion",
)  # fmt: skip


@dataclass(frozen=True)
class Mutation:
    """One fault: what is wrong, where, the line before and after, the tests and the study that should see it."""

    name: str
    file: str
    before: str
    after: str
    tests: tuple[str, ...]
    study: str

    def applied(self, text: str) -> str:
        """The module's text with the fault in it."""
        if text.count(self.before) != 1:
            raise ValueError(
                f"{self.name}: expected {self.before!r} once in {self.file}, found {text.count(self.before)}"
            )
        return text.replace(self.before, self.after)


MUTATIONS = (
    Mutation(
        "an estimator wrong by 1 %", "stats/arrays.py",
        "np.cumprod(1.0 - closed / np.maximum", "np.cumprod(1.0 - 1.01 * closed / np.maximum",
        ("delay/test_delay_curve",), "how_long_cases_stay_open-default",
    ),
    Mutation(
        "a variance halved", "delay/product_limit.py",
        "np.cumsum(counts.closed / (at_risk * remaining)", "np.cumsum(0.5 * counts.closed / (at_risk * remaining)",
        ("delay/test_delay_reference",), "how_long_cases_stay_open-default",
    ),
    Mutation(
        "an interval of another level", "stats/intervals.py",
        "return 0.5 + float(confidence) / 2", "return float(confidence)",
        ("delay/test_delay_reference",), "how_long_cases_stay_open-default",
    ),
    Mutation(
        "the share still open read as the share closed", "delay/curve.py",
        "name, 1 - share)", "name, share)",
        ("delay/test_delay_curve",), "how_long_cases_stay_open-default",
    ),
    Mutation(
        "a cut-off off by one day", "study/clocks.py",
        "    return asked\n", "    return asked - dt.timedelta(days=1)\n",
        ("study/test_clocks",), "how_long_cases_stay_open-start=incident,cutoff=2018-06-30,confidence=0.8",
    ),
    Mutation(
        "a dropped filter: impossible orders of dates stay in", "study/measure.py",
        "~is_open & (end.latest < begin.earliest)", "~is_open & (end.latest < begin.earliest - 10_000)",
        ("study/test_clocks",), "how_long_cases_stay_open-start=incident,cutoff=2018-06-30,confidence=0.8",
    ),
    Mutation(
        "a dropped filter: a cohort keeps the allegations of cases it left out", "study/cohort.py",
        'self.allegations[places(self.allegations["case_id"], cases["case_id"]) >= 0]', "self.allegations",
        ("study/test_cohort",), "how_the_backlog_moved-group=category,pace_months=6",
    ),
    Mutation(
        "the sign of a pause", "study/measure.py",
        "np.maximum(low - paused.most, 0)", "np.maximum(low + paused.most, 0)",
        ("study/test_clocks",), "were_deadlines_met-default",
    ),
    Mutation(
        "swapped labels: late and in time", "delay/deadlines.py",
        "for word in (LATE, IN_TIME, CANNOT_TELL)", "for word in (IN_TIME, LATE, CANNOT_TELL)",
        ("delay/test_delay_deadlines",), "were_deadlines_met-default",
    ),
    Mutation(
        "a limit missed by one day", "delay/deadlines.py",
        "durations.days_upper <= fewest", "durations.days_upper < fewest",
        ("delay/test_delay_deadlines",), "were_deadlines_met-default",
    ),
    Mutation(
        "swapped labels: lightened and raised", "outcomes/moves.py",
        "step = (after - before)", "step = (before - after)",
        ("outcomes/test_outcomes_changes",), "how_penalties_shrink-default",
    ),
    Mutation(
        "the order of the ladder", "vocabulary.py",
        '        "loss_of_leave": "Forfeited vacation or other leave.",\n'
        '        "suspension": "Time off duty without pay.",\n',
        '        "suspension": "Time off duty without pay.",\n'
        '        "loss_of_leave": "Forfeited vacation or other leave.",\n',
        ("records/test_units", "outcomes/test_outcomes_ladder"), "how_penalties_shrink-default",
    ),
    Mutation(
        "the other order of the ladder not tried", "outcomes/ladder.py",
        "terms[low], terms[high] = terms[high], terms[low]", "terms[low], terms[high] = terms[low], terms[high]",
        ("outcomes/test_outcomes_ladder",), "how_penalties_shrink-default",
    ),
    Mutation(
        "a unit counted twice: days of several rows added up", "records/units.py",
        "days.groupby(member).max()", "days.groupby(member).sum()",
        ("records/test_units",), "how_penalties_shrink-unit=complaint,confidence=0.8",
    ),
    Mutation(
        "rows of one officer taken for independent", "stats/clustered_rates.py",
        "size = rate * (1 - rate) / variance if", "size = float(total) if",
        ("outcomes/test_outcomes_outcomes",), "what_follows_a_finding-default",
    ),
    Mutation(
        "a small cell shown", "privacy.py",
        "hidden = (table > 0) & (table < min_cell)", "hidden = (table > 0) & (table < min_cell - 1)",
        ("outcomes/test_outcomes_privacy",), "what_follows_a_finding-unit=complaint,confidence=0.8,min_cell=30",
    ),
    Mutation(
        "late weights dropped from a test of groups", "delay/group_test.py",
        "return before**rho * (1 - before) ** gamma", "return before**rho",
        ("delay/test_delay_weights",), "",
    ),
    Mutation(
        "ties taken one by one", "stats/ties.py",
        "share = place / np.repeat(closings, closings)", "share = 0 * place / np.repeat(closings, closings)",
        ("delay/test_regression_ties",), "",
    ),
    Mutation(
        "months to halve a backlog", "delay/clearing.py",
        'to_halve_in_a_year": received / months + still / 24', 'to_halve_in_a_year": received / months + still / 12',
        ("delay/test_delay_backlogs",), "how_the_backlog_moved-default",
    ),
    Mutation(
        "a group merged that should stand alone", "study/grouping.py",
        "count = int((sizes < least).sum())", "count = int((sizes <= least).sum())",
        ("study/test_overview",), "how_long_cases_stay_open-default",
    ),
)  # fmt: skip


class Seen:
    """A pytest plugin: which kept value and which test noticed, the run ended at the first such test."""

    def __init__(self) -> None:
        self.values, self.tests = NOTHING, NOTHING

    def pytest_configure(self) -> None:
        """A counterexample suffices; the smallest one is not looked for."""
        from hypothesis import Phase, settings

        phases = [Phase.explicit, Phase.generate]
        settings.register_profile("hasty", parent=settings.default, phases=phases, max_examples=40)
        settings.load_profile("hasty")

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Note what failed."""
        if not report.failed:
            return
        if "test_study_values" in report.nodeid:
            lines = str(report.longrepr).splitlines()
            address = next((line for line in lines if ": was " in line or ": is new" in line), "an error")
            self.values = address.removeprefix("E").strip().removeprefix("AssertionError:").split(": ")[0].strip()
        elif self.tests == NOTHING:
            self.tests = report.nodeid.removeprefix("tests/")

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """End the run once a test noticed."""
        if self.tests != NOTHING:
            import pytest

            pytest.exit("noticed", returncode=1)


def _run(copy: Path, arguments: list[str], told: Any) -> None:
    os.chdir(copy)
    sys.path.insert(0, str(copy))
    os.environ["PYTHONPATH"] = str(copy)
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.dup2(sink, 2)
    import pytest

    seen = Seen()
    status = int(
        pytest.main(["-q", "-p", "no:cacheprovider", "-p", "no:nbval", "--tb=short", *arguments], plugins=[seen])
    )
    import accountability

    if not Path(accountability.__file__).is_relative_to(copy):
        status = -1
    told.send((status, seen.values, seen.tests))


def tested(copy: Path, arguments: list[str]) -> tuple[int, str, str]:
    """Run tests on the copy in a forked process: pytest's status, the value and the test that failed."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=_run, args=(copy, arguments, theirs))
    child.start()
    theirs.close()
    try:
        answered = ours.poll(PATIENCE)
        return ours.recv() if answered else (-2, NOTHING, "no end")
    except EOFError:
        return (-3, NOTHING, "the tests could not be run")
    finally:
        if child.is_alive() and child.pid is not None and not answered:
            os.kill(child.pid, signal.SIGKILL)
        child.join()


def asked(mutation: Mutation) -> list[str]:
    """The tests of a fault: its study's kept values first."""
    return [*kept_by(mutation), *named_for(mutation)]


def kept_by(mutation: Mutation) -> list[str]:
    return [VALUES.format(mutation.study)] if mutation.study else []


def named_for(mutation: Mutation) -> list[str]:
    return [f"tests/{name}.py" for name in mutation.tests]


def shown(copy: Path, mutation: Mutation, sampled: bool) -> tuple[int, str, str]:
    """Show a fault to its tests, and to kept values unless the sample has a witness already."""
    if not sampled:
        return tested(copy, asked(mutation))
    found = tested(copy, named_for(mutation))
    return found if found[0] or not mutation.study else tested(copy, kept_by(mutation))


def main(names: list[str], sampled: bool = False) -> int:
    """Run the faults of these names, or all; the number not noticed."""
    for library in PRELOADED:
        importlib.import_module(library)
    assert "accountability" not in sys.modules
    chosen = [mutation for mutation in MUTATIONS if not names or mutation.name in names]
    unnoticed = 0
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="accountability-mutations-") as base:
        copy = Path(base) / "copy"
        for name in COPIED:
            source = ROOT / name
            ignored = shutil.ignore_patterns("__pycache__", "*.pyc", ".ipynb_checkpoints")
            shutil.copytree(source, copy / name, ignore=ignored) if source.is_dir() else shutil.copy2(
                source, copy / name
            )
        whole = list(dict.fromkeys(test for mutation in chosen for test in asked(mutation)))
        status, values, test = (0, NOTHING, NOTHING) if sampled else tested(copy, whole)
        if status != 0:
            print(f"without any fault the tests end with status {status}: {values}, {test}")
            return len(chosen)
        print(f"{'fault':<70}  {'kept value that changed':<55}  test that failed")
        for mutation in chosen:
            path = copy / "accountability" / mutation.file
            text = path.read_text(encoding="utf-8")
            path.write_text(mutation.applied(text), encoding="utf-8")
            status, values, test = shown(copy, mutation, sampled)
            path.write_text(text, encoding="utf-8")
            noticed = status == 1 and (values != NOTHING or test != NOTHING)
            unnoticed += not noticed
            said = test if noticed else f"NOT NOTICED (status {status}) {test}"
            print(f"{mutation.name:<70}  {values if mutation.study else '-':<55}  {said}", flush=True)
    print(f"{len(chosen) - unnoticed} of {len(chosen)} noticed in {time.monotonic() - begun:.0f} s")
    return unnoticed


if __name__ == "__main__":
    words = sys.argv[1:]
    sys.exit(1 if main([word for word in words if word != "--sampled"], "--sampled" in words) else 0)
