"""The closing curve with confidence intervals when start dates, closing dates or both are months or years."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from accountability.delay.access import require_open_cases
from accountability.delay.competing import causes_of
from accountability.delay.counts import case_counts, columns_of, days_asked, label_of, stacked, with_groups
from accountability.delay.curve import Curve, rests_on_few, without
from accountability.delay.product_limit import closing_curve
from accountability.delay.unknown_days import with_extremes
from accountability.errors import ParameterError, Refusal
from accountability.results import percent
from accountability.stats.arrays import Days, Floats
from accountability.stats.intervals import curve_interval, settled, z_critical
from accountability.stats.sieve import Cells, Model, Smooth
from accountability.study.durations import Durations, group_codes
from accountability.study.extremes import placed
from accountability.study.inputs import takes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CoarseCurve(Curve):
    """Share of cases still open by days, estimated from coarse dates as a smooth curve.

    ``table`` has one row per day, from 0 to the last one known about: the columns of `by`, ``day``, ``estimate`` (share
    still open after that day), ``std_error``, ``lower``, ``upper``.

    Attributes
    ----------
    causes : tuple of str
        How cases closed, sorted; empty without `causes`.
    convergence : pandas.DataFrame
        One row per group: ``steps`` (periods of days within which the density is linear), ``widest_step`` (days),
        ``loglik``, ``kuhn_tucker_gap`` (at most 1e-6).
    fits : tuple of Smooth
        Each group's masses and their covariance.
    """

    causes: tuple[str, ...]
    convergence: pd.DataFrame
    fits: tuple[Smooth, ...]

    dates: ClassVar[str] = "; dates are coarser than a day"

    def _bounds_said(self) -> str:
        """Say between which days the median lies wherever inside their dates closings heap."""
        return super()._bounds_said() or self._ends_said("Wherever inside the days that are possible closings heap")

    def causes_at(self, days: Sequence[int]) -> pd.DataFrame:
        """Return the share of all cases closed by each cause by given days.

        Returns
        -------
        pandas.DataFrame
            One row per group, cause and day: ``cause``, ``day``, ``estimate``, ``std_error``, ``lower``, ``upper``;
            missing beyond the last day known about. Estimates from fewer than ten cases are ``hidden``.

        Raises
        ------
        ParameterError
            If a day is negative, or the curve was made without `causes`.
        """
        shown = self.true_causes_at(days)
        size = np.repeat(self.true_numbers("cases")["n"].to_numpy(), len(shown) // len(self.rows))
        return without(shown, rests_on_few(shown["estimate"].to_numpy(), size), (*self.by, "cause", "day"))

    def true_causes_at(self, days: Sequence[int]) -> pd.DataFrame:
        """Return the shares closed by each cause with nothing hidden."""
        if not self.causes:
            raise ParameterError(
                "this curve knows no causes of closing: make it with delay.coarse_curve(..., causes=COLUMN)"
            )
        asked = days_asked(days)
        rows = []
        for number, found in enumerate(self.fits):
            known = asked <= found.last
            weights = np.cumsum(found.shape, axis=1)[:, np.where(known, asked, 0)].T
            for place, name in enumerate(self.causes):
                share, error = settled(*found.share(weights, slice(place, place + 1)))
                lower, upper = curve_interval(share, error, self.confidence or 0)
                columns = {"estimate": share, "std_error": error, "lower": lower, "upper": upper}
                head = {"cause": pd.array([name] * len(asked), dtype="str"), "day": asked}
                rest = {column: np.where(known, values, np.nan) for column, values in columns.items()}
                rows.append(with_groups(self.groups, np.full(len(asked), number), head | rest))
        return pd.concat(rows, ignore_index=True)

    def mean_open(self, until: int) -> tuple[Floats, Floats]:
        """Return the mean days open within the first `until` days, by group, and its standard error.

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

    def _half(self, part: pd.DataFrame, median: Mapping[Any, Any], *, exact: bool, about: str = "about ") -> str:
        return super()._half(part, median, exact=exact, about=about)

    def _in_steps(self, part: pd.DataFrame, cases: pd.Series) -> pd.DataFrame:
        """Show every day: each is read off a smooth course through at least 20 closings a stretch."""
        return part[~rests_on_few(part["estimate"].to_numpy(), cases["n"]) | (part["estimate"] == 1)]


