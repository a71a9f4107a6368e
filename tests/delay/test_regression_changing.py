"""Ratios that change with age, and Fine and Gray's model, against R."""

import numpy as np
import pandas as pd
import pytest
from test_regression_cox import BUREAU, CLOSE, FOLDER, RELEASE, reference

from accountability import delay
from accountability.errors import ParameterError, Refusal
from accountability.study.durations import Durations


def same(model, fit):
    for column, name in (("coefficient", "coefficient"), ("std_error", "se")):
        assert fit.table[column].tolist() == pytest.approx(reference(model, name).tolist(), **CLOSE)
    assert fit.log_likelihood == pytest.approx(reference(model, "loglik").item(), rel=1e-9)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
class TestAgainstR:
    def test_along_the_logarithm_of_days(self, ties):
        fit = delay.changing_ratios(RELEASE, ["unit", "accused"], "accused", periods="log", ties=ties, reference=BUREAU)
        same(f"release.log_time.{ties}", fit)
        assert fit.table["term"].iloc[-1] == "accused × log(day + 1)"

    def test_by_period(self, ties):
        """R splits at 30 and 90 days, after which its second and third periods begin."""
        fit = delay.changing_ratios(
            RELEASE, ["unit", "accused"], "accused", periods=[31, 91], ties=ties, reference=BUREAU
        )
        same(f"release.period.{ties}", fit)
        assert fit.table["term"].iloc[2] == "accused, days 0 to 30"


def test_clustered_errors_are_those_of_cases_split_by_hand():
    """A period's ratio is a column of its own once every case is split, and the pieces of a case share its cluster."""
    rows = []
    for case in RELEASE.table.to_dict("records"):
        low, closed, entry = int(case["days_lower"]), bool(case["event"]), int(case["entry_time"])
        pieces = [(low, closed, entry)] if low < 60 or entry >= 60 else [(59, False, entry), (low, closed, 60)]
        for day, done, since in pieces:
            late = since >= 60
            early_number, late_number = (0, case["accused"]) if late else (case["accused"], 0)
            rows.append((day, done, since, case["unit"], case["officer"], early_number, late_number))
    day, done, since, unit, officer, early, late = (list(column) for column in zip(*rows, strict=True))
    groups = {"unit": unit, "officer": officer, "early": early, "late": late}
    by_hand = delay.cox(
        Durations.from_days(day, done, entry_time=since, groups=groups), ["unit", "early", "late"], cluster="officer"
    )
    ours = delay.changing_ratios(RELEASE, ["unit", "accused"], "accused", periods=[60], cluster="officer")
    assert ours.coefficients.tolist() == pytest.approx(by_hand.coefficients.tolist(), abs=1e-9)
    assert ours.table["std_error"].tolist() == pytest.approx(by_hand.table["std_error"].tolist(), abs=1e-9)


def test_a_turn_is_found_where_it_was_planted():
    rng = np.random.default_rng(5)
    group = rng.integers(0, 2, 6000)
    early = rng.exponential(50, 6000)
    took = np.where(group == 1, np.where(early < 30, early, 30 + (early - 30) * 3), early).astype(int)
    made = Durations.from_days(took, groups={"group": group})
    rows = delay.changing_ratios(made, ["group"], "group", periods=[30]).table
    for (_, row), truth in zip(rows.iterrows(), (0.0, np.log(1 / 3)), strict=True):
        assert abs(row["coefficient"] - truth) < 4 * row["std_error"]


def test_what_cannot_change_is_refused():
    with pytest.raises(ParameterError, match="changing= must name parts"):
        delay.changing_ratios(RELEASE, ["unit"], "accused", periods=[90])
    with pytest.raises(ParameterError, match="rising first days"):
        delay.changing_ratios(RELEASE, ["unit"], "unit", periods=[90, 30])
    with pytest.raises(ParameterError, match="first days or 'log'"):
        delay.changing_ratios(RELEASE, ["unit"], "unit", periods="sqrt")
    with pytest.raises(Refusal, match=r"no closing compares cases in .*from day 5000"):
        delay.changing_ratios(RELEASE, ["unit"], "unit", periods=[5000])


def ways(name="release"):
    if name == "aidssi":
        table = pd.read_csv(FOLDER / "aidssi.csv")
        table = table[table["ccr5"].notna()]
        day = (table["time"] * 1000).round().astype(int)
        groups = {"way": table["status"].astype(str), "ccr5": table["ccr5"]}
        return Durations.from_days(day, table["status"] > 0, groups=groups)
    table = pd.read_csv(FOLDER / "hazard_data.csv")
    groups = {column: table[column] for column in ("way", "unit", "accused", "years", "officer")}
    return Durations.from_days(table["day"], table["closed"] == 1, groups=groups)


def test_fine_and_gray_are_rs():
    fit = delay.fine_gray(ways(), ["unit", "accused", "years"], "way", "decided", reference=BUREAU)
    same("release.finegray", fit)
    fit = delay.fine_gray(ways("aidssi"), ["ccr5"], "way", "1", reference={"ccr5": "WW"})
    same("aidssi.finegray", fit)
    assert fit.coefficients[0] == pytest.approx(-1.004302, abs=1e-6)  # as published with the data
    cause = delay.cox(ways("aidssi"), ["ccr5"], causes="way", cause="1", reference={"ccr5": "WW"})
    assert cause.coefficients[0] == pytest.approx(-1.235815, abs=1e-6)


def test_fine_and_gray_do_not_depend_on_collapsing_or_row_order(monkeypatch):
    made = ways()
    once = Durations.from_days(
        np.tile(made.days_lower, 3),
        np.tile(made.event, 3),
        groups={n: np.tile(made.table[n], 3) for n in ("way", "unit", "officer")},
    )
    by_pattern = delay.fine_gray(once, ["unit"], "way", "decided", cluster="officer")
    monkeypatch.setattr("accountability.stats.design.MANY", 0.0)
    by_case = delay.fine_gray(once, ["unit"], "way", "decided", cluster="officer")
    assert by_case.coefficients.tolist() == pytest.approx(by_pattern.coefficients.tolist(), abs=1e-9)
    assert by_case.covariance.ravel().tolist() == pytest.approx(by_pattern.covariance.ravel().tolist(), abs=1e-12)


def test_fine_and_gray_refuse_late_entry():
    with pytest.raises(Refusal, match=r"watched from the start: use delay\.cox"):
        delay.fine_gray(RELEASE, ["unit"], "way", "decided")


def test_cases_and_closings_of_a_period_are_those_at_risk_in_it():
    rows = delay.changing_ratios(RELEASE, ["unit", "accused"], "unit", periods=[60], reference=BUREAU).table
    district = RELEASE.table["unit"].to_numpy() == "district"
    late = RELEASE.event & (RELEASE.end >= 60) & district
    row = rows.set_index("term").loc["unit=district, from day 60"]
    assert row["events"] == late.sum()
    # Cases still watched on the first closing day of the period or after.
    first = RELEASE.end[RELEASE.event & (RELEASE.end >= 60)].min()
    assert row["n"] == (district & (RELEASE.end >= first)).sum()
