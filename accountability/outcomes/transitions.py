"""How a penalty changes from recommended to imposed, one officer-complaint at a time."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from accountability.errors import Refusal
from accountability.outcomes.following import UnitCard
from accountability.outcomes.ladder import Ladder, days_equivalent
from accountability.outcomes.moves import KINDS, counts, kinds_of, symmetry
from accountability.outcomes.withhold import hide_pairs
from accountability.privacy import hidden_cells
from accountability.records.units import WORDS, check_terms, roll_up
from accountability.results import Result, percent
from accountability.stats import intervals
from accountability.study.cohort import Cohort, DatasetLike
from accountability.vocabulary import OFF_LADDER, PENALTIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Changes(Result):
    """What became of recommendations.

    Attributes
    ----------
    table : DataFrame
        ``what`` (``as published`` or ``by rung``), ``kind``, ``count``, ``denominator``, ``share``, ``low``,
        ``high``, ``hidden``. *As published* compares the agency's own words and needs no ladder.
    matrix : DataFrame
        ``recommended``, ``imposed``, ``count`` (missing where hidden), ``share`` of the recommendation.
    tests : DataFrame
        ``test`` (Bowker, Stuart–Maxwell), ``statistic``, ``df``, ``pvalue``, ``pairs`` on the ladder.
    net : DataFrame
        ``quantity`` (rungs, days lost), ``pairs``, ``recommended``, ``imposed``, ``difference``: sums over pairs
        where both sides have a rung, or a number of days.
    by_order : DataFrame
        Share lightened and raised under each order of the contested rungs: ``order``, ``kind``, ``count``, ``share``.
    apart : DataFrame
        ``what`` and ``count`` of units left out of every share: pending, or one side not recorded.
    unit : str
    level : float
    """

    matrix: pd.DataFrame
    tests: pd.DataFrame
    net: pd.DataFrame
    by_order: pd.DataFrame
    apart: pd.DataFrame
    unit: str
    level: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the transition matrix, each row shaded by its shares."""
        from accountability.outcomes.outcome_figures import matrix

        return matrix(
            self.matrix,
            rows="recommended",
            columns="imposed",
            value="count",
            label=f"{WORDS[self.unit]}, recommended to imposed (·: too small to show)",
            ax=ax,
        )

    def bands(self, ax: Axes | None = None) -> Axes:
        """Draw the same counts as a flow: a column for each side, a band for each shown cell of the matrix."""
        from accountability.outcomes.outcome_figures import flow

        shown = self.matrix.loc[self.matrix["count"].gt(0).fillna(False)]
        order = [term for term in PENALTIES if term in {*shown["recommended"], *shown["imposed"]}]
        sides = [
            shown.groupby(side)["count"]
            .sum()
            .reindex(order, fill_value=0)
            .rename_axis("term")
            .reset_index()
            .assign(step=side)
            for side in ("recommended", "imposed")
        ]
        cells = shown.rename(columns={"recommended": "term_before", "imposed": "term_after"})
        return flow(pd.concat(sides), cells.assign(before="recommended", after="imposed"), ax=ax)

    def sentence(self) -> str:
        """Say how many changed as published, and how many became lighter or heavier on the ladder."""
        said = []
        cells = {(row["what"], row["kind"]): row for row in self.table.to_dict("records")}
        changed = cells.get(("as published", "changed"))
        if changed is not None and not changed["hidden"]:
            said.append(
                f"Of {changed['denominator']:,} {WORDS[self.unit]} with both a recommended and an imposed penalty on "
                f"record, {changed['count']:,} have two different ones ({self._range(changed, 1)})."
            )
        shown = [kind for kind in ("lightened", "raised") if not cells["by rung", kind]["hidden"]]
        words = {"lightened": "ended lighter", "raised": "ended heavier"}
        ways = [
            f"{cells['by rung', kind]['count']:,} {words[kind]} ({self._range(cells['by rung', kind], 1)})"
            for kind in shown
        ]
        total = cells["by rung", "kept"]["denominator"]
        if ways:
            said.append(f"Of {total:,} with both sides coded, {' and '.join(ways)}.")
        moves = self.by_order.loc[self.by_order["kind"].isin([k for k in ("lightened", "raised") if k in shown])]
        if len(moves):
            spread = moves.groupby("kind", sort=False)["count"].nunique(dropna=False)
            said.append(
                "The order of the contested rungs makes no difference to these counts."
                if (spread == 1).all()
                else "These counts depend on the order of the contested rungs."
            )
        waiting = self.apart.loc[self.apart["what"] == "pending", "count"]
        if len(waiting) and pd.notna(waiting.iloc[0]) and waiting.iloc[0] > 0:
            said.append(f"{int(waiting.iloc[0]):,} are pending and in none of these shares.")
        return " ".join(said)

    def _range(self, row: Mapping[Hashable, Any], digits: int) -> str:
        share, low, high = (percent(row[name], digits) for name in ("share", "low", "high"))
        return f"{share}, {percent(self.level)} interval {low} to {high}"


