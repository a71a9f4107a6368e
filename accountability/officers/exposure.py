"""How long each officer could have drawn complaints, and how many officers a source lists besides the accused."""

from __future__ import annotations

import numpy as np
import pandas as pd

from accountability.errors import Refusal
from accountability.records.dataset import Dataset
from accountability.stats.arrays import Ints
from accountability.study.cohort import Cohort
from accountability.study.inputs import takes
from accountability.study.occurrences import day_number

APPOINTED = "officer_appointed_year"
YEAR = 365.25


@takes("cohort")
def years_watched(data: Cohort) -> pd.Series:
    """Years each accused officer served within the days of receipt a source covers.

    From the first day covered, or the first day of the year of appointment if later, to the last day covered, or the
    day the officer left where the source dates it (``left_agency``). A year of appointment is taken from its first
    day, so exposure is the most it can have been; an officer who left without a dated step counts to the end.

    Parameters
    ----------
    data : Cohort or Dataset

    Returns
    -------
    Series of float
        Years, indexed by ``officer_id``; officers without a known year of appointment, or appointed after the last
        day covered, are missing from it.

    Raises
    ------
    Refusal
        When the source has no year of appointment or states no days covered.

    Examples
    --------
    >>> from accountability import officers
    >>> import accountability
    >>> round(float(officers.years_watched(accountability.load("synthetic")).mean()), 1)
    5.3
    """
    cohort = data
    rows, period = cohort.allegations, cohort.card.period
    if APPOINTED not in rows:
        raise Refusal(f"{cohort.name}: no column {APPOINTED!r}, so nobody's years of service are known")
    begins = getattr(period, "start", None)
    if period is None or begins is None:
        raise Refusal(f"{cohort.name}: its card does not state the days it covers, so no years can be counted")
    first, last = (day_number(day) for day in (begins, period.end))
    known = rows[rows["officer_id"].notna() & rows[APPOINTED].notna()].drop_duplicates("officer_id")
    begin, end = days_served(known, cohort.events, first, last)
    years = pd.Series((end - begin) / YEAR, index=pd.Index(known["officer_id"]), name="years of service watched")
    return years[years > 0]


def days_served(officers: pd.DataFrame, events: pd.DataFrame, first: int, last: int) -> tuple[Ints, Ints]:
    """Day from which, and up to which, each officer could be accused: year of appointment, dated leaving."""
    begin, end = np.full(len(officers), first, np.int64), np.full(len(officers), last + 1, np.int64)
    if APPOINTED in officers:
        year = pd.to_numeric(officers[APPOINTED]).to_numpy(dtype=float, na_value=np.nan)
        known = np.isfinite(year)
        hired = (year[known].astype(np.int64) - 1970).astype("datetime64[Y]").astype("datetime64[D]")
        begin[known] = np.maximum(first, hired.astype(np.int64))
    left = days_of_leaving(events)
    place = pd.Index(officers["officer_id"]).get_indexer(left.index)
    days = left.to_numpy().astype("datetime64[D]").astype(np.int64)[place >= 0]
    end[place[place >= 0]] = np.minimum(end[place[place >= 0]], days + 1)
    return begin, end


def days_of_leaving(events: pd.DataFrame) -> pd.Series:
    """Last possible day of leaving the agency, indexed by ``officer_id``; usable dates alone."""
    leaving = events[(events["stage"] == "left_agency") & events["officer_id"].notna() & events["latest"].notna()]
    leaving = leaving[leaving["set_aside"].isna()]
    return leaving.groupby("officer_id")["latest"].max()


@takes("dataset")
def officers_listed(data: Dataset) -> int | None:
    """How many officers a source lists, those no complaint names included.

    A file of officers that lists some whom no allegation names is taken for the roster. One that lists the accused
    alone says nothing about the others.

    Parameters
    ----------
    data : Dataset
        With its ledger, which keeps count of the rows of officers that no allegation names.

    Returns
    -------
    int or None
        ``None`` when the source lists nobody but the accused.

    Examples
    --------
    >>> from accountability import officers
    >>> import accountability
    >>> officers.officers_listed(accountability.load("synthetic"))
    1051
    """
    entries = data.ledger.entries
    never = entries[(entries["action"] == "row not linked") & (entries["rule"] == "officers")]
    count = int(never["count"].sum())
    return int(data.allegations["officer_id"].nunique()) + count if count else None
