"""Likelihood-ratio limits of curves from coarse dates and from statuses."""

import dataclasses

import numpy as np
import pytest
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from accountability import delay
from accountability.errors import ParameterError, Refusal
from accountability.study.durations import Durations, Sampling

calm = settings(deadline=None, max_examples=examples(25))


def status(ages, closed, **more):
    ages, closed = np.asarray(ages), np.asarray(closed, dtype=bool)
    made = Durations.from_days(np.where(closed, 0, ages), closed, days_upper=ages, longest=ages, **more)
    return dataclasses.replace(made, current_status=True, sampling=Sampling("no_closing_date", "status_only"))


def binomial_limits(n, k, fall=3.841458820694124):
    """Shares at which the binomial likelihood has fallen by `fall`, on a fine grid."""
    share = np.linspace(1e-6, 1 - 1e-6, 2_000_001)
    log = k * np.log(share) + (n - k) * np.log1p(-share)
    inside = share[2 * (log.max() - log) <= fall]
    return inside[0], inside[-1]


def test_without_open_cases_or_coarse_dates_the_limits_are_those_of_a_share():
    days = np.repeat([3, 9], [30, 70])
    row = delay.curve_limits(Durations.from_days(days), [5]).table.iloc[0]
    low, high = binomial_limits(100, 70)
    assert row["lowest"] == row["highest"] == pytest.approx(0.7)
    assert (row["lower"], row["upper"]) == (pytest.approx(low, abs=2e-4), pytest.approx(high, abs=2e-4))


def test_statuses_at_two_ages_are_two_shares():
    made = status([10] * 50 + [20] * 50, [True] * 10 + [False] * 40 + [True] * 30 + [False] * 20)
    row = delay.curve_limits(made, [10]).table.iloc[0]
    low, high = binomial_limits(50, 40)
    assert (row["lower"], row["upper"]) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))
    assert "few distinct ages" in delay.curve_limits(made, [10]).method


@calm
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 25), st.booleans()), min_size=1, max_size=25),
    st.integers(0, 60),
)
def test_the_limits_hold_the_estimate_and_lie_between_0_and_1(rows, day):
    low, width, closed = (np.array(column) for column in zip(*rows, strict=True))
    row = delay.curve_limits(Durations.from_days(low, closed, days_upper=low + width), [day]).table.iloc[0]
    assert 0 <= row["lower"] <= row["lowest"] + 1e-3
    assert row["highest"] - 1e-3 <= row["upper"] <= 1


@calm
@given(st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=40), st.integers(0, 45))
def test_status_limits_hold_the_estimate(rows, day):
    ages, closed = zip(*rows, strict=True)
    row = delay.curve_limits(status(ages, closed), [day]).table.iloc[0]
    assert 0 <= row["lower"] <= row["lowest"] + 1e-9
    assert row["highest"] - 1e-9 <= row["upper"] <= 1


def test_a_day_before_any_closing_has_no_uncertainty_below_its_limit():
    row = delay.curve_limits(Durations.from_days([50] * 40), [10]).table.iloc[0]
    assert row["upper"] == 1
    assert row["lower"] == pytest.approx(np.exp(-3.841459 / 80), abs=2e-3)  # nobody of 40: the likelihood is S**40


def test_quantile_limits_are_where_the_curves_limits_pass_the_share():
    rng = np.random.default_rng(1)
    took = rng.exponential(200, 300).astype(int) // 30 * 30
    made = Durations.from_days(took, days_upper=took + 29)
    row = delay.quantile_limits(made).table.iloc[0]
    at = delay.curve_limits(made, [row["lower"] - 1, row["lower"], row["upper"] - 1, row["upper"]]).table
    assert at["lower"].iloc[0] > 0.5 >= at["lower"].iloc[1]
    assert at["upper"].iloc[2] > 0.5 >= at["upper"].iloc[3]
    assert row["lower"] <= row["earliest"] <= row["latest"] <= row["upper"]


def test_more_cases_give_narrower_limits_and_groups_are_apart():
    rng = np.random.default_rng(5)
    took, age = rng.exponential(200, 3000).astype(int), rng.integers(0, 900, 3000)
    group = np.where(np.arange(3000) < 300, "few", "many")
    result = delay.curve_limits(status(age, took <= age, groups={"g": group}), [150], by="g")
    few, many = ((row.upper - row.lower) for row in result.table.itertuples())
    assert many < few
    assert "few: " in result.sentence().lower()
    assert "Banerjee" in result.method


