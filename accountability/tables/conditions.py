"""Conditions that select rows: a word, columns with values, or a function of the frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import pandas as pd

from accountability.errors import ParameterError
from accountability.outcomes.units_counted import decided
from accountability.stats.arrays import Flags
from accountability.vocabulary import FINDINGS, PENALTIES

Condition = str | Mapping[str, Any] | Callable[[pd.DataFrame], pd.Series]
#: Words that are a condition by themselves, beside the terms of findings and penalties.
WORDS: Final = ("all", "decided", "identified")


def met(frame: pd.DataFrame, condition: Condition | None, name: str, known: pd.DataFrame | None = None) -> Flags:
    """Return for each row whether a condition holds; a missing value meets only the condition None.

    Parameters
    ----------
    frame : DataFrame
    condition : str, mapping, callable or None
        A word (``all``, ``decided``: a recorded finding that is not pending, ``identified``: the officer is known; or a
        term of a finding or penalty); columns with a value, a list of values, None (not recorded) or a function of the
        column; or a function of the frame.
    name : str
        Name of the parameter, for the message.
    known : DataFrame, optional
        Frame in which the values must occur; unknown values are refused.
    """
    if condition is None or condition == "all":
        return pd.Series(True, index=frame.index).to_numpy()
    if isinstance(condition, str):
        return met(frame, _of_word(frame, condition, name), name)
    if isinstance(condition, Mapping):
        if not condition:
            raise ParameterError(f"{name}= is an empty condition; write {name}={{'finding': 'sustained'}}")
        hits = pd.Series(True, index=frame.index)
        for column, value in condition.items():
            hits &= _column(frame, column, value, name, frame if known is None else known)
        return hits.to_numpy(dtype=bool)
    if callable(condition):
        try:
            return _flags(condition(frame), frame, name)
        except KeyError as error:
            raise ParameterError(f"{name}=: no column {error}; there are {_columns(frame)}") from None
        except (TypeError, AttributeError, ValueError) as error:
            raise _stopped(name, error) from error
    raise ParameterError(
        f"{name}= takes a word ({', '.join(WORDS)}), columns with values or a function, found "
        f"{type(condition).__name__}; write {name}={{'finding': 'sustained'}}"
    )


def is_condition(word: object) -> bool:
    """Return whether an object is a condition and not the name of a column."""
    terms = {*WORDS, *FINDINGS, *PENALTIES} - {"pending"}
    return word in terms if isinstance(word, str) else isinstance(word, Mapping) or callable(word)


def said(condition: Condition) -> str:
    """Return a condition in words."""
    if isinstance(condition, str):
        return condition.replace("_", " ")
    if not isinstance(condition, Mapping):
        return "the rows chosen by a function"
    return " and ".join(f"{column} {_value_said(value)}" for column, value in condition.items()).replace("_", " ")


def _value_said(value: Any) -> str:
    if value is None:
        return "not recorded"
    if callable(value):
        return "as chosen by a function"
    return " or ".join(map(str, value)) if isinstance(value, (list, tuple, set, frozenset)) else str(value)


def _of_word(frame: pd.DataFrame, word: str, name: str) -> Condition:
    if word == "identified":
        return {"officer_id": pd.Series.notna}
    column = "imposed_penalty" if word in PENALTIES and word not in FINDINGS else "finding"
    if word != "decided" and word not in FINDINGS and word not in PENALTIES:
        raise ParameterError(
            f"{name}={word!r} is no word for rows; there are {', '.join(WORDS)}, the findings ({', '.join(FINDINGS)}) "
            f"and the penalties, or write {name}={{'column': 'value'}}"
        )
    return {column: decided if word == "decided" else word}


def _column(frame: pd.DataFrame, column: Any, value: Any, name: str, known: pd.DataFrame) -> pd.Series:
    if column not in frame:
        raise ParameterError(f"{name}=: no column {column!r}; there are {_columns(frame)}")
    held = frame[column]
    if value is None:
        return held.isna()
    if callable(value):
        try:
            return pd.Series(_flags(value(held), frame, name), index=frame.index)
        except (TypeError, AttributeError, ValueError) as error:
            raise _stopped(f"{name}={{{column!r}: ...}}", error) from error
    values = list(value) if isinstance(value, (list, tuple, set, frozenset)) else [value]
    there = known[column].dropna().unique() if column in known else held.dropna().unique()
    terms = {*FINDINGS, *PENALTIES} if column.endswith(("finding", "penalty")) else set()
    if absent := [each for each in values if each not in terms and not (there == each).any()]:
        shown = ", ".join(map(repr, sorted(map(str, there))[:12])) if len(there) < 60 else f"{len(there):,} others"
        raise ParameterError(f"{name}=: no row has {column} {absent[0]!r}; it holds {shown}")
    return held.isin(values).fillna(False).astype(bool)


def _flags(answer: Any, frame: pd.DataFrame, name: str) -> Flags:
    if not isinstance(answer, pd.Series) or len(answer) != len(frame) or not pd.api.types.is_bool_dtype(answer):
        raise ParameterError(f"the function given as {name}= must give true or false for each of {len(frame):,} rows")
    return answer.fillna(False).to_numpy(dtype=bool)


def _stopped(name: str, error: Exception) -> ParameterError:
    """A refusal of our own as it is; what a user's function stopped with, named."""
    told = ParameterError(f"the function given as {name} stopped: {type(error).__name__}: {error}")
    return error if isinstance(error, ParameterError) else told


def _columns(frame: pd.DataFrame) -> str:
    return ", ".join(str(column) for column in frame if not str(column).startswith(("raw_", "source_", "by:")))
