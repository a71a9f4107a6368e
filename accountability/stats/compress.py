"""Distinct values of integer keys, with the number and place of each: by a count table where it fits, else a hash."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from accountability.stats.arrays import Days


@dataclass(frozen=True, slots=True, eq=False)
class Compressed:
    """Distinct keys in order, how often each occurs, and which of them each row has."""

    found: Days
    number: Days
    code: Days


def compress(key: Days, space: int) -> Compressed:
    """Find the distinct values of `key`, all at least 0 and below `space`."""
    if space <= 12 * len(key) + 1_000_000:
        table = np.bincount(key, minlength=space)
        found = np.flatnonzero(table)
        place = np.zeros(space, np.int64)
        place[found] = np.arange(len(found))
        return Compressed(found, table[found], place[key])
    raw, seen = pd.factorize(key)
    order = np.argsort(seen, kind="stable")
    rank = np.empty(len(seen), np.int64)
    rank[order] = np.arange(len(seen))
    code = rank[raw]
    return Compressed(np.asarray(seen)[order], np.bincount(code, minlength=len(seen)), code)
