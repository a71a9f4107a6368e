"""A sweep killed at any moment leaves whole reports, no process and nothing in the way; asked again it goes on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
import toy_agency
from conftest import ROOT, full

from accountability.publish import runner
from accountability.publish.in_place import WORKSHOP
from accountability.publish.sweeps import sweep_run
from accountability.publish.sweeps.grid import read_grid
from accountability.publish.sweeps.sweep_inputs import inputs, is_made

STUDY = "how_long_cases_stay_open"
GRID = {"product": {"within_days": [30, 60, 90], "group": ["none", "district"]}}
SLOW = "import os\nimport pathlib\nimport time\n\npathlib.Path(PIDS, str(os.getpid())).touch()\ntime.sleep(0.4)"
PROGRAM = """\
import sys
from pathlib import Path
from accountability import publish
from accountability.publish import runner
from accountability.publish.sweeps import sweep_run

base = Path(sys.argv[1])
runner.notebooks_dir = lambda: base / "notebooks"
swept = publish.sweep(
    sys.argv[2], GRID, base / "out", source=str(base / "toy"),
    progress=lambda step: print(sweep_run.line(step), flush=True),
)
print(swept.sentence(), flush=True)
sys.exit(swept.failed > 0)
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("killed")
    (base / "pids").mkdir()
    slow = SLOW.replace("PIDS", repr(str(base / "pids")))
    toy_agency.notebook(
        base / "notebooks", toy_agency.SETUP, toy_agency.TABLE, slow, toy_agency.FIGURE, toy_agency.LAST
    )
    toy_agency.source(base)
    (base / "sweep.py").write_text(PROGRAM.replace("GRID", repr(GRID)))
    return base


def started(base: Path) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-W", "error::ResourceWarning", str(base / "sweep.py"), str(base), STUDY]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment)


def whole(base: Path) -> dict[str, int]:
    """The reports that stand, each with the moment it was made; one that stands and is not whole is an error."""
    found = {}
    notebook = base / "notebooks" / f"{STUDY}.ipynb"
    for wanted in read_grid(STUDY, GRID, str(base / "toy")).requests:
        folder = base / "out" / wanted.folder
        if folder.exists():
            assert is_made(folder, inputs(wanted, notebook)), f"{folder.name} stands and is not whole"
            nbformat.validate(nbformat.read(folder / f"{STUDY}.ipynb", as_version=4))
            assert (folder / "report.html").read_text().rstrip().endswith("</html>")
            assert (folder / "figures" / "rise.png").stat().st_size > 1000
            found[folder.name] = (folder / "provenance.json").stat().st_mtime_ns
    return found


def alive(numbers: set[int]) -> set[int]:
    found = set()
    for number in numbers:
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            continue
        found.add(number)
    return found


def kernels(base: Path) -> set[int]:
    return {int(path.name) for path in (base / "pids").iterdir()}


def until(met: Callable[[], bool]) -> None:
    limit = time.monotonic() + 240  # the machine may be busy
    while not met():
        assert time.monotonic() < limit, "the moment to kill at never came"
        time.sleep(0.005)


def finished(base: Path) -> int:
    return len(list((base / "out").glob(f"{STUDY}*/provenance.json")))


MOMENTS: dict[str, Callable[[Path], bool]] = {
    "while it imports": lambda base: (base / "out" / WORKSHOP).is_dir(),
    "in the middle of a notebook": lambda base: any((base / "out" / WORKSHOP).glob(".making-*/tables/*.csv")),
    "as the first report appears": lambda base: finished(base) >= 1,
    "later": lambda base: finished(base) >= 3,
}


@pytest.mark.slow
@pytest.mark.skipif(not full(), reason="two sweeps of six notebooks take a quarter of a minute: make gates")
def test_of_two_sweeps_at_once_one_makes_each_report_whole_and_the_other_makes_way(base: Path) -> None:
    both = [started(base), started(base)]
    said = [one.communicate(timeout=240)[0] for one in both]
    made = whole(base)
    shutil.rmtree(base / "out")
    # The one that finds the other there says so; it may also come when the other has ended, and keep what it made.
    assert sorted(one.returncode for one in both) in ([0, 0], [0, 1]), said
    assert len(made) == 6


@pytest.mark.slow
def test_a_sweep_killed_again_and_again_is_finished_by_asking_again(base: Path) -> None:
    log = []
    before: dict[str, int] = {}
    # By `make test` at the moment at which one report is there and the most is half-written.
    for moment, met in list(MOMENTS.items())[0 if full() else 2 : None if full() else 3]:
        running = started(base)
        until(lambda met=met: met(base))
        running.send_signal(signal.SIGKILL)
        said, _ = running.communicate()
        assert running.returncode == -signal.SIGKILL
        until(lambda: not alive(kernels(base)))
        now = whole(base)
        assert now.items() >= before.items(), "a finished report was made again"
        log.append(f"killed {moment}: {len(now)} of 6 reports, all whole\n{said}")
        before = now
    assert (3 if full() else 1) <= len(before) < 6
    running = started(base)
    said, _ = running.communicate()
    log.append(f"asked again:\n{said}")
    print("\n".join(log))
    assert running.returncode == 0
    assert f"6 sets, {6 - len(before)} made, {len(before)} kept" in said
    after = whole(base)
    assert len(after) == 6
    assert after.items() >= before.items()
    names = {path.name for path in (base / "out").iterdir() if path.name not in after}
    assert names == {"index.html", f"{STUDY}.grid.csv"}


@pytest.mark.slow
def test_an_interrupt_ends_it_at_once_and_leaves_what_is_finished(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "notebooks_dir", lambda: base / "notebooks")
    seen = []

    def interrupted(step: sweep_run.Step) -> None:
        seen.append(step)
        raise KeyboardInterrupt

    grid = read_grid(STUDY, GRID, str(base / "toy"))
    with pytest.raises(KeyboardInterrupt):
        sweep_run.run_grid(grid, tmp_path, sweep_run.local(2), interrupted)
    assert [step.state for step in seen] == ["made"]
    assert not alive(kernels(base))
    reports = [path for path in tmp_path.iterdir() if path.is_dir()]
    assert 1 <= len(reports) < 6
    assert all(json.loads((path / "provenance.json").read_text())["failure"] is None for path in reports)
