"""A level that one officer holds has no interval, in sentence or table, where a penalty keeps its estimate finite."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from accountability import outcomes


def source(rows: pd.DataFrame) -> Any:
    sampling = SimpleNamespace(rule="complete", open_cases="included", selected_on=[])
    card = SimpleNamespace(unit="officer_complaint", observed_until=None, sampling=sampling)
    events = pd.DataFrame(columns=["case_id", "officer_id"])
    return SimpleNamespace(
        name="made_up", ledger=None, cases=rows[["case_id"]], allegations=rows, events=events, card=card,
        flow=lambda: None,
    )  # fmt: skip


def agency() -> Any:
    """Level a is one officer's, all of it sustained with days; level b is twenty officers'."""
    rng = np.random.default_rng(5)
    first = np.arange(400) < 200
    hit = first | (rng.random(400) < 0.5)
    days = np.where(first | (hit & (rng.random(400) < 0.5)), rng.integers(1, 20, 400), np.nan)
    rows = pd.DataFrame(
        {
            "case_id": np.arange(400).astype(str),
            "officer_id": np.where(first, "0", (1 + np.arange(400) % 20).astype(str)),
            "grp": np.where(first, "a", "b"),
            "finding": np.where(hit, "sustained", "unfounded"),
            "imposed_penalty": np.where(np.isnan(days), "reprimand", "suspension"),
            "imposed_days": days,
        }
    )
    return source(rows)


MODELS: dict[str, Any] = {
    "logit": outcomes.sustained_logit,
    "multinomial": outcomes.outcome_multinomial,
    "ordered": outcomes.penalty_ordered_logit,
    "days": lambda data, on, reference: outcomes.days_hurdle(data, on, family="quasi_poisson", reference=reference),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("base", ["a", "b"])
@pytest.mark.parametrize("name", MODELS)
def test_no_interval_is_said_or_given(name: str, base: str) -> None:
    found = MODELS[name](agency(), "grp", reference={"grp": base})
    assert re.search(r"no interval: (it|too much) rests on one officer", found.sentence())
    assert not re.search(r"\bnan\b", found.sentence())
    table = found.true_numbers()
    assert len(table)
    assert table["df"].eq(0).all()
    ends = ["std_error", "lower", "upper", "p_value", "ratio_lower", "ratio_upper"]
    assert table[ends].isna().all(axis=None)
    assert found.contrasts[["std_error", "lower", "upper"]].isna().all(axis=None)
    assert found.margins.loc[found.margins["level"] == "a", ["lower", "upper"]].isna().all(axis=None)
    assert found.margins.loc[found.margins["level"] == "b", "lower"].notna().any()


@pytest.mark.parametrize("model", [outcomes.sustained_logit, outcomes.outcome_multinomial])
@pytest.mark.parametrize(
    ("cases", "officers", "said"),
    [
        (400, 21, "officer-clustered errors"),
        (130, 21, "officer and complaint: two-way clustered errors"),
        (130, 400, "complaint-clustered errors"),
        (400, 400, "robust errors, each row its own cluster"),
    ],
)
def test_the_method_says_what_errors_are_clustered_by(model: Any, cases: int, officers: int, said: str) -> None:
    rng, row = np.random.default_rng(3), np.arange(400)
    rows = pd.DataFrame(
        {
            "case_id": (row % cases).astype(str),
            "officer_id": (row % officers).astype(str),
            "grp": np.where(rng.random(400) < 0.5, "a", "b"),
            "finding": np.where(rng.random(400) < 0.5, "sustained", "unfounded"),
        }
    )
    assert f"; {said}; " in model(source(rows), "grp").method
