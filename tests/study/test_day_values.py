"""Days and flags handed in: what is none is refused, with the line to write."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from accountability.errors import ParameterError
from accountability.study.durations import Durations


@pytest.mark.parametrize(
    ("days", "says"),
    [
        (["10", "20", "30"], r"3 of 3 are a text, first '10'.*\n.*pd\.to_numeric"),
        (["10", "open", "30"], r"text.*\n.*pd\.to_numeric"),
        (pd.Series(["10", "20"], dtype="str"), r"2 of 2 are a text"),
        (pd.to_timedelta([1, 2], unit="D"), r"length of time.*\n.*\.dt\.days"),
        (np.array([1, 2], dtype="timedelta64[D]"), r"length of time.*\n.*\.dt\.days"),
        ([dt.timedelta(days=3), dt.timedelta(days=4)], r"length of time"),
        (pd.to_datetime(["2020-01-01"]), r"date.*\n.*'closed'\] - frame\['received'"),
        ([dt.date(2020, 1, 1)], "date"),
        ([1.0, np.nan, 3.0], r"1 of 3 are missing, the first at position 1.*\n.*notna"),
        ([1, None, 3], "1 of 3 are missing"),
        (pd.array([1, None], dtype="Int64"), "1 of 2 are missing"),
        ([1.5, 2.0], r"1 of 2 are fractions.*\n.*floor"),
        ([np.inf, 2.0], "endless"),
        ([True, False], "true or false"),
        ([object(), 1], "type"),
    ],
)
def test_what_is_no_day_is_refused_with_a_line(days: Any, says: str) -> None:
    with pytest.raises(ParameterError, match=f"(?s)days must be whole days.*{says}"):
        Durations.from_days(days)


@pytest.mark.parametrize(
    ("event", "says"),
    [
        ([1, 2, 2], r"2 \(2\), 1 \(1\).*\n.*== 2"),
        ([2, 2, 2], r"2 \(3\).*\n.*== 2"),
        ([1, 2, 3], "found"),
        ([1.0, np.nan, 0.0], "1 of 3 are missing"),
        (pd.array([True, None, False], dtype="boolean"), "1 of 3 are missing"),
        (["closed", "open", "closed"], r"'closed' \(2\), 'open' \(1\).*\n.*== 'closed'"),
        (["True", "False", "True"], "'True'"),
        (["1", "0", "1"], "'1'"),
        (pd.to_timedelta([1, 2, 3], unit="D"), "found"),
        (pd.to_datetime(["2020-01-01"] * 3), "found"),
    ],
)
def test_what_is_no_flag_is_refused_with_a_line(event: Any, says: str) -> None:
    with pytest.raises(ParameterError, match=f"(?s)event must be true.*{says}"):
        Durations.from_days([1, 2, 3], event)


@pytest.mark.parametrize("event", [[1, 0, 1], [1.0, 0.0, 1.0], [True, False, True], np.array([1, 0, 1], dtype="int8")])
def test_zero_and_one_are_flags(event: Any) -> None:
    assert Durations.from_days([1, 2, 3], event).event.tolist() == [True, False, True]


def test_the_most_days_are_read_as_the_fewest_are() -> None:
    with pytest.raises(ParameterError, match=r"days_upper must be whole days.*text"):
        Durations.from_days([1, 2], days_upper=["3", "4"])
    open_too = Durations.from_days([1, 2], [True, False], days_upper=[3.0, np.nan])
    assert open_too.days_upper.tolist() == [3, -1]
