"""Files that a program wrote in its own way, and files that are too large to be tables of records."""

from __future__ import annotations

from pathlib import Path

import pytest

from accountability.errors import SourceError
from accountability.records.onboard.check import check
from accountability.records.onboard.propose import new_source
from accountability.records.yaml_text import read_yaml

HEAD = "complaint,received,closed,ward,finding"


def proposed(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "complaints.csv"
    path.write_text(text, encoding="utf-8")
    return new_source("small", [path], into=tmp_path / "data")


def rows(named: str = "", empty: str = "NA") -> str:
    cells = [
        f"{f'{named}{i},' if named else ''}{2000 + i},2019-01-{i + 1:02},{empty if i % 3 else f'2019-02-{i + 1:02}'},"
        f"{'NA' if i % 4 else 'North'},{'NA' if i % 5 else 'Sustained'}"
        for i in range(1, 27)
    ]
    return "\n".join(cells) + "\n"


def test_a_header_one_name_short_is_read_and_asked_about(tmp_path: Path) -> None:
    folder = proposed(tmp_path, f"{HEAD}\n{rows('r')}")
    file = read_yaml(folder / "source.yaml")["files"]["complaints"]
    assert file["format"]["names"] == ["row_name", *HEAD.split(",")]
    assert "one name fewer" in (folder / "source.yaml").read_text()
    assert any(point.what.startswith("format") for point in check(folder).points if point.open)


def test_what_a_program_writes_for_an_empty_cell_is_proposed_as_blank(tmp_path: Path) -> None:
    folder = proposed(tmp_path, f"{HEAD}\n{rows()}")
    file = read_yaml(folder / "source.yaml")["files"]["complaints"]
    assert file["prepare"] == [{"blank": {"texts": ["NA"], "columns": ["closed", "ward", "finding"]}}]
    assert any(p.what.startswith("prepare") for p in check(folder).points if p.open), "it has to be confirmed"


def test_na_in_a_column_of_race_stays_what_it_says(tmp_path: Path) -> None:
    folder = proposed(tmp_path, f"{HEAD.replace('ward', 'race')}\n{rows()}")
    assert "prepare" not in read_yaml(folder / "source.yaml")["files"]["complaints"]


def test_a_giant_cell_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"line 3: expected cells of .* found 1,000,001 in the column 'b'"):
        proposed(tmp_path, f"a,b\n1,x\n2,{'y' * 1_000_001}\n")


def test_a_table_too_wide_for_records_is_refused(tmp_path: Path) -> None:
    names = ",".join(f"c{i}" for i in range(60_000))
    with pytest.raises(SourceError, match="at most 2,000 columns, found 60,000"):
        proposed(tmp_path, f"{names}\n{','.join(['1'] * 60_000)}\n")
