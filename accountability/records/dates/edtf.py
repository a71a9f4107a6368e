"""Extended Date/Time Format (ISO 8601-2:2019) to intervals."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from itertools import product
from typing import Final

from accountability.records.dates.convention import SEASONS, WordsConvention
from accountability.records.dates.date_interval import ImpossibleDate, Interval, UnreadableDate

DEFAULT: Final = WordsConvention()
_MARK: Final = "([?~%]?)"
_DATE: Final = re.compile(
    rf"{_MARK}([0-9X]{{4}}){_MARK}(?:-{_MARK}([0-9X]{{2}}){_MARK}(?:-{_MARK}([0-9X]{{2}}){_MARK})?)?"
)
_WEEK: Final = re.compile(r"([0-9]{4})-W([0-9]{2})(?:-([1-7]))?")
_UNITS: Final = ("year", "month", "day")
_DIVISIONS: Final = {33: 3, 34: 3, 35: 3, 36: 3, 37: 4, 38: 4, 39: 4, 40: 6, 41: 6}  # months of each division
_FIRST_OF_KIND: Final = {3: 33, 4: 37, 6: 40}


def parse_edtf(text: str, convention: WordsConvention = DEFAULT) -> Interval:
    """Parse one EDTF text.

    Parameters
    ----------
    text
        Years 0001 to 9999; month and day; seasons and other divisions of a year (21 to 41); unspecified digits
        (``201X``, ``2012-XX-05``); marks ``? ~ %`` after the date or at a part of it; intervals with stated,
        open (``..``) or unknown (blank) ends; one of a set (``[2010, 2012..2014]``); ISO weeks (``2013-W05``).
    convention
        Hemisphere of seasons 21 to 24, the year a winter is named for, the margin of marked dates.

    Returns
    -------
    Interval
        A wholly unspecified year (``XXXX-01``) has two unknown ends and the precision ``open``, as ``..``. Other
        unspecified digits cover the first to the last day they allow.

    Raises
    ------
    UnreadableDate
        If the text is not EDTF, or is a form of EDTF that names no single date (``{...}``, longer years, times).
    ImpossibleDate
        For a day that does not exist, or an interval that ends before it starts.

    Notes
    -----
    An interval means one event on an unknown day within it, not a duration.
    """
    text = text.strip()
    if text == "..":
        return Interval(None, None, "open")
    if text.startswith("[") and text.endswith("]"):
        return _one_of(text[1:-1], convention)
    if "/" in text:
        return _between(*_sides(text, "/"), text, convention)
    return _single(text, convention)


def _sides(text: str, separator: str) -> tuple[str, str]:
    sides = text.split(separator)
    if len(sides) != 2 or not any(sides):
        raise UnreadableDate(f"{text!r}: expected two dates about one {separator!r}")
    return sides[0].strip(), sides[1].strip()


def _between(start: str, end: str, text: str, convention: WordsConvention) -> Interval:
    first = None if start in ("", "..") else _single(start, convention)
    last = None if end in ("", "..") else _single(end, convention)
    return spanning(first, last, text)


def spanning(first: Interval | None, last: Interval | None, text: str) -> Interval:
    """Return the interval from the first day of one date to the last day of another; None is an open end.

    Raises
    ------
    ImpossibleDate
        If the second date is before the first.
    """
    earliest = first.earliest if first else None
    latest = last.latest if last else None
    if earliest and latest and latest < earliest:
        raise ImpossibleDate(f"{text!r} ends before it starts")
    return Interval(earliest, latest, "open" if earliest is None or latest is None else "interval")


def _one_of(inside: str, convention: WordsConvention) -> Interval:
    """Read a set of which one member holds: the days from its first to its last."""
    members = []
    for member in inside.split(","):
        member = member.strip()
        if ".." in member:
            members.append(_between(*_sides(member, ".."), member, convention))
        else:
            members.append(_single(member, convention))
    if len(members) == 1:
        return members[0]
    starts, ends = [item.earliest for item in members], [item.latest for item in members]
    earliest = None if None in starts else min(day for day in starts if day is not None)
    latest = None if None in ends else max(day for day in ends if day is not None)
    return Interval(earliest, latest, "open" if earliest is None or latest is None else "interval")


def _single(text: str, convention: WordsConvention) -> Interval:
    week = _WEEK.fullmatch(text)
    if week is not None:
        return _iso_week(int(week[1]), int(week[2]), int(week[3]) if week[3] else None)
    found = _DATE.fullmatch(text)
    if found is None:
        raise UnreadableDate(f"{text!r} is not a date in EDTF; write 2012, 2012-09, 2012-09-14 or 2010/2012")
    parts = [part for part in found.groups()[1::3] if part]
    marked = [at for at in range(3) if found.groups()[3 * at] or found.groups()[3 * at + 2]]
    if len(parts) == 2 and parts[1].isdigit() and int(parts[1]) > 20:
        if not parts[0].isdigit():
            raise UnreadableDate(f"{text!r}: a season of an unspecified year")
        plain = _division(int(parts[0]), int(parts[1]), convention)
        unit = "year" if marked == [0] else "season"
    else:
        plain = _unspecified(parts, text)
        unit = _UNITS[marked[0]] if marked else "day"
    return plain.widened(convention.approximate_margin, unit) if marked else plain


def _iso_week(year: int, week: int, day: int | None) -> Interval:
    try:
        first, last = date.fromisocalendar(year, week, day or 1), date.fromisocalendar(year, week, day or 7)
    except ValueError:
        raise ImpossibleDate(f"there is no week {week} in {year}") from None
    return Interval(first, last, "day" if day else "week")


def _division(year: int, code: int, convention: WordsConvention) -> Interval:
    if code <= 32:
        hemisphere = (None, "northern", "southern")[(code - 21) // 4]
        return convention.season(year, SEASONS[(code - 21) % 4], hemisphere)
    if code not in _DIVISIONS:
        raise ImpossibleDate(f"{code} is neither a month (01 to 12) nor a division of a year (21 to 41)")
    months = _DIVISIONS[code]
    return Interval.of_months(year, 1 + months * (code - _FIRST_OF_KIND[months]), months, "part_of_year")


def _unspecified(parts: list[str], text: str) -> Interval:
    """Read year, month and day in which X stands for a digit that is not known."""
    if parts[0] == "XXXX":
        if next(_days(["2000", *parts[1:]], forward=True), None) is None:
            raise ImpossibleDate(f"{text!r}: there is no such day in any year")
        return Interval(None, None, "open")
    earliest, latest = next(_days(parts, forward=True), None), next(_days(parts, forward=False), None)
    if earliest is None or latest is None:
        raise ImpossibleDate(f"{text!r}: there is no such day")
    known = [part for part in parts if "X" not in part]
    whole = all(part == "XX" for part in parts[len(known) :]) and known == parts[: len(known)]
    precision = ("interval", *_UNITS)[len(known)] if whole else "interval"
    return Interval(earliest, latest, precision)


def _days(parts: list[str], *, forward: bool) -> Iterator[date]:
    """Go through the days a pattern allows, in order of the calendar or backwards."""
    patterns = (*parts, *("XX",) * (3 - len(parts)))
    years, months, days = (
        _allowed(pattern, top, forward) for pattern, top in zip(patterns, (9999, 12, 31), strict=True)
    )
    for year, month in product(years, months):
        last = monthrange(year, month)[1]
        for day in days:
            if day <= last:
                yield date(year, month, day)


@lru_cache(maxsize=1024)
def _allowed(pattern: str, top: int, forward: bool) -> tuple[int, ...]:
    """Return the numbers from 1 to a limit that a pattern with X allows."""
    digits = product(*("0123456789" if digit == "X" else digit for digit in pattern))
    numbers = (int("".join(item)) for item in digits)
    return tuple(sorted((number for number in numbers if 1 <= number <= top), reverse=not forward))
