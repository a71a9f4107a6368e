import numpy as np
import pandas as pd
import pytest
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from accountability import delay
from accountability.errors import ParameterError, Refusal
from accountability.study.durations import Durations, Sampling

# Busy machines are slow; a deadline would fail on them and say nothing about the code.
calm = settings(deadline=None, max_examples=examples(60))

cases = st.lists(
    st.tuples(st.integers(0, 60), st.booleans(), st.integers(0, 20), st.sampled_from("abc")), min_size=1, max_size=60
)


def built(rows, relabel=lambda group: group):
    day, closed, entry, group = (list(column) for column in zip(*rows, strict=True))
    entry = np.minimum(entry, day)
    return Durations.from_days(day, closed, entry_time=entry, groups={"group": [relabel(g) for g in group]})


def by_hand(days, closed, entry, at):
    """The product-limit estimate written out one closing day at a time."""
    share = 1.0
    for day in sorted({d for d, c in zip(days, closed, strict=True) if c and d <= at}):
        at_risk = sum(e <= day <= d for d, e in zip(days, entry, strict=True))
        share *= 1 - sum(d == day and c for d, c in zip(days, closed, strict=True)) / at_risk
    return share


@calm
@given(cases)
def test_the_curve_is_the_product_limit(rows):
    made = built(rows)
    curve = delay.closing_curve(made)
    asked = curve.table["day"].tolist()
    for day, share in zip(asked, curve.table["estimate"], strict=True):
        assert share == pytest.approx(by_hand(made.days_lower, made.event, made.entry_time, day), abs=1e-12)


@calm
@given(cases, st.randoms(use_true_random=False))
def test_row_order_changes_nothing(rows, random):
    shuffled = rows.copy()
    random.shuffle(shuffled)
    pd.testing.assert_frame_equal(
        delay.closing_curve(built(rows), by="group").true_numbers(),
        delay.closing_curve(built(shuffled), by="group").true_numbers(),
    )


@calm
@given(cases, st.integers(0, 58))
def test_splitting_a_case_into_an_open_and_a_late_half_changes_nothing(rows, cut):
    split = []
    for day, closed, entry, group in rows:
        entry = min(entry, day)
        if entry <= cut < day:
            split += [(cut, False, entry, group), (day, closed, cut + 1, group)]
        else:
            split.append((day, closed, entry, group))
    whole, halves = delay.closing_curve(built(rows)), delay.closing_curve(built(split))
    shown = whole.table.set_index("day")
    columns = ["at_risk", "events", "estimate", "std_error", "lower", "upper"]
    pd.testing.assert_frame_equal(halves.table.set_index("day").loc[shown.index, columns], shown[columns])


@calm
@given(cases)
def test_group_names_do_not_matter(rows):
    names = {"a": "z", "b": "y", "c": "x"}
    one = delay.closing_curve(built(rows), by="group").true_numbers()
    two = delay.closing_curve(built(rows, names.get), by="group").true_numbers()
    two = two.assign(group=two["group"].map({new: old for old, new in names.items()}))
    pd.testing.assert_frame_equal(
        one, two.sort_values(["group", "day"], kind="stable").reset_index(drop=True), check_dtype=False
    )


@calm
@given(cases)
def test_the_curve_falls_within_its_interval_and_every_case_is_counted(rows):
    curve = delay.closing_curve(built(rows), by="group")
    whole = curve.true_numbers()
    for _, part in whole.groupby("group"):
        assert (part["estimate"].diff().dropna() <= 0).all()
    known = whole.dropna(subset=["lower"])
    assert (known["lower"] <= known["estimate"] + 1e-12).all()
    assert (known["estimate"] <= known["upper"] + 1e-12).all()
    assert whole[["events", "last_seen_open"]].to_numpy().sum() == len(rows)


@pytest.mark.parametrize("transform", ["log-log", "log", "plain"])
def test_the_interval_is_named_and_stays_between_0_and_1(transform):
    rng = np.random.default_rng(3)
    made = Durations.from_days(rng.integers(0, 50, 40), rng.random(40) < 0.7)
    curve = delay.closing_curve(made, interval_type=transform)
    assert transform in curve.method
    assert curve.table["lower"].dropna().between(0, 1).all()
    assert curve.table["upper"].dropna().between(0, 1).all()


