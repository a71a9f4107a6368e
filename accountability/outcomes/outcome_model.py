"""The result that all outcome models share: coefficients, margins and contrasts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.outcomes.ladder import Ladder
from accountability.outcomes.small_counts import Disclosed
from accountability.outcomes.sparse_cells import EVERY, INSTEAD, NAMED, Designed, Endings, Sparse, known_sparse
from accountability.outcomes.units_counted import Units, is_number, pool_small_levels, units_of
from accountability.privacy import hidden_cells
from accountability.records.units import WORDS
from accountability.results import percent, plural
from accountability.stats.arrays import Floats
from accountability.stats.cell_likelihood import Fit
from accountability.stats.design import design
from accountability.stats.sandwich import ways_of
from accountability.stats.separation import refuse_collinear
from accountability.study.cohort import Cohort
from accountability.study.inputs import column_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes


MOST_SAID: Final = 12
"""Levels named in a sentence; more are in the table."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class OutcomeModel(Disclosed):
    """A fitted model of an outcome with several covariates.

    Attributes
    ----------
    table : DataFrame
        The coefficients, one row per level and outcome: ``column``, ``level``, ``against`` (the reference),
        ``outcome``, ``n`` (units of the level), ``events`` (those with the outcome, where it is counted), ``estimate``,
        ``std_error``, ``lower``, ``upper``, ``p_value``; their exponentials ``ratio``, ``ratio_lower``, ``ratio_upper``
        (odds ratios); ``margin``, ``margin_lower``, ``margin_upper`` (the mean of the outcome at this level, as in
        ``margins``); ``clusters`` (the fewer of officers and complaints), ``effective_clusters`` (effective number for
        this row) and ``df``, the degrees of freedom of its interval by Student's t; ``hidden``. A level determined by
        one cluster alone has no interval. A numeric covariate has one row, for one more unit of it; its margin is at
        the median.
    margins : DataFrame
        ``column``, ``level``, ``outcome``, ``n``, ``events``, ``estimate``, ``std_error``, ``lower``, ``upper``,
        ``clusters``, ``effective_clusters``, ``df``, ``hidden``: the mean outcome if all units had this level (or each
        quartile of a numeric covariate), with other covariates unchanged.
    contrasts : DataFrame
        ``column``, ``level``, ``against``, ``outcome``, ``estimate``, ``std_error``, ``lower``, ``upper``,
        ``clusters``, ``effective_clusters``, ``df``, ``hidden``: each margin minus that of the reference, or of the
        lower quartile.
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

    @property
    def headline(self) -> str | None:
        """Outcome shown in the sentence and the figure; ``None`` for all."""
        return self.HEADLINE

    def said(self) -> str:
        """Beginning of the sentence."""
        return self.SAID

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw each margin with its interval; where there are several outcomes, one bar per level."""
        from accountability.figures.draw import new_axes, ranges
        from accountability.figures.share_bars import stacked_shares

        rows = self.margins
        label = rows["column"].str.replace("_", " ") + ": " + rows["level"].str.replace("_", " ")
        axis = self.AXIS.format(units=WORDS[self.unit])
        if self.headline is None:
            shown = rows.assign(who=label)
            return stacked_shares(shown, by=["who"], term="outcome", share="estimate", label=axis, ax=ax)
        shown = rows.assign(label=label).loc[rows["outcome"].eq(self.headline) & ~rows["hidden"]]
        axes = new_axes(ax, height=1.2 + 0.3 * len(shown))
        ranges(
            axes,
            shown,
            label="label",
            estimate="estimate",
            lower="lower",
            upper="upper",
            kind="number" if "days" in axis else "share",
        )
        axes.set_xlabel(axis)
        return axes

    def sentence(self) -> str:
        """State each level's difference from its reference, for the headline outcome or the one that differs most."""
        rows = self.contrasts.loc[~self.contrasts["hidden"] & self.contrasts["estimate"].notna()]
        if self.headline is not None:
            rows = rows.loc[rows["outcome"] == self.headline]
        scale, word = self.SCALE if self.headline == self.HEADLINE else (100.0, "points")
        said = []
        levels = [part for _, part in rows.groupby(["column", "level"], sort=False)]
        for part in levels[:MOST_SAID]:
            (*_, row) = part.sort_values("estimate", key=abs, kind="stable").to_dict("records")
            what = "" if self.headline else f"{row['outcome'].replace('_', ' ')} "
            said.append(
                f"{row['column'].replace('_', ' ')} {row['level'].replace('_', ' ')} against {row['against']}: "
                f"{what}{scale * row['estimate']:+.1f} {word} ({percent(self.confidence)} interval "
                f"{scale * row['lower']:+.1f} to {scale * row['upper']:+.1f})"
                if row["lower"] == row["lower"]
                else f"{row['column'].replace('_', ' ')} {row['level'].replace('_', ' ')} against {row['against']}: "
                f"{what}{scale * row['estimate']:+.1f} {word} (no interval: it rests on one officer or complaint)"
            )
        if not said:
            return "Every difference rests on counts too small to show."
        more = len(levels) - len(said)
        rest = f"; {plural(more, 'more level')} in the contrasts" if more else ""
        return f"{self.said().format(units=WORDS[self.unit])}: {'; '.join(said)}{rest}."


