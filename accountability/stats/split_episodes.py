"""Split risk sets by age, so that a coefficient may differ between periods."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from accountability.errors import Refusal
from accountability.stats.arrays import Days
from accountability.stats.compress import combine
from accountability.stats.risksets import RiskSets

PIECES: Final = 30_000_000
"""Most pieces of cells held at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Risk sets split into episodes."""

    sets: RiskSets  # Its patterns are pairs of an old pattern and a stretch: ``pattern * stretches + stretch``
    members: Any  # The pieces each old cell was cut into


def split_episodes(sets: RiskSets, stretch: Days, stretches: int) -> Split:
    """Split every cell where the period of age changes.

    Parameters
    ----------
    sets : RiskSets
    stretch : array of int
        Period of each slot, not decreasing within a stratum.
    stretches : int

    Raises
    ------
    Refusal
        If there would be too many episodes.
    """
    from scipy.sparse import coo_array

    fresh = np.ones(sets.slots, bool)
    fresh[1:] = stretch[1:] != stretch[:-1]
    fresh[sets.start[(sets.start < sets.slots) & (sets.start > 0)]] = True
    part = np.cumsum(fresh) - 1
    begin = np.append(np.flatnonzero(fresh), sets.slots)
    lowest, highest = part[sets.first], part[sets.last - 1]
    many = highest - lowest + 1
    total = int(many.sum())
    if total > PIECES:
        raise Refusal(
            f"letting a ratio change every day cuts these cases into {total:,} pieces: name periods= by their first "
            "days instead, e.g. [90, 365]"
        )
    cell = np.repeat(np.arange(len(many)), many)
    which = np.arange(total) - np.repeat(np.cumsum(many) - many, many) + lowest[cell]
    first = np.maximum(sets.first[cell], begin[which])
    last = np.minimum(sets.last[cell], begin[which + 1])
    closed = sets.closed[cell] & (which == highest[cell])
    pattern = sets.pattern[cell] * stretches + stretch[begin[which]]
    size = sets.slots + 1
    patterns = sets.patterns * stretches
    pieces = combine((pattern, first, last, closed), (patterns, size, size, 2), total)
    at = pieces.first
    number = np.rint(np.bincount(pieces.code, sets.number[cell])).astype(np.int64)
    made = replace(
        sets,
        pattern=pattern[at],
        first=first[at],
        last=last[at],
        number=number,
        closed=closed[at],
        patterns=patterns,
        cell=np.full(len(sets.cell), -1),
    )
    members = coo_array((np.ones(total), (cell, pieces.code)), shape=(len(many), len(number)))
    return Split(made, members.tocsr())
