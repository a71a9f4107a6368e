from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st

import accountability
from accountability import Cohort, delay
from accountability.errors import Refusal
from accountability.stats.npmle import BEYOND, NotConverged, collapse, innermost, solve
from accountability.study import clocks
from accountability.study.durations import Durations, Sampling

calm = settings(deadline=None, max_examples=examples(60))
spans = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 25), st.booleans()), min_size=1, max_size=40)


def built(rows, **more):
    low, width, closed = (np.array(column) for column in zip(*rows, strict=True))
    return Durations.from_days(low, closed, days_upper=low + width, **more)


def em(low, high, steps=4000):
    """The textbook self-consistency iteration, slow and sure."""
    first, last, number = collapse(low, high)
    begin, _, start, stop = innermost(first, last)
    place = np.arange(len(begin))
    covers = (place >= start[:, None]) & (place < stop[:, None])
    mass = np.full(len(begin), 1 / len(begin))
    for _ in range(steps):
        mass = mass * (covers.T @ (number / (covers @ mass))) / number.sum()
    return float(number @ np.log(covers @ mass))


@calm
@given(spans)
def test_no_other_curve_is_more_likely_than_the_one_returned(rows):
    low, width, closed = (np.array(column) for column in zip(*rows, strict=True))
    high = np.where(closed, low + width, BEYOND)
    found = solve(low, high)
    assert found.gap <= 1e-6
    assert found.mass.sum() == pytest.approx(1)
    # The gap bounds what any curve could still gain; the slow iteration must not beat it.
    assert found.loglik >= em(low, high) - 1e-6 * len(rows)


@calm
@given(st.lists(st.tuples(st.integers(0, 50), st.booleans()), min_size=1, max_size=60))
def test_with_days_it_is_the_closing_curve(rows):
    days, closed = (np.array(column) for column in zip(*rows, strict=True))
    made = Durations.from_days(days, closed)
    by_days = delay.closing_curve(made).table
    by_days = by_days[by_days["events"] > 0]
    stretches = delay.interval_curve(made).table
    stretches = stretches[stretches["last_day"].notna()]
    assert stretches["first_day"].tolist() == by_days["day"].tolist()
    assert stretches["estimate"].tolist() == pytest.approx(by_days["estimate"].tolist(), abs=1e-5)


@calm
@given(spans, st.randoms(use_true_random=False))
def test_row_order_changes_nothing(rows, random):
    shuffled = rows.copy()
    random.shuffle(shuffled)
    pd.testing.assert_frame_equal(delay.interval_curve(built(rows)).table, delay.interval_curve(built(shuffled)).table)


@calm
@given(spans)
def test_the_bounds_of_the_curve_hold_its_heights(rows):
    curve = delay.interval_curve(built(rows))
    days = np.arange(70)
    bounds = curve.at(days)
    assert (bounds["lower"] <= bounds["upper"]).all()
    assert (bounds[["lower", "upper"]].diff().dropna() <= 1e-12).all().all()


def test_groups_are_solved_apart():
    rows = [(0, 5, True), (3, 4, True), (8, 0, False), (2, 9, True)]
    both = delay.interval_curve(built(rows * 2, groups={"g": ["a"] * 4 + ["b"] * 4}), by="g")
    alone = delay.interval_curve(built(rows))
    for _, part in both.true_numbers().groupby("g"):
        pd.testing.assert_frame_equal(part.drop(columns="g").reset_index(drop=True), alone.table)


@calm
@given(spans)
def test_the_masses_are_unique(rows):
    """The cases that end in a stretch with mass make a triangular system: full rank."""
    low, width, closed = (np.array(column) for column in zip(*rows, strict=True))
    high = np.where(closed, low + width, BEYOND)
    found = solve(low, high)
    covers = (low[:, None] <= found.first) & (found.last <= high[:, None])
    assert np.linalg.matrix_rank(covers.astype(float)) == len(found.mass)


