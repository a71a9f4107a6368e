"""How long a grid takes: papermill on one set after another, and ``accountability sweep``; with the same results.

    python benchmarks/sweep.py [SETS] [--jobs 2]

Both run ``how_long_cases_stay_open`` on the bundled agency with the same parameters, from a warm cache of coded data.
papermill's side only executes the notebooks; the sweep's side also checks, writes pages, tables' records and the index.
It ends with status 1 when a notebook's outputs differ between the two, or a set failed.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from papermill import execute_notebook

import accountability
from accountability import publish
from accountability.publish.sweeps.grid import read_grid
from accountability.records.places import notebooks_dir

STUDY = "how_long_cases_stay_open"
PRODUCT = {
    "within_days": [90, 180, 365, 730],
    "cutoff": ["2018-12-31", "2019-12-31"],
    "group": [None, "investigated_by", "category"],
}


def grid_of(sets: int) -> dict[str, list[dict[str, object]]]:
    crossed = [
        {"within_days": within, "cutoff": cutoff, "group": group}
        for group in PRODUCT["group"]
        for cutoff in PRODUCT["cutoff"]
        for within in PRODUCT["within_days"]
    ]
    # Every so many, so that few sets are as mixed as many.
    return {"sets": crossed[:: len(crossed) // sets][:sets]}


def shown(path: Path) -> list[str]:
    notebook = nbformat.read(path, as_version=4)
    return [json.dumps(cell.outputs, sort_keys=True) for cell in notebook.cells if cell.cell_type == "code"]


def clock() -> tuple[float, float]:
    """Seconds passed, and seconds the processors worked for this process and those it has waited for."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return time.perf_counter(), sum(one.ru_utime + one.ru_stime for one in spent)


def since(before: tuple[float, float]) -> tuple[float, float]:
    passed, worked = clock()
    return passed - before[0], worked - before[1]


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("sets", type=int, nargs="?", default=24, choices=(8, 12, 24))
    asked.add_argument("--jobs", type=int, default=2)
    options = asked.parse_args()
    accountability.load("synthetic")
    grid = grid_of(options.sets)
    requests = read_grid(STUDY, grid).requests
    with tempfile.TemporaryDirectory() as base:
        begun = clock()
        swept = publish.sweep(STUDY, grid, Path(base) / "swept", jobs=options.jobs)
        ours, worked = since(begun)
        print(f"sweep, {options.jobs} jobs: {ours:.1f} s for {swept.made} sets ({worked:.1f} s of processors)")
        begun = clock()
        for number, wanted in enumerate(requests):
            execute_notebook(
                str(notebooks_dir() / f"{STUDY}.ipynb"),
                str(Path(base) / f"{number}.ipynb"),
                wanted.parameters.literals(),
                kernel_name="python3",
                progress_bar=False,
            )
        theirs, work = since(begun)
        print(f"papermill, one after another: {theirs:.1f} s ({work:.1f} s of processors)")
        # Where other programs run too, only the second says what a machine of one's own would take.
        print(f"ratio {ours / theirs:.2f}; by processors, shared evenly, {worked / options.jobs / work:.2f}")
        begun = clock()
        again = publish.sweep(STUDY, grid, Path(base) / "swept", jobs=options.jobs)
        print(f"asked again: {since(begun)[0]:.2f} s, {again.kept} kept")
        differ = [
            wanted.folder
            for number, wanted in enumerate(requests)
            # The first cell of ours is a table of the parameters, which is no code; all others are the same cells.
            if shown(Path(base) / "swept" / wanted.folder / f"{STUDY}.ipynb") != shown(Path(base) / f"{number}.ipynb")
        ]
    print(f"notebooks whose outputs differ: {len(differ)} of {len(requests)} {differ[:3]}")
    return 1 if differ or swept.failed else 0


if __name__ == "__main__":
    sys.exit(main())
