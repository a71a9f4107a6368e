"""The permutation tool: exact among all arrangements, within blocks, at the level of assignment."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from accountability.errors import ParameterError
from accountability.stats.permutation import AT_ONCE, batches, group_sums, p_value, permute


def test_labels_stay_in_their_blocks_and_every_arrangement_is_as_likely() -> None:
    labels = np.array([1, 8, 2, 9, 3])
    blocks = np.array([7, 4, 7, 4, 7])
    drawn = np.concatenate(list(permute(labels, 6_000, np.random.default_rng(2), blocks=blocks)))
    assert (np.sort(drawn[:, blocks == 7], axis=1) == [1, 2, 3]).all()
    assert (np.sort(drawn[:, blocks == 4], axis=1) == [8, 9]).all()
    found, number = np.unique(drawn, axis=0, return_counts=True)
    assert len(found) == 12
    assert abs(number - 500).max() < 5 * np.sqrt(500)


def test_without_blocks_every_arrangement_of_all_is_as_likely() -> None:
    drawn = np.concatenate(list(permute(np.arange(4), 24_000, np.random.default_rng(3))))
    number = np.unique(drawn, axis=0, return_counts=True)[1]
    assert len(number) == 24
    assert abs(number - 1_000).max() < 5 * np.sqrt(1_000)


def test_the_size_of_a_batch_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    labels, blocks = np.arange(10) % 3, np.arange(10) % 2
    whole = [np.concatenate(list(permute(labels, 7, np.random.default_rng(1), blocks=b))) for b in (None, blocks)]
    monkeypatch.setattr("accountability.stats.permutation.AT_ONCE", 20)
    parts = [np.concatenate(list(permute(labels, 7, np.random.default_rng(1), blocks=b))) for b in (None, blocks)]
    assert all((a == b).all() for a, b in zip(whole, parts, strict=True))


def test_batches_add_up_and_fit_in_memory() -> None:
    made = batches(1_000, 30_000)
    assert sum(made) == 1_000
    assert max(made) * 30_000 <= AT_ONCE


def test_a_block_for_each_label_is_needed() -> None:
    with pytest.raises(ParameterError, match="one for each of 3 labels, found 2"):
        next(permute(np.arange(3), 1, np.random.default_rng(1), blocks=np.zeros(2, np.int64)))


def test_the_p_value_counts_the_data_as_a_draw() -> None:
    drawn = np.array([[0.1, 3.0], [0.2, 3.0], [0.3, 3.0]])
    assert p_value(drawn[:, 0], 0.2) == 0.75
    assert p_value(drawn, np.array([0.9, 3.0 + 1e-13])).tolist() == [0.25, 1.0]


@pytest.mark.parametrize("scale", [1, 40])
def test_sums_of_groups_follow_the_law_of_all_arrangements(scale: int) -> None:
    """Kinds dealt one by one and by number: mean and variance are those of sampling without replacement."""
    kinds, score = np.array([3, 2, 1]) * scale, np.array([0.0, 1.0, 4.0])
    size = np.array([1, 2, 3]) * scale
    drawn = group_sums(kinds, score, size, 4_000, np.random.default_rng(5))
    each = np.repeat(score, kinds)
    assert np.allclose(drawn.sum(axis=1), each.sum())
    total = len(each)
    variance = size * (total - size) / (total - 1) * each.var()
    assert np.allclose(drawn.mean(axis=0), size * each.mean(), atol=5 * np.sqrt(variance.max() / 4_000))
    assert np.allclose(drawn.var(axis=0), variance, rtol=0.15)
    if scale == 1:
        possible = {(order[0], order[1] + order[2]) for order in permutations(each)}
        assert {(a, b) for a, b, _ in drawn} == possible
