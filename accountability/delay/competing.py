"""Competing risks: the cumulative incidence of each cause of closing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from accountability.delay.access import require_exact, require_open_cases
from accountability.delay.counts import Counts, columns_of, count_causes, days_asked, label_of, pieces, with_groups
from accountability.delay.curve import in_steps, rests_on_few, without
from accountability.errors import ParameterError, Refusal
from accountability.privacy import MIN_CELL
from accountability.results import Result, percent, plural
from accountability.stats.arrays import Days, Floats
from accountability.stats.compress import numbered
from accountability.stats.intervals import Transform, curve_interval, settled
from accountability.study.durations import Durations
from accountability.study.inputs import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


MOST_SPACED: Final = 100
"""Causes given as whole numbers further apart than this are found before they are counted."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CompetingClosings(Result):
    """Cumulative incidence: the share of all cases closed by each cause by each day (competing risks).

    ``table``: the columns of `by`, ``cause``, ``day`` (days with a closing by that cause), ``at_risk``, ``events``
    (closings by it), ``estimate`` (share of all cases), ``std_error``, ``lower``, ``upper``, in steps of at least ten
    closings by the cause; ``true_numbers()`` gives every day.

    Attributes
    ----------
    causes : tuple of str
        The causes, sorted.
    by : tuple of str
        The grouping columns.
    confidence : float
        Level of the intervals.
    clock : str
        The clock.
    groups : pandas.DataFrame
        One row per group.
    rows : tuple of int
        Rows of the true table in each group and cause.
    counts : Counts
        The daily counts of each group.
    of_cause : array of int
        Closings by group, cause and day.
    """

    causes: tuple[str, ...]
    by: tuple[str, ...]
    confidence: float
    clock: str
    groups: pd.DataFrame
    rows: tuple[int, ...]
    counts: Counts
    of_cause: Days

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Thin the table to steps of at least ten closings by a cause; hide groups of fewer than ten cases."""
        size = self.counts.entered.sum(axis=1)
        return in_steps(table, self.rows, np.repeat(size, len(self.causes)), False).reset_index(drop=True)

    def at(self, days: Sequence[int]) -> pd.DataFrame:
        """Return the share closed by each cause by given days.

        Parameters
        ----------
        days : sequence of int
            Days of age.

        Returns
        -------
        pandas.DataFrame
            One row per group, cause and day: ``cause``, ``day``, ``estimate``, ``lower``, ``upper``; missing beyond the
            last day on which a case of the group was watched. Estimates from fewer than ten cases are ``hidden``.

        Raises
        ------
        ParameterError
            If a day is negative.
        """
        found = self.true_at(days)
        size = np.repeat(self.counts.entered.sum(axis=1), len(found) // len(self.groups))
        few = (size < MIN_CELL) | rests_on_few(found["estimate"].to_numpy(), size)
        return without(found, few, (*self.by, "cause", "day"))

    def true_at(self, days: Sequence[int]) -> pd.DataFrame:
        """Return the shares at given days with nothing hidden."""
        asked = days_asked(days)
        found, supported = [], self.counts.supported
        for number, part in pieces(self.true_numbers(), self.rows):
            group, cause = divmod(number, len(self.causes))
            place = np.searchsorted(part["day"].to_numpy(), asked, side="right") - 1
            columns: dict[str, Any] = {"cause": pd.array([self.causes[cause]] * len(asked), dtype="str"), "day": asked}
            for column in ("estimate", "lower", "upper"):
                # Before its first closing a cause has a share of 0, which has no error.
                none = 0.0 if column == "estimate" else np.nan
                share = np.append(part[column].to_numpy(), none)[place]
                columns[column] = np.where(asked > supported[group], np.nan, share)
            found.append(with_groups(self.groups, np.full(len(asked), group), columns))
        return pd.concat(found, ignore_index=True)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw one curve per group and cause."""
        from accountability.figures.group_curves import Curves

        shown = self.table.dropna(subset="day")
        return Curves(
            frame=shown, by=(*self.by, "cause"), last=float(shown["day"].max()), y="share closed by this cause"
        ).draw(ax)

    def sentence(self) -> str:
        """State the share closed by each cause by the last day with a closing on which all groups were watched."""
        last = int(min(self.true_numbers()["day"].max(), self.counts.supported.min()))
        shares = self.at([last])
        said = []
        for number in range(len(self.groups)):
            of_group = shares.iloc[number * len(self.causes) : (number + 1) * len(self.causes)]
            told = ", ".join(_said(row) for row in of_group.to_dict("records"))
            said.append(f"{label_of(self.groups, number)}within {plural(last, 'day')} {told}")
        return f"Closed {'; '.join(said)} [{self.clock}]."


