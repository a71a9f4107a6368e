"""Models of covariates that no two rows share: quicker ways give what the plain ones give."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from accountability import delay
from accountability.stats import binary_logit, cell_likelihood, leverage, optimise, risksets
from accountability.stats.binary_logit import fit_logit
from accountability.stats.cell_likelihood import cells_of
from accountability.stats.design import in_order
from accountability.stats.multinomial import fit_multinomial
from accountability.stats.ordered_logit import fit_ordered
from accountability.stats.scaled_rows import ScaledRows, scaled
from accountability.study.durations import Durations


def rows_of(rows: int, officers: int, shape: float = 2.0) -> dict[str, np.ndarray]:
    """Three numbers a row, officers of very unequal size, and outcomes that depend on both."""
    rng = np.random.default_rng(5)
    who = np.unique((rng.random(rows) ** shape * officers).astype(int), return_inverse=True)[1]
    x = rng.normal(size=(rows, 3))
    lean = x @ [0.5, -0.2, 0.1] + rng.normal(0, 0.5, officers)[who]
    return {
        "x": np.hstack([np.ones((rows, 1)), x]),
        "who": who,
        "hit": (lean + rng.logistic(size=rows) > 1).astype(float),
        "way": np.argmax(np.outer(lean, [0.0, 0.4, -0.3]) + rng.gumbel(size=(rows, 3)), axis=1),
    }


@pytest.mark.parametrize("officers", [12, 80, 900])
def test_clusters_of_rows_are_corrected_as_by_their_eigenvalues(officers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums over rows and a polynomial give what products over cells and every cluster's eigenvalues give."""
    data = rows_of(5_000, officers)
    got = fit_logit(data["x"], np.arange(5_000), data["hit"], data["who"])
    with monkeypatch.context() as plain:
        plain.setattr(leverage.Leverage, "_by_rows", False)
        want = fit_logit(data["x"], np.arange(5_000), data["hit"], data["who"])
        each = np.eye(4)
        want_free, want_worth = want.errors.free(each), want.errors.effective(each)
    np.testing.assert_allclose(got.covariance, want.covariance, rtol=2e-8, atol=1e-12)
    np.testing.assert_allclose(got.errors.free(each), want_free, rtol=1e-8)
    np.testing.assert_allclose(got.errors.effective(each), want_worth, rtol=1e-8)


def test_the_clusters_tested_are_light_middling_and_heavy(monkeypatch: pytest.MonkeyPatch) -> None:
    data, seen = rows_of(5_000, 900), []
    inner = leverage.Leverage._products
    monkeypatch.setattr(
        leverage.Leverage, "_products", lambda self, *asked: (seen.append(self), inner(self, *asked))[1]
    )
    fit_logit(data["x"], np.arange(5_000), data["hit"], data["who"])
    traces = seen[0]._traces
    middle = (traces >= leverage.LIGHT) & (traces < leverage.MIDDLE)
    assert (traces < leverage.LIGHT).any()
    assert middle.any()
    assert (traces >= leverage.MIDDLE).any()


