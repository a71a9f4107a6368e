"""What a rate is taken per: outside totals, or the officers of a roster, in years within the days a source covers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.records.totals import COUNTED, YEAR, Total
from accountability.stats.arrays import Ints
from accountability.study.cohort import Cohort
from accountability.study.occurrences import FOREVER, day_number, day_numbers
from accountability.vocabulary import ROSTER

#: A rate per officers on the roster is one per 100 officer-years.
_BASE: Final = 100.0


def days_covered(data: Cohort) -> tuple[int, int]:
    """Return the first and last day of receipt a source covers, as its card states them.

    Raises
    ------
    Refusal
        When the card does not state both.
    """
    begins = getattr(data.card.period, "start", None)
    if data.card.period is None or begins is None:
        raise Refusal(
            f"{data.name}: its card does not state the days it covers, so no years can be counted; write them into "
            "source.yaml: period: {from: 2015-01-01, to: 2020-12-31}"
        )
    return day_number(begins), day_number(data.card.period.end)


def years_between(first: int, last: int) -> tuple[Ints, Ints, Ints]:
    """Return the calendar years that days lie in, and the first and last day of each as numbers."""
    begin, end = (int(str(np.datetime64(day, "D"))[:4]) for day in (first, last))
    years = np.arange(begin, end + 1)
    starts = (years - 1970).astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
    return years, starts, np.append(starts[1:], day_number(pd.Timestamp(end + 1, 1, 1).date())) - 1


def roster_days(data: Cohort, by: Sequence[str] = ()) -> pd.DataFrame:
    """Return the officers on a roster, and the days they served, by columns of it and calendar year.

    Columns: those of `by`, ``year``, ``n`` (officers with a day in it), ``days`` within the days the source covers.

    Raises
    ------
    Refusal
        When the source has no roster, or does not state the days it covers.
    ParameterError
        When the roster has no such column.
    """
    roster = data.people.get(ROSTER)
    if roster is None:
        raise Refusal(
            f"{data.name} has no roster; declare its file in source.yaml: table: roster (to: starts, to: ends)"
        )
    if unknown := [name for name in by if name not in roster]:
        held = ", ".join(str(name) for name in roster if not str(name).startswith(("raw_", "source_")))
        raise ParameterError(f"{data.name}: the roster has no column {unknown[0]!r}; it has {held}")
    first, last = days_covered(data)
    begun, ended = (day_numbers(roster[name], FOREVER) for name in ("starts", "ends"))
    parts = []
    for year, low, high in zip(*years_between(first, last), strict=True):
        days = np.minimum(ended, min(high, last)) - np.maximum(begun, max(low, first)) + 1
        parts.append(roster[["officer_id", *by]].assign(**{YEAR: int(year)}, days=days)[days > 0])
    grouped = pd.concat(parts, ignore_index=True).groupby([*by, YEAR], dropna=False, as_index=False)
    return grouped.agg(n=("officer_id", "nunique"), days=("days", "sum"))


def total_named(data: Cohort, name: str, by: Sequence[str] = ()) -> Total:
    """Return a declared total by its name; of ``"roster"``, the officers on average in each year, by columns of it.

    Raises
    ------
    ParameterError
        For an unknown name; the message lists those there are.
    """
    if isinstance(name, str) and name in data.totals:
        found: Total = data.totals[name]
        return found
    if name != ROSTER:
        known = [*data.totals, *([ROSTER] if ROSTER in data.people else [])]
        raise ParameterError(
            f"{data.name} has no total {name!r}; it has {', '.join(known) or 'none'}. Declare its file in source.yaml: "
            "table: totals, totals: {counts: {residents: 1000}, citation: ...}"
        )
    served = roster_days(data, by)
    first, last = days_covered(data)
    years, starts, ends = years_between(first, last)
    length = pd.Series(np.minimum(ends, last) - np.maximum(starts, first) + 1, index=years)
    table = served.assign(**{COUNTED: served["days"] / served[YEAR].map(length)})[[*by, YEAR, COUNTED]]
    table = table.dropna(subset=list(by)).reset_index(drop=True)
    return Total("officers on the roster", _BASE, tuple(by), table, file=f"the roster of {data.name}")


def exposure(
    total: Total, groups: Sequence[str], windows: Iterable[tuple[str, int, int]], table: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return the years lived or served by all whom a total counts, by group and window.

    Parameters
    ----------
    total : Total
    groups : sequence of str
        Columns of the total; places are added up over the others.
    windows : iterable of (str, int, int)
        Label, first and last day.
    table : DataFrame, optional
        The rows of the total to use; by default all.

    Returns
    -------
    DataFrame
        `groups`, ``window``, ``exposure``: a total times the part of each calendar year in the window, in years.
    """
    rows = total.table if table is None else table
    parts = []
    for label, first, last in windows:
        years, starts, ends = years_between(first, last)
        share = (np.minimum(ends, last) - np.maximum(starts, first) + 1) / (ends - starts + 1)
        weight = rows[YEAR].map(dict(zip(years.tolist(), share, strict=True))) if YEAR in rows else share.sum()
        parts.append(rows[list(groups)].assign(window=label, exposure=rows[COUNTED] * weight).dropna(subset="exposure"))
    return pd.concat(parts).groupby([*groups, "window"], sort=False)["exposure"].sum().reset_index()


def years_of(data: Cohort, name: str, by: str) -> pd.Series:
    """Return the years of an outside total over the days covered, indexed by its one column of places.

    Raises
    ------
    ParameterError
        When the total is not by that column alone.
    """
    total = total_named(data, name)
    if total.by != (by,):
        raise ParameterError(f"exposure: {name} are by {' and '.join(total.by) or 'no place'}, not by {by!r}")
    found = exposure(total, [by], [("", *days_covered(data))])
    return pd.Series(found["exposure"].to_numpy(), index=found[by], name=f"years of {name}")


def headcount(data: Cohort, name: str) -> int:
    """Return the largest number in any year, over all places, of a total: at least so many were there.

    Raises
    ------
    ParameterError
        For an unknown total.
    Refusal
        When no year of it is in the days the source covers.
    """
    total = total_named(data, name)
    rows = total.table
    if YEAR in rows:
        rows = rows[rows[YEAR].isin(years_between(*days_covered(data))[0])]
        if rows.empty:
            raise Refusal(f"{data.name}: {name} are of none of the years that the source covers ({total.file})")
        return round(float(rows.groupby(YEAR)[COUNTED].sum().max()))
    return round(float(rows[COUNTED].sum()))
