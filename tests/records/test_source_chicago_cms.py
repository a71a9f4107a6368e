"""Chicago's case system, whole: rows that are categories, ids that are nobody, and decisions still to come."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from accountability import Cohort, delay, outcomes
from accountability.records import capabilities, readers
from accountability.records.contract import read_source
from accountability.records.dataset import Dataset
from accountability.study import clocks

pytestmark = pytest.mark.real_data

NAME = "complaints-{}-cms_2019-2022_2022-09_p031093.csv.gz"


@pytest.fixture(scope="module")
def release(real_source: Callable[[str], Dataset]) -> Dataset:
    return real_source("chicago_cms_2019_2022")


@pytest.fixture(scope="module")
def raw(real_data: Callable[[str], Path]) -> dict[str, pd.DataFrame]:
    """The three files, read apart from the source's declaration."""
    folder = real_data("chicago_cms_2019_2022")
    return {kind: readers.read(folder / NAME.format(kind)).frame for kind in ("complaints", "accused", "investigators")}


def test_every_raw_row_is_coded_or_accounted_for(release: Dataset) -> None:
    balance = release.ledger.check().set_index("table")[["raw", "coded", "accounted"]]
    assert balance.loc["cases"].tolist() == [8483, 5376, 3107]
    assert balance.loc["allegations"].tolist() == [15199, 15199, 0]
    assert balance.loc["events"].tolist() == [15902, 15324, 578]


def test_rows_of_one_complaint_agree_in_what_is_used(release: Dataset, raw: dict[str, pd.DataFrame]) -> None:
    complaints = raw["complaints"].fillna("")
    kinds = complaints.groupby("cr_id").nunique()
    same = ["incident_date", "complaint_date", "closed_date", "case_type", "current_status", "complainant_type"]
    assert (kinds[same] == 1).all().all()
    assert ((kinds["beat"] > 1).sum(), (kinds["location_code"] > 1).sum()) == (43, 33)
    assert complaints["cr_id"].str.fullmatch(r"\d{4}-\d{7}").all()
    merged = release.cases.set_index("case_id")["categories"]
    one = complaints.loc[complaints["allegation_category"] != ""].drop_duplicates(["cr_id", "allegation_category"])
    assert merged.dropna().str.split("; ").map(len).sum() == len(one)


def test_open_complaints_are_open(release: Dataset, raw: dict[str, pd.DataFrame]) -> None:
    assert raw["complaints"]["closed_date"].isna().sum() == 3215
    cohort = Cohort.of(release)
    delays = clocks.durations(cohort)
    assert (len(delays), delays.n_open) == (5376, 1680)
    statuses = release.cases["status"].isin(["pending_investigation", "command_channel_review"])
    assert statuses.sum() == 1680
    received = release.events[release.events["stage"] == "received"].set_index("case_id")["earliest"].dt.year
    still = delays.table.loc[~delays.table["event"], "case_id"].map(received).value_counts()
    assert still.loc[[2019, 2020, 2021, 2022]].tolist() == [298, 426, 379, 577]


def test_days_to_closing_are_those_the_agency_states(release: Dataset, raw: dict[str, pd.DataFrame]) -> None:
    stated = raw["complaints"].drop_duplicates("cr_id").set_index("cr_id")["days_to_closure"].astype("float64")
    delays = clocks.durations(Cohort.of(release))
    closed = delays.table[delays.table["event"]].set_index("case_id")
    assert len(closed) == 3696
    np.testing.assert_array_equal(closed["days_upper"].astype("float64"), stated.loc[closed.index])
    still = delays.table.loc[~delays.table["event"], "case_id"]
    assert stated.loc[still].notna().sum() == 14  # closed once and open again


def test_most_closings_are_without_a_finding_and_many_are_quick(release: Dataset) -> None:
    assert (release.cases["status"] == "closed_without_finding").sum() == 3227
    cohort = Cohort.of(release)
    delays = clocks.durations(cohort)
    assert (delays.table.loc[delays.table["event"], "days_upper"] <= 7).sum() == 1046
    investigated = cohort.keep_if(lambda cases: cases["case_type"] == "complaint_register", because="registered")
    medians = [delay.closing_curve(clocks.durations(of)).median()["estimate"].iloc[0] for of in (cohort, investigated)]
    assert medians == [228, 696]


def test_a_placeholder_is_not_an_officer(release: Dataset, raw: dict[str, pd.DataFrame]) -> None:
    accused = raw["accused"]
    identity = accused["complaints-accused-cms_2019-2022_2022-09_p031093_ID"]
    nobody = accused["last_name"].isna() | (accused["last_name"] == "UNKNOWN")
    assert nobody.sum() == 1576
    assert not set(identity[nobody]) & set(identity[~nobody])
    assert (identity[nobody].value_counts().iloc[0], identity[nobody].nunique()) == (1078, 50)
    officers = release.allegations["officer_id"]
    assert (officers.isna().sum(), officers.nunique()) == (1576, 4621)
    assert release.per("officer")["rows"].sum() == 15199 - 1576


