"""One rate for two groups, under every unit of counting."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.outcomes.allegation_columns import grouping
from accountability.outcomes.following import UnitCard
from accountability.outcomes.gap import StageGap
from accountability.outcomes.ladder import Ladder
from accountability.records.units import check_terms, countable, roll_up
from accountability.results import Result, percent
from accountability.stats.intervals import z_critical
from accountability.study.cohort import Cohort, DatasetLike
from accountability.vocabulary import FINDINGS, PENALTY_LADDER

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DENOMINATORS = {
    "decided": "units with the outcome decided",
    "all": "all units, the undecided counted as without the outcome",
}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ByUnit(Result):
    """A ratio of two groups' rates under every unit.

    Attributes
    ----------
    table : DataFrame
        ``unit``, ``denominator`` (``decided`` or ``all``), for each of the two groups ``count_*``, ``units_*``,
        ``rate_*`` (first, second), ``ratio``, ``low``, ``high``, ``hidden``.
    column : str
    first, second : str
        The group in the numerator of the ratio, and the one in the denominator.
    level : float
    """

    column: str
    first: str
    second: str
    level: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the ratio and its interval, one row a unit and denominator."""
        from accountability.figures.draw import new_axes, ranges

        axes = new_axes(ax)
        shown = self.table.loc[~self.table["hidden"]]
        labels = shown["unit"].str.replace("_", "-") + ", " + shown["denominator"]
        ranges(
            axes,
            shown.assign(label=labels),
            label="label",
            estimate="ratio",
            lower="low",
            upper="high",
            null=1.0,
        )
        axes.set_xlabel(f"ratio of rates, {self.first} to {self.second}")
        return axes

    def sentence(self) -> str:
        """Say the ratio under each unit with the outcome decided, and whether units disagree on its direction."""
        shown = self.table.loc[(self.table["denominator"] == "decided") & ~self.table["hidden"]]
        said = [
            f"{row['ratio']:.2f} per {row['unit'].replace('_', '-')} ({percent(self.level)} interval {row['low']:.2f} "
            f"to {row['high']:.2f})"
            for row in shown.to_dict("records")
        ]
        if not said:
            return "Every count is too small to show."
        text = f"{self.estimand}, {self.first} to {self.second}: {', '.join(said)}."
        sides = set(np.sign(shown["ratio"] - 1.0))
        if len(sides - {0.0}) > 1:
            text += " The units disagree on which group's rate is higher."
        if ((shown["low"] <= 1) & (shown["high"] >= 1)).all():
            text += " Every interval holds 1, the ratio of equal rates."
        return text


def by_unit(
    data: Cohort | DatasetLike,
    column: str,
    first: str,
    second: str,
    outcome: str = "sustained",
    *,
    level: float = 0.95,
    min_cell: int = 10,
    ladder: Ladder | None = None,
    stages: StageGap | None = None,
) -> ByUnit:
    """The ratio of two groups' rates under every unit the source can be counted in.

    The rate is the share of units that are sustained, or whose imposed penalty is at least a given rung. It is
    given twice: among units with the outcome decided, and among all units. The interval of the ratio is on the log
    scale, with the officer-clustered variance of ``log p1 - log p2``: residuals over ``n p`` summed by officer,
    times G/(G-1) (a saturated log-rate model with clustered errors). A difference says nothing of why.

    Parameters
    ----------
    data : Cohort or Dataset
    column : str
        Column of the allegations or cases holding the groups.
    first, second : str
        The two groups; the ratio is first to second.
    outcome : str
        ``sustained``, or a rung of the ladder: a penalty of at least that rung.
    level, min_cell
        As in :func:`accountability.outcomes.outcomes`; a row with a small count, or a small complement, is hidden.
    ladder : Ladder, optional
    stages : StageGap, optional
        The same two groups stage by stage, from :func:`accountability.outcomes.where_a_gap_stands`; needed for a
        penalty, whose pooled ratio does not say at which stage the groups part.

    Returns
    -------
    ByUnit

    Raises
    ------
    ParameterError
        For an unknown outcome or column, or a group the column does not hold (with those it holds).
    Refusal
        If no unit has the outcome decided in one of the groups.
    """
    cohort = Cohort.of(data)
    if outcome != "sustained" and (outcome not in PENALTY_LADDER or outcome == "none"):
        raise ParameterError(f"outcome must be 'sustained' or a rung above none; found {outcome!r}")
    if "finding" not in cohort.allegations:
        raise Refusal(f"{cohort.name} holds no finding, so no rate can be drawn")
    if outcome != "sustained":
        _check_stages(stages, column, first, second)
    check_terms(cohort.allegations["finding"], FINDINGS, "finding")
    order = ladder or Ladder()
    held = cast(UnitCard, cohort.card).unit
    rows = grouping(cohort.cases, cohort.allegations, (column,))
    groups = set(rows[column])
    for name in (first, second):
        if name not in groups:
            raise ParameterError(f"{column} holds no group {name!r}; it holds {', '.join(sorted(groups))}")
    rows = rows.loc[rows[column].isin([first, second])]
    lines: list[dict[str, Any]] = []
    for unit in countable(rows, held):
        counted = roll_up(rows, held, unit, (column,), order.severity_rank)
        hits, decided = _outcome(counted, outcome, order)
        for denominator in DENOMINATORS:
            kept = decided if denominator == "decided" else pd.Series(True, index=counted.index)
            line = _ratio(counted.loc[kept], hits.loc[kept], column, (first, second), level)
            lines.append({"unit": unit, "denominator": denominator, **line})
    what = "sustained" if outcome == "sustained" else f"with a penalty of at least {outcome.replace('_', ' ')}"
    return ByUnit(
        estimand=f"ratio of the share {what} in {cohort.name}",
        assumptions=(
            "officers are independent of one another, rows of one officer are not",
            *(f"{name}: {meaning}" for name, meaning in DENOMINATORS.items()),
            "nothing is adjusted for: the groups may differ in what they are accused of and by whom",
        ),
        method="ratio of shares; log-scale interval, officer-clustered variance",
        table=_hide(pd.DataFrame(lines), min_cell),
        flow=cohort.flow(),
        column=column,
        first=first,
        second=second,
        level=level,
    )


