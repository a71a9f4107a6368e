"""The command that opens JupyterLab: lab."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from accountability.cli.app import Source, app


@app.command()
def lab(
    options: Annotated[
        list[str] | None, typer.Argument(metavar="-- OPTIONS", help="Options of JupyterLab itself, after two dashes.")
    ] = None,
    *,
    source: Source = "synthetic",
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Folder to work in; default lab/SOURCE.", file_okay=False)
    ] = None,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open a browser, or print the address.")
    ] = True,
    port: Annotated[int, typer.Option("--port", help="Port on this machine; the next free one is taken.")] = 8888,
) -> None:
    """Open the notebooks in JupyterLab, in copies of your own, with an explorer.

    Example: [bold]accountability lab --source synthetic[/bold]
    """
    import zmq

    from accountability.publish import workspace
    from accountability.publish.extras import needs
    from accountability.records.contract import read_source
    from accountability.records.places import SOURCES_VARIABLE, data_dirs, source_folder

    needs("lab")
    named = read_source(source_folder(source)).source
    target = (Path("lab") / named if folder is None else folder).resolve()
    written = workspace.prepare(source, target)
    typer.echo(f"{target}: {len(written)} notebooks written; those already there are as you left them")
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={target}", f"--ServerApp.port={port}"]
    command.append(f"--LabApp.default_url=/lab/tree/{workspace.START}")
    # Whatever the user's own settings say: this machine alone, under its own name; options after the dashes go last.
    command += ["--ServerApp.ip=127.0.0.1", "--ServerApp.allow_remote_access=False"]
    command += ["--KernelManager.transport_encryption=auto"] if zmq.has("curve") else []
    command += [*([] if browser else ["--no-browser"]), *(options or [])]
    # The kernel of this environment comes before others of its name, and finds the sources found from here.
    known = os.pathsep.join(map(str, data_dirs()))
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    settings = os.pathsep.join([str(workspace.SETTINGS), *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")])])
    environment |= {"JUPYTER_PREFER_ENV_PATH": "1", "JUPYTER_CONFIG_PATH": settings, SOURCES_VARIABLE: known}
    try:
        raise typer.Exit(subprocess.call(command, env=environment))
    except KeyboardInterrupt:
        raise typer.Exit from None
