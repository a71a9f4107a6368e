"""Discrete time against R's glm on trials written out one by one, and statsmodels for clustered errors."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from test_regression_cox import BUREAU, CLOSE, RELEASE, reference

from accountability import delay
from accountability.errors import ParameterError, Refusal
from accountability.study.durations import Durations


def same_as_r(fit):
    for column, name in (("coefficient", "coefficient"), ("std_error", "se")):
        assert fit.table[column].tolist() == pytest.approx(reference("release.discrete", name).tolist(), **CLOSE)
    assert fit.log_likelihood == pytest.approx(reference("release.discrete", "loglik").item(), rel=1e-9)


def test_late_entry_is_rs_glm():
    fit = delay.discrete_time(RELEASE, ["unit", "accused"], period=30, reference=BUREAU)
    same_as_r(fit)
    live = fit.baseline["events"] > 0
    assert fit.baseline.loc[live, "at_risk"].sum() == reference("release.discrete", "rows").item()


def written_out(made, width):
    """One row a case and period it was watched to the end."""
    rows = []
    for case in made.table.to_dict("records"):
        whole = (case["longest"] + 1) // width - 1
        done = case["event"] and case["days_lower"] // width <= whole
        last = case["days_lower"] // width if done else whole
        for period in range(-(-case["entry_time"] // width), last + 1):
            rows.append(
                (period, done and period == last, case["unit"], case["accused"], case["officer"], case["case_id"])
            )
    table = pd.DataFrame(rows, columns=["period", "y", "unit", "accused", "officer", "case_id"])
    return table[table["period"].isin(table["period"][table["y"]])]


@pytest.mark.parametrize("cluster", ["officer", "case_id"])
def test_clustered_errors_are_statsmodels(cluster, monkeypatch):
    monkeypatch.setattr("accountability.stats.sandwich.FEW", 0)  # it has no correction for few clusters
    table = written_out(RELEASE, 30)
    exog = pd.get_dummies(table["period"]).astype(float)
    exog = exog.assign(district=table["unit"] == "district", oversight=table["unit"] == "oversight", n=table["accused"])
    model = sm.GLM(
        table["y"].astype(float), exog.astype(float), family=sm.families.Binomial(sm.families.links.CLogLog())
    )
    groups = pd.factorize(table[cluster])[0]
    theirs = model.fit(tol=1e-12, cov_type="cluster", cov_kwds={"groups": groups})
    fit = delay.discrete_time(RELEASE, ["unit", "accused"], period=30, reference=BUREAU, cluster=cluster)
    clusters = len(np.unique(groups))
    # Clusters without a trial count in ours and cannot in a table of trials.
    factor = np.sqrt(clusters / (clusters - 1) / (fit.clusters / (fit.clusters - 1)))
    assert (factor * fit.table["std_error"]).tolist() == pytest.approx(theirs.bse[-3:].tolist(), **CLOSE)


def test_months_give_the_planted_ratio():
    """Both dates known to the month only: the number of months between them is all the model uses."""
    rng = np.random.default_rng(6)
    many = 8_000
    group = rng.integers(0, 2, many)
    first = dt.date(2010, 1, 1).toordinal()
    start = first + rng.integers(0, 2000, many)
    took = rng.exponential(300 / np.exp(0.4 * group)).astype(int)
    cutoff = dt.date(2016, 6, 30).toordinal()
    months = pd.Series(pd.to_datetime(pd.Series([dt.date.fromordinal(int(day)) for day in start]))).dt.to_period("M")
    stop = start + took
    closed = stop <= cutoff
    ends = pd.to_datetime(pd.Series([dt.date.fromordinal(int(day)) for day in stop])).dt.to_period("M")
    begin = [(one.start_time.toordinal(), one.end_time.toordinal()) for one in months]
    end = [(one.start_time.toordinal(), one.end_time.toordinal()) for one in ends]
    low = [max(e[0] - b[1], 0) if c else cutoff - b[1] for b, e, c in zip(begin, end, closed, strict=True)]
    high = [e[1] - b[0] if c else 0 for b, e, c in zip(begin, end, closed, strict=True)]
    made = Durations.from_days(
        low, closed, days_upper=high, longest=[cutoff - b[0] for b in begin], groups={"group": group}
    )
    fit = delay.discrete_time(made, ["group"])
    row = fit.table.iloc[0]
    assert abs(row["coefficient"] - 0.4) < 4 * row["std_error"]
    exact = Durations.from_days(np.minimum(took, cutoff - start), closed, groups={"group": group})
    cox = delay.cox(exact, ["group"]).table.iloc[0]
    assert row["coefficient"] == pytest.approx(cox["coefficient"], abs=cox["std_error"] / 3)
    curve = fit.still_open({"group": 0})
    year = curve[curve["period"] == 11].iloc[0]
    assert year["estimate"] == pytest.approx(np.exp(-11.5 * 30.4 / 300), abs=0.03)
    assert year["lower"] < year["estimate"] < year["upper"]


def test_an_incomplete_last_period_does_not_raise_the_rate():
    """Half of the cases are watched into a period only; counting just their closings would double that rate."""
    rng = np.random.default_rng(2)
    many = 40_000
    took, watched = rng.geometric(1 / 40, many) - 1, rng.integers(20, 60, many)
    made = Durations.from_days(
        np.minimum(took, watched), took <= watched, longest=watched, groups={"group": rng.integers(0, 2, many)}
    )
    rates = np.exp(delay.discrete_time(made, ["group"], period=30).baseline["log_rate"])
    assert rates.iloc[0] == pytest.approx(-30 * np.log(1 - 1 / 40), rel=0.05)


def test_what_cannot_be_counted_in_periods_is_refused():
    groups = {"group": list("aabbab")}
    with pytest.raises(Refusal, match=r"watched through part of their last period.*longest="):
        delay.discrete_time(
            Durations.from_days([10, 40, 70, 45, 50, 80], [True, True, True, False, True, True], groups=groups),
            ["group"],
        )
    with pytest.raises(Refusal, match="known less finely than two periods"):
        delay.discrete_time(Durations.from_days([1] * 6, days_upper=[200] * 6, groups=groups), ["group"])
    with pytest.raises(ParameterError, match="at least 1 day"):
        delay.discrete_time(Durations.from_days([1, 2, 3, 4, 5, 6], groups=groups), ["group"], period=0.5)
    made = Durations.from_days(
        [10, 40, 70, 89, 89, 89],
        [True, True, True, False, False, False],
        longest=[89] * 6,
        groups={"group": list("aaabbb")},
    )
    with pytest.raises(Refusal, match="group=b has no closing"):
        delay.discrete_time(made, ["group"])
    ordered = Durations.from_days([1, 2, 3, 31, 32, 33], longest=[200] * 6, groups={"group": list("aaabbb")})
    with pytest.raises(Refusal, match="group=b separates the cases"):
        delay.discrete_time(ordered, ["group"])
