"""Mean delays: the restricted mean, and the mean of closed cases only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from accountability.delay.access import closed_cases_only, require_open_cases
from accountability.delay.coarse import coarse_curve
from accountability.delay.counts import Counts, case_counts, columns_of, with_groups
from accountability.delay.product_limit import survival
from accountability.delay.unknown_days import beside, count_spread, ends_of, extremes_said, furthest
from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.privacy import disclose
from accountability.results import Result, capitalised, percent, plural
from accountability.stats.arrays import Floats
from accountability.stats.intervals import z_critical
from accountability.study.durations import Durations, group_codes, require_cases
from accountability.study.inputs import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class RestrictedMean(Result):
    """Mean number of days open within a horizon, by group.

    ``table``: the columns of `by`, ``n``, ``estimate`` (days), ``std_error``, ``lower``, ``upper``; where the end of
    some case is not known, ``extreme_lower`` and ``extreme_upper``, the mean with every such end as early and as late
    as possible.

    Attributes
    ----------
    difference : pandas.DataFrame
        Each later group minus the first: ``group``, ``minus``, ``estimate`` (days), ``std_error``, ``lower``,
        ``upper``, ``p_value``; empty with one group.
    until : int
        The horizon in days.
    by : tuple of str
        The grouping columns.
    confidence : float
        Level of the intervals.
    """

    difference: pd.DataFrame
    until: int
    by: tuple[str, ...]
    confidence: float

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Hide groups of fewer than ten cases."""
        return disclose(table, counts=("n",), keep=self.by) if self.by else table

    def sentence(self) -> str:
        """State the means and, with two groups, their difference."""
        said = []
        for row in self.table.dropna(subset="n").to_dict("records"):
            name = ", ".join(str(row[column]) for column in self.by)
            said.append(
                f"{name + ': ' if name else ''}a case was open for {row['estimate']:.1f} of its first {self.until:,} "
                f"days on average ({_ends(row, f'{percent(self.confidence)} interval ')}"
                + extremes_said(row, "extreme", "{:.1f}".format)
                + ")"
            )
        text = "; ".join(said)
        if len(self.difference) == 1:
            only = self.difference.iloc[0]
            text += (
                f"; the difference is {only['estimate']:.1f} days ({_ends(only)}), "
                f"{only['group']} minus {only['minus']}"
            )
        return f"{text}."

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw each group's mean with its interval."""
        axes = draw.new_axes(ax)
        shown = self.table.dropna(subset="n")
        frame = shown.assign(label=_labels(shown, self.by))
        draw.ranges(
            axes, frame, label="label", estimate="estimate", lower="lower", upper="upper", kind="days", unit="days"
        )
        axes.set_xlabel(f"mean days open within {self.until:,} days")
        return axes


@takes("durations")
def restricted_mean(
    durations: Durations, until: int, by: str | Sequence[str] | None = None, confidence: float = 0.95
) -> RestrictedMean:
    """Estimate the mean number of days a case is open within its first `until` days.

    Parameters
    ----------
    durations : Durations
        Of open and closed cases; with dates coarser than a day the curve is :func:`~accountability.delay.coarse_curve`.
    until : int
        The horizon: delays beyond it count as `until` days.
    by : str or sequence of str, optional
        Columns to group by.
    confidence : float
        Level of the intervals.

    Returns
    -------
    RestrictedMean

    Raises
    ------
    Refusal
        When cases of a group were not watched as long as `until`, or the closing curve cannot be estimated.
    ParameterError
        When `until` is not a positive whole number of days.

    Examples
    --------
    >>> from accountability import delay
    >>> from accountability.study.durations import Durations
    >>> delay.restricted_mean(Durations.from_days(range(100)), 50).table["estimate"].round(2).item()
    37.25

    Notes
    -----
    The area under the Kaplan-Meier curve up to `until`; variance by Greenwood's plug-in (Klein and Moeschberger
    2003, section 4.5), without small-sample factor, as R's survRM2 and survival use.
    """
    if isinstance(until, str) or int(until) != until or until <= 0:
        raise ParameterError(f"until must be a positive whole number of days, found {until!r}")
    until = int(until)
    require_open_cases(durations, "the restricted mean")
    columns = columns_of(by)
    z = z_critical(confidence)
    if durations.known_days().exact:
        counts = count_spread(durations, by)
        require_watched(counts, until)
        groups, cases = counts.groups, case_counts(durations, by)["n"].to_numpy()
        mean, error = area(counts, until)
        method = "Kaplan-Meier curve to day {:,}, Greenwood plug-in variance"
    else:
        curve = coarse_curve(durations, by, confidence)
        groups, cases = curve.groups, curve.true_numbers("cases")["n"].to_numpy()
        mean, error = curve.mean_open(until)
        method = "smooth curve from coarse dates to day {:,}, variance by the delta method"
    error = np.where(error > 0, error, np.nan)  # a curve that does not vary gives no error, and so no interval
    table = with_groups(
        groups,
        np.arange(len(mean)),
        {
            "n": cases,
            "estimate": mean,
            "std_error": error,
            "lower": np.maximum(mean - z * error, 0),
            "upper": np.minimum(mean + z * error, until),
        },
    )
    table = beside(
        durations,
        table,
        columns,
        lambda end: restricted_mean(end, until, by, confidence).true_numbers(),
        {"extreme": ("estimate", "estimate", "early")},
    )
    return RestrictedMean(
        estimand=f"mean days open within the first {until:,} days, by {durations.clock}",
        assumptions=("whether a case is still open at the cut-off tells nothing about how much longer it will take",),
        method=f"area under the {method.format(until)}, plain {percent(confidence)} interval",
        table=table,
        flow=durations.flow,
        difference=_differences(_labels(groups, columns), mean, error, z),
        until=until,
        by=columns,
        confidence=confidence,
    )


