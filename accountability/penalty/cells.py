"""Small cells: which counts of a table must not be shown, and which others would give them away."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from accountability.errors import ParameterError


def hidden_cells(counts: NDArray[np.int64], min_cell: int) -> NDArray[np.bool_]:
    """Mark the cells of a two-way table to hide, small ones and those that would give them away.

    Counts from 1 to ``min_cell - 1`` are hidden; zeros are shown. In each row, and in each column of a table with
    more than one row, a lone hidden cell could be had by subtraction from the total, and several hidden cells that
    together hold fewer than ``min_cell`` would still be narrowed down; so the smallest shown cell above zero is
    hidden too, until every line hides none, or at least two that hold ``min_cell`` or more. A line with nothing
    left to hide keeps a lone hidden cell and its total must be withheld by the caller.

    Parameters
    ----------
    counts : array of int, rows by columns
    min_cell : int
        Smallest count that may be shown; 1 hides nothing.

    Returns
    -------
    array of bool, the same shape
    """
    if min_cell < 1:
        raise ParameterError(f"min_cell must be at least 1, found {min_cell}")
    table = np.atleast_2d(np.asarray(counts))
    hidden = (table > 0) & (table < min_cell)
    both_ways = table.shape[0] > 1
    changed = True
    while changed:
        changed = False
        for view, mask in ((table, hidden), (table.T, hidden.T)) if both_ways else ((table, hidden),):
            for line, marks in zip(view, mask, strict=True):
                while marks.any() and (marks.sum() < 2 or line[marks].sum() < min_cell):
                    open_cells = np.flatnonzero(~marks & (line > 0))
                    if not open_cells.size:
                        break
                    marks[open_cells[np.argmin(line[open_cells])]] = True
                    changed = True
    return hidden.reshape(np.shape(counts))
