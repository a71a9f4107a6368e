"""Export a finished report as PDF, Word or LaTeX, or its figures at a journal's width.

Documents are made from the report's files without new computation. The same report and program versions give the same
file: no times, random names or fonts of the machine.
"""

from __future__ import annotations

import html
import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from accountability.errors import ParameterError, Refusal
from accountability.findings import Finding, ReadingTable, finding_html
from accountability.labels import label
from accountability.parameters import nearest
from accountability.publish import appendix, page
from accountability.publish.extras import needs
from accountability.publish.figure_files import DOUBLE, compiled, figure_files, pdf_figure, png_figure
from accountability.publish.finished import any_record, home, unfinished
from accountability.publish.templating import TEMPLATES
from accountability.results import four_figures
from accountability.studies import registry
from accountability.tables.document_tables import document_table
from accountability.tables.word_tables import with_table_text
from accountability.whole_files import whole_folder

_ALTS: Final = re.compile(r'<img src="([^"]*)" alt="([^"]*)">')
_IMAGE: Final = re.compile(r'\bimage\("([^"]*)"')
_FONT_OPTIONS: Final = "Path=./fonts/,Extension=.ttf,BoldFont=*-Bold,ItalicFont=*-Oblique,BoldItalicFont=*-BoldOblique"
_CONTENTS: Final = ("--toc", "--toc-depth=1", "-M", "toc-title=Contents")
_NUMBER: Final = r"(-?(0|[1-9]\d*)(\.\d+)?(e[-+]\d\d+)?)?"
_LONG: Final = 40
#: Letters that neither Libertinus nor DejaVu draws, so that a font of the machine is asked for.
_FARTHER: Final = re.compile(
    "[\u0900-\u0dff\u0e00-\u0e7f\u0f00-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]"
)
#: Letters beyond Latin, for which a LaTeX report brings its own font.
_BEYOND: Final = re.compile("[\u0370-\u1dff\u2c00-\ua71f\ua800-\uffef]")


def export(report: str | Path, to: str, out: str | Path, *, dpi: int = 300) -> list[Path]:
    """Export a finished report in another format.

    Parameters
    ----------
    report : path
        A report's folder, or its ``report.html``.
    to : str
        ``pdf`` (page numbers, live text, tagged for screen readers), ``docx``, ``tex`` (a document for LuaLaTeX or
        XeLaTeX, every table as booktabs and as CSV, figures as PDF) or ``figures`` (each figure as SVG and PNG, 3.5
        inches wide for one column and 7 for two).
    out : path
        Folder to write to; created if missing.
    dpi : int
        Dots per inch of the PNG figures, 300 to 1200.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    ParameterError
        For an unknown format or report, or `dpi` out of range.
    Refusal
        If the report is not complete, or the extra ``documents`` is not installed.
    """
    forms: dict[str, Callable[[Path, dict[str, Any], Path], list[Path]]] = {
        "pdf": _pdf,
        "docx": _docx,
        "tex": _tex,
        "figures": lambda folder, record, target: figure_files(folder, record, target, dpi),
    }
    if to not in forms:
        raise ParameterError(f"--to {to}: no such form. {nearest(to, forms)}")
    if not 300 <= dpi <= 1200:
        raise ParameterError(f"dpi={dpi}: expected 300 to 1200 dots per inch")
    folder = home(report)
    record = any_record(folder)
    if why := unfinished(record):
        raise Refusal(f"{folder}: the report is not complete; {why}. Run it again.")
    needs("documents")
    target = Path(out)
    with whole_folder(target) as made:
        return [target / path.relative_to(made) for path in forms[to](folder, record, made)]


