"""An agency generated from the command line loads, and a student's is their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

import accountability
from accountability import cli
from accountability.errors import ParameterError


def synth(*words: str | Path) -> Result:
    return CliRunner().invoke(cli.app, ["synth", *map(str, words)])


def test_a_generated_agency_loads_and_says_that_it_is_generated(tmp_path: Path) -> None:
    done = synth(tmp_path / "town", "-n", "300", "--seed", "7", "--publication", "closed_only")
    assert done.exit_code == 0, done.output
    data = accountability.load(tmp_path / "town")
    assert data.generated
    assert data.card.sampling.rule == "closed_only"
    assert (tmp_path / "town" / "truth.csv").is_file()


def test_students_get_agencies_of_their_own_with_the_truth_elsewhere(tmp_path: Path) -> None:
    for name in ("ana", "ben"):
        done = synth(tmp_path / name, "-n", "200", "--student", name, "--truth", tmp_path / f"{name}.csv")
        assert done.exit_code == 0, done.output
        assert not (tmp_path / name / "truth.csv").exists()
    assert (tmp_path / "ana.csv").read_text() != (tmp_path / "ben.csv").read_text()


@pytest.mark.parametrize("words", [("--publication", "closed"), ("-n", "0"), ("--seed", "1", "--student", "ana")])
def test_a_wrong_wish_is_refused_and_leaves_nothing(words: tuple[str, ...], tmp_path: Path) -> None:
    assert isinstance(synth(tmp_path / "town", *words).exception, ParameterError)  # main() makes it exit status 2
    assert not (tmp_path / "town").exists()
