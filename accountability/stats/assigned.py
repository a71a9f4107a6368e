"""Effects of the hand a case was given to, within cells of cases: their spread without what chance adds, and shuffles.

Rows of one cell are taken as dealt at random among the hands that work in it. A shuffle within cells leaves unchanged
how many rows of a cell each hand has, so what depends on that alone is made once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from accountability.errors import Refusal
from accountability.stats.arrays import Floats, Ints
from accountability.stats.intervals import percentile
from accountability.stats.inverted_bootstrap import inverted
from accountability.stats.permutation import permute

if TYPE_CHECKING:
    from scipy.sparse import csr_array

WHOLE = 1 - 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Assigned:
    """Rows by hand and cell, as far as hands can be compared.

    Attributes
    ----------
    rows : array of int
        Places of the rows kept among those given: cells in which several hands work, hands with enough rows in them,
        and no row that a hand's effect rests on alone.
    who, cell : array of int
        Hand and cell of each row kept.
    size, of_cell : array
        Rows of each hand and of each cell.
    part : array of int
        Hands are compared within a part: those joined by cells, directly or through others.
    shares : sparse array, cells by hands
        Share of a cell's rows that each hand has.
    inverse : array, hands by hands
        Generalised inverse of the cross-product of hands, cells taken out.
    leverage : array
        Weight of each row in its own fit by hand and cell.
    """

    rows: Ints
    who: Ints
    cell: Ints
    size: Floats
    of_cell: Floats
    part: Ints
    shares: csr_array
    inverse: Floats
    leverage: Floats

    @classmethod
    def of(cls, who: Ints, cell: Ints, least: int = 2) -> Assigned:
        """Keep the rows that tell hands apart.

        Parameters
        ----------
        who, cell : array of int
            Hand and cell of each row; -1 leaves a row out.
        least : int
            Rows that a hand has to have in cells that others work in too, 2 or more.

        Raises
        ------
        Refusal
            When fewer than two hands can be compared.

        Examples
        --------
        >>> made = Assigned.of(np.array([0, 0, 1, 1, 0, 2]), np.array([0, 0, 0, 0, 1, 2]))
        >>> made.rows.tolist(), made.leverage.round(3).tolist()
        ([0, 1, 2, 3], [0.5, 0.5, 0.5, 0.5])
        """
        rows = np.flatnonzero((who >= 0) & (cell >= 0))
        while True:
            rows = _compared(rows, who, cell, least)
            if not len(rows):
                raise Refusal(
                    f"no two of {len(np.unique(who[who >= 0])):,} hands have {least} rows each in cells that both "
                    "work in: name fewer columns of cells, or ask for fewer rows a hand"
                )
            made = cls._laid(rows, who[rows], cell[rows])
            alone = made.leverage >= WHOLE
            if not alone.any():
                return made
            rows = rows[~alone]

    @classmethod
    def _laid(cls, rows: Ints, who: Ints, cell: Ints) -> Assigned:
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import connected_components

        who, cell = (np.unique(one, return_inverse=True)[1].astype(np.int64) for one in (who, cell))
        size, of_cell = np.bincount(who).astype(float), np.bincount(cell).astype(float)
        counted = csr_array((np.ones(len(who)), (cell, who)), shape=(len(of_cell), len(size)))
        counted.sum_duplicates()
        shares = csr_array(counted / of_cell[:, None])
        inner = np.diag(size) - (counted.T @ shares).toarray()
        part = connected_components(csr_array(np.abs(inner) > 1e-9), directed=False)[1].astype(np.int64)
        inverse = np.linalg.pinv(inner, rcond=1e-10, hermitian=True)
        bare = cls(rows, who, cell, size, of_cell, part, shares, inverse, np.zeros(len(rows)))
        leverage = 1 / of_cell[cell] + bare.reach(inverse)
        return cls(rows, who, cell, size, of_cell, part, shares, inverse, leverage)

    @property
    def hands(self) -> int:
        """Number of hands."""
        return len(self.size)

    @property
    def free(self) -> int:
        """Contrasts between hands that can be estimated."""
        return self.hands - int(self.part.max()) - 1

    def reach(self, matrix: Floats) -> Floats:
        """Quadratic form of each row's hand, its cell taken out."""
        by_cell = (self.shares @ matrix).T
        whole = np.asarray(self.shares.multiply(by_cell.T).sum(axis=1)).ravel()
        out: Floats = matrix[self.who, self.who] - 2 * by_cell[self.who, self.cell] + whole[self.cell]
        return out

    def within(self, values: Floats) -> Floats:
        """Values of the rows kept less the mean of their cell."""
        return values - (np.bincount(self.cell, values) / self.of_cell)[self.cell]

    def sums(self, values: Floats) -> Floats:
        """Sum by hand of what :meth:`within` gives."""
        return np.bincount(self.who, self.within(values), self.hands).astype(np.float64)

    def fitted(self, values: Floats) -> Floats:
        """Fit values of the rows kept by hand and cell."""
        effect = self.inverse @ self.sums(values)
        mean = np.bincount(self.cell, values) / self.of_cell - self.shares @ effect
        return effect[self.who] + mean[self.cell]

    def held_alike(self, values: Floats, covariates: Floats) -> Floats:
        """Values less what covariates (rows by columns) say, with slopes found within hands and cells."""
        slopes = np.linalg.lstsq(
            np.stack([one - self.fitted(one) for one in covariates.T], axis=1), values - self.fitted(values), rcond=1e-9
        )[0]
        out: Floats = values - covariates @ slopes
        return out

    def centred(self, effects: Floats) -> Floats:
        """Effects of hands (last axis) less their part's mean over rows."""
        weight = np.zeros((self.hands, int(self.part.max()) + 1))
        weight[np.arange(self.hands), self.part] = self.size
        out: Floats = effects - (effects @ (weight / weight.sum(axis=0)))[..., self.part]
        return out

    def squares(self, effects: Floats) -> Floats:
        """Mean square of effects over rows, as if each part's mean had been known."""
        out: Floats = self.centred(effects) ** 2 @ self.size / self.scale
        return out

    @property
    def scale(self) -> float:
        """Rows, less what the means of parts take."""
        return float((self.size * (1 - self.size / np.bincount(self.part, self.size)[self.part])).sum())

    def shuffled(self, draws: int, rng: np.random.Generator, *values: Floats) -> Iterator[tuple[Floats, ...]]:
        """Sums by hand when the rows of a cell are dealt anew: draws by hands, for each of the values, in batches."""
        from accountability.stats.resample import by_row

        members = by_row(self.who, np.arange(len(self.who)), (self.hands, len(self.who)))
        inside = [self.within(one) for one in values]
        for order in permute(np.arange(len(self.who)), draws, rng, blocks=self.cell):
            yield tuple((members @ one[order].T).T for one in inside)


