"""Time the regressions beside other programs on the same cases, in the same run.

Run: python benchmarks/hazard.py [rows] [--peers] [--only ANALYSIS] [--continuous] [--limit SECONDS]

`rows` (1,000,000 by default) cases are the Chicago release's, repeated with their days moved by up to six so that
copies differ, where the release has been fetched; else generated. With ``--peers`` lifelines, scikit-survival, surpyval
and comprisk are installed with uv into a temporary environment of their own (``--python`` names one that is there);
statsmodels is timed here, and R where there is an Rscript with its survival package. Every program gets the same eight
columns of numbers, and a quarter of an hour unless told otherwise. With ``--cpu`` processor time is taken on both
sides, which a busy machine does not lengthen; run it with ``OPENBLAS_NUM_THREADS=1 NUMBA_NUM_THREADS=1``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from peers import environment, machine, versions

COLUMNS = 8
LIMIT = 900
FLOORS = {"cox": 0.2, "cluster": 0.1, "weibull": 0.1, "finegray": 0.1}
"""Most time each may take at `FLOORS_AT` rows or more, as a share of the best peer's; with fewer, or with a continuous
column, it must be the fastest."""

FLOORS_AT = 1_000_000

R_PROGRAM = """
suppressPackageStartupMessages(library(survival)); arguments <- commandArgs(TRUE)
d <- read.csv(arguments[1]); x <- as.matrix(d[, grep("^x", names(d))])
y <- Surv(d$day, d$closed)
took <- system.time(fit <- switch(arguments[2],
  cox = coxph(y ~ x), cluster = coxph(y ~ x, cluster = d$officer), weibull = survreg(y ~ x)))
