"""Bunching of closings just before a limit: more in its last days than the days around them predict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from accountability.delay.access import require_exact, require_not_selected
from accountability.delay.counts import count
from accountability.delay.deadlines import calendar_days, limit_of
from accountability.delay.limits import Limit
from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.results import Result, p_words, percent, plural
from accountability.stats.arrays import Floats
from accountability.stats.cross_product import gram
from accountability.stats.intervals import z_critical
from accountability.stats.optimise import Evaluation, NotConverged, Separation, newton
from accountability.study.durations import Durations, require_cases
from accountability.study.inputs import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEWEST: Final = 50
"""Fewest closings around the window from which a smooth course can be told."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Bunching(Result):
    """Closings near a limit, compared with those a smooth curve predicts.

    ``table``: ``day``, ``at_risk``, ``events``, ``smooth`` (closings predicted from the days outside the window),
    ``window`` ("before" the limit, "after" it, or "" outside).

    Attributes
    ----------
    limit : int
        The limit in days.
    window : int
        Days on each side of the limit.
    excess_before, excess_after : float
        Closings above (negative: below) the smooth curve in the last days up to the limit, and in the days after it.
    lower, upper : float
        Limits of ``excess_before`` at ``confidence``.
    statistic, p_value : float
        ``excess_before`` minus ``excess_after`` in standard errors, and its one-sided p-value (bunching before the
        limit).
    confidence : float
        Level of the limits.
    clock : str
        The clock.
    """

    limit: int
    window: int
    excess_before: float
    excess_after: float
    lower: float
    upper: float
    statistic: float
    p_value: float
    confidence: float
    clock: str

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw closings by day, and the smooth curve."""
        axes = draw.new_axes(ax)
        draw.lines(axes, self.table, x="day", y="events", label="closed on the day", number=0)
        draw.lines(axes, self.table, x="day", y="smooth", label="smooth course", number=1)
        axes.set_ylim(bottom=0)
        axes.set_xlim(self.table["day"].min(), self.table["day"].max())
        draw.limit(axes, self.limit, f"limit: {self.limit:,} days")
        draw.lines_named(axes)
        draw.labelled(axes, "days", "cases", x_kind="days", y_kind="number")
        return axes

    def sentence(self) -> str:
        """State the excess, its limits and the test."""
        near = self.table[self.table["window"] == "before"]
        return (
            f"In the last {plural(self.window, 'day')} up to the limit of {self.limit:,} days "
            f"{int(near['events'].sum()):,} cases closed where a smooth course gives {near['smooth'].sum():,.1f}: "
            f"{self.excess_before:+,.1f} ({percent(self.confidence)} interval {self.lower:+,.1f} to "
            f"{self.upper:+,.1f}); in as many days after it {self.excess_after:+,.1f}. Test of crowding "
            f"before the limit: z {self.statistic:.2f}, {p_words(self.p_value)} [{self.clock}]."
        )


@takes("durations")
def bunching(
    durations: Durations,
    rule: Limit | str | int,
    *,
    window: int = 7,
    around: int = 90,
    degree: int = 2,
    confidence: float = 0.95,
) -> Bunching:
    """Test whether closings bunch just before a limit.

    A smooth curve is fitted to the share of open cases that close each day around the limit. The window on both sides
    of the limit is left out of the fit. The curve predicts the closings in the window, and these are compared with the
    actual ones.

    Parameters
    ----------
    durations : Durations
        With closing dates known to the day; late entry and closed cases alone are allowed.
    rule : Limit, name of one, or a number of days
        A limit of one number of calendar days.
    window : int
        Days up to and including the limit, and as many after it.
    around : int
        Days on each side of the limit to which the smooth curve is fitted.
    degree : int
        Degree of the polynomial, 0 to 4.
    confidence : float
        Level of the limits of the excess.

    Returns
    -------
    Bunching

    Raises
    ------
    ParameterError
        For a limit that is a range of calendar days, or a window or degree that does not fit in `around`.
    Refusal
        With coarse dates, or fewer than 50 closings or 3 (degree + 1) days with closings around the window, or none
        at risk in it.

    Examples
    --------
    >>> from accountability import delay
    >>> from accountability.study.durations import Durations
    >>> made = Durations.from_days([*range(90, 270), *[180] * 20])
    >>> round(delay.bunching(made, 180).excess_before)
    20

    Notes
    -----
    A Poisson regression of daily closings on a polynomial in the day, with the cases at risk as exposure, weekly
    ripples included in its variance by the Pearson dispersion (at least 1). The test compares the two sides of the
    limit, so that a course that is steeper or flatter than the polynomial on both sides does not pass for crowding.
    A limit at which the agency also begins to work differently for another reason cannot be told from one it crowds
    against. Regressions that bin closings this way are used for tax thresholds (Chetty and others 2011; Kleven 2016).
    """
    what = "a test of crowding at a limit"
    require_cases(durations, what)
    require_not_selected(durations, what)
    if durations.current_status:
        raise Refusal(f"{what} needs closing days, and only statuses are known")
    require_exact(durations, what)
    fewest, most = calendar_days(limit_of(rule))
    if fewest != most:
        raise ParameterError(f"the limit is {fewest:,} to {most:,} calendar days, and {what} needs one number of days")
    if not 1 <= window < around or degree not in range(5):
        raise ParameterError(
            f"window must be from 1 to below around, and degree 0 to 4; found window={window}, around={around}, "
            f"degree={degree}"
        )
    z = z_critical(confidence)
    day, at_risk, closed = _near(durations, fewest, around)
    before = (day > fewest - window) & (day <= fewest)
    after = (day > fewest) & (day <= fewest + window)
    outside = ~(before | after) & (at_risk > 0)
    seen = int(closed[outside].sum())
    if seen < FEWEST or int((closed[outside] > 0).sum()) < 3 * (degree + 1) or not at_risk[before].any():
        raise Refusal(
            f"{what} reads the days around {fewest:,} and finds {seen:,} closings on "
            f"{int((closed[outside] > 0).sum()):,} days there (at least {FEWEST} on {3 * (degree + 1)} are needed): "
            "choose a larger around=, or show the closing curve with the limit marked"
        )
    basis = np.vander((day - fewest) / around, degree + 1)
    smooth, spread, dispersion = _course(basis, at_risk, closed, outside)
    sides = np.stack([before, after]).astype(float)
    excess = sides @ (closed - smooth)
    covariance = sides @ spread @ sides.T + np.diag(sides @ smooth) * dispersion
    contrast = np.array([1.0, -1.0])
    error = float(np.sqrt(contrast @ covariance @ contrast))
    statistic = float(excess[0] - excess[1]) / error if error > 0 else 0.0
    from scipy.special import ndtr

    half = z * float(np.sqrt(covariance[0, 0]))
    names = np.select([before, after], ["before", "after"], "")
    return Bunching(
        estimand=f"closings in the {window} days up to day {fewest:,} beyond a smooth course, by {durations.clock}",
        assumptions=(
            f"without the limit the daily share closing would follow a polynomial of degree {degree} over the days "
            f"{int(day[0]):,} to {int(day[-1]):,}",
            "cases moved by the limit are moved within its window",
            "cases are independent of each other, apart from a common dispersion",
        ),
        method=f"Poisson regression of daily closings, dispersion {dispersion:.2f}, one-sided normal test",
        table=pd.DataFrame({"day": day, "at_risk": at_risk, "events": closed, "smooth": smooth, "window": names}),
        flow=durations.flow,
        limit=fewest,
        window=window,
        excess_before=float(excess[0]),
        excess_after=float(excess[1]),
        lower=float(excess[0]) - half,
        upper=float(excess[0]) + half,
        statistic=statistic,
        p_value=float(ndtr(-statistic)),
        confidence=confidence,
        clock=durations.clock,
    )


def _near(durations: Durations, limit: int, around: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Days around the limit, cases at risk and closings on each."""
    counts = count(durations)
    day = np.arange(max(limit - around, 0), limit + around + 1)
    inside = day < counts.closed.shape[1]
    place = np.where(inside, day, 0)
    return day, np.where(inside, counts.at_risk[0, place], 0), np.where(inside, counts.closed[0, place], 0)


