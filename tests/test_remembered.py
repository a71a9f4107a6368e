"""What is remembered: within a block or call, for the same objects, and never beyond."""

from __future__ import annotations

from collections import OrderedDict

import pandas as pd

from accountability.remembered import Kept, remembered, remembering

CALLS: list[int] = []


@remembered
def rows(table: pd.DataFrame) -> int:
    CALLS.append(id(table))
    return len(table)


@remembering()
def twice(table: pd.DataFrame) -> int:
    return rows(table) + rows(table)


def test_a_call_that_remembers_computes_once_and_forgets_at_its_end() -> None:
    CALLS.clear()
    table = pd.DataFrame({"n": [1, 2]})
    assert (twice(table), twice(table)) == (4, 4)
    assert len(CALLS) == 2  # once a call: between them the table may have been changed in place


def test_it_keeps_with_an_outer_block_what_that_keeps() -> None:
    CALLS.clear()
    table = pd.DataFrame({"n": [1, 2]})
    kept: Kept = OrderedDict()
    with remembering(kept):
        assert rows(table) + twice(table) + twice(table) == 10
    assert len(CALLS) == len(kept) == 1


def test_nothing_is_remembered_outside() -> None:
    CALLS.clear()
    table = pd.DataFrame({"n": [1, 2]})
    assert rows(table) + rows(table) == 4
    assert len(CALLS) == 2
