"""Bands that hold a whole curve: their critical values, and how often they hold it."""

import numpy as np
import pytest
from conftest import full

from accountability import delay
from accountability.delay.simultaneous import equal_precision, hall_wellner
from accountability.errors import ParameterError, Refusal
from accountability.study.durations import Durations


def agency(rng, cases=300):
    took, watched = rng.exponential(200, cases).astype(int), rng.integers(100, 701, cases)
    way = np.where(rng.random(cases) < 0.3, "sustained", "other")
    return Durations.from_days(np.minimum(took, watched), took <= watched, groups={"way": way})


def share_open(day):
    return np.exp(-(day + 1) / 200)


def test_over_all_of_time_it_is_kolmogorovs_value():
    assert hall_wellner(0.95, 1e-4, 1 - 1e-4) == pytest.approx(1.3581, abs=2e-4)
    assert hall_wellner(0.99, 1e-4, 1 - 1e-4) == pytest.approx(1.6276, abs=2e-4)


@pytest.mark.parametrize(("begin", "end"), [(0.1, 0.9), (0.05, 0.5)])
def test_critical_values_are_those_of_simulated_bridges(begin, end):
    rng = np.random.default_rng(0)
    time = np.linspace(begin, end, 1501)
    steps = rng.standard_normal((4000, len(time))) * np.sqrt(np.append(begin, np.diff(time)))
    walk = np.cumsum(steps, axis=1)
    bridge = walk - time * (walk[:, -1:] + rng.standard_normal((4000, 1)) * np.sqrt(1 - end))
    # A walk on a grid strays a little less far than the process itself, so the tolerance is wider below.
    scaled = np.quantile(np.abs(bridge / np.sqrt(time * (1 - time))).max(axis=1), 0.95)
    assert scaled - 0.05 <= equal_precision(0.95, begin, end) <= scaled + 0.12
    plain = np.quantile(np.abs(bridge).max(axis=1), 0.95)
    assert plain - 0.02 <= hall_wellner(0.95, begin, end) <= plain + 0.05


def test_the_band_is_wider_than_the_interval_and_holds_the_whole_curve_as_often_as_it_says():
    rng = np.random.default_rng(2)
    held, pointwise = [], []
    for _ in range(40 if full() else 20):
        curve = delay.closing_curve(agency(rng))
        band = delay.curve_band(curve)
        truth = share_open(band["day"])
        held.append(((band["lower"] <= truth) & (truth <= band["upper"])).all())
        one = curve.table[curve.table["day"].isin(band["day"])]
        pointwise.append(((one["lower"].to_numpy() <= truth) & (truth <= one["upper"].to_numpy())).all())
        assert (band["lower"].to_numpy() <= one["lower"].to_numpy()).all()
    assert np.mean(held) >= (0.85 if full() else 0.8)  # three standard errors below 95 %
    assert np.mean(pointwise) < np.mean(held)


def test_the_band_of_each_way_of_closing_comes_from_the_seed_and_holds_its_curve():
    rng = np.random.default_rng(3)
    held = []
    for _ in range(20):
        ways = delay.competing_closings(agency(rng), "way")
        band = delay.incidence_band(ways, 1, replicates=200)
        of = band[band["cause"] == "sustained"]
        truth = 0.3 * (1 - share_open(of["day"]))
        held.append(((of["lower"] <= truth) & (truth <= of["upper"])).all())
    assert np.mean(held) >= 0.8
    assert band.equals(delay.incidence_band(ways, 1, replicates=200))
    assert not band.equals(delay.incidence_band(ways, 2, replicates=200))
    assert (band["critical"] > 1.96).all()


def test_groups_have_bands_of_their_own():
    rng = np.random.default_rng(4)
    made = Durations.from_days(rng.integers(0, 90, 200), groups={"g": ["a"] * 50 + ["b"] * 150})
    band = delay.curve_band(delay.closing_curve(made, by="g"), "hall-wellner", first_day=10, last_day=60)
    width = (band["upper"] - band["lower"]).groupby(band["g"]).mean()
    assert width["a"] > width["b"]
    assert band["day"].between(10, 60).all()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda c, w: delay.curve_band(c, "wide"), ParameterError, "unknown band"),
        (lambda c, w: delay.curve_band(c, first_day=9, last_day=3), ParameterError, "after last_day"),
        (lambda c, w: delay.curve_band(c, first_day=5000), Refusal, "at least two days"),
        (lambda c, w: delay.incidence_band(w, 1, replicates=5), ParameterError, "at least 100"),
        (lambda c, w: delay.incidence_band(w, 1, first_day=9, last_day=3), ParameterError, "is none"),
        (lambda c, w: delay.incidence_band(w, 1, first_day=5000, last_day=6000), Refusal, "a band needs two"),
    ],
)
def test_a_band_that_cannot_be_had_is_refused(call, error, message):
    made = agency(np.random.default_rng(1))
    with pytest.raises(error, match=message):
        call(delay.closing_curve(made), delay.competing_closings(made, "way"))


def test_all_closed_on_one_day_has_no_band():
    with pytest.raises(Refusal, match="at least two days"):
        delay.curve_band(delay.closing_curve(Durations.from_days([3, 3, 3])))


def test_a_band_is_drawn_with_the_curve_inside():
    import matplotlib.pyplot as plt

    made = agency(np.random.default_rng(3))
    curve, ways = delay.closing_curve(made), delay.competing_closings(made, "way")
    for band, of in ((delay.curve_band(curve), curve), (delay.incidence_band(ways, 1, replicates=100), ways)):
        axes = delay.plot_band(band, of)
        assert axes.collections
        assert len(axes.get_lines()) >= 3
        plt.close(axes.figure)
    with pytest.raises(ParameterError, match="no column cause"):
        delay.plot_band(delay.curve_band(curve), ways)
