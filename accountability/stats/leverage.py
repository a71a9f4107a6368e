"""How much each cluster weighs in a model, and what that does to the errors where clusters are few or unequal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from accountability.stats.arrays import Floats, Ints

if TYPE_CHECKING:
    from scipy.sparse import csr_array

BLOCK: Final = 1_000_000
LIGHT: Final = 0.01
"""Clusters that weigh less than this are corrected by a series of four terms, which is then exact to 1e-8."""
WHOLE: Final = 1e-9
"""What is left of the information without a cluster, below which the cluster alone determines a coefficient."""


@dataclass(frozen=True, slots=True, eq=False)
class Leverage:
    """The clusters' parts of the information, in coordinates in which the whole is the identity.

    In these coordinates a cluster's part P has eigenvalues from 0 to 1, its hat matrix has the same ones, and any
    function of the hat matrix times the cluster's design is the design times that function of P. So all that CR2 and
    its degrees of freedom need are matrices of the size of the coefficients, made from counts of cells.

    Attributes
    ----------
    root : array
        The bread is its product with its own transpose.
    members : sparse array, distinct clusters by cells
        Rows of each cell in each cluster; clusters of the same make-up are held once.
    times : array
        How many clusters are of each make-up.
    scores : array, cells by terms
    information : array, cells by terms squared
    halves : array, cells by terms, or None
        Whose outer products the information is, where it is of one rank.
    power : float
    """

    root: Floats
    members: csr_array
    times: Floats
    scores: Floats
    information: Floats
    halves: Floats | None
    power: float

    @classmethod
    def of(
        cls, bread: Floats, scores: Floats, cell: Ints, cluster: Ints, clusters: int, information: Floats, power: float
    ) -> Leverage:
        """Count the clusters' rows; the parameters are those of :func:`accountability.stats.sandwich.clustered`.

        A row of several clusters counts in each for one part of as many.
        """
        from scipy.sparse import coo_array

        part = np.ones(len(cell))
        if cluster.ndim == 2:
            row, place = np.nonzero(cluster >= 0)
            part = 1.0 / (cluster >= 0).sum(axis=1)[row]
            cell, cluster = cell[row], cluster[row, place]

        root: Floats = np.asarray(np.linalg.cholesky(bread), dtype=np.float64)
        own = information @ root if information.ndim == 2 else None
        parts = own[:, :, None] * own[:, None, :] if own is not None else root.T @ information @ root
        members = coo_array((part, (cluster, cell)), shape=(clusters, len(scores))).tocsr()
        members.sum_duplicates()
        # clusters with the same rows give the same sum of random weights
        key = members @ np.random.default_rng(0).random(len(scores))
        _, first, times = np.unique(key, return_index=True, return_counts=True)
        flat: Floats = np.asarray(parts, dtype=np.float64).reshape(len(scores), -1)
        return cls(root, members[first], times.astype(float), scores @ root, flat, own, power)

    def _blocks(self) -> Iterator[tuple[slice, Floats, Floats]]:
        """Some clusters at a time: their parts P of the information, and (1 - P) to the power."""
        width = len(self.root)
        step = max(1, BLOCK // width**2)
        for start in range(0, len(self.times), step):
            some = slice(start, start + step)
            part = (self.members[some] @ self.information).reshape(-1, width, width)
            yield some, part, self._corrected(part)

    def _corrected(self, part: Floats) -> Floats:
        one = np.eye(len(self.root))
        made = np.broadcast_to(one, part.shape)
        weights = np.cumprod([(j - self.power) / (j + 1) for j in range(3)])
        made = one + part @ (weights[0] * one + part @ (weights[1] * one + weights[2] * part))
        heavy = np.trace(part, axis1=1, axis2=2) > LIGHT
        values, vectors = np.linalg.eigh(part[heavy])
        left = 1.0 - values
        scale = np.where(left > WHOLE, left, np.inf) ** self.power
        made[heavy] = (vectors * scale[:, None, :]) @ vectors.transpose(0, 2, 1)
        return made

    def covariance(self) -> Floats:
        """Each cluster's score corrected, squared, and added up."""
        summed, inner = self.members @ self.scores, np.zeros_like(self.root)
        for some, _, corrected in self._blocks():
            own = (corrected @ summed[some, :, None])[:, :, 0]
            inner += own.T @ (own * self.times[some, None])
        return np.asarray(self.root @ inner @ self.root.T)

    def free(self, contrasts: Floats) -> Floats:
        """Satterthwaite's degrees of freedom, were rows independent with the variance the model gives them.

        0 where a cluster alone determines part of the combination, so that no error of it can be had.
        """
        there = self.root.T @ contrasts
        width, many = there.shape
        mean, square, apart = (np.zeros(many) for _ in range(3))
        cross, lost = np.zeros((many, width, width)), np.zeros(many)
        for some, part, corrected in self._blocks():
            times = self.times[some, None]
            own = part @ there
            held = corrected @ there
            by = corrected @ own
            spread = (by * (held - part @ held)).sum(axis=1)
            mean += (times * spread).sum(axis=0)
            square += (times * spread**2).sum(axis=0)
            apart += (times * (by**2).sum(axis=1) ** 2).sum(axis=0)
            for k in range(many):
                cross[k] += by[:, :, k].T @ (by[:, :, k] * times)
            if self.power == -0.5:
                lost += (times * ((own * there).sum(axis=1) - spread)).sum(axis=0)
        variance = square + (cross**2).sum(axis=(1, 2)) - apart
        known = (variance > 0) & (lost <= 1e-6 * (there**2).sum(axis=0))
        return np.where(known, mean**2 / np.where(known, variance, 1.0), 0.0)

    def effective(self, contrasts: Floats) -> Floats:
        """How many even clusters these are worth to each combination.

        Carter, Schnepel and Steigerwald's number (2017), as they advise for rows of a cluster that are all alike; by
        each cluster's part of the variance the model gives, where it does not say how one row weighs.
        """
        there = self.root.T @ contrasts
        if self.halves is not None:
            weight = (self.members @ (self.halves @ there)) ** 2
            square = (self.times[:, None] * weight**2).sum(axis=0)
            total = (self.times[:, None] * weight).sum(axis=0)
            return np.asarray(total**2 / np.where(square > 0, square, np.inf))
        first, second = np.zeros(there.shape[1]), np.zeros(there.shape[1])
        for some, part, _ in self._blocks():
            own = ((part @ there) * there).sum(axis=1)
            first += (self.times[some, None] * own).sum(axis=0)
            second += (self.times[some, None] * own**2).sum(axis=0)
        return np.asarray(first**2 / np.where(second > 0, second, np.inf))
