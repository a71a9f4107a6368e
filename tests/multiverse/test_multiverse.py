"""A multiverse computes what the estimators compute, names what it cannot, and its joint test keeps its level."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import accountability
from accountability import Cohort, delay, multiverse
from accountability.errors import ParameterError, Refusal
from accountability.multiverse import specification_curve
from accountability.multiverse.choices import EVERYONE, Exclusion
from accountability.multiverse.joint import joint_test, rank_p
from accountability.multiverse.specifications import MOOT
from accountability.outcomes import Ladder
from accountability.records.dataset import Dataset
from accountability.records.units import roll_up
from accountability.study import clocks
from accountability.study.grouping import group_cases

GROUP, FIRST, SECOND = "investigated_by", "Oversight office", "District"
TWO: dict[str, Any] = {"by": GROUP, "first": FIRST, "second": SECOND}
NO_FORCE = {"name": "without force", "column": "category", "drop": ["Force"]}


@pytest.fixture(scope="module")
def data() -> Dataset:
    return accountability.load("synthetic")


@pytest.fixture(scope="module")
def delays(data: Dataset) -> multiverse.Multiverse:
    choices = {
        "cutoff": ["none", "2018-12-31"],
        "start": ["received", "opened"],
        "unit": ["complaint", "officer_complaint", "allegation"],
        "estimator": ["median", "restricted_mean"],
        "exclusions": ["none", NO_FORCE],
    }
    return specification_curve(data, "median_delay", choices, seed=3, shuffles=39, **TWO)


# ---- every number is that of the estimator -----------------------------------------------------------------------


def two(data: Dataset) -> Cohort:
    return group_cases(Cohort.of(data), GROUP).keep_if(
        lambda cases: cases[GROUP].isin([FIRST, SECOND]), because="one of two"
    )


def row(result: multiverse.Multiverse, **chosen: str) -> pd.Series:
    table = result.table
    for name, label in chosen.items():
        table = table.loc[table[name] == label]
    assert len(table) == 1
    return table.iloc[0]


@pytest.mark.parametrize("cutoff", [None, "2018-12-31"])
@pytest.mark.parametrize("start", ["received", "opened"])
def test_a_median_and_a_mean_are_those_of_the_closing_curve(
    delays: multiverse.Multiverse, data: Dataset, cutoff: str | None, start: str
) -> None:
    gone = set(data.allegations.loc[data.allegations["category"] == "Force", "case_id"])
    cohort = two(data).keep_if(lambda cases: ~cases["case_id"].isin(gone), because="without force")
    timed = clocks.durations(cohort, start, "closed", cutoff)
    medians = delay.closing_curve(timed, by=GROUP).median().set_index(GROUP)
    means = delay.restricted_mean(timed, 730, by=GROUP).table.set_index(GROUP)
    label = cutoff or "the source's own"
    chosen = {"cutoff": label, "start": start, "unit": "complaint", "exclusions": "without force"}
    found = row(delays, **chosen, estimator="median")
    assert (found["first"], found["second"]) == (medians.at[FIRST, "estimate"], medians.at[SECOND, "estimate"])
    assert found["estimate"] == found["first"] - found["second"]
    assert (found["n_first"], found["n_second"]) == tuple(timed.table[GROUP].value_counts()[[FIRST, SECOND]])
    found = row(delays, **chosen, estimator="restricted_mean")
    assert found["first"] == pytest.approx(means.at[FIRST, "estimate"], rel=1e-12)
    assert found["second"] == pytest.approx(means.at[SECOND, "estimate"], rel=1e-12)


@pytest.mark.parametrize("unit", ["complaint", "officer_complaint"])
@pytest.mark.parametrize("outcome", ["sustained", "reprimand", "suspension"])
@pytest.mark.parametrize("ladder", Ladder.variants(), ids=lambda ladder: ladder.name)
def test_a_share_is_counted_as_by_hand(data: Dataset, unit: str, outcome: str, ladder: Ladder) -> None:
    result = specification_curve(
        data,
        "share",
        {"outcome": [outcome], "unit": [unit], "ladder": [ladder.name], "denominator": ["decided", "all"]},
        seed=1,
        shuffles=19,
        **TWO,
    )
    cases = two(data).cases.set_index("case_id")[GROUP]
    rows = roll_up(data.allegations, "officer_complaint", unit, rank=ladder.severity_rank)
    rows = rows.loc[rows["case_id"].isin(cases.index)]
    groups = rows["case_id"].map(cases)
    if outcome == "sustained":
        hits, decided = rows["finding"] == "sustained", rows["finding"].notna() & (rows["finding"] != "pending")
    else:
        heavy = ladder.order[ladder.order.index(outcome) :]
        hits = rows["imposed_penalty"].isin(heavy)
        decided = rows["finding"].notna() & (rows["finding"] != "pending") & (rows["imposed_penalty"] != "pending")
    for found, inside in zip(result.table.itertuples(), (decided, decided | True), strict=True):
        shares = 100 * hits[inside].groupby(groups[inside]).mean()
        assert found.first == pytest.approx(shares[FIRST], rel=1e-12)
        assert found.second == pytest.approx(shares[SECOND], rel=1e-12)
        assert found.n_first == int((groups[inside] == FIRST).sum())


def test_a_mean_rung_is_counted_as_by_hand(data: Dataset) -> None:
    result = specification_curve(data, "mean_rung", {"stage": ["imposed", "recommended"]}, seed=1, shuffles=19, **TWO)
    cases = two(data).cases.set_index("case_id")[GROUP]
    rows = data.allegations.loc[
        data.allegations["case_id"].isin(cases.index) & (data.allegations["finding"] == "sustained")
    ]
    for stage, found in zip(("imposed", "recommended"), result.table.itertuples(), strict=True):
        rungs = Ladder().rungs(rows[f"{stage}_penalty"]).dropna().astype(float)
        means = rungs.groupby(rows["case_id"].map(cases)).mean()
        assert (found.first, found.second) == pytest.approx((means[FIRST], means[SECOND]), rel=1e-12)
        assert found.n_first == int((rows["case_id"].map(cases)[rungs.index] == FIRST).sum())


# ---- what it says ------------------------------------------------------------------------------------------------


def test_a_planted_difference_holds_everywhere_and_what_could_not_be_had_is_named(
    delays: multiverse.Multiverse,
) -> None:
    assert len(delays.table) == 48
    assert len(delays.estimated) == 32
    assert delays.estimated["holds"].all()
    assert delays.turns_on is None
    refused = delays.table.loc[delays.table["unit"] == "allegation"]
    assert refused["estimate"].isna().all()
    assert refused["holds"].isna().all()
    assert set(refused["not_estimated"]) == {
        "a row of this source is one 'officer_complaint', so delays cannot be counted by allegation"
    }
    assert (delays.joint["p_value"] == 1 / 40).all()
    said = delays.sentence()
    assert said.startswith(
        "Delay is longer for investigated_by 'Oversight office' than for 'District', p at most 0.05: "
        "holds in 32 of 32 specifications; turns on none of the choices."
    )
    assert "16 specifications could not be estimated (most often: a row of this source" in said


def test_the_same_seed_gives_the_same_result_and_the_data_stay_as_they_were(data: Dataset) -> None:
    before = {name: getattr(data, name).copy() for name in ("cases", "allegations", "events")}
    one, other = (
        specification_curve(data, "share", {"unit": ["complaint", "officer_complaint"]}, seed=5, shuffles=29, **TWO)
        for _ in range(2)
    )
    pd.testing.assert_frame_equal(one.table, other.table)
    pd.testing.assert_frame_equal(one.joint, other.joint)
    assert repr(one) == repr(other)
    for name, frame in before.items():
        pd.testing.assert_frame_equal(getattr(data, name), frame)


def test_it_turns_on_the_choice_that_decides(data: Dataset) -> None:
    """Swapped sign under one option of one choice only: that choice accounts for all of it."""
    question = multiverse.QUESTIONS["share"]

    def turned(cohort: Cohort, values: Any, positions: Any) -> Any:
        made = question.prepare(cohort, values, positions)
        if values["denominator"] == "decided":
            return made
        return dataclasses.replace(made, compare=lambda first: made.compare(first)[::-1])

    choices = {"unit": ["complaint", "officer_complaint"], "denominator": ["decided", "all"]}
    result = specification_curve(
        data, dataclasses.replace(question, prepare=turned), choices, seed=1, shuffles=39, claim="less", **TWO
    )
    assert result.turns_on == "denominator"
    turns = result.by_choice.drop_duplicates("choice").set_index("choice")["turns"]
    assert turns.to_dict() == {"unit": 0.0, "denominator": 1.0}
    assert "holds in 2 of 4 specifications; turns on denominator (2 of 2 with decided, 0 of 2 with all)" in (
        result.sentence()
    )


def test_a_choice_that_changes_nothing_makes_no_further_specification(data: Dataset) -> None:
    choices = {"outcome": ["sustained", "suspension"], "ladder": [ladder.name for ladder in Ladder.variants()]}
    result = specification_curve(data, "share", choices, seed=1, shuffles=19, **TWO)
    assert len(result.table) == 4
    assert result.table["ladder"].tolist() == [MOOT, *(ladder.name for ladder in Ladder.variants())]


def test_the_figure_shows_every_specification_and_its_options(delays: multiverse.Multiverse) -> None:
    import matplotlib as mpl
    import matplotlib.pyplot as plt

    with mpl.rc_context({"backend": "agg"}):
        top = delays.plot()
        shown = sum(len(points.get_offsets()) for points in top.collections)
        below = top.figure.axes[1]
        words = [label.get_text() for label in below.get_yticklabels()]
        assert shown == 32
        assert len(words) == 2 + 2 + 3 + 2 + 2
        assert "exclusions: without force" in words
        assert sum(len(points.get_offsets()) for points in below.collections) == 32 * 5
        alone = plt.subplots()[1]
        assert delays.plot(alone) is alone


# ---- small groups and refusals -------------------------------------------------------------------------------------


def test_a_specification_of_few_is_refused_and_not_shown(data: Dataset) -> None:
    result = specification_curve(
        data, "share", {"outcome": ["sustained", "dismissal", "demotion"]}, seed=1, shuffles=19, **TWO
    )
    few = result.table.loc[result.table["not_estimated"] != ""]
    assert len(few) > 0
    assert set(few["not_estimated"]) <= {
        f"fewer than 10 units of the {which} group with, or without, the outcome" for which in ("first", "second")
    }
    assert few[["estimate", "first", "second", "n_first", "n_second"]].isna().all(axis=None)


def test_where_nothing_can_be_estimated_the_first_reason_is_given(data: Dataset) -> None:
    with pytest.raises(Refusal, match=r"none of the 1 specifications could be computed; the first: a row of this"):
        specification_curve(data, "median_delay", {"unit": ["allegation"]}, seed=1, **TWO)


def test_a_cut_off_the_source_cannot_have_is_named_and_the_others_are_computed(data: Dataset) -> None:
    result = specification_curve(data, "median_delay", {"cutoff": ["none", "2031-01-01"]}, seed=1, shuffles=19, **TWO)
    assert result.table["not_estimated"].tolist()[0] == ""
    assert "2031-01-01" in result.table["not_estimated"].tolist()[1]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"question": "median_dealy"}, "Did you mean 'median_delay'?"),
        ({"choices": {}}, "none is declared"),
        ({"choices": {"cutof": ["none"]}}, "Did you mean 'cutoff'?"),
        ({"choices": {"cutoff": "none"}}, "expected a list of options"),
        ({"choices": {"cutoff": ["soon"]}}, "must be a day"),
        ({"choices": {"start": ["received", "received"]}}, "given twice"),
        ({"choices": {"unit": ["officer"]}}, "no such option"),
        ({"choices": {"horizon": [0]}}, "expected a number of days"),
        ({"choices": {"exclusions": [{"column": "x"}]}}, "expected none, or name, column and drop"),
        ({"choices": {"exclusions": [{**NO_FORCE, "column": "catgory"}]}}, "Did you mean 'category'?"),
        ({"choices": {"exclusions": [{**NO_FORCE, "drop": ["Farce"]}]}}, "no case has category in ['Farce']"),
        ({"first": "Oversight"}, "no group 'Oversight'"),
        ({"second": FIRST}, "needs two groups"),
        ({"claim": "longer"}, "expected more or less"),
        ({"shuffles": 5}, "expected at least 19"),
        ({"confidence": 1.5}, "between 0 and 1"),
        ({"within": "shoe_size"}, "no column 'shoe_size'"),
    ],
)
def test_what_cannot_be_meant_is_refused(change: dict[str, Any], fault: str, data: Dataset) -> None:
    asked: dict[str, Any] = {"question": "median_delay", "choices": {"cutoff": ["none"]}, "seed": 1, **TWO} | change
    with pytest.raises(ParameterError, match=re.escape(fault)):
        specification_curve(data, asked.pop("question"), asked.pop("choices"), **asked)


def test_every_fault_of_the_choices_is_listed_at_once(data: Dataset) -> None:
    with pytest.raises(ParameterError) as refused:
        specification_curve(data, "median_delay", {"cutof": ["none"], "unit": ["x"], "start": []}, seed=1, **TWO)
    assert len(str(refused.value).splitlines()) == 3


def test_an_exclusion_leaves_out_the_case_of_any_such_allegation(data: Dataset) -> None:
    cohort = Cohort.of(data)
    left = Exclusion("x", "category", ("Force",)).of(cohort)
    assert len(left) == len(cohort) - data.allegations.loc[data.allegations["category"] == "Force", "case_id"].nunique()
    assert Exclusion(EVERYONE).of(cohort) is cohort


# ---- the joint test ------------------------------------------------------------------------------------------------

EFFECTS = hnp.arrays(np.float64, st.tuples(st.integers(2, 30), st.integers(1, 5)), elements=st.integers(-3, 3))


@given(effects=EFFECTS)
def test_a_rank_p_value_counts_what_is_at_least_as_large(effects: np.ndarray) -> None:
    size = np.abs(effects)
    expected = (size[None, :, :] >= size[:, None, :]).mean(axis=1)
    np.testing.assert_allclose(rank_p(effects), expected)


@given(effects=EFFECTS, confidence=st.sampled_from([0.95, 0.8, 0.5]))
def test_the_joint_p_values_of_all_rows_are_never_too_small(effects: np.ndarray, confidence: float) -> None:
    """Were each row in turn the data, at most a share a of the rows could have a p-value of a or less."""
    p = np.array(
        [
            joint_test(np.vstack([effects[[i]], np.delete(effects, i, axis=0)]), confidence)["p_value"]
            for i in range(len(effects))
        ]
    )
    for level in (0.05, 0.1, 0.5):
        assert ((p <= level + 1e-12).mean(axis=0) <= level + 1e-12).all()
