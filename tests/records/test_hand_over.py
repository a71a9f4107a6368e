"""Tables handed over: labels and counts come back, and nothing of the agency's own text leaves."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import accountability
from accountability.errors import ParameterError
from accountability.publish.sharing.terms import leaks_in_terms
from accountability.records.dataset import Dataset


@pytest.fixture(scope="module")
def data() -> Dataset:
    return accountability.load("synthetic")


@pytest.fixture(scope="module")
def folder(data: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("handed") / "stata"
    data.export("stata", path)
    return path


def test_counts_labels_and_dates_come_back_from_stata(data: Dataset, folder: Path) -> None:
    back = pd.read_stata(folder / "allegations.dta")
    assert back["finding"].value_counts().to_dict() == data.allegations["finding"].value_counts().to_dict()
    with pd.io.stata.StataReader(folder / "allegations.dta") as reader:
        assert reader.variable_labels()["officer_race"] == "officer's race"
    events = pd.read_stata(folder / "events.dta")
    assert sorted(events["earliest"].dropna()) == sorted(data.events["earliest"].dropna())


def test_ids_are_pseudonyms_that_link_and_the_agencys_text_stays(data: Dataset, folder: Path) -> None:
    cases, rows = (pd.read_stata(folder / f"{name}.dta") for name in ("cases", "allegations"))
    assert cases["case_id"].str.fullmatch("p-[0-9a-f]{12}").all()
    assert cases["case_id"].nunique() == len(data.cases)
    assert set(rows["case_id"]) <= set(cases["case_id"])
    left = {*cases, *rows, *pd.read_stata(folder / "events.dta")}
    assert not [name for name in left if name.startswith(("raw_", "source_"))]
    assert "raw_text" in (folder / "codebook.html").read_text(encoding="utf-8")


def test_csv_and_parquet_hold_the_same_rows(data: Dataset, tmp_path: Path) -> None:
    data.export("csv", tmp_path / "csv")
    data.export("parquet", tmp_path / "parquet")
    csv = pd.read_csv(tmp_path / "csv" / "allegations.csv")
    parquet = pd.read_parquet(tmp_path / "parquet" / "allegations.parquet")
    assert csv["finding"].tolist() == parquet["finding"].astype("str").tolist()


def test_the_package_names_every_column_of_every_table(folder: Path) -> None:
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    for resource in package["resources"]:
        names = [field["name"] for field in resource["schema"]["fields"]]
        assert names == list(pd.read_stata(folder / resource["path"]))


def test_a_long_label_is_shortened_in_stata_and_whole_in_the_codebook(data: Dataset, tmp_path: Path) -> None:
    long = "the category of the complaint as the agency's intake desk first wrote it down on the day it came in"
    replace(data, labels={"category": long}).export("stata", tmp_path / "long")
    with pd.io.stata.StataReader(tmp_path / "long" / "allegations.dta") as reader:
        assert reader.variable_labels()["category"] == long[:79] + "…"
    assert long in (tmp_path / "long" / "codebook.html").read_text(encoding="utf-8").replace("&#x27;", "'")


def test_a_wrong_kind_and_a_full_folder_are_refused(data: Dataset, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="stata, parquet, csv"):
        data.export("sas", tmp_path / "x")
    with pytest.raises(ParameterError, match="not empty"):
        data.export("csv", folder)


def test_the_gate_finds_a_contact_among_the_terms(data: Dataset) -> None:
    assert leaks_in_terms(data) == []
    named = data.allegations.assign(category="write to someone@example.org")
    assert {leak.place for leak in leaks_in_terms(replace(data, allegations=named))} == {"allegations, category"}


def test_r_reads_it_back_with_labels(data: Dataset, folder: Path) -> None:
    if shutil.which("Rscript") is None:
        pytest.skip("R with haven is not on this machine")
    code = (
        'x <- haven::read_dta("allegations.dta"); cat(nrow(x), sum(haven::as_factor(x$finding) == "sustained", '
        'na.rm = TRUE), attr(x$officer_race, "label"), sep = "|")'
    )
    done = subprocess.run(["Rscript", "-e", code], cwd=folder, capture_output=True, text=True, check=True)
    sustained = int(data.allegations["finding"].eq("sustained").sum())
    assert done.stdout == f"{len(data.allegations)}|{sustained}|officer's race"
