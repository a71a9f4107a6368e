"""The shape of the tables: the quick look and pandera's models agree, and what is wrong is said column by column."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from accountability.errors import SourceError
from accountability.records import schema
from accountability.vocabulary import STAGES


def tables() -> dict[str, pd.DataFrame]:
    cases = pd.DataFrame({"case_id": ["1", "2"], "jurisdiction": ["here", "here"]})
    allegations = pd.DataFrame(
        {"case_id": ["1", "2"], "officer_id": ["p", None], "finding": ["sustained", None], "imposed_days": [3.0, None]}
    ).astype({"officer_id": "str", "finding": "str"})
    events = pd.DataFrame(
        {
            "case_id": ["1", "2"],
            "officer_id": pd.Series([None, "p"], dtype="str"),
            "stage": pd.Categorical(["received", "closed"], categories=list(STAGES)),
            "earliest": pd.Series(["2020-01-01", None], dtype="datetime64[s]"),
            "latest": pd.Series(["2020-01-31", "2020-02-01"], dtype="datetime64[s]"),
            "set_aside": pd.Series([None, None], dtype="str"),
        }
    )
    return {"cases": cases, "allegations": allegations, "events": events}


WRONG: dict[str, tuple[str, Callable[[pd.DataFrame], pd.DataFrame], str]] = {
    "an id twice": ("cases", lambda f: f.assign(case_id=["1", "1"]), "case_id: field_uniqueness, 2 row"),
    "no id": ("cases", lambda f: f.assign(case_id=pd.Series(["1", None], dtype="str")), "case_id: not_nullable, 1 row"),
    "a missing column": ("cases", lambda f: f.drop(columns="jurisdiction"), "column_in_dataframe"),
    "an unknown finding": ("allegations", lambda f: f.assign(finding=["guilty", None]), "finding: isin.* 'guilty'"),
    "days below none": ("allegations", lambda f: f.assign(imposed_days=[-1.0, 2.0]), "imposed_days: greater_than"),
    "days as whole numbers": ("allegations", lambda f: f.assign(imposed_days=[1, 2]), "imposed_days: dtype"),
    "text for a day": ("events", lambda f: f.assign(earliest=["2020-01-01", "x"]), "earliest: dtype"),
    "an unknown stage": ("events", lambda f: f.assign(stage=["received", "begun"]), "stage: dtype"),
    "a day before itself": ("events", lambda f: f.assign(earliest=f["latest"] + pd.Timedelta("1D")), "earliest <= lat"),
}


@pytest.mark.parametrize("table", ["cases", "allegations", "events"])
def test_a_sound_table_passes_both(table: str) -> None:
    frame = tables()[table]
    assert schema.sound(frame, table)
    schema.model(table).validate(frame, lazy=True)


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_fails_both_and_is_named(what: str) -> None:
    table, spoil, message = WRONG[what]
    whole = tables()
    spoiled = whole | {table: spoil(whole[table])}
    with pytest.raises(SourceError, match=rf"x: the {table} table breaks its model:[\s\S]*{message}"):
        schema.validate(**spoiled, source="x")
