"""A proposal and a check of a wide file stay quick: processor time, at a tenth of the size the goal is set for."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from accountability.errors import SourceError
from accountability.records.onboard import first_look, layout

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


def test_a_large_file_tells_how_far_it_is_and_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.csv"
    rows = [f"C{n:05},2019-01-{n % 28 + 1:02},{'Sustained' if n % 3 else 'Unfounded'}" for n in range(3_000)]
    path.write_text("\n".join(["Case No,Received,Finding", *rows]) + "\n")
    ((whole,), _) = first_look.looked_at([(path, None)])
    monkeypatch.setattr(first_look, "LARGE", 10_000)
    monkeypatch.setattr(first_look, "_BLOCK", 20_000)
    told: list[tuple[str, int, int]] = []
    ((pieces,), _) = first_look.looked_at([(path, None)], lambda *one: told.append(one))
    assert pieces.frame.equals(whole.frame)
    assert [role.declared for role in pieces.roles] == [role.declared for role in whole.roles]
    assert len(told) > 5
    assert all(done <= parts for _, done, parts in told)
    assert told[-1] == ("log.csv, columns", 3, 3)


def test_a_giant_cell_stops_a_large_file_where_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.csv"
    good = "".join(f"C{n},x\n" for n in range(5_000))
    path.write_text(f"Case,Text\nC0,{'y' * 2_000}\n{good}")
    monkeypatch.setattr(first_look, "LARGE", 10_000)
    monkeypatch.setattr(first_look, "_BLOCK", 8_000)
    monkeypatch.setattr(layout, "_LONGEST", 1_000)
    told: list[int] = []
    with pytest.raises(SourceError, match=r"line 2: expected cells of at most 1,000 characters, found 2,000"):
        first_look.looked_at([(path, None)], lambda _, done, __: told.append(done))
    assert not told
