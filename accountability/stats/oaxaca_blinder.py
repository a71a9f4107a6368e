"""Days of suspension of two groups: what their different covariates make up, and what remains at the same ones."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from accountability.stats.arrays import Floats, Ints
from accountability.stats.standardisation import Mixture

_MOST_WITHOUT: Final = 0.1


def days_apart(
    rows: pd.DataFrame,
    group: Ints,
    given: tuple[str, ...],
    cells: Mixture,
    weights: Floats,
    clusters: Ints,
    min_cell: int,
    level: float,
) -> pd.DataFrame:
    """Oaxaca–Blinder of the days of suspension: the part of different covariates, and the part at the same ones.

    From ``statsmodels.stats.oaxaca`` with the mean of both groups' coefficients (Reimers 1983), among suspensions of
    known length whose covariates both groups hold; intervals from the bootstrap over officers. Empty without
    covariates, days, or ``min_cell`` suspensions of each group.
    """
    blank = pd.DataFrame(columns=["part", "days", "low", "high"])
    if cells.mix.empty or "imposed_days" not in rows:
        return blank
    inside = rows["imposed_penalty"].eq("suspension").fillna(False) & rows["imposed_days"].notna()
    inside &= rows["finding"].eq("sustained").fillna(False)
    chosen = inside.to_numpy(dtype=bool)
    table = rows.loc[inside, list(given)].astype("str").assign(group=group[chosen], officer=clusters[chosen])
    table["days"] = rows.loc[inside, "imposed_days"].astype("float64")
    held = table.groupby(list(given))["group"].transform("nunique") == 2
    for name in given:
        held &= table[held].groupby(name)["group"].transform("nunique").reindex(table.index).eq(2)
    table = table.loc[held]
    counts = table["group"].value_counts()
    if len(counts) < 2 or counts.min() < min_cell:
        return blank
    dummies = pd.get_dummies(table[list(given)], drop_first=True, dtype=float)
    design = dummies.assign(constant=1.0)
    if any(np.linalg.matrix_rank(design[table["group"] == k]) < design.shape[1] for k in (0, 1)):
        return blank
    from statsmodels.stats.oaxaca import OaxacaBlinder

    exog = np.column_stack([design.to_numpy(), table["group"].to_numpy(dtype=float)])
    made = OaxacaBlinder(table["days"].to_numpy(), exog, design.shape[1], hasconst=True, swap=False)
    same, mixed, gap = made.two_fold(two_fold_type="reimers").params
    drawn = resampled_days(
        design.to_numpy(), table["days"].to_numpy(), table["group"].to_numpy(), table["officer"].to_numpy(), weights
    )
    low, high = interval(drawn, level)
    # unswapped, statsmodels subtracts the group coded higher, which is the second
    parts = {"difference of mean days": gap, "mixed differently": mixed, "at the same mix": same}
    days = [float(value) for value in parts.values()]
    return pd.DataFrame({"part": list(parts), "days": days, "low": low, "high": high})


def resampled_days(design: Floats, days: Floats, group: Ints, clusters: Ints, weights: Floats) -> Floats:
    """The parts of the gap in days in every bootstrap sample.

    Parameters
    ----------
    design : array (rows, columns)
        Covariates and a constant.
    days : array (rows,)
    group, clusters : array of int (rows,)
        0 or 1; the officer of the row.
    weights : array (samples, officers)
        How often each officer is drawn.

    Returns
    -------
    array (samples, 3)
        The gap, the part of different covariates, the part at the same ones; missing in a sample that leaves a
        group without rows, the parts also where it leaves a covariate without contrast.
    """
    from scipy.sparse import coo_array

    rows, width = design.shape
    products = (design[:, :, None] * design[:, None, :]).reshape(rows, -1)
    sums = np.column_stack([products, design * days[:, None], design, days, np.ones(rows)])
    slopes, means, levels = [], [], []
    for k in (0, 1):
        mine = np.flatnonzero(group == k)
        by_officer = coo_array(
            (np.ones(len(mine)), (clusters[mine], np.arange(len(mine)))), shape=(weights.shape[1], len(mine))
        )
        added = weights @ (by_officer.tocsr() @ sums[mine])
        cross = added[:, : width**2].reshape(-1, width, width)
        possible = np.linalg.matrix_rank(cross, hermitian=True) == width
        fitted = np.full((len(weights), width), np.nan)
        right = added[possible, width**2 : width**2 + width]
        fitted[possible] = np.linalg.solve(cross[possible], right[:, :, None])[:, :, 0]
        count = np.where(added[:, -1] > 0, added[:, -1], np.nan)
        slopes.append(fitted)
        means.append(added[:, width**2 + width : width**2 + 2 * width] / count[:, None])
        levels.append(added[:, -2] / count)
    gap = levels[0] - levels[1]
    mixed = ((means[0] - means[1]) * (slopes[0] + slopes[1]) / 2).sum(axis=1)
    return np.column_stack([gap, mixed, gap - mixed])


def interval(drawn: Floats, level: float) -> tuple[Floats, Floats]:
    """Percentile intervals over bootstrap samples; missing where a tenth of the samples or more gave nothing."""
    enough = np.isnan(drawn).mean(axis=0) < _MOST_WITHOUT
    low, high = np.full(drawn.shape[1], np.nan), np.full(drawn.shape[1], np.nan)
    if enough.any():
        ends = np.nanquantile(drawn[:, enough], [(1 - level) / 2, (1 + level) / 2], axis=0)
        low[enough], high[enough] = ends
    return low, high
