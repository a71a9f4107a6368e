"""Questions of outcome: differences between two groups in shares of an outcome and in the mean rung of penalties."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.multiverse.choices import Choice, one_of
from accountability.multiverse.delay_question import UNITS
from accountability.multiverse.question import Prepared, Question, summed
from accountability.outcomes import Ladder
from accountability.parameters import nearest
from accountability.records.units import roll_up
from accountability.stats.arrays import Flags, Floats
from accountability.study.cohort import Cohort
from accountability.vocabulary import PENALTY_LADDER

SUSTAINED: Final = "sustained"
LADDERS: Final = {ladder.name: ladder for ladder in Ladder.variants()}


def _ladder(option: object) -> Ladder:
    if isinstance(option, Ladder):
        return option
    if option not in LADDERS:
        raise ParameterError(f"ladder={option!r}: no such order. {nearest(str(option), LADDERS)}")
    return LADDERS[str(option)]


def _share(cohort: Cohort, values: Mapping[str, Any], positions: Mapping[str, int]) -> Prepared:
    """Count units and outcomes of every case."""
    rows = _units_of(cohort, values)
    finding = rows["finding"]
    counted = finding.notna() & finding.ne("pending")
    if values["outcome"] == SUSTAINED:
        hits = finding.eq(SUSTAINED)
    else:
        penalty = _penalty(rows, "imposed", cohort)
        order = values["ladder"].order
        hits = penalty.isin(order[order.index(values["outcome"]) :])
        counted &= ~penalty.eq("pending").fillna(False)
    flags = hits.fillna(False).to_numpy(dtype=bool)
    inside = counted.to_numpy(dtype=bool) if values["denominator"] == "decided" else np.ones(len(rows), dtype=bool)
    place = rows["case_id"].map(positions).to_numpy(dtype=np.int64)
    units = summed(place, inside.astype(np.float64), len(positions))
    with_it = summed(place, (flags & inside).astype(np.float64), len(positions))
    return Prepared(units, with_it, _ratio(with_it, units, 100.0), "one of the groups has no unit")


def _mean_rung(cohort: Cohort, values: Mapping[str, Any], positions: Mapping[str, int]) -> Prepared:
    """Add up the rungs of every case."""
    rows = _units_of(cohort, values)
    rungs = values["ladder"].rungs(_penalty(rows, values["stage"], cohort))
    inside = rungs.notna() & (rows["finding"].eq("sustained").fillna(False) | (values["among"] == "all"))
    flags = inside.to_numpy(dtype=bool)
    place = rows["case_id"].map(positions).to_numpy(dtype=np.int64)[flags]
    units = summed(place, np.ones(len(place)), len(positions))
    sums = summed(place, rungs[flags].to_numpy(dtype=np.float64), len(positions))
    return Prepared(units, None, _ratio(sums, units, 1.0), "one of the groups has no penalty on the ladder")


def _units_of(cohort: Cohort, values: Mapping[str, Any]) -> pd.DataFrame:
    if "finding" not in cohort.allegations:
        raise Refusal(f"{cohort.name} holds no finding")
    held = str(getattr(cohort.card, "unit", ""))
    return roll_up(cohort.allegations, held, values["unit"], rank=values["ladder"].severity_rank)


def _penalty(rows: pd.DataFrame, stage: str, cohort: Cohort) -> pd.Series:
    if f"{stage}_penalty" not in rows:
        raise Refusal(f"{cohort.name} holds no {stage} penalty")
    return rows[f"{stage}_penalty"]


def _ratio(above: Floats, below: Floats, times: float) -> Callable[[Flags], Floats]:
    totals = np.array([above.sum(), below.sum()])

    def compare(first: Flags) -> Floats:
        one = np.array([above[first].sum(), below[first].sum()])
        both = np.array([one, totals - one])
        with np.errstate(invalid="ignore", divide="ignore"):
            return times * both[:, 0] / both[:, 1]

    return compare


#: By how many percentage points the share of two groups with an outcome differs. An outcome is ``sustained``, or an
#: imposed penalty of at least a rung; of several rows of a unit the heaviest counts. ``decided`` are units with a
#: finding, and for a penalty one that no longer waits.
SHARE: Final = Question(
    name="share",
    measure="share with the outcome",
    unit="percentage points",
    choices={
        "outcome": one_of("outcome", (SUSTAINED, *(term for term in PENALTY_LADDER if term != "none"))),
        "denominator": one_of("denominator", ("decided", "all")),
        "unit": one_of("unit", UNITS),
        "ladder": Choice(Ladder().name, _ladder),
    },
    prepare=_share,
    # Whether a unit is sustained does not depend on the order of penalties.
    moot=lambda values: {"ladder"} if values["outcome"] == SUSTAINED else set(),
)

#: By how many rungs of the ladder the mean penalty of two groups differs, among units with a penalty on it. A mean of
#: rungs takes the steps of the ladder to be alike; that is an assumption, for those who make it.
MEAN_RUNG: Final = Question(
    name="mean_rung",
    measure="mean rung of the penalty",
    unit="rungs",
    choices={
        "stage": one_of("stage", ("imposed", "recommended")),
        "among": one_of("among", ("sustained", "all")),
        "unit": one_of("unit", UNITS, "officer_complaint"),
        "ladder": Choice(Ladder().name, _ladder),
    },
    prepare=_mean_rung,
)
