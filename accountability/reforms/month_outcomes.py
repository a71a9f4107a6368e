"""Outcomes of cases at a day of age, missing where not yet known.

The input has one row per case and unit, the output one per unit and month. A case counts if it was followed long
enough; pending cases stay pending.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError
from accountability.stats.arrays import Days, Flags, Floats
from accountability.stats.pseudo import pseudo_mean
from accountability.stats.recording_lag import RecordedShare
from accountability.vocabulary import PENALTY_LADDER

#: Each outcome in words; ``{days}`` is the age at which cases are looked at.
OUTCOMES: Final = {
    "complaints": "complaints received",
    "sustained": "complaints sustained within {days} days of receipt",
    "closed_share": "share of complaints closed within {days} days, of those followed as long",
    "mean_days": "mean days open within the first {days} days",
    "sustained_share": "share of complaints sustained within {days} days, of those followed as long",
    "otherwise_share": "share of complaints closed within {days} days with another finding, of those followed as long",
    "without_finding_share": "share of complaints closed within {days} days with no finding, of those followed so long",
    "penalty_share": "share with a penalty imposed, of complaints sustained within {days} days",
}
_NO_FINDING: Final = ("closed_without_finding",)
_UNKNOWN: Final = ("pending", "not_recorded")
_NO_PENALTY: Final = ("none",)


def check_outcomes(outcomes: str | Sequence[str]) -> list[str]:
    """Return the outcomes asked for, or raise with the list of known ones."""
    asked = [outcomes] if isinstance(outcomes, str) else outcomes
    wrong = [name for name in asked if name not in OUTCOMES] if isinstance(asked, Sequence) else [outcomes]
    if wrong or not asked:
        raise ParameterError(f"outcomes: expected some of {', '.join(OUTCOMES)}; found {', '.join(map(repr, wrong))}")
    return list(dict.fromkeys(asked))


def needs_days(outcomes: Sequence[str]) -> bool:
    """Return whether any outcome needs days to the closing."""
    return any(name != "complaints" for name in outcomes)


def needs_columns(outcomes: Sequence[str]) -> list[str]:
    """Return the columns of findings and penalties that the outcomes need."""
    of_finding = [name for name in outcomes if name not in ("complaints", "closed_share", "mean_days")]
    return [*(["finding"] if of_finding else []), *(["imposed_penalty"] if "penalty_share" in outcomes else [])]


def pending_in(rows: pd.DataFrame, days: int) -> int:
    """Count the cases closed within `days` without a recorded finding."""
    closed = rows["event"] & rows["timed"] & (rows["high"] <= days)
    return int((closed & (rows["finding"].isna() | rows["finding"].isin(_UNKNOWN))).sum())


def case_values(
    rows: pd.DataFrame, outcome: str, days: int, until: int, share: RecordedShare | None
) -> tuple[Floats, Flags]:
    """Return one value per row, and whether the row counts.

    Parameters
    ----------
    rows : DataFrame
        ``received`` (day number), ``low``, ``high`` (fewest and most days to the closing; ``high`` is -1 for an open
        case), ``event``, ``timed`` (whether days are known), ``period``, and ``finding``, ``imposed_penalty`` if
        present.
    outcome : str
    days : int
        Age in days at which a case is measured.
    until : int
        Last day watched.
    share : RecordedShare, optional
        Share of closings recorded by days after they happened; each recorded one has the weight one over it.

    Returns
    -------
    value, counts
        Rows that do not count have missing values.
    """
    low, high, event, timed = (rows[name].to_numpy() for name in ("low", "high", "event", "timed"))
    watched = until - rows["received"].to_numpy()
    reach = until - (share.first if share else 0) - rows["received"].to_numpy()  # closings up to here are recorded
    followed = timed & (reach >= days)
    closed = event & (high <= days) & followed
    unsure = event & (low <= days) & (high > days)
    weight = np.ones(len(rows))
    if share is not None:
        weight[closed] = 1 / share.at((watched - high)[closed])
    if outcome == "mean_days":
        return _means(
            rows["period"].to_numpy(), low, high, event, timed & ~(event & (low != high)), followed, days, weight
        )
    if outcome == "closed_share":
        return _where(closed * weight, followed & ~unsure)
    finding = rows["finding"]
    known = ~(finding.isna() | finding.isin(_UNKNOWN)).to_numpy()
    upheld = closed & (finding == "sustained").to_numpy()
    if outcome == "penalty_share":
        penalty = rows["imposed_penalty"]
        hit = penalty.isin([one for one in PENALTY_LADDER if one not in _NO_PENALTY]).to_numpy()
        return _where(hit.astype(float), upheld & (hit | penalty.isin(_NO_PENALTY).to_numpy()))
    if outcome == "sustained":
        return _where(upheld * weight, followed & ~unsure & ~(closed & ~known))
    if outcome == "sustained_share":
        hit = upheld
    elif outcome == "without_finding_share":
        hit = closed & finding.isin(_NO_FINDING).to_numpy()
    else:
        hit = closed & known & ~finding.isin(("sustained", *_NO_FINDING)).to_numpy()
    # A closed case whose finding is pending stays in the number of cases; others closed in its month stand for it.
    month = np.unique(rows["period"], return_inverse=True)[1]
    done, told = (np.bincount(month, some, month.max(initial=0) + 1) for some in (closed, closed & known))
    stands = np.divide(done, told, out=np.full(len(done), np.nan), where=told > 0)
    return _where(
        np.where(closed, hit * stands[month], 0.0) * weight, followed & ~unsure & ~(closed & np.isnan(stands[month]))
    )


def _where(value: Floats, counts: Flags) -> tuple[Floats, Flags]:
    return np.where(counts, value, np.nan), counts


def _means(
    period: Days, low: Days, high: Days, event: Flags, timed: Flags, followed: Flags, days: int, weight: Floats
) -> tuple[Floats, Flags]:
    """Days open within the first `days`: by pseudo-observations in each month of receipt, or weighted by the lag."""
    if (weight != 1).any():  # what is recorded late stands for what is not recorded yet
        short = np.where(event & (high <= days), days - high, 0)
        return _where(days - weight * short, timed & followed)
    value = np.full(len(period), np.nan)
    for month in np.unique(period[timed]):
        some = timed & (period == month)
        end = np.where(event, high, low)[some]
        value[some] = pseudo_mean(end, event[some], days)
    return value, ~np.isnan(value)


def by_month(rows: pd.DataFrame, value: Floats, counts: Flags, outcome: str) -> pd.Series:
    """Return one row per unit and month: the mean of the cases that count, or their sum if none is left out."""
    frame = pd.DataFrame({"unit": rows["unit"], "period": rows["period"], "value": value, "out": ~counts})
    grouped = frame.groupby(["unit", "period"], sort=False, observed=True)
    if outcome != "sustained":
        return grouped["value"].mean()
    return grouped["value"].sum().mask(grouped["out"].any())