def _said(row: dict[Any, Any]) -> str:
    if row["hidden"]:
        return f"'{row['cause']}' in too few cases to show, or all but few"
    share = f"{percent(row['estimate'], 1)} '{row['cause']}'"
    if pd.isna(row["lower"]) or pd.isna(row["upper"]):
        return f"{share} (no interval exists)"
    return f"{share} ({percent(row['lower'], 1)} to {percent(row['upper'], 1)})"


@takes("durations")
def competing_closings(
    durations: Durations,
    causes: str,
    by: str | Sequence[str] | None = None,
    confidence: float = 0.95,
    *,
    interval_type: Transform = "log-log",
) -> CompetingClosings:
    """Estimate the cumulative incidence of each cause: the share of all cases it has closed by each day.

    Unlike a closing curve that treats other closings as "still open", the shares of all causes and of the open cases
    add up to one.

    Parameters
    ----------
    durations : Durations
        With closing dates known to the day; late entry is allowed.
    causes : str
        Column that says how a case closed, filled for every closed case; its values for open cases are not read.
    by : str or sequence of str, optional
        Columns to group by.
    confidence : float
        Level of the pointwise intervals.
    interval_type : {"log-log", "log", "plain"}
        Transform of the intervals, named in ``method``.

    Returns
    -------
    CompetingClosings

    Raises
    ------
    ParameterError
        When the column does not exist, or is empty for a closed case.
    Refusal
        When nothing closed, or the closing curve itself cannot be estimated.

    Examples
    --------
    >>> from accountability import delay
    >>> from accountability.study.durations import Durations
    >>> how = ["mediated"] * 20 + ["decided"] * 30
    >>> closings = delay.competing_closings(Durations.from_days(range(50), groups={"how": how}), "how")
    >>> closings.at([19])["estimate"].round(2).tolist()
    [0.0, 0.4]

    Notes
    -----
    Aalen and Johansen (1978), on daily counts; variance of the Greenwood type (Andersen, Borgan, Gill and Keiding
    1993, 4.4.17). Cases closing on the same day leave together, whatever the cause, so the order of rows is without
    effect.
    """
    what = "the share closed by each cause"
    require_open_cases(durations, what)
    require_exact(durations, what, f"delay.coarse_curve(..., causes={causes!r}).causes_at(days)")
    names, counts, of_cause = counted_causes(durations, causes, by)
    groups = counts.groups
    share, error = incidence(counts, of_cause)
    number, kind, day = np.nonzero(of_cause)
    closed_by, spread = share[number, kind, day], error[number, kind, day]
    lower, upper = curve_interval(closed_by, spread, confidence, interval_type)
    columns = {
        "cause": pd.array([names[position] for position in kind], dtype="str"),
        "day": day,
        "at_risk": counts.at_risk[number, day],
        "events": of_cause[number, kind, day],
        "estimate": closed_by,
        "std_error": spread,
        "lower": lower,
        "upper": upper,
    }
    return CompetingClosings(
        estimand=f"share of cases closed by each cause ({causes}) by {durations.clock}",
        assumptions=(
            "whether a case is still open at the cut-off tells nothing about when or how it will close",
            "a case closes by one cause only",
        ),
        method=f"Aalen-Johansen on daily counts, Greenwood-type variance, pointwise {percent(confidence)} "
        f"{interval_type} interval",
        table=with_groups(groups, number, columns),
        flow=durations.flow,
        causes=names,
        by=columns_of(by),
        confidence=confidence,
        clock=durations.clock,
        groups=groups,
        rows=tuple((of_cause > 0).sum(axis=2).ravel().tolist()),
        counts=counts,
        of_cause=of_cause,
    )


