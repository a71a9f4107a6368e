"""Several bodies on one allegation: kappa by hand and clustered, who moves whom, and what may not be shown."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from conftest import full

import accountability
from accountability import outcomes
from accountability.errors import ParameterError, Refusal
from accountability.outcomes.concurrence_of_bodies import pair_agreement
from accountability.records.dataset import Dataset
from accountability.stats.chance_agreement import cohens_kappa

TERMS = ("sustained", "not_sustained", "exonerated", "unfounded")
BODIES = ("internal_affairs_finding", "board_finding", "finding")


def agency(rows: pd.DataFrame) -> Dataset:
    return accountability.from_frame(
        rows, observed_until="2020-12-31", case_id="case", finding="finding", columns=list(BODIES[:2]),
        rule="closed_only", unit="allegation",
    )  # fmt: skip


def counted(cells: dict[tuple[str, str, str], int]) -> pd.DataFrame:
    rows = [way for way, many in cells.items() for _ in range(many)]
    return pd.DataFrame(rows, columns=list(BODIES)).assign(case=[f"c{n}" for n in range(len(rows))])


def drawn(rng: np.random.Generator, cases: int, alike: float) -> pd.DataFrame:
    """Rows of a case share how strict the bodies are; the board copies internal affairs with a chance of the case."""
    size = rng.integers(1, 12, cases)
    case = np.repeat(np.arange(cases), size)
    first = rng.integers(0, 4, cases)[case]
    first = np.where(rng.random(len(case)) < 0.5, first, rng.integers(0, 4, len(case)))
    copies = rng.random(len(case)) < rng.beta(alike * 3, (1 - alike) * 3, cases)[case]
    second = np.where(copies, first, rng.integers(0, 4, len(case)))
    third = np.where(rng.random(len(case)) < 0.8, first, second)
    names = np.array(TERMS)
    made = pd.DataFrame({"case": case.astype(str)})
    return made.assign(**{name: names[codes] for name, codes in zip(BODIES, (first, second, third), strict=True)})


def kappa_of(rows: pd.DataFrame) -> tuple[float, np.ndarray]:
    return cohens_kappa(*(pd.Categorical(rows[name], categories=TERMS).codes.astype(int) for name in BODIES[:2]))


def test_kappa_and_its_error_are_statsmodels_where_each_row_is_a_complaint() -> None:
    from statsmodels.stats.inter_rater import cohens_kappa as reference

    rng = np.random.default_rng(5)
    first = rng.integers(0, 4, 400)
    second = np.where(rng.random(400) < 0.6, first, rng.integers(0, 3, 400))
    kappa, influence = cohens_kappa(first, second)
    expected = reference(pd.crosstab(first, second).reindex(columns=range(4), fill_value=0).to_numpy())
    assert kappa == pytest.approx(expected.kappa, abs=1e-12)
    assert (influence**2).sum() / 400**2 == pytest.approx(expected.var_kappa, abs=1e-14)
    names = np.array(TERMS)
    rows = pd.DataFrame({"case": np.arange(400).astype(str), "internal_affairs_finding": names[first]})
    found = outcomes.concurrence(
        agency(rows.assign(board_finding=names[second], finding=names[first])), list(BODIES[:2])
    ).table.iloc[0]
    assert found["estimate"] == pytest.approx(expected.kappa, abs=1e-12)
    assert found["std_error"] == pytest.approx(np.sqrt(expected.var_kappa * 400 / 399), rel=1e-9)


def test_rows_of_one_complaint_widen_the_interval_and_it_keeps_its_level() -> None:
    rng, runs = np.random.default_rng(11), 1000 if full() else 150
    truth = kappa_of(drawn(rng, 50_000, 0.6))[0]
    held, narrow = 0, 0
    for _ in range(runs):
        rows = drawn(rng, 60, 0.6)
        kappa, influence = kappa_of(rows)
        narrow += abs(kappa - truth) <= 1.96 * np.sqrt((influence**2).sum()) / len(rows)
        found = pair_agreement(rows[list(BODIES[:2])], rows[["case"]].rename(columns={"case": "case_id"}), 0.95)
        held += found["lower"] <= truth <= found["upper"]
    assert held / runs > 0.88
    assert narrow / runs < held / runs - 0.05  # rows taken for independent miss the truth more often


def test_who_moves_whom_is_counted_by_hand() -> None:
    rows = counted(
        {
            ("not_sustained", "sustained", "not_sustained"): 60,  # board raises, chief returns
            ("not_sustained", "sustained", "sustained"): 25,  # board raises, chief follows
            ("not_sustained", "sustained", "unfounded"): 15,
            ("not_sustained", "not_sustained", "not_sustained"): 200,
            ("sustained", "sustained", "sustained"): 40,
            ("sustained", "not_sustained", "sustained"): 20,
        }
    )
    found = outcomes.concurrence(agency(rows))
    moves = found.moves.set_index(["body", "given", "then"])["events"]
    before = "the internal affairs finding and the board finding"
    assert moves["the final finding", f"{before} differ", "takes that of the internal affairs finding"] == 80
    assert moves["the final finding", f"{before} differ", "takes that of the board finding"] == 25
    assert moves["the final finding", f"{before} differ", "takes another"] == 15
    assert moves["the board finding", "the internal affairs finding did not sustain", "sustains"] == 100
    assert moves["the board finding", "the internal affairs finding sustained", "does not sustain"] == 20
    assert found.table["events"].tolist() == [240, 320, 265]


def test_what_is_shown_tells_no_small_count() -> None:
    """Each small cell keeps at least two values under everything shown: found by brute force over small tables."""
    rng = np.random.default_rng(3)
    for _ in range(12 if full() else 3):
        two = {
            way: int(n) for way, n in zip(itertools.product(TERMS[:2], repeat=2), rng.integers(1, 24, 4), strict=True)
        }
        rows = counted({(a, b, b): n for (a, b), n in two.items()})
        found = outcomes.concurrence(agency(rows), list(BODIES[:2]))
        size, alike = int(found.true_numbers("table")["n"].iloc[0]), found.table["events"].iloc[0]
        shown = found.matrix.set_index(["before", "after"])["n"]
        groups = found.moves.dropna(subset=["n"])
        possible = []
        for a, b, c in itertools.product(range(size + 1), repeat=3):
            table = dict(zip(two, (a, b, c, size - a - b - c), strict=True))
            if table[TERMS[1], TERMS[1]] < 0 or (pd.notna(alike) and a + size - a - b - c != alike):
                continue
            if any(pd.notna(n) and n != table[way] for way, n in shown.items()):
                continue
            said = {(r["given"].endswith("did not sustain"), r["then"]): r for r in groups.to_dict("records")}
            if any(
                (table[TERMS[no], TERMS[0]] + table[TERMS[no], TERMS[1]], table[TERMS[no], TERMS[then != "sustains"]])
                != (r["n"], r["events"])
                for (no, then), r in said.items()
            ):
                continue
            possible.append(tuple(table.values()))
        for place, true in enumerate(two.values()):
            if true < 10:
                assert len({one[place] for one in possible}) > 1


def test_bodies_that_always_agree_have_a_limit_below() -> None:
    rows = counted({("sustained",) * 3: 30, ("unfounded",) * 3: 70})
    row = outcomes.concurrence(agency(rows), list(BODIES[:2])).table.iloc[0]
    assert (row["estimate"], row["upper"]) == (1.0, 1.0)
    assert 0.8 < row["lower"] < 1.0


def test_a_body_that_holds_one_term_throughout_has_no_interval() -> None:
    rows = counted({("sustained", "unfounded", "unfounded"): 30, ("unfounded", "unfounded", "sustained"): 70})
    found = outcomes.concurrence(agency(rows), list(BODIES[:2]))
    assert found.table[["estimate", "lower", "upper"]].isna().to_numpy().tolist() == [[False, True, True]]
    assert "kappa 0.00 (no interval: a body held one term throughout)" in found.sentence()


def test_undecided_rows_are_in_no_share() -> None:
    rows = counted({("sustained", "sustained", "sustained"): 30, ("unfounded", "sustained", "unfounded"): 30})
    waiting = rows.assign(finding=["pending"] * 20 + ["unfounded"] * 40)
    table = outcomes.concurrence(agency(waiting)).table
    assert table["n"].tolist() == [60, 40, 40]


def test_refusals_name_what_is_there_and_the_line_to_write() -> None:
    rows = agency(counted({("sustained", "sustained", "sustained"): 30}))
    with pytest.raises(ParameterError, match=r"no column 'judge_finding'; findings and penalties it holds: .*board"):
        outcomes.concurrence(rows, ["board_finding", "judge_finding"])
    with pytest.raises(ParameterError, match="name two bodies or more, each once"):
        outcomes.concurrence(rows, ["board_finding", "board_finding"])
    with pytest.raises(Refusal, match=r"findings of one body \(finding\); two are needed"):
        outcomes.concurrence(accountability.load("synthetic"))
    with pytest.raises(ParameterError, match="not all coded as findings, nor all as penalties"):
        outcomes.concurrence(accountability.load("synthetic"), ["finding", "imposed_penalty"])


def test_a_body_whose_words_merge_what_another_tells_apart_is_refused() -> None:
    from dataclasses import replace

    data = agency(counted({("not_sustained", "exonerated", "unfounded"): 30, ("sustained",) * 3: 30}))
    line = {
        "column": "board_finding", "block": "finding", "raw": "No sustained", "term": "not_sustained", "rows": 30,
        "loses": "which", "may_be": "not_sustained, exonerated, unfounded",
    }  # fmt: skip
    merged = replace(data, lossy=pd.DataFrame([line]))
    with pytest.raises(Refusal, match=r"a word of board_finding stands for .* sustained_or_not=True\)"):
        outcomes.concurrence(merged)
    assert outcomes.concurrence(merged, sustained_or_not=True).table["estimate"].tolist() == [1.0, 1.0, 1.0]
    everywhere = replace(data, lossy=pd.DataFrame([line | {"column": name} for name in BODIES]))
    assert len(outcomes.concurrence(everywhere).table) == 3  # merged alike, they can be compared
    worse = replace(data, lossy=pd.DataFrame([line | {"may_be": "sustained, not_sustained"}]))
    with pytest.raises(Refusal, match="Compare other bodies"):
        outcomes.concurrence(worse, sustained_or_not=True)
