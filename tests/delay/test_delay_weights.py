"""Fleming and Harrington's weights, written out day by day."""

from __future__ import annotations

import numpy as np
import pytest

from accountability import delay
from accountability.study.durations import Durations


def written_out(days: np.ndarray, closed: np.ndarray, first: np.ndarray, rho: float, gamma: float) -> float:
    """The statistic of two groups: weighted closings less expected ones, squared, over the variance."""
    surplus = variance = 0.0
    share = 1.0  # of both groups still open, just before the day
    for day in np.unique(days[closed]):
        at_risk, ends = days >= day, closed & (days == day)
        n, n_first, d, d_first = at_risk.sum(), (at_risk & first).sum(), ends.sum(), (ends & first).sum()
        weight = share**rho * (1 - share) ** gamma
        surplus += weight * (d_first - d * n_first / n)
        if n > 1:
            variance += weight**2 * d * (n - d) / (n - 1) * (n_first / n) * (1 - n_first / n)
        share *= 1 - d / n
    return surplus**2 / variance


@pytest.mark.parametrize(("rho", "gamma"), [(0, 0), (1, 0), (0, 1), (1, 1), (0.5, 2)])
@pytest.mark.parametrize("seed", [1, 2])
def test_early_and_late_days_weigh_as_they_should(rho: float, gamma: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    first = np.arange(120) < 50
    days = np.ceil(rng.exponential(np.where(first, 20, 30)) ** 1.1).astype(int)
    closed = rng.random(120) < 0.7
    group = np.where(first, "a", "b")
    durations = Durations.from_days(days, closed, groups={"group": group})
    test = delay.compare(durations, "group", "logrank", rho=rho, gamma=gamma)
    assert test.statistic == pytest.approx(written_out(days, closed, first, rho, gamma), rel=1e-10)
