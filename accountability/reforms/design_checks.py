"""Checks of a panel before a design is estimated: comparison units, months before, enough units."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal, check_number
from accountability.reforms.one_series import ready
from accountability.reforms.panel import Panel
from accountability.results import plural
from accountability.stats.arrays import Floats, Ints

#: Units that are needed in each cohort for a variance, and on each side of a comparison for an interval that holds.
IN_COHORT = 2
ON_A_SIDE = 8


@dataclass(frozen=True, slots=True, eq=False)
class Balanced:
    """The units of a comparison, each observed in every period.

    Attributes
    ----------
    values : array, units by periods
    cohort : array of int
        Cohort number of each unit.
    cohorts, periods : array
    early : int
        Periods of anticipation.
    units : int
        Number of units; more than the rows of `values` if units were affected in groups, whose means are then the rows.
    flow : DataFrame
        ``reason, n``: units left out.
    """

    values: Floats
    cohort: Ints
    cohorts: Floats
    periods: Floats
    early: int
    units: int
    flow: pd.DataFrame

    @property
    def sizes(self) -> Floats:
        """Number of units of each cohort."""
        return np.bincount(self.cohort, minlength=len(self.cohorts)).astype(float)


def compared(
    panel: object,
    function: str,
    outcome: str,
    estimator: str,
    choices: Collection[str],
    anticipation: int | None,
    accept_spillover: bool,
    *,
    before: int = 1,
) -> tuple[Panel, str, int]:
    """Return the panel of a comparison, the declared spillover, and the months of anticipation.

    Raises
    ------
    ParameterError
        If it is not a panel, or for an unknown outcome or estimator.
    Refusal
        As for :func:`early_of`, :func:`require_no_spillover` and :func:`require_comparison`.
    """
    held = ready(panel, f"reforms.{function}")
    held.require(outcome)
    if estimator not in choices:
        raise ParameterError(f"estimator: expected one of {', '.join(choices)}, found {estimator!r}")
    early = early_of(held, anticipation)
    spillover = require_no_spillover(held, accept_spillover)
    require_comparison(held, early, before=before)
    return held, spillover, early


def words(
    panel: Panel, outcome: str, spillover: str, assumption: str, period: str, method: str, cautions: Sequence[str]
) -> dict[str, Any]:
    """Return the words for results of a comparison, without a causal verb if spillover is declared."""
    return {
        "estimand": f"effect of {panel.what()} on {panel.label(outcome)}, by {panel.per} and {period}",
        "assumptions": (assumption, f"no {panel.per} is touched by what happens to another"),
        "method": method,
        "cautions": (*panel.cautions, *cautions),
        "outcome": panel.label(outcome),
        "reform": panel.what(),
        "causal": not spillover,
        "only_if": f"spillover is declared ({spillover})" if spillover else assumption,
    }


def early_of(panel: Panel, anticipation: int | None) -> int:
    """Return the months of anticipation to leave out; the user must name those that the reform declares.

    Raises
    ------
    Refusal
        If the reform declares more than are left out.
    """
    declared = panel.reform.anticipation_months if panel.reform else 0
    if anticipation is not None:
        check_number("anticipation", anticipation, 0, 120, "months from 0 to 120")
    given = anticipation or 0
    if given < declared:
        raise Refusal(
            f"the reform {panel.reform.name if panel.reform else ''} declares that those affected may have acted on it "
            f"{plural(declared, 'month')} before, and {given} are left out: the months just before are no comparison. "
            f"Write anticipation={declared}"
        )
    return given


def require_no_spillover(panel: Panel, accepted: bool) -> str:
    """Return the declared spillover in words, if the user accepts it; else nothing.

    Raises
    ------
    Refusal
        If the reform declares spillover and the user has not accepted it.
    """
    said = panel.reform.spillover if panel.reform else ""
    if said and not accepted:
        raise Refusal(
            f"the reform {panel.reform.name if panel.reform else ''} declares spillover to those it does not affect "
            f"({said}), so they are no comparison. Compare with units it cannot reach, or write "
            "accept_spillover=True: the sentence then claims no effect"
        )
    return said


def require_comparison(panel: Panel, early: int = 0, *, before: int = 1) -> None:
    """Refuse a panel without a comparison.

    Parameters
    ----------
    panel : Panel
    early : int
        Periods of anticipation.
    before : int
        Periods required before the first change.

    Raises
    ------
    Refusal
        If no unit is affected, all are affected at once, or there are too few periods before.
    """
    first, last = panel.periods
    cohorts = panel.cohorts
    within = {c: n for c, n in cohorts.items() if first < c <= last}
    never = sum(n for c, n in cohorts.items() if c > last)
    if not within:
        raise Refusal(
            f"expected units first affected within {panel.month(first)} to {panel.month(last)}, found none among "
            f"{plural(sum(cohorts.values()), panel.per)}: {never:,} not affected by then and "
            f"{sum(cohorts.values()) - never:,} already before. Give reform= with since=, or a longer panel"
        )
    if len(within) == 1 and not never:
        (when,) = within
        raise Refusal(
            f"all are affected at once: {plural(within[when], panel.per)} in {panel.month(when)}, and nobody is left "
            "to "
            "compare with: no design that compares can say what would have been. Add units that are not affected, or "
            "read the series alone: reforms.interrupted_series(panel, ...)"
        )
    room = int(min(within)) - early - first
    if max(int(c) - early - first for c in within) < before:
        raise Refusal(
            f"expected {plural(before, 'period')} or more before a change"
            f"{f' and its {early} of anticipation' if early else ''}, found {max(room, 0)} (the panel begins in "
            f"{panel.month(first)}): whether the groups moved alike before cannot be seen. Begin the panel earlier"
        )


def balanced(panel: Panel, outcome: str, early: int) -> Balanced:
    """Return the units observed in every period whose cohort can be compared.

    Raises
    ------
    Refusal
        If fewer than eight units are left on a side of the comparison.
    """
    values, periods, first_affected = panel.wide(outcome)
    last = periods[-1]
    group = pd.factorize(panel.clusters.groupby(panel.frame["unit"], sort=False, observed=True).first())[0]
    first_affected = np.where(first_affected > last, np.inf, first_affected)
    whole = ~np.isnan(values).any(axis=1)
    always = first_affected - early <= periods[0]
    groups = pd.Series(group[whole & ~always]).groupby(first_affected[whole & ~always]).nunique()
    lone = whole & ~always & np.isin(first_affected, groups.index[groups < IN_COHORT])
    kept = whole & ~always & ~lone
    means = pd.DataFrame(values[kept]).groupby(group[kept]).mean()
    cohorts, number = np.unique(pd.Series(first_affected[kept]).groupby(group[kept]).first(), return_inverse=True)
    flow = pd.DataFrame(
        [
            ("counted", int(kept.sum())),
            (f"{panel.label(outcome)} not observed in every period", int((~whole).sum())),
            ("affected from the panel's first period, or within its anticipation, on", int((whole & always).sum())),
            ("alone in its cohort", int(lone.sum())),
        ],
        columns=["reason", "n"],
    )
    compared = int((number == len(cohorts) - 1).sum()) if len(cohorts) else 0
    lost, early_on, single = (int(count) for count in flow["n"][1:])
    treated = len(means) - compared
    word = "groups" if "cluster" in panel.frame else panel.units
    if min(treated, compared) < ON_A_SIDE:
        raise Refusal(
            f"expected at least {ON_A_SIDE} {word} affected and {ON_A_SIDE} affected last or never, found "
            f"{treated:,} and {compared:,} observed in every period (of {panel.units}, {lost:,} not throughout, "
            f"{early_on:,} affected from the start, {single:,} alone in a cohort): an interval from so few does not "
            "hold. Take more and smaller units, or fewer periods"
        )
    return Balanced(means.to_numpy(), number, cohorts, periods, early, int(kept.sum()), flow)
