"""How time and memory grow with the number of rows: load, curve, Cox, logit, describe, release comparison.

    python benchmarks/growth.py [--most 10000000] [--only WORD] [--folder FOLDER]

Each analysis runs in a fresh process at 10,000, 100,000, 1,000,000 and 10,000,000 rows: processor seconds of the call
(of a few repeated ones where it is short, after one on few rows, so that imports are not timed) and the most memory
the process ever held, its data included. Seconds are split: those of the program, and those of the kernel, which fills
each new page of memory with zeros. Arrays below 32 MB are given again from memory that the process holds, larger ones
are new pages every time, so the kernel's part jumps between one and ten million rows and is shown but not judged.

A size that needs more memory than is free is left out and named. Writes ``RESULTS_growth.md`` and ``growth.png``, and
ends with status 1 when between its last two sizes the program's seconds grow faster than n log n by more than 0.15 in
the exponent, which caches can take.
"""

from __future__ import annotations

import argparse
import datetime
import json
import math
import os
import re
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).resolve().parent
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
TOLERANCE = 0.15
COLUMNS = 8
NEEDS = {
    "load": 450,
    "closing curve, 10 groups": 150,
    "Cox, 8 two-valued covariates": 400,
    "Cox, 8 continuous covariates": 900,
    "clustered logit, 8 continuous covariates": 900,
    "describe, shares by category": 700,
    "two releases compared": 1_100,
}
"""Bytes of memory a row may take; a size is left out where fewer are free."""

Run = Callable[[], object]


def durations_of(rows: int, continuous: bool) -> Any:
    """Cases of eight covariates, a tenth still open."""
    from accountability.study.durations import Durations

    rng = np.random.default_rng(1)
    x = rng.normal(size=(rows, COLUMNS)) if continuous else rng.integers(0, 2, (rows, COLUMNS)).astype(float)
    took = (rng.weibull(1.1, rows) * 300 * np.exp(x @ np.linspace(-0.2, 0.2, COLUMNS))).astype(np.int64)
    watched = rng.integers(200, 3000, rows)
    groups = {f"x{place}": x[:, place] for place in range(COLUMNS)} | {"group": rng.integers(0, 10, rows)}
    return Durations.from_days(np.minimum(took, watched), took <= watched, groups=groups)


def curve(rows: int, folder: Path) -> Run:
    from accountability import delay

    made = durations_of(rows, False)
    return lambda: delay.closing_curve(made, by="group")


def cox(rows: int, folder: Path, continuous: bool = False) -> Run:
    from accountability import delay

    made = durations_of(rows, continuous)
    return lambda: delay.cox(made, [f"x{place}" for place in range(COLUMNS)])


