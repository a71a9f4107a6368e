"""Rows in several clusters, such as complaints against several officers."""

from __future__ import annotations

from dataclasses import dataclass
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
    named = rows["officer_ids"].reset_index(drop=True).explode()
    place = named.groupby(level=0).cumcount()
    codes, known = pd.factorize(named)  # an empty tuple becomes a missing value, which is -1
    places = int(place.max()) + 1 if len(place) else 0
    member = np.full((len(rows), places + 1), -1, dtype=np.int64)
    member[named.index, place] = codes
    member[:, -1] = len(known) + pd.factorize(rows["case_id"])[0]
    return numbered(member)


def numbered(member: Ints) -> Ints:
    """Renumber clusters without those of one row; one per row if no row is in several."""
    seen = np.bincount(member[member >= 0])
    left = np.where((member >= 0) & (seen[member] > 1), member, -1)
    alone = (left < 0).all(axis=1)
    left[alone, 0] = len(seen) + np.arange(int(alone.sum()))
    left = -np.sort(-left, axis=1)[:, : max(int((left >= 0).sum(axis=1).max(initial=1)), 1)]
    there = left >= 0
    left[there] = np.unique(left[there], return_inverse=True)[1]
    return left[:, 0] if left.shape[1] == 1 else left
