"""Two coders: the numbers of textbooks, of a second program, and of a coding made to disagree."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from accountability import casefiles
from accountability.errors import ParameterError, Refusal


def codings(first: list[str], second: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    ids = [f"F{i}" for i in range(len(first))]
    return tuple(pd.DataFrame({"fact_id": ids, "status": values}) for values in (first, second))


def only(first: list[str], second: list[str], confidence: float = 0.95) -> pd.Series:
    return casefiles.agreement(*codings(first, second), ["status"], confidence=confidence).table.iloc[0]


def test_kappa_is_that_of_the_textbook_table() -> None:
    # Of fifty applications both say yes to 20 and no to 15; 5 and 10 are parted.
    first = ["y"] * 25 + ["n"] * 25
    second = ["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15
    row = only(first, second)
    assert row["share"] == 0.7
    assert row["estimate"] == pytest.approx(0.4, abs=1e-12)


# Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", examples B and C: 0.095 and 0.692.
def test_alpha_is_that_of_krippendorffs_examples() -> None:
    meg, owen = "0100000010", "1110010000"
    assert only(list(meg), list(owen))["alpha"] == pytest.approx(0.095, abs=5e-4)
    ben, gerry = "aabbdcccedda", "babbbccceddd"
    assert only(list(ben), list(gerry))["alpha"] == pytest.approx(0.692, abs=5e-4)


def test_the_interval_is_that_of_the_large_sample_variance_written_out() -> None:
    table = np.array([[20, 5], [10, 15]], float) / 50
    rows, columns = table.sum(1), table.sum(0)
    chance = rows @ columns
    kappa = (np.trace(table) - chance) / (1 - chance)
    same = sum(table[i, i] * (1 - (rows[i] + columns[i]) * (1 - kappa)) ** 2 for i in range(2))
    apart = sum(table[i, j] * (columns[i] + rows[j]) ** 2 for i, j in itertools.product(range(2), repeat=2) if i != j)
    variance = (same + (1 - kappa) ** 2 * apart - (kappa - chance * (1 - kappa)) ** 2) / ((1 - chance) ** 2 * 50)
    first, second = ["y"] * 25 + ["n"] * 25, ["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15
    row = only(first, second)
    assert row["upper"] - row["estimate"] == pytest.approx(1.959964 * np.sqrt(variance), abs=1e-6)
    assert row["estimate"] - row["lower"] == pytest.approx(1.959964 * np.sqrt(variance), abs=1e-6)
    narrow = only(first, second, confidence=0.8)
    assert narrow["upper"] < row["upper"]


def test_the_interval_holds_the_true_kappa_as_often_as_it_says() -> None:
    rng = np.random.default_rng(20130206)
    first = rng.integers(0, 3, (200, 120))
    second = np.where(rng.random(first.shape) < 0.7, first, rng.integers(0, 3, first.shape))
    # Alike with 0.7 + 0.3 / 3 where chance gives 1 / 3.
    truth, held = (0.8 - 1 / 3) / (2 / 3), 0
    for one, two in zip(first, second, strict=True):
        row = only([str(v) for v in one], [str(v) for v in two])
        held += row["lower"] <= truth <= row["upper"]
    assert 0.91 <= held / 200 <= 0.99


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=2, max_size=40))
def test_the_order_of_facts_and_of_coders_does_not_matter(pairs: list[tuple[str, str]]) -> None:
    first, second = (list(column) for column in zip(*pairs, strict=True))
    one, two = codings(first, second)
    made = casefiles.agreement(one, two, ["status"]).table
    shuffled = casefiles.agreement(one.sample(frac=1, random_state=1), two.iloc[::-1], ["status"]).table
    pd.testing.assert_frame_equal(made, shuffled)
    turned = casefiles.agreement(two, one, ["status"]).table
    pd.testing.assert_frame_equal(made, turned, rtol=1e-9)
    assert made["agree"].item() == sum(a == b for a, b in pairs)


def test_full_agreement_is_one_and_one_value_throughout_says_nothing() -> None:
    alike = only(list("abab"), list("abab"))
    assert (alike["estimate"], alike["alpha"], alike["upper"]) == (1.0, 1.0, 1.0)
    same = casefiles.agreement(*codings(["a"] * 4, ["a"] * 4), ["status"])
    assert same.table[["estimate", "alpha"]].isna().all(axis=None)
    assert "nothing can be said beyond chance" in same.sentence()


def test_codings_that_do_not_match_are_refused() -> None:
    one, two = codings(list("ab"), list("ab"))
    with pytest.raises(ParameterError, match="1 facts are coded by one coder only, for example 'F1'"):
        casefiles.agreement(one, two.iloc[:1], ["status"])
    with pytest.raises(ParameterError, match="twice, for example 'F0'"):
        casefiles.agreement(pd.concat([one, one.iloc[:1]]), two, ["status"])
    with pytest.raises(ParameterError, match="no column 'category'"):
        casefiles.agreement(one, two)
    with pytest.raises(ParameterError, match="no facts"):
        casefiles.agreement(one.iloc[:0], two.iloc[:0], ["status"])


def test_the_second_coding_of_the_reports_differs_in_21_cells() -> None:
    found = casefiles.agreement(casefiles.read("news_cases"))
    assert len(found.disagreements) == 21
    table = found.table.set_index("field")
    assert (table["n"] - table["agree"]).to_dict() == {"status": 13, "category": 8}
    assert table["estimate"].between(0.6, 0.95).all()
    assert (abs(table["estimate"] - table["alpha"]) < 0.01).all()
    assert found.pairs["facts"].sum() == 2 * 98
    assert "85 of 98 alike" in found.sentence()
    assert len(found.plot().get_yticks()) == 2


def test_a_case_is_compared_in_its_own_facts_and_without_a_second_coding_not_at_all() -> None:
    from dataclasses import replace

    case = casefiles.read("news_cases", "PINECREST")
    assert set(casefiles.agreement(case).table["n"]) == {28}
    with pytest.raises(Refusal, match=r"second_coding\.csv"):
        casefiles.agreement(replace(case, second_coding=None))