def logit(rows: int, folder: Path) -> Run:
    from accountability.stats.binary_logit import fit_logit
    from accountability.stats.design import with_constant

    rng = np.random.default_rng(1)
    x, officer = rng.normal(size=(rows, COLUMNS)), rng.permutation(np.arange(rows) // 20)
    hit = (x @ np.linspace(-0.5, 0.5, COLUMNS) + rng.logistic(size=rows) > 1).astype(float)
    design, alone = with_constant(x), np.arange(rows)
    return lambda: fit_logit(design, alone, hit, officer)


def source(rows: int, folder: Path) -> Path:
    """A source of so many rows, written once."""
    from load_large import written

    place = folder / str(rows)
    if not place.exists():
        place.mkdir(parents=True)
        written(place, rows)
    return place / "large"


def load(rows: int, folder: Path) -> Run:
    import accountability

    place = f"{source(rows, folder)}{os.sep}"
    return lambda: accountability.load(place, anew=True)


def describe(rows: int, folder: Path) -> Run:
    import accountability
    from accountability import tables

    data = accountability.load(f"{source(rows, folder)}{os.sep}")
    return lambda: tables.describe(data, "sustained", by="category")


def compared(rows: int, folder: Path) -> Run:
    import pandas as pd

    import accountability
    from accountability import releases

    rng = np.random.default_rng(1)
    received = np.datetime64("2010-01-01") + rng.integers(0, 3000, rows)
    took = rng.integers(10, 900, rows)

    def release(until: str, seed: int) -> Any:
        draw = np.random.default_rng(seed)
        moved = np.where(draw.random(rows) < 0.1, draw.integers(1, 30, rows), 0)  # a tenth with another closing
        closed = received + took + moved
        text = pd.Series(closed.astype("datetime64[D]").astype(str)).where(closed <= np.datetime64(until), "")
        frame = pd.DataFrame(
            {
                "id": np.char.add("c", np.arange(rows).astype(str)),
                "received": received.astype("datetime64[D]").astype(str),
                "closed": text,
                "category": np.array(["force", "courtesy", "search", "arrest"])[draw.integers(0, 4, rows)],
            }
        )
        return accountability.from_frame(
            frame,
            case_id="id",
            received="received",
            closed="closed",
            columns=["category"],
            no_day={"": "open"},
            observed_until=until,
            name=f"r{until[:4]}",
        )

    older, newer = release("2018-06-30", 1), release("2020-06-30", 2)
    return lambda: releases.changes(older, newer)


PREPARE: Mapping[str, Callable[[int, Path], Run]] = {
    "load": load,
    "closing curve, 10 groups": curve,
    "Cox, 8 two-valued covariates": cox,
    "Cox, 8 continuous covariates": lambda rows, folder: cox(rows, folder, True),
    "clustered logit, 8 continuous covariates": logit,
    "describe, shares by category": describe,
    "two releases compared": compared,
}


def one(name: str, rows: int, folder: Path) -> dict[str, float]:
    """Time one analysis in this process, which is fresh."""
    PREPARE[name](1_000, folder)()
    run, took = PREPARE[name](rows, folder), []
    while len(took) < 5 and sum(map(sum, took)) < 2:
        began = resource.getrusage(resource.RUSAGE_SELF)
        run()
        ended = resource.getrusage(resource.RUSAGE_SELF)
        took.append((ended.ru_utime - began.ru_utime, ended.ru_stime - began.ru_stime))
    user, system = min(took, key=sum)
    peak = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024
    return {"seconds": user + system, "user": user, "megabytes": peak}


def free_bytes() -> int:
    return 1024 * int(re.search(r"MemAvailable:\s+(\d+)", Path("/proc/meminfo").read_text())[1])


def exponent(sizes: tuple[float, float], values: tuple[float, float]) -> float:
    """The slope between two sizes on scales of logarithms."""
    return math.log(values[1] / values[0]) / math.log(sizes[1] / sizes[0])


def excess(found: Mapping[int, Mapping[str, float]]) -> float:
    """By how much the exponent of the program's seconds is above that of n log n; below zero: slower growth."""
    one, two = sorted(found)[-2:]
    grown = exponent((one, two), (found[one]["user"], found[two]["user"]))
    return grown - exponent((one, two), (one * math.log(one), two * math.log(two)))


def too_fast(table: Mapping[str, Mapping[int, Mapping[str, float]]]) -> list[str]:
    """Say which analyses grow faster than n log n."""
    return [
        f"{name} grows faster than n log n: its exponent is {excess(found):.2f} above"
        for name, found in table.items()
        if len(found) > 1 and excess(found) > TOLERANCE
    ]


def measured(name: str, rows: int, folder: Path) -> dict[str, float]:
    """One analysis at one size, in a fresh process."""
    here = {"ACCOUNTABILITY_CACHE": str(folder / "cache"), "ACCOUNTABILITY_KEY_FILE": str(folder / "key")}
    done = subprocess.run(
        [sys.executable, __file__, "--one", name, str(rows), str(folder)],
        capture_output=True,
        text=True,
        env={**os.environ, **here, "OPENBLAS_NUM_THREADS": "1"},
    )
    if done.returncode:
        raise SystemExit(f"{name}, {rows:,} rows: {done.stderr}")
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def page(table: Mapping[str, Mapping[int, Mapping[str, float]]], left_out: list[str], said: str) -> str:
    """The table in words."""
    sizes = sorted({rows for found in table.values() for rows in found})
    lines = [
        "# How cost grows with rows",
        "",
        f"{said}.",
        "",
        "Processor seconds (of them the program's own; the rest is the kernel's, which fills new pages with zeros:",
        "arrays of 32 MB and more are new pages every time), and the most megabytes the process held, data included.",
        "Slopes are those of the last two sizes on scales of logarithms, of the program's seconds and of the memory;",
        "that of n log n is 1.07 from a million to ten. `python benchmarks/growth.py` fails where one is more than",
        f"{TOLERANCE} above it.",
        "",
        "| analysis | " + " | ".join(f"{rows:,}" for rows in sizes) + " | slope, time | slope, memory |",
        "|---" * (len(sizes) + 3) + "|",
    ]
    for name, found in table.items():
        cells = [
            "{seconds:.3g} s ({user:.3g}), {megabytes:,.0f} MB".format_map(found[n]) if n in found else ""
            for n in sizes
        ]
        last = tuple(sorted(found)[-2:])
        slopes = [
            f"{exponent(last, tuple(found[n][part] for n in last)):.2f}" if len(last) > 1 else ""
            for part in ("user", "megabytes")
        ]
        lines.append(f"| {name} | {' | '.join(cells + slopes)} |")
    if left_out:
        lines += ["", *left_out]
    lines += ["", "![Time and memory by rows, on scales of logarithms](growth.png)"]
    return "\n".join(lines) + "\n"


def figure(table: Mapping[str, Mapping[int, Mapping[str, float]]], path: Path) -> None:
    """Draw seconds and megabytes by rows."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    from accountability.figures import draw
    from accountability.figures.house_style import housed

    with housed():
        drawn, axes = plt.subplots(1, 2, figsize=(10.5, 4.6))
        for ax, part, words in zip(axes, ("seconds", "megabytes"), ("processor seconds", "MB at most"), strict=True):
            for number, (name, found) in enumerate(table.items()):
                sizes = sorted(found)
                colour, style = draw.COLOURS[number % len(draw.COLOURS)], draw.STYLES[number % len(draw.STYLES)]
                values = [found[n][part] for n in sizes]
                ax.plot(sizes, values, color=colour, linestyle=style, marker="o", markersize=3.5, label=name)
            ax.set_xscale("log")
            ax.set_yscale("log")
            ax.yaxis.set_minor_formatter("")
            ax.set_xlabel("rows")
            ax.set_ylabel(words)
        n = np.array(SIZES, float)
        steepest = 5e-4 * n * np.log(n) / (n[0] * np.log(n[0]))
        axes[0].plot(n, steepest, color="0.8", linewidth=4, zorder=0, label="n log n")
        drawn.legend(*axes[0].get_legend_handles_labels(), loc="lower center", ncols=3, frameon=False, fontsize=8.5)
        drawn.tight_layout(rect=(0, 0.14, 1, 1))
        drawn.savefig(path, dpi=110)
        plt.close(drawn)


def main(asked: argparse.Namespace) -> int:
    from peers import machine

    table: dict[str, dict[int, dict[str, float]]] = {}
    left_out = []
    with tempfile.TemporaryDirectory(dir=asked.folder) as base:
        for name in PREPARE:
            if asked.only not in name:
                continue
            for rows in SIZES:
                if rows > asked.most:
                    continue
                if NEEDS[name] * rows > 0.8 * free_bytes():
                    free = f"{free_bytes() / 2**30:.0f} GB that were free"
                    left_out.append(f"{name}, {rows:,} rows: left out, it may need most of the {free}.")
                    continue
                table.setdefault(name, {})[rows] = found = measured(name, rows, Path(base))
                print(f"{name}, {rows:,} rows: {found['seconds']:.3g} s, {found['megabytes']:,.0f} MB", flush=True)
    failed = too_fast(table)
    if not asked.only:
        said = f"{datetime.date.today():%-d %B %Y}, {machine()}, load {os.getloadavg()[0]:.1f}"
        (HERE / "RESULTS_growth.md").write_text(page(table, left_out, said), encoding="utf-8")
        figure(table, HERE / "growth.png")
    print("\n".join([*left_out, *failed]) or "nothing grows faster than n log n")
    return int(bool(failed))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(one(sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))))
    else:
        parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
        parser.add_argument("--most", type=int, default=SIZES[-1], help="largest number of rows")
        parser.add_argument("--only", default="", help="only the analyses with this in their name, nothing written")
        parser.add_argument("--folder", help="where the generated files are written and removed")
        sys.exit(main(parser.parse_args()))
