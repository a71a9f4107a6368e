"""What a declaration leaves undone is said: rules that match nothing, supplied days that are not those of the dates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tiny import ACCUSED, COMPLAINTS, write_source

from accountability.records.contract import File
from accountability.records.onboard.check import check
from accountability.records.onboard.check_days import check_days
from accountability.records.onboard.points import Point

ROWS = COMPLAINTS + "".join(f"{n},2020-01-01,2020-0{n}-01,force,A\n" for n in range(2, 6))
PEOPLE = ACCUSED + "".join(f"{n},o{n},SUS,none\n" for n in range(2, 6))


def said(folder: Path, rows: str = ROWS, accused: str = PEOPLE, **changes: Any) -> list[Point]:
    return list(check(write_source(folder, rows, accused, **changes)).points)


def test_repeats_that_match_no_row_are_said(tmp_path: Path) -> None:
    for repeats in ({"exact": "drop"}, {"by": ["id", "officer"]}):
        told = [{**repeats, "because": "x"}]
        points = said(tmp_path / next(iter(repeats)), **{"files.accused.repeats": told})
        (point,) = [p for p in points if "matches no row: leave it out" in p.what]
        assert point.open
        assert point.count == 0
        assert "in place of this entry of `repeats`" in point.paste


def test_blanks_in_the_columns_of_by_are_counted_with_their_identical_rows(tmp_path: Path) -> None:
    accused = PEOPLE + "2,,SUS,none\n2,,SUS,none\n3,,SUS,none\n2,o2,SUS,none\n"
    told = [{"by": ["id", "officer"], "because": "x"}]
    points = said(tmp_path / "blank", accused=accused, **{"files.accused.repeats": told})
    (point,) = [p for p in points if "empty cell in id, officer" in p.what]
    assert (point.count, point.open) == (3, True)
    assert "1 of them are identical" in point.what
    assert "exact: DECIDE" in point.paste
    more = [*told, {"exact": "keep", "because": "x"}]
    points = said(tmp_path / "said", accused=accused, **{"files.accused.repeats": more})
    assert not [p for p in points if p.open and "empty cell in id, officer" in p.what]


def test_an_aside_on_empty_cells_does_nothing_and_that_is_said(tmp_path: Path) -> None:
    rows = ROWS + "8,2020-01-01,,pending,A\n9,2020-01-01,,pending,A\n"
    aside = {"when": {"kind": ["pending"]}, "because": "x"}
    points = said(tmp_path / "aside", rows, **{"files.complaints.columns.closed.aside": aside})
    (point,) = [p for p in points if "an aside on an empty cell does nothing" in p.what]
    assert (point.count, point.open) == (2, True)
    assert "no_day" in point.paste
    aside = {"when": {"kind": ["nowhere"]}, "because": "x"}
    points = said(tmp_path / "never", rows, **{"files.complaints.columns.closed.aside": aside})
    assert [p for p in points if p.open and "no row is so" in p.what]


def test_rules_that_never_fire_are_said(tmp_path: Path) -> None:
    unusable = [{"blank": ["id"], "because": "x"}]
    points = said(tmp_path / "rules", **{"files.complaints.unusable": unusable})
    what = " ".join(p.what for p in points)
    assert "unusable: [id] matches no row" in what
    assert "rules of the block match no cell" in what
    assert "closed before received occurs in no case, so this rule never fires" in what


def days(supplied: list[str | None], closed: list[str | None] | None = None, **more: Any) -> list[Point]:
    made = closed or [f"2020-02-{n:02}" for n in range(1, len(supplied) + 1)]
    raw = pd.DataFrame({"id": map(str, range(len(made))), "in": "2020-01-01", "out": made, "days_open": supplied})
    columns = {
        "id": {"to": "case_id"},
        "in": {"stage": "received", "date": "%Y-%m-%d"},
        "out": {"stage": "closed", "date": "%Y-%m-%d"},
        "days_open": {"ignore": "counted from the dates"},
    }
    table = {"path": "c.csv", "sha256": "0" * 64, "table": "cases", "columns": columns, **more}
    return list(check_days(raw.astype("str"), File.model_validate(table), "c.csv"))


@pytest.mark.parametrize(("off", "left"), [(0, False), (1, True), (-1, True)])
def test_a_supplied_number_of_days_is_compared_with_the_dates(off: int, left: bool) -> None:
    (point,) = days([str(31 + n + off) for n in range(20)])
    assert point.open is left
    assert f"in {0 if off else 20} of 20 rows" in point.what
    if off:
        assert ("longer in 20" if off > 0 else "shorter in 20") in point.what
        assert f"most often by {off:+d}" in point.what
        assert "days_open against dates" in point.paste
    settled = days([str(31 + n + off) for n in range(20)], settled={"days_open against dates": "both ends count"})
    assert not any(point.open for point in settled)


def test_a_number_of_days_beside_an_empty_closing_is_counted() -> None:
    closed = [f"2020-02-{n:02}" for n in range(1, 16)] + [None] * 5
    (point,) = days([str(31 + n) for n in range(20)], closed)
    assert point.open
    assert "5 rows have a number and no day in out" in point.what


def test_another_number_is_no_duration() -> None:
    columns = pd.DataFrame({"a": range(20)})
    raw = pd.DataFrame({"id": columns["a"].astype("str"), "in": "2020-01-01", "out": "2020-02-01"})
    raw["beat"] = [str(100 + 7 * n) for n in range(20)]
    declared = {
        "id": {"to": "case_id"},
        "in": {"stage": "received", "date": "%Y-%m-%d"},
        "out": {"stage": "closed", "date": "%Y-%m-%d"},
        "beat": {"to": "beat"},
    }
    file = File.model_validate({"path": "c.csv", "sha256": "0" * 64, "table": "cases", "columns": declared})
    assert list(check_days(raw.astype("str"), file, "c.csv")) == []
