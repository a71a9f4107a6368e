"""Dates in an order that cannot be, dates after the last day covered, and values the load set aside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from accountability.audit.part import Part, flow_of, listed, stages_held
from accountability.figures import draw
from accountability.records.dataset import Dataset
from accountability.results import plural
from accountability.study.occurrences import FOREVER, NEVER, Occurrence, day_number, day_numbers, occurrence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: No later stage can come before the earlier one, whatever the agency's procedure.
ORDERS: Final = (
    ("incident", "received"),
    ("incident", "opened"),
    ("incident", "assigned"),
    ("incident", "findings"),
    ("incident", "closed"),
    ("received", "assigned"),
    ("received", "findings"),
    ("received", "closed"),
    ("opened", "findings"),
    ("opened", "closed"),
    ("assigned", "findings"),
    ("assigned", "closed"),
    ("suspended_clock", "resumed_clock"),
    ("penalty_recommended", "penalty_decided"),
    ("penalty_recommended", "penalty_imposed"),
    ("penalty_decided", "penalty_imposed"),
    ("penalty_imposed", "penalty_served"),
    ("appeal_filed", "appeal_decided"),
)
COLUMNS = ("check", "stage", "compared", "impossible", "of_them_set_aside", "worst_days")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Impossible(Part):
    """Impossible orders, counted whether or not the source's declaration looks for them.

    ``table``: ``check`` (in words), ``stage`` (the later one), ``compared`` (with both dates; an officer's own steps
    by officer and case, others by case), ``impossible``, ``of_them_set_aside`` (one of the two dates is marked not to
    be used), ``worst_days``. Dates count as impossible only when no day they may stand for is possible.

    Attributes
    ----------
    aside : DataFrame
        From the ledger, what the load did not use as it stands: ``file, column, action, rule, reason, count``.
    """

    aside: pd.DataFrame

    def _draw(self, axes: Axes) -> Axes:
        shown = self.table[::-1]
        axes.barh(shown["check"], shown["impossible"].astype("float64"), color=draw.COLOURS[1])
        for place, count in enumerate(shown["impossible"]):
            axes.annotate(f"{count:,}", (count, place), xytext=(3, 0), textcoords="offset points", va="center")
        axes.margins(x=0.12)
        axes.set_xlim(left=0)
        axes.set_xlabel("impossible")
        return axes


def impossible(dataset: Dataset) -> Impossible:
    """Compare the first dates of every two stages whose order is certain, and list what was set aside at load.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    Impossible
    """
    entries = dataset.ledger.entries
    aside = entries.loc[
        entries["action"].isin(["value set aside", "value changed", "row dropped", "row merged", "row kept"]),
        ["file", "column", "action", "rule", "reason", "count"],
    ].reset_index(drop=True)
    held = stages_held(dataset)
    if not held:
        return Impossible.without(
            f"dates of {dataset.name} that cannot be", "the release dates nothing", COLUMNS, aside=aside
        )
    lines = [_order(dataset, before, after) for before, after in ORDERS if before in held and after in held]
    if dataset.card.observed_until is not None:
        lines += [_future(dataset, stage) for stage in held]
    table = pd.DataFrame(lines, columns=list(COLUMNS)).astype({"worst_days": "Int64"})
    return Impossible(
        estimand=f"dates of {dataset.name} in an order that cannot be",
        assumptions=("the first date of a stage counts", "dates that are set aside are compared too, as published"),
        method="counts; an order is impossible when every day the two dates may stand for breaks it",
        table=table[table["compared"] > 0].reset_index(drop=True),
        flow=flow_of(dataset),
        said=_said(table, aside),
        aside=aside,
    )


def _order(dataset: Dataset, before: str, after: str) -> dict[str, Any]:
    rows = dataset.events[dataset.events["stage"].isin([before, after]).to_numpy(bool)]
    own = bool(rows["officer_id"].notna().all())
    key = rows["case_id"] + "\x1f" + rows["officer_id"] if own else rows["case_id"]
    keys = pd.Index(key.unique())
    published = pd.DataFrame(
        {
            "case_id": key,
            "stage": rows["stage"],
            "earliest": rows["earliest"],
            "latest": rows["latest"],
            "set_aside": pd.Series(pd.NA, index=rows.index, dtype="str"),
        }
    )
    begin, end = (occurrence(published, keys, stage, "first") for stage in (before, after))
    both = ~begin.none & ~end.none & (begin.earliest > NEVER) & (end.latest < FOREVER)
    wrong = both & (end.latest < begin.earliest)
    marked = pd.Index(key[rows["set_aside"].notna()].unique())
    return {
        "check": f"{_words(after)} before {_words(before)}",
        "stage": after,
        "compared": int(both.sum()),
        "impossible": int(wrong.sum()),
        "of_them_set_aside": int(keys[wrong].isin(marked).sum()),
        "worst_days": _worst(begin, end, wrong),
    }


def _worst(begin: Occurrence, end: Occurrence, wrong: np.ndarray) -> int | None:
    return int((begin.earliest - end.latest)[wrong].max()) if wrong.any() else None


def _future(dataset: Dataset, stage: str) -> dict[str, Any]:
    until = dataset.card.observed_until
    assert until is not None
    rows = dataset.events[(dataset.events["stage"] == stage).to_numpy(bool)]
    first = day_numbers(rows["earliest"], NEVER)
    wrong = first > day_number(until)
    return {
        "check": f"{_words(stage)} after the last day covered",
        "stage": stage,
        "compared": len(rows),
        "impossible": int(wrong.sum()),
        "of_them_set_aside": int(rows["set_aside"].notna().to_numpy(bool)[wrong].sum()),
        "worst_days": int(first[wrong].max()) - day_number(until) if wrong.any() else None,
    }


def _words(stage: str) -> str:
    return stage.replace("_", " ")


def _said(table: pd.DataFrame, aside: pd.DataFrame) -> str:
    wrong = table[table["impossible"] > 0]
    if wrong.empty:
        text = "No date stands in an order that cannot be."
    else:
        parts = [
            f"{row['impossible']:,} {row['check']} (at worst by {plural(int(row['worst_days']), 'day')})"
            for row in wrong.to_dict("records")
        ]
        text = f"Orders that cannot be: {listed(parts)}."
        left = int((wrong["impossible"] - wrong["of_them_set_aside"]).sum())
        text += f" {left:,} of these are not set aside by the load." if left else " All are set aside by the load."
    count = int(aside.loc[aside["action"] == "value set aside", "count"].sum())
    return f"{text} The ledger counts {plural(count, 'value')} set aside."
