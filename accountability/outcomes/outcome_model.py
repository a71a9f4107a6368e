"""What every model of an outcome gives: coefficients, margins and contrasts, put together in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

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
from accountability.stats.intervals import student
from accountability.stats.sandwich import Clustered, ways_of
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
        ``ratio_upper``; ``clusters`` (of the way with fewest), ``effective_clusters`` (even ones they are worth to
        this row) and ``df``, the degrees of freedom of its interval by Student's t; ``hidden``. A level that one
        cluster alone determines has no interval.
    margins : DataFrame
        ``column``, ``level``, ``outcome``, ``n``, ``events``, ``estimate``, ``std_error``, ``lower``, ``upper``,
        ``clusters``, ``effective_clusters``, ``df``, ``hidden``: the mean of the outcome were all units of this level
        and all else as it is.
    contrasts : DataFrame
        ``column``, ``level``, ``against``, ``outcome``, ``estimate``, ``std_error``, ``lower``, ``upper``,
        ``clusters``, ``effective_clusters``, ``df``, ``hidden``: each margin less that of the reference.
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
                if row["df"] > 0
                else f"{row['column'].replace('_', ' ')} {row['level'].replace('_', ' ')} against {row['against']}: "
                f"{what}{scale * row['estimate']:+.1f} {word} (no interval: it rests on one officer or complaint)"
            )
        if not said:
            return "Every difference rests on counts too small to show."
        return f"{self.SAID.format(units=WORDS[self.unit])}: {'; '.join(said)}."


@dataclass(frozen=True, slots=True, eq=False)
class Designed:
    """Units collapsed to patterns of their columns, and the clusters of each, along one way or two."""

    made: Design
    ways: Mapping[str, Ints]

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
    return pooled, Designed(made, ways_of(pooled))


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
    errors: Clustered,
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
    theta : array
    errors : Clustered
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
    top = {name: np.inf if name in unbounded else 1.0 for name in outcomes}
    terms = shape.terms
    parts: dict[str, _Lines] = {name: _Lines([], [], []) for name in ("table", "margins", "contrasts")}
    for name, labels in shape.levels.items():
        origin: tuple[Floats, Floats] | None = None
        for j, label in enumerate(labels):
            value, slopes = with_slopes(margin, theta, shape.at(name, label))
            origin = origin or (value, slopes)
            inside = (rows[name] == label).to_numpy(dtype=bool)
            n = int(inside.sum())
            events = {one: int(np.asarray(flags)[inside].sum()) for one, flags in counted.items()}
            for k, one in enumerate(outcomes):
                lead = {"column": name, "level": label, "outcome": one, "n": n, "events": events.get(one)}
                parts["margins"].add(lead | {"hidden": hidden(name, label, one)}, value[k], slopes[:, k])
            if not j:
                continue
            lead = {"column": name, "level": label, "against": labels[0]}
            for k, one in enumerate(outcomes):
                shut = hidden(name, label, one) or hidden(name, labels[0], one)
                apart = (value[k] - origin[0][k], slopes[:, k] - origin[1][:, k])
                parts["contrasts"].add(lead | {"outcome": one, "hidden": shut}, *apart)
            for one, start in starts.items():
                place = start + terms.index((name, label))
                shut = hidden(name, label, one) or hidden(name, labels[0], one)
                own = lead | {"outcome": one, "n": n, "events": events.get(one), "hidden": shut}
                parts["table"].add(own, theta[place], np.eye(len(theta))[place])
    table, margins, contrasts = (part.frame(errors, confidence) for part in parts.values())
    low, high = margins["lower"].clip(lower=0.0), margins["upper"].clip(upper=margins["outcome"].map(top))
    ratios = {
        f"ratio{end}": np.exp(table[of]) for end, of in (("", "estimate"), ("_lower", "lower"), ("_upper", "upper"))
    }
    first, tail = ["column", "level"], ["estimate", "std_error", "lower", "upper"]
    held = ["clusters", "effective_clusters", "df"]
    whole = {"events": "Int64"}
    counts = ["outcome", "n", "events"]
    of_table = [*first, "against", *counts, *tail, "p_value", *ratios, *held, "hidden"]
    return {
        "table": table.assign(**ratios).reindex(columns=of_table).astype(whole),
        "margins": margins.assign(lower=low, upper=high)[[*first, *counts, *tail, *held, "hidden"]].astype(whole),
        "contrasts": contrasts[[*first, "against", "outcome", *tail, *held, "hidden"]],
    }


class _Lines(NamedTuple):
    """Estimates with what they are made of, gathered so that their degrees of freedom are had at once."""

    lead: list[dict[str, Any]]
    value: list[float]
    slopes: list[Floats]

    def add(self, lead: dict[str, Any], value: float, slopes: Floats) -> None:
        self.lead.append(lead)
        self.value.append(float(value))
        self.slopes.append(slopes)

    def frame(self, errors: Clustered, confidence: float) -> pd.DataFrame:
        slopes = np.reshape(self.slopes, (-1, len(errors.covariance))).T
        numbers = student(np.array(self.value), slopes, errors, confidence)
        return pd.DataFrame(self.lead).assign(**numbers)
