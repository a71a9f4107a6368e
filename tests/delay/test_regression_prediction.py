"""Predicted curves, differences and the test of proportionality against R, and their clustered errors against a
jackknife done by hand."""

import numpy as np
import pandas as pd
import pytest
from conftest import full
from test_regression_cox import BUREAU, CLOSE, RELEASE, VALUES, VETERAN

import accountability
from accountability import delay
from accountability.errors import ParameterError, Refusal
from accountability.study.durations import Durations

STATED = [{"unit": "bureau", "accused": 1, "years": 8.0}, {"unit": "oversight", "accused": 3, "years": 12.0}]
DAYS = [30, 90, 150]


def zph(model, scale):
    rows = VALUES[(VALUES["model"] == model) & (VALUES["name"] == f"zph {scale}")]
    return rows.set_index("term")["value"].rename({"GLOBAL": "all"})


@pytest.mark.parametrize("ties", ["efron", "breslow"])
class TestAgainstR:
    def test_curves(self, ties):
        model = delay.cox(RELEASE, ["unit", "accused", "years"], ties=ties, reference=BUREAU)
        table = delay.predicted_curves(model, STATED, days=DAYS).table
        rows = VALUES[VALUES["model"] == f"release.{ties}"]
        for column, name in (
            ("estimate", "open"),
            ("std_error", "open se"),
            ("lower", "open low"),
            ("upper", "open high"),
        ):
            theirs = rows[rows["name"] == name].sort_values(["term", "day"])["value"].tolist()
            assert table[column].tolist() == pytest.approx(theirs, **CLOSE)

    @pytest.mark.parametrize("scale", ["km", "rank", "identity", "log"])
    def test_proportionality(self, ties, scale):
        model = delay.cox(RELEASE, ["unit", "accused", "years"], ties=ties, reference=BUREAU)
        test = delay.proportionality(model, scale)
        theirs = zph(f"release.{ties}", scale)
        ours = test.table.set_index("term")["statistic"]
        assert ours[theirs.index].tolist() == pytest.approx(theirs.tolist(), **CLOSE)
        columns = ["trt", "celltype", "karno", "diagtime", "age", "prior"]
        test = delay.proportionality(delay.cox(VETERAN, columns, ties=ties), scale)
        theirs = zph(f"veteran.{ties}", scale)
        ours = test.table.set_index("term")["statistic"]
        assert ours[theirs.index].tolist() == pytest.approx(theirs.tolist(), **CLOSE)

    @pytest.mark.parametrize("scale", ["km", "identity"])
    def test_proportionality_within_strata(self, ties, scale):
        model = delay.cox(RELEASE, ["unit", "accused", "years"], ties=ties, strata="office")
        ours = delay.proportionality(model, scale).table.set_index("term")["statistic"]
        theirs = zph(f"release.strata.{ties}", scale)
        assert ours[theirs.index].tolist() == pytest.approx(theirs.tolist(), **CLOSE)


def test_a_difference_is_that_of_the_curves_with_a_delta_method_error():
    model = delay.cox(RELEASE, ["unit", "accused"], reference=BUREAU)
    one, other = {"unit": "oversight", "accused": 1}, {"unit": "bureau", "accused": 1}
    gaps = delay.share_differences(model, one, other, days=[30, 120])
    curves = delay.predicted_curves(model, [other, one], days=[30, 120]).table["estimate"].to_numpy()
    assert gaps.table["estimate"].tolist() == pytest.approx((curves[:2] - curves[2:]).tolist())
    alone = delay.share_differences(model, one, one, days=[30]).table.iloc[0]
    assert alone["estimate"] == 0
    assert alone["std_error"] == pytest.approx(0, abs=1e-12)
    assert "not effects" in gaps.sentence()
    assert len(gaps.plot().get_yticklabels()) == 2


@pytest.mark.parametrize("ties", ["efron", "breslow"] if full() else ["efron"])
def test_clustered_errors_are_the_jackknife_over_clusters(ties):
    """Leaving out one cluster after the other gives the same spread, as the clusters grow many."""
    rng = np.random.default_rng(8)
    officer = np.repeat(np.arange(250), 4)
    luck = np.repeat(rng.normal(0, 0.5, 250), 4)
    group = rng.integers(0, 2, 1000)
    took = rng.exponential(60 * np.exp(luck - 0.4 * group)).astype(int)
    watched = rng.integers(40, 200, 1000)
    day, closed = np.minimum(took, watched), took <= watched

    def fit(kept):
        groups = {"group": group[kept], "officer": officer[kept]}
        model = delay.cox(
            Durations.from_days(day[kept], closed[kept], groups=groups), ["group"], ties=ties, cluster="officer"
        )
        return delay.share_differences(model, {"group": 1}, {"group": 0}, days=[50]).table.iloc[0]

    whole = fit(np.ones(1000, bool))
    left_out = np.array([fit(officer != one)["estimate"] for one in range(250)])
    jackknife = np.sqrt(249 / 250 * np.sum((left_out - left_out.mean()) ** 2))
    assert whole["std_error"] == pytest.approx(jackknife, rel=0.02)


