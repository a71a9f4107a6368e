"""Time the delay estimators beside other packages on the same cases, in the same run.

Run: python benchmarks/delay.py [rows] [--peers] [--only WORD]      (1,000,000 rows by default)

The cases are Chicago's, repeated to the number asked; where that release cannot be found, generated ones of its kind.
With ``--peers`` lifelines, scikit-survival and surpyval are installed with uv into a temporary environment of their
own, since one of them cannot share ours, and timed there on the same arrays; R's survival is timed where Rscript is.
Both sides start from arrays in memory; the shortest of three runs counts. With ``--cpu`` processor time is taken on
both sides, which a busy machine does not lengthen; run it with ``OPENBLAS_NUM_THREADS=1 NUMBA_NUM_THREADS=1``. Of
resampling the peers do a part, and the time is multiplied: 5 of 500 resamples, 10 of 999 shuffles; ours does all.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from peers import environment, machine, versions

import accountability
from accountability import delay
from accountability.errors import AccountabilityError
from accountability.study import clocks
from accountability.study.durations import Durations

FLOORS = {
    "closing curve": 0.2,
    "closing curve, 10 groups": 0.2,
    "log-rank, 10 groups": 0.2,
    "competing closings": 0.2,
    "restricted mean": 0.1,
    "interval-dated curve, months": 1 / 3,
    "500 cluster-bootstrap medians": 0.1,
    "permutation test, 999": 0.05,
}
"""Most time each may take, as a share of the best peer's, from `FLOORS_AT` rows on; before, all of it."""

FLOORS_AT = 1_000_000


def best_of(run: Callable[[], object], clock: Callable[[], float], times: int = 3) -> float:
    """Shortest of some runs, in milliseconds."""
    took = []
    for _ in range(times):
        began = clock()
        run()
        took.append(clock() - began)
        if sum(took) > 20:
            break
    return 1000 * min(took)


def cases(rows: int, seed: int = 1) -> tuple[str, dict[str, np.ndarray]]:
    """Delays of Chicago's complaints repeated, ten groups, two ways of closing, 10,000 clusters; and whose they are."""
    rng = np.random.default_rng(seed)
    try:
        made = clocks.durations(accountability.load("chicago_2000_2016"))
        place = np.arange(rows) % len(made)
        end, closed, whose = made.end[place], made.event[place], "Chicago"
    except AccountabilityError:
        took, watched = (rng.weibull(1.1, rows) * 300).astype(np.int64), rng.integers(200, 3000, rows)
        end, closed, whose = np.minimum(took, watched), took <= watched, "generated"
    start = rng.integers(0, 5000, rows)
    first, last = start // 30 * 30, (start + end) // 30 * 30
    return whose, {
        "day": end,
        "closed": closed,
        "group": rng.integers(0, 10, rows),
        "way": np.where(closed, rng.integers(1, 3, rows), 0),
        "low": np.where(closed, np.maximum(last - first - 29, 0), np.maximum(end - 29, 0)),
        "high": last - first + 29,
        "officer": rng.integers(0, 10_000, rows),
    }


def ours(data: dict[str, np.ndarray]) -> dict[str, Callable[[], object]]:
    """Our analyses by name."""
    groups = {name: data[name] for name in ("group", "way", "officer")}
    made = Durations.from_days(data["day"], data["closed"], groups=groups)
    months = Durations.from_days(data["low"], data["closed"], days_upper=np.maximum(data["high"], data["low"]))

    def fresh() -> Durations:
        # Groups and the count of each case's end are found anew, as a peer finds them.
        for name in ("known_groups", "ends", "late"):
            made.__dict__.pop(name, None)
        return made

    horizon = int(np.quantile(data["day"], 0.9))
    return {
        "closing curve": lambda: delay.closing_curve(fresh()),
        "closing curve, 10 groups": lambda: delay.closing_curve(fresh(), by="group"),
        "log-rank, 10 groups": lambda: delay.compare(fresh(), "group", "logrank"),
        "competing closings": lambda: delay.competing_closings(fresh(), "way"),
        "restricted mean": lambda: delay.restricted_mean(fresh(), horizon),
        "interval-dated curve, months": lambda: delay.interval_curve(months),
        "500 cluster-bootstrap medians": lambda: delay.bootstrap(fresh(), 1, cluster="officer"),
        "permutation test, 999": lambda: delay.compare(fresh(), "group", "permutation", seed=1),
    }