def area(counts: Counts, until: int) -> tuple[Floats, Floats]:
    """Return the area under each group's closing curve up to a day, and its standard error."""
    days = min(counts.closed.shape[1], until)
    share, _ = survival(counts)
    # A closing on day d ends the delay at d: the curve is share[d] from d to d + 1.
    height = share[:, :days]
    seen = 1.0 if counts.seen is None else np.maximum(counts.seen[:, :days], 1e-9)
    mean = height.sum(axis=1) + (until - days) * height[:, -1]
    beyond = mean[:, None] - np.cumsum(height, axis=1) + height
    closed, at_risk = counts.closed[:, :days], np.maximum(counts.at_risk[:, :days], 1)
    weight = closed / (at_risk * np.maximum(at_risk - closed, 1) * seen)
    weight[(closed >= counts.at_risk[:, :days] - 1e-9) | (np.broadcast_to(seen, closed.shape) <= 1e-9)] = 0
    return mean, np.sqrt((beyond**2 * weight).sum(axis=1))


def require_watched(counts: Counts, until: int) -> None:
    """Refuse a horizon beyond a group's follow-up, where some of its cases stayed open."""
    share, _ = survival(counts)
    for number in range(len(share)):
        last = int(np.flatnonzero(counts.closed[number] + counts.left[number] > 1e-9)[-1])
        if until > last and share[number, -1] > 0:
            name = ", ".join(str(value) for value in counts.groups.iloc[number])
            raise Refusal(
                f"no case{' of ' + name if name else ''} was watched for {until:,} days (the longest: {last:,}) and "
                f"some were still open: choose until= up to {last:,}"
            )


def _ends(row: Mapping[Any, Any] | pd.Series, lead: str = "") -> str:
    if pd.isna(row["lower"]):
        return "no interval exists"
    return f"{lead}{row['lower']:.1f} to {row['upper']:.1f}"


def _differences(labels: list[str], mean: Floats, error: Floats, z: float) -> pd.DataFrame:
    from scipy.special import ndtr

    days = mean[1:] - mean[0]
    spread = np.sqrt(error[1:] ** 2 + error[0] ** 2)
    known = spread > 0
    ratio = np.divide(np.abs(days), spread, out=np.full_like(days, np.nan), where=known)
    return pd.DataFrame(
        {
            "group": pd.Series(labels[1:], dtype="str"),
            "minus": pd.Series([labels[0]] * len(days), dtype="str"),
            "estimate": days,
            "std_error": spread,
            "lower": days - z * spread,
            "upper": days + z * spread,
            "p_value": 2 * ndtr(-ratio),
        }
    )


