"""A fault of the machine is one line that names the path: status 1, no traceback, nothing half-written."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

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
    import accountability.cli as cli

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
