"""New Orleans, whole: what is known of the file comes out of the functions a user would call."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from accountability import Cohort, delay
from accountability.errors import Refusal
from accountability.records import readers
from accountability.records.dataset import Dataset
from accountability.study import clocks

pytestmark = pytest.mark.real_data

FILE = "NOPD_Misconduct_Complaints_20200214.csv"


@pytest.fixture(scope="module")
def new_orleans(real_source: Callable[[str], Dataset]) -> Dataset:
    return real_source("new_orleans")


@pytest.fixture(scope="module")
def raw(real_data: Callable[[str], Path]) -> pd.DataFrame:
    return readers.read(real_data("new_orleans") / FILE).frame


def test_every_raw_row_is_coded_or_accounted_for(new_orleans: Dataset) -> None:
    balance = new_orleans.ledger.check().iloc[0]
    assert (balance["raw"], balance["coded"], balance["accounted"]) == (4151, 3998, 153)
    rows = new_orleans.ledger.entries.query("action in ('row dropped', 'row merged')")
    assert rows[["rule", "count"]].to_numpy().tolist() == [
        ["no Complaint Tracking Number", 33],
        ["exact repeat", 8],
        ["same Complaint Tracking Number, Unique Officer Allegation ID", 112],
    ]


def test_rows_are_not_allegations(new_orleans: Dataset, raw: pd.DataFrame) -> None:
    numbers = raw["Unique Officer Allegation ID"].value_counts()
    assert ((numbers > 1).sum(), numbers.max()) == (112, 3)
    assert new_orleans.card.unit == "allegation"
    named = new_orleans.allegations["allegation_id"]
    assert not named.dropna().duplicated().any()
    assert named.notna().sum() == len(numbers) - 1  # one of them stands in a row without a complaint number
    assert named.isna().sum() == 4
    assert not named.isin(numbers.index).any()


def test_what_describes_the_complaint_never_differs_within_it(new_orleans: Dataset) -> None:
    assert len(new_orleans.cases) == 2917
    assert (new_orleans.allegations.groupby("case_id")["raw_finding"].nunique() == 1).all()
    assert new_orleans.events.groupby(["case_id", "stage"], observed=True).size().max() == 1


def test_the_counts_of_dispositions(new_orleans: Dataset, raw: pd.DataFrame) -> None:
    assert raw["Disposition"].value_counts().to_dict() == {
        "Pending": 948,
        "Unfounded": 814,
        "Sustained": 530,
        "Not Sustained": 465,
        "Other": 442,
        "Exonerated": 367,
        "NFIM": 330,
        "Withdrawn - Mediation": 165,
        "Negotiated Settlement": 89,
        "Resigned under investigation": 1,
    }
    cases = new_orleans.per("complaint")
    assert cases["finding"].value_counts().to_dict() == {
        "closed_without_finding": 878,
        "pending": 577,
        "unfounded": 550,
        "sustained": 364,
        "not_sustained": 315,
        "exonerated": 233,
    }
    assert cases["closing_reason"].value_counts().to_dict() == {
        "not_stated": 456,
        "administrative": 294,
        "mediated": 127,
        "officer_left": 1,
    }


def test_impossible_orders_are_counted_and_set_aside(new_orleans: Dataset, raw: pd.DataFrame) -> None:
    columns = {
        "occurred": "Date Complaint Occurred",
        "received": "Date Complaint Received by NOPD (PIB)",
        "completed": "Date Complaint Investigation Complete",
    }
    day = {name: pd.to_datetime(raw[c], format="%m/%d/%Y %I:%M:%S %p") for name, c in columns.items()}
    assert (day["received"] < day["occurred"]).sum() == 62
    assert (day["completed"] < day["received"]).sum() == 7
    assert (day["completed"] < day["occurred"]).sum() == 22

    by_stage = new_orleans.events.pivot(index="case_id", columns="stage", values="earliest")
    assert (by_stage["received"] < by_stage["incident"]).sum() == 36  # complaints
    assert (by_stage["closed"] < by_stage["received"]).sum() == 7
    assert (by_stage["closed"] < by_stage["incident"]).sum() == 11
    usable = new_orleans.events[new_orleans.events["set_aside"].isna()]
    kept = usable.pivot(index="case_id", columns="stage", values="earliest")
    for first, then in (("incident", "received"), ("received", "closed"), ("incident", "closed")):
        assert not (kept[then] < kept[first]).any()
    assert new_orleans.events["set_aside"].value_counts().to_dict() == {
        "incident after received": 33,
        "investigation complete, yet the disposition is pending": 12,
        "closed before received": 7,
        "after 2019-12-11, the last day the release covers": 3,
    }


def test_a_completion_while_pending_is_set_aside_with_its_rows_counted(new_orleans: Dataset, raw: pd.DataFrame) -> None:
    both = (raw["Disposition"] == "Pending") & raw["Date Complaint Investigation Complete"].notna()
    assert both.sum() == 16
    entry = new_orleans.ledger.entries.query("rule == 'aside'").iloc[0]
    assert entry["count"] == 16


def test_ids_lose_their_trailing_blanks_and_the_ledger_says_so(new_orleans: Dataset, raw: pd.DataFrame) -> None:
    ids = raw["Complaint Tracking Number"]
    assert (ids.notna() & (ids != ids.str.strip())).sum() == 30
    changed = new_orleans.ledger.entries.query("action == 'value changed'").set_index("column")["count"]
    assert changed["Complaint Tracking Number"] == 30
    assert new_orleans.cases["case_id"].str.fullmatch(r"\d{4}-\d{4}-[A-Z]").all()


def test_spellings_become_one_term_each(new_orleans: Dataset, raw: pd.DataFrame) -> None:
    assert raw["Complainant Gender"].nunique() == 11
    assert set(new_orleans.complainants["complainant_gender"].dropna()) == {"female", "male"}
    cut = new_orleans.allegations.groupby("raw_officer_race")["officer_race"].first()
    assert cut["Asian/Pacifi"] == cut["Asian/Pacif"] == "asian_or_pacific_islander"
    assert pd.isna(cut["Not Specifie"])


def test_complainants_are_kept_apart_with_ages_in_bands(new_orleans: Dataset) -> None:
    people = new_orleans.complainants
    assert people["case_id"].isin(new_orleans.cases["case_id"]).all()
    described = ["case_id", "raw_complainant_gender", "raw_complainant_race", "complainant_age"]
    assert not people.duplicated(described).any()
    assert "complainant_age" not in new_orleans.allegations
    assert people["complainant_age"].dropna().str.fullmatch(r"under 18|\d\d-\d\d|65 and over").all()
    assert new_orleans.allegations["officer_age"].dropna().str.fullmatch(r"under 25|\d\d-\d\d|65 and over").all()
    entries = new_orleans.ledger.entries.query("rule == 'between'").set_index("column")["count"]
    assert entries.to_dict() == {"Complainant Age": 11, "Officer Age": 2}


def test_bureaus_of_complainants_are_those_of_the_accused(raw: pd.DataFrame) -> None:
    """Within one allegation the complainants differ and these columns do not."""
    numbered = raw.dropna(subset="Unique Officer Allegation ID")
    several = numbered[numbered["Unique Officer Allegation ID"].duplicated(keep=False)]
    kinds = several.fillna("").groupby("Unique Officer Allegation ID").nunique()
    assert (kinds["Complainant Gender"] > 1).sum() == 88
    assert (kinds[[c for c in raw.columns if c.endswith("of Complainant")]] == 1).all(axis=None)


def test_nothing_is_counted_per_officer(new_orleans: Dataset) -> None:
    assert new_orleans.allegations["officer_id"].isna().all()
    for unit in ("officer", "officer_complaint"):
        with pytest.raises(Refusal, match="unit='complaint'"):
            new_orleans.per(unit)
    assert new_orleans.per("complaint")["rows"].sum() == 3998


def test_open_complaints_count_and_dates_set_aside_do_not(new_orleans: Dataset) -> None:
    durations = clocks.durations(Cohort.of(new_orleans), start="received", stop="closed")
    why = durations.excluded["reason"].value_counts()
    assert why.to_dict() == {
        "'closed' date set aside: investigation complete, yet the disposition is pending": 12,
        "'closed' date set aside: closed before received": 7,
    }
    assert len(durations.table) == 2917 - 12 - 7
    assert (~durations.table["event"]).sum() == 577 - 12
    median = delay.closing_curve(durations).median().iloc[0]
    assert median["lower"] <= median["estimate"] <= median["upper"]
    closed_only = durations.table.loc[durations.table["event"], "days_lower"].median()
    assert median["estimate"] > closed_only  # leaving the open ones out makes the agency look faster
