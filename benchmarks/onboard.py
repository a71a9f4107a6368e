"""Processor time and memory of a proposal and a check of a large file: ``python benchmarks/onboard.py 100000 40``.

The goal is 10 s and 1 GB for 100,000 rows of 40 columns; on 28 November 2026 it took 8.1 s and 540 MB (2 processors).
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from accountability.records.onboard.check import check
from accountability.records.onboard.propose import new_source


def made(rows: int, columns: int, seed: int = 1) -> pd.DataFrame:
    """A wide file of complaints: ids, dates, few values, numbers, and long texts."""
    rng = np.random.default_rng(seed)
    day = np.datetime64("2015-01-01") + rng.integers(0, 2000, rows)
    table = {
        "Case No": [f"C{i:07}" for i in range(rows)],
        "Officer Id": rng.integers(10_000, 20_000, rows).astype(str),
        "Date Received": day.astype(str),
        "Date Closed": (day + rng.integers(1, 700, rows)).astype(str),
        "Finding": rng.choice(["Sustained", "Not Sustained", "Unfounded", "Exonerated"], rows),
        "Officer Name": [f"Name{i % 997}, First{i % 89}" for i in range(rows)],
    }
    for at in range(len(table), columns):
        kinds = (
            lambda: rng.choice(["North", "South", "East", "West"], rows),
            lambda: rng.integers(0, 100, rows).astype(str),
            lambda: rng.integers(0, 10**6, rows).astype(str),
            lambda: [f"Some words of a note, number {i}" for i in rng.integers(0, rows, rows)],
        )
        table[f"Field {at}"] = kinds[at % len(kinds)]()
    return pd.DataFrame(table)


@contextmanager
def timed(what: str, told: dict[str, float]) -> Iterator[None]:
    """Processor seconds of a block."""
    start = time.process_time()
    yield
    told[what] = time.process_time() - start


def measured(rows: int, columns: int) -> dict[str, float]:
    """Processor seconds of the proposal and of the check."""
    told: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "complaints.csv"
        made(rows, columns).to_csv(path, index=False)
        with timed("proposal", told):
            folder = new_source("large", [path], into=Path(place) / "data")
        with timed("check", told):
            check(folder)
    return told


if __name__ == "__main__":
    rows, columns = (int(argument) for argument in sys.argv[1:3])
    for what, seconds in measured(rows, columns).items():
        print(f"{what}: {seconds:.1f} s of processor time")
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
