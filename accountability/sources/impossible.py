"""Dates that cannot be: after the last day a release covers, or in an order no case can take. Kept and marked."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from accountability.ledger import Entry, examples
from accountability.sources.contract import Order


def set_aside_future(events: pd.DataFrame, until: dt.date | None, entries: list[Entry]) -> pd.DataFrame:
    """Mark the steps dated after the last day a release covers."""
    if until is None:
        return events
    late = (events["earliest"] > pd.Timestamp(until)) & events["set_aside"].isna()
    return _set_aside(events, late, f"after {until}, the last day the release covers", "observed_until", entries)


def set_aside_disorder(events: pd.DataFrame, order: Order, entries: list[Entry]) -> pd.DataFrame:
    """Mark the dates that stand in an order which cannot be."""
    usable = events["set_aside"].isna()
    first = events[usable & (events["stage"] == order.first)]
    then = events[usable & (events["stage"] == order.then)]
    if order.aside == order.then:
        limit = _by_case(first["case_id"], first["earliest"], "min").reindex(then["case_id"]).to_numpy()
        wrong = then.index[(then["latest"].to_numpy() < limit)]
        reason = f"{order.then} before {order.first}"
    else:
        limit = _by_case(then["case_id"], then["latest"], "max").reindex(first["case_id"]).to_numpy()
        wrong = first.index[(first["earliest"].to_numpy() > limit)]
        reason = f"{order.first} after {order.then}"
    marked = pd.Series(False, index=events.index)
    marked.loc[wrong] = True
    return _set_aside(events, marked, reason, "order", entries)


def _by_case(case_id: pd.Series, dates: pd.Series, how: str) -> pd.Series:
    if case_id.is_unique:
        return pd.Series(dates.to_numpy(), index=pd.Index(case_id))
    return dates.groupby(case_id).agg(how)


def _set_aside(events: pd.DataFrame, marked: pd.Series, reason: str, rule: str, entries: list[Entry]) -> pd.DataFrame:
    if not marked.any():
        return events
    for (file, stage), rows in events[marked].groupby(["source_file", "stage"], observed=True):
        why = f"{reason}; the date is kept and marked, not repaired"
        entries.append(
            Entry(str(file), str(stage), "value set aside", rule, why, len(rows), examples(rows["source_row"]))
        )
    return events.assign(set_aside=events["set_aside"].mask(marked, reason))
