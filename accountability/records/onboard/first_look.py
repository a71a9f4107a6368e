"""Read every table of unknown files and profile its columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import pandas as pd

from accountability.errors import SourceError
from accountability.records import readers
from accountability.records.cache import sha256
from accountability.records.contract import OWN_COLUMNS
from accountability.records.onboard.column_profile import ColumnProfile
from accountability.records.onboard.guess import header_cells, parts
from accountability.records.onboard.layout import check_cells, check_width, layout_of, prepared_rows
from accountability.records.onboard.proposal import Proposal
from accountability.records.onboard.roles import roles
from accountability.records.onboard.side_tables import with_side_tables
from accountability.records.readers import RawTable

Progress = Callable[[str, int, int], None]
#: Bytes above which reading a file is told piece by piece.
LARGE: Final = 64 * 2**20
_BLOCK: Final = 16 * 2**20
_MOST_TABLES: Final = 12


def distinct(names: Sequence[str]) -> list[str]:
    """Return unique column names: a repeated or reserved name gets a number."""
    made: list[str] = []
    for place, name in enumerate(names, 1):
        wanted = name if name.strip() else f"column_{place}"
        tried, number = wanted, 1
        while tried in (*made, *OWN_COLUMNS):
            number += 1
            tried = f"{wanted}_{number}"
        made.append(tried)
    return made


def looked_at(
    copies: Sequence[tuple[Path, readers.Format | None]], progress: Progress | None = None
) -> tuple[list[Proposal], list[str]]:
    """Read every table to declare, with one line for each left out; large files report progress."""
    found: list[Proposal] = []
    left: list[str] = []
    for path, known in copies:
        formats = [known] if known is not None else parts(path)
        for at, fmt in enumerate(formats):
            place = _place(path, fmt)
            if at >= _MOST_TABLES:
                left.append(f"{place}: one of {len(formats)} tables; the {_MOST_TABLES} largest are looked at")
                continue
            try:
                proposal = _read(path, fmt, progress if path.stat().st_size > LARGE else None)
            except SourceError as error:
                if len(formats) == 1 or (at == len(formats) - 1 and not any(p.path == path.name for p in found)):
                    raise
                left.append(f"{place}: {error}")
                continue
            if at and not _linked(proposal, found):
                left.append(f"{place}: {len(proposal.frame):,} rows that share no ids with the tables above")
                continue
            found.append(proposal)
    kept, beside = with_side_tables(_with_keys(found), {path.name: path for path, _ in copies})
    return kept, [*left, *beside]


def _place(path: Path, fmt: readers.Format) -> str:
    where = (("member", fmt.member), ("sheet", fmt.sheet), ("table", fmt.table), ("list", fmt.record_path))
    return ", ".join([path.name, *(f"{what} {name!r}" for what, name in where if name is not None)])


def _read(path: Path, fmt: readers.Format, progress: Progress | None = None) -> Proposal:
    try:
        names = readers.header(path, fmt)
        check_width(names, path.name)
        unfit = bool(set(names) & set(OWN_COLUMNS))
    except SourceError as error:
        if "occur more than once" not in str(error):
            raise
        unfit = True
    if unfit:
        if fmt.type not in ("csv", "tsv", "xlsx", "xls", "xml", "html"):
            raise SourceError(
                f"{path.name}: column names repeat, or are among {', '.join(OWN_COLUMNS)}, which the loader keeps for "
                "itself; rename them in a copy of the file"
            )
        fmt = fmt.model_copy(update={"names": tuple(distinct(header_cells(path, fmt)))})
    raw = _whole(path, fmt, progress)
    layout = layout_of(fmt, raw)
    frame, steps = prepared_rows(raw.frame, fmt, path, list(layout.prepare))
    columns = []
    for at, name in enumerate(frame.columns, 1):
        columns.append(ColumnProfile(name, frame[name]))
        if progress is not None:
            _ = columns[-1].person, columns[-1].dates  # what takes long, done while it is told
            progress(f"{path.name}, columns", at, frame.shape[1])
    return Proposal(
        "",
        path.name,
        sha256(path),
        path.stat().st_size,
        fmt,
        frame,
        roles(columns),
        columns=columns,
        layout=replace(layout, prepare=tuple(steps)),
        raw_rows=len(raw.frame),
    )


def _whole(path: Path, fmt: readers.Format, progress: Progress | None) -> RawTable:
    """All rows of a file. A large one is read in pieces: a giant cell stops it where it stands."""
    if progress is None:
        raw = readers.read(path, fmt)
        check_cells(raw)
        return raw
    size, pieces = path.stat().st_size, []
    for piece in readers.read_chunks(path, fmt, block=_BLOCK):
        check_cells(piece)
        pieces.append(piece)
        progress(f"{path.name}, rows", min(len(pieces) * _BLOCK, size - 1), size)
    progress(f"{path.name}, rows", size, size)
    return replace(pieces[-1], frame=pd.concat([piece.frame for piece in pieces], ignore_index=True))


def _linked(proposal: Proposal, others: Sequence[Proposal]) -> bool:
    """Whether it shares case or officer ids with a table looked at before."""
    for target in ("case_id", "officer_id"):
        mine = proposal.column(to=target)
        for other in others:
            theirs = other.column(to=target)
            if mine and theirs and mine.column.counts.index.isin(theirs.column.counts.index).mean() > 0.2:
                return True
    return not others


def _with_keys(proposals: Sequence[Proposal]) -> list[Proposal]:
    keys: list[str] = []
    for p in proposals:
        part = p.fmt.sheet or p.fmt.table or p.fmt.record_path or p.fmt.member
        stem = part if part and sum(o.path == p.path for o in proposals) > 1 else p.path.split(".")[0]
        keys.append("_".join(re.findall(r"[a-z0-9]+", stem.lower())) or "table")
    return [replace(p, key=key) for p, key in zip(proposals, distinct(keys), strict=True)]