def test_curves_of_strata_and_unknown_covariates():
    model = delay.cox(RELEASE, ["unit"], strata="office")
    table = delay.predicted_curves(
        model, [{"unit": "bureau", "office": office} for office in ("north", "south")], days=[60]
    ).table
    assert table["estimate"].nunique() == 2
    with pytest.raises(ParameterError, match=r"state \['office'\]"):
        delay.predicted_curves(model, {"unit": "bureau"})
    with pytest.raises(ParameterError, match="no stratum west"):
        delay.predicted_curves(model, {"unit": "bureau", "office": "west"})
    with pytest.raises(ParameterError, match="no level 'nobody' in this model; it has bureau"):
        delay.predicted_curves(model, {"unit": "nobody", "office": "north"})
    with pytest.raises(ParameterError, match=r"state a value for \['unit'\]"):
        delay.predicted_curves(model, {"office": "north"})
    with pytest.raises(ParameterError, match="whole numbers from 0"):
        delay.predicted_curves(model, {"unit": "bureau", "office": "north"}, days=[-1])


def test_a_formula_predicts_what_its_columns_do():
    by_formula = delay.cox(RELEASE, "unit + np.log(years)", reference=BUREAU)
    logged = RELEASE.table.assign(log=np.log(RELEASE.table["years"]))
    made = Durations.from_days(
        RELEASE.days_lower, RELEASE.event, entry_time=RELEASE.entry_time, groups=dict(logged[["unit", "log"]])
    )
    by_columns = delay.cox(made, ["unit", "log"], reference=BUREAU)
    one = delay.predicted_curves(by_formula, {"unit": "district", "years": 5.0}, days=[40]).table
    two = delay.predicted_curves(by_columns, {"unit": "district", "log": np.log(5.0)}, days=[40]).table
    pd.testing.assert_series_equal(one["estimate"], two["estimate"])


def test_a_ratio_that_turns_is_seen():
    rng = np.random.default_rng(5)
    group = rng.integers(0, 2, 3000)
    early = rng.exponential(50, 3000)
    took = np.where(group == 1, np.where(early < 30, early, 30 + (early - 30) * 3), early).astype(int)
    model = delay.cox(Durations.from_days(took, groups={"group": group}), ["group"])
    test = delay.proportionality(model)
    assert test.table["p_value"].max() < 1e-6
    assert "changes with age for group (p < 0.001)" in test.sentence()
    ratios = test.ratios["estimate"].to_numpy()
    assert ratios[0] == pytest.approx(1, abs=0.25)
    assert ratios[-1] < 0.6
    assert test.plot().get_xlabel() == "days"
    with pytest.raises(ParameterError, match="no term 'x'"):
        test.plot(term="x")


def test_what_cannot_be_tested_is_refused():
    model = delay.cox(Durations.from_days([0, 1, 0, 1, 0, 1], groups={"x": [1.0, 2, 2, 1, 2, 1]}), ["x"])
    with pytest.raises(Refusal, match="fewer than three days"):
        delay.proportionality(model)
    with pytest.raises(ParameterError, match="scale must be one of"):
        delay.proportionality(model, "sqrt")
    made = Durations.from_days([0, 1, 2, 3, 4, 5], groups={"x": [1.0, 2, 2, 1, 2, 1]})
    with pytest.raises(Refusal, match="no logarithm"):
        delay.proportionality(delay.cox(made, ["x"]), "log")
    with pytest.raises(Refusal, match="without penalty"):
        delay.proportionality(delay.cox(made, ["x"], penalty="firth"))


def test_a_dataset_is_taken_with_a_formula_and_the_causes_named():
    data = accountability.load("synthetic")
    plain = delay.cox(data, ["category", "officer_rank"])
    formula = delay.cox(data, "category + officer_rank", causes=None)
    assert formula.coefficients == pytest.approx(plain.coefficients)
    assert delay.cox(data, "category", causes="finding", cause="sustained", cluster="squad").clusters > 1
    for call in (delay.predicted_curves, delay.share_differences, delay.proportionality):
        stated = [] if call is delay.proportionality else [{"category": "Force"}]
        more = [{"category": "Search"}] if call is delay.share_differences else []
        with pytest.raises(ParameterError, match=rf"{call.__name__} needs a fitted Cox.*\n.*delay\.cox\(data"):
            call(data, *stated, *more, **({"days": [1]} if more else {}))


def test_terms_that_rest_on_few_are_hidden_and_the_others_keep_their_numbers():
    rng = np.random.default_rng(1)
    unit = np.repeat(["a", "b", "c"], [200, 100, 6])
    made = Durations.from_days(rng.integers(1, 300, 306), rng.random(306) < 0.8, groups={"unit": unit})
    for found in (delay.cox(made, "unit"), delay.parametric(made, "unit"), delay.exact_rates(made, "unit")):
        true, shown = found.true_numbers(), found.table
        hidden = shown["hidden"].to_numpy(dtype=bool)
        assert hidden.any()
        assert not hidden.all()
        assert shown.loc[hidden, "estimate"].isna().all()
        assert shown.loc[~hidden, "estimate"].tolist() == true.loc[~hidden, "estimate"].tolist()
        assert "unit=c" not in found.sentence()
