"""Steps of a case in an order that cannot be, under any readings that go together."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from accountability.casefiles.register import conditions
from accountability.errors import AccountabilityError
from accountability.records.dates import DateSpec, parse

BEFORE: Final = (
    ("incident", "received"),
    ("incident", "opened"),
    ("received", "opened"),
    ("received", "closed"),
    ("opened", "findings"),
    ("opened", "closed"),
    ("opened", "penalty_recommended"),
    ("opened", "penalty_imposed"),
    ("suspended_clock", "resumed_clock"),
    ("penalty_recommended", "penalty_decided"),
    ("penalty_recommended", "penalty_imposed"),
    ("penalty_decided", "penalty_approved"),
    ("penalty_decided", "penalty_imposed"),
    ("penalty_imposed", "penalty_served"),
    ("penalty_imposed", "appeal_filed"),
    ("appeal_filed", "appeal_decided"),
)
"""A step and one that cannot come before its first time."""


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table, each as a mapping of its columns."""
    return [{str(column): cell for column, cell in row.items()} for row in table.to_dict("records")]


def orders(events: pd.DataFrame, spec: DateSpec) -> dict[str, list[str]]:
    """Find steps that come, for certain, before a step they must follow.

    Parameters
    ----------
    events : pandas.DataFrame
        ``events.csv`` as text.
    spec : DateSpec
        How its dates are written.

    Returns
    -------
    dict of str to list of str
        The order broken, to the rows that break it. A row is listed when every step it must follow, of those that can
        hold together with it, is later; a step of one officer follows steps of that officer and of the whole case.
    """
    read = parse(events["date"], spec)
    rows: list[dict[str, Any]] = []
    for row, (earliest, latest) in zip(
        records(events), zip(read["earliest"], read["latest"], strict=True), strict=True
    ):
        try:
            rows.append({**row, "if": conditions(row["reading"]), "earliest": earliest, "latest": latest})
        except AccountabilityError:  # listed among the readings
            continue
    found: dict[str, list[str]] = {}
    for first, then in BEFORE:
        starts = [one for one in rows if one["stage"] == first]
        for row in rows:
            if row["stage"] != then or pd.isna(row["latest"]):
                continue
            others = [one for one in starts if _together(one, row)]
            if others and all(one["earliest"] > row["latest"] for one in others):
                said = f"{row['event_id']} ({row['date']}, after {others[0]['event_id']}, {others[0]['date']})"
                found.setdefault(f"{then} before {first} for certain", []).append(said)
    return found


def _together(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two rows are of one case, can be of one officer, and can hold under the same readings."""
    officers = {one["officer_id"], other["officer_id"]} - {""}
    alike = all(other["if"].get(name, reading) == reading for name, reading in one["if"].items())
    return one["case_id"] == other["case_id"] and len(officers) < 2 and alike
