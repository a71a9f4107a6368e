"""The shape of the tables: our check and pandera's agree, and what is wrong is said column by column."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pandera.errors
import pandera.pandas as pandera
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountability.errors import SourceError
from accountability.records import schema
from accountability.records.schema import all_differ
from accountability.vocabulary import STAGES


def model(table: str) -> pandera.DataFrameSchema:
    """The same shape in the words of another library."""
    columns = {}
    for name, shape in schema.SHAPES[table].items():
        checks = [] if shape.terms is None else [pandera.Check.isin(list(shape.terms))]
        checks += [] if shape.least is None else [pandera.Check.ge(shape.least)]
        columns[name] = pandera.Column(
            shape.dtype, checks, nullable=shape.nullable, unique=shape.unique, required=shape.required
        )
    known = pandera.Check(lambda f: ~(f["earliest"] > f["latest"]), name="earliest <= latest")
    return pandera.DataFrameSchema(columns, checks=known if table == "events" else None, name=table)


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


WRONG: dict[str, tuple[str, str, object, str]] = {
    "an id twice": ("cases", "case_id", ["1", "1"], "must be unique: 2 row.* '1'"),
    "no id": ("cases", "case_id", pd.Series(["1", None], dtype="str"), "must be never missing: 1 row"),
    "a missing column": ("cases", "jurisdiction", None, "must be there"),
    "an unknown finding": (
        "allegations",
        "finding",
        ["guilty", None],
        "must be one of .*: 1 row.* 'guilty'",
    ),
    "days below none": ("allegations", "imposed_days", [-1.0, 2.0], "must be at least 0: 1 row.* -1.0"),
    "days as whole numbers": ("allegations", "imposed_days", [1, 2], "must be of dtype float64, not int64"),
    "text for a day": ("events", "earliest", ["2020-01-01", "x"], r"must be of dtype datetime64\[s\], not str"),
    "an unknown stage": ("events", "stage", ["received", "begun"], "must be of dtype category, not str"),
    "a day before itself": (
        "events",
        "earliest",
        pd.Series(["2020-02-01", None], dtype="datetime64[s]"),
        "must be on or before latest: 1 row",
    ),
}


@pytest.mark.parametrize("table", ["cases", "allegations", "events"])
def test_a_sound_table_passes_both(table: str) -> None:
    frame = tables()[table]
    assert schema.sound(frame, table)
    model(table).validate(frame, lazy=True)


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_fails_both_and_is_named(what: str) -> None:
    table, column, values, message = WRONG[what]
    whole = tables()
    sound = whole[table]
    spoiled = whole | {table: sound.drop(columns=column) if values is None else sound.assign(**{column: values})}
    assert not schema.sound(spoiled[table], table)
    with pytest.raises(pandera.errors.SchemaErrors):
        model(table).validate(spoiled[table], lazy=True)
    with pytest.raises(SourceError, match=rf"x: the {table} table breaks its model:[\s\S]*{column} {message}"):
        schema.validate(**spoiled, source="x")


@given(
    st.lists(
        st.tuples(
            *[st.sampled_from(["7", "07", "7.0", "70", "8", "-0", "0", "1e3", "1000", "x", "nan", "", None])] * 2
        ),
        max_size=8,
    )
)
def test_rows_that_differ_are_told_as_pandas_tells_them(rows: list[tuple[str | None, str | None]]) -> None:
    frame = pd.DataFrame(rows, columns=["a", "b"], dtype="str")
    assert all_differ([frame["a"]]) == (not frame["a"].duplicated().any())
    assert all_differ([frame["a"], frame["b"]]) == (not frame.duplicated().any())


def test_many_rows_of_two_numbers_are_told_apart_without_their_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in Chicago: small whole numbers, whose bits as numbers end in zeros."""
    rng = np.random.default_rng(1)
    pairs = np.unique(rng.integers(20_000, size=(200_000, 2)), axis=0)
    frame = pd.DataFrame({"a": pairs[:, 0].astype("str"), "b": [f"{one}.0" for one in pairs[:, 1]]}, dtype="str")
    again = pd.concat([frame, frame.iloc[[5]]], ignore_index=True)
    assert not all_differ([again["a"], again["b"]])
    monkeypatch.delattr(pd.DataFrame, "duplicated")
    assert all_differ([frame["a"], frame["b"]])
