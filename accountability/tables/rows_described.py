"""The rows of a description: published rows with their case's columns, in windows, combined into the unit counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.records.units import FINENESS, KEYS, WHERE_FROM, roll_up
from accountability.study.cohort import Cohort
from accountability.study.grouping import NOT_RECORDED
from accountability.tables.conditions import Condition, met
from accountability.tables.windows import Window, windows_of
from accountability.vocabulary import PEOPLE

UNITS: Final = {
    "allegations": "allegation", "officer_complaints": "officer_complaint", "complaints": "complaint",
    "officers": "officer", **{table: role for role, table in PEOPLE.items()},
}  # fmt: skip
PLURAL: Final = {unit: word for word, unit in UNITS.items()}
_RULED: Final = ("finding", "recommended_penalty", "recommended_days", "imposed_penalty", "imposed_days", "rows")
WINDOW: Final = "window"


def unit_asked(data: Cohort, what: object, unit: str | None) -> str:
    """The unit asked for, by its own word, by ``unit=``, or what a row of the source is."""
    if isinstance(what, str) and what in UNITS:
        if unit not in (None, UNITS[what], what):
            raise ParameterError(f"what={what!r} and unit={unit!r} name two units; leave unit= out")
        return UNITS[what]
    if unit is None:
        return data.card.unit
    if unit not in UNITS and unit not in UNITS.values():
        raise ParameterError(f"unit must be one of {', '.join(UNITS.values())}; found {unit!r}")
    return UNITS.get(unit, unit)


def rows_of(data: Cohort, unit: str, by: Sequence[str]) -> pd.DataFrame:
    """The published rows with the columns of their case, and of each group its column ``by:name``."""
    if unit in PEOPLE:
        rows = data.people.get(PEOPLE[unit])
        if rows is None or not len(rows):
            raise Refusal(f"{data.name} publishes no {PEOPLE[unit]}; it can be counted in {', '.join(FINENESS)}")
        rows = rows[rows["case_id"].isin(data.cases["case_id"])]
    else:
        rows = data.allegations
    borrowed = [name for name in data.cases if name not in rows or name == "case_id"]
    base = _joined(rows, data.cases[borrowed])
    if unit == "complaint":
        alone = data.cases.loc[~data.cases["case_id"].isin(rows["case_id"]), borrowed]
        base = pd.concat([base, alone], ignore_index=True)
    if unknown := [name for name in by if name not in base]:
        columns = ", ".join(str(name) for name in base if not str(name).startswith(("raw_", "source_")))
        raise ParameterError(f"no column {unknown[0]!r} to group by; there are {columns}")
    return base.assign(**{f"by:{name}": base[name].astype("str").fillna(NOT_RECORDED) for name in by})


def _joined(rows: pd.DataFrame, cases: pd.DataFrame) -> pd.DataFrame:
    """Add the columns of each row's case: a merge, several times quicker where each row has its one case."""
    import pyarrow as pa
    import pyarrow.compute as pc

    ids = [pa.array(table["case_id"], from_pandas=True) for table in (rows, cases)]
    place = pc.index_in(ids[0], value_set=ids[1])
    if ids[0].null_count or place.null_count or not cases["case_id"].is_unique:
        return rows.merge(cases, on="case_id", how="left", validate="many_to_one")
    found = cases.drop(columns="case_id").take(place.to_numpy())
    return pd.concat([rows.reset_index(drop=True), found.reset_index(drop=True)], axis=1)


def keys_of(base: pd.DataFrame, unit: str) -> list[str]:
    """Return the columns that tell units apart."""
    return [str(name) for name in KEYS.get(unit, WHERE_FROM) if name in base]


def windowed(
    data: Cohort, base: pd.DataFrame, window: Window, unit: str, rows: Condition | None
) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """The rows inside, how many units lie outside and why, and the windows in order, empty ones among them."""
    number, why = windows_of(data, window, unit, base["case_id"])
    asked = met(base, rows, "rows")
    base, number, why = base[asked], number[asked], why[asked]
    out = base.assign(reason=why.to_numpy())[(why != "").to_numpy()]
    keys = keys_of(out, unit)
    out = out if unit in ("allegation", *PEOPLE) else out.drop_duplicates(["reason", *keys])
    outside = out.groupby("reason").size().rename("n").reset_index().astype({"reason": "str"})
    inside = (why == "").to_numpy()
    if not inside.any():
        told = "; ".join(f"{row.n:,} {row.reason}" for row in outside.itertuples()) or "no rows"
        raise Refusal(f"no row of {data.name} lies in the windows asked for ({told})")
    base, number = base[inside], number[inside]
    if window.every is None:
        return base, outside, []
    labels = [window.label(k) for k in range(int(number.min()), int(number.max()) + 1)]
    return base.assign(**{WINDOW: np.array(labels, dtype=object)[number - number.min()]}), outside, labels


def units_of(data: Cohort, base: pd.DataFrame, unit: str, inner: list[str]) -> pd.DataFrame:
    """Combine the rows into one row per unit and group."""
    held = data.card.unit
    if unit in PEOPLE or unit == held:
        return base.reset_index(drop=True)
    carry = [str(name) for name in base if name not in (*_RULED, *WHERE_FROM, *KEYS.get(unit, ()), *inner)]
    return roll_up(base, held, unit, by=inner, carry=[name for name in carry if not str(name).startswith("raw_")])
