"""Days, ways out, cuts and places: equal to R and statsmodels row by row; the planted is covered, the rest refused."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from accountability import outcomes
from accountability.errors import ParameterError, Refusal
from accountability.outcomes.days_model import BAND_NAMES
from accountability.stats import truncated_counts
from accountability.stats.binary_logit import fit_logit, fit_random_intercept, spread_limits
from accountability.stats.multinomial import fit_multinomial
from accountability.stats.ordered_logit import fit_ordered
from accountability.stats.partial_odds import fit_partial
from accountability.stats.sandwich import sandwich

HERE = Path(__file__).resolve().parents[1] / "reference"
RUNGS = np.array(["none", "reprimand", "suspension", "dismissal"])
FINDINGS = np.array(["sustained", "unfounded", "exonerated", "not_sustained"])
ON = ["race", "complainant", "officer_rank"]
REFERENCE = {"race": "white", "complainant": "public", "officer_rank": "officer"}
TOLERANCE = 1e-6


def distinct_rows(x):
    """The distinct rows of a matrix and which of them each row is."""
    held, place = np.unique(x, axis=0, return_inverse=True)
    return held, place.ravel()


def source(table):
    sampling = SimpleNamespace(rule="complete", open_cases="included", selected_on=[])
    card = SimpleNamespace(unit="officer_complaint", observed_until=None, sampling=sampling)
    cases = pd.DataFrame({"case_id": table["case_id"].unique()})
    events = pd.DataFrame(columns=["case_id", "officer_id"])
    return SimpleNamespace(name="made_up", ledger=None, cases=cases, allegations=table, events=events, card=card)


@pytest.fixture(scope="module")
def rows():
    return pd.read_csv(HERE / "penalty_rows.csv")


@pytest.fixture(scope="module")
def in_r():
    table = pd.read_csv(HERE / "penalty_models.csv").set_index(["model", "what"])

    def values(model, what, prefix=""):
        held = table.loc[[(model, what)]].set_index("name")["value"]
        return held.loc[[name for name in held.index if name.startswith(prefix)]]

    return values


def table_of(rows, **columns):
    base = {
        "case_id": pd.Series(np.arange(len(rows))).astype("str"),
        "officer_id": rows["officer"].astype("str"),
        "squad": "squad " + rows["squad"].astype("str"),
        "race": np.where(rows["black"] == 1, "black", "white"),
        "complainant": np.where(rows["internal"] == 1, "internal", "public"),
        "officer_rank": rows["rank"].astype("str"),
    }
    return pd.DataFrame(base | columns).astype(dict.fromkeys(columns.keys() - {"imposed_days"}, "str"))


@pytest.fixture(scope="module")
def punished(rows):
    return source(table_of(rows, finding="sustained", imposed_penalty=RUNGS[rows["rung"]]))


@pytest.fixture(scope="module")
def ended(rows):
    return source(table_of(rows, finding=FINDINGS[rows["way"]]))


@pytest.fixture(scope="module")
def suspended(rows):
    some = rows["days"] > 0
    return source(
        table_of(
            rows,
            finding="sustained",
            imposed_penalty=np.where(some, "suspension", "reprimand"),
            imposed_days=rows["days"].where(some).astype("Float64"),
        )
    )


def full(rows, constant=True):
    x = np.column_stack(
        [rows["black"], rows["internal"], rows["rank"] == "lieutenant", rows["rank"] == "sergeant"]
    ).astype(float)
    return np.column_stack([np.ones(len(rows)), x]) if constant else x


def uncorrected(fit, rows):
    """The clustered covariance as R and statsmodels have it, without a correction for few clusters."""
    return sandwich(fit.plain, fit.scores, fit.cell, officers(rows), corrected=True)


def officers(rows):
    return pd.factorize(rows["officer"])[0].astype(np.int64)


# ---- the fits are those of R and statsmodels ---------------------------------------------------------------------


def test_the_logit_and_its_clustered_errors_are_those_of_r(rows, in_r):
    design, pattern = distinct_rows(full(rows))
    fit = fit_logit(design, pattern, rows["hit"].to_numpy(float), officers(rows))
    np.testing.assert_allclose(fit.coefficients, in_r("logit", "coefficient"), atol=TOLERANCE)
    few = pd.read_csv(HERE / "few_clusters.csv")
    theirs = few.loc[(few["model"] == "penalty") & (few["what"] == "CR2"), "value"]
    np.testing.assert_allclose(np.sqrt(np.diag(fit.covariance)), theirs, atol=TOLERANCE)


def test_the_ordered_logit_is_that_of_r(rows, in_r):
    design, pattern = distinct_rows(full(rows, constant=False))
    fit = fit_ordered(design, pattern, rows["rung"].to_numpy(np.int64), officers(rows))
    np.testing.assert_allclose(fit.coefficients, in_r("ordered", "coefficient"), atol=TOLERANCE)
    np.testing.assert_allclose(fit.coefficients[3:], in_r("polr", "coefficient"), atol=TOLERANCE)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.plain)), in_r("ordered", "plain error"), atol=TOLERANCE)
    np.testing.assert_allclose(
        np.sqrt(np.diag(uncorrected(fit, rows))), in_r("ordered", "clustered error"), atol=TOLERANCE
    )
    assert fit.log_likelihood == pytest.approx(in_r("ordered", "log likelihood").item(), abs=TOLERANCE)


def test_the_partial_proportional_model_is_that_of_vgam(rows, in_r):
    """R's cumulative() gives a coefficient a cut with the opposite sign; ours is the first and the shifts from it."""
    design, pattern = distinct_rows(full(rows, constant=False))
    category = rows["rung"].to_numpy(np.int64)
    fit = fit_partial(design, pattern, category, officers(rows), [1])
    theirs = in_r("partial", "coefficient")
    ours = fit.coefficients
    np.testing.assert_allclose(ours[:3], theirs.filter(like="Intercept"), atol=TOLERANCE)
    np.testing.assert_allclose(ours[[3, 5, 6]], -theirs[["black", "ranklieutenant", "ranksergeant"]], atol=TOLERANCE)
    np.testing.assert_allclose(
        [ours[4], ours[4] + ours[7], ours[4] + ours[8]], -theirs.filter(like="internal"), atol=TOLERANCE
    )
    logs = in_r("partial", "log likelihood")
    assert fit.log_likelihood == pytest.approx(logs["internal free"], abs=TOLERANCE)
    free = fit_partial(design, pattern, category, officers(rows), [0, 1, 2, 3])
    assert free.log_likelihood == pytest.approx(logs["all free"], abs=TOLERANCE)


