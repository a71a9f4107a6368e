"""How much memory a load needs for a file of ten million rows.

Run from the checkout; it writes some 2.6 GB to a temporary folder, or to the one named last, and removes them::

    python benchmarks/load_large.py [rows] [folder]

A file of generated complaints, one row an officer in a complaint, with free text and addresses that are dropped, is
loaded in a fresh process. What is reported is the most memory that process ever held, beside the size of the file and
of the tables it became. Ends with exit status 1 when the peak is more than :data:`LIMIT` times the tables, and
:data:`FIXED_MB` for Python, pandas and the blocks being read: the bound that the package keeps to, whatever is dropped.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import yaml
from pyarrow import csv

from accountability.records.cache import sha256

LIMIT, FIXED_MB = 2.5, 200
ROWS_AT_ONCE = 250_000
FINDINGS = {"SU": "sustained", "NS": "not_sustained", "EX": "exonerated", "UN": "unfounded"}
PENALTIES = {"None": "none", "Reprimand": "reprimand", "5 Days": "suspension", "Separation": "dismissal"}
LOAD = """
import json, re, resource, sys, time
from pathlib import Path
begin = time.perf_counter()
import accountability
data = accountability.load({folder!r})
status = Path("/proc/self/status")  # on Linux ru_maxrss begins at what the parent held
if status.exists():
    peak = 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1])
else:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
seconds = time.perf_counter() - begin
held = {{
    name: int(getattr(data, name).memory_usage(deep=True, index=False).sum())
    for name in ("cases", "allegations", "events")
}}
balance = data.ledger.check()
print(json.dumps({{"peak": peak, "tables": held, "raw": int(balance["raw"].sum()), "seconds": seconds}}))
"""


def generated(first: int, rows: int) -> pa.Table:
    """Some rows of the file, the same whatever comes before; two officers to a complaint."""
    draw = np.random.default_rng(first)
    number = np.arange(first, first + rows)
    case = number // 2
    days = pa.array((np.datetime64("2000-01-01") + np.arange(9000)).astype(str))
    closed = pa.array(case % 7000 + 30 + case * 7 % 400, mask=case % 20 == 0)  # of the case: the same in all its rows
    text = "The complainant states that the officer stopped the car and would not say why. " * 2

    def any_of(texts: list[str | None]) -> pa.Array:
        return pa.array(texts).take(pa.array(draw.integers(0, len(texts), rows)))

    def numbered(before: str, numbers: np.ndarray, after: str = "") -> pa.Array:
        return pc.binary_join_element_wise(before, pa.array(numbers).cast(pa.string()), after, "")

    return pa.table(
        {
            "complaint": numbered("C", 10_000_000 + case),
            "officer": numbered("O", draw.integers(0, 50_000, rows)),
            "received": days.take(pa.array(case % 7000)),
            "closed": days.take(closed),
            "category": any_of([f"{i:02} Use of authority" for i in range(20)]),
            "finding": any_of([*FINDINGS, None]),
            "penalty": any_of([*PENALTIES, None]),
            "address": numbered("", draw.integers(1, 9999, rows), " North Example Street"),
            "narrative": numbered("", number, " " + text),
        }
    )


def declaration(name: str, path: Path, rows: int) -> dict[str, object]:
    return {
        "source": name,
        "title": "Generated complaints",
        "generated": False,  # so that ids are hidden, as those of a real release are
        "card": {
            "jurisdiction": "Nowhere",
            "agency": "None",
            "publisher": "generated",
            "obtained": "generated",
            "row_is": "one officer in one complaint",
            "unit": "officer_complaint",
            "observed_until": "2025-12-31",
            "sampling": {"rule": "complete", "open_cases": "included", "closing_date": True, "window": "all"},
            "internal_complaints": "unknown",
            "licence": "none",
            "citation": "none",
        },
        "files": {
            "complaints": {
                "path": path.name,
                "sha256": sha256(path),
                "rows": rows,
                "table": "allegations",
                "columns": {
                    "complaint": {"to": "case_id"},
                    "officer": {"to": "officer_id", "pseudonym": True},
                    "received": {"stage": "received", "date": "%Y-%m-%d", "of": "case"},
                    "closed": {"stage": "closed", "date": "%Y-%m-%d", "of": "case"},
                    "category": {"to": "category", "codebook": "category"},
                    "finding": {"to": "finding", "codebook": "finding"},
                    "penalty": {"to": "imposed", "codebook": "penalty"},
                    "address": {"drop": "address"},
                    "narrative": {"drop": "free_text"},
                },
            }
        },
        "order": [{"first": "received", "then": "closed", "aside": "closed"}],
    }


def written(folder: Path, rows: int) -> Path:
    """Write a source of so many rows; the folder of it."""
    place = folder / "large"
    place.mkdir()
    path = place / "complaints.csv"
    options = csv.WriteOptions(quoting_style="none")
    with csv.CSVWriter(path, generated(0, 1).schema, write_options=options) as out:
        for first in range(0, rows, ROWS_AT_ONCE):
            out.write_table(generated(first, min(ROWS_AT_ONCE, rows - first)))
    book = {
        "category": {"authority": "generated", "published": True},
        "finding": {"authority": "generated", "values": FINDINGS, "blank": None},
        "penalty": {
            "authority": "generated",
            "gives": ["penalty", "days"],
            "values": {text: {"penalty": term} for text, term in PENALTIES.items()},
            "blank": None,
        },
    }
    text = yaml.safe_dump(declaration("large", path, rows), sort_keys=False)
    (place / "source.yaml").write_text(text, encoding="utf-8")
    (place / "codebook.yaml").write_text(yaml.safe_dump(book, sort_keys=False), encoding="utf-8")
    return place


def measured(folder: Path) -> dict[str, Any]:
    """Load a source in a fresh process: peak bytes, bytes of the tables, raw rows, seconds."""
    here = {"ACCOUNTABILITY_CACHE": str(folder.parent / "cache"), "ACCOUNTABILITY_KEY_FILE": str(folder.parent / "key")}
    code = LOAD.format(folder=str(folder) + os.sep)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | here)
    if run.returncode:
        raise SystemExit(run.stderr)
    found: dict[str, Any] = json.loads(run.stdout)
    return found


def main(rows: str = "10000000", folder: str | None = None) -> int:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        begin = time.perf_counter()
        source = written(Path(place), int(rows))
        size = (source / "complaints.csv").stat().st_size / 2**20
        print(f"{int(rows):,} rows, {size:,.0f} MB of CSV, written in {time.perf_counter() - begin:.0f} s")
        found = measured(source)
    tables = {name: size / 2**20 for name, size in found["tables"].items()}
    peak, whole = found["peak"] / 2**20, sum(tables.values())
    print("tables " + ", ".join(f"{name} {size:,.0f} MB" for name, size in tables.items()) + f"; {whole:,.0f} MB")
    print(f"peak {peak:,.0f} MB: {(peak - FIXED_MB) / whole:.2f} times the tables and {FIXED_MB} MB")
    print(f"cold load, imports included: {found['seconds']:.0f} s")
    return int(peak > LIMIT * whole + FIXED_MB)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
