"""Overlap of two groups' covariates, and decompositions of their difference.

Rates are decomposed by Kitagawa (1955), means by Oaxaca and Blinder (1973); intervals are from a cluster bootstrap.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd

from accountability.errors import ParameterError
from accountability.stats.arrays import Floats, Ints
from accountability.stats.compress import tally
from accountability.stats.intervals import SETTLED, percentile, z_critical
from accountability.stats.row_draws import RowDraws


@dataclass(frozen=True, slots=True, eq=False)
class Standardised:
    """Two groups compared within cells of covariates.

    Attributes
    ----------
    overlap : DataFrame
        ``stage``, ``group``, ``units``, ``in_common``.
    balance : DataFrame
        ``column``, ``level``, ``share_first``, ``share_second``, ``difference``.
    mix : DataFrame
        ``stage``, ``difference``, ``mixed_differently``, ``at_the_same_mix``, ``lower``, ``upper``, ``outside``,
        ``withheld``.
    """

    overlap: pd.DataFrame
    balance: pd.DataFrame
    mix: pd.DataFrame


OVERLAP = ["stage", "group", "units", "in_common"]
BALANCE = ["column", "level", "share_first", "share_second", "difference"]
MIX = ["stage", "difference", "mixed_differently", "at_the_same_mix", "lower", "upper", "outside", "withheld"]
DAYS = ["part", "estimate", "lower", "upper"]
NOTHING = Standardised(*(pd.DataFrame(columns=names) for names in (OVERLAP, BALANCE, MIX)))


def kitagawa(shares: Floats, rates: Floats) -> tuple[Floats, Floats]:
    """Decompose a difference of rates: the part of different mixes, and the part of different rates at the same mix.

    Parameters
    ----------
    shares, rates : array, two groups by cells (any leading axes)
        Share of each group's units in each cell, and the rate there.

    Returns
    -------
    mix, rate : array
        They add up to the difference, first minus second group.
    """
    mix = ((shares[..., 0, :] - shares[..., 1, :]) * rates.mean(axis=-2)).sum(axis=-1)
    rate = ((rates[..., 0, :] - rates[..., 1, :]) * shares.mean(axis=-2)).sum(axis=-1)
    return mix, rate


def standardisation(
    covariates: pd.DataFrame,
    flags: pd.DataFrame,
    group: Ints,
    draws: RowDraws,
    least: float,
    confidence: float,
) -> Standardised:
    """Return overlap, balance, and Kitagawa's decomposition of the difference of every flag's rate.

    Parameters
    ----------
    covariates : DataFrame
        One row per unit.
    flags : DataFrame
        One column per stage: whether each unit passed, missing where it is not decided.
    group : array of int
        0 or 1.
    draws : RowDraws
        Bootstrap draws of the units.
    least : float
        Least share of each group whose covariates must occur in the other.
    confidence : float

    Raises
    ------
    ParameterError
        If ``least`` is not a share.
    """
    if not 0 < least <= 1:
        raise ParameterError(f"least_overlap must be above 0 and at most 1, found {least}")
    if not len(covariates.columns):
        return NOTHING
    cell = np.asarray(covariates.groupby([str(name) for name in covariates], sort=False).ngroup(), dtype=np.int64)
    cells = int(cell.max()) + 1
    overlap, lines = [], []
    for stage in flags:
        decided = flags[stage].notna().to_numpy(dtype=bool)
        hit = np.asarray(flags[stage].eq(1).fillna(False), dtype=np.float64)
        units = np.stack([tally(cell, ((group == k) & decided).astype(float), cells) for k in (0, 1)])
        hits = np.stack([tally(cell, ((group == k) & decided) * hit, cells) for k in (0, 1)])
        common = np.asarray((units > 0).all(axis=0))
        totals = units.sum(axis=1)
        if not totals.all():
            continue
        shared = units[:, common].sum(axis=1) / totals
        overlap += [(stage, ("first", "second")[k], int(totals[k]), float(shared[k])) for k in (0, 1)]
        gap = float(hits[0].sum() / totals[0] - hits[1].sum() / totals[1])
        line: dict[str, Any] = {"stage": stage, "difference": gap, "withheld": ""}
        if shared.min() < least:
            line["withheld"] = (
                f"only {shared.min():.0%} of a group has its like in the other; {least:.0%} are asked for"
            )
            lines.append(line)
            continue
        mixed, same = _split(units[:, common], hits[:, common])
        key = np.where(group == 0, 0, int(common.sum())) + (np.cumsum(common) - 1)[cell]
        kept = decided & common[cell]
        some, shape = draws.among(kept), (2, int(common.sum()))
        drawn = _split(*_resampled(some, key[kept], hit[kept], shape)[:, 1:])
        ends = percentiles(drawn[1][:, None], confidence)
        line |= {"mixed_differently": float(mixed), "at_the_same_mix": float(same)}
        line |= {"lower": float(ends[0][0]), "upper": float(ends[1][0])}
        rest = gap - float(mixed) - float(same)
        # what is left where every cell is common is rounding
        lines.append(line | {"outside": rest if abs(rest) > 1e-12 else 0.0})
    return Standardised(
        pd.DataFrame(overlap, columns=OVERLAP).astype({"units": "int64"}),
        _balance(covariates, group),
        pd.DataFrame(lines).reindex(columns=MIX),
    )


def _resampled(draws: RowDraws, key: Ints, hit: Floats, shape: tuple[int, int]) -> Floats:
    """Units, and hits, added up by cell in the data and in every bootstrap sample, in one pass over the draws."""
    from scipy.sparse import coo_array

    place, wide = np.arange(len(key)), shape[0] * shape[1]
    values, columns = np.concatenate([np.ones(len(key)), hit]), np.concatenate([key, wide + key])
    rows = coo_array((values, (np.tile(place, 2), columns)), shape=(len(key), 2 * wide)).tocsr()
    return np.maximum(draws.sums(rows), 0.0).reshape(-1, 2, *shape).swapaxes(0, 1)


def _split(units: Floats, hits: Floats) -> tuple[Floats, Floats]:
    """Kitagawa's split; a cell that a bootstrap sample leaves empty in one group takes the other group's rate."""
    with np.errstate(invalid="ignore", divide="ignore"):
        rates = np.where(units > 0, np.minimum(hits / units, 1.0), np.nan)
        shares = units / units.sum(axis=-1, keepdims=True)
    other = rates[..., ::-1, :]
    rates = np.where(np.isnan(rates), np.where(np.isnan(other), 0.0, other), rates)
    return kitagawa(shares, rates)


def _balance(covariates: pd.DataFrame, group: Ints) -> pd.DataFrame:
    parts = []
    for name in map(str, covariates):
        shares = [covariates.loc[group == k, name].value_counts(normalize=True) for k in (0, 1)]
        both = pd.concat(shares, axis=1, keys=["share_first", "share_second"]).fillna(0.0).sort_index()
        parts.append(both.rename_axis("level").reset_index().assign(column=name))
    table = pd.concat(parts, ignore_index=True)
    table["difference"] = table["share_first"] - table["share_second"]
    return table[BALANCE]


def oaxaca_blinder(
    days: Floats,
    covariates: pd.DataFrame,
    group: Ints,
    draws: RowDraws,
    least: int,
    confidence: float,
) -> pd.DataFrame:
    """Decompose a difference of means (Oaxaca–Blinder): the part of different covariates, and the part at equal ones.

    The mean of both groups' coefficients is used (Reimers 1983), for rows with covariates that occur in both groups.

    Returns
    -------
    DataFrame
        ``part``, ``estimate``, ``lower``, ``upper``; empty without covariates, with fewer than `least` rows in a group,
        or with a constant covariate.
    """
    blank = pd.DataFrame(columns=DAYS)
    given = [str(name) for name in covariates]
    if not given:
        return blank
    table = covariates.astype("str").assign(group=group)
    held = table.groupby(given)["group"].transform("nunique") == 2
    for name in given:
        held &= table[held].groupby(name)["group"].transform("nunique").reindex(table.index).eq(2)
    keep = held.to_numpy(dtype=bool)
    counts = np.bincount(group[keep], minlength=2)
    if counts.min() < max(least, 1):
        return blank
    design = pd.get_dummies(table.loc[held, given], drop_first=True, dtype=float).assign(constant=1.0).to_numpy()
    alike = (np.unique(design[group[keep] == k], axis=0) for k in (0, 1))
    if any(np.linalg.matrix_rank(kinds) < design.shape[1] for kinds in alike):
        return blank
    parts = resampled_parts(design, days[keep], group[keep], draws.among(keep))
    lower, upper = percentiles(parts[1:], confidence, most_without=0.1)
    names = ("difference of mean days", "mixed differently", "at the same mix")
    return pd.DataFrame({"part": names, "estimate": parts[0], "lower": lower, "upper": upper})


def resampled_parts(design: Floats, days: Floats, group: Ints, draws: RowDraws) -> Floats:
    """Return the parts of the gap in the data and in every bootstrap sample.

    Parameters
    ----------
    design : array (rows, columns)
        Covariates and a constant.
    days : array (rows,)
    group : array of int (rows,)
        0 or 1.
    draws : RowDraws
        Bootstrap draws of the rows.

    Returns
    -------
    array (samples, 3)
        The gap, the part of different covariates, the part at equal ones; missing in a sample without rows of a group,
        the parts also in one with a constant covariate.
    """
    width, slopes, means, levels = design.shape[1], [], [], []
    for k in (0, 1):
        mine = np.flatnonzero(group == k)
        kinds, kind = np.unique(design[mine], axis=0, return_inverse=True)
        each = np.eye(len(kinds))[kind]
        number, lost = np.split(draws.among(mine).sums(np.hstack([each, each * days[mine, None]])), 2, axis=1)
        fitted = np.full((len(number), width), np.nan)
        if len(kinds) == width:  # each kind of row has a coefficient of its own: they are solved from the kinds' means
            possible = (np.abs(number) > 1e-9).all(axis=1)
            fitted[possible] = np.linalg.solve(kinds, (lost[possible] / number[possible]).T).T
        else:
            products = (kinds[:, :, None] * kinds[:, None, :]).reshape(len(kinds), -1)
            cross = (number @ products).reshape(-1, width, width)
            possible = np.linalg.matrix_rank(cross, hermitian=True) == width
            fitted[possible] = np.linalg.solve(cross[possible], (lost[possible] @ kinds)[:, :, None])[:, :, 0]
        count = np.where((total := number.sum(axis=1)) > 0, total, np.nan)
        slopes.append(fitted)
        means.append(number @ kinds / count[:, None])
        levels.append(lost.sum(axis=1) / count)
    gap = levels[0] - levels[1]
    mixed = ((means[0] - means[1]) * (slopes[0] + slopes[1]) / 2).sum(axis=1)
    return np.column_stack([gap, mixed, gap - mixed])


def contributions(first: Floats, second: Floats) -> Floats:
    """Return each factor's part of the difference of two products, averaged over the orders of exchange.

    Das Gupta's (1993) symmetric form of Kitagawa's (1955) decomposition for a product of rates. The contributions add
    up to ``prod(first) - prod(second)``; factors along the last axis.

    Parameters
    ----------
    first, second : array
        Rates, one per factor.

    Returns
    -------
    array
        One contribution per factor.
    """
    size = first.shape[-1]
    out = np.zeros(np.broadcast_shapes(first.shape, second.shape))
    orders = list(permutations(range(size)))
    for order in orders:
        now = np.broadcast_to(second, out.shape).copy()
        for place in order:
            before = now.prod(axis=-1)
            now[..., place] = first[..., place]
            out[..., place] += now.prod(axis=-1) - before
    return out / len(orders)


def worst_case(reached: Floats, rate: Floats) -> tuple[Floats, Floats]:
    """Return Manski's bounds of the difference of two rates among all named, without assumptions on selection.

    Manski (1989): each group's rate is bounded by none and all of the units that did not reach the stage passing it.
    The groups are along the last axis.
    """
    low, high = reached * rate, reached * rate + 1 - reached
    return low[..., 0] - high[..., 1], high[..., 0] - low[..., 1]


def trimmed(reached: Floats, rate: Floats) -> tuple[Floats, Floats]:
    """Return Lee's bounds of the difference of two rates among units that would reach the stage in either group.

    Lee (2009): units that reach the stage in the group with the lower share would also do so in the other group. The
    other group has further units, which are trimmed as those who pass or as those who do not. The groups are along the
    last axis.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        kept = reached.min(axis=-1) / reached.max(axis=-1)
        first = reached[..., 0] >= reached[..., 1]
        more, other = np.where(first, rate[..., 0], rate[..., 1]), np.where(first, rate[..., 1], rate[..., 0])
        low, high = np.maximum(0.0, (more - (1 - kept)) / kept), np.minimum(1.0, more / kept)
    return np.where(first, low - other, other - high), np.where(first, high - other, other - low)