def units_to_model(
    cohort: Cohort,
    covariates: str | Sequence[str],
    unit: str | None,
    ladder: Ladder | None = None,
    needs: Sequence[str] = ("finding",),
    also: Sequence[str] = (),
) -> Units:
    """Return the units of a model with its covariates and further columns.

    Raises
    ------
    ParameterError
        If no covariate is named.
    """
    columns = column_names(covariates, "the model", "covariates")
    if not columns:
        raise ParameterError("name at least one column to put in the model: covariates='officer_race'")
    own = {name for need in needs for name in (need, need.replace("penalty", "days"))}
    for name in columns:
        if name.removeprefix("raw_") in own:
            raise ParameterError(f"{name!r} is what the model is of (or a part of it), so it cannot be a covariate")
    return units_of(cohort, [*columns, *also], unit, ladder, needs, numbers=True)


def with_numbers(rows: pd.DataFrame, columns: Sequence[str]) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the rows with all numeric covariates recorded, and how many lack each."""
    apart = {}
    for name in columns:
        if is_number(rows[name]) and (missing := rows[name].isna()).any():
            apart[f"{name} not recorded"] = int(missing.sum())
            rows = rows.loc[~missing]
    return rows, apart


def designed(
    rows: pd.DataFrame,
    columns: Sequence[str],
    reference: Mapping[str, str] | None,
    min_group: int,
    endings: Endings,
    sparse: Sparse = "penalise",
    min_cell: int = 10,
) -> tuple[pd.DataFrame, Designed]:
    """Return units with small levels pooled, and the same collapsed to patterns.

    Raises
    ------
    ParameterError
        For a column with one value, or a reference that does not occur.
    Refusal
        If a level holds one unit, or columns are collinear.
    """
    known_sparse(sparse)
    factors = [name for name in columns if not is_number(rows[name])]
    pooled, merged = pool_small_levels(rows, factors, min_group), {}
    for name in factors if sparse == "pool" else ():
        values, gone = endings.pooled(pooled[name])
        if values.nunique() < 2:
            raise Refusal(
                f"every level of {name} has an empty cell, so none is left to compare when they are put together. "
                f"{INSTEAD}"
            )
        if gone:
            pooled, merged[name] = pooled.assign(**{name: values}), gone
    made = design(
        pooled[list(columns)].astype(dict.fromkeys(factors, "str")), columns, reference, order="frequency", least=2
    )
    centred = made.matrix - made.count @ made.matrix / len(pooled)
    refuse_collinear(made, centred.T @ (centred * made.count[:, None]), 1.0)
    empty = [(name, level, place) for name in factors for level, place in endings.empty(pooled[name])]
    sizes = {name: pooled[name].value_counts() for name in factors}
    shown = [endings.said(cell) for cell in empty if sizes[cell[0]][cell[1]] >= min_cell]
    more = len(empty) - len(shown[:NAMED])
    named = "; ".join([*shown[:NAMED], *([f"{more} more"] if more else [])])
    shape = Designed(made, ways_of(pooled), sparse, empty, named, merged)
    return pooled.assign(**{name: EVERY for name in columns if name not in factors}), shape


def refuse_uniform(hits: Floats, what: str) -> None:
    """Refuse an outcome that all units or no unit has."""
    if not 0 < hits.sum() < len(hits):
        raise Refusal(f"{int(hits.sum()):,} of {len(hits):,} {what}: nothing can be compared")


def hidden_levels(
    rows: pd.DataFrame, columns: Sequence[str], ended: pd.Series, min_cell: int, whole: bool = True
) -> Callable[[str, str, str], bool]:
    """Return a function that says whether a level, or its share of an outcome, must be hidden.

    ``ended`` holds the outcome of each unit. A cell of level and outcome that is small, or would reveal a small one, is
    hidden; with ``whole`` the level's other outcomes are too.
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