cat(sum(took[if (arguments[3] == "cpu") 1:2 else 3]), coef(fit)[grepl("^x", names(coef(fit)))][1])
"""


def chicago() -> dict[str, np.ndarray] | None:
    """Days, ending and eight columns of the Chicago release; nothing when it has not been fetched."""
    import accountability
    from accountability import Cohort
    from accountability.errors import AccountabilityError
    from accountability.study import clocks

    try:
        data = accountability.load("chicago_2000_2016")
    except (AccountabilityError, OSError):
        return None
    made = clocks.durations(Cohort.of(data))
    cases = made.table["case_id"]
    rows = data.allegations.assign(
        many=1,
        woman=data.allegations["officer_gender"].eq("female"),
        black=data.allegations["officer_race"].eq("black"),
        white=data.allegations["officer_race"].eq("white"),
        hispanic=data.allegations["officer_race"].eq("hispanic"),
        kind=data.allegations["category"].astype("str"),
    )
    common = rows["kind"].value_counts().index[:3]
    rows = rows.assign(**{f"kind{place}": rows["kind"].eq(name) for place, name in enumerate(common)})
    flags = ["woman", "black", "white", "hispanic", "kind0", "kind1", "kind2"]
    by_case = rows.groupby("case_id")[flags].any().reindex(cases, fill_value=False).astype(float)
    several = (rows.groupby("case_id")["many"].sum().reindex(cases, fill_value=1) > 1).astype(float)
    x = np.column_stack([by_case.to_numpy(), several.to_numpy()])
    officer = rows.groupby("case_id")["officer_id"].first().reindex(cases).fillna("none").astype("category").cat.codes
    return {"day": made.end, "closed": made.event, "x": x, "officer": officer.to_numpy().astype(np.int64)}


def generated(rows: int = 110_000) -> dict[str, np.ndarray]:
    """Delays of about a year, a tenth still open."""
    rng = np.random.default_rng(1)
    x = rng.integers(0, 2, (rows, COLUMNS)).astype(float)
    took = (rng.weibull(1.1, rows) * 300 * np.exp(x @ np.linspace(-0.3, 0.3, COLUMNS))).astype(np.int64)
    watched = rng.integers(200, 3000, rows)
    closed = took <= watched
    return {"day": np.minimum(took, watched), "closed": closed, "x": x, "officer": rng.integers(0, 10_000, rows)}


def cases(rows: int, continuous: bool) -> tuple[str, dict[str, np.ndarray]]:
    """Repeat the cases to a number of rows."""
    found = chicago()
    name = "generated" if found is None else "Chicago"
    base = generated() if found is None else found
    rng = np.random.default_rng(2)
    chosen = rng.permutation(rows if rows > len(base["day"]) else len(base["day"]))[:rows] % len(base["day"])
    data = {key: values[chosen] for key, values in base.items()}
    data["day"] = data["day"] + rng.integers(0, 7, rows) + 1
    data["way"] = np.where(data["closed"], rng.integers(1, 3, rows), 0)
    if continuous:
        data["x"] = data["x"].copy()
        data["x"][:, -1] = rng.normal(size=rows)
    return name, data


def best_of(run: Callable[[], float], cpu: bool, times: int = 3) -> tuple[float, float]:
    """Shortest of some runs in seconds, and the first coefficient."""
    took, found = [], np.nan
    clock = time.process_time if cpu else time.perf_counter
    for _ in range(times):
        began = clock()
        found = run()
        took.append(clock() - began)
        if took[0] > 20:
            break
    return min(took), found


def ours(data: dict[str, np.ndarray], only: str, cpu: bool) -> dict[str, tuple[float, float]]:
    """Time this package."""
    from accountability import delay
    from accountability.study.durations import Durations

    names = [f"x{place}" for place in range(data["x"].shape[1])]
    groups = {name: data["x"][:, place] for place, name in enumerate(names)}
    made = Durations.from_days(
        data["day"], data["closed"], groups={**groups, "officer": data["officer"], "way": data["way"]}
    )

    def fresh() -> Durations:
        for name in ("known_groups", "ends", "late"):  # found anew, as a peer finds them
            made.__dict__.pop(name, None)
        return made

    delay.cox(Durations.from_days([1, 2, 3, 4], groups={"x": [0, 1, 1, 0]}), ["x"])  # imports are not timed
    runs: dict[str, Callable[[], float]] = {
        "cox": lambda: delay.cox(fresh(), names).coefficients[0],
        "cluster": lambda: delay.cox(fresh(), names, cluster="officer").coefficients[0],
        "weibull": lambda: delay.parametric(fresh(), names, dates="point").coefficients[0],
        "finegray": lambda: delay.fine_gray(fresh(), names, "way", "1").coefficients[0],
    }
    return {name: best_of(run, cpu) for name, run in runs.items() if only in name}


def peer(name: str, path: str, cpu: bool) -> None:
    """Time one program, in the interpreter that runs this, and print seconds and the first coefficient."""
    data = dict(np.load(path))
    day, closed, x, officer, way = (data[key] for key in ("day", "closed", "x", "officer", "way"))
    program, analysis = name.split(":")
    columns = [f"x{place}" for place in range(x.shape[1])]

    def run() -> float:
        if program == "statsmodels":
            from statsmodels.duration.hazard_regression import PHReg

            model = PHReg(day.astype(float), x, status=closed.astype(int), ties="efron")
            return model.fit(groups=officer).params[0] if analysis == "cluster" else model.fit().params[0]
        if program == "lifelines":
            import lifelines
            import pandas as pd

            frame = pd.DataFrame(x, columns=columns).assign(day=day, closed=closed)
            if analysis == "weibull":
                fit = lifelines.WeibullAFTFitter().fit(frame, "day", "closed")
                return fit.params_["lambda_"]["x0"]
            if analysis == "cluster":
                frame["officer"] = officer
                return lifelines.CoxPHFitter().fit(frame, "day", "closed", cluster_col="officer").params_["x0"]
            return lifelines.CoxPHFitter().fit(frame, "day", "closed").params_["x0"]
        if program == "sksurv":
            from sksurv.linear_model import CoxPHSurvivalAnalysis
            from sksurv.util import Surv

            return CoxPHSurvivalAnalysis(ties="efron").fit(x, Surv.from_arrays(closed, day)).coef_[0]
        if program == "surpyval":
            import surpyval

            censored = (~closed).astype(int)
            if analysis == "weibull":
                return surpyval.WeibullAFT.fit(x=day.astype(float), Z=x, c=censored).params[-1]
            if analysis == "finegray":
                return surpyval.FineGray.fit(day.astype(float), x, way, c=censored, event=1).beta[0]
            fit = surpyval.CoxPH.fit(x=day.astype(float), Z=x, c=censored, tie_method="efron")
            if analysis == "cluster":
                fit.robust_covariance(officer)
            return fit.beta[0]
        import comprisk

        return comprisk.FineGrayRegression(robust_se=True).fit(x, time=day.astype(float), event=way).coef_[0]

    print("RESULT", *best_of(run, cpu, times=2))


def other(python: str, name: str, path: Path, limit: int, cpu: bool) -> tuple[str, float]:
    """Run one peer in its interpreter; what it says, or why it says nothing, and its seconds."""
    try:
        done = subprocess.run(
            [python, __file__, "--peer", name, "--data", str(path), *(["--cpu"] if cpu else [])],
            capture_output=True,
            text=True,
            timeout=limit,
        )
    except subprocess.TimeoutExpired:
        return f"more than {limit} s", np.inf
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT")]
    if not lines:
        return (done.stderr.strip().splitlines() or ["nothing said"])[-1][:70], np.inf
    seconds, found = lines[-1].split()[1:]
    return _told(float(seconds), float(found)), float(seconds)


def _told(seconds: float, found: float) -> str:
    return f"{seconds:9.3f} s   first coefficient {found:+.6f}"


def in_r(analysis: str, path: Path, script: Path, limit: int, cpu: bool) -> tuple[str, float]:
    """Run R's survival."""
    try:
        done = subprocess.run(
            ["Rscript", str(script), str(path), analysis, "cpu" if cpu else "wall"],
            capture_output=True,
            text=True,
            timeout=limit,
        )
    except subprocess.TimeoutExpired:
        return f"more than {limit} s", np.inf
    if done.returncode:
        return done.stderr.strip().splitlines()[-1][:70], np.inf
    seconds, found = done.stdout.split()
    return _told(float(seconds), float(found)), float(seconds)


