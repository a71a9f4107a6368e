"""What a table says of its own counts: sums, parts, shares and order, as linear constraints over those it hides."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Final

import numpy as np

from accountability.publish.sharing.count_system import Cell
from accountability.records.leaving.leak import WORDS, Leak

NUMBER: Final = re.compile(r"-?\d*\.?\d+(?:e-?\d+)?")
_PERCENT: Final = frozenset({"percent", "percentage", "pct"})
#: Rows that are sorted by a count show so many different ones at least.
_SORTED: Final = 4

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Released:
    """A table that leaves, or that left before.

    Attributes
    ----------
    place : str
        Where it stands, in words.
    about : str
        What it is of, apart from the settings: source, study, name.
    settings : mapping
        The parameters that may change a count, and ``data``, the hash of what was read.
    kinds : mapping of str to str
        What each column is.
    rows : tuple of tuple of str
        The cells.
    people : bool
        Whether its rows tell people or outcomes apart. Of other tables (how many cases stood where on a clock) small
        counts and differences point to nobody.
    """

    place: str
    about: str
    settings: Mapping[str, str]
    kinds: Mapping[str, str]
    rows: tuple[Row, ...]
    people: bool = True

    def columns(self, *kinds: str) -> list[int]:
        """Places of the columns of some kinds."""
        return [at for at, kind in enumerate(self.kinds.values()) if kind in kinds]

    def key(self, row: Row) -> Row:
        """What tells a row from the others."""
        return tuple(row[at] for at in self.columns("text", "asked"))


Counts = dict[tuple[Row, str], float | Cell]
Terms = list[tuple[float, float | Cell]]


def leak_of(table: Released, what: str, row: Row = ()) -> Leak:
    """A finding in a table, or in a row of it."""
    where = f", {' / '.join(row)}" if row else ""
    return Leak(f"{table.place}{where}", "difference", what)


def sums(table: Released, cells: Mapping[tuple[Row, str], float | Cell]) -> Iterator[tuple[Terms, float, float]]:
    """Give what a table says of its counts: sums of them, each with its factor, between two bounds."""
    names = [list(table.kinds)[at] for at in table.columns("count")]
    keys = list(dict.fromkeys(table.key(row) for row in table.rows))
    lines = {key: {n: cells[key, n] for n in names if (key, n) in cells} for key in keys}
    yield from _total_rows(names, keys, lines)
    yield from _total_columns(names, lines)
    yield from _shared_denominators(names, keys, lines)
    yield from _shares(table, names, lines)
    yield from _ordered(names, keys, lines)


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
    for _, half, of_all in shares_of(table):
        shares = {key: str(share) for key, share in of_all.items()}
        for part, whole in ((p, w) for p in names for w in names if p != w):
            told = hits = 0
            for key, text in shares.items():
                count, over = lines[key].get(part), lines[key].get(whole)
                if count is None or over is None or isinstance(count, Cell) or isinstance(over, Cell) or not over:
                    continue
                told += 1
                hits += abs(count - float(text) * over) <= half * over + 1e-6
            if hits < 2 or hits < told:
                continue
            for key, text in shares.items():
                count, over = lines[key].get(part), lines[key].get(whole)
                if isinstance(count, Cell) and over is not None and not isinstance(over, Cell):
                    slack = half * over + 1e-6
                    yield [(1.0, count), (-float(text), over)], -slack, slack
                elif isinstance(over, Cell) and count is not None:
                    yield [(1.0, over)], 1.0, np.inf
                    if float(text) > 0 and not isinstance(count, Cell):
                        most = count / max(float(text) - half, 1e-12)
                        yield [(1.0, over)], count / (float(text) + half) - 1e-6, most + 1e-6


def _ordered(
    names: list[str], keys: list[Row], lines: Mapping[Row, Mapping[str, float | Cell]]
) -> Iterator[tuple[Terms, float, float]]:
    """Rows that stand in the order of a count, and in no other: a hidden one lies between its neighbours."""
    rows = [key for key in keys if not is_total(key)]
    if rows in (sorted(rows), sorted(rows, reverse=True)):
        return
    for name in names:
        counts = [lines[key][name] for key in rows if name in lines[key]]
        shown = [count for count in counts if not isinstance(count, Cell)]
        for sign in (1.0, -1.0):
            if len(set(shown)) >= _SORTED and shown == sorted(shown, reverse=sign > 0):
                for above, below in pairwise(counts):
                    if isinstance(above, Cell) or isinstance(below, Cell):
                        yield [(sign, above), (-sign, below)], 0.0, np.inf


def is_total(row: Row) -> bool:
    """Whether a row counts the others together."""
    return any(word.strip().casefold() in WORDS["total_rows"] for word in row)


def shares_of(table: Released) -> Iterator[tuple[int, float, dict[Row, float]]]:
    """Columns of shares, also in percent: the place, half the last place that is written, and the shares by row.

    A cell without its last noughts is written to the same place as the others.
    """
    for at, (name, kind) in enumerate(table.kinds.items()):
        percent = kind in ("share", "number") and bool(_PERCENT & set(name.casefold().split("_")))
        if kind == "share" or percent:
            scale = 0.01 if percent else 1.0
            texts = {table.key(row): row[at] for row in table.rows if NUMBER.fullmatch(row[at])}
            places = [9 if "e" in text else len(text.partition(".")[2]) for text in texts.values()]
            shares = {key: scale * float(text) for key, text in texts.items()}
            if all(0 <= share <= 1 for share in shares.values()):
                yield at, scale * 0.5 * 10.0 ** -max(places, default=0), shares
