"""An answer, a table and a figure write one number with the same decimals."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountability.decimals import decimals, share_decimals
from accountability.figures.draw import _said
from accountability.findings import wording

SHARES = st.lists(st.floats(0, 1), min_size=3, max_size=3).map(sorted)
RATIOS = st.lists(st.floats(0.01, 99), min_size=3, max_size=3).map(sorted)


@given(SHARES)
def test_a_share_reads_alike_in_an_answer_and_beside_its_row(ends: list[float]) -> None:
    low, value, high = ends
    whole = f"{wording.share(value, low, high)} ({wording.share_ends(low, high)})"
    assert _said(value, low, high, "share") == (wording.share(value) if low == high else whole)
    assert _said(value, math.nan, math.nan, "share") == wording.share(value)


@given(RATIOS)
def test_a_ratio_reads_alike_in_an_answer_and_beside_its_row(ends: list[float]) -> None:
    low, value, high = ends
    if low < high:
        assert _said(value, low, high, "ratio") == wording.number_interval(value, low, high)
    if not value.is_integer():
        assert _said(value, math.nan, math.nan, "ratio") == wording.number(value)


@pytest.mark.parametrize(
    ("lower", "upper", "expected"),
    [
        (0.6, 1.5, 1),
        (0.95, 1.05, 2),
        (0.989, 1.005, 3),
        (1.99999, 2.00001, 3),
        (1.0, 1.0, 1),
        (0.5, math.inf, 1),
        (0.997, 1.079, 3),
        (0.6, 0.97, 2),
        (1.02, math.inf, 2),
    ],
)
def test_a_ratio_has_the_decimals_of_the_first_figure_of_its_error(lower: float, upper: float, expected: int) -> None:
    assert decimals(lower, upper) == expected


@given(RATIOS)
def test_a_limit_that_is_not_1_is_not_written_as_1(ends: list[float]) -> None:
    low, value, high = ends
    said = wording.number_interval(value, low, high).partition("(")[2].rstrip(")").split(" to ")
    for end, text in zip((low, high), said, strict=True):
        assert (float(text) == 1) == (round(end, 4) == 1)


@pytest.mark.parametrize(
    ("share", "expected"),
    [((0.143, 0.129, 0.159), 1), ((0.22, 0.10, 0.34), 0), ((0.14, 0.13, 0.16), 0), ((0.5, math.nan, math.nan), 1)],
    ids=["narrow", "wide", "rounded before", "without an interval"],
)
def test_a_share_has_a_decimal_where_its_interval_allows(share: tuple[float, float, float], expected: int) -> None:
    assert share_decimals(*share) == expected
