"""The command line: list, fetch, new-source, check, audit, run, report, synth.

Heavy packages are imported by the command that needs them, so that a request which cannot be met is refused at once.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from accountability.errors import AccountabilityError, ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress, TaskID
    from rich.table import Table

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Study how police misconduct is investigated and punished.\n\n"
    "Example: [bold]accountability report --source synthetic[/bold]",
)

FAILED = 1
REFUSED = 2

Out = Annotated[
    Path | None, typer.Option("--out", "-o", help="Folder for the reports; default reports/SOURCE.", file_okay=False)
]


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


def _table(title: str, *headings: str) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


@app.command()
def fetch(
    source: Annotated[str, typer.Argument(help="Name of a source.")],
    from_: Annotated[
        Path | None,
        typer.Option("--from", help="Take the files from this folder instead of downloading them.", file_okay=False),
    ] = None,
) -> None:
    """Bring the files of a source to the cache, each checked against its declared hash.

    Example: [bold]accountability fetch chicago_2000_2016 --from ~/Downloads[/bold]
    """
    import accountability

    paths = accountability.fetch(source, from_, progress=sys.stderr.isatty())
    for path in paths:
        typer.echo(path)
    if not paths:
        typer.echo(f"{source}: comes with the package, nothing to fetch")


@app.command("new-source")
def new_source(
    name: Annotated[str, typer.Argument(help="Name of the new source, for instance springfield.")],
    files: Annotated[list[Path], typer.Argument(help="The files as you got them; they are copied.", metavar="FILE...")],
) -> None:
    """Propose a source from files nobody has declared, in data/NAME: guesses are marked, the rest is left to decide.

    Example: [bold]accountability new-source springfield complaints.csv officers.xlsx[/bold]
    """
    from accountability.sources.check import left
    from accountability.sources.propose import new_source as propose

    folder = propose(name, files)
    for path, decide, guessed in left(folder):
        typer.echo(f"{path}: {decide} to decide, {guessed} guesses to confirm")
    typer.echo(f"Replace each DECIDE in an editor; `accountability check {name}` lists what is left.")


@app.command()
def check(
    source: Annotated[str, typer.Argument(help="Name of a source, or its folder.")],
) -> None:
    """List everything unresolved in a source, with counts; exit status 1 until nothing is left.

    Example: [bold]accountability check springfield[/bold]
    """
    from accountability.sources.check import check as checked

    found = checked(source)
    typer.echo(str(found))
    if not found.clean:
        raise typer.Exit(FAILED)


@app.command()
def audit(
    source: Annotated[str, typer.Argument(help="Name of a source, or its folder.")],
    out: Out = None,
) -> None:
    """Say what a release holds and what it lacks, and print the path of the HTML report.

    The report ends with a letter that asks the agency for what is lacking.

    Example: [bold]accountability audit chicago_2000_2016[/bold]
    """
    from accountability import report as reports

    with _told(), _progress() as progress:
        path = reports.run("what_the_data_holds", source, {}, out, progress=progress)
    typer.echo(path)


@app.command()
def run(
    study: Annotated[str, typer.Argument(help="Name of a study; `accountability list` shows them.")],
    source: Annotated[str | None, typer.Option("--source", "-s", help="Name of a source, or its folder.")] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="A parameter of the study; may be repeated."),
    ] = None,
    out: Out = None,
) -> None:
    """Run one study and print the path of its HTML report.

    Example: [bold]accountability run how_long_cases_stay_open -s synthetic -p cutoff=2019-12-31[/bold]
    """
    given = _pairs(parameter or [])
    from accountability import report as reports

    with _told(), _progress() as progress:
        path = reports.run(study, source, given, out, progress=progress)
    typer.echo(path)


@app.command()
def report(
    source: Annotated[str, typer.Option("--source", "-s", help="Name of a source, or its folder.")] = "synthetic",
    out: Out = None,
) -> None:
    """Run every study a source can answer and print the path of the index page.

    Example: [bold]accountability report --source synthetic[/bold]
    """
    from accountability import report as reports

    with _told(), _progress() as progress:
        path = reports.report(source, out, progress=progress)
    typer.echo(path)


@app.command()
def synth(
    folder: Annotated[Path, typer.Argument(help="Folder to write; its name becomes the source's name.")],
    complaints: Annotated[int, typer.Option("--complaints", "-n", help="Complaints received, 1 to 5,000,000.")] = 5000,
    seed: Annotated[
        int | None, typer.Option("--seed", help="Same seed, same agency; default the bundled one's.")
    ] = None,
    student: Annotated[
        str | None, typer.Option("--student", help="A student's id instead of a seed: an agency of their own.")
    ] = None,
    publication: Annotated[
        str, typer.Option("--publication", help="everything, closed_only, trailing_window or sustained_only.")
    ] = "everything",
    truth: Annotated[Path | None, typer.Option("--truth", help="Write truth.csv here, away from the data.")] = None,
) -> None:
    """Generate an agency whose true values are known, as a source to load.

    Example: [bold]accountability synth data/class_1 --student s1234567 --truth keys/s1234567.csv[/bold]
    """
    if student is not None and seed is not None:
        raise ParameterError("give --seed or --student, not both: a student's id is turned into a seed")
    from accountability import synthetic
    from accountability.sources import synthetic_files

    if student is not None:
        made = synthetic.agency_of_student(student, complaints, publication=publication)
    else:
        chosen = synthetic.BUNDLED_SEED if seed is None else seed
        made = synthetic.agency(complaints, chosen, publication=publication)
    typer.echo(synthetic_files.write(made, folder, truth=truth))


def _pairs(texts: list[str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name:
            raise ParameterError(f"-p {text}: expected NAME=VALUE, for example -p confidence=0.9")
        if name in given:
            raise ParameterError(f"-p {text}: {name!r} is given twice, first as {given[name]!r}; give it once.")
        given[name] = value.strip()
    return given


@contextmanager
def _told() -> Iterator[None]:
    """Say which notebook stopped, give the page that shows where, and leave with status 1."""
    from accountability.report.execute import StudyFailed

    try:
        yield
    except StudyFailed as failed:
        typer.echo(f"accountability: {failed}", err=True)
        typer.echo(failed.page)
        raise typer.Exit(FAILED) from None


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar for each study on standard error; where that is not a terminal, nothing is drawn."""
    if not sys.stderr.isatty():
        yield lambda study, done, cells: None
        return
    with ExitStack() as stack:
        bars: Progress | None = None
        tasks: dict[str, TaskID] = {}

        def progress(study: str, done: int, cells: int) -> None:
            # Drawn with the first cell: a request that is refused shows its message and no bar.
            nonlocal bars
            if bars is None:
                bars = stack.enter_context(_bars())
            if study not in tasks:
                tasks[study] = bars.add_task(study, total=cells)
            bars.update(tasks[study], completed=done, total=cells)

        yield progress


