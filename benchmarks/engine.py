"""What surrounds the estimators, by processor time: first calls, corrected errors, late recording, shares, releases.

    python benchmarks/engine.py {first|corrected|lagged|describe|releases}

``first`` and ``describe`` take Chicago 2000-2016, or the bundled agency where that is not fetched. Each prints one line
with the ratio or the seconds that ``bench.py`` reads.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd

FIRST = """
import time
from engine import chicago
from accountability import outcomes
data = chicago()
took = []
for _ in range(3):
    began = time.process_time()
    outcomes.sustained_logit(data, ["category"])
    took.append(time.process_time() - began)
print(took[0], min(took[1:]))
"""


def chicago() -> Any:
    """Chicago's release, or the bundled agency."""
    import accountability
    from accountability.errors import AccountabilityError

    try:
        return accountability.load("chicago_2000_2016")
    except (AccountabilityError, OSError):
        return accountability.load("synthetic")


def least(run: Callable[[], object], times: int = 5) -> float:
    """Least processor seconds of some runs, after one that is not timed."""
    run()
    took = []
    for _ in range(times):
        began = time.process_time()
        run()
        took.append(time.process_time() - began)
    return min(took)


def first() -> str:
    """The first call of a model in a process, with what it imports, beside the second."""
    here = str(Path(__file__).resolve().parent)
    runs = []
    for _ in range(5):
        code = f"import sys; sys.path.insert(0, {here!r})\n{FIRST}"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        runs.append([float(word) for word in done.stdout.split()])
    one, two = (min(column) for column in zip(*runs, strict=True))
    return f"first {one:.3f} s, second {two:.3f} s, ratio {one / two:.2f}"


def corrected() -> str:
    """A logit of 100,000 rows: CR2 with Satterthwaite's degrees of freedom, beside CR1; the fit, and the whole call."""
    import accountability
    from accountability import outcomes
    from accountability.stats import cell_likelihood
    from accountability.stats.binary_logit import fit_logit
    from accountability.stats.sandwich import Clustered, named_ways, sandwich

    rng = np.random.default_rng(1)
    rows, officers = 100_000, 12_000
    codes = rng.integers(0, 64, rows)
    held = (np.arange(64)[:, None] >> np.arange(6) & 1).astype(float)
    design, officer = np.hstack([np.ones((64, 1)), held]), rng.integers(0, officers, rows)
    officer = np.unique(officer, return_inverse=True)[1]
    lean = rng.normal(0, 0.5, officers)[officer] + design[codes] @ np.linspace(-0.5, 0.3, 7)
    hit = (lean + rng.logistic(size=rows) > 1).astype(float)

    def full() -> object:
        fit = fit_logit(design, codes, hit, officer)
        each = np.eye(7)
        return fit.errors.free(each), fit.errors.effective(each)

    def factor(bread: Any, scores: Any, cell: Any, ways: Any, known: Any, power: float) -> Clustered:
        (way,) = named_ways(ways).values()
        return Clustered(sandwich(bread, scores, cell, way, corrected=True), officers)

    def plain() -> object:
        # The same fit, its errors with the factor G/(G-1) (n-1)/(n-k) alone.
        with mock.patch.object(cell_likelihood, "clustered", factor):
            return fit_logit(design, codes, hit, officer)

    two, one = least(full, 15), least(plain, 15)
    columns = [f"x{place}" for place in range(6)]
    frame = pd.DataFrame(held.astype(int), columns=columns).iloc[codes].reset_index(drop=True)
    frame = frame.assign(id=np.arange(rows).astype(str), officer=officer.astype(str), closed="2019-06-01")
    frame = frame.assign(received="2019-01-01", finding=np.where(hit == 1, "sustained", "not_sustained"))
    data = accountability.from_frame(
        frame, case_id="id", officer="officer", received="received", closed="closed", finding="finding",
        columns=columns, observed_until="2019-12-31",
    )  # fmt: skip

    def call() -> object:
        return outcomes.sustained_logit(data, columns)

    def called() -> object:
        with mock.patch.object(cell_likelihood, "clustered", factor):
            return outcomes.sustained_logit(data, columns)

    whole, alone = least(call), least(called)
    return (
        f"fit: CR1 {1000 * one:.1f} ms, CR2 with degrees of freedom {1000 * two:.1f} ms, ratio {two / one:.2f}; "
        f"whole call: {1000 * alone:.0f} ms and {1000 * whole:.0f} ms, ratio {whole / alone:.2f}"
    )


def lagged() -> str:
    """The lag of recording from two looks at 1,000,000 complaints, and the curve corrected by it."""
    from accountability.stats.recording_lag import corrected_closed, recorded_share

    rng = np.random.default_rng(1)
    rows, apart = 1_000_000, 900
    age = rng.integers(0, 1500, rows)
    seen = rng.exponential(60, rows) < age
    last, took = rng.integers(0, 560, rows), rng.exponential(260, rows).astype(np.int64)
    day = np.where(took + rng.exponential(60, rows) <= last, took, -1)

    def run() -> object:
        return corrected_closed(last, day, recorded_share(age, seen, apart), np.arange(0, 500))

    return f"1,000,000 rows, {least(run):.3f} s"


def describe() -> str:
    """Shares by category, clustered by officer and complaint, beside pandas' counts of the same groups."""
    from accountability import tables
    from accountability.tables.rows_described import NOT_RECORDED

    data = chicago()
    rows = data.allegations

    def grouped() -> object:
        hit = rows.assign(hit=rows["finding"].eq("sustained")).merge(data.cases, on="case_id", how="left")
        return hit.groupby(hit["category"].astype("str").fillna(NOT_RECORDED)).agg(
            n=("hit", "size"),
            events=("hit", "sum"),
            share=("hit", "mean"),
            officers=("officer_id", "nunique"),
            cases=("case_id", "nunique"),
        )

    own, pandas = least(lambda: tables.describe(data, "sustained", by="category")), least(grouped)
    found, counted = tables.describe(data, "sustained", by="category").true_numbers(), grouped()["n"]
    if dict(zip(found["category"], found["n"], strict=True)) != counted.to_dict():
        raise SystemExit("the two sides count different groups")
    return f"describe {own:.3f} s, pandas groupby {pandas:.3f} s, ratio {own / pandas:.2f}"


def releases() -> str:
    """Two releases of 1,000,000 complaints compared."""
    from growth import measured

    with tempfile.TemporaryDirectory() as base:
        found = measured("two releases compared", 1_000_000, Path(base))
    return f"compared in {found['seconds']:.2f} s, peak {found['megabytes'] / 1024:.2f} GB"


if __name__ == "__main__":
    print({one.__name__: one for one in (first, corrected, lagged, describe, releases)}[sys.argv[1]]())
