"""Count how the records of a group ended: by finding, on the merits, and by penalty among the sustained."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.outcomes.ladder import Ladder
from accountability.outcomes.units_counted import known_quartiles, share_lines
from accountability.records.units import ranks
from accountability.stats.arrays import Flags, Ints
from accountability.vocabulary import FINDINGS, OFF_LADDER

_FINDINGS: Final = tuple(FINDINGS)
_PENALTIES: Final = (*Ladder().order, *OFF_LADDER)
_ENDED: Final = tuple(term for term in _FINDINGS if term != "pending")
_MERITS: Final = tuple(term for term in _ENDED if term != "closed_without_finding")
_GIVEN: Final = tuple(term for term in _PENALTIES if term != "pending")
Line = tuple[Any, ...]


def coded_ends(units: pd.DataFrame) -> pd.DataFrame:
    """Return units with the places of their findings and penalties in the vocabulary, -1 where not recorded.

    Each group then counts numbers, several times as fast as texts. A word of no vocabulary has the place after the
    last.
    """
    for name, place, order in (
        ("finding", "finding_place", _FINDINGS), ("imposed_penalty", "penalty_place", _PENALTIES)
    ):  # fmt: skip
        if name in units:
            units = units.assign(**{place: np.where(units[name].isna(), -1, ranks(units[name], order))})
    return units


def ends_in(part: pd.DataFrame, confidence: float, min_cell: int) -> tuple[list[Line], dict[str, Any], dict[str, Any]]:
    """Return a group's lines of shares, the numbers left apart, and the quartiles of its suspensions."""
    finding = part["finding_place"].to_numpy()
    whose = part[[name for name in ("officer_ids", "officer_id", "case_id") if name in part]]
    ended = (finding >= 0) & (finding != _FINDINGS.index("pending"))
    on_merits = ended & (finding != _FINDINGS.index("closed_without_finding"))
    sustained = finding == _FINDINGS.index("sustained")

    def lines(name: str, values: Ints, order: tuple[str, ...], wanted: tuple[str, ...], some: Flags) -> list[Line]:
        place = np.full(len(order) + 1, -1)
        place[[order.index(term) for term in wanted]] = np.arange(len(wanted))
        return [(name, *line) for line in share_lines(place[values[some]], wanted, whose[some], confidence)]

    found = lines("finding", finding, _FINDINGS, _ENDED, ended)
    found += lines("merits", finding, _FINDINGS, _MERITS, on_merits)
    apart: dict[str, Any] = {
        "units": len(part),
        "decided": int(ended.sum()),
        "pending": int((finding == _FINDINGS.index("pending")).sum()),
        "finding_not_recorded": int((finding < 0).sum()),
        "sustained": int(sustained.sum()),
    }
    if "penalty_place" not in part:
        return found, apart, known_quartiles(None, min_cell)
    penalty = part["penalty_place"].to_numpy()
    pending = penalty == _PENALTIES.index("pending")
    given = sustained & (penalty >= 0) & ~pending
    found += lines("penalty", penalty, _PENALTIES, _GIVEN, given)
    apart |= {
        "penalty_decided": int(given.sum()),
        "penalty_pending": int((sustained & pending).sum()),
        "penalty_not_recorded": int((sustained & (penalty < 0)).sum()),
    }
    suspended = sustained & (penalty == _PENALTIES.index("suspension"))
    days = part["imposed_days"][suspended] if "imposed_days" in part else None
    return found, apart, known_quartiles(days, min_cell)
