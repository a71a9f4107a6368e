"""Dates written as one number: days counted from 1900 or 1904 by spreadsheets, seconds from 1970 by databases."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountability.records.dates.date_cells import Cells, precision_code, problem_code

_A_DAY = {"epoch_s": 86_400, "epoch_ms": 86_400_000}
_LAST_SERIAL = {1900: 2_958_465, 1904: 2_957_003}  # both are 9999-12-31


def read_serials(texts: Any, system: int, strip_time: bool) -> Cells:
    """Parse texts that hold a serial number.

    Parameters
    ----------
    texts
        Arrow array of trimmed strings.
    system
        1900 or 1904, the year from which the spreadsheet counts.
    strip_time
        Drop the fraction (a time of day), which is otherwise a problem.

    Returns
    -------
    Cells
        In the 1900 system 60 (29 February 1900) and 0 are days that do not exist, and impossible.
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


def read_epoch(texts: Any, unit: str, strip_time: bool) -> Cells:
    """Parse texts that count from the first second of 1970, in UTC.

    Parameters
    ----------
    texts
        Arrow array of trimmed strings.
    unit
        ``epoch_s`` or ``epoch_ms``.
    strip_time
        Drop the time of day, which is otherwise a problem.

    Returns
    -------
    Cells
        0 is 1 January 1970; if it means no date, declare it under ``placeholders`` or ``no_day``.
    """
    fits = pc.match_substring_regex(texts, r"^-?[0-9]{1,14}(?:\.0+)?$").to_numpy(zero_copy_only=False)
    whole = pc.replace_substring_regex(texts, r"\.0+$", "")
    number = pc.cast(pc.if_else(pa.array(fits), whole, "0"), pa.int64()).to_numpy(zero_copy_only=False)
    day, rest = np.divmod(number, _A_DAY[unit])
    first = (np.datetime64("0001-01-01", "D") - np.datetime64("1970-01-01", "D")).astype(np.int64)
    last = (np.datetime64("9999-12-31", "D") - np.datetime64("1970-01-01", "D")).astype(np.int64)
    problem = np.where((day >= first) & (day <= last), -1, problem_code("impossible"))
    if not strip_time:
        problem = np.where(rest != 0, problem_code("time_of_day"), problem)
    problem = np.where(fits, problem, problem_code("unreadable"))
    days = np.datetime64("1970-01-01", "D") + np.clip(day, first, last)
    return Cells.of(days, days, np.full(len(days), precision_code("day")), problem)
