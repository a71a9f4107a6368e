"""Everything that stands between a case file and one that can be shown, found in one go."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pandas as pd

from accountability.casefiles import casefile_tables, person_words, scaffold
from accountability.casefiles.casefile_folder import date_spec
from accountability.casefiles.register import Conflict, conditions
from accountability.casefiles.step_orders import orders, records
from accountability.errors import AccountabilityError, SourceError
from accountability.parameters import nearest
from accountability.records.contract import read_source
from accountability.records.dates import DateSpec, parse
from accountability.records.onboard.check import check as check_source
from accountability.records.onboard.points import Checked, Point
from accountability.records.places import source_folder
from accountability.records.yaml_text import DECIDE
from accountability.vocabulary import STAGES

STATUSES: Final = ("reported", "alleged", "found", "recommended", "decided", "appealed")
NO_FINDING: Final = ("reported", "alleged")
NOT_FINAL: Final = ("recommended", "appealed")
FINALS: Final = ("yes", "no", "unknown")
CITING: Final = (casefile_tables.FACTS, "events.csv", "allegations.csv")
IDS: Final = {
    casefile_tables.FACTS: "fact_id",
    "events.csv": "event_id",
    "allegations.csv": "allegation_id",
    "cases.csv": "case_id",
    casefile_tables.REPORTS: "report",
}
_SAID: Final = {
    "stage": "a stage: " + ", ".join(STAGES),
    "status": "a status: " + ", ".join(STATUSES),
    "final": "yes, no or unknown",
    "asserted_by": "who says it, as a role: report, headline, investigators, attorney, unstated",
    "paragraph": "the n-th line of the text that is not blank, from 1",
    "officer_id": "a role: CASE/officer-1",
    "date": "as firm as the report: 2012, 2012-09, late 2012, 2012-09/.., or nothing",
    "what": "in your own words, without a name",
}


@dataclass
class _Found:
    """The tables that can be read, and the points found on the way."""

    folder: Path
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    register: dict[str, Conflict] = field(default_factory=dict)
    not_names: list[str] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)

    def add(self, kind: str, where: str, what: str, rows: list[str], *, known: bool = False) -> None:
        """One point for several rows that share a fault; nothing where there are none."""
        if rows:
            shown = ", ".join(dict.fromkeys(rows[:3])) + (f" and {len(rows) - 3} more" if len(rows) > 3 else "")
            self.points.append(Point(kind, where, f"{shown}: {what}", len(rows), open=not known))

    def rows(self, name: str) -> Iterator[dict[str, str]]:
        """Rows of a table, none where it could not be read."""
        if name in self.tables:
            yield from records(self.tables[name])


def check(name: str | Path) -> Checked:
    """Check a case file without stopping at the first problem.

    Parameters
    ----------
    name : str or Path
        A source's name or folder.

    Returns
    -------
    Checked
        What is left to decide, then the citations, statuses, dates and their order, conflicts and readings, and words
        that may be a person's name; then what :func:`accountability.records.onboard.check.check` finds in the source.
        It is ``clean`` when nothing is left.

    Raises
    ------
    SourceError
        There is no such source, or it holds no case files.
    """
    folder = source_folder(name)
    if not casefile_tables.holds_case_files(folder):
        raise SourceError(
            f"{folder}: expected case files, {casefile_tables.FACTS} and {casefile_tables.CONFLICTS}; found none"
        )
    found = _Found(folder)
    _read(found)
    _undecided(found)
    _ids(found)
    _citations(found)
    _statuses(found)
    _conflicts(found)
    _dates(found)
    for point in person_words.points(found.tables, found.register, found.not_names):
        found.points.append(point)
    for path, (_, now) in scaffold.stale(folder).items():
        paste = f"# source.yaml, under path: {path}\n    sha256: {now}"
        found.points.append(Point("files", path, "changed since it was declared; write its new hash", paste=paste))
    with scaffold.as_if_declared(folder) as copy:
        source = check_source(copy)
    return Checked(folder.name, (*_not_repeated(source, found.points), *found.points))


def _read(found: _Found) -> None:
    for name in (*IDS, casefile_tables.SECOND_CODING):
        if name == casefile_tables.SECOND_CODING and not casefile_tables.second_coding_there(found.folder):
            continue
        try:
            found.tables[name] = casefile_tables.table(found.folder, name)
        except SourceError as error:
            found.points.append(Point("files", name, str(error).removeprefix(f"{found.folder}/")))
    try:
        declared = casefile_tables.register(found.folder)
    except SourceError as error:
        found.points.append(Point("declaration", casefile_tables.CONFLICTS, str(error)))
        return
    found.not_names = [str(word) for word in declared["not_names"]]
    for name, entry in declared["conflicts"].items():
        if DECIDE in str(entry):
            found.points.append(Point("decide", casefile_tables.CONFLICTS, f"conflict {name!r} still says {DECIDE}"))
            continue
        try:
            found.register[name] = Conflict.of(name, entry)
        except SourceError as error:
            found.points.append(Point("conflicts", casefile_tables.CONFLICTS, str(error)))
    for entry in declared["not_stated"]:
        if not isinstance(entry, Mapping) or set(entry) != {"case_id", "what", "blocks"}:
            what = f"not_stated: expected case_id, what and blocks, found {entry}"
            found.points.append(Point("declaration", casefile_tables.CONFLICTS, what))
        elif DECIDE in str(entry):
            found.points.append(Point("decide", casefile_tables.CONFLICTS, f"not_stated still says {DECIDE}"))


def _undecided(found: _Found) -> None:
    """Every cell that still says what only a person can know."""
    for name, table in found.tables.items():
        for column in table.columns:
            left = [number for number, cell in enumerate(table[column], 1) if DECIDE in cell]
            if left:
                rows = ", ".join(map(str, left[:5])) + (" …" if len(left) > 5 else "")
                hint = f": {_SAID[column]}" if column in _SAID else ""
                found.points.append(Point("decide", name, f"{column}, data row {rows}{hint}", len(left)))


def _ids(found: _Found) -> None:
    cases = {row["case_id"] for row in found.rows("cases.csv")}
    for name, key in IDS.items():
        ids = [row[key] for row in found.rows(name)]
        found.add("keys", name, f"{key} is blank", [f"data row {i}" for i, one in enumerate(ids, 1) if not one])
        found.add("keys", name, f"{key} given twice", [one for i, one in enumerate(ids) if one and one in ids[:i]])
        if name in CITING:
            wrong = [
                row[key] for row in found.rows(name) if row["case_id"] not in cases and DECIDE not in row["case_id"]
            ]
            found.add("keys", name, f"case_id is not in cases.csv. {nearest('', sorted(cases))}", wrong)
    facts = {row["fact_id"] for row in found.rows(casefile_tables.FACTS)}
    strange = [r["fact_id"] for r in found.rows(casefile_tables.SECOND_CODING) if r["fact_id"] not in facts]
    found.add("keys", casefile_tables.SECOND_CODING, "no such fact", strange)
    if casefile_tables.SECOND_CODING in found.tables:
        left = sorted(facts - {row["fact_id"] for row in found.rows(casefile_tables.SECOND_CODING)})
        found.add("keys", casefile_tables.SECOND_CODING, "coded by the first coder only", left)


def _citations(found: _Found) -> None:
    """Every row stands in a paragraph of a listed report, said by somebody; steps rest on a coded fact."""
    lengths = {row["report"]: row["paragraphs"] for row in found.rows(casefile_tables.REPORTS)}
    for report, length in lengths.items():
        if not length.isdigit() and DECIDE not in length:
            what = f"{report}: paragraphs must be their number, found {length!r}"
            found.points.append(Point("citations", casefile_tables.REPORTS, what))
    coded = {(row["case_id"], row["report"], row["paragraph"]) for row in found.rows(casefile_tables.FACTS)}
    for name in CITING:
        key = IDS[name]
        faults: dict[str, list[str]] = {fault: [] for fault in ("report", "paragraph", "range", "nobody", "loose")}
        for row in found.rows(name):
            report, paragraph = row["report"], row["paragraph"]
            if DECIDE in report + paragraph:
                continue
            if report not in lengths:
                faults["report"].append(row[key])
            elif not paragraph.isdigit() or int(paragraph) < 1:
                faults["paragraph"].append(row[key])
            elif lengths[report].isdigit() and int(paragraph) > int(lengths[report]):
                faults["range"].append(f"{row[key]} ({report}, par. {paragraph} of {lengths[report]})")
            elif name != casefile_tables.FACTS and (row["case_id"], report, paragraph) not in coded:
                faults["loose"].append(f"{row[key]} ({report}, par. {paragraph})")
            if not row["asserted_by"]:
                faults["nobody"].append(row[key])
        known = nearest("", lengths)
        found.add("citations", name, f"its report is not in {casefile_tables.REPORTS}. {known}", faults["report"])
        found.add("citations", name, "its paragraph is no whole number from 1", faults["paragraph"])
        found.add("citations", name, "cites a paragraph its report does not have", faults["range"])
        found.add(
            "citations", name, "says not who asserts it; write unstated where the report hides it", faults["nobody"]
        )
        found.add("citations", name, f"rests on no fact of {casefile_tables.FACTS} of its case", faults["loose"])


def _statuses(found: _Found) -> None:
    for name in CITING:
        key = IDS[name]
        wrong = [f"{r[key]} ({r['status']!r})" for r in found.rows(name) if r["status"] not in (*STATUSES, DECIDE)]
        found.add("statuses", name, f"no such status; known: {', '.join(STATUSES)}", wrong)
    stages = [
        f"{r['event_id']} ({r['stage']!r})" for r in found.rows("events.csv") if r["stage"] not in (*STAGES, DECIDE)
    ]
    found.add("statuses", "events.csv", f"no such stage; known: {', '.join(STAGES)}", stages)
    awaited = [
        f"{row['case_id']} ({stage!r})"
        for row in found.rows("cases.csv")
        for stage in row["awaiting"].split()
        if stage not in (*STAGES, DECIDE)
    ]
    found.add("statuses", "cases.csv", "awaits no stage there is", awaited)
    rows = list(found.rows("allegations.csv"))
    name = "allegations.csv"
    final = [f"{r['allegation_id']} ({r['final']!r})" for r in rows if r["final"] not in (*FINALS, DECIDE)]
    found.add("statuses", name, "final must be yes, no or unknown", final)
    bare = [r["allegation_id"] for r in rows if r["status"] in NO_FINDING and r["finding"]]
    found.add("statuses", name, "only reported or alleged, yet it carries a finding: leave the finding blank", bare)
    early = [r["allegation_id"] for r in rows if r["status"] in NOT_FINAL and r["final"] == "yes"]
    found.add("statuses", name, "recommended or appealed, so it cannot be final", early)


def _conflicts(found: _Found) -> None:
    facts = {row["fact_id"]: row for row in found.rows(casefile_tables.FACTS)}
    cases = {row["case_id"] for row in found.rows("cases.csv")}
    where = casefile_tables.CONFLICTS
    for name, conflict in found.register.items():
        found.add("conflicts", where, f"conflict {name!r} is of no such case", sorted(set(conflict.cases) - cases))
        told = {reading: set(entry.facts) for reading, entry in conflict.readings.items()}
        cited = set().union(*told.values())
        found.add("conflicts", where, f"cited by {name!r}, and no such fact", sorted(cited - set(facts)))
        alien = sorted(f for f in cited & set(facts) if facts[f]["case_id"] not in conflict.cases)
        found.add("conflicts", where, f"cited by {name!r}, and of a case it does not concern", alien)
        if conflict.kind == "disagreement":
            shared = sorted(set.intersection(*told.values()))
            found.add("conflicts", where, f"carries every reading of {name!r}; that is an ambiguity", shared)
        stages = {stage for entry in conflict.readings.values() for stage in entry.awaits or ()}
        found.add("conflicts", where, f"awaited in {name!r}, and no stage", sorted(stages - set(STAGES)))
    for name in ("events.csv", "allegations.csv"):
        wrong: list[str] = []
        for row in found.rows(name):
            if DECIDE in row["reading"]:
                continue
            try:
                stated = conditions(row["reading"])
            except AccountabilityError as error:
                wrong.append(f"{row[IDS[name]]} ({error})")
                continue
            wrong += [f"{row[IDS[name]]} ({c}={r})" for c, r in stated.items() if not _known(found, row, c, r)]
        found.add("conflicts", name, f"its reading is not in {where}, or not of its case", wrong)


def _known(found: _Found, row: Mapping[str, Any], conflict: str, reading: str) -> bool:
    entry = found.register.get(conflict)
    return entry is not None and reading in entry.readings and row["case_id"] in entry.cases


def _dates(found: _Found) -> None:
    """Dates that cannot be read, that lie after the report which tells them, and steps in an impossible order."""
    reports = found.tables.get(casefile_tables.REPORTS)
    published: dict[str, Any] = {}
    if reports is not None:
        read = parse(reports["published"], DateSpec.of("words"))
        unread = read["problem"].notna() & ~reports["published"].str.contains(DECIDE)
        found.add(
            "dates", casefile_tables.REPORTS, "its day of publication cannot be read", list(reports["report"][unread])
        )
        published = dict(zip(reports["report"], read["latest"], strict=True))
    spec = _declared(found.folder)
    for name in (casefile_tables.FACTS, "events.csv"):
        if name not in found.tables:
            continue
        table, key = found.tables[name], IDS[name]
        read = parse(table["date"], spec)
        decided = ~table["date"].str.contains(DECIDE)
        undated = table[read["problem"].notna() & decided]
        said = [f"{row[key]} ({row['date']!r})" for row in records(undated)]
        # A fact may word a date that no calendar holds; a step that is dated must be dated.
        found.add("dates", name, "is no date; it dates nothing", said, known=name == casefile_tables.FACTS)
        latest = pd.to_datetime(table["report"].map(published))
        ahead = table[(read["earliest"] > latest).fillna(False).to_numpy(bool)]
        said = [f"{row[key]} ({row['date']}, {row['report']})" for row in records(ahead)]
        found.add("dates", name, "lies after the report that tells it appeared", said)
    if "events.csv" in found.tables:
        for what, rows in orders(found.tables["events.csv"], spec).items():
            found.add("order", "events.csv", what, rows)


def _declared(folder: Path) -> DateSpec:
    """How steps are dated; while ``source.yaml`` cannot be read, which its own points say, the words of reports."""
    try:
        return date_spec(read_source(folder))
    except AccountabilityError:
        return DateSpec.of("words")


def _not_repeated(source: Checked, own: list[Point]) -> list[Point]:
    """The source's points without those that only repeat a DECIDE of a case file's cell."""
    told = any(point.kind == "decide" for point in own)
    tables = ("cases.csv", "events.csv", "allegations.csv")
    return [
        point
        for point in source.points
        if not (told and point.where.startswith(tables) and re.search(DECIDE, f"{point.what}{point.paste}"))
    ]
