"""A kernel forked from a process that has imported everything shows what a fresh one shows, and ends when it must."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import nbformat
import pytest
import toy_agency
from conftest import full

from accountability import publish
from accountability.publish import runner
from accountability.publish.execute import execute as run_cells
from accountability.publish.sweeps.sweep_kernels import provisioner, start
from accountability.remembered import REPORT_VARIABLE

STUDY = "how_long_cases_stay_open"
PLAIN = """\
import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

print(os.environ["MPLBACKEND"], os.getcwd(), "JPY_PARENT_PID" in os.environ)
pd.DataFrame(np.arange(60).reshape(2, 30)).rename(columns="a long name of column {}".format)"""
DRAWN = "import matplotlib.pyplot as plt\n\nplt.plot([1, 3, 2]);"
#: A script without a guard, as people write them.
PROGRAM = """\
import os
import time

from accountability.publish.sweeps.sweep_kernels import start

print("run", flush=True)
file = os.path.abspath("k.json")
kernel = start(["launcher", "-f", file], dict(os.environ), ".")
while not os.path.exists(file):
    time.sleep(0.02)
kernel.kill()
print(kernel.wait(), flush=True)
"""
REFUSED_WHILE_IT_IMPORTS = """\
import os
from multiprocessing import forkserver

from accountability.publish.sweeps import sweep_kernels

sweep_kernels._PRELOAD = "slow_to_import"
try:
    with sweep_kernels.forking(1):
        server = forkserver._forkserver._forkserver_pid
        raise ValueError("refused")
except ValueError:
    print("still there" if os.path.exists(f"/proc/{server}") else "ended")
"""
#: What forks a kernel is killed before the kernel can ask who that is; who asked for it lives on.
FORKED_TOO_LATE = """\
import multiprocessing
import os
import time
from types import SimpleNamespace

from accountability.publish.sweeps import sweep_kernels

told, tell = os.pipe()
said, say = os.pipe()
forking = os.fork()
if forking == 0:
    server = os.getpid()
    if os.fork() == 0:
        while os.getppid() == server:
            time.sleep(0.01)
        os.write(say, str(os.getpid()).encode())
        multiprocessing.parent_process = lambda: SimpleNamespace(sentinel=told)
        sweep_kernels._become_kernel(["launcher", "-f", os.path.abspath("k.json")], dict(os.environ), ".", server)
    os._exit(0)
os.waitpid(forking, 0)
kernel = int(os.read(said, 20))
until = time.monotonic() + 30
while time.monotonic() < until and os.path.exists(f"/proc/{kernel}/fd/0"):
    time.sleep(0.05)
print("still there" if os.path.exists(f"/proc/{kernel}/fd/0") else "ended")
"""
STATE = """\
import matplotlib as mpl
import seaborn

print(pd.get_option("display.max_columns"), mpl.rcParams["backend"], mpl.rcParams["figure.dpi"], np.geterr())
own = [one for one in warnings.filters if not one[2].__module__.startswith("statsmodels")]
print(sorted(f"{one[0]} {one[1]} {one[2].__name__} {one[3]}" for one in own))
print(__name__, os.getenv("IPYTHONDIR") is not None)
import ipykernel

joined = ipykernel.get_connection_info(unpack=True)
place = Path(joined["ip"]).parent  # sockets are files, and nobody else may enter their folder
print(joined["transport"], oct(place.stat().st_mode & 0o777), "curve_publickey" in joined)"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The same request run in a fresh kernel and in a forked one; it draws, prints and looks around."""
    base = tmp_path_factory.mktemp("pair")
    cells = (toy_agency.SETUP, toy_agency.TABLE, toy_agency.FIGURE, PLAIN, DRAWN, STATE, toy_agency.LAST)
    toy_agency.notebook(base / "notebooks", *cells)
    toy = str(toy_agency.source(base))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "notebooks_dir", lambda: base / "notebooks")
        wanted = runner.request(STUDY, toy, {})
        with runner.interruptible(1) as pool:
            pages = [
                pool.submit(runner.make, wanted, base / "fresh", None).result(),
                pool.submit(runner.make, wanted, base / "forked", None, start=provisioner).result(),
            ]
    assert [failure for _, failure in pages] == [None, None]
    return [page.parent for page, _ in pages]


