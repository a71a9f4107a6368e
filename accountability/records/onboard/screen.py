"""What the cells of an unknown file show before any of them is given a meaning.

A spreadsheet damages numbers, a report prints totals, two exports overlap, a month is dressed as a day. Each such
matter is a line for a person to settle, with its count and its rows. Nothing is repaired here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

_SCIENTIFIC: Final = re.compile(r"[+-]?\d(?:[.,]\d+)?E\+\d+", re.I)
_TOTAL: Final = re.compile(r"(?:grand |sub)?-?\s*totals?\b.*|sum\b.*|count\b.*|all (?:records|complaints)\b.*", re.I)
_SLASHED: Final = re.compile(r"\s*(\d{1,2})[/.-](\d{1,2})[/.-](?:\d{4}|\d{2})\b")
_LAYOUTS: Final = ("%Y-%m-%d", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%m-%d-%Y", "%d.%m.%Y")
_SAMPLE: Final = 200
_ROWS_SHOWN: Final = 3
_FEWEST_DATES: Final = 20
_HEAPED: Final = 0.6


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing the cells show that a person has to settle.

    Attributes
    ----------
    kind : str
        Which kind of thing.
    column : str or None
        The column, or None where rows or files are meant.
    what : str
        What is there, with counts, in one line.
    rows : tuple of int
        The first data rows concerned, counted from 1; of rows that are no records, all of them.
    day : int or None
        The day of the month on which dates are heaped.
    """

    kind: str
    column: str | None
    what: str
    rows: tuple[int, ...] = ()
    day: int | None = None


def screen(frame: pd.DataFrame) -> list[Matter]:
    """Look through one table of text.

    Parameters
    ----------
    frame : DataFrame of str
        Every cell as text, an empty one missing.

    Returns
    -------
    list of Matter
        In the order of the columns, what concerns rows last.
    """
    found: list[Matter] = []
    for name in frame.columns:
        texts = _Texts.of(frame[name])
        for look in (_scientific, _variants, _mixed_order, _heaped):
            if (matter := look(texts)) is not None:
                found.append(matter)
    return found + no_records(frame) + _repeats_behind(frame)


@dataclass(frozen=True, slots=True)
class _Texts:
    """A column by its distinct texts: every look costs what they are, not what the rows are."""

    name: str
    code: np.ndarray
    distinct: pd.Series
    counts: np.ndarray

    @classmethod
    def of(cls, column: pd.Series) -> _Texts:
        code, distinct = pd.factorize(column)
        counts = np.bincount(code[code >= 0], minlength=len(distinct))
        return cls(str(column.name), code, pd.Series(distinct, dtype="str"), counts)

    @property
    def filled(self) -> int:
        return int(self.counts.sum())

    def number(self, marked: pd.Series) -> int:
        """Cells with a marked text."""
        return int(self.counts[marked.to_numpy(dtype=bool)].sum())

    def rows(self, marked: pd.Series) -> tuple[int, ...]:
        """The first data rows with a marked text."""
        held = np.append(marked.to_numpy(dtype=bool), False)[self.code]
        return tuple(int(i) + 1 for i in np.flatnonzero(held)[:_ROWS_SHOWN])


def _scientific(texts: _Texts) -> Matter | None:
    marked = texts.distinct.str.fullmatch(_SCIENTIFIC)
    if not marked.any():
        return None
    what = (
        f"{texts.number(marked):,} cells in scientific notation (such as {texts.distinct[marked].iloc[0]}): a "
        "spreadsheet damaged these numbers and their last digits are lost; ask for the file as text"
    )
    return Matter("scientific", texts.name, what, texts.rows(marked))


