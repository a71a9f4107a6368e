"""Measure every ratio that is promised, beside what it was, in one run: ``make bench``.

    python benchmarks/bench.py [--only WORD] [--before FOLDER] [--store]

Runs the other programs of this folder one after another, reads their ratios, and writes ``RESULTS_speed.md`` with the
machine, the versions and its load. It ends with status 1 and a sentence for each ratio that is more than 15 % worse
than the one in ``ratios.yaml``, or that could not be measured; ``--store`` then makes what was found the ratios to
compare with. Rows that compare with a commit before take it from the history of this checkout, or from the folder that
``--before`` names. The peers' environment is made once, in ``.venv-peers``. Times are processor time where a program
can take it. The releases that rows read are to be fetched before (``accountability fetch chicago_2000_2016``).
"""

from __future__ import annotations

import argparse
import datetime
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from peers import environment, machine, versions

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
STORED, TABLE = HERE / "ratios.yaml", HERE / "RESULTS_speed.md"
WORSE = 1.15
NOISE = 0.05
"""A ratio far below its aim differs between runs by more than 15 %; a difference under 5 % of the aim says nothing."""

PEERS, BEFORE = "{peers}", "{before}"
COMMIT = "4805bec"
"""The commit before: its waits are those that the aims were set by."""
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


@dataclass(frozen=True, slots=True)
class Row:
    """A ratio (or seconds, or gigabytes): which program says it, where in its output, and the aim."""

    name: str
    program: str
    pattern: str
    aim: float
    unit: str = ""
    one_thread: bool = True


def _before(study: str, source: str) -> str:
    return f"bench.py --beside {BEFORE} {study} {source}"


PEER = r"([\d.]+) of the best peer"
CHICAGO, OPEN = "chicago_2000_2016", "how_long_cases_stay_open"
ROWS = (
    Row("cold load of Chicago / bare pandas read, clock", f"load.py {CHICAGO} 40", r"cold +\S+ +(\S+)", 1.4),
    Row("cold load, processor", f"load.py {CHICAGO} 40", r"cold +\S+ +\S+ +\S+ +\S+ +(\S+)", 1.8),
    Row("warm load / bare pandas read", f"load.py {CHICAGO} 40", r"warm +\S+ +(\S+)", 0.2),
    *(
        Row(f"{name} / commit before, {kind}", _before(what, source), rf"{kind} ratio (\S+)", aim, one_thread=False)
        for name, what, source, aim in (
            (f"run {OPEN}, Chicago", OPEN, CHICAGO, 0.55),
            ("report, Chicago, each study", "report", CHICAGO, 0.6),
            ("report, bundled agency, each study", "report", "synthetic", 0.6),
        )
        for kind in ("clock", "processor")
    ),
    Row("grid of 24 / papermill one after another", "sweep.py 24", r"shared evenly, (\S+)", 0.2, one_thread=False),
    *(
        Row(
            f"explorer, change of group, Chicago, {study}",
            f"explorer.py --one {study} {CHICAGO}",
            r'"group: officer_race": ([\d.]+)',
            1,
            "s",
        )
        for study in (
            OPEN,
            "how_the_backlog_moved",
            "what_follows_a_finding",
            "who_is_disciplined",
            "does_delay_lighten",
        )
    ),
    Row("simulations, four Dask workers / four processes", "share_out.py 4", r"simulations: .*ratio (\S+)", 1.15),
    Row("sweep, four Dask workers / four processes", "share_out.py 4", r"sweep: .*ratio (\S+)", 1.15),
    Row(
        "Cox, one continuous covariate, 1,000,000 rows / best peer",
        f"hazard.py 1000000 --continuous --cpu --only cox --limit 30 --python {PEERS}",
        PEER,
        0.25,
    ),
    *(
        Row(
            f"{model} logit, continuous, {rows:,} rows / best peer",
            f"penalty.py {rows} --continuous --cpu --only {model}",
            rf"{model} logit .*?{PEER}",
            0.4,
        )
        for model in ("clustered", "multinomial")
        for rows in (100_000, 1_000_000)
    ),
    Row("first sustained_logit in a process / second", "engine.py first", r"ratio (\S+)", 2),
    Row("CR2 with Satterthwaite / CR1, 100,000 rows, the call", "engine.py corrected", r"call: .*ratio (\S+)", 3),
    Row("CR2 with Satterthwaite / CR1, 100,000 rows, fit alone", "engine.py corrected", r"fit: [^;]*ratio ([\d.]+)", 3),
    Row("lag-corrected curve, 1,000,000 rows", "engine.py lagged", r"rows, (\S+) s", 0.5, "s"),
    Row("describe with intervals / pandas groupby", "engine.py describe", r"ratio (\S+)", 3),
    Row("two releases of 1,000,000 rows compared", "engine.py releases", r"compared in (\S+) s", 6, "s"),
    Row("two releases of 1,000,000 rows compared, memory", "engine.py releases", r"peak (\S+) GB", 1.5, "GB"),
    Row("disclosure proof of 24 reports", "sharing.py solver", r"tables, (\S+) s", 20, "s"),
)


