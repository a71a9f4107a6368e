"""Separate the steps from one release to the next: changed records, time passed, new complaints."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from accountability.records.capabilities import OUTCOMES
from accountability.records.dataset import Dataset
from accountability.records.lookup import places
from accountability.releases.release_line import recorded_days, require_pair
from accountability.study.inputs import takes
from accountability.study.occurrences import day_number


@takes("dataset")
def between(older: Dataset, newer: Dataset) -> tuple[Dataset, Dataset]:
    """Return the two datasets that lie between two releases.

    From the older release to the first dataset only records change; from the first to the second only time passes; from
    the second to the newer release only complaints are added.

    Parameters
    ----------
    older, newer : Dataset
        Two releases of one agency.

    Returns
    -------
    tuple of Dataset
        The older release's complaints with the newer's records, as known on the older's last day; and the same without
        that limit. In the first, complaints not closed by that day have no outcome.

    Raises
    ------
    Refusal
        If the releases cannot be compared.

    Examples
    --------
    >>> import accountability
    >>> from accountability import releases
    >>> data = accountability.load("generated_2019"), accountability.load("generated_2021")
    >>> [len(one.cases) for one in releases.between(*data)]
    [1381, 1381]
    """
    keys = require_pair(older, newer, "between")
    later = _only(newer, keys)
    until = older.card.observed_until
    assert until is not None
    last = day_number(until)
    days = later.events["earliest"].to_numpy().astype("datetime64[D]").astype(np.int64)
    events = later.events[np.isnat(later.events["earliest"].to_numpy()) | (days <= last)].reset_index(drop=True)
    closed = recorded_days(later, keys, "closed")
    unsettled = pd.Index(keys[(closed > last) | (closed < 0)])
    outcomes = [
        name for name in later.allegations if any(str(name).removeprefix("raw_").startswith(one) for one in OUTCOMES)
    ]
    allegations = later.allegations.copy()
    rows = allegations["case_id"].isin(unsettled)
    for name in outcomes:
        pending = name == "finding" and (allegations[name] == "pending").any()
        allegations[name] = allegations[name].mask(rows, "pending" if pending else pd.NA)
    card = later.card.model_copy(update={"observed_until": until, "period": older.card.period})
    return replace(later, events=events, allegations=allegations, card=card), later


def _only(data: Dataset, keys: pd.Index) -> Dataset:
    def kept(frame: pd.DataFrame) -> pd.DataFrame:
        return frame[places(frame["case_id"], keys) >= 0].reset_index(drop=True) if "case_id" in frame else frame

    return replace(
        data,
        cases=kept(data.cases),
        allegations=kept(data.allegations),
        events=kept(data.events),
        people={role: kept(table) for role, table in data.people.items()},
    )