@takes("durations")
@with_extremes
def coarse_curve(
    durations: Durations,
    by: str | Sequence[str] | None = None,
    confidence: float = 0.95,
    *,
    causes: str | None = None,
) -> CoarseCurve:
    """Estimate the share of cases still open after each day when dates are known to a month, a year or a span.

    Parameters
    ----------
    durations : Durations
        Of open and closed cases, all watched from the start. ``start_span`` and ``stop_span``, which
        :func:`accountability.study.clocks.durations` adds where starts are coarse, give the possible days of each date.
    by : str or sequence of str, optional
        Columns to group by.
    confidence : float
        Level of the pointwise intervals.
    causes : str, optional
        Column that says how a case closed, filled for every closed case, for the share closed by each cause
        (:meth:`CoarseCurve.causes_at`).

    Returns
    -------
    CoarseCurve

    Raises
    ------
    Refusal
        When the source holds closed cases only or was selected on the outcome, dates are known to the day, cases enter
        late, or too few closed for dates so coarse.
    ParameterError
        When the cause of closing or a group is missing for some cases.
    NotConverged
        When the maximum likelihood could not be verified.

    Examples
    --------
    >>> import numpy as np
    >>> from accountability import delay
    >>> from accountability.study.durations import Durations
    >>> first = np.arange(600) % 300
    >>> curve = delay.coarse_curve(Durations.from_days(first, days_upper=first + 29))
    >>> curve.at([300])["estimate"].round(2).item()
    0.04

    Notes
    -----
    Maximum likelihood with starts spread evenly over the days they may have been on (the likelihood of doubly
    interval-censored data; De Gruttola and Lagakos 1989) over linear splines of the daily share closed. The tops of
    the spline are as far apart as nine tenths of the dates are coarse, and from one to the next lie the middles of at
    least 20 closings (before the last top, of those that are left), so the masses have the usual variance (the inverse
    of the observed information) and intervals follow by the delta method on the log-log scale.
    :func:`interval_curve <accountability.delay.interval.interval_curve>` assumes no smoothness and has no such
    interval; of starts that are coarse too, it takes every day between the ends as alike.
    """
    what = "the curve from coarse dates"
    require_open_cases(durations, what)
    z_critical(confidence)
    if durations.exact and "start_span" not in durations.table:
        raise Refusal(f"all dates of {durations.sampling.source} are known to the day: use delay.closing_curve")
    if durations.left_truncated:
        raise Refusal(
            f"{int((durations.entry_time > 0).sum()):,} cases entered late and their dates are coarse: "
            "keep only cases that started after watching began, or use delay.closing_curve on dates known to the day"
        )
    groups, codes = group_codes(durations, by)
    names, kind = causes_of(durations, causes) if causes is not None else ((), np.zeros_like(codes))
    kinds = max(len(names), 1)
    # An open case has no cause; it stands with the first.
    kind = codes * kinds + np.where(durations.event, kind, 0)
    cells, place = cells_of(durations)
    number = tally(place, kind, len(groups) * kinds)
    fits = []
    for group in range(len(groups)):
        own = number[:, group * kinds : (group + 1) * kinds]
        held = own.sum(axis=1) > 0
        fits.append(Model.of(cells.part(held), own[held], f"{label_of(groups, group)}{what}").fit(own[held]))
    curve = CoarseCurve(
        estimand=f"share of cases still open by {durations.clock}",
        assumptions=(
            "whether a case is still open at the cut-off tells nothing about how much longer it will take",
            "starts and stops known to a stretch of days fall evenly on them",
            "how coarsely a case is dated tells nothing about how long it took",
            "the share closing a day changes smoothly: no day inside a month stands out",
            "cases are independent of each other",
        ),
        method=f"maximum likelihood for dates coarse at either end over linear splines of the daily share closed, "
        f"pointwise {percent(confidence)} log-log interval; likelihood within {max(found.gap for found in fits):.0e} "
        "of its maximum",
        table=stacked(groups, [_columns(found, confidence) for found in fits]),
        flow=durations.flow,
        by=columns_of(by),
        causes=names,
        confidence=confidence,
        clock=durations.clock,
        cases=case_counts(durations, by),
        rows=tuple(found.last + 1 for found in fits),
        convergence=groups.assign(
            steps=[len(found.tops) - 1 for found in fits],
            widest_step=[int(np.diff(found.tops).max()) for found in fits],
            loglik=[found.loglik for found in fits],
            kuhn_tucker_gap=[found.gap for found in fits],
        ),
        fits=tuple(fits),
    )
    object.__setattr__(curve, "ends", tuple(closing_curve(placed(durations, end), by, confidence) for end in (0, 1)))
    return curve


def _columns(found: Smooth, confidence: float) -> dict[str, Any]:
    share, error = settled(*found.share(1 - np.cumsum(found.shape, axis=1)[:, : found.last + 1].T))
    lower, upper = curve_interval(share, error, confidence)
    return {
        "day": np.arange(found.last + 1),
        "estimate": share,
        "std_error": error,
        "lower": lower,
        "upper": upper,
    }


def _spans(durations: Durations) -> tuple[Days, Days]:
    """Number of days each case's start and stop can have been on.

    Raises
    ------
    ParameterError
        If a span is below 1, or the two do not fit the days of a delay.
    """
    table, closed = durations.table, durations.event
    width = np.where(closed, durations.days_upper - durations.days_lower, 0)
    if "start_span" not in table.columns:
        return np.ones_like(width), width + 1
    start = table["start_span"].to_numpy(np.int64)
    stop = (width + 2 - start) if "stop_span" not in table.columns else table["stop_span"].to_numpy(np.int64)
    wrong = (start < 1) | (closed & ((stop < 1) | (start + stop - 2 < width)))
    if wrong.any():
        raise ParameterError(
            f"{int(wrong.sum()):,} of {len(width):,} cases have a start_span or stop_span that does not fit their days "
            f"(first: case_id {table['case_id'].iloc[int(np.argmax(wrong))]}); their sum "
            "less 2 is at least days_upper - days_lower"
        )
    return start, stop


def cells_of(durations: Durations) -> tuple[Cells, Days]:
    """Return the distinct combinations of delay and date spans, and the combination of each case."""
    start, stop = _spans(durations)
    closed = durations.event
    kind = np.column_stack(
        [durations.days_lower, np.where(closed, durations.days_upper, 0), start, np.where(closed, stop, 0)]
    )
    sides = kind.max(axis=0) + 1
    key = np.ravel_multi_index(tuple(kind.T), tuple(sides)) if np.prod(sides.astype(float)) < 2**62 else None
    if key is None:
        _, first, place = np.unique(kind, axis=0, return_index=True, return_inverse=True)
    else:
        _, first, place = np.unique(key, return_index=True, return_inverse=True)
    return Cells(*kind[first].T), place.ravel()


def tally(place: Days, codes: Days, size: int) -> Floats:
    """Count the cases of each kind (rows) by a code from 0 to `size` - 1 (columns)."""
    kinds = int(place.max()) + 1
    return np.bincount(place * size + codes, minlength=kinds * size).reshape(kinds, size).astype(float)
