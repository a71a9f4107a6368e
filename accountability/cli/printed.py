"""Print the end of a command: the answer in words and the path, or both as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from accountability.cli.app import FAILED
from accountability.cli.progress_line import Line, progress_line

if TYPE_CHECKING:
    import pandas as pd


@contextmanager
def told(quiet: bool = False, as_json: bool = False, of: int = 1) -> Iterator[Line]:
    """Print a line of progress; if a notebook stopped, name it and its error page, and exit with status 1."""
    from accountability.publish.execute import StudyFailed

    try:
        with progress_line(quiet, of) as progress:
            yield progress
    except StudyFailed as failed:
        typer.echo(f"accountability: {failed}", err=True)
        if as_json:
            print_json({"failed": str(failed), "page": str(failed.page)})
        else:
            typer.echo(failed.page)
        raise typer.Exit(FAILED) from None


def print_json(answer: Mapping[str, Any] | Iterable[Any]) -> None:
    """Print an answer as JSON; other types are written as text."""
    typer.echo(json.dumps(answer, indent=2, ensure_ascii=False, default=str))


def rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a frame for JSON, one object per row."""
    found: list[dict[str, Any]] = json.loads(frame.to_json(orient="records", date_format="iso"))
    return found


def end_with_answer(page: Path, *, quiet: bool, as_json: bool) -> None:
    """Print what a finished report says, and its path last."""
    said = _answer(page)
    if as_json:
        print_json(said)
        return
    if not quiet:
        typer.echo(f"{said['question']}\n{said['answer']}")
    typer.echo(page)


def end_with_answers(index: Path, studies: Iterable[str], *, quiet: bool, as_json: bool) -> None:
    """Print what each of several reports says, and the path of their index last."""
    from accountability.publish.finished import PAGE

    said = [_answer(page) for name in studies if (page := index.parent / name / PAGE).is_file()]
    if as_json:
        print_json({"index": index, "reports": said})
        return
    if not quiet:
        for one in said:
            typer.echo(f"{one['question']}\n{one['answer']}\n")
    typer.echo(index)


def _answer(page: Path) -> dict[str, Any]:
    from accountability.publish.finished import any_record

    record = any_record(page)
    finding = record.get("finding") or {}
    named = ("study", "question", "parameters", "command")
    return {
        **{name: record.get(name) for name in named},
        "answer": record.get("headline", ""),
        "numbers": finding.get("numbers", []),
        "page": str(page),
    }
