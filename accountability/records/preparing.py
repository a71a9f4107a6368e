"""Prepare the rows of a file as declared; every removed or added row is in the ledger."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from accountability.errors import SourceError, did_you_mean
from accountability.records import readers
from accountability.records.cache import check_beside
from accountability.records.contract import File
from accountability.records.ledger import Entry, Log
from accountability.records.preparation import Step
from accountability.records.readers.cells import cell_text

#: Beside the published columns while rows are prepared: the number of the raw row.
ROW: Final = "source_row"


@dataclass(frozen=True, slots=True)
class Prepared:
    """The rows of a file after the steps of `prepare`.

    Attributes
    ----------
    frame : DataFrame of str
        Index 0, 1, …
    source_row : ndarray of int
        The raw row of each, counted from 1.
    raw_rows : int
        Rows of the raw file, and of the files appended to it.
    entries : list of Entry
        What each step did.
    """

    frame: pd.DataFrame
    source_row: np.ndarray
    raw_rows: int
    entries: list[Entry] = field(default_factory=list)


def prepared(
    raw: pd.DataFrame,
    declared: File,
    fmt: readers.Format,
    folder: Path,
    name: str,
    beside: Mapping[str, Path] | None = None,
) -> Prepared:
    """Apply the declared steps.

    Parameters
    ----------
    raw : DataFrame of str
        Every published column as text.
    declared : File
    fmt : Format
        Format of the file, for files appended to it.
    folder : Path
        The source's folder with the files under ``beside``.
    name : str
        Name of the file in messages.
    beside : mapping of str to Path, optional
        Paths of files that steps read, if not yet declared.

    Raises
    ------
    SourceError
        If a step names an unknown column or file, fails, or has no effect; or a file beside is not the declared one.
    """
    if declared.rows is not None and len(raw) != declared.rows:
        raise SourceError(f"{name}: expected {declared.rows:,} data rows, found {len(raw):,}")
    log = Log(name)
    frame = raw.assign(**{ROW: np.arange(1, len(raw) + 1)})
    total = len(raw)
    check_beside(declared.path, declared.beside, folder)
    held = beside or {file: folder / file for step in declared.prepare for file in step.reads}
    for at, step in enumerate(declared.prepare, 1):
        where = f"{name}, prepare, step {at} ({step.name})"
        before = frame
        if step.append is not None:
            for file in step.append:
                more = readers.read(held[file], fmt).frame
                if set(more.columns) != set(before.columns) - {ROW}:
                    raise SourceError(f"{where}: {file} has other columns: {', '.join(map(str, more.columns))}")
                numbers = np.arange(total + 1, total + len(more) + 1)
                total += len(more)
                frame = pd.concat([frame, more.assign(**{ROW: numbers})], ignore_index=True)
                log.note("", "value changed", "append", f"rows of {file}, numbered on from {numbers[0]:,}", len(more))
            continue
        if step.script is not None:
            from accountability.records.script_step import scripted

            said = f"{step.script}, sha256 {declared.beside[step.script][:12]}…"
            frame = scripted(frame, held[step.script], where)
        else:
            said, frame = "", _OPERATIONS[step.name](frame, step, held, where)
        _account(before, frame.reset_index(drop=True), step, said, log)
        frame = frame.reset_index(drop=True)
    rows = frame[ROW].to_numpy(dtype="int64")
    return Prepared(frame.drop(columns=ROW), rows, total, log.entries)


def _account(before: pd.DataFrame, after: pd.DataFrame, step: Step, said: str, log: Log) -> None:
    """Note the rows that a step takes and makes; of one that keeps them, the cells it changes."""
    rule = f"prepare: {step.name}"
    why = f"{said or _words(step)}; {len(before):,} rows in, {len(after):,} rows out"
    gone = before[~before[ROW].isin(after[ROW])]
    more = len(after) - (len(before) - len(gone))
    log.note("", "row dropped", rule, why, gone[ROW])
    again = after.loc[after[ROW].duplicated(), ROW]
    if more > 0:
        log.entries.append(Entry(log.file, "", "row made", rule, why, more, tuple(int(row) for row in again[:3])))
    elif more < 0:
        log.note("", "row dropped", rule, why, -more)
    if not len(gone) and not more:
        log.note("", "value changed", rule, why, len(after))


def _words(step: Step) -> str:
    told = step.model_dump(exclude_none=True, by_alias=True)[step.name]
    return str(told.get("because", told)) if isinstance(told, dict) else str(told)


def _known(frame: pd.DataFrame, columns: list[str], where: str) -> list[str]:
    known = [str(name) for name in frame.columns if name != ROW]
    for column in columns:
        if column not in known:
            hint = did_you_mean(column, known)
            raise SourceError(f"{where}: there is no column {column!r}{hint} There are {', '.join(known)}")
    return columns


def _new(frame: pd.DataFrame, column: str, values: Any, where: str) -> pd.DataFrame:
    if column in frame:
        raise SourceError(f"{where}: there is a column {column!r} already; give the new one another name")
    return frame.assign(**{column: pd.Series(values, index=frame.index).astype("str")})


def _changed(marked: pd.Series, where: str, what: str) -> None:
    if not marked.any():
        raise SourceError(f"{where}: no cell {what}; take the step out, or correct it")


def _fill_down(frame: pd.DataFrame, step: Step, _: Mapping[str, Path], where: str) -> pd.DataFrame:
    columns = _known(frame, step.fill_down or [], where)
    _changed(frame[columns].isna().any(axis=1), where, "is blank")
    if frame[columns].iloc[0].isna().any():
        raise SourceError(f"{where}: a cell of the first row is blank, and nothing stands above it")
    return frame.assign(**{name: frame[name].ffill() for name in columns})


def _drop_rows(frame: pd.DataFrame, step: Step, _: Mapping[str, Path], where: str) -> pd.DataFrame:
    assert step.drop_rows is not None
    (column,) = _known(frame, [step.drop_rows.column], where)
    marked = frame[column].str.fullmatch(re.compile(step.drop_rows.matching)).fillna(False).astype(bool)
    _changed(marked, where, f"of {column!r} fits {step.drop_rows.matching!r}")
    return frame[~marked]


def _group_lines(frame: pd.DataFrame, step: Step, _: Mapping[str, Path], where: str) -> pd.DataFrame:
    assert step.group_lines is not None
    (column,) = _known(frame, [step.group_lines.column], where)
    found = frame[column].str.extract(f"^(?:{step.group_lines.matching})$", expand=False)
    lines = frame[column].str.fullmatch(re.compile(step.group_lines.matching)).fillna(False).astype(bool)
    _changed(lines, where, f"of {column!r} fits {step.group_lines.matching!r}")
    first = int(np.argmax(lines.to_numpy()))
    if first:
        raise SourceError(f"{where}: {first:,} row(s) stand above the first group line, so nothing says their group")
    return _new(frame, step.group_lines.into, found.ffill(), where)[~lines]


def _explode(frame: pd.DataFrame, step: Step, _: Mapping[str, Path], where: str) -> pd.DataFrame:
    assert step.explode is not None
    columns, by = _known(frame, step.explode.columns, where), step.explode.by
    lists: dict[str, list[list[Any]]] = {}
    for column in columns:
        lists[column] = [
            _items(cell, by, where, column, row) for cell, row in zip(frame[column], frame[ROW], strict=True)
        ]
    sizes = np.array([[len(cell) for cell in lists[column]] for column in columns])
    uneven = (sizes != sizes.max(axis=0)) & (sizes != 0)
    if uneven.any():
        at = int(np.flatnonzero(uneven.any(axis=0))[0])
        raise SourceError(f"{where}: {columns} hold {sizes[:, at].tolist()} items in data row {frame[ROW].iloc[at]}")
    many = np.maximum(sizes.max(axis=0), 1)
    if (many == 1).all() and by != "json":
        raise SourceError(f"{where}: no cell holds {by!r}; take the step out, or correct `by`")
    made = frame.iloc[np.repeat(np.arange(len(frame)), many)].reset_index(drop=True)
    for column in columns:
        flat = [item for cell, n in zip(lists[column], many, strict=True) for item in (cell or [None] * n)]
        keys = list(dict.fromkeys(key for item in flat if isinstance(item, dict) for key in item))
        if keys:
            fields = {key: [item.get(key) if isinstance(item, dict) else None for item in flat] for key in keys}
            made = made.drop(columns=column)
            for key, cells in fields.items():
                made = _new(made, f"{column}.{key}", [cell_text(cell) for cell in cells], where)
        else:
            made[column] = pd.array([cell_text(item) for item in flat], dtype="str")
    return made


def _items(cell: Any, by: str, where: str, column: str, row: int) -> list[Any]:
    if pd.isna(cell) or not str(cell).strip():
        return []
    if by != "json":
        return [part.strip() or None for part in str(cell).split(by)]
    try:
        found = json.loads(cell, parse_float=str, parse_int=str)
    except json.JSONDecodeError as error:
        raise SourceError(f"{where}: {column!r} in data row {row} is not JSON: {error.msg}") from None
    return found if isinstance(found, list) else [found]


def _join_columns(frame: pd.DataFrame, step: Step, _: Mapping[str, Path], where: str) -> pd.DataFrame:
    assert step.join_columns is not None
    columns = _known(frame, step.join_columns.columns, where)
    joined = frame[columns[0]]
    for column in columns[1:]:
        joined = joined + step.join_columns.by + frame[column]
    return _new(frame, step.join_columns.into, joined, where)


def _row_number(frame: pd.DataFrame, step: Step, _: Mapping[str, Path], where: str) -> pd.DataFrame:
    return _new(frame, str(step.row_number), np.arange(1, len(frame) + 1), where)


def _constant(frame: pd.DataFrame, step: Step, _: Mapping[str, Path], where: str) -> pd.DataFrame:
    assert step.constant is not None
    return _new(frame, step.constant.into, [step.constant.value] * len(frame), where)


def _lookup(frame: pd.DataFrame, step: Step, held: Mapping[str, Path], where: str) -> pd.DataFrame:
    assert step.lookup is not None
    look = step.lookup
    table = readers.read(held[look.file]).frame
    _known(table, [look.match, *look.take], f"{where}, {look.file}")
    (column,) = _known(frame, [look.column], where)
    table = table[table[look.match].notna()]
    twice = table.loc[table[look.match].duplicated(), look.match]
    if len(twice) and not look.many:
        raise SourceError(
            f"{where}: {twice.nunique():,} code(s) stand in {look.file} more than once; say many: true for one row "
            "each, or correct the file"
        )
    lost = frame[column].notna() & ~frame[column].isin(table[look.match])
    if lost.any() and look.unmatched == "refuse":
        raise SourceError(
            f"{where}: {int(lost.sum()):,} cells of {column!r} are not in {look.file}, first data row "
            f"{frame.loc[lost, ROW].iloc[0]}; add them, or say unmatched: blank"
        )
    for new in look.take.values():
        _new(frame, new, None, where)
    side = table[[look.match, *look.take]].rename(columns={look.match: "\0", **look.take})
    return frame.merge(side, how="left", left_on=column, right_on="\0").drop(columns="\0")


def _blank(frame: pd.DataFrame, step: Step, _: Mapping[str, Path], where: str) -> pd.DataFrame:
    assert step.blank is not None
    columns = _known(frame, step.blank.columns, where) or [name for name in frame.columns if name != ROW]
    marked = {name: frame[name].str.strip().isin(step.blank.texts) for name in columns}
    _changed(pd.concat(marked.values()), where, f"is one of {step.blank.texts}")
    return frame.assign(**{name: frame[name].mask(marked[name]) for name in columns})


_OPERATIONS: Final[Mapping[str, Callable[[pd.DataFrame, Step, Mapping[str, Path], str], pd.DataFrame]]] = {
    "fill_down": _fill_down,
    "drop_rows": _drop_rows,
    "group_lines": _group_lines,
    "explode": _explode,
    "join_columns": _join_columns,
    "row_number": _row_number,
    "constant": _constant,
    "lookup": _lookup,
    "blank": _blank,
}
