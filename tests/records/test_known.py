"""What a report must not hold: names and narratives that a declaration removes, by columns and by single cells."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny import COMPLAINTS, write_source

from accountability.records.leaving.known import known, runs_of, told_values

STORY = "the sergeant drove twice around the closed market before anybody answered"


@pytest.mark.parametrize("how", [{"rows": [2]}, {"matching": "^[A-Z]"}, {"when": {"id": ["008"]}}])
@pytest.mark.parametrize("kind", ["name", "free_text"])
def test_a_dropped_cell_is_known(kind: str, how: dict, tmp_path: Path) -> None:
    said = {"name": "Quentin Oglethorpe", "free_text": STORY.capitalize()}[kind]
    text = COMPLAINTS + f"007,2020-01-01,2020-01-31,force,A\n008,2020-02-01,,{said},B\n"
    cell = {"kind": kind, "because": "in the wrong column", **how}
    folder = write_source(
        tmp_path / "small", text, **{"files.complaints.columns.kind": {"to": "kind", "drop_cells": [cell]}}
    )
    found = known([str(folder)])
    if kind == "name":
        assert ("quentin", "oglethorpe") in found.pairs
        assert "oglethorpe" in found.names, "a level that is dropped is no word of the project's"
    else:
        assert set(runs_of(STORY)) <= found.runs


def test_a_statistic_is_no_number_of_a_case() -> None:
    """Written without its point, 10352.33 is a case number of seven digits."""
    assert "1035233" not in set(told_values("chi-squared 10352.33 on 14 degrees of freedom"))
    assert "1035233" in set(told_values("complaint 1035233"))
