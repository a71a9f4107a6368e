"""The schema of the tables, checked after every load without cache."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa

from accountability.errors import SourceError
from accountability.vocabulary import CLOSING_REASONS, FINDINGS, PENALTIES, STAGES

#: Spread the bits of one column's numbers before those of the next are added; no number is lost.
_MIX, _HALF = np.uint64(0x9E3779B97F4A7C15), np.uint64(29)


@dataclass(frozen=True, slots=True)
class Shape:
    """The schema of a column: its dtype and the limits of its values."""

    dtype: Any = "str"
    nullable: bool = True
    unique: bool = False
    required: bool = True
    terms: Collection[str] | None = None
    least: float | None = None

    def faults(self, values: pd.Series) -> Iterator[tuple[str, pd.Series]]:
        """Return the faults of the column, with the wrong values."""
        dtype = pd.api.types.pandas_dtype(self.dtype)
        if values.dtype != dtype:
            yield f"of dtype {dtype}, not {values.dtype}", values
            return
        if not self.nullable and values.hasnans:
            yield "never missing", values[values.isna()]
        if self.unique and not all_differ([values]):
            yield "unique", values[values.duplicated(keep=False)]
        if self.terms is not None and not set(pd.Series(values.unique()).dropna()) <= set(self.terms):
            yield f"one of {', '.join(self.terms)}", values[values.notna() & ~values.isin(self.terms)]
        if self.least is not None and (values < self.least).any():
            yield f"at least {self.least:g}", values[values < self.least]


def all_differ(columns: Sequence[pd.Series]) -> bool:
    """Return whether no row repeats another in all of these columns.

    Ids are mostly numbers: where the numbers of all rows differ, so do their texts, and numbers are quick to sort. Only
    where they cannot be read, or some are alike (007 and 7), the texts are compared. Most files are sorted by their id.
    """
    if _numbers_differ(columns):
        return True
    return not pd.concat(list(columns), axis=1).duplicated().any() if len(columns) > 1 else bool(columns[0].is_unique)


def _numbers_differ(columns: Sequence[pd.Series]) -> bool:
    try:
        read = [pa.array(column.array).cast(pa.float64()) for column in columns]
    except pa.ArrowInvalid:  # some are no numbers
        return False
    if any(numbers.null_count for numbers in read):
        return False
    mixed = np.zeros(len(columns[0]), dtype=np.uint64)
    for numbers in read:
        mixed = (mixed ^ mixed >> _HALF) * _MIX + np.asarray(numbers).view(np.uint64)
    return (len(read) == 1 and bool((np.diff(read[0]) > 0).all())) or not pd.Series(mixed).duplicated().any()


def _term(terms: Mapping[str, str]) -> Shape:
    return Shape(terms=tuple(terms), required=False)


_ID: Final = Shape(nullable=False)
_DAYS: Final = Shape("float64", required=False, least=0)
_DATE: Final = Shape("datetime64[s]")
SHAPES: Final[Mapping[str, Mapping[str, Shape]]] = {
    "cases": {"case_id": Shape(nullable=False, unique=True), "jurisdiction": _ID},
    "allegations": {
        "case_id": _ID,
        "officer_id": Shape(),
        "finding": _term(FINDINGS),
        "recommended_finding": _term(FINDINGS),
        "closing_reason": _term(CLOSING_REASONS),
        "recommended_penalty": _term(PENALTIES),
        "imposed_penalty": _term(PENALTIES),
        "recommended_days": _DAYS,
        "imposed_days": _DAYS,
    },
    "events": {
        "case_id": _ID,
        "officer_id": Shape(),
        "stage": Shape(pd.CategoricalDtype(list(STAGES)), nullable=False),
        "earliest": _DATE,
        "latest": _DATE,
        "set_aside": Shape(),
    },
}


def validate(cases: pd.DataFrame, allegations: pd.DataFrame, events: pd.DataFrame, source: str) -> None:
    """Check the tables against their schema.

    Raises
    ------
    SourceError
        If a column is wrong; names the table and every such column, with the number of failing rows and an example.
    """
    for name, frame in (("cases", cases), ("allegations", allegations), ("events", events)):
        lines = [
            f"  {column} must be {what}: {len(wrong):,} row(s) are not, for instance {wrong.iloc[:1].tolist()[0]!r}"
            if len(wrong)
            else f"  {column} must be {what}"
            for column, what, wrong in _faults(frame, name)
        ]
        if lines:
            raise SourceError(f"{source}: the {name} table breaks its model:\n" + "\n".join(lines))


def sound(frame: pd.DataFrame, table: str) -> bool:
    """Return whether a table fits its schema."""
    return next(_faults(frame, table), None) is None


def _faults(frame: pd.DataFrame, table: str) -> Iterator[tuple[str, str, pd.Series]]:
    wrong = False
    for column, shape in SHAPES[table].items():
        if column in frame:
            for what, values in shape.faults(frame[column]):
                wrong = True
                yield column, what, values
        elif shape.required:
            wrong = True
            yield column, "there", frame.iloc[:0, 0]
    if table == "events" and not wrong:
        late = frame.loc[frame["earliest"] > frame["latest"], "earliest"]
        if len(late):
            yield "earliest", "on or before latest", late
