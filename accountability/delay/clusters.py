"""Clusters of dependent cases: a column to resample by."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.records.lookup import places
from accountability.study.cohort import Cohort, DatasetLike
from accountability.study.durations import Durations
from accountability.study.inputs import takes
from accountability.study.occurrences import FOREVER, occurrence

Unit = Literal["complaint", "officer", "agency_day"]

CLUSTER: Final = "cluster"


@takes("durations")
def with_clusters(durations: Durations, cohort: Cohort | DatasetLike, of: Unit) -> Durations:
    """Add a column ``cluster`` that names the cases to resample together.

    Parameters
    ----------
    durations : Durations
        One row per case.
    cohort : Cohort or Dataset
        Where the durations come from.
    of : {"complaint", "officer", "agency_day"}
        Each complaint alone; all complaints linked by a chain of shared officers; or all complaints whose clock stopped
        (or, if still running, started) on the same day, as when a supervisor closes many at once.

    Raises
    ------
    ParameterError
        For any other value of `of`.
    Refusal
        When shared officers link more than half of the cases into one cluster, so that too little is left to resample;
        or the days are not known.

    Examples
    --------
    >>> import accountability
    >>> from accountability import delay
    >>> from accountability.study.clocks import durations
    >>> data = accountability.load("synthetic")
    >>> made = delay.with_clusters(durations(data), data, "agency_day")
    >>> made.table["cluster"].nunique() < len(made)
    True
    """
    study = Cohort.of(cohort)
    cases = pd.Index(durations.table["case_id"])
    if of == "complaint":
        return replace(durations, table=durations.table.assign(**{CLUSTER: np.arange(len(cases))}))
    if of == "officer":
        return replace(durations, table=durations.table.assign(**{CLUSTER: _linked(study.allegations, cases)}))
    if of != "agency_day":
        raise ParameterError(f"unknown cluster {of!r}: complaint, officer or agency_day")
    end = occurrence(study.events, cases, durations.stop, "first")
    begin = occurrence(study.events, cases, durations.start, "first")
    day = np.where(durations.event, end.earliest, begin.earliest)
    unknown = np.where(durations.event, end.earliest != end.latest, begin.earliest != begin.latest) | (day == FOREVER)
    if unknown.any():
        raise Refusal(
            f"{int(unknown.sum()):,} of {len(cases):,} cases have no '{durations.stop}' or '{durations.start}' date "
            "known to the day: use 'officer' or 'complaint'"
        )
    return replace(durations, table=durations.table.assign(**{CLUSTER: 2 * day + durations.event}))


def _linked(allegations: pd.DataFrame, cases: pd.Index) -> np.ndarray:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    rows = allegations[["case_id", "officer_id"]].dropna()
    place = places(rows["case_id"], cases)
    officer, names = pd.factorize(rows["officer_id"])
    inside = place >= 0
    size = len(cases) + len(names)
    ties = coo_array((np.ones(int(inside.sum())), (place[inside], len(cases) + officer[inside])), shape=(size, size))
    found = connected_components(ties, directed=False)[1][: len(cases)]
    largest = int(np.bincount(found).max(initial=0))
    if len(cases) > 1 and 2 * largest > len(cases):
        raise Refusal(
            f"shared officers link {largest:,} of {len(cases):,} cases into one cluster, so there is nothing to "
            "resample: use 'agency_day', or a column of your own such as the first officer's unit"
        )
    return found
