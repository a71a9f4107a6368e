"""Rows of one unit counted in another: no unit twice, no day added up, nothing finer than published."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountability.errors import ParameterError, Refusal
from accountability.records.units import FINDING_PRECEDENCE, countable, per, roll_up, severity_rank
from accountability.vocabulary import FINDINGS, PENALTIES

NAMES = ["case_id", "officer_id", "finding", "closing_reason", "imposed_penalty", "imposed_days", "officer_race"]


def allegations(*rows: tuple[object, ...]) -> pd.DataFrame:
    types = dict.fromkeys(NAMES, "str") | {"imposed_days": "float64"}
    return pd.DataFrame(rows, columns=NAMES).astype(types).assign(source_row=range(1, len(rows) + 1))


ROWS = allegations(
    ("1", "a", "not_sustained", None, None, None, "black"),
    ("1", "a", "sustained", None, "suspension", 5.0, "black"),
    ("1", "a", "sustained", None, "suspension", 5.0, "black"),
    ("1", "b", "closed_without_finding", "withdrawn", None, None, "white"),
    ("1", None, "closed_without_finding", "no_affidavit", None, None, None),
    ("2", "a", "pending", None, "pending", None, "white"),
)
CASES = pd.DataFrame({"case_id": pd.Series(["1", "2", "3"], dtype="str")})


def test_an_officer_in_a_complaint_is_one_row_with_the_gravest_finding() -> None:
    found = per(CASES, ROWS, "allegation", "officer_complaint")
    assert found[["case_id", "officer_id", "rows", "finding"]].to_numpy().tolist() == [
        ["1", "a", 3, "sustained"],
        ["1", "b", 1, "closed_without_finding"],
        ["2", "a", 1, "pending"],
    ]
    assert found["closing_reason"].tolist()[1] == "withdrawn"


def test_days_of_repeated_rows_are_not_added_up() -> None:
    found = per(CASES, ROWS, "allegation", "officer_complaint").iloc[0]
    assert (found["imposed_penalty"], found["imposed_days"]) == ("suspension", 5.0)


def test_days_are_those_of_the_highest_penalty_only() -> None:
    rows = allegations(
        ("1", "a", "sustained", None, "loss_of_leave", 30.0, None),
        ("1", "a", "sustained", None, "demotion", None, None),
    )
    found = per(CASES, rows, "allegation", "officer_complaint").iloc[0]
    assert found["imposed_penalty"] == "demotion"
    assert pd.isna(found["imposed_days"])


def test_every_complaint_is_a_row_also_without_allegations() -> None:
    found = per(CASES, ROWS, "allegation", "complaint").set_index("case_id")
    assert found["rows"].to_dict() == {"1": 5, "2": 1, "3": 0}
    assert found.loc["1", "finding"] == "sustained"
    assert pd.isna(found.loc["3", "finding"])


def test_rows_without_an_officer_are_no_officer() -> None:
    found = per(CASES, ROWS, "allegation", "officer")
    assert found["officer_id"].tolist() == ["a", "b"]
    assert found["rows"].sum() == 5


def test_a_column_is_carried_where_all_rows_agree() -> None:
    found = per(CASES, ROWS, "allegation", "officer").set_index("officer_id")
    assert pd.isna(found.loc["a", "officer_race"])  # black in one complaint, white in the other
    assert found.loc["b", "officer_race"] == "white"
    assert "source_row" not in found


def test_the_unit_held_is_returned_as_it_is() -> None:
    assert per(CASES, ROWS, "allegation", "allegation") is ROWS


def test_a_finer_unit_is_refused_with_the_alternative() -> None:
    with pytest.raises(Refusal, match=r"one row for each officer-complaint.*use unit='officer_complaint'"):
        per(CASES, ROWS, "officer_complaint", "allegation")


def test_officers_nobody_identified_cannot_be_counted() -> None:
    rows = ROWS.assign(officer_id=pd.Series(pd.NA, index=ROWS.index, dtype="str"))
    with pytest.raises(Refusal, match=r"no row of 6 says which officer .* unit='complaint'"):
        per(CASES, rows, "allegation", "officer")
    assert countable(rows, "allegation") == ("allegation", "complaint")
    assert countable(ROWS, "officer_complaint") == ("officer_complaint", "complaint", "officer")


@pytest.mark.parametrize("wrong", ["case", "officers"])
def test_an_unknown_unit_is_named(wrong: str) -> None:
    with pytest.raises(ParameterError, match=f"found '{wrong}'"):
        roll_up(ROWS, "allegation", wrong)


def test_an_order_of_precedence_ranks_every_term_once() -> None:
    assert sorted(FINDING_PRECEDENCE) == sorted(FINDINGS)
    assert sorted(severity_rank()) == sorted(PENALTIES)


ROW = st.tuples(
    st.sampled_from("123"),
    st.sampled_from(["a", "b", None]),
    st.sampled_from([*FINDINGS, None]),
    st.none(),
    st.sampled_from([*PENALTIES, None]),
    st.one_of(st.none(), st.floats(0, 90)),
    st.sampled_from(["black", "white", None]),
)


@given(st.lists(ROW, min_size=1, max_size=30), st.sampled_from(["officer_complaint", "complaint", "officer"]))
def test_units_are_unique_and_their_cells_come_from_their_rows(rows: list[tuple[object, ...]], unit: str) -> None:
    """Against the same rules written the slow way, one unit after another."""
    table = allegations(*rows)
    keys = {"officer_complaint": ["case_id", "officer_id"], "complaint": ["case_id"], "officer": ["officer_id"]}[unit]
    if unit != "complaint" and table["officer_id"].isna().all():
        with pytest.raises(Refusal):
            per(CASES, table, "allegation", unit)
        return
    found = per(CASES, table, "allegation", unit)
    assert not found.duplicated(keys).any()
    rank = severity_rank()
    for unit_row in found.loc[found["rows"] > 0].to_dict("records"):
        inside = table[(table[keys] == pd.Series({k: unit_row[k] for k in keys})).all(axis=1)]
        assert unit_row["rows"] == len(inside)
        terms = inside["finding"].dropna()
        expected = min(terms, key=FINDING_PRECEDENCE.index) if len(terms) else None
        assert unit_row["finding"] == expected if expected else pd.isna(unit_row["finding"])
        given_terms = inside["imposed_penalty"].dropna()
        if len(given_terms):
            highest = max(given_terms, key=rank.__getitem__)
            assert unit_row["imposed_penalty"] == highest
            days = inside.loc[inside["imposed_penalty"] == highest, "imposed_days"].max()
            assert unit_row["imposed_days"] == days or (pd.isna(days) and pd.isna(unit_row["imposed_days"]))
        values = set(inside["officer_race"].astype(object).where(inside["officer_race"].notna(), None))
        shared = values.pop() if len(values) == 1 else None
        assert unit_row["officer_race"] == shared if shared else pd.isna(unit_row["officer_race"])
