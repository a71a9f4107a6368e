"""The profile of a column of an unknown file, from its cells, before anything is declared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.records.dates import parse
from accountability.records.onboard.hints import NAMED
from accountability.records.onboard.persons import Evidence, identifies

_DAYS: Final = (
    *("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%m/%d/%Y", "%d/%m/%Y", "%m-%d-%Y", "%d-%m-%Y", "%d.%m.%Y", "%m.%d.%Y"),
    *("%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%b %d %Y", "%b-%d-%Y", "%A, %B %d, %Y", "%d. %b %Y", "%d/%b/%Y"),
    *("%m/%d/%y", "%d/%m/%y", "%m-%d-%y", "%d-%m-%y", "%d.%m.%y", "%m.%d.%y", "%y-%m-%d", "%y/%m/%d", "%d-%b-%y"),
    *("%d %b %y", "%b %d, %y"),
)
_MONTHS: Final = ("%Y-%m", "%Y/%m", "%m/%Y", "%m-%Y", "%b %Y", "%b-%Y", "%b-%y")
_BARE: Final = (
    "%Y%m%d",
    "%m%d%Y",
    "%d%m%Y",
    "excel",
    "%Y",
    "epoch_ms",
    "epoch_s",
)  # also look like numbers: only where the name says date
_GLUED: Final = re.compile(
    r"(?<![^\W_])(case|complaint|officer|employee|incident|matter|log|cr|emp)(id|no|nr|num|number)(?![^\W_])", re.I
)
_FIELD: Final = re.compile(r"%[A-Za-z]|[a-z_]+")
_SAMPLE: Final = 200
_TEXTS: Final = 2_000
_MOST: Final = 0.8
_PIVOT: Final = 1950


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to parse a column's cells as dates.

    Attributes
    ----------
    layout : str
        The format, as in ``date:`` of a source.
    declared : str or dict
        The whole declaration, with further settings the cells need (stripped times, two-digit years).
    fits : int
        Number of filled cells it parses.
    first, last : Timestamp or NaT
        First and last day parsed.
    above_12 : int
        Cells whose day of the month is above 12, which distinguish day from month.
    days : ndarray
        Day of every distinct text (NaT if not parsed).
    """

    layout: str
    declared: str | dict[str, Any]
    fits: int
    first: pd.Timestamp
    last: pd.Timestamp
    above_12: int
    days: np.ndarray


