"""A column of cells as published, read to intervals under its declaration."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from accountability.dates.cells import Cells, month_start, precision_code, problem_code
from accountability.dates.convention import WordsConvention
from accountability.dates.edtf import parse_edtf
from accountability.dates.excel import read_serials
from accountability.dates.interval import ImpossibleDate, Interval, UnreadableDate
from accountability.dates.layouts import MONTHS, Layout, compile_layout, full_years, read_layout
from accountability.dates.spec import WIDENABLE, DateSpec, Lie
from accountability.dates.words import parse_words
from accountability.errors import DateError

_BLANKS: Final = r"[\s\p{Z}\x{200b}\x{feff}]+"
_TIME_AT_END: Final = (
    r"(?i)^(.*[0-9])(?:t| at | )(?:[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?|[0-9]{1,2}) ?(?:[ap]\.?m\.?)?"
    r" ?(?:z|[+-][0-9]{2}:?[0-9]{2})?$"
)
_SPREADSHEET_ERROR: Final = r"^#(?:VALUE!|REF!|NUM!|NAME\?|DIV/0!|NULL!|N/A|SPILL!|CALC!|#+)$"
_ISO_DAY: Final = "%Y-%m-%d"


def parse(values: pd.Series, spec: DateSpec | str | Mapping[str, Any]) -> pd.DataFrame:
    """Read a column of dates to the first and last day each cell can mean.

    Parameters
    ----------
    values
        Cells as published: text, date-times, numbers or a mixture. It is not changed.
    spec
        How the column writes its dates; anything `DateSpec.of` reads.

    Returns
    -------
    DataFrame
        With the index of ``values``: ``earliest`` and ``latest`` (datetime64[s], both ends included; missing
        where that end is not known), ``precision`` (a term of ``vocabulary.PRECISIONS``), ``problem`` (a term of
        `PROBLEMS`, or missing). A blank cell has nothing in any column; a cell with a problem has no date.

    Raises
    ------
    DateError
        The declaration cannot be understood. A cell never raises.

    Notes
    -----
    Distinct texts are read once, all together. The day printed is the day taken: time zones are not converted.
    Order of work: format, then placeholders, then `Lie`, then the declared precision, then ``not_before`` and
    ``not_after`` (a date is impossible only when all of it lies outside).
    """
    spec = DateSpec.of(spec)
    if "parts" in spec.format:
        raise DateError("date: 'parts' says year and month stand in columns of their own; read them with parse_parts")
    values = pd.Series(values)
    codes, texts, stamped = _distinct(values)
    return _settled(_read(texts, stamped, spec), spec).frame(codes, values.index)


def _distinct(values: pd.Series) -> tuple[np.ndarray, Any, np.ndarray]:
    """Give a code per row, the distinct texts with a blank last, and which of them were date-times."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(values.cat.categories.dtype)
    try:
        codes, uniques = pd.factorize(values)
    except TypeError:
        codes, uniques = pd.factorize(values.map(str))
    if isinstance(values.dtype, pd.StringDtype):
        texts = pa.array(uniques, type=pa.large_string())
        texts = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
        stamped = np.zeros(len(texts), dtype=bool)
    else:
        written = [_as_text(item) for item in uniques]
        texts = pa.array([text for text, _ in written], type=pa.large_string())
        stamped = np.array([was for _, was in written], dtype=bool)
    return codes, pa.concat_arrays([texts, pa.array([""], type=pa.large_string())]), np.append(stamped, False)


def _as_text(item: Any) -> tuple[str, bool]:
    """Write a cell as text, saying whether it was a date-time; whole numbers lose their decimal point."""
    if isinstance(item, datetime | np.datetime64):
        stamp = pd.Timestamp(item)
        midnight = stamp == stamp.normalize()
        return (f"{stamp:%Y-%m-%d}" if midnight else f"{stamp:%Y-%m-%d %H:%M:%S}"), True
    if isinstance(item, date):
        return item.isoformat(), True
    if isinstance(item, float | np.floating) and float(item).is_integer():
        return str(int(item)), False
    return str(item), False


def _read(texts: Any, stamped: np.ndarray, spec: DateSpec) -> Cells:
    """Read distinct texts under the declared formats, and name what is wrong with the rest."""
    texts = pc.utf8_trim_whitespace(pc.replace_substring_regex(texts, _BLANKS, " "))
    cells = Cells.failed(len(texts), "unreadable")
    plain = np.flatnonzero(~stamped)
    cells = cells.put(plain, _formats(texts.take(pa.array(plain)), spec))
    if stamped.any():
        at = np.flatnonzero(stamped)
        cells = cells.put(at, _stamps(texts.take(pa.array(at)), spec))
    left = np.flatnonzero(cells.is_("unreadable") & ~stamped)
    if len(left):
        cells = cells.put(left, _second_look(texts.take(pa.array(left)), spec))
    return cells.blanked(_among(texts, ("", *spec.blanks))).marked(_among(texts, spec.placeholders), "placeholder")


def _among(texts: Any, listed: tuple[str, ...]) -> np.ndarray:
    """Say which texts are in a list, ignoring case."""
    if not listed:
        return np.zeros(len(texts), dtype=bool)
    wanted = pa.array([re.sub(r"\s+", " ", item).strip().lower() for item in listed], type=pa.large_string())
    return pc.is_in(pc.utf8_lower(texts), value_set=wanted).to_numpy(zero_copy_only=False)


