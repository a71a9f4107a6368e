"""Discrete-time regression of closing, for dates known to the month.

Each case has one trial per month watched: closed in it or not. With a complementary log-log link the coefficients are
those of proportional hazards. Trials are counted by covariate pattern and period.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.delay.regression.regression_result import (
    Regression,
    Stated,
    changing_first,
    prepare,
    stated_cases,
    within_follow_up,
)
from accountability.errors import Refusal
from accountability.stats.arrays import Floats
from accountability.stats.cross_product import gram
from accountability.stats.design import Design
from accountability.stats.intervals import curve_interval, p_chi2
from accountability.stats.optimise import Evaluation, Separation, newton
from accountability.stats.person_periods import MONTH, period_scores, person_periods, without_baseline
from accountability.stats.sandwich import sandwich, small_sample
from accountability.stats.separation import refuse_collinear, refuse_empty_levels, separated
from accountability.study.durations import Durations
from accountability.study.inputs import takes

STEEPEST: Final = 20.0
"""A linear predictor that spans more than a factor of 5e8 between two rates has run away."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class DiscreteTime(Regression):
    """A fitted discrete-time regression; ``table`` as in :class:`Regression`.

    Attributes
    ----------
    baseline : pandas.DataFrame
        ``period`` (from 0), ``first_day``, ``at_risk``, ``events``, ``log_rate`` (at covariates of 0; missing where
        nothing closed).
    period_days : float
        Length of a period.
    full_covariance : array
        Covariance of the baseline of periods with closings, then the coefficients.
    design : Design
    change_p_value : float
        Of the score test that no ratio changes with age, by model-based errors; missing where the periods cannot tell.
    """

    baseline: pd.DataFrame
    period_days: float
    full_covariance: Floats
    design: Design
    change_p_value: float

    def sentence(self) -> str:
        """State first where the ratios change with age, then the ratios with their intervals."""
        read = "delay.closing_curve by group or delay.restricted_mean"
        return changing_first(self.change_p_value, self.confidence, read, super().sentence())

    def still_open(self, at: Stated) -> pd.DataFrame:
        """Predict the share of cases with given covariates still open at the end of each period.

        Returns
        -------
        pandas.DataFrame
            The covariates, ``period``, ``last_day``, ``estimate`` (the share), ``std_error``, ``lower``, ``upper``
            (delta method, log-log).
        """
        stated = stated_cases(at)
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
            lower, upper = curve_interval(share, share * error, self.confidence)
            own = stated.iloc[[curve] * len(held)].reset_index(drop=True)
            parts.append(
                own.assign(
                    period=self.baseline["period"].to_numpy()[live],
                    last_day=np.ceil((self.baseline["period"].to_numpy()[live] + 1) * self.period_days).astype(int) - 1,
                    estimate=share,
                    std_error=share * error,
                    lower=lower,
                    upper=upper,
                )
            )
        table = pd.concat(parts, ignore_index=True)
        return within_follow_up(self, table, table["last_day"].to_numpy())


