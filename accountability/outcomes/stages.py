"""The stages a complaint against an officer passes, and which of them each unit reached, passed or is still in."""

from __future__ import annotations

from itertools import permutations
from typing import Final

import numpy as np
import pandas as pd

from accountability.errors import Refusal
from accountability.outcomes.ladder import Ladder
from accountability.outcomes.moves import kinds_of
from accountability.stats.arrays import Floats
from accountability.vocabulary import FINDINGS

STAGES: Final = {
    "investigated": "a finding on the merits, of all named in a complaint",
    "sustained": "sustained, of those with a finding on the merits",
    "penalty": "a penalty above none first on record, of the sustained",
    "kept": "not lighter, unserved or reversed at the last record, of those with a penalty",
}
UNDECIDED: Final = ("pending", "not_recorded")


def passed(rows: pd.DataFrame, ladder: Ladder | None = None) -> pd.DataFrame:
    """For each unit and stage, whether it passed (1), did not (0), or cannot be said (missing).

    A unit that did not pass, or cannot be said to have, reaches no later stage and is missing there. The penalty first
    on record is the recommended one, or the imposed where none was recommended. What is pending or not recorded
    is missing, never a failure; an officer who left before a penalty has none.

    Parameters
    ----------
    rows : DataFrame
        Units with ``finding`` and, as far as held, ``recommended_penalty``, ``imposed_penalty`` and their days.
    ladder : Ladder, optional

    Returns
    -------
    DataFrame of Int8
        One column a stage the source holds.

    Raises
    ------
    Refusal
        If there is no finding.
    """
    if "finding" not in rows:
        raise Refusal("without findings no stage after the complaint can be seen")
    order = ladder or Ladder()
    finding = rows["finding"]
    merits = [term for term in FINDINGS if term not in ("pending", "closed_without_finding")]
    out = {
        "investigated": _said(finding.isin(merits), finding.isna() | finding.eq("pending")),
        "sustained": _said(finding.eq("sustained"), finding.isna()),
    }
    kinds = [kind for kind in ("recommended", "imposed") if f"{kind}_penalty" in rows]
    if kinds:
        first = rows[f"{kinds[0]}_penalty"]
        if len(kinds) == 2:
            first = first.where(first.notna() & ~first.isin(UNDECIDED), rows["imposed_penalty"])
        unsaid = first.isna() | first.isin(UNDECIDED)
        out["penalty"] = _said(~first.isin(["none", "left_before_penalty"]), unsaid)
    if len(kinds) == 2:
        before, after = rows["recommended_penalty"], rows["imposed_penalty"]
        unsaid = before.isna() | after.isna() | before.isin(UNDECIDED) | after.isin(UNDECIDED)
        move = pd.Series(pd.NA, index=rows.index, dtype="str")
        move[~unsaid] = kinds_of(rows.loc[~unsaid], order)
        out["kept"] = _said(move.isin(["kept", "raised", "same_rung_days_unknown", "joined_the_ladder"]), unsaid)
    table = pd.DataFrame(out, index=rows.index)
    alive = pd.Series(True, index=rows.index)
    for name in table:
        table[name] = table[name].where(alive)
        alive &= table[name].eq(1).fillna(False)
    return table


def _said(yes: pd.Series, unsaid: pd.Series) -> pd.Series:
    return yes.fillna(False).astype("Int8").mask(unsaid.fillna(True).astype(bool))


def contributions(first: Floats, second: Floats) -> Floats:
    """How much of the difference of two products each factor makes up, averaged over the orders of exchange.

    Das Gupta's (1993) symmetric form of Kitagawa's (1955) decomposition for a product of rates. The contributions add
    up to ``prod(first) - prod(second)``; factors along the last axis.

    Parameters
    ----------
    first, second : array
        Rates, one a factor.

    Returns
    -------
    array
        One contribution a factor.
    """
    size = first.shape[-1]
    out = np.zeros(np.broadcast_shapes(first.shape, second.shape))
    orders = list(permutations(range(size)))
    for order in orders:
        now = np.broadcast_to(second, out.shape).copy()
        for place in order:
            before = now.prod(axis=-1)
            now[..., place] = first[..., place]
            out[..., place] += now.prod(axis=-1) - before
    return out / len(orders)


def worst_case(reached: Floats, rate: Floats) -> tuple[float, float]:
    """Bounds of the difference of two rates among all named, nothing assumed of those who did not get there.

    Manski's (1989) bounds: each group's rate lies between that were none, and all, of the others to pass.
    """
    low, high = reached * rate, reached * rate + 1 - reached
    return float(low[0] - high[1]), float(high[0] - low[1])


def trimmed(reached: Floats, rate: Floats) -> tuple[float, float]:
    """Bounds of the difference of two rates among those who would get there in either group.

    Lee's (2009) trimming: whoever gets there in the group that gets there less often would also do so in the other.
    The group reached more often holds others besides, and they may be those who pass or those who do not.
    """
    more = int(reached[0] < reached[1])
    kept = float(reached[1 - more] / reached[more])
    low, high = max(0.0, (rate[more] - (1 - kept)) / kept), min(1.0, rate[more] / kept)
    other = float(rate[1 - more])
    return (low - other, high - other) if more == 0 else (other - high, other - low)


def e_value(ratio: float, low: float, high: float) -> tuple[float, float]:
    """VanderWeele and Ding's (2017) E-value of a ratio, and of the end of its interval that is nearer to 1.

    How strongly something not in the records would have to go with both the group and the outcome, as a ratio each,
    for the ratio to be 1 once it is taken into account. 1 where the interval already holds 1.
    """

    def needed(value: float) -> float:
        above = max(value, 1 / value)
        return above + float(np.sqrt(above * (above - 1)))

    nearer = 1.0 if low <= 1 <= high else (low if ratio > 1 else high)
    return needed(ratio), needed(nearer)
