"""The command line, one module a group of commands, listed in :data:`PANELS`.

Heavy packages are imported by the command that needs them, so that a request which cannot be met is refused at once.
"""

from __future__ import annotations

import sys
from typing import Final

import typer
from typer.models import CommandInfo, TyperInfo

from accountability.cli import (
    casefile_commands,
    checking_commands,
    class_commands,
    document_commands,
    lab_commands,
    multiverse_commands,
    sharing_commands,
    source_commands,
    study_commands,
    sweep_commands,
)
from accountability.cli.app import FAILED, REFUSED, app
from accountability.errors import AccountabilityError

__all__ = [
    "FAILED",
    "REFUSED",
    "app",
    "casefile_commands",
    "checking_commands",
    "class_commands",
    "document_commands",
    "lab_commands",
    "main",
    "multiverse_commands",
    "sharing_commands",
    "source_commands",
    "study_commands",
    "sweep_commands",
]


#: How ``--help`` groups the commands, in the order in which one comes to need them.
PANELS: Final = {
    "Data": ("list", "fetch", "new-source", "check", "audit", "new-case", "synth"),
    "Studies": ("run", "report", "sweep", "multiverse", "lab"),
    "Reports": ("verify", "diff", "claims", "export", "share", "package"),
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
        sys.exit(REFUSED)
