"""Repeated complaints against an officer: days between them, and their mean cumulative number.

Officers never accused are not in the data. So each officer's clock starts at the first complaint, and only further ones
count: nobody is selected on what is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import pandas as pd

from accountability import delay
from accountability.errors import ParameterError, Refusal, check_number
from accountability.figures.group_curves import Curves
from accountability.officers.officer_events import OfficerRecords, records_of
from accountability.privacy import MIN_CELL, disclose
from accountability.results import Result, percent, plural
from accountability.stats.intervals import wald
from accountability.study.cohort import Cohort
from accountability.study.durations import Durations
from accountability.study.inputs import takes

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MODELS: Final = {
    "andersen-gill": "all further complaints alike (Andersen and Gill 1982)",
    "pwp total": "each further complaint has its own baseline, days since the first (Prentice, Williams and Peterson)",
    "pwp gap": "each further complaint has its own baseline, days since the last (Prentice, Williams and Peterson)",
}
CLOCKS: Final = {
    "total": "days since the first complaint against the officer",
    "gap": "days since the last complaint against the officer",
}
Model = Literal["andersen-gill", "pwp total", "pwp gap"]
STEPS: Final = 40
MOST: Final = 6


@takes(OfficerRecords, records_of)
def spells(data: OfficerRecords, clock: Literal["total", "gap"] = "total") -> Durations:
    """Return one spell from each complaint of an officer to the next, or to the last day of follow-up.

    Complaints against an officer on one day count as one.

    Parameters
    ----------
    data : OfficerRecords, Cohort or Dataset
    clock : {"total", "gap"}
        Days since the officer's first complaint, with late entry; or since the last one.

    Returns
    -------
    Durations
        ``event`` marks a further complaint; with ``officer`` (a number, for clusters), ``number`` (of the further
        complaint, from 1; text, from the sixth on pooled), ``unit`` (a number, as text).

    Raises
    ------
    Refusal
        When no officer is watched after a complaint.

    Examples
    --------
    >>> from accountability import officers
    >>> import accountability
    >>> len(officers.spells(accountability.load("synthetic"), "gap"))
    6168
    """
    if clock not in CLOCKS:
        raise ParameterError(f"clock: expected one of {', '.join(CLOCKS)}; found {clock!r}")
    days = np.unique(np.stack([data.officer, data.received[data.case]], axis=1), axis=0)
    officer, day = days[:, 0], days[:, 1]
    first = np.flatnonzero(np.diff(officer, prepend=-1))
    origin = np.repeat(day[first], np.diff(np.append(first, len(officer))))
    last = np.append(officer[1:] != officer[:-1], True)
    stop = np.where(last, data.end[officer] - 1, np.append(day[1:], 0))
    number = np.arange(len(officer)) - np.repeat(first, np.diff(np.append(first, len(officer)))) + 1
    keep = stop > day
    if not keep.any():
        raise Refusal(f"{data.name}: no officer is watched after a complaint, so nothing can follow")
    gap = clock == "gap"
    since = day if gap else origin
    made = Durations.from_days(
        (stop - since)[keep],
        ~last[keep],
        entry_time=(np.zeros_like(day) + 1 if gap else day - origin + 1)[keep],
        groups={
            "officer": officer[keep],
            "number": np.minimum(number, MOST)[keep].astype(str),
            "unit": data.unit[officer][keep].astype(str),
        },
        clock=CLOCKS[clock],
    )
    ids = pd.Series(officer[keep]).astype(str) + "#" + pd.Series(number[keep]).astype(str)
    table = made.table.assign(case_id=ids)
    return replace(made, table=table, first_day=1)  # days are counted from the one after the first complaint


def _repeats(data: Cohort) -> Durations:
    return spells(records_of(data))


@takes(Durations, _repeats)
def repeat_rates(
    data: Durations, covariates: str | Sequence[str], *, model: Model = "andersen-gill", confidence: float = 0.95
) -> delay.Cox:
    """Estimate rate ratios of further complaints, with errors clustered on the officer.

    Parameters
    ----------
    data : Durations, Cohort or Dataset
        From :func:`spells`, with the model's clock; columns can be added to its table.
    covariates : str or sequence of str
        As for :func:`accountability.delay.cox`.
    model : {"andersen-gill", "pwp total", "pwp gap"}
        See :data:`MODELS`.
    confidence : float

    Returns
    -------
    Cox

    Raises
    ------
    ParameterError
        For an unknown model, or spells with the other clock.
    Refusal
        As for :func:`accountability.delay.cox`.

    Examples
    --------
    >>> import accountability
    >>> from accountability import officers
    >>> list(officers.MODELS)
    ['andersen-gill', 'pwp total', 'pwp gap']
    >>> rates = officers.repeat_rates(accountability.load("synthetic"), "number")
    >>> rates.table["term"].iloc[0]
    'number=1'
    """
    if model not in MODELS:
        raise ParameterError(f"model: expected one of {', '.join(MODELS)}; found {model!r}")
    wanted, other = ("gap", "total") if model == "pwp gap" else ("total", "gap")
    if data.clock == CLOCKS[other]:
        raise ParameterError(f"model {model!r} counts {CLOCKS[wanted]}: take spells(data, {wanted!r})")
    _needs_officers(data, "repeat_rates")
    strata = None if model == "andersen-gill" else "number"
    return delay.cox(data, covariates, strata=strata, cluster="officer", confidence=confidence)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class MeanCumulativeFunction(Result):
    """Mean number of further complaints by days since the first.

    ``table``: ``day``, ``estimate`` (the mean), ``std_error``, ``lower``, ``upper``, ``at_risk`` (officers watched),
    ``hidden`` (fewer than ten are).

    Attributes
    ----------
    officers, events : int
    confidence : float
    """

    officers: int
    events: int
    confidence: float

    def disclosed(self, table: pd.DataFrame) -> pd.DataFrame:
        """Hide days on which fewer than ten officers are watched."""
        return disclose(table, counts=["at_risk"], keep=["day"], parts=False)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the mean count with its interval."""
        shown = self.table[~self.table["hidden"]]
        none = pd.DataFrame({"day": [0], "estimate": [0.0], "lower": [0.0], "upper": [0.0]})
        return Curves(
            frame=pd.concat([none, shown[list(none)]]),
            by=(),
            last=float(shown["day"].max()),
            x="days since the first complaint",
            y="further complaints an officer",
            share=False,
        ).draw(ax)

    def sentence(self) -> str:
        """State the mean count at a year, or at the end."""
        shown = self.table[~self.table["hidden"]]
        if shown.empty:
            return f"Fewer than {MIN_CELL} officers are watched on any of the days asked for."
        rows = shown[shown["day"] <= 365]
        row = (rows if len(rows) else shown).iloc[-1]
        return (
            f"Within {int(row['day'])} days of a first complaint, {plural(self.officers, 'officer')} drew "
            f"{row['estimate']:.2f} further complaints each on average ({percent(self.confidence)} interval "
            f"{row['lower']:.2f} to {row['upper']:.2f})."
        )


