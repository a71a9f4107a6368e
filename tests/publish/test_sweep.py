"""A grid is checked whole before it runs; what is made is left, what fails is told, and nothing else is disturbed."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import toy_agency
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from accountability import publish
from accountability.cli import app
from accountability.errors import ParameterError, SourceError
from accountability.publish import runner
from accountability.publish.in_place import WORKSHOP, held
from accountability.publish.sweeps import sweep_run
from accountability.publish.sweeps.grid import read_grid
from accountability.publish.sweeps.sweep_inputs import is_made

STUDY = "how_long_cases_stay_open"
GRID = """\
study: how_long_cases_stay_open
always: {cutoff: 2021-01-01}
product:
  within_days: [13, 90]
  group: [none, district]
sets:
  - {within_days: 90}
  - {within_days: 365, cutoff: null}
"""
FAILS_AT_13 = "1 / (within_days - 13)"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("sweep")


@pytest.fixture(scope="module")
def toy(place: Path) -> str:
    return str(toy_agency.source(place))


@pytest.fixture(scope="module")
def notebooks(place: Path) -> Any:
    folder = place / "notebooks"
    cells = (toy_agency.SETUP, toy_agency.TABLE, FAILS_AT_13, toy_agency.FIGURE, toy_agency.LAST)
    toy_agency.notebook(folder, *cells)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "notebooks_dir", lambda: folder)
        yield folder


@pytest.fixture(scope="module")
def swept(place: Path, toy: str, notebooks: Path) -> Any:
    """The command as a user gives it, on a grid of five sets of which two fail."""
    (place / "grid.yaml").write_text(GRID)
    words = ["sweep", STUDY, "--grid", str(place / "grid.yaml"), "--source", toy, "--out", str(place / "out")]
    return CliRunner().invoke(app, words)


@pytest.fixture(scope="module")
def rows(swept: Any, place: Path) -> list[dict[str, str]]:
    """The table that this first sweep wrote."""
    assert swept.exit_code == 1
    with (place / "out" / f"{STUDY}.grid.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_two_sets_fail_three_are_complete_and_the_status_is_one(
    swept: Any, rows: list[dict[str, str]], place: Path
) -> None:
    assert swept.exit_code == 1
    assert swept.stdout.split() == [str(place / "out" / f"{STUDY}.grid.csv"), str(place / "out" / "index.html")]
    assert "5 sets, 3 made, 0 kept because nothing they depend on has changed, 2 failed" in swept.stderr
    assert [row["state"] for row in rows] == ["failed", "failed", "complete", "complete", "complete"]
    assert list(rows[0]) == ["set", "state", "group", "cutoff", "within_days", "headline", "page", "stopped"]
    assert [row["within_days"] for row in rows] == ["13", "13", "90", "90", "365"]


def test_a_failing_set_is_reported_with_its_notebook(swept: Any, rows: list[dict[str, str]], place: Path) -> None:
    failed = rows[0]
    assert "ZeroDivisionError" in failed["stopped"]
    page = place / "out" / failed["page"]
    assert "This report is not complete." in page.read_text()
    assert (page.parent / f"{STUDY}.ipynb").is_file()
    assert f"    {page.parent}\n" in swept.stderr
    assert len(re.findall(r"^\[\d/5\] failed", swept.stderr, re.M)) == 2


def test_every_report_is_on_the_index_and_nothing_else_is_left(swept: Any, place: Path) -> None:
    assert swept.exit_code == 1
    index = (place / "out" / "index.html").read_text()
    folders = [path for path in (place / "out").iterdir() if path.is_dir()]
    assert len(folders) == 5
    assert all(f"{folder.name}/report.html" in index for folder in folders)
    assert {path.name for path in (place / "out").iterdir() if not path.is_dir()} == {
        f"{STUDY}.grid.csv",
        "index.html",
    }


def test_asked_again_only_what_failed_is_run(swept: Any, place: Path, toy: str) -> None:
    assert swept.exit_code == 1
    before = {path: path.stat().st_mtime_ns for path in (place / "out").glob("*/provenance.json")}
    steps: list[sweep_run.Step] = []
    asked: list[int] = []

    def no_kernel(cells: Sequence[sweep_run.Cell], done: Any) -> None:
        asked.extend(cell.number for cell in cells)
        for cell in cells:
            done(cell, None, "RuntimeError: the machine is out of memory")

    again = sweep_run.run_grid(read_grid(STUDY, place / "grid.yaml", toy), place / "out", no_kernel, told=steps.append)
    assert asked == [1, 2]
    assert (again.made, again.kept, again.failed) == (0, 3, 2)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert again.table["page"].tolist()[:2] == ["", ""]
    assert [step.state for step in steps] == ["kept", "kept", "kept", "failed", "failed"]
    assert sweep_run.line(steps[-1]).startswith("[5/5] failed toy group=district cutoff=2021-01-01 within_days=13 (")
    assert "out of memory" in again.table["stopped"][0]
    assert again.sentence() in repr(again)
    assert "<td>failed</td>" in again._repr_html_()


@pytest.mark.parametrize("part", ["notebook", "library", "packages", "data", "declarations", "parameters"])
def test_a_report_of_other_inputs_is_made_anew(part: str, rows: list[dict[str, str]], place: Path) -> None:
    folder = (place / "out" / rows[2]["page"]).parent
    stated = json.loads((folder / "provenance.json").read_text())["inputs"]
    assert set(stated) == {"notebook", "library", "packages", "data", "declarations", "parameters"}
    assert is_made(folder, stated)
    assert not is_made(folder, stated | {part: "changed"})
    failed = (place / "out" / rows[0]["page"]).parent
    assert not is_made(failed, json.loads((failed / "provenance.json").read_text())["inputs"])


@pytest.mark.parametrize("name", ["tables/districts.csv", "figures/rise.png", "report.html", f"{STUDY}.ipynb"])
def test_a_report_that_lost_a_file_is_made_anew(name: str, rows: list[dict[str, str]], place: Path) -> None:
    folder = (place / "out" / rows[4]["page"]).parent
    stated = json.loads((folder / "provenance.json").read_text())["inputs"]
    content = (folder / name).read_bytes()
    (folder / name).unlink()
    assert not is_made(folder, stated)
    (folder / name).write_bytes(content)
    assert is_made(folder, stated)


def test_two_sources_have_a_folder_each(tmp_path: Path, toy: str) -> None:
    def made(cells: Sequence[sweep_run.Cell], done: Any) -> None:
        for cell in cells:
            done(cell, None, "not made here")

    grid = read_grid(STUDY, {"product": {"source": [toy, "synthetic"]}})
    swept = sweep_run.run_grid(grid, tmp_path, made)
    assert [path.relative_to(tmp_path).as_posix() for path in swept.indexes] == [
        "toy/index.html",
        "synthetic/index.html",
        f"{STUDY}.grid.html",
    ]
    assert swept.table["source"].tolist() == [toy, "synthetic"]


# ---- the declaration -------------------------------------------------------------------------------------------


def test_every_fault_of_every_set_is_listed_and_nothing_runs(tmp_path: Path) -> None:
    grid = tmp_path / "grid.yaml"
    grid.write_text("product: {within_days: [90, soon], group: [none, shoe_size]}\nsets: [{witin_days: 3}]\n")
    done = CliRunner().invoke(app, ["sweep", STUDY, "-g", str(grid), "-o", str(tmp_path / "out")])
    said = str(done.exception)
    assert isinstance(done.exception, ParameterError)
    assert f"{grid}: 4 of 5 sets cannot be run, so none was" in said
    assert "- set 2: " in said
    assert "shoe_size" in said
    assert "- sets 3, 4: how_long_cases_stay_open: within_days='soon'" in said
    assert "- set 5: how_long_cases_stay_open: no parameter 'witin_days'. Did you mean 'within_days'?" in said
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("declared", "fault"),
    [
        ({}, "nothing to run"),
        ({"sets": []}, "nothing to run"),
        ({"prodcut": {}}, "Did you mean 'product'?"),
        ({"product": {"within_days": 90}}, "within_days: expected a list of values such as"),
        ({"product": {"within_days": []}}, "found []"),
        ({"product": [1]}, "expected names, each with a list"),
        ({"sets": {"within_days": 90}}, "expected a list of parameter sets"),
        ({"sets": [{"within_days": 90}, 3]}, "number 2: expected parameters"),
        ({"always": 3, "sets": [{}]}, "always: expected parameters"),
        ({"always": {"group": "x"}, "product": {"group": ["x"]}}, "a parameter is fixed or varied"),
        ({"study": "what_the_data_holds", "sets": [{}]}, "was given to 'how_long_cases_stay_open'"),
        ({"product": {"within_days": list(range(200)), "min_group": list(range(200))}}, "40,000 sets; at most 10,000"),
    ],
)
def test_a_declaration_that_cannot_be_meant_is_refused(declared: dict[str, Any], fault: str) -> None:
    with pytest.raises(ParameterError, match=re.escape(fault)):
        read_grid(STUDY, declared)


def test_a_file_that_is_no_yaml_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "grid.yaml").write_text("product: {within_days: [90\n")
    with pytest.raises(SourceError, match=r"grid\.yaml, line \d"):
        read_grid(STUDY, tmp_path / "grid.yaml")


@settings(max_examples=15)
@given(
    within=st.lists(st.integers(1, 10_000), min_size=1, max_size=3, unique=True),
    confidence=st.lists(st.sampled_from([0.8, 0.9, 0.95]), min_size=1, max_size=3, unique=True),
)
def test_a_product_holds_every_combination_once_the_last_name_fastest(
    within: list[int], confidence: list[float]
) -> None:
    grid = read_grid(STUDY, {"product": {"within_days": within, "confidence": confidence}, "sets": [{}, {}]})
    found = [(one.parameters.within_days, one.parameters.confidence) for one in grid.requests]
    crossed = [(days, level) for days in within for level in confidence]
    assert found == list(dict.fromkeys([*crossed, (365, 0.95)])), "the set of defaults, declared twice, once and last"


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"executor": "slurm"}, "expected 'local' or 'dask'"),
        ({"scheduler": "tcp://localhost:1"}, "say executor='dask'"),
        ({"executor": "dask"}, "needs the scheduler's address"),
        ({"jobs": 0}, "expected a number from 1"),
    ],
)
def test_a_place_to_run_that_cannot_be_is_refused(options: dict[str, Any], fault: str, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=re.escape(fault)):
        publish.sweep(STUDY, {"sets": [{}]}, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


# ---- one sweep a folder, and what a killed one left -------------------------------------------------------------


def test_a_folder_is_held_by_one_sweep_at_a_time(tmp_path: Path) -> None:
    with held(tmp_path / "out"), pytest.raises(ParameterError, match="another sweep"), held(tmp_path / "out"):
        pass
    with held(tmp_path / "out") as workshop:
        assert list(workshop.iterdir()) == []
    assert list((tmp_path / "out").iterdir()) == []


def test_what_a_killed_sweep_left_is_cleared_and_a_report_moved_aside_comes_back(tmp_path: Path) -> None:
    left = tmp_path / WORKSHOP
    for name in (".making-x", ".replaced-1/first", ".replaced-2/second"):
        (left / name).mkdir(parents=True)
        (left / name / "report.html").write_text("before")
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / "report.html").write_text("after")
    with held(tmp_path) as workshop:
        assert os.listdir(workshop) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "second"]
    assert [(tmp_path / name / "report.html").read_text() for name in ("first", "second")] == ["before", "after"]
