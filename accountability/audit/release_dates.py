"""Dates of a release: complaints received and closed by year, and the precision of each stage's dates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from accountability.audit.part import Kind, NotHeld, Part, anchor, is_case_files, stages_held
from accountability.figures import draw
from accountability.records.dataset import Dataset
from accountability.records.lookup import places
from accountability.results import percent, plural
from accountability.study import overview
from accountability.study.cohort import Cohort
from accountability.study.occurrences import FOREVER, NEVER, Occurrence, day_number, stage_of
from accountability.vocabulary import PRECISIONS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OPEN_CASES: Final = {
    "included": "; those without one are the open cases",
    "excluded": "; open cases are left out of the release",
    "status_only": "; whether a case is open is told by its status",
    "unknown": "; whether those without one are open is not known",
}
MERITS = ("sustained", "not_sustained", "exonerated", "unfounded", "policy_failure", "closed_without_finding")
_CLOSINGS = ["closed", "no_closing_date", "closing_not_usable", "closed_in_the_year", "share_without"]


def _draw_years(axes: Axes, part: Part) -> None:
    shown = part.table[part.table["year"].notna()]
    year = shown["year"].astype("int64")
    total = shown["complaints"].astype("float64")
    dated = bool(shown["closed"].notna().any())
    below = shown["closed"].astype("float64") if dated else total
    axes.bar(year, below, color=draw.COLOURS[0], label="closed" if dated else "complaints")
    if dated:
        axes.bar(year, total - below, bottom=below, color=draw.COLOURS[1], label="no usable closing date")
        draw.key_above(axes)
    axes.locator_params(axis="both", integer=True)
    draw.labelled(axes, "year", "complaints", y_kind="number")


YEARS: Final = Kind(
    title="Years covered",
    what="complaints of {name} by year",
    columns=(
        *("year", "complaints", "closed", "no_closing_date", "closing_not_usable", "closed_in_the_year"),
        *("decided", "share_without", "share_decided"),
    ),
    draw=_draw_years,
    single_cases=True,
    empty={"silent": 0, "outside": 0},
)


@YEARS
def coverage(dataset: Dataset, min_cell: int = 10) -> Part:
    """Count complaints by year: received, closed, without a closing date, and with a finding.

    Parameters
    ----------
    dataset : Dataset
    min_cell : int
        The findings of a year with fewer complaints are hidden.

    Returns
    -------
    Part
        ``table``: ``year`` (of the receipt, or of the first stage that is dated; missing for cases without a usable
        date), ``complaints``, of them ``closed``, ``no_closing_date``, ``closing_not_usable`` (it has a closing date
        that must not be used) and ``decided`` (a row with a finding, or closed without one); ``closed_in_the_year``
        (received in any year); ``share_without``, ``share_decided``. Closings, or findings, are missing where none are
        published. ``silent``: months without a complaint between the first and the last. ``outside``: complaints dated
        outside the period that the card states.

    Examples
    --------
    >>> from accountability import audit, load
    >>> found = audit.coverage(load("synthetic"))
    >>> found.table[["year", "complaints", "no_closing_date"]].head(2)
       year  complaints  no_closing_date
    0  2014         735                0
    1  2015         725                3
    """
    start = anchor(dataset)
    if start is None:
        raise NotHeld("the release dates nothing")
    cases, cohort = pd.Index(dataset.cases["case_id"]), Cohort.of(dataset)
    begin, end = (stage_of(dataset, stage) for stage in (start, "closed"))
    aside = end.none & (end.set_aside != "")
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
    year = overview.year_of(cohort, start, which="first").array
    table = marks.groupby(year, dropna=False).sum().rename_axis("year").reset_index()
    table = table.astype(dict.fromkeys(["year", *_CLOSINGS[:3], "decided"], "Int64"))
    ended = overview.year_of(cohort, "closed", which="first").value_counts()
    table["closed_in_the_year"] = table["year"].map(ended).fillna(0).astype("Int64").mask(table["year"].isna())
    table["share_without"] = table["no_closing_date"] / table["complaints"]
    if end.none.all():
        table[_CLOSINGS] = pd.NA
    table["decided"] = table["decided"].mask((table["complaints"] < min_cell) | (decided is None))
    table["share_decided"] = table["decided"] / table["complaints"]
    silent = 0 if is_case_files(dataset) else _silent_months(begin)
    outside = _outside(dataset, begin) if start == "received" else 0
    return YEARS.of(
        dataset,
        table,
        _said_years(dataset, table, start, silent, outside),
        what=f"complaints of {dataset.name} by year of '{start}'",
        assumptions=(
            "whether a complaint without a closing date is open is for the source's card to say",
            "the year is that of the earliest day the date can be",
            "a finding is counted for the complaint when any of its rows has one",
        ),
        silent=silent,
        outside=outside,
    )


def _decided(dataset: Dataset) -> np.ndarray | None:
    """Whether each case has a row with a finding."""
    rows = dataset.allegations
    if "finding" not in rows or not rows["finding"].notna().any():
        return None
    return places(dataset.cases["case_id"], rows.loc[rows["finding"].isin(MERITS), "case_id"]) >= 0


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


def _said_years(dataset: Dataset, table: pd.DataFrame, start: str, silent: int, outside: int) -> str:
    dated = table[table["year"].notna()]
    total = len(dataset.cases)
    without = total - int(dated["complaints"].sum())
    text = f"{plural(total, 'complaint')}"
    if len(dated):
        text += f", '{start}' from {int(dated['year'].min())} to {int(dated['year'].max())}"
    text += f"; {without:,} have no usable date of it." if without else "; each has a date."
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


def _draw_precision(axes: Axes, part: Part) -> None:
    stages = list(dict.fromkeys(part.table["stage"]))[::-1]
    left = pd.Series(0.0, index=stages)
    for number, precision in enumerate(name for name in PRECISIONS if name in set(part.table["precision"])):
        shares = part.table[part.table["precision"] == precision].set_index("stage")["share"]
        width = shares.reindex(stages).fillna(0.0)
        axes.barh(
            stages, width, left=left, label=f"known to the {precision}", color=draw.COLOURS[number % len(draw.COLOURS)]
        )
        left = left + width
    axes.set_xlim(0, 1)
    axes.grid(False)
    draw.labelled(axes, "share of the usable dates", x_kind="share")
    draw.key_above(axes)


PRECISION: Final = Kind(
    title="Precision of dates",
    what="precision of the dates of {name}",
    columns=("stage", "precision", "dates", "share"),
    draw=_draw_precision,
    single_cases=True,
    empty={"dates_held": pd.DataFrame()},
)


@PRECISION
def precision(dataset: Dataset) -> Part:
    """Count the usable dates of each stage by precision.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    Part
        ``table``: ``stage``, ``precision`` (a term of :data:`accountability.vocabulary.PRECISIONS`), ``dates``,
        ``share`` of the stage's usable dates. ``dates_held``: cases with a usable date, without, set aside, first and
        last day (:func:`accountability.study.overview.dates_held`).

    Examples
    --------
    >>> from accountability import audit, load
    >>> audit.precision(load("synthetic")).table.head(2)
          stage precision  dates  share
    0  incident       day   5000    1.0
    1  received       day   5000    1.0
    """
    stages = stages_held(dataset)
    if not stages:
        raise NotHeld("the release dates nothing")
    events = dataset.events[dataset.events["set_aside"].isna()]
    table = events.groupby(["stage", "precision"], observed=True).size().reset_index(name="dates")
    table = table.astype({"stage": "str", "precision": "str"})
    table["share"] = table["dates"] / table.groupby("stage")["dates"].transform("sum")
    order = {name: place for place, name in enumerate([*stages, *PRECISIONS])}
    table = table.sort_values(["stage", "precision"], key=lambda names: names.map(order), ignore_index=True)
    held = overview.dates_held(Cohort.of(dataset))
    held = held[held["cases"] + held["set_aside"] > 0].sort_values(
        "stage", key=lambda names: names.map(order), ignore_index=True
    )
    return PRECISION.of(
        dataset,
        table,
        _said_precision(table, held),
        assumptions=("the source declares how its dates are written", "a declared day may still be a default: heaping"),
        dates_held=held,
    )


def _said_precision(table: pd.DataFrame, held: pd.DataFrame) -> str:
    total = int(table["dates"].sum())
    day = int(table.loc[table["precision"] == "day", "dates"].sum())
    aside = int(held["set_aside"].sum())
    text = f"Of {plural(total, 'usable date')} of {plural(len(held), 'stage')}, {percent(day / total, 1)} name a day"
    coarse = table[table["precision"] != "day"].sort_values(["dates", "stage"], ascending=[False, True])
    if len(coarse):
        top = coarse.iloc[0]
        text += (
            f"; the largest group of others: '{top['stage']}', {plural(int(top['dates']), 'date')} of precision "
            f"'{top['precision']}'"
        )
    text += "."
    if aside:
        text += f" {plural(aside, 'case')} have a date that was set aside and no other for its stage."
    return text
