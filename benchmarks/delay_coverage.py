"""Do 95 % intervals hold the truth 95 % of the time? Many simulated agencies with known delays.

Run: python benchmarks/delay_coverage.py [agencies] [seed]      (2,000 agencies take a minute or two)
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

from accountability import delay
from accountability.durations import Durations

MEAN = 200.0
HORIZON = 300
CASES = 400


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


def coverage(agencies: int, seed: int) -> pd.DataFrame:
    """Share of agencies whose interval holds the truth, by setting and quantity."""
    rows = []
    for setting in ("exact dates", "late entry"):
        rng = np.random.default_rng(seed)
        found = pd.DataFrame([holds(agency(rng, setting)) for _ in range(agencies)])
        rows += [(setting, name, float(found[name].mean())) for name in found.columns]
    return pd.DataFrame(rows, columns=["setting", "interval", "coverage"])


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    print(coverage(count, int(sys.argv[2]) if len(sys.argv) > 2 else 1).to_string(index=False))
