"""Follow-up of each group, and gaps in it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import pandas as pd

from accountability.privacy import disclose
from accountability.records.case_ends import ends_unknown
from accountability.records.yaml_text import read_yaml
from accountability.results import Result, plural
from accountability.study.durations import TOGETHER, Durations, group_codes

R = TypeVar("R")

UNTOLD: Final = "what it knew of how cases ended is not known"
_LATE: Final = "closings are in the release by its last day, which a single release cannot show"


@cache
def seen_late() -> list[dict[str, Any]]:
    """Return the observed lateness of closings in releases with a later one (``benchmarks/releases.py seen``).

    One mapping per release: ``label``, ``closings`` up to its last day, the number ``late``, and the share recorded
    (``shares``) by days since the closing (``ages``).
    """
    found: list[dict[str, Any]] = read_yaml(Path(__file__).with_name("recorded_late.yaml"))["seen"]
    return found


def follow_up(durations: Durations, by: str | Sequence[str] | None = None) -> pd.DataFrame:
    """Return the last day of follow-up of each group, and the number of cases at risk on it.

    Parameters
    ----------
    durations : Durations
    by : str or sequence of str, optional
        Columns to group by.

    Returns
    -------
    DataFrame
        One row per group: its columns, ``last_day``, ``at_risk`` (missing if fewer than ten). Nothing is known about
        later days, unless no case was still open.

    Examples
    --------
    >>> from accountability.study.durations import Durations
    >>> follow_up(Durations.from_days([3, 5, 9, 9], [True, True, False, False])).to_numpy().tolist()
    [[9, 2]]
    """
    groups, codes = group_codes(durations, by)
    last = np.zeros(len(groups), np.int64)
    np.maximum.at(last, codes, durations.end)
    watched = np.bincount(codes[durations.end == last[codes]], minlength=len(groups))
    columns = [str(name) for name in groups.columns]
    table = pd.DataFrame({name: groups[name] for name in columns} | {"last_day": last, "at_risk": watched})
    return disclose(table, counts=("at_risk",), keep=(*columns, "last_day")) if columns else table


def unwatched(durations: Durations, by: str | Sequence[str] | None = None) -> tuple[str, ...]:
    """Say where late entry leaves a gap without cases at risk, across which no curve can be estimated."""
    if not durations.left_truncated:
        return ()
    groups, codes = group_codes(durations, by)
    notes = []
    for number in range(len(groups)):
        own = codes == number
        end, entry, closed = durations.end[own], durations.entry_time[own], durations.event[own]
        days = int(max(end.max(initial=0), entry.max(initial=0))) + 2
        entered, gone = np.bincount(entry, minlength=days), np.bincount(end, minlength=days)
        at_risk = np.cumsum(entered) - np.concatenate([[0], np.cumsum(gone)[:-1]])
        later = len(entry) - np.cumsum(entered)  # those who enter after this day
        name = ", ".join(str(value) for value in groups.iloc[number]) + ": " if len(groups.columns) else ""
        empty = np.flatnonzero((at_risk == 0) & (later > 0) & (np.arange(days) >= durations.first_day))
        emptied = np.flatnonzero((at_risk > 0) & (at_risk == np.bincount(end[closed], minlength=days)) & (later > 0))
        if len(emptied):
            notes.append(
                f"NOT MET {name}every case watched by day {emptied[0]} had closed while "
                f"{plural(int(later[emptied[0]]), 'case')} entered later, so the curve is 0 too soon; read it "
                "only from an age at which many are watched"
            )
        elif len(empty):
            start = int(empty[0])
            stop = int(empty[np.flatnonzero(np.diff(empty, append=days + 1) > 1)[0]])
            notes.append(
                f"NOT MET {name}nobody was watched from day {start} to day {stop} of age, so closings at that age are "
                f"in no number; what is said is of cases that lasted until day {stop + 1}"
            )
    return tuple(notes)


def warned(result: R) -> R:
    """Add late recording to the assumptions of a delay result, with the size observed in releases with a later one."""
    if isinstance(result, Result) and not any(note.startswith(_LATE) for note in result.assumptions):
        seen = ", ".join(f"{one['late']:,} of {one['closings']:,} in {one['label']}" for one in seen_late())
        object.__setattr__(result, "assumptions", (*result.assumptions, f"{_LATE} ({seen} were not)"))
    return result


def _not_bounded(result: Result, durations: Durations) -> str:
    """Say what an estimate without bounds does with the cases whose end is not known; nothing where it has bounds."""
    unknown = ends_unknown(durations.states)
    if not unknown or getattr(result, "ends", None) or any("extreme_" in str(name) for name in result.table):
        return ""
    done = "the first can have closed on any day, the others" if durations.unknown_day.any() else "these"
    return f"{unknown}: {done} are left out; delay.closing_curve shows its estimate between the two extremes"


def untold(result: R, given: Any) -> R:
    """Name the conditions of which it is not known whether they depended on how cases ended."""
    if isinstance(result, Result):
        flow = getattr(given, "flow", None) if result.flow is None else result.flow
        flow = flow() if callable(flow) else flow
        steps = [] if flow is None or "because" not in flow else flow["because"].astype("str")
        ending = f" ({UNTOLD})"
        notes = [
            f"what {step.removesuffix(ending)!r} knew of how cases ended is not known: pass decided_by="
            for step in steps
            if step.endswith(ending)
        ]
        object.__setattr__(result, "cautions", tuple(dict.fromkeys((*result.cautions, *notes))))
    return result


def followed(result: R, durations: Durations, by: Any) -> R:
    """Add closing states, follow-up and gaps in it to a result."""
    if isinstance(result, Result) and result.states is None:
        object.__setattr__(result, "states", durations.states)
        if unknown := _not_bounded(result, durations):
            object.__setattr__(result, "assumptions", (*result.assumptions, unknown))
    if isinstance(result, Result) and result.follow_up is None:
        known = [name for name in ([by] if isinstance(by, str) else by or ()) if name in durations.table.columns]
        object.__setattr__(result, "follow_up", follow_up(durations, known))
        notes = unwatched(durations, known)
        object.__setattr__(result, "cautions", (*result.cautions, *notes))
        object.__setattr__(result, "assumptions", (*result.assumptions, *notes))
    return result


def shared_by(durations: Durations) -> str | None:
    """Return the column by which rows belong together, as allegations of one complaint do; None where none repeats."""
    if "case_id" in durations.table and len(durations):
        first = durations.table.iloc[0]
        for name in TOGETHER:
            if name in first and str(first["case_id"]).startswith(f"{first[name]}#"):
                return name if durations.table[name].duplicated().any() else None
    return None


def alike(shared: str) -> str:
    """Say which rows are not independent."""
    return f"{TOGETHER[shared]} of one {shared} may be alike; those of different ones are independent"


def independent(result: R, durations: Durations, shared: str) -> R:
    """Say of a result without clustered errors that rows which belong together count as independent."""
    if isinstance(result, Result) and alike(shared) not in result.assumptions:
        rows, what = durations.table[shared], f"{TOGETHER[shared]} of"
        note = (
            f"{len(rows):,} {what} {plural(rows.nunique(), shared)} count as independent here, so intervals are too "
            "narrow and p-values too small: delay.closing_curve, delay.bootstrap, delay.cox and "
            f"delay.compare(..., 'logrank') allow for {what} one {shared}"
        )
        object.__setattr__(result, "cautions", tuple(dict.fromkeys((*result.cautions, note))))
    return result