def _labels(frame: pd.DataFrame, by: Sequence[str]) -> list[str]:
    if not by:
        return ["all cases"] * len(frame)
    return [", ".join(str(value) for value in row) for row in frame[list(by)].itertuples(index=False)]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class MeanOfClosedOnly(Result):
    """Mean and median days of closed cases only; biased as an estimate of how long cases take.

    ``table``: the columns of `by`, ``n`` (cases closed on a known day), ``open`` (left out), ``mean_days``,
    ``median_days``; with dates coarser than a day, each has ``..._lower`` and ``..._upper`` instead. Cases closed on an
    unknown day are left out; ``states`` counts them. ``mean_days_extreme_lower`` and so on are the least and most with
    them and with cases that may or may not have closed.

    Attributes
    ----------
    by : tuple of str
        The grouping columns.
    leaves_out : str
        What the release leaves out, in words; empty when it holds the open cases.
    """

    by: tuple[str, ...]
    leaves_out: str

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Hide groups of fewer than ten closed cases, and small numbers left out."""
        if not self.by:
            return table
        means = [str(name) for name in table if name not in ("n", "open")]
        return disclose(disclose(table, counts=("n",), keep=self.by), counts=("open",), keep=("n", *means))

    def sentence(self) -> str:
        """State the means with the cases they leave out."""
        said = []
        for row in self.table.dropna(subset="n").to_dict("records"):
            name = ", ".join(str(row[column]) for column in self.by)
            said.append(
                f"{name + ': ' if name else ''}the {plural(int(row['n']), 'case')} that had closed "
                f"{'on a known day ' if 'mean_days_extreme_lower' in row else ''}took "
                f"{_days(row, 'mean_days', '.1f')} days on average (median {_days(row, 'median_days', '.0f')}"
                + extremes_said(row, "mean_days_extreme", "{:.1f} days on average".format)
                + "); "
                f"{self.leaves_out or _left_out(row['open'])}"
            )
        return capitalised(f"{'; '.join(said)}, so this is not how long cases take.")


@takes("durations")
def mean_of_closed_only(durations: Durations, by: str | Sequence[str] | None = None) -> MeanOfClosedOnly:
    """Return the mean and median delay of closed cases only, for comparison with figures published that way.

    Parameters
    ----------
    durations : Durations
        Of closed cases; with dates coarser than a day each mean is given as bounds.
    by : str or sequence of str, optional
        Columns to group by.

    Returns
    -------
    MeanOfClosedOnly

    Raises
    ------
    Refusal
        When no case closed, or no closing day is known.

    Examples
    --------
    >>> from accountability import delay
    >>> from accountability.study.durations import Durations
    >>> made = Durations.from_days([10, 20, 500], [True, True, False])
    >>> delay.mean_of_closed_only(made).table[["n", "open", "mean_days"]].to_numpy().tolist()
    [[2.0, 1.0, 15.0]]
    """
    require_cases(durations, "the mean of closed cases")
    if durations.current_status:
        raise Refusal("no closing day is known, so closed cases have no mean: use delay.current_status_curve")
    groups, codes = group_codes(durations, by)
    unknown, closed = durations.unknown_day, durations.event & ~durations.unknown_day
    total = np.bincount(codes[~unknown], minlength=len(groups))
    done = np.bincount(codes[closed], minlength=len(groups))
    if not done.all():
        raise Refusal(f"{int((done == 0).sum())} of {len(done)} groups have no closed case, so no mean of closed cases")
    columns: dict[str, npt.NDArray] = {"n": done, "open": total - done}
    ends = (
        {"": durations.days_upper}
        if durations.known_days().exact
        else {"_lower": durations.days_lower, "_upper": durations.days_upper}
    )
    for ending, days in ends.items():
        taken = pd.Series(days[closed]).groupby(codes[closed])
        columns[f"mean_days{ending}"] = taken.mean().to_numpy(float)
        columns[f"median_days{ending}"] = taken.median().to_numpy(float)
    columns |= _extremes(durations, groups, by)
    return MeanOfClosedOnly(
        estimand=f"mean of the delays already ended, by {durations.clock}; not how long cases take",
        assumptions=("none makes this the delay of all cases: the slowest are still open or were never published",),
        method="arithmetic mean and median of closed cases",
        table=with_groups(groups, np.arange(len(groups)), columns),
        flow=durations.flow,
        by=columns_of(by),
        leaves_out=_leaves_out(durations),
    )


def _extremes(durations: Durations, groups: pd.DataFrame, by: str | Sequence[str] | None) -> dict[str, npt.NDArray]:
    """The least and the most that the means and medians can be, wherever the ends lie that are not known."""
    ends = ends_of(durations)
    if ends is None:
        return {}
    quick, slow = ends
    others, number = group_codes(quick, by)
    if by:
        number = pd.MultiIndex.from_frame(groups).get_indexer(pd.MultiIndex.from_frame(others))[number]
    # Whoever may have ended comes after those of whom it is known.
    may = np.arange(len(quick)) >= len(durations)
    must = quick.event & ~may
    sides = (("lower", quick.days_lower, 1), ("upper", slow.end, -1))
    own = [number == group for group in range(len(groups))]
    return {
        f"{name}_days_extreme_{end}": np.array([furthest(days[must & one], days[may & one], sign, name) for one in own])
        for name in ("mean", "median")
        for end, days, sign in sides
    }


def _leaves_out(durations: Durations) -> str:
    sampling = durations.sampling
    if sampling.rule == "selected_on_outcome":
        return f"the records were selected on {', '.join(sampling.selected_on) or 'the outcome'}"
    return "open cases are not in the release" if closed_cases_only(durations) else ""


def _left_out(count: int) -> str:
    if pd.isna(count):
        return "open cases, too few to show, are left out"
    return f"{plural(count, 'open case')} {'is' if count == 1 else 'are'} left out"


def _days(row: dict[Any, Any], column: str, form: str) -> str:
    """A number of days, or its least and most, as prose writes it."""
    if column in row:
        return format(row[column], form)
    return f"{row[column + '_lower']:{form}} to {row[column + '_upper']:{form}}"
