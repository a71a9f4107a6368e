"""Time the models of penalties beside statsmodels and R on the same rows, in the same run.

Run from the checkout (100,000 rows by default)::

    python benchmarks/penalty.py [rows] [--continuous] [--patient] [--cpu] [--only MODEL]

Ten covariates of two values each, officers as clusters; with ``--continuous`` they are numbers that no two rows
share. R's packages are used where ``Rscript`` finds them (pscl, rms, nnet, lme4); times are those of the fit alone,
taken inside R, without clustered errors, while ours include collapsing the rows and the clustered errors. A peer that
takes minutes above 300,000 rows is left out there; ``--patient`` keeps those without which a model has no peer (the
hurdle and the random intercept); above 300,000 continuous rows our own random intercept is not run either. With
``--cpu`` processor time is taken on both sides, which a busy machine does not lengthen. The command exits with 1 when a
model takes more than a fifth of the best peer's time, or with ``--continuous`` longer than the best peer.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from accountability.stats.binary_logit import fit_logit, fit_random_intercept
from accountability.stats.design import design, with_constant
from accountability.stats.multinomial import fit_multinomial
from accountability.stats.ordered_logit import fit_ordered
from accountability.stats.truncated_counts import fit_truncated

COLUMNS = 10
FLOOR = 0.2
SLOW_FROM = 300_000

R_SCRIPT = """
d <- read.csv(commandArgs(TRUE)[1]); many <- nrow(d) > %(slow)d; alone <- !many || %(patient)s
x <- paste0("x", 0:%(last)d, collapse = " + ")
say <- function(name, run) if (grepl("%(only)s", name, fixed = TRUE)) {
  ok <- try({ t <- system.time(suppressWarnings(suppressMessages(run()))) }, silent = TRUE)
  if (!inherits(ok, "try-error")) cat(name, sum(t[%(clock)s]), "\\n")
}
has <- function(p) suppressWarnings(suppressMessages(require(p, character.only = TRUE, quietly = TRUE)))
f <- function(y) as.formula(paste(y, "~", x))
if (has("rms")) say("ordered logit|R rms lrm", function() lrm(f("rung"), d))
if (has("rms")) say("ordered logit|R rms orm", function() orm(f("rung"), d))
if (has("MASS") && !many) say("ordered logit|R MASS polr",
  function() polr(f("factor(rung)"), d, Hess = TRUE))
if (has("nnet") && !many) say("multinomial logit|R nnet multinom",
  function() multinom(f("way"), d, trace = FALSE, Hess = TRUE))
say("clustered logit|R glm", function() glm(f("hit"), binomial, d))
if (has("pscl") && alone) say("hurdle, negative binomial|R pscl hurdle",
  function() hurdle(f("days"), d, dist = "negbin"))
if (has("lme4") && alone) say("random-intercept logit|R lme4 glmer (nAGQ=0)",
  function() glmer(as.formula(paste("hit ~", x, "+ (1|place)")), d, family = binomial, nAGQ = 0))
