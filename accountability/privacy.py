"""Pseudonyms and small cells: an officer is told apart from another and cannot be told who, and few stay hidden.

Ids are replaced by a keyed hash (HMAC-SHA256). The key is a file outside the project, made on first use and readable
by its owner alone; the same key gives the same pseudonyms, so two loads can be linked on one machine and on no other.
Where no key can be kept, every load draws its own.

:func:`hidden_cells` says which counts of a table must not be shown, and which others would give them away.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from accountability.errors import AccountabilityError, ParameterError

if TYPE_CHECKING:
    import networkx as nx

KEY_VARIABLE = "ACCOUNTABILITY_KEY_FILE"
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Key:
    """A secret for pseudonyms; ``lasting`` says whether the next load will have it too."""

    secret: bytes
    lasting: bool

    def __repr__(self) -> str:
        return f"Key(lasting={self.lasting})"

    @property
    def fingerprint(self) -> str:
        """A short digest that tells two keys apart without giving either away."""
        return hmac.digest(self.secret, b"fingerprint", "sha256").hex()[:12]


def key_file() -> Path:
    """Return where the key is kept: ``$ACCOUNTABILITY_KEY_FILE``, else the user's configuration folder."""
    stated = os.environ.get(KEY_VARIABLE)
    if stated:
        return Path(stated).expanduser()
    import platformdirs

    return Path(platformdirs.user_config_dir("accountability")) / "pseudonym.key"


def key() -> Key:
    """The key of this user, made on first use.

    Returns
    -------
    Key
        ``lasting`` is false when no file can be kept; ids then differ from load to load.

    Raises
    ------
    AccountabilityError
        When a key file exists and does not hold a key: replacing it would silently break every link made with it.
    """
    path = key_file()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Key(secrets.token_bytes(KEY_BYTES), lasting=False)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        text = path.read_text(encoding="ascii", errors="replace").strip()
        try:
            secret = bytes.fromhex(text)
        except ValueError:
            secret = b""
        if len(secret) != KEY_BYTES:
            raise AccountabilityError(
                f"{path}: expected a pseudonym key of {2 * KEY_BYTES} hexadecimal digits, found {len(text)}. "
                "Restore the file, or delete it to start with new pseudonyms"
            ) from None
        return Key(secret, lasting=True)
    except OSError:
        return Key(secrets.token_bytes(KEY_BYTES), lasting=False)
    secret = secrets.token_bytes(KEY_BYTES)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secret.hex() + "\n")
    return Key(secret, lasting=True)


class Pseudonyms:
    """Ids of one scope replaced by pseudonyms; an id seen before costs nothing.

    Parameters
    ----------
    scope : str
        What the ids belong to (a source's name): the same id in two scopes gets two pseudonyms.
    key : Key
    """

    def __init__(self, scope: str, key: Key) -> None:
        self._scope = scope
        # HMAC as RFC 2104 defines it, its two keyed halves made once: half the time of a call to hmac for each id.
        block = (key.secret if len(key.secret) <= 64 else hashlib.sha256(key.secret).digest()).ljust(64, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block) + scope.encode() + b"\0")
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))
        self._made: dict[str, str] = {}

    def __call__(self, values: pd.Series) -> pd.Series:
        """Replace ids by pseudonyms.

        Parameters
        ----------
        values : Series of str
            Ids; a missing id stays missing.

        Returns
        -------
        Series of str
            Twelve hexadecimal digits behind ``p-``; equal ids get equal pseudonyms, distinct ids distinct ones.

        Raises
        ------
        AccountabilityError
            When two ids would share a pseudonym (one chance in ten thousand at 200,000 officers).
        """
        codes, distinct = pd.factorize(values)
        made, ids = self._made, distinct.tolist()  # an Arrow array is slow to go through one by one
        before = len(made)
        for value in ids:
            if value not in made:
                made[value] = self._pseudonym(str(value))
        if len(made) > before and len(set(made.values())) != len(made):
            raise AccountabilityError(f"two ids of {self._scope} share a pseudonym; use another key ({key_file()})")
        pool = pd.array([*(made[value] for value in ids), None], dtype="str")
        return pd.Series(pool.take(codes), index=values.index, name=values.name)

    def _pseudonym(self, value: str) -> str:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(value.encode())
        outer.update(inner.digest())
        return f"p-{outer.hexdigest()[:12]}"


def hidden_cells(counts: NDArray[np.int64], min_cell: int) -> NDArray[np.bool_]:
    """Mark the cells of a two-way table to hide, small ones and those that would give them away.

    Counts from 1 to ``min_cell - 1`` are hidden; zeros are shown. In each row, and in each column of a table with
    more than one row, a lone hidden cell could be had by subtraction from the total, and several hidden cells that
    together hold fewer than ``min_cell`` would still be narrowed down; so the smallest shown cell above zero is
    hidden too, until every line hides none, or at least two that hold ``min_cell`` or more. A line with nothing
    left to hide keeps a lone hidden cell and its total must be withheld by the caller, with that of another line, from
    which it would follow. Where a hidden cell still follows from several lines together, more are hidden, the smallest
    with which it no longer does.

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
    if both_ways and hidden.any():
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
