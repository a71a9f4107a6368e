"""People of a case are tables of their own: complainants, victims, witnesses and investigators, never accusations."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tiny import write_source

import accountability
from accountability.errors import SourceError
from accountability.records.dataset import Dataset

ROWS = "case,race,age\n007,black,30\n007,white,41\n008,black,9\n"


def with_people(folder: Path, table: str, rows: str = ROWS, **changes: Any) -> Path:
    folder.mkdir(parents=True)
    (folder / "people.csv").write_text(rows, encoding="utf-8")
    declared: dict[str, Any] = {
        "path": "people.csv",
        "sha256": hashlib.sha256(rows.encode()).hexdigest(),
        "table": table,
        "columns": {
            "case": {"to": "case_id"},
            "race": {"to": "race"},
            "age": {"to": "age", "type": "integer", "band": [18, 40]},
        },
        **changes,
    }
    return write_source(folder, **{"files.people": declared})


@pytest.mark.parametrize("role", ["complainants", "victims", "witnesses", "investigators"])
def test_each_role_has_a_table_and_is_no_accusation(tmp_path: Path, role: str) -> None:
    data = accountability.load(with_people(tmp_path / "small", role))
    assert list(data.people) == [role]
    assert data.people[role]["age"].tolist() == ["18-39", "40 and over", "under 18"]
    assert (len(data.allegations), len(data.cases)) == (2, 2)
    assert accountability.describe(data, role).true_numbers()["n"].tolist() == [3]


def test_people_are_kept_coded_for_the_next_load(tmp_path: Path) -> None:
    folder = with_people(tmp_path / "small", "witnesses")
    first, again = accountability.load(folder), accountability.load(folder)
    pd.testing.assert_frame_equal(first.people["witnesses"], again.people["witnesses"])


@pytest.mark.parametrize(
    ("rows", "changes", "told"),
    [
        ("case,race,age\n,black,30\n", {}, "1 victim row(s) name no case, first data row 1 of people.csv"),
        ("case,race,age\n009,black,30\n", {}, "1 victim row(s) name a case that no file of cases holds, first '009'"),
        (ROWS, {"columns": {"race": {"to": "race"}}}, "a file of victims needs a column `to: case_id`"),
    ],
)
def test_people_without_a_case_are_refused_by_name(
    tmp_path: Path, rows: str, changes: dict[str, Any], told: str
) -> None:
    with pytest.raises(SourceError) as refused:
        accountability.load(with_people(tmp_path / "small", "victims", rows, **changes))
    assert told in str(refused.value)


def test_people_of_cases_elsewhere_are_left_out_with_the_reason(tmp_path: Path) -> None:
    rows = ROWS + "999,white,20\n"
    data = accountability.load(with_people(tmp_path / "small", "victims", rows, unlinked="another year's complaints"))
    assert len(data.people["victims"]) == 3
    entry = data.ledger.entries.query("rule == 'unlinked'").iloc[0]
    assert (entry["count"], entry["reason"]) == (1, "another year's complaints")


@pytest.mark.real_data
def test_who_investigated_is_joined_to_the_complaints_of_chicago(real_source: Callable[[str], Dataset]) -> None:
    data = real_source("chicago_investigators")
    people = data.people["investigators"]
    assert len(data.cases) == 109_339
    assert (len(people), people["investigator_id"].nunique(), people["case_id"].nunique()) == (108_742, 3_198, 108_683)
    assert people.groupby("case_id").size().value_counts().to_dict() == {1: 108_629, 2: 49, 3: 5}
    assert data.ledger.check()["accounted"].tolist()[-1] == 21_759
    held = people.groupby("investigator_id").size()
    assert ((held < 10).sum(), (held >= 30).sum()) == (1_392, 784)
    assert not {"first_name", "last_name", "current_star"} & set(people)
