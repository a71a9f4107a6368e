"""Groups stand in the order in which they are read: 9 before 100, under 25 before 25-34."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountability.records.coding import banded
from accountability.stats.compress import grouped, in_reading_order, numbered, reading_order

LABELS = st.text(alphabet="ab 0129-", max_size=6)


def read(labels: list[str]) -> list[str]:
    held = sorted(labels)
    return [held[at] for at in reading_order(held)]


@pytest.mark.parametrize(
    "expected",
    [
        ["9", "100", "200", "1200", "Other Jurisdiction", "not recorded"],
        ["District 2", "District 10", "District 10 North", "District 100"],
        ["under 25", "25-34", "35-44", "65 and over"],
        ["under 1", "1-4", "5-9", "10 and over"],
        ["2", "2-4", "x", "x1", "y"],
        ["Force", "force", "search"],
        ["2", "1" * 5000],
    ],
)
def test_labels_stand_as_they_are_read(expected: list[str]) -> None:
    assert read(expected[::-1]) == expected


@given(st.lists(st.integers(0, 10**20), unique=True, min_size=1))
def test_whole_numbers_stand_as_numbers(numbers: list[int]) -> None:
    assert read([str(number) for number in numbers]) == [str(number) for number in sorted(numbers)]


@given(st.lists(st.integers(1, 99), unique=True, min_size=2, max_size=6), st.lists(st.integers(0, 120), min_size=1))
def test_bands_that_a_declaration_makes_stand_by_their_numbers(starts: list[int], numbers: list[int]) -> None:
    made = banded(pd.Series(sorted(numbers), dtype="float64"), sorted(starts))
    assert read(made.unique().tolist()) == made.drop_duplicates().tolist()


@given(st.lists(LABELS, unique=True))
def test_the_order_is_one_of_all_labels_whatever_their_order(labels: list[str]) -> None:
    assert sorted(read(labels)) == sorted(labels)
    assert read(labels[::-1]) == read(labels)


@given(st.lists(st.one_of(st.none(), LABELS), min_size=1))
def test_numbers_of_values_say_which_value_each_row_has(values: list[str | None]) -> None:
    column = pd.Series(values, dtype="str")
    place, found = numbered(column)
    assert [None if at < 0 else found[at] for at in place] == values
    assert found.tolist() == read(found.tolist())


def test_groups_keep_their_rows_and_missing_values_come_last() -> None:
    frame = pd.DataFrame({"district": ["10", "9", None, "10"], "year": [2021, 2020, 2020, 2020], "row": range(4)})
    made = [(key, part["row"].tolist()) for key, part in grouped(frame, ["district", "year"])]
    assert made == [(("9", 2020), [1]), (("10", 2020), [3]), (("10", 2021), [0])]
    last, rows = grouped(frame, ["district"], dropna=False)[-1]
    assert (pd.isna(last[0]), rows["row"].tolist()) == (True, [2])
    assert grouped(frame, [])[0][1] is frame
    assert in_reading_order(frame, ["district", "year"])["row"].tolist() == [1, 3, 0, 2]


def test_more_labels_than_anybody_reads_are_not_sorted_again() -> None:
    assert np.array_equal(reading_order([str(number) for number in range(6000)]), np.arange(6000))
