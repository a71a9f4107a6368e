"""Export the coded tables to Stata, SPSS, Parquet or CSV, with labels, codebooks, a data package and scripts.

Only coded data are exported: pseudonyms, dates and terms. The agency's own text (``raw_`` columns, notes, long texts)
and the row numbers of the published file are not; the codebook lists them. The sharing gate checks first.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any, Final

import pandas as pd

from accountability.errors import ParameterError, Refusal
from accountability.records.leaving.codebook_pages import data_package, ddi, page
from accountability.records.leaving.coded_columns import Leaving, hidden_ids, leaving
from accountability.records.leaving.known import known
from accountability.records.leaving.leak import COLUMNS, Leak, masked
from accountability.records.leaving.read_back import do_file, r_script
from accountability.records.leaving.table_files import ENDINGS, write_file
from accountability.records.leaving.word_rules import in_text
from accountability.vocabulary import PEOPLE, ROSTER

_WHO: Final = (*PEOPLE.values(), ROSTER)
TABLES: Final = ("cases", "allegations", "events", *_WHO)
#: A term may hold a number ("1 day") without counting anybody.
_OF_COUNTS: Final = frozenset({"small cell", "difference", "one case"})
_SHOWN: Final = 12


def write_tables(data: Any, kind: str, folder: str | Path) -> list[Path]:
    """Write the coded tables and their documentation; see :meth:`Dataset.export`."""
    if kind not in ENDINGS:
        raise ParameterError(
            f"data.export writes {', '.join(ENDINGS)}, found {kind!r}; write data.export('stata', ...)"
        )
    target = Path(folder)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ParameterError(f"{target} is there already and not empty; name a new folder")
    tables = {name: table for name in TABLES if len(table := with_state(data, name))}
    columns = [column for name, table in tables.items() for column in leaving(name, table, data.labels)]
    found, notes = leaks(data.name, columns)
    if found:
        lines = [f"  {leak.place}: {leak.kind}: {leak.excerpt}; {leak.fix}" for leak in found[:_SHOWN]]
        more = [f"  and {len(found) - _SHOWN:,} more"] if len(found) > _SHOWN else []
        raise Refusal("\n".join([f"{data.name}: {len(found):,} thing(s) must not leave:", *lines, *more]))
    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        names = _written(data, kind, part, tables, columns, notes)
        if target.exists():
            target.rmdir()
        part.rename(target)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return [target / name for name in names]


def _written(
    data: Any, kind: str, part: Path, tables: dict[str, pd.DataFrame], columns: list[Leaving], notes: tuple[str, ...]
) -> list[str]:
    files: dict[str, int] = {}
    for name, table in tables.items():
        own = [column for column in columns if column.table == name]
        file = f"{name}.{ENDINGS[kind]}"
        write_file(hidden_ids(data.name, table), own, part / file, kind)
        files[file] = len(table)
    texts = {
        "codebook.html": page(data, columns, notes),
        "codebook.xml": ddi(data, columns, files),
        "datapackage.json": data_package(data, columns, part, files),
        "read.R": r_script(kind, columns),
        "read.do": do_file(kind, columns),
    }
    for name, text in texts.items():
        (part / name).write_text(text, encoding="utf-8")
    return [*files, *texts]


def with_state(data: Any, name: str) -> pd.DataFrame:
    """Return a table for export; the cases get their closing state."""
    table: pd.DataFrame = data.people.get(name, pd.DataFrame()) if name in _WHO else getattr(data, name)
    if name != "cases" or "closing_state" in table:
        return table
    from accountability.records.case_ends import closing_state

    return table.assign(closing_state=closing_state(data).to_numpy())


def leaks(name: str, columns: list[Leaving]) -> tuple[list[Leak], tuple[str, ...]]:
    """Return headings and terms that must not be exported, and notes on what could not be compared."""
    with_what = known([name])
    found = []
    for column in columns:
        if not column.name:
            continue
        place = f"{column.table}, {column.column}"
        personal = (kind for kind, pattern in COLUMNS.items() if pattern.fullmatch(column.column))
        found += [Leak(place, kind, masked(column.column)) for kind in personal if column.kind != "pseudonym"]
        found += [
            leak for term in column.terms for leak in in_text(place, term, with_what) if leak.kind not in _OF_COUNTS
        ]
    return found, with_what.notes