@takes("durations")
def discrete_time(
    durations: Durations,
    covariates: str | Sequence[str],
    *,
    period: float = MONTH,
    cluster: str | None = None,
    reference: Mapping[str, str] | None = None,
    confidence: float = 0.95,
) -> DiscreteTime:
    """Estimate hazard ratios of closing from dates known to the month (discrete-time regression).

    Parameters
    ----------
    durations : Durations, Cohort or Dataset
        Dates known to the day or to about a period; late entry is allowed where days are known.
    covariates, cluster, reference, confidence
        As for :func:`accountability.delay.cox`.
    period : float
        Days in a period; a mean month by default. With dates known to the month, a case's period is the exact number of
        months between the two.

    Returns
    -------
    DiscreteTime
        Ratios above 1 mean that cases close sooner.

    Raises
    ------
    Refusal
        When delays are coarser than two periods, when the end of follow-up of closed cases is not known, when a
        coefficient has no finite estimate, or the source allows no closing curve.
    ParameterError
        As :func:`accountability.delay.cox`.

    Notes
    -----
    Prentice and Gloeckler (1978). Each period has its own baseline; periods without a closing do not inform the
    coefficients. A case's last period is left out if follow-up ended inside it, even if the case closed in it: leaving
    out only open cases would bias the rate upwards. Clustered errors carry the factor G/(G - 1) (n - 1)/(n - k) of
    statsmodels, n being the trials. Whether ratios change with age is tested by the score of an interaction with the
    share closed before (Grambsch and Therneau 1994).

    Examples
    --------
    >>> import accountability
    >>> from accountability import delay
    >>> model = delay.discrete_time(accountability.load("synthetic"), "category")
    >>> model.table[["term", "n", "events"]].head(2).to_dict("list")
    {'term': ['category=Force', 'category=Neglect'], 'n': [1010, 1141], 'events': [835, 1096]}
    """
    asked = prepare(
        durations, covariates, "a discrete-time regression", reference=reference, confidence=confidence,
        cluster=cluster, exact=False,
    )  # fmt: skip
    made = asked.design
    seen = (durations.days_lower, durations.end, durations.event, durations.entry_time, durations.longest)
    counted = person_periods(*seen, made, period)
    asked = replace(asked, event=counted.done[counted.cell] & (counted.cell >= 0))
    asked.require_events("this regression")
    refuse_empty_levels(made, made.count, asked.events, "closing")
    live = np.flatnonzero(counted.closed.sum(axis=0))
    everyone = [place for place in live if (counted.closed == counted.at_risk)[:, place].all()]
    live = np.setdiff1d(live, everyone)
    if not len(live):
        raise Refusal("everyone who was open closed in each period with a closing: nothing compares cases")
    at_risk, closed, matrix = counted.at_risk[:, live], counted.closed[:, live], asked.matrix
    spread = np.zeros((len(made.terms),) * 2)
    for place in range(len(live)):
        weight = at_risk[:, place]
        apart = matrix - weight @ matrix / weight.sum()
        spread += gram(apart, weight) * (closed[:, place].sum() / weight.sum())
    refuse_collinear(made, spread, float(closed.sum()))
    fit = _Fit(closed, at_risk, matrix)
    try:
        top = newton(fit.evaluate, fit.start(), fit.reach, tolerance=1e-12)
    except Separation as endless:
        raise separated(made, endless.direction[len(live) :], "closing") from endless
    at = top.at
    if np.ptp(matrix @ at[len(live) :]) > STEEPEST:
        raise separated(made, at[len(live) :], "closing")
    total: Floats = np.linalg.inv(fit.information(at, observed=False)).astype(float)
    slopes: dict[str, Any] = {}
    if asked.clusters is not None:
        # The observed curvature, as statsmodels takes it for clusters; the expected one gives the other errors.
        curved: Floats = np.linalg.inv(top.information).astype(float)
        scores, weight = period_scores(counted, live, matrix, at)
        total = sandwich(curved, scores, counted.cell, asked.cluster, asked.clusters, number=counted.number)
        total = total * small_sample(asked.clusters, float(at_risk.sum()), len(at))
        left, own = without_baseline(counted, matrix, scores, weight)
        block = np.s_[len(live) :, len(live) :]
        found = asked.weighed(curved[block], left, counted.cell, counted.number, lambda: own, plain=total[block])
        slopes = dict(zip(("covariance", "free", "effective"), found, strict=True))
    # Back from the centred columns to a baseline at covariates of 0.
    back = np.eye(len(at))
    back[: len(live), len(live) :] = -asked.centre
    at, total = back @ at, back @ total @ back.T
    log_rate = np.full(counted.periods, np.nan)
    log_rate[live] = at[: len(live)]
    share = closed.sum(axis=0) / at_risk.sum(axis=0)
    null = closed.sum(axis=0) @ np.log(share) + (at_risk - closed).sum(axis=0) @ np.log1p(-share)
    return DiscreteTime(
        estimand=f"ratio of the rate of closing, by {durations.clock}",
        assumptions=asked.assume(
            "the ratio of rates of two cases is the same at every age",
            "the logarithm of the rate adds up over the columns",
        ),
        method=(
            f"discrete time, complementary log-log, periods of {period:.4g} days with a baseline each, "
            f"{asked.errors}, Wald intervals"
        ),
        ratio_word="ratio of the rate of closing",
        baseline=pd.DataFrame(
            {
                "period": np.arange(counted.periods),
                "first_day": np.ceil(np.arange(counted.periods) * period).astype(np.int64),
                "at_risk": counted.at_risk.sum(axis=0).astype(np.int64),
                "events": counted.closed.sum(axis=0).astype(np.int64),
                "log_rate": log_rate,
            }
        ),
        period_days=period,
        full_covariance=total,
        design=made,
        change_p_value=fit.change_with_age(top.at),
        **asked.fields(
            at[len(live) :], value=top.value, null=null, **{"covariance": total[len(live) :, len(live) :], **slopes}
        ),
    )


