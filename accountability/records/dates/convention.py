"""The meaning of date words in reports: one table of adjustable conventions."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from accountability.errors import DateError
from accountability.records.dates.date_interval import ImpossibleDate, Interval

SEASONS = ("spring", "summer", "autumn", "winter")


@dataclass(frozen=True, slots=True)
class WordsConvention:
    """The convention that turns vague words into first and last days.

    The default is a convention, not a measurement: what a reporter meant by "late 2012" is not known. Repeat a study
    that depends on it under another convention. Parts may overlap.

    Parameters
    ----------
    early_year, mid_year, late_year
        First and last month of that part of a year. Default January to April, May to August, September to
        December: thirds.
    early_month, mid_month, late_month
        First and last day of that part of a month; the last is cut at the month's own end. Default 1 to 10,
        11 to 20, 21 to the end.
    hemisphere
        ``northern``: spring is March to May, summer June to August, autumn (fall) September to November, winter
        December to February. ``southern``: half a year later. Early, mid and late season are its three months.
    season_slack
        Days a season may extend past its three months; 21 covers seasons by solstice and equinox.
    across_years
        The year that names a season spanning two: ``starts`` (default: winter 2012 is December 2012 to February 2013),
        ``ends`` (December 2011 to February 2012), or ``either`` (both, and all between). "Winter 2012-13" names both
        years and needs no convention.
    week_starts
        ``either`` (default): "week of" a Monday or a Sunday is the seven days from it; of any other day, its
        Monday-to-Sunday week. ``monday`` or ``sunday``: always the week of that kind containing the day. ``stated``:
        seven days from the day named.
    approximate_margin
        Number of its own units (days, months, seasons, years) by which an approximate or uncertain date is widened on
        either side: ``2012~`` is 2011 to 2013. It then counts as an ``interval``. 0 ignores the mark.
    """

    early_year: tuple[int, int] = (1, 4)
    mid_year: tuple[int, int] = (5, 8)
    late_year: tuple[int, int] = (9, 12)
    early_month: tuple[int, int] = (1, 10)
    mid_month: tuple[int, int] = (11, 20)
    late_month: tuple[int, int] = (21, 31)
    hemisphere: str = "northern"
    season_slack: int = 0
    across_years: str = "starts"
    week_starts: str = "either"
    approximate_margin: int = 1

    def __post_init__(self) -> None:
        for name in ("early_year", "mid_year", "late_year", "early_month", "mid_month", "late_month"):
            value, top = getattr(self, name), 12 if name.endswith("year") else 28
            ends = tuple(value) if isinstance(value, list | tuple) else ()
            whole = len(ends) == 2 and all(type(end) is int for end in ends)
            if not whole or not (1 <= ends[0] <= top and ends[0] <= ends[1] <= (12 if top == 12 else 31)):
                unit = "months" if top == 12 else "days"
                raise DateError(f"{name}: expected first and last {unit} such as (1, 4), found {value!r}")
            object.__setattr__(self, name, ends)
        for name, allowed in (
            ("hemisphere", ("northern", "southern")),
            ("across_years", ("starts", "ends", "either")),
            ("week_starts", ("either", "monday", "sunday", "stated")),
        ):
            if getattr(self, name) not in allowed:
                raise DateError(f"{name}: expected one of {', '.join(allowed)}; found {getattr(self, name)!r}")
        for name, most in (("season_slack", 31), ("approximate_margin", 100)):
            value = getattr(self, name)
            if type(value) is not int or not 0 <= value <= most:
                raise DateError(f"{name}: expected a whole number from 0 to {most}, found {value!r}")

    @classmethod
    def of(cls, declared: WordsConvention | Mapping[str, Any]) -> WordsConvention:
        """Read a convention from a mapping of the fields that differ from the default.

        Raises
        ------
        DateError
            For an unknown key or an invalid value.
        """
        if isinstance(declared, WordsConvention):
            return declared
        if not isinstance(declared, Mapping):
            raise DateError(f"convention: expected a mapping such as {{hemisphere: southern}}, found {declared!r}")
        known = [item.name for item in fields(cls)]
        for key in declared:
            if key not in known:
                raise DateError(f"convention: unknown key {key!r}. Known keys: {', '.join(known)}")
        return cls(**declared)

    def season(self, year: int, name: str, hemisphere: str | None = None) -> Interval:
        """Return the days of a season of a year."""
        start = self._starts(name, hemisphere)
        if start < 12:
            return self._slack(Interval.of_months(year, start, 3, "season"))
        if self.across_years == "ends":
            return self._slack(Interval.of_months(year - 1, start, 3, "season"))
        if self.across_years == "either":
            return self._slack(Interval.of_months(year - 1, start, 15, "season"))
        return self._slack(Interval.of_months(year, start, 3, "season"))

    def season_across(self, first_year: int, name: str) -> Interval:
        """Return the season that spans two years, named with both ("winter 2012-13")."""
        start = self._starts(name, None)
        if start < 12:
            raise ImpossibleDate(f"{name} does not span two years in the {self.hemisphere} hemisphere")
        return self._slack(Interval.of_months(first_year, start, 3, "season"))

    def part_of_season(self, year: int, name: str, part: str) -> Interval:
        """Return the first, second or third month of a season."""
        at = ("early", "mid", "late").index(part)
        start = self._starts(name, None)
        if start == 12 and self.across_years != "starts":
            count = 13 if self.across_years == "either" else 1
            return Interval.of_months(year - 1, start + at, count, "part_of_year")
        return Interval.of_months(year, start + at, 1, "part_of_year")

    def part_of_year(self, year: int, part: str) -> Interval:
        """Return the early, mid or late part of a year."""
        first, last = getattr(self, f"{part}_year")
        return Interval.of_months(year, first, last - first + 1, "part_of_year")

    def part_of_month(self, year: int, month: int, part: str) -> Interval:
        """Return the early, mid or late part of a month."""
        first, last = getattr(self, f"{part}_month")
        try:
            end = min(last, monthrange(year, month)[1])
            return Interval(date(year, month, first), date(year, month, end), "part_of_month")
        except ValueError:
            raise ImpossibleDate(f"year {year}: years from 1 to 9999 are handled") from None

    def _starts(self, name: str, hemisphere: str | None) -> int:
        southern = (hemisphere or self.hemisphere) == "southern"
        return (3 + 3 * SEASONS.index(name) + (6 if southern else 0) - 1) % 12 + 1

    def _slack(self, season: Interval) -> Interval:
        if not self.season_slack:
            return season
        later = Interval(season.latest, season.latest, "day").widened(self.season_slack, "day").latest
        return Interval(season.earliest, later, "season")
