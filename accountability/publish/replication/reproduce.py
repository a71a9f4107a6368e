"""Redo the reports of a replication package and hold them against the packaged ones.

Run as ``python -m accountability.publish.replication.reproduce reports reproduced``, which ``make reproduce`` does.
"""

from __future__ import annotations

import sys
from pathlib import Path

from accountability.errors import AccountabilityError
from accountability.publish.compare_reports import compare
from accountability.publish.execute import interruptible
from accountability.publish.request import request
from accountability.publish.runner import WORKERS, make, write_index
from accountability.publish.values import record
from accountability.publish.verify import reports_in


def again(reports: Path, out: Path) -> list[tuple[str, str, bool]]:
    """Make every report anew and compare its values.

    Parameters
    ----------
    reports : Path
        The packaged reports.
    out : Path
        Folder for the new ones.

    Returns
    -------
    list of (str, str, bool)
        Report, what the comparison says, and whether all values are equal.

    Raises
    ------
    AccountabilityError
        A report cannot be asked for again: its data are not there or its study is gone.
    """
    folders = reports_in(reports)
    wanted = []
    for folder in folders:
        held = record(folder)
        wanted.append(request(held["study"], None, held["parameters"]))
    with interruptible(WORKERS) as pool:
        started = [pool.submit(make, one, out, None) for one in wanted]
        made = [future.result() for future in started]
    for one in {one.source.source: one for one in wanted}.values():
        write_index(one.parameters.source, one.source, out)
    found = []
    for folder, (page, failure) in zip(folders, made, strict=True):
        if failure is not None:
            found.append((folder.name, f"stopped at {failure}", False))
            continue
        held_against = compare(folder, page)
        found.append((folder.name, held_against.sentence(), held_against.equal))
    return found


def main() -> int:
    """Redo the reports named on the command line; 0 when all values are equal, 1 when one differs, 2 when refused."""
    reports, out = Path(sys.argv[1]), Path(sys.argv[2])
    try:
        found = again(reports, out)
    except AccountabilityError as error:
        print(f"accountability: {error}", file=sys.stderr)
        return 2
    for name, said, equal in found:
        print(f"{name}: {'equal' if equal else 'differs'}. {said}")
    print(f"{sum(equal for *_, equal in found)} of {len(found)} reports reproduced; open {out}/index.html")
    return 0 if all(equal for *_, equal in found) else 1


if __name__ == "__main__":
    sys.exit(main())
