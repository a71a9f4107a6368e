"""Where a finding turns is where a count by hand, or the world as it was planted, says."""

from __future__ import annotations

import dataclasses
from functools import cache

import numpy as np
import pandas as pd
import pytest

import accountability
from accountability import delay, outcomes, sensitivity
from accountability.errors import ParameterError, Refusal
from accountability.results import Refused, or_refusal
from accountability.sensitivity.open_pace import at_pace, daily
from accountability.sensitivity.turning import turns
from accountability.study.durations import Durations
from accountability.study.extremes import placed


def cases(seed: int, n: int = 600, entry: bool = False, watched: int = 400) -> Durations:
    rng = np.random.default_rng(seed)
    took, seen = rng.exponential(200, n).astype(int), rng.integers(20, watched, n)
    late = rng.integers(0, 60, n) * (rng.random(n) < 0.5) if entry else np.zeros(n, int)
    keep = np.minimum(took, seen) >= late
    return Durations.from_days(np.minimum(took, seen)[keep], (took <= seen)[keep], entry_time=late[keep])


# ---- the pace of open cases -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_at_the_same_pace_the_curve_is_the_estimate(seed: int, entry: bool) -> None:
    durations = cases(seed, entry=entry)
    still = daily(durations)
    assert at_pace(still, durations, 1.0) == pytest.approx(still, abs=1e-9 if not entry else 0.02)


def test_open_cases_that_never_close_or_close_at_once_are_the_two_ends() -> None:
    durations = cases(1)
    still, days = daily(durations), np.arange(len(daily(durations)))
    seen, closed = durations.end[:, None], durations.event[:, None]
    never = ((seen > days) | ~closed).mean(axis=0)
    once = np.where(closed, seen > days, seen > days).mean(axis=0)
    assert at_pace(still, durations, 0.0) == pytest.approx(never)
    assert at_pace(still, durations, np.inf) == pytest.approx(once)


def test_the_curve_falls_as_open_cases_are_faster() -> None:
    durations = cases(2)
    curves = np.array([at_pace(daily(durations), durations, pace) for pace in (0, 0.2, 1, 3, np.inf)])
    assert (np.diff(curves, axis=0) <= 1e-12).all()
    assert (np.diff(curves, axis=1) <= 1e-12).all()


def test_a_planted_pace_of_the_open_cases_gives_back_the_planted_share() -> None:
    """Cases are lost from view at random; those lost close at half the hazard from then on."""
    rng = np.random.default_rng(5)
    n = 40_000
    took, lost = rng.exponential(200, n), rng.exponential(300, n)
    truth = np.where(took > lost, lost + (took - lost) * 2, took)
    durations = Durations.from_days(np.minimum(took, lost).astype(int), took <= lost)
    found = sensitivity.if_cases_differ(durations, within_days=365, paces=(0.5, 1.0)).stated
    share = found[found["claim"].str.startswith("share")].set_index("value")["estimate"]
    assert share[0.5] == pytest.approx((truth < 366).mean(), abs=0.008)
    assert abs(share[1.0] - (truth < 366).mean()) > 0.05


def test_the_pace_at_which_a_claim_turns_is_where_the_estimate_leaves_its_interval() -> None:
    durations = cases(3, watched=250)
    table = sensitivity.if_cases_differ(durations, within_days=120).table
    line = table[table["claim"].str.startswith("share")].iloc[0]
    still = daily(durations)
    assert 1 - at_pace(still, durations, line["turns_at_most"])[120] < line["lower"]
    assert 1 - at_pace(still, durations, line["turns_at_most"] * 1.06)[120] >= line["lower"]
    assert f"at most {line['turns_at_most']:.2f} times" in line["reads"]


# ---- days that are not known ----------------------------------------------------------------------------------------


def test_days_that_are_not_known_turn_a_claim_where_a_count_by_hand_says() -> None:
    days = [*range(100), *[99] * 60]
    durations = Durations.from_days(days, unknown_day=[False] * 100 + [True] * 60)
    table = sensitivity.if_cases_differ(durations, within_days=50).table
    line = table[(table["claim"] == "median")].iloc[0]
    assert line["n"] == 60
    # The 80th of 160: on the first day 60 are closed and 20 of the known ones must be; on the last 80 known ones.
    assert (line["least"], line["most"]) == (19, 79)
    for at, beyond in ((line["turns_at_most"], -1), (line["turns_at_least"], 1)):
        day = delay.how_long(placed(durations, at)).median()["estimate"].item()
        assert (day < line["lower"]) if beyond < 0 else (day > line["upper"])