def test_the_tests_of_proportional_odds_are_brants_and_the_likelihood_ratio(punished, in_r):
    found = outcomes.proportional_odds(punished, ON, reference=REFERENCE)
    tests = found.tests.set_index(["column", "test"])
    assert tests.loc[("all", "Brant"), "statistic"] == pytest.approx(in_r("brant", "statistic").item(), abs=1e-5)
    ratio = 2 * (in_r("partial", "log likelihood")["all free"] - in_r("ordered", "log likelihood").item())
    assert tests.loc[("all", "likelihood ratio"), "statistic"] == pytest.approx(ratio, abs=1e-5)
    assert (tests.loc["all", "df"] == 8).all()
    assert tests.loc[("all", "score"), "statistic"] == pytest.approx(ratio, rel=0.1)


def test_the_multinomial_logit_is_that_of_r_and_its_errors_those_of_statsmodels(rows, in_r):
    import statsmodels.api as sm

    design, pattern = distinct_rows(full(rows))
    way = rows["way"].to_numpy(np.int64)
    fit = fit_multinomial(design, pattern, way, officers(rows))
    theirs = [in_r("multinomial", f"coefficient {j}").to_numpy() for j in (1, 2, 3)]
    np.testing.assert_allclose(fit.coefficients, np.concatenate(theirs), atol=1e-5)  # where multinom stops
    peer = sm.MNLogit(way, full(rows)).fit(
        disp=0, method="newton", tol=1e-14, cov_type="cluster", cov_kwds={"groups": officers(rows)}
    )
    np.testing.assert_allclose(fit.coefficients, peer.params.T.ravel(), atol=TOLERANCE)
    np.testing.assert_allclose(uncorrected(fit, rows), peer.cov_params(), atol=TOLERANCE)
    assert fit.log_likelihood == pytest.approx(peer.llf, abs=TOLERANCE)


