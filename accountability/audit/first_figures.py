"""First figures of a newly declared source, to compare with the agency's own."""

from __future__ import annotations

from typing import Any

import pandas as pd

from accountability.delay import how_long
from accountability.errors import Refusal
from accountability.records.case_ends import closing_states
from accountability.records.dataset import Dataset
from accountability.study.clocks import as_published
from accountability.study.inputs import takes

_MOST = 0.5


@takes("dataset")
def figures(dataset: Dataset) -> dict[str, Any]:
    """Return the first figures of a source: its counts, closing states and median delay.

    Parameters
    ----------
    dataset : Dataset

    Returns
    -------
    dict
        ``cases``, ``allegations``, ``officers`` (None where officers are not identified); the four closing states,
        which add up to the cases; ``median`` (days; None where the source does not allow it, with the reason in
        ``because``); ``to_the_day`` (whether most closings name a day), ``earliest`` (year of the first date used).

    Examples
    --------
    >>> import accountability
    >>> from accountability import audit
    >>> found = audit.figures(accountability.load("synthetic"))
    >>> found["cases"], found["open"], found["median"], found["to_the_day"]
    (5000, 368, 125, True)
    """
    told: dict[str, Any] = {"cases": len(dataset.cases), "allegations": len(dataset.allegations)}
    known = "officer_id" in dataset.allegations and bool(dataset.allegations["officer_id"].notna().any())
    told["officers"] = int(dataset.allegations["officer_id"].nunique()) if known else None
    counts = closing_states(dataset)
    told |= dict(zip(counts["state"].tolist(), counts["n"].tolist(), strict=True))
    used = dataset.events.loc[dataset.events["set_aside"].isna(), "earliest"].dropna()
    told["earliest"] = used.dt.year.astype("int64").min().item() if len(used) else None
    try:
        timed = as_published(dataset)
        exact = (timed.days_lower == timed.days_upper)[timed.event]
        told["to_the_day"] = bool(exact.mean() > _MOST) if len(exact) else None
        half = how_long(timed).quantiles(0.5)
        day = pd.to_numeric(half["estimate"]).iloc[0]
        told["median"] = None if pd.isna(day) else round(float(day))
        if pd.isna(day):
            told["because"] = f"half: {half['reads'].iloc[0]}"
    except Refusal as refusal:
        told |= {"median": None, "because": str(refusal)}
    return told
