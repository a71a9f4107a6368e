"""Command about many choices: multiverse."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from accountability.cli.app import Out, app, told


@app.command()
def multiverse(
    declared: Annotated[Path, typer.Argument(help="YAML file: source, question, group, first, second, choices.")],
    out: Out = None,
) -> None:
    """Compute one difference under every combination of declared choices, and print the path of the HTML report.

    Example: [bold]accountability multiverse delay.yaml[/bold]
    """
    from accountability import publish as reports

    with told():
        path = reports.multiverse(declared, out)
    typer.echo(path)
