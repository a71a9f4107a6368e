"""Risk sets: cases collapsed to covariate pattern, and first and last closing day at risk.

Closing days of one stratum are *slots*. A case is at risk on consecutive slots, ``first`` to ``last`` (exclusive);
cases with the same pattern, slots and ending are one *cell*.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np

from accountability.stats.arrays import Days, Flags, Floats
from accountability.stats.compress import combine
from accountability.stats.cross_product import BLOCK
from accountability.stats.design import Design

TABLE = 8_000_000
"""Largest table of strata by days."""


@dataclass(frozen=True, eq=False)
class Spans:
    """Runs of cells that leave on one slot in one way, in the order of slots.

    Where every case has covariates of its own, sums over those who leave are sums over such runs, which are read once,
    in the order they lie in memory.
    """

    skipped: int  # Patterns before the first cell, of cases at risk on no slot
    begin: Days  # First cell of each run
    slot: Days  # Slot and ending of each run
    closed: Flags
    opening: Days  # First run of each slot
    length: Days  # Cells of each run

    @classmethod
    def of(cls, skipped: int, slot: Days, closed: Flags) -> Spans:
        """Find the runs of cells in order."""
        other = (slot[1:] != slot[:-1]) | (closed[1:] != closed[:-1])
        begin = np.concatenate([[0], np.flatnonzero(other) + 1])
        of_run = slot[begin]
        opening = np.concatenate([[0], np.flatnonzero(np.diff(of_run)) + 1])
        return cls(skipped, begin, of_run, closed[begin], opening, np.diff(begin, append=len(slot)))

    def sums(self, weight: Any, values: Any) -> tuple[Any, Any]:
        """Return the sum of weights and of weighted values of each run, from those of patterns."""
        weight, columns = weight[self.skipped :], values[self.skipped :].T
        kind = np.result_type(weight, columns)
        out = np.empty((len(columns), len(self.begin)), dtype=kind)
        ends = np.append(self.begin, len(weight))
        cuts = np.unique(np.append(np.searchsorted(self.begin, np.arange(0, len(weight), BLOCK)), len(self.begin)))
        for one, other in pairwise(cuts):  # blocks of whole runs that fit the processor's cache
            some = slice(ends[one], ends[other])
            np.add.reduceat(
                columns[:, some] * weight[some], self.begin[one:other] - ends[one], 1, out=out[:, one:other]
            )
        return np.add.reduceat(weight, self.begin), out.T

    def by_slot(self, of_run: Any) -> tuple[Any, Any]:
        """Add up what is of each run over those leaving on each slot, and over those closing on it."""
        closed = self.closed.reshape(-1, *[1] * (of_run.ndim - 1))
        return np.add.reduceat(of_run, self.opening), np.add.reduceat(np.where(closed, of_run, 0), self.opening)

    def per_pattern(self, run: Any, closing: Any) -> Any:
        """Return for each pattern a running sum at its slot, less what is of closings if it closed."""
        out = np.zeros(self.skipped + int(self.length.sum()), dtype=np.result_type(run, closing))
        out[self.skipped :] = np.repeat(run[self.slot] - np.where(self.closed, closing[self.slot], 0), self.length)
        return out


@dataclass(frozen=True, eq=False)
class RiskSets:
    """Cells of cases, and the slots on which they are at risk."""

    start: Days  # First slot of each stratum, and behind them the number of slots
    day: Days  # Day of each slot
    closings: Days  # Closings on each slot
    # pattern, first, last, number: pattern of each cell, its run of slots, and its cases
    pattern: Days
    first: Days
    last: Days
    number: Days
    closed: Flags  # Whether the cell's cases closed, on their last slot
    cell: Days  # Cell of each case, -1 for a case at risk on no slot
    patterns: int  # Number of patterns
    # end, entry: last day of each case and the first it was watched on, whether or not it is at risk on a slot
    end: Days
    entry: Days

    @property
    def slots(self) -> int:
        """Number of slots."""
        return len(self.day)

    @cached_property
    def ends(self) -> Days:
        """Last days of all cases, in order."""
        return np.sort(self.end)

    @cached_property
    def entries(self) -> Days:
        """First days of all cases, in order."""
        return np.sort(self.entry)

    @cached_property
    def _leaving(self) -> Any:
        return self._matrix(self.last - 1, np.ones(len(self.last), bool))

    @cached_property
    def _closing(self) -> Any:
        return self._matrix(self.last - 1, self.closed)

    @cached_property
    def _entering(self) -> Any:
        return self._matrix(self.first, np.ones(len(self.first), bool))

    @cached_property
    def _late(self) -> bool:
        """Whether some case comes to be at risk after the first closing of its stratum."""
        return not np.isin(self.first, self.start).all()

    def _matrix(self, slot: Days, chosen: Flags) -> Any:
        from scipy.sparse import coo_array

        cells = (self.number[chosen].astype(float), (slot[chosen], self.pattern[chosen]))
        return coo_array(cells, shape=(self.slots, self.patterns)).tocsr()

    @cached_property
    def _spans(self) -> Spans | None:
        """Runs of cells alike in slot and ending, where cells are the patterns in the order they leave."""
        skipped = self.patterns - len(self.pattern)
        if self._late or len(self.start) > 2 or len(self.pattern) < BLOCK or int(self.pattern[0]) != skipped:
            return None
        if (np.diff(self.pattern) != 1).any() or (np.diff(self.last) < 0).any() or (self.number != 1).any():
            return None
        return Spans.of(skipped, self.last - 1, self.closed)

    def moments(self, weight: Any, values: Any) -> tuple[Any, Any, Any, Any]:
        """Return sums of weights and weighted values of patterns, over the cases at risk and the closings of each slot.

        First the two sums over those at risk, then those over closings.
        """
        spans = self._spans
        if spans is None:
            return *self.at_risk(weight, values), *self.on_closing(weight, values)
        found = [spans.by_slot(each) for each in spans.sums(weight, values)]
        (total, tied), (first, first_tied) = found
        for out in (total, first):
            part = out[::-1]
            np.cumsum(part, axis=0, out=part)
        return total, first, tied, first_tied

    def at_risk(self, weight: Any, values: Any) -> tuple[Any, Any]:
        """Return sums of weights and weighted values of patterns over the cases at risk on each slot."""
        total, first = _weighted(self._leaving, weight, values)
        if self._late:
            # Those who enter on a slot are not yet at risk on the slots before it.
            coming = _weighted(self._entering, weight, values)
            opening = self.start[:-1][np.diff(self.start) > 0]
            for out, less in zip((total, first), coming, strict=True):
                less[opening] = 0
                out[:-1] -= less[1:]
        for begin, stop in zip(self.start[:-1], self.start[1:], strict=True):
            for out in (total, first):
                part = out[begin:stop][::-1]
                np.cumsum(part, axis=0, out=part)
        return total, first

    def on_closing(self, weight: Any, values: Any) -> tuple[Any, Any]:
        """Return sums of weights and weighted values of patterns over the closings on each slot."""
        return _weighted(self._closing, weight, values)

    def per_pattern(self, each: Any, closing: Any) -> Any:
        """Return per pattern the sum of `each` over its cases' slots at risk, minus `closing` on closing slots."""
        run = np.cumsum(each)
        if self._spans is not None:
            return self._spans.per_pattern(run, closing)
        out = self._leaving.T @ run - self._closing.T @ closing
        if len(self.start) > 2 or self._late:
            out = out - self._entering.T @ (run - each)
        return out

    def per_cell(self, each: Any, closing: Any) -> Any:
        """Return the same as :meth:`per_pattern`, for one case of each cell; the values may have columns."""
        zero = np.zeros((1, *each.shape[1:]), dtype=each.dtype)
        run = np.concatenate([zero, np.cumsum(each, axis=0)])
        out = run[self.last] - run[self.first]
        out[self.closed] -= closing[self.last[self.closed] - 1]
        return out

    @cached_property
    def closed_pattern(self) -> Floats:
        """Number of closings per pattern."""
        if len(self.number) == self.patterns and self._spans is not None:
            return self.closed.astype(float)
        return np.bincount(self.pattern[self.closed], self.number[self.closed], self.patterns).astype(float)

    @cached_property
    def at_any_time(self) -> Floats:
        """Number of cases per pattern that are at risk on some slot."""
        return np.bincount(self.pattern, self.number, self.patterns).astype(float)


