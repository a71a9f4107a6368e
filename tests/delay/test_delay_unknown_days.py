"""Closings on an unknown day, and ends that nobody knows: the estimate, and the two extremes beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import accountability
from accountability import Cohort, delay
from accountability.delay import deadlines
from accountability.delay.unknown_days import furthest
from accountability.errors import Refusal
from accountability.study.durations import Durations
from accountability.study.extremes import extremes
from accountability.study.grouping import group_cases


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


def test_a_median_that_neither_end_reaches_has_no_extreme_but_the_limit_of_its_interval() -> None:
    cases = Durations.from_days([*range(1, 49), *[60] * 54], [True] * 48 + [False] * 54)
    table, last = cases.table.iloc[:-2], cases.table.iloc[-2:].reset_index(drop=True)
    untold = replace(cases, table=table, unended=last)
    curve = delay.closing_curve(untold)
    quick = curve.ends[0].median().iloc[0]
    assert pd.isna(quick["estimate"])
    assert quick["lower"] == 39  # a limit of an interval, which was once given as the median
    assert curve.median()[["extreme_lower", "extreme_upper"]].isna().all().all()
    assert delay.compare_groups(untold, within_days=30).table["median_extreme_lower"].isna().all()


@pytest.mark.parametrize("by", [None, "unit"])
def test_groups_have_the_extremes_of_the_same_estimate_at_each_end(by: str | None) -> None:
    timed, _, _ = made(5, 0.4)
    found = delay.compare_groups(timed, by, 90).true_numbers().set_index("group")
    ends = extremes(timed)
    assert ends is not None
    quick, slow = (delay.compare_groups(end, by, 90).true_numbers().set_index("group").loc[found.index] for end in ends)
    assert (found["median_extreme_lower"] == quick["median"]).all()
    assert (found["median_extreme_upper"] == slow["median"]).all()
    assert np.allclose(found["closed_within_extreme_lower"], slow["closed_within"])
    assert np.allclose(found["closed_within_extreme_upper"], quick["closed_within"])


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


def town(seed: int, *, hide: bool) -> Any:
    """A town's complaints as they ended or, hidden, as its release says of them."""
    rng, n, until = np.random.default_rng(seed), 150, "2020-12-31"
    came = pd.Timestamp("2019-01-01") + pd.to_timedelta(rng.integers(0, 700, n), unit="D")
    done = came + pd.to_timedelta(np.rint(rng.exponential(120, n)), unit="D")
    closed, luck = done <= pd.Timestamp(until), rng.random(n)
    said = np.where(closed, done.strftime("%Y-%m-%d"), "")
    if hide:
        said = np.where(closed & (luck < 0.2), "no date", np.where((luck >= 0.2) & (luck < 0.35), "?", said))
    frame = pd.DataFrame({"came": came.strftime("%Y-%m-%d"), "done": said, "side": rng.choice(["a", "b"], n)})
    told = {"": "open", "no date": "closed_on_unknown_day", "?": "unknown"}
    return accountability.from_frame(
        frame, received="came", closed="done", columns=["side"], observed_until=until, no_day=told
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("cutoff", [None, "2020-06-15"])
def test_the_caseload_as_it_was_lies_within_its_bounds(seed: int, cutoff: str | None) -> None:
    told, true = (delay.caseload(town(seed, hide=hide), cutoff=cutoff) for hide in (True, False))
    names = ["received", "closed", "open_at_end", "median_age_open", "clearance"]
    both = told.table.merge(true.table[["month", *names]], on="month", suffixes=("", "_true"))
    assert len(both) == len(true.table)
    for name in names:
        known = both[both[f"{name}_true"].notna()]
        assert (known[f"{name}_true"] >= known[f"{name}_extreme_lower"] - 1e-9).all(), name
        assert (known[f"{name}_true"] <= known[f"{name}_extreme_upper"] + 1e-9).all(), name
    assert told.states is not None
    assert told.states["n"].sum() == 150
    assert "with these, wherever they closed" in told.sentence()


@pytest.mark.parametrize("seed", range(6))
def test_the_backlog_as_it_was_lies_within_its_bounds(seed: int) -> None:
    told, true = (delay.backlogs(town(seed, hide=hide), months=6).table.iloc[0] for hide in (True, False))
    names = ["received", "closed", "open", "clearance", "fall_a_month", "closed_a_month_to_halve_in_a_year"]
    for name in names:
        assert told[f"{name}_extreme_lower"] - 1e-9 <= true[name] <= told[f"{name}_extreme_upper"] + 1e-9, name
    if pd.notna(true["half_closed_in"]) and pd.notna(told["half_closed_in_extreme_lower"]):
        latest = told["half_closed_in_extreme_upper"]
        assert told["half_closed_in_extreme_lower"] <= true["half_closed_in"]
        assert pd.isna(latest) or true["half_closed_in"] <= latest


def test_a_group_with_few_unknown_ends_shows_no_bounds() -> None:
    cohort = group_cases(Cohort.of(town(0, hide=True)), "side")
    shown = delay.backlogs(cohort, "side", months=6)
    few = shown.true_numbers().iloc[1:].query("0 < ends_unknown < 10").index
    extremes_of = [name for name in shown.table if "_extreme_" in name]
    assert shown.table.loc[few, extremes_of].isna().all().all()


@pytest.mark.parametrize("seed", range(3))
def test_the_mean_of_the_closed_lies_within_its_bounds(seed: int) -> None:
    told, true = (delay.mean_of_closed_only(town(seed, hide=hide)).table.iloc[0] for hide in (True, False))
    for name in ("mean_days", "median_days"):
        assert told[f"{name}_extreme_lower"] <= true[name] <= told[f"{name}_extreme_upper"]


def test_the_furthest_median_is_that_of_the_best_choice() -> None:
    rng = np.random.default_rng(3)
    for _ in range(50):
        known, doubtful = rng.integers(0, 20, rng.integers(0, 5)), rng.integers(0, 20, rng.integers(1, 6))
        chosen = [
            np.concatenate([known, doubtful[[place for place in range(len(doubtful)) if mask >> place & 1]]])
            for mask in range(2 ** len(doubtful))
        ]
        for of in ("median", "mean"):
            values = [getattr(np, of)(one) for one in chosen if len(one)]
            assert furthest(known, doubtful, 1, of) == pytest.approx(min(values))
            assert furthest(known, doubtful, -1, of) == pytest.approx(max(values))


def test_a_day_asked_for_twice_is_answered_twice() -> None:
    found = delay.closing_curve(made(1)[0]).at([50, 50])
    assert found["extreme_lower"].nunique() == 1
