"""A case among others: shares counted by hand, by a second program, and on real releases."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import accountability
from accountability import casefiles
from accountability.casefiles import Comparable
from accountability.errors import ParameterError, Refusal
from accountability.study import clocks
from accountability.study.durations import Durations, Sampling


@pytest.fixture(scope="module")
def squad() -> casefiles.CaseFile:
    return casefiles.read("news_cases", "MDPD-2010")


@pytest.fixture(scope="module")
def agency() -> accountability.Dataset:
    return accountability.load("synthetic")


def among(days: list[int], closed: list[bool] | None = None, **more: object) -> Comparable:
    spells = Durations.from_days(days, closed, **more)
    return Comparable(spells, spells, "all cases", "made by hand")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 1500), min_size=10, max_size=60))
def test_where_every_case_closed_the_place_is_the_plain_share(days: list[int]) -> None:
    squad = casefiles.read("news_cases", "MDPD-2010")
    row = casefiles.place(squad, among(days)).chosen
    assert row["least"] == pytest.approx(np.mean(np.array(days) < 610))
    assert row["most"] == pytest.approx(np.mean(np.array(days) < 1003))
    assert row["lower"] <= row["least"] <= row["most"] <= row["upper"]
    assert not row["beyond"]


def test_open_cases_are_counted_and_move_the_place_down(squad: casefiles.CaseFile) -> None:
    days = [100] * 10 + [700] * 5 + [1100] * 5
    whole = casefiles.place(squad, among(days)).chosen
    closed = [True] * 10 + [False] * 5 + [True] * 5
    some = casefiles.place(squad, among(days, closed)).chosen
    assert (whole["least"], whole["most"]) == (0.5, 0.75)
    assert (some["least"], some["most"]) == (0.5, 0.5)


def test_a_case_longer_than_any_was_watched_has_no_upper_end(squad: casefiles.CaseFile) -> None:
    placed = casefiles.place(squad, among([100] * 10 + [800] * 10, [True] * 10 + [False] * 10))
    assert (placed.chosen["least"], placed.chosen["most"], placed.chosen["beyond"]) == (0.5, 1.0, True)
    assert "no case was watched for more than 800 days" in placed.sentence()


def test_a_delay_without_a_longest_length_can_be_longer_than_all(squad: casefiles.CaseFile) -> None:
    before = squad.reading(start_of_investigation="by_2010")
    placed = casefiles.place(before, among(list(range(100, 1100, 50))))
    assert (placed.chosen["least"], placed.chosen["most"]) == (pytest.approx(11 / 20), 1.0)
    assert placed.plot().get_ylabel() == "share of comparable cases still open"


def test_the_shares_and_limits_are_those_of_another_program(
    squad: casefiles.CaseFile, agency: accountability.Dataset
) -> None:
    from scipy.stats import norm
    from statsmodels.duration.survfunc import SurvfuncRight

    spells = clocks.durations(agency)
    other = SurvfuncRight(spells.end, spells.event.astype(int))
    placed = casefiles.place(squad, agency).chosen
    for day, share in ((609, "least"), (1002, "most")):
        at = np.searchsorted(other.surv_times, day, side="right") - 1
        survival, error = other.surv_prob[at], other.surv_prob_se[at]
        assert placed[share] == pytest.approx(1 - survival, abs=1e-9)
        # log(-log) limits, written out
        spread = norm.ppf(0.975) * error / (survival * abs(np.log(survival)))
        limit = survival ** np.exp(spread if share == "most" else -spread)
        assert placed["upper" if share == "most" else "lower"] == pytest.approx(1 - limit, abs=1e-6)


def test_a_filter_known_from_the_start_keeps_the_cases_that_have_it(
    squad: casefiles.CaseFile, agency: accountability.Dataset
) -> None:
    chosen = casefiles.comparable(agency, "category=neglect")
    with_it = agency.allegations.loc[agency.allegations["category"] == "Neglect", "case_id"].unique()
    assert set(chosen.slowest.table["case_id"]) <= set(with_it)
    assert not chosen.settled_late
    assert casefiles.place(squad, chosen).cases == len(chosen.slowest)


def test_a_filter_settled_late_is_taken_both_ways(squad: casefiles.CaseFile, agency: accountability.Dataset) -> None:
    chosen = casefiles.comparable(agency, "finding=sustained")
    assert chosen.settled_late
    assert chosen.fastest.n_open == 0
    assert chosen.slowest.n_open == clocks.durations(agency).n_open
    whole = casefiles.place(squad, chosen).chosen
    fast = casefiles.place(squad, Comparable(chosen.fastest, chosen.fastest, "x", "y")).chosen
    slow = casefiles.place(squad, Comparable(chosen.slowest, chosen.slowest, "x", "y")).chosen
    assert (whole["least"], whole["most"]) == (slow["least"], fast["most"])
    assert "known only when they end" in casefiles.place(squad, chosen).sentence()


@pytest.mark.parametrize(
    ("keep", "said"),
    [
        ("category", "expected column=value"),
        ("categry=Force", "Did you mean 'category'"),
        ("category=Forse", "Did you mean 'Force'"),
        ("category=Force; squad=", "expected column=value"),
    ],
)
def test_a_filter_that_cannot_be_meant_is_refused(agency: accountability.Dataset, keep: str, said: str) -> None:
    with pytest.raises(ParameterError, match=said):
        casefiles.comparable(agency, keep)


def test_no_case_is_placed_among_a_few_or_among_chosen_ones(agency: accountability.Dataset) -> None:
    squads = agency.allegations.groupby(["squad", "category"])["case_id"].nunique()
    squad, category = squads[squads < 10].index[0]
    with pytest.raises(Refusal, match="fewer than 10 comparable cases"):
        casefiles.comparable(agency, f"squad={squad}; category={category}")
    with pytest.raises(Refusal, match="single cases chosen"):
        casefiles.comparable(accountability.load("news_cases"))


def test_a_release_of_closed_cases_is_refused(squad: casefiles.CaseFile) -> None:
    chosen = among(list(range(100, 200)), sampling=Sampling("closed_only", "excluded", "closed"))
    with pytest.raises(Refusal, match="closed cases only"):
        casefiles.place(squad, chosen)


def test_coarse_dates_give_bounds_that_hold_the_exact_place(squad: casefiles.CaseFile) -> None:
    rng = np.random.default_rng(7)
    days = rng.integers(1, 1500, 200)
    low, high = days // 30 * 30, days // 30 * 30 + 29
    coarse = Durations.from_days(low, [True] * 200, days_upper=high)
    row = casefiles.place(squad, Comparable(coarse, coarse, "all", "months")).chosen
    exact = casefiles.place(squad, among(list(days))).chosen
    assert row["least"] <= exact["least"] + 0.03
    assert row["most"] >= exact["most"] - 0.03
    assert row["lower"] <= row["least"] <= row["most"] <= row["upper"]


def test_the_figure_shades_the_days_of_the_case(squad: casefiles.CaseFile, agency: accountability.Dataset) -> None:
    axes = casefiles.place(squad, agency).plot()
    (shade,) = [patch for patch in axes.patches if patch.get_alpha() == 0.25]
    assert (shade.get_x(), shade.get_width()) == (610, 1003 - 610)


@pytest.mark.real_data
def test_the_squad_among_chicagos_complaints(
    squad: casefiles.CaseFile, real_source: Callable[[str], accountability.Dataset]
) -> None:
    chicago = real_source("chicago_2000_2016")
    placed = casefiles.place(squad, chicago)
    spells = clocks.durations(chicago)
    closed = spells.end[spells.event]
    row = placed.chosen
    # Few are open there, so the plain share of all, open ones taken as longer, is near.
    assert row["least"] == pytest.approx((closed < 610).sum() / len(spells), abs=0.01)
    assert row["most"] == pytest.approx((closed < 1003).sum() / len(spells), abs=0.02)
    assert placed.still_open == spells.n_open > 1000
    assert pd.notna(row["upper"])
