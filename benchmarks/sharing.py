"""What sharing finds, how long the solver takes, and what faults do: the three tables of ``RESULTS_sharing.md``.

    python benchmarks/sharing.py {plants|solver|faults} [FOLDER ...]

``plants`` plants every leak in every channel (ten minutes); ``solver`` proves the tables of 24 reports, or of
those in the folders named, by processor time; ``faults`` runs the tests of faults, kills, flipped bits and two at once
(ten minutes).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FAULTS = ("cli/test_faults", "publish/test_at_once", "publish/test_sweep_kill", "records/test_coded_cache")
GROUPS = ("investigated_by", "category", None)
DAYS = (60, 90, 120, 180, 270, 365, 540, 730)


def solver(folders: list[str]) -> int:
    """24 reports of one study (3 groupings, 8 limits) as one system, or the reports that are there."""
    from accountability import publish
    from accountability.publish.sharing.disclosure import Released, given_away
    from accountability.publish.sharing.shared_before import tables_of

    sets = [{"group": group, "within_days": days} for group in GROUPS for days in DAYS]
    with tempfile.TemporaryDirectory() as base:
        if not folders:
            publish.sweep("how_long_cases_stay_open", {"sets": sets}, base, source="synthetic")
        places = [Path(folder) for folder in folders or [base]]
        tables = [one for place in places for one in tables_of(place, ()) if isinstance(one, Released)]
        reports = sum(len(list(place.glob("*/provenance.json"))) for place in places)
    begun = time.process_time()
    found = given_away(tables)
    spent = time.process_time() - begun
    print(f"{reports} reports, {len(tables)} tables, {spent:.1f} s of processor time, {len(found)} found")
    return int(spent > 20 or bool(found))


def main() -> int:
    what = sys.argv[1] if len(sys.argv) > 1 else ""
    if what == "plants":
        return subprocess.call([sys.executable, str(ROOT / "tests" / "attack_plants.py")])
    if what == "solver":
        return solver(sys.argv[2:])
    if what == "faults":
        files = [f"tests/{name}.py" for name in FAULTS]
        return subprocess.call([sys.executable, "-m", "pytest", "-v", "--no-header", "--full", *files], cwd=ROOT)
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main())
