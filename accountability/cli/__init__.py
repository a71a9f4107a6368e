"""The command line: one module per group of commands, listed in :data:`PANELS`.

Heavy packages are imported only by the commands that need them, so that a wrong request is refused at once.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Final

import typer
from typer.models import CommandInfo, TyperInfo

from accountability.cli.app import FAILED, REFUSED, app
from accountability.errors import AccountabilityError

for _group in ("checking", "class", "explore", "lab", "report", "source", "study", "sweep"):
    import_module(f"accountability.cli.{_group}_commands")

#: How ``--help`` groups the commands, in the order in which one comes to need them.
PANELS: Final = {
    "Data": ("list", "fetch", "new-source", "check", "audit", "releases", "compare-sources", "new-case", "synth"),
    "Studies": ("explore", "run", "report", "sweep", "multiverse", "new-study", "plan", "lab"),
    "Reports": ("verify", "diff", "claims", "export", "export-data", "share", "package"),
    "Class": ("teach",),
}


def _arrange() -> None:
    order = {name: (place, panel) for place, (panel, name) in enumerate((p, n) for p in PANELS for n in PANELS[p])}

    def called(command: CommandInfo | TyperInfo) -> str:
        if command.name:
            return str(command.name)
        return command.callback.__name__ if command.callback else ""

    commands: list[CommandInfo | TyperInfo] = [*app.registered_commands, *app.registered_groups]
    for command in commands:
        command.rich_help_panel = order[called(command)][1]
    app.registered_commands.sort(key=lambda command: order[called(command)][0])


_arrange()


def main() -> None:
    """Run the command line; a refusal is one message on standard error and exit status 2, a failed study 1."""
    try:
        app()
    except AccountabilityError as error:
        typer.echo(f"accountability: {error}", err=True)
        cause = error.__cause__
        # A refusal because of what the disk said; errors of the network have no number.
        sys.exit(FAILED if isinstance(cause, OSError) and cause.errno else REFUSED)
    except OSError as error:
        # No room, no right to write or read: what was being written had another name, and is gone.
        typer.echo(f"accountability: {_lacking(error)}", err=True)
        sys.exit(FAILED)


def _lacking(error: OSError) -> str:
    place = error.filename2 or error.filename or "a file"
    return f"{place}: {error.strerror or error}. Nothing unfinished was left; what was there before is as it was."