PEER = """
import json, sys, time, warnings
import numpy as np
warnings.simplefilter("ignore")
z = np.load(sys.argv[1]); d = {k: z[k] for k in z.files}
day, closed, group, way = d["day"].astype(float), d["closed"], d["group"], d["way"]
horizon = int(np.quantile(day, 0.9))
out, wanted = {}, sys.argv[2].split("|")
clock = time.process_time if sys.argv[3] == "cpu" else time.perf_counter
def timed(package, name, run):
    if name not in wanted: return
    try:
        took = []
        for _ in range(3):
            t = clock(); run(); took.append(clock() - t)
            if sum(took) > 20: break
        out.setdefault(name, {})[package] = 1000 * min(took)
    except Exception as error:
        out.setdefault(name, {})[package] = f"{type(error).__name__}: {error}"[:80]
each = [group == g for g in range(10)]
try:
    from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight, survdiff
    s = closed.astype(int)
    timed("statsmodels", "closing curve", lambda: SurvfuncRight(day, s).surv_prob_se)
    timed("statsmodels", "closing curve, 10 groups", lambda: [SurvfuncRight(day[g], s[g]).surv_prob_se for g in each])
    timed("statsmodels", "log-rank, 10 groups", lambda: survdiff(day, s, group))
    timed("statsmodels", "competing closings", lambda: CumIncidenceRight(day, way).cinc_se)
except ImportError: pass
try:
    from lifelines import KaplanMeierFitter
    from lifelines.statistics import multivariate_logrank_test
    from lifelines.utils import restricted_mean_survival_time as rmst
    timed("lifelines", "closing curve", lambda: KaplanMeierFitter().fit(day, closed))
    timed("lifelines", "closing curve, 10 groups", lambda: [KaplanMeierFitter().fit(day[g], closed[g]) for g in each])
    timed("lifelines", "log-rank, 10 groups", lambda: multivariate_logrank_test(day, group, closed))
    timed("lifelines", "restricted mean",
          lambda: rmst(KaplanMeierFitter().fit(day, closed), horizon, return_variance=True))
except ImportError: pass
try:
    from sksurv.compare import compare_survival
    from sksurv.nonparametric import cumulative_incidence_competing_risks, kaplan_meier_estimator
    from sksurv.util import Surv
    km = lambda c, t: kaplan_meier_estimator(c, t, conf_type="log-log")
    timed("scikit-survival", "closing curve", lambda: km(closed, day))
    timed("scikit-survival", "closing curve, 10 groups", lambda: [km(closed[g], day[g]) for g in each])
    timed("scikit-survival", "log-rank, 10 groups", lambda: compare_survival(Surv.from_arrays(closed, day), group))
    timed("scikit-survival", "competing closings",
          lambda: cumulative_incidence_competing_risks(way, day, conf_type="log-log"))
except ImportError: pass
try:
    import surpyval
    c = (~closed).astype(int)
    timed("surpyval", "closing curve", lambda: surpyval.KaplanMeier.fit(day, c=c))
    timed("surpyval", "log-rank, 10 groups", lambda: surpyval.logrank(day, group, c=c))
    timed("surpyval", "restricted mean", lambda: surpyval.KaplanMeier.fit(day, c=c).rmst(horizon))
    low, high = d["low"].astype(float), np.maximum(d["high"], d["low"]).astype(float)
    xl, xr = low - 1, np.where(closed, high, np.inf)
    timed("surpyval", "interval-dated curve, months", lambda: surpyval.Turnbull.fit(xl=xl, xr=xr))
except ImportError: pass
rng = np.random.default_rng(1)
order = np.argsort(d["officer"], kind="stable"); cut = np.searchsorted(d["officer"][order], np.arange(10001))
def medians(times):
    # The plain loop: draw officers, gather their cases, sort, product-limit.
    for _ in range(times):
        pick = rng.integers(0, 10000, 10000)
        rows = np.concatenate([order[cut[i]:cut[i + 1]] for i in pick])
        n = np.bincount(d["day"][rows]); k = np.bincount(d["day"][rows][closed[rows]], minlength=len(n))
        risk = n.sum() - np.cumsum(n) + n
        np.argmax(np.cumprod(1 - k / np.maximum(risk, 1)) <= 0.5)
if "500 cluster-bootstrap medians" in wanted:
    t = clock(); medians(5)
    out.setdefault("500 cluster-bootstrap medians", {})["numpy loop"] = 1e5 * (clock() - t)
    def drawn(times):
        for _ in range(times):
            pick = rng.integers(0, 10000, 10000)
            rows = np.concatenate([order[cut[i]:cut[i + 1]] for i in pick])
            KaplanMeierFitter().fit(day[rows], closed[rows]).median_survival_time_
    try:
        t = clock(); drawn(2)
        out["500 cluster-bootstrap medians"]["lifelines"] = 2.5e5 * (clock() - t)
    except NameError: pass
if "permutation test, 999" in wanted:
    from scipy.stats import permutation_test
    days = int(d["day"].max()) + 1
    count = np.bincount(d["day"], minlength=days); done = np.bincount(d["day"][closed], minlength=days)
    pace = np.cumsum(done / np.maximum(len(day) - np.cumsum(count) + count, 1))
    score = closed - pace[d["day"]]
    size = np.bincount(group)
    t = clock()
    permutation_test((group,), lambda g: (np.bincount(g, score) ** 2 / size).sum(), permutation_type="pairings",
                     n_resamples=10, vectorized=False, alternative="greater", rng=np.random.default_rng(1))
    out["permutation test, 999"] = {"scipy": 1000 * 99.9 * (clock() - t)}
print(json.dumps(out))
"""

