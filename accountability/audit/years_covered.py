"""Which years a release covers: complaints received, closed, without a closing date, with a finding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from accountability.audit.part import Part, anchor, flow_of, is_case_files, year_of
from accountability.figures import draw
from accountability.records.dataset import Dataset
from accountability.results import percent, plural
from accountability.study.occurrences import FOREVER, NEVER, Occurrence, day_number, occurrence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = (
    "year",
    "complaints",
    "closed",
    "no_closing_date",
    "closing_not_usable",
    "closed_in_the_year",
    "decided",
    "share_without",
    "share_decided",
)
OPEN_CASES: Final = {
    "included": "; those without one are the open cases",
    "excluded": "; open cases are left out of the release",
    "status_only": "; whether a case is open is told by its status",
    "unknown": "; whether those without one are open is not known",
}
MERITS = ("sustained", "not_sustained", "exonerated", "unfounded", "policy_failure", "closed_without_finding")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Coverage(Part):
    """Complaints by year.

    ``table``: ``year`` (of the receipt, or of the first stage that is dated; missing for cases without a usable
    date), ``complaints``, of them ``closed``, ``no_closing_date``, ``closing_not_usable`` (a closing date is there and
    must not be used) and ``decided`` (a row with a finding, closings without one included); ``closed_in_the_year``
    (whenever received); ``share_without``, ``share_decided``. Closings are missing where none are published, findings
    where none are, and the finding of a year with fewer than `min_cell` complaints is not shown.

    Attributes
    ----------
    silent : int
        Months without a single complaint between the first and the last.
    outside : int
        Complaints dated outside the period that the card states.
    """

    silent: int = 0
    outside: int = 0

    def _draw(self, axes: Axes) -> Axes:
        shown = self.table[self.table["year"].notna()]
        year = shown["year"].astype("int64")
        total = shown["complaints"].astype("float64")
        dated = bool(shown["closed"].notna().any())
        below = shown["closed"].astype("float64") if dated else total
        axes.bar(year, below, color=draw.COLOURS[0], label="closed" if dated else "complaints")
        if dated:
            axes.bar(year, total - below, bottom=below, color=draw.COLOURS[1], label="no usable closing date")
            axes.legend(frameon=False)
        axes.locator_params(axis="x", integer=True)
        axes.locator_params(axis="y", integer=True)
        axes.set_xlabel("year")
        axes.set_ylabel("complaints")
        return axes


def coverage(dataset: Dataset, min_cell: int = 10) -> Coverage:
    """Count complaints by year: how many closed, have no closing date, and have a finding.

    Parameters
    ----------
    dataset : Dataset
    min_cell : int
        The findings of a year with fewer complaints are not shown.

    Returns
    -------
    Coverage
    """
    what = f"complaints of {dataset.name} by year"
    start = anchor(dataset)
    if start is None:
        return Coverage.without(what, "the release dates nothing", COLUMNS)
    cases = pd.Index(dataset.cases["case_id"])
    begin, end = (occurrence(dataset.events, cases, stage, "first") for stage in (start, "closed"))
    aside = end.none & (end.set_aside != "")
    year = pd.Series(year_of(begin))
    decided = _decided(dataset)
    marks = pd.DataFrame(
        {
            "complaints": 1,
            "closed": ~end.none,
            "no_closing_date": end.none & ~aside,
            "closing_not_usable": aside,
            "decided": np.zeros(len(cases)) if decided is None else decided,
        }
    ).astype("int64")
    table = marks.groupby(year, dropna=False).sum().rename_axis("year").reset_index().astype({"year": "Int64"})
    table = table.astype(dict.fromkeys(["closed", "no_closing_date", "closing_not_usable", "decided"], "Int64"))
    ended = pd.Series(year_of(end)).value_counts()
    table["closed_in_the_year"] = table["year"].map(ended).fillna(0).astype("Int64").mask(table["year"].isna())
    table["share_without"] = table["no_closing_date"] / table["complaints"]
    if end.none.all():
        table[["closed", "no_closing_date", "closing_not_usable", "closed_in_the_year", "share_without"]] = pd.NA
    table["decided"] = table["decided"].mask((table["complaints"] < min_cell) | (decided is None))
    table["share_decided"] = table["decided"] / table["complaints"]
    silent = 0 if is_case_files(dataset) else _silent_months(begin)
    outside = _outside(dataset, begin) if start == "received" else 0
    return Coverage(
        estimand=f"{what} of '{start}'",
        assumptions=(
            "whether a complaint without a closing date is open is for the source's card to say",
            "the year is that of the earliest day the date can be",
            "a finding is counted for the complaint when any of its rows has one",
        ),
        method="counts; nothing is estimated",
        table=table[list(COLUMNS)],
        flow=flow_of(dataset),
        said=_said(dataset, table, start, silent, outside),
        silent=silent,
        outside=outside,
    )


def _decided(dataset: Dataset) -> np.ndarray | None:
    """Whether each case has a row with a finding."""
    rows = dataset.allegations
    if "finding" not in rows or not rows["finding"].notna().any():
        return None
    found = rows.loc[rows["finding"].isin(MERITS), "case_id"]
    return np.asarray(dataset.cases["case_id"].isin(found))


def _silent_months(found: Occurrence) -> int:
    """Months between the first and the last in which nothing can have started."""
    known = (found.earliest > NEVER) & (found.latest < FOREVER)
    if not known.any():
        return 0
    first, last = (
        days[known].astype("datetime64[D]").astype("datetime64[M]").astype("int64")
        for days in (found.earliest, found.latest)
    )
    size = int(last.max() - first.min()) + 1
    opened = np.bincount(first - first.min(), minlength=size + 1)
    ended = np.bincount(last - first.min() + 1, minlength=size + 1)
    return int((np.cumsum(opened - ended)[:size] <= 0).sum())


def _outside(dataset: Dataset, found: Occurrence) -> int:
    period = dataset.card.period
    if period is None:
        return 0
    before = ~found.none & (found.latest < day_number(period.start))
    after = ~found.none & (found.earliest > day_number(period.end))
    return int((before | after).sum())


def _said(dataset: Dataset, table: pd.DataFrame, start: str, silent: int, outside: int) -> str:
    dated = table[table["year"].notna()]
    total = len(dataset.cases)
    without = total - int(dated["complaints"].sum())
    text = f"{plural(total, 'complaint')}"
    if len(dated):
        text += f", '{start}' from {int(dated['year'].min())} to {int(dated['year'].max())}"
    text += f"; {without:,} without a usable date of it." if without else "; each has a usable date of it."
    if is_case_files(dataset):
        return text
    if table["no_closing_date"].notna().any():
        without_end = int(table["no_closing_date"].sum())
        if without_end:
            top = dated.sort_values("share_without", kind="stable").iloc[-1]
            text += (
                f" {without_end:,} ({percent(without_end / total, 1)}) have no closing date, most of all those of "
                f"{int(top['year'])} ({percent(top['share_without'], 1)})"
            )
        else:
            text += " Each has a closing date"
        text += f"{OPEN_CASES[dataset.card.sampling.open_cases]}."
    else:
        text += " No closing date is published."
    if table["decided"].notna().any():
        shown = table[table["decided"].notna()]
        text += f" {percent(shown['decided'].sum() / shown['complaints'].sum(), 1)} have a finding on at least one row."
    if silent:
        text += f" {plural(silent, 'month')} in between hold no complaint at all."
    if outside:
        text += f" {plural(outside, 'complaint')} fall outside the period the release states."
    return text
