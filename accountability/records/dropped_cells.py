"""Empty single cells that identify a person, by a declared condition, before any other step.

Their text is in no table, ledger, message or cache. While a file is coded, only the equality of texts is kept, so that
emptied rows do not count as repeats.
"""

from __future__ import annotations

import re
from typing import Final

import numpy as np
import pandas as pd

from accountability.errors import SourceError
from accountability.records.column import Column, DropCells
from accountability.records.contract import File
from accountability.records.ledger import Log

#: What stands in the place of a cell, where an empty one would mean something of its own (an open case, a blank code).
DROPPED: Final = "[dropped]"
_BLANKED: Final = ("case_id", "officer_id")


def without_dropped_cells(frame: pd.DataFrame, declared: File, log: Log) -> pd.DataFrame:
    """Empty the cells that the declaration drops.

    Parameters
    ----------
    frame : DataFrame of str
        The raw text, with ``source_row``.
    declared : File
    log : Log
        Receives one entry per condition.

    Returns
    -------
    DataFrame
        With :data:`DROPPED` instead of the text (missing in ids and numbers), and a column that distinguishes the
        dropped texts, for comparing rows.

    Raises
    ------
    SourceError
        If a condition names an unknown column, or matches no cell.
    """
    made: dict[str, pd.Series] = {}
    for name, column in declared.columns.items():
        if not column.drop_cells or name not in frame:
            continue
        values = frame[name]
        gone = pd.Series(False, index=frame.index)
        for cells in column.drop_cells:
            fits = dropped(cells, values, frame, f"{log.file}, column {name!r}")
            if not fits.any():
                raise SourceError(
                    f"{log.file}, column {name!r}: a condition of `drop_cells` ({cells.kind}) fits no cell; take it "
                    "out, or correct it"
                )
            why = f"identifying: {cells.kind}; {cells.because}"
            log.note(name, "cell dropped", "drop_cells", why, frame.loc[fits & ~gone, "source_row"])
            gone |= fits
        texts, _ = pd.factorize(values.where(gone))
        made[f"{DROPPED} {name}"] = pd.Series(texts, index=frame.index).astype("str").where(gone)
        # Made anew, so that no buffer of the new column holds what was dropped.
        codes, distinct = pd.factorize(values.mask(gone))
        pool = pd.array([*distinct.tolist(), DROPPED if _says_dropped(column) else None, None], dtype="str")
        codes = np.where(gone, len(pool) - 2, np.where(codes < 0, len(pool) - 1, codes))
        made[name] = pd.Series(pool.take(codes), index=frame.index, name=name)
    return frame.assign(**made) if made else frame


def dropped(cells: DropCells, values: pd.Series, frame: pd.DataFrame, where: str) -> pd.Series:
    """Return the cells to empty: filled ones that meet all given conditions."""
    found = values.notna()
    if cells.matching is not None:
        found &= values.str.contains(re.compile(cells.matching)).fillna(False).astype(bool)
    for other, texts in cells.when.items():
        if other not in frame:
            raise SourceError(f"{where}: `drop_cells` names the column {other!r}, which the file does not have")
        found &= frame[other].fillna("").isin(texts)
    if cells.rows:
        found &= frame["source_row"].isin(cells.rows)
    return found


def _says_dropped(column: Column) -> bool:
    return any(
        not (reading.to in _BLANKED or reading.pseudonym or reading.type in ("integer", "number", "year"))
        for reading in column.readings
    )
