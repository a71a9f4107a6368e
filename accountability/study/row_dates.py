"""Cohorts of allegations, for sources that date each row separately."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from accountability.study.cohort import Cohort, DatasetLike, Step
from accountability.study.durations import COMPLAINT
from accountability.study.occurrences import rows_places

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
    number = (rows.groupby("case_id").cumcount() + 1).astype("str")
    key = pd.Series(rows["case_id"].astype("str") + "#" + number, dtype="str")
    every = pd.DataFrame({"case_id": rows["case_id"], "officer_id": rows["officer_id"], "row": np.arange(len(rows))})
    events = events.assign(event=np.arange(len(events)))
    parts = []
    if _share_rows(rows, events):
        linked = events.merge(rows[_ROW].assign(row=every["row"]).astype({"source_file": "str"}), on=_ROW)
        several = linked.duplicated(["case_id", "stage"], keep=False)
        of_row = linked.loc[linked["officer_id"].notna() | several, "stage"].unique()
        own = linked[linked["stage"].isin(of_row)]
        parts.append(own[["event", "row"]])
        events = events[~events["event"].isin(own["event"])]
    against = events["officer_id"].notna()
    parts.append(events[against].merge(every, on=["case_id", "officer_id"])[["event", "row"]])
    parts.append(events[~against].merge(every, on="case_id")[["event", "row"]])
    event, row = pd.concat(parts, ignore_index=True).to_numpy().T
    by_text = pd.factorize(number, sort=True)[0]  # the keys of an event are of one case, and differ in their numbers
    order = np.argsort(event * (len(rows) + 1) + by_text[row], kind="stable")
    dated = study.events.iloc[event[order]].reset_index(drop=True).assign(case_id=key.array.take(row[order]))
    of_case = [name for name in study.cases.columns if name not in rows.columns]
    cases = rows.merge(study.cases[["case_id", *of_case]], on="case_id", how="left")
    cases = cases.assign(**{COMPLAINT: cases["case_id"]}).assign(case_id=key.array)
    step = Step(f"each allegation on its own, of: {study.steps[-1].because}", len(rows), len(rows))
    return replace(study, cases=cases, allegations=cases, events=dated, steps=(step,))


def dates_its_rows(cohort: Cohort, stage: str) -> bool:
    """Return whether allegations of one case may have other dates of a stage than their case."""
    events = cohort.events[(cohort.events["stage"] == stage).to_numpy(bool)]
    known = bool((rows_places(cohort.allegations, cohort.cases) >= 0).all())
    return not known or bool(events["officer_id"].notna().any()) or _share_rows(cohort.allegations, events)


def _share_rows(rows: pd.DataFrame, events: pd.DataFrame) -> bool:
    """Whether steps may stand in the rows of allegations: in a file that holds both."""
    named = set(_ROW) <= set(rows.columns) & set(events.columns)
    return named and not set(rows["source_file"].unique()).isdisjoint(events["source_file"].unique())