@pytest.mark.parametrize(("family", "name"), [("negative_binomial", "negbin"), ("poisson", "poisson")])
def test_both_parts_of_the_hurdle_are_those_of_pscl(suspended, in_r, family, name):
    found = outcomes.days_hurdle(suspended, ON, family=family, reference=REFERENCE)
    zero, count = found.fit, found.how_many
    # levels stand in the order of their frequency: sergeants before lieutenants
    order = [0, 1, 2, 4, 3]
    first = 1 if family == "negative_binomial" else 0
    np.testing.assert_allclose(zero.coefficients[order], in_r(name, "coefficient", "zero_"), atol=1e-5)
    np.testing.assert_allclose(count.coefficients[first:][order], in_r(name, "coefficient", "count_"), atol=1e-5)
    total = zero.log_likelihood + count.log_likelihood
    assert total == pytest.approx(in_r(name, "log likelihood").item(), abs=TOLERANCE)
    if first:
        assert np.exp(-count.coefficients[0]) == pytest.approx(in_r(name, "theta").item(), abs=1e-4)


@pytest.mark.filterwarnings("ignore")
def test_the_truncated_counts_are_those_of_statsmodels(rows):
    from statsmodels.discrete.truncated_model import TruncatedLFNegativeBinomialP, TruncatedLFPoisson

    some = rows.loc[rows["days"] > 0].reset_index(drop=True)
    days = some["days"].to_numpy(np.int64)
    design, pattern = distinct_rows(full(some))
    plain = truncated_counts.fit_truncated(design, pattern, days, officers(some), "poisson")
    peer = TruncatedLFPoisson(days, full(some)).fit(disp=0, method="newton", maxiter=300)
    np.testing.assert_allclose(plain.coefficients, peer.params, atol=TOLERANCE)
    spread = truncated_counts.fit_truncated(design, pattern, days, officers(some), "negative_binomial")
    start = [*spread.coefficients[1:], np.exp(spread.coefficients[0])]
    peer = TruncatedLFNegativeBinomialP(days, full(some)).fit(start_params=start, disp=0, method="newton", maxiter=50)
    np.testing.assert_allclose([*spread.coefficients[1:], np.exp(spread.coefficients[0])], peer.params, atol=TOLERANCE)
    assert spread.log_likelihood == pytest.approx(peer.llf, abs=TOLERANCE)


def test_the_random_intercept_is_that_of_lme4(rows, in_r):
    design, pattern = distinct_rows(full(rows))
    fit = fit_random_intercept(design, pattern, rows["hit"].to_numpy(float), rows["squad"].to_numpy(np.int64), 25)
    np.testing.assert_allclose(fit.coefficients[:-1], in_r("random intercept", "coefficient"), atol=2e-6)
    assert np.exp(fit.coefficients[-1]) == pytest.approx(
        in_r("random intercept", "standard deviation").item(), abs=2e-6
    )


def test_the_random_intercepts_likelihood_is_the_integral(rows):
    """Each squad's likelihood by scipy's adaptive integration over its intercept, row by row."""
    from scipy.integrate import quad
    from scipy.special import expit
    from scipy.stats import norm

    x = full(rows)
    design, pattern = distinct_rows(x)
    hits, squad = rows["hit"].to_numpy(float), rows["squad"].to_numpy(np.int64)
    fit = fit_random_intercept(design, pattern, hits, squad, 25)
    index, sd = x @ fit.coefficients[:-1], np.exp(fit.coefficients[-1])
    total = 0.0
    for one in range(30):
        inside = squad == one

        def chance(u, inside=inside):
            p = expit(index[inside] + sd * u)
            logs = np.where(hits[inside] == 1, np.log(p), np.log1p(-p)).sum()
            return np.exp(logs + 20.0) * norm.pdf(u)

        total += np.log(quad(chance, -8, 8, epsabs=0, epsrel=1e-10, limit=200)[0]) - 20.0
    assert fit.log_likelihood == pytest.approx(total, abs=TOLERANCE)


