"""Against R's survival and cmprsk on classic data; the script lies beside the values in tests/reference."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from accountability import delay
from accountability.study.durations import Durations

FOLDER = Path(__file__).resolve().parents[1] / "reference"
VALUES = pd.read_csv(FOLDER / "delay_exact.csv", keep_default_na=False, na_values={"value": ["NA"], "day": ["NA"]})

# Both sides compute in double precision and print 15 digits; sums over a few hundred days lose a few of them.
CLOSE = {"rel": 1e-9, "abs": 1e-9}


def data(name):
    table = pd.read_csv(FOLDER / "delay_data.csv", keep_default_na=False)
    return table[table["id"] == name]


def durations(table):
    return Durations.from_days(
        table["day"],
        table["closed"] == 1,
        entry_time=table["entry"],
        groups={"group": table["group"], "way": table["way"]},
    )


def reference(name, what):
    rows = VALUES[(VALUES["id"] == name) & (VALUES["name"] == what)]
    assert len(rows), f"no reference value {what!r} for {name}"
    return rows


@pytest.mark.parametrize("name", ["aml", "lung", "veteran", "channing"])
@pytest.mark.parametrize("transform", ["log-log", "log", "plain"])
def test_curve_and_interval(name, transform):
    curve = delay.closing_curve(durations(data(name)), by="group", interval_type=transform)
    ours = curve.true_numbers().query("events > 0").astype({"group": str}).set_index(["group", "day"])
    for column, what in {
        "estimate": "still_open",
        "std_error": "std_error",
        "at_risk": "at_risk",
        "lower": f"{transform} lower",
        "upper": f"{transform} upper",
    }.items():
        theirs = reference(name, what).set_index(["group", "day"])["value"]
        ours_here = ours.loc[theirs.index, column]
        known = theirs.notna() & ours_here.notna()
        # Where everyone has closed there is no interval: R says so too, or carries NaN in the standard error.
        assert (ours.loc[theirs.index, "estimate"][~known] == 0).all()
        assert len(theirs) == len(ours)
        np.testing.assert_allclose(ours_here[known].astype(float), theirs[known], rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["aml", "lung", "veteran"])
@pytest.mark.parametrize("rho", [0, 1])
def test_comparison_of_groups(name, rho):
    test = delay.compare(durations(data(name)), "group", "logrank", rho=rho)
    assert test.statistic == pytest.approx(reference(name, f"chisq rho={rho}")["value"].item(), **CLOSE)
    expected = reference(name, "expected").set_index("group")["value"]
    ours = test.true_numbers().astype({"group": str}).set_index("group")["expected"]
    assert ours.loc[expected.index].tolist() == pytest.approx(expected.tolist(), **CLOSE)


@pytest.mark.parametrize("name", ["aml", "lung", "veteran"])
@pytest.mark.parametrize(
    ("p", "column", "what"),
    [(p, c, w) for p in (0.25, 0.5, 0.75) for c, w in (("estimate", ""), ("lower", "lower "), ("upper", "upper "))],
)
def test_quantiles(name, p, column, what):
    curve = delay.closing_curve(durations(data(name)), by="group")
    ours = curve.quantiles(p).astype({"group": str}).set_index("group")[column]
    theirs = reference(name, f"quantile {what}{p}").set_index("group")["value"]
    for group, day in theirs.items():
        assert (pd.isna(ours[group]) and pd.isna(day)) or ours[group] == day


@pytest.mark.parametrize("name", ["aml", "lung", "veteran"])
def test_restricted_mean(name):
    theirs = reference(name, "rmean")
    errors = reference(name, "rmean se")
    for until in theirs["day"].unique():
        ours = delay.restricted_mean(durations(data(name)), int(until), "group").true_numbers().astype({"group": str})
        ours = ours.set_index("group")
        for column, table in (("estimate", theirs), ("std_error", errors)):
            expected = table[table["day"] == until].set_index("group")["value"]
            assert ours.loc[expected.index, column].tolist() == pytest.approx(expected.tolist(), **CLOSE)


def compare_ways(made, name, by=None, error_tolerance=1e-8):
    result = delay.competing_closings(made, "way", by)
    whole = result.true_numbers()
    table = whole if by else whole.assign(group="all")
    ours = table.astype({"group": str}).set_index(["group", "day"])
    for way in result.causes:
        of_way = ours[ours["cause"] == way]
        for column, what, tolerance in (("estimate", "share", 1e-8), ("std_error", "se", error_tolerance)):
            theirs = reference(name, f"{what} {way}").set_index(["group", "day"])["value"]
            assert len(theirs) == len(of_way)
            np.testing.assert_allclose(of_way.loc[theirs.index, column], theirs, rtol=tolerance, atol=1e-9)


def test_competing_closings():
    compare_ways(durations(data("aidssi")), "aidssi", "group")


@pytest.mark.parametrize("way", ["AIDS", "SI"])
def test_comparison_of_one_way_of_closing(way):
    test = delay.compare(durations(data("aidssi")), "group", causes="way", cause=way)
    assert test.statistic == pytest.approx(reference("aidssi", f"gray {way}")["value"].item(), **CLOSE)
    assert test.df == 2


def test_competing_closings_with_late_entry():
    # With late entry R gives the infinitesimal jackknife and not the Greenwood form; they agree to a few percent.
    compare_ways(durations(pd.read_csv(FOLDER / "delay_late.csv")), "late", error_tolerance=0.05)


def test_closed_cases_only():
    table = pd.read_csv(FOLDER / "delay_closed_only.csv")
    made = Durations.from_days(table["day"], longest=table["longest"])
    curve = delay.reverse_time_curve(made, within=300)
    # R gives the share closed before a day; ours is the share closed by its end, so R's next closing day has ours.
    theirs = reference("closed_only", "closed before").sort_values("day")
    errors = reference("closed_only", "closed before se").sort_values("day")
    assert curve.table["day"].tolist() == theirs["day"].tolist()
    assert curve.table["estimate"].iloc[:-1].tolist() == pytest.approx(theirs["value"].iloc[1:].tolist(), **CLOSE)
    assert curve.table["std_error"].iloc[:-1].tolist() == pytest.approx(errors["value"].iloc[1:].tolist(), **CLOSE)
    assert curve.table["estimate"].iloc[-1] == 1


def test_interval_dated_breast_cosmesis():
    """Masses as published with four digits for radiotherapy, and the maximum for radiotherapy with chemotherapy."""
    table = pd.read_csv(FOLDER / "cosmesis_sas.csv")
    still = np.isinf(table["right"])
    made = Durations.from_days(
        np.where(still, table["left"], table["left"] + 1),  # (left, right] months
        ~still,
        days_upper=table["right"].where(~still, 0),
        groups={"arm": table["trt"]},
    )
    curve = delay.interval_curve(made, by="arm")
    radiotherapy = curve.true_numbers().query("arm == 'RT'")
    published = [0.0463, 0.0334, 0.0887, 0.0708, 0.0926, 0.0818, 0.1209, 0.4656]
    assert radiotherapy["mass"].tolist() == pytest.approx(published, abs=5e-5)
    assert radiotherapy["first_day"].tolist() == [5, 7, 8, 12, 25, 34, 39, 47]
    assert curve.convergence["loglik"].tolist() == pytest.approx([-58.060022, -65.636965], abs=1e-6)
    assert (curve.convergence["kuhn_tucker_gap"] <= 1e-6).all()
