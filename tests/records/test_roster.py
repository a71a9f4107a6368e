"""A roster: who served when, accused or not; spells give person-time, and what cannot be is refused by name."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from tiny import ACCUSED, write_source

import accountability
from accountability import officers
from accountability.errors import SourceError

HEAD = "id,from,to,unit\n"
ROSTER = (
    HEAD + "o1,2019-01-01,2020-06-30,north\no1,2020-07-01,,south\no2,2020-10-01,,north\no3,2020-01-01,2020-01-31,\n"
)
PERIOD = {"from": "2020-01-01", "to": "2020-12-31"}


def agency(folder: Path, rows: str = ROSTER, **changes: Any) -> Path:
    folder.mkdir(parents=True)
    (folder / "roster.csv").write_text(rows, encoding="utf-8")
    declared: dict[str, Any] = {
        "path": "roster.csv",
        "sha256": hashlib.sha256(rows.encode()).hexdigest(),
        "table": "roster",
        "columns": {
            "id": {"to": "officer_id", "pseudonym": True},
            "from": {"to": "starts", "date": "%Y-%m-%d"},
            "to": {"to": "ends", "date": "%Y-%m-%d"},
            "unit": {"to": "unit"},
        },
        **changes,
    }
    return write_source(folder, **{"files.roster": declared, "card.period": PERIOD})


def test_spells_are_kept_and_their_days_counted(tmp_path: Path) -> None:
    data = accountability.load(agency(tmp_path / "small"))
    roster = data.people["roster"]
    assert roster["ends"].isna().sum() == 2
    years = officers.years_watched(data)
    assert sorted(round(days) for days in years * 365.25) == [31, 92, 366]
    assert set(data.allegations["officer_id"]) <= set(years.index), "one pseudonym in all tables"
    assert accountability.load(tmp_path / "small").people["roster"].equals(roster)


def test_officers_never_accused_are_counted_with_their_time(tmp_path: Path) -> None:
    made = officers.tally(accountability.load(agency(tmp_path / "small")), exposure="years")
    assert (made.size, made.total) == (3, 2)
    rows = ACCUSED + "007,o1,SUS,\n007,o9,NOT,\n"
    folder = agency(tmp_path / "other")
    (folder / "accused.csv").write_text(rows, encoding="utf-8")
    text = (folder / "source.yaml").read_text(encoding="utf-8")
    old = hashlib.sha256((ACCUSED + "007,o1,SUS,10 Days\n007,o2,NOT,\n").encode()).hexdigest()
    (folder / "source.yaml").write_text(text.replace(old, hashlib.sha256(rows.encode()).hexdigest()), encoding="utf-8")
    assert officers.tally(accountability.load(folder), exposure="years").unexposed == 1


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (
            "o1,2019-01-01,2020-06-30,n\no1,2020-06-30,,s\n",
            "1 spell.s. of the roster overlap another of the same officer",
        ),
        ("o1,2019-01-01,,n\no1,2020-06-30,,s\n", "1 spell.s. of the roster overlap another of the same officer"),
        ("o1,2020-01-01,2019-01-01,n\n", "1 spell.s. of the roster end before they start"),
        ("o1,,2019-01-01,n\n", "name no officer or no first day"),
        (",2019-01-01,,n\n", "name no officer or no first day"),
        ("o1,2019-01-01,soon,n\no2,2019-01-01,2019-02-01,n\n", "1 last day.s. of the roster cannot be read, .*'soon'"),
    ],
)
def test_spells_that_cannot_be_are_refused_with_the_row(tmp_path: Path, rows: str, told: str) -> None:
    with pytest.raises(SourceError, match=told) as refused:
        accountability.load(agency(tmp_path / "small", HEAD + rows))
    assert "roster.csv" in str(refused.value)
    assert "first data row" in str(refused.value)


def test_a_roster_without_first_days_is_refused_before_it_is_read(tmp_path: Path) -> None:
    columns = {"id": {"to": "officer_id"}, "unit": {"to": "unit"}}
    with pytest.raises(SourceError, match="a roster needs a column `to: starts` with its `date`"):
        accountability.load(agency(tmp_path / "small", "id,unit\no1,n\n", columns=columns))