def changes(
    data: Cohort | DatasetLike,
    unit: str | None = None,
    *,
    ladder: Ladder | None = None,
    level: float = 0.95,
    min_cell: int = 10,
    only_sustained: bool = False,
) -> Changes:
    """What became of recommended penalties.

    Each unit contributes one pair (recommended, imposed). *As published* counts pairs whose raw text differs, among
    pairs with both texts. *By rung* compares coded terms, then days on the same rung. Pending pairs and pairs with a
    side not recorded are counted apart and belong to no share. Bowker's test asks whether moves between two rungs
    are as common up as down, Stuart and Maxwell's whether the two distributions are alike; both treat pairs as
    independent, and drop rungs on neither side. Bowker's degrees of freedom count the pairs of rungs with any move.

    Parameters
    ----------
    data : Cohort or Dataset
        Needs ``recommended_penalty`` and ``imposed_penalty``.
    unit : str, optional
        Unit of a pair; by default what a row of the source is. Raw texts are compared only at that unit.
    ladder : Ladder, optional
        Order of severity; the result always shows the other orders beside it.
    level, min_cell
        As in :func:`accountability.outcomes.outcomes`.
    only_sustained : bool
        Only units with a sustained finding; elsewhere ``none`` recommended and imposed is the rule.

    Returns
    -------
    Changes

    Raises
    ------
    Refusal
        If the source does not hold both penalties, or no pair has both.
    """
    cohort = Cohort.of(data)
    table = cohort.allegations
    missing = [name for name in ("recommended_penalty", "imposed_penalty") if name not in table]
    if missing:
        raise Refusal(
            f"{cohort.name} has no {missing[0]}, so no change can be seen; outcomes() describes the penalties it has"
        )
    for name in ("recommended_penalty", "imposed_penalty"):
        check_terms(table[name], PENALTIES, "penalty")
    if only_sustained:
        table = table.loc[table["finding"].eq("sustained").fillna(False)]
    held = cast(UnitCard, cohort.card).unit
    counted = unit or held
    order = ladder or Ladder()
    rows = roll_up(table, held, counted, (), order.severity_rank)
    before, after = rows["recommended_penalty"], rows["imposed_penalty"]
    waits = (before.eq("pending") | after.eq("pending")).fillna(False)
    both = before.notna() & after.notna() & ~waits
    pairs = rows.loc[both]
    if pairs.empty:
        raise Refusal(f"{cohort.name}: no {counted.replace('_', '-')} has both penalties in {len(rows):,}")
    officers = pairs.get("officer_id")
    kinds = kinds_of(pairs, order)
    shares = [_row("by rung", kind, kinds.eq(kind).to_numpy(dtype=bool), officers, level) for kind in KINDS]
    if counted == held and {"raw_recommended", "raw_imposed"} <= set(rows):
        texts = rows.loc[rows["raw_recommended"].notna() & rows["raw_imposed"].notna()]
        if len(texts):
            differ = (texts["raw_recommended"].str.strip() != texts["raw_imposed"].str.strip()).to_numpy(dtype=bool)
            who = texts.get("officer_id")
            published = [
                _row("as published", "changed", differ, who, level),
                _row("as published", "unchanged", ~differ, who, level),
            ]
            shares = [*published, *shares]
    table = _hide(pd.DataFrame(shares), min_cell)
    clustered = officers is not None and bool(officers.dropna().duplicated().any())
    return Changes(
        estimand=f"change from recommended to imposed penalty, per {counted.replace('_', '-')}, {cohort.name}",
        assumptions=(
            f"order of severity: {' < '.join(order.order)}",
            "rows of one officer may be alike, rows of different officers are independent (intervals)",
            "pairs are independent (tests)",
            "what is on record as imposed is the last decision the source holds",
        ),
        method=intervals.CLUSTERED if clustered else intervals.WILSON,
        table=table,
        flow=cohort.flow(),
        matrix=_matrix(pairs, order, min_cell),
        tests=hide_pairs(symmetry(pairs, order), min_cell),
        net=hide_pairs(_net(pairs, order), min_cell),
        by_order=_by_order(pairs, table, min_cell),
        apart=_apart(before, after, waits, min_cell),
        unit=counted,
        level=level,
    )