@dataclass(frozen=True, slots=True, eq=False)
class HandSpread:
    """How far hands differ.

    Attributes
    ----------
    spread : float
        Standard deviation of hands over rows, without what chance adds; 0 where chance alone would give as much.
    lower, upper : float
        Limits of it.
    p_value : float
        That it is 0, by shuffles.
    raw : float
        Standard deviation of the effects as estimated, what chance adds included.
    by_chance : array
        The same of each shuffle.
    reliability : float
        Part of the variance of effects as estimated that is not chance.
    effects, shrunken : array
        Effect of each hand less its part's mean; the same drawn towards 0 as far as chance may have made it.
    chance : array, draws by hands
        Effects of shuffles.
    """

    spread: float
    lower: float
    upper: float
    p_value: float
    raw: float
    by_chance: Floats
    reliability: float
    effects: Floats
    shrunken: Floats
    chance: Floats


def hand_spread(made: Assigned, values: Floats, *, draws: int, confidence: float, seed: int) -> HandSpread:
    """Estimate the spread of hands within cells.

    The variance is that of the fixed effects of hands beside those of cells, less what chance adds to it, with the
    variance of each row from a fit without it (Kline, Saggio and Soelvsten, Econometrica 88, 2020): unbiased whatever
    the variances of rows. The limits are spreads under which effects as unequal as those seen are no unusual draw:
    shuffles, with effects of a normal law added. Effects are shrunk by the ratio of variances (Morris, JASA 78, 1983).

    Parameters
    ----------
    made : Assigned
    values : array
        Of the rows kept.
    draws : int
    confidence : float
    seed : int

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> who, cell = rng.integers(0, 20, 4000), rng.integers(0, 40, 4000)
    >>> slow = (rng.random(4000) < 0.5 + np.where(who % 2, 0.1, -0.1)).astype(float)
    >>> found = hand_spread(Assigned.of(who, cell), slow, draws=199, confidence=0.95, seed=1)
    >>> round(found.spread, 1), found.p_value
    (0.1, 0.005)
    """
    rng = np.random.default_rng(seed)
    effects = made.centred(made.inverse @ made.sums(values))
    seen = float(made.squares(effects))
    noise = _noise(made, values)
    project = made.centred(made.inverse)
    by_noise = float(made.reach(project @ (made.size[:, None] * project.T)) @ noise) / made.scale
    variance = max(seen - by_noise, 0.0)
    sums = np.concatenate([one for (one,) in made.shuffled(draws, rng, values)])
    chance = made.centred(sums @ made.inverse)
    inside = made.within(values)
    within = float(inside @ inside) / max(len(values) - len(made.of_cell), 1)
    normal = made.centred(rng.normal(size=chance.shape))

    def drawn(spread: float) -> Floats:
        left = np.sqrt(max(1 - spread**2 / within, 0.0)) if within > 0 else 0.0
        return made.squares(left * chance + spread * normal)

    _, lower, upper, p = inverted(drawn, seen, np.sqrt(variance), confidence)
    noise_of_hand = np.diag(made.centred(project.T)) * max(float(noise.mean()), 0.0)
    both = variance + noise_of_hand
    part = np.divide(variance, both, out=np.zeros(made.hands), where=both > 0)
    return HandSpread(
        spread=float(np.sqrt(variance)),
        lower=lower,
        upper=upper,
        p_value=p,
        raw=float(np.sqrt(seen)),
        by_chance=np.sqrt(made.squares(chance)),
        reliability=variance / seen if seen > 0 else 0.0,
        effects=effects,
        shrunken=part * effects,
        chance=chance,
    )


