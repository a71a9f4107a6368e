"""The STROBE and RECORD checklists, filled from what was run: where each item is answered, or that it is the author's.

The items are put in words of our own. STROBE: von Elm et al. 2007; for cohort, case-control and cross-sectional
studies the items that apply to a study of records are kept. RECORD: Benchimol et al. 2015.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from accountability.publish.replication.exhibits import Report
from accountability.records.contract import Source

AUTHOR: Final = "For the author: the run does not say."


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a checklist.

    Attributes
    ----------
    number : str
        As the statement numbers it; items of RECORD say so.
    asks : str
        What has to be reported.
    where : str
        Where the package answers it, or :data:`AUTHOR`.
    """

    number: str
    asks: str
    where: str

    @property
    def answered(self) -> bool:
        """Whether the package answers it."""
        return not self.where.startswith(AUTHOR)


def checklist(reports: Sequence[Report], sources: Sequence[Source]) -> list[Item]:
    """Fill the checklists.

    Parameters
    ----------
    reports : sequence of Report
        The packaged reports.
    sources : sequence of Source
        What their sources declare.

    Returns
    -------
    list of Item
        In the order of the statements; every item is there. An item that names tables or sections names only those
        that are in the package.
    """

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
            f"`notebooks/{report.record['notebook']}`, “{heading}”"
            for report in reports
            for heading in report.sections
            if re.search(pattern, heading, re.IGNORECASE)
        ]
        return "; ".join(dict.fromkeys(held))

    def found(*parts: str) -> str:
        return "; ".join(part for part in parts if part) or f"{AUTHOR} No report of this package makes such a table."

    def each(say: str) -> str:
        return " ".join(f"{source.title}: {say.format(card=source.card, n=len(source.files))}." for source in sources)

    names = ", ".join(f"`data/{source.source}`" for source in sources)
    linked = any(len(source.files) > 1 for source in sources)
    linkage = (
        "Files of one release are joined by its own case and officer ids; no records of two bodies are linked. "
        f"The joins are declared in {names} (`source.yaml`)."
        if linked
        else "Nothing is linked: each source is one file."
    )
    grouped = sorted({str(r.record["parameters"]["group"]) for r in reports if r.record["parameters"].get("group")})
    return [
        Item("1a", "the design, in a common term, in title or abstract", AUTHOR),
        Item("1b", "a balanced summary in the abstract", f"{AUTHOR} Each report's headline is in its `report.html`."),
        Item("RECORD 1.1", "the kind of data, and the databases by name", each("{card.row_is}; {card.publisher}")),
        Item("RECORD 1.2", "region and time", each("{card.jurisdiction}; {card.sampling.window}")),
        Item("RECORD 1.3", "whether databases were linked", linkage),
        Item("2", "background and reasons", AUTHOR),
        Item(
            "3",
            "objectives",
            " ".join(dict.fromkeys(report.record["question"] for report in reports))
            + " Hypotheses stated beforehand are for the author to give.",
        ),
        Item("4", "the design, early", found(sections("what is (estimated|counted)"))),
        Item("5", "setting, places and dates", each("{card.agency}; observed until {card.observed_until}")),
        Item("6a", "who was eligible, how chosen, how followed", found(sections("who is counted"), tables("flow"))),
        Item("6b", "matching", "Nothing is matched one to one; standardised comparisons name what they hold alike."),
        Item("RECORD 6.1", "codes or algorithms that chose the population", found(tables("flow"))),
        Item("RECORD 6.2", "whether those codes were validated", f"{AUTHOR} What was checked: README.md in {names}."),
        Item("RECORD 6.3", "a diagram of the linkage with counts", found(linkage, tables("set_aside"))),
        Item(
            "7",
            "outcomes, exposures, confounders, defined",
            f"`accountability/vocabulary.py`; `codebook.yaml` in {names}",
        ),
        Item("RECORD 7.1", "all codes that class them", f"`codebook.yaml` in {names}: every raw value with its term"),
        Item("8", "source and measurement of each variable", f"`source.yaml` in {names}: every column"),
        Item("9", "efforts against bias", found(sections("what is (estimated|counted)"), sections("how firm"))),
        Item("10", "how the size was arrived at", found("every record of the window is read", tables("flow"))),
        Item(
            "11", "how numbers were handled and grouped", "Parameters of each report: `provenance.json`, `report.html`"
        ),
        Item(
            "12a",
            "statistical methods",
            found(sections("what is (estimated|counted)"), "the method named with each result"),
        ),
        Item(
            "12b",
            "subgroups and interactions",
            f"Compared by {', '.join(grouped)}." if grouped else "No subgroups were asked for in these reports.",
        ),
        Item(
            "12c",
            "missing data",
            found(sections("missing|before (estimating|counting)"), tables("missing", "dates_held")),
        ),
        Item("12d", "loss to follow-up", found("open cases are counted as open until the last day", tables("by_year"))),
        Item(
            "12e", "sensitivity", found(sections("how firm"), tables("other_cutoffs", "other_clocks", "other_limits"))
        ),
        Item("RECORD 12.1", "how far the investigators saw the whole database", each("{card.obtained}")),
        Item("RECORD 12.2", "cleaning", found(f"`source.yaml` in {names}", tables("set_aside", "left_out"))),
        Item("RECORD 12.3", "level and method of linkage", linkage),
        Item("13a", "numbers at each stage", found(tables("flow"))),
        Item("13b", "reasons for leaving out", found(tables("flow", "left_out"))),
        Item("13c", "a flow diagram", f"{AUTHOR} Its numbers: {tables('flow')}"),
        Item(
            "RECORD 13.1", "selection by quality, availability, linkage", found(tables("flow", "left_out", "set_aside"))
        ),
        Item("14a", "who was studied", found(tables("coverage", "category_shares", "balance"))),
        Item("14b", "how many lack each variable", found(tables("missing", "dates_held"))),
        Item("14c", "length of follow-up", found(tables("dates_held", "closing_curve"))),
        Item(
            "15", "outcomes over time", found(tables("closing_curve", "by_year", "caseload", "outcomes", "shrinking"))
        ),
        Item(
            "16a", "estimates with their precision", "Every table of estimates has its limits beside it: `EXHIBITS.csv`"
        ),
        Item(
            "16b", "boundaries of grouped numbers", "Bands are declared in `source.yaml`; groups by name in each table"
        ),
        Item("16c", "absolute as well as relative", found(tables("stages", "overall", "closing_curve", "views"))),
        Item("17", "other analyses", found(sections("how firm|step by step|groups side by side"))),
        Item("18", "key results", " ".join(r.record["headline"] for r in reports if r.record["headline"]) or AUTHOR),
        Item("19", "limits", found(sections("what this does not show"))),
        Item(
            "RECORD 19.1",
            "data not made for the question",
            found("traps on the card of each source", sections("the source")),
        ),
        Item("20", "interpretation", AUTHOR),
        Item("21", "how far it generalises", f"{AUTHOR} The window of each source: {each('{card.sampling.window}')}"),
        Item("22", "funding", AUTHOR),
        Item("RECORD 22.1", "access to protocol, raw data and code", "This package: `README.md`"),
    ]


def as_markdown(items: Sequence[Item]) -> str:
    """Write the checklist as a markdown table.

    Parameters
    ----------
    items : sequence of Item
        From :func:`checklist`.

    Returns
    -------
    str
        A document.
    """
    answered = sum(item.answered for item in items)
    lines = [
        "# STROBE and RECORD checklist",
        "",
        f"Filled from the run: {answered} of {len(items)} items are answered by this package, the others are for the "
        "author. The items are in words of our own; the statements are von Elm et al. (2007) and Benchimol et al. "
        "(2015).",
        "",
        "| Item | What has to be reported | Where |",
        "|---|---|---|",
    ]
    lines += [f"| {item.number} | {cell(item.asks)} | {cell(item.where)} |" for item in items]
    return "\n".join(lines) + "\n"


def cell(text: object) -> str:
    """Write a text as one cell of a markdown table: no line end, no bar, no tag of its own."""
    line = " ".join(str(text).split())
    return line.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;")
