"""Leverage of clusters, and CR2-type corrections of errors for few or unequal clusters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from accountability.stats.arrays import Flags, Floats, Ints
from accountability.stats.resample import by_row
from accountability.stats.scaled_rows import Rows, scaled

if TYPE_CHECKING:
    from scipy.sparse import csr_array

BLOCK: Final = 1_000_000
LIGHT: Final = 0.002
"""Clusters that weigh less than this are corrected by the first term of a series, which is then exact to 2e-6."""
MIDDLE: Final = 0.02
"""Clusters that weigh less than this are corrected by a polynomial exact to 6e-9, where rows do not collapse."""
SPAN: Final = 16_384
"""Rows of clusters at a time, which fit the processor's cache."""
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
    raw : array, cells by terms
        Score of one row of each cell.
    known : array
        Information of one row of each cell, in the coordinates of the model: cells by terms by terms, or vectors whose
        outer products they are.
    halves : array, cells by terms, or None
        The vectors whose outer products give a cluster's weight, if of rank one.
    power : float
    """

    root: Floats
    members: csr_array
    times: Floats
    raw: Rows
    known: Rows
    halves: Rows | None
    power: float

    @classmethod
    def of(
        cls, bread: Floats, scores: Rows, cell: Ints, cluster: Ints, clusters: int, information: Rows, power: float
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
        members, times = by_row(cluster, cell, (clusters, len(scores)), part), np.ones(clusters)
        if np.bincount(cell).max(initial=0) > 1:  # only then can two clusters have the same rows
            # which give the same sum of random weights
            alike, found = pd.factorize(np.round(members @ np.random.default_rng(0).random(len(scores)), 9))
            if len(found) < clusters / 2:
                times = np.bincount(alike).astype(float)
                members = members[np.flatnonzero(~pd.Series(alike).duplicated())]
        return cls(root, members, times, scores, information, information if information.ndim == 2 else None, power)

    def alike(self, bread: Floats, design: Floats) -> Leverage:
        """Return the same clusters in a linear model of these columns, one row per cell."""
        root: Floats = np.asarray(np.linalg.cholesky(bread), dtype=np.float64)
        return replace(self, root=root, halves=design)

    @cached_property
    def scores(self) -> Floats:
        """Score of one row of each cell."""
        return np.asarray(self.raw @ self.root)

    @cached_property
    def information(self) -> Floats:
        """Information of one row of each cell: cells by terms squared."""
        if self.known.ndim == 2:
            own = self.known @ self.root
            parts = own[:, :, None] * own[:, None, :]
        else:
            parts = self.root.T @ self.known @ self.root
        return np.asarray(parts, dtype=np.float64).reshape(len(self.known), -1)

    @property
    def _by_rows(self) -> bool:
        """Whether cells are about as many as rows: parts are then summed over rows, not products over cells."""
        return self.known.ndim == 2 and len(self.known) > self.members.nnz / 4

    @cached_property
    def _own(self) -> Floats:
        """The rows of which the vectors of the information are multiples, a row after another along the memory."""
        return np.ascontiguousarray(scaled(self.known).rows @ self.root)

    @cached_property
    def _traces(self) -> Floats:
        """The trace of each cluster's part."""
        if not self._by_rows:
            return np.asarray(self.members @ self.information[:, :: len(self.root) + 1].sum(axis=1))
        return np.asarray(self.members @ (scaled(self.known).number ** 2 * _along(self._own, self._own)))

    @cached_property
    def _light(self) -> Flags:
        """Which clusters weigh next to nothing."""
        return self._traces < LIGHT

    def _part(self, some: Ints) -> Floats:
        """The parts P of the information of some clusters."""
        width = len(self.root)
        if not self._by_rows:
            members = self.members if len(some) == len(self.times) else self.members[some]
            return np.asarray(members @ self.information).reshape(-1, width, width)
        out, number = np.empty((len(some), width, width)), scaled(self.known).number
        for place, one in enumerate(some):
            there = slice(*self.members.indptr[one : one + 2])
            cell = self.members.indices[there]
            own = self._own[cell] * (number[cell] * np.sqrt(self.members.data[there]))[:, None]
            out[place] = own.T @ own
        return out

    def _blocks(self, chosen: Flags) -> Iterator[tuple[Ints, Floats, Floats]]:
        """Some clusters at a time of those chosen: their parts P of the information, and (1 - P) to the power."""
        width, heavy = len(self.root), np.flatnonzero(chosen)
        step = max(1, BLOCK // width**2)
        for start in range(0, len(heavy), step):
            some = heavy[start : start + step]
            part = self._part(some)
            values, vectors = np.linalg.eigh(part)
            left = 1.0 - values
            scale = np.where(left > WHOLE, left, np.inf) ** self.power
            yield some, part, (vectors * scale[:, None, :]) @ vectors.transpose(0, 2, 1)

    def covariance(self) -> Floats:
        """Return the sum of squared corrected cluster scores."""
        light, heavy = self._light, ~self._light
        if self._by_rows:
            middle = heavy & (self._traces < MIDDLE)
            heavy &= ~middle
            near = self._nearest(middle)
            summed, *products = self._products(max(len(near) - 1, 1))
            first = summed[light].T @ (products[0][light] * self.times[light, None])
            own = sum(factor * one[middle] for factor, one in zip(near, (summed, *products), strict=False))
            inner = own.T @ (own * self.times[middle, None])
        else:
            summed = self.members @ self.raw @ self.root
            first = self._first(summed, np.where(light, self.times, 0.0))
            inner = np.zeros_like(self.root)
        inner += summed[light].T @ (summed[light] * self.times[light, None]) - self.power * (first + first.T)
        for some, _, corrected in self._blocks(heavy):
            own = (corrected @ summed[some, :, None])[:, :, 0]
            inner += own.T @ (own * self.times[some, None])
        return np.asarray(self.root @ inner @ self.root.T)

    def _first(self, summed: Floats, weight: Floats) -> Floats:
        """The weighted sum over clusters of their part times the square of their score."""
        width = len(self.root)
        if not weight.any():
            return np.zeros((width, width))
        pairs = (summed[:, :, None] * (summed * weight[:, None])[:, None, :]).reshape(-1, width**2)
        pairs = (self.members.T @ pairs).reshape(-1, width)
        return np.asarray(self.information.reshape(-1, width, width).transpose(1, 0, 2).reshape(width, -1) @ pairs)

    def _nearest(self, chosen: Flags) -> Floats:
        """The polynomial that is nearest to (1 - P) to the power where some clusters' parts are, lowest term first."""
        if not chosen.any():
            return np.zeros(1)
        most = float(self._traces[chosen].max())
        # A degree more makes the error of the nearest polynomial a quarter of the largest part times the last one's.
        degree = next(number for number in (1, 2, 3) if number == 3 or (most / 4) ** (number + 1) < 3e-9)
        near = np.polynomial.Chebyshev.interpolate(lambda part: (1 - part) ** self.power, degree, [0, most])
        return np.asarray(near.convert(kind=np.polynomial.Polynomial).coef.real)

    def _products(self, degree: int) -> Floats:
        """Each cluster's score, and its part P times it up to `degree` times, read from its rows in one pass."""
        from scipy.sparse import csr_array

        known, raw, own = scaled(self.known), scaled(self.raw), self._own
        scored = own if raw.rows is known.rows else np.ascontiguousarray(raw.rows @ self.root)
        ends, square = self.members.indptr, known.number**2
        out = np.empty((degree + 1, len(self.times), len(self.root)))
        cuts = np.unique([0, *np.searchsorted(ends, np.arange(SPAN, ends[-1], SPAN)), len(self.times)])
        for start, stop in pairwise(cuts):
            there = slice(ends[start], ends[stop])
            cell, held = self.members.indices[there], self.members.data[there]
            rows, size = own.take(cell, axis=0), np.diff(ends[start : stop + 1])
            sums = csr_array(
                (raw.number[cell] * held, np.arange(len(cell), dtype=ends.dtype), ends[start : stop + 1] - ends[start]),
                shape=(stop - start, len(cell)),
            )
            out[0, start:stop] = sums @ (rows if scored is own else scored.take(cell, axis=0))
            weight = square[cell] * held
            for power in range(degree):
                sums.data = weight * _along(rows, np.repeat(out[power, start:stop], size, axis=0))
                out[power + 1, start:stop] = sums @ rows
        return out

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
        for some, part, corrected in self._blocks(~self._light):
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

    def free_jointly(self, contrasts: Floats) -> float:
        """Return the degrees of freedom of all combinations together, for Hotelling's T-squared.

        Those of the Wishart law with the variances of the combinations' covariance, for independent rows with the
        model's variance (HTZ of Tipton and Pustejovsky 2015). For one combination they are Satterthwaite's.
        """
        there: Floats = self.root.T @ contrasts
        width, many = there.shape
        there = there @ np.linalg.inv(np.linalg.cholesky(there.T @ there)).T  # unrelated, each with variance 1
        light = self._light
        spread = self._products_of_parts(there, light).reshape(-1, many, many)
        mean = np.einsum("g,gst->st", self.times[light], spread)
        apart = (self.times[light] * _two_ways(spread)).sum()
        pairs = np.zeros((width, many, width * many))
        for some, part, corrected in self._blocks(~light):
            each, held = self.times[some], corrected @ there
            by = corrected @ (part @ there)
            spread = by.transpose(0, 2, 1) @ (held - part @ held)
            mean += np.einsum("g,gst->st", each, spread)
            apart += (each * (_two_ways(spread) - _two_ways(by.transpose(0, 2, 1) @ by))).sum()
            flat = by.reshape(len(by), -1)
            pairs += (flat.T @ (flat * each[:, None])).reshape(pairs.shape)
        crossed = pairs.reshape(width, many, width, many)
        variance = apart + (pairs**2).sum() + np.einsum("isjt,itjs->", crossed, crossed)
        return float(_two_ways(mean) / variance) if variance > 0 else 0.0

    def _parts(self, there: Floats) -> Floats:
        """Each cluster's part of the variance that the model gives combinations."""
        if self.halves is not None:
            return np.asarray(self.members @ (self.halves @ (self.root @ there)) ** 2)
        pairs = (there[:, None, :] * there[None, :, :]).reshape(len(there) ** 2, there.shape[1])
        return np.asarray(self.members @ (self.information @ pairs))

    def _products_of_parts(self, there: Floats, some: Flags) -> Floats:
        """Some clusters' parts of the covariance that the model gives combinations, pair by pair."""
        members, many = self.members[some], there.shape[1]
        if self.halves is not None:
            own = self.halves @ (self.root @ there)
            return np.asarray(members @ (own[:, :, None] * own[:, None, :]).reshape(len(own), -1))
        pairs = np.einsum("is,jt->ijst", there, there).reshape(len(there) ** 2, many**2)
        return np.asarray(members @ (self.information @ pairs))

    def effective(self, contrasts: Floats) -> Floats:
        """Return the effective number of clusters for each combination.

        Carter, Schnepel and Steigerwald's number (2017), for perfectly correlated rows; by each cluster's part of the
        information if the model gives no weights of rows.
        """
        there = self.root.T @ contrasts
        halves = self.halves
        weight = (self._parts(there) if halves is None else self.members @ (halves @ (self.root @ there))) ** 2
        square = self.times @ weight**2
        return np.asarray((self.times @ weight) ** 2 / np.where(square > 0, square, np.inf))


def _two_ways(square: Floats) -> Floats:
    """Return the squared trace of each matrix, plus the trace of its square."""
    trace: Floats = np.trace(square, axis1=-2, axis2=-1)
    return np.asarray(trace**2 + np.einsum("...st,...ts->...", square, square))


def _along(rows: Floats, there: Floats) -> Floats:
    """Return the product of each row of one array with that of another."""
    return np.asarray(np.einsum("ij,ij->i", rows, there))
