"""What must not leave a report is found wherever it stands; a clean report leaves whole, and as the same bytes."""

from __future__ import annotations

import base64
import csv
import html.parser
import io
import json
import re
import shutil
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
import toy_agency
from conftest import full
from hypothesis import given
from hypothesis import strategies as st
from leaky_agency import FIRST, LAST, STORY, STRANGER, source
from typer.testing import CliRunner

import accountability
from accountability import Cohort, delay, privacy, publish
from accountability.cli import app
from accountability.errors import ParameterError
from accountability.publish import runner, sharing
from accountability.publish.sharing.count_rules import in_table
from accountability.publish.sharing.pieces import Table
from accountability.records.dataset import Dataset
from accountability.records.leaving.known import known
from accountability.records.places import notebooks_dir
from accountability.records.pseudonyms import Key
from accountability.study import clocks
from accountability.study.grouping import group_cases

STUDY = "how_long_cases_stay_open"
NOTEBOOK = f"{STUDY}.ipynb"


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report on an agency whose raw files hold names, numbers and stories, none of which it shows."""
    base = tmp_path_factory.mktemp("shared")
    source(base / "sources")
    toy_agency.notebook(base / "notebooks", toy_agency.SETUP, toy_agency.TABLE, toy_agency.FIGURE, toy_agency.LAST)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACCOUNTABILITY_SOURCES", str(base / "sources"))
        with patch.context() as small:
            small.setattr(runner, "notebooks_dir", lambda: base / "notebooks")
            made = publish.run(STUDY, "leaky", {}, base / "out").parent
        yield made


@pytest.fixture
def made(clean: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(clean, tmp_path / "report"))


# ---- ways to plant something ---------------------------------------------------------------------------------

Plant = Callable[[Path], None]


def in_notebook(change: Callable[[nbformat.NotebookNode], None]) -> Plant:
    def plant(folder: Path) -> None:
        document = nbformat.read(folder / NOTEBOOK, as_version=4)
        change(document)
        (folder / NOTEBOOK).write_text(json.dumps(document), encoding="utf-8")

    return plant


def cell(kind: str, text: str) -> Plant:
    make = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}[kind]
    return in_notebook(lambda document: document.cells.append(make(text)))


def output(data: dict[str, object], metadata: dict[str, object] | None = None) -> Plant:
    shown = nbformat.v4.new_output("display_data", data=data, metadata=metadata or {})
    return in_notebook(lambda document: document.cells.append(nbformat.v4.new_code_cell("1", outputs=[shown])))


def stream(text: str) -> Plant:
    said = nbformat.v4.new_output("stream", text=text, name="stderr")
    return in_notebook(lambda document: document.cells.append(nbformat.v4.new_code_cell("1", outputs=[said])))


def into(name: str, old: str, new: str) -> Plant:
    def plant(folder: Path) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return plant


def page(markup: str) -> Plant:
    return into("report.html", "</main>", f"{markup}</main>")


def svg(markup: str) -> Plant:
    return into("figures/rise.svg", "</svg>", f"{markup}</svg>")


def file(name: str, content: str | bytes) -> Plant:
    def plant(folder: Path) -> None:
        raw = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(raw)

    return plant


def record(key: str, value: object) -> Plant:
    def plant(folder: Path) -> None:
        held = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
        held["parameters"][key] = value
        (folder / "provenance.json").write_text(json.dumps(held), encoding="utf-8")

    return plant


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(kind: bytes, body: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(b"\0\0"))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(kind, body) + pixels + chunk(b"IEND", b"")


def jpeg(marker: int, body: bytes) -> bytes:
    return b"\xff\xd8\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body + b"\xff\xd9"


#: A picture whose scan holds two stuffed bytes, a restart and no end.
SCAN = b"\xff\xd8\xff\xda\x00\x03\x01pixels\xff\x00pixels\xff\xd0pixels"


def docx(**parts: str) -> bytes:
    w = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    whole = {
        "word/document.xml": f'<w:document xmlns:w="{w}"><w:body>{parts.get("body", "")}</w:body></w:document>',
        "word/comments.xml": f'<w:comments xmlns:w="{w}">{parts.get("comments", "")}</w:comments>',
        "customXml/item1.xml": f"<data><by>{parts.get('data', '')}</by></data>",
        "docProps/core.xml": '<c:p xmlns:c="c" xmlns:dc="dc">' + parts.get("core", "") + "</c:p>",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in whole.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def pdf(text: str = "", author: str = "", acts: bool = False) -> bytes:
    from pypdf import PdfWriter
    from pypdf.generic import DictionaryObject, NameObject, StreamObject, TextStringObject

    writer = PdfWriter()
    leaf = writer.add_blank_page(300, 300)
    font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
    fonts = DictionaryObject({NameObject(key): NameObject(value) for key, value in font.items()})
    named = DictionaryObject({NameObject("/F1"): fonts})
    leaf[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): named})
    content = StreamObject()
    content.set_data(f"BT /F1 12 Tf 20 200 Td ({text}) Tj ET".encode())
    leaf[NameObject("/Contents")] = writer._add_object(content)
    if author:
        writer.add_metadata({"/Author": author})
    if acts:
        script = {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("app.alert(1)")}
        writer._root_object[NameObject("/OpenAction")] = DictionaryObject(script)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


GROUPS = "group,count,denominator,share\n"
LONG = "She stated that the officer grabbed her by the arm and refused to give any number while he searched the car"
KEY = Key(bytes(range(32)), lasting=True)


@dataclass(frozen=True)
class Planted:
    """What is planted, and where the gate must say it is."""

    plant: Plant
    kind: str
    place: str
    secret: str = "\0"


LEAKS = {
    # names
    "a full name in a cell of text": Planted(
        cell("markdown", f"About {FIRST} {LAST}."), "name", r"cell \d+, source", LAST
    ),
    "a surname in a comment of code": Planted(cell("code", f"x = 1  # ask {LAST}"), "name", r"cell \d+, source", LAST),
    "a name the other way round": Planted(stream(f"{LAST.upper()}, {FIRST.upper()}\n"), "name", "output 1, text", LAST),
    "a title before an unknown name": Planted(stream(f"Sgt. {STRANGER}\n"), "name", "output 1, text", STRANGER),
    "a name half in bold in an output": Planted(
        output({"text/html": f"<p>{FIRST} <b>{LAST[:3]}</b>{LAST[3:]}</p>"}), "name", "text/html", LAST
    ),
    "a name over two cells of a table": Planted(
        page(f"<table><tr>\n    <td>{FIRST.lower()}</td>\n    <td>{LAST.lower()}</td></tr></table>"),
        "name", "report.html, line", LAST,
    ),
    "a name in an attribute of the page": Planted(
        page(f'<p data-who="{FIRST} {LAST}">x</p>'), "name", "data-who of <p>", LAST
    ),
    "a name drawn on a figure": Planted(svg(f"<text>{FIRST} {LAST}</text>"), "name", r"rise.svg, line \d+", LAST),
    "a name in a file's name": Planted(
        file(f"tables/{FIRST.lower()}_{LAST.lower()}.csv", "a,b\nc,d\n"), "name", "file name", LAST
    ),
    "a name in a table with line ends of old machines": Planted(
        file("tables/a.csv", f"x,y\r{LAST},1\r"), "name", "tables/a.csv, row 1", LAST
    ),
    "a name in a Word document": Planted(
        file("paper.docx", docx(body=f"<w:p><w:r><w:t>{FIRST}</w:t></w:r><w:r><w:t> {LAST}</w:t></w:r></w:p>")),
        "name", "paper.docx, word/document.xml, paragraph 1", LAST,
    ),
    "the writer of a comment in Word": Planted(
        file("paper.docx", docx(comments=f'<w:comment w:author="{LAST}"/>')), "name", "comments.xml, author", LAST
    ),
    "the creator of a Word document": Planted(
        file("paper.docx", docx(core=f"<dc:creator>{FIRST} {LAST}</dc:creator>")), "name", "core.xml, creator", LAST
    ),
    "a name in the data of a Word document's form": Planted(
        file("paper.docx", docx(data=f"{FIRST} {LAST}")), "name", "customXml/item1.xml, by", LAST
    ),
    "a name in an equation of a Word document": Planted(
        file("paper.docx", docx(body=f'<w:p><m:r xmlns:m="m"><m:t>{FIRST} {LAST}</m:t></m:r></w:p>')),
        "name", "document.xml, t", LAST,
    ),
    "a name on a page of a PDF": Planted(
        file("paper.pdf", pdf(f"By {FIRST} {LAST}")), "name", "paper.pdf, page 1", LAST
    ),
    "the author of a PDF": Planted(file("paper.pdf", pdf(author=LAST)), "name", "paper.pdf, property Author", LAST),
    "the author of a picture": Planted(
        file("figures/rise.png", png(b"tEXt", b"Author\0" + f"{FIRST} {LAST}".encode())),
        "name", "PNG tEXt Author", LAST,
    ),
    "a comment packed into a picture of an output": Planted(
        output({"image/png": base64.b64encode(png(b"zTXt", b"Comment\0\0" + zlib.compress(LAST.encode()))).decode()}),
        "name", "image/png, PNG zTXt Comment", LAST,
    ),
    # numbers that point to people
    "a shield number in a text": Planted(cell("markdown", "Badge no. 90417 was seen."), "shield", "source", "90417"),
    "shield numbers in a table": Planted(
        output({"text/html": "<table><thead><tr><th>star_no</th></tr></thead><tr><td>90417</td></tr></table>"}),
        "shield", "column star_no", "90417",
    ),
    "an address as the text of a figure": Planted(
        output({"image/png": base64.b64encode(png(b"gAMA", b"\0\0\0\1")).decode()},
               {"image/png": {"alt": "At 4412 N. Zuqo Ave"}}),
        "address", "metadata, image/png, alt", "4412",
    ),
    "a date of birth among the parameters": Planted(
        record("group", "born 1974-03-09"), "birth date", "provenance.json, parameters, group", "1974"
    ),
    "dates of birth in a table": Planted(
        file("tables/a.csv", "dob,x\n03/09/1974,a\n"), "birth date", "tables/a.csv, column dob", "1974"
    ),
    "an e-mail address in a cell's metadata": Planted(
        in_notebook(lambda d: d.cells[1].metadata.update(by="zuqo@example.org")),
        "contact", "cell 2, metadata, by", "zuqo@",
    ),
    "a telephone number in a comment of the page": Planted(
        page("<!-- call (312) 555-0143 -->"), "contact", r"report.html, line \d+, comment", "0143"
    ),
    "pseudonyms in a printed frame": Planted(
        output({"text/plain": "0  p-0a1b2c3d4e5f  3"}), "pseudonym", "text/plain", "0a1b2c"
    ),
    "a row for each case": Planted(file("tables/a.csv", "case_id,x\nc1,a\n"), "one case", "column case_id"),
    "a row for each officer": Planted(
        file("tables/a.csv", "officer_id,share\n17,0.5\n"), "pseudonym", "tables/a.csv, column officer_id", "17"
    ),
    # narratives
    "a narrative of the source in a table": Planted(
        file("tables/a.csv", f"x,y\n1,{STORY} 3\n"), "free text", "tables/a.csv, row 1", "lamps"
    ),
    "a narrative of unknown origin in the page": Planted(page(f"<p>{LONG}</p>"), "free text", "report.html", "grabbed"),
    # keys and machines
    "the key of the pseudonyms in an injected parameter": Planted(
        in_notebook(lambda d: d.cells.append(nbformat.v4.new_code_cell(f'k = "{KEY.secret.hex()}"'))),
        "key", r"cell \d+, source", KEY.secret.hex(),
    ),
    "the key in another writing": Planted(
        file("note.txt", base64.b64encode(KEY.secret)), "key", "note.txt, line 1", base64.b64encode(KEY.secret).decode()
    ),
    "a private key in a table for a paper": Planted(
        file("tables/a.tex", "% -----BEGIN " + "PRIVATE KEY-----\n"), "key", "a.tex, line 1"
    ),
    "a path of the machine in an error": Planted(
        stream("File \x1b[32m/home/zuqo/cases/run.py\x1b[0m, line 3\n"), "machine", "output 1, text", "zuqo"
    ),
    # few
    "a small group in a table": Planted(
        file("tables/a.csv", GROUPS + "a,3,90,0.033\nb,87,90,0.967\n"), "small cell", "a.csv, row 1, column count"
    ),
    "a small group in an output": Planted(
        output({"text/html": "<table><thead><tr><th>race</th><th>cases</th></tr></thead>"
                "<tbody><tr><td>x</td><td>4</td></tr><tr><td>y</td><td>1,204</td></tr></tbody></table>"}),
        "small cell", "table 1, row 1, column cases",
    ),
    "few officers in a sentence": Planted(page("<p>Of them 3 of 40 officers left.</p>"), "small cell", "report.html"),
    "few officers in words": Planted(
        cell("markdown", "In zuqo three of the 40 tall officers left."), "small cell", "source"
    ),
    "a hidden cell beside its total": Planted(
        file("tables/a.csv", "group,cases\nx,\ny,40\nz,51\ntotal,95\n"), "difference", "a.csv, row 1, column cases"
    ),
    "a hidden cell beside its line": Planted(
        file("tables/a.csv", "group,cases,closed,open\nx,60,40,20\ny,50,,44\n"), "difference", "row 2, column closed"
    ),
    "two hidden cells that hold few": Planted(
        file("tables/a.csv", GROUPS + "a,,90,\nb,,90,\nc,83,90,0.92\n"), "difference", "a.csv, row 1, column count"
    ),
    "the share of a hidden cell": Planted(
        file("tables/a.csv", GROUPS + "a,,90,0.0444\nb,,90,\nc,60,90,0.67\n"), "difference", "row 1, column share"
    ),
    # what acts
    "a formula in a table": Planted(
        file("tables/a.csv", 'x,y\n"=HYPERLINK(""https://example.org"")",1\n'), "formula", "tables/a.csv, row 1"
    ),
    "a script in the page": Planted(page("<script>alert(1)</script>"), "active content", r"line \d+, script"),
    "a handler in an output": Planted(
        output({"text/html": '"><img onerror=alert(1)>'}), "active content", "onerror of <img>"
    ),
    "a script among the kinds of an output": Planted(
        output({"application/javascript": "alert(1)"}), "active content", "application/javascript"
    ),
    "a script in a figure": Planted(svg("<script>alert(1)</script>"), "active content", "rise.svg"),
    "a script in a PDF": Planted(file("paper.pdf", pdf(acts=True)), "active content", "paper.pdf, OpenAction"),
    "a field of Word that starts a program": Planted(
        file("paper.docx", docx(body='<w:p><w:fldSimple w:instr=" DDEAUTO cmd "/></w:p>')),
        "active content", "document.xml, paragraph 1",
    ),
    "a picture from elsewhere": Planted(
        page('<img src="https://example.org/p.png" alt="">'), "request", "src of <img>", "example"
    ),
    "a link from the data": Planted(
        output({"text/html": '<a href="https://zuqo.example.org/x">x</a>'}), "link", "href of <a>", "zuqo"
    ),
    "an address that is none": Planted(page('<a href="https://[zuqo">x</a>'), "unreadable", "href of <a>", "zuqo"),
    "what a camera wrote": Planted(
        file("photo.jpg", jpeg(0xE1, b"Exif\0\0MM")), "hidden metadata", "photo.jpg, JPEG EXIF"
    ),
    "what a camera wrote after the pixels": Planted(
        file("photo.jpg", SCAN + jpeg(0xE1, b"Exif\0\0MM")[2:]), "hidden metadata", "photo.jpg, JPEG EXIF"
    ),
    "what a camera wrote behind fill bytes": Planted(
        file("photo.jpg", b"\xff\xd8\xff\xff" + jpeg(0xE1, b"Exif\0\0MM")[2:]),
        "hidden metadata", "photo.jpg, JPEG EXIF",
    ),
    "a JPEG that ends in the middle": Planted(file("photo.jpg", b"\xff\xd8zuqo"), "unreadable", "photo.jpg"),
    "a damaged Word document": Planted(
        file("paper.docx", docx(body="zuqo").replace(b"zuqo", b"zuqi")), "unreadable", "paper.docx"
    ),
    "a table with a cell that is too long": Planted(
        file("tables/a.csv", "x\n" + 200_000 * "a"), "unreadable", "tables/a.csv"
    ),
    "a workbook": Planted(file("tables/all.xlsx", b"PK"), "unreadable", "tables/all.xlsx"),
}  # fmt: skip


@pytest.fixture
def own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text(KEY.secret.hex() + "\n", encoding="ascii")
    monkeypatch.setenv("ACCOUNTABILITY_KEY_FILE", str(tmp_path / "key"))


def test_the_clean_report_holds_nothing(clean: Path, own_key: None) -> None:
    verdict = sharing.look_through(clean)
    assert [str(leak) for leak in verdict.leaks] == []
    assert verdict.notes == ()
    assert verdict.looked_at > 100


def test_at_least_thirty_are_planted() -> None:
    assert len(LEAKS) >= 30
    assert {planted.kind for planted in LEAKS.values()} == set(sharing.FIXES)


@pytest.mark.parametrize("what", LEAKS)
def test_it_is_found_and_its_place_named(what: str, made: Path, own_key: None) -> None:
    planted = LEAKS[what]
    planted.plant(made)
    verdict = sharing.look_through(made)
    found = [leak for leak in verdict.leaks if leak.kind == planted.kind]
    assert found, [str(leak) for leak in verdict.leaks]
    assert [leak for leak in found if re.search(planted.place, leak.place)], [leak.place for leak in found]
    assert planted.secret.casefold() not in str(verdict).casefold()
    assert all(leak.fix for leak in found)


# ---- what hides, and what only seems to -------------------------------------------------------------------------


def with_total(counts: list[int], hidden: list[bool]) -> Table:
    cells = ["" if gone else str(count) for count, gone in zip(counts, hidden, strict=True)]
    rows = [(f"g{number}", text) for number, text in enumerate(cells)]
    return Table("t", ("group", "cases"), (*rows, ("total", str(sum(counts)))))


@given(st.lists(st.integers(0, 40), min_size=2, max_size=8))
def test_what_hidden_cells_hides_stays_hidden_and_hiding_only_the_small_does_not_do(counts: list[int]) -> None:
    enough = privacy.hidden_cells(np.array(counts), 10).tolist()
    small = [0 < count < 10 for count in counts]
    kept = sum(counts[at] for at in range(len(counts)) if enough[at])
    if not any(enough) or kept >= 10:
        total_is_few = 0 < sum(counts) < 10
        assert [leak.kind for leak in in_table(with_total(counts, enough))] == ["small cell"] * total_is_few
    found = {leak.kind for leak in in_table(with_total(counts, small))}
    few = sum(count for count, gone in zip(counts, small, strict=True) if gone)
    assert ("difference" in found) == (0 < few < 10)


# ---- the archive ---------------------------------------------------------------------------------------------


def test_a_clean_report_is_packed_whole_and_as_the_same_bytes(clean: Path, tmp_path: Path, own_key: None) -> None:
    run = CliRunner().invoke(app, ["share", str(clean), "--out", str(tmp_path / "a.zip")])
    assert run.exit_code == 0, run.output
    assert run.stdout.strip() == str(tmp_path / "a.zip")
    _, again = sharing.share(clean / "report.html", tmp_path / "b.zip")
    assert again is not None
    assert again.read_bytes() == (tmp_path / "a.zip").read_bytes()
    with zipfile.ZipFile(again) as archive:
        held = {name.removeprefix(f"{clean.name}/"): archive.read(name) for name in archive.namelist()}
    assert held == {
        path.relative_to(clean).as_posix(): path.read_bytes() for path in clean.rglob("*") if path.is_file()
    }


def test_a_leaking_report_is_listed_and_not_packed(made: Path, own_key: None) -> None:
    LEAKS["a small group in a table"].plant(made)
    run = CliRunner().invoke(app, ["share", str(made)])
    assert run.exit_code == 1
    assert run.stdout == ""
    assert "tables/a.csv, row 1, column count\n  small cell: count below ten\n  publish larger groups" in run.stderr
    assert [path.name for path in made.parent.glob("*.zip")] == []


def test_an_archive_never_stands_in_the_report_it_packs(made: Path) -> None:
    with pytest.raises(ParameterError, match="inside the report"):
        sharing.share(made, made / "all.zip")


def test_what_is_no_report_is_refused(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "absent"):
        with pytest.raises(ParameterError, match="expected a report"):
            sharing.look_through(place)
    (tmp_path / "provenance.json").write_text("[]", encoding="utf-8")
    with pytest.raises(ParameterError, match="run the study again"):
        sharing.look_through(tmp_path)


def test_a_source_that_is_not_here_is_said(made: Path, monkeypatch: pytest.MonkeyPatch, own_key: None) -> None:
    monkeypatch.delenv("ACCOUNTABILITY_SOURCES")
    assert sharing.look_through(made).notes == (
        "leaky: the source is not here, so its names and narratives were not compared",
    )


def test_a_pdf_that_nothing_here_reads_does_not_pass(
    made: Path, monkeypatch: pytest.MonkeyPatch, own_key: None
) -> None:
    file("paper.pdf", pdf("nothing"))(made)
    assert sharing.look_through(made).leaks == ()
    monkeypatch.setitem(sys.modules, "pypdf", None)
    (leak,) = sharing.look_through(made).leaks
    assert (leak.place, leak.kind) == ("paper.pdf", "unreadable")
    assert "accountability[documents]" in leak.excerpt


def test_names_of_the_source_a_case_is_placed_on_are_found_too(made: Path, own_key: None) -> None:
    record("source", "news_cases")(made)
    page(f"<p>{FIRST} {LAST}</p>")(made)
    assert sharing.look_through(made).leaks == ()
    record("reference", "leaky")(made)
    assert {leak.kind for leak in sharing.look_through(made).leaks} == {"name"}


def test_the_index_of_case_files_tells_them_one_by_one_and_that_of_an_agency_does_not(
    made: Path, tmp_path: Path, own_key: None
) -> None:
    both = tmp_path / "reports"
    shutil.copytree(made, both / "case")
    record("source", "news_cases")(both / "case")
    (both / "index.html").write_text("<main><p>1 officer with a penalty.</p></main>", encoding="utf-8")
    assert sharing.look_through(both).leaks == ()
    shutil.copytree(made, both / "agency")
    assert [(leak.place, leak.kind) for leak in sharing.look_through(both).leaks] == [
        ("index.html, line 1", "small cell")
    ]


# ---- clean reports -------------------------------------------------------------------------------------------


def stored() -> list[Path]:
    return sorted(notebooks_dir().glob("*.ipynb"))


def told_from(notebook: Path) -> str:
    """The source that a notebook's provenance names last."""
    found = re.findall(r"source +[^\n]*\((\w+)\)\\n", notebook.read_text(encoding="utf-8"))
    return found[-1] if found else "synthetic"


