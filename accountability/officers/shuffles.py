"""Lots drawn within unit and period: which decided complaints were sustained, and who was accused with whom."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from accountability.errors import ParameterError
from accountability.officers.chance_draws import batches
from accountability.officers.officer_events import Records
from accountability.stats.arrays import Flags, Floats, Ints


def periods(days: Ints, years: int | None) -> Ints:
    """Number of the period of each day, of so many calendar years; one period when `years` is ``None``.

    Raises
    ------
    ParameterError
        For a period shorter than a year.
    """
    if years is None:
        return np.zeros(len(days), np.int64)
    if isinstance(years, bool) or years < 1:
        raise ParameterError(f"period: expected whole years from 1 on, or None, found {years!r}")
    year = (np.datetime64("1970-01-01", "D") + days.astype("timedelta64[D]")).astype("datetime64[Y]").astype(np.int64)
    return (year - year.min(initial=10_000)) // years


def lots(value: Floats, flag: Flags, cell: Ints, draws: int, rng: np.random.Generator) -> Floats:
    """Sums of the values drawn when as many of each cell are drawn as are flagged, one sum a draw.

    Parameters
    ----------
    value : array of float
    flag : array of bool
        Marked ones; only how many there are in each cell matters.
    cell : array of int
    draws : int
    rng : numpy.random.Generator
    """
    names, code = np.unique(cell, return_inverse=True)
    order = np.argsort(code, kind="stable")
    values, codes = value[order], code[order]
    size = np.bincount(code, minlength=len(names))
    marked = np.bincount(code, flag, len(names)).astype(np.int64)
    place = np.arange(len(codes)) - np.repeat(np.cumsum(size) - size, size)
    taken = place < marked[codes]
    sums = []
    for many in batches(draws, len(values)):
        # Within each cell in random order, the first so many are drawn.
        shuffled = np.argsort(codes + rng.random((many, len(codes))), axis=1)
        sums.append(values[shuffled][:, taken].sum(axis=1))
    return np.concatenate(sums)


def dealt(data: Records, cell: Ints, rng: np.random.Generator) -> Records:
    """Let the accused of each cell (a number for each accusation) trade complaints: with whom is left to chance.

    Complaints keep how many they accuse, officers how many complaints they are in, save that an officer dealt the same
    complaint twice is in it once.
    """
    order = np.argsort(cell, kind="stable")
    drawn = np.lexsort((rng.random(len(cell)), cell))
    officer = np.empty_like(data.officer)
    officer[order] = data.officer[drawn]
    keep = np.unique(officer * len(data.received) + data.case, return_index=True)[1]
    return replace(
        data,
        officer=officer[keep],
        case=data.case[keep],
        sustained=data.sustained[keep],
        decided=data.decided[keep],
    )
