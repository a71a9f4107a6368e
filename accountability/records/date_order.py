"""Dates that cannot be: after the last day a release covers, or in an order no case can take. Kept and marked."""

from __future__ import annotations

import datetime as dt

import numpy as np
import numpy.typing as npt
import pandas as pd

from accountability.records.contract import Order
from accountability.records.ledger import Entry, examples
from accountability.records.matching import Places


def set_aside_future(events: pd.DataFrame, until: dt.date | None, entries: list[Entry]) -> pd.DataFrame:
    """Mark the steps dated after the last day a release covers."""
    if until is None:
        return events
    late = (events["earliest"] > pd.Timestamp(until)) & events["set_aside"].isna()
    return _set_aside(events, late, f"after {until}, the last day the release covers", "observed_until", entries)


def set_aside_disorder(events: pd.DataFrame, case: Places, order: Order, entries: list[Entry]) -> pd.DataFrame:
    """Mark the dates that stand in an order which cannot be.

    Parameters
    ----------
    case : array of int
        A number for the case of each step, equal for the steps of one case.
    """
    usable = events["set_aside"].isna().to_numpy(dtype=bool)
    first = np.flatnonzero(usable & (events["stage"] == order.first).to_numpy(dtype=bool))
    then = np.flatnonzero(usable & (events["stage"] == order.then).to_numpy(dtype=bool))
    earliest, latest = events["earliest"].to_numpy(), events["latest"].to_numpy()
    cases = int(case.max(initial=-1)) + 1
    marked = np.zeros(len(events), dtype=bool)
    if order.aside == order.then:
        limit = _by_case(True, case[first], earliest[first], cases)
        marked[then] = latest[then] < limit[case[then]]
        reason = f"{order.then} before {order.first}"
    else:
        limit = _by_case(False, case[then], latest[then], cases)
        marked[first] = earliest[first] > limit[case[first]]
        reason = f"{order.first} after {order.then}"
    return _set_aside(events, pd.Series(marked, index=events.index), reason, "order", entries)


def _by_case(first: bool, case: Places, dates: npt.NDArray[np.datetime64], cases: int) -> npt.NDArray[np.datetime64]:
    """The first or the last day of each case; no day where none is known."""
    # As whole numbers, of which NaT is the least: NumPy has no quick loop for dates.
    least, most = np.iinfo(np.int64).min, np.iinfo(np.int64).max
    found = np.full(cases, most if first else least)
    days = dates.view(np.int64)
    known = ~np.isnat(dates)
    (np.minimum if first else np.maximum).at(found, case[known], days[known])
    found[found == most] = least
    return found.view(dates.dtype)


def _set_aside(events: pd.DataFrame, marked: pd.Series, reason: str, rule: str, entries: list[Entry]) -> pd.DataFrame:
    if not marked.any():
        return events
    named = events.loc[marked, ["source_file", "stage", "source_row"]]
    for (file, stage), rows in named.groupby(["source_file", "stage"], observed=True):
        why = f"{reason}; the date is kept and marked, not repaired"
        entries.append(
            Entry(str(file), str(stage), "value set aside", rule, why, len(rows), examples(rows["source_row"]))
        )
    return events.assign(set_aside=events["set_aside"].mask(marked, reason))
