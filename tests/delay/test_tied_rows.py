"""Allegations of one complaint close together: delays of allegations are no more certain than those of complaints."""

from __future__ import annotations

import importlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import accountability
from accountability import delay, officers
from accountability.delay.counts import count
from accountability.delay.tied_rows import tied
from accountability.study.clocks import durations
from accountability.study.durations import Durations
from accountability.study.follow_up import alike

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
NAMED: Any = importlib.import_module("dependence_named")


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("by", [None, "rank"])
def test_pairs_complete_the_square_of_each_complaints_influence(late: bool, by: str | None) -> None:
    made = NAMED.allegations_of(np.random.default_rng(4), 60, late)
    counts, who = count(made, by), made.table["complaint"].to_numpy()
    found = tied(made, by, counts, "complaint")
    group = np.zeros(len(made), int) if by is None else pd.factorize(made.table[by], sort=True)[0]
    for g in range(len(found)):
        at_risk = np.maximum(counts.at_risk[g], 1.0)
        step = counts.closed[g] / at_risk**2
        days = np.arange(len(step))
        influence = np.array(
            [
                np.where(days >= end, event / at_risk[end], 0.0)
                - np.cumsum(np.where((days >= entry) & (days <= end), step, 0.0))
                for end, event, entry in zip(made.end, made.event, made.entry_time, strict=True)
            ]
        )
        mine = group == g
        square = sum(influence[mine & (who == one)].sum(axis=0) ** 2 for one in np.unique(who))
        np.testing.assert_allclose(found[g], square - (influence[mine] ** 2).sum(axis=0), atol=1e-12)


def test_the_curve_holds_the_truth_as_often_as_it_says() -> None:
    """Taken as independent, 87 % of these intervals held it."""
    held = NAMED.measured(NAMED.NAMED["closing curve, allegations of 120 complaints"], 200, 9)
    assert held.mean() >= 0.9


def test_a_complaint_written_four_times_is_no_more_certain() -> None:
    rng = np.random.default_rng(2)
    day, number = rng.integers(1, 300, 80), np.arange(80).astype(str)
    once = delay.closing_curve(Durations.from_days(day))
    many = Durations.from_days(np.tile(day, 4), groups={"complaint": pd.Series(np.tile(number, 4))})
    ids = [f"{one}#{copy}" for copy in range(4) for one in number]
    often = delay.closing_curve(replace(many, table=many.table.assign(case_id=ids)))
    some = once.true_numbers()["estimate"].between(0.2, 0.8)
    ratio = (often.true_numbers()["std_error"] / once.true_numbers()["std_error"])[some]
    assert ratio.between(0.95, 1.02).all()  # Greenwood's sum is a little larger than that of squares; independent, 0.5


def test_every_estimator_of_allegations_clusters_them_or_says_so() -> None:
    data = accountability.load("synthetic")
    made = durations(data, of="allegations")
    assert "clustered by complaint" in delay.cox(made, "officer_race").method
    assert "clustered by complaint" in delay.compare(made, "officer_race").method
    assert "clusters" in delay.bootstrap(made, 1, replicates=20).sentence()
    curve = delay.closing_curve(made)
    assert alike("complaint") in curve.assumptions
    assert not any("count as independent" in one for one in curve.cautions)
    for found in (delay.restricted_mean(made, until=365), delay.compare(made, "officer_race", rho=1)):
        assert "6,178 allegations of 4,991 complaints count as independent here" in found.sentence()
    spells = officers.spells(data)
    assert alike("officer") in delay.closing_curve(spells).assumptions
    assert "clustered by officer" in delay.cox(spells, "number").method
    # these allow for officers by themselves
    assert officers.mean_cumulative_function(spells).cautions == ()
    assert "clustered by officer" in officers.repeat_rates(spells, "number").method
    # of complaints nothing is clustered, and a column of that name that holds something else is none
    assert "clustered" not in delay.cox(durations(data), "investigated_by").method
    other = Durations.from_days(range(1, 41), groups={"complaint": ["force", "search"] * 20})
    assert "clustered" not in delay.cox(other, "complaint").method
    assert delay.closing_curve(other).cautions == ()
