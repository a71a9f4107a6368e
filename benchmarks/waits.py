"""Where the seconds of one ``accountability run`` go: imports, kernel, load, estimates, pictures, page.

Run from the checkout; a source that is fetched must be in the cache::

    python benchmarks/waits.py how_long_cases_stay_open synthetic chicago_2000_2016

Processor seconds, of three runs the one that took least. Two fresh processes each: one makes the report as the command
does, and one runs the notebook's cells by itself, in which loading, drawing and writing are timed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

ROUNDS = 3
PARTS = {
    "begin": "start the program, check the request",
    "around": "papermill and the kernel's client",
    "kernel": "start the kernel, its own imports and messages",
    "imports": "imports of the first cells",
    "load": "load the source",
    "estimate": "estimates and tables, with what they import",
    "draw": "draw and write pictures",
    "write": "write tables",
    "page": "page, record and hashes",
    "index": "index",
}


def timed(holder: Any, name: str, spent: dict[str, float], part: str, now: Callable[[], float]) -> None:
    """Add the time of every outermost call of a function to a part."""
    inner, depth = getattr(holder, name), 0

    def call(*args: Any, **kwargs: Any) -> Any:
        nonlocal depth
        depth += 1
        begun = now()
        try:
            return inner(*args, **kwargs)
        finally:
            depth -= 1
            if not depth:
                spent[part] = spent.get(part, 0.0) + now() - begun

    setattr(holder, name, call)


def whole(study: str, source: str) -> dict[str, float]:
    """Make the report as the command does, in this process."""
    import resource

    spent: dict[str, float] = {}
    from accountability.publish import runner

    for name, part in (("execute", "around"), ("_fill", "filled"), ("write_index", "index")):
        timed(runner, name, spent, part, time.process_time)
    with tempfile.TemporaryDirectory() as place:
        runner.run(study, source, out=place)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = time.process_time()
    return {
        "begin": total - spent["filled"] - spent["index"],
        "around": spent["around"],
        "child": used.ru_utime + used.ru_stime,
        "page": spent["filled"] - spent["around"],
        "index": spent["index"],
    }


def cells(study: str, source: str) -> dict[str, float]:
    """Run the notebook's cells in this process, as a kernel would."""
    import contextlib
    import io
    import os

    import nbformat

    from accountability.records.places import notebooks_dir
    from accountability.remembered import REPORT_VARIABLE
    from accountability.studies import registry

    asked, _ = registry.check(registry.get(study), {"source": source})
    book = nbformat.read(notebooks_dir() / f"{study}.ipynb", as_version=4)
    spent: dict[str, float] = {}
    names: dict[str, Any] = {"__name__": "__main__"}
    os.environ["MPLBACKEND"] = "agg"
    with tempfile.TemporaryDirectory() as place, contextlib.redirect_stdout(io.StringIO()):
        os.environ |= {"ACCOUNTABILITY_KEEP_IN": place, REPORT_VARIABLE: "1"}
        begun = time.process_time()
        import accountability
        from accountability.publish import kept

        timed(accountability, "load", spent, "load", time.process_time)
        timed(kept, "pictures", spent, "draw", time.process_time)
        timed(kept, "narrow_pictures", spent, "draw", time.process_time)
        timed(kept, "write_csv", spent, "write", time.process_time)
        for cell in book.cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, study, "exec"), names)
                if "data = " in cell.source and "imports" not in spent:
                    spent["imports"] = time.process_time() - begun - spent.get("load", 0.0)
            if "parameters" in cell.metadata.get("tags", []):
                names.update(asked.literals())
        spent["all"] = time.process_time() - begun
    return spent


def measured(kind: str, study: str, source: str) -> dict[str, float]:
    done = [
        subprocess.run(
            [sys.executable, __file__, f"--{kind}", study, source], capture_output=True, text=True, check=True
        )
        for _ in range(ROUNDS)
    ]
    found: list[dict[str, float]] = [json.loads(one.stdout.splitlines()[-1]) for one in done]
    return min(found, key=lambda one: sum(one.values()))


def main(study: str, *sources: str) -> None:
    columns = {}
    for source in sources:
        report, own = measured("whole", study, source), measured("cells", study, source)
        told = {part: own.get(part, 0.0) for part in ("imports", "load", "draw", "write")}
        columns[source] = {
            **report,
            **told,
            "estimate": own["all"] - sum(told.values()),
            "kernel": report["child"] - own["all"],
        }
    print(f"| `run {study}` | " + " | ".join(f"`{source}`" for source in sources) + " |")
    print("|---" * (1 + len(sources)) + "|")
    for part, words in PARTS.items():
        print(f"| {words} | " + " | ".join(f"{columns[source][part]:.2f}" for source in sources) + " |")
    print("| all | " + " | ".join(f"{sum(columns[s][part] for part in PARTS):.2f}" for s in sources) + " |")


if __name__ == "__main__":
    if sys.argv[1].startswith("--"):
        print(json.dumps({"--whole": whole, "--cells": cells}[sys.argv[1]](*sys.argv[2:])))
    else:
        sys.exit(main(*sys.argv[1:]))
