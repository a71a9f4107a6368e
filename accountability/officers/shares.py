"""Lorenz curve, Gini coefficient and the share of the top, with ties and exposure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.figures import draw
from accountability.officers.tallies import Tally
from accountability.results import Result, percent, plural
from accountability.stats.arrays import Floats, Ints

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TIES = (
    "those tied at the line count with equal fractions, so that exactly the share asked for is at the top and no order "
    "among equals is made up"
)
SMALLEST = 10
"""Fewest holders between two points of a curve."""


@dataclass(frozen=True, slots=True)
class Measures:
    """Measures of many tallies at once: Gini coefficient and share of the top, one number a draw."""

    gini: Floats
    top: Floats


def measures(count: Floats, exposure: Floats, holders: Floats, top: float) -> Measures:
    """Gini coefficients and top shares of one or many histograms over the same cells.

    Parameters
    ----------
    count, exposure : array, cells
        What a holder of a cell drew, and its exposure.
    holders : array, draws by cells
        Holders in each cell.
    top : float
        Share of the exposure that is the top.

    Returns
    -------
    Measures
        With exposure, holders are ordered by what they drew per exposure, and both measures weigh by exposure.
        Not a number where nobody drew anything.
    """
    order = np.argsort(count / exposure, kind="stable")[::-1]
    number = np.atleast_2d(holders)[:, order].astype(float)
    weight, drawn = number * exposure[order], number * count[order]
    return _from_the_top(weight, drawn, top)


def measures_of_each(values: Floats, exposure: Floats | None, top: float) -> Measures:
    """The same from one number a holder: `values`, draws by holders; `exposure`, holders, or ``None`` when equal."""
    if exposure is None:
        drawn = -np.sort(-values.astype(float), axis=1)
        return _from_the_top(np.ones_like(drawn), drawn, top)
    order = np.argsort(-(values / exposure), axis=1, kind="stable")
    drawn = np.take_along_axis(values.astype(float), order, axis=1)
    return _from_the_top(exposure[order], drawn, top)


def _from_the_top(weight: Floats, drawn: Floats, top: float) -> Measures:
    weights, sums = np.cumsum(weight, axis=1), np.cumsum(drawn, axis=1)
    all_weight, all_drawn = weights[:, -1:], sums[:, -1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        # Twice the area between the curve from the top and the diagonal; trapezoids, so ties need no order.
        area = (weight * (2 * sums - drawn)).sum(axis=1, keepdims=True) / (all_weight * all_drawn)
        line = top * all_weight
        at = np.minimum((weights < line).sum(axis=1, keepdims=True), weight.shape[1] - 1)
        inside = np.take_along_axis(weight, at, axis=1)
        before = np.take_along_axis(weights, at, axis=1) - inside
        part = np.where(inside > 0, (line - before) / inside, 0.0)
        held = np.take_along_axis(sums, at, axis=1) - (1 - part) * np.take_along_axis(drawn, at, axis=1)
        return Measures((area - 1)[:, 0], (held / all_drawn)[:, 0])


def observed(data: Tally, top: float) -> Measures:
    """The measures of a tally, arrays of length 1."""
    check_top(top)
    return measures(data.count.astype(float), data.exposure, data.holders.astype(float), top)


def gini(data: Tally) -> float:
    """Gini coefficient: half the mean difference of two holders over their mean.

    Parameters
    ----------
    data : Tally
        With exposure, of complaints per exposure, each holder weighing as its exposure.

    Returns
    -------
    float
        From 0 (all alike) up to 1. The plain coefficient, without the factor n / (n − 1), as ``ineq::Gini`` of R.

    Examples
    --------
    >>> round(gini(Tally.of_counts([541, 1463, 2445, 3438, 4437, 5401, 6392, 8304, 11904, 22261])), 7)
    0.4620911
    """
    return float(observed(data, 0.5).gini[0])


def top_share(data: Tally, top: float = 0.1) -> float:
    """Share of all complaints drawn by the top holders.

    Parameters
    ----------
    data : Tally
    top : float
        Share of the holders (of their exposure, where given) that is the top, between 0 and 1.

    Returns
    -------
    float
        The line falls at exactly this share of the holders, which need not be a whole number of them. Holders tied at
        the line count with the fraction of them that fits above it. With exposure, holders are ordered by complaints
        per exposure.

    Raises
    ------
    ParameterError
        For a share outside 0 to 1.

    Examples
    --------
    >>> top_share(Tally.of_counts([4, 2, 2, 2, 0]), 0.4)  # the one with four, and a third of those with two
    0.6
    """
    return float(observed(data, top).top[0])


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Lorenz(Result):
    """A Lorenz curve on a coarse grid.

    ``table``: ``share_of_holders`` (those with fewest first; of exposure, where given), ``share_drawn``. Ten holders or
    more lie between two points, on average where they are weighed by exposure.

    Attributes
    ----------
    gini : float
        From all holders, not from the grid.
    holder, drawn : str
    """

    gini: float
    holder: str
    drawn: str

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the curve and the diagonal of equal shares."""
        axes = draw.new_axes(ax, width=5.0, height=4.6)
        draw.lines(axes, self.table, x="share_of_holders", y="share_drawn")
        straight = pd.DataFrame({"x": [0.0, 1.0], "y": [0.0, 1.0]})
        draw.lines(axes, straight, x="x", y="y", number=7)
        axes.set_xlabel(f"share of {self.holder}s, fewest {self.drawn}s first")
        axes.set_ylabel(f"share of {self.drawn}s")
        return axes

    def sentence(self) -> str:
        """Say what the half with fewest drew, and the Gini coefficient."""
        half = float(np.interp(0.5, self.table["share_of_holders"], self.table["share_drawn"]))
        return (
            f"The half of the {self.holder}s with fewest {self.drawn}s drew {percent(half)} of them; the Gini "
            f"coefficient is {self.gini:.2f}."
        )


