"""Reforms that came to some before others: what is found, what is refused, what a sentence may say."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from accountability import reforms
from accountability.errors import ParameterError, Refusal, SourceError

SAID = {
    "reform": "board", "what": "A board reviews findings", "from": "2016-07-01", "affects": "all", "source": "here",
}  # fmt: skip


def kept(sizes: tuple[int, ...], first: tuple[float, ...], *, months: int = 12, effect: float = 0.5, seed: int = 1):
    """Officers by month, the effect planted."""
    rng = np.random.default_rng(seed)
    officers = pd.DataFrame({"officer": np.arange(sum(sizes)), "trained": np.repeat(first, sizes)})
    frame = officers.merge(pd.DataFrame({"month": np.arange(1, months + 1)}), how="cross")
    level = rng.gamma(2, 0.5, len(officers))[frame["officer"]]
    frame["complaints"] = rng.poisson(level) + effect * (frame["month"] >= frame["trained"])
    return frame


def panel_of(frame: pd.DataFrame, reform: reforms.Reform | None = None, **more: str) -> reforms.Panel:
    return reforms.panel_from_frame(
        frame, ["complaints"], unit="officer", period="month", cohort="trained", per="officer", reform=reform, **more
    )


THREE = ((40, 40, 40), (5, 8, np.inf))


@pytest.mark.parametrize("estimator", ["efficient", "callaway_santanna", "sun_abraham", "none"])
def test_a_planted_effect_is_found_where_the_order_was_drawn(estimator: str) -> None:
    row = reforms.rollout_effect(panel_of(kept(*THREE)), "complaints", estimator=estimator).table.iloc[0]
    assert abs(row["estimate"] - 0.5) < 3 * row["std_error"]
    assert row["std_error"] < 0.3


@pytest.mark.parametrize("estimator", ["callaway_santanna", "sun_abraham", "stacked", "imputation"])
def test_a_planted_effect_is_found_under_parallel_trends(estimator: str) -> None:
    found = reforms.staggered_months(panel_of(kept(*THREE)), "complaints", estimator=estimator, before=3, after=3)
    row = found.overall.table.iloc[0]
    assert abs(row["estimate"] - 0.5) < 3 * row["std_error"]
    assert found.table["event_time"].tolist() == [-3, -2, 0, 1, 2, 3]


def test_our_callaway_and_santanna_is_that_of_the_package() -> None:
    panel = panel_of(kept(*THREE))
    ours = reforms.rollout_effect(panel, "complaints", estimator="callaway_santanna").table.iloc[0]
    theirs = reforms.staggered_months(panel, "complaints", before=3, after=3).overall.table.iloc[0]
    assert ours["estimate"] == pytest.approx(theirs["estimate"], abs=1e-10)
    assert ours["neyman_error"] == pytest.approx(theirs["std_error"], rel=0.05)


def test_fishers_test_agrees_with_the_interval_and_repeats_itself() -> None:
    panel = panel_of(kept(*THREE, effect=1.0))
    drawn = [reforms.rollout_effect(panel, "complaints", draws=199, seed=3).table for _ in range(2)]
    assert drawn[0]["fisher_p_value"].iloc[0] == drawn[1]["fisher_p_value"].iloc[0] <= 0.01
    none = reforms.rollout_effect(panel_of(kept(*THREE, effect=0.0)), "complaints", draws=199).table
    assert none["fisher_p_value"].iloc[0] > 0.05


def test_units_affected_in_groups_have_errors_by_group() -> None:
    frame = kept(*THREE).assign(district=lambda f: f["officer"] // 4)
    frame["complaints"] += np.random.default_rng(4).normal(0, 1, (30, 13))[frame["district"], frame["month"]]
    alone, together = panel_of(frame), panel_of(frame, cluster="district")
    rows = [reforms.rollout_effect(panel, "complaints").table.iloc[0] for panel in (alone, together)]
    assert (rows[1]["n"], rows[1]["clusters"]) == (120, 30)
    assert rows[1]["std_error"] > rows[0]["std_error"]
    by_group = reforms.staggered_months(together, "complaints", before=2, after=2).overall.table.iloc[0]
    assert by_group["clusters"] == 30


def test_bounds_widen_with_what_trends_may_do() -> None:
    table = reforms.honest_bounds(panel_of(kept(*THREE)), "complaints", ratios=[0, 1, 2], after=3).table
    assert table["upper"].is_monotonic_increasing
    assert table["lower"].is_monotonic_decreasing


def test_months_of_anticipation_are_left_out() -> None:
    frame = kept(*THREE, effect=0.0)
    frame["complaints"] += 2.0 * ((frame["trained"] - frame["month"]).isin([1, 2]))
    panel = panel_of(frame, reforms.read_reform(SAID | {"anticipation_months": 2}))
    with pytest.raises(Refusal, match="Write anticipation=2"):
        reforms.rollout_effect(panel, "complaints")
    row = reforms.rollout_effect(panel, "complaints", anticipation=2).table.iloc[0]
    assert abs(row["estimate"]) < 3 * row["std_error"]
    biased = reforms.rollout_effect(panel_of(frame), "complaints", estimator="callaway_santanna").table.iloc[0]
    assert biased["estimate"] < -1


def test_spillover_takes_the_causal_verb_away() -> None:
    panel = panel_of(kept(*THREE), reforms.read_reform(SAID | {"spillover": "the squads work together"}))
    for design in (reforms.rollout_effect, reforms.rollout_months, reforms.staggered_months, reforms.honest_bounds):
        with pytest.raises(Refusal, match="accept_spillover=True"):
            design(panel, "complaints")
    said = reforms.rollout_effect(panel, "complaints", accept_spillover=True).sentence()
    assert "changed" not in said
    assert "no proof of an effect: spillover is declared" in said


def test_a_causal_verb_comes_with_its_assumption() -> None:
    said = reforms.rollout_effect(panel_of(kept(*THREE, effect=2.0)), "complaints").sentence()
    assert "changed complaints by" in said
    assert "This holds if the time at which each officer was first affected was drawn by lot" in said


REFUSED = {
    "all at once": (((30,), (6.0,)), "nobody is left to compare with"),
    "nobody affected": (((30,), (np.inf,)), "found none among 30 officers"),
    "all before the panel": (((30,), (1.0,)), "30 already before"),
    "few affected": (((3, 40), (6.0, np.inf)), "found 3"),
    "few to compare with": (((40, 3), (6.0, np.inf)), "found"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_compared_is_refused(what: str) -> None:
    given, words = REFUSED[what]
    for design in (reforms.rollout_effect, reforms.rollout_months, reforms.staggered_months, reforms.honest_bounds):
        with pytest.raises(Refusal, match=words):
            design(panel_of(kept(*given)), "complaints")


def test_one_month_before_is_no_trend() -> None:
    panel = panel_of(kept((40, 40), (2.0, np.inf)))
    with pytest.raises(Refusal, match="expected 2 periods or more before a change, found 1"):
        reforms.staggered_months(panel, "complaints")
    assert reforms.rollout_effect(panel, "complaints").table["n"].iloc[0] == 80


def test_officers_not_observed_throughout_are_left_out_and_said() -> None:
    frame = kept(*THREE)
    gone = frame[~((frame["officer"] < 10) & (frame["month"] > 9))]
    found = reforms.rollout_effect(panel_of(gone), "complaints")
    assert found.table["n"].iloc[0] == 110
    assert "Left out: 10 of 120 officers (8 %), not observed in every period" in found.sentence()
    within = reforms.staggered_months(panel_of(gone), "complaints", estimator="imputation", before=2, after=2)
    assert within.overall.table["n"].iloc[0] == 120


def test_a_figure_shows_every_month() -> None:
    axes = reforms.rollout_months(panel_of(kept(*THREE)), "complaints", before=3, after=4).plot()
    marked = sorted(x for line in axes.get_lines() if line.get_marker() == "o" for x in line.get_xdata())
    assert marked == [-3, -2, 0, 1, 2, 3, 4]


def test_a_panel_of_ones_own_is_checked() -> None:
    frame = kept((5, 5), (3.0, np.inf), months=4)
    for wrong, words in (
        (pd.concat([frame, frame[:3]]), "one row a unit and period, found 3 more"),
        (frame.assign(trained=frame["trained"].where(frame["month"] > 1, 2.0)), "one cohort a unit"),
        (frame.assign(month=frame["month"] + 0.5), "expected whole numbers in period, found 40"),
        (frame.drop(columns="complaints"), "no column complaints"),
        (frame.assign(trained="2016-07"), "expected numbers in cohort, found 40 of another kind, the first '2016-07'"),
        (frame.assign(trained=pd.Timestamp("2016-07-01")), "Write months as counts"),
        (frame.assign(complaints="n/a"), "expected numbers in complaints, found 40"),
        (frame.assign(complaints=np.inf), "expected finite numbers or missing ones in complaints, found 40"),
        (frame[:0], "expected a row a unit and period, found none"),
    ):
        with pytest.raises(ParameterError, match=words):
            panel_of(wrong)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"to": "2015-01-01"}, "is before `from`"),
        ({"announced": "2017-01-01"}, "is after `from`"),
        ({"since": {"A": "2016-07-01"}}, "belong together"),
        ({"column": "unit", "since": {"A": "2016-08-01"}}, "must be the first day under `since`"),
        ({"column": "unit", "since": {"A": None}}, "gives no day"),
        ({"anticipation_months": -1}, "anticipation_months"),
        ({"wen": "2016-07-01"}, "wen"),
        ({"from": "July 2016"}, "from"),
    ],
)
def test_a_wrong_declaration_is_refused_by_its_place(change: dict, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        reforms.read_reform(SAID | change)


def test_a_declaration_is_read_from_its_file(tmp_path) -> None:
    path = tmp_path / "board.yaml"
    path.write_text("reform: board\nwhat: A board\nfrom: 2016-07-01\naffects: all\nsource: here\n", encoding="utf-8")
    assert reforms.read_reform(path).start == dt.date(2016, 7, 1)
    path.write_text("reform: board\nwhat: A board\nfrom: 2016-07-01\nafects: all\nsource: here\n", encoding="utf-8")
    with pytest.raises(SourceError, match="line 4: afects"):
        reforms.read_reform(path)