def imbens_manski(
    lower: float, upper: float, lower_error: float, upper_error: float, confidence: float
) -> tuple[float, float]:
    """Return an interval for a number between two estimated bounds.

    Imbens and Manski, Econometrica 72 (2004), equation 7: a one-sided limit if the bounds are far apart, a two-sided
    one if they are equal. Missing if no bound has an error.
    """
    from scipy.optimize import brentq
    from scipy.special import ndtr

    most = max(lower_error, upper_error)
    if not most > SETTLED:
        return float("nan"), float("nan")
    apart = max(upper - lower, 0.0) / most
    reach = brentq(lambda c: ndtr(c + apart) - ndtr(-c) - confidence, 0, z_critical(confidence) + 1e-9)
    return float(lower - reach * lower_error), float(upper + reach * upper_error)


def e_value(ratio: float, low: float, high: float) -> tuple[float, float]:
    """Return VanderWeele and Ding's (2017) E-value of a ratio, and of its interval limit nearer to 1.

    The E-value is the least risk ratio that an unrecorded confounder must have with both group and outcome to explain
    the ratio. It is 1 if the interval includes 1.
    """

    def needed(value: float) -> float:
        above = max(value, 1 / value)
        return above + float(np.sqrt(above * (above - 1)))

    nearer = 1.0 if low <= 1 <= high else (low if ratio > 1 else high)
    return needed(ratio), needed(nearer)


def percentiles(drawn: Floats, confidence: float, most_without: float = 1.0) -> tuple[Floats, Floats]:
    """Return the percentile interval over the first axis; missing where all resamples are equal but for rounding."""
    low, high = (np.asarray(end) for end in percentile(drawn, confidence, most_without))
    apart = high - low > SETTLED * np.maximum(np.abs(low), 1.0)
    return np.where(apart, low, np.nan)[()], np.where(apart, high, np.nan)[()]
