"""A replication package is complete, says what it holds and how to redo it, and is redone elsewhere."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from leaky_agency import source
from only_studies import only_studies
from typer.testing import CliRunner

from accountability.casefiles.casefile_tables import NOT_LOADED
from accountability.cli import app
from accountability.errors import ParameterError, Refusal
from accountability.publish.replication import build, environment, package
from accountability.publish.replication.checklist import cell
from accountability.publish.sharing import Verdict
from accountability.publish.sharing.shared_before import before
from accountability.records.contract import read_source
from accountability.records.places import source_folder
from accountability.studies import registry

STUDY = "how_the_backlog_moved"
#: The template's headings, in its order (v1.1).
TEMPLATE = [
    "Overview",
    "Data Availability and Provenance Statements",
    "Statement about Rights",
    "License for Data",
    "Summary of Availability",
    "Details on each Data Source",
    "Dataset list",
    "Computational requirements",
    "Software Requirements",
    "Controlled Randomness",
    "Memory, Runtime, Storage Requirements",
    "Summary",
    "Details",
    "Description of programs/code",
    "License for Code",
    "Instructions to Replicators",
    "List of tables and programs",
    "References",
]


@pytest.fixture(scope="module")
def unzipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of the bundled agency, one study long, unzipped where nothing else is."""
    base = tmp_path_factory.mktemp("package")
    with only_studies([registry.get(STUDY)]):
        made = package(base / "paper.zip", "synthetic")
    with zipfile.ZipFile(made) as archive:
        archive.extractall(base)
    return base / "paper"


@pytest.fixture(scope="module")
def readme(unzipped: Path) -> str:
    return (unzipped / "README.md").read_text(encoding="utf-8")


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


# ---- the layout ----------------------------------------------------------------------------------------------


def test_it_holds_code_environment_data_reports_and_lists(unzipped: Path) -> None:
    assert {path.name for path in unzipped.iterdir()} == {
        "README.md", "CHECKLIST.md", "EXHIBITS.csv", "MANIFEST.csv", "Makefile", "LICENSE", "CITATION.cff",
        "pyproject.toml", "requirements.lock", "accountability", "notebooks", "data", "reports",
    }  # fmt: skip
    assert {path.name for path in (unzipped / "reports").iterdir()} == {STUDY, "index.html"}
    assert (unzipped / "accountability" / "publish" / "templates" / "report.html.j2").is_file()
    assert [path for path in unzipped.rglob("*") if "__pycache__" in path.parts] == []


def test_the_manifest_gives_the_hash_of_every_other_file(unzipped: Path) -> None:
    listed = {row["file"]: row["sha256"] for row in rows(unzipped / "MANIFEST.csv")}
    found = {
        path.relative_to(unzipped).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in unzipped.rglob("*")
        if path.is_file() and path.name != "MANIFEST.csv"
    }
    assert listed == found


def test_the_data_are_those_declared(unzipped: Path) -> None:
    declared = read_source(source_folder("synthetic"))
    for file in declared.files.values():
        raw = (unzipped / "data" / "synthetic" / file.path).read_bytes()
        assert hashlib.sha256(raw).hexdigest() == file.sha256


def test_the_same_reports_give_the_same_bytes(unzipped: Path, tmp_path: Path) -> None:
    first = package(tmp_path / "one" / "p.zip", reports=unzipped / "reports")
    run = CliRunner().invoke(app, ["package", str(tmp_path / "two" / "p.zip"), "--reports", str(unzipped / "reports")])
    assert run.exit_code == 0, run.output
    assert first.read_bytes() == Path(run.stdout.strip()).read_bytes()


# ---- what the README says ------------------------------------------------------------------------------------


def test_the_readme_follows_the_data_editors_template(readme: str) -> None:
    headings = re.findall(r"^#{2,4} (.+)$", readme, re.MULTILINE)
    assert [heading for heading in headings if heading in TEMPLATE and heading != "Details"] == [
        heading for heading in TEMPLATE if heading != "Details"
    ]
    assert headings.count("Details") == 2  # of memory and time, and of the instructions
    assert "{{" not in readme
    assert "None" not in readme


