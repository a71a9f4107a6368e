"""Parse a column of dates into intervals by its declaration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from accountability.errors import DateError
from accountability.records.dates.date_cells import Cells
from accountability.records.dates.date_spec import WIDENABLE, DateSpec, Lie
from accountability.records.dates.layouts import Layout, compile_layout, read_layout

_BLANKS: Final = r"[\s\p{Z}\x{200b}\x{feff}]+"
_TIME_AT_END: Final = (
    r"(?i)^(.*[0-9])(?:t| at | )(?:[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?(?:[+-][0-9]{2})?)?|[0-9]{1,2})"
    r" ?(?:[ap]\.?m\.?)? ?(?:z|[+-][0-9]{2}:?[0-9]{2})?$"
)
_SPREADSHEET_ERROR: Final = r"^#(?:VALUE!|REF!|NUM!|NAME\?|DIV/0!|NULL!|N/A|SPILL!|CALC!|#+)$"
_ISO_DAY: Final = "%Y-%m-%d"


def parse(values: pd.Series, spec: DateSpec | str | Mapping[str, Any]) -> pd.DataFrame:
    """Parse a column of dates into the first and last day each cell can mean.

    Parameters
    ----------
    values
        Cells as published: text, date-times, numbers or a mixture; not changed.
    spec
        The format of the column; anything `DateSpec.of` reads.

    Returns
    -------
    DataFrame
        With the index of ``values``: ``earliest`` and ``latest`` (datetime64[s], both ends included; missing
        where that end is not known), ``precision`` (a term of ``vocabulary.PRECISIONS``), ``problem`` (a term of
        `PROBLEMS`, or missing). A blank cell has nothing in any column; a cell with a problem has no date.

    Raises
    ------
    DateError
        If the declaration is invalid. A cell never raises.

    Notes
    -----
    Each distinct text is parsed once. The printed day is used unless ``zone`` is declared. The order is: format,
    placeholders, `Lie`, declared precision, then ``not_before`` and ``not_after`` (a date is impossible only if all of
    it is outside).
    """
    spec = DateSpec.of(spec)
    if "parts" in spec.format:
        raise DateError("date: 'parts' says year and month stand in columns of their own; read them with parse_parts")
    values = pd.Series(values)
    codes, texts, stamped = distinct(values)
    return settled(_read(texts, stamped, spec), spec).frame(codes, values.index)


def tidy(texts: Any) -> Any:
    """Trim texts and replace every run of blanks (including no-break ones) with one space."""
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(texts, _BLANKS, " "))


def distinct(values: pd.Series) -> tuple[np.ndarray, Any, np.ndarray]:
    """Return a code per row, the distinct texts (a blank last), and which of them were date-times."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    try:
        codes, uniques = pd.factorize(values)
    except TypeError:
        codes, uniques = pd.factorize(pd.Series([_hashable(item) for item in values], dtype=object))
    if isinstance(values.dtype, pd.StringDtype):
        texts = pa.array(uniques, type=pa.large_string())
        texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
        stamped = np.zeros(len(texts), dtype=bool)
    else:
        known = pd.api.types.infer_dtype(uniques, skipna=False) == "string"  # spares most columns a look at each cell
        written = [(_encodable(item), False) for item in uniques] if known else [_as_text(item) for item in uniques]
        texts = pa.array([text for text, _ in written], type=pa.large_string())
        stamped = np.array([was for _, was in written], dtype=bool)
    return codes, pa.concat_arrays([texts, pa.array([""], type=pa.large_string())]), np.append(stamped, False)


def _hashable(item: Any) -> Any:
    """Return a cell that can be looked up: itself, or what it is when it is a list and the like."""
    try:
        hash(item)
    except TypeError:
        return f"a {type(item).__name__}"
    return item


def _as_text(item: Any) -> tuple[str, bool]:
    """Write a cell as text, saying whether it was a date-time; whole numbers lose their decimal point."""
    if isinstance(item, datetime | np.datetime64):
        stamp = pd.Timestamp(item)
        midnight = stamp == stamp.normalize()
        return stamp.isoformat()[: 10 if midnight else 19], True
    if isinstance(item, date):
        return item.isoformat(), True
    if isinstance(item, float | np.floating) and float(item).is_integer():
        return str(int(item)), False
    return _encodable(str(item)), False


