"""The ordered logit equals statsmodels and the published example; its variance is the sum of clusters' scores."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from accountability import outcomes
from accountability.errors import ParameterError, Refusal
from accountability.stats.binary_logit import fit_logit
from accountability.stats.ordered_logit import chances, fit_ordered
from accountability.stats.sandwich import sandwich
from accountability.study.grouping import OTHER

RUNGS = np.array(["none", "reprimand", "suspension", "dismissal"])


def drawn(rows=2500, seed=9):
    rng = np.random.default_rng(seed)
    who = rng.integers(0, rows // 5, rows)
    race = np.array(["a", "b", "c"])[rng.integers(0, 3, rows)]
    internal = rng.random(rows) < 0.4
    lean = 0.7 * (race == "b") + 0.5 * internal + rng.normal(0, 0.6, rows // 5)[who]
    category = np.digitize(lean + rng.logistic(size=rows), [-0.5, 1.0, 2.5])
    return pd.DataFrame(
        {
            "case_id": pd.Series(np.arange(rows)).astype("str"),
            "officer_id": pd.Series(who).astype("str"),
            "officer_race": race,
            "complainant": np.where(internal, "internal", "public"),
            "finding": "sustained",
            "imposed_penalty": pd.Series(RUNGS[category], dtype="str"),
        }
    )


def source(table):
    sampling = SimpleNamespace(rule="complete", open_cases="included", selected_on=[])
    card = SimpleNamespace(unit="officer_complaint", observed_until=None, sampling=sampling)
    cases = pd.DataFrame({"case_id": table["case_id"].unique()})
    events = pd.DataFrame(columns=["case_id", "officer_id"])
    return SimpleNamespace(name="made_up", ledger=None, cases=cases, allegations=table, events=events, card=card)


REFERENCE = {"officer_race": "a", "complainant": "public"}


def in_rows(table):
    x = np.column_stack(
        [table["officer_race"] == "b", table["officer_race"] == "c", table["complainant"] == "internal"]
    ).astype(float)
    category = pd.Index(RUNGS).get_indexer(pd.Index(table["imposed_penalty"])).astype(np.int64)
    return x, category, pd.factorize(table["officer_id"])[0].astype(np.int64)


def fitted(table):
    x, category, clusters = in_rows(table)
    patterns, pattern = np.unique(x, axis=0, return_inverse=True)
    return fit_ordered(patterns, pattern.ravel().astype(np.int64), category, clusters)


def test_the_fit_is_that_of_statsmodels_row_by_row():
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    table = drawn()
    x, category, _ = in_rows(table)
    theirs = OrderedModel(category, x, distr="logit").fit(method="newton", disp=0, tol=1e-14, maxiter=200)
    ours = fitted(table)
    thresholds = OrderedModel(category, x, distr="logit").transform_threshold_params(theirs.params)[1:-1]
    np.testing.assert_allclose(ours.coefficients, [*thresholds, *theirs.params[:3]], atol=1e-6)
    assert ours.log_likelihood == pytest.approx(theirs.llf, abs=1e-6)


def test_the_clustered_variance_is_the_sandwich_of_row_scores():
    """Scores by numerical derivative of each row's log chance, summed by officer; bread by theirs of the gradient."""
    table = drawn(400)
    x, category, clusters = in_rows(table)
    fit = fitted(table)
    theta, size = fit.coefficients, len(fit.coefficients)

    def scores(at):
        out = np.empty((len(x), size))
        for i in range(size):
            nudge = np.zeros(size)
            nudge[i] = 1e-5
            up, down = (np.log(chances(at + s * nudge, x, 3)[np.arange(len(x)), category]) for s in (1, -1))
            out[:, i] = (up - down) / 2e-5
        return out

    bend = np.empty((size, size))
    for i in range(size):
        nudge = np.zeros(size)
        nudge[i] = 1e-4
        bend[:, i] = -(scores(theta + nudge).sum(axis=0) - scores(theta - nudge).sum(axis=0)) / 2e-4
    summed = np.zeros((clusters.max() + 1, size))
    np.add.at(summed, clusters, scores(theta))
    groups, rows = len(summed), len(x)
    correction = groups / (groups - 1) * (rows - 1) / (rows - size)
    expected = correction * np.linalg.inv(bend) @ summed.T @ summed @ np.linalg.inv(bend)
    np.testing.assert_allclose(
        sandwich(fit.plain, fit.scores, fit.cell, clusters, corrected=True), expected, rtol=2e-4, atol=1e-7
    )


def test_two_rungs_are_a_logit():
    table = drawn(800)
    x, category, clusters = in_rows(table)
    heavy = (category >= 2).astype(np.int64)
    patterns, pattern = np.unique(x, axis=0, return_inverse=True)
    pattern = pattern.ravel().astype(np.int64)
    ordered = fit_ordered(patterns, pattern, heavy, clusters)
    plain = fit_logit(np.hstack([np.ones((len(patterns), 1)), patterns]), pattern, heavy.astype(float), clusters)
    np.testing.assert_allclose(ordered.coefficients[1:], plain.coefficients[1:], atol=1e-8)
    np.testing.assert_allclose(ordered.coefficients[0], -plain.coefficients[0], atol=1e-8)
    np.testing.assert_allclose(ordered.covariance[1:, 1:], plain.covariance[1:, 1:], rtol=0.01, atol=1e-4)