def outputs(folder: Path) -> list[tuple[str, str]]:
    notebook = nbformat.read(folder / f"{STUDY}.ipynb", as_version=4)
    return [(cell.source, json.dumps(cell.get("outputs"), sort_keys=True)) for cell in notebook.cells]


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for kind in ("tables", "figures")
        for path in (folder / kind).iterdir()
        if not path.name.endswith("-metadata.json")  # says when it was made
    }


def test_every_output_is_the_same_and_the_figures_are_there(pair: list[Path]) -> None:
    fresh, forked = map(outputs, pair)
    assert forked == fresh
    shown = dict(forked)
    assert "image/png" in shown[DRAWN]
    assert "image/png" in shown[toy_agency.FIGURE]
    assert "module://matplotlib_inline.backend_inline" in shown[STATE]


def test_what_is_said_to_a_kernel_goes_through_files_that_nobody_else_reaches(pair: list[Path]) -> None:
    for folder in pair:
        said = [text for source, text in outputs(folder) if source == STATE]
        assert ["ipc 0o700 False" in text for text in said] == [True]


def test_where_sockets_cannot_be_files_what_is_said_is_encrypted_and_stays_on_this_machine(tmp_path: Path) -> None:
    deep = tmp_path / ("longer than the name of a socket may be " * 3)
    deep.mkdir()
    asked = """import ipykernel
joined = ipykernel.get_connection_info(unpack=True)
print(joined["transport"], joined["ip"], "curve_publickey" in joined)"""
    notebook, done = tmp_path / "asked.ipynb", tmp_path / "done.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(asked)]), notebook)
    assert run_cells(notebook, done, {}, tmp_path, scratch_in=deep) is None
    assert nbformat.read(done, as_version=4).cells[-1].outputs[0].text == "tcp 127.0.0.1 True\n"


def test_every_file_is_the_same_byte_for_byte(pair: list[Path]) -> None:
    fresh, forked = map(files, pair)
    assert {"tables/districts.csv", "figures/rise.svg", "figures/rise.png"} <= set(forked)
    assert forked == fresh


@pytest.mark.slow
@pytest.mark.skipif(not full(), reason="runs with --full: what kernels give is compared on a small notebook else")
def test_a_whole_study_is_the_same_by_either_way(tmp_path: Path) -> None:
    wanted = runner.request(STUDY, "synthetic", {"group": "investigated_by", "within_days": 180})
    fresh = publish.run(STUDY, "synthetic", {"group": "investigated_by", "within_days": 180}, tmp_path / "fresh").parent
    with runner.interruptible(1) as pool:
        page, failure = pool.submit(runner.make, wanted, tmp_path / "forked", None, start=provisioner).result()
    assert failure is None
    assert outputs(page.parent) == outputs(fresh)
    assert files(page.parent) == files(fresh)
    assert len(files(fresh)) > 8
    records = [json.loads((folder / "provenance.json").read_text()) for folder in (fresh, page.parent)]
    assert records[0]["headline"] == records[1]["headline"] != ""
    assert records[0]["inputs"] == records[1]["inputs"]


def test_what_is_drawn_without_a_seed_differs_between_kernels(tmp_path: Path) -> None:
    toy_agency.notebook(tmp_path / "n", "import numpy as np\n\nprint(np.random.random())", "print(2)")
    said = [execute(tmp_path / "n", tmp_path / name) for name in "ab"]
    assert said[0][0] != said[1][0]
    assert said[0][1] == said[1][1] == "2\n"


