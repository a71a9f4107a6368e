"""How fast a million cells become intervals, beside pandas.to_datetime with a fixed format.

Run from the checkout: ``python benchmarks/dates.py [cells]``. It prints, for each kind of column, the best of five
runs of each and their ratio, and fails when a day-precision column takes more than twice as long as pandas.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from accountability.dates import parse

ALLOWED = 2.0
RUNS = 5


def best(run: Callable[[], object]) -> float:
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def columns(cells: int, seed: int) -> dict[str, tuple[pd.Series, str]]:
    draws = np.random.default_rng(seed)
    days = np.datetime64("2000-01-01") + draws.integers(0, 24 * 365, cells).astype("timedelta64[D]")
    seconds = days.astype("datetime64[s]") + draws.integers(0, 86_400, cells).astype("timedelta64[s]")
    written = pd.Series(days), pd.Series(seconds)
    return {
        "ISO days": (written[0].dt.strftime("%Y-%m-%d").astype("str"), "%Y-%m-%d"),
        "US days": (written[0].dt.strftime("%m/%d/%Y").astype("str"), "%m/%d/%Y"),
        "ISO days as objects": (written[0].dt.strftime("%Y-%m-%d").astype(object), "%Y-%m-%d"),
        "US days and times": (written[1].dt.strftime("%m/%d/%Y %H:%M:%S").astype("str"), "%m/%d/%Y %H:%M:%S"),
    }


def main(cells: int = 1_000_000, seed: int = 20240229) -> int:
    slow = 0
    print(f"{cells:,} cells, best of {RUNS}")
    print(f"{'column':<22}{'distinct':>10}{'dates.parse':>14}{'to_datetime':>14}{'ratio':>8}")
    for name, (values, format) in columns(cells, seed).items():
        ours = best(lambda values=values, format=format: parse(values, format))
        theirs = best(lambda values=values, format=format: pd.to_datetime(values, format=format))
        ratio = ours / theirs
        slow += ratio > ALLOWED
        print(f"{name:<22}{values.nunique():>10,}{ours * 1e3:>11.0f} ms{theirs * 1e3:>11.0f} ms{ratio:>8.2f}")
    return int(slow > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
