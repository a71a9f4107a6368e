"""A report leaves as PDF, Word, LaTeX and figures: live text, page numbers, texts for pictures, journals' sizes."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import matplotlib
import pandas as pd
import pytest
import toy_agency
from PIL import Image, ImageFont
from pypdf import PdfReader
from typer.testing import CliRunner

from accountability import publish
from accountability.cli import app
from accountability.errors import ParameterError, Refusal
from accountability.publish import runner
from accountability.publish.documents import export
from accountability.publish.figure_files import compiled
from accountability.publish.templating import TEMPLATES
from accountability.tables import word_tables

STUDY = "how_long_cases_stay_open"
FIGURE = """\
import matplotlib.pyplot as plt
import pandas as pd

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot([1, 2], [3, 4], label="a rise")
ax.set(xlabel="days since the complaint", ylabel="share")
figure(ax, alt='A line that "rises" by #1 $x$ \\\\ [and] stays', name="rise")"""
SECOND = """\
other, ax = plt.subplots()
ax.plot([2, 1])
figure(other, alt="A line that falls", name="fall")"""
LONG = """\
counted = {"cases": [None, 12345, 1234567] + 47 * [10957], "beat": ["0112"] * 50}
long = pd.DataFrame({"day": range(50), "share_of_all": [day / 49 for day in range(50)]} | counted)
keep("long_table", long, caption="50 % & more")"""
OFFICE = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("documents")
    notebooks = base / "notebooks"
    cells = (toy_agency.SETUP, toy_agency.TABLE, FIGURE, SECOND, LONG, toy_agency.LAST)
    toy_agency.notebook(notebooks, *cells)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "notebooks_dir", lambda: notebooks)
        return publish.run(STUDY, str(toy_agency.source(base)), {}, base / "out").parent


def test_a_pdf_has_live_text_page_numbers_texts_for_its_figures_and_is_the_same_each_time(
    made: Path, tmp_path: Path
) -> None:
    (path,) = export(made, "pdf", tmp_path)
    assert path == tmp_path / f"{STUDY}.pdf"
    document = PdfReader(path)
    texts = [page.extract_text() for page in document.pages]
    assert len(texts) > 1
    for number, text in enumerate(texts, start=1):
        assert re.search(rf"\b{number} / {len(texts)}\b", text), text
    whole = " ".join(" ".join(texts).split())
    record = json.loads((made / "provenance.json").read_text())
    for expected in (
        "How long do complaints stay open before the agency closes them?",
        "Generated data: no real person or agency",
        "<script>alert(2)</script>",
        'A line that "rises" by #1 $x$ \\ [and] stays',
        "days since the complaint",  # of the figure itself, drawn as text
        "Data: figures/rise.csv",
        record["data"]["sha256"],
        record["command"].split()[0],
    ):
        assert expected in whole, expected
    assert "import accountability" not in whole, "code stays in the notebook"
    assert document.metadata is not None
    assert document.metadata.title == record["question"]
    assert "/StructTreeRoot" in document.trailer["/Root"], "tagged, for screen readers"
    assert document.trailer["/Root"]["/Lang"].lower().startswith("en")
    tags = [item for _, item in structure(document)]
    assert [str(tag["/Alt"]) for tag in tags if tag.get("/S") == "/Figure"] == [
        'A line that "rises" by #1 $x$ \\ [and] stays',
        "A line that falls",
    ]
    (again,) = export(made / "report.html", "pdf", tmp_path / "again")
    assert again.read_bytes() == path.read_bytes()


def structure(document: PdfReader) -> list[tuple[int, dict[str, object]]]:
    """Every element of a tagged PDF's tree, with its depth."""
    found: list[tuple[int, dict[str, object]]] = []
    waiting = [(0, document.trailer["/Root"]["/StructTreeRoot"])]
    while waiting:
        depth, item = waiting.pop(0)
        item = item.get_object() if hasattr(item, "get_object") else item
        if isinstance(item, dict):
            found.append((depth, item))
            below = item.get("/K", [])
            below = below.get_object() if hasattr(below, "get_object") else below
            waiting = [(depth + 1, one) for one in (below if isinstance(below, list) else [below])] + waiting
    return found


def too_wide(table: ElementTree.Element, widths: list[int]) -> list[str]:
    """Words of a Word table that are wider than their cell, which Word breaks in the middle.

    Measured in DejaVu Sans less a tenth, which is wider than what Word takes (Aptos, Calibri, Cambria).
    """
    font = ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf"), 80)
    wrong = []
    for row in table.iter(f"{OFFICE}tr"):
        for cell, width in zip(row.iter(f"{OFFICE}tc"), widths, strict=True):
            room = width / 20 - 2 * word_tables.MARGIN / 20
            words = re.split(r"[ \u200b-]", "".join(cell.itertext()))
            wrong += [word for word in words if 0.9 * font.getlength(word) / 80 * word_tables.SIZE / 2 > room]
    return wrong


