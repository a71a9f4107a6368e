"""What a reader checks before any estimate: which dates are held, how precise they are, what came in each year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from accountability.figures import draw
from accountability.results import Result, percent, plural
from accountability.study.cohort import Cohort
from accountability.study.occurrences import FOREVER, NEVER, occurrence
from accountability.study.status import closed_by_status

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def dates_held(cohort: Cohort) -> pd.DataFrame:
    """How many cases have a usable date of each stage.

    Returns
    -------
    DataFrame
        One row a stage that occurs: ``stage``; ``cases`` with a usable date; ``without`` any; ``set_aside`` (a date
        that must not be used); ``to_the_day`` (share of usable dates); ``first`` and ``last`` usable day.
    """
    total = len(cohort.cases)
    rows = []
    for stage, events in cohort.events.groupby("stage", observed=True):
        usable = events["set_aside"].isna()
        good = events[usable]
        with_date = good["case_id"].nunique()
        aside = events.loc[~usable, "case_id"]
        aside_only = int(aside[~aside.isin(good["case_id"])].nunique())
        rows.append(
            {
                "stage": str(stage),
                "cases": with_date,
                "without": total - with_date - aside_only,
                "set_aside": aside_only,
                "to_the_day": (good["earliest"] == good["latest"]).mean() if len(good) else np.nan,
                "first": good["earliest"].min(),
                "last": good["latest"].max(),
            }
        )
    columns = ["stage", "cases", "without", "set_aside", "to_the_day", "first", "last"]
    return pd.DataFrame(rows, columns=columns)


def year_of(cohort: Cohort, stage: str = "received") -> pd.Series:
    """Year of the earliest day a stage can have been reached.

    Returns
    -------
    Series of Int64
        By ``case_id``; missing without a usable date. Fit for
        :meth:`accountability.study.cohort.Cohort.with_case_column`.
    """
    cases = pd.Index(cohort.cases["case_id"])
    begin = occurrence(cohort.events, cases, stage, "first")
    known = (begin.earliest < FOREVER) & (begin.earliest > NEVER)
    day = np.where(known, begin.earliest, 0).astype("datetime64[D]")
    year = pd.array(day.astype("datetime64[Y]").astype("int64") + 1970, dtype="Int64")
    year[~known] = pd.NA
    return pd.Series(year, index=cases)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ByYear(Result):
    """Cases by the year in which they started.

    ``table``: ``year`` (Int64), ``started``, ``stopped``, ``still_open``, ``not_known`` (the stop has a date that must
    not be used, or no status is recorded), ``share_open``.

    Attributes
    ----------
    start, stop : str
        The stages.
    by_status : bool
        Whether the source gives no closing dates, so that a case's findings say whether it was closed.
    """

    start: str
    stop: str
    by_status: bool = False

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw cases by year, those that stopped and those still open apart."""
        axes = draw.new_axes(ax)
        long = self.table.dropna(subset="year").melt("year", ["stopped", "still_open"], "state", "cases")
        done = "closed by its findings" if self.by_status else f"'{self.stop}' dated"
        names = {"stopped": done, "still_open": "still open"}
        draw.stacked(axes, long.assign(state=long["state"].map(names)), x="year", height="cases", by="state")
        axes.set_xlabel(f"year '{self.start}'")
        axes.set_ylabel("cases")
        return axes

    def sentence(self) -> str:
        """Say how many cases are still open, and in which year their share is largest."""
        known = self.table.dropna(subset="year")
        if known.empty:
            return f"No case has a usable date '{self.start}'."
        last = known.sort_values("share_open", kind="stable").iloc[-1]
        if not self.table["still_open"].any():
            return f"Of {plural(int(self.table['started'].sum()), 'case')}, none is still open."
        left = "are pending" if self.by_status else f"have no date '{self.stop}'"
        return (
            f"Of {plural(int(self.table['started'].sum()), 'case')}, {int(self.table['still_open'].sum()):,} {left}; "
            f"the largest share of a year is {percent(float(last['share_open']), 1)}, of those '{self.start}' in "
            f"{int(last['year'])}."
        )


def by_year(cohort: Cohort, start: str = "received", stop: str = "closed") -> ByYear:
    """Cases by the year in which they started, and how many have not stopped.

    Years are those of the earliest day the start can have been; cases without a usable start are counted under a
    missing year, not left out.

    Parameters
    ----------
    cohort : Cohort
    start, stop : str
        Stages. From a source without closing dates, the cases closed are those without a pending finding.

    Returns
    -------
    ByYear
    """
    cases = pd.Index(cohort.cases["case_id"])
    year = year_of(cohort, start)
    end = occurrence(cohort.events, cases, stop, "first")
    by_status = stop == "closed" and cohort.published.sampling.rule == "no_closing_date"
    if by_status:
        status = closed_by_status(cohort.allegations).reindex(cases)
        unknown, stopped = status.isna().to_numpy(), status.fillna(False).to_numpy(bool)
    else:
        unknown, stopped = end.none & (end.set_aside != ""), ~end.none
    frame = pd.DataFrame(
        {"year": year.array, "started": 1, "stopped": stopped, "still_open": ~stopped & ~unknown, "not_known": unknown}
    )
    table = frame.groupby("year", dropna=False).sum().reset_index().astype({"year": "Int64"})
    table = table.astype({c: "int64" for c in table.columns if c != "year"})
    return ByYear(
        estimand=f"cases by the year '{start}', and how many "
        + ("have a finding pending" if by_status else f"have no date '{stop}'"),
        assumptions=(),
        method="counts",
        table=table.assign(share_open=table["still_open"] / table["started"]),
        flow=cohort.flow(),
        start=start,
        stop=stop,
        by_status=by_status,
    )
