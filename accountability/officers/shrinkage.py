"""Empirical Bayes estimates of underlying complaint rates: Poisson counts with gamma-distributed rates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from accountability.errors import check_number
from accountability.figures import draw
from accountability.officers.shares import check_top
from accountability.officers.tallies import Tally, stretches, tally
from accountability.privacy import MIN_CELL
from accountability.results import Result, percent
from accountability.stats.arrays import Floats
from accountability.stats.count_laws import fit_negative_binomial, gamma_concentration, spread_limits
from accountability.stats.intervals import upper_tail
from accountability.study.inputs import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class EmpiricalBayes(Result):
    """Rates shrunk towards the mean, by number of complaints.

    ``table``: one row per range of counts with at least `min_cell` holders: ``from_count``, ``to_count`` (missing in
    the last), ``n`` (holders), ``mean_count``, ``rate`` (complaints per exposure) and ``estimate`` (posterior mean of
    the underlying rate).

    Attributes
    ----------
    shape : float
        Shape of the gamma distribution of underlying rates; infinite when counts vary no more than by chance.
    mean : float
        Mean underlying rate, including holders who drew none.
    p_value : float
        P-value of the hypothesis that all underlying rates are equal.
    reliability : float
        Share of the variance of holders' rates, at mean exposure, due to underlying rates and not to chance.
    risk : DataFrame
        ``measure`` ("gini", "top_share"), ``estimate``, ``lower``, ``upper``: concentration of the underlying rates.
    top, confidence : float
    tally : Tally
        What was counted.
    """

    shape: float
    mean: float
    p_value: float
    reliability: float
    risk: pd.DataFrame
    top: float
    confidence: float
    tally: Tally

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw shrunken against plain rates by range of counts, and the line of no shrinkage."""
        axes = draw.new_axes(ax, width=5.4)
        draw.lines(axes, self.table, x="rate", y="rate", label="as counted", number=7)
        draw.lines(axes, self.table, x="rate", y="estimate", label="shrunken")
        axes.plot(self.table["rate"], self.table["estimate"], "o", color=draw.COLOURS[0], markersize=4, label="_")
        draw.lines_named(axes)
        return draw.labelled(
            axes,
            f"{self.tally.drawn}s counted per {self.tally.holder} or exposure (stretches of counts)",
            "underlying rate, estimated",
        )

    def sentence(self) -> str:
        """State the share of the differences beyond chance, and the concentration of the underlying rates."""
        share = self.risk.set_index("measure").to_dict("index")["top_share"]
        top, holders = percent(self.top), f"{self.tally.holder}s"
        ends = f"{percent(share['lower'])} to {percent(share['upper'])}"
        if share["lower"] != share["lower"]:  # missing
            ends = "no interval exists: nothing bounds how far rates differ"
        return (
            f"{percent(self.reliability)} of the variance of {holders}' rates is of the rates that underlie them and "
            f"the rest is chance; the {top} of {holders} with the highest underlying rates would be expected to draw "
            f"{percent(share['estimate'])} ({ends}) of the "
            f"{self.tally.drawn}s."
        )


@takes(Tally, tally)
def empirical_bayes(
    data: Tally,
    *,
    top: float = 0.1,
    confidence: float = 0.95,
    min_cell: int = MIN_CELL,
) -> EmpiricalBayes:
    """Estimate the distribution of underlying complaint rates, and the expected rate by number of complaints.

    Parameters
    ----------
    data : Tally, Cohort or Dataset
        Without holders who drew none, a zero-truncated distribution is fitted, and the underlying rates describe the
        force including those holders.
    top : float
        Share of the holders who are the top.
    confidence : float
        Of the intervals of :attr:`EmpiricalBayes.risk`.
    min_cell : int
        Least number of holders in a range of counts.

    Returns
    -------
    EmpiricalBayes

    Raises
    ------
    Refusal
        When everyone drew exactly one.
    ParameterError
        For numbers out of range.

    Notes
    -----
    Robbins (1956), Efron and Morris (1973): a holder with count k and exposure e, with gamma risks of shape a and mean
    m per exposure, has posterior mean (a + k) / (a / m + e). The shape is fitted by maximum likelihood, with a profile
    interval, and equal risk (zero variance) is tested on the boundary. The top share is that of the gamma distribution,
    in closed form, so no holder is ranked.

    Examples
    --------
    >>> from accountability import officers
    >>> left = officers.empirical_bayes(officers.Tally.of_counts([0, 1, 2, 3, 1, 1, 9] * 10))
    >>> round(left.reliability, 2), left.table["n"].tolist()
    (0.63, [10, 30, 10, 10, 10])
    """
    check_top(top)
    upper_tail(confidence)
    check_number("min_cell", min_cell, 1, np.inf, "at least 1")
    fit = fit_negative_binomial(data.counts, truncated=not data.zeros)
    shape, mean = fit.law.shape, fit.law.mean
    k, e = data.count.astype(float), data.exposure
    each = np.full(len(k), mean) if not np.isfinite(shape) else (shape + k) / (shape / mean + e)
    most, least, p = spread_limits(data.counts, fit, confidence)
    at, low, high = (np.concatenate(gamma_concentration(np.array([one]), top)) for one in (shape, most, least or 1.0))
    if least == 0:  # nothing bounds how far risks differ
        low = high = np.full(2, np.nan)
    usual = float(np.average(e, weights=data.holders))
    return EmpiricalBayes(
        estimand=f"underlying rates of {data.drawn}s of {data.holder}s, {data.name}",
        assumptions=(
            *data.assumed(),
            f"given its rate, each {data.holder} draws complaints by chance, independently of the others",
            "underlying rates follow a gamma law and stay the same throughout",
        ),
        method=(
            f"gamma-Poisson empirical Bayes by maximum likelihood{'' if data.zeros else ', truncated at 0'}; "
            f"{data.weighed()}; intervals of the spread from the profile likelihood of the shape"
        ),
        table=_stretches(data, each, min_cell),
        flow=data.flow,
        shape=shape,
        mean=mean,
        p_value=p,
        reliability=0.0 if not np.isfinite(shape) else float(mean * usual / (mean * usual + shape)),
        risk=pd.DataFrame(
            {
                "measure": ["gini", "top_share"],
                "estimate": at,
                "lower": low,
                "upper": high,
            }
        ),
        top=top,
        confidence=confidence,
        tally=data,
    )


def _stretches(data: Tally, shrunken: Floats, min_cell: int) -> pd.DataFrame:
    at, table = stretches(data.count, data.holders, min_cell)
    holders = np.bincount(at, data.holders)
    exposed = np.bincount(at, data.holders * data.exposure)
    total = np.bincount(at, data.holders * data.count)
    return table.assign(
        n=np.rint(holders).astype(np.int64),
        mean_count=total / holders,
        rate=total / exposed,
        estimate=np.bincount(at, data.holders * data.exposure * shrunken) / exposed,
    )
