"""Accusations by officer, unit, day and finding, and the days on which each officer could be accused.

Numbers replace ids.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal, check_number
from accountability.privacy import disclose
from accountability.records.dataset import Dataset
from accountability.results import plural
from accountability.stats.arrays import Flags, Ints
from accountability.study.cohort import Cohort
from accountability.study.inputs import takes
from accountability.study.occurrences import FOREVER, NEVER, day_number, rows_places, stage_of
from accountability.study.restriction import read_only
from accountability.vocabulary import ROSTER, UNIT_COLUMNS

UNDATED = 2**40
APPOINTED = "officer_appointed_year"
YEAR = 365.25
ON_THE_EVIDENCE = ("sustained", "not_sustained", "exonerated", "unfounded", "policy_failure")
EPOCH = dt.date(1970, 1, 1)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class OfficerRecords:
    """Accusations of officers in complaints, and the officers.

    Attributes
    ----------
    officer, case : array of int
        Per accusation (an officer in a complaint, once): number of the officer, number of the complaint.
    sustained, decided : array of bool
        Per accusation: a sustained finding; any finding on the evidence.
    received, closed : array of int
        Per complaint, day numbers from 1970-01-01; ``UNDATED`` for a complaint not closed with a date.
    unit, supervisor : array of int
        Per officer: number of the unit, and of its supervisor (0 for all when none is known).
    begin, end : array of int
        Per officer: first day on which it could be accused, and the day after the last.
    first, last : int
        Days of receipt covered.
    units, supervisors : int
        Their numbers.
    unit_word : str
    left_out : tuple of (str, int)
        Accusations left out, by reason.
    name : str
    flow : DataFrame or None
    """

    officer: Ints
    case: Ints
    sustained: Flags
    decided: Flags
    received: Ints
    closed: Ints
    unit: Ints
    supervisor: Ints
    begin: Ints
    end: Ints
    first: int
    last: int
    units: int
    supervisors: int
    unit_word: str
    left_out: tuple[tuple[str, int], ...] = ()
    name: str = "numbers as given"
    flow: pd.DataFrame | None = None

    @property
    def officers(self) -> int:
        """Number of officers."""
        return len(self.unit)

    @property
    def joint(self) -> float:
        """Share of accusations made in complaints against several officers."""
        return float((np.bincount(self.case, minlength=len(self.received))[self.case] > 1).mean())

    def accounted(self) -> pd.DataFrame:
        """Return accusations counted and left out: ``reason``, ``n``, ``hidden`` (below ten, or revealing it)."""
        table = pd.DataFrame([("counted", len(self.officer)), *self.left_out], columns=["reason", "n"])
        return disclose(table, counts=["n"], keep=["reason"], parts=False)

    def month_starts(self) -> Ints:
        """Return the first days of the months covered, and the day after the last month."""
        from_month = np.datetime64(EPOCH + dt.timedelta(days=self.first), "M")
        to_month = np.datetime64(EPOCH + dt.timedelta(days=self.last), "M")
        months = np.arange(from_month, to_month + np.timedelta64(2, "M"))
        return months.astype("datetime64[D]").astype(np.int64)

    def __repr__(self) -> str:
        return (
            f"OfficerRecords of {self.name}: {len(self.officer):,} accusations in {len(self.received):,} complaints, "
            f"{plural(self.officers, 'officer')} of {self.units:,} values of {self.unit_word}"
        )


@takes("cohort")
def unit_columns(data: Cohort, unit: str | None = None) -> tuple[str, str | None]:
    """Return the columns of officers' unit and, if there is one, of its supervisor.

    Parameters
    ----------
    data : Cohort or Dataset
    unit : str, optional
        The unit's column; by default the first of :data:`accountability.vocabulary.UNIT_COLUMNS` in the data.

    Raises
    ------
    Refusal
        When there is none.
    ParameterError
        For an unknown column.

    Examples
    --------
    >>> from accountability import officers
    >>> import accountability
    >>> officers.unit_columns(accountability.load("synthetic"))
    ('squad', 'supervisor')
    """
    held = data.allegations.columns
    if unit is not None and unit not in held:
        raise ParameterError(f"no column {unit!r} in the allegations of {data.name}; there are {', '.join(held)}")
    found = unit or next((name for name in UNIT_COLUMNS if name in held), None)
    if found is None:
        raise Refusal(f"no column says which unit an officer was in ({', '.join(UNIT_COLUMNS)}); name it")
    return found, "supervisor" if "supervisor" in held and found != "supervisor" else None


@takes("cohort")
def officer_records(
    data: Cohort, unit: str | None = "squad", *, supervisor: str | None = None, start: str = "received"
) -> OfficerRecords:
    """Return the accusations of officers whose unit is known.

    Parameters
    ----------
    data : Cohort or Dataset
    unit : str or None
        Column of the allegations with the officer's unit; ``None`` treats the agency as one unit. Officers recorded in
        several units are left out; their units by date must come from assignments
        (:func:`accountability.officers.movers`).
    supervisor : str, optional
        Column with the unit's supervisor.
    start : str
        Stage that dates a complaint.

    Returns
    -------
    OfficerRecords
        Complaints without a day of `start` are left out; a sustained finding counts from the day after the complaint
        closed, and not at all when that day is not known.

    Raises
    ------
    Refusal
        When no officer, unit, or day is known.
    ParameterError
        For an unknown column.

    Examples
    --------
    >>> from accountability import officers
    >>> import accountability
    >>> data = officers.officer_records(accountability.load("synthetic"), "squad")
    >>> data.officers, data.units
    (826, 40)
    """
    cohort = data
    table = cohort.allegations
    for column in (unit, supervisor):
        if column is not None and column not in table.columns:
            known = ", ".join(map(str, table.columns))
            raise ParameterError(f"no column {column!r} in the allegations of {cohort.name}; there are {known}")
    rows = table[table["officer_id"].notna()]
    if rows.empty:
        raise Refusal(f"{cohort.name}: no row of {len(table):,} identifies an officer, so nobody has peers")
    left: list[tuple[str, int]] = [("no officer identified", len(table) - len(rows))]
    if unit is not None:
        stated = rows["officer_id"].map(rows.groupby("officer_id")[unit].nunique())
        left += [
            (f"no {unit} on record", int((stated == 0).sum())),
            (f"officer recorded in several values of {unit}", int((stated > 1).sum())),
        ]
        rows = rows[stated == 1]
    when = stage_of(cohort, start)
    place = rows_places(rows, cohort.cases)
    exact = (when.earliest == when.latest) & (when.earliest != FOREVER)
    left.append((f"no day of {start}", int((~exact[place]).sum())))
    rows, place = rows[exact[place]], place[exact[place]]
    if rows.empty:
        raise Refusal(f"{cohort.name}: no accusation has an officer of one {unit or 'agency'} and a day of {start!r}")
    done = stage_of(cohort, "closed", "last")
    usable = (done.earliest == done.latest) & (done.latest != NEVER) & (done.latest != FOREVER)
    closed = np.where(usable, done.latest, UNDATED)
    finding = rows["finding"] if "finding" in rows else pd.Series(None, index=rows.index, dtype="str")
    officer = pd.factorize(rows["officer_id"])[0]
    case, used = pd.factorize(place)
    pairs = pd.DataFrame({"officer": officer, "case": case})
    pairs["sustained"] = (finding == "sustained").to_numpy(dtype=bool)
    pairs["decided"] = finding.isin(ON_THE_EVIDENCE).to_numpy(dtype=bool)
    pairs = pairs.groupby(["officer", "case"], as_index=False)[["sustained", "decided"]].max()
    stating = rows.assign(number=officer).dropna(subset=[unit] if unit else [])
    of_officer = stating.drop_duplicates("number").sort_values("number")
    unit_code, units = _numbers(of_officer, unit)
    boss, bosses = _numbers(of_officer, supervisor)
    first, last = _window(cohort, when.earliest[used])
    begin, end = days_served(of_officer, cohort.events, first, last)
    end = np.maximum(end, begin + 1)
    received = when.earliest[used].astype(np.int64)
    np.minimum.at(begin, pairs["officer"].to_numpy(), received[pairs["case"].to_numpy()])
    np.maximum.at(end, pairs["officer"].to_numpy(), received[pairs["case"].to_numpy()] + 1)
    return OfficerRecords(
        officer=pairs["officer"].to_numpy(dtype=np.int64),
        case=pairs["case"].to_numpy(dtype=np.int64),
        sustained=pairs["sustained"].to_numpy(dtype=bool),
        decided=pairs["decided"].to_numpy(dtype=bool),
        received=received,
        closed=closed[used].astype(np.int64),
        unit=unit_code,
        supervisor=boss,
        begin=begin,
        end=end,
        first=first,
        last=last,
        units=units,
        supervisors=bosses,
        unit_word=(unit or "agency").replace("_", " "),
        left_out=tuple((why, count) for why, count in left if count),
        name=cohort.name,
        flow=cohort.flow(),
    )


def records_of(data: Cohort) -> OfficerRecords:
    """Return the records with the default columns of unit and supervisor."""
    unit, supervisor = unit_columns(data)
    return officer_records(data, unit, supervisor=supervisor)


def calendar_periods(days: Ints, years: int | None) -> Ints:
    """Return the period number of each day, in periods of `years` calendar years; one period if ``None``.

    Raises
    ------
    ParameterError
        For a period shorter than a year.
    """
    if years is None:
        return np.zeros(len(days), np.int64)
    check_number("period", years, 1, 1_000, "whole years from 1 on, or None")
    year = (np.datetime64("1970-01-01", "D") + days.astype("timedelta64[D]")).astype("datetime64[Y]").astype(np.int64)
    return (year - year.min(initial=10_000)) // years


def _numbers(officers: pd.DataFrame, column: str | None) -> tuple[Ints, int]:
    """Number of each officer's value of a column, those without one together, and how many there are."""
    if column is None:
        return np.zeros(len(officers), np.int64), 1
    code, names = pd.factorize(officers[column], use_na_sentinel=False)
    return code.astype(np.int64), len(names)


