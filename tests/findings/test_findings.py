"""A finding says what the study asks, in words a reader has, and is the same thing wherever it is shown."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import finding_rules
import nbformat
import pytest
from conftest import ROOT
from matplotlib.axes import Axes

import accountability
from accountability import Cohort, delay, findings
from accountability.errors import ParameterError
from accountability.figures import draw
from accountability.findings import Finding, KeyNumber, ReadingTable, finding_html, wording
from accountability.findings.conclusion import MODULES
from accountability.findings.finding import MIME, LeadFigure
from accountability.publish.kept import lead_image
from accountability.studies import registry
from accountability.study import clocks
from accountability.study.grouping import group_cases


@cache
def stored(study: str) -> dict[str, Any]:
    """The finding that the stored notebook of a study shows."""
    book = nbformat.read(ROOT / "notebooks" / registry.get(study).notebook, as_version=4)
    (found,) = [
        output["data"][MIME]
        for cell in book.cells
        for output in cell.get("outputs", [])
        if MIME in output.get("data", {})
    ]
    return found


def test_every_study_has_a_module_that_makes_its_finding() -> None:
    assert set(MODULES) == set(registry.STUDIES)


@pytest.mark.parametrize("study", registry.STUDIES)
def test_the_notebook_shows_one_finding_that_keeps_the_rules(study: str) -> None:
    assert finding_rules.faults(stored(study)) == []
    lead = stored(study)["lead"]
    assert lead["title"]
    assert lead["subtitle"]
    assert lead["footer"].startswith("Source: ")
    assert lead["alt"]


@pytest.mark.parametrize("study", registry.STUDIES)
def test_a_finding_written_and_read_is_the_same(study: str) -> None:
    written = json.loads(json.dumps(stored(study)))
    assert Finding.from_json(written).as_json() == stored(study)


def test_the_rules_catch_what_they_are_for() -> None:
    bad = stored("were_deadlines_met") | {"answer": "the share of late_cases is None or 0.123456 .", "breaks": []}
    assert len(finding_rules.faults(bad)) >= 5


def how_long(group: str | None = None, **parameters: Any) -> Finding:
    data = accountability.load("synthetic")
    delays = clocks.as_published(
        group_cases(Cohort.of(data), group), parameters.get("start", "received"), "closed", parameters.get("cutoff")
    )
    within = parameters.get("within_days", 365)
    return findings.conclude(
        "how_long_cases_stay_open",
        data,
        {"source": "synthetic", "group": group, **parameters},
        delays=delays,
        answer=delay.how_long(delays),
        groups=delay.compare_groups(delays, group, within),
        by_group=delay.how_long(delays, group),
    )


def test_the_answer_follows_its_parameters() -> None:
    said = {
        how_long().answer,
        how_long(within_days=180).answer,
        how_long(cutoff="2018-06-30").answer,
        how_long(start="opened").answer,
        how_long("officer_race").answer,
    }
    assert len(said) == 5
    assert "within 180 days" in how_long(within_days=180).answer
    assert "30 June 2018" in how_long(cutoff="2018-06-30").answer


def test_a_study_by_group_names_the_groups_in_answer_title_and_table() -> None:
    found = how_long("officer_race")
    assert found.lead is not None
    for text in (found.answer, found.lead.title):
        assert "Black" in text
        assert "Asian" in text
    assert found.tables[-1].head[0] == "officer's race"


def test_a_study_of_chance_answers_chance() -> None:
    assert "chance" in stored("is_it_more_than_chance")["answer"].split(":")[0]


def test_what_cannot_be_told_is_said_first() -> None:
    assert stored("were_deadlines_met")["answer"].startswith("For 2,110 of 4,991 complaints")


def test_a_missing_result_and_an_unknown_study_are_refused_in_words() -> None:
    data = accountability.load("synthetic")
    with pytest.raises(ParameterError, match="Did you mean 'how_long_cases_stay_open'"):
        findings.conclude("how_long_cases_stay_opn", data, {})
    with pytest.raises(ParameterError, match="missing 3 required"):
        findings.conclude("how_long_cases_stay_open", data, {"source": "synthetic"})


def test_a_finding_is_short() -> None:
    with pytest.raises(ParameterError, match="at most 4 numbers"):
        Finding(study="", question="?", setting="", answer="a", numbers=(KeyNumber(value="1", label="one"),) * 5)
    with pytest.raises(ParameterError, match="needs an answer"):
        Finding(study="", question="?", setting="", answer=" ")


def test_a_table_is_accessible_and_inert() -> None:
    shown = finding_html.table(ReadingTable(title="<b>", head=("a", "n"), rows=(("<i>", "1,204"),), notes=("&",)))
    assert '<th scope="col" class="num">n</th>' in shown
    assert '<th scope="row">&lt;i&gt;</th><td class="num">1,204</td>' in shown
    assert "<caption>&lt;b&gt;</caption>" in shown


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (wording.share(0.42276, 0.41, 0.44), "42.3 %"),
        (wording.share(0.42276, 0.3, 0.5), "42 %"),
        (wording.share(0.0), "0 %"),
        (wording.share(None), "hidden"),
        (wording.days(1), "1 day"),
        (wording.number_interval(0.88, 0.75, 1.03), "0.88 (0.75 to 1.03)"),
        (wording.p_value(1e-9), "p < 0.001"),
        (wording.date("2016-10-27"), "27 October 2016"),
    ],
)
def test_numbers_are_rounded_by_what_is_known_of_them(said: str, expected: str) -> None:
    assert said == expected


def test_a_share_known_without_doubt_is_written_without_an_interval() -> None:
    assert wording.share_interval(0.902, 0.902, 0.902) == "90.2 %"
    assert wording.share_interval(0.902, 0.88, 0.92) == "90.2 % (88.0 to 92.0)"


def test_a_lead_that_a_finding_draws_itself_has_the_house_style() -> None:
    def drawn() -> Axes:
        axes = draw.new_axes()
        axes.plot([0, 1], [0, 1])
        return draw.labelled(axes, x="share", y="days")

    image = lead_image(
        Finding(
            study="s",
            question="Q?",
            setting="",
            answer="A.",
            lead=LeadFigure(title="T", subtitle="S", footer="F", alt="alt", drawn=drawn),
        )
    )
    assert image is not None
    assert [image.axes[0].spines[side].get_visible() for side in ("top", "right")] == [False, False]