def measured(rows: Iterable[Row], before: Path | None) -> dict[str, float]:
    """Run each program once and give what its output says; a row whose program says nothing is left out."""
    found: dict[str, float] = {}
    said: dict[str, str] = {}
    for row in rows:
        if row.program not in said:
            said[row.program] = _run(row, before)
        hit = re.search(row.pattern, said[row.program])
        if hit:
            found[row.name] = float(hit[1])
            print(f"{row.name}: {found[row.name]:g} {row.unit}", flush=True)
        else:
            print(f"{row.name}: not measured", flush=True)
    return found


def _run(row: Row, before: Path | None) -> str:
    program, *words = row.program.split()
    if PEERS in words:
        python = ROOT / ".venv-peers" / "peers" / "bin" / "python"
        words[words.index(PEERS)] = str(python if python.exists() else environment(ROOT / ".venv-peers"))
    if BEFORE in words:
        words[words.index(BEFORE)] = str(before)
    done = subprocess.run(
        [sys.executable, str(HERE / program), *words], capture_output=True, text=True, cwd=ROOT, env=surroundings(row)
    )
    # A program also fails because a floor of its own was missed: what it printed still counts.
    if done.returncode and done.stderr.strip():
        print(f"{row.program}: {done.stderr.strip().splitlines()[-1][:200]}")
    return done.stdout


def surroundings(row: Row) -> dict[str, str]:
    """Return the environment a program runs in: the user's, with bytecode kept, as an installer keeps it.

    Else each process would compile all that it imports, which made the first call of a model 1.5 times as long.
    """
    held = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return held | (ONE_THREAD if row.one_thread else {})


def worse(rows: Iterable[Row], stored: Mapping[str, Mapping[str, Any]], found: Mapping[str, float]) -> list[str]:
    """Say which rows are more than 15 % worse than stored, or were stored and could not be measured now."""
    out = []
    for row in rows:
        was = stored.get(row.name, {}).get("found")
        now = found.get(row.name)
        if now is None:
            out.append(f"{row.name}: could not be measured{'' if was is None else f', and was {was:g}'}")
        elif was is not None and now > WORSE * was and now - was > NOISE * row.aim:
            out.append(f"{row.name}: {now:g} {row.unit}".rstrip() + f" is {now / was - 1:.0%} worse than {was:g}")
    return out