@pytest.mark.parametrize("notebook", stored(), ids=lambda path: path.stem)
def test_every_stored_notebook_may_leave(notebook: Path, tmp_path: Path) -> None:
    shutil.copy(notebook, tmp_path)
    record = {"study": notebook.stem, "parameters": {"source": told_from(notebook)}, "tables": []}
    (tmp_path / "provenance.json").write_text(json.dumps(record), encoding="utf-8")
    assert sharing.look_through(tmp_path).leaks == ()


GROUPED = {"how_long_cases_stay_open": "category", "who_is_disciplined": None, "what_the_data_holds": None}


def all_studies(source: str, out: Path) -> sharing.Verdict:
    """Look through every study's report on a source, as `accountability share` would after `accountability report`."""
    return sharing.look_through(publish.report(source, out))


@pytest.mark.slow
def test_nothing_is_found_in_any_study_of_the_bundled_agency(tmp_path: Path) -> None:
    assert all_studies("synthetic", tmp_path / "out").leaks == ()


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.parametrize("name", ["chicago_2000_2016", "philadelphia"])
def test_nothing_is_found_in_any_study_of_a_real_release(
    name: str, tmp_path: Path, real_source: Callable[[str], Dataset]
) -> None:
    real_source(name)
    if full():
        verdict = all_studies(name, tmp_path / "out")
    else:
        # Those that tell people and places apart; all of them are run by `make gates`.
        for study, group in GROUPED.items():
            publish.run(study, name, {"group": group} if group else {}, tmp_path / "out")
        verdict = sharing.look_through(tmp_path / "out")
    assert verdict.leaks == ()
    assert verdict.notes == ()


