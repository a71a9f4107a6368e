"""Cox models whose hazard ratios change with age: one ratio per period, or linear in the logarithm of days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from accountability.delay.regression.cox_model import WHAT, require_ties
from accountability.delay.regression.regression_result import Prepared, Regression, counts_by_term, prepare
from accountability.errors import ParameterError, Refusal
from accountability.stats.arrays import Days, Floats
from accountability.stats.design import Term
from accountability.stats.optimise import Separation, newton, weakest
from accountability.stats.partial_likelihood import Ties, cell_information, derivatives, evaluation, score_residuals
from accountability.stats.risksets import RiskSets, risk_sets
from accountability.stats.separation import INSTEAD
from accountability.stats.split_episodes import Split, split_episodes
from accountability.study.durations import Durations, group_codes
from accountability.study.inputs import takes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ChangingRatios(Regression):
    """Hazard ratios by age; ``table`` as in :class:`Regression`, with one row per period of a term that changes.

    Attributes
    ----------
    periods : tuple of str
        The periods in words; only "log" when the log ratio is linear in the logarithm of days.
    """

    periods: tuple[str, ...]


@takes("durations")
def changing_ratios(
    durations: Durations,
    covariates: str | Sequence[str],
    changing: str | Sequence[str],
    *,
    periods: Sequence[int] | Literal["log"],
    ties: Ties = "efron",
    strata: str | Sequence[str] | None = None,
    cluster: str | None = None,
    causes: str | None = None,
    cause: str | None = None,
    reference: Mapping[str, str] | None = None,
    confidence: float = 0.95,
) -> ChangingRatios:
    """Estimate hazard ratios of closing that change with the age of the case.

    Parameters
    ----------
    durations, covariates, ties, strata, cluster, causes, cause, reference, confidence
        As for :func:`accountability.delay.cox`.
    changing : str or sequence of str
        Columns (or parts of the formula) whose ratios may change.
    periods : sequence of int, or "log"
        First days of the second and later periods, each with its own ratio; or "log" for a ratio that is a power of the
        days: the row "term × log(day + 1)" holds the exponent, the plain row the ratio on day 0.

    Returns
    -------
    ChangingRatios

    Raises
    ------
    Refusal
        As for :func:`accountability.delay.cox`, and for a period without any comparison of cases.
    ParameterError
        For a `changing` that is not in the model, or `periods` that are not increasing days.

    Examples
    --------
    >>> import accountability
    >>> from accountability import delay
    >>> found = delay.changing_ratios(accountability.load("synthetic"), "category", "category", periods=[90])
    >>> found.periods
    ('days 0 to 89', 'from day 90')
    """
    require_ties(ties)
    asked = prepare(
        durations, covariates, WHAT, reference=reference, confidence=confidence, cluster=cluster, causes=causes,
        cause=cause,
    )  # fmt: skip
    made = asked.design
    moving = _moving(asked, changing)
    groups, stratum = group_codes(durations, strata)
    sets = risk_sets(durations.end, durations.entry_time, asked.event, made, stratum, len(groups))
    if isinstance(periods, str):
        if periods != "log":
            raise ParameterError(f"periods must be first days or 'log', found {periods!r}")
        parts, matrix, terms, names = _by_log(sets, asked, moving)
        whole = counts_by_term(made, sets.closed_pattern)
        counts = (np.append(whole[0], whole[0][moving]), np.append(whole[1], whole[1][moving]))
    else:
        parts, matrix, terms, names = _by_period(sets, asked, moving, periods)
        counts = _counts(parts.sets, sets, asked, moving, len(names))
    asked.require_events(WHAT, len(terms))
    null = derivatives(parts.sets, matrix, np.zeros(len(terms)), ties)
    _refuse_flat(terms, null.information, float(asked.event.sum()))
    try:
        evaluate = evaluation(parts.sets, matrix, ties)
        top = newton(evaluate, np.zeros(len(terms)), lambda step: float(np.abs(matrix @ step).max()))
    except Separation as endless:
        name = terms[int(np.argmax(np.abs(endless.direction)))].name
        raise Refusal(
            f"{name} has no finite estimate: on its closing days those that close come from the same side. Use fewer "
            f"periods, or: {INSTEAD}"
        ) from endless
    covariance: Floats = np.linalg.inv(top.information).astype(float)
    free = worth = None
    if asked.clusters is not None:
        at = derivatives(parts.sets, matrix, top.at, ties)
        scores = parts.members @ score_residuals(parts.sets, matrix, at)

        def own() -> Floats:
            each = parts.members @ cell_information(parts.sets, matrix, at).reshape(-1, len(terms) ** 2)
            return np.asarray(each).reshape(-1, len(terms), len(terms))

        covariance, free, worth = asked.weighed(covariance, scores, sets.cell, sets.number, own)
    same = "the ratio is a power of the days" if isinstance(periods, str) else "the ratio is the same within a period"
    return ChangingRatios(
        estimand=f"ratio of the daily rate of {asked.word} by age, by {durations.clock}",
        assumptions=asked.assume(same, "the logarithm of the rate adds up over the columns"),
        method=f"Cox's model, {ties.capitalize()} ties, {asked.errors}, Wald intervals",
        ratio_word=f"ratio of the daily rate of {asked.word}",
        periods=names,
        **asked.fields(
            top.at, covariance, top.value, float(null.value), terms=terms, counts=counts, free=free, effective=worth
        ),
    )


def _moving(asked: Prepared, changing: str | Sequence[str]) -> Days:
    named = [changing] if isinstance(changing, str) else list(changing)
    parts = list(asked.design.parts)
    if not named or not set(named) <= set(parts):
        raise ParameterError(f"changing= must name parts of the model, found {named}; it has {parts}")
    return np.array([place for place, term in enumerate(asked.design.terms) if term.part in named])


def _by_period(
    sets: RiskSets, asked: Prepared, moving: Days, periods: Sequence[int]
) -> tuple[Split, Floats, tuple[Term, ...], tuple[str, ...]]:
    starts = np.asarray(periods)
    if starts.ndim != 1 or not len(starts) or starts.dtype.kind not in "iu" or (np.diff(starts, prepend=0) <= 0).any():
        raise ParameterError(f"periods must be rising first days above 0, e.g. [90, 365]; found {periods!r}")
    number = len(starts) + 1
    edges = [0, *(int(day) for day in starts)]
    names = [f"days {a} to {b - 1}" for a, b in pairwise(edges)] + [f"from day {edges[-1]}"]
    parts = split_episodes(sets, np.searchsorted(starts, sets.day, side="right"), number)
    columns, terms = [], []
    for place, term in enumerate(asked.design.terms):
        column = asked.matrix[:, place]
        if place not in moving:
            columns.append(np.repeat(column, number))
            terms.append(term)
            continue
        for period, name in enumerate(names):
            columns.append(np.kron(column, np.arange(number) == period))
            terms.append(Term(f"{term.name}, {name}", term.part, term.reference))
    return parts, np.column_stack(columns), tuple(terms), tuple(names)


def _by_log(sets: RiskSets, asked: Prepared, moving: Days) -> tuple[Split, Floats, tuple[Term, ...], tuple[str, ...]]:
    days, stretch = np.unique(sets.day, return_inverse=True)
    parts = split_episodes(sets, stretch, len(days))
    growing = [np.kron(asked.matrix[:, place], np.log(days + 1.0)) for place in moving]
    own = [asked.design.terms[place] for place in moving]
    terms = [Term(f"{term.name} × log(day + 1)", term.part, term.reference) for term in own]
    matrix = np.column_stack([np.repeat(asked.matrix, len(days), axis=0), *growing])
    return parts, matrix, (*asked.design.terms, *terms), ("log",)


def _refuse_flat(terms: tuple[Term, ...], information: Floats, events: float) -> None:
    size = np.diag(information)
    flat = [term.name for term, one in zip(terms, size, strict=True) if not one > 1e-12 * events]
    if flat:
        raise Refusal(f"no closing compares cases in {', '.join(flat)}: use fewer periods, or leave the column out")
    if weakest(information)[0] < 1e-10:
        raise Refusal("some of the columns are collinear: leave one of them out")


def _counts(cut_sets: RiskSets, sets: RiskSets, asked: Prepared, moving: Days, periods: int) -> tuple[Days, Days]:
    """Cases and closings with each column not 0; of a period, those at risk in it."""
    made = asked.design
    inside = made.matrix != 0
    at_risk = np.bincount(cut_sets.pattern, cut_sets.number, cut_sets.patterns).reshape(-1, periods)
    closed = cut_sets.closed_pattern.reshape(-1, periods)
    cases, events = counts_by_term(made, sets.closed_pattern)
    out: list[tuple[int, int]] = []
    for place in range(len(made.terms)):
        if place in moving:
            out += zip(at_risk.T @ inside[:, place], closed.T @ inside[:, place], strict=True)
        else:
            out.append((cases[place], events[place]))
    both = np.rint(np.array(out, dtype=float)).astype(np.int64)
    return both[:, 0], both[:, 1]
