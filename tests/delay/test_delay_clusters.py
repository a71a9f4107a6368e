"""Resampling by complaint, officer or day: shares closed in each way, and closed cases read backwards."""

import numpy as np
import pandas as pd
import pytest
from agency import agency, event

from accountability import delay
from accountability.errors import ParameterError, Refusal
from accountability.study import clocks
from accountability.study.durations import Durations, Sampling


def agency_of(rng, cases=300):
    took, watched = rng.exponential(200, cases).astype(int), rng.integers(100, 701, cases)
    way = np.where(rng.random(cases) < 0.3, "sustained", "other")
    return Durations.from_days(
        np.minimum(took, watched), took <= watched, groups={"way": way, "officer": rng.integers(0, 30, cases)}
    )


def test_the_estimate_is_the_curves_and_the_interval_is_about_as_wide_as_the_formulas():
    made = agency_of(np.random.default_rng(1), 2000)
    drawn = delay.bootstrap(made, 3, causes="way", days=[50, 150], replicates=300).table
    plain = delay.competing_closings(made, "way").at([50, 150])
    assert drawn["estimate"].tolist() == pytest.approx(plain["estimate"].tolist())
    ratio = (drawn["upper"] - drawn["lower"]) / (plain["upper"] - plain["lower"])
    assert ratio.between(0.8, 1.25).all()
    assert "closed as 'sustained' by day 150" in delay.bootstrap(made, 3, causes="way", days=[150]).sentence()


def test_clusters_that_hang_together_widen_the_interval():
    rng = np.random.default_rng(2)
    officer = np.repeat(np.arange(30), 40)
    way = np.where(rng.random(30)[officer] < 0.5, "a", "b")  # an officer's cases all end alike
    made = Durations.from_days(rng.integers(0, 90, 1200), groups={"way": way, "officer": officer})
    alone = delay.bootstrap(made, 1, causes="way", days=[60], replicates=200).table.iloc[0]
    together = delay.bootstrap(made, 1, causes="way", days=[60], cluster="officer", replicates=200).table.iloc[0]
    assert together["upper"] - together["lower"] > 2 * (alone["upper"] - alone["lower"])


@pytest.mark.parametrize("cluster", [None, "officer"])
def test_closed_cases_alone_are_resampled_backwards(cluster):
    rng = np.random.default_rng(4)
    start, took = rng.integers(0, 800, 3000), rng.exponential(200, 3000).astype(int)
    seen = start + took <= 800
    made = Durations.from_days(
        took[seen], longest=800 - start[seen], sampling=Sampling("closed_only", "excluded"),
        groups={"officer": rng.integers(0, 200, seen.sum())},
    )  # fmt: skip
    row = delay.bootstrap(made, 5, within=600, cluster=cluster, replicates=200).table.iloc[0]
    plain = delay.reverse_time_curve(made, within=600).quantiles().iloc[0]
    assert row["estimate"] == plain["estimate"]
    assert row["lower"] == pytest.approx(plain["lower"], abs=12)
    assert row["upper"] == pytest.approx(plain["upper"], abs=12)


def town():
    steps, rows = [], []
    for number, (closed, officers) in enumerate(
        [("2020-03-01", "xy"), ("2020-03-01", "y"), (None, "z"), ("2020-04-01", "w")]
    ):
        case = f"c{number}"
        steps.append(event(case, "received", "2020-01-01"))
        if closed:
            steps.append(event(case, "closed", closed))
        rows += [{"case_id": case, "officer_id": officer, "finding": "sustained"} for officer in officers]
    return agency(steps, allegations=pd.DataFrame(rows))


@pytest.mark.parametrize(
    ("of", "together"),
    [("complaint", [{0}, {1}, {2}, {3}]), ("officer", [{0, 1}, {2}, {3}]), ("agency_day", [{0, 1}, {2}, {3}])],
)
def test_cases_are_clustered_by_what_links_them(of, together):
    made = delay.with_clusters(clocks.durations(town()), town(), of)
    found = made.table.groupby("cluster").groups.values()
    assert sorted(sorted(rows) for rows in found) == sorted(sorted(rows) for rows in together)


def test_a_start_before_1970_and_a_stop_after_it_are_no_one_day():
    # The first is still open; its start is as far before 1970 as the stop of the second is after it.
    steps = [event("a", "received", "1969-12-25"), event("b", "received", "1969-12-20")]
    old = agency([*steps, event("b", "closed", "1970-01-07")])
    assert delay.with_clusters(clocks.durations(old), old, "agency_day").table["cluster"].nunique() == 2


def test_officers_who_link_nearly_everything_leave_nothing_to_resample():
    steps = [event(case, "received", "2020-01-01") for case in "abc"]
    rows = pd.DataFrame({"case_id": list("abc"), "officer_id": "x", "finding": "sustained"})
    linked = agency(steps, allegations=rows)
    with pytest.raises(Refusal, match="link 3 of 3 cases"):
        delay.with_clusters(clocks.durations(linked), linked, "officer")
    with pytest.raises(ParameterError, match="complaint, officer or agency_day"):
        delay.with_clusters(clocks.durations(linked), linked, "unit")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"days": []}, ParameterError, "go together"),
        ({"days": [1], "replicates": 1}, ParameterError, "at least 2"),
        ({"days": [1], "cluster": "nobody"}, ParameterError, "no column"),
        ({"days": [1], "confidence": 2}, ParameterError, "confidence"),
    ],
)
def test_a_bootstrap_that_cannot_be_had_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        delay.bootstrap(agency_of(np.random.default_rng(1)), 1, causes="way", **arguments)


def test_groups_are_resampled_together_and_each_has_its_own_estimate():
    made = agency_of(np.random.default_rng(3), 1200)
    made = Durations.from_days(
        made.end, made.event, longest=made.end + 400,
        groups={name: made.table[name].to_numpy() for name in ("way", "officer")} | {"unit": np.arange(1200) % 2},
    )  # fmt: skip
    both = delay.bootstrap(made, 1, causes="way", days=[60, 150], cluster="officer", by="unit", replicates=60)
    plain = delay.competing_closings(made, "way", "unit").at([60, 150])
    assert both.table["estimate"].tolist() == pytest.approx(plain["estimate"].tolist())
    assert both.table["unit"].tolist() == [0] * 4 + [1] * 4
    assert (both.table["lower"] < both.table["upper"]).all()
    assert "1: closed as 'sustained' by day 150" in both.sentence()
    back = delay.bootstrap(made, 1, within=400, by="unit", cluster="officer", replicates=60)
    days = delay.reverse_time_curve(made, "unit", within=400).quantiles()["estimate"]
    assert back.table["estimate"].tolist() == days.tolist()


def test_a_group_that_a_resample_can_lose_is_refused_by_name():
    made = Durations.from_days(
        [1, 2, 3, 4, 5, 6], groups={"way": list("ababab"), "officer": list("xyzwvv"), "unit": list("ppppqq")}
    )
    with pytest.raises(Refusal, match=r"^q: .* resamples hold no case of this group"):
        delay.bootstrap(made, 1, causes="way", days=[3], cluster="officer", by="unit", replicates=50)