def counted_causes(
    durations: Durations, causes: str, by: str | Sequence[str] | None
) -> tuple[tuple[str, ...], Counts, Days]:
    """Return the causes, sorted; the daily counts; and closings by group, cause and day."""
    found, number = _numbered(durations, causes)
    counts, of_cause = count_causes(durations, by, number, len(found))
    # A cause that only open cases carry is not one.
    used = np.flatnonzero(of_cause.any(axis=(0, 2)))
    return tuple(str(value) for value in found[used]), counts, of_cause[:, used]


def causes_of(durations: Durations, causes: str) -> tuple[tuple[str, ...], Days]:
    """Return the causes, sorted, and the number of each case's cause; open cases have the number after the last."""
    found, number = _numbered(durations, causes)
    used = np.bincount(number[durations.event], minlength=len(found)) > 0
    place = np.cumsum(used) - 1
    return tuple(str(value) for value in found[used]), np.where(durations.event, place[number], used.sum())


def _numbered(durations: Durations, causes: str) -> tuple[pd.Index, Days]:
    """The values of a column of causes, sorted, and the place of each closed case's among them."""
    if causes not in durations.table.columns:
        raise ParameterError(f"no column {causes!r} that says how cases closed: add it with cohort.with_case_column")
    closed = durations.event
    if not closed.any():
        raise Refusal(f"all {len(durations):,} cases are open, so none has a cause of closing: use delay.closing_curve")
    codes, found = numbered(durations.table[causes], gaps=True)
    if isinstance(found, pd.RangeIndex):
        if len(found) <= MOST_SPACED:
            return found, codes
        codes, found = numbered(durations.table[causes])
    missing = int((closed & (codes < 0)).sum())
    if missing:
        raise ParameterError(
            f"{missing:,} of {int(closed.sum()):,} closed cases have no {causes!r}: give them a cause of their own, "
            "e.g. 'not recorded', or leave them out with keep_if"
        )
    return found, np.maximum(codes, 0)


def incidence(counts: Counts, of_cause: Days) -> tuple[Floats, Floats]:
    """Return the share closed by each cause after each day and its standard error, by group, cause and day."""
    at_risk = np.maximum(counts.at_risk, 1).astype(float)[:, None, :]
    all_closed = counts.closed[:, None, :]
    after = np.cumprod(1 - all_closed / at_risk, axis=2)
    before = np.concatenate([np.ones((len(after), 1, 1)), after[:, :, :-1]], axis=2)
    share = np.cumsum(before * of_cause / at_risk, axis=2)
    # Once every case watched has closed, nothing more is added and no variance either.
    left = at_risk - all_closed
    together = np.where(left > 0, all_closed / (at_risk * np.maximum(left, 1)), 0)
    own = before**2 * of_cause * (at_risk - of_cause) / at_risk**3
    cross = before * of_cause / at_risk**2
    # sum over s <= t of (F(t) - F(s))^2 a(s) + b(s) - 2 (F(t) - F(s)) c(s), by expanding the squares
    variance = (
        share**2 * np.cumsum(together, axis=2)
        - 2 * share * (np.cumsum(share * together, axis=2) + np.cumsum(cross, axis=2))
        + np.cumsum(share**2 * together + own + 2 * share * cross, axis=2)
    )
    return settled(share, np.sqrt(np.maximum(variance, 0)))
