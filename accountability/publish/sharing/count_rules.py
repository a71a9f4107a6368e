"""Rules for tables: few, what uncovers few, rows of one person, and cells that a spreadsheet would run.

Counts below ten are refused where they are counts of people, or of cases by what people did or how they ended. Two
kinds of small counts are let through because they say nothing of a person: how many cases stood where on a clock
(received, still open, closed by day, month or year, not told apart by any group), and how many records had a defect
(set aside, impossible, without a date: what became of every row has to be accounted for).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from accountability.publish.sharing.pieces import Table
from accountability.records.leaving.leak import COLUMNS, WORDS, Leak, masked
from accountability.results import EXECUTED

SMALLEST: Final = 10

_END: Final = re.compile(r"(?:from|to|at_least|up_to)_")
_INTEGER: Final = re.compile(r"(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.0)?")
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
#: Where commas are decimals, a spreadsheet parts cells at semicolons.
_LATER: Final = re.compile(r"[;\t\n]\s*[=@]")


@dataclass(frozen=True, slots=True)
class _Column:
    at: int
    name: str
    values: tuple[int | None, ...]  # None: withheld

    @property
    def total(self) -> bool:
        return bool(_parts(self.name) & WORDS["totals"])


def in_table(table: Table) -> Iterator[Leak]:
    """Look through one table; rows and columns are named, counts are not shown."""
    if table.sheet:
        yield from _formulas(table)
    yield from _rows_of_one(table)
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


def _tells(kind: str, cell: str) -> bool:
    """Whether a cell under such a heading holds the thing itself, and not a count or a word about it."""
    if kind == "shield":
        return bool(re.fullmatch(r"\d{2,7}", cell.strip()))
    if kind == "birth date":
        return bool(re.search(r"\d{4}-\d\d-\d\d|\d{1,2}[/.]\d{1,2}[/.]\d{2,4}|\d{8}", cell))
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


def _small(table: Table, counts: Sequence[_Column]) -> Iterator[Leak]:
    heads = set().union(*(_parts(heading) for heading in table.header))
    spoken_for = not _grouped(table) and bool(heads & (WORDS["clock"] | WORDS["account"]))
    for column in counts:
        if spoken_for and not _parts(column.name) & WORDS["people"]:
            continue
        for number, value in enumerate(column.values, start=1):
            if value is not None and 0 < value < SMALLEST:
                yield Leak(
                    f"{table.place}, row {number}, column {column.name}", "small cell", f"{column.name} below ten"
                )


def _uncovered(table: Table, counts: Sequence[_Column]) -> Iterator[Leak]:
    hiding = [column for column in counts if None in column.values]
    if not hiding:
        return
    for column in hiding:
        yield from _by_share(table, counts, column)
        yield from _by_total_row(table, column)
        yield from _by_denominator(table, counts, column)
    yield from _by_total_column(table, counts)


def _told(rest: int, withheld: int) -> bool:
    """Whether what is left for the withheld cells says that they are few."""
    return withheld > 0 and 0 < rest < SMALLEST


def _leak(table: Table, number: int, column: str) -> Leak:
    return Leak(f"{table.place}, row {number}, column {column}", "difference", "a hidden count, by subtraction")


def _by_share(table: Table, counts: Sequence[_Column], column: _Column) -> Iterator[Leak]:
    """A share beside a hidden count and a shown denominator."""
    totals = [other for other in counts if other.total and other is not column]
    shares = [at for at, heading in enumerate(table.header) if _parts(heading) & WORDS["shares"]]
    suffix = column.name.rsplit("_", 1)[-1]
    same = [at for at in shares if table.header[at].endswith(suffix)] if "_" in column.name else []
    for number, (row, value) in enumerate(zip(table.rows, column.values, strict=True), start=1):
        for at in same or shares:
            shown = row[at].strip().rstrip("%") if at < len(row) else ""
            if value is None and _NUMBER.fullmatch(shown) and any(total.values[number - 1] for total in totals):
                yield Leak(
                    f"{table.place}, row {number}, column {table.header[at]}", "difference", "a hidden count's share"
                )


def _by_total_row(table: Table, column: _Column) -> Iterator[Leak]:
    for at in _texts(table):
        for number, row in enumerate(table.rows, start=1):
            total = column.values[number - 1]
            if at >= len(row) or row[at].strip().casefold() not in WORDS["total_rows"] or total is None:
                continue
            # The total is of the rows that agree with it in every other word.
            alike = [n for n, other in enumerate(table.rows) if n != number - 1 and _alike(table, row, other, at)]
            hidden = [n for n in alike if column.values[n] is None]
            rest = total - sum(column.values[n] or 0 for n in alike)
            if _told(rest, len(hidden)):
                yield _leak(table, hidden[0] + 1, column.name)


def _alike(table: Table, one: Sequence[str], other: Sequence[str], but: int) -> bool:
    return all(one[at : at + 1] == other[at : at + 1] for at in _texts(table) if at != but)


def _by_denominator(table: Table, counts: Sequence[_Column], column: _Column) -> Iterator[Leak]:
    """Rows that share their denominator and all but one of their words are the parts of it."""
    texts = _texts(table)
    totals = [other for other in counts if other.total and other is not column]
    if not texts or not totals:
        return
    inner = max(texts, key=lambda at: len({row[at] for row in table.rows if at < len(row)}))
    for total in totals:
        blocks: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for n, row in enumerate(table.rows):
            outer = tuple(
                row[at] for at in texts if at != inner and _parts(table.header[at]) & WORDS["groups"] | {"part", "what"}
            )
            if total.values[n] is not None:
                blocks[(*outer, total.values[n])].append(n)
        for key, members in blocks.items():
            hidden = [n for n in members if column.values[n] is None]
            shown = [n for n in members if column.values[n] is not None]
            rest = int(str(key[-1])) - sum(column.values[n] or 0 for n in shown)
            if shown and _told(rest, len(hidden)):
                yield _leak(table, hidden[0] + 1, column.name)


def _by_total_column(table: Table, counts: Sequence[_Column]) -> Iterator[Leak]:
    for total in counts:
        parts = [column for column in counts if column is not total]
        if not total.total or len(parts) < 2:
            continue
        lines = [
            (n, whole, [part.values[n] for part in parts]) for n, whole in enumerate(total.values) if whole is not None
        ]
        complete = [whole == sum(value or 0 for value in line) for _, whole, line in lines if None not in line]
        if complete and not all(complete):
            continue
        for n, whole, line in lines:
            if _told(whole - sum(value or 0 for value in line), line.count(None)):
                yield _leak(table, n + 1, parts[line.index(None)].name)
