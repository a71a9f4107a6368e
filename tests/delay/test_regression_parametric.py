"""Parametric regressions against R's survreg, and what R does not have (late entry) against a likelihood by hand."""

import numpy as np
import pandas as pd
import pytest
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from test_regression_cox import BUREAU, CLOSE, FOLDER, RELEASE, VALUES, VETERAN

from accountability import delay
from accountability.errors import ParameterError, Refusal
from accountability.study.durations import Durations

FAMILIES = ["weibull", "lognormal", "loglogistic"]


def intervals():
    table = pd.read_csv(FOLDER / "hazard_intervals.csv")
    names = ("unit", "accused", "years", "officer")
    return Durations.from_days(
        table["low"],
        table["closed"] == 1,
        days_upper=table["high"].fillna(0).astype(int),
        groups={name: table[name] for name in names},
    )


def watched_from_the_start(made):
    return Durations.from_days(
        made.days_lower, made.event, groups=dict(made.table[["unit", "accused", "years", "officer"]])
    )


def compare(model, fit, robust=False):
    rows = VALUES[VALUES["model"] == model]
    terms = ["(Intercept)", *(name.replace("=", "") for name in fit.table["term"]), "log(scale)"]
    at = [fit.intercept, *fit.coefficients, fit.log_scale]
    theirs = rows[rows["name"] == "coefficient"].set_index("term")["value"]
    assert sorted(theirs.index) == sorted(terms)
    assert at == pytest.approx(theirs[terms].tolist(), **CLOSE)
    errors = rows[rows["name"] == ("robust se" if robust else "se")].set_index("term")["value"]
    assert np.sqrt(np.diag(fit.full_covariance)).tolist() == pytest.approx(errors[terms].tolist(), **CLOSE)
    assert fit.log_likelihood == pytest.approx(rows[rows["name"] == "loglik"]["value"].item(), rel=1e-9)


@pytest.mark.parametrize("family", FAMILIES)
class TestAgainstR:
    def test_exact_and_open(self, family):
        made = watched_from_the_start(RELEASE)
        fit = delay.parametric(made, ["unit", "accused", "years"], family, dates="point", reference=BUREAU)
        compare(f"release.point.{family}", fit)

    def test_clustered_errors(self, family, monkeypatch):
        # R has no correction for few clusters
        monkeypatch.setattr("accountability.stats.sandwich.FEW", 0)
        fit = delay.parametric(
            watched_from_the_start(RELEASE),
            ["unit", "accused", "years"],
            family,
            dates="point",
            reference=BUREAU,
            cluster="officer",
        )
        compare(f"release.point.cluster.{family}", fit, robust=True)
        assert fit.table["df"].max() < fit.clusters

    def test_intervals(self, family):
        fit = delay.parametric(intervals(), ["unit", "accused", "years"], family, reference=BUREAU)
        compare(f"release.interval.{family}", fit)

    def test_a_classic_table(self, family):
        reference = {"celltype": "squamous"}
        fit = delay.parametric(VETERAN, ["trt", "celltype", "karno"], family, dates="point", reference=reference)
        compare(f"veteran.{family}", fit)


SHAPES = {
    "weibull": lambda scale, location: stats.weibull_min(1 / scale, scale=np.exp(location)),
    "lognormal": lambda scale, location: stats.lognorm(scale, scale=np.exp(location)),
    "loglogistic": lambda scale, location: stats.fisk(1 / scale, scale=np.exp(location)),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_late_entry_is_the_likelihood_by_hand(family):
    x = RELEASE.table["accused"].to_numpy(dtype=float)

    def value(at):
        shape = SHAPES[family](np.exp(at[2]), at[0] + at[1] * x)
        seen = shape.sf(RELEASE.entry_time)
        closed = shape.sf(RELEASE.days_lower) - shape.sf(RELEASE.days_lower + 1)
        return np.log(np.where(RELEASE.event, closed, shape.sf(RELEASE.days_lower + 1)) / seen).sum()

    fit = delay.parametric(RELEASE, ["accused"], family)
    at = np.array([fit.intercept, *fit.coefficients, fit.log_scale])
    assert fit.log_likelihood == pytest.approx(value(at), rel=1e-10)
    assert optimize.approx_fprime(at, value, 1e-6).tolist() == pytest.approx([0, 0, 0], abs=0.01)
    found = optimize.minimize(
        lambda one: -value(one), at + 0.1, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-10}
    )
    assert found.x.tolist() == pytest.approx(at.tolist(), abs=1e-5)


