"""Commands about studies: list, run, report, plan, new-study, multiverse."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from accountability.cli.app import (
    Json,
    MaybeSource,
    Out,
    Parameters,
    Quiet,
    Source,
    Study,
    app,
    empty_table,
    named_values,
    studies,
)
from accountability.cli.printed import end_with_answer, end_with_answers, print_json, told


@app.command("list")
def list_(
    study: Annotated[
        str | None, typer.Argument(help="Show the parameters of this study.", autocompletion=studies)
    ] = None,
    as_json: Json = False,
) -> None:
    """List the studies and the sources, or the parameters of one study.

    Example: [bold]accountability list how_long_cases_stay_open[/bold]
    """
    tables = {"Studies": _studies(), "Sources": _sources()} if study is None else _parameters(study)
    if as_json:
        print_json({title.lower() if study is None else "parameters": rows for title, rows in tables.items()})
        return
    from rich.console import Console
    from rich.text import Text

    for title, rows in tables.items():
        table = empty_table(title, *rows[0])
        for row in rows:
            cells = (", ".join(cell) or "none" if isinstance(cell, list) else str(cell) for cell in row.values())
            table.add_row(*map(Text, cells))
        Console().print(table)


@app.command()
def run(
    study: Study,
    source: MaybeSource = None,
    parameter: Parameters = None,
    out: Out = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Run one study; print its answer and, last, the path of its HTML report.

    Example: [bold]accountability run how_long_cases_stay_open -s synthetic -p cutoff=2019-12-31[/bold]
    """
    from accountability.publish.sweeps.sweep_kernels import forking

    with forking(1):  # what the kernel needs is imported while this program imports and checks
        from accountability.publish.request import request

        # Refused before anything else is imported.
        wanted = request(study, source, named_values(parameter))
        from accountability.publish import runner

        with told(quiet, as_json) as progress:
            path = runner.answer(wanted, out, progress)
    end_with_answer(path, quiet=quiet, as_json=as_json)


@app.command()
def report(source: Source = "synthetic", out: Out = None, quiet: Quiet = False, as_json: Json = False) -> None:
    """Run every study a source can answer; print the answers and, last, the path of the index page.

    Example: [bold]accountability report --source synthetic[/bold]
    """
    from accountability.publish import runner

    _, able, _ = runner.studies_of(source)
    with told(quiet, as_json, len(able)) as progress:
        path = runner.report(source, out, progress=progress)
    end_with_answers(path, able, quiet=quiet, as_json=as_json)


@app.command()
def multiverse(
    declared: Annotated[Path, typer.Argument(help="YAML file: source, question, group, first, second, choices.")],
    out: Out = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Compute one difference under every combination of choices; print the answer and the path of the HTML report.

    Example: [bold]accountability multiverse delay.yaml[/bold]
    """
    from accountability import publish

    with told(quiet, as_json) as progress:
        path = publish.multiverse(declared, out, progress=progress)
    end_with_answer(path, quiet=quiet, as_json=as_json)


@app.command()
def plan(
    question: Annotated[str, typer.Argument(help="median, difference, hazard_ratio or gap.")],
    source: Source = "synthetic",
    effect: Annotated[
        float | None, typer.Option(help="Difference in days, hazard ratio, or difference of shares.")
    ] = None,
    cases: Annotated[int | None, typer.Option(help="Number of cases.")] = None,
    officers: Annotated[int | None, typer.Option(help="Number of officers.")] = None,
    follow_up: Annotated[float | None, typer.Option(help="Days from the first case to the last day known.")] = None,
    share_open: Annotated[float | None, typer.Option(help="Share still open, instead of --follow-up.")] = None,
    likeness: Annotated[float, typer.Option(help="Correlation of two cases of one officer.")] = 0.05,
    power: Annotated[float, typer.Option(help="Target power.")] = 0.8,
    figure: Annotated[Path | None, typer.Option(help="Also draw it, to this file (svg, png, pdf).")] = None,
    as_json: Json = False,
) -> None:
    """Estimate the power or precision of a number of cases, and the number a question needs; write it for a grant.

    Values left out are estimated from the source, a pilot or the synthetic agency.

    Example: [bold]accountability plan hazard_ratio --effect 1.3 --cases 2000 --officers 500[/bold]
    """
    import accountability
    from accountability import planning

    found = planning.how_many(
        accountability.load(source), question, effect=effect, cases=cases, officers=officers, follow_up=follow_up,
        share_open=share_open, likeness=likeness, power=power,
    )  # fmt: skip
    if as_json:
        print_json({"paragraph": found.paragraph(), "needed": found.needed, "table": found.table.to_dict("records")})
    else:
        typer.echo(found.paragraph())
    if figure is not None:
        drawn = found.plot().get_figure(root=True)
        assert drawn is not None
        drawn.savefig(figure)
        typer.echo(figure, err=True)


@app.command("new-study")
def new_study(
    name: Annotated[str, typer.Argument(help="Name of the study, for instance nights_and_days.")],
    into: Annotated[
        Path | None, typer.Option("--into", help="Folder that holds your studies; default ./studies.", file_okay=False)
    ] = None,
) -> None:
    """Create a study of your own: a notebook that runs, its parameters, its finding, its test; print its folder.

    Set ACCOUNTABILITY_STUDIES to the folder that holds it; every command then finds it like the package's own.

    Example: [bold]accountability new-study nights_and_days[/bold]
    """
    from accountability.publish.begin_study import how_to_find
    from accountability.publish.begin_study import new_study as begin

    folder = begin(name, into)
    typer.echo(f"To have it found: {how_to_find(folder)}", err=True)
    typer.echo(folder)


def _parameters(name: str) -> dict[str, list[dict[str, Any]]]:
    from accountability.publish.page import parameter_rows
    from accountability.studies import registry

    study = registry.get(name)
    rows = parameter_rows(study.parameters, study.parameters.model_validate({}).literals())
    return {study.question: [{"parameter": r["name"], "default": r["default"], "meaning": r["help"]} for r in rows]}


def _studies() -> list[dict[str, Any]]:
    from accountability.studies.registry import STUDIES

    return [{"name": study.name, "question": study.question} for study in STUDIES.values()]


def _sources() -> list[dict[str, Any]]:
    from accountability.errors import SourceError
    from accountability.records.contract import read_source
    from accountability.records.places import source_folder, source_names
    from accountability.studies.registry import STUDIES, why_not

    found: list[dict[str, Any]] = []
    for name in source_names():
        try:
            declared = read_source(source_folder(name))
        except SourceError as error:
            found.append({"name": name, "title": f"cannot be read: {error}", "studies": []})
            continue
        applies = [study.name for study in STUDIES.values() if why_not(study, name, declared) is None]
        title = f"{declared.title} (generated data)" if declared.generated else declared.title
        found.append({"name": name, "title": title, "studies": applies})
    return found
