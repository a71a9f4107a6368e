"""Read JSON documents and JSON lines: nested records become text columns.

A field of a nested object becomes a column named by its path (``person.race``); a list stays in its cell as JSON text.
Numbers keep every digit as written. If the declared path leads through an outer list (``cases.allegations``), each
record also has the fields of the outer item under the outer list's name (``cases.id``), and an outer item without
records becomes one row. Records by key (``{"19-1": {...}, "19-2": {...}}``) are reached by ``*`` in the path; the key
becomes the field ``record_key``.
"""

from __future__ import annotations

import codecs
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from accountability.errors import SourceError
from accountability.records.readers.cells import Number, text_frame
from accountability.records.readers.format import Format, RawTable, check_usecols, header_names, listed
from accountability.records.readers.raw import BLOCK, Stream, decoded


class _Repeated(ValueError):
    """An object has the same key twice."""


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise _Repeated(f"an object holds the key {twice!r} more than once")
    return result


#: What stands in a path for every record of an object that holds records by key, and the field that keeps the key.
EACH = "*"
KEY = "record_key"
_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_float=Number, parse_int=Number, parse_constant=Number)


@dataclass(frozen=True, slots=True)
class Missing:
    """Placeholder for the missing records of an outer item."""


def read_json(stream: Stream, fmt: Format, usecols: Sequence[str] | None) -> RawTable:
    """Read a JSON document.

    Raises
    ------
    SourceError
        For malformed JSON (with line and column), a repeated key, a record that is not an object, or no list of records
        at the declared path.
    """
    notes: list[str] = []
    document = parse(json_text_of(stream, fmt, notes), stream.name)
    path = fmt.record_path.split(".") if fmt.record_path else []
    if not path and not isinstance(document, list):
        if by_column(document):
            raise SourceError(
                f"{stream.name}: expected records, found columns whose cells stand by the number of their row, as "
                "pandas writes them; write records: pandas.read_json(FILE, dtype=False).to_json(NEW, orient='records')"
            )
        found = record_paths(document)
        hint = f" Lists in it: {listed(found)}; say which: record_path: PATH." if found else ""
        raise SourceError(f"{stream.name}: expected a list of records, found {_kind(document)}.{hint}")
    rows: list[dict[str, object]] = []
    for number, (outer, record) in enumerate(_records(document, path, "", {}, stream.name), 1):
        rows.append(_row(outer, record, fmt, f"{stream.name}, record {number}"))
    return _table(rows, stream.name, fmt, usecols, notes, "record", None)


def read_json_lines(stream: Stream, fmt: Format, usecols: Sequence[str] | None) -> RawTable:
    """Read a file with one JSON record per line; blank lines are skipped and noted.

    Raises
    ------
    SourceError
        As for :func:`read_json`, with the line.
    """
    notes: list[str] = []
    path = fmt.record_path.split(".") if fmt.record_path else []
    rows, lines, blank = [], [], []
    for number, line in enumerate(json_text_of(stream, fmt, notes).split("\n"), 1):
        if not line.strip():
            blank.append(number)
            continue
        record = parse(line, stream.name, number)
        where = f"{stream.name}, line {number}"
        for outer, inner in _records([record], path, "", {}, where):
            rows.append(_row(outer, inner, fmt, where))
            lines.append(number)
    inner = [number for number in blank if lines and number < lines[-1]]
    if inner:
        notes.append(f"{len(inner)} blank line(s) passed over, the first on line {inner[0]}")
    return _table(rows, stream.name, fmt, usecols, notes, "line", np.array(lines, np.int64))


def _row(outer: dict[str, object], record: object, fmt: Format, where: str) -> dict[str, object]:
    """The columns of one record with those of the outer items it belongs to."""
    own = {} if isinstance(record, Missing) else _fields(record, fmt, where)
    if clash := outer.keys() & own.keys():
        raise SourceError(f"{where}: the field {min(clash)!r} has the same name as one of the outer item.")
    return outer | own


def parse(text: str, name: str, line: int | None = None) -> object:
    """Parse JSON text; ``line`` is its line number if it is one line of a file.

    Raises
    ------
    SourceError
        With the line and column where parsing stopped.
    """
    try:
        value, end = _DECODER.raw_decode(text, len(text) - len(text.lstrip()))
        if text[end:].strip():
            raise json.JSONDecodeError("text after the end of the document", text, end)
    except json.JSONDecodeError as error:
        at = error.lineno if line is None else line
        raise SourceError(f"{name}, line {at}, column {error.colno}: not JSON: {error.msg}.") from error
    except (_Repeated, RecursionError) as error:
        what = "lists or objects are nested too deep" if isinstance(error, RecursionError) else str(error)
        where = name if line is None else f"{name}, line {line}"
        raise SourceError(f"{where}: {what}.") from error
    return value


