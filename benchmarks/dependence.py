"""How often intervals hold the truth, and tests reject what is true, where officers are few, unequal, or share cases.

Agencies are made up: {6, 12, 30, 100} officers, {even, skewed, one with 40 % of the rows}, {1, 3} officers a case, an
outcome of {20 %, 2 %}, {no, one} level on few rows. Officers differ (standard deviation 0.5 of the log odds), and so
do cases that name three. Forty rows an officer. Half of the officers, at random, form a group without a difference.

    python benchmarks/dependence.py [--agencies 2000] [--officers 6 12] [--seed 0] [--jobs 2 | --scheduler ADDRESS]

prints one line a cell. A cell that holds the truth in fewer than 93.5 % (the difference and the logit hold no effect,
so this is a rejection above 6.5 %) or in more than 97 % is run again with a new seed and five times as many agencies;
its line is that of the second run: "outside" or "wide" where it still is. What is refused (no interval) is counted
apart.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from share_out import options, shared_out

from accountability.errors import Refusal
from accountability.stats.arrays import Flags, Floats, Ints
from accountability.stats.binary_logit import fit_logit
from accountability.stats.clustered_rates import clustered_share, compared
from accountability.stats.intervals import student

ROWS, APART, SPARSE = 40, 0.5, 24
LEAST, MOST = 0.935, 0.97


class Cell(NamedTuple):
    """One kind of agency."""

    officers: int
    shape: str
    per_case: int
    rate: float
    sparse: bool

    def __str__(self) -> str:
        """The cell as a line of the table begins."""
        level = "one sparse level" if self.sparse else "no sparse level"
        return f"{self.officers} officers, {self.shape}, {self.per_case} a case, {self.rate:.0%}, {level}"


def grid(officers: list[int]) -> list[Cell]:
    """All cells."""
    return [
        Cell(*each)
        for each in itertools.product(officers, ("even", "skewed", "40 %"), (1, 3), (0.2, 0.02), (False, True))
    ]


def sizes(cell: Cell) -> Ints:
    """Rows of each officer."""
    whole = cell.officers * ROWS
    part = np.ones(cell.officers)
    if cell.shape == "skewed":
        part = np.arange(1.0, cell.officers + 1) ** 1.5
    elif cell.shape == "40 %":
        part[-1] = (cell.officers - 1) * 0.4 / 0.6
    return np.maximum(np.round(whole * part / part.sum()), 2).astype(np.int64)


def constant(rate: float, spread: float) -> float:
    """The log odds whose mean chance over a normal spread is a rate."""
    from scipy.optimize import brentq
    from scipy.special import expit

    points, weights = np.polynomial.hermite.hermgauss(40)

    def miss(at: float) -> float:
        return float(weights @ expit(at + np.sqrt(2) * spread * points) / np.sqrt(np.pi)) - rate

    return float(brentq(miss, -15, 5))


def agencies(cell: Cell, number: int, seed: int) -> Iterator[tuple[Flags, Ints, dict[str, Ints], Floats]]:
    """Hits, group, ways and design of each agency: constant, group, and a level on few rows if asked for."""
    from scipy.special import expit

    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(cell.officers), sizes(cell))
    shared = cell.per_case > 1
    at = constant(cell.rate, np.sqrt(1 + shared) * APART)
    for _ in range(number):
        odds = at + rng.normal(0, APART, cell.officers)[who]
        ways = {"officer": who}
        if shared:
            case = rng.permutation(len(who)) // cell.per_case
            odds = odds + rng.normal(0, APART, int(case.max()) + 1)[case]
            ways["complaint"] = case
        group = (rng.permutation(cell.officers) % 2)[who]
        columns = [np.ones(len(who)), group]
        if cell.sparse:
            few = np.zeros(len(who))
            few[rng.permutation(len(who))[:SPARSE]] = 1
            columns.append(few)
        yield rng.random(len(who)) < expit(odds), group.astype(np.int64), ways, np.column_stack(columns).astype(float)


def measured(cell: Cell, number: int, seed: int) -> dict[str, tuple[float, float]]:
    """For each estimator, how often it is right of those given, and the share that is not given."""
    share, gap, logit = [], [], []
    for hits, group, ways, design in agencies(cell, number, seed):
        if not cell.sparse:
            own = clustered_share(hits, ways)
            share.append(np.nan if own.df == 0 else own.lower <= cell.rate <= own.upper)
            two = compared(hits, group, ways)
            gap.append(np.nan if two.df == 0 else two.difference_lower <= 0 <= two.difference_upper)
        logit.append(logit_holds(hits, ways, design))
    found = {"share": share, "difference": gap, "logit": logit}
    return {
        name: (float(np.nanmean(right)) if np.isfinite(right).any() else np.nan, float(np.isnan(right).mean()))
        for name, right in found.items()
        if right
    }


def logit_holds(hits: Flags, ways: dict[str, Ints], design: Floats) -> float:
    """Whether the interval of the group holds 0; missing where there is none."""
    patterns, pattern = np.unique(design, axis=0, return_inverse=True)
    try:
        fit = fit_logit(patterns, pattern.ravel().astype(np.int64), hits.astype(float), ways)
    except Refusal:
        return np.nan
    made = student(fit.coefficients[1:2], np.eye(len(fit.coefficients))[:, 1:2], fit.errors, 0.95)
    return np.nan if made["df"][0] == 0 else float(made["lower"][0] <= 0 <= made["upper"][0])


def outside(found: dict[str, tuple[float, float]], least: float = LEAST) -> list[str]:
    """The estimators that hold the truth too seldom."""
    return [name for name, (right, _) in found.items() if right < least]


def wide(found: dict[str, tuple[float, float]]) -> list[str]:
    """The estimators that hold the truth more often than their name says."""
    return [name for name, (right, _) in found.items() if right > MOST]


def judged(cell: Cell, number: int, seed: int) -> tuple[dict[str, tuple[float, float]], bool]:
    """What a cell gives, and whether it was run again, because it lay outside or was wide."""
    found = measured(cell, number, seed)
    if outside(found) or wide(found):
        return found | measured(cell, 5 * number, 1000 + seed), True
    return found, False


def main() -> int:
    """Print the grid; the number of cells outside is the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--agencies", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0, help="of the first cell; the others follow")
    parser.add_argument("--officers", type=int, nargs="+", default=[6, 12, 30, 100])
    options(parser)
    asked = parser.parse_args()
    bad = 0
    print("| agency | estimator | right | not given | |\n|---|---|---|---|---|")
    cells = grid(asked.officers)
    pieces = [(cell, asked.agencies, seed) for seed, cell in enumerate(cells, asked.seed)]
    for cell, (found, again) in zip(cells, shared_out(judged, pieces, asked.jobs, asked.scheduler), strict=True):
        bad += len(outside(found)) if again else 0
        for name, (right, refused) in found.items():
            marks = ["run again"] * again + ["outside"] * (name in outside(found)) + ["wide"] * (name in wide(found))
            said = f"{right:.1%}" if right == right else "–"  # none is given
            print(f"| {cell} | {name} | {said} | {refused:.1%} | {', '.join(marks)} |", flush=True)
    return min(bad, 100)


if __name__ == "__main__":
    sys.exit(main())
