"""The four closing states of every declared source, as the page on open and unknown cases counts them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT

import accountability
from accountability.records.case_ends import closing_states
from accountability.records.dataset import Dataset

PAGE = ROOT / "docs" / "explanation" / "open_unknown_coarse.md"
ROWS = re.findall(r"^\| (\w+) \|((?: [\d,]+ \|){5})$", PAGE.read_text(encoding="utf-8"), re.M)
COUNTED = {name: [int(n.replace(",", "")) for n in cells.strip(" |").split(" | ")] for name, cells in ROWS}
BUNDLED = (
    "synthetic",
    "generated_2019",
    "generated_2021",
    "generated_investigators",
    "generated_districts",
    "news_cases",
)


def counts(data: Dataset) -> list[int]:
    return [*closing_states(data)["n"].tolist(), len(data.cases)]


def test_every_declared_source_is_counted() -> None:
    assert set(COUNTED) == {path.parent.name for path in (ROOT / "data").glob("*/source.yaml")}
    assert all(sum(row[:4]) == row[4] for row in COUNTED.values())


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_source_has_these_states(name: str) -> None:
    assert counts(accountability.load(name)) == COUNTED[name]


@pytest.mark.real_data
@pytest.mark.parametrize("name", sorted(set(COUNTED) - set(BUNDLED)))
def test_a_real_source_has_these_states(name: str, real_data: Callable[[str], Path]) -> None:
    accountability.fetch(name, from_dir=real_data(name))
    assert counts(accountability.load(name)) == COUNTED[name]