# ---- in absolute terms -------------------------------------------------------------------------------------------


def test_adjusted_chances_of_ways_are_statsmodels_mean_predictions(rows, ended, monkeypatch):
    import statsmodels.api as sm

    monkeypatch.setattr("accountability.stats.sandwich.FEW", 0)  # it has no correction for few clusters
    found = outcomes.outcome_multinomial(ended, ON, base="sustained", reference=REFERENCE)
    peer = sm.MNLogit(rows["way"], full(rows)).fit(
        disp=0, method="newton", tol=1e-14, cov_type="cluster", cov_kwds={"groups": officers(rows)}
    )
    x = full(rows)
    effects = {}
    for value in (1.0, 0.0):
        x[:, 2] = value
        effects[value] = peer.predict(x).mean(axis=0)
    mine, beside = (frame.set_index(["level", "outcome"]) for frame in (found.margins, found.contrasts))
    for way, name in enumerate(FINDINGS):
        assert mine.loc[("internal", name), "estimate"] == pytest.approx(effects[1.0][way], abs=TOLERANCE)
        assert beside.loc[("internal", name), "estimate"] == pytest.approx(
            effects[1.0][way] - effects[0.0][way], abs=TOLERANCE
        )
    # the error of a difference, by the delta method on statsmodels' own estimates and covariance
    x_in, x_out = full(rows), full(rows)
    x_in[:, 2], x_out[:, 2] = 1.0, 0.0

    def apart(theta):
        made = theta.reshape(3, 5).T
        return peer.model.predict(made, x_in).mean(axis=0)[2] - peer.model.predict(made, x_out).mean(axis=0)[2]

    theta, slope = np.asarray(peer.params).T.ravel(), np.empty(15)
    for i in range(15):
        nudge = 1e-6 * np.eye(15)[i]
        slope[i] = (apart(theta + nudge) - apart(theta - nudge)) / 2e-6
    row = beside.loc[("internal", "exonerated")]
    error = np.sqrt(slope @ np.asarray(peer.cov_params()) @ slope)
    assert row["std_error"] == pytest.approx(error, abs=TOLERANCE)


def test_chances_and_differences_of_ways_add_up(ended):
    found = outcomes.outcome_multinomial(ended, ON)
    key = ["column", "level"]
    np.testing.assert_allclose(found.margins.groupby(key)["estimate"].sum(), 1.0, atol=1e-9)
    np.testing.assert_allclose(found.contrasts.groupby(key)["estimate"].sum(), 0.0, atol=1e-9)
    assert (found.margins.groupby(key)["events"].sum() == found.margins.groupby(key)["n"].first()).all()


def test_the_base_changes_the_odds_and_not_the_chances(ended):
    one, two = (outcomes.outcome_multinomial(ended, ON, base=base).margins for base in ("sustained", "exonerated"))
    key = ["column", "level", "outcome"]
    left, right = (t.set_index(key).sort_index()["estimate"] for t in (one, two))
    np.testing.assert_allclose(left, right, atol=1e-8)


def test_mean_days_are_those_of_the_rows(suspended, rows):
    """With one column in both parts the share with any days of each level is the raw one; bands add up to one."""
    found = outcomes.days_hurdle(suspended, "complainant")
    means = found.margins.set_index(["level", "outcome"])["estimate"]
    for level, value in (("internal", 1), ("public", 0)):
        own = rows.loc[rows["internal"] == value, "days"]
        line = means[level]
        assert line["any days"] == pytest.approx((own > 0).mean(), abs=1e-8)
        assert line["days"] == pytest.approx(line["any days"] * line["days if any"], abs=1e-10)
        assert line["days"] == pytest.approx(own.mean(), rel=0.05)
    bands = found.margins.loc[found.margins["outcome"].isin(BAND_NAMES)]
    np.testing.assert_allclose(bands.groupby("level")["estimate"].sum(), 1.0, atol=1e-9)


