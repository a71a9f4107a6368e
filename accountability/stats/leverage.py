"""Leverage of clusters, and CR2-type corrections of errors for few or unequal clusters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from accountability.stats.arrays import Flags, Floats, Ints
from accountability.stats.resample import by_row

if TYPE_CHECKING:
    from scipy.sparse import csr_array

BLOCK: Final = 1_000_000
LIGHT: Final = 0.002
"""Clusters that weigh less than this are corrected by the first term of a series, which is then exact to 2e-6."""
WHOLE: Final = 1e-9
"""What is left of the information without a cluster, below which the cluster alone determines a coefficient."""


@dataclass(frozen=True, eq=False)
class Leverage:
    """The clusters' parts of the information, in coordinates where the total is the identity.

    In these coordinates a cluster's part P has eigenvalues from 0 to 1, its hat matrix has the same ones, and any
    function of the hat matrix times the cluster's design is the design times that function of P. So CR2 and its degrees
    of freedom need only matrices of the size of the coefficients, from counts of cells.

    Attributes
    ----------
    root : array
        The bread is its product with its own transpose.
    members : sparse array, clusters by cells
        Rows of each cell in each cluster; clusters with equal cells are stored once.
    times : array
        Number of clusters with equal cells.
    scores : array, cells by terms
    information : array, cells by terms squared
    halves : array, cells by terms, or None
        Vectors whose outer products are the information, if of rank one.
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

        A row of several clusters is split equally over them.
        """
        part: Floats | None = None
        if cluster.ndim == 2:
            row, place = np.nonzero(cluster >= 0)
            part = 1.0 / (cluster >= 0).sum(axis=1)[row]
            cell, cluster = cell[row], cluster[row, place]

        root: Floats = np.asarray(np.linalg.cholesky(bread), dtype=np.float64)
        own = information @ root if information.ndim == 2 else None
        parts = own[:, :, None] * own[:, None, :] if own is not None else root.T @ information @ root
        members, times = by_row(cluster, cell, (clusters, len(scores)), part), np.ones(clusters)
        # clusters with the same rows give the same sum of random weights
        alike, found = pd.factorize(np.round(members @ np.random.default_rng(0).random(len(scores)), 9))
        if len(found) < clusters / 2:
            times = np.bincount(alike).astype(float)
            members = members[np.flatnonzero(~pd.Series(alike).duplicated())]
        flat: Floats = np.asarray(parts, dtype=np.float64).reshape(len(scores), -1)
        return cls(root, members, times, scores @ root, flat, own, power)

    def alike(self, bread: Floats, design: Floats) -> Leverage:
        """Return the same clusters in a linear model of these columns, one row per cell."""
        root: Floats = np.asarray(np.linalg.cholesky(bread), dtype=np.float64)
        return replace(self, root=root, halves=design @ root)

    @cached_property
    def _light(self) -> Flags:
        """Which clusters weigh next to nothing."""
        width = len(self.root)
        return np.asarray(self.members @ self.information[:, :: width + 1].sum(axis=1) < LIGHT)

    def _blocks(self) -> Iterator[tuple[Ints, Floats, Floats]]:
        """Some clusters at a time of those that weigh: their parts P of the information, and (1 - P) to the power."""
        width, heavy = len(self.root), np.flatnonzero(~self._light)
        step = max(1, BLOCK // width**2)
        for start in range(0, len(heavy), step):
            some = heavy[start : start + step]
            members = self.members if len(some) == len(self.times) else self.members[some]
            part = (members @ self.information).reshape(-1, width, width)
            values, vectors = np.linalg.eigh(part)
            left = 1.0 - values
            scale = np.where(left > WHOLE, left, np.inf) ** self.power
            yield some, part, (vectors * scale[:, None, :]) @ vectors.transpose(0, 2, 1)

    def covariance(self) -> Floats:
        """Return the sum of squared corrected cluster scores."""
        summed, width = self.members @ self.scores, len(self.root)
        light = np.where(self._light, self.times, 0.0)
        inner = summed.T @ (summed * light[:, None])
        if self._light.any():
            pairs = (summed[:, :, None] * (summed * light[:, None])[:, None, :]).reshape(-1, width**2)
            pairs = (self.members.T @ pairs).reshape(-1, width)
            first = self.information.reshape(-1, width, width).transpose(1, 0, 2).reshape(width, -1) @ pairs
            inner -= self.power * (first + first.T)
        for some, _, corrected in self._blocks():
            own = (corrected @ summed[some, :, None])[:, :, 0]
            inner += own.T @ (own * self.times[some, None])
        return np.asarray(self.root @ inner @ self.root.T)

    def free(self, contrasts: Floats) -> Floats:
        """Return Satterthwaite's degrees of freedom, for independent rows with the model's variance.

        0 if one cluster alone determines part of the combination, which then has no error. Products of two small
        clusters are left out, with an error below 4e-6 of 1 / (degrees of freedom).
        """
        there = self.root.T @ contrasts
        width, many = there.shape
        weight = self._parts(there)[self._light]
        mean, square = (self.times[self._light] @ one for one in (weight, weight**2))
        apart, cross, lost = np.zeros(many), np.zeros((many, width, width)), np.zeros(many)
        for some, part, corrected in self._blocks():
            each = self.times[some, None]
            own = part @ there
            held = corrected @ there
            by = corrected @ own
            spread = (by * (held - part @ held)).sum(axis=1)
            mean += (each * spread).sum(axis=0)
            square += (each * spread**2).sum(axis=0)
            apart += (each * (by**2).sum(axis=1) ** 2).sum(axis=0)
            for k in range(many):
                cross[k] += by[:, :, k].T @ (by[:, :, k] * each)
            if self.power == -0.5:
                lost += (each * ((own * there).sum(axis=1) - spread)).sum(axis=0)
        variance = square + (cross**2).sum(axis=(1, 2)) - apart
        known = (variance > 0) & (lost <= 1e-6 * (there**2).sum(axis=0))
        return np.where(known, mean**2 / np.where(known, variance, 1.0), 0.0)

    def _parts(self, there: Floats) -> Floats:
        """Each cluster's part of the variance that the model gives combinations."""
        if self.halves is not None:
            return np.asarray(self.members @ (self.halves @ there) ** 2)
        pairs = (there[:, None, :] * there[None, :, :]).reshape(len(there) ** 2, there.shape[1])
        return np.asarray(self.members @ (self.information @ pairs))

    def effective(self, contrasts: Floats) -> Floats:
        """Return the effective number of clusters for each combination.

        Carter, Schnepel and Steigerwald's number (2017), for perfectly correlated rows; by each cluster's part of the
        information if the model gives no weights of rows.
        """
        there = self.root.T @ contrasts
        weight = (self._parts(there) if self.halves is None else self.members @ (self.halves @ there)) ** 2
        square = self.times @ weight**2
        return np.asarray((self.times @ weight) ** 2 / np.where(square > 0, square, np.inf))
