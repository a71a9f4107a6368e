"""Rates per outside totals: the planted ones are found, and what no total is known of is refused by name."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import districts
import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.stats import chi2

import accountability
from accountability import officers
from accountability.errors import ParameterError, Refusal
from accountability.records.dataset import Dataset
from accountability.stats.count_laws import overdispersion
from accountability.stats.intervals import poisson_exact
from accountability.tables import describe


@pytest.fixture(scope="module")
def data() -> Dataset:
    return accountability.load("generated_districts")


def test_the_planted_rates_are_within_their_intervals(data: Dataset) -> None:
    table = describe(data, "complaints", by="district", per="residents").table.set_index("district")
    assert list(table.index) == ["01", "02", "03", "04"], "nobody lives at the airport"
    planted = pd.Series(districts.RATES).reindex(table.index)
    assert table["lower"].lt(planted).all()
    assert table["upper"].gt(planted).all()
    exact = poisson_exact(table["n"].to_numpy(), 0.95)
    wider = (table["upper"] - table["lower"]) / ((exact[1] - exact[0]) * 1000 / table["exposure"])
    assert wider.between(1.3, 1.55).all(), "months vary twice as much as by a Poisson law"


def test_rates_are_counts_over_totals_times_years(data: Dataset) -> None:
    found = describe(data, "complaints", by="district", when="year", per="residents")
    received = data.events[data.events["stage"] == "received"].set_index("case_id")["earliest"].dt.year
    cases = data.cases.assign(year=data.cases["case_id"].map(received))
    counted = cases.groupby(["district", "year"]).size()
    table = found.true_numbers()
    for row in table.itertuples():
        assert row.n == counted[row.district, int(row.window)]
        whole = round(districts.RESIDENTS[row.district] * (1 + 0.01 * (int(row.window) - 2016)))
        assert row.exposure == pytest.approx(whole)
        assert row.estimate == pytest.approx(1000 * row.n / whole)
    assert table["n"].sum() + found.outside["n"].sum() == len(data.cases), "every complaint is in a rate or outside"
    half = describe(data, "complaints", when={"since": "2016-01-01", "until": "2016-06-30"}, per="residents").table
    assert half["exposure"].iloc[0] == pytest.approx(243_000 * 182 / 366)
    months = describe(data, "complaints", when="month", per="residents").table
    assert months["exposure"].sum() == pytest.approx(table["exposure"].sum())


def test_officer_years_of_the_roster_and_of_the_headcount_agree(data: Dataset) -> None:
    by_roster = describe(data, "officer_complaints", by="district", per="roster").table
    by_total = describe(data, "officer_complaints", by="district", per="sworn_officers").table
    assert by_roster["estimate"].to_numpy() == pytest.approx(by_total["estimate"].to_numpy(), rel=0.01)
    served = officers.person_time(data, by="district").true_numbers()
    assert served["days"].sum() == 327 * (4 * 365 + 1)
    assert officers.person_time(data, "district").table["hidden"].sum() == 0
    with pytest.raises(ParameterError, match="officer_id tells single officers apart"):
        officers.person_time(data, by="officer_id")


def test_a_choice_of_places_chooses_their_totals_too(data: Dataset) -> None:
    two = describe(data, "complaints", rows={"district": ["01", "02"]}, per="residents").table
    each = describe(data, "complaints", by="district", per="residents").table.head(2)
    assert two["exposure"].iloc[0] == each["exposure"].sum()
    assert two["n"].iloc[0] == each["n"].sum()
    one = describe(data, "complaints", rows={"district": "airport"}, per="roster").table
    assert one["exposure"].iloc[0] == pytest.approx(12 * 4), "officers of the airport, not all"
    upheld = describe(data, "complaints", rows={"finding": "sustained"}, per="residents")
    assert "residents are all there are, whatever finding of the rows is chosen" in upheld.assumptions


def test_small_counts_are_hidden_with_all_that_would_tell_them(data: Dataset) -> None:
    found = describe(
        data, "complaints", by="district", when="year", per="sworn_officers", rows={"finding": "sustained"}
    )
    true = found.true_numbers()
    few = true["n"].between(1, 9).to_numpy()
    assert few.any()
    assert found.table.loc[few, ["n", "estimate", "lower", "upper"]].isna().all(axis=None)
    assert found.table["exposure"].notna().all()
    assert "too few to show" in found.sentence() or not few[:4].any()


@pytest.mark.parametrize(
    ("asked", "error", "told"),
    [
        ({"per": ["residents"]}, ParameterError, "no total .'residents'."),
        ({"per": "people"}, ParameterError, "no total 'people'; it has residents, sworn_officers, roster"),
        ({"by": "finding", "per": "residents"}, ParameterError, "residents are known by district, not by 'finding'"),
        ({"per": "residents", "rows": lambda f: f["district"] == "01"}, ParameterError, "does not say of which places"),
        ({"per": "residents", "when": {"every": "year", "stage": "closed"}}, Refusal, "when= names 'closed'"),
        ({"per": "residents", "when": {"since": "2021-01-01"}}, Refusal, "covers no day of the window"),
        ({"per": "residents", "of": "decided"}, ParameterError, "is of units counted: write describe"),
        ({"what": "sustained", "per": "residents"}, ParameterError, "is of units counted: write describe"),
    ],
)
def test_rates_that_mean_nothing_are_refused(data: Dataset, asked: dict[str, Any], error: type, told: str) -> None:
    with pytest.raises(error, match=told):
        describe(data, **{"what": "complaints"} | asked)


def test_a_cohort_chosen_otherwise_is_refused(data: Dataset) -> None:
    from accountability.study.cohort import Cohort

    kept = Cohort.of(data).keep_if(lambda cases: cases["district"] == "01", because="the first district")
    with pytest.raises(Refusal, match=r"1 condition\(s\) chose its cases .*the first district.* Pass the dataset"):
        describe(kept, "complaints", per="residents")


def test_an_area_without_a_total_is_refused_with_its_complaints_and_the_line_to_write(tmp_path: Path) -> None:
    rows = "".join(line for line in districts.TOTALS.splitlines(keepends=True) if not line.startswith("03"))
    small = accountability.load(districts.agency(tmp_path / "small", rows))
    said = (
        r"1 of 3 places have complaints and no residents: 20 rows of 60, first '03' in 20.*Add them to totals.csv, or"
    )
    with pytest.raises(Refusal, match=said) as refused:
        describe(small, "complaints", by="area", per="residents")
    assert str(refused.value).endswith("without: {residents: {'03': why}}")
    one = "".join(line for line in districts.TOTALS.splitlines(keepends=True) if not line.startswith("03,2020"))
    with pytest.raises(Refusal, match="first '03' in 2020"):
        describe(accountability.load(districts.agency(tmp_path / "year", one)), "complaints", per="residents")
    told = districts.agency(tmp_path / "told", rows, without={"residents": {"03": "a park"}, "sworn": {"03": "a park"}})
    found = describe(accountability.load(told), "complaints", by="area", per="residents")
    assert found.outside.to_numpy().tolist() == [["no residents in 03: a park", 20, False]]


def test_years_outside_the_totals_are_refused(tmp_path: Path) -> None:
    rows = "".join(line for line in districts.TOTALS.splitlines(keepends=True) if ",2020," not in line)
    small = accountability.load(districts.agency(tmp_path / "small", rows))
    with pytest.raises(Refusal, match=r"30 rows of 60 are of 2020 to 2020, and residents are of 2019 to 2019.*'since'"):
        describe(small, "complaints", by="area", per="residents")
    kept = describe(small, "complaints", per="residents", when={"since": "2019-01-01", "until": "2019-12-31"})
    assert kept.table[["n", "exposure"]].to_numpy().tolist() == [[30, 60_000]]


def test_an_area_without_a_complaint_counts_with_none(tmp_path: Path) -> None:
    rows = districts.TOTALS + "04,2019,7,7\n04,2020,7,7\n"
    small = accountability.load(districts.agency(tmp_path / "small", rows, unseen={"04": "nobody complained"}))
    table = describe(small, "complaints", by="area", per="residents").true_numbers()
    assert table.set_index("area").loc["04", ["n", "lower"]].tolist() == [0, 0]


def test_the_totals_of_one_day_stand_for_every_year(tmp_path: Path) -> None:
    rows = "area,residents,officers\n01,10000,10\n02,20000,10\n03,30000,10\n"
    folder = districts.agency(tmp_path / "small", rows, as_of="2020-04-01")
    text = yaml.safe_load((folder / "source.yaml").read_text(encoding="utf-8"))
    del text["files"]["totals"]["columns"]["year"]
    (folder / "source.yaml").write_text(yaml.safe_dump(text), encoding="utf-8")
    found = describe(accountability.load(folder), "complaints", by="area", per="residents")
    assert found.table["exposure"].tolist() == [20_000, 40_000, 60_000]
    assert any("as of 2020-04-01 stand for every year" in one for one in found.assumptions)


def test_a_headcount_is_that_of_a_total(data: Dataset) -> None:
    with pytest.raises(Refusal, match="sworn_officers are 327 at most in a year, and 380 officers are accused"):
        officers.tally(data, officers="sworn_officers")
    year = accountability.study.cohort.Cohort.of(data)
    first = data.events[(data.events["stage"] == "received") & (data.events["latest"] < "2017-01-01")]["case_id"]
    kept = year.keep_if(lambda cases: cases["case_id"].isin(first), because="received in 2016")
    assert officers.tally(kept, officers="sworn_officers").size == 327
    assert officers.officers_listed(data) == 417, "everybody on the roster"


def test_intervals_cover_the_rate_as_often_as_they_say() -> None:
    rng = np.random.default_rng(5)
    hits = np.zeros(2)
    for _ in range(600):  # eight districts, 24 months, a variance of twice the mean
        means = np.repeat(rng.uniform(0.5, 4, 8)[:, None], 24, axis=1)
        counts = rng.poisson(rng.gamma(means, 1.0))
        expected = np.repeat(counts.mean(axis=1, keepdims=True), 24, axis=1)
        spread, free = overdispersion(counts.ravel(), expected.ravel(), 8)
        n, truth = counts.sum(axis=1), means.sum(axis=1)
        for place, times in enumerate((spread, 1.0)):
            low, high = poisson_exact(n / times, 0.95)
            hits[place] += ((low * times <= truth) & (truth <= high * times)).mean()
    assert free == 184
    assert 0.94 <= hits[0] / 600 <= 0.975
    assert hits[1] / 600 < 0.88, "an exact Poisson interval would be too short"


def test_the_exact_interval_is_garwoods() -> None:
    low, high = poisson_exact(np.array([0, 7]), 0.95)
    assert low == pytest.approx([0, chi2.ppf(0.025, 14) / 2])
    assert high == pytest.approx([chi2.ppf(0.975, 2) / 2, chi2.ppf(0.975, 16) / 2])


@pytest.mark.real_data
def test_chicagos_complaints_per_resident(tmp_path: Path, real_data: Callable[[str], Path]) -> None:
    """The scorecard's population of Chicago, one number for the agency, beside the release of 2000 to 2016."""
    extract = real_data("chicago_2000_2016")
    card = pd.read_csv(real_data("aggregates") / "civilian_complaints.csv", dtype="str", encoding="utf-8-sig")
    (people,) = card.loc[card["Police Department"].eq("Chicago"), "population"]
    rows = f"population\n{people}\n"
    folder = tmp_path / "chicago_2000_2016_people"
    folder.mkdir()
    (folder / "people.csv").write_text(rows, encoding="utf-8")
    declared = {
        "source": folder.name,
        "like": "chicago_2000_2016",
        "title": "Chicago with its population",
        "files": {
            "people": {
                "path": "people.csv",
                "sha256": hashlib.sha256(rows.encode()).hexdigest(),
                "table": "totals",
                "totals": {"counts": {"residents": 1000}, "citation": "Police Scorecard", "as_of": "2020-01-01"},
                "columns": {"population": {"to": "residents", "type": "integer"}},
            }
        },
    }
    (folder / "source.yaml").write_text(yaml.safe_dump(declared), encoding="utf-8")
    accountability.fetch(folder, from_dir=extract)
    data = accountability.load(folder)
    table = describe(data, "complaints", when={"every": "year", "since": "2005-01-01", "until": "2014-12-31"},
                     per="residents").table  # fmt: skip
    assert table["estimate"].between(1, 4).all()
    assert (table["exposure"] == int(people)).all()


def test_the_interval_in_the_sentence_is_of_the_rate_and_not_a_share(data: Dataset) -> None:
    found = describe(data, "complaints", by="district", per="residents")
    row = found.table.dropna(subset=["estimate"]).iloc[0]
    said = f"{row['estimate']:.2f} per 1,000 residents a year (95 % interval {row['lower']:.2f} to {row['upper']:.2f})"
    assert said in found.sentence()


def test_a_year_of_few_officers_is_not_in_the_sentence(data: Dataset) -> None:
    served = officers.person_time(data)
    table = served.true_numbers()
    few = replace(served, table=table.assign(n=np.where(table["year"] == 2016, 4, table["n"])))
    assert few.sentence().startswith("2016: too few to show; 2017: ")
    assert served.sentence().startswith("2016: 3")
