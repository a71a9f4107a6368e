"""Dates with year, month and day in separate columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from accountability.errors import DateError
from accountability.records.dates.date_cells import Cells, month_start, precision_code, problem_code
from accountability.records.dates.date_columns import among, distinct, settled, tidy
from accountability.records.dates.date_spec import DateSpec
from accountability.records.dates.layouts import MONTHS, full_years


def parse_parts(
    year: pd.Series,
    month: pd.Series | None = None,
    day: pd.Series | None = None,
    spec: DateSpec | Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """Parse dates with year, month and day in separate columns.

    Parameters
    ----------
    year, month, day
        Numbers, or texts that hold whole numbers (``"7"``, ``"07"``, ``"7.0"``); months may be English names.
        Without a day a cell is a month, without a month a year.
    spec
        Limits, placeholders, pivot, lies and precision; its format is not used. A mapping may leave ``date`` out.

    Returns
    -------
    DataFrame
        As from `parse`, with the index of ``year``. A month without its year, or a day without its month, is
        ``incomplete``.

    Raises
    ------
    DateError
        If the declaration is invalid, or the columns do not share one index.
    """
    declared = {"date": "parts", **spec} if isinstance(spec, Mapping) else spec
    spec = DateSpec.of(declared if declared is not None else "parts")
    columns = [pd.Series(part) for part in (year, month, day) if part is not None]
    if any(not part.index.equals(columns[0].index) for part in columns):
        raise DateError("parse_parts: year, month and day must be columns of one table; their indexes differ")
    count = len(columns[0])
    absent = (np.zeros(count, dtype=np.int64), np.zeros(count, dtype=bool), np.zeros(count, dtype=bool))
    years, has_year, odd_year = _whole(columns[0], spec)
    months, has_month, odd_month = _whole(pd.Series(month), spec, MONTHS) if month is not None else absent
    days, has_day, odd_day = _whole(pd.Series(day), spec) if day is not None else absent
    short = has_year & (years >= 0) & (years < 100)
    if spec.two_digit_pivot is not None:
        years = np.where(short, full_years(years, spec.two_digit_pivot), years)
    exists = (years >= 1) & (years <= 9999) & (~has_month | ((months >= 1) & (months <= 12)))
    first = month_start(np.where(exists, years, 1970), np.where(exists & has_month, months, 1))
    span = np.where(has_month, 1, 12).astype("timedelta64[M]")
    after = (first.astype("datetime64[M]") + span).astype("datetime64[D]")
    earliest = first + np.where(has_day, days - 1, 0).astype("timedelta64[D]")
    latest = np.where(has_day, earliest, after - np.timedelta64(1, "D"))
    exists &= ~has_day | ((days >= 1) & (earliest.astype("datetime64[M]") == first.astype("datetime64[M]")))
    precision = np.where(has_day, precision_code("day"), precision_code("month"))
    precision = np.where(has_month, precision, precision_code("year"))
    problem = np.where(exists, -1, problem_code("impossible"))
    cells = Cells.of(earliest, latest, precision, problem)
    if spec.two_digit_pivot is None:
        cells = cells.marked(short, "two_digit_year")
    cells = cells.marked((has_month & ~has_year) | (has_day & ~has_month), "incomplete")
    cells = cells.marked(odd_year | odd_month | odd_day, "unreadable")
    blank = ~(has_year | has_month | has_day | odd_year | odd_month | odd_day)
    return settled(cells.blanked(blank), spec).frame(np.arange(count), columns[0].index)


def _whole(
    column: pd.Series, spec: DateSpec, names: Mapping[str, int] | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return whole numbers, which cells hold one, and which hold something else."""
    codes, texts, _ = distinct(column)
    texts = tidy(texts)
    blank = among(texts, ("", *spec.blanks))
    numbers = np.zeros(len(texts), dtype=np.int64)
    found = np.zeros(len(texts), dtype=bool)
    for at, text in enumerate(texts.to_pylist()):
        whole = re.fullmatch(r"(-?[0-9]{1,9})(?:\.0+)?", text)
        number = int(whole[1]) if whole is not None else (names or {}).get(text.lower().rstrip("."))
        if number is not None:
            numbers[at], found[at] = number, True
    return numbers[codes], (found & ~blank)[codes], (~found & ~blank)[codes]
