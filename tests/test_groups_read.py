"""Every function that takes `by` gives its groups in the order in which they are read."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import accountability
from accountability import Cohort, delay, officers, outcomes, sensitivity, tables
from accountability.records.dataset import Dataset
from accountability.study.clocks import as_published
from accountability.study.durations import Durations
from accountability.study.grouping import group_cases

COLUMN = "watch"
READ = ["9", "under 25", "25-34", "65 and over", "100", "1200"]
Call = Callable[[Dataset, Durations], Any]
CALLS: dict[str, Call] = {
    "delay.closing_curve": lambda data, delays: delay.closing_curve(delays, COLUMN),
    "delay.kaplan_meier": lambda data, delays: delay.kaplan_meier(delays, COLUMN),
    "delay.how_long": lambda data, delays: delay.how_long(delays, COLUMN),
    "delay.compare_groups": lambda data, delays: delay.compare_groups(delays, COLUMN),
    "delay.compare": lambda data, delays: delay.compare(delays, COLUMN),
    "delay.restricted_mean": lambda data, delays: delay.restricted_mean(delays, 365, by=COLUMN),
    "delay.mean_of_closed_only": lambda data, delays: delay.mean_of_closed_only(delays, COLUMN),
    "delay.reverse_time_curve": lambda data, delays: delay.reverse_time_curve(delays, COLUMN, within=365),
    "delay.exact_rates": lambda data, delays: delay.exact_rates(delays, COLUMN),
    "delay.quantile_limits": lambda data, delays: delay.quantile_limits(delays, [0.5], by=COLUMN),
    "delay.curve_limits": lambda data, delays: delay.curve_limits(delays, [365], by=COLUMN),
    "delay.interval_curve": lambda data, delays: delay.interval_curve(delays, COLUMN),
    "delay.backlogs": lambda data, delays: delay.backlogs(group_cases(Cohort.of(data), COLUMN), COLUMN),
    "outcomes.outcome_distribution": lambda data, delays: outcomes.outcome_distribution(data, COLUMN),
    "outcomes.penalty_reductions": lambda data, delays: outcomes.penalty_reductions(data, COLUMN),
    "officers.next_complaint": lambda data, delays: officers.next_complaint(data, by=COLUMN),
    "tables.describe": lambda data, delays: tables.describe(data, "sustained", by=COLUMN),
    "tables.table_one": lambda data, delays: tables.table_one(data, by=COLUMN),
}
#: Why a function is not among them.
OTHERWISE = {
    "delay.bootstrap": "repeats the curves by group",
    "delay.coarse_curve": "needs coarse dates; its groups are numbered as all curves'",
    "delay.competing_closings": "needs causes; its groups are numbered as all curves'",
    "delay.current_status_curve": "needs cases seen once; its groups are numbered as all curves'",
    "outcomes.by_unit": "compares two groups that the caller names",
    "outcomes.decompose_gap": "compares two groups that the caller names",
    "outcomes.departures": "needs a matrix of penalties; its groups are those of outcome_distribution",
    "officers.person_time": "needs a roster",
    "officers.tally": "counts officers of all groups together",
    "sensitivity.if_cases_differ": "names the slowest group only",
}


@pytest.fixture(scope="module")
def held() -> tuple[Dataset, Durations]:
    data = accountability.load("synthetic")
    known = data.allegations["officer_id"].dropna().unique()
    drawn = dict(zip(known, np.random.default_rng(1).choice(READ, len(known)), strict=True))
    data = replace(
        data, allegations=data.allegations.assign(**{COLUMN: data.allegations["officer_id"].map(drawn).astype("str")})
    )
    cohort = Cohort.of(data)
    watches = pd.Series(
        np.random.default_rng(2).choice(READ, len(cohort.cases)), pd.Index(cohort.cases["case_id"]), dtype="str"
    )
    own = Cohort.of(accountability.load("synthetic")).with_case_column(COLUMN, watches, decided_by=())
    return data, as_published(own)


@pytest.mark.parametrize("name", CALLS)
def test_groups_stand_as_they_are_read(name: str, held: tuple[Dataset, Durations]) -> None:
    found = CALLS[name](*held).table
    if name == "tables.table_one":  # groups are columns
        labels = [column.split(" (n = ")[0] for column in found.columns]
    else:
        labels = found[COLUMN if COLUMN in found else "group"].drop_duplicates().astype(str).tolist()
    assert [label for label in labels if label in READ] == READ


def test_no_function_by_group_is_left_out() -> None:
    by_group = {
        f"{front.__name__.removeprefix('accountability.')}.{name}"
        for front in (delay, outcomes, officers, tables, sensitivity)
        for name in dir(front)
        if inspect.isfunction(getattr(front, name)) and "by" in inspect.signature(getattr(front, name)).parameters
    }
    assert by_group == set(CALLS) | set(OTHERWISE)
