"""Spreadsheet serial numbers: days counted from 1900 or 1904."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountability.records.dates.date_cells import Cells, precision_code, problem_code

_LAST_SERIAL = {1900: 2_958_465, 1904: 2_957_003}  # both are 9999-12-31


def read_serials(texts: Any, system: int, strip_time: bool) -> Cells:
    """Read texts that hold a serial number.

    Parameters
    ----------
    texts
        Arrow array of trimmed strings.
    system
        1900 or 1904, the first year the spreadsheet counts from.
    strip_time
        Drop the fraction, which is a time of day and is otherwise reported.

    Returns
    -------
    Cells
        In the 1900 system serial 60 is a 29 February 1900 that never was, and 0 is no day: both impossible.
    """
    found = pc.extract_regex(texts, pattern=r"^(?P<whole>[0-9]{1,7})(?:\.(?P<part>[0-9]+))?$")
    fits = pc.is_valid(found).to_numpy(zero_copy_only=False)
    whole = pc.fill_null(pc.cast(pc.struct_field(found, "whole"), pa.int64()), 0).to_numpy(zero_copy_only=False)
    part = pc.fill_null(pc.struct_field(found, "part"), "")
    timed = pc.match_substring_regex(part, "[1-9]").to_numpy(zero_copy_only=False)
    exists = whole <= _LAST_SERIAL[system]
    if system == 1900:
        exists &= (whole >= 1) & (whole != 60)
        day = np.datetime64("1899-12-30", "D") + np.where(whole < 60, whole + 1, whole)
    else:
        day = np.datetime64("1904-01-01", "D") + whole
    problem = np.where(exists, -1, problem_code("impossible"))
    if not strip_time:
        problem = np.where(timed, problem_code("time_of_day"), problem)
    problem = np.where(fits, problem, problem_code("unreadable"))
    return Cells.of(day, day, np.full(len(day), precision_code("day")), problem)
