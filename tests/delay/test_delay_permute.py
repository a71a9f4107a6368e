import numpy as np
import pytest

from accountability import delay
from accountability.errors import ParameterError, Refusal
from accountability.study.durations import Durations


def made(rng, cases=200, slower=1.0):
    group = np.arange(cases) % 2
    took = rng.exponential(np.where(group, 100, 100 * slower)).astype(int)
    watched = rng.integers(20, 400, cases)
    return Durations.from_days(np.minimum(took, watched), took <= watched, groups={"g": group})


def test_it_agrees_with_the_log_rank_test_in_large_samples():
    for seed in range(4):
        data = made(np.random.default_rng(seed), 400, 1.2)
        plain, shuffled = delay.compare(data, "g", "logrank"), delay.compare(data, "g", "permutation", seed=1)
        assert shuffled.p_value == pytest.approx(plain.p_value, abs=0.05)
        assert shuffled.statistic == pytest.approx(plain.statistic, rel=0.05)


def test_it_is_exact_in_a_tiny_sample():
    # Of the 20 ways to deal 3 + 3 cases, two (all quick ones in one group) lie as far apart.
    data = Durations.from_days([1, 2, 3, 10, 11, 12], groups={"g": list("aaabbb")})
    p = delay.compare(data, "g", "permutation", seed=3, replicates=4999).p_value
    assert p == pytest.approx(2 / 20, abs=0.02)


def test_one_in_twenty_is_found_where_nothing_differs():
    rng = np.random.default_rng(5)
    found = [
        delay.compare(made(rng, 60), "g", "permutation", seed=1, replicates=99).p_value <= 0.05 for _ in range(150)
    ]
    assert np.mean(found) <= 0.104


def test_the_seed_decides_and_groups_may_be_several():
    rng = np.random.default_rng(6)
    data = Durations.from_days(rng.integers(0, 90, 90), groups={"g": np.arange(90) % 3})
    one = delay.compare(data, "g", "permutation", seed=1, replicates=99)
    assert one.p_value == delay.compare(data, "g", "permutation", seed=1, replicates=99).p_value
    assert one.df == 2


def test_what_cannot_be_shuffled_is_refused():
    data = made(np.random.default_rng(1))
    with pytest.raises(ParameterError, match="at least 19"):
        delay.compare(data, "g", "permutation", seed=1, replicates=5)
    late = Durations.from_days([5, 6, 7], entry_time=[0, 2, 0], groups={"g": list("aba")})
    with pytest.raises(Refusal, match="enter late"):
        delay.compare(late, "g", "permutation", seed=1)
