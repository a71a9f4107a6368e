"""Changes from the recommended to the imposed penalty of each officer-complaint."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final

import pandas as pd

from accountability.errors import Refusal
from accountability.outcomes.ladder import Ladder, days_equivalent
from accountability.outcomes.moves import BOTH, KINDS, counts, kinds_of, symmetry
from accountability.outcomes.small_counts import Disclosed, few, left_apart, small_terms
from accountability.outcomes.units_counted import (
    ALIKE,
    NUMBERS,
    RESTS_ON,
    held_unit,
    method_of,
    term_shares,
    units_of,
)
from accountability.privacy import hidden_cells
from accountability.records.units import WORDS
from accountability.results import interval_said, percent
from accountability.study.cohort import Cohort
from accountability.study.inputs import takes
from accountability.vocabulary import OFF_LADDER, PENALTIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WITHOUT: Final = "so no change can be seen; outcome_distribution() describes the penalties it has"
LAST_WORD: Final = "what is on record as imposed is the last decision the source holds"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Changes(Disclosed):
    """Changes from recommended to imposed penalties.

    Attributes
    ----------
    table : DataFrame
        ``what`` (``as published`` or ``by rung``), ``kind``, ``n`` (pairs), ``events``, ``estimate`` (share),
        ``lower``, ``upper``, ``hidden``. *As published* compares the agency's own words, without a ladder.
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
        ``what``, ``n`` and ``hidden`` of units in no share: pending, or one side not recorded.
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
        """Return the table without its hidden cells; totals of few pairs are hidden too."""
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
            label=WORDS[self.unit],
            ax=ax,
        )

    def bands(self, ax: Axes | None = None) -> Axes:
        """Draw the matrix as a flow: one column per side, one band per shown cell."""
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
        return f"{percent(row['estimate'], 1)}, {interval_said(self.confidence, row['lower'], row['upper'], 1)}"


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
    """Estimate how often, and in which direction, penalties change from recommended to imposed.

    Each unit contributes one pair (recommended, imposed). *As published* counts pairs whose raw text differs, among
    pairs with both texts. *By rung* compares coded terms, then days on the same rung. Pending pairs and pairs with a
    side not recorded are counted separately and are in no share. Bowker's test asks whether moves up and down between
    two rungs are equally common, Stuart and Maxwell's whether the two distributions are equal; both assume independent
    pairs and drop rungs on neither side. Bowker's degrees of freedom count the pairs of rungs with any move.

    Parameters
    ----------
    data : Cohort or Dataset
        Needs ``recommended_penalty`` and ``imposed_penalty``.
    unit : str, optional
        Unit of a pair; by default what a row of the source is. Raw texts are compared only at that unit,
        and not where the two columns have no text in common.
    ladder : Ladder, optional
        Order of severity; ``by_order`` shows the other orders.
    confidence, min_cell
        As in :func:`accountability.outcomes.outcome_distribution`.
    only_sustained : bool
        Use only units with a sustained finding; most others have ``none`` recommended and imposed.

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
    shares = [term_shares(kinds_of(pairs, order), KINDS, pairs, confidence, "kind").assign(what="by rung")]
    if made.unit == held_unit(data) and {"raw_recommended", "raw_imposed"} <= set(pairs):
        texts = made.table.loc[made.table["raw_recommended"].notna() & made.table["raw_imposed"].notna()]
        said, done = (texts[name].str.strip() for name in ("raw_recommended", "raw_imposed"))
        same = said == done
        # Where no word of one stands on the other side, they are two vocabularies, and every pair differs by spelling.
        texts = texts if done.isin(said.unique()).any() else texts.iloc[:0]
        kind = pd.Series("changed", index=texts.index).mask(same, "unchanged")
        named = term_shares(kind, ["changed", "unchanged"], texts, confidence, "kind")
        shares = [named.assign(what="as published"), *shares] if len(texts) else shares
    table = pd.concat(shares, ignore_index=True)
    hidden = few(table["n"], min_cell)
    for _, part in table.groupby("what", sort=False):
        hidden.loc[part.index] |= small_terms(part, (), "kind", min_cell)[0]
    table = table.assign(hidden=hidden)[["what", "kind", *NUMBERS, *RESTS_ON, "hidden"]]
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
            "pairs of different officers and complaints are independent (tests)",
            LAST_WORD,
        ),
        method=method_of(pairs, *shares),
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
