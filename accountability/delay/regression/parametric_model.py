"""Parametric regressions (Weibull, log-normal, log-logistic), also for interval-censored delays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from accountability.delay.regression.regression_result import (
    Regression,
    Stated,
    prepare,
    stated_cases,
    within_follow_up,
)
from accountability.errors import ParameterError, Refusal
from accountability.stats.arrays import Floats
from accountability.stats.delay_families import FAMILIES, Family
from accountability.stats.design import Design, with_constant
from accountability.stats.intervals import z_critical
from accountability.stats.optimise import Evaluation, NotConverged, Separation, newton
from accountability.stats.separation import refuse_collinear, refuse_empty_levels, separated
from accountability.stats.spells import Contribution, Dates, Spells, contribution, spells
from accountability.study.durations import Durations
from accountability.study.inputs import takes

MANY_SPELLS: Final = 10_000

FamilyName = Literal["weibull", "lognormal", "loglogistic"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Parametric(Regression):
    """A fitted parametric regression; ``table`` as in :class:`Regression`, with ratios of delays.

    Attributes
    ----------
    family : str
    intercept, log_scale : float
        Intercept, and logarithm of the scale, of the logarithm of the delay.
    full_covariance : array
        Covariance of intercept, coefficients and logarithm of the scale, in this order.
    design : Design
    """

    family: FamilyName
    intercept: float
    log_scale: float
    full_covariance: Floats
    design: Design

    def still_open(self, at: Stated, days: Any) -> pd.DataFrame:
        """Predict the share of cases with given covariates still open at the end of given days.

        Returns
        -------
        pandas.DataFrame
            The covariates, ``day``, ``estimate`` (the share), ``std_error``, ``lower``, ``upper`` (delta method on the
            standardised scale); missing beyond the last day on which a case was watched.
        """
        stated = stated_cases(at)
        when = np.unique(np.asarray(days, dtype=float))
        if (when < 0).any() or not len(when):
            raise ParameterError(f"days must be at least 0, found {days!r}")
        x = np.column_stack([np.ones(len(stated)), self.design.at(stated)])
        scale = np.exp(self.log_scale)
        location = x @ np.concatenate([[self.intercept], self.coefficients])
        u = (np.log(when + 1)[None, :] - location[:, None]) / scale
        family, reach = FAMILIES[self.family], z_critical(self.confidence)
        here = family.at(u)
        slope = np.concatenate(
            [np.broadcast_to(-x[:, None, :] / scale, (*u.shape, x.shape[1])), -u[..., None]], axis=-1
        )
        error = np.sqrt(np.einsum("abj,jk,abk->ab", slope, self.full_covariance, slope))
        table = stated.iloc[np.repeat(np.arange(len(stated)), len(when))].reset_index(drop=True)
        table = table.assign(
            day=np.tile(when.astype(np.int64), len(stated)),
            estimate=np.exp(here.longer).ravel(),
            std_error=(np.exp(here.density) * error).ravel(),
            lower=np.exp(family.at(u + reach * error).longer).ravel(),
            upper=np.exp(family.at(u - reach * error).longer).ravel(),
        )
        return within_follow_up(self, table, table["day"].to_numpy())


@takes("durations")
def parametric(
    durations: Durations,
    covariates: str | Sequence[str],
    family: FamilyName = "weibull",
    *,
    dates: Dates = "interval",
    cluster: str | None = None,
    reference: Mapping[str, str] | None = None,
    confidence: float = 0.95,
) -> Parametric:
    """Estimate ratios of delays between cases with different covariates, for dates of any precision.

    Parameters
    ----------
    durations : Durations, Cohort or Dataset
        Delays may be intervals of days; late entry is allowed.
    covariates, cluster, reference, confidence
        As for :func:`accountability.delay.cox`.
    family : {"weibull", "lognormal", "loglogistic"}
        Distribution of the delays.
    dates : {"interval", "point"}
        Whether a closing on day d is taken as lying between d and d + 1 days (which allows day 0 and is what a date
        says), or exactly at d, as most programs do.

    Returns
    -------
    Parametric
        Ratios above 1 mean that cases take longer.

    Raises
    ------
    Refusal
        When a coefficient or the scale has no finite estimate, nothing closed, or the source allows no closing curve.
    ParameterError
        As for :func:`accountability.delay.cox`, and for an unknown family.

    Notes
    -----
    Accelerated failure time models by maximum likelihood; equal to R's ``survreg`` without late entry.

    Examples
    --------
    >>> import accountability
    >>> from accountability import delay
    >>> model = delay.parametric(accountability.load("synthetic"), "category", "lognormal")
    >>> model.still_open({"category": "Force"}, [365])["estimate"].round(2).tolist()
    [0.37]
    """
    if family not in FAMILIES:
        raise ParameterError(f"family must be one of {', '.join(FAMILIES)}, found {family!r}")
    if dates not in ("interval", "point"):
        raise ParameterError(f"dates must be 'interval' or 'point', found {dates!r}")
    what = "a parametric regression"
    asked = prepare(
        durations, covariates, what, reference=reference, confidence=confidence, cluster=cluster, exact=False
    )
    made = asked.design
    asked.require_events(what, len(made.terms) + 1)
    refuse_empty_levels(made, made.count, asked.events, "closing")
    seen = (durations.days_lower, durations.end, durations.event, durations.entry_time)
    data, shape = spells(*seen, made, dates), FAMILIES[family]
    refuse_collinear(made, asked.matrix.T @ (made.count[:, None] * asked.matrix), 1.0)
    fit = _Fit(shape, data, with_constant(asked.matrix))
    try:
        top = newton(fit.evaluate, fit.start(), fit.reach, concave=False)
        pooled = data.pooled() if made.collapsed else spells(*seen, None, dates)
        flat = _Fit(shape, pooled, np.ones((1, 1)))
        null = newton(flat.evaluate, flat.start(), flat.reach, concave=False)
    except Separation as endless:
        if abs(endless.direction[-1]) > 0.5 * np.abs(endless.direction).max():
            raise Refusal(
                "the delays do not fix the scale of this family (they are all alike, or fit in one interval): show "
                "delay.interval_curve instead"
            ) from endless
        raise separated(made, endless.direction[1:-1], "closing") from endless
    bread: Floats = np.linalg.inv(top.information).astype(float)
    free = effective = None
    if asked.clusters is not None:
        bread, free, effective = asked.weighed(
            bread, fit.scores(top.at), data.cell, data.number, lambda: fit.information_each(top.at), power=-0.5
        )
    # Back from the centred columns to an intercept at covariates of 0.
    back = np.eye(len(top.at))
    back[0, 1:-1] = -asked.centre
    at, covariance = back @ top.at, back @ bread @ back.T
    word = "interval-dated" if dates == "interval" else "exact"
    return Parametric(
        estimand=f"ratio of delays between cases, by {durations.clock}",
        assumptions=asked.assume(
            f"delays of cases with equal covariates are {shape.name}",
            "covariates stretch the delay by a factor, the same for quick and slow cases",
        ),
        method=f"{shape.name} regression of {word} delays, {asked.errors}, Wald intervals",
        ratio_word="ratio of the days to closing",
        family=family,
        intercept=float(at[0]),
        log_scale=float(at[-1]),
        full_covariance=covariance,
        design=made,
        **asked.fields(
            at[1:-1],
            covariance[1:-1, 1:-1],
            top.value,
            null.value,
            free=None if free is None else free[1:-1],
            effective=None if effective is None else effective[1:-1],
        ),
    )


class _Fit:
    """Likelihood of spells by intercept, coefficients and logarithm of the scale."""

    def __init__(self, family: Family, data: Spells, x: Floats) -> None:
        self.family, self.data, self.x = family, data, x
        self.patterns = len(x)

    def start(self) -> Floats:
        """Return starting values: a fit to a part of very many spells, or moments of the logarithms of few."""
        if len(self.data.pattern) > MANY_SPELLS:
            part = _Fit(self.family, self.data.every(16), self.x)
            try:
                return newton(part.evaluate, part.start(), part.reach, concave=False, tolerance=1e-3).at
            except (NotConverged, Separation):
                return part.start()
        data = self.data
        middle = np.where(np.isfinite(data.low), (data.low + data.high) / 2, data.high - 0.5)
        middle = np.where(np.isfinite(data.high), middle, data.low)
        mean = float(np.average(middle, weights=data.number))
        spread = float(np.sqrt(np.average((middle - mean) ** 2, weights=data.number)))
        scale = max(spread / self.family.spread, 0.1)
        out = np.zeros(self.x.shape[1] + 1)
        out[0], out[-1] = mean - self.family.middle * scale, np.log(scale)
        return out

    def reach(self, step: Floats) -> float:
        width = min(self.x.shape[1], len(step) - 1)
        return float(max(np.abs(self.x[:, :width] @ step[:width]).max(), abs(step[-1])))

    def _parts(self, at: Floats) -> Contribution:
        location = (self.x @ at[:-1])[self.data.pattern]
        return contribution(self.family, self.data, location, float(at[-1]))

    def evaluate(self, at: Floats) -> Evaluation:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
            parts = self._parts(at)
            value = float((self.data.number * parts.value).sum())
        if not np.isfinite(value):
            return -np.inf, np.zeros(len(at)), np.eye(len(at))
        sums = [
            np.bincount(self.data.pattern, self.data.number * one, self.patterns)
            for one in (parts.by_location, parts.location_twice, parts.mixed)
        ]
        x, width = self.x, len(at)
        gradient = np.append(x.T @ sums[0], (self.data.number * parts.by_scale).sum())
        information = np.empty((width, width))
        information[:-1, :-1] = -x.T @ (sums[1][:, None] * x)
        information[-1, :-1] = information[:-1, -1] = -(x.T @ sums[2])
        information[-1, -1] = -float((self.data.number * parts.scale_twice).sum())
        return value, gradient, information

    def scores(self, at: Floats) -> Floats:
        """Return the score of one case of each spell."""
        parts = self._parts(at)
        return np.column_stack([parts.by_location[:, None] * self.x[self.data.pattern], parts.by_scale])

    def information_each(self, at: Floats) -> Floats:
        """Return what one case of each spell adds to the information."""
        parts, x = self._parts(at), self.x[self.data.pattern]
        out = np.empty((len(x), len(at), len(at)))
        out[:, :-1, :-1] = -parts.location_twice[:, None, None] * x[:, :, None] * x[:, None, :]
        out[:, -1, :-1] = out[:, :-1, -1] = -parts.mixed[:, None] * x
        out[:, -1, -1] = -parts.scale_twice
        return out
