"""Scores of Gray's test of equal cumulative incidence of one cause in all groups."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accountability.stats.arrays import Days, Flags, Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Day:
    """What one day adds: counts by group, and the state of the curves around it."""

    watched: Flags
    at_risk: Floats
    own: Days
    other: Days
    open_before: Floats
    open_after: Floats
    pooled_after: float
    total: float
    pull: Floats
    pace: Floats


def gray_scores(all_at_risk: Days, closed: Days, own: Days, rho: float) -> tuple[Floats, Floats, Floats]:
    """Return weighted closings by one cause minus expected ones, their covariance, and the expected closings.

    Parameters
    ----------
    all_at_risk, closed, own : array of int, groups by days
        Cases at risk, closings by any cause, and closings by the cause tested.
    rho : float
        Weight ``(1 - F(t-))**rho``.
    """
    size = len(own)
    difference, expected = np.zeros(size), np.zeros(size)
    open_before, share_before, pooled_before = np.ones(size), np.zeros(size), 0.0
    past: list[_Day] = []
    for day in np.flatnonzero(closed.sum(axis=0)):
        watched = all_at_risk[:, day] > 0
        at_risk = np.where(watched, all_at_risk[:, day], 1).astype(float)
        here = own[:, day]
        # Cases at risk as they would be had no other cause taken any: the risk set of the subdistribution.
        enlarged = np.where(watched, at_risk / np.where(open_before > 0, open_before, 1), 0)
        total, by_cause = float(enlarged.sum()), int(here.sum())
        weight = (1 - pooled_before) ** rho
        if by_cause:
            shares = enlarged * (1 - share_before)
            fair = by_cause * shares / shares.sum()
            expected += fair
            difference += weight * (here - fair)
        open_after = np.where(watched, open_before * (1 - closed[:, day] / at_risk), open_before)
        pooled_after = pooled_before + by_cause / total
        pull = weight * (np.diag(enlarged) - np.outer(enlarged, enlarged) / total)
        pace = pull * (by_cause / (total * (1 - pooled_before)))
        other = closed[:, day] - here
        past.append(_Day(watched, at_risk, here, other, open_before, open_after, pooled_after, total, pull, pace))
        share_before = np.where(watched, share_before + open_before * here / at_risk, share_before)
        open_before, pooled_before = open_after, pooled_after
    return difference, _variance(past, size), expected


def _variance(past: list[_Day], size: int) -> Floats:
    """Covariance of the scores: a closing moves the score of its day and, through the curves, of all later days."""
    variance, later = np.zeros((size, size)), np.zeros((size, size))
    for day in reversed(past):
        by_cause = int(day.own.sum())
        still = day.open_after > 0
        left = np.where(still, (1 - day.pooled_after) / np.where(still, day.open_after, 1), 0)
        if by_cause:
            ties = np.ones(size)
            if by_cause > 1:
                ties = 1 - (by_cause - 1) / np.maximum(day.total * day.open_before - 1, 1e-12)
            spread = np.where(day.watched, ties * day.open_before * by_cause / (day.total * day.at_risk), 0)
            moved = day.pull + (1 - left) * later
            variance += (moved * spread) @ moved.T
        if day.other.any():
            ties = np.where(day.other > 1, 1 - (day.other - 1) / np.maximum(day.at_risk - 1, 1), 1)
            spread = np.where(still, ties * day.open_before**2 * day.other / day.at_risk**2, 0)
            moved = left * later
            variance += (moved * spread) @ moved.T
        later = later + day.pace
    return variance
