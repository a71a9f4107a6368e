"""Critical values, p-values and intervals against SciPy and statsmodels; the sandwich against sums row by row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from accountability.errors import ParameterError, Refusal
from accountability.stats.intervals import (
    binomial_exact,
    chi2_critical,
    curve_interval,
    p_chi2,
    p_normal,
    percentile,
    poisson_exact,
    t_critical,
    upper_tail,
    wald,
    wilson,
    z_critical,
)
from accountability.stats.sandwich import clusters_of, sandwich

LEVELS = [0.5, 0.9, 0.95, 0.999]


@pytest.mark.parametrize("confidence", LEVELS)
def test_critical_values_are_scipys(confidence: float) -> None:
    assert z_critical(confidence) == pytest.approx(stats.norm.ppf(0.5 + confidence / 2), rel=1e-12)
    assert t_critical(confidence, 7) == pytest.approx(stats.t.ppf(0.5 + confidence / 2, 7), rel=1e-9)
    assert chi2_critical(confidence, 3) == pytest.approx(stats.chi2.ppf(confidence, 3), rel=1e-9)
    assert p_normal(-z_critical(confidence)) == pytest.approx(1 - confidence)
    assert p_chi2(chi2_critical(confidence, 4), 4) == pytest.approx(1 - confidence)
    lower, upper = wald(np.array([1.0, 2.0]), np.array([0.5, 0.0]), confidence)
    assert lower.tolist() == pytest.approx([1 - 0.5 * z_critical(confidence), 2])
    assert upper.tolist() == pytest.approx([1 + 0.5 * z_critical(confidence), 2])


@pytest.mark.parametrize("confidence", [0, 1, 95, -0.1, "0.95", None, True, float("nan")])
def test_a_confidence_that_is_none_is_refused_everywhere(confidence: object) -> None:
    for call in (
        lambda: upper_tail(confidence),  # type: ignore[arg-type]
        lambda: z_critical(confidence),  # type: ignore[arg-type]
        lambda: wilson(0.5, 10, confidence),  # type: ignore[arg-type]
        lambda: curve_interval(np.array([0.5]), np.array([0.1]), confidence),  # type: ignore[arg-type]
    ):
        with pytest.raises(ParameterError, match="confidence must lie between 0 and 1"):
            call()


@given(st.integers(0, 40), st.integers(1, 40), st.sampled_from(LEVELS))
def test_shares_are_bounded_as_statsmodels_bounds_them(hits: int, size: int, confidence: float) -> None:
    hits = min(hits, size)
    assert wilson(hits / size, size, confidence) == pytest.approx(
        proportion_confint(hits, size, alpha=1 - confidence, method="wilson"), abs=1e-12
    )
    lower, upper = binomial_exact(np.array([hits]), np.array([size]), confidence)
    theirs = proportion_confint(hits, size, alpha=1 - confidence, method="beta")
    assert [lower[0], upper[0]] == pytest.approx([0 if hits == 0 else theirs[0], 1 if hits == size else theirs[1]])
    lower, upper = poisson_exact(np.array([hits]), confidence)
    tail = (1 - confidence) / 2
    assert upper[0] == pytest.approx(stats.chi2.ppf(1 - tail, 2 * (hits + 1)) / 2)
    assert lower[0] == pytest.approx(stats.chi2.ppf(tail, 2 * hits) / 2 if hits else 0)


def test_percentiles_pass_over_what_most_resamples_lack() -> None:
    drawn = np.column_stack([np.arange(101.0), np.where(np.arange(101) < 30, np.nan, 1.0)])
    lower, upper = percentile(drawn, 0.9)
    assert (lower[0], upper[0]) == pytest.approx((5, 95))
    assert np.isnan([lower[1], upper[1]]).all()


def test_a_sandwich_of_cells_is_that_of_their_rows() -> None:
    rng = np.random.default_rng(3)
    scores, bread = rng.normal(size=(6, 2)), np.array([[2.0, 0.5], [0.5, 1.0]])
    cell = rng.integers(-1, 6, 90)
    cluster = np.concatenate([np.arange(12), rng.integers(0, 12, 78)])
    rows = np.where(cell[:, None] >= 0, scores[cell], 0.0)
    by_hand = np.array([rows[cluster == one].sum(axis=0) for one in range(12)])
    found = sandwich(bread, scores, cell, cluster)
    np.testing.assert_allclose(found, bread @ (by_hand.T @ by_hand) @ bread)
    np.testing.assert_allclose(sandwich(bread, scores, cell, None), bread @ (rows.T @ rows) @ bread)
    factor = 12 / 11 * 89 / 88
    np.testing.assert_allclose(sandwich(bread, scores, cell, cluster, corrected=True), factor * found)
    with pytest.raises(Refusal, match="one officer"):
        sandwich(bread, scores, cell, np.zeros(90, np.int64))


def test_rows_without_an_officer_are_clusters_of_their_own() -> None:
    assert clusters_of(pd.Series(["a", None, "a", None, "b"]), 5).tolist() == [0, 1, 0, 2, 3]
    assert clusters_of(None, 3).tolist() == [0, 1, 2]
