"""The STROBE and RECORD checklists, filled from the reports: where each item is answered, or that the author must.

The items are in ``CHECKLIST.md.j2``, in our own words. STROBE: von Elm et al. 2007, the items that apply to a study of
records. RECORD: Benchimol et al. 2015.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from accountability.publish.replication.exhibits import Report
from accountability.records.contract import Source

AUTHOR: Final = "For the author: the run does not say."


def checklist(reports: Sequence[Report], sources: Sequence[Source]) -> dict[str, Any]:
    """Return the values for the template, with only tables and sections of the packaged reports."""

    def tables(*names: str) -> str:
        held = [
            f"`reports/{report.name}/{entry['file']}`"
            for report in reports
            for entry in report.record["tables"]
            if entry["name"] in names and entry["kind"] == "table"
        ]
        return ", ".join(held)

    def sections(pattern: str) -> str:
        held = [
            f"`{report.notebook}`, “{heading}”"
            for report in reports
            for heading in report.sections
            if re.search(pattern, heading, re.IGNORECASE)
        ]
        return "; ".join(dict.fromkeys(held))

    def found(*parts: str) -> str:
        return "; ".join(part for part in parts if part) or f"{AUTHOR} No report of this package makes such a table."

    def each(say: str) -> str:
        return " ".join(f"{source.title}: {say.format(card=source.card)}." for source in sources)

    names = ", ".join(f"`data/{source.source}`" for source in sources)
    grouped = {str(r.record["parameters"]["group"]) for r in reports if r.record["parameters"].get("group")}
    linkage = "Nothing is linked: each source is one file."
    if any(len(source.files) > 1 for source in sources):
        linkage = (
            "Files of one release are joined by its own case and officer ids; no records of two bodies are linked. "
            f"The joins are declared in {names} (`source.yaml`)."
        )
    return {
        "author": AUTHOR,
        "tables": tables,
        "sections": sections,
        "found": found,
        "each": each,
        "names": names,
        "linkage": linkage,
        "grouped": ", ".join(sorted(grouped)),
        "questions": " ".join(dict.fromkeys(report.record["question"] for report in reports)),
        "headlines": " ".join(r.record["headline"] for r in reports if r.record["headline"]),
    }


def answered(where: str) -> bool:
    """Return whether the package itself answers an item."""
    return not where.startswith(AUTHOR)


def cell(text: object) -> str:
    """Return a text as one cell of a Markdown table, without line ends, bars and tags."""
    line = " ".join(str(text).split())
    return line.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
