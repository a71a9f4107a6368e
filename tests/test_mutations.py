"""The tests notice deliberate faults; ``python tests/mutations.py`` prints what noticed each.

Here each fault is shown to the tests named for it, and to a study's kept values only where these are its witness;
``make gates`` shows every fault to both.
"""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest
from conftest import ROOT, full
from mutations import MUTATIONS, Mutation
from study_values import sets_of

from accountability.studies.registry import STUDIES

each = pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)


@each
def test_a_fault_is_one_change_that_python_takes(mutation: Mutation) -> None:
    text = (ROOT / "accountability" / mutation.file).read_text(encoding="utf-8")
    ast.parse(mutation.applied(text))
    assert mutation.before != mutation.after


@each
def test_the_tests_named_for_a_fault_are_there(mutation: Mutation) -> None:
    assert mutation.tests
    assert all((ROOT / "tests" / f"{name}.py").is_file() for name in mutation.tests)
    values = {f"{study}-{name}" for study in STUDIES for name in sets_of(study)}
    assert not mutation.study or mutation.study in values


def test_a_fault_whose_line_has_changed_is_an_error() -> None:
    with pytest.raises(ValueError, match="found 0"):
        MUTATIONS[0].applied("share = 1")
    with pytest.raises(ValueError, match="found 2"):
        MUTATIONS[0].applied(2 * MUTATIONS[0].before)


@pytest.mark.slow
def test_every_fault_is_noticed() -> None:
    asked = MUTATIONS if full() else MUTATIONS[::12]
    names = [] if full() else ["--sampled", *(mutation.name for mutation in asked)]
    command = [sys.executable, str(ROOT / "tests" / "mutations.py"), *names]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(asked)} of {len(asked)} noticed" in done.stdout
