"""Coefficients without a finite estimate are refused by name; Firth's penalty and exact rates answer instead."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from test_regression_cox import BUREAU, FOLDER, RELEASE, VALUES

from accountability import delay
from accountability.errors import ParameterError, Refusal
from accountability.study.durations import Durations, Sampling


def rare():
    """The release with nothing closed by the oversight office."""
    table = pd.read_csv(FOLDER / "hazard_data.csv")
    closed = (table["closed"] == 1) & (table["unit"] != "oversight")
    names = ("unit", "accused", "years", "office", "officer")
    return Durations.from_days(
        table["day"], closed, entry_time=table["entry"], groups={name: table[name] for name in names}
    )


def test_a_group_without_a_closing_is_named():
    with pytest.raises(Refusal, match=r"unit=oversight has no closing among 95 cases.*firth.*exact_rates"):
        delay.cox(rare(), ["unit", "accused"])
    with pytest.raises(Refusal, match="unit=oversight has no closing"):
        delay.cox(rare(), ["unit", "accused"], reference={"unit": "oversight"})


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_firth_is_the_penalised_maximum(ties):
    """R's coxph gives likelihood and information at stated coefficients; the script searches their penalised sum."""
    fit = delay.cox(rare(), ["unit", "accused"], reference=BUREAU, penalty="firth", ties=ties)
    rows = VALUES[VALUES["model"] == f"rare.firth.{ties}"]
    # R's search has no derivatives: its value is sharp, its place less so.
    assert fit.log_likelihood == pytest.approx(rows[rows["name"] == "loglik"]["value"].item(), rel=1e-11)
    theirs = rows[rows["name"] == "coefficient"]["value"].tolist()
    assert fit.coefficients.tolist() == pytest.approx(theirs, abs=2e-5)
    row = fit.table.set_index("term").loc["unit=oversight"]
    assert row["events"] == 0
    assert 0 <= row["lower"] < row["estimate"] < row["upper"] < 1
    assert row["p_value"] < 0.001


def test_firth_equals_the_closed_form_for_two_groups_and_one_day():
    """One closing day, Breslow ties: the partial likelihood is binomial, and the penalty adds half to each count."""
    group = np.array([0] * 40 + [1] * 10)
    closed = np.array([True] * 8 + [False] * 42)
    made = Durations.from_days(np.full(50, 5), closed, groups={"group": group})
    fit = delay.cox(made, ["group"], penalty="firth", ties="breslow")
    # Share of closings in group 1 is p = 10 r / (40 + 10 r); maximise 8 log(1 - p) + log(p (1 - p)) / 2.
    share = 0.5 / 9
    assert np.exp(fit.coefficients[0]) == pytest.approx(share / (1 - share) * 40 / 10, rel=1e-8)


def test_separation_by_order_is_found_though_every_group_closes():
    """All of one group close before any of the other: the ratio grows for ever."""
    made = Durations.from_days([1, 2, 3, 4, 11, 12, 13, 14], groups={"group": list("aaaabbbb"), "x": [0, 1] * 4})
    with pytest.raises(Refusal, match=r"group=b separates the cases.*no finite estimate"):
        delay.cox(made, ["group", "x"])
    assert np.isfinite(delay.cox(made, ["group", "x"], penalty="firth").coefficients).all()


def test_a_number_that_orders_the_closings_is_found():
    made = Durations.from_days([1, 2, 3, 4, 5, 6], groups={"x": [6.0, 5.0, 4.0, 3.0, 2.0, 1.0]})
    with pytest.raises(Refusal, match="x separates the cases"):
        delay.cox(made, ["x"])


def test_columns_that_say_the_same_are_named():
    made = rare().table.assign(again=lambda t: t["accused"] * 2.0 + 1)
    both = Durations.from_days(RELEASE.days_lower, RELEASE.event, groups=dict(made[["accused", "again", "years"]]))
    with pytest.raises(Refusal, match=r"accused, again are collinear"):
        delay.cox(both, ["accused", "again", "years"])
    with pytest.raises(
        Refusal, match=r"no closing compares different values of unit=district, unit=oversight within the strata"
    ):
        delay.cox(RELEASE, ["unit"], strata="unit")


