"""Closings on an unknown day: spread over the possible days, and the two extremes of an estimate."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import numpy as np
import pandas as pd

from accountability.delay.counts import Counts, count
from accountability.delay.curve import Curve
from accountability.errors import Refusal
from accountability.remembered import remembered
from accountability.results import plural
from accountability.stats.arrays import Days
from accountability.study.durations import Durations, group_codes

P = ParamSpec("P")
C = TypeVar("C", bound=Curve)

_ENDS: Final = ("lower", "upper")


def count_spread(durations: Durations, by: str | Sequence[str] | None = None) -> Counts:
    """Count closings by day; those on an unknown day are spread from the start to the last day covered.

    The spread is self-consistent (Turnbull 1974): the curve is the maximum likelihood estimate with each such closing
    interval-censored.

    Raises
    ------
    Refusal
        When there is also late entry.
    """
    unknown = durations.unknown_day
    if not unknown.any():
        return count(durations, by)
    if durations.left_truncated:
        raise Refusal(
            f"{plural(int(unknown.sum()), 'case')} closed on an unknown day and others entered late: leave the "
            "first out with durations.known_days(), or keep only cases that started after watching began"
        )
    from accountability.stats.npmle import BEYOND, solve  # most sources need none

    closed_at = np.where(durations.event, durations.days_upper, BEYOND)
    first = durations.days_lower + ~durations.event
    known = count(durations, by)
    codes = group_codes(durations, by)[1]
    missing = np.zeros(known.closed.shape)
    np.add.at(missing, (codes[unknown], durations.days_upper[unknown]), 1.0)
    seen = known.closed - missing
    closed = np.zeros_like(missing)
    for number in range(len(closed)):
        own = codes == number
        found = solve(first[own], closed_at[own])
        mass = np.zeros(int(known.closed.shape[1]))
        # Where nothing tells between which days of a stretch a case closed, it closed by the last of them.
        inside = found.last < BEYOND
        np.add.at(mass, found.last[inside], found.mass[inside])
        reached = np.cumsum(mass)
        weight = np.divide(missing[number], reached, out=np.zeros_like(mass), where=reached > 0)
        closed[number] = seen[number] + mass * np.cumsum(weight[::-1])[::-1]
    gone = np.zeros_like(closed)
    np.cumsum((closed + known.left)[:, :-1], axis=1, out=gone[:, 1:])
    at_risk = np.maximum(known.entered.sum(axis=1)[:, None] - gone, 0)
    at_risk[:, -1] = np.maximum(at_risk[:, -1], (closed + known.left)[:, -1])
    share = np.divide(seen, closed, out=np.ones_like(closed), where=closed > 0)
    return Counts(known.groups, known.entered, closed, known.left, at_risk, share)  # type: ignore[arg-type]


def ends_of(durations: Durations) -> tuple[Durations, Durations] | None:
    """Return the curve at the two extremes, where the end of some case is not known."""
    if not durations.unknown_day.any() and durations.unended is None:
        return None
    from accountability.study.extremes import extremes  # most sources need none

    return extremes(durations)


def with_extremes(
    function: Callable[Concatenate[Durations, P], C],
) -> Callable[Concatenate[Durations, P], C]:
    """Add to a curve its two extremes: every unknown end as early, and as late, as possible."""
    # A comparison of groups asks again for the curves by group, and for their extremes.
    made = remembered(function)

    @functools.wraps(function)
    def call(durations: Durations, *args: P.args, **kwargs: P.kwargs) -> C:
        curve = made(durations, *args, **kwargs)
        ends = ends_of(durations)
        if ends is not None:
            object.__setattr__(curve, "ends", tuple(made(end, *args, **kwargs) for end in ends))
        return curve

    return call


def beside(
    durations: Durations,
    table: pd.DataFrame,
    keys: Sequence[str],
    estimate: Callable[[Durations], pd.DataFrame],
    columns: Mapping[str, tuple[str, str, str]],
) -> pd.DataFrame:
    """Add the two extremes of the estimates to a table.

    Parameters
    ----------
    durations : Durations
    table : DataFrame
        The estimate; returned unchanged where the end of every case is known.
    keys : sequence of str
        Columns that identify its rows.
    estimate : callable
        Function that makes such a table from durations.
    columns : mapping of str to (str, str, str)
        Prefix of the new columns (``..._lower``, ``..._upper``) to: the column read with unknown ends early, the column
        read with them late, and which of the two is lower (``early`` or ``late``).
    """
    ends = ends_of(durations)
    if ends is None:
        return table
    found = [estimate(end) for end in ends]
    if not keys:
        place = [np.zeros(len(table), dtype=np.int64)] * 2
    else:
        own = pd.MultiIndex.from_frame(table[list(keys)])
        place = [pd.MultiIndex.from_frame(one[list(keys)]).get_indexer(own) for one in found]
    added: dict[str, Any] = {}
    for name, (early, late, lower) in columns.items():
        values = [one[column].take(at).array for one, column, at in zip(found, (early, late), place, strict=True)]
        least, most = values if lower == "early" else values[::-1]
        added |= {f"{name}_lower": least, f"{name}_upper": most}
    return table.assign(**added)


def furthest(known: Days, doubtful: Days, sign: int, of: str = "median") -> float:
    """Return the least (1) or greatest (-1) median or mean when each of some further values may be in the data or not.

    Only the smallest (or largest) of them need trying: a smaller value in place of a larger one never raises it.
    """
    known, doubtful = np.sort(sign * known), np.sort(sign * doubtful)
    taken = np.arange(len(known) == 0, len(doubtful) + 1)
    if not len(taken):
        return np.nan
    size = len(known) + taken
    if of == "mean":
        return float(sign * ((known.sum() + np.append(0, np.cumsum(doubtful))[taken]) / size).min())
    both, alone = np.sort(np.concatenate([known, doubtful])), np.append(known, 0)
    below = taken + np.where(taken, np.searchsorted(known, np.append(0, doubtful)[taken], "right"), 0)
    middle = [
        np.where(place < below, both[place], alone[np.maximum(place - taken, 0).clip(max=len(known))])
        for place in ((size - 1) // 2, size // 2)
    ]
    return float(sign * (middle[0] + middle[1]).min() / 2)


def extreme_columns(bounds: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    """Return the least and most of numbers under their column names."""
    return {
        f"{name}_extreme_{end}": value for name, two in bounds.items() for end, value in zip(_ENDS, two, strict=True)
    }


def extremes_said(row: Mapping[Any, Any], name: str, said: Callable[[float], str]) -> str:
    """State the two extremes of a number in a row of a table; empty where there are none, or they are equal."""
    if f"{name}_lower" not in row:
        return ""
    low, high = ("not known" if pd.isna(row[f"{name}_{end}"]) else said(row[f"{name}_{end}"]) for end in _ENDS)
    if low == high:
        return ""
    number, _, unit = low.partition(" ")
    if unit not in ("", "%") and high.endswith(f" {unit}"):
        low = number
    return f"; {low} to {high} with every end that is not known as early, or as late, as it can have been"
