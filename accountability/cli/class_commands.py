"""Commands for a class: teach build, teach grade."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from accountability.cli.app import Json, Parameters, Quiet, app, empty_table, named_values
from accountability.cli.printed import print_json, rows
from accountability.cli.progress_line import progress_line

teach = typer.Typer(no_args_is_help=True, help="Make the editions of a lesson, and grade what students hand in.")
app.add_typer(teach, name="teach")


@teach.command()
def build(
    lesson: Annotated[list[str] | None, typer.Argument(help="Names of lessons; all when left out.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the editions.", file_okay=False)] = Path("class"),
) -> None:
    """Write the students' copy, the instructor's copy, slides and nbgrader's source of a lesson.

    Example: [bold]accountability teach build the_closed_case_trap --out class[/bold]
    """
    from accountability.classroom.editions import build as made

    for path in made(lesson or (), out):
        typer.echo(path)


@teach.command()
def grade(
    submissions: Annotated[
        Path,
        typer.Argument(help="Folder of STUDENT.ipynb or STUDENT/LESSON/LESSON.ipynb.", file_okay=False, exists=True),
    ],
    lesson: Annotated[str, typer.Option("--lesson", "-l", help="Name of the lesson.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="CSV to write, one row a student and item.", dir_okay=False)],
    seconds: Annotated[float, typer.Option("--seconds", help="Computing time for each submission.")] = 120,
    parameter: Parameters = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Run every submission locked in and score its answers against the truth of the student's own agency.

    The name of a submission is the id its student worked with; `-p student=none` has all share the class's agency.

    Example: [bold]accountability teach grade submitted --lesson the_closed_case_trap --out scores.csv[/bold]
    """
    from rich.console import Console
    from rich.markup import escape

    from accountability.classroom.grading import grade as graded

    with progress_line(quiet) as progress:
        given = named_values(parameter)
        scores = graded(submissions, lesson, seconds=seconds, parameters=given, progress=progress)
    out.parent.mkdir(parents=True, exist_ok=True)
    scores.to_csv(out)
    if as_json:
        print_json({"scores": rows(scores.by_student()), "locks": scores.locks, "csv": out})
        return
    table = empty_table(scores.sentence(), "student", "points", "of", "note")
    for row in scores.by_student().to_dict("records"):
        # What students wrote may look like markup.
        table.add_row(escape(row["student"]), f"{row['points']:g}", f"{row['possible']:g}", escape(row["note"]))
    Console().print(table)
    typer.echo(f"Locks: {', '.join(scores.locks) or 'none held'}.", err=True)
    typer.echo(out)
