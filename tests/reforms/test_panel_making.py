"""Panels from a dataset: exposure, what is missing rather than zero, outcomes by a day of age."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import accountability
from accountability import reforms
from accountability.errors import ParameterError, Refusal
from accountability.reforms.month_outcomes import OUTCOMES, by_month, case_values
from accountability.results import or_refusal
from accountability.stats.pseudo import pseudo_mean
from accountability.stats.recording_lag import RecordedShare
from accountability.study.clocks import durations

DECLARED = {
    "reform": "board", "what": "A board reviews findings", "from": "2016-07-01", "affects": "some", "source": "here",
    "column": "investigated_by",
    "since": {"Oversight office": "2016-07-01", "Internal affairs": "2017-03-01", "District": None},
}  # fmt: skip


@pytest.fixture(scope="module")
def data():
    return accountability.load("synthetic")


@pytest.fixture(scope="module")
def monthly(data) -> pd.DataFrame:
    return reforms.panel_of(data, "agency", list(OUTCOMES)).frame.set_index("period")


def test_an_agency_month_is_what_its_cases_are(data, monthly: pd.DataFrame) -> None:
    taken = durations(data).table
    received = data.events[data.events["stage"] == "received"].set_index("case_id")["earliest"]
    month = pd.PeriodIndex(pd.to_datetime(received), freq="M")
    counted = pd.Series(1, index=month).groupby(level=0).sum()
    assert monthly["complaints"].to_numpy() == pytest.approx(counted.to_numpy()[: len(monthly)])
    of = taken.assign(period=taken["case_id"].map(pd.Series(month.asi8, index=received.index)))
    of["closed"] = of["event"] & (of["days_upper"].fillna(-1) <= 180)
    share = of.groupby("period")["closed"].mean()
    assert monthly["closed_share"].to_numpy() == pytest.approx(share.to_numpy())
    days = of["days_upper"].where(of["event"], of["days_lower"]).clip(upper=180).astype(float)
    assert monthly["mean_days"].to_numpy() == pytest.approx(days.groupby(of["period"]).mean().to_numpy())


def test_competing_ends_add_up_to_the_closings(monthly: pd.DataFrame) -> None:
    ends = monthly[["sustained_share", "otherwise_share", "without_finding_share"]].sum(axis=1)
    assert ends.to_numpy() == pytest.approx(monthly["closed_share"].to_numpy())


def test_months_not_followed_are_left_out_and_refused_where_asked_for(data) -> None:
    later = reforms.panel_of(data, "agency", "closed_share", days=400)
    assert later.month(later.periods[1]) == "2019-05"
    with pytest.raises(Refusal, match="not followed 400 days"):
        reforms.panel_of(data, "agency", "closed_share", days=400, last="2019-08-01")


def test_officers_of_a_roster_are_there_while_they_serve(data) -> None:
    accused = sorted(data.allegations["officer_id"].dropna().unique())[:2]
    service = pd.DataFrame(
        {"officer_id": [*accused, "never accused"], "from": ["2010-01-01", "2016-03-16", "2015-01-01"],
         "to": [None, None, "2015-06-30"]}
    )  # fmt: skip
    panel = reforms.panel_of(data, "officer", ["complaints", "closed_share"], service=service)
    frame = panel.frame.assign(month=panel.frame["period"].map(panel.month))
    never = frame[frame["unit"] == "never accused"]
    assert never["month"].tolist() == [f"2015-0{month}" for month in range(1, 7)]
    assert never["complaints"].tolist() == [0.0] * 6
    assert never["closed_share"].isna().all()
    hired = frame[frame["unit"] == accused[1]].iloc[0]
    assert (hired["month"], round(hired["exposure"], 4)) == ("2016-03", round(16 / 31, 4))
    assert not any("only officers accused" in text for text in panel.cautions)


def test_without_a_roster_the_year_of_appointment_is_not_observed(data) -> None:
    panel = reforms.panel_of(data, "officer")
    year = data.allegations.drop_duplicates("officer_id").set_index("officer_id")["officer_appointed_year"].astype(int)
    begins = panel.frame.groupby("unit")["period"].min() // 12 + 1970
    assert (begins > year.reindex(begins.index)).all()
    assert any("only officers accused at least once" in text for text in panel.cautions)


def test_units_have_the_cohorts_of_the_declaration(data) -> None:
    reform = reforms.read_reform(DECLARED)
    panel = reforms.panel_of(data, "unit", "complaints", unit="investigated_by", reform=reform)
    assert {panel.month(cohort): count for cohort, count in panel.cohorts.items()} == {
        "2016-07": 1, "2017-03": 1, "never": 1,
    }  # fmt: skip
    less = reforms.read_reform(DECLARED | {"since": {"Oversight office": "2016-07-01", "District": None}})
    with pytest.raises(Refusal, match="no day for 1 of the values of investigated_by: Internal affairs"):
        reforms.panel_of(data, "unit", "complaints", unit="investigated_by", reform=less)


def test_officers_affected_by_squad_are_clustered_by_it(data) -> None:
    squads = sorted(data.allegations["squad"].dropna().unique())
    since = {name: None if place % 2 else "2016-07-01" for place, name in enumerate(squads)}
    reform = reforms.read_reform(DECLARED | {"column": "squad", "since": since})
    panel = reforms.panel_of(data, "officer", "complaints", reform=reform, first="2016-03-01", last="2016-09-30")
    assert panel.clusters.nunique() == len(squads)
    assert reforms.staggered_months(panel, "complaints", before=3, after=2).overall.table["clusters"].iloc[0] == 40


def test_a_reform_out_of_force_ends_the_panel(data) -> None:
    reform = reforms.read_reform(DECLARED | {"to": "2018-06-15"})
    panel = reforms.panel_of(data, "unit", "complaints", unit="investigated_by", reform=reform)
    assert panel.month(panel.periods[1]) == "2018-05"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"from": "2001-01-01"}, "0 months before 2001-01 and 72 from it on"),
        ({"from": "2030-01-01"}, "72 months before 2030-01 and 0 from it on"),
        ({"from": "2001-01-01", "to": "2002-01-01"}, "the reform was in force until 2002-01-01"),
        ({"to": "2016-09-30"}, "30 months before 2016-07 and 3 from it on"),
    ],
)
def test_a_reform_outside_the_days_covered_is_refused(data, change: dict, words: str) -> None:
    plain = {name: value for name, value in DECLARED.items() if name not in ("column", "since")}
    found = or_refusal(
        lambda: reforms.interrupted_series(
            reforms.panel_of(data, "agency", "complaints", reform=reforms.read_reform(plain | change)), "complaints"
        )
    )
    assert words in found.because


def test_a_first_day_within_a_month_and_units_that_vanish_are_said(data) -> None:
    since = DECLARED["since"] | {"Internal affairs": "2017-03-15"}
    reform = reforms.read_reform(DECLARED | {"since": since})
    panel = reforms.panel_of(data, "unit", "complaints", unit="investigated_by", reform=reform)
    assert "1 first day within a month, which counts as affected: leave it out by donut=(0, 1)" in panel.cautions
    frame = panel.frame[~((panel.frame["unit"] == "District") & (panel.frame["period"] > 570))].assign(cohort=558.0)
    found = reforms.interrupted_series(reforms.panel_from_frame(frame, ["complaints"]), "complaints")
    assert "not observed in every month: 1 of 3 units, so their mix moves the series" in found.cautions


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"per": "squad"}, "expected one of officer, unit, agency"),
        ({"outcomes": "closed"}, "expected some of complaints"),
        ({"outcomes": []}, "expected some of"),
        ({"days": 0}, "days"),
        ({"service": pd.DataFrame({"officer_id": ["a"]})}, "missing from, to"),
        ({"service": pd.DataFrame({"officer_id": ["a"], "from": ["2015-01-02"], "to": ["2015-01-01"]})}, "end before"),
        ({"service": pd.DataFrame({"officer_id": ["a"], "from": ["soon"], "to": [None]})}, "must be days"),
        ({"reform": "board"}, "expected a Reform"),
        ({"lag": 3}, "expected a RecordingLag"),
        ({"first": "soon"}, "first"),
    ],
)
def test_what_is_asked_wrongly_is_refused(data, asked: dict, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        reforms.panel_of(data, **asked)


def rows(**columns: object) -> pd.DataFrame:
    """Cases of one unit received on day 0 and watched until day 400."""
    held = {"unit": "a", "period": 0, "received": 0, "timed": True, "finding": "sustained", "imposed_penalty": pd.NA}
    return pd.DataFrame(held | columns)


def test_a_pending_finding_is_pending() -> None:
    given = rows(
        low=[10, 20, 30, 400], high=[10, 20, 30, -1], event=[True, True, True, False],
        finding=["sustained", "unfounded", "pending", pd.NA],
    )  # fmt: skip
    value, counts = case_values(given, "sustained_share", 180, 400, None)
    assert value.mean() == pytest.approx(0.75 * 0.5)  # three in four closed, half of those known are sustained
    value, counts = case_values(given, "sustained", 180, 400, None)
    assert by_month(given, value, counts, "sustained").isna().all()


def test_a_pending_penalty_is_pending() -> None:
    given = rows(low=[10] * 4, high=[10] * 4, event=True, imposed_penalty=["reprimand", "none", "pending", pd.NA])
    value, counts = case_values(given, "penalty_share", 180, 400, None)
    assert counts.tolist() == [True, True, False, False]
    assert np.nanmean(value) == 0.5


def test_what_is_recorded_late_is_stood_for() -> None:
    share = RecordedShare(np.array([0, 400]), np.array([0.5, 0.5]), 0)
    given = rows(low=[90, 400, 400, 400], high=[90, -1, -1, -1], event=[True, False, False, False])
    assert case_values(given, "closed_share", 180, 400, share)[0].mean() == pytest.approx(0.5)
    assert case_values(given, "mean_days", 180, 400, share)[0].mean() == pytest.approx(180 - 0.5 * 90)
    young = RecordedShare(np.array([0, 400]), np.array([0.5, 0.5]), 300)
    assert not case_values(given, "closed_share", 180, 400, young)[1].any()


def test_pseudo_observations_average_to_the_curve() -> None:
    from accountability import delay
    from accountability.study.durations import Durations

    rng = np.random.default_rng(2)
    days, watched = rng.integers(1, 300, 80), rng.integers(40, 300, 80)
    end, event = np.minimum(days, watched), days <= watched
    curve = delay.restricted_mean(Durations.from_days(end, event), 150).table["estimate"].iloc[0]
    assert pseudo_mean(end, event, 150).mean() == pytest.approx(curve, rel=0.01)
    assert pseudo_mean(days, np.ones(80, bool), 150).tolist() == np.minimum(days, 150).tolist()
    assert np.isnan(pseudo_mean(np.array([5, 9]), np.array([False, True]), 100)).all()  # nobody is watched as long