def _window(cohort: Cohort, days: Ints) -> tuple[int, int]:
    """First and last day of receipt: those of the card, as far as complaints reach."""
    first, last = int(days.min()), int(days.max())
    period = cohort.card.period
    if period is None:
        return first, last
    begins = getattr(period, "start", None)
    return (first if begins is None else (begins - EPOCH).days), max((period.end - EPOCH).days, first + 1)


@takes("cohort")
def years_watched(data: Cohort) -> pd.Series:
    """Return the years each accused officer served within the days of receipt a source covers.

    From the first day covered, or the first day of the year of appointment if later, to the last day covered, or the
    day the officer left where the source dates it (``left_agency``). A year of appointment counts from its first day,
    so exposure is an upper bound; an officer who left without a dated step counts to the end. Where the source has a
    roster, the days of its spells are counted instead, of every officer on it.

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
    >>> import accountability
    >>> from accountability import officers
    >>> round(float(officers.years_watched(accountability.load("synthetic")).mean()), 1)
    5.3
    """
    cohort = data
    rows, period = cohort.allegations, cohort.card.period
    roster = cohort.people.get(ROSTER)
    if APPOINTED not in rows and roster is None:
        raise Refusal(f"{cohort.name}: no column {APPOINTED!r}, so nobody's years of service are known")
    begins = getattr(period, "start", None)
    if period is None or begins is None:
        raise Refusal(f"{cohort.name}: its card does not state the days it covers, so no years can be counted")
    first, last = (day_number(day) for day in (begins, period.end))
    if roster is not None:
        begun = roster["starts"].to_numpy().astype("datetime64[D]").astype(np.int64)
        ended = roster["ends"].fillna(pd.Timestamp(period.end)).to_numpy().astype("datetime64[D]").astype(np.int64)
        days = np.maximum(np.minimum(ended, last) - np.maximum(begun, first) + 1, 0)
        served = pd.Series(days).groupby(roster["officer_id"].to_numpy()).sum() / YEAR
        return served[served > 0].rename("years of service watched").rename_axis(None)
    known = rows[rows["officer_id"].notna() & rows[APPOINTED].notna()].drop_duplicates("officer_id")
    begin, end = days_served(known, cohort.events, first, last)
    years = pd.Series((end - begin) / YEAR, index=pd.Index(known["officer_id"]), name="years of service watched")
    return years[years > 0]


