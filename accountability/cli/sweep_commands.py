"""Command about grids: sweep."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from accountability.cli.app import FAILED, Json, MaybeSource, Out, Quiet, Study, app
from accountability.cli.printed import print_json, rows
from accountability.cli.progress_line import progress_line

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
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Run a study with every parameter set of a grid; run again, it makes only what is missing or has changed.

    Example: [bold]accountability sweep how_long_cases_stay_open --grid grid.yaml --jobs 2[/bold]
    """
    from accountability import publish
    from accountability.publish.sweeps.sweep_run import line

    with progress_line(quiet) as progress:

        def told(step: Step) -> None:
            progress.say(line(step))
            if progress.live:
                progress("sets", step.done, step.total)

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
    if as_json:
        print_json(
            {"sentence": swept.sentence(), "sets": rows(swept.table), "csv": swept.csv, "indexes": swept.indexes}
        )
    else:
        if not quiet:
            typer.echo(swept.sentence(), err=True)
        for path in (swept.csv, *swept.indexes):
            typer.echo(path)
    if swept.failed:
        raise typer.Exit(FAILED)
