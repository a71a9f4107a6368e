"""Months served by each officer, by a roster, or by year of appointment and dated leaving."""

from __future__ import annotations

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.officers.officer_events import APPOINTED
from accountability.officers.periods import SERVICE
from accountability.study.cohort import Cohort
from accountability.study.occurrences import FOREVER, NEVER, day_numbers


def month_of(days: np.ndarray) -> np.ndarray:
    """Return months since January 1970 of day numbers."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def month_start(months: np.ndarray) -> np.ndarray:
    """Return day numbers of the first days of months."""
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def stays_of(service: pd.DataFrame) -> pd.DataFrame:
    """Return a roster as ``unit``, ``begin`` and ``end`` (day numbers, including the last day in service).

    Raises
    ------
    ParameterError
        If a column is missing, or a stay ends before it begins.
    """
    if missing := [name for name in SERVICE if name not in getattr(service, "columns", ())]:
        raise ParameterError(f"service: expected columns {', '.join(SERVICE)}; missing {', '.join(missing)}")
    held = service.dropna(subset=["officer_id"])
    try:
        days = {name: day_numbers(pd.to_datetime(held[name]), at) for name, at in (("from", NEVER), ("to", FOREVER))}
    except (ValueError, TypeError) as error:
        raise ParameterError(f"service: `from` and `to` must be days such as 2016-11-01: {error}") from None
    stays = pd.DataFrame({"unit": held["officer_id"].astype("str").array, "begin": days["from"], "end": days["to"]})
    if wrong := int((stays["end"] < stays["begin"]).sum()):
        raise ParameterError(f"service: {wrong:,} of {len(stays):,} stays end before they begin")
    return stays


def known_stays(data: Cohort) -> pd.DataFrame:
    """Return the service of accused officers, from the year after appointment to a dated leaving.

    Raises
    ------
    Refusal
        If no year of appointment is published.
    """
    rows = data.allegations.dropna(subset=["officer_id"])
    if APPOINTED not in rows or not rows[APPOINTED].notna().any():
        raise Refusal(
            f"{data.name}: nobody knows which months an officer served, as there is no roster and no {APPOINTED}; "
            "a month without a complaint may be one without the officer. Write service=a frame with "
            f"{', '.join(SERVICE)}, or per='unit'"
        )
    one = rows.dropna(subset=[APPOINTED]).drop_duplicates("officer_id")
    year = pd.to_numeric(one[APPOINTED]).to_numpy(dtype=np.int64)
    begin = month_start((year + 1 - 1970) * 12)
    steps = data.events
    leaving = steps[(steps["stage"] == "left_agency") & steps["set_aside"].isna()].dropna(
        subset=["officer_id", "latest"]
    )
    left = leaving.groupby("officer_id")["earliest"].max()
    end = one["officer_id"].map(left)
    return pd.DataFrame(
        {"unit": one["officer_id"].array, "begin": begin, "end": day_numbers(pd.to_datetime(end), FOREVER)}
    )


def served(stays: pd.DataFrame, first: int, last: int) -> pd.DataFrame:
    """Return the share of each month that each unit served: ``unit, period, exposure``, where above 0."""
    months = np.arange(first, last + 1)
    starts = month_start(np.arange(first, last + 2))
    begin, end = stays["begin"].to_numpy()[:, None], stays["end"].to_numpy()[:, None]
    days = np.minimum(end + 1, starts[None, 1:]) - np.maximum(begin, starts[None, :-1])
    share = np.clip(days, 0, None) / np.diff(starts)
    row, column = np.nonzero(share)
    found = pd.DataFrame({"unit": stays["unit"].array[row], "period": months[column], "exposure": share[row, column]})
    whole = found.groupby(["unit", "period"], as_index=False, sort=False)["exposure"].sum()
    return whole.assign(exposure=whole["exposure"].clip(upper=1.0))
