"""Overview before any estimate: dates held, their precision, and cases by year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from accountability import labels
from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.privacy import MIN_CELL, disclose
from accountability.records.case_ends import closed_by_status
from accountability.records.lookup import places
from accountability.remembered import remembered
from accountability.results import Result, percent, plural
from accountability.study.cohort import Cohort
from accountability.study.occurrences import NEVER, Occurrence, Which, rows_places, stage_of
from accountability.study.row_dates import by_allegation, dates_its_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def dates_held(cohort: Cohort) -> pd.DataFrame:
    """Count the cases with a usable date of each stage.

    Returns
    -------
    DataFrame
        One row per stage that occurs: ``stage``; ``cases`` with a usable date; ``without`` any; ``set_aside`` (with a
        date that must not be used); ``to_the_day`` (share of usable dates); ``first`` and ``last`` usable day.
    """
    total = len(cohort.cases)
    rows = []
    for stage, events in cohort.events.groupby("stage", observed=True):
        usable = events["set_aside"].isna()
        good = events[usable]
        with_date = good["case_id"].nunique()
        aside = events.loc[~usable, "case_id"]
        aside_only = int(aside[places(aside, good["case_id"]) < 0].nunique())
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


def year_of(
    cohort: Cohort,
    stage: str = "received",
    *,
    of: Literal["cases", "allegations"] = "cases",
    which: Which | None = None,
) -> pd.Series:
    """Return the year of the earliest possible day of a stage.

    Parameters
    ----------
    cohort : Cohort
    stage : str
        The stage.
    of : {"cases", "allegations"}
        Whose year; an allegation has its own dates if the source dates its rows separately.
    which : {"first", "last"}, optional
        Which date counts if a case has several; required if these are in different years.

    Returns
    -------
    Series of Int64
        By ``case_id``, or with the index of the allegations; missing without a usable date. For
        :meth:`accountability.study.cohort.Cohort.with_case_column`. ``attrs`` count those without a usable date
        (``without``), and those of them with a date set aside (``set_aside``).

    Raises
    ------
    Refusal
        If dates of one case are in different years and `which` is not given.

    Examples
    --------
    >>> import accountability
    >>> years = year_of(accountability.Cohort.of(accountability.load("synthetic")), "closed")
    >>> int(years.min()), years.attrs
    (2014, {'without': 377, 'set_aside': 9})
    """
    return _calendar(cohort, stage, of, which, "Y")


def month_of(
    cohort: Cohort,
    stage: str = "received",
    *,
    of: Literal["cases", "allegations"] = "cases",
    which: Which | None = None,
) -> pd.Series:
    """Return the month of the earliest possible day of a stage, as ``2014-03``; otherwise as :func:`year_of`.

    Returns
    -------
    Series of str

    Examples
    --------
    >>> import accountability
    >>> month_of(accountability.Cohort.of(accountability.load("synthetic"))).min()
    '2014-01'
    """
    return _calendar(cohort, stage, of, which, "M")


@remembered
def _calendar(cohort: Cohort, stage: str, of: str, which: Which | None, unit: Literal["Y", "M"]) -> pd.Series:
    """The year or month of each case or allegation."""
    if of not in ("cases", "allegations"):
        raise ParameterError(f"of= must be 'cases' or 'allegations', found {of!r}")
    if which not in (None, "first", "last"):
        raise ParameterError(f"which= must be 'first' or 'last', found {which!r}")
    own = of == "allegations" and dates_its_rows(cohort, stage)
    study = by_allegation(cohort) if own else cohort
    cases = pd.Index(study.cases["case_id"])
    ends = [stage_of(study, stage, one) for one in ("first", "last")]
    if of == "allegations" and not own:
        place = rows_places(cohort.allegations, cohort.cases)
        ends = [Occurrence(end.earliest[place], end.latest[place], end.set_aside[place]) for end in ends]
    known = ~ends[0].none & (ends[0].earliest > NEVER)
    first, last = (
        np.where(known, end.earliest, 0).astype("datetime64[D]").astype(f"datetime64[{unit}]") for end in ends
    )
    apart = int((first != last).sum())
    word = "years" if unit == "Y" else "months"
    if apart and which is None:
        raise Refusal(
            f"{apart:,} of {len(known):,} {of} of {cohort.name} have dates of '{stage}' in different {word}, so none "
            f"has one {word[:-1]}: name the rule, which='first' or which='last'"
            + (", or count the allegations, each by its own date: of='allegations'" if of == "cases" else "")
        )
    chosen = last if which == "last" else first
    if unit == "Y":
        found = pd.Series(chosen.astype("int64") + 1970, dtype="Int64")
    else:
        found = pd.Series(chosen.astype("str"), dtype="str")
    found = found.mask(~known).set_axis(cases if of == "cases" else cohort.allegations.index)
    found.attrs = {"without": int((~known).sum()), "set_aside": int((~known & (ends[0].set_aside != "")).sum())}
    return found


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ByYear(Result):
    """Cases by year of start.

    ``table``: ``year`` (Int64), ``started``, ``stopped``, ``still_open``, ``not_known`` (the stop's date must not be
    used, or no status is recorded), ``share_open``, ``hidden`` (few are still open, or have stopped).

    Attributes
    ----------
    start, stop : str
        The stages.
    by_status : bool
        Whether a case's findings say whether it closed, because the source has no closing dates.
    """

    start: str
    stop: str
    by_status: bool = False

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Hide years in which few cases are still open, or few have stopped."""
        return disclose(table, counts=("started", "still_open"), keep=("year",))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw stopped and open cases by year."""
        axes = draw.new_axes(ax)
        shown = self.table.assign(few=self.table["started"].where(self.table["hidden"]))
        long = shown.dropna(subset="year").melt("year", ["stopped", "still_open", "few"], "state", "cases")
        done = "closed by its findings" if self.by_status else f"{labels.moment(self.stop)} dated"
        names = {"stopped": done, "still_open": "still open", "few": draw.HIDDEN}
        long = long if long.loc[long["state"] == "few", "cases"].any() else long[long["state"] != "few"]
        draw.stacked(axes, long.assign(state=long["state"].map(names)), x="year", height="cases", by="state")
        axes.set_xlabel(f"year of {labels.moment(self.start)}")
        axes.set_ylabel("cases")
        return axes

    def sentence(self) -> str:
        """Say how many cases are still open, and in which year their share is largest."""
        started, still_open = (int(self._kept()["table"][name].sum()) for name in ("started", "still_open"))
        known = self.table.dropna(subset="year")
        if known.empty:
            return f"No case has a usable date '{self.start}'."
        if not still_open:
            return f"Of {plural(started, 'case')}, none is still open."
        left = "are pending" if self.by_status else f"have no date '{self.stop}'"
        said = (
            f"Of {plural(started, 'case')}, {f'{still_open:,}' if still_open >= MIN_CELL else 'fewer than ten'} {left}"
        )
        if known["share_open"].isna().all():
            return f"{said}."
        last = known.dropna(subset="share_open").sort_values("share_open", kind="stable").iloc[-1]
        return (
            f"{said}; the largest share of a year is {percent(float(last['share_open']), 1)}, of those '{self.start}' "
            f"in {int(last['year'])}."
        )


def by_year(cohort: Cohort, start: str = "received", stop: str = "closed") -> ByYear:
    """Count cases by year of start, and those that have not stopped.

    The year is that of the earliest possible start; cases without a usable start are counted under a missing year.

    Parameters
    ----------
    cohort : Cohort
    start, stop : str
        Stages. Without closing dates, cases without a pending finding count as closed.

    Returns
    -------
    ByYear
    """
    cases = pd.Index(cohort.cases["case_id"])
    year = year_of(cohort, start, which="first")
    end = stage_of(cohort, stop)
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
