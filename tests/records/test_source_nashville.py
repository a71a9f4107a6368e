"""Nashville, whole: findings and penalties told apart that share a cell, and the figures published about them."""

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

# APM Reports, Discipline-Data-Analysis.ipynb, as recomputed from the same file.
PUBLISHED = {
    "nash.rows": 12896,
    "nash.final": 12502,
    "nash.severe.share": 0.21604543273076307,
    "nash.all.n.black": 1710,
    "nash.all.n.white": 9997,
    "nash.all.n.hispanic": 236,
    "nash.all.n.multiracial": 374,
    "nash.all.n.asian/pacific islander": 177,
}
SEVERE = ("suspension", "demotion", "dismissal")
DISPOSITION = "FINAL DISPOSITION"


@pytest.fixture(scope="module")
def nashville(real_source: Callable[[str], Dataset]) -> Dataset:
    return real_source("nashville")


@pytest.fixture(scope="module")
def on_the_roster(nashville: Dataset) -> Cohort:
    return Cohort.of(nashville).keep_if(
        lambda rows: rows["officer_race"].notna(), because="matched to the roster, race known", of="allegations"
    )


@pytest.fixture(scope="module")
def raw(real_data: Callable[[str], Path]) -> pd.DataFrame:
    """The file read apart from the source's declaration."""
    return readers.read(real_data("nashville") / "cleaned_discipline_final.csv").frame


def test_every_published_value_is_reproduced(nashville: Dataset, on_the_roster: Cohort) -> None:
    rows = on_the_roster.allegations
    severe = rows["imposed_penalty"].isin(SEVERE)
    races = rows["raw_officer_race"].value_counts()
    found = {
        "nash.rows": len(nashville.allegations),
        "nash.final": len(rows),
        "nash.severe.share": pytest.approx(severe.mean(), abs=1e-12),
        **{f"nash.all.n.{race}": int(count) for race, count in races.items() if race != "native american"},
    }
    assert found == PUBLISHED


def test_the_published_values_held_here_are_those_of_the_reference() -> None:
    path = ROOT.parent / "shared" / "reference" / "published_values.csv"
    if not path.is_file():
        pytest.skip("the table of published values is not on this machine")
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["source"] == "nashville"]
    assert {row["id"]: float(row["value"]) for row in rows} == PUBLISHED


def test_every_raw_row_is_coded(nashville: Dataset) -> None:
    balance = nashville.ledger.check()
    assert balance[["raw", "coded", "accounted"]].to_numpy().tolist() == [[12896, 12896, 0]]
    assert len(nashville.cases) == 12631  # 12,630 control numbers and one row without
    assert nashville.ledger.entries.query("rule == 'if_blank'")["count"].tolist() == [1]


def test_control_numbers_keep_their_leading_zeros(nashville: Dataset, raw: pd.DataFrame) -> None:
    assert {"018210", "09729", "IA2019-00010"} <= set(nashville.cases["case_id"])
    zeros = raw["CONTROL #"].dropna().loc[lambda ids: ids.str.startswith("0")]
    assert len(zeros) > 5000
    assert set(zeros.str.strip()) <= set(nashville.cases["case_id"])


def test_the_file_is_the_department_s_workbook(raw: pd.DataFrame, real_data: Callable[[str], Path]) -> None:
    """All nine columns, row by row; the file that is read leaves three cells blank that say "N/A" there."""
    fmt = readers.Format(type="xlsx", sheet="Sheet1")
    book = readers.read(real_data("nashville") / "2010-2020.xlsx", fmt).frame
    assert len(book) == len(raw) == 12896
    differ = {}
    for column in book:
        ours, theirs = raw[column], book[column]
        if column == "FINAL # DAYS":
            ours, theirs = ours.astype("float64"), theirs.astype("float64")
        if column == "FINAL DISP DATE":
            theirs = theirs.str.slice(0, 10)
        other = ~((ours == theirs) | (ours.isna() & theirs.isna()))
        if other.any():
            differ[column] = theirs[other].tolist()
            assert ours[other].isna().all()
    assert differ == {"EMPLOYEE LAST NAME": ["N/A"], "COMP SEX": ["N/A"], "COMP RACE": ["N/A"]}


def test_a_finding_and_a_penalty_share_a_cell(nashville: Dataset, raw: pd.DataFrame) -> None:
    assert raw[DISPOSITION].nunique() == 72
    rows = nashville.allegations.groupby("raw_finding")[["finding", "imposed_penalty"]].first()
    assert rows.loc["SUSPENDED, NOT SUSTAINED"].tolist() == ["sustained", "suspension"]
    assert rows.loc["WRITTEN"].tolist() == ["sustained", "reprimand"]
    assert rows.loc["TERMINATION, DEMOTION, SUSPENDED"].tolist() == ["sustained", "dismissal"]
    assert rows.loc["EXONERATED", "finding"] == "exonerated"
    assert pd.isna(rows.loc["EXONERATED", "imposed_penalty"])
    assert rows.loc["RESIGNED"].tolist() == ["closed_without_finding", "left_before_penalty"]
    decided = nashville.allegations["imposed_penalty"].isin(["suspension", "demotion", "dismissal", "reprimand"])
    assert (nashville.allegations.loc[decided, "finding"] == "sustained").all()
    assert nashville.lossy.query("column == 'finding'")["rows"].sum() > 100


