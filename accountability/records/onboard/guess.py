"""A first guess at how an unknown file is written; a person confirms it before anything is loaded with it."""

from __future__ import annotations

import csv
import itertools
import json
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from accountability.errors import SourceError
from accountability.records.readers import opened
from accountability.records.readers.archive import members
from accountability.records.readers.cells import cell_text
from accountability.records.readers.columnar import table_sizes
from accountability.records.readers.format import Format, Kind
from accountability.records.readers.json_records import json_text_of, parse, record_paths
from accountability.records.readers.raw import ZIP, decoded, explained, joined_lines
from accountability.records.readers.workbook import sheet_rows

_SAMPLE: Final = 2**20
_RECORDS: Final = 300
_HEADER_WITHIN: Final = 40
_DELIMITERS: Final = (",", "\t", ";", "|")
_READABLE: Final = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".json", ".jsonl", ".ndjson", ".parquet", ".gz")
_BINARY: Final[tuple[tuple[bytes, Kind], ...]] = (
    (b"SQLite format 3\0", "sqlite"),
    (b"PAR1", "parquet"),
    (b"\xd0\xcf\x11\xe0", "xls"),
    (ZIP, "xlsx"),
)


def guess(path: Path | str) -> Format:
    """Guess how a file is written, from its content and then from its name.

    Of several sheets, tables, lists or archive members the largest is taken; :func:`parts` gives them all.

    Raises
    ------
    SourceError
        The file cannot be opened, or nothing in it looks like a table.
    """
    return parts(path)[0]


def parts(path: Path | str) -> list[Format]:
    """Guess the format of everything in a file that may be a table, the largest first.

    A workbook gives one format for each sheet with rows, an SQLite database one for each table, a JSON document one
    for each list of records, a zip archive those of all its readable members; any other file gives one.

    Raises
    ------
    SourceError
        The file cannot be opened, or nothing in it looks like a table.
    """
    path = Path(path)
    found: list[Format] = []
    for member in _members(path):
        found += _guessed(path, member)
    if not found:
        raise SourceError(f"{path.name}: nothing in the file looks like a table.")
    return found


