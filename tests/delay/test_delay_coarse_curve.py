"""The smooth curve from dates known to a month, at one end or at both."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from accountability import delay
from accountability.delay.groups import _row_each as medians
from accountability.errors import ParameterError, Refusal
from accountability.study.durations import Durations, Sampling

MONTH = 30
calm = settings(deadline=None, max_examples=examples(25))


def agency(seed=1, cases=400, *, starts=True, last=1200, mean=200.0, groups=None):
    """Exponential delays in months of 30 days, and the same delays to the day."""
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 900, cases)
    took = rng.exponential(mean, cases).astype(int)
    stop = start + took
    closed = stop <= last
    first, latest = (start // MONTH * MONTH, start // MONTH * MONTH + MONTH - 1) if starts else (start, start)
    begin, end = stop // MONTH * MONTH, np.minimum(stop // MONTH * MONTH + MONTH - 1, last)
    low = np.where(closed, np.maximum(np.maximum(begin, first) - latest, 0), last - latest)
    columns = dict(groups or {})
    columns["way"] = np.where(rng.random(cases) < 0.3, "sustained", "other")
    if starts:
        columns |= {"start_span": latest - first + 1, "stop_span": np.where(closed, end - begin + 1, 0)}
    made = Durations.from_days(low, closed, days_upper=np.where(closed, end - first, 0), groups=columns)
    return made, Durations.from_days(np.minimum(took, last - start), closed)


def pairs_of_days(made, curve):
    """Each case's likelihood for a unit of each mass, by going through every pair of days."""
    fitted = curve.fits[0]
    table = made.table
    rows = []
    for row in table.itertuples():
        weight = np.zeros(fitted.shape.shape[1])
        beyond = np.zeros_like(weight)
        for begun in range(row.start_span):  # days after the earliest start
            if row.event:
                ends = row.days_upper - np.arange(row.stop_span) - begun
                np.add.at(weight, ends[ends >= 0], 1)
            else:
                beyond[row.days_lower + begun] += 1
        still = 1 - np.cumsum(fitted.shape, axis=1)
        rows.append(fitted.shape @ weight if row.event else still @ beyond)
    return np.array(rows)


@pytest.fixture(scope="module")
def small():
    made, _ = agency(seed=4, cases=150)
    return made, delay.coarse_curve(made)


def test_the_likelihood_is_that_of_every_pair_of_days_and_no_optimiser_does_better(small):
    made, curve = small
    design = pairs_of_days(made, curve)
    mass = curve.fits[0].mass.ravel()
    ours = np.log(design @ mass).sum()
    assert ours == pytest.approx(curve.fits[0].loglik, abs=1e-8)
    start = np.full(len(mass), 1 / len(mass))
    other = minimize(
        lambda p: -np.log(np.maximum(design @ p, 1e-300)).sum(),
        start,
        jac=lambda p: -design.T @ (1 / np.maximum(design @ p, 1e-300)),
        bounds=[(0, 1)] * len(mass),
        constraints={"type": "eq", "fun": lambda p: p.sum() - 1, "jac": np.ones_like},
        method="SLSQP",
        options={"ftol": 1e-13, "maxiter": 1000},
    )
    assert -other.fun <= ours + 1e-8
    assert -other.fun == pytest.approx(ours, abs=1e-5)
    assert np.allclose(other.x, mass, atol=2e-4)


def test_the_errors_are_those_of_the_curvature_of_the_likelihood(small):
    made, curve = small
    design = pairs_of_days(made, curve)
    fitted = curve.fits[0]
    held = np.flatnonzero(fitted.mass.ravel() > 0)
    mass, design = fitted.mass.ravel()[held], design[:, held]
    # All masses but the last are free; the last is what is left.
    free = design[:, :-1] - design[:, [-1]]
    information = (free / (design @ mass)[:, None] ** 2).T @ free
    still = 1 - np.cumsum(fitted.shape[held], axis=1)[:, 150]
    slope = still[:-1] - still[-1]
    expected = np.sqrt(slope @ np.linalg.inv(information) @ slope)
    assert curve.table["std_error"].iloc[150] == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize("starts", [True, False])
def test_a_large_agency_shows_its_true_curve(starts):
    made, _ = agency(seed=2, cases=300_000, starts=starts)
    curve = delay.coarse_curve(made, causes="way")
    shown = curve.at([15, 45, 60, 150, 300])
    truth = np.exp(-(shown["day"] + 1) / 200)
    error = curve.table["std_error"].iloc[shown["day"]].to_numpy()
    # Four standard errors of sampling, and a thousandth for what a linear spline does not follow.
    assert (np.abs(shown["estimate"] - truth) < 4 * error + 1e-3).all()
    assert int(curve.quantiles(0.5)["estimate"].iloc[0]) == pytest.approx(200 * np.log(2), abs=2)
    mean = delay.restricted_mean(made, 300).table.iloc[0]
    assert mean["estimate"] == pytest.approx(np.exp(-np.arange(1, 301) / 200).sum(), abs=4 * mean["std_error"] + 0.1)
    sustained = curve.causes_at([150]).set_index("cause").loc["sustained"]
    assert sustained["estimate"] == pytest.approx(0.3 * (1 - np.exp(-151 / 200)), abs=4 * sustained["std_error"])


