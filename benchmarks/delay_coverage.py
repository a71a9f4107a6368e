"""Do 95 % intervals hold the truth 95 % of the time? Many simulated agencies with known delays.

Run: python benchmarks/delay_coverage.py [agencies] [seed]      (2,000 agencies take about half an hour)
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from accountability import delay
from accountability.durations import Durations, Sampling

MEAN = 200.0
HORIZON = 300
CASES = 400
RATIO = 1.5


def share_open(day: int) -> float:
    """True share of cases still open at the end of a day: whole days of an exponential delay."""
    return float(np.exp(-(day + 1) / MEAN))


def true_median() -> int:
    """First day by which half have closed."""
    return int(np.ceil(MEAN * np.log(2))) - 1


def true_restricted_mean() -> float:
    """Mean of the whole days open within the horizon."""
    return float(sum(share_open(day) for day in range(HORIZON)))


def agency(rng: np.random.Generator, setting: str) -> Durations:
    """One agency: exponential delays in whole days, watched for 100 to 700 days."""
    took = rng.exponential(MEAN, CASES).astype(np.int64)
    watched = rng.integers(100, 701, CASES)
    entry = np.zeros(CASES, np.int64)
    if setting == "late entry":
        entry = np.where(rng.random(CASES) < 0.5, rng.integers(0, 60, CASES), 0)
        seen = (took >= entry) & (watched >= entry)
        took, watched, entry = took[seen], watched[seen], entry[seen]
    way = np.where(rng.random(len(took)) < 0.3, "sustained", "other")
    closed = took <= watched
    return Durations.from_days(np.minimum(took, watched), closed, entry=entry, groups={"way": way})


def holds(made: Durations) -> dict[str, bool]:
    """Whether each interval of one agency holds the truth."""
    day = 150
    curve = delay.closing_curve(made)
    at = curve.still_open_at([day]).iloc[0]
    median = curve.quantile(0.5).iloc[0]
    upper = np.inf if pd.isna(median["upper"]) else median["upper"]
    mean = delay.restricted_mean(made, HORIZON).table.iloc[0]
    ways = delay.competing_closings(made, "way").closed_at([day])
    sustained = ways[ways["way"] == "sustained"].iloc[0]
    return {
        "curve at day 150": at["lower"] <= share_open(day) <= at["upper"],
        "median": median["lower"] <= true_median() <= upper,
        "restricted mean to 300": mean["lower"] <= true_restricted_mean() <= mean["upper"],
        "closed as sustained by day 150": sustained["lower"] <= 0.3 * (1 - share_open(day)) <= sustained["upper"],
    }


def months(rng: np.random.Generator) -> Durations:
    """One agency whose receipts and closings are known to the month only, watched for 100 to 700 days."""
    edges = np.cumsum([0] + [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] * 9)
    last = 3000
    start = rng.integers(last - 700, last - 100, CASES)
    stop = start + rng.exponential(MEAN, CASES).astype(np.int64)
    closed = stop <= last
    came = np.searchsorted(edges, start, side="right") - 1
    went = np.searchsorted(edges, np.minimum(stop, last), side="right") - 1
    first, latest = edges[came], edges[came + 1] - 1
    begin, end = edges[went], np.minimum(edges[went + 1] - 1, last)
    low = np.where(closed, np.maximum(np.maximum(begin, first) - latest, 0), last - latest)
    return Durations.from_days(low, closed, high=np.where(closed, end - first, 0))


def statuses(rng: np.random.Generator) -> Durations:
    """One agency of which only the status of each case on the last day is known."""
    age = rng.integers(0, 900, CASES)
    closed = rng.exponential(MEAN, CASES).astype(np.int64) <= age
    made = Durations.from_days(np.where(closed, 0, age), closed, high=age, longest=age)
    return replace(made, current_status=True, sampling=Sampling("no_closing_date", "status_only"))


def holds_coarse(made: Durations) -> dict[str, bool]:
    """Whether the likelihood-ratio limits of one agency hold the truth."""
    at = delay.curve_limits(made, [150]).table.iloc[0]
    median = delay.quantile_limits(made).table.iloc[0]
    upper = np.inf if pd.isna(median["upper"]) else median["upper"]
    return {
        "curve at day 150": at["lower"] <= share_open(150) <= at["upper"],
        "median": median["lower"] <= true_median() <= upper,
    }


def holds_ratio(rng: np.random.Generator) -> dict[str, bool]:
    """Whether the interval of a hazard ratio of one agency holds the truth, with Efron's ties."""
    from accountability import hazard

    group = np.arange(CASES) % 2
    took = rng.exponential(np.where(group == 1, MEAN / RATIO, MEAN)).astype(np.int64)
    watched = rng.integers(100, 701, CASES)
    made = Durations.from_days(np.minimum(took, watched), took <= watched, groups={"unit": group})
    row = hazard.cox(made, "unit").table.iloc[0]
    return {"hazard ratio 1.5 (Cox)": row["low"] <= RATIO <= row["high"]}


def coverage(agencies: int, seed: int, *, coarse: bool = True) -> pd.DataFrame:
    """Share of agencies whose interval holds the truth, by setting and quantity."""
    rows = []
    for setting in ("exact dates", "late entry"):
        rng = np.random.default_rng(seed)
        found = pd.DataFrame([holds(agency(rng, setting)) for _ in range(agencies)])
        rows += [(setting, name, float(found[name].mean())) for name in found.columns]
    more: dict[str, Callable[[np.random.Generator], dict[str, bool]]] = {"exact dates": holds_ratio}
    if coarse:  # each agency takes dozens of curves
        more["months at both ends"] = lambda rng: holds_coarse(months(rng))
        more["statuses on one day"] = lambda rng: holds_coarse(statuses(rng))
    for setting, one in more.items():
        rng = np.random.default_rng(seed)
        found = pd.DataFrame([one(rng) for _ in range(agencies)])
        rows += [(setting, name, float(found[name].mean())) for name in found.columns]
    return pd.DataFrame(rows, columns=["setting", "interval", "coverage"])


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    print(coverage(count, int(sys.argv[2]) if len(sys.argv) > 2 else 1).to_string(index=False))
