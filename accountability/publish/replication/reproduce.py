"""Make the reports of a replication package again, and compare them with the packaged ones.

Run as ``python -m accountability.publish.replication.reproduce reports reproduced``, which ``make reproduce`` does.
"""

from __future__ import annotations

import sys
from pathlib import Path

from accountability.errors import AccountabilityError, Refusal
from accountability.publish.finished import reports_in
from accountability.publish.verify import verify


def main() -> int:
    """Make the named reports again; return 0 if all values are equal, 1 if one differs, 2 if refused."""
    reports, out = Path(sys.argv[1]), Path(sys.argv[2])
    try:
        folders = reports_in(reports)
        found = verify(folders, out)
    except AccountabilityError as error:
        print(f"accountability: {error}", file=sys.stderr)
        return 2
    for folder, one in zip(folders, found, strict=True):
        if isinstance(one, Refusal):
            print(f"accountability: {one}", file=sys.stderr)
        else:
            print(f"{folder.name}: {'equal' if one.equal else 'differs'}. {one.sentence()}")
    equal = [not isinstance(one, Refusal) and one.equal for one in found]
    print(f"{sum(equal)} of {len(found)} reports reproduced; open {out}/index.html")
    return 2 if any(isinstance(one, Refusal) for one in found) else int(not all(equal))


if __name__ == "__main__":
    sys.exit(main())
