"""Evidence for a proposed file format, and what a person must confirm or decide."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from accountability.errors import SourceError
from accountability.records.contract import File
from accountability.records.onboard.matter import Matter
from accountability.records.onboard.report_lines import filled_down, steps_of
from accountability.records.preparation import Step
from accountability.records.preparing import prepared
from accountability.records.readers import RawTable
from accountability.records.readers.format import Format, listed
from accountability.records.readers.workbook import EPOCH, HIDDEN
from accountability.records.yaml_text import DECIDE

#: What the first column is called where the header has one name fewer than the records have fields.
ROW_NAME: Final = "row_name"
_WIDEST: Final = 2_000
_LONGEST: Final = 1_000_000
_EMPTY: Final = ("NA", "<NA>", "NaN", "nan", "NULL", "None", r"\N")
_IN_COLUMNS: Final = 3
_MEANS_ELSE: Final = re.compile("race|ethnic|origin|descent", re.I)  # Native American
_PAGE: Final = {"html": "a web page with tables", "xml": "a workbook written as XML"}


@dataclass(frozen=True, slots=True)
class Layout:
    """The evidence for a proposed ``format``.

    Attributes
    ----------
    why : str
        The evidence, in one line.
    confirm : bool
        Whether a wrong guess would silently give wrong numbers.
    undecided : tuple of str
        Settings that the file does not show.
    alike : str
        Why two equal rows are two records, if the layout says so.
    matters : tuple of Matter
        Matters of the whole file that a person must decide.
    prepare : tuple of (mapping, str)
        Steps that the rows need, each with its evidence.
    beside : tuple of (str, str)
        Files that these steps read, and their hashes.
    """

    why: str = "from the file's content"
    confirm: bool = False
    undecided: tuple[str, ...] = ()
    alike: str = ""
    matters: tuple[Matter, ...] = ()
    prepare: tuple[tuple[dict[str, Any], str], ...] = ()
    beside: tuple[tuple[str, str], ...] = ()


def layout_of(fmt: Format, raw: RawTable) -> Layout:
    """Return the evidence for a guessed format.

    Parameters
    ----------
    fmt : Format
        The guess.
    raw : RawTable
        The file read with it.

    Returns
    -------
    Layout
    """
    matters = _of_workbook(raw)
    if lists := nested_in(raw):
        what = (
            f"lists of records nested inside the records, in {listed(lists)}; record_path: PATH gives one row for each "
            "of their records, without record_path they stay as text in their cells"
        )
        return Layout(what, undecided=("record_path",), matters=matters)
    said, alike = [], ""
    if fmt.type == "fixed":
        header = ", without a header in one line" if fmt.header_row == 0 else ""
        places = listed(map(str, fmt.starts or ()), 30)
        text = f"{len(raw.columns)} columns under one another, which begin at the characters {places}{header}"
        steps = tuple(steps_of(raw.frame.iloc[:, 0], fmt.whole)) if fmt.whole else ()
        return Layout(text, confirm=True, matters=matters, prepare=steps)
    if fmt.record_path and (unfolded := _unfolded(fmt.record_path, raw)):
        said.append(unfolded)
        alike = f"each is an item of its own in the nested list {fmt.record_path.rpartition('.')[2]}"
    if fmt.trailing_delimiter:
        said.append(
            "every record ends with a delimiter (an extra, empty field after the last column of the header); if the "
            "header rather lacks the name of the first column, give all names with names: [...]"
        )
    if fmt.names and fmt.names[0] == ROW_NAME:
        said.append(
            f"the header has one name fewer than the records have fields, as R writes row names: the first column "
            f"is called {ROW_NAME}"
        )
    if merged := next((note for note in raw.notes if "merged range" in note), ""):
        said.append(f"merged cells below the header: {merged}; without `merged` all but their first cell are blank")
        alike = "each is a row of its own beside merged cells"
    if said:
        return Layout("; ".join(said), confirm=True, alike=alike, matters=matters)
    if fmt.type in ("html", "xml"):
        return Layout(f"{_PAGE[fmt.type]}, whatever its name", matters=matters)
    return Layout(matters=matters)


def _of_workbook(raw: RawTable) -> tuple[Matter, ...]:
    """What a workbook does not show to who opens it: hidden sheets and rows, days counted from 1904."""
    found = []
    if hidden := [note for note in raw.notes if note.startswith(HIDDEN)]:
        settle = "look at them: earlier versions, names, notes; delete the block of a sheet without records of its own"
        found.append(Matter("hidden", None, "; ".join(hidden), settle=settle))
    if any(note.startswith(EPOCH) for note in raw.notes):
        settle = "cells marked as dates are read so; bare numbers need `date: excel_1904`"
        what = f"{EPOCH}: days copied from an ordinary workbook are four years and a day late"
        found.append(Matter("epoch_1904", None, what, settle=settle))
    return tuple(found)


def check_width(names: Sequence[str], name: str) -> None:
    """Refuse a table too wide for records, before it is read.

    Raises
    ------
    SourceError
        If it has more than 2,000 columns.
    """
    if len(names) > _WIDEST:
        raise SourceError(
            f"{name}: expected at most {_WIDEST:,} columns, found {len(names):,}; the delimiter is another, the line "
            "ends are lost, or rows and columns are exchanged. Keep the columns of the records in a copy of the file"
        )


def check_cells(raw: RawTable) -> None:
    """Refuse a cell so long that it must contain records.

    Raises
    ------
    SourceError
        If a cell has more than a million characters; names its line, column and length.
    """
    for name in raw.frame.columns:
        sizes = raw.frame[name].str.len()
        if sizes.max() > _LONGEST:
            row = int((sizes > _LONGEST).to_numpy(dtype=bool).argmax())
            raise SourceError(
                f"{raw.place(row)}: expected cells of at most {_LONGEST:,} characters, found {int(sizes.iloc[row]):,} "
                f"in the column {name!r}, {int((sizes > _LONGEST).sum()):,} such in all; a quote is perhaps "
                "opened there and never closed (`quote: none` takes quotes as text), or a document is stored there: "
                "leave that column out of a copy of the file"
            )


def prepared_rows(
    frame: pd.DataFrame, fmt: Format, path: Path, steps: list[tuple[dict[str, Any], str]]
) -> tuple[pd.DataFrame, list[tuple[dict[str, Any], str]]]:
    """Return the rows after the needed steps, and these steps with their evidence."""
    frame = after_steps(frame, [step for step, _ in steps], fmt, path)
    frame, blank = _empty_texts(frame)
    steps = steps + blank
    columns, why = filled_down(frame)
    if len(columns) == 1:
        why = f"[{columns[0]}] if a blank repeats the cell above; take the step out if it does not; {why}"
        steps.append(({"fill_down": DECIDE}, why))
    elif columns:
        steps.append(({"fill_down": columns}, why))
        frame = after_steps(frame, [steps[-1][0]], fmt, path)
    return frame, steps


def after_steps(
    frame: pd.DataFrame,
    steps: Sequence[dict[str, Any]],
    fmt: Format,
    path: Path,
    beside: Mapping[str, Path] | None = None,
) -> pd.DataFrame:
    """Return a table after undeclared steps of `prepare`, reading further files where they are."""
    if not steps:
        return frame
    declared = File.model_construct(
        path=path.name, rows=None, beside={}, prepare=[Step.model_validate(step) for step in steps]
    )
    return prepared(frame, declared, fmt, path.parent, path.name, beside).frame


def _empty_texts(frame: pd.DataFrame) -> tuple[pd.DataFrame, list[tuple[dict[str, Any], str]]]:
    """Take for empty what a program writes for an empty cell in several columns; race and origin keep their texts."""
    for text in _EMPTY:
        marked = {c: frame[c].eq(text).fillna(False) for c in frame.columns if not _MEANS_ELSE.search(str(c))}
        held = {str(c): int(cells.sum()) for c, cells in marked.items() if cells.any()}
        if len(held) >= _IN_COLUMNS:
            counts = ", ".join(f"{column} {n:,}" for column, n in held.items())
            step = {"blank": {"texts": [text], "columns": list(held)}}
            made = frame.assign(**{column: frame[column].mask(marked[column]) for column in held})
            return made, [(step, f"{text!r} stands for an empty cell in {len(held)} columns: {counts}")]
    return frame, []


def nested_in(raw: RawTable) -> list[str]:
    """Return the columns in which some cell holds a list of records as JSON text."""
    return [name for name in raw.frame.columns if raw.frame[name].str.startswith("[{").any()]


def _unfolded(path: str, raw: RawTable) -> str:
    """Say that a list inside other records was reached, or nothing where the list stands alone."""
    outer, _, name = path.rpartition(".")
    prefix = f"{outer or 'parent'}."
    if not any(column.startswith(prefix) for column in raw.columns):
        return ""
    return (
        f"the list {name!r} is nested inside the records: one row for each of its {len(raw.frame):,} records, with the "
        f"fields of the outer one under names that begin with {prefix}"
    )