def _row(what: str, kind: str, hits: np.ndarray, officers: pd.Series | None, level: float) -> dict[str, object]:
    found = intervals.clustered_share(hits, officers, level)
    return {
        "what": what,
        "kind": kind,
        "count": found.count,
        "denominator": found.denominator,
        "share": found.share,
        "low": found.lower,
        "high": found.upper,
    }


def _hide(table: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    hidden = pd.Series(False, index=table.index)
    for _, part in table.groupby("what", sort=False):
        hidden.loc[part.index] = hidden_cells(part["count"].to_numpy(), min_cell)
    few = table["denominator"] < min_cell
    out = table.assign(
        hidden=hidden | few,
        count=table["count"].astype("Int64").mask(hidden | few),
        denominator=table["denominator"].astype("Int64").mask(few),
    )
    return out.assign(**{name: out[name].mask(hidden | few) for name in ("share", "low", "high")})


def _matrix(pairs: pd.DataFrame, order: Ladder, min_cell: int) -> pd.DataFrame:
    terms = (*order.order, *(term for term in OFF_LADDER if term != "pending"))
    square = counts(pairs, terms, terms)
    square = square.loc[square.sum(axis=1) > 0, square.sum(axis=0) > 0]
    marks = hidden_cells(square.to_numpy(), min_cell)
    row_total = square.sum(axis=1).to_numpy()
    cells = [
        (down, across, square.iat[i, j], row_total[i], bool(marks[i, j]))
        for i, down in enumerate(square.index)
        for j, across in enumerate(square.columns)
    ]
    out = pd.DataFrame(cells, columns=["recommended", "imposed", "count", "total", "hidden"])
    shares = (out["count"] / out["total"]).mask(out["hidden"])
    return out.assign(count=out["count"].astype("Int64").mask(out["hidden"]), share=shares).drop(columns="total")


def _net(pairs: pd.DataFrame, order: Ladder) -> pd.DataFrame:
    rungs = pd.DataFrame({kind: order.rungs(pairs[f"{kind}_penalty"]) for kind in ("recommended", "imposed")})
    rows = [("rungs", rungs.dropna())]
    if {"recommended_days", "imposed_days"} <= set(pairs):
        lost = pd.DataFrame(
            {
                kind: days_equivalent(pairs[f"{kind}_penalty"], pairs[f"{kind}_days"])
                for kind in ("recommended", "imposed")
            }
        )
        rows.append(("days lost", lost.dropna()))
    out = [(name, len(both), float(both["recommended"].sum()), float(both["imposed"].sum())) for name, both in rows]
    table = pd.DataFrame(out, columns=["quantity", "pairs", "recommended", "imposed"])
    return table.assign(difference=table["imposed"] - table["recommended"])


def _by_order(pairs: pd.DataFrame, shown: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """Lightened and raised under each order; hidden where the main table hides, or a small difference would show."""
    main = shown.loc[shown["what"] == "by rung"].set_index("kind")["count"]
    first: dict[str, int] = {}
    rows = []
    for ladder in Ladder.variants():
        kinds = kinds_of(pairs, ladder)
        for kind in ("lightened", "raised"):
            count = int(kinds.eq(kind).sum())
            apart = abs(count - first.setdefault(kind, count))
            hide = bool(pd.isna(main[kind])) or 0 < count < min_cell or 0 < apart < min_cell
            rows.append((ladder.name, kind, pd.NA if hide else count, np.nan if hide else count / len(pairs)))
    return pd.DataFrame(rows, columns=["order", "kind", "count", "share"]).astype({"count": "Int64"})


def _apart(before: pd.Series, after: pd.Series, waits: pd.Series, min_cell: int) -> pd.DataFrame:
    rows = [
        ("pending", int(waits.sum())),
        ("imposed not recorded", int((before.notna() & after.isna() & ~waits).sum())),
        ("recommended not recorded", int((before.isna() & after.notna() & ~waits).sum())),
        ("neither recorded", int((before.isna() & after.isna()).sum())),
    ]
    table = pd.DataFrame(rows, columns=["what", "count"]).astype({"count": "Int64"})
    small = table["count"].gt(0) & table["count"].lt(min_cell)
    return table.assign(count=table["count"].mask(small))
