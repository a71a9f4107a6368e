"""The allegations with the columns they are grouped by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd

from accountability.errors import ParameterError

NOT_RECORDED: Final = "not recorded"


def grouping(cases: pd.DataFrame, allegations: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """The allegations with the columns to group by, taken from the cases where they are not their own.

    Missing groups are kept, named ``not recorded``.

    Raises
    ------
    ParameterError
        For a column neither table holds.
    """
    unknown = [name for name in by if name not in allegations and name not in cases]
    if unknown:
        held = sorted({*allegations.columns, *cases.columns} - {"source_file", "source_row"})
        raise ParameterError(f"cannot group by {unknown[0]!r}: the allegations and cases hold {', '.join(held)}")
    table = allegations
    borrowed = [name for name in by if name not in allegations]
    if borrowed:
        table = table.merge(cases[["case_id", *borrowed]], on="case_id", how="left", validate="many_to_one")
    return table.assign(**{name: table[name].astype("str").fillna(NOT_RECORDED) for name in by})
