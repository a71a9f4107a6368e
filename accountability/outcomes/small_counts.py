"""Disclosure control for outcomes: hide small counts and the counts that would reveal them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import pandas as pd

from accountability.outcomes.rounded_rates import step_for
from accountability.privacy import hidden_cells
from accountability.results import Result
from accountability.stats.arrays import Ints

WAITS: Final = (
    ("units", "decided", "pending", "finding_not_recorded"),
    ("sustained", "penalty_decided", "penalty_pending", "penalty_not_recorded"),
)


def small_terms(
    table: pd.DataFrame,
    blocks: Sequence[str],
    term: str,
    min_cell: int,
    beside: Mapping[str, int] | None = None,
) -> tuple[pd.Series, pd.Series]:
    """Return which rows of a table of shares must be hidden, and which blocks' further number must be.

    The counts of each block of rows add up to a known total, and so do those of a term over the blocks.

    Parameters
    ----------
    table : DataFrame
        One row per block and term, in the same order in every block.
    blocks : sequence of str
        Columns that identify the blocks.
    term : str
    min_cell : int
    beside : mapping, optional
        For each block (see :func:`labels_of`), a further number that is part of its total.

    Returns
    -------
    hidden, beside_hidden : Series of bool
        One per row of the table.
    """
    if table.empty:
        return pd.Series(False, index=table.index), pd.Series(False, index=table.index)
    block, names = pd.factorize(labels_of(table, blocks))
    word, words = pd.factorize(table[term])
    counts = np.zeros((len(names), len(words) + 1), dtype=np.int64)
    counts[block, word] = table["events"]
    if beside is not None:
        counts[:, -1] = [beside[name] for name in names]
    marks = hidden_cells(counts, min_cell)
    return pd.Series(marks[block, word], index=table.index), pd.Series(marks[block, -1], index=table.index)


def labels_of(table: pd.DataFrame, by: Sequence[str]) -> pd.Series:
    """Return one text per row that names its group."""
    if not by:
        return pd.Series("", index=table.index)
    first, *others = (table[name].astype("str") for name in by)
    for other in others:
        first = first + "\x1f" + other
    return first


def masked(frame: pd.DataFrame, keep: Sequence[str] = ()) -> pd.DataFrame:
    """Return a frame for display: rows marked ``hidden`` hold no numbers except in `keep`."""
    if "hidden" not in frame or not frame["hidden"].any():
        return frame
    numbers = [name for name in frame if name not in (*keep, "hidden") and frame[name].dtype.kind in "iuf"]
    out = frame.astype({name: "Int64" for name in numbers if frame[name].dtype.kind in "iu"})
    return out.assign(**{str(name): out[name].mask(frame["hidden"].astype(bool)) for name in numbers})


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Disclosed(Result):
    """A result whose frames mark rows of few units in a column ``hidden``; the true numbers stay inside."""

    #: Frames that hide rows, and the numbers that stay shown in them.
    SHOWN: ClassVar[Mapping[str, tuple[str, ...]]] = {"table": ()}

    def __post_init__(self) -> None:
        """Put what is shown in the place of every frame that hides rows."""
        super().__post_init__()
        for name, keep in self.SHOWN.items():
            if name != "table":
                self._hide(name, masked(getattr(self, name), keep))

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return the table without the numbers of its hidden rows."""
        return masked(table, self.SHOWN["table"])


def left_apart(counts: Mapping[str, int], min_cell: int) -> pd.DataFrame:
    """Return units left out of a model: ``what``, ``n`` and ``hidden``."""
    table = pd.DataFrame({"what": list(counts), "n": list(counts.values())})
    return table.assign(hidden=few(table["n"], min_cell))


def few(count: pd.Series, min_cell: int) -> pd.Series:
    """Return whether a count is above zero and too small to show."""
    return count.gt(0) & count.lt(min_cell)


