"""What all commands share: the app, exit statuses, common options, tables on the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from accountability.errors import ParameterError

if TYPE_CHECKING:
    from rich.table import Table

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Study how police misconduct is investigated and punished.\n\n"
    "Example: [bold]accountability report --source synthetic[/bold]",
)

FAILED = 1
REFUSED = 2


def studies() -> list[str]:
    """Return the names of studies, for shell completion."""
    from accountability.studies.registry import STUDIES

    return list(STUDIES)


def sources() -> list[str]:
    """Return the names of sources, for shell completion."""
    from accountability.records.places import source_names

    return source_names()


def _parameters(ctx: typer.Context) -> list[str]:
    from accountability.studies.registry import STUDIES

    study = STUDIES.get(ctx.params.get("study", ""))
    return [f"{name}=" for name in study.parameters.model_fields] if study else []


#: Options and arguments that several commands have.
Out = Annotated[
    Path | None, typer.Option("--out", "-o", help="Folder for the reports; default reports/SOURCE.", file_okay=False)
]
Study = Annotated[
    str, typer.Argument(help="Name of a study; `accountability list` shows them.", autocompletion=studies)
]
_SOURCE = "Name of a source, or its folder."
NamedSource = Annotated[str, typer.Argument(help=_SOURCE, metavar="SOURCE", autocompletion=sources)]
Source = Annotated[str, typer.Option("--source", "-s", help=_SOURCE, autocompletion=sources)]
MaybeSource = Annotated[str | None, typer.Option("--source", "-s", help=_SOURCE, autocompletion=sources)]
Report = Annotated[Path, typer.Argument(help="Folder of a report, or a file in it.", exists=True)]
Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter",
        "-p",
        metavar="NAME=VALUE",
        help="A parameter; may be repeated.",
        autocompletion=_parameters,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only the path, without progress and words.")]
Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]


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
    """Return the values of ``-p NAME=VALUE``, each name once."""
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
    """Return a table for the terminal with headings and no rows."""
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table
