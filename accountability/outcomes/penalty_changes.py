"""How a penalty changes from recommended to imposed, one officer-complaint at a time, and how often it ends lighter."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pandas as pd

from accountability.errors import Refusal
from accountability.outcomes.ladder import Ladder, days_equivalent
from accountability.outcomes.moves import KINDS, counts, kinds_of, symmetry
from accountability.outcomes.units_counted import (
    ALIKE,
    NUMBERS,
    Disclosed,
    few,
    held_unit,
    labels_of,
    left_apart,
    method_of,
    pool_small_levels,
    small_terms,
    term_shares,
    units_of,
)
from accountability.privacy import hidden_cells
from accountability.records.units import WORDS
from accountability.results import percent
from accountability.stats import intervals
from accountability.study.cohort import Cohort
from accountability.study.inputs import column_names, takes
from accountability.vocabulary import OFF_LADDER, PENALTIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BOTH: Final = ("recommended_penalty", "imposed_penalty")
WITHOUT: Final = "so no change can be seen; outcome_distribution() describes the penalties it has"
LAST_WORD: Final = "what is on record as imposed is the last decision the source holds"
ENDS: Final = {
    "lighter": ("lightened",),
    "as recommended": ("kept", "same_rung_days_unknown"),
    "heavier": ("raised",),
    "off the ladder": ("left_the_ladder",),
}


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Changes(Disclosed):
    """What became of recommendations.

    Attributes
    ----------
    table : DataFrame
        ``what`` (``as published`` or ``by rung``), ``kind``, ``n`` (pairs), ``events``, ``estimate`` (share),
        ``lower``, ``upper``, ``hidden``. *As published* compares the agency's own words and needs no ladder.
    matrix : DataFrame
        ``recommended``, ``imposed``, ``n`` (missing where hidden), ``estimate`` (share of the recommendation),
        ``hidden``.
    tests : DataFrame
        ``test`` (Bowker, Stuart–Maxwell), ``statistic``, ``df``, ``p_value``, ``n`` (pairs on the ladder), ``hidden``.
    net : DataFrame
        ``quantity`` (rungs, days lost), ``n``, ``recommended``, ``imposed``, ``difference``: sums over pairs
        where both sides have a rung, or a number of days; ``hidden``.
    by_order : DataFrame
        Share lightened and raised under each order of the contested rungs: ``order``, ``kind``, ``events``,
        ``estimate``, ``hidden``.
    apart : DataFrame
        ``what``, ``n`` and ``hidden`` of units left out of every share: pending, or one side not recorded.
    unit : str
    confidence : float
    """

    SHOWN: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "table": ("n",),
        "matrix": (),
        "tests": (),
        "net": (),
        "by_order": (),
        "apart": (),
    }

    matrix: pd.DataFrame
    tests: pd.DataFrame
    net: pd.DataFrame
    by_order: pd.DataFrame
    apart: pd.DataFrame
    unit: str
    confidence: float
    min_cell: int

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Give the table without its hidden cells; a total of few pairs is not shown either."""
        return super().disclosed(table).assign(n=table["n"].astype("Int64").mask(few(table["n"], self.min_cell)))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the transition matrix, each row shaded by its shares."""
        from accountability.figures.share_bars import matrix

        return matrix(
            self.matrix,
            rows="recommended",
            columns="imposed",
            value="n",
            share="estimate",
            label=f"{WORDS[self.unit]}, recommended to imposed (·: too small to show)",
            ax=ax,
        )

    def bands(self, ax: Axes | None = None) -> Axes:
        """Draw the same counts as a flow: a column for each side, a band for each shown cell of the matrix."""
        from accountability.figures.share_bars import flow

        shown = self.matrix.loc[self.matrix["n"].gt(0).fillna(False)]
        order = [term for term in PENALTIES if term in {*shown["recommended"], *shown["imposed"]}]
        sides = [
            shown.groupby(side)["n"]
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
                f"Of {changed['n']:,} {WORDS[self.unit]} with both a recommended and an imposed penalty on "
                f"record, {changed['events']:,} have two different ones ({self._range(changed)})."
            )
        words = {"lightened": "ended lighter", "raised": "ended heavier"}
        shown = [kind for kind in words if not cells["by rung", kind]["hidden"]]
        ends = [
            f"{cells['by rung', kind]['events']:,} {words[kind]} ({self._range(cells['by rung', kind])})"
            for kind in shown
        ]
        if ends:
            said.append(f"Of {cells['by rung', 'kept']['n']:,} with both sides coded, {' and '.join(ends)}.")
        moves = self.by_order.loc[self.by_order["kind"].isin(shown)]
        if len(moves):
            spread = moves.groupby("kind", sort=False)["events"].nunique(dropna=False)
            said.append(
                "The order of the contested rungs makes no difference to these counts."
                if (spread == 1).all()
                else "These counts depend on the order of the contested rungs."
            )
        waiting = self.apart.loc[self.apart["what"] == "pending", "n"]
        if len(waiting) and pd.notna(waiting.iloc[0]) and waiting.iloc[0] > 0:
            said.append(f"{int(waiting.iloc[0]):,} are pending and in none of these shares.")
        return " ".join(said)

    def _range(self, row: Mapping[Hashable, Any]) -> str:
        share, lower, upper = (percent(row[name], 1) for name in ("estimate", "lower", "upper"))
        return f"{share}, {percent(self.confidence)} interval {lower} to {upper}"


@takes("cohort")
def changes(
    data: Cohort,
    unit: str | None = None,
    *,
    ladder: Ladder | None = None,
    confidence: float = 0.95,
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
    confidence, min_cell
        As in :func:`accountability.outcomes.outcome_distribution`.
    only_sustained : bool
        Only units with a sustained finding; elsewhere ``none`` recommended and imposed is the rule.

    Returns
    -------
    Changes

    Raises
    ------
    Refusal
        If the source does not hold both penalties, or no pair has both.

    Examples
    --------
    >>> import accountability
    >>> found = accountability.outcomes.changes(accountability.load("synthetic"), only_sustained=True)
    >>> found.table.query("kind == 'lightened'")[["n", "events"]].values.tolist()
    [[827, 183]]
    """
    order = ladder or Ladder()
    made = units_of(data, (), unit, order, BOTH, WITHOUT, "sustained" if only_sustained else None)
    before, after = (made.table[name] for name in BOTH)
    waits = (before.eq("pending") | after.eq("pending")).fillna(False)
    pairs = made.table.loc[before.notna() & after.notna() & ~waits]
    if pairs.empty:
        raise Refusal(f"{data.name}: no {made.word} has both penalties in {len(made.table):,}")
    officers = pairs.get("officer_id")
    shares = [term_shares(kinds_of(pairs, order), KINDS, officers, confidence, "kind").assign(what="by rung")]
    if made.unit == held_unit(data) and {"raw_recommended", "raw_imposed"} <= set(pairs):
        texts = made.table.loc[made.table["raw_recommended"].notna() & made.table["raw_imposed"].notna()]
        same = texts["raw_recommended"].str.strip() == texts["raw_imposed"].str.strip()
        kind = pd.Series("changed", index=texts.index).mask(same, "unchanged")
        named = term_shares(kind, ["changed", "unchanged"], texts.get("officer_id"), confidence, "kind")
        shares = [named.assign(what="as published"), *shares] if len(texts) else shares
    table = pd.concat(shares, ignore_index=True)
    hidden = few(table["n"], min_cell)
    for _, part in table.groupby("what", sort=False):
        hidden.loc[part.index] |= small_terms(part, (), "kind", min_cell)[0]
    table = table.assign(hidden=hidden)[["what", "kind", *NUMBERS, "hidden"]]
    apart = {
        "pending": int(waits.sum()),
        "imposed not recorded": int((before.notna() & after.isna() & ~waits).sum()),
        "recommended not recorded": int((before.isna() & after.notna() & ~waits).sum()),
        "neither recorded": int((before.isna() & after.isna()).sum()),
    }
    tests, net = symmetry(pairs, order), _net(pairs, order)
    return Changes(
        estimand=f"change from recommended to imposed penalty, per {made.word}, {data.name}",
        assumptions=(
            f"order of severity: {' < '.join(order.order)}",
            f"{ALIKE} (intervals)",
            "pairs are independent (tests)",
            LAST_WORD,
        ),
        method=method_of(officers),
        table=table,
        flow=data.flow(),
        matrix=_matrix(pairs, order, min_cell),
        tests=tests.assign(hidden=tests["n"].lt(min_cell)),
        net=net.assign(hidden=net["n"].lt(min_cell)),
        by_order=_by_order(pairs, table, min_cell),
        apart=left_apart(apart, min_cell),
        unit=made.unit,
        confidence=confidence,
        min_cell=min_cell,
    )


