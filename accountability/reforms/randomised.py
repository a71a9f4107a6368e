"""Randomised roll-outs: efficient estimates, design-based errors, Fisher's randomisation test."""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np

from accountability.errors import ParameterError, check_number
from accountability.reforms.design_checks import Balanced, balanced, compared, words
from accountability.reforms.effect import Effect, EventStudy, rows
from accountability.reforms.panel import Panel
from accountability.results import percent, plural
from accountability.stats import permutation, rollout

Target = Literal["simple", "cohort", "calendar"]
Comparison = Literal["efficient", "callaway_santanna", "sun_abraham", "none"]

TARGETS: Final = {
    "simple": "mean over all affected units and periods",
    "cohort": "mean of each cohort, by its size",
    "calendar": "mean of each period, evenly",
}
#: How much of the difference before is taken away; ``None`` for as much as makes the variance smallest.
BETA: Final[dict[str, float | None]] = {"efficient": None, "callaway_santanna": 1.0, "sun_abraham": 1.0, "none": 0.0}
NAMED: Final = {
    "efficient": "efficient estimator",
    "callaway_santanna": "comparison of Callaway and Sant'Anna",
    "sun_abraham": "comparison of Sun and Abraham",
    "none": "difference of means",
}
METHOD: Final = (
    "{estimator} (Roth and Sant'Anna 2023), errors by design, intervals by Student's t with Satterthwaite's degrees "
    "of freedom"
)
LOT: Final = "the time at which each {per} was first affected was drawn by lot and nobody acted on it before"


def rollout_effect(
    panel: Panel,
    outcome: str,
    *,
    target: Target = "simple",
    estimator: Comparison = "efficient",
    draws: int = 0,
    anticipation: int | None = None,
    accept_spillover: bool = False,
    confidence: float = 0.95,
    seed: int = 20130206,
) -> Effect:
    """Estimate the effect of a reform with a randomised order of roll-out.

    Parameters
    ----------
    panel : Panel
        Panel with at least two cohorts, one of which may be never affected.
    outcome : str
        One of its outcomes; the estimate has its unit.
    target : {"simple", "cohort", "calendar"}
        Weights: all affected units and periods, cohorts by size, or periods equally.
    estimator : {"efficient", "callaway_santanna", "sun_abraham", "none"}
        Adjustment for the difference before: the coefficient of least variance, all of it, all of it relative to the
        last cohort only, or none.
    draws : int
        Permutations of the order for Fisher's test of no effect on anybody; none when 0.
    anticipation : int, optional
        Months before in which units may have acted on it; these are left out.
    accept_spillover : bool
        Whether to estimate although the reform declares spillover.
    confidence, seed
        Level of the intervals, seed of the permutations.

    Returns
    -------
    Effect
        One row. ``std_error`` is design-based, ``neyman_error`` the larger Neyman error; ``p_value`` is by Student's t,
        ``fisher_p_value`` by permutation, if any.

    Raises
    ------
    Refusal
        Without a comparison, with too few units, or with unhandled anticipation or spillover of the reform.
    ParameterError
        If it is not a panel, or for an unknown choice.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from accountability import reforms
    >>> rng = np.random.default_rng(1)
    >>> roster = pd.DataFrame({"officer": np.arange(60), "trained": np.repeat([4, 6, np.inf], 20)})
    >>> kept = roster.merge(pd.DataFrame({"month": range(1, 9)}), how="cross")
    >>> kept["complaints"] = rng.poisson(1, len(kept)) - 0.5 * (kept["month"] >= kept["trained"])
    >>> panel = reforms.panel_from_frame(kept, ["complaints"], unit="officer", period="month", cohort="trained")
    >>> round(float(reforms.rollout_effect(panel, "complaints").table["estimate"].iloc[0]), 1)
    -0.5
    """
    given, spillover = _asked(panel, "rollout_effect", outcome, estimator, anticipation, accept_spillover)
    if target not in TARGETS:
        raise ParameterError(f"target: expected one of {', '.join(TARGETS)}, found {target!r}")
    check_number("draws", draws, 0, 100_000, "permutations from 0 to 100,000")
    weights = rollout.weighted(target, given.cohorts, given.sizes, given.periods, given.early)
    what, found = _estimated(given, [weights], estimator)
    table = rows(
        {"quantity": [TARGETS[target]]}, found.estimate, found.std_error, confidence, n=given.units,
        clusters=len(given.values), free=found.free,
    )  # fmt: skip
    table["neyman_error"] = found.neyman
    if draws:
        drawn = rollout.permuted(given.values, given.cohort, given.sizes, what, draws, seed, BETA[estimator])
        seen = np.abs(found.estimate / found.neyman)
        table["fisher_p_value"] = permutation.p_value(drawn, seen)
    return Effect(table=table, **_words(panel, outcome, given, spillover, estimator, confidence, draws))


