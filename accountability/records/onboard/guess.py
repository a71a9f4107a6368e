"""Guess the format of an unknown file; a person confirms it before anything is loaded."""

from __future__ import annotations

import codecs
import csv
import itertools
import json
import re
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from accountability.errors import SourceError
from accountability.records.onboard.layout import ROW_NAME
from accountability.records.onboard.report_lines import fixed_width, refuse_without_gaps
from accountability.records.readers import opened
from accountability.records.readers.archive import members
from accountability.records.readers.cells import cell_text
from accountability.records.readers.columnar import table_sizes
from accountability.records.readers.fixed_width import text_lines
from accountability.records.readers.format import Format, Kind
from accountability.records.readers.html_tables import html_sheets
from accountability.records.readers.json_records import (
    by_column,
    inner_path,
    json_text_of,
    list_at,
    names_for,
    parse,
    record_paths,
)
from accountability.records.readers.raw import ZIP, Stream, decoded, explained, is_page, joined_lines
from accountability.records.readers.sheet_xml import is_sheet_xml, xml_sheets
from accountability.records.readers.workbook import Sheet, sheets_of

_SAMPLE: Final = 2**20
_RECORDS: Final = 300
_HEADER_WITHIN: Final = 40
_DELIMITERS: Final = (",", "\t", ";", "|")
_READABLE: Final = (
    ".csv",
    ".tsv",
    ".txt",
    ".prn",
    ".dat",
    ".xlsx",
    ".xls",
    ".json",
    ".jsonl",
    ".ndjson",
    ".parquet",
    ".gz",
)
_BINARY: Final[tuple[tuple[bytes, Kind], ...]] = (
    (b"SQLite format 3\0", "sqlite"),
    (b"PAR1", "parquet"),
    (b"\xd0\xcf\x11\xe0", "xls"),
    (ZIP, "xlsx"),
)


def guess(path: Path | str) -> Format:
    """Guess the format of a file, from its content and then from its name.

    Of several sheets, tables, lists or archive members the largest is used; :func:`parts` returns all.

    Raises
    ------
    SourceError
        If the file cannot be opened, or contains no table.
    """
    return parts(path)[0]


def parts(path: Path | str) -> list[Format]:
    """Guess the format of every possible table in a file, the largest first.

    A workbook gives one format for each sheet with rows, an SQLite database one for each table, a JSON document one
    for each list of records, a zip archive those of all its readable members; any other file gives one.

    Raises
    ------
    SourceError
        If the file cannot be opened, or contains no table.
    """
    path = Path(path)
    found: list[Format] = []
    for member in _members(path):
        found += _guessed(path, member)
    if not found:
        raise SourceError(f"{path.name}: nothing in the file looks like a table.")
    return found


