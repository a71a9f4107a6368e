"""The command that opens the explorer: explore."""

from __future__ import annotations

from typing import Annotated

import typer

from accountability.cli.app import Out, app, sources, studies


@app.command()
def explore(
    source: Annotated[
        str, typer.Argument(help="Name of a source, or its folder.", autocompletion=sources)
    ] = "synthetic",
    study: Annotated[
        str | None, typer.Option("--study", help="The study to begin with.", autocompletion=studies)
    ] = None,
    out: Out = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open a browser, or print the address.")
    ] = True,
    port: Annotated[int, typer.Option("--port", help="Port on this machine; 0 takes a free one.")] = 0,
) -> None:
    """Explore a source in the browser: change study, group, cut-off, unit or law, and see the answer change.

    Example: [bold]accountability explore synthetic[/bold]
    """
    from accountability import publish

    explorer = publish.explore(source, study, out=out, port=port)
    typer.echo(explorer.address)
    if browser:
        import webbrowser

        webbrowser.open(explorer.address)
    try:
        explorer.wait()
    except KeyboardInterrupt:
        explorer.close()
