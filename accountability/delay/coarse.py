"""The closing curve with its margin of chance when dates are months or years, at one end or at both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from accountability.delay.access import require_open_cases
from accountability.delay.coarse_dates import cells_of, tally
from accountability.delay.competing import causes
from accountability.delay.counts import columns_of, label_of, pieces, with_groups
from accountability.delay.curve import NOT_REACHED, crossings
from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.results import Result, capitalised, percent, plural
from accountability.stats.arrays import Floats
from accountability.stats.intervals import curve_interval, settled, z_critical
from accountability.stats.sieve import Model, Smooth
from accountability.study.durations import Durations, group_codes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CoarseCurve(Result):
    """Share of cases still open by days, from coarse dates, taken to change smoothly between them.

    ``table`` has one row a day, from 0 to the last one known about: the columns of `by`, ``day``, ``still_open``
    (share, after that day), ``std_error``, ``lower``, ``upper``.

    Attributes
    ----------
    by : tuple of str
        The grouping columns.
    way : str or None
        The column with the way of closing, where it was asked for.
    ways : tuple of str
        The ways, sorted; empty without `way`.
    level : float
        Level of the intervals.
    clock : str
        The clock.
    convergence : pandas.DataFrame
        One row a group: ``cases``, ``still_open_cases``, ``steps`` (stretches of days the pace is straight in),
        ``widest_step`` (days), ``loglik``, ``kuhn_tucker_gap`` (at most 1e-6).
    groups : pandas.DataFrame
        One row a group.
    fits : tuple of Smooth
        Each group's masses and their covariance.
    """

    by: tuple[str, ...]
    way: str | None
    ways: tuple[str, ...]
    level: float
    clock: str
    convergence: pd.DataFrame
    groups: pd.DataFrame
    fits: tuple[Smooth, ...]

    def quantile(self, p: float | Sequence[float] = 0.5) -> pd.DataFrame:
        """Day by which a share of cases had closed.

        Parameters
        ----------
        p : float or sequence of float
            Shares closed, between 0 and 1.

        Returns
        -------
        pandas.DataFrame
            One row a group and share: ``p``; ``day``; ``lower``, ``upper``, the days at which the curve's pointwise
            limits cross the share; Int64, missing when not reached; ``reads``, the same in words.

        Raises
        ------
        ParameterError
            If a share is not between 0 and 1.
        """
        return crossings(self._parts(), self.groups, p)

    def still_open_at(self, days: Sequence[int]) -> pd.DataFrame:
        """Share of cases still open after given days.

        Returns
        -------
        pandas.DataFrame
            One row a group and day: ``day``, ``still_open``, ``lower``, ``upper``; missing beyond the last day known
            about.

        Raises
        ------
        ParameterError
            If a day is negative.
        """
        asked = _days(days)
        rows = []
        for number, part in self._parts():
            known = asked < len(part)
            place = np.where(known, asked, 0)
            columns = {"day": asked} | {
                name: np.where(known, part[name].to_numpy()[place], np.nan) for name in ("still_open", "lower", "upper")
            }
            rows.append(with_groups(self.groups, np.full(len(asked), number), columns))
        return pd.concat(rows, ignore_index=True)

    def closed_at(self, days: Sequence[int]) -> pd.DataFrame:
        """Share of all cases closed in each way by given days.

        Returns
        -------
        pandas.DataFrame
            One row a group, way and day: ``way``, ``day``, ``closed_by``, ``std_error``, ``lower``, ``upper``; missing
            beyond the last day known about.

        Raises
        ------
        ParameterError
            If a day is negative, or the curve was made without `way`.
        """
        if self.way is None:
            raise ParameterError(
                "this curve knows no ways of closing: make it with delay.coarse_curve(..., way=COLUMN)"
            )
        asked = _days(days)
        rows = []
        for number, found in enumerate(self.fits):
            known = asked <= found.last
            weights = np.cumsum(found.shape, axis=1)[:, np.where(known, asked, 0)].T
            for place, name in enumerate(self.ways):
                share, error = settled(*found.share(weights, slice(place, place + 1)))
                lower, upper = curve_interval(share, error, self.level)
                columns = {"closed_by": share, "std_error": error, "lower": lower, "upper": upper}
                head = {"way": pd.array([name] * len(asked), dtype="str"), "day": asked}
                rest = {column: np.where(known, values, np.nan) for column, values in columns.items()}
                rows.append(with_groups(self.groups, np.full(len(asked), number), head | rest))
        return pd.concat(rows, ignore_index=True)

    def mean_open(self, until: int) -> tuple[Floats, Floats]:
        """Mean days open within the first `until` days, by group, and its standard error.

        Raises
        ------
        Refusal
            When cases of a group were not watched as long as `until`.
        """
        means, errors = [], []
        for number, found in enumerate(self.fits):
            if until > found.last + 1 and found.mass[0, -1] > 0:
                raise Refusal(
                    f"{label_of(self.groups, number)}no case was watched for {until:,} days (the longest: "
                    f"{found.last + 1:,}) and some were still open: choose until= up to {found.last + 1:,}"
                )
            still = 1 - np.cumsum(found.shape, axis=1)[:, :until]
            mean, error = found.share(still.sum(axis=1)[None, :])
            means.append(mean[0])
            errors.append(error[0])
        return np.array(means), np.array(errors)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the curve with its interval."""
        axes = draw.new_axes(ax)
        draw.steps(axes, self.table, x="day", y="still_open", lower="lower", upper="upper", by=self.by)
        axes.set_ylim(0, 1.02)
        axes.set_xlim(left=0)
        axes.set_xlabel("days")
        axes.set_ylabel("share still open")
        return axes

    def sentence(self) -> str:
        """Say how many cases there were, how many are open, and when half had closed."""
        said = []
        medians = self.quantile(0.5).to_dict("records")
        for row, (number, part) in zip(medians, self._parts(), strict=True):
            cases, still = (int(self.convergence[name].iloc[number]) for name in ("cases", "still_open_cases"))
            if pd.isna(row["day"]):
                left = percent(part["still_open"].iloc[-1])
                half = f"half had not closed in the time watched ({left} were still open at its end)"
            else:
                ends = " to ".join(NOT_REACHED if pd.isna(row[end]) else f"{row[end]:,}" for end in ("lower", "upper"))
                half = (
                    f"half had closed within about {plural(int(row['day']), 'day')} ({percent(self.level)} interval "
                    f"{ends})"
                )
            said.append(f"{label_of(self.groups, number)}of {plural(cases, 'case')}, {still:,} still open, {half}")
        return capitalised(f"{'; '.join(said)}; dates are coarser than a day [{self.clock}].")

    def _parts(self) -> list[tuple[int, pd.DataFrame]]:
        return pieces(self.table, [found.last + 1 for found in self.fits])


