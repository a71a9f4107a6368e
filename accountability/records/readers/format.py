"""The format of a raw file (:class:`Format`) and its rows as read (:class:`RawTable`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from accountability.errors import SourceError, nearest_of

Kind = Literal["csv", "tsv", "fixed", "xlsx", "xls", "xml", "html", "json", "jsonl", "parquet", "sqlite"]

_DELIMITED: Final = frozenset({"csv", "tsv"})
_SHEETS: Final = frozenset({"xlsx", "xls", "xml"})
_GRIDS: Final = _SHEETS | {"html"}
_LINES: Final = _DELIMITED | {"fixed"}
_TEXT: Final = _LINES | {"json", "jsonl", "html"}
_BELONGS: Final = {
    **dict.fromkeys(("delimiter", "quote", "escape", "multiline", "trailing_delimiter"), _DELIMITED),
    "encoding": _TEXT,
    **dict.fromkeys(("skip_footer", "header_row"), _LINES | _GRIDS),
    "names": _LINES | _GRIDS | {"json", "jsonl"},
    **dict.fromkeys(("starts", "whole", "touching"), frozenset({"fixed"})),
    "sheet": _SHEETS,
    "merged": _GRIDS,
    "record_path": frozenset({"json", "jsonl"}),
    "table": frozenset({"sqlite", "html"}),
}


class Format(BaseModel):
    """The format of one raw file: the ``format`` block in ``source.yaml``.

    A setting of another type is refused, so that a misplaced ``sheet`` is not silently ignored.

    Attributes
    ----------
    type
        ``csv``, ``tsv``, ``fixed`` (columns of fixed width, printed reports), ``xlsx``, ``xls``, ``xml`` (a workbook as
        one XML file, of 2003), ``html`` (tables of a web page), ``json``, ``jsonl``, ``parquet`` or ``sqlite``. The
        file's content counts, not its name. Gzip and zip are recognised and need no type.
    delimiter
        One character between fields. Default: a comma, for ``tsv`` a tab.
    quote, escape
        The quoting character (``none`` when quotes are ordinary text) and the escaping character, if any. A quote
        inside a quoted field is doubled.
    encoding
        Text encoding. Default: UTF-8, or that of a byte-order mark.
    header_row
        Line (or sheet row) of the header, counted from 1. ``0`` if there is none; ``names`` then has the column names.
    names
        Column names instead of the header's, one per field.
    multiline
        Whether a quoted cell may contain lines that look like records; otherwise such a cell is refused, because a
        stray quote looks the same.
    trailing_delimiter
        Whether every record ends with one more delimiter than the header; text after it is refused.
    starts
        In a fixed-width file, the first character of each column, counted from 1.
    whole
        A pattern of lines that are not records (page headings, totals): kept whole in the first column, for
        ``prepare``.
    touching
        Whether a column may be full up to the next; otherwise text that runs on is refused.
    skip_footer
        Number of non-blank lines (or sheet rows) at the end that are not records.
    sheet, table
        Sheet of a workbook, table of an SQLite database, number of a table in a web page; needed if there are several.
    merged
        ``fill``: copy the value of a merged range over several rows below the header to each of its cells. Otherwise
        all but the first are blank, as stored.
    member
        File inside a zip archive. Needed when there is more than one.
    record_path
        Keys to the list of records in JSON, joined by dots, also through outer lists; ``*`` for records by key, which
        becomes the column ``record_key``.
    max_bytes, max_ratio
        Limits on the unpacked size, and on unpacked / packed size, above which an archive is refused.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    type: Kind = "csv"
    delimiter: str | None = Field(default=None, min_length=1, max_length=1)
    quote: str | None = Field(default='"', min_length=1, max_length=1)
    escape: str | None = Field(default=None, min_length=1, max_length=1)
    encoding: str | None = None
    header_row: int = Field(default=1, ge=0)
    names: tuple[str, ...] | None = None
    multiline: bool = False
    trailing_delimiter: bool = False
    starts: tuple[int, ...] | None = Field(default=None, min_length=1)
    whole: str | None = None
    touching: bool = False
    skip_footer: int = Field(default=0, ge=0)
    sheet: str | None = None
    table: str | None = None
    merged: Literal["fill"] | None = None
    member: str | None = None
    record_path: str | None = None
    max_bytes: int = Field(default=8 * 2**30, gt=0)
    max_ratio: float = Field(default=250.0, gt=1)

    @field_validator("quote", "escape", mode="before")
    @classmethod
    def _none_is_no_character(cls, value: object) -> object:
        return None if value == "none" else value

    @field_validator("table", mode="before")
    @classmethod
    def _table_may_be_a_number(cls, value: object) -> object:
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

    @field_validator("encoding")
    @classmethod
    def _encoding_is_known(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                "".encode(value)
            except (LookupError, ValueError) as error:
                raise ValueError(f"{value!r} is not a text encoding Python knows") from error
        return value

    @model_validator(mode="after")
    def _settings_belong_together(self) -> Format:
        for name in sorted(self.model_fields_set & set(_BELONGS)):
            if self.type not in _BELONGS[name]:
                of = ", ".join(sorted(_BELONGS[name]))
                raise ValueError(f"{name} is a setting of {of}; this file is declared {self.type}")
        used = [c for c in (self.separator, self.quote, self.escape) if c is not None]
        if len(set(used)) < len(used) or any(c in "\r\n\0" for c in used):
            raise ValueError(
                f"delimiter {self.separator!r}, quote {self.quote!r} and escape {self.escape!r} "
                "must be three different characters, none of them a line end"
            )
        if self.type == "fixed" and (not self.starts or any(np.diff((0, *self.starts)) < 1)):
            raise ValueError(f"starts: expected the character each column begins on, rising, found {self.starts}")
        if self.header_row == 0 and self.names is None:
            raise ValueError("header_row: 0 says the file has no header; give the column names as names: [...]")
        return self

    @property
    def separator(self) -> str:
        """Delimiter: the declared one, else the type's default."""
        return self.delimiter or ("\t" if self.type == "tsv" else ",")


@dataclass(frozen=True, slots=True)
class RawTable:
    """The rows of one raw file as text, without interpretation.

    Attributes
    ----------
    frame
        One row per record, in file order, index 0, 1, ...; every column of dtype ``str``. An empty field is missing
        (NA); all other text is as published: ``NA`` stays ``NA``, ids keep leading zeros.
    file
        Name of the file (with ``: member``, ``, sheet`` or ``, table`` if any), for messages.
    columns
        All columns of the file, including those not asked for.
    first_line
        Line, sheet row or record number of the first row of the frame.
    unit
        Unit of ``first_line`` and :meth:`line`: ``line``, ``row`` or ``record``.
    lines
        The number of every row, if not consecutive; else ``None``.
    notes
        Notes of the reader: the encoding, a byte-order mark, skipped blank lines, columns without a name.
    """

    frame: pd.DataFrame
    file: str
    columns: tuple[str, ...]
    first_line: int = 2
    unit: Literal["line", "row", "record"] = "line"
    lines: npt.NDArray[np.int64] | None = None
    notes: tuple[str, ...] = ()

    def line(self, row: int) -> int:
        """Return the line (sheet row, record) number in the file of row ``row`` of the frame."""
        return self.first_line + row if self.lines is None else int(self.lines[row])

    def place(self, row: int) -> str:
        """Return the place of row ``row`` of the frame, for a message: ``complaints.csv, line 17``."""
        return f"{self.file}, {self.unit} {self.line(row)}"


def header_names(cells: Sequence[str], names: Sequence[str] | None, where: str) -> tuple[list[str], list[str]]:
    """Check a header, and return the column names with notes.

    Parameters
    ----------
    cells
        The header's fields as read; empty if there is no header.
    names
        Declared names that replace them.
    where
        File and line, for messages.

    Returns
    -------
    tuple
        Column names, and a note if columns without a name were named ``column_<position>``.

    Raises
    ------
    SourceError
        If a name occurs twice, or no field has a name.
    """
    notes: list[str] = []
    if names is None:
        if not any(cell.strip() for cell in cells):
            raise SourceError(
                f"{where}: expected the column names, found an empty line. Say on which line they stand "
                "(header_row: N), or that there are none (header_row: 0 with names: [...])."
            )
        blank = [i for i, cell in enumerate(cells, 1) if not cell.strip()]
        names = [cell if cell.strip() else f"column_{i}" for i, cell in enumerate(cells, 1)]
        if blank:
            notes.append(
                f"{len(blank)} column(s) have no name in the header; called " + listed(f"column_{i}" for i in blank)
            )
    twice = [f"{name!r} ({n} times)" for name, n in Counter(names).items() if n > 1]
    if twice:
        raise SourceError(
            f"{where}: {len(twice)} column name(s) occur more than once: {listed(twice)}. "
            "Give every column a name of its own with names: [...] in the file's format."
        )
    return list(names), notes


def check_usecols(usecols: Iterable[str] | None, columns: Sequence[str], where: str) -> list[str] | None:
    """Check that the wanted columns exist, and return them in the file's order.

    Raises
    ------
    SourceError
        If a wanted column is not in the file; names the nearest.
    """
    if usecols is None:
        return None
    wanted = list(usecols)
    missing = [name for name in wanted if name not in set(columns)]
    if missing:
        near = nearest_of(missing[0], columns)
        hint = f" Nearest to {missing[0]!r}: {near!r}." if near else ""
        raise SourceError(
            f"{where}: {len(missing)} of {len(wanted)} expected columns are not there: "
            f"{listed(map(repr, missing))}.{hint} The file has: {listed(map(repr, columns), 30)}."
        )
    keep = set(wanted)
    return [name for name in columns if name in keep]


def listed(items: Iterable[str], limit: int = 8) -> str:
    """Join the first ``limit`` items with commas, with the number of further ones."""
    every = list(items)
    more = f" and {len(every) - limit} more" if len(every) > limit else ""
    return ", ".join(every[:limit]) + more
