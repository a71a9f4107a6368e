"""Check a source and list all its faults."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any, Final

import pandas as pd

from accountability.errors import AccountabilityError, FetchError
from accountability.records import readers
from accountability.records.assemble import assemble, file_format
from accountability.records.cache import sha256
from accountability.records.case_ends import Tables, closing_states, states_in_words
from accountability.records.codebook import Codebook
from accountability.records.coding import check_columns, code_file
from accountability.records.column import Column
from accountability.records.contract import File, Source, file_paths
from accountability.records.dropped_cells import without_dropped_cells
from accountability.records.inherited import declared as declared_in
from accountability.records.ledger import Ledger, Log
from accountability.records.onboard.check_cells import check_dates, check_values
from accountability.records.onboard.check_closing import check_closing, contradicted_elsewhere
from accountability.records.onboard.check_days import check_days
from accountability.records.onboard.check_guards import check_codebook_rules, check_officers, check_repeats, check_rules
from accountability.records.onboard.layout import layout_of
from accountability.records.onboard.points import Checked, Point
from accountability.records.onboard.proposed_text import NATURAL_ORDER, rows_of, scalar
from accountability.records.onboard.repair import (
    codebooks_named,
    guesses,
    left_to_decide,
    repaired,
    repaired_codebook,
    undecided_closing,
)
from accountability.records.places import source_folder
from accountability.records.rows import normalised, without_blank_rows, without_repeats, without_unusable
from accountability.records.yaml_text import DECIDE, read_yaml

_NOT_USED: Final = "left out of this check"
_MAY_COME_LATE: Final = {"opened", "assigned", "findings"}  # entered after the fact, or again in a reopened case
_LINKING: Final = ("case_id", "officer_id", "stage", "date")


def check(name: str | Path) -> Checked:
    """Check a source and list all its faults.

    Parameters
    ----------
    name : str or Path
        A source's name or folder.

    Returns
    -------
    Checked
        Open decisions, wrong declarations, undeclared columns, values without a term (with counts and lines to paste),
        how each date column parses, candidate keys, impossible orders, and the ledger's balance. It is ``clean`` when
        :func:`accountability.load` accepts the source and nothing is marked.

    Raises
    ------
    SourceError
        If there is no such source.
    """
    folder = source_folder(name)
    points: list[Point] = []
    try:
        own, declared = read_yaml(folder / "source.yaml"), declared_in(folder)
    except AccountabilityError as error:
        return Checked(folder.name, (Point("declaration", "source.yaml", str(error)),))
    points += left_to_decide(folder / "source.yaml", own)
    source, wrong = repaired(declared, folder)
    points += wrong
    points += guesses(folder / "source.yaml")
    book = Codebook({})
    try:
        if (folder / "codebook.yaml").is_file():
            points += left_to_decide(folder / "codebook.yaml", read_yaml(folder / "codebook.yaml"))
            points += guesses(folder / "codebook.yaml")
        book, wrong = repaired_codebook(folder, codebooks_named(declared))
        points += wrong
    except AccountabilityError as error:
        points.append(Point("declaration", "codebook.yaml", str(error)))
    if source is None:
        return Checked(folder.name, tuple(points))
    frames: dict[str, pd.DataFrame] = {}
    usable: dict[str, File] = {}
    for key in source.files:
        raw = _read(source, key, folder, points)
        if raw is None:
            continue
        frames[key] = raw
    for key, file in source.files.items():
        if key not in frames:
            continue
        until = source.card.observed_until
        checked = _check_file(frames[key], file, source.names[key], until, folder, book, points, frames)
        if checked is not None:
            usable[key] = checked
    points += check_codebook_rules(frames, source, book)
    found = _trial(source, usable, frames, book, folder, points)
    if undecided_closing(declared):  # told above; the trial did without that column
        found = [point for point in found if not (point.kind == "closing" and point.open)]
    points += found
    return Checked(folder.name, tuple(_in_order(points)))


def left(folder: Path) -> list[tuple[Path, int, int]]:
    """Count what each of a source's two files leaves to decide and to confirm: ``path, to decide, guesses``."""
    found = []
    for path in filter(Path.is_file, (folder / "source.yaml", folder / "codebook.yaml")):
        marks = guesses(path)
        found.append((path, len(left_to_decide(path, read_yaml(path))), sum(mark.count or 1 for mark in marks)))
    return found