def test_a_poisson_hurdle_with_one_column_gives_back_the_raw_means(suspended, rows):
    found = outcomes.days_hurdle(suspended, ["complainant"], family="poisson").margins
    found = found.set_index(["level", "outcome"])["estimate"]
    for level, value in (("internal", 1), ("public", 0)):
        assert found[level, "days"] == pytest.approx(rows.loc[rows["internal"] == value, "days"].mean(), abs=1e-7)


def test_the_error_of_a_mean_is_clustered_over_both_parts(suspended, rows):
    """A saturated Poisson hurdle's mean is the raw mean: its error is CR3's of a mean of officers' totals."""
    found = outcomes.days_hurdle(suspended, ["complainant"], family="poisson").margins.set_index(["level", "outcome"])
    own = rows.loc[rows["internal"] == 1]
    residual = (own["days"] - own["days"].mean()).groupby(own["officer"]).agg(["sum", "size"])
    spread = np.sqrt(((residual["sum"] / (1 - residual["size"] / len(own))) ** 2).sum()) / len(own)
    line = found.loc[("internal", "days")]
    assert line["std_error"] == pytest.approx(spread, rel=0.001)


def test_predicted_rungs_with_free_cuts_are_the_raw_shares(punished, rows):
    """One column whose every cut is free is a saturated model."""
    found = outcomes.proportional_odds(punished, ["complainant"], free=["complainant"])
    mine = found.margins.set_index(["level", "outcome"])["estimate"]
    for k, term in enumerate(RUNGS):
        assert mine["internal", term] == pytest.approx((rows.loc[rows["internal"] == 1, "rung"] == k).mean(), abs=1e-8)


def test_a_column_that_is_not_free_has_one_number(punished):
    found = outcomes.proportional_odds(punished, ON, free=["complainant"], reference=REFERENCE)
    cuts = found.table.groupby("column")["cut"].nunique()
    assert cuts.to_dict() == {"complainant": 3, "officer_rank": 1, "race": 1}
    assert found.table.loc[found.table["column"] == "race", "cut"].tolist() == ["every cut"]
    none = outcomes.proportional_odds(punished, ON, free=[])
    np.testing.assert_allclose(none.fit.coefficients, none.proportional.coefficients, atol=1e-8)


def test_places_are_told_by_their_spread_and_never_by_name(rows):
    made = source(table_of(rows, finding=np.where(rows["hit"] == 1, "sustained", "unfounded")))
    found = outcomes.sustained_mixed_logit(made, ["complainant", "race"], "squad")
    assert found.places == 30
    shares = found.spread.loc[found.spread["quantity"].str.startswith("share"), "estimate"]
    assert shares.is_monotonic_increasing
    texts = repr(found) + found.sentence() + found.spread.to_string() + found.table.to_string()
    assert "squad 1" not in texts
    overall = found.margins.loc[found.margins["column"] == "complainant", "estimate"]
    assert overall.min() < rows["hit"].mean() < overall.max()


# ---- what was planted is covered as often as stated ------------------------------------------------------------


