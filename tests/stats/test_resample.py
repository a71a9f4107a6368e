"""The bootstrap: weights that count draws, percentile limits, and daily counts of reweighted cases."""

from __future__ import annotations

import numpy as np
import pytest

from accountability.errors import ParameterError
from accountability.stats.intervals import percentile
from accountability.stats.resample import DailySums, Draws, by_row


def test_the_first_row_is_the_data_and_the_spread_is_that_of_a_mean() -> None:
    values = np.random.default_rng(4).normal(size=200)
    draws = Draws.of_clusters(np.arange(200), 200)
    made = draws.bootstrap(lambda weights: (weights @ values / weights.sum(axis=1))[:, None], 9, 4_000)[:, 0]
    assert made[0] == pytest.approx(values.mean())
    assert made[1:].std() == pytest.approx(values.std() / np.sqrt(200), rel=0.06)


def test_the_size_of_a_block_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    draws = Draws.of_clusters(np.arange(5), 5)
    whole = draws.bootstrap(lambda weights: weights, 1, 9)
    monkeypatch.setattr("accountability.stats.resample.BLOCK", 2)
    assert (draws.bootstrap(lambda weights: weights, 1, 9) == whole).all()


def test_equal_cases_are_drawn_by_number() -> None:
    kind = np.array([4, 4, 4, 7, 9, 9])
    draws = Draws.of_cases(kind)
    assert draws.size.tolist() == [3, 1, 2]
    assert draws.first.tolist() == [True, False, False, True, True, False]
    weights = draws.weights(np.arange(3_000))
    assert (weights.sum(axis=1) == 6).all()
    assert np.allclose(weights.mean(axis=0), draws.size, atol=0.15)


def test_daily_sums_are_the_counts_of_the_cases_repeated() -> None:
    rng = np.random.default_rng(8)
    end, entry = rng.integers(3, 9, 40), rng.integers(0, 3, 40)
    cause, member, chosen = rng.integers(0, 2, 40), rng.integers(0, 6, 40), rng.random(40) < 0.8
    draws = Draws.of_clusters(member, 6)
    weights = draws.weights(np.arange(4))
    for since in (entry, np.zeros_like(entry)):
        entered, at_risk, ended = DailySums.of(draws, end, cause, 2, since, chosen, 7).counts(weights)
        for row, weight in enumerate(weights):
            each = np.where(chosen, weight[member], 0)
            for day in range(7):
                assert entered[row, day] == each[since == day].sum()
                assert at_risk[row, day] == each[(since <= day) & (end >= day)].sum()
                assert [ended[k, row, day] for k in (0, 1)] == [each[(cause == k) & (end == day)].sum() for k in (0, 1)]


def test_limits_next_outside_hold_where_draws_are_infinite() -> None:
    drawn = np.array([1.0, 2.0, 3.0, np.inf, np.inf])
    assert percentile(drawn, 0.5, between=False) == (2.0, np.inf)
    assert percentile(np.arange(5.0), 0.9) == pytest.approx((0.2, 3.8))
    assert percentile(np.arange(5.0), 0.9, between=False) == (0.0, 4.0)
    with pytest.raises(ParameterError, match="confidence"):
        percentile(drawn, 1.0)


@pytest.mark.parametrize("shape", [(7, 5), (70_000, 9)])
@pytest.mark.parametrize("weighted", [False, True])
def test_pairs_are_counted_by_row_in_the_order_they_come_and_repeated_ones_stay(
    shape: tuple[int, int], weighted: bool
) -> None:
    rng = np.random.default_rng(4)
    row, column = rng.integers(0, shape[0], 300), rng.integers(0, shape[1], 300)
    row[:40] = 3
    weight = rng.random(300) if weighted else None
    found = by_row(row, column, shape, weight)
    order = np.argsort(row, kind="stable")
    assert found.indices.tolist() == column[order].tolist()
    assert np.diff(found.indptr).tolist() == np.bincount(row, minlength=shape[0]).tolist()
    held = np.ones(300) if weight is None else weight[order]
    assert found.data.tolist() == held.tolist()
    dense = np.zeros(shape)
    np.add.at(dense, (row, column), 1.0 if weight is None else weight)
    np.testing.assert_allclose(found.toarray(), dense, rtol=1e-12)
