"""What a front door takes, and what it says of everything else."""

from __future__ import annotations

import pandas as pd
import pytest

import accountability
from accountability import Cohort
from accountability.errors import ParameterError, Refusal
from accountability.results import or_refusal
from accountability.study.clocks import durations
from accountability.study.durations import Durations
from accountability.study.inputs import column_names, takes


@takes("durations")
def days(given: Durations, by: str | list[str] | None = None) -> Durations:
    """Give the durations back."""
    return given


@takes("cohort")
def people(given: Cohort, covariates: str | list[str] | None = None) -> Cohort:
    """Give the cohort back."""
    return given


@takes(list, make=lambda cohort: [len(cohort.cases)])
def prepared(given: list[int]) -> list[int]:
    """Give the prepared form back."""
    return given


@pytest.fixture(scope="module")
def data():
    return accountability.load("synthetic")


def test_a_dataset_and_a_cohort_become_durations(data) -> None:
    cohort = Cohort.of(data)
    timed = durations(cohort)
    for given in (data, cohort, timed):
        assert days(given).table["case_id"].tolist() == timed.table["case_id"].tolist()
    assert days(given=data).clock == timed.clock


def test_a_column_of_the_allegations_gets_one_value_a_case(data) -> None:
    made = days(data, by="category")
    assert "category" in made.table
    assert made.table["case_id"].is_unique


def test_durations_without_the_column_name_the_step(data) -> None:
    with pytest.raises(
        ParameterError, match=r"no column 'category' in these durations(.|\n)*group_cases\(cohort, 'category'"
    ):
        days(durations(Cohort.of(data)), by="category")


def test_a_prepared_form_is_made_from_a_cohort_or_taken_as_it_is(data) -> None:
    assert prepared([3]) == [3]
    assert prepared(data) == [len(data.cases)]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (None, "an object of type NoneType"),
        (3, "an object of type int"),
        ("chicago", r"accountability.load\('chicago'\)"),
        (pd.DataFrame({"days": [1]}), "accountability.from_frame"),
        (Durations, "the class Durations"),
    ],
)
@pytest.mark.parametrize("function", [days, people])
def test_other_objects_are_refused_with_the_line_to_write(function, given, said) -> None:
    with pytest.raises(ParameterError, match=said):
        function(given)


def test_durations_are_no_cohort(data) -> None:
    with pytest.raises(ParameterError, match="one row a case and no allegations"):
        people(durations(Cohort.of(data)))


@pytest.mark.parametrize(
    ("by", "said"),
    [
        (3, "found int"),
        (["category", 3], "found int"),
        ("events", "results use themselves"),
        (["a", "a"], "more than once"),
        (pd.DataFrame(), "found DataFrame"),
        ("days_or_nothing", "no column 'days_or_nothing'"),
    ],
)
def test_a_wrong_by_is_refused(data, by, said) -> None:
    with pytest.raises(ParameterError, match=said):
        days(durations(Cohort.of(data)), by=by)


def test_one_string_is_one_column() -> None:
    assert column_names("investigated_by") == ["investigated_by"]
    assert column_names(("a", "b")) == ["a", "b"]


def test_a_word_that_a_function_does_not_take_is_refused_with_those_it_takes() -> None:
    with pytest.raises(ParameterError, match=r"delay.how_long got an unexpected keyword argument 'level'; it takes"):
        accountability.delay.how_long(accountability.load("synthetic"), level=0.9)  # type: ignore[call-arg]


@pytest.mark.parametrize("function", [days, people, prepared])
def test_what_rests_on_a_refused_estimate_is_refused_for_the_same_reason(function) -> None:
    def none() -> object:
        raise Refusal("no closing has a day")

    with pytest.raises(Refusal, match="no closing has a day"):
        function(or_refusal(none))
