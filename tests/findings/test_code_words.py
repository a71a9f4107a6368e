"""Values spelt as code in a release reach no reader: no sentence, no table, no figure of any study by group."""

from __future__ import annotations

import dataclasses
import re

import finding_rules
import matplotlib.pyplot as plt
import pytest
from matplotlib.text import Text

import accountability
from accountability.labels import in_words
from accountability.publish.kept import lead_image
from accountability.publish.pictures import rendered
from accountability.publish.replay import Replay
from accountability.studies import registry

RAW = re.compile(r"[A-Za-z0-9]_[A-Za-z0-9]")
SMALL = re.compile(r"\b(black|white|hispanic|asian)\b")
#: Studies of units and of releases take other columns, and those of a case none.
ELSEWHERE = ("do_squads_matter", "what_changed_between_releases")
BY_GROUP = [name for name, study in registry.STUDIES.items() if not study.of_a_case and name not in ELSEWHERE]


@pytest.fixture(scope="module")
def coded() -> Replay:
    """The bundled agency with kinds of allegation and races spelt as code, as in Chicago's release."""
    data = accountability.load("synthetic")
    spelt = data.allegations["category"].astype("str").str.lower() + "_or_other_thing"
    races = data.allegations["officer_race"].astype("str").str.lower()
    rows = data.allegations.assign(category=spelt, officer_race=races)
    return Replay({"synthetic": dataclasses.replace(data, allegations=rows)})


@pytest.mark.parametrize(("group", "code"), [("category", RAW), ("officer_race", SMALL)])
@pytest.mark.parametrize("study", BY_GROUP)
def test_no_value_spelt_as_code_is_shown(study: str, group: str, code: re.Pattern[str], coded: Replay) -> None:
    if (study, group) == ("agencies_side_by_side", "officer_race"):
        group = "category"  # refused: it prints the words that two agencies do not share, as they spell them
    literals = registry.get(study).parameters.model_validate({}).literals()
    found = coded.finding(study, literals | {"group": group}, whole=group == "officer_race")
    texts = finding_rules.texts(found.as_json())
    figure = lead_image(found)
    if figure is not None:
        rendered(figure, "png")  # tick labels are written when drawn
        texts += [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text) and text.get_visible()]
        plt.close(figure)
    assert [text for text in texts if code.search(text)] == []


def test_a_sentence_that_begins_with_a_raw_name_keeps_its_capital() -> None:
    assert (
        in_words("Search_and_arrest and zero_truncated_poisson")
        == "Search and arrest and equal risk, with at least one"
    )
