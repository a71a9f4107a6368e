"""One rate for two groups under every unit: against statsmodels, and as counted in Philadelphia."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import yaml

from accountability import outcomes
from accountability.errors import ParameterError, Refusal
from accountability.records.codebook import Codebook

DATA = Path(__file__).resolve().parents[2] / "data"


def source(table, unit="allegation"):
    sampling = SimpleNamespace(rule="complete", open_cases="included", selected_on=[])
    card = SimpleNamespace(unit=unit, observed_until=None, sampling=sampling)
    cases = pd.DataFrame({"case_id": table["case_id"].unique()})
    events = pd.DataFrame(columns=["case_id", "officer_id"])
    return SimpleNamespace(name="made_up", ledger=None, cases=cases, allegations=table, events=events, card=card)


@pytest.fixture(scope="module")
def made():
    rng = np.random.default_rng(11)
    officers = rng.integers(0, 300, 2000)
    race = np.where(officers % 3 == 0, "black", "white")
    chance = rng.beta(2, 5, 300)[officers]
    table = pd.DataFrame(
        {
            "case_id": pd.Series(rng.integers(0, 900, 2000)).astype("str"),
            "officer_id": pd.Series(officers).astype("str"),
            "officer_race": race,
            "finding": np.select(
                [rng.random(2000) < 0.1, rng.random(2000) < chance], ["pending", "sustained"], "unfounded"
            ),
        }
    )
    return source(table)


def test_the_ratio_is_that_of_a_log_rate_model_with_clustered_errors(made):
    """Over many clusters MOVER's limits come near those of a saturated Poisson model with clustered errors."""
    import statsmodels.api as sm

    table = made.allegations.loc[made.allegations["finding"] != "pending"]
    y = (table["finding"] == "sustained").to_numpy(dtype=float)
    x = sm.add_constant((table["officer_race"] == "black").to_numpy(dtype=float))
    codes = pd.factorize(table["officer_id"])[0]
    fit = sm.GLM(y, x, family=sm.families.Poisson()).fit(
        cov_type="cluster", cov_kwds={"groups": codes, "use_correction": False}, tol=1e-12
    )
    clusters = len(np.unique(codes))
    spread = fit.bse[1] * np.sqrt(clusters / (clusters - 1))
    found = outcomes.by_unit(made, "officer_race", "black", "white").table.iloc[0]
    assert found["estimate"] == pytest.approx(np.exp(fit.params[1]))
    assert np.log(found["upper"] / found["estimate"]) == pytest.approx(1.959963984540054 * spread, rel=5e-3)


def test_every_unit_the_source_can_be_counted_in_is_there(made):
    found = outcomes.by_unit(made, "officer_race", "black", "white")
    assert found.table["unit"].unique().tolist() == ["allegation", "officer_complaint", "complaint", "officer"]
    assert (found.table.groupby("unit")["n_first"].nunique() == 2).all()
    coarse = outcomes.by_unit(source(made.allegations, "complaint"), "officer_race", "black", "white")
    assert coarse.table["unit"].unique().tolist() == ["complaint", "officer"]


def test_exchanging_the_groups_inverts_the_ratio(made):
    forth = outcomes.by_unit(made, "officer_race", "black", "white").table
    back = outcomes.by_unit(made, "officer_race", "white", "black").table
    np.testing.assert_allclose(forth["estimate"] * back["estimate"], 1.0)
    np.testing.assert_allclose(forth["lower"] * back["upper"], 1.0)


def test_a_small_count_hides_its_row(made):
    few = made.allegations.assign(
        officer_race=made.allegations["officer_race"].where(made.allegations.index > 4, "asian")
    )
    found = outcomes.by_unit(source(few), "officer_race", "asian", "white")
    assert found.table["hidden"].all()
    assert found.table["estimate"].isna().all()
    assert found.sentence() == "Every count is too small to show."


def test_a_penalty_of_at_least_a_rung_needs_penalties(made):
    groups = ("officer_race", "black", "white")
    with pytest.raises(Refusal, match="not given without the table of stages"):
        outcomes.by_unit(made, *groups, "suspension")
    stages = outcomes.decompose_gap(made, *groups)
    with pytest.raises(Refusal, match="no imposed penalty"):
        outcomes.by_unit(made, *groups, "suspension", stages=stages)
    with pytest.raises(ParameterError, match="compares 'black' and 'white'"):
        outcomes.by_unit(made, "officer_race", "white", "black", "suspension", stages=stages)
    table = made.allegations.assign(
        imposed_penalty=np.where(made.allegations["finding"] == "sustained", "suspension", "none")
    )
    same = outcomes.by_unit(source(table), *groups, "reprimand", stages=stages).table
    plain = outcomes.by_unit(made, "officer_race", "black", "white").table
    assert same["estimate"].iloc[0] == pytest.approx(plain["estimate"].iloc[0])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("officer_race", "green", "white"), "no group 'green'; it holds black, white"),
        (("officer_race", "black", "white", "none"), "rung above none"),
        (("shoe_size", "black", "white"), "cannot group by"),
    ],
)
def test_what_is_not_there_is_named(made, options, says):
    with pytest.raises(ParameterError, match=says):
        outcomes.by_unit(made, *options)


@pytest.mark.real_data
def test_philadelphia_changes_sides_with_the_unit(real_data):
    """Sustained, Black to white officers: 1.02 per decided allegation, 0.92 per officer-complaint of all."""
    raw = pd.read_csv(
        real_data("philadelphia") / "ppd_complaint_disciplines.csv",
        dtype="str",
        keep_default_na=False,
        na_values=["", "NA"],
    )
    book = Codebook.of(yaml.safe_load((DATA / "philadelphia" / "codebook.yaml").read_text(encoding="utf-8")))
    table = pd.DataFrame(
        {
            "case_id": raw["complaint_id"],
            "officer_id": raw["officer_id"],
            "officer_race": raw["po_race"],
            "finding": book["finding"].apply(raw["investigative_findings"], "investigative_findings")["finding"],
        }
    )
    made = source(table.loc[table["case_id"].notna()])
    found = outcomes.by_unit(made, "officer_race", "black", "white")
    ratio = found.table.set_index(["unit", "denominator"])["estimate"].round(2)
    assert ratio["allegation", "decided"] == 1.02
    assert ratio["officer_complaint", "all"] == 0.92
    assert (ratio.xs("decided", level="denominator") > 1).nunique() == 2
    assert "disagree" in found.sentence()
