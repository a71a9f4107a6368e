"""Cluster-robust errors (for officers, days, units)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pandas as pd

from accountability.errors import Refusal
from accountability.stats.arrays import Days, Flags, Floats, Ints
from accountability.stats.compress import combine
from accountability.stats.leverage import Leverage
from accountability.stats.memberships import SharedPairs, Sharing, members_of, numbered
from accountability.stats.residual_weight import ResidualWeight
from accountability.stats.scaled_rows import Rows

FEWEST: Final = 1.9
"""Even clusters below which there is no interval: with fewer, half or more of what is estimated is one officer, and
intervals of differences missed the truth in 10 to 35 % of simulated agencies (benchmarks/RESULTS_dependence.md)."""
FEWEST_TWO_WAYS: Final = 3.5
"""The same for rows clustered along two dimensions, whose three terms are too small earlier (7 to 9 % missed)."""

FEW: Final = 200
"""Effective clusters of a coefficient up to which models of days, rungs and causes correct errors for the number."""
LARGE: Final = 2_000_000
"""Numbers in the information of all cells above which clusters are first weighed by their scores alone."""
PAIRS: Final = 2_000
"""Coefficients times combinations above which a joint test does not weigh clusters in pairs."""
REPAIRED: Final = "two-way errors repaired"
"""What a result says where officers and complaints together gave a negative variance."""

Ways = Ints | Mapping[str, Ints]
"""The cluster of each row: along one way, or along each of two that are named (see :func:`ways_of`).

A way with one column a place holds rows that belong to several clusters, as complaints do that name several officers;
-1 fills the places left. It is then the only way.
"""


def sandwich(
    bread: Floats,
    scores: Floats,
    cell: Days,
    cluster: Days | None,
    clusters: int | None = None,
    *,
    number: Days | Floats | None = None,
    corrected: bool = False,
) -> Floats:
    """Return the sandwich covariance of estimates from their scores.

    Parameters
    ----------
    bread : array
        Inverse of the information.
    scores : array, cells by terms
        Score of one case of each cell.
    cell : array of int
        Cell of each case, -1 for a case that contributes nothing.
    cluster : array of int or None
        Cluster of each case; ``None`` when each case is its own.
    clusters : int, optional
        Number of clusters, if not all are in `cluster`.
    number : array, optional
        Cases of each cell; only needed if each case is its own cluster.
    corrected : bool
        Whether to multiply by G/(G-1) (n-1)/(n-k), as statsmodels does.

    Raises
    ------
    Refusal
        With one cluster.
    """
    if cluster is None:
        held = np.bincount(cell[cell >= 0], minlength=len(scores)) if number is None else number
        return bread @ (scores.T @ (scores * held[:, None])) @ bread
    groups = clusters or int(cluster.max()) + 1
    if groups < 2:
        raise Refusal("all rows belong to one officer, so errors clustered on the officer cannot be estimated")
    summed = by_cluster(scores, cell, cluster, groups)
    factor = small_sample(groups, len(cell), len(bread)) if corrected else 1.0
    return factor * bread @ (summed.T @ summed) @ bread


def small_sample(clusters: int, rows: float, terms: int) -> float:
    """Return statsmodels' factor for few clusters."""
    return clusters / (clusters - 1) * (rows - 1) / (rows - terms)


def by_cluster(scores: Floats, cell: Days, cluster: Days, clusters: int) -> Floats:
    """Return the sum of scores per cluster."""
    from scipy.sparse import coo_array

    there = cell >= 0
    chosen = slice(None) if there.all() else there
    ones = np.ones(len(cell[chosen]))
    members = coo_array((ones, (cluster[chosen], cell[chosen])), shape=(clusters, len(scores)))
    return members @ scores


def clusters_of(officers: pd.Series | None, rows: int) -> Days:
    """Return the cluster of each row: its officer; a row without one is its own cluster."""
    if officers is None:
        return np.arange(rows, dtype=np.int64)
    codes, names = pd.factorize(officers)
    alone = codes == -1
    if not alone.any():
        return codes.astype(np.int64, copy=False)
    joined = np.where(alone, len(names) + np.cumsum(alone) - 1, codes)
    return pd.factorize(joined)[0].astype(np.int64)


