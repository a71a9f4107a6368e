"""Who investigates: planted effects are found on the generated agency, and what cannot be compared is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from conftest import ROOT, full
from scipy.stats import binom

import accountability
from accountability import Cohort, delay, investigators
from accountability.errors import ParameterError, Refusal
from accountability.records.dataset import Dataset
from accountability.synthetic import Agency
from accountability.synthetic.dealt_release import dealt, write_dealt

SOURCE = "generated_investigators"


@cache
def data() -> Dataset:
    return accountability.load(SOURCE)


@cache
def held() -> investigators.Investigated:
    return investigators.investigated(data())


def with_people(table: pd.DataFrame) -> Cohort:
    return replace(Cohort.of(data()), people={"investigators": table})


def truth() -> pd.Series:
    table = pd.read_csv(ROOT / "data" / SOURCE / "truth.csv")
    return table[table["quantity"] == "investigator_spread"].set_index("group")["value"]


def test_the_bundled_files_are_those_the_package_makes(tmp_path: Path) -> None:
    made = write_dealt(tmp_path)
    for path in sorted((ROOT / "data" / SOURCE).iterdir()):
        assert (made / path.name).read_bytes() == path.read_bytes(), path.name


def test_planted_effects_of_investigators_are_recovered() -> None:
    found = investigators.spread(held(), draws=199).table.set_index("outcome")
    for name, planted in truth().items():
        assert found.loc[name, "lower"] <= planted <= found.loc[name, "upper"]
        assert found.loc[name, "estimate"] == pytest.approx(planted, abs=0.02)
        assert found.loc[name, "p_value"] == 0.005


def test_complaints_dealt_by_lot_look_so_and_investigators_planted_alike_do_too() -> None:
    assert investigators.balance(held(), draws=199).table.iloc[-1]["p_value"] > 0.05
    rejected: list[float] = []
    for seed in range(100 if full() else 1):
        made = dealt(3000 if full() else 600, seed, (0.0, 0.0))
        cohort = replace(
            Cohort.of(data()), people={"investigators": _renamed(made.investigators)}, **_tables(made.agency, seed)
        )
        found = investigators.spread(investigators.investigated(cohort, least=5), draws=99)
        rejected += found.table["p_value"].le(0.05).tolist()
    # Two outcomes an agency: of 200 tests at 5 %, from 2 to 21 reject in all but one in a thousand such runs.
    low, high = binom.ppf([0.0005, 0.9995], len(rejected), 0.05) if full() else (0, 1)
    assert low <= sum(rejected) <= high


def _tables(made: Agency, seed: int) -> dict[str, pd.DataFrame]:
    from accountability.synthetic.source_files import loaded

    other = loaded(made)
    return {name: getattr(other, name) for name in ("cases", "allegations", "events")}


def _renamed(table: pd.DataFrame) -> pd.DataFrame:
    return table.rename(columns={"complaint_id": "case_id"})


def test_every_complaint_is_counted_or_left_out_with_the_reason() -> None:
    shown = held().accounted()
    assert shown["n"].sum() == len(data().cases) == 3000
    assert dict(zip(shown["reason"], shown["n"], strict=True)) == {
        "counted": 2950,
        "no investigator identified": 30,
        "several investigators": 20,
    }


def test_years_of_receipt_leave_the_others_out() -> None:
    some = investigators.investigated(data(), first=2015, last=2017)
    assert dict(some.left_out)["received in other years"] == 2950 - len(some.frame)
    with pytest.raises(ParameterError, match="years in order, found 2018 and 2015"):
        investigators.investigated(data(), first=2018, last=2015)


def test_who_sees_the_same_investigator_twice_sees_one() -> None:
    table = data().people["investigators"]
    again = investigators.investigated(with_people(pd.concat([table, table], ignore_index=True)))
    assert len(again.frame) == len(held().frame)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.iloc[:0], "expected complaints with one known investigator and a cell, found none of 3,000"),
        (lambda t: t.assign(investigator_id=None), "no investigator identified 3,000"),
        (lambda t: t.drop(columns="investigator_id"), "expected a table that says who investigated"),
        (lambda t: t.assign(case_id="elsewhere"), "found none of 3,000"),
    ],
)
def test_a_table_that_tells_nothing_is_refused(change: Callable[[pd.DataFrame], pd.DataFrame], said: str) -> None:
    with pytest.raises(Refusal, match=said):
        investigators.investigated(with_people(change(data().people["investigators"])))


def test_a_source_without_investigators_says_what_to_declare() -> None:
    with pytest.raises(Refusal, match="table: investigators"):
        investigators.spread(accountability.load("synthetic"))


@pytest.mark.parametrize("cells", ["case_id", "investigator_id", "officer_id", ["year", "nothing_such"]])
def test_a_cell_of_what_tells_one_from_another_is_refused(cells: str | list[str]) -> None:
    with pytest.raises(ParameterError):
        investigators.investigated(data(), cells)


def test_too_few_investigators_are_refused_with_the_line_to_write() -> None:
    table = data().people["investigators"]
    few = table[table["investigator_id"].isin(table["investigator_id"].value_counts().index[:6])]
    with pytest.raises(Refusal, match=r"expected 10 or more investigators .* found \d+ of 6. Write fewer of cells="):
        investigators.spread(investigators.investigated(with_people(few)))


def test_an_outcome_that_does_not_exist_or_twice_the_same_is_refused() -> None:
    with pytest.raises(ParameterError, match="outcomes: expected some of slow, sustained"):
        investigators.spread(held(), "quick")
    with pytest.raises(ParameterError, match="two different ones"):
        investigators.leniency(held(), "slow", "slow")


def test_nothing_is_compared_by_investigator() -> None:
    for asked in (
        lambda: delay.compare_groups(data(), by="investigator_id"),
        lambda: accountability.describe(data(), "complaints", by="investigator_id"),
    ):
        with pytest.raises(ParameterError, match="investigator_id tells single"):
            asked()


def test_no_table_lists_an_investigator() -> None:
    ids = set(data().people["investigators"]["investigator_id"].dropna())
    spread = investigators.spread(held(), draws=99)
    balance, leniency = investigators.balance(held(), draws=99), investigators.leniency(held(), draws=99)
    for table in (spread.table, spread.groups, balance.table, leniency.table, leniency.implied):
        assert not ids & set(map(str, table.to_numpy().ravel()))
    assert spread.groups["n"].min() >= 10


def test_what_is_held_alike_takes_its_part_of_the_spread() -> None:
    flags = investigators.known_before(held(), ["complainant", "quarter"])
    assert list(flags) == ["complainant", "quarter"]
    plain, beside = (
        investigators.spread(held(), "slow", covariates=one, draws=99).table["raw"].iloc[0]
        for one in (None, list(flags))
    )
    assert 0 < abs(plain - beside) < 0.02


def test_an_instrument_says_what_its_conditions_imply() -> None:
    found = investigators.leniency(held(), draws=199)
    assert found.table["way"].tolist() == ["least_squares", "two_stage", "ujive", "anderson_rubin"]
    assert not found.implied["fails"].any()
    # investigators were planted to move findings by themselves, so that exclusion fails
    assert not found.accepted
    assert found.best_p <= 0.05
    assert "no one effect fits all investigators" in found.sentence()


@pytest.mark.real_data
def test_chicagos_investigators_differ_by_thirteen_points(real_data: Callable[[str], Path]) -> None:
    accountability.fetch("chicago_investigators", from_dir=real_data("chicago_investigators"))
    some = investigators.investigated(accountability.load("chicago_investigators"), first=2006, last=2014)
    found = investigators.spread(some, "slow", draws=99).table.iloc[0]
    assert found["estimate"] == pytest.approx(0.130, abs=0.002)
    assert (found["clusters"], found["p_value"]) == (117, 0.01)
    assert investigators.balance(some, draws=99).table.iloc[-1]["estimate"] > 3  # complaints did not fall by lot