def plain(text: str) -> str:
    """A text without what the eye does not see: outer and repeated blanks, invisible characters, width, case."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split()).casefold()
    folded = unicodedata.normalize("NFKC", text)
    seen = "".join(c for c in folded if unicodedata.category(c) not in ("Cf", "Cc") or c in "\t\n\r")
    return " ".join(seen.split()).casefold()


def _variants(texts: _Texts) -> Matter | None:
    """Texts that are the same to the eye, written in more than one way."""
    if len(texts.distinct) < 2:
        return None
    alike = pd.Series([plain(text) for text in texts.distinct], dtype="str")
    twice = alike.duplicated(keep=False) & alike.ne("")
    if not twice.any():
        return None
    what = (
        f"{int(twice.sum()):,} spellings of {alike[twice].nunique():,} values differ only in blanks, invisible "
        f"characters or case; {len(alike):,} different texts are {alike.nunique():,}"
    )
    return Matter("variants", texts.name, what, texts.rows(twice & alike.duplicated()))


def _mixed_order(texts: _Texts) -> Matter | None:
    """Dates of which some can only be day first and others only month first."""
    parts = texts.distinct.str.extract(_SLASHED).astype("Float64").fillna(0)
    dated = parts[0] > 0
    day_first, month_first = (parts[0] > 12) & dated, (parts[1] > 12) & dated
    if not (day_first.any() and month_first.any()) or texts.number(dated) < 0.5 * texts.filled:
        return None
    few = day_first if texts.number(day_first) < texts.number(month_first) else month_first
    what = (
        f"{texts.number(day_first):,} cells can only be day first (%d/%m) and {texts.number(month_first):,} only month "
        f"first (%m/%d); {texts.number(dated & ~day_first & ~month_first):,} could be read either way"
    )
    return Matter("mixed_order", texts.name, what, texts.rows(few))


def _heaped(texts: _Texts) -> Matter | None:
    """Dates that fall on one day of the month, over the whole or over a stretch of years."""
    days = _days(texts)
    known = days.notna().to_numpy()
    if texts.counts[known].sum() < _FEWEST_DATES:
        return None
    table = pd.DataFrame({"n": texts.counts, "day": days.dt.day, "year": days.dt.year, "month": days.dt.month})[known]
    heaps: dict[int, list[str]] = {}
    for stretch, part in [("", table), *((f"{year:.0f}", part) for year, part in table.groupby("year"))]:
        by_day = part.groupby("day")["n"].sum()
        if by_day.sum() < _FEWEST_DATES or part[["year", "month"]].drop_duplicates().shape[0] < 3:
            continue
        if by_day.max() >= _HEAPED * by_day.sum():
            heaps.setdefault(int(by_day.index.to_numpy()[by_day.argmax()]), []).append(stretch)
    if not heaps:
        return None
    day, stretches = max(heaps.items(), key=lambda item: len(item[1]))
    marked = days.dt.day.eq(day).fillna(False)
    span = "" if "" in stretches else f" in {stretches[0]} to {stretches[-1]}"
    what = (
        f"{texts.number(marked):,} of {int(texts.counts[known].sum()):,} dates fall on day {day} of the month{span}: "
        "the month is known and the day is not"
    )
    return Matter("heaped", texts.name, what, texts.rows(marked), day)


def _days(texts: _Texts) -> pd.Series:
    """The day of each distinct text under the plain layout that reads most; missing where none reads half."""
    none = pd.Series(pd.NaT, index=texts.distinct.index, dtype="datetime64[us]")
    head = texts.distinct.iloc[:_SAMPLE]
    if not len(head) or head.str.contains(r"\d.*\d", regex=True).mean() < 0.5:
        return none
    cut = texts.distinct.str.strip().str.slice(0, 10)
    fits = {
        layout: pd.to_datetime(cut.iloc[:_SAMPLE], format=layout, errors="coerce").notna().sum() for layout in _LAYOUTS
    }
    layout = max(fits, key=lambda key: fits[key])
    return pd.to_datetime(cut, format=layout, errors="coerce") if fits[layout] >= 0.5 * len(head) else none


def no_records(frame: pd.DataFrame) -> list[Matter]:
    """Find rows that are no records: totals, repeated headers, notes."""
    filled = frame.notna().sum(axis=1)
    usual = float(filled.median()) if len(frame) else 0.0
    if not frame.shape[1]:
        return []
    first = frame.iloc[:, 0]
    for name in frame.columns[1:3]:
        first = first.fillna(frame[name])
    total = first.str.fullmatch(_TOTAL).fillna(False) & (filled < usual)
    likely = frame.eq(pd.Series(list(frame.columns), index=frame.columns))[first.isin(list(frame.columns))]
    header = (likely.sum(axis=1) >= max(2, 0.6 * frame.shape[1])).reindex(frame.index, fill_value=False)
    note = (filled == 1) & (usual >= 3) & frame.iloc[:, 0].notna() & ~total & (first.str.len() > 12)
    found = []
    for kind, marked, what in (
        ("total", total, "read as a total, not a record"),
        ("header", header, "repeat the header, not a record"),
        ("note", note, "hold one text alone, a title or a footnote, not a record"),
    ):
        if marked.any():
            shown = str(first[marked].iloc[0])[:40]
            rows = "row" if marked.sum() == 1 else "rows"
            places = tuple(int(i) + 1 for i in np.flatnonzero(marked.to_numpy(dtype=bool)))
            found.append(Matter(kind, None, f"{int(marked.sum()):,} {rows} {what} (first: {shown!r})", places))
    return found


def running(column: pd.Series) -> bool:
    """Whether a column numbers the rows: whole numbers in steps of one, in the order of the file."""
    numbers = pd.to_numeric(column, errors="coerce")
    if len(numbers) < 3 or numbers.isna().any():
        return False
    return bool((numbers.diff().dropna() == 1).all())


def _repeats_behind(frame: pd.DataFrame) -> list[Matter]:
    """Rows equal in everything but a running number."""
    numbers = [str(name) for name in frame.columns if running(frame[name])]
    rest = [name for name in frame.columns if name not in numbers]
    if not numbers or len(rest) < 2:
        return []
    again = frame.duplicated(rest)
    if not again.any():
        return []
    what = f"{int(again.sum()):,} rows repeat an earlier one in everything but the running number {numbers[0]!r}"
    places = tuple(int(i) + 1 for i in np.flatnonzero(again.to_numpy())[:_ROWS_SHOWN])
    return [Matter("repeats", numbers[0], what, places)]


def overlaps(frames: Mapping[str, pd.DataFrame], keys: Mapping[str, Sequence[str]]) -> list[Matter]:
    """Find files of one layout that hold the same records.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Files by name.
    keys : mapping of str to sequence of str
        The columns that number the cases of each.

    Returns
    -------
    list of Matter
        Rows that two files share, and numbers that both hold with different rows (two releases).
    """
    found = []
    names = list(frames)
    for place, first in enumerate(names):
        for second in names[place + 1 :]:
            one, other = frames[first], frames[second]
            if set(one.columns) != set(other.columns):
                continue
            columns = list(one.columns)
            same = int(other[columns].merge(one[columns].drop_duplicates(), how="inner").drop_duplicates().shape[0])
            key = list(keys.get(first, ()))
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
                found.append(Matter("overlap", None, what))
    return found
