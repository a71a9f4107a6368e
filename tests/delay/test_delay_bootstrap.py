from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from accountability import delay
from accountability.errors import ParameterError, Refusal
from accountability.study.durations import Durations


@settings(deadline=None, max_examples=examples(40))
@given(
    st.lists(st.tuples(st.integers(0, 40), st.booleans(), st.sampled_from("abcdef")), min_size=2, max_size=40).filter(
        lambda rows: len({row[2] for row in rows}) > 1
    )
)
def test_the_estimate_is_the_curves_and_the_interval_comes_from_the_seed(rows):
    days, closed, officer = (list(column) for column in zip(*rows, strict=True))
    made = Durations.from_days(days, closed, groups={"officer": officer})
    one = delay.bootstrap(made, 7, cluster="officer", replicates=20)
    pd.testing.assert_frame_equal(one.table, delay.bootstrap(made, 7, cluster="officer", replicates=20).table)
    day = delay.closing_curve(made).quantiles()["estimate"].item()
    estimate = one.table["estimate"].item()
    assert (pd.isna(day) and pd.isna(estimate)) or day == estimate


def test_a_replicate_is_the_curve_of_the_resampled_cases():
    rng = np.random.default_rng(2)
    officer = rng.integers(0, 8, 60)
    made = Durations.from_days(rng.integers(0, 30, 60), rng.random(60) < 0.8, groups={"officer": officer})
    drawn = []

    def found(cases):
        mean = delay.restricted_mean(cases, 20).table["estimate"].item()
        drawn.append((delay.closing_curve(cases).median()["estimate"].item(), mean))
        return drawn[-1]

    settings = {"cluster": "officer", "until": 20, "replicates": 40}
    slow, fast = delay.bootstrap(made, 3, statistic=found, **settings), delay.bootstrap(made, 3, **settings)
    assert len(drawn) == 41
    columns = ["estimate", "lower", "upper"]
    assert fast.table[columns].to_numpy() == pytest.approx(slow.table[columns].to_numpy())
    assert slow.table["statistic"].tolist() == ["found 1", "found 2"]


def test_cases_that_hang_together_get_a_wider_interval():
    rng = np.random.default_rng(4)
    officer = np.repeat(np.arange(40), 50)
    days = np.round(np.repeat(rng.gamma(4, 50, 40), 50) * rng.uniform(0.9, 1.1, 2000)).astype(int)
    made = Durations.from_days(days, groups={"officer": officer})
    alone = delay.bootstrap(made, 1, replicates=200).table.iloc[0]
    together = delay.bootstrap(made, 1, cluster="officer", replicates=200).table.iloc[0]
    assert together["upper"] - together["lower"] > 2 * (alone["upper"] - alone["lower"])


def test_not_reached_is_kept_in_the_interval():
    made = Durations.from_days(np.arange(40), np.arange(40) % 2 == 0)
    row = delay.bootstrap(made, 3, shares=0.7, replicates=100).table.iloc[0]
    assert 0 < row["not_reached"] < 1
    assert np.isnan(row["upper"])


def test_groups_and_a_restricted_mean_are_said():
    made = Durations.from_days(np.repeat([1, 2, 3, 4, 5, 6], 5), groups={"g": np.repeat(["a", "b"], 15)})
    result = delay.bootstrap(made, 3, by="g", shares=[0.25, 0.5], until=2, replicates=50)
    assert result.table["g"].tolist() == ["a"] * 3 + ["b"] * 3
    assert "b: mean days open within 2: 2 days" in result.sentence()


def test_a_group_of_few_cases_is_not_shown_beside_others():
    group = np.repeat(["a", "b", "c"], [30, 20, 6])
    result = delay.bootstrap(Durations.from_days(np.arange(56), groups={"g": group}), 3, by="g", replicates=50)
    assert result.table["hidden"].tolist() == [False, True, True]
    assert result.table.loc[1:, ["n", "estimate", "lower", "upper"]].isna().all(axis=None)
    assert "c: day by which 50 % had closed: too few cases to show" in result.sentence()
    assert result.true_numbers()["n"].tolist() == [30, 20, 6]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"cluster": "g"}, Refusal, "at least two clusters"),
        ({"cluster": "h"}, ParameterError, "no column 'h'"),
        ({"replicates": 1}, ParameterError, "at least 2"),
        ({"shares": 1.0}, ParameterError, "between 0 and 1"),
        ({"confidence": 2}, ParameterError, "confidence"),
    ],
)
def test_a_bootstrap_that_cannot_be_had_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        delay.bootstrap(Durations.from_days([1, 2], groups={"g": ["x", "x"]}), 1, **arguments)


@pytest.mark.parametrize(
    "how",
    [
        {"shares": (0.25, 0.5)},
        {"until": 100},
        {"causes": "how", "days": (50, 90)},
        {"within": 150},
        {"statistic": lambda held: np.median(held.days_upper)},
        {"coarse": 15},
    ],
    ids=lambda how: next(iter(how)),
)
def test_a_resample_without_a_group_is_not_one_that_was_never_reached(how):
    """Group z has one officer, whom a third of the resamples leave out."""
    size = 240
    groups = {
        "g": np.where(np.arange(size) < 80, "z", "w"),
        "officer": np.where(np.arange(size) < 80, 0, np.arange(size)),
        "how": np.resize(["a", "b"], size),
    }
    days = np.arange(size) * 7 % 140
    made = Durations.from_days(days, groups=groups, longest=np.full(size, 150))
    if "coarse" in how:
        made = replace(made, table=made.table.assign(days_upper=days + how["coarse"]))
        how = {}
    with pytest.raises(Refusal, match=r"z: .* resamples hold no case"):
        delay.bootstrap(made, 1, by="g", cluster="officer", replicates=60, **how)
