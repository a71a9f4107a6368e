"""Which cases of a reference agency are comparable with a single case: a stated filter, and what it costs."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from accountability.casefiles.register import pairs
from accountability.delay.access import require_open_cases
from accountability.errors import ParameterError, Refusal
from accountability.parameters import nearest
from accountability.records.capabilities import OUTCOMES
from accountability.study import clocks
from accountability.study.cohort import Cohort, DatasetLike
from accountability.study.durations import Durations

FEWEST = 10
"""A case is not placed among fewer cases than this."""

_KEYS = ("case_id", "officer_id", "source_row", "source_file")


@dataclass(frozen=True, eq=False)
class Comparable:
    """The delays a case is placed among.

    Attributes
    ----------
    slowest : Durations
        The comparable cases, open ones counted; where the filter is settled only when a case ends, as if every open
        case would meet it.
    fastest : Durations
        The same as if no open case would; the same object where the filter is known from the start.
    words : str
        The filter in words.
    source : str
        The reference.
    """

    slowest: Durations
    fastest: Durations
    words: str
    source: str

    @property
    def settled_late(self) -> bool:
        """Whether open cases may or may not be comparable."""
        return self.fastest is not self.slowest


def comparable(
    reference: DatasetLike | Cohort,
    keep: str | None = None,
    start: str = "received",
    stop: str = "closed",
    cutoff: dt.date | str | None = None,
) -> Comparable:
    """Choose the cases of a reference that a case is compared with.

    Parameters
    ----------
    reference : Dataset or Cohort
        The reference agency's records.
    keep : str, optional
        ``column=value``, several joined by ``;``: cases with that value, or with an allegation that has it. All cases
        when left out. A column that is settled only when a case ends, such as ``finding``, is taken both ways: as if
        every case still open would have the value, and as if none would.
    start, stop, cutoff
        The clock, as :func:`accountability.study.clocks.as_published` takes it.

    Returns
    -------
    Comparable

    Raises
    ------
    ParameterError
        The filter is not of that form, or there is no such column or value (with the nearest).
    Refusal
        The reference holds closed cases only, was selected on the outcome, holds single case files, or has fewer than
        10 comparable cases.
    """
    cohort = Cohort.of(reference)
    if cohort.card.sampling.rule == "case_files":
        raise Refusal(
            f"{cohort.name} holds single cases chosen because they were reported: they have no distribution. Choose an "
            "agency's release"
        )
    late: list[pd.Series] = []
    for column, value in wanted(keep):
        met = _cases_with(cohort, column, value)
        if column in OUTCOMES:
            late.append(met)
        else:
            cohort = cohort.keep_if(
                cohort.cases["case_id"].map(met).fillna(False).astype(bool), because=f"comparable: {column}={value}"
            )
    spells = clocks.as_published(cohort, start, stop, cutoff)
    if not spells.current_status:
        require_open_cases(spells, "the place of a case among others")
    slowest = spells
    for met in late:
        having = slowest.table["case_id"].map(met).fillna(False).to_numpy(bool)
        slowest = _subset(slowest, having | ~slowest.event)
    fastest = _subset(slowest, slowest.event) if late else slowest
    words = keep.strip() if keep and keep.strip() else "all cases"
    if len(fastest) < FEWEST:
        raise Refusal(
            f"{cohort.name} has fewer than {FEWEST} comparable cases ({words}): a place among so few says little and "
            "may point at people. Choose a wider filter"
        )
    return Comparable(slowest, fastest, words, cohort.name)


def wanted(keep: str | None) -> list[tuple[str, str]]:
    """Read a filter, ``column=value`` joined by ``;``.

    Raises
    ------
    ParameterError
        A part is not of that form.
    """
    return list(
        pairs(
            keep or "",
            lambda part: ParameterError(f"comparable {part!r}: expected column=value, for example category=Force"),
        )
    )


def _cases_with(cohort: Cohort, column: str, value: str) -> pd.Series:
    """Whether each case has a value, or an allegation that has it; by ``case_id``."""
    tables = [table for table in (cohort.cases, cohort.allegations) if column in table and column not in _KEYS]
    if not tables:
        known = [c for table in (cohort.cases, cohort.allegations) for c in table.columns if c not in _KEYS]
        raise ParameterError(f"{cohort.name} has no column {column!r}. {nearest(column, known)}")
    table = tables[0]
    texts = table[column].astype("str").str.strip()
    met = (texts.str.casefold() == value.casefold()) & table[column].notna()
    if not met.any():
        known = list(texts[table[column].notna()].value_counts().index[:30])
        raise ParameterError(f"no case of {cohort.name} has {column}={value!r}. {nearest(value, known)}")
    return met.groupby(table["case_id"]).any()


def _subset(spells: Durations, kept: np.ndarray) -> Durations:
    return replace(spells, table=spells.table[kept].reset_index(drop=True))
