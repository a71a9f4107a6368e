"""Empty cells of a model: find and name them, pool their levels, or fit with a penalty."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.stats.arrays import Floats, Ints
from accountability.stats.cell_likelihood import SEPARATED, Fit, Separated
from accountability.stats.design import Design, with_constant
from accountability.stats.penalised import Shrink
from accountability.stats.sandwich import REPAIRED
from accountability.study.grouping import OTHER

Sparse = Literal["penalise", "pool", "refuse"]
Empty = tuple[str, str, int]
"""Column, level and place of the outcome that no row of the level has."""

EVERY: Final = "every value"
"""What stands in the place of a number's values where rows are counted by level."""
ONE_MORE: Final = "one more"
NAMED: Final = 6
INSTEAD: Final = (
    "sparse='penalise' keeps every estimate finite, sparse='pool' puts such levels together; or leave the column out"
)


def known_sparse(sparse: str) -> None:
    """Refuse an unknown value of ``sparse``."""
    if sparse not in get_args(Sparse):
        raise ParameterError(f"sparse must be one of {', '.join(get_args(Sparse))}; found {sparse!r}")


@dataclass(frozen=True, slots=True, eq=False)
class Endings:
    """The outcome of each row of a model.

    Attributes
    ----------
    code : array of int
        Outcome code of each row.
    terms : sequence of str
        Meaning of each code.
    each : bool
        Whether every cell of level and outcome must be filled; else only a level whose rows all have the first outcome,
        or all the last, has no finite estimate.
    """

    code: Ints
    terms: Sequence[str]
    each: bool = False

    def empty(self, levels: pd.Series) -> list[tuple[str, int]]:
        """Return level and outcome of each empty cell that has no finite estimate."""
        counts = pd.crosstab(levels.to_numpy(), self.code).reindex(columns=range(len(self.terms)), fill_value=0)
        held, size = counts.to_numpy(), counts.to_numpy().sum(axis=1)
        if self.each:
            where = np.argwhere(held == 0)
        else:
            last = len(self.terms) - 1
            where = np.array(
                [(i, last if held[i, 0] else 0) for i in range(len(held)) if size[i] in held[i, [0, last]]]
            )
        return [(str(counts.index[i]), int(k)) for i, k in where]

    def pooled(self, levels: pd.Series) -> tuple[pd.Series, list[str]]:
        """Pool levels with empty cells, then the level with fewest events, until no cell is empty.

        Events are the rows of a level without the overall most frequent outcome.
        """
        common = int(np.bincount(self.code).argmax())
        out, gone = levels, list[str]()
        while (bare := self.empty(out)) and out.nunique() > 1:
            events = pd.Series(self.code != common, index=out.index).groupby(out).sum().sort_values(kind="stable")
            names = list(dict.fromkeys(level for level, _ in bare))
            if names == [OTHER] or (OTHER not in set(out) and len(names) == 1):
                names.append(next(str(name) for name in events.index if str(name) not in names))
            gone += [name for name in names if name != OTHER]
            out = out.mask(out.isin(names), OTHER)
        return out, gone

    def said(self, empty: Empty) -> str:
        """Name an empty cell."""
        column, level, place = empty
        if self.each:
            return f"{column} = {level} has no {self.terms[place]!r}"
        return f"{column} = {level} has only {self.terms[0 if place else len(self.terms) - 1]!r}"


