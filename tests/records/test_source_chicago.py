"""Chicago 2000-2016, whole: what was published about it comes out of the functions a user would call."""

from __future__ import annotations

import csv
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT

from accountability import Cohort, delay, outcomes
from accountability.officers import accusations_per_officer
from accountability.records.dataset import Dataset
from accountability.study import clocks, overview
from accountability.study.grouping import group_cases

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def chicago(real_source: Callable[[str], Dataset]) -> Dataset:
    return real_source("chicago_2000_2016")


@pytest.fixture(scope="module")
def cohort(chicago: Dataset) -> Cohort:
    return Cohort.of(chicago)


@pytest.fixture(scope="module")
def published_years(cohort: Cohort) -> Cohort:
    """Accusations of the years the publisher's summary covers: incident month January 2008 to December 2015."""
    incidents = cohort.events[cohort.events["stage"] == "incident"].set_index("case_id")["earliest"]
    inside = incidents[(incidents >= "2008-01-01") & (incidents <= "2015-12-31")].index
    return cohort.keep_if(lambda cases: cases["case_id"].isin(inside), because="incident 2008-2015").keep_if(
        lambda rows: rows["officer_id"].notna(), because="an officer is identified", of="allegations"
    )


def published() -> dict[str, tuple[float, float]]:
    path = ROOT.parent / "shared" / "reference" / "published_values.csv"
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["source"] == "chicago_2000_2016"]
    return {row["id"]: (float(row["value"]), float(row["tolerance"])) for row in rows}


# Invisible Institute, complaints summary (January 2018), as recomputed from the same files.
PUBLISHED = {
    "ii.CR": 109339,
    "ii.accCR": 67446,
    "ii.acc": 125581,
    "ii.officers": 16021,
    "ii.s.acc": 49690,
    "ii.s.CR": 25951,
    "ii.s.off": 11013,
    "ii.one": 26.23,
    "ii.ge10.n": 1215,
    "ii.ge10.pct": 11.03,
    "ii.ge10.share": 36,
}


def test_every_published_value_is_reproduced(cohort: Cohort, published_years: Cohort) -> None:
    spread = accusations_per_officer(published_years)
    ten, true = spread.at_least(10), spread.true_numbers()
    found = {
        "ii.CR": len(cohort.cases),
        "ii.accCR": cohort.allegations["case_id"].nunique(),
        "ii.acc": len(cohort.allegations),
        "ii.officers": cohort.allegations["officer_id"].nunique(),
        "ii.s.acc": int((true["from_count"] * true["n"]).sum()),
        "ii.s.CR": len(published_years.cases),
        "ii.s.off": int(true["n"].sum()),
        # The publisher rounds these three: two decimals of a per cent, and a whole per cent.
        "ii.one": round(100 * true.set_index("from_count")["share_officers"][1], 2),
        "ii.ge10.n": int(ten["officers"]),
        "ii.ge10.pct": round(100 * ten["share_officers"], 2),
        "ii.ge10.share": round(100 * ten["share_of_accusations"]),
    }
    assert found == PUBLISHED


def test_the_published_values_held_here_are_those_of_the_reference() -> None:
    reference = published()
    if not reference:
        pytest.skip("the table of published values is not on this machine")
    assert {name: value for name, (value, _) in reference.items()} == PUBLISHED


def test_raw_rows_are_coded_rows_plus_rows_accounted_for(chicago: Dataset) -> None:
    balance = chicago.ledger.check().set_index("table")
    assert balance["raw"].to_dict() == {"cases": 109339, "allegations": 125581, "officers": 16021}
    assert balance["coded"].to_dict() == balance["raw"].to_dict()
    assert len(chicago.cases) == 109339
    assert len(chicago.allegations) == 125581


def test_impossible_dates_are_set_aside_and_counted(chicago: Dataset) -> None:
    aside = chicago.events.dropna(subset="set_aside").groupby(["stage", "set_aside"], observed=True).size()
    assert aside.to_dict() == {
        ("closed", "closed before received"): 23,
        ("incident", "incident after received"): 8,
    }
    entries = chicago.ledger.entries.query("action == 'value set aside'").set_index("column")["count"]
    assert entries.to_dict() == {"closed": 23, "incident": 8}


def test_no_name_shield_or_address_is_left(chicago: Dataset) -> None:
    for table in (chicago.cases, chicago.allegations, chicago.events):
        assert not [c for c in table.columns if any(w in c for w in ("name", "address", "star", "street", "apartment"))]
    assert chicago.allegations["officer_id"].str.fullmatch(r"p-[0-9a-f]{12}").all()


