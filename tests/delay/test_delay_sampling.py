"""Closed cases only, status only, competing ways, and the door that chooses."""

import numpy as np
import pandas as pd
import pytest
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from accountability import delay
from accountability.delay.current_status import pooled
from accountability.errors import ParameterError, Refusal
from accountability.study.durations import Durations, Sampling

calm = settings(deadline=None, max_examples=examples(60))


def status(ages, closed, **more):
    """Durations known only by status: closed within the age, or open at it."""
    import dataclasses

    ages, closed = np.asarray(ages), np.asarray(closed, dtype=bool)
    made = Durations.from_days(np.where(closed, 0, ages), closed, days_upper=ages, longest=ages, **more)
    return dataclasses.replace(made, current_status=True, sampling=Sampling("no_closing_date", "status_only"))


@calm
@given(st.lists(st.tuples(st.integers(0, 40), st.booleans()), min_size=1, max_size=60))
def test_status_only_gives_the_same_curve_as_the_interval_solver(rows):
    ages, closed = zip(*rows, strict=True)
    made = status(ages, closed)
    curve = delay.current_status_curve(made)
    assert curve.kuhn_tucker_gap <= 1e-9
    import dataclasses

    general = delay.interval_curve(dataclasses.replace(made, current_status=False, sampling=Sampling()))
    for row in curve.table.itertuples():
        bounds = general.at([row.from_age, row.to_age])
        assert bounds["lower"].min() - 1e-3 <= row.estimate <= bounds["upper"].max() + 1e-3


@calm
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 9)), min_size=1, max_size=40))
def test_pooling_gives_rising_means_that_keep_the_total(rows):
    value, weight = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    means, first = pooled(value, weight)
    assert (np.diff(means) > 0).all()
    size = np.add.reduceat(weight, first)
    assert (means * size).sum() == pytest.approx((value * weight).sum())


def test_status_only_finds_the_median_of_a_known_agency():
    rng = np.random.default_rng(5)
    took = rng.exponential(300 / np.log(2), 20_000)
    ages = rng.integers(0, 1500, len(took))
    row = delay.current_status_curve(status(ages, took <= ages)).quantiles().iloc[0]
    assert 260 <= row["lower"] - 1 < row["upper"] <= 340


def test_status_only_says_not_reached_and_writes_sentences_by_group():
    curve = delay.current_status_curve(
        status([10, 20, 10, 20] * 5, [False, True, False, False] * 5, groups={"g": list("aabb") * 5}), "g"
    )
    assert curve.true_quantiles(0.5)["reads"].tolist() == ["more than 10, at most 20", "not reached"]
    assert "b: of 10 cases, the number still open not shown, half had not closed" in curve.sentence()
    assert curve.plot().get_ylabel() == "share still open"


def test_status_curve_of_dated_cases_is_refused():
    with pytest.raises(Refusal, match="closing_curve"):
        delay.current_status_curve(Durations.from_days([1, 2]))


def closed_only(rng, n=4000, until=800, mean=200.0):
    """What a release of closed cases shows of an agency with exponential delays."""
    start = rng.integers(0, until, n)
    took = rng.exponential(mean, n).astype(int)
    seen = start + took <= until
    sampling = Sampling("closed_only", "excluded")
    return Durations.from_days(took[seen], longest=until - start[seen], sampling=sampling), took


def test_closed_cases_alone_mislead_and_the_reverse_time_curve_does_not():
    made, took = closed_only(np.random.default_rng(11), n=40_000)
    naive = delay.mean_of_closed_only(made).table["median_days"].item()
    within = 600
    truth = np.median(took[took <= within])
    row = delay.reverse_time_curve(made, within=within).quantiles().iloc[0]
    assert naive < truth - 10
    assert row["lower"] <= truth <= row["upper"]


@calm
@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=40),
    st.randoms(use_true_random=False),
)
def test_the_reverse_time_curve_rises_to_one_whatever_the_row_order(rows, random):
    def curve(order):
        took = [took for took, _ in order]
        return delay.reverse_time_curve(Durations.from_days(took, longest=[t + more for t, more in order])).table

    shuffled = rows.copy()
    random.shuffle(shuffled)
    table = curve(rows)
    pd.testing.assert_frame_equal(table, curve(shuffled))
    assert (table["estimate"].diff().dropna() >= 0).all()
    assert table["estimate"].iloc[-1] == 1


def test_groups_share_one_horizon_and_a_longer_one_is_refused():
    made = Durations.from_days([1, 2, 3, 4], longest=[50, 50, 9, 9], groups={"g": list("aabb")})
    assert delay.reverse_time_curve(made, "g").within == 9
    with pytest.raises(ParameterError, match="is 9 days"):
        delay.reverse_time_curve(made, "g", within=10)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (Durations.from_days([1, 2]), "cutoff="),
        (Durations.from_days([1, 2], [False, False], longest=[5, 5]), "all 2 are open"),
        (Durations.from_days([1, 2], days_upper=[3, 3], longest=[5, 5]), "interval_curve"),
        (Durations.from_days([3, 4], entry_time=[1, 0], longest=[5, 5]), "both sides"),
        (Durations.from_days([1], longest=[5], sampling=Sampling("selected_on_outcome")), "mean_of_closed_only"),
    ],
)
def test_a_reverse_time_curve_that_cannot_be_had_is_refused(made, message):
    with pytest.raises(Refusal, match=message):
        delay.reverse_time_curve(made)


def test_closed_cases_with_coarse_dates_are_not_sent_in_a_circle():
    made = Durations.from_days([1, 2], days_upper=[3, 3], longest=[5, 5], sampling=Sampling("closed_only", "excluded"))
    with pytest.raises(Refusal, match="no curve can be estimated"):
        delay.how_long(made)
    assert delay.mean_of_closed_only(made).table["mean_days_upper"].item() == 3


