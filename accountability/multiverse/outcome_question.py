"""The questions of outcome: how much more often cases of one group are sustained or punished, and how hard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.multiverse.choices import exclusion
from accountability.multiverse.delay_question import UNITS, one_of
from accountability.multiverse.prepared import Prepared, summed
from accountability.outcomes import Ladder
from accountability.parameters import nearest
from accountability.records.units import roll_up
from accountability.stats.arrays import Flags, Floats
from accountability.study.cohort import Cohort
from accountability.vocabulary import PENALTY_LADDER

SUSTAINED: Final = "sustained"
OUTCOMES: Final = (SUSTAINED, *(term for term in PENALTY_LADDER if term != "none"))
LADDERS: Final = {ladder.name: ladder for ladder in Ladder.variants()}


def _ladder(option: object) -> Ladder:
    if isinstance(option, Ladder):
        return option
    if option not in LADDERS:
        raise ParameterError(f"ladder={option!r}: no such order. {nearest(str(option), LADDERS)}")
    return LADDERS[str(option)]


@dataclass(frozen=True)
class Share:
    """By how many percentage points the share of two groups with an outcome differs.

    Choices: ``outcome`` (``sustained``, or a rung: an imposed penalty of at least that), ``denominator`` (``decided``:
    units with a finding, and for a penalty one that no longer waits; ``all``), ``unit`` (``complaint``,
    ``officer_complaint`` or ``allegation``; of several rows the heaviest counts, as
    :func:`accountability.records.units.roll_up` does), ``ladder`` (the order of the rungs), ``exclusions``.
    """

    name: str = "share"
    measure: str = "share with the outcome"
    unit: str = "percentage points"
    more: str = "higher"
    less: str = "lower"
    defaults: Mapping[str, Any] = field(
        default_factory=lambda: {
            "outcome": SUSTAINED,
            "denominator": "decided",
            "unit": "complaint",
            "ladder": Ladder().name,
            "exclusions": None,
        }
    )
    read: Mapping[str, Callable[[Any], Any]] = field(
        default_factory=lambda: {
            "outcome": one_of("outcome", OUTCOMES),
            "denominator": one_of("denominator", ("decided", "all")),
            "unit": one_of("unit", UNITS),
            "ladder": _ladder,
            "exclusions": exclusion,
        }
    )

    def moot(self, values: Mapping[str, Any]) -> set[str]:
        """Whether a unit is sustained does not depend on the order of penalties."""
        return {"ladder"} if values["outcome"] == SUSTAINED else set()

    def prepare(self, cohort: Cohort, values: Mapping[str, Any], positions: Mapping[str, int]) -> Prepared:
        """Count units and outcomes of every case; see :class:`accountability.multiverse.question.Question`.

        Raises
        ------
        Refusal
            The source holds no finding or penalty, or its rows are coarser than the unit.
        """
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


@dataclass(frozen=True)
class MeanRung:
    """By how many rungs of the ladder the mean penalty of two groups differs, among units with a penalty on it.

    A mean of rungs takes the steps of the ladder to be alike; that is an assumption, and the question is ready for
    those who make it. Choices: ``stage`` (``imposed`` or ``recommended``), ``among`` (``sustained`` findings or ``all``
    units with a penalty on the ladder), ``unit``, ``ladder``, ``exclusions``, as in :class:`Share`.
    """

    name: str = "mean_rung"
    measure: str = "mean rung of the penalty"
    unit: str = "rungs"
    more: str = "higher"
    less: str = "lower"
    defaults: Mapping[str, Any] = field(
        default_factory=lambda: {
            "stage": "imposed",
            "among": "sustained",
            "unit": "officer_complaint",
            "ladder": Ladder().name,
            "exclusions": None,
        }
    )
    read: Mapping[str, Callable[[Any], Any]] = field(
        default_factory=lambda: {
            "stage": one_of("stage", ("imposed", "recommended")),
            "among": one_of("among", ("sustained", "all")),
            "unit": one_of("unit", UNITS),
            "ladder": _ladder,
            "exclusions": exclusion,
        }
    )

    def moot(self, values: Mapping[str, Any]) -> set[str]:
        """Every choice matters."""
        return set()

    def prepare(self, cohort: Cohort, values: Mapping[str, Any], positions: Mapping[str, int]) -> Prepared:
        """Add up the rungs of every case; see :class:`accountability.multiverse.question.Question`.

        Raises
        ------
        Refusal
            The source holds no finding or no such penalty, or its rows are coarser than the unit.
        """
        rows = _units_of(cohort, values)
        rungs = values["ladder"].rungs(_penalty(rows, values["stage"], cohort))
        inside = rungs.notna() & (rows["finding"].eq("sustained").fillna(False) | (values["among"] == "all"))
        flags = inside.to_numpy(dtype=bool)
        place = rows["case_id"].map(positions).to_numpy(dtype=np.int64)[flags]
        units = summed(place, np.ones(len(place)), len(positions))
        sums = summed(place, rungs[flags].to_numpy(dtype=np.float64), len(positions))
        return Prepared(units, None, _ratio(sums, units, 1.0), "one of the groups has no penalty on the ladder")


def _units_of(cohort: Cohort, values: Mapping[str, Any]) -> pd.DataFrame:
    kept = values["exclusions"].of(cohort)
    if "finding" not in kept.allegations:
        raise Refusal(f"{kept.name} holds no finding")
    return roll_up(
        kept.allegations, str(getattr(kept.card, "unit", "")), values["unit"], rank=values["ladder"].severity_rank
    )


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
