"""Penalty texts become components with nothing left over, and components can be written down and read back."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from accountability import outcomes
from accountability.errors import CodebookError
from accountability.outcomes import Ladder, Part, Penalty, parse, parse_table
from accountability.outcomes.penalty_parts import KINDS


@pytest.mark.parametrize(
    ("text", "parts", "term", "days"),
    [
        ("Forfeit vacation 5 days", "loss_of_leave:5d", "loss_of_leave", 5),
        ("Vacation: 1 day", "loss_of_leave:1d", "loss_of_leave", 1),
        ("Forfeit vacation", "loss_of_leave", "loss_of_leave", None),
        ("Suspension:", "suspension", "suspension", None),
        ("SUSPENDED, WRITTEN", "suspension+written_reprimand", "suspension", None),
        ("005 DAY SUSPENSION", "suspension:5d", "suspension", 5),
        ("SUSPENDED OVER 30 DAYS", "suspension:31-d", "suspension", None),
        ("Suspension 10 to 15 days", "suspension:10-15d", "suspension", None),
        ("Suspended indefinitely", "suspension[indefinite]", "suspension", None),
        ("Command Discipline - B", "command_discipline_b", "loss_of_leave", None),
        ("Command Discipline B 10 days", "command_discipline_b:10d", "loss_of_leave", 10),
        (
            "Command Discipline - A (Vacation: 0.13 days)",
            "command_discipline_a+loss_of_leave:0.13d",
            "loss_of_leave",
            0.13,
        ),
        ("Vacation: 35 days / Suspension: 5 days", "loss_of_leave:35d+suspension:5d", "suspension", 5),
        ("Warned and admonished", "warning", "reprimand", None),
        ("W&A (Verbally) / Instructions", "warning[verbal]+instructions", "reprimand", None),
        ("Retired", "left_before_penalty", "left_before_penalty", None),
        ("RESIGNED-NOT SERVED", "left_before_penalty", "left_before_penalty", None),
        ("RESIGNED/SETTLEMENT", "left_before_penalty+settlement", "left_before_penalty", None),
        ("Penalty not served", "not_served", "not_served", None),
        ("Reinstated by Police Board", "reversed", "reversed", None),
        ("APU - Decision Pending", "pending", "pending", None),
        ("Forced Separation / Forfeit vacation 26 days", "forced_separation+loss_of_leave:26d", "dismissal", None),
        (
            "Closed Administratively (No penalty reported)",
            "not_recorded[administratively closed]",
            "not_recorded",
            None,
        ),
        ("Closed Administratively", "not_recorded[administratively closed]", "not_recorded", None),
    ],
)
def test_a_text_becomes_its_parts(text, parts, term, days):
    read = parse(text)
    assert (str(read), read.term, read.days) == (parts, term, days)


def test_probation_is_kept_apart_from_the_penalty():
    read = parse("Suspension: 30 days / Vacation: 25 days / Dismissal Probation 360 days")
    assert (read.term, read.days, read.probation_days) == ("suspension", 30, 360)
    alone = parse("Dismissal Probation 365 days")
    assert (alone.term, alone.days, alone.probation_days) == ("probation", None, 365)
    assert parse("Vacation: 30 days / Probation:").probation_days is None


def test_an_unserved_penalty_says_so_and_a_set_one_says_nothing():
    assert parse("Penalty not served").served is False
    assert parse("Suspension 10 days").served is None


def test_the_highest_rung_follows_the_order_asked_for():
    read = parse("Vacation: 35 days / Suspension: 5 days")
    assert read.highest(Ladder(("loss_of_leave", "suspension"))) == "loss_of_leave"


@pytest.mark.parametrize(
    "text", ["200", "600.0", "Suspension 10 days and a medal", "Keelhauled", "-5 days suspension", ""]
)
def test_what_no_wording_covers_is_refused(text):
    with pytest.raises(CodebookError):
        parse(text)


def test_the_leftover_is_named_beside_the_texts_that_were_read():
    table = parse_table(pd.Series(["Reprimand", "Reprimand", "Keelhauled / Reprimand", None]))
    assert table["raw"].tolist() == ["Reprimand", "Keelhauled / Reprimand"]
    assert table["rows"].tolist() == [2, 1]
    assert "'Keelhauled'" in table.loc[1, "leftover"]
    assert table.loc[0, ["penalty", "parts"]].tolist() == ["reprimand", "reprimand"]


numbers = st.none() | st.integers(0, 999).map(float) | st.sampled_from([0.13, 0.25, 0.5, 0.75])


@given(
    st.lists(
        st.builds(Part, st.sampled_from(sorted(KINDS)), numbers, condition=st.sampled_from([None, "verbal"])),
        min_size=1,
        max_size=5,
    )
)
def test_what_is_written_down_is_read_back(parts):
    whole = Penalty(tuple(parts))
    again = Penalty.read(str(whole))
    assert again == whole
    assert again.term is None or again.term == "probation" or again.term in KINDS.values()


@pytest.mark.parametrize("days", [-1.0, math.inf, math.nan])
def test_absurd_days_are_refused(days):
    with pytest.raises(CodebookError, match="zero or more"):
        Part("suspension", days)


@pytest.mark.parametrize("text", ["suspensoin:3d", "suspension:3", "suspension:3d+", "suspension: 3d"])
def test_a_slip_in_the_notation_is_named(text):
    with pytest.raises(CodebookError, match="part"):
        Penalty.read(text)


def test_components_of_a_column_are_one_a_row():
    column = pd.Series(["suspension:10d+dismissal_probation:365d", None, "suspension:31-d"], dtype="str")
    table = outcomes.components(column)
    assert table["row"].tolist() == [0, 0, 2]
    assert table["kind"].tolist() == ["suspension", "dismissal_probation", "suspension"]
    assert table["days"].tolist()[:2] == [10, 365]
    assert table.loc[2, "days_lower"] == 31
