"""Complaints with some values of one column: nothing else changes, and the rule of sampling follows what it knows."""

from __future__ import annotations

import pytest

import accountability
from accountability import Cohort, delay
from accountability.errors import ParameterError, Refusal
from accountability.records.dataset import Dataset
from accountability.study.restriction import only_where, read_only


@pytest.fixture(scope="module")
def data() -> Dataset:
    return accountability.load("synthetic")


def test_without_a_condition_nothing_changes(data: Dataset) -> None:
    cohort = Cohort.of(data)
    assert only_where(cohort, None) is cohort


def test_a_column_known_from_the_start_keeps_the_sampling_rule(data: Dataset) -> None:
    left = only_where(Cohort.of(data), "category=force | Search")
    assert left.card.sampling == data.card.sampling
    assert set(left.allegations["category"]) == {"Force", "Search"}
    assert set(left.cases["case_id"]) == set(left.allegations["case_id"])
    assert set(left.events["case_id"]) <= set(left.cases["case_id"])
    assert left.flow()["because"].iloc[-1] == "category is force or Search"


def test_a_column_settled_at_the_end_makes_the_rule_that_of_selected_records(data: Dataset) -> None:
    left = only_where(Cohort.of(data), "finding=sustained")
    assert left.card.sampling.rule != data.card.sampling.rule
    with pytest.raises(Refusal):
        delay.closing_curve(left)


def test_parts_add_up_to_the_whole(data: Dataset) -> None:
    cohort = Cohort.of(data)
    kinds = data.cases["investigated_by"].dropna().unique()
    parts = [only_where(cohort, f"investigated_by={kind}") for kind in kinds]
    assert sum(len(part) for part in parts) == data.cases["investigated_by"].notna().sum()


@pytest.mark.parametrize("text", ["category", "category=", "=Force", "category= | "])
def test_what_is_no_condition_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ParameterError, match="for example category=Force"):
        read_only(text)


def test_an_unknown_column_or_value_is_refused_with_the_nearest(data: Dataset) -> None:
    with pytest.raises(ParameterError, match="Did you mean 'category'"):
        only_where(Cohort.of(data), "categry=Force")
    with pytest.raises(ParameterError, match="Did you mean 'Force'"):
        only_where(Cohort.of(data), "category=Forze")
    with pytest.raises(ParameterError, match="no column 'case_id'"):
        only_where(Cohort.of(data), "case_id=1")


def test_neither_a_few_nor_all_but_a_few_are_looked_at_apart(data: Dataset) -> None:
    ids = data.cases["case_id"]
    cohort = Cohort.of(data).with_case_column("few", ids.isin(ids.head(9)).map({True: "a", False: "b"}).set_axis(ids))
    for value in "ab":
        with pytest.raises(Refusal, match="at least 10"):
            only_where(cohort, f"few={value}")