def record_paths(document: object, depth: int = 3) -> list[str]:
    """Return the paths of the lists of objects in a document, the longest list first."""
    found: list[tuple[int, str]] = []

    def walk(value: object, path: tuple[str, ...]) -> None:
        if isinstance(value, list):
            if value and (all(isinstance(item, dict) for item in value) or names_for(document, value)):
                found.append((-len(value), ".".join(path)))
        elif isinstance(value, dict) and by_key(value):
            found.append((-len(value), ".".join((*path, EACH))))
        elif isinstance(value, dict) and len(path) < depth:
            for key, inner in value.items():
                walk(inner, (*path, key))

    walk(document, ())
    return [path for _, path in sorted(found)]


def by_key(value: dict[str, Any]) -> bool:
    """Return whether an object holds records by key: objects (or lists) with a shared field under numeric keys."""
    kinds = {type(item) for item in value.values()}
    items = [one for item in value.values() for one in (item if isinstance(item, list) else [item])]
    if kinds not in ({dict}, {list}) or not items or not all(isinstance(item, dict) for item in items):
        return False
    numbers = sum(any(char.isdigit() for char in key) for key in value)
    shared = Counter(field for item in items for field in item).most_common(1)
    return len(value) > 1 and numbers >= 0.8 * len(value) and bool(shared) and shared[0][1] >= 0.9 * len(items)


def by_column(value: object) -> bool:
    """Return whether an object holds columns of cells by row number, as pandas writes them."""
    if not isinstance(value, dict) or len(value) < 2 or not all(isinstance(held, dict) for held in value.values()):
        return False
    return all(list(held) == [str(n) for n in range(len(held))] and len(held) > 1 for held in value.values())


def names_for(document: object, rows: Sequence[object]) -> list[str]:
    """Return names for records that are lists, from elsewhere in the document: texts, or objects with a ``name``."""
    width = {len(row) for row in rows if isinstance(row, list)}
    if len(width) != 1 or not all(isinstance(row, list) for row in rows):
        return []
    waiting: list[Any] = [document]
    names: list[str] = []
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list) and value is not rows and len(value) in width:
            told = [item.get("name") if isinstance(item, dict) else item for item in value]
            if all(type(name) is str for name in told) and len(set(told)) == len(told):
                names = [str(name) for name in told]
    return names


def _keyed(value: dict[str, Any], name: str) -> list[object]:
    """Records by key as a list, the key a field of each."""
    found: list[object] = []
    for key, item in value.items():
        for one in item if isinstance(item, list) else [item]:
            if not isinstance(one, dict):
                raise SourceError(f"{name}: expected an object under the key {key!r}, found {_kind(one)}.")
            found.append({KEY: key, **one})
    return found


def list_at(document: object, path: str) -> list[object]:
    """Return the list of records at a path through objects only."""
    for key in path.split(".") if path else ():
        if key == EACH and isinstance(document, dict):
            document = _keyed(document, "")
        else:
            document = document[key] if isinstance(document, dict) else None
    return document if isinstance(document, list) else []


def nested_lists(records: Sequence[object]) -> list[str]:
    """Return the fields that hold a list of records, or nothing, in every record."""
    objects = [record for record in records if isinstance(record, dict)]
    names: dict[tuple[str, ...], None] = {}
    for record in objects:
        for key, value in record.items():
            held = value.items() if isinstance(value, dict) else ()
            names |= {(key,): None} if isinstance(value, list) else {}
            names |= {(key, inner): None for inner, further in held if isinstance(further, list)}
    return [".".join(name) for name in names if not any("." in key for key in name) and _inner(objects, name)]


def inner_path(records: Sequence[object]) -> str:
    """Return the path to the lists nested in records, while there is only one at each level."""
    path = []
    while len(names := nested_lists(records)) == 1:
        path.append(names[0])
        records = _inner(records, names[0].split("."))
    return ".".join(path)


def _inner(records: Sequence[object], path: Sequence[str]) -> list[object]:
    """All inner records of a field, or none if any of its values is something else."""
    values: list[Any] = [record for record in records if isinstance(record, dict)]
    for key in path:
        values = [(value.get(key) if isinstance(value, dict) else value) or [] for value in values]
    found = [item for value in values if isinstance(value, list) for item in value]
    whole = all(isinstance(value, list) for value in values) and all(isinstance(item, dict) for item in found)
    return found if whole else []