@pytest.mark.real_data
def test_a_name_of_a_real_release_is_found_and_not_shown(
    made: Path, real_source: Callable[[str], Dataset], real_data: Callable[[str], Path]
) -> None:
    real_source("chicago_2000_2016")
    names = known(["chicago_2000_2016"])
    assert len(names.pairs) > 10_000
    first, last = min(pair for pair in names.pairs if min(map(len, pair)) > 5)
    record("source", "chicago_2000_2016")(made)
    page(f"<p>{first.title()} {last.title()}</p>")(made)
    found = [leak for leak in sharing.look_through(made).leaks if leak.kind == "name"]
    assert found
    assert not any(part in leak.excerpt.casefold() for leak in found for part in (first, last))


# ---- data that would act -------------------------------------------------------------------------------------

BAD = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    '=HYPERLINK("https://example.org")',
    "]]><svg onload=alert(1)>",
)
DRAWN = """\\
import matplotlib.pyplot as plt

sizes = data.cases.groupby("district").size()
fig, ax = plt.subplots()
ax.barh(sizes.index.astype(str), sizes)
ax.set_title(data.title)
figure(ax, alt=f"Complaints in {', '.join(sizes.index)}", name="rise")"""
SHOWN = """\\
from accountability.results import Result

made = Result(
    estimand=f"complaints of {data.cases['district'].iloc[0]}", assumptions=(), method=data.title,
    table=data.cases.groupby("district", as_index=False).size(),
)
keep("sizes", made, caption=made.estimand)"""


