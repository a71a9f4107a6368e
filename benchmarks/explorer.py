"""How long the explorer takes from a change to the new answer and figure, in a warm process, for every study.

Run from the checkout; the source must be in the cache::

    python benchmarks/explorer.py chicago_2000_2016

Seconds on the clock, so on an idle machine. Each study has a process of its own, in which its answer was shown once
under its defaults; each change is measured the first time it is made. ``again`` is the same answer once more: drawing
alone. A grouping is named with the number of its groups.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from accountability.publish.explorer import Explorer

#: What is changed, one at a time, where a study has the control and the source the column.
GROUPS = ("officer_race", "officer_rank", "category", "location", "officer_appointed_year")
OTHERS = {"cutoff": "2012-12-31", "within_days": 100, "unit": "complaint", "confidence": 0.9}


def measure(study: str, source: str) -> dict[str, Any]:
    """Measure one study in this process."""
    os.environ["MPLBACKEND"] = "agg"
    from accountability.publish.explorer import explore

    warm = explore(source)
    try:
        return _changes(warm, study, source)
    finally:
        warm.close()


def _changes(warm: Explorer, study: str, source: str) -> dict[str, Any]:
    warm._replay.data(source)

    def asked(**changed: Any) -> tuple[float, dict[str, Any]]:
        began = time.perf_counter()
        found = warm.answer(study, {"source": source, **changed}, whole=False)
        return time.perf_counter() - began, found

    spent, found = asked()
    if "refused" in found:
        return {"refused": found["refused"]}
    told: dict[str, Any] = {"first": spent, "again": asked()[0]}
    controls = {control["name"]: control for control in found["controls"]}
    changes: dict[str, dict[str, Any]] = {}
    if "group" in controls:
        held = [name for name, _ in controls["group"]["options"]]
        changes |= {f"group: {name}": {"group": name} for name in GROUPS if name in held}
    (most, *_) = warm._values(source, "category") or [""]
    changes |= {"filter": {"only": f"category={most}"}} if most else {}
    for name, value in OTHERS.items():
        options = controls.get(name, {}).get("options")
        if name in controls and (options is None or value in [one for one, _ in options]):
            changes[name] = {name: value}
    for name, changed in changes.items():
        spent, found = asked(**changed)
        told[name] = None if "refused" in found else spent
    return told


def main(source: str, *studies: str) -> None:
    """Print the table."""
    from accountability.studies import registry

    rows: dict[str, dict[str, Any]] = {}
    for study in studies or list(registry.STUDIES):
        done = subprocess.run([sys.executable, __file__, "--one", study, source], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stderr)
        rows[study] = json.loads(done.stdout.splitlines()[-1])
        print(study, rows[study], file=sys.stderr, flush=True)
    columns = list(dict.fromkeys(name for row in rows.values() for name in row if name != "refused"))
    print("| study | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 1) + "|")
    for study, row in rows.items():
        if "refused" not in row:
            cells = ["" if row.get(name) is None else f"{row[name]:.2f}" for name in columns]
            print(f"| `{study}` | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        print(json.dumps(measure(*sys.argv[2:])))
    else:
        main(*sys.argv[1:])
