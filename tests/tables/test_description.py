"""Describe: counts add up, wholes are those stated, nothing small is shown, and a wrong request is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency

import accountability
from accountability import Cohort, delay
from accountability.errors import AccountabilityError, ParameterError, Refusal
from accountability.records.dataset import Dataset
from accountability.tables import Holders, describe


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
    from accountability.tables.share_tests import tested

    found = tested(frame, "chi_square", "x").table.iloc[0]
    pearson = chi2_contingency(pd.crosstab(frame["group"], frame["value"]), correction=False)
    # CR2 of single rows differs from the plain variance by the factor of a lost degree of freedom.
    assert found["statistic"] == pytest.approx(pearson.statistic, rel=0.01)
    assert found["p_value"] == pytest.approx(pearson.pvalue, rel=0.02)


def test_the_chi_square_holds_its_level_where_rows_repeat() -> None:
    """Each row four times: Pearson's p-value would be far too small."""
    from accountability.tables.share_tests import tested

    small = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        officer = np.repeat(np.arange(150), 4)
        frame = pd.DataFrame({
            "group": np.repeat(rng.integers(0, 2, 150), 4),
            "value": np.repeat(rng.integers(0, 2, 150), 4),
            "officer_id": officer.astype(str),
        })  # fmt: skip
        small += tested(frame, "chi_square", "x").table["p_value"].iloc[0] < 0.05
    assert 2 <= small <= 20


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
