"""Commands that hand a finished report on: export."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from accountability.cli.app import app


@app.command()
def export(
    report: Annotated[Path, typer.Argument(help="Folder of a finished report, or its report.html.")],
    to: Annotated[str, typer.Option("--to", "-t", help="pdf, docx, tex (with tables and figures) or figures.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder to write to.", file_okay=False)],
    dpi: Annotated[int, typer.Option("--dpi", help="Dots an inch of PNG figures, 300 to 1200.")] = 300,
) -> None:
    """Write a finished report as PDF, Word or LaTeX, or its figures at a journal's width; print the files.

    Example: [bold]accountability export reports/synthetic/were_deadlines_met --to pdf --out papers[/bold]
    """
    from accountability.publish import documents

    for path in documents.export(report, to, out, dpi=dpi):
        typer.echo(path)
