"""Command about grids: sweep."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from accountability.cli.app import FAILED, MaybeSource, Out, Study, app

if TYPE_CHECKING:
    from accountability.publish.sweeps.sweep_run import Step


@app.command()
def sweep(
    study: Study,
    grid: Annotated[Path, typer.Option("--grid", "-g", help="YAML file with product, sets and always.")],
    source: MaybeSource = None,
    out: Out = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", help="Reports made at a time.", min=1)] = 2,
    executor: Annotated[Literal["local", "dask"], typer.Option(help="dask with --scheduler.")] = "local",
    scheduler: Annotated[str | None, typer.Option(help="Address of a Dask scheduler, tcp://HOST:PORT.")] = None,
) -> None:
    """Run a study with every parameter set of a grid; asked again, it makes only what is missing or has changed.

    Example: [bold]accountability sweep how_long_cases_stay_open --grid grid.yaml --jobs 2[/bold]
    """
    from accountability import publish

    with _progress() as told:
        swept = publish.sweep(
            study,
            grid,
            out,
            source=source,
            jobs=jobs,
            executor=executor,
            scheduler=scheduler,
            progress=told,
        )
    typer.echo(swept.sentence(), err=True)
    typer.echo(swept.csv)
    for index in swept.indexes:
        typer.echo(index)
    if swept.failed:
        raise typer.Exit(FAILED)


@contextmanager
def _progress() -> Iterator[Callable[[Step], None]]:
    """A line for each set on standard error and, where that is a terminal, a bar under them."""
    from accountability.publish.sweeps.sweep_run import line

    if not sys.stderr.isatty():
        yield lambda step: typer.echo(line(step), err=True)
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("sets", total=None)

        def told(step: Step) -> None:
            bar.console.print(escape(line(step)), highlight=False)
            bar.update(task, completed=step.done, total=step.total)

        yield told