class _Fit:
    """The likelihood of single trials (without the binomial coefficients of counts), by baseline and coefficients."""

    def __init__(self, closed: Floats, at_risk: Floats, matrix: Floats) -> None:
        self.closed, self.open, self.matrix = closed, at_risk - closed, matrix
        self.periods = closed.shape[1]

    def start(self) -> Floats:
        share = self.closed.sum(axis=0) / (self.closed + self.open).sum(axis=0)
        return np.concatenate([np.log(-np.log1p(-share)), np.zeros(self.matrix.shape[1])])

    def reach(self, step: Floats) -> float:
        moved = np.abs(step[None, : self.periods] + (self.matrix @ step[self.periods :])[:, None])
        return float(moved[(self.closed + self.open) > 0].max())

    def _rate(self, at: Floats) -> Floats:
        return np.exp(at[None, : self.periods] + (self.matrix @ at[self.periods :])[:, None])

    def evaluate(self, at: Floats) -> Evaluation:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            rate = self._rate(at)
            log_closed = np.where(self.closed > 0, np.log(-np.expm1(-rate)), 0.0)
            value = float((self.closed * log_closed).sum() - (self.open * rate).sum())
            if not np.isfinite(value):
                return -np.inf, np.zeros(len(at)), np.eye(len(at))
            slope = self.closed * rate / np.expm1(rate) - self.open * rate
        gradient = np.concatenate([slope.sum(axis=0), slope.sum(axis=1) @ self.matrix])
        return value, gradient, self.information(at)

    def change_with_age(self, at: Floats) -> float:
        """p-value of the score test that no coefficient changes with the share of closings that came before."""
        rate, terms = self._rate(at), self.matrix.shape[1]
        with np.errstate(over="ignore"):
            hit = rate / np.expm1(rate)
        slope = self.closed * hit - self.open * rate
        weight = (self.closed + self.open) * rate * hit
        own = self.closed.sum(axis=0)
        before = (np.cumsum(own) - own) / own.sum()
        age = before - own @ before / own.sum()
        # A period's own baseline takes what its covariates have in common.
        mean = weight.T @ self.matrix / weight.sum(axis=0)[:, None]
        plain, mixed, square = (
            gram(self.matrix, weight @ age**power) - mean.T @ ((weight.sum(axis=0) * age**power)[:, None] * mean)
            for power in range(3)
        )
        left = square - mixed @ np.linalg.solve(plain, mixed)
        if self.periods < 3 or np.linalg.matrix_rank(left) < terms:
            return np.nan
        pull = self.matrix.T @ (slope @ age)
        return p_chi2(float(pull @ np.linalg.solve(left, pull)), terms)

    def information(self, at: Floats, *, observed: bool = True) -> Floats:
        """Return the observed or expected information, one block per period."""
        rate = self._rate(at)
        with np.errstate(over="ignore"):
            hit = rate / np.expm1(rate)
        if observed:
            weight = self.closed * hit * (rate + hit - 1) + self.open * rate
        else:
            weight = (self.closed + self.open) * rate * hit
        periods, mixed = self.periods, weight.T @ self.matrix
        out = np.empty((len(at), len(at)))
        out[:periods, :periods] = np.diag(weight.sum(axis=0))
        out[:periods, periods:], out[periods:, :periods] = mixed, mixed.T
        out[periods:, periods:] = gram(self.matrix, weight.sum(axis=1))
        return out
