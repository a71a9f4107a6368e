"""Reading a case file: the hurried count differs from the careful one, and the answers are what the reports carry."""

from __future__ import annotations

import pytest

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


def test_an_unknown_reading_is_refused() -> None:
    with pytest.raises(ParameterError):
        case_reading.read("headline=footnote")


def test_every_verdict_can_be_answered_in_its_own_words() -> None:
    (item,) = [one for one in KEYS["reading_a_case_file"].items if one.choices]
    assert set(item.choices) == {deadlines.IN_TIME, deadlines.LATE, deadlines.CANNOT_TELL}