def test_a_word_document_holds_text_tables_and_figures_with_their_texts(made: Path, tmp_path: Path) -> None:
    (path,) = export(made, "docx", tmp_path)
    with zipfile.ZipFile(path) as packed:
        whole = packed.read("word/document.xml").decode()
        body = ElementTree.fromstring(whole)
        styles = packed.read("word/styles.xml").decode()
        pictures = [name for name in packed.namelist() if name.startswith("word/media/")]
        sizes = [Image.open(io.BytesIO(packed.read(name))).size for name in pictures]
    text = " ".join("".join(part.itertext()) for part in body.iter(f"{OFFICE}p"))
    assert "How long do complaints stay open before the agency closes them?" in text
    assert "SEQ Figure" in whole, "a caption that Word numbers and lists"
    assert "TOC " in whole
    for table in body.iter(f"{OFFICE}tbl"):
        widths = [int(column.get(f"{OFFICE}w", "0")) for column in table.iter(f"{OFFICE}gridCol")]
        assert len(widths) == 1 or len(set(widths)) > 1 or len(widths) == 2, "as wide as what they hold"
        assert too_wide(table, widths) == []
        rows, whole_rows = (list(table.iter(f"{OFFICE}{what}")) for what in ("tr", "cantSplit"))
        assert len(whole_rows) >= len(rows) - 1, "no row but the head may be broken over two pages"
        assert {style.get(f"{OFFICE}val") for style in table.iter(f"{OFFICE}pStyle")} == {word_tables.STYLE}
    own = styles.partition('w:val="Table Text"')[2].partition("</w:style>")[0]
    assert f'<w:sz w:val="{word_tables.SIZE}"' in own
    assert styles.count(f'w:w="{word_tables.MARGIN}"') == 2, "the sides of a cell"
    assert "<script>alert(2)</script>" in text
    heads = [
        "".join(row.itertext()) for table in body.iter(f"{OFFICE}tbl") for row in [next(table.iter(f"{OFFICE}tr"))]
    ]
    assert "askedvalueusual" in heads
    said = {element.get("descr") for element in body.iter() if element.get("descr")}
    assert {'A line that "rises" by #1 $x$ \\ [and] stays', "A line that falls"} <= said
    assert 6 * 300 in [width for width, _ in sizes], "inches and dots per inch"
    (again,) = export(made, "docx", tmp_path / "again")
    assert again.read_bytes() == path.read_bytes()


def test_latex_comes_with_every_table_twice_and_every_figure_as_pdf(made: Path, tmp_path: Path) -> None:
    written = {path.relative_to(tmp_path).as_posix() for path in export(made, "tex", tmp_path)}
    assert written == {
        "report.tex",
        "figures/rise.pdf",
        "figures/fall.pdf",
        *(f"tables/{name}.{kind}" for name in ("districts", "long_table") for kind in ("csv", "tex")),
    }
    text = (tmp_path / "report.tex").read_text()
    assert text.count(r"\begin{document}") == text.count(r"\end{document}") == 1
    assert set(re.findall(r"\{(figures/[^}]*)\}", text)) == {"figures/rise.pdf", "figures/fall.pdf"}
    assert r"by \#1 \$x\$ \textbackslash{} {[}and{]} stays" in text
    figure = PdfReader(tmp_path / "figures" / "rise.pdf")
    assert float(figure.pages[0].mediabox.width) == pytest.approx(7 * 72, abs=0.1)
    assert "days since the complaint" in figure.pages[0].extract_text()
    long = (tmp_path / "tables" / "long_table.tex").read_text()
    assert r"\begin{longtable}" in long
    assert r"\caption{50 \% \& more}" in long
    assert r"share\_of\_all" in long
    assert long.count(r"\\") > 50
    assert r"{rrrl}" in long
    assert "0 & 0 &  & 0112 " in long, "a code keeps its nought"
    assert "1 & 0.02041 & 12345 & 0112 " in long, "a count of a column with a gap keeps its figures"
    assert "2 & 0.04082 & 1234567 & 0112 " in long
    assert (tmp_path / "tables" / "long_table.csv").read_bytes() == (made / "tables" / "long_table.csv").read_bytes()
    assert len(pd.read_csv(tmp_path / "tables" / "long_table.csv")) == 50


