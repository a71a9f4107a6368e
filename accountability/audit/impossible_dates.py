"""Dates in an impossible order, dates after the last day covered, and values the load set aside."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from accountability.audit.part import Kind, NotHeld, Part, draw_bars, listed, stages_held
from accountability.records.dataset import Dataset
from accountability.results import plural
from accountability.study.occurrences import FOREVER, NEVER, Occurrence, day_number, day_numbers, occurrence

#: Each stage with those that cannot come before it, whatever the agency's procedure.
ORDERS: Final = {
    "incident": ("received", "opened", "assigned", "findings", "closed"),
    "received": ("assigned", "findings", "closed"),
    "opened": ("findings", "closed"),
    "assigned": ("findings", "closed"),
    "suspended_clock": ("resumed_clock",),
    "penalty_recommended": ("penalty_decided", "penalty_imposed"),
    "penalty_decided": ("penalty_imposed",),
    "penalty_imposed": ("penalty_served",),
    "appeal_filed": ("appeal_decided",),
}
_NOT_AS_IT_STANDS = ("value set aside", "value changed", "row dropped", "row merged", "row kept")

IMPOSSIBLE: Final = Kind(
    title="Impossible orders",
    what="dates of {name} in an order that cannot be",
    columns=("check", "stage", "compared", "impossible", "of_them_set_aside", "worst_days"),
    draw=lambda axes, part: draw_bars(axes, part.table, "impossible", xlabel="impossible", colour=1),
    method="counts; an order is impossible when every day the two dates may stand for breaks it",
    single_cases=True,
)


@IMPOSSIBLE
def impossible(dataset: Dataset) -> Part:
    """Count dates in an impossible order between two stages, and list the values set aside at load.

    Every pair of stages with a certain order is checked, declared or not. A pair counts only when no possible days of
    the two dates are in order.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    Part
        ``table``: ``check`` (in words), ``stage`` (the later one), ``compared`` (with both dates; an officer's own
        steps by officer and case, others by case), ``impossible``, ``of_them_set_aside`` (one of the two dates is
        marked not to be used), ``worst_days``. ``aside``: values that the load changed or did not use, from the ledger
        (``file, column, action, rule, reason, count``).

    Examples
    --------
    >>> from accountability import audit, load
    >>> audit.impossible(load("synthetic")).table[["check", "impossible"]].head(2)
                          check  impossible
    0  received before incident           0
    1    opened before incident           0
    """
    entries = dataset.ledger.entries
    aside = entries.loc[
        entries["action"].isin(_NOT_AS_IT_STANDS), ["file", "column", "action", "rule", "reason", "count"]
    ].reset_index(drop=True)
    held = stages_held(dataset)
    if not held:
        raise NotHeld("the release dates nothing", aside=aside)
    of_cases = _Published(dataset)
    lines = [
        _order(of_cases, before, after)
        for before, later in ORDERS.items()
        for after in later
        if before in held and after in held
    ]
    if dataset.card.observed_until is not None:
        lines += [_future(dataset, stage, day_number(dataset.card.observed_until)) for stage in held]
    table = pd.DataFrame(lines, columns=list(IMPOSSIBLE.columns)).astype({"worst_days": "Int64"})
    return IMPOSSIBLE.of(
        dataset,
        table[table["compared"] > 0].reset_index(drop=True),
        _said(table, aside),
        assumptions=("the first date of a stage counts", "dates that are set aside are compared too, as published"),
        aside=aside,
    )


class _Published:
    """The dates of a release as they are published, set aside or not."""

    def __init__(self, dataset: Dataset) -> None:
        self.events = dataset.events
        self.rows = dataset.events[["case_id", "stage", "earliest", "latest"]].assign(
            set_aside=pd.Series(pd.NA, index=dataset.events.index, dtype="str")
        )
        self.cases = pd.Index(dataset.cases["case_id"])
        self._first: dict[str, Occurrence] = {}

    def first(self, stage: str) -> Occurrence:
        """The first date of a stage in each case."""
        if stage not in self._first:
            self._first[stage] = occurrence(self.rows, self.cases, stage, "first")
        return self._first[stage]


def _order(published: _Published, before: str, after: str) -> dict[str, Any]:
    of_two = published.events["stage"].isin([before, after]).to_numpy(bool)
    if published.events["officer_id"][of_two].notna().all():  # each officer's own steps
        rows = published.events[of_two]
        key = rows["case_id"] + "\x1f" + rows["officer_id"]
        keys = pd.Index(key.unique())
        own = published.rows[of_two].assign(case_id=key)
        begin, end = (occurrence(own, keys, stage, "first") for stage in (before, after))
    else:
        key, keys = published.events["case_id"][of_two], published.cases
        begin, end = published.first(before), published.first(after)
    both = ~begin.none & ~end.none & (begin.earliest > NEVER) & (end.latest < FOREVER)
    wrong = both & (end.latest < begin.earliest)
    marked = pd.Index(key[published.events["set_aside"][of_two].notna()].unique())
    return {
        "check": f"{_words(after)} before {_words(before)}",
        "stage": after,
        "compared": int(both.sum()),
        "impossible": int(wrong.sum()),
        "of_them_set_aside": int(keys[wrong].isin(marked).sum()),
        "worst_days": int((begin.earliest - end.latest)[wrong].max()) if wrong.any() else None,
    }


def _future(dataset: Dataset, stage: str, until: int) -> dict[str, Any]:
    rows = dataset.events[(dataset.events["stage"] == stage).to_numpy(bool)]
    first = day_numbers(rows["earliest"], NEVER)
    wrong = first > until
    return {
        "check": f"{_words(stage)} after the last day covered",
        "stage": stage,
        "compared": len(rows),
        "impossible": int(wrong.sum()),
        "of_them_set_aside": int(rows["set_aside"].notna().to_numpy(bool)[wrong].sum()),
        "worst_days": int(first[wrong].max()) - until if wrong.any() else None,
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
        text = f"Dates in an impossible order: {listed(parts)}."
        left = int((wrong["impossible"] - wrong["of_them_set_aside"]).sum())
        text += f" {left:,} of these are not set aside by the load." if left else " All are set aside by the load."
    count = int(aside.loc[aside["action"] == "value set aside", "count"].sum())
    return f"{text} The ledger counts {plural(count, 'value')} set aside."
