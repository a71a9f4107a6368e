"""Empty cells: penalised fits equal R, are finite on random sparse data, cover, and are named or put together."""

from __future__ import annotations

import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from accountability import outcomes
from accountability.errors import ParameterError, Refusal
from accountability.stats.truncated_counts import fit_truncated

HERE = Path(__file__).resolve().parents[1] / "reference"
RUNGS = np.array(["none", "reprimand", "suspension", "dismissal"])
WAYS = np.array(["unfounded", "sustained", "exonerated"])
REFERENCE = {"level": "a"}


def source(table):
    sampling = SimpleNamespace(rule="complete", open_cases="included", selected_on=[])
    card = SimpleNamespace(unit="officer_complaint", observed_until=None, sampling=sampling)
    cases = pd.DataFrame({"case_id": table["case_id"].unique()})
    events = pd.DataFrame(columns=["case_id", "officer_id"])
    return SimpleNamespace(name="made_up", ledger=None, cases=cases, allegations=table, events=events, card=card)


def made(rows, **columns):
    ids = pd.Series(np.arange(len(rows))).astype("str")
    base = {"case_id": ids, "officer_id": columns.pop("officer_id", ids), "finding": "sustained"}
    return source(pd.DataFrame(base | {"level": rows["level"], "late": rows["late"].astype("str")} | columns))


@pytest.fixture(scope="module")
def rows():
    return pd.read_csv(HERE / "sparse_rows.csv")


@pytest.fixture(scope="module")
def in_r():
    table = pd.read_csv(HERE / "sparse_models.csv").set_index(["model", "what"])
    return lambda model, what: table.loc[[(model, what)]].set_index("name")["value"]


def test_the_penalised_logit_and_its_profile_are_those_of_r(rows, in_r):
    data = made(rows, finding=np.where(rows["hit"] == 1, "sustained", "unfounded"))
    found = outcomes.sustained_logit(data, ["level", "late"], reference=REFERENCE | {"late": "0"})
    np.testing.assert_allclose(found.fit.coefficients, in_r("logit", "coefficient"), atol=1e-5)
    row = found.table.set_index("level").loc["c"]
    np.testing.assert_allclose(row[["lower", "upper"]].to_numpy(float), in_r("logit", "limit"), atol=1e-4)
    assert row["p_value"] == pytest.approx(in_r("logit", "p").item(), rel=1e-3)
    assert any("level = c has only 'not sustained'" in line for line in found.assumptions)
    assert "penalised" in found.method


def test_the_penalised_multinomial_and_ordered_logits_are_those_of_r(rows, in_r):
    data = made(rows, finding=WAYS[rows["way"]])
    found = outcomes.outcome_multinomial(data, ["level", "late"], base="unfounded", reference=REFERENCE | {"late": "0"})
    ways = {name: k for k, name in enumerate(found.causes[1:])}
    theirs = in_r("multinomial", "coefficient").to_numpy().reshape(2, 4)
    ours = found.fit.coefficients.reshape(2, 4)
    np.testing.assert_allclose(ours[[ways["sustained"], ways["exonerated"]]], theirs, atol=1e-4)
    only = pd.read_csv(HERE / "sparse_rungs.csv")["rung"]
    data = made(rows, imposed_penalty=RUNGS[only])
    found = outcomes.penalty_ordered_logit(data, ["level", "late"], reference=REFERENCE | {"late": "0"})
    np.testing.assert_allclose(found.fit.coefficients[-3:], in_r("ordered", "coefficient"), atol=1e-4)


def test_the_likelihood_ratio_with_an_empty_cell_is_that_of_clm(rows, in_r):
    found = outcomes.proportional_odds(made(rows, imposed_penalty=RUNGS[rows["rung"]]), "level", reference=REFERENCE)
    held = found.tests.loc[found.tests["column"] == "all"].set_index("test")
    assert held.loc["likelihood ratio", "statistic"] == pytest.approx(
        in_r("free cuts", "likelihood ratio").item(), abs=1e-3
    )
    assert (held["statistic"].dropna() >= 0).all()


def test_laws_of_days_are_those_of_r(in_r):
    days = pd.read_csv(HERE / "sparse_days.csv")
    design = np.column_stack([np.ones(len(days)), days["level"] == "b", days["level"] == "c", days["late"]])
    design = np.delete(design, 2, axis=1) if not (days["level"] == "c").any() else design
    held, pattern = np.unique(design.astype(float), axis=0, return_inverse=True)
    clusters, number = np.arange(len(days)), days["days"].to_numpy()
    quasi = fit_truncated(held, pattern.ravel(), number, clusters, "quasi_poisson")
    np.testing.assert_allclose(quasi.coefficients, in_r("quasi-Poisson", "coefficient"), atol=1e-5)
    logs = fit_truncated(held, pattern.ravel(), number, clusters, "log_normal")
    np.testing.assert_allclose(logs.coefficients[1:], in_r("log-normal", "coefficient"), atol=1e-5)
    assert np.exp(logs.coefficients[0]) == pytest.approx(in_r("log-normal", "spread").item(), abs=1e-5)


