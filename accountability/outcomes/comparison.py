"""Compare one rate between two groups under every unit of counting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.outcomes.gap import StageGap
from accountability.outcomes.ladder import Ladder
from accountability.outcomes.small_counts import Disclosed, few
from accountability.outcomes.stages import GROUPS
from accountability.outcomes.units_counted import CLUSTERED, chosen_for_finding, decided, grouping, held_unit, mended
from accountability.records.units import check_terms, countable, roll_up
from accountability.results import interval_said
from accountability.stats.clustered_rates import compared
from accountability.stats.sandwich import ways_of
from accountability.study.cohort import Cohort
from accountability.study.inputs import takes
from accountability.vocabulary import FINDINGS, PENALTY_LADDER

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DENOMINATORS = {
    "decided": "units with the outcome decided",
    "all": "all units, the undecided counted as without the outcome",
}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ByUnit(Disclosed):
    """A ratio of two groups' rates under every unit.

    Attributes
    ----------
    table : DataFrame
        ``unit``, ``denominator`` (``decided`` or ``all``), for each of the two groups (first, second) ``n_*``,
        ``events_*``, ``rate_*``; ``estimate`` (the ratio), ``lower``, ``upper``, ``clusters``, ``effective_clusters``,
        ``df``, ``hidden``.
    by : str
    first, second : str
        The group in the numerator of the ratio, and the one in the denominator.
    confidence : float
    """

    by: str
    first: str
    second: str
    confidence: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the ratio and its interval, one row per unit and denominator."""
        from accountability.figures.draw import new_axes, ranges

        axes = new_axes(ax)
        shown = self.table
        shown = shown.assign(label=shown["unit"].str.replace("_", "-") + ", " + shown["denominator"])
        ranges(axes, shown, label="label", estimate="estimate", lower="lower", upper="upper", null=1.0, kind="ratio")
        axes.set_xlabel(f"ratio of rates, {self.first} to {self.second}")
        return axes

    def sentence(self) -> str:
        """State the ratio among decided units under each unit of counting, and whether its direction differs."""
        shown = self.table.loc[(self.table["denominator"] == "decided") & ~self.table["hidden"]]
        said = [
            f"no ratio per {row['unit'].replace('_', '-')} (none in either group)"
            if pd.isna(row["estimate"])
            else f"{row['estimate']:.2f} per {row['unit'].replace('_', '-')} "
            f"({interval_said(self.confidence, row['lower'], row['upper'])})"
            for row in shown.to_dict("records")
        ]
        if not said:
            return "Every count is too small to show."
        text = f"{self.estimand}, {self.first} to {self.second}: {', '.join(said)}."
        sides = set(np.sign(shown["estimate"].dropna() - 1.0))
        if len(sides - {0.0}) > 1:
            text += " The units disagree on which group's rate is higher."
        if ((shown["lower"] <= 1) & (shown["upper"] >= 1)).all():
            text += " Every interval holds 1, the ratio of equal rates."
        return text


@takes("cohort")
def by_unit(
    data: Cohort,
    by: str,
    first: str,
    second: str,
    outcome: str = "sustained",
    *,
    confidence: float = 0.95,
    min_cell: int = 10,
    ladder: Ladder | None = None,
    stages: StageGap | None = None,
) -> ByUnit:
    """Estimate the ratio of two groups' rates under every unit of counting the source allows.

    The rate is the share of units that are sustained, or whose imposed penalty is at least a given rung. It is
    given twice: among units with the outcome decided, and among all units. The interval of the ratio combines those of
    both rates on the log scale (MOVER), clustered on officer and complaint where these repeat. A difference does not
    show its cause.

    Parameters
    ----------
    data : Cohort or Dataset
    by : str
        Column of the allegations or cases holding the groups.
    first, second : str
        The two groups; the ratio is first to second.
    outcome : str
        ``sustained``, or a rung of the ladder: a penalty of at least that rung.
    confidence, min_cell
        As in :func:`accountability.outcomes.outcome_distribution`; rows with a small count or complement are hidden.
    ladder : Ladder, optional
    stages : StageGap, optional
        The same two groups stage by stage, from :func:`accountability.outcomes.decompose_gap`; required for a penalty,
        whose pooled ratio does not show at which stage the groups differ.

    Returns
    -------
    ByUnit

    Raises
    ------
    ParameterError
        For an unknown outcome or column, or a group not in the column (the message lists its groups).
    Refusal
        If no unit has the outcome decided in one of the groups.

    Examples
    --------
    >>> import accountability
    >>> data = accountability.load("synthetic")
    >>> found = accountability.outcomes.by_unit(data, "complainant", "internal", "public")
    >>> found.table.query("denominator == 'decided'")["unit"].tolist()
    ['officer_complaint', 'complaint', 'officer']
    """
    if not isinstance(by, str):
        raise ParameterError(f"by_unit: by= names one column that holds the two groups, found {by!r}")
    if outcome != "sustained" and (outcome not in PENALTY_LADDER or outcome == "none"):
        raise ParameterError(f"outcome must be 'sustained' or a rung above none; found {outcome!r}")
    if "finding" not in data.allegations:
        raise Refusal(f"{data.name} holds no finding, so no rate can be drawn")
    if outcome == "sustained" and (why := chosen_for_finding(data)):
        raise Refusal(
            f"{data.name}: {why}, so no rate sustained can be drawn; compare what follows: outcome='suspension'"
        )
    if outcome != "sustained":
        _check_stages(stages, by, first, second)
    check_terms(data.allegations["finding"], FINDINGS, "finding")
    order, held = ladder or Ladder(), held_unit(data)
    rows = grouping(data.cases, data.allegations, (by,))
    groups = set(rows[by])
    for name in (first, second):
        if name not in groups:
            raise ParameterError(f"{by} holds no group {name!r}; it holds {', '.join(sorted(groups))}")
    rows = rows.loc[rows[by].isin([first, second])]
    lines: list[dict[str, Any]] = []
    for unit in countable(rows, held):
        counted = roll_up(rows, held, unit, (by,), order.severity_rank)
        hits, ended = _outcome(counted, outcome, order)
        for denominator in DENOMINATORS:
            kept = ended if denominator == "decided" else pd.Series(True, index=counted.index)
            line = _ratio(counted.loc[kept], hits.loc[kept], by, (first, second), confidence)
            lines.append({"unit": unit, "denominator": denominator, **line})
    table = pd.DataFrame(lines)
    what = "sustained" if outcome == "sustained" else f"with a penalty of at least {outcome.replace('_', ' ')}"
    return ByUnit(
        estimand=f"ratio of the share {what} in {data.name}",
        assumptions=(
            CLUSTERED,
            *(f"{name}: {meaning}" for name, meaning in DENOMINATORS.items()),
            "nothing is adjusted for: the groups may differ in what they are accused of and by whom",
        ),
        method="ratio of shares; MOVER on the log scale of Wilson intervals by Student's t, clustered errors"
        + mended(table),
        table=table.drop(columns="repaired").assign(hidden=_hidden(table, min_cell)),
        flow=data.flow(),
        by=by,
        first=first,
        second=second,
        confidence=confidence,
    )


