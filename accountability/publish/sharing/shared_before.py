"""Joint disclosure control of a folder's tables with those shared before, from this machine's record."""

from __future__ import annotations

import csv
import fcntl
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from accountability.errors import ParameterError
from accountability.privacy import MIN_CELL
from accountability.publish.finished import PAGE, RECORD, any_record, file_of
from accountability.publish.in_place import put_file
from accountability.publish.sharing.count_rules import kinds_by_heading, released
from accountability.publish.sharing.disclosure import Released, given_away
from accountability.publish.sharing.markup import of_markup
from accountability.publish.sharing.pieces import Table
from accountability.publish.sharing.table_sums import Row
from accountability.records.leaving.leak import WORDS, Leak
from accountability.records.pseudonyms import key_file

#: Beside the key: one line a table that left, as it left.
FILE: Final = "shared.jsonl"
_MARKS: Final = frozenset({"bar", "points", "box"})
_GROUPED: Final = re.compile(r"\d{1,3}(?:,\d{3})+")
_WHOLE: Final = re.compile(r"\d+(?:\.0*)?")


def tables_of(folder: Path, told_singly: tuple[str, ...]) -> Iterator[Released | Leak]:
    """Return every table of counts of a folder of reports; a leak if its columns do not fit their stated kinds."""
    homes = [folder] if (folder / RECORD).is_file() else sorted(path.parent for path in folder.glob(f"*/{RECORD}"))
    for home in homes:
        place = "" if home == folder else f"{home.name}/"
        if place.startswith(told_singly):
            continue
        record = any_record(home)
        settings = {name: str(value) for name, value in record["parameters"].items()}
        settings["data"] = str(record["data"]["sha256"])
        kept: list[Released] = []
        for entry in record["tables"]:
            file = file_of(entry)
            if not file or not (home / file).is_file():
                continue
            where = f"{place}{file}"
            about = f"{record['parameters']['source']}, {record['study']}, {entry['name']}"
            with (home / file).open(newline="", encoding="utf-8") as lines:
                header, *rows = [tuple(row) for row in csv.reader(lines)] or [()]
            if entry["kind"] != "table":
                yield from drawn_counts(where, about, settings, entry.get("axes", []), header, rows)
                continue
            kinds = entry.get("kinds")
            if not isinstance(kinds, dict) or list(kinds) != list(header) or not _as_stated(kinds, rows):
                yield Leak(
                    where, "not ours", "a table that does not state the kinds of its columns; run the study again"
                )
                continue
            kept.append(released(Table(where, header, tuple(rows)), kinds, about, settings))
            yield kept[-1]
        about = f"{record['parameters']['source']}, {record['study']}"
        yield from shown_beside(home / PAGE, f"{place}{PAGE}", about, settings, kept)


def shown_beside(
    page: Path, place: str, about: str, settings: dict[str, str], kept: Sequence[Released]
) -> Iterator[Released]:
    """Return the tables of counts that a page shows and that are kept in no file, by their headings."""
    known = {tuple(row[at].partition(".")[0] for row in one.rows) for one in kept for at in one.columns("count")}
    seen: Counter[tuple[str, ...]] = Counter()
    for piece in of_markup(place, page.read_text(encoding="utf-8")) if page.is_file() else ():
        if isinstance(piece, Table) and (kinds := kinds_by_heading(piece)):
            rows = tuple(
                tuple(cell.replace(",", "") if _GROUPED.fullmatch(cell) else cell for cell in row) for row in piece.rows
            )
            seen[piece.header] += 1
            named = f"{about}, shown {seen[piece.header]} {' | '.join(piece.header)}"
            made = released(Table(piece.place, piece.header, rows), kinds, named, settings)
            if not {tuple(row[at].partition(".")[0] for row in made.rows) for at in made.columns("count")} <= known:
                yield made


