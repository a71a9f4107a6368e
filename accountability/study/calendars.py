"""Calendars of business days: each holiday rule has its years in force and its law.

State, county and city offices have further holidays; add them with :meth:`Calendar.with_days`. Those of other countries
come from the package ``holidays`` (the extra ``calendars``), which keeps each country's laws: ``"GB-ENG"`` are the bank
holidays of England.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from accountability.errors import ParameterError, Refusal

VERSION: Final = "1"
"""Version of the holidays in this file; a clock that uses them names it."""

MONDAY, THURSDAY, SATURDAY, SUNDAY = 0, 3, 5, 6


@dataclass(frozen=True, slots=True)
class Holiday:
    """One holiday rule, with the years in which it was in force.

    Attributes
    ----------
    name : str
        Its name.
    month : int
        1 to 12.
    citation : str
        The law.
    day : int
        Day of the month; 0 when it falls on a weekday of the month.
    weekday : int
        0 for Monday to 6 for Sunday.
    nth : int
        Which one of these weekdays in the month; -1 for the last.
    first_year, last_year : int
        Years in which it was observed.
    """

    name: str
    month: int
    citation: str
    day: int = 0
    weekday: int = 0
    nth: int = 0
    first_year: int = 1971
    last_year: int = 9999

    def falls_on(self, year: int) -> dt.date:
        """Return the day of the holiday in a year, before a shift to a working day."""
        if self.day:
            return dt.date(year, self.month, self.day)
        if self.nth < 0:
            after = dt.date(year + self.month // 12, self.month % 12 + 1, 1)
            last = after - dt.timedelta(days=1)
            return last - dt.timedelta(days=(last.weekday() - self.weekday) % 7)
        first = dt.date(year, self.month, 1)
        return first + dt.timedelta(days=(self.weekday - first.weekday()) % 7 + 7 * (self.nth - 1))


CODE: Final = "5 U.S.C. 6103(a)"
UNIFORM: Final = "5 U.S.C. 6103(a); Pub. L. 90-363 (in force 1971-01-01)"
KING: Final = f"{CODE}; Pub. L. 98-144 (first kept 1986-01-20)"

FEDERAL: Final = (
    Holiday("New Year's Day", 1, CODE, day=1),
    Holiday("Birthday of Martin Luther King, Jr.", 1, KING, weekday=MONDAY, nth=3, first_year=1986),
    Holiday("Washington's Birthday", 2, UNIFORM, weekday=MONDAY, nth=3),
    Holiday("Memorial Day", 5, UNIFORM, weekday=MONDAY, nth=-1),
    Holiday("Juneteenth National Independence Day", 6, f"{CODE}; Pub. L. 117-17", day=19, first_year=2021),
    Holiday("Independence Day", 7, CODE, day=4),
    Holiday("Labor Day", 9, CODE, weekday=MONDAY, nth=1),
    Holiday("Columbus Day", 10, UNIFORM, weekday=MONDAY, nth=2),
    Holiday("Veterans Day", 10, UNIFORM, weekday=MONDAY, nth=4, last_year=1977),
    Holiday("Veterans Day", 11, f"{CODE}; Pub. L. 94-97 (in force 1978-01-01)", day=11, first_year=1978),
    Holiday("Thanksgiving Day", 11, CODE, weekday=THURSDAY, nth=4),
    Holiday("Christmas Day", 12, CODE, day=25),
)


@dataclass(frozen=True, slots=True)
class Calendar:
    """A calendar of business days: Monday to Friday except holidays.

    Attributes
    ----------
    name : str
        Its name, which is part of a clock's name.
    holidays : tuple of Holiday
        The rules.
    observed : str
        The law on holidays on a weekend. A Saturday holiday is observed on the Friday before, a Sunday holiday on the
        Monday after.
    first_year, last_year : int
        Years for which the calendar is known; days outside are refused.
    extra : frozenset of date
        Further single days without business.
    """

    name: str
    holidays: tuple[Holiday, ...]
    observed: str
    first_year: int
    last_year: int
    extra: frozenset[dt.date] = frozenset()

    def with_days(self, days: Iterable[dt.date], name: str) -> Calendar:
        """Return a calendar with further single days without business, under a new name."""
        return replace(self, extra=self.extra | set(days), name=name)

    def days_off(self) -> npt.NDArray[np.datetime64]:
        """Return all observed holidays of the calendar's years, in order."""
        found = set(self.extra)
        for year in range(self.first_year, self.last_year + 2):  # a New Year's Day may be kept the year before
            found |= {kept(rule.falls_on(year)) for rule in self.holidays if rule.first_year <= year <= rule.last_year}
        return np.array(sorted(day for day in found if day.year <= self.last_year), dtype="datetime64[D]")

    def until(self, day_numbers: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Count business days from the start of the calendar to the end of each day (numbered from 1970-01-01).

        The difference of two is the number of business days after the first, up to and including the second.

        Raises
        ------
        Refusal
            If a day is outside the calendar's years.
        """
        first = np.datetime64(f"{self.first_year}-01-01", "D").astype(np.int64)
        last = np.datetime64(f"{self.last_year}-12-31", "D").astype(np.int64)
        outside = (day_numbers < first) | (day_numbers > last)
        if outside.any():
            day = day_numbers[int(np.argmax(outside))].astype("datetime64[D]")
            raise Refusal(
                f"the calendar '{self.name}' is known from {self.first_year} to {self.last_year}, and "
                f"{int(outside.sum()):,} days lie outside (e.g. {day}): count calendar days, or keep other cases"
            )
        return _totals(self)[day_numbers - first]


@lru_cache(maxsize=8)
def _totals(which: Calendar) -> npt.NDArray[np.int64]:
    """Business days from the start of a calendar to each of its days."""
    every = np.arange(f"{which.first_year}-01-01", f"{which.last_year + 1}-01-01", dtype="datetime64[D]")
    return np.cumsum(np.is_busday(every, holidays=which.days_off())).astype(np.int64)


def kept(day: dt.date) -> dt.date:
    """Return the working day on which a holiday is observed."""
    return day + dt.timedelta(days={SATURDAY: -1, SUNDAY: 1}.get(day.weekday(), 0))


US_FEDERAL: Final = Calendar(
    name=f"U.S. federal holidays, version {VERSION}",
    holidays=FEDERAL,
    observed="5 U.S.C. 6103(b)(1) for Saturdays, Executive Order 11582 (1971) for Sundays",
    first_year=1971,
    last_year=2049,
)

WEEKDAYS: Final = Calendar("Monday to Friday, no holidays", (), "none", 1900, 2099)

CALENDARS: Final = {"us_federal": US_FEDERAL, "weekdays": WEEKDAYS}


@lru_cache(maxsize=16)
def of_country(code: str) -> Calendar:
    """Return the public holidays of a country, or of a part of it, as the package ``holidays`` keeps them.

    Parameters
    ----------
    code : str
        Of ISO 3166: ``"GB-ENG"``, ``"GB-SCT"``, ``"IE"``, ``"US-IL"``. The United Kingdom has no calendar of its own
        that holds everywhere: ``"GB"`` alone is refused.

    Returns
    -------
    Calendar
        Monday to Friday but for these days, on which they are kept; its name says the version of the package. A day
        that was proclaimed after that version is not in it.

    Raises
    ------
    ParameterError
        No such country or part, with the parts there are.
    Refusal
        The package is not installed; the message has the line to write.

    References
    ----------
    vacanza/holidays, an open list of public holidays with the laws they rest on (for the United Kingdom the Banking and
    Financial Dealings Act 1971).

    Examples
    --------
    >>> from accountability.study import calendars
    >>> england, scotland = calendars.of_country("GB-ENG"), calendars.of_country("GB-SCT")
    >>> import numpy as np
    >>> [np.datetime64("2023-05-08") in england.days_off(), np.datetime64("2023-04-10") in scotland.days_off()]
    [True, False]
    """
    try:
        import holidays
    except ImportError:
        raise Refusal(
            f"holidays of {code!r} come from a package not installed: pip install 'accountability[calendars]'"
        ) from None
    country, _, part = code.partition("-")
    known = holidays.list_supported_countries()
    if country not in known or (part and part not in known[country]):
        parts = f"; the parts of {country} are {', '.join(known[country])}" if known.get(country) else ""
        raise ParameterError(f"no holidays of {code!r} are known{parts}")
    if country == "GB" and not part:
        raise ParameterError("bank holidays differ in the United Kingdom: write GB-ENG, GB-WLS, GB-SCT or GB-NIR")
    years = range(1971, 2050)
    days = holidays.country_holidays(country, subdiv=part or None, years=years)
    return Calendar(
        name=f"public holidays of {code}, holidays {holidays.__version__}",
        holidays=(),
        observed=f"as the package holidays {holidays.__version__} gives them",
        first_year=max(years[0], days.start_year),
        last_year=min(years[-1], days.end_year),
        extra=frozenset(days),
    )


def calendar(which: Calendar | str) -> Calendar:
    """Return a calendar by its short name, or by the code of a country (:func:`of_country`).

    Raises
    ------
    ParameterError
        For an unknown calendar.
    Refusal
        For a country's, where the package that holds it is not installed.
    """
    if isinstance(which, Calendar):
        return which
    if re.fullmatch(r"[A-Z]{2}(-[A-Z0-9]{1,3})?", str(which)):
        return of_country(which)
    if which not in CALENDARS:
        raise ParameterError(
            f"no calendar {which!r}; there are {', '.join(CALENDARS)}, codes of countries (GB-ENG); or pass a Calendar"
        )
    return CALENDARS[which]
