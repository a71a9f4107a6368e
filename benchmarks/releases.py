"""Simulations behind ``accountability.releases``: which closings a lag needs, and whether the correction has its level.

python benchmarks/releases.py rule       the least number of closings and the least share, by error and coverage
python benchmarks/releases.py coverage   coverage of the corrected share closed, two releases, by kind of lag
python benchmarks/releases.py trend      the same, three releases
python benchmarks/releases.py seen       how late closings were recorded in real releases (writes recorded_late.yaml)
The planted lags, the seeds and what is measured stand here; the results in RESULTS_releases.md.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
from scipy.special import logit
from scipy.stats import t

from accountability.releases.lag_by_release import share_in_last
from accountability.stats.lag_trend import in_batches
from accountability.stats.recording_lag import RecordedShare, corrected_closed, recorded_share

DAYS, APART, MEAN, ASKED = 1460, 1200, 260, 180
THREE = np.array([1460, 1825, 2190])
TRUTH = 1 - np.exp(-(ASKED + 1) / MEAN)
LAGS = ("none", "exponential", "batches")
AT_ONCE = RecordedShare(np.array([0]), np.array([1.0]), 0)


def looks(rng: np.random.Generator, lag: str, n: int = 2400) -> tuple[np.ndarray, ...]:
    """Ages of closings of complaints received early and whether the first look shows them; days of those after."""
    received, took = rng.integers(0, DAYS, n), rng.exponential(MEAN, n).astype(np.int64)
    closed = received + took
    late = {
        "none": closed,
        "exponential": closed + rng.exponential(60, n).astype(np.int64),
        "batches": (closed // 100 + 1) * 100,
    }[lag]
    before = (received < 900) & (closed <= DAYS) & (late <= DAYS + APART)
    after = received >= 900
    return DAYS - closed[before], late[before] <= DAYS, DAYS - received[after], np.where(late <= DAYS, took, -1)[after]


def rule(runs: int, draws: int = 80) -> None:
    print(
        "| closings at least | share at least | lag | complaints | estimated % | bias | root mean square | coverage % |"
    )
    print("|---|---|---|---|---|---|---|---|")
    for fewest, smallest, lag, n in product((5, 10, 20, 40, 80), (0.2, 0.4), LAGS, (800, 2400)):
        errors, held = [], np.zeros(2)
        for seed in range(runs):
            rng = np.random.default_rng([seed, n])
            age, seen, last, day = looks(rng, lag, n)
            share = recorded_share(age, seen, APART, None, fewest, smallest)
            found, made = corrected_closed(last, day, share, np.array([ASKED]))[0], []
            for _ in range(draws):
                again = recorded_share(age, seen, APART, _times(rng, len(age)), fewest, smallest)
                made.append(
                    corrected_closed(
                        last, day, replace(again, first=share.first), np.array([ASKED]), _times(rng, len(last))
                    )[0]
                )
            held += _holds(found, np.array(made))
            errors.append(found - TRUTH)
        made_at_all = np.array(errors)[np.isfinite(errors)]
        many, bias = len(made_at_all), made_at_all.mean() if len(made_at_all) else np.nan
        spread = np.sqrt(np.square(made_at_all).mean()) if many else np.nan
        covered = " | ".join(f"{100 * one / many:.1f}" for one in held) if many else " | "
        row = (fewest, smallest, lag, n, f"{100 * many / runs:.0f}", f"{bias:+.4f}", f"{spread:.4f}", covered)
        print(f"| {' | '.join(map(str, row))} |", flush=True)


def _times(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.multinomial(n, np.full(n, 1 / n)).astype(float)


def _holds(found: float, made: np.ndarray) -> np.ndarray:
    clipped = logit(np.clip(made, 1e-4, 1 - 1e-4))
    low, high = np.quantile(clipped, [0.1587, 0.8413])
    off = abs(logit(np.clip(found, 1e-4, 1 - 1e-4)) - logit(TRUTH))
    z = t.ppf(0.975, len(made) - 1)  # few resamples: their spread is itself an estimate
    return np.array([off <= z * np.std(clipped, ddof=1), off <= 1.96 * (high - low) / 2], float)


def coverage(runs: int, draws: int = 80) -> None:
    """Two releases: the lag of complaints received early corrects the curve of those after them."""
    print("| lag, two releases | bias as published | bias corrected | coverage % |\n|---|---|---|---|")
    for lag in LAGS:
        found, plain, held = [], [], 0
        for seed in range(runs):
            rng = np.random.default_rng([seed, 1])
            age, seen, last, day = looks(rng, lag)
            share = recorded_share(age, seen, APART)
            found.append(corrected_closed(last, day, share, np.array([ASKED]))[0])
            plain.append(corrected_closed(last, day, AT_ONCE, np.array([ASKED]))[0])
            made = [
                _again(
                    rng, last, day, replace(recorded_share(age, seen, APART, _times(rng, len(age))), first=share.first)
                )
                for _ in range(draws)
            ]
            held += _holds(found[-1], np.array(made))[0]
        print(
            f"| {lag} | {np.mean(plain) - TRUTH:+.4f} | {np.mean(found) - TRUTH:+.4f} | {100 * held / runs:.1f} |",
            flush=True,
        )


def three_looks(rng: np.random.Generator, lag: str, n: int = 3600) -> tuple[np.ndarray, ...]:
    """Days of closings and which looks show them; days of the complaints of the last two years."""
    received, took = rng.integers(0, THREE[-1], n), rng.exponential(MEAN, n).astype(np.int64)
    closed = received + took
    delay = {
        "none": 0 * closed,
        "exponential": rng.exponential(60, n),
        "growing": rng.exponential(30, n) * np.exp(0.25 * closed / 365.25),
        "batches": 100 - closed % 100,
    }[lag]
    late = closed + delay.astype(np.int64)
    known, new = late <= THREE[-1], received >= THREE[-1] - 730
    day = closed[known]
    seen = late[known][:, None] <= THREE[None, :-1]
    return day, seen, THREE[-1] - received[new], np.where(late <= THREE[-1], took, -1)[new]


def trend(runs: int) -> None:
    """Three releases: the lag of the last is read from how those before it lacked closings."""
    print(
        "| lag, three releases | growth a year | bias as published | bias corrected | coverage % |\n"
        "|---|---|---|---|---|"
    )
    for lag, draws in (
        ("growing", 30),
        ("batches", 80),
        ("exponential", 30),
        ("none", 80),
    ):  # 10 ms a draw where few
        found, plain, grown, held = [], [], [], 0
        for seed in range(runs):
            rng = np.random.default_rng([seed, 2])
            day, seen, last, took = three_looks(rng, lag)
            batches = in_batches(day, seen, THREE)
            share, growth = share_in_last(day, seen, THREE, batches)
            grown.append(growth)
            found.append(corrected_closed(last, took, share, np.array([ASKED]))[0])
            plain.append(corrected_closed(last, took, AT_ONCE, np.array([ASKED]))[0])
            made = [
                _again(rng, last, took, share_in_last(day, seen, THREE, batches, _times(rng, len(day)), growth)[0])
                for _ in range(draws)
            ]
            held += _holds(found[-1], np.array(made))[0]
        print(
            f"| {lag} | {np.mean(grown):.2f} | {np.mean(plain) - TRUTH:+.4f} | {np.mean(found) - TRUTH:+.4f} "
            f"| {100 * held / runs:.1f} |",
            flush=True,
        )


def _again(rng: np.random.Generator, last: np.ndarray, day: np.ndarray, share: RecordedShare) -> float:
    return float(corrected_closed(last, day, share, np.array([ASKED]), _times(rng, len(last)))[0])


def seen() -> None:
    """Write how late closings were recorded in the real releases that a later one was held against."""
    import yaml

    import accountability
    from accountability import releases

    rows = []
    for name in ("new_orleans", "chicago_cms_2021_07"):
        older, newer = accountability.load(name), accountability.load(releases.series(name)[-1])
        lag = releases.recording_lag(older, newer)
        ages = sorted(
            {lag.first_day, *(one for one in (7, 14, 30, 60, 90, 180, 270, 365, 545, 730) if one > lag.first_day)}
        )
        place = older.card.jurisdiction.split(",")[0]
        rows.append(
            {
                "source": name,
                "against": newer.name,
                "label": f"{place} in {older.card.observed_until:%B %Y}",
                "closings": lag.n,
                "late": lag.late,
                "ages": ages,
                "shares": [round(float(one), 4) for one in lag.share().at(np.array(ages))],
            }
        )
    text = yaml.safe_dump({"seen": rows}, sort_keys=False, default_flow_style=None, width=110)
    path = Path(__file__).parents[1] / "accountability" / "study" / "recorded_late.yaml"
    path.write_text(
        "# Counted by benchmarks/releases.py seen; a test counts it again where the records are.\n" + text, "utf-8"
    )


if __name__ == "__main__":
    number = int(sys.argv[2]) if len(sys.argv) > 2 else 400
    {"rule": lambda: rule(number), "coverage": lambda: coverage(number), "trend": lambda: trend(number), "seen": seen}[
        sys.argv[1]
    ]()
