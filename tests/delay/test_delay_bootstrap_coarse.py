"""Resampled clusters under the smooth curve from coarse dates."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from test_delay_coarse_curve import agency

from accountability import delay
from accountability.errors import ParameterError, Refusal


@pytest.fixture(scope="module")
def made():
    return agency(seed=1, cases=400)[0]


def half_width(table, statistic):
    row = table.set_index("statistic").loc[statistic]
    return (row["upper"] - row["lower"]) / 2


def test_cases_resampled_one_by_one_give_the_errors_of_the_likelihood(made):
    table = delay.bootstrap(made, 1, until=300, causes="way", days=[150], replicates=400).table
    mean = delay.restricted_mean(made, 300).table.iloc[0]
    # 400 replicates know a width to about a twentieth; the rest is the difference of the two methods.
    assert half_width(table, "mean days open within 300") == pytest.approx(1.96 * mean["std_error"], rel=0.15)
    share = delay.coarse_curve(made, causes="way").causes_at([150]).set_index("cause").loc["sustained"]
    width = half_width(table, "closed as 'sustained' by day 150")
    assert width == pytest.approx(1.96 * share["std_error"], rel=0.15)
    median = delay.coarse_curve(made).quantiles(0.5).iloc[0]
    width = half_width(table, "day by which 50 % had closed")
    assert width == pytest.approx((median["upper"] - median["lower"]) / 2, rel=0.2)


def test_the_estimates_are_those_of_the_curve(made):
    table = delay.bootstrap(made, 1, shares=[0.25, 0.5], until=300, causes="way", days=[60, 150], replicates=2).table
    curve = delay.coarse_curve(made, causes="way")
    expected = [
        *curve.quantiles([0.25, 0.5])["estimate"],
        *curve.mean_open(300)[0],
        *curve.causes_at([60, 150])["estimate"],
    ]
    assert table["estimate"].to_numpy(float) == pytest.approx(np.array(expected, float), abs=1e-6)


def test_clusters_of_four_equal_cases_double_the_width(made):
    four = made.table.loc[np.repeat(np.arange(len(made)), 4)].reset_index(drop=True)
    many = dataclasses.replace(made, table=four.assign(officer=np.repeat(np.arange(len(made)), 4)))
    alone = half_width(delay.bootstrap(many, 1, until=300, replicates=300).table, "mean days open within 300")
    held = delay.bootstrap(many, 1, cluster="officer", until=300, replicates=300)
    together = half_width(held.table, "mean days open within 300")
    assert together / alone == pytest.approx(2, rel=0.2)
    assert held.clusters == 400
    assert "from 400 clusters resampled" in held.sentence()
    assert "from 1,600 cases resampled" in delay.bootstrap(many, 1, replicates=2).sentence()


def test_the_seed_gives_the_table_and_groups_stand_in_order():
    made, _ = agency(seed=2, cases=600, groups={"unit": np.repeat(["b", "a"], 300)})
    one, same, other = (delay.bootstrap(made, seed, by="unit", replicates=20).table for seed in (4, 4, 5))
    pd.testing.assert_frame_equal(one, same)
    assert not one.equals(other)
    assert one["unit"].tolist() == ["a", "b"]


def test_what_cannot_be_resampled_is_refused(made):
    with pytest.raises(ParameterError, match=r"days .* and causes go together"):
        delay.bootstrap(made, 1, days=[3])
    with pytest.raises(ParameterError, match="from 0 on"):
        delay.bootstrap(made, 1, causes="way", days=[-1])
    units = agency(seed=2, cases=400, groups={"unit": np.repeat(["a", "b"], 200)})[0]
    lumped = dataclasses.replace(units, table=units.table.assign(squad=units.table["unit"]))
    with pytest.raises(Refusal, match="resamples hold no case of this group"):
        delay.bootstrap(lumped, 1, cluster="squad", by="unit", replicates=20)
