import pandas as pd
import pytest
from agency import agency, event

from accountability.errors import ParameterError
from accountability.study.cohort import Cohort


@pytest.fixture
def town():
    cases = pd.DataFrame({"case_id": ["a", "b", "c"], "year": [2018, 2019, 2020], "beat": ["1", None, "2"]})
    allegations = pd.DataFrame(
        {
            "case_id": ["a", "a", "b", "c"],
            "officer_id": ["x", "y", "x", None],
            "finding": ["sustained", "unfounded", "sustained", "pending"],
        }
    )
    events = [
        event("a", "received", "2018-01-01"),
        event("a", "findings", "2018-03-01", officer="x"),
        event("a", "findings", "2018-04-01", officer="y"),
        event("c", "received", "2020-01-01"),
    ]
    return agency(events, cases=cases, allegations=allegations)


def test_flow_counts_cases_and_allegations_at_every_step(town):
    cohort = Cohort.of(town).keep_if(lambda cases: cases["year"] < 2020, because="received before 2020")
    flow = cohort.flow()
    assert flow["because"].tolist() == ["all cases of small_town", "received before 2020"]
    assert flow[["kept", "excluded"]].to_numpy().tolist() == [[3, 0], [2, 1]]
    assert flow[["allegations_kept", "allegations_excluded"]].to_numpy().tolist() == [[4, 0], [3, 1]]


def test_a_dropped_case_takes_its_allegations_and_events_along(town):
    cohort = Cohort.of(town).keep_if(lambda cases: cases["case_id"] != "a", because="without a")
    assert set(cohort.allegations["case_id"]) == {"b", "c"}
    assert set(cohort.events["case_id"]) == {"c"}


def test_a_condition_on_allegations_keeps_cases_with_one_left_and_events_of_officers_left(town):
    cohort = Cohort.of(town).keep_if(
        lambda allegations: allegations["finding"] == "sustained", because="sustained", of="allegations"
    )
    assert cohort.cases["case_id"].tolist() == ["a", "b"]
    assert cohort.events["officer_id"].dropna().tolist() == ["x"]
    assert (cohort.events["stage"] == "received").sum() == 1


def test_the_source_is_not_changed(town):
    before = town.cases.copy()
    Cohort.of(town).keep_if(town.cases["year"] > 2018, because="later").with_case_column(
        "n", lambda cohort: cohort.allegations.groupby("case_id").size()
    )
    pd.testing.assert_frame_equal(town.cases, before)


def test_a_condition_that_does_not_know_is_refused_with_its_count(town):
    with pytest.raises(ParameterError, match="unknown for 1 of 3 cases"):
        Cohort.of(town).keep_if(lambda cases: (cases["beat"] == "1").where(cases["beat"].notna()), because="x")


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (lambda cases: cases["year"], "true or false"),
        (lambda cases: [True, True, False], "pandas Series"),
        (pd.Series([True, False], index=[7, 8]), "another index"),
    ],
)
def test_a_condition_of_the_wrong_kind_is_refused(town, condition, message):
    with pytest.raises(ParameterError, match=message):
        Cohort.of(town).keep_if(condition, because="x")


def test_a_reason_is_required(town):
    with pytest.raises(ParameterError, match="because="):
        Cohort.of(town).keep_if(town.cases["year"] > 2018, because=" ")


def test_a_column_by_case_is_aligned_and_missing_where_there_is_no_value(town):
    cohort = Cohort.of(town).with_case_column("outcome", pd.Series({"b": "sustained", "a": "unfounded"}))
    assert cohort.cases["outcome"].tolist()[:2] == ["unfounded", "sustained"]
    assert cohort.cases["outcome"].isna().tolist() == [False, False, True]
    with pytest.raises(ParameterError, match="more than once"):
        cohort.with_case_column("again", pd.Series(["x", "y"], index=["a", "a"]))
    with pytest.raises(ParameterError, match="already"):
        cohort.with_case_column("year", pd.Series({"a": 1}))
    with pytest.raises(ParameterError, match=r"none of their 2 index values, such as 0, is that of a case") as refused:
        cohort.with_case_column("again", pd.Series(["x", "y"]))  # by place: every case would have lacked a value
    assert "values.set_axis(cohort.cases['case_id'])" in str(refused.value)
