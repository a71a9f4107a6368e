"""A Dask cluster of two workers makes the same reports as this machine alone, and says why when it cannot."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from conftest import ROOT

from accountability import publish
from accountability.errors import ParameterError, Refusal
from accountability.publish import runner
from accountability.publish.request import request
from accountability.publish.sweeps import sweep_dask
from accountability.publish.sweeps.sweep_inputs import inputs

sys.path.insert(0, str(ROOT / "benchmarks"))
import dependence
import share_out

STUDY = "what_the_data_holds"
GRID: dict[str, Any] = {"sets": [{"source": "news_cases", "min_cell": number} for number in (10, 12)]}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Two worker processes, without a dashboard."""
    import distributed

    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        silence_logs=logging.CRITICAL,
    ) as made:
        yield made


@pytest.fixture(scope="module")
def swept(cluster: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    there, here = (tmp_path_factory.mktemp(name) for name in ("there", "here"))
    return (
        (publish.sweep(STUDY, GRID, there, executor="dask", scheduler=cluster.scheduler_address), there),
        (publish.sweep(STUDY, GRID, here), here),
    )


def held(folder: Path) -> dict[str, Any]:
    notebook = nbformat.read(folder / f"{STUDY}.ipynb", as_version=4)
    record = json.loads((folder / "provenance.json").read_text())
    shown: dict[str, Any] = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.suffix in {".csv", ".svg", ".png"}
    }
    shown["outputs"] = [cell.get("outputs") for cell in notebook.cells]
    return shown | {name: record[name] for name in ("inputs", "parameters", "headline", "data", "tables", "failure")}


def test_the_cluster_makes_the_same_reports(swept: Any) -> None:
    (there, afar), (here, near) = swept
    assert there.table.to_dict() == here.table.to_dict()
    assert (there.made, there.failed) == (here.made, here.failed) == (2, 0)
    folders = sorted(path.parent.relative_to(near) for path in near.rglob("provenance.json"))
    assert len(folders) == 2
    for folder in folders:
        assert held(afar / folder) == held(near / folder)
        assert len(held(near / folder)) > 8
    assert sorted(path.relative_to(afar) for path in afar.rglob("*")) == sorted(
        path.relative_to(near) for path in near.rglob("*")
    )


def test_what_the_cluster_made_is_not_made_again(cluster: Any, swept: Any) -> None:
    (_, afar), _ = swept
    again = publish.sweep(STUDY, GRID, afar, executor="dask", scheduler=cluster.scheduler_address)
    assert (again.made, again.kept) == (0, 2)


def test_a_worker_that_would_make_another_report_refuses() -> None:
    wanted = request(STUDY, "synthetic", {})
    asked = inputs(wanted, runner.notebook_of(wanted.study)) | {"library": "0.0.1 abc"}
    with pytest.raises(Refusal, match=r"differs in library \(asked for '0\.0\.1 abc', here '"):
        sweep_dask.make_there(STUDY, wanted.parameters.literals(), asked)


def test_an_address_where_nobody_answers_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_dask, "_PATIENCE", "1s")
    with pytest.raises(ParameterError, match="no Dask scheduler answers at tcp://localhost:9"):
        publish.sweep(STUDY, GRID, tmp_path / "out", executor="dask", scheduler="tcp://localhost:9")


def slow(number: int) -> int:
    time.sleep(0.1)
    return number**2


def test_simulations_are_shared_out_with_equal_results(cluster: Any) -> None:
    pieces = [(dependence.Cell(6, "even", 1, 0.2, False), 3, seed) for seed in range(4)]
    alone = list(share_out.shared_out(dependence.measured, pieces))
    assert list(share_out.shared_out(dependence.measured, pieces, 2)) == alone
    assert list(share_out.shared_out(dependence.measured, pieces, scheduler=cluster.scheduler_address)) == alone


def test_a_worker_killed_in_the_middle_changes_nothing(cluster: Any) -> None:
    worker = next(iter(cluster.workers.values()))
    found = []
    for number in share_out.shared_out(slow, [(k,) for k in range(40)], scheduler=cluster.scheduler_address):
        if len(found) == 3:
            os.kill(worker.process.pid, signal.SIGKILL)
        found.append(number)
    assert found == [k**2 for k in range(40)]


def test_a_worker_with_other_code_is_named(cluster: Any) -> None:
    import distributed

    def other() -> None:
        from accountability.publish.sweeps import sweep_inputs

        sweep_inputs.code = lambda: "another"

    with distributed.Client(cluster.scheduler_address, set_as_default=False) as client:
        address = next(iter(client.scheduler_info()["workers"]))
        client.run(other, workers=[address])
        with pytest.raises(SystemExit, match=f"another version of the package or its numbers: {address}"):
            list(share_out.shared_out(slow, [(1,)], scheduler=cluster.scheduler_address))
        client.restart()


SCHEDULER = """
import asyncio, distributed
async def main():
    async with distributed.Scheduler(port=0, dashboard_address=":0") as made:
        print(made.address, flush=True)
        await made.finished()
asyncio.run(main())
"""


@pytest.fixture
def doomed() -> Iterator[str]:
    """A scheduler without workers, which is lost after a second."""
    made = subprocess.Popen([sys.executable, "-c", SCHEDULER], stdout=subprocess.PIPE, text=True)
    assert made.stdout is not None
    address = made.stdout.readline().strip()
    threading.Timer(1, made.kill).start()
    yield address
    made.wait()
    made.stdout.close()


def test_a_sweep_whose_scheduler_is_lost_says_so(doomed: str, tmp_path: Path) -> None:
    made = publish.sweep(STUDY, GRID, tmp_path, executor="dask", scheduler=doomed)
    assert made.failed == 2
    assert made.table["stopped"].str.contains("scheduler at .* was lost; start it and sweep again").all()


def test_a_simulation_whose_scheduler_is_lost_says_so(doomed: str) -> None:
    with pytest.raises(SystemExit, match="was lost: start it and run this again"):
        list(share_out.shared_out(slow, [(1,)], scheduler=doomed))