def test_every_table_and_figure_is_listed_with_the_cell_that_makes_it(unzipped: Path, readme: str) -> None:
    record = json.loads((unzipped / "reports" / STUDY / "provenance.json").read_text(encoding="utf-8"))
    listed = rows(unzipped / "EXHIBITS.csv")
    assert [row["file"] for row in listed] == [f"reports/{STUDY}/{entry['file']}" for entry in record["tables"]]
    assert len({row["exhibit"] for row in listed}) == len(listed) > 5
    for row, entry in zip(listed, record["tables"], strict=True):
        assert (unzipped / row["file"]).is_file()
        assert f"| {row['exhibit']} | `{row['program']}` | `{row['file']}` | {cell(entry['caption'])} |" in readme
        path, _, place = row["program"].partition(", cell ")
        cells = json.loads((unzipped / path).read_text(encoding="utf-8"))["cells"]
        source = "".join(cells[int(place) - 1]["source"])
        assert f'"{entry["name"]}"' in source or "present(" in source


def test_time_and_memory_are_those_measured_in_the_run(unzipped: Path, readme: str) -> None:
    record = json.loads((unzipped / "reports" / STUDY / "provenance.json").read_text(encoding="utf-8"))
    assert f"| `{STUDY}` | {record['seconds']} |" in readme
    assert "- [x] <10 minutes" in readme
    peak = re.search(r"took ([\d,]+) MB of memory", readme)
    assert peak is not None
    assert 50 < int(peak[1].replace(",", "")) < 20_000


def test_every_path_that_is_named_is_there(unzipped: Path, readme: str) -> None:
    text = readme + (unzipped / "CHECKLIST.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:data|notebooks|reports|accountability)/[\w./-]*\w)`", text))
    assert len(named) > 15
    assert [name for name in named if not (unzipped / name).exists()] == []


@pytest.mark.parametrize(
    ("minutes", "words"), [(0.2, "<10 minutes"), (10, "10-60 minutes"), (119, "1-2 hours"), (10**6, "> 14 days")]
)
def test_time_falls_into_one_bracket(minutes: float, words: str) -> None:
    assert [said for said, ticked in build._brackets(minutes) if ticked] == [words]


# ---- the checklist -------------------------------------------------------------------------------------------


def test_the_checklist_has_every_item_of_both_statements(unzipped: Path) -> None:
    text = (unzipped / "CHECKLIST.md").read_text(encoding="utf-8")
    items = re.findall(r"^\| ([\w. ]+) \|", text, re.MULTILINE)[1:]
    strobe = [item for item in items if not item.startswith("RECORD")]
    assert list(dict.fromkeys(int(re.match(r"\d+", item)[0]) for item in strobe)) == list(range(1, 23))
    assert [item.removeprefix("RECORD ") for item in items if item.startswith("RECORD")] == [
        "1.1", "1.2", "1.3", "6.1", "6.2", "6.3", "7.1", "12.1", "12.2", "12.3", "13.1", "19.1", "22.1",
    ]  # fmt: skip


def test_what_only_the_author_can_say_is_left_to_the_author(unzipped: Path) -> None:
    text = (unzipped / "CHECKLIST.md").read_text(encoding="utf-8")
    for item in ("2", "20", "22"):
        assert re.search(rf"^\| {item} \|.*\| For the author: the run does not say\. \|$", text, re.MULTILINE)
    assert re.search(rf"^\| 13a \|.*`reports/{STUDY}/tables/flow.csv` \|$", text, re.MULTILINE)


# ---- what does not travel ------------------------------------------------------------------------------------