# ---- clusters along one way or two, with degrees of freedom ------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Clustered:
    """A covariance of estimates, with degrees of freedom for Student's t.

    Attributes
    ----------
    covariance : array
    clusters : int
        Number of clusters, of the dimension with fewest.
    ways : tuple of Leverage, Sharing or ResidualWeight
        Leverage of clusters, one per dimension; empty if the model does not give it.
    repaired : bool
        Whether the three terms of two dimensions gave negative eigenvalues, which were set to 0.
    rows : tuple of Leverage
        Leverage of clusters with equal weights of rows, for models with fitted weights, in which a cluster with few
        events would have too little.
    crossed : bool
        Whether rows are clustered along two dimensions, or in several clusters.
    each : tuple of array
        The covariance of each dimension, if repaired: no variance is then below the larger one.
    fewest : float
        Effective clusters below which there is no interval, where a model needs more than others.
    """

    covariance: Floats
    clusters: int
    ways: tuple[Leverage | Sharing | ResidualWeight, ...] = ()
    repaired: bool = False
    crossed: bool = False
    rows: tuple[Leverage, ...] = ()
    each: tuple[Floats, ...] = ()
    fewest: float = 0.0

    def variance(self, contrasts: Floats) -> Floats:
        """Return variances of linear combinations (estimates by combinations)."""
        found = (np.einsum("ik,ij,jk->k", contrasts, one, contrasts) for one in (self.covariance, *self.each))
        return np.maximum.reduce([0.0 * contrasts[0], *found])

    def free(self, contrasts: Floats) -> Floats:
        """Return degrees of freedom of linear combinations (estimates by combinations); 0 if there is no error.

        There is none if one cluster alone determines the combination, or the effective number of clusters is below
        :data:`FEWEST` or :data:`FEWEST_TWO_WAYS`.

        One dimension: Satterthwaite's (Bell and McCaffrey 2002; Pustejovsky and Tipton 2018). Two: the smaller, and at
        most the effective number of clusters minus one.
        """
        most = np.full(contrasts.shape[1], self.clusters - 1.0)
        free = np.minimum.reduce([most, *(way.free(contrasts) for way in self.ways)])
        worth = self.effective(contrasts)
        if self.crossed:
            free = np.minimum(free, np.maximum(worth - 1, 0.0))
        return np.where(worth < max(self.fewest, FEWEST_TWO_WAYS if self.crossed else FEWEST), 0.0, free)

    def free_jointly(self, contrasts: Floats) -> float:
        """Return the degrees of freedom of all combinations together; 0 if one of them has none.

        Tipton and Pustejovsky's (2015) for clusters along one dimension; else, and for more than :data:`PAIRS` numbers,
        the least of the combinations.
        """
        least = float(self.free(contrasts).min())
        if self.crossed or contrasts.size > PAIRS or not least > 0:
            return least
        each = (way.free_jointly(contrasts) for way in self.ways if isinstance(way, Leverage))
        return min(self.clusters - 1.0, next(each, least))

    def effective(self, contrasts: Floats) -> Floats:
        """Return the effective number of clusters for linear combinations: the smallest over the dimensions."""
        most = np.full(contrasts.shape[1], float(self.clusters))
        return np.minimum.reduce([most, *(way.effective(contrasts) for way in (*self.ways, *self.rows))])


def clustered(
    bread: Floats,
    scores: Rows,
    cell: Ints,
    ways: Ways,
    information: Rows | None,
    *,
    power: float = -0.5,
    few: float = np.inf,
) -> Clustered:
    """Return the clustered covariance of estimates, along one dimension or two, corrected for few clusters.

    One dimension: each cluster's score is multiplied by a power of one minus its leverage (-1/2: CR2 of Bell and
    McCaffrey 2002; -1: the correction of Mancl and DeRouen 2001). Two dimensions: the three terms of Cameron, Gelbach
    and Miller (2011), each with the factor G/(G-1) (n-1)/(n-k), negative eigenvalues set to 0. Rows of several
    clusters: the scores of all pairs of rows that share one (Aronow, Samii and Assenova 2015), corrected as in
    :class:`accountability.stats.memberships.Sharing`.

    Parameters
    ----------
    bread : array
        Inverse of the information of all rows.
    scores : array, cells by terms
        Score of one row of each cell.
    cell : array of int
        Cell of each row.
    ways : array of int, or mapping of str to array of int
        The clusters of each row, along one dimension or two (see :func:`ways_of`).
    information : array, cells by terms, or cells by terms by terms, or None
        Information of one row of each cell: a vector whose outer product it is, or a matrix. Without it one dimension
        has the factor G/(G-1) (n-1)/(n-k) and G - 1 degrees of freedom.
    power : float
    few : float
        Effective number of clusters up to which errors are corrected. Where every coefficient rests on more, they have
        the factor G/(G-1) (n-1)/(n-k).

    Raises
    ------
    Refusal
        With one cluster.
    """
    named = named_ways(ways)
    sizes = {word: int(way.max()) + 1 for word, way in named.items()}
    for word, size in sizes.items():
        if size < 2:
            raise Refusal(f"all rows belong to one {word}, so errors clustered on the {word} cannot be estimated")
    held = (
        ()
        if information is None
        else tuple(
            Leverage.of(bread, scores, cell, way, sizes[word], information, power) for word, way in named.items()
        )
    )
    if len(named) == 1:
        (only,) = named.values()
        if only.ndim == 2:
            scores = np.asarray(scores)
            shared = SharedPairs.of(only)
            weighed = tuple(Sharing.of(one, shared, cell) for one in held)
            if not rests_on_few(weighed, len(bread), few):
                factor = small_sample(min(sizes.values()), len(cell), len(bread))
                total = factor * bread @ shared.products(scores[cell]) @ bread
                return _positive(total, min(sizes.values()), weighed, (bread,))
            return _positive(weighed[0].covariance(shared, cell), min(sizes.values()), weighed, (held[0].covariance(),))
        corrected = rests_on_few(held, len(bread), few)
        covariance = (
            held[0].covariance() if corrected else sandwich(bread, np.asarray(scores), cell, only, corrected=True)
        )
        return Clustered(covariance, min(sizes.values()), held)
    first, second = named.values()
    scores = np.asarray(scores)
    one, two, both = (sandwich(bread, scores, cell, way, corrected=True) for way in (first, second, joined(named)))
    return _positive(one + two - both, min(sizes.values()), held, (one, two))