def _in_order(points: Sequence[Point]) -> list[Point]:
    """Without what a more exact point already says: a value to decide is listed with its count."""
    values = {point.where for point in points if point.kind == "values"}
    return [point for point in points if point.kind != "decide" or point.where not in values]


def _read(source: Source, key: str, folder: Path, points: list[Point]) -> pd.DataFrame | None:
    """The raw rows of one file; what is in the way becomes a point."""
    file, name = source.files[key], source.names[key]
    if file.url is None and (folder / file.path).is_file() and (now := sha256(folder / file.path)) != file.sha256:
        paste = f"# source.yaml, under path: {file.path}\n    sha256: {now}"
        points.append(Point("files", name, "changed since it was declared; write its new hash", paste=paste))
        file = file.model_copy(update={"sha256": now})
    try:
        path = file_paths(source.model_copy(update={"files": {key: file}}), folder)[key]
        fmt = file_format(file, name)
        table = readers.read(path, fmt)
    except FetchError as error:
        what = str(error).splitlines()[1].split(": ", 1)[-1]
        points.append(Point("files", name, f"{what}; `accountability fetch {folder.name}` brings it"))
        return None
    except AccountabilityError as error:
        points.append(Point("files", name, str(error)))
        return None
    raw, layout = table.frame, layout_of(fmt, table)
    if layout.confirm or layout.undecided:
        points.append(Point("files", name, layout.why, open=False))
    if file.prepare:
        from accountability.records.preparing import prepared

        try:
            made = prepared(raw, file, fmt, folder, name)
        except AccountabilityError as error:
            points.append(Point("rows", name, str(error)))
            return None
        what = f"of {made.raw_rows:,} raw rows after `prepare`: {', '.join(step.name for step in file.prepare)}"
        points.append(Point("rows", name, what, len(made.frame), open=False))
        raw, file = made.frame, file.model_copy(update={"rows": None})
    try:
        check_columns(raw.columns, file)
    except AccountabilityError as error:
        points.append(Point("columns", name, str(error)))
    if file.rows is not None and file.rows != len(raw):
        what = f"{rows_of(file.rows)} declared; if the file is right, write the number found"
        points.append(Point("rows", name, what, len(raw)))
    return raw


def _check_file(
    raw: pd.DataFrame,
    file: File,
    name: str,
    until: dt.date | None,
    folder: Path,
    book: Codebook,
    points: list[Point],
    others: Mapping[str, pd.DataFrame],
) -> File | None:
    """Check the rows and cells of one file; give its declaration without what a load could not use, if that can be."""
    frame, file = _check_rows(raw, file, name, points, others)
    points += check_dates(frame, file, name)
    points += check_closing(frame, file, name, until, book)
    points += check_days(frame, file, name)
    points += check_rules(frame, file, name)
    points += check_officers(frame, file, name)
    found, unfit = check_values(frame, file, name, folder, book)
    points += found
    held = {column: declared for column, declared in file.columns.items() if column in raw}
    unfit |= {c for c, d in held.items() if any(reading.date == DECIDE for reading in d.readings)}  # told already
    whole = _whole(frame, file, {c: d for c, d in held.items() if c not in unfit}, book, name)
    for column, declared in [] if whole else held.items():
        unstaged = declared.to == "date" and any(file.columns[c].to == "stage" for c in unfit)
        skip = column in unfit or unstaged or not declared.readings
        said = None if skip else _stops(frame, file, column, book, name)
        if said is not None:
            unfit.add(column)
            if not any(point.open and point.where == f"{name}, {column}" for point in points):
                points.append(Point("load", f"{name}, {column}", said))
    if any(reading.to in _LINKING for column in unfit for reading in file.columns[column].readings):
        return None
    fit = {c: d.model_validate({"ignore": _NOT_USED}) if c in unfit else d for c, d in held.items()}
    rest = {**file.extra_columns, "*": _NOT_USED}
    return file.model_copy(update={"columns": fit, "rows": None, "extra_columns": rest})


