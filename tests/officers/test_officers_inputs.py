"""Whatever is given to a function of the front door ends in a result or in an error of ours."""

from __future__ import annotations

import contextlib
import inspect
from typing import Any

import numpy as np
import pandas as pd
import pytest

import accountability
from accountability import Cohort, officers
from accountability.errors import AccountabilityError, ParameterError
from accountability.study.clocks import durations

FUNCTIONS = [name for name in dir(officers) if inspect.isfunction(getattr(officers, name))]
NEEDED: dict[str, Any] = {
    "covariates": "number",
    "assignments": pd.DataFrame(columns=["officer_id", "unit", "from", "to"]),
}


@pytest.fixture(scope="module")
def held() -> dict[str, Any]:
    data = accountability.load("synthetic")
    return {
        "dataset": data,
        "cohort": Cohort.of(data),
        "durations": durations(Cohort.of(data)),
        "frame": data.allegations,
        "records": officers.officer_records(data),
        "periods": officers.two_periods(data),
        "tally": officers.tally(data),
        "stretches": officers.spells(data),
        "result": officers.lorenz(data),
        "class": Cohort,
        "nothing": None,
        "number": 3,
        "text": "synthetic",
        "array": np.arange(4),
    }


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_kind_of_object_gives_a_result_or_an_error_of_ours(name: str, held: dict[str, Any]) -> None:
    function = getattr(officers, name)
    asked = list(inspect.signature(function).parameters.values())
    needed = [NEEDED[one.name] for one in asked[1:] if one.default is one.empty]
    few = {one.name: 99 for one in asked if one.name in ("draws", "permutations")}
    for given in held.values():
        with contextlib.suppress(AccountabilityError):  # any other error fails
            function(given, *needed, **few)


def test_a_dataset_is_counted_as_its_own_step_would_count_it(held: dict[str, Any]) -> None:
    assert officers.gini(held["dataset"]) == officers.gini(held["tally"])
    records = officers.officer_records(held["cohort"], "squad", supervisor="supervisor")
    one, two = (officers.variance_components(data, draws=99).table for data in (held["dataset"], records))
    pd.testing.assert_frame_equal(one, two)
    one, two = (officers.persistence(data, draws=99).table for data in (held["cohort"], held["periods"]))
    pd.testing.assert_frame_equal(one, two)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda data: officers.tally(data, by=["squad", "supervisor"]), "no column"),
        (lambda data: officers.tally(data, officers="all"), "at least the 826 .* or the name of a total"),
        (lambda data: officers.top_share(data, "a tenth"), "a share between 0 and 1"),
        (lambda data: officers.against_chance(data, draws="many"), "99 to 1,000,000"),
        (lambda data: officers.against_chance(data, draws=99, confidence=95), "0.5 up to 1"),
        (lambda data: officers.against_chance(data, draws=99, seed="now"), "a whole number from 0 on"),
        (lambda data: officers.contagion(data, period="year", permutations=99), "whole years"),
        (lambda data: officers.spells(data, "calendar"), "total, gap"),
        (lambda data: officers.mean_cumulative_function(data, ["a year"]), "days from 0 on"),
        (lambda data: officers.unit_columns(data, "platoon"), "no column 'platoon'"),
        (lambda data: officers.movers(data, None), "missing officer_id"),
    ],
)
def test_wrong_values_are_refused_in_words(call: Any, said: str, held: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match=said):
        call(held["dataset"])
