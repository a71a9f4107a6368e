"""Leaks planted in a report, by channel: what a notebook itself wrote, and what was put into the folder afterwards.

``python tests/attack_plants.py`` plants them all and prints how many were found, channel by channel.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import shutil
import struct
import sys
import tempfile
import urllib.parse
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import toy_agency
from leaky_agency import FIRST, LAST, STORY, STRANGER, source

from accountability import publish
from accountability.errors import AccountabilityError
from accountability.publish import runner, sharing
from accountability.records.cache import sha256
from accountability.records.pseudonyms import Key

STUDY = "how_long_cases_stay_open"
NOTEBOOK = f"{STUDY}.ipynb"
KEY = Key(bytes(range(32)), lasting=True)
NAME = f"{FIRST} {LAST}"


def b64(text: str | bytes) -> str:
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


#: What must not leave, in the ways it may be written.
SECRETS: Mapping[str, str] = {
    "full name": f"About {NAME}.",
    "name the other way round": f"{LAST}, {FIRST}",
    "name in small letters": f"asked {FIRST.lower()} {LAST.lower()} again",
    "name in capitals": f"{FIRST.upper()} {LAST.upper()}",
    "surname alone": f"ask {LAST}",
    "surname alone, small": f"ask {LAST.lower()} again",
    "name with a middle initial": f"{FIRST} Q. {LAST}",
    "initial and surname": f"{FIRST[0]}. {LAST}",
    "surname and initials": f"{LAST} {FIRST[0]}.",
    "title and stranger": f"Sgt. {STRANGER}",
    "accents": f"{FIRST[0]}{FIRST[1:].replace('o', 'ó').replace('u', 'ü')} {LAST.replace('o', 'ö').replace('a', 'å')}",
    "joined letters": "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in f"{FIRST} {LAST}"),
    "soft hyphen": f"{FIRST} {LAST[:3]}\u00ad{LAST[3:]}",
    "sign of no width": f"{FIRST[:2]}\u200b{FIRST[2:]} {LAST[:4]}\u2060{LAST[4:]}",
    "mark of direction": f"\u202a{FIRST}\u202c {LAST[:2]}\u200f{LAST[2:]}",
    "NUL": f"{FIRST} {LAST[:3]}\0{LAST[3:]}",
    "Cyrillic letters": NAME.replace("o", "о").replace("a", "а").replace("y", "у"),
    "base64": f"x {b64(NAME)} y",
    "base64 of UTF-16": f"x {b64(NAME.encode('utf-16-le'))} y",
    "hexadecimal": f"x {NAME.encode().hex()} y",
    "per cent": "x " + "".join(f"%{byte:02X}" for byte in NAME.encode()),
    "entities": "".join(f"&#{ord(sign)};" for sign in NAME),
    "escapes": "".join(f"\\u{ord(sign):04x}" for sign in NAME),
    "shield": "Badge no. 90417 was seen.",
    "employee": "see 8100007 there",
    "docket": "see 20-CV-70003 there",
    "docket without signs": "see 20CV70003 there",
    "date of birth": "1974-03-09 it was",
    "date of birth in words": "on 9 March 1974 it was",
    "date of birth, American": "on 3/9/1974 it was",
    "address": f"at 4412 N {LAST} Ave",
    "address of another form": "At 77 W Qorvo Street",
    "mail": f"write {FIRST}.{LAST}@example.org",
    "telephone": "call (312) 555-0143",
    "narrative": f"{STORY} 3",
    "pseudonym": "0  p-0a1b2c3d4e5f  3",
    "key": KEY.secret.hex(),
    "key in base64": b64(KEY.secret),
    "path": "see " + "/ho" + "me/zuqo/cases/run.py there",
    "few officers": "Of them 3 of 40 officers left.",
}

Plant = Callable[[Path, str], None]


def in_notebook(change: Callable[[dict[str, Any], str], None]) -> Plant:
    def plant(folder: Path, text: str) -> None:
        path = folder / NOTEBOOK
        read = json.loads(path.read_text(encoding="utf-8"))
        change(read, text)
        path.write_text(json.dumps(read), encoding="utf-8")

    return plant


def cell(read: dict[str, Any], kind: str, text: str, *outputs: dict[str, Any], **noted: Any) -> None:
    made: dict[str, Any] = {"id": f"c{len(read['cells'])}", "cell_type": kind, "source": text, "metadata": noted}
    read["cells"].append(made | ({"outputs": list(outputs), "execution_count": 1} if kind == "code" else {}))


def shown(data: dict[str, Any], **noted: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": noted}


def in_record(change: Callable[[dict[str, Any], str], None]) -> Plant:
    def plant(folder: Path, text: str) -> None:
        path = folder / "provenance.json"
        read = json.loads(path.read_text(encoding="utf-8"))
        change(read, text)
        path.write_text(json.dumps(read, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")

    return plant


def in_svg(folder: Path, text: str) -> None:
    path = folder / "figures/rise.svg"
    inert = text.replace("&", "&amp;").replace("\0", "")
    drawn = path.read_text(encoding="utf-8").replace("</svg>", f"<text>{inert}</text></svg>")
    path.write_text(drawn, encoding="utf-8")


def in_table(folder: Path, text: str) -> None:
    with (folder / "tables/districts.csv").open("a", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerow([text, 40])


#: What a notebook wrote: the record vouches for it, and only its content can tell.
WRITTEN: Mapping[str, Plant] = {
    "text of a cell": in_notebook(lambda read, text: cell(read, "markdown", text)),
    "comment in code": in_notebook(lambda read, text: cell(read, "code", f"x = 1  # {text}")),
    "printed": in_notebook(
        lambda read, text: cell(read, "code", "1", {"output_type": "stream", "name": "stdout", "text": f"{text}\n"})
    ),
    "warning": in_notebook(
        lambda read, text: cell(read, "code", "1", {"output_type": "stream", "name": "stderr", "text": f"{text}\n"})
    ),
    "output as text": in_notebook(lambda read, text: cell(read, "code", "1", shown({"text/plain": text}))),
    "output as HTML": in_notebook(
        lambda read, text: cell(read, "code", "1", shown({"text/html": f"<p>{text.replace('&', '&amp;')}</p>"}))
    ),
    "title of an output": in_notebook(
        lambda read, text: cell(
            read, "code", "1", shown({"text/html": f'<b title="{text.replace("&", "&amp;")}">x</b>'})
        )
    ),
    "error": in_notebook(
        lambda read, text: cell(
            read, "code", "1", {"output_type": "error", "ename": "E", "evalue": text, "traceback": [text]}
        )
    ),
    "tag of a cell": in_notebook(lambda read, text: cell(read, "markdown", "x", tags=[text])),
    "words of a finding": in_notebook(
        lambda read, text: cell(
            read, "code", "1", shown({"application/vnd.accountability.finding+json": {"answer": text}})
        )
    ),
    "parameter": in_record(lambda read, text: read["parameters"].update(group=text)),
    "caption": in_record(lambda read, text: read["tables"][0].update(caption=text)),
    "label": in_record(lambda read, text: read["labels"].update(x=text)),
    "cell of a table": in_table,
    "text of a drawing": in_svg,
}


def vouched(folder: Path) -> None:
    """Write the hashes anew, as a run would that had written what was planted."""
    path = folder / "provenance.json"
    read = json.loads(path.read_text(encoding="utf-8"))
    read["files"] = {name: sha256(folder / name) for name in read["files"]}
    path.write_text(json.dumps(read, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


# ---- what was put there afterwards -------------------------------------------------------------------------------


def zipped(**parts: str | bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def word(part: str, content: str) -> bytes:
    w = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    whole = {"word/document.xml": f"<w:document {w}><w:body/></w:document>", part: content}
    return zipped(**whole)


def pdf(inside: str, after: bytes = b"") -> bytes:
    return b"%PDF-1.7\n1 0 obj<</Type/Catalog" + inside.encode() + b">>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n" + after


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def put(name: str, content: str | bytes) -> Callable[[Path], str]:
    def plant(folder: Path) -> str:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return name

    return plant


def changed(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], str]:
    def plant(folder: Path) -> str:
        (folder / name).write_bytes(change((folder / name).read_bytes()))
        return name

    return plant


def ahead_of(end: bytes, part: str) -> Callable[[bytes], bytes]:
    return lambda raw: raw.replace(end, part.encode() + end)


def link(folder: Path) -> str:
    (folder / "linked.csv").symlink_to(folder / "tables/districts.csv")
    return "linked.csv"


def noted(key: str) -> Callable[[Path], str]:
    def plant(folder: Path) -> str:
        path = folder / NOTEBOOK
        read = json.loads(path.read_text(encoding="utf-8"))
        at = read["metadata"] if key in ("widgets", "authors") else read["cells"][0]
        at[key] = {"x": {"text/plain": NAME}}
        path.write_text(json.dumps(read), encoding="utf-8")
        return NOTEBOOK

    return plant


def png_with(kind: bytes, body: bytes) -> Callable[[bytes], bytes]:
    return lambda raw: raw[:33] + chunk(kind, body) + raw[33:]


_N = NAME.encode()
_BY = b'{"by": "' + _N + b'",'
_DOCX = {
    "author": ("docProps/core.xml", f"<p><creator>{NAME}</creator></p>"),
    "last writer": ("docProps/core.xml", f"<p><lastModifiedBy>{NAME}</lastModifiedBy></p>"),
    "company": ("docProps/app.xml", f"<p><Company>{NAME}</Company></p>"),
    "own property": ("docProps/custom.xml", f"<p><v>{NAME}</v></p>"),
    "comment": ("word/comments.xml", f"<c>{NAME}</c>"),
    "footnote": ("word/footnotes.xml", f"<c>{NAME}</c>"),
    "bookmark": ("word/bookmarks.xml", f'<bookmarkStart name="{FIRST}_{LAST}"/>'),
    "variable": ("word/settings.xml", f'<docVar name="x" val="{NAME}"/>'),
    "style": ("word/styles.xml", f'<style name="{NAME}"/>'),
    "custom XML": ("customXml/item1.xml", f"<d>{NAME}</d>"),
    "glossary": ("word/glossary/document.xml", f"<d>{NAME}</d>"),
    "macro": ("word/vbaProject.bin", NAME),
    "embedded": ("word/embeddings/book.xlsx", zipped(x=NAME).decode("latin-1")),
    "picture": ("word/media/a.emf", NAME),
    "relation": ("word/_rels/document.xml.rels", f'<Relationship Target="file:///{NAME}"/>'),
    "person list": ("word/people.xml", f'<person author="{NAME}"/>'),
    "thumbnail": ("docProps/thumbnail.jpeg", NAME),
    "printer": ("word/printerSettings/p.bin", NAME),
}
_PDF = {
    "outline": f"/Outlines<</Title({NAME})>>",
    "form": f"/AcroForm<</Fields[<</T({NAME})>>]>>",
    "attachment": f"/Names<</EmbeddedFiles({NAME})>>",
    "layer": f"/OCProperties<</OCGs[<</Name({NAME})>>]>>",
    "script": "/OpenAction<</S/JavaScript/JS(app.alert(1))>>",
    "label of a page": f"/PageLabels<</P({NAME})>>",
    "structure": f"/StructTreeRoot<</Alt({NAME})>>",
    "metadata": f"/Metadata({NAME})",
    "portfolio": f"/Collection<</D({NAME})>>",
    "destination": f"/Dests<</{FIRST}{LAST}[]>>",
    "hexadecimal text": f"/X<{_N.hex()}>",
    "UTF-16 text": f"/X<feff{NAME.encode('utf-16-be').hex()}>",
}
_CHUNKS = {
    b"tEXt": b"Author\0" + _N, b"zTXt": b"C\0\0" + zlib.compress(_N), b"iTXt": b"C\0\1\0\0\0" + zlib.compress(_N),
    b"eXIf": b"MM\0*" + _N, b"iCCP": b"x\0\0" + zlib.compress(_N), b"prVt": _N, b"tIME": b"\0" * 7, b"sPLT": _N,
}  # fmt: skip
_SVG = {
    "metadata": f"<metadata>{NAME}</metadata>", "comment": f"<!-- {NAME} -->",
    "CDATA": f"<desc><![CDATA[{NAME}]]></desc>",
    "title": f"<title>{NAME}</title>", "script": "<script>alert(1)</script>",
    "link": '<a href="https://x.org"><path/></a>',
    "handler": '<path onload="alert(1)"/>', "foreign": f"<foreignObject>{NAME}</foreignObject>",
    "other attribute": f'<path data-who="{NAME}"/>', "aria": f'<path aria-label="{NAME}"/>',
    "style": f"<style>/* {NAME} */</style>", "remote picture": '<image href="https://x.org/a.png"/>',
    "animation": f'<animate values="{NAME}"/>', "switch": f"<switch><text>{NAME}</text></switch>",
    "processing": f"<?x {NAME}?>", "other names": f'<x:y xmlns:x="urn:x">{NAME}</x:y>',
}  # fmt: skip
_PAGE = {
    "text": f"<p>{NAME}</p>", "attribute": f'<p data-who="{NAME}">x</p>', "comment": f"<!-- {NAME} -->",
    "script": "<script>alert(1)</script>", "handler": '<p onclick="alert(1)">x</p>',
    "frame": '<iframe src="x"></iframe>',
    "template": f"<template>{NAME}</template>", "hidden": f"<p hidden>{NAME}</p>",
    "style": f"<style>/*{NAME}*/</style>",
    "form": f'<input value="{NAME}">', "picture": '<img src="https://x.org/a.png">',
    "noscript": f"<noscript>{NAME}</noscript>",
    "title": f'<p title="{NAME}">x</p>', "small cell": "<table><tr><th>officers</th></tr><tr><td>3</td></tr></table>",
    "data": f"<a href='data:text/plain,{urllib.parse.quote(NAME)}'>x</a>",
    "meta": f'<meta name="author" content="{NAME}">',
    "class": f'<p class="{FIRST}-{LAST}">x</p>', "link": '<a href="https://zuqo.example.org">x</a>',
}  # fmt: skip
_FILES = {
    "workbook": put("tables/all.xlsx", zipped(x=NAME)), "parquet": put("tables/a.parquet", b"PAR1" + _N),
    "old workbook": put("tables/a.xls", b"\xd0\xcf\x11\xe0" + _N),
    "database": put("a.sqlite", b"SQLite format 3\0" + _N),
    "text": put("note.txt", NAME), "text in UTF-16": put("note16.txt", NAME.encode("utf-16")),
    "Markdown": put("README.md", NAME), "archive": put("a.zip", zipped(x=NAME)),
    "tar": put("a.tar.gz", b"\x1f\x8b" + _N),
    "archive named as a picture": put("figures/b.png", zipped(x=NAME)), "no ending": put("notes", NAME),
    "archive named as a table": put("tables/b.csv", zipped(x=NAME)), "hidden file": put(".cache", NAME),
    "hidden folder": put(".ipynb_checkpoints/a.ipynb", NAME), "other table": put("tables/c.csv", f"x\n{NAME}\n"),
    "table in UTF-16": put("tables/d.csv", f"x\n{NAME}\n".encode("utf-16")),
    "photo": put("photo.jpg", b"\xff\xd8\xff\xe1" + _N),
    "other drawing": put("figures/c.svg", f"<svg><text>{NAME}</text></svg>"), "mail": put("a.eml", f"From: {NAME}"),
    "name of a file": put(f"tables/{FIRST.lower()}_{LAST.lower()}.csv", "a,b\nc,d\n"), "pickle": put("a.pkl", _N),
    "script": put("a.js", "alert(1)"), "style": put("a.css", f"/* {NAME} */"), "desktop": put("Thumbs.db", _N),
    "other notebook": put("a.ipynb", json.dumps({"cells": [], "metadata": {"x": NAME}})), "link": link,
    "calendar": put("a.ics", NAME), "font": put("a.ttf", _N), "JSON": put("a.json", json.dumps({"x": NAME})),
    "editor's copy": put("report.html~", NAME), "swap": put(".report.html.swp", _N),
    "LaTeX": put("a.tex", f"% {NAME}"),
    "bibliography": put("a.bib", NAME), "GIF": put("a.gif", b"GIF89a" + _N), "WebP": put("a.webp", b"RIFF" + _N),
    "TIFF": put("a.tiff", b"II*\0" + _N), "film": put("a.mp4", _N), "sound": put("a.mp3", b"ID3" + _N),
    "R data": put("a.rds", _N), "Stata": put("a.dta", _N), "SPSS": put("a.sav", _N),
    "XML": put("a.xml", f"<a>{NAME}</a>"),
}  # fmt: skip
_TABLE = {
    "row": lambda raw: raw + f"{NAME},40\n".encode(), "mark at the start": lambda raw: b"\xef\xbb\xbf" + raw,
    "UTF-16": lambda raw: raw.decode().encode("utf-16"), "NUL": lambda raw: raw + b"\0" + _N + b",1\n",
    "old line ends": lambda raw: raw.replace(b"\n", b"\r\n"), "comment": lambda raw: b"# " + _N + b"\n" + raw,
    "further cell": lambda raw: raw.replace(b"\n", b"," + _N + b"\n", 1), "formula": lambda raw: raw + b'"=1+1",40\n',
    "small cell": lambda raw: raw + b"x,3\n", "blanks at the end": lambda raw: raw + b" \n\n" + _N + b"\n",
}  # fmt: skip

AFTERWARDS: Mapping[str, Mapping[str, Callable[[Path], str]]] = {
    "Word": {name: put("paper.docx", word(*part)) for name, part in _DOCX.items()}
    | {"under the report's own name": lambda folder: put(f"{folder.name}.docx", word(*_DOCX["author"]))(folder)},
    "PDF": {name: put("paper.pdf", pdf(part)) for name, part in _PDF.items()}
    | {
        "after its end": put("paper.pdf", pdf("", _N)), "an update": put("paper.pdf", pdf("", pdf(f"/X({NAME})"))),
        "under the report's own name": lambda folder: put(f"{folder.name}.pdf", pdf("", _N))(folder),
    },
    "PNG": {kind.decode(): changed("figures/rise.png", png_with(kind, body)) for kind, body in _CHUNKS.items()}
    | {"after its end": changed("figures/rise.png", lambda raw: raw + _N),
    "a JPEG": changed("figures/rise.png", lambda raw: b"\xff\xd8\xff\xfe\0\x20" + _N)},
    "SVG": {name: changed("figures/rise.svg", ahead_of(b"</svg>", part)) for name, part in _SVG.items()},
    "page": {name: changed("report.html", ahead_of(b"</main>", part)) for name, part in _PAGE.items()},
    "other files": _FILES,
    "CSV": {name: changed("tables/districts.csv", change) for name, change in _TABLE.items()},
    "metadata": {
        "of a table": changed("tables/districts.csv-metadata.json", lambda raw: raw.replace(b"{", _BY, 1)),
        "of a notebook": noted("authors"), "widgets": noted("widgets"), "attachments": noted("attachments"),
        "key of the record": changed("provenance.json", lambda raw: raw.replace(b"{", _BY, 1)),
        "after the record": changed("provenance.json", lambda raw: raw + b"\n" + _N),
        "a key twice": changed("provenance.json", lambda raw: raw.replace(b"{", b'{"study": "' + _N + b'",', 1)),
    },
}  # fmt: skip


def clean_report(base: Path) -> Path:
    """Make a report on an agency whose raw files hold names, numbers and stories, none of which it shows."""
    source(base / "sources")
    toy_agency.notebook(base / "notebooks", toy_agency.SETUP, toy_agency.TABLE, toy_agency.FIGURE, toy_agency.LAST)
    with pytest.MonkeyPatch.context() as small:
        small.setattr(runner, "notebooks_dir", lambda: base / "notebooks")
        return publish.run(STUDY, "leaky", {}, base / "out").parent


def found_in_written(clean: Path, channel: str, scratch: Path) -> dict[str, bool]:
    """Plant every secret in one channel of what a notebook wrote, one report for each, and say which are found."""
    found = {}
    for name, secret in SECRETS.items():
        folder = Path(shutil.copytree(clean, scratch / "report"))
        WRITTEN[channel](folder, secret)
        vouched(folder)
        verdict = sharing.look_through(folder)
        # Page and metadata differ because of the plant itself; the table is refused where its cells hide signs.
        found[name] = any(
            leak.kind not in ("not ours", "difference") or leak.place == "tables/districts.csv"
            for leak in verdict.leaks
        )
        shutil.rmtree(folder)
    return found


def found_afterwards(clean: Path, channel: str, scratch: Path) -> dict[str, bool]:
    """Put every plant of one channel into a report, one report for each, and say which are refused by their name."""
    found = {}
    for name, plant in AFTERWARDS[channel].items():
        folder = Path(shutil.copytree(clean, scratch / "report"))
        at = plant(folder)
        for sealed in (False, True):
            if sealed and channel != "metadata":
                vouched(folder)  # a forger would write the hashes anew as well
            try:
                leaks = sharing.look_through(folder).leaks
            except AccountabilityError as error:  # a record that cannot be read is refused as a whole
                shown = at in str(error)
            else:
                shown = any(leak.place.split(",")[0].endswith(Path(at).suffix) for leak in leaks)
            found[f"{name}{', hashes forged' if sealed else ''}"] = shown or (sealed and _gone(folder, scratch))
        shutil.rmtree(folder)
    return found


def _gone(folder: Path, scratch: Path) -> bool:
    """Whether what is planted is in nothing that leaves, although nothing was refused."""
    _, archive = sharing.share(folder, scratch / "a.zip")
    if archive is None:
        return True
    with zipfile.ZipFile(archive) as read:
        content = b"\n".join(read.read(name) for name in read.namelist())
    return _N not in content and zlib.compress(_N) not in content and b"alert(1)" not in content


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        (base / "key").write_text(KEY.secret.hex() + "\n", encoding="ascii")
        (base / "key").chmod(0o600)
        os.environ["ACCOUNTABILITY_SOURCES"] = str(base / "sources")
        os.environ["ACCOUNTABILITY_KEY_FILE"] = str(base / "key")
        clean = clean_report(base)
        false = len(sharing.look_through(clean).leaks)
        total = all_found = 0
        for channels, run in ((AFTERWARDS, found_afterwards), (WRITTEN, found_in_written)):
            for channel in channels:
                found = run(clean, channel, base / "scratch")
                total, all_found = total + len(found), all_found + sum(found.values())
                missed = ", ".join(what for what, seen in found.items() if not seen)
                print(f"{channel:24}{sum(found.values()):4} of {len(found):3}  {missed}", flush=True)
        print(f"{'all':24}{all_found:4} of {total:3}; {false} found in the clean report")
        sys.exit(all_found != total or false > 0)


if __name__ == "__main__":
    main()
