"""How fast a million cells become intervals, beside pandas.to_datetime with a fixed format.

Run from the checkout: ``python benchmarks/dates.py [cells]``. It prints, for each kind of column, the best of five
runs of each and their ratio, and exits with 1 when a column takes more than twice as long as pandas. Columns differ
in how many distinct texts they hold, which is what `parse` pays for; pandas caches only where few are distinct.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from accountability.records.dates import parse

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
    one_year = np.datetime64("2012-01-01") + draws.integers(0, 366, cells).astype("timedelta64[D]")
    written = pd.Series(days), pd.Series(seconds), pd.Series(one_year)
    return {
        "ISO days": (written[0].dt.strftime("%Y-%m-%d").astype("str"), "%Y-%m-%d"),
        "US days of one year": (written[2].dt.strftime("%m/%d/%Y").astype("str"), "%m/%d/%Y"),
        "US days": (written[0].dt.strftime("%m/%d/%Y").astype("str"), "%m/%d/%Y"),
        "ISO days as objects": (written[0].dt.strftime("%Y-%m-%d").astype(object), "%Y-%m-%d"),
        "US days and times": (written[1].dt.strftime("%m/%d/%Y %H:%M:%S").astype("str"), "%m/%d/%Y %H:%M:%S"),
    }


def main(cells: int = 1_000_000, seed: int = 20240229) -> int:
    """Print the table; give 1 when a ratio is over what is allowed."""
    slow = 0
    print(f"{cells:,} cells, best of {RUNS}")
    print(f"{'column':<22}{'distinct':>10}{'dates.parse':>14}{'to_datetime':>14}{'ratio':>8}")
    for name, (values, format) in columns(cells, seed).items():
        ours = best(partial(parse, values, format))
        theirs = best(partial(pd.to_datetime, values, format=format))
        ratio = ours / theirs
        slow += ratio > ALLOWED
        print(f"{name:<22}{values.nunique():>10,}{ours * 1e3:>11.0f} ms{theirs * 1e3:>11.0f} ms{ratio:>8.2f}")
    return int(slow > 0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000))