def risk_sets(
    end: Days, entry: Days, closed: Flags, made: Design, stratum: Days | None = None, strata: int = 1
) -> RiskSets:
    """Collapse cases to cells.

    Parameters
    ----------
    end, entry : array of int
        Last day of each case and the first it was watched on.
    closed : array of bool
        Whether each case closed by the modelled cause.
    made : Design
    stratum : array of int, optional
        Stratum number of each case, if there are several.
    strata : int
    """
    days = int(max(end.max(initial=0), entry.max(initial=0))) + 2
    offset = 0 if stratum is None or strata == 1 else stratum * days
    last_day, size, late = end + offset, strata * days, bool(entry.any())
    ended = last_day[closed]
    first: Days | None = None
    if size <= TABLE:
        has = np.bincount(ended, minlength=size)
        key = np.flatnonzero(has)
        before = np.concatenate([[0], np.cumsum(has > 0)])
        last, closings = before[last_day + 1], has[key]
        first = before[entry + offset] if late else None
    else:
        key, closings = np.unique(ended, return_counts=True)
        last = np.searchsorted(key, last_day, side="right")
        first = np.searchsorted(key, entry + offset) if late else None
    start = np.searchsorted(key, np.arange(strata + 1) * days)
    if first is None:
        first = np.zeros(len(last), np.int64) if stratum is None or strata == 1 else start[stratum]
    return _cells(made, closed, (first, last), (start, key % days, closings), (end, entry))


