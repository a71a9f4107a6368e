"""Tests of shares between groups, each with its assumptions."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.results import Result
from accountability.stats.arrays import Floats, Ints
from accountability.stats.intervals import p_chi2, p_f, p_student
from accountability.stats.sandwich import Clustered, Ways, clustered, ways_of

TESTS: Final = {
    "chi_square": "Pearson's chi-square",
    "exact": "Fisher's exact test, both sides",
    "trend": "slope of the share over the groups in their order, errors clustered, Student's t",
}
RAO_SCOTT: Final = "Pearson's chi-square over its mean design effect, as F (Rao and Scott 1984, second order)"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Tested(Result):
    """A test of equal shares: ``test``, ``statistic``, ``df``, ``df_error``, ``p_value``, ``n``, ``design_effect``."""

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


def tested(counted: pd.DataFrame, kind: str, about: str) -> Tested:
    """Test ``value`` by ``group`` for rows clustered by officer and complaint."""
    if kind not in TESTS:
        raise ParameterError(f"unknown test {kind!r}; there are {', '.join(TESTS)}")
    counted, left_out = _held_by_two(counted) if kind == "chi_square" else (counted, [])
    group, groups = pd.factorize(counted["group"], sort=True)
    value, values = pd.factorize(counted["value"], sort=True)
    if len(groups) < 2 or len(values) < 2:
        raise Refusal(
            f"a test needs two groups and two outcomes, and there are {len(groups)} and {len(values)}; name the groups "
            "with by= or when=" + "".join(f"; {one}" for one in left_out)
        )
    ways = ways_of(counted)
    counts = np.zeros((len(groups), len(values)), np.int64)
    np.add.at(counts, (group, value), 1)
    dependent = "row" not in ways
    method, below, effect = TESTS[kind], np.nan, np.nan
    if kind == "chi_square":
        if dependent:
            method = RAO_SCOTT
            statistic, free, below, effect = _rao_scott(group, value, counts, ways)
            p, assumes = p_f(statistic, free, below), ["rows of different officers and complaints are independent"]
        else:
            statistic, free, effect = _pearson(counts), float((len(groups) - 1) * (len(values) - 1)), 1.0
            p, assumes = p_chi2(statistic, free), ["every row is independent of every other"]
        expected = counts.sum(1)[:, None] * counts.sum(0) / counts.sum()
        if (small := int((expected < 5).sum())) > 0:
            assumes.append(f"{small} of {expected.size} cells expect fewer than five, so the p-value is rough")
    elif kind == "exact":
        if counts.shape != (2, 2):
            raise Refusal(f"the exact test is of two groups and two outcomes, found {counts.shape[0]} and "
                          f"{counts.shape[1]}; choose two with rows=, or take the test 'chi_square'")  # fmt: skip
        if dependent:
            raise Refusal(f"rows share {' and '.join(ways)}, and the exact test needs rows that are independent; take "
                          "the test 'chi_square', which allows for that")  # fmt: skip
        from scipy.stats import fisher_exact

        statistic, p = (float(number) for number in fisher_exact(counts))
        free, assumes = np.nan, ["every row is independent of every other"]
    else:
        if len(values) != 2:
            raise Refusal(f"a trend is of one share, found {len(values)} outcomes; write {{'finding': 'sustained'}}")
        design = np.column_stack([np.ones(len(group)), group - group.mean()])
        found, error, df = mean_errors(value.astype(float), design, ways)
        if not df[1] > 0:
            raise Refusal("the trend rests on next to one officer or complaint, so no test of it exists; compare "
                          "groups that more of them hold")  # fmt: skip
        statistic, free = float(found[1] / error[1]), float(df[1])
        p = float(p_student(statistic, free))
        assumes = ["the groups stand in order, equally far apart", "the share changes in a straight line",
                   "rows of different officers and complaints are independent"]  # fmt: skip
    line = (kind, statistic, free, below, p, len(counted), effect)
    columns = ["test", "statistic", "df", "df_error", "p_value", "n", "design_effect"]
    return Tested(
        estimand=f"the same in all groups: {about}",
        assumptions=(*assumes, *left_out),
        method=method,
        table=pd.DataFrame([line], columns=columns),
    )


def _held_by_two(counted: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Leave out groups whose rows all belong to one officer or complaint, and say so: their shares have no error."""
    for word, way in ways_of(counted).items():
        if word == "row":
            break
        held = pd.Series(way.max(axis=1) if way.ndim == 2 else way).groupby(counted["group"].to_numpy()).nunique()
        alone = held.index[held < 2]
        if len(alone):
            rest, more = _held_by_two(counted[~counted["group"].isin(alone)])
            named = ", ".join(str(one) for one in alone)
            return rest, [f"left out, for all rows belong to one {word}: {named}", *more]
    return counted, []


def _pearson(counts: Ints) -> float:
    expected = counts.sum(1)[:, None] * counts.sum(0) / counts.sum()
    return float(((counts - expected) ** 2 / expected).sum())


def _rao_scott(group: Ints, value: Ints, counts: Ints, ways: Ways) -> tuple[float, float, float, float]:
    """Return F, its degrees of freedom above and below, and the mean design effect.

    Pearson's statistic sums squares of contrasts of groups times scores of outcomes, which are unrelated and have
    variance 1 where rows are independent. Their clustered variances are the design effects; Satterthwaite's degrees of
    freedom of their sum are those below.
    """
    sizes, pooled = counts.sum(1), counts.sum(0) / counts.sum()
    scored = _apart_from(np.sqrt(pooled)) / np.sqrt(pooled)[:, None]
    means = counts / sizes[:, None] @ scored
    contrasts = np.sqrt(sizes)[:, None] * _apart_from(np.sqrt(sizes / sizes.sum()))
    which, outcome = np.divmod(np.arange(counts.size), counts.shape[1])
    columns, cell = np.eye(len(sizes))[which], group * counts.shape[1] + value

    def errors(score: Floats, mean: Floats) -> Clustered:
        return clustered(np.diag(1 / sizes), columns * (score[outcome] - mean[which])[:, None], cell, ways, columns)

    own = [errors(*pair) for pair in zip(scored.T, means.T, strict=True)]
    effects = [contrasts.T @ one.covariance @ contrasts for one in own]
    total, squares = sum(float(np.trace(one)) for one in effects), sum(float((one**2).sum()) for one in effects)
    for j, k in combinations(range(len(own)), 2):
        both = contrasts.T @ errors(scored[:, j] + scored[:, k], means[:, j] + means[:, k]).covariance @ contrasts
        squares += 2 * float((((both - effects[j] - effects[k]) / 2) ** 2).sum())
    # A contrast that rests on next to nothing is one of many; alone it would have no interval.
    free = np.maximum(own[0].free(contrasts), 1.0)
    below = total**2 / sum(float((np.diag(one) ** 2 / free).sum()) for one in effects)
    effect = total / (len(own) * contrasts.shape[1])
    if not effect > 0:
        raise Refusal("the design effect cannot be estimated from so few officers or complaints; use fewer groups")
    return _pearson(counts) / effect / (len(own) * contrasts.shape[1]), total**2 / squares, below, effect


def _apart_from(direction: Floats) -> Floats:
    """Return directions of length 1 at right angles to this one and to each other, as columns."""
    return np.asarray(np.linalg.qr(np.column_stack([direction, np.eye(len(direction))[:, :-1]]))[0][:, 1:])
