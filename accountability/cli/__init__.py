"""The command line, one module a group of commands.

Commands: list, fetch, new-source, new-case, check, audit, run, report, verify, diff, claims, share, sweep, multiverse,
synth, teach.

Heavy packages are imported by the command that needs them, so that a request which cannot be met is refused at once.
"""

from __future__ import annotations

import sys

import typer

from accountability.cli import cases, checking, documents, lab, multiverse, sharing, sources, studies, sweep, teach
from accountability.cli.app import FAILED, REFUSED, app
from accountability.errors import AccountabilityError

__all__ = [
    "FAILED",
    "REFUSED",
    "app",
    "cases",
    "checking",
    "documents",
    "lab",
    "main",
    "multiverse",
    "sharing",
    "sources",
    "studies",
    "sweep",
    "teach",
]


def main() -> None:
    """Run the command line; a refusal is one message on standard error and exit status 2, a failed study 1."""
    try:
        app()
    except AccountabilityError as error:
        typer.echo(f"accountability: {error}", err=True)
        sys.exit(REFUSED)
