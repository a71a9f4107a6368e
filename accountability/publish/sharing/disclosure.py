"""Joint disclosure control of tables: linear constraints over the counts of an archive and of earlier ones.

Each column has a kind, which the report states (:mod:`accountability.publish.column_kinds`). Covered are counts, their
totals and complements, shares beside a count, differences of two reports on more or fewer cases (another cut-off,
filter or release), the same cells in another table, and quantiles of a hidden group (order statistics). For every
hidden count, for the hidden counts of one sum together, and for every difference of two shown counts, the least and the
most that all constraints allow are computed by mixed-integer programming (HiGHS). If the least is above 0 and the most
below ten, a group under ten is disclosed.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from accountability.privacy import MIN_CELL
from accountability.publish.sharing.count_system import Cell, System, few
from accountability.records.leaving.leak import WORDS, Leak

#: A parameter by which two reports ask of more or fewer of the same cases.
NESTING: Final = frozenset({"cutoff", "only", "within_days", "window_days", "landmark", "data"})
#: Parameters that change no count.
_IDLE: Final = frozenset({"confidence", "seed", "draws", "permutations", "min_group", "min_cell", "source"})
_SECONDS: Final = 60.0
_COUNT: Final = re.compile(r"\d{1,9}(?:\.0)?")
_NUMBER: Final = re.compile(r"-?\d*\.?\d+(?:e-?\d+)?")

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Released:
    """A table to share, or shared before.

    Attributes
    ----------
    place : str
        Its place, in words.
    about : str
        Its content except the settings: source, study, name.
    settings : mapping
        The parameters that can change a count, and ``data``, the hash of the data.
    kinds : mapping of str to str
        Kind of each column.
    rows : tuple of tuple of str
        The cells.
    people : bool
        Whether its rows distinguish people or outcomes. Differences of other tables (cases by stage and time) identify
        nobody.
    """

    place: str
    about: str
    settings: Mapping[str, str]
    kinds: Mapping[str, str]
    rows: tuple[Row, ...]
    people: bool = True

    def columns(self, *kinds: str) -> list[int]:
        """Return the positions of the columns of some kinds."""
        return [at for at, kind in enumerate(self.kinds.values()) if kind in kinds]

    def key(self, row: Row) -> Row:
        """Return the key of a row."""
        return tuple(row[at] for at in self.columns("text", "asked"))


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
        for terms, least, most in _sums(table, counts):
            system.add(terms, least, most)
            hidden = {count.at: 1.0 for factor, count in terms if isinstance(count, Cell) and factor > 0}
            if len(hidden) > 1 and least == most and number < leaving:
                targets.append((_leak(table, "hidden counts of one sum together"), hidden))
        if number < leaving:
            for (row, name), count in counts.items():
                if isinstance(count, Cell):
                    targets.append((_leak(table, f"{name}, a hidden count", row), {count.at: 1.0}))
            yield from _of_quantiles(table, counts)
    for one, other in combinations(range(len(tables)), 2):
        if one < leaving and _nested(tables[one], tables[other]):
            yield from _differences(tables[one], cells[one], cells[other], system, targets)
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


Terms = list[tuple[float, float | Cell]]


def _sums(table: Released, cells: Mapping[tuple[Row, str], float | Cell]) -> Iterator[tuple[Terms, float, float]]:
    names = [list(table.kinds)[at] for at in table.columns("count")]
    keys = list(dict.fromkeys(table.key(row) for row in table.rows))
    lines = {key: {n: cells[key, n] for n in names if (key, n) in cells} for key in keys}
    yield from _total_rows(names, keys, lines)
    yield from _total_columns(names, lines)
    yield from _shared_denominators(names, keys, lines)
    yield from _shares(table, names, lines)


def _total_rows(
    names: list[str], keys: list[Row], lines: Mapping[Row, Mapping[str, float | Cell]]
) -> Iterator[tuple[Terms, float, float]]:
    for total in keys:
        for at, word in enumerate(total):
            if word.strip().casefold() not in WORDS["total_rows"]:
                continue
            alike = [k for k in keys if k != total and all(k[i] == total[i] for i in range(len(k)) if i != at)]
            for name in names:
                parts = [lines[k][name] for k in alike if name in lines[k]]
                whole = lines[total].get(name)
                if whole is None or len(parts) < 2:
                    continue
                known = [part for part in parts if not isinstance(part, Cell)]
                over = not isinstance(whole, Cell) and sum(known) > whole
                off = not isinstance(whole, Cell) and len(known) == len(parts) and sum(known) != whole
                if not over and not off:  # else a case is in several rows, or in none
                    yield [*((1.0, part) for part in parts), (-1.0, whole)], 0.0, 0.0


def _total_columns(
    names: list[str], lines: Mapping[Row, Mapping[str, float | Cell]]
) -> Iterator[tuple[Terms, float, float]]:
    """A column that is the sum of others in every row that shows all of them, in two rows at least."""
    whole_lines = [line for line in lines.values() if len(line) == len(names)]
    complete = [line for line in whole_lines if not any(isinstance(count, Cell) for count in line.values())]
    if len(complete) < len(whole_lines) and len(complete) >= 2:
        table = np.array([[line[name] for name in names] for line in complete], dtype=float)
        for total in range(len(names)):
            for size in range(2, min(len(names), 5)):
                for parts in combinations([at for at in range(len(names)) if at != total], size):
                    summed = table[:, parts].sum(axis=1)
                    telling = (table[:, parts] > 0).all(axis=1).sum()
                    if telling >= 2 and np.array_equal(summed, table[:, total]):
                        for line in whole_lines:
                            yield [*((1.0, line[names[at]]) for at in parts), (-1.0, line[names[total]])], 0.0, 0.0


def _shared_denominators(
    names: list[str], keys: list[Row], lines: Mapping[Row, Mapping[str, float | Cell]]
) -> Iterator[tuple[Terms, float, float]]:
    """Rows that share a shown count and all but one word are its parts, where every complete set of them is."""
    width = len(keys[0]) if keys else 0
    if not width:
        return
    inner = max(range(width), key=lambda at: len({key[at] for key in keys}))
    for whole in names:
        blocks: dict[tuple[object, ...], list[Row]] = defaultdict(list)
        for key in keys:
            count = lines[key].get(whole)
            if count is not None and not isinstance(count, Cell):
                blocks[(*(key[:inner] + key[inner + 1 :]), count)].append(key)
        for name in names:
            if name == whole:
                continue
            several = {b: [lines[k][name] for k in ks if name in lines[k]] for b, ks in blocks.items() if len(ks) > 1}
            sums = {b: sum(p for p in parts if not isinstance(p, Cell)) for b, parts in several.items()}
            closed = [b for b, parts in several.items() if not any(isinstance(p, Cell) for p in parts)]
            if all(sums[b] == b[-1] for b in closed) and all(sums[b] <= float(str(b[-1])) for b in several):
                for b, parts in several.items():
                    if any(not isinstance(p, Cell) for p in parts):
                        yield [(1.0, part) for part in parts], float(str(b[-1])), float(str(b[-1]))


def _shares(
    table: Released, names: list[str], lines: Mapping[Row, Mapping[str, float | Cell]]
) -> Iterator[tuple[Terms, float, float]]:
    """A share that is one count over another in every row that shows all three, in two rows at least."""
    for at in table.columns("share"):
        shares = {table.key(row): row[at] for row in table.rows if _NUMBER.fullmatch(row[at])}
        for part, whole in ((p, w) for p in names for w in names if p != w):
            told = hits = 0
            for key, text in shares.items():
                count, over = lines[key].get(part), lines[key].get(whole)
                if count is None or over is None or isinstance(count, Cell) or isinstance(over, Cell) or not over:
                    continue
                told += 1
                hits += abs(count - float(text) * over) <= _rounding(text) * over + 1e-6
            if hits < 2 or hits < told:
                continue
            for key, text in shares.items():
                count, over = lines[key].get(part), lines[key].get(whole)
                if isinstance(count, Cell) and over is not None and not isinstance(over, Cell):
                    slack = _rounding(text) * over + 1e-6
                    yield [(1.0, count), (-float(text), over)], -slack, slack
                elif isinstance(over, Cell) and count is not None:
                    yield [(1.0, over)], 1.0, np.inf
                    if float(text) > 0 and not isinstance(count, Cell):
                        most = count / max(float(text) - _rounding(text), 1e-12)
                        yield [(1.0, over)], count / (float(text) + _rounding(text)) - 1e-6, most + 1e-6


def _rounding(text: str) -> float:
    return 0.5 * 10.0 ** -len(text.partition(".")[2]) if "e" not in text else 1e-9


def _of_quantiles(table: Released, cells: Mapping[tuple[Row, str], float | Cell]) -> Iterator[Leak]:
    """A quantile of a group whose number is hidden or under ten is the days of one of its cases."""
    counts = table.columns("count")
    if not counts or not table.people:
        return
    first = list(table.kinds)[counts[0]]
    for row in table.rows:
        n = cells.get((table.key(row), first))
        small = isinstance(n, Cell) or (n is not None and 0 < n < MIN_CELL)
        if small and any(_NUMBER.fullmatch(row[at]) for at in table.columns("quantile")):
            yield _leak(table, "a quantile of a group too small to show", table.key(row))


def _nested(one: Released, other: Released) -> bool:
    differing = {
        name for name in {*one.settings, *other.settings} - _IDLE if one.settings.get(name) != other.settings.get(name)
    }
    same = one.about == other.about and list(one.kinds) == list(other.kinds)
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
            whole = any(word.strip().casefold() in WORDS["total_rows"] for word in row)
            if few(abs(a - b), abs(a - b)) and not whole:
                yield leak
        elif sign:
            rest = system.new()
            system.add([(sign, a), (-sign, b), (-1.0, Cell(rest))], 0.0, 0.0)
            targets.append((leak, {rest: 1.0}))
