"""Reading a case file: the hurried count differs from the careful one, and the answers are what the reports carry."""

from __future__ import annotations

import pytest

from accountability import casefiles
from accountability.classroom.lessons import case_reading
from accountability.classroom.lessons.answer_key import KEYS
from accountability.delay import deadlines
from accountability.errors import ParameterError


@pytest.fixture(scope="module")
def lesson() -> case_reading.Reading:
    return case_reading.read()


def test_in_a_hurry_more_is_counted_as_happened_found_and_final(lesson: case_reading.Reading) -> None:
    hurried = lesson.hurried()
    assert (hurried.table["hurried"] > hurried.table["careful"]).all()
    careful = hurried.table.set_index("counted")["careful"]
    # As conflicts.yaml and the README of the case files state them.
    assert careful.to_dict() == {
        "officers dismissed": 3,
        "accusations established": 7,
        "penalties that are final": 0,
    }
    assert "officers dismissed: 6, with care 3" in hurried.sentence()


def test_the_answers_are_those_of_the_register_of_conflicts(lesson: case_reading.Reading) -> None:
    right = lesson.planted()
    assert set(right) == {one.name for one in KEYS["reading_a_case_file"].items}
    assert (right["fewest_days"], right["most_days"], right["most_days_late"]) == (610, 1003, 1095)
    assert right["within_180_days"] == "cannot tell"
    shares = casefiles.agreement(lesson.case).table.set_index("field")["share"]
    assert 0 < float(right["kappa_status"]) < shares["status"]


def test_another_reading_changes_what_it_says_it_changes() -> None:
    other = case_reading.planted("found_or_alleged=found; headline=headline")
    assert other["accusations_found"] == 12
    assert other["officers_dismissed"] == 6
    assert case_reading.planted("start_of_investigation=by_2010")["most_days"] == float("inf")
    with pytest.raises(ParameterError):
        case_reading.read("headline=footnote")


def test_every_verdict_can_be_answered_in_its_own_words() -> None:
    (item,) = [one for one in KEYS["reading_a_case_file"].items if one.choices]
    assert set(item.choices) == {deadlines.IN_TIME, deadlines.LATE, deadlines.CANNOT_TELL}
