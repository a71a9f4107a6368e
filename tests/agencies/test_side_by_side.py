"""Generated agencies of one truth and different publication rules come out equal; unequal truths do not."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import full

import accountability
from accountability import agencies
from accountability.agencies.agencies_compared import at_one_mix
from accountability.agencies.comparability_contract import contract
from accountability.agencies.under_contract import complaints, facts_of_data
from accountability.errors import ParameterError, Refusal
from accountability.records.dataset import Dataset
from accountability.stats.random_effects import spread_of
from accountability.synthetic import Design, agency
from accountability.synthetic.source_files import write

SLOWER = replace(
    Design(),
    sustained_intercept=-1.0,
    bodies=tuple(replace(body, median_days=body.median_days * 1.5) for body in Design().bodies),
)
OUTCOMES = ("days", "sustained_share")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Dataset]:
    held: dict[str, Dataset] = {}

    def make(name: str, seed: int, rule: str = "everything", design: Design | None = None) -> Dataset:
        if name not in held:
            folder = tmp_path_factory.mktemp("agencies") / name
            held[name] = accountability.load(write(agency(2500, seed, design, publication=rule), folder))
        return held[name]

    return make


@pytest.fixture(scope="module")
def every(made: Callable[..., Dataset]) -> list[Dataset]:
    return [
        made("whole", 1),
        made("closed", 1, "closed_only"),
        made("other_closed", 2, "closed_only"),
        made("window", 3, "trailing_window"),
        made("slower", 4, design=SLOWER),
    ]


def test_officers_named_again_widen_the_interval(every: list[Dataset]) -> None:
    """Each complaint of one agency five times, by the same officers: five times the rows are no more knowledge."""
    rows = pd.concat([complaints_of(one) for one in (every[0], every[4])], ignore_index=True)
    mix = rows.groupby("mix").size().rename("weight").div(len(rows)).rename_axis("level").reset_index()
    many = pd.concat([rows.assign(case_id=rows["case_id"] + f"-{k}") for k in range(5)], ignore_index=True)
    once, often = (at_one_mix(part, mix, "days", 0.95)["std_error"] for part in (rows, many))
    alone = at_one_mix(many.drop(columns="officer_ids"), mix, "days", 0.95)["std_error"]
    assert (often > 0.9 * once).all()
    assert (alone < 0.6 * once).all()


def complaints_of(data: Dataset) -> pd.DataFrame:
    terms = contract([facts_of_data(data)] * 2, "delay")
    frame = complaints(data, terms, 365, "category")[0]
    return frame.assign(agency=data.name, value=frame["days"].astype(float))


def test_two_agencies_of_one_truth_are_told_apart_as_often_as_said() -> None:
    """A few agencies of 20 officers; with complaints taken as independent 16 % of them were told apart at 5 %."""
    sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
    named = importlib.import_module("dependence_named")
    held = named.measured(named.NAMED["agencies side by side, 20 even"], 150, 3)
    assert 0.9 <= held.mean() <= 1.0


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_same_complaints_published_otherwise_give_the_same_number(every: list[Dataset], outcome: str) -> None:
    table = agencies.side_by_side(every[:2], outcome).table
    assert table["estimate"].iloc[0] == pytest.approx(table["estimate"].iloc[1], abs=1e-12)
    assert len(every[0].cases) > len(every[1].cases)


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_one_truth_is_equal_and_another_is_not(every: list[Dataset], outcome: str) -> None:
    apart = agencies.side_by_side(every, outcome).differences.set_index(["first", "second"])
    for pair in (("whole", "other_closed"), ("whole", "window"), ("other_closed", "window")):
        assert apart.loc[pair, "p_value"] > 0.01
    # Those that hold open complaints: of the closed alone, slow agencies hide their slow cases.
    apart = agencies.side_by_side([every[0], *every[3:]], outcome).differences.set_index(["first", "second"])
    for one in ("whole", "window"):
        assert apart.loc[(one, "slower"), "upper"] < 0


def test_a_naive_comparison_of_the_same_files_would_differ(every: list[Dataset]) -> None:
    """What the contract takes off: shares sustained of all that was published are unequal for one truth."""
    shares = [data.per("complaint")["finding"].eq("sustained").mean() for data in every[:2]]
    assert abs(shares[0] - shares[1]) > 0.01


def test_intervals_hold_the_truth_of_no_difference_as_often_as_they_say(made: Callable[..., Dataset]) -> None:
    runs = 40 if full() else 3
    rules = ("closed_only", "trailing_window")
    held = [
        agencies.side_by_side([made("whole", 1), made(f"run{k}", 100 + k, rules[k % 2])], outcome).p_value > 0.05
        for k in range(runs)
        for outcome in OUTCOMES
    ]
    assert np.mean(held) >= (0.85 if full() else 0.8)


def test_standardising_takes_off_the_mix(every: list[Dataset]) -> None:
    """The same records with the mix changed by leaving Courtesy out in half: crude differs, at one mix it does not."""
    whole = every[0]
    keep = ~whole.cases["case_id"].isin(
        whole.allegations.loc[whole.allegations["category"].eq("Courtesy"), "case_id"].drop_duplicates().iloc[::2]
    )
    ids = whole.cases.loc[keep, "case_id"]
    fewer = replace(
        whole, name="fewer", cases=whole.cases[keep],
        allegations=whole.allegations[whole.allegations["case_id"].isin(ids)],
        events=whole.events[whole.events["case_id"].isin(ids)],
    )  # fmt: skip
    found = agencies.side_by_side([whole, fewer], "days").table
    apart = found["crude"].diff().abs().iloc[1], found["estimate"].diff().abs().iloc[1]
    assert apart[1] < apart[0] / 2


def test_funnel_and_pooling(every: list[Dataset]) -> None:
    found = agencies.side_by_side(every, "sustained_share")
    table = found.table
    assert found.overdispersion > 1
    assert found.p_value < 0.01
    middle = (table["funnel_lower"] + table["funnel_upper"]) / 2
    assert ((table["drawn"] - table["estimate"]) * (middle - table["estimate"]) >= -1e-9).all()
    assert agencies.side_by_side(every[:2], "sustained_share").table["drawn"].isna().all()
    with pytest.raises(Refusal, match=r"not pooled into one number: 5 agencies differ .* Read .table"):
        found.pooled()


def test_the_variance_between_is_that_of_paule_and_mandel() -> None:
    """The weighted squares add up to their degrees of freedom; equal places have none."""
    rng = np.random.default_rng(2)
    error = rng.uniform(0.5, 2.0, 12)
    estimate = rng.normal(10, 3, 12) + rng.normal(0, error)
    found = spread_of(estimate, error)
    weight = 1 / (error**2 + found.variance)
    assert (weight * (estimate - found.mean) ** 2).sum() == pytest.approx(11, abs=1e-8)
    alike = spread_of(np.full(6, 4.0), np.ones(6))
    assert (alike.variance, alike.overdispersion) == (0.0, 0.0)
    assert np.ptp(alike.drawn) == 0


def test_refusals_name_what_was_found(every: list[Dataset], made: Callable[..., Dataset]) -> None:
    picked = made("picked", 1, "sustained_only")
    with pytest.raises(Refusal, match="which complaints are in picked depends on how they ended"):
        agencies.side_by_side([every[0], picked])
    with pytest.raises(Refusal, match=r"one agency holds closed complaints only.*outcome='days'"):
        agencies.side_by_side(every[:2], "closed_share")
    with pytest.raises(Refusal, match=r"0 complaints left of 2,500.*a smaller within_days keeps more"):
        agencies.side_by_side([every[0], every[4]], within_days=5000)
    renamed = replace(
        every[4], allegations=every[4].allegations.assign(category=every[4].allegations["category"].str.upper())
    )
    with pytest.raises(Refusal, match=r"share too few words of 'category'.*words=\{"):
        agencies.side_by_side([every[0], renamed])
    common = {word.upper(): word for word in every[0].allegations["category"].dropna().unique()}
    assert len(agencies.side_by_side([every[0], renamed], words=common).table) == 2
    with pytest.raises(Refusal, match=r"has no column 'nothing' .*alike=None"):
        agencies.side_by_side([every[0], every[4]], alike="nothing")
    with pytest.raises(ParameterError, match="two datasets or more, and was given a Dataset"):
        agencies.side_by_side(every[0])  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="outcome: expected one of days"):
        agencies.side_by_side(every[:2], "speed")  # type: ignore[arg-type]


def test_a_word_that_merges_what_is_compared_is_refused(every: list[Dataset]) -> None:
    line = {
        "column": "finding", "block": "finding", "raw": "Closed", "term": "not_sustained", "rows": 9,
        "loses": "which", "may_be": "sustained, not_sustained",
    }  # fmt: skip
    merged = replace(every[4], lossy=pd.DataFrame([line]))
    with pytest.raises(Refusal, match="a word of slower stands for not_sustained or sustained"):
        agencies.side_by_side([every[0], merged], "sustained_share")
    assert len(agencies.side_by_side([every[0], merged], "days").table) == 2
