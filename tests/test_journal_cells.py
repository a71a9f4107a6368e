"""A result's LaTeX goes to a journal as it is: labels, intervals in one column, marks for what is hidden."""

from __future__ import annotations

import math
from collections.abc import Callable

import pandas as pd
import pytest

import accountability
from accountability import delay, outcomes
from accountability.journal_cells import for_print
from accountability.records.dataset import Dataset
from accountability.results import Result


def test_estimates_stand_with_their_limits_and_names_are_labels() -> None:
    table = pd.DataFrame(
        {
            "level": ["not_sustained", "sustained"],
            "n": [1896, 12],
            "year": [2016, 2017],
            "estimate": [0.2562, math.nan],
            "std_error": [0.09079, math.nan],
            "lower": [0.07656, math.nan],
            "upper": [0.4359, math.nan],
            "p_value": [0.0000012, math.nan],
            "ratio": [1.292, math.nan],
            "ratio_lower": [1.08, math.nan],
            "ratio_upper": [1.546, math.nan],
            "hidden": [False, True],
        }
    )
    before = table.copy()
    printed, form = for_print(table)
    pd.testing.assert_frame_equal(table, before)
    assert form == "lrrrrr"
    assert list(printed) == ["level", "number", "year", "estimate (interval)", "p-value", "ratio (interval)"]
    assert printed.iloc[0].tolist() == [
        "not sustained", "1,896", "2016", "0.256 (0.077 to 0.436)", "< 0.001", "1.29 (1.08 to 1.55)",
    ]  # fmt: skip
    assert printed.iloc[1].tolist() == ["sustained", "12", "2017", "‡", "‡", "‡"]


def test_days_are_whole_and_what_does_not_exist_is_a_dash() -> None:
    table = pd.DataFrame({"share": [0.5, 0.9], "estimate": [125.0, math.nan], "lower": [119.0, 300.0], "upper": 134.0})
    assert for_print(table)[0]["estimate (interval)"].tolist() == ["125 (119 to 134)", "–"]


def test_the_least_and_the_most_share_a_column_with_the_digits_of_their_estimate() -> None:
    table = pd.DataFrame(
        {
            "estimate": [0.8595, 0.25], "lower": [0.8496, 0.2], "upper": [0.8689, 0.3], "extreme_lower": [0.858, 0.25],
            "extreme_upper": [0.8598, 0.25], "open_extreme_lower": [643, math.nan],
            "open_extreme_upper": [652, math.nan],
        }
    )  # fmt: skip
    printed, form = for_print(table)
    assert list(printed) == ["estimate (interval)", "least to most", "open, least to most"]
    assert form == "rrr"
    assert printed.iloc[0].tolist()[1:] == ["0.8580 to 0.8598", "643 to 652"]
    assert printed.iloc[1].tolist()[1:] == ["0.250", "–"]
    text = delay.closing_curve(accountability.load("synthetic")).to_latex()
    assert "extreme" not in text
    assert text.count("the cases whose end is not known taken to end as early or as late as they can") == 2


@pytest.mark.parametrize("made", [
    lambda data: delay.closing_curve(data),
    lambda data: delay.cox(data, covariates="category"),
    lambda data: outcomes.sustained_logit(data, "investigated_by"),
    lambda data: outcomes.decompose_gap(data, "officer_race"),
])  # fmt: skip
def test_no_raw_name_and_no_limit_by_itself_reaches_a_journal(made: Callable[[Dataset], Result]) -> None:
    text = made(accountability.load("synthetic")).to_latex()
    assert "\\_" not in text
    assert "(interval)" in text
    assert "& lower &" not in text
    assert " nan" not in text


def test_a_mark_is_explained_below() -> None:
    table = pd.DataFrame({"n": pd.array([12, None], "Int64"), "hidden": [False, True]})
    text = Result(estimand="", assumptions=(), method="", table=table).to_latex()
    assert text.count("\\ddag{}") == 2
    assert "fewer than ten" in text
    assert "fewer than ten" not in Result(estimand="", assumptions=(), method="", table=table[:1]).to_latex()
