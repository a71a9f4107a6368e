"""Three synthetic precincts with similar complaints, made by chance, by years on duty, or by risk.

In each, complaints are distributed over officers at random. In one, all officers have the same risk and years on duty;
in one the same yearly risk and different years; in one the same years and gamma-distributed risks. The officers are
invented.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from accountability import synthetic
from accountability.classroom.lessons.lesson import Shown, enough
from accountability.figures import draw
from accountability.officers import Periods, Tally, against_chance, empirical_bayes, persistence, top_share
from accountability.results import capitalised, percent
from accountability.stats.arrays import Floats, Ints
from accountability.stats.count_laws import gamma_concentration

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PRECINCTS: Final = ("east", "north", "west")
MADE_BY: Final = MappingProxyType(
    {
        "chance": "the same risk, the same years",
        "years": "the same risk a year, different years",
        "risk": "different risks, the same years",
    }
)
TOP: Final = 0.1
_MEAN: Final = 3.0
_YEARS: Final = 6.0
_DRAWS: Final = 999
#: The time of the precincts has two halves; where the line falls is made up, like all else.
_MIDDLE: Final = dt.date(2017, 1, 1)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Precinct:
    """Complaints of each officer of a precinct in two halves of the period, and years on duty."""

    name: str
    first: Ints
    second: Ints
    years: Floats

    @property
    def by_officer(self) -> Tally:
        """Return complaints by officer, with equal exposure."""
        return Tally.of_counts(self.first + self.second, zeros=True, name=f"generated precinct {self.name}")

    @property
    def by_year(self) -> Tally:
        """Return complaints by officer, with years on duty as exposure."""
        name = f"generated precinct {self.name}"
        return Tally.of_counts(self.first + self.second, self.years, zeros=True, exposure_word="years", name=name)

    @property
    def halves(self) -> Periods:
        """Return complaints by officer in the first and second half."""
        officer = np.repeat(np.arange(len(self.second)), self.second)
        return Periods(
            first=self.first,
            second=self.second,
            # Every complaint accuses one officer.
            case=np.arange(len(officer)),
            officer=officer,
            everyone=True,
            split=_MIDDLE,
            left_out=0,
            name=f"generated precinct {self.name}",
            flow=pd.DataFrame(),
        )


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Force:
    """Three synthetic precincts.

    Attributes
    ----------
    precincts : mapping of str to Precinct
        In the order of :data:`PRECINCTS`.
    made_by : mapping of str to str, optional
        Process of :data:`MADE_BY` to its precinct. A student's own precincts do not have it, nor the shape.
    shape : float
        True shape of the gamma distribution of risks in the precinct where they differ.
    """

    precincts: Mapping[str, Precinct]
    made_by: Mapping[str, str] | None = None
    shape: float = np.nan

    def newspaper(self) -> Shown:
        """Compute the usual figure: the share of complaints of the top tenth.

        ``table``: ``precinct``, ``officers``, ``complaints``, ``never_accused`` (share of the officers), ``top_tenth``
        (share of complaints of the tenth of officers with most), ``top_tenth_of_accused`` (the same among those with at
        least one).
        """
        rows = []
        for name, precinct in self.precincts.items():
            held = precinct.by_officer
            never = float(held.holders[held.count == 0].sum() / held.size)
            shares = (top_share(held, TOP), top_share(held.accused(), TOP))
            rows.append((name, held.size, held.total, never, *shares))
        columns = ["precinct", "officers", "complaints", "never_accused", "top_tenth", "top_tenth_of_accused"]
        said = ", ".join(f"{percent(row[4])} in the {row[0]}" for row in rows)
        return Shown(
            estimand="share of complaints drawn by the tenth of officers with most",
            assumptions=("none makes it a measure of officers: chance sorts them too",),
            method="counts; officers tied at the line count with equal fractions",
            table=pd.DataFrame(rows, columns=columns),
            said=f"The tenth of officers with most complaints drew {said} of all complaints.",
        )

    def beside_chance(self, per_year: bool = False) -> Shown:
        """Compare the observed top share with simulations of the same complaints at equal risk.

        ``table``: ``precinct``, ``observed``, ``expected``, ``lower``, ``upper``, ``above_chance`` (observed above
        ``upper``).

        Parameters
        ----------
        per_year : bool
            Equal risk per year on duty instead of per officer.
        """
        held = {name: one.by_year if per_year else one.by_officer for name, one in self.precincts.items()}
        found = {
            name: against_chance(one, ["equal_risk"], top=TOP, draws=_DRAWS).of("equal_risk")
            for name, one in held.items()
        }
        of = "top tenth of years" if per_year else "top tenth of officers"
        return _beside(found, f"share of complaints of the {of}", f"{_DRAWS} draws at equal risk")

    def afterwards(self) -> Shown:
        """Compare the second-half complaints of the first half's top tenth with the mean.

        ``table``: as in :meth:`beside_chance`.
        """
        found = {
            name: persistence(precinct.halves, top=TOP, draws=_DRAWS).table.set_index("measure").loc["top_ratio"]
            for name, precinct in self.precincts.items()
        }
        measure = "complaints in the second half of the first half's top tenth, over the mean"
        return _beside(found, measure, f"{_DRAWS} shuffles of the second half")

    def underlying(self) -> Shown:
        """Estimate the underlying top share (empirical Bayes, by years on duty), and compare it with the true one.

        ``table``: ``precinct``, ``counted`` (share of complaints of the top tenth), ``underlying``, ``lower``,
        ``upper`` (expected share of the tenth with the highest risks), ``planted`` (the true share) if known.
        """
        rows = []
        for name, precinct in self.precincts.items():
            found = empirical_bayes(precinct.by_year, top=TOP)
            row = found.risk.set_index("measure").loc["top_share"]
            counted = top_share(precinct.by_officer, TOP)
            rows.append((name, counted, row["estimate"], row["lower"], row["upper"], self._planted(name)))
        table = pd.DataFrame(rows, columns=["precinct", "counted", "underlying", "lower", "upper", "planted"])
        table = table if self.made_by else table.drop(columns="planted")
        said = "; ".join(
            f"{row['precinct']} {percent(row['counted'])} counted, {percent(row['underlying'])} underlying"
            + (f" ({percent(row['planted'])} planted)" if self.made_by else "")
            for row in table.to_dict("records")
        )
        return Shown(
            estimand="share of complaints that the tenth of officers with the highest risks would be expected to draw",
            assumptions=("risks a year follow a gamma law", "given its risk, an officer draws complaints by chance"),
            method="gamma-Poisson empirical Bayes" + ("; planted shares in closed form" if self.made_by else ""),
            table=table,
            said=f"Share of the top tenth: {said}.",
            picture=partial(
                _draw,
                table,
                "underlying",
                {"counted": "|", "planted": "x"} if self.made_by else {"counted": "|"},
                "share of complaints drawn by the tenth with the highest risk: estimate and 95 % interval",
            ),
            height=2.6,
        )

    def _planted(self, name: str) -> float:
        shape = self.shape if self.made_by and name == self.made_by["risk"] else np.inf
        return float(gamma_concentration(np.array([shape]), TOP)[1][0])


@lru_cache(maxsize=2)
def force(officers: int = 1200) -> Force:
    """Generate the class's three precincts; the exercises have others.

    Parameters
    ----------
    officers : int
        Officers per precinct, 500 or more, so that chance and risk can be separated.

    Returns
    -------
    Force

    Raises
    ------
    ParameterError
        For fewer officers.
    """
    enough("officers", officers, 500)
    return drawn(officers, synthetic.BUNDLED_SEED)


def drawn(officers: int, seed: int) -> Force:
    """Generate three precincts from one seed: the process of each, and each officer's complaints."""
    rng = np.random.default_rng([seed, 3])
    order = rng.permutation(len(PRECINCTS))
    made_by = {way: PRECINCTS[at] for way, at in zip(MADE_BY, order, strict=True)}
    shape = round(float(rng.uniform(0.9, 1.6)), 2)
    same, alike = np.full(officers, _YEARS), np.ones(officers)
    made = {
        made_by["chance"]: (same, alike),
        made_by["years"]: (rng.uniform(0.5, 2 * _YEARS - 0.5, officers), alike),
        made_by["risk"]: (same, rng.gamma(shape, 1 / shape, officers)),
    }
    precincts = {}
    for name in PRECINCTS:
        years, risk = made[name]
        # Half of each officer's time lies in either half.
        first, second = (rng.poisson(_MEAN / 2 * risk * years / _YEARS) for _ in range(2))
        precincts[name] = Precinct(name, first, second, years)
    return Force(MappingProxyType(precincts), MappingProxyType(made_by), shape)


