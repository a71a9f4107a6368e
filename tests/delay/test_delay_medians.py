"""One row a group, whatever the estimator: the median and the share closed by a day, with what bounds them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountability import delay
from accountability.delay.groups import COLUMNS
from accountability.delay.groups import _row_each as medians
from accountability.study.durations import Durations, Sampling


def status(ages, closed, **more):
    made = Durations.from_days(np.where(closed, 0, ages), closed, days_upper=ages, **more)
    object.__setattr__(made, "current_status", True)
    return made


def row(made, day, **more):
    return medians(delay.how_long(made, **more).curve, day).iloc[0]


def test_days_give_a_median_and_its_interval():
    made = Durations.from_days([3, 5, 5, 9], [True, True, False, True])
    found = row(made, 5)
    curve = delay.closing_curve(made)
    assert found[["n", "open", "median"]].tolist() == [4, 1, 5]
    assert found["median_lower"] == curve.quantiles().iloc[0]["lower"]
    assert found["closed_within"] == pytest.approx(0.5)
    assert found["closed_within_lower"] < 0.5 < found["closed_within_upper"]


def test_months_give_the_days_the_median_lies_between():
    found = row(Durations.from_days([1, 40], days_upper=[30, 70]), 50)
    assert pd.isna(found["median"])
    assert found[["median_lower", "median_upper"]].tolist() == [1, 30]
    assert pd.isna(found["closed_within"])
    assert found[["closed_within_lower", "closed_within_upper"]].tolist() == [0.5, 1.0]
    known = row(Durations.from_days([1, 40], days_upper=[30, 70]), 35)
    assert known[["closed_within", "closed_within_lower", "closed_within_upper"]].tolist() == [0.5, 0.5, 0.5]


@pytest.mark.parametrize(
    ("day", "low", "high"), [(5, 0, 0), (10, 0, 0), (15, 0, 1), (20, 1, 1), (25, 1, 1), (9_000, 1, 1)]
)
def test_a_status_gives_the_ages_the_median_lies_between(day, low, high):
    found = row(status([10, 20], [False, True]), day)
    assert found[["median_lower", "median_upper"]].tolist() == [11, 20]
    assert found[["closed_within_lower", "closed_within_upper"]].tolist() == [low, high]


def test_beyond_the_oldest_age_a_status_says_nothing_more():
    found = row(status([10, 20, 20], [False, True, False]), 30)
    assert found[["closed_within_lower", "closed_within_upper"]].tolist() == [0.5, 1.0]


def test_closed_cases_alone_speak_of_those_that_close_in_time():
    made = Durations.from_days([1, 2, 3], longest=[9, 9, 9], sampling=Sampling("closed_only", "excluded"))
    found = row(made, 2)
    assert found["closed_within"] == pytest.approx(2 / 3)
    assert found["median"] == 2
    assert row(made, 9)["closed_within"] == 1
    groups = delay.compare_groups(made, within_days=2)
    assert groups.sentence().startswith("Of 3 cases that closed within 9 days, 66.7 % had closed within 2 days (95 %")


def test_groups_of_closed_cases_and_the_overall_row_share_a_horizon():
    made = Durations.from_days(
        [1, 2, 3, 4, 8],
        longest=[5, 5, 9, 9, 9],
        groups={"g": list("aabbb")},
        sampling=Sampling("closed_only", "excluded"),
    )
    groups = delay.compare_groups(made, "g")
    assert "within 5 days" in groups.sentence()
    assert groups.true_numbers()["n"].tolist() == [4, 2, 2]
    assert groups.test is None
    assert groups.table["hidden"].tolist() == [False, True, True]


def test_groups_by_month_are_tested_and_by_status_are_not():
    by_month = Durations.from_days(
        [1, 40, 90, 95] * 10, days_upper=[30, 70, 95, 99] * 10, groups={"g": list("aabb") * 10}
    )
    groups = delay.compare_groups(by_month, "g")
    assert "coarse at both ends" in groups.test.method
    assert "The median runs from 1 to 30 days (a) to 95 days (b)." in groups.sentence()
    groups = delay.compare_groups(
        status([10, 20, 10, 20] * 10, [False, True] * 20, groups={"g": list("aabb") * 10}), "g", 15
    )
    assert groups.test is None
    assert "Of 40 cases, 20 still open, 0.0 % to 100.0 % had closed within 15 days." in groups.sentence()
    axes = groups.plot()
    assert "without sampling error" in axes.get_xlabel().replace("\n", " ")


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 30), st.booleans()), min_size=1, max_size=30))
def test_every_estimator_gives_one_row_of_the_same_columns_in_order(rows):
    low, width, closed = (np.array(column) for column in zip(*rows, strict=True))
    for made in (
        Durations.from_days(low, closed),
        Durations.from_days(low, closed, days_upper=low + width),
        status(low, closed),
    ):
        found = medians(delay.how_long(made).curve, 20)
        assert list(found.columns) == list(COLUMNS)
        assert len(found) == 1
        assert found["n"].item() == len(rows)
        shares = found[["closed_within_lower", "closed_within_upper"]].dropna().to_numpy()
        assert ((shares >= -1e-9) & (shares <= 1 + 1e-9)).all()
        assert (shares[:, 0] <= shares[:, 1] + 1e-9).all()
