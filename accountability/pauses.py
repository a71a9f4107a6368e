"""Days on which a case's clock was stopped: a criminal case, leave, litigation, as far as the source dates them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from accountability.durations import Days, Flags
from accountability.occurrences import FOREVER, NEVER, day_numbers

STOPPED, STARTED = "suspended_clock", "resumed_clock"


@dataclass(frozen=True, slots=True, eq=False)
class Paused:
    """Paused days of each case within its life.

    Attributes
    ----------
    least, most : array of int
        Fewest and most days, equal when all dates are days.
    broken : array of bool
        Cases whose stops and starts do not alternate, so that nothing can be said.
    """

    least: Days
    most: Days
    broken: Flags


def paused_days(events: pd.DataFrame, cases: pd.Index, begin: tuple[Days, Days], end: tuple[Days, Days]) -> Paused:
    """Add up the paused days of each case between its start and its end.

    Parameters
    ----------
    events : pandas.DataFrame
        Dated steps; the stages ``suspended_clock`` and ``resumed_clock`` are read.
    cases : pandas.Index
        The ``case_id`` of every case, in the order wanted.
    begin, end : pair of arrays of int
        Earliest and latest day number of each case's start and end.

    Returns
    -------
    Paused
        The first stop is taken with the first start after it, and so on; a last stop without a start runs to the end.
        The day of the stop is paused, the day of the start is not.
    """
    stops, starts = _ranked(events, cases, STOPPED), _ranked(events, cases, STARTED)
    pairs = stops.merge(starts, on=["place", "rank"], how="outer", suffixes=("", "_start"))
    lonely = pairs["earliest"].isna().to_numpy()
    from_e, from_l = (pairs[name].fillna(0).to_numpy(np.int64) for name in ("earliest", "latest"))
    to_e, to_l = (pairs[name].fillna(FOREVER).to_numpy(np.int64) for name in ("earliest_start", "latest_start"))
    place = pairs["place"].to_numpy(np.int64)
    least = np.minimum(to_e, end[0][place]) - np.maximum(from_l, begin[1][place])
    most = np.minimum(to_l, end[1][place]) - np.maximum(from_e, begin[0][place])
    wrong = lonely | (to_l < from_e) | (from_e == NEVER) | (from_l == FOREVER)
    next_stop = np.append(from_l[1:], 0)
    same_case = np.append(place[1:] == place[:-1], False)
    wrong |= same_case & (next_stop < to_e)  # stopped again before it had started
    size = len(cases)
    return Paused(
        np.bincount(place, np.maximum(least, 0), size).astype(np.int64),
        np.bincount(place, np.maximum(most, 0), size).astype(np.int64),
        np.bincount(place, wrong, size) > 0,
    )


def _ranked(events: pd.DataFrame, cases: pd.Index, stage: str) -> pd.DataFrame:
    """Usable dates of a stage, numbered in order within each case."""
    rows = events[((events["stage"] == stage) & events["set_aside"].isna()).to_numpy()]
    place = cases.get_indexer(pd.Index(rows["case_id"]))
    table = pd.DataFrame(
        {
            "place": place,
            "earliest": day_numbers(rows["earliest"], NEVER),
            "latest": day_numbers(rows["latest"], FOREVER),
        }
    )
    table = table[table["place"] >= 0].sort_values(["place", "earliest", "latest"], kind="stable")
    return table.assign(rank=table.groupby("place").cumcount())