def _matrix(pairs: pd.DataFrame, order: Ladder, min_cell: int) -> pd.DataFrame:
    terms = (*order.order, *(term for term in OFF_LADDER if term != "pending"))
    square = counts(pairs, terms, terms)
    square = square.loc[square.sum(axis=1) > 0, square.sum(axis=0) > 0]
    marks = hidden_cells(square.to_numpy(), min_cell)
    cells = pd.MultiIndex.from_product([square.index, square.columns], names=["recommended", "imposed"])
    long = pd.DataFrame({"n": square.to_numpy().ravel()}, index=cells).reset_index()
    totals = long.groupby("recommended", sort=False)["n"].transform("sum")
    return long.assign(estimate=long["n"] / totals, hidden=marks.ravel())


def _net(pairs: pd.DataFrame, order: Ladder) -> pd.DataFrame:
    sides = ("recommended", "imposed")
    held = {"rungs": pd.DataFrame({side: order.rungs(pairs[f"{side}_penalty"]) for side in sides})}
    if {"recommended_days", "imposed_days"} <= set(pairs):
        lost = {side: days_equivalent(pairs[f"{side}_penalty"], pairs[f"{side}_days"]) for side in sides}
        held["days lost"] = pd.DataFrame(lost)
    rows = [(name, len(both := frame.dropna()), *(float(both[s].sum()) for s in sides)) for name, frame in held.items()]
    table = pd.DataFrame(rows, columns=["quantity", "n", *sides])
    return table.assign(difference=table["imposed"] - table["recommended"])


