"""Assign each case to one group, also by a column of its allegations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pandas as pd

from accountability.errors import ParameterError
from accountability.remembered import remembered
from accountability.study.cohort import Cohort
from accountability.study.occurrences import rows_places
from accountability.study.selection import stages_named
from accountability.vocabulary import PEOPLE

SEVERAL = "several"
NONE_STATED = "none stated"
OTHER = "other (small groups)"
NOT_RECORDED = "not recorded"
#: What was put together, or is not known, is no group that a sentence can name.
NO_GROUP = frozenset({SEVERAL, NONE_STATED, OTHER, NOT_RECORDED})


@remembered
def group_cases(cohort: Cohort, column: str | None, min_group: int = 10) -> Cohort:
    """Assign every case one value of a column, so that each complaint counts once.

    A case gets the shared value of its allegations, ``several`` if they differ, or ``none stated`` if no allegation has
    one (for instance because no officer was identified). Groups smaller than `min_group` are pooled.

    Parameters
    ----------
    cohort : Cohort
    column : str or None
        A column of the cases, of the allegations or of people (:func:`with_people`); ``None`` changes nothing.
    min_group : int
        Groups with fewer cases become ``other (small groups)``, which has at least as many.

    Returns
    -------
    Cohort
        Its cases have `column` as text, without missing values. The allegations are unchanged.

    Raises
    ------
    ParameterError
        When neither table has the column; lists the columns.
    """
    if column is None:
        return cohort
    cohort = with_people(cohort, [column])
    if column in cohort.cases.columns:
        value = cohort.cases[column].astype("str").where(cohort.cases[column].notna(), NONE_STATED)
    elif column in cohort.allegations.columns:
        value = _shared(cohort.cases, cohort.allegations, column)
    else:
        people = {name for table in cohort.people.values() for name in table}
        known = sorted({*cohort.cases.columns, *cohort.allegations.columns, *people})
        raise ParameterError(f"no column {column!r} to group by in {cohort.name}; there are {', '.join(known)}")
    if small := small_groups(value, min_group):
        value = value.mask(value.isin(small), OTHER)
    knew = cohort.knows(column)
    cases = cohort.cases.drop(columns=column, errors="ignore").assign(**{column: value})
    return replace(cohort, cases=cases, origins={**cohort.origins, column: stages_named(knew) if knew else knew})


def with_people(cohort: Cohort, names: Iterable[str]) -> Cohort:
    """Give the cases the columns of their complainants, victims, witnesses or investigators, among the names given.

    A case takes the value that the people of the role share; ``several`` where they differ, ``none stated`` where none
    states one. Names that no table of people holds, or that the cases or allegations hold, change nothing.

    Parameters
    ----------
    cohort : Cohort
    names : iterable of str

    Returns
    -------
    Cohort

    Raises
    ------
    ParameterError
        A name stands in the tables of two roles, or tells single people apart.
    """
    for name in dict.fromkeys(names):
        if name.endswith("_id") and name.removesuffix("_id") in PEOPLE:
            raise ParameterError(
                f"{name} tells single people apart, who are not listed; name what they share, such as "
                f"{name.replace('_id', '_unit')!r}, or write investigators.spread(data)"
            )
        told = {role: table for role, table in cohort.people.items() if "case_id" in table and name in table}
        roles = list(told) if name != "case_id" else []
        if not roles or name in cohort.cases or name in cohort.allegations:
            continue
        if len(roles) > 1:
            raise ParameterError(
                f"{cohort.name}: {name!r} stands in {' and '.join(roles)}, so it says of no one role what it is; give "
                f"each its own name in source.yaml (to: complainant_{name}, to: victim_{name})"
            )
        rows = told[roles[0]]
        rows = rows[rows["case_id"].isin(cohort.cases["case_id"])]
        value = _shared(cohort.cases, rows, name).set_axis(cohort.cases["case_id"])
        cohort = cohort.with_case_column(name, value, decided_by=())
    return cohort


def small_groups(values: pd.Series, least: int) -> list[str]:
    """Return the values to pool: those with fewer than `least` rows.

    If the pool is still too small, the next larger value joins it (of several, the first by name), so that no group can
    be derived by subtraction.
    """
    sizes = values.value_counts().sort_index().sort_values(kind="stable")
    count = int((sizes < least).sum())
    if count and sizes.iloc[:count].sum() < least:
        count += 1
    return [str(value) for value in sizes.index[:count]]


def _shared(cases: pd.DataFrame, rows: pd.DataFrame, column: str) -> pd.Series:
    """The value that the rows of each case share."""
    (codes, found), place = pd.factorize(rows[column]), rows_places(rows, cases)
    stated = (codes >= 0) & (place >= 0)
    place, code = place[stated], codes[stated]
    first = np.full(len(cases), len(found))
    first[place[::-1]] = code[::-1]
    first[place[code != first[place]]] = len(found) + 1
    texts = pd.Series(found).astype("str").tolist()
    return pd.Series(pd.array([*texts, NONE_STATED, SEVERAL], dtype="str").take(first), cases.index)
