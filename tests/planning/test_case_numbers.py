"""A plan's errors are those of simulated cases, alike within officers and partly open; what cannot be is named."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from conftest import full
from scipy.stats import norm
from typer.testing import CliRunner

import accountability
from accountability import planning
from accountability.cli import app
from accountability.errors import ParameterError, Refusal
from accountability.planning.case_numbers import QUESTIONS
from accountability.planning.model_of_cases import Delays, follow_up_for, shape_of
from accountability.records.dataset import Dataset

CASES, OFFICERS, LIKENESS, SHAPE, MEDIAN = 1200, 120, 0.1, 0.8, 120.0
DRAWS = 2000 if full() else 250
#: Of a standard deviation from so many draws, four of its own standard errors, and what the formulas leave out.
ROOM = 4 / math.sqrt(2 * DRAWS) + 0.04


@pytest.fixture(scope="module")
def data() -> Dataset:
    return accountability.load("synthetic")


def days(rng: np.random.Generator, medians: np.ndarray, likeness: float, follow_up: float):
    """Days watched and whether closed: Weibull, officers of ten cases each, alike as two of one officer are."""
    shared = math.sin(math.pi * likeness / 2)  # so that being closed by the median has that correlation
    officer = np.repeat(rng.standard_normal(OFFICERS), CASES // OFFICERS)
    score = math.sqrt(shared) * officer + math.sqrt(1 - shared) * rng.standard_normal(CASES)
    closed = medians * (-np.log(norm.sf(score)) / math.log(2)) ** (1 / SHAPE)
    seen = rng.uniform(0, follow_up, CASES)
    return np.minimum(closed, seen), closed <= seen


def kaplan_meier_median(watched: np.ndarray, closed: np.ndarray) -> float:
    order = np.argsort(watched)
    at_risk = len(watched) - np.arange(len(watched))
    alive = np.cumprod(1 - closed[order] / at_risk)
    return float(watched[order][np.argmax(alive <= 0.5)])


def log_hazard_ratio(watched: np.ndarray, closed: np.ndarray, first: np.ndarray) -> float:
    order = np.argsort(watched)
    closed, first = closed[order], first[order]
    value = 0.0
    for _ in range(6):  # Newton's steps of Cox's likelihood of one flag
        weight = np.exp(value * first)
        risk, ones = np.cumsum(weight[::-1])[::-1], np.cumsum((weight * first)[::-1])[::-1]
        mean = ones / risk
        value += float((first - mean)[closed].sum() / (mean * (1 - mean))[closed].sum())
    return value


def halves() -> np.ndarray:
    return np.repeat(np.arange(OFFICERS) % 2 == 0, CASES // OFFICERS)


def simulated(question: str, effect: float, follow_up: float) -> float:
    rng = np.random.default_rng(20130206)
    first, found = halves(), []
    ratio = effect ** (-1 / SHAPE) if question == "hazard_ratio" else 1.0
    medians = np.where(first, MEDIAN + effect if question == "difference" else MEDIAN * ratio, MEDIAN)
    for _ in range(DRAWS):
        if question == "gap":
            size = (1 - LIKENESS) / LIKENESS
            mean = np.where(np.arange(OFFICERS) % 2 == 0, 0.2 + effect, 0.2)
            share = np.repeat(rng.beta(mean * size, (1 - mean) * size), CASES // OFFICERS)
            _, decided = days(rng, medians, 0.0, follow_up)
            hit = rng.random(CASES) < share
            found.append(hit[first & decided].mean() - hit[~first & decided].mean())
            continue
        watched, closed = days(rng, medians, LIKENESS, follow_up)
        if question == "hazard_ratio":
            found.append(log_hazard_ratio(watched, closed, first))
        elif question == "difference":
            found.append(kaplan_meier_median(watched[first], closed[first])
                         - kaplan_meier_median(watched[~first], closed[~first]))  # fmt: skip
        else:
            found.append(kaplan_meier_median(watched, closed))
    return float(np.std(found))


@pytest.mark.parametrize(
    ("question", "effect"), [("median", None), ("difference", 40.0), ("hazard_ratio", 1.3), ("gap", 0.1)]
)
def test_the_error_is_that_of_simulated_cases(
    question: str, effect: float | None, monkeypatch: pytest.MonkeyPatch, data: Dataset
) -> None:
    pilot = {"cases": CASES, "officers_a_case": 0.1, "spread": 0.0, "median": MEDIAN, "shape": SHAPE, "open": 0.1,
             "share": 0.2}  # fmt: skip
    monkeypatch.setattr("accountability.planning.case_numbers._pilot", lambda *_: pilot)
    plan = planning.how_many(data, question, effect=effect, officers=OFFICERS, follow_up=700, likeness=LIKENESS)
    drawn = simulated(question, effect or 0.0, 700.0)
    assert plan.at_cases()["std_error"] == pytest.approx(drawn, rel=ROOM)


def test_the_number_needed_has_the_power_and_one_less_has_not(data: Dataset) -> None:
    for question in ("difference", "hazard_ratio", "gap"):
        needed = planning.how_many(data, question, power=0.9, cases=4000, officers=800).needed
        assert needed is not None
        enough = planning.how_many(data, question, cases=needed, officers=max(round(needed / 5), 2))
        assert enough.at_cases()["power"] == pytest.approx(0.9, abs=0.01)


def test_follow_up_and_share_open_say_the_same() -> None:
    for share in (0.02, 0.3, 0.8):
        assert Delays(MEDIAN, SHAPE, follow_up_for(MEDIAN, SHAPE, share)).share_open == pytest.approx(share, rel=1e-6)
    quartiles = [MEDIAN * (math.log(1 / (1 - at)) / math.log(2)) ** (1 / SHAPE) for at in (0.25, 0.5, 0.75)]
    assert shape_of(*quartiles) == pytest.approx(SHAPE)
    assert shape_of(quartiles[0], quartiles[1], math.nan) == pytest.approx(SHAPE)


def test_more_officers_more_follow_up_and_fewer_open_are_never_worse(data: Dataset) -> None:
    def error(**options: float) -> float:
        return float(planning.how_many(data, "hazard_ratio", cases=2000, **options).at_cases()["std_error"])

    assert error(officers=1000) < error(officers=100)
    assert error(officers=500, follow_up=2000) < error(officers=500, follow_up=300)
    assert error(officers=500, share_open=0.1) < error(officers=500, share_open=0.5)
    assert error(officers=2000, likeness=0.0) <= error(officers=200, likeness=0.0)


@pytest.mark.parametrize(
    ("question", "options", "error", "message"),
    [
        ("mean", {}, ParameterError, "median, difference, hazard_ratio, gap"),
        ("median", {"effect": 3}, ParameterError, "no effect"),
        ("hazard_ratio", {"effect": 1}, ParameterError, "is no effect"),
        ("hazard_ratio", {"effect": -2}, ParameterError, "from 0.01 to 100"),
        ("gap", {"effect": 0.5, "share": 0.7}, ParameterError, "no share"),
        ("difference", {"effect": -500}, ParameterError, "no median"),
        ("median", {"follow_up": 60}, Refusal, "follow_up="),
        ("gap", {"follow_up": 900, "share_open": 0.2}, ParameterError, "give one"),
        ("gap", {"share_open": 1}, ParameterError, "share_open"),
        ("gap", {"cases": 5}, ParameterError, "cases"),
        ("gap", {"cases": 100, "officers": 101}, ParameterError, "officers"),
        ("gap", {"power": 1}, ParameterError, "power"),
        ("gap", {"likeness": -0.1}, ParameterError, "likeness"),
        ("gap", {"confidence": 95}, ParameterError, "confidence"),
    ],
)
def test_what_cannot_be_planned_is_named(
    data: Dataset, question: str, options: dict[str, float], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        planning.how_many(data, question, **options)


def test_the_command_writes_the_paragraph_and_the_figure(tmp_path) -> None:
    words = ["plan", "gap", "--effect", "0.05", "--cases", "3000", "--officers", "600"]
    said = CliRunner().invoke(app, [*words, "--figure", str(tmp_path / "plan.svg")])
    assert said.exit_code == 0, said.output
    assert "With 3,000 cases of 600 officers" in said.output
    assert (tmp_path / "plan.svg").stat().st_size > 1000
    told = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert told["needed"] > 1000


def pilot(received: list[str], closed: list[str | None]) -> Dataset:
    frame = pd.DataFrame(
        {
            "no": [f"c{number}" for number in range(len(received))],
            "came": received,
            "done": closed,
            "who": [f"o{number % 3}" for number in range(len(received))],
            "said": ["sustained" if day and number % 2 else None for number, day in enumerate(closed)],
        }
    )
    return accountability.from_frame(
        frame, case_id="no", received="came", closed="done", officer="who", finding="said", unit="complaint",
        observed_until="2020-12-31", no_day={"": "open"},
    )  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_pilot_without_closings_is_planned_with_a_median_said_and_refused_without(question: str) -> None:
    nothing = pilot([f"2019-{month:02d}-01" for month in range(1, 13)], [None] * 12)
    with pytest.raises(Refusal, match="say median_days="):
        planning.how_many(nothing, question)
    asked = {"median_days": 120, "share_open": 0.2, "share": 0.3}
    assert planning.how_many(nothing, question, **asked).at_cases()["std_error"] > 0


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_pilot_of_one_case_gives_a_plan_whose_limits_can_be(question: str) -> None:
    plan = planning.how_many(pilot(["2019-01-01"], ["2019-03-01"]), question, share=0.3)
    assert plan.cases == 10
    assert "nan" not in plan.sentence()
    if question == "median":
        assert plan.table["lower"].min() >= 0
    if question == "gap":
        assert plan.table["lower"].min() >= -1
        assert plan.table["upper"].max() <= 1


def test_a_pilot_that_closes_on_the_day_of_receipt_is_asked_for_a_median() -> None:
    day = ["2019-01-01"] * 12
    with pytest.raises(Refusal, match="on the day they came; say median_days="):
        planning.how_many(pilot(day, list(day)), "difference")
    assert planning.how_many(pilot(day, list(day)), "difference", median_days=100).needed is not None
