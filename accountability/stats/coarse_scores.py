"""Scores of the log-rank test for delays with coarse starts and stops, valid for unequal follow-up and coarseness.

Scores that treat all days of an interval alike reject too often when groups differ in follow-up or coarseness.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from accountability.stats.arrays import Floats
from accountability.stats.sieve import Cells, kernels

if TYPE_CHECKING:
    from scipy.sparse import csr_array

ROUNDS: Final = 100
"""Rounds of expectation and maximisation for the pooled curve; the test is exact for any curve near the truth."""


def coarse_scores(cells: Cells, number: Floats) -> tuple[Floats, Floats, Floats]:
    """Return closings minus expected ones by group, the expected ones, and the covariance of the difference.

    Parameters
    ----------
    cells : Cells
        Distinct combinations of dates.
    number : array, kinds by groups
        Cases.
    """
    closed, open_ = kernels(cells)
    done = cells.stop_span > 0
    share = _pooled(closed, open_, number.sum(axis=1), done)
    beyond = np.maximum(1 - np.cumsum(share), 0)
    of_closed = closed.multiply(share[None, :]).tocsr()
    of_open = open_.multiply(beyond[None, :]).tocsr()
    scale = np.asarray(of_closed.sum(axis=1) + of_open.sum(axis=1)).ravel()
    weights = number / np.maximum(scale, 1e-300)[:, None]
    closings = of_closed.T @ (weights * done[:, None])
    ends = of_open.T @ (weights * ~done[:, None])
    left = closings + ends
    at_risk = left.sum(axis=0) - np.cumsum(left, axis=0) + left
    everyone = np.maximum(at_risk.sum(axis=1), 1e-300)
    part = at_risk / everyone[:, None]
    pace = closings.sum(axis=1) / everyone
    # Below what one ten-thousandth of a case leaves at risk, a day's pace is only rounding.
    pace[everyone < 1e-4] = 0
    total, by_part = np.cumsum(pace), np.cumsum(part * pace[:, None], axis=0)
    shown = np.column_stack([part, total, by_part])
    mean = (of_closed @ shown + of_open @ shown) / np.maximum(scale, 1e-300)[:, None]
    size = number.shape[1]
    at_end, through, expected = mean[:, :size] * done[:, None], mean[:, size], mean[:, size + 1 :]
    difference, variance = np.zeros(size), np.zeros((size, size))
    for group in range(size):
        own = np.zeros(size)
        own[group] = 1
        each = own * done[:, None] - at_end - own * through[:, None] + expected
        difference += number[:, group] @ each
        variance += (each * number[:, [group]]).T @ each
    return difference, number[done].sum(axis=0) - difference, variance


def _pooled(closed: csr_array, open_: csr_array, number: Floats, done: np.ndarray) -> Floats:
    """Shares closing on each day under a common curve; the last is for closings after all days seen."""
    days = closed.shape[1]
    share = np.full(days, 1 / days)
    for _ in range(ROUNDS):
        beyond = np.maximum(1 - np.cumsum(share), 0)
        pull_closed = number * done / np.maximum(closed @ share, 1e-300)
        pull_open = number * ~done / np.maximum(open_ @ beyond, 1e-300)
        pulled = closed.T @ np.where(done, pull_closed, 0)
        after = open_.T @ np.where(done, 0, pull_open)
        pulled[1:] += np.cumsum(after)[:-1]
        share = share * pulled / number.sum()
        share /= share.sum()
    return share
