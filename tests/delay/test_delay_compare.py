"""Tests of groups beyond the log-rank test: intervals, and one way of closing among several."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from accountability import delay
from accountability.errors import ParameterError, Refusal
from accountability.results import Refused, or_refusal
from accountability.stats.npmle import BEYOND, interval_scores, solve
from accountability.study.durations import Durations, Sampling

calm = settings(deadline=None, max_examples=examples(50))
spans = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 15), st.booleans()), min_size=2, max_size=30)


def arrays(rows):
    low, width, closed = (np.array(column) for column in zip(*rows, strict=True))
    return low + ~closed, np.where(closed, low + width, BEYOND)


@calm
@given(spans)
def test_a_score_is_the_slope_of_the_likelihood_in_the_log_hazard(rows):
    low, high = arrays(rows)
    pooled = solve(low, high)
    scores = interval_scores(low, high, pooled)
    assert scores.sum() == pytest.approx(0, abs=1e-4 * len(rows))

    def loglik(step):
        after = np.append(1.0, np.maximum(1 - np.cumsum(pooled.mass), 0)) ** np.exp(step)
        after[-1] = 0
        before = after[[np.sum(pooled.last < day) for day in low]]
        return np.log(before - after[[np.sum(pooled.last <= day) for day in high]])

    assert scores == pytest.approx((loglik(1e-5) - loglik(-1e-5)) / 2e-5, abs=1e-4)


def test_the_variance_is_that_of_all_ways_to_share_out_the_cases():
    made = Durations.from_days(
        [1, 4, 6, 20, 30, 9], [1, 1, 1, 0, 1, 0], days_upper=[5, 9, 6, 0, 44, 0], groups={"g": list("aaabbb")}
    )
    low, high = made.days_lower + ~made.event, np.where(made.event, made.days_upper, BEYOND)
    scores = interval_scores(low, high, solve(low, high))
    sums = np.array([scores[list(chosen)].sum() for chosen in combinations(range(6), 3)])
    expected = (scores[:3].sum() - sums.mean()) ** 2 / sums.var()
    assert delay.compare(made, "g", "interval").statistic == pytest.approx(expected)


def test_month_dated_groups_that_differ_are_told_apart_and_equal_ones_are_not():
    rng = np.random.default_rng(6)

    def p_value(factor):
        group = rng.integers(0, 2, 400)
        took = (rng.exponential(200, 400) * np.where(group == 1, factor, 1)).astype(int)
        still = took > 600
        low = np.where(still, 600, took // 30 * 30)
        made = Durations.from_days(low, ~still, days_upper=np.where(still, 0, low + 29), groups={"g": group})
        return delay.compare(made, "g", "interval").p_value

    assert p_value(2) < 1e-4
    assert np.mean([p_value(1) < 0.05 for _ in range(100)]) < 0.12


def test_a_comparison_of_intervals_that_cannot_be_made_is_refused():
    with pytest.raises(Refusal, match="at least two groups"):
        delay.compare(Durations.from_days([1, 2], groups={"g": [1, 1]}), "g", "interval")
    with pytest.raises(Refusal, match="do not tell the cases apart"):
        delay.compare(Durations.from_days([1, 2], days_upper=[9, 9], groups={"g": [1, 2]}), "g", "interval")
    with pytest.raises(Refusal, match="enter late"):
        delay.compare(Durations.from_days([3, 2], entry_time=[1, 0], groups={"g": [1, 2]}), "g", "interval")
    closed_only = Sampling("closed_only", "excluded")
    with pytest.raises(Refusal, match="reverse_time_curve"):
        delay.compare(Durations.from_days([3, 2], groups={"g": [1, 2]}, sampling=closed_only), "g", "interval")


@calm
@given(
    st.lists(
        st.tuples(st.integers(0, 25), st.sampled_from(["open", "x", "y"]), st.sampled_from("abc")),
        min_size=4,
        max_size=50,
    ),
    st.randoms(use_true_random=False),
)
def test_row_order_and_group_names_do_not_matter_for_one_way(rows, random):
    rows = [*rows, (3, "x", "a"), (4, "x", "b"), (30, "open", "a"), (30, "open", "b")]
    shuffled = rows.copy()
    random.shuffle(shuffled)

    def statistic(order, names):
        day, way, group = zip(*order, strict=True)
        made = Durations.from_days(
            day, [one != "open" for one in way], groups={"way": list(way), "g": [names[one] for one in group]}
        )
        return delay.compare(made, "g", causes="way", cause="x").statistic

    one = statistic(rows, {"a": "a", "b": "b", "c": "c"})
    assert statistic(shuffled, {"a": "z", "b": "y", "c": "x"}) == pytest.approx(one, rel=1e-6, abs=1e-9)


def test_without_competition_one_way_is_compared_as_the_log_rank_test_does():
    rng = np.random.default_rng(9)
    group = rng.integers(0, 2, 3000)
    made = Durations.from_days(rng.integers(0, 2000, 3000), groups={"g": group, "way": ["x"] * 3000})
    assert delay.compare(made, "g", causes="way", cause="x").statistic == pytest.approx(
        delay.compare(made, "g", "logrank").statistic, rel=0.02
    )


def test_a_comparison_of_ways_that_cannot_be_made_is_refused():
    made = Durations.from_days([1, 2, 3], groups={"g": [1, 2, 2], "way": ["x", "x", "y"]})
    with pytest.raises(ParameterError, match="the causes are x, y"):
        delay.compare(made, "g", causes="way", cause="z")
    with pytest.raises(Refusal, match="from the start"):
        delay.compare(
            Durations.from_days([3], entry_time=[1], groups={"g": [1], "way": ["x"]}), "g", causes="way", cause="x"
        )


def officers_of(number: int, each: int, seed: int, spread: float = 0.8) -> Durations:
    """Cases of officers who are quick or slow, each officer in one of two groups at random."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(number), each)
    days = np.ceil(rng.exponential(100 * np.exp(rng.normal(0, spread, number)))[who] * rng.uniform(0.5, 1.5, len(who)))
    group = np.where(rng.permutation(number) % 2, "a", "b")[who]
    return Durations.from_days(days.astype(int), groups={"unit": group, "officer": who.astype(str)})


