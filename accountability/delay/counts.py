"""Collapse cases to counts by group and day; the estimators for exact dates use only these counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from accountability.errors import ParameterError
from accountability.stats.arrays import Days, Floats
from accountability.study.durations import Durations, group_codes


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """Counts by group (rows) and day of age (columns, from day 0).

    Attributes
    ----------
    groups : pandas.DataFrame
        One row per group, in sorted order; without columns when there is one group only.
    entered, closed, left : array of int, shape (groups, days)
        Cases first watched on that day of their age, cases closed on it, and cases last seen open on it.
    at_risk : array of int, shape (groups, days)
        Cases watched and not yet closed as the day begins. A case last seen open on a day counts on that day.
    seen : array of float, shape (groups, days), or None
        Where cases closed on an unknown day, `closed` and `at_risk` are expected counts with those closings spread over
        the days (:mod:`accountability.delay.unknown_days`). This is the observed share of each day's closings.
    """

    groups: pd.DataFrame
    entered: Days
    closed: Days
    left: Days
    at_risk: Days
    seen: npt.NDArray[np.float64] | None = None

    @property
    def left_truncated(self) -> bool:
        """Return whether any case entered late (left-truncated)."""
        return bool(self.entered[:, 1:].any())

    @property
    def supported(self) -> Floats:
        """Return each group's last day of follow-up: the last on which a case was watched, or any day if all closed."""
        last = self.at_risk.shape[1] - 1 - (self.at_risk[:, ::-1] > 0).argmax(axis=1)
        row = np.arange(len(last))
        return np.where(self.closed[row, last] == self.at_risk[row, last], np.inf, last)


def count(durations: Durations, by: str | Sequence[str] | None = None) -> Counts:
    """Count entries, closings and open ends by day, using ``days_upper`` of closed and ``days_lower`` of open cases."""
    return count_causes(durations, by)[0]


def count_causes(
    durations: Durations, by: str | Sequence[str] | None = None, cause: Days | None = None, causes: int = 1
) -> tuple[Counts, Days]:
    """Count as :func:`count` does, and closings by group, cause and day.

    `cause` numbers how each case closed, from 0 to below `causes`; its values for open cases are ignored.
    """
    groups, codes = group_codes(durations, by)
    days, key = durations.ends
    if cause is not None and causes > 1:
        key = cause * (2 * days) + key
    if len(groups) > 1:
        key = codes * (causes * 2 * days) + key
    table = np.bincount(key, minlength=len(groups) * causes * 2 * days).reshape(len(groups), causes, 2, days)
    of_cause = table[:, :, 0]
    closed, left = table.sum(axis=1).swapaxes(0, 1) if causes > 1 else (of_cause[:, 0], table[:, 0, 1])
    entered = np.zeros((len(groups), days), np.int64)
    if durations.left_truncated:
        entered = np.bincount(codes * days + durations.entry_time, minlength=entered.size).reshape(entered.shape)
    else:
        entered[:, 0] = table.sum(axis=(1, 2, 3))
    gone = np.zeros_like(entered)
    np.cumsum((closed + left)[:, :-1], axis=1, out=gone[:, 1:])
    return Counts(groups, entered, closed, left, np.cumsum(entered, axis=1) - gone), of_cause


def case_counts(durations: Durations, by: str | Sequence[str] | None) -> pd.DataFrame:
    """One row per group: its columns, ``n``, ``events`` (closed) and ``open``."""
    groups, codes = group_codes(durations, by)
    size, done = np.bincount(codes, minlength=len(groups)), np.bincount(codes[durations.event], minlength=len(groups))
    return with_groups(groups, np.arange(len(groups)), {"n": size, "events": done, "open": size - done})


def with_groups(groups: pd.DataFrame, number: npt.ArrayLike, columns: dict[str, Any]) -> pd.DataFrame:
    """Return a tidy table: the group's columns, then the numbers."""
    if not len(groups.columns):
        return pd.DataFrame(columns)
    place = np.asarray(number)
    return pd.DataFrame({name: groups[name].array.take(place) for name in groups} | columns)


def columns_of(by: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the names of the grouping columns as a tuple."""
    return (by,) if isinstance(by, str) else tuple(by or ())


def label_of(groups: pd.DataFrame, number: int) -> str:
    """Return a group's name for prose, with a colon; empty when there is one group only."""
    if not len(groups.columns):
        return ""
    return ", ".join(str(value) for value in groups.iloc[number]) + ": "


def stacked(groups: pd.DataFrame, columns: Sequence[dict[str, Any]]) -> pd.DataFrame:
    """Stack the columns of all groups into one table."""
    sizes = [len(next(iter(each.values()))) for each in columns]
    joined: dict[str, Any] = {name: [each[name] for each in columns] for name in columns[0]}
    for name, parts in joined.items():
        plain = all(isinstance(part, np.ndarray) for part in parts)
        joined[name] = np.concatenate(parts) if plain else pd.concat(map(pd.Series, parts), ignore_index=True)
    return with_groups(groups, np.repeat(np.arange(len(columns)), sizes), joined)


def shares_asked(shares: float | Sequence[float]) -> npt.NDArray[np.float64]:
    """Return the shares asked for, each between 0 and 1.

    Raises
    ------
    ParameterError
        If one is not.
    """
    asked = np.atleast_1d(np.asarray(shares, dtype=float))
    if not len(asked) or not ((asked > 0) & (asked < 1)).all():
        raise ParameterError(f"shares must lie between 0 and 1, e.g. 0.5 for the median; found {shares!r}")
    return asked


def days_asked(days: int | Sequence[int]) -> Days:
    """Return the days of age asked for, none negative.

    Raises
    ------
    ParameterError
        If one is.
    """
    asked = np.atleast_1d(np.asarray(days, dtype=np.int64))
    if not len(asked) or (asked < 0).any():
        raise ParameterError(f"days must be one or more days from 0 on, found {days!r}")
    return asked


def pieces(table: pd.DataFrame, rows: npt.ArrayLike) -> list[tuple[int, pd.DataFrame]]:
    """Split a table sorted by group into its groups, given the number of rows of each."""
    stops = np.cumsum(rows)
    starts = stops - np.asarray(rows)
    return [(number, table.iloc[start:stop]) for number, (start, stop) in enumerate(zip(starts, stops, strict=True))]
