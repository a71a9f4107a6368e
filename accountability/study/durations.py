"""Durations: days from one stage to another, one row per case, closed or still open.

Days are whole numbers. A closing on the day of receipt is day 0.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.records.case_ends import counted_states
from accountability.results import plural
from accountability.stats.arrays import LONGEST, Days, Flags
from accountability.stats.compress import numbered

#: The column that holds the complaint of each row, where the cases are allegations.
COMPLAINT = "complaint"
#: Columns by which rows belong together, and what such rows are; their case is its value, # and a number.
TOGETHER = {COMPLAINT: "allegations", "officer": "spells"}

RESERVED = ("days_lower", "days_upper", "event", "entry_time", "longest")


@dataclass(frozen=True, slots=True)
class Sampling:
    """How cases were selected, for one clock.

    Attributes
    ----------
    rule : str
        One of :data:`accountability.vocabulary.SAMPLING_RULES`.
    open_cases : str
        ``included``, ``excluded``, ``status_only`` or ``unknown``.
    source : str
        Name of the source, for messages.
    selected_on : tuple of str
        What the records were selected on, if they were.
    closing_date : bool
        Whether the source publishes the day of closing.
    """

    rule: str = "complete"
    open_cases: str = "included"
    source: str = "these durations"
    selected_on: tuple[str, ...] = ()
    closing_date: bool = True


@dataclass(frozen=True, eq=False)
class Durations:
    """Days each case took, or has been open.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per case: ``case_id``; ``days_lower`` and ``days_upper`` (Int64), bounds of the delay, equal if both
        dates are days; ``days_upper`` is missing if the case is still open (it lasts longer than ``days_lower``);
        ``event`` (bool), whether it closed; ``entry_time`` (Int64), the first day of age at which its closing would
        have been seen, 0 if watched from the start; ``longest`` (Int64), the longest delay observable before the
        cut-off, missing without a cut-off; where any start is coarser than a day, ``start_span`` and ``stop_span``
        (Int64), the numbers of possible days of start and stop (0 for open cases); where any case closed on an unknown
        day, ``unknown_day`` (bool), whether this one did, anywhere from its start to the last day covered; then the
        columns of the cases.
    clock : str
        The clock in words; every result repeats it.
    start, stop : str
        The stages.
    cutoff : datetime.date or None
        The last day observed.
    sampling : Sampling
        How the cases were selected.
    excluded : pandas.DataFrame
        ``case_id`` and ``reason`` of every case without a usable delay.
    flow : pandas.DataFrame
        The cohort's conditions and these exclusions with their counts.
    current_status : bool
        Whether only the status at the cut-off is known, and no closing day.
    states : pandas.DataFrame or None
        Number of cases in each closing state (``state``, ``n``, ``meaning``); the four add up to all.
    unended : pandas.DataFrame or None
        Cases that may or may not have ended, as if open: they are in no estimate, but at both extremes in its bounds.
    first_day : int
        The first age at which the stop can happen; follow-up starts there without truncation.
    origins : mapping
        Columns added to the cases, with the stages of the outcome on which they depend; None if not known.
    """

    table: pd.DataFrame
    clock: str
    start: str
    stop: str
    cutoff: dt.date | None
    sampling: Sampling
    excluded: pd.DataFrame
    flow: pd.DataFrame
    current_status: bool = False
    states: pd.DataFrame | None = None
    unended: pd.DataFrame | None = None
    first_day: int = 0
    origins: Mapping[str, tuple[str, ...] | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that the table holds possible delays."""
        missing = [name for name in ("case_id", *RESERVED) if name not in self.table.columns]
        if missing:
            raise ParameterError(f"a table of durations needs the columns {missing}")
        low, high, closed, entry = self.days_lower, self.days_upper, self.event, self.entry_time
        self._refuse((low < 0) | (entry < 0), "a delay or an entry below 0 days")
        self._refuse(closed & (high < low), "a longest delay below its shortest")
        self._refuse((low > LONGEST) | (high > LONGEST), f"a delay over {LONGEST:,} days, which is a wrong date")
        self._refuse(entry > np.where(closed, high, low), "enter after they were last seen")

    def _refuse(self, wrong: Flags, what: str) -> None:
        count = int(wrong.sum())
        if count:
            row = self.table.iloc[int(np.argmax(wrong))]
            shown = ", ".join(f"{name} {row[name]}" for name in ("case_id", "days_lower", "days_upper", "entry_time"))
            raise ParameterError(
                f"{count:,} of {len(self.table):,} cases have {what} (first: {shown}): exclude or correct them"
            )

    @cached_property
    def days_lower(self) -> Days:
        """Fewest days, as an array."""
        return _plain(self.table["days_lower"])

    @cached_property
    def days_upper(self) -> Days:
        """Most days, as an array; -1 for open cases."""
        return _plain(self.table["days_upper"])

    @cached_property
    def event(self) -> Flags:
        """Whether each case is closed, as an array."""
        return self.table["event"].to_numpy(dtype=bool)

    @cached_property
    def entry_time(self) -> Days:
        """First day of age at which the case was watched, as an array."""
        return _plain(self.table["entry_time"])

    @cached_property
    def longest(self) -> Days:
        """Longest observable delay, -1 without a cut-off."""
        return _plain(self.table["longest"])

    @cached_property
    def end(self) -> Days:
        """Days to the closing (the upper bound) or, for open cases, days seen open."""
        return np.where(self.event, self.days_upper, self.days_lower)

    @cached_property
    def known_groups(self) -> dict[tuple[str, ...], tuple[pd.DataFrame, Days]]:
        """Groups already made by :func:`group_codes`, for reuse."""
        return {}

    @cached_property
    def exact(self) -> bool:
        """Whether every closing is known to the day."""
        return not self.current_status and bool((self.days_lower == self.days_upper)[self.event].all())

    @cached_property
    def left_truncated(self) -> bool:
        """Whether any case entered late (left-truncated)."""
        return bool(self.entry_time.any())

    @cached_property
    def ends(self) -> tuple[int, Days]:
        """Number of days, and ``end`` of every case, with this number added for open ones.

        So one number per case says when and whether it closed.
        """
        days = int(max(self.end.max(initial=0), self.entry_time.max(initial=0))) + 1
        return days, self.end + days * ~self.event

    @cached_property
    def unknown_day(self) -> Flags:
        """Whether each case closed on an unknown day."""
        if "unknown_day" not in self.table:
            return np.zeros(len(self), bool)
        return self.table["unknown_day"].to_numpy(dtype=bool)

    def known_days(self) -> Durations:
        """Return the same without cases closed on an unknown day, which are then counted as left out.

        The rest is biased towards long delays, because closings are missing and open cases are not:
        :func:`accountability.delay.closing_curve` takes all cases.
        """
        if not self.unknown_day.any():
            return self
        ids, reason = self.table["case_id"][self.unknown_day], "closed on an unknown day"
        left = pd.DataFrame({"case_id": ids.to_numpy(), "reason": pd.Series([reason] * len(ids), dtype="str")})
        step = pd.DataFrame(
            {
                "step": [len(self.flow)],
                "because": [f"without: {reason}"],
                "kept": [len(self) - len(ids)],
                "excluded": [len(ids)],
            }
        )
        return replace(
            self,
            table=self.table[~self.unknown_day].drop(columns="unknown_day").reset_index(drop=True),
            excluded=pd.concat([self.excluded, left], ignore_index=True),
            flow=pd.concat([self.flow, step], ignore_index=True),
        )

    @property
    def n_open(self) -> int:
        """Number of cases still open at the cut-off."""
        return int((~self.event).sum())

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        return (
            f"Durations ({self.clock}): {plural(len(self), 'case')}, {self.n_open:,} still open, "
            f"{len(self.excluded):,} excluded"
        )

    def label_missing(self, column: str, label: str = "not recorded") -> Durations:
        """Give cases without a value in a grouping column their own group."""
        if column not in self.table.columns:
            raise ParameterError(f"no column {column!r} in these durations")

        def labelled(table: pd.DataFrame) -> pd.DataFrame:
            values = table[column].astype("object")
            return table.assign(**{column: values.where(values.notna(), label)})

        both = None if self.unended is None else labelled(self.unended)
        return replace(self, table=labelled(self.table), unended=both)

    def excluded_counts(self) -> pd.DataFrame:
        """Count the excluded cases by ``reason``."""
        counts = self.excluded.groupby("reason", sort=True).size()
        return counts.rename("cases").reset_index()

    @classmethod
    def from_days(
        cls,
        days: npt.ArrayLike,
        event: npt.ArrayLike | None = None,
        *,
        days_upper: npt.ArrayLike | None = None,
        entry_time: npt.ArrayLike | None = None,
        longest: npt.ArrayLike | None = None,
        unknown_day: npt.ArrayLike | None = None,
        groups: dict[str, npt.ArrayLike] | None = None,
        clock: str = "days as given",
        sampling: Sampling | None = None,
    ) -> Durations:
        """Make durations from arrays of days, for simulations and other tables.

        Parameters
        ----------
        days : array of int
            Days to closing, or days open so far.
        event : array of bool, optional
            Whether each case closed; all when left out.
        days_upper : array of int, optional
            Upper bounds for closed cases, with `days` as lower bounds; ignored for open ones.
        entry_time, longest : array of int, optional
            As in the columns of the table.
        unknown_day : array of bool, optional
            Which cases closed on an unknown day; their `days` are upper bounds.
        groups : dict of arrays, optional
            Further columns.
        clock : str
            What the days count.
        sampling : Sampling, optional
            How the cases were selected; complete by default.

        Raises
        ------
        ParameterError
            If a day is missing, a text, a time difference, not whole or negative; if `event` is not boolean; or if
            lengths differ. The message has the line to write.

        Examples
        --------
        >>> Durations.from_days([10, 20, 500], [True, True, False]).n_open
        1
        """
        from accountability.study.day_values import given_days  # a loaded source needs no such checks

        given = {"event": event, "days_upper": days_upper, "entry_time": entry_time, "longest": longest}
        columns, state = given_days(days, {**given, "unknown_day": unknown_day}, groups or {})
        return cls(
            table=pd.DataFrame(columns),
            clock=clock,
            start="start",
            stop="stop",
            cutoff=None,
            sampling=sampling or Sampling(),
            excluded=pd.DataFrame({"case_id": [], "reason": []}, dtype="str"),
            flow=pd.DataFrame({"step": [0], "because": ["days as given"], "kept": [len(state)], "excluded": [0]}),
            states=counted_states(state),
        )