def days_served(officers: pd.DataFrame, events: pd.DataFrame, first: int, last: int) -> tuple[Ints, Ints]:
    """Return the first and last day on which each officer could be accused, from appointment and dated leaving."""
    begin, end = np.full(len(officers), first, np.int64), np.full(len(officers), last + 1, np.int64)
    if APPOINTED in officers:
        year = pd.to_numeric(officers[APPOINTED]).to_numpy(dtype=float, na_value=np.nan)
        known = np.isfinite(year)
        hired = (year[known].astype(np.int64) - 1970).astype("datetime64[Y]").astype("datetime64[D]")
        begin[known] = np.maximum(first, hired.astype(np.int64))
    leaving = events[(events["stage"] == "left_agency") & events["latest"].notna() & events["set_aside"].isna()]
    left = leaving.dropna(subset="officer_id").groupby("officer_id")["latest"].max()  # its last possible day
    place = pd.Index(officers["officer_id"]).get_indexer(left.index)
    days = left.to_numpy().astype("datetime64[D]").astype(np.int64)[place >= 0]
    end[place[place >= 0]] = np.minimum(end[place[place >= 0]], days + 1)
    return begin, end


@takes("dataset")
def officers_listed(data: Dataset, only: str | None = None) -> int | None:
    """Return the number of officers a source lists, including those without complaints.

    Those of a roster who served in the days covered. Without one, a file of officers that lists some without
    allegations is treated as the roster; one with accused officers only says nothing about the others.

    Parameters
    ----------
    data : Dataset
        With its ledger, which counts the officers without allegations.
    only : str, optional
        ``column=value``: which complaints are used. The number of officers with an attribute, such as race, is not
        known, because officers without complaints are only counted.

    Returns
    -------
    int or None
        ``None`` when the source lists only accused officers.

    Examples
    --------
    >>> import accountability
    >>> from accountability import officers
    >>> officers.officers_listed(accountability.load("synthetic"))
    1051
    """
    if only is not None:
        column = read_only(only)[0]
        if column in data.allegations and data.allegations.groupby("officer_id")[column].nunique().max() <= 1:
            return None
    if ROSTER in data.people:
        served = years_watched(data).index
        return len(served.union(pd.Index(data.allegations["officer_id"].dropna().unique())))
    entries = data.ledger.entries
    never = entries[(entries["action"] == "row not linked") & (entries["rule"] == "officers")]
    count = int(never["count"].sum())
    return int(data.allegations["officer_id"].nunique()) + count if count else None
