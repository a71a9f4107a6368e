"""How often a recommended penalty ends lighter, group by group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import pandas as pd

from accountability.errors import Refusal
from accountability.outcomes.allegation_columns import grouping
from accountability.outcomes.following import UnitCard
from accountability.outcomes.ladder import Ladder
from accountability.outcomes.modelled import put_together
from accountability.outcomes.moves import kinds_of
from accountability.privacy import hidden_cells
from accountability.records.units import WORDS, check_terms, roll_up
from accountability.results import Result, percent
from accountability.stats import intervals
from accountability.study.cohort import Cohort, DatasetLike
from accountability.vocabulary import PENALTIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ENDS: Final = {
    "lighter": ("lightened",),
    "as recommended": ("kept", "same_rung_days_unknown"),
    "heavier": ("raised",),
    "off the ladder": ("left_the_ladder",),
}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Shrinking(Result):
    """What became of recommended penalties above none, by group.

    Attributes
    ----------
    table : DataFrame
        ``group``, ``end`` (lighter, as recommended, heavier, off the ladder: left, not served, reversed), ``count``,
        ``denominator``, ``share``, ``low``, ``high``, ``hidden``. The group ``all`` stands first.
    by : str or None
    unit : str
    level : float
    """

    by: str | None
    unit: str
    level: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw how recommendations ended, one bar a group."""
        from accountability.outcomes.outcome_figures import stacked_shares

        label = f"share of {WORDS[self.unit]} with a penalty above none recommended"
        return stacked_shares(self.table, by=["group"], term="end", share="share", label=label, ax=ax)

    def sentence(self) -> str:
        """Say the share that ended lighter in each group."""
        shown = self.table.loc[(self.table["end"] == "lighter") & ~self.table["hidden"]]
        said = [
            f"{str(row['group']).replace('_', ' ')} {percent(row['share'], 1)} of {row['denominator']:,} "
            f"({percent(self.level)} interval {percent(row['low'], 1)} to {percent(row['high'], 1)})"
            for row in shown.to_dict("records")
        ]
        if not said:
            return "Every count is too small to show."
        return f"Recommended penalties above none that ended lighter: {'; '.join(said)}."


def shrinking(
    data: Cohort | DatasetLike,
    by: str | None = None,
    unit: str | None = None,
    *,
    level: float = 0.95,
    min_cell: int = 10,
    ladder: Ladder | None = None,
) -> Shrinking:
    """The share of recommended penalties above none that ended lighter, as recommended, heavier, or off the ladder.

    Pending and unrecorded outcomes are in no share. Groups smaller than ``min_cell`` are put together.

    Parameters
    ----------
    data : Cohort or Dataset
    by : str, optional
        Column of the allegations or cases.
    unit, level, min_cell, ladder
        As in :func:`accountability.outcomes.outcomes`.

    Returns
    -------
    Shrinking

    Raises
    ------
    Refusal
        If the source does not hold both penalties, or no pair with a penalty above none recommended.
    ParameterError
        For an unknown column or term.
    """
    cohort, order = Cohort.of(data), ladder or Ladder()
    for name in ("recommended_penalty", "imposed_penalty"):
        if name not in cohort.allegations:
            raise Refusal(f"{cohort.name} has no {name}, so no change can be seen; outcomes() describes what it has")
        check_terms(cohort.allegations[name], PENALTIES, "penalty")
    held = cast(UnitCard, cohort.card).unit
    counted, groups = unit or held, (by,) if by else ()
    rows = roll_up(grouping(cohort.cases, cohort.allegations, groups), held, counted, groups, order.severity_rank)
    above = order.rungs(rows["recommended_penalty"]).gt(0).fillna(False)
    decided = rows["imposed_penalty"].notna() & ~rows["imposed_penalty"].isin(["pending", "not_recorded"])
    pairs = rows.loc[above & decided].reset_index(drop=True)
    if pairs.empty:
        raise Refusal(f"{cohort.name}: no {counted.replace('_', '-')} has a penalty above none recommended and decided")
    if by:
        pairs = put_together(pairs, (by,), min_cell)
    kinds = kinds_of(pairs, order)
    lines: list[dict[str, Any]] = []
    parts = [("all", pairs), *((str(name), part) for name, part in (pairs.groupby(by, sort=True) if by else ()))]
    for name, part in parts:
        for end, members in ENDS.items():
            s = intervals.clustered_share(kinds.loc[part.index].isin(members), part.get("officer_id"), level)
            line = {"group": name, "end": end, "count": s.count, "denominator": s.denominator}
            lines.append(line | {"share": s.share, "low": s.lower, "high": s.upper})
    return Shrinking(
        estimand=f"what became of recommended penalties above none, per {counted.replace('_', '-')}, {cohort.name}",
        assumptions=(
            f"order of severity: {' < '.join(order.order)}",
            "what is on record as imposed is the last decision the source holds",
            "rows of one officer may be alike, rows of different officers are independent",
        ),
        method=intervals.CLUSTERED,
        table=_hide(pd.DataFrame(lines), len(parts), min_cell),
        flow=cohort.flow(),
        by=by,
        unit=counted,
        level=level,
    )


def _hide(table: pd.DataFrame, groups: int, min_cell: int) -> pd.DataFrame:
    """The row of all and the denominators are sums, so what is hidden may not follow from them either."""
    counts, totals = (table[name].to_numpy().reshape(groups, -1) for name in ("count", "denominator"))
    marks = hidden_cells(np.column_stack([counts, totals[:, 0]]), min_cell)
    untold = np.repeat(marks[:, -1], len(ENDS))
    hidden = marks[:, :-1].ravel() | untold
    return table.assign(
        **{name: table[name].mask(hidden) for name in ("share", "low", "high")},
        count=table["count"].astype("Int64").mask(hidden),
        denominator=table["denominator"].astype("Int64").mask(untold),
        hidden=hidden,
    )
