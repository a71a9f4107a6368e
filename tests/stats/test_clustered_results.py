"""What every clustered result keeps to: it says its clusters, has some width, and knows neither order nor labels."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from accountability import delay, outcomes
from accountability.errors import Refusal
from accountability.study.durations import Durations

OFFICERS, EACH = 14, 30
RUNGS = np.array(["none", "reprimand", "suspension", "dismissal"])


def rows_of(officers: int = OFFICERS) -> pd.DataFrame:
    """Officers who differ much, three of them with twice the rows; a unit, an outcome, a rung and a delay a row."""
    rng = np.random.default_rng(3)
    who = np.repeat(np.arange(officers), np.where(np.arange(officers) < 3, 2 * EACH, EACH))
    lean = np.linspace(-1.2, 1.2, officers)[rng.permutation(officers)][who]
    rung = np.digitize(lean + rng.logistic(size=len(who)), [-0.5, 0.8, 2.0])
    day = np.ceil(rng.exponential(120 * np.exp(-lean))).astype(int)
    return pd.DataFrame(
        {
            "officer_id": who,
            "unit_of": np.where(who % 2, "a", "b"),
            "finding": np.where(rng.random(len(who)) < 1 / (1 + np.exp(0.4 - lean)), "sustained", "unfounded"),
            "imposed_penalty": RUNGS[rung],
            "imposed_days": np.where(rung == 2, rng.integers(1, 30, len(who)), np.nan),
            "day": day,
            "way": rng.choice(["x", "y"], len(who)),
        }
    )


def source(rows: pd.DataFrame) -> Any:
    ids = pd.Series(np.arange(len(rows)), index=rows.index).astype("str")
    table = rows.assign(case_id=rows.get("case_id", ids), officer_id=rows["officer_id"].astype("str"))
    sampling = SimpleNamespace(rule="complete", open_cases="included", selected_on=[])
    card = SimpleNamespace(unit="officer_complaint", observed_until=None, sampling=sampling)
    cases = table[["case_id"]].drop_duplicates()
    events = pd.DataFrame(columns=["case_id", "officer_id"])
    return SimpleNamespace(
        name="made_up", ledger=None, cases=cases, allegations=table, events=events, card=card, flow=lambda: None
    )


def delays(rows: pd.DataFrame) -> Durations:
    closed = (rows["day"] <= 200).to_numpy()
    groups = {"unit": rows["unit_of"], "officer": rows["officer_id"].astype("str"), "way": rows["way"]}
    groups = {name: column.reset_index(drop=True) for name, column in groups.items()}
    return Durations.from_days(
        np.minimum(rows["day"], 200).to_numpy(), closed, groups=groups, longest=np.full(len(rows), 200)
    )


RESULTS: dict[str, Callable[[pd.DataFrame], Any]] = {
    "sustained_logit": lambda rows: outcomes.sustained_logit(source(rows), "unit_of", reference={"unit_of": "b"}),
    "outcome_multinomial": lambda rows: outcomes.outcome_multinomial(
        source(rows), "unit_of", base="unfounded", reference={"unit_of": "b"}
    ),
    "penalty_ordered_logit": lambda rows: outcomes.penalty_ordered_logit(
        source(rows.assign(finding="sustained")), "unit_of", reference={"unit_of": "b"}
    ),
    "days_hurdle": lambda rows: outcomes.days_hurdle(
        source(rows.assign(finding="sustained", imposed_days=rows["imposed_days"].astype("Float64"))),
        "unit_of",
        family="quasi_poisson",
        reference={"unit_of": "b"},
    ),
    "outcome_distribution": lambda rows: outcomes.outcome_distribution(source(rows)),
    "by_unit": lambda rows: outcomes.by_unit(source(rows), "unit_of", "a", "b"),
    "cox": lambda rows: delay.cox(delays(rows), "unit", cluster="officer", reference={"unit": "b"}),
    "changing_ratios": lambda rows: delay.changing_ratios(
        delays(rows), "unit", "unit", periods=[60], cluster="officer", reference={"unit": "b"}
    ),
    "parametric": lambda rows: delay.parametric(delays(rows), "unit", cluster="officer", reference={"unit": "b"}),
    "fine_gray": lambda rows: delay.fine_gray(
        delays(rows), "unit", "way", "x", cluster="officer", reference={"unit": "b"}
    ),
    "discrete_time": lambda rows: delay.discrete_time(delays(rows), "unit", cluster="officer", reference={"unit": "b"}),
}


@cache
def made(name: str) -> Any:
    return RESULTS[name](rows_of())


def limits(result: Any) -> np.ndarray:
    """Lower and upper limits of what has them, where an error is known, in an order that rows do not decide."""
    table = result.table
    named = [column for column in ("part", "term", "unit", "denominator", "level", "cause") if column in table]
    table = table.sort_values(named)[["lower", "upper"]]
    return table.loc[table["upper"].notna()].to_numpy(dtype=float)


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_says_its_clusters_and_no_interval_has_no_width(name: str) -> None:
    result = made(name)
    known = result.table.loc[result.table["lower"].notna()]
    assert len(known)
    assert (known["clusters"] == OFFICERS).any()
    assert known["effective_clusters"].gt(1).all()
    assert known["df"].gt(0).all()
    assert (known["df"] < len(rows_of())).all()
    assert (known["lower"] < known["upper"]).all()
    assert "officer" in result.method or "cluster" in result.method


@pytest.mark.parametrize("name", RESULTS)
def test_neither_the_order_of_rows_nor_the_names_of_officers_matter(name: str) -> None:
    rows = rows_of().sample(frac=1, random_state=1).reset_index(drop=True)
    rows["officer_id"] = (7 * rows["officer_id"] + 5) % 97
    np.testing.assert_allclose(limits(RESULTS[name](rows)), limits(made(name)), rtol=1e-6)


@pytest.mark.parametrize("name", RESULTS)
def test_rows_written_twice_narrow_nothing(name: str) -> None:
    twice = limits(RESULTS[name](pd.concat([rows_of()] * 2, ignore_index=True)))
    once = limits(made(name))
    scale = np.asarray if name == "outcome_distribution" else np.log
    width, wider = (np.diff(scale(np.maximum(ends, 1e-9)), axis=1) for ends in (once, twice))
    assert (wider >= width * (1 - 0.02)).all()  # ties of days make the likelihoods of pace a little different


@pytest.mark.parametrize("name", RESULTS)
def test_one_officer_is_refused_or_has_no_interval(name: str) -> None:
    rows = rows_of().assign(officer_id=1)
    if name == "outcome_distribution":
        assert RESULTS[name](rows).table["lower"].isna().all()
        return
    with pytest.raises(Refusal, match=r"one officer|at least two clusters"):
        RESULTS[name](rows)


def test_repaired_errors_are_said_for_shares_too() -> None:
    """Rows that alternate within officers and within complaints: together they vary less than at random."""
    side = 12
    officer, case = (part.ravel() for part in np.meshgrid(np.arange(side), np.arange(side), indexing="ij"))
    hits = (officer + case) % 2 == 0
    rows = pd.DataFrame(
        {
            "officer_id": officer,
            "case_id": case.astype(str),
            "finding": np.where(hits, "sustained", "unfounded"),
            "unit_of": np.where(officer % 4 < 2, "a", "b"),
        }
    )
    for result in (
        outcomes.outcome_distribution(source(rows)),
        outcomes.by_unit(source(rows), "unit_of", "a", "b"),
        outcomes.decompose_gap(source(rows), "unit_of", "a", "b"),
    ):
        assert "two-way errors repaired in" in result.method
        assert "repaired" not in result.table
    said = outcomes.outcome_distribution(source(rows)).table
    assert (said["lower"] < said["upper"])[said["lower"].notna()].all()
