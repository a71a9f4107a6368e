"""Find parts of a declaration without effect: rules that match no row, and rows that a rule misses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

import pandas as pd

from accountability.errors import AccountabilityError
from accountability.records.codebook import Codebook
from accountability.records.contract import File, Source
from accountability.records.ledger import Log
from accountability.records.onboard.points import Point
from accountability.records.onboard.proposed_text import scalar
from accountability.records.rows import REPEATED, without_repeats
from accountability.records.yaml_text import DECIDE
from accountability.vocabulary import PEOPLE

_FIXED: Final = re.compile(
    r"(?=.*(?:officer|ofc|accused|employee|appoint|hire)).*(?:gender|sex|birth|born|appoint|hire)", re.I
)


def check_repeats(frame: pd.DataFrame, file: File, name: str) -> Iterator[Point]:
    """Find repeats that match no row, and rows not merged because of a blank in a column of ``by``.

    Parameters
    ----------
    frame : DataFrame of str
        The rows before repeats are merged, with ``source_row``.
    file : File
        Its declaration.
    name : str
        Its name, for the points.

    Yields
    ------
    Point
        With the line to write instead of the rule.
    """
    for number, repeat in enumerate(file.repeats):
        if repeat.also_in:
            continue  # compared with the rows of another file, which are not here
        named = list(repeat.by or repeat.apart_from)
        if not set(named) <= set(frame.columns):
            return  # the load says so
        compared = repeat.by or [c for c in frame.columns if c not in ("source_row", REPEATED, *named)]
        blank = frame[compared].isna().any(axis=1) if repeat.by else pd.Series(False, index=frame.index)
        where = f"{name}, repeats {number + 1}"
        again = frame.duplicated(compared) & ~blank
        if not again.any():
            rule = f"by: [{', '.join(map(scalar, repeat.by))}]" if repeat.by else f"exact: {repeat.exact}"
            what = f"{rule} matches no row: leave it out, or name the columns by which rows repeat one another"
            paste = (
                f"# source.yaml, in place of this entry of `repeats`:\n    # ({rule} taken out: no row repeats another)"
            )
            yield Point("rows", where, what, 0, paste=paste)
        if blank.any():
            seen = [c for c in frame.columns if c not in ("source_row", REPEATED)]
            alike = int(frame[blank].duplicated(seen).sum())
            what = (
                f"rows have an empty cell in {', '.join(repeat.by)} and so repeat no other row; {alike:,} of them are "
                "identical to an earlier one in every column"
            )
            paste = f"# source.yaml, under repeats of {name}: drop or keep\n    - {{exact: DECIDE, because: DECIDE}}"
            # A rule for rows that are equal in every column has said what the identical ones are.
            said = any(other.exact for other in file.repeats)
            yield Point(
                "rows", where, what, int(blank.sum()), open=bool(alike) and not said, paste=paste if alike else ""
            )
        try:
            frame = without_repeats(frame, file.model_copy(update={"repeats": [repeat]}), Log(name))
        except AccountabilityError:
            return  # said where rows are checked


def check_rules(frame: pd.DataFrame, file: File, name: str) -> Iterator[Point]:
    """Find asides on empty cells, and rules of rows and cells that never match.

    Parameters
    ----------
    frame : DataFrame of str
        The rows as coded.
    file : File
    name : str

    Yields
    ------
    Point
        For information, or to resolve if an aside can have no effect.
    """
    for unusable in file.unusable:
        if set(unusable.blank) <= set(frame.columns) and frame[unusable.blank].notna().all(axis=None):
            what = f"unusable: [{', '.join(unusable.blank)}] matches no row; it can be left out"
            yield Point("rows", name, what, 0, open=False)
    for column, reading in file.readings:
        if column not in frame:
            continue
        where = f"{name}, {column}"
        cells = frame[column]
        for text in reading.blank:
            if not (cells == text).any():
                yield Point("rows", where, f"blank: {text!r} stands in no cell; it can be left out", 0, open=False)
        cells = cells.mask(cells.isin(reading.blank)) if reading.blank else cells
        if reading.aside is not None and set(reading.aside.when) <= set(frame.columns):
            told = pd.Series(True, index=frame.index)
            for other, texts in reading.aside.when.items():
                told &= frame[other].fillna("").isin(texts)
            empty = int((told & cells.isna()).sum())
            fires = int((told & cells.notna()).sum())
            when = ", ".join(
                f"{other} is {' or '.join(map(repr, texts))}" for other, texts in reading.aside.when.items()
            )
            if not told.any():
                yield Point("rows", where, f"aside when {when}: no row is so; leave it out or correct the texts", 0)
            elif not fires:
                what = (
                    f"aside when {when}: the cell is empty in all {empty:,} such rows, and an aside on an empty cell "
                )
                other, texts = next(iter(reading.aside.when.items()))
                line = f'no_day: {{"": {{{scalar(other)}: {{{scalar(texts[0])}: DECIDE}}}}}}'
                paste = f"# source.yaml, in the line of {column}, in place of aside:\n    {line}"
                yield Point("rows", where, f"{what}does nothing", empty, paste=paste if reading.stage else "")
            elif empty and reading.stage is not None:
                what = f"aside when {when}: of the rows that are so the cell is empty, where an aside does nothing"
                yield Point("rows", where, what, empty, open=False)


def check_officers(frame: pd.DataFrame, file: File, name: str) -> Iterator[Point]:
    """Find officer ids shared by two persons: a gender, or a year of birth or appointment, that changes.

    Yields
    ------
    Point
        To resolve if at least three ids, and 2 %, are affected, unless ``settled`` explains it.
    """
    facts = [c for c, r in file.readings if c in frame and r.to and r.of not in PEOPLE and _FIXED.search(f"{c} {r.to}")]
    for column in [c for c, r in file.readings if r.to == "officer_id" and c in frame]:
        for fact in facts:
            several = frame.groupby(column)[fact].nunique() > 1
            key = f"{column} against {fact}"
            if several.sum() < max(3, 0.02 * len(several)):
                continue
            what = f"of {len(several):,} numbers of officers stand beside several values of {fact}: a number handed on?"
            paste = f"# source.yaml, under settled of {name}: say whether each is one person, or join the columns that "
            paste += f"are (`prepare: join_columns`)\n    {scalar(key)}: DECIDE"
            left = file.settled.get(key, DECIDE) == DECIDE
            yield Point("rows", f"{name}, {column}", what, int(several.sum()), open=left, paste=paste if left else "")


def check_codebook_rules(frames: Mapping[str, pd.DataFrame], source: Source, book: Codebook) -> Iterator[Point]:
    """Find codebook rules that match no cell; for information, as other releases may need them.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        The rows of each file.
    source : Source
    book : Codebook

    Yields
    ------
    Point
        One per block, with the number of its rules that never match and the first.
    """
    cells: dict[str, set[str]] = {}
    for key, frame in frames.items():
        for column, reading in source.files[key].readings:
            if reading.codebook in book.blocks and column in frame:
                values = frame[column].dropna()
                if reading.extract is not None:
                    values = values.str.extract(reading.extract, expand=False).dropna()
                normal = book.blocks[str(reading.codebook)].normal
                cells.setdefault(str(reading.codebook), set()).update(normal(str(text)) for text in values.unique())
    for name, texts in cells.items():
        idle = [r.pattern.pattern for r in book.blocks[name].rules if not any(map(r.pattern.fullmatch, texts))]
        if idle:
            what = f"rules of the block match no cell, first {idle[0]!r}: correct them or leave them out"
            yield Point("values", f"codebook.yaml, {name}", what, len(idle), open=False)