def test_a_quantile_that_is_not_reached_says_so():
    curve = delay.closing_curve(Durations.from_days([1, 2, 3, 4], [True, False, False, False]))
    table = curve.quantiles([0.2, 0.5])
    assert table["estimate"].isna().tolist() == [False, True]
    assert table["reads"].iloc[1].startswith("not reached")
    assert "half had not closed" in curve.sentence()


def test_numbers_still_open_at_given_days():
    curve = delay.closing_curve(Durations.from_days([0, 2, 2, 5], [True, True, False, False]))
    table = curve.at([0, 1, 2, 3, 5, 6])
    assert table["at_risk"].tolist() == [4, 3, 3, 1, 1, 0]
    assert table["estimate"].round(6).tolist()[:5] == [0.75, 0.75, 0.5, 0.5, 0.5]
    assert np.isnan(table["estimate"].iloc[5])  # nobody was watched that long


def test_all_open_gives_a_curve_at_one_and_all_closed_on_one_day_a_drop():
    still = delay.closing_curve(Durations.from_days([4, 9], [False, False]))
    assert still.table["estimate"].tolist() == [1, 1]
    assert still.table["lower"].tolist() == pytest.approx([0.025**0.5, 0.025])  # of 2 and of 1 watched
    assert still.quantiles()["reads"].iloc[0] == "not reached (interval from 4)"
    drop = delay.closing_curve(Durations.from_days([7, 7, 7]))
    assert drop.quantiles()["estimate"].tolist() == [7]
    assert drop.table["lower"].isna().all()


def test_one_case_and_a_group_of_one():
    one = delay.closing_curve(Durations.from_days([7], groups={"g": ["x"]}), by="g")
    assert one.true_numbers()[["day", "at_risk", "estimate"]].to_numpy().tolist() == [[7, 1, 0]]


def test_late_entry_that_empties_the_curve_too_soon_is_said():
    curve = delay.closing_curve(Durations.from_days([2, 9, 9], entry_time=[0, 5, 5]))
    assert any(text.startswith("NOT MET") and "2 cases entered later" in text for text in curve.assumptions)


@pytest.mark.parametrize(
    ("sampling", "names"),
    [
        (Sampling("closed_only", "excluded"), "reverse_time_curve"),
        (Sampling("complete", "excluded"), "reverse_time_curve"),
        (Sampling("selected_on_outcome", "excluded", selected_on=("finding",)), "mean_of_closed_only"),
        (Sampling("no_closing_date", "status_only"), "current_status_curve"),
        (Sampling("case_files", "included"), "durations.table"),
    ],
)
@pytest.mark.parametrize(
    "estimate",
    [
        delay.closing_curve,
        lambda durations: delay.restricted_mean(durations, 1),
        lambda durations: delay.compare(durations, "g", "logrank"),
    ],
)
def test_a_release_that_cannot_show_it_is_refused_with_the_alternative(sampling, names, estimate):
    made = Durations.from_days([1, 2, 3], groups={"g": [1, 1, 2]}, sampling=sampling)
    with pytest.raises(Refusal, match=names):
        estimate(made)


def test_dates_coarser_than_a_day_are_refused():
    with pytest.raises(Refusal, match=r"1 of 2 closed cases .*interval_curve"):
        delay.closing_curve(Durations.from_days([1, 2], days_upper=[1, 9]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"days": [-1]}, "below 0"),
        ({"days": [5], "days_upper": [3]}, "longest delay below its shortest"),
        ({"days": [5], "entry_time": [6]}, "enter after"),
        ({"days": [200_000]}, "wrong date"),
        ({"days": [1.5]}, "whole days"),
        ({"days": [float("nan")]}, "whole days"),
        ({"days": [1, 2], "event": [True]}, "different lengths"),
    ],
)
def test_impossible_days_are_refused(arguments, message):
    with pytest.raises(ParameterError, match=message):
        Durations.from_days(**arguments)


