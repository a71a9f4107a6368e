"""New York's board as released to ProPublica: the figures it published, and what the release must not be used for."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT

from accountability import Cohort, delay
from accountability.errors import Refusal
from accountability.officers import accusations_per_officer
from accountability.records import readers
from accountability.records.dataset import Dataset
from accountability.records.onboard import guess
from accountability.study import clocks, overview

pytestmark = pytest.mark.real_data

# ProPublica, The NYPD Files (July 2020), as recomputed from the same file.
PUBLISHED = {
    "pp.allegations": 33358,
    "pp.officers": 3996,
    "pp.fado.Abuse of Authority": 20292,
    "pp.fado.Force": 7636,
    "pp.fado.Discourtesy": 4677,
    "pp.fado.Offensive Language": 753,
    "pp.off5sub": 303,
}


@pytest.fixture(scope="module")
def release(real_source: Callable[[str], Dataset]) -> Dataset:
    return real_source("nyc_ccrb_propublica")


@pytest.fixture(scope="module")
def raw(real_data: Callable[[str], Path]) -> pd.DataFrame:
    """The raw file, read apart from the source's declaration."""
    path = real_data("nyc_ccrb_propublica") / "CCRB-Complaint-Data_202007271729.zip"
    return readers.read(path, readers.Format(member="allegations_202007271729.csv")).frame


def test_every_published_value_is_reproduced(release: Dataset) -> None:
    cohort = Cohort.of(release)
    sustained = cohort.keep_if(
        lambda rows: rows["finding"] == "sustained", because="the allegation is substantiated", of="allegations"
    )
    kinds = cohort.allegations["raw_category"].value_counts()
    found = {
        "pp.allegations": len(cohort.allegations),
        "pp.officers": int(accusations_per_officer(cohort).true_numbers()["n"].sum()),
        **{f"pp.fado.{kind}": int(count) for kind, count in kinds.items()},
        "pp.off5sub": int(accusations_per_officer(sustained).at_least(5)["officers"]),
    }
    assert found == PUBLISHED


def test_the_published_values_held_here_are_those_of_the_reference() -> None:
    path = ROOT.parent / "shared" / "reference" / "published_values.csv"
    if not path.is_file():
        pytest.skip("the table of published values is not on this machine")
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["source"] == "nyc_ccrb_propublica"]
    assert {row["id"]: float(row["value"]) for row in rows} == PUBLISHED


def test_every_raw_row_is_coded(release: Dataset) -> None:
    balance = release.ledger.check()
    assert balance[["raw", "coded", "accounted"]].to_numpy().tolist() == [[33358, 33358, 0]]
    assert release.cases["case_id"].nunique() == len(release.cases) == 12056


def test_the_archive_holds_junk_that_is_not_read(real_data: Callable[[str], Path]) -> None:
    path = real_data("nyc_ccrb_propublica") / "CCRB-Complaint-Data_202007271729.zip"
    with zipfile.ZipFile(path) as archive:
        assert sum(name.startswith("__MACOSX/") for name in archive.namelist()) == 4
    tables = {part.member for part in guess.parts(path)}
    assert tables == {"allegations_202007271729.csv", "CCRB Data Layout Table.xlsx"}


def test_kinds_and_texts_are_those_of_the_layout_table(release: Dataset, real_data: Callable[[str], Path]) -> None:
    fmt = readers.Format(type="xlsx", member="CCRB Data Layout Table.xlsx", sheet="FADO")
    stated = readers.read(real_data("nyc_ccrb_propublica") / "CCRB-Complaint-Data_202007271729.zip", fmt).frame
    counts = stated.set_index(["FADO Category", "Allegation type"])["Count of records"].astype("float").astype("int64")
    assert len(counts) == 118
    texts = release.allegations.dropna(subset="allegation")
    assert texts.groupby(["raw_category", "allegation"]).size().to_dict() == counts.to_dict()
    assert release.allegations["allegation"].isna().sum() == 1


