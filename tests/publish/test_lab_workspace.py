"""The folder JupyterLab opens: the notebooks that a source can answer, set to it, and nothing of the user's touched."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import nbformat
import pytest
import toy_agency
from typer.testing import CliRunner

from accountability.cli import app
from accountability.errors import FetchError, Refusal, SourceError
from accountability.publish import runner, workspace
from accountability.records.places import notebooks_dir
from accountability.studies import LESSONS, registry

STUDY = "how_long_cases_stay_open"


def code(path: Path) -> list[dict[str, Any]]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def test_every_study_of_the_source_and_every_lesson_is_there_as_it_is_shipped(tmp_path: Path) -> None:
    written = workspace.prepare("synthetic", tmp_path / "lab")
    names = {path.name for path in written}
    assert written[0].name == workspace.START
    assert f"{STUDY}.ipynb" in names
    assert {f"{name}.ipynb" for name in LESSONS} <= names
    for name in names - {workspace.START}:
        shipped, copied = (json.loads((folder / name).read_text()) for folder in (notebooks_dir(), tmp_path / "lab"))
        assert copied == shipped, "nothing is another source's, so its outputs stay"


def test_the_first_page_is_a_valid_notebook_that_names_every_study(tmp_path: Path) -> None:
    workspace.prepare("synthetic", tmp_path)
    page = nbformat.read(tmp_path / workspace.START, as_version=4)
    nbformat.validate(page)
    said = "\n".join(cell.source for cell in page.cells)
    assert all(name in said for name in registry.STUDIES)
    (form,) = code(tmp_path / workspace.START)
    assert form["source"] == f'from accountability.publish import explore\n\nexplore("synthetic", "{STUDY}")'


def test_what_the_user_has_changed_stays(tmp_path: Path) -> None:
    workspace.prepare("synthetic", tmp_path)
    mine = tmp_path / f"{STUDY}.ipynb"
    mine.write_text("mine")
    (tmp_path / "were_deadlines_met.ipynb").unlink()
    assert [path.name for path in workspace.prepare("synthetic", tmp_path)] == ["were_deadlines_met.ipynb"]
    assert mine.read_text() == "mine"


def test_notebooks_for_another_source_name_it_and_show_no_number_of_the_generated_one(tmp_path: Path) -> None:
    toy = toy_agency.source(tmp_path)
    workspace.prepare(str(toy), tmp_path / "lab")
    first, *rest = code(tmp_path / "lab" / f"{STUDY}.ipynb")
    assert first["source"].splitlines()[0].startswith(f'source: str = "{toy.resolve()}"  # name of a source')
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in [first, *rest])
    assert not (tmp_path / "lab" / "what_follows_a_finding.ipynb").exists(), "the toy agency has no findings"
    assert "what_follows_a_finding: it has no column" in (tmp_path / "lab" / workspace.START).read_text()


def test_a_source_that_cannot_be_used_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SourceError, match="unknown source"):
        workspace.prepare("nowhere", tmp_path / "lab")
    monkeypatch.setenv("ACCOUNTABILITY_CACHE", str(tmp_path / "empty"))
    with pytest.raises(FetchError, match="accountability fetch nashville"):
        workspace.prepare("nashville", tmp_path / "lab")
    refused = dict.fromkeys(registry.STUDIES, "no such column")
    monkeypatch.setattr(runner, "not_run", lambda source, declared: refused)
    with pytest.raises(Refusal, match=f"{STUDY}: no such column"):
        workspace.prepare("synthetic", tmp_path / "lab")
    assert not (tmp_path / "lab").exists()


def test_the_command_starts_jupyterlab_of_this_environment_on_the_first_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[Any] = []

    def call(command: list[str], env: dict[str, str]) -> int:
        called.append((command, env))
        return 0

    monkeypatch.setattr(subprocess, "call", call)
    monkeypatch.setenv("MPLBACKEND", "agg")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    done = CliRunner().invoke(app, ["lab", "--no-browser", "--", "--debug"])
    assert done.exit_code == 0, done.output
    ((command, environment),) = called
    assert f"--ServerApp.root_dir={(tmp_path / 'lab' / 'synthetic').resolve()}" in command
    assert command[-2:] == ["--no-browser", "--debug"]
    assert "MPLBACKEND" not in environment, "figures would vanish without a word"
    assert str((tmp_path / "data").resolve()) in environment["ACCOUNTABILITY_SOURCES"].split(":")
    settings = Path(environment["JUPYTER_CONFIG_PATH"]) / "labconfig" / "default_setting_overrides.json"
    assert json.loads(settings.read_text())["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
