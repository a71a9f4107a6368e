"""Check days and flags from a user: whole numbers, and booleans; everything else is refused with the line to write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from accountability.errors import ParameterError
from accountability.records.case_ends import state_of
from accountability.results import plural
from accountability.stats.arrays import Days, Flags, Ints

_LINES: Final = {
    "text": "{name} = pd.to_numeric(frame[{quoted}], errors='raise')",
    "length of time": "{name} = frame[{quoted}].dt.days",
    "date": "{name} = (frame['closed'] - frame['received']).dt.days",
    "true or false": "{name} = frame['days'], event = frame['closed'].notna()",
}


def whole_days(values: npt.ArrayLike, name: str) -> Days:
    """Return whole numbers of days.

    Parameters
    ----------
    values : array-like
    name : str
        Their name, for the message.

    Raises
    ------
    ParameterError
        For texts, time differences, dates, missing values or fractions, with their number, the first, and the line to
        write.
    """
    if isinstance(values, pd.DataFrame):
        raise ParameterError(
            f"{name} must be whole days, one a case, found a table of {values.shape[1]} columns. Write:\n"
            f"    {name} = frame[{name!r}]"
        )
    held = pd.Series(np.asarray(values).ravel() if isinstance(values, np.ndarray) else values)
    if held.dtype.kind in "iu" and isinstance(held.dtype, np.dtype):
        return np.asarray(held, dtype=np.int64)
    missing = held.isna()
    if missing.any():
        raise ParameterError(
            f"{name} must be whole days; {int(missing.sum()):,} of {len(held):,} are missing, the first at position "
            f"{int(np.argmax(missing))}. A case still open has the days it has been open so far and event False. "
            f"Give these, or leave the rows out and say so:\n    frame = frame[frame[{name!r}].notna()]"
        )
    for kind in ("length of time", "date", "true or false", "text"):
        wrong = held.map(lambda value, kind=kind: _is(value, kind)).to_numpy(dtype=bool)
        if wrong.any():
            line = _LINES[kind].format(name=name, quoted=repr(name))
            raise ParameterError(
                f"{name} must be whole days; {int(wrong.sum()):,} of {len(held):,} are a {kind}, first "
                f"{held.iloc[int(np.argmax(wrong))]!r} at position {int(np.argmax(wrong))}. Write:\n    {line}"
            )
    try:
        numbers = held.to_numpy(dtype=float)
    except (TypeError, ValueError):
        raise ParameterError(
            f"{name} must be whole days, found values of the type {type(held.iloc[0]).__name__}. Write:\n    "
            + _LINES["text"].format(name=name, quoted=repr(name))
        ) from None
    wrong = ~np.isfinite(numbers) | (numbers != np.round(numbers))
    if wrong.any():
        place = int(np.argmax(wrong))
        raise ParameterError(
            f"{name} must be whole days; {int(wrong.sum()):,} of {len(numbers):,} are fractions or endless, e.g. "
            f"{numbers[place]} at position {place}. Where a part of a day counts as none, write:\n    "
            f"{name} = np.floor(frame[{name!r}])"
        )
    return numbers.astype(np.int64)


def _is(value: object, kind: str) -> bool:
    if kind == "length of time":
        return isinstance(value, (pd.Timedelta, np.timedelta64)) or type(value).__name__ == "timedelta"
    if kind == "date":
        return isinstance(value, (pd.Timestamp, np.datetime64)) or type(value).__name__ in ("date", "datetime")
    if kind == "true or false":
        return isinstance(value, (bool, np.bool_))
    return isinstance(value, (str, bytes))


def flags(values: npt.ArrayLike, name: str) -> Flags:
    """Return booleans; values of only 0 and 1 are accepted.

    Parameters
    ----------
    values : array-like
    name : str
        Their name, for the message.

    Raises
    ------
    ParameterError
        For missing values, texts, or codes such as 1 and 2, with their numbers and the line to write.
    """
    held = pd.Series(np.asarray(values).ravel() if isinstance(values, np.ndarray) else values)
    missing = held.isna()
    if missing.any():
        raise ParameterError(
            f"{name} must be true (closed) or false (still open); {int(missing.sum()):,} of {len(held):,} are missing, "
            f"the first at position {int(np.argmax(missing))}. Whether such a case closed is not known: leave it "
            f"out and say so:\n    frame = frame[frame[{name!r}].notna()]"
        )
    if pd.api.types.is_bool_dtype(held.dtype):
        return np.asarray(held, dtype=bool)
    numbers = pd.to_numeric(held, errors="coerce") if not held.map(lambda value: _is(value, "text")).any() else None
    if numbers is not None and held.dtype.kind not in "mM" and set(numbers.unique()) <= {0, 1}:
        return np.asarray(numbers, dtype=float) == 1
    counts = held.value_counts().head(6)
    found = ", ".join(f"{value!r} ({count:,})" for value, count in counts.items())
    line = f"{name} = frame[{name!r}] == {counts.index[0]!r}  # the value that means closed"
    if numbers is not None and set(numbers.unique()) <= {1, 2}:
        line = f"{name} = frame[{name!r}] == 2  # where 2 means closed and 1 still open, as in R's Surv"
    raise ParameterError(f"{name} must be true (closed) or false (still open), found {found}. Write:\n    {line}")


def given_days(
    days: npt.ArrayLike, given: Mapping[str, npt.ArrayLike | None], groups: Mapping[str, npt.ArrayLike]
) -> tuple[dict[str, object], Ints]:
    """Return the columns and the closing state of each case of :meth:`Durations.from_days`."""
    low: Days = whole_days(days, "days")
    lengths = {name: len(np.asarray(each)) for name, each in {**given, **groups}.items() if each is not None}
    if set(lengths.values()) - {len(low)}:
        raise ParameterError(f"columns of different lengths: {len(low)} days, {lengths}")
    event, entry_time, longest = (given[name] for name in ("event", "entry_time", "longest"))
    done = np.ones(len(low), bool) if event is None else flags(event, "event")
    most: Days = low
    if given["days_upper"] is not None:
        upper = np.asarray(given["days_upper"])
        most = whole_days(np.where(done, upper, 0) if upper.dtype.kind in "iuf" else upper, "days_upper")
    hidden = np.zeros(len(done), bool)
    if (of := given["unknown_day"]) is not None and (hidden := flags(of, "unknown_day")).any():
        if (hidden & ~done).any():
            raise ParameterError(
                f"{plural(int((hidden & ~done).sum()), 'case')} closed on an unknown day and still open; write:\n"
                "    event = event | unknown_day"
            )
        low, most = np.where(hidden, 0, low), np.where(hidden, low, most)
        groups = {"unknown_day": hidden, **groups}
    columns: dict[str, object] = {
        "case_id": np.arange(1, len(low) + 1),
        "days_lower": pd.array(low, dtype="Int64"),
        "days_upper": pd.arrays.IntegerArray(np.where(done, most, 0), ~done),
        "event": done,
        "entry_time": pd.array(0 * low if entry_time is None else whole_days(entry_time, "entry_time"), dtype="Int64"),
        "longest": pd.arrays.IntegerArray(0 * low, np.ones(len(low), bool))
        if longest is None
        else pd.array(whole_days(longest, "longest"), dtype="Int64"),
    }
    return columns | dict(groups), state_of(np.zeros(len(done), bool), ~done, hidden)
