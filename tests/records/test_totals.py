"""Outside totals: declared, hashed, read and checked; what cannot be a total is refused with its row."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import districts
import pytest
import yaml
from districts import HEAD, TOTALS, agency

import accountability
from accountability.errors import SourceError


def test_totals_are_read_hashed_and_on_the_card(tmp_path: Path) -> None:
    data = accountability.load(agency(tmp_path / "small"))
    assert set(data.totals) == {"residents", "sworn"}
    residents = data.totals["residents"]
    assert (residents.by, residents.base, len(residents.table)) == (("area",), 1000, 6)
    assert data.files["totals.csv"] == hashlib.sha256(TOTALS.encode()).hexdigest()
    assert "total: residents" in repr(data)
    assert "by area, 2019 to 2020; made for a test (totals.csv)" in repr(data)
    counted = data.ledger.rows
    assert counted[counted["file"] == "totals.csv"][["raw", "coded"]].to_numpy().tolist() == [[6, 6]]
    assert "totals" not in data.people
    again = accountability.load(tmp_path / "small")  # from the coded copy
    assert again.totals["sworn"].table.equals(data.totals["sworn"].table)


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    folder = agency(tmp_path / "small")
    (folder / "totals.csv").write_text(TOTALS.replace("10000", "10001"), encoding="utf-8")
    with pytest.raises(SourceError, match=r"totals.csv: expected sha256 .*, found .*; the file is not the one"):
        accountability.load(folder)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (HEAD + ",2019,1000,10\n", r"1 of 1 totals name no place \(a column of area is empty\), first data row 1"),
        (
            TOTALS + "01,2020,5,5\n",
            r"1 of 7 totals are a second total of one place and year, first data row 7 \('01'\)",
        ),
        (HEAD + "01,2019,0,10\n", r"have residents of 0 or less, of which no rate can be taken, first data row 1"),
        (HEAD + "01,2019,-5,10\n", r"have residents of 0 or less"),
        (HEAD + "01,2019,5,0\n", r"have sworn of 0 or less"),
        (HEAD + "01,2019,many,10\n", r"1 of 1 totals have no number of residents"),
        (HEAD + "01,2019,,10\n", r"have no number of residents, .*`without` which places have none"),
        (HEAD + "01,,5,5\n", r"have no year of four digits"),
        (HEAD + "1,2019,5,5\n2,2019,5,5\n", r"2 of 2 values of 'area' are in no case, first '1' \(those .* as '01'\)"),
        (TOTALS + "All,2019,60,60\n", r"1 of 4 values of 'area' are in no case, first 'All' .*because: a sum"),
    ],
)
def test_what_cannot_be_a_total_is_refused_with_its_row(tmp_path: Path, rows: str, told: str) -> None:
    with pytest.raises(SourceError, match=told):
        accountability.load(agency(tmp_path / "small", rows))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"as_of": "2019-07-01"}, "say when totals were counted: a column `to: year`, or `as_of`"),
        ({"counts": {"residents": 0}}, "a rate is per a number above 0"),
        ({"counts": {"people": 1000}}, "totals are by 'residents', which no table of this source holds"),
        ({"without": {"people": {"04": "a park"}}}, "without names 'people', which is not among `counts`"),
        ({"without": {"residents": {"01": "a park"}}}, "have residents although `without` says there are none"),
        ({"colour": "red"}, "colour: Extra inputs are not permitted"),
    ],
)
def test_a_declaration_that_does_not_fit_is_refused(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(SourceError, match=told):
        accountability.load(agency(tmp_path / "small", **changes))


def test_a_file_of_totals_and_its_declaration_go_together(tmp_path: Path) -> None:
    folder = agency(tmp_path / "small")
    said = yaml.safe_load((folder / "source.yaml").read_text(encoding="utf-8"))
    del said["files"]["totals"]["totals"]
    (folder / "source.yaml").write_text(yaml.safe_dump(said), encoding="utf-8")
    with pytest.raises(SourceError, match=r"`table: totals` and `totals` go together: totals: \{counts:"):
        accountability.load(folder)


def test_the_generated_districts_are_as_their_script_writes_them(tmp_path: Path) -> None:
    made = districts.write(tmp_path / "generated_districts")
    for path in sorted(made.iterdir()):
        assert (districts.HOME / path.name).read_text(encoding="utf-8") == path.read_text(encoding="utf-8"), path.name