PEERS = {
    "cox": ("statsmodels", "lifelines", "sksurv", "surpyval"),
    "cluster": ("surpyval", "statsmodels", "lifelines"),
    "weibull": ("lifelines", "surpyval"),
    "finegray": ("comprisk", "surpyval"),
}


def main(rows: int, python: str | None, asked: argparse.Namespace) -> None:
    """Print a table of times, and whether each analysis keeps its floor."""
    continuous = asked.continuous
    name, data = cases(rows, continuous)
    kind = "one of them a number of its own in every case" if continuous else "each 0 or 1"
    print(f"{machine()}; load {os.getloadavg()[0]:.1f}")
    print(f"{name}: {rows:,} cases, {int(data['closed'].sum()):,} closed, {COLUMNS} columns, {kind}")
    if python:
        print("peers:", versions(Path(python)))
    with tempfile.TemporaryDirectory() as folder:
        path, script, table = Path(folder, "data.npz"), Path(folder, "peer.R"), Path(folder, "data.csv")
        np.savez(path, **data)
        script.write_text(R_PROGRAM, encoding="utf-8")
        if shutil.which("Rscript"):
            import pandas as pd

            columns = {f"x{place}": data["x"][:, place] for place in range(COLUMNS)}
            frame = pd.DataFrame(columns).assign(day=data["day"], closed=data["closed"].astype(int))
            frame.assign(officer=data["officer"]).to_csv(table, index=False)
        for analysis, (seconds, found) in ours(data, asked.only, asked.cpu).items():
            print(f"{analysis:10s}{'this package':14s}{_told(seconds, found)}", flush=True)
            best = np.inf
            for program in PEERS[analysis]:
                if interpreter := sys.executable if program == "statsmodels" else python:
                    said, took = other(interpreter, f"{program}:{analysis}", path, asked.limit, asked.cpu)
                    print(f"{'':10s}{program:14s}{said}", flush=True)
                    best = min(best, took)
            if table.exists() and analysis != "finegray":
                said, took = in_r(analysis, table, script, asked.limit, asked.cpu)
                print(f"{'':10s}{'R survival':14s}{said}", flush=True)
                best = min(best, took)
            floor = 1.0 if continuous or rows < FLOORS_AT else FLOORS[analysis]
            if np.isfinite(best):
                verdict = "kept" if seconds <= floor * best else "MISSED"
                print(f"{'':10s}{seconds / best:.3f} of the best peer, floor {floor}: {verdict}", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Time regressions of delays.")
    parser.add_argument("rows", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--peers", action="store_true", help="install the other programs with uv and time them too")
    parser.add_argument("--python", help="interpreter of an environment with the other programs")
    parser.add_argument("--only", default="", help="time only the analyses with this in their name")
    parser.add_argument("--limit", type=int, default=LIMIT, help="seconds a peer may take")
    parser.add_argument("--continuous", action="store_true", help="make one column a number of its own in every case")
    parser.add_argument("--cpu", action="store_true", help="processor time instead of time passed")
    parser.add_argument("--peer", help=argparse.SUPPRESS)
    parser.add_argument("--data", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.peer:
        peer(chosen.peer, chosen.data, chosen.cpu)
    else:
        with tempfile.TemporaryDirectory() as place:
            made = str(environment(Path(place))) if chosen.peers else chosen.python
            main(chosen.rows, made, chosen)
