"""A matter: a feature of an unknown file that a person must decide; and a column by its distinct texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

ROWS_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Matter:
    """A feature of the cells that a person must decide.

    Attributes
    ----------
    kind : str
        Kind of matter.
    column : str or None
        The column, or None for rows or files.
    what : str
        Description with counts, in one line.
    rows : tuple of int
        The first data rows concerned, counted from 1; for rows that are not records, all.
    lie : mapping
        For heaped dates: the entry of ``lies``.
    settle : str
        What to declare or do once it is known.
    """

    kind: str
    column: str | None
    what: str
    rows: tuple[int, ...] = ()
    lie: Mapping[str, Any] = field(default_factory=dict)
    settle: str = ""


@dataclass(frozen=True, eq=False)
class Texts:
    """A column by its distinct texts, so that searches scale with them and not with rows."""

    name: str
    code: np.ndarray
    distinct: pd.Series
    counts: np.ndarray
    masked: bool = False

    @classmethod
    def of(cls, column: pd.Series, masked: bool = False) -> Texts:
        """Make it from a column of text; a possibly identifying column (`masked`) shows no text."""
        code, distinct = pd.factorize(column)
        counts = np.bincount(code[code >= 0], minlength=len(distinct))
        return cls(str(column.name), code, pd.Series(distinct, dtype="str"), counts, masked)

    @cached_property
    def filled(self) -> int:
        """Number of filled cells."""
        return int(self.counts.sum())

    @cached_property
    def _held(self) -> pa.Array:
        return pa.array(self.distinct.to_numpy(dtype=object), pa.large_string())

    def matching(self, pattern: str) -> pd.Series:
        """Return which texts match a pattern, in RE2 syntax."""
        return pd.Series(np.asarray(pc.match_substring_regex(self._held, pattern)), dtype=bool)

    def number(self, marked: pd.Series) -> int:
        """Return the number of cells with a marked text."""
        return int(self.counts[marked.to_numpy(dtype=bool)].sum())

    def rows(self, marked: pd.Series) -> tuple[int, ...]:
        """Return the first data rows with a marked text."""
        held = np.append(marked.to_numpy(dtype=bool), False)[self.code]
        return tuple(int(i) + 1 for i in np.flatnonzero(held)[:ROWS_SHOWN])

    def example(self, marked: pd.Series) -> str:
        """Return the first marked text."""
        return "###" if self.masked else str(self.distinct[marked.to_numpy(dtype=bool)].iloc[0])


def rows_shown(frame: pd.DataFrame, matter: Matter, masked: set[str]) -> list[str]:
    """Return the first rows of a matter, in a few columns; possibly identifying cells are ``###``."""
    first = [matter.column] if matter.column is not None and matter.column in frame else []
    open_first = sorted((str(c) for c in frame.columns if c not in first), key=lambda c: c in masked)
    shown = [*first, *open_first[:4]]
    lines = []
    for row in matter.rows[:3]:
        cells = frame.iloc[row - 1]
        texts = [f"{c} = {'###' if c in masked and pd.notna(cells[c]) else _cell(cells[c])}" for c in shown]
        lines.append(f"row {row}: {'; '.join(texts)}")
    return lines


def _cell(cell: Any) -> str:
    text = "(blank)" if pd.isna(cell) else str(cell)
    return text if len(text) <= 24 else text[:23] + "…"
