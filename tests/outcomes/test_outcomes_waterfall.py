"""Step by step: what carries, what waits, what left, and the planted shares of the generated agency."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from accountability import load, outcomes
from accountability.errors import ParameterError, Refusal
from accountability.records.places import source_folder
from accountability.results import Result

RECOMMENDED, DECIDED, IMPOSED = "penalty_recommended", "penalty_decided", "penalty_imposed"
FILED, APPEAL, LEFT = "appeal_filed", "appeal_decided", "left_agency"


def source(histories, until=dt.date(2021, 1, 1), text=True):
    """One officer-complaint a history: (stage, day of 2020, what is stated)."""
    rows = [
        (f"c{i}", f"o{i}", stage, pd.Timestamp("2020-01-01") + pd.Timedelta(days=day), said)
        for i, history in enumerate(histories)
        for stage, day, said in history
    ]
    events = pd.DataFrame(rows, columns=["case_id", "officer_id", "stage", "earliest", "detail"])
    events = events.astype({"case_id": "str", "officer_id": "str", "stage": "category", "detail": "str"})
    events = events.assign(latest=events["earliest"], set_aside=pd.Series(pd.NA, index=events.index, dtype="str"))
    if not text:
        read = events["detail"].map(lambda said: outcomes.parse(said) if isinstance(said, str) else None)
        events["penalty"] = read.map(lambda p: p.term if p else None).astype("str")
        events["days"] = read.map(lambda p: p.days if p else None).astype("float64")
    cases = pd.DataFrame({"case_id": events["case_id"].unique()})
    sampling = SimpleNamespace(rule="complete", open_cases="included", selected_on=[])
    card = SimpleNamespace(unit="officer_complaint", observed_until=until, sampling=sampling)
    return SimpleNamespace(name="made_up", ledger=None, cases=cases, allegations=cases, events=events, card=card)


def states(found):
    return found.states.pivot(index="term", columns="step", values="n")


ROAD = [
    [(RECOMMENDED, 0, "Suspension 10 days"), (DECIDED, 20, "Suspension 5 days"), (IMPOSED, 30, None)],
    [(RECOMMENDED, 0, "Dismissal"), (IMPOSED, 30, None)],  # the decision is not dated
    [(RECOMMENDED, 0, "No penalty"), (DECIDED, 9, "No penalty")],  # nothing to impose
    [(RECOMMENDED, 0, "Reprimand")],  # waits
    [(RECOMMENDED, 0, "Reprimand"), (LEFT, 40, None)],
    [(RECOMMENDED, 0, "Demotion"), (DECIDED, 10, "Demotion"), (IMPOSED, 15, None), (FILED, 16, None)],
    [
        *[(RECOMMENDED, 0, "Reprimand"), (DECIDED, 10, "Suspension 3 days"), (IMPOSED, 15, None), (FILED, 16, None)],
        (APPEAL, 90, "Reduced to a reprimand"),
    ],
    [
        (RECOMMENDED, 0, "Reprimand"),
        (DECIDED, 9, "Reprimand"),
        (IMPOSED, 9, None),
        (FILED, 9, None),
        (APPEAL, 99, "UPHELD"),
    ],
]


@pytest.mark.parametrize("text", [True, False])
def test_every_officer_complaint_has_one_state_at_every_step(text):
    made = source(ROAD[:-1] if not text else ROAD, text=text)
    found = outcomes.waterfall(made, "detail" if text else None, min_cell=1)
    count = states(found)
    assert (count.sum() == len(made.cases)).all()


def test_what_carries_what_waits_and_what_left():
    count = states(outcomes.waterfall(source(ROAD), "detail", min_cell=1))
    assert count.loc["dismissal"].tolist() == [1, 1, 1, 1]  # the undated decision is passed unchanged
    assert count.loc["none", "imposed"] == 1  # and not pending
    assert count.loc["pending"].to_dict() == {"recommended": 0, "decided": 1, "imposed": 1, "after appeal": 2}
    assert count.loc["left_before_penalty"].to_dict() == {
        "recommended": 0,
        "decided": 1,
        "imposed": 1,
        "after appeal": 1,
    }
    assert count.loc["reprimand", "after appeal"] == 2  # one reduced to it, one upheld


def test_pending_is_in_no_share():
    found = outcomes.waterfall(source(ROAD), "detail", min_cell=1)
    first = found.table.loc[(found.table["before"] == "recommended")].set_index("kind")
    assert (first["n"] == 7).all()
    assert first["events"].to_dict() == {
        "kept": 4,
        "lightened": 1,
        "raised": 1,
        "same_rung_days_unknown": 0,
        "left_the_ladder": 1,
        "joined_the_ladder": 0,
        "off_the_ladder": 0,
    }


def test_time_between_steps_counts_those_still_waiting():
    """Of days 10, 20, 30 the median is 20; with two waiting past them, 60 % wait beyond day 20 and 40 % beyond 30."""
    road = [[(RECOMMENDED, 0, "Reprimand"), (DECIDED, day, "Reprimand")] for day in (10, 20, 30)]
    waiting = [[(RECOMMENDED, 0, "Reprimand")]] * 2
    done = outcomes.waterfall(source(road), "detail", min_cell=1).times.iloc[0]
    seen = outcomes.waterfall(source(road + waiting), "detail", min_cell=1).times.iloc[0]
    assert (done["n"], done["waiting"], done["median_days"]) == (3, 0, 20)
    assert (seen["n"], seen["waiting"], seen["median_days"]) == (5, 2, 30)


def test_without_a_last_day_the_waiting_have_no_time():
    road = [[(RECOMMENDED, 0, "Reprimand"), (DECIDED, day, "Reprimand")] for day in (10, 20, 30)]
    found = outcomes.waterfall(source([*road, [(RECOMMENDED, 0, "Reprimand")]], until=None), "detail", min_cell=1)
    assert found.times["n"].iloc[0] == 3


def test_what_cannot_be_followed_is_refused():
    with pytest.raises(Refusal, match="dates 1 step"):
        outcomes.waterfall(source([[(RECOMMENDED, 0, "Reprimand")]]), "detail")
    with pytest.raises(ParameterError, match="cannot be read; the first: 'Keelhauled'"):
        outcomes.waterfall(source([[(RECOMMENDED, 0, "Keelhauled"), (DECIDED, 1, "Reprimand")]]), "detail")
    with pytest.raises(ParameterError, match="no column 'words'"):
        outcomes.waterfall(source(ROAD), "words")
    with pytest.raises(Refusal, match="no coded penalty"):
        outcomes.waterfall(source(ROAD))


@pytest.fixture(scope="module")
def planted():
    truth = pd.read_csv(source_folder("synthetic") / "truth.csv")
    whole = truth.loc[truth.iloc[:, 1] == "all"]
    return dict(zip(whole.iloc[:, 0], whole.iloc[:, 2].astype(float), strict=True))


def test_the_planted_shares_lie_in_the_intervals(planted):
    """The generated agency says how often a decision lightens and raises, and how often an appeal lightens."""
    found = outcomes.waterfall(load("synthetic"), "detail", confidence=0.99)
    cells = found.table.set_index(["before", "kind"])
    for kind, name in (("lightened", "share_lightened_by_decision"), ("raised", "share_raised_by_decision")):
        row = cells.loc[("recommended", kind)]
        if not row["hidden"]:
            assert row["lower"] < planted[name] < row["upper"], name
    assert not cells.loc[("recommended", "lightened"), "hidden"]
    test = found.tests.set_index(["before", "test"]).loc[("recommended", "Bowker")]
    assert test["p_value"] < 1e-6  # moves down are planted six times as often as moves up


def test_small_flows_are_hidden_and_the_figure_is_drawn_without_them():
    import matplotlib as mpl

    mpl.use("Agg")
    found = outcomes.waterfall(load("synthetic"), "detail")
    assert found.flows.loc[~found.flows["hidden"], "n"].min() >= 10
    assert found.states.loc[~found.states["hidden"] & (found.states["n"] > 0), "n"].min() >= 10
    assert not (found.times[["n", "waiting"]].gt(0) & found.times[["n", "waiting"]].lt(10)).any(axis=None)
    axes = found.plot()
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        step.replace("_", " ") for step in dict.fromkeys(found.states["step"])
    ]
    assert "cause" not in found.sentence()


def test_the_order_of_rows_does_not_matter():
    made = source(ROAD)
    shuffled = source(ROAD)
    shuffled.events = shuffled.events.sample(frac=1, random_state=np.random.default_rng(2))
    first, second = (outcomes.waterfall(m, "detail", min_cell=1) for m in (made, shuffled))
    pd.testing.assert_frame_equal(first.table, second.table)
    pd.testing.assert_frame_equal(first.states, second.states)


@pytest.mark.parametrize(
    "made", [lambda data: outcomes.waterfall(data, "detail"), outcomes.changes, outcomes.penalty_reductions]
)
def test_where_every_change_is_too_small_to_show_a_sentence_says_so(made: Callable[..., Result]) -> None:
    """A release of a few hundred penalties: the words stand under its figure, which needs them."""
    found = made(load("generated_2019"))
    assert found.table["hidden"].any()
    assert found.sentence().endswith(".")
    assert re.search(r"small|few|Of \d+", found.sentence())