def _bars() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    percent = TextColumn("{task.percentage:>3.0f} %")
    return Progress(
        TextColumn("{task.description}"), BarColumn(), percent, TimeElapsedColumn(), console=Console(stderr=True)
    )


def _parameter_table(name: str) -> Table:
    from accountability import studies
    from accountability.report.page import parameter_rows

    study = studies.get(name)
    table = _table(study.question, "parameter", "default", "meaning")
    for row in parameter_rows(study.parameters, study.parameters.model_validate({}).literals()):
        table.add_row(row["name"], row["default"], row["help"])
    return table


def _study_table() -> Table:
    from accountability.studies import STUDIES

    table = _table("Studies", "name", "question")
    for study in STUDIES.values():
        table.add_row(study.name, study.question)
    return table


def _source_table() -> Table:
    from accountability.errors import SourceError
    from accountability.sources.contract import read_source
    from accountability.sources.places import source_folder, source_names
    from accountability.studies import STUDIES

    table = _table("Sources", "name", "title", "studies")
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


def main() -> None:
    """Run the command line; a refusal is one message on standard error and exit status 2, a failed study 1."""
    try:
        app()
    except AccountabilityError as error:
        typer.echo(f"accountability: {error}", err=True)
        sys.exit(REFUSED)


if __name__ == "__main__":
    main()
