"""Do 95 % intervals hold the truth 95 % of the time? Many simulated agencies with known delays.

Run: python benchmarks/delay_coverage.py [agencies] [seed] [--only SETTING] [--skip HUNDREDS] [--jobs 2 | --scheduler
ADDRESS]      (2,000 agencies by default)

Curves of a hundred agencies are estimated in one call, as groups. Each hundred has its own random numbers, so a long
run may be done in pieces whose counts add up: ``500 1 --skip 5`` is the sixth to the tenth hundred. The coefficients of
the regressions are in hazard_coverage.py.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
from share_out import options, shared_out

from accountability import delay
from accountability.study.durations import Durations, Sampling

MEAN = 200.0
HORIZON = 300
CASES = 400
DAY = 150
SUSTAINED = 0.3
TOGETHER = 100
"""Agencies estimated in one call."""

LOWEST, HIGHEST = 0.935, 0.965


def share_open(day: int) -> float:
    """True share of cases still open at the end of a day: whole days of an exponential delay."""
    return float(np.exp(-(day + 1) / MEAN))


def true_median() -> int:
    """First day by which half have closed."""
    return int(np.ceil(MEAN * np.log(2))) - 1


def true_restricted_mean() -> float:
    """Mean of the whole days open within the horizon."""
    return float(sum(share_open(day) for day in range(HORIZON)))


def exact(rng: np.random.Generator, agencies: int) -> Durations:
    """Agencies with exponential delays in whole days, watched for 100 to 700 days; three in ten are sustained."""
    return _agencies(rng, agencies, np.zeros(agencies * CASES, np.int64))


def late(rng: np.random.Generator, agencies: int) -> Durations:
    """The same, of which half come into sight up to 60 days late, if they are still open then."""
    rows = agencies * CASES
    return _agencies(rng, agencies, np.where(rng.random(rows) < 0.5, rng.integers(0, 60, rows), 0))


def _agencies(rng: np.random.Generator, agencies: int, entry: np.ndarray) -> Durations:
    rows = agencies * CASES
    took, watched = rng.exponential(MEAN, rows).astype(np.int64), rng.integers(100, 701, rows)
    way = np.where(rng.random(rows) < SUSTAINED, "sustained", "other")
    seen = (took >= entry) & (watched >= entry)
    end, closed = np.minimum(took, watched), took <= watched
    groups = {"agency": np.repeat(np.arange(agencies), CASES)[seen], "way": way[seen]}
    return Durations.from_days(end[seen], closed[seen], entry_time=entry[seen], groups=groups)


def holds(made: Durations) -> pd.DataFrame:
    """Whether each interval of each agency holds the truth."""
    return _held_by(delay.closing_curve(made, "agency"), delay.competing_closings(made, "way", "agency"), made)


def holds_smooth(made: Durations) -> pd.DataFrame:
    """As :func:`holds`, from dates known to the month."""
    curve = delay.coarse_curve(made, "agency", causes="way")
    return _held_by(curve, curve, made)


def _held_by(
    curve: delay.DelayCurve | delay.CoarseCurve, closings: delay.CompetingClosings | delay.CoarseCurve, made: Durations
) -> pd.DataFrame:
    mean = delay.restricted_mean(made, HORIZON, "agency").table
    ways = closings.causes_at([DAY]) if isinstance(closings, delay.CoarseCurve) else closings.at([DAY])
    sustained = ways[ways["cause"] == "sustained"]
    median = curve.quantiles(0.5)
    return pd.DataFrame(
        {
            f"curve at day {DAY}": _held(curve.at([DAY]), share_open(DAY)),
            "median": _held(median, true_median()),
            f"restricted mean to {HORIZON}": _held(mean, true_restricted_mean()),
            f"incidence: sustained by day {DAY}": _held(sustained, SUSTAINED * (1 - share_open(DAY))),
        }
    )


def _held(table: pd.DataFrame, truth: float) -> np.ndarray:
    """Whether the limits in a table hold a number; a limit that is not reached lies beyond all."""
    low = table["lower"].astype(float).fillna(np.inf).to_numpy()
    return (low <= truth) & (truth <= table["upper"].astype(float).fillna(np.inf).to_numpy())


def months(rng: np.random.Generator, agencies: int = 1, starts: bool = True) -> Durations:
    """Agencies whose closings and, with `starts`, receipts are known to the month, watched for 100 to 700 days."""
    edges = np.cumsum([0] + [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] * 9)
    last, rows = 3000, agencies * CASES
    start = rng.integers(last - 700, last - 100, rows)
    stop = start + rng.exponential(MEAN, rows).astype(np.int64)
    way = np.where(rng.random(rows) < SUSTAINED, "sustained", "other")
    closed = stop <= last
    came = np.searchsorted(edges, start, side="right") - 1
    went = np.searchsorted(edges, np.minimum(stop, last), side="right") - 1
    first, latest = (edges[came], edges[came + 1] - 1) if starts else (start, start)
    begin, end = edges[went], np.minimum(edges[went + 1] - 1, last)
    low = np.where(closed, np.maximum(np.maximum(begin, first) - latest, 0), last - latest)
    spans = {"start_span": latest - first + 1, "stop_span": np.where(closed, end - begin + 1, 0)} if starts else {}
    groups = {"agency": np.repeat(np.arange(agencies), CASES), "way": way, **spans}
    return Durations.from_days(low, closed, days_upper=np.where(closed, end - first, 0), groups=groups)


def statuses(rng: np.random.Generator) -> Durations:
    """One agency of which only the status of each case on the last day is known."""
    age = rng.integers(0, 900, CASES)
    closed = rng.exponential(MEAN, CASES).astype(np.int64) <= age
    made = Durations.from_days(np.where(closed, 0, age), closed, days_upper=age, longest=age)
    return replace(made, current_status=True, sampling=Sampling("no_closing_date", "status_only"))


def holds_coarse(made: Durations) -> dict[str, bool]:
    """Whether the likelihood-ratio limits of one agency hold the truth.

    The limits of a median are the days at which those of the curve pass a half, so two days tell whether it is held.
    """
    day = true_median()
    before, there, later = delay.curve_limits(made, [day - 1, day, DAY]).table.itertuples(index=False)
    return {
        f"curve at day {DAY}": bool(later.lower <= share_open(DAY) <= later.upper),
        "median": bool(there.lower <= 0.5 < before.upper),
    }


SETTINGS: dict[str, Callable[[np.random.Generator, int], pd.DataFrame]] = {
    "exact dates": lambda rng, agencies: holds(exact(rng, agencies)),
    "late entry": lambda rng, agencies: holds(late(rng, agencies)),
    "months at both ends": lambda rng, agencies: holds_smooth(months(rng, agencies)),
    "closings known to the month": lambda rng, agencies: holds_smooth(months(rng, agencies, starts=False)),
    "months at both ends, nothing smooth": lambda rng, agencies: pd.DataFrame(
        [holds_coarse(months(rng)) for _ in range(agencies)]
    ),
    "statuses on one day": lambda rng, agencies: pd.DataFrame([holds_coarse(statuses(rng)) for _ in range(agencies)]),
}

ASKED_FOR = ("months at both ends, nothing smooth",)
"""Slow, and known to cover more than it says: run with ``--only``."""


def some(setting: str, seed: int, hundred: int, agencies: int) -> pd.DataFrame:
    """Whether each interval of some agencies of a setting holds the truth."""
    return SETTINGS[setting](np.random.default_rng([seed, list(SETTINGS).index(setting), hundred]), agencies)


def coverage(
    agencies: int, seed: int, settings: tuple[str, ...], skipped: int = 0, jobs: int = 1, scheduler: str = ""
) -> pd.DataFrame:
    """Share of agencies whose interval holds the truth, by setting and quantity."""
    pieces = [
        (setting, seed, hundred, min(TOGETHER, agencies - start))
        for setting in settings
        for hundred, start in enumerate(range(0, agencies, TOGETHER), skipped)
    ]
    made, rows = list(shared_out(some, pieces, jobs, scheduler)), []
    for setting in settings:
        found = pd.concat([part for piece, part in zip(pieces, made, strict=True) if piece[0] == setting])
        rows += [(setting, name, agencies, int(found[name].sum())) for name in found.columns]
    return marked(pd.DataFrame(rows, columns=["setting", "interval", "agencies", "held"]))


def marked(table: pd.DataFrame) -> pd.DataFrame:
    """Add the standard error of each share, and whether it lies between 93.5 and 96.5 %."""
    share = table["held"] / table["agencies"]
    inside = share.between(LOWEST, HIGHEST).map({True: "yes", False: "NO"})
    return table.assign(coverage=share, error=np.sqrt(share * (1 - share) / table["agencies"]), within=inside)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("agencies", nargs="?", type=int, default=2000)
    parser.add_argument("seed", nargs="?", type=int, default=1)
    parser.add_argument("--only", choices=list(SETTINGS))
    parser.add_argument("--skip", type=int, default=0, help="hundreds of agencies done in another piece")
    options(parser)
    asked = parser.parse_args()
    chosen = (asked.only,) if asked.only else tuple(name for name in SETTINGS if name not in ASKED_FOR)
    table = coverage(asked.agencies, asked.seed, chosen, asked.skip, asked.jobs, asked.scheduler)
    print(table.round(4).to_string(index=False))