@pytest.mark.parametrize(("column", "inches"), [("single", 3.5), ("double", 7.0)])
def test_figures_have_a_journals_width_and_readable_letters(
    made: Path, tmp_path: Path, column: str, inches: float
) -> None:
    written = export(made, "figures", tmp_path, dpi=600)
    assert len(written) == 10
    png = Image.open(tmp_path / f"rise-{column}.png")
    assert png.width == round(inches * 600)
    assert png.info["dpi"] == pytest.approx((600, 600), abs=0.1)
    assert len(set(png.convert("L").tobytes())) > 20, "something is drawn"
    svg = ElementTree.fromstring((tmp_path / f"rise-{column}.svg").read_text())
    assert float(svg.attrib["width"].removesuffix("pt")) == pytest.approx(inches * 72)
    drawn = float(svg.attrib["viewBox"].split()[2])
    # Matplotlib's letters are 10 units high on the drawing; journals ask for 6 to 8 points in print.
    assert 10 * inches * 72 / drawn > 7
    assert (tmp_path / "rise.csv").read_text().splitlines()[1:] == [
        "1,line,1,a rise,1.0,3.0",
        "1,line,1,a rise,2.0,4.0",
    ]


def test_what_cannot_be_exported_is_refused_in_words(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ParameterError, match="Did you mean 'docx'"):
        export(made, "doc", tmp_path)
    with pytest.raises(ParameterError, match="300 to 1200"):
        export(made, "figures", tmp_path, dpi=72)
    with pytest.raises(ParameterError, match="folder of a report"):
        export(tmp_path, "pdf", tmp_path)
    broken = tmp_path / "broken"
    broken.mkdir()
    record = json.loads((made / "provenance.json").read_text()) | {"failure": {"where": "cell [3]", "message": "no"}}
    (broken / "provenance.json").write_text(json.dumps(record))
    with pytest.raises(Refusal, match=r"not complete; its notebook stopped at cell \[3\]"):
        export(broken, "pdf", tmp_path)
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(Refusal, match=r"pip install 'accountability\[documents\]'"):
        export(made, "pdf", tmp_path)


def test_the_command_prints_what_it_wrote(made: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["export", str(made), "--to", "figures", "--out", str(tmp_path / "new" / "folder")])
    assert done.exit_code == 0, done.output
    assert [Path(line).is_file() for line in done.output.split()] == [True] * 10


BROKEN = """\
#block(height: {room}cm)[fills the page]
#figure(
  align(left)[#table(
    columns: (17.7%, 19.8%),
    table.header([share closed], [days]),
    [a quarter], [109],
    [half], [178],
    {more}
    [nine in ten], [530],
  )],
  caption: [Days until a share of the complaints was closed], kind: table,
)
"""


def tex() -> list[str] | None:
    """The command that sets a LaTeX document here: tectonic, or Debian's XeTeX with the fonts it needs."""
    if program := shutil.which("tectonic"):
        return [program]
    program, asked = shutil.which("xelatex"), shutil.which("kpsewhich")
    if program is None or asked is None:
        return None
    fonts = [subprocess.run([asked, name], capture_output=True).returncode for name in ("lmodern.sty", "pzdr.tfm")]
    return None if any(fonts) else [program, "-interaction=nonstopmode", "-halt-on-error"]


@pytest.mark.slow
def test_the_latex_report_can_be_set(made: Path, tmp_path: Path) -> None:
    command = tex()
    if command is None:
        pytest.skip("no TeX here (tectonic; Debian: texlive-xetex texlive-latex-recommended texlive-fonts-recommended)")
    export(made, "tex", tmp_path)
    done = subprocess.run([*command, "report.tex"], cwd=tmp_path, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-2000:]
    text = "\n".join(page.extract_text() for page in PdfReader(tmp_path / "report.pdf").pages)
    assert "1,234,567" in text
    assert "50 % & more" in text


@pytest.mark.parametrize("more", [0, 30])
@pytest.mark.parametrize("room", [0, 18, 20, 21])
def test_a_table_is_as_wide_on_every_page_and_a_short_one_is_on_one(room: int, more: int, tmp_path: Path) -> None:
    template = (TEMPLATES / "document.typ").read_text(encoding="utf-8")
    body = BROKEN.format(room=room, more="[three quarters], [289], " * more)
    text = template.replace("$title$", "A title").replace("$subtitle$", "").replace("$body$", body)
    (tmp_path / "a.typ").write_text(text, encoding="utf-8")
    (tmp_path / "a.pdf").write_bytes(compiled(tmp_path / "a.typ", "pdf", system_fonts=False, pdf_standards=["ua-1"]))
    seen: list[tuple[int, int, str]] = []
    for number, page in enumerate(PdfReader(tmp_path / "a.pdf").pages):

        def look(text: str, cm: list[float], tm: list[float], *_: object, number: int = number) -> None:
            seen.append((number, round(cm[4] + tm[4]), text.strip()))

        page.extract_text(visitor_text=look)
    at = {word: (number, x) for number, x, word in seen}
    assert at["nine in ten"][1] == at["half"][1]
    assert at["530"][1] == at["178"][1] == at["half"][1] + 84, "columns of the text's width, not of the caption's"
    assert more or at["nine in ten"][0] == at["share closed"][0]