@pytest.mark.parametrize("model", ["hit", "way"])
def test_a_start_from_some_rows_ends_at_the_same_maximum(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data = rows_of(6_000, 300)
    fit = {"hit": fit_logit, "way": fit_multinomial}[model]
    want = fit(data["x"], np.arange(6_000), data[model], data["who"])
    monkeypatch.setattr(cell_likelihood, "SAMPLED", 1_000)
    steps: list[int] = []
    inner = cell_likelihood.newton
    monkeypatch.setattr(cell_likelihood, "newton", lambda *a, **k: (top := inner(*a, **k), steps.append(top.steps))[0])
    got = fit(data["x"], np.arange(6_000), data[model], data["who"])
    assert len(steps) == 2
    np.testing.assert_allclose(got.coefficients, want.coefficients, rtol=0, atol=1e-9)
    np.testing.assert_allclose(got.covariance, want.covariance, rtol=1e-8, atol=1e-14)
    assert got.log_likelihood == pytest.approx(want.log_likelihood, rel=1e-13)


def test_some_rows_that_separate_the_outcome_are_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    data = rows_of(6_000, 300)
    data["x"][::16, 1] = np.where(data["hit"][::16] == 1, 3.0, -3.0)  # the rows sampled, each on its side
    want = fit_logit(data["x"], np.arange(6_000), data["hit"], data["who"])
    monkeypatch.setattr(cell_likelihood, "SAMPLED", 1_000)
    got = fit_logit(data["x"], np.arange(6_000), data["hit"], data["who"])
    np.testing.assert_allclose(got.coefficients, want.coefficients, rtol=0, atol=1e-9)


def test_the_order_of_rows_and_blocks_change_nothing() -> None:
    """More rows than a block holds, in two orders: no row is left out or counted twice between blocks."""
    rows = 20_001
    data = rows_of(rows, 900)
    back = np.arange(rows)[::-1]
    fits = (
        (fit_logit, "hit", data["x"]),
        (fit_multinomial, "way", data["x"]),
        (fit_ordered, "way", data["x"][:, 1:]),
    )
    for fit, outcome, x in fits:
        one = fit(x, np.arange(rows), data[outcome], data["who"])
        two = fit(x[back], np.arange(rows), data[outcome][back], data["who"][back])
        np.testing.assert_allclose(one.coefficients, two.coefficients, rtol=0, atol=1e-9)
        np.testing.assert_allclose(one.covariance, two.covariance, rtol=1e-8, atol=1e-14)


def test_rows_in_blocks_give_what_all_rows_at_once_give(monkeypatch: pytest.MonkeyPatch) -> None:
    """Likelihood, scores and clusters of rows that are read in blocks and never multiplied out."""
    rows = 20_001
    data = rows_of(rows, 900)
    got = fit_logit(data["x"], np.arange(rows), data["hit"], data["who"])
    assert isinstance(got.scores, ScaledRows)
    monkeypatch.setattr(leverage, "SPAN", 300)  # clusters of more rows than that, too
    short = fit_logit(data["x"], np.arange(rows), data["hit"], data["who"])
    np.testing.assert_allclose(short.covariance, got.covariance, rtol=1e-12, atol=0)
    monkeypatch.setattr(cell_likelihood, "cells_of", lambda *asked: replace(cells_of(*asked), alone=False))
    monkeypatch.setattr(binary_logit, "cells_of", cell_likelihood.cells_of)
    want = fit_logit(data["x"], np.arange(rows), data["hit"], data["who"])
    assert isinstance(want.scores, np.ndarray)
    np.testing.assert_allclose(got.coefficients, want.coefficients, rtol=0, atol=1e-12)
    np.testing.assert_allclose(got.covariance, want.covariance, rtol=1e-10, atol=0)
    np.testing.assert_allclose(np.asarray(got.scores), want.scores, rtol=0, atol=1e-12)
    assert got.log_likelihood == pytest.approx(want.log_likelihood, rel=1e-13)


def test_a_step_not_taken_would_have_moved_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    data = rows_of(3_000, 300)
    steps: list[int] = []
    inner = cell_likelihood.newton
    monkeypatch.setattr(cell_likelihood, "newton", lambda *a, **k: (top := inner(*a, **k), steps.append(top.steps))[0])
    got = fit_logit(data["x"], np.arange(3_000), data["hit"], data["who"])
    monkeypatch.setattr(optimise, "SETTLED", 0.0)
    want = fit_logit(data["x"], np.arange(3_000), data["hit"], data["who"])
    assert steps[0] < steps[1]
    errors = np.sqrt(np.diag(want.covariance))
    assert (np.abs(got.coefficients - want.coefficients) < 2e-8 * errors).all()
    np.testing.assert_allclose(got.covariance, want.covariance, rtol=1e-8, atol=1e-14)


def test_rows_with_a_pattern_each_are_cells_as_counting_finds_them() -> None:
    value = np.random.default_rng(3).integers(0, 3, 50)
    quick, counted = cells_of(np.arange(50), value, 50), cells_of(np.append(np.arange(50), 49), np.append(value, 2), 50)
    assert quick.alone
    for name in ("pattern", "value", "count", "of_row"):
        np.testing.assert_array_equal(getattr(quick, name)[:49], getattr(counted, name)[:49])


def test_a_chance_of_the_logit_is_exact_far_out() -> None:
    """Log chance, score and information against long arithmetic, where the outcome is all but sure either way."""
    index = np.array([-800.0, -40.0, -1.0, 0.0, 1.0, 40.0, 800.0])
    for hit in (0, 1):
        made = binary_logit._logit(index, np.empty(0), np.full(7, hit))
        toward = index if hit else -index
        np.testing.assert_allclose(made.value, -np.logaddexp(0.0, -toward), rtol=1e-14, atol=1e-14)
        against = np.exp(-np.logaddexp(0.0, toward))
        np.testing.assert_allclose(made.by_index, against if hit else -against, rtol=1e-13, atol=1e-300)
        np.testing.assert_allclose(made.neg_hessian, np.exp(made.value) * against, rtol=1e-12, atol=1e-300)


def test_scaled_rows_are_their_products() -> None:
    rng = np.random.default_rng(2)
    made, other = ScaledRows(rng.normal(size=7), rng.normal(size=(7, 3))), rng.normal(size=(3, 2))
    whole = np.asarray(made)
    np.testing.assert_array_equal(whole, made.number[:, None] * made.rows)
    np.testing.assert_allclose(made @ other, whole @ other, rtol=1e-14)
    np.testing.assert_array_equal(made[[4, 1]], whole[[4, 1]])
    np.testing.assert_array_equal(np.asarray(scaled(whole)), whole)
    assert scaled(made) is made
    assert (len(made), made.ndim) == (7, 2)


@pytest.mark.parametrize("most", [10, 70_000])
def test_numbers_come_in_order_and_equal_ones_as_they_were(most: int) -> None:
    numbers = np.random.default_rng(1).integers(-5, most, 3_000)
    assert in_order(numbers).tolist() == np.argsort(numbers, kind="stable").tolist()


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_risk_sets_of_rows_in_order_give_what_sparse_sums_give(ties: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cases censored before the first closing, between closings and on a day of closings; and days of many closings."""
    rng = np.random.default_rng(7)
    rows = 3 * risksets.BLOCK
    day, closed = rng.integers(1, 400, rows) // 3 * 2, rng.random(rows) < 0.7
    closed[day < 4] = False
    table = {"x": rng.normal(size=rows), "y": rng.integers(0, 2, rows), "who": rng.integers(0, 3_000, rows)}
    made = Durations.from_days(day, closed, groups=table)

    def fitted() -> tuple[np.ndarray, ...]:
        made.__dict__.pop("known_groups", None)
        plain, few = delay.cox(made, ["x", "y"], ties=ties), delay.cox(made, ["x", "y"], ties=ties, cluster="who")
        test = delay.proportionality(plain).table["statistic"].to_numpy()
        return plain.coefficients, plain.covariance, np.array(plain.log_likelihood), few.covariance, test

    seen: list[bool] = []
    inner = risksets.Spans.of
    monkeypatch.setattr(risksets.Spans, "of", lambda *asked: (seen.append(True), inner(*asked))[1])
    got = fitted()
    assert seen
    monkeypatch.setattr(risksets.RiskSets, "_spans", None)
    for one, other in zip(got, fitted(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-12)
