"""What is known of complainants, victims and witnesses is compared by as any column is, each complaint counted once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny import ACCUSED, COMPLAINTS, write_source

import accountability
from accountability import Cohort, delay, outcomes
from accountability.errors import ParameterError
from accountability.records.capabilities import groups
from accountability.records.contract import declared_source
from accountability.records.dataset import Dataset
from accountability.study.grouping import group_cases
from accountability.study.restriction import only_where

CASES = COMPLAINTS + "".join(f"{n},2020-01-01,2020-0{2 + n % 5}-01,force,A\n" for n in range(60))
ROWS = ACCUSED + "".join(f"{n},o{n},{'SUS' if n % 3 else 'NOT'},\n" for n in range(60))
#: Case 0 has two complainants of different races, case 1 two of whom one is not known, case 2 none.
PEOPLE = "case,race\n0,black\n0,white\n1,black\n1,\n" + "".join(
    f"{n},{'black' if n < 30 else 'white'}\n" for n in range(3, 60)
)


def agency(folder: Path, **more: str) -> Dataset:
    folder.mkdir(parents=True)
    files = {}
    for role, column in {"complainants": "complainant_race", **more}.items():
        (folder / f"{role}.csv").write_text(PEOPLE, encoding="utf-8")
        files[f"files.{role}"] = {
            "path": f"{role}.csv",
            "sha256": hashlib.sha256(PEOPLE.encode()).hexdigest(),
            "table": role,
            "columns": {"case": {"to": "case_id"}, "race": {"to": column}},
        }
    return accountability.load(write_source(folder, CASES, ROWS, **files))


def test_a_case_has_the_value_its_people_share(tmp_path: Path) -> None:
    grouped = group_cases(Cohort.of(agency(tmp_path / "small")), "complainant_race", min_group=1)
    value = grouped.cases.set_index("case_id")["complainant_race"]
    assert value[["0", "1", "2", "3", "30"]].tolist() == ["several", "black", "none stated", "black", "white"]


def test_front_doors_compare_by_it(tmp_path: Path) -> None:
    data = agency(tmp_path / "small")
    shares = outcomes.outcome_distribution(data, by="complainant_race", min_cell=1).true_numbers()
    upheld = shares[(shares["part"] == "finding") & (shares["term"] == "sustained")].set_index("complainant_race")
    assert upheld.loc["white", ["n", "events"]].tolist() == [30, 20]
    assert upheld["n"].sum() == 60
    assert outcomes.sustained_logit(data, ["complainant_race"]).table["n"].iloc[0] > 0
    assert set(delay.closing_curve(data, by="complainant_race").table["complainant_race"]) >= {"black", "white"}
    assert len(only_where(Cohort.of(data), "complainant_race=white").cases) == 30
    assert "complainant_race" not in data.cases, "the dataset is as it was"


def test_one_name_in_two_roles_is_refused_with_the_line(tmp_path: Path) -> None:
    data = agency(tmp_path / "small", victims="complainant_race")
    with pytest.raises(ParameterError, match="stands in complainants and victims, so it says of no one role"):
        outcomes.outcome_distribution(data, by="complainant_race")


def test_an_unknown_name_lists_the_columns_of_people(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="complainant_race"):
        group_cases(Cohort.of(agency(tmp_path / "small")), "complainer_race")


def test_studies_may_be_asked_by_what_people_are_and_never_by_who() -> None:
    held = groups(declared_source("chicago_investigators"))
    assert "investigator_rank" in held
    assert "investigator_id" not in held
    assert {"complainant_race", "complainant_gender", "complainant_age"} <= set(groups(declared_source("philadelphia")))


@pytest.mark.real_data
def test_findings_of_philadelphia_by_the_complainants_race(real_source: Callable[[str], Dataset]) -> None:
    data = real_source("philadelphia")
    table = outcomes.outcome_distribution(data, by="complainant_race").table
    upheld = table[(table["part"] == "finding") & (table["term"] == "sustained")].set_index("complainant_race")
    people, rows = data.complainants, data.allegations
    kinds = people.groupby("case_id")["complainant_race"].agg(["nunique", "first"])
    black = rows["case_id"].isin(kinds.index[(kinds["nunique"] == 1) & (kinds["first"] == "black")])
    decided = rows["finding"].notna() & rows["finding"].ne("pending")
    assert upheld.loc["black", "n"] == (black & decided).sum()
    assert upheld.loc["black", "events"] == (black & rows["finding"].eq("sustained")).sum()
