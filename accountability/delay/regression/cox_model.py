"""The Cox model of closing: late entry, ties, strata, clustered errors, Firth's penalty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from accountability.delay.regression.regression_result import Regression, changing_first, prepare
from accountability.errors import ParameterError, Refusal
from accountability.stats.arrays import Days, Floats
from accountability.stats.change_with_age import PullOfAge
from accountability.stats.design import Design
from accountability.stats.firth import penalised
from accountability.stats.intervals import p_chi2
from accountability.stats.partial_likelihood import (
    Derivatives,
    Ties,
    cell_information,
    derivatives,
    evaluation,
    score_residuals,
)
from accountability.stats.risksets import RiskSets, risk_sets
from accountability.stats.separation import refuse_collinear, refuse_empty_levels
from accountability.study.durations import Durations, group_codes
from accountability.study.inputs import takes

WHAT = "Cox's model"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Cox(Regression):
    """A fitted Cox model; ``table`` as in :class:`Regression`.

    Attributes
    ----------
    ties : str
        "efron" or "breslow".
    penalty : str or None
        "firth" or nothing.
    model_covariance : array
        The inverse information (not clustered).
    design : Design
    sets : RiskSets
    strata : pandas.DataFrame
        One row per stratum.
    centre : array
        Means of the model's columns, subtracted before the fit.
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

    @property
    def matrix(self) -> Floats:
        """The model's columns minus their means, one row per pattern."""
        return self.design.matrix - self.centre

    def sentence(self) -> str:
        """State first where proportional hazards fail, then the ratios with their intervals."""
        read = "delay.changing_ratios or delay.restricted_mean"
        return changing_first(self._changes_with_age(), self.confidence, read, super().sentence())

    def _changes_with_age(self) -> float:
        """p-value of the test that any ratio changes with age; 1 where the closings cannot tell."""
        every = np.ones(len(self.terms), dtype=bool)
        try:
            statistic = PullOfAge.of(self.sets, self.matrix, self.at_estimate(), "km").statistic(every, "all")
        except Refusal:
            return 1.0
        return p_chi2(statistic, len(self.terms))

    def at_estimate(self) -> Derivatives:
        """Return the likelihood and its derivatives at the estimate."""
        return derivatives(self.sets, self.matrix, self.coefficients, self.ties)

    def scores(self) -> Floats:
        """Return the score residual of one case of each cell."""
        return score_residuals(self.sets, self.matrix, self.at_estimate())


