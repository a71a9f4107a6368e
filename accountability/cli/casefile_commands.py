"""Commands about case files: new-case."""

from __future__ import annotations

from typing import Annotated

import typer

from accountability.cli.app import app


@app.command("new-case")
def new_case(
    name: Annotated[str, typer.Argument(help="Name of the case file, for instance springfield_2012.")],
) -> None:
    """Begin a case file in data/NAME: reports, facts with citations, steps, accusations, conflicts; all left to decide.

    Example: [bold]accountability new-case springfield_2012[/bold]
    """
    from accountability.casefiles.scaffold import new_case as begin

    folder = begin(name)
    for path in sorted(folder.iterdir()):
        typer.echo(path)
    typer.echo(
        f"Replace each DECIDE, as {folder / 'README.md'} says; `accountability check {name}` lists what is left."
    )
