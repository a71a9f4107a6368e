"""The case of a dated step is the one its id names, whether it is looked up or found in the step's own row."""

from __future__ import annotations

import pandas as pd
import pytest

from accountability.errors import SourceError
from accountability.records.assemble import _in_own_row, _linked


def table(ids: list[str | None], rows: list[int], file: str = "cases.csv") -> pd.DataFrame:
    files = pd.Categorical([file] * len(ids), categories=["cases.csv", "other.csv"])
    return pd.DataFrame({"case_id": pd.Series(ids, dtype="str"), "source_row": rows, "source_file": files})


@pytest.mark.parametrize(
    ("rows", "found"),
    [([1, 2, 5], [2, 0, 1, -1, -1]), ([1, 1, 2], [-1] * 5)],
    ids=["a row is a case", "a published row makes two cases"],
)
def test_every_step_is_of_the_case_that_its_id_names(rows: list[int], found: list[int]) -> None:
    cases = table(["a", "b", "c"], rows)
    own = table(["c", "a", "b"], [rows[2], rows[0], rows[1]])
    events = pd.concat([own, table(["b", "a"], [1, 5], "other.csv")], ignore_index=True)
    assert _in_own_row(events, cases, ["cases.csv"]).tolist() == found
    linked = _linked({"allegation": table(["b"], [9], "other.csv"), "dated step": events}, cases, ["cases.csv"])
    assert {what: at.tolist() for what, at in linked.items()} == {"allegation": [1], "dated step": [2, 0, 1, 1, 0]}


def test_a_step_in_a_row_after_the_last_case_is_looked_up() -> None:
    """A row that repeats a case is no case of its own, and its step may stand below all others."""
    events = table(["b", "a"], [2, 9])
    assert _in_own_row(events, table(["a", "b"], [1, 2]), ["cases.csv"]).tolist() == [1, -1]
    assert _linked({"dated step": events}, table(["a", "b"], [1, 2]), ["cases.csv"])["dated step"].tolist() == [1, 0]


def test_a_step_of_no_case_is_refused_where_its_row_is_a_case_too() -> None:
    cases = table(["a", None], [1, 2])
    with pytest.raises(SourceError, match="name no case"):
        _linked({"dated step": table(["a", None], [1, 2])}, cases, ["cases.csv"])
