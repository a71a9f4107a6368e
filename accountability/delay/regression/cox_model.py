"""Cox's model of the daily rate of closing: late entry, ties, strata, clustered errors, Firth's penalty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from accountability.delay.access import require_exact, require_open_cases
from accountability.delay.regression.regression_result import (
    Regression,
    closings,
    clusters_of,
    counts_by_term,
    covariates_of,
    require_events,
    table_of,
)
from accountability.errors import ParameterError
from accountability.stats.arrays import Days, Floats
from accountability.stats.design import Design
from accountability.stats.intervals import z_critical
from accountability.stats.optimise import Optimum, Separation, newton
from accountability.stats.partial_likelihood import Derivatives, Ties, derivatives
from accountability.stats.risksets import RiskSets, risk_sets
from accountability.stats.sandwich import sandwich
from accountability.stats.separation import refuse_collinear, refuse_empty_levels, refuse_endless
from accountability.study.durations import Durations, group_codes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Cox(Regression):
    """A fitted Cox model; ``table`` as :class:`Regression`.

    Attributes
    ----------
    ties : str
        "efron" or "breslow".
    penalty : str or None
        "firth" or nothing.
    model_covariance : array
        The inverse information, whether or not `covariance` is clustered.
    design : Design
    sets : RiskSets
    strata : pandas.DataFrame
        One row a stratum.
    centre : array
        Mean of the model's columns, taken off before anything is computed.
    cluster : array of int or None
        Cluster of each case.
    event_word : str
        What an event is.
    clock : str
    """

    ties: Ties
    penalty: str | None
    model_covariance: Floats
    design: Design
    sets: RiskSets
    strata: pd.DataFrame
    centre: Floats
    cluster: Days | None
    event_word: str
    clock: str

    def at_estimate(self) -> Derivatives:
        """Give the likelihood and its sums at the estimate."""
        return derivatives(self.sets, self.design.matrix - self.centre, self.coefficients, self.ties)

    def scores(self) -> Floats:
        """Score residual of one case of each cell."""
        return score_residuals(self.sets, self.design.matrix - self.centre, self.at_estimate())


def cox(
    durations: Durations,
    covariates: str | Sequence[str],
    *,
    ties: Ties = "efron",
    strata: str | Sequence[str] | None = None,
    cluster: str | None = None,
    ways: str | None = None,
    way: str | None = None,
    reference: Mapping[str, str] | None = None,
    penalty: Literal["firth"] | None = None,
    level: float = 0.95,
) -> Cox:
    """Ratios of the daily rate of closing between cases with different covariates.

    Parameters
    ----------
    durations : Durations
        With closing dates known to the day; late entry is allowed.
    covariates : str or sequence of str
        Columns of the durations, or a formula (right-hand side, as statsmodels reads it). Text, categories and
        true/false become indicators of their levels but one, the reference; numbers stay numbers.
    ties : {"efron", "breslow"}
        How closings on one day are handled.
    strata : str or sequence of str, optional
        Columns whose groups have baseline rates of their own.
    cluster : str, optional
        Column that names the cluster of each case, for clustered errors; ``"case_id"`` gives robust ones.
    ways, way : str, optional
        Column of the ways of closing, and the one to model; other closings end the watch (cause-specific rate).
    reference : mapping, optional
        Reference level of a column; by default its most frequent one.
    penalty : {"firth"}, optional
        Firth's penalty: finite estimates where the plain ones are not; intervals and p-values are those of the
        penalised profile likelihood.
    level : float
        Level of the intervals.

    Returns
    -------
    Cox
        Ratios above 1 belong to cases that close sooner.

    Raises
    ------
    Refusal
        When a coefficient has no finite estimate, columns are collinear, nothing closed, or the source cannot
        carry a closing curve.
    ParameterError
        For unknown columns, missing values, or dates or nullable columns as covariates.

    Notes
    -----
    Cox (1972); Efron (1977) and Breslow (1974) for ties; Lin and Wei (1989) for clustered errors, without a
    small-sample factor, as in R's ``coxph``; Heinze and Schemper (2001) for the penalty. Cases are collapsed to
    covariate pattern, days and ending first; the answer is that of a fit case by case. Coefficients are not resampled
    by cluster, as clustered errors answer the same question; medians are, by
    :func:`accountability.delay.cluster_bootstrap`.
    """
    require_open_cases(durations, "Cox's model")
    require_exact(durations, "Cox's model")
    z_critical(level)
    if ties not in ("efron", "breslow"):
        raise ParameterError(f"ties must be 'efron' or 'breslow', found {ties!r}")
    if penalty not in (None, "firth"):
        raise ParameterError(f"penalty must be 'firth' or left out, found {penalty!r}")
    if penalty and cluster is not None:
        raise ParameterError(
            "clustered errors with Firth's penalty are not defined: leave penalty= out and put the groups without "
            "closings together with others, or leave cluster= out and resample clusters (delay.bootstrap) for how far "
            "the medians of such groups can be trusted"
        )
    closed, event_word = closings(durations, ways, way)
    made = covariates_of(durations, covariates, reference)
    require_events(durations, closed, len(made.terms), "Cox's model")
    groups, stratum = group_codes(durations, strata)
    sets = risk_sets(durations.end, durations.entry_time, closed, made, stratum, len(groups))
    code, clusters = clusters_of(durations, cluster)
    centre = made.count @ made.matrix / len(made.pattern)
    matrix = made.matrix - centre
    where = " within the strata" if strata else ""
    null = derivatives(sets, matrix, np.zeros(len(made.terms)), ties)
    if penalty is None:
        refuse_empty_levels(made, sets.at_any_time, sets.closed_pattern, event_word)
    refuse_collinear(made, null.information, float(closed.sum()), where)
    if penalty:
        from accountability.delay.regression.firth import penalised

        return penalised(durations, made, sets, groups, centre, ties, level, event_word)
    try:
        peak = maximise(sets, matrix, ties)
    except Separation as endless:
        raise refuse_endless(made, endless.direction, event_word) from endless
    bread: Floats = np.linalg.inv(peak.information).astype(float)
    covariance = bread
    if clusters is not None:
        at_peak = derivatives(sets, matrix, peak.at, ties)
        residual = score_residuals(sets, matrix, at_peak)
        covariance = sandwich(bread, residual, sets.cell, code, clusters, number=sets.number)
    return Cox(
        estimand=f"ratio of the daily rate of {event_word}, by {durations.clock}",
        assumptions=assumptions(cluster, strata),
        method=f"Cox's model, {ties.capitalize()} ties, {errors_word(cluster, clusters)}, Wald intervals",
        table=table_of(made.terms, peak.at, covariance, level, counts_by_term(made, sets.closed_pattern)),
        flow=durations.flow,
        terms=made.terms,
        coefficients=peak.at,
        covariance=covariance,
        log_likelihood=peak.value,
        null_log_likelihood=float(null.value),
        cases=len(durations),
        events=int(closed.sum()),
        clusters=clusters,
        level=level,
        ratio_word=f"ratio of the daily rate of {event_word}",
        ties=ties,
        penalty=None,
        model_covariance=bread,
        design=made,
        sets=sets,
        strata=groups,
        centre=centre,
        cluster=code,
        event_word=event_word,
        clock=durations.clock,
    )


def maximise(sets: RiskSets, matrix: Floats, ties: Ties) -> Optimum:
    """Maximise the partial likelihood."""

    def evaluate(beta: Floats) -> tuple[float, Floats, Floats]:
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            at = derivatives(sets, matrix, beta, ties)
        return float(at.value), at.gradient, at.information

    return newton(evaluate, np.zeros(matrix.shape[1]), lambda step: float(np.abs(matrix @ step).max()))


def score_residuals(sets: RiskSets, matrix: Floats, at: Derivatives) -> Floats:
    """What one case of each cell adds to the gradient, its share of the risk totals included."""
    slots = at.slots
    weight = at.weight[sets.pattern][:, None]
    x = matrix[sets.pattern]
    held = sets.per_cell(slots.sums.a, slots.sums.b)[:, None]
    mean = sets.per_cell(slots.mean_each, slots.mean_tied)
    out = -weight * (x * held - mean)
    done = sets.closed
    slot = sets.last[done] - 1
    out[done] += x[done] - (slots.mean_sum / sets.closings[:, None])[slot]
    return out


def assumptions(cluster: str | None, strata: str | Sequence[str] | None) -> tuple[str, ...]:
    """Say what must hold."""
    names = [strata] if isinstance(strata, str) else list(strata or ())
    apart = f" within {', '.join(names)}" if names else ""
    return (
        f"the ratio of rates of two cases is the same at every age{apart} (test it with delay.proportionality)",
        "the logarithm of the rate adds up over the columns",
        "whether a case is still open at the cut-off tells nothing about how much longer it will take",
        f"cases of different {cluster} are independent" if cluster else "cases are independent of each other",
        "columns not in the model may differ between the groups: the ratios describe, they do not explain",
    )


def errors_word(cluster: str | None, clusters: int | None) -> str:
    """Name the errors."""
    return "model-based errors" if clusters is None else f"errors clustered by {cluster} ({clusters:,} clusters)"
