"""Dates coarse at one or both ends: how likely each number of days is, given the days either end can have been on.

A case received in one month and closed in another took a number of days that is known only with weights: few pairs of
days give the shortest and the longest delay, many those in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from accountability.errors import ParameterError
from accountability.stats.arrays import Days, Floats
from accountability.stats.sieve import Cells
from accountability.study.durations import Durations

if TYPE_CHECKING:
    pass


def spans(durations: Durations) -> tuple[Days, Days]:
    """Number of days each case's start and stop can have been on.

    Raises
    ------
    ParameterError
        If a span is below 1, or the two do not fit the days of a delay.
    """
    table, closed = durations.table, durations.event
    width = np.where(closed, durations.days_upper - durations.days_lower, 0)
    if "start_span" not in table.columns:
        return np.ones_like(width), width + 1
    start = table["start_span"].to_numpy(np.int64)
    stop = (width + 2 - start) if "stop_span" not in table.columns else table["stop_span"].to_numpy(np.int64)
    wrong = (start < 1) | (closed & ((stop < 1) | (start + stop - 2 < width)))
    if wrong.any():
        raise ParameterError(
            f"{int(wrong.sum()):,} of {len(width):,} cases have a start_span or stop_span that does not fit their days "
            f"(first: case_id {table['case_id'].iloc[int(np.argmax(wrong))]}); high - low is at most their sum less 2"
        )
    return start, stop


def cells_of(durations: Durations) -> tuple[Cells, Days]:
    """Distinct kinds of dates, and which of them each case has."""
    start, stop = spans(durations)
    closed = durations.event
    kind = np.column_stack(
        [durations.days_lower, np.where(closed, durations.days_upper, 0), start, np.where(closed, stop, 0)]
    )
    sides = kind.max(axis=0) + 1
    key = np.ravel_multi_index(tuple(kind.T), tuple(sides)) if np.prod(sides.astype(float)) < 2**62 else None
    if key is None:
        _, first, place = np.unique(kind, axis=0, return_index=True, return_inverse=True)
    else:
        _, first, place = np.unique(key, return_index=True, return_inverse=True)
    return Cells(*kind[first].T), place.ravel()


def tally(place: Days, codes: Days, size: int) -> Floats:
    """How many cases each kind has (rows) by a code from 0 to below `size` (columns)."""
    kinds = int(place.max()) + 1
    return np.bincount(place * size + codes, minlength=kinds * size).reshape(kinds, size).astype(float)
