"""Time the delay estimators beside statsmodels on the same cases, in the same run.

Run: python benchmarks/delay.py [rows]      (1,000,000 by default)
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

from accountability import delay
from accountability.durations import Durations


def best_of(run: Callable[[], object], times: int = 3) -> float:
    """Shortest of some runs, in milliseconds."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        took.append(time.perf_counter() - began)
    return 1000 * min(took)


def cases(rows: int, seed: int = 1) -> dict[str, np.ndarray]:
    """Delays of about a year, a tenth still open, ten groups, two ways of closing."""
    rng = np.random.default_rng(seed)
    took = (rng.weibull(1.1, rows) * 300).astype(np.int64)
    watched = rng.integers(200, 3000, rows)
    closed = took <= watched
    start = rng.integers(0, 5000, rows)
    end = np.minimum(took, watched)
    month = [(start // 30) * 30, (start + end) // 30 * 30]
    return {
        "day": end,
        "closed": closed,
        "group": rng.integers(0, 10, rows),
        "way": rng.integers(1, 3, rows),
        "low": np.where(closed, np.maximum(month[1] - month[0] - 29, 0), np.maximum(end - 29, 0)),
        "high": month[1] - month[0] + 29,
        "officer": rng.integers(0, 10_000, rows),
    }


def main(rows: int) -> pd.DataFrame:
    """Time every analysis and, where statsmodels has it, its peer."""
    from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight, survdiff

    data = cases(rows)
    made = Durations.from_days(
        data["day"], data["closed"], groups={name: data[name] for name in ("group", "way", "officer")}
    )

    def fresh() -> Durations:
        # Both sides start from checked arrays; the groups are found anew, as the peer finds them.
        made.known_groups.clear()
        return made

    months = Durations.from_days(data["low"], data["closed"], high=np.maximum(data["high"], data["low"]))
    status = data["closed"].astype(int)
    causes = np.where(data["closed"], data["way"], 0)
    runs: list[tuple[str, Callable[[], object], Callable[[], object] | None]] = [
        (
            "closing curve with intervals",
            lambda: delay.closing_curve(fresh()),
            lambda: SurvfuncRight(data["day"], status).surv_prob_se,
        ),
        (
            "the same, 10 groups",
            lambda: delay.closing_curve(fresh(), by="group"),
            lambda: [
                SurvfuncRight(data["day"][data["group"] == group], status[data["group"] == group]).surv_prob_se
                for group in range(10)
            ],
        ),
        (
            "log-rank, 10 groups",
            lambda: delay.logrank(fresh(), "group"),
            lambda: survdiff(data["day"], status, data["group"]),
        ),
        (
            "competing closings with variance",
            lambda: delay.competing_closings(fresh(), "way"),
            lambda: CumIncidenceRight(data["day"], causes).cinc_se,
        ),
        ("restricted mean", lambda: delay.restricted_mean(fresh(), 1000), None),
        ("interval-dated curve, months", lambda: delay.interval_curve(months), None),
        ("500 bootstrap medians, 10,000 clusters", lambda: delay.bootstrap(fresh(), 1, cluster="officer"), None),
    ]
    rows_out = []
    for name, ours, peer in runs:
        ours()  # imports and first use are not timed
        mine = best_of(ours)
        theirs = best_of(peer) if peer else np.nan
        rows_out.append((name, mine, theirs, mine / theirs))
    return pd.DataFrame(rows_out, columns=["analysis", "ours ms", "statsmodels ms", "share"])


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the peer divides by zero where everyone has closed
        print(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000).round(2).to_string(index=False))