def test_no_case_is_refused():
    with pytest.raises(Refusal, match="has none"):
        delay.closing_curve(Durations.from_days(np.array([], dtype=int)))


def test_a_missing_group_is_refused_until_it_is_labelled():
    made = Durations.from_days([1, 2, 3], groups={"g": ["a", None, "b"]})
    with pytest.raises(ParameterError, match=r"1 of 3 cases have no 'g'.*label_missing"):
        delay.closing_curve(made, by="g")
    with pytest.raises(ParameterError, match="no column 'h'"):
        delay.closing_curve(made, by="h")
    assert delay.closing_curve(made.label_missing("g"), by="g").true_numbers()["g"].tolist() == [
        "a",
        "b",
        "not recorded",
    ]


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_outside_0_and_1_is_refused(level):
    with pytest.raises(ParameterError, match="confidence"):
        delay.closing_curve(Durations.from_days([1, 2]), confidence=level)


def test_two_grouping_columns():
    made = Durations.from_days([1, 2, 3, 4], groups={"g": ["b", "a", "b", "a"], "h": [1, 1, 1, 2]})
    table = delay.closing_curve(made, by=["g", "h"]).true_numbers()
    assert table[["g", "h", "day"]].to_numpy().tolist() == [["a", 1, 2], ["a", 2, 4], ["b", 1, 1], ["b", 1, 3]]


def test_the_result_says_the_same_each_time_and_can_be_written(tmp_path):
    made = Durations.from_days([3, 5, 5, 9], [True, True, False, True])
    one, two = delay.closing_curve(made), delay.closing_curve(made)
    assert repr(one) == repr(two)
    assert one._repr_html_() == two._repr_html_()
    assert "0x" not in repr(one)
    assert one.to_latex().startswith("\\begin{tabular}")
    again = pd.read_csv(one.to_csv(tmp_path / "curve.csv"))
    pd.testing.assert_frame_equal(again, one.table)


def test_the_figure_has_one_line_a_group_and_the_numbers_below():
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    made = Durations.from_days([3, 5, 5, 9] * 10, [True, True, False, True] * 10, groups={"g": ["a"] * 20 + ["b"] * 20})
    axes = delay.closing_curve(made, by="g").plot()
    lines = [line for line in axes.get_lines() if line.get_gid() is None]
    assert [line.get_label() for line in lines] == ["a", "b"]
    assert all(line.get_ydata()[0] == 1 for line in lines)
    assert "still open and watched" in [below.get_title(loc="left") for below in axes.figure.axes]
    axes.figure.canvas.draw()
    plt.close(axes.figure)


@settings(max_examples=examples(30), deadline=None)
@given(cases, st.integers(1, 40))
def test_the_restricted_mean_is_the_mean_of_shortened_delays_when_all_closed(rows, until):
    days = np.array([row[0] for row in rows])
    table = delay.restricted_mean(Durations.from_days(days), until).table
    assert table["estimate"].iloc[0] == pytest.approx(np.minimum(days, until).mean())
    spread = np.minimum(days, until).var() / len(days)
    if spread:  # without it no interval exists
        assert table["std_error"].iloc[0] == pytest.approx(np.sqrt(spread))
    else:
        assert np.isnan(table["std_error"].iloc[0])


def test_a_horizon_beyond_what_was_watched_is_refused():
    with pytest.raises(Refusal, match="up to 9"):
        delay.restricted_mean(Durations.from_days([3, 9], [True, False]), 10)
    with pytest.raises(ParameterError, match="positive whole number"):
        delay.restricted_mean(Durations.from_days([3]), 0)


def test_the_mean_of_closed_cases_says_what_it_leaves_out():
    made = Durations.from_days([10, 20, 500], [True, True, False])
    result = delay.mean_of_closed_only(made)
    assert result.table.iloc[0].to_dict() == {
        "n": 2,
        "open": 1,
        "mean_days": 15,
        "median_days": 15,
    }
    assert "1 open case is left out, so this is not how long cases take" in result.sentence()
    months = delay.mean_of_closed_only(Durations.from_days([10, 20], days_upper=[40, 30]))
    assert "took 15.0 to 35.0 days on average (median 15 to 35)" in months.sentence()
    with pytest.raises(Refusal, match="no closed case"):
        delay.mean_of_closed_only(Durations.from_days([1], [False]))


