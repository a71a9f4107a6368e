"""The command line refuses quickly, says why in one message, and tells what it made on the last line."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import toy_agency
from conftest import ROOT

from accountability import cli
from accountability.publish import runner
from accountability.studies import registry

STUDY = "how_long_cases_stay_open"


def call(*words: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **(env or {})}
    command = [sys.executable, "-m", "accountability.cli", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def inside(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """Call in this process and give the exit status."""
    monkeypatch.setattr(sys, "argv", ["accountability", *words])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(end.value.code or 0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "how_long_cases_stay_opne"], "Did you mean 'how_long_cases_stay_open'?"),
        (["run", STUDY, "-p", "bad=1"], "no parameter 'bad'"),
        (["run", STUDY, "-p", "min_group=thirty"], "min_group='thirty'"),
        (["run", STUDY, "-p", "min_group"], "expected NAME=VALUE"),
        (["run", STUDY, "-p", "=1"], "expected NAME=VALUE"),
        (["run", STUDY, "-p", "cutoff=2020-01-01", "-p", "cutoff=2021-01-01"], "'cutoff' is given twice"),
        (["run", STUDY, "-s", "news_cases", "-p", "source=synthetic"], "source is given twice"),
        (["run", STUDY, "--source", "news_case"], "did you mean 'news_cases'"),
        (["run", STUDY, "--source", "news_cases"], "no rate may be drawn"),
        (["run", STUDY, "--source", "chicago_2000_2016", "-p", "group=categry"], "Did you mean 'category'?"),
        (["audit", "news_case"], "did you mean 'news_cases'"),
        (["fetch", "chicago_2000"], "did you mean 'chicago_2000_2016'"),
        (["list", "what_follows"], "Did you mean 'what_follows_a_finding'?"),
    ],
)
def test_a_refusal_is_one_message_and_status_2(
    words: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inside(monkeypatch, *words) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert "Traceback" not in err
    assert out == ""


def seconds(*command: str) -> float:
    """Processor time of a command, the best of three: other work on the machine would make the clock's unfair."""
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(spent)


def test_a_bad_parameter_is_refused_in_no_time_and_without_pandas() -> None:
    done = call("run", STUDY, "--source", "chicago_2000_2016", "-p", "bad=1")
    assert done.returncode == 2
    assert done.stderr == (
        f"accountability: {STUDY}: no parameter 'bad'. "
        "Known: source, group, start, stop, cutoff, within_days, min_group, confidence.\n"
    )
    # On a machine that is busy or slow, twice what the command line and the parameter models take to import.
    limit = max(0.4, 2 * seconds("-c", "import typer, pydantic.main"))
    assert seconds("-m", "accountability.cli", "run", STUDY, "-p", "bad=1") < limit
    probe = (
        "import sys; from accountability import cli\n"
        f"sys.argv = ['accountability', 'run', '{STUDY}', '-s', 'chicago_2000_2016', '-p', 'group=no']\n"
        "try:\n    cli.main()\nexcept SystemExit as end:\n    assert end.code == 2\n"
        "print(sorted({'pandas', 'numpy', 'papermill', 'matplotlib', 'nbformat', 'jinja2'} & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    shown = subprocess.run([sys.executable, "-c", probe], env=environment, capture_output=True, text=True, check=True)
    assert shown.stdout == "[]\n"


def test_list_names_every_study_source_and_parameter(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert inside(monkeypatch, "list") == 0
    text = capsys.readouterr().out
    for word in (STUDY, "what_follows_a_finding", "news_cases", "chicago_2000_2016"):
        assert word in text
    assert inside(monkeypatch, "list", STUDY) == 0
    text = capsys.readouterr().out
    assert "within_days" in text
    assert "365" in text


def test_list_survives_a_source_that_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "source.yaml").write_text("title: [")
    monkeypatch.setenv("ACCOUNTABILITY_SOURCES", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    assert inside(monkeypatch, "list") == 0
    text = capsys.readouterr().out
    assert "cannot be read" in text
    assert "news_cases" in text


@pytest.mark.parametrize("command", ["list", "fetch", "audit", "run", "report"])
def test_every_command_explains_itself_with_an_example(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inside(monkeypatch, command, "--help") == 0
    assert f"Example: accountability {command}" in capsys.readouterr().out


def test_the_version_is_that_of_the_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from accountability import __version__

    assert inside(monkeypatch, "--version") == 0
    assert capsys.readouterr().out == f"accountability {__version__}\n"


def test_fetch_takes_files_at_hand_and_says_where_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    toy = toy_agency.source(tmp_path)
    declaration = (toy / "source.yaml").read_text()
    (toy / "source.yaml").write_text(
        declaration.replace("    path: complaints.csv", "    path: complaints.csv\n    url: http://127.0.0.1:9/x")
    )
    monkeypatch.setenv("ACCOUNTABILITY_SOURCES", str(tmp_path))
    monkeypatch.setenv("ACCOUNTABILITY_CACHE", str(tmp_path / "cache"))
    assert inside(monkeypatch, "fetch", "toy", "--from", str(toy)) == 0
    cached = tmp_path / "cache" / "toy" / "complaints.csv"
    assert capsys.readouterr().out == f"{cached}\n"
    assert cached.read_bytes() == (toy / "complaints.csv").read_bytes()


def test_a_bundled_source_needs_no_fetch(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert inside(monkeypatch, "fetch", "news_cases") == 0
    assert "nothing to fetch" in capsys.readouterr().out


def test_audit_runs_its_study_and_ends_with_the_path_of_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    toy = toy_agency.source(tmp_path)
    monkeypatch.setattr(runner, "notebooks_dir", lambda: tmp_path / "notebooks")
    toy_agency.notebook(tmp_path / "notebooks", "1 + 1", study="what_the_data_holds")
    assert inside(monkeypatch, "audit", str(toy), "--out", str(tmp_path / "out")) == 0
    page = Path(capsys.readouterr().out.splitlines()[-1])
    assert page == tmp_path / "out" / "what_the_data_holds" / "report.html"
    assert page.is_file()


def test_report_ends_with_the_path_of_the_index_and_a_failed_study_leaves_with_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    toy = toy_agency.source(tmp_path)
    monkeypatch.setattr(runner, "notebooks_dir", lambda: tmp_path / "notebooks")
    monkeypatch.chdir(tmp_path)
    for other in set(registry.STUDIES) - {STUDY}:
        monkeypatch.delitem(registry.STUDIES, other)
    toy_agency.notebook(tmp_path / "notebooks", "1 + 1")
    assert inside(monkeypatch, "report", "--source", str(toy)) == 0
    out, err = capsys.readouterr()
    assert Path(out.splitlines()[-1]).resolve() == tmp_path / "reports" / "toy" / "index.html"
    assert err == ""
    toy_agency.notebook(tmp_path / "notebooks", "1 / 0")
    assert inside(monkeypatch, "run", STUDY, "--source", str(toy)) == 1
    out, err = capsys.readouterr()
    assert err == f"accountability: {STUDY} stopped at cell [3]: ZeroDivisionError: division by zero\n"
    assert "not complete" in Path(out.splitlines()[-1]).read_text()
