"""Which stages of the outcome a column depends on, and which columns delays must not be compared by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from accountability.errors import Refusal
from accountability.stats.arrays import Days
from accountability.stats.compress import numbered
from accountability.vocabulary import STAGES

# Durations, which stand above this module and call it.
Durations = Any

#: What is decided while or after a case is investigated. Conditions on earlier steps leave the rule as it is.
OUTCOME_STAGES: Final = tuple(STAGES)[list(STAGES).index("findings") :]
#: So many expected and none seen comes about by chance less than once in 20,000 times.
SURELY: Final = 10
#: Fewer open or closed cases may fall into groups of their own by chance.
_MANY: Final = 20
_WORDS: Final = {
    "findings": {"finding", "findings", "disposition", "sustained"},
    "closed": {"closed", "closing", "closure"},
    "penalty_recommended": {"recommended", "agreed"},
    "penalty_imposed": {"imposed", "penalty", "discipline"},
    "appeal_decided": {"appeal"},
}
_NAMES: Final = {"status": "closed", "raw_status": "closed", "final": "findings", "stated_days": "penalty_imposed"}


def by_name(column: str) -> tuple[str, ...]:
    """Return the stage on which a column depends, by the words of its name."""
    if column in _NAMES:
        return (_NAMES[column],)
    words = set(column.lower().split("_"))
    if {"closing", "reason"} <= words:
        return ("closed",)
    return next(((stage,) for stage, known in _WORDS.items() if words & known), ())


def refuse_known_late(durations: Durations, columns: Sequence[str], codes: Days | None = None) -> None:
    """Refuse to compare delays by what became known after the clock started, while cases are open.

    Whoever is in a group of sustained complaints has a finding, so that hardly one is open: the group looks quick.

    Raises
    ------
    Refusal
        For groups (`codes`, of one column) none of which holds both open and closed cases; for a column that depends on
        a stage after the start; and for one of unknown origin with a group in which all cases ended, although many open
        ones were expected from the quarters in which they came.
    """
    is_open, closed = ~durations.event, durations.event
    apart = codes is not None and not np.isin(codes[closed], np.unique(codes[is_open])).any()
    if apart and min(is_open.sum(), closed.sum()) >= _MANY:
        raise Refusal(
            f"no group of {columns[0]!r} holds both open and closed cases ({is_open.sum():,} and {closed.sum():,}): it "
            "was decided by how or when cases ended, and delays by it compare the ends with themselves; group by what "
            "was known at the start, or use delay.competing_closings for how cases end"
        )
    if not is_open.any() or durations.start not in STAGES:
        return
    order = list(STAGES)
    for column in columns:
        knew = durations.origins.get(column, by_name(column))
        late = [stage for stage in knew or () if order.index(stage) > order.index(durations.start)]
        why = f"{column!r} is known only with {' and '.join(map(repr, late))}" if late else ""
        if knew is None and column in durations.table and (seen := _without_open(durations, column)):
            why = f"{column!r} looks decided by how cases ended ({seen}; if it was not, add it with decided_by=())"
        if why:
            raise Refusal(
                f"{why}, and {durations.n_open:,} of {len(durations):,} cases are open: delays by it sort cases by how "
                "they end, and leave the slow ones to the other groups. Group by what was known at the start, or use "
                "delay.competing_closings for how cases end"
            )


def _without_open(durations: Durations, column: str) -> str:
    """Say which group has only ended cases where many open ones were expected; nothing if there is none."""
    if durations.table[column].isna().any():
        return ""
    codes, values = numbered(durations.table[column])
    quarter = np.unique(durations.longest // 91, return_inverse=True)[1]
    is_open = ~durations.event
    expected = np.bincount(codes, weights=(np.bincount(quarter, weights=is_open) / np.bincount(quarter))[quarter])
    ended = np.flatnonzero((np.bincount(codes, weights=is_open) == 0) & (expected >= SURELY))
    if not len(ended):
        return ""
    first, size = ended[0], np.bincount(codes)
    return f"all {size[first]:,} with {values[first]!r} ended, where {expected[first]:,.0f} open were expected"