R_LIMIT = 120
"""Seconds R may take for one call."""

R_PEER = """
suppressMessages(library(survival)); a <- commandArgs(TRUE)
d <- data.frame(matrix(readBin(a[1], "double", as.integer(a[2]) * 4), ncol = 4)); names(d) <- c("t", "s", "g", "w")
timed <- function(f) min(sapply(1:1, function(i) sum(system.time(f())[if (a[3] == "cpu") 1:2 else 3]))) * 1000
runs <- list(
  "closing curve" = function() survfit(Surv(t, s) ~ 1, d),
  "closing curve, 10 groups" = function() survfit(Surv(t, s) ~ g, d),
  "log-rank, 10 groups" = function() survdiff(Surv(t, s) ~ g, d),
  "competing closings" = function() survfit(Surv(t, factor(w)) ~ 1, d))
runs <- runs[names(runs) %in% strsplit(a[4], "|", fixed = TRUE)[[1]]]
said <- sapply(names(runs), function(n) sprintf('"%s": {"R survival": %f}', n, timed(runs[[n]])))
cat("{", paste(said, collapse = ", "), "}", sep = "")
"""


def peers(
    data: dict[str, np.ndarray], wanted: list[str], cpu: bool, python: Path, folder: Path
) -> dict[str, dict[str, float | str]]:
    """Time the peers of one environment, and R where it is."""
    np.savez(folder / "cases.npz", **data)
    (folder / "peer.py").write_text(PEER)
    clock = "cpu" if cpu else "wall"
    command = [python, folder / "peer.py", folder / "cases.npz", "|".join(wanted), clock]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, dict[str, float | str]] = json.loads(ran.stdout.splitlines()[-1])
    if shutil.which("Rscript") and any(f'"{name}"' in R_PEER for name in wanted):
        columns = np.stack([data[name].astype(float) for name in ("day", "closed", "group", "way")])
        columns.tofile(folder / "cases.bin")
        (folder / "peer.R").write_text(R_PEER)
        call = [
            "Rscript",
            str(folder / "peer.R"),
            str(folder / "cases.bin"),
            str(len(data["day"])),
            clock,
            "|".join(wanted),
        ]
        try:
            said = subprocess.run(call, capture_output=True, text=True, check=False, timeout=R_LIMIT)
        except subprocess.TimeoutExpired:
            print(f"R was not timed: it took more than {R_LIMIT} s")
            return found
        if said.returncode == 0:
            for name, times in json.loads(said.stdout).items():
                found.setdefault(name, {}).update(times)
        else:
            print(f"R was not timed: {said.stderr.strip()[:200]}")
    return found


def main(rows: int, python: Path | None, folder: Path, only: str, cpu: bool) -> pd.DataFrame:
    """Time every analysis here and in every peer, and say which keep their floor."""
    whose, data = cases(rows)
    runs = ours(data)
    if rows > 5_000_000:  # of ten million only the curves
        runs = {name: run for name, run in runs.items() if name.startswith(("closing", "competing"))}
    runs = {name: run for name, run in runs.items() if only in name}
    mine = {}
    for name, run in runs.items():
        run()  # imports and first use are not timed
        mine[name] = best_of(run, time.process_time if cpu else time.perf_counter)
    others = peers(data, list(runs), cpu, python or Path(sys.executable), folder)
    out = []
    for name, took in mine.items():
        timed = {peer: ms for peer, ms in others.get(name, {}).items() if not isinstance(ms, str)}
        best = min(timed, key=lambda peer: timed[peer]) if timed else ""
        share = took / timed[best] if best else np.nan
        floor = FLOORS[name] if rows >= FLOORS_AT else 1.0
        verdict = "no peer" if not best else "kept" if share <= floor else "MISSED"
        out.append((name, took, best, timed.get(best, np.nan), share, floor, verdict))
    print(f"{whose}: {rows:,} cases; {machine()}; load {os.getloadavg()[0]:.1f}")
    print("peers:", versions(python or Path(sys.executable)))
    for name, times in others.items():
        print(name, {peer: (round(ms, 1) if not isinstance(ms, str) else ms) for peer, ms in times.items()})
    columns = ["analysis", "ours ms", "best peer", "its ms", "share", "floor", "verdict"]
    return pd.DataFrame(out, columns=columns)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--peers", action="store_true", help="install the other packages with uv and time them too")
    parser.add_argument("--only", default="", help="time only analyses with this in their name")
    parser.add_argument("--cpu", action="store_true", help="processor time instead of time passed")
    parser.add_argument("--python", type=Path, help="an environment that already has the peers")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a peer divides by zero where everyone has closed
        home = environment(Path(place)) if asked.peers else asked.python
        print(main(asked.rows, home, Path(place), asked.only, asked.cpu).round(3).to_string(index=False))
