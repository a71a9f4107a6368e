"""Code one published file into columns, dated steps and ledger entries, by its declaration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from accountability.errors import SourceError, nearest_of
from accountability.records.codebook import Block, Codebook
from accountability.records.column import Aside, Column
from accountability.records.contract import File
from accountability.records.dated_steps import Dated, events_of, read_dates
from accountability.records.ledger import Entry, Log
from accountability.records.rows import (
    REPEATED,
    check_key,
    normalised,
    numbered,
    without_blank_rows,
    without_repeats,
    without_unusable,
)
from accountability.vocabulary import PEOPLE, ROSTER

if TYPE_CHECKING:
    from accountability.records.preparing import Prepared


@dataclass(frozen=True, slots=True)
class CodedFile:
    """A file after coding.

    Attributes
    ----------
    rows : DataFrame
        One row per coded row: declared columns and ``source_row``.
    events : DataFrame
        The dated steps in its cells.
    of : mapping
        Coded column to whom it describes ("case", "officer", "row").
    varies : mapping
        Coded column to the rule when it varies within a case.
    raw_rows : int
    entries : list of Entry
    people : mapping
        What columns `of` a complainant, a victim, a witness or an investigator say, in a file of another table.
    """

    name: str
    table: str
    rows: pd.DataFrame
    events: pd.DataFrame
    of: Mapping[str, str]
    varies: Mapping[str, str]
    raw_rows: int
    entries: list[Entry] = field(default_factory=list)
    people: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def code_file(
    raw: pd.DataFrame,
    declared: File,
    book: Codebook,
    name: str,
    before: Prepared | None = None,
    others: Mapping[str, pd.DataFrame] | None = None,
) -> CodedFile:
    """Code one file.

    Parameters
    ----------
    raw : DataFrame of str
        Every published column as text; empty cells missing; index 0, 1, … in file order.
    declared : File
        The file's part of ``source.yaml``.
    book : Codebook
    name : str
        The file's path, for messages and the ledger.
    before : Prepared or None
        How ``raw`` was made of the published rows, where the declaration prepares them.
    others : mapping of str to DataFrame, optional
        The rows of the files that ``also_in`` names, by their key.

    Raises
    ------
    SourceError, CodebookError
        Columns that are missing or undeclared, keys that repeat, values without a term, a date format that does
        not fit: with file, column, count, an example row and what to do.
    """
    if before is None and declared.rows is not None and len(raw) != declared.rows:
        raise SourceError(f"{name}: expected {declared.rows:,} data rows, found {len(raw):,}")
    log = Log(name, [] if before is None else list(before.entries))
    frame = raw.assign(source_row=np.arange(1, len(raw) + 1) if before is None else before.source_row)
    if any(column.drop_cells for column in declared.columns.values()):
        from accountability.records.dropped_cells import without_dropped_cells

        frame = without_dropped_cells(frame, declared, log)
    for step in (normalised, without_blank_rows, without_unusable, numbered):
        frame = step(frame, declared, log)
    people = _people(frame, declared, book, log)
    frame = without_repeats(frame, declared, log, others)
    check_key(frame, declared, name)

    coded: dict[str, Any] = {}
    of: dict[str, str] = {}
    varies: dict[str, str] = {}
    dated: list[Dated] = []
    default = {"cases": "case", "officers": "officer"}.get(declared.table, "row")
    for column_name, column in declared.columns.items():
        if column.drop is not None:
            log.note(column_name, "column removed", "drop", f"identifying: {column.drop}", len(frame))
        elif column.ignore is not None:
            log.note(column_name, "column not used", "ignore", column.ignore, len(frame))
        for reading in column.readings:
            if reading.of in PEOPLE:
                continue
            values = _filled(frame, reading, column_name, log)
            if reading.date is not None:
                parsed = read_dates(values, frame, declared.parts(column_name), reading, column_name, log)
                if reading.aside is not None:
                    usable = parsed["problem"].isna() & values.notna()
                    marked = _contradicted(reading, reading.aside, usable, frame, column_name, log)
                    parsed = parsed.assign(problem=parsed["problem"].mask(marked, reading.aside.because))
                if declared.table == ROSTER:  # a spell's own days; nothing of a case
                    unread = values.notna() & parsed["latest"].isna()
                    if reading.to == "ends" and unread.any():
                        raise SourceError(
                            f"{name}: {int(unread.sum()):,} last day(s) of the roster cannot be read, first data row "
                            f"{frame.loc[unread, 'source_row'].iloc[0]}: {values[unread].iloc[0]!r}. Such a spell "
                            "would run to the end: correct it, or say in `blank` that it means still there"
                        )
                    coded[str(reading.to)] = parsed["earliest" if reading.to == "starts" else "latest"]
                    continue
                dated.append((column_name, reading, parsed))
                continue
            if reading.aside is not None:
                values = values.mask(_contradicted(reading, reading.aside, values.notna(), frame, column_name, log))
            made = _coded(values, reading, book, frame["source_row"], column_name, log)
            for target in made:
                if target in coded:
                    raise SourceError(f"{name}: two columns are coded to {target!r}; give each its own `to`")
                of[target] = reading.of or default
                varies[target] = reading.varies
            coded.update(made)
    for pattern, why in declared.extra_columns.items():
        log.note(pattern, "column not used", "extra_columns", why, len(frame))
    if REPEATED in frame:
        coded[REPEATED] = frame[REPEATED]
    rows = pd.DataFrame(coded, index=frame.index).assign(source_row=frame["source_row"])
    events = events_of(rows, dated, declared, log)
    if declared.table == "events":
        rows = rows.iloc[:0]
    raw_rows = len(raw) if before is None else before.raw_rows
    return CodedFile(name, declared.table, rows, events, of, varies, raw_rows, log.entries, people)


def wanted_columns(declared: File) -> list[str]:
    """Return the published columns to read: all used ones, or all if whole rows are compared."""
    if declared.blank_rows == "drop":
        return list(declared.columns)
    needed = {name for name, c in declared.columns.items() if c.drop is None and c.ignore is None}
    for repeat in declared.repeats:
        needed |= set(repeat.by) if repeat.by else set(declared.columns) - set(repeat.apart_from)
    needed |= {name for unusable in declared.unusable for name in unusable.blank} | set(declared.key)
    needed |= {name for _, c in declared.readings for name in c.looked_at}
    needed |= {name for c in declared.columns.values() if c.drop_cells for name in c.looked_at}
    return [name for name in declared.columns if name in needed]


def check_columns(found: Iterable[str], declared: File) -> None:
    """Check that every declared column exists and every published column is declared.

    Raises
    ------
    SourceError
        If not; names the missing columns with the nearest found, and the undeclared ones as lines to paste.
    """
    found = list(found)
    missing = [c for c in declared.columns if c not in found]
    extra = [
        c for c in found if c not in declared.columns and not any(fnmatchcase(c, p) for p in declared.extra_columns)
    ]
    if not missing and not extra:
        return
    lines = []
    for column in missing:
        near = nearest_of(column, extra or found)
        lines.append(f"  missing {column!r}" + (f"; the file has {near!r}" if near else ""))
    if extra:
        lines.append("  not declared; add under columns, with `to`, `stage`, `drop` or `ignore`:")
        lines += [f'    {column}: {{ignore: "why"}}' for column in extra]
    raise SourceError(
        f"{declared.path}: its {len(found)} columns are not the {len(declared.columns)} declared; "
        f"{len(missing)} missing, {len(extra)} not declared:\n" + "\n".join(lines)
    )


def _filled(frame: pd.DataFrame, column: Column, name: str, log: Log) -> pd.Series:
    """The cells a reading is about: without what stands for an empty cell, and only the part it extracts."""
    values = frame[name]
    values = values.mask(values.isin(column.blank)) if column.blank else values
    if column.extract is None:
        return values
    pattern = column.extract
    found = _each(values, lambda texts: texts.str.extract(pattern, expand=False))
    pattern = column.extract if len(column.extract) <= 60 else column.extract[:59] + "…"
    why = f"no part of the cell is {pattern!r}, which {column.stage or column.to} is read from"
    log.note(name, "value set aside", "extract", why, frame.loc[values.notna() & found.isna(), "source_row"])
    return found


def _contradicted(
    column: Column, aside: Aside, filled: pd.Series, frame: pd.DataFrame, name: str, log: Log
) -> pd.Series:
    """Which filled cells other cells of their rows contradict, noted in the ledger."""
    unknown = [other for other in aside.when if other not in frame]
    if unknown:
        raise SourceError(f"{log.file}: `aside` of {name!r} names the column {unknown[0]!r}, which is not declared")
    marked = filled
    for other, texts in aside.when.items():
        marked = marked & frame[other].fillna("").isin(texts)
    done = "the date is kept and marked" if column.date is not None else f"left out of {column.to}"
    why = f"{aside.because}; {done}, not repaired"
    log.note(name, "value set aside", "aside", why, frame.loc[marked, "source_row"])
    return marked


def _people(frame: pd.DataFrame, declared: File, book: Codebook, log: Log) -> dict[str, pd.DataFrame]:
    """What the rows say of people, before rows that differ only in that are merged: distinct, per case and role."""
    made: dict[str, dict[str, Any]] = {}
    for name, column in declared.readings:
        table_of = PEOPLE.get(column.of or "")
        if table_of is None or column.to is None:
            continue
        if declared.table == table_of:
            raise SourceError(f"{log.file}: leave out `of: {column.of}`; every row of this file describes one")
        coded = _coded(_filled(frame, column, name, log), column, book, frame["source_row"], name, log)
        made.setdefault(table_of, {}).update(coded)
    if not made:
        return {}
    case = next((n for n, c in declared.columns.items() if c.to == "case_id"), None)
    if case is None:
        role = next(one for one, table in PEOPLE.items() if table in made)
        raise SourceError(f"{log.file}: columns `of: {role}` need a column `to: case_id` beside them")
    found = {}
    for role, columns in made.items():
        table = pd.DataFrame(columns, index=frame.index)
        table = table.loc[table.notna().any(axis=1)]
        table = pd.DataFrame({"case_id": frame.loc[table.index, case]}).join(table)
        found[role] = table.drop_duplicates().assign(source_row=frame["source_row"]).reset_index(drop=True)
    return found


def _coded(
    values: pd.Series, column: Column, book: Codebook, source_row: pd.Series, name: str, log: Log
) -> dict[str, Any]:
    target = str(column.to)
    if column.codebook is not None:
        block = book[column.codebook]
        made = block.apply(values, f"{log.file}, column {name!r}")
        named = {str(field_name): coded_name(target, str(field_name), block) for field_name in made}
        result: dict[str, Any] = {named[str(f)]: made[f] for f in made}
        if not block.published:
            result[f"raw_{target}"] = values
        return result
    if column.type == "text":
        return {target: values}
    if column.type == "code":
        return {target: _each(values, lambda texts: texts.str.replace(r"\.0+$", "", regex=True))}
    if column.type == "year":
        return {target: _each(values, lambda texts: texts.str.extract(r"(?<!\d)(\d{4})(?!\d)", expand=False))}
    numbers = pd.to_numeric(values, errors="coerce")
    wrong = (numbers.isna() & values.notna()) | (numbers.abs() > 2**53)
    if column.type == "integer":
        wrong |= numbers.notna() & (numbers % 1 != 0)
    if wrong.any():
        sample = values[wrong].iloc[0]
        reason = f"not {'an integer' if column.type == 'integer' else 'a number'}, for instance {sample!r}"
        log.note(name, "value set aside", column.type, reason, source_row[wrong])
        numbers = numbers.mask(wrong)
    if column.between is not None:
        least, most = column.between
        outside = numbers.notna() & ~numbers.between(least, most)
        log.note(name, "value set aside", "between", f"not from {least:g} to {most:g}", source_row[outside])
        numbers = numbers.mask(outside)
    if column.band is not None:
        return {target: banded(numbers, column.band)}
    return {target: numbers.astype("Int64") if column.type == "integer" else numbers.astype("float64")}


def _each(values: pd.Series, change: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """Change texts, each distinct one once."""
    codes, distinct = pd.factorize(values)
    changed = change(pd.Series(distinct, dtype="str"))
    return pd.Series(changed.array.take(codes, allow_fill=True), index=values.index, name=values.name)


def banded(numbers: pd.Series, band: int | list[int]) -> pd.Series:
    """Return the band of each number: equally wide bands, or bands starting at given numbers."""
    if isinstance(band, int):
        low = (numbers // band * band).astype("Int64")
        return (low.astype("str") + "-" + (low + band - 1).astype("str")).mask(low.isna())
    inner = [f"{low}-{high - 1}" for low, high in pairwise(band)]
    pool = pd.array([f"under {band[0]}", *inner, f"{band[-1]} and over", None], dtype="str")
    place = np.searchsorted(band, numbers.to_numpy(dtype="float64", na_value=np.nan), side="right")
    return pd.Series(pool.take(np.where(numbers.isna(), len(pool) - 1, place)), index=numbers.index)


def coded_name(target: str, field_name: str, block: Block) -> str:
    """Return the name of a coded column.

    ``finding`` coded to ``recommended_finding`` keeps that name and its closing reason becomes
    ``recommended_closing_reason``; ``penalty`` coded to ``imposed`` becomes ``imposed_penalty``.
    """
    if block.published:
        return target
    for ending in block.gives:
        if target == ending:
            return field_name
        if target.endswith(f"_{ending}"):
            return target.removesuffix(ending) + field_name
    return target if len(block.gives) == 1 else f"{target}_{field_name}"
