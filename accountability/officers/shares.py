"""Concentration of complaints: Lorenz curve, Gini coefficient, top share, and counts per officer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from accountability.errors import Refusal, check_number
from accountability.figures import draw
from accountability.officers.tallies import Tally, stretches, tally
from accountability.privacy import MIN_CELL
from accountability.results import Result, percent, plural
from accountability.stats.concentration import Measures, measures
from accountability.study.cohort import Cohort
from accountability.study.inputs import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TIES: Final = (
    "those tied at the line count with equal fractions, so that exactly the share asked for is at the top and no order "
    "among equals is made up"
)


AT_LEAST: Final = ["n_at_least", "share_at_least", "accusations_at_least", "share_of_accusations"]


def observed(data: Tally, top: float) -> Measures:
    """Return the measures of a tally, as arrays of length 1."""
    check_top(top)
    return measures(data.count.astype(float), data.exposure, data.holders.astype(float), top)


@takes(Tally, tally)
def gini(data: Tally) -> float:
    """Return the Gini coefficient: half the mean absolute difference between two holders, over the mean.

    Parameters
    ----------
    data : Tally, Cohort or Dataset
        With exposure, complaints per exposure, with holders weighted by exposure.

    Returns
    -------
    float
        From 0 (all alike) up to 1. Without the factor n / (n − 1), as ``ineq::Gini`` in R.

    Examples
    --------
    >>> from accountability import officers
    >>> round(officers.gini(officers.Tally.of_counts([541, 1463, 2445, 3438, 4437, 5401, 6392, 8304, 11904, 22261])), 7)
    0.4620911
    """
    return float(observed(data, 0.5).gini[0])


@takes(Tally, tally)
def top_share(data: Tally, top: float = 0.1) -> float:
    """Return the share of all complaints drawn by the top holders.

    Parameters
    ----------
    data : Tally, Cohort or Dataset
    top : float
        Share of the holders (of their exposure, where given) who are the top, between 0 and 1.

    Returns
    -------
    float
        The cutoff is exactly this share of the holders, which need not be a whole number. Holders tied at the cutoff
        count with the fraction that fits above it. With exposure, holders are ordered by complaints per exposure.

    Raises
    ------
    ParameterError
        For a share outside 0 to 1.

    Examples
    --------
    >>> from accountability import officers
    >>> drawn = officers.Tally.of_counts([4, 2, 2, 2, 0])
    >>> officers.top_share(drawn, 0.4)  # the one with four, and a third of those with two
    0.6
    """
    return float(observed(data, top).top[0])


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Lorenz(Result):
    """A Lorenz curve on a coarse grid.

    ``table``: ``share_of_holders`` (those with fewest first; of exposure, where given), ``share_drawn``. At least ten
    holders lie between two points (with exposure, on average).

    Attributes
    ----------
    gini : float
        Computed from all holders, not from the grid.
    tally : Tally
        What was counted.
    """

    gini: float
    tally: Tally

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the curve and the diagonal of equal shares."""
        axes = draw.new_axes(ax, width=5.0, height=4.6)
        draw.lines(axes, self.table, x="share_of_holders", y="share_drawn", label="observed")
        draw.lines(axes, pd.DataFrame({"x": [0.0, 1.0]}), x="x", y="x", number=7, label="equal shares")
        draw.lines_named(axes)
        return draw.labelled(
            axes,
            f"share of {self.tally.holder}s, fewest {self.tally.drawn}s first",
            f"share of {self.tally.drawn}s",
            x_kind="share",
            y_kind="share",
        )

    def sentence(self) -> str:
        """State the share of the half with fewest complaints, and the Gini coefficient."""
        half = float(np.interp(0.5, self.table["share_of_holders"], self.table["share_drawn"]))
        return (
            f"The half of the {self.tally.holder}s with fewest {self.tally.drawn}s drew {percent(half)} of them; the "
            f"Gini coefficient is {self.gini:.2f}."
        )