@dataclass(frozen=True, slots=True, eq=False)
class Designed:
    """Units collapsed to covariate patterns, their clusters, and the empty cells."""

    made: Design
    ways: Mapping[str, Ints]
    sparse: Sparse = "penalise"
    empty: Sequence[Empty] = ()
    named: str = ""  # The empty cells of levels that may be shown
    merged: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def levels(self) -> Mapping[str, list[str]]:
        """Levels of each categorical column, the reference first."""
        return self.made.levels

    @property
    def design(self) -> Floats:
        """Design matrix (patterns by columns), the constant first."""
        return with_constant(self.made.matrix)

    @property
    def pattern(self) -> Ints:
        """Pattern of each row."""
        return self.made.pattern

    @property
    def weight(self) -> Floats:
        """Share of the rows with each pattern."""
        return self.made.count / len(self.made.pattern)

    @property
    def terms(self) -> list[tuple[str, str]]:
        """Column and level of each column of the design without the constant; for a number, what is compared."""
        parts = [(term.part, term.name[len(term.part) + 1 :]) for term in self.made.terms]
        return [(name, label if name in self.levels else ONE_MORE) for name, label in parts]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns of the design."""
        return ("constant", *(term.name for term in self.made.terms))

    def places(self, column: str) -> list[int]:
        """Return the positions of a column's terms in the design without the constant."""
        return [k for k, term in enumerate(self.made.terms) if term.part == column]

    def shown(self, column: str) -> Mapping[str, Floats]:
        """Return designs with all units at each level of a column (reference first), or at a number's quartiles."""
        if column in self.levels:
            return {label: with_constant(self.made.at_level(column, label)) for label in self.levels[column]}
        (place,) = self.places(column)
        values = self.made.matrix[self.pattern, place]
        points = np.unique(np.quantile(values, [0.25, 0.5, 0.75], method="nearest"))
        if len(points) < 2:
            points = values.mean() + values.std() * np.array([-1.0, 0.0, 1.0])
        out = {}
        for point in points:
            matrix = self.design
            matrix[:, place + 1] = point
            out[f"{point:.4g}"] = matrix
        return out

    def key(self, column: str, label: str) -> str:
        """Level under which a numeric covariate's rows are counted."""
        return label if column in self.levels else EVERY

    def fitted(self, fit: Callable[[Shrink | None], Fit], confidence: float, ways: int = 0) -> Fit:
        """Fit without a penalty where a finite estimate exists, with a log-F penalty where there is none.

        Raises
        ------
        Refusal
            With ``sparse="refuse"``; the message names the empty cells.
        """
        if not self.empty:
            try:
                return fit(None)
            except Separated as why:
                if self.sparse == "refuse":
                    raise Refusal(f"{why}: {', '.join(self.names[1:])}. {INSTEAD}") from why
        elif self.sparse == "refuse":
            raise Refusal(f"no finite estimate exists (separation), for some cells are empty: {self.named}. {INSTEAD}")
        kinds = [name in self.levels for name, _ in self.terms]
        spread = np.sqrt(self.weight @ (self.made.matrix - self.weight @ self.made.matrix) ** 2)
        sparse = np.zeros((max(ways, 1), 1 + len(kinds)), dtype=bool)
        for column, level, ending in self.empty:
            found = [k for k in self.places(column) if self.terms[k][1] == level] or self.places(column)
            rows = slice(None) if not ways or not ending else slice(ending - 1, ending)
            sparse[rows, np.array(found) + 1] = True
        if not self.empty:
            sparse[:, 1:] = True
        scale = np.concatenate([[0.0], np.where(kinds, 1.0, spread)])
        return fit(Shrink(scale, sparse if ways else sparse[0], confidence))

    def by(self, *fits: Fit) -> str:
        """Return how the fits were made, in words."""
        return f"maximum {'penalised ' if any(fit.limits is not None for fit in fits) else ''}likelihood"

    @property
    def errors(self) -> str:
        """Return what errors are clustered by, in words."""
        if any(way.ndim == 2 for way in self.ways.values()):
            return "errors of complaints that share an officer"
        if "row" in self.ways:
            return "robust errors, each row its own cluster"
        return " and ".join(self.ways) + ("-clustered errors" if len(self.ways) == 1 else ": two-way clustered errors")

    def assumed(self, *fits: Fit) -> tuple[str, ...]:
        """Return the assumptions about empty cells."""
        out = [
            f"{name.replace('_', ' ')}: put together, for cells of theirs hold nobody: {', '.join(levels)}"
            for name, levels in self.merged.items()
        ]
        if any(fit.errors.repaired for fit in fits):
            out.append(
                f"{REPAIRED}: where officers and complaints together gave a negative variance, it is 0; "
                "read intervals as least ones"
            )
        if any(fit.limits is not None for fit in fits):
            why = f"empty cells ({self.named})" if self.named else SEPARATED.split(",")[0]
            out.append(
                f"{why}: a log-F(1,1) penalty, worth one row a coefficient, keeps the estimates finite; it holds odds "
                "ratios beyond 648 or below 1/648 to be unlikely"
            )
        return tuple(out)
