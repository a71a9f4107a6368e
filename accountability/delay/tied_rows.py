"""What rows of one complaint, which close together, add to the variance of a closing curve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from accountability.delay.counts import Counts
from accountability.stats.arrays import Days, Floats
from accountability.study.durations import Durations, group_codes


def tied(durations: Durations, by: str | Sequence[str] | None, counts: Counts, cluster: str) -> Floats:
    """Return what pairs of rows of one cluster add to Greenwood's sum, by group and day.

    The share still open at day t is, to first order, the sum of the rows' influences: what a row's own closing adds to
    the cumulative hazard by t, less what was expected of it while it was watched. Greenwood's sum holds their squares;
    twice the products of pairs of rows of a cluster complete the square of its sum (Ying and Wei, Journal of
    Multivariate Analysis 50, 1994). By day, a product is a polynomial in the cumulative sum of closings over the square
    of those at risk, so pairs are added up by the days on which it changes.

    Parameters
    ----------
    durations : Durations
    by : str or sequence of str, optional
    counts : Counts
        Of the same cases and groups. Cases closed on an unknown day are in no pair.
    cluster : str
        Column that names the cluster of each row.
    """
    codes = group_codes(durations, by)[1]
    at_risk = np.maximum(counts.at_risk.astype(np.float64), 1.0)
    hazard = np.cumsum(counts.closed / at_risk**2, axis=1)
    first, second = _pairs(pd.factorize(durations.table[cluster])[0], codes, ~durations.unknown_day)
    entry, end, group = durations.entry_time, durations.end, codes
    before = np.where(entry > 0, hazard[group, np.maximum(entry - 1, 0)], 0.0)
    whole = durations.event / at_risk[group, end] - (hazard[group, end] - before)
    earlier, later = np.where(end[first] <= end[second], (first, second), (second, first))
    begins = np.maximum(entry[first], entry[second])
    parts = np.zeros((3, *hazard.shape))  # of the square, the number itself and 1
    pair = group[first]

    def changed(day: Days, square: Floats, number: Floats, one: Floats) -> None:
        for part, value in zip(parts, (square, number, one), strict=True):
            np.add.at(part, (pair, day), value)

    unit, known = np.ones(len(first)), before[first] + before[second]
    both = before[first] * before[second]
    changed(begins, unit, -known, both)
    watched = whole[earlier]
    changed(np.maximum(end[earlier], begins), -unit, known - watched, watched * before[later] - both)
    changed(end[later], 0 * unit, watched, watched * (whole[later] - before[later]))
    square, number, one = np.cumsum(parts, axis=2)
    return 2 * (square * hazard**2 + number * hazard + one)


def _pairs(cluster: Days, group: Days, kept: np.ndarray) -> tuple[Days, Days]:
    """All pairs of kept rows of one cluster and group, as the places of both."""
    place = np.flatnonzero(kept)
    key = pd.factorize(cluster[place] * (int(group.max(initial=0)) + 1) + group[place])[0]
    order = np.argsort(key, kind="stable")
    place, key = place[order], key[order]
    first, second, step = [np.empty(0, np.int64)], [np.empty(0, np.int64)], 1
    while step < len(key) and (alike := key[step:] == key[:-step]).any():
        first.append(place[:-step][alike])
        second.append(place[step:][alike])
        step += 1
    return np.concatenate(first), np.concatenate(second)
