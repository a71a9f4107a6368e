"""How long a load takes beside pandas reading the same files, and how much memory it needs.

Run from the checkout, with the release in the cache::

    accountability fetch chicago_2000_2016
    python benchmarks/load.py [source] [rounds]

Each figure is the median of so many fresh processes: a cold load (files coded anew), a warm load, and pandas' C engine
reading the same files with the dates parsed. Ends with exit status 1 when a cold load takes more than 2.5 times what
pandas takes, a warm one more than 0.3 s, or either more than 1 GB.
"""

from __future__ import annotations

import statistics
import subprocess
import sys

COLD = """
import accountability, pandera.pandas
from accountability.sources import load
begin = time.perf_counter()
accountability.load({source!r}, anew=True)
"""
WARM = """
import accountability
from accountability.sources import load
begin = time.perf_counter()
accountability.load({source!r})
"""
PANDAS = """
import pandas as pd
from accountability.sources import load
from accountability.sources.contract import read_source
from accountability.sources.places import source_folder
folder = source_folder({source!r})
declared = read_source(folder)
paths = load.file_paths(declared, folder)
begin = time.perf_counter()
for key, file in declared.files.items():
    dates = [name for name, column in file.columns.items() if column.stage]
    frame = pd.read_csv(paths[key], low_memory=False)
    for name in dates:
        pd.to_datetime(frame[name], format="%Y-%m-%d")
"""
REPORT = """
import resource, sys
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
print(time.perf_counter() - begin, peak)
"""
LIMIT_COLD, LIMIT_WARM, LIMIT_MB = 2.5, 0.3, 1024


def measured(code: str, source: str) -> tuple[float, float]:
    """Seconds and peak megabytes of one fresh process; imports are not counted."""
    text = "import time\n" + code.format(source=source) + REPORT
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    seconds, megabytes = done.stdout.split()
    return float(seconds), float(megabytes)


def main(source: str = "chicago_2000_2016", rounds: str = "5") -> int:
    runs: dict[str, list[tuple[float, float]]] = {"pandas": [], "cold": [], "warm": []}
    for _ in range(int(rounds)):  # in turn, so that a slow minute of the machine strikes all three
        for name, code in (("pandas", PANDAS), ("cold", COLD), ("warm", WARM)):
            runs[name].append(measured(code, source))
    print(f"{source}, median of {rounds} fresh processes")
    print(f"{'':8}{'seconds':>10}{'of pandas':>12}{'peak MB':>10}")
    base = statistics.median(seconds for seconds, _ in runs["pandas"])
    middle = {name: [statistics.median(column) for column in zip(*found, strict=True)] for name, found in runs.items()}
    for name, (seconds, megabytes) in middle.items():
        print(f"{name:8}{seconds:>10.3f}{seconds / base:>12.2f}{megabytes:>10.0f}")
    heavy = max(megabytes for _, megabytes in middle.values()) > LIMIT_MB
    return int(middle["cold"][0] > LIMIT_COLD * base or middle["warm"][0] > LIMIT_WARM or heavy)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