@pytest.mark.real_data
def test_the_published_example_of_an_ordered_logit(real_data):
    """400 students' likelihood of applying: R's MASS::polr prints 1.04769, -0.05879, 0.61594 (stopped at 1e-4)."""
    path = real_data("").parent / "reference" / "ologit_ucla.csv"
    if not path.is_file():
        pytest.skip("the reference file ologit_ucla.csv is not on this machine")
    table = pd.read_csv(path)
    category = pd.Index(["unlikely", "somewhat likely", "very likely"]).get_indexer(pd.Index(table["apply"]))
    patterns, pattern = np.unique(table[["pared", "public", "gpa"]].to_numpy(float), axis=0, return_inverse=True)
    fit = fit_ordered(patterns, pattern.ravel().astype(np.int64), category.astype(np.int64), np.arange(len(table)))
    np.testing.assert_allclose(fit.coefficients[2:], [1.047690, -0.058786, 0.615941], atol=3e-4)
    assert fit.log_likelihood == pytest.approx(-358.5124, abs=1e-4)


def test_a_single_column_predicts_shares_that_add_up_and_are_near_the_raw_ones():
    table = drawn()
    found = outcomes.penalty_ordered_logit(source(table), ["officer_race"], reference={"officer_race": "a"})
    totals = found.margins.groupby("level")["estimate"].sum()
    np.testing.assert_allclose(totals, 1.0, atol=1e-9)
    raw = (table.loc[table["officer_race"] == "b", "imposed_penalty"] == "suspension").mean()
    mine = found.margins.set_index(["level", "outcome"]).loc[("b", "suspension")]
    assert mine["lower"] < mine["estimate"] < mine["upper"]
    assert mine["estimate"] == pytest.approx(raw, abs=0.03)  # not equal: one shift has to serve every cut


def test_cuts_and_orders_are_beside_the_one_number():
    found = outcomes.penalty_ordered_logit(source(drawn()), ["officer_race", "complainant"], reference=REFERENCE)
    cuts = found.by_cut.loc[found.by_cut["level"] == "internal"]
    assert cuts["cut"].tolist() == ["reprimand or heavier", "suspension or heavier", "dismissal or heavier"]
    pooled = found.table.set_index("level").loc["internal"]
    assert cuts["estimate"].min() - 0.2 < pooled["estimate"] < cuts["estimate"].max() + 0.2
    # neither contested pair occurs here, so the order cannot matter
    assert (found.by_order.groupby(["column", "level"])["estimate"].nunique() == 1).all()
    assert "at most 0.0 standard errors" in found.sentence()


def test_a_contested_order_moves_the_coefficients_where_both_rungs_occur():
    table = drawn()
    swap = {"none": "loss_of_leave", "reprimand": "suspension", "suspension": "demotion", "dismissal": "dismissal"}
    found = outcomes.penalty_ordered_logit(
        source(table.assign(imposed_penalty=table["imposed_penalty"].map(swap).astype("str"))), ["complainant"]
    )
    assert found.by_order["order"].nunique() == 3
    assert found.by_order["estimate"].nunique() == 3


def test_what_has_no_rung_is_left_out_and_counted():
    table = drawn()
    table.loc[:39, "imposed_penalty"] = "pending"
    table.loc[40:59, "imposed_penalty"] = "left_before_penalty"
    table.loc[60:62, "imposed_penalty"] = None
    table.loc[100:149, "finding"] = "unfounded"
    found = outcomes.penalty_ordered_logit(source(table), ["complainant"])
    apart = found.apart.set_index("what")["n"]
    assert (apart["pending"], apart["off the ladder"]) == (40, 20)
    assert pd.isna(apart["not recorded"])  # three: too few to show
    assert found.margins.drop_duplicates(["column", "level"])["n"].sum() == 2500 - 40 - 20 - 3 - 50


def test_small_levels_are_put_together_and_a_rare_rung_is_hidden_with_another():
    import matplotlib as mpl

    mpl.use("Agg")
    table = drawn()
    table.loc[:5, "officer_race"] = "d"
    table.loc[10:14, "imposed_penalty"] = "demotion"
    found = outcomes.penalty_ordered_logit(source(table), ["officer_race"])
    for frame in (found.table, found.margins):
        assert "d" not in set(frame["level"])
        assert OTHER in set(frame["level"])
    assert found.margins.drop_duplicates("level")["n"].sum() == len(table)
    hidden = found.margins.groupby("outcome")["estimate"].apply(lambda share: share.isna().all())
    assert hidden["demotion"]
    assert hidden.sum() == 2  # the shares of a level add up to one
    assert table["imposed_penalty"].isin(hidden.index[hidden]).sum() >= 10
    assert found.plot().get_xlabel().startswith("chance of each penalty")


@pytest.mark.parametrize(
    ("change", "on", "error", "says"),
    [
        ({"imposed_penalty": "reprimand"}, ["complainant"], Refusal, r"hold 1 rung\(s\)"),
        ({"imposed_penalty": "pending"}, ["complainant"], Refusal, r"hold 0 rung\(s\)"),
        ({"imposed_penalty": "a stern look"}, ["complainant"], ParameterError, "'a stern look'"),
        ({"complainant": "public"}, ["complainant"], Refusal, "holds one value"),
        ({}, [], ParameterError, "at least one column"),
    ],
)
def test_what_cannot_be_ordered_is_refused(change, on, error, says):
    with pytest.raises(error, match=says):
        outcomes.penalty_ordered_logit(source(drawn(300).assign(**change)), on)


def test_a_column_that_decides_the_rung_is_refused():
    table = drawn(300)
    sure = np.where(table["imposed_penalty"].isin(["suspension", "dismissal"]), "heavy", "light")
    with pytest.raises(Refusal, match="separation"):
        outcomes.penalty_ordered_logit(source(table.assign(complainant=sure)), ["complainant"], sparse="refuse")
