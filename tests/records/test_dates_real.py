"""The dates of public extracts: what is known of each column, counted."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from edtf_writer import order

from accountability.records.dates import day_bounds, parse, parse_parts

pytestmark = pytest.mark.real_data
Folder = Callable[[str], Path]


def test_chicago_days_are_all_read_and_some_are_reversed(real_data: Folder) -> None:
    path = real_data("chicago_2000_2016") / "complaints-complaints_2000-2016_2016-11.csv.gz"
    cases = pd.read_csv(path, dtype="str", usecols=["complaint_date", "closed_date"])
    received, closed = parse(cases["complaint_date"], "%Y-%m-%d"), parse(cases["closed_date"], "%Y-%m-%d")
    assert received["precision"].eq("day").sum() == 109_339
    assert closed["precision"].isna().sum() == 1_949
    assert received["problem"].isna().all()
    assert closed["problem"].isna().all()
    assert order(received, closed).eq("reversed").sum() == 23
    assert day_bounds(received, closed)["high"].min() == -258


def test_new_york_penalty_reports_before_july_2023_are_months(real_data: Folder) -> None:
    path = real_data("nyc_ccrb_penalties") / "ccrb_penalties_20231125.csv"
    column = "Non-APU NYPD Penalty Report Date"
    printed = pd.read_csv(path, dtype="str", usecols=[column])[column]
    plain = parse(printed, "%m/%d/%Y")
    early = plain["earliest"] < "2023-07-01"
    assert plain["earliest"][early].dt.day.eq(28).all()
    lies = [{"before": "2023-07-01", "day": 28, "precision": "month"}]
    honest = parse(printed, {"date": "%m/%d/%Y", "lies": lies})
    assert honest["precision"].eq("month").sum() == early.sum() > 7_000
    assert honest["precision"][~early & plain["earliest"].notna()].eq("day").all()
    assert honest["earliest"][early].dt.day.eq(1).all()
    assert honest["latest"][early].dt.is_month_end.all()


def test_new_york_complaints_print_a_month_and_a_year(real_data: Folder) -> None:
    path = real_data("nyc_ccrb_propublica") / "CCRB-Complaint-Data_202007271729.zip"
    parts = ["year_received", "month_received", "year_closed", "month_closed"]
    cases = _member(path, parts)
    received = parse_parts(cases["year_received"], cases["month_received"])
    closed = parse_parts(cases["year_closed"], cases["month_closed"])
    assert received["precision"].eq("month").sum() == closed["precision"].eq("month").sum() == 33_358
    bounds = day_bounds(received, closed, ordered=True)
    assert bounds["low"].min() == 0
    assert (bounds["high"] - bounds["low"]).max() <= 60
    assert order(received, closed).eq("reversed").sum() == 0


def _member(path: Path, columns: list[str]) -> pd.DataFrame:
    with zipfile.ZipFile(path) as archive, archive.open("allegations_202007271729.csv") as table:
        return pd.read_csv(table, dtype="str", usecols=columns)


def test_new_orleans_prints_midnight_with_every_day(real_data: Folder) -> None:
    path = real_data("new_orleans") / "NOPD_Misconduct_Complaints_20200214.csv"
    columns = [
        "Date Complaint Occurred",
        "Date Complaint Received by NOPD (PIB)",
        "Date Complaint Investigation Complete",
    ]
    cases = pd.read_csv(path, dtype="str", usecols=columns)[columns]
    dates = [parse(cases[column], "%m/%d/%Y %I:%M:%S %p") for column in columns]
    assert all(item["problem"].isna().all() for item in dates)
    occurred, received, completed = dates
    assert [order(a, b).eq("reversed").sum() for a, b in ((occurred, received), (received, completed))] == [62, 7]
    assert order(occurred, completed).eq("reversed").sum() == 22
    refused = parse(cases[columns[0]], "%m/%d/%Y")
    assert refused["problem"].dropna().eq("time_of_day").all(), "no format with a time declared"


def test_philadelphia_and_nashville(real_data: Folder) -> None:
    received = pd.read_csv(real_data("philadelphia") / "ppd_complaints.csv", dtype="str")["date_received"]
    assert parse(received, "%Y-%m-%d")["precision"].eq("day").sum() == 3_407
    sheet = pd.read_excel(real_data("nashville") / "2010-2020.xlsx", usecols=["FINAL DISP DATE"], engine="calamine")
    assert parse(sheet["FINAL DISP DATE"], "%Y-%m-%d")["precision"].eq("day").sum() == 12_896