def test_an_estimate_that_breaks_down_early_is_said():
    made = Durations.from_days([2, 9], longest=[3, 9])
    assert any(text.startswith("NOT MET: on day 9") for text in delay.reverse_time_curve(made).assumptions)


ways = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from(["open", "mediated", "sustained"]), st.integers(0, 10)),
    min_size=1,
    max_size=50,
).filter(lambda rows: any(way != "open" for _, way, _ in rows))


def with_ways(rows):
    day, way, entry = zip(*rows, strict=True)
    closed = [value != "open" for value in way]
    return Durations.from_days(day, closed, entry_time=np.minimum(entry, day), groups={"way": list(way)})


@calm
@given(ways)
def test_all_ways_and_the_open_share_add_up_to_one(rows):
    made = with_ways(rows)
    result = delay.competing_closings(made, "way")
    days = range(int(made.end.max()) + 1)
    by_way = result.true_at(days).groupby("day")["estimate"].sum()
    curve = delay.closing_curve(made).table
    open_share = [1.0, *curve["estimate"]]
    place = np.searchsorted(curve["day"], days, side="right")
    assert by_way.tolist() == pytest.approx([1 - open_share[p] for p in place])
    assert np.isfinite(result.true_numbers()["std_error"]).all()


@calm
@given(ways, st.randoms(use_true_random=False))
def test_ties_and_row_order_change_nothing(rows, random):
    shuffled = rows.copy()
    random.shuffle(shuffled)
    pd.testing.assert_frame_equal(
        delay.competing_closings(with_ways(rows), "way").true_numbers(),
        delay.competing_closings(with_ways(shuffled), "way").true_numbers(),
    )


@pytest.mark.parametrize("seed", range(8))
def test_when_all_have_closed_in_one_way_no_doubt_is_left_of_that(seed):
    days = np.random.default_rng(seed).integers(0, 20, 44)
    last = delay.competing_closings(Durations.from_days(days, groups={"way": ["a"] * 44}), "way").table.iloc[-1]
    assert last[["estimate", "std_error"]].tolist() == [1, 0]
    assert last[["lower", "upper"]].isna().all()


def test_competing_closings_refuse_a_closed_case_without_a_way():
    made = Durations.from_days([1, 2], groups={"way": ["mediated", None]})
    with pytest.raises(ParameterError, match="1 of 2 closed cases have no 'way'"):
        delay.competing_closings(made, "way")
    with pytest.raises(ParameterError, match="with_case_column"):
        delay.competing_closings(made, "how")
    with pytest.raises(Refusal, match="all 1 cases are open"):
        delay.competing_closings(Durations.from_days([1], [False], groups={"way": ["x"]}), "way")


def test_what_open_cases_carry_is_not_a_way_of_closing():
    made = Durations.from_days([1, 2, 3], [True, False, True], groups={"way": ["m", "a", "s"]})
    assert delay.competing_closings(made, "way").causes == ("m", "s")


@pytest.mark.parametrize("numbers", [[1, 2, 3], [-7, 0, 40], [5, 1_000, 2_000_000]])
def test_ways_may_be_whole_numbers_near_or_far_apart(numbers):
    names = np.array(["a", "b", "open"])[[0, 1, 1, 0, 2]]
    closed = names != "open"
    spelled = Durations.from_days([2, 4, 6, 8, 9], closed, groups={"way": names})
    counted = Durations.from_days([2, 4, 6, 8, 9], closed, groups={"way": np.array(numbers)[[0, 1, 1, 0, 2]]})
    one, other = delay.competing_closings(spelled, "way"), delay.competing_closings(counted, "way")
    assert other.causes == (str(numbers[0]), str(numbers[1]))
    renamed = one.true_numbers().assign(
        cause=one.true_numbers()["cause"].map({"a": str(numbers[0]), "b": str(numbers[1])})
    )
    pd.testing.assert_frame_equal(other.true_numbers(), renamed, check_dtype=False)


def test_competing_closings_are_said_and_drawn_by_group_and_way():
    made = Durations.from_days(
        [1, 2, 3, 4, 5] * 20,
        [True, True, True, True, False] * 20,
        groups={"way": ["m", "s", "m", "s", "s"] * 20, "g": ["a", "a", "b", "b", "b"] * 20},
    )
    result = delay.competing_closings(made, "way", "g")
    assert "a: within 4 days 50.0 % 'm'" in result.sentence()
    axes = result.plot()
    assert [line.get_label() for line in axes.get_lines() if line.get_gid() is None] == ["a, m", "a, s", "b, m", "b, s"]


@pytest.mark.parametrize(
    ("made", "kind", "because"),
    [
        (Durations.from_days([1, 2], [True, False]), delay.DelayCurve, "known to the day"),
        (Durations.from_days([1, 2], days_upper=[1, 8]), delay.IntervalCurve, "50 % of the closings are coarser"),
        (status([1, 2], [True, False]), delay.CurrentStatusCurve, "closed and not when"),
        (
            Durations.from_days([1, 2], longest=[3, 3], sampling=Sampling("closed_only", "excluded")),
            delay.ReverseTimeCurve,
            "closed cases only",
        ),
    ],
)
def test_the_door_chooses_by_the_card_and_says_why(made, kind, because):
    answer = delay.how_long(made)
    assert isinstance(answer.curve, kind)
    assert because in answer.sentence()
    assert answer.quantiles().equals(answer.curve.quantiles())


def test_the_door_stays_shut_for_records_selected_on_their_outcome():
    with pytest.raises(Refusal, match="selected on finding"):
        delay.how_long(Durations.from_days([1, 2], sampling=Sampling("selected_on_outcome", selected_on=("finding",))))
