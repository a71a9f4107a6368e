"""Tables of labels and of links are proposed as what they are; their rows are never counted as complaints."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from accountability.records.onboard.first_look import looked_at
from accountability.records.onboard.proposal import Proposal, proposed
from accountability.records.onboard.proposed_text import source_text

WORDS = {"1": "Sustained", "2": "Not Sustained", "3": "Unfounded", "4": "Exonerated"}
CASES = pd.DataFrame(
    {
        "Complaint No": [f"C-{n:04}" for n in range(60)],
        "Date Received": [f"2019-{n % 12 + 1:02}-{n % 28 + 1:02}" for n in range(60)],
        "Date Closed": [f"2020-{n % 12 + 1:02}-{n % 27 + 1:02}" for n in range(60)],
        "Finding Code": [str(n % 4 + 1) for n in range(60)],
    }
)
LABELS = pd.DataFrame({"Finding Code": list(WORDS), "Description": list(WORDS.values())})
LINKS = pd.DataFrame(
    [(f"C-{n:04}", f"{90_000 + 37 * (n * k % 17)}") for n in range(50) for k in (1, 2)],
    columns=["Complaint No", "Officer ID"],
).drop_duplicates()


def seen(folder: Path, **tables: pd.DataFrame) -> tuple[list[Proposal], list[str]]:
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    found, left = looked_at([(folder / f"{name}.csv", None) for name in tables])
    return proposed(found), left


def test_labels_are_brought_into_the_table_that_uses_their_codes(tmp_path: Path) -> None:
    (table,), left = seen(tmp_path, complaints=CASES, finding_codes=LABELS)
    assert table.column(to="finding").column.name == "Description"
    assert table.frame["Description"].tolist() == CASES["Finding Code"].map(WORDS).tolist()
    assert left == ["finding_codes.csv: labels of the 4 codes in 'Finding Code' of complaints.csv"]
    text = source_text("x", [table], left)
    assert "lookup: {file: finding_codes.csv, column: Finding Code" in text
    assert "beside: {finding_codes.csv: " in text


def test_labels_that_lack_a_code_are_named_and_not_counted(tmp_path: Path) -> None:
    odd = CASES.assign(**{"Finding Code": ["9", *CASES["Finding Code"][1:]]})
    (table,), left = seen(tmp_path, complaints=odd, finding_codes=LABELS)
    assert not table.layout.prepare
    assert "1 codes, in 1 rows, are not among its labels; save it as a plain CSV file" in left[0]


def test_links_give_one_row_for_each_officer_of_a_complaint(tmp_path: Path) -> None:
    (table,), left = seen(tmp_path, complaints=CASES, finding_codes=LABELS, involved=LINKS)
    assert table.table == "allegations"
    assert table.frame["Complaint No"].nunique() == 60
    assert len(table.frame) == len(LINKS) + 10
    assert table.frame["Officer ID"].nunique() == LINKS["Officer ID"].nunique()
    assert "unmatched: blank" in source_text("x", [table], left)


def test_links_beside_complaints_without_findings_stay_the_accusations(tmp_path: Path) -> None:
    tables, _ = seen(tmp_path, complaints=CASES.drop(columns="Finding Code"), involved=LINKS)
    assert [p.table for p in tables] == ["cases", "allegations"]


def test_numbers_that_only_happen_to_be_the_same_are_no_labels(tmp_path: Path) -> None:
    places = pd.DataFrame({"Region": list(WORDS), "Captain": ["a", "b", "c", "d"]})
    _, left = seen(tmp_path, complaints=CASES, stations=places)
    assert not left


def test_a_table_whose_numbers_stand_nowhere_else_is_asked_about(tmp_path: Path) -> None:
    other = pd.DataFrame({"File No": [f"X{n}" for n in range(40)], "Budget": [f"{n}.5" for n in range(40)]})
    tables, _ = seen(tmp_path, complaints=CASES, other=other)
    assert "DECIDE" in [p.table for p in tables]
