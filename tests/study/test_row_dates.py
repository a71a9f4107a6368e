"""An allegation has its own dates; a case whose rows are dated apart has none without a rule."""

from __future__ import annotations

import pandas as pd
import pytest
from agency import agency, event

from accountability import delay
from accountability.errors import ParameterError, Refusal
from accountability.study.clocks import durations
from accountability.study.cohort import Cohort
from accountability.study.overview import month_of, year_of
from accountability.study.row_dates import by_allegation


@pytest.fixture
def town() -> Cohort:
    """Case a: one receipt, and each of its rows ended on its own day; case b: one officer, one day that is not used."""
    rows = [
        event("a", "received", "2018-01-01"),
        event("a", "closed", "2018-12-20", officer="x"),
        event("a", "closed", "2019-02-01", officer="y"),
        event("b", "received", "2019-03-01"),
        event("b", "closed", "2019-01-01", officer="x", set_aside="before the receipt"),
    ]
    source_row = [1, 1, 2, 3, 3]
    allegations = pd.DataFrame(
        {"case_id": ["a", "a", "b"], "officer_id": ["x", "y", "x"], "source_row": [1, 2, 3], "source_file": "f.csv"},
        index=[10, 11, 12],
    )
    made = agency(rows, allegations=allegations)
    return Cohort.of(
        type(made)(**{**vars(made), "events": made.events.assign(source_row=source_row, source_file="f.csv")})
    )


def test_each_allegation_has_the_year_and_month_of_its_own_row(town: Cohort) -> None:
    years = year_of(town, "closed", of="allegations")
    assert years.index.tolist() == [10, 11, 12]
    assert years.tolist() == [2018, 2019, pd.NA]
    assert month_of(town, "closed", of="allegations").tolist()[:2] == ["2018-12", "2019-02"]
    assert year_of(town, "received", of="allegations").tolist() == [2018, 2018, 2019]


def test_a_case_dated_in_two_years_has_none_without_a_rule(town: Cohort) -> None:
    with pytest.raises(Refusal, match="1 of 2 cases of small_town have dates of 'closed' in different years"):
        year_of(town, "closed")
    assert year_of(town, "closed", which="first")["a"] == 2018
    assert year_of(town, "closed", which="last")["a"] == 2019
    assert year_of(town).tolist() == [2018, 2019]
    with pytest.raises(Refusal, match="different months"):
        month_of(town, "closed")
    for wrong in ({"of": "officers"}, {"which": "any"}):
        with pytest.raises(ParameterError):
            year_of(town, **wrong)  # type: ignore[arg-type]


def test_years_say_how_many_dates_were_set_aside(town: Cohort) -> None:
    assert year_of(town, "closed", which="first").attrs == {"without": 1, "set_aside": 1}
    assert year_of(town, "received").attrs == {"without": 0, "set_aside": 0}


def test_a_clock_runs_from_the_steps_of_an_allegation(town: Cohort) -> None:
    timed = durations(town, of="allegations")
    assert timed.table[["complaint", "days_lower"]].to_numpy().tolist() == [["a", 353], ["a", 396]]
    assert timed.excluded["reason"].tolist() == ["'closed' date set aside: before the receipt"]
    assert durations(town).table["days_lower"].tolist() == [353]
    assert delay.closing_curve(timed).table["events"].sum() == 2


def test_the_steps_of_a_case_belong_to_all_its_allegations(town: Cohort) -> None:
    each = by_allegation(town)
    assert (each.events["stage"] == "received").sum() == 3
    assert (each.events["stage"] == "closed").sum() == 3
    assert each.flow()["kept"].tolist() == [3]


#: Rows a year of final disposition, as the release itself counts them.
@pytest.mark.real_data
def test_nashvilles_yearly_counts_are_met_by_rows_and_not_by_cases(real_source, real_data) -> None:
    data = real_source("nashville")
    raw = pd.read_csv(real_data("nashville") / "cleaned_discipline_final.csv", dtype="str")
    published = pd.to_datetime(raw["FINAL DISP DATE"]).dt.year.value_counts().sort_index()
    study = Cohort.of(data)
    by_row = year_of(study, "closed", of="allegations").value_counts().sort_index()
    assert by_row.tolist() == published.tolist()
    with pytest.raises(Refusal, match="different years"):
        year_of(study, "closed")
    by_case = year_of(study, "closed", which="first").value_counts().sort_index()
    assert by_case.tolist() != published.tolist()