def test_months_cost_little_beside_the_days_they_hide():
    made, exact = agency(seed=3, cases=5_000)
    coarse = delay.coarse_curve(made)
    known = delay.closing_curve(exact)
    days = [60, 150, 300]
    here, there = coarse.at(days), known.at(days)
    width = (here["upper"] - here["lower"]) / (there["upper"] - there["lower"])
    assert width.between(0.95, 1.15).all()
    assert (np.abs(here["estimate"] - there["estimate"]) < (there["upper"] - there["lower"]) / 2).all()


def test_starts_that_are_coarse_too_are_weighed_where_the_interval_curve_takes_all_days_as_alike():
    made, exact = agency(seed=2, cases=100_000, mean=60.0)
    truth = delay.closing_curve(exact).at([31])["estimate"].iloc[0]
    smooth = delay.coarse_curve(made).at([31])["estimate"].iloc[0]
    alike = delay.interval_curve(made).at([31]).iloc[0]
    assert smooth == pytest.approx(truth, abs=0.003)
    assert truth > alike["upper"] + 0.01


def test_the_shares_of_all_ways_and_of_open_cases_are_one():
    made, _ = agency(seed=5)
    curve = delay.coarse_curve(made, causes="way")
    days = [0, 30, 200, 400]
    closed = curve.true_causes_at(days).groupby("day")["estimate"].sum().to_numpy()
    assert np.allclose(closed + curve.at(days)["estimate"], 1)


@pytest.mark.parametrize("seed", range(8))
def test_when_all_have_closed_in_one_way_no_doubt_is_left_of_that(seed):
    made, _ = agency(seed, cases=150, last=5_000, mean=60.0, groups={"one": ["x"] * 150})
    curve = delay.coarse_curve(made, causes="one")
    ends = ["lower", "upper"]
    of_cause = curve.causes_at([int(curve.table["day"].iloc[-1])]).iloc[0]
    assert of_cause[["estimate", "std_error"]].tolist() == [1, 0]
    assert of_cause[ends].isna().all()
    assert curve.table.iloc[-1][["estimate", "std_error"]].tolist() == [0, 0]
    assert curve.table.iloc[-1][ends].isna().all()


@calm
@given(st.integers(0, 10_000))
def test_the_order_of_rows_and_the_names_of_groups_change_nothing(seed):
    rng = np.random.default_rng(seed)
    made, _ = agency(seed=seed, cases=400, groups={"unit": np.repeat(["a", "b"], 200)})
    order = rng.permutation(400)
    mixed = dataclasses.replace(made, table=made.table.iloc[order].reset_index(drop=True))
    renamed = dataclasses.replace(made, table=made.table.assign(unit=made.table["unit"].map({"a": "z", "b": "y"})))
    whole = delay.coarse_curve(made, "unit").table
    pd.testing.assert_frame_equal(delay.coarse_curve(mixed, "unit").table, whole, rtol=1e-6, atol=1e-9)
    other = delay.coarse_curve(renamed, "unit").table
    swapped = pd.concat([other[other["unit"] == name] for name in ("z", "y")], ignore_index=True)
    pd.testing.assert_frame_equal(swapped.drop(columns="unit"), whole.drop(columns="unit"), rtol=1e-6, atol=1e-9)


@calm
@given(st.integers(0, 10_000), st.integers(60, 300))
def test_the_curve_falls_from_1_within_its_limits_and_is_proven(seed, cases):
    made, _ = agency(seed=seed, cases=cases, mean=120.0)
    curve = delay.coarse_curve(made)
    assert (np.diff(curve.table["estimate"]) <= 1e-12).all()
    assert curve.table["estimate"].between(-1e-12, 1 + 1e-12).all()
    inside = curve.table.dropna()
    assert (inside["lower"] <= inside["estimate"]).all()
    assert (inside["estimate"] <= inside["upper"]).all()
    assert curve.convergence["kuhn_tucker_gap"].iloc[0] <= 1e-6


def test_the_front_door_takes_months_by_it_and_few_closings_by_the_interval_curve():
    made, _ = agency(seed=1)
    found = delay.how_long(made)
    assert isinstance(found.curve, delay.CoarseCurve)
    assert "100 % of the closings are coarser than a day" in found.because
    few, _ = agency(seed=1, cases=20)
    other = delay.how_long(few)
    assert isinstance(other.curve, delay.IntervalCurve)
    assert other.because.endswith("too few or too coarse for delay.coarse_curve")