def test_closings_before_2000_are_not_recorded(release: Dataset, raw: pd.DataFrame) -> None:
    """The rule behind the declaration: before 2000 all closings repeat the receipt, since then none does."""
    same = (raw["year_received"] == raw["year_closed"]) & (raw["month_received"] == raw["month_closed"])
    pd.testing.assert_series_equal(same, raw["year_closed"].astype("int64") < 2000, check_names=False)
    early = raw["year_received"].astype("int64") < 2000
    assert (early.sum(), (same & early).sum()) == (1672, 1519)
    assert round((same & early).sum() / early.sum(), 2) == 0.91
    entry = release.ledger.entries.query("rule == 'aside'").iloc[0]
    assert (entry["column"], entry["count"]) == ("year_closed", 1519)
    aside = release.events.dropna(subset="set_aside")
    assert len(aside) == 653
    assert (aside["stage"] == "closed").all()
    assert (aside["latest"] < "2000-01-01").all()
    delays = clocks.durations(Cohort.of(release))
    assert len(delays) == 12056 - 653
    assert delays.n_open == 0


def test_months_stay_months(release: Dataset) -> None:
    assert set(release.events["precision"]) == {"month"}
    assert (release.events["earliest"].dt.day == 1).all()
    held = overview.dates_held(Cohort.of(release)).set_index("stage")
    assert held.loc["received", ["cases", "first", "last"]].tolist() == [
        12056,
        pd.Timestamp("1985-09-01"),
        pd.Timestamp("2020-01-31"),
    ]
    assert held.loc["closed", "last"] == pd.Timestamp("2020-06-30")
    table = clocks.durations(Cohort.of(release)).table
    assert (table["days_upper"] - table["days_lower"]).min() == 54  # from one February to another, each of 28 days


def test_rows_alike_are_kept_and_marked(release: Dataset, raw: pd.DataFrame) -> None:
    marked = release.allegations["repeats_a_row"]
    assert marked.sum() == raw.duplicated().sum() == 631
    force = release.allegations["category"] == "force"
    assert (round(force[marked].mean(), 2), round(force.mean(), 2)) == (0.35, 0.23)


def test_nobody_can_be_told_and_no_child_s_age_is_shown(release: Dataset, raw: pd.DataFrame) -> None:
    tables = (release.cases, release.allegations, release.events, release.complainants)
    assert not [c for table in tables for c in table if "name" in c or "shield" in c]
    assert (raw["shield_no"] == "0").sum() == 5392
    assert release.allegations["officer_id"].str.fullmatch(r"p-[0-9a-f]{12}").all()
    assert raw["complainant_age_incident"].value_counts()[["-4301", "-1"]].tolist() == [1, 5]
    assert release.ledger.entries.query("rule == 'between'")["count"].tolist() == [6]
    assert set(release.complainants["complainant_age"].dropna()) == {
        "under 18", "18-24", "25-34", "35-44", "45-54", "55-64", "65 and over",
    }  # fmt: skip


def test_what_the_release_cannot_say_is_refused(release: Dataset) -> None:
    with pytest.raises(Refusal, match="selected on officers on the force"):
        delay.closing_curve(clocks.durations(Cohort.of(release)))


def test_the_board_s_word_holds_a_finding_and_a_recommendation(release: Dataset) -> None:
    table = release.allegations
    assert table["finding"].value_counts().to_dict() == {
        "not_sustained": 15448,
        "exonerated": 9609,
        "sustained": 8301,
    }
    charges = table[table["raw_finding"] == "Substantiated (Charges)"]
    assert len(charges) == 3796
    assert (charges["recommended_parts"] == "charges").all()
    assert table.loc[table["finding"] != "sustained", "recommended_penalty"].isna().all()
    assert (table["closing_reason"] == "officer_unidentified").sum() == 1
