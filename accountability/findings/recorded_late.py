"""Late recording of closings in findings on delays."""

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
    """Return the caveat of the answer, if the corrected share is outside the published interval; else nothing."""
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
    """State the share corrected for late recording, and that of a later release."""
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
    """Return the table of readings."""
    if late is None or isinstance(late, Refused) or not len(rows := late.table.dropna(subset="estimate")):
        return ()
    columns = {
        "reading": lambda row: asked.plain(str(row["reading"])),
        "days": counts("day"),
        "share closed (interval)": shares(),
    }
    return (reading("Share closed, as published and had closings been recorded at once", rows, columns),)


def breaks(late: LateRecording | Refused | None, within: int) -> tuple[str, ...]:
    """With one release only: state the effect of late recording as in other agencies."""
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
