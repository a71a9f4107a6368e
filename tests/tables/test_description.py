"""Describe: counts add up, wholes are those stated, nothing small is shown, and a wrong request is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency

import accountability
from accountability import Cohort, delay
from accountability.errors import AccountabilityError, ParameterError, Refusal
from accountability.records.dataset import Dataset
from accountability.stats.intervals import p_student
from accountability.stats.sandwich import ways_of
from accountability.tables import Holders, describe, share_tests

REFERENCE = Path(__file__).parents[1] / "reference"


@pytest.fixture(scope="module")
def data() -> Dataset:
    return accountability.load("synthetic")


@pytest.mark.parametrize("every", ["month", "quarter", "year"])
@pytest.mark.parametrize("starts", [1, 6])
def test_windows_and_what_lies_outside_add_up_to_all(data: Dataset, every: str, starts: int) -> None:
    when = {"every": every, "starts": starts, "stage": "closed", "until": "2018-05-31"}
    found = describe(data, "complaints", when=when)
    assert found.true_numbers()["n"].sum() + found.true_numbers("outside")["n"].sum() == len(data.cases)


def test_a_fiscal_year_is_named_by_its_first_and_last_month(data: Dataset) -> None:
    found = describe(data, "complaints", when={"every": "year", "starts": 6})
    received = data.events[data.events["stage"] == "received"]
    inside = received["earliest"].between("2015-06-01", "2016-05-31").sum()
    assert found.table.set_index("window").loc["2015-06 to 2016-05", "n"] == inside


def test_a_window_without_a_case_is_a_row_of_none(data: Dataset) -> None:
    empty = Cohort.of(data).keep_if(
        lambda cases: ~cases["case_id"].isin(in_year(data, 2016)), because="no 2016", decided_by=()
    )
    found = describe(empty, "complaints", when="year").table.set_index("window")
    assert found.loc["2016", "n"] == 0


def in_year(data: Dataset, year: int) -> pd.Series:
    received = data.events[data.events["stage"] == "received"]
    return received.loc[received["earliest"].dt.year == year, "case_id"]


@pytest.mark.parametrize(
    ("of", "whole"),
    [
        ("all", lambda rows: rows["finding"].notna() | True),
        ("decided", lambda rows: rows["finding"].notna() & rows["finding"].ne("pending")),
        ("stated", lambda rows: rows["finding"].notna()),
        ({"category": ["Force", "Search"]}, lambda rows: rows["category"].isin(["Force", "Search"])),
    ],
)
def test_a_share_is_of_the_whole_stated(data: Dataset, of: Any, whole: Callable[[pd.DataFrame], pd.Series]) -> None:
    rows = data.allegations
    inside = whole(rows).to_numpy(dtype=bool)
    found = describe(data, "sustained", of=of).true_numbers().iloc[0]
    assert (found["n"], found["events"]) == (inside.sum(), (rows["finding"].eq("sustained") & inside).sum())
    assert found["lower"] < found["estimate"] < found["upper"]


def test_means_and_medians_are_those_of_the_rows_chosen(data: Dataset) -> None:
    found = describe(data, "imposed_days", by="category", of="suspension").true_numbers()
    rows = data.allegations[data.allegations["imposed_penalty"].eq("suspension").fillna(False)]
    days = rows.groupby("category")["imposed_days"]
    known = found.set_index("category").loc[days.mean().index]
    assert known["estimate"].to_numpy() == pytest.approx(days.mean().to_numpy(), nan_ok=True)
    assert known["median"].to_numpy() == pytest.approx(days.median().to_numpy(), nan_ok=True)
    inside = known.dropna()
    assert (inside["median_lower"] <= inside["median"]).all()
    assert (inside["median"] <= inside["median_upper"]).all()


def test_days_count_open_cases(data: Dataset) -> None:
    found = describe(data, "days", by="category").true_numbers()
    curve = delay.closing_curve(data, by="category").true_quantiles(0.5)
    assert found["estimate"].tolist() == curve["estimate"].tolist()


def test_the_top_is_whole_officers(data: Dataset) -> None:
    top = describe(data, Holders(top=0.1)).table.set_index("holders").loc["top"]
    drawn = data.allegations["officer_id"].value_counts().head(int(0.1 * data.allegations["officer_id"].nunique()))
    assert (top["n"], top["drawn"], top["median"]) == (len(drawn), drawn.sum(), drawn.median())


def test_ntiles_hold_everyone_once(data: Dataset) -> None:
    table = describe(data, Holders(ntiles=7)).table
    assert table["n"].sum() == data.allegations["officer_id"].nunique()
    assert table["n"].max() - table["n"].min() <= 1


def test_small_cells_are_hidden_and_no_number_changes(data: Dataset) -> None:
    found = describe(data, "finding", by="category")
    true, shown = found.true_numbers(), found.table
    small = true["events"].between(1, 9)
    assert small.any()
    assert shown.loc[small.to_numpy(), "events"].isna().all()
    seen = ~shown["hidden"].to_numpy()
    assert shown.loc[seen, "estimate"].tolist() == true.loc[seen, "estimate"].tolist()
    # A total is not hidden because a part of it is small.
    assert shown["n"].notna().all()


def test_the_chi_square_of_independent_rows_is_pearsons() -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"group": rng.integers(0, 3, 900), "value": rng.integers(0, 2, 900)})
    found = share_tests.tested(frame, "chi_square", "x").table.iloc[0]
    pearson = chi2_contingency(pd.crosstab(frame["group"], frame["value"]), correction=False)
    assert (found["statistic"], found["p_value"]) == pytest.approx((pearson.statistic, pearson.pvalue), rel=1e-9)


def test_the_chi_square_of_officers_is_that_of_the_survey_package() -> None:
    """Both take the second order of Rao and Scott; ours corrects its variances for the number of officers, here 299."""
    rows = pd.read_csv(REFERENCE / "penalty_rows.csv")
    in_r = pd.read_csv(REFERENCE / "few_clusters.csv").set_index(["model", "what", "name"])["value"]["Rao-Scott"]
    for name in ("hit", "rung", "internal"):
        frame = rows.assign(group=rows["rank"], value=rows[name], officer_id=rows["officer"].astype(str))
        found = share_tests.tested(frame, "chi_square", "x").table.iloc[0]
        assert found["statistic"] == pytest.approx(in_r[name, "statistic"], rel=0.03)
        assert found["df"] == pytest.approx(in_r[name, "df"], rel=0.03)


def clustered_rows(rng: np.random.Generator, officers: int, groups: int, outcomes: int) -> pd.DataFrame:
    """Twenty rows an officer, who differ; each is of one group, which makes no difference."""
    who = np.repeat(np.arange(officers), 20)
    lean, group = rng.normal(0, 0.7, officers)[who], (rng.permutation(officers) % groups)[who]
    hit = rng.random(len(who)) < 1 / (1 + np.exp(1 - lean))
    value = np.where(hit, 0, rng.integers(1, outcomes, len(who)))
    return pd.DataFrame({"group": group, "value": value, "officer_id": who.astype(str)})


def test_of_two_groups_it_is_the_test_of_their_difference() -> None:
    frame = clustered_rows(np.random.default_rng(8), 9, 2, 2)
    found = share_tests.tested(frame, "chi_square", "x").table.iloc[0]
    design = np.column_stack([np.ones(len(frame)), frame["group"]])
    values, error, free = share_tests.mean_errors(frame["value"].to_numpy(float), design, ways_of(frame))
    assert found["statistic"] == pytest.approx((values[1] / error[1]) ** 2)
    assert found["p_value"] == pytest.approx(float(p_student(values[1] / error[1], free[1])))


@pytest.mark.parametrize(("officers", "groups", "outcomes"), [(8, 2, 2), (20, 4, 2), (20, 2, 3), (24, 3, 4)])
def test_the_chi_square_holds_its_level_where_officers_are_few(officers: int, groups: int, outcomes: int) -> None:
    """Divided by a mean design effect and read from chi-squared, 9 to 16 % of these would be below 5 %."""
    rng = np.random.default_rng(officers)
    below = sum(
        share_tests.tested(clustered_rows(rng, officers, groups, outcomes), "chi_square", "x").table["p_value"].iloc[0]
        < 0.05
        for _ in range(300)
    )
    assert 5 <= below <= 27  # 9 % is three standard errors above


def test_a_group_of_one_officer_is_left_out_and_named() -> None:
    frame = clustered_rows(np.random.default_rng(8), 9, 2, 2)
    alone = frame.assign(group=frame["group"].mask(frame["officer_id"] == "3", 7))
    found, rest = share_tests.tested(alone, "chi_square", "x"), alone[alone["group"] != 7]
    assert found.assumptions[-1] == "left out, for all rows belong to one officer: 7"
    pd.testing.assert_frame_equal(found.table, share_tests.tested(rest, "chi_square", "x").table)
    with pytest.raises(Refusal, match=r"two groups.*left out, for all rows belong to one officer: 7"):
        share_tests.tested(alone[alone["group"] != 1], "chi_square", "x")


def test_a_test_that_the_officers_cannot_carry_is_refused() -> None:
    frame = clustered_rows(np.random.default_rng(8), 9, 2, 2)
    with pytest.raises(Refusal, match=r"rows share officer.*take the test 'chi_square'"):
        share_tests.tested(frame, "exact", "x")
    with pytest.raises(Refusal, match="one officer"):
        share_tests.tested(frame.assign(group=(frame["officer_id"] == "3").astype(int)), "trend", "x")


@pytest.mark.parametrize("kind", ["chi_square", "trend"])
def test_a_test_names_what_it_assumes(data: Dataset, kind: str) -> None:
    found = describe(data, "sustained", of="decided", when="year").test(kind)
    assert found.assumptions
    assert 0 <= found.table["p_value"].iloc[0] <= 1


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"what": "sustaned"}, "columns are"),
    ({"what": {"finding": "sustaned"}}, "sustaned"),
    ({"what": {"category": "Frce"}}, "it holds 'Courtesy'"),
    ({"what": {"no_such": 1}}, "no column 'no_such'"),
    ({"what": "sustained", "of": "no such"}, "no word for rows"),
    ({"what": "allegations", "when": "week"}, "month, quarter, year"),
    ({"what": "complaints", "when": {"since": "1950-01-01", "until": "1950-12-31"}}, "no row of"),
    ({"what": "sustained", "of": lambda rows: rows["finding"].eq("x") & False}, "the whole is empty"),
    ({"what": "complaints", "of": "decided"}, "whole of a share"),
    ({"what": "complaints", "unit": "officer"}, "two units"),
    ({"what": "complainants"}, "publishes no complainants"),
    ({"what": ["finding"]}, "no unit"),
    ({"what": "sustained", "unit": "squad"}, "unit must be"),
    ({"what": Holders(top=0.1), "by": "category"}, "among all"),
]


@pytest.mark.parametrize(("asked", "told"), WRONG)
def test_a_wrong_request_is_refused_by_name(data: Dataset, asked: dict[str, Any], told: str) -> None:
    if asked["what"] == "allegations":
        asked = asked | {"what": "complaints"}
    with pytest.raises((ParameterError, Refusal), match=told):
        describe(data, **asked)


@pytest.mark.parametrize("asked", [{}, {"top": 0.1, "ntiles": 4}, {"top": 1.5}, {"ntiles": 0}, {"at_least": 2.5}])
def test_holders_are_told_apart_in_one_way(asked: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        Holders(**asked)


def test_a_test_of_counts_is_refused(data: Dataset) -> None:
    with pytest.raises(ParameterError, match="compares shares"):
        describe(data, "complaints", when="year").test()


@pytest.mark.parametrize(
    ("what", "options", "message"),
    [
        ("officer_id", {}, "never a list"),
        ("complaints", {"by": "officer_id"}, "never a list"),
        ("case_id", {}, "never a list"),
        ("days", {"of": "sustained"}, "leave of= and unit= out"),
        ("days", {"unit": "officer"}, "leave of= and unit= out"),
        ("sustained", {"of": lambda frame: frame["finding"] > 3}, "the function given as of stopped: TypeError"),
        ("sustained", {"rows": {"category": lambda words: words.dt.year}}, "stopped: AttributeError"),
        ("sustained", {"of": {"category": "Force", "officer_race": None}}, "the whole is empty"),
        ("complaints", {"when": {"since": "1950-06-01", "until": "1951-05-31"}}, "5,000 after the window"),
    ],
)
def test_what_cannot_be_described_is_named(data: Dataset, what: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(AccountabilityError, match=message):
        describe(data, what, **options)


def test_a_mean_says_of_how_many_it_is(data: Dataset) -> None:
    held = int(data.allegations["imposed_days"].notna().sum())
    assert f" of {held:,} (" in describe(data, "imposed_days").sentence()
