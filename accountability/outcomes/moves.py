"""Pairs of penalties before and after: the kind of each move, and tests of symmetry between moves up and down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError
from accountability.outcomes.ladder import COUNTED_IN_DAYS, Ladder
from accountability.stats.arrays import Floats, Ints
from accountability.stats.design_effect import design_effect
from accountability.stats.intervals import p_chi2
from accountability.stats.sandwich import ways_of
from accountability.study.inputs import takes_only

BOTH: Final = ("recommended_penalty", "imposed_penalty")

# What may become of a recommendation; each pair of cells falls in exactly one.
KINDS: Final = {
    "kept": "the same rung, and the same days where both are known",
    "lightened": "a lower rung, or fewer days on the same rung",
    "raised": "a higher rung, or more days on the same rung",
    "same_rung_days_unknown": "the same rung, and at least one length that is not known",
    "left_the_ladder": "a rung was recommended and the outcome is off the ladder: left, not served, reversed, not said",
    "joined_the_ladder": "the recommendation was off the ladder and a rung was imposed",
    "off_the_ladder": "both off the ladder",
}


def kinds_of(pairs: pd.DataFrame, ladder: Ladder | None = None) -> pd.Series:
    """Return which of :data:`KINDS` each pair is.

    Parameters
    ----------
    pairs : DataFrame
        ``recommended_penalty``, ``imposed_penalty`` (neither missing), and where held ``recommended_days``,
        ``imposed_days``.
    ladder : Ladder, optional

    Returns
    -------
    Series of str
    """
    order = ladder or Ladder()
    before = order.rungs(pairs["recommended_penalty"])
    after = order.rungs(pairs["imposed_penalty"])
    held = ("recommended_days" in pairs) and ("imposed_days" in pairs)
    blank = pd.Series(pd.NA, index=pairs.index, dtype="Float64")
    days_before = pairs["recommended_days"].astype("Float64") if held else blank
    days_after = pairs["imposed_days"].astype("Float64") if held else blank
    on_before, on_after = before.notna(), after.notna()
    step = (after - before).where(on_before & on_after)
    counted = pairs["recommended_penalty"].isin(COUNTED_IN_DAYS)
    unknown = counted & (days_before.isna() | days_after.isna())
    moved = (days_after - days_before).where(counted)
    same = step.eq(0).fillna(False)
    conditions = [
        on_before & ~on_after,
        ~on_before & on_after,
        ~on_before & ~on_after,
        step.lt(0).fillna(False),
        step.gt(0).fillna(False),
        same & unknown,
        same & moved.lt(0).fillna(False),
        same & moved.gt(0).fillna(False),
    ]
    names = [
        "left_the_ladder",
        "joined_the_ladder",
        "off_the_ladder",
        "lightened",
        "raised",
        "same_rung_days_unknown",
        "lightened",
        "raised",
    ]
    flags = [condition.to_numpy(dtype=bool) for condition in conditions]
    return pd.Series(np.select(flags, names, default="kept"), index=pairs.index, dtype="str", name="kind")


@takes_only(pd.DataFrame, "outcomes.symmetry(outcomes.changes(data).pairs)")
def symmetry(pairs: pd.DataFrame, ladder: Ladder | None = None) -> pd.DataFrame:
    """Test symmetry (Bowker) and marginal homogeneity (Stuart–Maxwell) of the square table of rungs.

    Rungs without a move to or from them are left out. Bowker's statistic equals statsmodels' (``SquareTable``), its
    degrees of freedom the pairs of rungs with any move. Stuart and Maxwell's statistic is ``d' V^- d`` with ``d`` the
    differences of the margins and ``V`` their covariance under homogeneity; the generalised inverse, with the rank for
    degrees of freedom, equals statsmodels' value where that exists, and also exists where moves stay within separate
    sets of rungs. Where pairs share officers or complaints (``officer_id``, ``case_id``), p-values are those of the
    statistic over its mean design effect, by F (Rao and Scott 1984, second order).

    Returns
    -------
    DataFrame
        ``test``, ``statistic``, ``df``, ``p_value``, ``n`` (pairs on the ladder at both ends), ``design_effect``;
        statistics are missing where no pair moved.

    Examples
    --------
    >>> from accountability import outcomes
    >>> import pandas
    >>> before, after = ["suspension"] * 6 + ["reprimand"] * 2, ["reprimand"] * 6 + ["suspension"] * 2
    >>> pairs = pandas.DataFrame({"recommended_penalty": before, "imposed_penalty": after})
    >>> outcomes.symmetry(pairs)[["test", "statistic", "df"]].round(2).values.tolist()
    [['Bowker', 2.0, 1], ['Stuart–Maxwell', 2.0, 1]]
    """
    if lacking := {"recommended_penalty", "imposed_penalty"} - set(pairs.columns):
        raise ParameterError(f"outcomes.symmetry: the pairs have no column {', '.join(sorted(lacking))}")
    order = (ladder or Ladder()).order
    on = pairs["recommended_penalty"].isin(order) & pairs["imposed_penalty"].isin(order)
    square = counts(pairs.loc[on], order, order).to_numpy(dtype=float)
    total = int(square.sum())
    off = square - np.diag(np.diag(square))
    moved = (off.sum(axis=0) + off.sum(axis=1)) > 0
    square, off = square[np.ix_(moved, moved)], off[np.ix_(moved, moved)]
    rows: list[tuple[Any, ...]] = [
        (test, np.nan, pd.NA, np.nan, total, np.nan) for test in ("Bowker", "Stuart–Maxwell")
    ]
    if len(square) > 1:
        places = [order[k] for k in np.flatnonzero(moved)]
        before, after = (pd.Index(places).get_indexer(pd.Index(pairs[name])) for name in BOTH)
        went = (before >= 0) & (after >= 0) & (before != after)  # a pair that stays adds nothing to either statistic
        whose = [name for name in ("officer_ids", "officer_id", "case_id") if name in pairs]
        ways, cell = ways_of(pairs.loc[went, whose]), (before * len(places) + after)[went]
        one, other = np.divmod(np.arange(square.size), len(places))
        sign = np.zeros((square.size, len(places), len(places)))
        sign[np.arange(square.size), np.minimum(one, other), np.maximum(one, other)] = np.sign(other - one)
        both = off + off.T
        some = np.triu(both, 1) > 0
        rows[0] = _read("Bowker", sign[:, some] / np.sqrt(both[some]), square, cell, ways, total)
        values, vectors = np.linalg.eigh(np.diag(both.sum(axis=0)) - both)
        held = values > 1e-9 * values.max()
        turn = vectors[:, held] / np.sqrt(values[held])
        rows[1] = _read("Stuart–Maxwell", turn[other] - turn[one], square, cell, ways, total)
    names = ["test", "statistic", "df", "p_value", "n", "design_effect"]
    return pd.DataFrame(rows, columns=names).astype({"df": "Int64"})


def _read(
    test: str, scores: Floats, square: Floats, cell: Ints, ways: Mapping[str, Ints], total: int
) -> tuple[Any, ...]:
    """A row of the table, its p-value from chi-squared or, where pairs share officers or complaints, from F."""
    statistic = float(((square.ravel() @ scores) ** 2).sum())
    if "row" in ways:
        return (test, statistic, scores.shape[1], p_chi2(statistic, scores.shape[1]), total, 1.0)
    found = design_effect(scores, cell, ways)
    return (test, statistic, found.numbers, found.p_value(statistic), total, found.effect)


def counts(pairs: pd.DataFrame, down: tuple[str, ...], across: tuple[str, ...]) -> pd.DataFrame:
    """Count pairs by the term before (rows) and after (columns)."""
    return (
        pd.crosstab(pairs["recommended_penalty"], pairs["imposed_penalty"])
        .reindex(index=list(down), columns=list(across), fill_value=0)
        .astype("int64")
    )
