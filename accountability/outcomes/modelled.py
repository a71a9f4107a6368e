"""What every model of penalties starts from and ends in: rows with their columns, and numbers in absolute terms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.outcomes.allegation_columns import grouping
from accountability.outcomes.following import UnitCard
from accountability.outcomes.ladder import Ladder
from accountability.privacy import hidden_cells
from accountability.records.units import check_terms, roll_up
from accountability.stats.arrays import Floats, Ints
from accountability.stats.design import Design, design, with_constant
from accountability.stats.sandwich import clusters_of
from accountability.study.cohort import Cohort, DatasetLike
from accountability.study.grouping import OTHER, small_groups
from accountability.vocabulary import FINDINGS, PENALTIES

CLUSTERED = "officers are independent of one another, rows of one officer are not"
UNSEEN = "columns not in the model may differ between the levels"


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The units of a model.

    Attributes
    ----------
    cohort : Cohort
    table : DataFrame
        One row a unit, with the columns of the model.
    columns : tuple of str
    unit : str
    """

    cohort: Cohort
    table: pd.DataFrame
    columns: tuple[str, ...]
    unit: str


@dataclass(frozen=True, slots=True, eq=False)
class Designed:
    """Units collapsed to patterns of their columns.

    Attributes
    ----------
    made : Design
    clusters : array of int
        Of each row.
    """

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
    def names(self) -> list[tuple[str, str]]:
        """Column and level of each column of the design but the constant."""
        return [(name, label) for name, held in self.levels.items() for label in held[1:]]

    def at(self, column: str, j: int) -> Floats:
        """The design were every unit of a column's j-th level."""
        return with_constant(self.made.at_level(column, self.levels[column][j]))


def rows_for(
    data: Cohort | DatasetLike, on: Sequence[str], unit: str | None, ladder: Ladder | None, *needed: str
) -> Rows:
    """The units to model, with the columns named.

    Raises
    ------
    ParameterError
        For no columns, unknown ones, or terms that are not in the vocabulary.
    Refusal
        If the source lacks a column the model is about, or its rows are coarser than the unit.
    """
    cohort, order = Cohort.of(data), ladder or Ladder()
    columns = tuple(dict.fromkeys(on))
    if not columns:
        raise ParameterError("name at least one column to put in the model")
    missing = [name for name in needed if name not in cohort.allegations]
    if missing:
        raise Refusal(f"{cohort.name} holds no {missing[0]}, so it cannot be modelled")
    for name in needed:
        check_terms(cohort.allegations[name], FINDINGS if name == "finding" else PENALTIES, name.replace("_", " "))
    held = cast(UnitCard, cohort.card).unit
    counted = unit or held
    table = grouping(cohort.cases, cohort.allegations, columns)
    return Rows(cohort, roll_up(table, held, counted, columns, order.severity_rank), columns, counted)


def put_together(rows: pd.DataFrame, columns: Sequence[str], min_cell: int) -> pd.DataFrame:
    """Levels that hold fewer than ``min_cell`` units as one, with the next smallest while together too small."""
    return rows.assign(
        **{name: rows[name].mask(rows[name].isin(small_groups(rows[name], min_cell)), OTHER) for name in columns}
    )


def designed(rows: pd.DataFrame, columns: Sequence[str], reference: Mapping[str, str] | None) -> Designed:
    """Collapse units to patterns.

    Raises
    ------
    ParameterError
        For a column with one value, or a reference it does not hold.
    Refusal
        If a level holds one unit.
    """
    names = [str(name) for name in columns]
    made = design(rows[names].astype("str"), names, reference, order="frequency", least=2)
    return Designed(made, clusters_of(rows.get("officer_id"), len(rows)))


def delta(function: Callable[[Floats], Floats], theta: Floats, covariance: Floats) -> tuple[Floats, Floats]:
    """Numbers made from coefficients, and their delta-method errors (the slopes by central differences)."""
    value = function(theta)
    slopes = np.empty((len(theta), len(value)))
    for i in range(len(theta)):
        nudge = np.zeros(len(theta))
        nudge[i] = 1e-5
        slopes[i] = (function(theta + nudge) - function(theta - nudge)) / 2e-5
    variance = np.einsum("ik,ij,jk->k", slopes, covariance, slopes)
    return value, np.sqrt(np.maximum(variance, 0.0))


def secret_levels(rows: pd.DataFrame, columns: Sequence[str], ways: pd.Series, min_cell: int) -> pd.DataFrame:
    """Which levels of each column may not be shown: ``column``, ``level``, then one column a way with True if hidden.

    ``ways`` says what became of each unit; a cell of level and way that is small, or would give a small one away, is
    hidden.
    """
    parts = []
    for name in columns:
        counts = pd.crosstab(rows[name], ways)
        marks = pd.DataFrame(hidden_cells(counts.to_numpy(), min_cell), index=counts.index, columns=counts.columns)
        parts.append(marks.rename_axis("level").reset_index().assign(column=name))
    return pd.concat(parts, ignore_index=True)


def hidden_levels(
    rows: pd.DataFrame, columns: Sequence[str], ways: pd.Series, min_cell: int
) -> dict[tuple[str, str], bool]:
    """Whether a level of a column may not be shown, because one of its ways may not."""
    secret = secret_levels(rows, columns, ways, min_cell).set_index(["column", "level"])
    return {(name, label): shut for name, label, shut in secret.any(axis=1).reset_index().to_numpy().tolist()}


def left_apart(counts: Mapping[str, int], min_cell: int) -> pd.DataFrame:
    """Units left out of a model: ``what`` and ``count``, missing where small."""
    table = pd.DataFrame({"what": list(counts), "count": list(counts.values())}).astype({"count": "Int64"})
    return table.assign(count=table["count"].mask(table["count"].gt(0) & table["count"].lt(min_cell)))