def _course(
    basis: Floats, at_risk: np.ndarray, closed: np.ndarray, outside: np.ndarray
) -> tuple[Floats, Floats, float]:
    """Expected closings on every day, the covariance of their estimates, and the dispersion."""
    x, n, y = basis[outside], at_risk[outside].astype(float), closed[outside].astype(float)
    weights = np.zeros(x.shape[1])
    weights[-1] = np.log(y.sum() / n.sum())

    def evaluate(at: Floats) -> Evaluation:
        with np.errstate(over="ignore", invalid="ignore"):
            mean = n * np.exp(x @ at)
            return float(y @ (x @ at) - mean.sum()), x.T @ (y - mean), gram(x, mean)

    try:
        weights = newton(evaluate, weights, lambda step: float(np.abs(x[y > 0] @ step).max()), tolerance=1e-12).at
    except (Separation, NotConverged) as endless:
        raise Refusal(
            "the closings around the limit follow no polynomial of this degree (its coefficients diverge): choose "
            "another degree= or a smaller around="
        ) from endless
    mean = n * np.exp(x @ weights)
    dispersion = max(float(((y - mean) ** 2 / np.maximum(mean, 1e-12)).sum()) / max(len(y) - x.shape[1], 1), 1.0)
    smooth = at_risk * np.exp(np.clip(basis @ weights, -50, 5))
    pulled = smooth[:, None] * basis
    return smooth, dispersion * pulled @ np.linalg.pinv((x * mean[:, None]).T @ x) @ pulled.T, dispersion
