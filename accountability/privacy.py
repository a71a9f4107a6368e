"""Disclosure control of small counts, by one rule for every output of a result.

A count of people or cases from 1 to 9 is hidden, with every number computed from it, because a share with its interval
reveals its count. Numbers from which a hidden count could be derived by subtraction are hidden too. Shown estimates are
never changed. :func:`disclose` applies the rule to the rows of a table,
:func:`hidden_cells` to the cells of a two-way table, and :func:`coarse_steps` to the steps of a curve.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from accountability.errors import ParameterError

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd

MIN_CELL: Final = 10
"""Smallest count of people or cases that is shown."""


def disclose(
    table: pd.DataFrame,
    *,
    counts: Sequence[str],
    keep: Sequence[str] = (),
    within: Sequence[str] = (),
    parts: bool = True,
    min_cell: int = MIN_CELL,
) -> pd.DataFrame:
    """Hide the rows of a table with small counts, and rows that would reveal them.

    Parameters
    ----------
    table : DataFrame
        One row per group. It is not changed.
    counts : sequence of str
        Columns that count people or cases. The first is the number of the row; each other one is part of it, so the
        difference must not be small either. If only a part is small, the first stays shown.
    keep : sequence of str
        Further columns shown in every row: the groups, and given values (a day, a rank, a name).
    within : sequence of str
        Columns that divide the table into blocks. The rows of a block add up to a known total.
    parts : bool
        Whether the rows of a block add up to a known total. A single hidden row then hides a second one.
    min_cell : int
        Smallest count that is shown.

    Returns
    -------
    DataFrame
        With a last column ``hidden`` (bool). In hidden rows the numbers not in `keep` are missing; whole numbers with a
        missing value become Int64.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"unit": ["A", "B", "C"], "n": [40, 25, 3], "estimate": [0.2, 0.4, 1.0]})
    >>> disclose(table, counts=["n"])["hidden"].tolist()
    [False, True, True]
    """
    import pandas as pd

    if min_cell < 1:
        raise ParameterError(f"min_cell must be at least 1, found {min_cell}")
    numbers = np.column_stack([pd.to_numeric(table[name]).to_numpy(dtype=np.float64, na_value=0.0) for name in counts])
    whole, inside = numbers[:, 0], numbers[:, 1:]
    blocks = np.zeros(len(table), dtype=np.int64)
    if within:
        blocks = np.asarray(table.groupby(list(within), sort=False, dropna=False).ngroup(), dtype=np.int64)
    few = np.asarray(_small(whole, min_cell), dtype=bool)
    part = np.column_stack([_small(inside, min_cell), _small(whole[:, None] - inside, min_cell)]).any(axis=1)
    if parts:
        few = _with_another(whole, few, blocks, min_cell)
    part = np.asarray(part | few, dtype=bool)
    for column in inside.T if parts else ():
        part = _with_another(column, part, blocks, min_cell)
    if "hidden" in table:
        earlier = table["hidden"].to_numpy(dtype=bool)
        few, part = few | earlier, part | earlier
    out = table.drop(columns="hidden") if "hidden" in table else table
    shown = {*keep, *within}
    masked = {}
    for name, column in out.items() if (few | part).any() else ():
        kind = column.dtype.kind if isinstance(column.dtype, np.dtype) else "i"
        if name in shown or kind == "b" or not pd.api.types.is_numeric_dtype(column):
            continue
        marks = few if name == counts[0] else part
        if marks.any():
            whole_numbers = column.astype("Int64") if kind in "iu" else column
            masked[str(name)] = whole_numbers.mask(pd.Series(marks, index=out.index))
    whole_table = out.assign(**masked, hidden=part)
    # With the table goes what its columns are: `publish.column_kinds` hands it on.
    whole_table.attrs["counts"] = tuple(counts)
    return whole_table


def _small(counts: NDArray[np.float64], least: int) -> NDArray[np.bool_]:
    return np.asarray((counts > 0) & (counts < least))


def _with_another(
    counts: NDArray[np.float64], hidden: NDArray[np.bool_], blocks: NDArray[np.int64], least: int
) -> NDArray[np.bool_]:
    """Hide further rows of a block, the smallest first, until the hidden ones cannot be derived by subtraction."""
    out = hidden.copy()
    for block in np.unique(blocks[hidden]):
        places = np.flatnonzero(blocks == block)
        while len(marked := places[out[places] & (counts[places] > 0)]) < 2 or counts[marked].sum() < least:
            left = places[~out[places] & (counts[places] > 0)]
            if not len(left) or not len(marked):
                break
            out[left[np.argmin(counts[left])]] = True
    return out


def coarse_steps(events: NDArray[np.int64], at_least: int = MIN_CELL) -> NDArray[np.bool_]:
    """Choose the days of a curve to show, so that no step between two of them has few closings.

    Parameters
    ----------
    events : array of int
        Closings of each row of a curve, in order of its days.
    at_least : int
        Fewest closings from one shown row to the next.

    Returns
    -------
    array of bool
        Which rows are shown. A last step with fewer closings is joined to the one before.

    Examples
    --------
    >>> coarse_steps(np.array([4, 4, 4, 12, 3])).tolist()
    [False, False, True, False, True]
    """
    shown = np.zeros(len(events), dtype=bool)
    held = 0
    last = -1
    for place, number in enumerate(events.tolist()):
        held += number
        if held >= at_least:
            shown[place] = True
            held, last = 0, place
    if held and len(events):
        if last >= 0:
            shown[last] = False
        shown[-1] = True
    return shown


def hidden_cells(counts: NDArray[np.int64], min_cell: int) -> NDArray[np.bool_]:
    """Mark the cells of a two-way table to hide: small ones and those that would reveal them.

    Counts from 1 to ``min_cell - 1`` are hidden; zeros are shown. In each row, and in each column of a table with
    several rows, a single hidden cell could be derived by subtraction from the total, and several hidden cells with a
    sum below ``min_cell`` are narrowly bounded. So the smallest shown cell above zero is hidden too, until every line
    hides none, or at least two with a sum of ``min_cell`` or more. If a line has nothing left to hide, the caller must
    withhold its total and that of another line. If a hidden cell still follows from several lines together, further
    cells are hidden, the smallest that suffice.

    Parameters
    ----------
    counts : array of int, rows by columns
    min_cell : int
        Smallest count to show; 1 hides nothing.

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
    lines = hidden.any(axis=1).sum(), hidden.any(axis=0).sum()
    # Where every hidden row hides the same columns, two of each or more, other cells always lead round to each.
    if both_ways and hidden.any() and not (min(lines) > 1 and hidden.sum() == lines[0] * lines[1]):
        _close_lines_together(table, hidden, min_cell)
    return hidden.reshape(np.shape(counts))