cases = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 9), st.booleans(), st.sampled_from("ab")), min_size=10, max_size=40
)


@settings(max_examples=examples(30))
@given(cases, st.sampled_from(FAMILIES), st.randoms(use_true_random=False))
def test_row_order_and_labels_change_nothing(rows, family, random):
    def fitted(some, names=str):
        low, width, closed, group = (list(column) for column in zip(*some, strict=True))
        made = Durations.from_days(
            low, closed, days_upper=np.array(low) + width, groups={"group": [names(one) for one in group]}
        )
        try:
            return delay.parametric(made, ["group"], family, reference={"group": names("a")})
        except ValueError:
            return None

    whole = fitted(rows)
    shuffled = rows.copy()
    random.shuffle(shuffled)
    for other in (fitted(shuffled), fitted(rows, lambda one: f"z{one}")):
        assert (other is None) == (whole is None)
        if whole is not None and other is not None:
            assert other.coefficients.tolist() == pytest.approx(whole.coefficients.tolist(), abs=1e-6)
            assert other.log_likelihood == pytest.approx(whole.log_likelihood, abs=1e-8)


def test_the_planted_ratio_and_shape_are_found_from_months():
    rng = np.random.default_rng(4)
    group = rng.integers(0, 2, 20_000)
    took = rng.weibull(1.4, 20_000) * 200 * np.exp(0.3 * group)
    month = (took // 30).astype(int) * 30
    watched = rng.integers(6, 20, 20_000) * 30
    closed = took < watched
    made = Durations.from_days(
        np.where(closed, month, watched - 1), closed, days_upper=month + 29, groups={"group": group}
    )
    fit = delay.parametric(made, ["group"])
    row = fit.table.iloc[0]
    assert abs(row["coefficient"] - 0.3) < 4 * row["std_error"]
    assert np.exp(-fit.log_scale) == pytest.approx(1.4, abs=0.05)
    open_share = fit.still_open([{"group": 0}, {"group": 1}], [99])
    assert open_share["estimate"].tolist() == pytest.approx(
        [np.exp(-((100 / 200) ** 1.4)), np.exp(-((100 / 200 / np.exp(0.3)) ** 1.4))], abs=0.01
    )
    assert (open_share["lower"] < open_share["estimate"]).all()
    assert (open_share["estimate"] < open_share["upper"]).all()


def test_what_has_no_finite_estimate_is_refused():
    made = Durations.from_days([1, 5, 9, 3, 7], [True, True, True, False, False], groups={"group": list("aaabb")})
    with pytest.raises(Refusal, match="group=b has no closing among 2 cases"):
        delay.parametric(made, ["group"])
    alike = Durations.from_days([5] * 6, groups={"group": list("aaabbb")})
    with pytest.raises(Refusal, match="do not fix the scale"):
        delay.parametric(alike, ["group"])
    with pytest.raises(Refusal, match="closed on day 0"):
        delay.parametric(Durations.from_days([0, 1, 2, 3], groups={"x": [1, 2, 1, 2]}), ["x"], dates="point")
    with pytest.raises(Refusal, match="only known to lie in an interval"):
        delay.parametric(intervals(), ["accused"], dates="point")
    with pytest.raises(ParameterError, match="family must be one of"):
        delay.parametric(made, ["group"], "gamma")
