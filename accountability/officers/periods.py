"""The complaints of each officer in two successive periods."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.officers.served_time import how_many
from accountability.officers.shares import check_top
from accountability.officers.tallies import OFFICER, counted_rows
from accountability.privacy import MIN_CELL
from accountability.results import plural
from accountability.stats.arrays import Floats, Ints
from accountability.study.cohort import Cohort
from accountability.study.inputs import takes
from accountability.study.occurrences import FOREVER, NEVER, as_date, day_number, rows_places, stage_of

SERVICE: Final = ("officer_id", "from", "to")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Periods:
    """Numbers of complaints of each officer before and after a day.

    Attributes
    ----------
    first, second : array of int
        Officer-complaints per officer.
    case, officer : array of int
        Per accusation of the second period: number of the complaint, number of the officer (position in `first` and
        `second`).
    everyone : bool
        Whether officers accused in neither period are included. If not, the population is the officers accused in the
        first period.
    split : date or None
        First day of the second period; ``None`` when complaints were halved at random.
    left_out : int
        Officer-complaints without a usable date, or whose date spans both periods.
    name : str
    flow : DataFrame
    present : array of int, optional
        Numbers of the officers known to have served throughout both periods, where their service is known.
    """

    first: Ints
    second: Ints
    case: Ints
    officer: Ints
    everyone: bool
    split: dt.date | None
    left_out: int
    name: str
    flow: pd.DataFrame
    present: Ints | None = None

    @property
    def alike(self) -> Ints:
        """Officers whose second periods are exchangeable at equal risk.

        Those known to have served throughout. Otherwise, for periods by date, those accused in both, who had not left
        before the second and had not come after the first. For random halves, the population, whose service is the same
        in both.
        """
        if self.present is not None:
            return self.present
        return self.population if self.split is None else np.flatnonzero((self.first > 0) & (self.second > 0))

    def who_alike(self) -> str:
        """The comparable officers, in words."""
        count = plural(len(self.alike), "officer")
        if self.present is not None:
            return f"{count} in service throughout"
        return self.who() if self.split is None else f"{count} accused in both periods"

    @property
    def population(self) -> Ints:
        """Officers who can be ranked on the first period."""
        if self.present is not None:
            return self.present
        return np.arange(len(self.first)) if self.everyone else np.flatnonzero(self.first)

    def who(self) -> str:
        """The population in words."""
        count = plural(len(self.population), "officer")
        if self.present is not None:
            return f"{count} in service throughout"
        return f"all {count}" if self.everyone else f"{count} accused in the first period"

    def halves(self) -> str:
        """The two periods in words."""
        return "complaints halved at random" if self.split is None else f"before {self.split} and from then on"

    def lost(self) -> str:
        """The complaints left out, in words that end a sentence; empty if none is."""
        whose = "its" if self.left_out == 1 else "their"
        return f"; {plural(self.left_out, 'officer-complaint')} left out for {whose} date" if self.left_out else ""

    def __repr__(self) -> str:
        return (
            f"Periods of {self.name}, {self.halves()}: {self.first.sum():,} and {self.second.sum():,} "
            f"officer-complaints of {self.who()}; {self.left_out:,} left out"
        )


@takes("cohort")
def two_periods(
    data: Cohort,
    split: dt.date | str | None = None,
    *,
    stage: str = "received",
    officers: int | str | None = None,
    service: pd.DataFrame | None = None,
    seed: int = 0,
) -> Periods:
    """Split the complaints of identified officers into two periods.

    Parameters
    ----------
    data : Cohort or Dataset
    split : date, ISO text, "random", optional
        First day of the second period; by default the day that halves the officer-complaints most evenly; ``"random"``
        splits the complaints at random, keeping the officers of one complaint together.
    stage : str
        The stage whose date places a complaint.
    officers : int or str, optional
        Number of officers, including those never accused, or the name of an outside total (:func:`tally`).
    service : DataFrame, optional
        ``officer_id`` (as in the data), ``from`` and ``to`` (dates; ``to`` missing while in service), including
        officers never accused. The population is then the officers in service from the first complaint to the last.
    seed : int
        For ``"random"``.

    Returns
    -------
    Periods

    Raises
    ------
    Refusal
        When no officer is identified, the stage is not dated, or a period is empty.
    ParameterError
        For an invalid date, fewer officers than are accused, or ``service`` without its columns, with ``officers`` or
        with ``"random"``.

    Examples
    --------
    >>> from accountability import officers
    >>> import accountability
    >>> data = officers.two_periods(accountability.load("synthetic"), "2018-01-01")
    >>> data.who(), data.halves()
    ('712 officers accused in the first period', 'before 2018-01-01 and from then on')
    """
    cohort = data
    rows = counted_rows(cohort, OFFICER, "officer_complaint")
    case = rows_places(rows, cohort.cases)
    officer, known = pd.factorize(rows[OFFICER])
    officers = None if officers is None else how_many(cohort, officers, len(known))
    day: dt.date | None = None
    if split == "random":
        late = np.random.default_rng(seed).random(len(cohort.cases)) < 0.5
        before, after = ~late[case], late[case]
    else:
        when = stage_of(cohort, stage)
        low, high = when.earliest[case], when.latest[case]
        dated = (low != FOREVER) & (low != NEVER) & (high != FOREVER)
        if not dated.any():
            raise Refusal(f"{cohort.name}: no complaint of an identified officer has a date of {stage!r} to divide by")
        day = as_date(split, "split") if split is not None else _middle(low[dated])
        line = day_number(day)
        before, after = dated & (high < line), dated & (low >= line)
    for part, which in ((before, "first"), (after, "second")):
        if not part.any():
            raise Refusal(f"{cohort.name}: no officer-complaint falls in the {which} period (divided at {day})")
    count, present = len(known) if officers is None else officers, None
    if service is not None:
        if officers is not None or day is None:
            raise ParameterError("service= says who was there: leave out officers=, and divide by a date")
        there = _in_service(service, as_day(low[dated].min()), as_day(high[dated].max()))
        known = known.append(there.difference(known))
        count, present = len(known), known.get_indexer(there)
    second = np.bincount(officer[after], minlength=count)
    return Periods(
        first=np.bincount(officer[before], minlength=count).astype(np.int64),
        second=second.astype(np.int64),
        case=np.unique(case[after], return_inverse=True)[1].astype(np.int64),
        officer=officer[after].astype(np.int64),
        everyone=officers is not None,
        split=day,
        left_out=int((~before & ~after).sum()),
        name=cohort.name,
        flow=cohort.flow(),
        present=present,
    )


def _in_service(service: pd.DataFrame, first: np.datetime64, last: np.datetime64) -> pd.Index:
    """Officers in service from a day to another; gaps between stays are not looked for."""
    missing = [name for name in SERVICE if name not in getattr(service, "columns", ())]
    if missing:
        raise ParameterError(f"service: expected columns {', '.join(SERVICE)}; missing {', '.join(missing)}")
    stays = service.dropna(subset=["officer_id", "from"])
    begin = pd.to_datetime(stays["from"]).groupby(stays["officer_id"]).min()
    until = pd.to_datetime(stays["to"])
    stays_on = (until.isna() | (until > last)).groupby(stays["officer_id"]).any()
    there = begin.index[(begin <= first) & stays_on]
    if len(there) < MIN_CELL:
        raise Refusal(
            f"service: {len(there):,} of {len(begin):,} officers are in service from {first} to {last}; {MIN_CELL} are "
            "the least: choose cases of fewer years"
        )
    return pd.Index(there)


def at_the_top(counts: Ints, top: float) -> Floats:
    """Return each officer's membership of the top: 1 above the cutoff, 0 below, an equal fraction if tied at it.

    Raises
    ------
    ParameterError
        For a share outside 0 to 1.
    Refusal
        When the top would hold fewer than ten officers.
    """
    check_top(top)
    places = top * len(counts)
    if places < MIN_CELL:
        raise Refusal(
            f"the top {top:g} of {plural(len(counts), 'officer')} would be fewer than {MIN_CELL}: ask for a larger "
            "share"
        )
    _, code, number = np.unique(counts, return_inverse=True, return_counts=True)
    above = np.append(np.cumsum(number[::-1])[::-1][1:], 0)
    part: Floats = np.clip((places - above) / number, 0.0, 1.0)[code]
    return part


def _middle(days: Ints) -> dt.date:
    """The day from which on nearest to half of them come."""
    found, number = np.unique(days, return_counts=True)
    before = np.cumsum(number) - number
    best = found[np.argmin(np.abs(2 * before - len(days)))]
    return cast(dt.date, as_day(best).item())


def as_day(number: int | np.integer[Any]) -> np.datetime64:
    """Return the date of a number of days since 1970."""
    return np.datetime64("1970-01-01", "D") + np.timedelta64(int(number), "D")
