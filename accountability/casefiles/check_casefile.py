"""Check a case file and list all its faults."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pandas as pd

from accountability.casefiles import person_words
from accountability.casefiles.casefile import date_spec
from accountability.casefiles.casefile_tables import (
    CONFLICTS,
    FACTS,
    REPORTS,
    SECOND_CODING,
    forms,
    holds_case_files,
    register,
    rules,
    table,
)
from accountability.casefiles.register import Conflict, conditions
from accountability.errors import AccountabilityError, SourceError
from accountability.parameters import nearest
from accountability.records.contract import read_source
from accountability.records.dates import DateSpec, parse
from accountability.records.onboard.check import check as check_source
from accountability.records.onboard.points import Checked, Point
from accountability.records.places import source_folder
from accountability.records.yaml_text import DECIDE
from accountability.vocabulary import STAGES

NO_FINDING: Final = ("reported", "alleged")
NOT_FINAL: Final = ("recommended", "appealed")
CASES, EVENTS, ALLEGATIONS = "cases.csv", "events.csv", "allegations.csv"
CITING: Final = (FACTS, EVENTS, ALLEGATIONS)
NOBODY: Final = "says not who asserts it; write unstated where the report hides it"
BARE: Final = "only reported or alleged, yet it carries a finding: leave the finding blank"
EARLY: Final = "recommended or appealed, so it cannot be final"
Row = Mapping[str, Any]
Faults = Iterator[tuple[str, str]]
"""What is wrong with a row, and what is shown beside its key."""


@dataclass
class _Found:
    """The tables that can be read, and the points found on the way."""

    folder: Path
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    register: dict[str, Conflict] = field(default_factory=dict)
    not_names: list[str] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)

    def add(self, kind: str, where: str, what: str, rows: list[str], *, known: bool = False) -> None:
        """Add one point for rows that share a fault; none if there are no rows."""
        if rows:
            shown = ", ".join(dict.fromkeys(rows[:3])) + (f" and {len(rows) - 3} more" if len(rows) > 3 else "")
            self.points.append(Point(kind, where, f"{shown}: {what}", len(rows), open=not known))

    def rows(self, name: str) -> Iterator[dict[str, str]]:
        """Return the rows of a table; none if it could not be read."""
        if name in self.tables:
            for row in self.tables[name].to_dict("records"):
                yield {str(column): cell for column, cell in row.items()}

    def values(self, name: str, column: str) -> list[str]:
        """Return the cells of a column; none if the table could not be read."""
        return [row[column] for row in self.rows(name)]

    def judge(self, kind: str, name: str, faults: Callable[[Row], Faults], *, known: bool = False) -> None:
        """Add one point for the rows of a table that share a fault."""
        key, by = forms()[name]["key"], dict[str, list[str]]()
        for row in self.rows(name):
            for what, shown in faults(row):
                by.setdefault(what, []).append(f"{row[key]} ({shown})" if shown else row[key])
        for what, rows in by.items():
            self.add(kind, name, what, rows, known=known)


def check(name: str | Path) -> Checked:
    """Check a case file and list all its faults.

    Parameters
    ----------
    name : str or Path
        A source's name or folder.

    Returns
    -------
    Checked
        Open decisions; faults in citations, statuses, dates and their order, conflicts and readings; words that may be
        a person's name; then the faults that :func:`accountability.records.onboard.check.check` finds in the source. It
        is ``clean`` when there is none.

    Raises
    ------
    SourceError
        If there is no such source, or it holds no case files.
    """
    folder = source_folder(name)
    if not holds_case_files(folder):
        raise SourceError(f"{folder}: expected case files, {FACTS} and {CONFLICTS}; found none")
    found = _Found(folder)
    for step in (_read, _register, _undecided, _ids, _citations, _statuses, _conflicts, _dates):
        step(found)
    found.points += person_words.points(found.tables, found.register, found.not_names)
    return Checked(folder.name, (*_not_repeated(check_source(folder), found.points), *found.points))


def _read(found: _Found) -> None:
    for name, form in forms().items():
        if form.get("optional") and not (found.folder / name).is_file():
            continue
        try:
            found.tables[name] = table(found.folder, name)
        except SourceError as error:
            found.points.append(Point("files", name, str(error).removeprefix(f"{found.folder}/")))


def _register(found: _Found) -> None:
    try:
        declared = register(found.folder)
    except SourceError as error:
        found.points.append(Point("declaration", CONFLICTS, str(error)))
        return
    found.not_names = [str(word) for word in declared["not_names"]]
    for name, entry in declared["conflicts"].items():
        if DECIDE in str(entry):
            found.points.append(Point("decide", CONFLICTS, f"conflict {name!r} still says {DECIDE}"))
            continue
        try:
            found.register[name] = Conflict.of(name, entry)
        except SourceError as error:
            found.points.append(Point("conflicts", CONFLICTS, str(error)))
    for entry in declared["not_stated"]:
        if not isinstance(entry, Mapping) or set(entry) != {"case_id", "what", "blocks"}:
            what = f"not_stated: expected case_id, what and blocks, found {entry}"
            found.points.append(Point("declaration", CONFLICTS, what))
        elif DECIDE in str(entry):
            found.points.append(Point("decide", CONFLICTS, f"not_stated still says {DECIDE}"))


def _undecided(found: _Found) -> None:
    """Every cell that still says what only a person can know."""
    said = {**rules()["says"], "stage": "a stage: " + ", ".join(STAGES)}
    for name, held in found.tables.items():
        for column in held.columns:
            left = [number for number, cell in enumerate(held[column], 1) if DECIDE in cell]
            if left:
                rows = ", ".join(map(str, left[:5])) + (" …" if len(left) > 5 else "")
                hint = f": {said[column]}" if column in said else ""
                found.points.append(Point("decide", name, f"{column}, data row {rows}{hint}", len(left)))


def _ids(found: _Found) -> None:
    cases = sorted(set(found.values(CASES, "case_id")))
    for name, form in forms().items():
        if form.get("optional"):
            continue
        ids = found.values(name, key := form["key"])
        found.add("keys", name, f"{key} is blank", [f"data row {i}" for i, one in enumerate(ids, 1) if not one])
        found.add("keys", name, f"{key} given twice", [one for i, one in enumerate(ids) if one and one in ids[:i]])
        if name in CITING:
            strange = [r[key] for r in found.rows(name) if r["case_id"] not in cases and DECIDE not in r["case_id"]]
            found.add("keys", name, f"case_id is not in {CASES}. {nearest('', cases)}", strange)
    facts, second = (found.values(name, "fact_id") for name in (FACTS, SECOND_CODING))
    found.add("keys", SECOND_CODING, "no such fact", [fact for fact in second if fact not in facts])
    if SECOND_CODING in found.tables:
        found.add("keys", SECOND_CODING, "coded by the first coder only", sorted({*facts} - {*second}))


def _citations(found: _Found) -> None:
    """Every row stands in a paragraph of a listed report, said by somebody; steps rest on a coded fact."""
    lengths = {row["report"]: row["paragraphs"] for row in found.rows(REPORTS)}
    coded = {(row["case_id"], row["report"], row["paragraph"]) for row in found.rows(FACTS)}
    known = nearest("", lengths)

    def length(row: Row) -> Faults:
        if not row["paragraphs"].isdigit() and DECIDE not in row["paragraphs"]:
            yield "paragraphs must be their number", row["paragraphs"]

    def place(row: Row) -> Faults:
        report, paragraph = row["report"], row["paragraph"]
        if DECIDE in report + paragraph:
            return
        if report not in lengths:
            yield f"its report is not in {REPORTS}. {known}", ""
        elif not paragraph.isdigit() or int(paragraph) < 1:
            yield "its paragraph is no whole number from 1", ""
        elif lengths[report].isdigit() and int(paragraph) > int(lengths[report]):
            yield "cites a paragraph its report does not have", f"{report}, par. {paragraph} of {lengths[report]}"
        elif (row["case_id"], report, paragraph) not in coded:
            yield f"rests on no fact of {FACTS} of its case", f"{report}, par. {paragraph}"
        if not row["asserted_by"]:
            yield NOBODY, ""

    found.judge("citations", REPORTS, length)
    for name in CITING:
        found.judge("citations", name, place)


def _statuses(found: _Found) -> None:
    terms = {**rules()["one_of"], "stage": STAGES}

    def terms_kept(row: Row) -> Faults:
        for column in terms.keys() & row.keys():
            if row[column] not in (*terms[column], DECIDE):
                yield f"no such {column}: expected one of {', '.join(terms[column])}", repr(row[column])
        for stage in row.get("awaiting", "").split():
            if stage not in (*STAGES, DECIDE):
                yield "awaits no stage there is", repr(stage)

    def firmness(row: Row) -> Faults:
        if row["status"] in NO_FINDING and row["finding"]:
            yield BARE, ""
        if row["status"] in NOT_FINAL and row["final"] == "yes":
            yield EARLY, ""

    for name in (*CITING, CASES):
        found.judge("statuses", name, terms_kept)
    found.judge("statuses", ALLEGATIONS, firmness)


def _conflicts(found: _Found) -> None:
    facts = {row["fact_id"]: row["case_id"] for row in found.rows(FACTS)}
    cases = {row["case_id"] for row in found.rows(CASES)}
    for name, conflict in found.register.items():
        told = [set(entry.facts) for entry in conflict.readings.values()]
        cited, shared = set().union(*told), set.intersection(*told)
        stages = {stage for entry in conflict.readings.values() for stage in entry.awaits or ()}
        faults = {
            f"conflict {name!r} is of no such case": set(conflict.cases) - cases,
            f"cited by {name!r}, and no such fact": cited - set(facts),
            f"cited by {name!r}, and of a case it does not concern": {
                fact for fact in cited & set(facts) if facts[fact] not in conflict.cases
            },
            f"carries every reading of {name!r}; that is an ambiguity": (
                shared if conflict.kind == "disagreement" else set()
            ),
            f"awaited in {name!r}, and no stage": stages - set(STAGES),
        }
        for what, rows in faults.items():
            found.add("conflicts", CONFLICTS, what, sorted(rows))

    def reading(row: Row) -> Faults:
        if DECIDE in row["reading"]:
            return
        try:
            stated = conditions(row["reading"])
        except AccountabilityError as error:
            yield str(error), ""
            return
        for name, chosen in stated.items():
            entry = found.register.get(name)
            if entry is None or chosen not in entry.readings or row["case_id"] not in entry.cases:
                yield f"its reading is not in {CONFLICTS}, or not of its case", f"{name}={chosen}"

    for name in (EVENTS, ALLEGATIONS):
        found.judge("conflicts", name, reading)


def _dates(found: _Found) -> None:
    """Dates that cannot be read, that lie after the report which tells them, and steps in an impossible order."""
    spec = _declared(found.folder)
    for name, column, how in (
        (REPORTS, "published", DateSpec.of("words")),
        (FACTS, "date", spec),
        (EVENTS, "date", spec),
    ):
        if name in found.tables:
            found.tables[name] = dated(found.tables[name], column, how)
    published = {row["report"]: row["latest"] for row in found.rows(REPORTS)}

    def unread(row: Row) -> Faults:
        if row["problem"] and DECIDE not in row["published"]:
            yield "its day of publication cannot be read", ""

    def undated(row: Row) -> Faults:
        if row["problem"] and DECIDE not in row["date"]:
            yield "is no date; it dates nothing", repr(row["date"])

    def ahead(row: Row) -> Faults:
        if row["earliest"] > published.get(row["report"], pd.NaT):
            yield "lies after the report that tells it appeared", f"{row['date']}, {row['report']}"

    found.judge("dates", REPORTS, unread)
    for name in (FACTS, EVENTS):
        # A fact may word a date that no calendar holds; a step that is dated must be dated.
        found.judge("dates", name, undated, known=name == FACTS)
        found.judge("dates", name, ahead)
    found.judge("order", EVENTS, before_its_time(list(found.rows(EVENTS))))


def _declared(folder: Path) -> DateSpec:
    """How steps are dated; while ``source.yaml`` cannot be read, which its own points say, the words of reports."""
    try:
        return date_spec(read_source(folder))
    except AccountabilityError:
        return DateSpec.of("words")


def dated(table: pd.DataFrame, column: str, how: DateSpec) -> pd.DataFrame:
    """Return ``earliest``, ``latest`` and ``problem`` (empty if none) of a column of dates."""
    read = parse(table[column], how)
    return table.assign(earliest=read["earliest"], latest=read["latest"], problem=read["problem"].fillna(""))


def before_its_time(events: list[dict[str, Any]]) -> Callable[[Row], Faults]:
    """Find steps that are certainly before a step they must follow.

    A row is a fault when every step it must follow, under compatible readings, is later. A step of one officer follows
    steps of that officer and of the whole case.
    """

    def together(one: Row, other: Row) -> bool:
        try:
            mine, theirs = conditions(one["reading"]), conditions(other["reading"])
        except AccountabilityError:  # listed among the readings
            return False
        officers = {one["officer_id"], other["officer_id"]} - {""}
        alike = all(theirs.get(name, reading) == reading for name, reading in mine.items())
        return one["case_id"] == other["case_id"] and len(officers) < 2 and alike

    def faults(row: Row) -> Faults:
        for first, later in rules()["before"].items():
            if row["stage"] in later and not pd.isna(row["latest"]):
                others = [one for one in events if one["stage"] == first and together(one, row)]
                if others and all(one["earliest"] > row["latest"] for one in others):
                    after = f"{row['date']}, after {others[0]['event_id']}, {others[0]['date']}"
                    yield f"{row['stage']} before {first} for certain", after

    return faults


def _not_repeated(source: Checked, own: list[Point]) -> list[Point]:
    """The source's points without those that only repeat a DECIDE of a case file's cell."""
    told = any(point.kind == "decide" for point in own)
    return [
        point
        for point in source.points
        if not (told and point.where.startswith((CASES, *CITING)) and DECIDE in f"{point.what}{point.paste}")
    ]
