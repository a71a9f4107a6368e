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

from accountability.durations import Days, Durations, Flags, group_codes
from accountability.errors import ParameterError


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
    return count_ways(durations, by, ~durations.closed, 1)[0]


def count_ways(
    durations: Durations, by: str | Sequence[str] | None, way: Days | Flags, ways: int
) -> tuple[Counts, Days]:
    """Count as :func:`count`, and closings by group, way and day.

    `way` numbers each case's way of closing from 0, and is `ways` for open cases.
    """
    groups, codes = group_codes(durations, by)
    end = durations.end
    days = int(max(end.max(initial=0), durations.entry.max(initial=0))) + 1
    kinds = ways + 1
    key = way * days
    key += end
    if len(groups) > 1:
        key += codes * (kinds * days)
    table = np.bincount(key, minlength=len(groups) * kinds * days).reshape(len(groups), kinds, days)
    of_way, left = table[:, :ways], table[:, ways]
    closed = of_way.sum(axis=1) if ways > 1 else of_way[:, 0]
    entered = _entered(durations.entry, codes, table.sum(axis=(1, 2)), days)
    gone = np.zeros_like(entered)
    np.cumsum((closed + left)[:, :-1], axis=1, out=gone[:, 1:])
    return Counts(groups, entered, closed, left, np.cumsum(entered, axis=1) - gone), of_way


def _entered(entry: Days, codes: Days, size: Days, days: int) -> Days:
    """Count entries; nearly always all on day 0, which is quick to see."""
    if not entry.any():
        entered = np.zeros((len(size), days), np.int64)
        entered[:, 0] = size
        return entered
    return np.bincount(codes * days + entry, minlength=len(size) * days).reshape(len(size), days)


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
