"""Effects of hands within cells: against R, against shuffles made by hand, and on agencies whose truth is planted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import full

from accountability.errors import Refusal
from accountability.stats.assigned import Assigned, hand_spread
from accountability.stats.many_hands import by_others, instrumented, leave_one_out, ratio

FOLDER = Path(__file__).parents[1] / "reference"
ROWS = pd.read_csv(FOLDER / "investigators_rows.csv")
R = pd.read_csv(FOLDER / "investigators.csv").set_index(["name", "key"])["value"]
MADE = Assigned.of(ROWS["who"].to_numpy(), ROWS["cell"].to_numpy())
SLOW, UPHELD = (ROWS[name].to_numpy(dtype=float) for name in ("slow", "upheld"))


def test_effects_leverages_and_the_variance_without_chance_equal_those_of_r() -> None:
    assert len(MADE.rows) == len(ROWS)
    assert [*MADE.leverage[:5], (MADE.leverage**2).sum()] == pytest.approx(R["leverage"].tolist(), rel=1e-9)
    found = hand_spread(MADE, SLOW, draws=99, confidence=0.95, seed=1)
    assert found.effects == pytest.approx(R["effect"].to_numpy(), rel=1e-8)
    assert found.raw**2 == pytest.approx(R["raw", "variance"], rel=1e-8)
    assert found.spread**2 == pytest.approx(R["leave-out", "variance"], rel=1e-8)


def test_estimates_by_hands_as_instruments_equal_those_of_r() -> None:
    found = instrumented(MADE, SLOW, UPHELD, draws=99, confidence=0.95, seed=1)
    assert found.estimate["ujive"] == pytest.approx(R["ujive", "estimate"], rel=1e-8)
    assert found.estimate["two_stage"] == pytest.approx(R["two stage", "estimate"], rel=1e-8)
    assert found.estimate["least_squares"] == pytest.approx(R["least squares", "estimate"], rel=1e-8)
    assert found.first_stage == pytest.approx(R["first stage", "F"], rel=1e-8)
    inside = MADE.within(SLOW)
    left = MADE.within(UPHELD - found.estimate["least_squares"] * SLOW)
    score = np.bincount(MADE.who, inside * left)
    assert np.sqrt(8 / 7 * score @ score) / (inside @ SLOW) == pytest.approx(R["least squares", "error"], rel=1e-8)


def test_an_effect_is_accepted_where_shuffles_of_what_it_leaves_do_not_reject_it() -> None:
    found = instrumented(MADE, SLOW, UPHELD, draws=199, confidence=0.95, seed=4)

    def p(effect: float) -> float:
        left = UPHELD - effect * SLOW
        sums = MADE.sums(left)
        drawn = np.concatenate([one for (one,) in MADE.shuffled(199, np.random.default_rng(4), left)])
        forms = np.einsum("ij,jk,ik->i", drawn, MADE.inverse, drawn)
        return float((1 + (forms >= sums @ MADE.inverse @ sums - 1e-9).sum()) / 200)

    for low, high in found.accepted:
        assert p(low - 1e-6) <= 0.05 < p(low + 1e-6)
        assert p(high + 1e-6) <= 0.05 < p(high - 1e-6)
    assert max(p(x) for x in np.linspace(-2, 2, 41)) <= found.best_p + 1e-12


@pytest.mark.parametrize(
    ("who", "cell", "kept"),
    [
        ([0, 0, 1, 1], [0, 0, 1, 1], None),  # nobody shares a cell
        ([0, 1, 0, 1], [0, 0, 1, 1], [0, 1, 2, 3]),
        ([0, 1, 0, 1, 2], [0, 0, 1, 1, 1], [0, 1, 2, 3]),  # the third hand has one row
        ([0, 1, 0, 1, -1, 0], [0, 0, 1, 1, 1, -1], [0, 1, 2, 3]),
        ([0, 1, 0, 1, 2, 3, 2, 3], [0, 0, 1, 1, 2, 2, 3, 3], list(range(8))),  # two parts
    ],
)
def test_only_rows_that_tell_hands_apart_are_kept(who: list[int], cell: list[int], kept: list[int] | None) -> None:
    if kept is None:
        with pytest.raises(Refusal, match="no two of 2 hands"):
            Assigned.of(np.array(who), np.array(cell))
        return
    made = Assigned.of(np.array(who), np.array(cell))
    assert made.rows.tolist() == kept
    assert made.free == made.hands - len(set(made.part))


def test_hands_that_share_no_cell_are_compared_with_their_own_part_alone() -> None:
    who, cell = np.array([0, 1] * 20 + [2, 3] * 20), np.repeat([0, 1], 40)
    made = Assigned.of(who, cell)
    value = (cell == 1).astype(float)  # parts differ, hands do not
    assert hand_spread(made, value, draws=99, confidence=0.95, seed=1).raw == pytest.approx(0)


def test_the_first_stage_of_a_kind_is_taken_from_the_other_kinds_alone() -> None:
    which = np.arange(len(ROWS)) % 2 == 0
    moved = np.where(which, 1 - SLOW, SLOW)
    assert by_others(MADE, moved, which)[0] == pytest.approx(-by_others(MADE, SLOW, which)[0], rel=1e-8)
    assert np.isnan(by_others(MADE, SLOW, np.ones(len(ROWS), bool))[0])


def test_a_row_moves_neither_its_own_instrument_nor_an_estimate_of_no_treatment() -> None:
    other = SLOW.copy()
    other[7] = 5.0
    assert leave_one_out(MADE, other)[7] == pytest.approx(leave_one_out(MADE, SLOW)[7], abs=1e-12)
    assert np.isnan(ratio(MADE, np.zeros(len(SLOW)), SLOW, UPHELD)[0])


def dealt(rng: np.random.Generator, sd: float) -> tuple[Assigned, np.ndarray]:
    who, cell = rng.integers(0, 20, 1200), rng.integers(0, 60, 1200)
    made = Assigned.of(who, cell)
    chance = 0.4 + sd * rng.normal(size=20)[who] + 0.1 * rng.normal(size=60)[cell]
    return made, (rng.random(1200) < chance).astype(float)[made.rows]


@pytest.mark.parametrize(("sd", "least", "most"), [(0.0, 0.0, 0.025), (0.12, 0.10, 0.14)])
def test_a_planted_spread_is_found_and_none_is_found_where_none_is(sd: float, least: float, most: float) -> None:
    rng = np.random.default_rng(11)
    runs = 400 if full() else 24
    found = [hand_spread(*dealt(rng, sd), draws=99, confidence=0.95, seed=k) for k in range(runs)]
    assert least <= np.mean([one.spread for one in found]) <= most
    rejected = np.mean([one.p_value <= 0.05 for one in found])
    if sd:
        assert rejected >= 0.98
        assert np.mean([one.lower <= sd <= one.upper for one in found]) >= (0.925 if full() else 0.85)
    else:
        assert rejected <= (0.065 if full() else 0.13)


def test_limits_by_shuffles_hold_with_many_weak_hands() -> None:
    rng = np.random.default_rng(12)
    runs, held, middle = (400 if full() else 12), 0, []
    for k in range(runs):
        who, cell, liking = rng.integers(0, 40, 1500), rng.integers(0, 60, 1500), rng.normal(size=1500)
        made = Assigned.of(who, cell)
        treated = (liking + 0.3 * rng.normal(size=40)[who] > 0).astype(float)[made.rows]
        outcome = treated + (liking + rng.normal(size=1500))[made.rows]
        found = instrumented(made, treated, outcome, draws=199, confidence=0.95, seed=k)
        held += any(low <= 1 <= high for low, high in found.accepted)
        middle.append([found.estimate[way] for way in ("least_squares", "two_stage", "ujive")])
    assert held / runs >= (0.935 if full() else 0.75)
    plain, two_stage, ujive = np.median(middle, axis=0)
    assert min(plain - 2, two_stage - 1.2, 0.3 - abs(ujive - 1)) > 0
