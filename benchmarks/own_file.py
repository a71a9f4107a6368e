"""How long an unknown file takes to a true report by answers alone: ``python benchmarks/own_file.py``.

An invented file of 4,000 complaints with traps (names, a blank that means open, day first) is declared by a file of
answers, checked, and reported. The goal is 10 minutes of a person; on 29 November 2026 the machine took 17 s of
processor time, most of it the report.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

ANSWERS = {
    "complaint": "Complaint No",
    "officer": "Officer ID",
    "row": "officer_complaint",
    "received": "Date Received",
    "closed": "Date Closed",
    "blank": "open",
    "finding": {"= ic/s": "closed_without_finding"},
    "names": "drop",
    "rule": "complete",
    "until": "2021-12-31",
    "law": {"jurisdiction": "Springfield", "agency": "Springfield Police Department"},
}


def write(folder: Path, rows: int = 4_000, seed: int = 1) -> tuple[Path, dict[str, int]]:
    """The file, and what is true of it."""
    rng = np.random.default_rng(seed)
    end = np.datetime64("2021-12-31")
    received = np.datetime64("2017-01-01") + rng.integers(0, 1_800, rows)
    closed = received + 1 + rng.exponential(150, rows).astype(int)
    dated, finding = closed <= end, rng.choice(["Sustained", "Not Sustained", "Unfounded", "IC/S"], rows)
    table = pd.DataFrame(
        {
            "Complaint No": [f"C-{n:05}" for n in range(rows)],
            "Date Received": pd.Series(received).dt.strftime("%d/%m/%Y"),
            "Date Closed": pd.Series(closed).dt.strftime("%d/%m/%Y").where(dated, ""),
            "Disposition": np.where(dated, finding, ""),
            "Officer ID": rng.integers(10_000, 10_400, rows).astype(str),
            "Officer Name": [f"Grimbold, {chr(65 + n % 26)}." for n in range(rows)],
        }
    )
    table.to_csv(folder / "complaints.csv", index=False)
    return folder / "complaints.csv", {"cases": rows, "open": int((~dated).sum())}


def seconds() -> float:
    """Processor time of the commands so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    """Run the three commands and compare what `check` counts with the truth."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        path, truth = write(folder)
        (folder / "answers.yaml").write_text(yaml.safe_dump(ANSWERS), encoding="utf-8")
        own = {"ACCOUNTABILITY_CACHE": str(folder / "cache"), "ACCOUNTABILITY_KEY_FILE": str(folder / "key")}
        command = [sys.executable, "-m", "accountability.cli"]
        clock, told = time.monotonic(), ""
        for words in (
            ["new-source", "own", str(path), "--answers", "answers.yaml"],
            ["check", "own", "--json"],
            ["run", "how_long_cases_stay_open", "--source", "own"],
        ):
            before = seconds()
            done = subprocess.run(
                [*command, *words], cwd=folder, env={**os.environ, **own}, capture_output=True, text=True, check=False
            )
            print(f"{words[0]:11} {seconds() - before:6.1f} s of processor, status {done.returncode}")
            if done.returncode:
                print(done.stdout[-1_500:], done.stderr[-1_500:])
                return 1
            told = done.stdout if words[0] == "check" else told
        print(f"in all {time.monotonic() - clock:.0f} s by the clock")
        counted = json.loads(told)
        wrong = {key: (counted.get(key), value) for key, value in truth.items() if counted.get(key) != value}
        print("wrong:" if wrong else "true", wrong or truth)
        return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
