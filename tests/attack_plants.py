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
    "key between colons": KEY.secret.hex(":"),
    "key in base32": base64.b32encode(KEY.secret).decode(),
    "half a key": KEY.secret.hex()[32:],
    "name as one word": f"see {FIRST}{LAST} there",
    "user of a computer": f"see {FIRST[0]}{LAST}".lower(),
    "backwards": f"see \u202e{NAME[::-1]}\u202c there",
    "letters apart": " ".join(LAST.upper()),
    "digits for letters": NAME.replace("o", "0").replace("e", "3"),
    "small capitals": NAME.lower().translate(str.maketrans("abdegiklopruvyz", "ᴀʙᴅᴇɢɪᴋʟᴏᴘʀᴜᴠʏᴢ")),
    "struck letters": FIRST.replace("o", "ø").replace("l", "ł"),
    "two alphabets, of a stranger": f"by {STRANGER[:2]}ж{STRANGER[2:]}",
    "base64 twice": f"x {b64(b64(NAME))} y",
    "base32": f"x {base64.b32encode(NAME.encode()).decode()} y",
    "quoted printable": "x " + "".join(f"={byte:02X}" for byte in NAME.encode()),
    "octal": "".join(f"\\{byte:03o}" for byte in NAME.encode()),
    "initials and star": f"asked {FIRST[0]}. {LAST[0]}. (9000) again",
    "initials before a star": f"asked {FIRST[0]}{LAST[0]} #9000 again",
    "date of birth in seconds": "at 132019200 it was",
    "date of birth in milliseconds": "at 132019200000 it was",
    "date of birth of a spreadsheet": "dob: 27097",
    "date of birth, short year": "on 03/09/74 it was",
    "pseudonym in base64 for addresses": base64.urlsafe_b64encode(b"p-0a1b2c3d4e5f").decode().rstrip("="),
    "pseudonym in capitals": "see P-0A1B2C3D4E5F there",
    "few out of many": "3 out of 40 officers left.",
    "one in many": "1 in 40 officers left.",
    "one of many": "Only one officer left.",
    "few sustained": "Of those 3 complaints were sustained.",
    "all but few": "37 of 40 officers stayed.",
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


def in_svg(folder: Path, text: str, tag: str = "text") -> None:
    path = folder / "figures/rise.svg"
    inert = text.replace("&", "&amp;").replace("\0", "")
    drawn = path.read_text(encoding="utf-8").replace("</svg>", f"<{tag}>{inert}</{tag}></svg>")
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
    "key of a label": in_record(lambda read, text: read["labels"].update({text: "x"})),
    "alternative text": in_notebook(
        lambda read, text: cell(read, "code", "1", shown({"text/plain": "x"}, **{"image/png": {"alt": text}}))
    ),
    "title of a drawing": lambda folder, text: in_svg(folder, text, "title"),
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


def linked(name: str) -> Callable[[Path], str]:
    """Put a link where a file or folder of the report stood."""

    def plant(folder: Path) -> str:
        away = folder.with_name(f"elsewhere-{Path(name).name}")
        shutil.move(folder / name, away)
        (folder / name).symlink_to(away)
        return name

    return plant


def linked_hard(folder: Path) -> str:
    (folder / "hard.csv").hardlink_to(folder / "tables/districts.csv")
    return "hard.csv"


def noted(key: str) -> Callable[[Path], str]:
    def plant(folder: Path) -> str:
        path = folder / NOTEBOOK
        read = json.loads(path.read_text(encoding="utf-8"))
        at = read["metadata"] if key in ("widgets", "authors", NAME) else read["cells"][0]
        at = at if key != "editable" else at["metadata"]
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
    "path of words": f'<path d="M 0 0 {NAME}"/>', "points of words": f'<polyline points="0,0 {NAME}"/>',
    "turned by words": f'<g transform="{NAME}"/>', "width of words": f'<rect width="{NAME}"/>',
    "letters of a style": f"<path style=\"font-family: '{NAME}'\"/>", "colour": f'<path fill="{FIRST}"/>',
    "content of a style": f'<style>text::after {{ content: "{NAME}" }}</style>', "view": f'<view id="{NAME}"/>',
    "pattern of words": f'<pattern patternUnits="{NAME}"/>', "letters of a path": '<path d="Zuqo Vry"/>',
    "picture with notes": f'<image href="data:image/png;base64,{b64(zipped(x=NAME))}"/>',
    "picture of another kind": f'<image href="data:image/svg+xml,{NAME}"/>', "cursor": f'<cursor x="{NAME}"/>',
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
    "workbook's properties": put("tables/p.xlsx", zipped(**{"docProps/core.xml": f"<creator>{NAME}</creator>"})),
    "Word named as a table": put("tables/w.csv", word("docProps/core.xml", f"<creator>{NAME}</creator>")),
    "Word named as a page": put("paper.html", word("docProps/core.xml", f"<creator>{NAME}</creator>")),
    "PDF named as a text": put("paper.txt", pdf(f"/Metadata({NAME})")),
    "PDF named as a picture": put("figures/paper.png", pdf(f"/Metadata({NAME})")),
    "PDF with XMP": put("xmp.pdf", pdf("", f"<x:xmpmeta><dc:creator>{NAME}</dc:creator></x:xmpmeta>".encode())),
    "archive with a comment": put("c.zip", zipped(x="y") + _N),
    "name of a folder": put(f"{FIRST}_{LAST}/a.csv", "a\n1\n"),
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
    "formula after a tab": lambda raw: raw + b'"\t=1+1",40\n', "wide formula": lambda raw: raw + "＝1+1,40\n".encode(),
    "command": lambda raw: raw + b"\"@SUM(1)|cmd\",40\n", "heading": lambda raw: raw.replace(b"district", _N, 1),
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
    "links": {
        "hard link": linked_hard, "folder": linked("tables"), "record": linked("provenance.json"),
        "table": linked("tables/districts.csv"), "page": linked("report.html"),
    },
    "CSV": {name: changed("tables/districts.csv", change) for name, change in _TABLE.items()},
    "metadata": {
        "of a table": changed("tables/districts.csv-metadata.json", lambda raw: raw.replace(b"{", _BY, 1)),
        "of a notebook": noted("authors"), "widgets": noted("widgets"), "attachments": noted("attachments"),
        "key of a notebook": noted(NAME), "key of a cell": noted("editable"),
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
