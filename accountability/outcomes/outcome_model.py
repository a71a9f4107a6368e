"""What every model of an outcome gives: coefficients, margins and contrasts, put together in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.outcomes.ladder import Ladder
from accountability.outcomes.small_counts import Disclosed
from accountability.outcomes.units_counted import Units, pool_small_levels, units_of
from accountability.privacy import hidden_cells
from accountability.records.units import WORDS
from accountability.results import percent
from accountability.stats.arrays import Floats, Ints
from accountability.stats.cell_likelihood import Fit
from accountability.stats.design import Design, design, with_constant
from accountability.stats.intervals import p_normal, wald
from accountability.stats.sandwich import clusters_of
from accountability.study.cohort import Cohort
from accountability.study.inputs import column_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Margin = Callable[[Floats, Floats], Floats]
"""From coefficients and a design, the mean of each outcome over the patterns."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class OutcomeModel(Disclosed):
    """A model of an outcome by several columns.

    Attributes
    ----------
    table : DataFrame
        The coefficients, one row a level and outcome: ``column``, ``level``, ``against`` (the reference), ``outcome``,
        ``n`` (units of the level), ``events`` (those with the outcome, where it is counted), ``estimate``,
        ``std_error``, ``lower``, ``upper``, ``p_value``; their exponentials ``ratio``, ``ratio_lower``,
        ``ratio_upper``; ``hidden``.
    margins : DataFrame
        ``column``, ``level``, ``outcome``, ``n``, ``events``, ``estimate``, ``std_error``, ``lower``, ``upper``,
        ``hidden``: the mean of the outcome were all units of this level and all else as it is.
    contrasts : DataFrame
        ``column``, ``level``, ``against``, ``outcome``, ``estimate``, ``std_error``, ``lower``, ``upper``, ``hidden``:
        each margin less that of the reference.
    apart : DataFrame
        Units left out: ``what``, ``n``, ``hidden``.
    unit : str
        What is counted.
    fit : Fit
    names : tuple of str
        The columns of the design, the constant first.
    confidence : float
    """

    SHOWN: ClassVar[Mapping[str, tuple[str, ...]]] = {"table": (), "margins": (), "contrasts": (), "apart": ()}
    #: What the sentence says differences of, how they are written, and what the figure's axis says.
    HEADLINE: ClassVar[str | None] = None
    SAID: ClassVar[str] = ""
    SCALE: ClassVar[tuple[float, str]] = (100.0, "points")
    AXIS: ClassVar[str] = ""

    margins: pd.DataFrame
    contrasts: pd.DataFrame
    apart: pd.DataFrame
    unit: str
    fit: Fit
    names: tuple[str, ...]
    confidence: float

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw each margin with its interval; where there are several outcomes, one bar a level."""
        from accountability.figures.draw import new_axes, ranges
        from accountability.figures.share_bars import stacked_shares

        rows = self.margins
        label = rows["column"].str.replace("_", " ") + ": " + rows["level"].str.replace("_", " ")
        axis = self.AXIS.format(units=WORDS[self.unit])
        if self.HEADLINE is None:
            axes = new_axes(ax, width=11.0, height=1.5 + 0.35 * label.nunique())
            shown = rows.assign(who=label)
            return stacked_shares(shown, by=["who"], term="outcome", share="estimate", label=axis, ax=axes)
        shown = rows.assign(label=label).loc[rows["outcome"].eq(self.HEADLINE) & ~rows["hidden"]]
        axes = new_axes(ax, height=1.2 + 0.3 * len(shown))
        ranges(axes, shown, label="label", estimate="estimate", lower="lower", upper="upper")
        axes.set_xlabel(axis)
        return axes

    def sentence(self) -> str:
        """Say each level's difference from its reference: of the outcome that matters, or that differs most."""
        rows = self.contrasts.loc[~self.contrasts["hidden"] & self.contrasts["estimate"].notna()]
        if self.HEADLINE is not None:
            rows = rows.loc[rows["outcome"] == self.HEADLINE]
        scale, word = self.SCALE
        said = []
        for _, part in rows.groupby(["column", "level"], sort=False):
            (*_, row) = part.sort_values("estimate", key=abs, kind="stable").to_dict("records")
            what = "" if self.HEADLINE else f"{row['outcome'].replace('_', ' ')} "
            said.append(
                f"{row['column'].replace('_', ' ')} {row['level'].replace('_', ' ')} against {row['against']}: "
                f"{what}{scale * row['estimate']:+.1f} {word} ({percent(self.confidence)} interval "
                f"{scale * row['lower']:+.1f} to {scale * row['upper']:+.1f})"
            )
        if not said:
            return "Every difference rests on counts too small to show."
        return f"{self.SAID.format(units=WORDS[self.unit])}: {'; '.join(said)}."