def rollout_months(
    panel: Panel,
    outcome: str,
    *,
    before: int = 6,
    after: int = 12,
    estimator: Comparison = "efficient",
    anticipation: int | None = None,
    accept_spillover: bool = False,
    confidence: float = 0.95,
) -> EventStudy:
    """Estimate the effect by months since each unit was first affected, with a randomised order.

    Parameters
    ----------
    panel, outcome, estimator, anticipation, accept_spillover, confidence
        As for :func:`rollout_effect`.
    before, after : int
        Months shown before and after, without months in which no cohort can be compared. The last month before (and
        before the anticipation) is the reference.

    Returns
    -------
    EventStudy

    Raises
    ------
    Refusal, ParameterError
        As for :func:`rollout_effect`.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from accountability import reforms
    >>> rng = np.random.default_rng(1)
    >>> roster = pd.DataFrame({"officer": np.arange(60), "trained": np.repeat([4, 6, np.inf], 20)})
    >>> kept = roster.merge(pd.DataFrame({"month": range(1, 9)}), how="cross")
    >>> kept["complaints"] = rng.poisson(1, len(kept))
    >>> panel = reforms.panel_from_frame(kept, ["complaints"], unit="officer", period="month", cohort="trained")
    >>> reforms.rollout_months(panel, "complaints", before=2, after=2).table["event_time"].tolist()
    [-2, 0, 1, 2]
    """
    given, spillover = _asked(panel, "rollout_months", outcome, estimator, anticipation, accept_spillover)
    check_number("before", before, 0, 600, "months from 0 to 600")
    check_number("after", after, 0, 600, "months from 0 to 600")
    base = -1 - given.early
    held = {
        time: weights
        for time in range(-before, after + 1)
        if time != base and (weights := rollout.since(time, given.cohorts, given.sizes, given.periods, given.early))
    }
    _, found = _estimated(given, list(held.values()), estimator)
    each = given.units / len(given.values)
    counted = [round(each * sum(given.sizes[g] for g, _ in weights)) for weights in held.values()]
    table = rows(
        {"event_time": list(held)}, found.estimate, found.std_error, confidence, n=counted,
        clusters=len(given.values), free=found.free,
    )  # fmt: skip
    told = _words(panel, outcome, given, spillover, estimator, confidence, 0)
    overall = rollout_effect(
        panel, outcome, estimator=estimator, anticipation=anticipation, accept_spillover=accept_spillover,
        confidence=confidence,
    )  # fmt: skip
    return EventStudy(table=table, overall=overall, **told)


def _asked(
    panel: object, function: str, outcome: str, estimator: str, anticipation: int | None, accept_spillover: bool
) -> tuple[Balanced, str]:
    """The units compared, and what the reform declares of spillover."""
    held, spillover, early = compared(panel, function, outcome, estimator, BETA, anticipation, accept_spillover)
    return balanced(held, outcome, early), spillover


def _estimated(
    given: Balanced, weights: list[rollout.Weights], estimator: str
) -> tuple[rollout.Contrasts, rollout.Estimated]:
    what = rollout.contrasts(
        weights, given.cohorts, given.sizes, given.periods, last_only=estimator == "sun_abraham", early=given.early
    )
    return what, rollout.estimated(given.values, given.cohort, given.cohorts, given.periods, what, BETA[estimator])


def _words(
    panel: Panel, outcome: str, given: Balanced, spillover: str, estimator: str, confidence: float, draws: int
) -> dict[str, Any]:
    """What is said of every result of this design."""
    lost = int(given.flow["n"].iloc[1])
    whole = int(given.flow["n"].sum())
    cautions = [
        f"left out: {lost:,} of {plural(whole, panel.per)} ({percent(lost / whole)}), not observed in every period; "
        "if the reform made some leave, those who stayed are not alike"
    ]
    test = f"; Fisher's test from {draws:,} permutations of the order, studentised" if draws else ""
    method = METHOD.format(estimator=NAMED[estimator]) + test
    told = words(panel, outcome, spillover, LOT.format(per=panel.per), "period", method, cautions if lost else ())
    return told | {"flow": given.flow, "confidence": confidence}
