"""Many date cells as arrays: two ends, a precision, and a problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from accountability.vocabulary import PRECISIONS

if TYPE_CHECKING:
    from accountability.records.dates.date_interval import Interval

PROBLEMS: Final = MappingProxyType(
    {
        "unreadable": "The text fits none of the declared formats.",
        "impossible": "The text fits, but there is no such day, its end precedes its start, or it lies outside "
        "not_before and not_after.",
        "placeholder": "A declared stand-in for 'no date'.",
        "ambiguous": "Two declared formats read the text differently.",
        "two_digit_year": "A year of two digits, and no two_digit_pivot declared.",
        "time_of_day": "A time of day where the format has none, and strip_time is not declared.",
        "number": "A bare number that could be a spreadsheet serial, and excel is not declared.",
        "spreadsheet_error": "An error a spreadsheet left behind, such as #VALUE!.",
        "incomplete": "A month without its year, or a day without its month.",
    }
)

_PRECISION_NAMES: Final = tuple(PRECISIONS)
_PROBLEM_NAMES: Final = tuple(PROBLEMS)
_RANK: Final = MappingProxyType(
    {"day": 0, "week": 1, "part_of_month": 1, "month": 2, "season": 3, "part_of_year": 3, "year": 4}
)


def precision_code(name: str) -> int:
    """Return the code of a precision: its position in the vocabulary."""
    return _PRECISION_NAMES.index(name)


def problem_code(name: str) -> int:
    """Return the code of a problem: its position in `PROBLEMS`; -1 means none."""
    return _PROBLEM_NAMES.index(name)


def month_start(year: np.ndarray, month: np.ndarray) -> np.ndarray:
    """Return the first day of each month as ``datetime64[D]``."""
    return ((year.astype(np.int64) - 1970) * 12 + month - 1).astype("datetime64[M]").astype("datetime64[D]")


@dataclass(frozen=True, slots=True)
class Cells:
    """Arrays of equal length: ends in days, codes of precision and problem (-1 = none)."""

    earliest: np.ndarray
    latest: np.ndarray
    precision: np.ndarray
    problem: np.ndarray

    @classmethod
    def of(cls, earliest: np.ndarray, latest: np.ndarray, precision: np.ndarray, problem: np.ndarray) -> Cells:
        """Build cells, with empty dates where there is a problem."""
        bad = problem >= 0
        nat = np.datetime64("NaT", "D")
        return cls(
            np.where(bad, nat, earliest),
            np.where(bad, nat, latest),
            np.where(bad, -1, precision).astype(np.int8),
            problem.astype(np.int8),
        )

    @classmethod
    def failed(cls, count: int, problem: str) -> Cells:
        """Return cells that all have one problem."""
        empty = np.full(count, np.datetime64("NaT", "D"))
        return cls.of(empty, empty, np.full(count, -1), np.full(count, problem_code(problem)))

    @classmethod
    def from_intervals(cls, found: Sequence[Interval | str]) -> Cells:
        """Return cells from intervals or names of problems."""
        dated = [None if isinstance(item, str) else item for item in found]
        return cls.of(
            np.array([item.earliest if item else None for item in dated], dtype="datetime64[D]"),
            np.array([item.latest if item else None for item in dated], dtype="datetime64[D]"),
            np.array([precision_code(item.precision) if item else -1 for item in dated], dtype=np.int8),
            np.array([problem_code(item) if isinstance(item, str) else -1 for item in found], dtype=np.int8),
        )

    def __len__(self) -> int:
        return len(self.problem)

    def take(self, at: np.ndarray) -> Cells:
        """Return the cells at some positions (or under a mask)."""
        return Cells(self.earliest[at], self.latest[at], self.precision[at], self.problem[at])

    def put(self, at: np.ndarray, other: Cells) -> Cells:
        """Return these cells with those at some positions (or under a mask) replaced."""
        pairs = (
            (self.earliest.copy(), other.earliest),
            (self.latest.copy(), other.latest),
            (self.precision.copy(), other.precision),
            (self.problem.copy(), other.problem),
        )
        for mine, theirs in pairs:
            mine[at] = theirs
        return Cells(*(mine for mine, _ in pairs))

    def marked(self, mask: np.ndarray, problem: str) -> Cells:
        """Return these cells with a problem set where the mask holds."""
        problems = np.where(mask, problem_code(problem), self.problem)
        return Cells.of(self.earliest, self.latest, self.precision, problems)

    def blanked(self, mask: np.ndarray) -> Cells:
        """Return these cells, emptied and without a problem where the mask holds."""
        nat = np.datetime64("NaT", "D")
        return Cells(
            np.where(mask, nat, self.earliest),
            np.where(mask, nat, self.latest),
            np.where(mask, -1, self.precision).astype(np.int8),
            np.where(mask, -1, self.problem).astype(np.int8),
        )

    def is_(self, problem: str) -> np.ndarray:
        """Return which cells have this problem."""
        return self.problem == problem_code(problem)

    def is_day(self) -> np.ndarray:
        """Return which cells are one day."""
        return self.precision == precision_code("day")

    def widened(self, mask: np.ndarray, precision: str) -> Cells:
        """Widen the cells under the mask to their weeks (Monday to Sunday), months or years.

        Cells already as coarse, and intervals with stated or open ends, do not change. A cell in two units becomes an
        interval over both.
        """
        finer = [at for at, name in enumerate(_PRECISION_NAMES) if _RANK.get(name, 9) < _RANK[precision]]
        mask = mask & np.isin(self.precision, finer)
        if not mask.any():
            return self
        low, high = self.earliest[mask], self.latest[mask]
        if precision == "week":
            low, high = (days - ((days.astype(np.int64) + 3) % 7).astype("timedelta64[D]") for days in (low, high))
            first, last, one = low, high + np.timedelta64(6, "D"), low == high
        else:
            unit = "datetime64[M]" if precision == "month" else "datetime64[Y]"
            low, high = low.astype(unit), high.astype(unit)
            one_more = np.timedelta64(1, "M") if precision == "month" else np.timedelta64(1, "Y")
            after = (high + one_more).astype("datetime64[D]")
            first, last, one = low.astype("datetime64[D]"), after - np.timedelta64(1, "D"), low == high
        codes = np.where(one, precision_code(precision), precision_code("interval"))
        return self.put(mask, Cells.of(first, last, codes, np.full(len(codes), -1)))

    def frame(self, codes: np.ndarray, index: pd.Index) -> pd.DataFrame:
        """Return a frame of distinct cells expanded to rows: ``earliest, latest, precision, problem``."""
        columns: dict[str, object] = {
            "earliest": self.earliest.astype("datetime64[s]")[codes],
            "latest": self.latest.astype("datetime64[s]")[codes],
        }
        for name, numbers, names in (
            ("precision", self.precision, _PRECISION_NAMES),
            ("problem", self.problem, _PROBLEM_NAMES),
        ):
            chosen = numbers[codes]
            texts = pa.array([*names, None], type=pa.large_string())
            columns[name] = pd.array(texts.take(pa.array(np.where(chosen < 0, len(names), chosen))), dtype="str")
        return pd.DataFrame(columns, index=index)