def frame(**columns):
    return Durations.from_days(np.arange(1, 9), groups=columns)


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"x": [1.0, np.nan, 2, 3, 4, 5, 6, 7]}, r"1 of 8 cases have no 'x'.*label_missing"),
        ({"x": [1.0, np.inf, 2, 3, 4, 5, 6, 7]}, "infinite"),
        ({"x": pd.date_range("2020-01-01", periods=8)}, "holds dates"),
        ({"x": pd.array([1, 2, 3, 4, 5, 6, 7, 8], dtype="Int64")}, r"nullable \(Int64\).*astype\('int64'\)"),
        ({"x": pd.array([True, False] * 4, dtype="boolean")}, r"nullable \(boolean\).*astype\('bool'\)"),
        ({"x": ["a"] * 8}, "one value"),
        ({"x": [3] * 8}, "same for every case"),
        ({"y": [1, 2] * 4}, "no column 'x' in these durations; there are y"),
    ],
)
def test_a_column_that_cannot_be_a_covariate_is_refused_with_advice(columns, says):
    with pytest.raises((ParameterError, Refusal), match=says):
        delay.cox(frame(**columns), ["x"])


@pytest.mark.parametrize(
    ("formula", "says"),
    [
        ("closed ~ x", "left-hand side"),
        ("0 + x", "intercept"),
        ("x + other", "no column 'other'"),
        ("x +", "cannot be read"),
        ("np.log(x - 100)", "same for every case|cannot be computed|infinite|no finite"),
        ("days_lower", "no column 'days_lower' in these durations"),
    ],
)
def test_a_formula_that_cannot_be_used_is_refused(formula, says):
    with pytest.raises((ParameterError, Refusal), match=says):
        delay.cox(frame(x=[1.0, 2, 2, 1, 4, 3, 2, 1]), formula)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"ties": "exact"}, "ties must be"),
        ({"penalty": "ridge"}, "penalty must be"),
        ({"penalty": "firth", "cluster": "x"}, "not defined"),
        ({"reference": {"x": "z"}}, "no level 'z'"),
        ({"reference": {"y": "z"}}, "does not use"),
        ({"cause": "a"}, "name both"),
        ({"causes": "x", "cause": "q"}, "no case closed as 'q'"),
        ({"confidence": 95}, "confidence must lie between"),
        ({"strata": "nowhere"}, "no column 'nowhere'"),
    ],
)
def test_an_option_that_means_nothing_is_refused(options, says):
    with pytest.raises(ParameterError, match=says):
        delay.cox(frame(x=list("abababba")), ["x"], **options)


def test_all_open_one_case_and_closed_only_are_refused():
    groups = {"x": [0, 1, 0, 1]}
    with pytest.raises(Refusal, match="none of 4 cases is closed"):
        delay.cox(Durations.from_days([1, 2, 3, 4], [False] * 4, groups=groups), ["x"])
    with pytest.raises(Refusal, match="same for every case"):
        delay.cox(Durations.from_days([5], groups={"x": [1.0]}), ["x"])
    with pytest.raises(Refusal, match="only 1 closing"):
        delay.cox(Durations.from_days([1, 2, 3, 4], [True, False, False, False], groups=groups), ["x"])
    with pytest.raises(Refusal, match="closed cases only"):
        delay.cox(Durations.from_days([1, 2, 3, 4], groups=groups, sampling=Sampling("closed_only", "excluded")), ["x"])
    with pytest.raises(Refusal, match="dated less finely than a day"):
        delay.cox(Durations.from_days([1, 2, 3, 4], days_upper=[9, 9, 9, 9], groups=groups), ["x"])


def test_exact_rates_are_garwood_and_clopper_pearson():
    made = rare()
    result = delay.exact_rates(made, "unit", reference="bureau")
    rows = result.table.set_index("unit")
    days = pd.Series(made.end - made.entry_time + 1).groupby(made.table["unit"]).sum()
    closed = pd.Series(made.event).groupby(made.table["unit"]).sum()
    for unit, row in rows.iterrows():
        low = stats.chi2.ppf(0.025, 2 * closed[unit]) / 2 if closed[unit] else 0
        high = stats.chi2.ppf(0.975, 2 * closed[unit] + 2) / 2
        assert [row["lower"], row["upper"]] == pytest.approx([1000 * low / days[unit], 1000 * high / days[unit]])
        if unit != "bureau":
            exact = stats.binomtest(int(closed[unit]), int(closed[unit] + closed["bureau"])).proportion_ci(
                method="exact"
            )
            odds = [one / (1 - one) * days["bureau"] / days[unit] for one in exact]
            assert [row["ratio_lower"], row["ratio_upper"]] == pytest.approx(odds)
    assert rows.loc["oversight", ["events", "estimate", "lower", "ratio"]].tolist() == [0, 0, 0, 0]
    assert "oversight: 0.00" in result.sentence()
    with pytest.raises(ParameterError, match="no group 'nobody'"):
        delay.exact_rates(made, "unit", reference="nobody")


