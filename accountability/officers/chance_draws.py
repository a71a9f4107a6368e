"""Tallies drawn by chance, as numbers of holders with each count: a million complaints cost what a thousand do.

Equal risk is exact and not an approximation by independent Poisson counts: n complaints falling on N holders are
drawn as independent Poisson counts with a total a little under n, which given that total have fallen at equal risk,
and the few complaints still to come fall one by one on holders drawn at equal risk.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from accountability.errors import ParameterError
from accountability.officers.shares import Measures, measures, measures_of_each
from accountability.stats.arrays import Floats, Ints

SHORT = 3.0
"""Standard deviations by which the Poisson total is aimed under n; draws that overshoot are drawn again."""
AT_ONCE = 4_000_000
"""Cells held at once."""
TAIL = 1e-13
"""Probability, of one holder, beyond the largest count kept; it joins that count."""


@dataclass(frozen=True, slots=True, eq=False)
class Law:
    """A law of counts by exposure: `mass(level, top)` gives P(0), …, P(top); `reach(level)` a count rarely passed."""

    mean: float
    shape: float
    truncated: bool

    def reach(self, level: float) -> int:
        """The count beyond which a holder comes less often than ``TAIL``."""
        mean = self.mean * level
        if not np.isfinite(self.shape):
            return int(mean + 8 * np.sqrt(mean) + 20)
        # Tail of a negative binomial falls at least as fast as ratio**k beyond its mean.
        ratio = mean / (mean + self.shape)
        return int(mean + (np.log(TAIL) - 5) / np.log(ratio) + 10 * np.sqrt(mean * (1 + mean / self.shape)))

    def mass(self, level: float, top: int) -> Floats:
        """P(0), …, P(top), the tail in the last."""
        from scipy.special import gammaln, xlogy

        k = np.arange(top + 1)
        mean = self.mean * level
        if np.isfinite(self.shape):
            a = self.shape
            log = (
                gammaln(k + a) - gammaln(a) - gammaln(k + 1) + a * np.log(a / (a + mean)) + xlogy(k, mean / (a + mean))
            )
        else:
            log = xlogy(k, mean) - mean - gammaln(k + 1)
        mass: Floats = np.exp(log)
        if self.truncated:
            mass[0] = 0.0
        return mass / mass.sum()


def check_draws(draws: int, level: float, *, most: int = 100_000, names: tuple[str, str] = ("draws", "level")) -> None:
    """Refuse numbers of draws and levels that mean nothing.

    Parameters
    ----------
    draws : int
        From 99 on.
    level : float
        From 0.5 up to 1.
    most : int
        Most draws.
    names : tuple of str
        What the two are called where they are asked for.

    Raises
    ------
    ParameterError
        For numbers out of range.
    """
    if isinstance(draws, bool) or not 99 <= draws <= most:
        raise ParameterError(f"{names[0]}: expected 99 to {most:,}, found {draws!r}")
    if not 0.5 <= level < 1:
        raise ParameterError(f"{names[1]}: expected 0.5 up to 1, found {level!r}")


def equal_risk_histograms(total: Ints, holders: int, rng: np.random.Generator) -> Ints:
    """Numbers of holders with 0, 1, 2, … complaints when `total` complaints fall on them at equal risk.

    Parameters
    ----------
    total : array of int
        Complaints, one number a draw.
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
    mass = _poisson(short, top)
    made = rng.multinomial(holders, mass)
    over = np.flatnonzero(made @ k > total)
    while len(over):
        made[over] = rng.multinomial(holders, mass[over])
        over = over[made[over] @ k > total[over]]
    return _drop(made, total - made @ k, holders, rng)


def _poisson(mean: Floats, top: int) -> Floats:
    from scipy.special import gammaln, xlogy

    k = np.arange(top + 1)
    mass: Floats = np.exp(xlogy(k, mean[:, None]) - mean[:, None] - gammaln(k + 1))
    return mass / mass.sum(axis=1, keepdims=True)


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
    """Measures when every complaint falls on a holder with a chance in proportion to its exposure.

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
    """Measures when each holder draws from a law of counts, independently of the others."""
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
    mean = np.broadcast_to(law.mean * each, (draws, len(each)))

    def draw(at: Floats) -> Floats:
        rate = at if not np.isfinite(law.shape) else at * rng.standard_gamma(law.shape, at.shape) / law.shape
        return rng.poisson(rate).astype(float)

    out = draw(mean)
    while law.truncated and (none := out == 0).any():
        out[none] = draw(mean[none])
    return out


def _of_grids(grids: list[Ints], level: Floats, top: float) -> Measures:
    count = np.concatenate([np.arange(grid.shape[1]) for grid in grids])
    exposure = np.repeat(level, [grid.shape[1] for grid in grids])
    return measures(count.astype(float), exposure, np.hstack(grids).astype(float), top)


def batches(draws: int, holders: int) -> list[int]:
    """How many draws are made at once, so that memory holds a number for each holder and draw."""
    size = max(1, AT_ONCE // max(holders, 1))
    return [min(size, draws - start) for start in range(0, draws, size)]


def _together(parts: list[Measures]) -> Measures:
    return Measures(np.concatenate([p.gini for p in parts]), np.concatenate([p.top for p in parts]))