def test_days_belong_to_a_suspension(nashville: Dataset, raw: pd.DataFrame) -> None:
    days = raw["FINAL # DAYS"].astype("float64")
    assert (days.notna().sum(), days.min(), days.max()) == (2669, 1, 67)
    suspended = raw[DISPOSITION].str.upper().str.contains("SUSPENDED")
    assert (suspended & days.isna()).sum() == 59
    without = raw.loc[~suspended & days.notna(), DISPOSITION].value_counts()
    assert without.to_dict() == {"TERMINATED": 8, "TERMINATION": 4, "WRITTEN": 2, "SUSTAINED": 1}
    # Looked for in capitals there is a sixteenth, the row "suspended".
    assert (~raw[DISPOSITION].str.contains("SUSPENDED") & days.notna()).sum() == 16
    rows = nashville.allegations
    assert rows["stated_days"].notna().sum() == 2669
    assert (rows.loc[rows["imposed_days"].notna(), "imposed_penalty"] == "suspension").all()
    assert nashville.ledger.entries.query("rule == 'aside'")["count"].tolist() == [22]
    assert rows["imposed_days"].notna().sum() == 2669 - 22


def test_letters_in_the_wrong_column_are_left_out(nashville: Dataset, raw: pd.DataFrame) -> None:
    sex, race = (raw[column].str.strip().str.upper() for column in ("COMP SEX", "COMP RACE"))
    assert (sex.isin(["W", "B"]).sum(), race.isin(["F", "M"]).sum()) == (32, 39)
    people = nashville.complainants
    assert set(people["complainant_gender"].dropna()) == {"female", "male"}
    assert set(people["complainant_race"].dropna()) == {"asian", "black", "hispanic", "other", "white"}
    assert people.loc[people["raw_complainant_gender"] == "W", "complainant_gender"].isna().all()
    assert people.loc[people["raw_complainant_race"] == "M", "complainant_race"].isna().all()


def test_the_day_in_a_text_is_read_and_the_text_is_not_kept(nashville: Dataset, raw: pd.DataFrame) -> None:
    days = nashville.events[nashville.events["stage"] == "incident"]
    assert len(days) == 3498
    layouts = days["raw_text"].str.replace(r"\d", "9", regex=True)
    assert layouts.nunique() == 8
    assert days["earliest"].dt.year.between(2007, 2020).all()
    assert days["set_aside"].notna().sum() == 2
    assert nashville.allegations["category"].notna().sum() == 9987
    assert nashville.allegations["raw_category"].dropna().str.len().max() < 50
    texts = set(raw["ALLEGATION"].dropna().loc[lambda text: text.str.contains(r"\d")])
    tables = (nashville.cases, nashville.allegations, nashville.events, nashville.complainants)
    kept = {value for table in tables for column in table.select_dtypes("str") for value in table[column].unique()}
    left = len(texts & kept)
    assert left == 0


def test_no_name_is_left(nashville: Dataset, raw: pd.DataFrame) -> None:
    names = set(raw["EMPLOYEE LAST NAME"].dropna()) | set(raw["roster_name_match"]) | set(raw["full_name"].dropna())
    tables = (nashville.cases, nashville.allegations, nashville.events, nashville.complainants)
    kept = {value for table in tables for column in table.select_dtypes("str") for value in table[column].dropna()}
    left = len({name for name in names if len(name) > 4} & kept)  # counted first: a failure prints no name
    assert left == 0
    officers = nashville.allegations["officer_id"]
    assert (officers.isna().sum(), officers.nunique()) == (320, 2173)
    assert officers.dropna().str.fullmatch(r"p-[0-9a-f]{12}").all()


def test_delays_are_refused(nashville: Dataset) -> None:
    delays = clocks.durations(Cohort.of(nashville), start="incident")
    with pytest.raises(Refusal, match="holds closed cases only"):
        delay.closing_curve(delays)


def test_what_follows_a_finding(on_the_roster: Cohort) -> None:
    table = outcomes.outcome_distribution(on_the_roster, by="officer_race").table
    white = table[(table["officer_race"] == "white") & (table["part"] == "penalty")].set_index("term")
    suspended = on_the_roster.allegations.query("officer_race == 'white' and imposed_penalty == 'suspension'")
    assert white.loc["suspension", "events"] == len(suspended)
