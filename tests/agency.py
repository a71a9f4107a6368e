"""A small agency in memory, for tests of cohorts and clocks: what a loaded source offers, without its files."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True)
class Sampling:
    rule: str = "complete"
    open_cases: str = "included"
    selected_on: tuple[str, ...] = ()
    closing_date: bool = True


@dataclass(frozen=True)
class Period:
    start: dt.date
    end: dt.date


@dataclass(frozen=True)
class Card:
    observed_until: dt.date | None = dt.date(2020, 12, 31)
    period: Period | None = None
    sampling: Sampling = field(default_factory=Sampling)
    limits: tuple = ()


@dataclass(frozen=True)
class Agency:
    cases: pd.DataFrame
    allegations: pd.DataFrame
    events: pd.DataFrame
    card: Card = field(default_factory=Card)
    name: str = "small_town"
    ledger: None = None


def event(case, stage, earliest, latest=None, set_aside=None, officer=None):
    """One dated step; without `latest` it is a day."""
    return {
        "case_id": case,
        "officer_id": officer,
        "stage": stage,
        "earliest": earliest,
        "latest": earliest if latest is None else latest,
        "set_aside": set_aside,
    }


def agency(events, *, cases=None, allegations=None, **card) -> Agency:
    """Build an agency from event rows; cases default to those that have events."""
    table = pd.DataFrame(events, columns=["case_id", "officer_id", "stage", "earliest", "latest", "set_aside"])
    for column in ("earliest", "latest"):
        table[column] = pd.to_datetime(table[column]).astype("datetime64[s]")
    ids = list(dict.fromkeys(table["case_id"])) if cases is None else cases
    if not isinstance(ids, pd.DataFrame):
        ids = pd.DataFrame({"case_id": pd.Series(ids, dtype="str"), "source_row": range(1, len(ids) + 1)})
    if allegations is None:
        allegations = pd.DataFrame({"case_id": ids["case_id"], "officer_id": "o1", "finding": "not_sustained"})
    return Agency(ids, allegations, table, Card(**card))
