"""A study of one's own from its first line to what others check: begun, run, swept on two sources, verified, shared."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import full

from accountability import publish
from accountability.errors import ParameterError
from accountability.studies.own_studies import own_module, own_study
from accountability.synthetic import agency
from accountability.synthetic.source_files import write

NAME = "nights_and_days"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("own")


def command(place: Path, *words: str, status: int = 0) -> str:
    found = {**os.environ, "ACCOUNTABILITY_STUDIES": str(place / "studies"), "NO_COLOR": "1", "COLUMNS": "200"}
    done = subprocess.run(
        [sys.executable, "-m", "accountability.cli", *words], cwd=place, env=found, capture_output=True, text=True
    )
    assert done.returncode == status, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def swept(place: Path) -> Path:
    """Begun by the command, and swept on the bundled agency and on another, untouched."""
    (place / "studies").mkdir()
    told = command(place, "new-study", NAME)
    assert f'ACCOUNTABILITY_STUDIES="{place / "studies"}"' in told
    toy = write(agency(complaints=400, seed=7), place / "other")
    grid = {"study": NAME, "product": {"source": ["synthetic", str(toy)]}}
    (place / "grid.yaml").write_text(json.dumps(grid))
    command(place, "sweep", NAME, "--grid", "grid.yaml", "--out", "out")
    return place / "out"


@pytest.mark.slow
@pytest.mark.skipif(not full(), reason="sweeps on two sources are tested with a small study: make gates")
def test_it_is_swept_on_two_sources(swept: Path) -> None:
    records = [json.loads(path.read_text(encoding="utf-8")) for path in swept.rglob("provenance.json")]
    assert len({record["parameters"]["source"] for record in records}) == len(records) == 2
    assert all(record["failure"] is None and record["finding"]["answer"] for record in records)
    assert all(record["inputs"]["study"] for record in records)


@pytest.mark.slow
def test_it_is_listed_verified_shared_and_known_by_its_parameters(swept: Path, place: Path) -> None:
    assert NAME in command(place, "list")
    report = next(path.parent for path in swept.rglob("provenance.json") if "synthetic" in path.read_text())
    assert "equal" in command(place, "verify", str(report))
    archive = place / "shared.zip"
    command(place, "share", str(report), "--out", str(archive))
    assert archive.is_file()
    assert "no parameter 'colour'" in command(place, "run", NAME, "-p", "colour=red", status=2)
    assert "choose another name" in command(place, "new-study", NAME, status=2)


@pytest.mark.slow
@pytest.mark.skipif(not full(), reason="the package of a bundled study is made again elsewhere: make gates")
def test_it_is_packaged_and_made_again_elsewhere(swept: Path, place: Path, tmp_path: Path) -> None:
    report = next(path.parent for path in swept.rglob("provenance.json") if '"synthetic"' in path.read_text())
    command(place, "package", str(tmp_path / "paper.zip"), "--reports", str(report))
    with zipfile.ZipFile(tmp_path / "paper.zip") as archive:
        archive.extractall(tmp_path)
    paper = tmp_path / "paper"
    assert {path.name for path in (paper / "studies" / NAME).iterdir()} == {
        f"{NAME}.py", f"{NAME}.ipynb", f"test_{NAME}.py",
    }  # fmt: skip
    with (paper / "EXHIBITS.csv").open(newline="", encoding="utf-8") as file:
        assert all(row["program"].startswith(f"studies/{NAME}/{NAME}.ipynb") for row in csv.DictReader(file))
    elsewhere = {**os.environ, "ACCOUNTABILITY_STUDIES": str(tmp_path / "nowhere")}
    done = subprocess.run(
        ["make", "reproduce", f"PY={sys.executable}"], cwd=paper, env=elsewhere, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 of 1 reports reproduced" in done.stdout


@pytest.mark.slow
def test_what_must_not_leave_is_not_packaged_with_it(swept: Path, place: Path, tmp_path: Path) -> None:
    report = next(path.parent for path in swept.rglob("provenance.json") if '"synthetic"' in path.read_text())
    notes = place / "studies" / NAME / "notes.md"
    notes.write_text("Ask jane.roe@example.org about badge 4711.\n", encoding="utf-8")
    try:
        told = command(place, "package", str(tmp_path / "paper.zip"), "--reports", str(report), status=2)
    finally:
        notes.unlink()
    assert f"must not be shared, first shield at {NAME}/notes.md, line 1" in told, told
    assert not (tmp_path / "paper.zip").exists()


@pytest.mark.slow
def test_a_change_of_its_module_makes_its_reports_anew(swept: Path, place: Path) -> None:
    module = place / "studies" / NAME / f"{NAME}.py"
    before = {path: path.stat().st_mtime_ns for path in swept.rglob("provenance.json")}
    command(place, "sweep", NAME, "--grid", "grid.yaml", "--out", "out")
    assert {path: path.stat().st_mtime_ns for path in swept.rglob("provenance.json")} == before
    if full():
        module.write_text(module.read_text(encoding="utf-8") + "\n# another word\n", encoding="utf-8")
        command(place, "sweep", NAME, "--grid", "grid.yaml", "--out", "out")
        assert not set(before.values()) & {path.stat().st_mtime_ns for path in swept.rglob("provenance.json")}


@pytest.mark.slow
def test_its_own_test_passes(swept: Path, place: Path) -> None:
    chosen = [] if full() else ["-k", "not bundled"]
    found = {**os.environ, "ACCOUNTABILITY_STUDIES": str(place / "studies")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *chosen, str(place / "studies" / NAME)],
        cwd=place, env=found, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["Nights", "9to5", "two words", "../up", "how_long_cases_stay_open"])
def test_a_name_that_cannot_be_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"named in|already"):
        publish.new_study(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("QUESTION = ", "ASKED = ", "QUESTION, a text"),
        ("(Parameters):", "(object):", "one subclass of Parameters, found 0"),
        ("def found(", "def find(", "a function found"),
        ('"closed_only":', '"closed":', "REFUSED_RULES of"),
        ("from typing", "1 / 0\nfrom typing", "cannot be run: ZeroDivisionError"),
    ],
)
def test_what_a_study_lacks_is_named(old: str, new: str, message: str, tmp_path: Path) -> None:
    folder = publish.new_study("mine", tmp_path)
    path = folder / "mine.py"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    own_module.cache_clear()
    with pytest.raises(ParameterError, match=message):
        own_study(folder)


def test_a_folder_that_is_not_there_is_named(place: Path, tmp_path: Path) -> None:
    found = {**os.environ, "ACCOUNTABILITY_STUDIES": str(tmp_path / "nowhere")}
    code = "import accountability.studies.registry"
    done = subprocess.run([sys.executable, "-c", code], env=found, capture_output=True, text=True)
    assert "expected folders, found none there" in done.stderr


def test_running_a_study_leaves_nothing_beside_it_and_sees_an_edit_of_the_same_second(tmp_path: Path) -> None:
    path = tmp_path / "counted.py"
    path.write_text("ANSWER = 1\n", encoding="utf-8")
    stamp = path.stat()
    assert own_module(path).ANSWER == 1
    path.write_text("ANSWER = 2\n", encoding="utf-8")
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    own_module.cache_clear()
    assert own_module(path).ANSWER == 2
    assert [one.name for one in tmp_path.iterdir()] == ["counted.py"]
