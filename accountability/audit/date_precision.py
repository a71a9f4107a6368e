"""How precisely each stage is dated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from accountability.audit.part import Part, flow_of, stages_held
from accountability.figures import draw
from accountability.records.dataset import Dataset
from accountability.results import percent, plural
from accountability.study import overview
from accountability.study.cohort import Cohort
from accountability.vocabulary import PRECISIONS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = ("stage", "precision", "dates", "share")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Precision(Part):
    """Precision of the usable dates of each stage.

    ``table``: ``stage``, ``precision`` (a term of :data:`accountability.vocabulary.PRECISIONS`), ``dates``, ``share``
    of the stage's usable dates.

    Attributes
    ----------
    held : DataFrame
        :func:`accountability.study.overview.dates_held`: cases with a usable date, without, set aside, first and last
        day.
    """

    held: pd.DataFrame

    def _draw(self, axes: Axes) -> Axes:
        stages = list(dict.fromkeys(self.table["stage"]))[::-1]
        left = pd.Series(0.0, index=stages)
        for number, precision in enumerate(name for name in PRECISIONS if name in set(self.table["precision"])):
            part = self.table[self.table["precision"] == precision].set_index("stage")["share"]
            width = part.reindex(stages).fillna(0.0)
            axes.barh(stages, width, left=left, label=precision, color=draw.COLOURS[number % len(draw.COLOURS)])
            left = left + width
        axes.set_xlim(0, 1)
        axes.set_xlabel("share of the usable dates")
        axes.legend(title="known to the", frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))
        return axes


def precision(dataset: Dataset) -> Precision:
    """Count the usable dates of each stage by how precise they are.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    Precision
    """
    what = f"precision of the dates of {dataset.name}"
    stages = stages_held(dataset)
    if not stages:
        return Precision.without(what, "the release dates nothing", COLUMNS, held=pd.DataFrame())
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
    return Precision(
        estimand=what,
        assumptions=("the source declares how its dates are written", "a declared day may still be a default: heaping"),
        method="counts; nothing is estimated",
        table=table,
        flow=flow_of(dataset),
        said=_said(table, held),
        held=held,
    )


def _said(table: pd.DataFrame, held: pd.DataFrame) -> str:
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
