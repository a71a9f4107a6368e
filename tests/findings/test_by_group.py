"""A study by group draws and names the groups, whatever they are called and however many they are."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from figures.overlaps import faults
from matplotlib.figure import Figure
from matplotlib.text import Text

import accountability
from accountability import outcomes
from accountability.figures import titles
from accountability.figures.narrow import narrowed
from accountability.figures.titles import words_of
from accountability.findings import Finding, frame_tables, wording
from accountability.publish.kept import lead_image
from accountability.publish.pictures import rendered
from accountability.publish.replay import Replay
from accountability.studies import registry

COLUMN = "officer_race"
LONG = {
    race: f"{race.strip().lower()} officers of the second and third districts, with all who were lent to them"
    for race in ("Asian", "Black", "Hispanic", "White")
}
#: They take columns of units or of releases, or a column whose mix is held alike.
OTHERWISE = (
    "do_squads_matter",
    "what_changed_between_releases",
    "agencies_side_by_side",
    "does_delay_lighten",
    "does_it_matter_who_investigates",
    "is_it_more_than_chance",
)
STUDIES = [name for name, study in registry.STUDIES.items() if not study.of_a_case and name not in OTHERWISE]


@pytest.fixture(scope="module")
def named() -> Replay:
    return Replay({"synthetic": accountability.load("synthetic")})


@pytest.fixture(scope="module")
def long_named() -> Replay:
    data = accountability.load("synthetic")
    rows = data.allegations.assign(officer_race=data.allegations[COLUMN].map(LONG).fillna(data.allegations[COLUMN]))
    return Replay({"synthetic": dataclasses.replace(data, allegations=rows)})


def by(replay: Replay, study: str, group: str | None, *, whole: bool = False) -> Finding:
    literals: dict[str, Any] = registry.get(study).parameters.model_validate({}).literals()
    return replay.finding(study, literals | {"group": group}, whole=whole)


def said(figure: Figure | None) -> str:
    if figure is None:
        return ""
    rendered(figure, "png")  # tick labels are written when drawn
    return " ".join(text.get_text() for text in figure.findobj(Text) if isinstance(text, Text) and text.get_visible())


@pytest.mark.parametrize("study", STUDIES)
def test_the_groups_are_drawn_and_named(study: str, named: Replay) -> None:
    found, whole = by(named, study, COLUMN), by(named, study, None)
    # Without a group, this study compares by race.
    assert (found.answer == whole.answer) is (study == "who_is_disciplined")
    assert found.lead is not None
    drawn = said(lead_image(found))
    if study == "what_the_data_holds":  # the column is followed over the years
        assert "officer's race" in found.lead.title
        return
    assert sum(name in drawn for name in LONG) >= 2, drawn
    told = f"{found.lead.title} {found.answer}"
    assert sum(name in told for name in LONG) >= 2 or "race" in told


@pytest.mark.parametrize("study", STUDIES)
def test_long_names_of_groups_leave_no_word_cut_or_over_another(study: str, long_named: Replay) -> None:
    figure = lead_image(by(long_named, study, COLUMN))
    assert figure is not None
    assert faults(figure) == []
    with narrowed(figure, 4.375):
        assert faults(figure) == []


def test_the_groups_that_a_title_names_are_drawn_among_many() -> None:
    many = 3 * titles.MOST_DRAWN
    cases = [float(20 + place) for place in range(many)]
    values = [50.0] * many
    values[0], values[1] = 10.0, 90.0  # the two smallest are the two ends
    figure = plt.figure()
    drawn = titles.with_most_cases(figure, range(many), cases, values)
    assert len(drawn) == titles.MOST_DRAWN
    assert {0, 1, many - 1} <= set(drawn)
    assert drawn == sorted(drawn)
    assert "and those with the least and the greatest value, of 72" in vars(figure)["left_out"]
    values[-1] = 95.0
    drawn = titles.with_most_cases(figure, range(many), cases, values)
    assert 1 not in drawn
    assert "and that with the least value, of 72" in vars(figure)["left_out"]
    none_known = titles.with_most_cases(figure, range(many), cases, [float("nan")] * many)
    assert none_known == list(range(many - titles.MOST_DRAWN, many))
    plt.close(figure)


@pytest.mark.parametrize("study", ["how_long_cases_stay_open", "what_follows_a_finding", "how_penalties_shrink"])
def test_a_study_by_many_groups_draws_those_that_its_title_names(study: str) -> None:
    data = accountability.load("synthetic")
    rng = np.random.default_rng(7)
    sizes = np.linspace(1.0, 6.0, 40)
    beats = rng.choice([f"beat {number:02}" for number in range(40)], len(data.cases), p=sizes / sizes.sum())
    by_case = dict(zip(data.cases["case_id"], beats, strict=True))
    rows = data.allegations.assign(district=data.allegations["case_id"].map(by_case))
    made = dataclasses.replace(data, cases=data.cases.drop(columns="district", errors="ignore"), allegations=rows)
    found = by(Replay({"synthetic": made}), study, "district")
    assert found.lead is not None
    figure = lead_image(found)
    assert figure is not None
    drawn, words = said(figure), words_of(figure)
    assert words is not None
    named = [f"beat {number:02}" for number in range(40) if f"beat {number:02}" in found.lead.title.lower()]
    assert len(named) == 2, found.lead.title
    plot = drawn.replace(words.title, "").lower()
    assert all(one in plot for one in named)
    assert "groups with the most cases" in words.footer


@pytest.fixture(scope="module")
def untold() -> Replay:
    """Of a part of the officers no race is known, and nothing against them was upheld."""
    data = accountability.load("synthetic")
    odd = data.allegations["officer_id"].astype("str").str[-1].isin(list("05"))
    return Replay(
        {"synthetic": dataclasses.replace(data, allegations=data.allegations.assign(
            officer_race=data.allegations[COLUMN].mask(odd),
            finding=data.allegations["finding"].mask(odd, "unfounded"),
        ))}
    )  # fmt: skip


@pytest.mark.parametrize("study", STUDIES)
def test_those_of_no_known_group_are_not_named_as_a_group(study: str, untold: Replay) -> None:
    found = by(untold, study, COLUMN)
    assert found.lead is not None
    for text in (found.lead.title, found.answer):
        assert not [name for name in ("not recorded", "none stated", "(several)") if name in text], text


def test_shares_at_one_mix_are_those_that_are_said_to_be(named: Replay) -> None:
    """The shares of the cases as they are once stood before the words that the mix was held alike."""
    found = by(named, "does_delay_lighten", "category")
    views = outcomes.delay_and_penalty(
        accountability.load("synthetic"), landmarks=(90, 180, 360), within=1095, covariates=["category"]
    ).table
    mixed = views[(views["view"] == "at the same mix") & (views["day"] > 0)].to_dict("records")
    assert "at one mix of kind of allegation" in found.answer
    assert "at one mix of kind of allegation" in str(found.lead and found.lead.title)
    for row in (mixed[0], mixed[-1]):
        assert wording.share(row["estimate"], row["lower"], row["upper"]) in found.answer
    assert found.numbers[0].estimate == pytest.approx(mixed[0]["estimate"])


def test_what_would_turn_a_share_names_the_groups_of_the_title() -> None:
    """Groups that a release spells otherwise than they are shown once had no such line."""
    data = accountability.load("synthetic")
    spelt = data.allegations.assign(officer_race=data.allegations[COLUMN].astype("str").str.lower())
    replay = Replay({"synthetic": dataclasses.replace(data, allegations=spelt)})
    found = by(replay, "what_follows_a_finding", COLUMN, whole=True)
    assert found.lead is not None
    ends = re.findall(r"\((\w+)\)", found.lead.title)
    assert len(ends) == 2
    for end in ends:
        assert [one for one in found.breaks if f"the share upheld ({end}) is" in one], found.breaks


def test_ends_that_are_written_alike_are_written_once() -> None:
    rows = [{"group": name, "estimate": share} for name, share in (("north", 0.241), ("south", 0.244), ("none", None))]
    ends = frame_tables.ends_of(rows, "group")
    assert ends is not None
    said = frame_tables.ends_said(ends, lambda row: f"{row['estimate']:.0%}", lambda row: str(row["group"]))
    assert said == "24% (north and south)"
    assert frame_tables.ends_of([*rows[:1], {"group": "not recorded", "estimate": 0.9}], "group") is None


def test_a_release_without_penalties_says_nothing_of_a_penalty_on_record() -> None:
    data = accountability.load("synthetic")
    kept = [name for name in data.allegations if "penalty" not in name and not name.endswith("_days")]
    decided = data.allegations.loc[data.allegations["finding"] != "pending", kept]
    made = dataclasses.replace(data, allegations=decided)
    for group in (None, "category"):
        assert "penalty on record" not in by(Replay({"synthetic": made}), "what_follows_a_finding", group).answer


def test_the_words_of_a_column_are_the_answer_where_a_release_is_compared_by_it() -> None:
    replay, study = Replay({}), "what_changed_between_releases"
    literals = registry.get(study).parameters.model_validate({}).literals()
    whole, of_finding = (replay.finding(study, literals | {"group": group}, whole=False) for group in (None, "finding"))
    assert of_finding.answer != whole.answer
    assert of_finding.lead is not None
    assert whole.lead is not None
    assert of_finding.lead.title != whole.lead.title
    assert of_finding.lead.title.startswith("Finding was")
