"""Find the first or last dated occurrence of a stage in every case, as an interval of day numbers.

Day numbers count from 1970-01-01.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from accountability.errors import ParameterError
from accountability.records.case_ends import Held
from accountability.records.lookup import places
from accountability.remembered import remembered
from accountability.stats.arrays import Days, Ints

Which = Literal["first", "last"]
Texts = npt.NDArray[np.object_]

# Stand for "no bound on this side"; far from any day and from overflow.
NEVER = -(2**40)
FOREVER = 2**40


@dataclass(frozen=True, slots=True, eq=False)
class Occurrence:
    """The occurrence of a stage in each case.

    Attributes
    ----------
    earliest, latest : array of int
        Day numbers; ``NEVER`` and ``FOREVER`` mean no bound. Both are ``FOREVER`` without a usable date.
    set_aside : array of object
        For cases without a usable date: why their date must not be used, else "".
    """

    earliest: Days
    latest: Days
    set_aside: Texts

    @property
    def none(self) -> npt.NDArray[np.bool_]:
        """Cases without a usable date of the stage."""
        return self.earliest == FOREVER


def stage_of(study: Held, stage: str, which: Which = "first") -> Occurrence:
    """Find the first or last occurrence of a stage in each case of a cohort or dataset; see :func:`occurrence`."""
    return _stage_of(study.events, _texts(study.cases["case_id"]), stage, which)


@remembered
def _stage_of(events: pd.DataFrame, cases: Any, stage: str, which: Which) -> Occurrence:
    found = occurrence(events, _column(cases), stage, which)
    for part in (found.earliest, found.latest, found.set_aside):
        part.flags.writeable = False  # kept while several estimates read it
    return found


def occurrence(events: pd.DataFrame, cases: pd.Index, stage: str, which: Which) -> Occurrence:
    """Find the first or last occurrence of a stage in each case.

    Of several imprecise dates, the first is between the smallest earliest and the smallest latest day, the last between
    the largest ones.

    Parameters
    ----------
    events : pandas.DataFrame
        Dated steps: ``case_id, stage, earliest, latest, set_aside``.
    cases : pandas.Index
        The ``case_id`` of every case, in order.
    stage : str
        The stage.
    which : {"first", "last"}
        Which of several dates counts.

    Raises
    ------
    ParameterError
        If `which` is neither.
    """
    if which not in ("first", "last"):
        raise ParameterError(f"which occurrence must be 'first' or 'last', found {which!r}")
    needed = ["case_id", "earliest", "latest", "set_aside"]
    rows = events[needed][(events["stage"] == stage).to_numpy()]
    place = places(rows["case_id"], cases)
    inside = place >= 0
    usable = rows["set_aside"].isna().to_numpy() & inside
    fill, pick = (FOREVER, np.minimum) if which == "first" else (NEVER, np.maximum)
    earliest = np.full(len(cases), fill, dtype=np.int64)
    latest = earliest.copy()
    pick.at(earliest, place[usable], day_numbers(rows["earliest"], NEVER)[usable])
    pick.at(latest, place[usable], day_numbers(rows["latest"], FOREVER)[usable])
    none = np.ones(len(cases), bool)
    none[place[usable]] = False
    earliest[none] = latest[none] = FOREVER
    why = np.full(len(cases), "", dtype=object)
    dropped = ~usable & inside
    why[place[dropped]] = [f"'{stage}' date set aside: {text}" for text in rows["set_aside"].array[dropped]]
    why[~none] = ""
    return Occurrence(earliest, latest, why)


def rows_places(rows: pd.DataFrame, cases: pd.DataFrame) -> Ints:
    """Return the position of each row's case among the cases, -1 if it is not among them."""
    return _rows_places(_texts(rows["case_id"]), _texts(cases["case_id"]))


@remembered
def _rows_places(ids: Any, known: Any) -> Ints:
    alike = not isinstance(ids, pd.Series) and not isinstance(known, pd.Series) and ids.equals(known)
    found = np.arange(len(known)) if alike else places(_column(ids), _column(known))
    found.flags.writeable = False
    return found


def _texts(ids: pd.Series) -> Any:
    """Ids as Arrow holds them: the same object in every copy of their table, whatever columns were added to it."""
    return ids.array.__arrow_array__() if isinstance(ids.array, pd.arrays.ArrowStringArray) else ids


def _column(ids: Any) -> pd.Index:
    return pd.Index(ids if isinstance(ids, pd.Series) else pd.array(ids, dtype="str"))


def day_numbers(dates: pd.Series, missing: int) -> Days:
    """Return day numbers of a column of dates, `missing` where empty."""
    days = dates.to_numpy().astype("datetime64[D]")
    return np.where(np.isnat(days), missing, days.astype(np.int64))


def day_number(date: dt.date) -> int:
    """Return the day number of one date."""
    return (date - dt.date(1970, 1, 1)).days


def as_date(value: dt.date | str, name: str) -> dt.date:
    """Return a parameter that is a day, given as a date or ISO text.

    Raises
    ------
    ParameterError
        If it is not one.
    """
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"{name}= must be a day such as 2016-11-01, found {value!r}") from error
