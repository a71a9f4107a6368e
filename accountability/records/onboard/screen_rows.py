"""Screen the rows of an unknown file: rows that are not records, repeated rows, overlapping files."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

from accountability.records.onboard.matter import ROWS_SHOWN, Matter

TOTAL: Final = re.compile(
    r"(?:\S+ ){0,3}(?:grand[ -]?|sub[ -]?)?totals?\b.{0,40}"
    r"|(?:sum|count|average|mean|n|gesamt|summe|suma|somme)\b\s*[:=(]?.{0,30}"
    r"|all (?:records|complaints|cases)\b.*",
    re.I,
)
NOTE: Final = re.compile(
    r"[-=_*~ ]{3,}|page \d+(?: of \d+)?.*|(?:source|note|notes|report run|run date|generated|printed|as of|prepared by|"
    r"end of (?:report|file|list))\b.*|[*†‡]+ ?\S.*|\(?continued\)?.*",
    re.I,
)
_UNIQUE: Final = 0.5
_BY_CHANCE: Final = 3


def no_records(frame: pd.DataFrame, masked: Collection[str] = ()) -> list[Matter]:
    """Find rows that are not records: totals, repeated headers, page lines, notes; names in them are not shown."""
    if not frame.shape[1] or not len(frame):
        return []
    filled = frame.notna().sum(axis=1)
    usual = float(filled.median())
    short = filled < usual
    names = pd.Series(list(frame.columns), index=frame.columns)
    first = frame.iloc[:, 0]
    for name in frame.columns[1:]:
        if not (first.isna() & short).any():
            break
        first = first.fillna(frame[name].where(short))
    likely = frame[first.isin(list(frame.columns))].eq(names)
    header = (likely.sum(axis=1) >= max(2, 0.6 * frame.shape[1])).reindex(frame.index, fill_value=False)
    texts = pd.Series(first.unique(), dtype="str").dropna()
    total = first.isin(texts[texts.str.strip().str.fullmatch(TOTAL)]) & short & ~header
    said = first.isin(texts[texts.str.strip().str.fullmatch(NOTE)]) & (filled <= max(2, usual / 2)) & short
    alone = (filled == 1) & (usual >= 3) & frame.iloc[:, 0].notna() & (first.str.len() > 12)
    note = (said | alone) & ~total & ~header
    found = []
    for kind, marked, what in (
        ("total", total, "read as a total, not a record"),
        ("header", header, "repeat the header, not a record"),
        ("note", note, "hold one text alone, a title or a footnote, not a record"),
    ):
        if marked.any():
            at = first.index[marked][0]
            named = kind == "note" and not said[at]  # a line of a report that nothing tells from a name
            secret = named or (kind != "header" and bool(frame.loc[at, list(masked)].notna().any()))
            shown = "###" if secret else str(first[at])[:40]
            rows = "row" if marked.sum() == 1 else "rows"
            places = tuple(int(i) + 1 for i in np.flatnonzero(marked.to_numpy(dtype=bool)))
            what = f"{int(marked.sum()):,} {rows} {what} (first: {shown!r})"
            settle = "`prepare: [{drop_rows: {matching: ..., in: COLUMN, because: ...}}]` leaves them out"
            found.append(Matter(kind, None, what, places, settle=settle))
    if under := _second_header(frame):
        what = f"{under} row(s) below the header hold words where all other rows hold numbers or dates: a second header"
        settle = "say the line that names the columns, `format: {header_row: N}`, and `names: [...]` where two lines do"
        found.append(Matter("second_header", None, what, tuple(range(1, under + 1)), settle=settle))
    return found


def _second_header(frame: pd.DataFrame) -> int:
    """How many of the first rows name columns rather than fill them."""
    below = frame.iloc[3:]
    if len(below) < 10:
        return 0
    counts = below.notna().sum()
    digits = pd.Series({name: below[name].str.contains(r"\d", regex=True).sum() for name in frame.columns})
    sure = [name for name in frame.columns if counts[name] >= 10 and digits[name] >= 0.98 * counts[name]]
    for row in range(3):
        cells = frame[sure].iloc[row].dropna()
        if len(cells) < 2 or cells.str.contains(r"\d", regex=True).any() or len(cells) < len(sure) / 2:
            return row
    return 3


def running(column: pd.Series) -> bool:
    """Return whether a column numbers the rows: whole numbers in steps of one, up or down, in file order."""
    if len(column) < 3 or column.isna().any() or not column.iloc[:3].str.isdigit().all():
        return False
    if (abs(np.diff(column.iloc[:3].astype("float64"))) != 1).any():
        return False
    numbers = pd.to_numeric(column, errors="coerce")
    if numbers.isna().any():
        return False
    steps = np.diff(numbers.to_numpy(dtype="float64"))
    return bool((steps == 1).all() or (steps == -1).all())


def repeats_behind(frame: pd.DataFrame) -> list[Matter]:
    """Find rows equal in everything except a row number (running or random)."""
    numbers = [str(name) for name in frame.columns if running(frame[name])]
    rest = [name for name in frame.columns if name not in numbers]
    again = frame.duplicated(rest) if numbers and len(rest) > 1 else pd.Series(False, index=frame.index)
    if not again.any():
        counts = {str(name): frame[name].nunique() for name in frame.columns}
        own = [name for name, n in counts.items() if n == len(frame) > 3]
        rest = [name for name in frame.columns if name not in own]
        telling = [name for name in rest if counts[str(name)] >= _UNIQUE * len(frame)]
        if len(own) != 1 or len(rest) < 3 or not telling:
            return []
        numbers, again = own, frame.duplicated(rest) & frame[telling].notna().all(axis=1)
        if again.sum() < max(_BY_CHANCE, 0.01 * len(frame)):
            return []
    if not again.any():
        return []
    what = f"{int(again.sum()):,} rows repeat an earlier one in everything but the running number {numbers[0]!r}"
    places = tuple(int(i) + 1 for i in np.flatnonzero(again.to_numpy())[:ROWS_SHOWN])
    settle = f"`repeats: [{{exact: drop, apart_from: [{numbers[0]}], because: ...}}]`, or exact: keep"
    return [Matter("repeats", numbers[0], what, places, settle=settle)]


def overlaps(frames: Mapping[str, pd.DataFrame], keys: Mapping[str, Sequence[str]]) -> list[Matter]:
    """Find files of one layout with the same records.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Files by name.
    keys : mapping of str to sequence of str
        The columns that number the cases of each.

    Returns
    -------
    list of Matter
        Rows shared by two files, and ids in both with different rows (two releases). Order, case and blanks of column
        names are ignored; running numbers and constant columns are left out.
    """
    found = []
    names = list(frames)
    for place, first in enumerate(names):
        for second in names[place + 1 :]:
            one, other = _alike(frames[first]), _alike(frames[second])
            if set(one.columns) != set(other.columns) or not len(one.columns):
                continue
            columns = [name for name in one.columns if not (_own(one[name]) or _own(other[name]))]
            if not columns:
                continue
            same = int(other[columns].merge(one[columns].drop_duplicates(), how="inner").drop_duplicates().shape[0])
            key = [name.strip().casefold() for name in keys.get(first, ())]
            key = key if set(key) <= set(columns) else []
            shared = 0
            if key:
                shared = int(other[key].drop_duplicates().merge(one[key].drop_duplicates(), how="inner").shape[0])
            if same or shared:
                what = (
                    f"{first} and {second} have the same columns; {same:,} rows are in both files"
                    + (
                        f", and {shared:,} case numbers, {shared - min(same, shared):,} of them with other cells"
                        if key
                        else ""
                    )
                    + ": an overlap of two exports, or two releases of one file"
                )
                settle = (
                    "take one file out; or join them (`prepare: [{append: [FILE]}]`) and say under `repeats` which "
                    "rows are one record"
                )
                found.append(Matter("overlap", None, what, settle=settle))
    return found


def _alike(frame: pd.DataFrame) -> pd.DataFrame:
    names = [str(name).strip().casefold() for name in frame.columns]
    return frame.set_axis(names, axis=1) if len(set(names)) == len(names) else frame


def _own(column: pd.Series) -> bool:
    """Whether a column says something of the file and not of the record."""
    return running(column) or (len(column) > 3 and column.nunique(dropna=False) == 1)
