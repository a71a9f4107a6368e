"""The interrupted series against R, and by simulation: its level, its coverage, and what the usual errors would do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import reform_series
from conftest import full

from accountability import reforms
from accountability.errors import ParameterError, Refusal
from accountability.stats.monthly_series import fit_series

REFERENCE = Path(__file__).parents[1] / "reference"
DATA = pd.read_csv(REFERENCE / "interrupted_series_data.csv")
R = pd.read_csv(REFERENCE / "interrupted_series.csv").pivot(index="series", columns="quantity", values="value")


def reference_fit(name: str):
    held = DATA[DATA["series"] == name]
    month = held["month"].to_numpy()
    turn, place, after = 2 * np.pi * (month % 12) / 12, (month - 48) / 12, (month >= 48).astype(float)
    waves = [wave(k * turn) for k in (1, 2) for wave in (np.cos, np.sin)]
    design = np.column_stack([np.ones(len(month)), place, after, place * after, *waves])
    size = held["size"].to_numpy()
    return fit_series(month, held["value"].to_numpy(), design, held["kind"].iloc[0], size)


@pytest.mark.parametrize("name", R.index)
def test_a_series_equals_r(name: str) -> None:
    fit, expected = reference_fit(name), R.loc[name]
    level = np.eye(8)[2]
    assert fit.coefficients[[2, 3]] == pytest.approx(expected[["level", "slope"]].to_numpy(), rel=1e-7)
    assert fit.dispersion == pytest.approx(expected["dispersion"], rel=1e-7)
    assert fit.contrast(level, 0.95, "newey_west")["std_error"] == pytest.approx(expected["newey_west"], rel=1e-7)
    found = fit.contrast(level, 0.95)
    for quantity in ("estimate", "lower", "upper", "p_value"):
        assert found[quantity] == pytest.approx(expected[quantity], rel=1e-6), quantity


def test_a_true_null_is_rarely_rejected_and_a_planted_change_covered() -> None:
    """A quarter of the months' variance is noise of counting, the hardest case; `make gates` runs the grid."""
    times = 300 if full() else 40
    hard = (120.0, 0.15)
    cells = (
        reform_series.table(times)[["step", "trend", "mean"]].to_numpy()
        if full()
        else np.array([[*reform_series.cell(times, n, 0.8, hard).values()] for n in (48, 72)])
    )
    assert np.nanmax(cells) <= 0.065 + 3 * np.sqrt(0.065 * 0.935 / times)
    planted = reform_series.cell(times, 72, 0.4, hard, reform_series.CHANGE)
    assert planted["step"] <= 0.065 + 3 * np.sqrt(0.065 * 0.935 / times)
    usual = reform_series.cell(times, 72, 0.8, hard, errors="newey_west")
    assert usual["step"] > 0.1  # what Newey and West's errors would have done


def panel(months: int = 96, day: int = 48, seed: int = 1, factor: float = 0.7, **more: object) -> reforms.Panel:
    at = np.arange(months)
    counts = np.random.default_rng(seed).poisson(np.where(at < day, 40, 40 * factor))
    frame = pd.DataFrame({"unit": "all", "period": at, "cohort": float(day), "complaints": counts}).assign(**more)
    return reforms.panel_from_frame(frame, ["complaints", *more])


def test_a_planted_change_is_found_and_said_without_a_causal_verb() -> None:
    found = reforms.interrupted_series(panel(), "complaints", slope=False)
    row = found.table.iloc[0]
    assert row["lower"] < 0.7 < row["upper"] < 1
    assert "no proof of an effect" in found.sentence()
    assert not found.causal
    assert "changed complaints" not in found.sentence()


def test_a_second_change_is_no_part_of_the_first() -> None:
    at = np.arange(120)
    counts = np.random.default_rng(3).poisson(np.where(at < 90, 40.0, 80.0) * np.where(at < 50, 1.0, 0.8))
    frame = pd.DataFrame({"unit": "all", "period": at, "cohort": 50.0, "complaints": counts})
    two = reforms.interrupted_series(reforms.panel_from_frame(frame, ["complaints"]), "complaints", segments=[90])
    assert two.table["lower"].iloc[0] < 0.8 < two.table["upper"].iloc[0]


def test_months_left_out_are_not_in_the_fit() -> None:
    whole, without = (reforms.interrupted_series(panel(), "complaints", donut=d).table["clusters"][0] for d in (0, 2))
    assert (whole, without) == (96, 92)
    path = reforms.interrupted_series(panel(), "complaints", donut=(3, 0)).series["month"].tolist()
    assert 44 in path
    assert not {45, 46, 47} & set(path)


def test_shares_are_weighted_by_their_cases() -> None:
    at = np.arange(72)
    rng = np.random.default_rng(4)
    cases = rng.integers(20, 60, 72)
    hits = rng.binomial(cases, np.where(at < 36, 0.3, 0.5))
    held = panel(72, 36, share=hits / cases, cases=cases.astype(float))
    found = reforms.interrupted_series(held, "share", of="cases", slope=False)
    assert found.scale == "odds ratio"
    row = found.table.iloc[0]
    assert row["lower"] < (0.5 / 0.5) / (0.3 / 0.7) < row["upper"]
    assert row["n"] == cases.sum()


