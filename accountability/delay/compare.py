"""Whether groups of cases, two or more, close at the same pace: log-rank and the Fleming-Harrington family."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from accountability.delay.access import require_exact, require_open_cases
from accountability.delay.counts import Counts, columns_of, count, with_groups
from accountability.delay.curve import survival
from accountability.errors import ParameterError, Refusal
from accountability.results import Result, plural
from accountability.stats.arrays import Floats
from accountability.study.durations import Durations


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class GroupTest(Result):
    """Test of equal closing curves.

    ``table``: the columns of `by`, ``cases``, ``closed``, ``expected`` (closings if all groups closed at the same
    pace), ``difference`` (weighted, closed minus expected).

    Attributes
    ----------
    statistic : float
        Chi-squared statistic.
    df : int
        Its degrees of freedom.
    p_value : float
        Probability of a statistic as large if the groups close at the same pace.
    by : tuple of str
        The grouping columns.
    """

    statistic: float
    df: int
    p_value: float
    by: tuple[str, ...]

    def sentence(self) -> str:
        """Say statistic, degrees of freedom and p-value; a test says whether, never how much."""
        p = "p < 0.001" if self.p_value < 0.001 else f"p = {self.p_value:.3f}"
        groups = plural(len(self.table), "group")
        return (
            f"{self.method}, {groups}: chi-squared {self.statistic:.2f} on {plural(self.df, 'degree')} of freedom, {p}."
        )


def logrank(durations: Durations, by: str | Sequence[str], *, rho: float = 0.0, gamma: float = 0.0) -> GroupTest:
    """Test whether groups of cases close at the same pace.

    Parameters
    ----------
    durations : Durations
        With closing dates known to the day; late entry is allowed.
    by : str or sequence of str
        Columns that make the groups, two or more.
    rho, gamma : float
        Fleming and Harrington's weights ``S(t-)**rho * (1 - S(t-))**gamma``: 0, 0 is the log-rank test; rho = 1
        gives early differences more weight (Peto and Peto), gamma = 1 late ones.

    Returns
    -------
    GroupTest

    Raises
    ------
    Refusal
        With fewer than two groups, or when no day compares two groups (nothing closed while cases of two groups
        were open), or when the closing curve itself cannot be had.
    ParameterError
        When rho or gamma is negative.

    Notes
    -----
    Hypergeometric variance on daily counts, as in R's ``survdiff``.
    """
    if rho < 0 or gamma < 0:
        raise ParameterError(f"rho and gamma must not be negative, found {rho} and {gamma}")
    require_open_cases(durations, "the comparison of groups")
    require_exact(durations, "the comparison of groups")
    counts = count(durations, by)
    if len(counts.groups) < 2:
        raise Refusal("a comparison needs at least two groups, found one: choose another by=, or show the curve alone")
    weights = _weights(counts, rho, gamma)
    expected, difference, variance = _scores(counts, weights)
    statistic, df = quadratic(difference, variance)
    if df == 0:
        raise Refusal(
            "no day compares two groups: nothing closed while cases of more than one group were open, so no test of "
            "their pace exists. Show the curves side by side"
        )
    from scipy.special import chdtrc

    name = "log-rank test" if rho == gamma == 0 else f"Fleming-Harrington test (rho {rho:g}, gamma {gamma:g})"
    columns = {
        "cases": counts.entered.sum(axis=1),
        "closed": counts.closed.sum(axis=1),
        "expected": expected,
        "difference": difference,
    }
    return GroupTest(
        estimand=f"whether the groups close at the same pace, by {durations.clock}",
        assumptions=(
            "whether a case is still open at the cut-off tells nothing about how much longer it will take, in each "
            "group",
            "cases are independent of each other",
        ),
        method=name,
        table=with_groups(counts.groups, np.arange(len(expected)), columns),
        flow=durations.flow,
        statistic=statistic,
        df=df,
        p_value=float(chdtrc(df, statistic)),
        by=columns_of(by),
    )


def quadratic(difference: Floats, variance: Floats) -> tuple[float, int]:
    """Chi-squared statistic of a vector that sums to zero, and its rank."""
    values, vectors = np.linalg.eigh(variance)
    real = values > max(values.max(initial=0), 0) * 1e-10
    if not real.any():
        return 0.0, 0
    turned = vectors[:, real].T @ difference
    return float((turned**2 / values[real]).sum()), int(real.sum())


def _weights(counts: Counts, rho: float, gamma: float) -> Floats:
    """Weight of each day from the pooled curve just before it."""
    pooled = Counts(
        pd.DataFrame(index=pd.RangeIndex(1)),
        *(part.sum(axis=0, keepdims=True) for part in (counts.entered, counts.closed, counts.left, counts.at_risk)),
    )
    before = np.concatenate([[1.0], survival(pooled)[0][0, :-1]])
    return before**rho * (1 - before) ** gamma


def _scores(counts: Counts, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Expected closings, weighted closed minus expected, and its covariance, over days with a closing."""
    days = np.flatnonzero(counts.closed.sum(axis=0) > 0)
    closed, at_risk, weight = counts.closed[:, days], counts.at_risk[:, days].astype(float), weights[days]
    total, all_closed = at_risk.sum(axis=0), closed.sum(axis=0)
    share = at_risk / total
    expected = share * all_closed
    spread = np.where(total > 1, all_closed * (total - all_closed) / np.maximum(total - 1, 1), 0) * weight**2
    variance = np.diag((share * spread).sum(axis=1)) - (share * spread) @ share.T
    return expected.sum(axis=1), ((closed - expected) * weight).sum(axis=1), variance
