"""How often a recommended penalty ends lighter, by group."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from accountability.errors import Refusal
from accountability.outcomes.ladder import Ladder
from accountability.outcomes.moves import kinds_of
from accountability.outcomes.penalty_changes import BOTH, LAST_WORD, WITHOUT
from accountability.outcomes.small_counts import Disclosed, labels_of, small_terms
from accountability.outcomes.units_counted import (
    ALIKE,
    NUMBERS,
    RESTS_ON,
    method_of,
    pool_small_levels,
    term_shares,
    units_of,
)
from accountability.records.units import WORDS
from accountability.results import interval_said, percent
from accountability.stats.compress import grouped
from accountability.study.cohort import Cohort
from accountability.study.inputs import column_names, takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ENDS: Final = {
    "lighter": ("lightened",),
    "as recommended": ("kept", "same_rung_days_unknown"),
    "heavier": ("raised",),
    "off the ladder": ("left_the_ladder",),
}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PenaltyReductions(Disclosed):
    """Outcomes of recommended penalties above ``none``, by group.

    Attributes
    ----------
    table : DataFrame
        Grouping columns (``all`` first), ``end`` (lighter, as recommended, heavier, off the ladder: left, not served,
        reversed), ``n``, ``events``, ``estimate`` (share), ``lower``, ``upper``, ``hidden``.
    by : tuple of str
    unit : str
    confidence : float
    waiting : int
        Units with a recommended penalty above ``none`` and no decided one; they are in no share.
    """

    by: tuple[str, ...]
    unit: str
    confidence: float
    waiting: int
    min_cell: int
    untold: pd.Series

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the table without its hidden cells, and without totals that would reveal them."""
        return super().disclosed(table).assign(n=table["n"].astype("Int64").mask(self.untold))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw how recommendations ended, one bar per group."""
        from accountability.figures.share_bars import stacked_shares

        label = f"share of {WORDS[self.unit]} with a penalty above none recommended"
        return stacked_shares(self.table, by=self.by, term="end", share="estimate", label=label, named="lighter", ax=ax)

    def sentence(self) -> str:
        """State the share that ended lighter in each group."""
        shown = self.table.loc[(self.table["end"] == "lighter") & ~self.table["hidden"]]
        said = [
            f"{self._whose(row)} {percent(row['estimate'], 1)} of {row['n']:,} "
            f"({interval_said(self.confidence, row['lower'], row['upper'], 1)})"
            for row in shown.to_dict("records")
        ]
        if not said:
            return "Every count is too small to show."
        return f"Recommended penalties above none that ended lighter: {'; '.join(said)}."

    def _whose(self, row: Mapping[Hashable, Any]) -> str:
        names = dict.fromkeys(str(row[name]).replace("_", " ") for name in self.by)
        return ", ".join(names) or "all"


@takes("cohort")
def penalty_reductions(
    data: Cohort,
    by: str | Sequence[str] | None = None,
    unit: str | None = None,
    *,
    min_group: int = 10,
    confidence: float = 0.95,
    min_cell: int = 10,
    ladder: Ladder | None = None,
) -> PenaltyReductions:
    """Estimate the shares of recommended penalties that ended lighter, as recommended, heavier, or off the ladder.

    Recommendations of ``none`` and pending or unrecorded outcomes are in no share.

    Parameters
    ----------
    data : Cohort or Dataset
    by : str or sequence of str, optional
        Columns of the allegations or cases.
    min_group : int
        Values of `by` with fewer pairs are pooled.
    unit, confidence, min_cell, ladder
        As in :func:`accountability.outcomes.outcome_distribution`.

    Returns
    -------
    PenaltyReductions

    Raises
    ------
    Refusal
        If the source does not hold both penalties, or no pair has a recommended penalty above ``none``.
    ParameterError
        For an unknown column or term.

    Examples
    --------
    >>> import accountability
    >>> found = accountability.outcomes.penalty_reductions(accountability.load("synthetic"))
    >>> found.table[["end", "events"]].values.tolist()[0]
    ['lighter', 183]
    """
    order, groups = ladder or Ladder(), column_names(by)
    made = units_of(data, groups, unit, order, BOTH, WITHOUT)
    above = order.rungs(made.table["recommended_penalty"]).gt(0).fillna(False)
    after = made.table["imposed_penalty"]
    decided = after.notna() & ~after.isin(["pending", "not_recorded"])
    pairs = made.table.loc[above & decided].reset_index(drop=True)
    if pairs.empty:
        raise Refusal(f"{data.name}: no {made.word} has a penalty above none recommended and decided")
    pairs = pool_small_levels(pairs, groups, min_group)
    end = kinds_of(pairs, order).map({kind: end for end, kinds in ENDS.items() for kind in kinds})
    parts = [pairs.assign(**dict.fromkeys(groups, "all"))]
    parts += [part for _, part in grouped(pairs, groups)] if groups else []
    tables = []
    for part in parts:
        own = term_shares(end.loc[part.index], ENDS, part, confidence, "end")
        tables.append(own.assign(**{name: part[name].iloc[0] for name in groups}))
    table = pd.concat(tables, ignore_index=True)
    # The row of all and the denominators are sums, so what is hidden may not follow from them either.
    beside = dict(zip(labels_of(table, groups).drop_duplicates(), map(len, parts), strict=True))
    marks, untold = small_terms(table, groups, "end", min_cell, beside)
    return PenaltyReductions(
        estimand=f"what became of recommended penalties above none, per {made.word}, {data.name}",
        assumptions=(f"order of severity: {' < '.join(order.order)}", LAST_WORD, ALIKE),
        method=method_of(pairs, table),
        table=table.assign(hidden=marks | untold)[[*groups, "end", *NUMBERS, *RESTS_ON, "hidden"]],
        flow=data.flow(),
        by=tuple(groups),
        unit=made.unit,
        confidence=confidence,
        waiting=int((above & ~decided).sum()),
        min_cell=min_cell,
        untold=untold,
    )