def test_a_count_of_one_unit_is_the_sum_of_its_parts() -> None:
    at = np.arange(60)
    rng = np.random.default_rng(5)
    parts = [pd.DataFrame({"unit": n, "period": at, "cohort": 30.0, "complaints": rng.poisson(20, 60)}) for n in "ab"]
    together = parts[0].assign(complaints=parts[0]["complaints"] + parts[1]["complaints"])
    split, whole = (
        reforms.interrupted_series(reforms.panel_from_frame(f, ["complaints"]), "complaints").table
        for f in (pd.concat(parts), together)
    )
    pd.testing.assert_frame_equal(split, whole, rtol=1e-6)


def test_placebo_dates_use_no_month_after_the_reform() -> None:
    tame = panel(factor=0.7)
    wild = reforms.panel_from_frame(
        tame.frame.assign(complaints=tame.frame["complaints"].where(tame.frame["period"] < 48, 500.0)), ["complaints"]
    )
    first, second = (reforms.placebo_dates(one, "complaints", slope=False).table for one in (tame, wild))
    pd.testing.assert_frame_equal(first.iloc[:-1], second.iloc[:-1])
    assert (first["at"].astype(int) <= 48).all()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"at": 6}, "6 months before 6 and 90 from it on are observed; 12 are needed"),
        ({"at": 48.5}, "at: expected a whole number, found 48.5"),
        ({"at": 500}, "96 months before 500 and 0 from it on are observed"),
        ({"donut": (1, 2, 3)}, "expected months, or a pair of months"),
        ({"at": 30, "slope": True}, "30 months on the shorter side .* 36 are needed. Write slope=False"),
        ({"at": "soon"}, "at: expected a whole number, found 'soon'"),
        ({"outcome": "deaths"}, "expected one of complaints, found 'deaths'"),
        ({"donut": 70}, "whole months from 0 to 60"),
        ({"waves": 9}, "waves: expected a whole number from 0 to 5"),
        ({"errors": "robust"}, "expected one of integrated, newey_west"),
        ({"window": 3}, "window: expected whole months from 12 on"),
        ({"confidence": 95}, "confidence: expected a number from 0.5 to 0.999"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(asked: dict, said: str) -> None:
    with pytest.raises((Refusal, ParameterError), match=said):
        reforms.interrupted_series(panel(), **({"outcome": "complaints"} | asked))


def test_a_share_taken_for_a_count_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"96 of its 96 values are not whole numbers from 0 on, the first 0.3"):
        reforms.interrupted_series(panel(share=0.3), "share")


def test_several_dates_name_the_staggered_designs() -> None:
    at = np.arange(60)
    frame = pd.concat(
        [
            pd.DataFrame({"unit": n, "period": at, "cohort": day, "complaints": 5})
            for n, day in (("a", 20.0), ("b", 30.0))
        ]
    )
    with pytest.raises(Refusal, match=r"2 first months \(20, 30\), and one was expected"):
        reforms.interrupted_series(reforms.panel_from_frame(frame, ["complaints"]), "complaints")


def test_months_without_a_case_are_refused() -> None:
    frame = panel().frame.assign(complaints=0)
    with pytest.raises(Refusal, match="0 cases in 96 months, with 1 different value"):
        reforms.interrupted_series(reforms.panel_from_frame(frame, ["complaints"]), "complaints")


@pytest.mark.parametrize("rare", ["never before", "always since"])
def test_a_share_of_nothing_on_one_side_is_refused(rare: str) -> None:
    """Of a real release an odds ratio of 10 to the 15th was said before."""
    at, cases = np.arange(60), np.full(60, 20.0)
    share = np.where(at < 30, 0.0, 0.1) if rare == "never before" else np.where(at < 30, 0.5, 1.0)
    with pytest.raises(Refusal, match="leave the ratio without an end"):
        reforms.interrupted_series(panel(60, 30, share=share, cases=cases), "share", of="cases")
    with pytest.raises(Refusal, match="of 1,200 cases in 60 months, fewer than 10 count"):
        reforms.interrupted_series(panel(60, 30, share=share * 0 + 0.05 * (at < 3), cases=cases), "share", of="cases")


def test_counts_that_end_are_refused() -> None:
    frame = panel().frame.assign(complaints=lambda f: f["complaints"].where(f["period"] < 48, 0.0))
    with pytest.raises(Refusal, match="48 of 96 months are 0"):
        reforms.interrupted_series(reforms.panel_from_frame(frame, ["complaints"]), "complaints")


@pytest.mark.parametrize("before", [3, 8])
def test_a_ratio_to_months_of_few_cases_is_refused(before: int) -> None:
    """Of officers who came shortly before a reform, a ratio of 0.2 with limits of 10 to the -10th and 10 to the 8th."""
    frame = panel().frame.assign(complaints=lambda f: np.where(f["period"] < 48, f["period"] % (48 // before) == 1, 20))
    with pytest.raises(Refusal, match="fewer than 10 cases before 48 count, so the months before"):
        reforms.interrupted_series(reforms.panel_from_frame(frame, ["complaints"]), "complaints")
    share = np.where(np.arange(60) < 30, 0.015, 0.5)
    with pytest.raises(Refusal, match="fewer than 10 cases before 30 count"):
        reforms.interrupted_series(panel(60, 30, share=share, cases=np.full(60, 20.0)), "share", of="cases")


def test_small_months_are_not_drawn() -> None:
    frame = panel().frame
    frame.loc[frame["period"] == 10, "complaints"] = 4
    found = reforms.interrupted_series(reforms.panel_from_frame(frame, ["complaints"]), "complaints")
    assert found.series["observed"].isna().tolist().index(True) == 10
