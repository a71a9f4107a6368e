"""Table one: describe the cases by group, with standardised differences."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.journal_cells import ABSENT, HIDDEN, HIDDEN_SAID
from accountability.labels import USUAL, label
from accountability.results import or_refusal
from accountability.stats.arrays import Floats
from accountability.study.cohort import Cohort
from accountability.study.inputs import column_names, takes
from accountability.tables.described import Described
from accountability.tables.description import describe
from accountability.tables.print_form import Printed

_INDENT: Final = "\u2003"


@takes("cohort")
def table_one(data: Cohort, by: str | None = None, columns: str | Sequence[str] | None = None) -> Printed:
    """Describe the cases: counts, shares, medians and days to closing, overall and by group.

    Parameters
    ----------
    data : Cohort or Dataset
    by : str, optional
        Column of the groups.
    columns : str or sequence of str, optional
        Columns to show; by default the usual ones that the source has.

    Returns
    -------
    Printed
        One row per level, ``n (share)``; for numbers ``median (quartiles)``; days from receipt to closing including
        open cases (Kaplan-Meier). The last column is the standardised difference; with more than two groups, the
        largest between any two.

    Raises
    ------
    ParameterError
        For an unknown column.

    Notes
    -----
    Standardised differences of words with several levels: Yang and Dalton (SAS Global Forum 335-2012), as in gtsummary.
    Shares are of all units of a group; missing values are a level.

    Examples
    --------
    >>> import accountability
    >>> from accountability import tables
    >>> cohort = accountability.Cohort.of(accountability.load("synthetic"))
    >>> list(tables.table_one(cohort, by="investigated_by").table)[:2]
    ['Characteristic', 'Overall (n = 6,191)']
    """
    group = next(iter(column_names(by, "tables.table_one")), None)
    held = {*data.allegations.columns, *data.cases.columns}
    asked = column_names(columns, "tables.table_one", "columns") or [name for name in USUAL if name in held]
    if unknown := [name for name in asked if name not in held]:
        raise ParameterError(f"no column {unknown[0]!r} for table one; there are {', '.join(sorted(held))}")
    asked = [name for name in asked if name != group]
    units = _unit_of(data)
    sizes = [describe(data, units), *([describe(data, units, group)] if group else [])]
    heads, keys = [f"Overall (n = {_whole(sizes[0].table['n'].iloc[0])})"], []
    if group:
        keys = sizes[1].table[group].tolist()
        numbers = map(_whole, sizes[1].table["n"])
        heads += [f"{label(str(key), data.labels)} (n = {n})" for key, n in zip(keys, numbers, strict=True)]
    lines: list[list[str]] = []
    for name in asked:
        lines += _of_column(data, name, group, keys)
    days = or_refusal(lambda: describe(data, "days", group), "days")
    if isinstance(days, Described):
        parts = [describe(data, "days").table, *([days.table] if group else [])]
        lines.append(["days to closing, median (quartiles)", *_quartiles(parts, group, keys, "estimate"), ABSENT])
    last = ["Standardised difference"] if group else []
    width = 1 + len(heads) + len(last)
    notes = ["Number (per cent) of each group unless said; days count cases still open."]
    if any(HIDDEN in cell for line in lines for cell in line) or HIDDEN in "".join(heads):
        notes.append(HIDDEN_SAID)
    return Printed(
        estimand=f"who is studied in {data.name}" + (f", by {label(group, data.labels)}" if group else ""),
        assumptions=(),
        method="counts, shares of all units of the group, quartiles; Kaplan-Meier for days",
        table=pd.DataFrame([line[:width] for line in lines], columns=["Characteristic", *heads, *last]),
        flow=data.flow(),
        title=f"Who is studied: {units.replace('_', '-')} of {data.name}",
        notes=tuple(notes),
    )


def _unit_of(data: Cohort) -> str:
    return f"{data.card.unit}s"


def _whole(count: Any) -> str:
    return HIDDEN if pd.isna(count) else f"{int(count):,}"


def _of_column(data: Cohort, name: str, group: str | None, keys: list[str]) -> list[list[str]]:
    heading = label(name, data.labels)
    try:
        found = [describe(data, name), *([describe(data, name, group)] if group else [])]
    except Refusal:
        return []
    if found[0].kind == "number":
        parts = [each.table for each in found]
        return [[f"{heading}, median (quartiles)", *_quartiles(parts, group, keys, "median"), ABSENT]]
    levels = found[0].table[name].tolist()
    by_key = [found[0].table.set_index(name)]
    if group:
        by_key += [found[1].table[found[1].table[group] == key].set_index(name) for key in keys]
    gap = ABSENT
    if group:
        whole = found[1].true_numbers()
        own = [whole[whole[group] == key].set_index(name)["estimate"] for key in keys]
        shares: list[Any] = [each.reindex(levels).fillna(0) for each in own]
        # With a hidden cell, the difference would say something of it.
        told = not found[1].table["hidden"].any()
        gap = f"{max(_difference(a, b) for a, b in combinations(shares, 2)):.2f}" if told and len(keys) > 1 else HIDDEN
    rows = [[heading, *[""] * len(by_key), gap]]
    for level in levels:
        rows.append([f"{_INDENT}{label(str(level), data.labels)}", *(_cell(part, level) for part in by_key), ""])
    return rows


def _cell(part: pd.DataFrame, level: str) -> str:
    if level not in part.index:
        return "0 (0 %)"
    row = part.loc[level]
    return HIDDEN if pd.isna(row["estimate"]) else f"{int(row['events']):,} ({100 * row['estimate']:.1f} %)"


def _quartiles(parts: list[pd.DataFrame], group: str | None, keys: list[str], middle: str) -> list[str]:
    rows: list[Any] = [parts[0].iloc[0]]
    if group:
        indexed: Any = parts[1].set_index(group)
        rows += [indexed.loc[key] for key in keys if key in indexed.index]
    cells = []
    for row in rows:
        three = [row["lower_quartile"], row[middle], row["upper_quartile"]]
        low, mid, high = ("not reached" if pd.isna(day) else f"{float(day):,.0f}" for day in three)
        cells.append(HIDDEN if row["hidden"] else f"{mid} ({low} to {high})")
    return cells + [ABSENT] * (1 + len(keys) - len(cells))


def _difference(first: Floats | pd.Series, second: Floats | pd.Series) -> float:
    """Standardised difference of two distributions over the same levels."""
    a, b = np.asarray(first, dtype=float)[:-1], np.asarray(second, dtype=float)[:-1]
    spread = (np.diag(a) - np.outer(a, a) + np.diag(b) - np.outer(b, b)) / 2
    gap = a - b
    return float(np.sqrt(max(gap @ np.linalg.pinv(spread) @ gap, 0.0))) if len(gap) else 0.0
