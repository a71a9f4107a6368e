"""The form of a new source: its buttons count, refuse and write, and its answers replay."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ROOT

from accountability import publish
from accountability.publish.new_source_form import SourceForm
from accountability.records.onboard.propose import new_source

FILE = ROOT / "tests" / "raw_files" / "open_is_1900" / "j9.csv"


@pytest.fixture
def form(tmp_path: Path) -> SourceForm:
    return publish.source_form("asked", [FILE], into=tmp_path)


def press(form: SourceForm, name: str) -> str:
    """Click the button of this name, and give what the form says then."""
    (button,) = [one for one in form.box.children[1].children if one.description == name]
    button.click()
    return form.box.children[2].value


def test_the_form_has_at_most_twelve_questions(form: SourceForm) -> None:
    assert 3 <= len(form.box.children[0].children) <= 12
    assert len({question for question, _ in form.fields}) == len(form.box.children[0].children)


def test_counting_again_keeps_what_was_said(form: SourceForm) -> None:
    form.fields["rule", "rule"].value = "complete"
    assert press(form, "Count again") == ""
    assert form.fields["rule", "rule"].value == "complete"
    assert form.folder is None


def test_writing_keeps_answers_that_replay(form: SourceForm, tmp_path: Path) -> None:
    form.fields["rule", "rule"].value = "complete"
    form.fields["law", "agency"].value = "Springfield Police Department"
    assert "Written" in press(form, "Write the source")
    assert form.folder == tmp_path / "asked"
    again = new_source("replayed", [FILE], tmp_path, form.folder / "answers.yaml")
    text = (again / "source.yaml").read_text(encoding="utf-8").replace("replayed", "asked")
    assert text == (form.folder / "source.yaml").read_text(encoding="utf-8")


def test_a_second_press_is_refused_in_words(form: SourceForm) -> None:
    press(form, "Write the source")
    assert "there is something already" in press(form, "Write the source")