def _formats(texts: Any, spec: DateSpec) -> Cells:
    """Read texts under each format in turn; two readings that differ are ambiguous."""
    cells: Cells | None = None
    for name in spec.format:
        if name in ("edtf", "words"):
            new = _one_by_one(texts, parse_edtf if name == "edtf" else parse_words, spec.convention)
        elif name.startswith("excel"):
            new = read_serials(texts, 1904 if name == "excel_1904" else 1900, spec.strip_time)
        else:
            new = read_layout(texts, compile_layout(name), spec.two_digit_pivot)
        cells = new if cells is None else _either(cells, new)
    if cells is None:
        raise DateError("date: no format declared")
    return cells


def _one_by_one(texts: Any, read: Callable[[str, WordsConvention], Interval], convention: WordsConvention) -> Cells:
    """Read texts singly, but for those that are plain ISO days."""
    cells = read_layout(texts, compile_layout(_ISO_DAY), None)
    plain = pc.match_substring_regex(texts, "^[0-9]{4}-[0-9]{2}-[0-9]{2}$").to_numpy(zero_copy_only=False)
    rest = np.flatnonzero(~plain)
    found = [_one(text, read, convention) for text in texts.take(pa.array(rest)).to_pylist()]
    return cells.put(rest, Cells.from_intervals(found))


def _one(text: str, read: Callable[[str, WordsConvention], Interval], convention: WordsConvention) -> Interval | str:
    try:
        return read(text, convention)
    except UnreadableDate:
        return "unreadable"
    except ImpossibleDate:
        return "impossible"


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


def _settled(cells: Cells, spec: DateSpec) -> Cells:
    """Apply what the declaration says of dates that were read: placeholders, lies, precision, limits."""
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
    """Give the days a placeholder such as 1900-01-01, 1900-01 or 3019 covers; None for other texts."""
    for format in (_ISO_DAY, "%Y-%m", "%Y"):
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
        covered &= (day + 1).astype("datetime64[M]") != month
    elif lie.day is not None:
        covered &= day - month.astype("datetime64[D]") == np.timedelta64(int(lie.day) - 1, "D")
    return covered


def parse_parts(
    year: pd.Series,
    month: pd.Series | None = None,
    day: pd.Series | None = None,
    spec: DateSpec | Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Read dates whose year, month and day stand in columns of their own.

    Parameters
    ----------
    year, month, day
        Numbers, or texts that hold whole numbers (``"7"``, ``"07"``, ``"7.0"``); months may be English names.
        With no day a cell is a month, with no month a year.
    spec
        Limits, placeholders, pivot, lies and precision; its format is not used. A mapping may leave ``date`` out.

    Returns
    -------
    DataFrame
        As `parse` gives, with the index of ``year``. A month without its year, or a day without its month, is
        ``incomplete``.

    Raises
    ------
    DateError
        The declaration cannot be understood, or the columns do not share one index.
    """
    declared = {"date": "parts", **spec} if isinstance(spec, Mapping) else spec
    spec = DateSpec.of(declared if declared is not None else "parts")
    columns = [pd.Series(part) for part in (year, month, day) if part is not None]
    if any(not part.index.equals(columns[0].index) for part in columns):
        raise DateError("parse_parts: year, month and day must be columns of one table; their indexes differ")
    count = len(columns[0])
    absent = (np.zeros(count, dtype=np.int64), np.zeros(count, dtype=bool), np.zeros(count, dtype=bool))
    years, has_year, odd_year = _whole(columns[0], spec)
    months, has_month, odd_month = _whole(pd.Series(month), spec, MONTHS) if month is not None else absent
    days, has_day, odd_day = _whole(pd.Series(day), spec) if day is not None else absent
    short = has_year & (years >= 0) & (years < 100)
    if spec.two_digit_pivot is not None:
        years = np.where(short, full_years(years, spec.two_digit_pivot), years)
    exists = (years >= 1) & (years <= 9999) & (~has_month | ((months >= 1) & (months <= 12)))
    first = month_start(np.where(exists, years, 1970), np.where(exists & has_month, months, 1))
    span = np.where(has_month, 1, 12)
    earliest = first + np.where(has_day, days - 1, 0).astype("timedelta64[D]")
    latest = np.where(has_day, earliest, (first.astype("datetime64[M]") + span).astype("datetime64[D]") - 1)
    exists &= ~has_day | ((days >= 1) & (earliest.astype("datetime64[M]") == first.astype("datetime64[M]")))
    precision = np.where(has_day, precision_code("day"), precision_code("month"))
    precision = np.where(has_month, precision, precision_code("year"))
    problem = np.where(exists, -1, problem_code("impossible"))
    cells = Cells.of(earliest, latest, precision, problem)
    if spec.two_digit_pivot is None:
        cells = cells.marked(short, "two_digit_year")
    cells = cells.marked((has_month & ~has_year) | (has_day & ~has_month), "incomplete")
    cells = cells.marked(odd_year | odd_month | odd_day, "unreadable")
    blank = ~(has_year | has_month | has_day | odd_year | odd_month | odd_day)
    return _settled(cells.blanked(blank), spec).frame(np.arange(count), columns[0].index)


def _whole(
    column: pd.Series, spec: DateSpec, names: Mapping[str, int] | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give whole numbers, which cells hold one, and which hold something else."""
    codes, texts, _ = _distinct(column)
    texts = pc.utf8_trim_whitespace(pc.replace_substring_regex(texts, _BLANKS, " "))
    blank = _among(texts, ("", *spec.blanks))
    numbers = np.zeros(len(texts), dtype=np.int64)
    found = np.zeros(len(texts), dtype=bool)
    for at, text in enumerate(texts.to_pylist()):
        whole = re.fullmatch(r"(-?[0-9]{1,9})(?:\.0+)?", text)
        number = int(whole[1]) if whole is not None else (names or {}).get(text.lower().rstrip("."))
        if number is not None:
            numbers[at], found[at] = number, True
    return numbers[codes], (found & ~blank)[codes], (~found & ~blank)[codes]
