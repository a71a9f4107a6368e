"""Where two groups do not differ, the joint test's p-value is any number alike; where they do, the answer holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import full

import accountability
from accountability import Cohort, multiverse
from accountability.multiverse import specification_curve
from accountability.multiverse.specifications import _holder

SIMULATIONS, SHUFFLES, CASES = 40 if full() else 20, 39, 400
QUESTIONS: dict[str, dict[str, list[Any]]] = {
    "median_delay": {"start": ["received", "opened"], "estimator": ["median", "restricted_mean"]},
    "share": {"unit": ["complaint", "officer_complaint"], "denominator": ["decided", "all"]},
}


@pytest.fixture(scope="module")
def whole() -> Cohort:
    return Cohort.of(accountability.load("synthetic"))


def with_coins(whole: Cohort, rng: np.random.Generator) -> Cohort:
    """Some of the cases, each given a group by a coin: no difference is planted, whatever the cases are."""
    drawn = rng.choice(whole.cases["case_id"].to_numpy(), CASES, replace=False)
    coins = pd.Series(rng.choice(["heads", "tails"], CASES, p=[0.6, 0.4]), index=drawn)
    some = whole.keep_if(lambda cases: cases["case_id"].isin(set(drawn)), because="drawn at random")
    return some.with_case_column("coin", coins)


@pytest.mark.slow
@pytest.mark.parametrize("question", QUESTIONS)
def test_without_a_difference_the_joint_p_value_is_uniform(question: str, whole: Cohort) -> None:
    rng = np.random.default_rng(20_260_301)
    p_values, held = [], []
    for seed in range(SIMULATIONS):
        result = specification_curve(
            with_coins(whole, rng),
            question,
            QUESTIONS[question],
            by="coin",
            first="heads",
            second="tails",
            seed=seed,
            shuffles=SHUFFLES,
        )
        p_values.append(result.joint["p_value"].to_numpy())
        held.append(float(result.estimated["p_value"].le(0.05).mean()))
    p = np.array(p_values)
    # A uniform p-value on 1/40 .. 40/40 has mean 0.5125 and standard deviation 0.289: four standard errors.
    reach = 4 * 0.289 / np.sqrt(SIMULATIONS)
    assert np.abs(p[:, [0, 2]].mean(axis=0) - 0.5125).max() < reach
    # The share of significant specifications has ties, so its p-value is larger than uniform, never smaller.
    assert p[:, 1].mean() > 0.5125 - reach
    for level in (0.1, 0.25, 0.5):
        allowed = 4 * np.sqrt(level * (1 - level) / SIMULATIONS)
        assert (p <= level).mean(axis=0).max() <= level + allowed
    assert (p[:, 0] <= 0.5).mean() >= 0.5 - 4 * np.sqrt(0.25 / SIMULATIONS)
    # Each specification alone keeps its level too: four standard errors, as if the four were one.
    assert np.mean(held) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / SIMULATIONS)


def test_with_a_planted_difference_it_holds_in_all(whole: Cohort) -> None:
    """Heads are the cases of the office that was generated to take longer."""
    rng = np.random.default_rng(5)
    some = with_coins(whole, rng)
    planted = some.cases["investigated_by"].map({"Oversight office": "heads", "District": "tails"})
    coins = pd.Series(planted.to_numpy(), index=some.cases["case_id"]).fillna("neither")
    cohort = Cohort.of(some).with_case_column("planted", coins)
    result = specification_curve(
        cohort,
        "median_delay",
        QUESTIONS["median_delay"],
        by="planted",
        first="heads",
        second="tails",
        seed=1,
        shuffles=99,
        claim="more",
    )
    assert result.estimated["holds"].all()
    assert len(result.estimated) == 4
    assert (result.joint["p_value"] == 0.01).all()
    assert "holds in 4 of 4 specifications" in result.sentence()


def test_names_are_shuffled_only_within_the_stratum_asked_for(whole: Cohort) -> None:
    """A difference that lies all between strata is none within them."""
    first = whole.cases["investigated_by"] == "Oversight office"
    names = np.where(first, "heads", "tails")
    flip = np.random.default_rng(2).random(len(names)) < 0.1
    names[flip] = np.where(names[flip] == "heads", "tails", "heads")
    cohort = whole.with_case_column("coin", pd.Series(names, index=whole.cases["case_id"]))
    asked: dict[str, Any] = {"by": "coin", "first": "heads", "second": "tails", "seed": 1, "shuffles": 99}
    plain = specification_curve(cohort, "median_delay", {"start": ["received"]}, **asked)
    inside = specification_curve(cohort, "median_delay", {"start": ["received"]}, within="investigated_by", **asked)
    assert plain.joint["p_value"].iloc[0] == 0.01
    assert inside.joint["p_value"].iloc[0] > 0.01
    assert inside.table["estimate"].equals(plain.table["estimate"])
    assert inside.joint["shuffled"].iloc[0] > 10 * plain.joint["shuffled"].iloc[0]
    assert "of the same investigated_by" in inside.method


DECLARED = """\
source: synthetic
question: share
group: investigated_by
first: Oversight office
second: District
choices:
  unit: [complaint, officer_complaint, allegation]
  denominator: [decided, all]
  exclusions: [none, {name: without force, column: category, drop: [Force]}]
