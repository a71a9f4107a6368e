"""Simultaneous confidence bands for whole curves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd

from accountability.delay.competing import CompetingClosings
from accountability.delay.counts import Counts, with_groups
from accountability.delay.product_limit import DelayCurve, survival
from accountability.errors import ParameterError, Refusal
from accountability.figures.group_curves import Curves
from accountability.figures.house_style import housed
from accountability.figures.titles import titled
from accountability.results import percent
from accountability.stats.arrays import Days, Floats
from accountability.stats.intervals import Transform, curve_interval, z_critical
from accountability.study.inputs import takes_only

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Kind = Literal["equal-precision", "hall-wellner"]

GRID: Final = 300
"""Points of the numerical grids below; 300 give critical values to better than 0.002."""


@takes_only(DelayCurve, "delay.curve_band(delay.kaplan_meier(data))")
def curve_band(
    curve: DelayCurve, kind: Kind = "equal-precision", *, first_day: int | None = None, last_day: int | None = None
) -> pd.DataFrame:
    """Estimate a simultaneous confidence band for the closing curve between two days, at the curve's level.

    Parameters
    ----------
    curve : DelayCurve
    kind : {"equal-precision", "hall-wellner"}
        Nair's (1984) band has the same number of standard errors everywhere; Hall and Wellner's (1980) is narrower in
        the middle and wider at the ends.
    first_day, last_day : int, optional
        The days covered. When left out, those where the band's time scale lies between 0.05 and 0.95, as standard
        errors at the first and last closings are unstable.

    Returns
    -------
    pandas.DataFrame
        The columns of `by`, ``day``, ``estimate``, ``lower``, ``upper``, ``critical`` (multiplier of the standard error
        for "equal-precision"; critical value of the Brownian bridge for "hall-wellner").

    Raises
    ------
    ParameterError
        For an unknown kind, or days out of order.
    Refusal
        When a group has fewer than two days between them.

    Examples
    --------
    >>> from accountability import delay
    >>> from accountability.study.durations import Durations
    >>> curve = delay.closing_curve(Durations.from_days(range(100)))
    >>> delay.curve_band(curve, first_day=20, last_day=80)["critical"].iloc[0].round(2).item()
    2.91

    Notes
    -----
    On the log-log scale, on which bands hold their level in small samples (Borgan and Liestoel 1990).
    """
    if kind not in ("equal-precision", "hall-wellner"):
        raise ParameterError(f"unknown band {kind!r}: equal-precision or hall-wellner")
    if first_day is not None and last_day is not None and first_day > last_day:
        raise ParameterError(f"first_day={first_day} is after last_day={last_day}")
    share, greenwood = survival(curve.counts)
    rows = []
    for number in range(len(share)):
        cases = float(curve.counts.entered[number].sum())
        time = cases * greenwood[number] / (1 + cases * greenwood[number])
        days = np.flatnonzero(curve.counts.closed[number] * (share[number] > 0))
        inside = days[(time[days] >= 0.05) & (time[days] <= 0.95)] if first_day is None and last_day is None else days
        inside = inside[(inside >= (first_day or 0)) & (inside <= (np.inf if last_day is None else last_day))]
        if len(inside) < 2:
            raise Refusal(
                f"a band needs at least two days with closings in the stretch, found {len(inside)}: choose another "
                "first_day and last_day, or use the pointwise intervals"
            )
        ends = float(time[inside[0]]), float(time[inside[-1]])
        s = share[number, inside]
        if kind == "equal-precision":
            found = equal_precision(curve.confidence or 0, *ends)
            width = found * np.sqrt(greenwood[number, inside]) / -np.log(s)
        else:
            found = hall_wellner(curve.confidence or 0, *ends)
            width = found * (1 + cases * greenwood[number, inside]) / (np.sqrt(cases) * -np.log(s))
        columns = {
            "day": inside,
            "estimate": s,
            "lower": s ** np.exp(width),
            "upper": s ** np.exp(-width),
            "critical": np.full(len(s), found),
        }
        rows.append(with_groups(curve.counts.groups, np.full(len(s), number), columns))
    return pd.concat(rows, ignore_index=True)


@takes_only(pd.DataFrame, "delay.plot_band(delay.curve_band(curve), curve)")
def plot_band(band: pd.DataFrame, curve: DelayCurve | CompetingClosings, ax: Axes | None = None) -> Axes:
    """Draw a curve with its pointwise limits as lines and its simultaneous band shaded.

    Parameters
    ----------
    band : pandas.DataFrame
        From :func:`curve_band` or :func:`incidence_band` of the same curve.
    curve : DelayCurve or CompetingClosings
    ax : Axes, optional
        Where to draw; a new figure when left out.

    Raises
    ------
    ParameterError
        When the band does not belong to this kind of curve.

    Examples
    --------
    >>> from accountability import delay
    >>> from accountability.study.durations import Durations
    >>> curve = delay.closing_curve(Durations.from_days(range(100)))
    >>> delay.plot_band(delay.curve_band(curve), curve).get_ylabel()
    'share still open'
    """
    shares = isinstance(curve, CompetingClosings)
    by = (*curve.by, "cause") if shares else curve.by
    missing = sorted({"estimate", "day", "lower", "upper", *by} - set(band.columns))
    if missing:
        raise ParameterError(f"this band has no column {', '.join(missing)}: make it from the curve that is drawn")
    inside = curve.table[curve.table["day"].between(band["day"].min(), band["day"].max())]
    with housed():
        axes = Curves(
            frame=band,
            by=by,
            last=float(band["day"].max()),
            y="share closed by this cause" if shares else "share still open",
            pointwise=inside,
        ).draw(ax)
        if ax is None:
            titled(
                axes.get_figure(),  # type: ignore[arg-type]
                f"The whole curve lies within the shaded band ({percent(curve.confidence or 0)} confidence)",
                "Dotted: the narrower limits of each day on its own",
            )
    return axes


def equal_precision(confidence: float, begin: float, end: float) -> float:
    """Return the critical value of a standardised Brownian bridge between two times, at this probability.

    Divided by its standard deviation, a Brownian bridge is a stationary Ornstein-Uhlenbeck process in the log odds of
    time. The probability of staying between two limits solves a heat equation with absorbing ends.
    """
    from scipy.linalg import eigh_tridiagonal
    from scipy.special import ndtr

    _check(confidence, begin, end)
    length = np.log(end * (1 - begin) / (begin * (1 - end)))

    def stays(wall: float) -> float:
        place = np.linspace(-wall, wall, GRID + 2)
        step = place[1] - place[0]
        density = np.exp(-(place**2) / 2)
        # Half the generator (f'' - x f') with time running as log odds, in the form that keeps it symmetric.
        flux = np.sqrt(density[:-1] * density[1:]) / step**2 / 2
        inner = density[1:-1]
        diagonal = -(flux[:-1] + flux[1:]) / inner
        values, vectors = eigh_tridiagonal(diagonal, flux[1:-1] / np.sqrt(inner[:-1] * inner[1:]))
        start = np.sqrt(inner)
        parts = (vectors.T @ start) ** 2
        inside = parts @ np.exp(values * length) / (start @ start)
        return float(inside * (ndtr(wall) - ndtr(-wall)))

    return _root(stays, confidence, 1.0, 10.0)


def hall_wellner(confidence: float, begin: float, end: float) -> float:
    """Return the critical value of a Brownian bridge between two times, at this probability."""
    _check(confidence, begin, end)
    if begin < 0.01 and end > 0.02:
        begin = 0.01  # so near its tied ends the bridge never strays furthest
    if end > 0.99 and begin < 0.98:
        end = 0.99
    node, weight = np.polynomial.legendre.leggauss(GRID // 3)

    def stays(wall: float) -> float:
        place = node * wall
        x, y = place[:, None], place[None, :]
        # Both ends are jointly normal; between them the bridge must not touch a wall (reflections, alternating).
        spread = begin * (1 - begin), end * (1 - end), begin * (1 - end)
        determinant = spread[0] * spread[1] - spread[2] ** 2
        joint = np.exp(-(spread[1] * x**2 - 2 * spread[2] * x * y + spread[0] * y**2) / (2 * determinant))
        joint /= 2 * np.pi * np.sqrt(determinant)
        missed = np.zeros_like(joint)
        for fold in range(-8, 9):
            for sign, image in ((1, y + 4 * fold * wall), (-1, 2 * wall - y + 4 * fold * wall)):
                missed += sign * np.exp(((y - x) ** 2 - (image - x) ** 2) / (2 * (end - begin)))
        return float(wall**2 * weight @ (joint * missed) @ weight)

    return _root(stays, confidence, 0.01, 4.0)


def _check(confidence: float, begin: float, end: float) -> None:
    z_critical(confidence)
    if not 0 < begin < end < 1:
        raise ParameterError(f"a stretch of the band's time lies within 0 and 1, found {begin:.3f} to {end:.3f}")


def _root(stays: Callable[[float], float], confidence: float, low: float, high: float) -> float:
    from scipy.optimize import brentq

    while stays(low) > confidence:  # a stretch of almost no length needs hardly more than one day does
        low /= 2
    return float(brentq(lambda wall: stays(wall) - confidence, low, high, xtol=1e-6))


@takes_only(CompetingClosings, "delay.incidence_band(delay.competing_closings(data, 'closing_reason'), seed=1)")
def incidence_band(
    closings: CompetingClosings,
    seed: int,
    *,
    first_day: int | None = None,
    last_day: int | None = None,
    replicates: int = 1000,
    interval_type: Transform = "log-log",
) -> pd.DataFrame:
    """Estimate simultaneous confidence bands for the cumulative incidence of each cause of closing.

    Parameters
    ----------
    closings : CompetingClosings
    seed : int
        Seed of the random numbers.
    first_day, last_day : int, optional
        The days covered. When left out, from the day by which a tenth of all closings by the cause had happened to the
        last day on which a tenth of the cases was still watched.
    replicates : int
        Number of simulated curves.
    interval_type : {"log-log", "log", "plain"}
        Transform.

    Returns
    -------
    pandas.DataFrame
        The columns of `by`, ``cause``, ``day``, ``estimate``, ``lower``, ``upper``, ``critical``; the level holds for
        each cause of each group separately.

    Raises
    ------
    ParameterError
        With fewer than 100 replicates, or days out of order.
    Refusal
        When a cause has no day between them.

    Examples
    --------
    >>> from accountability import delay
    >>> from accountability.study.durations import Durations
    >>> how = ["mediated", "decided"] * 50
    >>> closings = delay.competing_closings(Durations.from_days(range(100), groups={"how": how}), "how")
    >>> delay.incidence_band(closings, 1)["cause"].unique().tolist()
    ['decided', 'mediated']

    Notes
    -----
    The day's closings are perturbed by normal numbers, and the largest deviation in standard errors over the stretch
    is recorded (Lin 1997).
    """
    if replicates < 100:
        raise ParameterError(f"replicates must be at least 100, found {replicates}")
    rng = np.random.default_rng(seed)
    counts, of_cause = closings.counts, closings.of_cause
    rows = []
    for number in range(len(of_cause)):
        for kind in range(of_cause.shape[1]):
            part = closings.true_numbers().iloc[_place(closings, number * of_cause.shape[1] + kind)]
            days = _stretch(part, counts, number, first_day, last_day)
            if len(days) < 2:
                raise Refusal(
                    f"'{closings.causes[kind]}' has {len(days)} days with closings in the stretch and a band needs "
                    "two: choose another stretch, or use the pointwise intervals"
                )
            kept = part[part["day"].isin(days)]
            error = kept["std_error"].to_numpy()
            drawn = _perturbed(counts, of_cause, number, kind, rng, replicates)[:, days]
            # The standard deviation of the draws, not the estimate's, makes each day weigh alike.
            scale = np.maximum(drawn.std(axis=0), 1e-12)
            found = float(np.quantile(np.abs(drawn / scale).max(axis=1), closings.confidence))
            lower, upper = _limits(kept["estimate"].to_numpy(), error, found, interval_type)
            columns = {
                "cause": kept["cause"].to_numpy(),
                "day": days,
                "estimate": kept["estimate"].to_numpy(),
                "lower": lower,
                "upper": upper,
                "critical": np.full(len(days), found),
            }
            rows.append(with_groups(closings.groups, np.full(len(days), number), columns))
    return pd.concat(rows, ignore_index=True)


def _limits(share: Floats, error: Floats, wall: float, transform: Transform) -> tuple[Floats, Floats]:
    from scipy.special import ndtr

    return curve_interval(share, error, float(2 * ndtr(wall) - 1), transform)


def _place(closings: CompetingClosings, position: int) -> slice:
    stops = np.cumsum(closings.rows)
    return slice(int(stops[position] - closings.rows[position]), int(stops[position]))


def _stretch(part: pd.DataFrame, counts: Counts, number: int, first: int | None, last: int | None) -> Days:
    days = part["day"].to_numpy(np.int64)
    if first is None:
        enough = np.flatnonzero(part["events"].cumsum().to_numpy() >= 0.1 * part["events"].sum())
        first = int(days[enough[0]]) if len(enough) else 0
    if last is None:
        cases = counts.entered[number].sum()
        last = int(np.flatnonzero(10 * counts.at_risk[number] >= cases)[-1])
    if first > last:
        raise ParameterError(f"the stretch from day {first} to {last} is none: pass first_day and last_day")
    return days[(days >= first) & (days <= last)]


def _perturbed(
    counts: Counts, of_cause: Days, number: int, kind: int, rng: np.random.Generator, replicates: int
) -> Floats:
    """Deviations of the share closed by one cause, a replicate and day."""
    at_risk = np.maximum(counts.at_risk[number], 1).astype(float)
    closed, own = counts.closed[number], of_cause[number, kind]
    after = np.cumprod(1 - closed / at_risk)
    before = np.concatenate([[1.0], after[:-1]])
    share = np.cumsum(before * own / at_risk)
    left = np.maximum(at_risk - closed, 1)
    draw = rng.standard_normal((2, replicates, len(at_risk)))
    mine, others = draw[0] * np.sqrt(own), draw[1] * np.sqrt(closed - own)
    # d of the share: what the day itself adds, less what a closing before took from everything after it.
    direct = np.cumsum(mine * before / at_risk, axis=1)
    gone = (mine + others) / left
    return direct - share * np.cumsum(gone, axis=1) + np.cumsum(gone * share, axis=1)