@takes(Durations, _repeats)
def mean_cumulative_function(
    data: Durations, days: int | Sequence[int] | None = None, *, confidence: float = 0.95
) -> MeanCumulativeFunction:
    """Estimate the mean cumulative number of further complaints per officer.

    Parameters
    ----------
    data : Durations, Cohort or Dataset
        From :func:`spells` with ``clock="total"``, or any durations with an ``officer`` and days of one clock.
    days : int or sequence of int, optional
        Days to estimate; by default about forty, up to the last further complaint with ten officers watched.
    confidence : float

    Returns
    -------
    MeanCumulativeFunction

    Raises
    ------
    Refusal
        When there is no further complaint, or too few officers are watched.
    ParameterError
        Without a column ``officer``.

    Notes
    -----
    Nelson (1988); variance of Lawless and Nadeau (1995), valid for any dependence between the complaints of one
    officer. Censoring must be independent of complaints.

    Examples
    --------
    >>> from accountability import officers
    >>> import accountability
    >>> data = accountability.load("synthetic")
    >>> officers.mean_cumulative_function(data, [365, 730]).table[["day", "estimate"]].round(2).values.tolist()
    [[365.0, 1.41], [730.0, 2.84]]
    """
    _needs_officers(data, "mean_cumulative_function")
    if not data.event.any():
        raise Refusal("no further complaint follows any, so there is nothing to count")
    low, high, event = data.entry_time, data.end, data.event
    when, dead = np.unique(high[event], return_counts=True)
    watched = np.searchsorted(np.sort(low), when, side="right") - np.searchsorted(np.sort(high), when, side="left")
    step, square = np.cumsum(dead / watched), np.cumsum(dead / watched**2)
    grid = np.append(np.linspace(when[0], when[-1], STEPS).astype(np.int64), min(365, int(when[-1])))
    asked = list(grid) if days is None else [days] if isinstance(days, int) else list(days)
    for day in asked:
        check_number("days", day, 0, np.inf, "days from 0 on")
    at = np.unique(grid) if days is None else np.array(asked, dtype=np.int64)
    seen = np.array([int(((low <= day) & (high >= day)).sum()) for day in at])
    if days is None:
        at, seen = at[seen >= MIN_CELL], seen[seen >= MIN_CELL]
    if not len(at):
        raise Refusal(f"fewer than {MIN_CELL} officers are watched on any day a further complaint came")
    _, who = np.unique(data.table["officer"].to_numpy(), return_inverse=True)
    summed = np.append(0.0, square)
    # Found once for all days: what was expected by a day is what was by the end of a row or by the day, if earlier.
    ends, begins = (np.searchsorted(when, until, side="right") for until in (high, low - 1))
    happened = np.zeros(len(high))
    happened[event] = 1 / watched[np.searchsorted(when, high[event])]

    def error(day: int) -> float:
        """Root of the sum over officers of the squared distance of its count from what it was expected to be."""
        until = int(np.searchsorted(when, day, side="right"))
        expected = summed[np.minimum(ends, until)] - summed[np.minimum(begins, until)]
        each = np.bincount(who, np.where(high <= day, happened, 0.0) - np.where(low <= day, expected, 0.0))
        return float(np.sqrt((each**2).sum()))

    errors = np.array([error(int(day)) for day in at])
    place = np.searchsorted(when, at, side="right") - 1
    mean = np.where(place >= 0, step[np.maximum(place, 0)], 0.0)
    lower, upper = wald(mean, errors, confidence)
    return MeanCumulativeFunction(
        estimand=f"mean number of further complaints an officer, by {data.clock}",
        assumptions=(
            "when an officer leaves the watch tells nothing about its further complaints",
            "complaints against an officer on one day are one",
            "officers never accused are not held: the mean is of those accused once at least",
        ),
        method=(
            f"mean cumulative function (Nelson), variance of Lawless and Nadeau, plain {percent(confidence)} intervals"
        ),
        table=pd.DataFrame(
            {
                "day": at,
                "estimate": mean,
                "std_error": errors,
                "lower": np.maximum(lower, 0),
                "upper": upper,
                "at_risk": seen,
            }
        ),
        flow=data.flow,
        officers=int(who.max()) + 1,
        events=int(event.sum()),
        confidence=confidence,
    )


def _needs_officers(data: Durations, called: str) -> None:
    if "officer" not in data.table:
        raise ParameterError(
            f"officers.{called} needs a column 'officer': pass officers.spells(officers.officer_records(data))"
        )
