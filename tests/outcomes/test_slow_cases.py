"""Delay and penalty: a trend that is only in the naive view, the arithmetic behind each, and what is said of it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from agency import Agency, Card, event
from causal import CAUSAL
from hypothesis import given
from hypothesis import strategies as st

import accountability
from accountability import delay
from accountability.errors import ParameterError, Refusal
from accountability.outcomes import delay_and_penalty
from accountability.outcomes.slow_case_views import CAUSES, sustained_within


@pytest.fixture(scope="module")
def found():
    """The generated agency: a finding does not depend on how long the investigation took, but kinds of case do."""
    return delay_and_penalty(accountability.load("synthetic"), covariates=["complaint_type"], landmarks=(60, 120, 240))


def rows(found, view):
    return found.table.loc[found.table["view"] == view].reset_index(drop=True)


def test_the_naive_view_shows_a_trend_that_was_not_planted_and_the_same_mix_does_not(found):
    naive, alike = rows(found, "naive"), rows(found, "at the same mix")
    assert naive["estimate"].iloc[-1] > naive["estimate"].iloc[0] + 0.08
    assert abs(alike["estimate"].iloc[-1] - alike["estimate"].iloc[0]) < 0.04
    first = alike.iloc[0]
    assert first["lower"] < alike["estimate"].iloc[-1] < first["upper"] + 0.02


def test_the_share_among_all_is_near_the_planted_one(found):
    """Planted among officers' findings; the highest of a complaint's officers is a little heavier."""
    truth = pd.read_csv(accountability.records.places.source_folder("synthetic") / "truth.csv")
    planted = truth.loc[truth["group"] == "all"].set_index("quantity")["value"]
    heavy = sum(planted[f"after_appeal_{rung}"] for rung in ("suspension", "demotion", "dismissal"))
    row = rows(found, "competing risks").iloc[0]
    assert row["lower"] - 0.02 < heavy < row["upper"] + 0.02


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(-1, 4)), min_size=1, max_size=60), st.integers(1, 40))
def test_the_shares_are_those_of_competing_closings(cases, within):
    from accountability.study.durations import Durations

    spent = np.array([day for day, _ in cases])
    way = np.array([kind for _, kind in cases])
    if not (way >= 0).any():
        return
    within = min(within, int(spent.max()))  # beyond the last day watched there is no share
    names = np.where(way >= 0, np.array(CAUSES)[way], None)
    made = Durations.from_days(spent, way >= 0, groups={"way": names})
    curve = delay.competing_closings(made, "way").true_at([within]).set_index("cause")["estimate"]
    (day, of), many = np.unique([spent, way], axis=1, return_counts=True)
    mine = np.concatenate(sustained_within(day, of, many[:, None], within))[:, 0]
    np.testing.assert_allclose(mine, [curve.get(CAUSES[2], 0.0), curve.get(CAUSES[3], 0.0)], atol=1e-12)


def test_every_closed_case_is_in_one_quarter(found):
    naive = rows(found, "naive")
    data = accountability.load("synthetic")
    held = accountability.study.clocks.durations(data)
    assert naive["n"].sum() == held.event.sum()
    open_at = rows(found, "landmark").set_index("day")["n"]
    assert open_at[120] == (held.end >= 120).sum()


def test_what_is_identified_is_said_for_each_view_and_for_none(found):
    says = found.identified.set_index("view")["says"]
    assert list(says.index) == ["naive", "landmark", "competing risks", "at the same mix", "none"]
    assert says["none"].startswith("not identified: which penalty the same case")
    assert found.statement().count("- **") == 5
    assert "No view identifies" in found.sentence()
    words = [found.sentence(), found.estimand, *found.assumptions, *found.identified["says"]]
    assert [m[0] for text in words for m in CAUSAL.finditer(text)] == []


def test_small_numbers_are_withheld_and_do_not_follow_from_the_others(found):
    causes = found.causes.loc[found.causes["view"] == "naive"]
    hidden = causes["estimate"].isna().groupby(causes["at"]).sum()
    assert (hidden != 1).all()
    strict = delay_and_penalty(accountability.load("synthetic"), landmarks=(240,), min_cell=80)
    assert strict.table.loc[strict.table["hidden"], ["estimate", "lower", "upper", "n"]].isna().all(axis=None)
    assert strict.causes.loc[strict.causes["view"] == "landmark", "estimate"].isna().all()


def test_the_figure_has_a_row_for_each_number(found):
    import matplotlib as mpl

    mpl.use("Agg")
    assert len(found.plot().get_yticks()) == (~found.table["hidden"]).sum()


def small(finding="sustained", penalty="suspension"):
    events = [
        event(f"c{i}", stage, day)
        for i in range(30)
        for stage, day in (("received", "2020-01-01"), ("closed", f"2020-02-{1 + i % 28:02d}"))
    ]
    cases = pd.DataFrame({"case_id": [f"c{i}" for i in range(30)]})
    table = pd.DataFrame(events)
    for column in ("earliest", "latest"):
        table[column] = pd.to_datetime(table[column]).astype("datetime64[s]")
    allegations = pd.DataFrame(
        {"case_id": cases["case_id"], "officer_id": "o1", "finding": finding, "imposed_penalty": penalty}
    ).astype("str")
    card = Card()
    object.__setattr__(card, "unit", "officer_complaint")
    return Agency(cases, allegations, table, card)


def test_a_landmark_no_sustained_case_reaches_has_no_share():
    late = delay_and_penalty(small(["sustained"] * 15 + ["not_sustained"] * 15), landmarks=(50,), min_cell=1)
    assert late.table.loc[late.table["day"] == 50, ["estimate", "lower", "upper"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"heavier": "none"}, ParameterError, "heavier must be one of"),
        ({"heavier": "a talking-to"}, ParameterError, "heavier must be one of"),
        ({"landmarks": ()}, ParameterError, "days above zero in order"),
        ({"landmarks": (90, 30)}, ParameterError, "days above zero in order"),
        ({"covariates": ["shoe_size"]}, ParameterError, "no column 'shoe_size'"),
    ],
)
def test_what_cannot_be_asked_is_refused(options, error, says):
    with pytest.raises(error, match=says):
        delay_and_penalty(accountability.load("synthetic"), **options)


def test_a_source_without_penalties_is_refused():
    made = small()
    made = Agency(made.cases, made.allegations.drop(columns="imposed_penalty"), made.events, made.card)
    with pytest.raises(Refusal, match="holds no imposed_penalty"):
        delay_and_penalty(made)
    with pytest.raises(Refusal, match="no closed case was sustained"):
        delay_and_penalty(small(finding="unfounded"))