def _encodable(text: str) -> str:
    """Return a text that can be stored; a lone surrogate becomes a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _read(texts: Any, stamped: np.ndarray, spec: DateSpec) -> Cells:
    """Read distinct texts under the declared formats, and name what is wrong with the rest."""
    texts = tidy(texts)
    cells = Cells.failed(len(texts), "unreadable")
    plain = np.flatnonzero(~stamped)
    cells = cells.put(plain, _formats(texts.take(pa.array(plain)), spec))
    if stamped.any():
        at = np.flatnonzero(stamped)
        cells = cells.put(at, _stamps(texts.take(pa.array(at)), spec))
    left = np.flatnonzero(cells.is_("unreadable") & ~stamped)
    if len(left):
        cells = cells.put(left, _second_look(texts.take(pa.array(left)), spec))
    if spec.zone is not None:
        from accountability.records.dates.zones import to_zone

        cells = to_zone(cells, texts, spec.zone, spec.format)
    return cells.blanked(among(texts, ("", *spec.blanks))).marked(among(texts, spec.placeholders), "placeholder")


def among(texts: Any, listed: tuple[str, ...]) -> np.ndarray:
    """Return which texts are in a list, ignoring case."""
    if not listed:
        return np.zeros(len(texts), dtype=bool)
    wanted = pa.array([re.sub(r"\s+", " ", item).strip().lower() for item in listed], type=pa.large_string())
    return pc.is_in(pc.utf8_lower(texts), value_set=wanted).to_numpy(zero_copy_only=False)


def _formats(texts: Any, spec: DateSpec) -> Cells:
    """Read texts under each format in turn; two readings that differ are ambiguous."""
    cells: Cells | None = None
    for name in spec.format:
        if name in ("edtf", "words"):
            from accountability.records.dates.date_words import read_texts

            new = read_texts(texts, name == "words", spec.convention)
        elif name.startswith("excel"):
            from accountability.records.dates.serials import read_serials

            new = read_serials(texts, 1904 if name == "excel_1904" else 1900, spec.strip_time)
        elif name.startswith("epoch"):
            from accountability.records.dates.serials import read_epoch

            new = read_epoch(texts, name, spec.strip_time)
        else:
            new = read_layout(texts, compile_layout(name), spec.two_digit_pivot)
        cells = new if cells is None else _either(cells, new)
    if cells is None:
        raise DateError("date: no format declared")
    return cells


def _either(cells: Cells, new: Cells) -> Cells:
    """Join two readings: a date beats a problem, a named problem beats none, two dates must agree."""
    differ = (cells.earliest != new.earliest) | (cells.latest != new.latest)
    both = (cells.problem < 0) & (new.problem < 0)
    better = ((cells.problem >= 0) & (new.problem < 0)) | (cells.is_("unreadable") & ~new.is_("unreadable"))
    return cells.put(better, new.take(better)).marked(both & differ, "ambiguous")


def _stamps(texts: Any, spec: DateSpec) -> Cells:
    """Read cells that were date-times already; the coarsest declared layout says what their day is worth."""
    days = pc.utf8_slice_codeunits(texts, 0, 10)
    cells = read_layout(days, compile_layout(_ISO_DAY), None)
    timed = pc.not_equal(days, texts).to_numpy(zero_copy_only=False)
    if not (spec.strip_time or spec.has_time):
        cells = cells.marked(timed, "time_of_day")
    shown = max((layout.precision for layout in spec.layouts), key=WIDENABLE.index, default="day")
    return cells.widened(np.ones(len(cells), dtype=bool), shown)


def _second_look(texts: Any, spec: DateSpec) -> Cells:
    """Read what fitted no format once more without its time of day, then with a two-digit year."""
    cells = _short_years(texts, spec)
    trimmed = pc.replace_substring_regex(texts, _TIME_AT_END, r"\1")
    timed = pc.not_equal(trimmed, texts).to_numpy(zero_copy_only=False) & cells.is_("unreadable")
    if timed.any():
        bare = trimmed.filter(pa.array(timed))
        inner = _either(_formats(bare, spec), _short_years(bare, spec))
        if not spec.strip_time:
            inner = inner.marked(inner.problem < 0, "time_of_day")
        cells = cells.put(timed, inner)
    left = cells.is_("unreadable")
    number = pc.match_substring_regex(texts, r"^[0-9]{5}(?:\.[0-9]+)?$").to_numpy(zero_copy_only=False)
    broken = pc.match_substring_regex(texts, _SPREADSHEET_ERROR).to_numpy(zero_copy_only=False)
    return cells.marked(left & number, "number").marked(left & broken, "spreadsheet_error")


def _short_years(texts: Any, spec: DateSpec) -> Cells:
    cells = Cells.failed(len(texts), "unreadable")
    for layout in filter(None, map(Layout.with_short_year, spec.layouts)):
        cells = _either(cells, read_layout(texts, layout, spec.two_digit_pivot))
    return cells


def settled(cells: Cells, spec: DateSpec) -> Cells:
    """Apply the declared placeholders, lies, precision and limits to parsed dates."""
    for text in spec.placeholders:
        extent = _extent(text)
        if extent is not None:
            cells = cells.marked((cells.earliest >= extent[0]) & (cells.latest <= extent[1]), "placeholder")
    told = np.zeros(len(cells), dtype=bool)
    for lie in spec.lies:
        covered = _covered(cells, lie) & ~told
        cells, told = cells.widened(covered, lie.precision), told | covered
    if spec.precision is not None:
        cells = cells.widened(np.ones(len(cells), dtype=bool), spec.precision)
    if spec.not_before is not None:
        cells = cells.marked(cells.latest < np.datetime64(spec.not_before, "D"), "impossible")
    if spec.not_after is not None:
        cells = cells.marked(cells.earliest > np.datetime64(spec.not_after, "D"), "impossible")
    return cells


def _extent(text: str) -> tuple[np.datetime64, np.datetime64] | None:
    """Return the days a placeholder such as 1900-01-01, 1900-01 or 3019 covers; None for other texts."""
    for format in ("%Y-%m-%d", "%Y-%m", "%Y"):
        cell = read_layout(pa.array([text.strip()], type=pa.large_string()), compile_layout(format), None)
        if cell.problem[0] < 0:
            return cell.earliest[0], cell.latest[0]
    return None


def _covered(cells: Cells, lie: Lie) -> np.ndarray:
    """Say which cells hold a printed day that a lie covers."""
    day = cells.earliest
    covered = cells.is_day()
    if lie.before is not None:
        covered &= day < np.datetime64(lie.before, "D")
    if lie.since is not None:
        covered &= day >= np.datetime64(lie.since, "D")
    month = day.astype("datetime64[M]")
    if lie.month is not None:
        covered &= month - month.astype("datetime64[Y]").astype("datetime64[M]") == np.timedelta64(lie.month - 1, "M")
    if lie.day == "last":
        covered &= (day + np.timedelta64(1, "D")).astype("datetime64[M]") != month
    elif lie.day is not None:
        covered &= day - month.astype("datetime64[D]") == np.timedelta64(int(lie.day) - 1, "D")
    return covered
