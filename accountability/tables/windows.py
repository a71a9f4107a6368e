"""Windows of time: assign each row to the month, quarter, year or period of its date, or say why not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError
from accountability.records.lookup import places
from accountability.stats.arrays import Ints
from accountability.study.cohort import Cohort
from accountability.study.occurrences import FOREVER, NEVER, as_date, day_number, occurrence, stage_of
from accountability.study.row_dates import by_allegation
from accountability.vocabulary import PEOPLE, STAGES

MONTHS: Final = {"month": 1, "quarter": 3, "year": 12}
KEYS: Final = ("every", "stage", "starts", "since", "until", "with_set_aside")
_EXAMPLE: Final = "when={'every': 'year', 'stage': 'received', 'starts': 6}"


@dataclass(frozen=True, slots=True)
class Window:
    """The windows: ``every`` some months from month ``starts``, by the dates of a stage."""

    every: str | None
    stage: str
    starts: int
    since: int
    until: int
    with_set_aside: bool = False

    @classmethod
    def of(cls, when: str | Mapping[str, Any]) -> Window:
        """Read ``when=``: a word, or a mapping of :data:`KEYS`."""
        asked = {"every": when} if isinstance(when, str) else when
        if not isinstance(asked, Mapping) or not asked or (set(asked) - set(KEYS)):
            raise ParameterError(f"when= takes 'month', 'quarter', 'year' or {_EXAMPLE}, found {when!r}")
        every, stage, starts = asked.get("every"), asked.get("stage", "received"), asked.get("starts", 1)
        if every is not None and every not in MONTHS:
            raise ParameterError(f"when=: every must be one of {', '.join(MONTHS)}, found {every!r}")
        if stage not in STAGES:
            raise ParameterError(f"when=: unknown stage {stage!r}; the stages are {', '.join(STAGES)}")
        if isinstance(starts, bool) or not isinstance(starts, int) or not 1 <= starts <= 12:
            raise ParameterError(f"when=: starts must be a month from 1 to 12, found {starts!r}")
        first, last = asked.get("since"), asked.get("until")
        if every is None and first is None and last is None:
            raise ParameterError(f"when= names no window; write {_EXAMPLE}")
        low = NEVER if first is None else day_number(as_date(first, "since"))
        high = FOREVER if last is None else day_number(as_date(last, "until"))
        if low > high:
            raise ParameterError(f"when=: since {first} is after until {last}")
        aside = asked.get("with_set_aside", False)
        if not isinstance(aside, bool):
            raise ParameterError(f"when=: with_set_aside must be True or False, found {aside!r}")
        return cls(every, stage, starts, low, high, aside)

    def said(self) -> str:
        """Return the windows in words."""
        ends = [f"{word} {np.datetime64(day, 'D')}" for word, day in (("from", self.since), ("to", self.until))
                if abs(day) < FOREVER]  # fmt: skip
        ends += ["dates set aside as they stand"] if self.with_set_aside else []
        return " ".join([f"by {self.every} of '{self.stage}'" if self.every else f"'{self.stage}'", *ends])

    def place(self, earliest: Ints, latest: Ints, set_aside: Any) -> tuple[Ints, pd.Series]:
        """Return the number of each row's window, and why a row is in none ("" if it is in one)."""
        none = earliest == FOREVER
        why = pd.Series("", index=range(len(earliest)), dtype=object)
        aside = np.asarray(set_aside != "", dtype=bool)
        why[none & ~aside], why[none & aside] = f"no '{self.stage}' date", f"'{self.stage}' date set aside"
        why[~none & (latest < self.since)] = "before the window"
        why[~none & (earliest > self.until)] = "after the window"
        dated = (why == "").to_numpy()
        partly = (earliest < self.since) & (self.since > NEVER) | (latest > self.until) & (self.until < FOREVER)
        number = np.zeros(len(earliest), np.int64)
        if self.every:
            bounded = (earliest > NEVER) & (latest < FOREVER)
            first, last = (self._number(np.where(bounded, days, 0)) for days in (earliest, latest))
            partly |= ~bounded | (first != last)
            number = first
        why[dated & partly] = "date too coarse for the window"
        return number, why

    def _number(self, days: Ints) -> Ints:
        months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
        return np.asarray((months - (self.starts - 1)) // MONTHS[self.every or "year"], dtype=np.int64)

    def spans(self) -> list[tuple[str, int, int]]:
        """Return label, first and last day of every window from ``since`` to ``until``, which both must be set."""
        if self.every is None:
            return [("", self.since, self.until)]
        low, high = (int(self._number(np.array([day]))[0]) for day in (self.since, self.until))
        months = np.arange(low, high + 2) * MONTHS[self.every] + self.starts - 1
        days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
        ends = zip(days[:-1], days[1:] - 1, strict=True)
        return [
            (self.label(low + k), max(int(begin), self.since), min(int(end), self.until))
            for k, (begin, end) in enumerate(ends)
        ]

    def label(self, number: int) -> str:
        """Return the name of a window: ``2018``, ``2018-06``, ``2018 Q2``, or its first and last month."""
        size = MONTHS[self.every or "year"]
        first = np.datetime64(number * size + self.starts - 1, "M")
        if size == 1 or (size == 12 and self.starts == 1):
            return str(first)[: 4 if size == 12 else 7]
        if size == 3 and self.starts == 1:
            return f"{str(first)[:4]} Q{int(str(first)[5:7]) // 3 + 1}"
        return f"{first} to {first + (size - 1)}"


def windows_of(cohort: Cohort, window: Window, unit: str, cases: pd.Series) -> tuple[Ints, pd.Series]:
    """Assign rows to windows: allegations by their own dates, complaints and people by their case's."""
    if window.with_set_aside:
        cohort = replace(cohort, events=cohort.events.assign(set_aside=pd.Series(pd.NA, index=cohort.events.index)))
    if unit in ("complaint", *PEOPLE):
        index = pd.Index(cases.unique())
        found = occurrence(cohort.events, index, window.stage, "first")
        at = places(cases, index)
        return window.place(found.earliest[at], found.latest[at], found.set_aside[at])
    study = by_allegation(cohort)
    found = stage_of(study, window.stage)
    return window.place(found.earliest, found.latest, found.set_aside)