def header_cells(path: Path | str, fmt: Format) -> list[str]:
    """The cells of the header as they stand, for a file whose column names repeat.

    Raises
    ------
    SourceError
        The file cannot be opened, is of a kind that has no header row, or ends before it.
    """
    path = Path(path)
    found: Sequence[str] | None = None
    with opened(path, fmt) as stream:
        if fmt.type in ("csv", "tsv"):
            blocks = itertools.islice(decoded(stream, fmt, 2**16, []), _SAMPLE // 2**16)
            lines = [m.group().decode() for m in itertools.islice(joined_lines(blocks), 10 * _RECORDS)]
            records = _records(lines, fmt.separator, fmt.quote)
            found = next((cells for line, cells in records if line == fmt.header_row), None)
        elif fmt.type in ("xlsx", "xls"):
            sheets = sheet_rows(stream, fmt)
            rows = sheets[fmt.sheet] if fmt.sheet in sheets else next(iter(sheets.values()), [])
            if 0 < fmt.header_row <= len(rows):
                found = [cell_text(cell, timed=False) or "" for cell in rows[fmt.header_row - 1]]
    if found is None:
        raise SourceError(f"{path.name}: no header was found in line {fmt.header_row}.")
    return list(found)


def _members(path: Path) -> list[str | None]:
    """Readable members of a zip archive, the largest first; ``[None]`` for any other file."""
    with explained(str(path)), path.open("rb") as handle:
        if not handle.read(4).startswith(ZIP):
            return [None]
        handle.seek(0)
        with zipfile.ZipFile(handle) as archive:
            if "[Content_Types].xml" in archive.namelist():
                return [None]
            infos = [i for i in members(archive, path.name) if PurePosixPath(i.filename).suffix.lower() in _READABLE]
    return [i.filename for i in sorted(infos, key=lambda i: -i.file_size)]


def _guessed(path: Path, member: str | None) -> list[Format]:
    base = Format(member=member)
    name = PurePosixPath(member or path.name)
    with explained(str(path)), path.open("rb") as handle:
        workbook = member is None and handle.read(4).startswith(ZIP)
    kind: Kind | None = "xlsx" if workbook else None
    if kind is None:
        with opened(path, base, check=False) as stream:
            head = stream.peek(16)
        kind = next((k for magic, k in _BINARY if head.startswith(magic)), None)
        if kind is None and name.suffix.lower() == ".xls" and b"\0" in head:
            kind = "xls"  # older than the container later workbooks are wrapped in
    if kind is None:
        suffix = (name.with_suffix("") if name.suffix.lower() in (".gz", ".zip") else name).suffix.lower()
        kind = _text_kind(path, base, suffix)
    fmt = Format(type=kind, member=member) if member else Format(type=kind)
    if kind in ("xlsx", "xls"):
        return _sheets(path, fmt)
    if kind == "sqlite":
        return _tables(path, fmt)
    if kind == "json":
        return _lists(path, fmt)
    if kind in ("csv", "tsv"):
        return [_delimited(path, fmt)]
    return [fmt]


def _text_kind(path: Path, fmt: Format, suffix: str) -> Kind:
    if suffix in (".jsonl", ".ndjson"):
        return "jsonl"
    with opened(path, fmt) as stream:
        start = stream.peek(_SAMPLE)
    text = start.decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    if text[:1] in ("{", "["):
        lines = [line for line in text.split("\n")[:20] if line.strip()]
        whole = lines if len(start) < _SAMPLE else lines[:-1]
        if len(whole) > 1 and all(_is_object(line) for line in whole):
            return "jsonl"
        return "json"
    return "csv"


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (json.JSONDecodeError, RecursionError):
        return False


def _encoding(path: Path, fmt: Format) -> str | None:
    """``None`` when the file is UTF-8 or marks its encoding itself, else the first that can decode all of it."""
    for encoding in (None, "cp1252", "latin-1"):
        with opened(path, fmt.model_copy(update={"encoding": encoding})) as stream:
            try:
                for _ in decoded(stream, fmt.model_copy(update={"encoding": encoding}), 2**22, []):
                    pass
            except SourceError as error:
                if "the text is not" not in str(error):
                    raise
            else:
                return encoding
    return None


def _delimited(path: Path, fmt: Format) -> Format:
    encoding = _encoding(path, fmt)
    settings: dict[str, object] = {"member": fmt.member} if fmt.member else {}
    if encoding:
        settings["encoding"] = encoding
    readable = Format.model_validate({"type": "csv", **settings})
    with opened(path, readable) as stream:
        blocks = itertools.islice(decoded(stream, readable, 2**16, []), _SAMPLE // 2**16)
        lines = [m.group().decode() for m in itertools.islice(joined_lines(blocks), 10 * _RECORDS)]
    best: tuple[float, int, str, str | None, list[tuple[int, list[str]]]] = (0.0, 1, ",", '"', [])
    for delimiter, quote in itertools.product(_DELIMITERS, ('"', None)):
        records = _records(lines, delimiter, quote)
        if not records:
            continue
        width, agree = Counter(len(cells) for _, cells in records).most_common(1)[0]
        # more columns win only when they fit the records as well: a comma inside narratives fits few
        if width > 1 and (agree / len(records), width) > best[:2]:
            best = (agree / len(records), width, delimiter, quote, records)
    _, _, delimiter, quote, records = best
    if delimiter != ",":
        settings |= {"type": "tsv"} if delimiter == "\t" else {"delimiter": delimiter}
    if quote is None:
        settings["quote"] = "none"
    if (row := header_row(records)) > 1:
        settings["header_row"] = row
    return Format.model_validate({"type": "csv", **settings})


def _records(lines: Sequence[str], delimiter: str, quote: str | None) -> list[tuple[int, list[str]]]:
    """The first records with the line each begins on; none when this reading breaks the rules of quoting."""
    reader = csv.reader(
        lines,
        delimiter=delimiter,
        quotechar=quote or '"',
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        strict=True,
    )
    records: list[tuple[int, list[str]]] = []
    while len(records) < _RECORDS:
        line = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error:
            # a quote still open at the end of the sample is no fault
            return records if reader.line_num == len(lines) else []
        if cells is None:
            break
        if cells:
            records.append((line, cells))
    return records


def header_row(records: Sequence[tuple[int, Sequence[str | None]]]) -> int:
    """Number of the first record that reads like column names: nearly as wide as any, mostly distinct, no numbers."""
    filled = [(line, [c.strip() for c in cells if c and c.strip()]) for line, cells in records[:_HEADER_WITHIN]]
    widest = max((len(cells) for _, cells in filled), default=0)
    for line, cells in filled:
        names = len(set(cells)) >= 0.6 * len(cells) and not any(_is_number(cell) for cell in cells)
        if cells and names and len(cells) >= 0.6 * widest:
            return line
    return 1


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "", 1).lstrip("-").isdigit()


def _sheets(path: Path, fmt: Format) -> list[Format]:
    with opened(path, fmt) as stream:
        sheets = sheet_rows(stream, fmt)
    found: list[tuple[int, Format]] = []
    for name, rows in sheets.items():
        texts = [(i, [cell_text(cell) for cell in row]) for i, row in enumerate(rows, 1)]
        texts = [(i, cells) for i, cells in texts if any(cells)]
        if len(texts) < 2:
            continue
        settings: dict[str, object] = {"type": fmt.type}
        if fmt.member:
            settings["member"] = fmt.member
        if len(sheets) > 1:
            settings["sheet"] = name
        if (row := header_row(texts)) > 1:
            settings["header_row"] = row
        found.append((len(texts), Format.model_validate(settings)))
    return [guessed for _, guessed in sorted(found, key=lambda f: -f[0])]


def _tables(path: Path, fmt: Format) -> list[Format]:
    with opened(path, fmt) as stream:
        sizes = table_sizes(stream)
    if len(sizes) == 1:
        return [fmt]
    given = fmt.model_dump(exclude_defaults=True) | {"type": "sqlite"}
    ranked = sorted(sizes, key=lambda size: -size[1])
    return [Format.model_validate(given | {"table": name}) for name, rows in ranked if rows]


def _lists(path: Path, fmt: Format) -> list[Format]:
    with opened(path, fmt) as stream:
        document = parse(json_text_of(stream, fmt, []), stream.name)
    if isinstance(document, list):
        return [fmt]
    given = fmt.model_dump(exclude_defaults=True) | {"type": "json"}
    return [Format.model_validate(given | {"record_path": where}) for where in record_paths(document)]