def _by_order(pairs: pd.DataFrame, shown: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """Lightened and raised under each order; hidden where the main table hides, or a small difference would show."""
    main = shown.loc[shown["what"] == "by rung"].set_index("kind")["hidden"]
    first: dict[str, int] = {}
    rows = []
    for ladder in Ladder.variants():
        kinds = kinds_of(pairs, ladder)
        for kind in ("lightened", "raised"):
            count = int(kinds.eq(kind).sum())
            apart = abs(count - first.setdefault(kind, count))
            hide = bool(main[kind]) or 0 < count < min_cell or 0 < apart < min_cell
            rows.append((ladder.name, kind, count, count / len(pairs), hide))
    return pd.DataFrame(rows, columns=["order", "kind", "events", "estimate", "hidden"])


# ---- how often a recommendation ends lighter ---------------------------------------------------------------------


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class PenaltyReductions(Disclosed):
    """What became of recommended penalties above none, by group.

    Attributes
    ----------
    table : DataFrame
        Grouping columns (``all`` stands first), ``end`` (lighter, as recommended, heavier, off the ladder: left, not
        served, reversed), ``n``, ``events``, ``estimate`` (share), ``lower``, ``upper``, ``hidden``.
    by : tuple of str
    unit : str
    confidence : float
    """

    by: tuple[str, ...]
    unit: str
    confidence: float
    untold: pd.Series

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Give the table without its hidden cells, and without the totals that would tell them."""
        return super().disclosed(table).assign(n=table["n"].astype("Int64").mask(self.untold))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw how recommendations ended, one bar a group."""
        from accountability.figures.share_bars import stacked_shares

        label = f"share of {WORDS[self.unit]} with a penalty above none recommended"
        return stacked_shares(self.table, by=self.by, term="end", share="estimate", label=label, ax=ax)

    def sentence(self) -> str:
        """Say the share that ended lighter in each group."""
        shown = self.table.loc[(self.table["end"] == "lighter") & ~self.table["hidden"]]
        said = [
            f"{self._whose(row)} {percent(row['estimate'], 1)} of {row['n']:,} "
            f"({percent(self.confidence)} interval {percent(row['lower'], 1)} to {percent(row['upper'], 1)})"
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
    """The share of recommended penalties above none that ended lighter, as recommended, heavier, or off the ladder.

    Pending and unrecorded outcomes are in no share.

    Parameters
    ----------
    data : Cohort or Dataset
    by : str or sequence of str, optional
        Columns of the allegations or cases.
    min_group : int
        Values of such a column on fewer pairs are put together.
    unit, confidence, min_cell, ladder
        As in :func:`accountability.outcomes.outcome_distribution`.

    Returns
    -------
    PenaltyReductions

    Raises
    ------
    Refusal
        If the source does not hold both penalties, or no pair with a penalty above none recommended.
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
    pairs = made.table.loc[above & after.notna() & ~after.isin(["pending", "not_recorded"])].reset_index(drop=True)
    if pairs.empty:
        raise Refusal(f"{data.name}: no {made.word} has a penalty above none recommended and decided")
    pairs = pool_small_levels(pairs, groups, min_group)
    end = kinds_of(pairs, order).map({kind: end for end, kinds in ENDS.items() for kind in kinds})
    parts = [pairs.assign(**dict.fromkeys(groups, "all"))]
    parts += [part for _, part in pairs.groupby(groups, sort=True)] if groups else []
    tables = []
    for part in parts:
        own = term_shares(end.loc[part.index], ENDS, part.get("officer_id"), confidence, "end")
        tables.append(own.assign(**{name: part[name].iloc[0] for name in groups}))
    table = pd.concat(tables, ignore_index=True)
    # The row of all and the denominators are sums, so what is hidden may not follow from them either.
    beside = dict(zip(labels_of(table, groups).drop_duplicates(), map(len, parts), strict=True))
    marks, untold = small_terms(table, groups, "end", min_cell, beside)
    return PenaltyReductions(
        estimand=f"what became of recommended penalties above none, per {made.word}, {data.name}",
        assumptions=(f"order of severity: {' < '.join(order.order)}", LAST_WORD, ALIKE),
        method=intervals.CLUSTERED,
        table=table.assign(hidden=marks | untold)[[*groups, "end", *NUMBERS, "hidden"]],
        flow=data.flow(),
        by=tuple(groups),
        unit=made.unit,
        confidence=confidence,
        untold=untold,
    )
