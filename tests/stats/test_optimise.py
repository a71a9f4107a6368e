"""The one optimiser: it ends at the maximum, names separation, and never ends short of it in silence."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from accountability import delay, officers
from accountability.errors import Refusal
from accountability.stats.optimise import NotConverged, Separation, invert, newton, weakest
from accountability.stats.partial_odds import wald
from accountability.study.durations import Durations


def logit(x: np.ndarray, y: np.ndarray) -> Any:
    def evaluate(at: np.ndarray) -> Any:
        index = x @ at
        share = expit(index)
        weight = share * (1 - share)
        return y @ index - np.logaddexp(0, index).sum(), x.T @ (y - share), x.T @ (weight[:, None] * x)

    return evaluate


@settings(deadline=None, max_examples=examples(60))
@given(st.integers(0, 10_000), st.floats(0.01, 100))
def test_a_logit_ends_where_its_gradient_vanishes_or_is_called_separated(seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(12), scale * rng.normal(size=12)])
    y = (rng.random(12) < 0.5).astype(float)
    evaluate = logit(x, y)
    ones, noughts = x[y == 1, 1], x[y == 0, 1]
    apart = not len(ones) or not len(noughts) or ones.min() > noughts.max() or ones.max() < noughts.min()
    try:
        top = newton(evaluate, np.zeros(2), lambda step: float(np.abs(x @ step).max()))
    except Separation:
        assert apart
        return
    assert not apart
    assert np.abs(evaluate(top.at)[1] / np.sqrt(np.diag(top.information))).max() < 1e-6


def test_a_separated_logit_names_the_direction() -> None:
    x = np.column_stack([np.ones(40), np.repeat([0.0, 1.0], 20), np.tile([0.0, 1.0], 20)])
    y = np.where(x[:, 1] == 1, 1.0, x[:, 2])
    with pytest.raises(Separation) as found:
        newton(logit(x, y), np.zeros(3), lambda step: float(np.abs(x @ step).max()))
    assert np.abs(found.value.direction[1]) > 0


def test_what_never_rises_or_never_ends_is_no_answer() -> None:
    def promising(at: np.ndarray) -> Any:  # a slope of 1 that halving a step never finds wrong, and no top
        return float(at[0]), np.ones(1), np.full((1, 1), 1e3)

    with pytest.raises(NotConverged, match="100 steps"):
        newton(promising, np.zeros(1))
    with pytest.raises(NotConverged, match="not finite"):
        newton(lambda at: (0.0, np.ones(1), np.full((1, 1), np.nan)), np.zeros(1), concave=False)


def test_a_saddle_is_left_uphill() -> None:
    def evaluate(at: np.ndarray) -> Any:  # maxima at 1 and -1, a trough at 0
        a = at[0]
        return -((a**2 - 1) ** 2), np.array([-4 * a * (a**2 - 1)]), np.array([[12 * a**2 - 4]])

    assert newton(evaluate, np.array([0.1]), concave=False).at[0] == pytest.approx(1)


def test_an_information_without_inverse_is_separation_by_name() -> None:
    flat = np.array([[1.0, 1.0], [1.0, 1.0]])
    with pytest.raises(Separation):
        invert(flat)
    least, vector = weakest(flat)
    assert least == pytest.approx(0, abs=1e-12)
    assert abs(vector[0]) == pytest.approx(abs(vector[1]))
    rng = np.random.default_rng(1)
    root = rng.normal(size=(4, 4)) * 10.0 ** np.arange(4)
    np.testing.assert_allclose(invert(root.T @ root) @ (root.T @ root), np.eye(4), atol=1e-6)


def separated_movers() -> tuple[Any, pd.DataFrame]:
    """Movers who draw complaints only after a move to a unit with more of them, only before a move away."""
    rng = np.random.default_rng(3)
    stays, rows = [], []
    for officer in range(60):
        unit = officer % 2
        moves = officer < 24
        for place, start, stop in [(unit, 0, 1500), (1 - unit, 1500, 3000)] if moves else [(unit, 0, 3000)]:
            stays.append((f"o{officer}", f"u{place}", start, stop))
            if not moves or place == 1:
                rows += [(f"o{officer}", int(day)) for day in rng.integers(start, stop, 30 if place else 3)]
    origin = np.datetime64("2000-01-01", "D")
    cases = pd.DataFrame({"case_id": [f"c{i}" for i in range(len(rows))]})
    days = pd.Series((origin + np.array([day for _, day in rows], "timedelta64[D]")).astype("datetime64[s]"))
    table = pd.DataFrame(stays, columns=["officer_id", "unit", "from", "to"])
    for name in ("from", "to"):
        table[name] = origin + table[name].to_numpy().astype("timedelta64[D]")
    return (
        SimpleNamespace(
            name="moved",
            cases=cases,
            allegations=cases.assign(officer_id=[who for who, _ in rows]),
            events=cases.assign(stage="received", earliest=days, latest=days, set_aside=None, officer_id=None),
            card=None,
            ledger=None,
        ),
        table,
    )


def test_movers_whose_complaints_are_separated_are_refused_by_name() -> None:
    with pytest.raises(Refusal, match="separation"):
        officers.movers(*separated_movers())


def test_crowding_is_not_read_off_a_course_that_never_settled() -> None:
    days = np.r_[np.repeat(np.arange(165, 180), 4000), 50, np.full(20, 200)]
    closed = np.r_[np.ones(len(days) - 20, bool), np.zeros(20, bool)]
    with pytest.raises(Refusal, match="coefficients diverge"):
        delay.bunching(Durations.from_days(days, closed), 90, window=10, around=90, degree=3)
    assert len(delay.bunching(Durations.from_days(days, closed), 90, window=10, around=90, degree=2).table)


def test_a_wald_statistic_without_an_inverse_is_missing_and_no_bare_error() -> None:
    assert np.isnan(wald(np.ones(2), np.ones((2, 2))))
    root = np.array([[2.0, 0.3], [0.3, 1.0]])
    assert wald(np.array([1.0, 2.0]), root) == pytest.approx(np.array([1, 2]) @ np.linalg.solve(root, [1, 2]))
