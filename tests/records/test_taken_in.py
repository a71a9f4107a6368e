"""A table in memory or in a database is asked what a file is asked, and leaves no copy."""

from __future__ import annotations

import sqlite3
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import accountability
from accountability.errors import AccountabilityError, ParameterError, SourceError
from accountability.records.dataset import Dataset

SAID = {
    "complaint": "Complaint No", "officer": "Badge", "received": "Received", "closed": "Closed", "finding": "Finding",
    "blank": "open", "row": "complaint", "rule": "complete", "until": "2020-12-31",
}  # fmt: skip
SIZE = 60


def rows() -> pd.DataFrame:
    received = pd.date_range("2019-01-07", periods=SIZE, freq="5D")
    closed = received + pd.to_timedelta([30 + 7 * (k % 13) for k in range(SIZE)], unit="D")
    open_now = [k % 5 == 0 for k in range(SIZE)]
    stopped = pd.Series(closed.strftime("%Y-%m-%d")).astype("object").where([not still for still in open_now], None)
    words = ["Sustained", "Unfounded", "Exonerated"] * (SIZE // 3)
    return pd.DataFrame(
        {
            "Complaint No": [f"C-{k:04d}" for k in range(SIZE)],
            "Received": received.strftime("%Y-%m-%d"),
            "Closed": stopped,
            "Finding": [None if still else word for still, word in zip(open_now, words, strict=True)],
            "Badge": [str(4000 + k % 17) for k in range(SIZE)],
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def from_file(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    place = tmp_path_factory.mktemp("file")
    rows().to_csv(place / "complaints.csv", index=False)
    return accountability.take_in(pd.read_csv(place / "complaints.csv", dtype=str), SAID)


def as_database(place: Path) -> Path:
    path = place / "complaints.db"
    with sqlite3.connect(path) as connection:
        rows().to_sql("complaints", connection, index=False)
    connection.close()
    return path


@dataclass
class Table:
    """What openpolicedata gives: a frame, and where it comes from."""

    table: pd.DataFrame
    agency: str = "Norfolk"
    state: str = "Virginia"
    url: str = "data.norfolk.gov"
    source_name: str = "Norfolk"


def same(one: Dataset, other: Dataset) -> None:
    for name in ("cases", "allegations", "events"):
        first, second = getattr(one, name), getattr(other, name)
        drop = [column for column in first if column.startswith(("source_", "raw_", "jurisdiction"))]
        pd.testing.assert_frame_equal(first.drop(columns=drop), second.drop(columns=drop), check_dtype=False)


def test_a_database_gives_what_the_file_gives(from_file: Dataset, tmp_path: Path) -> None:
    path = as_database(tmp_path)
    query = "SELECT * FROM complaints"
    connection = sqlite3.connect(path)
    same(accountability.take_in(connection, SAID, query=query), from_file)
    connection.close()
    by_address = accountability.take_in(f"sqlite:///{path}", SAID, query=query)
    same(by_address, from_file)
    assert by_address.card.obtained == "by a query to a database"
    assert len(accountability.durations(by_address).table) == SIZE


def test_a_table_of_openpolicedata_brings_its_facts(from_file: Dataset) -> None:
    taken = accountability.take_in(Table(rows()), SAID, about={"citation": "Norfolk, 2022"})
    same(taken, from_file)
    card = taken.card
    assert (card.agency, card.jurisdiction, card.publisher) == ("Norfolk", "Virginia", "data.norfolk.gov")
    assert card.citation == "Norfolk, 2022"


def test_the_index_names_rows_and_a_named_one_is_a_column(from_file: Dataset) -> None:
    early = rows()
    early.loc[7, "Closed"] = "2018-01-01"
    early.index = pd.RangeIndex(1001, 1001 + len(early))
    ledger = accountability.take_in(early, SAID).ledger.entries
    assert ledger[ledger["example_rows"].str.contains("1008")]["rule"].tolist() == ["order"]
    same(accountability.take_in(rows().set_index("Complaint No"), SAID), from_file)


def test_no_copy_stays_and_nothing_is_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCOUNTABILITY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    table = rows()
    accountability.take_in(table, SAID)
    assert list(tmp_path.rglob("*")) == []
    pd.testing.assert_frame_equal(table, rows())


def test_questions_without_an_answer_are_put_with_their_choices() -> None:
    part = {key: SAID[key] for key in ("complaint", "received", "closed", "finding", "officer")}
    with pytest.raises(SourceError, match="unresolved") as refused:
        accountability.take_in(rows(), part)
    for told in ("By which rule were these complaints published", "complete", "closed_only", "Until which day"):
        assert told in str(refused.value)


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        ([1, 2], {}, "found a list"),
        ("sqlite://", {}, "which rows of the database"),
        ("sqlite://", {"query": "SELECT * FROM nothing"}, "did not answer"),
        ("no address", {"query": "SELECT 1"}, "did not answer"),
        ("sqlite://", {"query": "SELECT 1 AS a WHERE 0"}, "no row"),
        (pd.DataFrame({"a": [1]}), {"query": "SELECT 1"}, "is for a database"),
        (pd.DataFrame({"a": [1]}), {"about": {"colour": "red"}}, "no fact of a card"),
    ],
)
def test_what_cannot_be_taken_in_is_named(table: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        accountability.take_in(table, SAID, **options)


def test_a_password_in_an_address_is_not_told() -> None:
    with pytest.raises(AccountabilityError) as refused:
        accountability.take_in("postgresql://me:hunter2@nowhere.invalid/db", SAID, query="SELECT 1")
    assert "hunter2" not in str(refused.value)