def header_cells(path: Path | str, fmt: Format) -> list[str]:
    """Return the cells of the header unchanged, for a file with repeated column names.

    Raises
    ------
    SourceError
        If the file cannot be opened, has a type without a header row, or ends before it.
    """
    path = Path(path)
    found: Sequence[str] | None = None
    with opened(path, fmt) as stream:
        if fmt.type in ("csv", "tsv"):
            blocks = itertools.islice(decoded(stream, fmt, 2**16, []), _SAMPLE // 2**16)
            lines = [m.group().decode() for m in itertools.islice(joined_lines(blocks), 10 * _RECORDS)]
            records = _records(lines, fmt.separator, fmt.quote)
            found = next((cells for line, cells in records if line == fmt.header_row), None)
        elif fmt.type in ("xlsx", "xls", "xml", "html"):
            sheets = {sheet.name: sheet.rows for sheet in grids(stream, fmt)}
            wanted = fmt.table if fmt.type == "html" else fmt.sheet
            rows = sheets[wanted] if wanted in sheets else next(iter(sheets.values()), [])
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
    head = b""
    if kind is None:
        with opened(path, base, check=False) as stream:
            head = stream.peek(2048)
        kind = next((k for magic, k in _BINARY if head.startswith(magic)), None)
        if kind is None and is_page(head):
            kind = "html"
        elif kind is None and is_sheet_xml(head):
            kind = "xml"
        elif kind is None and name.suffix.lower() == ".xls" and b"\0" in head and _wide(head) is None:
            kind = "xls"  # older than the container later workbooks are wrapped in
    if kind is None:
        suffix = (name.with_suffix("") if name.suffix.lower() in (".gz", ".zip") else name).suffix.lower()
        kind = _text_kind(path, base, suffix)
    fmt = Format(type=kind, member=member) if member else Format(type=kind)
    if kind == "html" and (encoding := _encoding(path, fmt)):
        said = re.search(rb"charset=[\"']?([\w-]+)", head)  # head was read: a page is known by it
        fmt = Format.model_validate(fmt.model_dump(exclude_unset=True) | {"encoding": _known(said) or encoding})
    if kind in ("xlsx", "xls", "xml", "html"):
        return _sheets(path, fmt)
    if kind == "sqlite":
        return _tables(path, fmt)
    if kind in ("json", "jsonl"):
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
    with opened(path, fmt, check=False) as stream:
        if wide := _wide(stream.peek(2048)):
            return None if wide == "marked" else wide
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


def _known(said: re.Match[bytes] | None) -> str | None:
    """The encoding a page says it is in, where Python knows it."""
    try:
        return codecs.lookup(said[1].decode()).name if said else None
    except LookupError:
        return None


def _wide(head: bytes) -> str | None:
    """The encoding of text of two bytes a character (``marked``: a byte-order mark says it), from its first bytes."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "marked"
    pairs = len(head) // 2
    for encoding, blank, letter in (("utf-16-le", head[1::2], head[0::2]), ("utf-16-be", head[0::2], head[1::2])):
        if pairs >= 8 and blank.count(0) > 0.9 * pairs and all(c >= 32 or c in b"\t\r\n" for c in letter):
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
    fits, width, delimiter, quote, records = best
    if (width <= 2 or fits < 0.8) and "\t" not in "".join(lines):
        with opened(path, readable) as stream:
            every = list(text_lines(stream, readable, []))
        if (columns := fixed_width(every)) is not None:
            return Format.model_validate({"type": "fixed", **settings, **columns})
        refuse_without_gaps([line for line in every if line.strip()], path.name, width)
    if delimiter != ",":
        settings |= {"type": "tsv"} if delimiter == "\t" else {"delimiter": delimiter}
    if quote is None:
        settings["quote"] = "none"
    if (row := header_row(records)) > 1:
        settings["header_row"] = row
    if _ends_with_delimiter(records, row):
        settings["trailing_delimiter"] = True
    elif short := _one_name_short(records, row):
        settings["names"] = [ROW_NAME, *short]
    return Format.model_validate({"type": "csv", **settings})


def _ends_with_delimiter(records: Sequence[tuple[int, Sequence[str]]], header: int) -> bool:
    """Whether every record has one field more than the header, and nothing in it."""
    names = next((cells for line, cells in records if line == header), [])
    below = [cells for line, cells in records if line > header]
    return bool(below) and all(len(cells) == len(names) + 1 and not cells[-1] for cells in below)


def _one_name_short(records: Sequence[tuple[int, Sequence[str]]], header: int) -> list[str]:
    """The names of a header that lacks the first one, as R writes tables with row names; else none."""
    names = next((list(cells) for line, cells in records if line == header), [])
    below = [cells for line, cells in records if line > header]
    short = below and all(len(cells) == len(names) + 1 and cells[0].strip() for cells in below)
    return names if short and len(set(names)) == len(names) and ROW_NAME not in names else []


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
    """Return the number of the first record that looks like column names: nearly full width, distinct, no numbers."""
    filled = [(line, [c.strip() for c in cells if c and c.strip()]) for line, cells in records[:_HEADER_WITHIN]]
    widest = max((len(cells) for _, cells in filled), default=0)
    for line, cells in filled:
        names = len(set(cells)) >= 0.6 * len(cells) and not any(_is_number(cell) for cell in cells)
        if cells and names and len(cells) >= 0.6 * widest:
            return line
    return 1


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "", 1).lstrip("-").isdigit()


def grids(stream: Stream, fmt: Format) -> list[Sheet]:
    """Read every sheet of a workbook, or every table of a web page.

    Raises
    ------
    SourceError
        If the file is damaged or encrypted.
    """
    if fmt.type == "html":
        return html_sheets(stream, fmt)
    return xml_sheets(stream) if fmt.type == "xml" else sheets_of(stream, fmt)


def _sheets(path: Path, fmt: Format) -> list[Format]:
    with opened(path, fmt) as stream:
        sheets = grids(stream, fmt)
        if fmt.type == "html" and not sheets:
            with opened(path, Format(member=fmt.member)):
                pass  # refused as a web page that is no file
    found: list[tuple[int, Format]] = []
    for sheet in sheets:
        texts = [(i, [cell_text(cell) for cell in row]) for i, row in enumerate(sheet.rows, 1)]
        texts = [(i, cells) for i, cells in texts if any(cells)]
        if len(texts) < 2 or (fmt.type == "html" and max(sum(map(bool, cells)) for _, cells in texts) < 2):
            continue
        settings: dict[str, object] = fmt.model_dump(include={"type", "member", "encoding"}, exclude_none=True)
        if len(sheets) > 1:
            settings["table" if fmt.type == "html" else "sheet"] = sheet.name
        if (row := header_row(texts)) > 1:
            settings["header_row"] = row
        if sheet.merged_down(row):
            settings["merged"] = "fill"
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
        text = json_text_of(stream, fmt, [])
        if fmt.type == "json":
            document = parse(text, stream.name)
        else:
            document = [parse(line, stream.name, n) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    given = fmt.model_dump(exclude_defaults=True) | {"type": fmt.type}
    found = []
    if by_column(document):
        return [Format.model_validate(given)]  # refused by name when it is read
    for reached in [""] if isinstance(document, list) else record_paths(document):
        records = list_at(document, reached)
        steps = [step for step in (reached, inner_path(records)) if step]
        told = {"record_path": ".".join(steps)} if steps else {}
        names = names_for(document, records)
        found.append(Format.model_validate(given | told | ({"names": names} if names else {})))
    return found