@takes(Tally, tally)
def lorenz(data: Tally) -> Lorenz:
    """Return the Lorenz curve: the share of complaints of the holders with fewest, by share of holders.

    Parameters
    ----------
    data : Tally, Cohort or Dataset

    Returns
    -------
    Lorenz
        At most a hundred steps, each at least ten holders wide; with exposure, on average.

    Raises
    ------
    Refusal
        With fewer than twenty holders, because every step would show a few; :func:`gini` still works.

    Examples
    --------
    >>> from accountability import officers
    >>> officers.lorenz(officers.Tally.of_counts([1, 2, 3, 1, 1, 4] * 10)).table.round(3).head(3).values.tolist()
    [[0.0, 0.0], [0.167, 0.083], [0.333, 0.167]]
    """
    steps = min(100, data.size // MIN_CELL)
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
        assumptions=data.assumed(),
        method=f"empirical Lorenz curve read at {steps} steps; {data.weighed()}",
        table=pd.DataFrame({"share_of_holders": grid, "share_drawn": np.interp(grid, x, y)}),
        flow=data.flow,
        gini=gini(data),
        tally=data,
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Spread(Result):
    """Distribution of accusations per officer.

    ``table``: ranges of counts, each with at least ten officers: ``from_count``, ``to_count`` (missing in the last),
    ``n`` (officers), ``share_officers``, ``n_at_least`` and ``share_at_least`` (officers with as many or more),
    ``accusations_at_least`` and ``share_of_accusations`` (of those officers). :meth:`true_numbers` has a row for each
    number of accusations.
    """

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Pool counts until each range has ten officers."""
        at, shown = stretches(table["from_count"].to_numpy(), table["n"].to_numpy(), MIN_CELL)
        parts = table.groupby(at)
        own = parts[["n", "share_officers"]].sum()
        return pd.concat([shown, own, parts[AT_LEAST].first()], axis=1)

    def at_least(self, accusations: int) -> pd.Series:
        """Return the number of officers with at least so many accusations, their share, and their share of accusations.

        Returns
        -------
        Series
            ``officers``, ``share_officers``, ``share_of_accusations``; true numbers.
        """
        check_number("accusations", accusations, 1, np.inf, "at least 1")
        table = self.true_numbers()
        rows = table[table["from_count"] >= accusations]
        row = rows.iloc[0] if len(rows) else dict.fromkeys(AT_LEAST, 0)
        return pd.Series(
            {
                "officers": int(row["n_at_least"]),
                "share_officers": float(row["share_at_least"]),
                "share_of_accusations": float(row["share_of_accusations"]),
            }
        )

    def sentence(self) -> str:
        """Say how many officers drew one accusation, and what those with ten or more drew."""
        first, last = self.table.iloc[0], self.table.iloc[-1]
        if len(self.table) == 1:
            every, least = plural(int(first["n"]), "officer"), plural(int(first["from_count"]), "time")
            return f"All of {every} accused were accused {least} or more. Officers never accused are not held."
        line = 10 if self.at_least(10)["officers"] >= MIN_CELL else int(last["from_count"])
        top = self.at_least(line)
        few = "once" if first["to_count"] == 1 else f"once to {first['to_count']} times"
        return (
            f"Of {plural(int(self.table['n'].sum()), 'officer')} accused at least once, "
            f"{percent(first['share_officers'], 1)} were accused {few}; {percent(top['share_officers'], 1)} were "
            f"accused {'ten' if line == 10 else line} times or more and drew "
            f"{percent(top['share_of_accusations'], 1)} of the accusations. Officers never accused are not held."
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the share of accused officers with at least so many accusations."""
        axes = draw.new_axes(ax)
        draw.lines(axes, self.table, x="from_count", y="share_at_least")
        axes.set_yscale("log")
        return draw.labelled(
            axes, "accusations", "share of accused officers with at least so many", x_kind="number", y_kind="share"
        )


@takes("cohort")
def accusations_per_officer(data: Cohort) -> Spread:
    """Count accusations per identified officer, and officers per number of accusations.

    Parameters
    ----------
    data : Cohort or Dataset
        Every row of the allegations is one accusation, in the unit of the source.

    Returns
    -------
    Spread

    Raises
    ------
    Refusal
        When no row identifies an officer.

    Examples
    --------
    >>> from accountability import officers
    >>> import accountability
    >>> officers.accusations_per_officer(accountability.load("synthetic")).at_least(5)["officers"]
    np.float64(427.0)
    """
    counted = tally(data, unit="allegation")
    number, officers = counted.count, counted.holders
    at_least, drawn = officers[::-1].cumsum()[::-1], (number * officers)[::-1].cumsum()[::-1]
    return Spread(
        estimand=f"how accusations are spread over the officers accused at least once, {data.name}",
        assumptions=("one officer has one id in this source", "an accusation is not a finding"),
        method="counts; no model, no allowance for chance or for years of service",
        table=pd.DataFrame(
            {
                "from_count": number,
                "to_count": number,
                "n": officers,
                "share_officers": officers / officers.sum(),
                "n_at_least": at_least,
                "share_at_least": at_least / officers.sum(),
                "accusations_at_least": drawn,
                "share_of_accusations": drawn / counted.total,
            }
        ),
        flow=data.flow(),
    )


def check_top(top: float) -> None:
    """Refuse a top share outside 0 to 1."""
    check_number("top", top, 1e-12, 1 - 1e-12, "a share between 0 and 1", whole=False)


def check_draws(draws: int, confidence: float, seed: int, *, most: int = 100_000, name: str = "draws") -> None:
    """Refuse invalid numbers of draws, levels and seeds."""
    check_number(name, draws, 99, most, f"99 to {most:,}")
    check_number("confidence", confidence, 0.5, 1 - 1e-12, "0.5 up to 1", whole=False)
    check_number("seed", seed, 0, np.inf, "a whole number from 0 on")
