"""Poisson regression of officers by months with officer and month effects.

The Poisson model with rates constant within months is Cox's model with a baseline constant within months; with officer
effects it compares every officer with itself. Officer and month effects are profiled out in turn, which for Poisson
counts causes no incidental-parameter bias.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from accountability.errors import Refusal
from accountability.stats.arrays import Flags, Floats, Ints
from accountability.stats.optimise import Evaluation, NotConverged, Separation, newton

Effects = Literal["officer", "unit", "none"]
TURNS = 200
CLOSE = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class TwoWay:
    """A fitted model.

    Attributes
    ----------
    coefficients : array
        Log rate ratios per unit of each covariate.
    covariance : array
        Covariance clustered by unit.
    residual : array, officers by months
        Complaints minus their means; 0 for officers without any, who do not inform the estimate.
    clusters, officers : int
        Units, and officers with at least one complaint.
    events : float
        Complaints.
    """

    coefficients: Floats
    covariance: Floats
    residual: Floats
    clusters: int
    officers: int
    events: float


def fit(
    complaints: Floats, exposed: Floats, covariates: Sequence[Floats], unit: Ints, effects: Effects = "officer"
) -> TwoWay:
    """Fit the rate of complaints, with effects of months and of officers, units or none.

    Parameters
    ----------
    complaints, exposed : array, officers by months
    covariates : sequence of arrays, officers by months
        At least one.
    unit : array of int, officers
        Clusters, and the groups of ``effects="unit"``.
    effects : {"officer", "unit", "none"}
        Effects to profile out.

    Raises
    ------
    Refusal
        When nothing can be compared: no complaint, only one unit, or covariates that are constant or collinear given
        the effects.
    """
    seen = complaints * (exposed > 0)
    use = seen.sum(axis=1) > 0
    if not use.any():
        raise Refusal("no complaint falls in the months compared")
    y, e, group = seen[use], exposed[use], unit[use]
    x = np.array([one[use] - (one[use] * y).sum() / y.sum() for one in covariates])
    level = _levels(effects, group)
    cluster = np.unique(group, return_inverse=True)[1]
    if cluster.max() < 1:
        raise Refusal("errors clustered by unit need at least two units with complaints")
    month = [np.ones(y.shape[1])]

    def point(beta: Floats) -> _Point:
        found = _evaluate(y, e, x, level, beta, month[0])
        month[0] = found.month  # the next turn starts from these
        return found

    def evaluate(beta: Floats) -> Evaluation:
        found = point(beta)
        return found.value, found.total, found.information

    try:
        beta = newton(evaluate, np.zeros(len(x)), lambda step: float(np.abs(x.T @ step).max()), noise=1e-7).at
    except (Separation, NotConverged) as endless:
        raise Refusal("all complaints are on one side of the covariate (separation), so there is no ratio") from endless
    at = point(beta)
    residual = np.zeros_like(seen)
    residual[use] = y - at.mean
    return TwoWay(beta, _clustered(at, y, cluster), residual, int(cluster.max()) + 1, len(y), float(y.sum()))


def _levels(effects: Effects, group: Ints) -> Ints:
    if effects == "officer":
        return np.arange(len(group))
    return np.unique(group, return_inverse=True)[1] if effects == "unit" else np.zeros(len(group), np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Point:
    """What is known at one value of the coefficients."""

    value: float
    total: Floats
    information: Floats
    centred: Floats
    mean: Floats
    month: Floats


def _evaluate(y: Floats, e: Floats, x: Floats, level: Ints, beta: Floats, month: Floats) -> _Point:
    mean, month = _profile(y, e * np.exp(np.clip(np.tensordot(beta, x, axes=1), -200, 200)), level, month)
    centred = np.array([one - _projected(one, mean, level) for one in x])
    information = np.einsum("kit,it,lit->kl", centred, mean, centred)
    whole = np.einsum("kit,it,kit->k", x, mean, x)
    scale = np.sqrt(np.maximum(whole, 1e-300))
    if np.linalg.eigvalsh(information / np.outer(scale, scale)).min() < 1e-8:
        raise Refusal("findings against peers do not vary within the comparison, so there is no ratio")
    some: Flags = y > 0
    return _Point(
        value=float((y[some] * np.log(mean[some])).sum()),
        total=np.einsum("kit,it->k", centred, y - mean),
        information=information,
        centred=centred,
        mean=mean,
        month=month,
    )


def _clustered(at: _Point, y: Floats, cluster: Ints) -> Floats:
    by_officer = np.einsum("kit,it->ik", at.centred, y - at.mean)
    each = np.array([np.bincount(cluster, column) for column in by_officer.T])
    bread = np.linalg.inv(at.information)
    many = each.shape[1]
    covariance: Floats = many / (many - 1) * bread @ (each @ each.T) @ bread
    return covariance


def _profile(y: Floats, weight: Floats, level: Ints, month: Floats) -> tuple[Floats, Floats]:
    """Means that add up to the counts of each level and each month."""
    by_level, by_month = np.bincount(level, y.sum(axis=1)), y.sum(axis=0)
    for _ in range(TURNS):
        held = np.bincount(level, weight @ month)
        of_each = (by_level / np.where(held > 0, held, 1.0))[level]
        sums = of_each @ weight
        new = by_month / np.where(sums > 0, sums, 1.0)
        moved = np.abs(new - month).max() / max(np.abs(new).max(), 1e-300)
        month = new
        if moved < CLOSE:
            break
    return weight * of_each[:, None] * month, month


def _projected(x: Floats, mean: Floats, level: Ints) -> Floats:
    """The part of x that levels and months explain, weighted by the means."""
    weighted = mean * x
    by_level, sums = np.bincount(level, mean.sum(axis=1)), np.bincount(level, weighted.sum(axis=1))
    by_month, total = mean.sum(axis=0), weighted.sum(axis=0)
    two = np.zeros(x.shape[1])
    for _ in range(TURNS):
        of_each = ((sums - np.bincount(level, mean @ two)) / np.where(by_level > 0, by_level, 1.0))[level]
        new = (total - of_each @ mean) / np.where(by_month > 0, by_month, 1.0)
        moved = np.abs(new - two).max()
        two = new
        if moved < CLOSE * max(1.0, np.abs(two).max()):
            break
    out: Floats = of_each[:, None] + two
    return out
