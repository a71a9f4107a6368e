"""Cohorts of allegations, for sources that date each row separately."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from accountability.study.cohort import Cohort, DatasetLike, Step

COMPLAINT = "complaint"
_ROW = ["case_id", "source_file", "source_row"]


def by_allegation(cohort: Cohort | DatasetLike) -> Cohort:
    """Make a cohort whose cases are the allegations, each with its own dates.

    Parameters
    ----------
    cohort : Cohort or Dataset

    Returns
    -------
    Cohort
        One case per allegation, in order: the columns of the allegation and of its case, and ``complaint``, the case's
        id, for clustered errors. A step dated by row belongs to its row, a step of an officer to all allegations
        against that officer, any other to all allegations of the case.

    Examples
    --------
    >>> import accountability
    >>> data = accountability.load("synthetic")
    >>> len(by_allegation(data)) == len(data.allegations)
    True
    """
    study = Cohort.of(cohort)
    rows, events = study.allegations.reset_index(drop=True), study.events
    number = rows.groupby("case_id").cumcount() + 1
    key = pd.Series(rows["case_id"].astype("str") + "#" + number.astype("str"), dtype="str")
    every = pd.DataFrame({"case_id": rows["case_id"], "officer_id": rows["officer_id"], "key": key})
    events = events.assign(event=np.arange(len(events)))
    parts = []
    if set(_ROW) <= set(rows.columns) & set(events.columns):
        linked = events.merge(rows[_ROW].assign(key=key).astype({"source_file": "str"}), on=_ROW)
        several = linked.duplicated(["case_id", "stage"], keep=False)
        of_row = linked.loc[linked["officer_id"].notna() | several, "stage"].unique()
        own = linked[linked["stage"].isin(of_row)]
        parts.append(own[["event", "key"]])
        events = events[~events["event"].isin(own["event"])]
    against = events["officer_id"].notna()
    parts.append(events[against].merge(every, on=["case_id", "officer_id"])[["event", "key"]])
    parts.append(events[~against].merge(every, on="case_id")[["event", "key"]])
    placed = pd.concat(parts, ignore_index=True).sort_values(["event", "key"], kind="stable")
    dated = study.events.iloc[placed["event"].to_numpy()].reset_index(drop=True).assign(case_id=placed["key"].array)
    of_case = [name for name in study.cases.columns if name not in rows.columns]
    cases = rows.merge(study.cases[["case_id", *of_case]], on="case_id", how="left")
    cases = cases.assign(**{COMPLAINT: cases["case_id"]}).assign(case_id=key.array)
    step = Step(f"each allegation on its own, of: {study.steps[-1].because}", len(rows), len(rows))
    return replace(study, cases=cases, allegations=cases, events=dated, steps=(step,))
