"""Intervals hold the truth about as often as they say; the full run is ``python benchmarks/hazard_coverage.py``."""

import importlib
import sys

import pytest
from conftest import ROOT, full

sys.path.insert(0, str(ROOT / "benchmarks"))


@pytest.fixture(scope="module")
def simulation():
    return importlib.import_module("hazard_coverage")


def test_intervals_hold_the_truth_as_often_as_they_say(simulation):
    table = simulation.coverage(agencies=100 if full() else 50, seed=4)
    assert len(table) == 8
    # Three standard errors of a true 95 % are 6.5 points of 100 agencies, 9.2 of 50.
    assert table["coverage"].between(0.885 if full() else 0.858, 1.0).all(), table.to_string()
