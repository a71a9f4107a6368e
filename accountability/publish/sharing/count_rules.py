"""Rules for tables: small counts, what reveals them, rows of one person, and cells that a spreadsheet would run.

Counts below ten are refused if they count people, or cases by conduct or outcome. Three types of small counts are
allowed because they identify nobody: cases by stage and time (received, still open, closed by day, month or year,
without groups), records with a defect (set aside, impossible, without a date), which account for every row, and the
number of units in a model of variances.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from accountability.publish.sharing.disclosure import Released, given_away
from accountability.publish.sharing.pieces import Table
from accountability.records.leaving.known import WORD
from accountability.records.leaving.leak import COLUMNS, WORDS, Leak, masked
from accountability.records.leaving.writings import plain, seen
from accountability.records.onboard.persons import identifies
from accountability.results import EXECUTED

SMALLEST: Final = 10

_END: Final = re.compile(r"(?:from|to|at_least|up_to)_")
_INTEGER: Final = re.compile(r"(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.0)?")
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
#: A day as a spreadsheet counts it, or as seconds since 1970.
_SINCE: Final = re.compile(r"[1-4]\d{4}(?:\.0)?|-?\d{7,12}(?:\.0)?")
_SENTENCE: Final = 8
#: Where commas are decimals, a spreadsheet parts cells at semicolons.
_LATER: Final = re.compile(r"[;\t\n][^\S\t\n]*[=@]")


@dataclass(frozen=True, slots=True)
class _Column:
    at: int
    name: str
    values: tuple[int | None, ...]  # None: withheld

    @property
    def total(self) -> bool:
        return bool(_parts(self.name) & WORDS["totals"])


def in_table(table: Table, project_words: frozenset[str] = frozenset()) -> Iterator[Leak]:
    """Check one table; findings name rows and columns without counts."""
    if table.sheet:
        yield from _formulas(table)
    yield from _rows_of_one(table)
    yield from _people(table, project_words)
    counts = _count_columns(table)
    if not counts:
        return
    yield from _small(table, counts)
    yield from dict.fromkeys(_uncovered(table, counts))


def _formulas(table: Table) -> Iterator[Leak]:
    for number, row in enumerate((table.header, *table.rows)):
        for cell in row:
            text = cell.lstrip(" \u00a0\ufeff")
            if (text.startswith((*EXECUTED, "\r")) and not _NUMBER.fullmatch(text)) or _LATER.search(cell):
                where = "heading" if number == 0 else f"row {number}"
                yield Leak(f"{table.place}, {where}", "formula", masked(cell))


def _rows_of_one(table: Table) -> Iterator[Leak]:
    for at, heading in enumerate(table.header):
        filled = {row[at] for row in table.rows if at < len(row) and not _withheld(row[at])}
        name = re.sub(r"\W+", "_", heading.strip()).strip("_")
        if not filled:
            continue
        place = f"{table.place}, column {heading}"
        if name.casefold() in WORDS["one"]:
            kind = "pseudonym" if name.casefold() == "officer_id" else "one case"
            yield Leak(place, kind, f"a row for each {name.casefold().removesuffix('_id')}, {len(filled)} of them")
        for personal, pattern in COLUMNS.items():
            if pattern.fullmatch(name) and any(_tells(personal, cell) for cell in filled):
                yield Leak(place, personal, masked(sorted(filled)[0]))


def _people(table: Table, project_words: frozenset[str]) -> Iterator[Leak]:
    """Columns of words that the way in would take for people: a level that is published is looked at too.

    Texts whose every word the project or the declaration writes are theirs, and sentences nearly all of whose words
    are.
    """
    for at in _texts(table):
        texts = {seen(row[at]) for row in table.rows if at < len(row) and not _withheld(row[at])}
        cells = [text for text in sorted(texts) if not _ours(WORD.findall(text), project_words)]
        found = identifies(cells)
        if found is not None and found.kind in ("name", "contact", "number"):
            yield Leak(f"{table.place}, column {table.header[at]}", "name", f"{len(set(cells))} texts: {found.why}")


def _ours(words: Sequence[str], project_words: frozenset[str]) -> bool:
    ours = sum(plain(word) in project_words for word in words)
    return ours == len(words) or (len(words) >= _SENTENCE and ours >= 0.8 * len(words))


def _tells(kind: str, cell: str) -> bool:
    """Whether a cell under such a heading holds the thing itself, and not a count or a word about it."""
    if kind == "shield":
        return bool(re.fullmatch(r"\d{2,7}", cell.strip()))
    if kind == "birth date":
        return bool(re.search(r"\d{4}-\d\d-\d\d|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}|\d{8}", cell)) or bool(
            _SINCE.fullmatch(cell.strip())
        )
    if kind == "free text":
        return len(cell.split()) >= 8
    return not _NUMBER.fullmatch(cell.strip())


def _parts(heading: str) -> set[str]:
    name = re.sub(r"\W+", "_", heading.strip().casefold()).strip("_")
    return {name, *name.split("_")}


def _count_columns(table: Table) -> list[_Column]:
    found = []
    for at, heading in enumerate(table.header):
        parts = _parts(heading)
        # Ends of a band say how often something happened to one, not to how many.
        if not parts & WORDS["counts"] or parts & WORDS["no_count"] or _END.match(heading.strip().casefold()):
            continue
        cells = [row[at].strip() if at < len(row) else "" for row in table.rows]
        values = [_count(cell) for cell in cells]
        if all(value is not None or _withheld(cell) for value, cell in zip(values, cells, strict=True)):
            found.append(_Column(at, heading, tuple(values)))
    return found


def _withheld(cell: str) -> bool:
    return cell.strip().casefold() in WORDS["withheld"]


def _count(cell: str) -> int | None:
    return int(cell.replace(",", "").split(".")[0]) if _INTEGER.fullmatch(cell) else None


def _texts(table: Table) -> list[int]:
    """Columns of words."""
    width = len(table.header)
    filled = {at: [row[at] for row in table.rows if at < len(row) and row[at].strip()] for at in range(width)}
    return [
        at for at, cells in filled.items() if cells and not all(_NUMBER.fullmatch(c.replace(",", "")) for c in cells)
    ]


def _grouped(table: Table) -> bool:
    """Whether the rows tell kinds of people or of outcomes apart."""
    return any(
        _parts(table.header[at]) & WORDS["groups"] and len({row[at] for row in table.rows if at < len(row)}) > 1
        for at in _texts(table)
    )


def _of_a_clock(table: Table) -> bool:
    """Whether its counts say where cases stood on a clock, or what became of rows, and tell no people apart."""
    heads = set().union(*(_parts(heading) for heading in table.header))
    return not _grouped(table) and bool(heads & (WORDS["clock"] | WORDS["account"]))


def _small(table: Table, counts: Sequence[_Column]) -> Iterator[Leak]:
    spoken_for = _of_a_clock(table)
    for column in counts:
        if spoken_for and not _parts(column.name) & WORDS["people"]:
            continue
        for number, value in enumerate(column.values, start=1):
            if value is not None and 0 < value < SMALLEST:
                yield Leak(
                    f"{table.place}, row {number}, column {column.name}", "small cell", f"{column.name} below ten"
                )


def _uncovered(table: Table, counts: Sequence[_Column]) -> Iterator[Leak]:
    """What the table alone gives away of its hidden counts."""
    if any(None in column.values for column in counts) and (kinds := kinds_by_heading(table)):
        yield from given_away([released(table, kinds)])


def kinds_by_heading(table: Table) -> dict[str, str]:
    """The kinds of a table's columns as its headings tell them; none where it counts nothing or heads two alike."""
    counts, texts = {column.at for column in _count_columns(table)}, _texts(table)
    kinds = dict.fromkeys(table.header, "number")
    for at, heading in enumerate(table.header):
        if at in counts:
            kinds[heading] = "count"
        elif at in texts:
            kinds[heading] = "text"
        elif _parts(heading) & WORDS["shares"]:
            kinds[heading] = "share"
    return kinds if counts and len(kinds) == len(table.header) else {}


def released(table: Table, kinds: Mapping[str, str], about: str = "", settings: Mapping[str, str] = {}) -> Released:
    """Return a table in the form of the system of counts."""
    width = len(table.header)
    rows = tuple((*row, *[""] * (width - len(row)))[:width] for row in table.rows)
    people = not _of_a_clock(table) or any(_parts(heading) & WORDS["people"] for heading in table.header)
    people = people and WORDS["choices"].isdisjoint(table.header)
    return Released(table.place, about, settings, kinds, rows, people)
