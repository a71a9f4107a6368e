"""A finished report as a document: PDF, Word, LaTeX, or its figures at a journal's width.

Made from the report's own files, nothing is computed anew. Of one report, one version of the programs makes the same
file each time: no clock, no random name, no font of the machine.
"""

from __future__ import annotations

import base64
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
from accountability.parameters import nearest
from accountability.publish import page
from accountability.publish.extras import needs
from accountability.publish.figure_files import DOUBLE, compiled, figure_files, pdf_figure, png_figure
from accountability.publish.finished import any_record, home
from accountability.publish.templating import TEMPLATES
from accountability.results import four_figures
from accountability.studies import registry

_FIGURE: Final = re.compile(
    r'<figure><img src="data:image/[\w+]+;base64,([^"]*)" alt="([^"]*)"[^>]*>(.*?)</figure>', re.S
)
_LINKED: Final = re.compile(r'href="figures/([a-z0-9_]+)\.svg"')
_HEAD: Final = re.compile(r"<thead>.*?</thead>", re.S)
_ALTS: Final = re.compile(r'<img src="([^"]*)" alt="([^"]*)">')
_IMAGE: Final = re.compile(r'\bimage\("([^"]*)"')
_NUMBER: Final = r"(-?(0|[1-9]\d*)(\.\d+)?(e[-+]\d\d+)?)?"
_WIDE: Final = 5
_LONG: Final = 40


def export(report: str | Path, to: str, out: str | Path, *, dpi: int = 300) -> list[Path]:
    """Write a finished report in another form.

    Parameters
    ----------
    report : path
        A report's folder, or its ``report.html``.
    to : str
        ``pdf`` (page numbers, live text, tagged for screen readers), ``docx``, ``tex`` (a document for LuaLaTeX or
        XeLaTeX, every table as booktabs and as CSV, figures as PDF) or ``figures`` (each figure as SVG and PNG, 3.5
        inches wide for one column and 7 for two).
    out : path
        Folder to write to; made when it is not there.
    dpi : int
        Dots an inch of the PNG figures, 300 to 1200.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    ParameterError
        No such form, no such report, or `dpi` out of range.
    Refusal
        The report is not complete, or the extra ``documents`` is not installed.
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
        raise ParameterError(f"dpi={dpi}: expected 300 to 1200 dots an inch")
    folder = home(report)
    record = any_record(folder)
    if record["failure"]:
        raise Refusal(
            f"{folder}: the report is not complete; it stopped at {record['failure']['where']}. Run it again."
        )
    needs("documents")
    target = Path(out)
    target.mkdir(parents=True, exist_ok=True)
    return forms[to](folder, record, target)


def _document(
    folder: Path, record: Mapping[str, Any], picture: Callable[[str | None, bytes], str], *, numbers: bool
) -> str:
    """Write the report as plain HTML for a converter, which may itself number figures.

    `picture` places a figure and gives its address.
    """
    import nbformat

    model = registry.get(record["study"]).parameters
    notebook = nbformat.read(folder / record["notebook"], as_version=4)
    shown = page.blocks(notebook, record["tables"])
    numbered = 0

    def placed(match: re.Match[str]) -> str:
        nonlocal numbered
        numbered += 1
        encoded, alt, links = match.groups()
        linked = _LINKED.search(links)
        name = linked[1] if linked else None
        place = picture(name, base64.b64decode(encoded))
        data = f" Data: figures/{name}.csv." if name else ""
        said = f"{'' if numbers else f'Figure {numbered}. '}{alt.rstrip('.')}.{data}"
        return f'<figure><img src="{place}" alt="{alt}"><figcaption>{said}</figcaption></figure>'

    for block in shown:
        if block["kind"] == "prose":
            # The converters write the title themselves.
            block["html"] = re.sub(r"<h1>.*?</h1>", "", block["html"], count=1, flags=re.S)
        elif block["kind"] == "code":
            block["outputs"] = [_aligned(_FIGURE.sub(placed, output)) for output in block["outputs"]]
    rows = page.parameter_rows(model, record["parameters"])
    left_out = _aligned(page.exclusions_table(record["data"]["exclusions"]))
    return page.render("document.html.j2", record=record, rows=rows, blocks=shown, left_out=left_out)


def _aligned(markup: str) -> str:
    # Converters read this property, and break a long heading where an invisible space lets them.
    def breakable(head: re.Match[str]) -> str:
        return head[0].replace("_", "_\u200b") if head[0].count("<th") > _WIDE else head[0]

    return _HEAD.sub(breakable, markup.replace(' class="num"', ' style="text-align: right"'))


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
        text = _document(
            folder,
            record,
            _beside(work, lambda figure: (folder / f"figures/{figure}.svg").read_bytes(), "svg"),
            numbers=True,
        )
        # The converter leaves out the text of a picture that has a caption.
        body = _pandoc(
            work, record, text, "--to", "typst", f"--template={TEMPLATES / 'document.typ'}", *_titles(record)
        )
        body = body.replace("align(center)[#table(", "align(left)[#table(")
        said = {html.escape(place): alt for place, alt in _ALTS.findall(text)}
        body = _IMAGE.sub(lambda image: f"{image[0]}, alt: {_quoted(html.unescape(said[image[1]]))}", body)
        (work / "report.typ").write_text(body, encoding="utf-8")
        made = target / f"{folder.name}.pdf"
        made.write_bytes(compiled(work / "report.typ", "pdf", pdf_standards=["ua-1"]))
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
        f"subtitle={record['data']['title']} – {record['study']}",
    ]


def _beside(work: Path, kept: Callable[[str], bytes], suffix: str) -> Callable[[str | None, bytes], str]:
    """Place each figure in a folder: the kept one by its name, another as the picture the page shows."""
    unnamed = 0

    def place(name: str | None, shown: bytes) -> str:
        nonlocal unnamed
        if name is not None:
            (work / f"{name}.{suffix}").write_bytes(kept(name))
            return f"{name}.{suffix}"
        unnamed += 1
        (work / f"unnamed-{unnamed}.png").write_bytes(shown)
        return f"unnamed-{unnamed}.png"

    return place


def _docx(folder: Path, record: dict[str, Any], target: Path) -> list[Path]:
    with tempfile.TemporaryDirectory(prefix="accountability-") as name:
        work = Path(name)
        text = _document(
            folder, record, _beside(work, lambda figure: png_figure(folder, figure, 6.0, 300), "png"), numbers=False
        )
        made = (target / f"{folder.name}.docx").resolve()
        _pandoc(work, record, text, "--to", "docx", "--output", str(made), *_titles(record))
    return [target / f"{folder.name}.docx"]


def _tex(folder: Path, record: dict[str, Any], target: Path) -> list[Path]:
    figures = target / "figures"
    figures.mkdir(exist_ok=True)
    place = _beside(figures, lambda figure: pdf_figure(folder, figure, DOUBLE), "pdf")
    text = _document(folder, record, lambda name, shown: f"figures/{place(name, shown)}", numbers=True)
    variables = ["-V", "documentclass=article", "-V", "geometry=margin=2.2cm", "-V", "fontsize=10pt"]
    body = _pandoc(
        target, record, text.replace("\u200b", ""), "--standalone", "--to", "latex", *variables, *_titles(record)
    )
    made = target / "report.tex"
    made.write_text(body, encoding="utf-8")
    return [made, *sorted(figures.iterdir()), *_tables(folder, record, target / "tables")]


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
