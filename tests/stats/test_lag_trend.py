"""Three looks tell a lag that grows, or comes in batches, from one that does neither."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from conftest import ROOT, full

sys.path.insert(0, str(ROOT / "benchmarks"))
import releases as planted

from accountability.releases.lag_by_release import share_in_last
from accountability.stats.lag_trend import in_batches, lag_trend
from accountability.stats.recording_lag import corrected_closed

ASKED = np.array([planted.ASKED])


@pytest.mark.parametrize(("lag", "low", "high"), [("none", 0, 0), ("exponential", -0.2, 0.2), ("growing", 0.1, 0.45)])
def test_the_growth_is_found(lag: str, low: float, high: float) -> None:
    grown = [
        lag_trend(*planted.three_looks(np.random.default_rng(seed), lag)[:2], planted.THREE).growth for seed in range(8)
    ]
    assert low <= np.mean(grown) <= high


@pytest.mark.parametrize("lag", ["none", "exponential", "growing", "batches"])
def test_batches_are_told_apart(lag: str) -> None:
    day, seen, *_ = planted.three_looks(np.random.default_rng(3), lag)
    assert in_batches(day, seen, planted.THREE) == (lag == "batches")


@pytest.mark.parametrize("lag", ["none", "growing", "batches"])
def test_the_last_look_is_corrected_without_bias(lag: str) -> None:
    found, plain = [], []
    for seed in range(60 if full() else 12):
        day, seen, last, took = planted.three_looks(np.random.default_rng(seed), lag)
        share, _ = share_in_last(day, seen, planted.THREE, in_batches(day, seen, planted.THREE))
        found.append(corrected_closed(last, took, share, ASKED)[0])
        plain.append(corrected_closed(last, took, planted.AT_ONCE, ASKED)[0])
    error = np.std(found, ddof=1) / np.sqrt(len(found))
    assert abs(np.mean(found) - planted.TRUTH) < 3 * error
    assert (abs(np.mean(plain) - planted.TRUTH) > 0.03) == (lag != "none")
