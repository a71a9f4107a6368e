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
KeyFile = Annotated[
    Path | None,
    typer.Option("--key", help="File of the key to the students' data; your own key when left out.", dir_okay=False),
]


@teach.command()
def build(
    lesson: Annotated[list[str] | None, typer.Argument(help="Names of lessons; all when left out.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the editions.", file_okay=False)] = Path("class"),
    students: Annotated[
        Path | None,
        typer.Option("--students", help="Text file, one id per line: each gets their own data.", exists=True),
    ] = None,
    key: KeyFile = None,
) -> None:
    """Write the students' copy, the instructor's copy, slides and nbgrader's source of a lesson.

    Example: [bold]accountability teach build the_closed_case_trap --students class.txt --key class.key[/bold]
    """
    from accountability.classroom.editions import build as made

    lines = [] if students is None else students.read_text(encoding="utf-8-sig").splitlines()
    ids = [line.strip() for line in lines if line.strip()]
    for path in made(lesson or (), out, students=ids, key=key):
        if path.suffix != ".zip":
            typer.echo(path)
    if ids:
        typer.echo(f"{len(ids)} students have data of their own. Keep {key or 'your key'}: grading needs it.", err=True)


@teach.command()
def grade(
    submissions: Annotated[
        Path,
        typer.Argument(help="Folder of STUDENT.ipynb or STUDENT/LESSON/LESSON.ipynb.", file_okay=False, exists=True),
    ],
    lesson: Annotated[str, typer.Option("--lesson", "-l", help="Name of the lesson.")],
    out: Annotated[
        Path, typer.Option("--out", "-o", help="CSV to write, one row per item and student.", dir_okay=False)
    ],
    key: KeyFile = None,
    seconds: Annotated[float, typer.Option("--seconds", help="Computing time for each submission.")] = 120,
    parameter: Parameters = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Run every submission in a sandbox and score its answers for the student's own data.

    The name of a submission is its student's id; with `-p student=ID` all use the data of one id.

    Example: [bold]accountability teach grade submitted -l the_closed_case_trap --key class.key --out scores.csv[/bold]
    """
    from rich.console import Console
    from rich.markup import escape

    from accountability.classroom.grading import grade as graded

    with progress_line(quiet) as progress:
        given = named_values(parameter)
        scores = graded(submissions, lesson, key=key, seconds=seconds, parameters=given, progress=progress)
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
