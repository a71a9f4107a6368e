"""A release that is like another says only what differs."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

import accountability
from accountability.errors import SourceError
from accountability.records.contract import declared_source, read_source
from accountability.records.dataset import Dataset
from accountability.records.inherited import line_of_releases
from accountability.records.onboard.check import check
from accountability.records.yaml_text import read_yaml

ROWS = "id,received,closed,finding\nA1,2020-01-02,2020-03-01,Upheld\nA2,2020-02-02,,Pending\n"
CARD = """card:
  {jurisdiction: X, agency: X, publisher: X, obtained: X, row_is: X, unit: complaint, observed_until: 2020-12-31,
   sampling: {rule: complete, open_cases: included, closing_date: true, window: X}, internal_complaints: unknown,
   licence: X, citation: X}
"""


def _release(folder: Path, text: str, rows: str = ROWS, book: str = "") -> Path:
    folder.mkdir()
    (folder / "c.csv").write_text(rows)
    digest = accountability.records.cache.sha256(folder / "c.csv")
    (folder / "source.yaml").write_text(text.replace("HASH", digest))
    if book:
        (folder / "codebook.yaml").write_text(book)
    return folder


@pytest.fixture
def agency(tmp_path: Path) -> Path:
    text = f"source: old\ntitle: Old\n{CARD}files:\n  c:\n    path: c.csv\n    sha256: HASH\n    table: cases\n"
    text += "    columns:\n"
    text += "      id: {to: case_id}\n      received: {stage: received, date: '%Y-%m-%d'}\n"
    text += "      closed: {stage: closed, date: '%Y-%m-%d', no_day: {'': open}}\n"
    text += "      finding: {to: word, codebook: word}\n"
    book = "word:\n  authority: X\n  gives: [word]\n  terms: {upheld: '', pending: ''}\n"
    _release(tmp_path / "old", text, book=book + "  values: {Upheld: upheld, Pending: pending}\n")
    return tmp_path


NEW = "source: new\nlike: old\ntitle: New\ncard: {observed_until: 2021-12-31}\nfiles:\n  c:\n    sha256: HASH\n"


def test_only_what_differs_is_stated_and_the_rest_is_taken_over(agency: Path) -> None:
    rows = ROWS.replace("Upheld", "Sustained").replace("2020-01-02", "02/01/2020").replace("2020-02-02", "02/02/2020")
    text = NEW + "    columns:\n      received: {stage: received, date: '%d/%m/%Y'}\n"
    folder = _release(agency / "new", text, rows, "word:\n  values: {Sustained: upheld}\n")
    data = accountability.load(folder)
    assert data.card.observed_until is not None
    assert data.card.observed_until.year == 2021
    assert data.cases["word"].tolist() == ["upheld", "pending"]
    assert check(folder).clean


def test_a_change_of_the_older_declaration_codes_the_newer_anew(agency: Path) -> None:
    folder = _release(agency / "new", NEW)
    assert accountability.load(folder).cases["word"].tolist() == ["upheld", "pending"]
    old = agency / "old" / "codebook.yaml"
    old.write_text(old.read_text().replace("Upheld: upheld", "Upheld: pending"))
    assert accountability.load(folder).cases["word"].tolist() == ["pending", "pending"]


def test_a_source_like_itself_by_a_detour_is_refused(agency: Path) -> None:
    folder = _release(agency / "new", NEW)
    (agency / "old" / "source.yaml").write_text("source: old\nlike: new\n")
    with pytest.raises(SourceError, match="leads back to itself"):
        read_source(folder)


def test_a_new_release_asks_only_what_differs(agency: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCOUNTABILITY_SOURCES", str(agency))
    later = agency / "later.csv"
    later.write_text(
        "id,received,closed,finding,district\nA1,02/01/2020,2020-03-01,Upheld,4\nA2,25/02/2020,2021-01-05,Upheld,5\n"
    )
    folder = accountability.new_source("new", [later], agency, like="old")
    said = read_yaml(folder / "source.yaml")
    assert said["files"]["c"]["columns"].keys() == {"received", "district"}
    assert said["files"]["c"]["columns"]["received"]["date"] == "%d/%m/%Y"
    for key, value in {
        "title": "New",
        "obtained": "X",
        "district": "{to: district}",
        "observed_until": "2021-12-31",
    }.items():
        text = (folder / "source.yaml").read_text()
        (folder / "source.yaml").write_text(re.sub(rf"(\s*{key}): DECIDE.*", rf"\1: {value}", text))
    text = (folder / "source.yaml").read_text()
    text = re.sub(r"period: DECIDE.*", "period: {from: 2020-01-01, to: 2021-12-31}", text)
    (folder / "source.yaml").write_text(re.sub(r"sampling: \{.*", "sampling: {window: all}", text))
    assert len(accountability.load(folder).cases) == 2


def test_two_files_of_one_layout_are_asked_and_never_pooled(agency: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCOUNTABILITY_SOURCES", str(agency))
    for name in ("one.csv", "two.csv"):
        (agency / name).write_text(ROWS)
    with pytest.raises(SourceError, match="never pooled"):
        accountability.new_source("new", [agency / "one.csv", agency / "two.csv"], agency, like="old")


def test_a_source_with_a_file_more_is_the_same_release_and_shares_its_files(tmp_path: Path) -> None:
    """What both hold is found beside the folder given, or in the cache of the other, and not fetched twice."""
    published, declared = tmp_path / "published", tmp_path / "declared"
    people = "id,race\nA1,black\n"
    for folder, file, text in (("old_one", "c.csv", ROWS), ("with_people", "p.csv", people)):
        (published / folder).mkdir(parents=True)
        (published / folder / file).write_text(text)

    def entry(key: str, folder: str, table: str, columns: str) -> str:
        digest = accountability.records.cache.sha256(published / folder / f"{key}.csv")
        return (
            f"  {key}:\n    path: {key}.csv\n    url: https://example.org/{key}.csv\n    sha256: {digest}\n"
            f"    table: {table}\n    columns: {columns}\n"
        )

    cases = (
        '{id: {to: case_id}, received: {stage: received, date: "%Y-%m-%d"}, finding: {ignore: x}, '
        'closed: {stage: closed, date: "%Y-%m-%d", no_day: {"": open}}}'
    )
    told = {
        "old_one": f"source: old_one\ntitle: Old\n{CARD}files:\n" + entry("c", "old_one", "cases", cases),
        "with_people": "source: with_people\nlike: old_one\nfiles:\n"
        + entry("p", "with_people", "complainants", "{id: {to: case_id}, race: {to: complainant_race}}"),
    }
    for name, text in told.items():
        (declared / name).mkdir(parents=True)
        (declared / name / "source.yaml").write_text(text)
    accountability.fetch(declared / "with_people", from_dir=published / "with_people")
    data = accountability.load(declared / "with_people")
    assert data.complainants["complainant_race"].tolist() == ["black"]
    accountability.fetch(declared / "old_one", from_dir=published / "old_one")
    kept = accountability.records.cache.cache_dir() / "with_people"
    (kept / "c.csv").unlink()
    assert (kept / "c.csv") in accountability.fetch(declared / "with_people"), "copied, no network is asked"


def test_the_same_release_with_a_file_more_is_no_later_one() -> None:
    from accountability import releases

    assert releases.series("chicago_investigators") == ["chicago_2000_2016"]


@pytest.mark.parametrize("name", ["new_orleans_2023", "chicago_cms_2021_07", "chicago_cms_2021_03"])
def test_releases_of_the_package_say_what_they_are_like(name: str) -> None:
    source = declared_source(name)
    assert source.like == line_of_releases(accountability.records.places.source_folder(name))[1].name


@pytest.mark.real_data
def test_the_later_release_of_new_orleans(real_source: Callable[[str], Dataset]) -> None:
    data = real_source("new_orleans_2023")
    assert (len(data.cases), len(data.allegations)) == (4977, 7073)
    assert data.ledger.check().iloc[0]["raw"] == 7530


def test_a_declaration_is_read_anew_when_it_changed_and_never_shared(tmp_path: Path) -> None:
    path = tmp_path / "source.yaml"
    path.write_text("card: {agency: one}\n", encoding="utf-8")
    read_yaml(path)["card"]["agency"] = "changed by the one who read it"
    assert read_yaml(path) == {"card": {"agency": "one"}}
    path.write_text("card: {agency: two}\n", encoding="utf-8")
    assert read_yaml(path) == {"card": {"agency": "two"}}
