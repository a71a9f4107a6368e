"""The order of penalties, what a day counts, and which small cells are hidden."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from accountability.errors import ParameterError, Refusal
from accountability.outcomes import CONTESTED, Ladder, days_equivalent
from accountability.privacy import hidden_cells
from accountability.stats import intervals
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

    found = intervals.clustered_share(np.r_[np.ones(7), np.zeros(13)])
    assert (found.lower, found.upper) == pytest.approx(proportion_confint(7, 20, method="wilson"))


def test_clustered_variance_is_that_of_the_cluster_robust_mean():
    """The effective sample size is p(1-p) over statsmodels' clustered variance of a mean."""
    import statsmodels.api as sm
    from statsmodels.stats.proportion import proportion_confint

    rng = np.random.default_rng(5)
    officers = rng.integers(0, 40, 300)
    hits = (rng.random(300) < rng.beta(0.5, 1.0, 40)[officers]).astype(float)
    fit = sm.OLS(hits, np.ones(300)).fit(cov_type="cluster", cov_kwds={"groups": officers, "use_correction": True})
    g = len(np.unique(officers))
    # statsmodels' correction is G/(G-1) * (n-1)/(n-k); k = 1 leaves G/(G-1)
    variance = float(fit.bse[0]) ** 2
    p = hits.mean()
    size = p * (1 - p) / variance
    assert size < 300
    assert g < 300
    found = intervals.clustered_share(hits, pd.Series(officers.astype(str)))
    assert (found.lower, found.upper) == pytest.approx(proportion_confint(p * size, size, method="wilson"))
    assert found.officers == g
    assert found.method == intervals.CLUSTERED


def test_rows_without_an_officer_are_clusters_of_their_own():
    hits = np.array([1, 0, 1, 0, 0, 0])
    alone = intervals.clustered_share(hits, pd.Series([None] * 6, dtype="str"))
    assert alone.officers == 6
    assert (alone.lower, alone.upper) == (intervals.clustered_share(hits).lower, intervals.clustered_share(hits).upper)


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abcdef")), min_size=1, max_size=40))
def test_an_interval_holds_its_share(rows):
    hits, officers = zip(*rows, strict=True)
    found = intervals.clustered_share(np.array(hits), pd.Series(officers))
    assert 0 <= found.lower <= found.share <= found.upper <= 1


def test_a_share_of_nothing_is_refused():
    with pytest.raises(Refusal, match="no rows"):
        intervals.clustered_share(np.array([]))
    with pytest.raises(ParameterError, match="confidence"):
        intervals.clustered_share(np.array([1]), confidence=95)
