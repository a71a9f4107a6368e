"""Intervals for a share when the same officer may be counted more than once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from accountability.errors import ParameterError, Refusal

WILSON = "Wilson interval; rows treated as independent"
CLUSTERED = "Wilson interval on the effective sample size of the officer-clustered variance"


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its counts, interval and the name of the interval's method."""

    count: int
    denominator: int
    share: float
    low: float
    high: float
    officers: int
    method: str


def share(hits: ArrayLike, officers: pd.Series | None = None, level: float = 0.95) -> Share:
    """The share of rows that are hits, with an interval.

    With officers given, the variance of the share is that of a ratio of officer totals,
    ``G/(G-1) * sum((y_g - p n_g)^2) / n^2``, which is also the cluster-robust variance of an intercept-only linear
    model; the rows are worth ``p(1-p)/variance`` independent ones (never more than there are), and the Wilson
    interval is taken at that number (Dean and Pagano, Journal of Survey Statistics and Methodology 3, 2015). Where
    every row or no row is a hit the variance says nothing, and the number of officers is used instead. A row
    without an officer is a cluster of its own. Intervals come from statsmodels' ``proportion_confint``.

    Parameters
    ----------
    hits : array of bool
    officers : Series of str, optional
        The officer of each row.
    level : float
        Coverage, between 0 and 1.

    Raises
    ------
    Refusal
        If there are no rows.
    ParameterError
        If the level is not between 0 and 1.
    """
    from statsmodels.stats.proportion import proportion_confint

    if not 0 < level < 1:
        raise ParameterError(f"level must be between 0 and 1, found {level}")
    flags = np.asarray(hits, dtype=float)
    total = len(flags)
    if total == 0:
        raise Refusal("a share of no rows has no value; widen the group or leave it out")
    count = int(flags.sum())
    rate = count / total
    size, clusters, method = float(total), total, WILSON
    if officers is not None:
        named = officers.notna().to_numpy(dtype=bool)
        codes, names = pd.factorize(officers)
        codes = np.where(named, codes, len(names) + np.cumsum(~named) - 1)
        sizes = np.bincount(codes)
        clusters = int((sizes > 0).sum())
        if clusters < total:
            method = CLUSTERED
            if 0 < count < total and clusters > 1:
                residual = np.bincount(codes, weights=flags - rate)
                variance = clusters / (clusters - 1) * float((residual**2).sum()) / total**2
                size = min(float(total), rate * (1 - rate) / variance) if variance > 0 else float(total)
            else:
                size = float(clusters)
    low, high = proportion_confint(rate * size, size, alpha=1 - level, method="wilson")
    # at the ends the bounds are exact, and rounding must not move them off
    low, high = (0.0 if count == 0 else float(low)), (1.0 if count == total else float(high))
    return Share(count, total, rate, low, high, clusters, method)
