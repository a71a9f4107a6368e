"""The few questions of a new source: at most twelve, masked, with the counts that follow; a wrong answer is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ROOT, full
from invented_files import KINDS

from accountability.errors import SourceError
from accountability.records.onboard.answer_file import answered, checked
from accountability.records.onboard.first_look import looked_at
from accountability.records.onboard.questions import ASKED, masked

RAW = ROOT / "tests" / "raw_files"
OWN = ("truth.json", "answers.yaml")
FOLDERS = sorted(path.parent for path in RAW.glob("*/truth.json"))


def test_at_most_twelve_questions_and_no_name_in_them() -> None:
    found, _ = looked_at([(RAW / "person_column" / "complaints.csv", None)])
    asked = answered(found, {}).asked
    assert len(asked) <= len(ASKED) == 12
    assert "Pennyroyal" not in str(asked)


def test_each_closing_answer_says_what_follows() -> None:
    found, _ = looked_at([(RAW / "status_contradicts_blank" / "complaints.csv", None)])
    blank = next(q for q in answered(found, {}).asked if q.key == "blank")
    told = {choice.answer: choice.then for choice in blank.parts[0].choices}
    assert told["open"].startswith("40 open cases of 200")
    assert told["by Status"] == "Status tells: 40 closed_on_unknown_day"


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"colour": "red"}, "'colour' is none of the questions"),
        ({"complaint": "Complaint Nr"}, "did you mean 'Complaint No'"),
        ({"rule": "all"}, "'all' is none of complete"),
    ],
)
def test_a_wrong_answer_is_named_with_what_can_be_said(said: dict[str, str], message: str) -> None:
    found, _ = looked_at([(RAW / "open_is_1900" / "j9.csv", None)])
    with pytest.raises(SourceError, match=message):
        answered(found, checked(said))


def test_a_sample_shows_its_form_alone() -> None:
    assert masked("C-0417 Smith") == "X-9999 Xxxxx"


@pytest.mark.parametrize("folder", FOLDERS if full() else FOLDERS[::3], ids=lambda folder: folder.name)
def test_no_source_asks_more_than_twelve_questions(folder: Path) -> None:
    found, _ = looked_at([(path, None) for path in sorted(folder.iterdir()) if path.name not in OWN])
    assert len(answered(found, {}).asked) <= 12


@pytest.mark.parametrize("kind", KINDS)
def test_no_invented_source_asks_more_than_twelve_questions(kind: str, tmp_path: Path) -> None:
    KINDS[kind](tmp_path)
    found, _ = looked_at([(path, None) for path in sorted(tmp_path.iterdir())])
    assert len(answered(found, {}).asked) <= 12
