"""Before and after with a comparison, the short window, what recording changed, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import accountability
from accountability import audit, reforms
from accountability.errors import ParameterError, Refusal

AT = np.arange(72)


def groups(factor: float = 0.6, drift: float = 0.0, seed: int = 1, **reform: object) -> reforms.Panel:
    """Those affected from month 36 on, and others, with a shock that both share."""
    rng = np.random.default_rng(seed)
    shock = np.exp(0.4 * np.sin(AT / 5) + 0.5 * (AT >= 36))
    affected = rng.poisson(40 * shock * np.where(AT >= 36, factor, 1.0) * np.exp(drift * AT / 12))
    others = rng.poisson(60 * shock)
    frame = pd.concat(
        [
            pd.DataFrame({"unit": "a", "period": AT, "cohort": 36.0, "complaints": affected}),
            pd.DataFrame({"unit": "b", "period": AT, "cohort": np.inf, "complaints": others}),
        ]
    )
    declared = {"reform": "r", "what": "a new rule", "from": "2016-07-01", "affects": "a", "source": "invented"}
    made = reforms.read_reform(declared | reform) if reform else None
    return reforms.panel_from_frame(frame, ["complaints"], reform=made)


def test_what_both_groups_share_falls_out() -> None:
    found = reforms.before_and_after(groups(), "complaints")
    row = found.table.iloc[0]
    assert row["lower"] < 0.6 < row["upper"] < 1
    alone = reforms.interrupted_series(groups(), "complaints", slope=False, waves=0).table.iloc[0]
    assert abs(np.log(alone["estimate"] / 0.6)) > abs(np.log(row["estimate"] / 0.6))


def test_the_comparison_carries_a_causal_verb_with_its_assumption_and_loses_it_where_trends_differ() -> None:
    sound = reforms.before_and_after(groups(), "complaints").sentence()
    assert "changed complaints by a ratio of" in sound
    assert "if both groups would have changed alike without it" in sound
    apart = reforms.before_and_after(groups(drift=0.4), "complaints")
    assert not apart.causal
    for said in (apart.sentence(), apart.answer()):
        assert "changed complaints" not in said
        assert "no proof of an effect: before it, the groups already moved apart" in said


@pytest.mark.parametrize("design", ["series", "comparison", "discontinuity"])
def test_placebo_dates_are_asked_of_the_design_that_is_asked(design: str) -> None:
    found = reforms.placebo_dates(groups(), "complaints", design, donut=1, every=2)
    alone = reforms.by_design(groups(), "complaints", design, donut=1)
    assert (found.scale, found.quantity) == (alone.scale, alone.table["quantity"][0])
    assert found.table.iloc[-1]["estimate"] == pytest.approx(alone.table["estimate"][0])
    assert found.table["at"].astype(int).iloc[:-1].max() <= 36 - 1 - {"series": 12, "comparison": 6}.get(design, 8)
    with pytest.raises(ParameterError, match="errors: not asked of before_and_after, which design='comparison' calls"):
        reforms.by_design(groups(), "complaints", "comparison", errors="newey_west")


def test_exposures_of_the_groups_are_allowed_for() -> None:
    held = groups()
    frame = held.frame.assign(share=np.where((held.frame["unit"] == "a") & (held.frame["period"] >= 36), 0.5, 1.0))
    with_exposure = reforms.panel_from_frame(frame, ["complaints"], exposure="share")
    plain, allowed = (reforms.before_and_after(one, "complaints").table["estimate"][0] for one in (held, with_exposure))
    assert allowed == pytest.approx(2 * plain, rel=0.02)


def test_the_level_of_the_comparison() -> None:
    rng = np.random.default_rng(8)
    p_values = [
        reforms.before_and_after(groups(1.0, seed=int(seed)), "complaints").table["p_value"][0]
        for seed in rng.integers(0, 10**6, 25)
    ]
    assert np.mean(np.array(p_values) < 0.05) <= 0.2


@pytest.mark.parametrize(
    ("reform", "said"),
    [
        (
            {"spillover": "the others heard of it"},
            "declared to have touched those it does not affect .the others heard",
        ),
        ({"anticipation_months": 4}, r"acted on 4 months before its date, and 0 are left out.*Write: donut=\(4, 0\)"),
    ],
)
def test_a_declared_spillover_or_anticipation_is_refused_with_the_line_to_write(reform: dict, said: str) -> None:
    with pytest.raises(Refusal, match=said):
        reforms.before_and_after(groups(**reform), "complaints")


def test_anticipation_that_is_left_out_is_no_refusal() -> None:
    found = reforms.before_and_after(groups(anticipation_months=4), "complaints", donut=(4, 0))
    assert found.table["clusters"][0] == 68


def test_all_affected_at_once_have_no_comparison() -> None:
    frame = groups().frame.assign(cohort=36.0)
    held = reforms.panel_from_frame(frame, ["complaints"], per="district")
    with pytest.raises(Refusal, match=r"all are affected from 36 on .2 districts of the panel."):
        reforms.before_and_after(held, "complaints")


def test_one_period_before_is_refused() -> None:
    with pytest.raises(Refusal, match="1 month before 1 and 71 from it on are observed; 6 are needed"):
        reforms.before_and_after(groups(), "complaints", at=1)


def test_a_short_window_says_what_it_cannot_tell() -> None:
    found = reforms.discontinuity_in_time(groups(), "complaints")
    text = found.sentence()
    assert "time, not chance, divides before from after" in text
    assert "leave months out by donut=1" in text
    assert found.table["quantity"].tolist()[0] == "18 periods, lines"
    with pytest.raises(Refusal, match="8 are needed"):
        reforms.discontinuity_in_time(groups(), "complaints", at=3)


@pytest.mark.parametrize("function", [reforms.interrupted_series, reforms.before_and_after, reforms.placebo_dates])
def test_what_is_no_panel_is_refused_with_the_line_to_write(function: Callable[..., object]) -> None:
    with pytest.raises(ParameterError, match="needs a Panel, and was given a DataFrame"):
        function(pd.DataFrame(), "complaints")


def test_a_recording_that_changed_at_the_date_is_refused_by_what_changed() -> None:
    data = accountability.load("synthetic")
    with pytest.raises(Refusal, match="29 complaints up to 720 days old were closed together on 2017-06-30"):
        audit.require_same_recording(data, "2017-05-15", "closed_share", days=720)
    assert audit.require_same_recording(data, "2017-05-15", "complaints").empty
    assert len(audit.require_same_recording(data, "2017-05-15", "closed_share", days=720, warn=True)) == 1


def test_a_word_first_used_at_the_date_is_found() -> None:
    from dataclasses import replace

    data = accountability.load("synthetic")
    received = data.events[data.events["stage"] == "received"].groupby("case_id")["earliest"].min()
    late = data.allegations["case_id"].map(received) >= pd.Timestamp("2017-02-10")
    renamed = data.allegations["category"].mask(late & (data.allegations["category"] == "Force"), "Use of force")
    changed = audit.recording_changes(
        replace(data, allegations=data.allegations.assign(category=renamed)), "2017-02-01", "complaints"
    )
    assert any("'Use of force'" in text and "first used" in text for text in changed["what"])
    assert any("'Force'" in text and "last used" in text for text in changed["what"])
    assert changed["day"].between("2016-11-01", "2017-05-01").all()
