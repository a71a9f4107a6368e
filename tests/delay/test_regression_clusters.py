"""Every model of delays says what its clustered errors rest on, and refers to Student's t where clusters are few."""

from __future__ import annotations

import numpy as np
import pytest

from accountability import delay
from accountability.stats.intervals import t_critical
from accountability.study.durations import Durations


def made(officers: int) -> Durations:
    rng = np.random.default_rng(officers)
    who = np.repeat(np.arange(officers), 300 // officers)
    days = np.ceil(rng.exponential(100 * np.exp(rng.normal(0, 0.5, officers)))[who]) + 1
    groups = {"unit": np.where(who % 2, "a", "b"), "officer": who.astype(str), "way": rng.choice(["x", "y"], len(who))}
    closed = days <= 250
    return Durations.from_days(np.minimum(days, 250).astype(int), closed, groups=groups, longest=np.full(len(who), 250))


MODELS = {
    "cox": lambda cases: delay.cox(cases, "unit", cluster="officer"),
    "changing_ratios": lambda cases: delay.changing_ratios(cases, "unit", "unit", periods=[60], cluster="officer"),
    "parametric": lambda cases: delay.parametric(cases, "unit", cluster="officer"),
    "fine_gray": lambda cases: delay.fine_gray(cases, "unit", causes="way", cause="x", cluster="officer"),
    "discrete_time": lambda cases: delay.discrete_time(cases, "unit", cluster="officer"),
}


@pytest.mark.parametrize("name", MODELS)
def test_tables_carry_clusters_and_the_interval_is_students(name: str) -> None:
    table = MODELS[name](made(12)).table
    assert (table["clusters"] == 12).all()
    assert table["effective_clusters"].between(2, 12 + 1e-9).all()
    assert table["df"].between(1, 11).all()
    reach = np.log(table["upper"]) - table["coefficient"]
    np.testing.assert_allclose(reach, t_critical(0.95, table["df"].to_numpy()) * table["std_error"], rtol=1e-6)