"""


Runs = Mapping[tuple[str, str], Callable[[], object]]
OURS = "ours"
ROUNDS = 5
"""How many times a model and its peers are run in turn, so that other work of the machine meets all alike."""


def least(runs: Runs, cpu: bool) -> dict[tuple[str, str], float]:
    """Shortest of some runs of each, in seconds; one that takes seconds is run three times, one of minutes once."""
    took: dict[tuple[str, str], list[float]] = {key: [] for key in runs}
    clock = time.process_time if cpu else time.perf_counter
    for turn in range(ROUNDS):
        for key, run in runs.items():
            if turn and took[key][0] > (1 if turn > 2 else 20):
                continue
            began = clock()
            run()
            took[key].append(clock() - began)
    return {key: min(seconds) for key, seconds in took.items()}


def rows_of(rows: int, continuous: bool, seed: int = 1) -> dict[str, np.ndarray]:
    """Covariates, and outcomes that depend on them, on the officer and on the place."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 0.5, (rows, COLUMNS)) if continuous else rng.integers(0, 2, (rows, COLUMNS)).astype(float)
    officer = rng.integers(0, rows // 20, rows)
    place = officer % 200
    lean = (
        x @ np.linspace(-0.5, 0.5, COLUMNS) + rng.normal(0, 0.5, rows // 20)[officer] + rng.normal(0, 0.4, 200)[place]
    )
    mean = np.exp(1.2 + 0.5 * lean)
    days = rng.negative_binomial(1.2, 1.2 / (1.2 + mean))
    way = np.argmax(np.outer(lean, [0, 0.3, -0.4, 0.8]) + rng.gumbel(size=(rows, 4)), axis=1)
    return {
        "x": x,
        "officer": np.unique(officer, return_inverse=True)[1].astype(np.int64),
        "place": np.unique(place, return_inverse=True)[1].astype(np.int64),
        "rung": np.digitize(lean + rng.logistic(size=rows), [-1.5, -0.5, 0.5, 1.5, 2.5]),
        "way": way,
        "hit": (lean + rng.logistic(size=rows) > 1).astype(float),
        "days": np.where(rng.random(rows) < 0.5, 0, days).astype(np.int64),
    }


def ours(data: dict[str, np.ndarray]) -> dict[str, Callable[[], object]]:
    """Each model, from the matrix of rows to coefficients with clustered errors."""
    officer = data["officer"]

    frame = pd.DataFrame(data["x"], columns=[f"x{place}" for place in range(COLUMNS)])

    def patterns(constant: bool) -> tuple[np.ndarray, np.ndarray]:
        made = design(frame, list(frame.columns))
        return (with_constant(made.matrix) if constant else made.matrix), made.pattern

    def hurdle() -> object:
        held_rows, pattern = patterns(True)
        any_days = data["days"] > 0
        zero = fit_logit(held_rows, pattern, any_days.astype(float), officer)
        held, members = np.unique(pattern[any_days], return_inverse=True)
        who = np.unique(officer[any_days], return_inverse=True)[1]
        return zero, fit_truncated(held_rows[held], members, data["days"][any_days], who, "negative_binomial")

    return {
        "ordered logit": lambda: fit_ordered(*patterns(False), data["rung"], officer),
        "multinomial logit": lambda: fit_multinomial(*patterns(True), data["way"], officer),
        "clustered logit": lambda: fit_logit(*patterns(True), data["hit"], officer),
        "hurdle, negative binomial": hurdle,
        "random-intercept logit": lambda: fit_random_intercept(*patterns(True), data["hit"], data["place"]),
    }


def statsmodels_runs(data: dict[str, np.ndarray]) -> dict[tuple[str, str], Callable[[], object]]:
    """The peers in statsmodels, with clustered errors where it has them."""
    import statsmodels.api as sm
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    full = sm.add_constant(data["x"])
    clustered: dict[str, Any] = {"cov_type": "cluster", "cov_kwds": {"groups": data["officer"]}}
    runs: dict[tuple[str, str], Callable[[], object]] = {
        ("multinomial logit", "statsmodels MNLogit"): lambda: sm.MNLogit(data["way"], full).fit(
            disp=0, method="newton", **clustered
        ),
        ("clustered logit", "statsmodels Logit"): lambda: sm.Logit(data["hit"], full).fit(disp=0, **clustered),
        ("clustered logit", "statsmodels GLM"): lambda: sm.GLM(data["hit"], full, family=sm.families.Binomial()).fit(
            **clustered
        ),
    }
    if len(full) <= SLOW_FROM:
        runs["ordered logit", "statsmodels OrderedModel"] = lambda: OrderedModel(
            data["rung"], data["x"], distr="logit"
        ).fit(method="bfgs", disp=0, maxiter=200)
    return runs


def r_times(data: dict[str, np.ndarray], asked: argparse.Namespace) -> dict[tuple[str, str], float]:
    """Seconds of each fit in R, where it is installed."""
    if shutil.which("Rscript") is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "rows.csv"
        script = Path(folder) / "peers.R"
        frame = pd.DataFrame(data["x"], columns=[f"x{i}" for i in range(COLUMNS)])
        frame.assign(**{name: data[name] for name in ("rung", "way", "hit", "days", "place")}).to_csv(
            table, index=False
        )
        words = {"slow": SLOW_FROM, "patient": str(asked.patient).upper(), "last": COLUMNS - 1, "only": asked.only}
        words["clock"] = "1:2" if asked.cpu else "3"
        script.write_text(R_SCRIPT % words, encoding="utf-8")
        out = subprocess.run(["Rscript", str(script), str(table)], capture_output=True, text=True, check=True).stdout
    found = {}
    for line in out.splitlines():
        if line.count("|") == 1:
            name, rest = line.split("|")
            peer, seconds = rest.rsplit(maxsplit=1)
            found[name, peer] = float(seconds)
    return found


def main(asked: argparse.Namespace) -> int:
    """Print the table; give 1 when a model is slower than it may be."""
    rows, continuous = asked.rows, asked.continuous
    data = rows_of(rows, continuous)
    large = continuous and rows > SLOW_FROM
    own = {(model, OURS): run for model, run in ours(data).items() if not (large and model == "random-intercept logit")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        runs = {key: run for key, run in (own | statsmodels_runs(data)).items() if asked.only in key[0]}
        found = least(runs, asked.cpu) | r_times(data, asked)
    allowed = 1.0 if continuous else FLOOR
    late = 0
    print(f"{rows:,} rows, {COLUMNS} {'continuous' if continuous else 'two-valued'} covariates; seconds")
    for model in (key[0] for key in own if key in found):
        mine = found[model, OURS]
        beside = {peer: seconds for (name, peer), seconds in found.items() if name == model and peer != OURS}
        best = min(beside.values(), default=float("nan"))
        late += mine > allowed * best
        told = ", ".join(f"{peer} {seconds:.2f}" for peer, seconds in sorted(beside.items(), key=lambda held: held[1]))
        print(f"{model:<28}{mine:>8.3f}   {mine / best:>6.3f} of the best peer   ({told or 'no peer at this size'})")
    return int(late > 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="?", type=int, default=100_000)
    parser.add_argument("--continuous", action="store_true", help="numbers that no two rows share")
    parser.add_argument("--patient", action="store_true", help="wait for the slow peers too")
    parser.add_argument("--cpu", action="store_true", help="processor time instead of time passed")
    parser.add_argument("--only", default="", help="time only the models with this in their name")
    sys.exit(main(parser.parse_args()))