def _cells(
    made: Design,
    closed: Flags,
    run: tuple[Days, Days],
    places: tuple[Days, Days, Days],
    seen: tuple[Days, Days],
) -> RiskSets:
    (first, last), start = run, places[0]
    slots, patterns = len(places[1]), len(made.matrix)
    useful = first < last
    cell = np.full(len(useful), -1, np.int64)
    chosen: slice | Flags = slice(None) if useful.all() else useful
    pattern, first, last, closed = made.pattern[chosen], first[chosen], last[chosen], closed[chosen]
    late = not np.array_equal(first, _begin(start, last))
    if not made.collapsed:  # cells in the order of their patterns, which is that of the last days
        case = np.full(patterns, -1, np.int64)
        case[pattern] = np.arange(len(pattern))
        held = np.flatnonzero(case >= 0) if len(pattern) < patterns else np.arange(patterns)
        order = case[held]
        place = np.cumsum(case >= 0) - 1
        cell[chosen] = place[pattern]
        number = np.ones(len(pattern), np.int64)
        return RiskSets(*places, held, first[order], last[order], number, closed[order], cell, patterns, *seen)
    columns = (pattern, last, closed, first) if late else (pattern, last, closed)
    cells = combine(columns, (patterns, slots + 1, 2, slots + 1)[: len(columns)], len(pattern))
    cell[chosen] = cells.code
    one = cells.first
    return RiskSets(*places, pattern[one], first[one], last[one], cells.number, closed[one], cell, patterns, *seen)


def _begin(start: Days, last: Days) -> Days:
    """First slot of the stratum that a run ending before `last` lies in."""
    if len(start) == 2:
        return np.zeros(len(last), np.int64)
    return start[np.searchsorted(start, last, side="left") - 1]


def _weighted(matrix: Any, weight: Any, values: Any) -> tuple[Any, Any]:
    """Products of a sparse matrix, its columns weighted, with 1 and with values."""
    from scipy.sparse import csr_array

    scaled = csr_array((matrix.data * weight[matrix.indices], matrix.indices, matrix.indptr), shape=matrix.shape)
    return matrix @ weight, scaled @ values
