"""The numbers of a finished report, each with an address: ``groups/Force/median``.

An address is table, row and column. A row is named by its first columns and not by position, so that addresses do not
change with other rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from accountability.errors import ParameterError
from accountability.parameters import nearest
from accountability.publish.finished import Held, tables

if TYPE_CHECKING:
    import pandas as pd

COLUMNS: Final = ("address", "kind", "table", "row", "column", "text", "number")
#: What the one row of a table is called when nothing in it is a name.
ONLY: Final = "all"
#: What an empty cell is called in the name of a row.
BLANK: Final = "none"
_LISTED: Final = 20
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+|inf)")
_COUNTED: Final = re.compile(r"[+-]?\d+")
# A table of one row needs no key; these are one all the same, so that a second row does not rename the first.
_KEYS_BY_NAME: Final = frozenset({"step", "year", "month", "p", "landmark"})


def key_columns(*cells: pd.DataFrame) -> list[str]:
    """Choose the columns that identify the rows.

    These are the fewest first columns that identify every row, without unnecessary numbers. A measured column (numbers
    with decimals, unless first) ends the search. Several tables of one kind share their columns; a table of one row may
    have none.
    """
    shared = [column for column in cells[0].columns if all(column in one.columns for one in cells)]
    chosen: list[str] = []
    if shared and all(len(one) <= 1 for one in cells):
        return shared[:1] if shared[0] in _KEYS_BY_NAME or not any(_numbers(one, shared[0]) for one in cells) else []
    for place, column in enumerate(shared):
        if place and any(_measured(one, column) for one in cells):
            break
        chosen.append(column)
        if _tells_apart(cells, chosen):
            break
    for column in reversed(chosen[1:]):
        rest = [other for other in chosen if other != column]
        if any(_numbers(one, column) for one in cells) and _tells_apart(cells, rest):
            chosen = rest
    return chosen


def _tells_apart(cells: Iterable[pd.DataFrame], columns: Sequence[str]) -> bool:
    return not any(one.duplicated(list(columns)).any() for one in cells)


def _numbers(cells: pd.DataFrame, column: str) -> bool:
    said = cells[column][cells[column] != ""]
    return bool(len(said)) and all(_NUMBER.fullmatch(cell) for cell in said)


def _measured(cells: pd.DataFrame, column: str) -> bool:
    return _numbers(cells, column) and not all(_COUNTED.fullmatch(cell) for cell in cells[column])


def tidy(held: Held, keys: Sequence[str] | None = None) -> pd.DataFrame:
    """Return a table with one cell per row and its address (see :func:`values`); `keys` identify the rows."""
    import pandas as pd

    cells = held.cells
    naming = key_columns(cells) if keys is None else list(keys)
    rows = _row_names(cells, naming)
    shown = [column for column in cells.columns if column not in naming]
    made = {
        "kind": held.kind,
        "table": held.name,
        "row": [row for row in rows for _ in shown],
        "column": shown * len(rows),
        "text": cells[shown].to_numpy(dtype=object).ravel().tolist(),
    }
    frame = pd.DataFrame(made, index=pd.RangeIndex(len(rows) * len(shown)))
    frame["number"] = [float(text) if _NUMBER.fullmatch(text) else float("nan") for text in made["text"]]
    frame["address"] = [f"{held.label}/{row}/{column}" for row, column in zip(made["row"], made["column"], strict=True)]
    return frame[list(COLUMNS)].astype(dict.fromkeys(COLUMNS[:-1], "str") | {"number": "float64"})


def _row_names(cells: pd.DataFrame, naming: Sequence[str]) -> list[str]:
    if not naming:
        plain = [ONLY] * len(cells)
    else:
        plain = [", ".join(cell or BLANK for cell in row) for row in cells[list(naming)].itertuples(index=False)]
    seen: dict[str, int] = {}
    taken = set(plain)
    names = []
    for name in plain:
        seen[name] = seen.get(name, 0) + 1
        own = name
        while seen[name] > 1 and own in taken:
            own = f"{name} #{seen[name]}"
            seen[name] += own in taken
        taken.add(own)
        names.append(own)
    return names


def values(folder: str | Path) -> pd.DataFrame:
    """Return all values of a report's tables and of its figures' data in one frame.

    Parameters
    ----------
    folder : path
        The report's folder, or a file in it.

    Returns
    -------
    DataFrame
        One row per cell, except key columns: ``address`` (unique), ``kind`` (table or figure), ``table``, ``row`` (the
        key columns, joined by a comma), ``column``, ``text`` (as in the CSV; empty for none) and ``number`` (missing if
        the text is not a number).

    Raises
    ------
    ParameterError
        If it is not a finished report, or a table is missing.
    """
    import pandas as pd

    parts = [tidy(held) for held in tables(folder)]
    if not parts:
        return pd.DataFrame({column: [] for column in COLUMNS}).astype("str").astype({"number": "float64"})
    return pd.concat(parts, ignore_index=True)


def value(folder: str | Path, address: str) -> float | str:
    """Return one value of a report.

    Parameters
    ----------
    folder : path
        The report's folder, or a file in it.
    address : str
        ``table/row/column``; a figure's data are at ``figure:name/row/column``. The row can be left out for a table of
        one row.

    Returns
    -------
    float or str
        The number, or the text of a cell without one.

    Raises
    ------
    ParameterError
        If it is not a finished report, or the address is unknown; names the nearest.
    """
    found = locate(values(folder), address)
    return found["text"] if found["number"] != found["number"] else found["number"]


def locate(frame: pd.DataFrame, address: str) -> dict[str, Any]:
    """Return the value at an address; if there is none, say which part is wrong and name the nearest."""
    hits = frame[frame["address"] == address]
    if hits.empty:
        label, _, column = address.rpartition("/")
        alone = frame[(frame["address"] == label + "/" + frame["row"] + "/" + column)]
        hits = alone if len(alone) == 1 and _of_table(frame, label)["row"].nunique() == 1 else hits
    if hits.empty:
        raise ParameterError(f"no value {address!r}: {_why(frame, address)}")
    return {str(name): cell for name, cell in hits.iloc[0].items()}


def _of_table(frame: pd.DataFrame, label: str) -> pd.DataFrame:
    return frame[frame["address"].str.startswith(f"{label}/")]


def _why(frame: pd.DataFrame, address: str) -> str:
    labels = list(dict.fromkeys(frame["address"].str.partition("/")[0]))
    label, _, rest = address.partition("/")
    if label not in labels:
        return f"the report has no table {label!r}. {_near(label, labels)}"
    inside = _of_table(frame, label)
    row, _, column = rest.rpartition("/")
    rows, columns = list(dict.fromkeys(inside["row"])), list(dict.fromkeys(inside["column"]))
    if column not in columns:
        return f"table {label!r} has no column {column!r}. {_near(column, columns)}"
    return f"table {label!r} has no row {row!r}. {_near(row, rows)}"


def _near(word: str, known: Sequence[str]) -> str:
    if len(known) <= _LISTED:
        return nearest(word, known)
    close = get_close_matches(word, known, n=3, cutoff=0.4)
    question = f"Did you mean {', '.join(map(repr, close))}? " if close else ""
    return f"{question}There are {len(known):,}, from {known[0]!r} to {known[-1]!r}."
