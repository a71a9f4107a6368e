"""The one design builder and the one collapser: nothing is lost, levels stand in the order asked for, names help."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountability.errors import ParameterError, Refusal
from accountability.stats.compress import combine, compress, numbered
from accountability.stats.design import design


@given(st.integers(0, 2**32 - 1))
def test_collapsing_loses_nothing(seed: int) -> None:
    """Any table, its patterns and their places give it back; patterns are distinct."""
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(4, 60))
    table = pd.DataFrame(
        {
            "number": rng.choice([0.0, 1.0, 2.5, -3.0], rows),
            "text": rng.choice(["a", "b", "c"], rows),
            "flag": rng.random(rows) < 0.5,
        }
    )
    table.loc[:1, ["number", "text", "flag"]] = [[0.0, "a", True], [1.0, "b", False]]
    made = design(table, ["number", "text", "flag"])
    pd.testing.assert_frame_equal(made.patterns.iloc[made.pattern].reset_index(drop=True), table)
    assert not made.patterns.duplicated().any()
    np.testing.assert_array_equal(made.count, np.bincount(made.pattern))
    by_name = dict(zip([term.name for term in made.terms], made.matrix[made.pattern].T, strict=True))
    np.testing.assert_array_equal(by_name["number"], table["number"])
    for name, column in by_name.items():
        if name.startswith("text="):
            np.testing.assert_array_equal(column == 1, table["text"] == name.removeprefix("text="))


def test_rows_that_one_column_tells_apart_are_left_as_they_are() -> None:
    x = np.random.default_rng(1).normal(size=20_000)
    made = design(pd.DataFrame({"x": x}), "x", along=np.arange(20_000)[::-1])
    assert not made.collapsed
    np.testing.assert_array_equal(made.matrix[made.pattern, 0], x)
    np.testing.assert_array_equal(made.matrix[:, 0], x[::-1])


def test_a_lone_string_is_one_column_and_levels_stand_in_the_order_asked_for() -> None:
    table = pd.DataFrame({"investigated_by": list("ccccaabbb")})
    made = design(table, "investigated_by")
    assert made.levels == {"investigated_by": ["c", "a", "b"]}
    assert design(table, "investigated_by", order="frequency").levels["investigated_by"] == ["c", "b", "a"]
    assert design(table, ["investigated_by"], {"investigated_by": "a"}).terms[0].reference == "a"
    np.testing.assert_array_equal(made.at_level("investigated_by", "b"), [[0, 1]] * 3)
    np.testing.assert_array_equal(made.at(pd.DataFrame({"investigated_by": ["a", "c"]})), [[1, 0], [0, 0]])


@pytest.mark.parametrize(
    ("covariates", "options", "error", "message"),
    [
        ("nowhere", {}, ParameterError, "no column 'nowhere'"),
        ([], {}, ParameterError, "name at least one column"),
        (["a"], {"least": 2}, Refusal, "a = 'z' holds one unit"),
        (["b"], {}, Refusal, "b holds one value"),
        (["a"], {"reference": {"a": "q"}}, ParameterError, "no level 'q'"),
        (["a"], {"known": ["b"]}, ParameterError, "no column 'a' for the model; there are \\['b'\\]"),
    ],
)
def test_what_no_model_can_be_made_of_is_refused(covariates, options, error, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=message):
        design(pd.DataFrame({"a": list("xxyyz"), "b": list("ooooo")}), covariates, **options)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60), st.booleans())
def test_compressed_keys_are_numpys_distinct_ones(keys: list[int], far: bool) -> None:
    key = np.array(keys, dtype=np.int64) * (10**12 if far else 1)
    made = compress(key, int(key.max()) + 1)
    found, code, number = np.unique(key, return_inverse=True, return_counts=True)
    np.testing.assert_array_equal(made.found, found)
    np.testing.assert_array_equal(made.code, code)
    np.testing.assert_array_equal(made.number, number)
    np.testing.assert_array_equal(key[made.first], found)
    place, values = numbered(pd.Series(key))
    np.testing.assert_array_equal(values.to_numpy()[place], key)
    assert len(values) == len(found)
    place, values = numbered(pd.Series(key), gaps=True)
    np.testing.assert_array_equal(values.to_numpy()[place], key)


def test_combinations_past_what_a_number_holds_are_still_told_apart() -> None:
    rng = np.random.default_rng(2)
    columns = [rng.integers(0, 1000, 500) for _ in range(12)]
    columns = [np.concatenate([one, one[:50]]) for one in columns]
    made = combine(columns, [1000] * 12, 550)
    np.testing.assert_array_equal(made.code[500:], made.code[:50])
    assert len(made.number) == len(np.unique(np.column_stack(columns), axis=0))
