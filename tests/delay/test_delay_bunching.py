"""Crowding before a limit: the test keeps its level where there is none, and sees it where it was planted."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from accountability import delay, synthetic
from accountability.errors import ParameterError, Refusal
from accountability.study.durations import Durations, Sampling


def agency(rng, cases=3000, crowding=0.0, weekly=False):
    """Weibull delays; some of the cases that would end up to 60 days late end in the last week instead."""
    start = rng.integers(0, 1000, cases)
    took = (rng.weibull(1.3, cases) * 250).astype(int)
    if weekly:  # nothing closes on weekends
        weekday = (start + took) % 7
        took = took + np.select([weekday == 5, weekday == 6], [2, 1], 0)
    moved = (took > 180) & (took <= 240) & (rng.random(cases) < crowding)
    took = np.where(moved, 180 - rng.integers(0, 7, cases), took)
    watched = rng.integers(100, 701, cases)
    made = Durations.from_days(np.minimum(took, watched), took <= watched)
    return made, int((moved & (took <= watched)).sum())


@pytest.mark.parametrize("weekly", [False, True])
def test_without_crowding_one_test_in_twenty_finds_some(weekly):
    rng = np.random.default_rng(4)
    found = [delay.bunching(agency(rng, weekly=weekly)[0], 180) for _ in range(200)]
    # 200 agencies: three standard errors of 5 % are 4.6 points.
    assert 0.004 <= np.mean([one.p_value < 0.05 for one in found]) <= 0.096
    assert np.mean([one.lower <= 0 <= one.upper for one in found]) >= 0.904


def test_planted_crowding_is_found_and_counted():
    rng = np.random.default_rng(5)
    for _ in range(5):
        made, moved = agency(rng, 20_000, 0.15)
        found = delay.bunching(made, 180, window=7)
        assert found.p_value < 0.001
        # The cases that would have closed in the window's days after it are gone from the smooth course's risk set too.
        assert found.lower - 0.15 * moved <= moved <= found.upper + 0.15 * moved
        assert found.excess_before > found.excess_after


def test_power_grows_with_the_share_that_is_moved():
    power = []
    for share in (0.02, 0.05, 0.15):
        rng = np.random.default_rng(6)
        power.append(np.mean([delay.bunching(agency(rng, 3000, share)[0], 180).p_value < 0.05 for _ in range(40)]))
    assert power[0] < power[1] < power[2]
    assert power[2] >= 0.95


def test_it_is_said_and_drawn():
    made, _ = agency(np.random.default_rng(1), 5000, 0.2)
    found = delay.bunching(made, 180)
    assert found.sentence().startswith("In the last 7 days up to the limit of 180 days")
    assert "p < 0.001" in found.sentence()
    axes = found.plot()
    assert [line.get_label() for line in axes.get_lines() if line.get_gid() is None] == [
        "closed on the day",
        "smooth course",
    ]
    assert "limit: 180 days" in [text.get_text() for text in axes.texts]
    import matplotlib.pyplot as plt

    plt.close(axes.figure)


def test_a_limit_by_name_is_taken_and_days_past_the_last_are_no_trouble():
    made, _ = agency(np.random.default_rng(1))
    assert delay.bunching(made, "florida").limit == 180
    assert np.isfinite(delay.bunching(made, 600, around=400).p_value)


@pytest.mark.parametrize(
    ("made", "arguments", "error", "message"),
    [
        (Durations.from_days([1, 2, 3]), {"rule": 180}, Refusal, "finds 0 closings"),
        (Durations.from_days([180] * 500), {"rule": 180}, Refusal, "finds 0 closings"),
        (Durations.from_days([1], days_upper=[9]), {"rule": 180}, Refusal, "less finely than a day"),
        (Durations.from_days([1]), {"rule": "new_york"}, ParameterError, "546 to 550"),
        (Durations.from_days([1]), {"rule": 180, "window": 90}, ParameterError, "below around"),
        (Durations.from_days([1]), {"rule": 180, "degree": 9}, ParameterError, "degree"),
        (Durations.from_days([1]), {"rule": 180, "confidence": 2}, ParameterError, "confidence"),
        (
            Durations.from_days([1], sampling=Sampling("selected_on_outcome", selected_on=("finding",))),
            {"rule": 180},
            Refusal,
            "selected on finding",
        ),
        (dataclasses.replace(Durations.from_days([1]), current_status=True), {"rule": 9}, Refusal, "only statuses"),
    ],
)
def test_what_cannot_be_tested_is_refused(made, arguments, error, message):
    with pytest.raises(error, match=message):
        delay.bunching(made, **arguments)


def generated(seed, crowding=0.0, complaints=3000):
    """Delays of the generated agency, which knows no limit of 180 days; some of the later ones end just before it."""
    made = synthetic.agency(complaints, seed)
    received = pd.to_datetime(made.complaints["received_date"])
    closed = pd.to_datetime(made.complaints["closed_date"])
    last = pd.Timestamp(made.design.observed_until)
    days = (closed.fillna(last) - received).dt.days.to_numpy()
    rng = np.random.default_rng(seed)
    moved = closed.notna().to_numpy() & (days > 180) & (days <= 240) & (rng.random(len(days)) < crowding)
    return Durations.from_days(np.where(moved, 180 - rng.integers(0, 7, len(days)), days), closed.notna().to_numpy())


def test_the_level_holds_on_the_generated_agency_and_planted_crowding_is_seen_there():
    found = [delay.bunching(generated(seed), 180) for seed in range(40)]
    # 40 agencies with mass closures: three standard errors of 5 % are 10.3 points.
    assert np.mean([one.p_value < 0.05 for one in found]) <= 0.153
    assert np.mean([one.lower <= 0 <= one.upper for one in found]) >= 0.847
    assert np.mean([delay.bunching(generated(seed, 0.25), 180).p_value < 0.05 for seed in range(5)]) >= 0.8