def _beside(found: Mapping[str, Any], measure: str, method: str) -> Shown:
    names = ["estimate", "expected", "expected_lower", "expected_upper"]
    rows = [(name, *(one[column] for column in names)) for name, one in found.items()]
    table = pd.DataFrame(rows, columns=["precinct", "observed", "expected", "lower", "upper"])
    table["above_chance"] = table["observed"] > table["upper"]
    more = ", ".join(table.loc[table["above_chance"], "precinct"]) or "none"
    return Shown(
        estimand=f"{measure}, beside what chance alone gives",
        assumptions=("complaints fall one by one", "chance alone: every officer has the same risk"),
        method=f"{method}; the middle 95 %",
        table=table,
        said=f"{capitalised(measure)}: above what chance alone gives in {more}, of {len(table)} precincts.",
        picture=partial(
            _draw, table, "expected", {"observed": "x"}, f"{measure}: chance alone (95 % of draws), and observed"
        ),
        height=2.6,
    )


def _draw(table: pd.DataFrame, estimate: str, marks: Mapping[str, str], xlabel: str, axes: Axes) -> None:
    """A precinct a line: an estimate or what chance gives, and beside it what is counted, observed or planted."""
    heights = draw.ranges(axes, table, label="precinct", estimate=estimate, lower="lower", upper="upper", beside=False)
    for column, mark in marks.items():
        colour, size = (draw.COLOURS[1], 6) if mark == "x" else ("0.3", 12)
        axes.plot(table[column], heights, mark, color=colour, markersize=size, label=column)
    axes.set_xlim(left=0)
    axes.set_ylim(-0.6, len(table) - 0.4)
    draw.key_above(axes)
    axes.set_xlabel(xlabel)
