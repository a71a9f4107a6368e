"""Commands about sources: fetch, new-source, check, audit, new-case, synth."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from accountability.cli.app import FAILED, Json, NamedSource, Out, Quiet, app, sources
from accountability.cli.printed import end_with_answer, print_json, rows, told
from accountability.errors import ParameterError

if TYPE_CHECKING:
    from collections.abc import Callable

    from accountability.records.onboard.points import Checked


@app.command()
def fetch(
    source: Annotated[str, typer.Argument(help="Name of a source.", autocompletion=sources)],
    from_: Annotated[
        Path | None,
        typer.Option("--from", help="Take the files from this folder instead of downloading them.", file_okay=False),
    ] = None,
    quiet: Quiet = False,
    allow_local: Annotated[
        bool, typer.Option("--allow-local", help="Also fetch from this machine and from private networks.")
    ] = False,
) -> None:
    """Fetch the files of a source to the cache, and check each against its declared hash.

    Example: [bold]accountability fetch chicago_2000_2016 --from ~/Downloads[/bold]
    """
    import accountability

    paths = accountability.fetch(source, from_, progress=sys.stderr.isatty() and not quiet, allow_local=allow_local)
    for path in paths:
        typer.echo(path)
    if not paths:
        typer.echo(f"{source}: comes with the package, nothing to fetch")


@app.command("new-source")
def new_source(
    name: Annotated[str, typer.Argument(help="Name of the new source, for instance springfield.")],
    files: Annotated[list[Path], typer.Argument(help="The files as you got them; they are copied.", metavar="FILE...")],
    answers: Annotated[
        Path | None, typer.Option("--answers", help="Take the answers from this file.", exists=True, dir_okay=False)
    ] = None,
    ask: Annotated[
        bool | None, typer.Option("--ask/--no-ask", help="Ask the questions here; default in a terminal.")
    ] = None,
    like: Annotated[
        str | None, typer.Option("--like", help="An earlier source of which these files are another release.")
    ] = None,
) -> None:
    """Propose a source from undeclared files, in data/NAME: guesses are marked, the rest is left to decide.

    It asks at most twelve questions, each with the counts that follow from an answer. Answers are stored in
    data/NAME/answers.yaml.

    Example: [bold]accountability new-source springfield complaints.csv officers.xlsx[/bold]
    """
    from accountability.cli.progress_line import progress_line
    from accountability.records.onboard.check import left
    from accountability.records.onboard.propose import new_source as propose

    if answers is not None and ask:
        raise ParameterError("give --answers or --ask, not both: answers are asked for, or read from a file")
    said: Path | Callable[..., Any] | None = answers
    if said is None and like is None and (sys.stdin.isatty() if ask is None else ask):
        from accountability.cli.new_source_screen import ask as said
    with progress_line() as progress:
        folder = propose(name, files, answers=said, like=like, progress=progress)
    for path, decide, guessed in left(folder):
        typer.echo(f"{path}: {decide} to decide, {guessed} guesses to confirm")
    if said is None and like is None:
        typer.echo("The same with at most twelve questions asked here: add --ask.")
    typer.echo(f"Replace each DECIDE in an editor; `accountability check {name}` lists what is left.")


@app.command()
def check(
    source: NamedSource,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print the points as JSON or, once nothing is left, the first figures."),
    ] = False,
) -> None:
    """List everything unresolved in a source or a case file, with counts; exit status 1 if there is anything.

    Example: [bold]accountability check springfield[/bold]
    """
    from accountability.casefiles.casefile_tables import holds_case_files
    from accountability.records.places import source_folder

    if holds_case_files(source_folder(source)):
        from accountability.casefiles.check_casefile import check as checked
    else:
        from accountability.records.onboard.check import check as checked
    found = checked(source)
    if as_json:
        print_json(_plain(source, found))
    else:
        typer.echo(str(found))
    if not found.clean:
        raise typer.Exit(FAILED)


def _plain(source: str, found: Checked) -> dict[str, Any]:
    from dataclasses import asdict

    if not found.clean:
        return {"source": found.source, "unresolved": [asdict(point) for point in found.unresolved]}
    import accountability
    from accountability.audit import figures

    return {"source": found.source, **figures(accountability.load(source))}


@app.command()
def audit(
    source: NamedSource,
    out: Out = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Audit what a release holds and lacks; print the answer and, last, the path of the HTML report.

    The report ends with a letter that asks the agency for the missing fields.

    Example: [bold]accountability audit chicago_2000_2016[/bold]
    """
    from accountability import publish as reports

    with told(quiet, as_json) as progress:
        path = reports.run("what_the_data_holds", source, {}, out, progress=progress)
    end_with_answer(path, quiet=quiet, as_json=as_json)