def coarse_curve(
    durations: Durations,
    by: str | Sequence[str] | None = None,
    level: float = 0.95,
    *,
    way: str | None = None,
) -> CoarseCurve:
    """Estimate the share of cases still open after each day when dates are known to a month, a year or a span.

    Parameters
    ----------
    durations : Durations
        Of open and closed cases, all watched from the start. ``start_span`` and ``stop_span``, which
        :func:`accountability.study.clocks.durations` adds where starts are coarse, say how the days of a delay are
        weighed.
    by : str or sequence of str, optional
        Columns to group by.
    level : float
        Level of the pointwise intervals.
    way : str, optional
        Column with the way a case closed, filled for every closed case, for the share closed in each way
        (:meth:`CoarseCurve.closed_at`).

    Returns
    -------
    CoarseCurve

    Raises
    ------
    Refusal
        When the source holds closed cases only or was selected on the outcome, dates are known to the day, cases enter
        late, too few closed for the coarseness of the dates, or these tell too little apart.
    ParameterError
        When the way or a group is not recorded for some cases.
    NotConverged
        When the maximum was not proven to be reached.

    Notes
    -----
    Maximum likelihood with starts spread evenly over the days they may have been on (the likelihood of doubly
    interval-censored data; De Gruttola and Lagakos 1989) over linear splines of the daily share closed. The tops of
    the spline are as far apart as nine tenths of the dates are coarse, and from one to the next lie the middles of at
    least 20 closings (before the last top, of those that are left), so the masses have the usual variance (the inverse
    of the observed information) and intervals follow by the delta method on the log-log scale.
    :func:`~accountability.delay.interval_curve` assumes no smoothness and has no such interval; of starts that are
    coarse too, it takes every day between the ends as alike.
    """
    what = "the curve from coarse dates"
    require_open_cases(durations, what)
    z_critical(level)
    if durations.exact and "start_span" not in durations.table:
        raise Refusal(f"all dates of {durations.sampling.source} are known to the day: use delay.closing_curve")
    if durations.left_truncated:
        raise Refusal(
            f"{int((durations.entry_time > 0).sum()):,} cases came into sight late and their dates are coarse: "
            "keep only cases that started after watching began, or use delay.closing_curve on dates known to the day"
        )
    groups, codes = group_codes(durations, by)
    ways, kind = causes(durations, way) if way is not None else ((), np.zeros_like(codes))
    kinds = max(len(ways), 1)
    # An open case has no way; it stands with the first.
    kind = codes * kinds + np.where(durations.event, kind, 0)
    cells, place = cells_of(durations)
    number = tally(place, kind, len(groups) * kinds)
    fits = []
    for group in range(len(groups)):
        own = number[:, group * kinds : (group + 1) * kinds]
        held = own.sum(axis=1) > 0
        fits.append(Model.of(cells.part(held), own[held], f"{label_of(groups, group)}{what}").fit(own[held]))
    cases = np.bincount(codes, minlength=len(groups))
    still = np.bincount(codes[~durations.event], minlength=len(groups))
    return CoarseCurve(
        estimand=f"share of cases still open by {durations.clock}",
        assumptions=(
            "whether a case is still open at the cut-off tells nothing about how much longer it will take",
            "starts and stops known to a stretch of days fall evenly on them",
            "how coarsely a case is dated tells nothing about how long it took",
            "the share closing a day changes smoothly: no day inside a month stands out",
            "cases are independent of each other",
        ),
        method=f"maximum likelihood for dates coarse at either end over linear splines of the daily share closed, "
        f"pointwise {percent(level)} log-log interval, Kuhn-Tucker gap {max(found.gap for found in fits):.1e}",
        table=_table(groups, fits, level),
        flow=durations.flow,
        by=columns_of(by),
        way=way,
        ways=ways,
        level=level,
        clock=durations.clock,
        convergence=with_groups(
            groups,
            np.arange(len(groups)),
            {
                "cases": cases,
                "still_open_cases": still,
                "steps": np.array([len(found.tops) - 1 for found in fits]),
                "widest_step": np.array([int(np.diff(found.tops).max()) for found in fits]),
                "loglik": np.array([found.loglik for found in fits]),
                "kuhn_tucker_gap": np.array([found.gap for found in fits]),
            },
        ),
        groups=groups,
        fits=tuple(fits),
    )


def _table(groups: pd.DataFrame, fits: Sequence[Smooth], level: float) -> pd.DataFrame:
    parts = []
    for found in fits:
        share, error = settled(*found.share(1 - np.cumsum(found.shape, axis=1)[:, : found.last + 1].T))
        lower, upper = curve_interval(share, error, level)
        parts.append((np.arange(found.last + 1), share, error, lower, upper))
    names = ("day", "still_open", "std_error", "lower", "upper")
    columns = {name: np.concatenate(column) for name, column in zip(names, zip(*parts, strict=True), strict=True)}
    return with_groups(groups, np.repeat(np.arange(len(fits)), [found.last + 1 for found in fits]), columns)


def _days(days: Sequence[int]) -> np.ndarray:
    asked = np.asarray(days, dtype=np.int64)
    if (asked < 0).any():
        raise ParameterError(f"days must not be negative, found {int(asked.min())}")
    return asked