shuffles: 99
"""


@pytest.mark.slow
def test_a_declared_multiverse_becomes_a_report(tmp_path: Path) -> None:
    import json

    from typer.testing import CliRunner

    from accountability.cli import app

    (tmp_path / "shares.yaml").write_text(DECLARED)
    done = CliRunner().invoke(app, ["multiverse", str(tmp_path / "shares.yaml"), "-o", str(tmp_path / "out")])
    assert done.exit_code == 0
    page = tmp_path / "out" / "multiverse+shares" / "report.html"
    assert done.stdout.splitlines()[-1] == str(page)
    record = json.loads((page.parent / "provenance.json").read_text())
    assert record["failure"] is None
    assert record["command"] == "accountability multiverse shares.yaml"
    assert record["parameters"]["choices"]["denominator"] == ["decided", "all"]
    assert "holds in 8 of 8 specifications" in record["headline"]
    table = pd.read_csv(page.parent / "tables" / "specifications.csv")
    direct = multiverse.read(tmp_path / "shares.yaml").ask(accountability.load("synthetic")).table
    assert table["specification"].tolist() == list(range(1, 13))
    np.testing.assert_array_equal(table["estimate"].to_numpy(), direct["estimate"].to_numpy())
    assert (page.parent / "figures" / "specification_curve.png").stat().st_size > 5_000
    assert {path.stem for path in (page.parent / "tables").glob("*.csv")} == {
        "specifications", "by_choice", "joint_test", "flow",
    }  # fmt: skip
    text = page.read_text()
    assert "holds in 8 of 8 specifications" in text
    assert f'href="{page.parent.name}/report.html"' in (tmp_path / "out" / "index.html").read_text()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"qestion": "share"}, "Did you mean 'question'?"),
        ({"question": "shares"}, "Did you mean 'share'?"),
        ({"group": "investigated"}, "Did you mean 'investigated_by'?"),
        ({"group": None}, "group must be declared"),
        ({"first": ""}, "first must be declared"),
        ({"shuffles": 3}, "shuffles=3"),
        ({"choices": {"unit": ["squad"]}}, "no such option"),
    ],
)
def test_a_declaration_is_checked_before_anything_runs(change: dict[str, Any], fault: str) -> None:
    from accountability.errors import ParameterError

    said: dict[str, Any] = {
        "group": "investigated_by", "first": "a", "second": "b", "choices": {"unit": ["complaint"]}, "question": "share"
    }  # fmt: skip
    with pytest.raises(ParameterError) as refused:
        multiverse.read(said | change)
    assert fault in str(refused.value)


def test_a_group_that_belongs_to_officers_is_shuffled_between_officers(whole: Cohort) -> None:
    """An officer's cases keep one name: as cases they are not exchangeable, for officers differ."""
    first = whole.allegations.dropna(subset="officer_id").drop_duplicates("case_id").set_index("case_id")["officer_id"]
    officer = whole.cases["case_id"].map(first).dropna()
    coin = pd.Series(np.random.default_rng(5).random(officer.nunique()) < 0.5, index=officer.unique())
    side = officer.map(coin).to_numpy(dtype=bool)
    names = pd.Series(np.where(side, "heads", "tails"), index=whole.cases.loc[officer.index, "case_id"])
    some = whole.keep_if(lambda cases: cases["case_id"].isin(set(names.index)), because="an officer is known")
    tossed = some.with_case_column("coin", names)
    asked = {"by": "coin", "first": "heads", "second": "tails", "seed": 1, "shuffles": 19}
    found = specification_curve(tossed, "median_delay", {"start": ["received"]}, **asked)
    assert "between officers, to whom the group belongs" in found.method
    flags = tossed.cases["coin"].eq("heads").to_numpy()
    holder = _holder(tossed, flags, None)
    assert holder is not None
    assert pd.Series(flags).groupby(holder).nunique().max() == 1
    assert _holder(tossed, np.random.default_rng(6).random(len(flags)) < 0.5, None) is None
