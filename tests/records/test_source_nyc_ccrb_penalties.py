"""New York's penalties, whole: 170 spellings, days that are months, and a year inside an id."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT

from accountability import Cohort, delay, outcomes
from accountability.errors import Refusal
from accountability.records import readers
from accountability.records.dataset import Dataset
from accountability.study import clocks

pytestmark = pytest.mark.real_data

REPORTED, CLOSED, PENALTY = "Non-APU NYPD Penalty Report Date", "APU Closing Date", "NYPD Officer Penalty"
PUBLISHED = {"nyc.retained.2022": 8}


@pytest.fixture(scope="module")
def release(real_source: Callable[[str], Dataset]) -> Dataset:
    return real_source("nyc_ccrb_penalties")


@pytest.fixture(scope="module")
def raw(real_data: Callable[[str], Path]) -> pd.DataFrame:
    """The file of penalties, read apart from the source's declaration."""
    return readers.read(real_data("nyc_ccrb_penalties") / "ccrb_penalties_20231125.csv").frame


def test_every_published_value_is_reproduced(release: Dataset) -> None:
    retained = Cohort.of(release).keep_if(
        lambda rows: rows["prosecution_status"].str.startswith("Closed: Retained").fillna(False),
        because="the Police Commissioner retained the case",
        of="allegations",
    )
    decided = retained.events[retained.events["stage"] == "penalty_decided"]
    by_officer = retained.allegations.merge(decided, on=["case_id", "officer_id"], validate="one_to_one")
    assert {"nyc.retained.2022": int((by_officer["earliest"].dt.year == 2022).sum())} == PUBLISHED
    assert len(by_officer) == len(retained.allegations) == 117


def test_the_published_values_held_here_are_those_of_the_reference() -> None:
    path = ROOT.parent / "shared" / "reference" / "published_values.csv"
    if not path.is_file():
        pytest.skip("the table of published values is not on this machine")
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["source"] == "nyc_ccrb_penalties"]
    assert {row["id"]: float(row["value"]) for row in rows} == PUBLISHED


def test_every_raw_row_is_coded_or_accounted_for(release: Dataset) -> None:
    balance = release.ledger.check().set_index("table")[["raw", "coded", "accounted"]]
    assert balance.loc["allegations"].tolist() == [10664, 10664, 0]
    assert balance.loc["events"].tolist() == [5627, 2621, 3006]
    assert len(release.cases) == 7274
    assert not release.allegations.duplicated(["case_id", "officer_id"]).any()


def test_the_last_day_covered_is_the_as_of_date(release: Dataset, raw: pd.DataFrame) -> None:
    (as_of,) = raw["As Of Date"].unique()
    assert pd.to_datetime(as_of, format="%m/%d/%Y").date() == release.card.observed_until


def test_all_spellings_of_a_penalty_are_coded(release: Dataset, raw: pd.DataFrame) -> None:
    assert raw[PENALTY].nunique() == 170
    rows = release.allegations.dropna(subset="raw_imposed").groupby("raw_imposed")[
        ["imposed_penalty", "imposed_days", "imposed_probation_days"]
    ]
    first = rows.first()
    assert len(first) == 170
    assert first["imposed_penalty"].notna().all()
    assert first.loc["Vacation: 10 days", ["imposed_penalty", "imposed_days"]].tolist() == ["loss_of_leave", 10.0]
    assert first.loc["Forfeit vacation 10 days"].tolist()[:2] == ["loss_of_leave", 10.0]
    assert first.loc["Command Discipline - B (Vacation: 5 days)", "imposed_days"] == 5
    assert first.loc["Dismissal Probation 365 days", "imposed_penalty"] == "probation"
    assert first.loc["Dismissal Probation 365 days", "imposed_probation_days"] == 365
    assert pd.isna(first.loc["Dismissal Probation 365 days", "imposed_days"])
    assert first.loc["Suspension:", "imposed_penalty"] == "suspension"
    assert pd.isna(first.loc["Suspension:", "imposed_days"])
    fractions = {0.13, 0.25, 0.5}
    assert fractions <= set(release.allegations["imposed_days"].dropna())
    assert release.allegations.loc[release.allegations["imposed_days"] < 1, "imposed_penalty"].eq("loss_of_leave").all()


