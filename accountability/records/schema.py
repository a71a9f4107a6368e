"""The shape of the three tables, checked after every cold load.

A sound table passes a quick look at its dtypes, gaps and distinct values. Only one that does not is taken to pandera,
which says everything that is wrong with it: importing pandera takes as long as loading a hundred thousand rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from accountability.errors import SourceError
from accountability.vocabulary import CLOSING_REASONS, FINDINGS, PENALTIES, STAGES

if TYPE_CHECKING:
    import pandera.pandas as pandera


@dataclass(frozen=True, slots=True)
class Shape:
    """What a column must be.

    Attributes
    ----------
    dtype : str or dtype
    nullable, unique, required : bool
    terms : collection of str or None
        The only values it may hold.
    least : float or None
        The least number it may hold.
    """

    dtype: Any = "str"
    nullable: bool = True
    unique: bool = False
    required: bool = True
    terms: Collection[str] | None = None
    least: float | None = None

    def holds(self, values: pd.Series) -> bool:
        """Whether a column has this shape."""
        return (
            values.dtype == pd.api.types.pandas_dtype(self.dtype)
            and (self.nullable or not values.hasnans)
            and (not self.unique or values.is_unique)
            and (self.terms is None or set(values.dropna().unique()) <= set(self.terms))
            and (self.least is None or not (values < self.least).any())
        )


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
    """Check the three tables against their shapes.

    Raises
    ------
    SourceError
        Names the table, the column, the check, the number of failing rows and an example.
    """
    for name, frame in (("cases", cases), ("allegations", allegations), ("events", events)):
        if not sound(frame, name):
            _complain(frame, name, source)


def sound(frame: pd.DataFrame, table: str) -> bool:
    """Whether a table has the shape it must have."""
    return all(
        shape.holds(frame[column]) if column in frame else not shape.required for column, shape in SHAPES[table].items()
    ) and (table != "events" or bool(_ordered(frame).all()))


def model(table: str) -> pandera.DataFrameSchema:
    """The shape of a table as a pandera model."""
    import pandera.pandas as pandera

    columns = {}
    for name, shape in SHAPES[table].items():
        checks = [] if shape.terms is None else [pandera.Check.isin(list(shape.terms))]
        checks += [] if shape.least is None else [pandera.Check.ge(shape.least)]
        columns[name] = pandera.Column(
            shape.dtype, checks, nullable=shape.nullable, unique=shape.unique, required=shape.required
        )
    ordered = pandera.Check(_ordered, name="earliest <= latest")
    return pandera.DataFrameSchema(columns, checks=ordered if table == "events" else None, name=table)


def _ordered(events: pd.DataFrame) -> pd.Series:
    return events["earliest"].isna() | events["latest"].isna() | (events["earliest"] <= events["latest"])


def _complain(frame: pd.DataFrame, table: str, source: str) -> None:
    """Raise what pandera finds; it has the last word."""
    import pandera.errors

    try:
        model(table).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as error:
        failures = error.failure_cases
        lines = [
            f"  {column}: {check}, {len(rows):,} row(s), for instance {rows['failure_case'].iloc[0]!r}"
            for (column, check), rows in failures.groupby(["column", "check"], dropna=False)
        ]
        raise SourceError(f"{source}: the {table} table breaks its model:\n" + "\n".join(lines)) from None
