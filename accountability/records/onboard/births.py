"""Find dates of birth among the dates of a step, by an age in the row or by impossible closing dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.records.dated_steps import BEGINNINGS
from accountability.records.dropped_cells import DROPPED
from accountability.records.onboard.column_profile import ColumnProfile
from accountability.records.onboard.hints import NAMED
from accountability.records.onboard.roles import Role
from accountability.records.yaml_text import DECIDE

_FEWEST: Final = 3
_YOUNGEST: Final = 10
_MOST: Final = 0.8
_AGE: Final = "year of receipt less year of birth is the age beside it"
_LONG_BEFORE: Final = f"they lie {_YOUNGEST} years and more before the receipt, on many days"


def without_births(frame: pd.DataFrame, roles: Sequence[Role]) -> tuple[pd.DataFrame, list[Role]]:
    """Propose to drop dates of birth among other dates, before any later step sees them.

    A date counts as one if the year of receipt minus its year is the age in the row, give or take a year; in a column
    of closings also if it is ten years or more before the receipt. A column with only such dates is dropped.
    """
    start = next((role for role in roles if role.says("stage") == "received" and role.column.dates), None)
    if start is None:
        return frame, list(roles)
    begun = _years(start.column)
    ages = [r.column for r in roles if set(r.column.words) & NAMED["age"] and r.column.numeric]
    made = []
    for role in roles:
        column = role.column
        took = None
        if column is not start.column and column.dates and role.says("stage") is not None:
            took = begun - _years(column)
        if took is not None:
            found, why = _born(role, took, ages)
            if found.any():
                role = _dropped(role, column, found, why)
                frame = frame.assign(**{column.name: role.column.values})
        made.append(role)
    return frame, made


def _years(column: ColumnProfile) -> pd.Series:
    years = pd.DatetimeIndex(column.dates[0].days).year
    return column.values.map(dict(zip(column.counts.index, years, strict=True))).astype("float64")


def _born(role: Role, took: pd.Series, ages: list[ColumnProfile]) -> tuple[pd.Series, str]:
    """Which cells hold a date of birth, and why."""
    old = (took >= _YOUNGEST) & (took < 110)
    for age in ages:
        same = old & ((took - pd.to_numeric(age.values, errors="coerce")).abs() <= 1)
        if same.sum() >= _FEWEST and same.sum() > 0.5 * old.sum():
            return same, f"{_AGE} ({age.name})"
    texts = role.column.values[old]
    many = old.sum() >= _FEWEST and texts.value_counts().iloc[0] <= 0.5 * len(texts)
    ends = role.says("stage") not in (DECIDE, *BEGINNINGS)
    return (old, _LONG_BEFORE) if many and ends else (old & False, "")


def _dropped(role: Role, column: ColumnProfile, found: pd.Series, why: str) -> Role:
    """The role without the dates of birth; of a column of nothing else, the role of a date of birth."""
    number = int(found.sum())
    what = f"{number:,} of {column.filled:,} dates read as dates of birth: {why}"
    if number >= _MOST * column.filled:
        gone = ColumnProfile(column.name, column.values.mask(found, DROPPED))
        return Role(gone, {"drop": "birth_date"}, what, confirm=True)
    texts = column.values[found].unique()
    days = dict(zip(column.counts.index, column.dates[0].days, strict=True))
    years = sorted({pd.Timestamp(days[text]).year for text in texts})
    whole = "|".join(map(str, years))
    told = column.values.str.contains(f"(?:{whole})").fillna(False).astype(bool)
    cells: dict[str, Any] = {"kind": "birth_date", "because": why}
    if told.equals(found):
        cells |= {"matching": f"(?:{whole})"}
    else:
        cells |= {"rows": (np.flatnonzero(found) + 1).tolist()}
    rest = ColumnProfile(column.name, column.values.mask(found, DROPPED))
    days[DROPPED] = np.datetime64("NaT")
    left = np.array([days[text] for text in rest.counts.index], dtype="datetime64[ns]")
    known = pd.Series(left).dropna()
    reading = role.reading and replace(
        role.reading, days=left, fits=role.reading.fits - number, first=known.min(), last=known.max()
    )
    declared = {**role.declared, "drop_cells": [cells]} if isinstance(role.declared, dict) else role.declared
    return replace(role, column=rest, declared=declared, why=f"{what}; {role.why}", reading=reading, confirm=True)
