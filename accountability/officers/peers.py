"""Findings against peers known on each day, without the officer's own complaints and later findings.

An officer's exposure at the start of a month is the number of findings against officers of the same unit in complaints
that did not accuse this officer, closed before that day and no longer ago than the window. A finding of day d counts
in months that start in (d, d + window], so no finding of the same or a later month counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from accountability.errors import Refusal
from accountability.officers.officer_events import UNDATED, OfficerRecords
from accountability.stats.arrays import Floats, Ints

What = Literal["sustained", "decided"]


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """A panel of officers by months.

    Attributes
    ----------
    complaints : array, officers by months
        Complaints received against the officer.
    exposed : array, officers by months
        Days on which the officer could be accused.
    starts : array of int
        First day of each month.
    window : int
    """

    complaints: Floats
    exposed: Floats
    starts: Ints
    window: int


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """Dated findings, and the months in which each is known: from `first` to before `stop`.

    Attributes
    ----------
    row : array of int
        The accusation.
    first, stop : array of int
    who, which : array of int
        Officers of the same unit accused in the complaint of finding ``which``, including the officer with the finding.
    """

    row: Ints
    first: Ints
    stop: Ints
    who: Ints
    which: Ints


def panel(data: OfficerRecords, window: int = 365) -> Panel:
    """Build the panel of officers by months.

    Parameters
    ----------
    data : OfficerRecords
    window : int
        Days for which a finding counts. Months whose window starts before the release only count for the exposure of
        later ones.

    Returns
    -------
    Panel

    Raises
    ------
    Refusal
        When the release is not at least a year longer than the window, or has no dated sustained finding.
    """
    edges = data.month_starts()
    use = np.flatnonzero(edges[:-1] >= data.first + window)
    if len(use) < 12:
        raise Refusal(
            f"{data.name}: {len(edges) - 1} months are too few for a window of {window} days and a year behind it; "
            "take a shorter window"
        )
    if not (data.sustained & (data.closed[data.case] < UNDATED)).any():
        raise Refusal(f"{data.name}: no sustained finding has a day, so none can be known to a peer")
    return Panel(_received(data, edges)[:, use], _days(data, edges)[:, use], edges[:-1][use], window)


def reach(data: OfficerRecords, laid: Panel, *, own_complaints: bool = False) -> Reach:
    """Return the months in which each finding is known, and the officers who do not count as peers.

    Parameters
    ----------
    data : OfficerRecords
    laid : Panel
    own_complaints : bool
        Whether complaints that accused both officer and peer count; the officer's own finding never does.
    """
    row = np.flatnonzero(data.decided & (data.closed[data.case] < UNDATED))
    day = data.closed[data.case[row]]
    first = np.searchsorted(laid.starts, day, side="right")
    stop = np.searchsorted(laid.starts, day + laid.window, side="right")
    if own_complaints:
        return Reach(row, first, stop, data.officer[row], np.arange(len(row)))
    return Reach(row, first, stop, *_in_the_same_complaint(data, row))


def known(data: OfficerRecords, laid: Panel, found: Reach, what: What) -> Floats:
    """Return the number of findings against peers known at the start of each month (officers by months)."""
    counts = data.sustained[found.row] if what == "sustained" else np.ones(len(found.row), bool)
    weight = counts.astype(float)
    unit = data.unit[data.officer[found.row]]
    months = len(laid.starts) + 1
    by_unit, own = np.zeros((data.units, months)), np.zeros((data.officers, months))
    np.add.at(by_unit, (unit, found.first), weight)
    np.add.at(by_unit, (unit, found.stop), -weight)
    np.add.at(own, (found.who, found.first[found.which]), weight[found.which])
    np.add.at(own, (found.who, found.stop[found.which]), -weight[found.which])
    out: Floats = (np.cumsum(by_unit, axis=1)[data.unit] - np.cumsum(own, axis=1))[:, :-1]
    return out


def weights(data: OfficerRecords, found: Reach, residual: Floats) -> Floats:
    """Return each finding's part of the sum of residuals times exposures: peers' residuals while it is known."""
    by_unit = np.zeros((data.units, residual.shape[1]))
    np.add.at(by_unit, data.unit, residual)
    units = np.hstack([np.zeros((data.units, 1)), np.cumsum(by_unit, axis=1)])
    officers = np.hstack([np.zeros((data.officers, 1)), np.cumsum(residual, axis=1)])
    unit = data.unit[data.officer[found.row]]
    total = units[unit, found.stop] - units[unit, found.first]
    own = officers[found.who, found.stop[found.which]] - officers[found.who, found.first[found.which]]
    out: Floats = total - np.bincount(found.which, own, len(found.row))
    return out


def _in_the_same_complaint(data: OfficerRecords, row: Ints) -> tuple[Ints, Ints]:
    """Officers and the findings of their unit made in a complaint that accused them, their own included."""
    order = np.argsort(data.case, kind="stable")
    edges = np.searchsorted(data.case[order], np.arange(len(data.received) + 1))
    many = np.diff(edges)[data.case[row]]
    which = np.repeat(np.arange(len(row)), many)
    offset = np.arange(len(which)) - np.repeat(np.cumsum(many) - many, many)
    who = data.officer[order[edges[data.case[row]][which] + offset]]
    same = data.unit[who] == data.unit[data.officer[row]][which]
    return who[same], which[same]


def _received(data: OfficerRecords, edges: Ints) -> Floats:
    size = len(edges) - 1
    month = np.searchsorted(edges, data.received[data.case], side="right") - 1
    inside = (month >= 0) & (month < size)
    cell = data.officer[inside] * size + month[inside]
    return np.bincount(cell, minlength=data.officers * size).reshape(data.officers, size).astype(float)


def _days(data: OfficerRecords, edges: Ints) -> Floats:
    low = np.maximum(edges[:-1], data.begin[:, None])
    high = np.minimum(edges[1:], data.end[:, None])
    days: Floats = np.maximum(high - low, 0).astype(float)
    return days
