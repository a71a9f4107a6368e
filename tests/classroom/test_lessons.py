"""The lessons: wrong first, then right, and the truth beside both."""

from __future__ import annotations

from types import SimpleNamespace

import nbformat
import pandas as pd
import pytest

from accountability import parameters
from accountability.classroom.lessons import closed_cases
from accountability.errors import ParameterError
from accountability.records.places import notebooks_dir
from accountability.studies import LESSONS
from accountability.study import clocks


@pytest.fixture(scope="module")
def releases() -> closed_cases.Releases:
    return closed_cases.publish()


@pytest.mark.parametrize("name", LESSONS)
def test_the_notebook_of_a_lesson_has_the_parameters_of_its_model(name: str) -> None:
    notebook = nbformat.read(notebooks_dir() / f"{name}.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    assert [cell.source for cell in cells] == [parameters.cell(LESSONS[name])]


def test_every_rule_publishes_part_of_the_same_complaints(releases: closed_cases.Releases) -> None:
    table = releases.published().set_index("rule")
    assert list(table.index) == list(closed_cases.RULES)
    everyone = set(releases.true_days["case_id"])
    for data in releases.datasets.values():
        assert data.generated
        assert set(data.cases["case_id"]) <= everyone
    assert table.loc["everything", "complaints"] == len(everyone) == 5000
    assert table.loc["closed_only", "complaints"] == table.loc["everything", "with_closing_date"]
    assert table.loc["everything", "with_closing_date"] + table.loc["everything", "pending"] == 5000
    assert table.loc["status_only", "with_closing_date"] == 0


def test_the_truth_counts_complaints_that_closed_after_the_release(releases: closed_cases.Releases) -> None:
    spells = clocks.durations(releases.datasets["everything"])
    true = releases.true_days.set_index("case_id")["days"]
    closed = spells.table[spells.table["event"]].set_index("case_id")
    assert (closed["days_upper"] == true[closed.index]).all()
    still = spells.table[~spells.table["event"]].set_index("case_id")
    assert (still["days_lower"] < true[still.index]).all()


def test_months_hold_the_true_days_and_a_status_holds_what_was_known_that_day(releases: closed_cases.Releases) -> None:
    true = releases.true_days.set_index("case_id")["days"]
    by_month = clocks.durations(releases.datasets["months_only"]).table.set_index("case_id")
    done = by_month[by_month["event"]]
    assert ((done["days_lower"] <= true[done.index]) & (true[done.index] <= done["days_upper"])).all()
    assert (done["days_upper"] > done["days_lower"]).all()
    data = releases.datasets["status_only"]
    status = clocks.as_published(data)
    assert status.current_status
    received = releases.true_days.set_index("case_id")["received"]
    ended = received + pd.to_timedelta(true, unit="D")
    closed = ended[status.table["case_id"]] <= pd.Timestamp(data.card.observed_until)
    assert (closed.to_numpy() == status.event).all()


def test_the_usual_figures_are_wrong_in_the_direction_the_lesson_says(releases: closed_cases.Releases) -> None:
    usual = releases.usual()
    off_by = usual.table.set_index("rule")["off_by"]
    assert (off_by[["everything", "closed_only", "months_only"]] < 0).all()
    assert off_by["trailing_window"] < off_by["closed_only"]
    assert off_by["status_only"] > 0.5
    assert "off by" in usual.sentence()


def test_what_can_be_estimated_is_near_the_truth_of_whom_it_describes(releases: closed_cases.Releases) -> None:
    honest = releases.honest(confidence=0.99)
    table = honest.table.set_index("rule")
    for rule in ("everything", "closed_only", "trailing_window"):
        assert table.loc[rule, "lower"] <= table.loc[rule, "true_median"] <= table.loc[rule, "upper"]
    # A status says little, and its limits say so: they hold the truth and lie far apart.
    for rule in ("months_only", "status_only"):
        assert table.loc[rule, "lower"] <= table.loc[rule, "true_median"] <= table.loc[rule, "upper"]
    assert table.loc["status_only", "upper"] > 1.3 * table.loc["status_only", "lower"]
    assert table.loc["sustained_only", "estimator"] == "none: refused"
    assert honest.sentence() == "5 of 6 releases carry an answer; none comes from sustained_only."


def test_closed_complaints_alone_show_a_fall_that_is_not_there(releases: closed_cases.Releases) -> None:
    trend = releases.trend().table.set_index("year").astype("float64")
    first, last = trend.iloc[0], trend.iloc[-1]
    assert last["closed_only"] < 0.7 * first["closed_only"]
    assert last["true_median"] > 0.9 * first["true_median"]
    assert ((trend["lower"] <= trend["true_median"]) & (trend["true_median"] <= trend["upper"])).all()


def test_few_complaints_are_refused() -> None:
    with pytest.raises(ParameterError, match="300 or more"):
        closed_cases.publish(20)


def test_an_id_may_be_given_as_a_number() -> None:
    read = parameters.read(LESSONS["more_than_chance"], {"student": 1234567}, "more_than_chance")
    assert read.literals()["student"] == "1234567"


def test_the_figures_show_the_truth_beside_the_estimate(releases: closed_cases.Releases) -> None:

    assert len([line for line in releases.trend().plot().get_lines() if line.get_gid() is None]) == 3
    axes = releases.honest().plot()
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["truth"]
    assert len(axes.get_yticks()) == 5
    assert len(releases.usual().plot().get_yticks()) == 6


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ([134, 120, 110], "it fell in every year. A press release could call that faster."),
        ([134, 140, 110], "it fell in 1 of 2 years. A press release could call that faster."),
        ([134, 120, 150], "it fell in 1 of 2 years. A press release could call that not faster."),
    ],
)
def test_the_press_release_says_no_more_than_the_column(days: list[int], said: str) -> None:
    table = pd.DataFrame({"year": [2014, 2015, 2016], "closed_only": days})
    assert closed_cases.press_release(SimpleNamespace(table=table)).endswith(said)  # type: ignore[arg-type]
