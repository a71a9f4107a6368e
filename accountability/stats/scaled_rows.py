"""Rows of a matrix, each times a number, without a second matrix that holds the products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from accountability.stats.arrays import Floats


@dataclass(frozen=True, slots=True, eq=False)
class ScaledRows:
    """Rows of a matrix times a number each: scores and roots of information of a model with one linear index.

    Both are multiples of the design's rows, which a million rows need not hold three times.

    Attributes
    ----------
    number : array
        One a row.
    rows : array, rows by terms
    """

    number: Floats
    rows: Floats

    @property
    def ndim(self) -> int:
        """Dimensions, as of an array."""
        return 2

    def __len__(self) -> int:
        return len(self.number)

    def __getitem__(self, some: Any) -> Floats:
        return self.number[some, None] * self.rows[some]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Floats:
        return np.asarray(self.number[:, None] * self.rows, dtype=dtype)

    def __matmul__(self, other: Floats) -> Floats:
        out = np.asarray(self.rows @ other)
        out *= self.number[:, None]
        return out


Rows = Floats | ScaledRows


def scaled(rows: Rows) -> ScaledRows:
    """Return rows as multiples of a matrix; those of an array are multiplied by one."""
    return rows if isinstance(rows, ScaledRows) else ScaledRows(np.ones(len(rows)), rows)
