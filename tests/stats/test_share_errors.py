"""Shares of all terms at once have the errors that the general clustered model gives each of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from accountability.outcomes.units_counted import term_shares
from accountability.stats.arrays import Flags
from accountability.stats.clustered_rates import clustered_share
from accountability.stats.sandwich import Clustered, clustered, ways_of
from accountability.stats.share_errors import share_errors

TERMS = ["sustained", "not_sustained", "unfounded", "exonerated", "never", "always"]


def drawn(kind: str, seed: int, rows: int = 400) -> pd.DataFrame:
    """Rows whose terms follow their officers, with large officers and small ones, and rows without one."""
    rng = np.random.default_rng(seed)
    officer = (rng.pareto(1.0, rows) * 5).astype(int) % 90
    case = np.sort(rng.integers(0, rows // 2, rows))
    lean = rng.dirichlet([0.3] * 4, 90)
    term = np.array([rng.choice(4, p=0.6 * lean[one] + 0.1) for one in officer])
    frame = pd.DataFrame({"term": np.array(TERMS)[term], "case_id": [f"c{one}" for one in case]})
    frame["officer_id"] = pd.Series([f"o{one}" for one in officer], dtype="str").mask(rng.random(rows) < 0.05)
    if kind == "officers":
        return frame.drop(columns="case_id")
    if kind == "complaints":
        return frame.drop(columns="officer_id")
    if kind == "named together":
        others = [tuple({f"o{a}", f"o{b}"}) for a, b in zip(officer, rng.integers(0, 90, rows), strict=True)]
        return frame.drop(columns="officer_id").assign(officer_ids=pd.Series(others))
    return frame


def one_by_one(hits: Flags, ways: Any) -> Clustered:
    """The errors of one share by the model that every other estimate uses."""
    rate = hits.mean()
    scores = np.array([[-rate], [1 - rate]])
    return clustered(np.eye(1) / len(hits), scores, hits.astype(np.int64), ways, np.ones((2, 1)))


@pytest.mark.parametrize("kind", ["officers", "complaints", "both", "named together"])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rows", [12, 400, 4000])  # in the largest some clusters weigh next to nothing
def test_all_at_once_is_one_by_one(kind: str, seed: int, rows: int) -> None:
    frame = drawn(kind, seed, rows)
    ways, whole = ways_of(frame), np.ones((1, 1))
    assert "row" not in ways, "no cluster has two rows"
    term = pd.Index(TERMS).get_indexer(pd.Index(frame["term"]))
    found = share_errors(term, len(TERMS), ways)
    for place, name in enumerate(TERMS):
        known = one_by_one(frame["term"].eq(name).to_numpy(dtype=bool), ways)
        assert_allclose(found.variance[place], known.variance(whole)[0], rtol=1e-9, atol=1e-18)
        assert_allclose([found.effective, found.free], [known.effective(whole)[0], known.free(whole)[0]], rtol=1e-9)
        if abs(known.covariance[0, 0]) > 1e-15:  # below is rounding, whose sign says nothing
            assert found.repaired[place] == known.repaired


def test_a_negative_variance_is_met_and_repaired() -> None:
    officer, case = (side.ravel() for side in np.indices((4, 4)))
    frame, whole, repaired = pd.DataFrame({"officer_id": officer, "case_id": case}).astype("str"), np.ones((1, 1)), []
    for seed in range(20):
        # Each officer and each complaint has both terms about as often as the others.
        term = (officer + case + (np.random.default_rng(seed).random(16) < 0.1)) % 2
        found = share_errors(term, 2, ways_of(frame))
        for place in np.flatnonzero(found.repaired):
            known = one_by_one(term == place, ways_of(frame))
            assert known.repaired
            repaired.append((found.variance[place], known.variance(whole)[0]))
    assert len(repaired) > 3
    found_and_known = np.array(repaired)
    assert_allclose(found_and_known[:, 0], found_and_known[:, 1], rtol=1e-9, atol=1e-18)


@pytest.mark.parametrize("kind", ["officers", "both", "named together"])
def test_a_table_of_terms_holds_the_shares_one_by_one(kind: str) -> None:
    frame = drawn(kind, 7)
    values = frame["term"].where(np.arange(len(frame)) % 9 > 0)
    table = term_shares(values, TERMS, frame, 0.9).set_index("term")
    for name in TERMS:
        known = clustered_share(values.eq(name).fillna(False).to_numpy(dtype=bool), ways_of(frame), 0.9)
        row = [getattr(known, part) for part in ("denominator", "count", "share", "lower", "upper", "clusters", "df")]
        columns = ["n", "events", "estimate", "lower", "upper", "clusters", "df"]
        assert_allclose(table.loc[name, columns].to_numpy(dtype=float), row, rtol=1e-12)