@calm
@given(cases)
def test_two_equal_groups_do_not_differ(rows):
    days = [*(row[0] for row in rows), 61, 62]
    closed = [*(row[1] for row in rows), True, True]
    made = Durations.from_days(days * 2, closed * 2, groups={"g": [1] * len(days) + [2] * len(days)})
    test = delay.compare(made, "g", "logrank")
    assert test.statistic == pytest.approx(0, abs=1e-9)
    assert test.df == 1


def test_a_comparison_that_cannot_be_made_is_refused():
    with pytest.raises(Refusal, match="at least two groups"):
        delay.compare(Durations.from_days([1, 2], groups={"g": ["a", "a"]}), "g", "logrank")
    apart = Durations.from_days([1, 9], entry_time=[0, 5], groups={"g": ["a", "b"]})
    with pytest.raises(Refusal, match="no day compares"):
        delay.compare(apart, "g", "logrank")


def test_the_figure_ends_where_few_are_watched_and_hides_small_numbers():

    made = Durations.from_days([*range(1, 200), 5000])
    curve = delay.closing_curve(made)
    axes = curve.plot()
    assert axes.get_xlim() == (0, 199)  # two hundredths of the cases are watched up to day 198, one beyond it
    assert [text.get_text() for text in axes.figure.axes[1].texts] == [
        "200",
        "171",
        "141",
        "111",
        "81",
        "51",
        "21",
    ]
    longer = curve.plot(until=6000)
    assert longer.get_xlim() == (0, 6000)
    assert "<10" in [text.get_text() for text in longer.figure.axes[1].texts]


def test_curves_of_groups_come_in_steps_of_ten_closings_and_small_numbers_stay_inside():
    rng = np.random.default_rng(8)
    group = np.repeat(["large", "nearly all closed", "tiny", "small"], [200, 129, 4, 12])
    days, closed = rng.integers(0, 300, 345), np.ones(345, bool)
    closed[200:203] = False
    closed[:60] = False
    made = Durations.from_days(days, closed, groups={"g": group})
    curve, whole = delay.closing_curve(made, "g"), delay.closing_curve(made)
    assert "hidden" not in whole.table
    assert whole.table["day"].nunique() == len(whole.table)
    large = curve.table[curve.table["g"] == "large"]
    assert (large["events"] >= 10).all()
    true = curve.true_numbers().set_index(["g", "day"])
    for _, row in curve.table.dropna(subset=["day"]).iterrows():
        assert row["estimate"] == true.loc[(row["g"], row["day"]), "estimate"]
    few = curve.table[curve.table["g"] == "nearly all closed"]
    assert few["events"].isna().all()
    assert ((few["estimate"] * 129 >= 9.5) | (few["estimate"] == 0)).all()
    assert curve.table.set_index("g").loc[["small", "tiny"], "hidden"].all()
    said = curve.sentence()
    assert "3 still open" not in said
    assert "nearly all closed: of 129 cases, the number still open not shown, half had closed" in said.replace(
        "Large", ""
    )
    assert "tiny: too few cases to show" in said
    assert curve.quantiles([0.2, 0.9]).set_index("g").loc["tiny", ["estimate", "lower", "reads"]].isna().all(axis=None)
    at = curve.at([0, 150, 290]).set_index(["g", "day"])
    assert at.loc[("nearly all closed", 290), "hidden"]
    assert not at.loc[("large", 150), "hidden"]
    assert "290" in curve.to_latex([290])
    axes = curve.plot()
    assert len([line for line in axes.get_lines() if line.get_gid() is None]) == 2


def test_kaplan_meier_is_another_name_of_the_closing_curve():
    assert delay.kaplan_meier is delay.closing_curve