def test_intervals_hold_the_planted_numbers_as_often_as_stated():
    """80 samples; fewer than 68 of 80 intervals at 95 % would happen less than once in ten thousand."""
    rng = np.random.default_rng(12)
    held = np.zeros(3)
    for _ in range(80):
        x = rng.integers(0, 2, 700).astype(float)
        design, pattern = distinct_rows(np.column_stack([np.ones(700), x]))
        who = np.arange(700)
        mean = np.exp(1.0 + 0.5 * x)
        days = rng.negative_binomial(1.5, 1.5 / (1.5 + mean))
        some = days > 0
        inner, members = np.unique(pattern[some], return_inverse=True)
        index = np.column_stack([np.zeros(700), 0.6 * x, -0.4 * x])
        way = np.argmax(index + rng.gumbel(size=(700, 3)), axis=1)
        place = rng.integers(0, 25, 700)
        tilt = -0.5 + 0.6 * x + rng.normal(0, 0.6, 25)[place]
        fits = (
            (
                truncated_counts.fit_truncated(
                    design[inner], members, days[some], who[: some.sum()], "negative_binomial"
                ),
                2,
                0.5,
            ),
            (fit_multinomial(design, pattern, way, who), 1, 0.6),
            (
                fit_random_intercept(design, pattern, (rng.random(700) < 1 / (1 + np.exp(-tilt))).astype(float), place),
                1,
                0.6,
            ),
        )
        for k, (fit, at, truth) in enumerate(fits):
            held[k] += abs(fit.coefficients[at] - truth) < 1.96 * np.sqrt(fit.plain[at, at])
    assert (held >= 68).all()


@pytest.mark.parametrize("sd", [0.0, 0.6])
def test_the_spread_of_places_is_covered_and_none_is_seldom_rejected(sd):
    """A spread of 0 lies in the interval; fewer than 44 of 50 at 95 % would happen once in 3,000."""
    rng, held, rejected, samples, places = np.random.default_rng(5), 0, 0, 50, 20
    design = np.array([[1.0, 0.0], [1.0, 1.0]])
    for _ in range(samples):
        x, place = rng.integers(0, 2, 30 * places), np.repeat(np.arange(places), 30)
        index = -0.5 + 0.6 * x + rng.normal(0, sd, places)[place]
        hits = (rng.random(len(x)) < 1 / (1 + np.exp(-index))).astype(float)
        try:
            fit = fit_random_intercept(design, x, hits, place, 7)
        except Refusal:
            held += sd == 0
            continue
        lower, upper, p_value = spread_limits(fit, design, x, hits, place, 0.95, 7)
        held += lower <= sd <= upper
        rejected += p_value < 0.05
    assert held >= 44
    assert rejected <= 8 if sd == 0 else rejected >= 40


def test_the_planted_coefficient_and_spread_of_squads_are_recovered():
    """The generated agency plants 0.9 for complaints from inside and squads' effects of known spread."""
    import accountability

    data = accountability.load("synthetic")
    merits = accountability.Cohort.of(data).keep_if(
        lambda rows: ~rows["finding"].isin(["closed_without_finding", "pending"]), because="a finding", of="allegations"
    )
    found = outcomes.sustained_mixed_logit(
        merits, ["complainant", "complaint_type"], "squad", reference={"complainant": "public"}
    )
    row = found.table.set_index("level").loc["internal"]
    assert abs(row["estimate"] - 0.9) < 2.5 * row["std_error"]
    spread = found.spread.set_index("quantity").loc["standard deviation in log odds"]
    assert spread["lower"] < 0.5 < spread["upper"]


# ---- refused -----------------------------------------------------------------------------------------------------


def test_what_cannot_be_modelled_is_refused(punished, suspended, ended):
    with pytest.raises(Refusal, match="holds no imposed_penalty"):
        outcomes.outcome_multinomial(ended, ON, of="imposed_penalty")
    with pytest.raises(Refusal, match="holds no days"):
        outcomes.days_hurdle(punished, ON)
    with pytest.raises(ParameterError, match="no unit ended as 'pending'"):
        outcomes.outcome_multinomial(ended, ON, base="pending")
    with pytest.raises(ParameterError, match="free='squad' is not in the model"):
        outcomes.proportional_odds(punished, ON, free=["squad"])
    with pytest.raises(ParameterError, match="groups officers"):
        outcomes.sustained_mixed_logit(ended, ["race"], "officer_id")
    with pytest.raises(ParameterError, match="family must be one of"):
        outcomes.days_hurdle(suspended, ON, family="normal")
    with pytest.raises(ParameterError, match="at least one column"):
        outcomes.days_hurdle(suspended, [])