def test_the_logrank_test_allows_for_cases_of_one_officer() -> None:
    plain, held = np.zeros(60), np.full(60, np.nan)
    for seed in range(60):
        made = officers_of(12, 12, seed)
        plain[seed] = delay.compare(made, "unit", "logrank").p_value
        found = or_refusal(lambda made=made: delay.compare(made, "unit", "logrank", cluster="officer"))
        if isinstance(found, Refused):  # all but a few officers are of one unit
            assert "12 clusters of officer are worth" in found.because
            continue
        held[seed] = found.p_value
        assert "12 clusters" in found.method
    given = held[~np.isnan(held)]
    assert (plain < 0.05).mean() > 0.4
    assert len(given) >= 45
    assert (given < 0.05).mean() <= 0.16  # four standard errors above 5 %


def test_clusters_of_one_case_give_the_plain_test() -> None:
    made = officers_of(300, 1, 1)
    plain, held = (delay.compare(made, "unit", "logrank", cluster=of) for of in (None, "officer"))
    assert held.statistic == pytest.approx(plain.statistic, rel=0.1)


def test_too_few_officers_for_so_many_groups_are_refused() -> None:
    made = officers_of(4, 30, 2)
    made = replace(made, table=made.table.assign(unit=made.table["officer"]))
    with pytest.raises(Refusal, match="even ones to a comparison of 4 groups"):
        delay.compare(made, "unit", "logrank", cluster="officer")
    with pytest.raises(ParameterError, match="cluster= goes with the log-rank test"):
        delay.compare(made, "unit", "coarse", cluster="officer")