def hidden_outcomes(
    table: pd.DataFrame, apart: pd.DataFrame, by: Sequence[str], min_cell: int
) -> tuple[pd.Series, pd.Series]:
    """Return the small cells of one part, and the cells that would reveal them, in it and in later parts.

    Where a few units wait for a penalty, their number is the sustained minus those with a penalty. Rates of penalties
    are then rounded and shown without counts.

    Returns
    -------
    hidden : Series of bool
    rounded_to : Series of float
        The step to which the rates of a row are rounded; missing where they are not.
    """
    counted = table.assign(events=table["events"].fillna(0).astype("int64"))
    hidden = pd.Series(False, index=table.index)
    for part in ("finding", "penalty"):
        own = counted.loc[counted["part"] == part]
        hidden.loc[own.index] = small_terms(own, by, "term", min_cell)[0]
    label = labels_of(table, by)
    findings = table["part"] == "finding"
    shut = set(label[findings & (table["term"] == "sustained") & hidden])
    penalty, step = table["part"] == "penalty", pd.Series(np.nan, index=table.index)
    if "penalty_decided" in apart:
        waits = few(apart["sustained"] - apart["penalty_decided"], min_cell)
        waits &= ~labels_of(apart, by).isin(list(shut))
        # One group alone would follow from all groups together.
        for place in np.flatnonzero(_with_a_second(waits, apart["sustained"])).tolist():
            name = labels_of(apart, by).iloc[place]
            passed, settled = (int(apart[of].iloc[place]) for of in WAITS[1][:2])
            own = penalty & (label == name)
            found = step_for(table.loc[own & ~hidden, "estimate"], passed, settled, min_cell)
            shut |= set() if found else {name}
            step[own] = found or np.nan
    hidden |= penalty & label.isin(list(shut))
    # The merits leave out what ended without a finding: their total would tell it, and their cells are the same ones.
    unsafe = label[findings & (table["term"] == "closed_without_finding") & hidden]
    cells = set(zip(label[findings & hidden], table["term"][findings & hidden], strict=True))
    same = pd.Series([pair in cells for pair in zip(label, table["term"], strict=True)], index=table.index)
    hidden |= (table["part"] == "merits") & (label.isin(list(unsafe)) | same)
    return hidden, step.mask(hidden)


def apart_shown(apart: pd.DataFrame, table: pd.DataFrame, by: Sequence[str], min_cell: int) -> pd.DataFrame:
    """Hide small undecided numbers, and the totals from which they could be derived."""
    out = apart.astype({name: "Int64" for names in WAITS for name in names if name in apart})
    for total, settled, pending, blank in WAITS:
        if settled not in apart:
            continue
        waiting = apart[pending] + apart[blank]
        either = few(apart[pending], min_cell) | few(apart[blank], min_cell)
        out[pending] = out[pending].mask(either & apart[pending].gt(0))
        out[blank] = out[blank].mask(either & apart[blank].gt(0))
        small = few(apart[total], min_cell) | few(apart[settled], min_cell)
        told = few(waiting, min_cell)
        if total == "units":
            told = _with_a_second(told, apart[total])
            out[settled] = out[settled].mask(few(apart[settled], min_cell))
            out[total] = out[total].mask(small | told)
        else:
            hidden = table.loc[(table["part"] == "finding") & (table["term"] == "sustained"), "hidden"].to_numpy(bool)
            out[settled] = out[settled].mask(told | small | hidden)
            out[total] = out[total].mask(small | hidden)
            out[pending], out[blank] = out[pending].mask(hidden), out[blank].mask(hidden)
    return out


def _with_a_second(hidden: pd.Series, size: pd.Series) -> pd.Series:
    """Where one group's number is hidden, the smallest other one's too, for it would follow from that of all."""
    if hidden.sum() != 1 or len(hidden) == 1:
        return hidden
    return hidden | (hidden.index == size[~hidden].idxmin())


def overlap_marked(overlap: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """Hide overlap where few units have no counterpart in the other group."""
    outside = (overlap["n"] * (1 - overlap["in_common"])).astype(float).round()
    return overlap.assign(hidden=overlap["hidden"] | few(outside, min_cell))


def balance_marked(rows: pd.DataFrame, group: Ints, balance: pd.DataFrame, min_cell: int, every: bool) -> pd.DataFrame:
    """Hide levels with few units of a group, and the levels that would reveal them."""
    hidden = pd.Series(every, index=balance.index, dtype=bool)
    for name, part in balance.groupby("column", sort=False):
        counts = pd.crosstab(rows[name], group).reindex(part["level"]).to_numpy()
        hidden.loc[part.index] = every | np.any(hidden_cells(counts, min_cell), axis=1)
    return balance.assign(hidden=hidden)
