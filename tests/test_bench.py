"""What `make bench` compares: a ratio a sixth worse fails and is named, as is one that could not be measured."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import bench
import peers
import pytest
import yaml

ROW = bench.Row("Cox / best peer", "hazard.py", "", aim=0.25)
STORED = {ROW.name: {"found": 0.2, "load": 0.1, "day": "2026-11-29", "machine": "two processors"}}


@pytest.mark.parametrize(("found", "said"), [(0.2 * 1.14, []), (0.1, []), (0.2 * 1.16, ["16% worse than 0.2"])])
def test_a_ratio_more_than_15_percent_worse_is_named(found: float, said: list[str]) -> None:
    got = bench.worse([ROW], STORED, {ROW.name: found})
    assert len(got) == len(said)
    assert all(one.startswith(ROW.name) and words in one for one, words in zip(got, said, strict=True))


def test_a_row_that_could_not_be_measured_is_named() -> None:
    assert bench.worse([ROW], STORED, {}) == ["Cox / best peer: could not be measured, and was 0.2"]


def test_a_ratio_far_below_its_aim_may_differ_by_noise() -> None:
    stored = {ROW.name: {"found": 0.004}}
    assert bench.worse([ROW], stored, {ROW.name: 0.006}) == []
    assert len(bench.worse([ROW], stored, {ROW.name: 0.02})) == 1


def test_programs_run_with_bytecode_kept_and_the_users_own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("ACCOUNTABILITY_CACHE", "/somewhere")
    held = bench.surroundings(ROW)
    assert "PYTHONDONTWRITEBYTECODE" not in held
    assert (held["ACCOUNTABILITY_CACHE"], held["OMP_NUM_THREADS"]) == ("/somewhere", "1")


def test_a_run_without_the_release_is_refused_before_it_begins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ACCOUNTABILITY_CACHE", str(tmp_path))
    monkeypatch.setattr(bench, "measured", lambda *_: pytest.fail("measured all the same"))
    assert bench.main(argparse.Namespace(only="", before=None, store=False)) == 2
    assert f"accountability fetch {bench.CHICAGO}" in capsys.readouterr().out
    assert bench.absent([ROW]) == ""


def test_the_commit_before_is_taken_from_the_history(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at = {"cwd": tmp_path, "check": True, "capture_output": True}
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    (tmp_path / "held").write_text("then")
    for words in (["init"], ["add", "held"], [*identity, "commit", "-m", "Hold"]):
        subprocess.run(["git", *words], **at)
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    (tmp_path / "held").write_text("now")
    (tmp_path / "there").mkdir()
    found = bench.checkout("HEAD", tmp_path / "there")
    assert found is not None
    assert (found / "held").read_text() == "then"
    assert bench.checkout("0000000", tmp_path / "there") is None
    assert "rows that compare with 0000000 are left out" in capsys.readouterr().out


def test_a_new_row_has_nothing_to_be_worse_than() -> None:
    assert bench.worse([ROW], {}, {ROW.name: 0.9}) == []


def test_the_page_says_every_row_and_which_miss_their_aim() -> None:
    missed = {ROW.name: STORED[ROW.name] | {"found": 0.3}}
    assert "| Cox / best peer | 0.3 | 0.25 | **missed** | 0.1 | 2026-11-29 |" in bench.table([ROW], missed)
    assert "| Cox / best peer | not measured |" in bench.table([ROW], {})


def test_every_row_names_a_program_that_is_there_and_what_is_stored_is_a_row() -> None:
    names = [row.name for row in bench.ROWS]
    assert len(set(names)) == len(names)
    assert all((bench.HERE / row.program.split()[0]).exists() for row in bench.ROWS)
    held = yaml.safe_load(bench.STORED.read_text(encoding="utf-8"))
    assert set(held) <= set(names)
    assert bench.TABLE.read_text(encoding="utf-8").splitlines()[0] == "# Speed, end to end"


def test_uv_beside_the_interpreter_is_found_without_a_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert peers.installer() == [sys.executable, "-m", "uv"]
    (tmp_path / "uv").touch()
    assert peers.installer() == [str(tmp_path / "uv")]