@app.command()
def releases(
    source: NamedSource,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write every change to this CSV, one row each.")
    ] = None,
    figure: Annotated[
        Path | None,
        typer.Option(
            "--figure", help="Draw the closing curve as published, corrected and realised (.svg, .png, .pdf)."
        ),
    ] = None,
    year: Annotated[
        int | None, typer.Option("--year", help="In the figure, only complaints received in this year, predicted.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare the releases of an agency: what changed, how late closings are recorded, which estimates came true.

    SOURCE is any of its releases; other releases declare `like: SOURCE` in their source.yaml.

    Example: [bold]accountability releases new_orleans --out changes.csv[/bold]
    """
    from accountability.releases import pairs
    from accountability.results import write_csv

    found = pairs(source)
    if as_json:
        print_json([one.facts() for one in found])
    else:
        typer.echo("\n\n".join(str(one) for one in found))
    if out is not None:
        import pandas as pd

        write_csv(pd.concat([one.changes.rows.assign(release=one.newer) for one in found], ignore_index=True), out)
        typer.echo(out, err=as_json)
    if figure is not None:
        from accountability.releases import late_recording

        data = next((one.before for one in found if one.older == source), found[-1].after)
        read = late_recording(data, data, year=year)
        drawn = read.plot().get_figure(root=True)
        assert drawn is not None
        drawn.savefig(figure, bbox_inches="tight")
        typer.echo(read.sentence(), err=as_json)
        typer.echo(figure, err=as_json)


@app.command("new-case")
def new_case(
    name: Annotated[str, typer.Argument(help="Name of the case file, for instance springfield_2012.")],
) -> None:
    """Create a case file in data/NAME, to fill in: reports, facts with citations, steps, accusations, conflicts.

    Example: [bold]accountability new-case springfield_2012[/bold]
    """
    from accountability.casefiles.scaffold import new_case as begin

    folder = begin(name)
    for path in sorted(folder.iterdir()):
        typer.echo(path)
    typer.echo(
        f"Replace each DECIDE, as {folder / 'README.md'} says; `accountability check {name}` lists what is left."
    )


@app.command()
def synth(
    folder: Annotated[Path, typer.Argument(help="Folder to write; its name becomes the source's name.")],
    complaints: Annotated[int, typer.Option("--complaints", "-n", help="Complaints received, 1 to 5,000,000.")] = 5000,
    seed: Annotated[
        int | None, typer.Option("--seed", help="The same seed gives the same agency; by default the bundled one.")
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
    from accountability.synthetic import source_files

    if student is not None:
        made = synthetic.agency_of_student(student, complaints, publication=publication)
    else:
        chosen = synthetic.BUNDLED_SEED if seed is None else seed
        made = synthetic.agency(complaints, chosen, publication=publication)
    typer.echo(source_files.write(made, folder, truth=truth))


@app.command("compare-sources")
def compare_sources(
    sources: Annotated[
        list[str] | None,
        typer.Argument(help="Two sources or more; without them all.", metavar="SOURCE...", autocompletion=sources),
    ] = None,
    question: Annotated[str | None, typer.Option("--question", help="delay or sustained; without it both.")] = None,
    figure: Annotated[Path | None, typer.Option("--figure", help="Draw the square of verdicts here.")] = None,
    as_json: Json = False,
) -> None:
    """Say which sources can be compared, on delays and on sustained shares, computed from their cards.

    Example: [bold]accountability compare-sources new_orleans philadelphia[/bold]
    """
    from accountability import agencies

    found = agencies.comparability(sources or None, question)  # type: ignore[arg-type]
    if figure is not None:
        drawn = found.plot().get_figure(root=True)
        assert drawn is not None
        drawn.savefig(figure, bbox_inches="tight")
    if as_json:
        print_json({"pairs": rows(found.table), "sources": rows(found.facts)})
        return
    shown = found.table if sources else found.table[found.table["verdict"] != "not comparable"]
    for row in shown.to_dict("records"):
        why = row["because"] or "; ".join(part for part in (row["restriction"], row["not_known"]) if part)
        typer.echo(f"{row['question']}: {row['first']}, {row['second']}: {row['verdict']}{': ' if why else ''}{why}")
    typer.echo(found.sentence())
    if len(shown) < len(found.table):
        typer.echo("Name sources to see why they cannot be compared; --json says it of all.")
    if figure is not None:
        typer.echo(figure)
