"""Competing closings: how many cases have closed in each way by each day, when a case can close in one way only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from accountability.delay.access import require_exact, require_open_cases
from accountability.delay.counts import Counts, columns_of, count_ways, label_of, pieces, with_groups
from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.results import Result, percent, plural
from accountability.stats.arrays import Days, Floats
from accountability.stats.compress import numbered
from accountability.stats.intervals import Transform, curve_interval, settled
from accountability.study.durations import Durations

if TYPE_CHECKING:
    from matplotlib.axes import Axes


MOST_SPACED: Final = 100
"""Ways given as whole numbers further apart than this are found before they are counted."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CompetingClosings(Result):
    """Share of all cases closed in each way by each day.

    ``table``: the columns of `by`, ``way``, ``day`` (days with a closing of that way), ``at_risk``, ``closed``
    (in that way), ``closed_by`` (share of all cases), ``std_error``, ``lower``, ``upper``.

    Attributes
    ----------
    way : str
        The column that holds the way of closing.
    ways : tuple of str
        The ways, sorted.
    by : tuple of str
        The grouping columns.
    level : float
        Level of the intervals.
    clock : str
        The clock.
    groups : pandas.DataFrame
        One row a group.
    rows : tuple of int
        Rows of the table in each group and way.
    counts : Counts
        The daily counts of each group.
    of_way : array of int
        Closings by group, way and day.
    """

    way: str
    ways: tuple[str, ...]
    by: tuple[str, ...]
    level: float
    clock: str
    groups: pd.DataFrame
    rows: tuple[int, ...]
    counts: Counts
    of_way: Days

    def closed_at(self, days: Sequence[int]) -> pd.DataFrame:
        """Share closed in each way by given days.

        Parameters
        ----------
        days : sequence of int
            Days of age.

        Returns
        -------
        pandas.DataFrame
            One row a group, way and day: ``way``, ``day``, ``closed_by``, ``lower``, ``upper``.

        Raises
        ------
        ParameterError
            If a day is negative.
        """
        asked = np.asarray(days, dtype=np.int64)
        if (asked < 0).any():
            raise ParameterError(f"days must not be negative, found {int(asked.min())}")
        found = []
        for number, part in self._parts():
            place = np.searchsorted(part["day"].to_numpy(), asked, side="right") - 1
            columns: dict[str, Any] = {
                "way": pd.array([self.ways[number % len(self.ways)]] * len(asked), dtype="str"),
                "day": asked,
            }
            for column in ("closed_by", "lower", "upper"):
                values = np.append(part[column].to_numpy(), 0.0)
                columns[column] = np.where(place < 0, 0.0, values[place])
            found.append(with_groups(self.groups, np.full(len(asked), number // len(self.ways)), columns))
        return pd.concat(found, ignore_index=True)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw one curve a group and way."""
        axes = draw.new_axes(ax)
        draw.steps(
            axes,
            self.table,
            x="day",
            y="closed_by",
            lower="lower",
            upper="upper",
            by=(*self.by, "way"),
        )
        axes.set_ylim(0, 1.02)
        axes.set_xlim(left=0)
        axes.set_xlabel("days")
        axes.set_ylabel("share of cases closed in this way")
        return axes

    def sentence(self) -> str:
        """Say the share closed in each way at the last day on which anything closed."""
        last = int(self.table["day"].max())
        shares = self.closed_at([last])
        said = []
        for number in range(len(self.groups)):
            of_group = shares.iloc[number * len(self.ways) : (number + 1) * len(self.ways)]
            told = ", ".join(_said(row) for row in of_group.to_dict("records"))
            said.append(f"{label_of(self.groups, number)}within {plural(last, 'day')} {told}")
        return f"Closed {'; '.join(said)} [{self.clock}]."

    def _parts(self) -> list[tuple[int, pd.DataFrame]]:
        return pieces(self.table, self.rows)


def _said(row: dict[Any, Any]) -> str:
    share = f"{percent(row['closed_by'], 1)} '{row['way']}'"
    if pd.isna(row["lower"]) or pd.isna(row["upper"]):
        return f"{share} (no interval exists)"
    return f"{share} ({percent(row['lower'], 1)} to {percent(row['upper'], 1)})"


def competing_closings(
    durations: Durations,
    way: str,
    by: str | Sequence[str] | None = None,
    level: float = 0.95,
    *,
    interval_type: Transform = "log-log",
) -> CompetingClosings:
    """Estimate the share of all cases closed in each way by each day.

    Unlike a closing curve that treats other closings as "still open", the shares of all ways and of the open cases
    add up to one.

    Parameters
    ----------
    durations : Durations
        With closing dates known to the day; late entry is allowed.
    way : str
        Column with the way a case closed, filled for every closed case; its values for open cases are not read.
    by : str or sequence of str, optional
        Columns to group by.
    level : float
        Level of the pointwise intervals.
    interval_type : {"log-log", "log", "plain"}
        Transform of the intervals, named in ``method``.

    Returns
    -------
    CompetingClosings

    Raises
    ------
    ParameterError
        When the column does not exist, or a closed case has no way of closing.
    Refusal
        When nothing closed, or the closing curve itself cannot be had.

    Notes
    -----
    Aalen and Johansen (1978), on daily counts; variance of the Greenwood type (Andersen, Borgan, Gill and Keiding
    1993, 4.4.17). Cases closing on the same day leave together, whatever the way, so the order of rows is without
    effect.
    """
    what = "the share closed in each way"
    require_open_cases(durations, what)
    require_exact(durations, what, f"delay.coarse_curve(..., way={way!r}).closed_at(days)")
    ways, counts, of_way = counted_ways(durations, way, by)
    groups = counts.groups
    share, error = incidence(counts, of_way)
    number, kind, day = np.nonzero(of_way)
    closed_by, spread = share[number, kind, day], error[number, kind, day]
    lower, upper = curve_interval(closed_by, spread, level, interval_type)
    columns = {
        "way": pd.array([ways[position] for position in kind], dtype="str"),
        "day": day,
        "at_risk": counts.at_risk[number, day],
        "closed": of_way[number, kind, day],
        "closed_by": closed_by,
        "std_error": spread,
        "lower": lower,
        "upper": upper,
    }
    return CompetingClosings(
        estimand=f"share of cases closed in each way ({way}) by {durations.clock}",
        assumptions=(
            "whether a case is still open at the cut-off tells nothing about when or how it will close",
            "a case closes in one way only",
        ),
        method=f"Aalen-Johansen on daily counts, Greenwood-type variance, pointwise {percent(level)} {interval_type} "
        "interval",
        table=with_groups(groups, number, columns),
        flow=durations.flow,
        way=way,
        ways=ways,
        by=columns_of(by),
        level=level,
        clock=durations.clock,
        groups=groups,
        rows=tuple((of_way > 0).sum(axis=2).ravel().tolist()),
        counts=counts,
        of_way=of_way,
    )


def counted_ways(
    durations: Durations, way: str, by: str | Sequence[str] | None
) -> tuple[tuple[str, ...], Counts, Days]:
    """The ways of closing, sorted; the daily counts; and closings by group, way and day."""
    found, number = _numbered(durations, way)
    counts, of_way = count_ways(durations, by, number, len(found))
    # A way that only open cases carry is not one.
    used = np.flatnonzero(of_way.any(axis=(0, 2)))
    return tuple(str(value) for value in found[used]), counts, of_way[:, used]


def causes(durations: Durations, way: str) -> tuple[tuple[str, ...], Days]:
    """The ways of closing, sorted, and each case's, numbered; open cases have the number after the last."""
    found, number = _numbered(durations, way)
    used = np.bincount(number[durations.event], minlength=len(found)) > 0
    place = np.cumsum(used) - 1
    return tuple(str(value) for value in found[used]), np.where(durations.event, place[number], used.sum())


def _numbered(durations: Durations, way: str) -> tuple[pd.Index, Days]:
    """The values of a way of closing, sorted, and the place of each closed case's among them."""
    if way not in durations.table.columns:
        raise ParameterError(f"no column {way!r} with the way of closing: add it with cohort.with_case_column")
    closed = durations.event
    if not closed.any():
        raise Refusal(f"all {len(durations):,} cases are open, so none has a way of closing: use delay.closing_curve")
    codes, found = numbered(durations.table[way], gaps=True)
    if isinstance(found, pd.RangeIndex):
        if len(found) <= MOST_SPACED:
            return found, codes
        codes, found = numbered(durations.table[way])
    missing = int((closed & (codes < 0)).sum())
    if missing:
        raise ParameterError(
            f"{missing:,} of {int(closed.sum()):,} closed cases have no {way!r}: give them a way of their own, e.g. "
            "'not recorded', or leave them out with keep_if"
        )
    return found, np.maximum(codes, 0)


def incidence(counts: Counts, of_way: Days) -> tuple[Floats, Floats]:
    """Share closed in each way after each day and its standard error, for counts by group, way and day."""
    at_risk = np.maximum(counts.at_risk, 1).astype(float)[:, None, :]
    all_closed = counts.closed[:, None, :]
    after = np.cumprod(1 - all_closed / at_risk, axis=2)
    before = np.concatenate([np.ones((len(after), 1, 1)), after[:, :, :-1]], axis=2)
    share = np.cumsum(before * of_way / at_risk, axis=2)
    # Once every case watched has closed, nothing more is added and no variance either.
    left = at_risk - all_closed
    together = np.where(left > 0, all_closed / (at_risk * np.maximum(left, 1)), 0)
    own = before**2 * of_way * (at_risk - of_way) / at_risk**3
    cross = before * of_way / at_risk**2
    # sum over s <= t of (F(t) - F(s))^2 a(s) + b(s) - 2 (F(t) - F(s)) c(s), by expanding the squares
    variance = (
        share**2 * np.cumsum(together, axis=2)
        - 2 * share * (np.cumsum(share * together, axis=2) + np.cumsum(cross, axis=2))
        + np.cumsum(share**2 * together + own + 2 * share * cross, axis=2)
    )
    return settled(share, np.sqrt(np.maximum(variance, 0)))
