"""Effect of each reading of a conflict on the counts of a case, with the other conflicts as chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from accountability.casefiles.case_delays import DelayBounds, delay_bounds
from accountability.casefiles.case_steps import penalties
from accountability.casefiles.casefile import CaseFile, of_a_case
from accountability.results import Refused, Result, or_refusal, plural

COUNTED = (
    "accusations",
    "with_finding",
    "dismissed",
    "suspended",
    "decided",
    "penalty_days",
    "steps",
    "days_lower",
    "days_upper",
    "awaiting",
)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Changes(Result):
    """Counts of a case under each reading.

    ``table`` has one row per reading of a conflict: ``conflict``, ``reading``, ``chosen``; ``accusations`` (rows of
    conduct or charge), ``with_finding`` (those with a finding that is not pending), ``dismissed`` and ``suspended``
    (officers, imposed), ``decided`` (officers with a stated imposed penalty), ``penalty_days`` (sum of the stated days
    of penalties, imposed or else recommended), ``steps`` (dated or not), ``days_lower`` and ``days_upper`` (days
    between `start` and `stop`), ``awaiting`` (stages still to come); ``differs`` (the counts that differ from the
    chosen reading), ``changes`` (in the words of the case file).
    """

    def sentence(self) -> str:
        """State how many conflicts change a count, and which ones."""
        moved = self.table.loc[self.table["differs"] != "", "conflict"].unique()
        whole = self.table["conflict"].nunique()
        if not len(moved):
            return f"None of {plural(whole, 'conflict')} changes a count."
        return f"{len(moved)} of {plural(whole, 'conflict')} change a count: {', '.join(moved)}."


@of_a_case
def changes(case: CaseFile, start: str = "opened", stop: str = "penalty_imposed") -> Changes:
    """Count a case under every reading of each conflict in turn.

    Parameters
    ----------
    case : CaseFile
        One case.
    start, stop : str
        Stages between which days are counted.

    Returns
    -------
    Changes

    Raises
    ------
    ParameterError
        For an unknown stage, or a case file of several cases.

    Examples
    --------
    >>> from accountability import casefiles
    >>> casefiles.changes(casefiles.read("news_cases", "PINECREST")).sentence()
    '2 of 5 conflicts change a count: week_days, who_decides.'
    """
    name = case.one()
    bounds = or_refusal(lambda: delay_bounds(case, start, stop))
    base = _all_counts(case, bounds)
    rows = []
    for conflict, entry in case.register.items():
        for reading, told in entry.readings.items():
            found = _all_counts(case.reading(**{conflict: reading}), bounds)
            differs = [key for key in COUNTED if found[key] != base[key]]
            row = {"conflict": conflict, "reading": reading, "chosen": case.readings[conflict] == reading}
            rows.append({**row, **found, "differs": ", ".join(differs), "changes": told.changes})
    columns = ["conflict", "reading", "chosen", *COUNTED, "differs", "changes"]
    return Changes(
        estimand=f"what each reading changes in {name}",
        assumptions=("one conflict is changed at a time, the others stay as chosen",),
        method="counts of the rows that belong to each reading",
        table=pd.DataFrame(rows, columns=columns).astype({"days_lower": "Int64", "days_upper": "Int64"}),
    )


def counts(case: CaseFile) -> dict[str, Any]:
    """Count a case under its chosen readings: the columns of :class:`Changes` except those of the delay."""
    rows = case.allegations
    imposed = rows.dropna(subset=["imposed_penalty"])
    told = imposed[imposed["imposed_penalty"] != "pending"]
    return {
        "accusations": len(rows),
        "with_finding": int((rows["finding"].notna() & (rows["finding"] != "pending")).sum()),
        "dismissed": int(told.loc[told["imposed_penalty"] == "dismissal", "officer_id"].nunique()),
        "suspended": int(told.loc[told["imposed_penalty"] == "suspension", "officer_id"].nunique()),
        "decided": int(told["officer_id"].nunique()),
        "penalty_days": _days(case),
        "steps": len(case.events),
        "awaiting": " ".join(case.awaiting()),
    }


def _all_counts(case: CaseFile, bounds: DelayBounds | Refused) -> dict[str, Any]:
    low, high = (None, None) if isinstance(bounds, Refused) else bounds.under(case.readings)
    return {**counts(case), "days_lower": low, "days_upper": high}


def _days(case: CaseFile) -> str:
    """Days of the penalties whose days are told, as bounds; empty where none are."""
    told = penalties(case).table[["days_lower", "days_upper"]].dropna()
    low, high = (int(told[end].sum()) for end in told)
    return "" if told.empty else f"{low}" if low == high else f"{low} to {high}"
