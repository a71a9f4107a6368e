"""Changes in recording near the date of a reform, which can look like an effect of it."""

from __future__ import annotations

import datetime as dt
from typing import Final

import numpy as np
import pandas as pd

from accountability.audit.category_drift import turnover_of
from accountability.audit.closing_days import mass_closures
from accountability.audit.part import anchor, days_of
from accountability.errors import Refusal, check_number
from accountability.privacy import MIN_CELL
from accountability.records.dataset import Dataset
from accountability.reforms.month_outcomes import check_outcomes, needs_days
from accountability.remembered import remembered, remembering
from accountability.results import percent, plural
from accountability.study.inputs import takes
from accountability.study.occurrences import as_date

#: Columns whose words decide what is counted; an outcome of findings or penalties reads its own besides.
READ: Final = ("category", "complaint_type")
OWN: Final = {"penalty_share": ("finding", "imposed_penalty"), "complaints": (), "closed_share": (), "mean_days": ()}
#: A share of rows without a word that moves by so much from the year before to the year after is another practice.
MOVED: Final = 0.2


@takes("dataset")
@remembered
@remembering()
def recording_changes(
    data: Dataset, at: dt.date | str, outcome: str = "complaints", *, days: int = 180, near: int = 3
) -> pd.DataFrame:
    """List changes in the recording of an outcome near a date.

    Parameters
    ----------
    data : Dataset
    at : date
        The first day of a reform.
    outcome : str
        As in :func:`accountability.reforms.panel_of`.
    days : int
        Age in days at which cases are compared; a day of mass closing counts if it closed ten or more cases of this
        age.
    near : int
        Months on each side of the date.

    Returns
    -------
    DataFrame
        ``what`` (in words), ``day``; one row per word that first or last appears, per column whose share of missing
        values changes by 20 points or more, and per day of mass closing (:func:`accountability.audit.drift`,
        :func:`accountability.audit.mass_closures`).

    Raises
    ------
    ParameterError
        For an unknown outcome or an invalid day.
    Refusal
        No stage of its complaints is dated.

    Examples
    --------
    >>> import accountability
    >>> from accountability import audit
    >>> data = accountability.load("synthetic")
    >>> len(audit.recording_changes(data, "2016-01-01", "closed_share"))
    0
    >>> print(audit.recording_changes(data, "2017-05-15", "mean_days", days=720)["what"].iloc[0])
    29 complaints up to 720 days old were closed together on 2017-06-30
    """
    name = check_outcomes(outcome)[0]
    check_number("near", near, 1, 24, "whole months from 1 to 24")
    day = pd.Timestamp(as_date(at, "at"))
    since, until = day - pd.DateOffset(months=near), day + pd.DateOffset(months=near)
    found: list[tuple[str, pd.Timestamp]] = []
    stage = anchor(data)
    if stage is None:
        raise Refusal(f"{data.name} dates no stage of its complaints, so no month of recording is known")
    dated = _days(data, stage)
    for column in (*READ, *OWN.get(name, ("finding",))):
        table = data.allegations if column in data.allegations else data.cases
        if column not in table:
            continue
        when = pd.Series(dated.reindex(table["case_id"]).array, index=table.index)
        for word, change in turnover_of(data, column)[["category", "change"]].astype("str").to_numpy():
            first_or_last = when[table[column] == word].agg("min" if change == "appears" else "max")
            if since <= first_or_last <= until:
                rows = int((table[column] == word).sum())
                verb = "first used" if change == "appears" else "last used"
                found.append(
                    (f"{column} {word!r} ({rows:,} rows) was {verb} on {first_or_last:%Y-%m-%d}", first_or_last)
                )
        shares = [
            (table[column].isna()[(when >= start) & (when < start + pd.DateOffset(years=1))])
            for start in (day - pd.DateOffset(years=1), day)
        ]
        before, after = (float(share.mean()) if len(share) >= 5 * MIN_CELL else np.nan for share in shares)
        if abs(after - before) >= MOVED:
            found.append((f"rows without {column} went from {percent(before)} to {percent(after)} in the year", day))
    if needs_days([name]):
        found += _closed_together(data, dated, days, since, until)
    return pd.DataFrame(found, columns=["what", "day"]).sort_values("day", kind="stable", ignore_index=True)


def _days(data: Dataset, stage: str) -> pd.Series:
    """The first day of a stage by case."""
    days = days_of(data, stage).groupby("case_id")["day"].min()
    return pd.to_datetime(days, unit="D")


def _closed_together(
    data: Dataset, dated: pd.Series, days: int, since: pd.Timestamp, until: pd.Timestamp
) -> list[tuple[str, pd.Timestamp]]:
    marked = mass_closures(data).table
    marked = marked[marked["by_the_rule"].astype(bool)] if len(marked) else marked
    closed = _days(data, "closed")
    age = (closed - dated.reindex(closed.index)).dt.days
    found = []
    for day in pd.to_datetime(marked["day"]) if len(marked) else ():
        young = int(((closed == day) & (age <= days)).sum())
        if since <= day <= until and young >= MIN_CELL:
            said = f"{plural(young, 'complaint')} up to {days} days old were closed together on {day:%Y-%m-%d}"
            found.append((said, day))
    return found


@takes("dataset")
def require_same_recording(
    data: Dataset,
    at: dt.date | str,
    outcome: str = "complaints",
    *,
    days: int = 180,
    near: int = 3,
    warn: bool = False,
) -> pd.DataFrame:
    """Refuse an outcome whose recording changed near the date.

    Parameters
    ----------
    data, at, outcome, days, near
        As in :func:`recording_changes`.
    warn : bool
        Whether to return the changes instead of refusing.

    Returns
    -------
    DataFrame
        As from :func:`recording_changes`.

    Raises
    ------
    Refusal
        If the recording changed; the message says what and when.

    Examples
    --------
    >>> import accountability
    >>> from accountability import audit
    >>> audit.require_same_recording(accountability.load("synthetic"), "2017-05-15", "mean_days", days=720)
    Traceback (most recent call last):
        ...
    accountability.errors.Refusal: synthetic: within 3 months of 2017-05-15 the recording changed too: 29 ...
    """
    changed = recording_changes(data, at, outcome, days=days, near=near)
    if len(changed) and not warn:
        raise Refusal(
            f"{data.name}: within {plural(near, 'month')} of {as_date(at, 'at')} the recording changed too: "
            f"{'; '.join(changed['what'])}. A step of that date may be one of the files. Use another outcome, or write "
            "warn=True (in the study: recording='warn')"
        )
    return changed
