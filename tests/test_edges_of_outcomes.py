"""Records at an edge (all, none, one case, one group, one event a group): no interval of width zero, no `nan` said."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import accountability
from accountability import Cohort, audit, outcomes
from accountability import officers as of_officers
from accountability.errors import AccountabilityError
from accountability.results import Result

ENDS = [
    (f"{what}lower{place}", f"{what}upper{place}")
    for what in ("", "difference_", "ratio_", "contribution_", "interval_")
    for place in ("", "_first", "_second")
]
GROUP = "complainant"
GROUPS = (GROUP, "internal", "public")


@functools.cache
def agency() -> Cohort:
    """Two hundred cases of the bundled agency."""
    whole = Cohort.of(accountability.load("synthetic"))
    return whole.keep_if(lambda cases: pd.Series(np.arange(len(cases)) % 25 == 0, cases.index), because="fewer")


def with_values(**columns: object) -> Cohort:
    held = agency()
    return replace(held, allegations=held.allegations.assign(**columns))


def one_a_group() -> Cohort:
    held = agency()
    group = held.allegations["case_id"].map(held.cases.set_index("case_id")[GROUP])
    first = ~group.duplicated()
    return with_values(
        finding=pd.Series(np.where(first, "sustained", "unfounded"), held.allegations.index, dtype="str")
    )


def kept(number: int) -> Cohort:
    ids = list(agency().cases["case_id"][:number])
    return agency().keep_if(lambda cases: cases["case_id"].isin(ids), because="few", decided_by=())


EDGES: dict[str, Callable[[], Cohort]] = {
    "all sustained": lambda: with_values(finding="sustained"),
    "none sustained": lambda: with_values(finding="unfounded"),
    "all pending": lambda: with_values(finding="pending", imposed_penalty="pending"),
    "one penalty": lambda: with_values(
        finding="sustained", imposed_penalty="reprimand", recommended_penalty="reprimand"
    ),
    "one a group": one_a_group,
    "one officer": lambda: with_values(officer_id=agency().allegations["officer_id"].iloc[0]),
    "an officer a row": lambda: with_values(officer_id=[f"o{k}" for k in range(len(agency().allegations))]),
    "one case": lambda: kept(1),
    "two cases": lambda: kept(2),
    "one group": lambda: replace(agency(), cases=agency().cases.assign(**{GROUP: "public"})),
}
CALLS: dict[str, Callable[[Cohort], object]] = {
    "outcome_distribution": lambda held: outcomes.outcome_distribution(held, GROUP, min_cell=1),
    "sustained_by_unit": outcomes.sustained_by_unit,
    "changes": lambda held: outcomes.changes(held, min_cell=1),
    "waterfall": lambda held: outcomes.waterfall(held, "detail", min_cell=1),
    "penalty_reductions": lambda held: outcomes.penalty_reductions(held, GROUP, min_cell=1),
    "decompose_gap": lambda held: outcomes.decompose_gap(held, *GROUPS, covariates="category", min_cell=1),
    "by_unit": lambda held: outcomes.by_unit(held, *GROUPS, min_cell=1),
    "sustained_logit": lambda held: outcomes.sustained_logit(held, GROUP, min_cell=1, min_group=1),
    "sustained_mixed_logit": lambda held: outcomes.sustained_mixed_logit(held, GROUP, "squad", nodes=3, min_group=1),
    "penalty_ordered_logit": lambda held: outcomes.penalty_ordered_logit(held, GROUP, min_group=1),
    "proportional_odds": lambda held: outcomes.proportional_odds(held, GROUP, min_group=1),
    "outcome_multinomial": lambda held: outcomes.outcome_multinomial(held, GROUP, min_group=1),
    "days_hurdle": lambda held: outcomes.days_hurdle(held, GROUP, min_group=1),
    "delay_and_penalty": lambda held: outcomes.delay_and_penalty(held, landmarks=[180], min_cell=1),
    "against_chance": lambda held: of_officers.against_chance(held, draws=99),
    "contagion": lambda held: of_officers.contagion(held, permutations=99),
    "co_accusals": of_officers.co_accusals,
    "two_periods": lambda held: of_officers.two_periods(held, "2012-01-01"),
    "persistence": lambda held: of_officers.persistence(of_officers.two_periods(held, "2012-01-01"), draws=99),
    "top_k_validation": lambda held: of_officers.top_k_validation(
        of_officers.two_periods(held, "2012-01-01"), draws=99
    ),
    "mean_cumulative_function": of_officers.mean_cumulative_function,
    "repeat_rates": lambda held: of_officers.repeat_rates(held, "number"),
    "accusations_per_officer": of_officers.accusations_per_officer,
    "gini": of_officers.gini,
    "lorenz": of_officers.lorenz,
    "top_share": of_officers.top_share,
    "empirical_bayes": of_officers.empirical_bayes,
    "variance_components": lambda held: of_officers.variance_components(held, draws=99),
    **{
        name: getattr(audit, name)
        for name in (
            "drift",
            "mass_closures",
            "heaping",
            "impossible",
            "missing",
            "coverage",
            "precision",
            "duplicates",
        )
    },
    "penalty_days": audit.penalty_days,
    "audit": audit.audit,
    "needs": audit.needs,
}


def width_zero(table: pd.DataFrame) -> list[str]:
    found = []
    for low, high in ENDS:
        if low in table and high in table and table[low].dtype.kind in "iuf":
            lower, upper = (table[name].astype("float64") for name in (low, high))
            found += [f"{low} {value:g}" for value in lower[lower == upper]]
    return found


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("name", CALLS)
def test_an_edge_gives_no_interval_of_width_zero_and_no_sentence_with_nan(name: str, edge: str) -> None:
    try:
        result = CALLS[name](EDGES[edge]())
    except AccountabilityError:
        return  # a refusal in words is what such records may get
    if isinstance(result, Result):
        assert width_zero(result.true_numbers()) == []
        words = result.sentence().casefold().replace(",", " ").replace("(", " ").split()
        assert not {"nan", "<na>", "inf", "-inf"} & set(words), result.sentence()
