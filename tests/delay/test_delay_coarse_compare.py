"""Comparing groups whose delays are coarse at both ends, watched and dated differently."""

import numpy as np
import pandas as pd
import pytest
from agency import agency, event
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from accountability import delay
from accountability.errors import ParameterError, Refusal
from accountability.study import clocks
from accountability.study.durations import Durations

EDGES = np.cumsum([0] + [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] * 9)
END = 3000


def months(rng, cases, *, watched_alike=True, slower=1.0):
    """Two groups known by months alone; in the other setting one was received long before the other."""
    group = np.arange(cases) % 2
    start = rng.integers(2300, 2990, cases)
    if not watched_alike:
        start = np.where(group == 0, rng.integers(2300, 2500, cases), rng.integers(2750, 2990, cases))
    stop = start + (rng.weibull(1.3, cases) * np.where(group == 0, 200, 200 * slower)).astype(int)
    closed = stop <= END
    of_start = np.searchsorted(EDGES, start, side="right") - 1
    of_stop = np.searchsorted(EDGES, np.minimum(stop, END), side="right") - 1
    first, last = EDGES[of_start], np.minimum(EDGES[of_start + 1] - 1, END)
    begin, end = EDGES[of_stop], np.minimum(EDGES[of_stop + 1] - 1, END)
    low = np.where(closed, np.maximum(np.maximum(begin, first) - last, 0), END - last)
    groups = {"g": group, "start_span": last - first + 1, "stop_span": np.where(closed, end - begin + 1, 0)}
    return Durations.from_days(low, closed, days_upper=np.where(closed, end - first, 0), groups=groups)


def rejected(test, rng, runs, **setting):
    return np.mean([delay.compare(months(rng, 400, **setting), "g", test).p_value < 0.05 for _ in range(runs)])


def test_groups_watched_differently_are_not_told_apart_by_their_watch():
    # 150 runs: three standard errors above 5 % are 10.3 %.
    assert rejected("coarse", np.random.default_rng(1), 150, watched_alike=False) <= 0.104


def test_the_permutation_test_is_not_for_groups_watched_differently():
    assert rejected("interval", np.random.default_rng(2), 80, watched_alike=False) >= 0.15


def test_both_find_groups_that_do_differ():
    for test in ("coarse", "interval"):
        assert rejected(test, np.random.default_rng(3), 30, slower=1.5) >= 0.9


@settings(deadline=None, max_examples=examples(40))
@given(
    st.lists(st.tuples(st.integers(0, 12), st.booleans(), st.sampled_from("ab")), min_size=4, max_size=40).filter(
        lambda rows: len({row[2] for row in rows}) == 2
    )
)
def test_with_days_the_closings_and_what_was_expected_are_the_log_rank_tests(rows):
    days, closed, group = (list(column) for column in zip(*rows, strict=True))
    made = Durations.from_days(days, closed, groups={"g": group})
    try:
        plain = delay.compare(made, "g", "logrank")
    except Refusal:
        return
    coarse = delay.compare(made, "g", "coarse")
    assert coarse.true_numbers()["events"].tolist() == plain.true_numbers()["events"].tolist()
    assert coarse.true_numbers()["expected"].tolist() == pytest.approx(
        plain.true_numbers()["expected"].tolist(), abs=1e-6
    )


def test_row_order_and_group_names_change_nothing():
    made = months(np.random.default_rng(5), 200)
    order = np.random.default_rng(6).permutation(200)
    import dataclasses

    mixed = dataclasses.replace(
        made, table=made.table.iloc[order].reset_index(drop=True).assign(g=lambda f: 1 - f["g"])
    )
    one, two = delay.compare(made, "g", "coarse"), delay.compare(mixed, "g", "coarse")
    assert one.statistic == pytest.approx(two.statistic)
    assert one.table["difference"].tolist() == pytest.approx(two.table["difference"].tolist()[::-1])


def test_a_clock_says_how_many_days_a_coarse_start_and_stop_can_have_been_on():
    steps = [
        event("a", "received", "2020-02-01", "2020-02-29"),
        event("a", "closed", "2020-05-01", "2020-05-31"),
        event("b", "received", "2020-03-10"),
    ]
    table = clocks.durations(agency(steps)).table
    assert table["start_span"].tolist() == [29, 1]
    assert table["stop_span"].tolist() == [31, 0]
    assert (table["days_upper"] - table["days_lower"]).iloc[0] == 29 + 31 - 2
    exact = clocks.durations(agency([event("b", "received", "2020-03-10")])).table
    assert "start_span" not in exact.columns


@pytest.mark.parametrize(
    ("made", "error", "message"),
    [
        (Durations.from_days([1, 2], groups={"g": ["a", "a"]}), Refusal, "at least two groups"),
        (Durations.from_days([5, 6], entry_time=[1, 0], groups={"g": ["a", "b"]}), Refusal, "enter late"),
        (Durations.from_days([5, 9], [False, False], groups={"g": ["a", "b"]}), Refusal, "do not tell the cases apart"),
        (
            Durations.from_days(
                [5, 6], days_upper=[40, 50], groups={"g": ["a", "b"], "start_span": [2, 2], "stop_span": [2, 2]}
            ),
            ParameterError,
            "does not fit|do not fit",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(made, error, message):
    with pytest.raises(error, match=message):
        delay.compare(made, "g", "coarse")


def test_groups_side_by_side_use_it():
    made = months(np.random.default_rng(9), 300, slower=2)
    result = delay.compare_groups(made, "g")
    assert "coarse at both ends" in result.sentence()
    assert isinstance(result.table, pd.DataFrame)
