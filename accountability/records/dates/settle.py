"""What a declaration says of dates already read: placeholders, lies, precision, limits."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from accountability.records.dates.date_cells import Cells
from accountability.records.dates.date_spec import DateSpec, Lie
from accountability.records.dates.layouts import compile_layout, read_layout


def settled(cells: Cells, spec: DateSpec) -> Cells:
    """Apply what the declaration says of dates that were read: placeholders, lies, precision, limits."""
    for text in spec.placeholders:
        extent = _extent(text)
        if extent is not None:
            cells = cells.marked((cells.earliest >= extent[0]) & (cells.latest <= extent[1]), "placeholder")
    told = np.zeros(len(cells), dtype=bool)
    for lie in spec.lies:
        covered = _covered(cells, lie) & ~told
        cells, told = cells.widened(covered, lie.precision), told | covered
    if spec.precision is not None:
        cells = cells.widened(np.ones(len(cells), dtype=bool), spec.precision)
    if spec.not_before is not None:
        cells = cells.marked(cells.latest < np.datetime64(spec.not_before, "D"), "impossible")
    if spec.not_after is not None:
        cells = cells.marked(cells.earliest > np.datetime64(spec.not_after, "D"), "impossible")
    return cells


def _extent(text: str) -> tuple[np.datetime64, np.datetime64] | None:
    """Give the days a placeholder such as 1900-01-01, 1900-01 or 3019 covers; None for other texts."""
    for format in ("%Y-%m-%d", "%Y-%m", "%Y"):
        cell = read_layout(pa.array([text.strip()], type=pa.large_string()), compile_layout(format), None)
        if cell.problem[0] < 0:
            return cell.earliest[0], cell.latest[0]
    return None


def _covered(cells: Cells, lie: Lie) -> np.ndarray:
    """Say which cells hold a printed day that a lie covers."""
    day = cells.earliest
    covered = cells.is_day()
    if lie.before is not None:
        covered &= day < np.datetime64(lie.before, "D")
    if lie.since is not None:
        covered &= day >= np.datetime64(lie.since, "D")
    month = day.astype("datetime64[M]")
    if lie.month is not None:
        covered &= month - month.astype("datetime64[Y]").astype("datetime64[M]") == np.timedelta64(lie.month - 1, "M")
    if lie.day == "last":
        covered &= (day + np.timedelta64(1, "D")).astype("datetime64[M]") != month
    elif lie.day is not None:
        covered &= day - month.astype("datetime64[D]") == np.timedelta64(int(lie.day) - 1, "D")
    return covered