def test_findings_still_to_come(release: Dataset) -> None:
    table = release.allegations
    recommended = table["recommended_finding"] == "sustained"
    assert (recommended.sum(), (recommended & table["finding"].isna()).sum()) == (1011, 866)
    assert table["raw_finding"].value_counts().to_dict() == {
        "Exonerated": 701,
        "Not Sustained": 393,
        "Unfounded": 211,
        "Sustained": 145,
        "No Affidavit": 7,
        "Administratively Closed": 5,
        "Closed/No Finding": 3,
        "Within Policy Officer Involved Shooting": 1,
    }


def test_no_recommendation_was_changed(release: Dataset) -> None:
    table = release.allegations
    both = table[["raw_recommended", "raw_imposed"]].dropna()
    assert len(both) == 1464
    assert (both["raw_recommended"] == both["raw_imposed"]).all()
    findings = table[["raw_recommended_finding", "raw_finding"]].dropna()
    assert len(findings) == 1464
    assert (findings["raw_recommended_finding"] == findings["raw_finding"]).all()
    changed = outcomes.changes(Cohort.of(release)).table.set_index(["what", "kind"])["events"]
    assert changed["as published", "changed"] == 0


def test_a_code_is_never_read_as_days(release: Dataset) -> None:
    table = release.allegations.groupby("raw_recommended")[["recommended_penalty", "recommended_days"]].first()
    assert table.loc["029 - 29 DAY SUSPENSION"].tolist() == ["suspension", 29.0]
    coded = ["000 - VIOLATION NOTED", "100 - REPRIMAND", "200 - SUSPENDED OVER 30 DAYS", "400 - SEPARATION"]
    assert table.loc[coded, "recommended_days"].isna().all()
    assert table["recommended_days"].max() == 30


def test_assignments_are_steps_of_the_complaint(release: Dataset) -> None:
    assigned = release.events[release.events["stage"] == "assigned"]
    assert len(assigned) == 15324
    assert assigned["officer_id"].isna().all()
    assert assigned["set_aside"].isna().all()
    closed = release.events[release.events["stage"] == "closed"].set_index("case_id")["earliest"]
    assert (assigned["earliest"] > assigned["case_id"].map(closed)).sum() == 57
    delays = clocks.durations(Cohort.of(release), start="received", stop="assigned")
    assert delays.table.loc[delays.table["event"], "days_lower"].min() == 0


def test_impossible_dates_are_set_aside_and_counted(release: Dataset) -> None:
    aside = release.events.dropna(subset="set_aside")
    assert aside.groupby(["stage", "set_aside"], observed=True).size().to_dict() == {
        ("incident", "incident after received"): 6
    }


def test_rows_alike_are_kept_and_marked(release: Dataset, raw: dict[str, pd.DataFrame]) -> None:
    assert raw["accused"].drop(columns="row_id").duplicated().sum() == 1614
    assert release.allegations["repeats_a_row"].sum() == 1614


def test_nobody_can_be_told(release: Dataset, raw: dict[str, pd.DataFrame]) -> None:
    narrative = set(raw["complaints"]["final_finding_narrative"])
    names = set(raw["accused"]["last_name"].dropna()) | set(raw["investigators"]["last_name"].dropna())
    tables = (release.cases, release.allegations, release.events)
    kept = {value for table in tables for column in table.select_dtypes("str") for value in table[column].unique()}
    # Counted first, so that a failure prints no text and no name. Some narratives are the name of a category, and
    # some people are called as a race, a sex, a place or UNKNOWN is printed.
    words = {"ALLEY", "BLACK", "FEMALE", "UNKNOWN", "WHITE"}
    left = len({text for text in narrative if len(text) > 40} & kept)
    left += len({name for name in names if len(name) > 4} & kept - words)
    assert left == 0
    assert release.allegations["officer_id"].dropna().str.fullmatch(r"p-[0-9a-f]{12}").all()
    assert set(release.allegations["officer_birth_decade"].dropna().str.len()) == {9}


@pytest.mark.parametrize("name", ["chicago_cms_2019_2022", "nashville", "nyc_ccrb_penalties", "nyc_ccrb_propublica"])
def test_what_a_declaration_promises_is_in_the_loaded_tables(name: str, real_source: Callable[[str], Dataset]) -> None:
    """Also where one cell is read twice and a case is dated by a part of its id."""
    folder = ROOT / "data" / name
    source, loaded = read_source(folder), real_source(name)
    assert capabilities.stages(source, folder) == set(loaded.events["stage"])
    held = {*loaded.cases.columns, *loaded.allegations.columns}
    held |= {name for table in loaded.people.values() for name in table}
    assert set(capabilities.groups(source)) <= held
    assert {"finding", "imposed_penalty", "recommended_penalty"} & held <= set(capabilities.columns(source))
