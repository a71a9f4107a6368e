"""Compare the agency's own column of days with the days between its dates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import permutations
from typing import Final

import pandas as pd

from accountability.errors import AccountabilityError
from accountability.records.contract import File
from accountability.records.dates import DateSpec, parse
from accountability.records.onboard.points import Point
from accountability.records.onboard.proposed_text import scalar
from accountability.records.yaml_text import DECIDE

_NAMED: Final = re.compile(r"days|duration|elapsed|turnaround|length|time to|age of|dias|jours|tage", re.IGNORECASE)
_LEAST: Final = 10
_MOSTLY: Final = 0.5
_FEW: Final = 0.02
_A_DAY: Final = 86_400.0


def check_days(raw: pd.DataFrame, file: File, name: str) -> Iterator[Point]:
    """Compare every published number of days with the dates of its row.

    Parameters
    ----------
    raw : DataFrame of str
        The rows as published.
    file : File
        Its declaration.
    name : str
        Its name, for the points.

    Yields
    ------
    Point
        For each column of whole numbers that is named as days, or mostly equals the days between two dates: the rows in
        which it agrees, is longer or shorter, by how much, and the rows with a number and no closing. It must be
        resolved if more than 2 % disagree or have no date, unless ``settled`` explains it.
    """
    dated = _dated(raw, file)
    if len(dated) < 2:
        return
    for column in raw.columns:
        if column in {name_ for _, name_ in dated} or (held := _whole(raw[column])) is None:
            continue
        best: tuple[float, str, str, pd.Series] | None = None
        for (start, first), (stop, last) in permutations(dated, 2):
            apart = (dated[(stop, last)] - dated[(start, first)]).dt.total_seconds() / _A_DAY
            both = apart.notna() & held.notna()
            if both.sum() < _LEAST or (apart[both] < 0).mean() > _MOSTLY:
                continue
            agrees = float((apart[both] == held[both]).mean())
            near = float((apart[both] - held[both]).abs().le(1).mean())
            score = agrees + near / 10
            if best is None or score > best[0]:
                best = score, f"{start} to {stop}", last, apart
        if best is None or not (best[0] > _MOSTLY or _NAMED.search(column)):
            continue
        yield _compared(held, best[3], column, best[1], best[2], file, name)


def _compared(held: pd.Series, apart: pd.Series, column: str, clock: str, last: str, file: File, name: str) -> Point:
    both = apart.notna() & held.notna()
    off = (held - apart)[both]
    longer, shorter, agree = int((off > 0).sum()), int((off < 0).sum()), int((off == 0).sum())
    without = int((held.notna() & apart.isna()).sum())
    what = f"{column} equals the days from {clock} in {agree:,} of {int(both.sum()):,} rows"
    if longer or shorter:
        usual = off[off != 0].round().mode().iloc[0]
        what += f", is longer in {longer:,} and shorter in {shorter:,} (most often by {usual:+,.0f})"
    if without:
        what += f"; {without:,} rows have a number and no day in {last} or none to count from"
    key = f"{column} against dates"
    settled = file.settled.get(key, DECIDE) != DECIDE
    wrong = longer + shorter > _FEW * both.sum() or without > _FEW * max(int(held.notna().sum()), 1)
    paste = f"# source.yaml, under settled of {name}: say which of the two is right, and why they differ\n    "
    paste += f"{scalar(key)}: DECIDE"
    left = wrong and not settled
    return Point("dates", f"{name}, {column}", what, longer + shorter, open=left, paste=paste if left else "")


def _dated(raw: pd.DataFrame, file: File) -> dict[tuple[str, str], pd.Series]:
    found = {}
    for column, reading in file.readings:
        if reading.stage is None or reading.in_parts or reading.extract is not None or column not in raw:
            continue
        try:
            read = parse(raw[column], DateSpec.of(reading.date or "%Y-%m-%d"))
        except AccountabilityError:
            continue
        exact = (read["earliest"] == read["latest"]) & read["problem"].isna()
        found[(reading.stage, column)] = read["earliest"].where(exact)
    return found


def _whole(cells: pd.Series) -> pd.Series | None:
    """The numbers of a column that holds whole numbers and little else."""
    if cells.dtype != "str":
        return None
    filled = cells.dropna().str.strip()
    sample = filled.head(200)
    if not len(sample) or not sample.str.fullmatch(r"-?\d{1,5}(\.0+)?").mean() > _MOSTLY:
        return None
    numbers = pd.to_numeric(cells, errors="coerce")
    return numbers if numbers.nunique() > 2 else None
