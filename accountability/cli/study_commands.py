"""Commands about studies: list, run, report, multiverse."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from accountability.cli.app import MaybeSource, Out, Parameters, Source, Study, app, empty_table, named_values, told

if TYPE_CHECKING:
    from rich.table import Table


@app.command("list")
def list_(
    study: Annotated[str | None, typer.Argument(help="Show the parameters of this study.")] = None,
) -> None:
    """List the studies and the sources, or the parameters of one study.

    Example: [bold]accountability list how_long_cases_stay_open[/bold]
    """
    from rich.console import Console

    console = Console()
    if study is not None:
        console.print(_parameter_table(study))
        return
    console.print(_study_table())
    console.print(_source_table())


@app.command()
def run(study: Study, source: MaybeSource = None, parameter: Parameters = None, out: Out = None) -> None:
    """Run one study and print the path of its HTML report.

    Example: [bold]accountability run how_long_cases_stay_open -s synthetic -p cutoff=2019-12-31[/bold]
    """
    from accountability.publish.request import request

    # Refused before anything else is imported.
    wanted = request(study, source, named_values(parameter))
    from accountability.publish import runner

    with told() as progress:
        path = runner.answer(wanted, out, progress)
    typer.echo(path)


@app.command()
def report(source: Source = "synthetic", out: Out = None) -> None:
    """Run every study a source can answer and print the path of the index page.

    Example: [bold]accountability report --source synthetic[/bold]
    """
    from accountability import publish

    with told() as progress:
        path = publish.report(source, out, progress=progress)
    typer.echo(path)


@app.command()
def multiverse(
    declared: Annotated[Path, typer.Argument(help="YAML file: source, question, group, first, second, choices.")],
    out: Out = None,
) -> None:
    """Compute one difference under every combination of declared choices, and print the path of the HTML report.

    Example: [bold]accountability multiverse delay.yaml[/bold]
    """
    from accountability import publish

    with told():
        path = publish.multiverse(declared, out)
    typer.echo(path)


def _parameter_table(name: str) -> Table:
    from accountability.publish.page import parameter_rows
    from accountability.studies import registry

    study = registry.get(name)
    table = empty_table(study.question, "parameter", "default", "meaning")
    for row in parameter_rows(study.parameters, study.parameters.model_validate({}).literals()):
        table.add_row(row["name"], row["default"], row["help"])
    return table


def _study_table() -> Table:
    from accountability.studies.registry import STUDIES

    table = empty_table("Studies", "name", "question")
    for study in STUDIES.values():
        table.add_row(study.name, study.question)
    return table


def _source_table() -> Table:
    from accountability.errors import SourceError
    from accountability.records.contract import read_source
    from accountability.records.places import source_folder, source_names
    from accountability.studies.registry import STUDIES

    table = empty_table("Sources", "name", "title", "studies")
    for name in source_names():
        try:
            declared = read_source(source_folder(name))
        except SourceError as error:
            table.add_row(name, f"cannot be read: {error}", "")
            continue
        applies = [
            study.name
            for study in STUDIES.values()
            if study.why_not(declared, study.parameters.model_validate({"source": name})) is None
        ]
        title = f"{declared.title} (generated data)" if declared.generated else declared.title
        table.add_row(name, title, ", ".join(applies) or "none")
    return table