def test_empty_cells_are_refused_by_name_or_put_together_by_events_and_said(rows):
    data = made(rows, finding=np.where(rows["hit"] == 1, "sustained", "unfounded"))
    with pytest.raises(Refusal, match=r"level = c has only 'not sustained'.*sparse='penalise'"):
        outcomes.sustained_logit(data, "level", sparse="refuse")
    pooled = outcomes.sustained_logit(data, "level", sparse="pool")
    assert any("level: put together, for cells of theirs hold nobody: c, b" in line for line in pooled.assumptions)
    assert set(pooled.margins["level"]) == {"a", "other (small groups)"}
    with pytest.raises(ParameterError, match="sparse must be one of"):
        outcomes.sustained_logit(data, "level", sparse="guess")


def test_numbers_stay_numbers_and_the_outcome_is_no_covariate(rows):
    age = pd.Series(np.random.default_rng(3).integers(22, 60, len(rows)).astype(float)).mask(rows.index < 12)
    data = made(rows, finding=np.where(rows["hit"] == 1, "sustained", "unfounded"), age=age)
    found = outcomes.sustained_logit(data, ["age", "level"])
    assert found.apart["n"].tolist() == [12]
    (row,) = found.table.loc[found.table["column"] == "age"].to_dict("records")
    assert row["level"] == "one more"
    assert len(found.margins.loc[found.margins["column"] == "age"]) == 3
    assert 0 < row["margin_lower"] < row["margin"] < row["margin_upper"] < 1
    with pytest.raises(ParameterError, match="is what the model is of"):
        outcomes.sustained_logit(data, "finding")


MODELS = {
    "logit": lambda data: outcomes.sustained_logit(data, ["level", "late"], min_group=2),
    "causes": lambda data: outcomes.outcome_multinomial(data, ["level", "late"], min_group=2),
    "ordered": lambda data: outcomes.penalty_ordered_logit(data, ["level", "late"], min_group=2),
    "cuts": lambda data: outcomes.proportional_odds(data, ["level"], free="level", min_group=2),
    **{
        family: lambda data, family=family: outcomes.days_hurdle(data, ["level", "late"], family=family, min_group=2)
        for family in ("negative_binomial", "poisson", "quasi_poisson", "log_normal", "bands")
    },
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("seed", range(6))
def test_random_sparse_data_give_finite_numbers_or_a_refusal_that_says_why(model, seed):
    """Never a raw error, a warning of arithmetic, a missing number, or a negative chi-squared."""
    rng = np.random.default_rng([seed, 15])
    n = int(rng.integers(40, 120))
    rows = pd.DataFrame(
        {
            "level": rng.choice(list("abcd"), n, p=[0.6, 0.2, 0.12, 0.08]),
            "late": rng.choice(["x", "y"], n, p=[0.9, 0.1]),
        }
    )
    rung = rng.choice(4, n, p=[0.6, 0.25, 0.1, 0.05])
    days = np.where(rung == 2, rng.choice([1, 5, 30, 180], n), np.nan)
    finding = rng.choice(WAYS, n, p=[0.7, 0.2, 0.1]) if model in ("logit", "causes") else "sustained"
    officers = pd.Series(rng.integers(0, n // 2, n)).astype("str")
    data = made(rows, officer_id=officers, finding=finding, imposed_penalty=RUNGS[rung], imposed_days=days)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        try:
            found = MODELS[model](data)
        except Refusal as why:
            found = str(why)
    if isinstance(found, str):
        assert any(word in found for word in ("level", "late", "lengths", "rung", "cause"))
        return
    table = found.true_numbers()
    empty = table["outcome"].eq("days if any") if "outcome" in table else pd.Series(False, index=table.index)
    known = table.loc[table["df"].gt(0) & ~empty]
    assert np.isfinite(known[["estimate", "std_error", "lower", "upper", "p_value"]]).all(axis=None)
    assert (
        np.isfinite(found.true_numbers("margins")["estimate"])
        .loc[~found.true_numbers("margins")["outcome"].eq("days if any")]
        .all()
    )
    if model == "cuts":
        assert (found.tests["statistic"].dropna() >= 0).all()
        assert found.tests["statistic"].notna().any()


def test_penalised_intervals_cover_on_cells_that_are_often_empty():
    """A level of 24, two rows an officer, with a true share of 4 %: 38 % of the samples have an empty cell. Of 80
    samples at 95 %, fewer than 69 covered would happen less than once in a thousand."""
    rng, truth = np.random.default_rng(8), np.log(0.04 / 0.96) - np.log(0.3 / 0.7)
    held, shares, empty = 0, 0, 0
    for _ in range(80):
        level = np.repeat(["a", "c"], [120, 24])
        hit = rng.random(len(level)) < np.where(level == "c", 0.04, 0.3)
        officers = pd.Series(np.arange(len(level)) // 2).astype("str")
        rows = pd.DataFrame({"level": level, "late": "x"})
        data = made(rows, officer_id=officers, finding=np.where(hit, "sustained", "unfounded"))
        found = outcomes.sustained_logit(data, "level", min_cell=1)
        row = found.table.iloc[0]
        empty += not hit[level == "c"].any()
        held += row["lower"] <= truth <= row["upper"]
        margin = found.margins.set_index("level").loc["c"]
        shares += margin["lower"] <= 0.04 <= margin["upper"]
    assert empty > 20
    assert held >= 69
    assert shares >= 69
