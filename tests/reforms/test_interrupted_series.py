"""The interrupted series against R, and by simulation: its level, its coverage, and what the usual errors would do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
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


def drawn(rng: np.random.Generator, months: int, mean: float, spread: float, decay: float, change: float) -> np.ndarray:
    """Overdispersed monthly counts whose logarithms hang together, with a season, a trend and a step half way."""
    noise, swing = rng.normal(size=months + 60) * np.sqrt(1 - decay**2), np.zeros(months + 60)
    for at in range(1, months + 60):
        swing[at] = decay * swing[at - 1] + noise[at]
    at = np.arange(months)
    log = 0.1 * at / months + 0.15 * np.cos(2 * np.pi * at / 12) + spread * swing[60:] + change * (at >= months // 2)
    return rng.poisson(mean * np.exp(log))


def covered(rng: np.random.Generator, times: int, months: int, mean: float, spread: float, decay: float) -> np.ndarray:
    """Share of draws in which no change is rejected, in which the change is covered, and rejected by Newey and West."""
    at, day = np.arange(months), months // 2
    place, after, turn = (at - day) / 12, (at >= day).astype(float), 2 * np.pi * (at % 12) / 12
    design = np.column_stack([np.ones(months), place, after, place * after, np.cos(turn), np.sin(turn)])
    step = np.eye(6)[2]
    hits = np.zeros(3)
    for _ in range(times):
        null = fit_series(at, drawn(rng, months, mean, spread, decay, 0.0), design, "count")
        planted = fit_series(at, drawn(rng, months, mean, spread, decay, -0.4), design, "count").contrast(step, 0.95)
        usual = null.contrast(step, 0.95, "newey_west")
        hits += [
            null.contrast(step, 0.95)["p_value"] < 0.05,
            planted["lower"] <= -0.4 <= planted["upper"],
            usual["p_value"] < 0.05,
        ]
    return hits / times


GRID = [(n, decay, mean, spread) for n in (48, 84, 120) for decay in (0.2, 0.4, 0.6)
        for mean, spread in ((30.0, 0.25), (120.0, 0.15))]  # fmt: skip


def test_a_true_null_is_rarely_rejected_and_a_planted_change_covered() -> None:
    times, cells = (1000, GRID) if full() else (60, [(60, 0.4, 30.0, 0.25), (96, 0.4, 120.0, 0.15)])
    rates = np.array([covered(np.random.default_rng(20), times, n, mean, s, decay) for n, decay, mean, s in cells])
    noise = 2.6 * np.sqrt(0.05 * 0.95 / (times * len(cells)))
    rejected, hit, usual = rates.mean(axis=0)
    assert rejected <= 0.065 + noise
    assert 0.935 - noise <= hit <= 0.965 + noise + (0 if full() else 0.02)
    assert usual > 0.1  # what Newey and West's errors would have done
    assert (rates[:, 0] <= 0.065 + 4 * np.sqrt(0.065 * 0.935 / times)).all()


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
    with pytest.raises(Refusal, match="0 cases in 96 months, with 1 different values"):
        reforms.interrupted_series(reforms.panel_from_frame(frame, ["complaints"]), "complaints")


def test_small_months_are_not_drawn() -> None:
    frame = panel().frame
    frame.loc[frame["period"] == 10, "complaints"] = 4
    found = reforms.interrupted_series(reforms.panel_from_frame(frame, ["complaints"]), "complaints")
    assert found.series["observed"].isna().tolist().index(True) == 10
