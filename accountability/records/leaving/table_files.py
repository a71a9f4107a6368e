"""Write one table to one file: Stata and SPSS with labels and kinds of missing, Parquet and CSV with the terms."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.errors import Refusal
from accountability.records.leaving.coded_columns import LABEL, MISSING, SPSS_LABEL, SPSS_TERM, Leaving
from accountability.stats.arrays import Ints

ENDINGS: Final = {"stata": "dta", "spss": "sav", "parquet": "parquet", "csv": "csv"}
#: Stata's .a to .c, and the values that SPSS is told to take as missing.
TAGS: Final = {kind: chr(ord("a") + place) for place, kind in enumerate(MISSING)}
CODES: Final = {kind: -9991.0 - place for place, kind in enumerate(MISSING)}
_STATA_EPOCH: Final = np.datetime64("1960-01-01", "D")
_YES_NO: Final = {0.0: "no", 1.0: "yes"}


def write_file(table: pd.DataFrame, columns: Sequence[Leaving], path: Path, kind: str) -> None:
    """Write the exported columns; `table` holds ``_row``, each row's position before sorting."""
    kept = [column for column in columns if column.name]
    if kind in ("parquet", "csv"):
        frame = _plain(table, kept)
        if kind == "parquet":
            frame.to_parquet(path, index=False)
            return
        from accountability.results import write_csv

        dates = frame.select_dtypes("datetime")
        write_csv(frame.assign(**{str(name): dates[name].dt.strftime("%Y-%m-%d") for name in dates}), path)
        return
    import pyreadstat

    stata = kind == "stata"
    made = {column.name: _coded(table, column, stata) for column in kept}
    marks: dict[str, Any] = TAGS if stata else CODES
    values = {
        column.name: {code: cut(text, None if stata else SPSS_TERM) for code, text in numbered(column).items()}
        | {marks[word]: word for word in column.missing}
        for column in kept
    }
    common: dict[str, Any] = {
        "column_labels": {column.name: cut(column.label, LABEL if stata else SPSS_LABEL) for column in kept},
        "variable_value_labels": {name: said for name, said in values.items() if said},
        "variable_format": {column.name: "%td" if stata else "DATE11" for column in kept if column.kind == "date"},
    }
    absent = {column.name: [marks[word] for word in column.missing] for column in kept if column.missing}
    if stata:
        pyreadstat.write_dta(pd.DataFrame(made), path, missing_user_values=absent, **common)
    else:
        pyreadstat.write_sav(pd.DataFrame(made), path, missing_ranges=absent, compress=True, **common)


def numbered(column: Leaving) -> dict[float, str]:
    """Return the codes of a column's terms."""
    if column.kind == "boolean":
        return _YES_NO
    return {float(code): term for code, term in enumerate(column.terms, 1)} if column.kind == "term" else {}


def cut(text: str, most: int | None) -> str:
    """Cut a label to a program's limit (letters for Stata, bytes for SPSS); the codebook has the full label."""
    if most is None or len(text.encode() if most != LABEL else text) <= most:
        return text
    while len(text.encode() if most != LABEL else text) > most - (1 if most == LABEL else 3):
        text = text[:-1]
    return f"{text}…"


def _plain(table: pd.DataFrame, kept: Sequence[Leaving]) -> pd.DataFrame:
    """Terms as words; where a column has several kinds of missing values, a column beside it says which."""
    made: dict[str, Any] = {}
    for column in kept:
        values = table[column.column]
        if column.kind == "number" and column.terms:
            values = pd.to_numeric(values).astype("Int64")
        elif column.kind == "term":
            words = pd.Categorical(values.astype("str").where(values.notna()), categories=list(column.terms))
            values = pd.Series(words, index=table.index)
        made[column.name] = values
        if len(column.missing) > 1 and f"{column.name}_missing" not in table:
            made[f"{column.name}_missing"] = pd.Series(list(MISSING)).reindex(_why(table, column) - 1).array
    return pd.DataFrame(made)


def _why(table: pd.DataFrame, column: Leaving) -> Ints:
    return np.zeros(len(table), np.int64) if column.why is None else column.why[table["_row"].to_numpy()]


def _coded(table: pd.DataFrame, column: Leaving, stata: bool) -> pd.Series:
    values = table[column.column]
    if column.kind == "pseudonym":
        return values.astype("object").where(values.notna(), "")
    if column.kind == "date":
        days = values.to_numpy().astype("datetime64[D]")
        if stata:
            count = (days - _STATA_EPOCH).astype(np.float64)
            return pd.Series(np.where(np.isnat(days), np.nan, count))
        return pd.Series(days.astype("datetime64[s]")).dt.date.astype("object").where(~np.isnat(days), None)
    if column.kind == "term":
        codes = pd.Categorical(values.astype("str").where(values.notna()), categories=list(column.terms)).codes
        numbers = np.where(codes < 0, np.nan, codes + 1.0)
    else:
        numbers = pd.to_numeric(values).to_numpy(dtype=float, na_value=np.nan)
    if not column.missing:
        return pd.Series(numbers)
    why = _why(table, column)
    if not stata and (clash := np.isin(numbers, list(CODES.values())).sum()):
        raise Refusal(
            f"{column.table}, {column.column}: {clash:,} value(s) are among -9991 to -9993, which SPSS takes as "
            "missing here; write data.export('stata', ...)"
        )
    made = pd.Series(numbers, dtype="object" if stata else "float64")
    for place, word in enumerate(MISSING, 1):
        made[why == place] = TAGS[word] if stata else CODES[word]
    if not stata:
        return made
    # As categories, numbers first: pyreadstat takes a column of objects whose first hundred are letters for text.
    found = sorted(set(numbers[~np.isnan(numbers)].tolist()))
    return pd.Series(pd.Categorical(made, categories=[*found, *(TAGS[word] for word in column.missing)]))
