"""Commands for finished reports: export, share, package."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from accountability.cli.app import FAILED, Json, MaybeSource, NamedSource, Quiet, Report, app
from accountability.cli.printed import print_json, told


@app.command()
def export(
    report: Report,
    to: Annotated[str, typer.Option("--to", "-t", help="pdf, docx, tex (with tables and figures) or figures.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.", file_okay=False)],
    dpi: Annotated[int, typer.Option("--dpi", help="Dots per inch of PNG figures, 300 to 1200.")] = 300,
) -> None:
    """Write a finished report as PDF, Word or LaTeX, or its figures at a journal's width; print the files.

    Example: [bold]accountability export reports/synthetic/were_deadlines_met --to pdf --out papers[/bold]
    """
    from accountability.publish import documents

    for path in documents.export(report, to, out, dpi=dpi):
        typer.echo(path)


@app.command("export-data")
def export_data(
    source: NamedSource,
    out: Annotated[Path, typer.Option("--out", "-o", help="New folder to write to.", file_okay=False)],
    to: Annotated[str, typer.Option("--to", "-t", help="stata, spss, parquet or csv.")] = "stata",
) -> None:
    """Write a source's coded tables for other programs, with labels, codebooks, data package, R script, do-file.

    Ids of persons and cases are pseudonyms; the sharing gate checks every heading and term first.

    Example: [bold]accountability export-data chicago_2000_2016 --to stata --out handed_over[/bold]
    """
    import accountability

    for path in accountability.load(source).export(to, out):
        typer.echo(path)


@app.command()
def share(
    report: Annotated[Path, typer.Argument(help="A report's folder or page, or a folder of reports.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The archive; default REPORT.zip beside the report.")
    ] = None,
    passing: Annotated[
        list[str] | None,
        typer.Option("--pass", help="A foreign file to include unchanged and to list in the archive; may be repeated."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a report again and pack it as a zip, or list what must not be shared (status 1).

    Foreign or changed files are listed. The new report is searched for identifying values of the source, narratives,
    keys, paths of this machine, counts below ten and numbers that reveal one, and active content.

    Example: [bold]accountability share reports/synthetic[/bold]
    """
    from accountability.publish import sharing

    verdict, packed = sharing.share(report, out, passing or ())
    if as_json:
        found = [asdict(leak) for leak in verdict.leaks]
        print_json(
            {"report": report, "archive": packed, "found": found, "notes": verdict.notes, "passed": verdict.passed}
        )
    else:
        typer.echo(str(verdict), err=True)
    if packed is None:
        raise typer.Exit(FAILED)
    if not as_json:
        typer.echo(packed)


@app.command()
def package(
    out: Annotated[Path, typer.Argument(help="The archive to write, ending in .zip.")],
    source: MaybeSource = None,
    reports: Annotated[
        Path | None, typer.Option("--reports", help="Package these reports instead: a folder of them, or one.")
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Build a replication package: code, locked environment, data or where to get them, reports, README, checklist.

    Every study of the source is run and packaged. After unzipping, `make setup` and `make reproduce` make the reports
    again and compare every value.

    Example: [bold]accountability package replication.zip --source synthetic[/bold]
    """
    from accountability.publish.replication import package as build

    with told(quiet) as progress:
        path = build(out, source, reports, progress=progress)
    typer.echo(path)
