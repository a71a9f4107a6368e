"""What the cells of a stop column that name no day say of their cases, and which other columns contradict it.

A case is open only where that is declared: a blank may as well mean that it is closed and the day was not written.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

import pandas as pd

from accountability.records.column import Column
from accountability.records.contract import File
from accountability.records.dated_steps import BLANKS
from accountability.records.onboard.closings import ENDED, FEW, FEWEST, GOING_ON, without_day
from accountability.records.onboard.points import Point
from accountability.records.onboard.proposed_text import scalar
from accountability.vocabulary import CLOSING_STATES

STATES: Final = tuple(state for state in CLOSING_STATES if state != "dated")


def check_closing(raw: pd.DataFrame, file: File, name: str, until: dt.date | None) -> list[Point]:
    """Find what a file's stop columns leave unsaid, and what contradicts what they say.

    Parameters
    ----------
    raw : DataFrame of str
        The rows as published.
    file : File
        Its declaration.
    name : str
        Its name, for the points.
    until : date or None
        The last day the release covers.

    Returns
    -------
    list of Point
        One for each kind of cell without a day that ``no_day`` does not cover, with its count and the line to write;
        one for each column that says "closed" where a case is taken as open, or "open" where it is taken as closed.
    """
    points: list[Point] = []
    for column, declared in file.columns.items():
        if declared.stage == "closed" and column in raw and not declared.in_parts:
            cells = raw[column].str.strip(BLANKS).fillna("")
            points += _unsaid(cells, declared, f"{name}, {column}", until)
            points += _contradicted(raw, cells, declared, column, name)
    return points


def _unsaid(cells: pd.Series, declared: Column, where: str, until: dt.date | None) -> Iterator[Point]:
    said = {text.strip(BLANKS) for text in declared.no_day}
    for text, count in without_day(cells, declared, until).items():
        if str(text) in said:
            continue
        what = "blank (empty, or nothing but a space)" if text == "" else f"{str(text)[:40]!r}, no day a case ended on"
        line = f"# source.yaml, in the line of this column:\n    no_day: {{{scalar(str(text))}: DECIDE}}"
        yield Point("closing", where, f"{what}: is such a case {', '.join(STATES)}?", int(count), paste=line)


def _contradicted(raw: pd.DataFrame, cells: pd.Series, declared: Column, column: str, name: str) -> Iterator[Point]:
    """Columns of which a word says the opposite of what a cell without a day is declared to say."""
    for text, state in declared.no_day.items():
        if isinstance(state, dict) or state == "unknown":
            continue
        rows = cells == text.strip(BLANKS)
        against = ENDED if state == "open" else GOING_ON
        shown = "blank" if not text.strip(BLANKS) else repr(text)
        for other in raw.columns:
            if other == column or raw[other].dtype != "str" or raw[other].nunique() > FEW:
                continue
            words = raw.loc[rows, other].str.strip(BLANKS).str.casefold()
            hits = words[words.isin(against)]
            if len(hits) >= FEWEST or (len(hits) and len(hits) == int(rows.sum())):
                told = raw.loc[hits.index[0], other]
                line = f"no_day: {{{scalar(text)}: {{{scalar(other)}: {{{scalar(told)}: DECIDE}}}}}}"
                yield Point(
                    "closing",
                    f"{name}, {column}",
                    f"{shown} is declared {state}, and {other} contradicts it: {told!r} in {len(hits):,} of "
                    f"{int(rows.sum()):,} such rows",
                    len(hits),
                    paste=f"# source.yaml, in the line of {column}: let {other} tell\n    {line}",
                )
