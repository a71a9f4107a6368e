"""How often 95 % intervals of the regressions hold the planted truth, over simulated agencies.

Run: python benchmarks/hazard_coverage.py [agencies] [--only WORD] [--skip HUNDREDS] [--jobs 2 | --scheduler ADDRESS]
(2,000 agencies by default)

Each hundred agencies have their own random numbers, so a long run may be done in pieces whose counts add up.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import pandas as pd
from share_out import options, shared_out

from accountability import delay
from accountability.study.durations import Durations

RATIO = 0.5
"""Planted logarithm of the ratio of daily rates."""

MEAN = 200.0
SHARE = 0.5
"""Share of the first group that would close in the first way, when two ways compete."""

CASES = 250
MONTH = 30
TOGETHER = 100
LOWEST, HIGHEST = 0.935, 0.965


def truth_of_difference(day: int) -> float:
    """Planted difference of the shares closed by the end of a day."""
    return float(np.exp(-(day + 1) / MEAN) - np.exp(-(day + 1) / MEAN * np.exp(RATIO)))


def agency(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """One agency's cases: two groups, exponential delays, random cut-offs."""
    group = rng.integers(0, 2, CASES)
    took = rng.exponential(MEAN / np.exp(RATIO * group)).astype(np.int64)
    watched = rng.integers(60, 700, CASES)
    return {"group": group, "took": took, "watched": watched, "way": rng.integers(1, 3, CASES)}


def exact(rng: np.random.Generator) -> Durations:
    """Dates known to the day."""
    made = agency(rng)
    groups = {"group": made["group"], "way": made["way"], "officer": rng.integers(0, 80, CASES)}
    closed = made["took"] <= made["watched"]
    return Durations.from_days(np.minimum(made["took"], made["watched"]), closed, groups=groups)


def late(rng: np.random.Generator) -> Durations:
    """Half of the cases come into sight late, if they are still open."""
    parts = [agency(rng) for _ in range(2)]
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    entry = np.where(rng.random(2 * CASES) < 0.5, rng.integers(0, 100, 2 * CASES), 0)
    last = np.minimum(whole["took"], whole["watched"])
    seen = last >= entry
    closed = (whole["took"] <= whole["watched"])[seen]
    return Durations.from_days(last[seen], closed, entry_time=entry[seen], groups={"group": whole["group"][seen]})


def months(rng: np.random.Generator) -> Durations:
    """Received and closed in months of thirty days, the days not known."""
    made = agency(rng)
    start = rng.integers(0, 900, CASES)
    cutoff = 45 * MONTH - 1
    stop = start + made["took"]
    closed = stop <= cutoff
    begin, end = start // MONTH * MONTH, stop // MONTH * MONTH
    low = np.where(closed, np.maximum(end - begin - MONTH + 1, 0), cutoff - begin - MONTH + 1)
    high = np.where(closed, end + MONTH - 1 - begin, 0)
    return Durations.from_days(low, closed, days_upper=high, longest=cutoff - begin, groups={"group": made["group"]})


def shares(rng: np.random.Generator) -> Durations:
    """Two ways of closing, the share of the first having the planted ratio of its subdistribution rate."""
    group = rng.integers(0, 2, CASES)
    ratio = np.exp(RATIO * group)
    # Fine and Gray's own design: the share closed in the first way by t is 1 - (1 - p (1 - exp(-t / MEAN)))^ratio.
    ever = 1 - (1 - SHARE) ** ratio
    first_way = rng.random(CASES) < ever
    reached = 1 - (1 - rng.random(CASES) * ever) ** (1 / ratio)
    took = np.where(first_way, -MEAN * np.log1p(-reached / SHARE), rng.exponential(MEAN, CASES)).astype(np.int64)
    watched = rng.integers(60, 700, CASES)
    groups = {"group": group, "way": np.where(first_way, "1", "2")}
    return Durations.from_days(np.minimum(took, watched), took <= watched, groups=groups)


def holds(row: pd.Series, truth: float) -> bool:
    """Whether the interval of a ratio holds its truth."""
    return bool(row["lower"] <= np.exp(truth) <= row["upper"])


def first(fit: delay.Cox) -> pd.Series:
    return fit.true_numbers().iloc[0]


def difference_holds(made: Durations) -> bool:
    model = delay.cox(made, ["group"])
    row = delay.share_differences(model, {"group": 1}, {"group": 0}, days=[100]).table.iloc[0]
    return bool(row["lower"] <= truth_of_difference(100) <= row["upper"])


def planned() -> dict[str, tuple[Callable[[np.random.Generator], Durations], Callable[[Durations], bool]]]:
    """What is simulated, and whether an interval holds its truth."""
    cox, discrete, parametric = delay.cox, delay.discrete_time, delay.parametric
    return {
        "Cox, exact dates": (exact, lambda made: holds(first(cox(made, ["group"])), RATIO)),
        "Cox, clustered errors": (exact, lambda made: holds(first(cox(made, ["group"], cluster="officer")), RATIO)),
        "Cox, late entry": (late, lambda made: holds(first(cox(made, ["group"])), RATIO)),
        "Cox, one of two ways": (
            exact,
            lambda made: holds(first(cox(made, ["group"], causes="way", cause="1")), RATIO),
        ),
        "Fine-Gray, two ways": (
            shares,
            lambda made: holds(delay.fine_gray(made, ["group"], "way", "1").true_numbers().iloc[0], RATIO),
        ),
        "difference of shares closed by day 100": (exact, difference_holds),
        "Weibull, exact dates": (exact, lambda made: holds(parametric(made, ["group"]).true_numbers().iloc[0], -RATIO)),
        "discrete time, months": (
            months,
            lambda made: holds(discrete(made, ["group"], period=MONTH).true_numbers().iloc[0], RATIO),
        ),
    }


def some(name: str, seed: int, hundred: int, agencies: int) -> int:
    """Of how many agencies the interval of an analysis holds the truth."""
    rng = np.random.default_rng([seed, list(planned()).index(name), hundred])
    make, held = planned()[name]
    return sum(held(make(rng)) for _ in range(agencies))


def coverage(
    agencies: int, seed: int = 1, only: str = "", skipped: int = 0, jobs: int = 1, scheduler: str = ""
) -> pd.DataFrame:
    """Share of agencies whose interval holds the truth, by analysis."""
    pieces = [
        (name, seed, hundred, min(TOGETHER, agencies - start))
        for name in planned()
        if only in name
        for hundred, start in enumerate(range(0, agencies, TOGETHER), skipped)
    ]
    good = dict.fromkeys([name for name, *_ in pieces], 0)
    for (name, *_), held in zip(pieces, shared_out(some, pieces, jobs, scheduler), strict=True):
        good[name] += held
    table = pd.DataFrame([{"interval of": name, "agencies": agencies, "held": held} for name, held in good.items()])
    share = table["held"] / table["agencies"]
    inside = share.between(LOWEST, HIGHEST).map({True: "yes", False: "NO"})
    return table.assign(coverage=share, error=np.sqrt(share * (1 - share) / table["agencies"]), within=inside)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("agencies", nargs="?", type=int, default=2000)
    parser.add_argument("--only", default="", help="analyses with this in their name")
    parser.add_argument("--skip", type=int, default=0, help="hundreds of agencies done in another piece")
    options(parser)
    asked = parser.parse_args()
    table = coverage(asked.agencies, only=asked.only, skipped=asked.skip, jobs=asked.jobs, scheduler=asked.scheduler)
    print(table.round(4).to_string(index=False))
