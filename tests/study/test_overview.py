"""What is shown before estimating adds up, and hides nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from agency import Sampling, agency, event
from tiny import ACCUSED, COMPLAINTS, write_source

import accountability
from accountability import Cohort, delay
from accountability.errors import ParameterError
from accountability.figures import draw
from accountability.outcomes import sustained_by_unit
from accountability.study import clocks, overview
from accountability.study.grouping import NONE_STATED, OTHER, SEVERAL, group_cases


@pytest.fixture
def cohort(tmp_path: Path) -> Cohort:
    complaints = COMPLAINTS + (
        "1,2018-05-01,2018-06-01,force,A\n"
        "2,2018-07-01,,force,A\n"
        "3,2019-01-01,2018-12-31,conduct,A\n"  # closed before received
        "4,2019-02-01,2019-02-01,conduct,A\n"
        "5,,2019-03-01,conduct,A\n"
    )
    accused = ACCUSED + "1,a,SUS,10 days\n1,b,NOT,\n2,a,SUS,\n4,c,,\n"
    return Cohort.of(accountability.load(write_source(tmp_path / "small", complaints, accused)))


def test_every_case_is_in_one_year(cohort: Cohort) -> None:
    table = overview.by_year(cohort).true_numbers().set_index("year")
    assert table["started"].sum() == len(cohort.cases) == 5
    assert table.loc[2018, ["started", "stopped", "still_open", "not_known"]].tolist() == [2, 1, 1, 0]
    assert table.loc[2019, ["started", "stopped", "still_open", "not_known"]].tolist() == [2, 1, 0, 1]
    assert table.loc[pd.NA, "started"] == 1
    assert overview.by_year(cohort).sentence() == "Of 5 cases, fewer than ten have no date 'closed'."


def test_a_year_with_few_open_cases_is_hidden_with_another_in_table_figure_and_sentence() -> None:
    years = overview.by_year(Cohort.of(accountability.load("synthetic")))
    table, true = years.table.set_index("year"), years.true_numbers().set_index("year")
    assert true["still_open"].tolist() == [0, 3, 16, 30, 106, 213]
    assert table["hidden"].tolist() == [False, True, True, False, False, False]
    assert table.loc[[2015, 2016], ["stopped", "still_open", "share_open"]].isna().all(axis=None)
    assert table["started"].tolist() == true["started"].tolist()
    assert years.sentence().startswith(
        "Of 5,000 cases, 368 have no date 'closed'; the largest share of a year is 26.0 %"
    )
    axes = years.plot()
    hatched = [bar.get_height() for bar in axes.patches if bar.get_hatch() and bar.get_height()]
    assert sorted(hatched) == [725, 810]


def test_dates_held_account_for_every_case(cohort: Cohort) -> None:
    held = overview.dates_held(cohort).set_index("stage")
    assert (held[["cases", "without", "set_aside"]].sum(axis=1) == 5).all()
    assert held.loc["closed", ["cases", "without", "set_aside"]].tolist() == [3, 1, 1]
    assert held.loc["received", ["cases", "without", "set_aside"]].tolist() == [4, 1, 0]


def test_a_case_takes_the_value_its_allegations_share(cohort: Cohort) -> None:
    grouped = group_cases(cohort, "finding", min_group=1).cases.set_index("case_id")["finding"]
    assert grouped.to_dict() == {"1": SEVERAL, "2": "sustained", "3": NONE_STATED, "4": NONE_STATED, "5": NONE_STATED}
    assert "finding" not in cohort.cases  # the cohort given is not changed


def test_small_groups_are_put_together_until_they_can_be_shown(cohort: Cohort) -> None:
    sizes = group_cases(cohort, "kind", min_group=3).cases["kind"].value_counts()
    assert sizes.to_dict() == {OTHER: 5}  # two of force alone would be shown by their absence
    assert group_cases(cohort, "kind", min_group=2).cases["kind"].value_counts().to_dict() == {"conduct": 3, "force": 2}
    assert group_cases(cohort, None) is cohort
    with pytest.raises(ParameterError, match="no column 'colour' to group by"):
        group_cases(cohort, "colour")


def test_the_axis_of_years_names_years_and_no_halves() -> None:
    counts = pd.DataFrame({"year": range(2000, 2017), "cases": 10, "state": "closed"})
    axes = draw.new_axes()
    draw.stacked(axes, counts, x="year", height="cases", by="state")
    axes.figure.draw_without_rendering()
    labels = [tick.get_text() for tick in axes.get_xticklabels()]
    assert labels
    assert all(re.fullmatch(r"\d{4}", label) for label in labels), labels


def test_an_estimate_made_in_an_earlier_year_knows_only_that_year() -> None:
    cohort = Cohort.of(accountability.load("synthetic"))
    table = delay.other_cutoffs(cohort, years_back=(0, 3)).set_index("last_day")
    early = clocks.durations(cohort, cutoff="2017-06-30")
    assert table.loc["2017-06-30", ["n", "open"]].tolist() == [len(early), early.n_open]
    assert table.loc["2017-06-30", "median"] == delay.closing_curve(early).median()["estimate"].iloc[0]
    clocked = delay.other_clocks(cohort)["clock"].tolist()
    assert clocked == ["incident to closed", "received to closed", "opened to closed"]


def test_groups_come_with_the_overall_row_first() -> None:
    cohort = group_cases(Cohort.of(accountability.load("synthetic")), "investigated_by")
    delays = clocks.durations(cohort)
    groups = delay.compare_groups(delays, by="investigated_by", within_days=180)
    assert groups.table["group"].iloc[0] == "all cases"
    assert groups.table["n"].iloc[1:].sum() == len(delays)
    alone = delay.closing_curve(delays).at([180])["estimate"].iloc[0]
    assert groups.table["closed_within"].iloc[0] == pytest.approx(1 - alone, abs=1e-12)
    assert groups.test is not None
    assert groups.test.sentence() in groups.sentence()
    assert delay.compare_groups(delays).test is None


def test_the_planted_medians_are_near_the_truth() -> None:
    import csv

    from accountability.records.places import packaged

    with (packaged("data") / "synthetic" / "truth.csv").open(encoding="utf-8", newline="") as file:
        truth = {(row["quantity"], row["group"]): float(row["value"]) for row in csv.DictReader(file)}
    cohort = group_cases(Cohort.of(accountability.load("synthetic")), "investigated_by")
    table = delay.compare_groups(clocks.durations(cohort), by="investigated_by", confidence=0.99).table.set_index(
        "group"
    )
    names = {"all cases": "all"} | {g: f"investigated_by={g}" for g in ("District", "Internal affairs")}
    for group, name in names.items():
        planted = truth["days_to_closing_q50", name]
        # A body's caseload moves with chance in an agency of this size: a tenth more room than the interval alone.
        assert table.loc[group, "median_lower"] * 0.9 <= planted <= table.loc[group, "median_upper"] * 1.1


def test_one_share_under_every_unit() -> None:
    data = accountability.load("synthetic")
    table = sustained_by_unit(data).set_index("unit")
    assert "one row for each officer-complaint" in table.loc["allegation", "note"]
    rows = data.allegations
    decided = rows[rows["finding"].notna() & (rows["finding"] != "pending")]
    share = (decided["finding"] == "sustained").mean()
    assert table.loc["officer_complaint", "estimate"] == pytest.approx(share, abs=1e-12)
    assert table.loc["complaint", "estimate"] > share  # a complaint with several officers has more chances


def test_a_source_of_statuses_counts_the_pending_as_open_and_the_unrecorded_as_unknown() -> None:
    events = [event(case, "received", "2020-01-01") for case in "abc"]
    findings = pd.DataFrame({"case_id": list("abc"), "officer_id": "o", "finding": ["pending", "sustained", None]})
    town = agency(events, allegations=findings, sampling=Sampling("no_closing_date", "status_only"))
    years = overview.by_year(Cohort.of(town))
    assert years.true_numbers().loc[0, ["started", "stopped", "still_open", "not_known"]].tolist() == [3, 1, 1, 1]
    assert years.sentence() == "Of 3 cases, fewer than ten are pending."
    done = Cohort.of(agency([event("a", "received", "2020-01-01"), event("a", "closed", "2020-02-01")]))
    assert overview.by_year(done).sentence() == "Of 1 case, none is still open."