def test_a_source_that_is_fetched_is_described_and_not_carried(unzipped: Path, tmp_path: Path, by_hand: None) -> None:
    reports = Path(shutil.copytree(unzipped / "reports", tmp_path / "reports"))
    path = reports / STUDY / "provenance.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["parameters"]["source"] = record["data"]["source"] = "chicago_2000_2016"
    path.write_text(json.dumps(record), encoding="utf-8")
    with zipfile.ZipFile(package(tmp_path / "p.zip", reports=reports)) as archive:
        held = {name.removeprefix("p/data/") for name in archive.namelist() if name.startswith("p/data/")}
        readme = archive.read("p/README.md").decode()
        make = archive.read("p/Makefile").decode()
    assert held == {
        f"chicago_2000_2016/{name}" for name in ("source.yaml", "codebook.yaml", "README.md", "reform.yaml")
    }
    assert '-m accountability.cli fetch chicago_2000_2016 $(if $(FROM),--from "$(FROM)")' in make
    for file in read_source(source_folder("chicago_2000_2016")).files.values():
        assert file.sha256 in readme
        assert str(file.url) in readme
    assert "- [x] Some data are **not** in this package" in readme
    assert "| No |" in readme
    assert "Memory was not measured" in readme


@pytest.fixture
def by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let records that a test wrote pass for those of a run."""

    @contextmanager
    def as_it_is(root: Path, **_: object) -> Iterator[tuple[Verdict, Path]]:
        yield Verdict(root, (), 0, ()), root

    monkeypatch.setattr(build, "made_anew", as_it_is)
    monkeypatch.setattr(build, "remember", lambda *_: None)


def test_a_case_file_travels_whole_and_with_the_source_the_case_is_placed_on(
    unzipped: Path, tmp_path: Path, by_hand: None
) -> None:
    reports = Path(shutil.copytree(unzipped / "reports", tmp_path / "reports"))
    path = reports / STUDY / "provenance.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["parameters"] |= {"source": "news_cases", "reference": "synthetic"}
    path.write_text(json.dumps(record), encoding="utf-8")
    with zipfile.ZipFile(package(tmp_path / "p.zip", reports=reports)) as archive:
        held = {name.removeprefix("p/data/") for name in archive.namelist() if name.startswith("p/data/")}
    for name in ("news_cases", "synthetic"):
        declared = read_source(source_folder(name))
        assert held >= {f"{name}/{file.path}" for file in declared.files.values()} | {f"{name}/source.yaml"}
    assert held >= {f"news_cases/{name}" for name in NOT_LOADED}


@pytest.mark.parametrize(("generated", "travels"), [("true", True), ("false", False)])
def test_raw_files_that_name_people_never_travel(generated: str, travels: bool, tmp_path: Path) -> None:
    folder = source(tmp_path)
    declared = (folder / "source.yaml").read_text(encoding="utf-8")
    (folder / "source.yaml").write_text(
        declared.replace("generated: true", f"generated: {generated}"), encoding="utf-8"
    )
    assert build._data(str(folder)).travels is travels


def test_reports_that_leak_are_not_packaged(unzipped: Path, tmp_path: Path) -> None:
    reports = Path(shutil.copytree(unzipped / "reports", tmp_path / "reports"))
    (reports / STUDY / "tables" / "a.csv").write_text("race,officers\nx,3\n", encoding="utf-8")
    with pytest.raises(Refusal, match=rf"1 things .* first not ours at {STUDY}/tables/"):
        package(tmp_path / "p.zip", reports=reports)
    assert not (tmp_path / "p.zip").exists()


def test_what_travels_of_a_report_is_made_anew_and_remembered(
    unzipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The archive is packed from what the gate wrote, not from the folder that was named."""
    # What another test shared of the same report, beside the same key, would stand for this archive.
    monkeypatch.setenv("ACCOUNTABILITY_KEY_FILE", str(tmp_path / "own" / "key"))
    real = build.made_anew

    @contextmanager
    def marked(root: Path, **how: Any) -> Iterator[tuple[Verdict, Path]]:
        with real(root, **how) as (verdict, anew):
            (anew / STUDY / "tables" / "anew.csv").write_text("a\n", encoding="utf-8")
            yield verdict, anew

    monkeypatch.setattr(build, "made_anew", marked)
    with zipfile.ZipFile(package(tmp_path / "p.zip", reports=unzipped / "reports")) as archive:
        assert f"p/reports/{STUDY}/tables/anew.csv" in archive.namelist()
    assert any(one.place.startswith("p.zip") for one in before())


