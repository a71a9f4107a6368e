"""What every command shares: the app, exit statuses, usual options, tables and progress bars on the terminal."""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from accountability.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress, TaskID
    from rich.table import Table

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Study how police misconduct is investigated and punished.\n\n"
    "Example: [bold]accountability report --source synthetic[/bold]",
)

FAILED = 1
REFUSED = 2

#: Options and arguments that several commands have.
Out = Annotated[
    Path | None, typer.Option("--out", "-o", help="Folder for the reports; default reports/SOURCE.", file_okay=False)
]
Study = Annotated[str, typer.Argument(help="Name of a study; `accountability list` shows them.")]
_SOURCE = "Name of a source, or its folder."
NamedSource = Annotated[str, typer.Argument(help=_SOURCE, metavar="SOURCE")]
Source = Annotated[str, typer.Option("--source", "-s", help=_SOURCE)]
MaybeSource = Annotated[str | None, typer.Option("--source", "-s", help=_SOURCE)]
Report = Annotated[Path, typer.Argument(help="Folder of a report, or a file in it.", exists=True)]
Parameters = Annotated[
    list[str] | None, typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="A parameter; may be repeated.")
]


def _version(wanted: bool) -> None:
    if wanted:
        from accountability import __version__

        typer.echo(f"accountability {__version__}")
        raise typer.Exit


@app.callback()
def _whole(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and stop.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    del version


def named_values(texts: list[str] | None) -> dict[str, str]:
    """What ``-p NAME=VALUE`` gave, each name once."""
    given: dict[str, str] = {}
    for text in texts or []:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name:
            raise ParameterError(f"-p {text}: expected NAME=VALUE, for example -p confidence=0.9")
        if name in given:
            raise ParameterError(f"-p {text}: {name!r} is given twice, first as {given[name]!r}; give it once.")
        given[name] = value.strip()
    return given


def empty_table(title: str, *headings: str) -> Table:
    """Headings of a table for the terminal, to which rows are added."""
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


@contextmanager
def told() -> Iterator[Callable[[str, int, int], None]]:
    """Give progress bars; say which notebook stopped, give the page that shows where, and leave with status 1."""
    from accountability.publish.execute import StudyFailed

    try:
        with bars() as progress:
            yield progress
    except StudyFailed as failed:
        typer.echo(f"accountability: {failed}", err=True)
        typer.echo(failed.page)
        raise typer.Exit(FAILED) from None


@contextmanager
def bars() -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar for each study on standard error; where that is not a terminal, nothing is drawn."""
    if not sys.stderr.isatty():
        yield lambda study, done, cells: None
        return
    with ExitStack() as stack:
        bars: Progress | None = None
        tasks: dict[str, TaskID] = {}

        def seen(study: str, done: int, cells: int) -> None:
            # Drawn with the first cell: a request that is refused shows its message and no bar.
            nonlocal bars
            if bars is None:
                bars = stack.enter_context(_drawn())
            if study not in tasks:
                tasks[study] = bars.add_task(study, total=cells)
            bars.update(tasks[study], completed=done, total=cells)

        yield seen


def _drawn() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    percent = TextColumn("{task.percentage:>3.0f} %")
    return Progress(
        TextColumn("{task.description}"), BarColumn(), percent, TimeElapsedColumn(), console=Console(stderr=True)
    )
