"""A load needs memory for its tables, not for the text of the file: the bound that is stated for ten million rows."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest
from conftest import ROOT


@pytest.mark.slow
def test_a_million_rows_load_within_the_stated_bound(tmp_path: Path) -> None:
    large = runpy.run_path(str(ROOT / "benchmarks" / "load_large.py"))
    source = large["written"](tmp_path, 1_000_000)
    text = (source / "complaints.csv").stat().st_size
    found = large["measured"](source)
    tables = sum(found["tables"].values())
    assert found["raw"] == 1_000_000
    assert text > tables  # else a load that kept the text would pass as well
    assert found["peak"] < large["LIMIT"] * tables + large["FIXED_MB"] * 2**20