def json_text_of(stream: Stream, fmt: Format, notes: list[str]) -> str:
    """Read the whole text of a JSON file; without a declared encoding, its first bytes decide."""
    if fmt.encoding is None and (encoding := json.detect_encoding(stream.peek(4))) not in ("utf-8", "utf-8-sig"):
        fmt = fmt.model_copy(update={"encoding": codecs.lookup(encoding).name})
    return b"".join(decoded(stream, fmt, BLOCK, notes)).decode()


def _kind(value: object) -> str:
    kinds = {dict: "an object", list: "a list", Number: "a number", str: "text", bool: "a truth value"}
    return kinds.get(type(value), "null")


def _records(
    value: object, path: list[str], reached: str, outer: dict[str, object], name: str
) -> Iterator[tuple[dict[str, object], object]]:
    """Walk down ``path``; every record with the fields of the outer items it belongs to."""
    if isinstance(value, list):
        for item in value:
            if not path:
                yield outer, item
                continue
            if not isinstance(item, dict):
                raise SourceError(
                    f"{name}: expected objects in the list {reached or 'at the top'!r}, found {_kind(item)}."
                )
            own = {k: v for k, v in item.items() if k != path[0]}
            carried = outer | _flat(own, f"{reached or 'parent'}.", name)
            inner = item.get(path[0])
            if inner is None or inner == []:
                yield carried, Missing()
            else:
                yield from _records(inner, path[1:], _joined(reached, path[0]), carried, name)
    elif isinstance(value, dict) and path[:1] == [EACH]:
        yield from _records(_keyed(value, name), path[1:], reached, outer, name)
    elif isinstance(value, dict) and path and outer:  # an object inside a record: what stands beside the list is kept
        beside = {k: v for k, v in value.items() if k != path[0]}
        carried = outer | _flat(beside, f"{reached}.", name)
        inner = value.get(path[0])
        if inner is None or inner == []:
            yield carried, Missing()
        else:
            yield from _records(inner, path[1:], _joined(reached, path[0]), carried, name)
    elif isinstance(value, dict) and path:
        if path[0] not in value:
            raise SourceError(
                f"{name}: expected the key {path[0]!r} of record_path, found only: {listed(map(repr, value))}."
            )
        yield from _records(value[path[0]], path[1:], _joined(reached, path[0]), outer, name)
    elif path or not isinstance(value, dict):
        raise SourceError(f"{name}: expected a list of records at {reached!r}, found {_kind(value)}.")
    else:
        yield outer, value


def _joined(reached: str, key: str) -> str:
    return f"{reached}.{key}" if reached else key


def _fields(record: object, fmt: Format, where: str) -> dict[str, object]:
    """Columns of one record: an object, or a list in the order of the declared names."""
    if isinstance(record, dict):
        return _flat(record, "", where)
    if isinstance(record, list) and fmt.names is not None:
        if len(record) != len(fmt.names):
            raise SourceError(f"{where}: expected {len(fmt.names)} values, one for each name, found {len(record)}.")
        return dict(zip(fmt.names, record, strict=True))
    hint = " Give the names of its values with names: [...]." if isinstance(record, list) else ""
    raise SourceError(f"{where}: expected an object, found {_kind(record)}.{hint}")


def _flat(record: dict[str, object], prefix: str, where: str) -> dict[str, object]:
    result: dict[str, object] = {}
    for key, value in record.items():
        inner = (
            _flat(value, f"{prefix}{key}.", where)
            if isinstance(value, dict) and value
            else {f"{prefix}{key}": None if value in ({}, []) else value}
        )
        if clash := result.keys() & inner.keys():
            raise SourceError(f"{where}: two fields are both called {min(clash)!r} once nested names are joined.")
        result |= inner
    return result


def _table(
    rows: list[dict[str, object]],
    name: str,
    fmt: Format,
    usecols: Sequence[str] | None,
    notes: list[str],
    unit: str,
    lines: np.ndarray | None,
) -> RawTable:
    if not rows:
        raise SourceError(f"{name}: the file holds no record.")
    columns, more = header_names(list(dict.fromkeys(key for row in rows for key in row)) or [""], None, name)
    wanted = check_usecols(usecols, columns, name) or columns
    partly = [column for column in columns if any(column not in row for row in rows)]
    if partly:
        notes.append(f"{len(partly)} field(s) are absent from some records: {listed(partly)}")
    frame = text_frame({column: [row.get(column) for row in rows] for column in wanted})
    if lines is None:
        return RawTable(frame, name, tuple(columns), 1, "record", None, (*notes, *more))
    plain = bool((np.diff(lines) == 1).all())
    return RawTable(frame, name, tuple(columns), int(lines[0]), "line", None if plain else lines, (*notes, *more))
