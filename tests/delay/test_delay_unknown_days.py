"""Closings on an unknown day, and ends that nobody knows: the estimate, and the two extremes beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from accountability import delay
from accountability.delay import deadlines
from accountability.errors import Refusal
from accountability.study.durations import Durations
from accountability.study.extremes import extremes


def made(seed: int, share: float = 0.3, n: int = 300, **more: Any) -> tuple[Durations, np.ndarray, np.ndarray]:
    """Delays of which a share of the closings has no day; the true days and the ages."""
    rng = np.random.default_rng(seed)
    days, age = np.rint(rng.exponential(150, n)).astype(int), rng.integers(30, 900, n)
    closed = days <= age
    hidden = closed & (rng.random(n) < share)
    groups = {"unit": np.where(rng.random(n) < 0.5, "north", "south")}
    shown = np.where(hidden | ~closed, age, days)
    return Durations.from_days(shown, closed, unknown_day=hidden, groups=groups, longest=age, **more), days, age


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
@pytest.mark.parametrize("by", [None, "unit"])
def test_the_curve_is_the_maximum_likelihood_one(share: float, by: str | None) -> None:
    timed, _, _ = made(1, share)
    asked = [0, 5, 20, 90, 150, 400]
    curve = delay.closing_curve(timed, by).true_at(asked)["estimate"]
    turnbull = delay.interval_curve(timed, by).true_at(asked)
    inside = curve.between(turnbull["lower"] - 1e-4, turnbull["upper"] + 1e-4)
    assert inside.all()


@pytest.mark.parametrize("seed", range(3))
def test_every_completion_lies_between_the_extremes(seed: int) -> None:
    timed, days, age = made(seed, 0.5)
    true = delay.closing_curve(Durations.from_days(np.where(days <= age, days, age), days <= age))
    curve = delay.closing_curve(timed)
    asked = [0, 10, 60, 120, 300]
    found, truth = curve.true_at(asked), true.true_at(asked)["estimate"]
    for share in (found["estimate"], truth):
        assert (share >= found["extreme_lower"] - 1e-9).all()
        assert (share <= found["extreme_upper"] + 1e-9).all()
    median = curve.median().iloc[0]
    assert median["extreme_lower"] <= true.median()["estimate"].item() <= median["extreme_upper"]
    assert delay.how_long(timed).median().equals(curve.median())


def test_the_mean_and_the_shares_have_their_extremes() -> None:
    timed, days, age = made(3, 0.4)
    known = Durations.from_days(np.where(days <= age, days, age), days <= age)
    mean = delay.restricted_mean(timed, 300).table.iloc[0]
    assert mean["extreme_lower"] <= delay.restricted_mean(known, 300).table["estimate"].item() <= mean["extreme_upper"]
    assert mean["extreme_lower"] <= mean["estimate"] <= mean["extreme_upper"]
    groups = delay.compare_groups(timed, "unit", 180)
    table = groups.true_numbers()
    assert (table["closed_within_extreme_lower"] <= table["closed_within"]).all()
    assert (table["closed_within"] <= table["closed_within_extreme_upper"]).all()
    assert (table["median_extreme_lower"] <= table["median"]).all()
    assert "as early, or as late" in groups.sentence()


def test_a_deadline_of_an_unknown_day_cannot_be_told() -> None:
    timed = Durations.from_days([10, 90, 400], [True, True, True], unknown_day=[False, True, True])
    found = deadlines.assess(timed, 100)
    assert found.verdicts["verdict"].tolist() == ["in time", "in time", "cannot tell"]
    assert found.verdicts["reason"].tolist()[-1] == deadlines.NO_DAY


def test_nothing_stands_beside_where_every_end_is_known() -> None:
    timed, _, _ = made(1, 0.0)
    assert extremes(timed) is None
    assert "extreme_lower" not in delay.closing_curve(timed).median()
    assert "extreme_lower" not in delay.restricted_mean(timed, 100).table


def test_who_closed_without_a_day_is_counted_once() -> None:
    timed, _, _ = made(2, 0.3)
    curve = delay.closing_curve(timed)
    row = curve.cases.iloc[0]
    assert row["n"] == len(timed) == row["events"] + row["open"]
    assert timed.states is not None
    assert timed.states["n"].sum() == len(timed)
    assert "Turnbull" in curve.method


def test_late_entry_beside_unknown_days_is_refused_with_the_line() -> None:
    timed = Durations.from_days([50, 90], [True, True], unknown_day=[False, True], entry_time=[20, 0])
    with pytest.raises(Refusal, match=r"known_days\(\)"):
        delay.closing_curve(timed)


def test_all_closings_without_a_day_are_a_curve_of_ages() -> None:
    timed = Durations.from_days([10, 20, 30, 40], [True, False, True, True], unknown_day=[True, False, True, True])
    asked = [15, 25, 35, 45]
    turnbull = delay.interval_curve(timed).true_at(asked)
    curve = delay.closing_curve(timed).true_at(asked)["estimate"]
    known = curve.notna()
    assert known.any()
    assert curve[known].between(turnbull["lower"][known] - 1e-4, turnbull["upper"][known] + 1e-4).all()


def test_the_interval_holds_its_level() -> None:
    truth = float(np.exp(-(100 + 0.5) / 150))
    rows = [delay.closing_curve(made(seed)[0]).true_at([100]).iloc[0] for seed in range(60)]
    assert np.mean([row["lower"] <= truth <= row["upper"] for row in rows]) >= 0.88


def test_a_group_keeps_its_own_extremes() -> None:
    timed, _, _ = made(5, 0.4, n=600)
    columns = ["estimate", "extreme_lower", "extreme_upper"]
    both = delay.closing_curve(timed, "unit").true_quantiles(0.5).set_index("unit")[columns]
    for unit in ("north", "south"):
        kept = timed.table[timed.table["unit"] == unit]
        shown = kept["longest"].where(kept["unknown_day"], kept["days_lower"])
        alone = Durations.from_days(shown, kept["event"], unknown_day=kept["unknown_day"])
        assert both.loc[unit].tolist() == delay.closing_curve(alone).median()[columns].iloc[0].tolist()
