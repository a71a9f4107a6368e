"""One share under every unit of counting the source allows."""

from __future__ import annotations

from typing import Any

import pandas as pd

from accountability.errors import Refusal
from accountability.outcomes.following import outcomes
from accountability.study.cohort import Cohort, DatasetLike
from accountability.vocabulary import UNITS


def sustained_by_unit(data: Cohort | DatasetLike, *, level: float = 0.95, min_cell: int = 10) -> pd.DataFrame:
    """The share sustained per allegation, officer-complaint, complaint and officer.

    Parameters
    ----------
    data : Cohort or Dataset
    level : float
        Level of the intervals.
    min_cell : int
        Counts below it are hidden.

    Returns
    -------
    DataFrame
        One row a unit: ``unit``, ``sustained`` (count), ``denominator`` (decided, or closed without a finding),
        ``share``, ``low``, ``high``, and ``note``: why there is no share, where the source's rows are coarser than
        the unit.
    """
    cohort = Cohort.of(data)
    table = pd.DataFrame([{"unit": unit, **_share(cohort, unit, level, min_cell)} for unit in UNITS])
    columns = ["unit", "sustained", "denominator", "share", "low", "high", "note"]
    return table.reindex(columns=columns).astype({"sustained": "Int64", "denominator": "Int64"})


def _share(cohort: Cohort, unit: str, level: float, min_cell: int) -> dict[str, Any]:
    try:
        table = outcomes(cohort, unit=unit, level=level, min_cell=min_cell).table
    except Refusal as why:
        return {"note": str(why)}
    row = table[(table["part"] == "finding") & (table["term"] == "sustained")].iloc[0]
    return {
        "sustained": row["count"],
        "denominator": row["denominator"],
        "share": row["share"],
        "low": row["low"],
        "high": row["high"],
        "note": "",
    }
