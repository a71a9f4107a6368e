"""The two extremes of unknown ends of cases: all as early, or as late, as possible."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from accountability.remembered import remembered
from accountability.stats.arrays import Days, Flags
from accountability.study.durations import Durations


@remembered
def extremes(durations: Durations) -> tuple[Durations, Durations] | None:
    """Return the delays with every unknown end at its earliest, and with every one at its latest.

    A case that closed on an unknown day gets its first or last possible day. A case that may or may not have ended
    closed on the first day, or is still open; in a release of closed cases it closed on the last day covered.

    Parameters
    ----------
    durations : Durations

    Returns
    -------
    tuple of Durations, or None
        None if the end of every case is known, or only statuses are.

    Examples
    --------
    >>> import accountability
    >>> from accountability.study.clocks import durations
    >>> quick, slow = extremes(durations(accountability.load("synthetic")))
    >>> len(quick), quick.n_open, slow.n_open
    (5000, 368, 377)
    """
    if durations.current_status or not (durations.unknown_day.any() or durations.unended is not None):
        return None
    return placed(durations, 0, durations.unknown_day), placed(durations, 1, durations.unknown_day)


def placed(durations: Durations, place: float, moved: Flags | None = None) -> Durations:
    """Return the delays with every unknown end at one relative position within its possible days.

    Parameters
    ----------
    durations : Durations
    place : float
        From 0, the first day, to 1, the last. At 1, a case that may or may not have ended is still open or, in a
        release of closed cases, closed on the last day covered.
    moved : array of bool, optional
        The closings to move; by default all not known to the day.
    """
    table = durations.table.drop(columns="unknown_day", errors="ignore")
    if moved is None:
        moved = (durations.event & (durations.days_lower < durations.days_upper)) | durations.unknown_day
        table = table.drop(columns=["start_span", "stop_span"], errors="ignore")
    if moved.any():
        first = np.maximum(durations.days_lower, durations.entry_time)
        day = first + np.rint(place * (durations.days_upper - first)).astype(np.int64)
        table = _closed_on(table, moved, np.where(moved, day, 0))
    unended = durations.unended
    if unended is not None:
        age, entry = (unended[name].to_numpy(dtype=np.int64) for name in ("days_lower", "entry_time"))
        every = np.ones(len(unended), bool)
        hidden = durations.sampling.rule == "closed_only" or durations.sampling.open_cases == "excluded"
        if place < 1 or hidden:
            unended = _closed_on(unended, every, entry + np.rint(place * (age - entry)).astype(np.int64))
        if "start_span" in table and "start_span" not in unended:
            unended = unended.assign(start_span=1, stop_span=unended["event"].astype("int64"))
        shared = [name for name in table.columns if name in unended.columns]
        other = {name: table[name].dtype for name in shared if table[name].dtype != unended[name].dtype}
        own = unended[shared].astype(other, errors="ignore") if other else unended[shared]
        table = pd.concat([table, own], ignore_index=True)
    return replace(durations, table=table, unended=None)


def _closed_on(table: pd.DataFrame, which: np.ndarray, day: np.ndarray) -> pd.DataFrame:
    """The table with some cases closed on a day of their age."""
    moved: dict[str, Days | int] = {"days_lower": day, "days_upper": day, "start_span": 1, "stop_span": 1}
    changed = {name: _where(which, to, table[name]) for name, to in moved.items() if name in table}
    return table.assign(event=table["event"].to_numpy(dtype=bool) | which, **changed)


def _where(which: Flags, days: Days | int, column: pd.Series) -> pd.arrays.IntegerArray:
    """A column of whole numbers with some of them put in their place."""
    missing = column.isna().to_numpy()
    return pd.arrays.IntegerArray(np.where(which, days, column.to_numpy(dtype=np.int64, na_value=0)), missing & ~which)
