"""Complaints that name several officers: pairs that share one, counted once, and what few officers are worth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import accountability
from accountability import outcomes
from accountability.records.units import roll_up
from accountability.stats.clustered_rates import clustered_share
from accountability.stats.memberships import SharedPairs
from accountability.stats.sandwich import among, clustered, ways_of


def complaints(number: int, officers: int, seed: int, most: int = 3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    named = [tuple(rng.choice(officers, rng.integers(1, most + 1), replace=False)) for _ in range(number)]
    return pd.DataFrame({"case_id": np.arange(number), "officer_ids": named})


def test_every_pair_that_shares_an_officer_counts_once() -> None:
    rows = complaints(60, 12, 0)
    (way,) = ways_of(rows).values()
    scores = np.random.default_rng(1).normal(size=(60, 2))
    shares = [[bool(set(a) & set(b)) for b in rows["officer_ids"]] for a in rows["officer_ids"]]
    np.testing.assert_allclose(SharedPairs.of(way).products(scores), scores.T @ np.array(shares, float) @ scores)


def test_one_officer_a_complaint_is_clustering_by_officer() -> None:
    rows = complaints(80, 9, 2, most=1)
    (way,) = ways_of(rows).values()
    assert way.ndim == 1
    assert way.max() == 8


def test_even_officers_are_corrected_as_clusters_of_a_mean_are() -> None:
    """Ten officers with eight complaints each, told as members: G/(G-1), and ten even clusters."""
    who = np.repeat(np.arange(10), 8)
    member = np.column_stack([who, np.full(80, -1)])
    residual = np.random.default_rng(3).normal(size=80)
    residual -= residual.mean()
    x = np.ones((80, 1))
    found = clustered(np.eye(1) / 80, residual[:, None], np.arange(80), {"officer": member}, x)
    plain = (np.bincount(who, residual) ** 2).sum() / 80**2
    assert found.covariance[0, 0] == pytest.approx(plain * 10 / 9)
    assert found.effective(x[:1])[0] == pytest.approx(10)


def test_rows_of_a_part_keep_the_officers_they_share() -> None:
    rows = pd.DataFrame({"case_id": range(4), "officer_ids": [("a", "b"), ("b", "c"), ("c",), ("d",)]})
    (whole,) = ways_of(rows).values()
    assert whole.shape == (4, 2)
    assert list(among({"officer": whole}, np.array([True, False, True, True]))) == ["row"]


def test_shared_officers_widen_the_share_of_complaints() -> None:
    """Of 200 agencies whose complaints share officers, few intervals miss; many do if complaints are independent."""
    rng, missed, alone = np.random.default_rng(4), 0, 0
    for seed in range(200):
        rows = complaints(300, 20, seed)
        effect = rng.normal(0, 0.16, 20)
        chance = [0.4 + effect[list(officers)].mean() for officers in rows["officer_ids"]]
        hits = rng.random(300) < np.clip(chance, 0, 1)
        for ways in (ways_of(rows), {"row": np.arange(300)}):
            share = clustered_share(hits, ways)
            wrong = not share.lower <= 0.4 <= share.upper
            missed, alone = (missed + wrong, alone) if "officer" in ways else (missed, alone + wrong)
    assert missed <= 22  # four standard errors above 10
    assert alone > 30


def test_results_by_complaint_say_how_many_officers_they_rest_on() -> None:
    data = accountability.load("synthetic")
    table = roll_up(data.allegations, data.card.unit, "complaint")
    assert table["officer_ids"].map(len).max() > 1
    found = outcomes.sustained_logit(data, "category", unit="complaint").table
    assert (found["clusters"] < found["n"].sum()).all()
    assert found["df"].max() < found["clusters"].max()
