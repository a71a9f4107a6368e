"""A fault of the machine is one line that names the path: status 1, no traceback, nothing half-written."""

from __future__ import annotations

import io
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tiny import write_source

import accountability.cli as cli

LIMITED = """
import os, resource, sys
from pathlib import Path
import accountability.cli as cli
from accountability.publish.sharing import write_zip
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))
cli.app = lambda: write_zip(Path(sys.argv[1]), [("a", os.urandom(9_000))])
cli.main()
"""


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device", "/data/out"),
        PermissionError(13, "Permission denied", "/data/out"),
        OSError(30, "Read-only file system", "/data/out"),
        OSError(5, "Input/output error", "/data/out"),
    ],
)
def test_a_fault_is_one_line_with_its_path_and_status_1(
    error: OSError, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails() -> None:
        raise error

    monkeypatch.setattr(cli, "app", fails)
    with pytest.raises(SystemExit) as end:
        cli.main()
    assert end.value.code == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"accountability: /data/out: {error.strerror}. Nothing unfinished was left")


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="this system cannot limit the size of a file")
def test_no_room_while_an_archive_is_written_leaves_nothing(tmp_path: Path) -> None:
    target = tmp_path / "out" / "a.zip"
    done = subprocess.run([sys.executable, "-c", LIMITED, str(target)], capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert list(target.parent.iterdir()) == []


#: Where nobody can write, root neither.
NOWHERE = Path("/sys/accountability")
WRITING = {
    "synth": "synth {out}/agency -n 50",
    "new-study": "new-study nights_at_work --into {out}",
    "new-case": "new-case springfield_2012",
    "export-data": "export-data synthetic --to csv --out {out}/tables",
    "run": "run how_long_cases_stay_open --out {out}/reports",
    "report": "report --out {out}/reports",
    "multiverse": "multiverse {out}/declared.yaml --out {out}/reports",
    "lab": "lab --folder {out}/lab --no-browser",
    "package": "package {out}/paper.zip --reports {out}/reports",
    "teach": "teach build reading_a_case_file --out {out}/class",
}
#: Those that write at once; the others run notebooks first, or need what a first one wrote.
AT_ONCE = ("synth", "new-study", "export-data", "run", "report", "lab")


def said(words: list[str], patch: pytest.MonkeyPatch, heard: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Status and last words of a command."""
    patch.setattr(sys, "argv", ["accountability", *words])
    with pytest.raises(SystemExit) as end:
        cli.main()
    return int(end.value.code or 0), heard.readouterr().err


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/sys is Linux's")
@pytest.mark.parametrize("command", AT_ONCE)
def test_where_nothing_can_be_written_is_named(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, line = said(WRITING[command].format(out=NOWHERE).split(), monkeypatch, capsys)
    assert status == 1
    assert str(NOWHERE) in line
    assert len(line.splitlines()) == 1


@pytest.fixture
def no_room() -> Iterator[None]:
    """No file can grow beyond 600 bytes: what a full disk does, for any user and on any system that has the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("command", ["synth", "new-study", "export-data", "new-case"])
def test_without_room_nothing_half_written_is_left(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], no_room: None
) -> None:
    monkeypatch.chdir(tmp_path)
    status, line = said(WRITING[command].format(out=tmp_path).split(), monkeypatch, capsys)
    assert status == 1
    assert "File too large" in line or "no room" in line
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_table_that_stood_there_stays_when_there_is_no_room(tmp_path: Path, no_room: None) -> None:
    import pandas as pd

    from accountability.results import write_csv

    (tmp_path / "a.csv").write_text("as it was", encoding="utf-8")
    with pytest.raises(OSError, match=r"File too large.*a\.csv"):
        write_csv(pd.DataFrame({"x": range(900)}), tmp_path / "a.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "as it was"


UNREADABLE: dict[str, Callable[[Path], list[str]]] = {
    "source.yaml": lambda source: ["audit", str(source)],
    "codebook.yaml": lambda source: ["audit", str(source)],
    "grid.yaml": lambda source: ["sweep", "how_long_cases_stay_open", "--grid", str(source / "grid.yaml")],
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_cannot_be_read_is_named(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_source(tmp_path / "small")
    (source / "grid.yaml").write_text("product: {within_days: [30]}\n", encoding="utf-8")
    read = io.open

    def lost(path: Any, *rest: Any, **more: Any) -> Any:
        if str(path) == str(source / name):
            raise PermissionError(13, "Permission denied", str(path))
        return read(path, *rest, **more)

    monkeypatch.setattr(io, "open", lost)
    status, line = said(UNREADABLE[name](source), monkeypatch, capsys)
    assert status == 1
    assert str(source / name) in line
    assert "Permission denied" in line
    assert len(line.splitlines()) == 1


def test_the_key_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "key").mkdir()
    monkeypatch.setenv("ACCOUNTABILITY_KEY_FILE", str(tmp_path / "key"))
    status, line = said(["audit", str(write_source(tmp_path / "small"))], monkeypatch, capsys)
    assert (status, str(tmp_path / "key") in line) == (1, True)
    assert "cannot be read (Is a directory)" in line


def test_what_another_clock_left_is_cleared_by_either(tmp_path: Path) -> None:
    """Left yesterday, or tomorrow by a clock that has gone back since."""
    from accountability.publish.in_place import clear_left

    for days in (-1, 1):
        left = tmp_path / f".making-{days}"
        left.mkdir()
        at = left.stat().st_mtime + days * 86_400
        os.utime(left, (at, at))
    (tmp_path / ".making-now").mkdir()
    clear_left(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".making-now"]


def test_a_fault_while_it_packs_leaves_no_folder_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from accountability.publish.sharing import gate

    report = tmp_path / "report"
    report.mkdir()
    (report / "provenance.json").write_text("{}", encoding="utf-8")
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))

    def full_disk(*_: object) -> None:
        assert len(list((tmp_path / "scratch").iterdir())) == 1
        raise OSError(28, "No space left on device", str(tmp_path / "a.zip"))

    monkeypatch.setattr(gate, "_anew", full_disk)
    with pytest.raises(OSError, match="No space left"):
        gate.share(report, tmp_path / "a.zip")
    assert list((tmp_path / "scratch").iterdir()) == []
    assert not (tmp_path / "a.zip").exists()
