"""Make reading tables from a result's frame."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from accountability.findings import wording
from accountability.findings.finding_parts import KeyNumber, ReadingTable
from accountability.study.grouping import NO_GROUP

Row = Mapping[Any, Any]


def reading(
    title: str,
    frame: pd.DataFrame,
    columns: Mapping[str, Callable[[Row], str]],
    notes: Sequence[str] = (),
) -> ReadingTable:
    """Return a frame as a reading table, given each heading's function for a row's cell.

    A note explains hidden cells, if any.
    """
    rows = tuple(tuple(write(row) for write in columns.values()) for row in frame.to_dict("records"))
    hidden = any(cell == wording.HIDDEN for row in rows for cell in row)
    said = (*notes, *((f"{wording.HIDDEN_NOTE[:1].upper()}{wording.HIDDEN_NOTE[1:]}",) if hidden else ()))
    return ReadingTable(title=title, head=tuple(columns), rows=rows, notes=said)


def counts(name: str) -> Callable[[Row], str]:
    """Return a cell function for counts."""
    return lambda row: wording.count(row[name])


def shares(value: str = "estimate", lower: str = "lower", upper: str = "upper") -> Callable[[Row], str]:
    """Return a cell function for shares with intervals."""
    return lambda row: wording.share_interval(row[value], row.get(lower), row.get(upper))


def ratios(value: str = "estimate", lower: str = "lower", upper: str = "upper") -> Callable[[Row], str]:
    """Return a cell function for ratios or means with intervals."""
    return lambda row: wording.number_interval(row[value], row.get(lower), row.get(upper))


def key_share(label: str, row: Row, note: str = "", names: Sequence[str] = ("estimate", "lower", "upper")) -> KeyNumber:
    """Make a key number from a share and its interval."""
    value, lower, upper = (row.get(name) for name in names)
    ends = wording.share_ends(lower, upper) if wording.known(lower) and wording.known(upper) else ""
    return KeyNumber(
        value=wording.share(value, lower, upper), label=label, note=note or ends, **raw(value, lower, upper)
    )


def raw(value: Any, lower: Any = None, upper: Any = None) -> dict[str, Any]:
    """Return the numbers of a key number unrounded."""
    names = ("estimate", "lower", "upper")
    return {
        name: float(one) if wording.known(one) else None for name, one in zip(names, (value, lower, upper), strict=True)
    }


def groups_in_rows(
    title: str,
    frame: pd.DataFrame,
    group: str,
    term: str,
    columns: Mapping[str, Callable[[Row], str]],
    terms: Mapping[Any, str],
    intervals: Collection[Any],
    notes: Sequence[str] = (),
) -> ReadingTable:
    """Return a frame of groups by terms as a reading table: a row for each group, a column for each of its shares.

    Parameters
    ----------
    title : str
    frame : DataFrame
        With ``estimate``, ``lower``, ``upper`` and ``n`` beside the columns of the group and the term.
    group, term : str
        Columns.
    columns : mapping
        Headings of the first columns, and their cells.
    terms : mapping
        The terms shown, with their headings.
    intervals : collection
        Terms whose intervals are shown.
    notes : sequence of str
    """
    rows = []
    for name, part in frame.groupby(group, sort=False, dropna=False):
        cells = {row[term]: row for row in part.to_dict("records")}
        n = next((row["n"] for row in cells.values() if wording.known(row["n"])), None)
        rows.append({group: name, "n": n} | {f"cell {one}": cells.get(one, {}) for one in terms})
    heads = {f"{name} (interval)" if one in intervals else name: one for one, name in terms.items()}
    cell = {head: partial(_share_in, f"cell {one}", one in intervals) for head, one in heads.items()}
    return reading(title, pd.DataFrame(rows), {**columns, **cell}, notes)


def _share_in(name: str, interval: bool, row: Row) -> str:
    cell = row[name]
    value, lower, upper = (cell.get(one) for one in ("estimate", "lower", "upper"))
    # Beyond what was seen nothing is hidden.
    if not cell.get("hidden", True) and not wording.known(value):
        return "not observed"
    return wording.share_interval(value, lower, upper) if interval else wording.share(value, lower, upper)


def ends_of(rows: Iterable[Row], group: str, name: str = "estimate") -> tuple[Row, Row] | None:
    """Return the rows of the groups with the least and the greatest number that is shown; none of fewer than two."""
    named = (row for row in rows if wording.known(row[name]) and row[group] not in NO_GROUP)
    shown = sorted(named, key=lambda row: float(row[name]))
    return (shown[0], shown[-1]) if len(shown) > 1 else None


def ends_said(ends: tuple[Row, Row], share: Callable[[Row], str], whose: Callable[[Row], str]) -> str:
    """Write the ends of a range with their groups: ``5.2 % (White) to 11.5 % (Black)``."""
    low, high = ends
    if share(low) == share(high):
        return f"{share(low)} ({whose(low)} and {whose(high)})"
    return f"{share(low)} ({whose(low)}) to {share(high)} ({whose(high)})"