def _close_lines_together(table: NDArray[np.int64], hidden: NDArray[np.bool_], min_cell: int) -> None:
    """Hide more cells, in place, until no hidden one follows from the totals of rows and columns together.

    As edges between their row and their column, hidden cells make a graph, and the totals give away its bridges: a
    cell stays unknown exactly where other hidden cells lead from its row to its column too. Lines whose total is
    withheld are joined. Where no shown cell leads there, hiding more cannot help.
    """
    import networkx as nx

    rows = len(table)  # a row is the node of its number, a column that of its number behind the rows, -1 the withheld
    ways, secret = nx.Graph(), nx.Graph()
    for row, column in np.argwhere(table > 0).tolist():
        ways.add_edge(row, rows + column, cost=0 if hidden[row, column] else int(table[row, column]))
    secret.add_edges_from((row, rows + column) for row, column in np.argwhere(hidden).tolist())
    for first, counts, marks in ((0, table, hidden), (rows, table.T, hidden.T)):
        few = (marks.sum(axis=1) == 1) | (np.where(marks, counts, 0).sum(axis=1) < min_cell)
        joined = [(first + line, -1) for line in np.flatnonzero(marks.any(axis=1) & few).tolist()]
        ways.add_edges_from(joined, cost=0)
        secret.add_edges_from(joined)
    helpless = _bridges(ways)
    while told := _bridges(secret) - helpless:
        row, node = min(told, key=lambda edge: (table[edge[0], edge[1] - rows], edge))
        ways.remove_edge(row, node)
        way = nx.shortest_path(ways, row, node, weight="cost")
        nx.add_path(ways, [*way, row], cost=0)
        nx.add_path(secret, way)
        for row, node in map(sorted, pairwise(way)):
            if row >= 0:
                hidden[row, node - rows] = True


def _bridges(graph: nx.Graph) -> set[tuple[int, int]]:
    import networkx as nx

    return {(min(edge), max(edge)) for edge in nx.bridges(graph) if min(edge) >= 0}