@takes("durations")
def cox(
    durations: Durations,
    covariates: str | Sequence[str],
    *,
    ties: Ties = "efron",
    strata: str | Sequence[str] | None = None,
    cluster: str | None = None,
    causes: str | None = None,
    cause: str | None = None,
    reference: Mapping[str, str] | None = None,
    penalty: Literal["firth"] | None = None,
    confidence: float = 0.95,
) -> Cox:
    """Estimate hazard ratios of closing between cases with different covariates (Cox model).

    Parameters
    ----------
    durations : Durations, Cohort or Dataset
        With closing dates known to the day; late entry is allowed.
    covariates : str or sequence of str
        Columns of the durations, or a formula (right-hand side, as statsmodels reads it). Text, categories and
        true/false become indicators of all levels but the reference; numbers stay numbers.
    ties : {"efron", "breslow"}
        How closings on one day are handled.
    strata : str or sequence of str, optional
        Columns whose groups have their own baseline rates.
    cluster : str, optional
        Column that names the cluster of each case, for clustered errors; ``"case_id"`` gives robust ones. Where a ratio
        rests on up to 200 effective clusters, errors are CR3; intervals are Student's t with Satterthwaite's degrees of
        freedom.
    causes, cause : str, optional
        Column of the causes of closing, and the one to model; other closings are censored (cause-specific hazard).
    reference : mapping, optional
        Reference level of a column; by default its most frequent one.
    penalty : {"firth"}, optional
        Firth's penalty: finite estimates where the plain ones are not; intervals and p-values are those of the
        penalised profile likelihood.
    confidence : float
        Confidence of the intervals.

    Returns
    -------
    Cox
        Ratios above 1 mean that cases close sooner.

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
    small-sample factor, as in R's ``coxph``; where a ratio rests on up to 200 effective clusters they are corrected by
    each cluster's share of the information (Mancl and DeRouen 2001): uncorrected, a true null is rejected in 20 % of
    samples of 8 clusters at 5 %.
    Heinze and Schemper (2001) for the penalty. Cases are first collapsed to covariate pattern, days and ending, which
    gives the same answer.

    Examples
    --------
    >>> import accountability
    >>> from accountability import delay
    >>> model = delay.cox(accountability.load("synthetic"), "category")
    >>> model.table[["term", "n", "events"]].head(2).to_dict("list")
    {'term': ['category=Force', 'category=Neglect'], 'n': [1010, 1141], 'events': [845, 1098]}
    """
    require_ties(ties)
    if penalty not in (None, "firth"):
        raise ParameterError(f"penalty must be 'firth' or left out, found {penalty!r}")
    if penalty and cluster is not None:
        raise ParameterError(
            "clustered errors with Firth's penalty are not defined: leave penalty= out and put the groups without "
            "closings together with others, or leave cluster= out and resample clusters (delay.bootstrap) for how far "
            "the medians of such groups can be trusted"
        )
    asked = prepare(
        durations, covariates, WHAT, reference=reference, confidence=confidence, cluster=cluster, causes=causes,
        cause=cause,
    )  # fmt: skip
    asked.require_events(WHAT)
    made, matrix = asked.design, asked.matrix
    groups, stratum = group_codes(durations, strata)
    sets = risk_sets(durations.end, durations.entry_time, asked.event, made, stratum, len(groups))
    null = derivatives(sets, matrix, np.zeros(len(made.terms)), ties)
    if penalty is None:
        refuse_empty_levels(made, sets.at_any_time, sets.closed_pattern, asked.word)
    refuse_collinear(made, null.information, float(asked.event.sum()), " within the strata" if strata else "")
    firth = penalised(sets, matrix, ties, confidence) if penalty else None
    top = firth.top if firth else asked.maximise(evaluation(sets, matrix, ties, null))
    bread: Floats = firth.covariance if firth else np.linalg.inv(top.information).astype(float)
    errors = "Firth's penalty, profile penalised likelihood" if firth else f"{asked.errors}, Wald"
    covariance, free, effective = bread, None, None
    if asked.clusters is not None:
        at = derivatives(sets, matrix, top.at, ties)
        scores = score_residuals(sets, matrix, at)
        covariance, free, effective = asked.weighed(
            bread, scores, sets.cell, sets.number, lambda: cell_information(sets, matrix, at)
        )
    common = asked.fields(
        top.at, covariance, top.value, firth.null if firth else float(null.value), free=free, effective=effective
    )
    if firth:
        ends = {"lower": np.exp(firth.lower), "upper": np.exp(firth.upper), "p_value": firth.p_value}
        common["table"] = common["table"].assign(**ends)
    return Cox(
        estimand=f"ratio of the daily rate of {asked.word}, by {durations.clock}",
        assumptions=asked.assume(same_at_every_age(strata), "the logarithm of the rate adds up over the columns"),
        method=f"Cox's model, {ties.capitalize()} ties, {errors} intervals",
        ratio_word=f"ratio of the daily rate of {asked.word}",
        ties=ties,
        penalty=penalty,
        model_covariance=bread,
        design=made,
        sets=sets,
        strata=groups,
        centre=asked.centre,
        cluster=asked.cluster,
        event_word=asked.word,
        clock=durations.clock,
        **common,
    )


def require_model(model: object, called: str) -> None:
    """Refuse anything but a fitted Cox model, with the line that fits one."""
    if not isinstance(model, Cox):
        raise ParameterError(
            f"delay.{called} needs a fitted Cox model, and was given an object of type {type(model).__name__}. Fit one "
            f"first:\n    model = delay.cox(data, 'category')\n    delay.{called}(model, ...)"
        )


def require_ties(ties: str) -> None:
    """Refuse an unknown handling of ties."""
    if ties not in ("efron", "breslow"):
        raise ParameterError(f"ties must be 'efron' or 'breslow', found {ties!r}")


def same_at_every_age(strata: str | Sequence[str] | None) -> str:
    """Return the assumption that the hazard ratio is the same at every age."""
    names = [strata] if isinstance(strata, str) else list(strata or ())
    apart = f" within {', '.join(names)}" if names else ""
    return f"the ratio of rates of two cases is the same at every age{apart} (test it with delay.proportionality)"
