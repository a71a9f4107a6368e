"""A proposal and a check of a wide file stay quick: processor time, at a tenth of the size the goal is set for."""

from __future__ import annotations

import importlib.util
from pathlib import Path

GOAL = 10.0  # seconds for 100,000 rows of 40 columns
_BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "onboard.py"


def test_ten_thousand_rows_of_forty_columns_take_less_than_half_the_goal() -> None:
    spec = importlib.util.spec_from_file_location("onboard_benchmark", _BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    benchmark = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(benchmark)
    told = benchmark.measured(10_000, 40)
    assert sum(told.values()) < GOAL / 2, told
