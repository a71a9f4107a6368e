"""Philadelphia, whole: what is known of the files comes out of the functions a user would call."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from accountability import Cohort, delay, outcomes
from accountability.errors import Refusal
from accountability.records.dataset import Dataset
from accountability.study import clocks

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def philadelphia(real_source: Callable[[str], Dataset]) -> Dataset:
    return real_source("philadelphia")


def test_every_raw_row_is_coded_or_accounted_for(philadelphia: Dataset) -> None:
    balance = philadelphia.ledger.check().set_index("table")
    assert balance[["raw", "coded", "accounted"]].to_numpy().tolist() == [
        [3407, 3407, 0],
        [8463, 8462, 1],  # the blank last row
        [3577, 3577, 0],
    ]


def test_the_counts_of_findings_and_discipline(philadelphia: Dataset) -> None:
    table = philadelphia.allegations
    assert table["raw_finding"].value_counts().to_dict() == {
        "No Sustained Findings": 6135,
        "Sustained Finding": 1576,
        "Pending": 514,
        "Not Applicable": 237,
    }
    assert table["raw_imposed"].value_counts().to_dict() == {
        "Not Applicable": 6386,
        "Pending": 1025,
        "Training/Counseling": 819,
        "Guilty Finding": 185,
        "No Guilty Findings": 47,
    }
    assert table["finding"].value_counts().to_dict() == {
        "not_sustained": 6135,
        "sustained": 1576,
        "pending": 514,
        "closed_without_finding": 237,
    }


def test_the_ledger_names_what_is_not_as_it_should_be(philadelphia: Dataset) -> None:
    entries = philadelphia.ledger.entries.set_index(["file", "action"])["count"]
    assert entries["ppd_complaint_disciplines.csv", "row kept"] == 594
    assert entries["ppd_complaint_disciplines.csv", "row dropped"] == 1
    assert entries["ppd_complaint_disciplines.csv", "value changed"] == 3
    assert entries["ppd_complainant_demographics.csv", "row kept"] == 10
    assert entries["ppd_complainant_demographics.csv", "value set aside"] == 3  # ages of -1
    assert philadelphia.allegations["repeats_a_row"].sum() == 594


def test_alike_rows_are_not_slips_of_printing(philadelphia: Dataset) -> None:
    """One broad category holds most of them: the reason they are kept."""
    alike = philadelphia.allegations.groupby("category")["repeats_a_row"].agg(["sum", "mean"])
    assert alike["sum"]["departmental_violation"] == 464
    assert alike["mean"]["departmental_violation"] > 5 * alike["mean"]["lack_of_service"]


def test_no_text_and_no_child_s_age_leaves_the_load(philadelphia: Dataset) -> None:
    tables = (philadelphia.cases, philadelphia.allegations, philadelphia.events, philadelphia.complainants)
    assert not any("summary" in table for table in tables)
    assert set(philadelphia.complainants["complainant_age"].dropna()) == {
        "under 18",
        "18-24",
        "25-34",
        "35-44",
        "45-54",
        "55-64",
        "65 and over",
    }
    assert philadelphia.allegations["officer_id"].dropna().str.fullmatch(r"p-[0-9a-f]{12}").all()
    assert philadelphia.allegations["officer_id"].nunique() == 3017
    assert philadelphia.allegations["officer_id"].isna().sum() == 448


def test_classifications_lose_their_leading_blank_only_in_the_term(philadelphia: Dataset) -> None:
    assert philadelphia.cases["raw_classification"].str.startswith(" ").all()
    assert philadelphia.cases["classification"].value_counts()["departmental_violation"] == 900


def test_pending_and_not_applicable_are_the_same_rows_in_each_column(philadelphia: Dataset) -> None:
    table = philadelphia.allegations
    assert (table["category"].isna() == (table["finding"] == "pending")).all()
    assert ((table["category"] == "not_investigated") == (table["finding"] == "closed_without_finding")).all()


def test_the_unit_turns_the_comparison_round(philadelphia: Dataset) -> None:
    """Sustained, Black to white officers: 1.02 per allegation with a finding, 0.92 per officer-complaint of all."""

    def ratio(rows: pd.DataFrame) -> float:
        share = (rows["finding"] == "sustained").groupby(rows["officer_race"]).mean()
        return round(float(share["black"] / share["white"]), 2)

    identified = philadelphia.allegations[philadelphia.allegations["officer_id"].notna()]
    assert ratio(identified[identified["finding"].isin(["sustained", "not_sustained"])]) == 1.02
    officers = philadelphia.per("officer_complaint")
    assert len(officers) == identified[["case_id", "officer_id"]].drop_duplicates().shape[0] == 5583
    assert ratio(officers) == 0.92
    assert (
        ratio(identified[identified["finding"].isin(["sustained", "not_sustained"]) & ~identified["repeats_a_row"]])
        == 0.98
    )
    by_unit = outcomes.by_unit(philadelphia, "officer_race", "black", "white").table
    found = by_unit.set_index(["unit", "denominator"])["estimate"].round(2)
    assert found["officer_complaint", "all"] == 0.92


def test_units_count_nothing_twice(philadelphia: Dataset) -> None:
    complaints = philadelphia.per("complaint")
    assert complaints["case_id"].tolist() == philadelphia.cases["case_id"].tolist()
    assert complaints["rows"].sum() == 8462
    assert (complaints["rows"] == 0).sum() == 3
    assert len(philadelphia.per("officer")) == 3017
    assert philadelphia.per("allegation") is philadelphia.allegations


def test_what_the_city_merged_cannot_be_compared(philadelphia: Dataset) -> None:
    with pytest.raises(Refusal, match=r"'exonerated' apart in finding: its 'No Sustained Findings' \(6,135 rows"):
        philadelphia.require_unambiguous("finding", "exonerated", "unfounded")
    with pytest.raises(Refusal, match=r"'suspension' apart in imposed_penalty: its 'Guilty Finding' \(185 rows"):
        philadelphia.require_unambiguous("imposed_penalty", "suspension")
    philadelphia.require_unambiguous("finding", "sustained", "pending")


def test_open_is_known_by_status_only_and_delay_is_read_as_that(philadelphia: Dataset) -> None:
    assert philadelphia.card.sampling.rule == "no_closing_date"
    with pytest.raises(Refusal):
        delay.closing_curve(clocks.durations(Cohort.of(philadelphia), start="received", stop="closed"))
    status = clocks.current_status(Cohort.of(philadelphia))
    pending = philadelphia.allegations.loc[philadelphia.allegations["finding"] == "pending", "case_id"].nunique()
    assert pending == 327
    assert (~status.event).sum() == pending
    assert len(status.excluded) == 3  # no allegation row, so no status