def _whole(frame: pd.DataFrame, file: File, columns: dict[str, Column], book: Codebook, name: str) -> bool:
    """Whether one coding of these columns together stops nowhere, as in most files; else each is tried by itself."""
    looked = [other for d in columns.values() for reading in d.readings for other in reading.looked_at]
    parts = [part for column in columns for part in file.parts(column).values()]
    staged = any(d.to == "stage" and c not in columns for c, d in file.columns.items())
    return not staged and {*looked, *parts} <= {*columns} and _stops_at(frame, file, columns, book, name) is None


def _stops(frame: pd.DataFrame, file: File, column: str, book: Codebook, name: str) -> str | None:
    """Why a load would stop at a column, if it would: it is coded alone, beside the columns it depends on."""
    declared = file.columns[column]
    plain: dict[str, Any] = {"codebook": None, "aside": None, "also": []}
    ids = {c: d.model_copy(update=plain) for c, d in file.columns.items() if d.to in ("case_id", "officer_id")}
    ids |= {c: d for c, d in file.columns.items() if d.to == "stage"} if declared.to == "date" else {}
    others = [other for reading in declared.readings for other in reading.looked_at]
    needed = [*ids, column, *file.parts(column).values(), *others]
    wanted = [c for c in dict.fromkeys(needed) if c in frame and c in file.columns]
    columns = {c: file.columns[c] if c == column else ids.get(c, file.columns[c]) for c in wanted}
    return _stops_at(frame, file, columns, book, name)


def _stops_at(frame: pd.DataFrame, file: File, columns: dict[str, Column], book: Codebook, name: str) -> str | None:
    """Why a load would stop at these columns, if it would."""
    own = {"columns": columns, "rows": None, "blank_rows": "drop"}
    alone = file.model_copy(update={**own, "key": [], "repeats": [], "unusable": []})
    try:
        code_file(frame[list(columns)].reset_index(drop=True), alone, book, name)
    except AccountabilityError as error:
        return str(error)
    return None


def _check_rows(
    raw: pd.DataFrame, file: File, name: str, points: list[Point], others: Mapping[str, pd.DataFrame]
) -> tuple[pd.DataFrame, File]:
    """Blank, unusable and repeated rows, and the key.

    Returns
    -------
    tuple
        The rows a load would code, under their place in the file, and the declaration without rules that fail.
    """
    frame = raw.assign(source_row=range(1, len(raw) + 1))
    try:
        frame = without_dropped_cells(frame, file, Log(name))
    except AccountabilityError as error:
        points.append(Point("rows", name, str(error)))
        frame = frame.drop(columns=[c for c, d in file.columns.items() if d.drop_cells and c in frame])
    bare = {
        c: d.model_copy(update={"drop_cells": []}) for c, d in file.columns.items() if c in frame or not d.drop_cells
    }
    file = file.model_copy(update={"columns": bare})
    frame = normalised(frame, file, Log(name))
    for step, rule in (
        (without_blank_rows, {"blank_rows": "drop"}),
        (without_unusable, {"unusable": []}),
        (partial(without_repeats, others=others), {"repeats": []}),
    ):
        before = frame
        if "repeats" in rule:
            points += check_repeats(frame, file, name)
        try:
            frame = step(frame, file, Log(name))
        except AccountabilityError as error:
            points.append(Point("rows", name, str(error)))
            file = file.model_copy(update=rule)
            frame = step(before, file, Log(name))
    again = frame.duplicated([c for c in raw.columns if c in frame])
    if again.any() and not file.repeats:
        first = frame.loc[again, "source_row"].iloc[0]
        what = f"equal to an earlier row in every column, first data row {first}; `repeats` can say what they are"
        points.append(Point("rows", name, what, int(again.sum()), open=False))
    if file.key and set(file.key) <= set(frame.columns):
        lacks = frame[file.key].isna().any(axis=1)
        twice = frame.duplicated(file.key) & ~lacks
        for marked, what in ((lacks, "blank"), (twice, "repeated")):
            if marked.any():
                first = frame.loc[marked, "source_row"].iloc[0]
                said = f"key [{', '.join(file.key)}] is {what}, first data row {first}"
                points.append(Point("rows", name, said, int(marked.sum())))
        if lacks.any() or twice.any():
            file = file.model_copy(update={"key": []})
    known = [c for c, d in file.columns.items() if c in frame and d.drop is None]
    points.append(Point("keys", name, _candidates(frame, known), open=False))
    return frame.drop(columns=["source_row"]), file