def test_a_slope_that_only_two_columns_together_climb_is_found_and_the_penalty_ends_it():
    """Neither column separates alone; rounding would end the newton far out with an estimate that means nothing."""
    rows = [(0, 0, 0, "b", 0)] * 2 + [(0, 0, 0, "b", 3), (0, 1, 0, "b", 3), (3, 1, 2, "b", 3), (3, 1, 0, "b", 3)]
    rows += [(4, 1, 4, "a", 0), (4, 0, 0, "b", 3)]
    day, closed, entry, group, number = (list(column) for column in zip(*rows, strict=True))
    made = Durations.from_days(day, np.array(closed) == 1, entry_time=entry, groups={"group": group, "number": number})
    with pytest.raises(Refusal, match="group=a, number separate the cases"):
        delay.cox(made, ["group", "number"])
    fit = delay.cox(made, ["group", "number"], penalty="firth")
    assert np.isfinite(fit.true_numbers()["estimate"]).all()
    assert (fit.true_numbers()["lower"] < fit.true_numbers()["estimate"]).all()
    assert (fit.true_numbers()["estimate"] < fit.true_numbers()["upper"]).all()


@pytest.mark.parametrize(
    "call",
    [
        lambda made: delay.cox(made, None),
        lambda made: delay.cox(made, "x", reference=5),
        lambda made: delay.predicted_curves(delay.cox(made, "x"), 5),
        lambda made: delay.predicted_curves(delay.cox(made, "x"), {"x": 1}, days="a"),
        lambda made: delay.share_differences(delay.cox(made, "x"), {"x": 1}, 5, days=[3]),
        lambda made: delay.proportionality(delay.cox(made, "x"), 5),
        lambda made: delay.discrete_time(made, "x", period="a"),
        lambda made: delay.parametric(made, "x", 5),
        lambda made: delay.exact_rates(made, per="x"),
    ],
)
def test_a_wrong_kind_of_argument_is_refused_in_our_words(call):
    with pytest.raises(ParameterError):
        call(frame(x=[1.0, 2, 2, 1, 4, 3, 2, 1]))


def _two_groups(change: float) -> Durations:
    """Two groups of 150, of which b closes faster until day 60 and slower after; and 4 cases that never close."""
    unit = np.random.default_rng(4).exponential(1, 300)
    group = np.repeat(["a", "b"], 150).astype(object)
    early, late = 0.01 * np.exp(change), 0.01 * np.exp(-change)
    days = np.where(group == "a", unit / 0.01, np.minimum(unit / early, 60) + np.maximum(unit - 60 * early, 0) / late)
    closed = days < 250
    group[:4], closed[:4], days[:4] = "r", False, 30
    return Durations.from_days(np.minimum(days, 250).astype(int), closed, groups={"g": list(group)})


def test_firth_says_too_where_ratios_change_with_age():
    changing = delay.cox(_two_groups(0.6), "g", penalty="firth").sentence()
    assert changing.startswith("The ratios change as cases grow old (p < 0.001, score test")
    assert delay.cox(_two_groups(0.0), "g", penalty="firth").sentence().startswith("Among 300 cases")


def test_the_test_of_a_change_with_age_is_that_of_the_plain_model_in_large_data():
    """Chi-squared with Firth's penalty and without it: the penalty adds half a closing to 300."""
    table = pd.read_csv(FOLDER / "hazard_data.csv")
    made = Durations.from_days(table["day"], table["closed"] == 1, groups={"unit": table["unit"]})
    plain, firth = (delay.cox(made, "unit", penalty=penalty)._changes_with_age() for penalty in (None, "firth"))
    assert firth == pytest.approx(plain, rel=0.05)
    assert 0 < firth < 1
