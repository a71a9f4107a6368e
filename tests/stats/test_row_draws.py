"""Resamples by officer and complaint: as wide as the sandwich of the same rows, and the plain bootstrap of one way."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from accountability.stats.memberships import SharedPairs
from accountability.stats.row_draws import RowDraws
from accountability.stats.sandwich import ways_of


def by_officer_and_complaint(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    case = np.repeat(np.arange(400), rng.integers(1, 4, 400))
    return pd.DataFrame({"case_id": case, "officer_id": rng.integers(0, 60, len(case))}).drop_duplicates()


def of_several(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    named = [tuple(rng.choice(60, rng.integers(1, 4), replace=False)) for _ in range(400)]
    return pd.DataFrame({"case_id": np.arange(400), "officer_ids": named})


@pytest.mark.parametrize("made", [by_officer_and_complaint, of_several])
def test_a_total_varies_as_pairs_that_share_a_cluster_do(made) -> None:
    """Of values that officers and complaints share: the sum over pairs of rows with one in common, each pair once."""
    rows, rng = made(1), np.random.default_rng(2)
    ways = ways_of(rows)
    own = rng.normal(size=60)
    if "officer_ids" in rows:
        value = np.array([own[list(named)].mean() for named in rows["officer_ids"]])
        (member,) = ways.values()
    else:
        shared = rng.normal(size=400)
        value = own[rows["officer_id"]] + shared[rows["case_id"]]
        member = np.column_stack([ways["officer"], 60 + ways["complaint"]])
    value = (value - value.mean())[:, None]
    draws = RowDraws.of(ways, 4000, np.random.default_rng(3))
    ratio = draws.sums(value)[1:].var() / SharedPairs.of(member).products(value)[0, 0]
    assert ratio == pytest.approx(1.0, abs=0.15)


def test_the_first_sample_is_the_data_and_one_way_is_the_plain_bootstrap() -> None:
    officer = np.repeat(np.arange(7), 3)
    draws = RowDraws.of({"officer": officer}, 500, np.random.default_rng(2))
    counts = draws.sums(np.eye(7)[officer])
    assert counts[0].tolist() == [3.0] * 7
    np.testing.assert_allclose(counts.sum(axis=1), 21)
    np.testing.assert_allclose(counts, 3 * np.rint(counts / 3), atol=1e-9)
    np.testing.assert_allclose(draws.among(officer < 2).sums(np.ones((6, 1)))[:, 0], counts[:, :2].sum(axis=1))


def test_rows_by_themselves_vary_as_independent_ones() -> None:
    """No officer and no complaint twice: nothing is counted doubly."""
    rows = pd.DataFrame({"case_id": range(300), "officer_id": range(300)})
    draws = RowDraws.of(ways_of(rows), 2000, np.random.default_rng(4))
    value = np.random.default_rng(5).normal(size=(300, 1))
    assert draws.sums(value)[1:].var() == pytest.approx(((value - value.mean()) ** 2).sum(), rel=0.12)


def test_rows_alike_are_drawn_together_as_they_would_be_by_themselves() -> None:
    rng = np.random.default_rng(3)
    ways = {"officer": rng.integers(0, 40, 200), "complaint": rng.integers(0, 150, 200)}
    kind = rng.integers(0, 5, 200)
    values, some = rng.normal(size=(5, 3))[kind], kind < 3
    each, together = (RowDraws.of(ways, 50, np.random.default_rng(1), one) for one in (None, kind))
    assert together.weights.shape == (51, 5)
    assert each.sums(values)[0] == pytest.approx(values.sum(axis=0), rel=1e-12)
    assert together.sums(values) == pytest.approx(each.sums(values), rel=1e-12, abs=1e-12)
    part = [draws.among(some).sums(values[some]) for draws in (each, together)]
    assert part[1] == pytest.approx(part[0], rel=1e-12, abs=1e-12)
    assert part[1] == pytest.approx(each.sums(values * some[:, None]), rel=1e-12, abs=1e-12)
