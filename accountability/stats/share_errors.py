"""Errors of the shares of many terms among the same rows, from one count of clusters by terms.

They are those of an intercept-only linear model of each term (:func:`accountability.stats.sandwich.clustered`). What
clusters weigh does not depend on the term, so it is computed once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from accountability.stats.arrays import Flags, Floats, Ints
from accountability.stats.leverage import LIGHT, WHOLE, Leverage
from accountability.stats.memberships import SharedPairs, Sharing
from accountability.stats.sandwich import Clustered, joined, small_sample


@dataclass(frozen=True, slots=True, eq=False)
class ShareErrors:
    """Variance of each share, and what they all rest on."""

    variance: Floats
    repaired: Flags
    effective: float
    free: float


def share_errors(term: Ints, terms: int, ways: Mapping[str, Ints]) -> ShareErrors:
    """Return the errors of the share of every term, for clusters along one dimension or two, each with two or more.

    Parameters
    ----------
    term : array of int
        The term of each row, from 0; -1 for none of them.
    terms : int
        Number of terms.
    ways : mapping of str to array of int
        The clusters of each row (:func:`accountability.stats.sandwich.ways_of`).
    """
    rows, one = len(term), np.ones((1, 1))
    rate = np.bincount(term + 1, minlength=terms + 1)[1:] / rows
    every, least = np.zeros(rows, np.int64), min(int(way.max()) + 1 for way in ways.values())
    levers = tuple(Leverage.of(one / rows, 0 * one, every, way, int(way.max()) + 1, one, -0.5) for way in ways.values())
    held: tuple[Leverage | Sharing, ...] = levers
    if len(ways) == 2:
        first, second = (_uncorrected(term, rate, way) for way in ways.values())
        both = _uncorrected(term, rate, joined(ways))
        variance, most = first + second - both, np.maximum(first, second)
    else:
        (way,) = ways.values()
        variance = most = _corrected(term, rate, way)
        if way.ndim == 2:
            shared = SharedPairs.of(way)
            held = (Sharing.of(levers[0], shared, every),)
            each = (term[:, None] == np.arange(terms)) - rate
            root = held[0].factor()[0, 0] / rows**0.5
            variance = root**2 * np.diag(shared.products(each / rows**0.5))
    repaired = variance < 0
    errors = Clustered(0 * one, least, held, crossed=len(ways) == 2 or held is not levers)
    effective, free = float(errors.effective(one)[0]), float(errors.free(one)[0])
    return ShareErrors(np.where(repaired, np.maximum(most, 0.0), variance), repaired, effective, free)


def _summed(term: Ints, rate: Floats, way: Ints, part: Floats | None = None) -> tuple[Floats, Floats]:
    """The rows of each cluster, and its sums of what the rows differ from the rates."""
    wide = len(rate) + 1
    place = way * wide + term + 1
    counts = np.bincount(place, part, minlength=wide * (int(way.max()) + 1)).reshape(-1, wide)
    size = counts.sum(axis=1)
    return size, counts[:, 1:] - size[:, None] * rate


def _uncorrected(term: Ints, rate: Floats, way: Ints) -> Floats:
    size, summed = _summed(term, rate, way)
    factor = small_sample(len(size), len(term), 1)
    return np.asarray(factor * (summed**2).sum(axis=0) / len(term) ** 2)


def _corrected(term: Ints, rate: Floats, way: Ints) -> Floats:
    """CR2; as in :class:`Leverage`, light clusters are corrected by the first term of the series."""
    rows, part = len(term), None
    if way.ndim == 2:
        row, place = np.nonzero(way >= 0)
        part = 1.0 / (way >= 0).sum(axis=1)[row]
        term, way = term[row], way[row, place]
    size, summed = _summed(term, rate, way, part)
    root = np.sqrt(1.0 / rows)
    lever = size * (root * root)
    left = np.where(1 - lever > WHOLE, 1 - lever, np.inf)
    weight = np.where(lever < LIGHT, 1 + lever, 1 / left)
    return np.asarray((summed**2 * weight[:, None]).sum(axis=0) / rows**2)
