"""Regression of closing month by month (discrete time), which dates known to the month can carry.

Every case and month it was watched is one trial: closed in it or not. With a complementary log-log link the
coefficients are those of proportional daily rates. Trials are counted by covariate pattern and period, and statsmodels
fits the counts.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.delay.access import require_open_cases
from accountability.delay.regression.cox_model import errors_word
from accountability.delay.regression.regression_result import (
    Regression,
    clusters_of,
    counts_by_term,
    covariates_of,
    require_events,
    table_of,
)
from accountability.errors import Refusal
from accountability.stats.arrays import Floats
from accountability.stats.design import Design
from accountability.stats.intervals import curve_interval, z_critical
from accountability.stats.person_periods import MONTH, period_scores, person_periods
from accountability.stats.sandwich import sandwich, small_sample
from accountability.stats.separation import refuse_collinear, refuse_empty_levels, refuse_endless
from accountability.study.durations import Durations

STEEPEST: Final = 20.0
"""A linear predictor that spans more than a factor of 5e8 between two rates has run away."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class DiscreteTime(Regression):
    """A fitted discrete-time regression; ``table`` as :class:`Regression`.

    Attributes
    ----------
    baseline : pandas.DataFrame
        ``period`` (from 0), ``first_day``, ``at_risk``, ``closed``, ``log_rate`` (at covariates of 0; missing where
        nothing closed).
    period_days : float
        Length of a period.
    full_covariance : array
        Of the baseline of the periods with closings, then the coefficients.
    design : Design
    """

    baseline: pd.DataFrame
    period_days: float
    full_covariance: Floats
    design: Design

    def still_open(self, at: pd.DataFrame | Sequence[Mapping[str, Any]] | Mapping[str, Any]) -> pd.DataFrame:
        """Share of cases with stated covariates still open at the end of each period.

        Returns
        -------
        pandas.DataFrame
            The covariates, ``period``, ``last_day``, ``still_open``, ``std_error``, ``lower``, ``upper`` (delta
            method, log-log).
        """
        stated = at if isinstance(at, pd.DataFrame) else pd.DataFrame([at] if isinstance(at, Mapping) else list(at))
        x = self.design.at(stated)
        live = self.baseline["log_rate"].notna().to_numpy()
        rate = np.exp(self.baseline["log_rate"].to_numpy(dtype=float)[live][None, :] + (x @ self.coefficients)[:, None])
        upto = np.tri(int(live.sum()))
        parts = []
        for curve in range(len(stated)):
            held = np.cumsum(rate[curve])
            slope = np.column_stack([upto * rate[curve], held[:, None] * x[curve]])
            error = np.sqrt(np.einsum("aj,jk,ak->a", slope, self.full_covariance, slope))
            share = np.exp(-held)
            lower, upper = curve_interval(share, share * error, self.level)
            own = stated.iloc[[curve] * len(held)].reset_index(drop=True)
            parts.append(
                own.assign(
                    period=self.baseline["period"].to_numpy()[live],
                    last_day=np.ceil((self.baseline["period"].to_numpy()[live] + 1) * self.period_days).astype(int) - 1,
                    still_open=share,
                    std_error=share * error,
                    lower=lower,
                    upper=upper,
                )
            )
        return pd.concat(parts, ignore_index=True)