def rests_on_few(ways: tuple[Leverage | Sharing | ResidualWeight, ...], terms: int, few: float) -> bool:
    """Return whether any coefficient rests on few effective clusters, however many hold all rows."""
    if few == np.inf:
        return bool(ways)
    return any(bool((way.effective(np.eye(terms)) <= few).any()) for way in ways)


def weighed_clusters(
    bread: Floats,
    scores: Floats,
    cell: Ints,
    ways: Ways,
    information: Callable[[], Floats],
    power: float,
    many: Floats | None = None,
) -> Clustered:
    """Return the covariance as :func:`clustered`, corrected where a coefficient rests on :data:`FEW` clusters or fewer.

    Elsewhere it is `many`, if given.
    `information` is asked for only where it is needed: for more than :data:`LARGE` numbers, if the clusters' weights in
    the squares of scores leave a coefficient with few.
    """
    if scores.size * len(bread) > LARGE:
        own = tuple(ResidualWeight.of(bread, scores, cell, way) for way in named_ways(ways).values())
        if not rests_on_few(own, len(bread), FEW):
            if many is None:
                return replace(clustered(bread, scores, cell, ways, None), ways=own)
            return Clustered(many, min(len(way.members.indptr) - 1 for way in own), own)
    found = clustered(bread, scores, cell, ways, information(), power=power, few=FEW)
    return found if many is None or rests_on_few(found.ways, len(bread), FEW) else replace(found, covariance=many)


def joined(ways: Mapping[str, Ints]) -> Ints:
    """Return the number of each row's pair of clusters, for two dimensions."""
    sizes = [int(way.max()) + 1 for way in ways.values()]
    return combine(list(ways.values()), sizes, len(next(iter(ways.values())))).code


def _positive(
    covariance: Floats, clusters: int, ways: tuple[Leverage | Sharing | ResidualWeight, ...], each: tuple[Floats, ...]
) -> Clustered:
    """A covariance of crossed clusters, its negative eigenvalues set to 0."""
    values, vectors = np.linalg.eigh(covariance)
    repaired = bool(values[0] < -1e-12 * np.abs(values).max())
    if repaired:
        covariance = (vectors * np.maximum(values, 0.0)) @ vectors.T
    return Clustered(covariance, clusters, ways, repaired, crossed=True, each=each if repaired else ())


def by_rows(errors: Clustered, design: Floats, square: Floats) -> Clustered:
    """Add the leverage of clusters in a linear model of the same columns, with equal rows.

    `design` holds the columns of each cell, and `square` their cross-product over rows.
    """
    levers = (way.lever if isinstance(way, Sharing) else way for way in errors.ways)
    bread: Floats = np.linalg.inv(square).astype(float)
    return replace(errors, rows=tuple(one.alike(bread, design) for one in levers if isinstance(one, Leverage)))


def named_ways(ways: Ways) -> dict[str, Ints]:
    """Return the dimensions with their names; an unnamed one is the officer."""
    return {"officer": ways} if isinstance(ways, np.ndarray) else dict(ways)


def among(ways: Mapping[str, Ints], some: Flags) -> dict[str, Ints]:
    """Return the dimensions of some rows, renumbered, without redundant ones."""
    return _telling(
        {
            word: numbered(way[some]) if way.ndim == 2 else pd.factorize(way[some])[0].astype(np.int64)
            for word, way in ways.items()
        },
        int(some.sum()),
    )


def ways_of(rows: pd.DataFrame) -> dict[str, Ints]:
    """Return the dimensions of clustering: officer, complaint, both, or none (each row its own cluster).

    A dimension nested in another is left out. A row without an officer or complaint is its own cluster. For complaints
    against several officers, the column ``officer_ids`` holds a tuple, and rows that share an officer are clustered.
    """
    if "officer_ids" in rows:
        return _telling({"officer": members_of(rows)}, len(rows))
    held = {
        word: clusters_of(rows[name], len(rows))
        for word, name in (("officer", "officer_id"), ("complaint", "case_id"))
        if name in rows
    }
    return _telling(held, len(rows))


def _telling(held: dict[str, Ints], rows: int) -> dict[str, Ints]:
    sizes = {word: int(way.max(initial=-1)) + 1 for word, way in held.items()}
    if len(held) == 2:
        joined = len(combine(list(held.values()), list(sizes.values()), rows).found)
        fine = [word for word in ("complaint", "officer") if sizes[word] == joined]
        held = {word: way for word, way in held.items() if word not in fine[:1]}
    return {word: way for word, way in held.items() if way.ndim == 2 or sizes[word] < rows} or {"row": np.arange(rows)}
