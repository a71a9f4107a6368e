"""How long a load takes beside pandas reading the same files, and how much memory it needs.

Run from the checkout, with the release in the cache::

    accountability fetch chicago_2000_2016
    python benchmarks/load.py [source] [rounds]

Each round starts three fresh processes in turn: pandas' C engine reading the files with their dates parsed, a cold load
(files coded anew and kept), and a warm load. Imports are not counted, on neither side. The least of all rounds is
judged, since the machine's other work can only add to it; the median, the processor time (of all threads) and the time
of the whole process with its imports stand beside it. Ends with exit status 1 when a cold load takes more than 2.5
times what pandas takes, a warm one more than 0.3 s, or either more than 1 GB.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

COLD = """
import accountability, isal.igzip, platformdirs, pyarrow.csv
from accountability.records import assemble, load, pseudonyms
begin, spent = time.perf_counter(), time.process_time()
accountability.load({source!r}, anew=True)
"""
WARM = """
import accountability
from accountability.records import load, pseudonyms
begin, spent = time.perf_counter(), time.process_time()
accountability.load({source!r})
"""
PANDAS = """
import pandas as pd
from accountability.records import load
from accountability.records.contract import read_source
from accountability.records.places import source_folder
folder = source_folder({source!r})
declared = read_source(folder)
paths = load.file_paths(declared, folder)
begin, spent = time.perf_counter(), time.process_time()
for key, file in declared.files.items():
    dates = [name for name, column in file.columns.items() if column.stage]
    frame = pd.read_csv(paths[key], low_memory=False)
    for name in dates:
        pd.to_datetime(frame[name], format="%Y-%m-%d")
"""
REPORT = """
import resource, sys
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
print(time.perf_counter() - begin, time.process_time() - spent, peak)
"""
LIMIT_COLD, LIMIT_WARM, LIMIT_MB = 2.5, 0.3, 1024


@dataclass(frozen=True, slots=True)
class Run:
    """One fresh process: seconds, processor seconds and peak megabytes of what is measured, seconds of it all."""

    seconds: float
    processor: float
    megabytes: float
    whole: float


def measured(code: str, source: str) -> Run:
    text = "import time\n" + code.format(source=source) + REPORT
    begin = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    whole = time.perf_counter() - begin
    seconds, processor, megabytes = map(float, done.stdout.split())
    return Run(seconds, processor, megabytes, whole)


def main(source: str = "chicago_2000_2016", rounds: str = "5") -> int:
    runs: dict[str, list[Run]] = {"pandas": [], "cold": [], "warm": []}
    for _ in range(int(rounds)):  # in turn, so that a slow minute of the machine strikes all three
        for name, code in (("pandas", PANDAS), ("cold", COLD), ("warm", WARM)):
            runs[name].append(measured(code, source))
    least = {name: min(run.seconds for run in found) for name, found in runs.items()}
    processor = {name: min(run.processor for run in found) for name, found in runs.items()}
    peak = {name: max(run.megabytes for run in found) for name, found in runs.items()}
    print(f"{source}, {rounds} fresh processes of each")
    titles = ("least s", "of pandas", "median s", "processor s", "of pandas", "whole s", "peak MB")
    print(f"{'':8}" + "".join(f"{title:>13}" for title in titles))
    for name, found in runs.items():
        median = statistics.median(run.seconds for run in found)
        whole = min(run.whole for run in found)
        times = (least[name], least[name] / least["pandas"], median, processor[name])
        cells = (*times, processor[name] / processor["pandas"], whole)
        print(f"{name:8}" + "".join(f"{cell:>13.2f}" for cell in cells) + f"{peak[name]:>13.0f}")
    slow = least["cold"] > LIMIT_COLD * least["pandas"] or least["warm"] > LIMIT_WARM
    return int(slow or max(peak["cold"], peak["warm"]) > LIMIT_MB)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
