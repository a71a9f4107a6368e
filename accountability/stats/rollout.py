"""Effects of a treatment with randomised timing: estimates, design-based errors, permutations.

Roth and Sant'Anna (2023), Efficient Estimation for Staggered Rollout Designs, Journal of Political Economy
Microeconomics 1: means of cohorts are contrasted, and pre-treatment differences are subtracted with the coefficient of
least variance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from accountability.stats.arrays import Floats, Ints
from accountability.stats.permutation import permute

#: Below so many units a period before the first treatment, the errors leave out what those periods would take off.
_UNITS_A_PERIOD: Final = 50
#: With fewer units, the coefficient's own error counts.
FEW: Final = 500

Weights = Mapping[tuple[int, int], float]


@dataclass(frozen=True, slots=True, eq=False)
class Contrasts:
    """The estimands as sums over cohorts and periods.

    Attributes
    ----------
    after : array, contrasts by cohorts by periods
        Coefficients of the cohorts' means in each contrast.
    before : array, contrasts by cohorts by periods
        The same comparison in the last period before; its expectation is 0 with randomised timing.
    """

    after: Floats
    before: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Estimated:
    """Estimates with design-based errors, the larger Neyman errors, and the degrees of freedom of the latter."""

    estimate: Floats
    std_error: Floats
    neyman: Floats
    free: Floats
    beta: Floats


def weighted(target: str, cohorts: Floats, sizes: Floats, periods: Floats, early: int = 0) -> Weights:
    """Return the weights of each treated cohort and period.

    Parameters
    ----------
    target : {"simple", "cohort", "calendar"}
        All treated cohorts and periods by size; means of cohorts, by size; or means of periods, equally.
    cohorts : array
        First treated periods in order; the last is only a control.
    sizes : array
        Units of each cohort.
    periods : array
    early : int
        Periods of anticipation.
    """
    pairs = [
        (g, t)
        for g, first in enumerate(cohorts)
        for t, period in enumerate(periods)
        if first <= period < cohorts[-1] - early
    ]
    number = np.array([g for g, _ in pairs], dtype=int)
    when = np.array([t for _, t in pairs], dtype=int)
    weight = sizes[number].astype(float)
    if target == "cohort":
        weight /= np.bincount(number)[number]
    elif target == "calendar":
        weight /= np.bincount(when, weight)[when]
    return dict(zip(pairs, weight / weight.sum(), strict=True))


def since(event_time: int, cohorts: Floats, sizes: Floats, periods: Floats, early: int = 0) -> Weights:
    """Return the weights of cohorts a number of periods after treatment, by size; nothing if none is compared."""
    place = {float(period): t for t, period in enumerate(periods)}
    found = {
        (g, place[first + event_time]): float(sizes[g])
        for g, first in enumerate(cohorts)
        if first + event_time in place and max(first, first + event_time) < cohorts[-1] - early
    }
    whole = sum(found.values())
    return {pair: weight / whole for pair, weight in found.items()}


def contrasts(
    weights: list[Weights], cohorts: Floats, sizes: Floats, periods: Floats, *, last_only: bool = False, early: int = 0
) -> Contrasts:
    """Return contrasts of each treated cohort with those not yet treated, or with the last one, by the weights."""
    shape = (len(weights), len(cohorts), len(periods))
    after, before = np.zeros(shape), np.zeros(shape)
    for place, one in enumerate(weights):
        for (g, t), weight in one.items():
            later = cohorts - early > max(periods[t], cohorts[g] - early)
            others = later & (cohorts == cohorts[-1]) if last_only else later
            share = np.where(others, sizes, 0.0) / sizes[others].sum()
            base = int(np.searchsorted(periods, cohorts[g] - 1 - early))
            for coefficients, period in ((after, t), (before, base)):
                coefficients[place, g, period] += weight
                coefficients[place, :, period] -= weight * share
    return Contrasts(after, before)


def scores(values: Floats, cohort: Ints, coefficients: Floats) -> Floats:
    """Return the contribution of each unit to each contrast (units by contrasts)."""
    out = np.empty((len(values), len(coefficients)))
    for g in range(coefficients.shape[1]):
        out[cohort == g] = values[cohort == g] @ coefficients[:, g].T
    return out


def estimated(
    values: Floats, cohort: Ints, cohorts: Floats, periods: Floats, what: Contrasts, beta: float | None = None
) -> Estimated:
    """Estimate contrasts of cohort means.

    Parameters
    ----------
    values : array, units by periods
    cohort : array of int
        Cohort number of each unit; each cohort has at least two units.
    cohorts, periods : array
    what : Contrasts
    beta : float, optional
        Coefficient of the pre-treatment differences; that of least variance when left out.
    """
    sizes = np.bincount(cohort, minlength=len(cohorts)).astype(float)
    after, before = scores(values, cohort, what.after), scores(values, cohort, what.before)
    point, coefficient, by_cohort = _adjusted(after, before, cohort, sizes, beta)
    neyman = by_cohort.sum(axis=0)
    free = neyman**2 / (by_cohort**2 / (sizes - 1)[:, None]).sum(axis=0)
    if beta is None:  # one coefficient more is estimated
        free = np.maximum(free - 1, 1.0)
        if len(values) < FEW:
            neyman = neyman + _of_coefficient(after, before, cohort, sizes, coefficient)
    taken = np.array(
        [_predicted(values, cohort, cohorts, periods, after[:, k], one) for k, one in enumerate(what.after)]
    )
    return Estimated(point, np.sqrt(np.maximum(neyman - taken, 0)), np.sqrt(neyman), free, coefficient)


def _sums(score: Floats, cohort: Ints, sizes: Floats) -> tuple[Floats, Floats]:
    """Means of scores by cohort, and the scores around them."""
    mean = np.array([np.bincount(cohort, column, len(sizes)) for column in score.T]).T / sizes[:, None]
    return mean, score - mean[cohort]


def _adjusted(
    after: Floats, before: Floats, cohort: Ints, sizes: Floats, beta: float | None
) -> tuple[Floats, Floats, Floats]:
    """Estimates, coefficients, and the part of each cohort in the variance."""
    (mean, around), (mean_before, around_before) = _sums(after, cohort, sizes), _sums(before, cohort, sizes)
    scale = (1 / (sizes * (sizes - 1)))[cohort, None]
    if beta is None:
        shared = (scale * around_before * around).sum(axis=0)
        own = (scale * around_before**2).sum(axis=0)
        coefficient = np.divide(shared, own, out=np.zeros_like(own), where=own > 0)
    else:
        coefficient = np.full(after.shape[1], float(beta))
    left = scale * (around - coefficient * around_before) ** 2
    parts = np.array([np.bincount(cohort, column, len(sizes)) for column in left.T]).T
    return mean.sum(axis=0) - coefficient * mean_before.sum(axis=0), coefficient, parts


def _of_coefficient(after: Floats, before: Floats, cohort: Ints, sizes: Floats, coefficient: Floats) -> Floats:
    """What the coefficient's own error adds to the variance, which vanishes with many units."""
    (_, around), (mean_before, around_before) = _sums(after, cohort, sizes), _sums(before, cohort, sizes)
    scale = (1 / (sizes * (sizes - 1)))[cohort, None]
    left = around - coefficient * around_before
    own = (scale * around_before**2).sum(axis=0)
    share = np.divide(scale * around_before, own, out=np.zeros_like(left), where=own > 0)
    lever = np.clip(share * around_before, 0, 0.9)  # by which a unit pulls the coefficient to itself
    spread = ((share * left / (1 - lever)) ** 2).sum(axis=0)
    lost = (scale * left**2 * (1 / (1 - lever) ** 2 - 1)).sum(axis=0)
    return mean_before.sum(axis=0) ** 2 * spread + lost


