"""One date as an interval: the first and last day it can mean."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

from accountability.errors import DateError
from accountability.vocabulary import PRECISIONS


class UnreadableDate(DateError):
    """A text is not a date in the notation asked for."""


class ImpossibleDate(DateError):
    """A text is in the notation but names no existing day, or ends before it starts."""


@dataclass(frozen=True, slots=True)
class Interval:
    """The days a date can mean, both ends included.

    Parameters
    ----------
    earliest, latest
        First and last possible day; None where that end is not known.
    precision
        A term of ``vocabulary.PRECISIONS``.

    Raises
    ------
    ImpossibleDate
        If the end precedes the start.
    DateError
        For a precision outside the vocabulary, or a missing end with a precision other than ``open``.
    """

    earliest: date | None
    latest: date | None
    precision: str

    def __post_init__(self) -> None:
        if self.precision not in PRECISIONS:
            raise DateError(f"precision: expected one of {', '.join(PRECISIONS)}; found {self.precision!r}")
        if (self.precision == "open") != (self.earliest is None or self.latest is None):
            raise DateError(f"a date has precision 'open' just when an end is not known; found {self!r}")
        if self.earliest is not None and self.latest is not None and self.earliest > self.latest:
            raise ImpossibleDate(f"the last day {self.latest} precedes the first day {self.earliest}")

    @classmethod
    def of_months(cls, year: int, month: int, count: int, precision: str) -> Interval:
        """Return an interval of whole months; a month above 12 is in a later year."""
        first, last = _month(year, month), _month(year, month + count - 1)
        return cls(first, _month_end(last), precision)

    def widened(self, count: int, unit: str) -> Interval:
        """Move both ends outwards by a number of days, weeks, months, seasons (three months) or years."""
        if not count:
            return self
        earliest = None if self.earliest is None else _moved(self.earliest, -count, unit)
        latest = None if self.latest is None else _moved(self.latest, count, unit)
        return Interval(earliest, latest, "open" if self.precision == "open" else "interval")


def _month(year: int, month: int) -> date:
    try:
        return date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)
    except ValueError:
        raise ImpossibleDate(f"year {year}: years from 1 to 9999 are handled") from None


def _month_end(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


def _moved(day: date, count: int, unit: str) -> date:
    """Move a day; the last day of a month stays the last, and the calendar's own ends hold."""
    days = {"day": 1, "week": 7}.get(unit)
    try:
        if days is not None:
            return day + timedelta(days=days * count)
        months = {"month": 1, "season": 3, "year": 12}[unit] * count
        target = _month(day.year, day.month + months)
    except (OverflowError, ImpossibleDate):
        return date.min if count < 0 else date.max
    end = _month_end(target)
    if count > 0 and day == _month_end(day):
        return end
    return target.replace(day=min(day.day, end.day))
