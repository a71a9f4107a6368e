"""Paused days of each case (criminal case, leave, litigation), as far as dated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from accountability.errors import ParameterError
from accountability.records.lookup import places
from accountability.stats.arrays import Days, Flags
from accountability.study.occurrences import FOREVER, NEVER, day_numbers

STOPPED, STARTED = "suspended_clock", "resumed_clock"


@dataclass(frozen=True, slots=True, eq=False)
class Paused:
    """Paused days of each case.

    Attributes
    ----------
    least, most : array of int
        Fewest and most days; equal if all dates are days.
    broken : array of bool
        Cases whose pauses and resumptions do not alternate, so that the days are unknown.
    """

    least: Days
    most: Days
    broken: Flags


def paused_days(
    events: pd.DataFrame,
    cases: pd.Index,
    begin: tuple[Days, Days],
    end: tuple[Days, Days],
    count: Callable[[Days, Flags], Days] = lambda days, _: days,
) -> Paused:
    """Sum the paused days of each case between its start and end.

    Parameters
    ----------
    events : pandas.DataFrame
        Dated steps; the stages ``suspended_clock`` and ``resumed_clock`` are read.
    cases : pandas.Index
        The ``case_id`` of every case, in the order wanted.
    begin, end : pair of arrays of int
        Earliest and latest day number of each case's start and end.
    count : callable, optional
        Function that returns day numbers by the clock's calendar; every day counts when left out.

    Returns
    -------
    Paused
        The first pause ends at the first resumption after it, and so on; a last pause without resumption runs to the
        end. The first day of a pause counts as paused, the day of resumption does not.
    """
    stops, starts = _ranked(events, cases, STOPPED), _ranked(events, cases, STARTED)
    pairs = stops.merge(starts, on=["place", "rank"], how="outer", suffixes=("", "_start"))
    lonely = pairs["earliest"].isna().to_numpy()
    from_e, from_l = (pairs[name].fillna(0).to_numpy(np.int64) for name in ("earliest", "latest"))
    to_e, to_l = (pairs[name].fillna(FOREVER).to_numpy(np.int64) for name in ("earliest_start", "latest_start"))
    place = pairs["place"].to_numpy(np.int64)
    least = _between(np.maximum(from_l, begin[1][place]), np.minimum(to_e, end[0][place]), count)
    most = _between(np.maximum(from_e, begin[0][place]), np.minimum(to_l, end[1][place]), count)
    wrong = lonely | (to_l < from_e) | (from_e == NEVER) | (from_l == FOREVER)
    next_stop = np.append(from_l[1:], 0)
    same_case = np.append(place[1:] == place[:-1], False)
    wrong |= same_case & (next_stop < to_e)  # stopped again before it had started
    size = len(cases)
    return Paused(
        np.bincount(place, least, size).astype(np.int64),
        np.bincount(place, most, size).astype(np.int64),
        np.bincount(place, wrong, size) > 0,
    )


def _between(first: Days, last: Days, count: Callable[[Days, Flags], Days]) -> Days:
    """Days from one to the other as the clock counts them; none when they are the wrong way round."""
    real = (last > first) & (first > NEVER) & (last < FOREVER)
    return np.where(real, count(last, real) - count(first, real), 0)


def as_steps(pauses: pd.DataFrame, cases: pd.Index) -> pd.DataFrame:
    """Return declared pauses as steps that pause and resume the clock, with overlaps joined.

    Parameters
    ----------
    pauses : pandas.DataFrame
        ``case_id``, ``paused``, ``resumed`` (days; missing if still paused).
    cases : pandas.Index
        The ``case_id`` of every case; pauses of others are ignored.

    Raises
    ------
    ParameterError
        If a column is missing, or a pause has no first day or ends before it begins.
    """
    missing = [name for name in ("case_id", "paused", "resumed") if name not in pauses.columns]
    if missing:
        raise ParameterError(f"pauses= needs the columns case_id, paused and resumed; {missing} missing")
    rows = pauses[pauses["case_id"].isin(cases).to_numpy()]
    try:
        days = {name: pd.to_datetime(rows[name]).astype("datetime64[s]") for name in ("paused", "resumed")}
    except (ValueError, TypeError) as error:
        raise ParameterError(f"paused and resumed must be days such as 2016-11-01: {error}") from error
    begin, end = day_numbers(days["paused"], NEVER), day_numbers(days["resumed"], FOREVER)
    wrong = (begin == NEVER) | (end < begin)
    if wrong.any():
        example = rows.iloc[int(np.argmax(wrong))]
        raise ParameterError(
            f"{int(wrong.sum()):,} of {len(rows):,} pauses have no first day or end before it (e.g. case_id "
            f"{example['case_id']}: {example['paused']} to {example['resumed']}): correct or drop them"
        )
    table = pd.DataFrame({"case_id": rows["case_id"].to_numpy(), "begin": begin, "end": end})
    table = table.sort_values(["case_id", "begin", "end"], kind="stable").reset_index(drop=True)
    reached = table.groupby("case_id", sort=False)["end"].cummax().groupby(table["case_id"], sort=False).shift()
    apart = reached.isna().to_numpy() | (table["begin"].to_numpy() > reached.fillna(NEVER).to_numpy())
    joined = table.groupby(np.cumsum(apart), sort=False).agg({"case_id": "first", "begin": "min", "end": "max"})
    runs = joined[joined["end"] < FOREVER]
    ids = np.concatenate([joined["case_id"].to_numpy(object), runs["case_id"].to_numpy(object)])
    dates = np.concatenate([joined["begin"].to_numpy(np.int64), runs["end"].to_numpy(np.int64)])
    when = pd.Series(dates.astype("datetime64[D]").astype("datetime64[s]"))
    return pd.DataFrame(
        {
            "case_id": pd.Series(ids, dtype="str"),
            "stage": np.repeat([STOPPED, STARTED], [len(joined), len(runs)]),
            "earliest": when,
            "latest": when,
            "set_aside": pd.Series([None] * len(ids), dtype="str"),
        }
    )


def _ranked(events: pd.DataFrame, cases: pd.Index, stage: str) -> pd.DataFrame:
    """Usable dates of a stage, numbered in order within each case."""
    rows = events[((events["stage"] == stage) & events["set_aside"].isna()).to_numpy()]
    place = places(rows["case_id"], cases)
    table = pd.DataFrame(
        {
            "place": place,
            "earliest": day_numbers(rows["earliest"], NEVER),
            "latest": day_numbers(rows["latest"], FOREVER),
        }
    )
    table = table[table["place"] >= 0].sort_values(["place", "earliest", "latest"], kind="stable")
    return table.assign(rank=table.groupby("place").cumcount())
