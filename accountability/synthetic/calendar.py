"""Days from the first day of receipt, months, and the expected complaints per day.

Three earlier years are generated but not published, so that the agency starts with a realistic caseload.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from accountability.stats.arrays import Floats, Ints
from accountability.synthetic.agency_design import Design

WARM_UP_YEARS = 3


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days of a design.

    Attributes
    ----------
    first, last, until : int
        First day of the warm-up (negative), last day of receipt, last day observed; day 0 is the first of receipt.
    month_start : array of int
        First day of every month from the warm-up to the last month of receipt, then the day after it.
    weight : array of float
        Expected share of the study's complaints by day, from ``first`` on; sums to 1 over days 0 to ``last``.
    """

    origin: date
    first: int
    last: int
    until: int
    month_start: Ints
    weight: Floats

    @classmethod
    def of(cls, design: Design) -> Calendar:
        """Make the calendar of a design."""
        origin = design.received_from
        opening = np.datetime64(origin.replace(year=origin.year - WARM_UP_YEARS, day=1))
        day0 = np.datetime64(origin)
        last = int((np.datetime64(design.received_to) - day0).astype(int))
        end = day0 + np.timedelta64(last, "D")
        days = np.arange(opening, end + np.timedelta64(1, "D"))
        month_of_year = days.astype("datetime64[M]").astype(int) % 12
        year = np.clip(days.astype("datetime64[Y]").astype(int) + 1970 - origin.year, 0, len(design.year_growth) - 1)
        weight = np.asarray(design.month_weights)[month_of_year] * np.asarray(design.year_growth)[year]
        first = int((opening - day0).astype(int))
        months = np.arange(opening.astype("datetime64[M]"), end.astype("datetime64[M]") + np.timedelta64(1, "M"))
        starts = (months.astype("datetime64[D]") - day0).astype(np.int64)
        return cls(
            origin=origin,
            first=first,
            last=last,
            until=int((np.datetime64(design.observed_until) - day0).astype(int)),
            month_start=np.append(starts, last + 1),
            weight=weight / weight[-first:].sum(),
        )

    def weight_from(self, start: int, stop: int) -> Floats:
        """Return the weights of days from `start` to before `stop`."""
        return self.weight[start - self.first : stop - self.first]

    def day(self, when: date) -> int:
        """Return the day number of a date."""
        return (when - self.origin).days
