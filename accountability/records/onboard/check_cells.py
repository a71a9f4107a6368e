"""Check the cells of a file under its declaration: date formats, and values without a term."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pandas as pd

from accountability.errors import AccountabilityError, CodebookError
from accountability.records.codebook import Block, Codebook
from accountability.records.contract import File
from accountability.records.dated_steps import FORMAT_PROBLEMS, MOSTLY
from accountability.records.dates import DateSpec, parse, parse_parts
from accountability.records.inherited import declared as declared_in
from accountability.records.onboard.column_profile import ColumnProfile
from accountability.records.onboard.points import Point
from accountability.records.onboard.proposed_text import scalar
from accountability.records.yaml_text import DECIDE, lines_of, undecided

_SHOWN: Final = 200
_ENOUGH: Final = 3


def check_dates(raw: pd.DataFrame, file: File, name: str) -> list[Point]:
    """Check how every date column parses: what fits, what does not and why, and which other format would fit."""
    points = []
    for column, reading in file.readings:
        if reading.date in (None, DECIDE) or column not in raw:
            continue
        where = f"{name}, {column}"
        values = raw[column].mask(raw[column].isin(reading.blank)) if reading.blank else raw[column]
        if reading.extract is not None:  # a cell without such a part is in the ledger of the load
            values = values.str.extract(reading.extract, expand=False)
        parts = {part: raw[other] for part, other in file.parts(column).items() if other in raw}
        try:
            spec = DateSpec.of(reading.date)
            if reading.in_parts:
                where = ", ".join([where, *file.parts(column).values()])
                parsed = parse_parts(values, parts.get("month_of"), parts.get("day_of"), spec)
            else:
                parsed = parse(values, spec)
        except AccountabilityError as error:
            points.append(Point("dates", where, str(error)))
            continue
        filled, read = int(values.notna().sum()), parsed["precision"].notna() & parsed["problem"].isna()
        shown = reading.date.get("date") if isinstance(reading.date, dict) else reading.date
        first, last = parsed.loc[read, "earliest"].min(), parsed.loc[read, "latest"].max()
        span = f", {_day(first)} to {_day(last)}" if read.any() else ""
        what = f"of {filled:,} filled cells read as {scalar(shown)} ({reading.stage or 'date'}){span}"
        points.append(Point("dates", where, what, int(read.sum()), open=False))
        for problem, rows in parsed.loc[parsed["problem"].notna(), "problem"].groupby(parsed["problem"]):
            sample, row = values[rows.index[0]], rows.index[0] + 1
            said = f"{problem}, first {sample!r} in data row {row}; set aside with its text kept"
            most = str(problem) in FORMAT_PROBLEMS and len(rows) > MOSTLY * filled
            other = _other_layout(column, values[rows.index]) if str(problem) in FORMAT_PROBLEMS else None
            if other:
                said = f"{problem}, first {sample!r} in data row {row}; {other}"
            elif most:
                said = f"{problem}, first {sample!r} in data row {row}; correct `date`"
            points.append(Point("dates", where, said, len(rows), open=most or other is not None))
    return points


def _day(when: Any) -> str:
    return "unknown" if pd.isna(when) else f"{when:%Y-%m-%d}"


def _other_layout(column: str, unread: pd.Series) -> str | None:
    """A format that would read most of the cells left unread, if there are enough to call it one."""
    seen = ColumnProfile(column, unread)
    if seen.filled < _ENOUGH or not seen.dates:
        return None
    layouts = " or ".join(scalar(reading.declared) for reading in (seen.ambiguous or seen.dates[:1]))
    return f"{seen.dates[0].fits:,} of them read as {layouts}; add it to `date`"


def check_values(
    raw: pd.DataFrame, file: File, name: str, folder: Path, book: Codebook
) -> tuple[list[Point], set[str]]:
    """Find values without exactly one term, and their columns."""
    points: list[Point] = []
    unfit: set[str] = set()
    path = folder / "codebook.yaml"
    try:
        declared = declared_in(folder, path.name)
    except AccountabilityError:
        declared = {}  # said once, for the whole codebook
    for column, reading in file.readings:
        if reading.codebook is None or column not in raw:
            continue
        where = f"{name}, {column}"
        if reading.codebook not in book.blocks:
            unfit.add(column)
            if reading.codebook not in declared:
                try:
                    _ = book[reading.codebook]
                except CodebookError as error:
                    points.append(Point("values", where, str(error)))
            continue
        values = raw[column]
        if reading.extract is not None:
            values = values.str.extract(reading.extract, expand=False)
        for step in reading.blank:
            values = values.mask(values == step)
        if reading.aside is not None:
            continue  # which cells are coded depends on other cells; the load itself tells
        found = _wrong_values(values, book[reading.codebook], where, declared, path)
        if found:
            unfit.add(column)
        points += found
    return points, unfit


def _wrong_values(values: pd.Series, block: Block, where: str, declared: dict[str, Any], path: Path) -> list[Point]:
    if block.published:
        return []
    lines: dict[tuple[str, ...], int] = {}
    stated = declared.get(block.name)
    listed = stated.get("values") if isinstance(stated, dict) else None
    listed = listed if isinstance(listed, dict) else {}
    waiting = {block.normal(raw): raw for raw, term in listed.items() if undecided(term)}
    points = []
    counts = values.value_counts(sort=False).sort_values(ascending=False, kind="stable")
    for raw, count in counts.items():
        try:
            block.code(str(raw))
            continue
        except LookupError as problem:
            what = str(problem)
        except CodebookError as error:
            what = str(error)
        row = int(values.index[(values == raw).to_numpy()][0]) + 1
        lines = lines or (lines_of(path) if path.is_file() else {})
        place, paste = f"{where}", ""
        if (key := waiting.get(block.normal(str(raw)))) is not None:
            place = f"codebook.yaml, line {lines.get((block.name, 'values', key), 1)}"
            what = "to decide"
        elif what == "unmapped":
            head = f"# codebook.yaml, block {block.name!r}, under values (terms: {', '.join(block.gives)}):"
            paste = f"{head}\n    {scalar(str(raw))}: {DECIDE}  # {count:,} rows"
        points.append(
            Point("values", place, f"{raw!r} {what}, first in data row {row} of {where}", int(count), paste=paste)
        )
    blank = int(values.isna().sum())
    if blank and not block.blank_declared and not (isinstance(stated, dict) and undecided(stated.get("blank"))):
        row = int(values.index[values.isna().to_numpy()][0]) + 1
        paste = f"# codebook.yaml, in block {block.name!r}:\n  blank: null  # or the term an empty cell stands for"
        points.append(Point("values", where, f"empty cells, first in data row {row}; say `blank`", blank, paste=paste))
    return points[:_SHOWN]
