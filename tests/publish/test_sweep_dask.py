"""A Dask cluster of two workers makes the same reports as this machine alone, and says why when it cannot."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from accountability import publish
from accountability.errors import ParameterError, Refusal
from accountability.publish import runner
from accountability.publish.request import request
from accountability.publish.sweeps import sweep_dask
from accountability.publish.sweeps.sweep_inputs import inputs

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
