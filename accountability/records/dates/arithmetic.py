"""Bounds of the days between two interval-valued dates."""

from __future__ import annotations

import numpy as np
import pandas as pd

from accountability.errors import DateError


def day_bounds(start: pd.DataFrame, stop: pd.DataFrame, *, ordered: bool = False) -> pd.DataFrame:
    """Bound the days from one date to another.

    Parameters
    ----------
    start, stop
        Tables with ``earliest`` and ``latest``, as from `parse`, with the same index.
    ordered
        Whether the stop cannot precede the start. Then ``low`` is raised to 0 where the two overlap; rows whose stop
        certainly precedes the start keep their negative bounds.

    Returns
    -------
    DataFrame
        Same index; ``low`` and ``high`` (Int64, days), with low <= high: last possible start to first possible
        stop, and first possible start to last possible stop. From 2010 to 2012-09 is 610 to 1,003 days.
        A negative ``low`` means that the two overlap and their order is not known; a negative ``high`` means that they
        are certainly reversed. Missing where the needed end is not known.

    Raises
    ------
    DateError
        If a column is missing or the indexes differ.

    Notes
    -----
    The bounds are sharp if nothing is known beyond the two intervals. Time is in whole days: the same day is 0.
    """
    first, last = _ends(start, "start"), _ends(stop, "stop")
    if not start.index.equals(stop.index):
        raise DateError("day_bounds: start and stop must be rows of one table; their indexes differ")
    low, high = last[0] - first[1], last[1] - first[0]
    if ordered:
        zero = np.timedelta64(0, "D")
        low = np.where((low < zero) & ~(high < zero), zero, low)
    return pd.DataFrame({"low": _days(low), "high": _days(high)}, index=start.index)


def _ends(dates: pd.DataFrame, role: str) -> tuple[np.ndarray, np.ndarray]:
    for column in ("earliest", "latest"):
        if column not in dates:
            raise DateError(f"day_bounds: {role} has no column {column!r}; it has {', '.join(map(str, dates))}")
    earliest, latest = (dates[column].to_numpy().astype("datetime64[D]") for column in ("earliest", "latest"))
    return earliest, latest


def _days(spans: np.ndarray) -> pd.arrays.IntegerArray:
    missing = np.isnat(spans)
    return pd.arrays.IntegerArray(np.where(missing, 0, spans.astype(np.int64)), missing)