@pytest.mark.parametrize(
    ("days", "error", "says"), [(-3.0, ParameterError, "cannot be negative"), (9999.0, Refusal, "a code, not a length")]
)
def test_absurd_days_are_refused(suspended, days, error, says):
    table = suspended.allegations.copy()
    place = table.index[table["imposed_penalty"] == "suspension"][0]
    table.loc[place, "imposed_days"] = days
    with pytest.raises(error, match=says):
        outcomes.days_hurdle(source(table), ON)


def test_places_that_differ_only_by_chance_are_refused():
    rng = np.random.default_rng(3)
    x = rng.integers(0, 2, 2000).astype(float)
    design, pattern = distinct_rows(np.column_stack([np.ones(2000), x]))
    place = np.repeat(np.arange(20), 100)
    # every place has the same hits among the same rows
    hits = np.tile((rng.random(100) < 0.4).astype(float), 20)
    with pytest.raises(Refusal, match="no more than chance"):
        fit_random_intercept(design, np.tile(pattern[:100], 20), hits, place)
    with pytest.raises(Refusal, match="too few"):
        fit_random_intercept(design, pattern, hits, place % 3)


def test_a_way_no_one_of_a_level_took_is_refused_and_rare_ways_are_put_together(rows):
    finding = pd.Series(FINDINGS[rows["way"]])
    finding[(rows["internal"] == 1) & (finding == "exonerated")] = "unfounded"
    with pytest.raises(Refusal, match="complainant = internal has no 'exonerated'"):
        outcomes.outcome_multinomial(source(table_of(rows, finding=finding)), ["complainant"], sparse="refuse")
    rare = pd.Series(FINDINGS[rows["way"]]).mask(pd.Series(np.arange(len(rows)) < 6), "policy_failure")
    found = outcomes.outcome_multinomial(source(table_of(rows, finding=rare)), ["complainant"])
    assert "policy_failure" not in set(found.margins["outcome"])
    assert "other endings" in set(found.margins["outcome"])


def test_small_cells_are_hidden_in_every_table(rows):
    import matplotlib as mpl

    mpl.use("Agg")
    table = table_of(rows, finding=FINDINGS[rows["way"]])
    table.loc[:5, "officer_rank"] = "chief"
    table.loc[:5, "finding"] = ["sustained", "sustained", "unfounded", "unfounded", "exonerated", "not_sustained"]
    found = outcomes.outcome_multinomial(source(table), ["officer_rank"])
    # six chiefs are put together with the next smallest rank, whose number would else follow from the rest
    assert set(found.margins["level"]) == {"officer", "sergeant", "other (small groups)"}
    assert found.margins.drop_duplicates("level")["n"].sum() == len(rows)
    strict = outcomes.outcome_multinomial(source(table), ["officer_rank"], min_cell=40)
    for frame in (strict.table, strict.margins, strict.contrasts):
        numbers = frame.loc[frame["hidden"]].select_dtypes("number")
        assert len(numbers)
        assert numbers.isna().all(axis=None)
    assert (strict.margins.groupby("level")["hidden"].sum() != 1).all()
    assert found.plot().get_xlabel().startswith("chance of each ending")


def test_figures_and_sentences_of_each_model(punished, suspended, rows):
    import matplotlib as mpl

    mpl.use("Agg")
    days = outcomes.days_hurdle(suspended, ON)
    assert days.sentence().startswith("Mean days lost among sustained officer-complaints")
    assert "mean days" in days.plot().get_xlabel()
    cuts = outcomes.proportional_odds(punished, ON)
    assert "clustered Wald test, chi-squared" in cuts.sentence()
    assert cuts.plot().get_xscale() == "log"
    made = source(table_of(rows, finding=np.where(rows["hit"] == 1, "sustained", "unfounded")))
    assert outcomes.sustained_mixed_logit(made, ["race"], "squad").plot().get_xlabel() == "share sustained"
