"""Fixed layouts in strptime notation, parsed for whole columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountability.errors import DateError, did_you_mean
from accountability.records.dates.date_cells import Cells, month_start, precision_code, problem_code

_MONTH_NAMES: Final = (
    "january jan", "february feb", "march mar", "april apr", "may", "june jun",
    "july jul", "august aug", "september sept sep", "october oct", "november nov", "december dec",
)  # fmt: skip
MONTHS: Final = MappingProxyType({word: at for at, names in enumerate(_MONTH_NAMES, 1) for word in names.split()})
WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_CAPTURED: Final = MappingProxyType(
    {
        "Y": r"(?P<Y>[0-9]{4})",
        "y": r"(?P<y>[0-9]{2})",
        "m": r"(?P<m>[0-9]{1,2})",
        "d": r"(?P<d>[0-9]{1,2})",
        "j": r"(?P<j>[0-9]{3})",
        "b": r"(?P<b>[A-Za-z]{3,9})\.?",
        "a": r"(?P<a>[A-Za-z]{2,9})\.?",
    }
)
_TIME: Final = MappingProxyType(
    {
        "H": "(?:2[0-3]|[01]?[0-9])",
        "I": "(?:1[0-2]|0?[1-9])",
        "M": "[0-5][0-9]",
        "S": "[0-5][0-9]",
        "f": "[0-9]{1,9}",
        "p": r"[AaPp]\.?[Mm]\.?",
        "z": "(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?)",
    }
)
_SAME_AS: Final = MappingProxyType({"B": "b", "A": "a", "e": "d"})
_WORDS: Final = ("edtf", "words", "excel", "excel_1904", "epoch_s", "epoch_ms", "parts")


@dataclass(frozen=True, slots=True)
class Layout:
    """A compiled layout: its pattern, its precision, and whether it has a time of day."""

    format: str
    pattern: str
    shows: frozenset[str]
    precision: str
    has_time: bool

    def with_short_year(self) -> Layout | None:
        """Return the same layout with a two-digit year, or None if it has no four-digit year."""
        return compile_layout(self.format.replace("%Y", "%y")) if "Y" in self.shows else None


def _width(pieces: list[str], at: int) -> str:
    """Return the pattern of one directive; digits that touch other digits must be exactly two."""
    letter = pieces[at][1]
    touching = any(
        0 <= near < len(pieces) and len(pieces[near]) == 2 and pieces[near][1] in "YymdjHIMSf"
        for near in (at - 1, at + 1)
    )
    if letter in "md" and touching:
        return f"(?P<{letter}>[0-9]{{2}})"
    return _CAPTURED[letter] if letter in _CAPTURED else _TIME[letter]


def _pieces(format: str) -> tuple[list[bool], list[str]]:
    """Cut a layout into directives (marked) and single characters."""
    cut = re.findall(r"%-?.|.|%", format)
    marks = [piece[0] == "%" and piece not in ("%", "%%") for piece in cut]
    letters = [piece.lstrip("%-") for piece in cut]
    return marks, [
        f"%{_SAME_AS.get(letter, letter)}" if mark else piece[-1]
        for piece, letter, mark in zip(cut, letters, marks, strict=True)
    ]


@lru_cache(maxsize=512)
def compile_layout(format: str) -> Layout:
    """Compile a strptime layout.

    Parameters
    ----------
    format
        Directives ``%Y %y %m %d %e %j %b %B %a %A`` and, for a time of day that is dropped, ``%H %I %M %S %f %p %z``;
        other characters match themselves.

    Raises
    ------
    DateError
        For an unknown directive, or a layout without a year, a year and month, or a full day.
    """
    marks, pieces = _pieces(format)
    if not any(marks):
        raise DateError(
            f"date: {format!r} is neither a layout such as '%Y-%m-%d' nor one of {', '.join(_WORDS)}"
            + did_you_mean(format, _WORDS)
        )
    shown: list[str] = []
    pattern = ""
    for at, (piece, mark) in enumerate(zip(pieces, marks, strict=True)):
        if not mark:
            pattern += re.escape(piece)
            continue
        letter = piece[1:]
        if letter not in _CAPTURED and letter not in _TIME:
            known = " ".join(f"%{item}" for item in (*_CAPTURED, *_SAME_AS, *_TIME))
            raise DateError(f"date: %{letter} in {format!r} is not a known directive; known: {known}")
        if letter in shown:
            raise DateError(f"date: %{letter} occurs twice in {format!r}")
        shown.append(letter)
        pattern += _width(pieces, at)
    return Layout(format, f"^{pattern}$", frozenset(shown), _shown_precision(format, shown), bool({*shown} & {*_TIME}))


def _shown_precision(format: str, shown: list[str]) -> str:
    years, months = {*shown} & {"Y", "y"}, {*shown} & {"m", "b"}
    rest = {*shown} & {"d", "j", "a"}
    if len(years) == 1:
        if "j" in rest and not months and "d" not in rest:
            return "day"
        if len(months) == 1 and "d" in rest and "j" not in rest:
            return "day"
        if not rest and len(months) <= 1:
            return "month" if months else "year"
    raise DateError(
        f"date: {format!r} shows neither a year (%Y), nor a year and month (%m/%Y), nor a full day; "
        "columns of their own for year and month are read with parse_parts"
    )


def full_years(short: np.ndarray, pivot: int) -> np.ndarray:
    """Return four-digit years for two-digit ones, within the hundred years from the pivot."""
    first = pivot if pivot >= 1000 else 1900 + pivot
    return first + (short - first) % 100


def _numbers(column: Any) -> np.ndarray:
    return pc.fill_null(pc.cast(column, pa.int32()), 0).to_numpy(zero_copy_only=False)


def _looked_up(column: Any, names: Mapping[str, int]) -> np.ndarray:
    coded = pc.utf8_lower(column).dictionary_encode()
    of_name = np.array([names.get(name, 0) for name in coded.dictionary.to_pylist()] + [0], dtype=np.int32)
    return of_name[pc.fill_null(coded.indices, len(of_name) - 1).to_numpy(zero_copy_only=False)]


def read_layout(texts: Any, layout: Layout, pivot: int | None) -> Cells:
    """Parse trimmed texts by one layout.

    Parameters
    ----------
    texts
        Arrow array of strings.
    layout
        See `compile_layout`.
    pivot
        First of the hundred years for two-digit years; None makes them a problem.

    Returns
    -------
    Cells
        ``unreadable`` where the layout does not fit, ``impossible`` where the day does not exist (or has another
        weekday), ``two_digit_year`` where the century is not declared.
    """
    found = pc.extract_regex(texts, pattern=layout.pattern)
    fits = pc.is_valid(found).to_numpy(zero_copy_only=False)
    part = {name: pc.struct_field(found, name) for name in layout.shows & {*_CAPTURED}}
    year = _numbers(part["Y" if "Y" in part else "y"])
    if "Y" not in part:
        year = full_years(year, 1900 if pivot is None else pivot)
    month = np.ones(len(year), dtype=np.int32)
    if "m" in part:
        month = _numbers(part["m"])
    elif "b" in part:
        month = _looked_up(part["b"], MONTHS)
        fits = fits & (month > 0)
    exists = (year >= 1) & (month >= 1) & (month <= 12)
    first = month_start(np.where(exists, year, 1970), np.where(exists, month, 1))
    span = np.timedelta64(12 if layout.precision == "year" else 1, "M")
    latest = (first.astype("datetime64[M]") + span).astype("datetime64[D]") - np.timedelta64(1, "D")
    earliest = first
    if layout.precision == "day":
        ordinal = "j" in part
        day = _numbers(part["j" if ordinal else "d"])
        earliest = first + (day - 1)
        unit = "datetime64[Y]" if ordinal else "datetime64[M]"
        exists &= (day >= 1) & (earliest.astype(unit) == first.astype(unit))
        latest = earliest
        if "a" in part:
            names = {name[:size]: at for at, name in enumerate(WEEKDAYS, start=1) for size in (2, 3, 4, 5, len(name))}
            weekday = _looked_up(part["a"], names)
            fits = fits & (weekday > 0)
            exists &= weekday == (earliest.astype(np.int64) + 3) % 7 + 1
    problem = np.where(fits, np.where(exists, -1, problem_code("impossible")), problem_code("unreadable"))
    if "y" in part and pivot is None:
        problem = np.where(fits, problem_code("two_digit_year"), problem)
    return Cells.of(earliest, latest, np.full(len(year), precision_code(layout.precision)), problem)
