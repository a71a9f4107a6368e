"""Tests of shares between groups, each with its assumptions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.results import Result
from accountability.stats.arrays import Flags, Floats, Ints
from accountability.stats.intervals import p_chi2, p_student
from accountability.stats.sandwich import Ways, clustered, ways_of

TESTS: Final = {
    "chi_square": "Pearson's chi-square divided by the mean design effect (Rao and Scott 1981, first order)",
    "exact": "Fisher's exact test, both sides",
    "trend": "slope of the share over the groups in their order, errors clustered, Student's t",
}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Tested(Result):
    """A test of equal shares: ``test``, ``statistic``, ``df``, ``p_value``, ``n``, ``design_effect``."""

    def sentence(self) -> str:
        """State the test and its p-value."""
        row = self.table.iloc[0]
        p = "below 0.001" if row["p_value"] < 0.001 else f"{row['p_value']:.3f}"
        return f"{self.estimand}: {self.method}, p-value {p}, {row['n']:,} units."


def mean_errors(values: Floats, design: Floats, ways: Ways) -> tuple[Floats, Floats, Floats]:
    """Fit least squares with clustered errors: coefficients, their errors, degrees of freedom."""
    rows = np.column_stack([design, values])
    found_kinds, cell = np.unique(rows, axis=0, return_inverse=True)
    kinds: Floats = found_kinds.astype(np.float64)
    bread: Floats = np.linalg.inv(design.T @ design).astype(np.float64)
    found = bread @ design.T @ values
    of_cell = kinds[:, :-1]
    scores = of_cell * (kinds[:, -1] - of_cell @ found)[:, None]
    errors = clustered(bread, scores, np.asarray(cell.ravel(), dtype=np.int64), ways, of_cell)
    free = errors.free(np.eye(len(found)))
    spread = np.where(free > 0, np.sqrt(errors.variance(np.eye(len(found)))), np.nan)
    return np.asarray(found), np.asarray(spread), free


def design_effect(hits: Flags, ways: Ways) -> float:
    """Return the design effect of a share: its variance over that of independent rows; 1 if it has no variance."""
    share = float(hits.mean())
    if share in (0.0, 1.0):
        return 1.0
    _, error, _ = mean_errors(hits.astype(float), np.ones((len(hits), 1)), ways)
    # An error that cannot be computed leaves the test without a value, and not with that of independent rows.
    return float(error[0] ** 2 * len(hits) / (share * (1 - share)))


def tested(counted: pd.DataFrame, kind: str, about: str) -> Tested:
    """Test ``value`` by ``group`` for rows clustered by officer and complaint."""
    if kind not in TESTS:
        raise ParameterError(f"unknown test {kind!r}; there are {', '.join(TESTS)}")
    group, groups = pd.factorize(counted["group"], sort=True)
    value, values = pd.factorize(counted["value"], sort=True)
    if len(groups) < 2 or len(values) < 2:
        raise Refusal(
            f"a test needs two groups and two outcomes, and there are {len(groups)} and {len(values)}; name the groups "
            "with by= or when="
        )
    ways = ways_of(counted)
    counts = np.zeros((len(groups), len(values)), np.int64)
    np.add.at(counts, (group, value), 1)
    dependent = "row" not in ways
    effect = np.nan
    if kind == "chi_square":
        statistic, free, effect = _rao_scott(group, value, counts, ways)
        p, assumes = p_chi2(statistic, free), ["rows of different officers and complaints are independent"]
        expected = counts.sum(1)[:, None] * counts.sum(0) / counts.sum()
        if (small := int((expected < 5).sum())) > 0:
            assumes.append(f"{small} of {expected.size} cells expect fewer than five, so the p-value is rough")
    elif kind == "exact":
        if counts.shape != (2, 2):
            raise Refusal(f"the exact test is of two groups and two outcomes, found {counts.shape[0]} and "
                          f"{counts.shape[1]}; choose two with rows=, or take the test 'chi_square'")  # fmt: skip
        from scipy.stats import fisher_exact

        statistic, p = (float(number) for number in fisher_exact(counts))
        free, assumes = np.nan, ["every row is independent of every other"]
        if dependent:
            assumes.append(f"here rows share {' and '.join(ways)}, so the p-value is too small")
    else:
        if len(values) != 2:
            raise Refusal(f"a trend is of one share, found {len(values)} outcomes; write {{'finding': 'sustained'}}")
        design = np.column_stack([np.ones(len(group)), group - group.mean()])
        found, error, df = mean_errors(value.astype(float), design, ways)
        statistic, free = float(found[1] / error[1]), float(df[1])
        p = float(p_student(statistic, free)) if free > 0 else np.nan
        assumes = ["the groups stand in order, equally far apart", "the share changes in a straight line",
                   "rows of different officers and complaints are independent"]  # fmt: skip
    line = (kind, statistic, free, p, len(counted), effect)
    columns = ["test", "statistic", "df", "p_value", "n", "design_effect"]
    return Tested(
        estimand=f"the same in all groups: {about}",
        assumptions=tuple(assumes),
        method=TESTS[kind],
        table=pd.DataFrame([line], columns=columns),
    )


def _rao_scott(group: Ints, value: Ints, counts: Ints, ways: Ways) -> tuple[float, float, float]:
    """Pearson's statistic over the mean generalised design effect, its degrees of freedom, and that effect."""
    total = counts.sum()
    cells, rows, columns = counts / total, counts.sum(1) / total, counts.sum(0) / total
    free = float((len(rows) - 1) * (len(columns) - 1))
    pearson = float(total * ((cells - np.outer(rows, columns)) ** 2 / np.outer(rows, columns)).sum())
    of_cells = sum(
        (1 - cells[i, j]) * design_effect((group == i) & (value == j), ways) for i, j in np.ndindex(*cells.shape)
    )
    of_rows = sum((1 - rows[i]) * design_effect(group == i, ways) for i in range(len(rows)))
    of_columns = sum((1 - columns[j]) * design_effect(value == j, ways) for j in range(len(columns)))
    effect = float((of_cells - of_rows - of_columns) / free)
    if not effect > 0:
        raise Refusal("the design effect cannot be estimated from so few officers or complaints; use fewer groups")
    return pearson / effect, free, effect