def _predicted(
    values: Floats, cohort: Ints, cohorts: Floats, periods: Floats, score: Floats, coefficients: Floats
) -> float:
    """What periods before the first treatment show of how effects vary, which Neyman's variance holds too much of."""
    first = cohorts[int(np.flatnonzero(np.abs(coefficients).max(axis=1) > 0)[0])]
    early = values[:, periods < first]
    if not early.shape[1] or len(values) < _UNITS_A_PERIOD * early.shape[1]:
        return 0.0
    total, spread, many = np.zeros(early.shape[1]), np.zeros((early.shape[1],) * 2), 0
    for g in np.flatnonzero(cohorts >= first):
        of = cohort == g
        around = early[of] - early[of].mean(axis=0)
        products = around.T @ around
        total += np.linalg.pinv(products) @ around.T @ score[of]
        spread += products / (of.sum() - 1)
        many += 1
    return float(total @ (spread / many) @ total / len(values))


def permuted(
    values: Floats, cohort: Ints, sizes: Floats, what: Contrasts, draws: int, seed: int, beta: float | None = None
) -> Floats:
    """Return estimates over their Neyman errors under permuted treatment times (draws by contrasts)."""
    found = []
    for batch in permute(cohort, draws, np.random.default_rng(seed)):
        for dealt in batch:
            after, before = scores(values, dealt, what.after), scores(values, dealt, what.before)
            point, _, parts = _adjusted(after, before, dealt, sizes, beta)
            found.append(np.abs(point) / np.sqrt(parts.sum(axis=0)))
    return np.array(found)