def require_cases(durations: Durations, what: str) -> None:
    """Refuse an estimate without cases, and say why they were left out."""
    if len(durations):
        return
    went = "; ".join(f"{row.cases:,} {row.reason}" for row in durations.excluded_counts().itertuples())
    raise Refusal(f"{what} needs at least one case and has none" + (f" ({went})" if went else ""))


def group_codes(
    durations: Durations, by: str | Sequence[str] | None, *, clusters: bool = False
) -> tuple[pd.DataFrame, Days]:
    """Return the groups of a table of durations, one row each in sorted order, and each case's group number.

    All cases of one of the `clusters` may have the same ending; compared groups may not.

    Raises
    ------
    ParameterError
        If a column does not exist or has missing values.
    """
    columns = [by] if isinstance(by, str) else list(by or ())
    if not columns:
        return pd.DataFrame(index=pd.RangeIndex(1)), np.zeros(len(durations), np.int64)
    key = (*columns, "") if clusters else tuple(columns)
    if key not in durations.known_groups:
        durations.known_groups[key] = _grouped(durations, columns, clusters)
    return durations.known_groups[key]


def _grouped(durations: Durations, columns: list[str], clusters: bool) -> tuple[pd.DataFrame, Days]:
    for column in columns:
        if column not in durations.table.columns or column in RESERVED:
            known = [name for name in durations.table.columns if name not in RESERVED]
            raise ParameterError(f"no column {column!r} to group by; there are {known}")
        missing = int(durations.table[column].isna().sum())
        if missing:
            raise ParameterError(
                f"{missing:,} of {len(durations):,} cases have no {column!r}: give them a group of their own with "
                f"durations.label_missing({column!r}), or leave them out with keep_if"
            )
    found = _numbered(durations.table, columns)
    if not clusters:
        from accountability.study.known_late import refuse_known_late

        refuse_known_late(durations, columns, found[1] if len(columns) == 1 else None)
    return found


def _numbered(table: pd.DataFrame, columns: list[str]) -> tuple[pd.DataFrame, Days]:
    if len(columns) == 1:
        codes, values = numbered(table[columns[0]])
        return pd.DataFrame({columns[0]: values}), codes
    numbers = np.asarray(table.groupby([numbered(table[name])[0] for name in columns]).ngroup(), dtype=np.int64)
    first = np.unique(numbers, return_index=True)[1]
    return table[columns].iloc[first].reset_index(drop=True), numbers


def _plain(column: pd.Series) -> Days:
    if isinstance(column.dtype, np.dtype) and column.dtype.kind in "iu":
        return np.asarray(column.to_numpy(), dtype=np.int64)
    return column.to_numpy(dtype=np.int64, na_value=-1)
