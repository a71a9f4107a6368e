"""Closings recorded late: what a finding on delays says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accountability.findings import wording
from accountability.findings.asked import Asked
from accountability.findings.finding_parts import ReadingTable
from accountability.findings.frame_tables import counts, reading, shares
from accountability.releases.late_check import PUBLISHED, SHOWN
from accountability.results import Refused

if TYPE_CHECKING:
    from accountability.releases import LateRecording


def caveat(late: LateRecording | Refused | None, within: int) -> str:
    """The caveat of the answer, where the correction leaves the interval as published; else nothing."""
    if late is None or isinstance(late, Refused):
        return ""
    published, corrected = late.at(within, PUBLISHED), late.at(within)
    if published is None or corrected is None or published["lower"] <= corrected["estimate"] <= published["upper"]:
        return ""
    return (
        f"Closings are recorded late: allowing for that, {wording.share(corrected['estimate'])} had closed within "
        f"{wording.days(within)}."
    )


def firm(late: LateRecording | Refused | None, within: int) -> tuple[str, ...]:
    """How the share reads once late recording is allowed for, and what a later release shows."""
    if late is None or isinstance(late, Refused) or (row := late.at(within)) is None:
        return ()
    said = (
        f"Allowing for closings recorded late, {wording.share(row['estimate'], row['lower'], row['upper'])} closed "
        f"within {wording.days(within)} ({wording.share_ends(row['lower'], row['upper'])})"
    )
    shown = late.at(within, SHOWN)
    realised = f"; the later release shows {wording.share(shown['estimate'])}" if shown is not None else ""
    return (f"{said}{realised}.",)


def tables(asked: Asked, late: LateRecording | Refused | None) -> tuple[ReadingTable, ...]:
    """The readings side by side."""
    if late is None or isinstance(late, Refused) or not len(rows := late.table.dropna(subset="estimate")):
        return ()
    columns = {
        "reading": lambda row: asked.plain(str(row["reading"])),
        "days": counts("day"),
        "share closed (interval)": shares(),
    }
    return (reading("Share closed, as published and had closings been recorded at once", rows, columns),)


def breaks(late: LateRecording | Refused | None, within: int) -> tuple[str, ...]:
    """From one release: what late recording would do, as far as other agencies tell."""
    if late is None or isinstance(late, Refused) or late.lag is not None:
        return ()
    rows = late.table[(late.table["day"] == within) & late.table["estimate"].notna()]
    others = rows[rows["reading"] != PUBLISHED].to_dict("records")
    if not others:
        return ()
    said = wording.joined([f"{wording.share(row['estimate'])} {row['reading']}" for row in others])
    return (
        f"Closings may be recorded late, which one release cannot show. The share closed within {wording.days(within)} "
        f"would read {said}.",
    )
