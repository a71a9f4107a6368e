"""Commands that check reports: verify, diff, claims."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from accountability.cli.app import FAILED, REFUSED, Json, Quiet, Report, app, empty_table
from accountability.cli.printed import print_json, rows
from accountability.cli.progress_line import progress_line
from accountability.errors import Refusal

if TYPE_CHECKING:
    import pandas as pd

    from accountability.publish.claims import Ledger
    from accountability.publish.compare_reports import Comparison

_SHOWN = 20
_HASH = re.compile(r"\b[0-9a-f]{40,64}\b")
_DECIMALS = re.compile(r"\b\d+\.\d{9,}(?:e[+-]\d+)?\b")

Csv = Annotated[Path | None, typer.Option("--csv", help="Write every difference to this CSV file.", dir_okay=False)]
Tolerance = Annotated[
    float, typer.Option("--tolerance", min=0.0, help="Relative difference up to which two numbers are equal.")
]


@app.command()
def verify(
    report: Annotated[Path, typer.Argument(help="Folder of a report, or of several.", exists=True)],
    tolerance: Tolerance = 1e-8,
    csv: Csv = None,
    quiet: Quiet = False,
    as_json: Json = False,
) -> None:
    """Run a report again and check that every number is the same.

    Exit status: 0 (equal), 1 (something differs) or 2 (cannot be run again).

    Example: [bold]accountability verify reports/synthetic/how_long_cases_stay_open[/bold]
    """
    from accountability.publish.finished import reports_in
    from accountability.publish.verify import verify as again

    folders = reports_in(report)
    with progress_line(quiet, len(folders)) as progress:
        found = again(folders, tolerance=tolerance, progress=progress)
    frames: list[pd.DataFrame] = []
    said: list[dict[str, Any]] = []
    for folder, one in zip(folders, found, strict=True):
        if isinstance(one, Refusal):
            said.append({"report": folder.name, "equal": None, "refused": str(one)})
            if not as_json:
                typer.echo(f"{folder.name}: not verified")
            typer.echo(f"accountability: {one}", err=True)
            continue
        said.append({"report": folder.name, **_plain(one)})
        frames.append(one.table.assign(report=folder.name))
        if as_json:
            continue
        typer.echo(f"{folder.name}: {'equal' if one.equal else 'differs'}. {one.sentence()}")
        if not one.equal:
            _show(one, "report", "now")
    if as_json:
        print_json(said)
    _write(frames, csv, quiet=as_json)
    if any(isinstance(one, Refusal) for one in found):
        raise typer.Exit(REFUSED)
    if not all(one.equal for one in found if not isinstance(one, Refusal)):
        raise typer.Exit(FAILED)


@app.command()
def diff(
    first: Report,
    second: Report,
    tolerance: Tolerance = 1e-8,
    csv: Csv = None,
    as_json: Json = False,
) -> None:
    """Compare two reports number by number, with the differences in their data and parameters.

    For reports on two releases of one agency, each change is split into changed records, time passed and new cases (of
    cells, in the CSV file); numbers that cannot be split are listed.

    Exit status: 0 (equal) or 1 (something differs).

    Example: [bold]accountability diff old/were_deadlines_met new/were_deadlines_met[/bold]
    """
    from accountability.publish.compare_reports import compare

    found = compare(first, second, tolerance=tolerance)
    if as_json:
        print_json(_plain(found))
    else:
        typer.echo(f"{'equal' if found.equal else 'differs'}. {found.sentence()}")
        _show(found, "first", "second")
    _write([found.table], csv, quiet=as_json)
    if not found.equal:
        raise typer.Exit(FAILED)


def _plain(found: Comparison) -> dict[str, Any]:
    differ = {"differences": rows(found.table), "made_from": rows(found.why), "moved": rows(found.moved)}
    differ["unsplit"] = rows(found.unsplit)
    return {"equal": found.equal, "sentence": found.sentence(), **differ}


def _show(found: Comparison, first: str, second: str) -> None:
    if len(found.table):
        differ = found.table.assign(relative=[_percent(size) for size in found.table["relative"]])
        # Tables with few differences first: a median before the thousand days of its curve; figures last.
        many = differ.groupby(["kind", "table"])["address"].transform("size") + 1e9 * (differ["kind"] == "figure")
        differ = differ.iloc[many.argsort(kind="stable")]
        counted = f"Differences, the first {_SHOWN} of {len(differ):,}" if len(differ) > _SHOWN else "Differences"
        _print(counted, differ.head(_SHOWN), {"address": "value", "first": first, "second": second, "relative": "by"})
    if len(found.moved):
        _print("Why the numbers moved", found.moved, {name: name for name in found.moved.columns})
    if len(found.why):
        _print("Made from", found.why, {"what": "what", "first": first, "second": second})


def _percent(relative: float) -> str:
    return "" if relative != relative else f"{100 * relative:+.3g} %"


def _short(cell: object) -> str:
    """Hashes to twelve characters, numbers to eight digits: the CSV file has them whole."""
    text = _HASH.sub(lambda found: found[0][:12], str(cell))
    return _DECIMALS.sub(lambda found: f"{float(found[0]):.8g}", text)


def _print(title: str, frame: pd.DataFrame, headings: dict[str, str]) -> None:
    from rich.console import Console
    from rich.text import Text

    table = empty_table(title, *headings.values())
    for row in frame[list(headings)].itertuples(index=False):
        # As text: what stands in data is never taken for markup.
        table.add_row(*(Text(_short(cell)) for cell in row))
    Console().print(table)


def _write(frames: list[pd.DataFrame], path: Path | None, *, quiet: bool = False) -> None:
    import pandas as pd

    from accountability.results import write_csv

    if path is None:
        return
    write_csv(pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(), path)
    if not quiet:
        typer.echo(path)


claims = typer.Typer(no_args_is_help=True, help="Check that a manuscript quotes what the reports hold.")
app.add_typer(claims, name="claims")

Manuscript = Annotated[
    Path, typer.Argument(help="A .md, .tex or .docx file.", exists=True, dir_okay=False, metavar="PAPER")
]
Reports = Annotated[Path, typer.Option("--reports", "-r", help="Folder of the reports.", exists=True, file_okay=False)]
Names = Annotated[
    Path | None,
    typer.Option(
        "--names", help="YAML file of names for values; default claims.yaml beside the paper.", dir_okay=False
    ),
]


@claims.command("check")
def check_claims(
    manuscript: Manuscript,
    reports: Reports = Path("reports"),
    names: Names = None,
    csv: Csv = None,
    as_json: Json = False,
) -> None:
    r"""Check which quoted values are right, stale, changed, missing or not filled in, and list the new values.

    Values are marked {{REPORT:TABLE/ROW/COLUMN|178}} anywhere, 178<!-- REPORT:... --> in Markdown,
    \\claim{REPORT:...}{178} in LaTeX, or by a comment "claim: REPORT:..." in Word. Exit status 1 unless all are right.

    Example: [bold]accountability claims check paper.md --reports reports/synthetic[/bold]
    """
    from accountability.publish import claims as ledger

    found = ledger.check(manuscript, ledger.shelf(reports, _names(manuscript, names)))
    if as_json:
        print_json({"right": found.right, "sentence": found.sentence(), "claims": rows(found.table)})
    else:
        _tell(found)
    _write([found.table], csv, quiet=as_json)
    if not found.right:
        raise typer.Exit(FAILED)


def _tell(found: Ledger) -> None:
    typer.echo(found.sentence())
    for claim in found.table[found.table["status"] != "right"].to_dict("records"):
        quoted, now = claim["quoted"] or "nothing", claim["now"] or "nothing"
        typer.echo(f"\n{claim['place']}: {claim['status']}: quoted {quoted}, now {now}\n  {claim['claim']}")
        typer.echo(f"  {': '.join(said for said in (claim['report'], claim['because']) if said)}")


@claims.command("list")
def list_claims(
    report: Report,
    containing: Annotated[str, typer.Option("--containing", "-c", help="Only addresses that contain this.")] = "",
    csv: Csv = None,
    as_json: Json = False,
) -> None:
    """List the values of a report that can be quoted, with their addresses; those of figures with `-c figure:`.

    Example: [bold]accountability claims list reports/synthetic/were_deadlines_met -c verdict[/bold]
    """
    from accountability.publish.claims import addresses

    found = addresses(report, containing)
    if as_json:
        print_json(rows(found[["claim", "value"]]))
    elif csv is None:
        for claim, value in zip(found["claim"], found["value"], strict=True):
            typer.echo(f"{claim}\t{value}")
    _write([found], csv, quiet=as_json)


@claims.command("fill")
def fill_claims(
    manuscript: Manuscript,
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write.", dir_okay=False)],
    reports: Reports = Path("reports"),
    names: Names = None,
) -> None:
    """Write the manuscript with the current values of the reports, with as many digits as quoted.

    Example: [bold]accountability claims fill paper.md --out filled.md --reports reports/synthetic[/bold]
    """
    from accountability.publish import claims as ledger

    count = ledger.fill(manuscript, out, ledger.shelf(reports, _names(manuscript, names)))
    typer.echo(f"{count:,} values written", err=True)
    typer.echo(out)


def _names(manuscript: Path, names: Path | None) -> Path | None:
    from accountability.publish.claims import NAMES

    beside = manuscript.with_name(NAMES)
    return names or (beside if beside.is_file() else None)
