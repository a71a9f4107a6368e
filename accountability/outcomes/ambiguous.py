"""Terms a source does not tell apart: shown as such, never as zero."""

from __future__ import annotations

import numpy as np
import pandas as pd

from accountability.study.cohort import Cohort

COLUMNS = {"finding": "finding", "merits": "finding", "penalty": "imposed_penalty"}


def merged_terms(cohort: Cohort, column: str) -> dict[str, str]:
    """Each term of a column that words of the agency merge with others, and the terms it may stand for.

    Parameters
    ----------
    cohort : Cohort
    column : str
        A coded column of the allegations.

    Returns
    -------
    dict of str to str
        Term to the terms it is merged with, itself among them, joined by a comma; empty where all are told apart.
    """
    if cohort.lossy is None or not len(cohort.lossy):
        return {}
    lossy = cohort.lossy
    words = lossy.loc[(lossy["column"] == column) & lossy["may_be"].ne("") & lossy["rows"].gt(0), "may_be"]
    out: dict[str, set[str]] = {}
    for may_be in words:
        terms = set(str(may_be).split(", "))
        for term in terms:
            out.setdefault(term, set()).update(terms)
    return {term: ", ".join(sorted(terms)) for term, terms in out.items()}


def tell_apart(table: pd.DataFrame, cohort: Cohort) -> pd.DataFrame:
    """Mark the terms of a table of outcomes that the source merges; a merged term without a row has no count.

    Parameters
    ----------
    table : DataFrame
        ``part``, ``term``, ``count`` and the numbers made from it.
    cohort : Cohort

    Returns
    -------
    DataFrame
        With ``told_apart`` and ``may_be`` (the terms it is merged with, empty where told apart).
    """
    merged = {part: merged_terms(cohort, column) for part, column in COLUMNS.items()}
    may_be = pd.Series(
        [merged.get(str(part), {}).get(str(term), "") for part, term in zip(table["part"], table["term"], strict=True)],
        index=table.index,
        dtype="str",
    )
    unsaid = may_be.ne("") & table["count"].eq(0).fillna(False)
    numbers = {name: table[name].mask(unsaid, np.nan) for name in ("share", "low", "high")}
    return table.assign(**numbers, count=table["count"].mask(unsaid), told_apart=may_be.eq(""), may_be=may_be)