def test_what_the_ratio_is_held_against_follows_from_how_coarse_the_dates_are():
    """Statuses with many ages: the curve comes closer more slowly, and the ratio is smaller by chance."""
    from accountability.stats.likelihood_limits import _allowed

    fall = 3.841458820694124
    assert _allowed(12, 400, 0.95, fall)[0] == fall
    assert _allowed(500, 400, 0.95, fall) == (2.34, "Banerjee and Wellner's limit")
    days = np.random.default_rng(6).integers(0, 300, 90)
    made = Durations.from_days(days, days_upper=days + 40)
    assert "chi-squared" in delay.curve_limits(made, [100]).method
    some = Durations.from_days(days, days_upper=np.where(np.arange(90) < 30, days, days + 40))
    assert "chi-squared" in delay.curve_limits(some, [100]).method


def test_not_reached_stays_so():
    made = status([10, 20, 30], [False, False, False])
    row = delay.quantile_limits(made).table.iloc[0]
    assert row[["earliest", "latest", "upper"]].isna().all()
    assert "not reached" in delay.quantile_limits(made).sentence()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: delay.curve_limits(Durations.from_days([1]), []), ParameterError, "one or more days"),
        (lambda: delay.curve_limits(Durations.from_days([1]), [-1]), ParameterError, "from 0 on"),
        (
            lambda: delay.curve_limits(status(range(900), [True] * 900), [1], confidence=0.5),
            ParameterError,
            r"0\.80 to 0\.99",
        ),
        (lambda: delay.quantile_limits(Durations.from_days([1]), 1.5), ParameterError, "between 0 and 1"),
        (lambda: delay.curve_limits(Durations.from_days([5], entry_time=[2]), [1]), Refusal, "entered late"),
    ],
)
def test_limits_that_cannot_be_had_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_limits_are_drawn_a_line_a_row():
    import matplotlib.pyplot as plt

    rng = np.random.default_rng(2)
    days = rng.integers(0, 200, 30)
    made = Durations.from_days(days, rng.random(30) < 0.4, days_upper=days + 30, groups={"unit": np.arange(30) % 2})
    for found, labels in (
        (delay.curve_limits(made, [50, 100], "unit"), ["0: day 50", "0: day 100", "1: day 50", "1: day 100"]),
        (delay.quantile_limits(made, [0.25, 0.9]), ["25 % closed", "90 % closed"]),
    ):
        axes = found.plot()
        assert [label.get_text() for label in axes.get_yticklabels()] == labels
        assert "95 % limits" in axes.get_xlabel()
        plt.close(axes.figure)


def test_groups_held_against_different_limits_are_said_so():
    rng = np.random.default_rng(3)
    age = np.where(np.arange(400) < 200, rng.choice([100, 300], 400), rng.integers(0, 600, 400))
    made = status(age, rng.exponential(200, 400) < age, groups={"unit": np.arange(400) // 200})
    method = delay.curve_limits(made, [150], "unit").method
    assert "Banerjee and Wellner's limit" in method
    assert "chi-squared on 1 degree of freedom (few distinct ages)" in method


def test_a_median_from_statuses_is_said_with_its_margin_of_chance():
    rng = np.random.default_rng(3)
    age = rng.integers(0, 600, 400)
    made = status(age, rng.exponential(200, 400) < age, groups={"unit": np.arange(400) % 2})
    row = delay.quantile_limits(made).table.iloc[0]
    said = delay.how_long(made).sentence()
    assert f"the 95 % limits of that median are {int(row['lower']):,} to {int(row['upper']):,} days" in said
    assert "0: " in delay.how_long(made, "unit").sentence().split("Chance included")[1]
    assert "Chance included" not in delay.how_long(made, confidence=0.5).sentence()  # no table of limits goes so low


def test_groups_with_coarse_dates_can_be_shown_with_chance():
    rng = np.random.default_rng(4)
    days = rng.integers(0, 300, 40)
    made = Durations.from_days(days, rng.random(40) < 0.8, days_upper=days + 30, groups={"unit": np.arange(40) % 2})
    plain, found = (delay.compare_groups(made, "unit", 150, chance=chance) for chance in (False, True))
    assert "without sampling error" in plain.limits
    assert found.limits == "95 % likelihood-ratio limits"
    limits = delay.quantile_limits(made, 0.5, "unit").table
    assert sorted(found.true_numbers()["median_lower"][1:]) == sorted(limits["lower"])
    assert (found.true_numbers()["median_lower"] <= plain.true_numbers()["median_lower"]).all()
    assert (found.true_numbers()["median_upper"] >= plain.true_numbers()["median_upper"]).all()
    assert (found.true_numbers()["closed_within_lower"] <= plain.true_numbers()["closed_within_lower"]).all()
