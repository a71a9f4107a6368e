"""Departures from a discipline matrix: penalties below, within and above the agency's own range."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.outcomes.ladder import Ladder
from accountability.outcomes.small_counts import Disclosed, masked
from accountability.outcomes.units_counted import ALIKE, NUMBERS, RESTS_ON, groups_in, method_of, term_shares, units_of
from accountability.privacy import hidden_cells
from accountability.results import interval_said, percent
from accountability.stats.arrays import Flags, Ints
from accountability.study.cohort import Cohort
from accountability.study.inputs import column_names, takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

VERDICTS: Final = {
    "below": "lighter than the least the matrix gives, or fewer days of the same rung",
    "within": "in the range of the matrix",
    "above": "heavier than the most the matrix gives, or more days of the same rung",
    "length not known": "on the edge of the range, with days the matrix limits and the record does not state",
    "no rung": "pending, not recorded or off the ladder",
    "not in the matrix": "no row of the matrix is about such a case",
}
JUDGED: Final = 4  # the first verdicts, of units with a rung and a row of the matrix
RANGE: Final = ("least", "most", "least_days", "most_days")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Departures(Disclosed):
    """Penalties compared with a discipline matrix.

    Attributes
    ----------
    table : DataFrame
        Grouping columns, ``verdict`` (see :data:`VERDICTS`), ``n`` (for the first four, sustained units with a rung and
        a row of the matrix; for the others, all sustained units), ``events``, ``estimate`` (share), ``lower``,
        ``upper``, ``hidden``.
    matrix : DataFrame
        The matrix as used.
    by : tuple of str
    confidence : float
    """

    matrix: pd.DataFrame
    by: tuple[str, ...]
    confidence: float
    untold: pd.Series

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the table without its hidden cells, and without denominators that would reveal them."""
        return masked(table, ("n",)).assign(n=table["n"].astype("Int64").mask(self.untold))

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the verdicts, one bar per group."""
        from accountability.figures.share_bars import stacked_shares

        shown = self.table.loc[self.table["verdict"].isin(list(VERDICTS)[:JUDGED])]
        label = "share of sustained with a rung and a row of the matrix"
        return stacked_shares(shown, by=self.by, term="verdict", share="estimate", label=label, ax=ax)

    def sentence(self) -> str:
        """State the shares below and above the range of the matrix."""
        said = []
        for row in self.table.loc[self.table["verdict"].isin(["below", "above"]) & ~self.table["hidden"]].to_dict(
            "records"
        ):
            whose = ", ".join(str(row[name]) for name in self.by)
            said.append(
                f"{whose + ': ' if whose else ''}{row['verdict']} the matrix {percent(row['estimate'], 1)} of "
                f"{row['n']:,} "
                f"({interval_said(self.confidence, row['lower'], row['upper'], 1)})"
            )
        return "; ".join(said) + "." if said else "Every count is too small to show."


@takes("cohort")
def departures(
    data: Cohort,
    matrix: pd.DataFrame,
    by: str | Sequence[str] | None = None,
    unit: str | None = None,
    *,
    confidence: float = 0.95,
    min_cell: int = 10,
    ladder: Ladder | None = None,
) -> Departures:
    """Compare imposed penalties of sustained units with the range in a discipline matrix.

    Parameters
    ----------
    data : Cohort or Dataset
    matrix : DataFrame
        One row per kind of case: the columns of the source that define it, then ``least`` and ``most`` (rungs of the
        ladder) and, if wanted, ``least_days`` and ``most_days`` at those rungs.
    by : str or sequence of str, optional
        Columns to compare.
    unit, confidence, min_cell, ladder
        As in :func:`accountability.outcomes.outcome_distribution`.

    Returns
    -------
    Departures
        Counts by verdict. No case is listed: the reasons for a departure may not be in the records.

    Raises
    ------
    ParameterError
        If the matrix has no range or no criterion, an unknown rung, a range whose least exceeds its most, or two rows
        for one kind of case.
    Refusal
        If no sustained unit is of a kind in the matrix.

    Examples
    --------
    >>> import accountability, pandas
    >>> data = accountability.load("synthetic")
    >>> matrix = pandas.DataFrame({"complaint_type": ["Force"], "least": ["reprimand"], "most": ["dismissal"]})
    >>> accountability.outcomes.departures(data, matrix).table["verdict"].tolist()[:3]
    ['below', 'within', 'above']
    """
    order = ladder or Ladder()
    keys = _check(matrix, order)
    groups = column_names(by)
    made = units_of(data, [*keys, *groups], unit, order, ("finding", "imposed_penalty"))
    rows = made.table.loc[made.table["finding"].eq("sustained").fillna(False)].reset_index(drop=True)
    ranges = matrix.assign(**{name: matrix[name].astype("str") for name in keys})
    full = rows.merge(ranges.reindex(columns=[*keys, *RANGE]), on=keys, how="left", validate="many_to_one")
    verdict = _verdict(full, order)
    if verdict.eq("not in the matrix").all():
        raise Refusal(f"none of {len(rows):,} sustained units is of a kind in the matrix ({', '.join(keys)})")
    parts = []
    for key, part in groups_in(rows, groups):
        labels: dict[str, Any] = dict(zip(groups, key, strict=True))
        parts.append(_counted(verdict.loc[part.index], part, confidence).assign(**labels))
    table = pd.concat(parts, ignore_index=True)
    hidden, untold = _hidden(table["events"].to_numpy().reshape(len(parts), -1), min_cell)
    return Departures(
        estimand=f"imposed penalties against a discipline matrix by {', '.join(keys)}, {made.cohort.name}",
        assumptions=(
            f"unit: {made.word}",
            f"order of severity: {' < '.join(order.order)}",
            "the matrix was in force, and was meant for these cases",
            ALIKE,
        ),
        method=method_of(rows, table),
        table=table.assign(hidden=hidden)[[*groups, "verdict", *NUMBERS, *RESTS_ON, "hidden"]],
        flow=made.cohort.flow(),
        matrix=matrix,
        by=tuple(groups),
        confidence=confidence,
        untold=pd.Series(untold, index=table.index),
    )


def _check(matrix: pd.DataFrame, order: Ladder) -> list[str]:
    keys = [str(name) for name in matrix if name not in RANGE]
    if not {"least", "most"} <= set(matrix) or not keys:
        raise ParameterError(
            f"a matrix needs columns that say which case, and 'least' and 'most'; found {', '.join(map(str, matrix))}"
        )
    for name in ("least", "most"):
        wrong = matrix.loc[~matrix[name].isin(order.order), name]
        if len(wrong):
            raise ParameterError(f"{name} must be a rung ({', '.join(order.order)}); found {wrong.iloc[0]!r}")
    upside = order.rungs(matrix["least"].astype("str")) > order.rungs(matrix["most"].astype("str"))
    if {"least_days", "most_days"} <= set(matrix):
        upside |= (matrix["least"] == matrix["most"]) & (matrix["least_days"] > matrix["most_days"])
    if upside.any():
        raise ParameterError(f"row {upside.idxmax()} of the matrix has a least above its most")
    twice = matrix.duplicated(keys)
    if twice.any():
        raise ParameterError(f"row {twice.idxmax()} of the matrix is about the same kind of case as an earlier one")
    return keys


def _verdict(full: pd.DataFrame, order: Ladder) -> pd.Series:
    rung = order.rungs(full["imposed_penalty"]).astype("float64")
    least, most = (order.rungs(full[name].astype("str")).astype("float64") for name in ("least", "most"))
    days = full["imposed_days"].astype("float64") if "imposed_days" in full else pd.Series(np.nan, index=full.index)
    fewest, longest = full["least_days"].astype("float64"), full["most_days"].astype("float64")
    at_least, at_most = rung.eq(least) & fewest.notna(), rung.eq(most) & longest.notna()
    out = pd.Series("within", index=full.index, dtype="str")
    out = out.mask((at_least | at_most) & days.isna(), "length not known")
    out = out.mask(rung.lt(least) | (at_least & days.lt(fewest)), "below")
    out = out.mask(rung.gt(most) | (at_most & days.gt(longest)), "above")
    out = out.mask(rung.isna(), "no rung")
    return out.mask(full["least"].isna(), "not in the matrix")


def _counted(verdict: pd.Series, rows: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """The verdicts on those judged as shares of these, and the others as shares of all."""
    names = list(VERDICTS)
    judged = verdict[verdict.isin(names[:JUDGED])]
    return pd.concat(
        [
            term_shares(judged, names[:JUDGED], rows, confidence, "verdict"),
            term_shares(verdict, names[JUDGED:], rows, confidence, "verdict"),
        ],
        ignore_index=True,
    )


def _hidden(counts: Ints, min_cell: int) -> tuple[Flags, Flags]:
    """Small verdicts; where the number judged would tell those not judged, everything judged and that number."""
    total = counts[:, :JUDGED].sum(axis=1)
    judged = hidden_cells(counts[:, :JUDGED], min_cell)
    apart = hidden_cells(np.column_stack([counts[:, JUDGED:], total]), min_cell)
    untold = np.repeat(apart[:, -1:], counts.shape[1], axis=1)
    untold[:, JUDGED:] = False
    return np.hstack([judged | apart[:, -1:], apart[:, :-1]]).ravel(), untold.ravel()