def _check_stages(stages: StageGap | None, column: str, first: str, second: str) -> None:
    if stages is None:
        raise Refusal(
            "a pooled ratio of penalties is not given without the table of stages, for it mixes who is complained of, "
            "sustained and punished; show it, and pass "
            f"stages=where_a_gap_stands(data, {column!r}, {first!r}, {second!r})"
        )
    if (stages.column, stages.first, stages.second) != (column, first, second):
        raise ParameterError(
            f"stages= compares {stages.first!r} and {stages.second!r} by {stages.column}; expected {first!r} and "
            f"{second!r} by {column}"
        )


def _outcome(rows: pd.DataFrame, outcome: str, order: Ladder) -> tuple[pd.Series, pd.Series]:
    finding = rows["finding"]
    decided = finding.notna() & finding.ne("pending")
    if outcome == "sustained":
        return finding.eq("sustained").fillna(False).astype(bool), decided.astype(bool)
    if "imposed_penalty" not in rows:
        raise Refusal(f"the source holds no imposed penalty, so no rate of {outcome!r}; use outcome='sustained'")
    heavy = [term for term in order.order if order.order.index(term) >= order.order.index(outcome)]
    hits = rows["imposed_penalty"].isin(heavy)
    waits = rows["imposed_penalty"].eq("pending").fillna(False)
    return hits.astype(bool), (decided & ~waits).astype(bool)


def _ratio(rows: pd.DataFrame, hits: pd.Series, column: str, groups: tuple[str, str], level: float) -> dict[str, Any]:
    line: dict[str, Any] = {}
    influence = np.zeros(len(rows))
    flags = hits.to_numpy(dtype=float)
    for place, sign, name in (("first", 1.0, groups[0]), ("second", -1.0, groups[1])):
        inside = (rows[column] == name).to_numpy(dtype=bool)
        units, count = int(inside.sum()), int(flags[inside].sum())
        line |= {
            f"count_{place}": count,
            f"units_{place}": units,
            f"rate_{place}": count / units if units else math.nan,
        }
        if count:
            influence[inside] += sign * (flags[inside] - count / units) / count
    if not units or not line["units_first"]:
        raise Refusal(f"no unit of {groups[0] if not line['units_first'] else groups[1]!r} has the outcome decided")
    line |= dict.fromkeys(("ratio", "low", "high"), math.nan)
    if line["count_first"] and line["count_second"]:
        named = rows["officer_id"] if "officer_id" in rows else pd.Series(pd.NA, index=rows.index)
        codes, names = pd.factorize(named)
        alone = codes == -1
        codes = np.where(alone, len(names) + np.cumsum(alone) - 1, codes)
        sums = np.bincount(codes, weights=influence)
        clusters = len(np.unique(codes))
        spread = math.sqrt(clusters / (clusters - 1) * float((sums**2).sum())) if clusters > 1 else math.nan
        ratio = line["rate_first"] / line["rate_second"]
        reach = z_critical(level) * spread
        line |= {"ratio": ratio, "low": ratio * math.exp(-reach), "high": ratio * math.exp(reach)}
    return line


def _hide(table: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    small = pd.Series(False, index=table.index)
    for place in ("first", "second"):
        rest = table[f"units_{place}"] - table[f"count_{place}"]
        for number in (table[f"count_{place}"], rest):
            small |= number.gt(0) & number.lt(min_cell)
    # the undecided are the difference between the two denominators of a unit
    for _, pair in table.groupby("unit", sort=False):
        waiting = [abs(int(pair[f"units_{p}"].iloc[0]) - int(pair[f"units_{p}"].iloc[1])) for p in ("first", "second")]
        if any(0 < number < min_cell for number in waiting):
            small.loc[pair.index[pair["denominator"] == "all"]] = True
    out = table.assign(hidden=small)
    for place in ("first", "second"):
        for name in (f"count_{place}", f"units_{place}"):
            out[name] = out[name].astype("Int64").mask(small)
    for name in ("rate_first", "rate_second", "ratio", "low", "high"):
        out[name] = out[name].mask(small)
    return out
