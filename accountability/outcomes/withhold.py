"""What a table of outcomes must not show: small cells, and the totals that would give them away."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from accountability.privacy import hidden_cells

APART: Final = (
    ("units", "decided_or_closed", "pending", "finding_not_recorded"),
    ("sustained", "penalty_decided", "penalty_pending", "penalty_not_recorded"),
)


def hide_cells(long: pd.DataFrame, by: tuple[str, ...], min_cell: int) -> pd.DataFrame:
    """Hide small cells; where the sustained of a group are hidden, hide its penalties, whose total would tell."""
    label = long[list(by)].astype(str).agg("\x1f".join, axis=1) if by else pd.Series("", index=long.index)
    hidden = np.zeros(len(long), dtype=bool)
    closed: list[str] = []
    unsafe: list[str] = []
    for part in ("finding", "penalty"):
        places = np.flatnonzero((long["part"] == part).to_numpy(dtype=bool))
        if not places.size:
            continue
        groups, names = pd.factorize(label.iloc[places])
        terms, words = pd.factorize(long["term"].iloc[places])
        counts = np.zeros((len(names), len(words)), dtype=np.int64)
        counts[groups, terms] = long["count"].iloc[places]
        totals = np.zeros(len(names), dtype=np.int64)
        totals[groups] = long["denominator"].iloc[places]
        undecided = totals - counts.sum(axis=1)  # above zero only where a few were kept in the denominator
        marks = hidden_cells(np.column_stack([counts, undecided]), min_cell)
        if part == "finding":
            closed = list(names[marks[:, list(words).index("sustained")]])
            lone = marks[:, list(words).index("closed_without_finding")] | (undecided > 0)
            unsafe = list(names[lone])
        hidden[places] = marks[groups, terms]
    # The merits leave out what ended without a finding: their total would tell it, and their cells are the same ones.
    merits = long["part"].eq("merits")
    by_cell = set(
        zip(label[hidden & long["part"].eq("finding")], long["term"][hidden & long["part"].eq("finding")], strict=True)
    )
    again = [pair in by_cell for pair in zip(label, long["term"], strict=True)]
    follows = (long["part"].eq("penalty") & label.isin(closed)) | (merits & label.isin(unsafe))
    hidden |= (merits & pd.Series(again, index=long.index)).to_numpy(dtype=bool)
    hidden |= follows.to_numpy(dtype=bool)
    small_total = long["denominator"].gt(0) & long["denominator"].lt(min_cell)
    out = long.assign(hidden=hidden, count=long["count"].astype("Int64").mask(hidden))
    out["denominator"] = long["denominator"].astype("Int64").mask(follows | small_total)
    for name in ("share", "low", "high"):
        out[name] = out[name].mask(hidden | small_total)
    return out


def hide_apart(apart: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """Hide small waiting numbers, their complement, and the number decided where it would tell."""
    numbers = [name for group in APART for name in group if name in apart]
    out = apart.astype(dict.fromkeys(numbers, "Int64"))
    for total, decided, pending, blank in APART:
        if total not in out or decided not in out:
            continue
        small = {name: out[name].gt(0) & out[name].lt(min_cell) for name in (total, decided, pending, blank)}
        waiting = out[pending] + out[blank]
        few = waiting.gt(0) & waiting.lt(min_cell)
        either = small[pending] | small[blank]
        out[decided] = out[decided].mask(few | small[decided])
        out[pending] = out[pending].mask(either & out[pending].gt(0))
        out[blank] = out[blank].mask(either & out[blank].gt(0))
        out[total] = out[total].mask(small[total] | small[decided])
    return out


def hide_days(days: pd.DataFrame, long: pd.DataFrame, by: tuple[str, ...]) -> pd.DataFrame:
    """Say nothing about the suspensions of a group whose number of them is hidden."""
    cells = long.loc[(long["part"] == "penalty") & (long["term"] == "suspension"), [*by, "hidden"]]
    if cells.empty:
        return days
    if by:
        shut = (
            days[list(by)].merge(cells, on=list(by), how="left", validate="one_to_one")["hidden"].to_numpy(dtype=bool)
        )
    else:
        shut = cells["hidden"].to_numpy(dtype=bool)
    numbers = [str(name) for name in days if name not in by]
    return days.assign(**{name: days[name].mask(shut) for name in numbers})


def hide_pairs(table: pd.DataFrame, min_cell: int, name: str = "pairs") -> pd.DataFrame:
    """Withhold what rests on too few pairs."""
    few = table[name].lt(min_cell)
    numbers = [str(n) for n in table if pd.api.types.is_numeric_dtype(table[n]) and n != name]
    out = table.assign(**{number: table[number].mask(few) for number in numbers})
    return out.assign(**{name: table[name].astype("Int64").mask(few)})