def _document(folder: Path, record: Mapping[str, Any], picture: Callable[[str], str], *, numbers: bool) -> str:
    """Write the report as plain HTML for a converter, in the order of its page.

    `picture` places a kept figure and gives its address; with `numbers` the converter numbers captions itself.
    """
    import nbformat

    finding = Finding.from_json(record["finding"])
    notebook = nbformat.read(folder / record["notebook"], as_version=4)
    figures = page.figures_of(record, folder)
    placed = [_figure(figure, picture, number, numbers) for number, figure in enumerate(figures, start=1)]
    leads = page.leads(finding, figures)
    reading = [*finding.tables, *([finding.firm_table] if finding.firm_table else [])]
    written = [_reading(table, number, numbers) for number, table in enumerate(reading, start=1)]
    key = [(one.label, one.value, one.note) for one in finding.numbers]
    model = registry.get(record["study"]).parameters if record["study"] in registry.STUDIES else None
    rows = [] if model is None else page.parameter_rows(model, record["parameters"])
    asked = [(label(row["name"]), page.in_words(row, "value"), page.in_words(row, "default")) for row in rows]
    out, environment = page.left_out(record["data"]["exclusions"]), record["environment"]
    made = [
        ("data", record["data"]["title"]),
        ("data sha256", record["data"]["sha256"]),
        ("cut-off", record["data"]["cutoff"] or "not stated"),
        ("same again", record["command"]),
        ("made", environment["made"]),
        ("commit", environment["commit"]),
        ("notebook sha256", record["notebook_sha256"]),
        ("versions", "; ".join([f"Python {environment['python']}", *map(" ".join, environment["packages"].items())])),
    ]
    return page.render(
        "document.html.j2",
        record=record,
        finding=finding,
        part=finding_html,
        lead=placed[0] if leads else "",
        figures=placed[1:] if leads else placed,
        numbers=document_table("In numbers", ("", "number", "with"), key, (False,) * 3) if key else "",
        tables=written[: len(finding.tables)],
        firm_table=written[-1] if finding.firm_table else "",
        limits=page.limits_of(notebook),
        asked=document_table("What was asked", ("asked", "value", "usual"), asked, (False,) * 3) if asked else "",
        whole=_whole(folder, record),
        left_out=document_table("Who was left out", out[0], out[1:], (False,) * len(out[0])) if out else "",
        made=document_table("How this report was made", ("what", "value"), _broken(made), (False, False)),
    )


def _figure(figure: Mapping[str, Any], picture: Callable[[str], str], number: int, numbers: bool) -> str:
    alt = html.escape(figure["alt"])
    said = f"{'' if numbers else f'Figure {number}. '}{alt.rstrip('.')}."
    data = f" Data: {figure['links']['data (CSV)']}." if figure["links"]["data (CSV)"] else ""
    place = picture(figure["name"])
    return f'<figure><img src="{place}" alt="{alt}"><figcaption>{said}{data}</figcaption></figure>'


def _reading(table: ReadingTable, number: int, numbers: bool) -> str:
    columns = [[row[place] for row in table.rows] for place in range(len(table.head))]
    right = [place > 0 and finding_html.is_numbers(cells) for place, cells in enumerate(columns)]
    title = table.title if numbers else f"Table {number}. {table.title}"
    return document_table(title, table.head, table.rows, right, table.notes)


def _whole(folder: Path, record: Mapping[str, Any]) -> list[str]:
    """The whole tables, as far as paper is for them."""
    written = []
    for entry in record["tables"]:
        if entry["kind"] != "table" or not entry["rows"]:
            continue
        table = appendix.shown(folder / entry["file"], record.get("labels", {}), _LONG)
        more = f"The first {_LONG} of {table.total:,} rows; tables/{entry['name']}.csv holds all."
        notes = [more] if table.total > _LONG else [f"In full precision: tables/{entry['name']}.csv."]
        written.append(document_table(page.caption_of(entry), table.head, table.rows, table.right, notes))
    return written