def _candidates(frame: pd.DataFrame, columns: Sequence[str]) -> str:
    """Columns, and pairs of them, of which every row has its own filled value."""
    full = [c for c in columns if len(frame) and frame[c].notna().all()]
    single = [c for c in full if frame[c].is_unique]
    if single:
        return ", ".join(f"[{c}]" for c in single[:6])
    varied = sorted(full, key=lambda c: -frame[c].nunique())[:6]
    pairs = [f"[{a}, {b}]" for a, b in combinations(varied, 2) if not frame.duplicated([a, b]).any()]
    return ", ".join(pairs[:6]) or "none: no column or pair of columns tells every row apart"


def _trial(
    source: Source,
    usable: dict[str, File],
    frames: dict[str, pd.DataFrame],
    book: Codebook,
    folder: Path,
    points: list[Point],
) -> list[Point]:
    """Code and link what can be, to count impossible orders and balance the ledger."""
    found: list[Point] = []
    part = source.model_copy(update={"files": usable})
    if not any(file.table in ("cases", "allegations") for file in usable.values()):
        return found
    try:
        names = part.names  # a path that two files share may be left to one
        coded = [code_file(frames[k][list(f.columns)], f, book, names[k], others=frames) for k, f in usable.items()]
        made = assemble(part, coded, book)
    except AccountabilityError as error:
        already = any(point.open and str(error)[:120] in point.what for point in points)
        return found if already else [Point("load", folder.name, str(error))]
    found += _orders(made.events, made.ledger)
    tables = Tables(made.cases, made.allegations, made.events, source.card)
    found += contradicted_elsewhere(part, tables)
    ends = f"ends of complaints: {states_in_words(closing_states(tables))}"
    found.append(Point("closing", folder.name, ends, open=False))
    told = made.ledger.entries
    fired = " ".join(told.loc[told["rule"] == "order", "reason"].astype("str"))
    for order in source.order:
        if f"{order.then} before {order.first}" not in fired and f"{order.first} after {order.then}" not in fired:
            what = f"{order.then} before {order.first} occurs in no case, so this rule never fires"
            found.append(Point("order", "source.yaml", what, 0, open=False))
    for row in made.ledger.balance().to_dict("records"):
        what = f"{row['raw']:,} = {row['coded']:,} + {row['accounted']:,}  {row['table']}"
        found.append(Point("ledger", str(row["file"]), what, open=bool(row["unexplained"])))
    return found


def _orders(events: pd.DataFrame, ledger: Ledger) -> list[Point]:
    """Dates already set aside by a declared order, and those that no declared order covers."""
    found = []
    for entry in ledger.entries.to_dict("records"):
        if entry["rule"] in ("order", "observed_until"):
            what = f"{entry['column']}: {entry['reason']}, rows {entry['example_rows']}"
            found.append(Point("order", str(entry["file"]), what, int(entry["count"]), open=False))
    usable = events[events["set_aside"].isna()]
    for first, then, aside in NATURAL_ORDER:
        start = usable[usable["stage"] == first].groupby("case_id")["earliest"].min()
        stop = usable[usable["stage"] == then].groupby("case_id")["latest"].max()
        wrong = start.index[(stop.reindex(start.index) < start).to_numpy()]
        if len(wrong):
            row = usable.loc[(usable["case_id"] == wrong[0]) & (usable["stage"] == then)].iloc[0]
            unusual = {first, then} & _MAY_COME_LATE
            advice = "add it under `order` if it cannot be" if unusual else "add it under `order`"
            what = f"{then} before {first}, first in data row {row['source_row']}; {advice}"
            line = f"# source.yaml, under order:\n  - {scalar({'first': first, 'then': then, 'aside': aside})}"
            found.append(Point("order", str(row["source_file"]), what, len(wrong), not unusual, line))
    return found