def table(rows: Iterable[Row], stored: Mapping[str, Mapping[str, Any]]) -> str:
    """Write the page of results from what is stored of every row."""
    lines = [
        "# Speed, end to end",
        "",
        "Written by `make bench` (`benchmarks/bench.py`), which names the program of each row. A ratio is that of two",
        "times of one run on one machine, by processor time where the program can take it; `load` is the machine's",
        "load average as the run began: other work beside it makes both sides slower, not always alike.",
        "",
        "| what | found | aim | | load | day |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        held = stored.get(row.name)
        if held is None:
            lines.append(f"| {row.name} | not measured | {row.aim:g} {row.unit} | | | |".replace("  ", " "))
            continue
        verdict = "kept" if held["found"] <= row.aim else "**missed**"
        cells = (f"{held['found']:g} {row.unit}", f"{row.aim:g} {row.unit}", verdict, held["load"], held["day"])
        lines.append(f"| {row.name} | {' | '.join(str(cell).strip() for cell in cells)} |")
    for said in sorted({str(held["machine"]) for held in stored.values()}):
        lines += ["", said]
    return "\n".join(lines) + "\n"


def checkout(commit: str, folder: Path) -> Path | None:
    """Put the files of a commit in a folder; nothing for a checkout without its history."""
    packed = folder / "commit.tar"
    done = subprocess.run(
        ["git", "-C", str(ROOT), "archive", "-o", str(packed), commit], capture_output=True, text=True
    )
    if done.returncode:
        print(f"rows that compare with {commit} are left out: {done.stderr.strip()}", flush=True)
        return None
    shutil.unpack_archive(packed, folder, filter="data")
    return folder


def absent(rows: Iterable[Row]) -> str:
    """Say what is missing of the release that rows read, and the line that fetches it, before anything is measured."""
    from accountability.errors import AccountabilityError
    from accountability.records.contract import file_paths, read_source
    from accountability.records.places import source_folder

    if not any(CHICAGO in row.program.split() for row in rows):
        return ""
    folder = source_folder(CHICAGO)
    try:
        file_paths(read_source(folder), folder)
    except AccountabilityError as lacking:
        return str(lacking)
    return ""


COMMAND = "from accountability.cli import main; main()"


def beside(before: str, what: str, source: str) -> None:
    """Make reports here and by an earlier commit in turn, six times, and print ratios of the least seconds a report.

    There are more studies now; each report counts once. Each checkout has its own cache: in one they would code the
    source anew in turn.
    """
    from accountability.records.cache import cache_dir

    spent: dict[str, list[tuple[float, float]]] = {before: [], str(ROOT): []}
    words = ["report"] if what == "report" else ["run", what]
    caches = [Path(tempfile.mkdtemp()) for _ in spent]
    if (fetched := cache_dir() / source).is_dir():
        for cache in caches:
            (cache / source).symlink_to(fetched.resolve())
    for _ in range(6):
        for (checkout, seconds), cache in zip(spent.items(), caches, strict=True):
            with tempfile.TemporaryDirectory() as place:
                used, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
                subprocess.run(
                    [sys.executable, "-c", COMMAND, *words, "--source", source, "--out", place],
                    cwd=place,
                    env={**os.environ, "PYTHONPATH": checkout, "ACCOUNTABILITY_CACHE": str(cache)},
                    capture_output=True,
                    check=True,
                )
                clock, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
                processor = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
                reports = len(list(Path(place).rglob("report.html")))
                seconds.append((clock / reports, processor / reports))
    for cache in caches:
        shutil.rmtree(cache)
    for at, kind in enumerate(("clock", "processor")):
        then, now = (min(one[at] for one in seconds) for seconds in spent.values())
        print(f"{kind}: before {then:.2f} s, now {now:.2f} s a report; {kind} ratio {now / then:.3f}")


def main(asked: argparse.Namespace) -> int:
    named = [row for row in ROWS if asked.only in row.name]
    if lacking := absent(named):
        print(lacking)
        return 2
    if asked.before or not any(BEFORE in row.program for row in named):
        return compared(named, asked.before, store=asked.store)
    with tempfile.TemporaryDirectory() as folder:
        return compared(named, checkout(COMMIT, Path(folder)), store=asked.store)


def compared(named: Iterable[Row], before: Path | None, *, store: bool) -> int:
    """Measure rows, compare them with what is stored, and write the page of results."""
    chosen = [row for row in named if before or BEFORE not in row.program]
    held = yaml.safe_load(STORED.read_text(encoding="utf-8")) if STORED.exists() else {}
    load, day = round(os.getloadavg()[0], 1), datetime.date.today().isoformat()
    said = f"{machine()}; Python {sys.version.split()[0]}; ours: {versions(Path(sys.executable), ('statsmodels',))}"
    found = measured(chosen, before)
    peers = ROOT / ".venv-peers" / "peers" / "bin" / "python"
    if peers.exists():
        said += f"; peers: {versions(peers)}"
    failed = worse(chosen, held, found)
    new = {name: {"found": value, "load": load, "day": day, "machine": said} for name, value in found.items()}
    TABLE.write_text(table(ROWS, {**held, **new}), encoding="utf-8")
    if store:
        STORED.write_text(
            "# What the next run of benchmarks/bench.py is compared with.\n"
            + yaml.safe_dump({**held, **new}, sort_keys=False, width=110),
            encoding="utf-8",
        )
    print("\n".join(failed) or "no ratio is worse than stored")
    return int(bool(failed))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--beside"]:
        sys.exit(beside(*sys.argv[2:]))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="only the rows with this in their name")
    parser.add_argument("--before", type=Path, help="a checkout of an earlier commit to compare with")
    parser.add_argument("--store", action="store_true", help="compare the next run with what this one finds")
    sys.exit(main(parser.parse_args()))