@dataclass(frozen=True, slots=True, eq=False)
class Designed:
    """Units collapsed to patterns of their columns, and the cluster of each."""

    made: Design
    clusters: Ints

    @property
    def levels(self) -> Mapping[str, list[str]]:
        """Of each column, the reference first."""
        return self.made.levels

    @property
    def design(self) -> Floats:
        """Patterns by columns, the constant first."""
        return with_constant(self.made.matrix)

    @property
    def pattern(self) -> Ints:
        """Of each row."""
        return self.made.pattern

    @property
    def weight(self) -> Floats:
        """Share of the rows with each pattern."""
        return self.made.count / len(self.made.pattern)

    @property
    def terms(self) -> list[tuple[str, str]]:
        """Column and level of each column of the design but the constant."""
        return [(name, label) for name, held in self.levels.items() for label in held[1:]]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns of the design."""
        return ("constant", *(f"{name}={label}" for name, label in self.terms))

    def at(self, column: str, level: str) -> Floats:
        """The design were every unit of one level of a column."""
        return with_constant(self.made.at_level(column, level))


def units_to_model(
    cohort: Cohort,
    covariates: str | Sequence[str],
    unit: str | None,
    ladder: Ladder | None = None,
    needs: Sequence[str] = ("finding",),
    also: Sequence[str] = (),
) -> Units:
    """The units of a model with its covariates, which must be named, and further columns.

    Raises
    ------
    ParameterError
        For no columns.
    """
    columns = column_names(covariates, "the model", "covariates")
    if not columns:
        raise ParameterError("name at least one column to put in the model: covariates='officer_race'")
    return units_of(cohort, [*columns, *also], unit, ladder, needs)


def designed(
    rows: pd.DataFrame, columns: Sequence[str], reference: Mapping[str, str] | None, min_group: int
) -> tuple[pd.DataFrame, Designed]:
    """Units with their small levels put together, and the same collapsed to patterns.

    Raises
    ------
    ParameterError
        For a column with one value, or a reference it does not hold.
    Refusal
        If a level holds one unit.
    """
    pooled = pool_small_levels(rows, columns, min_group)
    names = [str(name) for name in columns]
    made = design(pooled[names].astype("str"), names, reference, order="frequency", least=2)
    return pooled, Designed(made, clusters_of(pooled.get("officer_id"), len(pooled)))


def refuse_uniform(hits: Floats, what: str) -> None:
    """Refuse an outcome that every unit has, or none."""
    if not 0 < hits.sum() < len(hits):
        raise Refusal(f"{int(hits.sum()):,} of {len(hits):,} {what}: there is nothing to tell apart")


def with_slopes(function: Margin, theta: Floats, design: Floats) -> tuple[Floats, Floats]:
    """Numbers made from coefficients, and their derivatives by central differences: coefficients by numbers."""
    slopes = []
    for i in range(len(theta)):
        nudge = np.zeros(len(theta))
        nudge[i] = 1e-5
        slopes.append((function(theta + nudge, design) - function(theta - nudge, design)) / 2e-5)
    return function(theta, design), np.array(slopes)


def spread_of(slopes: Floats, covariance: Floats) -> Floats:
    """Delta-method errors."""
    return np.sqrt(np.maximum(np.einsum("ik,ij,jk->k", slopes, covariance, slopes), 0.0))


def hidden_levels(
    rows: pd.DataFrame, columns: Sequence[str], ended: pd.Series, min_cell: int, whole: bool = True
) -> Callable[[str, str, str], bool]:
    """Whether a level, or a level's share of an outcome, may not be shown.

    ``ended`` says what became of each unit; a cell of level and outcome that is small, or would give a small one
    away, is hidden, and with ``whole`` the level's other outcomes with it.
    """
    shut: set[tuple[str, str, str]] = set()
    for name in columns:
        counts = pd.crosstab(rows[name], ended)
        marks = hidden_cells(counts.to_numpy(), min_cell)
        shut |= {(name, str(counts.index[i]), str(counts.columns[j])) for i, j in np.argwhere(marks)}
    if whole:
        levels = {key[:2] for key in shut}
        return lambda column, level, outcome: (column, level) in levels
    return lambda column, level, outcome: (column, level, outcome) in shut


def model_frames(
    rows: pd.DataFrame,
    shape: Designed,
    theta: Floats,
    covariance: Floats,
    margin: Margin,
    outcomes: Sequence[str],
    *,
    starts: Mapping[str, int],
    counted: Mapping[str, Any],
    hidden: Callable[[str, str, str], bool],
    confidence: float,
    unbounded: Sequence[str] = (),
) -> dict[str, pd.DataFrame]:
    """The table of coefficients, the margins and the contrasts of a fitted model.

    Parameters
    ----------
    rows : DataFrame
        The units, small levels put together.
    shape : Designed
    theta, covariance : array
    margin : callable
        From coefficients and a design, the mean of each of ``outcomes``.
    outcomes : sequence of str
        What margins and contrasts are of.
    starts : mapping of str to int
        For each outcome with coefficients of its own, the place of the first level's in ``theta``.
    counted : mapping of str to array of bool
        For each outcome that is counted, which rows have it.
    hidden : callable
        From column, level and outcome, whether the numbers may not be shown.
    confidence : float
    unbounded : sequence of str
        Outcomes that are no shares.
    """
    top = np.array([np.inf if name in unbounded else 1.0 for name in outcomes])
    terms = shape.terms
    table, margins, contrasts = [], [], []
    for name, labels in shape.levels.items():
        origin: tuple[Floats, Floats] | None = None
        for j, label in enumerate(labels):
            value, slopes = with_slopes(margin, theta, shape.at(name, label))
            origin = origin or (value, slopes)
            inside = (rows[name] == label).to_numpy(dtype=bool)
            n = int(inside.sum())
            events = {one: int(np.asarray(flags)[inside].sum()) for one, flags in counted.items()}
            error = spread_of(slopes, covariance)
            lower, upper = wald(value, error, confidence)
            for k, one in enumerate(outcomes):
                numbers = (value[k], error[k], max(lower[k], 0.0), min(upper[k], top[k]))
                margins.append((name, label, one, n, events.get(one), *numbers, hidden(name, label, one)))
            if not j:
                continue
            apart, wide = value - origin[0], spread_of(slopes - origin[1], covariance)
            low, high = wald(apart, wide, confidence)
            for k, one in enumerate(outcomes):
                shut = hidden(name, label, one) or hidden(name, labels[0], one)
                contrasts.append((name, label, labels[0], one, apart[k], wide[k], low[k], high[k], shut))
            for one, start in starts.items():
                place = start + terms.index((name, label))
                own, spread = float(theta[place]), float(np.sqrt(covariance[place, place]))
                ends = wald(own, spread, confidence)
                numbers = (own, spread, *ends, p_normal(own / spread), *np.exp((own, *ends)))
                shut = hidden(name, label, one) or hidden(name, labels[0], one)
                table.append((name, label, labels[0], one, n, events.get(one), *numbers, shut))
    lead, limits = ["column", "level"], ["estimate", "std_error", "lower", "upper"]
    ratio = ["ratio", "ratio_lower", "ratio_upper"]
    of_table = [*lead, "against", "outcome", "n", "events", *limits, "p_value", *ratio, "hidden"]
    whole = {"events": "Int64"}
    return {
        "table": pd.DataFrame(table, columns=of_table).astype(whole),
        "margins": pd.DataFrame(margins, columns=[*lead, "outcome", "n", "events", *limits, "hidden"]).astype(whole),
        "contrasts": pd.DataFrame(contrasts, columns=[*lead, "against", "outcome", *limits, "hidden"]),
    }
