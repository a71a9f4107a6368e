"""Intervals hold the truth about as often as they say; the full run is ``python benchmarks/delay_coverage.py``."""

import importlib
import sys

import pytest
from conftest import ROOT, full

sys.path.insert(0, str(ROOT / "benchmarks"))


@pytest.fixture(scope="module")
def simulation():
    return importlib.import_module("delay_coverage")


def test_intervals_hold_the_truth_as_often_as_they_say(simulation):
    settings = ("exact dates", "late entry", "months at both ends", "closings known to the month")
    table = simulation.coverage(agencies=200 if full() else 100, seed=3, settings=settings)
    assert len(table) == 16
    # Three standard errors of a true 95 % are 4.6 points of 200 agencies, 6.5 of 100.
    assert table["coverage"].between(0.904 if full() else 0.885, 0.996 if full() else 1.0).all(), table.to_string()


def test_pieces_of_a_long_run_add_up(simulation):
    whole = simulation.coverage(200, 5, ("exact dates",))["held"]
    pieces = [simulation.coverage(100, 5, ("exact dates",), skipped)["held"] for skipped in (0, 1)]
    assert (whole == sum(pieces)).all()


def test_two_days_tell_whether_the_limits_of_the_median_hold_it(simulation):
    import numpy as np
    import pandas as pd

    from accountability import delay

    rng = np.random.default_rng(8)
    for make in (simulation.statuses, simulation.statuses, simulation.months):
        made = make(rng)
        row = delay.quantile_limits(made).table.iloc[0]
        upper = np.inf if pd.isna(row["upper"]) else row["upper"]
        told = row["lower"] <= simulation.true_median() <= upper
        assert simulation.holds_coarse(made)["median"] == told


@pytest.mark.parametrize(("setting", "agencies"), [("months", 8), ("statuses", 20)])
def test_limits_from_coarse_dates_and_statuses_hold_the_truth(simulation, setting, agencies):
    import numpy as np

    rng = np.random.default_rng(3)
    found = [simulation.holds_coarse(getattr(simulation, setting)(rng)) for _ in range(agencies)]
    for quantity in ("curve at day 150", "median"):
        # Three standard errors below 95 % of so few agencies.
        assert np.mean([one[quantity] for one in found]) >= 0.95 - 3 * (0.0475 / agencies) ** 0.5


def test_the_planted_truths_are_those_of_the_simulation(simulation):
    import numpy as np

    took = np.random.default_rng(0).exponential(simulation.MEAN, 400_000).astype(int)
    assert np.mean(took > 150) == pytest.approx(simulation.share_open(150), abs=0.004)
    assert np.median(took) == pytest.approx(simulation.true_median(), abs=1)
    assert np.minimum(took, simulation.HORIZON).mean() == pytest.approx(simulation.true_restricted_mean(), abs=0.6)
