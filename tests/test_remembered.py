"""What is remembered: within a block, a call or a report, for the same objects, and never beyond."""

from __future__ import annotations

import ast
from collections import OrderedDict
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from conftest import ROOT

from accountability.remembered import REPORT_VARIABLE, Kept, remembered, remembering

CALLS: list[int] = []
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


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


def test_a_report_remembers_all_through(monkeypatch: pytest.MonkeyPatch) -> None:
    CALLS.clear()
    table = pd.DataFrame({"n": [1, 2]})
    monkeypatch.setenv(REPORT_VARIABLE, "1")
    assert rows(table) + rows(table) == 4
    assert len(CALLS) == 1
    assert rows(table.copy()) == 2  # another table, though equal
    assert len(CALLS) == 2


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_study_changes_in_place_what_a_report_remembers(notebook: Path) -> None:
    cells = nbformat.read(notebook, as_version=4).cells
    for node in ast.walk(ast.parse("\n".join(cell.source for cell in cells if cell.cell_type == "code"))):
        written = node.targets if isinstance(node, (ast.Assign, ast.Delete)) else []
        written = [node.target] if isinstance(node, (ast.AugAssign, ast.AnnAssign)) else written
        assert not any(isinstance(one, (ast.Subscript, ast.Attribute)) for one in written), ast.unparse(node)
        assert not (isinstance(node, ast.keyword) and node.arg == "inplace"), ast.unparse(node)
