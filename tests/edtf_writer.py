"""Dates written in EDTF, the order of two columns of dates, and the days between two: to compare with what is read."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from itertools import product

import numpy as np
import pandas as pd

from accountability.records.dates import ImpossibleDate, Interval, WordsConvention, day_bounds, parse_edtf

DEFAULT = WordsConvention()


def format_edtf(
    earliest: date | None, latest: date | None, precision: str, convention: WordsConvention = DEFAULT
) -> str:
    """Write one date in EDTF.

    Parameters
    ----------
    earliest, latest, precision
        As `parse` gives them; a missing end is None or NaT.
    convention
        The convention it is to be read under; it decides how a season is written.

    Returns
    -------
    str
        Text from which `parse_edtf` gives the same days under the same convention. The precision comes back too
        where EDTF has a word for it; a part of a month, or a week that does not start on Monday, is written as
        an interval.

    Raises
    ------
    DateError
        The three do not make a date (see `Interval`).
    """
    first, last = (None if day is None or day is pd.NaT else pd.Timestamp(day).date() for day in (earliest, latest))
    item = Interval(first, last, precision)
    if first is None and last is None:
        return ".."
    if first is None or last is None:
        return f"{_end(first, '01-01', '01')}/{_end(last, '12-31', None)}"
    for text in _candidates(first, precision):
        try:
            if parse_edtf(text, convention) == item:
                return text
        except ImpossibleDate:
            continue
    years = f"{first:%m-%d}" == "01-01" and f"{last:%m-%d}" == "12-31"
    months = first.day == 1 and last.day == monthrange(last.year, last.month)[1]
    shown = 4 if years else 7 if months else 10
    return f"{first.isoformat()[:shown]}/{last.isoformat()[:shown]}"


def _candidates(first: date, precision: str) -> Iterator[str]:
    """Give the single EDTF words that might say a date of some precision."""
    day = first.isoformat()
    if precision in ("day", "month", "year"):
        yield day[: {"day": 10, "month": 7, "year": 4}[precision]]
    elif precision == "week":
        year, week, _ = first.isocalendar()
        yield f"{year:04d}-W{week:02d}"
    elif precision in ("season", "part_of_year"):
        codes = range(21, 25) if precision == "season" else range(33, 42)
        for year, code in product((first.year, first.year + 1), codes):
            yield f"{year:04d}-{code}"


def _end(day: date | None, of_year: str, of_month: str | None) -> str:
    """Write one end of a half-open interval, as a year or a month where that says the same day."""
    if day is None:
        return ".."
    text = day.isoformat()
    if text[5:] == of_year:
        return text[:4]
    last = f"{monthrange(day.year, day.month)[1]:02d}"
    return text[:7] if text[8:] == (of_month or last) else text


def to_edtf(dates: pd.DataFrame, convention: WordsConvention = DEFAULT) -> pd.Series:
    """Write a table of dates in EDTF, for display.

    Parameters
    ----------
    dates
        ``earliest, latest, precision`` as `parse` gives them.
    convention
        As for `format_edtf`.

    Returns
    -------
    Series
        Text with the same index; missing where there is no date.

    Raises
    ------
    DateError
        A row whose ends and precision do not make a date.
    """
    keys = dates[["earliest", "latest", "precision"]]
    distinct = keys.drop_duplicates().dropna(subset="precision")
    written = [
        format_edtf(earliest, latest, precision, convention)
        for earliest, latest, precision in distinct.itertuples(index=False)
    ]
    coded = keys.merge(distinct.assign(edtf=pd.array(written, dtype="str")), how="left")["edtf"]
    return pd.Series(coded.array, index=dates.index, name="edtf", dtype="str")


def order(start: pd.DataFrame, stop: pd.DataFrame) -> pd.Series:
    """Say for each row whether one date follows another.

    Parameters
    ----------
    start, stop
        As for `day_bounds`.

    Returns
    -------
    Series
        ``in_order`` (the stop is on or after the start for certain), ``reversed`` (before it for certain),
        ``unknown`` (they overlap, or an end is missing).

    Raises
    ------
    DateError
        A column is absent or the indexes differ.
    """
    bounds = day_bounds(start, stop)
    follows, precedes = (bounds["low"] >= 0).fillna(False), (bounds["high"] < 0).fillna(False)
    named = np.select([follows.to_numpy(bool), precedes.to_numpy(bool)], ["in_order", "reversed"], "unknown")
    return pd.Series(named, index=start.index, name="order", dtype="str")


def days_until(self: Interval, later: Interval) -> tuple[int | None, int | None]:
    """Give the fewest and the most days from this date to a later one, as `day_bounds` does for tables."""
    low = None if later.earliest is None or self.latest is None else (later.earliest - self.latest).days
    high = None if later.latest is None or self.earliest is None else (later.latest - self.earliest).days
    return low, high
