"""Where nothing varies no estimate has an interval, rather than one of two equal limits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from accountability import delay
from accountability.errors import ParameterError, Refusal
from accountability.results import Result
from accountability.study.durations import Durations

CASES = 40


def held(days: object, closed: object = None) -> Durations:
    groups = {
        "side": np.resize(["a", "b"], CASES),
        "how": np.full(CASES, "x"),
        "officer": np.arange(CASES) % 10,
    }
    return Durations.from_days(days, closed, groups=groups, longest=np.full(CASES, 365))  # type: ignore[arg-type]


DATA = {
    "all closed on one day": lambda: held(np.full(CASES, 92)),
    "all open": lambda: held(np.full(CASES, 92), np.zeros(CASES, bool)),
    "all closed by day 286": lambda: held(np.linspace(1, 286, CASES).astype(int)),
}

ESTIMATES: dict[str, Callable[[Durations], Result]] = {
    "closing curve": delay.closing_curve,
    "curves of groups": lambda made: delay.closing_curve(made, "side"),
    "reverse": delay.reverse_time_curve,
    "causes": lambda made: delay.competing_closings(made, "how"),
    "groups in all": delay.compare_groups,
    "groups": lambda made: delay.compare_groups(made, "side"),
    "restricted mean": lambda made: delay.restricted_mean(made, 90, "side"),
    "restricted mean past the day": lambda made: delay.restricted_mean(made, 92, "side"),
    "bootstrap": lambda made: delay.bootstrap(made, 1, until=50, replicates=50),
    "bootstrap of clusters": lambda made: delay.bootstrap(made, 1, cluster="officer", until=50, replicates=50),
    "bootstrap of causes": lambda made: delay.bootstrap(made, 1, causes="how", days=(50, 95), replicates=50),
    "bootstrap of a statistic": lambda made: delay.bootstrap(
        made, 1, statistic=lambda drawn: drawn.days_upper.mean(), replicates=50
    ),
    "bootstrap in reverse": lambda made: delay.bootstrap(made, 1, within=300, replicates=50),
    "rates": lambda made: delay.exact_rates(made, "side"),
    "cox": lambda made: delay.cox(made, "side"),
    "predicted": lambda made: delay.predicted_curves(delay.cox(made, "side"), {"side": "a"}, days=[0, 95]),
    "differences": lambda made: delay.share_differences(
        delay.cox(made, "side"), {"side": "a"}, {"side": "b"}, days=[0, 95]
    ),
    "discrete": lambda made: delay.discrete_time(made, "side"),
    "parametric": lambda made: delay.parametric(made, "side"),
    "fine and gray": lambda made: delay.fine_gray(made, "side", causes="how", cause="x"),
    "coarse": delay.coarse_curve,
}


def tables(result: Result) -> list[pd.DataFrame]:
    """Every table with limits that a result can print."""
    found = [result.true_numbers()]
    if isinstance(result, delay.RestrictedMean):
        found.append(result.difference)
    if hasattr(result, "at"):
        found.append(result.at([0, 10, 50, 92, 95, 200]))
    if isinstance(result, delay.Curve):
        found.append(result.quantiles([0.25, 0.5, 0.75]))
    return found


@pytest.mark.parametrize("name", ESTIMATES)
@pytest.mark.parametrize("data", DATA)
def test_no_limits_are_equal_where_nothing_varies(data: str, name: str) -> None:
    try:
        result = ESTIMATES[name](DATA[data]())
    except (Refusal, ParameterError):
        return  # says so outright, or that nothing closed
    for table in tables(result):
        # The ratio of a reference group to itself is 1, and extremes are no interval.
        for lower in [name for name in table if str(name) in ("lower", "median_lower", "closed_within_lower")]:
            ends = table[[lower, str(lower).replace("lower", "upper")]].astype("Float64")
            assert not (ends.diff(axis=1).iloc[:, 1].abs() < 1e-9).fillna(False).any(), table
    assert "nan" not in result.sentence()


def test_most_estimates_are_had_where_all_closed_on_one_day() -> None:
    """So that the test above does not pass by refusals."""
    refused = []
    for name, estimate in ESTIMATES.items():
        try:
            estimate(DATA["all closed on one day"]())
        except Refusal:
            refused.append(name)
    assert len(refused) < len(ESTIMATES) / 2, refused


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("bootstrap", "all closed on one day", "92 days (no interval exists); mean days open within 50: 50 days (no"),
        ("bootstrap", "all open", "not reached (no interval exists)"),
        ("reverse", "all closed on one day", "within 92 days (no 95 % interval exists"),
        ("causes", "all closed on one day", "100.0 % 'x' (no interval exists)"),
        ("causes", "all closed by day 286", "100.0 % 'x' (no interval exists)"),
        ("groups in all", "all closed on one day", "100.0 % had closed within 365 days (no interval exists)"),
        ("groups", "all closed by day 286", "100.0 % had closed within 365 days (no interval exists)"),
        ("groups in all", "all open", "the share closed within 365 days was not observed"),
        ("bootstrap", "all closed by day 286", "139 days (95 % interval 96 to 183)"),
    ],
)
def test_the_sentence_says_that_no_interval_exists(name: str, data: str, words: str) -> None:
    assert words in ESTIMATES[name](DATA[data]()).sentence()


def test_before_the_first_closing_the_share_open_is_bounded_by_how_many_were_watched() -> None:
    """Clopper and Pearson's limit of 40 in 40, by any day before the first closing."""
    row = delay.closing_curve(DATA["all closed on one day"]()).at([10]).iloc[0]
    assert row[["estimate", "lower", "upper"]].tolist() == pytest.approx([1, 0.025 ** (1 / 40), 1])


def test_the_reference_group_has_no_interval_of_its_ratio_to_itself() -> None:
    days = np.linspace(1, 286, CASES).astype(int)
    for by in ("side", None):
        table = delay.exact_rates(held(days), by).true_numbers()
        itself = table[table["ratio"] == 1.0]
        assert len(itself) == 1
        assert itself[["ratio_lower", "ratio_upper"]].isna().all(axis=None)