@dataclass(frozen=True, eq=False)
class ColumnProfile:
    """The profile of one column.

    Attributes
    ----------
    name : str
        As published.
    values : Series of str
        The cells; an empty one is missing.
    """

    name: str
    values: pd.Series

    @cached_property
    def words(self) -> tuple[str, ...]:
        """Words of the name in lower case; the same for ``DateClosed`` and ``date_closed``."""
        parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", self.name)
        parted = _GLUED.sub(r"\1 \2", parted)
        return tuple(re.findall(r"[^\W\d_]+|\d+", parted.lower())) + (("number",) if "#" in self.name else ())

    @cached_property
    def counts(self) -> pd.Series:
        """Count of each distinct text, the most frequent first; ties in order of appearance."""
        return self.values.value_counts(sort=False).sort_values(ascending=False, kind="stable")

    @cached_property
    def _texts(self) -> pd.Series:
        return pd.Series(self.counts.index, dtype="str")

    @property
    def rows(self) -> int:
        """Number of cells."""
        return len(self.values)

    @cached_property
    def filled(self) -> int:
        """Number of cells that are not empty."""
        return int(self.counts.sum())

    @property
    def distinct(self) -> int:
        """Number of different texts."""
        return len(self.counts)

    @property
    def unique(self) -> bool:
        """Whether every row has a different text."""
        return self.rows > 0 and self.distinct == self.rows

    @cached_property
    def lengths(self) -> tuple[float, int]:
        """Mean and longest length of the filled cells."""
        if not self.filled:
            return 0.0, 0
        sizes = self.counts.index.str.len().to_numpy(dtype="int64")
        return float((sizes * self.counts.to_numpy()).sum() / self.filled), int(sizes.max())

    @cached_property
    def person(self) -> Evidence | None:
        """Evidence in the cells that they identify people."""
        every = self.counts.iloc[:: 1 + len(self.counts) // _TEXTS]  # evenly taken from very many
        return identifies(str(text) for text in every.index.repeat(np.minimum(every.to_numpy(), 3)))

    @cached_property
    def coded(self) -> bool:
        """Whether most of its texts contain a digit, unlike names."""
        texts = self._texts[:_SAMPLE]
        return bool(len(texts)) and float(texts.str.contains("[0-9]").mean()) > _MOST

    @cached_property
    def numeric(self) -> bool:
        """Whether every filled cell is a number."""
        if not self.filled or pd.to_numeric(self._texts[:_SAMPLE], errors="coerce").isna().any():
            return False
        return self.whole or bool(pd.to_numeric(self._texts, errors="coerce").notna().all())

    @cached_property
    def whole(self) -> bool:
        """Whether every filled cell is a whole number in digits only."""
        return bool(self.filled) and bool(self._texts.str.contains("^[0-9]{1,18}$", regex=True).all())

    @cached_property
    def measured(self) -> bool:
        """Whether it is a count or measure and not an id, by its name or decimals."""
        words = set(self.words)
        of = self.words[self.words.index("of") + 1 :][:1] if "of" in words else ()
        if words & NAMED["count"] or (words & NAMED["id"] and any(word.endswith("s") for word in of)):
            return True
        return self.numeric and not self.whole and bool((pd.to_numeric(self._texts) % 1 != 0).any())

    def named_exactly(self, what: str) -> bool:
        """Whether its name says only that it is the number of a case or an officer."""
        words = set(self.words)
        return bool(words & NAMED[what] and words & NAMED["id"]) and words <= NAMED[what] | NAMED["id"]

    def share(self, texts: set[str]) -> float:
        """Return the share of filled cells that are one of these texts, ignoring case and outer blanks."""
        if not self.filled:
            return 0.0
        known = self.counts.index.str.strip().str.casefold().isin(texts)
        return float(self.counts.to_numpy()[known].sum() / self.filled)

    @cached_property
    def dates(self) -> tuple[Reading, ...]:
        """Date formats that fit most cells, the best first; none if it holds no dates."""
        texts = self._texts
        bare = bool(set(self.words) & NAMED["date"]) or any(word.endswith(("date", "datum")) for word in self.words)
        layouts = [*_DAYS, *_MONTHS, *(_BARE if bare else ())]
        sample = (
            texts.iloc[np.linspace(0, len(texts) - 1, min(len(texts), _SAMPLE)).astype(int)] if len(texts) else texts
        )
        if not sample.str.contains("[0-9].*[0-9]", regex=True).mean() > 0.5:
            return ()
        signs = {sign: sample.str.contains(sign, regex=False).mean() > 0.5 for sign in "-/., "}
        layouts = [one for one in layouts if all(signs.get(sign, True) for sign in set(_FIELD.sub("", one)))]
        near = [layout for layout in layouts if (_days(sample, layout)[0]).sum() > 0.5 * len(sample)]
        found = [self._reading(texts, layout) for layout in near]
        if bare and not found and 0 < len(texts) <= 20_000 and _days(sample, "words")[0].sum() > 0.5 * len(sample):
            found = [self._reading(texts, "words")]
        good = [r for r in found if r.fits >= _MOST * self.filled or (bare and self._few_words_beside(r))]
        return tuple(sorted(good, key=lambda reading: -reading.fits))

    def _few_words_beside(self, reading: Reading) -> bool:
        """Whether most cells are dates, and a text or two that come again and again all the rest."""
        words = int(np.isnat(reading.days).sum())
        return words <= 3 and reading.fits >= 0.5 * self.filled and reading.fits + 3 * words <= self.filled

    def _reading(self, texts: pd.Series, layout: str) -> Reading:
        reads, parsed = _days(texts, layout)
        extra: dict[str, Any] = {}
        if parsed["timed"].any():
            extra["strip_time"] = True
        if "%y" in layout:
            extra["two_digit_pivot"] = _PIVOT
        day = parsed["earliest"]
        counts = self.counts.to_numpy()
        return Reading(
            layout=layout,
            declared={"date": layout, **extra} if extra else layout,
            fits=int(counts[reads].sum()),
            first=parsed["earliest"].min(),
            last=parsed["latest"].max(),
            above_12=int(counts[(day.dt.day > 12).to_numpy()].sum()),
            days=day.to_numpy(),
        )

    @property
    def ambiguous(self) -> tuple[Reading, ...]:
        """Readings that fit equally well and give different days; empty if the cells decide."""
        if len(self.dates) < 2:
            return ()
        best = self.dates[0]
        slack = 0.0 if best.fits == self.filled else 0.01 * self.filled
        equal = [r for r in self.dates if r.fits >= best.fits - slack]
        differ = [r for r in equal if not _same(r.days, best.days)]
        return (best, *differ) if differ else ()


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    return bool(((one == other) | (np.isnat(one) & np.isnat(other))).all())


def _days(texts: pd.Series, layout: str) -> tuple[np.ndarray, pd.DataFrame]:
    """Which texts a layout reads, and what it reads."""
    declared: dict[str, Any] = {"date": layout, "strip_time": True}
    if "%y" in layout:
        declared["two_digit_pivot"] = _PIVOT
    if layout.startswith("epoch"):
        declared |= {"not_before": "1990-01-01", "not_after": "2049-12-31"}
    if layout in ("excel", "%Y"):
        declared |= {"not_before": "1950-01-01", "not_after": "2049-12-31"}
    parsed = parse(texts, declared)
    reads = (parsed["problem"].isna() & parsed["precision"].notna()).to_numpy()
    timed = np.zeros(len(texts), dtype=bool)
    if reads.any() and texts[reads].str.contains(":").any():
        timed = (parse(texts, {**declared, "strip_time": False})["problem"] == "time_of_day").to_numpy()
    return reads, parsed.assign(timed=timed)
