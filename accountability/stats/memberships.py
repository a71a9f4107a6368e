"""Rows in several clusters, such as complaints against several officers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from accountability.stats.arrays import Floats, Ints

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from accountability.stats.leverage import Leverage

LEAST_LEFT: Final = 0.1
"""Information left by pairs of rows that share a cluster, below which no more is corrected for."""


@dataclass(frozen=True, slots=True, eq=False)
class SharedPairs:
    """Pairs of rows that share a cluster.

    Attributes
    ----------
    belongs : sparse array, rows by clusters
    several : array of int
        Rows in more than one cluster.
    over : sparse array, such rows by such rows
        Number of clusters two of them share beyond one.
    """

    belongs: csr_array
    several: Ints
    over: csr_array

    @classmethod
    def of(cls, member: Ints) -> SharedPairs:
        """Find the pairs; one column per officer of a row, -1 for none."""
        from scipy.sparse import csr_array

        row, place = np.nonzero(member >= 0)
        belongs = csr_array((np.ones(len(row)), (row, member[row, place])), shape=(len(member), int(member.max()) + 1))
        several = np.flatnonzero((member >= 0).sum(axis=1) > 1)
        over = (belongs[several] @ belongs[several].T).tocsr()
        over.data = np.maximum(over.data - 1, 0.0)
        over.eliminate_zeros()
        return cls(belongs, several, over)

    def products(self, scores: Floats) -> Floats:
        """Return the sum of products of scores over pairs of rows that share a cluster, each pair once."""
        summed = self.belongs.T @ scores
        return np.asarray(summed.T @ summed - scores[self.several].T @ (self.over @ scores[self.several]))


@dataclass(frozen=True, slots=True, eq=False)
class Sharing:
    """The small-sample correction for pairs of rows that share a cluster.

    For independent rows, the products of the scores of such pairs give the information minus the part that the pairs
    share. So they are multiplied on both sides by the inverse root of the rest, which is G/(G-1) for equal clusters and
    a mean.

    Attributes
    ----------
    lever : Leverage
        Leverage of clusters, with rows of several split equally.
    lost : array
        The part of the information that pairs share, in the coordinates of `lever`.
    """

    lever: Leverage
    lost: Floats

    @classmethod
    def of(cls, lever: Leverage, shared: SharedPairs, cell: Ints) -> Sharing:
        """Sum the products of information over pairs of rows that share a cluster."""
        width = len(lever.root)
        parts = lever.information.reshape(-1, width, width)
        products = (shared.products(parts[:, :, k][cell]) for k in range(width))
        return cls(lever, np.add.reduce(list(products)))

    def covariance(self, shared: SharedPairs, cell: Ints) -> Floats:
        """Return the sum of products of pairs' scores, corrected for the shared information."""
        root = self.lever.root @ self.factor()
        return np.asarray(root @ shared.products(self.lever.scores[cell]) @ root.T)

    def factor(self) -> Floats:
        """Return what scores are multiplied by: the inverse root of what is left of the information."""
        values, vectors = np.linalg.eigh(np.eye(len(self.lost)) - self.lost)
        return np.asarray((vectors * np.maximum(values, LEAST_LEFT) ** -0.5) @ vectors.T)

    def free(self, contrasts: Floats) -> Floats:
        """Return Satterthwaite's degrees of freedom of the split rows."""
        return self.lever.free(contrasts)

    def effective(self, contrasts: Floats) -> Floats:
        """Return the effective number of clusters: one over the share of information that pairs share."""
        there = self.lever.root.T @ contrasts
        part = np.einsum("ik,ij,jk->k", there, self.lost, there) / (there**2).sum(axis=0)
        return np.asarray(1.0 / np.maximum(part, 1e-12))


def members_of(rows: pd.DataFrame) -> Ints:
    """Return the officers of each row as numbers, one column per place; a complaint's rows share all its officers."""
    named = [one if isinstance(one, tuple) else () for one in rows["officer_ids"]]  # a missing value names nobody
    row = np.repeat(np.arange(len(named)), [len(one) for one in named])
    codes, known = pd.factorize(np.array([*chain.from_iterable(named)], dtype=object))
    every = len(known) + pd.factorize(rows["case_id"])[0]
    return _numbered(np.append(row, np.arange(len(named))), np.append(codes, every), len(named))


def numbered(member: Ints) -> Ints:
    """Renumber clusters without those of one row; one per row if no row is in several."""
    row, place = np.nonzero(member >= 0)
    return _numbered(row, member[row, place], len(member))


def _numbered(row: Ints, cluster: Ints, rows: int) -> Ints:
    """The same from pairs of a row and a cluster of it, of which a table would hold many empty cells."""
    seen = np.bincount(cluster)
    several = seen[cluster] > 1
    alone = np.flatnonzero(np.bincount(row[several], minlength=rows) == 0)
    row = np.append(row[several], alone)
    cluster = np.append(cluster[several], len(seen) + np.arange(len(alone)))
    number = (np.cumsum(np.bincount(cluster) > 0) - 1)[cluster]  # ranks, without sorting
    clusters = int(number.max(initial=0)) + 1
    both = np.sort(row * clusters + (clusters - 1 - number))  # one number sorts several times as fast as two keys
    row, number = both // clusters, clusters - 1 - both % clusters
    size = np.bincount(row, minlength=rows)
    left = np.full((rows, max(int(size.max(initial=1)), 1)), -1, dtype=np.int64)
    left[row, np.arange(len(row)) - np.repeat(np.cumsum(size) - size, size)] = number
    return left[:, 0] if left.shape[1] == 1 else left
