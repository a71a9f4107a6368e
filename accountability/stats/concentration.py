"""Concentration of counts with ties and exposure, and its distribution under chance alone.

Simulated tallies are numbers of holders by count, so cost does not grow with complaints. Equal risk is exact: n
complaints on N holders are drawn as independent Poisson counts with a total a little under n, which given their total
are at equal risk, and the few remaining complaints are assigned one by one at equal risk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from accountability.stats.arrays import Floats, Ints
from accountability.stats.count_laws import Law
from accountability.stats.permutation import AT_ONCE, batches

SHORT: Final = 3.0
"""Standard deviations by which the Poisson total is aimed under n; draws that overshoot are drawn again."""
SELDOM: Final = 0.95
"""Share of counts of 0, left out by a law, above which drawing again and again takes minutes."""


@dataclass(frozen=True, slots=True)
class Measures:
    """Measures of many tallies at once: Gini coefficient and share of the top, one number per draw."""

    gini: Floats
    top: Floats


def measures(count: Floats, exposure: Floats, holders: Floats, top: float) -> Measures:
    """Return Gini coefficients and top shares of one or many histograms over the same cells.

    Parameters
    ----------
    count, exposure : array, cells
        Count and exposure of each holder in a cell.
    holders : array, draws by cells
        Holders in each cell.
    top : float
        Share of the exposure in the top.

    Returns
    -------
    Measures
        With exposure, holders are ordered by count per exposure, and both measures are weighted by exposure. NaN where
        all counts are 0.
    """
    order = np.argsort(count / exposure, kind="stable")[::-1]
    number = np.atleast_2d(holders)[:, order].astype(float)
    weight, drawn = number * exposure[order], number * count[order]
    return _from_the_top(weight, drawn, top)


def measures_of_each(values: Floats, exposure: Floats | None, top: float) -> Measures:
    """Return the same from one number per holder: `values` (draws by holders) and `exposure` (``None`` if equal)."""
    if exposure is None:
        drawn = -np.sort(-values.astype(float), axis=1)
        return _from_the_top(np.ones_like(drawn), drawn, top)
    order = np.argsort(-(values / exposure), axis=1, kind="stable")
    drawn = np.take_along_axis(values.astype(float), order, axis=1)
    return _from_the_top(exposure[order], drawn, top)


def _from_the_top(weight: Floats, drawn: Floats, top: float) -> Measures:
    weights, sums = np.cumsum(weight, axis=1), np.cumsum(drawn, axis=1)
    all_weight, all_drawn = weights[:, -1:], sums[:, -1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        # Twice the area between the curve from the top and the diagonal; trapezoids, so ties need no order.
        area = (weight * (2 * sums - drawn)).sum(axis=1, keepdims=True) / (all_weight * all_drawn)
        line = top * all_weight
        at = np.minimum((weights < line).sum(axis=1, keepdims=True), weight.shape[1] - 1)
        inside = np.take_along_axis(weight, at, axis=1)
        before = np.take_along_axis(weights, at, axis=1) - inside
        part = np.where(inside > 0, (line - before) / inside, 0.0)
        held = np.take_along_axis(sums, at, axis=1) - (1 - part) * np.take_along_axis(drawn, at, axis=1)
        return Measures((area - 1)[:, 0], (held / all_drawn)[:, 0])


def equal_risk_histograms(total: Ints, holders: int, rng: np.random.Generator) -> Ints:
    """Simulate numbers of holders with 0, 1, 2, … complaints at equal risk.

    Parameters
    ----------
    total : array of int
        Complaints, one number per draw.
    holders : int
    rng : numpy.random.Generator

    Returns
    -------
    array of int, draws by counts
        Each row adds up to `holders`, and its counts to `total`.
    """
    short = np.maximum(total - SHORT * np.sqrt(total), 0.0) / holders
    top = Law(float(short.max()), np.inf, False).reach(1.0)
    k = np.arange(top + 1)
    mass = np.exp(Law(1.0, np.inf, False).log_mass(k, short[:, None]))
    mass /= mass.sum(axis=1, keepdims=True)
    made = rng.multinomial(holders, mass)
    over = np.flatnonzero(made @ k > total)
    while len(over):
        made[over] = rng.multinomial(holders, mass[over])
        over = over[made[over] @ k > total[over]]
    return _drop(made, total - made @ k, holders, rng)


def _drop(made: Ints, more: Ints, holders: int, rng: np.random.Generator) -> Ints:
    """Let `more` complaints of each draw fall on its holders, who stand in the order of their counts."""
    draws, width = made.shape
    row = np.repeat(np.arange(draws), more)
    hit, times = np.unique(row * holders + rng.integers(0, holders, len(row)), return_counts=True)
    row = hit // holders
    edges = np.cumsum(made, axis=1)
    # One search for all draws: the edges of draw r lie between r × holders and (r + 1) × holders.
    had = np.searchsorted((edges + np.arange(draws)[:, None] * holders).ravel(), hit, side="right") - row * width
    out = np.zeros((draws, width + int(times.max(initial=0))), np.int64)
    out[:, :width] = made
    size = out.shape[1]
    flat = out.ravel()
    flat -= np.bincount(row * size + had, minlength=out.size)
    flat += np.bincount(row * size + had + times, minlength=out.size)
    return out[:, : int(np.flatnonzero(out.any(axis=0))[-1]) + 1]


def equal_risk(total: int, holders: Ints, level: Floats, draws: int, top: float, rng: np.random.Generator) -> Measures:
    """Simulate measures with every complaint on a holder in proportion to exposure.

    Parameters
    ----------
    total : int
        Complaints.
    holders, level : array
        Holders at each distinct exposure.
    draws : int
    top : float
    rng : numpy.random.Generator
    """
    many, share = int(holders.sum()), holders * level / (holders @ level)
    even = Law(total / float(holders @ level), np.inf, False)
    if many * draws <= AT_ONCE // 4 or sum(even.reach(float(one)) for one in level) > many:
        each = np.repeat(level, holders)
        flat = None if len(level) == 1 else each
        parts = [
            measures_of_each(rng.multinomial(total, each / each.sum(), size).astype(float), flat, top)
            for size in batches(draws, many)
        ]
        return _together(parts)
    groups = rng.multinomial(total, share, draws)
    grids = [equal_risk_histograms(groups[:, g], int(holders[g]), rng) for g in range(len(level))]
    return _of_grids(grids, level, top)


def independent(law: Law, holders: Ints, level: Floats, draws: int, top: float, rng: np.random.Generator) -> Measures:
    """Simulate measures with independent counts from a distribution."""
    reach = [law.reach(float(one)) for one in level]
    many = int(holders.sum())
    if sum(reach) <= many:
        grids = [
            rng.multinomial(int(number), law.mass(float(one), highest), draws)
            for number, one, highest in zip(holders, level, reach, strict=True)
        ]
        return _of_grids(grids, level, top)
    each = np.repeat(level, holders)
    flat = None if len(level) == 1 else each
    parts = [measures_of_each(_values(law, each, size, rng), flat, top) for size in batches(draws, many)]
    return _together(parts)


def _values(law: Law, each: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """One count a holder; a count of 0 that the law leaves out is drawn again."""
    if law.truncated and float(np.exp(law.log_mass(np.zeros(1), float(each.min())))[0]) > SELDOM:
        return _by_mass(law, each, draws, rng)
    mean = np.broadcast_to(law.mean * each, (draws, len(each)))

    def draw(at: Floats) -> Floats:
        rate = at if not np.isfinite(law.shape) else at * rng.standard_gamma(law.shape, at.shape) / law.shape
        return rng.poisson(rate).astype(float)

    out = draw(mean)
    while law.truncated and (none := out == 0).any():
        out[none] = draw(mean[none])
    return out


def _by_mass(law: Law, each: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """The same where nearly all drawn counts would be 0: from the probabilities of the others."""
    out = np.empty((draws, len(each)))
    for level in np.unique(each):
        here = each == level
        upto = np.cumsum(law.mass(float(level), law.reach(float(level))))
        out[:, here] = np.searchsorted(upto, rng.random((draws, int(here.sum()))) * upto[-1], side="right")
    return out


def _of_grids(grids: list[Ints], level: Floats, top: float) -> Measures:
    count = np.concatenate([np.arange(grid.shape[1]) for grid in grids])
    exposure = np.repeat(level, [grid.shape[1] for grid in grids])
    return measures(count.astype(float), exposure, np.hstack(grids).astype(float), top)


def _together(parts: list[Measures]) -> Measures:
    return Measures(np.concatenate([p.gini for p in parts]), np.concatenate([p.top for p in parts]))