def test_mostly_known_days_are_not_smoothed():
    rng = np.random.default_rng(1)
    days = rng.integers(0, 400, 500)
    made = Durations.from_days(days, days_upper=days + np.where(rng.random(500) < 0.4, 29, 0))
    assert isinstance(delay.how_long(made).curve, delay.IntervalCurve)


def test_groups_show_their_median_with_its_interval_and_are_tested():
    made, _ = agency(seed=6, cases=800, groups={"unit": np.repeat(["a", "b"], 400)})
    table = delay.compare_groups(made, "unit", within_days=150)
    assert table.limits == "95 % interval"
    assert table.test is not None
    row = medians(delay.coarse_curve(made), 150).iloc[0]
    assert row["n"] == 800
    assert row["open"] == int((~made.event).sum())
    assert row["median_lower"] < row["median"] < row["median_upper"]
    assert row["closed_within_lower"] < row["closed_within"] < row["closed_within_upper"]


def test_a_group_too_small_for_the_smooth_curve_takes_the_overall_row_off_it_too():
    made, _ = agency(seed=1, groups={"unit": np.where(np.arange(400) < 370, "large", "small")})
    shown = delay.compare_groups(made, "unit", within_days=150)
    row = medians(delay.interval_curve(made), 150).iloc[0]
    ends = ["median_lower", "median_upper", "closed_within_lower", "closed_within_upper"]
    assert shown.limits.startswith("where the estimate lies")
    assert shown.table.iloc[0][ends].tolist() == row[ends].tolist()
    assert shown.method.startswith(delay.interval_curve(made).method)


def test_the_sentence_gives_the_median_with_its_interval():
    made, _ = agency(seed=1)
    row = delay.coarse_curve(made).quantiles(0.5).iloc[0]
    said = delay.coarse_curve(made).sentence()
    assert (
        f"half had closed within about {row['estimate']} days (95 % interval {row['lower']} to {row['upper']})" in said
    )
    slow = Durations.from_days(
        [0] * 60 + [900] * 140, [True] * 60 + [False] * 140, days_upper=np.repeat([60, 0], [60, 140])
    )
    with pytest.raises(Refusal, match=r"delay\.interval_curve"):
        delay.coarse_curve(slow)


def test_beyond_the_last_day_nothing_is_known():
    made, _ = agency(seed=1, mean=900.0)
    curve = delay.coarse_curve(made, causes="way")
    last = int(curve.table["day"].iloc[-1])
    assert curve.at([last, last + 1])["estimate"].isna().tolist() == [False, True]
    assert curve.at([last + 1])["estimate"].isna().all()
    with pytest.raises(Refusal, match=rf"choose until= up to {last + 1:,}"):
        delay.restricted_mean(made, last + 2)
    assert curve.quantiles(0.999)["reads"].iloc[0].startswith("not reached")


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (Durations.from_days([1, 2, 3]), "delay.closing_curve"),
        (Durations.from_days([5] * 9, days_upper=[35] * 9, entry_time=[1] * 9), "9 cases entered late"),
        (
            Durations.from_days([5] * 9, days_upper=[35] * 9),
            "9 closings within 36 days leave 1 such steps and it takes 3",
        ),
        (
            Durations.from_days([5] * 9, [False] * 9, groups={"start_span": [30] * 9, "stop_span": [0] * 9}),
            "0 closings",
        ),
        (Durations.from_days([5], days_upper=[35], sampling=Sampling("closed_only", "excluded")), "closed cases only"),
        (Durations.from_days([5], days_upper=[35], sampling=Sampling("selected_on_outcome")), "mean_of_closed_only"),
    ],
)
def test_data_that_carry_no_smooth_curve_are_refused(made, message):
    with pytest.raises(Refusal, match=message):
        delay.coarse_curve(made)


def test_what_was_asked_wrongly_is_said():
    made, _ = agency(seed=1)
    with pytest.raises(ParameterError, match="days must be one or more days from 0 on"):
        delay.coarse_curve(made).at([-1])
    with pytest.raises(ParameterError, match="causes=COLUMN"):
        delay.coarse_curve(made).causes_at([5])
    with pytest.raises(ParameterError, match="no column 'manner'"):
        delay.coarse_curve(made, causes="manner")
    with pytest.raises(ParameterError, match="confidence"):
        delay.coarse_curve(made, confidence=95)
    with pytest.raises(Refusal, match=r"coarse_curve\(..., causes='way'\)"):
        delay.competing_closings(made, "way")


def test_it_can_be_drawn():
    made, _ = agency(seed=1, groups={"unit": np.repeat(["a", "b"], 200)})
    axes = delay.coarse_curve(made, "unit").plot()
    assert axes.get_ylabel() == "share still open"
    assert len([line for line in axes.get_lines() if line.get_gid() is None]) == 2