def drawn_counts(
    where: str,
    about: str,
    settings: dict[str, str],
    axes: Sequence[Mapping[str, str]],
    header: Row,
    rows: Sequence[Row],
) -> Iterator[Released | Leak]:
    """Return the counts of groups that a figure draws, as a table; a leak for each that is under ten.

    They are bars and points that stand over a name, on an axis that says it counts; whatever its scale, the data of the
    figure are in its own units.
    """
    for panel, said in enumerate(axes, start=1):
        for along, across in (("x", "y"), ("y", "x")):
            words = set(re.findall(r"[a-z]+", said.get(across, "").partition("(")[0].casefold()))
            if not words & WORDS["counts"] or words & WORDS["no_count"]:
                continue
            marks: dict[Row, str] = {}
            for cells in rows:
                row = dict(zip(header, cells, strict=False))
                if row["panel"] == str(panel) and row["drawn"] in _MARKS and (name := row.get(f"{along}_tick")):
                    marks.setdefault((row["label"], name), row.get(f"{across}_end") or row[across])
            named = any(re.search(r"[^\W\d_]", name) for _, name in marks)
            if named and all(_WHOLE.fullmatch(value) for value in marks.values()):
                made = tuple((*key, value.partition(".")[0]) for key, value in marks.items())
                for *_, name, value in made:
                    if 0 < int(value) < MIN_CELL:
                        yield Leak(f"{where}, {name}", "small cell", "a drawn count below ten")
                alone = len({label for label, _ in marks}) == 1
                kinds = {"label": "text", "group": "text", "drawn": "count"}
                if alone:
                    made, kinds = tuple(row[1:] for row in made), {"group": "text", "drawn": "count"}
                yield Released(where, about, settings, kinds, made)


def _as_stated(kinds: dict[str, str], rows: list[tuple[str, ...]]) -> bool:
    """Whether the cells of every column are of its kind."""

    def of_kind(kind: str, cell: str) -> bool:
        if kind == "text" or cell.strip().casefold() in WORDS["withheld"]:
            return True
        if kind == "flag":
            return cell in ("True", "False")
        try:
            number = float(cell)
        except ValueError:
            return False
        return kind != "count" or (number.is_integer() and number >= 0)

    return all(of_kind(kind, row[at]) for at, kind in enumerate(kinds.values()) for row in rows)


def together(folder: Path, told_singly: tuple[str, ...]) -> Iterator[Leak]:
    """Return what the tables of a folder disclose together, and with those shared before."""
    found = list(tables_of(folder, told_singly))
    yield from (one for one in found if isinstance(one, Leak))
    tables = [one for one in found if isinstance(one, Released)]
    names = {table.about.partition(",")[0] for table in tables}
    yield from given_away(tables, [old for old in before() if old.about.partition(",")[0] in names])


def before() -> list[Released]:
    """Read the record of tables shared from this machine."""
    path = key_file().with_name(FILE)
    if not path.is_file():
        return []
    try:
        read: list[dict[str, Any]] = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return [Released(**{**one, "rows": tuple(map(tuple, one["rows"]))}) for one in read]
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise ParameterError(
            f"{path}: expected the record of what was shared, one table a line, and it cannot be read. Restore it; "
            "without it, nothing says what a new archive gives away together with the old ones"
        ) from error


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait until no other process is sharing: each archive is compared with all that left before it."""
    folder = key_file().parent
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def remember(folder: Path, told_singly: tuple[str, ...], archive: str) -> None:
    """Add the tables of an archive to the record, each once, atomically."""
    path = key_file().with_name(FILE)
    lines = {json.dumps(asdict(one) | {"place": ""}): "" for one in before()}
    for one in tables_of(folder, told_singly):
        if isinstance(one, Released):
            told = asdict(one) | {"place": f"{archive}, {one.place}"}
            lines.setdefault(json.dumps(told | {"place": ""}), f"{json.dumps(told)}\n")
    text = (path.read_text(encoding="utf-8") if path.is_file() else "") + "".join(lines.values())
    put_file(path, lambda file: file.write_text(text, encoding="utf-8"), path.parent, mode=0o600)
