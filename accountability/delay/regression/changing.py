"""Ratios of rates that change with age: one for each period, or along the logarithm of the days."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from accountability.delay.access import require_exact, require_open_cases
from accountability.delay.regression.cox_model import assumptions, errors_word, maximise, score_residuals
from accountability.delay.regression.regression_result import (
    Regression,
    closings,
    clusters_of,
    counts_by_term,
    covariates_of,
    require_events,
    table_of,
)
from accountability.errors import ParameterError, Refusal
from accountability.stats.arrays import Days, Floats
from accountability.stats.design import Design, Term
from accountability.stats.intervals import z_critical
from accountability.stats.optimise import Separation
from accountability.stats.partial_likelihood import Ties, derivatives
from accountability.stats.risksets import RiskSets, risk_sets
from accountability.stats.sandwich import sandwich
from accountability.stats.separation import INSTEAD
from accountability.stats.split_episodes import Cut, cut
from accountability.study.durations import Durations, group_codes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ChangingRatios(Regression):
    """Ratios by age; ``table`` as :class:`Regression`, with one row for each period of a term that changes.

    Attributes
    ----------
    periods : tuple of str
        The periods in words; one, "log", when the ratio changes along the logarithm of the days.
    """

    periods: tuple[str, ...]


def changing_ratios(
    durations: Durations,
    covariates: str | Sequence[str],
    changing: str | Sequence[str],
    *,
    periods: Sequence[int] | Literal["log"],
    ties: Ties = "efron",
    strata: str | Sequence[str] | None = None,
    cluster: str | None = None,
    ways: str | None = None,
    way: str | None = None,
    reference: Mapping[str, str] | None = None,
    level: float = 0.95,
) -> ChangingRatios:
    """Ratios of the daily rate of closing that change as cases grow old.

    Parameters
    ----------
    durations, covariates, ties, strata, cluster, ways, way, reference, level
        As for :func:`accountability.delay.regression.cox_model`.
    changing : str or sequence of str
        Columns (or parts of the formula) whose ratios may change.
    periods : sequence of int, or "log"
        First days of the second and later periods, each of which gets a ratio of its own; or "log" for a ratio that
        is a power of the days: the row "term × log(day + 1)" is its exponent, the plain row the ratio on day 0.

    Returns
    -------
    ChangingRatios

    Raises
    ------
    Refusal
        As :func:`accountability.delay.regression.cox_model`; a period in which nothing compares cases has no ratio.
    ParameterError
        For a `changing` that is not in the model or periods that are not rising days.
    """
    require_open_cases(durations, "Cox's model")
    require_exact(durations, "Cox's model")
    z_critical(level)
    if ties not in ("efron", "breslow"):
        raise ParameterError(f"ties must be 'efron' or 'breslow', found {ties!r}")
    closed, event_word = closings(durations, ways, way)
    made = covariates_of(durations, covariates, reference)
    moving = _moving(made, changing)
    groups, stratum = group_codes(durations, strata)
    sets = risk_sets(durations.end, durations.entry_time, closed, made, stratum, len(groups))
    centre = made.count @ made.matrix / len(made.pattern)
    if isinstance(periods, str):
        if periods != "log":
            raise ParameterError(f"periods must be first days or 'log', found {periods!r}")
        parts, matrix, terms, names = _by_log(sets, made, centre, moving)
        whole = counts_by_term(made, sets.closed_pattern)
        counts = (np.append(whole[0], whole[0][moving]), np.append(whole[1], whole[1][moving]))
    else:
        parts, matrix, terms, names = _by_period(sets, made, centre, moving, periods)
        counts = _counts(parts.sets, sets, made, moving, len(names))
    require_events(durations, closed, len(terms), "Cox's model")
    null = derivatives(parts.sets, matrix, np.zeros(len(terms)), ties)
    _refuse_flat(terms, null.information, float(closed.sum()))
    try:
        peak = maximise(parts.sets, matrix, ties)
    except Separation as endless:
        name = terms[int(np.argmax(np.abs(endless.direction)))].name
        raise Refusal(
            f"{name} has no finite estimate: on its closing days those that close come from the same side. Use fewer "
            f"periods, or: {INSTEAD}"
        ) from endless
    bread: Floats = np.linalg.inv(peak.information).astype(float)
    covariance = bread
    code, clusters = clusters_of(durations, cluster)
    if clusters is not None:
        residual = score_residuals(parts.sets, matrix, derivatives(parts.sets, matrix, peak.at, ties))
        covariance = sandwich(bread, parts.members @ residual, sets.cell, code, clusters, number=sets.number)
    return ChangingRatios(
        estimand=f"ratio of the daily rate of {event_word} by age, by {durations.clock}",
        assumptions=(
            "the ratio is a power of the days" if isinstance(periods, str) else "the ratio is the same within a period",
            *assumptions(cluster, strata)[1:],
        ),
        method=f"Cox's model, {ties.capitalize()} ties, {errors_word(cluster, clusters)}, Wald intervals",
        table=table_of(terms, peak.at, covariance, level, counts),
        flow=durations.flow,
        terms=terms,
        coefficients=peak.at,
        covariance=covariance,
        log_likelihood=peak.value,
        null_log_likelihood=float(null.value),
        cases=len(durations),
        events=int(closed.sum()),
        clusters=clusters,
        level=level,
        ratio_word=f"ratio of the daily rate of {event_word}",
        periods=names,
    )


def _moving(made: Design, changing: str | Sequence[str]) -> Days:
    asked = [changing] if isinstance(changing, str) else list(changing)
    parts = list(dict.fromkeys(term.part for term in made.terms))
    unknown = [name for name in asked if name not in parts]
    if unknown or not asked:
        raise ParameterError(f"changing= must name parts of the model, found {asked}; it has {parts}")
    return np.array([place for place, term in enumerate(made.terms) if term.part in asked])


def _by_period(
    sets: RiskSets, made: Design, centre: Floats, moving: Days, periods: Sequence[int]
) -> tuple[Cut, Floats, tuple[Term, ...], tuple[str, ...]]:
    starts = np.asarray(periods)
    if starts.ndim != 1 or not len(starts) or starts.dtype.kind not in "iu" or (np.diff(starts, prepend=0) <= 0).any():
        raise ParameterError(f"periods must be rising first days above 0, e.g. [90, 365]; found {periods!r}")
    number = len(starts) + 1
    edges = [0, *(int(day) for day in starts)]
    names = [f"days {a} to {b - 1}" for a, b in pairwise(edges)] + [f"from day {edges[-1]}"]
    parts = cut(sets, np.searchsorted(starts, sets.day, side="right"), number)
    columns, terms = [], []
    for place, term in enumerate(made.terms):
        column = made.matrix[:, place] - centre[place]
        if place not in moving:
            columns.append(np.repeat(column, number))
            terms.append(term)
            continue
        for period, name in enumerate(names):
            columns.append(np.kron(column, np.arange(number) == period))
            terms.append(Term(f"{term.name}, {name}", term.part, term.reference))
    return parts, np.column_stack(columns), tuple(terms), tuple(names)


def _by_log(
    sets: RiskSets, made: Design, centre: Floats, moving: Days
) -> tuple[Cut, Floats, tuple[Term, ...], tuple[str, ...]]:
    days, stretch = np.unique(sets.day, return_inverse=True)
    parts = cut(sets, stretch, len(days))
    centred = made.matrix - centre
    growing = [np.kron(centred[:, place], np.log(days + 1.0)) for place in moving]
    terms = [Term(f"{made.terms[p].name} × log(day + 1)", made.terms[p].part, made.terms[p].reference) for p in moving]
    matrix = np.column_stack([np.repeat(centred, len(days), axis=0), *growing])
    return parts, matrix, (*made.terms, *terms), ("log",)


def _refuse_flat(terms: tuple[Term, ...], information: Floats, events: float) -> None:
    size = np.diag(information)
    flat = [term.name for term, one in zip(terms, size, strict=True) if not one > 1e-12 * events]
    if flat:
        raise Refusal(f"no closing compares cases in {', '.join(flat)}: use fewer periods, or leave the column out")
    scale = np.sqrt(size)
    if np.linalg.eigvalsh(information / np.outer(scale, scale))[0] < 1e-10:
        raise Refusal("some of the columns say the same thing twice (they are collinear): leave one of them out")


def _counts(cut_sets: RiskSets, sets: RiskSets, made: Design, moving: Days, periods: int) -> tuple[Days, Days]:
    """Cases and closings with each column not 0; of a period, those at risk in it."""
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