def test_only_the_studies_of_the_package_remember(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A study of a user's own may change a table in place, and then must not get what was derived of it before."""
    toy_agency.notebook(tmp_path / "n", f"import os\n\nprint(os.environ.get({REPORT_VARIABLE!r}))", "print(2)")
    assert execute(tmp_path / "n", tmp_path / "own")[0] == "None\n"
    monkeypatch.setattr("accountability.publish.execute.notebooks_dir", lambda: tmp_path / "n")
    assert execute(tmp_path / "n", tmp_path / "ours")[0] == "1\n"


def execute(notebooks: Path, out: Path) -> list[Any]:
    from accountability.publish.execute import execute as run

    out.mkdir()
    assert run(notebooks / f"{STUDY}.ipynb", out / "x.ipynb", {}, out, provisioner=provisioner) is None
    cells = nbformat.read(out / "x.ipynb", as_version=4).cells
    return [cell.outputs[0].text for cell in cells if cell.cell_type == "code" and cell.outputs]


def test_a_kernel_that_dies_is_told_and_the_next_one_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    toy_agency.notebook(tmp_path / "n", "import os\n\nos._exit(3)")
    monkeypatch.setattr(runner, "notebooks_dir", lambda: tmp_path / "n")
    wanted = runner.request(STUDY, str(toy_agency.source(tmp_path)), {})
    page, failure = runner.make(wanted, tmp_path / "out", None, start=provisioner)
    assert str(failure) == "stopped at the kernel: DeadKernelError: Kernel died"
    assert page.is_file()
    toy_agency.notebook(tmp_path / "n", "print(1)")
    assert execute(tmp_path / "n", tmp_path / "next") == ["1\n"]


def gone(number: int, within: float = 60.0) -> bool:
    until = time.monotonic() + within
    while time.monotonic() < until:
        try:
            os.kill(number, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_a_kernel_obeys_signals_and_says_how_it_ended(tmp_path: Path) -> None:
    kernel = start(["launcher", "-f", str(tmp_path / "k.json")], dict(os.environ), str(tmp_path))
    assert kernel.pid > 0
    assert kernel.poll() is None
    kernel.kill()
    assert kernel.wait() == -signal.SIGKILL
    assert kernel.poll() == -signal.SIGKILL
    kernel.terminate()  # that it has ended is no error
    assert gone(kernel.pid)


def test_kernels_end_with_the_process_that_forks_them_and_the_next_one_has_another(tmp_path: Path) -> None:
    kernel = start(["launcher", "-f", str(tmp_path / "k.json")], dict(os.environ), str(tmp_path))
    forking = int(Path(f"/proc/{kernel.pid}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(forking, signal.SIGKILL)
    assert kernel.wait() not in (None, 0)
    assert gone(kernel.pid)
    toy_agency.notebook(tmp_path / "n", "print(3)")
    assert execute(tmp_path / "n", tmp_path / "next") == ["3\n"]


def test_a_kernel_ends_whose_forking_process_was_gone_before_it_looked(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(FORKED_TOO_LATE)
    done = subprocess.run([sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert (done.stdout, done.returncode) == ("ended\n", 0), done.stderr


def test_a_kernel_runs_nothing_of_the_program_that_asked_for_it(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, str(tmp_path / "program.py")], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert (done.stdout, done.returncode) == (f"run\n{-signal.SIGKILL}\n", 0), done.stderr


def test_figures_are_shown_in_kernels_of_a_fork_server_that_the_caller_began(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server: Any = forkserver._forkserver  # type: ignore[attr-defined]
    server._stop()
    monkeypatch.setenv("MPLBACKEND", "agg")
    forkserver.set_forkserver_preload(["matplotlib.pyplot"])
    try:
        forkserver.ensure_running()
        toy_agency.notebook(tmp_path / "n", DRAWN)
        monkeypatch.setattr(runner, "notebooks_dir", lambda: tmp_path / "n")
        page, failure = runner.make(
            runner.request(STUDY, str(toy_agency.source(tmp_path)), {}), tmp_path / "out", None, start=provisioner
        )
        assert failure is None
        assert "image/png" in dict(outputs(page.parent))[DRAWN]
        # What a program starts by itself afterwards imports nothing of ours.
        assert server._preload_modules == ["matplotlib.pyplot"]
    finally:
        server._stop()
        forkserver.set_forkserver_preload(["__main__"])


def test_a_refused_request_does_not_wait_for_the_imports_of_a_kernel(tmp_path: Path) -> None:
    (tmp_path / "slow_to_import.py").write_text("import time\n\ntime.sleep(120)\n", encoding="utf-8")
    (tmp_path / "refused.py").write_text(REFUSED_WHILE_IT_IMPORTS, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "refused.py"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout == "ended\n", done.stderr