def _check_stages(stages: StageGap | None, by: str, first: str, second: str) -> None:
    if stages is None:
        raise Refusal(
            "a pooled ratio of penalties is not given without the table of stages, for it mixes who is complained of, "
            f"sustained and punished; show it, and pass stages=decompose_gap(data, {by!r}, {first!r}, {second!r})"
        )
    if (stages.by, stages.first, stages.second) != (by, first, second):
        raise ParameterError(
            f"stages= compares {stages.first!r} and {stages.second!r} by {stages.by}; expected {first!r} and "
            f"{second!r} by {by}"
        )


def _outcome(rows: pd.DataFrame, outcome: str, order: Ladder) -> tuple[pd.Series, pd.Series]:
    finding = rows["finding"]
    ended = decided(finding).astype(bool)
    if outcome == "sustained":
        return finding.eq("sustained").fillna(False).astype(bool), ended
    if "imposed_penalty" not in rows:
        raise Refusal(f"the source holds no imposed penalty, so no rate of {outcome!r}; use outcome='sustained'")
    heavy = order.order[order.order.index(outcome) :]
    waits = rows["imposed_penalty"].eq("pending").fillna(False).astype(bool)
    return rows["imposed_penalty"].isin(heavy).astype(bool), ended & ~waits


def _ratio(rows: pd.DataFrame, hits: pd.Series, by: str, groups: tuple[str, str], confidence: float) -> dict[str, Any]:
    line: dict[str, Any] = {}
    group, flags = np.asarray(rows[by].eq(groups[1]), dtype=np.int64), hits.to_numpy(dtype=bool)
    for number, (place, name) in enumerate(zip(GROUPS, groups, strict=True)):
        units, count = int((group == number).sum()), int(flags[group == number].sum())
        if not units:
            raise Refusal(f"no unit of {name!r} has the outcome decided")
        line |= {f"n_{place}": units, f"events_{place}": count, f"rate_{place}": count / units}
    found = compared(flags, group, ways_of(rows), confidence)
    return line | {
        "estimate": found.ratio,
        "lower": found.ratio_lower,
        "upper": found.ratio_upper,
        "clusters": found.clusters,
        "effective_clusters": found.effective_clusters,
        "df": found.df,
        "repaired": found.repaired,
    }


def _hidden(table: pd.DataFrame, min_cell: int) -> pd.Series:
    small = pd.Series(False, index=table.index)
    for place in GROUPS:
        small |= few(table[f"events_{place}"], min_cell)
        small |= few(table[f"n_{place}"] - table[f"events_{place}"], min_cell)
    # the undecided are the difference between the two denominators of a unit
    for _, pair in table.groupby("unit", sort=False):
        waiting = [abs(int(pair[f"n_{p}"].iloc[0]) - int(pair[f"n_{p}"].iloc[1])) for p in GROUPS]
        if any(0 < number < min_cell for number in waiting):
            small.loc[pair.index[pair["denominator"] == "all"]] = True
    return small
