"""Nothing grows faster than n log n: the program says so, and ten times the rows take no more calls of Python."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import growth
import pytest

SIZES = (10_000, 100_000, 1_000_000)


def found(power: float) -> dict[int, dict[str, float]]:
    seconds = {n: (n / 1e6) ** power * math.log(n) for n in SIZES}
    return {n: {"seconds": 2 * took, "user": took, "megabytes": n / 1e3} for n, took in seconds.items()}


def test_n_log_n_passes_and_a_higher_power_is_named() -> None:
    assert growth.excess(found(1.0)) == pytest.approx(0.0)
    assert growth.too_fast({"curve": found(1.0), "load": found(1.0 + growth.TOLERANCE / 2)}) == []
    (said,) = growth.too_fast({"curve": found(1.0), "load": found(1.5)})
    assert said.startswith("load grows faster than n log n")


def test_the_last_two_sizes_are_judged() -> None:
    early = found(1.0) | {10_000: {"seconds": 1e-9, "user": 1e-9, "megabytes": 1.0}}
    assert growth.too_fast({"curve": early}) == []


def test_the_page_says_every_size_and_what_was_left_out() -> None:
    table = {"curve": found(1.0), "load": {10_000: {"seconds": 0.5, "user": 0.4, "megabytes": 200.0}}}
    text = growth.page(table, ["load, 100,000 rows: left out."], "A machine")
    assert "| load | 0.5 s (0.4), 200 MB |  |  |  |  |" in text
    assert "load, 100,000 rows: left out." in text


def calls(name: str, rows: int, folder: Path) -> int:
    """How many functions an analysis calls, of Python and of C."""
    growth.PREPARE[name](1_000, folder)()
    run, counted = growth.PREPARE[name](rows, folder), 0

    def count(frame: object, event: str, _: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(None)
    return counted


@pytest.mark.parametrize("name", [name for name in growth.PREPARE if name.startswith(("closing", "Cox", "clustered"))])
def test_ten_times_the_rows_take_no_loop_of_python(name: str, tmp_path: Path) -> None:
    """Work is done by whole arrays: the calls grow by blocks of 8,192 rows at most, not by rows."""
    few, many = (calls(name, rows, tmp_path) for rows in (10_000, 100_000))
    assert many < 3 * few