@cache
def heaped(seed: int) -> tuple[Durations, float]:
    """Months of closing, every case closed on the last day of its month; the share closed within 45 days."""
    rng = np.random.default_rng(seed)
    start, took = rng.integers(0, 30, 3000), rng.exponential(60, 3000).astype(int)
    stop = (start + took) // 30 * 30 + 29
    low = np.maximum(stop // 30 * 30 - start, 0)
    return Durations.from_days(low, days_upper=stop - start), float((stop - start <= 45).mean())


@pytest.mark.parametrize("seed", range(4))
def test_months_heaped_on_their_last_day_lie_inside_what_is_said_of_the_smooth_curve(seed: int) -> None:
    durations, truth = heaped(seed)
    curve = delay.coarse_curve(durations)
    at = curve.at([45]).iloc[0]
    assert abs(1 - at["estimate"] - truth) > 0.03
    assert 1 - at["extreme_upper"] <= truth + 1e-9
    assert truth <= 1 - at["extreme_lower"] + 1e-9
    assert "closings heap, the median is" in curve.sentence()
    line = sensitivity.if_cases_differ(durations, within_days=45).table.iloc[-1]
    assert line["least"] - 1e-9 <= truth <= line["most"] + 1e-9
    assert not np.isnan(line["turns_at_least"])


def test_states_that_are_not_known_are_varied_with_the_days() -> None:
    data = accountability.load("synthetic")
    table = sensitivity.if_cases_differ(accountability.durations(data)).table
    ends = table[table["unknown"].str.contains("not known")]
    low, high = (
        delay.how_long(accountability.durations(data)).curve.at([365])[["extreme_lower", "extreme_upper"]].iloc[0]
    )
    assert ends["n"].unique().tolist() == [9]
    assert sorted(ends[["least", "most"]].iloc[1]) == pytest.approx(sorted([1 - low, 1 - high]))


# ---- groups ---------------------------------------------------------------------------------------------------------


def test_an_order_of_groups_turns_when_enough_slow_cases_without_a_group_are_of_the_quick_one() -> None:
    quick, slow, untold = list(range(40)), list(range(30, 90)), [200] * 30
    groups = {"unit": ["north"] * 40 + ["south"] * 60 + ["none stated"] * 30}
    durations = Durations.from_days([*quick, *slow, *untold], groups=groups)
    line = sensitivity.if_cases_differ(durations, "unit", 30).table.iloc[-1]
    assert line["claim"] == "lead of north over south"
    assert line["n"] == 30
    assert np.isnan(line["turns_at_least"])
    more = Durations.from_days(
        [*quick, *slow, *[200] * 300], groups={"unit": groups["unit"][:100] + ["none stated"] * 300}
    )
    at = sensitivity.if_cases_differ(more, "unit", 30).table.iloc[-1]["turns_at_least"]
    moved = round(at * 300)
    medians = [sorted([*quick, *[200] * moved]), sorted([*slow, *[200] * moved])]
    middle = [part[(len(part) + 1) // 2 - 1] for part in medians]
    assert middle[0] >= middle[1]


def test_few_of_a_group_are_hidden_and_nothing_unknown_gives_no_row() -> None:
    groups = {"unit": ["north"] * 40 + ["south"] * 40}
    few = Durations.from_days([*range(40), *range(40, 80)], [True] * 35 + [False] * 5 + [True] * 40, groups=groups)
    found = sensitivity.if_cases_differ(few, "unit")
    own = found.table[found.table["claim"] == "median of north"].iloc[0]
    assert own["hidden"]
    assert own["reads"] == "too few to show"
    assert pd.isna(own["n"])
    whole = sensitivity.if_cases_differ(Durations.from_days(range(40)))
    assert whole.table.empty
    assert whole.sentence() == "Nothing that can be shown is left unknown here."


def test_records_selected_by_their_end_are_refused() -> None:
    from accountability.study.durations import Sampling

    chosen = Durations.from_days(range(40), sampling=Sampling(rule="selected_on_outcome"))
    with pytest.raises(Refusal):
        sensitivity.if_cases_differ(chosen)


# ---- outcomes -------------------------------------------------------------------------------------------------------


@cache
def shares() -> sensitivity.Tipping:
    return sensitivity.if_outcomes_differ(outcomes.outcome_distribution(accountability.load("synthetic")))


def test_pending_outcomes_turn_a_share_where_a_count_by_hand_says() -> None:
    line = shares().table.iloc[0]
    rows = accountability.load("synthetic").allegations["finding"]
    waiting, decided, upheld = (
        int(rows.eq("pending").sum()),
        int(rows.ne("pending").sum()),
        int(rows.eq("sustained").sum()),
    )
    assert line["n"] == waiting
    assert line["least"] == pytest.approx(upheld / len(rows))
    assert line["most"] == pytest.approx((upheld + waiting) / len(rows))
    edge = (line["upper"] * len(rows) - upheld) / waiting
    assert line["turns_at_least"] == pytest.approx(np.ceil(edge * 100) / 100)
    assert line["estimate"] == pytest.approx(upheld / decided)


def test_a_gap_turns_where_the_undecided_or_those_without_a_group_bring_its_interval_to_one() -> None:
    data = accountability.load("synthetic")
    gap = outcomes.decompose_gap(data, "complainant", "internal", "public", min_cell=1)
    table = sensitivity.if_outcomes_differ(gap).table
    stage = gap.table.set_index("stage").loc["investigated"]
    line = table[table["unknown"] == "undecided of public"].iloc[0]
    n, waiting = stage["n_second"], stage["unresolved_second"]
    ratios = [stage["rate_first"] / ((stage["rate_second"] * n + share * waiting) / (n + waiting)) for share in (1, 0)]
    assert line[["least", "most"]].tolist() == pytest.approx(ratios)
    assert line["lower"] == pytest.approx(stage["ratio"] / stage["ratio_lower"])
    assert pd.isna(line["turns_at_least"])


def test_those_without_a_group_on_record_are_varied_and_their_share_is_that_of_a_count_by_hand() -> None:
    data = accountability.load("synthetic")
    lost = data.allegations["case_id"].isin(data.allegations["case_id"].unique()[::6])
    rows = data.allegations.assign(officer_race=data.allegations["officer_race"].mask(lost))
    gap = outcomes.decompose_gap(
        dataclasses.replace(data, allegations=rows), "officer_race", "Black", "White", min_cell=1
    )
    table = sensitivity.if_outcomes_differ(gap).table
    line = table[table["unknown"].str.startswith("with no") & table["claim"].str.contains("upheld")].iloc[0]
    merits = rows["finding"].isin(["sustained", "not_sustained", "unfounded", "exonerated", "policy_failure"])
    assert line["n"] == int((merits & lost).sum())
    assert line["least"] < line["estimate"] < line["most"]
    counts = pd.crosstab(rows["officer_race"][merits & ~lost], rows["finding"][merits & ~lost].eq("sustained"))
    passed, failed = (int((merits & lost & (rows["finding"].eq("sustained") == yes)).sum()) for yes in (True, False))
    (f1, k1), (f2, k2) = (counts.loc[name].tolist() for name in ("Black", "White"))
    alike = f1 / (f1 + f2)
    most = ((k1 + passed) / (k1 + passed + f1 + alike * failed)) / (k2 / (k2 + f2 + (1 - alike) * failed))
    assert line["most"] == pytest.approx(most)


def test_few_undecided_are_hidden_in_words_too() -> None:
    gap = outcomes.decompose_gap(accountability.load("synthetic"), "complainant", "internal", "public")
    hidden = sensitivity.if_outcomes_differ(gap).table.loc[lambda table: table["hidden"]]
    assert len(hidden)
    assert hidden["reads"].eq("too few to show").all()
    assert hidden[["n", "least", "most", "estimate"]].isna().all(axis=None)


def test_another_result_and_a_refused_one_are_refused_in_words() -> None:
    with pytest.raises(ParameterError, match=r"found dict; write:\n    sensitivity.if_outcomes_differ\("):
        sensitivity.if_outcomes_differ({})  # type: ignore[arg-type]
    refused = or_refusal(lambda: (_ for _ in ()).throw(Refusal("no penalty is held")))
    assert isinstance(refused, Refused)
    with pytest.raises(Refusal, match="no penalty is held"):
        sensitivity.if_outcomes_differ(refused)  # type: ignore[arg-type]


# ---- where a claim turns --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("slope", "limits"), [(1, (0.2, 0.7)), (-1, (-0.7, -0.2)), (1, (-5, 5)), (1, (2, 3)), (1, (-3, -2))]
)
def test_the_edge_found_by_halving_is_that_of_the_whole_grid(slope: int, limits: tuple[float, float]) -> None:
    grid = (np.arange(101) / 100).tolist()
    out = [value for value in grid if not limits[0] - 1e-9 <= slope * value <= limits[1] + 1e-9]
    *_, below, above = turns(lambda value: slope * value, grid, *limits)
    if len(out) == len(grid):
        assert (below, above) == (1, 0)  # wherever it lies
        return
    low, high = [value for value in out if value < 0.45], [value for value in out if value > 0.45]
    assert below == pytest.approx(low[-1]) if low else np.isnan(below)
    assert above == pytest.approx(high[0]) if high else np.isnan(above)