def _broken(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    # A hash or a command has no blank at which a line could end.
    return [(what, re.sub(r"([0-9a-f]{16}|[/=-])(?=[^ ])", "\\1\u200b", value)) for what, value in rows]


def _pandoc(folder: Path, record: Mapping[str, Any], text: str, *options: str) -> str:
    import pypandoc

    made = datetime.fromisoformat(record["environment"]["made"])
    done = subprocess.run(
        [pypandoc.get_pandoc_path(), "--from", "html", "--wrap", "none", *options],
        input=text,
        cwd=folder,
        env=os.environ | {"SOURCE_DATE_EPOCH": str(int(made.timestamp()))},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise Refusal(f"pandoc could not convert the report: {done.stderr.strip()}")
    return done.stdout


def _pdf(folder: Path, record: dict[str, Any], target: Path) -> list[Path]:
    with tempfile.TemporaryDirectory(prefix="accountability-") as name:
        work = Path(name)
        place = _beside(work, lambda figure: (folder / f"figures/{figure}.svg").read_bytes(), "svg")
        text = _document(folder, record, place, numbers=True)
        # The converter leaves out the text of a picture that has a caption.
        body = _pandoc(
            work, record, text, "--to", "typst", f"--template={TEMPLATES / 'document.typ'}", *_titles(record)
        )
        body = body.replace("align(center)[#table(", "align(left)[#table(")
        said = {html.escape(place): alt for place, alt in _ALTS.findall(text)}
        body = _IMAGE.sub(lambda image: f"{image[0]}, alt: {_quoted(html.unescape(said[image[1]]))}", body)
        (work / "report.typ").write_text(body, encoding="utf-8")
        made = target / f"{folder.name}.pdf"
        farther = _FARTHER.search(body) is not None
        made.write_bytes(compiled(work / "report.typ", "pdf", system_fonts=farther, pdf_standards=["ua-1"]))
    return [made]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'


def _titles(record: Mapping[str, Any]) -> list[str]:
    return [
        "--shift-heading-level-by=-1",
        "-M",
        f"title={record['question']}",
        "-M",
        f"subtitle={record['finding']['setting']}",
    ]


def _beside(work: Path, kept: Callable[[str], bytes], suffix: str) -> Callable[[str], str]:
    """Place each kept figure in a folder, by its name."""

    def place(name: str) -> str:
        (work / f"{name}.{suffix}").write_bytes(kept(name))
        return f"{name}.{suffix}"

    return place


def _docx(folder: Path, record: dict[str, Any], target: Path) -> list[Path]:
    with tempfile.TemporaryDirectory(prefix="accountability-") as name:
        work = Path(name)
        text = _document(
            folder, record, _beside(work, lambda figure: png_figure(folder, figure, 6.0, 300), "png"), numbers=True
        )
        made = (target / f"{folder.name}.docx").resolve()
        _pandoc(
            work, record, text, "--to", "docx+native_numbering", *_CONTENTS, "--output", str(made), *_titles(record)
        )
        with_table_text(made)
    return [target / f"{folder.name}.docx"]


def _tex(folder: Path, record: dict[str, Any], target: Path) -> list[Path]:
    figures = target / "figures"
    figures.mkdir(exist_ok=True)
    place = _beside(figures, lambda figure: pdf_figure(folder, figure, DOUBLE), "pdf")
    text = _document(folder, record, lambda name: f"figures/{place(name)}", numbers=True).replace("\u200b", "")
    variables = ["-V", "documentclass=article", "-V", "geometry=margin=2.2cm", "-V", "fontsize=10pt", *_CONTENTS]
    fonts = _own_fonts(target) if _BEYOND.search(text) else []
    variables += ["-V", "mainfont=DejaVuSans", "-V", f"mainfontoptions={_FONT_OPTIONS}"] if fonts else []
    body = _pandoc(target, record, text, "--standalone", "--to", "latex", *variables, *_titles(record))
    made = target / "report.tex"
    made.write_text(body, encoding="utf-8")
    return [made, *fonts, *sorted(figures.iterdir()), *_tables(folder, record, target / "tables")]


def _own_fonts(target: Path) -> list[Path]:
    """Put a font of many scripts beside a LaTeX report, which is named there by its file."""
    import matplotlib as mpl

    (target / "fonts").mkdir(exist_ok=True)
    written = []
    for cut in ("", "-Bold", "-Oblique", "-BoldOblique"):
        copy = target / "fonts" / f"DejaVuSans{cut}.ttf"
        copy.write_bytes((Path(mpl.get_data_path()) / "fonts" / "ttf" / copy.name).read_bytes())
        written.append(copy)
    return written


def _tables(folder: Path, record: Mapping[str, Any], target: Path) -> list[Path]:
    import pandas as pd

    target.mkdir(exist_ok=True)
    written = []
    for entry in record["tables"]:
        if entry["kind"] != "table":
            continue
        table = pd.read_csv(folder / entry["file"], keep_default_na=False, dtype="str")
        for name in table:
            # A code such as 0112 or 5E10 stays as it is written.
            if table[name].str.fullmatch(_NUMBER).all():
                table[name] = pd.to_numeric(table[name])
        copy, tex = target / f"{entry['name']}.csv", target / f"{entry['name']}.tex"
        copy.write_bytes((folder / entry["file"]).read_bytes())
        # A table that a page cannot hold goes on over the next.
        long = len(table) > _LONG
        text = table.to_latex(
            index=False,
            escape=True,
            na_rep="",
            float_format=four_figures,
            caption=_latex(entry["caption"]) or None,
            label=f"tab:{entry['name']}",
            longtable=long,
        )
        needed = "booktabs,longtable" if long else "booktabs"
        tex.write_text(f"% needs \\usepackage{{{needed}}}\n{text}", encoding="utf-8")
        written += [copy, tex]
    return written


def _latex(text: str) -> str:
    escapes = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return "".join(escapes.get(one, f"\\{one}" if one in "&%$#_{}" else one) for one in text)
