"""Errors that hold when cases of one cluster (an officer, a day, a unit) rise and fall together."""

from __future__ import annotations

import numpy as np
import pandas as pd

from accountability.errors import Refusal
from accountability.stats.arrays import Days, Floats


def sandwich(
    bread: Floats,
    scores: Floats,
    cell: Days,
    cluster: Days | None,
    clusters: int | None = None,
    *,
    number: Days | Floats | None = None,
    corrected: bool = False,
) -> Floats:
    """The covariance of estimates from their scores.

    Parameters
    ----------
    bread : array
        Inverse of the information.
    scores : array, cells by terms
        Score of one case of each cell.
    cell : array of int
        Cell of each case, -1 for a case that contributes nothing.
    cluster : array of int or None
        Cluster of each case; ``None`` when each case is its own.
    clusters : int, optional
        Number of clusters, where they are not all in `cluster`.
    number : array, optional
        Cases of each cell; needed only where each case is its own cluster.
    corrected : bool
        Whether to multiply by G/(G-1) (n-1)/(n-k), as statsmodels does.

    Raises
    ------
    Refusal
        With one cluster.
    """
    if cluster is None:
        held = np.bincount(cell[cell >= 0], minlength=len(scores)) if number is None else number
        return bread @ (scores.T @ (scores * held[:, None])) @ bread
    groups = clusters or int(cluster.max()) + 1
    if groups < 2:
        raise Refusal("all rows belong to one officer, so errors clustered on the officer cannot be had")
    summed = by_cluster(scores, cell, cluster, groups)
    factor = small_sample(groups, len(cell), len(bread)) if corrected else 1.0
    return factor * bread @ (summed.T @ summed) @ bread


def small_sample(clusters: int, rows: float, terms: int) -> float:
    """The factor for few clusters that statsmodels takes."""
    return clusters / (clusters - 1) * (rows - 1) / (rows - terms)


def by_cluster(scores: Floats, cell: Days, cluster: Days, clusters: int) -> Floats:
    """Sum the scores of each cluster's cases."""
    from scipy.sparse import coo_array

    there = cell >= 0
    chosen = slice(None) if there.all() else there
    ones = np.ones(len(cell[chosen]))
    members = coo_array((ones, (cluster[chosen], cell[chosen])), shape=(clusters, len(scores)))
    return members @ scores


def clusters_of(officers: pd.Series | None, rows: int) -> Days:
    """The cluster of each row: its officer; a row without one is a cluster of its own."""
    if officers is None:
        return np.arange(rows, dtype=np.int64)
    codes, names = pd.factorize(officers)
    alone = codes == -1
    joined = np.where(alone, len(names) + np.cumsum(alone) - 1, codes)
    return pd.factorize(joined)[0].astype(np.int64)
