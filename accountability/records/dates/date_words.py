"""The words of reports: "late 2012", "early March 2013", "week of 2013-01-28", "before fall 2011"."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountability.records.dates.convention import WordsConvention
from accountability.records.dates.date_cells import Cells
from accountability.records.dates.date_interval import ImpossibleDate, Interval, UnreadableDate
from accountability.records.dates.edtf import DEFAULT, parse_edtf, spanning
from accountability.records.dates.layouts import MONTHS, WEEKDAYS, compile_layout, read_layout

_LONGEST: Final = 120  # characters; a cell beyond this is a narrative, and reading it nests too deep
_MONTH: Final = f"(?P<month>{'|'.join(MONTHS)})\\.?"
_SEASON: Final = "(?P<season>spring|summer|autumn|fall|winter)"
_YEAR: Final = "(?P<year>[0-9]{4})"
_DAY: Final = "(?P<day>[0-9]{1,2})"
_PART: Final = (
    r"(?P<part>early|mid|middle|late|beginning|start|end)(?:[- ](?:part|days|months))?(?:-| of | in |-in-| )"
    r"(?:the )?"
)
_NUMBER: Final = "(?P<number>first|second|third|fourth|last|1st|2nd|3rd|4th)"
_OF: Final = " (?:of |in )?(?:the )?"

_PARTS: Final = {
    "early": "early",
    "beginning": "early",
    "start": "early",
    "mid": "mid",
    "middle": "mid",
    "late": "late",
    "end": "late",
}
_NUMBERS: Final = {"first": 1, "second": 2, "third": 3, "fourth": 4, "1st": 1, "2nd": 2, "3rd": 3, "4th": 4}

_WEEKDAY: Final = re.compile(rf"^(?P<name>{'|'.join((*WEEKDAYS, 'mon|tues?|wed|thurs?|fri|sat|sun'))})\.? ")
_LEAD: Final = re.compile(r"^(?:(?:the|in|on(?! or )|during|at|some ?time in|dated|of) )+")
_APPROXIMATE: Final = re.compile(
    r"^(?:on or )?(?:about|around|approximately|approx\.?|circa|ca\.?|c\.|roughly|possibly|probably|perhaps) ?"
)
_OPEN: Final = re.compile(
    r"^(?P<how>on or before|no later than|not later than|by|before|prior to|on or after|no earlier than"
    r"|not earlier than|since|after) (?P<date>.+)$"
)
_RANGES: Final = (
    re.compile(r"^between (?P<first>.+?) and (?P<last>.+)$"),
    re.compile(r"^from (?P<first>.+?) (?:to|through|until|till|-) (?P<last>.+)$"),
    re.compile(r"^(?P<first>.+?) (?:to|through|until|till|-) (?P<last>.+)$"),
    re.compile(rf"^(?P<first>{'|'.join(MONTHS)})[-/](?P<last>(?:{'|'.join(MONTHS)}) [0-9]{{4}})$"),
)
_WEEK: Final = re.compile(r"^week (?P<how>of|beginning|starting|ending)(?: on)? (?P<date>.+)$")

_MONTH_YEAR: Final = rf"{_MONTH}{_OF}{_YEAR}"
_FORMS: Final = tuple(
    (kind, re.compile(f"^{form}$"))
    for kind, form in (
        ("day", rf"{_MONTH} {_DAY}{_OF}{_YEAR}"),
        ("day", rf"{_DAY}{_OF}{_MONTH}{_OF}{_YEAR}"),
        ("month", _MONTH_YEAR),
        ("part_of_month", rf"{_PART}{_MONTH_YEAR}"),
        ("part_of_year", rf"{_PART}{_YEAR}"),
        ("part_of_season", rf"{_PART}{_SEASON}{_OF}{_YEAR}"),
        ("season", rf"{_SEASON}{_OF}{_YEAR}"),
        ("season", rf"{_YEAR} {_SEASON}"),
        ("season_across", rf"{_SEASON}{_OF}{_YEAR}[-/](?P<next>[0-9]{{2}}|[0-9]{{4}})"),
        ("week_of_month", rf"{_NUMBER} week{_OF}{_MONTH_YEAR}"),
        ("half", rf"{_NUMBER} half{_OF}{_YEAR}"),
        ("quarter", rf"{_NUMBER} quarter{_OF}{_YEAR}"),
        ("quarter", rf"q(?P<number>[1-4]) {_YEAR}"),
        ("quarter", rf"{_YEAR} q(?P<number>[1-4])"),
        ("decade", r"(?P<year>[0-9]{3}0)'?s"),
    )
)


def parse_words(text: str, convention: WordsConvention = DEFAULT) -> Interval:
    """Parse one date in the words of an English report, or in EDTF.

    Parameters
    ----------
    text
        A day, month, year, decade, season, quarter or half; "early", "mid", "late", "beginning of", "end of" one
        of these; "week of", "week beginning", "week ending" a day; "first week of" a month; "before", "by",
        "since", "after"; "between ... and ...", "from ... to ..."; "about", "circa", "on or about".
    convention
        The meaning of vague words, see `WordsConvention`.

    Returns
    -------
    Interval
        "before" and "after" exclude the date itself, "by" and "since" include it; one end is then open.

    Raises
    ------
    UnreadableDate
        For unknown words, a date without a year, or ``3/4/2012``, whose order needs a declared format.
    ImpossibleDate
        For a day that does not exist, or an end before its start.
    """
    try:
        return parse_edtf(text, convention)
    except UnreadableDate:
        if len(text) > _LONGEST:
            raise UnreadableDate(f"a text of {len(text)} characters is no date") from None
        words = re.sub(r"\s+", " ", text.lower().translate(_PLAIN)).strip(" ;")
        words = re.sub(r"(?<=[0-9])(?:st|nd|rd|th)\b(?! (?:week|half|quarter))", "", words)
        return _read(words, convention)


_PLAIN: Final = str.maketrans({"–": "-", "—": "-", "’": "'", "‘": "'", ",": " ", "\u2010": "-", "\u2011": "-"})


def _read(words: str, convention: WordsConvention) -> Interval:
    words = _LEAD.sub("", words)
    opened = _OPEN.match(words)
    if opened is not None:
        return _opened(opened["how"], _read(opened["date"], convention))
    for form in _RANGES:
        between = form.match(words)
        if between is not None:
            return _between(between["first"], between["last"], words, convention)
    approximate = _APPROXIMATE.match(words)
    if approximate is not None:
        plain = _read(words[approximate.end() :], convention)
        return plain.widened(convention.approximate_margin, _unit(plain))
    week = _WEEK.match(words)
    if week is not None:
        return _week(week["how"], _read(week["date"], convention), convention)
    weekday = _WEEKDAY.match(words)
    if weekday is not None:
        return _on_weekday(weekday["name"], _read(words[weekday.end() :], convention), words)
    try:
        return parse_edtf(words.upper(), convention)
    except UnreadableDate:
        return _form(words, convention)


def _on_weekday(name: str, named: Interval, words: str) -> Interval:
    """Keep a day that falls on the weekday printed with it."""
    if named.precision != "day" or named.earliest is None:
        raise UnreadableDate(f"{words!r}: a weekday stands before something other than a day")
    if not WEEKDAYS[named.earliest.weekday()].startswith(name[:3]):
        raise ImpossibleDate(f"{words!r}: {named.earliest} is a {WEEKDAYS[named.earliest.weekday()]}")
    return named


def _unit(plain: Interval) -> str:
    """Name the unit by which an approximate date may be off."""
    units = {"part_of_month": "month", "part_of_year": "season"}
    name = units.get(plain.precision, plain.precision)
    return name if name in ("day", "week", "month", "season", "year") else "year"


def _opened(how: str, named: Interval) -> Interval:
    day = timedelta(days=1)
    if how in ("before", "prior to"):
        bound = named.earliest
        return Interval(None, None if bound is None or bound == date.min else bound - day, "open")
    if how == "after":
        bound = named.latest
        return Interval(None if bound is None or bound == date.max else bound + day, None, "open")
    if how in ("since", "on or after", "no earlier than", "not earlier than"):
        return Interval(named.earliest, None, "open")
    return Interval(None, named.latest, "open")


def _between(first: str, last: str, words: str, convention: WordsConvention) -> Interval:
    """Read two dates; a year that stands only after the second counts for both."""
    end = _read(last, convention)
    year = re.search(r"[0-9]{4}$", last)
    if year is not None and not re.search(r"[0-9]{4}", first):
        first = f"{first} {year[0]}"
    return spanning(_read(first, convention), end, words)


def _week(how: str, named: Interval, convention: WordsConvention) -> Interval:
    if named.precision != "day" or named.earliest is None:
        raise UnreadableDate(f"'week {how}' is followed by something other than a day")
    day = named.earliest
    since_monday = day.weekday()
    kind = convention.week_starts
    try:
        if how == "ending":
            first = day - timedelta(days=6)
        elif how in ("beginning", "starting") or kind == "stated" or (kind == "either" and since_monday == 6):
            first = day
        elif kind == "sunday":
            first = day - timedelta(days=(since_monday + 1) % 7)
        else:
            first = day - timedelta(days=since_monday)
        return Interval(first, first + timedelta(days=6), "week")
    except OverflowError:
        raise ImpossibleDate(f"the week of {day} runs out of the calendar") from None


def _form(words: str, convention: WordsConvention) -> Interval:
    """Read one of the fixed forms."""
    for kind, form in _FORMS:
        found = form.match(words)
        if found is not None:
            return _meaning(kind, found.groupdict(), words, convention)
    raise UnreadableDate(f"{words!r} holds no date in the words that are known")


def _meaning(kind: str, found: dict[str, str], words: str, convention: WordsConvention) -> Interval:
    year, month = int(found["year"]), MONTHS.get(found.get("month", ""), 0)
    part = _PARTS.get(found.get("part", ""), "")
    season = found.get("season", "").replace("fall", "autumn")
    number = found.get("number", "")
    if kind == "day":
        try:
            day = date(year, month, int(found["day"]))
        except ValueError:
            raise ImpossibleDate(f"{words!r}: there is no such day") from None
        return Interval(day, day, "day")
    if kind == "month":
        return Interval.of_months(year, month, 1, "month")
    if kind == "part_of_month":
        return convention.part_of_month(year, month, part)
    if kind == "part_of_year":
        return convention.part_of_year(year, part)
    if kind == "part_of_season":
        return convention.part_of_season(year, season, part)
    if kind == "season":
        return convention.season(year, season)
    if kind == "season_across":
        if not str(year + 1).endswith(found["next"]):
            raise ImpossibleDate(f"{words!r}: a season lies in two years that follow each other")
        return convention.season_across(year, season)
    if kind == "week_of_month":
        return _week_of_month(year, month, number)
    if kind == "decade":
        return Interval.of_months(year, 1, 120, "interval")
    count = 6 if kind == "half" else 3
    at = 12 // count if number == "last" else int(_NUMBERS.get(number, number))
    if at * count > 12:
        raise ImpossibleDate(f"{words!r}: a year has {12 // count} of these")
    return Interval.of_months(year, 1 + count * (at - 1), count, "part_of_year")


def _week_of_month(year: int, month: int, number: str) -> Interval:
    """Return days 1 to 7, 8 to 14, 15 to 21, 22 to 28, or the last seven days of a month."""
    try:
        first = monthrange(year, month)[1] - 6 if number == "last" else 7 * _NUMBERS[number] - 6
        return Interval(date(year, month, first), date(year, month, first + 6), "week")
    except ValueError:
        raise ImpossibleDate(f"year {year}: years from 1 to 9999 are handled") from None


def read_texts(texts: Any, words: bool, convention: WordsConvention | None) -> Cells:
    """Parse a column of texts in EDTF or words; plain ISO days are parsed together."""
    cells = read_layout(texts, compile_layout("%Y-%m-%d"), None)
    plain = pc.match_substring_regex(texts, "^[0-9]{4}-[0-9]{2}-[0-9]{2}$").to_numpy(zero_copy_only=False)
    rest = np.flatnonzero(~plain)
    read = parse_words if words else parse_edtf
    found = [_one(text, read, convention or DEFAULT) for text in texts.take(pa.array(rest)).to_pylist()]
    return cells.put(rest, Cells.from_intervals(found))


def _one(text: str, read: Callable[[str, WordsConvention], Interval], convention: WordsConvention) -> Interval | str:
    try:
        return read(text, convention)
    except UnreadableDate:
        return "unreadable"
    except ImpossibleDate:
        return "impossible"