class Tags(html.parser.HTMLParser):
    """Every tag and attribute that a browser would act on."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.acting: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"script", "iframe", "object"} or (
            tag == "img" and not (dict(attrs)["src"] or "").startswith("data:")
        ):
            self.acting.append(tag)
        self.acting += [name for name, _ in attrs if name.startswith("on")]


@pytest.mark.parametrize("pair", [BAD[:2], BAD[2:]], ids=["script and picture", "formula and drawing"])
def test_text_that_would_act_is_inert_in_every_channel(
    pair: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, own_key: None
) -> None:
    folder = source(tmp_path / "sources", pair)
    declared = (folder / "source.yaml").read_text(encoding="utf-8")
    (folder / "source.yaml").write_text(
        declared.replace("title: Toy agency of the tests", f"title: {json.dumps('Toy ' + pair[0] + pair[1])}"),
        encoding="utf-8",
    )
    toy_agency.notebook(
        tmp_path / "notebooks", toy_agency.SETUP, "data", toy_agency.TABLE, SHOWN, DRAWN, toy_agency.LAST
    )
    monkeypatch.setenv("ACCOUNTABILITY_SOURCES", str(tmp_path / "sources"))
    monkeypatch.setattr(runner, "notebooks_dir", lambda: tmp_path / "notebooks")
    made = publish.run(STUDY, "leaky", {}, tmp_path / "out")
    texts = {path.relative_to(made.parents[1]).as_posix(): path.read_text(encoding="utf-8")
             for path in made.parents[1].rglob("*") if path.suffix in {".html", ".svg"}}  # fmt: skip
    document = nbformat.read(made.with_name(NOTEBOOK), as_version=4)
    for number, shown in enumerate(document.cells):
        for held in shown.get("outputs", []):
            if "text/html" in held.get("data", {}):
                texts[f"cell {number}"] = held.data["text/html"]
    assert len(texts) >= 6
    ours = {name: Tags(text).acting for name, text in texts.items()}
    assert {name: acting for name, acting in ours.items() if set(acting) - {"script"}} == {}
    for text in texts.values():
        assert "alert(1)</script>" not in text
    for path in made.parent.glob("tables/*.csv"):
        with path.open(newline="", encoding="utf-8") as lines:
            cells = [cell for row in csv.reader(lines) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "@", "+"))]
    assert any(
        pair[0].replace('"', '""') in text
        for text in (path.read_text("utf-8") for path in made.parent.glob("tables/*.csv"))
    )
    assert sharing.look_through(made.parents[1]).leaks == ()


def test_the_few_cases_that_a_group_has_open_are_not_shown_and_not_given_away() -> None:
    delays = clocks.durations(Cohort.of(accountability.load("synthetic")))
    groups = delay.compare_groups(delays, "investigated_by")
    shown, every = groups.table, groups.true_numbers()
    few = every["open"].between(1, 9)
    assert few.any()
    hidden = shown["open"].isna()
    assert hidden[few].all()
    assert hidden.sum() >= 2
    assert every["open"][hidden].sum() >= 10
    # A share of few cases goes with them; nothing else is lost, and what is shown is the true estimate.
    shares = ["closed_within", "closed_within_lower", "closed_within_upper"]
    others = every.columns.drop(["open", *shares])
    pd.testing.assert_frame_equal(shown[others], every[others])
    kept = shown["closed_within"].notna()
    pd.testing.assert_frame_equal(shown.loc[kept, shares], every.loc[kept, shares])
    assert delay.compare_groups(delays).table["open"].tolist() == every["open"].tolist()[:1]


def test_the_backlog_of_a_small_group_is_not_shown_and_not_given_away() -> None:
    cases = group_cases(Cohort.of(accountability.load("synthetic")), "category")
    shown = delay.backlogs(cases, "category", months=1)
    every = shown.true_numbers()
    counts = ["received", "closed", "open"]
    few = (every[counts].gt(0) & every[counts].lt(10)).any(axis=1)
    assert few.any()
    hidden = shown.table["open"].isna()
    assert hidden[few].all()
    assert not hidden[0]
    assert (every.loc[hidden, counts].sum() >= 10).all()
    assert shown.table.loc[hidden].drop(columns=["group", "hidden"]).isna().all(axis=None)
    assert "too small to show" in shown.sentence()
    assert "too small" not in delay.backlogs(cases, months=1).sentence()