def test_a_declaration_that_names_somebody_is_not_packaged(
    unzipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Path(shutil.copytree(source_folder("synthetic"), tmp_path / "synthetic"))
    with (own / "README.md").open("a", encoding="utf-8") as notes:
        notes.write("\nAsk Sgt. Zyrkowiak, or write zyrkowiak@example.org.\n")
    monkeypatch.setattr(build, "source_folder", lambda name: own)
    with pytest.raises(Refusal, match=r"what goes with them must not be shared, first contact at synthetic/README.md"):
        package(tmp_path / "p.zip", reports=unzipped / "reports")


def test_a_report_that_stopped_is_not_packaged(unzipped: Path, tmp_path: Path, by_hand: None) -> None:
    reports = Path(shutil.copytree(unzipped / "reports", tmp_path / "reports"))
    path = reports / STUDY / "provenance.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    record["failure"] = {"where": "cell [4]", "source": "x", "message": "y"}
    path.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(Refusal, match=r"stopped at cell \[4\]"):
        package(tmp_path / "p.zip", reports=reports)


def test_a_report_of_no_study_is_refused_by_name(unzipped: Path, tmp_path: Path) -> None:
    shutil.copytree(unzipped / "reports" / STUDY, tmp_path / "reports" / "multiverse")
    path = tmp_path / "reports" / "multiverse" / "provenance.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"notebook": "multiverse.ipynb"}))
    with pytest.raises(Refusal, match=r"1 of 1 reports are of no study .* first multiverse"):
        package(tmp_path / "paper.zip", reports=tmp_path / "reports")


def test_a_request_that_cannot_be_met_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="not both"):
        package(tmp_path / "p.zip", "synthetic", tmp_path)
    with pytest.raises(ParameterError, match=r"ends in \.zip"):
        package(tmp_path / "p.tar", "synthetic")
    with pytest.raises(ParameterError, match="expected a report"):
        package(tmp_path / "p.zip", reports=tmp_path)


# ---- the environment -----------------------------------------------------------------------------------------


def test_the_lock_travels_with_its_hashes(unzipped: Path) -> None:
    assert environment.hashed((unzipped / "requirements.lock").read_bytes())
    assert (unzipped / "Makefile").read_text(encoding="utf-8").count("--require-hashes") == 2


def test_from_an_installed_package_the_lock_is_what_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib.metadata import version

    monkeypatch.setattr(environment, "PACKAGE", tmp_path / "site-packages" / "accountability")
    files = environment.environment_files()
    pins = dict(
        line.split("==") for line in files["requirements.lock"].decode().splitlines() if not line.startswith("#")
    )
    assert {"pandas", "numpy", "statsmodels", "papermill", "typer"} <= set(pins)
    assert {name: version(name) for name in pins} == pins
    assert not environment.hashed(files["requirements.lock"])
    assert b'requires-python = ">=3.11' in files["pyproject.toml"]


# ---- elsewhere -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_unzipped_elsewhere_it_makes_the_report_again_and_sees_a_changed_value(unzipped: Path) -> None:
    """With this environment in place of `make setup`; the code that runs is the unzipped one."""
    command = ["make", "reproduce", f"PY={sys.executable}"]
    done = subprocess.run(command, cwd=unzipped, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{STUDY}: equal." in done.stdout
    assert "1 of 1 reports reproduced" in done.stdout
    notebook = (unzipped / "reproduced" / STUDY / f"{STUDY}.ipynb").read_text(encoding="utf-8")
    assert '"output_type": "error"' not in notebook
    table = unzipped / "reports" / STUDY / "tables" / "pace.csv"
    written = list(csv.reader(io.StringIO(table.read_text(encoding="utf-8"))))
    written[1][1] = str(int(written[1][1]) + 1)
    table.write_text("\n".join(",".join(row) for row in written) + "\n", encoding="utf-8")
    again = subprocess.run(command, cwd=unzipped, capture_output=True, text=True)
    assert again.returncode != 0
    assert f"{STUDY}: differs." in again.stdout
    assert "0 of 1 reports reproduced" in again.stdout
