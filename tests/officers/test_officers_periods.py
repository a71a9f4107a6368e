"""Two periods: whether counts last, and what officers chosen before the fact draw afterwards."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import accountability
from accountability import Cohort
from accountability import officers as conc
from accountability.errors import ParameterError, Refusal
from accountability.officers.periods import Periods, at_the_top
from accountability.officers.shared_complaints import accused_together
from accountability.records.dataset import Dataset
from accountability.studies import registry


@pytest.fixture(scope="module")
def bundled() -> Dataset:
    return accountability.load("synthetic")


def periods_of(first: np.ndarray, second: np.ndarray, together: int = 1, everyone: bool = True) -> Periods:
    """Periods with these counts; in the second, runs of `together` accusations make one complaint."""
    officer = np.repeat(np.arange(len(second)), second)
    return Periods(
        first=first,
        second=second,
        case=np.arange(len(officer)) // together,
        officer=officer,
        everyone=everyone,
        split=None,
        left_out=0,
        name="made",
        flow=pd.DataFrame(),
    )


@given(counts=st.lists(st.integers(0, 6), min_size=40, max_size=90), share=st.floats(0.25, 0.9))
def test_exactly_the_share_asked_for_is_at_the_top_and_ties_are_equal(counts: list[int], share: float) -> None:
    each = np.array(counts)
    part = at_the_top(each, share)
    assert part.sum() == pytest.approx(share * len(each))
    assert ((part >= 0) & (part <= 1)).all()
    for value in set(counts):
        assert np.ptp(part[each == value]) == 0
        assert part[each == value][0] >= part[each < value].max(initial=0)


def test_equal_risk_does_not_last_even_among_those_accused_first() -> None:
    rng = np.random.default_rng(1)
    inside = 0
    for seed in range(40):
        made = periods_of(rng.poisson(1.2, 600), rng.poisson(1.2, 600), everyone=False)
        row = conc.persistence(made, draws=199, seed=seed).table.set_index("measure").loc["top_ratio"]
        inside += row["expected_lower"] <= row["estimate"] <= row["expected_upper"]
    assert inside >= 33  # 38 expected at 95 %; fewer than 33 one time in a thousand


def test_lasting_differences_are_seen() -> None:
    rng = np.random.default_rng(2)
    risk = rng.gamma(1.0, 3.0, 2000)
    found = conc.persistence(periods_of(rng.poisson(risk), rng.poisson(risk)), draws=199)
    assert (found.table["p_value"] <= 0.005).all()
    assert (found.by_count["n"] >= 10).all()
    assert pd.isna(found.by_count["to_count"].iloc[-1])


def test_chosen_before_the_fact_is_the_mean_over_ways_of_breaking_ties() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.poisson(1.0, 60), rng.poisson(2.0, 60)
    made = periods_of(first, second)
    expected = []
    for _ in range(4000):
        order = np.lexsort((rng.random(60), -first))
        expected.append(second[order[:12]].sum() / second.sum())
    rows = conc.top_k_validation(made, top=0.2).table.set_index(["chosen", "counted"])["estimate"]
    error = np.std(expected) / 4000**0.5
    assert rows["before the fact", "officer_complaints"] == pytest.approx(np.mean(expected), abs=5 * error)
    same = rows["before the fact", "officer_complaints"]  # one accused each
    assert rows["before the fact", "complaints"] == pytest.approx(same)
    assert rows["at random", "officer_complaints"] == pytest.approx(0.2, abs=0.02)
    hindsight = np.sort(second)[::-1][:12].sum() / second.sum()
    assert rows["in hindsight", "officer_complaints"] == pytest.approx(hindsight)


def test_a_complaint_falls_away_only_with_all_its_accused() -> None:
    first = np.r_[np.full(10, 9), np.zeros(90, int)]
    second = np.r_[np.full(10, 2), np.full(90, 1)]
    officer = np.repeat(np.arange(100), second)
    case = np.arange(len(officer))
    case[1:20:2] = 1000 + np.arange(10)  # the second complaint of each of the ten is shared with one of the others
    case[20:30] = 1000 + np.arange(10)
    made = Periods(
        first, second, np.unique(case, return_inverse=True)[1], officer, True, None, 0, "made", pd.DataFrame()
    )
    rows = conc.top_k_validation(made, top=0.1).table.set_index(["chosen", "counted"])["estimate"]
    assert rows["before the fact", "officer_complaints"] == pytest.approx(20 / 110)
    assert rows["before the fact", "complaints"] == pytest.approx(10 / 100)


def test_officers_who_came_later_cannot_be_chosen() -> None:
    first, second = np.r_[np.full(200, 2), np.zeros(100, int)], np.full(300, 3)
    first[:50] = 4
    found = conc.top_k_validation(periods_of(first, second, everyone=False), top=0.25)
    assert found.unknown == pytest.approx(1 / 3)
    assert found.removed == pytest.approx(50)
    assert "accused in the first period" in found.sentence()


def test_a_day_divides_the_complaints(bundled: Dataset) -> None:
    made = conc.two_periods(bundled)
    assert abs(int(made.first.sum()) - int(made.second.sum())) < 10
    assert made.first.sum() + made.second.sum() == len(bundled.allegations)
    later = conc.two_periods(bundled, "2018-01-01")
    received = bundled.events[bundled.events["stage"] == "received"].set_index("case_id")["earliest"]
    days = bundled.allegations["case_id"].map(received)
    assert later.second.sum() == (days >= "2018-01-01").sum()
    with pytest.raises(Refusal, match="second period"):
        conc.two_periods(bundled, "2030-01-01")
    with pytest.raises(ParameterError, match="must be a day"):
        conc.two_periods(bundled, "lately")
    with pytest.raises(Refusal, match="'assigned'"):
        conc.two_periods(bundled, stage="assigned")


def test_lots_keep_the_officers_of_a_complaint_together(bundled: Dataset) -> None:
    sizes = bundled.allegations.groupby("case_id").size()
    pairs = Cohort.of(bundled).keep_if(lambda c: c["case_id"].map(sizes) == 2, because="two accused")
    made = conc.two_periods(pairs, "random", seed=4)
    again = conc.two_periods(pairs, "random", seed=4)
    assert (made.first == again.first).all()
    assert made.split is None
    assert (np.bincount(made.case) == 2).all()
    assert 0.4 < made.second.sum() / (made.first.sum() + made.second.sum()) < 0.6
    assert len(made.case) == made.second.sum()


def test_too_few_at_the_top_are_refused(bundled: Dataset) -> None:
    few = conc.two_periods(Cohort.of(bundled).keep_if(lambda c: c["case_id"].str.endswith("7"), because="some"))
    with pytest.raises(Refusal, match="fewer than 10"):
        conc.top_k_validation(few, top=0.01)


def test_units_are_compared_only_when_named(bundled: Dataset) -> None:
    with pytest.raises(Refusal, match="no column of units"):
        conc.tally(bundled, None)
    squads = conc.tally(bundled, "squad", exposure="officers")
    found = conc.against_chance(squads, ["equal_risk"], draws=199)
    assert found.tally.holder == "squad"
    assert found.of("equal_risk", "gini")["p_value"] <= 0.01  # squads were planted to differ


@pytest.mark.parametrize(
    ("study", "source", "said"),
    [
        ("is_it_more_than_chance", "nyc_ccrb_propublica", "which officers are in it depends on"),
        ("is_it_more_than_chance", "new_orleans", "no column 'officer_id'"),
        ("is_it_more_than_chance", "news_cases", "single cases"),
        ("do_squads_matter", "chicago_2000_2016", "which unit an officer was in"),
        ("do_squads_matter", "nashville", "closed"),
    ],
)
def test_sources_that_cannot_answer_are_refused_with_the_reason(study: str, source: str, said: str) -> None:
    with pytest.raises(Refusal, match=said):
        registry.check(registry.get(study), {"source": source})


@pytest.mark.parametrize("source", ["synthetic", "philadelphia"])
@pytest.mark.parametrize("study", ["is_it_more_than_chance", "do_squads_matter"])
def test_sources_that_can_answer_are_taken(study: str, source: str) -> None:
    registry.check(registry.get(study), {"source": source})


def test_leaving_is_not_taken_for_a_lasting_difference() -> None:
    """At equal risk while in service, with half hired or gone at any time, 5 % are rejected and not nearly all."""
    rng, rejected = np.random.default_rng(8), 0
    for seed in range(60):
        begin, end = rng.uniform(-1, 1, 900).clip(min=0), rng.uniform(1, 3, 900).clip(max=2)
        years = np.maximum(np.minimum(end, 1) - begin, 0), np.maximum(end - np.maximum(begin, 1), 0)
        gone = rng.random(900) < 0.3  # left within the first period
        second = np.where(gone, 0, years[1])
        first = np.where(gone, years[0] * rng.random(900), years[0])
        made = periods_of(rng.poisson(3 * first), rng.poisson(3 * second))
        dated = replace(made, split=dt.date(2018, 1, 1))
        rejected += conc.persistence(dated, draws=99, seed=seed).table["p_value"].iloc[0] <= 0.05
    assert rejected <= 10  # 3 expected; more than 10 one time in two thousand


def test_with_service_known_those_there_throughout_are_compared(bundled: Dataset) -> None:
    known = bundled.allegations["officer_id"].dropna().unique()
    service = pd.DataFrame({"officer_id": [*known[:300], "never"], "from": "1990-01-01", "to": None})
    service.loc[:9, "to"] = "2001-01-01"
    made = conc.two_periods(bundled, "2018-01-01", service=service)
    assert len(made.population) == 291
    assert "in service throughout" in conc.persistence(made, draws=99).who
    with pytest.raises(ParameterError, match="missing to"):
        conc.two_periods(bundled, "2018-01-01", service=service.drop(columns="to"))
    with pytest.raises(ParameterError, match="leave out officers="):
        conc.two_periods(bundled, "2018-01-01", service=service, officers=5000)


def leaving_force(seed: int, spread: float = 0.0) -> Any:
    """Officers who come and leave at any time, all at equal risk while there or, with a spread, not."""
    rng = np.random.default_rng(seed)
    begin, end = rng.uniform(-2000, 3000, 700).clip(0), rng.uniform(0, 5000, 700).clip(max=3000)
    there = np.maximum(end - begin, 0)
    risk = rng.gamma(1 / spread, spread, 700) if spread else np.ones(700)
    number = rng.poisson(0.004 * risk * there)
    officer = np.repeat(np.arange(700), number)
    day = (begin[officer] + rng.random(len(officer)) * there[officer]).astype(int)
    cases = pd.DataFrame({"case_id": [f"c{i}" for i in range(len(day))]})
    when = pd.Series((np.datetime64("2000-01-01", "D") + day.astype("timedelta64[D]")).astype("datetime64[s]"))
    events = cases.assign(stage="received", earliest=when, latest=when, set_aside=None, officer_id=None)
    return SimpleNamespace(
        name="leavers", cases=cases, allegations=cases.assign(officer_id=[f"o{i}" for i in officer]), events=events,
        card=None, ledger=None, flow=lambda: None,
    )  # fmt: skip


def test_coming_and_leaving_is_not_taken_for_unequal_risk_among_those_there_throughout() -> None:
    def p_values(way: str | None, spread: float, seeds: int) -> list[float]:
        found = []
        for seed in range(seeds):
            made = conc.tally(leaving_force(seed, spread), exposure=way)  # type: ignore[arg-type]
            found.append(conc.against_chance(made, ["equal_risk"], draws=199, seed=seed).table["p_value"].iloc[1])
        return found

    assert np.mean(np.array(p_values(None, 0.0, 8)) <= 0.05) == 1  # what leaving alone makes
    assert np.mean(np.array(p_values("throughout", 0.0, 40)) <= 0.05) <= 0.15
    assert np.mean(np.array(p_values("throughout", 0.5, 8)) <= 0.05) >= 0.85


def test_officers_accused_together_do_not_look_persistent() -> None:
    """Equal squads of six, three of whom each complaint accuses: counts of a squad rise together by chance."""
    rejected = np.zeros(3)
    runs = 100
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        squads = rng.integers(0, 20, 400)
        who = np.concatenate([6 * squad + rng.choice(6, 3, replace=False) for squad in squads])
        late, case = np.repeat(rng.random(400) < 0.5, 3), np.repeat(np.arange(400), 3)
        halves = replace(
            periods_of(np.bincount(who[~late], minlength=120), np.bincount(who[late], minlength=120)),
            case=np.unique(case[late], return_inverse=True)[1],
            officer=who[late],
        )
        rejected += conc.persistence(halves, top=0.2, draws=99).table["p_value"].to_numpy() <= 0.05
    assert (rejected <= 0.05 * runs + 3 * np.sqrt(0.05 * 0.95 * runs)).all()


def squads_accused(seed: int, each: int) -> conc.Tally:
    """Equal officers in squads of six, some of whom each complaint accuses."""
    rng = np.random.default_rng(seed)
    squads = rng.integers(0, 20, 1200 // each)
    who = np.concatenate([6 * squad + rng.choice(6, each, replace=False) for squad in squads])
    counts, case = np.bincount(who, minlength=120), np.repeat(np.arange(len(squads)), each)
    return conc.Tally.of_counts(counts, zeros=True, together=accused_together(case, who, counts))


def test_officers_accused_together_do_not_look_unequal() -> None:
    """Drawn one by one, 10 % of true nulls were rejected with three of six a complaint, 13 % with five."""
    for each in (1, 3, 5):
        rejected, runs = np.zeros(2), 200
        for seed in range(runs):
            found = conc.against_chance(squads_accused(seed, each), ["equal_risk"], draws=199).table["p_value"]
            rejected += found.to_numpy() <= 0.05
        assert (rejected <= 0.05 * runs + 3 * np.sqrt(0.05 * 0.95 * runs)).all(), each


def test_chance_shared_complaints_do_not_move_the_draws_apart() -> None:
    """Officers who are accused together at random share few complaints more than once."""
    rng = np.random.default_rng(3)
    case, who = np.repeat(np.arange(2000), 2), np.concatenate([rng.choice(500, 2, replace=False) for _ in range(2000)])
    assert accused_together(case, who, np.bincount(who, minlength=500)) == pytest.approx(1, abs=0.01)
    assert squads_accused(1, 1).together == 1
    assert squads_accused(1, 5).together > 3
