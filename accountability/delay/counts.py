"""Collapse cases to counts by group and day: every estimator for exact dates works on these alone.

Cost follows the number of distinct days, not of cases.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from accountability.errors import ParameterError
from accountability.stats.arrays import Days
from accountability.study.durations import Durations, group_codes


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Counts by group (rows) and day of age (columns, from day 0).

    Attributes
    ----------
    groups : pandas.DataFrame
        One row a group, in sorted order; without columns when there is one group only.
    entered, closed, left : array of int, shape (groups, days)
        Cases first watched on that day of their age, cases closed on it, and cases last seen open on it.
    at_risk : array of int, shape (groups, days)
        Cases watched and not yet closed as the day begins. A case last seen open on a day counts on that day.
    """

    groups: pd.DataFrame
    entered: Days
    closed: Days
    left: Days
    at_risk: Days

    @property
    def late(self) -> bool:
        """Whether any case came into sight after the start of its clock."""
        return bool(self.entered[:, 1:].any())


def count(durations: Durations, by: str | Sequence[str] | None = None) -> Counts:
    """Count entries, closings and open ends by day, using ``high`` of closed and ``low`` of open cases."""
    return count_ways(durations, by)[0]


def count_ways(
    durations: Durations, by: str | Sequence[str] | None = None, way: Days | None = None, ways: int = 1
) -> tuple[Counts, Days]:
    """Count as :func:`count`, and closings by group, way and day.

    `way` numbers each case's way of closing, from 0 to below `ways`; what it says of open cases is without effect.
    """
    groups, codes = group_codes(durations, by)
    days, key = durations.ends
    if way is not None and ways > 1:
        key = way * (2 * days) + key
    if len(groups) > 1:
        key = codes * (ways * 2 * days) + key
    table = np.bincount(key, minlength=len(groups) * ways * 2 * days).reshape(len(groups), ways, 2, days)
    of_way = table[:, :, 0]
    closed, left = table.sum(axis=1).swapaxes(0, 1) if ways > 1 else (of_way[:, 0], table[:, 0, 1])
    entered = np.zeros((len(groups), days), np.int64)
    if durations.left_truncated:
        entered = np.bincount(codes * days + durations.entry_time, minlength=entered.size).reshape(entered.shape)
    else:
        entered[:, 0] = table.sum(axis=(1, 2, 3))
    gone = np.zeros_like(entered)
    np.cumsum((closed + left)[:, :-1], axis=1, out=gone[:, 1:])
    return Counts(groups, entered, closed, left, np.cumsum(entered, axis=1) - gone), of_way


def with_groups(groups: pd.DataFrame, number: npt.ArrayLike, columns: dict[str, Any]) -> pd.DataFrame:
    """Make a tidy table: the group's own columns, then the numbers."""
    if not len(groups.columns):
        return pd.DataFrame(columns)
    chosen = groups.iloc[np.asarray(number)].reset_index(drop=True)
    return pd.concat([chosen, pd.DataFrame(columns)], axis=1)


def columns_of(by: str | Sequence[str] | None) -> tuple[str, ...]:
    """Names of the grouping columns, as a tuple."""
    return (by,) if isinstance(by, str) else tuple(by or ())


def label_of(groups: pd.DataFrame, number: int) -> str:
    """Name a group as prose does, with a colon; nothing when there is one group only."""
    if not len(groups.columns):
        return ""
    return ", ".join(str(value) for value in groups.iloc[number]) + ": "


def shares_asked(p: float | Sequence[float]) -> npt.NDArray[np.float64]:
    """Read shares closed, each between 0 and 1.

    Raises
    ------
    ParameterError
        If one is not.
    """
    shares = np.atleast_1d(np.asarray(p, dtype=float))
    if not ((shares > 0) & (shares < 1)).all():
        raise ParameterError(f"p must lie between 0 and 1, e.g. 0.5 for the median; found {p!r}")
    return shares


def pieces(table: pd.DataFrame, rows: npt.ArrayLike) -> list[tuple[int, pd.DataFrame]]:
    """Cut a table sorted by group into its groups, given the number of rows of each."""
    stops = np.cumsum(rows)
    starts = stops - np.asarray(rows)
    return [(number, table.iloc[start:stop]) for number, (start, stop) in enumerate(zip(starts, stops, strict=True))]
