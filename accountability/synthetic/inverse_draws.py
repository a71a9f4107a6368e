"""Random draws from uniform numbers by inverse distribution functions.

Only numpy's ``Generator.random`` is used, because its stream is stable; draws from named distributions may change
between numpy releases.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from accountability.stats.arrays import Floats, Ints
from accountability.synthetic.agency_design import Days

NEVER = 2**30


def pick(u: Floats, shares: npt.ArrayLike) -> Ints:
    """Draw an index with probabilities `shares`."""
    edges = np.cumsum(np.asarray(shares, dtype=float))[:-1]
    return np.searchsorted(edges, u, side="right").astype(np.int64)


def pick_rows(u: Floats, group: Ints, shares: npt.ArrayLike) -> Ints:
    """Draw an index with the probabilities in row ``group`` of `shares`."""
    edges = np.cumsum(np.asarray(shares, dtype=float), axis=1)[:, :-1]
    drawn = np.zeros(len(u), dtype=np.int64)
    for column in edges.T:
        drawn += u >= column[group]
    return drawn


def weibull(u: Floats, scale: Floats | float, shape: float) -> Ints:
    """Draw whole days (rounded down) of a Weibull time."""
    return np.floor(scale * (-np.log1p(-u)) ** (1 / shape)).astype(np.int64)


def geometric(u: Floats, mean: float) -> Ints:
    """Draw whole days from 0 on from a geometric distribution with a given mean."""
    if mean <= 0:
        return np.zeros(len(u), dtype=np.int64)
    return np.floor(np.log1p(-u) / np.log(mean / (1 + mean))).astype(np.int64)


def normal_points(count: int, sd: float, u: Floats) -> Floats:
    """Return `count` evenly spaced quantiles of a normal distribution, in the random order of `u`.

    Group effects are such points and not draws, so every agency has the same variance of them.
    """
    points = np.array([NormalDist().inv_cdf((i + 0.5) / count) for i in range(count)])
    return sd * points[np.argsort(u, kind="stable")]


def days_pmf(days: Days, internal: bool) -> Floats:
    """Return the probabilities of 1, 2, …, ``days.most`` days."""
    mean = days.mean * float(np.exp(days.internal * internal))
    fail = mean / (days.size + mean)
    mass = np.empty(days.most + 1)
    mass[0] = 1.0
    for k in range(1, days.most + 1):
        mass[k] = mass[k - 1] * fail * (days.size + k - 1) / k
    return mass[1:] / mass[1:].sum()


def pause_pmf(terms: int, go_on: float) -> Floats:
    """Return the probabilities of a pause of 1, 2, …, `terms` terms."""
    mass = go_on ** np.arange(terms)
    return mass / mass.sum()


def logistic(x: Floats) -> Floats:
    """Return the inverse of the logit."""
    return 1 / (1 + np.exp(-x))


def rung_probabilities(cuts: tuple[float, ...], severity: float) -> Floats:
    """Return the probabilities of the rungs, lightest first, under the ordered logit."""
    below = np.concatenate([[0.0], logistic(np.asarray(cuts) - severity), [1.0]])
    return np.diff(below)
