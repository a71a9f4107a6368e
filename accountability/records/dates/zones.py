"""Convert times with a UTC offset to days in the agency's time zone."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from accountability.records.dates.date_cells import Cells

_CLOCK = (
    r"(?i)[0-9](?:t| at | )([0-9]{1,2}):([0-9]{2})(?::[0-9]{2}(?:\.[0-9]+)?)? ?([ap])?\.?m?\.? ?"
    r"(z|utc|gmt|[+-][0-9]{2}(?::?[0-9]{2})?)$"
)
_SECONDS = {"epoch_s": 1, "epoch_ms": 1000}


def to_zone(cells: Cells, texts: Any, zone: str, formats: tuple[str, ...]) -> Cells:
    """Convert cells with a time and a UTC offset to days in a time zone.

    Parameters
    ----------
    cells : Cells
        As parsed, with the printed day.
    texts
        Arrow array of the trimmed texts of the cells.
    zone : str
        Name of the zone, such as ``America/New_York``.
    formats : tuple of str
        The declared formats.

    Returns
    -------
    Cells
        A cell without a time or UTC offset is unchanged.
    """
    series = pd.Series(texts.to_pandas(), dtype="str")
    clock = series.str.extract(_CLOCK)
    hour = clock[0].astype("float64") % np.where(clock[2].isna(), 24, 12) + np.where(clock[2].str.lower() == "p", 12, 0)
    east = clock[3].str.lower().replace({"z": "+00", "utc": "+00", "gmt": "+00"}).str.replace(":", "")
    sign = np.where(east.str.startswith("-").fillna(False).astype(bool), -1, 1)
    ahead = sign * (east.str.slice(1, 3).astype("float64") * 60 + east.str.slice(3).replace("", "0").astype("float64"))
    seconds = (hour * 3600 + clock[1].astype("float64") * 60 - ahead * 60).to_numpy(dtype="float64")
    for name in formats:
        if name in _SECONDS:
            count = pd.to_numeric(series, errors="coerce") / _SECONDS[name]
            seconds = np.where(np.isnan(seconds), count.to_numpy() % 86_400, seconds)
    moved = cells.is_day() & (cells.problem < 0) & ~np.isnan(seconds)
    if not moved.any():
        return cells
    instant = cells.earliest[moved].astype("datetime64[s]") + seconds[moved].astype("timedelta64[s]")
    local = pd.DatetimeIndex(instant).tz_localize("UTC").tz_convert(ZoneInfo(zone)).tz_localize(None)
    day = local.to_numpy().astype("datetime64[D]")
    return cells.put(moved, Cells.of(day, day, cells.precision[moved], cells.problem[moved]))