def discrete_time(
    durations: Durations,
    covariates: str | Sequence[str],
    *,
    period: float = MONTH,
    cluster: str | None = None,
    reference: Mapping[str, str] | None = None,
    level: float = 0.95,
) -> DiscreteTime:
    """Ratios of the rate of closing from dates known to the month.

    Parameters
    ----------
    durations : Durations
        Dates known to the day or to about a period; late entry is allowed where days are known.
    covariates : str or sequence of str
        As for :func:`accountability.delay.regression.cox_model`.
    period : float
        Days in a period; a mean month by default. With dates known to the month a case's period is the number of
        months between the two, which such dates give exactly.
    cluster : str, optional
        Column that names the cluster of each case; ``"case_id"`` gives robust errors.
    reference : mapping, optional
        Reference level of a column; by default its most frequent one.
    level : float

    Returns
    -------
    DiscreteTime
        Ratios above 1 belong to cases that close sooner.

    Raises
    ------
    Refusal
        When delays are known less finely than two periods, when it is not known until when closed cases could have
        been watched, when a coefficient has no finite estimate, or the source cannot carry a closing curve.
    ParameterError
        As :func:`accountability.delay.regression.cox_model`.

    Notes
    -----
    Prentice and Gloeckler (1978). Each period has a baseline of its own; periods without a closing say nothing about
    the coefficients. A period that a case was not watched to its end is left out, whether or not the case closed in
    it, since leaving out only the open cases would raise the rate. Clustered errors carry the factor
    G/(G - 1) (n - 1)/(n - k) of statsmodels, n being the trials.
    """
    require_open_cases(durations, "a discrete-time regression")
    z_critical(level)
    made = covariates_of(durations, covariates, reference)
    seen = (durations.days_lower, durations.end, durations.event, durations.entry_time, durations.longest)
    counted = person_periods(*seen, made, period)
    events = counted.closed.sum(axis=1)
    require_events(durations, counted.done[counted.cell] & (counted.cell >= 0), len(made.terms), "this regression")
    refuse_empty_levels(made, made.count, events, "closing")
    live = np.flatnonzero(counted.closed.sum(axis=0))
    everyone = [place for place in live if (counted.closed == counted.at_risk)[:, place].all()]
    live = np.setdiff1d(live, everyone)
    if not len(live):
        raise Refusal("everyone who was open closed in each period with a closing: nothing compares cases")
    at_risk, closed = counted.at_risk[:, live], counted.closed[:, live]
    centre = made.count @ made.matrix / made.count.sum()
    matrix = made.matrix - centre
    spread = np.zeros((len(made.terms),) * 2)
    for place in range(len(live)):
        weight = at_risk[:, place]
        apart = matrix - weight @ matrix / weight.sum()
        spread += apart.T @ (weight[:, None] * apart) * (closed[:, place].sum() / weight.sum())
    refuse_collinear(made, spread, float(closed.sum()))
    row, column = np.nonzero(at_risk)
    exog = np.column_stack([(column[:, None] == np.arange(len(live))).astype(float), matrix[row]])
    fitted = _glm(closed[row, column], at_risk[row, column], exog)
    if fitted is None or np.ptp(matrix @ fitted.params[len(live) :]) > STEEPEST:
        direction = np.ones(len(made.terms)) if fitted is None else fitted.params[len(live) :]
        raise refuse_endless(made, direction, "closing")
    at = np.asarray(fitted.params)
    bread = np.asarray(fitted.normalized_cov_params)
    code, clusters = clusters_of(durations, cluster)
    total = bread
    if clusters is not None:
        scores = period_scores(counted, live, matrix, at)
        # The observed curvature, as statsmodels takes it for clusters; the expected one gives the other errors.
        curved = np.linalg.inv(-fitted.model.hessian(at, observed=True))
        total = sandwich(curved, scores, counted.cell, code, clusters, number=counted.number)
        total = total * small_sample(clusters, float(at_risk.sum()), len(at))
    # Back from the centred columns to a baseline at covariates of 0.
    back = np.eye(len(at))
    back[: len(live), len(live) :] = -centre
    at, total = back @ at, back @ total @ back.T
    covariance = total[len(live) :, len(live) :]
    log_rate = np.full(counted.periods, np.nan)
    log_rate[live] = at[: len(live)]
    return DiscreteTime(
        estimand=f"ratio of the rate of closing, by {durations.clock}",
        assumptions=(
            "the ratio of rates of two cases is the same at every age",
            "the logarithm of the rate adds up over the columns",
            "whether a case is still open at the cut-off tells nothing about how much longer it will take",
            f"cases of different {cluster} are independent" if cluster else "cases are independent of each other",
            "columns not in the model may differ between the groups: the ratios describe, they do not explain",
        ),
        method=(
            f"discrete time, complementary log-log, periods of {period:.4g} days with a baseline each, "
            f"{errors_word(cluster, clusters)}, Wald intervals"
        ),
        table=table_of(made.terms, at[len(live) :], covariance, level, counts_by_term(made, events)),
        flow=durations.flow,
        terms=made.terms,
        coefficients=at[len(live) :],
        covariance=covariance,
        log_likelihood=_likelihood(closed, at_risk, at[: len(live)], made.matrix @ at[len(live) :]),
        null_log_likelihood=_null(closed, at_risk),
        cases=len(durations),
        events=int(events.sum()),
        clusters=clusters,
        level=level,
        ratio_word="ratio of the rate of closing",
        baseline=pd.DataFrame(
            {
                "period": np.arange(counted.periods),
                "first_day": np.ceil(np.arange(counted.periods) * period).astype(np.int64),
                "at_risk": counted.at_risk.sum(axis=0).astype(np.int64),
                "closed": counted.closed.sum(axis=0).astype(np.int64),
                "log_rate": log_rate,
            }
        ),
        period_days=period,
        full_covariance=total,
        design=made,
    )


def _glm(closed: Floats, at_risk: Floats, exog: Floats) -> Any:
    """Fit the counts with statsmodels; ``None`` when the coefficients run away."""
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.families.links import CLogLog
    from statsmodels.genmod.generalized_linear_model import GLM

    counts = np.column_stack([closed, at_risk - closed])
    with warnings.catch_warnings():
        # A runaway fit is told by its coefficients; a warning about it would say less.
        warnings.simplefilter("ignore")
        try:
            model = GLM(counts, exog, family=Binomial(link=CLogLog()))
            fitted = model.fit(maxiter=200, tol=1e-12, tol_criterion="params")
        except (np.linalg.LinAlgError, ValueError, FloatingPointError):
            return None
    return fitted if fitted.converged and np.isfinite(fitted.params).all() else None


def _likelihood(closed: Floats, at_risk: Floats, baseline: Floats, score: Floats) -> float:
    """Log-likelihood of single trials (without the binomial coefficients of counts)."""
    rate = np.exp(baseline[None, :] + score[:, None])
    return float(np.sum(closed * np.log(-np.expm1(-rate)) - (at_risk - closed) * rate))


def _null(closed: Floats, at_risk: Floats) -> float:
    share = closed.sum(axis=0) / at_risk.sum(axis=0)
    return float(closed.sum(axis=0) @ np.log(share) + (at_risk - closed).sum(axis=0) @ np.log1p(-share))
