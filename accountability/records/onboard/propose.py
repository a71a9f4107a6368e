"""Propose a declaration for undeclared files: copy them, profile their columns, write guesses with evidence.

A proposal is not loaded before a person has seen it: guesses have their evidence, and open decisions are ``DECIDE``,
which stops every load.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from accountability.errors import SourceError
from accountability.records import readers
from accountability.records.in_memory import with_index
from accountability.records.onboard.answer_file import (
    NAME,
    Said,
    answered,
    answers_text,
    checked,
    read_answers,
    told_format,
    write_lines,
)
from accountability.records.onboard.begin import begin
from accountability.records.onboard.first_look import Progress, distinct, looked_at
from accountability.records.onboard.like_release import like_text
from accountability.records.onboard.proposal import Proposal, proposed
from accountability.records.onboard.proposed_text import codebook_text, source_text
from accountability.records.readers.cells import text_frame

Ask = Callable[[Sequence[Proposal]], Said]


def new_source(
    name: str,
    files: Sequence[str | Path] | Mapping[str, pd.DataFrame],
    into: str | Path | None = None,
    answers: str | Path | Mapping[str, Any] | Ask | None = None,
    *,
    like: str | None = None,
    progress: Progress | None = None,
) -> Path:
    """Propose a source: copy and profile the files, and write ``source.yaml`` and ``codebook.yaml``.

    A codebook is written if a column holds findings or penalties.

    Parameters
    ----------
    name : str
        Name of the source: lower-case letters, digits, ``-`` and ``_``.
    files : sequence of paths, or mapping of str to DataFrame
        The files as obtained; they are copied and not changed. Tables in memory (for instance from ``openpolicedata``)
        are written as CSV under their names.
    into : path, optional
        Folder that holds sources; by default ``data`` in the current folder, where all commands look.
    answers : path, mapping or callable, optional
        Answers to the questions: a file, a mapping of question to answer, or a function that asks them given the
        tables. They are stored in ``answers.yaml`` beside the declaration.
    like : str, optional
        An earlier release of the same agency, whose declaration is inherited; only differences are asked.

    progress : callable, optional
        Called with ``(what, done, parts)`` while a file of over 64 MiB is read.

    Returns
    -------
    Path
        The new folder. It is complete, or not there at all.

    Raises
    ------
    SourceError
        If the name is taken or not a valid folder name, a file cannot be read, the files contain no table, or they are
        not a release of the source in `like`.
    """
    if not files:
        raise SourceError("new-source: give at least one file")
    if like is not None and answers is not None and not callable(answers):
        raise SourceError("new-source: give answers or like, not both: the other release answers the questions")

    def write(folder: Path) -> None:
        given = {} if callable(answers) else _said(answers)
        copies = _written(files, folder) if isinstance(files, Mapping) else _copied(files, folder)
        found, left = looked_at([(path, known or told_format(given, path.name)) for path, known in copies], progress)
        if like is not None:
            text = like_text(name, like, proposed(found))
            (folder / "source.yaml").write_text(text, encoding="utf-8", newline="\n")
            return
        said = answers(found) if callable(answers) else given
        if not said:
            _write(folder, name, proposed(found), left)
            return
        made = answered(found, said)
        _write(folder, name, made.proposals, [*left, *made.left])
        for path, lines in ((folder / "source.yaml", made.source), (folder / "codebook.yaml", made.codebook)):
            if path.is_file():
                write_lines(path, lines)
        (folder / NAME).write_text(answers_text(name, said), encoding="utf-8", newline="\n")

    return begin(name, into, "a source", write)


def _said(answers: str | Path | Mapping[str, Any] | None) -> Said:
    if isinstance(answers, str | Path):
        return read_answers(Path(answers))
    return checked(answers or {})


def _write(folder: Path, name: str, proposals: Sequence[Proposal], left: Sequence[str]) -> None:
    (folder / "source.yaml").write_text(source_text(name, proposals, left), encoding="utf-8", newline="\n")
    if any(role.says("codebook") for proposal in proposals for role in proposal.roles):
        (folder / "codebook.yaml").write_text(codebook_text(proposals), encoding="utf-8", newline="\n")


def _copied(files: Sequence[str | Path], folder: Path) -> list[tuple[Path, readers.Format | None]]:
    copies: list[tuple[Path, readers.Format | None]] = []
    for given in files:
        path = Path(given).expanduser()
        target = folder / path.name
        if not path.is_file():
            raise SourceError(f"{path}: expected a file, found {'a folder' if path.is_dir() else 'nothing'}")
        if target.exists() or path.name in ("source.yaml", "codebook.yaml"):
            raise SourceError(f"{path}: two files cannot both be {path.name!r} in one source; rename one")
        try:
            shutil.copyfile(path, target)
        except OSError as error:
            raise SourceError(f"{path}: cannot be copied to {folder.parent}: {error.strerror}") from error
        copies.append((target, None))
    return copies


def _written(tables: Mapping[str, pd.DataFrame], folder: Path) -> list[tuple[Path, readers.Format | None]]:
    """Tables in memory as CSV: every cell as the readers of typed files write it."""
    copies: list[tuple[Path, readers.Format | None]] = []
    for name, given in tables.items():
        table = with_index(given)
        if not re.fullmatch(r"[\w-]+", name, re.ASCII):
            raise SourceError(f"{name!r}: a table is named in letters, digits, - and _, such as 'complaints'")
        cells = [[None if _missing(cell) else cell for cell in table.iloc[:, i]] for i in range(table.shape[1])]
        names = distinct([str(column) for column in table.columns])
        path = folder / f"{name}.csv"
        frame = text_frame(dict(zip(names, cells, strict=True)))
        frame.to_csv(path, index=False, lineterminator="\n")
        many = any(frame[column].str.contains("[\r\n]", regex=True).any() for column in names)
        copies.append((path, readers.Format(type="csv", multiline=True) if many else readers.Format(type="csv")))
    return copies


def _missing(cell: object) -> bool:
    return cell is None or cell is pd.NaT or cell is pd.NA
