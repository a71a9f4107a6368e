"""The order of penalties, what a day counts, and which small cells are hidden."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from accountability.errors import ParameterError, Refusal
from accountability.outcomes import CONTESTED, Ladder, days_equivalent
from accountability.privacy import hidden_cells
from accountability.stats.clustered_rates import CLUSTERED, WILSON, clustered_share, compared
from accountability.stats.intervals import t_critical, wilson
from accountability.stats.sandwich import ways_of
from accountability.vocabulary import OFF_LADDER, PENALTIES, PENALTY_LADDER


def test_default_order_is_the_vocabulary():
    assert Ladder().order == tuple(PENALTY_LADDER)


@pytest.mark.parametrize("pair", CONTESTED)
def test_a_swap_exchanges_one_pair_and_nothing_else(pair):
    swapped = Ladder(pair)
    assert swapped.rung(pair[0]) == Ladder().rung(pair[1])
    assert swapped.rung(pair[1]) == Ladder().rung(pair[0])
    rest = [term for term in PENALTY_LADDER if term not in pair]
    assert [swapped.rung(term) for term in rest] == [Ladder().rung(term) for term in rest]


def test_an_uncontested_pair_is_not_swapped():
    with pytest.raises(ParameterError, match="contested"):
        Ladder(("none", "dismissal"))


@pytest.mark.parametrize("term", [*OFF_LADDER, None, pd.NA])
def test_off_ladder_terms_have_no_rung(term):
    assert pd.isna(Ladder().rung(term))


def test_a_word_that_is_no_penalty_is_refused_by_name():
    with pytest.raises(ParameterError, match="'fired' in 2 rows"):
        Ladder().rungs(pd.Series(["fired", "reprimand", "fired"]))


def test_the_highest_prefers_a_sanction_then_an_off_ladder_term_then_none():
    assert Ladder().highest(["none", "pending", "reprimand"]) == "reprimand"
    assert Ladder().highest(["none", "left_before_penalty"]) == "left_before_penalty"
    assert set(Ladder().severity_rank) == set(PENALTIES)


def test_days_lost():
    terms = pd.Series(["none", "reprimand", "suspension", "loss_of_leave", "suspension", "demotion", "not_served"])
    days = pd.Series([np.nan, np.nan, 10, 0.25, np.nan, np.nan, 3])
    lost = days_equivalent(terms, days, leave_day=2)
    assert lost.tolist()[:4] == [0, 0, 10, 0.5]
    assert lost[4:].isna().all()


def test_negative_days_are_refused_with_their_row():
    with pytest.raises(ParameterError, match=r"negative.*row 1"):
        days_equivalent(pd.Series(["suspension"] * 2), pd.Series([1.0, -3.0]))


@settings(max_examples=60, deadline=None)
@given(arrays(np.int64, st.tuples(st.integers(1, 5), st.integers(1, 6)), elements=st.integers(0, 40)))
def test_no_hidden_cell_can_be_had_by_subtraction(counts):
    hidden = hidden_cells(counts, 10)
    assert hidden[(counts > 0) & (counts < 10)].all()
    lines = [*zip(counts, hidden, strict=True)]
    if len(counts) > 1:
        lines += [*zip(counts.T, hidden.T, strict=True)]
    for line, marks in lines:
        if marks.any() and (~marks & (line > 0)).any():
            assert marks.sum() >= 2
            assert line[marks].sum() >= 10


def test_nothing_is_hidden_when_all_cells_are_large():
    assert not hidden_cells(np.array([[10, 20], [0, 30]]), 10).any()


def test_a_share_of_independent_rows_is_wilsons():
    from statsmodels.stats.proportion import proportion_confint

    found = clustered_share(np.r_[np.ones(7), np.zeros(13)], np.arange(20))
    assert (found.lower, found.upper) == pytest.approx(proportion_confint(7, 20, method="wilson"))


def test_a_clustered_share_is_wilsons_at_cr2_and_students_t():
    """CR2 of even clusters is the variance of their means; the quantile is Student's t."""
    rng = np.random.default_rng(5)
    officers = np.repeat(np.arange(20), 15)
    hits = rng.random(300) < rng.beta(0.5, 1.0, 20)[officers]
    means = hits.reshape(20, 15).mean(axis=1)
    size = hits.mean() * (1 - hits.mean()) / (means.var(ddof=1) / 20)
    found = clustered_share(hits, officers)
    assert (found.lower, found.upper) == pytest.approx(wilson(hits.mean(), size, 0.95, t_critical(0.95, 19)))
    assert (found.clusters, found.effective_clusters, found.df) == pytest.approx((20, 20, 19))
    assert found.method == CLUSTERED


def test_rows_without_an_officer_are_clusters_of_their_own():
    hits, rows = np.array([1, 0, 1, 0, 0, 0]) > 0, pd.DataFrame({"officer_id": pd.Series([None] * 6, dtype="str")})
    alone = clustered_share(hits, ways_of(rows))
    assert (alone.clusters, alone.method) == (6, WILSON)
    assert (alone.lower, alone.upper) == pytest.approx(wilson(1 / 3, 6, 0.95))


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abcdef"), st.sampled_from("vwxyz")), min_size=1, max_size=40))
def test_an_interval_holds_its_share_or_there_is_none(rows):
    hits, officers, cases = (np.array(column) for column in zip(*rows, strict=True))
    found = clustered_share(hits, ways_of(pd.DataFrame({"officer_id": officers, "case_id": cases})))
    assert not found.lower > found.share
    assert not found.upper < found.share
    assert np.isnan([found.lower, found.upper]).any() == (found.df == 0)


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.sampled_from("abcdefgh")), min_size=2, max_size=60))
def test_a_difference_lies_within_its_interval_which_has_a_width(rows):
    hits, group, officers = (np.array(column) for column in zip(*rows, strict=True))
    assume(group.any() and not group.all())
    assume(len(set(officers)) > 1)
    found = compared(hits, group.astype(np.int64), ways_of(pd.DataFrame({"officer_id": officers})))
    if np.isfinite([found.difference_lower, found.difference_upper]).all():
        assert found.difference_lower <= found.difference <= found.difference_upper
        assert found.difference_upper > found.difference_lower
        if np.isfinite(found.ratio):
            assert found.ratio_lower <= found.ratio <= found.ratio_upper


def test_a_share_of_nothing_is_refused():
    with pytest.raises(Refusal, match="no rows"):
        clustered_share(np.array([], bool), np.array([], np.int64))
    with pytest.raises(ParameterError, match="confidence"):
        clustered_share(np.array([True]), np.zeros(1, np.int64), confidence=95)
