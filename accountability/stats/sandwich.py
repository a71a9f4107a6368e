"""Errors that hold when cases of one cluster (an officer, a day, a unit) rise and fall together."""

from __future__ import annotations

import numpy as np

from accountability.stats.arrays import Days, Floats


def meat(scores: Floats, number: Days | Floats, cell: Days, cluster: Days | None, clusters: int) -> Floats:
    """Sum over clusters of the outer product of their summed scores.

    Parameters
    ----------
    scores : array, cells by terms
        Score of one case of each cell.
    number : array
        Cases of each cell.
    cell : array of int
        Cell of each case, -1 for a case that contributes nothing.
    cluster : array of int or None
        Cluster of each case; ``None`` when each case is its own.
    clusters : int
        Number of clusters.
    """
    if cluster is None:
        return scores.T @ (scores * number[:, None])
    summed = by_cluster(scores, cell, cluster, clusters)
    return summed.T @ summed


def by_cluster(scores: Floats, cell: Days, cluster: Days, clusters: int) -> Floats:
    """Sum the scores of each cluster's cases."""
    from scipy.sparse import coo_array

    there = cell >= 0
    chosen = slice(None) if there.all() else there
    ones = np.ones(len(cell[chosen]))
    members = coo_array((ones, (cluster[chosen], cell[chosen])), shape=(clusters, len(scores)))
    return members @ scores