def _noise(made: Assigned, values: Floats) -> Floats:
    """Variance of each row, from a fit and a mean without it; single ones may be below 0, sums are unbiased."""
    others = (values.sum() - values) / (len(values) - 1)
    return (values - others) * (values - made.fitted(values)) / (1 - made.leverage)


def by_quantile(found: HandSpread, groups: int, confidence: float) -> dict[str, Floats]:
    """Mean effect of hands in so many groups of equal size, ordered by effect, and what shuffles give."""
    edges = np.linspace(0, len(found.effects), groups + 1).round().astype(int)
    order = np.argsort(found.effects, kind="stable")
    chance = np.sort(found.chance, axis=1)
    cut = list(pairwise(edges))
    drawn = np.stack([chance[:, a:b].mean(axis=1) for a, b in cut], axis=1)
    lower, upper = percentile(drawn, confidence)
    return {
        "n": np.diff(edges).astype(float),
        "estimate": np.array([found.effects[order[a:b]].mean() for a, b in cut]),
        "shrunken": np.array([found.shrunken[order[a:b]].mean() for a, b in cut]),
        "expected_lower": lower,
        "expected_upper": upper,
    }


def _compared(rows: Ints, who: Ints, cell: Ints, least: int) -> Ints:
    """Rows of cells in which several hands work, of hands with enough of them."""
    while len(rows):
        pairs = np.unique(np.stack([cell[rows], who[rows]]), axis=1)
        hands = np.bincount(pairs[0], minlength=int(cell.max()) + 1)
        kept = rows[hands[cell[rows]] > 1]
        many = np.bincount(who[kept], minlength=int(who.max()) + 1)
        kept = kept[many[who[kept]] >= max(least, 2)]
        if len(kept) == len(rows):
            break
        rows = kept
    return rows
