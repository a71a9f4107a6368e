"""Make a panel of officer-, unit- or agency-months from a dataset."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import pandas as pd

from accountability.delay.access import require_open_cases
from accountability.errors import ParameterError, Refusal, check_number
from accountability.officers.officer_events import unit_columns
from accountability.records import units
from accountability.records.lookup import places
from accountability.reforms.month_outcomes import (
    OUTCOMES,
    by_month,
    case_values,
    check_outcomes,
    needs_columns,
    needs_days,
    pending_in,
)
from accountability.reforms.panel import Panel, checked
from accountability.reforms.reform import Reform
from accountability.reforms.service_months import known_stays, month_of, month_start, served, stays_of
from accountability.releases.late_closings import RecordingLag
from accountability.remembered import remembered
from accountability.results import plural
from accountability.study.clocks import durations
from accountability.study.cohort import Cohort
from accountability.study.inputs import takes
from accountability.study.occurrences import FOREVER, as_date, day_number, stage_of

Per = Literal["officer", "unit", "agency"]
PERS: Final = ("officer", "unit", "agency")


@dataclass(frozen=True, slots=True)
class _Window:
    """Months of receipt, and the last day watched."""

    first: int
    last: int
    until: int


@takes("cohort")
@remembered
def panel_of(
    data: Cohort,
    per: Per = "officer",
    outcomes: str | Sequence[str] = ("complaints",),
    *,
    reform: Reform | None = None,
    days: int = 180,
    first: dt.date | str | None = None,
    last: dt.date | str | None = None,
    unit: str | None = None,
    service: pd.DataFrame | None = None,
    lag: RecordingLag | None = None,
) -> Panel:
    """Make a panel with one row per officer, unit or agency and month of receipt.

    Unobserved values are missing and not zero: months before an officer was hired or after leaving, months whose cases
    were not followed long enough, shares of no case, pending cases. Officers never accused are included with zeros if a
    roster names them.

    Parameters
    ----------
    data : Cohort or Dataset
    per : {"officer", "unit", "agency"}
        Unit of a row.
    outcomes : str or sequence of str
        ``complaints`` (received); ``sustained`` (those sustained within `days`); and means over complaints:
        ``closed_share``, ``mean_days`` (restricted to `days`, by pseudo-observations within each month),
        ``sustained_share``, ``otherwise_share``, ``without_finding_share`` (competing ends), ``penalty_share``.
    reform : Reform, optional
        Defines the cohorts, and ends the panel when it went out of force.
    days : int
        Age in days at which cases are measured.
    first, last : date, optional
        First and last month; by default the whole months of receipt that the source covers and in which every outcome
        is observable.
    unit : str, optional
        For ``per="unit"``, the column; by default the officers' unit.
    service : DataFrame, optional
        A roster: ``officer_id``, ``from``, ``to`` (dates; ``to`` missing while in service), including officers never
        accused, and the reform's column if it describes officers. Without it only accused officers are in the panel,
        from the year after their appointment.
    lag : RecordingLag, optional
        Lag of the same agency: recorded closings are weighted for those not yet recorded, and the latest months are
        left out.

    Returns
    -------
    Panel
        ``exposure`` is the share of the month an officer served; for units and agencies, the officers in service with a
        roster, else 1.

    Raises
    ------
    Refusal
        If no service is known, closings cannot be timed, or `last` is a month in which an outcome is not observable.
    ParameterError
        For an invalid choice, column or roster.

    Examples
    --------
    >>> import accountability
    >>> from accountability import reforms
    >>> panel = reforms.panel_of(accountability.load("synthetic"), "agency", ["complaints", "closed_share"])
    >>> panel
    Panel of 1 agency, 2014-01 to 2019-12, 72 rows; outcomes: complaints, closed_share
    """
    asked = check_outcomes(outcomes)
    check_number("days", days, 1, 10_000, "days from 1 to 10,000")
    if per not in PERS:
        raise ParameterError(f"per: expected one of {', '.join(PERS)}, found {per!r}")
    if reform is not None and not isinstance(reform, Reform):
        raise ParameterError(f"reform: expected a Reform, found a {type(reform).__name__}: reforms.read_reform(path)")
    if lag is not None and not isinstance(lag, RecordingLag):
        raise ParameterError(f"lag: expected a RecordingLag, found a {type(lag).__name__}: releases.recording_lag(...)")
    window = _window(data, reform, first, last, asked, days, lag)
    column = _column(data, unit) if per == "unit" else None
    rows, cautions = _rows(data, per, column, asked, window, days)
    stays = None
    if service is not None:
        stays = stays_of(service)
    elif per == "officer":
        stays = known_stays(data)
        cautions.append(
            "only officers accused at least once are in it, from the year after their appointment: the "
            "force's own level is lower"
        )
    frame = _skeleton(per, rows, stays, window, service, column)
    if per == "officer":
        outside = (
            rows.merge(frame[["unit", "period"]], how="left", on=["unit", "period"], indicator=True)["_merge"] != "both"
        )
        if count := int(outside.sum()):
            cautions.append(
                f"{plural(count, 'accusation')} outside the months an officer is known to have served left out"
            )
    frame, cohort_cautions = _cohorts(frame, data, per, column, reform, service)
    share = lag.share() if lag else None
    keyed = pd.MultiIndex.from_frame(frame[["unit", "period"]])
    for name in asked:
        if name == "complaints":
            counted = rows.groupby(["unit", "period"], observed=True).size()
            frame[name] = counted.reindex(keyed, fill_value=0).to_numpy(dtype=float)
            continue
        value, counts = case_values(rows, name, days, window.until, share)
        found = by_month(rows, value, counts, name).reindex(keyed).to_numpy(dtype=float)
        if name == "sustained":
            followed = month_start(frame["period"].to_numpy() + 1) - 1 + days <= window.until - (
                share.first if share else 0
            )
            none = ~keyed.isin(pd.MultiIndex.from_frame(rows[["unit", "period"]]))
            found = np.where(followed, np.where(none, 0.0, found), np.nan)
        frame[name] = found
    labels = {name: OUTCOMES[name].format(days=days) for name in asked}
    return Panel(
        checked(frame, asked), per, tuple(asked), reform=reform, labels=labels, cautions=(*cautions, *cohort_cautions)
    )


def _window(
    data: Cohort,
    reform: Reform | None,
    first: dt.date | str | None,
    last: dt.date | str | None,
    asked: Sequence[str],
    days: int,
    lag: RecordingLag | None,
) -> _Window:
    """Whole months of receipt; asked-for ones are refused where the source or an outcome does not reach."""
    period, watched = data.card.period, data.card.observed_until
    begins = getattr(period, "start", None)
    if period is None or begins is None:
        raise Refusal(
            f"{data.name}: its card states no days of receipt covered. Write under card: period: {{from:, to:}}"
        )
    # A month that is covered in part is no month.
    held = np.array([day_number(begins), day_number(period.end)])
    early = int(month_of(held[:1] - 1)[0]) + 1
    late = int(month_of(held[1:] + 1)[0]) - 1
    until = held[1] if watched is None else day_number(watched)
    reach = late
    if needs_days(asked):
        if watched is None:
            raise Refusal(f"{data.name}: its card does not say until when cases were watched: observed_until")
        back = lag.first_day if lag else 0
        reach = min(late, int(month_of(np.array([until - back - days]))[0]))
    if reform is not None and reform.end is not None:
        reach = min(reach, int(month_of(np.array([day_number(reform.end) + 1]))[0]) - 1)
    low = early if first is None else int(month_of(np.array([day_number(as_date(first, "first"))]))[0])
    high = reach if last is None else int(month_of(np.array([day_number(as_date(last, "last"))]))[0])
    if low < early or high > reach:
        why = f", and cases of later months are not followed {days:,} days" if reach < late else ""
        raise Refusal(
            f"{data.name}: expected {_said(early)} to {_said(reach)}, found {_said(low)} to {_said(high)}: "
            f"the source covers {_said(early)} to {_said(late)} whole, watched until {watched}{why}"
            f"{f', in force until {reform.end}' if reform and reform.end else ''}. Write last='{_said(reach)}-01', or "
            "fewer days="
        )
    if low > high:
        raise Refusal(
            f"{data.name}: no whole month from {_said(low)} to {_said(high)}: "
            + (
                f"the reform was in force until {reform.end}"
                if reform and reform.end and day_number(reform.end) < held[1]
                else f"cases are not followed {days:,} days"
            )
        )
    return _Window(low, high, int(until))


def _said(month: int) -> str:
    return str(pd.Period(ordinal=month, freq="M"))


def _column(data: Cohort, unit: str | None) -> str:
    if unit is not None and unit in data.cases:
        return unit
    return unit_columns(data, unit)[0]


@remembered
def _per(data: Cohort, kind: str) -> pd.DataFrame:
    """Return the allegations by complaint or officer, which several panels of a study need."""
    return units.per(data.cases, data.allegations, data.card.unit, kind)


def _rows(
    data: Cohort, per: str, column: str | None, asked: Sequence[str], window: _Window, days: int
) -> tuple[pd.DataFrame, list[str]]:
    """One row per complaint and unit: its month of receipt, its days, its finding."""
    cases = pd.Index(data.cases["case_id"])
    when = stage_of(data, "received")
    dated = ~when.none & (when.earliest > -FOREVER) & (when.latest < FOREVER)
    month = np.where(dated, month_of(np.where(dated, when.earliest, 0)), -1)
    dated &= month_of(np.where(dated, when.latest, 0)) == month
    cautions = []
    if lost := int((~dated).sum()):
        cautions.append(f"{plural(lost, 'complaint')} without a month of receipt left out")
    kind = "officer_complaint" if per == "officer" else "complaint"
    table = _per(data, kind)
    if per == "officer":
        named = table.dropna(subset=["officer_id"])
        unit = named["officer_id"].astype("str")
    elif column is None:
        named, unit = table, pd.Series(data.name, index=table.index, dtype="str")
    else:
        pairs = _pairs(data, column)
        named = table.drop(columns=column, errors="ignore").merge(pairs, on="case_id")
        unit = named[column].astype("str")
        if missing := len(table) - named["case_id"].nunique():
            cautions.append(f"{plural(missing, 'complaint')} without {column.replace('_', ' ')} left out")
    held = needs_columns(asked)
    if missing_columns := [name for name in held if name not in named or not named[name].notna().any()]:
        raise Refusal(
            f"{data.name} holds no {' and no '.join(missing_columns)}, which {', '.join(asked)} need; ask for "
            "complaints, closed_share or mean_days"
        )
    rows = named[["case_id", *held]].assign(unit=unit)
    place = places(rows["case_id"], cases)
    rows = rows.assign(received=when.earliest[place], period=month[place])
    rows = rows[dated[place] & (month[place] >= window.first) & (month[place] <= window.last)].reset_index(drop=True)
    if rows.empty:
        raise Refusal(
            f"{data.name}: expected complaints received from {_said(window.first)} to {_said(window.last)}, found none "
            f"that count by month ({'; '.join(cautions) or 'none is dated in these months'}). Choose other months, or "
            "another column"
        )
    if needs_days(asked):
        rows = _timed(rows, data)
        if held and (count := pending_in(rows, days)):
            cautions.append(
                f"{plural(count, 'complaint')} closed with no finding on record: of a share, others closed in the same "
                "month stand for them; a count with one among it is missing"
            )
    return rows, cautions


def _pairs(data: Cohort, column: str) -> pd.DataFrame:
    """Each complaint with each unit of its officers, or with its own."""
    table = data.cases if column in data.cases else data.allegations
    return table[["case_id", column]].dropna().drop_duplicates()


def _timed(rows: pd.DataFrame, data: Cohort) -> pd.DataFrame:
    """With the days to the closing, fewest and most."""
    taken = durations(data)
    require_open_cases(taken, "an outcome by days of age")
    known = pd.Index(taken.table["case_id"])
    place = places(rows["case_id"], known)
    timed = (place >= 0) & (rows["received"].to_numpy() > -FOREVER)
    low, high, event = (
        np.where(timed, values[place], -1) for values in (taken.days_lower, taken.days_upper, taken.event)
    )
    return rows.assign(low=low, high=high, event=event == 1, timed=timed)


def _skeleton(
    per: str,
    rows: pd.DataFrame,
    stays: pd.DataFrame | None,
    window: _Window,
    service: pd.DataFrame | None,
    column: str | None,
) -> pd.DataFrame:
    """Every unit and month in which it was there."""
    if per == "officer" and stays is not None:
        return served(stays, window.first, window.last)
    months = pd.DataFrame({"period": np.arange(window.first, window.last + 1)})
    names = pd.DataFrame({"unit": pd.Series(rows["unit"].unique(), dtype="str")})
    frame = names.merge(months, how="cross").assign(exposure=1.0)
    if stays is None or service is None:
        return frame
    if column is None:
        stays = stays.assign(unit=names["unit"].iloc[0])
    elif column in service:
        stays = stays.assign(unit=service.dropna(subset=["officer_id"])[column].astype("str").array)
    else:
        raise ParameterError(f"service: expected the column {column!r}, to count the officers of each; missing")
    alone = stays.assign(each=np.arange(len(stays)).astype(str))
    months_served = served(alone.assign(unit=alone["each"]), window.first, window.last)
    months_served["unit"] = alone["unit"].array[months_served["unit"].astype(int)]
    total = months_served.groupby(["unit", "period"])["exposure"].sum()
    keys = pd.MultiIndex.from_frame(frame[["unit", "period"]])
    return frame.assign(exposure=total.reindex(keys, fill_value=0.0).to_numpy())


def _cohorts(
    frame: pd.DataFrame, data: Cohort, per: str, column: str | None, reform: Reform | None, service: pd.DataFrame | None
) -> tuple[pd.DataFrame, list[str]]:
    """With the month in which each unit is first affected."""
    if reform is None:
        return frame.assign(cohort=np.inf), []
    days = [day for day in reform.since.values() if day] or [reform.start]
    begun = sum(day.day > 1 for day in days)
    partly = (
        [f"{plural(begun, 'first day')} within a month, which counts as affected: leave it out by donut=(0, 1)"]
        if begun
        else []
    )
    if reform.column is None:
        return frame.assign(cohort=float(month_of(np.array([day_number(reform.start)]))[0])), partly
    if per == "agency" or reform.column == column:
        values = pd.Series(frame["unit"].unique(), index=frame["unit"].unique())
    else:
        values = _of_units(data, per, column, reform.column, service)
    stated = values[values.index.isin(frame["unit"])].dropna().astype("str")
    if unknown := sorted(set(stated) - set(reform.since)):
        raise Refusal(
            f"the reform {reform.name} gives no day for {len(unknown)} of the values of {reform.column}: "
            f"{', '.join(unknown[:8])}. Write each under since:, with null where it was never affected"
        )
    first = {
        value: np.inf if day is None else float(month_of(np.array([day_number(day)]))[0])
        for value, day in reform.since.items()
    }
    cohort = frame["unit"].map(stated.map(first))
    if not (per == "agency" or reform.column == column):
        frame = frame.assign(cluster=frame["unit"].map(stated))
    lost = frame.loc[cohort.isna(), "unit"].nunique()
    said = [f"{plural(lost, per)} without one value of {reform.column.replace('_', ' ')} left out"] if lost else []
    said += partly
    return frame.assign(cohort=cohort)[cohort.notna()].reset_index(drop=True), said


def _of_units(data: Cohort, per: str, column: str | None, wanted: str, service: pd.DataFrame | None) -> pd.Series:
    """The value of a column for each unit, missing where it has several."""
    key = "officer_id" if per == "officer" else str(column)
    if service is not None and wanted in service and key in service:
        table = service
    elif wanted in data.allegations and key in data.allegations:
        table = data.allegations
    elif wanted in data.cases:
        table = (
            data.allegations.merge(data.cases[["case_id", wanted]], on="case_id")
            if key in data.allegations
            else data.cases
        )
    else:
        raise ParameterError(f"no column {wanted!r}, which the reform is declared by, beside {key!r} in {data.name}")
    pairs = table[[key, wanted]].dropna().astype("str").drop_duplicates()
    return pairs[~pairs[key].duplicated(keep=False)].set_index(key)[wanted]