def test_a_median_inside_a_stretch_is_a_stretch():
    curve = delay.interval_curve(built([(10, 20, True)] * 3 + [(90, 0, False)]))
    row = curve.quantiles([0.5, 0.9])
    assert row["reads"].tolist() == ["10 to 30", "not reached"]
    assert "lies between 10 and 30" in curve.sentence()
    assert curve.at([9, 10, 29, 30])[["lower", "upper"]].to_numpy().tolist() == [
        [1, 1], [0.25, 1], [0.25, 1], [0.25, 0.25]
    ]  # fmt: skip


def test_all_open_one_case_and_all_in_one_interval():
    assert delay.interval_curve(built([(4, 0, False), (9, 0, False)])).quantiles()["reads"].tolist() == ["not reached"]
    assert delay.interval_curve(built([(4, 3, True)])).table["mass"].tolist() == [1]
    same = delay.interval_curve(built([(4, 3, True)] * 5))
    assert same.table[["first_day", "last_day"]].to_numpy().tolist() == [[4, 7]]


def test_a_million_month_dated_cases_cost_little_more_than_their_distinct_intervals():
    rng = np.random.default_rng(8)
    start = rng.integers(0, 4000, 200_000)
    stop = start + (rng.weibull(1.1, len(start)) * 400).astype(int)
    low = np.maximum(stop // 30 * 30 - (start // 30 * 30 + 29), 0)
    high = stop // 30 * 30 + 29 - start // 30 * 30
    still = stop > 4200
    low = np.where(still, 4200 - start // 30 * 30 - 29, low)
    curve = delay.interval_curve(Durations.from_days(low, ~still, days_upper=np.where(still, 0, high)))
    truth = np.log(2) ** (1 / 1.1) * 400
    row = curve.quantiles().iloc[0]
    assert row["lower"] - 30 <= truth <= row["upper"] + 30
    assert curve.convergence["kuhn_tucker_gap"].iloc[0] <= 1e-6


def test_late_entry_and_closed_only_are_refused():
    with pytest.raises(Refusal, match="started after watching began"):
        delay.interval_curve(Durations.from_days([5], days_upper=[9], entry_time=[2]))
    with pytest.raises(Refusal, match="reverse_time_curve"):
        delay.interval_curve(Durations.from_days([5], days_upper=[9], sampling=Sampling("closed_only", "excluded")))


def test_an_unproven_maximum_is_an_error(monkeypatch):
    monkeypatch.setattr(
        "accountability.stats.npmle._maximise", lambda start, stop, number, size: np.full(size, 1 / size)
    )
    with pytest.raises(NotConverged, match="Kuhn-Tucker gap"):
        solve(np.array([0, 5, 5, 9]), np.array([0, 5, 5, 9]))


def test_the_figure_shades_what_is_not_known():
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    curve = delay.interval_curve(
        built([(10, 20, True), (3, 0, True), (90, 0, False)] * 20, groups={"g": ["a"] * 30 + ["b"] * 30}), by="g"
    )
    axes = curve.plot()
    assert len(axes.collections) == 2  # one shaded stretch a group
    axes.figure.canvas.draw()
    plt.close(axes.figure)


def test_a_curve_from_dates_coarse_at_both_ends_says_that_it_is_approximate() -> None:
    exact = accountability.load("synthetic")
    # The same agency, published with the month of every receipt and closing alone.
    month = exact.events["earliest"].dt.to_period("M")
    coarse = exact.events["stage"].isin(["received", "closed"]) & exact.events["set_aside"].isna()
    events = exact.events.assign(
        earliest=exact.events["earliest"].mask(coarse, month.dt.start_time).astype("datetime64[s]"),
        latest=exact.events["latest"].mask(coarse, month.dt.end_time.dt.normalize()).astype("datetime64[s]"),
    )
    cohort = Cohort.of(exact)
    curve = delay.interval_curve(clocks.durations(replace(cohort, events=events)))
    assert curve.coarse_starts > 4000
    assert curve.widest_start == 31
    assert "can be off by up to 31 days" in curve.sentence()
    half = curve.quantiles(0.5).iloc[0]
    true_median = 125  # of the same complaints, dated to the day
    assert half["lower"] - curve.widest_start <= true_median <= half["upper"] + curve.widest_start
