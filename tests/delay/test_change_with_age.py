"""Every model of ratios tests whether they change as cases grow old, and says so first where they do."""

import numpy as np
import pytest

from accountability import delay
from accountability.study.durations import Durations

NULL, PLANTED = 300, 40


def cases(rng: np.random.Generator, *, turn: float, number: int = 400, watched: int = 500) -> Durations:
    """Two ways of closing; side b closes at twice the pace, until `turn` of its own time changes that."""
    side = rng.integers(0, 2, number)
    own = rng.exponential(1.0, number) ** np.where(side == 1, turn, 1.0) / (1 + side)
    other = rng.exponential(2.0, number)
    day = np.ceil(200 * np.minimum(own, other)).astype(int)
    until = rng.integers(100, watched, number)
    closed = day <= until
    groups = {"side": np.where(side, "b", "a"), "way": np.where(closed, np.where(own < other, "x", "y"), None)}
    return Durations.from_days(np.minimum(day, until), closed, groups=groups, longest=until)


MODELS = {
    "fine and gray": lambda made: delay.fine_gray(made, "side", "way", "x").change_p_value,
    "discrete": lambda made: delay.discrete_time(made, "side").change_p_value,
    "cox": lambda made: delay.proportionality(delay.cox(made, "side", ties="breslow")).table["p_value"].iloc[0],
}


@pytest.mark.parametrize("name", ["discrete", "cox"])
def test_a_constant_ratio_is_kept(name: str) -> None:
    """Of 300 agencies 5 % may reject, give or take three standard errors."""
    rng = np.random.default_rng(11)
    found = [MODELS[name](closed_of_one(rng)) for _ in range(NULL)]
    assert abs(np.mean(np.array(found) < 0.05) - 0.05) < 3 * np.sqrt(0.05 * 0.95 / NULL)


def closed_of_one(rng: np.random.Generator) -> Durations:
    """Cases whose rates of closing are in one ratio at every age."""
    side = rng.integers(0, 2, 400)
    day = np.ceil(200 * rng.exponential(1.0, 400) / (1 + side)).astype(int)
    until = rng.integers(100, 500, 400)
    return Durations.from_days(np.minimum(day, until), day <= until, groups={"side": side.astype(str)}, longest=until)


def of_subdistribution(rng: np.random.Generator, turn: float = 1.0, officers: int | None = None) -> Durations:
    """Cases whose subdistribution rates of way x are in one ratio at every age (Fine and Gray 1999, section 5)."""
    number = 400
    who = np.arange(number) if officers is None else rng.integers(0, officers, number)
    side = rng.integers(0, 2, number) if officers is None else who % 2
    lean = np.zeros(number) if officers is None else rng.normal(0, 0.6, officers)[who]
    power = np.exp(0.5 * side)
    ends_x = 1 - 0.5**power
    of_x = rng.random(number) < ends_x
    share = 1 - rng.random(number) * ends_x
    own = -(np.log(np.maximum(1 - (1 - share ** (1 / power)) / 0.5, 1e-12)) ** np.where(side, turn, 1.0))
    took = np.where(of_x, own, rng.exponential(1.0, number) / np.sqrt(power))
    day = np.ceil(200 * took * np.exp(-lean)).astype(int)
    until = rng.integers(100, 500, number)
    closed = day <= until
    way = np.where(closed, np.where(of_x, "x", "y"), None)
    groups = {"side": np.where(side, "b", "a"), "way": way, "officer": who.astype(str)}
    return Durations.from_days(np.minimum(day, until), closed, groups=groups, longest=until)


@pytest.mark.parametrize("officers", [None, 12])
def test_a_constant_ratio_of_subdistributions_is_kept(officers: int | None) -> None:
    rng, cluster = np.random.default_rng(12), None if officers is None else "officer"
    found = [
        delay.fine_gray(of_subdistribution(rng, officers=officers), "side", "way", "x", cluster=cluster).change_p_value
        for _ in range(NULL)
    ]
    assert abs(np.mean(np.array(found) < 0.05) - 0.05) < 3 * np.sqrt(0.05 * 0.95 / NULL)


@pytest.mark.parametrize("name", MODELS)
def test_a_planted_change_is_found(name: str) -> None:
    rng = np.random.default_rng(13)
    assert np.mean([MODELS[name](cases(rng, turn=2.0)) < 0.05 for _ in range(PLANTED)]) > 0.9


def test_with_one_way_and_nobody_lost_the_three_tests_agree() -> None:
    """Then the share of closings before is the share closed before, and a subdistribution rate is a rate."""
    rng = np.random.default_rng(14)
    side = rng.integers(0, 2, 3000)
    day = np.ceil(2000 * rng.exponential(1.0, 3000) ** np.where(side, 1.08, 1.0)).astype(int)
    groups = {"side": side.astype(str), "way": np.full(3000, "x")}
    made = Durations.from_days(day, groups=groups)
    score = [_normal(MODELS["cox"](made)), _normal(MODELS["fine and gray"](made))]
    score.append(_normal(delay.discrete_time(made, "side", period=20).change_p_value))
    assert score[0] > 2
    assert score[1:] == pytest.approx([score[0]] * 2, rel=0.06)


def _normal(p_value: float) -> float:
    from scipy.special import ndtri

    return -float(ndtri(p_value / 2))


@pytest.mark.parametrize(("name", "read"), [("fine_gray", "competing_closings"), ("discrete_time", "restricted_mean")])
def test_the_sentence_says_so_first(name: str, read: str) -> None:
    how = ("way", "x") if name == "fine_gray" else ()
    said = getattr(delay, name)(cases(np.random.default_rng(15), turn=3.0), "side", *how).sentence()
    assert said.startswith("The ratios change as cases grow old (p < 0.001")
    assert read in said


def test_too_few_closing_days_or_clusters_cannot_tell() -> None:
    made = cases(np.random.default_rng(16), turn=1.0)
    groups = {"side": made.table["side"], "way": made.table["way"], "officer": made.table["side"]}
    one_day = Durations.from_days(np.where(made.event, 5, 9), made.event, groups=groups)
    assert np.isnan(delay.fine_gray(one_day, "side", "way", "x").change_p_value)
    assert "grow old" not in delay.fine_gray(one_day, "side", "way", "x").sentence()
