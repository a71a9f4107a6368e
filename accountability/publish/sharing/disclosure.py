"""Joint disclosure control of tables: linear constraints over the counts of an archive and of earlier ones.

Each column has a kind, which the report states (:mod:`accountability.publish.column_kinds`). Covered are counts, their
totals and complements, shares beside a count, differences of two reports on more or fewer cases (another cut-off,
filter or release), the same cells in another table, the same cases in other groups, the order of rows sorted by a
count, and quantiles and means of a hidden group or of one with few cases on a side (order statistics). For every
hidden count, for the hidden counts of one sum together, and for every difference of two shown counts, the least and the
most that all constraints allow are computed by mixed-integer programming (HiGHS). If the least is above 0 and the most
below ten, a group under ten is disclosed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final

from accountability.privacy import MIN_CELL
from accountability.publish.sharing.count_system import Cell, System, few
from accountability.publish.sharing.table_sums import NUMBER, Released, Row, is_total, precision, sums
from accountability.records.leaving.leak import WORDS, Leak

#: A parameter by which two reports ask of more or fewer of the same cases.
NESTING: Final = frozenset({"cutoff", "only", "within_days", "window_days", "landmark", "data"})
#: A parameter by which the same cases are told apart in another way.
_GROUPING: Final = frozenset({"group", "groups", "by"})
#: Parameters that change no count.
_IDLE: Final = frozenset({"confidence", "seed", "draws", "permutations", "min_group", "min_cell", "source"})
_SECONDS: Final = 60.0
_COUNT: Final = re.compile(r"\d{1,9}(?:\.0)?")
_MEAN: Final = re.compile(r"(?:mean|average|sum|total)(?:_\w+)?")
#: A share read against a number says a count when this is all that rounding leaves open.
_EXACT: Final = 0.1


def given_away(tables: Sequence[Released], before: Sequence[Released] = (), seconds: float = _SECONDS) -> list[Leak]:
    """Return the groups under ten that follow from tables, alone and with those shared before.

    Parameters
    ----------
    tables : sequence of Released
        Tables to share.
    before : sequence of Released
        Tables shared before; these are not checked alone.
    seconds : float
        Total time; what is not proven by then counts as disclosed.

    Returns
    -------
    list of Leak
        One per group that follows, or is not proven not to.
    """
    return list(dict.fromkeys(_found([*tables, *before], len(tables), time.monotonic() + seconds)))


def _found(tables: Sequence[Released], leaving: int, until: float) -> Iterator[Leak]:
    system = System()
    cells: list[dict[tuple[Row, str], float | Cell]] = [_cells(table, system) for table in tables]
    _same_cells(tables, cells)
    targets: list[tuple[Leak, dict[int, float]]] = []
    for number, (table, counts) in enumerate(zip(tables, cells, strict=True)):
        for terms, least, most in sums(table, counts):
            system.add(terms, least, most)
            hidden = {count.at: 1.0 for factor, count in terms if isinstance(count, Cell) and factor > 0}
            if len(hidden) > 1 and least == most and number < leaving and table.people:
                targets.append((_leak(table, "hidden counts of one sum together"), hidden))
        if number < leaving and table.people:
            for (row, name), count in counts.items():
                if isinstance(count, Cell):
                    targets.append((_leak(table, f"{name}, a hidden count", row), {count.at: 1.0}))
            yield from _of_quantiles(table, counts)
            yield from _of_shares(table, counts)
    for one, other in combinations(range(len(tables)), 2):
        if one < leaving and _nested(tables[one], tables[other]):
            yield from _differences(tables[one], cells[one], cells[other], system, targets)
        for at, whole in ((one, other), (other, one)):
            asked = targets if one < leaving else []  # of those that left before nothing is said
            _grouped_elsewhere(tables[at], cells[at], tables[whole], cells[whole], system, asked)
    seen: dict[tuple[tuple[int, float], ...], tuple[float, float] | None] = {}
    for leak, aim in targets:
        key = tuple(sorted(aim.items()))
        if key not in seen:
            left = until - time.monotonic()
            seen[key] = system.bounds(aim, left) if left > 0 else None
        ends = seen[key]
        if ends is None:
            yield Leak(leak.place, "not proven", leak.excerpt)
        elif few(*ends):
            yield leak


def _leak(table: Released, what: str, row: Row = ()) -> Leak:
    where = f", {' / '.join(row)}" if row else ""
    return Leak(f"{table.place}{where}", "difference", what)


def _count(cell: str) -> float | None:
    return float(cell) if _COUNT.fullmatch(cell) else None


def _cells(table: Released, system: System) -> dict[tuple[Row, str], float | Cell]:
    found: dict[tuple[Row, str], float | Cell] = {}
    names = list(table.kinds)
    for row in table.rows:
        for at in table.columns("count"):
            shown = _count(row[at])
            withheld = row[at].strip().casefold() in WORDS["withheld"]
            if shown is not None or withheld:
                key = (table.key(row), names[at])
                found.setdefault(key, Cell(system.new()) if shown is None else shown)
    return found


def _same_cells(tables: Sequence[Released], cells: list[dict[tuple[Row, str], float | Cell]]) -> None:
    """Take hidden cells from other tables of one setting that agree in every cell which both show, two at least."""
    for one, other in combinations(range(len(tables)), 2):
        first, second = tables[one], tables[other]
        if first.settings.get("data") != second.settings.get("data") or _labels(first) != _labels(second):
            continue
        both = [key for key in cells[one] if key in cells[other]]
        shown = [(cells[one][k], cells[other][k]) for k in both]
        told = [(a, b) for a, b in shown if not isinstance(a, Cell) and not isinstance(b, Cell)]
        if len({a for a, b in told if a}) < 2 or any(a != b for a, b in told):
            continue
        for key in both:
            a, b = cells[one][key], cells[other][key]
            if isinstance(a, Cell):
                cells[one][key] = b
            elif isinstance(b, Cell):
                cells[other][key] = a


def _labels(table: Released) -> list[str]:
    return [name for name, kind in table.kinds.items() if kind in ("text", "asked")]


def _grouped_elsewhere(
    table: Released,
    counts: Mapping[tuple[Row, str], float | Cell],
    other: Released,
    elsewhere: Mapping[tuple[Row, str], float | Cell],
    system: System,
    targets: list[tuple[Leak, dict[int, float]]],
) -> None:
    """The same cases not told apart, or told apart by something else, give the total of a table that shows none."""
    differing = {
        name for name in {*table.settings, *other.settings} if table.settings.get(name) != other.settings.get(name)
    }
    same = table.about.split(", ")[:2] == other.about.split(", ")[:2] and differing - _IDLE <= _GROUPING
    if not same or len(table.columns("text")) != 1 or table.columns("asked") or not table.people:
        return
    for name in dict.fromkeys(name for _, name in counts):
        parts = [count for (row, named), count in counts.items() if named == name and not is_total(row)]
        hidden = {part.at: 1.0 for part in parts if isinstance(part, Cell)}
        whole = _whole(table, other, {row: c for (row, named), c in elsewhere.items() if named == name})
        known = sum(part for part in parts if not isinstance(part, Cell))
        if hidden and len(parts) > len(hidden) and whole is not None and known < whole:
            system.add([*((1.0, part) for part in parts), (-1.0, whole)], 0.0, 0.0)
            targets.append((_leak(table, f"{name}, less what another table holds in all"), hidden))


def _whole(table: Released, other: Released, counts: Mapping[Row, float | Cell]) -> float | None:
    """All that another table counts: its one row or its total; or the sum of the same table by other groups."""
    total = [count for row, count in counts.items() if is_total(row) or len(counts) == 1]
    if len(total) == 1 and not isinstance(total[0], Cell):
        return total[0]
    shown = [count for row, count in counts.items() if not isinstance(count, Cell) and not is_total(row)]
    by_others = table.about == other.about and table.settings != other.settings and len(other.columns("text")) == 1
    return sum(shown) if by_others and len(shown) == len(counts) and not other.columns("asked") else None


def _of_shares(table: Released, cells: Mapping[tuple[Row, str], float | Cell]) -> Iterator[Leak]:
    """A share that is one of so many in every row says how many, though no column does."""
    if not table.people:
        return
    for at in table.columns("share"):
        half = precision(table, at)
        for whole in dict.fromkeys(name for _, name in cells):
            told = []
            for row in table.rows:
                n = cells.get((table.key(row), whole))
                if NUMBER.fullmatch(row[at]) and n is not None and not isinstance(n, Cell) and n:
                    told.append((row, n, float(row[at]) * n, half * n + 1e-6))
            exact = all(slack <= _EXACT and abs(part - round(part)) <= slack for _, _, part, slack in told)
            if not exact or len(told) < 2:
                continue
            for row, n, part, _ in told:
                if few(round(part), round(part)) or few(n - round(part), n - round(part)):
                    yield _leak(table, f"{list(table.kinds)[at]}, a share beside its number", table.key(row))


def _of_quantiles(table: Released, cells: Mapping[tuple[Row, str], float | Cell]) -> Iterator[Leak]:
    """A quantile or mean of a group that is hidden is the days of its cases; a median has half of them on a side."""
    counts, names = table.columns("count"), list(table.kinds)
    if not counts or not table.people:
        return
    means = [at for at in table.columns("number") if _MEAN.fullmatch(names[at])]
    for row in table.rows:
        n = cells.get((table.key(row), names[counts[0]]))
        hidden = isinstance(n, Cell) or (n is not None and 0 < n < MIN_CELL)
        halves = not isinstance(n, Cell) and n is not None and 0 < n < 2 * MIN_CELL
        if (hidden or halves) and any(NUMBER.fullmatch(row[at]) for at in table.columns("quantile")):
            yield _leak(table, "a quantile of a group too small to show", table.key(row))
        elif hidden and any(NUMBER.fullmatch(row[at]) for at in means):
            yield _leak(table, "a mean of a group too small to show", table.key(row))


def _nested(one: Released, other: Released) -> bool:
    differing = {
        name for name in {*one.settings, *other.settings} - _IDLE if one.settings.get(name) != other.settings.get(name)
    }
    same = one.about == other.about and _labels(one) == _labels(other)
    return same and one.people and bool(differing) and differing <= NESTING


def _differences(
    table: Released,
    one: Mapping[tuple[Row, str], float | Cell],
    other: Mapping[tuple[Row, str], float | Cell],
    system: System,
    targets: list[tuple[Leak, dict[int, float]]],
) -> Iterator[Leak]:
    """What one report counts and the other does not; the one that shows more everywhere holds the other's cases."""
    both = {key: (a, other[key]) for key, a in one.items() if key in other}
    told = [(a, b) for a, b in both.values() if not isinstance(a, Cell) and not isinstance(b, Cell)]
    sign = 1.0 if all(a >= b for a, b in told) else -1.0 if all(a <= b for a, b in told) else 0.0
    for (row, name), (a, b) in both.items():
        leak = _leak(table, f"{name}, less that of another report", row)
        if not isinstance(a, Cell) and not isinstance(b, Cell):
            if few(abs(a - b), abs(a - b)) and not is_total(row):
                yield leak
        elif sign:
            rest = system.new()
            system.add([(sign, a), (-sign, b), (-1.0, Cell(rest))], 0.0, 0.0)
            targets.append((leak, {rest: 1.0}))