def test_findings_and_penalties_as_counted_on_the_raw_file(chicago: Dataset) -> None:
    table = chicago.allegations
    assert table["raw_finding"].value_counts(dropna=False).to_dict() == {
        "NS": 39672, "NAF": 32704, "UN": 28920, "EX": 8454, "SU": 8142, np.nan: 7630, "NC": 47, "DIS": 12,
    }  # fmt: skip
    assert (table["finding"] == "sustained").sum() == 8142
    assert (table["closing_reason"] == "no_affidavit").sum() == 32704
    sustained_without = (table["finding"] == "sustained") & (table["raw_imposed"] == "600.0")
    assert sustained_without.sum() == 12
    # 40 rows carry days of suspension without being sustained: 39 have no finding on record, one no affidavit.
    days_unsustained = table.loc[table["imposed_days"].notna() & (table["finding"] != "sustained"), "raw_finding"]
    assert days_unsustained.fillna("blank").value_counts().to_dict() == {"blank": 39, "NAF": 1}


def test_a_code_is_never_read_as_days(chicago: Dataset) -> None:
    codes = chicago.allegations.groupby("raw_imposed")[["imposed_penalty", "imposed_days"]].first()
    assert codes.loc["800.0", "imposed_penalty"] == "left_before_penalty"
    assert codes.loc["900.0", "imposed_penalty"] == "not_served"
    assert codes.loc["90.0"].tolist() == ["suspension", 90.0]
    assert codes.loc["365.0"].tolist() == ["suspension", 365.0]
    assert codes.loc[["99.0", "200.0", "800.0", "900.0", "999.0"], "imposed_days"].isna().all()


def test_open_complaints_are_open(cohort: Cohort) -> None:
    delays = clocks.durations(cohort)
    assert delays.n_open == 1949
    assert len(delays) == 109339 - 23
    assert delays.excluded_counts()["cases"].tolist() == [23]
    assert overview.by_year(cohort).true_numbers()["still_open"].sum() == 1949


def test_the_closing_curve_is_that_of_statsmodels(cohort: Cohort) -> None:
    from statsmodels.duration.survfunc import SurvfuncRight

    delays = clocks.durations(cohort)
    days = np.where(delays.event, delays.days_upper, delays.days_lower).astype(float)
    reference = SurvfuncRight(days, delays.event.astype(int))
    curve = delay.closing_curve(delays).table
    ours = curve.loc[curve["events"] > 0].set_index("day")
    # Same estimator on the same days: agreement to rounding of the product over 109,316 cases.
    np.testing.assert_allclose(ours["estimate"], reference.surv_prob, rtol=0, atol=1e-12)
    inner = ours["estimate"].to_numpy() > 0
    np.testing.assert_allclose(ours["std_error"][inner], reference.surv_prob_se[inner], rtol=1e-8)


def test_counting_the_open_cases_matters_most_in_the_last_year(cohort: Cohort) -> None:
    received = cohort.events[cohort.events["stage"] == "received"].set_index("case_id")["earliest"].dt.year
    last = cohort.keep_if(lambda cases: cases["case_id"].map(received) == 2016, because="received in 2016")
    delays = clocks.durations(last)
    closed_only = delay.mean_of_closed_only(delays).table["median_days"].iloc[0]
    median = delay.closing_curve(delays).median()["estimate"].iloc[0]
    assert (len(delays), delays.n_open) == (1627, 727)
    assert closed_only == 82
    assert median == 147  # the naive figure is little more than half of it


def test_every_complaint_is_in_one_group_of_categories(cohort: Cohort) -> None:
    grouped = group_cases(cohort, "category")
    sizes = grouped.cases["category"].value_counts()
    assert sizes.sum() == 109339
    assert sizes["several"] == 962
    assert sizes.min() >= 10
    table = delay.compare_groups(clocks.durations(grouped), by="category").true_numbers()
    assert table["n"].iloc[0] == table["n"].iloc[1:].sum() == 109316


def test_penalties_changed_between_recommendation_and_imposition(cohort: Cohort) -> None:
    both = cohort.allegations[["raw_recommended", "raw_imposed"]].dropna()
    assert len(both) == 117898
    changed = outcomes.changes(cohort).table.set_index(["what", "kind"])["events"]
    assert changed["as published", "changed"] == 4989
    assert changed["as published", "unchanged"] == 117898 - 4989


def test_the_dataset_is_not_changed_by_the_studies(chicago: Dataset) -> None:
    before = [pd.util.hash_pandas_object(t).sum() for t in (chicago.cases, chicago.allegations)]
    cohort = Cohort.of(chicago)
    delay.closing_curve(clocks.durations(group_cases(cohort, "category")), by="category")
    outcomes.outcome_distribution(cohort)
    assert [pd.util.hash_pandas_object(t).sum() for t in (chicago.cases, chicago.allegations)] == before