def lorenz(data: Tally) -> Lorenz:
    """How the complaints accumulate from the holders with fewest to those with most.

    Parameters
    ----------
    data : Tally

    Returns
    -------
    Lorenz
        At most a hundred steps, each at least ten holders wide; with exposure, on average.

    Raises
    ------
    Refusal
        With fewer than twenty holders, where every step would show a few; :func:`gini` can be had.
    """
    steps = min(100, data.size // SMALLEST)
    if steps < 2:
        raise Refusal(
            f"a Lorenz curve of {plural(data.size, data.holder)} would show single ones; take officers.gini or "
            "officers.top_share"
        )
    order = np.argsort(data.count / data.exposure, kind="stable")
    weight = (data.holders * data.exposure)[order]
    drawn = (data.holders * data.count)[order]
    x = np.append(0.0, np.cumsum(weight) / weight.sum())
    y = np.append(0.0, np.cumsum(drawn) / drawn.sum())
    grid = np.linspace(0.0, 1.0, steps + 1)
    return Lorenz(
        estimand=f"share of {data.drawn}s drawn by the {data.holder}s with fewest, among {data.among()}, {data.name}",
        assumptions=assumed(data),
        method=f"empirical Lorenz curve read at {steps} steps; {weighed(data)}",
        table=pd.DataFrame({"share_of_holders": grid, "share_drawn": np.interp(grid, x, y)}),
        flow=data.flow,
        gini=gini(data),
        holder=data.holder,
        drawn=data.drawn,
    )


def assumed(data: Tally) -> tuple[str, ...]:
    """What every measure of concentration takes for granted."""
    zeros = (
        f"every {data.holder} who drew none is counted in"
        if data.zeros
        else f"nothing is said of {data.holder}s who drew none: they are not held"
    )
    known = (
        () if not data.unexposed else (f"{plural(data.unexposed, data.holder)} without known exposure are left out",)
    )
    return (f"one {data.holder} has one id in this source", zeros, *known, "a complaint is not a finding")


def weighed(data: Tally) -> str:
    """How holders weigh."""
    return "holders count alike" if data.plain else f"holders ordered and weighed by {data.exposure_word}"


def check_top(top: float) -> None:
    """Refuse a top that is no part of the whole."""
    if not 0 < top < 1:
        raise ParameterError(f"top: expected a share between 0 and 1, found {top!r}")


def cells(data: Tally) -> tuple[Ints, Floats]:
    """Distinct exposures and the number of holders at each."""
    level, code = np.unique(data.exposure, return_inverse=True)
    return np.rint(np.bincount(code, data.holders)).astype(np.int64), level
