"""Small counts: what is hidden, what would give it away, and that nothing shown is changed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from accountability import privacy


def following(hidden: np.ndarray, told: list[np.ndarray]) -> set[tuple[int, int]]:
    """Hidden cells whose unit vector lies in the row space of the totals told."""
    cells = np.argwhere(hidden)
    lines = np.array([line[hidden] for line in told], dtype=float).reshape(len(told), len(cells))
    onto = np.linalg.pinv(lines) @ lines
    return {(int(i), int(j)) for (i, j), along in zip(cells, np.diag(onto), strict=True) if along > 1 - 1e-6}


def totals_told(counts: np.ndarray, hidden: np.ndarray, min_cell: int) -> list[np.ndarray]:
    """Which cells each row and column holds, without those whose total tells one hidden cell, or too few in all."""
    where = np.indices(counts.shape)
    lines = [where[axis] == at for axis in (0, 1) for at in range(counts.shape[axis])]
    inside = [counts[line & hidden] for line in lines]
    few = [len(held) == 1 or 0 < held.sum() < min_cell for held in inside]
    return [line for line, withheld in zip(lines, few, strict=True) if not withheld]


def test_a_small_cell_that_follows_from_four_lines_together_is_protected() -> None:
    """Each line hides two cells or three; the first two rows less the first two columns give the 7 away."""
    counts = np.array([[3, 8, 70, 60], [9, 4, 7, 50], [40, 55, 8, 9], [45, 80, 6, 5]])
    first = counts < 10
    told = totals_told(counts, first, 10)
    assert len(told) == 8
    assert following(first, told) == {(1, 2)}
    hidden = privacy.hidden_cells(counts, 10)
    assert following(hidden, told) == set()
    assert np.argwhere(hidden & ~first).tolist() == [[2, 0]]


CELLS = st.one_of(st.just(0), st.integers(1, 9), st.integers(10, 60))


@settings(max_examples=examples(300), deadline=None)
@given(arrays(np.int64, st.tuples(st.integers(2, 7), st.integers(2, 7)), elements=CELLS))
def test_no_hidden_cell_follows_from_all_totals_that_hiding_more_could_protect(counts: np.ndarray) -> None:
    hidden = privacy.hidden_cells(counts, 10)
    told = totals_told(counts, hidden, 10)
    assert following(hidden, told) <= following(counts > 0, told)


def table_of(counts: list[int], events: list[int]) -> pd.DataFrame:
    n = np.array(counts)
    share = np.divide(events, n, out=np.zeros(len(n)), where=n > 0)
    return pd.DataFrame({"unit": [f"u{i}" for i in range(len(n))], "n": n, "events": events, "estimate": share})


@given(st.lists(st.tuples(st.integers(0, 60), st.floats(0, 1)), min_size=1, max_size=12), st.integers(1, 20))
def test_a_shown_row_is_the_true_row_and_no_small_number_is_shown(rows: list[tuple[int, float]], least: int) -> None:
    counts = [n for n, _ in rows]
    true = table_of(counts, [round(n * share) for n, share in rows])
    shown = privacy.disclose(true, counts=["n", "events"], keep=["unit"], min_cell=least)
    open_rows = ~shown["hidden"]
    pd.testing.assert_frame_equal(
        shown.loc[open_rows, ["unit", "n", "events", "estimate"]].astype({"n": "int64", "events": "int64"}),
        true.loc[open_rows],
        check_dtype=False,
    )
    for number in (shown["n"], shown["events"], shown["n"] - shown["events"]):
        told = number.dropna()
        assert not ((told > 0) & (told < least)).any()
    assert shown.loc[shown["hidden"], ["events", "estimate"]].isna().all(axis=None)


@given(st.lists(st.integers(0, 40), min_size=3, max_size=12))
def test_a_hidden_number_does_not_follow_from_the_total(counts: list[int]) -> None:
    shown = privacy.disclose(table_of(counts, [0] * len(counts)), counts=["n"], keep=["unit"])
    missing = np.array(counts)[shown["n"].isna().to_numpy()]
    positive = missing[missing > 0]
    all_hidden = not (np.array(counts)[shown["n"].notna().to_numpy()] > 0).any()
    assert not len(positive) or all_hidden or (len(positive) > 1 and positive.sum() >= privacy.MIN_CELL)


def test_a_total_stays_where_only_a_part_of_it_is_small() -> None:
    shown = privacy.disclose(table_of([1873, 900], [5, 300]), counts=["n", "events"], keep=["unit"])
    assert shown["n"].tolist() == [1873, 900]
    assert shown["events"].isna().all()
    assert shown["estimate"].isna().all()


@given(st.lists(st.integers(0, 30), max_size=40))
def test_no_step_of_a_curve_holds_few_closings(events: list[int]) -> None:
    shown = privacy.coarse_steps(np.array(events, dtype=np.int64))
    steps = np.add.reduceat(events, [0, *np.flatnonzero(shown)[:-1] + 1]) if shown.any() else np.array([])
    assert sum(events) == (steps.sum() if len(steps) else 0) or not shown.any()
    if len(steps) > 1:
        assert (steps >= privacy.MIN_CELL).all()