def test_a_blank_penalty_is_mostly_not_an_open_case(release: Dataset, raw: pd.DataFrame) -> None:
    blank = raw[raw[PENALTY].isna()]
    assert len(blank) == 1624
    assert blank[[REPORTED, CLOSED]].notna().any(axis=1).sum() == 883
    undated = blank[blank[[REPORTED, CLOSED]].isna().all(axis=1)]
    assert undated["Complaint Id"].str.slice(0, 4).isin(["2000", "2001"]).sum() == 252
    assert release.allegations["imposed_penalty"].isna().sum() == 1624
    pending = release.allegations["imposed_penalty"] == "pending"
    assert pending.sum() == 653
    assert (release.allegations.loc[pending, "prosecution_status"] == "Pending").all()


def test_days_on_the_28th_are_months(release: Dataset, raw: pd.DataFrame) -> None:
    reported = pd.to_datetime(raw[REPORTED], format="%m/%d/%Y").dropna()
    assert (reported[reported < "2023-07-01"].dt.day == 28).all()
    assert (reported < "2023-07-01").sum() == 7782
    # The same holds until the end of September.
    assert (reported[reported < "2023-10-01"].dt.day == 28).all()
    assert (reported < "2023-10-01").sum() == 7782 + 136
    assert reported[reported.dt.day != 28].min() == pd.Timestamp("2023-10-02")
    decided = release.events[release.events["stage"] == "penalty_decided"]
    assert decided["precision"].value_counts().loc[["month", "day"]].tolist() == [7918, 1352]
    months = decided[decided["precision"] == "month"]
    assert (months["earliest"].dt.day == 1).all()
    assert months["raw_text"].str.fullmatch(r"\d\d/28/\d{4}").all()


def test_an_officer_has_one_day_of_decision_or_none(release: Dataset, raw: pd.DataFrame) -> None:
    assert not raw[[REPORTED, CLOSED]].notna().all(axis=1).any()
    assert raw[[REPORTED, CLOSED]].isna().all(axis=1).sum() == 1394
    decided = release.events[release.events["stage"] == "penalty_decided"]
    assert not decided.duplicated(["case_id", "officer_id"]).any()
    assert len(decided) == 10664 - 1394


def test_the_year_of_receipt_is_in_the_id(release: Dataset) -> None:
    received = release.events[release.events["stage"] == "received"].set_index("case_id")
    assert len(received) == len(release.cases)
    assert set(received["precision"]) == {"year"}
    assert (received["earliest"].dt.strftime("%Y") == received.index.str[:4]).all()
    assert (received["latest"] - received["earliest"]).dt.days.isin([364, 365]).all()


def test_closings_are_those_of_posted_reports(release: Dataset) -> None:
    closed = release.events[release.events["stage"] == "closed"]
    assert len(closed) == 2621
    assert closed["set_aside"].value_counts().to_dict() == {
        "closed after penalty_decided": 9,
        "after 2023-11-25, the last day the release covers": 1,
    }
    entry = release.ledger.entries.query("rule == 'unlinked'").iloc[0]
    assert (entry["count"], entry["example_rows"]) == (3006, "1, 2, 3")


def test_recommendations_stand_in_columns_of_their_own(release: Dataset, raw: pd.DataFrame) -> None:
    table = release.allegations
    assert (table["finding"] == "sustained").all()
    for stem, count in (("board", 2911), ("prosecutor", 494), ("judge", 261)):
        assert table[f"raw_{stem}_recommended"].notna().sum() == count
    assert table["plea_agreed_penalty"].notna().sum() == raw["APU Plea Agreed Penalty"].notna().sum() == 368
    changed = outcomes.changes(Cohort.of(release)).table
    assert (changed["n"] > 5000).any()


def test_only_the_time_after_the_board_s_closing_can_be_studied(release: Dataset) -> None:
    """That a complaint was substantiated decides whether it is here: known at the closing, and not before."""
    with pytest.raises(Refusal, match="selected on at least one allegation"):
        delay.interval_curve(clocks.durations(Cohort.of(release), stop="penalty_decided"))
    delays = clocks.durations(Cohort.of(release), start="closed", stop="penalty_decided")
    assert (len(delays), delays.n_open) == (2605, 326)
    assert delays.excluded_counts().set_index("reason")["cases"]["no 'closed' date"] == 7274 - 2621


def test_no_tax_number_is_left(release: Dataset, raw: pd.DataFrame) -> None:
    numbers = set(raw["Tax ID"])
    tables = (release.cases, release.allegations, release.events)
    kept = {value for table in tables for column in table.select_dtypes("str") for value in table[column].unique()}
    left = len(numbers & kept)  # counted first: a failure prints no number
    assert left == 0
    assert release.allegations["officer_id"].str.fullmatch(r"p-[0-9a-f]{12}").all()
    assert release.allegations["officer_id"].nunique() == 8043
