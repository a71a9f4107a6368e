"""The shape of the three tables, checked by pandera after every cold load."""

from __future__ import annotations

import pandas as pd

from accountability.errors import SourceError
from accountability.vocabulary import CLOSING_REASONS, FINDINGS, PENALTIES, STAGES


def validate(cases: pd.DataFrame, allegations: pd.DataFrame, events: pd.DataFrame, source: str) -> None:
    """Check the three tables against their models.

    Raises
    ------
    SourceError
        Names the table, the column, the check, the number of failing rows and an example.
    """
    import pandera.pandas as pa

    def text(nullable: bool = True, **options: object) -> pa.Column:
        return pa.Column("str", nullable=nullable, **options)  # type: ignore[arg-type]

    def term(terms: object) -> pa.Column:
        return pa.Column("str", pa.Check.isin(list(terms)), nullable=True, required=False)  # type: ignore[call-overload]

    days = pa.Column("float64", pa.Check.ge(0), nullable=True, required=False)
    models = {
        "cases": pa.DataFrameSchema(
            {"case_id": text(nullable=False, unique=True), "jurisdiction": text(nullable=False)}, name="cases"
        ),
        "allegations": pa.DataFrameSchema(
            {
                "case_id": text(nullable=False),
                "officer_id": text(),
                "finding": term(FINDINGS),
                "recommended_finding": term(FINDINGS),
                "closing_reason": term(CLOSING_REASONS),
                "recommended_penalty": term(PENALTIES),
                "imposed_penalty": term(PENALTIES),
                "recommended_days": days,
                "imposed_days": days,
            },
            name="allegations",
        ),
        "events": pa.DataFrameSchema(
            {
                "case_id": text(nullable=False),
                "officer_id": text(),
                "stage": pa.Column(pd.CategoricalDtype(list(STAGES)), nullable=False),
                "earliest": pa.Column("datetime64[s]", nullable=True),
                "latest": pa.Column("datetime64[s]", nullable=True),
                "set_aside": text(),
            },
            checks=pa.Check(
                lambda e: e["earliest"].isna() | e["latest"].isna() | (e["earliest"] <= e["latest"]),
                name="earliest <= latest",
            ),
            name="events",
        ),
    }
    for name, frame in (("cases", cases), ("allegations", allegations), ("events", events)):
        try:
            models[name].validate(frame, lazy=True)
        except pa.errors.SchemaErrors as error:
            failures = error.failure_cases
            lines = [
                f"  {column}: {check}, {len(rows):,} row(s), for instance {rows['failure_case'].iloc[0]!r}"
                for (column, check), rows in failures.groupby(["column", "check"], dropna=False)
            ]
            raise SourceError(f"{source}: the {name} table breaks its model:\n" + "\n".join(lines)) from None
