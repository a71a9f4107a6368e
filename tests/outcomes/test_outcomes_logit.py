"""The collapsed logit equals statsmodels row by row; what it cannot estimate it refuses."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from accountability import outcomes
from accountability.errors import ParameterError, Refusal
from accountability.study.grouping import OTHER


def source(table, unit="officer_complaint"):
    sampling = SimpleNamespace(rule="complete", open_cases="included", selected_on=[])
    card = SimpleNamespace(unit=unit, observed_until=None, sampling=sampling)
    cases = pd.DataFrame({"case_id": table["case_id"].unique()})
    events = pd.DataFrame(columns=["case_id", "officer_id"])
    return SimpleNamespace(name="made_up", ledger=None, cases=cases, allegations=table, events=events, card=card)


def drawn(rows=3000, officers=400, seed=7):
    rng = np.random.default_rng(seed)
    who = rng.integers(0, officers, rows)
    race = np.array(["a", "b", "c"])[rng.integers(0, 3, officers)][who]
    rank = np.where(rng.random(rows) < 0.3, "sergeant", "officer")
    odds = -1.0 + 0.5 * (race == "b") - 0.4 * (race == "c") + 0.3 * (rank == "sergeant")
    odds = odds + rng.normal(0, 0.7, officers)[who]
    hit = rng.random(rows) < 1 / (1 + np.exp(-odds))
    return pd.DataFrame(
        {
            "case_id": pd.Series(np.arange(rows)).astype("str"),
            "officer_id": pd.Series(who).astype("str"),
            "officer_race": race,
            "officer_rank": rank,
            "finding": np.where(hit, "sustained", "unfounded"),
        }
    )


REFERENCE = {"officer_race": "a", "officer_rank": "officer"}


@pytest.fixture(scope="module")
def made():
    return source(drawn())


@pytest.fixture(scope="module")
def rowwise(made):
    """Statsmodels on the rows, clustered on the officer."""
    import statsmodels.api as sm

    table = made.allegations
    x = pd.DataFrame(
        {
            "constant": 1.0,
            "b": (table["officer_race"] == "b").astype(float),
            "c": (table["officer_race"] == "c").astype(float),
            "sergeant": (table["officer_rank"] == "sergeant").astype(float),
        }
    )
    y = (table["finding"] == "sustained").astype(float)
    groups = pd.factorize(table["officer_id"])[0]
    return sm.Logit(y, x).fit(disp=0, tol=1e-12, maxiter=100, cov_type="cluster", cov_kwds={"groups": groups})


def design_order(found):
    names = ["constant", "officer_race=b", "officer_race=c", "officer_rank=sergeant"]
    return [found.names.index(name) for name in names]


def test_the_fit_is_that_of_statsmodels_row_by_row_and_cr2_near_its_cr1_over_many_clusters(made, rowwise):
    found = outcomes.sustained_logit(made, ["officer_race", "officer_rank"], reference=REFERENCE)
    order = design_order(found)
    np.testing.assert_allclose(found.fit.coefficients[order], rowwise.params, rtol=0, atol=1e-6)
    np.testing.assert_allclose(
        found.fit.covariance[np.ix_(order, order)], rowwise.cov_params().to_numpy(), rtol=0.01, atol=1e-4
    )
    assert found.fit.log_likelihood == pytest.approx(rowwise.llf, abs=1e-6)


def test_the_adjusted_difference_of_two_levels_is_the_average_discrete_effect(made, rowwise):
    margins = rowwise.get_margeff(at="overall", method="dydx", dummy=True).summary_frame().loc["sergeant"]
    found = outcomes.sustained_logit(made, ["officer_race", "officer_rank"], reference=REFERENCE)
    row = found.contrasts.set_index("level").loc["sergeant"]
    assert row["estimate"] == pytest.approx(margins["dy/dx"], abs=1e-6)
    assert row["lower"] == pytest.approx(margins["Conf. Int. Low"], abs=5e-4)
    assert row["upper"] == pytest.approx(margins["Cont. Int. Hi."], abs=5e-4)


def test_one_column_gives_back_the_raw_shares(made):
    table = outcomes.sustained_logit(made, "officer_race").margins
    np.testing.assert_allclose(table["estimate"], table["events"] / table["n"], atol=1e-9)


def test_the_reference_changes_the_words_and_not_the_shares(made):
    one = outcomes.sustained_logit(made, ["officer_race", "officer_rank"], reference={"officer_race": "a"})
    two = outcomes.sustained_logit(made, ["officer_race", "officer_rank"], reference={"officer_race": "c"})
    left, right = (f.margins.set_index(["column", "level"])["estimate"].sort_index() for f in (one, two))
    np.testing.assert_allclose(left, right, atol=1e-9)
    assert "against c" in two.sentence()


def test_planted_coefficients_are_covered_as_often_as_stated():
    """Without officers' own tendencies the logit is the true model; 95 % intervals hold the truth about 95 % of the
    time (fewer than 86 or more than 100 of 100 would happen less than once in a thousand)."""
    rng = np.random.default_rng(4)
    held = 0
    for _ in range(100):
        race = rng.integers(0, 2, 600)
        hit = rng.random(600) < 1 / (1 + np.exp(-(-0.8 + 0.6 * race)))
        table = pd.DataFrame(
            {
                "case_id": pd.Series(np.arange(600)).astype("str"),
                "officer_id": pd.Series(rng.integers(0, 300, 600)).astype("str"),
                "officer_race": np.array(["a", "b"])[race],
                "finding": np.where(hit, "sustained", "unfounded"),
            }
        )
        row = outcomes.sustained_logit(source(table), ["officer_race"], reference={"officer_race": "a"}).table.iloc[0]
        held += row["ratio_lower"] < np.exp(0.6) < row["ratio_upper"]
    assert 86 <= held <= 100


@pytest.mark.parametrize(
    ("change", "on", "error", "says"),
    [
        ({"finding": "unfounded"}, ["officer_race"], Refusal, "nothing can be compared"),
        ({"officer_race": "a"}, ["officer_race"], Refusal, "holds one value"),
        ({}, [], ParameterError, "at least one column"),
        ({}, ["shoe_size"], ParameterError, "cannot group by"),
    ],
)
def test_what_cannot_be_fitted_is_refused(change, on, error, says):
    with pytest.raises(error, match=says):
        outcomes.sustained_logit(source(drawn(300).assign(**change)), on)


def test_a_group_of_one_separation_and_collinear_columns_are_refused():
    table = drawn(300)
    lone = table.assign(officer_rank=np.where(table.index == 0, "chief", table["officer_rank"]))
    with pytest.raises(Refusal, match="officer_rank = 'chief' holds one unit"):
        outcomes.sustained_logit(source(lone), ["officer_rank"], min_group=1)
    sure = table.assign(officer_rank=np.where(table["finding"] == "sustained", table["officer_rank"], "officer"))
    with pytest.raises(Refusal, match="officer_rank = sergeant has only 'sustained'"):
        outcomes.sustained_logit(source(sure), ["officer_rank"], sparse="refuse")
    twice = table.assign(again=table["officer_race"] + "!")
    with pytest.raises(Refusal, match="officer_race=b, again=c!, again=b! are collinear"):
        outcomes.sustained_logit(source(twice), ["officer_race", "again"])
    with pytest.raises(ParameterError, match="no level 'z'"):
        outcomes.sustained_logit(source(table), ["officer_race"], reference={"officer_race": "z"})


def test_separation_by_two_columns_together_is_refused():
    """Each level of each column has both outcomes, and together they decide it."""
    rows = [("l", "x", 1), ("l", "y", 1), ("r", "x", 1), ("r", "y", 0)]
    rows += [("l", "x", 1), ("m", "y", 1), ("m", "x", 1), ("r", "z", 0), ("l", "z", 1), ("m", "z", 1)]
    table = pd.DataFrame([row for row in rows for _ in range(20)], columns=["side", "letter", "hit"])
    table = table.assign(
        case_id=table.index.astype("str"),
        officer_id=table.index.astype("str"),
        finding=np.where(table["hit"] == 1, "sustained", "unfounded"),
    )
    keep = table.loc[(table["side"] != "m")]
    with pytest.raises(Refusal, match="separation"):
        outcomes.sustained_logit(source(keep.drop(columns="hit")), ["side", "letter"], sparse="refuse")


def test_pending_units_are_left_out_and_small_levels_put_together(made):
    table = made.allegations.copy()
    table.loc[:99, "finding"] = "pending"
    table.loc[200:208, "officer_rank"] = "chief"
    found = outcomes.sustained_logit(source(table), ["officer_race", "officer_rank"])
    assert (found.margins.groupby("column")["n"].sum() == 2900).all()
    assert sorted(found.margins.loc[found.margins["column"] == "officer_rank", "level"]) == ["officer", OTHER]


@pytest.mark.parametrize("races", [["a"], ["a", "b"]])
def test_a_lone_level_of_few_hits_cannot_be_told_from_the_total(made, races):
    table = made.allegations.copy()
    few = table.index < 40
    table.loc[few, "officer_race"] = "d"
    table.loc[few, "finding"] = np.where(table.index[few] < 4, "sustained", "unfounded")
    table["officer_race"] = table["officer_race"].where(table["officer_race"].isin([*races, "d"]), "c")
    found = outcomes.sustained_logit(source(table), ["officer_race"])
    shown = found.margins.loc[~found.margins["hidden"]]
    assert "d" not in set(shown["level"])
    assert found.margins["hidden"].sum() >= 2
    sustained = (table["finding"] == "sustained").sum()
    assert sustained - shown["events"].sum() >= 10
    assert (len(table) - sustained) - (shown["n"] - shown["events"]).sum() >= 10
    for frame in (found.table, found.margins, found.contrasts):
        numbers = frame.loc[frame["hidden"]].select_dtypes("number")
        assert len(numbers)
        assert numbers.isna().all(axis=None)
    assert " d " not in found.sentence()


def test_where_every_level_is_hidden_the_sentence_says_so(made):
    table = made.allegations.assign(officer_rank=np.where(made.allegations.index < 40, "chief", "officer"))
    table.loc[:39, "finding"] = np.where(np.arange(40) < 4, "sustained", "unfounded")
    found = outcomes.sustained_logit(source(table), ["officer_rank"])
    assert found.table["hidden"].all()
    assert found.sentence() == "Every difference rests on counts too small to show."


def test_an_interval_in_points_holds_nothing_where_the_test_of_the_odds_keeps_it():
    """By plain intervals of points 8 districts of Philadelphia differed, by their odds 6; here 14 of 200 levels."""
    alike = []
    for seed in range(100):
        rows = drawn(rows=1200, officers=48, seed=seed)
        few = rows["finding"].eq("sustained") & (np.random.default_rng(seed).random(1200) < 0.25)
        made = source(rows.assign(finding=np.where(few, "sustained", "unfounded")))
        found = outcomes.sustained_logit(made, "officer_race")
        both = found.true_numbers("contrasts").merge(found.true_numbers()[["level", "p_value"]], on="level")
        alike += (both["lower"].le(0) & both["upper"].ge(0)).eq(both["p_value"].ge(0.05)).tolist()
    assert sum(alike) >= len(alike) - 3


def test_a_sentence_names_twelve_levels_and_counts_the_others():
    rows = drawn(rows=3000)
    beats = rows.assign(beat=[f"beat {k % 20}" for k in range(3000)])
    said = outcomes.sustained_logit(source(beats), "beat").sentence()
    assert said.count("against beat") == 12
    assert said.endswith("; 7 more levels in the contrasts.")


def test_shares_and_their_differences_stay_in_range_without_a_penalty():
    rows = drawn(rows=900, officers=60, seed=3)
    few = np.where(rows["officer_race"].eq("b"), np.arange(900) % 97 == 0, rows["finding"].eq("sustained"))
    found = outcomes.sustained_logit(
        source(rows.assign(finding=np.where(few, "sustained", "unfounded"))), "officer_race"
    )
    for frame, least in ((found.true_numbers("margins"), 0.0), (found.true_numbers("contrasts"), -1.0)):
        assert (frame["lower"] > least).all()
        assert (frame["upper"] < 1).all()
        assert (frame["lower"] < frame["estimate"]).all()
        assert (frame["estimate"] < frame["upper"]).all()
    assert found.fit.limits is None
