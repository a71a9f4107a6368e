"""Joint disclosure control of tables: linear constraints over the counts of an archive and of earlier ones.

Each column has a kind, which the report states (:mod:`accountability.publish.column_kinds`). Covered are counts, their
totals and complements, shares beside a count (also in percent, and rounded), differences of two reports on more or
fewer cases (another cut-off, filter or release), what several filters leave together and how that grows, the same cells
in another table, the same cases in other groups, the margins of a table of two groups, the order of rows sorted by a
count, quantiles, extremes and means of a hidden group or of one with few cases on a side (order statistics), and
intervals of a share from which its number follows. For every hidden count, for the hidden counts of one sum together,
and for every difference of shown counts, the least and the most that all constraints allow are computed by
mixed-integer programming (HiGHS). If the least is above 0 and the most below ten, a group under ten is disclosed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import Final

from accountability.publish.sharing.count_system import Cell, System, few
from accountability.publish.sharing.table_statistics import told_by_statistics
from accountability.publish.sharing.table_sums import Counts, Released, Row, is_total, leak_of, sums
from accountability.records.leaving.leak import WORDS, Leak
from accountability.study.restriction import read_only

#: A parameter by which two reports ask of more or fewer of the same cases.
NESTING: Final = frozenset({"cutoff", "only", "within_days", "window_days", "landmark", "data"})
#: A parameter by which the same cases are told apart in another way.
_GROUPING: Final = frozenset({"group", "groups", "by"})
#: Parameters that change no count.
_IDLE: Final = frozenset({"confidence", "seed", "draws", "permutations", "min_group", "min_cell", "source"})
_SECONDS: Final = 60.0
_COUNT: Final = re.compile(r"\d{1,9}(?:\.0)?")


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
    leaving = [part for table in tables for part in _by_setting(table)]
    earlier = [part for table in before for part in _by_setting(table)]
    return list(dict.fromkeys(_found([*leaving, *earlier], len(leaving), time.monotonic() + seconds)))


def _by_setting(table: Released) -> Iterator[Released]:
    """A table whose rows are under several cut-offs or filters is several tables."""
    at = [place for place in table.columns("text", "asked") if list(table.kinds)[place] in NESTING]
    rows: dict[Row, list[Row]] = {}
    for row in table.rows:
        rows.setdefault(tuple(row[place] for place in at), []).append(row)
    kinds = {name: kind for place, (name, kind) in enumerate(table.kinds.items()) if place not in at}
    for cells, some in rows.items():
        said = {list(table.kinds)[place]: cell for place, cell in zip(at, cells, strict=True)}
        without = tuple(tuple(cell for place, cell in enumerate(row) if place not in at) for row in some)
        yield replace(table, settings={**table.settings, **said}, kinds=kinds, rows=without)


def _found(tables: Sequence[Released], leaving: int, until: float) -> Iterator[Leak]:
    system = System()
    cells: list[Counts] = [_cells(table, system) for table in tables]
    hidden = [{key: count for key, count in found.items() if isinstance(count, Cell)} for found in cells]
    _same_cells(tables, cells)
    for table, were, now in zip(tables[:leaving], hidden, cells, strict=False):
        for row, name in were if table.people else ():
            found = now[row, name]
            if not isinstance(found, Cell) and few(found, found):
                yield leak_of(table, f"{name}, a hidden count", row)
    targets: list[tuple[Leak, dict[int, float]]] = []
    for number, (table, counts) in enumerate(zip(tables, cells, strict=True)):
        for terms, least, most in sums(table, counts):
            system.add(terms, least, most)
            parts = {count.at: 1.0 for factor, count in terms if isinstance(count, Cell) and factor > 0}
            if len(parts) > 1 and least == most and number < leaving and table.people:
                targets.append((leak_of(table, "hidden counts of one sum together"), parts))
        if number < leaving and table.people:
            for (row, name), count in counts.items():
                if isinstance(count, Cell):
                    targets.append((leak_of(table, f"{name}, a hidden count", row), {count.at: 1.0}))
            yield from told_by_statistics(table, counts)
    for one, other in combinations(range(len(tables)), 2):
        if one < leaving and _nested(tables[one], tables[other]):
            yield from _differences(tables[one], cells[one], cells[other], system, targets)
        for at, whole in ((one, other), (other, one)):
            asked = targets if one < leaving else []  # of those that left before nothing is said
            _grouped_elsewhere(tables[at], cells[at], tables[whole], cells[whole], system, asked)
            _margins(tables[at], cells[at], tables[whole], cells[whole], system, asked)
    for one_rest, other_rest in combinations(_left_out(tables, cells, leaving, system, targets), 2):
        if one_rest[2] == other_rest[2] and (one_rest[3] or other_rest[3]) and _nested(one_rest[0], other_rest[0]):
            yield from _differences(one_rest[0], one_rest[1], other_rest[1], system, targets)
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


def _same_cells(tables: Sequence[Released], cells: list[Counts]) -> None:
    """Take hidden cells from other tables of one setting that agree in every cell which both show.

    They are two different ones at least, and three where the columns have other names.
    """
    columns = [
        {name: {row: (row, name) for row, named in found if named == name} for _, name in found} for found in cells
    ]
    rows = [{row for row, _ in found} for found in cells]
    for one, other in combinations(range(len(tables)), 2):
        if tables[one].settings.get("data") != tables[other].settings.get("data") or rows[one].isdisjoint(rows[other]):
            continue
        alike = _labels(tables[one]) == _labels(tables[other])
        for name, first in columns[one].items():
            for named, second in columns[other].items():
                both = [(first[row], second[row]) for row in first if row in second]
                told = [(cells[one][a], cells[other][b]) for a, b in both]
                shown = [pair for pair in told if not isinstance(pair[0], Cell) and not isinstance(pair[1], Cell)]
                enough = 2 if alike and name == named else 3
                if len({a for a, _ in shown if a}) < enough or any(a != b for a, b in shown):
                    continue
                for a, b in both:
                    if isinstance(cells[one][a], Cell):
                        cells[one][a] = cells[other][b]
                    elif isinstance(cells[other][b], Cell):
                        cells[other][b] = cells[one][a]


def _labels(table: Released) -> list[str]:
    return [name for name, kind in table.kinds.items() if kind in ("text", "asked")]


def _differing(one: Released, other: Released) -> set[str]:
    """Parameters in which two reports differ, of those that may change a count."""
    names = {*one.settings, *other.settings} - _IDLE
    return {name for name in names if one.settings.get(name) != other.settings.get(name)}


def _same_cases(one: Released, other: Released) -> bool:
    return one.about.split(", ")[:2] == other.about.split(", ")[:2] and _differing(one, other) <= _GROUPING


def _grouped_elsewhere(
    table: Released,
    counts: Mapping[tuple[Row, str], float | Cell],
    other: Released,
    elsewhere: Mapping[tuple[Row, str], float | Cell],
    system: System,
    targets: list[tuple[Leak, dict[int, float]]],
) -> None:
    """The same cases not told apart, or told apart by something else, give the total of a table that shows none."""
    if not _same_cases(table, other) or len(table.columns("text")) != 1 or table.columns("asked") or not table.people:
        return
    for name in dict.fromkeys(name for _, name in counts):
        parts = [count for (row, named), count in counts.items() if named == name and not is_total(row)]
        hidden = {part.at: 1.0 for part in parts if isinstance(part, Cell)}
        whole = _whole(table, other, {row: c for (row, named), c in elsewhere.items() if named == name})
        known = sum(part for part in parts if not isinstance(part, Cell))
        if hidden and len(parts) > len(hidden) and whole is not None and known < whole:
            system.add([*((1.0, part) for part in parts), (-1.0, whole)], 0.0, 0.0)
            targets.append((leak_of(table, f"{name}, less what another table holds in all"), hidden))


def _margins(
    table: Released,
    counts: Mapping[tuple[Row, str], float | Cell],
    other: Released,
    elsewhere: Mapping[tuple[Row, str], float | Cell],
    system: System,
    targets: list[tuple[Leak, dict[int, float]]],
) -> None:
    """What a table of two groups leaves out of a line is known where another table counts the same cases by one."""
    if not _same_cases(table, other) or len(table.columns("text")) < 2 or len(other.columns("text")) != 1:
        return
    if table.columns("asked") or other.columns("asked") or not table.people:
        return
    for named in dict.fromkeys(name for _, name in elsewhere):
        wholes = {row[0]: count for (row, name), count in elsewhere.items() if name == named and not is_total(row)}
        for name in dict.fromkeys(name for _, name in counts):
            for place in range(len(table.columns("text"))):
                lines: dict[str, list[float | Cell]] = {}
                for (row, of), count in counts.items():
                    if of == name and not is_total(row):
                        lines.setdefault(row[place], []).append(count)
                known = {
                    word: sum(part for part in parts if not isinstance(part, Cell)) for word, parts in lines.items()
                }
                both = [word for word in lines if not isinstance(wholes.get(word, Cell(0)), Cell)]
                whole = [word for word in both if not any(isinstance(part, Cell) for part in lines[word])]
                if not any(known[word] for word in whole) or any(known[word] != wholes[word] for word in whole):
                    continue
                for word in set(both) - set(whole):
                    hidden = {part.at: 1.0 for part in lines[word] if isinstance(part, Cell)}
                    if len(hidden) < len(lines[word]) and known[word] <= float(str(wholes[word])):
                        system.add([*((1.0, part) for part in lines[word]), (-1.0, wholes[word])], 0.0, 0.0)
                        targets.append(
                            (leak_of(table, f"{name} of {word}, less what another table holds in all"), hidden)
                        )


def _left_out(
    tables: Sequence[Released],
    cells: Sequence[Counts],
    leaving: int,
    system: System,
    targets: list[tuple[Leak, dict[int, float]]],
) -> Iterator[tuple[Released, Counts, object, bool]]:
    """Give what filters that share no case leave of all cases: one filter by itself, and all of one column together."""
    filters = [_filter(one) for one in tables]
    for number, table in enumerate(tables):
        apart: dict[str, dict[frozenset[str], int]] = {}
        for at, (column, values) in enumerate(filters):
            of_it = apart.setdefault(column, {})
            same = tables[at].about == table.about and _differing(tables[at], table) == {"only"}
            within = filters[number][0] == "" or (filters[number][0] == column and values < filters[number][1])
            if column and table.people and same and within and not any(one & values for one in of_it):
                of_it[values] = at
        for column, of_it in apart.items():
            for some in [[one] for one in of_it] + [list(of_it)] * (len(of_it) > 1):
                parts = [cells[of_it[one]] for one in some]
                rest = _rest(cells[number], parts, system)
                new = min([number, *(of_it[one] for one in some)]) < leaving
                for key, left in rest.items() if new and len(some) > 1 else ():
                    hidden = [part[key] for part in parts if isinstance(part.get(key), Cell)]
                    aim = Cell(system.new())
                    system.add([(1.0, left), *((1.0, one) for one in hidden), (-1.0, aim)], 0.0, 0.0)
                    targets.append((leak_of(table, f"{key[1]}, less those of other filters", key[0]), {aim.at: 1.0}))
                yield table, rest, (column, *sorted(map(sorted, some))), new


def _filter(table: Released) -> tuple[str, frozenset[str]]:
    """The column and the values by which a report keeps some cases; no column where it keeps all."""
    only = table.settings.get("only", "None")
    if "=" not in only:
        return "", frozenset()
    column, values = read_only(only)
    return column, frozenset(values)


def _rest(whole: Counts, parts: Sequence[Counts], system: System) -> Counts:
    """All counts less those of several parts; nothing where they are no parts of it."""
    lines = {key: [count, *(part.get(key, 0.0) for part in parts)] for key, count in whole.items()}
    told = {
        key: [float(str(one)) for one in line]
        for key, line in lines.items()
        if not any(isinstance(c, Cell) for c in line)
    }
    rest: Counts = {key: line[0] - sum(line[1:]) for key, line in told.items()}
    if not rest or any(isinstance(left, Cell) or left < 0 for left in rest.values()):
        return {}
    for key, line in lines.items():
        if key not in told:
            rest[key] = Cell(system.new())
            system.add([(1.0, line[0]), *((-1.0, part) for part in line[1:]), (-1.0, rest[key])], 0.0, 0.0)
    return rest


def _whole(table: Released, other: Released, counts: Mapping[Row, float | Cell]) -> float | None:
    """All that another table counts: its one row or its total; or the sum of the same table by other groups."""
    total = [count for row, count in counts.items() if is_total(row) or len(counts) == 1]
    if len(total) == 1 and not isinstance(total[0], Cell):
        return total[0]
    shown = [count for row, count in counts.items() if not isinstance(count, Cell) and not is_total(row)]
    by_others = table.about == other.about and table.settings != other.settings and len(other.columns("text")) == 1
    return sum(shown) if by_others and len(shown) == len(counts) and not other.columns("asked") else None


def _nested(one: Released, other: Released) -> bool:
    differing = _differing(one, other)
    (column, values), (of, others) = _filter(one), _filter(other)
    if column and of and (column != of or not (values <= others or others <= values)):
        return False
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
    more, less = all(a >= b for a, b in told), all(a <= b for a, b in told)
    sign = float(bool(told) and more) or -float(bool(told) and less)
    for (row, name), (a, b) in both.items():
        leak = leak_of(table, f"{name}, less that of another report", row)
        if not isinstance(a, Cell) and not isinstance(b, Cell):
            if few(abs(a - b), abs(a - b)) and not is_total(row):
                yield leak
        elif sign:
            rest = system.new()
            system.add([(sign, a), (-sign, b), (-1.0, Cell(rest))], 0.0, 0.0)
            targets.append((leak, {rest: 1.0}))
